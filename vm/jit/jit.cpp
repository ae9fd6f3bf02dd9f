// Entering, leaving and installing traces; options.
#include "vm/jit/jit.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "gc/platform/memory.h"
#include "vm/interp/frames.h"
#include "vm/interp/hot_loop.h"
#include "vm/jit/recorder.h"
#include "vm/modules/sys/config.h"
#include "vm/types/dict.h"
#include "vm/types/float.h"
#include "vm/types/iterators.h"

namespace pt {

// One a code object, made when its first trace is installed; lives for ever.
struct JitCode {
  std::atomic<jit::CompiledTrace*> loops[1];  // loop_count of them; release-stored, immutable afterwards
};

namespace jit {
namespace {

constinit Mode g_mode = Mode::kOff;
constinit bool g_dump_ir = false, g_dump_exits = false;
constinit uint32_t g_threshold = 2000;
constinit std::atomic<uint64_t> g_compiled{0};
constinit std::atomic<uint64_t> g_aborts[static_cast<int>(Abort::kCount)] = {};
constinit const char* const kAbortTexts[] = {
#define PT_JIT_ABORT(name, text) text,
#include "vm/jit/aborts.def"
#undef PT_JIT_ABORT
};
constinit thread_local Recorder* tls_recorder = nullptr;
constexpr uint32_t kNever = 0xFFFFFFFF;
constexpr uint32_t kFailuresAllowed = 3;

__attribute__((preserve_none)) uint64_t record_instruction(PT_HANDLER_PARAMETERS);
constinit Dispatch g_recording = {};

CompiledTrace* find_trace(const Code* code, uint32_t loop) {
  JitCode* jit = code->jit.load(std::memory_order_acquire);  // pairs with the release in install()
  return jit && loop < code->loop_count ? jit->loops[loop].load(std::memory_order_acquire) : nullptr;
}

void install(Code* code, uint32_t loop, CompiledTrace* trace) {
  JitCode* jit = code->jit.load(std::memory_order_acquire);
  if (!jit) {
    auto* fresh = static_cast<JitCode*>(memory::allocate_zeroed(sizeof(void*) * (code->loop_count ? code->loop_count : 1)));
    if (!fresh) return;
    // Pairs with the acquire in find_trace().
    if (code->jit.compare_exchange_strong(jit, fresh, std::memory_order_acq_rel)) jit = fresh;
    else memory::release(fresh);
  }
  jit->loops[loop].store(trace, std::memory_order_release);
}

void close_trace(Thread* thread, Recorder& recorder, HotLoop& hot) {
  auto* trace = new CompiledTrace;
  std::string listing;
  std::vector<SlotValue> slots = recorder.final_slots();
  const char* wrong = compile_trace(recorder.ir(), slots, trace, g_dump_ir ? &listing : nullptr);
  if (g_dump_ir) std::fprintf(stderr, "%s%s%s\n", listing.c_str(), wrong ? "; refused: " : "", wrong ? wrong : "");
  if (wrong) {
    delete trace;
    g_aborts[static_cast<int>(Abort::kcompiler)].fetch_add(1, std::memory_order_relaxed);
    hot.limit = ++hot.failures >= kFailuresAllowed ? kNever : g_threshold;
    hot.count = 0;
    return;
  }
  auto* code = const_cast<Code*>(thread->record->code);
  trace->globals = thread->record->globals;
  // Traces live for ever, and so does what they refer to.
  recorder.keep_for_ever();
  retain(Value::object(code));
  install(code, static_cast<uint32_t>(static_cast<uint16_t>(operand_a(load_word(recorder.back_edge())))), trace);
  g_compiled.fetch_add(1, std::memory_order_relaxed);
  hot.limit = 0;
}

void stop_recording() {
  Recorder* recorder = tls_recorder;
  tls_recorder = nullptr;
  delete recorder;  // may run destructors
}

// One instruction under the recording table; whether recording goes on.
bool record_step(Thread* thread, Value* frame, const uint64_t* pc, Value* constants, uint64_t word) {
  Recorder* recorder = tls_recorder;
  if (!recorder) return false;
  Step step = recorder->step(frame, pc, constants, word);
  if (step == Step::kGoOn) return true;
  HotLoop& hot = hot_loop(recorder->back_edge());
  if (step == Step::kClosed) {
    close_trace(thread, *recorder, hot);
  } else {
    g_aborts[static_cast<int>(recorder->reason())].fetch_add(1, std::memory_order_relaxed);
    if (g_dump_ir) {
      std::fprintf(stderr, "; recording given up at %s: %s\n", kInstructionInfo[static_cast<int>(recorder->last_opcode())].name,
                   kAbortTexts[static_cast<int>(recorder->reason())]);
    }
    if (hot.pc == recorder->back_edge()) {
      hot.limit = ++hot.failures >= kFailuresAllowed ? kNever : g_threshold;
      hot.count = 0;
    }
  }
  stop_recording();
  return false;
}

__attribute__((preserve_none)) uint64_t record_instruction(PT_HANDLER_PARAMETERS) {
  if (!record_step(thread, frame, pc, constants, word)) dispatch = &g_dispatch;
  PT_TAIL(g_dispatch.handlers[word & 0xFFFF]);
}

// Rebuilds the frames as the exit says. False with MemoryError pending.
bool leave_trace(Thread* thread, Value* frame, const Exit& exit, const State& state) {
  constexpr size_t kInline = 64;
  Value inline_values[kInline], inline_old[kInline];
  size_t n = exit.values.size();
  std::vector<Value> many;
  Value* fresh = inline_values;
  Value* old = inline_old;
  if (n > kInline) {
    many.resize(2 * n);
    fresh = many.data();
    old = fresh + n;
  }
  bool ok = true;
  for (size_t i = 0; i < n; ++i) {
    const ExitValue& v = exit.values[i];
    uint64_t bits = exit_word(v, state);
    if (v.slot >= kIteratorPosition) {
      auto* it = static_cast<RangeIterator*>(frame[v.slot - kIteratorPosition].as_object());
      it->index.store(Value::from_bits(bits).as_small_int(), std::memory_order_relaxed);
      fresh[i] = Value();
    } else if (v.type == Type::F) {
      Ref<> boxed = float_from_double(std::bit_cast<double>(bits));
      ok = ok && boxed;
      fresh[i] = boxed.take();
    } else {
      fresh[i] = Ref<>::retain(Value::from_bits(bits)).take();
    }
  }
  uint32_t own = thread->record->code->register_count;
  size_t old_count = 0;
  for (size_t i = 0; i < n; ++i) {
    int32_t slot = exit.values[i].slot;
    if (slot >= kIteratorPosition) continue;
    // Above the frame's own registers lies nothing that counts.
    if (static_cast<uint32_t>(slot) < own && frame[slot].is_counted()) old[old_count++] = frame[slot];
    frame[slot] = fresh[i];
  }
  for (const InlinedFrame& inlined : exit.frames) {
    thread->record->pc = inlined.caller_pc;
    CallRecord* record = ++thread->record;
    auto* function = static_cast<Function*>(const_cast<void*>(inlined.function));
    *record = CallRecord{static_cast<const Code*>(inlined.code), function, frame + inlined.window, nullptr, function->globals(),
                         Value(), nullptr, nullptr, Value(), 0, inlined.result_register};
  }
  thread->record->pc = exit.pc;
  // Destructors see the frames as they are now.
  for (size_t i = 0; i < old_count; ++i) release(old[i]);
  return ok;
}

enum class LoopOutcome { kInterpret, kRecord, kRan, kError };

LoopOutcome run_loop(Thread* thread, Value* frame, const uint64_t* pc, uint64_t word, bool plain) {
  HotLoop& hot = hot_loop(pc);
  if (hot.pc != pc) {
    hot = {pc, 0, g_threshold, 0, 0, 0};
  }
  CallRecord* record = thread->record;
  auto loop = static_cast<uint32_t>(static_cast<uint16_t>(operand_a(word)));
  CompiledTrace* trace = find_trace(record->code, loop);
  if (!plain) return LoopOutcome::kInterpret;
  if (!trace) {
    if (record->flags & kRecordGenerator) {
      hot.limit = kNever;
      return LoopOutcome::kInterpret;
    }
    return ++hot.count > g_threshold ? LoopOutcome::kRecord : LoopOutcome::kInterpret;
  }
  hot.limit = 0;
  hot.count = 0;
  if (trace->globals != record->globals || (trace->touches_heap && multithreaded()) ||
      record + trace->deepest + 1 >= thread->record_limit || frame + trace->highest_slot + 512 > thread->stack_limit) {
    return LoopOutcome::kInterpret;
  }
  thread->record->pc = pc;
  State state;
  state.thread = thread;
  state.owner_id = tls_owner_id;
  uint64_t number = enter_trace(*trace, &state, frame);
  const Exit& exit = trace->exits[number];
  if (g_dump_exits) std::fprintf(stderr, "; exit %llu\n", static_cast<unsigned long long>(number));
  ++hot.entries;
  if (!exit.in_loop) ++hot.bad_entries;
  if (hot.entries >= 256) {
    // Mostly leaving in the first round is worse than no trace.
    if (hot.bad_entries * 4 > hot.entries * 3 && g_mode != Mode::kForce) hot.limit = kNever;
    hot.entries = hot.bad_entries = 0;
  }
  return leave_trace(thread, frame, exit, state) ? LoopOutcome::kRan : LoopOutcome::kError;
}

void start_recording(Thread* thread, Value* frame, const uint64_t* pc) {
  stop_recording();
  tls_recorder = new Recorder(thread, frame, pc);
}

__attribute__((preserve_none)) uint64_t hot_loop_handler(PT_HANDLER_PARAMETERS) {
  LoopOutcome outcome = run_loop(thread, frame, pc, word, dispatch == &g_dispatch);
  if (outcome == LoopOutcome::kRan || outcome == LoopOutcome::kError) {
    CallRecord* record = thread->record;
    frame = record->registers;
    pc = record->pc;
    constants = record->code->constants_end;
    word = load_word(pc);
    if (outcome == LoopOutcome::kError) PT_RAISE();
    PT_TAIL(dispatch->handlers[word & 0xFFFF]);
  }
  if (outcome == LoopOutcome::kRecord) {
    start_recording(thread, frame, pc);
    dispatch = &g_recording;
  }
  PT_NEXT(1 + operand_wide(word));
}

void read_mode(const char* text) {
  if (!std::strcmp(text, "on")) g_mode = Mode::kOn;
  if (!std::strcmp(text, "off")) g_mode = Mode::kOff;
  if (!std::strcmp(text, "force")) g_mode = Mode::kForce;
}

}  // namespace

Mode mode() { return g_mode; }
uint64_t compiled_count() { return g_compiled.load(std::memory_order_relaxed); }
uint64_t abort_count(Abort reason) { return g_aborts[static_cast<int>(reason)].load(std::memory_order_relaxed); }

void initialise() {
  if (!g_config.ignore_environment) {
    if (const char* text = std::getenv("PTPYTHON_JIT")) read_mode(text);
  }
  for (int i = 0; i < g_config.x_option_count; ++i) {
    if (!std::strncmp(g_config.x_options[i], "jit=", 4)) read_mode(g_config.x_options[i] + 4);
  }
  if (const char* text = std::getenv("PTPYTHON_JIT_DUMP")) {
    g_dump_ir = std::strstr(text, "ir");
    g_dump_exits = std::strstr(text, "exits");
  }
  if (g_mode == Mode::kOff) return;
  if (g_mode == Mode::kForce) g_threshold = 1;
  for (Handler& h : g_recording.handlers) h = record_instruction;
  g_hot_loop = hot_loop_handler;
}

}  // namespace jit
}  // namespace pt
