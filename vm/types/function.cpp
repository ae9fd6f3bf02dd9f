// Functions.
#include "vm/types/function.h"

#include "vm/object/attributes.h"
#include "vm/object/descriptors.h"
#include "vm/object/dependency.h"
#include "vm/object/error.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/thread.h"
#include "vm/types/dict.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

constinit Type function_type;
constinit Ref<> (*g_call_function)(Value, const Args&) = nullptr;

namespace {
Ref<> builtins_of(Dict* globals) {
  Ref<> b = dict_get_str(globals, names::builtins.str());
  if (b && is_module(b.value())) return Ref<>::retain(Value::object(module_dict(as_module(b.value()))));
  if (b && is_dict(b.value())) return b;
  // Anything else is asked by builtins_lookup().
  if (b) return dict_new();
  if (error_pending()) return b;
  // Globals without an entry inherit from who makes the function.
  Thread* thread = current_thread();
  if (thread->record >= thread->record_base && thread->record->function) {
    return Ref<>::retain(thread->record->function->builtins_field.peek());
  }
  Ref<> module_ref = import_module("builtins");
  if (!module_ref) return Ref<>();
  return Ref<>::retain(Value::object(module_dict(as_module(module_ref.value()))));
}
}  // namespace

int64_t find_keyword_default(const Tuple* pairs, const Str* name) {
  for (int64_t i = 0; i + 1 < pairs->length; i += 2) {
    if (str_equal(as_str(pairs->at(i)), name)) return i + 1;
  }
  return -1;
}

Ref<> function_new(Code* code, Dict* globals, Str* qualname) {
  Ref<Function> f = allocate<Function>(&function_type);
  if (!f) return f;
  Thread* thread = current_thread();
  // The builtins of the running function serve when the globals are the same.
  Ref<> builtins;
  if (thread->record >= thread->record_base && thread->record->function && thread->record->globals == globals) {
    builtins = Ref<>::retain(thread->record->function->builtins_field.peek());
  } else {
    builtins = builtins_of(globals);
    if (!builtins) return Ref<>();
  }
  f->code_field.init(Ref<>::retain(Value::object(code)));
  f->globals_field.init(Ref<>::retain(Value::object(globals)));
  f->builtins_field.init(std::move(builtins));
  f->name.init(Ref<>::retain(code->name.peek()));
  f->qualname.init(Ref<>::retain(qualname ? Value::object(qualname) : code->qualname.peek()));
  Ref<> module_name = dict_get_str(globals, names::name.str());
  if (module_name) f->module.init(std::move(module_name));
  clear_error();
  return f;
}
uint32_t function_self_attribute_count(Value function) { return as_function(function)->code()->self_attribute_count; }

Dict* current_globals() {
  Thread* thread = current_thread();
  return thread->record >= thread->record_base ? thread->record->globals : nullptr;
}
Ref<> current_module_name() {
  Dict* globals = current_globals();
  return globals ? dict_get_str(globals, names::name.str()) : Ref<>();
}

