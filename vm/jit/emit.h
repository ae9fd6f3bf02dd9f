#pragma once
// Stitching: an allocated Ir becomes machine code in the arena.
#include <string>
#include <vector>

#include "gc/object/value.h"
#include "vm/jit/allocate.h"
#include "vm/jit/arena.h"
#include "vm/jit/ir.h"

namespace pt::jit {

// Where an exit finds what a place of the interpreter gets.
struct ExitValue {
  int32_t slot;
  Type type;
  Location from;
  uint64_t constant;  // Place::kConstant: the word, or the double's bits
};
struct Exit {
  const uint64_t* pc;
  bool in_loop;  // the guard lies in the loop: at least one round was finished
  std::vector<ExitValue> values;
  std::vector<InlinedFrame> frames;
};
struct CompiledTrace {
  TraceCode entry = nullptr;
  std::vector<Exit> exits;
  size_t code_bytes = 0, stencil_count = 0;
  bool touches_heap = false;
  int32_t highest_slot = 0;     // of the frames it rebuilds, with their registers
  uint32_t deepest = 0;         // frames an exit pushes at most
  const void* globals = nullptr;  // Dict: the namespace the trace belongs to; nullptr: any
};

// nullptr or why not. Any thread.
const char* emit_trace(const Ir& ir, const Allocation& allocation, CompiledTrace* out);
// All passes after recording: peeling, dead code, allocation, emission, with validation after each. `listing`: what was
// asked for with PTPYTHON_JIT_DUMP=ir, or nullptr.
const char* compile_trace(Ir& ir, const std::vector<SlotValue>& final_slots, CompiledTrace* out, std::string* listing);
// Runs from the top with the frame as it is; the number of the exit taken, with the registers in *state.
inline uint64_t enter_trace(const CompiledTrace& trace, State* state, Value* frame) {
  return trace.entry(state, reinterpret_cast<char*>(frame), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}
// The raw word (or double's bits) an exit value has in the state.
uint64_t exit_word(const ExitValue& value, const State& state);

}  // namespace pt::jit
