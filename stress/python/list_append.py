"""append and pop by many threads: nothing is lost, doubled or reordered within one thread."""

import common


def body(n):
    items = []
    popped = [[] for _ in range(common.THREADS)]

    def append(index):
        for i in range(2000):
            items.append((index, i))

    def pop(index):
        mine = popped[index - common.THREADS]
        for _ in range(1500):
            try:
                mine.append(items.pop())
            except IndexError:
                pass

    common.run_threads(append, extra=[pop] * common.THREADS)
    for index in range(common.THREADS):
        left = [i for owner, i in items if owner == index]
        common.equal(left, sorted(left), "order of what thread %d left" % index)
    everything = items + [pair for mine in popped for pair in mine]
    expected = [(index, i) for index in range(common.THREADS) for i in range(2000)]
    common.equal(sorted(everything), expected, "items")


common.main(lambda: common.phases(body))
