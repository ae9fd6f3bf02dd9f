"""pickle's Unpickler with the errors of the native one of CPython: whatever is wrong with the data is an UnpicklingError, or
an EOFError where an instruction should begin. What the objects' own code raises passes unchanged."""
import io
import pickle
from struct import error as StructError

_DAMAGE = (IndexError, EOFError, KeyError, StructError, ValueError)
_UNDERFLOW = ("pop from empty list", "list index out of range")
_CUT_OFF = ("index out of range", "invalid literal for int() with base 10: b''", "could not convert string to float: b''")


class Unpickler(pickle._Unpickler):
    __module__ = "_pickle"

    def __init__(self, file, *, fix_imports=True, encoding="ASCII", errors="strict", buffers=None):
        super().__init__(file, fix_imports=fix_imports, encoding=encoding, errors=errors, buffers=buffers)
        read, readline = self._file_read, self._file_readline

        def read_all(size):
            data = read(size)
            if len(data) < size and size > 1:  # of a single byte the caller sees itself that it is not there
                raise pickle.UnpicklingError("pickle data was truncated")
            return data

        def read_line():
            data = readline()
            if data[-1:] != b"\n":
                raise pickle.UnpicklingError("pickle data was truncated")
            return data

        self._file_read, self._file_readline = read_all, read_line

    def load(self):
        try:
            return super().load()
        except _DAMAGE as error:
            explained = self._explain(error)
            if explained is None:
                raise
            raise explained from None

    load.__doc__ = pickle._Unpickler.load.__doc__

    def _explain(self, error):
        """What the error says about the data, or None when it is not about the data."""
        entry, caller = error.__traceback__, None
        while entry.tb_next is not None:
            entry, caller = entry.tb_next, entry
        code = entry.tb_frame.f_code
        if code.co_filename != pickle._Unpickler.load.__code__.co_filename:
            return None
        place, text = code.co_name, str(error)
        kind = type(error)
        if kind is EOFError:
            return EOFError("Ran out of input") if place == "load" else pickle.UnpicklingError("pickle data was truncated")
        if kind is KeyError:
            if place != "load":
                return None
            key = chr(error.args[0])
            shown = key if " " <= key < "\x7f" else f"\\x{ord(key):02x}"
            return pickle.UnpicklingError(f"invalid load key, '{shown}'.")
        if kind is StructError or text in _CUT_OFF:
            return pickle.UnpicklingError("pickle data was truncated")
        if kind is IndexError and text in _UNDERFLOW:
            if place == "pop_mark" and caller.tb_frame.f_code.co_name != "load_pop":
                return pickle.UnpicklingError("could not find MARK")
            if place in ("load_setitems", "<dictcomp>"):
                name = "SETITEMS" if place == "load_setitems" else "DICT"
                return pickle.UnpicklingError(f"odd number of items for {name}")
            marked = getattr(self, "metastack", None)
            return pickle.UnpicklingError("unexpected MARK found" if marked else "unpickling stack underflow")
        return None


def load(file, **options):
    return Unpickler(file, **options).load()


def loads(data, /, **options):
    if isinstance(data, str):
        raise TypeError("Can't load pickle from unicode string")
    return Unpickler(io.BytesIO(data), **options).load()
