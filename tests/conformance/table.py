"""The committed table of results: how it is read, compared and written.

expected.txt has a line for each module, and below it an indented line for each method that passes on python3.11 and not on
ptpython, with the reason. Reasons are kept when the table is written again; a method that is new in it gets what
it failed with, after a question mark."""
import os

from modules import GROUPS

HERE = os.path.dirname(os.path.abspath(__file__))
EXPECTED = os.path.join(HERE, "expected.txt")
DOCUMENT = os.path.join(os.path.dirname(os.path.dirname(HERE)), "docs", "conformance.md")
HEADER = """# CPython 3.11's own suite on ptpython. Written by `make conformance`; see table.py.
# MODULE passed/failed/skipped/crashed python3.11: passed/failed/skipped/crashed, then the methods that only python3.11 passes.
"""


class Row:
    def __init__(self, counts, reference, reasons):
        self.counts = counts
        self.reference = reference
        self.reasons = reasons


def read(path=EXPECTED):
    rows = {}
    if not os.path.exists(path):
        return rows
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("#") or not line.strip():
                continue
            if line.startswith(" "):
                method, _, reason = line.strip().partition("  ")
                row.reasons[method] = reason
            else:
                name, counts, _, reference = line.split()
                row = rows[name] = Row([int(n) for n in counts.split("/")], [int(n) for n in reference.split("/")], {})
    return rows


def counts(outcomes):
    values = [outcome for outcome, _, _ in outcomes.values()]
    return [values.count("passed"), values.count("failed") + values.count("error"), values.count("skipped"),
            values.count("crashed") + values.count("hung")]


def reason_for(outcome, old):
    """The reason that stood there, what the suite itself says of it, or what happened with a question mark."""
    if not old.startswith("?"):
        return old
    if outcome[0] == "skipped" and "specific to cpython" in outcome[1]:
        return "CPython's implementation, as the suite marks it"
    return f"? {outcome[0]}: {' '.join(outcome[1].split())[:110]}"


def make_row(outcomes, reference, old):
    """The row of a module from both interpreters' outcomes, with the reasons of the old row."""
    kept = old.reasons if old else {}
    reasons = {}
    for method, (outcome, _, _) in sorted(reference.items()):
        if outcome != "passed":
            continue
        mine = outcomes.get(method, ("missing", "does not run", ""))
        if mine[0] != "passed":
            reasons[method] = reason_for(mine, kept.get(method, "?"))
    for method, (outcome, why, _) in sorted(outcomes.items()):  # setUpClass and the like, named for completeness
        if outcome not in ("passed", "skipped") and method not in reference:
            reasons[method] = kept.get(method) or f"? {outcome}: {' '.join(why.split())[:110]}"
    return Row(counts(outcomes), counts(reference), reasons)


def write(rows, path=EXPECTED):
    with open(path, "w", encoding="utf-8") as out:
        out.write(HEADER)
        for group, names in GROUPS.items():
            out.write(f"\n# {group}\n")
            for name in ("test_" + name for name in names):
                if name in rows:
                    row = rows[name]
                    out.write(f"{name} {'/'.join(map(str, row.counts))} python3.11: {'/'.join(map(str, row.reference))}\n")
                    for method, reason in row.reasons.items():
                        out.write(f"    {method}  {reason}\n")


def write_document(rows, path=DOCUMENT):
    with open(path, "w", encoding="utf-8") as out:
        out.write("# Conformance: CPython 3.11's own suite\n\nMethods that pass, module by module. Written by `make conformance`, "
                  "which runs the suite of the Debian package\n`libpython3.11-testsuite` in place; the methods that fail and why "
                  "are in `tests/conformance/expected.txt`.\n")
        for group, names in GROUPS.items():
            present = ["test_" + name for name in names if "test_" + name in rows]
            out.write(f"\n## {group}\n\n| module | python3.11 | ptpython | of those, % |\n|---|---:|---:|---:|\n")
            total = [0, 0]
            for name in present:
                row = rows[name]
                theirs, mine = row.reference[0], row.reference[0] - missing(row)
                total[0] += theirs
                total[1] += mine
                out.write(f"| {name} | {theirs} | {mine} | {percent(mine, theirs)} |\n")
            out.write(f"| **all** | {total[0]} | {total[1]} | {percent(total[1], total[0])} |\n")


def missing(row):
    """How many methods that pass on python3.11 do not pass here."""
    return sum(1 for method in row.reasons if not row.reasons[method].startswith("? error: setUp") and "(" not in method)


def percent(part, whole):
    return f"{100 * part / whole:.1f}" if whole else "-"
