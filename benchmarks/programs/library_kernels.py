"""The standard library's own Python code at work: what is written in C for CPython is left out where there is a choice."""
import argparse
import ast
import calendar
import configparser
import copy
import dataclasses
import datetime
import difflib
import email.parser
import enum
import fractions
import html.parser
import http.cookies
import importlib.util
import inspect
import io
import ipaddress
import json
import json.decoder
import json.encoder
import json.scanner
import lib2to3.pgen2.driver
import lib2to3.pygram
import lib2to3.pytree
import logging
import pickle
import pprint
import re
import shlex
import statistics
import string
import sys
import textwrap
import tokenize
import urllib.parse
import xml.dom.minidom

import _pydecimal


def without_accelerator(name, accelerator):
    """The module as it is without its part in C."""
    saved = sys.modules.get(accelerator)
    sys.modules[accelerator] = None
    spec = importlib.util.find_spec(name)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[accelerator]
        if saved:
            sys.modules[accelerator] = saved
    return module


PURE_HEAPQ = without_accelerator("heapq", "_heapq")
# Source to work on that is the same whatever the interpreter's version.
SOURCE = "".join(f'''class Part{k}(Base):
    """Part {k}: does what parts do."""
    limit = {k} * 2 + 1

    def __init__(self, items, *, name=None, size=0x{k:x}):
        super().__init__()
        self.items = [item for item in items if item is not None and item != {k}]
        self.name, self.size = name or f"part {{self.limit}}", size   # as given

    def total(self, start=0, *rest, **names):
        if not self.items and start < self.limit <= 100:
            return start
        for i, item in enumerate(self.items):
            try:
                start += item * i ** 2 // (self.size - 1) if i % 3 else -item
            except (ZeroDivisionError, TypeError) as error:
                raise ValueError("no total: %r" % (error,)) from None
            finally:
                names["last"] = lambda x, y=item: (x, y)[i & 1]
        return start

''' for k in range(24))
WORDS = " ".join(SOURCE.split())
RECORDS = [{"id": i, "name": f"n{i}", "tags": ["a", "b", None, True], "value": i * 0.5} for i in range(200)]


def tokenizing():
    return sum(1 for _ in tokenize.generate_tokens(io.StringIO(SOURCE).readline))


def unparsing():
    return len(ast.unparse(ast.parse(SOURCE)))


def diffing():
    lines = SOURCE.splitlines()[:250]
    return len(list(difflib.unified_diff(lines, [line.replace("self", "me") if i % 7 == 0 else line for i, line in enumerate(lines)])))


def pretty_printing():
    return len(pprint.pformat({f"key{i}": [list(range(i % 20)), {"a": (1, 2, 3)}] for i in range(120)}))


def wrapping():
    return len(textwrap.fill(WORDS, 60))


def pure_json():
    parts = json.encoder._make_iterencode({}, None, json.encoder.py_encode_basestring_ascii, None, float.__repr__, ": ", ", ",
                                          False, False, False)(RECORDS, 0)
    text = "".join(parts)
    decoder = json.decoder.JSONDecoder()
    decoder.parse_string = json.decoder.py_scanstring
    decoder.scan_once = json.scanner.py_make_scanner(decoder)
    return len(text), decoder.decode(text) == RECORDS


def pure_pickle():
    out = io.BytesIO()
    pickle._Pickler(out, 2).dump(RECORDS)
    return len(out.getvalue()), pickle._Unpickler(io.BytesIO(out.getvalue())).load() == RECORDS


def pure_decimal(n=300):
    total = _pydecimal.Decimal(0)
    for i in range(1, n):
        total += _pydecimal.Decimal(i) / _pydecimal.Decimal(i + 1) * _pydecimal.Decimal("1.5")
    return str(total)


def pure_heap(n=1500):
    heap = []
    for i in range(n):
        PURE_HEAPQ.heappush(heap, i * 7919 % 1009)
    return sum(PURE_HEAPQ.heappop(heap) * i for i in range(n))


def sums_of_fractions(n=300):
    total = fractions.Fraction(0)
    for i in range(1, n):
        total += fractions.Fraction(i, i + 1) - fractions.Fraction(1, i)
    return total.numerator % 1000007


def statistics_of_floats(n=2000):
    data = [i * 7919 % 1000 / 8 for i in range(n)]
    return round(statistics.mean(data), 6), round(statistics.stdev(data), 6), statistics.median(data)


def html_parsing(n=300):
    class Counter(html.parser.HTMLParser):
        count = 0

        def handle_starttag(self, tag, attributes):
            self.count += len(attributes) + 1

        def handle_data(self, data):
            self.count += 1
    parser = Counter()
    parser.feed("".join(f'<div class="c{i}" id={i}><a href="/x?y={i}&amp;z=1">link {i}</a><br/></div>\n' for i in range(n)))
    return parser.count


def configuration(n=150):
    parser = configparser.ConfigParser()
    parser.read_string("\n".join(f"[s{i}]\nname = v{i}\nother: %(name)s-x\n# comment" for i in range(n)))
    return sum(len(parser.get(section, "other")) for section in parser.sections())


