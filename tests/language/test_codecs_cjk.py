# The multi-byte codecs of East Asia: round trips, streams, error handlers.
import codecs
import io

from checks import raises

TEXTS = {"shift_jis": "\u65e5\u672c\u8a9e\u30c6\u30ad\u30b9\u30c8\u3001abc\n", "cp932": "\u65e5\u672c\u8a9e\u2460\n", "euc_jp": "\u65e5\u672c\u8a9e\u3001abc\n",
         "gbk": "\u4e2d\u6587\uff0cabc\n", "gb2312": "\u4e2d\u6587\uff0cabc\n", "gb18030": "\u4e2d\u6587\ud55c\uad6d\U0001f600\n", "big5": "\u4e2d\u6587\uff0cabc\n",
         "cp950": "\u4e2d\u6587\n", "big5hkscs": "\u4e2d\u6587\uff0cabc\n", "euc_kr": "\ud55c\uad6d\uc5b4 abc\n", "cp949": "\ud55c\uad6d\uc5b4 \ubdc1\n"}


def test_round_trips_and_streams():
    assert "\u65e5\u672c".encode("shift_jis") == b"\x93\xfa\x96\x7b" and b"\xd6\xd0".decode("gbk") == "\u4e2d"
    assert "\ud55c".encode("euc_kr") == b"\xc7\xd1" and "\U0001f600".encode("gb18030") == b"\x94\x39\xfc\x36"
    for name, text in TEXTS.items():
        data = text.encode(name)
        assert data.decode(name) == text, name
        decoder = codecs.getincrementaldecoder(name)()
        assert "".join(decoder.decode(bytes([b])) for b in data) + decoder.decode(b"", True) == text, name
        assert io.TextIOWrapper(io.BytesIO(data * 3), encoding=name).read() == text * 3
        out = io.BytesIO()
        with io.TextIOWrapper(out, encoding=name) as f:
            f.write(text)
            f.flush()
            assert out.getvalue() == data
        assert codecs.getreader(name)(io.BytesIO(data)).read() == text


def test_errors():
    for name in ("shift_jis", "gbk"):
        message = "'%s' codec can't encode character '\\U0001f600' in position 1: illegal multibyte sequence" % name
        raises(UnicodeEncodeError, "a\U0001f600".encode, name, message=message)
        assert "a\U0001f600b".encode(name, "replace") == b"a?b" and "a\U0001f600b".encode(name, "xmlcharrefreplace") == b"a&#128512;b"
        message = "'%s' codec can't decode byte 0xff in position 1: illegal multibyte sequence" % name
        raises(UnicodeDecodeError, b"a\xff\xffb".decode, name, message=message)
        message = "'%s' codec can't decode byte 0x81 in position 1: incomplete multibyte sequence" % name
        raises(UnicodeDecodeError, b"a\x81".decode, name, message=message)
        assert b"a\xff\xffb".decode(name, "replace") == "a\ufffd\ufffdb" and b"a\x81 b".decode(name, "ignore") == "a b"


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
