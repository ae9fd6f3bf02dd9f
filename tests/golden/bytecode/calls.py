def calls(f, o, args, kw):
    f()
    f(1, o, k=2)
    o.method(f(o), 1)
    o.method(k=args)
    f(*args)
    f(1, *args, k=1, **kw)
    return f(f(f(o)))
