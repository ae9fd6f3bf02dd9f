// The six iterators over a dict: keys, values and items, forwards and backwards.
#include "gc/heap/heap_inl.h"
#include "vm/object/native.h"
#include "vm/types/dict_order.h"
#include "vm/types/dict_table.h"
#include "vm/types/iterators.h"
#include "vm/types/list_inl.h"
#include "vm/types/pair_iteration.h"
#include "vm/types/tuple_inl.h"

namespace pt {

constinit std::atomic<const Type*> g_reorderable_dict_type{nullptr};

constinit Type dict_key_iterator_type{};
constinit Type dict_value_iterator_type{};
constinit Type dict_item_iterator_type{};
constinit Type dict_reverse_key_iterator_type{};
constinit Type dict_reverse_value_iterator_type{};
constinit Type dict_reverse_item_iterator_type{};

namespace {

enum class Kind { kKeys, kValues, kItems };

DictIterator* as_dict_iterator(Value v) { return static_cast<DictIterator*>(v.as_object()); }

bool is_reverse(ShapeId shape) {
  return shape == kShape_dict_reverse_key_iterator || shape == kShape_dict_reverse_value_iterator ||
         shape == kShape_dict_reverse_item_iterator;
}

enum class Step { kItem, kEnd, kSizeChanged, kKeysChanged };

// Finds the next entry; the iterator is locked if there are threads. `dropped` takes the dict over at the end.
template <Kind kKind, bool kReverse>
PT_INLINE Step advance(DictIterator* it, Ref<>* key, Ref<>* value, Ref<>* dropped) {
  Value dict = it->dict.peek();
  if (dict.empty()) return Step::kEnd;
  Dict* d = as_dict(dict);
  if (PT_UNLIKELY(it->expected != dict_size(d))) {
    it->expected = -1;
    return Step::kSizeChanged;
  }
  for (;;) {
    DictTable* t = d->table.load(std::memory_order_acquire);
    int64_t i = it->position.load(std::memory_order_relaxed);
    int64_t n = t->entry_count.load(std::memory_order_acquire);  // pairs with the release in dict_table_append
    DictEntry* entries = t->entries();
    if (kReverse) {
      if (i >= n) i = n - 1;
      while (i >= 0 && entries[i].value.peek_acquire().empty()) --i;
      if (i < 0) break;
    } else {
      while (i < n && entries[i].value.peek_acquire().empty()) ++i;
      if (i >= n) break;
    }
    if (PT_UNLIKELY(it->remaining == 0)) {
      *dropped = it->dict.take_unshared();
      return Step::kKeysChanged;
    }
    if (kKind != Kind::kValues && !dict_load_field(d, t, entries[i].key, key)) continue;
    if (kKind != Kind::kKeys && !dict_load_field(d, t, entries[i].value, value)) continue;
    it->position.store(kReverse ? i - 1 : i + 1, std::memory_order_relaxed);
    // Empty: deleted by another thread meanwhile.
    if (kKind != Kind::kValues && PT_UNLIKELY(!*key)) continue;
    if (kKind != Kind::kKeys && PT_UNLIKELY(!*value)) continue;
    --it->remaining;
    return Step::kItem;
  }
  *dropped = it->dict.take_unshared();
  return Step::kEnd;
}

template <Kind kKind, bool kReverse>
PT_COLD Ref<> next_item(DictIterator* it) {
  Ref<> key, value, dropped;
  Step step;
  Value dict = it->dict.peek();
  const Type* reorderable_type = g_reorderable_dict_type.load(std::memory_order_relaxed);
  bool reorderable = !dict.empty() && reorderable_type && is_subtype(type_of(dict), reorderable_type);
  if (PT_UNLIKELY(multithreaded())) {
    LockGuard guard(it);
    step = advance<kKind, kReverse>(it, &key, &value, &dropped);
  } else {
    step = advance<kKind, kReverse>(it, &key, &value, &dropped);
  }
  if (PT_UNLIKELY(reorderable) && step != Step::kItem && (step != Step::kEnd || it->remaining > 0)) {
    return raise(exc::RuntimeError, "OrderedDict mutated during iteration");
  }
  switch (step) {
    case Step::kItem:
      if (kKind == Kind::kKeys) return key;
      if (kKind == Kind::kValues) return value;
      return tuple_pair(std::move(key), std::move(value));
    case Step::kEnd: return Ref<>();
    case Step::kSizeChanged: return raise(exc::RuntimeError, "dictionary changed size during iteration");
    case Step::kKeysChanged: return raise(exc::RuntimeError, "dictionary keys changed during iteration");
  }
  return Ref<>();
}

// The next entry of a dict that nobody changes meanwhile; nullptr, and nothing has happened: it is something else's business.
PT_INLINE DictEntry* next_entry(DictIterator* it, const Dict* d) {
  DictTable* t = d->table.load(std::memory_order_relaxed);
  int64_t i = it->position.load(std::memory_order_relaxed), n = t->entry_count.load(std::memory_order_relaxed);
  if (PT_UNLIKELY(it->expected != dict_size(d) || i >= n || t->entries()[i].value.peek().empty())) return nullptr;
  it->position.store(i + 1, std::memory_order_relaxed);
  --it->remaining;
  return t->entries() + i;
}
template <Kind kKind>
PT_INLINE Ref<> item_of(const DictEntry& e) {
  if (kKind == Kind::kKeys) return Ref<>::retain(e.key.peek());
  if (kKind == Kind::kValues) return Ref<>::retain(e.value.peek());
  return tuple_pair(Ref<>::retain(e.key.peek()), Ref<>::retain(e.value.peek()));
}
PT_INLINE bool next_own_entry(DictIterator* it, bool locked, Value* key, Value* value) {
  // Acquire: what another thread did to the iterator comes before it gave its reference back.
  if (it->shared.load(std::memory_order_acquire) != 0 || it->local.load(std::memory_order_relaxed) != 1 ||
      !owned_by_this_thread(it) || it->dict.peek().empty() || it->remaining <= 0) {
    return false;
  }
  Dict* d = as_dict(it->dict.peek());
  if (!locked && (d->lock.load(std::memory_order_relaxed) != kLockReserved || !enter_reserved(d))) return false;
  DictEntry* e = next_entry(it, d);
  if (e && key) *key = Ref<>::retain(e->key.peek()).take();
  if (e && value) *value = Ref<>::retain(e->value.peek()).take();
  if (!locked) unreserve_unless_alone<Reserve::kAtOnce>(d);
  return e;
}
template <Kind kKind>
PT_INLINE Ref<> next_of_own(DictIterator* it) {
  Value key, value;
  if (!next_own_entry(it, false, kKind != Kind::kValues ? &key : nullptr, kKind != Kind::kKeys ? &value : nullptr))
    return Ref<>();
  if (kKind == Kind::kKeys) return Ref<>::steal(key);
  if (kKind == Kind::kValues) return Ref<>::steal(value);
  return tuple_pair(Ref<>::steal(key), Ref<>::steal(value));
}

// The way with one thread and nothing unusual.
template <Kind kKind>
PT_INLINE Ref<> next_forward(DictIterator* it) {
  Value dict = it->dict.peek();
  if (PT_UNLIKELY(multithreaded())) {
    if (Ref<> item = next_of_own<kKind>(it); item || error_pending()) return item;
  } else if (PT_LIKELY(!dict.empty() && it->remaining > 0)) {
    if (DictEntry* e = next_entry(it, as_dict(dict)); PT_LIKELY(e != nullptr)) return item_of<kKind>(*e);
  }
  return next_item<kKind, false>(it);
}

template <Kind kKind, bool kReverse>
Ref<> next_slot(Value self) {
  if (!kReverse) return next_forward<kKind>(as_dict_iterator(self));
  return next_item<kKind, kReverse>(as_dict_iterator(self));
}

Ref<> self_iter(Value self) { return Ref<>::retain(self); }

Ref<> iterator_length_hint(const Value* a) {
  DictIterator* it = as_dict_iterator(a[0]);
  LockGuard guard(it);
  Value dict = it->dict.peek();
  int64_t left = !dict.empty() && it->expected == dict_size(as_dict(dict)) ? it->remaining : 0;
  return Ref<>::steal(Value::small_int(left));
}

// iter over a list of what is left; the iterator itself stays where it is.
Ref<> iterator_reduce(const Value* a) {
  DictIterator* it = as_dict_iterator(a[0]);
  ShapeId shape = it->shape_id.load(std::memory_order_relaxed);
  auto* copy = static_cast<DictIterator*>(allocate_object(shape, sizeof(DictIterator), true));
  if (!copy) return raise_no_memory();
  Ref<> holder = Ref<>::steal(Value::object(copy));
  {
    LockGuard guard(it);
    copy->dict.init(it->dict.load_locked());
    copy->position.store(it->position.load(std::memory_order_relaxed), std::memory_order_relaxed);
    copy->expected = it->expected;
    copy->remaining = it->remaining;
  }
  Ref<> function = import_builtin("iter");
  if (!function) return Ref<>();
  Ref<List> rest = list_from_iterable(holder.value());
  if (!rest) return Ref<>();
  Ref<Tuple> arguments = tuple_of({rest.value()});
  if (!arguments) return Ref<>();
  return tuple_of({function.value(), arguments.value()});
}

void iterator_traverse(Object* o, FieldVisitor& visit) { visit(static_cast<DictIterator*>(o)->dict); }

constexpr NativeDef kIteratorMethods[] = {
    {"__length_hint__", "($self, /)", iterator_length_hint, "Private method returning an estimate of len(list(it))."},
    {"__reduce__", "($self, /)", iterator_reduce, "Return state information for pickling."},
    {}};

}  // namespace

bool dict_next_of_own(DictIterator* it, bool locked, Value* key, Value* value) { return next_own_entry(it, locked, key, value); }

Ref<> dict_iterator_new(ShapeId shape, Value dict) {
  auto* it = static_cast<DictIterator*>(allocate_object(shape, sizeof(DictIterator), true));
  if (PT_UNLIKELY(!it)) return raise_no_memory();
  Dict* d = as_dict(dict);
  it->dict.init(Ref<>::retain(dict));
  it->expected = it->remaining = dict_size(d);
  DictTable* t = d->table.load(std::memory_order_acquire);
  int64_t first =
      is_reverse(shape) ? t->entry_count.load(std::memory_order_acquire) - 1 : t->live_begin.load(std::memory_order_relaxed);
  it->position.store(first, std::memory_order_relaxed);
  return Ref<>::steal(Value::object(it));
}

NextPair dict_item_next_pair(Value iterator, Ref<>* first, Ref<>* second) {
  DictIterator* it = as_dict_iterator(iterator);
  Value dict = it->dict.peek();
  if (PT_UNLIKELY(multithreaded() || dict.empty() || it->remaining <= 0)) return NextPair::kOther;
  Dict* d = as_dict(dict);
  DictTable* t = d->table.load(std::memory_order_relaxed);
  int64_t i = it->position.load(std::memory_order_relaxed);
  if (PT_UNLIKELY(it->expected != dict_size(d) || i >= t->entry_count.load(std::memory_order_relaxed))) return NextPair::kOther;
  DictEntry& e = t->entries()[i];
  Value value = e.value.peek();
  if (PT_UNLIKELY(value.empty())) return NextPair::kOther;
  it->position.store(i + 1, std::memory_order_relaxed);
  --it->remaining;
  *first = Ref<>::retain(e.key.peek());
  *second = Ref<>::retain(value);
  return NextPair::kPair;
}
Ref<> dict_key_iterator_next(Value iterator) { return next_forward<Kind::kKeys>(as_dict_iterator(iterator)); }

static_assert(offsetof(DictIterator, dict) == sizeof(Object));
#define PT_DICT_ITERATOR(type, python_name, kind, reverse)                  \
  const TypeSpec type##_spec = {                                            \
      .name = python_name,                                                  \
      .size = sizeof(DictIterator),                                         \
      .flags = kTypeNoInstantiate | kTypeContainerIterator,                 \
      .slots = {.iter = self_iter, .next = next_slot<Kind::kind, reverse>}, \
      .traverse = iterator_traverse,                                        \
      .methods = kIteratorMethods,                                          \
  }
PT_DICT_ITERATOR(dict_key_iterator, "dict_keyiterator", kKeys, false);
PT_DICT_ITERATOR(dict_value_iterator, "dict_valueiterator", kValues, false);
PT_DICT_ITERATOR(dict_item_iterator, "dict_itemiterator", kItems, false);
PT_DICT_ITERATOR(dict_reverse_key_iterator, "dict_reversekeyiterator", kKeys, true);
PT_DICT_ITERATOR(dict_reverse_value_iterator, "dict_reversevalueiterator", kValues, true);
PT_DICT_ITERATOR(dict_reverse_item_iterator, "dict_reverseitemiterator", kItems, true);
#undef PT_DICT_ITERATOR

}  // namespace pt
