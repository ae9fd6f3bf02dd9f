"""Lock, RLock, Condition, Semaphore, Event and Barrier keep what they promise."""

import threading

import common


def body(n):
    threads = common.THREADS
    lock, rlock = threading.Lock(), threading.RLock()
    counts = {"lock": 0, "rlock": 0, "timed": 0}
    inside = []

    def worker(index):
        for i in range(300):
            with lock:
                inside.append(index)
                common.equal(len(inside), 1, "threads inside the lock")
                counts["lock"] += 1
                inside.pop()
            with rlock:
                with rlock:
                    counts["rlock"] += 1
            if lock.acquire(timeout=5):
                counts["timed"] += 1
                lock.release()
            if lock.acquire(blocking=False):
                lock.release()

    common.run_threads(worker)
    for name in counts:
        common.equal(counts[name], 300 * threads, name)
    try:
        lock.release()
        common.check(False, "released an unlocked lock")
    except RuntimeError:
        pass

    semaphore = threading.BoundedSemaphore(2)
    present = []
    most = []

    def enter(index):
        for i in range(100):
            with semaphore:
                present.append(index)
                most.append(len(present))
                present.remove(index)

    common.run_threads(enter)
    common.check(max(most) <= 2, "threads inside the semaphore")

    condition = threading.Condition()
    stock = []
    consumed = []

    def produce(index):
        for i in range(100):
            with condition:
                stock.append((index, i))
                condition.notify()

    def consume(index):
        for i in range(100):
            with condition:
                common.check(condition.wait_for(lambda: stock, timeout=30), "a notification was lost")
                consumed.append(stock.pop())

    common.run_threads(produce, extra=[consume] * threads)
    common.equal(len(set(consumed)), 100 * threads, "items through the condition")

    barrier = threading.Barrier(threads)
    arrived = [0] * threads

    def meet(index):
        for i in range(20):
            arrived[index] += 1
            barrier.wait(30)
            common.check(min(arrived) >= i + 1, "a thread passed the barrier early")
            barrier.wait(30)

    common.run_threads(meet)

    event = threading.Event()
    common.run_threads(lambda index: common.check(event.wait(30), "event lost"), extra=[lambda index: event.set()])


common.main(lambda: common.phases(body))
