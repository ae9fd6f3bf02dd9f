// The _abc module. Classes live as long as the process, so that registry and caches are sets of addresses: membership is
// tested without a lock and without touching anything shared.
#include "gc/platform/memory.h"
#include "gc/reclaim/qsbr.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/type_build.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/set.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/types/weakref.h"

namespace pt {
namespace {

// A grow-only set of classes. Readers take no lock; writers hold the lock of the object it is part of.
class TypeSet {
 public:
  bool contains(const Type* type) const {
    const Table* table = table_.load(std::memory_order_acquire);  // pairs with the release in grow()
    if (!table) return false;
    for (size_t i = slot(type, table->mask);; i = (i + 1) & table->mask) {
      const Type* seen = table->entries[i].load(std::memory_order_relaxed);
      if (seen == type) return true;
      if (!seen) return false;
    }
  }
  // False when out of memory. What has to be retired once the lock is released is left in *retired.
  bool add(Type* type, void** retired, size_t* retired_bytes) {
    if (contains(type)) return true;
    Table* table = table_.load(std::memory_order_relaxed);
    if (!table || (table->count + 1) * 4 > (table->mask + 1) * 3) {
      if (!grow(retired, retired_bytes)) return false;
      table = table_.load(std::memory_order_relaxed);
    }
    insert(table, type);
    return true;
  }
  void* take(size_t* bytes) {
    Table* old = table_.exchange(nullptr, std::memory_order_acq_rel);
    *bytes = old ? table_bytes(old->mask + 1) : 0;
    return old;
  }
  // The i-th entry of a walk; *position starts at 0. nullptr at the end.
  Type* next(size_t* position) const {
    const Table* table = table_.load(std::memory_order_acquire);
    while (table && *position <= table->mask) {
      Type* type = table->entries[(*position)++].load(std::memory_order_relaxed);
      if (type) return type;
    }
    return nullptr;
  }
  size_t count() const {
    const Table* table = table_.load(std::memory_order_acquire);
    return table ? table->count : 0;
  }

