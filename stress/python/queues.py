"""queue.Queue, LifoQueue, PriorityQueue and SimpleQueue: no item lost, none doubled, order kept."""

import queue

import common


def exchange(make, each, fifo):
    q = make()
    threads = common.THREADS

    def put(index):
        for i in range(each):
            q.put((index, i))

    def get(index):
        mine = []
        for i in range(each):
            mine.append(q.get(timeout=30))
        return mine

    results = common.run_threads(put, extra=[get] * threads)[threads:]
    got = [pair for mine in results for pair in mine]
    common.equal(len(got), each * threads, "items")
    common.equal(len(set(got)), each * threads, "distinct items")
    if fifo:
        for mine in results:
            for index in range(threads):
                numbers = [i for owner, i in mine if owner == index]
                common.equal(numbers, sorted(numbers), "order")
    common.check(q.empty())
    try:
        q.get(block=False)
        common.check(False, "an empty queue gave an item")
    except queue.Empty:
        pass


def body(n):
    exchange(queue.SimpleQueue, 500, True)
    exchange(queue.Queue, 150, True)
    exchange(lambda: queue.Queue(3), 100, True)
    exchange(queue.LifoQueue, 100, False)
    exchange(queue.PriorityQueue, 100, False)


common.main(lambda: common.phases(body))
