// Cursors: executing statements and fetching rows.
#include <cstring>
#include <optional>

#include "vm/modules/dynamic/sqlite3/sqlite.h"
#include "vm/types/float.h"
#include "vm/types/list.h"

namespace pt::sqlite {
namespace {

constexpr int kDeclaredTypes = 1, kColumnNames = 2;

Connection* connection_of(Cursor* c) { return as_connection(c->connection.peek()); }
Statement* statement_of(Cursor* c) {
  Value v = c->statement.peek();
  return v.is_object() ? reinterpret_cast<Statement*>(v.as_object()) : nullptr;
}

bool check_cursor(Cursor* self) {
  if (!self->initialised) return raise(error_class(kProgrammingError), "Base Cursor.__init__ not called.");
  if (self->closed) return raise(error_class(kProgrammingError), "Cannot operate on a closed cursor.");
  return true;
}
bool check_not_locked(Cursor* self) {
  return self->locked ? static_cast<bool>(raise(error_class(kProgrammingError), "Recursive use of cursors not allowed.")) : true;
}
// One operation of a cursor and so of its connection. Python code that it calls cannot use the cursor.
class CursorOperation {
 public:
  explicit CursorOperation(Cursor* self) : self_(self) {
    if (!check_cursor(self)) return;
    connection_ = self->connection.load(self);
    operation_.emplace(connection());
    // Another thread may have given it another connection, whose lock is then wanted.
    while (*operation_ && !self->connection.peek().same(connection_.value())) {
      operation_.reset();
      connection_ = self->connection.load(self);
      operation_.emplace(connection());
    }
    ok_ = *operation_ && check_not_locked(self) && check_cursor(self);
    if (ok_) self->locked = true;
  }
  ~CursorOperation() {
    if (ok_) self_->locked = false;
  }
  CursorOperation(const CursorOperation&) = delete;
  CursorOperation& operator=(const CursorOperation&) = delete;
  explicit operator bool() const { return ok_; }
  Connection* connection() const { return as_connection(connection_.value()); }

