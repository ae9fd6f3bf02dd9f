"""Attributes that hold floats in hot loops, and then something else."""


class Place:
    def __init__(self, x):
        self.x = x


def drift(places):
    total = 0
    for p in places:
        p.x = p.x * 2.0
        p.x -= 0.5
        total = total + p.x
    return total


class Text(str):
    def __mul__(self, other):
        return 3.25


def test_text():
    odd = [Place(7), Place(0.0), Place(-0.0), Place(1e300), Place(5e-324), Place(True), Place(Text())]
    assert drift([Place(1.5) for _ in range(2000)] + odd) == 2000 * 2.5 + 13.5 - 0.5 - 0.5 + 2e300 - 0.5 + 1.5 + 2.75
    assert [p.x for p in odd] == [13.5, -0.5, -0.5, 2e300, -0.5, 1.5, 2.75], [p.x for p in odd]
    for wrong in (None, [], {}):
        places = [Place(1.5) for _ in range(2000)] + [Place(wrong)]
        try:
            drift(places)
        except TypeError as e:
            assert str(e).startswith("unsupported operand type(s) for *:") or str(e).startswith("can't multiply"), e
        else:
            assert False
        assert places[-1].x is wrong
    bare = Place(1.0)
    del bare.x
    try:
        drift([Place(1.5) for _ in range(2000)] + [bare])
    except AttributeError as e:
        assert str(e) == "'Place' object has no attribute 'x'", e
    else:
        assert False
