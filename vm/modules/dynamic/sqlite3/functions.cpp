// Python callables that SQLite calls: functions, aggregates, collations, hooks.
#include <climits>
#include <cstring>

#include "vm/modules/dynamic/sqlite3/sqlite.h"
#include "vm/types/float.h"
#include "vm/types/list.h"

namespace pt::sqlite {

constinit std::atomic<bool> g_callback_tracebacks{false};

void drop_callback_error(Value callback) {
  if (!error_pending()) return;
  if (g_callback_tracebacks.load(std::memory_order_relaxed))
    write_unraisable("ignored in", callback);
  else
    clear_error();
}

Ref<> from_sqlite(sqlite3_value* value) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER: return int_from_int64(sqlite3_value_int64(value));
    case SQLITE_FLOAT: return float_from_double(sqlite3_value_double(value));
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
      if (!text) return raise_no_memory();
      return str_from_utf8({text, static_cast<size_t>(sqlite3_value_bytes(value))});
    }
    case SQLITE_BLOB: {
      const auto* data = static_cast<const char*>(sqlite3_value_blob(value));
      return bytes_from({data ? data : "", static_cast<size_t>(sqlite3_value_bytes(value))});
    }
    default: return none_ref();
  }
}

namespace {

// A counted reference that SQLite keeps for us; freed when the function is replaced or the connection closes.
void* keep(Value v) { return reinterpret_cast<void*>(Ref<>::retain(v).take().bits()); }
Value kept(void* p) { return Value::from_bits(reinterpret_cast<uint64_t>(p)); }
void release_kept(void* p) {
  Attached attached;
  Ref<> dropped = Ref<>::steal(kept(p));
}

bool set_result(sqlite3_context* context, Value v) {
  if (is_none(v)) {
    sqlite3_result_null(context);
  } else if (is_int(v)) {
    int64_t number;
    if (!int_to_int64(v, &number)) return raise(exc::OverflowError, "Python int too large to convert to SQLite INTEGER");
    sqlite3_result_int64(context, number);
  } else if (is_float(v)) {
    sqlite3_result_double(context, as_double(v));
  } else if (is_str(v)) {
    Utf8 text(as_str(v));
    if (!text.ok()) return false;
    if (text.view().size() > INT_MAX) return raise(exc::OverflowError, "string is longer than INT_MAX bytes");
    sqlite3_result_text(context, text.c_str(), static_cast<int>(text.view().size()), SQLITE_TRANSIENT);
  } else if (has_buffer(v)) {
    BufferView view(v);
    if (!view.ok()) return false;
    if (view.size() > INT_MAX) return raise(exc::OverflowError, "BLOB longer than INT_MAX bytes");
    sqlite3_result_blob(context, view.data(), static_cast<int>(view.size()), SQLITE_TRANSIENT);
  } else {
    return false;
  }
  return true;
}
void report(sqlite3_context* context, Value callable, const char* text) {
  if (error_pending() && pending_matches(exc::MemoryError)) {
    sqlite3_result_error_nomem(context);
  } else if (error_pending() && pending_matches(exc::OverflowError)) {
    sqlite3_result_error_toobig(context);
  } else {
    sqlite3_result_error(context, text, -1);
  }
  drop_callback_error(callable);
}
Ref<> call_with(Value callable, int count, sqlite3_value** values) {
  Ref<Tuple> args;
  Ref<List> list = list_new(count);
  for (int i = 0; list && i < count; ++i) {
    Ref<> value = from_sqlite(values[i]);
    if (!value || !list_append(list.get(), std::move(value))) return Ref<>();
  }
  args = list ? list_to_tuple(list.get()) : Ref<Tuple>();
  return args ? call_tuple_dict(callable, args.value(), Value()) : Ref<>();
}

void function_callback(sqlite3_context* context, int count, sqlite3_value** values) {
  Attached attached;
  Value callable = kept(sqlite3_user_data(context));
  Ref<> result = call_with(callable, count, values);
  if (!result || !set_result(context, result.value())) report(context, callable, "user-defined function raised exception");
}

// The aggregate's instance lies in SQLite's context memory.
Value* instance_slot(sqlite3_context* context, bool create) {
  return static_cast<Value*>(sqlite3_aggregate_context(context, create ? sizeof(Value) : 0));
}
void step_callback(sqlite3_context* context, int count, sqlite3_value** values) {
  Attached attached;
  Value factory = kept(sqlite3_user_data(context));
  Value* slot = instance_slot(context, true);
  if (!slot) return;
  if (slot->empty()) {
    Ref<> made = call0(factory);
    if (!made) return report(context, factory, "user-defined aggregate's '__init__' method raised error");
    *slot = made.take();
  }
  Ref<> method = get_attribute(*slot, "step");
  Ref<> result = method ? call_with(method.value(), count, values) : Ref<>();
  if (!result)
    report(context, factory,
           method ? "user-defined aggregate's 'step' method raised error" : "user-defined aggregate's 'step' method not defined");
}
void inverse_callback(sqlite3_context* context, int count, sqlite3_value** values) {
  Attached attached;
  Value factory = kept(sqlite3_user_data(context));
  Value* slot = instance_slot(context, false);
  if (!slot || slot->empty()) return;
  Ref<> method = get_attribute(*slot, "inverse");
  Ref<> result = method ? call_with(method.value(), count, values) : Ref<>();
  if (!result)
    report(context, factory,
           method ? "user-defined aggregate's 'inverse' method raised error"
                  : "user-defined aggregate's 'inverse' method not defined");
}
void value_callback(sqlite3_context* context) {
  Attached attached;
  Value factory = kept(sqlite3_user_data(context));
  Value* slot = instance_slot(context, false);
  if (!slot || slot->empty()) return;
  Ref<> method = get_attribute(*slot, "value");
  Ref<> result = method ? call0(method.value()) : Ref<>();
  if (!result || !set_result(context, result.value())) {
    report(
        context, factory,
        method ? "user-defined aggregate's 'value' method raised error" : "user-defined aggregate's 'value' method not defined");
  }
}
void final_callback(sqlite3_context* context) {
  Attached attached;
  Value factory = kept(sqlite3_user_data(context));
  Value* slot = instance_slot(context, false);
  // An exception of step() is on its way already.
  if (!slot || slot->empty()) return;
  Ref<> instance = Ref<>::steal(*slot);
  *slot = Value();
  Ref<> pending = error_pending() ? take_error() : Ref<>();
  Ref<> method = get_attribute(instance.value(), "finalize");
  Ref<> result = method ? call0(method.value()) : Ref<>();
  if (!result || !set_result(context, result.value())) {
    report(context, factory,
           method ? "user-defined aggregate's 'finalize' method raised error"
                  : "user-defined aggregate's 'finalize' method not defined");
  }
  if (pending) restore_error(std::move(pending));
}
int collation_callback(void* data, int first_size, const void* first, int second_size, const void* second) {
  Attached attached;
  if (error_pending()) return 0;
  Ref<> callable = Ref<>::retain(kept(data));
  Ref<Str> a = str_from_utf8({static_cast<const char*>(first), static_cast<size_t>(first_size)});
  Ref<Str> b = a ? str_from_utf8({static_cast<const char*>(second), static_cast<size_t>(second_size)}) : Ref<Str>();
  Ref<> result = b ? call_values(callable.value(), {a.value(), b.value()}) : Ref<>();
  int64_t order = 0;
  if (!result || !to_int64(result.value(), &order)) {
    drop_callback_error(callable.value());
    return 0;
  }
  return order < 0 ? -1 : order > 0;
}
int authorizer_callback(void* data, int action, const char* first, const char* second, const char* database,
                        const char* trigger) {
  Attached attached;
  Ref<> callable = Ref<>::retain(kept(data));
  Ref<> texts[4];
  const char* raw[] = {first, second, database, trigger};
  for (int i = 0; i < 4; ++i) texts[i] = raw[i] ? Ref<>(str_from_utf8(raw[i])) : none_ref();
  Ref<> result = call_values(callable.value(),
                             {Value::small_int(action), texts[0].value(), texts[1].value(), texts[2].value(), texts[3].value()});
  int code;
  if (result && is_int(result.value()) && to_cint(result.value(), &code)) return code;
  drop_callback_error(callable.value());
  return SQLITE_DENY;
}
int progress_callback(void* data) {
  Attached attached;
  Ref<> callable = Ref<>::retain(kept(data));
  Ref<> result = call0(callable.value());
  int stop = result ? truth(result.value()) : -1;
  if (stop >= 0) return stop;
  drop_callback_error(callable.value());
  return 1;
}
int trace_callback(unsigned kind, void* data, void* statement, void* sql) {
  if (kind != SQLITE_TRACE_STMT) return 0;
  Attached attached;
  Ref<> callable = Ref<>::retain(kept(data));
  char* expanded = sqlite3_expanded_sql(static_cast<sqlite3_stmt*>(statement));
  Ref<Str> text = str_from_utf8(expanded ? expanded : static_cast<const char*>(sql));
  sqlite3_free(expanded);
  Ref<> result = text ? call1(callable.value(), text.value()) : Ref<>();
  if (!result) drop_callback_error(callable.value());
  return 0;
}

struct Name {
  explicit Name(Value v) : utf8(is_str(v) ? as_str(v) : empty_str()) {}
  Utf8 utf8;
};
bool check_name(Value v, const char* function) {
  return is_str(v) ? true : static_cast<bool>(raise(exc::TypeError, "%s() argument 'name' must be str, not %T", function, v));
}
Ref<> done(Connection* c, int code, const char* text = nullptr) {
  if (code == SQLITE_OK) return none_ref();
  if (text && !error_pending()) return raise(error_class(kOperationalError), "%s", text);
  return raise_sqlite_error(c->db);
}

}  // namespace

