#!/usr/bin/env python3
"""The benchmark harness: interleaved runs of kernels on ptpython, python3.11 and pypy3, medians and ratios.

  run.py --python BIN            single-thread kernels
  run.py --python BIN --scaling  the scaling kernels on 1..N threads
  run.py --python BIN --demo     the demo's kernels on 1..N threads
Results also go to --json FILE and, for scaling, to --svg FILE."""
import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
COUNTERS_NOTE = "hardware counters: not available (no PMU, or libpfm4 support not built)"


def run_once(command, module, kernel, threads, rounds, timeout):
    process = subprocess.run([*command, os.path.join(HERE, "driver.py"), module, kernel, str(threads), str(rounds)],
                             capture_output=True, text=True, timeout=timeout)
    if process.returncode != 0:
        raise RuntimeError((process.stdout + process.stderr).strip().splitlines()[-1:])
    lines = [line.split(" ", 1) for line in process.stdout.splitlines()]
    return [float(seconds) for seconds, _ in lines], lines[-1][1]


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


def scaling(peers, module, args):
    kernels = args.kernel or kernel_names(module)
    cores = len(os.sched_getaffinity(0))
    counts = sorted({1, *[2 ** k for k in range(1, 8) if 2 ** k <= cores], cores})
    print(f"{'kernel':<22}" + "".join(f"{str(n) + ' thr ms':>12}" for n in counts) + f"{'efficiency':>12}"
          + "".join(f"{'x ' + name:>14}" for name in peers if name != "ptpython"))
    ours = {"ptpython": peers["ptpython"]}
    out, efficiencies = {}, {}
    for kernel in kernels:
        print(f"  running {kernel} ...", end="\r", file=sys.stderr, flush=True)
        row, sums = {}, set()
        for n in counts:
            median, checksum = measure(ours, module, kernel, n, args)
            row[n] = median["ptpython"]
            sums.add(checksum["ptpython"])
        others = {k: v for k, v in peers.items() if k != "ptpython"}
        median, checksum = measure(others, module, kernel, cores, args) if others else ({}, {})
        sums |= {s for s in checksum.values() if s is not None}
        last = row[counts[-1]]
        efficiency = row[1] / last if row[1] and last else None
        if efficiency:
            efficiencies[kernel] = efficiency
        agree = len(sums) == 1 and None not in sums
        print(f"{kernel:<22}" + "".join(f"{t * 1000:>12.1f}" if t else f"{'-':>12}" for t in row.values())
              + (f"{efficiency:>12.2f}" if efficiency else f"{'-':>12}")
              + "".join(f"{t / last:>14.2f}" if t and last else f"{'-':>14}" for t in median.values())
              + ("" if agree else "  CHECKSUMS DIFFER"), flush=True)
        out[kernel] = {"seconds": row, "efficiency": efficiency, "peers": median, "agree": agree}
    print(f"efficiency on {cores} threads (same work in each): geometric mean {geometric_mean(efficiencies.values()):.2f}, "
          f"lowest {min(efficiencies.values(), default=float('nan')):.2f}")
    print(COUNTERS_NOTE)
    if args.svg:
        svg_chart(efficiencies, args.svg)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True, help="the ptpython binary")
    parser.add_argument("--demo", action="store_true")
    parser.add_argument("--scaling", action="store_true")
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
    else:
        out = single(peers, "single_kernels", args)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(out, file, indent=1)


if __name__ == "__main__":
    main()
