"""What every stress program shares: arguments, threads that report their errors, and the verdict.

A program is started as `NAME.py [--seed N] [--threads N] [--seconds S]`. It ends with status 0 when every invariant
held, and with status 1 after printing what broke together with the seed.
"""

import sys
import threading
import time

SEED = 1
THREADS = 4
SECONDS = 1.0
_args = sys.argv[1:]
while _args:
    _name = _args.pop(0)
    if _name == "--seed":
        SEED = int(_args.pop(0))
    elif _name == "--threads":
        THREADS = int(_args.pop(0))
    elif _name == "--seconds":
        SECONDS = float(_args.pop(0))
    else:
        print("usage: %s [--seed N] [--threads N] [--seconds S]" % sys.argv[0], file=sys.stderr)
        sys.exit(2)

# Where threads take turns, they shall take short ones.
if hasattr(sys, "setswitchinterval"):
    sys.setswitchinterval(0.00005)

NAME = sys.argv[0].rpartition("/")[2].partition(".")[0]
_deadline = time.monotonic() + SECONDS
_failures = []


def running():
    """True until the time is up or something failed."""
    return time.monotonic() < _deadline and not _failures


def failed():
    """For loops that wait for another thread, which may have ended."""
    return bool(_failures)


def remaining():
    return max(0.0, _deadline - time.monotonic())


def rounds(block=50):
    """Numbers 0, 1, 2 ... for as long as the program runs; the clock is read once a block."""
    n = 0
    while running():
        for _ in range(block):
            yield n
            n += 1


class Rng:
    """A small generator of our own, so that the programs need few modules: xorshift."""

    def __init__(self, seed):
        self.state = (seed * 0x9E3779B97F4A7C15 + 0x1234567) & 0xFFFFFFFFFFFFFFFF or 1
        for _ in range(4):
            self.below(2)

    def below(self, n):
        x = self.state
        x ^= (x << 13) & 0xFFFFFFFFFFFFFFFF
        x ^= x >> 7
        x ^= (x << 17) & 0xFFFFFFFFFFFFFFFF
        self.state = x
        return (x >> 11) % n

    def choice(self, sequence):
        return sequence[self.below(len(sequence))]

    def shuffle(self, items):
        for i in range(len(items) - 1, 0, -1):
            j = self.below(i + 1)
            items[i], items[j] = items[j], items[i]


def rng(index):
    """The random numbers of one thread, the same in every run with this seed."""
    return Rng(SEED * 1000003 + index)


def describe():
    """The exception being handled, with its traceback."""
    try:
        import traceback
        return traceback.format_exc()
    except ImportError:
        return repr(sys.exc_info()[1])


def fail(message):
    _failures.append(str(message))


def check(condition, message="invariant broken"):
    if not condition:
        raise AssertionError(message)


def equal(got, expected, what=""):
    if got != expected:
        got, expected = repr(got), repr(expected)
        raise AssertionError("%s: got %.200s, expected %.200s" % (what, got, expected))


def _guarded(worker, index, start, results):
    try:
        start.wait()
        results[index] = worker(index)
    except BaseException:
        fail("thread %d: %s" % (index, describe()))


def run_threads(worker, count=None, extra=()):
    """Runs worker(index) in `count` threads that start together, and each of `extra` likewise in one more thread.

    Returns the results in order. An exception in a thread fails the program.
    """
    workers = [worker] * (THREADS if count is None else count) + list(extra)
    start = threading.Event()
    results = [None] * len(workers)
    threads = [threading.Thread(target=_guarded, args=(workers[i], i, start, results)) for i in range(len(workers))]
    for t in threads:
        t.start()
    start.set()
    for t in threads:
        t.join()
    if _failures:
        finish()
    return results


def phases(body, minimum=1):
    """Calls body(n) again and again, each with fresh data, until the time is up; at least `minimum` times."""
    n = 0
    while n < minimum or running():
        body(n)
        if _failures:
            break
        n += 1


def main(function):
    """Runs the program's function and ends the process with the verdict."""
    try:
        function()
    except SystemExit:
        raise
    except BaseException:
        fail("main: " + describe())
    finish()


def finish():
    if _failures:
        print("FAILED %s (seed %d, %d threads)" % (NAME, SEED, THREADS), file=sys.stderr)
        for message in _failures[:5]:
            print(message, file=sys.stderr)
        sys.stderr.flush()
        sys.exit(1)
    sys.exit(0)
