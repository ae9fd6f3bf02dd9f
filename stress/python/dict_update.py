"""Threads own disjoint keys of one dict; nobody loses one while it grows, shrinks, is copied and iterated."""

import common


def body(n):
    table = {"fixed": 1}

    def worker(index):
        random = common.rng(index + 17 * n)
        mine = {}
        for i in range(600):
            key = (index, random.below(60)) if random.below(2) else "k%d_%d" % (index, random.below(60))
            what = random.below(5)
            if what == 0:
                table[key] = mine[key] = i
            elif what == 1:
                batch = {(index, j): i + j for j in range(random.below(20))}
                table.update(batch)
                mine.update(batch)
            elif what == 2:
                common.equal(table.pop(key, None), mine.pop(key, None), "popped")
            elif what == 3:
                common.equal(table.get(key), mine.get(key), "value of an own key")
            else:
                common.check((key in table) == (key in mine), "membership of an own key")
        for key, value in mine.items():
            common.equal(table[key], value, "value at the end")
        return mine

    def watch(index):
        for i in range(60):
            copy = dict(table)
            common.equal(copy["fixed"], 1, "fixed key in a copy")
            common.check(len(list(table)) > 0 and len(table.copy()) > 0)
            for view in (table, table.items(), table.values()):
                try:
                    for x in view:
                        pass
                except RuntimeError as error:
                    common.check("during iteration" in str(error), error)
            common.check(table == table)
            len(table)

    owned = common.run_threads(worker, extra=[watch])[:-1]
    common.equal(len(table), 1 + sum(len(mine) for mine in owned), "size")
    for mine in owned:
        for key, value in mine.items():
            common.equal(table[key], value, "value after all")


common.main(lambda: common.phases(body))
