#!/usr/bin/env python3
"""Runs modules of CPython's own suite, where the distribution installed it, under an interpreter: each in a process of its
own with a time and a memory limit. A method that kills or hangs its process is counted as crashed or hung, and the rest
of the module goes on in a new process.

    run.py --python BIN test_x ...      the methods that do not pass, with the last line of the traceback (--verbose: all of it)
    run.py --python BIN --check         the fast subset, compared with expected.txt
    run.py --python BIN --write         everything, on python3.11 too; writes expected.txt and docs/conformance.md
"""
import argparse
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import modules
import table

HERE = os.path.dirname(os.path.abspath(__file__))
REFERENCE = "/usr/bin/python3.11"
MEMORY = 64 << 30  # address space, of which the interpreter reserves much
CRASHES = 60


def unescape(text):
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t", "r": "\r"}.get(m[1], m[1]), text)


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Attempt:
    """One process that runs what is left of a module."""

    def __init__(self, python, options, name, folder, outcomes):
        self.prefix = f"test.{name}."
        self.results = os.path.join(folder, "results")
        self.log = os.path.join(folder, "log")
        done = os.path.join(folder, "done")
        with open(done, "w", encoding="utf-8") as out:
            out.write("\n".join(self.prefix + method for method in outcomes))
        open(self.results, "w").close()
        work = tempfile.mkdtemp(dir=folder)
        self.command = [python, *options, os.path.join(HERE, "worker.py"), name, self.results, done]
        self.log_file = open(self.log, "ab")
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith("PYTHON") or key == "PYTHONHASHSEED"}
        environment.update(TMPDIR=work, PYTHONDONTWRITEBYTECODE="1")
        self.process = subprocess.Popen(self.command, cwd=work, env=environment, stdin=subprocess.DEVNULL,
                                        stdout=self.log_file, stderr=subprocess.STDOUT, start_new_session=True,
                                        preexec_fn=limit_memory)

    def wait(self, until, quiet):
        """Waits for the end, the module's deadline, or `quiet` seconds without a line. Returns why it ended."""
        size, since = 0, time.monotonic()
        pause = 0.01
        while self.process.poll() is None:
            time.sleep(pause)
            pause = min(0.1, pause * 1.5)
            now = time.monotonic()
            grown = os.path.getsize(self.results)
            if grown != size:
                size, since = grown, now
            if now > until or now - since > quiet:
                self.kill()
                return "hung"
        self.kill()
        return "ended"

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.log_file.close()

    def strip(self, method):
        return method[len(self.prefix):] if method.startswith(self.prefix) else method

    def read(self, outcomes):
        """Adds the outcomes; returns the method that was running, and whether the process came to its end."""
        running, ended = None, False
        with open(self.results, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                fields = [unescape(field) for field in line.rstrip("\n").split("\t")]
                if fields[0] == "start":
                    running = self.strip(fields[1])
                elif fields[0] == "end":
                    ended = True
                elif len(fields) == 4:
                    method = self.strip(fields[1])
                    if method == running:
                        running = None
                    if outcomes.get(method, ("passed",))[0] in ("passed", "skipped"):
                        outcomes[method] = tuple(fields[0:1] + fields[2:4])
        return running, ended

    def last_words(self):
        with open(self.log, "rb") as log:
            log.seek(max(0, os.path.getsize(self.log) - 1500))
            return log.read().decode("utf-8", "replace")


def run_module(python, options, name, seconds, quiet):
    """Outcomes of a module: {method: (outcome, why, traceback)}, and the seconds taken."""
    outcomes = {}
    begun = time.monotonic()
    folder = tempfile.mkdtemp(prefix="conformance-")
    try:
        for _ in range(CRASHES):
            attempt = Attempt(python, options, name, folder, outcomes)
            how = attempt.wait(begun + seconds, quiet)
            running, ended = attempt.read(outcomes)
            if ended and how == "ended":
                break
            status = attempt.process.returncode
            words = attempt.last_words()
            if how == "hung":
                outcomes[running or "=module"] = ("hung", "time limit", words)
            elif running is None and ended:
                break
            else:
                why = signal.Signals(-status).name if status < 0 else f"exit {status}"
                last = [line for line in words.splitlines() if line.strip()][-1:]
                outcomes[running or "=module"] = ("crashed", f"{why} {' '.join(last)}", words)
            if running is None or time.monotonic() > begun + seconds:
                break
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return outcomes, time.monotonic() - begun


def reference_outcomes(names, args):
    """python3.11's outcomes, kept in a file between runs: they do not change."""
    kept = {}
    if args.reference_cache and os.path.exists(args.reference_cache):
        with open(args.reference_cache, encoding="utf-8") as source:
            kept = json.load(source)
    for name in names:
        if name not in kept:
            outcomes, _ = run_module(REFERENCE, [], name, max(args.seconds, 300), max(args.quiet, 120))
            kept[name] = {method: [value[0], value[1], ""] for method, value in outcomes.items()}
            print(f"python3.11 {name} {'/'.join(map(str, table.counts(kept[name])))}", flush=True)
            if args.reference_cache:
                with open(args.reference_cache, "w", encoding="utf-8") as out:
                    json.dump(kept, out)
    return kept


def check(name, outcomes, row):
    """What is different from the row: a list of complaints."""
    if row is None:
        return [f"{name}: no row in expected.txt"]
    complaints = []
    for method, (outcome, why, _) in outcomes.items():
        if outcome not in ("passed", "skipped") and method not in row.reasons:
            complaints.append(f"{name}: {method} {outcome}: {why}")
        elif outcome == "passed" and method in row.reasons:
            complaints.append(f"{name}: {method} passes and is marked as failing")
    passed = table.counts(outcomes)[0]
    if not complaints and passed < row.counts[0]:
        complaints.append(f"{name}: {passed} methods passed, {row.counts[0]} expected")
    return complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True)
    parser.add_argument("--option", action="append", default=[], help="passed to the interpreter")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--match", help="report only methods that contain this")
    parser.add_argument("--seconds", type=float, default=240, help="limit of a module")
    parser.add_argument("--quiet", type=float, default=60, help="limit of a method")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--reference-cache", help="file that keeps python3.11's outcomes")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    python = os.path.abspath(args.python)
    names = [name if name.startswith("test_") else "test_" + name for name in args.names]
    names = names or (modules.fast_modules() if args.check else modules.all_modules())
    names = list(dict.fromkeys(names))
    rows = table.read()
    reference = reference_outcomes(names, args) if args.write else {}
    complaints = []
    with ThreadPoolExecutor(args.jobs) as pool:
        running = [pool.submit(run_module, python, args.option, name, args.seconds, args.quiet) for name in names]
        for index, (name, future) in enumerate(zip(names, running), 1):
            outcomes, seconds = future.result()
            passed, failed, skipped, crashed = table.counts(outcomes)
            print(f"[{index}/{len(names)}] {name}: passed {passed}, failed {failed}, skipped {skipped}, crashed {crashed} "
                  f"({seconds:.1f} s)", flush=True)
            if args.check:
                complaints += check(name, outcomes, rows.get(name))
            elif args.write:
                rows[name] = table.make_row(outcomes, reference[name], rows.get(name))
                table.write(rows)
            if not args.check and not (args.write and not args.verbose):
                for method, (outcome, why, text) in outcomes.items():
                    if outcome not in ("passed", "skipped") and (not args.match or args.match in method):
                        print(f"  {outcome} {method}: {why[:300]}", flush=True)
                        if args.verbose:
                            print("    " + text.rstrip().replace("\n", "\n    "), flush=True)
    if args.write:
        table.write_document(rows)
    for complaint in complaints:
        print(complaint)
    if args.check:
        print(f"{len(names)} modules, {len(complaints)} differences from expected.txt")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
