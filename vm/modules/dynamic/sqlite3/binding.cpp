// Python values as parameters of statements: adaption and binding.
#include <climits>

#include "vm/modules/dynamic/sqlite3/sqlite.h"
#include "vm/types/float.h"
#include "vm/types/list.h"

namespace pt::sqlite {

constinit Value g_adapters, g_converters;

// What `adapters` says, then __adapt__ of the protocol and __conform__ of the object; `alternative`, when given, else
// ProgrammingError "can't adapt".
Ref<> adapt(Value object, Value protocol, Value alternative) {
  Ref<Tuple> key = tuple_of({Value::object(type_of(object)), protocol});
  Ref<> adapter = key ? dict_get(as_dict(g_adapters), key.value()) : Ref<>();
  if (adapter) return call1(adapter.value(), object);
  if (error_pending()) return Ref<>();
  struct Attempt {
    Value holder;
    const char* method;
    Value argument;
  };
  for (const Attempt& attempt : {Attempt{protocol, "__adapt__", object}, Attempt{object, "__conform__", protocol}}) {
    Ref<> method = find_attribute(attempt.holder, intern(attempt.method));
    if (!method) {
      if (error_pending()) return Ref<>();
      continue;
    }
    Ref<> result = call1(method.value(), attempt.argument);
    if (!result) {
      if (!clear_if(exc::TypeError)) return Ref<>();
    } else if (!is_none(result.value())) {
      return result;
    }
  }
  if (!alternative.empty()) return Ref<>::retain(alternative);
  return raise(error_class(kProgrammingError), "can't adapt");
}
Ref<> adapt_method(const Value* a) {
  Value protocol = a[1].empty() ? Value::object(&prepare_protocol_type) : a[1];
  return adapt(a[0], protocol, a[2]);
}

namespace {

bool is_basic(Value v) {
  return is_none(v) || is_exact_int(v) || is_exact_float(v) || is_exact_str(v) || has_shape(v, kShape_bytearray);
}

// SQLITE_OK, a code of SQLite's, or -1 with an exception pending.
int bind_one(sqlite3_stmt* statement, int position, Value v) {
  if (is_none(v)) return sqlite3_bind_null(statement, position);
  if (is_int(v)) {
    int64_t number;
    if (!int_to_int64(v, &number)) {
      raise(exc::OverflowError, "Python int too large to convert to SQLite INTEGER");
      return -1;
    }
    return sqlite3_bind_int64(statement, position, number);
  }
  if (is_float(v)) return sqlite3_bind_double(statement, position, as_double(v));
  if (is_str(v)) {
    Utf8 text(as_str(v));
    if (!text.ok()) return -1;
    if (text.view().size() > INT_MAX) {
      raise(exc::OverflowError, "string longer than INT_MAX bytes");
      return -1;
    }
    return sqlite3_bind_text(statement, position, text.c_str(), static_cast<int>(text.view().size()), SQLITE_TRANSIENT);
  }
  if (has_buffer(v)) {
    BufferView view(v);
    if (!view.ok()) return -1;
    if (view.size() > INT_MAX) {
      raise(exc::OverflowError, "BLOB longer than INT_MAX bytes");
      return -1;
    }
    // A null pointer would bind NULL.
    return sqlite3_bind_blob(statement, position, view.size() ? static_cast<void*>(view.data()) : "",
                             static_cast<int>(view.size()), SQLITE_TRANSIENT);
  }
  return SQLITE_MISUSE + 1000;
}
bool bind_value(Connection* c, sqlite3_stmt* statement, int position, const char* name, Value given_value) {
  Ref<> adapted =
      is_basic(given_value) ? Ref<>::retain(given_value) : adapt(given_value, Value::object(&prepare_protocol_type), given_value);
  if (!adapted) return false;
  int code = bind_one(statement, position, adapted.value());
  if (code == SQLITE_OK) return true;
  if (code == -1 || error_pending()) return false;
  if (code > 1000) {
    if (name)
      return raise(error_class(kProgrammingError), "Error binding parameter '%s': type '%T' is not supported", name,
                   adapted.value());
    return raise(error_class(kProgrammingError), "Error binding parameter %d: type '%T' is not supported", position,
                 adapted.value());
  }
  return raise_sqlite_error(c->db);
}

}  // namespace

bool bind_parameters(Connection* c, sqlite3_stmt* statement, Value parameters) {
  int needed = sqlite3_bind_parameter_count(statement);
  bool sequence = is_tuple(parameters) || is_list(parameters) ||
                  (!is_dict(parameters) && type_of(parameters)->slots.get_item && type_of(parameters)->slots.length &&
                   !find_attribute(parameters, intern("keys")));
  if (error_pending()) return false;
  if (sequence) {
    int64_t count = length(parameters);
    if (count < 0) return false;
    if (count != needed) {
      return raise(error_class(kProgrammingError),
                   "Incorrect number of bindings supplied. The current statement uses %d, and there are %ld supplied.", needed,
                   static_cast<long>(count));
    }
    for (int i = 0; i < needed; ++i) {
      Ref<> item = get_item(parameters, Value::small_int(i));
      if (!item || !bind_value(c, statement, i + 1, nullptr, item.value())) return false;
    }
    return true;
  }
  if (!type_of(parameters)->slots.get_item) return raise(error_class(kProgrammingError), "parameters are of unsupported type");
  for (int i = 1; i <= needed; ++i) {
    const char* name = sqlite3_bind_parameter_name(statement, i);
    if (!name) {
      return raise(error_class(kProgrammingError),
                   "Binding %d has no name, but you supplied a dictionary (which has only names).", i);
    }
    Ref<Str> key = str_from_utf8(name + 1);
    Ref<> item = key ? get_item(parameters, key.value()) : Ref<>();
    if (!item) {
      if (!error_pending() || !pending_matches(exc::LookupError)) return false;
      clear_error();
      return raise(error_class(kProgrammingError), "You did not supply a value for binding parameter :%s.", name + 1);
    }
    if (!bind_value(c, statement, i, name, item.value())) return false;
  }
  return true;
}

}  // namespace pt::sqlite
