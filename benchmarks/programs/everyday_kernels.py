"""Small programs as people write them: classes, containers, text, closures, generators, all mixed."""
from collections import Counter, defaultdict, deque, namedtuple
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, getcontext
from heapq import heappop, heappush
from threading import Lock


def fannkuch(n=8):
    order, count = list(range(n)), [0] * n
    most = checksum = permutation = 0
    r = n
    while True:
        while r != 1:
            count[r - 1] = r
            r -= 1
        perm, flips = order[:], 0
        k = perm[0]
        while k:
            perm[:k + 1] = perm[k::-1]
            flips += 1
            k = perm[0]
        most = max(most, flips)
        checksum += flips if permutation % 2 == 0 else -flips
        while True:
            if r == n:
                return checksum, most
            first = order[0]
            for i in range(r):
                order[i] = order[i + 1]
            order[r] = first
            count[r] -= 1
            if count[r] > 0:
                break
            r += 1
        permutation += 1


def queens(n=8):
    def solve(row, columns, up, down):
        if row == n:
            return 1
        found = 0
        for c in range(n):
            if not (columns >> c & 1 or up >> (row + c) & 1 or down >> (row - c + n) & 1):
                found += solve(row + 1, columns | 1 << c, up | 1 << (row + c), down | 1 << (row - c + n))
        return found
    return solve(0, 0, 0, 0)


def shortest_paths(n=3000):
    graph = {i: [((i * 7 + k * 13) % n, (i * k) % 17 + 1) for k in range(1, 6)] for i in range(n)}
    distance, heap = {0: 0}, [(0, 0)]
    while heap:
        d, u = heappop(heap)
        if d > distance[u]:
            continue
        for v, weight in graph[u]:
            nearer = d + weight
            if v not in distance or nearer < distance[v]:
                distance[v] = nearer
                heappush(heap, (nearer, v))
    return sum(distance.values())


def life(generations=30):
    cells = {(x, y) for x in range(30) for y in range(30) if (x * y + x) % 3 == 0}
    for _ in range(generations):
        neighbours = defaultdict(int)
        for x, y in cells:
            for dx in (-1, 0, 1):
                for dy in (-1, 0, 1):
                    if dx or dy:
                        neighbours[(x + dx) % 40, (y + dy) % 40] += 1
        cells = {c for c, n in neighbours.items() if n == 3 or (n == 2 and c in cells)}
    return len(cells)


def edit_distance(n=300):
    a = "".join(chr(97 + i * 7 % 26) for i in range(n))
    b = "".join(chr(97 + i * 11 % 26) for i in range(n))
    previous = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        current = [i]
        for j, y in enumerate(b, 1):
            current.append(min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (x != y)))
        previous = current
    return previous[-1]


def matrices_by_sum(n=70):
    a = [[i * j % 7 for j in range(n)] for i in range(n)]
    b = [[i + j for j in range(n)] for i in range(n)]
    return sum(sum(sum(a[i][k] * b[k][j] for k in range(n)) for j in range(n)) for i in range(n))


def matrices_by_loops(n=90):
    a = [[float(i * j % 7) for j in range(n)] for i in range(n)]
    b = [[float(i + j) for j in range(n)] for i in range(n)]
    total = 0.0
    for i in range(n):
        row = a[i]
        for j in range(n):
            s = 0.0
            for k in range(n):
                s += row[k] * b[k][j]
            total += s
    return total


def tape_machine(program="++++++++++[>++++++++++[>++++++++++[>+++++<-]<-]<-]>>>." * 2):
    jumps, open_brackets = {}, []
    for i, c in enumerate(program):
        if c == "[":
            open_brackets.append(i)
        elif c == "]":
            jumps[i] = open_brackets.pop()
            jumps[jumps[i]] = i
    tape, p, i, out = [0] * 1000, 0, 0, []
    while i < len(program):
        c = program[i]
        if c == ">":
            p += 1
        elif c == "<":
            p -= 1
        elif c == "+":
            tape[p] = (tape[p] + 1) & 255
        elif c == "-":
            tape[p] = (tape[p] - 1) & 255
        elif c == ".":
            out.append(chr(tape[p]))
        elif c == "[":
            if not tape[p]:
                i = jumps[i]
        elif c == "]":
            if tape[p]:
                i = jumps[i]
        i += 1
    return len(out)


