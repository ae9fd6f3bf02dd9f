// set and frozenset: protocol slots and methods.
#include "gc/platform/memory.h"
#include "vm/object/native.h"
#include "vm/types/dict.h"
#include "vm/types/dict_table.h"
#include "vm/types/iterators.h"
#include "vm/types/list.h"
#include "vm/types/set_table.h"
#include "vm/types/tuple.h"

namespace pt {

constinit Type set_type{};
constinit Type frozenset_type{};

namespace {

bool is_frozen(Value v) {
  if (is_exact_any_set(v)) return has_shape(v, kShape_frozenset);
  return is_subtype(type_of(v), &frozenset_type);
}

// An empty set or frozenset, whichever the base of `like` is.
Ref<Set> new_like(Value like, Value iterable = Value()) {
  if (!is_frozen(like)) return set_new(iterable);
  Ref<Set> s = frozenset_new();
  if (s && !iterable.empty() && !set_update(s.get(), iterable)) return Ref<Set>();
  return s;
}

Ref<> copy_of(Value self) {
  if (has_shape(self, kShape_frozenset)) return Ref<>::retain(self);
  return new_like(self, self);
}

// Adds/looks up with a hash that is known already.
int contains_hashed(Set* s, Value item, int64_t hash, bool* plain = nullptr) {
  if (item.is_small_int() || is_exact_str(item)) {
    int64_t slot = set_find_plain(s, item, hash);
    if (PT_LIKELY(slot != kSlotRetry)) return slot >= 0;
  }
  if (plain) *plain = false;
  SetTable* t;
  int64_t slot = set_find_shared(s, item, hash, &t);
  return slot >= 0 ? 1 : slot == kSlotAbsent ? 0 : -1;
}
bool add_hashed(Set* s, Value item, int64_t hash) {
  int result;
  {
    SetWriter writer(s);
    result = writer.add(item, hash);
  }
  if (result == -2) return raise_no_memory();
  return result >= 0;
}
int discard_hashed(Set* s, Value item, int64_t hash) {
  Value removed;
  {
    SetWriter writer(s);
    int64_t slot = writer.find(item, hash);
    if (slot < 0) return slot == kSlotAbsent ? 0 : -1;
    removed = writer.remove(slot);
  }
  dict_drop_key(removed);
  return 1;
}

// Calls f(item, hash) for all items of an iterable; with sets and dicts the stored hash serves. False: error.
// A set's begin at `position`.
template <class F>
bool for_each_hashed(Value iterable, F&& f, int64_t position = 0) {
  Ref<> item;
  int64_t hash;
  if (is_any_set(iterable)) {
    while (set_next_inline(as_set(iterable), &position, &item, &hash)) {
      if (!f(item.value(), hash)) return false;
    }
    return true;
  }
  if (is_exact_dict(iterable)) {
    while (dict_next(as_dict(iterable), &position, &item, nullptr, &hash)) {
      if (!f(item.value(), hash)) return false;
    }
    return true;
  }
  Ref<> iterator = get_iter(iterable);
  if (!iterator) return false;
  for (;;) {
    item = next(iterator.value());
    if (!item) return !error_pending();
    hash = key_hash(item.value());
    if (hash == -1 || !f(item.value(), hash)) return false;
  }
}

// The items of a set that are, or are not, in another, for a set that is empty.
class Selection {
 public:
  Selection(Set* result, bool wanted) : result_(result), wanted_(wanted) {}
  bool add(Set* other, Value item, int64_t hash) {
    int found = contains_hashed(other, item, hash, &plain_);
    if (found < 0 || found != wanted_) return found >= 0;
    if (!plain_) return add_hashed(result_, item, hash);
    SetWriter writer(result_);
    return writer.add_absent(item, hash) > 0 || raise_no_memory();
  }

