#!/usr/bin/env python3
"""The benchmark harness: interleaved runs of kernels on ptpython, python3.11 and pypy3, medians and ratios.

  run.py --python BIN            single-thread kernels
  run.py --python BIN --everyday small programs as people write them
  run.py --python BIN --library  the standard library's own Python code
  run.py --python BIN --scaling  the scaling kernels on 1..N threads
  run.py --python BIN --demo     the demo's kernels on 1..N threads
  run.py --python BIN --whole    whole processes: wall time and peak resident memory, start-up included
Scaling is measured beside a control: as many single-threaded processes at once, and from one thread of a process with several
on, too. --counters adds what the processor's counters
say of each kernel (of the measured rounds alone, in user mode). Results also go to --json FILE and, for scaling, to --svg FILE."""
import argparse
import ast
import contextlib
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

import event_counters
import scaling_chart

HERE = os.path.dirname(os.path.abspath(__file__))


def run_once(command, module, kernel, threads, args):
    """Seconds of each round, its events (none without counters) and the checksum."""
    command = [*command, os.path.join(HERE, "driver.py"), module, kernel, str(threads), str(args.rounds)]
    with contextlib.ExitStack() as stack:
        recording = stack.enter_context(args.counters.record(command)) if args.counters else None
        process = subprocess.run(recording.command if recording else command, capture_output=True, text=True, timeout=args.timeout)
        if process.returncode != 0:
            raise RuntimeError((process.stdout + process.stderr).strip().splitlines()[-1:])
        lines = [line.split(" ", 2) for line in process.stdout.splitlines()]
        return [float(line[0]) for line in lines], recording.intervals() if recording else [], lines[-1][2]


def kernel_names(module):
    sys.path.insert(0, os.path.join(HERE, "programs"))
    return list(__import__(module).KERNELS)


def measure(peers, module, kernel, threads, args):
    """Median seconds, checksum and events of each peer; processes of the peers take turns."""
    times = {name: [] for name in peers}
    intervals = {name: [] for name in peers}
    sums = {}
    for _ in range(args.repeat):
        for name, command in peers.items():
            if name in sums and sums[name] is None:
                continue
            try:
                seconds, counted, checksum = run_once(command, module, kernel, threads, args)
                times[name] += seconds
                intervals[name] += counted
                sums[name] = checksum
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                sums[name] = None
                print(f"  {name} failed on {kernel}: {error}", file=sys.stderr)
    return ({name: statistics.median(t) if t else None for name, t in times.items()}, sums,
            {name: event_counters.medians(counted) for name, counted in intervals.items()})


def geometric_mean(values):
    values = [v for v in values if v]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else float("nan")


