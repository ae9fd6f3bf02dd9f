"""Trees as objects: ast.parse, compile() of trees, what is refused, unparse."""
import ast

SOURCE = '''
import os.path as p
from . import (x, y as z)
@deco(1, *a, k=2, **kw)
async def f(a, /, b: int = 1, *args, c, d=3, **kwargs) -> None:
    async with a as b, c: await d
    async for i in x: yield i
    return
class C(B, metaclass=M):
    """doc"""
    x: int = 1
    def m(self): return [i for i in range(3) if i if not i], {k: v for k, v in z}, {*a}, (i async for i in q)
try:
    assert x, "m"
except* E as e:
    raise E from e
else: pass
finally: del x[1:2, ...], y.z
while a < b <= c is not d: break
for i in 1, 2: continue
match v:
    case [1, *_, {"k": 2, **rest}] if g: pass
    case Cls(_, b=-1+2j) | None as w: pass
lambda x=1, *, y: (x := y) if not x else f"{x!r:>{w}} {y=}"
x @= b"q" + 1.5j ** ~3 // -2 or 10 ** 30 and u"s"
'''


def test_round_trip():
    tree = ast.parse(SOURCE)
    code = compile(tree, "<t>", "exec")
    assert code.co_filename == "<t>"
    again = ast.parse(ast.unparse(tree))
    assert ast.dump(again) == ast.dump(tree)


def test_execution_of_a_tree():
    namespace = {}
    tree = ast.parse("def f(n): return [i * 2 for i in range(n)]\nr = f(3)")
    exec(compile(tree, "<t>", "exec"), namespace)
    assert namespace["r"] == [0, 2, 4]
    tree = ast.parse("1 + 2 * x", mode="eval")
    tree.body.left.value = 100
    assert eval(compile(tree, "<t>", "eval"), {"x": 5}) == 110


def test_positions():
    tree = ast.parse("x = (1 +\n  call(yy))")
    call = tree.body[0].value.right
    assert (call.lineno, call.col_offset, call.end_lineno, call.end_col_offset) == (2, 2, 2, 10)


def test_classes():
    assert ast.BinOp._fields == ("left", "op", "right") == ast.BinOp.__match_args__
    assert ast.expr._attributes == ("lineno", "col_offset", "end_lineno", "end_col_offset")
    assert ast.Module.__mro__ == (ast.Module, ast.mod, ast.AST, object)
    node = ast.Name("x", ctx=ast.Load(), extra=3)
    assert (node.id, node.extra) == ("x", 3)
    for bad in (lambda: ast.Name(1, 2, 3), lambda: ast.Name("x", id="y")):
        try:
            bad()
        except TypeError as e:
            assert "Name" in str(e)
        else:
            raise AssertionError
    assert ast.Return().value is None
    assert ast.BinOp.__doc__ == "BinOp(expr left, operator op, expr right)"


def refused(tree, exception, message, mode="exec"):
    ast.fix_missing_locations(tree)
    try:
        compile(tree, "<t>", mode)
    except exception as e:
        assert message in str(e), e
    else:
        raise AssertionError(message)


def test_refused_trees():
    load, store = ast.Name("x", ast.Load()), ast.Name("x", ast.Store())
    refused(ast.Module([ast.Expr(store)], []), ValueError, "expression must have Load context but has Store instead")
    refused(ast.Module([ast.Delete([])], []), ValueError, "empty targets on Delete")
    refused(ast.Module([ast.Expr(ast.Constant(int))], []), TypeError, "got an invalid type in Constant: type")
    refused(ast.Module([ast.Expr(ast.BoolOp(ast.And(), [load]))], []), ValueError, "BoolOp with less than 2 values")
    refused(ast.Module([ast.Expr(ast.Name("None", ast.Load()))], []), ValueError,
            "identifier field can't represent 'None' constant")
    refused(ast.Module([ast.Expr(3)], []), TypeError, "required field \"lineno\" missing from expr")
    refused(ast.Module([3], []), TypeError, "required field \"lineno\" missing from stmt")
    refused(ast.Module([load], []), TypeError, "expected some sort of stmt, but got <ast.Name object")
    refused(ast.Module((), []), TypeError, 'Module field "body" must be a list, not a tuple')
    refused(ast.Module([ast.Expr(None)], []), ValueError, "field 'value' is required for Expr")
    refused(ast.Expression(load), TypeError, "expected Module node, got Expression")


def test_constants():
    for value in (None, True, ..., 3, -3, 10**40, -(10**40), 1.5, 2j, 1 + 2j, "s", "\ud800", b"b", (1, ("a", None)), frozenset((1, 2))):
        tree = ast.fix_missing_locations(ast.Expression(ast.Constant(value)))
        got = eval(compile(tree, "<t>", "eval"))
        assert got == value and type(got) is type(value), value


def test_cyclic_tree():
    e = ast.UnaryOp(op=ast.Not(), lineno=0, col_offset=0)
    e.operand = e
    try:
        compile(ast.Expression(e), "<t>", "eval")
    except RecursionError:
        pass
    else:
        raise AssertionError


def test_type_comments():
    source = '''
def f(a,  # type: A
      *b  # type: B
      ):
    # type: (...) -> int
    x = 1  # type: int
    for i in x:  # type: str
        pass  # type: ignore[tag]
    with x as y:  # type: C
        pass
async def g(): # type: () -> None
    pass
'''
    tree = ast.parse(source, type_comments=True)
    f, g = tree.body
    assert f.type_comment == "(...) -> int" and g.type_comment == "() -> None"
    assert f.args.args[0].type_comment == "A" and f.args.vararg.type_comment == "B"
    assert [s.type_comment for s in f.body] == ["int", "str", "C"]
    assert [(i.lineno, i.tag) for i in tree.type_ignores] == [(8, "[tag]")]
    assert ast.parse(source).body[0].type_comment is None
    for bad in ("def f(): # type: () -> int\n  # type: () -> int\n  pass", "x = # type: int\n  1", "if x: # type: int\n pass"):
        ast.parse(bad) if "\n  1" not in bad else None
        try:
            ast.parse(bad, type_comments=True)
        except SyntaxError:
            pass
        else:
            raise AssertionError(bad)


def test_feature_version():
    for source, minor, message in (
            ("match x:\n case 1: pass", 10, "Pattern matching is only supported in Python 3.10 and greater"),
            ("(x := 1)", 8, "Assignment expressions are only supported in Python 3.8 and greater"),
            ("with (a as b): pass", 9, "Parenthesized context managers are only supported in Python 3.9 and greater"),
            ("def f(a, /): pass", 8, "Positional-only parameters are only supported in Python 3.8 and greater"),
            ("x = 1_0", 6, "Underscores in numeric literals are only supported in Python 3.6 and greater"),
            ("try: pass\nexcept* E: pass", 11, "Exception groups are only supported in Python 3.11 and greater")):
        ast.parse(source, feature_version=(3, minor))
        try:
            ast.parse(source, feature_version=(3, minor - 1))
        except SyntaxError as e:
            assert message in str(e), e
        else:
            raise AssertionError(source)


def test_func_type():
    tree = ast.parse("(int, *str, **Any) -> float", "<t>", "func_type")
    assert [t.id for t in tree.argtypes] == ["int", "str", "Any"] and tree.returns.id == "float"
    for bad in ("(int, *str, *Any) -> float", "(**Any, *str) -> float", "(int, **Any, str) -> float"):
        try:
            ast.parse(bad, "<t>", "func_type")
        except SyntaxError:
            pass
        else:
            raise AssertionError(bad)
