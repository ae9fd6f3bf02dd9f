#!/usr/bin/env python3
"""The counters' program with software events, which every machine has, and the harness over it.

  test_counters.py PTCOUNTERS PTPYTHON"""
import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
BENCHMARKS = os.path.join(HERE, "..", "..", "benchmarks")
TOOL, PTPYTHON = sys.argv[1:3]

# Two stretches with work, one without, and more work outside of all.
CONTROLLED = """
import os, sys, threading, time
socket = int(os.environ["PT_COUNTERS"])
def wish(byte):
    os.write(socket, byte)
    assert os.read(socket, 1) == byte
def work(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end: pass
work(0.3)
wish(b"+"); work(0.05); wish(b"-")
thread = threading.Thread(target=work, args=(0.1,))
wish(b"+"); thread.start(); thread.join(); wish(b"-")
work(0.3)
wish(b"+"); wish(b"-")
"""


def run(*arguments, command):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "counters.json")
        process = subprocess.run([TOOL, *arguments, "-o", path, "--", *command], capture_output=True, text=True, timeout=60)
        with open(path, encoding="utf-8") as file:
            return process, json.load(file)


def test_the_whole_command_is_one_interval():
    process, counted = run("-e", "software", command=[sys.executable, "-c", "print(len(bytes(2**24).hex()))"])
    assert process.stdout == f"{2 ** 25}\n", process
    [interval] = counted["intervals"]
    assert interval["task-clock"] > 1e6 and interval["page-faults"] > 1000, counted
    assert counted["unavailable"] == {} and counted["note"] is None, counted


def test_the_command_says_what_is_counted():
    process, counted = run("--controlled", "-e", "software", command=[sys.executable, "-c", CONTROLLED])
    assert process.returncode == 0, process
    first, second, third = (interval["task-clock"] / 1e9 for interval in counted["intervals"])
    assert 0.04 < first < 0.2 and 0.09 < second < 0.25 and third < 0.02, counted


def test_the_exit_status_is_the_commands():
    assert run("-e", "software", command=["sh", "-c", "exit 7"])[0].returncode == 7
    assert run("-e", "software", command=["sh", "-c", "kill -9 $$"])[0].returncode == 128 + 9
    assert run("-e", "software", command=["/nonexistent"])[0].returncode == 127
    assert subprocess.run([TOOL, "--unknown"], capture_output=True).returncode == 2


def test_an_unknown_event_is_named_and_the_others_are_counted():
    process, counted = run("-e", "task-clock,NO_SUCH_EVENT", command=["true"])
    assert list(counted["unavailable"]) == ["NO_SUCH_EVENT"] and counted["unavailable"]["NO_SUCH_EVENT"], counted
    assert counted["intervals"][0]["task-clock"] > 0, counted


def test_hardware_counters_or_one_line():
    process, counted = run("-e", "hardware", command=["true"])
    if counted["note"] is None:
        assert any(value for value in counted["intervals"][0].values()), counted
    else:
        assert counted["note"].startswith("hardware counters: none: ") and "\n" not in counted["note"], counted
        assert len(counted["unavailable"]) == 7, counted


def harness(*arguments):
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("out.json", "out.svg")]
        process = subprocess.run([sys.executable, os.path.join(BENCHMARKS, "run.py"), "--python", PTPYTHON, "--counters",
                                  "--repeat", "1", "--rounds", "2", "--json", paths[0], "--svg", paths[1], *arguments],
                                 capture_output=True, text=True, timeout=120)
        assert process.returncode == 0, process
        with open(paths[0], encoding="utf-8") as file:
            out = json.load(file)
        return process.stdout, out, xml.etree.ElementTree.parse(paths[1]) if os.path.exists(paths[1]) else None


def test_the_harness_counts_each_kernel_in_each_interpreter():
    text, out, _ = harness("int_loop")
    counted = out["int_loop"]["counters"]
    assert set(counted) == set(out["int_loop"]["seconds"]), out
    for name, events in counted.items():
        # The rounds alone: start-up takes longer than a round of this kernel. (Of the seconds it may have had a small part only.)
        assert 0 < events["task-clock"] / 1e9 / out["int_loop"]["seconds"][name] < 5, out
    columns = next(line for line in text.splitlines() if line.startswith("kernel"))
    assert "br-miss%" in columns or ("cpu ms" in columns and "hardware counters: none: " in text), text


def test_scaling_is_counted_and_drawn():
    text, out, chart = harness("--demo", "--no-peers", "--threads", "1,2,3", "mandelbrot")
    assert set(out["mandelbrot"]["counters"]) == {"1", "2", "3"}, out
    assert set(out["mandelbrot"]["throughput"]) == set(out["mandelbrot"]["control_throughput"]) == {"1", "2", "3"}, out
    assert "mandelbrot" in "".join(chart.getroot().itertext()), out


if __name__ == "__main__":
    for name, function in list(globals().items()):
        if name.startswith("test_"):
            function()
            print("ok", name)
