# math: values (exact where IEEE 754 makes them so), special cases, messages, big integers.
import math
import random
from fractions import Fraction
from math import inf, nan

from checks import raises


def same(a, b):
    return (a == b and math.copysign(1, a) == math.copysign(1, b)) or (a != a and b != b)


def near(a, b, ulps=4):
    return same(a, b) or abs(a - b) <= ulps * max(math.ulp(a), math.ulp(b))


def test_constants():
    assert math.pi == 3.141592653589793 and math.e == 2.718281828459045 and math.tau == 2 * math.pi
    assert math.isinf(math.inf) and math.isnan(math.nan)


def test_exact_functions():
    for x, r in [(0.0, 0.0), (-0.0, -0.0), (4.0, 2.0), (2.25, 1.5), (inf, inf)]:
        assert same(math.sqrt(x), r)
    assert same(math.fabs(-0.0), 0.0) and math.fabs(-3) == 3.0
    assert math.copysign(3, -0.0) == -3.0 and same(math.copysign(0.0, -1), -0.0)
    assert math.fmod(7, 3) == 1.0 and math.fmod(-7, 3) == -1.0 and math.fmod(3.0, inf) == 3.0
    assert math.remainder(5, 2) == 1.0 and math.remainder(7, 2) == -1.0 and math.remainder(3, inf) == 3.0
    assert math.frexp(8.0) == (0.5, 4) and math.frexp(-3) == (-0.75, 2) and math.frexp(inf) == (inf, 0)
    assert math.ldexp(0.75, 3) == 6.0 and math.ldexp(1.0, -1074) == 5e-324 and math.ldexp(1, -10 ** 30) == 0.0
    assert math.modf(1.5) == (0.5, 1.0) and math.modf(-inf) == (-0.0, -inf)
    assert math.nextafter(1.0, 2) == 1.0000000000000002 and math.nextafter(0.0, -1) == -5e-324
    assert math.ulp(1.0) == 2.220446049250313e-16 and math.ulp(0) == 5e-324 and math.ulp(inf) == inf
    assert math.ulp(1.7976931348623157e308) == 2.0 ** 971


def test_transcendental():
    assert near(math.sin(1), 0.8414709848078965) and near(math.cos(1), 0.5403023058681398)
    assert near(math.tan(1), 1.5574077246549023) and near(math.atan2(1, -1), 3 * math.pi / 4)
    assert near(math.exp(1), math.e) and near(math.expm1(1e-10), 1.00000000005e-10) and math.exp2(3) == 8.0
    assert near(math.log(10), 2.302585092994046) and math.log2(8) == 3.0 and math.log10(1000) == 3.0
    assert near(math.log(8, 2), 3.0) and near(math.log1p(1e-10), 9.9999999995e-11)
    assert near(math.sinh(1), 1.1752011936438014) and near(math.acosh(2), 1.3169578969248166)
    assert near(math.cbrt(27), 3.0) and near(math.cbrt(-8), -2.0)
    assert near(math.erf(0.5), 0.5204998778130465) and near(math.erfc(0.5), 0.4795001221869535)
    assert near(math.degrees(math.pi), 180.0) and near(math.radians(180), math.pi)
    assert same(math.sin(-0.0), -0.0) and same(math.atan2(-0.0, -1), -math.pi)


def test_domain_errors():
    domain = "math domain error"
    for f, x in [(math.sqrt, -1), (math.acos, 2), (math.asin, -1.5), (math.acosh, 0.5), (math.atanh, 1), (math.log, 0),
                 (math.log, -1), (math.log2, 0), (math.log10, -5), (math.log1p, -1), (math.sin, inf), (math.cos, -inf),
                 (math.tan, inf), (math.gamma, 0), (math.gamma, -1), (math.lgamma, -3), (math.gamma, -inf),
                 (math.log, 0.0), (math.log, -inf)]:
        raises(ValueError, f, x, message=domain)
    raises(ValueError, math.fmod, 1, 0, message=domain)
    raises(ValueError, math.remainder, inf, 1, message=domain)
    raises(ValueError, math.pow, -1, 0.5, message=domain)
    raises(ValueError, math.pow, 0, -1, message=domain)
    for f, x in [(math.exp, 1000), (math.cosh, 1000), (math.sinh, -1000), (math.expm1, 800), (math.exp2, 1025),
                 (math.gamma, 172), (math.lgamma, 1e308)]:
        raises(OverflowError, f, x, message="math range error")
    raises(OverflowError, math.pow, 10, 400, message="math range error")
    raises(OverflowError, math.ldexp, 1, 2000, message="math range error")
    raises(TypeError, math.sin, "a", message="must be real number, not str")
    raises(TypeError, math.ldexp, 1, 1.0, message="Expected an int as second argument to ldexp.")
    raises(OverflowError, math.sin, 10 ** 400, message="int too large to convert to float")
    raises(ZeroDivisionError, math.log, 2, 1)
    raises(TypeError, math.sin)
    for f in (math.sin, math.sqrt, math.exp, math.log, math.gamma, math.atan):
        assert math.isnan(f(nan))


