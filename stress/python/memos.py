"""Dicts with ints, ids and classes for keys in hot loops: each thread's own memo, and one that all write and read."""
import common

COUNT = 200


class Kind:
    pass


KINDS = [type(f"Kind{i}", (Kind,), {}) for i in range(8)]
ABSENT = object()


def own_memo():
    memo, things = {}, [[i] for i in range(COUNT)]
    for thing in things:
        n = id(thing)
        common.check(memo.get(n, ABSENT) is ABSENT, "an id was known before")
        memo[n] = thing
        memo[type(thing)] = n
    common.check(all(memo.get(id(thing)) is thing for thing in things), "a memo lost a thing")
    common.equal(len(memo), COUNT + 1, "size of a memo")
    common.equal(memo[list], id(things[-1]), "last id")


def body(n):
    threads = common.THREADS
    shared = {kind: 0 for kind in KINDS}

    def work(index):
        own_memo()
        base = index * COUNT
        for i in range(COUNT):
            kind = KINDS[(index + i) % len(KINDS)]
            shared[base + i] = (index, i)
            shared[kind] = base + i
            common.equal(shared.get(base + i), (index, i), "own key")
            common.check(0 <= shared.get(kind, -1) < threads * COUNT, "a class was not there")
            other = shared.get((base + COUNT + i) % (threads * COUNT), ABSENT)
            common.check(other is ABSENT or other[1] == i, "another thread's key")
            common.check(shared.get(Kind, ABSENT) is ABSENT, "a class that nobody has put there")

    common.run_threads(work)
    common.equal(len(shared), len(KINDS) + threads * COUNT, "size")
    common.equal([shared[i] for i in range(threads * COUNT)], [(i // COUNT, i % COUNT) for i in range(threads * COUNT)], "items")


common.main(lambda: common.phases(body))
