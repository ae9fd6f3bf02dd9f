"""Seconds given as numbers: rounding, ranges and messages, wherever they are taken."""
import os
import select
import signal
import socket
import tempfile
import threading
import time

NAN = float("nan")
HUGE = 2 ** 70


def error(function, *args):
    try:
        function(*args)
    except Exception as raised:
        return type(raised).__name__, str(raised)
    return None


NOT_A_NUMBER = ("ValueError", "Invalid value NaN (not a number)")
NO_TIME_T = ("OverflowError", "timestamp out of range for platform time_t")
NO_NS = ("OverflowError", "timestamp too large to convert to C _PyTime_t")


def waits():
    lock = threading.Lock()
    lock.acquire()
    endpoint = socket.socket()
    yield time.sleep
    yield lambda t: select.select([], [], [], t)
    yield lambda t: lock.acquire(True, t)
    yield endpoint.settimeout
    yield lambda t: signal.sigtimedwait([], t)
    yield lambda t: signal.setitimer(signal.ITIMER_VIRTUAL, t)
    yield lambda t: time.clock_settime(77, t)
    endpoint.close()


def test_waits_out_of_range():
    for wait in waits():
        assert error(wait, NAN) == NOT_A_NUMBER
        for seconds in (1e300, -1e300, 1e19, float("inf")):
            # The early point releases of 3.11 say the latter.
            assert error(wait, seconds) in (NO_TIME_T, NO_NS)
        assert error(wait, HUGE) == error(wait, -HUGE) == NO_NS
    assert error(time.clock_settime_ns, 77, 0.5) == ("TypeError", "expect int, got float")
    assert error(time.clock_settime_ns, 77, HUGE) == NO_NS
    with socket.socket() as endpoint:
        endpoint.settimeout(123456789.25)  # more milliseconds than an int has
        assert endpoint.gettimeout() == 123456789.25


def test_points_in_time_out_of_range():
    with tempfile.NamedTemporaryFile() as file:
        for point in (time.gmtime, time.localtime, time.ctime, lambda t: os.utime(file.name, (t, t))):
            assert error(point, NAN) == NOT_A_NUMBER
            for seconds in (1e300, float("-inf"), HUGE, -HUGE):
                assert error(point, seconds) == NO_TIME_T
        assert error(os.utime, file.name, ("x", 1)) == ("TypeError", "'str' object cannot be interpreted as an integer")


def test_rounding():
    with tempfile.NamedTemporaryFile() as file:
        for seconds, ns in ((1.5, 1500000000), (0.1, 100000000), (-0.25, -250000000), (2.5, 2500000000),
                            (123456789.123456789, 123456789123456791), (7, 7000000000)):
            os.utime(file.name, (seconds, seconds))
            assert os.stat(file.name).st_mtime_ns == ns, (seconds, os.stat(file.name).st_mtime_ns)
    assert time.gmtime(-0.5).tm_sec == 59 and time.gmtime(0.99).tm_sec == 0
    with socket.socket() as endpoint:
        endpoint.settimeout(1e-10)
        assert endpoint.gettimeout() == 1e-9
