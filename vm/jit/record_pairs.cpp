// Recording of loops over dicts, and over enumerate(), zip() and items() where they take the tuple apart at once: none is made.
#include <cstddef>

#include "vm/interp/dispatch.h"
#include "vm/jit/recorder.h"
#include "vm/types/dict_inl.h"
#include "vm/types/iterators.h"
#include "vm/types/set.h"
#include "vm/types/tuple.h"

namespace pt::jit {

namespace {
constexpr int kMaxParts = 4;
bool is_own(const Object* o) { return owned_by_this_thread(o) && o->shared.load(std::memory_order_relaxed) == 0; }
}  // namespace

// False, and nothing with an effect has happened: it does not fit.
bool Recorder::for_pair(uint64_t word) {
  const uint64_t* unpack_at = pc_ + instruction_words(Opcode::kFOR_ITER);
  uint64_t unpack = load_word(unpack_at);
  if (opcode_of(unpack) != Opcode::kUNPACK_SEQUENCE || operand_b(unpack) != (PT_A | 1) || in_heap(at(PT_A))) return false;
  int parts = operand_c(unpack);
  Value outer = seen(PT_B);
  bool counts = has_shape(outer, kShape_enumerate);
  if (parts > kMaxParts || (counts && parts != 2)) return false;
  Object* iterators[kMaxParts];
  const Tuple* tuple = nullptr;
  int64_t number = 0;
  if (counts) {
    auto* e = static_cast<Enumerate*>(outer.as_object());
    number = e->index.load(std::memory_order_relaxed);
    if (!e->start.peek().empty() || !Value::fits_small_int(number) || number < 0) return false;
    iterators[0] = e->iterator.peek().as_object();
  } else {
    tuple = as_tuple(static_cast<Zip*>(outer.as_object())->iterators.peek());
    if (tuple->length != parts) return false;
    for (int i = 0; i < parts; ++i) iterators[i] = tuple->at(i).as_object();
  }
  int inner = counts ? 1 : parts;
  for (int i = 0; i < inner; ++i) {
    const Object* it = iterators[i];
    if (position_offset(it) < 0 || it->owner.load(std::memory_order_relaxed) != tls_owner_id || !only_reference(it)) return false;
  }

  Reference o = as_object(read(PT_B), counts ? kShape_enumerate : kShape_zip);
  emit(Op::kGuardUnshared, o);
  Reference objects[kMaxParts], holder = o, index = kNoReference;
  int64_t offset = offsetof(Enumerate, iterator);
  if (counts) {
    emit(Op::kGuardEqual, emit(Op::kLoadImmutable, o, kNoReference, offsetof(Enumerate, start)), builder_.constant(0, Type::P));
    index = emit(Op::kLoadPosition, o, kNoReference, offsetof(Enumerate, index));
  } else {
    holder = as_object(emit(Op::kLoadItem, o, kNoReference, offsetof(Zip, iterators)), kShape_tuple);
    guard_length(holder, parts);
    offset = offsetof(Tuple, items);
  }
  Element elements[kMaxParts];
  for (int i = 0; i < inner; ++i) {
    uint32_t shape = iterators[i]->shape_id.load(std::memory_order_relaxed);
    objects[i] = as_object(emit(Op::kLoadItem, holder, kNoReference, offset + i * 8), shape);
    emit(Op::kGuardUnshared, objects[i]);
    Reference position = emit(Op::kLoadPosition, objects[i], kNoReference, position_offset(iterators[i]));
    if (!element(iterators[i], objects[i], position, &elements[i])) return false;
    if (!elements[i].more) {
      // The others, which only this loop has, go with it, wherever they are. Unless it wants them to end together.
      if (!counts) {
        if (static_cast<Zip*>(outer.as_object())->strict.load(std::memory_order_relaxed)) return false;
        // With the zeros that a new object has behind it.
        static_assert(sizeof(Zip) >= offsetof(Zip, strict) + sizeof(uint64_t));
        Reference strict = emit(Op::kLoadImmutable, o, kNoReference, offsetof(Zip, strict));
        emit(Op::kGuardEqual, strict, builder_.constant(0, Type::P));
      }
      return end_iteration(word);
    }
  }
  // Whatever can fail comes before the first that changes something.
  Reference values[kMaxParts], next_number = kNoReference;
  bool owned[kMaxParts] = {};
  for (int i = 0; i < inner; ++i) {
    const Element& e = elements[i];
    values[i] = e.value;
    if (e.value != kNoReference) continue;
    owned[i] = !load_uncounted(e.base, e.offset, e.item, &values[i]);
  }
  if (counts) next_number = emit(Op::kAddInt, index, builder_.small_int(1));
  for (int i = 0; i < inner; ++i) {
    if (owned[i]) values[i] = load_owned(elements[i].base, elements[i].offset, elements[i].item);
  }
  for (int i = 0; i < inner; ++i) {
    emit(Op::kStorePosition, objects[i], elements[i].next, position_offset(iterators[i]));
  }
  if (counts) {
    emit(Op::kStorePosition, o, next_number, offsetof(Enumerate, index));
    values[1] = values[0];
    owned[1] = owned[0];
    values[0] = index;
    owned[0] = false;
  }
  put_parts(unpack_at, values, owned, parts);
  return true;
}

// What UNPACK_SEQUENCE at `unpack` leaves; it is done with.
void Recorder::put_parts(const uint64_t* unpack, const Reference* values, const bool* owned, int count) {
  int32_t first = at(operand_a(load_word(unpack)));
  for (int i = 0; i < count; ++i) {
    if (owned[i])
      set_owned(first + i, values[i]);
    else
      set_lazy(first + i, values[i]);
  }
  taken_along_ = unpack;
  expected_ = unpack + instruction_words(Opcode::kUNPACK_SEQUENCE);
}

// A loop over a dict, its values, or its items that are taken apart at once. False as above.
bool Recorder::for_entry(uint64_t word) {
  auto* it = static_cast<DictIterator*>(seen(PT_B).as_object());
  uint32_t shape = it->shape_id.load(std::memory_order_relaxed);
  Value dict = it->dict.peek();
  if (dict.empty() || it->remaining <= 0 || it->expected != dict_size(as_dict(dict))) return false;
  if (ir_.multithreaded &&
      !(is_own(it) && is_own(dict.as_object()) && (dict.as_object()->lock.load(std::memory_order_relaxed) & kLockReserved)))
    return false;
  DictTable* t = as_dict(dict)->table.load(std::memory_order_relaxed);
  int64_t i = it->position.load(std::memory_order_relaxed);
  if (i >= t->entry_count.load(std::memory_order_relaxed) || t->entries()[i].value.peek().empty()) return false;
  const uint64_t* unpack = pc_ + instruction_words(Opcode::kFOR_ITER);
  bool both = shape == kShape_dict_item_iterator;
  if (both && (opcode_of(load_word(unpack)) != Opcode::kUNPACK_SEQUENCE || operand_b(load_word(unpack)) != (PT_A | 1) ||
               operand_c(load_word(unpack)) != 2 || in_heap(at(PT_A)))) {
    return false;
  }
  const DictEntry& entry = t->entries()[i];
  Reference o = as_object(read(PT_B), shape);
  int from = shape == kShape_dict_value_iterator, to = shape == kShape_dict_key_iterator ? 1 : 2;
  Reference values[2];
  bool owned[2];
  if (ir_.multithreaded) {
    emit(Op::kNextOwnEntry, o, kNoReference, (from == 0 ? 1 : 0) | (to == 2 ? 2 : 0));
    for (int k = from; k < to; ++k) {
      owned[k] = true;
      values[k] = emit(Op::kTakeArgument, kNoReference, kNoReference, k);
    }
  } else {
    emit(Op::kGuardUnshared, o);
    Reference e = emit(Op::kNextEntry, o);
    Value items[2] = {entry.key.peek(), entry.value.peek()};
    int64_t offsets[2] = {offsetof(DictEntry, key), offsetof(DictEntry, value)};
    for (int k = from; k < to; ++k) owned[k] = !load_uncounted(e, offsets[k], items[k], &values[k]);
    for (int k = from; k < to; ++k) {
      if (owned[k]) values[k] = emit(Op::kLoadOwned, e, kNoReference, offsets[k]);
    }
    emit(Op::kPassEntry, o);
  }
  if (both) {
    put_parts(unpack, values, owned, 2);
    return true;
  }
  if (owned[from])
    set_owned(at(PT_A), values[from]);
  else
    set_lazy(at(PT_A), values[from]);
  go(2);
  return true;
}

// A loop over a set. False as above.
bool Recorder::for_set(uint64_t word) {
  auto* it = static_cast<SetIterator*>(seen(PT_B).as_object());
  Value set = it->set.peek();
  if (ir_.multithreaded || set.empty() || it->remaining <= 0 || it->expected != set_size(as_set(set))) return false;
  const SetTable* t = as_set(set)->table.load(std::memory_order_relaxed);
  auto i = static_cast<uint64_t>(it->position.load(std::memory_order_relaxed));
  while (i <= t->mask && (t->entries[i].key.peek().empty() || t->entries[i].hash.load(std::memory_order_relaxed) == kRemovedHash))
    ++i;
  if (i > t->mask) return false;
  Value item = t->entries[i].key.peek();
  Reference o = as_object(read(PT_B), kShape_set_iterator);
  emit(Op::kGuardUnshared, o);
  Reference e = emit(Op::kNextSlot, o), value;
  bool owned = !load_uncounted(e, offsetof(SetEntry, key), item, &value);
  if (owned) value = emit(Op::kLoadOwned, e, kNoReference, offsetof(SetEntry, key));
  emit(Op::kPassSlot, o, e);
  if (owned)
    set_owned(at(PT_A), value);
  else
    set_lazy(at(PT_A), value);
  go(2);
  return true;
}

}  // namespace pt::jit
