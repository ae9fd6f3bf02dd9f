"""Closures that share cells between threads."""

import threading

import common


def make(lock):
    total = 0
    latest = ("start", "start")

    def add():
        nonlocal total
        with lock:
            total += 1

    def publish(tag):
        nonlocal latest
        latest = (tag, tag)

    def read():
        return total, latest

    return add, publish, read


def body(n):
    add, publish, read = make(threading.Lock())

    def worker(index):
        before = 0
        functions = [(lambda k: lambda: k * index)(k) for k in range(50)]
        for i in range(1000):
            add()
            publish((index, i))
            count, (a, b) = read()
            common.check(a is b, "a cell gave half a tuple")
            common.check(count >= before, "the counter went back")
            before = count
            common.equal(functions[i % 50](), i % 50 * index, "private closure")

    common.run_threads(worker)
    common.equal(read()[0], 1000 * common.THREADS, "increments under the lock")


common.main(lambda: common.phases(body))
