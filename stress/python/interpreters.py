"""Subinterpreters made, run and ended in many threads: each keeps its modules and settings, and loses nothing in a channel."""

import _xxsubinterpreters as interpreters
import threading

import common

SCRIPT = """
import sys, warnings, atexit, builtins
import _xxsubinterpreters as interpreters
class Node:
    def __init__(self, other=None):
        self.other = other
def work(n):
    total, node = 0, None
    for i in range(n):
        node = Node(node)
        total += len(repr(i)) + i % 7
    node = Node()
    node.other = node
    return total
if not hasattr(sys, "number"):
    sys.number, sys.runs = number, 0
    builtins.number_there = number
    atexit.register(interpreters.channel_send, ends, number)
sys.runs += 1
assert sys.number == number == number_there, (sys.number, number)
assert warnings.filters is not None
if sys.runs == 2:
    import json, struct, binascii, collections, _queue
    assert json.loads(json.dumps({"a": [number]})) == {"a": [number]}
interpreters.channel_send(results, work(200) + number)
"""


def expected(n, number):
    return sum(len(repr(i)) + i % 7 for i in range(n)) + number


def body(n):
    results = [interpreters.channel_create() for _ in range(common.THREADS)]
    ends = interpreters.channel_create()
    shared = [interpreters.create() for _ in range(2)]
    ran = [[0, 0] for _ in range(common.THREADS)]

    def worker(index):
        random = common.rng(index + n)
        ended = []
        for i in range(2):
            number = index * 1000 + i
            interpreter = interpreters.create()
            for _ in range(1 + random.below(3)):
                interpreters.run_string(interpreter, SCRIPT, {"number": number, "results": results[index], "ends": ends})
                common.equal(interpreters.channel_recv(results[index]), expected(200, number), "result")
            ended.append(number)
            if random.below(2):
                interpreters.destroy(interpreter)
            del interpreter
            # Of the threads that want an interpreter at once, one gets it.
            for which, target in enumerate(shared):
                try:
                    interpreters.run_string(target, "import sys; sys.count = getattr(sys, 'count', 0) + 1")
                    ran[index][which] += 1
                except RuntimeError as error:
                    common.check("already running" in str(error), error)
        return ended

    numbers = [number for ended in common.run_threads(worker) for number in ended]
    common.equal(sorted(interpreters.channel_recv(ends) for _ in numbers), sorted(numbers), "ends")
    for which, target in enumerate(shared):
        interpreters.run_string(target, "import _xxsubinterpreters as i; i.channel_send(c, sys.count if 'sys' in globals() else 0)",
                                {"c": results[0]})
        common.equal(interpreters.channel_recv(results[0]), sum(r[which] for r in ran), "runs")
    del shared, target
    common.equal(interpreters.list_all(), [interpreters.get_main()], "interpreters left")


common.main(lambda: common.phases(body))
