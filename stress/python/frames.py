"""Frames and tracebacks of running threads inspected from outside."""

import sys
import threading

import common


def busy(stop, level, index):
    marker = (index, level)
    if level:
        return busy(stop, level - 1, index) + 1
    spins = 0
    while not stop:
        spins += 1
    common.equal(marker, (index, 0), "a local")
    return 0


def body(n):
    stop = []

    def worker(index):
        common.equal(busy(stop, 10, index), 10, "depth")
        frame = sys._getframe()
        common.check(frame.f_code is worker.__code__)
        common.equal(frame.f_locals["index"], index, "f_locals")
        frame = None

    def watch(index):
        try:
            for i in range(100):
                frames = sys._current_frames()
                common.check(threading.get_ident() in frames)
                for frame in frames.values():
                    depth = 0
                    while frame is not None and depth < 100:
                        common.check(frame.f_lineno is None or frame.f_lineno >= 0)
                        common.check(frame.f_code.co_name)
                        if frame.f_code is busy.__code__:
                            common.check(frame.f_globals is globals())
                        frame = frame.f_back
                        depth += 1
        finally:
            stop.append(1)

    common.run_threads(worker, extra=[watch])


common.main(lambda: common.phases(body))
