"""What only a caught exception's traceback leads to lives as long as that: classes made by other threads, which registers hold without
a count, while all threads collect."""

import gc
import weakref

import common


class Trouble(Exception):
    pass


def fail(box, number):
    mine = box[0]
    box[0] = None
    raise Trouble(number)


def collect(value):
    gc.collect()
    return value


def body(n):
    made = []

    def worker(index):
        random = common.rng(index + n)
        last, once = None, (1,)
        for i in range(40):
            made.append([type("Kind%d" % i, (), {"number": (index, i)})])
            box = made[random.below(len(made))]
            kind = box[0]
            if kind is None:
                continue
            number, alive = kind.number, weakref.ref(kind)
            kind = None
            try:
                fail(box, number)
            except Trouble as error:
                last = error
            except AttributeError:
                continue
            list(map(collect, once))
            mine = last.__traceback__.tb_next.tb_frame.f_locals["mine"]
            # Another thread may have taken it out first.
            common.check(mine is None or (mine.number == number and alive() is mine), "what the traceback keeps")
            mine = last = None

    common.run_threads(worker)


common.main(lambda: common.phases(body))
