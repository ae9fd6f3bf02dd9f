# multiprocessing, shared memory, mmap, SimpleQueue, faulthandler, resource, termios.
import mmap
import os
import pty
import queue
import resource
import signal
import subprocess
import sys
import tempfile
import termios
import threading
import time

from checks import raises

POOL = """
import multiprocessing as mp, sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import shared_memory

def square(x):
    return x * x

def worker(queue, n):
    queue.put((n, n * n))

if __name__ == "__main__":
    context = mp.get_context(sys.argv[1])
    queue = context.Queue()
    processes = [context.Process(target=worker, args=(queue, n)) for n in range(3)]
    for p in processes:
        p.start()
    print(sorted(queue.get() for p in processes))
    for p in processes:
        p.join()
    print([p.exitcode for p in processes])
    with context.Pool(2) as pool:
        print(pool.map(square, range(5)), pool.apply_async(square, (5,)).get(20))
    lock = context.RLock()
    with lock, lock:
        pass
    event = context.Event()
    event.set()
    print(event.wait(5))
    with ProcessPoolExecutor(2, mp_context=context) as executor:
        print(list(executor.map(square, range(5))))
    memory = shared_memory.SharedMemory(create=True, size=100)
    memory.buf[0] = 5
    other = shared_memory.SharedMemory(memory.name)
    print(other.buf[0])
    other.close()
    memory.close()
    memory.unlink()
"""


def run_pool(method):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "program.py")
        with open(path, "w") as f:
            f.write(POOL)
        done = subprocess.run([sys.executable, path, method], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == ["[(0, 0), (1, 1), (2, 4)]", "[0, 0, 0]", "[0, 1, 4, 9, 16] 25", "True", "[0, 1, 4, 9, 16]", "5"], (
        done.stdout, done.stderr)


def test_multiprocessing_fork():
    run_pool("fork")


def test_multiprocessing_spawn():
    run_pool("spawn")


def test_mmap():
    m = mmap.mmap(-1, 100)
    m[0:5] = b"hello"
    assert (m[:5], m[0], m[-1], len(m), m.find(b"l"), m.rfind(b"l")) == (b"hello", 104, 0, 100, 2, 3)
    assert m.write(b"xy") == 2 and m.read(3) == b"llo" and m.tell() == 5
    assert repr(m) == "<mmap.mmap closed=False, access=ACCESS_DEFAULT, length=100, pos=5, offset=0>"
    view = memoryview(m)
    view[10] = 7
    assert m[10] == 7
    raises(BufferError, m.close, message="cannot close exported pointers exist")
    view.release()
    m[::10] = bytes(range(10))
    assert m[::10] == bytes(range(10))
    raises(IndexError, m.__getitem__, 100, message="mmap index out of range")
    m.close()
    assert m.closed
    raises(ValueError, len, m, message="mmap closed or invalid")
    with tempfile.TemporaryFile() as f:
        f.write(b"line1\nline2\n" * 1000)
        f.flush()
        with mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as m:
            assert (m.readline(), m.readline(), m.size(), m[-3:]) == (b"line1\n", b"line2\n", 12000, b"e2\n")
            raises(TypeError, m.write, b"x", message="mmap can't modify a readonly memory map.")
        with mmap.mmap(f.fileno(), 0) as m:
            m.resize(20)
            m[:3] = b"XXX"
            m.flush()
        f.seek(0)
        assert f.read() == b"XXXe1\nline2\nline1\nli"


def test_simple_queue():
    q = queue.SimpleQueue()
    assert q.empty()
    raises(queue.Empty, q.get_nowait, message="")
    results = []

    def consume():
        while (item := q.get()) is not None:
            results.append(item)

    consumers = [threading.Thread(target=consume) for _ in range(3)]
    producers = [threading.Thread(target=lambda: [q.put(i) for i in range(1000)]) for _ in range(3)]
    for t in consumers + producers:
        t.start()
    for t in producers:
        t.join()
    for _ in consumers:
        q.put(None)
    for t in consumers:
        t.join()
    assert sorted(results) == sorted(list(range(1000)) * 3)
    started = time.monotonic()
    raises(queue.Empty, q.get, timeout=0.02)
    assert time.monotonic() - started >= 0.02
    raises(ValueError, q.get, timeout=-1)


def test_faulthandler():
    def run(code):
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    done = run("import faulthandler, sys\ndef f(): faulthandler.dump_traceback()\nf()")
    assert done.stderr.splitlines()[1:] == ['  File "<string>", line 2 in f', '  File "<string>", line 3 in <module>']
    done = run("import faulthandler; faulthandler.enable()\ndef g(): faulthandler._sigsegv()\ng()")
    assert done.returncode == -signal.SIGSEGV
    assert "Fatal Python error: Segmentation fault" in done.stderr and 'File "<string>", line 2 in g' in done.stderr
    done = run("import faulthandler, time; faulthandler.dump_traceback_later(0.05, exit=True)\ntime.sleep(20)")
    assert done.returncode == 1 and done.stderr.startswith("Timeout (0:00:00.050000)!\n")
    assert 'File "<string>", line 2 in <module>' in done.stderr


def test_resource_and_termios():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert soft > 0 and resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0
    raises(ValueError, resource.getrlimit, -5, message="invalid resource specified")
    master, slave = pty.openpty()
    mode = termios.tcgetattr(slave)
    assert len(mode) == 7 and len(mode[6]) == termios.NCCS
    mode[3] &= ~termios.ECHO
    termios.tcsetattr(slave, termios.TCSANOW, mode)
    assert not termios.tcgetattr(slave)[3] & termios.ECHO
    termios.tcsetwinsize(slave, (10, 20))
    assert termios.tcgetwinsize(slave) == (10, 20)
    os.close(master)
    os.close(slave)
    raises(termios.error, termios.tcgetattr, os.open("/dev/null", os.O_RDONLY))


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
