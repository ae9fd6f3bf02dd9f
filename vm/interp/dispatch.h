#pragma once
// Tail-call threaded dispatch: every instruction is a preserve_none function; the interpreter's state travels in machine
// registers and the dispatch table with it, so that swapping the table (tracing, recording) costs nothing when off.
#include <cstdint>

#include "vm/object/constants.h"
#include "vm/object/error.h"
#include "vm/object/thread.h"
#include "vm/ops/instruction.h"
#include "vm/types/function.h"

namespace pt {

struct Dispatch;
// Returns the bits of the result value of the entry frame; 0 with an exception pending.
using Handler = __attribute__((preserve_none)) uint64_t (*)(Thread* thread, Value* frame, const uint64_t* pc, Value* constants,
                                                            const Dispatch* dispatch, uint64_t word);
struct Dispatch {
  Handler handlers[kOpcodeCount];
};
extern const Dispatch g_dispatch;

#define PT_HANDLER_PARAMETERS                                                                          \
  [[maybe_unused]] Thread *thread, [[maybe_unused]] Value *frame, [[maybe_unused]] const uint64_t *pc, \
      [[maybe_unused]] Value *constants, [[maybe_unused]] const Dispatch *dispatch, [[maybe_unused]] uint64_t word
#define PT_HANDLER(name) __attribute__((preserve_none)) uint64_t op_##name(PT_HANDLER_PARAMETERS)
// A cold continuation of a handler: same state, reached by a tail call.
#define PT_SLOW(name) __attribute__((preserve_none, noinline)) static uint64_t name(PT_HANDLER_PARAMETERS)
#define PT_TAIL(function) [[clang::musttail]] return function(thread, frame, pc, constants, dispatch, word)

PT_INLINE uint64_t load_word(const uint64_t* pc) { return __atomic_load_n(pc, __ATOMIC_RELAXED); }

// Goes on with the instruction `words` further.
#define PT_NEXT(words)                          \
  do {                                          \
    pc += (words);                              \
    word = load_word(pc);                       \
    PT_TAIL(dispatch->handlers[word & 0xFFFF]); \
  } while (0)
// An instruction (or the cold part of one) whose work is an ordinary function: it returns false with an exception pending;
// locals with destructors cannot live across a tail call.
#define PT_WORK_PARAMETERS                                                                             \
  [[maybe_unused]] Thread *thread, [[maybe_unused]] Value *frame, [[maybe_unused]] const uint64_t *pc, \
      [[maybe_unused]] Value *constants, [[maybe_unused]] uint64_t word
#define PT_WORK(name, words, DEFINE)                                             \
  static bool do_##name(PT_WORK_PARAMETERS);                                     \
  DEFINE(name) {                                                                 \
    PT_SAVE_PC();                                                                \
    if (PT_UNLIKELY(!do_##name(thread, frame, pc, constants, word))) PT_RAISE(); \
    PT_NEXT(words);                                                              \
  }                                                                              \
  static bool do_##name(PT_WORK_PARAMETERS)
#define PT_OPERATION(name, words) PT_WORK(name, words, PT_HANDLER)
#define PT_SLOW_OPERATION(name, words) PT_WORK(name, words, PT_SLOW)
// Saves the pc where nested calls, tracebacks and the collector find it.
#define PT_SAVE_PC() (thread->record->pc = pc)
#define PT_RAISE()   \
  do {               \
    PT_TAIL(unwind); \
  } while (0)

__attribute__((preserve_none)) uint64_t unwind(PT_HANDLER_PARAMETERS);

#define PT_INSTRUCTION(name, a, b, c, extra, text) PT_HANDLER(name);
#include "vm/ops/instructions.def"
#undef PT_INSTRUCTION

// ---- operands --------------------------------------------------------------------------------------------------------------
PT_INLINE Value read(Value* frame, Value* constants, int operand) {
  Value* base = operand < 0 ? constants : frame;
  return base[operand >> 1];
}
PT_INLINE Value& register_at(Value* frame, int operand) { return frame[operand >> 1]; }
// Writes a register: takes over `v`'s count, releases the old content (may run destructors: the pc must be saved).
PT_INLINE void write(Value* frame, int operand, Value v) {
  Value old = frame[operand >> 1];
  frame[operand >> 1] = v;
  release(old);
}
// Writes the result into register A and goes on after all the words of the instruction. The old content is rarely counted:
// only then does the pc have to be saved. That case is a tail call, so that the handler needs no frame for it; the value
// travels in place of the word.
#define PT_WRITE_NEXT(value, words)            \
  do {                                         \
    Value value_ = (value);                    \
    Value& target_ = register_at(frame, PT_A); \
    if (PT_UNLIKELY(target_.is_counted())) {   \
      word = value_.bits();                    \
      PT_TAIL(write_then_next);                \
    }                                          \
    target_ = value_;                          \
    PT_NEXT(words);                            \
  } while (0)
// The same for instructions that mark_fresh_target marks.
#define PT_WRITE_FRESH_NEXT(value, words) \
  do {                                    \
    Value fresh_ = (value);               \
    if (PT_LIKELY(word & kFreshTarget)) { \
      register_at(frame, PT_A) = fresh_;  \
      PT_NEXT(words);                     \
    }                                     \
    PT_WRITE_NEXT(fresh_, words);         \
  } while (0)
// The same with an operand B that is killed: its register is emptied when the result is in place, where a collection finds
// it.
#define PT_WRITE_KILLED_NEXT(value, words)                    \
  do {                                                        \
    Value result_ = (value);                                  \
    if (PT_UNLIKELY(!drop_count(register_at(frame, PT_B)))) { \
      word = result_.bits();                                  \
      PT_TAIL(write_killed_then_next);                        \
    }                                                         \
    register_at(frame, PT_B) = Value();                       \
    PT_WRITE_NEXT(result_, words);                            \
  } while (0)
__attribute__((preserve_none)) uint64_t write_then_next(PT_HANDLER_PARAMETERS);
__attribute__((preserve_none)) uint64_t write_killed_then_next(PT_HANDLER_PARAMETERS);
// Gives up the count of a register that will be emptied, unless that is more than a subtraction.
PT_INLINE bool drop_count(Value v) {
  if (!v.is_counted()) return true;
  Object* o = v.as_object();
  uint32_t count = o->local.load(std::memory_order_relaxed);
  if (PT_UNLIKELY(!owned_by_this_thread(o) || count <= 1)) return false;
  note_reference(o, LedgerEvent::kGive);
  o->local.store(count - 1, std::memory_order_relaxed);
  return true;
}
// After its use: empties an operand register whose kill flag is set.
PT_INLINE void consume(Value* frame, int operand) {
  if (operand & 1) {
    Value old = frame[operand >> 1];
    frame[operand >> 1] = Value();
    release(old);
  }
}
// Ownership of an operand's value for storing: moved when killed, counted otherwise.
PT_INLINE Ref<> take_operand(Value* frame, Value* constants, int operand) {
  Value v = read(frame, constants, operand);
  if (operand & 1) {
    frame[operand >> 1] = Value();
    return Ref<>::steal(promote(v));
  }
  return Ref<>::retain(v);
}
PT_INLINE Value take_value(Value* frame, Value* constants, int operand) { return take_operand(frame, constants, operand).take(); }
#define PT_A operand_a(word)
#define PT_B operand_b(word)
#define PT_C operand_c(word)
#define PT_READ(operand) read(frame, constants, operand)
PT_INLINE Str* name_at(Thread* thread, int index) { return thread->record->code->names[static_cast<uint16_t>(index)]; }
PT_INLINE int32_t jump_extra(const uint64_t* pc) { return static_cast<int32_t>(static_cast<uint32_t>(load_word(pc + 1))); }

}  // namespace pt
