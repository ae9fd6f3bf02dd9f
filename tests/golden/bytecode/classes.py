@decorate
class Point(Base, metaclass=Meta):
    """A point."""
    count: int = 0
    __slots__ = ('x', 'y')

    def __init__(self, x, y=0):
        super().__init__()
        self.x = x
        self.y = y
        self.__hidden = None

    @property
    def norm(self):
        return self.x ** 2 + self.y ** 2
