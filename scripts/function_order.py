#!/usr/bin/env python3
"""Writes vm/function_order.txt, the order in which the linker lays out functions (lld, --symbol-ordering-file): first what every
start of the interpreter runs, then what ordinary programs run, so that a process touches few pages of the program. The list
may be old: the linker leaves out what does not exist any more and puts what is not named behind.

    scripts/function_order.py build/release/bin/ptpython      (needs valgrind and llvm-objcopy-19)
"""
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIST = os.path.join(ROOT, "vm", "function_order.txt")

LIBRARY = """
import argparse, collections, dataclasses, datetime, enum, functools, json, pathlib, queue, random, re, string, textwrap, threading
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(2) as pool:
    list(pool.map(str, range(20)))
json.loads(json.dumps({"a": [1, 2.5, None, "x"]}))
print("%s %5.2f" % ("a", 1.5), f"{10:>5}", sorted("hello"), end="")
"""
LOOP = """
class Point:
    def __init__(self, x): self.x = x
    def add(self, other): return Point(self.x + other.x)
def work(n):
    total, table, text = Point(0), {}, []
    for i in range(n):
        total = total.add(Point(i))
        table[i % 7] = table.get(i % 7, 0) + 1
        text.append(str(i))
    return "".join(text), sum(x * 2.5 for x in table.values()), total.x
work(20_000)
"""
PROGRAMS = ["pass", "import threading; t = threading.Thread(target=int); t.start(); t.join()", LIBRARY, LOOP]


def functions_run(binary, program, folder):
    """Mangled names of the functions that ran, in the order of callgrind's table."""
    out = os.path.join(folder, "callgrind.out")
    subprocess.run(["valgrind", "--tool=callgrind", "--demangle=no", "--smc-check=all", f"--callgrind-out-file={out}", binary, "-c", program],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(out, encoding="utf-8") as lines:
        names = [match[1].split("'")[0] for match in map(re.compile(r"c?fn=\(\d+\) (\S+)$").match, lines) if match]
    os.unlink(out)
    return names


def main():
    binary = os.path.abspath(sys.argv[1])
    stripped = binary + ".stripped"  # beside the program, where it finds its library; valgrind cannot read DWARF 5 of lld
    subprocess.run(["llvm-objcopy-19", "--strip-debug", binary, stripped], check=True)
    symbols = subprocess.run(["nm", stripped], check=True, capture_output=True, text=True).stdout
    ours = {fields[2] for fields in map(str.split, symbols.splitlines()) if len(fields) == 3 and fields[1] in "tTwW"}
    try:
        with tempfile.TemporaryDirectory() as folder:
            order = dict.fromkeys(name for program in PROGRAMS for name in functions_run(stripped, program, folder) if name in ours)
    finally:
        os.unlink(stripped)
    with open(LIST, "w", encoding="utf-8") as out:
        out.write("\n".join(order) + "\n")
    print(f"{len(order)} functions")


if __name__ == "__main__":
    main()
