"""Scaling kernels: the same work in each thread. What they share they only read, save for those named contended."""
import copy
import operator
import threading

N = 60_000


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
    return sum(round(SHARED) for _ in range(N))


def context_manager():
    total = 0
    for i in range(N):
        with SHARED:
            total += 1
    return total


def mult_constant():
    x = 1.0
    for i in range(N):
        x = x * 1.0000001
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
    for i in range(N):
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
    for i in range(N):
        t = (1, 2)
        n += t[0]
    return n


def create_pyobject():
    n = 0
    for i in range(N):
        n += Shared.__new__(Shared).limit
    return n


def create_closure():
    n = 0
    for i in range(N):
        n += (lambda: i)()
    return n


def create_dict():
    n = 0
    for i in range(N):
        n += len({"a": i, "b": 2})
    return n


def thread_local_read():
    LOCAL.x = 1
    n = 0
    for i in range(N):
        n += LOCAL.x
    return n


def method_caller():
    call = operator.methodcaller("method")
    return sum(call(SHARED) for _ in range(N))


def shallow_copy():
    return sum(len(copy.copy(LIST)) for _ in range(N // 10))


def deepcopy():
    return sum(len(copy.deepcopy([1, [2, 3], {"k": 4}])) for _ in range(N // 40))


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
    for i in range(N):
        n += len([i, i])
    return n


def exceptions():
    n = 0
    for i in range(N // 4):
        try:
            raise ValueError
        except ValueError:
            n += 1
    return n


def strings():
    return sum(len("x" + str(i)) for i in range(N))


KERNELS = {name: f for name, f in list(globals().items())
           if callable(f) and getattr(f, "__module__", "") == __name__ and not isinstance(f, type) and name != "function"}
