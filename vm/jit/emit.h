#pragma once
// Stitching: an allocated Ir becomes machine code in the arena.
#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "gc/refcount/ref.h"
#include "vm/jit/allocate.h"
#include "vm/jit/arena.h"
#include "vm/jit/facts.h"
#include "vm/jit/ir.h"
#include "vm/object/thread.h"

namespace pt::jit {

struct CompiledTrace;

inline constexpr uint32_t kExitFailures = 2;   // side traces given up, and none is tried any more
// What comes behind Leave, if not a loop: a side trace, or only the interpreter.
inline constexpr int64_t kRecordedLater = -1, kNeverRecorded = -2;

// Where an exit finds what a place of the interpreter, or a field of an object, gets.
struct ExitValue {
  int32_t slot;       // or the field's offset
  Type type;
  Location from;
  uint64_t constant;  // Place::kConstant: the word, or the double's bits
  uint32_t shape;     // Type::O: known at the exit; 0: not
  int32_t object;     // of a virtual object: which of the exit's; -1: none
  int32_t owner = kNoOwner;   // of a field: the register that keeps a pointer alive
  bool owned = false;         // a counted word that the slot takes over
  bool taken = false;         // a borrowed one, that is to be counted
};
struct ExitObject {
  const Layout* layout;
  uint32_t shape;
  std::vector<ExitValue> fields;
};
struct ExitLeftFrame {   // LeftFrame
  InlinedFrame frame;
  const uint64_t* pc;
  int32_t back, back_window;
  std::vector<ExitValue> locals;   // slot: the local's number
};
struct ExitCaught {   // Caught
  ExitValue exception;
  int32_t context;
  std::vector<TracebackEntry> entries;
};
// Immutable once the trace is installed, but for the counters and `target`.
struct Exit {
  const uint64_t* pc = nullptr;
  bool in_loop = false;   // the guard lies in the loop: at least one round was finished
  bool dynamic = false;   // all is in memory
  bool raises = false;    // an exception is pending
  bool takes = false;     // one of the values is taken
  std::vector<ExitValue> values;
  std::vector<ExitObject> objects;   // to be made
  std::vector<KnownSlot> known;
  std::vector<InlinedFrame> frames;
  std::vector<ExitCaught> caught;
  std::vector<ExitLeftFrame> left;
  std::vector<int32_t> handled;      // Snapshot::handled
  const Continuation* continuation = nullptr;   // a call has returned: what is known then
  CompiledTrace* trace = nullptr;
  uint64_t code = 0;   // where the guard jumps
  std::atomic<const Exit*> same_as{nullptr};   // Snapshot::same_as, while nothing speaks against it
  std::atomic<uint64_t>* target = nullptr;   // the code the exit goes to: its own, or a side trace
  std::atomic<uint32_t> count{0};            // relaxed: how often it was taken (roughly, with several threads)
  std::atomic<uint32_t> failures{0};         // side traces given up
  // In front of a loop whose traces begin with something else (Op::kLeave): it is to get another one.
  bool wants_loop = false;
  std::atomic<uint32_t> tried{0};            // how many of the loop's traces are known not to suit
  std::atomic<uint32_t> loop_failures{0};    // recordings of another one given up
  std::atomic<const CompiledTrace*> loop{nullptr};   // the one that was made for it; release-stored
};
// What a cold helper is told.
struct ColdInfo {
  const uint64_t* pc;
  const std::vector<InlinedFrame>* frames;   // not in memory: pushed while Python code may run
  int64_t imm;
  uint32_t tag;
  bool multithreaded;
};
// How a trace gets into a loop with values in registers: it repeats the round in front of it (record_loop_entry.cpp).
struct LoopEntry {
  std::vector<Instruction> round;  // as it was recorded
  std::vector<Snapshot> snapshots;
  std::vector<SlotValue> end;  // what it leaves in the trace
  std::vector<GlobalReference> globals;
  struct Live {  // what the loop needs of it
    Reference value;
    Type type;
    Location place;
  };
  std::vector<Live> live;
  uint64_t code = 0;  // of the loop
  bool takes_over(int32_t slot) const;
};
// What a loop's round needs to find in a register.
struct EntryType {
  int32_t slot;
  Type type;        // I, F or O
  uint32_t shape;   // Type::O
};
std::vector<EntryType> begin_of(const Ir& recorded);
// Of a loop behind unroll_loop(), with what was recorded of it. nullptr: not for this loop.
std::unique_ptr<LoopEntry> loop_entry_of(const Ir& ir, const Recorded& recorded, const Snapshot& end);
// A call that traces of one root push. Immutable; lives for ever.
struct SharedCall {
  const PushedCall* call;
  const Continuation* continuation;
  const SharedCall* next;
};
struct CompiledTrace {
  TraceCode entry = nullptr;
  std::unique_ptr<Exit[]> exits;
  size_t exit_count = 0;
  std::deque<ColdInfo> cold;
  std::deque<std::vector<InlinedFrame>> cold_frames;
  std::vector<std::unique_ptr<InlinedFrame>> pushed;
  std::vector<std::unique_ptr<PushedCall>> calls;
  std::vector<Continuation> continuations;   // of each of them
  std::deque<Exit> returned;                 // and kReturnKinds exits
  std::vector<std::unique_ptr<ReturnTarget>> returns;
  std::vector<std::unique_ptr<Interpreted>> interpreted;
  std::vector<std::unique_ptr<NativeCall>> native_calls;
  std::vector<std::unique_ptr<Layout>> layouts;
  std::vector<OwnedReference> globals_found;   // the trace's words lead to them; replaced by find_global
  std::unique_ptr<LoopEntry> loop_entry;       // nullptr: it is entered at its beginning only
  std::vector<EntryType> begins_with;          // of a loop
  // Of a loop: the next one for the same loop of the program, which begins with other types. Release-stored, once.
  std::atomic<CompiledTrace*> other{nullptr};
  size_t code_bytes = 0, stencil_count = 0;
  bool multithreaded = false;     // compiled for several threads
  bool knows = false;             // Ir::knows
  bool of_function = false;       // a root that begins where a function does
  const void* globals = nullptr;  // Dict: the namespace the trace belongs to; nullptr: any
  CompiledTrace* root = nullptr;  // of a side trace; itself otherwise
  const Exit* parent = nullptr;   // of a side trace: where it begins
  std::atomic<uint32_t> side_traces{0};
  // Of a root: the calls that it and its side traces push. Equal ones are the same, so that what comes behind them is compiled
  // once. Release-stored by share_calls().
  std::atomic<const SharedCall*> shared_calls{nullptr};
};

// The record of an inlined call whose registers lie at `window`.
CallRecord record_of(const InlinedFrame& f, Value* window);
// The helpers compiled code calls (vm/jit/helpers.cpp).
uint64_t help_interpret(State* s, Value* frame, uint64_t interpreted);
Helper cold_helper(Op op);

// nullptr or why not. Any thread.
const char* emit_trace(Ir& ir, const Allocation& allocation, CompiledTrace* out, std::string* places = nullptr);
// All passes after recording: peeling, dead code, allocation, emission, with validation after each. `listing`: what was
// asked for with PTPYTHON_JIT_DUMP=ir, or nullptr; `places`: with code, where each instruction's begins. Without a loop
// (ir.link), `end` is not used.
const char* compile_trace(Ir& ir, const Snapshot& end, CompiledTrace* out, std::string* listing, std::string* places = nullptr);
// Runs from the top with the frame as it is; the exit taken, with the registers in *state.
// Compiled code has no type in front of it, which the sanitizer of function calls would look at.
[[clang::no_sanitize("function")]] inline Exit* enter_trace(const CompiledTrace& trace, State* state, Value* frame) {
  return reinterpret_cast<Exit*>(
      trace.entry(state, reinterpret_cast<char*>(frame), 0, 0, 0, 0, 0, 0, 0, 0, state->thread->record, 0, 0, 0, 0, 0, 0, 0, 0));
}
// The raw word (or double's bits) an exit value has in the state.
uint64_t exit_word(const ExitValue& value, const State& state);
// The exit's virtual objects; empty ones where memory is out, and *ok is false then, with an exception pending.
std::vector<Ref<>> make_objects(const Exit& exit, const State& state, bool* ok);
// A value of the exit, with a count; `objects`: its virtual ones. Empty where memory is out (or the place is empty).
Ref<> exit_value(const ExitValue& v, const State& state, const std::vector<Ref<>>& objects);
// Frames and registers are in memory: what the trace has caught gets its tracebacks, the thread the exception that it handles.
void show_exceptions(const Exit& exit, const State& state, Value* frame, const std::vector<Ref<>>& objects);

}  // namespace pt::jit
