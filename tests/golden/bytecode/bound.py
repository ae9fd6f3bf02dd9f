def bound(a):
    if a:
        x = 1
    else:
        y = 2
    print(x, x)
    for i in a:
        del x
        x = i
    try:
        z = y
    except Exception as e:
        z = 0
    return z, e, i
