"""The harness's side of ptcounters (counters/tool/ptcounters.cpp): interpreters run under it, medians and columns of what it counts."""
import contextlib
import json
import os
import statistics
import subprocess
import tempfile


def ratio(events, part, whole, factor=1.0):
    return factor * events[part] / events[whole] if part in events and events.get(whole) else None


# Heading, format, value of one call.
HARDWARE = (("Minstr", ".2f", lambda events: events["instructions"] / 1e6 if "instructions" in events else None),
            ("IPC", ".2f", lambda events: ratio(events, "instructions", "cycles")),
            ("br-miss%", ".2f", lambda events: ratio(events, "branch-misses", "branches", 100)),
            ("c-miss%", ".1f", lambda events: ratio(events, "cache-misses", "cache-references", 100)))
SOFTWARE = (("cpu ms", ".2f", lambda events: events["task-clock"] / 1e6 if "task-clock" in events else None),
            ("faults", ".0f", lambda events: events.get("page-faults")),
            ("switches", ".0f", lambda events: events.get("context-switches")))


class Recording:
    """A command under ptcounters, and what that has written when the command has ended."""

    def __init__(self, command, path):
        self.command = command
        self.path = path

    def intervals(self):
        with open(self.path, encoding="utf-8") as file:
            return json.load(file)["intervals"]


class EventCounters:
    """Counts in the rounds of the driver. Without a PMU those are software's events alone."""

    def __init__(self, tool):
        self.tool = tool
        result = subprocess.run([tool, "--", "true"], stderr=subprocess.PIPE, check=True, text=True)
        self.note = json.loads(result.stderr.splitlines()[-1])["note"]
        self.columns = SOFTWARE if self.note else HARDWARE

    @contextlib.contextmanager
    def record(self, command):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "counters.json")
            yield Recording([self.tool, "--controlled", "-o", path, "--", *command], path)

    def heading(self, name):
        return f" | {name}:" + "".join(f"{title:>9}" for title, _, _ in self.columns)

    def row(self, name, events):
        values = ((value(events), form) for _, form, value in self.columns)
        return f" | {'':{len(name) + 1}}" + "".join(f"{'-':>9}" if value is None else f"{value:>9{form}}" for value, form in values)


def medians(intervals, calls=1):
    """The events of a call. One that had no turn on the processor's counters is missing."""
    values = {}
    for interval in intervals:
        for event, value in interval.items():
            if value is not None:
                values.setdefault(event, []).append(value / calls)
    return {event: statistics.median(of) for event, of in values.items()}
