"""Compares _decimal with CPython's on random operands, contexts and format specifications.

usage: decimal_arithmetic.py PYTHON [--cases N] [--seed S]

Run it with CPython 3.11. Both interpreters compute the same cases; results, flags and exceptions must agree. For power the
measure is CPython's decimal module in Python, which rounds correctly: _decimal rounds twice.
"""
import argparse
import random
import subprocess
import sys

ROUNDINGS = ["ROUND_UP", "ROUND_DOWN", "ROUND_CEILING", "ROUND_FLOOR", "ROUND_HALF_UP", "ROUND_HALF_DOWN", "ROUND_HALF_EVEN",
             "ROUND_05UP"]
UNARY = ["abs", "exp", "ln", "log10", "minus", "next_minus", "next_plus", "normalize", "plus", "to_integral_exact",
         "to_integral_value", "sqrt", "logb", "logical_invert", "number_class", "to_sci_string", "to_eng_string", "copy_abs",
         "copy_negate", "is_normal", "is_subnormal", "create_decimal", "_apply"]
BINARY = ["add", "compare", "compare_signal", "divide", "divide_int", "divmod", "max", "max_mag", "min", "min_mag", "multiply",
          "next_toward", "quantize", "remainder", "remainder_near", "subtract", "power", "compare_total", "compare_total_mag",
          "logical_and", "logical_or", "logical_xor", "rotate", "same_quantum", "scaleb", "shift", "copy_sign"]
EVERYDAY = ["add", "subtract", "multiply", "divide", "quantize", "divide_int", "remainder", "divmod", "compare"]


def digits(r):
    size = r.choice([1, 1, 2, 3, 5, 9, 16, 18, 19, 20, 28, 37, 38, 39, 45, 60, 77, r.randint(1, 200)])
    kind = r.random()
    if kind < 0.15:
        return r.choice("123456789") + "0" * (size - 1)
    if kind < 0.25:
        return "9" * size
    if kind < 0.35:
        return "".join(r.choice("01") for _ in range(size))
    if kind < 0.45:
        head = "".join(r.choice("0123456789") for _ in range(size))
        return head + r.choice(["5", "50", "500000", "49999999", "50000001", "000000"])
    return "".join(r.choice("0123456789") for _ in range(size))


def number(r, limit):
    kind = r.random()
    sign = r.choice(["", "", "-", "+"])
    if kind < 0.02:
        return sign + r.choice(["inf", "Infinity"])
    if kind < 0.05:
        return sign + r.choice(["nan", "snan", "NaN12", "sNaN0034", "nan" + "7" * r.randint(1, 60)])
    if kind < 0.2:
        return sign + str(r.randint(0, 100))
    text = digits(r)
    if kind < 0.4:
        point = r.randint(0, len(text))
        return sign + text[:point] + "." + text[point:]
    if kind < 0.6:
        return "%s%se%d" % (sign, text, r.randint(-len(text) - 3, 3))
    return "%s%se%d" % (sign, text, r.randint(-limit, limit))


def near_one(r):
    return r.choice(["1", "0." + "9" * r.randint(1, 50), "1." + "0" * r.randint(0, 45) + r.choice("123456789"),
                     "0.99" + digits(r), "1.00" + digits(r)])


def specification(r):
    return "".join([
        r.choice(["", "", "", "*<", "x>", "é^", "=", "<", ">", "0="]), r.choice(["", "", "+", " ", "-"]), r.choice(["", "", "z"]),
        r.choice(["", "", "0"]), r.choice(["", "", "1", "7", "12", "25", "60"]), r.choice(["", "", ",", "_"]),
        r.choice(["", ".0", ".1", ".2", ".5", ".30", "."]), r.choice(["", "", "e", "E", "f", "F", "g", "G", "%", "n", "d", "s"])])


def context(decimal, r):
    small = r.random() < 0.5
    return decimal.Context(
        prec=r.choice([1, 2, 3, 5, 9, 16, 19, 28, 28, 28, 38, 50, 77, r.randint(1, 120)]), rounding=r.choice(ROUNDINGS),
        Emin=-r.choice([0, 3, 20, 383]) if small else r.choice([-999999, decimal.MIN_EMIN]),
        Emax=r.choice([0, 3, 20, 384]) if small else r.choice([999999, decimal.MAX_EMAX]), clamp=r.randint(0, 1),
        capitals=r.randint(0, 1), traps=[])


def other_number(r):
    from fractions import Fraction
    return r.choice([lambda: r.randint(-10**r.randint(1, 60), 10**60), lambda: r.uniform(-1e3, 1e3),
                     lambda: r.random() * 10.0**r.randint(-300, 300), lambda: r.choice([0.5, 2.0, 1e16, float("inf"), float("nan")]),
                     lambda: Fraction(r.randint(-10**6, 10**20), r.randint(1, 10**9)), lambda: complex(r.randint(0, 5), 0),
                     lambda: complex(1, 1)])()


