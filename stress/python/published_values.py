"""Hot loops that read one place until another thread has written the last of a series of values to it.

Readers end, and never see an older value after a newer one, whatever else the writer does to what holds the place: a
namespace or an object that grows, a class, a function's code.
"""

import sys
import threading
import time
import types

import common

LAST = 40

COMMON = """
class Box:
    number = 0
    def __init__(self):
        self.made = 0
class Static:
    number = 0
class Special:
    def __getitem__(self, i): return 0
    def __len__(self): return 0
    def __call__(self): return 0
    def __getattr__(self, name): return 0
    def __next__(self): return 0
    def __iter__(self): return self
class Field:
    def __get__(self, instance, owner): return 0
class Holder:
    field = Field()
class Fresh:
    def __new__(cls): return 0
class Meta(type): pass
class Kind(metaclass=Meta):
    number = 0
special, holder = Special(), Holder()
NUMBER = 0
def function(): return 0
def replaced(): return 0
box = Box()
box.number = 0
row = [0]
table = {'number': 0}
module = MODULE
module.NUMBER = 0
"""

# What is read; how value `k` gets there; what makes its holder grow by item `i` before.
PLACES = {
    "global": ("NUMBER", "global NUMBER; NUMBER = k", "space['extra%d' % i] = i"),
    "namespace": ("NUMBER", "space['NUMBER'] = k", "space['extra%d' % i] = i"),
    "module": ("module.NUMBER", "module.NUMBER = k", "setattr(module, 'extra%d' % i, i)"),
    "class": ("Static.number", "Static.number = k", "setattr(Static, 'extra%d' % i, i)"),
    "instance": ("box.number", "box.number = k", "setattr(box, 'extra%d' % i, i)"),
    "instance dict": ("box.number", "box.__dict__['number'] = k", "box.__dict__['extra%d' % i] = i"),
    "item": ("row[0]", "row[0] = k", "row.append(i)"),
    "entry": ("table['number']", "table['number'] = k", "table[i] = i"),
    "function": ("function()", "global function; function = lambda: k", "space['extra%d' % i] = i"),
    "code": ("replaced()", "replaced.__code__ = eval('(lambda: %d).__code__' % k)", "replaced.extra = i"),
    "constructor": ("Box().made", "Box.__init__ = eval('lambda self: setattr(self, \"made\", %d)' % k)", "Box.extra = i"),
    "item method": ("special[0]", "Special.__getitem__ = eval('lambda self, i: %d' % k)", "Special.extra = i"),
    "length": ("len(special)", "Special.__len__ = eval('lambda self: %d' % k)", "Special.extra = i"),
    "called object": ("special()", "Special.__call__ = eval('lambda self: %d' % k)", "Special.extra = i"),
    "attribute hook": ("special.absent", "Special.__getattr__ = eval('lambda self, name: %d' % k)", "special.extra = i"),
    "next item": ("next(iter(special))", "Special.__next__ = eval('lambda self: %d' % k)", "Special.extra = i"),
    "descriptor": ("holder.field", "Field.__get__ = eval('lambda self, o, t: %d' % k)", "Holder.extra = i"),
    "new": ("Fresh()", "Fresh.__new__ = staticmethod(eval('lambda cls: %d' % k))", "Fresh.extra = i"),
    "metaclass": ("Kind.number", "Kind.number = k", "setattr(Meta, 'extra%d' % i, i)"),
    "builtin": ("abs(-1) - 1", "space['abs'] = lambda x: k + 1", "space['extra%d' % i] = i"),
}

READER = """
def read():
    last = 0
    while last < LAST:
        number = {place}
        if number < last:
            return "{kind}: %d after %d" % (number, last)
        last = number
def publish(k):
    for i in range(8 * k, 8 * k + 8):
        {grow}
    {write}
"""


def body(n):
    for kind, (place, write, grow) in PLACES.items():
        space = {"MODULE": types.ModuleType("holder"), "LAST": LAST}
        space["space"] = space
        exec(COMMON + READER.format(kind=kind, place=place, write=write, grow=grow), space)
        read, publish = space["read"], space["publish"]
        started = threading.Barrier(common.THREADS + 1)

        def reader(index):
            started.wait()
            problem = read()
            common.check(problem is None, problem)

        def writer(index):
            started.wait()
            for k in range(1, LAST + 1):
                time.sleep(0.001)   # the loops get hot
                publish(k)

        common.run_threads(reader, extra=[writer])


common.main(lambda: common.phases(body))
