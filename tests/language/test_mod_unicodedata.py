# unicodedata and the codecs on it (idna, stringprep).
import unicodedata

from checks import raises


def test_properties():
    u = unicodedata
    assert u.unidata_version == "14.0.0" and u.ucd_3_2_0.unidata_version == "3.2.0"
    assert [u.category(c) for c in "aA1 \n\u0378\ue000\ud800"] == ["Ll", "Lu", "Nd", "Zs", "Cc", "Cn", "Co", "Cs"]
    assert (u.bidirectional("\u0661"), u.bidirectional("\u0378"), u.combining("\u0301"), u.mirrored("(")) == ("AN", "", 230, 1)
    assert [u.east_asian_width(c) for c in "a\u4e00\uff21\u0378"] == ["Na", "W", "F", "F"]
    assert (u.decimal("\u0663"), u.digit("\u00b2"), u.numeric("\u00bd"), u.numeric("\u4e94")) == (3, 2, 0.5, 5.0)
    assert u.decimal("x", None) is None
    raises(ValueError, u.decimal, "\u00b2", message="not a decimal")
    raises(ValueError, u.numeric, "x", message="not a numeric character")
    assert (u.decomposition("\xa8"), u.decomposition("\u00e9"), u.decomposition("\uac00")) == ("<compat> 0020 0308", "0065 0301", "")
    assert u.ucd_3_2_0.category("\u0221") == "Cn" and u.category("\u0221") == "Ll"
    raises(TypeError, u.category, "ab", message="category() argument must be a unicode character, not str")


def test_names():
    u = unicodedata
    assert u.name("\xe9") == "LATIN SMALL LETTER E WITH ACUTE" and u.name("\uac00") == "HANGUL SYLLABLE GA"
    assert u.lookup("latin small letter e with acute") == "\xe9" and u.lookup("LATIN SMALL LETTER GHA") == "\u01a3"
    assert u.lookup("CJK UNIFIED IDEOGRAPH-4E00") == "\u4e00"
    raises(ValueError, u.name, "\0", message="no such name")
    assert u.name("\0", "?") == "?"
    raises(KeyError, u.lookup, "xx", message=repr("undefined character name 'xx'"))


def test_normal_forms():
    n = unicodedata.normalize
    assert (n("NFC", "e\u0301"), n("NFD", "\xe9"), n("NFKC", "\ufb01\u00b2"), n("NFKD", "\xbd")) == ("\xe9", "e\u0301", "fi2", "1\u20442")
    assert n("NFD", "\uac01") == "\u1100\u1161\u11a8" and n("NFC", "\ud800e\u0301") == "\ud800\xe9"
    assert unicodedata.is_normalized("NFC", "\xe9") and not unicodedata.is_normalized("NFD", "\xe9")
    raises(ValueError, n, "x", "a", message="invalid normalization form")


def test_idna():
    assert "b\xfccher.example".encode("idna") == b"xn--bcher-kva.example"
    assert b"xn--bcher-kva".decode("idna") == "b\xfccher"
    assert "\u2168".encode("idna") == b"ix"


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
