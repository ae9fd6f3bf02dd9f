"""Exceptions raised in one thread and re-raised, chained and inspected in others."""

import sys

import common


class Trouble(Exception):
    def __init__(self, index, number):
        super().__init__(index, number)
        self.index = index
        self.number = number


def deep(level, index, number):
    if level == 0:
        raise Trouble(index, number)
    try:
        deep(level - 1, index, number)
    finally:
        level += 1


def length(tb):
    n = 0
    while tb is not None:
        n += 1
        common.check(tb.tb_lineno > 0 and tb.tb_frame.f_code.co_name)
        tb = tb.tb_next
    return n


def body(n):
    shared = []

    def worker(index):
        random = common.rng(index + n)
        for i in range(300):
            try:
                deep(random.below(8), index, i)
            except Trouble as error:
                common.check(error.index == index and error.number == i, "another thread's exception")
                common.check(sys.exc_info()[1] is error, "exc_info")
                common.check(length(error.__traceback__) >= 2, "traceback")
                shared.append(error)
            common.check(sys.exc_info() == (None, None, None), "exc_info after the handler")
            if random.below(3) == 0:
                try:
                    foreign = shared[random.below(len(shared))]
                except IndexError:
                    continue
                try:
                    try:
                        raise foreign
                    except Trouble as error:
                        common.check(error is foreign)
                        raise KeyError(i) from error
                except KeyError as chained:
                    common.check(chained.__cause__ is foreign and chained.__context__ is foreign)
            if len(shared) > 50:
                try:
                    shared.pop(0)
                except IndexError:
                    pass

    common.run_threads(worker)


common.main(lambda: common.phases(body))
