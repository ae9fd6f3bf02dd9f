"""Runs one kernel in N threads and prints `seconds processor-seconds checksum` for each round: R rounds, or (R = 0) one for
each line read from stdin, after a line that says it is ready. Part of the harness in run.py."""
import importlib
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs"))
module_name, kernel_name, threads, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
kernel = importlib.import_module(module_name).KERNELS[kernel_name]
results = [None] * threads


def run(index):
    results[index] = kernel()


def measure():
    start, used = time.perf_counter(), time.process_time()
    if threads == 1:
        run(0)
    else:
        workers = [threading.Thread(target=run, args=(i,)) for i in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    elapsed, used = time.perf_counter() - start, time.process_time() - used
    if any(r != results[0] for r in results):
        print("MISMATCH", results)
        sys.exit(1)
    print(f"{elapsed:.6f} {used:.6f} {results[0]}", flush=True)


run(0)  # warm-up
if rounds:
    for _ in range(rounds):
        measure()
else:
    print("ready", flush=True)
    for _ in sys.stdin:
        measure()
    try:
        from _ptpython import counters
        print(counters(), flush=True)
    except ImportError:
        print({}, flush=True)
