"""Inner loops over lists, tuples and ranges in compiled code: their iterators are not made, or made and freed in line."""
import gc
import sys
import threading
import unittest


class Item:
    def __init__(self, n):
        self.n = n


class InnerLoops(unittest.TestCase):
    def test_local_list(self):
        items = [Item(k) for k in range(3)]
        total = 0
        for i in range(2000):
            for item in items:
                total += item.n * i
        self.assertEqual(total, 3 * sum(range(2000)))

    def test_temporary_list_and_tuple(self):
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
        self.assertEqual(total, 2000 * 15.5)

    def test_the_list_variable_gets_another_list(self):
        seen = []
        for i in range(1500):
            items = [i, i + 1, i + 2]
            for x in items:
                items = x
                if i == 1400:
                    seen.append(x)
        self.assertEqual(seen, [1400, 1401, 1402])

    def test_the_list_dies_with_its_iterator(self):
        died = []

        class Noted:
            def __init__(self, n):
                self.n = n

            def __del__(self):
                died.append(self.n)
        for i in range(600):
            for x in [Noted(i)]:
                x = None
            self.assertEqual(len(died), i + 1)

    def test_grows_and_shrinks_on_the_way(self):
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
        self.assertEqual(lengths[1400:1410], [6 if i % 3 == 0 and i % 7 else 1 if i % 7 == 0 else 2 for i in range(1400, 1410)])

    def test_left_early(self):
        items = (1, 2, 3, 4)
        found = []
        for i in range(2000):
            for x in items:
                if x == i % 5:
                    found.append(x)
                    break
            else:
                found.append(0)
        self.assertEqual(found, [i % 5 for i in range(2000)])

    def test_an_exception_leaves_the_loop(self):
        items = [3, 2, 1, 0]
        caught = 0
        for i in range(1500):
            try:
                for x in items:
                    12 // x
            except ZeroDivisionError:
                caught += 1
        self.assertEqual(caught, 1500)

    def test_nested_ranges_of_changing_length(self):
        total = 0
        for i in range(300):
            for j in range(i % 5):
                for k in range(j, i % 3, -1):
                    total += k
        self.assertEqual(total, sum(k for i in range(300) for j in range(i % 5) for k in range(j, i % 3, -1)))

    def test_the_same_list_twice(self):
        items = [1, 2, 3]
        pairs = []
        for i in range(800):
            pairs = []
            for a in items:
                for b in items:
                    pairs.append(a * b)
        self.assertEqual(pairs, [1, 2, 3, 2, 4, 6, 3, 6, 9])

    def test_collected_and_counted(self):
        items = [Item(1), Item(2)]
        before = sys.getrefcount(items), sys.getrefcount(items[0])
        for i in range(3000):
            for item in items:
                if i % 1000 == 0:
                    gc.collect()
        self.assertEqual((sys.getrefcount(items), sys.getrefcount(items[0])), before)

    def test_found_by_the_collector(self):
        # gc.get_objects() may find the iterator of a running loop, and keep it.
        kept = []
        items = [1, 2, 3]
        for i in range(1200):
            for x in items:
                if i == 1100 and x == 2:
                    kept += [o for o in gc.get_objects() if type(o) is type(iter([])) and gc.get_referents(o) == [items]]
        for iterator in kept:
            list(iterator)
        self.assertEqual(items, [1, 2, 3])

    def test_floats_and_zero(self):
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
        self.assertEqual(got, [repr(v + 0.0) if v == v else "nan" for v in values])

    def test_roots_near_and_far(self):
        values = [1e-300, 1e300, 2.0 ** 129, 2.0 ** -130, 3.0, 0.1, 1.0000000000000002, 7.5e17, 123456.789]
        expected = [v ** 0.5 for v in values]
        for i in range(300):
            got = []
            for v in values:
                got.append(v ** 0.5)
        self.assertEqual(got, expected)
        self.assertEqual(got, [pow(v, 0.5) for v in values])

    def test_in_several_threads(self):
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
        self.assertEqual(totals, [27000] * 3)


if __name__ == "__main__":
    unittest.main()
