def build(a, b, f):
    return ([], [a, 1, f(b)], [1, 2, 3], (), (a, *b), {a, b}, {1, 2, 3}, {'k': a, b: f(a)}, {**a, 'x': b},
            a[1:2], a[::b], a[b, 1:])
