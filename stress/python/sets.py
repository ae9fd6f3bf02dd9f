"""add, discard, pop and set algebra race on one set."""

import common


def body(n):
    shared = set()
    popped = [[] for _ in range(common.THREADS)]

    def add(index):
        for i in range(800):
            shared.add((index, i))
            common.check(len(shared) >= 0)

    def pop(index):
        mine = popped[index - common.THREADS]
        for _ in range(500):
            try:
                mine.append(shared.pop())
            except KeyError:
                pass

    common.run_threads(add, extra=[pop] * common.THREADS)
    taken = [pair for mine in popped for pair in mine]
    common.equal(len(set(taken)), len(taken), "an item was popped twice")
    common.equal(len(taken) + len(shared), 800 * common.THREADS, "items")
    common.check(shared.isdisjoint(taken))

    numbers = set(range(1000, 1100))
    fixed = frozenset(numbers)

    def churn(index):
        random = common.rng(index + n)
        low = index * 50
        for i in range(300):
            block = range(low, low + random.below(50))
            numbers.update(block)
            common.check(fixed <= numbers)
            common.equal(len(numbers & fixed), 100, "intersection")
            common.check((numbers | fixed) >= fixed)
            common.check(numbers.copy() >= fixed)
            try:
                for x in numbers:
                    pass
            except RuntimeError as error:
                common.check("during iteration" in str(error), error)
            numbers.difference_update(block)
            for x in range(low, low + 5):
                numbers.discard(x)
                common.check(x not in numbers)

    common.run_threads(churn, count=min(common.THREADS, 18))
    common.equal(numbers, set(fixed), "what is left")


common.main(lambda: common.phases(body))
