"""One generator driven by many threads: refused entry is an error message, never a lost or doubled value."""

import common


def numbers(limit, finished):
    try:
        for i in range(limit):
            yield i
    finally:
        finished.append(1)


def body(n):
    finished = []
    shared = numbers(3000, finished)
    delegated = (x for x in numbers(2000, finished))

    def worker(index):
        got, other, refused = [], [], 0
        for source, mine in ((shared, got), (delegated, other)):
            while True:
                try:
                    mine.append(next(source))
                except StopIteration:
                    break
                except ValueError as error:
                    common.equal(str(error), "generator already executing", "message")
                    refused += 1
        return got, other

    results = common.run_threads(worker)
    common.equal(sorted(x for got, _ in results for x in got), list(range(3000)), "values")
    common.equal(sorted(x for _, got in results for x in got), list(range(2000)), "delegated values")
    for got, other in results:
        common.equal(got, sorted(got), "order within a thread")
    common.equal(len(finished), 2, "finally clauses run")

    def echo():
        total = 0
        while True:
            total += yield total

    sink = echo()
    next(sink)

    def send(index):
        sent = 0
        while sent < 500:
            try:
                sink.send(1)
                sent += 1
            except ValueError as error:
                common.equal(str(error), "generator already executing", "message")

    common.run_threads(send)
    common.equal(sink.send(0), 500 * common.THREADS, "values sent")
    sink.close()

    def close(index):
        mine = numbers(10, finished)
        next(mine)
        return mine

    for generator in common.run_threads(close):
        generator.close()
    common.equal(len(finished), 2 + common.THREADS, "closed generators")


common.main(lambda: common.phases(body))
