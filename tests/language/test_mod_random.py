# _random: the Mersenne Twister's sequences, seeding, state; random's use of it.
import pickle
import random
import threading
from _random import Random as Core

from checks import raises


def test_known_sequence():
    r = random.Random(42)
    assert [r.random() for _ in range(3)] == [0.6394267984578837, 0.025010755222666936, 0.27502931836911926]
    r = random.Random(61731 + (24903 << 32) + (42143 << 64))
    got = [r.random() for _ in range(2000)][-10:]
    expected = [0.42926911085636965,
                0.7201588855700332,
                0.6333919228517475,
                0.7736832705631943,
                0.1968855318182524,
                0.2905825092831986,
                0.9487850841241005,
                0.13661415103641472,
                0.6890134426222364,
                0.2004251497511469]
    assert got == expected


def test_first_words():
    r = Core(5489)
    assert [r.getrandbits(32) for _ in range(2)] == [random.Random(5489).getrandbits(32)] + \
        [r2.getrandbits(32) for r2 in [random.Random(5489)] for _ in range(2)][1:]
    r = Core(0)
    assert r.getrandbits(32) == 3626764237


def test_seed_kinds():
    assert Core(5).random() == Core(-5).random() and Core(True).random() == Core(1).random()
    assert Core(1.0).random() == Core(hash(1.0)).random()
    for seed in (2 ** 32, 2 ** 64 + 1, 2 ** 100, 10 ** 200):
        assert Core(seed).random() == Core(seed).random() and Core(seed).random() != Core(seed + 1).random()
    raises(TypeError, Core, [])
    a, b = Core(), Core(None)
    assert a.random() != b.random()
    raises(TypeError, Core, 1, 2, message="Random() requires 0 or 1 argument")


def test_getrandbits():
    r, s = Core(7), Core(7)
    for k in list(range(1, 70)) + [100, 1000, 4097]:
        x = r.getrandbits(k)
        assert 0 <= x < 2 ** k
    assert Core(1).getrandbits(0) == 0
    raises(ValueError, r.getrandbits, -1, message="number of bits must be non-negative")
    raises(TypeError, r.getrandbits, 1.5)
    raises(TypeError, r.getrandbits)
    a, b = s.getrandbits(64), Core(7)
    low, high = b.getrandbits(32), b.getrandbits(32)
    assert a == high << 32 | low
    r = random.Random(12345)
    assert r.getrandbits(100) == 1030771796917419777846831192455


def test_state():
    r = Core(3)
    state = r.getstate()
    assert type(state) is tuple and len(state) == 625 and state[-1] == 624
    first = [r.random() for _ in range(1000)]
    r.setstate(state)
    assert [r.random() for _ in range(1000)] == first
    raises(TypeError, r.setstate, [1], message="state vector must be a tuple")
    raises(ValueError, r.setstate, (1, 2), message="state vector is the wrong size")
    raises(ValueError, r.setstate, state[:-1] + (999,), message="invalid state")
    raises(ValueError, r.setstate, state[:-1] + (-1,), message="invalid state")
    raises(TypeError, r.setstate, ("a",) + state[1:])
    raises(OverflowError, r.setstate, (-1,) + state[1:])


def test_random_pickle():
    r = random.Random(9)
    r.random()
    s = pickle.loads(pickle.dumps(r))
    assert [r.random() for _ in range(10)] == [s.random() for _ in range(10)]
    assert r.getstate() == s.getstate()


def test_subclass():
    class R(random.Random):
        def __init__(self, *args, **kwargs):
            self.given = args, kwargs
            super().__init__(1)
    r = R("x", newarg=3)
    assert r.given == (("x",), {"newarg": 3}) and r.random() == random.Random(1).random()


def test_shuffle_and_friends():
    r = random.Random(1)
    assert [r.randrange(100) for _ in range(5)] == [17, 72, 97, 8, 32]
    x = list(range(10))
    random.Random(2).shuffle(x)
    assert sorted(x) == list(range(10)) and x != list(range(10))
    assert random.Random(3).sample(range(100), 3) == random.Random(3).sample(range(100), 3)
    assert random.Random(1).choice("abc") == random.Random(1).choice("abc")
    assert random.Random(0).choices("ab", k=4) == random.Random(0).choices("ab", k=4)
    r.seed("text")
    assert r.random() == random.Random("text").random()
    r.seed(b"bytes")
    r.seed(1.5)


def test_distributions_repeatable():
    for method, args in [("uniform", (1, 2)), ("gauss", (0, 1)), ("normalvariate", (0, 1)), ("expovariate", (1,)),
                         ("betavariate", (1, 2)), ("gammavariate", (2, 1)), ("triangular", ()), ("paretovariate", (1,)),
                         ("vonmisesvariate", (0, 1)), ("weibullvariate", (1, 1)), ("lognormvariate", (0, 1))]:
        a, b = random.Random(4), random.Random(4)
        assert [getattr(a, method)(*args) for _ in range(20)] == [getattr(b, method)(*args) for _ in range(20)]


def test_uniformity():
    r = random.Random(10)
    counts = [0] * 10
    for _ in range(20000):
        counts[int(r.random() * 10)] += 1
    assert all(1800 < c < 2200 for c in counts)
    assert all(0.0 <= r.random() < 1.0 for _ in range(1000))


def test_randbytes_and_bits():
    r = random.Random(77)
    assert len(r.randbytes(10)) == 10 and random.Random(77).randbytes(10) == random.Random(77).randbytes(10)
    assert random.Random(77).randbytes(4) == random.Random(77).getrandbits(32).to_bytes(4, "little")


def test_threads():
    r = Core(1)
    out = [[] for _ in range(4)]

    def work(o):
        for _ in range(3000):
            o.append(r.getrandbits(32))
    threads = [threading.Thread(target=work, args=(o,)) for o in out]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    s = Core(1)
    assert sorted(x for o in out for x in o) == sorted(s.getrandbits(32) for _ in range(12000))


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
