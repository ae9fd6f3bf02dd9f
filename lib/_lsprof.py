"""The profiler behind cProfile, on sys.setprofile: one entry a function, with its callees when subcalls are wanted."""
import sys
from time import perf_counter

_FIELDS = "code callcount reccallcount totaltime inlinetime"


class _Record(tuple):
    """What struct sequences are natively: a tuple with named items."""

    __slots__ = ()

    def __repr__(self):
        return "_lsprof.%s(%s)" % (type(self).__name__, ", ".join(map("%s=%r".__mod__, zip(self._fields, self))))


def _named(name, fields):
    names = tuple(fields.split())
    body = {"__slots__": (), "_fields": names, "__module__": "_lsprof"}
    for position, field in enumerate(names):
        body[field] = property(lambda self, at=position: self[at])
    return type(name, (_Record,), body)


profiler_subentry = _named("profiler_subentry", _FIELDS)
profiler_entry = _named("profiler_entry", _FIELDS + " calls")


class _Entry:
    """Figures of a function, or of a function called by another: calls that did not recurse, recursive ones, times."""

    __slots__ = ("calls", "recursive", "total", "inline", "level", "callees")

    def __init__(self):
        self.calls = self.recursive = self.level = 0
        self.total = self.inline = 0.0
        self.callees = {}


def _name_of(function):
    """The key of a native function: a text in the form that pstats shows."""
    owner = getattr(function, "__self__", None)
    if owner is None or isinstance(owner, type(sys)):
        module = getattr(function, "__module__", None) or getattr(owner, "__name__", None)
        return "<built-in method %s.%s>" % (module, function.__name__) if module else "<%s>" % function.__name__
    found = getattr(type(owner), function.__name__, None)
    return repr(found) if found is not None else "<built-in method %s>" % function.__name__


class Profiler:
    """Profiler(timer=None, timeunit=None, subcalls=True, builtins=True)"""

    def __init__(self, timer=None, timeunit=0.0, subcalls=True, builtins=True):
        self._timer = timer or perf_counter
        self._unit = timeunit if timer and timeunit else 1.0
        self._subcalls, self._builtins = subcalls, builtins
        self._entries = {}
        self._stack = []      # [key, entry, entry as callee, start, time in callees]

    def enable(self, subcalls=None, builtins=None):
        if subcalls is not None:
            self._subcalls = subcalls
        if builtins is not None:
            self._builtins = builtins
        sys.setprofile(self)

    def disable(self):
        sys.setprofile(None)
        now = self._timer()
        while self._stack:
            self._leave(now)

    def clear(self):
        self._entries = {}
        self._stack.clear()

    def __call__(self, frame, event, argument):
        if event == "call":
            code = frame.f_code
            # Shown like the native method that it stands for.
            self._enter("<method 'disable' of '_lsprof.Profiler' objects>" if code is _DISABLE else code)
        elif event == "return":
            # Of a function that was entered before the profile began there is nothing on the stack.
            if self._stack and self._stack[-1][0] is frame.f_code:
                self._leave(self._timer())
        elif self._builtins:
            if event == "c_call":
                if argument is not sys.setprofile:
                    self._enter(_name_of(argument))
            elif self._stack and argument is not sys.setprofile and isinstance(self._stack[-1][0], str):
                self._leave(self._timer())

    def _enter(self, key):
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry()
        as_callee = None
        if self._subcalls and self._stack:
            callees = self._stack[-1][1].callees
            as_callee = callees.get(key)
            if as_callee is None:
                as_callee = callees[key] = _Entry()
            as_callee.level += 1
        entry.level += 1
        self._stack.append([key, entry, as_callee, self._timer(), 0.0])

    def _leave(self, now):
        key, entry, as_callee, start, in_callees = self._stack.pop()
        total = (now - start) * self._unit
        if self._stack:
            self._stack[-1][4] += total
        for figures in (entry, as_callee):
            if figures is None:
                continue
            figures.level -= 1
            # A recursive call is part of the outermost one's total.
            if figures.level:
                figures.recursive += 1
            else:
                figures.total += total
            figures.calls += 1
            figures.inline += total - in_callees

    def getstats(self):
        stats = []
        for key, entry in self._entries.items():
            if not entry.calls:
                continue
            calls = None
            if entry.callees:
                calls = [profiler_subentry((k, e.calls, e.recursive, e.total, e.inline)) for k, e in entry.callees.items() if e.calls]
            stats.append(profiler_entry((key, entry.calls, entry.recursive, entry.total, entry.inline, calls)))
        return stats


_DISABLE = Profiler.disable.__code__
