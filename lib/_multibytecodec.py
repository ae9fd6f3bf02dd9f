"""The base of the CJK codecs: encodings.* derive their classes from these. ICU's converters do the work."""
import codecs

import _icu_converters

_ILLEGAL, _INCOMPLETE = "illegal multibyte sequence", "incomplete multibyte sequence"


def _handle(errors, error):
    """What the error handler gives for a UnicodeError: replacement and position."""
    if errors is None or errors == "strict":
        raise error
    replacement, position = codecs.lookup_error(errors)(error)
    if position < 0:
        position += len(error.object)
    if not 0 <= position <= len(error.object):
        raise IndexError("position %d from error handler out of bounds" % position)
    return replacement, position


class MultibyteCodec:
    """Encoder and decoder of one character set; stateless."""

    def __init__(self, name, converter):
        self._name, self._converter = name, converter
        self._private_use = name in ("gb18030", "cp932")

    def encode(self, input, errors=None):
        if not isinstance(input, str):
            raise TypeError("couldn't convert the object to str.")
        pieces, at = [], 0
        while True:
            data, consumed = _icu_converters.encode(self._converter, input[at:] if at else input, self._private_use)
            pieces.append(data)
            at += consumed
            if at >= len(input):
                break
            replacement, at = _handle(errors, UnicodeEncodeError(self._name, input, at, at + 1, _ILLEGAL))
            if isinstance(replacement, str):
                replacement = self.encode(replacement)[0] if replacement != input else b"?"
            pieces.append(replacement)
        return b"".join(pieces), len(input)

    def decode(self, input, errors=None):
        text, consumed = self._decode(bytes(input), errors, True)
        return text, consumed

    def _decode(self, data, errors, final):
        """Text and the number of bytes used; with `final` all of them."""
        pieces, at = [], 0
        while True:
            text, consumed, bad = _icu_converters.decode(self._converter, data[at:] if at else data, final, self._private_use)
            pieces.append(text)
            at += consumed
            if bad:
                reason = _INCOMPLETE if final and at + bad >= len(data) and self._is_start(data[at:]) else _ILLEGAL
                # Where the second byte cannot follow, only the first is wrong.
                width = bad if reason is _INCOMPLETE else 1
                replacement, at = _handle(errors, UnicodeDecodeError(self._name, data, at, at + width, reason))
                pieces.append(replacement)
            elif at >= len(data) or not final:
                break
        return "".join(pieces), at

    def _is_start(self, tail):
        return _icu_converters.decode(self._converter, tail, False, self._private_use)[1:] == (0, 0)


class _Incremental:
    codec = None

    def __init__(self, errors="strict"):
        self.errors = errors
        self._pending = self._empty


class MultibyteIncrementalEncoder(_Incremental):
    _empty = ""

    def encode(self, input, final=False):
        return self.codec.encode(input, self.errors)[0]

    def reset(self):
        return None

    def getstate(self):
        return 0

    def setstate(self, state):
        pass


class MultibyteIncrementalDecoder(_Incremental):
    _empty = b""

    def decode(self, input, final=False):
        data = self._pending + bytes(input)
        text, used = self.codec._decode(data, self.errors, final)
        self._pending = data[used:]
        return text

    def reset(self):
        self._pending = b""

    def getstate(self):
        return self._pending, 0

    def setstate(self, state):
        self._pending = state[0]


class MultibyteStreamReader:
    codec = None

    def __init__(self, stream, errors="strict"):
        self.stream, self.errors = stream, errors
        self._pending = b""

    def _read(self, method, size):
        data = self._pending + (method() if size is None or size < 0 else method(size))
        text, used = self.codec._decode(data, self.errors, size is None or size < 0 or len(data) == len(self._pending))
        self._pending = data[used:]
        return text

    def read(self, size=None):
        return self._read(self.stream.read, size)

    def readline(self, size=None):
        return self._read(self.stream.readline, size)

    def readlines(self, sizehint=None):
        return self._read(self.stream.read, sizehint).splitlines(True)

    def reset(self):
        self._pending = b""


class MultibyteStreamWriter:
    codec = None

    def __init__(self, stream, errors="strict"):
        self.stream, self.errors = stream, errors

    def write(self, text):
        self.stream.write(self.codec.encode(text, self.errors)[0])

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def reset(self):
        pass


def _finder(**converters):
    """getcodec of a module: the character sets by Python's name and ICU's."""
    def getcodec(name):
        if not isinstance(name, str):
            raise TypeError("encoding name must be a string.")
        if name not in converters:
            raise LookupError("no such codec is supported.")
        return MultibyteCodec(name, converters[name])
    return getcodec
