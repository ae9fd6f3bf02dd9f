"""Deep recursion in several threads at once ends in RecursionError, and the threads go on."""

import common


def down(n):
    return 0 if n == 0 else 1 + down(n - 1)


def endless(n):
    return endless(n + 1)


class Loop:
    def __getattr__(self, name):
        return getattr(self, name + "x")

    def __repr__(self):
        return repr([self])

    def __eq__(self, other):
        return [self] == [other]


def body(n):
    def worker(index):
        for i in range(5):
            common.equal(down(200 + i), 200 + i, "depth")
            try:
                endless(0)
                common.check(False, "no RecursionError")
            except RecursionError as error:
                common.check("maximum recursion depth exceeded" in str(error), error)
            for action in (lambda: Loop().name, lambda: repr(Loop()), lambda: Loop() == Loop()):
                try:
                    action()
                    common.check(False, "no RecursionError")
                except RecursionError:
                    pass
            nested = []
            for _ in range(5000):
                nested = [nested]
            nested = None

    common.run_threads(worker)


common.main(lambda: common.phases(body))
