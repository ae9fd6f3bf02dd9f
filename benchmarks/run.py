#!/usr/bin/env python3
"""The benchmark harness: interleaved runs of kernels on ptpython, python3.11 and pypy3, medians and ratios.

  run.py --python BIN            single-thread kernels
  run.py --python BIN --everyday small programs as people write them
  run.py --python BIN --scaling  the scaling kernels on 1..N threads
  run.py --python BIN --demo     the demo's kernels on 1..N threads
  run.py --python BIN --whole    whole processes: wall time and peak resident memory, start-up included
Scaling is measured beside a control: as many single-threaded processes at once. Results also go to --json FILE and, for scaling, to --svg FILE."""
import argparse
import ast
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
COUNTERS_NOTE = "hardware counters: not available (no PMU, or libpfm4 support not built)"


def run_once(command, module, kernel, threads, rounds, timeout):
    process = subprocess.run([*command, os.path.join(HERE, "driver.py"), module, kernel, str(threads), str(rounds)],
                             capture_output=True, text=True, timeout=timeout)
    if process.returncode != 0:
        raise RuntimeError((process.stdout + process.stderr).strip().splitlines()[-1:])
    lines = [line.split(" ", 2) for line in process.stdout.splitlines()]
    return [float(line[0]) for line in lines], lines[-1][2]


def kernel_names(module):
    sys.path.insert(0, os.path.join(HERE, "programs"))
    return list(__import__(module).KERNELS)


def measure(peers, module, kernel, threads, args):
    """Median seconds and checksum of each peer; processes of the peers take turns."""
    times = {name: [] for name in peers}
    sums = {}
    for _ in range(args.repeat):
        for name, command in peers.items():
            if name in sums and sums[name] is None:
                continue
            try:
                seconds, checksum = run_once(command, module, kernel, threads, args.rounds, args.timeout)
                times[name] += seconds
                sums[name] = checksum
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                sums[name] = None
                print(f"  {name} failed on {kernel}: {error}", file=sys.stderr)
    return {name: statistics.median(t) if t else None for name, t in times.items()}, sums


def geometric_mean(values):
    values = [v for v in values if v]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else float("nan")


def svg_chart(results, path):
    width, row = 640, 22
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{row * (len(results) + 1)}" font-family="sans-serif" font-size="12">']
    for i, (kernel, efficiency) in enumerate(sorted(results.items(), key=lambda item: item[1])):
        y = row * i + 4
        lines.append(f'<text x="4" y="{y + 13}">{kernel}</text><rect x="190" y="{y}" width="{max(1, efficiency * 380):.0f}" height="16" '
                     f'fill="{"#4a4" if efficiency >= 0.92 else "#c84"}"/><text x="{196 + efficiency * 380:.0f}" y="{y + 13}">{efficiency:.2f}</text>')
    lines.append("</svg>")
    with open(path, "w", encoding="utf-8") as out:
        out.write("\n".join(lines))


def single(peers, module, args):
    kernels = args.kernel or kernel_names(module)
    print(f"{'kernel':<18}" + "".join(f"{name + ' ms':>16}" for name in peers) + f"{'x python3.11':>14}{'x pypy3':>10}")
    ratios, pypy_ratios, out = [], [], {}
    for kernel in kernels:
        median, sums = measure(peers, module, kernel, 1, args)
        ours = median["ptpython"]
        ratio = median.get("python3.11") / ours if ours and median.get("python3.11") else None
        pypy = median.get("pypy3") / ours if ours and median.get("pypy3") else None
        agree = len({s for s in sums.values() if s is not None}) <= 1
        print(f"{kernel:<18}" + "".join(f"{m * 1000:>16.2f}" if m else f"{'-':>16}" for m in median.values())
              + (f"{ratio:>14.2f}" if ratio else f"{'-':>14}") + (f"{pypy:>10.2f}" if pypy else f"{'-':>10}")
              + ("" if agree else "  CHECKSUMS DIFFER"), flush=True)
        ratios.append(ratio)
        pypy_ratios.append(pypy)
        out[kernel] = {"seconds": median, "ratio_python311": ratio, "agree": agree}
    print(f"geometric mean: {geometric_mean(ratios):.2f}x python3.11, {geometric_mean(pypy_ratios):.2f}x pypy3; "
          f"lowest {min((r for r in ratios if r), default=float('nan')):.2f}x python3.11")
    return out


