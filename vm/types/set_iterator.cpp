// The iterator over set and frozenset.
#include "gc/heap/heap.h"
#include "vm/object/native.h"
#include "vm/types/iterators.h"
#include "vm/types/set_table.h"

namespace pt {

constinit Type set_iterator_type{};

namespace {

SetIterator* as_set_iterator(Value v) { return static_cast<SetIterator*>(v.as_object()); }

enum class Step { kItem, kEnd, kSizeChanged };

PT_INLINE Step advance(SetIterator* it, Ref<>* item, Ref<>* dropped) {
  Value set = it->set.peek();
  if (set.empty()) return Step::kEnd;
  Set* s = as_set(set);
  if (PT_UNLIKELY(it->expected != set_size(s))) {
    it->expected = -1;
    return Step::kSizeChanged;
  }
  int64_t position = it->position.load(std::memory_order_relaxed), hash;
  if (set_next_inline(s, &position, item, &hash)) {
    it->position.store(position, std::memory_order_relaxed);
    --it->remaining;
    return Step::kItem;
  }
  *dropped = it->set.take_unshared();
  return Step::kEnd;
}

Ref<> set_iterator_next(Value self) {
  SetIterator* it = as_set_iterator(self);
  Ref<> item, dropped;
  Step step;
  if (PT_UNLIKELY(multithreaded())) {
    LockGuard guard(it);
    step = advance(it, &item, &dropped);
  } else {
    step = advance(it, &item, &dropped);
  }
  if (PT_UNLIKELY(step == Step::kSizeChanged)) {
    return raise(exc::RuntimeError, "Set changed size during iteration");
  }
  return item;
}

Ref<> self_iter(Value self) { return Ref<>::retain(self); }

Ref<> iterator_length_hint(const Value* a) {
  SetIterator* it = as_set_iterator(a[0]);
  LockGuard guard(it);
  Value set = it->set.peek();
  int64_t left = !set.empty() && it->expected == set_size(as_set(set)) ? it->remaining : 0;
  return Ref<>::steal(Value::small_int(left));
}

Ref<> iterator_reduce(const Value* a) {
  SetIterator* it = as_set_iterator(a[0]);
  auto* copy = static_cast<SetIterator*>(allocate_object(kShape_set_iterator, sizeof(SetIterator), true));
  if (!copy) return raise_no_memory();
  Ref<> holder = Ref<>::steal(Value::object(copy));
  {
    LockGuard guard(it);
    copy->set.init(it->set.load_locked());
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

static_assert(offsetof(SetIterator, set) == sizeof(Object));
void iterator_traverse(Object* o, FieldVisitor& visit) { visit(static_cast<SetIterator*>(o)->set); }

constexpr NativeDef kIteratorMethods[] = {
    {"__length_hint__", "($self, /)", iterator_length_hint, "Private method returning an estimate of len(list(it))."},
    {"__reduce__", "($self, /)", iterator_reduce, "Return state information for pickling."},
    {}};

}  // namespace

Ref<> set_iterator_new(Value set) {
  auto* it = static_cast<SetIterator*>(allocate_object(kShape_set_iterator, sizeof(SetIterator), true));
  if (PT_UNLIKELY(!it)) return raise_no_memory();
  it->set.init(Ref<>::retain(set));
  it->expected = it->remaining = set_size(as_set(set));
  return Ref<>::steal(Value::object(it));
}

const TypeSpec set_iterator_spec = {
    .name = "set_iterator",
    .size = sizeof(SetIterator),
    .flags = kTypeNoInstantiate | kTypeContainerIterator,
    .slots = {.iter = self_iter, .next = set_iterator_next},
    .traverse = iterator_traverse,
    .methods = kIteratorMethods,
};

}  // namespace pt
