"""Keys that stay in a dict are found whatever other keys come and go beside them."""

import common


def body(n):
    for make in (int, str, lambda i: (i, "key"), lambda i: i * 1024):
        stay = [make(i) for i in range(40)]
        table = {key: key for key in stay}

        def worker(index):
            passing = [make(1000 + 100 * index + i) for i in range(30)]
            for i in range(300):
                for key in passing[i % 7:i % 7 + 9]:
                    table[key] = index
                for key in stay[i % 11::5]:
                    common.check(table.get(key) == key and key in table, "a key that stays was not found")
                for key in passing[i % 7:i % 7 + 9]:
                    common.equal(table.pop(key), index, "what the thread put in")
                common.check(passing[i % 30] not in table, "a key that is gone was found")

        common.run_threads(worker)
        common.equal(list(table), stay, "keys left, in their order")


common.main(lambda: common.phases(body))
