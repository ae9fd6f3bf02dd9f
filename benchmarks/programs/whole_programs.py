"""Programs that are timed as whole processes, start-up included: `whole_programs.py NAME`. Each prints what must agree."""
import sys
import threading


def _loops(threads):
    def work(total=0):
        for i in range(30_000_000):
            total += i * i % 7
    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def loop_one_thread():
    _loops(1)


def loop_two_threads():
    _loops(2)


def n_body():
    from single_kernels import n_body as kernel
    return kernel(150_000)


def recursion(n=32):
    def fibonacci(k):
        return k if k < 2 else fibonacci(k - 1) + fibonacci(k - 2)
    return fibonacci(n)


class Node:
    def __init__(self, left, right):
        self.left = left
        self.right = right


def trees(depth=15, rounds=20):
    """Binary trees built and walked."""
    def build(d):
        return Node(None, None) if d == 0 else Node(build(d - 1), build(d - 1))

    def count(node):
        return 1 if node.left is None else 1 + count(node.left) + count(node.right)
    return sum(count(build(depth)) for _ in range(rounds))


def big_tree(depth=17):
    """262,143 objects at once: look at the memory."""
    def build(d):
        return Node(None, None) if d == 0 else Node(build(d - 1), build(d - 1))
    return build(depth).left is not None


def thread_starts(n=5_000):
    for _ in range(n):
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
    return n


def pool_tasks(n=50_000):
    from concurrent.futures import ThreadPoolExecutor
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(int, range(n)))


PROGRAMS = [name for name, f in list(globals().items()) if callable(f) and f.__module__ == __name__
            and not isinstance(f, type) and not name.startswith("_")]

if __name__ == "__main__":
    print(globals()[sys.argv[1]]())
    with open("/proc/self/status") as status:
        print(next(line for line in status if line.startswith("VmHWM")))
