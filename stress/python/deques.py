"""collections.deque as a queue, a stack and a bounded buffer of many threads."""

from collections import deque

import common


def body(n):
    shared = deque()
    taken = [[] for _ in range(common.THREADS)]

    def add(index):
        for i in range(1000):
            if i & 1:
                shared.append((index, i))
            else:
                shared.appendleft((index, i))

    def take(index):
        mine = taken[index - common.THREADS]
        for i in range(800):
            try:
                mine.append(shared.pop() if i & 1 else shared.popleft())
            except IndexError:
                pass

    common.run_threads(add, extra=[take] * common.THREADS)
    everything = list(shared) + [pair for mine in taken for pair in mine]
    common.equal(len(everything), 1000 * common.THREADS, "items")
    common.equal(len(set(everything)), 1000 * common.THREADS, "distinct items")

    bounded = deque(maxlen=50)

    def churn(index):
        random = common.rng(index + n)
        for i in range(500):
            what = random.below(6)
            if what == 0:
                bounded.extend([(index, i)] * 7)
            elif what == 1:
                bounded.rotate(random.below(9) - 4)
            elif what == 2:
                common.check(len(bounded.copy()) <= 50)
            elif what == 3:
                bounded.reverse()
            elif what == 4:
                try:
                    for pair in bounded:
                        common.check(len(pair) == 2)
                except RuntimeError as error:
                    common.check("mutated during iteration" in str(error), error)
            else:
                bounded.append((index, i))
                try:
                    common.check(len(bounded[0]) == 2)
                except IndexError:
                    pass
            common.check(len(bounded) <= 50, "too long")

    common.run_threads(churn)


common.main(lambda: common.phases(body))
