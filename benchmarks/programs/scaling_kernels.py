"""Scaling kernels: the same work in each thread. What they share they only read, save for those named contended_. Each takes
some tens of milliseconds, so that starting a thread does not count."""
import copy
import operator
import queue
import threading

N = 1_000_000    # rounds of a plain loop
FEW = N // 4  # of something that allocates or calls a lot


class Shared:
    limit = 3

    def __init__(self):
        self.x = 1
        self.items = list(range(100))

    def method(self):
        return self.x

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return False

    def __round__(self):
        return 1


SHARED = Shared()
LIST = list(range(100))
DICT = {i: i for i in range(100)}
LOCAL = threading.local()


def function(v):
    return v


def object_cfunction():
    total = 0
    for i in range(N):
        total += len(LIST)
    return total


def object_lookup_special():
    return sum(round(SHARED) for _ in range(FEW))


def context_manager():
    total = 0
    for i in range(FEW):
        with SHARED:
            total += 1
    return total


def mult_constant():
    x = 1.0
    for i in range(3 * N):
        x = x * 1.0000000001
    return round(x, 6)


def generator():
    return sum(i for i in range(N))


def pymethod():
    total = 0
    for i in range(N):
        total += SHARED.method()
    return total


def pyfunction():
    total = 0
    for i in range(N):
        total += function(1)
    return total


def module_function():
    total = 0
    for i in range(FEW):
        total += operator.add(i, 1)
    return total


def load_string_const():
    n = 0
    for i in range(N):
        if "hello" != "world":
            n += 1
    return n


def load_tuple_const():
    n = 0
    for i in range(2 * N):
        t = (1, 2)
        n += t[0]
    return n


def create_pyobject():
    n = 0
    for i in range(FEW):
        n += Shared.__new__(Shared).limit
    return n


def create_closure():
    n = 0
    for i in range(FEW):
        n += (lambda: i)()
    return n


def create_dict():
    n = 0
    for i in range(FEW):
        n += len({"a": i, "b": 2})
    return n


def thread_local_read():
    LOCAL.x = 1
    n = 0
    for i in range(FEW):
        n += LOCAL.x
    return n


def method_caller():
    call = operator.methodcaller("method")
    return sum(call(SHARED) for _ in range(FEW))


def shallow_copy():
    items = [1, 2, 3]
    return sum(len(copy.copy(items)) for _ in range(FEW))


def deepcopy():
    return sum(len(copy.deepcopy([1, [2, 3], {"k": 4}])) for _ in range(N // 100))


def shared_instance():
    n = 0
    for i in range(N):
        n += SHARED.x + SHARED.limit
    return n


def shared_list_read():
    n = 0
    for i in range(N):
        n += LIST[i % 100]
    return n


def shared_dict_read():
    n = 0
    for i in range(N):
        n += DICT[i % 100]
    return n


def own_allocation():
    n = 0
    for i in range(FEW):
        n += len([i, i])
    return n


def exceptions():
    n = 0
    for i in range(FEW):
        try:
            raise ValueError
        except ValueError:
            n += 1
    return n


def strings():
    return sum(len("x" + str(i)) for i in range(FEW))


def locks():
    lock = threading.Lock()
    n = 0
    for i in range(FEW):
        with lock:
            n += 1
    return n


def queues():
    q = queue.SimpleQueue()
    n = 0
    for i in range(FEW):
        q.put(i)
        n += q.get()
    return n


def own_attributes():
    s = Shared()
    for i in range(N // 2):
        s.x = s.x + 1
        s.y = i
    return s.x


def own_objects():
    objects = [Shared() for _ in range(100)]
    for _ in range(N // 200):
        for s in objects:
            s.x += 1
    return s.x


def own_lists():
    items = []
    for i in range(N // 2):
        items.append(i)
        items[i & 63] = i
        if len(items) == 1000:
            del items[64:]
    return len(items)


def own_dicts():
    d = {}
    for i in range(N // 2):
        d[i & 1023] = i
    return len(d)


CONTENDED_LIST = []
CONTENDED_LOCK = threading.Lock()


def contended_append():
    for i in range(FEW):
        CONTENDED_LIST.append(i)
        if len(CONTENDED_LIST) > 1000:
            CONTENDED_LIST.clear()
    return FEW


def contended_list_copy():
    return sum(len(copy.copy(LIST)) for _ in range(FEW // 4))


def contended_attribute():
    for i in range(FEW):
        SHARED.written = i
    return FEW


def contended_lock():
    n = 0
    for i in range(FEW):
        with CONTENDED_LOCK:
            n += 1
    return n


NO_KERNELS = ("function",)
KERNELS = {name: f for name, f in list(globals().items())
           if callable(f) and getattr(f, "__module__", "") == __name__ and not isinstance(f, type) and name not in NO_KERNELS}
