// Recording of loops over enumerate() and zip() that take the tuple apart at once: no tuple is made.
#include <cstddef>

#include "vm/interp/dispatch.h"
#include "vm/jit/recorder.h"
#include "vm/types/iterators.h"
#include "vm/types/tuple.h"

namespace pt::jit {

namespace {
constexpr int kMaxParts = 4;
}

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
    emit(Op::kGuardEqual, emit(Op::kLoadImmutable, holder, kNoReference, offsetof(Tuple, length)),
         builder_.constant(static_cast<uint64_t>(parts), Type::P));
    offset = offsetof(Tuple, items);
  }
  Element elements[kMaxParts];
  for (int i = 0; i < inner; ++i) {
    uint32_t shape = iterators[i]->shape_id.load(std::memory_order_relaxed);
    objects[i] = as_object(emit(Op::kLoadItem, holder, kNoReference, offset + i * 8), shape);
    emit(Op::kGuardUnshared, objects[i]);
    Reference position = emit(Op::kLoadPosition, objects[i], kNoReference, position_offset(iterators[i]));
    if (!element(iterators[i], objects[i], position, &elements[i]) || !elements[i].more) return false;
  }
  // Whatever can fail comes before the first that changes something.
  Reference values[kMaxParts], next_number = kNoReference;
  bool owned[kMaxParts] = {};
  for (int i = 0; i < inner; ++i) {
    const Element& e = elements[i];
    values[i] = e.value;
    if (e.value != kNoReference) continue;
    owned[i] = e.item.is_object() && !is_none(e.item) && !is_bool(e.item);
    if (owned[i]) continue;
    values[i] = emit(Op::kLoadField, e.base, kNoReference, e.offset);
    if (e.item.is_small_int()) {
      values[i] = as_int(values[i]);
    } else if (e.item.is_immediate_float()) {
      values[i] = as_float(values[i], e.item);
    } else {
      Reference constant = object_constant(e.item);
      emit(Op::kGuardIs, values[i], constant);
      values[i] = constant;
    }
  }
  if (counts) next_number = emit(Op::kAddInt, index, builder_.small_int(1));
  for (int i = 0; i < inner; ++i) {
    if (owned[i]) values[i] = emit(Op::kLoadOwned, elements[i].base, kNoReference, elements[i].offset);
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
  int32_t first = at(operand_a(unpack));
  for (int i = 0; i < parts; ++i) {
    if (owned[i])
      set_owned(first + i, values[i]);
    else
      set_lazy(first + i, values[i]);
  }
  unpacks_at_ = unpack_at;
  expected_ = unpack_at + instruction_words(Opcode::kUNPACK_SEQUENCE);
  return true;
}

}  // namespace pt::jit
