"""What compiled code knows of a field of one object while another one's is stored, which may be the same."""


class P:
    def __init__(self, x, y=0.5):
        self.x = x
        self.y = y


def test_two_objects_that_are_one_at_times():
    items = [P(1.0), P(2.0), P(3.0)]
    for step in range(900):
        a = items[step % 3]
        for k in range(3):
            b = items[k]
            before = a.x
            b.x += 0.5
            a.x += 1.0
            assert a.x == before + (1.5 if a is b else 1.0)
            b.x -= 0.5
            assert a.x == before + 1.0
            a.x -= 1.0
    assert [p.x for p in items] == [1.0, 2.0, 3.0]


def test_first_apart_then_one():
    a, b, total = P(1), P(2), 0
    for step in range(2000):
        if step == 1500:
            b = a
        a.x = step
        b.x = -step
        total += a.x
    assert total == sum(range(1500)) - sum(range(1500, 2000))


def test_three_names():
    objects = [P(k) for k in range(4)]
    for step in range(1200):
        a, b, c = objects[step % 4], objects[step // 2 % 4], objects[step // 3 % 4]
        a.x, b.x, c.x = 10, 20, 30
        seen = (a.x, b.x, c.x)
        expected = {id(a): 10}
        expected[id(b)] = 20
        expected[id(c)] = 30
        assert seen == (expected[id(a)], expected[id(b)], expected[id(c)])


def test_kinds_of_values_change():
    a, b = P(1), P(2)
    kept = []
    for step in range(1500):
        a.x = step
        b.x = "text" if step % 500 == 499 else step + 0.5
        kept.append(a.x)
        if step == 1000:
            a.x = b
            assert a.x is b and b.x == 1000.5
    assert kept == list(range(1500))


def test_in_methods():
    class Account:
        def __init__(self, balance):
            self.balance = balance

        def move(self, other, amount):
            self.balance -= amount
            other.balance += amount
            return self.balance

    accounts = [Account(100), Account(200)]
    for step in range(1000):
        before = accounts[0].balance
        got = accounts[0].move(accounts[step % 2], 3)
        assert got == (before if step % 2 == 0 else before - 3)
        accounts[0].balance += 3 * (step % 2)
    assert accounts[0].balance == 100 and accounts[1].balance == 200 + 500 * 3