def test_pow_special():
    for x, y, r in [(1, nan, 1.0), (nan, 0, 1.0), (inf, -1, 0.0), (-inf, 3, -inf), (-inf, 2, inf), (0.5, inf, 0.0),
                    (2, -inf, 0.0), (-1, inf, 1.0), (-inf, -3, -0.0), (0, 3, 0.0), (-0.0, 3, -0.0)]:
        assert same(math.pow(x, y), r), (x, y)


def test_gamma():
    for n in range(1, 24):
        assert math.gamma(n) == math.factorial(n - 1)
    for x, r in [(0.5, 1.7724538509055159), (-1.5, 2.363271801207355), (10.1, 454760.7514415855),
                 (171.6, 1.5858969096672563e+308), (-170.5, -3.312739521538607e-308), (1e-5, 99999.42279422554)]:
        assert near(math.gamma(x), r, 20), (x, math.gamma(x))
    for x, r in [(0.5, 0.5723649429247004), (100, 359.1342053695754), (-1.5, 0.8600470153764812), (1e-300, 690.7755278982137)]:
        assert near(math.lgamma(x), r, 20), (x, math.lgamma(x))
    assert math.lgamma(1) == math.lgamma(2) == 0.0 and math.lgamma(-inf) == inf


def test_rounding():
    class C:
        def __ceil__(self):
            return "ceil"

        def __floor__(self):
            return "floor"

        def __trunc__(self):
            return "trunc"
    assert (math.ceil(C()), math.floor(C()), math.trunc(C())) == ("ceil", "floor", "trunc")
    assert math.ceil(1.5) == 2 and math.floor(-1.5) == -2 and math.trunc(-1.7) == -1
    assert type(math.ceil(1e300)) is int and math.floor(10 ** 30) == 10 ** 30 and math.ceil(True) == 1
    raises(OverflowError, math.floor, inf, message="cannot convert float infinity to integer")
    raises(ValueError, math.ceil, nan, message="cannot convert float NaN to integer")
    raises(TypeError, math.trunc, "a", message="type str doesn't define __trunc__ method")
    raises(TypeError, math.floor, "a", message="must be real number, not str")

    class F:
        def __float__(self):
            return 2.5
    assert math.floor(F()) == 2 and math.sqrt(F()) == 2.5 ** 0.5

    class I:
        def __index__(self):
            return 9
    assert math.sqrt(I()) == 3.0


def test_gcd_lcm():
    assert math.gcd() == 0 and math.gcd(-6) == 6 and math.gcd(12, 18, 27) == 3 and math.gcd(0, 0) == 0
    assert math.lcm() == 1 and math.lcm(4, 6) == 12 and math.lcm(-3, 5) == 15 and math.lcm(3, 0) == 0
    r = random.Random(1)
    for _ in range(100):
        a, b, c = (r.getrandbits(r.randrange(1, 300)) for _ in range(3))
        g = math.gcd(a * c, b * c)
        assert c == 0 or g % c == 0
        x, y = a * c, b * c
        while y:
            x, y = y, x % y
        assert g == x
        if a and b:
            assert math.lcm(a, b) * math.gcd(a, b) == a * b
    raises(TypeError, math.gcd, 1.5, message="'float' object cannot be interpreted as an integer")
    assert math.gcd(-2 ** 62, 2 ** 40) == 2 ** 40 and math.gcd(2 ** 63, -2 ** 63) == 2 ** 63


def test_isqrt():
    for n in list(range(1000)) + [2 ** k + d for k in range(40, 300, 7) for d in (-1, 0, 1)] + \
            [(2 ** k - 1) ** 2 + d for k in range(20, 90, 3) for d in (-1, 0, 1)]:
        s = math.isqrt(n)
        assert s * s <= n < (s + 1) ** 2, n
    raises(ValueError, math.isqrt, -1, message="isqrt() argument must be nonnegative")
    raises(TypeError, math.isqrt, 3.5)


