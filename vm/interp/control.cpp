// Jumps, iteration, safepoints and the dispatch table.
#include "vm/interp/frames.h"
#include "vm/interp/hot_loop.h"
#include "vm/interp/safepoint.h"
#include "vm/interp/special_methods.h"
#include "vm/interp/trace.h"
#include "vm/object/protocol.h"
#include "vm/types/generator.h"
#include "vm/types/iterators.h"
#include "vm/types/list.h"
#include "vm/types/pair_iteration.h"

namespace pt {

PT_SLOW(safepoint_then_next) {
  PT_SAVE_PC();
  if (!run_safepoint(thread)) PT_RAISE();
  const Dispatch* current = update_dispatch(thread, dispatch);
  if (PT_UNLIKELY(current != dispatch)) {
    dispatch = current;
    PT_TAIL(dispatch->handlers[word & 0xFFFF]);
  }
  // The instruction is RESUME (one word) or JUMP_BACK.
  if (opcode_of(word) == Opcode::kJUMP_BACK) PT_NEXT(1 + operand_wide(word));
  PT_NEXT(1);
}
PT_HANDLER(RESUME) {
  if (PT_UNLIKELY(thread->breaker.load(std::memory_order_relaxed) != 0)) PT_TAIL(safepoint_then_next);
  // Recursion is a loop, too; so is that of two functions.
  CallRecord* record = thread->record;
  if (PT_UNLIKELY(record > thread->record_base + 1 &&
                  ((record - 1)->code == record->code || (record - 2)->code == record->code)) &&
      g_hot_entry) {
    HotLoop& loop = hot_loop(pc);
    if (PT_UNLIKELY(loop.pc != pc || ++loop.count >= loop.limit)) PT_TAIL(g_hot_entry);
  }
  PT_NEXT(1);
}
PT_HANDLER(JUMP) { PT_NEXT(1 + operand_wide(word)); }
PT_HANDLER(JUMP_BACK) {
  if (PT_UNLIKELY(thread->breaker.load(std::memory_order_relaxed) != 0)) PT_TAIL(safepoint_then_next);
  if (g_hot_loop) {
    HotLoop& loop = hot_loop(pc);
    if (PT_UNLIKELY(loop.pc != pc || ++loop.count >= loop.limit)) PT_TAIL(g_hot_loop);
  }
  PT_NEXT(1 + operand_wide(word));
}

PT_SLOW_OPERATION(native_GET_ITER, 1) {
  Ref<> iterator = get_iter(PT_READ(PT_B));
  if (!iterator) return false;
  consume(frame, PT_B);
  write(frame, PT_A, iterator.take());
  return true;
}

PT_HANDLER(GET_ITER) {
  PT_ENTER_IF(enter_iter(thread, frame, pc, PT_READ(PT_B)));
  PT_TAIL(native_GET_ITER);
}

PT_SLOW(end_FOR_ITER) {
  PT_SAVE_PC();
  write(frame, PT_B, Value());
  PT_NEXT(2 + jump_extra(pc));
}
bool end_of_iterator(Thread* thread) {
  if (!pending_matches(exc::StopIteration)) return false;
  if (tracing(thread) && !trace_exception(thread, true)) return false;
  clear_error();
  return true;
}
namespace {
// FOR_ITER whose item UNPACK_SEQUENCE takes apart at once. `after`: the word of that.
NextPair take_pair(Value* frame, uint64_t word, uint64_t after, bool exclusive) {
  Value iterator = register_at(frame, PT_B);
  Ref<> first, second;
  NextPair result = NextPair::kOther;
  switch (iterator.as_object()->shape_id.load(std::memory_order_relaxed)) {
    case kShape_dict_item_iterator: result = dict_item_next_pair(iterator, &first, &second); break;
    case kShape_enumerate:
      if (exclusive || !multithreaded()) result = enumerate_next_pair(iterator, &first, &second);
      break;
    case kShape_zip:
      if (exclusive || !multithreaded()) result = zip_next_pair(iterator, &first, &second);
      break;
    default: break;
  }
  if (result == NextPair::kPair) {
    // Both are dead temporaries: nothing to release.
    register_at(frame, operand_a(after)) = first.take();
    register_at(frame, operand_a(after) + 2) = second.take();
  }
  return result;
}
bool unpacks_pair(uint64_t word, uint64_t after) {
  return opcode_of(after) == Opcode::kUNPACK_SEQUENCE && operand_b(after) == (PT_A | 1) && operand_c(after) == 2;
}
}  // namespace
PT_SLOW(for_iter_item) {
  PT_SAVE_PC();
  Value iterator = register_at(frame, PT_B);
  Value item = type_of(iterator)->slots.next(iterator).take();
  if (PT_UNLIKELY(item.empty())) {
    if (error_pending() && !end_of_iterator(thread)) PT_RAISE();
    PT_TAIL(end_FOR_ITER);
  }
  write(frame, PT_A, item);
  PT_NEXT(2);
}
PT_SLOW(for_iter_pair) {
  PT_SAVE_PC();
  Value iterator = register_at(frame, PT_B);
  bool exclusive = iterator.is_counted() && only_reference(iterator.as_object());
  switch (take_pair(frame, word, load_word(pc + 2), exclusive)) {
    case NextPair::kPair: PT_NEXT(3);
    case NextPair::kEnd:
      if (error_pending() && !end_of_iterator(thread)) PT_RAISE();
      PT_TAIL(end_FOR_ITER);
    default: PT_TAIL(for_iter_item);
  }
}
uint64_t for_iter_native(PT_HANDLER_PARAMETERS) {
  PT_ENTER_IF(enter_next(thread, frame, pc, register_at(frame, PT_B)));
  // Other tables show every instruction to somebody.
  if (unpacks_pair(word, load_word(pc + 2)) && dispatch == &g_dispatch) PT_TAIL(for_iter_pair);
  PT_TAIL(for_iter_item);
}
#define PT_STORE_ITEM_AND_GO(item)                         \
  do {                                                     \
    Value item_ = (item);                                  \
    if (PT_UNLIKELY(item_.empty())) PT_TAIL(end_FOR_ITER); \
    PT_WRITE_NEXT(item_, 2);                               \
  } while (0)
PT_HANDLER(FOR_ITER) {
  Value word_of_iterator = register_at(frame, PT_B);
  Object* iterator = word_of_iterator.as_object();
  // The usual loop: nothing but this register knows the iterator.
  bool exclusive = PT_LIKELY(!multithreaded()) || (word_of_iterator.is_counted() && only_reference(iterator));
  switch (iterator->shape_id.load(std::memory_order_relaxed)) {
    case kShape_range_iterator: PT_STORE_ITEM_AND_GO(range_iterator_advance(static_cast<RangeIterator*>(iterator), exclusive));
    case kShape_list_iterator: PT_STORE_ITEM_AND_GO(list_iterator_advance(static_cast<ListIterator*>(iterator), exclusive));
    case kShape_tuple_iterator: PT_STORE_ITEM_AND_GO(tuple_iterator_advance(static_cast<TupleIterator*>(iterator), exclusive));
    case kShape_generator: PT_TAIL(for_iter_generator);
    default: PT_TAIL(for_iter_native);
  }
}

const Dispatch g_dispatch = {{
#define PT_INSTRUCTION(name, a, b, c, extra, text) op_##name,
#include "vm/ops/instructions.def"
#undef PT_INSTRUCTION
}};

}  // namespace pt
