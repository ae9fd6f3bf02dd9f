"""Frames of running threads and of their generators inspected from outside."""

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
                            common.check(dict(frame.f_locals).get("index", 0) in range(common.THREADS), "f_locals")
                        frame = frame.f_back
                        depth += 1
        finally:
            stop.append(1)

    common.run_threads(worker, extra=[watch])


def numbers(count):
    for i in range(count):
        fresh = [i]
        text = str(i) * 3
        yield from (fresh, text)


def generators(n):
    """Each thread makes and runs generators that the others look at; a generator has one frame."""
    shown = [numbers(3)] * common.THREADS
    fresh = [numbers(3) for i in range(50)]
    seen = [[] for i in range(common.THREADS)]
    clearing = []

    def work(index):
        for g in fresh:
            seen[index].append(g.gi_frame)
        for i in range(10):
            g = shown[index] = numbers(30)
            got = []
            try:
                for value in g:
                    got.append(value)
                    frame = shown[(index + 1) % common.THREADS].gi_frame
                    if frame is None:
                        continue
                    found = dict(frame.f_locals)
                    common.check(found.get("count", 30) in (3, 30), "f_locals")
                    common.check("text" not in found or type(found["text"]) is str)
                    common.check(frame.f_lineno is None or frame.f_code is numbers.__code__)
                    frame.f_back
                    if clearing:
                        try:
                            frame.clear()
                        except (RuntimeError, ValueError):
                            pass
                    shown[(index + 1) % common.THREADS].gi_yieldfrom
            except ValueError as error:      # somebody is closing it
                common.check(clearing and "already executing" in str(error), error)
            if not clearing:
                common.equal(len(got), 60, "values")

    common.run_threads(work)
    for row in seen:
        del row[len(fresh):]
    clearing.append(1)
    sys.unraisablehook = lambda report: None     # clear() of what has just been resumed
    common.run_threads(work)
    sys.unraisablehook = sys.__unraisablehook__
    for frames in zip(*seen):
        common.check(len(set(map(id, frames))) == 1, "a generator with two frames")
    del fresh, shown
    for frames in zip(*seen):
        common.equal(frames[0].f_lineno, numbers.__code__.co_firstlineno, "the line of a frame without its generator")
        frames[0].clear()


def both(n):
    body(n)
    generators(n)


common.main(lambda: common.phases(both))
