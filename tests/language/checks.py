"""What many of the tests check with."""
import threading


def raises(kind, function, /, *args, message=None, **kwargs):
    """The exception of that kind, and with that message if one is given, that the call raises."""
    try:
        function(*args, **kwargs)
    except kind as error:
        if message is not None:
            assert str(error) == message, (str(error), message)
        return error
    raise AssertionError(f"{kind} not raised by {function}{args}")


def assert_equal(got, expected):
    assert got == expected, (got, expected)


def in_thread(function, /, *args):
    """function(*args) in another thread; what it returns or raises."""
    result = []

    def run():
        try:
            result.append((function(*args), None))
        except BaseException as error:
            result.append((None, error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    value, error = result[0]
    if error is not None:
        raise error
    return value