namespace {
template <class T = Function>
Function* as(Value v) {
  return as_function(v);
}

Ref<> function_call(Value self, const Args& args) { return g_call_function(self, args); }
Ref<> function_descriptor_get(Value self, Value instance, Value) {
  if (instance.empty() || is_none(instance)) return Ref<>::retain(self);
  return bound_method_new(self, instance);
}
Ref<> function_repr(Value self) {
  char address[32];
  __builtin_snprintf(address, sizeof(address), "0x%lx", self.identity());
  return str_format("<function %V at %s>", as_function(self)->qualname.peek(), address);
}
Ref<> function_construct(Type*, const Args& args) {
  Value v[5];
  if (!bind_arguments("function", "(code, globals, name=None, argdefs=None, closure=None)", args, v)) return Ref<>();
  if (!has_shape(v[0], kShape_code)) return raise_bad_argument("function", 1, "code", v[0]);
  if (!is_dict(v[1])) return raise_bad_argument("function", 2, "dict", v[1]);
  if (given(v[2]) && !is_str(v[2])) return raise(exc::TypeError, "arg 3 (name) must be None or string");
  if (given(v[3]) && !is_tuple(v[3])) return raise(exc::TypeError, "arg 4 (defaults) must be None or tuple");
  Code* code = as_code(v[0]);
  if (!given(v[4])) {
    if (code->free_count) return raise(exc::TypeError, "arg 5 (closure) must be tuple");
  } else if (!is_tuple(v[4])) {
    return raise(exc::TypeError, code->free_count ? "arg 5 (closure) must be tuple" : "arg 5 (closure) must be None or tuple");
  }
  int64_t cells = given(v[4]) ? as_tuple(v[4])->length : 0;
  if (cells != static_cast<int64_t>(code->free_count)) {
    return raise(exc::ValueError, "%V requires closure of length %ld, not %ld", code->name.peek(),
                 static_cast<int64_t>(code->free_count), cells);
  }
  for (int64_t i = 0; i < cells; ++i) {
    if (!has_shape(as_tuple(v[4])->at(i), kShape_cell)) {
      return raise(exc::TypeError, "arg 5 (closure) expected cell, found %T", as_tuple(v[4])->at(i));
    }
  }
  Ref<> f = function_new(code, as_dict(v[1]), nullptr);
  if (!f) return f;
  Function* function = as_function(f.value());
  if (given(v[2])) function->name.store(function, Ref<>::retain(v[2]));
  if (given(v[3])) function->defaults.init(Ref<>::retain(v[3]));
  if (cells) function->closure.init(Ref<>::retain(v[4]));
  return f;
}

Ref<> load_or_none(Value self, const Field& f) {
  Ref<> v = f.load(self.as_object());
  return v ? std::move(v) : none_ref();
}
void changed(Value self) {
  as_function(self)->version.fetch_add(1, std::memory_order_release);
  if (g_facts_changed) g_facts_changed();
}
bool put_text(Value self, Field& f, Value v, const char* what) {
  if (v.empty() || !is_str(v)) return raise(exc::TypeError, "%s must be set to a string object", what);
  f.store(self.as_object(), Ref<>::retain(v));
  return true;
}
Ref<> get_name(Value self) { return load_or_none(self, as_function(self)->name); }
bool put_name(Value self, Value v) { return put_text(self, as_function(self)->name, v, "__name__"); }
Ref<> get_qualname(Value self) { return load_or_none(self, as_function(self)->qualname); }
bool put_qualname(Value self, Value v) { return put_text(self, as_function(self)->qualname, v, "__qualname__"); }
Ref<> get_doc(Value self) {
  Ref<> set = as_function(self)->doc.load(self.as_object());
  if (set) return set;
  Ref<> code = as_function(self)->code_field.load(self.as_object());
  if (!(as_code(code.value())->flags & kCodeFlagDocstring)) return none_ref();
  if (!code_ensure_body(as_code(code.value()))) return Ref<>();
  return Ref<>::retain(as_code(code.value())->constant(0));
}
bool put_doc(Value self, Value v) {
  as_function(self)->doc.store(self.as_object(), v.empty() ? none_ref() : Ref<>::retain(v));
  return true;
}
Ref<> get_module(Value self) { return load_or_none(self, as_function(self)->module); }
bool put_module(Value self, Value v) {
  as_function(self)->module.store(self.as_object(), v.empty() ? Ref<>() : Ref<>::retain(v));
  return true;
}
Ref<> get_code(Value self) { return as_function(self)->code_field.load(self.as_object()); }
bool put_code(Value self, Value v) {
  if (v.empty() || !has_shape(v, kShape_code)) return raise(exc::TypeError, "__code__ must be set to a code object");
  Function* f = as_function(self);
  if (as_code(v)->free_count != f->code()->free_count) {
    return raise(exc::ValueError, "%V() requires a code object with %ld free vars, not %ld", f->name.peek(),
                 static_cast<int64_t>(f->code()->free_count), static_cast<int64_t>(as_code(v)->free_count));
  }
  Ref<> doc = get_doc(self);
  if (!doc || !put_doc(self, doc.value())) return false;
  // Code objects are freed by the collector only: a frame that runs the old one keeps it through its record.
  Ref<> old;
  {
    StopTheWorld stopped;
    old = f->code_field.exchange_locked(Ref<>::retain(v));
  }
  changed(self);
  return true;
}
Ref<> get_defaults(Value self) { return load_or_none(self, as_function(self)->defaults); }
bool put_defaults(Value self, Value v) {
  if (given(v) && !is_tuple(v)) return raise(exc::TypeError, "__defaults__ must be set to a tuple object");
  as_function(self)->defaults.store(self.as_object(), given(v) ? Ref<>::retain(v) : Ref<>());
  changed(self);
  return true;
}
// The compiler hands keyword defaults and annotations over as (name, value, ...); the dict is made on first use. Empty, and no
// exception: there are none.
Ref<> dict_of_pairs(Function* f, Field& field, bool* made) {
  Ref<> v = field.load(f);
  if (!v || is_dict(v.value())) return v;
  Ref<Dict> dict = dict_new();
  if (!dict) return dict;
  Tuple* pairs = as_tuple(v.value());
  for (int64_t i = 0; i + 1 < pairs->length; i += 2) {
    if (!dict_set(dict.get(), pairs->at(i), pairs->at(i + 1))) return Ref<>();
  }
  Ref<> replaced;
  {
    LockGuard guard(f);
    Value now = field.peek();
    if (!now.is(v.value().as_object())) return now.empty() ? Ref<>() : Ref<>::retain(now);
    replaced = field.exchange_locked(dict.copy());
  }
  *made = true;
  return dict;
}
Ref<> get_keyword_defaults(Value self) {
  bool made = false;
  Ref<> dict = dict_of_pairs(as_function(self), as_function(self)->keyword_defaults, &made);
  // The dict may change without notice; nobody relies on it.
  if (made) changed(self);
  return dict || error_pending() ? std::move(dict) : none_ref();
}
bool put_keyword_defaults(Value self, Value v) {
  if (given(v) && !is_dict(v)) return raise(exc::TypeError, "__kwdefaults__ must be set to a dict object");
  as_function(self)->keyword_defaults.store(self.as_object(), given(v) ? Ref<>::retain(v) : Ref<>());
  changed(self);
  return true;
}
Ref<> get_annotations(Value self) {
  Function* f = as_function(self);
  bool made = false;
  for (;;) {
    Ref<> dict = dict_of_pairs(f, f->annotations, &made);
    if (dict || error_pending()) return dict;
    Ref<Dict> fresh = dict_new();
    if (!fresh) return fresh;
    LockGuard guard(f);
    if (!f->annotations.peek().empty()) continue;
    f->annotations.init(fresh.copy());
    return fresh;
  }
}
bool put_annotations(Value self, Value v) {
  if (given(v) && !is_dict(v)) return raise(exc::TypeError, "__annotations__ must be set to a dict object");
  as_function(self)->annotations.store(self.as_object(), given(v) ? Ref<>::retain(v) : Ref<>());
  return true;
}
Ref<> get_dict(Value self) { return instance_dict(self.as_object()); }
bool put_dict(Value self, Value v) {
  if (v.empty()) return raise(exc::TypeError, "cannot delete __dict__");
  if (!is_dict(v)) return raise(exc::TypeError, "__dict__ must be set to a dictionary, not a '%T'", v);
  return instance_set_dict(self.as_object(), as_dict(v));
}
void function_traverse(Object* o, FieldVisitor& v) {
  auto* f = static_cast<Function*>(o);
  v(f->code_field);
  v(f->globals_field);
  v(f->builtins_field);
  v(f->defaults);
  v(f->keyword_defaults);
  v(f->closure);
  v(f->name);
  v(f->qualname);
  v(f->module);
  v(f->doc);
  v(f->annotations);
  attributes_traverse(o, v);
}
void function_destroy(Object* o) {
  auto* f = static_cast<Function*>(o);
  for (Field* field : {&f->code_field, &f->globals_field, &f->builtins_field, &f->defaults, &f->keyword_defaults, &f->closure,
                       &f->name, &f->qualname, &f->module, &f->doc, &f->annotations}) {
    field->clear();
  }
  attributes_clear(o);
}
// Breaking a cycle must leave a function that can still be called: only what it refers to by closure and defaults goes.
void function_clear(Object* o) {
  auto* f = static_cast<Function*>(o);
  for (Field* field : {&f->defaults, &f->keyword_defaults, &f->doc, &f->annotations, &f->module}) field->clear();
  attributes_clear(o);
}
const GetSetDef kFunctionGetSets[] = {{"__name__", get_name, put_name},
                                      {"__qualname__", get_qualname, put_qualname},
                                      {"__doc__", get_doc, put_doc},
                                      {"__module__", get_module, put_module},
                                      {"__code__", get_code, put_code},
                                      {"__defaults__", get_defaults, put_defaults},
                                      {"__kwdefaults__", get_keyword_defaults, put_keyword_defaults},
                                      {"__annotations__", get_annotations, put_annotations},
                                      {"__dict__", get_dict, put_dict},
                                      {}};
const MemberDef kFunctionMembers[] = {{"__closure__", offsetof(Function, closure)},
                                      {"__globals__", offsetof(Function, globals_field)},
                                      {"__builtins__", offsetof(Function, builtins_field)},
                                      {}};
}  // namespace

const TypeSpec function_spec = {
    .name = "function",
    .size = sizeof(Function),
    .flags = kTypeHasDict | kTypeWeakrefs | kTypeMethodDescriptor,
    .slots = {.repr = function_repr,
              .call = function_call,
              .descriptor_get = function_descriptor_get,
              .construct = function_construct},
    .traverse = function_traverse,
    .clear = function_clear,
    .destroy = function_destroy,
    .getsets = kFunctionGetSets,
    .members = kFunctionMembers,
};

}  // namespace pt
