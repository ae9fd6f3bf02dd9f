// Weak references: the side table and the `ref` type. The proxies are in weakref_proxy.cpp.
#include "vm/types/weakref.h"

#include <cstdio>

#include "gc/platform/memory.h"
#include "gc/reclaim/qsbr.h"
#include "vm/object/attributes.h"
#include "vm/object/error.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/types/generic_alias.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

// ---- the table --------------------------------------------------------------------------------------------------
// Target address -> list of its references, newest first. Sharded by address; a shard's lock is a leaf: nothing blocks,
// allocates objects or releases references while it is held.
struct Entry {
  Object* target;  // nullptr: free; kTombstone: deleted
  WeakRef* head;
};
Object* const kTombstone = reinterpret_cast<Object*>(8);

struct alignas(64) Shard {
  std::atomic<uint8_t> lock{0};
  Entry* entries = nullptr;
  size_t capacity = 0;  // power of two
  size_t used = 0;      // tombstones included
  size_t live = 0;
};
constexpr size_t kShards = 64;
constinit Shard g_shards[kShards];

uint64_t mix(const Object* target) { return (reinterpret_cast<uintptr_t>(target) >> 4) * 0x9E3779B97F4A7C15u; }
Shard& shard_of(const Object* target) { return g_shards[mix(target) >> 58]; }

class ShardGuard {
 public:
  explicit ShardGuard(Shard& shard) : shard_(shard) { lock_byte(shard_.lock); }
  ~ShardGuard() { unlock_byte(shard_.lock); }
  ShardGuard(const ShardGuard&) = delete;
  ShardGuard& operator=(const ShardGuard&) = delete;

 private:
  Shard& shard_;
};

Entry* find(Shard& shard, const Object* target) {
  if (!shard.capacity) return nullptr;
  for (size_t i = mix(target) & (shard.capacity - 1);; i = (i + 1) & (shard.capacity - 1)) {
    if (shard.entries[i].target == target) return &shard.entries[i];
    if (!shard.entries[i].target) return nullptr;
  }
}

bool rehash(Shard& shard, size_t capacity) {
  auto* entries = static_cast<Entry*>(memory::allocate_zeroed(capacity * sizeof(Entry)));
  if (!entries) return false;
  for (size_t i = 0; i < shard.capacity; ++i) {
    const Entry& old = shard.entries[i];
    if (!old.target || old.target == kTombstone) continue;
    size_t at = mix(old.target) & (capacity - 1);
    while (entries[at].target) at = (at + 1) & (capacity - 1);
    entries[at] = old;
  }
  memory::release(shard.entries);
  shard.entries = entries;
  shard.capacity = capacity;
  shard.used = shard.live;
  return true;
}

Entry* find_or_add(Shard& shard, Object* target) {
  if (Entry* entry = find(shard, target)) return entry;
  if ((shard.used + 1) * 4 > shard.capacity * 3) {
    size_t capacity = shard.capacity ? shard.capacity : 16;
    while ((shard.live + 1) * 2 > capacity) capacity *= 2;
    if (!rehash(shard, capacity)) return nullptr;
  }
  size_t i = mix(target) & (shard.capacity - 1);
  while (shard.entries[i].target && shard.entries[i].target != kTombstone) i = (i + 1) & (shard.capacity - 1);
  if (!shard.entries[i].target) ++shard.used;
  ++shard.live;
  shard.entries[i] = {target, nullptr};
  return &shard.entries[i];
}

void remove_entry(Shard& shard, Entry* entry) {
  entry->target = kTombstone;
  entry->head = nullptr;
  --shard.live;
}

// A count on an object that may be dying: its owner's plain count is looked at first.
bool try_hold(Object* o) { return reference_count(o) > 0 && try_incref(o); }

// References whose targets died on this thread, counted, whose callbacks run when it is safe. Linked by `next`, which a dead
// reference does not need: dying must not take memory.
constinit thread_local WeakRef* tls_callbacks = nullptr;
constinit thread_local WeakRef** tls_callbacks_end = nullptr;

void queue_callback(WeakRef* pending) {
  pending->next = nullptr;
  if (!tls_callbacks) tls_callbacks_end = &tls_callbacks;
  *tls_callbacks_end = pending;
  tls_callbacks_end = &pending->next;
}

