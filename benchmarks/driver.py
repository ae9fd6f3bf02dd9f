"""Runs one kernel in N threads (1: the main thread, alone; worker: one more thread, for which it waits) and prints `seconds processor-seconds checksum` for each round: R rounds, or (R = 0) one for
each line read from stdin, which says how often each thread calls the kernel, after a line that says it is ready. Seconds are
of one call. Where counters/tool/ptcounters.cpp runs this, it counts in the rounds and not outside. Part of the harness in run.py."""
import importlib
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs"))
module_name, kernel_name, rounds = sys.argv[1], sys.argv[2], int(sys.argv[4])
worker = sys.argv[3] == "worker"
threads = 1 if worker else int(sys.argv[3])
kernel = importlib.import_module(module_name).KERNELS[kernel_name]
results = [None] * threads


def run(index, calls=1):
    for _ in range(calls):
        results[index] = kernel()


def work(calls=1):
    if threads == 1 and not worker:
        return run(0, calls)
    workers = [threading.Thread(target=run, args=(i, calls)) for i in range(threads)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()


counters_socket = int(os.environ.get("PT_COUNTERS", -1))


def counters(wish):
    if counters_socket >= 0:
        os.write(counters_socket, wish)
        os.read(counters_socket, 1)


def measure(calls=1):
    counters(b"+")
    start, used = time.perf_counter(), time.process_time()
    work(calls)
    elapsed, used = time.perf_counter() - start, time.process_time() - used
    counters(b"-")
    if any(r != results[0] for r in results):
        print("MISMATCH", results)
        sys.exit(1)
    print(f"{elapsed / calls:.7f} {used / calls:.7f} {results[0]}", flush=True)


# Warm-up, the way it is measured: compilers need to see the threads, too.
run(0)
work()
work()
if rounds:
    for _ in range(rounds):
        measure()
else:
    print("ready", flush=True)
    for line in sys.stdin:
        measure(int(line))
    try:
        import _ptpython
        print(_ptpython.counters(), flush=True)
    except ImportError:
        print({}, flush=True)
