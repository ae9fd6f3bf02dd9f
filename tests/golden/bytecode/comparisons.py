def compare(a, b, c, f):
    if a < b <= c:
        return a == b != c
    if a < f() < c:
        return f() is not None
    return a in [1, 2], b not in {3, 4}, c is None
