"""decimal: threads with contexts of their own get what one thread gets; a context that threads share keeps all their flags."""

from decimal import *

import common


def compute(seed, precision):
    """Everyday arithmetic, numbers beyond two words, and the functions, in this thread's context."""
    random = common.Rng(seed)
    with localcontext(Context(prec=precision, rounding=ROUND_HALF_EVEN)):
        total, cent = Decimal(0), Decimal("0.01")
        for i in range(300):
            price = Decimal(random.below(10**6)).scaleb(-2)
            total += (price * Decimal("1.19")).quantize(cent)
            total -= Decimal(random.below(10**40)) / 10**38
            if i % 50 == 0:
                total += Decimal(random.below(1000) + 1).ln() + Decimal(i).sqrt() + Decimal(i).scaleb(-3).exp()
        return str(total), hash(total), f"{total:,.3f}", total.as_tuple()


def body(n):
    expected = {p: [compute(seed, p) for seed in range(3)] for p in (12, 28, 80)}
    shared, big = Context(prec=9, traps=[]), Decimal("9" * 100)

    def worker(index):
        for i in range(3):
            for precision, rows in expected.items():
                seed = (index + i) % 3
                common.equal(compute(seed, precision), rows[seed], "result")
            # Hashes and digits of one number, and the flags of one context, by everybody.
            common.equal(hash(big), hash(10**100 - 1), "a shared number's hash")
            shared.divide(1, 3 + index)
            (shared.divide(1, 0), shared.multiply(big, big), shared.compare(Decimal("snan"), 1))
            shared.prec = 5 + (index + i) % 7
            flags = shared.flags
            common.check(flags[Inexact] and flags[Rounded] and flags[DivisionByZero] and flags[InvalidOperation], "a flag was lost")
            common.check(5 <= len(str(shared.divide(1, 7))) <= 13, "digits of no precision that was set")

    common.run_threads(worker)


common.main(lambda: common.phases(body))
