def assign(a, b, o):
    x = y = a
    x, y = y, x
    x, (y, *z) = b
    [x, y] = a, a + b
    o.attr = o[a] = b
    o.attr += 1
    o[a] -= b
    del o.attr, o[a], z
    a, b, o = b, o, a
    return x, y