class Task:
    def __init__(self, name, priority):
        self.name = name
        self.priority = priority
        self.state = 0

    def run(self, packet):
        if packet is None:
            return self.idle()
        self.state += packet.size
        packet.size = (packet.size * 3 + 1) % 101
        return packet

    def idle(self):
        self.state += 1


class Worker(Task):
    def run(self, packet):
        if packet is not None:
            packet.data[self.state % 4] += 1
        return super().run(packet)


class Packet:
    def __init__(self, size):
        self.size = size
        self.data = [0] * 4


def scheduler(n=40_000):
    tasks = [Task("a", 1), Worker("b", 2), Task("c", 3), Worker("d", 4)]
    packets = deque(Packet(i) for i in range(7))
    done = 0
    for i in range(n):
        result = tasks[i % 4].run(packets.popleft() if i % 3 else None)
        if result is not None:
            packets.append(result)
            done += 1
    return done, sum(t.state for t in tasks)


@dataclass
class Vector:
    x: float
    y: float

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __mul__(self, k):
        return Vector(self.x * k, self.y * k)

    def dot(self, other):
        return self.x * other.x + self.y * other.y


def vectors(n=100_000):
    place, speed, energy = Vector(0.0, 0.0), Vector(1.0, 0.5), 0.0
    for _ in range(n):
        place = place + speed * 0.01
        if place.dot(place) > 4.0:
            speed = speed * -1.0
        energy += speed.dot(speed)
    return round(energy, 3), round(place.x, 6)


def pipeline(n=60_000):
    def source():
        yield from range(n)

    def even(items):
        for x in items:
            if x % 2 == 0:
                yield x

    def squares(items):
        for x in items:
            yield x * x
    total = 0
    for x in squares(even(source())):
        total += x
    return total


def tokens(n=300):
    text, i, found = "let x1 = (foo + 42) * bar - 3.5 / y; if (a < b) { call(z, 10); } " * n, 0, Counter()
    while i < len(text):
        c = text[i]
        j = i + 1
        if c.isalpha():
            while j < len(text) and text[j].isalnum():
                j += 1
            found["name"] += 1
        elif c.isdigit():
            while j < len(text) and (text[j].isdigit() or text[j] == "."):
                j += 1
            found["number"] += 1
        elif not c.isspace():
            found[c] += 1
        i = j
    return sorted(found.items())[:5]


def byte_sieve(n=200_000):
    flags = bytearray([1]) * (n + 1)
    flags[:2] = b"\0\0"
    for i in range(2, int(n ** 0.5) + 1):
        if flags[i]:
            flags[i * i::i] = bytes(len(range(i * i, n + 1, i)))
    return sum(flags)


def friends(n=3000):
    known = {i: {i * i % 97, i * 7 % 97, (i + 31) % 97, i % 13} for i in range(97)}
    shared = 0
    for i in range(n):
        a, b = known[i % 97], known[i * 11 % 97]
        shared += len(a & b) - len(a ^ b) + len((a | b) - {i % 97})
        shared += sum(1 for x in a if x in b)
        if any(x > 90 for x in a):
            known[i % 97] = {x for x in a if x != 91} | {i % 89}
    return shared


def windows(n=20_000):
    recent, total = [0] * 8, 0
    for i in range(n):
        recent[1:] = recent[:-1]
        recent[0] = i * 31 % 101
        first, *rest = recent[::2]
        low, high = sorted(recent)[::7]
        total += first - len(rest) + high - low
        if i % 16 == 0:
            recent[2:6] = recent[5:1:-1]
            del recent[-1]
            recent.append(i)
    return total


def words(n=20_000):
    counts = {}
    for i in range(n):
        for word in ("the quick brown fox %d jumps over lazy dog" % (i % 50)).split():
            counts[word] = counts.get(word, 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:3]