def run_whole(command, name):
    """Seconds of a process, its peak resident MB and its output. The peak is read by the process itself: what the kernel tells
    its parent includes the parent's own memory before the exec."""
    program = [*command, os.path.join(HERE, "programs", "whole_programs.py"), name]
    start = time.perf_counter()
    output = subprocess.run([*command, "-c", "pass"] if name == "nothing" else program, stdout=subprocess.PIPE, check=True).stdout
    elapsed = time.perf_counter() - start
    if name == "nothing":
        output = subprocess.run([*command, "-c", "print(open('/proc/self/status').read())"], stdout=subprocess.PIPE, check=True).stdout
    peak = re.search(rb"^VmHWM:\s+(\d+) kB$", output, re.M)
    return elapsed, int(peak[1]) / 1024, b"" if name == "nothing" else output.splitlines()[0]


def whole(peers, args):
    sys.path.insert(0, os.path.join(HERE, "programs"))
    names = args.kernel or ["nothing", *__import__("whole_programs").PROGRAMS]
    print(f"{'program':<18}" + "".join(f"{name + ' ms':>15}{'MB':>8}" for name in peers)
          + "".join(f"{'x ' + name:>14}" for name in peers if name != "ptpython"))
    out = {}
    for name in names:
        runs = {peer: [] for peer in peers}
        for _ in range(20 * args.repeat if name == "nothing" else args.repeat):
            for peer, command in peers.items():
                runs[peer].append(run_whole(command, name))
        seconds = {peer: statistics.median(r[0] for r in results) for peer, results in runs.items()}
        memory = {peer: statistics.median(r[1] for r in results) for peer, results in runs.items()}
        agree = len({r[2] for results in runs.values() for r in results}) == 1
        print(f"{name:<18}" + "".join(f"{seconds[peer] * 1000:>15.1f}{memory[peer]:>8.1f}" for peer in peers)
              + "".join(f"{seconds[peer] / seconds['ptpython']:>14.2f}" for peer in peers if peer != "ptpython")
              + ("" if agree else "  OUTPUT DIFFERS"), flush=True)
        out[name] = {"seconds": seconds, "memory_mb": memory, "agree": agree}
    return out


