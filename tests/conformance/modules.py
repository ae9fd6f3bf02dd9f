"""The modules of CPython's suite that ptpython is measured by, in the three groups of the table."""

GROUPS = {
    "Syntax and core": """
        grammar syntax exceptions exception_hierarchy exception_variations baseexception eof tokenize keyword
        string_literals utf8source source_encoding unicode_identifiers augassign binop bool compare contains richcmp unary
        unpack unpack_ex pep646_syntax listcomps setcomps genexps named_expressions fstring positional_only_arg
        keywordonlyarg extcall call decorators global scope patma with raise except_star exception_group generators
        generator_stop yield_from coroutines asyncgen contextlib contextlib_async context compile codeop flufl __future__
        future type_comments type_annotations ast unparse symtable code_module
        """.split(),
    "Types": """
        int int_literal longexp float strtod complex numeric_tower pow list userlist tuple dict dictcomps dictviews userdict
        defaultdict ordered_dict set slice range enumerate iter iterlen itertools bytes unicode userstring ucn unicode_file
        memoryview format sort hash index types typechecks property super metaclass subclassinit descr descrtut class
        isinstance abstract_numbers abc genericalias genericclass dynamicclassattribute funcattrs operator builtin print
        structseq
        """.split(),
    "Runtime and everyday library": """
        gc weakref weakset finalization frame inspect traceback sys sys_settrace sys_setprofile import importlib module pkg
        pkgutil runpy typing dataclasses enum functools collections deque copy copyreg pickle struct ctypes array math cmath decimal fractions statistics
        random
        re string textwrap heapq bisect json thread threading threading_local threadsignals threadedtempfile queue
        concurrent_futures signal time datetime warnings unittest doctest doctest2 atexit _xxsubinterpreters interpreters cmd_line cmd_line_script repl
        """.split(),
}

# What every `make test` runs: quick modules that cover much. Together about a minute on two cores.
FAST = """
    grammar exception_hierarchy exception_variations keyword string_literals augassign binop bool compare contains
    unary unpack_ex setcomps listcomps named_expressions positional_only_arg keywordonlyarg decorators global patma
    with except_star exception_group future longexp numeric_tower pow slice enumerate dictcomps dictviews
    userlist userdict property dynamicclassattribute typechecks isinstance heapq bisect textwrap string copy
    """.split()


def all_modules():
    return ["test_" + name for group in GROUPS.values() for name in group]


def fast_modules():
    return ["test_" + name for name in FAST]
