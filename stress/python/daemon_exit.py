"""The process ends with status 0 while daemon threads run, block and allocate."""

import threading
import time

import common

shared = {"n": 0}
items = []


class Node:
    def __del__(self):
        items.append(1)


def spin():
    while True:
        shared["n"] += 1
        del items[:]


def allocate():
    while True:
        nodes = [Node() for _ in range(50)]
        for node in nodes:
            node.ring = nodes
        shared.setdefault("nodes", nodes)


def block(lock):
    with lock:
        shared["never"] = 1


def sleep():
    while True:
        time.sleep(0.001)


def program():
    lock = threading.Lock()
    lock.acquire()
    for index in range(max(2, common.THREADS)):
        for target, args in ((spin, ()), (allocate, ()), (block, (lock,)), (sleep, ())):
            threading.Thread(target=target, args=args, daemon=True).start()
    time.sleep(min(0.3, common.SECONDS / 2))
    common.check("never" not in shared)


common.main(program)
