"""sys.settrace and sys.setprofile: which events, on which lines."""
import sys


def traced(function, *args):
    seen = []
    code = function.__code__

    def tracer(frame, event, arg):
        if frame.f_code is code:
            seen.append((frame.f_lineno - code.co_firstlineno, event))
        return tracer

    sys.settrace(tracer)
    try:
        function(*args)
    except KeyError:
        pass
    finally:
        sys.settrace(None)
    return seen


def test_lines_of_a_loop():
    def f(a):
        x = 1
        for i in range(2):
            x += i
        return x

    assert traced(f, 1) == [(0, "call"), (1, "line"), (2, "line"), (3, "line"), (2, "line"), (3, "line"), (2, "line"),
                            (4, "line"), (4, "return")]


def test_exceptions_and_finally():
    def f():
        try:
            {}[1]
        except ValueError:
            pass
        finally:
            x = 1

    assert traced(f) == [(0, "call"), (1, "line"), (2, "line"), (2, "exception"), (3, "line"), (6, "line"), (6, "return")]


def test_implicit_returns():
    def f(a):
        if a:
            a = 1
        else:
            pass

    assert traced(f, 1) == [(0, "call"), (1, "line"), (2, "line"), (2, "return")]
    assert traced(f, 0) == [(0, "call"), (1, "line"), (4, "line"), (4, "return")]


def test_leaving_through_with():
    class M:
        def __enter__(self):
            pass

        def __exit__(self, *a):
            pass

    def f():
        with M():
            return 1

    assert traced(f) == [(0, "call"), (1, "line"), (2, "line"), (1, "line"), (1, "return")]


def test_generator():
    def g():
        yield 1
        yield 2

    def f():
        return list(g())

    seen = []

    def tracer(frame, event, arg):
        if frame.f_code is g.__code__:
            seen.append((frame.f_lineno - g.__code__.co_firstlineno, event, arg))
        return tracer

    sys.settrace(tracer)
    f()
    sys.settrace(None)
    assert seen == [(0, "call", None), (1, "line", None), (1, "return", 1), (1, "call", None), (2, "line", None),
                    (2, "return", 2), (2, "call", None), (2, "return", None)]


def test_profile_of_native_calls():
    seen = []

    def profiler(frame, event, arg):
        if event.startswith("c_"):
            seen.append((event, arg.__name__))

    def f():
        len([])
        [].append(1)
        try:
            ord("ab")
        except TypeError:
            pass

    sys.setprofile(profiler)
    f()
    sys.setprofile(None)
    assert seen[:6] == [("c_call", "len"), ("c_return", "len"), ("c_call", "append"), ("c_return", "append"),
                        ("c_call", "ord"), ("c_exception", "ord")], seen


def test_failing_tracer_is_switched_off():
    def tracer(frame, event, arg):
        raise KeyError(event)

    def f():
        return 1

    sys.settrace(tracer)
    try:
        f()
    except KeyError as e:
        assert e.args == ("call",)
    else:
        raise AssertionError
    finally:
        state = sys.gettrace()
        sys.settrace(None)
    assert state is None


def test_tracer_sees_and_changes_locals():
    def tracer(frame, event, arg):
        if frame.f_code is f.__code__ and event == "line" and "x" in frame.f_locals:
            frame.f_locals["x"] = 5
        return tracer

    def f():
        x = 1
        return x

    sys.settrace(tracer)
    result = f()
    sys.settrace(None)
    assert result == 5


def test_opcode_events():
    seen = []

    def tracer(frame, event, arg):
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        seen.append(event)
        return tracer

    def f():
        x = 1
        return x

    sys.settrace(tracer)
    f()
    sys.settrace(None)
    assert "opcode" in seen and "line" not in seen


def test_bare_raise_keeps_one_entry():
    import traceback

    def f():
        try:
            {}[1]
        except KeyError:
            raise

    try:
        f()
    except KeyError as e:
        names = [entry.name for entry in traceback.extract_tb(e.__traceback__)]
    assert names == ["test_bare_raise_keeps_one_entry", "f"]


def jump(function, source, target, *args):
    """Runs it and jumps once, from line to line (counted from the def)."""
    code = function.__code__
    done = []

    def tracer(frame, event, arg):
        if frame.f_code is code and event == "line" and not done and frame.f_lineno == code.co_firstlineno + source:
            done.append(1)
            frame.f_lineno = code.co_firstlineno + target
        return tracer

    sys.settrace(tracer)
    try:
        function(*args)
    finally:
        sys.settrace(None)