bool is_plain_type(const Type* type) {
  return type == &weakref_type || type == &weak_proxy_type || type == &weak_callable_proxy_type;
}
bool is_plain(const WeakRef* ref) { return ref->callback.peek().empty() && is_plain_type(ref->shape()->type); }

Ref<> construct_reference(Type* type, Value target, Value callback) {
  if (!has_flag(type_of(target), kTypeWeakrefs) || !target.is_object()) {
    return raise(exc::TypeError, "cannot create weak reference to '%T' object", target);
  }
  if (!callback.empty() && is_none(callback)) callback = Value();
  Object* object = target.as_object();
  bool shareable = callback.empty() && is_plain_type(type);
  Shard& shard = shard_of(object);
  mark_maybe_shared(object);
  auto plain_one = [&](WeakRef* ref) {
    for (; ref; ref = ref->next) {
      if (ref->shape()->type == type && ref->callback.peek().empty() && try_hold(ref)) break;
    }
    return ref;
  };
  if (shareable) {
    ShardGuard guard(shard);
    Entry* entry = find(shard, object);
    if (WeakRef* ref = entry ? plain_one(entry->head) : nullptr) return Ref<>::steal(Value::object(ref));
  }
  Ref<WeakRef> made = allocate<WeakRef>(type);
  if (!made) return Ref<>();
  made->hash.store(-1, std::memory_order_relaxed);
  if (!callback.empty()) made->callback.init(Ref<>::retain(callback));
  mark_maybe_shared(made.get());
  bool added = false;
  {
    ShardGuard guard(shard);
    if (Entry* entry = find_or_add(shard, object)) {
      // Another thread may have made the plain one meanwhile.
      if (WeakRef* ref = shareable ? plain_one(entry->head) : nullptr) return Ref<>::steal(Value::object(ref));
      // The plain ones, which have no callbacks, come first; before them only another plain one.
      WeakRef* before = nullptr;
      if (!shareable) {
        for (WeakRef* ref = entry->head; ref && is_plain(ref); ref = ref->next) before = ref;
      }
      made->previous = before;
      made->next = before ? before->next : entry->head;
      if (made->next) made->next->previous = made.get();
      (before ? before->next : entry->head) = made.get();
      made->target.store(object, std::memory_order_release);
      object->gc_bits.fetch_or(kGcHasWeakrefs, std::memory_order_relaxed);
      added = true;
    }
  }
  if (!added) return raise_no_memory();
  return made;
}

}  // namespace

Ref<> weakref_new(Type* type, Value target, Value callback) { return construct_reference(type, target, callback); }

Ref<> weakref_get(WeakRef* ref) {
  for (;;) {
    Object* target = ref->target.load(std::memory_order_acquire);
    if (!target) return Ref<>();
    if (!try_hold(target)) return Ref<>();
    // The slot may have become another object meanwhile: then the reference was cleared first.
    if (ref->target.load(std::memory_order_acquire) == target) return Ref<>::steal(Value::object(target));
    decref(target);
  }
}

void clear_weakrefs(Object* target) {
  Shard& shard = shard_of(target);
  WeakRef* first = nullptr;
  WeakRef** end = &first;
  {
    ShardGuard guard(shard);
    Entry* entry = find(shard, target);
    if (!entry) return;
    WeakRef* ref = entry->head;
    remove_entry(shard, entry);
    target->gc_bits.fetch_and(static_cast<uint8_t>(~kGcHasWeakrefs), std::memory_order_relaxed);
    while (ref) {
      WeakRef* next = ref->next;
      ref->next = ref->previous = nullptr;
      if (!ref->callback.peek().empty() && !ref->has_gc_bit(kGcUnreachable) && try_hold(ref)) {
        *end = ref;
        end = &ref->next;
      }
      // Last: whoever destroys a reference without a target does not wait for the shard.
      ref->target.store(nullptr, std::memory_order_release);
      ref = next;
    }
  }
  if (!first) return;
  while (first) {
    WeakRef* next = first->next;
    queue_callback(first);
    first = next;
  }
  if (tls_mutator) tls_mutator->request(kBreakFinalizers);
}

bool has_weakref_callback(const Object* target) {
  Shard& shard = shard_of(target);
  ShardGuard guard(shard);
  Entry* entry = find(shard, target);
  for (WeakRef* ref = entry ? entry->head : nullptr; ref; ref = ref->next) {
    if (!ref->callback.peek().empty()) return true;
  }
  return false;
}

