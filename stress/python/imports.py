"""Many threads import new modules at once: each module runs once, and nobody sees it half done."""

import importlib
import os
import sys

import common

runs = []
sys.modules["stress_runs"] = type(sys)("stress_runs")
sys.modules["stress_runs"].runs = runs


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def body(n):
    root = os.path.join(os.environ.get("TMPDIR", "/tmp"), "ptstress_%d_%d_%d" % (os.getpid(), common.SEED, n))
    package = "pk%d" % n
    folder = os.path.join(root, package)
    os.makedirs(folder)
    created = []
    try:
        write(os.path.join(folder, "__init__.py"), "import stress_runs\nstress_runs.runs.append(__name__)\nready = True\n")
        for i in range(12):
            lines = ["import stress_runs", "stress_runs.runs.append(__name__)"]
            if i:
                lines.append("from %s import m%d" % (package, i - 1))
                lines.append("below = m%d.total" % (i - 1))
            else:
                lines.append("below = 0")
            lines.append("table = {k: k * k for k in range(200)}")
            lines.append("def f(x): return x + %d" % i)
            lines.append("total = below + %d" % i)
            write(os.path.join(folder, "m%d.py" % i), "\n".join(lines) + "\n")
        sys.path.insert(0, root)
        importlib.invalidate_caches()
        runs.clear()

        def worker(index):
            random = common.rng(index + n)
            order = list(range(12))
            random.shuffle(order)
            modules = {}
            for i in order:
                module = importlib.import_module("%s.m%d" % (package, i))
                common.equal(module.total, sum(range(i + 1)), "total of a finished module")
                common.equal(module.f(1), 1 + i, "function of a finished module")
                common.equal(len(module.table), 200, "table of a finished module")
                modules[i] = module
            return modules

        results = common.run_threads(worker)
        for modules in results:
            for i in modules:
                common.check(modules[i] is results[0][i], "two module objects")
        common.equal(len(runs), 13, "module bodies run")
        common.equal(len(set(runs)), 13, "distinct module bodies run")
    finally:
        if root in sys.path:
            sys.path.remove(root)
        for name in list(sys.modules):
            if name == package or name.startswith(package + "."):
                del sys.modules[name]
        for folder, names, files in os.walk(root, topdown=False):
            for name in files:
                os.unlink(os.path.join(folder, name))
            os.rmdir(folder)


common.main(lambda: common.phases(body))
