"""Objects whose last reference goes in another thread than the one that made them: __del__ runs once, promptly."""

import threading

import common


def body(n):
    lock = threading.Lock()
    dead = {}
    resurrected = []

    class Thing:
        def __init__(self, key):
            self.key = key

        def __del__(self):
            with lock:
                dead[self.key] = dead.get(self.key, 0) + 1
            if self.key[1] % 50 == 49:
                resurrected.append(self)

    boxes = [[Thing((index, i)) for i in range(300)] for index in range(common.THREADS)]

    def worker(index):
        mine = boxes[(index + 1) % common.THREADS]
        while mine:
            mine.pop()
        own = [Thing((index + 1000, i)) for i in range(100)]
        boxes[index].extend(own)
        own = None

    common.run_threads(worker)
    for box in boxes:
        box.clear()
    again = len(resurrected)
    common.check(all(thing.key[1] % 50 == 49 for thing in resurrected))
    resurrected.clear()
    common.equal(set(dead.values()), {1}, "calls of __del__ an object")
    common.equal(len(dead), 400 * common.THREADS, "objects finalised")
    common.equal(again, sum(1 for key in dead if key[1] % 50 == 49), "objects resurrected")


common.main(lambda: common.phases(body))
