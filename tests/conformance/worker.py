"""Runs one module of CPython's suite in this interpreter and appends a line for each step to a file:

    start ID                    a method begins
    OUTCOME ID WHY TRACEBACK    it ended: passed, failed, error, skipped

with tabs between the fields. A method that began and has no outcome took the process with it.

usage: worker.py MODULE RESULTS [DONE]   (DONE: file of ids not to run again)
"""
import os
import sys
import traceback
import unittest


def escape(text):
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


class Lines:
    """The results file: each line in one write, so that a crash loses none."""

    def __init__(self, path):
        self.descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self.owner = os.getpid()

    def write(self, *fields):
        if os.getpid() == self.owner:  # a forked child of a test reports nothing
            line = "\t".join(escape(field) for field in fields) + "\n"
            os.write(self.descriptor, line.encode("utf-8", "backslashreplace"))


def describe(error):
    kind, value, trace = error
    try:
        text = "".join(traceback.format_exception(kind, value, trace))
    except BaseException as failure:
        text = f"{kind.__name__} (its traceback cannot be formatted: {type(failure).__name__}: {failure})"
    try:
        why = "".join(traceback.format_exception_only(kind, value)).strip()
    except BaseException:
        why = kind.__name__
    lines = [line for line in why.splitlines() if line.strip()]
    if issubclass(kind, AssertionError) or not lines:
        why = lines[0] if lines else kind.__name__
    else:
        why = next((line for line in reversed(lines) if line.startswith(kind.__name__)), lines[0])
    return why, text


class LineResult(unittest.TestResult):
    """A test result that writes lines; a method with a failing subtest has the outcome of the worst."""

    def __init__(self, lines, done):
        super().__init__()
        self.lines = lines
        self.done = done
        self.worst = None

    def identity(self, test):
        return type(test).id(test)  # a test may keep something else in the attribute

    def startTest(self, test):
        super().startTest(test)
        self.worst = None
        self.lines.write("start", self.identity(test))

    def note(self, outcome, test, why="", text=""):
        rank = ("passed", "skipped", "failed", "error")
        if self.worst is None or rank.index(outcome) > rank.index(self.worst[0]):
            self.worst = (outcome, why, text)

    def stopTest(self, test):
        super().stopTest(test)
        outcome, why, text = self.worst or ("passed", "", "")
        self.lines.write(outcome, self.identity(test), why, text)
        self.worst = None

    def record(self, outcome, test, why, text):
        if isinstance(test, unittest.TestCase):
            self.note(outcome, test, why, text)
        else:  # setUpClass, tearDownModule ...: no method of its own
            self.lines.write(outcome, self.identity(test), why, text)

    def addError(self, test, err):
        self.record("error", test, *describe(err))

    def addFailure(self, test, err):
        self.record("failed", test, *describe(err))

    def addSubTest(self, test, subtest, err):
        if err is not None:
            outcome = "failed" if issubclass(err[0], test.failureException) else "error"
            self.note(outcome, test, *describe(err))

    def addSuccess(self, test):
        self.note("passed", test)

    def addSkip(self, test, reason):
        if isinstance(test, unittest.TestCase):
            if hasattr(test, "test_case"):  # a skipped subtest
                return
            self.note("skipped", test, str(reason))
        else:
            self.lines.write("skipped", self.identity(test), str(reason), "")

    def addExpectedFailure(self, test, err):
        self.note("passed", test)

    def addUnexpectedSuccess(self, test):
        self.note("failed", test, "unexpected success", "")


def without(suite, done):
    """The suite less the methods that ran already."""
    kept = []
    for test in suite._tests:
        if isinstance(test, unittest.TestSuite):
            without(test, done)
            kept.append(test)
        elif test.id() not in done:
            kept.append(test)
    suite._tests = kept
    return suite


def prepare(support):
    """What CPython's regression driver sets up before a module."""
    support.use_resources = []
    support.verbose = False
    support.failfast = False
    support.record_original_stdout(sys.stdout)
    # Asks a C module of CPython's build; elsewhere code objects say themselves whether they know columns.
    if sys.implementation.name != "cpython":
        support.has_no_debug_ranges = lambda: next(prepare.__code__.co_positions())[2] is None
    # What the suite marks as specific to CPython runs too: what of it programs could rely on should pass.
    ours = sys.implementation.name
    decorate = support.impl_detail

    def impl_detail(msg=None, **guards):
        if "cpython" in guards:
            guards[ours] = guards["cpython"]
        return decorate(msg, **guards) if guards else lambda test: test

    support.impl_detail = impl_detail
    try:
        import faulthandler
        faulthandler.enable(all_threads=True)
    except Exception:
        pass


def main():
    name, results = sys.argv[1:3]
    done = set()
    if len(sys.argv) > 3:
        with open(sys.argv[3], encoding="utf-8") as lines:
            done = set(lines.read().splitlines())
    lines = Lines(results)
    sys.argv = [name]
    sys.path[0] = os.getcwd()
    try:
        from test import support
        prepare(support)

        def run(suite):
            without(suite, done)
            suite.run(LineResult(lines, done))

        def run_doctest(module, *_, **__):
            import doctest
            run(unittest.TestSuite([doctest.DocTestSuite(module)]))

        support._run_suite = run
        support.run_doctest = run_doctest
        module = __import__("test." + name, fromlist=["*"])
        loader = unittest.TestLoader()
        if hasattr(module, "test_main"):
            module.test_main()
        else:
            suite = loader.loadTestsFromModule(module)
            for error in loader.errors:
                lines.write("error", "load", error.strip().splitlines()[-1], error)
            support.run_unittest(suite)
    except unittest.SkipTest as skipped:
        lines.write("skipped", "module", str(skipped), "")
    except BaseException:
        lines.write("error", "module", *describe(sys.exc_info()))
    lines.write("end", "")


if __name__ == "__main__":
    main()
