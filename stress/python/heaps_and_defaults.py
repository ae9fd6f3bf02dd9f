"""Heaps that several threads push to and pop from lose and double nothing; the dict of a function's keyword defaults, made when
somebody asks, is one for all; dict and set displays of one site are objects of their own."""
import heapq

import common


def body(n):
    def make(k):
        def f(a, b=k, *, c=k + 1, d="d"):
            return a + b + c, d
        return f
    functions = [make(k) for k in range(300)]
    heap, numbers = [], []

    def worker(index):
        popped, dicts, total = [], [], 0
        for i in range(300):
            with lock:
                heapq.heappush(heap, (i % 7, index, i))
                if i % 2:
                    popped.append(heapq.heappop(heap))
            f = functions[(i + index * 37) % 300]
            value, d = f(i)
            total += value == i + 2 * ((i + index * 37) % 300) + 1 and d == "d"
            dicts.append((f, f.__kwdefaults__, f.__annotations__))
            total += f(1, c=2)[0] == 3 + (i + index * 37) % 300
            entry = {"index": index, "i": i}
            entry["more"] = {index, i, -1}
            entry["more"].add("x")
            numbers.append(entry)
        return popped, dicts, total

    lock = common.threading.Lock()
    results = common.run_threads(worker)
    left = [heapq.heappop(heap) for _ in range(len(heap))]
    common.equal(left, sorted(left), "order of what is left")
    everything = sorted(left + [item for popped, _, _ in results for item in popped])
    common.equal(everything, sorted((i % 7, k, i) for k in range(len(results)) for i in range(300)), "items of the heap")
    known = {}
    for _, dicts, total in results:
        common.equal(total, 600, "results of calls")
        for f, keywords, annotations in dicts:
            common.check(known.setdefault(f, keywords) is keywords and f.__kwdefaults__ is keywords, "two dicts of keyword defaults")
            common.check(f.__annotations__ is annotations, "two dicts of annotations")
    common.equal(len(numbers), 300 * len(results), "displays")
    for entry in numbers:
        common.equal(list(entry), ["index", "i", "more"], "keys of a display")
        common.equal(entry["more"], {entry["index"], entry["i"], -1, "x"}, "items of a display")


common.main(lambda: common.phases(body))