Ref<> create_function(const Value* a) {
  Connection* c = as_connection(a[0]);
  int count;
  bool deterministic = false;
  if (!check_name(a[1], "create_function") || !to_cint(a[2], &count) || !to_flag(a[4], &deterministic)) return Ref<>();
  Operation operation(c);
  if (!operation) return Ref<>();
  Name name(a[1]);
  if (!name.utf8.ok()) return Ref<>();
  int flags = SQLITE_UTF8 | (deterministic ? SQLITE_DETERMINISTIC : 0), code;
  void* data = is_none(a[3]) ? nullptr : keep(a[3]);
  {
    Detached detached;
    code = sqlite3_create_function_v2(c->db, name.utf8.c_str(), count, flags, data, data ? function_callback : nullptr, nullptr,
                                      nullptr, data ? release_kept : nullptr);
  }
  return done(c, code, "Error creating function");
}
namespace {
// An aggregate without the callbacks of a window is a plain one. None instead of the class: nothing in its place.
Ref<> create_aggregate_kind(const Value* a, const char* method, bool windowed) {
  Connection* c = as_connection(a[0]);
  int count, code;
  if (!check_name(a[1], method) || !to_cint(a[2], &count)) return Ref<>();
  Operation operation(c);
  if (!operation) return Ref<>();
  Name name(a[1]);
  if (!name.utf8.ok()) return Ref<>();
  void* data = is_none(a[3]) ? nullptr : keep(a[3]);
  bool has_window = windowed && data;
  {
    Detached detached;
    code = sqlite3_create_window_function(c->db, name.utf8.c_str(), count, SQLITE_UTF8, data, data ? step_callback : nullptr,
                                          data ? final_callback : nullptr, has_window ? value_callback : nullptr,
                                          has_window ? inverse_callback : nullptr, data ? release_kept : nullptr);
  }
  if (code != SQLITE_OK && windowed) return raise(error_class(kProgrammingError), "%s", sqlite3_errmsg(c->db));
  return done(c, code, "Error creating aggregate");
}
}  // namespace

