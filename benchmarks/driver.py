"""Runs one kernel in N threads, R times, and prints `seconds checksum` for each round. Part of the harness in run.py."""
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


run(0)  # warm-up
for _ in range(rounds):
    start = time.perf_counter()
    if threads == 1:
        run(0)
    else:
        workers = [threading.Thread(target=run, args=(i,)) for i in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    elapsed = time.perf_counter() - start
    if any(r != results[0] for r in results):
        print("MISMATCH", results)
        sys.exit(1)
    print(f"{elapsed:.6f} {results[0]}", flush=True)