def case(decimal, r):
    """A text of what was computed and what came out of it."""
    c = context(decimal, r)
    limit = r.choice([3, 10, 40, 400, 10**6])
    a, b, d = (decimal.Decimal(number(r, limit)) for _ in range(3))
    kind = r.random()
    if kind < 0.35:
        name, arguments = r.choice(EVERYDAY), (a, b)
    elif kind < 0.6:
        name, arguments = r.choice(BINARY), (a, b)
        if name in ("rotate", "shift", "scaleb") and r.random() < 0.8:
            arguments = (a, r.randint(-c.prec, c.prec))
        elif name == "power":
            if r.random() < 0.5:
                arguments = (a if r.random() < 0.5 else decimal.Decimal(near_one(r)), r.randint(-60, 60))
            elif r.random() < 0.3:
                arguments = (decimal.Decimal(r.choice([4, 8, 16, 27, 32, 81, "0.25", 100, 1024, "1.44", "0.008"])),
                             decimal.Decimal(r.choice(["0.5", "1.5", "0.25", "-0.5", "0.2", "2.5", "-0.75"])))
    elif kind < 0.8:
        name, arguments = r.choice(UNARY), (a,)
        if name in ("exp", "ln", "log10") and c.Emin == 0:
            c.Emin = -1  # what rounds up to 1 is subnormal before, which _decimal does not always see
        if name in ("ln", "log10") and r.random() < 0.4:
            arguments = (decimal.Decimal(near_one(r)),)
        elif name == "exp" and r.random() < 0.5:
            arguments = (decimal.Decimal(r.randint(-10**6, 10**6)).scaleb(-r.randint(0, 9)),)
    elif kind < 0.85:
        name, arguments = "fma", (a, b, d)
    else:
        other, places, spec = other_number(r), r.randint(-5, 40), specification(r)
        operation = r.choice(["hash", "int", "float", "round", "format", "format", "tuple", "compare", "compare", "pow", "repr",
                              "exponent", "ratio", "parse"])
        decimal.setcontext(c)
        huge = a.is_finite() and abs(a.adjusted()) > 2000
        if huge and (operation in ("int", "ratio") or spec[-1:] in ("f", "F", "%")):
            operation = "hash"
        run = {
            "hash": lambda: None if a.is_nan() else hash(a), "int": lambda: hex(int(a)), "float": lambda: repr(float(a)),
            "round": lambda: round(a, places), "format": lambda: format(a, spec), "tuple": lambda: a.as_tuple(),
            "compare": lambda: [a == other, a != other, a < other if type(other) is not complex else None],
            "pow": lambda: pow(a, b, d), "repr": lambda: repr(a), "exponent": lambda: a.adjusted(),
            "ratio": lambda: [hex(x) for x in a.as_integer_ratio()], "parse": lambda: repr(decimal.Decimal(str(a) + r.choice(["", " ", "_", "x", "e5"])))}
        return ("%s %r %r %r %r %r" % (operation, a, b, other, places, spec), c, run[operation])
    return "%s%r" % (name, arguments), c, lambda: getattr(c, name)(*arguments)


def correct_power(what, c):
    """The call in `what` done by the module written in Python; its context and a function that computes."""
    import _pydecimal as exact
    e = exact.Context(prec=c.prec, rounding=c.rounding, Emin=c.Emin, Emax=c.Emax, clamp=c.clamp, capitals=c.capitals, traps=[])
    return e, lambda: eval(what, {"power": e.power, "Decimal": exact.Decimal})


def compute(cases, seed, oracle=False):
    import _decimal as decimal
    for i in range(cases):
        r = random.Random(seed * 1_000_003 + i)
        decimal.setcontext(decimal.Context(prec=50, traps=[]))
        what, c, run = case(decimal, r)
        if oracle and what.startswith("power"):
            c, run = correct_power(what, c)
        settings = "%d %s %d %d %d" % (c.prec, c.rounding, c.Emin, c.Emax, c.clamp)
        try:
            result = run()
        except Exception as e:
            result = "%s: %s" % (type(e).__name__, e)
        flags = " ".join(f.__name__ for f, on in sorted(c.flags.items(), key=lambda x: x[0].__name__) if on)
        yield "%d %s [%s] -> %s {%s}" % (i, what, settings, result, flags)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("python")
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--compute", action="store_true")
    options = parser.parse_args()
    if options.compute:
        for line in compute(options.cases, options.seed):
            sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace") + b"\n")
        return 0
    command = [options.python, __file__, options.python, "--compute", "--cases", str(options.cases), "--seed", str(options.seed)]
    theirs = subprocess.Popen(command, stdout=subprocess.PIPE)
    wrong = 0
    for expected in compute(options.cases, options.seed, oracle=True):
        expected = expected.encode("utf-8", "backslashreplace")
        got = theirs.stdout.readline().rstrip(b"\n")
        if got == expected:
            continue
        wrong += 1
        if wrong <= 20:
            print("expected", expected.decode(), "\n     got", got.decode(errors="replace"))
    if theirs.wait() != 0:
        print("exit status", theirs.returncode)
        return 1
    print("%d cases, %d differ" % (options.cases, wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
