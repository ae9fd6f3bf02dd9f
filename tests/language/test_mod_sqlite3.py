# _sqlite3 through the sqlite3 package.
import datetime
import sqlite3
import threading

from checks import raises


def filled():
    c = sqlite3.connect(":memory:")
    c.execute("create table t(a integer primary key, b text, c real, d blob)")
    c.executemany("insert into t(b, c, d) values(?, ?, ?)", [("x", 1.5, b"1"), ("y", None, b""), ("\xe9", 2, None)])
    c.commit()
    return c


def test_rows():
    c = filled()
    assert c.execute("select * from t order by a").fetchall() == [(1, "x", 1.5, b"1"), (2, "y", None, b""), (3, "\xe9", 2.0, None)]
    cursor = c.cursor()
    cursor.execute("insert into t(b) values(:b)", {"b": "named"})
    assert (cursor.lastrowid, cursor.rowcount, cursor.description) == (4, 1, None)
    cursor.execute("select a, b from t")
    assert cursor.description == (("a",) + (None,) * 6, ("b",) + (None,) * 6)
    assert cursor.fetchone() == (1, "x") and cursor.fetchmany(2) == [(2, "y"), (3, "\xe9")] and list(cursor) == [(4, "named")]
    assert cursor.fetchone() is None
    c.row_factory = sqlite3.Row
    row = c.execute("select a, b as bb from t").fetchone()
    assert tuple(row) == (1, "x") and row["BB"] == "x" and row.keys() == ["a", "bb"] and row[-1] == "x" and len(row) == 2
    raises(IndexError, row.__getitem__, "none")
    c.text_factory = bytes
    assert c.execute("select b from t").fetchone()[0] == b"x"


def test_errors():
    c = filled()
    error = raises(sqlite3.OperationalError, c.execute, "selec")
    assert str(error) == 'near "selec": syntax error' and error.sqlite_errorname == "SQLITE_ERROR"
    error = raises(sqlite3.IntegrityError, c.execute, "insert into t(a) values(1)")
    assert str(error) == "UNIQUE constraint failed: t.a" and error.sqlite_errorname == "SQLITE_CONSTRAINT_PRIMARYKEY"
    error = raises(sqlite3.ProgrammingError, c.execute, "select ?", ())
    assert str(error) == "Incorrect number of bindings supplied. The current statement uses 1, and there are 0 supplied."
    assert str(raises(sqlite3.ProgrammingError, c.execute, "select :a", {})) == "You did not supply a value for binding parameter :a."
    raises(OverflowError, c.execute, "select ?", (1 << 70,))
    raises(sqlite3.Error, c.execute, "select ?", (object(),))
    c.close()
    assert str(raises(sqlite3.ProgrammingError, c.execute, "select 1")) == "Cannot operate on a closed database."


def test_transactions():
    c = filled()
    assert not c.in_transaction
    with c:
        c.execute("delete from t where a = 1")
        assert c.in_transaction

    def fail():
        with c:
            c.execute("delete from t")
            raise KeyError

    raises(KeyError, fail)
    assert c.execute("select count(*) from t").fetchone() == (2,)
    c.isolation_level = None
    c.execute("delete from t")
    assert not c.in_transaction and c.total_changes == 8
    raises(ValueError, setattr, c, "isolation_level", "WRONG")
    c.executescript("create table z(q); insert into z values(1); insert into z values(2);")
    assert c.execute("select * from z").fetchall() == [(1,), (2,)]


def test_callables():
    c = filled()
    c.create_function("plus", 2, lambda a, b: a + b)
    assert c.execute("select plus(1, 2), plus('a', 'b')").fetchone() == (3, "ab")

    class Total:
        def __init__(self):
            self.n = 0

        def step(self, x):
            self.n += x

        def finalize(self):
            return self.n

    c.create_aggregate("total_of", 1, Total)
    assert c.execute("select total_of(a) from t").fetchone() == (6,)
    c.create_collation("backwards", lambda a, b: (a < b) - (a > b))
    assert c.execute("select b from t order by b collate backwards").fetchall() == [("\xe9",), ("y",), ("x",)]
    c.create_function("bad", 0, lambda: 1 / 0)
    assert str(raises(sqlite3.OperationalError, c.execute, "select bad()")) == "user-defined function raised exception"
    log = []
    c.set_trace_callback(log.append)
    c.execute("select 5")
    c.set_trace_callback(None)
    assert log == ["select 5"]
    c.set_authorizer(lambda *args: sqlite3.SQLITE_DENY)
    raises(sqlite3.DatabaseError, c.execute, "select * from t")
    c.set_authorizer(None)
    assert c.execute("select 1").fetchone() == (1,)


