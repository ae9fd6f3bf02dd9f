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


def impatient(each):
    """Threads that wait for moments only, and come back."""
    q = queue.SimpleQueue()
    threads = common.THREADS

    def put(index):
        for i in range(each):
            q.put((index, i))

    def get(index):
        mine = []
        while len(mine) < each:
            try:
                mine.append(q.get(timeout=0.0001))
            except queue.Empty:
                pass
        return mine

    got = [pair for mine in common.run_threads(put, extra=[get] * threads)[threads:] for pair in mine]
    common.equal(sorted(got), [(index, i) for index in range(threads) for i in range(each)], "items")
    common.equal(q.qsize(), 0, "size")


def to_and_fro(each):
    """One item at a time: whoever waits for it is woken."""
    there, back = queue.SimpleQueue(), queue.SimpleQueue()

    def serve(index):
        for i in range(each):
            there.put(i)
            common.equal(back.get(timeout=30), i, "answer")

    def answer(index):
        for i in range(each):
            back.put(there.get(timeout=30))

    common.run_threads(serve, count=1, extra=[answer])


def body(n):
    impatient(200)
    to_and_fro(200)
    exchange(queue.SimpleQueue, 500, True)
    exchange(queue.Queue, 150, True)
    exchange(lambda: queue.Queue(3), 100, True)
    exchange(queue.LifoQueue, 100, False)
    exchange(queue.PriorityQueue, 100, False)


common.main(lambda: common.phases(body))
