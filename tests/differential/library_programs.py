#!/usr/bin/env python3
"""The standard library at work (benchmarks/programs/library_kernels.py, everyday_kernels.py), each program several times in one process with the JIT
off, on and forced: it has to give what it gives in CPython.

  library_programs.py --python BIN [--rounds N] [program ...]"""
import argparse
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = os.path.join(HERE, "..", "..", "benchmarks", "programs")
REFERENCE = "/usr/bin/python3.11"
CODE = """
import sys
sys.path.insert(0, sys.argv[1])
names = sys.argv[3:]
for module in "library_kernels", "everyday_kernels":
    for name, program in __import__(module).KERNELS.items():
        if not names or name in names:
            results = {str(program()) for _ in range(int(sys.argv[2]))}
            print(name, *sorted(results), flush=True)
"""


def run(python, rounds, names, mode=None):
    environment = dict(os.environ, PYTHONHASHSEED="0")
    if mode:
        environment["PTPYTHON_JIT"] = mode
    process = subprocess.run([python, "-W", "ignore", "-c", CODE, PROGRAMS, str(rounds), *names], capture_output=True, text=True,
                             env=environment, timeout=900)
    lines = process.stdout.splitlines()
    if process.returncode:
        lines.append(f"status {process.returncode}: {process.stderr.strip().splitlines()[-1:]}")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("program", nargs="*")
    args = parser.parse_args()
    expected = run(REFERENCE, 1, args.program)
    failures = 0
    for mode in "off", "on", "force":
        found = run(args.python, args.rounds if mode == "on" else 2, args.program, mode)
        for line in sorted(set(expected) ^ set(found)):
            failures += 1
            print(f"JIT {mode}: {'found' if line in found else 'expected'} {line[:200]}")
    print(f"{len(expected)} programs, {failures} differences")
    return 1 if failures or not expected else 0


if __name__ == "__main__":
    sys.exit(main())
