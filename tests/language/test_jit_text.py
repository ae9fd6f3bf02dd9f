"""Hot loops over the characters of strings and the bytes of bytes and bytearrays."""

N = 4000


def test_characters():
    text = "the quick brown fox, " * (N // 20)
    for _ in range(3):
        vowels, out = 0, []
        for c in text:
            if c in "aeiou":
                vowels += 1
            else:
                out.append(c)
        assert vowels == sum(text.count(v) for v in "aeiou")
        assert "".join(out) == text.translate({ord(v): None for v in "aeiou"})
    places = 0
    for i, c in enumerate(text):
        if c == "q":
            places += i
    assert places == sum(4 + 21 * k for k in range(N // 20))
    same = 0
    for a, b in zip(text, text[1:]):
        if a < b:
            same += 1
    assert same == sum(map(str.__lt__, text, text[1:]))


def test_wide_characters():
    for mixed in ("a\u20acb" * N, "\U0001f600x" * N, "caf\xe9" * N):
        seen = {}
        for c in mixed:
            seen[c] = seen.get(c, 0) + 1
        assert seen == {c: mixed.count(c) for c in set(mixed)}
    words, total = ["abc", "a\u20acc", "", "\xe9"] * (N // 4), 0
    for word in words:
        for c in word:
            total += ord(c)
    assert total == sum(sum(map(ord, w)) for w in words)


def test_iterators_kept():
    it, taken = iter("x" * N), []
    for c in it:
        taken.append(c)
        if len(taken) % 100 == 0:
            taken.append(next(it, None))
    assert len(taken) - taken.count(None) == N and list(it) == []
    other = iter(b"\x01\x02" * N)
    total = 0
    for b in other:
        total += b
        if total > N:
            break
    assert total + sum(other) == 3 * N


def test_bytes():
    data = bytes(range(256)) * (N // 256)
    total = x = 0
    for i in range(len(data)):
        total += data[i] - data[-1 - i]
        x ^= data[i % 7]
    assert total == 0
    for b in data:
        total += b
    assert total == sum(data)
    raised = 0
    for i in range(N):
        try:
            total += data[i if i % 2 else -len(data) - 1]
        except IndexError:
            raised += 1
    assert raised == N // 2 + sum(i >= len(data) for i in range(1, N, 2))


def test_bytearrays():
    data = bytearray(64)
    for i in range(N):
        data[i & 63] = (data[i & 63] + i) & 255
        data[-1 - (i & 7)] ^= 3
    expected = [0] * 64
    for i in range(N):
        expected[i & 63] = (expected[i & 63] + i) & 255
        expected[-1 - (i & 7)] ^= 3
    assert list(data) == expected
    raised = []
    for i in range(N):
        try:
            data[i % 65] = i % 257
        except (IndexError, ValueError) as e:
            raised.append(str(e))
    assert set(raised) == {"bytearray index out of range", "byte must be in range(0, 256)"}
    for i in range(N):
        try:
            data[0] = "a" if i % 2 else True
        except TypeError:
            raised.append(i)
    assert raised[-1] == N - 1 and data[0] == 1
    grown = bytearray()
    for i in range(N):
        grown.append(i & 255)
        grown[i // 2] = grown[-1]
        if i % 3 == 0:
            del grown[:1]
            grown += b"."
    assert len(grown) == N
    total = 0
    for b in grown:
        total += b
    assert total == sum(grown)


class Bytes(bytes):
    def __getitem__(self, i):
        return -1


def test_subclasses():
    data, total = [Bytes(b"ab"), b"ab", bytearray(b"ab")], 0
    for i in range(N):
        total += data[i % 3][i & 1]
    assert total == sum(-1 if i % 3 == 0 else 97 + (i & 1) for i in range(N))
    for piece in data:
        n = 0
        for i in range(N // 10):
            for b in piece:
                n += b
        assert n == N // 10 * 195
