def group(f):
    try:
        f()
    except* ValueError as e:
        print(e)
    except* (TypeError, OSError):
        pass
