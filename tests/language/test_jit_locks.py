"""Loops of a program with threads that store to objects of their own, which others come to see, write and take away."""
import queue
import threading

ROUNDS = 3000


class Box:
    def __init__(self):
        self.n = 0


# Once there have been two threads, code for several is compiled.
second = threading.Thread(target=len, args=((),))
second.start()
second.join()


def test_stores_of_all_kinds():
    box, row, table, kept = Box(), [0] * 8, {0: 0}, 0

    def look():
        return kept

    items = []
    for i in range(ROUNDS):
        box.n += i
        row[i & 7] = i
        table[0] = i
        table[i & 15] = box.n
        kept += 1
        items.append(i)
        if len(items) == 100:
            del items[10:]
    assert box.n == ROUNDS * (ROUNDS - 1) // 2
    assert row == [i for i in range(ROUNDS - 8, ROUNDS)]
    assert look() == ROUNDS
    assert items[:10] == list(range(10))
    assert items[10:] == list(range(ROUNDS - len(items) + 10, ROUNDS))
    assert len(table) == 16


def test_more_objects_than_locks_are_kept():
    boxes = [Box() for _ in range(9)]
    a, b, c, d, e, f, g, h, i = boxes
    for k in range(ROUNDS):
        a.n = k
        b.n = a.n + 1
        c.n = b.n + 1
        d.n = c.n + 1
        e.n = d.n + 1
        f.n = e.n + 1
        g.n = f.n + 1
        h.n = g.n + 1
        i.n = h.n + 1
    assert [box.n for box in boxes] == list(range(ROUNDS - 1, ROUNDS + 8))


def test_one_object_under_two_names():
    boxes = [Box(), Box(), Box()]
    mine = boxes[2]
    for k in range(ROUNDS):
        other = boxes[k % 3]
        mine.n += 1
        other.n += 1
    assert [box.n for box in boxes] == [ROUNDS // 3, ROUNDS // 3, ROUNDS + ROUNDS // 3]


def test_the_shape_changes_in_the_loop():
    for k in range(40):
        box = Box()
        for i in range(200):
            box.n = i
            if i == 5 * k:
                box.extra = k
                del box.n
        assert vars(box) == {"n": 199, "extra": k}


def test_a_destructor_writes_what_the_loop_holds():
    box, row = Box(), [0]

    class Last:
        def __del__(self):
            box.n += 1000
            row.append(-1)

    last = None
    for i in range(ROUNDS):
        box.n += 1
        row[0] = i
        if i % 100 == 99:
            last = Last()
        box.n += 1
        row.append(i)
    del last
    assert box.n == 2 * ROUNDS + 1000 * (ROUNDS // 100)
    assert row.count(-1) == ROUNDS // 100
    assert len(row) == 1 + ROUNDS + ROUNDS // 100


def test_an_exception_leaves_with_the_lock():
    box, row = Box(), [1]
    for i in range(ROUNDS):
        try:
            box.n += 1
            row[i & 1] = i
        except IndexError:
            box.n += 1
    assert (box.n, row) == (ROUNDS + ROUNDS // 2, [ROUNDS - 2])


def test_recursion_with_stores():
    box, row = Box(), []

    def down(n):
        box.n += 1
        if n:
            down(n - 1)
            row.append(n)
            down(n - 1)
        box.n += 1

    down(9)
    assert (box.n, len(row)) == (2 * 1023, 511)


def test_who_waits_gets_the_object():
    for kind in range(4):
        box, row, table, started = Box(), [0], {0: 0}, threading.Event()

        def disturb():
            started.wait()
            for k in range(20):
                if kind == 0:
                    setattr(box, "other%d" % k, k)
                elif kind == 1:
                    row.append(-1)
                elif kind == 2:
                    table[k + 1] = k
                else:
                    del row[1:]
                    box.k = k
            box.stop = True

        box.stop = False
        thread = threading.Thread(target=disturb)
        thread.start()
        rounds = 0
        while not box.stop:
            rounds += 1
            box.n = rounds
            row[0] = rounds
            table[0] = rounds
            if rounds == 500:
                started.set()
        thread.join()
        assert (box.n, row[0], table[0]) == (rounds,) * 3
        assert row.count(-1) == (20 if kind == 1 else 0)
        assert len(table) == (21 if kind == 2 else 1)


def test_many_objects_in_turn():
    """Each round goes to another object, whose lock the thread takes again and again; then another thread comes."""
    boxes, rows = [Box() for _ in range(50)], [[0] for _ in range(50)]
    boxes.append(boxes[7])  # under a second name
    rows.append(rows[9])
    asked, answers = queue.SimpleQueue(), []

    def visit():
        for box, row in iter(asked.get, None):
            seen = box.n
            box.other = row
            row.append(seen)
            answers.append(box)

    def work(rounds):
        for _ in range(rounds):
            for box in boxes:
                box.n += 1
            for row in rows:
                row[0] += 1
            for box, row in zip(boxes, rows):
                box.n += 1
                row[0] += 1
                boxes[3].n += 1

    visitor = threading.Thread(target=visit)
    visitor.start()
    work(100)
    visited = (3, 7, 20, 49)
    for k in visited:
        asked.put((boxes[k], rows[k]))
    rounds = 100
    while len(answers) < len(visited):
        work(1)
        rounds += 1
    asked.put(None)
    visitor.join()
    assert [box.n for box in boxes] == [(4 if k in (7, 50) else 53 if k == 3 else 2) * rounds for k in range(51)]
    assert [row[0] for row in rows] == [(4 if k in (9, 50) else 2) * rounds for k in range(51)]
    for k in visited:
        assert boxes[k].other is rows[k] and len(rows[k]) == 2 and 0 < rows[k][1] <= boxes[k].n


def test_a_list_given_away():
    given, row, took = queue.SimpleQueue(), [], []

    def take():
        mine = given.get()
        for _ in range(200):
            mine.append(-1)
        took.append(len(mine))

    thread = threading.Thread(target=take)
    thread.start()
    given.put(row)
    mine = 0
    while mine < 5000 or not took:
        row.append(mine)
        mine += 1
    thread.join()
    assert [x for x in row if x >= 0] == list(range(mine))
    assert row.count(-1) == 200


def test_an_iterator_of_another_thread():
    row = list(range(64))
    stop = []

    def read():
        while not stop:
            for x in row:
                if not isinstance(x, int):
                    stop.append(x)

    thread = threading.Thread(target=read)
    thread.start()
    for i in range(ROUNDS * 3):
        row[i & 63] = i
        if i & 255 == 255:
            row.append(i)
    stop.append(None)
    thread.join()
    assert stop == [None]
    assert len(row) == 64 + ROUNDS * 3 // 256
