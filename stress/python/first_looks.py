"""Lists that one thread grows and cuts all the time, while others look into them for the first time at any moment.

What a reader sees was in the list at some time: every item tells its list and its place. Each list is new, so that the moment at
which its owner may no longer free at once what it takes out is met over and over.
"""

import common

ROUNDS = 300
MANY = 40
PERIOD = 1 << 20


def item(number, place):
    """Half of them are objects with counts of their own."""
    value = number * PERIOD + place
    return value if place & 1 else str(value)


def look(row, number):
    """Reads by index, by iteration and by slices; any of it may find the list shorter than a moment ago."""
    seen = 0
    for k in range(0, MANY, 3):
        try:
            found = row[k]
        except IndexError:
            continue
        common.check(int(found) == number * PERIOD + k, (number, k, found))
        seen += 1
    for found in row:
        common.check(int(found) // PERIOD == number, (number, found))
        seen += 1
    for found in row[:5]:
        common.check(int(found) // PERIOD == number, (number, found))
    return seen


def owner(slot):
    for number in range(ROUNDS):
        row = []
        slot[0] = (number, row)
        for _ in range(6):
            for k in range(MANY):
                row.append(item(number, k))
            del row[MANY // 4:]
            while len(row) > 3:
                row.pop()
            row.extend([item(number, k) for k in range(3, MANY)])
            row.sort(key=int)
            row.clear()


    slot[0] = None


def reader(slot):
    while (shown := slot[0]) is not None and not common.failed():
        look(shown[1], shown[0])


def body(n):
    slots = [[(0, [])] for _ in range(max(1, common.THREADS // 2))]
    common.run_threads(lambda index: (reader if index % 2 else owner)(slots[index // 2]), 2 * len(slots))


common.main(lambda: common.phases(body))
