"""enumerate, zip and reversed shared by threads give pairs that belong together."""

import common


def body(n):
    letters = ["item%d" % i for i in range(3000)]
    numbers = list(range(3000))
    shared = enumerate(letters)
    zipped = zip(numbers, letters, numbers)
    offset = enumerate(letters, 10 ** 20)

    def worker(index):
        got = [[], [], []]
        for source, mine in zip((shared, zipped, offset), got):
            for item in source:
                mine.append(item)
        return got

    results = common.run_threads(worker)
    plain = [pair for got in results for pair in got[0]]
    triples = [triple for got in results for triple in got[1]]
    large = [pair for got in results for pair in got[2]]
    common.equal(sorted(plain), list(enumerate(letters)), "enumerate")
    common.equal(sorted(triples), list(zip(numbers, letters, numbers)), "zip")
    common.equal(sorted(large), [(10 ** 20 + i, x) for i, x in enumerate(letters)], "enumerate with a large start")
    for got in results:
        common.equal([i for i, _ in got[0]], sorted(i for i, _ in got[0]), "order within a thread")


common.main(lambda: common.phases(body))