def regex_compiling(n=40):
    re.purge()
    return sum(re.compile(rf"(?P<a>[a-z]+{i})|\b(\d{{1,3}})\.(?:x|y|[^z])*?(?=end)|\s+$").groups for i in range(n))


def addresses():
    network = ipaddress.ip_network("10.0.0.0/22")
    return sum(int(a) & 255 for a in network.hosts()), ipaddress.ip_address("2001:db8::1").exploded


def shell_words(n=150):
    return sum(len(shlex.split(f"cmd{i} --opt='a b' \"c d\" e\\ f # no")) for i in range(n))


def arguments(n=100):
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="*")
    parser.add_argument("-n", type=int, default=1)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--mode", choices=["a", "b"])
    return sum(parser.parse_args(["x", "y", "-n", str(i), "--verbose", "--mode", "a"]).n for i in range(n))


def logs(n=1500):
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logging.Formatter("%(levelname)s:%(name)s:%(message)s"))
    logger = logging.Logger("x")
    logger.addHandler(handler)
    for i in range(n):
        logger.info("message %d %s", i, "text")
    return len(out.getvalue())


def grammar_driven_parsing():
    driver = lib2to3.pgen2.driver.Driver(lib2to3.pygram.python_grammar_no_print_statement, lib2to3.pytree.convert)
    return len(str(driver.parse_string(SOURCE[:4000][:SOURCE[:4000].rfind("class ")])))


def documents(n=300):
    document = xml.dom.minidom.parseString("<r>" + "".join(f"<i n='{i}'><a>t{i}</a></i>" for i in range(n)) + "</r>")
    return len(document.toprettyxml()), len(document.getElementsByTagName("a"))


def mail(n=20):
    text = "\n".join(f"X-H{i}: value {i}; a=b" for i in range(60)) + "\nSubject: =?utf-8?q?hello?=\n\nbody\n"
    return sum(len(email.parser.Parser().parsestr(text).items()) for _ in range(n))


def urls(n=400):
    total = 0
    for i in range(n):
        parts = urllib.parse.urlsplit(f"http://user@host{i}.example:80/path/{i}?q={i}&r=a%20b#frag")
        total += len(parts.geturl()) + len(urllib.parse.parse_qs(parts.query)) + len(urllib.parse.quote(f"a b/{i}?"))
    return total


def deep_copies(n=200):
    return len(copy.deepcopy([{"a": [i, (1, [2])], "b": {"c": i}} for i in range(n)]))


def dates(n=600):
    moment, total = datetime.datetime(2020, 1, 1), 0
    for i in range(n):
        moment += datetime.timedelta(hours=7, minutes=i)
        total += moment.isocalendar()[1] + len(moment.isoformat()) + moment.weekday()
    return total, str(datetime.datetime.strptime("2021-03-04 05:06:07", "%Y-%m-%d %H:%M:%S"))


def enumerations(n=1500):
    class Colour(enum.Enum):
        RED = 1
        GREEN = 2
        BLUE = 3

    class Flags(enum.Flag):
        READ = 1
        WRITE = 2
        RUN = 4
    total = 0
    for i in range(n):
        total += Colour(i % 3 + 1).value + (Flags.READ | Flags.RUN).value + (Colour.RED is Colour["RED"])
    return total


def calendars(n=100):
    return len(calendar.TextCalendar().formatyear(2024)) + sum(len(calendar.monthcalendar(2020 + i % 10, i % 12 + 1)) for i in range(n))


def cookies(n=150):
    total = 0
    for i in range(n):
        jar = http.cookies.SimpleCookie()
        jar.load(f"a={i}; b=x{i}; c=\"q\"")
        total += len(jar.output())
    return total


def templates(n=400):
    template, formatter, total = string.Template("$a and ${b} cost $$5 $c"), string.Formatter(), 0
    for i in range(n):
        total += len(template.substitute(a=i, b="x", c=i * 2)) + len("{0:>10}|{1!r:^8}|{x.real:05d}".format(i, "s", x=i))
        total += len(formatter.format("{0} {a}", i, a=1))
    return total


def signatures(n=20):
    functions = textwrap.wrap, difflib.unified_diff, json.dumps, argparse.ArgumentParser.add_argument, logging.Logger.info
    return sum(len(inspect.signature(f).parameters) for _ in range(n) for f in functions)


def data_classes(n=500):
    @dataclasses.dataclass(order=True)
    class Point:
        x: int
        y: float = 0.0
        tags: list = dataclasses.field(default_factory=list)
    points = sorted(Point(i * 7919 % 101, i) for i in range(n))
    return len({repr(p) for p in points}), dataclasses.asdict(points[0]), dataclasses.replace(points[1], x=5).x


KERNELS = {name: f for name, f in list(globals().items())
           if callable(f) and getattr(f, "__module__", "") == __name__ and name != "without_accelerator"}
