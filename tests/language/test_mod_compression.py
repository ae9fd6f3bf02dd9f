# zlib, bz2, lzma and what stands on them: gzip, zipfile, tarfile, shutil.
import bz2
import gzip
import io
import lzma
import os
import random
import shutil
import tarfile
import tempfile
import threading
import zipfile
import zlib

from checks import raises

random.seed(7)
DATA = bytes(random.randrange(256) for _ in range(1000)) * 30 + b"abc" * 30000


def test_round_trips():
    for module in (zlib, bz2, lzma, gzip):
        assert module.decompress(module.compress(DATA)) == DATA
        assert module.decompress(module.compress(b"")) == b""
    assert zlib.compress(b"hello") == b"x\x9c\xcbH\xcd\xc9\xc9\x07\x00\x06,\x02\x15"
    assert zlib.decompress(zlib.compress(DATA, 9, -15), -15) == DATA
    assert zlib.crc32(b"hello") == 907060870 and zlib.adler32(b"hello") == 103547413
    assert zlib.crc32(b"lo", zlib.crc32(b"hel")) == 907060870
    for format in (lzma.FORMAT_XZ, lzma.FORMAT_ALONE):
        assert lzma.decompress(lzma.compress(DATA, format)) == DATA
    filters = [{"id": lzma.FILTER_DELTA, "dist": 4}, {"id": lzma.FILTER_LZMA2, "preset": 7}]
    assert lzma.decompress(lzma.compress(DATA, lzma.FORMAT_RAW, filters=filters), lzma.FORMAT_RAW, filters=filters) == DATA


def test_zlib_objects():
    c = zlib.compressobj(9)
    packed = c.compress(DATA[:5000])
    other = c.copy()
    packed += c.compress(DATA[5000:]) + c.flush()
    assert zlib.decompress(packed) == DATA
    assert zlib.decompress(packed[:0] + zlib.compress(DATA[:5000])) == DATA[:5000]
    assert other.flush()
    d = zlib.decompressobj()
    out, rest = b"", packed + b"tail"
    while not d.eof:
        out += d.decompress(rest, 1000)
        rest = d.unconsumed_tail
    assert out == DATA and d.unused_data == b"tail"
    dictionary = b"abcabcabc"
    c = zlib.compressobj(zdict=dictionary)
    packed = c.compress(b"abcabc") + c.flush()
    assert zlib.decompressobj(zdict=dictionary).decompress(packed) == b"abcabc"
    c = zlib.compressobj()
    first = c.compress(b"part") + c.flush(zlib.Z_SYNC_FLUSH)
    assert zlib.decompressobj().decompress(first) == b"part"


def test_streams_with_limits():
    for module, make in ((bz2, bz2.BZ2Decompressor), (lzma, lzma.LZMADecompressor)):
        packed, out, at = module.compress(DATA) + b"T", b"", 0
        d = make()
        while not d.eof:
            if d.needs_input:
                out += d.decompress(packed[at:at + 500], 100)
                at += 500
            else:
                out += d.decompress(b"", 100000)
        assert out == DATA and (d.unused_data + packed[at:]) == b"T"
        raises(EOFError, d.decompress, b"")
        assert make().decompress(packed[:-1], 10) == DATA[:10]


def test_errors():
    assert str(raises(zlib.error, zlib.decompress, b"xx")) == "Error -3 while decompressing data: incorrect header check"
    assert str(raises(zlib.error, zlib.decompress, zlib.compress(DATA)[:-5])) == "Error -5 while decompressing data: incomplete or truncated stream"
    assert str(raises(lzma.LZMAError, lzma.decompress, b"x" * 20)) == "Input format not supported by decoder"
    assert str(raises(OSError, bz2.decompress, b"x" * 20)) == "Invalid data stream"
    d = bz2.BZ2Decompressor()
    raises(OSError, d.decompress, b"BZh91AY&SY" + b"\xff" * 100)
    error = raises((OSError, ValueError), d.decompress, b"more")   # OSError: before that was mended in CPython
    assert isinstance(error, OSError) or str(error) == "Decompressor is unusable after a previous error" and not d.needs_input
    d = lzma.LZMADecompressor()
    raises(lzma.LZMAError, d.decompress, b"x" * 300, 10)
    assert d.needs_input and not d.eof
    assert str(raises(lzma.LZMAError, d.decompress, b"")) == "Internal error"
    raises(ValueError, bz2.BZ2Compressor, 10)
    raises(ValueError, zlib.compressobj, 1, 99)
    c = bz2.BZ2Compressor()
    c.flush()
    assert str(raises(ValueError, c.compress, b"")) == "Compressor has been flushed"


def test_archives():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("a.txt", "x" * 1000)
        z.writestr("b/c", "yy", compress_type=zipfile.ZIP_LZMA)
        z.writestr("d", "zz", compress_type=zipfile.ZIP_BZIP2)
    with zipfile.ZipFile(buffer) as z:
        assert z.namelist() == ["a.txt", "b/c", "d"] and z.testzip() is None
        assert z.read("a.txt") == b"x" * 1000 and z.read("b/c") == b"yy"
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "tree"))
        with open(os.path.join(folder, "tree", "f"), "w") as f:
            f.write("text")
        for kind, suffix in (("gztar", ".tar.gz"), ("bztar", ".tar.bz2"), ("xztar", ".tar.xz"), ("zip", ".zip")):
            made = shutil.make_archive(os.path.join(folder, "archive"), kind, folder, "tree")
            assert made.endswith(suffix)
            target = os.path.join(folder, kind)
            shutil.unpack_archive(made, target)
            with open(os.path.join(target, "tree", "f")) as f:
                assert f.read() == "text"
        with gzip.open(os.path.join(folder, "g.gz"), "wt") as f:
            f.write("line\n" * 1000)
        with gzip.open(os.path.join(folder, "g.gz"), "rt") as f:
            assert sum(1 for _ in f) == 1000


def test_threads():
    results = []

    def work(n):
        data = DATA[n * 100:]
        results.append(zlib.decompress(zlib.compress(data)) == data and bz2.decompress(bz2.compress(data)) == data)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert results == [True] * 4


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