def test_jumps():
    out = []

    def f(out):
        out.append(1)
        out.append(2)
        out.append(3)

    jump(f, 2, 3, out)
    assert out == [1, 3]
    out.clear()
    jump(f, 3, 1, out)
    assert out == [1, 2, 1, 2, 3]


def test_jump_out_of_blocks():
    out = []

    class M:
        def __enter__(self):
            out.append("enter")

        def __exit__(self, *a):
            out.append("exit")

    def f(out):
        for i in range(3):
            with M():
                try:
                    1 / 0
                except ZeroDivisionError:
                    out.append(i)
        out.append(sys.exc_info())

    jump(f, 6, 7, out)
    assert out == ["enter", (None, None, None)]


def refuses(message, function, source, target):
    try:
        jump(function, source, target, [])
    except ValueError as e:
        assert message in str(e), e
    else:
        raise AssertionError(message)


def test_refused_jumps():
    def f(out):
        out.append(1)
        for i in range(2):
            out.append(i)
        try:
            out.append(3)
        except Exception:
            out.append(4)

    refuses("can't jump into the body of a for loop", f, 1, 3)
    refuses("can't jump into an 'except' block as there's no exception", f, 1, 7)
    refuses("comes after the current code block", f, 1, 20)
    refuses("comes before the current code block", f, 1, -2)
    try:
        sys._getframe().f_lineno = 3
    except ValueError:
        pass
    else:
        raise AssertionError


def test_installing_while_installing():
    class Function:
        def __init__(self, install):
            self.install = install

        def __call__(self, *args):
            pass

        def __del__(self):
            try:
                self.install(None)
            except RuntimeError as error:
                seen.append(str(error))

    seen = []
    for install, get, kind in ((sys.setprofile, sys.getprofile, "profile"), (sys.settrace, sys.gettrace, "trace")):
        function = lambda *args: None
        install(Function(install))
        install(function)
        now = get()
        install(None)
        assert now is function
        assert seen.pop() == f"Cannot install a {kind} function while another {kind} function is being installed"


def test_match_statements_that_fall_through():
    def f(command, found):
        match command.split():
            case ["rock"]:
                found = 1
            case ["roll"] if found:
                found = 2

    def lines(*args):
        return [line for line, event in traced(f, *args) if event == "line"]
    assert lines("go", 0) == [1, 2, 4]
    assert lines("rock", 0) == [1, 2, 3]
    assert lines("roll", 0) == [1, 2, 4]
    assert lines("roll", 1) == [1, 2, 4, 5]


def test_a_loop_over_several_lines():
    def f():
        for _ in (
            iter([1])
        ):
            pass
    assert traced(f) == [(0, "call"), (2, "line"), (1, "line"), (4, "line"), (1, "line"), (1, "return")]


def test_a_frame_that_drops_its_locals_is_not_on_the_stack():
    frames = []

    class Looks:
        def __del__(self):
            frames.append(sys._getframe())
            frames.append(sys._getframe(1))

    def returns():
        local = Looks()
        other = [1] * 10

    def raises():
        local = Looks()
        raise KeyError

    def generates():
        local = Looks()
        yield 1

    def deep(n):
        values = [n] * 3
        return deep(n - 1) if n else [(f.f_code.co_name, f.f_back.f_code.co_name) for f in frames]
    here = sys._getframe().f_code.co_name
    returns()
    try:
        raises()
    except KeyError:
        pass
    assert list(generates()) == [1]
    found = deep(5)
    assert [back for name, back in found if name == "__del__"] == [here] * 3, found
    assert [name for name, back in found if name != "__del__"] == [here] * 3, found


def test_lines_of_with_statements():
    class Manager:
        def __enter__(self):
            return self

        def __exit__(self, *exception):
            return True

    def nothing():
        with Manager():
            if False:
                pass

    def suppressed():
        with Manager():
            raise KeyError

    def leaves():
        for _ in range(1):
            with Manager():
                break

    assert traced(nothing) == [(0, "call"), (1, "line"), (2, "line"), (1, "line"), (1, "return")]
    assert traced(suppressed) == [(0, "call"), (1, "line"), (2, "line"), (2, "exception"), (1, "line"), (1, "return")]
    assert traced(leaves) == [(0, "call"), (1, "line"), (2, "line"), (3, "line"), (2, "line"), (2, "return")]