Ref<> create_aggregate(const Value* a) { return create_aggregate_kind(a, "create_aggregate", false); }
Ref<> create_window_function(const Value* a) { return create_aggregate_kind(a, "create_window_function", true); }
Ref<> create_collation(const Value* a) {
  Connection* c = as_connection(a[0]);
  if (!is_str(a[1])) return raise(exc::TypeError, "create_collation() argument 1 must be str, not %T", a[1]);
  Operation operation(c);
  if (!operation) return Ref<>();
  if (!is_none(a[2]) && !is_callable(a[2])) return raise(exc::TypeError, "parameter must be callable");
  Name name(a[1]);
  if (!name.utf8.ok()) return Ref<>();
  void* data = is_none(a[2]) ? nullptr : keep(a[2]);
  int code;
  {
    Detached detached;
    code = sqlite3_create_collation_v2(c->db, name.utf8.c_str(), SQLITE_UTF8, data, data ? collation_callback : nullptr,
                                       data ? release_kept : nullptr);
    // Unlike create_function, a collation that failed does not free what it was given.
    if (code != SQLITE_OK && data) release_kept(data);
  }
  return done(c, code);
}
// The hooks: the connection keeps the callable.
Ref<> set_authorizer(const Value* a) {
  Connection* c = as_connection(a[0]);
  Operation operation(c);
  if (!operation) return Ref<>();
  bool on = !is_none(a[1]);
  int code =
      sqlite3_set_authorizer(c->db, on ? authorizer_callback : nullptr, on ? reinterpret_cast<void*>(a[1].bits()) : nullptr);
  c->authorizer.store(c, on ? Ref<>::retain(a[1]) : Ref<>());
  return done(c, code, "Error setting authorizer callback");
}
Ref<> set_progress_handler(const Value* a) {
  Connection* c = as_connection(a[0]);
  int steps;
  if (!to_cint(a[2], &steps)) return Ref<>();
  Operation operation(c);
  if (!operation) return Ref<>();
  bool on = !is_none(a[1]);
  sqlite3_progress_handler(c->db, on ? steps : 0, on ? progress_callback : nullptr,
                           on ? reinterpret_cast<void*>(a[1].bits()) : nullptr);
  c->progress.store(c, on ? Ref<>::retain(a[1]) : Ref<>());
  return none_ref();
}
Ref<> set_trace_callback(const Value* a) {
  Connection* c = as_connection(a[0]);
  Operation operation(c);
  if (!operation) return Ref<>();
  bool on = !is_none(a[1]);
  sqlite3_trace_v2(c->db, on ? SQLITE_TRACE_STMT : 0, on ? trace_callback : nullptr,
                   on ? reinterpret_cast<void*>(a[1].bits()) : nullptr);
  c->trace.store(c, on ? Ref<>::retain(a[1]) : Ref<>());
  return none_ref();
}

}  // namespace pt::sqlite
