#!/usr/bin/env python3
"""Runs the language tests under an interpreter and compares with the list of known failures: a test that fails and is not
listed is a failure, and so is a listed one that passes. A crash or a hang fails every test of the file that has not run."""
import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))


def test_names(path):
    with open(path, encoding="utf-8") as source:
        return re.findall(r"^(?:async )?def (test_\w+)", source.read(), re.M)


def run_file(python, options, path, timeout):
    names = test_names(path)
    if not names:
        return {"any": "the file has no test functions"}
    outcome = {}
    try:
        process = subprocess.run([python, *options, os.path.join(HERE, "harness.py"), path], capture_output=True,
                                 text=True, timeout=timeout, cwd=HERE, errors="replace")
        output, status = process.stdout, process.returncode
        error = process.stderr.strip().splitlines()[-1:] if status else []
    except subprocess.TimeoutExpired as expired:
        output = (expired.stdout or b"").decode(errors="replace")
        status, error = "timeout", []
    for line in output.splitlines():
        if line.startswith("ok "):
            outcome[line[3:]] = None
        elif line.startswith("FAIL "):
            name, _, why = line[5:].partition(": ")
            outcome[name] = why
    why = f"did not run (exit {status}: {' '.join(error)})"
    return {name: outcome.get(name, why) for name in dict.fromkeys(names)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True)
    parser.add_argument("--option", action="append", default=[], help="passed to the interpreter")
    parser.add_argument("--known", default=os.path.join(HERE, "known_failures.txt"))
    parser.add_argument("--no-known", action="store_true")
    parser.add_argument("--timeout", type=float, default=120)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write-known", action="store_true", help="replace the list by what fails now")
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()
    files = args.files or sorted(os.path.join(HERE, f) for f in os.listdir(HERE) if re.fullmatch(r"test_\w+\.py", f))
    known = {}
    if not args.no_known and os.path.exists(args.known):
        with open(args.known, encoding="utf-8") as lines:
            for line in lines:
                line = line.strip()
                if line and not line.startswith("#"):
                    name, _, reason = line.partition(" ")
                    known[name] = reason
    passed = failed = expected = 0
    failures = []
    with ThreadPoolExecutor(args.jobs) as pool:
        results = pool.map(lambda f: (f, run_file(args.python, args.option, f, args.timeout)), files)
        for path, outcome in results:
            stem = os.path.splitext(os.path.basename(path))[0]
            for name, why in outcome.items():
                key = f"{stem}::{name}"
                if why is not None:
                    failures.append((key, why))
                if why is None and key in known:
                    failed += 1
                    print(f"UNEXPECTED PASS {key}")
                elif why is None:
                    passed += 1
                elif key in known:
                    expected += 1
                else:
                    failed += 1
                    print(f"FAIL {key}: {why}")
    if args.write_known:
        with open(args.known, "w", encoding="utf-8") as out:
            out.write("# Language tests that fail at present: file::function, then the reason. An unexpected pass is an error.\n")
            for key, why in failures:
                out.write(f"{key} {why[:150]}\n")
    if expected:
        print(f"{expected} known failures (tests/language/known_failures.txt)")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
