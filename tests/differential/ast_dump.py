"""Compares the front end with CPython's: the trees of whole libraries and the errors of wrong programs.

usage: ast_dump.py PTSYNTAX [--full] [--errors-only] [--symtable] [PATH...]

Run it with CPython 3.11. Without --full a sample of the library's files is compared, chosen so that it takes seconds.
"""
import ast
import doctest
import os
import subprocess
import sys
import warnings

LIBRARY = "/usr/lib/python3.11"


class Front:
    def __init__(self, program):
        self.process = subprocess.Popen([program, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, mode, source):
        if isinstance(source, str):
            mode, source = "str-" + mode, source.encode("utf-8", "surrogatepass")
        self.process.stdin.write(b"%s %d\n" % (mode.encode(), len(source)) + source)
        self.process.stdin.flush()
        size = self.process.stdout.readline()
        if not size:
            raise SystemExit(f"ptsyntax died (status {self.process.wait()})")
        return self.process.stdout.read(int(size)).decode("utf-8", "surrogatepass")


def syntax_only_error(source, mode="exec"):
    """The error that CPython's parser gives, in the form of ptsyntax; None if it parses."""
    try:
        ast.parse(source, "<differential>", mode)
    except SyntaxError as e:
        return describe(e)
    except MemoryError:
        return ("MemoryError", "", None)
    except RecursionError:
        return None
    except ValueError as e:
        return ("ValueError", str(e), None)
    return None


def describe(e):
    position = tuple(x if x is not None else 0 for x in (e.lineno, e.offset, e.end_lineno, e.end_offset))
    return (type(e).__name__, e.msg, position)


def parse_error(answer):
    if not answer.startswith("!"):
        return None
    kind, message, position, text = answer[1:].split("\n", 3)
    if kind in ("MemoryError", "ValueError"):
        return (kind, message, None)
    return (kind, message, tuple(map(int, position.split())))


def library_files(paths, full):
    files = []
    for path in paths:
        if os.path.isfile(path):
            files.append(path)
            continue
        for folder, folders, names in os.walk(path):
            folders.sort()
            files += [os.path.join(folder, name) for name in sorted(names) if name.endswith(".py")]
    return files if full else files[::23]


def first_difference(ours, theirs):
    at = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
    return f"  ours:   ...{ours[max(0, at - 150):at + 100]}\n  theirs: ...{theirs[max(0, at - 150):at + 100]}"


def compare_trees(front, files):
    failures = 0
    for path in files:
        with open(path, "rb") as file:
            source = file.read()
        answer = front.ask("exec", source)
        try:
            theirs = ast.dump(ast.parse(source, path), include_attributes=True)
        except (SyntaxError, ValueError):
            theirs = syntax_only_error(source)
            answer = parse_error(answer)
        except RecursionError:
            continue
        if answer != theirs:
            failures += 1
            print(f"DIFFERENT {path}")
            if isinstance(theirs, str):
                print(first_difference(answer, theirs))
            else:
                print(f"  ours:   {answer}\n  theirs: {theirs}")
    print(f"trees: {len(files)} files, {failures} differ")
    return failures


def compare_errors(front, cases):
    failures = 0
    for source in cases:
        theirs = syntax_only_error(source)
        answer = front.ask("exec", source)
        ours = parse_error(answer)
        if ours != theirs:
            failures += 1
            print(f"DIFFERENT {source[:300]!r}\n  ours:   {ours}\n  theirs: {theirs}")
    print(f"errors: {len(cases)} programs, {failures} differ")
    return failures


def doctest_programs(path):
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    text = ast.get_docstring(tree, clean=False) or ""
    return [example.source for example in doctest.DocTestParser().get_examples(text)]


def string_programs(path):
    """Every string of a test file is a program, most of them wrong ones."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
            and 0 < len(node.value) < 2000 and "\0" not in node.value]


def encodable(text):
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def error_programs():
    test = LIBRARY + "/test/"
    cases = doctest_programs(test + "test_syntax.py")
    names = ("syntax exceptions eof fstring string_literals grammar named_expressions positional_only_arg patma unpack "
             "generators genexps listcomps setcomps dictcomps unpack_ex keywordonlyarg except_star coroutines "
             "future_stmt/badsyntax_future3 compile tokenize global scope tstring type_comments with funcattrs flufl "
             "unparse ast codeop").split()
    for name in names:
        path = test + f"test_{name}.py"
        if os.path.exists(path):
            if "syntax" not in name:
                cases += doctest_programs(path)
            cases += string_programs(path)
    return list(dict.fromkeys(filter(encodable, cases)))


def symbol_tables(table, depth=0):
    """The same text as ptsyntax --symtable."""
    raw = table._table
    name = raw.name
    symbols = "".join(sorted(f" {k}:{v & 0x7FF}:{v >> 11 & 15}" for k, v in raw.symbols.items()))
    types = {0: "function", 1: "class", 2: "module", 3: "annotation"}
    lines = [f"{' ' * depth}{types[raw.type]} {name} {raw.lineno}{' nested' if raw.nested else ''}{symbols}"]
    for child in raw.children:
        lines += symbol_tables(type(table)(child, table._filename), depth + 1)
    return lines


def compare_symbol_tables(front, files):
    import symtable
    failures = 0
    for path in files:
        with open(path, "rb") as file:
            source = file.read()
        answer = front.ask("symtable", source)
        try:
            theirs = "\n".join(symbol_tables(symtable.symtable(source, path, "exec"))) + "\n"
        except SyntaxError as e:
            theirs = (type(e).__name__, e.msg, e.lineno, e.offset)
            ours = parse_error(answer)
            answer = ours and ours[:2] + ours[2][:2]
        except (RecursionError, ValueError, MemoryError):
            continue
        if answer != theirs:
            failures += 1
            print(f"DIFFERENT symbols {path}")
            if isinstance(theirs, str) and isinstance(answer, str):
                for a, b in zip(answer.split("\n"), theirs.split("\n")):
                    if a != b:
                        x, y = a.split(), b.split()
                        print(f"  ours:   {' '.join(x[:3])} {[s for s in x if s not in y][:8]} {a[:200] if x==y else ''}\n"
                              f"  theirs: {' '.join(y[:3])} {[s for s in y if s not in x][:8]} {b[:200] if x==y else ''}")
                        break
            else:
                print(f"  ours:   {str(answer)[:200]}\n  theirs: {str(theirs)[:200]}")
    print(f"symbols: {len(files)} files, {failures} differ")
    return failures


def main(arguments):
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(5000)
    flags = {a for a in arguments if a.startswith("--")}
    program, *paths = [a for a in arguments if not a.startswith("--")]
    front = Front(program)
    full = "--full" in flags
    failures = 0
    if "--errors-only" not in flags:
        files = library_files(paths or [LIBRARY], full or paths)
        failures += compare_trees(front, files)
        failures += compare_symbol_tables(front, files)
    if not paths:
        cases = error_programs()
        failures += compare_errors(front, cases if full or "--errors-only" in flags else cases[::3])
    return failures > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
