"""Globals, builtins and constants rebound under hot loops: readers never see an old value after a new one."""

import common

VERSION = 0


def step(x):
    return x + 1


def hot(limit):
    """Loops that a compiler would love to fold."""
    last = -1
    total = 0
    for i in range(limit):
        version = VERSION
        if version < last:
            return "VERSION went back from %d to %d" % (last, version)
        last = version
        total = step(total)
        if not (total == i + 1 or total > i + 1):
            return "step lost an addition"
    return None


def slow_step(x):
    return x + 2


def body(n):
    global VERSION, step
    VERSION = 0
    done = []
    plain, other = step, slow_step

    def reader(index):
        for _ in range(20):
            problem = hot(1500)
            common.check(problem is None, problem)
        done.append(index)

    def writer(index):
        global VERSION, step, temporary
        while len(done) < common.THREADS and not common._failures:
            VERSION += 1
            step = other if VERSION & 1 else plain
            if VERSION % 100 == 0:
                temporary = VERSION
                globals()["made%d" % (VERSION % 1000)] = VERSION
                del temporary

    common.run_threads(reader, extra=[writer])
    step = plain
    for name in [name for name in globals() if name.startswith("made")]:
        del globals()[name]

    stop = []

    def flagged(index):
        spins = 0
        while not stop:
            spins += 1
        return spins

    common.run_threads(flagged, extra=[lambda index: stop.append(1)])


common.main(lambda: common.phases(body))
