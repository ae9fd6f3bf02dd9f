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


class Body:
    def __init__(self, x, y, vx, vy, mass):
        self.x = x
        self.y = y
        self.vx = vx
        self.vy = vy
        self.mass = mass


def gravitation(steps=200_000, dt=0.001):
    """Five bodies in a plane, all arithmetic on attributes."""
    bodies = [Body(k * 1.5, k * k * 0.75 - 1.0, 0.1 * k, 0.3 - 0.05 * k, 10.0 / (1 + k * k)) for k in range(5)]
    for _ in range(steps):
        for i in range(5):
            a = bodies[i]
            for j in range(i + 1, 5):
                b = bodies[j]
                dx = a.x - b.x
                dy = a.y - b.y
                squared = dx * dx + dy * dy + 0.01
                pull = dt / (squared * squared ** 0.5)
                a.vx -= dx * b.mass * pull
                a.vy -= dy * b.mass * pull
                b.vx += dx * a.mass * pull
                b.vy += dy * a.mass * pull
        for body in bodies:
            body.x += dt * body.vx
            body.y += dt * body.vy
    return round(sum(b.x + b.y for b in bodies), 9)


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
