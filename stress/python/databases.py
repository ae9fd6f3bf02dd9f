"""One sqlite3 connection and its blob used by many threads and closed meanwhile, by another thread or by what it calls;
a cursor that is given other connections while threads use it."""

import sqlite3

import common

STATEMENTS = 20


# What the others may cause: a function is not replaced while a statement runs, an interrupted change expires the blob.
DISTURBANCES = "interrupted", "Error creating function", "Cannot operate on an expired blob handle"


def allowed(function, *arguments):
    """False once the connection, the cursor or the blob is closed."""
    try:
        function(*arguments)
    except (sqlite3.ProgrammingError, sqlite3.OperationalError) as error:
        if str(error) in DISTURBANCES:
            return True
        common.check(" closed " in str(error), error)
        return False
    return True


def closed_by_a_thread(n):
    connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    connection.execute("create table t(a)")
    connection.execute("insert into t values(zeroblob(100))")
    blob = connection.blobopen("t", "a", 1)
    cursor = connection.cursor()

    def write(index):
        random = common.rng(index + n)
        for i in range(STATEMENTS):
            if not allowed(connection.execute, "insert into t values(?)", (i,)):
                break
            allowed(cursor.execute, "select a from t")
            allowed(cursor.fetchmany, random.below(5))
            allowed(connection.create_function, "f", 1, str)
            allowed(connection.set_progress_handler, lambda: 0, 1 + random.below(5))
            allowed(connection.commit)

    def read(index):
        for i in range(STATEMENTS):
            allowed(blob.seek, 0)
            if not allowed(blob.read, 10) or not allowed(blob.__setitem__, i, i):
                break

    def end(index):
        for i in range(5 + n % 20):
            allowed(connection.interrupt)
        if n % 2:
            allowed(blob.close)
        allowed(connection.close)

    common.run_threads(write, extra=[read, read, end])
    common.check(not allowed(connection.execute, "select 1"), "closed")


def closed_by_what_it_calls(n):
    connection = sqlite3.connect(":memory:", detect_types=sqlite3.PARSE_DECLTYPES)
    connection.executescript("create table t(a); insert into t values(1); insert into t values(2); create table c(a ends)")
    refused = []

    def close(*arguments):
        try:
            connection.close()
        except sqlite3.ProgrammingError as error:
            refused.append(str(error))
        return 0

    class Adapted:
        def __conform__(self, protocol):
            return close()

    def rows():
        yield (close(),)
        yield (close(),)

    connection.create_function("f", 1, close)
    connection.create_collation("same", close)
    sqlite3.register_converter("ends", close)
    connection.execute("select f(a) from t where f(a) = 0 order by a").fetchall()
    connection.execute("select a from t order by cast(a as text) collate same").fetchall()
    connection.execute("insert into c values(?)", (Adapted(),))
    connection.executemany("insert into c values(?)", rows())
    connection.execute("select a from c").fetchall()
    connection.commit()
    connection.backup(sqlite3.connect(":memory:"), pages=1, progress=close)
    connection.set_trace_callback(close)
    connection.execute("select 1").fetchall()
    connection.set_trace_callback(None)
    connection.set_authorizer(close)
    connection.execute("select 2").fetchall()
    common.check(len(refused) >= 12, "refused %d times" % len(refused))
    common.equal(set(refused), {"Cannot close a database while an operation on it is under way."})
    connection.close()


def cursors_that_change_hands(n):
    connections = [sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None) for _ in range(3)]
    for i, connection in enumerate(connections):
        connection.execute("create table t(a)")
        connection.executemany("insert into t values(?)", [(i,)] * 5)
    cursor = sqlite3.Cursor.__new__(sqlite3.Cursor)
    cursor.__init__(connections[0])
    fresh = sqlite3.Cursor.__new__(sqlite3.Cursor)

    def use(index):
        random = common.rng(index + n)
        for i in range(STATEMENTS):
            for c in cursor, fresh:
                try:
                    if random.below(4) == 0:
                        c.__init__(random.choice(connections))
                    c.execute("select a from t")
                    rows = c.fetchmany(4)
                    common.check({row[0] for row in rows} <= {0, 1, 2}, rows)
                except sqlite3.ProgrammingError as error:
                    common.check("__init__ not called" in str(error) or "Recursive use" in str(error), error)

    common.run_threads(use)
    cursor.__init__(connections[1])
    common.equal(cursor.execute("select a from t").fetchall(), [(1,)] * 5)


def body(n):
    cursors_that_change_hands(n)
    closed_by_a_thread(n)
    closed_by_what_it_calls(n)


common.main(lambda: common.phases(body))
