#!/usr/bin/python3.11
"""Runs the stress programs and prints a table.

    stress/run.py --python build/release/bin/ptpython --seconds 10 --threads 8 --seed 7 --jit force

A program passes when it ends with status 0 in time. One that is still running long after its seconds are up hangs: it
is killed and fails, and so does one with a sanitizer report. What known_failures.txt lists may fail. `--seed` is the first seed; with `--rounds N` each program runs N times with seeds seed, seed+1 ...
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
# What each choice of --jit puts into the program's environment.
JIT = {"off": {"PTPYTHON_JIT": "off"}, "on": {"PTPYTHON_JIT": "on"}, "force": {"PTPYTHON_JIT": "force"}}


def programs(folder):
    return sorted(f[:-3] for f in os.listdir(folder) if f.endswith(".py") and f != "common.py")


def known_failures():
    with open(os.path.join(HERE, "known_failures.txt"), encoding="utf-8") as file:
        return {line.split()[0] for line in file if line.strip() and not line.startswith("#")}


REPORTS = "ok, but reports"
SANITIZER = re.compile(r"WARNING: ThreadSanitizer|ERROR: \w+Sanitizer|: runtime error: ")


def run(command, environment, limit):
    """(verdict, seconds, output) of one run."""
    start = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        output = process.communicate(timeout=limit)[0]
        verdict = "ok"
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGABRT if limit > 5 else signal.SIGKILL)
        try:
            output = process.communicate(timeout=5)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output = process.communicate()[0]
        verdict = "HANG"
    if verdict == "ok" and process.returncode < 0:
        try:
            verdict = "CRASH " + signal.Signals(-process.returncode).name
        except ValueError:
            verdict = "CRASH %d" % -process.returncode
    elif verdict == "ok" and process.returncode:
        verdict = "FAIL" if process.returncode == 1 else "FAIL %d" % process.returncode
    output = output.decode("utf-8", "replace")
    # A program may end by other ways than exit(), and then its status does not tell of reports.
    if verdict == "ok" and SANITIZER.search(output):
        verdict = REPORTS
    return verdict, time.monotonic() - start, output


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="*", help="names of programs (default: all)")
    parser.add_argument("--python", default=sys.executable, help="the interpreter under test")
    parser.add_argument("--seconds", type=float, default=1.0, help="running time of each program")
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1, help="runs of each program, with growing seeds")
    parser.add_argument("--jit", choices=sorted(JIT), help="default: as the interpreter decides")
    parser.add_argument("--timeout", type=float, help="seconds after which a program hangs (default: 30 + 5 x seconds)")
    parser.add_argument("--strict", action="store_true", help="a sanitizer's report fails the program that ended well")
    parser.add_argument("--list", action="store_true", help="print the names of the programs")
    options = parser.parse_args()

    folder = os.path.join(HERE, "python")
    names = programs(folder)
    if options.list:
        print("\n".join(names))
        return 0
    unknown = set(options.programs) - set(names)
    if unknown:
        parser.error("no such program: " + ", ".join(sorted(unknown)))
    names = [name for name in names if name in options.programs] if options.programs else names
    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", **JIT.get(options.jit, {}))
    limit = options.timeout or 30 + 5 * options.seconds

    print("%-18s %6s %9s  %s" % ("program", "seed", "seconds", "result"))
    passed = failed = reported = 0
    known = known_failures()
    for name in names:
        for seed in range(options.seed, options.seed + options.rounds):
            command = [options.python, os.path.join(folder, name + ".py"), "--seed", str(seed),
                       "--threads", str(options.threads), "--seconds", str(options.seconds)]
            try:
                verdict, seconds, output = run(command, environment, limit)
            except OSError as error:
                verdict, seconds, output = "FAIL", 0.0, str(error)
            if verdict == "FAIL" and name in known:
                verdict = "fails, as known"
            print("%-18s %6d %9.2f  %s" % (name, seed, seconds, verdict), flush=True)
            if verdict == "fails, as known":
                continue
            if verdict == REPORTS and not options.strict:
                passed += 1
                reported += 1
                for line in sorted({line for line in output.splitlines() if line.startswith("SUMMARY")}):
                    print("    | " + line)
            elif verdict == "ok":
                passed += 1
            else:
                failed += 1
                lines = output.strip().splitlines()
                for line in lines[-25:]:
                    print("    | " + line)
                print("    $ " + " ".join(command), flush=True)
    print("%d passed, %d failed" % (passed, failed) + (", %d of those passed with reports" % reported if reported else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
