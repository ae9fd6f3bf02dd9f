// Connections: opening, transactions, the statement cache.
#include <algorithm>
#include <cctype>
#include <cstring>
#include <new>

#include "vm/modules/dynamic/sqlite3/sqlite.h"
#include "vm/modules/sys/sys.h"
#include "vm/object/thread.h"
#include "vm/types/float.h"
#include "vm/types/list.h"

namespace pt::sqlite {

bool check_open(Connection* c) {
  if (!c->initialised) return raise(error_class(kProgrammingError), "Base Connection.__init__ not called.");
  if (!c->db) return raise(error_class(kProgrammingError), "Cannot operate on a closed database.");
  return true;
}
bool check_thread(Connection* c) {
  uint64_t self = current_thread()->ident;
  if (!c->initialised || !c->check_same_thread || c->thread == self) return true;
  char numbers[2][24];
  std::snprintf(numbers[0], sizeof numbers[0], "%lu", static_cast<unsigned long>(c->thread));
  std::snprintf(numbers[1], sizeof numbers[1], "%lu", static_cast<unsigned long>(self));
  return raise(error_class(kProgrammingError),
               "SQLite objects created in a thread can only be used in that same thread. The object was created in thread id %s "
               "and this is "
               "thread id %s.",
               numbers[0], numbers[1]);
}
bool check_connection(Connection* c) { return check_thread(c) && check_open(c); }

// Checked again with the lock: another thread may have closed it.
Operation::Operation(Connection* c) : connection_(c), held_(check_connection(c) && c->lock.enter()), ok_(held_ && check_open(c)) {
  if (ok_) c->operations.fetch_add(1, std::memory_order_relaxed);
}
Operation::~Operation() {
  if (ok_) connection_->operations.fetch_sub(1, std::memory_order_relaxed);
  if (held_) connection_->lock.leave();
}

bool run_simple(Connection* c, const char* sql) {
  int code;
  {
    Detached detached;
    code = sqlite3_exec(c->db, sql, nullptr, nullptr, nullptr);
  }
  if (error_pending()) return false;
  return code == SQLITE_OK ? true : static_cast<bool>(raise_sqlite_error(c->db));
}
bool begin_if_needed(Connection* c) { return !c->begin || !sqlite3_get_autocommit(c->db) || run_simple(c, c->begin); }

namespace {

// The first word of a statement, past white space and comments.
bool starts_with_word(const char* sql, std::initializer_list<const char*> words) {
  for (;;) {
    while (std::isspace(static_cast<unsigned char>(*sql))) ++sql;
    if (sql[0] == '-' && sql[1] == '-') {
      while (*sql && *sql != '\n') ++sql;
    } else if (sql[0] == '/' && sql[1] == '*') {
      const char* end = std::strstr(sql + 2, "*/");
      sql = end ? end + 2 : sql + std::strlen(sql);
    } else {
      break;
    }
  }
  for (const char* word : words) {
    if (strncasecmp(sql, word, std::strlen(word)) == 0) return true;
  }
  return false;
}
bool only_blank(const char* sql) {
  for (;;) {
    while (std::isspace(static_cast<unsigned char>(*sql)) || *sql == ';') ++sql;
    if (sql[0] == '-' && sql[1] == '-') {
      while (*sql && *sql != '\n') ++sql;
    } else if (sql[0] == '/' && sql[1] == '*') {
      const char* end = std::strstr(sql + 2, "*/");
      if (!end) return false;
      sql = end + 2;
    } else {
      return *sql == 0;
    }
  }
}

Ref<Statement> prepare(Connection* c, Str* sql) {
  Utf8 text(sql);
  if (!text.ok()) return Ref<Statement>();
  if (text.view().size() > static_cast<size_t>(sqlite3_limit(c->db, SQLITE_LIMIT_SQL_LENGTH, -1))) {
    return raise(error_class(kDataError), "query string is too large");
  }
  if (std::strlen(text.c_str()) != text.view().size())
    return raise(error_class(kProgrammingError), "the query contains a null character");
  sqlite3_stmt* handle;
  const char* tail;
  int code;
  {
    Detached detached;
    code = sqlite3_prepare_v2(c->db, text.c_str(), static_cast<int>(text.view().size()) + 1, &handle, &tail);
  }
  if (error_pending()) return Ref<Statement>();
  if (code != SQLITE_OK) return raise_sqlite_error(c->db);
  if (!only_blank(tail)) {
    sqlite3_finalize(handle);
    return raise(error_class(kProgrammingError), "You can only execute one statement at a time.");
  }
  Ref<Statement> self = allocate<Statement>(&statement_type);
  if (!self) {
    sqlite3_finalize(handle);
    return self;
  }
  self->handle = handle;
  self->is_dml = starts_with_word(text.c_str(), {"insert", "update", "delete", "replace"});
  return self;
}
void statement_destroy(Object* o) {
  auto* self = static_cast<Statement*>(o);
  if (!self->handle) return;
  Detached detached;
  sqlite3_finalize(self->handle);
  self->handle = nullptr;
}

// ---- opening and closing ------------------------------------------------------------------------------------------------------

constexpr const char* kLevels[] = {"", "DEFERRED", "IMMEDIATE", "EXCLUSIVE"};
constexpr const char* kBegins[] = {"BEGIN ", "BEGIN DEFERRED", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"};

bool set_level(Connection* c, Value level) {
  if (is_none(level)) {
    c->begin = nullptr;
    c->isolation_level.store(c, none_ref());
    return true;
  }
  if (!is_str(level)) return raise(exc::TypeError, "isolation_level must be str or None");
  Utf8 text(as_str(level));
  if (!text.ok()) return false;
  for (size_t i = 0; i < 4; ++i) {
    if (strcasecmp(text.c_str(), kLevels[i]) != 0) continue;
    c->begin = kBegins[i];
    c->isolation_level.store(c, Ref<>::retain(level));
    return true;
  }
  return raise(exc::ValueError, "isolation_level string must be '', 'DEFERRED', 'IMMEDIATE', or 'EXCLUSIVE'");
}

bool check_idle(Connection* c) {
  if (c->operations.load(std::memory_order_relaxed) == 0) return true;
  return raise(error_class(kProgrammingError), "Cannot close a database while an operation on it is under way.");
}
void close_database(Connection* c) {
  sqlite3* db;
  {
    ObjectGuard guard(c->handle_lock);
    db = c->db.exchange(nullptr);
  }
  if (!db) return;
  Ref<> statements = c->statements.load(c);
  if (statements) dict_clear(as_dict(statements.value()));
  Detached detached;
  sqlite3_close_v2(db);
}

Ref<> connection_construct(Type* type, const Args&) {
  Ref<Connection> self = allocate<Connection>(type);
  if (!self) return Ref<>();
  new (&self->lock) OwnedLock;
  new (&self->handle_lock) ThreadLock;
  return self;
}
bool connection_init(Value v, const Args& args) {
  Value b[8];
  if (!bind_arguments("Connection",
                      "(database, timeout=5.0, detect_types=0, isolation_level='', check_same_thread=True, factory=None, "
                      "cached_statements=128, "
                      "uri=False)",
                      args, b)) {
    return false;
  }
  Connection* c = as_connection(v);
  double timeout = 5.0;
  int detect = 0, cached = 128;
  bool same_thread = true, uri = false;
  Ref<Bytes> path = fs_encode(b[0]);
  if (!path || (!b[1].empty() && !to_double(b[1], &timeout)) || !to_cint(b[2], &detect) || !to_flag(b[4], &same_thread) ||
      !to_cint(b[6], &cached) || !to_flag(b[7], &uri) || !audit("sqlite3.connect", {b[0]})) {
    return false;
  }
  OwnedGuard guard(c->lock);
  if (!guard || !check_idle(c)) return false;
  c->initialised = false;
  close_database(c);
  Ref<Dict> statements = dict_new();
  if (!statements || !set_level(c, b[3].empty() ? Value::object(empty_str()) : b[3])) return false;
  sqlite3* db = nullptr;
  int code;
  {
    Detached detached;
    code = sqlite3_open_v2(reinterpret_cast<char*>(path->data), &db,
                           SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | (uri ? SQLITE_OPEN_URI : 0), nullptr);
    if (code == SQLITE_OK) sqlite3_busy_timeout(db, static_cast<int>(timeout * 1000));
  }
  if (code != SQLITE_OK) {
    if (db) {
      raise_sqlite_error(db);
      sqlite3_close(db);
    } else {
      raise_no_memory();
    }
    return false;
  }
  c->db = db;
  c->statements.store(c, std::move(statements));
  c->row_factory.store(c, none_ref());
  c->text_factory.store(c, Ref<>::retain(Value::object(&str_type)));
  c->detect_types = detect;
  c->check_same_thread = same_thread;
  c->cache_limit = cached;
  c->thread = current_thread()->ident;
  c->initialised = true;
  return audit("sqlite3.connect/handle", {v});
}
void connection_destroy(Object* o) {
  auto* c = static_cast<Connection*>(o);
  close_database(c);
  for (Field* f :
       {&c->isolation_level, &c->row_factory, &c->text_factory, &c->statements, &c->trace, &c->progress, &c->authorizer}) {
    f->exchange_locked(Ref<>()).reset();
  }
}
void connection_traverse(Object* o, FieldVisitor& visitor) {
  auto* c = static_cast<Connection*>(o);
  for (Field* f :
       {&c->isolation_level, &c->row_factory, &c->text_factory, &c->statements, &c->trace, &c->progress, &c->authorizer})
    visitor(*f);
}

Ref<> close_method(const Value* a) {
  Connection* c = as_connection(a[0]);
  if (!check_thread(c)) return Ref<>();
  if (!c->initialised) return raise(error_class(kProgrammingError), "Base Connection.__init__ not called.");
  OwnedGuard guard(c->lock);
  if (!guard || !check_idle(c)) return Ref<>();
  close_database(c);
  return none_ref();
}

// ---- transactions -------------------------------------------------------------------------------------------------------------

Ref<> end_transaction(Value v, const char* sql) {
  Connection* c = as_connection(v);
  Operation operation(c);
  if (!operation || (!sqlite3_get_autocommit(c->db) && !run_simple(c, sql))) return Ref<>();
  return none_ref();
}
Ref<> commit(const Value* a) { return end_transaction(a[0], "COMMIT"); }
Ref<> rollback(const Value* a) { return end_transaction(a[0], "ROLLBACK"); }
Ref<> enter(const Value* a) { return check_connection(as_connection(a[0])) ? Ref<>::retain(a[0]) : Ref<>(); }
Ref<> exit(const Value* a) {
  bool failed = given(a[1]);
  Ref<> result = call_method(a[0], failed ? "rollback" : "commit");
  if (!result) {
    if (failed) return Ref<>();
    // A commit that failed is undone.
    Ref<> error = take_error();
    Ref<> undone = call_method(a[0], "rollback");
    if (!undone) clear_error();
    restore_error(std::move(error));
    return Ref<>();
  }
  return bool_ref(false);
}
Ref<> interrupt(const Value* a) {
  Connection* c = as_connection(a[0]);
  if (!check_open(c)) return Ref<>();
  ObjectGuard guard(c->handle_lock);
  if (sqlite3* db = c->db) sqlite3_interrupt(db);
  return none_ref();
}

// ---- cursors and shortcuts
// ------------------------------------------------------------------------------------------------------

Ref<> make_cursor(Value connection, Value factory) {
  Connection* c = as_connection(connection);
  if (!check_connection(c)) return Ref<>();
  Ref<> cursor = call1(factory.empty() ? Value::object(&cursor_type) : factory, connection);
  if (!cursor) return Ref<>();
  if (!is_instance_of(cursor.value(), &cursor_type)) {
    return raise(exc::TypeError, "factory must return a cursor, not %T", cursor.value());
  }
  Ref<> row_factory = c->row_factory.load(c);
  if (row_factory && !is_none(row_factory.value())) {
    as_cursor(cursor.value())->row_factory.store(cursor.value().as_object(), std::move(row_factory));
  }
  return cursor;
}
Ref<> cursor_method(const Value* a) { return make_cursor(a[0], a[1]); }
Ref<> execute(const Value* a) {
  Ref<> cursor = make_cursor(a[0], Value());
  if (!cursor) return Ref<>();
  return a[2].empty() ? call_method(cursor.value(), "execute", {a[1]}) : call_method(cursor.value(), "execute", {a[1], a[2]});
}
Ref<> executemany(const Value* a) {
  Ref<> cursor = make_cursor(a[0], Value());
  return cursor ? call_method(cursor.value(), "executemany", {a[1], a[2]}) : Ref<>();
}
Ref<> executescript(const Value* a) {
  Ref<> cursor = make_cursor(a[0], Value());
  return cursor ? call_method(cursor.value(), "executescript", {a[1]}) : Ref<>();
}
Ref<> call_connection(Value self, const Args& args) {
  Value b[1];
  if (!bind_arguments("Connection", "(sql, /)", args, b)) return Ref<>();
  Operation operation(as_connection(self));
  if (!operation) return Ref<>();
  if (!is_str(b[0])) return raise(exc::TypeError, "argument 1 must be str, not %T", b[0]);
  return prepare(as_connection(self), as_str(b[0]));
}

// ---- the database as a whole
// ------------------------------------------------------------------------------------------------------

Ref<> iterdump(const Value* a) {
  if (!check_open(as_connection(a[0]))) return Ref<>();
  Ref<> dump = import_attribute("sqlite3.dump", "_iterdump");
  return dump ? call1(dump.value(), a[0]) : Ref<>();
}

}  // namespace

bool check_schema_name(const char* method, Value name) {
  if (name.empty() || is_str(name)) return true;
  if (is_none(name)) return raise(exc::TypeError, "%s() argument 'name' must be str, not None", method);
  return raise(exc::TypeError, "%s() argument 'name' must be str, not %T", method, name);
}

namespace {

Ref<> backup(const Value* a) {
  Connection* c = as_connection(a[0]);
  int pages = -1;
  double sleep = 0.25;
  if (!is_instance_of(a[1], &connection_type))
    return raise(exc::TypeError, "backup() argument 1 must be sqlite3.Connection, not %T", a[1]);
  Connection* target = as_connection(a[1]);
  if (!to_cint(a[2], &pages) || (!a[5].empty() && !to_double(a[5], &sleep)) || !check_schema_name("backup", a[4]) ||
      !check_connection(c) || !check_connection(target)) {
    return Ref<>();
  }
  if (c == target) return raise(exc::ValueError, "target cannot be the same connection instance");
  if (given(a[3]) && !is_callable(a[3])) return raise(exc::TypeError, "progress argument must be a callable");
  if (pages == 0) pages = -1;
  Utf8 name(a[4].empty() ? intern("main") : as_str(a[4]));
  if (!name.ok()) return Ref<>();
  // In the order of their addresses: a backup the other way does not wait for this one.
  Operation first(std::min(c, target)), second(std::max(c, target));
  if (!first || !second) return Ref<>();
  sqlite3_backup* handle;
  {
    Detached detached;
    handle = sqlite3_backup_init(target->db, "main", c->db, name.c_str());
  }
  if (!handle) return raise_sqlite_error(target->db);
  int code;
  do {
    {
      Detached detached;
      code = sqlite3_backup_step(handle, pages);
    }
    first.pause();
    second.pause();
    if (given(a[3])) {
      Ref<> result = call_values(a[3], {Value::small_int(code), Value::small_int(sqlite3_backup_remaining(handle)),
                                        Value::small_int(sqlite3_backup_pagecount(handle))});
      if (!result) break;
    }
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
      Detached detached;
      sqlite3_sleep(static_cast<int>(sleep * 1000));
    }
    if (!first.resume() || !second.resume()) break;
  } while (code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED);
  {
    Detached detached;
    code = sqlite3_backup_finish(handle);
  }
  if (error_pending()) return Ref<>();
  return code == SQLITE_OK ? none_ref() : Ref<>(raise_sqlite_error(target->db));
}
Ref<> serialize(const Value* a) {
  Connection* c = as_connection(a[0]);
  if (!check_schema_name("serialize", a[1])) return Ref<>();
  Operation operation(c);
  if (!operation) return Ref<>();
  Utf8 name(a[1].empty() ? intern("main") : as_str(a[1]));
  if (!name.ok()) return Ref<>();
  sqlite3_int64 size = 0;
  unsigned char* data;
  {
    Detached detached;
    data = sqlite3_serialize(c->db, name.c_str(), &size, 0);
  }
  if (!data) return raise(error_class(kOperationalError), "unable to serialize '%s'", name.c_str());
  Ref<> result = bytes_from({reinterpret_cast<char*>(data), static_cast<size_t>(size)});
  sqlite3_free(data);
  return result;
}
Ref<> deserialize(const Value* a) {
  Connection* c = as_connection(a[0]);
  BufferView view(a[1]);
  if (!view.ok() || !check_schema_name("deserialize", a[2])) return Ref<>();
  Operation operation(c);
  if (!operation) return Ref<>();
  Utf8 name(a[2].empty() ? intern("main") : as_str(a[2]));
  if (!name.ok()) return Ref<>();
  auto* copy = static_cast<unsigned char*>(sqlite3_malloc64(static_cast<sqlite3_uint64>(view.size()) + 1));
  if (!copy) return raise_no_memory();
  std::memcpy(copy, view.data(), static_cast<size_t>(view.size()));
  int code;
  {
    Detached detached;
    code = sqlite3_deserialize(c->db, name.c_str(), copy, view.size(), view.size(),
                               SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
  }
  return code == SQLITE_OK ? none_ref() : Ref<>(raise_sqlite_error(c->db));
}
Ref<> set_limit(const Value* a) {
  int category, limit;
  if (!to_cint(a[1], &category) || !to_cint(a[2], &limit)) return Ref<>();
  Operation operation(as_connection(a[0]));
  if (!operation) return Ref<>();
  int old = sqlite3_limit(as_connection(a[0])->db, category, limit);
  return old < 0 ? Ref<>(raise(error_class(kProgrammingError), "'category' is out of bounds")) : int_from_int64(old);
}
Ref<> get_limit(const Value* a) {
  const Value with_limit[] = {a[0], a[1], Value::small_int(-1)};
  return set_limit(with_limit);
}

// ---- attributes
// -------------------------------------------------------------------------------------------------------------------

Ref<> get_total_changes(Value v) {
  Operation operation(as_connection(v));
  return operation ? int_from_int64(sqlite3_total_changes(as_connection(v)->db)) : Ref<>();
}
Ref<> get_in_transaction(Value v) {
  Operation operation(as_connection(v));
  return operation ? bool_ref(!sqlite3_get_autocommit(as_connection(v)->db)) : Ref<>();
}
Ref<> get_level(Value v) {
  return check_connection(as_connection(v)) ? as_connection(v)->isolation_level.load(v.as_object()) : Ref<>();
}
bool put_level(Value v, Value value) {
  Connection* c = as_connection(v);
  if (value.empty()) return raise(exc::AttributeError, "cannot delete attribute");
  Operation operation(c);
  if (!operation) return false;
  // Autocommit begins with the end of the open transaction.
  if (is_none(value) && !sqlite3_get_autocommit(c->db) && !run_simple(c, "COMMIT")) return false;
  return set_level(c, value);
}
template <ErrorClass kWhich>
Ref<> get_error(Value) {
  return Ref<>::retain(g_errors[kWhich]);
}

const NativeDef kMethods[] = {
    {"backup", "($self, target, /, *, pages=-1, progress=None, name='main', sleep=0.25)", backup,
     "Makes a backup of the database."},
    {"blobopen", "($self, table, column, row, /, *, readonly=False, name='main')", blob_open, "Open and return a BLOB object."},
    {"close", "($self, /)", close_method, "Close the database connection."},
    {"commit", "($self, /)", commit, "Commit any pending transaction to the database."},
    {"create_aggregate", "($self, /, name, n_arg, aggregate_class)", create_aggregate, "Creates a new aggregate."},
    {"create_collation", "($self, name, callback, /)", create_collation, "Creates a collation function."},
    {"create_function", "($self, /, name, narg, func, *, deterministic=False)", create_function, "Creates a new function."},
    {"create_window_function", "($self, name, num_params, aggregate_class, /)", create_window_function,
     "Creates or redefines an aggregate window function."},
    {"cursor", "($self, /, factory=None)", cursor_method, "Return a cursor for the connection."},
    {"deserialize", "($self, data, /, *, name='main')", deserialize, "Load a serialized database."},
    {"execute", "($self, sql, parameters=(), /)", execute, "Executes an SQL statement."},
    {"executemany", "($self, sql, parameters, /)", executemany, "Repeatedly executes an SQL statement."},
    {"executescript", "($self, sql_script, /)", executescript, "Executes multiple SQL statements at once."},
    {"getlimit", "($self, category, /)", get_limit, "Get connection run-time limits."},
    {"interrupt", "($self, /)", interrupt, "Abort any pending database operation."},
    {"iterdump", "($self, /)", iterdump, "Returns iterator to the dump of the database in an SQL text format."},
    {"rollback", "($self, /)", rollback, "Roll back to the start of any pending transaction."},
    {"serialize", "($self, /, *, name='main')", serialize, "Serialize a database into a byte string."},
    {"set_authorizer", "($self, /, authorizer_callback)", set_authorizer, "Set authorizer callback."},
    {"set_progress_handler", "($self, /, progress_handler, n)", set_progress_handler, "Set progress handler callback."},
    {"set_trace_callback", "($self, /, trace_callback)", set_trace_callback,
     "Set a trace callback called for each SQL statement (passed as unicode)."},
    {"setlimit", "($self, category, limit, /)", set_limit, "Set connection run-time limits."},
    {"__enter__", "($self, /)", enter, "Called when the connection is used as a context manager."},
    {"__exit__", "($self, type, value, traceback, /)", exit, "Called when the connection is used as a context manager."},
    {}};
const GetSetDef kGetSets[] = {{"isolation_level", get_level, put_level},
                              {"total_changes", get_total_changes},
                              {"in_transaction", get_in_transaction},
                              {"Warning", get_error<kWarning>},
                              {"Error", get_error<kError>},
                              {"InterfaceError", get_error<kInterfaceError>},
                              {"DatabaseError", get_error<kDatabaseError>},
                              {"DataError", get_error<kDataError>},
                              {"OperationalError", get_error<kOperationalError>},
                              {"IntegrityError", get_error<kIntegrityError>},
                              {"InternalError", get_error<kInternalError>},
                              {"ProgrammingError", get_error<kProgrammingError>},
                              {"NotSupportedError", get_error<kNotSupportedError>},
                              {}};
const MemberDef kMembers[] = {
    {"row_factory", offsetof(Connection, row_factory), true}, {"text_factory", offsetof(Connection, text_factory), true}, {}};

}  // namespace

Ref<Statement> get_statement(Connection* c, Str* sql) {
  Dict* cache = as_dict(c->statements.peek());
  Ref<> found = dict_get(cache, Value::object(sql));
  if (!found && error_pending()) return Ref<Statement>();
  if (found) {
    auto* statement = reinterpret_cast<Statement*>(found.value().as_object());
    bool expected = false;
    if (statement->in_use.compare_exchange_strong(expected, true)) return Ref<Statement>::retain(statement);
  }
  Ref<Statement> made = prepare(c, sql);
  if (!made) return made;
  made->in_use.store(true, std::memory_order_relaxed);
  if (!found && c->cache_limit > 0) {
    Ref<> key, value;
    if (dict_size(cache) >= c->cache_limit) {
      int64_t position = 0;
      if (dict_next(cache, &position, &key, &value)) dict_pop(cache, key.value()).reset();
    }
    if (!dict_set(cache, Value::object(sql), made.value())) return Ref<Statement>();
  }
  return made;
}

constinit Type connection_type, statement_type, prepare_protocol_type;
const TypeSpec connection_spec = {.name = "sqlite3.Connection",
                                  .size = sizeof(Connection),
                                  .flags = kTypeBase | kTypeWeakrefs,
                                  .slots = {.call = call_connection, .construct = connection_construct, .init = connection_init},
                                  .traverse = connection_traverse,
                                  .destroy = connection_destroy,
                                  .methods = kMethods,
                                  .getsets = kGetSets,
                                  .members = kMembers,
                                  .doc = "SQLite database connection object."};
const TypeSpec statement_spec = {
    .name = "sqlite3.Statement", .size = sizeof(Statement), .flags = kTypeNoInstantiate, .destroy = statement_destroy};
const TypeSpec prepare_protocol_spec = {.name = "sqlite3.PrepareProtocol",
                                        .size = sizeof(Object),
                                        .flags = kTypeBase,
                                        .doc = "PEP 246 style object adaption protocol type."};

}  // namespace pt::sqlite