 private:
  Cursor* self_;
  Ref<> connection_;
  std::optional<Operation> operation_;
  bool ok_ = false;
};

// Gives the statement back, reset.
void drop_statement(Cursor* self) {
  Ref<> held = self->statement.load(self);
  if (!held) return;
  self->statement.store(self, Ref<>());
  self->has_row = false;
  auto* statement = reinterpret_cast<Statement*>(held.value().as_object());
  if (statement->handle) {
    Detached detached;
    sqlite3_reset(statement->handle);
    sqlite3_clear_bindings(statement->handle);
  }
  statement->in_use.store(false, std::memory_order_release);
}

int step(Cursor* self) {
  Detached detached;
  return sqlite3_step(statement_of(self)->handle);
}

// ---- rows
// -----------------------------------------------------------------------------------------------------------------------

// The name of a column up to " [", which introduces a type for PARSE_COLNAMES.
Ref<Str> column_name(Connection* c, const char* name) {
  if (!name) return raise_no_memory();
  size_t size = std::strlen(name);
  if (c->detect_types & kColumnNames) {
    for (size_t i = 0; i < size; ++i) {
      if (name[i] != '[') continue;
      size = i;
      if (size > 0 && name[size - 1] == ' ') --size;
      break;
    }
  }
  return str_from_utf8({name, size});
}
// The converter of a column: by "name [type]" or by the declared type's first word; empty without an exception: none.
Ref<> column_converter(Connection* c, sqlite3_stmt* statement, int column) {
  auto look_up = [](std::string_view type) -> Ref<> {
    Ref<Str> text = str_from_utf8(type);
    Ref<> key = text ? call_method(text.value(), "upper") : Ref<>();
    return key ? dict_get(as_dict(g_converters), key.value()) : Ref<>();
  };
  if (c->detect_types & kColumnNames) {
    const char* name = sqlite3_column_name(statement, column);
    const char* open = name ? std::strchr(name, '[') : nullptr;
    const char* close = open ? std::strchr(open, ']') : nullptr;
    if (close) {
      Ref<> found = look_up({open + 1, static_cast<size_t>(close - open - 1)});
      if (found || error_pending()) return found;
    }
  }
  if (c->detect_types & kDeclaredTypes) {
    const char* type = sqlite3_column_decltype(statement, column);
    if (type) return look_up({type, std::strcspn(type, " (")});
  }
  return Ref<>();
}

Ref<> column_text(Connection* c, sqlite3_stmt* statement, int column, const char* data, size_t size) {
  Ref<> factory = c->text_factory.load(c);
  if (factory.value().is(&str_type)) {
    Ref<Str> text = str_from_utf8({data, size});
    if (text || !error_pending() || !pending_matches(exc::UnicodeDecodeError)) return text;
    clear_error();
    Ref<Bytes> raw = bytes_from({data, size});
    Ref<Str> replace = str_from_ascii("replace"), utf8 = str_from_ascii("ascii");
    Ref<> shown = raw && replace && utf8 ? call_method(raw.value(), "decode", {utf8.value(), replace.value()}) : Ref<>();
    if (!shown) return Ref<>();
    return raise(error_class(kOperationalError), "Could not decode to UTF-8 column '%s' with text '%V'",
                 sqlite3_column_name(statement, column), shown.value());
  }
  Ref<Bytes> raw = bytes_from({data, size});
  if (!raw || factory.value().is(&bytes_type)) return raw;
  if (factory.value().is(&bytearray_type)) return bytearray_from({data, size});
  return call1(factory.value(), raw.value());
}

Ref<> column_value(Cursor* self, sqlite3_stmt* statement, int column) {
  Connection* c = connection_of(self);
  if (c->detect_types) {
    Ref<> converter = column_converter(c, statement, column);
    if (!converter && error_pending()) return Ref<>();
    if (converter) {
      const void* data = sqlite3_column_blob(statement, column);
      if (!data && sqlite3_column_type(statement, column) == SQLITE_NULL) return none_ref();
      Ref<> raw =
          bytes_from({static_cast<const char*>(data), data ? static_cast<size_t>(sqlite3_column_bytes(statement, column)) : 0});
      return raw ? call1(converter.value(), raw.value()) : Ref<>();
    }
  }
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL: return none_ref();
    case SQLITE_INTEGER: return int_from_int64(sqlite3_column_int64(statement, column));
    case SQLITE_FLOAT: return float_from_double(sqlite3_column_double(statement, column));
    case SQLITE_TEXT: {
      const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
      if (!data) return raise_no_memory();
      return column_text(c, statement, column, data, static_cast<size_t>(sqlite3_column_bytes(statement, column)));
    }
    default: {
      const auto* data = static_cast<const char*>(sqlite3_column_blob(statement, column));
      return bytes_from({data ? data : "", static_cast<size_t>(sqlite3_column_bytes(statement, column))});
    }
  }
}
Ref<> current_row(Cursor* self) {
  sqlite3_stmt* statement = statement_of(self)->handle;
  int count = sqlite3_data_count(statement);
  Ref<List> values = list_new(count);
  bool ok = static_cast<bool>(values);
  for (int i = 0; ok && i < count; ++i) {
    Ref<> value = column_value(self, statement, i);
    ok = value && list_append(values.get(), std::move(value));
  }
  return ok ? Ref<>(list_to_tuple(values.get())) : Ref<>();
}
bool describe(Cursor* self, sqlite3_stmt* statement) {
  int count = sqlite3_column_count(statement);
  Ref<List> columns = list_new(count);
  if (count == 0) {
    self->description.store(self, none_ref());
    return true;
  }
  for (int i = 0; columns && i < count; ++i) {
    Ref<Str> name = column_name(connection_of(self), sqlite3_column_name(statement, i));
    Ref<> entry = name ? Ref<>(tuple_of({name.value(), none(), none(), none(), none(), none(), none()})) : Ref<>();
    if (!entry || !list_append(columns.get(), std::move(entry))) return false;
  }
  Ref<> all = columns ? Ref<>(list_to_tuple(columns.get())) : Ref<>();
  if (!all) return false;
  self->description.store(self, std::move(all));
  return true;
}

// ---- execution
// ------------------------------------------------------------------------------------------------------------------

bool execute_once(Cursor* self, Connection* c, Statement* statement, Value parameters, bool many) {
  if (!statement->handle) return true;  // an empty statement
  {
    Detached detached;
    sqlite3_reset(statement->handle);
    sqlite3_clear_bindings(statement->handle);
  }
  if (!bind_parameters(c, statement->handle, parameters)) return false;
  int code = step(self);
  if (error_pending()) return false;
  if (code != SQLITE_ROW && code != SQLITE_DONE) return raise_sqlite_error(c->db);
  if (!describe(self, statement->handle)) return false;
  if (code == SQLITE_ROW && many && statement->is_dml) {
    // RETURNING: the rows of executemany are not kept.
    while (code == SQLITE_ROW) code = step(self);
    if (error_pending()) return false;
    if (code != SQLITE_DONE) return raise_sqlite_error(c->db);
  }
  if (statement->is_dml) {
    if (self->rowcount < 0) self->rowcount = 0;
    self->rowcount += sqlite3_changes(c->db);
  }
  self->has_row = code == SQLITE_ROW;
  if (!many) {
    sqlite3_int64 row;
    row = sqlite3_last_insert_rowid(c->db);
    Ref<> boxed = int_from_int64(row);
    if (!boxed) return false;
    self->lastrowid.store(self, std::move(boxed));
  }
  return true;
}

bool run(Cursor* self, Connection* c, Value sql, Value parameters, bool many) {
  drop_statement(self);
  self->rowcount = -1;
  self->description.store(self, none_ref());
  Ref<Statement> statement = get_statement(c, as_str(sql));
  if (!statement) return false;
  if (many && !statement->is_dml && sqlite3_stmt_readonly(statement->handle)) {
    statement->in_use.store(false, std::memory_order_release);
    return raise(error_class(kProgrammingError), "executemany() can only execute DML statements.");
  }
  if (statement->is_dml && !begin_if_needed(c)) {
    statement->in_use.store(false, std::memory_order_release);
    return false;
  }
  self->statement.store(self, Ref<>::retain(statement.value()));
  if (!many) return execute_once(self, c, statement.get(), parameters, false);
  Ref<> iterator = is_iterator(parameters) ? Ref<>::retain(parameters) : get_iter(parameters);
  if (!iterator) return false;
  for (;;) {
    Ref<> one = next(iterator.value());
    if (!one) break;
    if (!execute_once(self, c, statement.get(), one.value(), true)) return false;
  }
  return !error_pending();
}

Ref<> cursor_construct(Type* type, const Args&) {
  Ref<Cursor> self = allocate<Cursor>(type);
  if (!self) return Ref<>();
  self->rowcount = -1;
  self->arraysize = 1;
  self->description.init(none_ref());
  self->lastrowid.init(none_ref());
  self->row_factory.init(none_ref());
  return self;
}
// The statement belongs to the old connection, whose lock is held for the change.
bool change_connection(Cursor* self, Value connection) {
  for (;;) {
    Ref<> old = self->connection.load(self);
    if (!old) {
      Ref<> first = Ref<>::retain(connection);
      LockGuard guard(self);
      if (!self->connection.peek().empty()) continue;  // another thread was faster
      self->connection.init(std::move(first));
      return true;
    }
    OwnedGuard guard(as_connection(old.value())->lock);
    if (!guard) return false;
    if (!self->connection.peek().same(old.value())) continue;
    if (!check_not_locked(self)) return false;
    drop_statement(self);
    self->connection.store(self, Ref<>::retain(connection));
    return true;
  }
}
bool cursor_init(Value v, const Args& args) {
  Value b[1];
  if (!bind_arguments("Cursor", "(connection, /)", args, b)) return false;
  if (!is_instance_of(b[0], &connection_type)) {
    return raise(exc::TypeError, "Cursor() argument 1 must be sqlite3.Connection, not %T", b[0]);
  }
  Cursor* self = as_cursor(v);
  if (!change_connection(self, b[0])) return false;
  self->closed = false;
  self->arraysize = 1;
  self->rowcount = -1;
  self->row_factory.store(self, none_ref());
  if (!check_connection(as_connection(b[0]))) return false;
  self->initialised = true;
  return true;
}
void cursor_destroy(Object* o) {
  auto* self = static_cast<Cursor*>(o);
  drop_statement(self);
  for (Field* f : {&self->connection, &self->statement, &self->description, &self->lastrowid, &self->row_factory})
    f->exchange_locked(Ref<>()).reset();
}
void cursor_traverse(Object* o, FieldVisitor& visitor) {
  auto* self = static_cast<Cursor*>(o);
  for (Field* f : {&self->connection, &self->statement, &self->description, &self->lastrowid, &self->row_factory}) visitor(*f);
}

Ref<> fetch(Cursor* self) {
  Ref<> row;
  {
    CursorOperation operation(self);
    if (!operation || !statement_of(self) || !self->has_row) return Ref<>();
    row = current_row(self);
    if (!row) return Ref<>();
    int code = step(self);
    if (error_pending()) return Ref<>();
    if (code == SQLITE_DONE) {
      self->has_row = false;
      drop_statement(self);
    } else if (code != SQLITE_ROW) {
      raise_sqlite_error(operation.connection()->db);
      drop_statement(self);
      return Ref<>();
    }
  }
  Ref<> factory = self->row_factory.load(self);
  if (factory && !is_none(factory.value())) return call_values(factory.value(), {Value::object(self), row.value()});
  return row;
}
Ref<> cursor_next(Value v) { return fetch(as_cursor(v)); }
Ref<> fetch_one(const Value* a) {
  Ref<> row = fetch(as_cursor(a[0]));
  return row || error_pending() ? std::move(row) : none_ref();
}
Ref<> fetch_up_to(Value v, int64_t most) {
  Ref<List> rows = list_new();
  while (rows && most != 0) {
    Ref<> row = fetch(as_cursor(v));
    if (!row) break;
    if (!list_append(rows.get(), std::move(row))) return Ref<>();
    if (most > 0) --most;
  }
  return error_pending() ? Ref<>() : Ref<>(std::move(rows));
}
Ref<> fetch_many(const Value* a) {
  int64_t size = as_cursor(a[0])->arraysize;
  if (!a[1].empty() && !to_size(a[1], &size)) return Ref<>();
  return fetch_up_to(a[0], size);
}
Ref<> fetch_all(const Value* a) { return fetch_up_to(a[0], -1); }
Ref<> execute_method(const Value* a) {
  return cursor_execute(as_cursor(a[0]), a[1], a[2].empty() ? Value::object(empty_tuple()) : a[2], false);
}
Ref<> executemany_method(const Value* a) { return cursor_execute(as_cursor(a[0]), a[1], a[2], true); }
Ref<> executescript_method(const Value* a) { return cursor_execute_script(as_cursor(a[0]), a[1]); }
Ref<> close_method(const Value* a) {
  Cursor* self = as_cursor(a[0]);
  if (!self->initialised) return raise(error_class(kProgrammingError), "Base Cursor.__init__ not called.");
  Ref<> connection = self->connection.load(self);
  Operation operation(as_connection(connection.value()));
  if (!operation || !check_not_locked(self)) return Ref<>();
  drop_statement(self);
  self->closed = true;
  return none_ref();
}
Ref<> nothing(const Value*) { return none_ref(); }

Ref<> get_rowcount(Value v) { return int_from_int64(as_cursor(v)->rowcount); }
Ref<> get_arraysize(Value v) { return int_from_int64(as_cursor(v)->arraysize); }
bool set_arraysize(Value v, Value value) {
  if (value.empty()) return raise(exc::TypeError, "can't delete numeric/char attribute");
  int64_t size;
  if (!to_size(value, &size)) return false;
  as_cursor(v)->arraysize = size;
  return true;
}
const NativeDef kMethods[] = {
    {"execute", "($self, sql, parameters=(), /)", execute_method, "Executes an SQL statement."},
    {"executemany", "($self, sql, seq_of_parameters, /)", executemany_method, "Repeatedly executes an SQL statement."},
    {"executescript", "($self, sql_script, /)", executescript_method, "Executes multiple SQL statements at once."},
    {"fetchone", "($self, /)", fetch_one, "Fetches one row from the resultset."},
    {"fetchmany", "($self, /, size=1)", fetch_many, "Fetches several rows from the resultset."},
    {"fetchall", "($self, /)", fetch_all, "Fetches all rows from the resultset."},
    {"close", "($self, /)", close_method, "Closes the cursor."},
    {"setinputsizes", "($self, sizes, /)", nothing, "Required by DB-API. Does nothing in sqlite3."},
    {"setoutputsize", "($self, size, column=None, /)", nothing, "Required by DB-API. Does nothing in sqlite3."},
    {}};
const GetSetDef kGetSets[] = {{"rowcount", get_rowcount}, {"arraysize", get_arraysize, set_arraysize}, {}};
const MemberDef kMembers[] = {{"connection", offsetof(Cursor, connection)},
                              {"description", offsetof(Cursor, description)},
                              {"lastrowid", offsetof(Cursor, lastrowid)},
                              {"row_factory", offsetof(Cursor, row_factory), true},
                              {}};

}  // namespace