class Cache:
    def __init__(self, capacity):
        self.capacity = capacity
        self.items = {}

    def get(self, key):
        if key in self.items:
            value = self.items.pop(key)
            self.items[key] = value
            return value
        return None

    def put(self, key, value):
        if key in self.items:
            self.items.pop(key)
        elif len(self.items) >= self.capacity:
            del self.items[next(iter(self.items))]
        self.items[key] = value


def cache(n=100_000):
    recent, hits = Cache(100), 0
    for i in range(n):
        key = i * i % 173
        if recent.get(key) is None:
            recent.put(key, i)
        else:
            hits += 1
    return hits


def conversions(n=100_000):
    total = 0
    for i in range(n):
        try:
            total += int("12x" if i % 5 == 0 else "12")
        except ValueError:
            total -= 1
    return total


def knapsack(items=60, capacity=2000):
    best = [0] * (capacity + 1)
    for i in range(1, items):
        weight, value = i * 7 % 53 + 1, i * 13 % 37 + 1
        for c in range(capacity, weight - 1, -1):
            best[c] = max(best[c], best[c - weight] + value)
    return best[capacity]


def complex_plane(n=120):
    total = 0
    for y in range(n):
        for x in range(n):
            c, z = complex(x / n * 3 - 2, y / n * 2 - 1), 0j
            for k in range(50):
                z = z * z + c
                if abs(z) > 2:
                    break
            total += k
    return total


Pair = namedtuple("Pair", "x y")


def named_tuples(n=100_000):
    total, p = 0, Pair(0, 1)
    for i in range(n):
        p = Pair(p.y, p.x + i)
        total += p.x - p[1]
    return total


def text_building(n=100_000):
    out = []
    for i in range(n):
        out.append(f"{i % 100:03d}:{'ab'[i & 1]}")
    return len(",".join(out))


def collatz(n=20_000):
    longest, known = 0, {1: 1}
    for i in range(2, n):
        k, steps = i, 0
        while k >= i:
            k = k // 2 if k % 2 == 0 else 3 * k + 1
            steps += 1
        known[i] = steps + known.get(k, 0)
        longest = max(longest, known[i])
    return longest


class Number:
    def __init__(self, value):
        self.value = value

    def evaluate(self, names):
        return self.value


class Name:
    def __init__(self, name):
        self.name = name

    def evaluate(self, names):
        return names[self.name]


class Operation:
    def __init__(self, operator, left, right):
        self.operator = operator
        self.left = left
        self.right = right

    def evaluate(self, names):
        left, right = self.left.evaluate(names), self.right.evaluate(names)
        if self.operator == "+":
            return left + right
        if self.operator == "*":
            return left * right
        return left - right


def tree_interpreter(n=30_000):
    tree = Operation("+", Operation("*", Name("x"), Number(3)), Operation("-", Name("y"), Operation("*", Number(2), Name("x"))))
    names, total = {"x": 1, "y": 2}, 0
    for i in range(n):
        names["x"] = i
        total += tree.evaluate(names)
    return total


def keywords(n=100_000):
    def f(a, b=2, *, c=3):
        return a + b * c
    total = 0
    for i in range(n):
        total += f(i, c=4) + f(i, b=1)
    return total


def growing_text(n=100_000):
    text = ""
    for i in range(n):
        text += "ab"
        text += "c"
    return len(text)


def pairs(n=50_000):
    numbers, others = list(range(n)), {i: 2 * i for i in range(n)}
    total = 0
    for i, x in enumerate(numbers):
        total += i * x
    for x, y in zip(numbers, others):
        total -= x * y
    for k, v in others.items():
        total += v - k
    return total


@dataclass
class Employee:
    name: str
    team: str
    pay: int


