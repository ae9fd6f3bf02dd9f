// The _contextvars module (PEP 567). A context's variables lie in an immutable map, so that copying a context is free.
#include <cstdio>

#include "vm/modules/contextvars/contextvars.h"
#include "vm/modules/contextvars/persistent_map.h"
#include "vm/modules/support/arguments.h"
#include "vm/object/descriptors.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/thread.h"
#include "vm/types/generic_alias.h"
#include "vm/types/int.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

using Context = RunningContext;
struct ContextVar : Object {
  Field name, default_value;
};
struct Token : Object {
  Field context, variable, old_value;  // old_value empty: there was none
  std::atomic<bool> used;
};
struct Missing : Object {};
constinit Type context_type, variable_type, token_type, missing_type;
constinit Value g_missing;  // Token.MISSING; immortal

Context* as_context(Value v) { return reinterpret_cast<Context*>(v.as_object()); }
ContextVar* as_variable(Value v) { return reinterpret_cast<ContextVar*>(v.as_object()); }
Token* as_token(Value v) { return reinterpret_cast<Token*>(v.as_object()); }
bool is_variable(Value v) { return type_of(v) == &variable_type; }

Ref<Context> new_context(Ref<> variables) {
  if (!variables) return Ref<Context>();
  Ref<Context> context = allocate<Context>(&context_type);
  if (context) context->variables.init(std::move(variables));
  return context;
}
// The running thread's context, made on first use.
Ref<Context> current_context() {
  Thread* thread = current_thread();
  if (thread->context.empty()) {
    Ref<Context> made = new_context(persistent_map_new());
    if (!made) return made;
    made->entered.store(true, std::memory_order_relaxed);  // for good: no other thread may run it
    thread->context = Ref<>(std::move(made)).take();
  }
  return Ref<Context>::retain(as_context(thread->context));
}
Ref<> variables_of(Context* context) { return context->variables.load(context); }
// The running thread's context gets another map.
void replace_variables(Context* context, Ref<> changed) {
  context->cached_variable = Value();
  context->variables.store(context, std::move(changed));
}

Ref<Context> copy_of(Context* context) { return new_context(variables_of(context)); }

// ---- Context ------------------------------------------------------------------------------------------------------------

Ref<> context_construct(Type* type, const Args& args) {
  (void)type;
  if (args.total()) return raise(exc::TypeError, "Context() does not accept any arguments");
  return new_context(persistent_map_new());
}
bool check_key(Value key) {
  return is_variable(key) ? true : static_cast<bool>(raise(exc::TypeError, "a ContextVar key was expected, got %R", key));
}

Ref<> context_get_item(Value self, Value key) {
  if (!check_key(key)) return Ref<>();
  Ref<> variables = variables_of(as_context(self));
  Ref<> found = persistent_map_get(variables.value(), key);
  if (found || error_pending()) return found;
  return raise_key_error(key);
}
int context_contains(Value self, Value key) {
  if (!check_key(key)) return -1;
  Ref<> variables = variables_of(as_context(self));
  Ref<> found = persistent_map_get(variables.value(), key);
  return found ? 1 : error_pending() ? -1 : 0;
}
int64_t context_length(Value self) {
  Ref<> variables = variables_of(as_context(self));
  return persistent_map_size(variables.value());
}
Ref<> context_iter(Value self) {
  Ref<> variables = variables_of(as_context(self));
  return persistent_map_iterator(variables.value(), MapPart::kKeys);
}
Ref<> context_compare(Value left, Value right, CompareOp op) {
  if (type_of(left) != &context_type || type_of(right) != &context_type || (op != CompareOp::kEq && op != CompareOp::kNe)) {
    return not_implemented_ref();
  }
  Ref<> a = variables_of(as_context(left)), b = variables_of(as_context(right));
  int same = persistent_map_equal(a.value(), b.value());
  return same < 0 ? Ref<>() : bool_ref((same == 1) == (op == CompareOp::kEq));
}
Ref<> context_get(const Value* a) {
  if (!check_key(a[1])) return Ref<>();
  Ref<> variables = variables_of(as_context(a[0]));
  Ref<> found = persistent_map_get(variables.value(), a[1]);
  if (found || error_pending()) return found;
  return a[2].empty() ? none_ref() : Ref<>::retain(a[2]);
}
template <MapPart part>
Ref<> context_view(const Value* a) {
  Ref<> variables = variables_of(as_context(a[0]));
  return persistent_map_iterator(variables.value(), part);
}
Ref<> context_copy(const Value* a) { return copy_of(as_context(a[0])); }

Ref<> context_run(const Value* a) {
  Context* context = as_context(a[0]);
  Tuple* arguments = as_tuple(a[1]);
  if (arguments->length < 1) return raise(exc::TypeError, "run() missing 1 required positional argument");
  bool expected = false;
  if (!context->entered.compare_exchange_strong(expected, true, std::memory_order_acq_rel)) {
    return raise(exc::RuntimeError, "cannot enter context: %R is already entered", a[0]);
  }
  Thread* thread = current_thread();
  Value previous = thread->context;
  thread->context = Ref<>::retain(a[0]).take();
  Ref<Tuple> rest = tuple_slice(arguments, 1, arguments->length);
  Ref<> result = rest ? call_tuple_dict(arguments->at(0), rest.value(), a[2]) : Ref<>();
  Ref<> ours = Ref<>::steal(thread->context);
  thread->context = previous;
  context->entered.store(false, std::memory_order_release);
  return result;
}

