"""Inner loops over lists, tuples and ranges in compiled code: their iterators are not made, or made and freed in line."""
import gc
import sys
import threading


class Item:
    def __init__(self, n):
        self.n = n


def test_local_list():
    items = [Item(k) for k in range(3)]
    total = 0
    for i in range(2000):
        for item in items:
            total += item.n * i
    assert total == 3 * sum(range(2000))


def test_temporary_list_and_tuple():
    class Owner:
        pass
    owner = Owner()
    owner.items = [1, 2.5, 3]
    owner.pair = (4, 5)
    total = 0
    for i in range(2000):
        for x in owner.items:
            total += x
        for x in owner.pair:
            total += x
    assert total == 2000 * 15.5


def test_the_list_variable_gets_another_list():
    seen = []
    for i in range(1500):
        items = [i, i + 1, i + 2]
        for x in items:
            items = x
            if i == 1400:
                seen.append(x)
    assert seen == [1400, 1401, 1402]


def test_the_list_dies_with_its_iterator():
    died = []

    class Noted:
        def __init__(self, n):
            self.n = n

        def __del__(self):
            died.append(self.n)
    for i in range(600):
        for x in [Noted(i)]:
            x = None
        assert len(died) == i + 1


def test_grows_and_shrinks_on_the_way():
    lengths = []
    for i in range(1500):
        items = [1, 2]
        n = 0
        for x in items:
            n += 1
            if x == 2 and i % 3 == 0 and n < 6:
                items.append(2)
            elif i % 7 == 0:
                items.clear()
        lengths.append(n)
    assert lengths[1400:1410] == [6 if i % 3 == 0 and i % 7 else 1 if i % 7 == 0 else 2 for i in range(1400, 1410)]


def test_left_early():
    items = (1, 2, 3, 4)
    found = []
    for i in range(2000):
        for x in items:
            if x == i % 5:
                found.append(x)
                break
        else:
            found.append(0)
    assert found == [i % 5 for i in range(2000)]


def test_an_exception_leaves_the_loop():
    items = [3, 2, 1, 0]
    caught = 0
    for i in range(1500):
        try:
            for x in items:
                12 // x
        except ZeroDivisionError:
            caught += 1
    assert caught == 1500


def test_nested_ranges_of_changing_length():
    total = 0
    for i in range(300):
        for j in range(i % 5):
            for k in range(j, i % 3, -1):
                total += k
    assert total == sum(k for i in range(300) for j in range(i % 5) for k in range(j, i % 3, -1))


def test_the_same_list_twice():
    items = [1, 2, 3]
    pairs = []
    for i in range(800):
        pairs = []
        for a in items:
            for b in items:
                pairs.append(a * b)
    assert pairs == [1, 2, 3, 2, 4, 6, 3, 6, 9]


def test_collected_and_counted():
    items = [Item(1), Item(2)]
    before = sys.getrefcount(items), sys.getrefcount(items[0])
    for i in range(3000):
        for item in items:
            if i % 1000 == 0:
                gc.collect()
    assert (sys.getrefcount(items), sys.getrefcount(items[0])) == before


def test_found_by_the_collector():
    # gc.get_objects() may find the iterator of a running loop, and keep it.
    kept = []
    items = [1, 2, 3]
    for i in range(1200):
        for x in items:
            if i == 1100 and x == 2:
                kept += [o for o in gc.get_objects() if type(o) is type(iter([])) and gc.get_referents(o) == [items]]
    for iterator in kept:
        list(iterator)
    assert items == [1, 2, 3]


def test_floats_and_zero():
    values = [0.0, -0.0, 1.5, -2.25, 1e300, 1e-300, 5e-324, 1.727233711018889e-77, float("inf"), float("nan"), 2.0 ** -256]

    class Cell:
        pass
    cell = Cell()
    cell.v = 1.0
    got = []
    for i in range(400):
        got = []
        for v in values:
            cell.v = v * 1.0
            got.append(repr(cell.v + 0.0) if v == v else "nan")
            cell.v = cell.v * 0.0 if v == 1.5 else cell.v
    assert got == [repr(v + 0.0) if v == v else "nan" for v in values]