def test_converters_and_dump():
    c = sqlite3.connect(":memory:", detect_types=sqlite3.PARSE_DECLTYPES | sqlite3.PARSE_COLNAMES)
    c.execute("create table e(d date, ts timestamp)")
    c.execute("insert into e values(?, ?)", (datetime.date(2020, 1, 2), datetime.datetime(2020, 1, 2, 3, 4, 5)))
    date, stamp = datetime.date(2020, 1, 2), datetime.datetime(2020, 1, 2, 3, 4, 5)
    assert c.execute("select d, ts, d as 'd [date]' from e").fetchone() == (date, stamp, date)
    c = filled()
    dump = list(c.iterdump())
    assert dump[0] == "BEGIN TRANSACTION;" and "INSERT INTO \"t\" VALUES(1,'x',1.5,X'31');" in dump
    copy = sqlite3.connect(":memory:")
    c.backup(copy)
    assert copy.execute("select count(*) from t").fetchone() == (3,)
    c.execute("insert into t(a, d) values(99, zeroblob(10))")
    with c.blobopen("t", "d", 99) as blob:
        blob.write(b"hello")
        blob.seek(0)
        assert blob.read() == b"hello\0\0\0\0\0" and blob[0] == 104 and blob[1:3] == b"el" and len(blob) == 10


def test_statements_without_a_command():
    c = sqlite3.connect(":memory:")
    for sql in "", "-- only a comment", " ;":
        assert c.execute(sql).fetchall() == []
        c.executescript(sql)
        raises(sqlite3.ProgrammingError, c.executemany, sql, [()])


def test_schema_names():
    c = filled()
    for method, arguments in ("backup", (sqlite3.connect(":memory:"),)), ("serialize", ()), ("deserialize", (c.serialize(),)), ("blobopen", ("t", "b", 1)):
        error = raises(TypeError, getattr(c, method), *arguments, name=3)
        assert str(error) == method + "() argument 'name' must be str, not int"
        error = raises(TypeError, getattr(c, method), *arguments, name=None)
        assert str(error) == method + "() argument 'name' must be str, not None"


def test_cursor_used_by_what_it_calls():
    c = filled()
    cursor, errors = c.cursor(), []

    def intrude(call):
        errors.append(str(raises(sqlite3.ProgrammingError, call)))

    def parameters(call):
        yield ("p",)
        intrude(call)
        yield ("q",)

    for call in cursor.close, lambda: cursor.execute("select 1"), cursor.fetchone, lambda: cursor.__init__(c):
        cursor.executemany("insert into t(b) values(?)", parameters(call))
        assert c.execute("select count(*) from t where b in ('p', 'q')").fetchone() == (2,)
        c.execute("delete from t where b in ('p', 'q')")
        c.create_function("f", 1, lambda x: intrude(call))
        assert cursor.execute("select f(a) from t limit 1").fetchall() == [(None,)]
    assert errors == ["Recursive use of cursors not allowed."] * 8
    # A row factory is called after the operation.
    c.row_factory = lambda cursor, row: (cursor.close(), row)
    assert c.execute("select 7").fetchone() == (None, (7,))


def test_hooks_that_remove_themselves():
    c = filled()

    class Hook:
        def __init__(self, remove):
            self.remove, self.calls = remove, 0

        def __call__(self, *arguments):
            self.remove()
            self.calls += 1
            return 0

    for put in c.set_authorizer, c.set_trace_callback, lambda hook: c.set_progress_handler(hook, 1):
        hook = Hook(lambda: put(None))
        put(hook)
        c.execute("select a from t where a = 1").fetchall()
        assert hook.calls >= 1


def test_threads():
    c = filled()
    errors = []
    t = threading.Thread(target=lambda: errors.append(raises(sqlite3.ProgrammingError, c.execute, "select 1")))
    t.start()
    t.join()
    assert "can only be used in that same thread" in str(errors[0])
    shared = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    shared.execute("create table n(x)")

    def work(k):
        for i in range(100):
            shared.execute("insert into n values(2 * ?)", (k * 1000 + i,))
            shared.execute("select count(*) from n where x > ?", (i,)).fetchone()

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert shared.execute("select count(*), sum(x) from n").fetchone() == (400, 2 * sum(k * 1000 + i for k in range(4) for i in range(100)))


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
