"""Exceptions raised and caught in hot loops."""
import gc
import sys
import threading
import traceback
import weakref

from checks import assert_equal

ROUNDS = 5000


class Problem(Exception):
    pass


class Coded(Exception):
    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class Plain(Exception):
    def __init__(self, code):
        self.code = code


def entries(e):
    """The traceback as function names, line offsets and the simple locals of each frame."""
    tb, out = e.__traceback__, []
    while tb:
        f = tb.tb_frame
        shown = {k: v for k, v in f.f_locals.items() if isinstance(v, (int, float, str, list, tuple))}
        out.append((f.f_code.co_name, tb.tb_lineno - f.f_code.co_firstlineno, f.f_lineno - f.f_code.co_firstlineno, shown))
        tb = tb.tb_next
    return out


def chain(f):
    names = []
    while f and f.f_code.co_name != "test_tracebacks_of_calls":
        names.append(f.f_code.co_name)
        f = f.f_back
    return names


def test_same_frame():
    caught = 0
    for i in range(ROUNDS):
        try:
            if i & 1:
                raise ValueError(i)
            caught += 2
        except ValueError:
            caught += 1
    assert_equal(caught, ROUNDS // 2 * 3)
    assert_equal(sys.exc_info(), (None, None, None))


def test_kinds_of_raise():
    def one(i):
        if i % 5 == 0:
            raise ValueError
        if i % 5 == 1:
            raise Problem
        if i % 5 == 2:
            raise Problem("text", i)
        if i % 5 == 3:
            raise KeyError("k%d" % i)
        return i

    seen = []
    for i in range(ROUNDS):
        try:
            one(i)
        except (ValueError, IndexError):
            kind = "v"
        except Problem as e:
            kind = ("p", e.args)
        except LookupError as e:
            kind = ("l", type(e).__name__, str(e))
        else:
            kind = i
        if i % 97 == 0:
            seen.append(kind)
    expected = []
    for i in range(0, ROUNDS, 97):
        expected.append(["v", ("p", ()), ("p", ("text", i)), ("l", "KeyError", "'k%d'" % i), i][i % 5])
    assert_equal(seen, expected)


def test_not_matched_here():
    def inner(i):
        try:
            if i % 3 == 0:
                raise ValueError(i)
            if i % 3 == 1:
                raise TypeError(i)
        except ValueError as e:
            return e.args[0]
        return -1

    total = 0
    for i in range(ROUNDS):
        try:
            total += inner(i)
        except TypeError as e:
            total += e.args[0] * 2
    expected = sum(i if i % 3 == 0 else 2 * i if i % 3 == 1 else -1 for i in range(ROUNDS))
    assert_equal(total, expected)


def raiser(n, words):
    half = n / 2
    if n % 2:
        raise Problem(n)
    return half


def middle(n, extra):
    mine = [n, extra]
    result = raiser(n + 1, "w%d" % n)
    return result, mine


def test_tracebacks_of_calls():
    kept = []
    for i in range(ROUNDS):
        try:
            middle(i, i * 0.5)
        except Problem as e:
            if i in (10, ROUNDS - 2):
                kept.append((entries(e), chain(e.__traceback__.tb_next.tb_next.tb_frame)))
                frames = traceback.extract_tb(e.__traceback__)
                assert_equal([f.name for f in frames], ["test_tracebacks_of_calls", "middle", "raiser"])
                assert_equal(frames[2].line, "raise Problem(n)")
    for (tb, names), i in zip(kept, (10, ROUNDS - 2)):
        assert_equal(names, ["raiser", "middle"])
        assert_equal([t[:3] for t in tb[1:]], [("middle", 2, 2), ("raiser", 3, 3)])
        assert_equal(tb[1][3], {"n": i, "extra": i * 0.5, "mine": [i, i * 0.5]})
        assert_equal(tb[2][3], {"n": i + 1, "words": "w%d" % i, "half": (i + 1) / 2})
        assert_equal(tb[0][3]["i"], i)
    assert_equal(len(kept), 2)


def test_escapes():
    kept = []
    for i in range(ROUNDS):
        try:
            raiser(i, "")
        except Problem as e:
            kept.append(e)
            if len(kept) > 3:
                del kept[0]
    assert_equal([e.args for e in kept], [(ROUNDS - 5,), (ROUNDS - 3,), (ROUNDS - 1,)])
    assert_equal([entries(e)[1][3]["n"] for e in kept], [ROUNDS - 5, ROUNDS - 3, ROUNDS - 1])
    assert_equal([len(entries(e)) for e in kept], [2, 2, 2])
    assert all(e.__context__ is None and e.__cause__ is None and not e.__suppress_context__ for e in kept)


def test_another_way_in_the_handler():
    # The handler does something else late: the trace is left while an exception is handled.
    log = []
    state = None

    def handled(i):
        return sys.exc_info()[1].args, len(entries(sys.exc_info()[1]))

    for i in range(ROUNDS):
        try:
            if i % 2:
                raise Problem(i)
        except Problem as e:
            if i == ROUNDS - 3:
                state = handled(i)
            if i == ROUNDS - 1:
                log.append(e)
                log.append(sys.exc_info()[1] is e)
    assert_equal(state, ((ROUNDS - 3,), 1))
    assert_equal(log[1], True)
    assert_equal(len(entries(log[0])), 1)
    assert_equal(sys.exc_info(), (None, None, None))


def test_who_looks_at_what_is_handled():
    class Key:
        def __init__(self, n):
            self.n = n

        def __hash__(self):
            seen.add(sys.exc_info()[0])
            return 7

        def __eq__(self, other):
            seen.add(sys.exc_info()[0])
            return isinstance(other, Key) and self.n == other.n

        def __mod__(self, other):
            seen.add(sys.exc_info()[0])
            return len(entries(sys.exc_info()[1]))

    for f in (lambda d, k: d.get(k), lambda d, k: k in d, lambda d, k: d.setdefault(k, 1), lambda d, k: {k: 2}[k],
              lambda d, k: [k].index(d["key"]), lambda d, k: k == d["key"], lambda d, k: k % 2, lambda d, k: [1, k].count(k)):
        d = {"key": Key(3)}
        seen = set()
        for i in range(ROUNDS // 2):
            try:
                raise Problem(i)
            except Problem as e:
                f(d, d["key"])
                if i == ROUNDS // 2 - 1:
                    assert_equal(entries(e)[0][0], "test_who_looks_at_what_is_handled")
        assert seen <= {Problem}, seen


def test_raise_in_a_handler():
    def translate(d, k):
        try:
            return d[k]
        except KeyError as e:
            raise Problem("no " + str(k)) from e

    def hide(d, k):
        try:
            return d[k]
        except KeyError:
            raise Problem(k) from None

    def implicit(d, k):
        try:
            return d[k]
        except KeyError:
            raise Problem(k)

    d = {i: i for i in range(0, 10, 2)}
    for f, context, cause, hidden in ((translate, KeyError, KeyError, True), (hide, KeyError, type(None), True),
                                      (implicit, KeyError, type(None), False)):
        good = bad = 0
        for i in range(ROUNDS):
            try:
                good += f(d, i % 10)
            except Problem as e:
                bad += 1
                assert type(e.__context__) is context
                assert type(e.__cause__) is cause
                assert e.__suppress_context__ is hidden
                assert e.__context__.args == (i % 10,)
        assert_equal((good, bad), (ROUNDS * 2, ROUNDS // 2))


def test_raised_again():
    log = []

    def inner(i):
        try:
            raiser(i, "")
        except Problem:
            log.append(i)
            raise

    def cleaning(i):
        try:
            return raiser(i, "")
        finally:
            log.append(-i)

    for f in (inner, cleaning):
        count = 0
        for i in range(ROUNDS):
            try:
                f(i)
            except Problem as e:
                count += 1
                if i == ROUNDS - 1:
                    names = [t[0] for t in entries(e)]
        assert_equal(count, ROUNDS // 2)
        assert_equal(names, ["test_raised_again", f.__name__, "raiser"])
    assert_equal(len(log), ROUNDS // 2 + ROUNDS)


def test_raised_by_native_code():
    d = {i: str(i) for i in range(0, 100, 3)}
    words = ["12", "x", "33", "4.5"]
    items = [1, 2, 3]
    missing = bad = short = wrong = 0
    for i in range(ROUNDS):
        try:
            d[i % 100]
        except KeyError as e:
            missing += e.args[0]
        try:
            int(words[i & 3])
        except ValueError as e:
            bad += len(str(e))
        try:
            items[i & 7]
        except IndexError:
            short += 1
        try:
            items.missing
        except AttributeError as e:
            wrong += len(e.name)
    assert_equal(missing, sum(i % 100 for i in range(ROUNDS) if i % 100 % 3))
    assert_equal(bad, ROUNDS // 4 * (len(str(error_of(int, "x"))) + len(str(error_of(int, "4.5")))))
    assert_equal(short, ROUNDS // 8 * 5)
    assert_equal(wrong, ROUNDS * len("missing"))


def error_of(f, *args):
    try:
        f(*args)
    except Exception as e:
        return e


def lookup(d, k, default):
    here = k * 2
    return d[k] + here


def test_native_tracebacks():
    d = {i: i for i in range(0, 100, 2)}
    last = None
    count = 0
    for i in range(ROUNDS):
        try:
            lookup(d, i % 100, "d%d" % i)
        except KeyError as e:
            count += 1
            if i == ROUNDS - 1:
                last = e
    assert_equal(count, ROUNDS // 2)
    tb = entries(last)
    assert_equal([t[0] for t in tb], ["test_native_tracebacks", "lookup"])
    assert_equal(tb[1][1], 2)
    assert_equal(tb[1][3], {"k": 99, "default": "d%d" % (ROUNDS - 1), "here": 198})


def test_locals_live_as_long_as_the_traceback():
    class Box:
        pass

    events = []

    def hold(i):
        box = Box()
        weakref.finalize(box, events.append, ("dead", i)).atexit = False
        raise Problem(i)

    for i in range(ROUNDS // 10):
        try:
            hold(i)
        except Problem:
            events.append(("handled", i))
        events.append(("after", i))
    gc.collect()
    expected = []
    for i in range(ROUNDS // 10):
        expected += [("handled", i), ("dead", i), ("after", i)]
    assert_equal(events, expected)


def test_iterators_are_dropped():
    class Token:
        alive = 0

        def __init__(self):
            Token.alive += 1

        def __del__(self):
            Token.alive -= 1

    def search(items, wanted):
        for token, value in items:
            for k in [value, value + 1]:
                if k == wanted:
                    raise Problem(k)
        return None

    most = 0
    for i in range(ROUNDS // 5):
        try:
            search([(Token(), j) for j in range(4)], i % 7)
        except Problem as e:
            most += e.args[0]
        assert_equal(Token.alive, 0)
    assert_equal(most, sum(i % 7 for i in range(ROUNDS // 5) if i % 7 < 5))


def test_own_init():
    total = 0
    texts = set()
    for i in range(ROUNDS):
        try:
            if i % 2:
                raise Coded(i, "odd")
            raise Plain(i)
        except Coded as e:
            total += e.code
            texts.add(e.args)
        except Plain as e:
            total -= e.code
            if i > ROUNDS - 5:
                assert_equal(e.args, (i,))
    assert_equal(total, ROUNDS // 2)
    assert_equal(texts, {("odd",)})


def test_init_that_raises():
    class Picky(Exception):
        def __init__(self, n):
            if n % 3 == 0:
                raise ValueError(n)
            super().__init__(n, n)

    counts = [0, 0]
    for i in range(ROUNDS):
        try:
            raise Picky(i)
        except ValueError as e:
            counts[0] += e.args == (i,)
        except Picky as e:
            counts[1] += e.args == (i, i)
    assert_equal(sum(counts), ROUNDS)
    assert_equal(counts[0], (ROUNDS + 2) // 3)


def test_classes_change():
    class First(Exception):
        pass

    class Second(Exception):
        pass

    class Mine(First):
        pass

    seen = []
    for i in range(ROUNDS):
        if i == ROUNDS - 3:
            Mine.__bases__ = (Second,)
        try:
            raise Mine(i)
        except First:
            kind = 1
        except Second:
            kind = 2
        if i >= ROUNDS - 5:
            seen.append(kind)
    assert_equal(seen, [1, 1, 2, 2, 2])


def test_what_is_caught_changes():
    catch = ValueError
    log = []
    for i in range(ROUNDS):
        if i == ROUNDS - 2:
            catch = (KeyError, Problem)
        try:
            try:
                raise Problem(i) if i >= ROUNDS - 2 else ValueError(i)
            except catch:
                pass
        except Exception as e:
            log.append(e)
    assert_equal(log, [])


def test_same_object_raised():
    stop = Problem("one")
    count = 0
    for i in range(ROUNDS):
        try:
            raise stop
        except Problem as e:
            count += e is stop
            stop.__traceback__ = None
    assert_equal(count, ROUNDS)


def test_a_local_keeps_it():
    last = None
    for i in range(ROUNDS):
        try:
            if i % 2:
                raise Problem(i)
        except Problem as e:
            last = e
    assert_equal(last.args, (ROUNDS - 1,))
    assert_equal(len(entries(last)), 1)


def test_in_a_generator():
    def values(n):
        for i in range(n):
            try:
                if i % 3 == 0:
                    raise Problem(i)
                yield i
            except Problem as e:
                yield -e.args[0]

    assert_equal(sum(values(ROUNDS)), sum(-i if i % 3 == 0 else i for i in range(ROUNDS)))

    def failing(n):
        yield n
        raise Problem(n)

    total = 0
    for i in range(ROUNDS):
        try:
            for v in failing(i):
                total += v
        except Problem as e:
            total -= e.args[0]
    assert_equal(total, 0)


def test_next_and_stop_iteration():
    total = 0
    for i in range(ROUNDS // 4):
        it = iter((i, 1, 2))
        try:
            while True:
                total += next(it)
        except StopIteration:
            total += 1
    assert_equal(total, sum(i + 4 for i in range(ROUNDS // 4)))


def test_handled_outside():
    # Hot code that runs while an exception is handled further out.
    try:
        raise KeyError("outer")
    except KeyError as outer:
        for i in range(ROUNDS):
            try:
                if i % 2:
                    raise Problem(i)
            except Problem as e:
                assert e.__context__ is outer
        assert sys.exc_info()[1] is outer
    assert_equal(sys.exc_info(), (None, None, None))


def test_nested_handlers():
    total = 0
    for i in range(ROUNDS):
        try:
            raise Problem(i)
        except Problem as a:
            try:
                if i % 2:
                    raise ValueError(i)
                total += 1
            except ValueError as b:
                assert b.__context__ is a
                total += 2
    assert_equal(total, ROUNDS // 2 * 3)


def test_recursive():
    def depth(n):
        if n == 0:
            raise Problem("bottom")
        return depth(n - 1)

    for n in (1, 3, 12):
        for i in range(ROUNDS // 10):
            try:
                depth(n)
            except Problem as e:
                if i % 100 == 0:
                    assert_equal(len(entries(e)), n + 2)

    def search(n, wanted):
        try:
            if n == wanted:
                raise Problem(n)
            return search(n + 1, wanted)
        except ValueError:
            return None

    for i in range(ROUNDS // 10):
        try:
            search(0, 10)
        except Problem as e:
            assert e.args == (10,)


def test_else_and_finally():
    log = [0, 0, 0, 0]
    for i in range(ROUNDS):
        try:
            if i % 4 == 1:
                raise Problem(i)
            if i % 4 == 2:
                continue
            log[0] += 1
        except Problem:
            log[1] += 1
        else:
            log[2] += 1
        finally:
            log[3] += 1
    assert_equal(log, [ROUNDS // 2, ROUNDS // 4, ROUNDS // 2, ROUNDS])


def test_break_and_return():
    def first_bad(items):
        for x in items:
            try:
                if x > 3:
                    raise Problem(x)
            except Problem as e:
                return e.args[0]
        return None

    assert_equal([first_bad(range(i % 9)) for i in range(ROUNDS // 2)],
                 [4 if i % 9 > 4 else None for i in range(ROUNDS // 2)])


def test_threads():
    results = []

    def work(n):
        caught = 0
        for i in range(n):
            try:
                if i & 1:
                    raise Problem(i, [i])
                {}[i]
            except Problem as e:
                caught += e.args[0] & 1
            except KeyError:
                caught += 1
        results.append(caught)

    threads = [threading.Thread(target=work, args=(ROUNDS,)) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert_equal(results, [ROUNDS] * 3)


def test_settrace_sees_them():
    events = []

    def tracer(frame, what, arg):
        if what == "exception":
            events.append(arg[0].__name__)
        return tracer

    def work(n):
        for i in range(n):
            try:
                raise Problem(i)
            except Problem:
                pass

    work(ROUNDS)
    sys.settrace(tracer)
    try:
        work(5)
    finally:
        sys.settrace(None)
    assert_equal(events, ["Problem"] * 5)


def story(e):
    """All that an exception and those behind it tell, frames by their identity."""
    frames, seen, out = [], [], []

    def number(f):
        if f not in frames:
            frames.append(f)
        return frames.index(f)

    def tell(e):
        if e is None or e in seen:
            return out.append(e and seen.index(e))
        seen.append(e)
        out.append((type(e).__name__, len(e.args), e.__suppress_context__))
        tb = e.__traceback__
        while tb:
            f = tb.tb_frame
            back = f.f_back.f_code.co_name if f.f_back else None
            out.append((number(f), f.f_code.co_name, tb.tb_lineno, f.f_lineno, back, sorted(f.f_locals)))
            tb = tb.tb_next
        tell(e.__cause__)
        tell(e.__context__)

    tell(e)
    return out


def cold_and_hot(f, *kinds):
    """What f(i) raises is told alike before and after it is compiled."""
    def once(i):
        try:
            f(i)
        except Exception as e:
            if i < 3 or i > ROUNDS - 4:
                stories.append(story(e))

    stories = []
    for i in range(ROUNDS):
        once(i)
    assert_equal(len(stories), 6)
    for cold, hot in zip(stories, stories[3:]):
        # (ROUNDS - 3) % 2 != 0 % 2: the functions do the same for all i.
        assert_equal(cold, hot)
    assert_equal([s[0] for s in stories[0] if isinstance(s, tuple) and isinstance(s[0], str)], list(kinds))


def find(table, key):
    here = [key]
    try:
        return table[key]
    except KeyError as missing:
        raise Problem(key, here) from missing


def find_quietly(table, key):
    try:
        return find(table, key)
    except Problem:
        raise Coded(key, "quiet") from None


def find_loudly(table, key):
    try:
        return find(table, key)
    except Problem as e:
        kept = e
        raise Plain(3)


def again(f, key):
    try:
        f({}, key)
    except KeyError:
        return None
    except Exception:
        key += 1
        raise


def cleaned(f, key):
    try:
        again(f, key)
    finally:
        key = 0
        other = 1


def inside(f, key):
    try:
        raise ValueError
    except ValueError as outer:
        try:
            f({}, key)
        except TypeError:
            pass
        done = 1


def swallowed(f, key):
    err = None
    try:
        f({}, key)
    except Exception as e:
        err = e
        try:
            {}[key]
        except KeyError as second:
            err = second
    raise Problem(key) from err


def test_stories():
    cold_and_hot(lambda i: find({}, i), "Problem", "KeyError")
    cold_and_hot(lambda i: find_quietly({}, i), "Coded", "Problem", "KeyError")
    cold_and_hot(lambda i: find_loudly({}, i), "Plain", "Problem", "KeyError")
    cold_and_hot(lambda i: again(find, i), "Problem", "KeyError")
    cold_and_hot(lambda i: again(find_loudly, i), "Plain", "Problem", "KeyError")
    cold_and_hot(lambda i: cleaned(find_quietly, i), "Coded", "Problem", "KeyError")
    cold_and_hot(lambda i: inside(raise_value, i), "Bad", "ValueError")
    cold_and_hot(lambda i: inside(find, i), "Problem", "KeyError", "ValueError")
    cold_and_hot(lambda i: swallowed(find_loudly, i), "Problem", "KeyError", "Plain", "Problem", "KeyError")
    cold_and_hot(lambda i: swallowed(raise_value, i), "Problem", "KeyError", "Bad")


class Bad(Exception):
    def __init__(self, key):
        super().__init__("bad", key)
        self.key = key


def raise_value(table, key):
    mine = (table, key)
    raise Bad(key)


def test_raised_and_raised():
    total = 0
    for i in range(ROUNDS):
        try:
            try:
                try:
                    raise Problem(i)
                except Problem as a:
                    raise ValueError(i + 1)
                finally:
                    total += 1
            except ValueError as b:
                total += b.__context__.args[0] - i
                raise
        except ValueError as c:
            assert c.args == (i + 1,)
            assert type(c.__context__) is Problem
            total += 1
    assert_equal(total, ROUNDS * 2)
    assert_equal(sys.exc_info(), (None, None, None))


def test_an_error_holds_itself():
    class Token:
        pass

    def fail(i):
        token = Token()
        error = Problem(i)
        raise error

    count = 0
    for i in range(ROUNDS):
        try:
            fail(i)
        except Problem:
            count += 1
    assert_equal(count, ROUNDS)
    gc.collect()
    assert_equal(sum(type(o) is Token for o in gc.get_objects()), 0)


def test_handler_right_behind():
    errors = [Problem(0), Problem(1)]
    for i in range(ROUNDS):
        one = errors[i & 1]
        try:
            raise one
        except Problem as e:
            assert e is one
            e.__traceback__ = None


def test_raised_by_native_code_within_an_inner_loop():
    def scan(items, wanted):
        try:
            for k, x in enumerate(items):
                if x == wanted:
                    none[x]
        except KeyError as e:
            return k, e.args
        return None

    def count(n, wanted):
        try:
            for y in (0, 1):
                for x in range(n):
                    if x == wanted:
                        int(letters[x])
        except ValueError:
            return x
        return -1

    none, letters = {}, "abcdefghijklmnopqrstuvwxyz"
    items = list(range(10, 30))
    for i in range(ROUNDS // 10):
        assert_equal(scan(items, 10 + i % 25), (i % 25, (10 + i % 25,)) if i % 25 < 20 else None)
        assert_equal(count(20, i % 25), i % 25 if i % 25 < 20 else -1)


def test_a_traceback_keeps_what_another_thread_made():
    # Classes: registers hold those of other threads without a count.
    def take(kinds, i):
        mine = kinds[i]
        kinds[i] = None
        raise Problem(i)

    def collect(value):
        gc.collect()
        return value

    def look(kinds, refs):
        last, once, dead = None, (1,), 0
        for i in range(len(kinds)):
            try:
                take(kinds, i)
            except Problem as e:
                last = e
            list(map(collect, once))
            if refs[i]() is None:
                dead += 1
        return dead, last

    def work():
        kinds.extend(type("K%d" % i, (), {"number": i}) for i in range(60))
        ready.set()
        done.wait()

    kinds, ready, done = [], threading.Event(), threading.Event()
    thread = threading.Thread(target=work)
    thread.start()
    ready.wait()
    dead, last = look(kinds, [weakref.ref(k) for k in kinds])
    done.set()
    thread.join()
    assert_equal(dead, 0)
    assert_equal(last.__traceback__.tb_next.tb_frame.f_locals["mine"].number, 59)


class Plot:
    def __init__(self, x):
        self.x = x


def test_builtin_operations_that_fail():
    def look(f, rounds=ROUNDS // 5):
        seen = []
        for i in range(rounds):
            try:
                f(i)
                seen.append(None)
            except Exception as e:
                seen.append((type(e), str(e), e.args, len(entries(e)), e.__context__, sys.exc_info()[1] is e))
        return seen

    d, items, text, plot, mixed = {0: 1, "k": 2}, [1, 2, 3], "abc", Plot(1), [1, None, "s", 2.5, b"x"]
    keys = ["k", "missing", 0, 7, "q"]

    def store(i):
        items[i % 5] = i

    assert_equal([s and s[1] for s in look(lambda i: d[keys[i % 5]])][:5], [None, "'missing'", None, "7", "'q'"])
    assert_equal(look(lambda i: d[i % 3])[1][:4], (KeyError, "1", (1,), 2))
    assert_equal(look(lambda i: items[i % 5])[4][:3], (IndexError, "list index out of range", ("list index out of range",)))
    assert_equal(look(lambda i: items[-(i % 5)])[4][1], "list index out of range")
    assert_equal(look(store)[3][1], "list assignment index out of range")
    assert_equal(look(lambda i: text[i % 5])[3][1], "string index out of range")
    assert_equal(look(lambda i: (1, 2)[i % 5])[3][1], "tuple index out of range")
    assert_equal(look(lambda i: 7 // (i % 3))[0][1], "integer division or modulo by zero")
    assert_equal(look(lambda i: 7.5 / (i % 3))[0][1], "float division by zero")
    assert_equal(look(lambda i: 7 / (i % 3))[0][1], "division by zero")
    assert_equal(look(lambda i: 7 % (i % 3))[0][1], "integer modulo by zero")
    assert_equal(look(lambda i: mixed[i % 5] + 1)[1][1], "unsupported operand type(s) for +: 'NoneType' and 'int'")
    assert_equal(look(lambda i: mixed[i % 5] + 1)[2][1], 'can only concatenate str (not "int") to str')
    missing = look(lambda i: plot.y if i % 2 else plot.x)
    assert_equal(missing[1][:4], (AttributeError, "'Plot' object has no attribute 'y'", ("'Plot' object has no attribute 'y'",), 2))
    assert_equal(missing[0], None)
    assert_equal({s[3:] for s in look(lambda i: d[i % 2 + 5]) if s}, {(2, None, True)})


def test_builtin_operations_that_fail_in_one_frame():
    d, items, plot, log = {1: 2}, [1, 2], Plot(3), []
    for i in range(ROUNDS):
        try:
            try:
                d[i & 3]
                items[i % 3] = i
                plot.y
            except KeyError as e:
                raise ValueError("no %d" % i) from e
        except ValueError as e:
            if i % 1000 == 0:
                log.append((str(e), type(e.__cause__), e.__cause__.args, e.__context__ is e.__cause__))
        except IndexError as e:
            if i % 1001 == 2:
                log.append((e.args, e.__context__))
        except AttributeError as e:
            assert e.name == "y" and e.obj is plot, (e.name, e.obj)
    assert_equal(log[0], ("no 0", KeyError, (0,), True))
    assert_equal(len([x for x in log if x[0] != "no 0"]) > 2, True)
    assert_equal(sys.exc_info(), (None, None, None))


def test_a_class_gets_another_name():
    class Thing:
        pass

    thing, seen = Thing(), set()
    for i in range(ROUNDS):
        if i == ROUNDS // 2:
            Thing.__name__ = "Other"
        try:
            thing.absent
        except AttributeError as e:
            seen.add(e.args[0])
    assert_equal(seen, {"'Thing' object has no attribute 'absent'", "'Other' object has no attribute 'absent'"})


def test_an_attribute_error_keeps_its_object():
    class Thing:
        pass

    kept = []
    for i in range(ROUNDS):
        thing = Thing()
        thing.number = i
        try:
            thing.absent
        except AttributeError as e:
            if i % 500 == 0:
                kept.append(e)
        del thing
    assert_equal([e.obj.number for e in kept], list(range(0, ROUNDS, 500)))


def test_keys_of_an_error_live_on():
    class Key(str):
        pass

    d, kept = {}, []
    for i in range(ROUNDS):
        try:
            d["k%d" % i]
        except KeyError as e:
            kept.append(e)
            del kept[:-50]
    assert_equal([e.args[0] for e in kept], ["k%d" % i for i in range(ROUNDS - 50, ROUNDS)])


class Loud(Exception):
    def __str__(self):
        return "loud"


def test_texts_of_exceptions():
    kinds = [ValueError("abc"), KeyError("abc"), ValueError(7), ValueError(), ValueError("a", 2), Loud("x"), ValueError([1]), OSError(2, "no")]
    wanted = [(str(e), e.args, repr(e)) for e in kinds]
    for round in range(ROUNDS // 10):
        for i, kind in enumerate(kinds):
            try:
                raise kind
            except Exception as e:
                assert (str(e), e.args, repr(e)) == wanted[i], (str(e), wanted[i])
                e.__traceback__ = None
    total, kept = 0, []
    for i in range(ROUNDS):
        try:
            if i % 3 == 0:
                raise ValueError("n%d" % i)
            if i % 3 == 1:
                raise ValueError(i)
            raise Problem
        except Exception as e:
            total += len(str(e)) + len(e.args)
            if i % 1000 == 1:
                kept.append((e, str(e), e.args))
                e.args = ("changed", 1)
                assert_equal(str(e), "('changed', 1)")
    assert_equal([(type(e).__name__, text, args) for e, text, args in kept],
                 [("ValueError", str(i), (i,)) if i % 3 == 1 else ("ValueError", "n%d" % i, ("n%d" % i,)) if i % 3 == 0 else ("Problem", "", ())
                  for i in range(1, ROUNDS, 1000)])
    assert_equal(total, sum(len("n%d" % i if i % 3 == 0 else str(i) if i % 3 == 1 else "") + (i % 3 < 2) for i in range(ROUNDS)))


def test_native_code_in_handlers():
    items, d, seen = [], {}, 0
    for i in range(ROUNDS):
        try:
            raise ValueError("x" * (i % 5))
        except ValueError as e:
            items.append(len(str(e)))
            d[i % 7] = d.get(i % 7, 0) + abs(-i)
            seen += max(i, 3) + ord("a") + len("abc".upper())
            try:
                int("z" if i % 4 == 0 else "5")
            except ValueError as inner:
                assert inner.__context__ is e
    assert_equal((len(items), sum(items), seen), (ROUNDS, sum(i % 5 for i in range(ROUNDS)), sum(max(i, 3) + 100 for i in range(ROUNDS))))


def test_attributes_by_name():
    class Some:
        shared = 5

        def __init__(self, x):
            self.x = x

        def method(self):
            return 1

    class Hooked(Some):
        def __getattr__(self, name):
            return name + "!"

    total, things = 0, [Some(1), Some(2.5), Some("s"), Hooked(4)]
    things[1].extra = 9
    for i in range(ROUNDS):
        thing = things[i % 4]
        total += hasattr(thing, "x") + 2 * hasattr(thing, "absent") + 4 * hasattr(thing, "method") + 8 * hasattr(thing, "extra")
        total += 16 * hasattr(thing, "shared") + len(str(getattr(thing, "x"))) + len(str(getattr(thing, "absent", thing.x)))
        try:
            total += len(str(getattr(thing, "gone")))
        except AttributeError as e:
            assert (e.name, e.obj) == ("gone", thing)
            total += 100
    assert_equal(total, ROUNDS // 4 * ((21 + 1 + 1 + 100) + (29 + 3 + 3 + 100) + (21 + 1 + 1 + 100) + (31 + 1 + 7 + 5)))
    kept = []
    for i in range(ROUNDS):
        kept.append(getattr(Some([i]), "absent", [i]))
        kept.append(getattr(Some([i]), "x", None))
        del kept[:-4]
    assert_equal(kept, [[ROUNDS - 2], [ROUNDS - 2], [ROUNDS - 1], [ROUNDS - 1]])
    one, found = Some(1), 0
    for i in range(ROUNDS):
        if i == 3000:
            Some.late = 1
        found += hasattr(one, "late")
    assert_equal(found, ROUNDS - 3000)