 private:
  Set* result_;
  bool wanted_;
  bool plain_ = !multithreaded();  // nothing could change the set so far: its items differ
};

// ---- Algebra ----

Ref<Set> intersect(Value self, Value other) {
  Set* s = as_set(self);
  if (self.same(other)) return new_like(self, self);
  Ref<Set> result = new_like(self);
  if (!result) return result;
  if (is_any_set(other)) {
    Set *small = as_set(other), *large = s;
    if (set_size(small) > set_size(large)) std::swap(small, large);
    int64_t position = 0;
    if (set_select_plain(result.get(), small, large, true, &position)) return result;
    Selection common(result.get(), true);
    bool ok =
        !error_pending() &&
        for_each_hashed(Value::object(small), [&](Value item, int64_t hash) { return common.add(large, item, hash); }, position);
    if (!ok) return Ref<Set>();
    return result;
  }
  bool ok = for_each_hashed(other, [&](Value item, int64_t hash) {
    int found = contains_hashed(s, item, hash);
    return found < 0 ? false : found == 0 || add_hashed(result.get(), item, hash);
  });
  if (!ok) return Ref<Set>();
  return result;
}

bool subtract_in_place(Set* s, Value other) {
  if (other.is(s)) {
    set_clear(s);
    return true;
  }
  if (is_any_set(other) && set_size(as_set(other)) / 8 > set_size(s)) {
    // Only what both hold matters.
    Ref<Set> both = intersect(Value::object(s), other);
    if (!both) return false;
    return for_each_hashed(both.value(), [&](Value item, int64_t hash) { return discard_hashed(s, item, hash) >= 0; });
  }
  if (!for_each_hashed(other, [&](Value item, int64_t hash) { return discard_hashed(s, item, hash) >= 0; })) return false;
  // Do not let removed slots pile up.
  SetWriter writer(s);
  SetTable* t = writer.table();
  if (static_cast<uint64_t>(t->fill - writer.used()) > t->mask / 4) {
    (void)writer.resize(writer.used() > 50000 ? writer.used() * 2 : writer.used() * 4);
  }
  return true;
}

Ref<Set> subtract(Value self, Value other) {
  Set* s = as_set(self);
  bool probe = is_any_set(other) || is_exact_dict(other);
  int64_t other_size = is_any_set(other) ? set_size(as_set(other)) : probe ? dict_size(as_dict(other)) : 0;
  if (!probe || set_size(s) / 4 > other_size) {
    Ref<Set> result = new_like(self, self);
    if (!result || !subtract_in_place(result.get(), other)) return Ref<Set>();
    return result;
  }
  Ref<Set> result = new_like(self);
  if (!result) return result;
  int64_t position = 0;
  if (is_any_set(other) && set_select_plain(result.get(), s, as_set(other), false, &position)) return result;
  Selection rest(result.get(), false);
  bool ok = !error_pending() && for_each_hashed(
                                    self,
                                    [&](Value item, int64_t hash) {
                                      if (is_any_set(other)) return rest.add(as_set(other), item, hash);
                                      Ref<> value = dict_get_hashed(as_dict(other), item, hash);
                                      return value ? true : !error_pending() && add_hashed(result.get(), item, hash);
                                    },
                                    position);
  if (!ok) return Ref<Set>();
  return result;
}

bool symmetric_in_place(Set* s, Value other) {
  if (other.is(s)) {
    set_clear(s);
    return true;
  }
  Ref<Set> distinct;
  if (!is_any_set(other) && !is_exact_dict(other)) {
    distinct = set_new(other);
    if (!distinct) return false;
    other = distinct.value();
  }
  int64_t position = 0;
  if (is_any_set(other) && set_toggle_plain(s, as_set(other), &position)) return true;
  return !error_pending() && for_each_hashed(
                                 other,
                                 [&](Value item, int64_t hash) {
                                   int removed = discard_hashed(s, item, hash);
                                   return removed < 0 ? false : removed > 0 || add_hashed(s, item, hash);
                                 },
                                 position);
}

Ref<Set> symmetric(Value self, Value other) {
  Ref<Set> result = new_like(self, other);
  if (!result || !symmetric_in_place(result.get(), self)) return Ref<Set>();
  return result;
}

// s becomes what `kept` holds. `kept` is ours alone.
void swap_contents(Set* s, Set* kept) {
  LockGuard2 guard(s, kept);
  SetTable* table = s->table.load(std::memory_order_relaxed);
  int64_t used = s->used.load(std::memory_order_relaxed);
  s->table.store(kept->table.load(std::memory_order_relaxed), std::memory_order_release);
  s->used.store(kept->used.load(std::memory_order_relaxed), std::memory_order_relaxed);
  kept->table.store(table, std::memory_order_release);
  kept->used.store(used, std::memory_order_relaxed);
}

bool intersect_in_place(Set* s, Value other) {
  Ref<Set> kept = intersect(Value::object(s), other);
  if (!kept) return false;
  if (!multithreaded()) {
    swap_contents(s, kept.get());
    return true;
  }
  // Items that other threads add meanwhile must not get lost: remove one by one what is not kept.
  Ref<List> items = set_items_list(s);
  if (!items) return false;
  for (int64_t i = 0; i < list_size(items.get()); ++i) {
    Ref<> item = list_get(items.get(), i);
    int found = set_contains(kept.get(), item.value());
    if (found < 0 || (found == 0 && set_discard(s, item.value()) < 0)) return false;
  }
  return true;
}

int is_subset(Set* s, Set* other) {
  if (set_size(s) > set_size(other)) return 0;
  int result = 1;
  bool ok = for_each_hashed(Value::object(s), [&](Value item, int64_t hash) {
    result = contains_hashed(other, item, hash);
    return result > 0;
  });
  return ok ? 1 : result;
}

// ---- Slots ----

Ref<> set_construct(Type* type, const Args&) {
  if (type == &set_type) return set_new();
  Ref<Set> s = allocate<Set>(type);
  if (s) {
    s->table.store(kEmptySetTable, std::memory_order_release);
    s->hash.store(-1, std::memory_order_relaxed);
  }
  return s;
}

bool set_init(Value self, const Args& args) {
  Value iterable;
  if (!optional_argument("set", args, false, &iterable)) return false;
  if (set_size(as_set(self)) != 0) set_clear(as_set(self));
  return iterable.empty() || set_update(as_set(self), iterable);
}

Ref<> to_set(const Value* a) { return set_new(a[0]); }
Ref<> to_frozenset(const Value* a) { return frozenset_new(a[0]); }

Ref<> frozenset_construct(Type* type, const Args& args) {
  Value iterable;
  bool own_init = type != &frozenset_type && type->slots.init != frozenset_type.slots.init;
  if (!optional_argument("frozenset", args, own_init, &iterable)) return Ref<>();
  if (type == &frozenset_type) return frozenset_new(iterable);
  Ref<> s = set_construct(type, args);
  if (!s || (!iterable.empty() && !set_update(as_set(s.value()), iterable))) return Ref<>();
  return s;
}

int64_t set_length(Value self) { return set_size(as_set(self)); }
int set_contains_slot(Value self, Value item) { return set_contains(as_set(self), item); }
Ref<> set_iter(Value self) { return set_iterator_new(self); }

int64_t frozenset_hash(Value self) {
  Set* s = as_set(self);
  int64_t cached = s->hash.load(std::memory_order_relaxed);
  if (cached != -1) return cached;
  auto shuffle = [](uint64_t h) { return ((h ^ 89869747u) ^ (h << 16)) * 3644798167u; };
  uint64_t acc = 0;
  int64_t position = 0, hash;
  Ref<> item;
  while (set_next(s, &position, &item, &hash)) acc ^= shuffle(static_cast<uint64_t>(hash));
  acc ^= (static_cast<uint64_t>(set_size(s)) + 1) * 1927868237u;
  acc ^= (acc >> 11) ^ (acc >> 25);
  acc = acc * 69069u + 907133923u;
  int64_t result = acc == ~uint64_t{0} ? 590923713 : static_cast<int64_t>(acc);
  s->hash.store(result, std::memory_order_relaxed);
  return result;
}

Ref<> set_compare(Value left, Value right, CompareOp op) {
  if (!is_any_set(left) || !is_any_set(right)) return not_implemented_ref();
  Set *a = as_set(left), *b = as_set(right);
  int result = 0;
  switch (op) {
    case CompareOp::kEq:
    case CompareOp::kNe: {
      int64_t hash_a = a->hash.load(std::memory_order_relaxed), hash_b = b->hash.load(std::memory_order_relaxed);
      bool may_be = set_size(a) == set_size(b) && (hash_a == -1 || hash_b == -1 || hash_a == hash_b);
      result = may_be ? is_subset(a, b) : 0;
      if (result >= 0 && op == CompareOp::kNe) result = !result;
      break;
    }
    case CompareOp::kLt: result = set_size(a) < set_size(b) ? is_subset(a, b) : 0; break;
    case CompareOp::kLe: result = is_subset(a, b); break;
    case CompareOp::kGt: result = set_size(a) > set_size(b) ? is_subset(b, a) : 0; break;
    case CompareOp::kGe: result = is_subset(b, a); break;
  }
  if (result < 0) return Ref<>();
  return bool_ref(result);
}

Ref<> set_repr(Value self) {
  ReprGuard guard(self);
  if (!guard.entered()) {
    if (error_pending()) return Ref<>();
    return str_format("%T(...)", self);
  }
  Ref<List> items = set_items_list(as_set(self));
  if (!items) return Ref<>();
  if (list_size(items.get()) == 0) return str_format("%T()", self);
  Ref<> listed = repr(items.value());
  if (!listed) return listed;
  Str* text = as_str(listed.value());
  Ref<Str> inner = str_substring(text, 1, text->length - 1);
  if (!inner) return Ref<>();
  if (has_shape(self, kShape_set)) return str_format("{%U}", inner.get());
  return str_format("%T({%U})", self, inner.get());
}

Ref<> set_sub(Value left, Value right) {
  if (!is_any_set(left) || !is_any_set(right)) return not_implemented_ref();
  return subtract(left, right);
}
Ref<> set_and(Value left, Value right) {
  if (!is_any_set(left) || !is_any_set(right)) return not_implemented_ref();
  return intersect(left, right);
}
Ref<> set_xor(Value left, Value right) {
  if (!is_any_set(left) || !is_any_set(right)) return not_implemented_ref();
  return symmetric(left, right);
}
Ref<> set_or(Value left, Value right) {
  if (!is_any_set(left) || !is_any_set(right)) return not_implemented_ref();
  Ref<Set> result = new_like(left, left);
  if (!result || !set_update(result.get(), right)) return Ref<>();
  return result;
}
Ref<> done(bool ok, Value self) { return ok ? Ref<>::retain(self) : Ref<>(); }
Ref<> set_inplace_sub(Value self, Value right) {
  if (!is_any_set(right)) return not_implemented_ref();
  return done(subtract_in_place(as_set(self), right), self);
}
Ref<> set_inplace_and(Value self, Value right) {
  if (!is_any_set(right)) return not_implemented_ref();
  return done(intersect_in_place(as_set(self), right), self);
}
Ref<> set_inplace_xor(Value self, Value right) {
  if (!is_any_set(right)) return not_implemented_ref();
  return done(symmetric_in_place(as_set(self), right), self);
}
Ref<> set_inplace_or(Value self, Value right) {
  if (!is_any_set(right)) return not_implemented_ref();
  return done(set_update(as_set(self), right), self);
}

// ---- Methods ----

Ref<> method_add(const Value* a) {
  if (!set_add(as_set(a[0]), a[1])) return Ref<>();
  return none_ref();
}
Ref<> method_discard(const Value* a) {
  if (set_discard(as_set(a[0]), a[1]) < 0) return Ref<>();
  return none_ref();
}
Ref<> method_remove(const Value* a) {
  int removed = set_discard(as_set(a[0]), a[1]);
  if (removed < 0) return Ref<>();
  if (removed == 0) return raise_key_error(a[1]);
  return none_ref();
}
Ref<> method_pop(const Value* a) {
  Ref<> item = set_pop(as_set(a[0]));
  if (!item) return raise(exc::KeyError, "pop from an empty set");
  return item;
}
Ref<> method_clear(const Value* a) {
  set_clear(as_set(a[0]));
  return none_ref();
}
Ref<> method_copy(const Value* a) { return copy_of(a[0]); }

// A method of a set and others: called with all in a row, or with these in a tuple.
using WithOthers = Ref<> (*)(Value self, const Value* others, int64_t count);
template <WithOthers f>
Ref<> in_row(const Value* a, uint32_t count) {
  return f(a[0], a + 1, int64_t{count} - 1);
}
template <WithOthers f>
Ref<> in_tuple(const Value* a) {
  return f(a[0], reinterpret_cast<const Value*>(as_tuple(a[1])->items), as_tuple(a[1])->length);
}

Ref<> union_with(Value self, const Value* others, int64_t count) {
  Ref<Set> result = new_like(self, self);
  if (!result) return result;
  for (int64_t i = 0; i < count; ++i) {
    if (!set_update(result.get(), others[i])) return Ref<>();
  }
  return result;
}
Ref<> intersection_with(Value self, const Value* others, int64_t count) {
  if (count == 0) return new_like(self, self);
  Ref<Set> result = intersect(self, others[0]);
  for (int64_t i = 1; result && i < count; ++i) result = intersect(result.value(), others[i]);
  return result;
}
Ref<> difference_with(Value self, const Value* others, int64_t count) {
  if (count == 0) return new_like(self, self);
  Ref<Set> result = subtract(self, others[0]);
  for (int64_t i = 1; result && i < count; ++i) {
    if (!subtract_in_place(result.get(), others[i])) return Ref<>();
  }
  return result;
}
Ref<> method_symmetric_difference(const Value* a) { return symmetric(a[0], a[1]); }

Ref<> update_with(Value self, const Value* others, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    if (!set_update(as_set(self), others[i])) return Ref<>();
  }
  return none_ref();
}
Ref<> method_intersection_update(const Value* a) {
  Ref<> kept = in_tuple<intersection_with>(a);
  if (!kept || !intersect_in_place(as_set(a[0]), kept.value())) return Ref<>();
  return none_ref();
}
Ref<> method_difference_update(const Value* a) {
  Tuple* others = as_tuple(a[1]);
  for (int64_t i = 0; i < others->length; ++i) {
    if (!subtract_in_place(as_set(a[0]), others->at(i))) return Ref<>();
  }
  return none_ref();
}
Ref<> method_symmetric_difference_update(const Value* a) {
  if (!symmetric_in_place(as_set(a[0]), a[1])) return Ref<>();
  return none_ref();
}

Ref<> method_isdisjoint(const Value* a) {
  Value self = a[0], other = a[1];
  if (self.same(other)) return bool_ref(set_size(as_set(self)) == 0);
  if (is_exact_any_set(other) && set_size(as_set(other)) > set_size(as_set(self))) std::swap(self, other);
  int found = 0;
  bool ok = for_each_hashed(other, [&](Value item, int64_t hash) {
    found = contains_hashed(as_set(self), item, hash);
    return found == 0;
  });
  if (!ok && found <= 0) return Ref<>();
  return bool_ref(ok);
}
Ref<> method_issubset(const Value* a) {
  int result;
  if (is_any_set(a[1])) {
    result = is_subset(as_set(a[0]), as_set(a[1]));
  } else {
    Ref<Set> both = intersect(a[0], a[1]);
    if (!both) return Ref<>();
    result = set_size(both.get()) == set_size(as_set(a[0]));
  }
  if (result < 0) return Ref<>();
  return bool_ref(result);
}
Ref<> method_issuperset(const Value* a) {
  if (is_any_set(a[1])) {
    int result = is_subset(as_set(a[1]), as_set(a[0]));
    if (result < 0) return Ref<>();
    return bool_ref(result);
  }
  int found = 1;
  bool ok = for_each_hashed(a[1], [&](Value item, int64_t hash) {
    found = contains_hashed(as_set(a[0]), item, hash);
    return found > 0;
  });
  if (!ok && found != 0) return Ref<>();
  return bool_ref(ok);
}

Ref<> method_reduce(const Value* a) {
  Ref<List> items = set_items_list(as_set(a[0]));
  if (!items) return Ref<>();
  Ref<Tuple> arguments = tuple_of({items.value()});
  if (!arguments) return Ref<>();
  Ref<> state = call_method(a[0], "__getstate__");
  if (!state) return state;
  return tuple_of({Value::object(type_of(a[0])), arguments.value(), state.value()});
}
Ref<> method_sizeof(const Value* a) {
  Set* s = as_set(a[0]);
  LockGuard guard(s);
  SetTable* t = s->table.load(std::memory_order_relaxed);
  int64_t bytes = type_of(a[0])->layout.fixed_size;
  if (t != kEmptySetTable) bytes += static_cast<int64_t>(set_table_bytes(t));
  return Ref<>::steal(Value::small_int(bytes));
}

// ---- Layout ----

void set_traverse(Object* o, FieldVisitor& visit) {
  SetTable* t = static_cast<Set*>(o)->table.load(std::memory_order_relaxed);
  if (!t || t == kEmptySetTable) return;
  for (uint64_t i = 0; i <= t->mask; ++i) visit(t->entries[i].key);
}
void set_clear_object(Object* o) {
  if (static_cast<Set*>(o)->table.load(std::memory_order_relaxed)) set_clear(static_cast<Set*>(o));
}
void set_destroy(Object* o) {
  Set* s = static_cast<Set*>(o);
  SetTable* t = s->table.load(std::memory_order_relaxed);
  if (!t || t == kEmptySetTable) return;
  s->table.store(kEmptySetTable, std::memory_order_relaxed);
  s->used.store(0, std::memory_order_relaxed);
  uint64_t i = 0;
  for (int64_t left = t->has_objects ? t->fill : 0; left > 0 && i <= t->mask; ++i) {
    Value key = t->entries[i].key.peek();
    left -= !key.empty();
    release(key);
  }
  memory::release(t);  // a reader would hold a reference to the set
}

constexpr int kSub = static_cast<int>(BinaryOp::kSub), kAnd = static_cast<int>(BinaryOp::kAnd),
              kOr = static_cast<int>(BinaryOp::kOr), kXor = static_cast<int>(BinaryOp::kXor);

Ref<> method_contains(const Value* a) {
  int found = set_contains_slot(a[0], a[1]);
  return found < 0 ? Ref<>() : bool_ref(found);
}

#define PT_SET_SHARED_METHODS                                                                                      \
  {"__class_getitem__", "($type, object, /)", class_get_item, "See PEP 585", kClassMethod},                        \
      {"__contains__", "($self, object, /)", method_contains, "x.__contains__(y) <==> y in x."},                   \
      {"__reduce__", "($self, /)", method_reduce, "Return state information for pickling."},                       \
      {"__sizeof__", "($self, /)", method_sizeof, "S.__sizeof__() -> size of S in memory, in bytes"},              \
      {"copy", "($self, /)", method_copy, "Return a shallow copy of a set."},                                      \
      {"difference",                                                                                               \
       "($self, /, *others)",                                                                                      \
       in_tuple<difference_with>,                                                                                  \
       "Return the difference of two or more sets as a new set.\n\n"                                               \
       "(i.e. all elements that are in this set but not the others.)",                                             \
       kInstanceMethod,                                                                                            \
       in_row<difference_with>},                                                                                   \
      {"intersection",                                                                                             \
       "($self, /, *others)",                                                                                      \
       in_tuple<intersection_with>,                                                                                \
       "Return the intersection of two sets as a new set.\n\n(i.e. all elements that are in both sets.)",          \
       kInstanceMethod,                                                                                            \
       in_row<intersection_with>},                                                                                 \
      {"isdisjoint", "($self, other, /)", method_isdisjoint, "Return True if two sets have a null intersection."}, \
      {"issubset", "($self, other, /)", method_issubset, "Report whether another set contains this set."},         \
      {"issuperset", "($self, other, /)", method_issuperset, "Report whether this set contains another set."},     \
      {"symmetric_difference", "($self, other, /)", method_symmetric_difference,                                   \
       "Return the symmetric difference of two sets as a new set.\n\n"                                             \
       "(i.e. all elements that are in exactly one of the sets.)"},                                                \
  {                                                                                                                \
    "union", "($self, /, *others)", in_tuple<union_with>,                                                          \
        "Return the union of sets as a new set.\n\n(i.e. all elements that are in either set.)", kInstanceMethod,  \
        in_row<union_with>                                                                                         \
  }

constexpr NativeDef kSetMethods[] = {
    PT_SET_SHARED_METHODS,
    {"add", "($self, object, /)", method_add,
     "Add an element to a set.\n\nThis has no effect if the element is already present."},
    {"clear", "($self, /)", method_clear, "Remove all elements from this set."},
    {"difference_update", "($self, /, *others)", method_difference_update, "Remove all elements of another set from this set."},
    {"discard", "($self, object, /)", method_discard,
     "Remove an element from a set if it is a member.\n\n"
     "Unlike set.remove(), the discard() method does not raise\n"
     "an exception when an element is missing from the set."},
    {"intersection_update", "($self, /, *others)", method_intersection_update,
     "Update a set with the intersection of itself and another."},
    {"pop", "($self, /)", method_pop, "Remove and return an arbitrary set element.\nRaises KeyError if the set is empty."},
    {"remove", "($self, object, /)", method_remove,
     "Remove an element from a set; it must be a member.\n\nIf the element is not a member, raise a KeyError."},
    {"symmetric_difference_update", "($self, other, /)", method_symmetric_difference_update,
     "Update a set with the symmetric difference of itself and another."},
    {"update", "($self, /, *others)", in_tuple<update_with>, "Update a set with the union of itself and others.", kInstanceMethod,
     in_row<update_with>},
    {}};
constexpr NativeDef kFrozenSetMethods[] = {PT_SET_SHARED_METHODS, {}};
#undef PT_SET_SHARED_METHODS

}  // namespace

