"""Dicts, deques and queues that their makers work on alone at first, and that others come to in the middle of that.

Nothing that anybody puts in is lost or comes out twice, whoever is the first to see it.
"""

import collections
import queue
import time

import common

EACH = 300


def body(n):
    made = [None] * common.THREADS
    wait = [common.rng(i + 31 * n).below(200) for i in range(common.THREADS)]

    def fill(things, who, count, rest=0):
        """Puts (who, i) into all three; takes some out of the last two."""
        table, row, line = things
        out = []
        for i in range(count):
            table[who, i] = i
            table[who] = i
            row.append((who, i))
            line.put((who, i))
            if i % 3 == 0:
                out.append(("row", row.popleft()))
                out.append(("line", line.get()))
            if i % 50 == 0:
                table["%s %d" % (who, i)] = who
                time.sleep(rest)
        return out

    def worker(index):
        mine = ({}, collections.deque(), queue.SimpleQueue())
        out = fill(mine, index, wait[index])
        made[index] = mine
        out += fill(mine, "own", EACH)
        for _ in range(2):
            other = made[(index + 1) % common.THREADS]
            while other is None:
                if common.failed():
                    return out, None
                time.sleep(0.0001)
                other = made[(index + 1) % common.THREADS]
            out += fill(other, "guest%d" % _, EACH)
        return out, mine

    results = common.run_threads(worker)
    taken = collections.Counter(item for out, mine in results for item in out)
    expected = collections.Counter()
    for index in range(common.THREADS):
        table, row, line = results[index][1]
        for who, count in (index, wait[index]), ("own", EACH), ("guest0", EACH), ("guest1", EACH):
            for i in range(count):
                common.equal(table.get((who, i)), i, "item of a dict")
                if i % 50 == 0:
                    common.equal(table.get("%s %d" % (who, i)), who, "named item of a dict")
                expected["row", (who, i)] += 1
                expected["line", (who, i)] += 1
            if count:
                common.equal(table[who], count - 1, "the last value")
        common.equal(len(table), sum(c + (c > 0) + (c + 49) // 50 for c in (wait[index], EACH, EACH, EACH)), "size")
        taken.update(("row", item) for item in row)
        while not line.empty():
            taken["line", line.get()] += 1
    common.equal(taken, expected, "what came out")


common.main(lambda: common.phases(body))
