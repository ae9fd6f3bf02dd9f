def counter(start, step=1, *, limit=None):
    total = start

    def advance(times):
        nonlocal total
        for _ in range(times):
            total += step
        if limit is not None and total > limit:
            del total
        return total
    return advance, lambda: total
