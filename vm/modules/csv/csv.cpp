// _csv: dialects and the module's functions.
#include "vm/modules/csv/csv.h"

#include "vm/modules/support.h"
#include "vm/object/interpreter.h"
#include "vm/types/dict.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

namespace pt::csv {

constinit Type dialect_type = {};
constinit Type* g_error = nullptr;
Dict* dialects() { return of_interpreter<Dict>(PerInterpreter::kCsvDialects); }

namespace {

constinit std::atomic<int64_t> g_field_limit{128 * 1024};

enum Parameter { kDialect, kDelimiter, kDoubleQuote, kEscape, kLineTerminator, kQuote, kQuoting, kSkipSpace, kStrict, kCount };
constexpr const char* kSignature =
    "(dialect=None, delimiter=None, doublequote=None, escapechar=None, lineterminator=None, quotechar=None, "
    "quoting=None, skipinitialspace=None, strict=None)";
constexpr const char* kNames[kCount] = {"dialect",   "delimiter", "doublequote",      "escapechar", "lineterminator",
                                        "quotechar", "quoting",   "skipinitialspace", "strict"};

bool set_flag(Value v, bool fallback, bool* out) {
  *out = fallback;
  if (v.empty()) return true;
  int t = truth(v);
  *out = t > 0;
  return t >= 0;
}
// One character; None where allowed gives kNotSet.
bool set_character(const char* name, Value v, int32_t fallback, bool none_allowed, int32_t* out) {
  *out = fallback;
  if (v.empty()) return true;
  if (none_allowed && is_none(v)) {
    *out = kNotSet;
    return true;
  }
  if (!is_str(v)) {
    return raise(exc::TypeError, none_allowed ? "\"%s\" must be string or None, not %T" : "\"%s\" must be string, not %T", name,
                 v);
  }
  if (as_str(v)->length != 1) return raise(exc::TypeError, "\"%s\" must be a 1-character string", name);
  *out = static_cast<int32_t>(as_str(v)->at(0));
  return true;
}

Ref<> dialect_construct(Type* type, const Args& args) {
  Value v[kCount];
  for (uint32_t i = 0; i < args.keyword_count(); ++i) {
    Str* name = as_str(args.names->at(i));
    bool known = false;
    for (const char* candidate : kNames) known |= name->equals_ascii(candidate);
    if (!known) return raise(exc::TypeError, "'%U' is an invalid keyword argument for this function", name);
  }
  if (!bind_arguments("Dialect", kSignature, args, v)) return Ref<>();
  Ref<> base;
  Ref<> holders[kCount];
  if (given(v[kDialect])) {
    base = is_str(v[kDialect]) ? registered_dialect(v[kDialect]) : Ref<>::retain(v[kDialect]);
    if (!base) return base;
    bool only_dialect = true;
    for (int i = 1; i < kCount; ++i) only_dialect &= v[i].empty();
    if (only_dialect && type_of(base.value()) == &dialect_type && type == &dialect_type) return base;
    for (int i = 1; i < kCount; ++i) {
      if (!v[i].empty()) continue;
      holders[i] = find_attribute(base.value(), intern(kNames[i]));
      if (!holders[i] && error_pending()) clear_error();
      if (holders[i]) v[i] = holders[i].value();
    }
  }
  Ref<Dialect> d = allocate<Dialect>(type);
  if (!d) return Ref<>();
  if (!set_character("delimiter", v[kDelimiter], ',', false, &d->delimiter) ||
      !set_flag(v[kDoubleQuote], true, &d->double_quote) || !set_character("escapechar", v[kEscape], kNotSet, true, &d->escape)) {
    return Ref<>();
  }
  if (v[kLineTerminator].empty()) {
    Ref<Str> standard = str_from_ascii("\r\n");
    if (!standard) return Ref<>();
    d->line_terminator.init(std::move(standard));
  } else if (!is_none(v[kLineTerminator])) {
    if (!is_str(v[kLineTerminator])) return raise(exc::TypeError, "\"lineterminator\" must be a string");
    d->line_terminator.init(Ref<>::retain(v[kLineTerminator]));
  }
  if (!set_character("quotechar", v[kQuote], '"', true, &d->quote)) return Ref<>();
  d->quoting = kQuoteMinimal;
  if (!v[kQuoting].empty()) {
    int64_t quoting;
    if (!is_exact_int(v[kQuoting])) return raise(exc::TypeError, "\"quoting\" must be an integer");
    if (!int_to_int64(v[kQuoting], &quoting) || quoting != static_cast<int32_t>(quoting)) {
      return raise(exc::OverflowError, "Python int too large to convert to C int");
    }
    if (quoting < kQuoteMinimal || quoting > kQuoteNone) return raise(exc::TypeError, "bad \"quoting\" value");
    d->quoting = static_cast<int>(quoting);
  }
  if (!set_flag(v[kSkipSpace], false, &d->skip_initial_space) || !set_flag(v[kStrict], false, &d->strict)) return Ref<>();
  if (!v[kQuote].empty() && is_none(v[kQuote]) && v[kQuoting].empty()) d->quoting = kQuoteNone;
  if (d->quoting != kQuoteNone && d->quote == kNotSet) {
    return raise(exc::TypeError, "quotechar must be set if quoting enabled");
  }
  if (d->line_terminator.peek().empty()) return raise(exc::TypeError, "lineterminator must be set");
  return d;
}

Dialect* dialect_of(Value v) { return object_of<Dialect>(v); }
Ref<> character(int32_t c) { return c == kNotSet ? none_ref() : Ref<>(str_from_code_point(static_cast<uint32_t>(c))); }
Ref<> get_delimiter(Value v) { return character(dialect_of(v)->delimiter); }
Ref<> get_quote(Value v) { return character(dialect_of(v)->quote); }
Ref<> get_escape(Value v) { return character(dialect_of(v)->escape); }
Ref<> get_line_terminator(Value v) { return Ref<>::retain(dialect_of(v)->line_terminator.peek()); }
Ref<> get_quoting(Value v) { return int_from_int64(dialect_of(v)->quoting); }
Ref<> get_double_quote(Value v) { return bool_ref(dialect_of(v)->double_quote); }
Ref<> get_skip_space(Value v) { return bool_ref(dialect_of(v)->skip_initial_space); }
Ref<> get_strict(Value v) { return bool_ref(dialect_of(v)->strict); }
void dialect_traverse(Object* o, FieldVisitor& visitor) { visitor(static_cast<Dialect*>(o)->line_terminator); }

Ref<> dialect_reduce(const Value* a) { return raise(exc::TypeError, "cannot pickle '%T' instances", a[0]); }

const NativeDef kDialectMethods[] = {
    {"__reduce__", "($self, /)", dialect_reduce, "raises an exception to avoid pickling"},
    {"__reduce_ex__", "($self, protocol, /)", dialect_reduce, "raises an exception to avoid pickling"},
    {}};
const GetSetDef kDialectGetSets[] = {{"delimiter", get_delimiter},
                                     {"quotechar", get_quote},
                                     {"escapechar", get_escape},
                                     {"lineterminator", get_line_terminator},
                                     {"quoting", get_quoting},
                                     {"doublequote", get_double_quote},
                                     {"skipinitialspace", get_skip_space},
                                     {"strict", get_strict},
                                     {}};

// ---- module functions --------------------------------------------------------------------------------------------

// One or two positional arguments out of *args.
bool one_or_two(Value args, Value* first, Value* second) {
  Tuple* tuple = as_tuple(args);
  if (tuple->length < 1) return raise(exc::TypeError, " expected at least 1 argument, got 0");
  if (tuple->length > 2) return raise(exc::TypeError, " expected at most 2 arguments, got %ld", tuple->length);
  *first = tuple->at(0);
  *second = tuple->length > 1 ? tuple->at(1) : Value();
  return true;
}

Ref<> register_dialect(const Value* a) {
  Value name, dialect;
  if (!one_or_two(a[1], &name, &dialect)) return Ref<>();
  if (!is_str(name)) return raise(exc::TypeError, "dialect name must be a string");
  Ref<> made = make_dialect(dialect, a[2]);
  if (!made || !dict_set(dialects(), name, made.value())) return Ref<>();
  return none_ref();
}
Ref<> unregister_dialect(const Value* a) {
  int deleted = dict_delete(dialects(), a[1]);
  if (deleted < 0) return Ref<>();
  if (!deleted) return raise(g_error, "unknown dialect");
  return none_ref();
}
Ref<> get_dialect(const Value* a) { return registered_dialect(a[1]); }
Ref<> list_dialects(const Value*) { return dict_keys_list(dialects()); }
Ref<> field_size_limit(const Value* a) {
  int64_t old = g_field_limit.load(std::memory_order_relaxed);
  if (!a[1].empty()) {
    int64_t limit;
    if (!is_exact_int(a[1])) return raise(exc::TypeError, "limit must be an integer");
    if (!to_int64(a[1], &limit)) return Ref<>();
    g_field_limit.store(limit, std::memory_order_relaxed);
  }
  return int_from_int64(old);
}
Ref<> reader(const Value* a) {
  Value v[3] = {};
  if (!one_or_two(a[1], &v[0], &v[1])) return Ref<>();
  v[2] = a[2];
  return new_reader(v);
}
Ref<> writer(const Value* a) {
  Value v[3] = {};
  if (!one_or_two(a[1], &v[0], &v[1])) return Ref<>();
  v[2] = a[2];
  return new_writer(v);
}

const NativeDef kFunctions[] = {
    {"reader", "($module, /, *args, **kwargs)", reader, "reader(iterable [, dialect='excel'] [, options]) -> reader"},
    {"writer", "($module, /, *args, **kwargs)", writer, "writer(fileobj [, dialect='excel'] [, options]) -> writer"},
    {"list_dialects", "($module, /)", list_dialects, "Return a list of all known dialect names."},
    {"register_dialect", "($module, /, *args, **kwargs)", register_dialect,
     "register_dialect(name, [dialect], **options): make a dialect known under a name."},
    {"unregister_dialect", "($module, /, name)", unregister_dialect, "Delete the name/dialect mapping."},
    {"get_dialect", "($module, /, name)", get_dialect, "Return the dialect instance associated with name."},
    {"field_size_limit", "($module, new_limit=<unrepresentable>, /)", field_size_limit,
     "Return the current limit on field size; set it when an argument is given."},
    {}};

bool execute(Module* module) {
  if (!g_error) {
    Ref<> error = make_exception_class("_csv.Error", Value::object(exc::Exception));
    if (!error) return false;
    g_error = object_of<Type>(error.value());
    (void)error.take();
  }
  if (!dialects()) {
    Ref<Dict> none_yet = dict_new();
    if (!none_yet) return false;
    current_interpreter()->keep(PerInterpreter::kCsvDialects, std::move(none_yet));
  }
  return module_add_type(module, &dialect_type, &dialect_spec) &&
         (reader_type.spec || init_module_type(&reader_type, &reader_spec)) &&
         (writer_type.spec || init_module_type(&writer_type, &writer_spec)) &&
         module_add(module, "Reader", Ref<>::retain(Value::object(&reader_type))) &&
         module_add(module, "Writer", Ref<>::retain(Value::object(&writer_type))) &&
         module_add(module, "Error", Ref<>::retain(Value::object(g_error))) &&
         module_add(module, "_dialects", Ref<>::retain(Value::object(dialects()))) &&
         module_add_text(module, "__version__", "1.0") && module_add_int(module, "QUOTE_MINIMAL", kQuoteMinimal) &&
         module_add_int(module, "QUOTE_ALL", kQuoteAll) && module_add_int(module, "QUOTE_NONNUMERIC", kQuoteNonNumeric) &&
         module_add_int(module, "QUOTE_NONE", kQuoteNone);
}

}  // namespace

Ref<> registered_dialect(Value name) {
  Ref<> found = dict_get(dialects(), name);
  if (!found && !error_pending()) return raise(g_error, "unknown dialect");
  return found;
}
Ref<> make_dialect(Value dialect, Value keywords) {
  Ref<Tuple> arguments = dialect.empty() ? Ref<Tuple>::retain(empty_tuple()) : tuple_of({dialect});
  if (!arguments) return Ref<>();
  return call_tuple_dict(Value::object(&dialect_type), arguments.value(), keywords);
}
int64_t field_limit() { return g_field_limit.load(std::memory_order_relaxed); }

const TypeSpec dialect_spec = {
    .name = "_csv.Dialect",
    .size = sizeof(Dialect),
    .flags = kTypeBase,
    .slots = {.construct = dialect_construct},
    .traverse = dialect_traverse,
    .methods = kDialectMethods,
    .getsets = kDialectGetSets,
    .doc = "CSV dialect: how fields are delimited, quoted and escaped.",
};

}  // namespace pt::csv

namespace pt {
extern const NativeModule csv_module;
const NativeModule csv_module = {"_csv", "CSV parsing and writing.", csv::kFunctions, csv::execute};
}  // namespace pt
