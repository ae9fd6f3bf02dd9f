#!/usr/bin/env python3
"""Finds C++ files that clang-format would change: scripts/check_format.py [--fix]"""
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDERS = "benchmarks gc include jit_stencils stencil_gen stress tests vm".split()


def main():
    files = [os.path.join(folder, name) for top in FOLDERS for folder, _, names in os.walk(os.path.join(ROOT, top))
             for name in names if name.endswith((".h", ".cpp"))]
    arguments = ["-i"] if "--fix" in sys.argv[1:] else ["--dry-run", "--Werror", "--ferror-limit=1"]
    chunks = [files[i:i + 40] for i in range(0, len(files), 40)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        codes = list(pool.map(lambda chunk: subprocess.run(["clang-format-19", *arguments, *chunk]).returncode, chunks))
    print(f"{len(files)} files")
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main())
