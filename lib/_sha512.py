"""SHA-384 and SHA-512 (FIPS 180-4) in Python, for `random` and `hashlib` until a native module takes their place."""


def _primes(count):
    found = []
    n = 2
    while len(found) < count:
        if all(n % p for p in found):
            found.append(n)
        n += 1
    return found


def _root(n, degree):
    low, high = 0, n + 1
    while high - low > 1:
        middle = (low + high) // 2
        if middle ** degree <= n:
            low = middle
        else:
            high = middle
    return low


_MASK = (1 << 64) - 1
_K = tuple(_root(p << 192, 3) & _MASK for p in _primes(80))
_START = {64: tuple(_root(p << 128, 2) & _MASK for p in _primes(8)),
          48: tuple(_root(p << 128, 2) & _MASK for p in _primes(16)[8:])}


def _rotate(x, n):
    return ((x >> n) | (x << (64 - n))) & _MASK


def _compress(state, block):
    w = [int.from_bytes(block[i:i + 8], "big") for i in range(0, 128, 8)]
    for i in range(16, 80):
        a, b = w[i - 15], w[i - 2]
        s0 = _rotate(a, 1) ^ _rotate(a, 8) ^ (a >> 7)
        s1 = _rotate(b, 19) ^ _rotate(b, 61) ^ (b >> 6)
        w.append((w[i - 16] + s0 + w[i - 7] + s1) & _MASK)
    a, b, c, d, e, f, g, h = state
    for i in range(80):
        s1 = _rotate(e, 14) ^ _rotate(e, 18) ^ _rotate(e, 41)
        t1 = (h + s1 + ((e & f) ^ (~e & _MASK & g)) + _K[i] + w[i]) & _MASK
        s0 = _rotate(a, 28) ^ _rotate(a, 34) ^ _rotate(a, 39)
        t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) & _MASK
        a, b, c, d, e, f, g, h = (t1 + t2) & _MASK, a, b, c, (d + t1) & _MASK, e, f, g
    return tuple((x + y) & _MASK for x, y in zip(state, (a, b, c, d, e, f, g, h)))


class _Hash:
    block_size = 128

    def __init__(self, name, size):
        self.name, self.digest_size = name, size
        self._state, self._tail, self._length = _START[size], b"", 0

    def update(self, data, /):
        data = self._tail + bytes(memoryview(data).cast("B"))
        self._length += len(data) - len(self._tail)
        whole = len(data) // 128 * 128
        for i in range(0, whole, 128):
            self._state = _compress(self._state, data[i:i + 128])
        self._tail = data[whole:]

    def digest(self):
        padding = b"\x80" + b"\0" * ((111 - self._length) % 128) + (self._length * 8).to_bytes(16, "big")
        state, data = self._state, self._tail + padding
        for i in range(0, len(data), 128):
            state = _compress(state, data[i:i + 128])
        return b"".join(x.to_bytes(8, "big") for x in state)[:self.digest_size]

    def hexdigest(self):
        return self.digest().hex()

    def copy(self):
        other = _Hash(self.name, self.digest_size)
        other._state, other._tail, other._length = self._state, self._tail, self._length
        return other


def sha512(string=b"", *, usedforsecurity=True):
    h = _Hash("sha512", 64)
    h.update(string)
    return h


def sha384(string=b"", *, usedforsecurity=True):
    h = _Hash("sha384", 48)
    h.update(string)
    return h
