// _thread._local: each thread sees a namespace of its own.
//
// The object keeps a dict from the thread's serial number to that thread's namespace; each thread keeps, in
// Thread::locals_dict, weak references to the objects it has touched, so that its namespaces go when it ends.
#include <cstdio>

#include "vm/modules/thread/locks.h"
#include "vm/object/descriptors.h"
#include "vm/object/error.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/thread.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/types/weakref.h"

namespace pt {
namespace {

struct LocalObject : Object {
  Field namespaces;  // dict: serial -> dict
  Field args;        // tuple
  Field kwargs;      // dict or empty
  int64_t serial;
};
LocalObject* as_local(Value v) { return reinterpret_cast<LocalObject*>(v.as_object()); }

constinit std::atomic<int64_t> g_next_serial{1};
constinit thread_local int64_t tls_thread_serial = 0;

Value thread_serial() {
  if (!tls_thread_serial) tls_thread_serial = g_next_serial.fetch_add(1, std::memory_order_relaxed);
  return Value::small_int(tls_thread_serial);
}

void local_traverse(Object* o, FieldVisitor& visitor) {
  auto* self = static_cast<LocalObject*>(o);
  visitor(self->namespaces);
  visitor(self->args);
  visitor(self->kwargs);
}

bool has_own_init(Type* type) { return type->slots.init != object_type.slots.init; }

// Drops dead references when they may have piled up.
void prune(Dict* touched) {
  Ref<List> items = dict_items_list(touched);
  if (!items) {
    clear_error();
    return;
  }
  for (int64_t i = 0; i < list_size(items.get()); ++i) {
    Ref<> pair = list_get(items.get(), i);
    Tuple* entry = as_tuple(pair.value());
    if (!weakref_get(as_weakref(entry->at(1))) && dict_delete(touched, entry->at(0)) < 0) clear_error();
  }
}

bool remember(LocalObject* self) {
  Thread* thread = current_thread();
  if (thread->locals_dict.empty()) {
    Ref<Dict> touched = dict_new();
    if (!touched) return false;
    thread->locals_dict = Value::object(touched.take());
  }
  Dict* touched = as_dict(thread->locals_dict);
  int64_t size = dict_size(touched);
  if (size >= 64 && (size & (size - 1)) == 0) prune(touched);
  Ref<> reference = weakref_new(&weakref_type, Value::object(self), Value());
  return reference && dict_set(touched, Value::small_int(self->serial), reference.value());
}

Ref<> local_construct(Type* type, const Args& args) {
  if (args.total() && !has_own_init(type)) {
    return raise(exc::TypeError, "Initialization arguments are not supported");
  }
  Ref<LocalObject> self = allocate<LocalObject>(type);
  if (!self) return Ref<>();
  self->serial = g_next_serial.fetch_add(1, std::memory_order_relaxed);
  Ref<Dict> namespaces = dict_new();
  Ref<Tuple> positional = tuple_from(args.values, args.count);
  if (!namespaces || !positional) return Ref<>();
  if (args.keyword_count()) {
    Ref<Dict> kwargs = dict_new();
    if (!kwargs) return Ref<>();
    for (uint32_t i = 0; i < args.keyword_count(); ++i) {
      if (!dict_set(kwargs.get(), args.names->at(i), args.values[args.count + i])) return Ref<>();
    }
    self->kwargs.init(std::move(kwargs));
  }
  // The creating thread gets its namespace now; its __init__ is called by the ordinary construction.
  Ref<Dict> own = dict_new();
  if (!own || !dict_set(namespaces.get(), thread_serial(), own.value())) return Ref<>();
  self->namespaces.init(std::move(namespaces));
  self->args.init(std::move(positional));
  if (!remember(self.get())) return Ref<>();
  return self;
}

// The calling thread's namespace, made (and __init__ run) on first use.
Ref<Dict> namespace_of(LocalObject* self) {
  Dict* namespaces = as_dict(self->namespaces.peek());
  Ref<> found = dict_get(namespaces, thread_serial());
  if (found) return Ref<Dict>::steal(as_dict(found.take()));
  if (error_pending()) return Ref<Dict>();
  Ref<Dict> made = dict_new();
  if (!made || !remember(self) || !dict_set(namespaces, thread_serial(), made.value())) return Ref<Dict>();
  Type* type = type_of(Value::object(self));
  if (has_own_init(type)) {
    Ref<> keep = self->kwargs.load(self);
    FlatArgs flat;
    bool ok = flat.assign(self->args.peek(), keep ? keep.value() : Value());
    auto init = type->slots.init;
    if (!ok || (init && !init(Value::object(self), flat.args()))) {
      Ref<> error = take_error();
      if (dict_delete(namespaces, thread_serial()) < 0) clear_error();
      restore_error(std::move(error));
      return Ref<Dict>();
    }
  }
  return made;
}

Ref<> local_get_attribute(Value v, Str* given_name) {
  LocalObject* self = as_local(v);
  Ref<Dict> dict = namespace_of(self);
  if (!dict) return Ref<>();
  Ref<Str> holder;
  Str* name = intern_name(given_name, &holder);
  if (!name) return Ref<>();
  if (name == names::dict.str()) return dict;
  Type* type = type_of(v);
  Ref<> on_type = type_lookup(type, name);
  const Slots* slots = on_type ? &type_of(on_type.value())->slots : nullptr;
  if (slots && slots->descriptor_get && slots->descriptor_set) {
    return slots->descriptor_get(on_type.value(), v, Value::object(type));
  }
  Ref<> own = dict_get_str(dict.get(), name);
  if (own || error_pending()) return own;
  if (slots && slots->descriptor_get) return slots->descriptor_get(on_type.value(), v, Value::object(type));
  if (on_type) return on_type;
  return raise_attribute_error(v, name);
}

bool local_set_attribute(Value v, Str* given_name, Value value) {
  LocalObject* self = as_local(v);
  Ref<Str> holder;
  Str* name = intern_name(given_name, &holder);
  if (!name) return false;
  if (name == names::dict.str()) {
    return raise(exc::AttributeError, "'%T' object attribute '__dict__' is read-only", v);
  }
  Ref<Dict> dict = namespace_of(self);
  if (!dict) return false;
  Ref<> on_type = type_lookup(type_of(v), name);
  if (on_type) {
    if (auto set = type_of(on_type.value())->slots.descriptor_set) return set(on_type.value(), v, value);
  }
  if (!value.empty()) return dict_set_str(dict.get(), name, value);
  int deleted = dict_delete_str(dict.get(), name);
  if (deleted < 0) return false;
  return deleted ? true : static_cast<bool>(raise_attribute_error(v, name));
}

}  // namespace

constinit Type thread_local_type;
const TypeSpec thread_local_spec = {
    .name = "_thread._local",
    .size = sizeof(LocalObject),
    .flags = kTypeBase | kTypeWeakrefs,
    .slots = {.get_attribute = local_get_attribute, .set_attribute = local_set_attribute, .construct = local_construct},
    .traverse = local_traverse,
    .doc = "Thread-local data",
};

void thread_locals_leave() {
  Thread* thread = current_thread();
  if (thread->locals_dict.empty()) return;
  Ref<> touched = Ref<>::steal(thread->locals_dict);
  thread->locals_dict = Value();
  Ref<List> references = dict_values_list(as_dict(touched.value()));
  if (!references) {
    clear_error();
    return;
  }
  for (int64_t i = 0; i < list_size(references.get()); ++i) {
    Ref<> reference = list_get(references.get(), i);
    Ref<> object = weakref_get(as_weakref(reference.value()));
    if (!object) continue;
    Ref<> dropped = dict_pop(as_dict(as_local(object.value())->namespaces.peek()), thread_serial());
    if (!dropped && error_pending()) clear_error();
  }
}

}  // namespace pt