void context_traverse(Object* o, FieldVisitor& visitor) { visitor(static_cast<Context*>(o)->variables); }
const NativeDef kContextMethods[] = {
    {"run", "($self, /, *args, **kwargs)", context_run},
    {"get", "($self, key, default=None, /)", context_get,
     "Return the value for `key` if `key` has the value in the context object."},
    {"keys", "($self, /)", context_view<MapPart::kKeys>, "Return a list of all variables in the context object."},
    {"values", "($self, /)", context_view<MapPart::kValues>, "Return a list of all variables' values in the context object."},
    {"items", "($self, /)", context_view<MapPart::kItems>, "Return all variables and their values in the context object."},
    {"copy", "($self, /)", context_copy, "Return a shallow copy of the context object."},
    {},
};
const TypeSpec kContextSpec = {
    .name = "_contextvars.Context",
    .size = sizeof(Context),
    .flags = kTypeWeakrefs,
    .slots = {.length = context_length,
              .get_item = context_get_item,
              .contains = context_contains,
              .compare = context_compare,
              .iter = context_iter,
              .construct = context_construct},
    .traverse = context_traverse,
    .methods = kContextMethods,
    .unhashable = true,
};

// ---- ContextVar -----------------------------------------------------------------------------------------------------------

Ref<> variable_construct(Type* type, const Args& args) {
  Value bound[2];
  if (!bind_arguments("ContextVar", "(name, /, *, default=None)", args, bound)) return Ref<>();
  if (!is_str(bound[0])) return raise(exc::TypeError, "context variable name must be a str");
  Ref<ContextVar> variable = allocate<ContextVar>(type);
  if (!variable) return Ref<>();
  variable->name.init(Ref<>::retain(bound[0]));
  if (!bound[1].empty()) variable->default_value.init(Ref<>::retain(bound[1]));
  mark_maybe_shared(variable.get());
  return variable;
}
Ref<> variable_get(const Value* a) {
  Thread* thread = current_thread();
  if (!thread->context.empty()) {
    Ref<> variables = variables_of(as_context(thread->context));
    Ref<> found = persistent_map_get(variables.value(), a[0]);
    if (found || error_pending()) return found;
  }
  if (!a[1].empty()) return Ref<>::retain(a[1]);
  Value fallback = as_variable(a[0])->default_value.peek();
  if (!fallback.empty()) return Ref<>::retain(fallback);
  return raise_value(exc::LookupError, a[0]);
}
Ref<> variable_set(const Value* a) {
  Ref<Context> context = current_context();
  if (!context) return Ref<>();
  Ref<> variables = variables_of(context.get());
  Ref<> old = persistent_map_get(variables.value(), a[0]);
  if (!old && error_pending()) return Ref<>();
  Ref<> changed = persistent_map_set(variables.value(), a[0], a[1]);
  Ref<Token> token = changed ? allocate<Token>(&token_type) : Ref<Token>();
  if (!token) return Ref<>();
  replace_variables(context.get(), std::move(changed));
  token->context.init(std::move(context));
  token->variable.init(Ref<>::retain(a[0]));
  if (old) token->old_value.init(std::move(old));
  return token;
}
Ref<> variable_reset(const Value* a) {
  if (type_of(a[1]) != &token_type) return raise(exc::TypeError, "expected an instance of Token, got %R", a[1]);
  Token* token = as_token(a[1]);
  if (token->used.load(std::memory_order_relaxed)) return raise(exc::RuntimeError, "%R has already been used once", a[1]);
  if (!token->variable.peek().same(a[0])) return raise(exc::ValueError, "%R was created by a different ContextVar", a[1]);
  Thread* thread = current_thread();
  if (thread->context.empty() || !token->context.peek().same(thread->context)) {
    return raise(exc::ValueError, "%R was created in a different Context", a[1]);
  }
  token->used.store(true, std::memory_order_relaxed);
  Context* context = as_context(thread->context);
  Ref<> variables = variables_of(context);
  Value old = token->old_value.peek();
  Ref<> changed = old.empty() ? persistent_map_delete(variables.value(), a[0]) : persistent_map_set(variables.value(), a[0], old);
  if (!changed) return Ref<>();
  if (old.empty() && changed.value().same(variables.value())) return raise_value(exc::LookupError, a[0]);
  replace_variables(context, std::move(changed));
  return none_ref();
}
Ref<> variable_repr(Value self) {
  char address[32];
  std::snprintf(address, sizeof address, "%p", static_cast<void*>(self.as_object()));
  Value fallback = as_variable(self)->default_value.peek();
  Value name = as_variable(self)->name.peek();
  if (fallback.empty()) return str_format("<ContextVar name=%R at %s>", name, address);
  return str_format("<ContextVar name=%R default=%R at %s>", name, fallback, address);
}
Ref<> variable_class_getitem(const Value* a) { return generic_alias_new(a[0], a[1]); }
Ref<> variable_name(Value self) { return as_variable(self)->name.load(self.as_object()); }
void variable_traverse(Object* o, FieldVisitor& visitor) {
  visitor(static_cast<ContextVar*>(o)->name);
  visitor(static_cast<ContextVar*>(o)->default_value);
}
const NativeDef kVariableMethods[] = {
    {"get", "($self, default=None, /)", variable_get, "Return a value for the context variable for the current context."},
    {"set", "($self, value, /)", variable_set, "Call to set a new value for the context variable in the current context."},
    {"reset", "($self, token, /)", variable_reset, "Reset the context variable."},
    {"__class_getitem__", "($type, item, /)", variable_class_getitem, "See PEP 585", kClassMethod},
    {},
};
const GetSetDef kVariableGetSets[] = {{"name", variable_name}, {}};
const TypeSpec kVariableSpec = {
    .name = "_contextvars.ContextVar",
    .size = sizeof(ContextVar),
    .slots = {.repr = variable_repr, .construct = variable_construct},
    .traverse = variable_traverse,
    .methods = kVariableMethods,
    .getsets = kVariableGetSets,
};

