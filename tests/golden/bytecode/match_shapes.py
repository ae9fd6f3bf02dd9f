def area(shape):
    match shape:
        case [x, y]:
            return x * y
        case [first, *_, last]:
            return first, last
        case {'w': w, 'h': h, **rest}:
            return w * h, rest
        case Circle(r, name=n) | Disc(r, name=n):
            return r, n
        case Point(0, [a, b]):
            return a + b
