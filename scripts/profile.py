#!/usr/bin/env python3
"""Writes vm/profile.profdata, by which Clang optimises the release build: how often each branch of the runtime is taken in
programs. They are CPython's tests, ours of the language and the stress programs; the programs of benchmarks/ are not among
them. The profile may be old: what has changed since is compiled without it.

    scripts/profile.py      (builds build/profile, runs it for some minutes; needs llvm-profdata-19)
"""
import glob
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BINARY = os.path.join(ROOT, "build", "profile", "bin", "ptpython")
# CPython's tests of what all programs use; each is run as it runs on an interpreter alone, and with traces.
SUITE = """test_abc test_array test_ast test_base64 test_bisect test_bool test_builtin test_bytes test_class test_collections test_compile
test_complex test_configparser test_contextlib test_copy test_csv test_dataclasses test_datetime test_defaultdict test_deque test_descr
test_dict test_dictviews test_difflib test_enum test_enumerate test_exceptions test_float test_fractions test_fstring test_functools
test_generators test_genexps test_heapq test_html test_int test_isinstance test_iter test_itertools test_json test_list test_listcomps
test_logging test_long test_math test_operator test_ordered_dict test_pickle test_pprint test_property test_queue test_random
test_range test_re test_set test_slice test_sort test_statistics test_str test_string test_struct test_super test_textwrap test_threading
test_tokenize test_tuple test_types test_typing test_unpack test_unparse test_urlparse test_weakref test_with test_xml_etree""".split()


# Programs take other branches once there are two threads.
SECOND_THREAD = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"


def run(command, **environment):
    subprocess.run([sys.executable, *command], cwd=ROOT, env={**os.environ, **environment}, check=False, stdout=subprocess.DEVNULL)


def main():
    with tempfile.TemporaryDirectory() as folder:
        quiet = {**os.environ, "LLVM_PROFILE_FILE": os.path.join(folder, "tools-%p")}
        subprocess.run(["cmake", "--preset", "profile", "-Wno-dev"], cwd=ROOT, env=quiet, check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["cmake", "--build", "--preset", "profile", "--target", "ptpython"], cwd=ROOT, env=quiet, check=True)
        with open(os.path.join(folder, "sitecustomize.py"), "w", encoding="utf-8") as out:
            out.write(SECOND_THREAD)
        raw = os.path.join(folder, "ptpython-%4m.profraw")  # each process adds to one of four files
        for mode in ("off", "on"):
            chosen = {"LLVM_PROFILE_FILE": raw, "PTPYTHON_JIT": mode}
            run(["tests/conformance/run.py", "--python", BINARY, "--jobs", "2", "--seconds", "120", *SUITE], **chosen)
            for second in ({}, {"PYTHONPATH": folder}):
                run(["tests/language/run.py", "--python", BINARY], **chosen, **second)
            run(["stress/run.py", "--python", BINARY, "--seconds", "1", "--jit", mode], LLVM_PROFILE_FILE=raw)
        subprocess.run(["llvm-profdata-19", "merge", "--sparse", "-o", os.path.join(ROOT, "vm", "profile.profdata"),
                        *glob.glob(os.path.join(folder, "ptpython-*.profraw"))], check=True)


if __name__ == "__main__":
    main()