def test_roots_near_and_far():
    values = [1e-300, 1e300, 2.0 ** 129, 2.0 ** -130, 3.0, 0.1, 1.0000000000000002, 7.5e17, 123456.789]
    expected = [v ** 0.5 for v in values]
    for i in range(300):
        got = []
        for v in values:
            got.append(v ** 0.5)
    assert got == expected
    assert got == [pow(v, 0.5) for v in values]


def test_values_go_from_loop_to_loop():
    # What the outer loop keeps in registers, the inner one reads, replaces, leaves alone; it is left in all ways.
    points = [Item(0.25 * k) for k in range(6)]
    log = []
    last = total = d = None
    for step in range(400):
        total = 0.0
        for i in range(6):
            a = points[i]
            scale = i * 2
            for j in range(i + 1, 6):
                b = points[j]
                d = a.n - b.n
                total += d * scale + last if last is not None and j > 3 else d * d
                if step == 398 and i == 2 and j == 4:
                    log.append((i, j, d, scale, total))
                b.n += 0.001 * d
            last = d * 0.5
        if step % 100 == 7:
            log.append((i, j, d, scale, round(total, 6), last))
    assert [len(entry) for entry in log] == [6, 6, 6, 6, 5]
    assert log[-1][:2] == (2, 4) and log[-1][3] == 4
    # Once more, all of it by hand.
    points = [0.25 * k for k in range(6)]
    last = None
    for step in range(400):
        total = 0.0
        i = 0
        while i < 6:
            j = i + 1
            while j < 6:
                d = points[i] - points[j]
                total += d * (i * 2) + last if last is not None and j > 3 else d * d
                if step == 398 and i == 2 and j == 4:
                    assert log[-1] == (i, j, d, i * 2, total)
                points[j] += 0.001 * d
                j += 1
            last = d * 0.5
            i += 1
        if step % 100 == 7:
            assert log[step // 100] == (5, 5, d, 10, round(total, 6), last)


def test_types_change_from_loop_to_loop():
    results = []
    for step in range(600):
        x = step if step % 3 else step * 0.5
        y = 0
        for k in range(step % 4 + 1):
            y = y + x
            x = y if k % 2 else x
        results.append(y)
        if step > 400:
            x = str(y)
    assert len(results) == 600
    for step in (0, 1, 2, 3, 300, 301, 302, 303, 596, 597, 598, 599):
        x = step if step % 3 else step * 0.5
        y, k = 0, 0
        while k < step % 4 + 1:
            y = y + x
            x = y if k % 2 else x
            k += 1
        assert results[step] == y and type(results[step]) is type(y)


def test_locals_seen_between_the_loops():
    seen = []
    for step in range(300):
        size = step * 0.25
        for k in range(3):
            inner = size + k
            if step > 290 and k == 1:
                frame = sys._getframe()
                seen.append((frame.f_locals["size"], frame.f_locals["inner"], frame.f_locals["step"], frame.f_locals["k"]))
    assert seen == [(s * 0.25, s * 0.25 + 1, s, 1) for s in range(291, 300)]


def test_an_inner_loop_raises_in_its_first_round():
    caught = []
    values = [4, 2, 1]
    for step in range(500):
        weight = step * 1.5
        try:
            for v in values:
                weight += 8 // (v - (step == 450) * 4)
        except ZeroDivisionError:
            caught.append((step, weight, v))
    assert caught == [(450, 675.0, 4)]
    assert weight == 499 * 1.5 + 14


def test_texts_and_bytes():
    words = ["hello", "", "world", "\u20ac5", "\U0001f600"]
    raw = [b"ab", bytes(3), bytes([200, 201])]
    count = total = 0
    for step in range(500):
        for word in words:
            for ch in word:
                count += ch == "o"
        for part in raw:
            for b in part:
                total += b
        for ch in "constant":
            count += ch == "t"
        joined = "x" + str(step)
        for ch in joined:
            count += ch == "1"
    ones = sum(str(step).count("1") for step in range(500))
    assert (count, total) == (500 * 4 + ones, 500 * (97 + 98 + 401))


def test_in_several_threads():
    items = [Item(k) for k in range(4)]
    totals = []

    def work():
        total = 0
        for i in range(3000):
            for item in items:
                total += item.n
            for k in range(3):
                total += k
        totals.append(total)
    threads = [threading.Thread(target=work) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert totals == [27000] * 3
