"""Strings and bytes built, sliced, formatted and interned by many threads."""

import sys

import common


def body(n):
    shared = "abc\u00e9\u20ac\U0001f600" * 20
    data = bytes(range(256)) * 4
    slots = [""] * 8

    def worker(index):
        random = common.rng(index + n)
        text = ""
        raw = b""
        parts = []
        for i in range(400):
            a, b = sorted((random.below(120), random.below(120)))
            piece = shared[a:b]
            common.equal(len(piece), b - a, "slice")
            text += "%d," % i
            raw += data[a:b]
            parts.append(piece)
            slots[i % 8] = slots[(i + 1) % 8][-40:] + str(index)
            common.check(set(slots[i % 8]) <= set("0123456789"), "foreign characters")
            key = "attr_%d" % (i % 40)
            common.check(sys.intern(key) is sys.intern("attr_" + str(i % 40)), "two interned strings")
            common.equal(hash(piece), hash("".join(list(piece))), "hash")
            common.equal(piece.encode().decode(), piece, "round trip")
            common.equal("{0:>5}|{1!r}".format(i, "x"), "%5d|'x'" % i, "format")
        common.equal(text, "".join(["%d," % i for i in range(400)]), "built by +=")
        joined = "".join(parts)
        common.equal(len(joined), sum(len(p) for p in parts), "join")
        common.equal(joined.replace("abc", "ABC").lower(), joined.lower(), "replace and lower")
        common.equal(joined.split("\u20ac"), joined.split("\u20ac"), "split")
        return len(raw)

    common.run_threads(worker)
    common.equal(shared, "abc\u00e9\u20ac\U0001f600" * 20, "the shared string")


common.main(lambda: common.phases(body))
