"""Classes that die, classes whose MRO changes under a lookup, and slots filled or emptied after the fact."""
import gc
import weakref


try:
    import _ptpython
    compiled_at_once = _ptpython.jit()["mode"] == "force"   # compiled code keeps the classes it has met
except ImportError:
    compiled_at_once = False


def test_instance_keeps_its_class():
    class A:
        def f(self):
            return 1

    a = A()
    del A
    gc.collect()

    class B:
        pass

    assert a.f() == 1 and type(a).__name__ == "A", B


def test_suspended_user_keeps_class():
    def make():
        class A:
            value = 3

        a = A()
        while True:
            yield a

    g = make()
    a = next(g)
    g.close()
    gc.collect()
    assert a.value == 3


def test_dead_class_leaves_subclasses():
    class Parent:
        pass

    class Child(Parent):
        pass

    class Other(Parent):
        pass

    dead = weakref.ref(Child)
    del Child
    gc.collect()
    assert dead() is None
    assert Parent.__subclasses__() == [Other]


def test_class_and_instances_in_one_cycle():
    class Node:
        def __init__(self):
            self.me = self
            Node.last = self

    dead = weakref.ref(Node)
    for _ in range(10):
        Node()
    del Node
    gc.collect()
    assert dead() is None or compiled_at_once


def test_base_class_dies_after_subclass():
    class Base:
        pass

    class Derived(Base):
        pass

    dead = weakref.ref(Base)
    del Base, Derived
    gc.collect()
    assert dead() is None


def test_mro_replaced_during_lookup():
    class Key:
        def __hash__(self):
            return hash("mykey")

        def __eq__(self, other):
            X.__bases__ = (Base2,)

    class Base(object):
        mykey = "from Base"
        mykey2 = "from Base"

    class Base2(object):
        mykey = "from Base2"
        mykey2 = "from Base2"

    X = type("X", (Base,), {Key(): 5})
    assert X.mykey == "from Base"
    assert X.mykey2 == "from Base2"


def test_super_of_unfinished_class():
    seen = []

    class M(type):
        def mro(cls):
            if cls.__mro__ is None:
                try:
                    super(cls, cls).xxx
                except AttributeError:
                    seen.append(1)
            return type.mro(cls)

    class A(metaclass=M):
        pass

    assert seen and A.__mro__ == (A, object)


def test_mro_with_foreign_layout():
    class M(type):
        def mro(self):
            return [self, dict, object]

    try:
        class X(object, metaclass=M):
            pass
    except TypeError as e:
        assert str(e) == "mro() returned base with unsuitable layout ('dict')", e
    else:
        raise AssertionError


def test_failing_mro_restores_subclasses():
    class M(type):
        fail = False

        def mro(cls):
            if M.fail and cls.__name__ == "E":
                raise ValueError("no")
            return type.mro(cls)

    class C(metaclass=M):
        pass

    class C2(metaclass=M):
        pass

    class D(C):
        pass

    class E(D):
        pass

    before = D.__mro__, E.__mro__
    M.fail = True
    try:
        D.__bases__ = (C2,)
    except ValueError:
        pass
    else:
        raise AssertionError
    assert (D.__mro__, E.__mro__) == before and D.__bases__ == (C,)


def test_wrapper_under_another_name():
    class Foo:
        pass

    Foo.__repr__ = Foo.__str__
    for f in str, repr:
        try:
            f(Foo())
        except RecursionError:
            pass
        else:
            raise AssertionError

    class X(dict):
        __setattr__ = dict.__setitem__

    x = X()
    x.y = 42
    assert x["y"] == 42


def test_iterator_loses_next():
    class Iterator:
        def __iter__(self):
            return self

        def __next__(self):
            del Iterator.__next__
            return 1

    seen = []
    try:
        for i in Iterator():
            seen.append(i)
    except TypeError as e:
        assert str(e) == "'Iterator' object is not iterable", e
    assert seen == [1]
