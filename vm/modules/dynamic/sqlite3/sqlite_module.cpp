// The _sqlite3 module's functions.
#include "vm/modules/dynamic/sqlite3/sqlite.h"

namespace pt::sqlite {
namespace {

Ref<> connect(const Value* a) {
  // connect(*args, factory=Connection, **kwargs): the factory gets everything but itself... and the default is ours.
  Ref<> factory;
  Dict* keywords = as_dict(a[1]);
  Ref<> given_factory = dict_get_text(keywords, "factory");
  if (!given_factory && error_pending()) return Ref<>();
  if (!given_factory && as_tuple(a[0])->length > 5) given_factory = Ref<>::retain(as_tuple(a[0])->at(5));
  Value callable = given_factory && !is_none(given_factory.value()) ? given_factory.value() : Value::object(&connection_type);
  return call_tuple_dict(callable, a[0], a[1]);
}
Ref<> complete_statement(const Value* a) {
  if (!to_str_argument(a[0], "complete_statement", "argument 'statement'")) return Ref<>();
  Utf8 text(as_str(a[0]));
  return text.ok() ? bool_ref(sqlite3_complete(text.c_str())) : Ref<>();
}
Ref<> enable_shared_cache(const Value* a) {
  int on;
  if (!to_cint(a[0], &on)) return Ref<>();
  return sqlite3_enable_shared_cache(on) == SQLITE_OK
             ? none_ref()
             : Ref<>(raise(error_class(kOperationalError), "Changing the shared_cache flag failed"));
}
Ref<> register_adapter(const Value* a) {
  Ref<Tuple> key = tuple_of({a[0], Value::object(&prepare_protocol_type)});
  return key && dict_set(as_dict(g_adapters), key.value(), a[1]) ? none_ref() : Ref<>();
}
Ref<> register_converter(const Value* a) {
  if (!to_str_argument(a[0], "register_converter", "argument 1")) return Ref<>();
  Ref<> name = call_method(a[0], "upper");
  return name && dict_set(as_dict(g_converters), name.value(), a[1]) ? none_ref() : Ref<>();
}
Ref<> enable_callback_tracebacks(const Value* a) {
  bool on = false;
  if (!to_flag(a[0], &on)) return Ref<>();
  g_callback_tracebacks.store(on, std::memory_order_relaxed);
  return none_ref();
}

const NativeDef kFunctions[] = {
    {"adapt", "(obj, proto=PrepareProtocol, alt=None, /)", adapt_method, "Adapt given object to given protocol."},
    {"complete_statement", "(statement)", complete_statement, "Checks if a string contains a complete SQL statement."},
    {"connect", "(*args, **kwargs)", connect, "Opens a connection to the SQLite database file database."},
    {"enable_callback_tracebacks", "(enable, /)", enable_callback_tracebacks,
     "Enable or disable callback functions throwing errors to stderr."},
    {"enable_shared_cache", "(do_enable)", enable_shared_cache, "Enable or disable shared cache mode for the calling thread."},
    {"register_adapter", "(type, adapter, /)", register_adapter, "Register a function to adapt Python objects to SQLite values."},
    {"register_converter", "(typename, converter, /)", register_converter,
     "Register a function to convert SQLite values to Python objects."},
    {}};

bool make_dict(Value* slot) {
  if (!slot->empty()) return true;
  Ref<Dict> dict = dict_new();
  if (!dict) return false;
  make_immortal(dict.get());
  *slot = Value::object(dict.take());
  return true;
}
bool execute(Module* module) {
  sqlite3_initialize();
  if (!statement_type.spec && (!init_module_type(&statement_type, &statement_spec) || !init_module_type(&blob_type, &blob_spec)))
    return false;
  Dict* d = module_dict(module);
  return add_errors(module) && make_dict(&g_adapters) && make_dict(&g_converters) &&
         module_add_type(module, &prepare_protocol_type, &prepare_protocol_spec) &&
         module_add_type(module, &connection_type, &connection_spec) && module_add_type(module, &cursor_type, &cursor_spec) &&
         module_add_type(module, &row_type, &row_spec) && dict_set_text(d, "Blob", Value::object(&blob_type)) &&
         dict_set_text(d, "adapters", g_adapters) && dict_set_text(d, "converters", g_converters) && add_constants(module) &&
         module_add_text(module, "version", "2.6.0") && module_add_text(module, "_deprecated_version", "2.6.0") &&
         module_add_text(module, "sqlite_version", sqlite3_libversion()) &&
         module_add_int(module, "threadsafety",
                        sqlite3_threadsafe() == 0   ? 0
                        : sqlite3_threadsafe() == 1 ? 3
                                                    : 1);
}

}  // namespace

extern "C" {
extern const NativeModule ptpython_module__sqlite3;
const NativeModule ptpython_module__sqlite3 = {"_sqlite3", nullptr, kFunctions, execute};
}

}  // namespace pt::sqlite