class Server:
    """A process that runs one round of a kernel whenever it is told to."""

    def __init__(self, command, module, kernel, threads):
        self.process = subprocess.Popen([*command, os.path.join(HERE, "driver.py"), module, kernel, str(threads), "0"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def ready(self):
        self.line()

    def line(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(self.process.stderr.read().strip().splitlines()[-1:])
        return line

    def go(self, calls):
        self.process.stdin.write(f"{calls}\n")
        self.process.stdin.flush()

    def result(self):
        seconds, used, checksum = self.line().split(" ", 2)
        return float(seconds), float(used), checksum.strip()

    def finish(self):
        """The runtime's counters."""
        self.process.stdin.close()
        counters = ast.literal_eval(self.process.stdout.readline() or "{}")
        self.process.wait(timeout=30)
        return counters

    def kill(self):
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                stream.close()
            except OSError:
                pass


ROUND_SECONDS = 0.06


def scale_once(command, module, kernel, counts, args):
    """Rounds that take turns: each number of threads, and the control: as many processes of one thread at a time. A round
    of the control takes as long as its slowest process. Seconds by name, processor seconds by name, checksums, counters of
    a round on all cores."""
    most = counts[-1]
    servers = {n: [Server(command, module, kernel, n)] for n in counts}
    control = [Server(command, module, kernel, 1) for _ in range(most)]
    seconds = {name: [] for name in [*counts, "control"]}
    used = {name: [] for name in [*counts, "control"]}
    sums = set()
    try:
        for group in [*servers.values(), control]:
            for server in group:
                server.ready()
        # Long enough a round that starting the threads does not count.
        servers[1][0].go(1)
        calls = max(1, min(1000, round(ROUND_SECONDS / servers[1][0].result()[0])))
        for turn in range(args.rounds):
            groups = [*servers.items(), ("control", control)]
            for name, group in groups if turn % 2 else reversed(groups):
                for server in group:
                    server.go(calls)
                results = [server.result() for server in group]
                seconds[name].append(max(r[0] for r in results))
                used[name].append(sum(r[1] for r in results))
                sums |= {r[2] for r in results}
        counters = servers[most][0].finish()
        return seconds, used, sums, {k: v / (args.rounds * calls) for k, v in counters.items()}
    finally:
        for group in [*servers.values(), control]:
            for server in group:
                server.kill()


# What would be contention on a path that only reads shared things.
CONTENTION = ("shared_increments", "shared_decrements", "lock_contended", "field_load_slow")


def scaling(peers, module, args):
    kernels = args.kernel or kernel_names(module)
    cores = len(os.sched_getaffinity(0))
    counts = sorted({1, *[2 ** k for k in range(1, 8) if 2 ** k <= cores], cores})
    others = {k: v for k, v in peers.items() if k != "ptpython"}
    print("efficiency: throughput on all cores / (cores x throughput on one). The control runs processes of one thread side by")
    print("side instead of threads: vs control is what threads cost beyond what the machine allows. cpu: the same efficiency in")
    print("processor time, which other load on the machine hardly changes. atomic: shared counts taken and given back, and locks")
    print("found taken, in a call.")
    print(f"{'kernel':<22}" + "".join(f"{str(n) + ' thr ms':>11}" for n in counts) + f"{'control ms':>12}{'efficiency':>12}"
          + f"{'vs control':>12}{'cpu':>7}{'atomic':>10}" + "".join(f"{'x ' + name:>14}" for name in others))
    out, efficiencies, against, processor = {}, {}, {}, {}
    for kernel in kernels:
        print(f"  running {kernel} ...", end="\r", file=sys.stderr, flush=True)
        try:
            seconds, used, sums, counters = scale_once(peers["ptpython"], module, kernel, counts, args)
        except (RuntimeError, OSError, ValueError) as error:
            print(f"{kernel:<22} failed: {error}")
            out[kernel] = {"error": str(error)}
            continue
        median, checksum = measure(others, module, kernel, cores, args) if others else ({}, {})
        sums |= {s for s in checksum.values() if s is not None}
        row = {name: statistics.median(times) for name, times in seconds.items()}
        most = counts[-1]
        efficiencies[kernel] = statistics.median(one / n for one, n in zip(seconds[1], seconds[most]))
        against[kernel] = statistics.median(c / n for c, n in zip(seconds["control"], seconds[most]))
        processor[kernel] = most * statistics.median(used[1]) / statistics.median(used[most])
        agree = len(sums) == 1
        atomic = sum(counters.get(name, 0) for name in CONTENTION)
        print(f"{kernel:<22}" + "".join(f"{row[n] * 1000:>11.1f}" for n in counts) + f"{row['control'] * 1000:>12.1f}"
              + f"{efficiencies[kernel]:>12.2f}{against[kernel]:>12.2f}{processor[kernel]:>7.2f}{atomic:>10.0f}"
              + "".join(f"{t / row[most]:>14.2f}" if t else f"{'-':>14}" for t in median.values())
              + ("" if agree else "  CHECKSUMS DIFFER"), flush=True)
        out[kernel] = {"seconds": row, "efficiency": efficiencies[kernel], "versus_control": against[kernel],
                       "processor_efficiency": processor[kernel],
                       "counters": counters, "peers": median, "agree": agree}
    for title, values in (("efficiency", efficiencies), ("against the control", against),
                          ("in processor time", processor)):
        counted = [v for name, v in values.items() if not name.startswith("contended_")]
        print(f"{title} on {cores} threads: geometric mean {geometric_mean(counted):.2f}, "
              f"lowest {min(counted, default=float('nan')):.2f}, {sum(v >= 0.92 for v in counted)} of {len(counted)} at least 0.92")
    print(COUNTERS_NOTE)
    if args.svg:
        svg_chart(against, args.svg)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True, help="the ptpython binary")
    parser.add_argument("--demo", action="store_true")
    parser.add_argument("--scaling", action="store_true")
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--everyday", action="store_true")
    parser.add_argument("--repeat", type=int, default=3, help="processes of each interpreter")
    parser.add_argument("--rounds", type=int, default=3, help="timed rounds in a process")
    parser.add_argument("--timeout", type=float, default=120)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--json")
    parser.add_argument("--svg")
    parser.add_argument("kernel", nargs="*")
    args = parser.parse_args()
    peers = {"ptpython": [args.python]}
    if not args.no_peers:
        for name, path in (("python3.11", "/usr/bin/python3.11"), ("pypy3", shutil.which("pypy3"))):
            if path and os.path.exists(path):
                peers[name] = [path]
    if args.demo:
        args.repeat = min(args.repeat, 2)
        out = scaling(peers, "demo_kernels", args)
    elif args.scaling:
        out = scaling(peers, "scaling_kernels", args)
    elif args.whole:
        out = whole(peers, args)
    else:
        out = single(peers, "everyday_kernels" if args.everyday else "single_kernels", args)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(out, file, indent=1)


if __name__ == "__main__":
    main()