def employees(n=4000):
    people = [Employee(f"n{i * 7919 % n}", "abcdefgh"[i % 8], i * 31 % 997) for i in range(n)]
    by_team = {}
    for person in sorted(people, key=lambda p: (-p.pay, p.name)):
        by_team.setdefault(person.team, []).append(person)
    best = {team: members[0].name for team, members in by_team.items()}
    average = {team: sum(p.pay for p in members) // len(members) for team, members in by_team.items()}
    return best, average, max(people, key=lambda p: p.pay).name


def table_of_text(n=3000):
    lines = [f"  {i} ; name{i % 97} ; {i * 3 % 50}.5 ;x,y,z " for i in range(n)]
    total, rows, tags = 0.0, {}, set()
    for line in lines:
        number, name, value, marks = (field.strip() for field in line.split(";"))
        if not name.startswith("name") or any(c.isspace() for c in name):
            continue
        rows[int(number)] = {"name": name.upper(), "value": float(value)}
        tags |= set(marks.split(","))
        total += float(value)
    return total, ",".join(sorted(tags)), "|".join(str(rows[k]["name"]) for k in list(rows)[:50]), len(rows)


def grid_words(n=40):
    grid = ["".join(chr(97 + (r * c + r) % 26) for c in range(n)) for r in range(n)]
    turned = ["".join(row[c] for row in grid) for c in range(n)]
    found = 0
    for rows in (grid, turned):
        for row in rows:
            found += sum(1 for i in range(n - 3) if len(set(row[i:i + 3])) == 3)
            found += all(c != "q" for c in row) + any(c in "xyz" for c in row[:5])
            found += max(row.count(c) for c in "aeiou") - min(ord(c) for c in row)
    return found


def queue_of_events(n=700):
    clock, waiting, served, log = 0, [], Counter(), deque(maxlen=10)
    for i in range(40):
        heappush(waiting, (i * 7 % 11, i, "arrive"))
    while waiting and clock < n:
        clock, who, what = heappop(waiting)
        served[what] += 1
        log.append((clock, who))
        if what == "arrive":
            heappush(waiting, (clock + who % 5 + 1, who, "leave"))
        elif sum(1 for t, w in log if w == who) < 9:
            heappush(waiting, (clock + (who * clock) % 7 + 1, who, "arrive"))
    return clock, sorted(served.items()), list(log)[-3:]


def many_types(n=4000):
    """The same loops for ints, floats, lists, tuples and objects, as library code meets them."""
    def total(items, start):
        for x in items:
            start = start + x * 2
        return start

    def largest(items):
        best = None
        for x in items:
            if best is None or x > best:
                best = x
        return best
    ints, floats = list(range(n)), [i * 0.5 for i in range(n)]
    out = 0
    for kind in list, tuple, set, iter:
        out += total(kind(ints), 0) + total(kind(floats), 0.0) + largest(kind(ints)) + largest(kind(floats))
    words = largest([str(i) for i in ints])
    return out + total(range(n), 0) + total(ints, 0.5) + len(words)


class Square:
    def __init__(self, a):
        self.a = a

    def area(self):
        return self.a * self.a


class Rectangle(Square):
    def __init__(self, a):
        super().__init__(a)
        self.b = a + 1

    def area(self):
        return self.a * self.b


class Circle(Square):
    def area(self):
        return self.a * 3


class Triangle(Square):
    @property
    def half(self):
        return self.a // 2

    def area(self):
        return self.half * self.a


def mixed_shapes(n=20_000):
    kinds, x, shapes = (Square, Rectangle, Circle, Triangle), 1, []
    for i in range(n):
        x = x * 1103515245 + 12345 & 0x7fffffff
        shapes.append(kinds[x >> 16 & 3](i & 63))
    total = 0
    for s in shapes:
        total += s.area()
    return total


def stack_machine(n=15_000):
    code = [0, 1, 3, 3, 0, 2, 1, 7, 2, 4, 5, 0, 6]
    stack, pc, i, total = [], 0, 0, 0
    while True:
        op = code[pc]
        if op == 0:
            stack.append(i)
        elif op == 1:
            pc += 1
            stack.append(code[pc])
        elif op == 2:
            b = stack.pop()
            stack.append(stack.pop() + b)
        elif op == 3:
            b = stack.pop()
            stack.append(stack.pop() * b)
        elif op == 4:
            total += stack.pop()
        elif op == 5:
            i += 1
            if i < n:
                pc = code[pc + 1]
                continue
            pc += 1
        else:
            return total
        pc += 1


class Number:
    def __init__(self, value):
        self.value = value

    def evaluate(self, names):
        return self.value


class Name:
    def __init__(self, name):
        self.name = name

    def evaluate(self, names):
        return names[self.name]


class Sum:
    def __init__(self, left, right):
        self.left, self.right = left, right

    def evaluate(self, names):
        return self.left.evaluate(names) + self.right.evaluate(names)


class Product(Sum):
    def evaluate(self, names):
        return self.left.evaluate(names) * self.right.evaluate(names)


class Choice(Sum):
    def __init__(self, condition, left, right):
        super().__init__(left, right)
        self.condition = condition

    def evaluate(self, names):
        return (self.left if self.condition.evaluate(names) else self.right).evaluate(names)


def formulas(n=600):
    def build(depth, k):
        if depth == 0:
            return (Number(2), Name("x"), Number(1), Name("y"))[k & 3]
        left, right = build(depth - 1, k * 5 + 1), build(depth - 1, k * 7 + 3)
        kind = k % 5
        return Sum(left, right) if kind < 2 else Product(left, right) if kind < 4 else Choice(left, right, Sum(left, right))
    formula, names, total = build(6, 4), {"x": 1, "y": 0}, 0
    for i in range(n):
        names["x"] = i & 3
        total += formula.evaluate(names) & 1023
    return total


def by_type(n=20_000):
    choices, x = (1, 2.5, "ab", (1, 2), None, [3], {1: 2}), 1
    ints = letters = others = 0
    floats = 0.0
    for i in range(n):
        x = x * 1103515245 + 12345 & 0x7fffffff
        item = choices[(x >> 16) % 7]
        if isinstance(item, int):
            ints += item
        elif isinstance(item, float):
            floats += item
        elif isinstance(item, str):
            letters += len(item)
        elif item is None:
            others += 1
        else:
            others += len(item)
    return ints, floats, letters, others


def scanner(n=3000):
    text = " ".join(("abc", "123", "x", "9", "hello")[i * 7 % 5] for i in range(n))
    state, words, numbers = "start", 0, 0
    for c in text:
        if state == "start":
            if c.isalpha():
                state = "word"
                words += 1
            elif c.isdigit():
                state = "number"
                numbers += 1
        elif state == "word":
            if not c.isalpha():
                state = "start"
        elif not c.isdigit():
            state = "start"
    return words, numbers


def decimals(n=1500):
    # Bills of calls as in Cowlishaw's telco benchmark, then a series to the context's precision.
    rates, basic_tax, distance_tax = (Decimal("0.0013"), Decimal("0.00894")), Decimal("0.0675"), Decimal("0.0341")
    cent, total, lines = Decimal("0.01"), Decimal(0), []
    for i in range(n):
        seconds = Decimal(i * 7919 % 10007)
        price = (seconds * rates[i & 1]).quantize(cent, ROUND_HALF_EVEN)
        bill = price + (price * basic_tax).quantize(cent)
        if i & 1:
            bill += (price * distance_tax).quantize(cent)
        total += bill
        lines.append(str(bill))
    last, term, pi, a, da, b, db = 0, Decimal(3), Decimal(3), 1, 0, 0, 24
    while pi != last:
        last = pi
        a, da = a + da, da + 8
        b, db = b + db, db + 32
        term = term * a / b
        pi += term
    return total, max(map(Decimal, lines)), sum(map(len, lines)), pi, getcontext().prec


class Journal:
    def __init__(self):
        self.depth = self.entries = 0

    def __enter__(self):
        self.depth += 1
        return self

    def __exit__(self, *exception):
        self.depth -= 1
        self.entries += 1


class Account:
    def __init__(self):
        self.lock, self.journal, self.balance = Lock(), Journal(), 0

    def deposit(self, amount):
        with self.lock:
            self.balance += amount

    def withdraw(self, amount):
        with self.journal:
            self.balance -= amount


def accounts(n=100_000):
    account = Account()
    for i in range(n):
        account.deposit(i)
        account.withdraw(i >> 1)
    return account.balance, account.journal.entries, account.journal.depth


KERNELS = {name: f for name, f in list(globals().items()) if callable(f) and f.__module__ == __name__ and not isinstance(f, type)
           and name not in ("dataclass", "namedtuple", "getcontext")}