 private:
  struct Table {
    size_t mask, count;
    std::atomic<Type*> entries[];
  };
  static size_t slot(const Type* type, size_t mask) {
    return ((reinterpret_cast<uintptr_t>(type) >> 4) * 0x9E3779B97F4A7C15u >> 20) & mask;
  }
  static size_t table_bytes(size_t capacity) { return sizeof(Table) + capacity * sizeof(std::atomic<Type*>); }
  static void insert(Table* table, Type* type) {
    size_t i = slot(type, table->mask);
    while (table->entries[i].load(std::memory_order_relaxed)) i = (i + 1) & table->mask;
    table->entries[i].store(type, std::memory_order_release);
    ++table->count;
  }
  bool grow(void** retired, size_t* retired_bytes) {
    Table* old = table_.load(std::memory_order_relaxed);
    size_t capacity = old ? (old->mask + 1) * 2 : 8;
    auto* table = static_cast<Table*>(memory::allocate_zeroed(table_bytes(capacity)));
    if (!table) return false;
    table->mask = capacity - 1;
    if (old) {
      for (size_t i = 0; i <= old->mask; ++i) {
        if (Type* type = old->entries[i].load(std::memory_order_relaxed)) insert(table, type);
      }
      *retired = old;
      *retired_bytes = table_bytes(old->mask + 1);
    }
    table_.store(table, std::memory_order_release);
    return true;
  }
  std::atomic<Table*> table_{nullptr};
};

struct AbcData : Object {
  TypeSet registry, cache, negative;
  std::atomic<uint64_t> negative_version;
};

// Bumped by every registration: negative caches of older versions are void.
constinit std::atomic<uint64_t> g_invalidation_counter{0};
constinit Name kAbcImpl("_abc_impl"), kTypeFlags("__abc_tpflags__"), kSubclassHook("__subclasshook__");

void abc_data_destroy(Object* o) {
  auto* data = static_cast<AbcData*>(o);
  for (TypeSet* set : {&data->registry, &data->cache, &data->negative}) {
    size_t bytes;
    if (void* table = set->take(&bytes)) retire_buffer(table, bytes);
  }
}

constinit Type abc_data_type;
const TypeSpec abc_data_spec = {
    .name = "_abc._abc_data", .size = sizeof(AbcData), .flags = kTypeNoInstantiate, .destroy = abc_data_destroy};

bool add_to(AbcData* data, TypeSet& set, Type* type) {
  void* retired = nullptr;
  size_t bytes = 0;
  bool ok;
  {
    LockGuard guard(data);
    ok = set.add(type, &retired, &bytes);
  }
  if (retired) retire_buffer(retired, bytes);
  return ok || static_cast<bool>(raise_no_memory());
}
void reset(AbcData* data, TypeSet& set) {
  void* old;
  size_t bytes;
  {
    LockGuard guard(data);
    old = set.take(&bytes);
  }
  if (old) retire_buffer(old, bytes);
}

bool is_type(Value v) { return v.is_object() && has_flag(type_of(v), kTypeTypeSubclass); }
Type* as_type(Value v) { return reinterpret_cast<Type*>(v.as_object()); }

Ref<AbcData> data_of(Value self) {
  Ref<> found = is_type(self) ? type_lookup(as_type(self), kAbcImpl.str()) : Ref<>();
  if (!found) found = get_attribute(self, kAbcImpl.str());
  if (!found) return Ref<AbcData>();
  if (type_of(found.value()) != &abc_data_type) return raise(exc::TypeError, "_abc_impl is set to a wrong type");
  return Ref<AbcData>::steal(static_cast<AbcData*>(found.take().as_object()));
}

Ref<> abc_get_cache_token(const Value*) { return int_from_uint64(g_invalidation_counter.load(std::memory_order_relaxed)); }

// 1 when the object has a true __isabstractmethod__.
int is_abstract(Value v) {
  Ref<> flag = find_attribute(v, names::isabstractmethod.str());
  if (!flag) return error_pending() ? -1 : 0;
  return truth(flag.value());
}

bool compute_abstract_methods(Value self) {
  Ref<Set> abstracts = frozenset_new();
  if (!abstracts) return false;
  Ref<> ns = get_attribute(self, names::dict.str());
  if (!ns) return false;
  Ref<> items = call_method(ns.value(), names::items_.str());
  if (!items) return false;
  bool ok = for_each(items.value(), [&](Value item) {
    if (!is_tuple(item) || as_tuple(item)->length != 2)
      return static_cast<bool>(raise(exc::TypeError, "Iteration over items() returned item which size is not 2"));
    int abstract = is_abstract(as_tuple(item)->at(1));
    if (abstract < 0) return false;
    return abstract == 0 || set_add(abstracts.get(), as_tuple(item)->at(0));
  });
  if (!ok) return false;
  Ref<> bases = get_attribute(self, names::bases.str());
  if (!bases) return false;
  if (!is_tuple(bases.value())) return raise(exc::TypeError, "__bases__ is not tuple");
  for (int64_t i = 0; i < as_tuple(bases.value())->length; ++i) {
    Ref<> inherited = find_attribute(as_tuple(bases.value())->at(i), names::abstractmethods.str());
    if (!inherited) {
      if (error_pending()) return false;
      continue;
    }
    ok = for_each(inherited.value(), [&](Value key) {
      if (!is_str(key)) return static_cast<bool>(raise(exc::TypeError, "attribute name must be string, not '%T'", key));
      Ref<> value = find_attribute(self, as_str(key));
      if (!value) return !error_pending();
      int abstract = is_abstract(value.value());
      if (abstract < 0) return false;
      return abstract == 0 || set_add(abstracts.get(), key);
    });
    if (!ok) return false;
  }
  return set_attribute(self, names::abstractmethods.str(), abstracts.value());
}

constexpr uint32_t kCollectionFlags = kTypeSequence | kTypeMapping;
constexpr int64_t kPythonSequence = 1 << 5, kPythonMapping = 1 << 6;

void set_collection_flag(Type* type, uint32_t flag) {
  type->flags.fetch_and(~kCollectionFlags, std::memory_order_relaxed);
  type->flags.fetch_or(flag, std::memory_order_relaxed);
}
void set_collection_flag_below(Type* type, uint32_t flag) {
  if (has_flag(type, kTypeImmutable) || (type->flags.load(std::memory_order_relaxed) & kCollectionFlags) == flag) return;
  set_collection_flag(type, flag);
  for_each_subclass(
      type, [](Type* subclass, void* f) { set_collection_flag_below(subclass, *static_cast<uint32_t*>(f)); }, &flag);
}

Ref<> abc_init(const Value* a) {
  Value self = a[0];
  if (!compute_abstract_methods(self)) return Ref<>();
  Ref<AbcData> data = allocate<AbcData>(&abc_data_type);
  if (!data) return Ref<>();
  data->negative_version.store(g_invalidation_counter.load(std::memory_order_relaxed), std::memory_order_relaxed);
  if (!set_attribute(self, kAbcImpl.str(), data.value())) return Ref<>();
  if (is_type(self)) {
    Type* type = as_type(self);
    Ref<> flags = dict_get_str(as_dict(type->dict.peek_acquire()), kTypeFlags.str());
    if (flags) {
      int64_t bits;
      if (is_exact_int(flags.value()) && int_to_int64(flags.value(), &bits)) {
        if ((bits & (kPythonSequence | kPythonMapping)) == (kPythonSequence | kPythonMapping)) {
          return raise(exc::TypeError, "__abc_tpflags__ cannot be both Py_TPFLAGS_SEQUENCE and Py_TPFLAGS_MAPPING");
        }
        if (bits & kPythonSequence) set_collection_flag(type, kTypeSequence);
        if (bits & kPythonMapping) set_collection_flag(type, kTypeMapping);
      }
      if (!type_set_attribute(type, kTypeFlags.str(), Value())) return Ref<>();
    }
  }
  return none_ref();
}

Ref<> abc_register(const Value* a) {
  Value self = a[0], subclass = a[1];
  if (!is_type(subclass)) return raise(exc::TypeError, "Can only register classes");
  int already = is_subclass(subclass, self);
  if (already < 0) return Ref<>();
  if (already) return Ref<>::retain(subclass);
  int cycle = is_subclass(self, subclass);
  if (cycle < 0) return Ref<>();
  if (cycle) return raise(exc::RuntimeError, "Refusing to create an inheritance cycle");
  Ref<AbcData> data = data_of(self);
  if (!data || !add_to(data.get(), data->registry, as_type(subclass))) return Ref<>();
  g_invalidation_counter.fetch_add(1, std::memory_order_acq_rel);
  if (is_type(self)) {
    uint32_t flag = as_type(self)->flags.load(std::memory_order_relaxed) & kCollectionFlags;
    if (flag) set_collection_flag_below(as_type(subclass), flag);
  }
  return Ref<>::retain(subclass);
}

bool negative_hit(AbcData* data, const Type* type) {
  return data->negative_version.load(std::memory_order_acquire) == g_invalidation_counter.load(std::memory_order_acquire) &&
         data->negative.contains(type);
}

Ref<> abc_subclasscheck(const Value* a);

Ref<> abc_instancecheck(const Value* a) {
  Value self = a[0], instance = a[1];
  Ref<AbcData> data = data_of(self);
  if (!data) return Ref<>();
  Ref<> subclass = get_attribute(instance, names::class_dunder.str());
  if (!subclass) return Ref<>();
  if (is_type(subclass.value()) && data->cache.contains(as_type(subclass.value()))) return bool_ref(true);
  Type* actual = type_of(instance);
  static constinit Name kSubclassCheck("__subclasscheck__");
  if (subclass.value().is(actual)) {
    if (negative_hit(data.get(), actual)) return bool_ref(false);
    return call_method(self, kSubclassCheck.str(), {subclass.value()});
  }
  Ref<> result = call_method(self, kSubclassCheck.str(), {subclass.value()});
  if (!result) return Ref<>();
  int is = truth(result.value());
  if (is < 0) return Ref<>();
  if (is) return result;
  return call_method(self, kSubclassCheck.str(), {Value::object(actual)});
}

Ref<> abc_subclasscheck(const Value* a) {
  Value self = a[0], subclass = a[1];
  if (!is_type(subclass)) return raise(exc::TypeError, "issubclass() arg 1 must be a class");
  Type* type = as_type(subclass);
  Ref<AbcData> data = data_of(self);
  if (!data) return Ref<>();
  if (data->cache.contains(type)) return bool_ref(true);
  uint64_t version = g_invalidation_counter.load(std::memory_order_acquire);
  if (data->negative_version.load(std::memory_order_acquire) < version) {
    // Empty first: a reader that sees the new version must not see old entries.
    reset(data.get(), data->negative);
    data->negative_version.store(version, std::memory_order_release);
  } else if (data->negative.contains(type)) {
    return bool_ref(false);
  }
  auto yes = [&]() -> Ref<> { return add_to(data.get(), data->cache, type) ? bool_ref(true) : Ref<>(); };
  auto no = [&]() -> Ref<> {
    // An answer found under an older version must not be remembered.
    if (g_invalidation_counter.load(std::memory_order_acquire) != version) return bool_ref(false);
    return add_to(data.get(), data->negative, type) ? bool_ref(false) : Ref<>();
  };
  Ref<> hook = call_method(self, kSubclassHook.str(), {subclass});
  if (!hook) return Ref<>();
  if (is_true(hook.value())) return yes();
  if (is_false(hook.value())) return no();
  if (!is_not_implemented(hook.value()))
    return raise(exc::AssertionError, "__subclasshook__ must return either False, True, or NotImplemented");
  Ref<> mro = type->mro.load(type);
  for (int64_t i = 0; mro && i < as_tuple(mro.value())->length; ++i) {
    if (as_tuple(mro.value())->at(i).same(self)) return yes();
  }
  // The registry may grow while classes are asked; what comes later bumps the version.
  if (data->registry.contains(type)) return yes();
  if (size_t registered = data->registry.count()) {
    Ref<List> snapshot = list_new(static_cast<int64_t>(registered));
    if (!snapshot) return Ref<>();
    size_t position = 0;
    while (Type* candidate = data->registry.next(&position)) {
      if (!list_append(snapshot.get(), Ref<>::retain(Value::object(candidate)))) return Ref<>();
    }
    for (int64_t i = 0; i < list_size(snapshot.get()); ++i) {
      Ref<> candidate = list_get(snapshot.get(), i);
      int is = is_subclass(subclass, candidate.value());
      if (is < 0) return Ref<>();
      if (is) return yes();
    }
  }
  Ref<> subclasses = call_method(self, names::subclasses.str());
  if (!subclasses) return Ref<>();
  if (!is_list(subclasses.value())) return raise(exc::TypeError, "__subclasses__() must return a list");
  for (int64_t i = 0; i < list_size(as_list(subclasses.value())); ++i) {
    Ref<> candidate = list_get(as_list(subclasses.value()), i);
    if (!candidate) break;
    int is = is_subclass(subclass, candidate.value());
    if (is < 0) return Ref<>();
    if (is) return yes();
  }
  return no();
}

Ref<> abc_reset_registry(const Value* a) {
  Ref<AbcData> data = data_of(a[0]);
  if (!data) return Ref<>();
  reset(data.get(), data->registry);
  return none_ref();
}
Ref<> abc_reset_caches(const Value* a) {
  Ref<AbcData> data = data_of(a[0]);
  if (!data) return Ref<>();
  reset(data.get(), data->cache);
  reset(data.get(), data->negative);
  return none_ref();
}

Ref<> weak_set(const TypeSet& types) {
  Ref<Set> result = set_new();
  if (!result) return Ref<>();
  size_t position = 0;
  while (Type* type = types.next(&position)) {
    Ref<> reference = weakref_new(&weakref_type, Value::object(type), Value());
    if (!reference || !set_add(result.get(), reference.value())) return Ref<>();
  }
  return result;
}
Ref<> abc_get_dump(const Value* a) {
  Ref<AbcData> data = data_of(a[0]);
  if (!data) return Ref<>();
  Ref<> registry = weak_set(data->registry), cache, negative, version;
  if (!registry) return Ref<>();
  cache = weak_set(data->cache);
  if (!cache) return Ref<>();
  negative = weak_set(data->negative);
  version = int_from_uint64(data->negative_version.load(std::memory_order_relaxed));
  if (!negative || !version) return Ref<>();
  return tuple_of({registry.value(), cache.value(), negative.value(), version.value()});
}

const NativeDef kFunctions[] = {
    {"get_cache_token", "()", abc_get_cache_token,
     "Returns the current ABC cache token.\n\nThe token is an opaque object (supporting equality testing) identifying "
     "the\ncurrent version of the ABC cache for virtual subclasses. The token changes\nwith every call to register() on any "
     "ABC."},
    {"_abc_init", "(self, /)", abc_init, "Internal ABC helper for class set-up. Should be never used outside abc module."},
    {"_reset_registry", "(self, /)", abc_reset_registry, "Internal ABC helper to reset registry of a given class."},
    {"_reset_caches", "(self, /)", abc_reset_caches, "Internal ABC helper to reset both caches of a given class."},
    {"_get_dump", "(self, /)", abc_get_dump, "Internal ABC helper for cache and registry debugging."},
    {"_abc_register", "(self, subclass, /)", abc_register,
     "Internal ABC helper for subclasss registration. Should be never used outside abc module."},
    {"_abc_instancecheck", "(self, instance, /)", abc_instancecheck,
     "Internal ABC helper for instance checks. Should be never used outside abc module."},
    {"_abc_subclasscheck", "(self, subclass, /)", abc_subclasscheck,
     "Internal ABC helper for subclasss checks. Should be never used outside abc module."},
    {},
};

}  // namespace
extern const NativeModule abc_module;
const NativeModule abc_module = {"_abc", "Module contains faster C implementation of abc.ABCMeta", kFunctions,
                                 [](Module*) { return abc_data_type.spec || init_module_type(&abc_data_type, &abc_data_spec); }};
}  // namespace pt
