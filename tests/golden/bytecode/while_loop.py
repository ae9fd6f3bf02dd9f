def sieve(limit):
    flags = [True] * limit
    i = 2
    while i * i < limit:
        if flags[i]:
            j = i * i
            while j < limit:
                flags[j] = False
                j += i
        i += 1
    else:
        limit = None
    return flags
