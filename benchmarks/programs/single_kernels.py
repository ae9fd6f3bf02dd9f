"""Single-thread kernels: the parts of the interpreter one by one."""


def int_loop(n=600_000):
    s = i = 0
    while i < n:
        s += i & 7
        i += 1
    return s


def float_loop(n=400_000):
    x = 0.5
    for i in range(n):
        x = x * 0.999999 + i * 1e-6
    return round(x, 6)


class Body:
    def __init__(self, x, y, z, vx, vy, vz, mass):
        self.x, self.y, self.z = x, y, z
        self.vx, self.vy, self.vz = vx, vy, vz
        self.mass = mass


def n_body(steps=2_000, dt=0.01):
    bodies = [Body(k * 1.5, k * k * 0.75 - 1.0, 0.3 * k, 0.1 * k, 0.3 - 0.05 * k, 0.02, 10.0 / (1 + k * k)) for k in range(5)]
    for _ in range(steps):
        for i in range(5):
            a = bodies[i]
            for j in range(i + 1, 5):
                b = bodies[j]
                dx = a.x - b.x
                dy = a.y - b.y
                dz = a.z - b.z
                squared = dx * dx + dy * dy + dz * dz
                pull = dt / (squared * squared ** 0.5)
                a.vx -= dx * b.mass * pull
                a.vy -= dy * b.mass * pull
                a.vz -= dz * b.mass * pull
                b.vx += dx * a.mass * pull
                b.vy += dy * a.mass * pull
                b.vz += dz * a.mass * pull
        for body in bodies:
            body.x += dt * body.vx
            body.y += dt * body.vy
            body.z += dt * body.vz
    return round(sum(b.x + b.y + b.z for b in bodies), 9)


def calls(n=22):
    def fib(k):
        return k if k < 2 else fib(k - 1) + fib(k - 2)
    return fib(n)


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def moved(self, dx):
        return self.x + dx

    @property
    def norm(self):
        return self.x * self.x + self.y * self.y


def attributes(n=200_000):
    p = Point(1, 2)
    s = 0
    for i in range(n):
        p.x = i
        s += p.x + p.y
    return s


def methods(n=200_000):
    p = Point(1, 2)
    s = 0
    for i in range(n):
        s += p.moved(i)
    return s


def properties(n=150_000):
    p = Point(1, 2)
    return sum(p.norm for _ in range(n))


def allocation(n=120_000):
    s = 0
    for i in range(n):
        s += Point(i, 1).y
    return s


def strings(n=60_000):
    parts = []
    for i in range(n):
        parts.append("k" + str(i))
    text = ",".join(parts)
    return len(text.replace("k1", "x").split(",")) + text.count("9")


def formatting(n=60_000):
    return sum(len(f"{i:05d}-{i / 3:.2f}-{i!r}") for i in range(n))


def dicts(n=200_000):
    d = {}
    for i in range(n):
        d[i & 1023] = d.get(i & 1023, 0) + 1
    return sum(d.values())


def str_dicts(n=150_000):
    keys = ["alpha", "beta", "gamma", "delta"]
    d = dict.fromkeys(keys, 0)
    for i in range(n):
        d[keys[i & 3]] += 1
    return d["beta"]


def lists(n=200_000):
    items = []
    for i in range(n):
        items.append(i)
    s = 0
    for i in range(n):
        s += items[i]
    return s


def comprehensions(n=200):
    return sum(len([x * x for x in range(1000) if x & 1]) for _ in range(n))


def generators(n=200_000):
    def numbers(k):
        for i in range(k):
            yield i
    return sum(numbers(n))


def exceptions(n=60_000):
    caught = 0
    for i in range(n):
        try:
            if i & 1:
                raise ValueError(i)
        except ValueError:
            caught += 1
    return caught


def sorting(n=40_000):
    items = [(i * 7919) % 100_003 for i in range(n)]
    return sorted(items)[n // 2] + sorted(items, key=lambda v: -v)[3]


def tuples(n=150_000):
    s = 0
    for i in range(n):
        a, b, c = (i, i + 1, i + 2)
        s += a + b + c
    return s


def closures(n=120_000):
    def adder(k):
        return lambda v: v + k
    s = 0
    for i in range(n):
        s += adder(i)(1)
    return s


def big_ints(n=1400):
    x = 1
    for i in range(1, n):
        x *= i
    return x % 1_000_003 + len(str(x))


KERNELS = {name: f for name, f in list(globals().items()) if callable(f) and f.__module__ == __name__ and not isinstance(f, type)}
