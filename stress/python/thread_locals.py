"""threading.local and contextvars keep the threads apart; the data dies with its thread."""

import contextvars
import gc
import threading
import weakref

import common


class Payload:
    pass


class Local(threading.local):
    made = 0

    def __init__(self, start):
        self.items = [start]


variable = contextvars.ContextVar("variable", default=None)


def body(n):
    plain = threading.local()
    custom = Local(7)
    refs = []

    def worker(index):
        payload = Payload()
        refs.append(weakref.ref(payload))
        plain.payload = payload
        common.equal(custom.items, [7], "initial value")
        token = variable.set(index)
        for i in range(500):
            plain.x = i
            custom.items.append(i)
            common.equal(plain.x, i, "local attribute")
            common.check(plain.payload is payload)
            common.equal(len(custom.items), i + 2, "local list")
            common.equal(variable.get(), index, "context variable")
            context = contextvars.copy_context()
            context.run(variable.set, i)
            common.equal(context[variable], i, "copied context")
        variable.reset(token)
        common.equal(variable.get(), None, "context variable after reset")

    common.run_threads(worker)
    gc.collect()
    common.equal([r() for r in refs], [None] * common.THREADS, "thread-local data left")
    common.equal(custom.items, [7], "the main thread's list")
    common.check(not hasattr(plain, "x"))


common.main(lambda: common.phases(body))