// ---- Token ------------------------------------------------------------------------------------------------------------------

Ref<> token_construct(Type*, const Args&) { return raise(exc::RuntimeError, "Tokens can only be created by ContextVars"); }
Ref<> token_repr(Value self) {
  char address[32];
  std::snprintf(address, sizeof address, "%p", static_cast<void*>(self.as_object()));
  return str_format("<Token%s var=%R at %s>", as_token(self)->used.load(std::memory_order_relaxed) ? " used" : "",
                    as_token(self)->variable.peek(), address);
}
Ref<> token_var(Value self) { return as_token(self)->variable.load(self.as_object()); }
Ref<> token_old_value(Value self) {
  Ref<> old = as_token(self)->old_value.load(self.as_object());
  return old ? std::move(old) : Ref<>::retain(g_missing);
}
void token_traverse(Object* o, FieldVisitor& visitor) {
  auto* token = static_cast<Token*>(o);
  visitor(token->context);
  visitor(token->variable);
  visitor(token->old_value);
}
const NativeDef kTokenMethods[] = {{"__class_getitem__", "($type, item, /)", variable_class_getitem, "See PEP 585", kClassMethod},
                                   {}};
const GetSetDef kTokenGetSets[] = {{"var", token_var}, {"old_value", token_old_value}, {}};
const TypeSpec kTokenSpec = {
    .name = "_contextvars.Token",
    .size = sizeof(Token),
    .slots = {.repr = token_repr, .construct = token_construct},
    .traverse = token_traverse,
    .methods = kTokenMethods,
    .getsets = kTokenGetSets,
    .unhashable = true,
};
Ref<> missing_repr(Value) { return str_from_ascii("<Token.MISSING>"); }
const TypeSpec kMissingSpec = {
    .name = "_contextvars.Token.MISSING", .size = sizeof(Missing), .flags = kTypeNoInstantiate, .slots = {.repr = missing_repr}};

Ref<> contextvars_copy_context(const Value*) {
  Ref<Context> current = current_context();
  return current ? Ref<>(copy_of(current.get())) : Ref<>();
}
const NativeDef kFunctions[] = {{"copy_context", "()", contextvars_copy_context}, {}};

bool contextvars_execute(Module* module) {
  if (!init_persistent_map_types() || !module_add_type(module, &context_type, &kContextSpec) ||
      !module_add_type(module, &variable_type, &kVariableSpec) || !module_add_type(module, &token_type, &kTokenSpec)) {
    return false;
  }
  if (g_missing.empty()) {
    if (!init_module_type(&missing_type, &kMissingSpec)) return false;
    Ref<Missing> missing = allocate<Missing>(&missing_type);
    if (!missing) return false;
    make_immortal(missing.get());
    g_missing = Value::object(missing.take());
    if (!type_set_attribute(&token_type, intern("MISSING"), g_missing)) return false;
  }
  return true;
}

}  // namespace

Value contextvar_borrow_slow(Value variable) {
  Thread* thread = current_thread();
  if (thread->context.empty()) return Value();
  Context* context = as_context(thread->context);
  Ref<> variables = variables_of(context);
  Ref<> found = persistent_map_get(variables.value(), variable);
  if (!found) return Value();
  context->cached_variable = variable.untagged();
  context->cached_value = found.value().untagged();
  return context->cached_value;
}
bool contextvar_set(Value variable, Value value) {
  Ref<Context> context = current_context();
  if (!context) return false;
  Ref<> variables = variables_of(context.get());
  Ref<> changed = persistent_map_set(variables.value(), variable, value);
  if (!changed) return false;
  replace_variables(context.get(), std::move(changed));
  return true;
}

extern const NativeModule contextvars_module;
const NativeModule contextvars_module = {"_contextvars", "Context Variables", kFunctions, contextvars_execute};
}  // namespace pt
