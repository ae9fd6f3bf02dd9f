# pyexpat and what stands on it: ElementTree, minidom, sax, plistlib.
import io
import plistlib
import pyexpat
import xml.dom.minidom
import xml.etree.ElementTree as ET
import xml.sax

from checks import raises


def test_element_tree():
    root = ET.fromstring("<a x='1'><b>t&amp;x</b>tail<c/></a>")
    assert ET.tostring(root) == b'<a x="1"><b>t&amp;x</b>tail<c /></a>' and root.find("b").text == "t&x"
    error = raises(ET.ParseError, ET.fromstring, "<a><b></a>")
    assert str(error) == "mismatched tag: line 1, column 8" and error.code == 7 and error.position == (1, 8)
    events = [(e, el.tag) for e, el in ET.iterparse(io.BytesIO(b"<r><i>1</i><i>2</i></r>"), events=("start", "end"))]
    assert events == [("start", "r"), ("start", "i"), ("end", "i"), ("start", "i"), ("end", "i"), ("end", "r")]
    assert ET.fromstring("<a xmlns:q='u'><q:b/></a>")[0].tag == "{u}b"
    assert ET.fromstring('<?xml version="1.0" encoding="iso-8859-15"?><a>\xa4</a>'.encode("latin-1")).text == "\u20ac"


def test_dom_and_sax():
    document = xml.dom.minidom.parseString("<a><b c='d'>\xe9</b><!--x--></a>")
    assert document.toxml() == '<?xml version="1.0" ?><a><b c="d">\xe9</b><!--x--></a>'
    seen = []

    class Handler(xml.sax.ContentHandler):
        def startElement(self, name, attributes):
            seen.append((name, dict(attributes)))

        def characters(self, text):
            seen.append(text)

    xml.sax.parseString(b"<a><b c='d'>hi</b></a>", Handler())
    assert seen == [("a", {}), ("b", {"c": "d"}), "hi"]
    value = {"a": [1, 2.5, "x", b"y", True]}
    assert plistlib.loads(plistlib.dumps(value)) == value


def test_parser():
    parser = pyexpat.ParserCreate(namespace_separator=" ")
    seen = []
    parser.buffer_text = True
    parser.ordered_attributes = True
    parser.StartElementHandler = lambda name, attributes: seen.append((name, attributes, parser.CurrentLineNumber))
    parser.CharacterDataHandler = seen.append
    parser.CommentHandler = lambda text: seen.append("#" + text)
    assert parser.Parse("<a xmlns='u'>one\n", False) == 1
    assert parser.Parse("two<!--c--><b y='2' x='1'/></a>", True) == 1
    assert seen == [("u a", [], 1), "one\n", "two", "#c", ("u b", ["y", "2", "x", "1"], 2)]
    error = raises(pyexpat.ExpatError, parser.Parse, "more", True)
    assert error.code == pyexpat.errors.codes[pyexpat.errors.XML_ERROR_FINISHED]
    parser = pyexpat.ParserCreate()

    def fail(name, attributes):
        raise KeyError("boom")

    parser.StartElementHandler = fail
    assert repr(raises(KeyError, parser.Parse, "<a><b/></a>", True)) == "KeyError('boom')"
    models = []
    parser = pyexpat.ParserCreate()
    parser.ElementDeclHandler = lambda name, model: models.append((name, model))
    parser.Parse("<!DOCTYPE a [<!ELEMENT a (b?, c+)>]><a/>", True)
    assert models == [("a", (6, 0, None, ((4, 1, "b", ()), (4, 3, "c", ()))))]


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