def single(peers, module, args):
    kernels = args.kernel or kernel_names(module)
    print(f"{'kernel':<18}" + "".join(f"{name + ' ms':>16}" for name in peers) + f"{'x python3.11':>14}{'x pypy3':>10}"
          + "".join(args.counters.heading(name) for name in peers if args.counters))
    ratios, pypy_ratios, out = [], [], {}
    for kernel in kernels:
        median, sums, events = measure(peers, module, kernel, 1, args)
        ours = median["ptpython"]
        ratio = median.get("python3.11") / ours if ours and median.get("python3.11") else None
        pypy = median.get("pypy3") / ours if ours and median.get("pypy3") else None
        agree = len({s for s in sums.values() if s is not None}) <= 1
        print(f"{kernel:<18}" + "".join(f"{m * 1000:>16.2f}" if m else f"{'-':>16}" for m in median.values())
              + (f"{ratio:>14.2f}" if ratio else f"{'-':>14}") + (f"{pypy:>10.2f}" if pypy else f"{'-':>10}")
              + "".join(args.counters.row(name, events[name]) for name in peers if args.counters)
              + ("" if agree else "  CHECKSUMS DIFFER"), flush=True)
        ratios.append(ratio)
        pypy_ratios.append(pypy)
        out[kernel] = {"seconds": median, "ratio_python311": ratio, "agree": agree}
        if args.counters:
            out[kernel]["counters"] = events
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

    def __init__(self, command, module, kernel, threads, counters=None):
        command = [*command, os.path.join(HERE, "driver.py"), module, kernel, str(threads), "0"]
        self.stack = contextlib.ExitStack()
        self.recording = self.stack.enter_context(counters.record(command)) if counters else None
        self.process = subprocess.Popen(self.recording.command if counters else command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

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
        """The runtime's counters of itself, and the intervals of the processor's."""
        self.process.stdin.close()
        counters = ast.literal_eval(self.process.stdout.readline() or "{}")
        self.process.wait(timeout=30)
        return counters, self.recording.intervals() if self.recording else []

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.stack.close()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                stream.close()
            except OSError:
                pass


ROUND_SECONDS = 0.1


def scale_once(command, module, kernel, counts, args):
    """Rounds that take turns: each number of threads, one worker of a process that has begun to use threads, and the control: as
    many processes of one thread at a time. A round of the control takes as long as its slowest process. Seconds, those of the
    control and processor seconds by number of threads, 0 being the worker; checksums; the runtime's counters of a call on all
    threads; events of a call by number of threads."""
    most = counts[-1]
    servers = {n: [Server(command, module, kernel, n, args.counters)] for n in counts} | {0: [Server(command, module, kernel, "worker")]}
    control = [Server(command, module, kernel, 1) for _ in range(most)]
    seconds, used = {n: [] for n in servers}, {n: [] for n in servers}
    beside = {n: [] for n in counts if n > 1 or n == most}
    sums = set()
    try:
        for group in [*servers.values(), control]:
            for server in group:
                server.ready()
        # Long enough a round that starting the threads does not count.
        servers[1][0].go(1)
        calls = max(1, min(1000, round(ROUND_SECONDS / servers[1][0].result()[0])))
        for turn in range(args.rounds):
            groups = [(n, group, seconds) for n, group in servers.items()] + [(n, control[:n], beside) for n in beside]
            for n, group, times in groups if turn % 2 else reversed(groups):
                for server in group:
                    server.go(calls)
                results = [server.result() for server in group]
                times[n].append(max(r[0] for r in results))
                if times is seconds:
                    used[n].append(results[0][1])
                sums |= {r[2] for r in results}
        finished = {n: group[0].finish() for n, group in servers.items() if n == most or (n and args.counters)}
        counters = {k: v / (args.rounds * calls) for k, v in finished[most][0].items()}
        events = {n: event_counters.medians(intervals[-args.rounds:], calls) for n, (_, intervals) in finished.items()}
        return seconds, beside, used, sums, counters, events
    finally:
        for group in [*servers.values(), control]:
            for server in group:
                server.kill()


# What would be contention on a path that only reads shared things.
CONTENTION = ("shared_increments", "shared_decrements", "lock_contended", "field_load_slow")


def thread_counts(args):
    if args.threads:
        return sorted({1, *map(int, args.threads.split(","))})
    cores = len(os.sched_getaffinity(0))
    return sorted({1, *[2 ** k for k in range(1, 8) if 2 ** k <= cores], cores})


def scaling(peers, module, args):
    kernels = args.kernel or kernel_names(module)
    counts = thread_counts(args)
    most = counts[-1]
    others = {k: v for k, v in peers.items() if k != "ptpython"}
    print(f"efficiency: throughput on {most} threads / ({most} x throughput on one). The control runs processes of one thread side by")
    print("side instead of threads: vs control is what threads cost beyond what the machine allows. cpu: the same efficiency in")
    print("processor time, which other load on the machine hardly changes. worker: one thread of a process that has begun to use")
    print("threads, where what is only valid for one no longer holds; scaling: the efficiency from there on, as ftscalingbench")
    print("measures it. atomic: shared counts taken and given back, and locks found taken, in a call.")
    print(f"{'kernel':<22}" + "".join(f"{str(n) + ' thr ms':>11}" for n in counts) + f"{'control ms':>12}{'efficiency':>12}"
          + f"{'vs control':>12}{'cpu':>7}{'worker ms':>11}{'scaling':>9}{'atomic':>10}" + "".join(f"{'x ' + name:>14}" for name in others)
          + "".join(args.counters.heading(f"{n} thr") for n in {1: 0, most: 0} if args.counters))
    out, efficiencies, against, processor, scalings = {}, {}, {}, {}, {}
    for kernel in kernels:
        print(f"  running {kernel} ...", end="\r", file=sys.stderr, flush=True)
        try:
            seconds, beside, used, sums, counters, events = scale_once(peers["ptpython"], module, kernel, counts, args)
        except (RuntimeError, OSError, ValueError) as error:
            print(f"{kernel:<22} failed: {error}")
            out[kernel] = {"error": str(error)}
            continue
        median, checksum, _ = measure(others, module, kernel, most, args) if others else ({}, {}, {})
        sums |= {s for s in checksum.values() if s is not None}
        row = {n: statistics.median(times) for n, times in seconds.items()}
        control = {n: statistics.median(times) for n, times in beside.items()}
        efficiencies[kernel] = statistics.median(one / n for one, n in zip(seconds[1], seconds[most]))
        against[kernel] = statistics.median(c / n for c, n in zip(beside[most], seconds[most]))
        scalings[kernel] = statistics.median(one / n for one, n in zip(seconds[0], seconds[most]))
        processor[kernel] = most * statistics.median(used[1]) / statistics.median(used[most])
        agree = len(sums) == 1
        atomic = sum(counters.get(name, 0) for name in CONTENTION)
        print(f"{kernel:<22}" + "".join(f"{row[n] * 1000:>11.1f}" for n in counts) + f"{control[most] * 1000:>12.1f}"
              + f"{efficiencies[kernel]:>12.2f}{against[kernel]:>12.2f}{processor[kernel]:>7.2f}"
              + f"{row[0] * 1000:>11.1f}{scalings[kernel]:>9.2f}{atomic:>10.0f}"
              + "".join(f"{t / row[most]:>14.2f}" if t else f"{'-':>14}" for t in median.values())
              + "".join(args.counters.row(f"{n} thr", events[n]) for n in {1: 0, most: 0} if args.counters)
              + ("" if agree else "  CHECKSUMS DIFFER"), flush=True)
        worker = row.pop(0)
        out[kernel] = {"seconds": row, "worker_seconds": worker, "scaling": scalings[kernel], "control_seconds": control, "efficiency": efficiencies[kernel],
                       "versus_control": against[kernel], "processor_efficiency": processor[kernel],
                       "throughput": {n: n * statistics.median(one / of for one, of in zip(seconds[1], seconds[n])) for n in counts},
                       "control_throughput": {1: 1.0} | {n: n * statistics.median(one / of for one, of in zip(seconds[1], beside[n]))
                                                         for n in beside if n > 1},
                       "runtime_counters": counters, "peers": median, "agree": agree}
        if args.counters:
            out[kernel]["counters"] = events
    for title, values in (("efficiency", efficiencies), ("against the control", against),
                          ("in processor time", processor), ("scaling from one of several", scalings)):
        counted = [v for name, v in values.items() if not name.startswith("contended_")]
        print(f"{title} on {most} threads: geometric mean {geometric_mean(counted):.2f}, "
              f"lowest {min(counted, default=float('nan')):.2f}, {sum(v >= 0.92 for v in counted)} of {len(counted)} at least 0.92")
    if args.svg:
        scaling_chart.chart(out, args.svg)
    return out


def open_counters(args):
    """None, after a line that says why, where nothing can be counted."""
    tool = os.path.join(os.path.dirname(os.path.abspath(args.python)), "ptcounters")
    if not os.path.exists(tool):
        print(f"hardware counters: none: {tool} is not built (it needs libpfm4-dev)")
        return None
    counters = event_counters.EventCounters(tool)
    if counters.note:
        print(counters.note)
    return counters


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True, help="the ptpython binary")
    parser.add_argument("--demo", action="store_true")
    parser.add_argument("--scaling", action="store_true")
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--everyday", action="store_true")
    parser.add_argument("--library", action="store_true")
    parser.add_argument("--repeat", type=int, default=3, help="processes of each interpreter")
    parser.add_argument("--rounds", type=int, default=3, help="timed rounds in a process")
    parser.add_argument("--timeout", type=float, default=120)
    parser.add_argument("--counters", action="store_true", help="columns of the processor's counters, of a call of the kernel")
    parser.add_argument("--threads", help="for --scaling and --demo: the numbers of threads, as 1,2,4; powers of two up to all cores")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--json")
    parser.add_argument("--svg")
    parser.add_argument("kernel", nargs="*")
    args = parser.parse_args()
    if args.counters and args.whole:
        parser.error("--counters are those of kernels: not with --whole")
    args.counters = open_counters(args) if args.counters else None
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
        out = single(peers, "everyday_kernels" if args.everyday else "library_kernels" if args.library else "single_kernels", args)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(out, file, indent=1)


if __name__ == "__main__":
    main()