const TypeSpec set_spec = {
    .name = "set",
    .size = sizeof(Set),
    .flags = kTypeBase | kTypeMatchSelf | kTypeSetSubclass | kTypeWeakrefs,
    .slots = {.binary = {[kSub] = set_sub, [kAnd] = set_and, [kOr] = set_or, [kXor] = set_xor},
              .inplace = {[kSub] = set_inplace_sub, [kAnd] = set_inplace_and, [kOr] = set_inplace_or, [kXor] = set_inplace_xor},
              .length = set_length,
              .contains = set_contains_slot,
              .compare = set_compare,
              .repr = set_repr,
              .iter = set_iter,
              .construct = set_construct,
              .init = set_init},
    .traverse = set_traverse,
    .clear = set_clear_object,
    .destroy = set_destroy,
    .methods = kSetMethods,
    .doc =
        "set() -> new empty set object\nset(iterable) -> new set object\n\n"
        "Build an unordered collection of unique elements.",
    .unhashable = true,
    .convert = to_set,
};

const TypeSpec frozenset_spec = {
    .name = "frozenset",
    .size = sizeof(Set),
    .flags = kTypeBase | kTypeMatchSelf | kTypeSetSubclass | kTypeWeakrefs,
    .slots = {.binary = {[kSub] = set_sub, [kAnd] = set_and, [kOr] = set_or, [kXor] = set_xor},
              .length = set_length,
              .contains = set_contains_slot,
              .hash = frozenset_hash,
              .compare = set_compare,
              .repr = set_repr,
              .iter = set_iter,
              .construct = frozenset_construct},
    .traverse = set_traverse,
    .clear = set_clear_object,
    .destroy = set_destroy,
    .methods = kFrozenSetMethods,
    .doc =
        "frozenset() -> empty frozenset object\nfrozenset(iterable) -> frozenset object\n\n"
        "Build an immutable unordered collection of unique elements.",
    .convert = to_frozenset,
};

}  // namespace pt
