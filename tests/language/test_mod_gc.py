# The gc module: what collections are told as, and what objects refer to.
import weakref
import sys
import subprocess
import gc


def test_counts_of_generations():
    gc.collect()
    gc.collect(0)
    assert gc.get_count()[1:] == (1, 0)
    gc.collect(1)
    assert gc.get_count()[1:] == (0, 1)
    gc.collect()
    assert gc.get_count()[1:] == (0, 0)


def test_statistics_of_generations():
    gc.disable()
    try:
        before = [d["collections"] for d in gc.get_stats()]
        for generation in (0, 0, 1, 2):
            gc.collect(generation)
        after = [d["collections"] for d in gc.get_stats()]
    finally:
        gc.enable()
    assert [b - a for a, b in zip(before, after)] == [2, 1, 1]


def test_callbacks_are_told_the_generation():
    told = []
    gc.callbacks.append(lambda phase, info: told.append((phase, info["generation"])))
    gc.disable()
    try:
        gc.collect(1)
        gc.collect()
    finally:
        gc.enable()
        gc.callbacks.pop()
    assert told == [("start", 1), ("stop", 1), ("start", 2), ("stop", 2)]


def test_referents_of_any_type():
    assert sorted(gc.get_referents([1, 3, 5])) == [1, 3, 5]
    assert 2.5 in gc.get_referents({"a": 2.5})
    assert gc.get_referents(1, "a", 4.0) == []


def test_a_collection_within_one_counts_for_nothing():
    class Cycle:
        def __init__(self):
            self.me = self

        def __del__(self):
            for i in range(5):
                assert gc.collect(0) == 0
    before = [d["collections"] for d in gc.get_stats()]
    Cycle()
    gc.disable()
    try:
        gc.collect()
        after = [d["collections"] for d in gc.get_stats()]
    finally:
        gc.enable()
    assert after[0] == before[0] and after[2] > before[2], (before, after)


def test_frozen_objects_are_not_given():
    class C:
        pass
    c = C()
    assert any(o is c for o in gc.get_objects())
    gc.freeze()
    try:
        assert gc.get_freeze_count() > 0
        assert not any(o is c for o in gc.get_objects())
    finally:
        gc.unfreeze()
    assert any(o is c for o in gc.get_objects())


def test_referrers():
    target = ["target"]
    holders = [target], {"a": target}, (target, 1)
    found = gc.get_referrers(target)
    for holder in holders:
        assert any(o is holder for o in found)
    assert not any(type(o) is tuple and len(o) == 1 for o in found)


def test_weak_references_in_order():
    class Target:
        pass

    for cyclic in (False, True):
        called = []
        target = Target()
        if cyclic:
            target.itself = target
        references = [weakref.ref(target, lambda reference, i=i: called.append(i)) for i in range(6)]
        del references[2], target
        gc.collect()
        assert called == [5, 4, 3, 1, 0], called
        target = Target()
        kept = [weakref.finalize(target, called.append, name) for name in "abcd"]
        kept[2]()
        del target
        gc.collect()
        assert called[5:] == ["c", "d", "b", "a"], called


def test_plain_references_come_first():
    class Reference(weakref.ref):
        pass

    class Target:
        pass

    target = Target()
    special, plain = Reference(target), weakref.ref(target)
    late = Reference(target)
    assert special is not plain and weakref.getweakrefs(target)[0] is plain
    assert weakref.getweakrefcount(target) == 3 and late is not special and weakref.ref(target) is plain


def test_what_is_counted():
    gc.collect()
    namespace = {}
    exec("def f(): pass", namespace)
    assert not gc.is_tracked(namespace["f"].__code__)
    del namespace
    assert gc.collect() == 2  # the dict and the function
    before = gc.get_count()[0]
    some = [[] for _ in range(20)]
    assert gc.get_count()[0] >= before + 20 and some


def test_garbage_at_the_end():
    def stderr(program):
        return subprocess.run([sys.executable, "-Wd", "-c", program], capture_output=True, text=True).stderr

    program = "import gc\ngc.garbage.append('kept')\n"
    assert "gc: 1 uncollectable objects at shutdown; use gc.set_debug(gc.DEBUG_UNCOLLECTABLE) to list them" in stderr(program)
    text = stderr(program + "gc.set_debug(gc.DEBUG_UNCOLLECTABLE)")
    assert "gc: 1 uncollectable objects at shutdown\n" in text and "['kept']" in text
    assert "uncollectable" not in stderr(program + "gc.set_debug(gc.DEBUG_SAVEALL)")


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
