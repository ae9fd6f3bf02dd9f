# _lsprof through cProfile and pstats, in a process of its own: a profile sees everything that its thread runs.
import os
import subprocess
import sys

PROGRAM = """
import cProfile, io, pstats, sys

def fib(n):
    return 1 if n < 2 else fib(n - 1) + fib(n - 2)

def work():
    items = []
    for i in range(5):
        items.append(len([i]))
    return fib(10)

profile = cProfile.Profile()
assert profile.runcall(work) == 89
out = io.StringIO()
pstats.Stats(profile, stream=out).sort_stats("name").print_stats()
for line in out.getvalue().splitlines():
    words = line.split()
    if "calls" in line and "seconds" in line:
        print(" ".join(words[:6]))
    elif words and words[0][0].isdigit():
        print(words[0], " ".join(words[5:]).rpartition("/")[2].rpartition(":")[2])

with cProfile.Profile() as profile:
    assert sys.getprofile() is profile
    fib(3)
assert sys.getprofile() is None
entries = {getattr(e.code, "co_name", e.code): e for e in profile.getstats()}
entry = entries["fib"]
print(entry.callcount, entry.reccallcount, entry.calls[0].callcount, entry.totaltime >= entry.inlinetime > 0)
"""


def test_figures():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        "189 function calls (13 primitive calls)", "5 {built-in method builtins.len}", "5 {method 'append' of 'list' objects}",
        "1 {method 'disable' of '_lsprof.Profiler' objects}", "177/1 4(fib)", "1 7(work)", "5 4 4 True"], (done.stdout, done.stderr)


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