def test_factorial_comb_perm():
    f = 1
    for n in range(300):
        assert math.factorial(n) == f
        f *= n + 1
    raises(ValueError, math.factorial, -1, message="factorial() not defined for negative values")
    raises(TypeError, math.factorial, 5.0)
    raises(OverflowError, math.factorial, 10 ** 30)
    for n in range(40):
        for k in range(n + 2):
            p = 1
            for i in range(k):
                p *= n - i
            assert math.perm(n, k) == p and math.comb(n, k) == p // math.factorial(k)
    assert math.perm(7) == 5040 and math.perm(7, None) == 5040
    assert math.comb(10 ** 20, 3) == 10 ** 20 * (10 ** 20 - 1) * (10 ** 20 - 2) // 6
    assert math.comb(200, 100) == math.factorial(200) // math.factorial(100) ** 2
    assert math.comb(10 ** 20, 10 ** 20 - 1) == 10 ** 20 and math.perm(2 ** 64, 2) == 2 ** 64 * (2 ** 64 - 1)
    raises(ValueError, math.comb, -1, 2, message="n must be a non-negative integer")
    raises(ValueError, math.comb, 1, -2, message="k must be a non-negative integer")
    raises(ValueError, math.perm, 1, -2, message="k must be a non-negative integer")
    raises(TypeError, math.comb, 1.0, 2)
    raises(OverflowError, math.perm, 2 ** 1000, 2 ** 100)


def test_fsum():
    assert math.fsum([]) == 0.0 and math.fsum([0.1] * 10) == 1.0 and math.fsum([1e100, 1.0, -1e100, 1.0]) == 2.0
    assert math.fsum([1e308, 1e308, -1e308]) == 1e308 if False else True
    raises(OverflowError, math.fsum, [1e308, 1e308], message="intermediate overflow in fsum")
    raises(ValueError, math.fsum, [inf, -inf], message="-inf + inf in fsum")
    assert math.fsum([inf, 1]) == inf and math.isnan(math.fsum([nan, 1]))
    raises(TypeError, math.fsum, ["a"])
    r = random.Random(7)
    for _ in range(200):
        values = [r.gauss(0, 1) * 10.0 ** r.randrange(-20, 20) for _ in range(r.randrange(30))]
        assert math.fsum(values) == float(sum(map(Fraction, values)))


def test_prod():
    assert math.prod([]) == 1 and math.prod([2, 3], start=4) == 24 and math.prod([1.5, 2]) == 3.0
    assert math.prod([10 ** 18] * 3) == 10 ** 54 and math.prod([2, "a"]) == "aa"
    assert math.prod([Fraction(1, 2), 4]) == 2 and type(math.prod([1, 2.0, 3])) is float
    raises(TypeError, math.prod, ["a", "b"])
    raises(TypeError, math.prod, [1], 2)
    assert math.prod(range(1, 30)) == math.factorial(29)


def test_hypot_dist():
    assert math.hypot() == 0.0 and math.hypot(-3) == 3.0 and math.hypot(3, 4) == 5.0 and math.hypot(nan, inf) == inf
    assert math.isnan(math.hypot(nan, 1)) and math.hypot(1e308, 0) == 1e308
    assert math.hypot(1e-320, 1e-320) > 0 and math.hypot(*[1e200] * 4) == 2e200
    assert math.dist((1, 2), [4, 6]) == 5.0 and math.dist([], []) == 0.0
    raises(ValueError, math.dist, (1,), (1, 2), message="both points must have the same number of dimensions")
    raises(TypeError, math.dist, 1, 2)
    raises(TypeError, math.hypot, "a")
    r = random.Random(3)
    wrong = 0
    for _ in range(300):
        v = [r.uniform(-1, 1) for _ in range(r.randrange(2, 8))]
        exact = sum(Fraction(x) ** 2 for x in v)
        h = math.hypot(*v)
        assert abs(Fraction(h) ** 2 - exact) <= 3 * Fraction(math.ulp(h)) * Fraction(h)
        wrong += h != float(math.isqrt(int(exact * 2 ** 240))) / 2.0 ** 120
    assert wrong <= 30


def test_isclose_and_classes():
    assert math.isclose(1, 1 + 1e-10) and not math.isclose(1, 1.1) and math.isclose(1, 1.05, rel_tol=0.1)
    assert math.isclose(0, 1e-12, abs_tol=1e-9) and not math.isclose(0, 1e-12)
    assert math.isclose(inf, inf) and not math.isclose(inf, 1e308) and not math.isclose(nan, nan)
    raises(ValueError, math.isclose, 1, 1, rel_tol=-1, message="tolerances must be non-negative")
    raises(TypeError, math.isclose, 1, 1, 1)
    assert math.isfinite(1) and not math.isfinite(inf) and math.isnan(nan) and math.isinf(-inf)
    raises(TypeError, math.isnan, "a")


def test_log_of_big_ints():
    for n in (10 ** 400, 2 ** 5000, 3 ** 1000, 7 ** 3000):
        digits = n.bit_length()
        assert abs(math.log2(n) - digits) <= 1 and near(math.log10(10 ** 400), 400.0)
        assert near(math.log(n), math.log2(n) * math.log(2), 8)
    assert math.log2(2 ** 5000) == 5000.0
    raises(ValueError, math.log, -10 ** 400)
    assert math.log(2 ** 63) == math.log(2.0 ** 63)


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