void run_weakref_callbacks() {
  // The queue is taken as a whole: a callback's first safepoint, which comes here again, must not run the next ones before it.
  WeakRef* batch = tls_callbacks;
  tls_callbacks = nullptr;
  while (batch) {
    WeakRef* pending = batch;
    batch = pending->next;
    pending->next = nullptr;
    Ref<> ref = Ref<>::steal(Value::object(pending));
    Ref<> callback = as_weakref(ref.value())->callback.load(ref.value().as_object());
    if (!callback) continue;
    Ref<> saved = error_pending() ? take_error() : Ref<>();
    as_weakref(ref.value())->callback.store(ref.value().as_object(), Ref<>());
    Ref<> result = call1(callback.value(), ref.value());
    if (!result) write_unraisable("calling weakref callback", callback.value());
    if (saved) restore_error(std::move(saved));
  }
}

int64_t weakref_count(Value object) {
  if (!object.is_object() || !object.as_object()->has_gc_bit(kGcHasWeakrefs)) return 0;
  Shard& shard = shard_of(object.as_object());
  ShardGuard guard(shard);
  Entry* entry = find(shard, object.as_object());
  int64_t count = 0;
  for (WeakRef* ref = entry ? entry->head : nullptr; ref; ref = ref->next) ++count;
  return count;
}

Ref<List> weakref_list(Value object) {
  Ref<List> result = list_new();
  if (!result || !object.is_object() || !object.as_object()->has_gc_bit(kGcHasWeakrefs)) return result;
  // References are held in a plain array, grown outside the lock.
  size_t capacity = 16;
  WeakRef** held = nullptr;
  size_t count = 0;
  for (;;) {
    auto* grown = static_cast<WeakRef**>(memory::reallocate(held, capacity * sizeof(WeakRef*)));
    if (!grown) {
      memory::release(held);
      return raise_no_memory();
    }
    held = grown;
    bool fits = true;
    {
      Shard& shard = shard_of(object.as_object());
      ShardGuard guard(shard);
      Entry* entry = find(shard, object.as_object());
      size_t total = 0;
      for (WeakRef* ref = entry ? entry->head : nullptr; ref; ref = ref->next) ++total;
      if (total > capacity) {
        capacity = total * 2;
        fits = false;
      } else {
        for (WeakRef* ref = entry ? entry->head : nullptr; ref; ref = ref->next) {
          if (try_hold(ref)) held[count++] = ref;
        }
      }
    }
    if (fits) break;
  }
  bool ok = true;
  for (size_t i = 0; i < count; ++i) {
    Ref<> item = Ref<>::steal(Value::object(held[i]));
    ok = ok && list_append(result.get(), std::move(item));
  }
  memory::release(held);
  return ok ? std::move(result) : Ref<List>();
}

void weakref_traverse(Object* o, FieldVisitor& visitor) { visitor(static_cast<WeakRef*>(o)->callback); }

void weakref_destroy(Object* o) {
  auto* ref = static_cast<WeakRef*>(o);
  for (;;) {
    Object* target = ref->target.load(std::memory_order_acquire);
    if (!target) break;
    Shard& shard = shard_of(target);
    ShardGuard guard(shard);
    if (ref->target.load(std::memory_order_relaxed) != target) continue;
    Entry* entry = find(shard, target);
    if (ref->previous) ref->previous->next = ref->next;
    if (ref->next) ref->next->previous = ref->previous;
    if (entry && entry->head == ref) {
      entry->head = ref->next;
      if (!entry->head) {
        remove_entry(shard, entry);
        target->gc_bits.fetch_and(static_cast<uint8_t>(~kGcHasWeakrefs), std::memory_order_relaxed);
      }
    }
    ref->next = ref->previous = nullptr;
    ref->target.store(nullptr, std::memory_order_relaxed);
  }
  ref->callback.clear();
}

