def short(a, b, c):
    x = a and b or c
    y = a or (b and not c)
    if (a or b) and c:
        return x
    while not (a or b):
        c += 1
    return y if a and b else c