Ref<> cursor_execute(Cursor* self, Value sql, Value parameters, bool many) {
  if (!is_str(sql)) return raise(exc::TypeError, "%s() argument 1 must be str, not %T", many ? "executemany" : "execute", sql);
  CursorOperation operation(self);
  if (!operation) return Ref<>();
  bool ok = run(self, operation.connection(), sql, parameters, many);
  if (!ok) {
    Ref<> error = take_error();
    drop_statement(self);
    self->rowcount = -1;
    restore_error(std::move(error));
    return Ref<>();
  }
  if (!self->has_row) drop_statement(self);
  return Ref<>::retain(Value::object(self));
}

Ref<> cursor_execute_script(Cursor* self, Value sql) {
  if (!is_str(sql)) return raise(exc::TypeError, "executescript() argument must be str, not %T", sql);
  CursorOperation operation(self);
  if (!operation) return Ref<>();
  Connection* c = operation.connection();
  Utf8 text(as_str(sql));
  if (!text.ok()) return Ref<>();
  if (text.view().size() > static_cast<size_t>(sqlite3_limit(c->db, SQLITE_LIMIT_SQL_LENGTH, -1))) {
    return raise(error_class(kDataError), "query string is too large");
  }
  if (std::strlen(text.c_str()) != text.view().size()) return raise(exc::ValueError, "embedded null character");
  drop_statement(self);
  if (!sqlite3_get_autocommit(c->db) && !run_simple(c, "COMMIT")) return Ref<>();
  for (const char* at = text.c_str(); *at;) {
    sqlite3_stmt* handle;
    int code;
    {
      Detached detached;
      code = sqlite3_prepare_v2(c->db, at, -1, &handle, &at);
      if (code == SQLITE_OK && handle) {
        do code = sqlite3_step(handle);
        while (code == SQLITE_ROW);
        code = sqlite3_finalize(handle);
      }
    }
    if (error_pending()) return Ref<>();
    if (code != SQLITE_OK) return raise_sqlite_error(c->db);
  }
  return Ref<>::retain(Value::object(self));
}

constinit Type cursor_type;
const TypeSpec cursor_spec = {.name = "sqlite3.Cursor",
                              .size = sizeof(Cursor),
                              .flags = kTypeBase | kTypeWeakrefs,
                              .slots = {.iter = [](Value v) { return Ref<>::retain(v); },
                                        .next = cursor_next,
                                        .construct = cursor_construct,
                                        .init = cursor_init},
                              .traverse = cursor_traverse,
                              .destroy = cursor_destroy,
                              .methods = kMethods,
                              .getsets = kGetSets,
                              .members = kMembers,
                              .doc = "SQLite database cursor class."};

}  // namespace pt::sqlite
