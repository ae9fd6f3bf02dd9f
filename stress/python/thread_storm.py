"""Threads that start and end all the time, with thread-local data and objects that outlive them."""

import threading

import common


def body(n):
    local = threading.local()
    left = []

    def short(index, depth, out):
        local.value = (index, depth)
        items = [{"depth": depth, "k": k} for k in range(20)]
        if depth:
            child = threading.Thread(target=short, args=(index, depth - 1, out))
            child.start()
            common.equal(local.value, (index, depth), "thread-local value")
            child.join()
            common.check(not child.is_alive())
        common.equal(local.value, (index, depth), "thread-local value after the child")
        out.append(items)

    def worker(index):
        out = []
        for i in range(8):
            t = threading.Thread(target=short, args=(index, 3, out))
            t.start()
            t.join()
        left.extend(out)
        common.equal(len(out), 32, "threads run")

    common.run_threads(worker)
    common.equal(len(left), 32 * common.THREADS, "results")
    common.check(all(item["k"] == k for items in left for k, item in enumerate(items)), "what a dead thread left")
    common.check(not hasattr(local, "value"), "thread-local value of another thread")
    common.equal(threading.active_count(), 1, "threads left")


common.main(lambda: common.phases(body))
