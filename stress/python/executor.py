"""ThreadPoolExecutor and futures: each task runs once, results and exceptions reach the right future."""

from concurrent.futures import ThreadPoolExecutor, as_completed

import common


def work(n):
    if n % 11 == 10:
        raise KeyError(n)
    return sum(range(n % 50)) + n


def body(n):
    ran = []

    def task(i):
        ran.append(i)
        return work(i)

    with ThreadPoolExecutor(common.THREADS) as pool:
        futures = {pool.submit(task, i): i for i in range(300)}
        for future in as_completed(futures):
            i = futures[future]
            error = future.exception()
            if i % 11 == 10:
                common.check(type(error) is KeyError and error.args == (i,), "wrong exception")
            else:
                common.equal(future.result(), sum(range(i % 50)) + i, "result")
        common.equal(list(pool.map(abs, range(-50, 50))), [abs(x) for x in range(-50, 50)], "map")
        nested = pool.submit(lambda: [pool.submit(pow, 2, k) for k in range(20)]).result()
        common.equal([f.result() for f in nested], [2 ** k for k in range(20)], "tasks of tasks")
    common.equal(sorted(ran), list(range(300)), "tasks run")


common.main(lambda: common.phases(body))
