// _thread._local: each thread sees a namespace of its own.
//
// The object keeps a table of the threads' namespaces by their serial numbers; each thread keeps, in Thread::locals_dict, weak
// references to the objects it has touched, so that its namespaces go when it ends.
#include <cstdio>
#include <iterator>

#include "gc/platform/memory.h"
#include "gc/reclaim/qsbr.h"
#include "gc/sync/object_lock.h"
#include "vm/modules/thread/locks.h"
#include "vm/object/descriptors.h"
#include "vm/object/error.h"
#include "vm/object/leaf_forms.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/thread.h"
#include "vm/types/dict_inl.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/types/weakref.h"

namespace pt {
namespace {

// Of one object: open addressing with linear probing. An entry is written by its thread alone, with the object's lock; who grows
// the table moves the others' entries, which their threads may still find in the old one.
struct Namespaces {
  struct Entry {
    std::atomic<int64_t> thread;  // serial; 0: free. Relaxed: others only pass by.
    Field dict;                   // empty: the thread has left
    int64_t owner() const { return thread.load(std::memory_order_relaxed); }
  };
  int64_t capacity;  // a power of two, more than the entries
  int64_t used;      // lock
  Entry entries[];

  static size_t bytes(int64_t capacity) { return sizeof(Namespaces) + static_cast<size_t>(capacity) * sizeof(Entry); }
  // Where the thread's entry is, or would be.
  Entry& place(int64_t thread) {
    int64_t i = thread & (capacity - 1);
    while (entries[i].owner() != 0 && entries[i].owner() != thread) i = (i + 1) & (capacity - 1);
    return entries[i];
  }
};
struct LocalObject : Object {
  std::atomic<Namespaces*> namespaces;  // release-stored with the lock held; nullptr: none yet
  Field args;                           // tuple
  Field kwargs;                         // dict or empty
  int64_t serial;                       // never used again
};
LocalObject* as_local(Value v) { return reinterpret_cast<LocalObject*>(v.as_object()); }

constinit std::atomic<int64_t> g_next_serial{1};
constinit thread_local int64_t tls_thread_serial = 0;

// Namespaces that the thread has used lately, by the object's serial. Borrowed: only the thread itself takes a namespace out of
// an object, which forgets it here, and an object that is gone is not asked again.
struct Recent {
  int64_t object;
  Dict* dict;
};
constexpr int64_t kRecent = 4;
constinit thread_local Recent tls_recent[kRecent] = {};
Recent& recent_of(const LocalObject* self) { return tls_recent[self->serial & (kRecent - 1)]; }

int64_t thread_serial() {
  if (!tls_thread_serial) tls_thread_serial = g_next_serial.fetch_add(1, std::memory_order_relaxed);
  return tls_thread_serial;
}

void local_traverse(Object* o, FieldVisitor& visitor) {
  auto* self = static_cast<LocalObject*>(o);
  Namespaces* t = self->namespaces.load(std::memory_order_relaxed);
  for (int64_t i = 0; t && i < t->capacity; ++i) visitor(t->entries[i].dict);
  visitor(self->args);
  visitor(self->kwargs);
}
void local_destroy(Object* o) {
  auto* self = static_cast<LocalObject*>(o);
  Namespaces* t = self->namespaces.exchange(nullptr, std::memory_order_relaxed);
  for (int64_t i = 0; t && i < t->capacity; ++i) t->entries[i].dict.clear();
  self->args.clear();
  self->kwargs.clear();
  if (t) memory::release(t);
}

// The calling thread's namespace, borrowed; nullptr: it has none yet.
Dict* find_namespace(LocalObject* self) {
  Recent& recent = recent_of(self);
  if (PT_LIKELY(recent.object == self->serial)) return recent.dict;
  Namespaces* t = self->namespaces.load(std::memory_order_acquire);  // pairs with the release in add_namespace
  Value found = t ? t->place(thread_serial()).dict.peek() : Value();
  if (found.empty()) return nullptr;
  recent = {self->serial, as_dict(found)};
  return recent.dict;
}
// False with MemoryError.
bool add_namespace(LocalObject* self, Ref<Dict> dict) {
  Namespaces* old = nullptr;
  {
    LockGuard guard(self);
    Namespaces* t = self->namespaces.load(std::memory_order_relaxed);
    if (!t || (t->used + 1) * 2 > t->capacity) {
      int64_t live = 0;
      for (int64_t i = 0; t && i < t->capacity; ++i) live += !t->entries[i].dict.peek().empty();
      int64_t capacity = 4;
      while (capacity < (live + 1) * 4) capacity *= 2;
      auto* fresh = static_cast<Namespaces*>(memory::allocate_zeroed(Namespaces::bytes(capacity)));
      if (!fresh) return raise_no_memory();
      fresh->capacity = capacity;
      fresh->used = live;
      for (int64_t i = 0; t && i < t->capacity; ++i) {
        if (t->entries[i].dict.peek().empty()) continue;
        Namespaces::Entry& e = fresh->place(t->entries[i].owner());
        e.thread.store(t->entries[i].owner(), std::memory_order_relaxed);
        e.dict.init_value(t->entries[i].dict.peek());
      }
      self->namespaces.store(fresh, std::memory_order_release);
      old = t;
      t = fresh;
    }
    Namespaces::Entry& mine = t->place(thread_serial());
    t->used += mine.owner() == 0;
    mine.thread.store(thread_serial(), std::memory_order_relaxed);
    mine.dict.init(std::move(dict));
  }
  if (old) retire_buffer(old, Namespaces::bytes(old->capacity));
  return true;
}
void drop_namespace(LocalObject* self) {
  Recent& recent = recent_of(self);
  if (recent.object == self->serial) recent = {};
  Ref<> dropped;
  LockGuard guard(self);
  Namespaces* t = self->namespaces.load(std::memory_order_relaxed);
  if (t) dropped = t->place(thread_serial()).dict.exchange_locked(Ref<>());
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
  Ref<Tuple> positional = tuple_from(args.values, args.count);
  if (!positional) return Ref<>();
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
  if (!own || !add_namespace(self.get(), std::move(own))) return Ref<>();
  self->args.init(std::move(positional));
  if (!remember(self.get())) return Ref<>();
  return self;
}

// The calling thread's namespace, made (and __init__ run) on first use.
Ref<Dict> namespace_of(LocalObject* self) {
  if (Dict* found = find_namespace(self); PT_LIKELY(found != nullptr)) return Ref<Dict>::retain(found);
  Ref<Dict> made = dict_new();
  if (!made || !remember(self) || !add_namespace(self, Ref<Dict>::retain(made.get()))) return Ref<Dict>();
  Type* type = type_of(Value::object(self));
  if (has_own_init(type)) {
    Ref<> keep = self->kwargs.load(self);
    FlatArgs flat;
    bool ok = flat.assign(self->args.peek(), keep ? keep.value() : Value());
    auto init = type->slots.init;
    if (!ok || (init && !init(Value::object(self), flat.args()))) {
      Ref<> error = take_error();
      drop_namespace(self);
      restore_error(std::move(error));
      return Ref<Dict>();
    }
  }
  return made;
}

// What an object of the very type has in the thread's namespace, which goes before what the class has. Empty without an
// exception: the rest is to see to it.
Ref<> find_own(Value v, Str* name) {
  if (PT_UNLIKELY(type_of(v) != &thread_local_type || (name->length == 8 && name->equals_ascii("__dict__")))) return Ref<>();
  Dict* dict = find_namespace(as_local(v));
  Value found;
  return dict && dict_find_simple(dict, Value::object(name), &found) > 0 ? Ref<>::steal(promote(found)) : Ref<>();
}
Ref<> read_leaf(const Value* a) { return find_own(a[0], as_str(a[1])); }

Ref<> local_get_attribute(Value v, Str* given_name) {
  if (Ref<> own = find_own(v, given_name); PT_LIKELY(own)) return own;
  LocalObject* self = as_local(v);
  Ref<Dict> dict = namespace_of(self);
  if (!dict) return Ref<>();
  Ref<Str> holder;
  Str* name = intern_name(given_name, &holder);
  if (!name) return Ref<>();
  if (name == names::dict.str()) return dict;
  Type* type = type_of(v);
  // A class of the program's may have data descriptors, which come first.
  bool class_first = type != &thread_local_type;
  Ref<> on_type = class_first ? type_lookup(type, name) : Ref<>();
  const Slots* slots = on_type ? &type_of(on_type.value())->slots : nullptr;
  bool is_data = slots && slots->descriptor_get && slots->descriptor_set;
  Ref<> own = is_data ? Ref<>() : dict_get_str(dict.get(), name);
  if (own || error_pending()) return own;
  if (!class_first) {
    on_type = type_lookup(type, name);
    slots = on_type ? &type_of(on_type.value())->slots : nullptr;
  }
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
    .destroy = local_destroy,
    .doc = "Thread-local data",
};

void add_local_leaf_forms() {
  static constexpr LeafForm kForms[] = {{nullptr, read_leaf, local_get_attribute}};
  static constinit LeafForms forms{kForms, std::size(kForms)};
  add_leaf_forms(&forms);
}

void thread_locals_leave() {
  for (Recent& recent : tls_recent) recent = {};
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
    drop_namespace(as_local(object.value()));
  }
}

}  // namespace pt
