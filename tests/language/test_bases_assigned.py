# __bases__ assigned: what the class gets with its new bases.


def test_a_finalizer_comes_and_goes_with_the_bases():
    gone = []

    class Plain:
        pass

    class Final:
        def __del__(self):
            gone.append(type(self).__name__)

    class Changing(Plain):
        pass

    class Below(Changing):
        pass

    Changing.__bases__ = (Final,)
    Changing(), Below()
    assert sorted(gone) == ["Below", "Changing"]
    Changing.__bases__ = (Plain,)
    Changing(), Below()
    assert len(gone) == 2


def test_the_last_assignment_stands_when_mro_makes_another():
    class Meta(type):
        then = None

        def mro(cls):
            found = super().mro()
            if Meta.then:
                bases, Meta.then = Meta.then, None
                cls.__bases__ = bases
            return found

    class Left:
        name = "left"

    class Right:
        name = "right"

    class Last:
        name = "last"

    class Changing(Left, metaclass=Meta):
        pass

    class Below(Changing):
        pass

    Meta.then = (Last,)
    Changing.__bases__ = (Right,)
    assert Changing.__bases__ == (Last,) and Changing.__base__ is Last
    assert Changing.__mro__[1] is Last and Below.__mro__[2] is Last
    assert Changing.name == Below.name == "last"
    assert Changing in Last.__subclasses__()
