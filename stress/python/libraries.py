"""Library functions with caches inside give every thread the right answer."""

import copy
import json
import operator
import re
import struct

import common


def body(n):
    document = {"a": [1, 2.5, None, True, "text\u00e9"], "b": {"c": {"d": list(range(20))}}}
    text = json.dumps(document)

    def worker(index):
        random = common.rng(index + n)
        for i in range(60):
            common.equal(json.loads(text), document, "json.loads")
            common.equal(json.dumps(document), text, "json.dumps")
            other = copy.deepcopy(document)
            other["b"]["c"]["d"].append(i)
            common.equal(len(document["b"]["c"]["d"]), 20, "the original of a deep copy")
            word = "w%d" % random.below(30)
            found = re.findall(r"%s(\d*)|(x+)" % word, "a %s17 xx %s" % (word, word))
            common.equal(found, [("17", ""), ("", "xx"), ("", "")], "re.findall")
            common.equal(re.sub("[aeiou]", lambda m: m.group().upper(), "stress"), "strEss", "re.sub")
            packed = struct.pack("<%dI" % (i % 5 + 1), *range(i % 5 + 1))
            common.equal(struct.unpack("<%dI" % (i % 5 + 1), packed), tuple(range(i % 5 + 1)), "struct")
            rows = [(random.below(10), k) for k in range(30)]
            ordered = sorted(rows, key=operator.itemgetter(0))
            common.equal(ordered, sorted(rows), "stable sort")
            common.equal(eval("i * 2 + 1", {"i": i}), i * 2 + 1, "eval")
            space = {}
            exec("def f(x):\n    return [y for y in range(x)]\nresult = f(%d)" % (i % 9), space)
            common.equal(space["result"], list(range(i % 9)), "exec")

    common.run_threads(worker)


common.main(lambda: common.phases(body))
