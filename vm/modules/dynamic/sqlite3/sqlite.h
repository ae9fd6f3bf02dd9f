#pragma once
// The _sqlite3 module: connections, cursors, statements, rows.
#include <sqlite3.h>

#include "vm/modules/dynamic/support/dynamic.h"
#include "vm/modules/io/io.h"
#include "vm/types/str.h"

namespace pt::sqlite {

// Classes of the DB-API, immortal.
enum ErrorClass {
  kWarning,
  kError,
  kInterfaceError,
  kDatabaseError,
  kInternalError,
  kOperationalError,
  kProgrammingError,
  kIntegrityError,
  kDataError,
  kNotSupportedError,
  kErrorClassCount
};
extern Value g_errors[kErrorClassCount];
extern Value g_adapters, g_converters;  // immortal dicts
extern std::atomic<bool> g_callback_tracebacks;
bool add_errors(Module* module);
inline Type* error_class(ErrorClass which) { return as_type(g_errors[which]); }
// The exception for the connection's last error.
Raised raise_sqlite_error(sqlite3* db);
Raised raise_sqlite_code(int code);
bool add_constants(Module* module);

struct Statement : Object {
  sqlite3_stmt* handle;
  bool is_dml;
  std::atomic<bool> in_use;   // by one cursor at a time
};

// Fields that are not atomic are guarded by `lock`, which operations hold; callbacks of SQLite come on the thread that holds it.
struct Connection : Object {
  OwnedLock lock;
  std::atomic<sqlite3*> db;   // nullptr: closed. Written under both locks
  ThreadLock handle_lock;     // keeps `db` open for interrupt(), which does not wait for an operation
  std::atomic<int> operations;  // changes to more than 0 under `lock` only; the database is not closed meanwhile
  std::atomic<bool> initialised, check_same_thread;
  std::atomic<uint64_t> thread;
  int detect_types;
  int64_t cache_limit;
  const char* begin;          // "BEGIN ...", nullptr: autocommit
  Field isolation_level;      // str or None
  Field row_factory, text_factory;
  Field statements;           // dict: sql -> Statement
  Field trace, progress, authorizer;
};
inline Connection* as_connection(Value v) { return reinterpret_cast<Connection*>(v.as_object()); }
extern Type connection_type, cursor_type, row_type, statement_type, blob_type, prepare_protocol_type;
extern const TypeSpec connection_spec, cursor_spec, row_spec, statement_spec, blob_spec, prepare_protocol_spec;

// ProgrammingError when it is closed, not initialised, or used from a wrong thread.
bool check_connection(Connection* c);
bool check_open(Connection* c);

// One operation on a connection: checks it and holds its lock. Python code that the operation calls may use the connection
// again, but not close it.
class Operation {
 public:
  explicit Operation(Connection* c);
  ~Operation();
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  explicit operator bool() const { return ok_; }  // else an exception is pending
  // Gives the lock up for a while; the database stays open.
  void pause() {
    connection_->lock.leave();
    held_ = false;
  }
  bool resume() { return held_ = connection_->lock.enter(); }

 private:
  Connection* connection_;
  bool held_, ok_;
};
bool check_schema_name(const char* method, Value name);  // str or left out
bool run_simple(Connection* c, const char* sql);
bool begin_if_needed(Connection* c);
Ref<Statement> get_statement(Connection* c, Str* sql);

struct Cursor : Object {
  Field connection, statement, description, lastrowid, row_factory;
  std::atomic<int64_t> rowcount, arraysize;
  std::atomic<bool> initialised, closed;
  std::atomic<bool>
      locked;   // an operation is under way: set under the connection's lock, which the operation may have lost at its end
  bool has_row;               // guarded by the connection's lock
};
inline Cursor* as_cursor(Value v) { return reinterpret_cast<Cursor*>(v.as_object()); }
Ref<> cursor_execute(Cursor* self, Value sql, Value parameters, bool many);
Ref<> cursor_execute_script(Cursor* self, Value sql);

// Binds the parameters of one execution. False with an exception pending.
bool bind_parameters(Connection* c, sqlite3_stmt* statement, Value parameters);
Ref<> adapt(Value object, Value protocol, Value alternative);
Ref<> adapt_method(const Value* a);
// One value of a user function's argument or a column without converter.
Ref<> from_sqlite(sqlite3_value* value);

// Drops a pending exception, printing it when enable_callback_tracebacks is on.
void drop_callback_error(Value callback);

// Methods of Connection that take callables.
Ref<> create_function(const Value* a);
Ref<> create_aggregate(const Value* a);
Ref<> create_window_function(const Value* a);
Ref<> create_collation(const Value* a);
Ref<> set_authorizer(const Value* a);
Ref<> set_progress_handler(const Value* a);
Ref<> set_trace_callback(const Value* a);
Ref<> blob_open(const Value* a);

}  // namespace pt::sqlite
