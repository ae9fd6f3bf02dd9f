"""Shared ints, floats and big ints: pure computation in parallel gives what one thread computes."""

import common


def compute(seed):
    random = common.Rng(seed)
    total, product, ratio = 0, 1, 1.0
    for i in range(2000):
        x = random.below(1000) + 1
        total += x * x - (x >> 1)
        product = product * x % (2 ** 89 - 1)
        ratio = ratio * 1.0001 + x / 7
        if i % 100 == 0:
            total += 3 ** (i // 20) // 5
            ratio = ratio ** 0.5
    return total, product, ratio, str(3 ** 400 + total)[-40:], divmod(total, -product), hash(ratio)


def body(n):
    expected = [compute(seed) for seed in range(4)]
    shared = [0] * 4

    def worker(index):
        for i in range(4):
            seed = (index + i) % 4
            common.equal(compute(seed), expected[seed], "result")
            shared[seed] = shared[seed] + 10 ** 25
            common.equal(shared[seed] % 10 ** 25, 0, "a shared big int")

    common.run_threads(worker)


common.main(lambda: common.phases(body))
