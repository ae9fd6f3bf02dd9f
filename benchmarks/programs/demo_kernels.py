"""The demo's kernels: each takes a size and returns a checksum, and shares nothing between calls."""
import random


def mandelbrot(size=200):
    total = 0
    for row in range(size):
        for column in range(size):
            c = complex(3.0 * column / size - 2.0, 2.0 * row / size - 1.0)
            x = y = 0.0
            cr, ci = c.real, c.imag
            n = 0
            while n < 100 and x * x + y * y <= 4.0:
                x, y = x * x - y * y + cr, 2.0 * x * y + ci
                n += 1
            total += n
    return total


class Body:
    def __init__(self, x, y, z, vx, vy, vz, mass):
        self.x, self.y, self.z = x, y, z
        self.vx, self.vy, self.vz = vx, vy, vz
        self.mass = mass


def nbody(steps=8000):
    bodies = [Body(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 39.47), Body(4.84, -1.16, -0.10, 0.6, 2.8, -0.02, 0.037),
              Body(8.34, 4.12, -0.4, -1.01, 1.82, 0.008, 0.011), Body(12.89, -15.11, -0.22, 1.08, 0.86, -0.01, 0.0017)]
    for _ in range(steps):
        for i, a in enumerate(bodies):
            for b in bodies[i + 1:]:
                dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
                distance = dx * dx + dy * dy + dz * dz
                magnitude = 0.001 / (distance * distance ** 0.5)
                a.vx -= dx * b.mass * magnitude
                a.vy -= dy * b.mass * magnitude
                a.vz -= dz * b.mass * magnitude
                b.vx += dx * a.mass * magnitude
                b.vy += dy * a.mass * magnitude
                b.vz += dz * a.mass * magnitude
        for a in bodies:
            a.x += 0.001 * a.vx
            a.y += 0.001 * a.vy
            a.z += 0.001 * a.vz
    return round(sum(b.x + b.y + b.z for b in bodies), 9)


def spectral_norm(n=130):
    def a(i, j):
        return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)

    def times(v):
        return [sum(a(i, j) * v[j] for j in range(n)) for i in range(n)]

    def transposed(v):
        return [sum(a(j, i) * v[j] for j in range(n)) for i in range(n)]

    u = [1.0] * n
    v = u
    for _ in range(3):
        v = transposed(times(u))
        u = transposed(times(v))
    return round((sum(x * y for x, y in zip(u, v)) / sum(x * x for x in v)) ** 0.5, 9)


def sieve(limit=600_000):
    flags = [True] * (limit + 1)
    flags[0] = flags[1] = False
    for i in range(2, int(limit ** 0.5) + 1):
        if flags[i]:
            for k in range(i * i, limit + 1, i):
                flags[k] = False
    return sum(flags)


def word_count(words=100_000):
    source = random.Random(7)
    vocabulary = ["".join(source.choice("abcdefgh") for _ in range(source.randint(2, 6))) for _ in range(800)]
    text = " ".join(source.choice(vocabulary) for _ in range(words))
    counts = {}
    for word in text.split():
        counts[word] = counts.get(word, 0) + 1
    return sum(len(w) * n for w, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:100])


def parse_json(repeat=250):
    text = '{"a": [1, 2.5, {"b": "text", "c": [true, false, null]}], "d": {"e": -12, "f": "x y z"}} ' * 8

    def value(at):
        c = text[at]
        if c == "{":
            out = {}
            at = skip(at + 1)
            while text[at] != "}":
                key, at = value(at)
                at = skip(at)
                item, at = value(skip(at + 1))
                out[key] = item
                at = skip(at)
                if text[at] == ",":
                    at = skip(at + 1)
            return out, at + 1
        if c == "[":
            items = []
            at = skip(at + 1)
            while text[at] != "]":
                item, at = value(at)
                items.append(item)
                at = skip(at)
                if text[at] == ",":
                    at = skip(at + 1)
            return items, at + 1
        if c == '"':
            end = text.index('"', at + 1)
            return text[at + 1:end], end + 1
        for word, constant in (("true", True), ("false", False), ("null", None)):
            if text.startswith(word, at):
                return constant, at + len(word)
        end = at
        while text[end] in "-+.0123456789eE":
            end += 1
        number = text[at:end]
        return (float(number) if "." in number else int(number)), end

    def skip(at):
        while at < len(text) and text[at] == " ":
            at += 1
        return at

    total = 0
    for _ in range(repeat):
        at = 0
        while at < len(text):
            item, at = value(at)
            total += len(item) + item["d"]["e"]
            at = skip(at)
    return total


def binary_trees(depth=12):
    def make(d):
        return (make(d - 1), make(d - 1)) if d else (None, None)

    def check(tree):
        left, right = tree
        return 1 if left is None else 1 + check(left) + check(right)

    return sum(check(make(depth)) for _ in range(10))


def job_queue(jobs=4000):
    import queue
    import threading
    todo, done = queue.Queue(), queue.Queue()

    def worker():
        while (n := todo.get()) is not None:
            done.put(n * n % 97)

    workers = [threading.Thread(target=worker) for _ in range(2)]
    for w in workers:
        w.start()
    for n in range(jobs):
        todo.put(n)
    for _ in workers:
        todo.put(None)
    for w in workers:
        w.join()
    return sum(done.get() for _ in range(jobs))


KERNELS = {f.__name__: f for f in (mandelbrot, nbody, spectral_norm, sieve, word_count, parse_json, binary_trees, job_queue)}
