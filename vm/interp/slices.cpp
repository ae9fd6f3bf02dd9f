// BUILD_SLICE, and with it the instruction that uses the slice: object[a:b:c], its assignment and deletion need none.
#include "vm/interp/special_methods.h"
#include "vm/object/protocol.h"
#include "vm/types/list.h"
#include "vm/types/slice.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

Ref<> plain_slice(Value object, Value from, Value to, Value by) {
  bool list = is_exact_list(object);
  if (!list && !is_exact_str(object) && !is_exact_tuple(object)) return Ref<>();
  int64_t start, stop, step;
  if (!slice_unpack(from, to, by, &start, &stop, &step)) return Ref<>();
  if (list) return list_get_slice(as_list(object), start, stop, step);
  bool str = is_exact_str(object);
  int64_t count = slice_adjust(str ? as_str(object)->length : as_tuple(object)->length, &start, &stop, step);
  if (!str) return tuple_every(as_tuple(object), start, step, count);
  return str_every(as_str(object), start, step, count);
}

bool plain_set_slice(List* list, Value from, Value to, Value by, Value iterable) {
  int64_t start, stop, step;
  return slice_unpack(from, to, by, &start, &stop, &step) && list_set_slice(list, start, stop, step, iterable);
}

namespace {
// What the next instruction does with the slice.
enum class Use { kLoad, kStore, kDelete };

// Numbers and None: nothing to release.
bool plain_bounds(const Value* bounds, int count) {
  for (int i = 0; i < count; ++i) {
    if (!bounds[i].is_small_int() && !is_none(bounds[i])) return false;
  }
  return true;
}

// Both instructions at once, if that can be told before. False: an exception.
template <Use kUse>
bool use_slice(Value* frame, Value* constants, uint64_t word, uint64_t after, bool* done) {
  Value* bounds = &register_at(frame, PT_B);
  int object = kUse == Use::kLoad ? operand_b(after) : operand_a(after);
  Value container = read(frame, constants, object);
  *done = false;
  if (!plain_bounds(bounds, PT_C)) return true;
  Value by = PT_C == 3 ? bounds[2] : none();
  Ref<> result;
  if constexpr (kUse == Use::kLoad) {
    result = plain_slice(container, bounds[0], bounds[1], by);
    if (!result) return !error_pending();
  } else {
    if (!is_exact_list(container)) return true;
    Value value = kUse == Use::kStore ? read(frame, constants, operand_c(after)) : Value();
    if (!plain_set_slice(as_list(container), bounds[0], bounds[1], by, value)) return false;
  }
  for (int i = 0; i < PT_C; ++i) bounds[i] = Value();
  consume(frame, object);
  if constexpr (kUse == Use::kStore) consume(frame, operand_c(after));
  if constexpr (kUse == Use::kLoad) write(frame, operand_a(after), result.take());
  *done = true;
  return true;
}
}  // namespace

PT_SLOW(plain_BUILD_SLICE);

// An exception is the second instruction's.
#define PT_USE_SLICE(name, use, words)                                       \
  PT_SLOW(name) {                                                            \
    thread->record->pc = pc + 1;                                             \
    bool done;                                                               \
    if (!use_slice<use>(frame, constants, word, load_word(pc + 1), &done)) { \
      pc += 1;                                                               \
      PT_RAISE();                                                            \
    }                                                                        \
    if (done) PT_NEXT(1 + (words));                                          \
    PT_TAIL(plain_BUILD_SLICE);                                              \
  }
PT_USE_SLICE(slice_LOAD_ITEM, Use::kLoad, 2)
PT_USE_SLICE(slice_STORE_ITEM, Use::kStore, 1)
PT_USE_SLICE(slice_DELETE_ITEM, Use::kDelete, 1)
#undef PT_USE_SLICE

PT_HANDLER(BUILD_SLICE) {
  if (dispatch == &g_dispatch) {
    uint64_t after = load_word(pc + 1);
    int temporary = PT_A | 1;
    Opcode next = opcode_of(after);
    if (next == Opcode::kLOAD_ITEM && operand_c(after) == temporary) PT_TAIL(slice_LOAD_ITEM);
    if (next == Opcode::kSTORE_ITEM && operand_b(after) == temporary) PT_TAIL(slice_STORE_ITEM);
    if (next == Opcode::kDELETE_ITEM && operand_b(after) == temporary) PT_TAIL(slice_DELETE_ITEM);
  }
  PT_TAIL(plain_BUILD_SLICE);
}
PT_SLOW_OPERATION(plain_BUILD_SLICE, 1) {
  Value start = register_at(frame, PT_B), stop = register_at(frame, PT_B + 2);
  Value step = PT_C == 3 ? register_at(frame, PT_B + 4) : none();
  Ref<> slice = slice_new(start, stop, step);
  if (!slice) return false;
  for (int i = 0; i < PT_C; ++i) write(frame, PT_B + 2 * i, Value());
  write(frame, PT_A, slice.take());
  return true;
}

}  // namespace pt
