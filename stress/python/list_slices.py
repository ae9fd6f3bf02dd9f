"""Whole-list writes are atomic: a copy never mixes two of them."""

import common


def body(n):
    size = 64
    shared = [0] * size

    def write(index):
        for i in range(600):
            shared[:] = [index * 1000 + i] * size

    def read(index):
        for i in range(600):
            for copy in (shared[:], shared.copy(), list(shared), tuple(shared), shared + [], shared * 1):
                common.equal(len(copy), size, "length")
                common.check(copy.count(copy[0]) == size, "a copy mixes two writes")

    common.run_threads(write, extra=[read] * 2)


common.main(lambda: common.phases(body))
