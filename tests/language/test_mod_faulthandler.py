"""faulthandler: dumps at once, after a time, on signals."""
import faulthandler
import os
import signal
import tempfile
import time


def dumped(action):
    with tempfile.TemporaryFile("w+") as file:
        action(file)
        file.seek(0)
        return file.read()


def test_dump_traceback():
    text = dumped(lambda file: faulthandler.dump_traceback(file, all_threads=False))
    lines = text.splitlines()
    assert lines[0] == "Stack (most recent call first):"
    assert lines[1].endswith("in <lambda>") and "test_mod_faulthandler.py" in lines[1]
    assert dumped(lambda file: faulthandler.dump_traceback(file)).startswith("Current thread 0x")


def test_dump_later():
    def action(file):
        faulthandler.dump_traceback_later(0.1, file=file)
        time.sleep(0.5)

    assert dumped(action).startswith("Timeout (0:00:00.100000)!\nThread 0x")

    def cancelled(file):
        faulthandler.dump_traceback_later(0.2, file=file)
        faulthandler.cancel_dump_traceback_later()
        time.sleep(0.4)

    assert dumped(cancelled) == ""


def test_register():
    def action(file):
        faulthandler.register(signal.SIGUSR1, file=file, all_threads=False)
        os.kill(os.getpid(), signal.SIGUSR1)
        assert faulthandler.unregister(signal.SIGUSR1)
        assert not faulthandler.unregister(signal.SIGUSR1)

    assert "in action" in dumped(action)


def test_enable():
    was = faulthandler.is_enabled()
    with tempfile.TemporaryFile() as file:
        faulthandler.enable(file)
        assert faulthandler.is_enabled()
        assert faulthandler.disable()
        assert not faulthandler.is_enabled() and not faulthandler.disable()
    if was:
        faulthandler.enable()


def test_bad_arguments():
    for bad, exception in (((-1.0,), ValueError), ((0,), ValueError)):
        try:
            faulthandler.dump_traceback_later(*bad)
        except exception as e:
            assert str(e) == "timeout must be greater than 0"
        else:
            raise AssertionError
    try:
        faulthandler.register(signal.SIGSEGV)
    except RuntimeError as e:
        assert str(e) == "signal %d cannot be registered, use enable() instead" % signal.SIGSEGV
    else:
        raise AssertionError
