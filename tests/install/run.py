#!/usr/bin/env python3
"""Installs the build into a fresh folder and checks that the tree works there, its compiled library included."""
import os
import subprocess
import sys
import tempfile


def main():
    cmake, build = sys.argv[1:]
    with tempfile.TemporaryDirectory() as root:
        prefix, home = os.path.join(root, "prefix"), os.path.join(root, "home")
        os.mkdir(home)
        subprocess.run([cmake, "--install", build, "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PTPYTHON", "XDG"))}
        environment["HOME"] = home

        def run(text, **kwargs):
            return subprocess.run([os.path.join(prefix, "bin", "ptpython"), "-c", text], env=environment, capture_output=True,
                                  text=True, check=True, **kwargs).stdout.strip()

        own = os.path.join(prefix, "lib", "ptpython3.11")
        cached = run("import json, decimal, argparse; print(json.__cached__)")
        assert cached.startswith(own + "/pycache/") and os.path.exists(cached), cached
        assert run("import sys; print(sys.path[1])") == own
        # A user's module is compiled beside its source, and used from there.
        with open(os.path.join(home, "mine.py"), "w") as out:
            out.write("def f(x, y=2):\n    'doc'\n    return x * y\n")
        for _ in range(2):
            shown = run("import mine; print(mine.f(21), mine.f.__doc__, mine.__cached__)", cwd=home)
            assert shown == f"42 doc {home}/__pycache__/mine.ptpython-311.pyc", shown
            assert os.path.exists(shown.split()[-1])
    print("ok")


main()
