def check(value, cause):
    assert value, 'no value'
    assert value > 0
    if value > 10:
        raise ValueError(value) from cause
    raise