// ---- weakref.ref --------------------------------------------------------------------------------------------------
namespace {

Ref<> ref_construct(Type* type, const Args& args) {
  // Keywords and what follows the callback are the subclass's __init__'s.
  if (args.count < 1 || args.count > 2) {
    return raise(exc::TypeError,
                 args.count < 1 ? "__new__ expected at least 1 argument, got %d" : "__new__ expected at most 2 arguments, got %d",
                 static_cast<int>(args.count));
  }
  if (type == &weakref_type && args.keyword_count()) return raise(exc::TypeError, "ref() takes no keyword arguments");
  return construct_reference(type, args.values[0], args.count > 1 ? args.values[1] : Value());
}

bool ref_init(Value, const Args& args) {
  if (args.keyword_count()) return raise(exc::TypeError, "ref() takes no keyword arguments");
  if (args.count < 1 || args.count > 2) {
    return raise(
        exc::TypeError,
        args.count < 1 ? "__init__ expected at least 1 argument, got %d" : "__init__ expected at most 2 arguments, got %d",
        static_cast<int>(args.count));
  }
  return true;
}

Ref<> ref_call(Value self, const Args& args) {
  if (args.count)
    return raise(exc::TypeError, "weakref() takes 0 positional arguments but %d were given", static_cast<int>(args.count));
  if (args.keyword_count()) return raise(exc::TypeError, "weakref() takes no keyword arguments");
  Ref<> target = weakref_get(as_weakref(self));
  return target ? std::move(target) : none_ref();
}

int64_t ref_hash(Value self) {
  WeakRef* ref = as_weakref(self);
  int64_t h = ref->hash.load(std::memory_order_relaxed);
  if (h != -1) return h;
  Ref<> target = weakref_get(ref);
  if (!target) {
    raise(exc::TypeError, "weak object has gone away");
    return -1;
  }
  h = hash(target.value());
  if (h != -1) ref->hash.store(h, std::memory_order_relaxed);
  return h;
}

Ref<> ref_compare(Value left, Value right, CompareOp op) {
  if ((op != CompareOp::kEq && op != CompareOp::kNe) || !is_weakref(left) || !is_weakref(right)) return not_implemented_ref();
  Ref<> a = weakref_get(as_weakref(left)), b = weakref_get(as_weakref(right));
  if (!a || !b) return bool_ref(left.same(right) == (op == CompareOp::kEq));
  return compare(a.value(), b.value(), op);
}

Ref<> ref_repr(Value self) {
  char buffer[160];
  Ref<> target = weakref_get(as_weakref(self));
  if (!target) {
    std::snprintf(buffer, sizeof buffer, "<weakref at %p; dead>", static_cast<void*>(self.as_object()));
    return str_from_ascii(buffer);
  }
  Ref<> name = find_attribute(target.value(), names::name.str());
  if (!name && error_pending()) return Ref<>();
  char addresses[2][32];
  std::snprintf(addresses[0], sizeof addresses[0], "%p", static_cast<void*>(self.as_object()));
  std::snprintf(addresses[1], sizeof addresses[1], "%p", static_cast<void*>(target.value().as_object()));
  if (name && is_str(name.value())) {
    return str_format("<weakref at %s; to '%T' at %s (%U)>", addresses[0], target.value(), addresses[1], as_str(name.value()));
  }
  return str_format("<weakref at %s; to '%T' at %s>", addresses[0], target.value(), addresses[1]);
}

Ref<> ref_callback(Value self) {
  WeakRef* ref = as_weakref(self);
  Ref<> callback = ref->callback.load(ref);
  return callback ? std::move(callback) : none_ref();
}

Ref<> ref_class_getitem(const Value* a) { return generic_alias_new(a[0], a[1]); }

const NativeDef ref_methods[] = {
    {"__class_getitem__", "($type, item, /)", ref_class_getitem, "See PEP 585", kClassMethod},
    {},
};
const GetSetDef ref_getsets[] = {
    {"__callback__", ref_callback},
    {},
};

}  // namespace

constinit Type weakref_type;
const TypeSpec weakref_spec = {
    .name = "weakref.ReferenceType",
    .size = sizeof(WeakRef),
    .flags = kTypeBase,
    .slots = {.hash = ref_hash,
              .compare = ref_compare,
              .repr = ref_repr,
              .call = ref_call,
              .construct = ref_construct,
              .init = ref_init},
    .traverse = weakref_traverse,
    .clear = nullptr,
    .destroy = weakref_destroy,
    .methods = ref_methods,
    .getsets = ref_getsets,
};

}  // namespace pt
