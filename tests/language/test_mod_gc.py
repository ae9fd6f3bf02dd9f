# The gc module: what collections are told as, and what objects refer to.
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


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
