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
