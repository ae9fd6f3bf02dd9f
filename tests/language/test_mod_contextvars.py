"""contextvars: contexts are independent copies; many variables; the map's own iterators."""
import contextvars


def test_copies_are_independent():
    variables = [contextvars.ContextVar(f"v{i}") for i in range(200)]

    def fill():
        for i, variable in enumerate(variables):
            variable.set(i)
        copy = contextvars.copy_context()
        tokens = [variable.set(-1) for variable in variables]
        assert [copy[v] for v in variables] == list(range(200))
        assert all(v.get() == -1 for v in variables)
        for variable, token in zip(variables[::2], tokens[::2]):
            variable.reset(token)
        assert [v.get() for v in variables] == [i if i % 2 == 0 else -1 for i in range(200)]
        assert copy != contextvars.copy_context()
        for variable, token in zip(variables[1::2], tokens[1::2]):
            variable.reset(token)
        assert copy == contextvars.copy_context()
        assert set(copy.keys()) == set(copy) == set(variables)
        assert sorted(copy.values()) == list(range(200)) and dict(copy.items()) == dict(zip(variables, range(200)))
        return copy
    context = contextvars.Context()
    copy = context.run(fill)
    assert len(copy) == len(context) == 200 and len(contextvars.Context()) == 0
    assert variables[0] in context and contextvars.ContextVar("other") not in context
    assert variables[0].get("default") == "default"


def test_reset_removes():
    variable = contextvars.ContextVar("v")

    def body():
        token = variable.set(1)
        assert token.old_value is contextvars.Token.MISSING
        variable.reset(token)
        assert variable not in contextvars.copy_context() and len(contextvars.copy_context()) == 0
        try:
            variable.reset(token)
        except RuntimeError:
            pass
        else:
            assert False
    contextvars.Context().run(body)


def test_iterators():
    context = contextvars.copy_context()
    items = context.items()
    assert iter(items) is items and type(items).__name__ == "items"
