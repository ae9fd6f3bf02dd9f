#!/usr/bin/env python3
"""A chart of scaling, one small panel for each kernel: throughput relative to one thread over the number of threads, beside as
many processes of one thread and the ideal. Both axes are logarithmic where there are more than eight threads.

  scaling_chart.py RESULTS.json OUT.svg      from what run.py --scaling --json has written"""
import json
import math
import sys
from html import escape

PLOT_WIDTH, PLOT_HEIGHT = 190, 130
LEFT, RIGHT, ABOVE, BELOW = 34, 20, 40, 26     # of a plot, in its panel
MOST_COLUMNS = 5
HEAD = 84
FIGURES = "throughput", "control_throughput"
THREADS, PROCESSES, IDEAL, AXIS, GRID = "#1f6fb4", "#8a5a00", "#777", "#444", "#e4e4e4"


class Scale:
    """Numbers to positions along an axis."""

    def __init__(self, low, high, start, end, logarithmic):
        self.of = math.log2 if logarithmic else float
        self.low, self.high, self.start, self.end = self.of(low), self.of(high), start, end

    def __call__(self, value):
        span = self.high - self.low or 1.0
        return self.start + (self.of(value) - self.low) / span * (self.end - self.start)


def ticks(low, high, logarithmic):
    """At most about eight round numbers, and on a logarithmic axis the last."""
    if logarithmic:
        powers = range(math.floor(math.log2(low)), math.ceil(math.log2(high)) + 1)
        inner = [2.0 ** p for p in powers[::max(1, math.ceil(len(powers) / 7))] if low <= 2.0 ** p < high / 1.3]
        return [*inner, high]
    step = max(1, math.ceil((high - low) / 6))
    return [low + i * step for i in range(int((high - low) // step) + 1)]


def line(points, colour, dashes="", width=2):
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"' + (
        f' stroke-dasharray="{dashes}"/>' if dashes else "/>")


def dots(points, colour, hollow):
    fill = "#fff" if hollow else colour
    return "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{fill}" stroke="{colour}" stroke-width="1.5"/>' for x, y in points)


def text(x, y, content, size=11, anchor="start", colour="#222", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}"{extra}>{escape(content)}</text>'


def panel(kernel, result, low, most, left, top):
    logarithmic = most > 8
    x = Scale(1, most, left + LEFT, left + LEFT + PLOT_WIDTH, logarithmic)
    y = Scale(low, most * (1.1 if logarithmic else 1.05), top + ABOVE + PLOT_HEIGHT, top + ABOVE, logarithmic)
    out = [f"<g><title>{escape(kernel)}</title>", text(left + LEFT, top + 16, kernel, 13, extra=' font-weight="bold"')]
    threads, processes = result["throughput"], result["control_throughput"]
    against = result["versus_control"]
    out.append(text(left + LEFT, top + 31, f"{threads[most]:.3g}× on {most}, {against:.0%} of processes", 11,
                    colour="#1d6b2a" if against >= 0.92 else "#a33a00"))
    for tick in ticks(low, most, logarithmic):
        out.append(f'<line x1="{x(1):.1f}" x2="{x(most):.1f}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="{GRID}"/>')
        out.append(text(left + LEFT - 6, y(tick) + 4, f"{tick:g}", 10, "end", AXIS))
    for tick in ticks(1, most, logarithmic):
        out.append(f'<line x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{y.start:.1f}" y2="{y.start + 4:.1f}" stroke="{AXIS}"/>')
        out.append(text(x(tick), y.start + 16, f"{tick:g}", 10, "middle", AXIS))
    out.append(f'<path d="M{x(1):.1f} {y.end:.1f} V{y.start:.1f} H{x(most):.1f}" fill="none" stroke="{AXIS}"/>')
    out.append(line([(x(1), y(1)), (x(most), y(most))], IDEAL, "2 3", 1))
    for throughput, colour, dashes, hollow in ((processes, PROCESSES, "6 3", True), (threads, THREADS, "", False)):
        points = [(x(n), y(max(value, low))) for n, value in sorted(throughput.items())]
        out += [line(points, colour, dashes), dots(points, colour, hollow)]
    out.append("</g>")
    return out


def legend(left, top):
    out = []
    for label, colour, dashes, hollow, width in (("threads of one process", THREADS, "", False, 200),
                                                 ("as many processes of one thread", PROCESSES, "6 3", True, 260),
                                                 ("ideal", IDEAL, "2 3", None, 80)):
        out.append(line([(left, top - 4), (left + 30, top - 4)], colour, dashes, 1 if hollow is None else 2))
        if hollow is not None:
            out.append(dots([(left + 15, top - 4)], colour, hollow))
        out.append(text(left + 36, top, label, 12))
        left += width
    return out


def chart(results, path):
    """`results` as run.py --scaling makes them: kernels with `throughput` and `control_throughput`, each a figure for each number
    of threads (as a number or, out of a JSON file, as a string), and `versus_control` on all threads."""
    drawn = {}
    for kernel, result in results.items():
        if "throughput" in result:
            drawn[kernel] = {key: {int(n): value for n, value in result[key].items()} for key in FIGURES}
            drawn[kernel]["versus_control"] = result["versus_control"]
    most = max((n for result in drawn.values() for n in result["throughput"]), default=1)
    least = min((value for result in drawn.values() for key in FIGURES for value in result[key].values()), default=1)
    low = 2.0 ** math.floor(math.log2(min(1.0, max(least, 1 / 64)))) if most > 8 else 0
    columns = max(3, min(MOST_COLUMNS, math.ceil(math.sqrt(len(drawn)))))
    width_of, height_of = LEFT + PLOT_WIDTH + RIGHT, ABOVE + PLOT_HEIGHT + BELOW + 8
    width, height = columns * width_of, HEAD + math.ceil(len(drawn) / columns) * height_of + 8
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="sans-serif">',
           f'<rect width="{width}" height="{height}" fill="#fff"/>',
           text(LEFT, 28, f"Scaling on 1 to {most} threads", 18, extra=' font-weight="bold"'),
           text(LEFT, 48, "throughput relative to one thread, over the number of threads" + (", logarithmic" if most > 8 else ""), 12),
           *legend(LEFT, 70)]
    for i, (kernel, result) in enumerate(drawn.items()):
        out += panel(kernel, result, low, most, i % columns * width_of, HEAD + i // columns * height_of)
    out.append("</svg>\n")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out))


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as source:
        chart(json.load(source), sys.argv[2])
