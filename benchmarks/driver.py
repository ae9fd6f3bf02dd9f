"""Runs one kernel in N threads and prints `seconds processor-seconds checksum` for each round: R rounds, or (R = 0) one for
each line read from stdin, which says how often each thread calls the kernel, after a line that says it is ready. Seconds are
of one call. Part of the harness in run.py."""
import importlib
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs"))
module_name, kernel_name, threads, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
kernel = importlib.import_module(module_name).KERNELS[kernel_name]
results = [None] * threads


def run(index, calls=1):
    for _ in range(calls):
        results[index] = kernel()


def work(calls=1):
    if threads == 1:
        return run(0, calls)
    workers = [threading.Thread(target=run, args=(i, calls)) for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def measure(calls=1):
    start, used = time.perf_counter(), time.process_time()
    work(calls)
    elapsed, used = time.perf_counter() - start, time.process_time() - used
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
        from _ptpython import counters
        print(counters(), flush=True)
    except ImportError:
        print({}, flush=True)
