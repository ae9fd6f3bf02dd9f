"""Powers in hot loops are what the library's pow() gives, to the last bit."""
import math
import random


def roots(values):
    return [v ** 0.5 for v in values]


def squares(values):
    return [v ** 2 for v in values]


def cubes(values):
    return [v ** 3 for v in values]


def exact(results, values, exponent):
    for result, v in zip(results, values):
        want = math.pow(v, exponent)
        assert math.copysign(1, result) == math.copysign(1, want) and result == want, (v, exponent, result, want)


def test_exact():
    random.seed(7)
    plain = [random.uniform(0.001, 1000.0) for _ in range(20000)]
    wide = [math.ldexp(random.uniform(0.5, 1.0), random.randrange(-500, 500)) for _ in range(20000)]
    # Where the square of the next number is close, and where the root's last place is in doubt.
    close = [x for k in range(1, 3000) for x in (float(k * k), math.nextafter(k * k, 0), math.nextafter(k * k, 1e9))]
    for values in (plain, wide, close, [1.0, 4.0, 2.0] * 500):
        exact(roots(values), values, 0.5)
        exact(squares(values), values, 2.0)
        exact(squares([-v for v in values]), values, 2.0)
    odd = [3.0] * 2000 + [0.0, -0.0, 5e-324, 1e-310, 1e-160, 1e150, -7.25, -1e-170]
    exact(squares(odd), odd, 2.0)
    assert all(isinstance(x, complex) for x in roots([-4.0, -0.25]))
    assert roots([0.0, -0.0, math.inf, 5e-324]) == [0.0, 0.0, math.inf, math.pow(5e-324, 0.5)]
    assert math.isnan(roots([math.nan])[0])


def overflow():
    for v in [1.5] * 2000 + [1e200]:
        v ** 2


def test_overflow():
    try:
        overflow()
    except OverflowError as e:
        assert e.args == (34, "Numerical result out of range"), e.args
    else:
        assert False


def ints(values, exponent):
    total = 0
    for v in values:
        total += v ** exponent
    return total


def test_ints():
    numbers = list(range(-1000, 1000)) + [10 ** 12, -10 ** 12, 10 ** 30, True]
    for exponent in (0, 1, 2, 3, 4, 5, 7, 10, 16, 17):
        want = 0
        for v in numbers:
            product = 1
            for _ in range(exponent):
                product = product * v
            want += product
        assert ints(numbers, exponent) == want, exponent
    assert ints([2] * 1500, -1) == 750.0


def varying(values):
    return sum(v ** (v & 3) for v in values)


def test_varying():
    assert varying(range(3000)) == sum(1 if v & 3 == 0 else v if v & 3 == 1 else v * v if v & 3 == 2 else v * v * v for v in range(3000))


def parts(values):
    out = 0
    for v in values:
        out += v % 8 + v // 8 + v % 2 * 3 + v // 1 + v % 1 + v % 1024 - v // 4096
    return out


def parts_slowly(values, two=2, eight=8, one=1, big=1024, bigger=4096):
    return sum(v - v // eight * eight + v // eight + v % two * 3 + v + v % big - v // bigger for v in values)


def test_parts_slowly():
    assert parts(range(-5000, 5000)) == parts_slowly(range(-5000, 5000))
    assert parts([2 ** 61, -2 ** 61, 2 ** 62 - 1, -2 ** 62, 2 ** 70] * 300) == parts_slowly([2 ** 61, -2 ** 61, 2 ** 62 - 1, -2 ** 62, 2 ** 70] * 300)


class Place:
    def __init__(self):
        self.x = 0


def over_numbers(place, values):
    """What a store over a number need not release is released when the slot holds something else by then."""
    for v in values:
        place.x = place.x + 1.5 if isinstance(place.x, (int, float)) else 0.0
        place.x = place.x * 0.5
        place.x = v
        place.x = [v] if v == 1999 else v
    return place.x


def test_over_numbers():
    assert over_numbers(Place(), range(2001)) == 2000
