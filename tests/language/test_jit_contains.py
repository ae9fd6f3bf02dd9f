"""`in` in hot loops: both ways, over all kinds of containers and items."""

N = 4000


class Box:
    """Equal to boxes of the same value, and to that value."""
    asked = 0

    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        Box.asked += 1
        return self.value == getattr(other, "value", other)

    def __hash__(self):
        return hash(self.value)


def test_few_constants():
    for _ in range(2):
        a = b = c = d = 0
        words = ["if", "while", "x", "else", "".join("if"), None, 3, 3.0]
        for i in range(N):
            if i & 7 in (1, 3, 5):
                a += 1
            if i % 5 not in [0, 2]:
                b += 1
            if words[i & 7] in ("if", "else"):
                c += 1
            d += words[i % 8] in (3, "x", None)
        assert (a, b, c, d) == (3 * N // 8, 3 * N // 5, 3 * N // 8, N // 2)


def test_values_just_made():
    hits = 0
    for i in range(N):
        x, y = i % 3, i % 5
        if i % 4 in (x, y):
            hits += 1
        if "ab"[i & 1] in ("b", "c", str(i)):
            hits += 1
    assert hits == sum(i % 4 in (i % 3, i % 5) for i in range(N)) + N // 2


def test_containers():
    numbers, names = list(range(0, 60, 3)), ["n%d" % i for i in range(0, 60, 3)]
    views = {n: 0 for n in numbers}
    containers = [numbers, tuple(numbers), set(numbers), frozenset(numbers), views, views.keys(), range(0, 60, 3), bytes(numbers)]
    for container in containers:
        hits = misses = 0
        for i in range(N):
            if i % 60 in container:
                hits += 1
            if i % 60 not in container:
                misses += 1
        assert hits == sum(i % 60 % 3 == 0 for i in range(N)), container
        assert misses == N - hits
    for container in (names, tuple(names), set(names), dict.fromkeys(names), " ".join(names) + " "):
        hits = 0
        for i in range(N):
            hits += "n%d" % (i % 60) + ("" if type(container) is not str else " ") in container
        assert hits == sum(i % 60 % 3 == 0 for i in range(N)), container


def test_tuples_and_objects_as_items():
    seen, order = set(), []
    for i in range(N):
        place = (i * 7 % 13, i % 11)
        if place not in seen:
            seen.add(place)
            order.append(place)
    assert len(order) == len(set(order)) == 143
    nodes = [object() for _ in range(40)]
    visited, hits = {nodes[3], nodes[8]}, 0
    for i in range(N):
        if nodes[i % 40] in visited:
            hits += 1
    assert hits == N // 20


def test_asked_once():
    # What `in` asks of Python code is not asked again when it turns out otherwise than before.
    boxes, Box.asked, hits = {Box(i) for i in range(0, 100, 2)}, 0, 0
    for i in range(N):
        if i % 100 in boxes:
            hits += 1
    assert (hits, Box.asked) == (N // 2, N // 2)
    row, Box.asked, hits = [Box(1), Box(2)], 0, 0
    for i in range(N):
        hits += (i % 4) in row
    assert (hits, Box.asked) == (N // 2, N // 4 * 7)


def test_kinds_change():
    d, hits = {1: 0, "a": 0, (1, 2): 0, 2.5: 0, None: 0, True: 0}, 0
    items = [1, "a", (1, 2), 2.5, None, False, (1,), "b", 7, 2.25, 1.0, b"a"]
    for i in range(N * 3):
        if items[i % 12] in d:
            hits += 1
    assert hits == N * 3 // 12 * 6
    text, hits = "abc\u20ac", 0
    for i in range(N):
        if ("a", "\u20ac", "", "bc", "cb", "\xe9")[i % 6] in text:
            hits += 1
    assert hits == sum(i % 6 in (0, 1, 2, 3) for i in range(N))


def test_errors():
    for container, items, error in (("abc", ["a", 1], TypeError), ({1}, [1, []], TypeError), ({1: 2}, [1, {}], TypeError)):
        raised = 0
        for i in range(N):
            try:
                if items[i % 2] in container:
                    raised += 0
            except error:
                raised += 1
        assert raised == N // 2, container
    raised = hits = 0
    for i in range(N):
        try:
            if i in (5 if i % 1000 == 999 else (i, 1)):
                hits += 1
        except TypeError:
            raised += 1
    assert (hits, raised) == (N - 4, 4)


def test_container_changes():
    known, fresh = set(), 0
    for i in range(N):
        if i % 50 in known:
            known.discard(i % 50)
        else:
            known.add(i % 50)
            fresh += 1
    assert (fresh, len(known)) == (N // 2, 0)
    d, fresh = {}, 0
    for i in range(N):
        key = str(i % 50)
        if key in d:
            del d[key]
        else:
            d[key] = fresh
            fresh += 1
    assert (fresh, d) == (N // 2, {})
