// Entering, leaving and installing traces; options.
#include "vm/jit/jit.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <unistd.h>

#include "gc/heap/heap.h"
#include "gc/platform/cpp_memory.h"
#include "gc/platform/memory.h"
#include "gc/sync/reservation.h"
#include "jit_stencils/locks.h"
#include "vm/interp/frames.h"
#include "vm/interp/generator_frames.h"
#include "vm/interp/hot_loop.h"
#include "vm/interp/trace.h"
#include "vm/jit/facts.h"
#include "vm/jit/holds.h"
#include "vm/jit/recorder.h"
#include "vm/modules/sys/config.h"
#include "vm/types/dict.h"
#include "vm/types/float.h"
#include "vm/types/function.h"
#include "vm/types/iterators.h"
#include "vm/types/str.h"

namespace pt {

// One a code object, made when its first trace is installed; lives for ever.
struct JitCode {
  // loop_count of them and the one of the entry, for one thread; then as many for several. Release-stored, immutable
  // afterwards.
  std::atomic<jit::CompiledTrace*> loops[1];
};

namespace jit {
namespace {

// The thread sanitizer cannot see what compiled code does, and would report what it does see as races.
#if __has_feature(thread_sanitizer)
constinit Mode g_mode = Mode::kOff;
#else
constinit Mode g_mode = Mode::kOn;
#endif
constinit bool g_dump_bytecode = false, g_dump_ir = false, g_dump_code = false, g_dump_exits = false;
constinit std::FILE* g_perf_map = nullptr;   // stdio locks it
constinit std::atomic<uint64_t> g_code_bytes{0};
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
constexpr uint32_t kFailuresAllowed = 10;
// A side trace costs about what some hundred exits cost; the first ones of a root are the likeliest to be worth it. Where many of
// them lead to yet more exits, the next ones have to be worth more: the threshold doubles with every so many of a root.
constinit uint32_t g_exit_threshold = 64;
constexpr uint32_t kSideTracesToDouble = 4, kMostDoublings = 6;
constinit uint64_t g_trace_limit = UINT64_MAX;  // for bisection: traces beyond are not installed
constexpr uint32_t kSideTraces = 200;  // of one root
constexpr uint32_t kLoopFailures = 3;  // of recordings of a loop for an exit that wants one
constexpr uint64_t kShortStay = 120;  // cycles

__attribute__((preserve_none)) uint64_t record_instruction(PT_HANDLER_PARAMETERS);
constinit Dispatch g_recording = {};

// Of the loop whose JUMP_BACK `word` is; of the entry for a RESUME.
uint32_t trace_number(const Code* code, uint64_t word) {
  return opcode_of(word) == Opcode::kJUMP_BACK ? static_cast<uint32_t>(static_cast<uint16_t>(operand_a(word))) : code->loop_count;
}

void install(Code* code, uint32_t loop, CompiledTrace* trace) {
  JitCode* jit = code->jit.load(std::memory_order_acquire);
  if (!jit) {
    auto* fresh = static_cast<JitCode*>(memory::allocate_metadata_zeroed(2 * sizeof(void*) * (code->loop_count + 1)));
    if (!fresh) return;
    // Pairs with the acquire in find_trace().
    if (code->jit.compare_exchange_strong(jit, fresh, std::memory_order_acq_rel))
      jit = fresh;
    else
      memory::release(fresh);
  }
  jit->loops[trace->multithreaded ? code->loop_count + 1 + loop : loop].store(trace, std::memory_order_release);
}

// Behind the traces that the loop has.
void add_loop(const Code* code, uint32_t loop, CompiledTrace* trace) {
  CompiledTrace* last = find_trace(code, loop);
  if (!last || last->globals != trace->globals || last->multithreaded != trace->multithreaded) return;
  for (;;) {
    CompiledTrace* next = nullptr;
    // Pairs with the acquire in Recorder::go_to_loop().
    if (last->other.compare_exchange_strong(next, trace, std::memory_order_acq_rel)) return;
    last = next;
  }
}

void give_up(Abort reason) { g_aborts[static_cast<int>(reason)].fetch_add(1, std::memory_order_relaxed); }

// The recording does not go on. Time and again: what it began with is not recorded any more.
void note_failure(Recorder& recorder) {
  if (Exit* exit = recorder.exit()) {
    if (recorder.reason() == Abort::kcontradicted) return;  // it has noted what it has tried
    exit->failures.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  if (Exit* exit = recorder.wanted_by()) {
    exit->loop_failures.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  HotLoop& hot = hot_loop(recorder.head());
  if (hot.pc != recorder.head()) return;
  hot.limit = ++hot.failures >= kFailuresAllowed ? kNever : g_threshold;
  // Soon again, at another round: it may have been the last one of a loop with as many rounds as the threshold.
  uint32_t wait = 97 * hot.failures;
  hot.count = g_threshold > wait ? g_threshold - wait : 0;
}

// Names the code for profilers (one line of /tmp/perf-PID.map), and shows it.
void announce_code(const CompiledTrace& trace, const Recorder& recorder, bool side) {
  auto* bytes = reinterpret_cast<const uint8_t*>(trace.entry);
  if (g_perf_map) {
    Value name = recorder.origin()->qualname.peek();
    std::string_view text = is_str(name) && as_str(name)->ascii ? as_str(name)->ascii_view() : std::string_view("code");
    std::fprintf(g_perf_map, "%lx %zx ptpython:%.*s%s\n", reinterpret_cast<unsigned long>(bytes), trace.code_bytes,
                 static_cast<int>(text.size()), text.data(), side ? " (side)" : "");
    std::fflush(g_perf_map);
  }
  if (!g_dump_code) return;
  std::string line;
  for (size_t i = 0; i < trace.code_bytes; ++i) {
    char digits[24];
    if (i % 32 == 0) {
      std::snprintf(digits, sizeof digits, "%s%lx:", i ? "\n" : "", reinterpret_cast<unsigned long>(bytes + i));
      line += digits;
    }
    std::snprintf(digits, sizeof digits, " %02x", bytes[i]);
    line += digits;
  }
  std::fprintf(stderr, "; code\n%s\n", line.c_str());
}

const char* compile(Recorder& recorder, CompiledTrace* out, std::string* listing, std::string* places) {
  Ir& ir = recorder.ir();
  recorder.settle();
  Snapshot end = recorder.end();
  if (end.objects.empty()) return compile_trace(ir, end, out, listing, places);
  std::vector<Instruction> code = ir.code;
  std::vector<Snapshot> snapshots = ir.snapshots;
  const char* wrong = compile_trace(ir, end, out, listing, places);
  if (!wrong) return nullptr;
  // The next round cannot go on with an object that is not made.
  if (listing) *listing += std::string("; again: ") + wrong + "\n";
  ir.code = std::move(code);
  ir.snapshots = std::move(snapshots);
  ir.phis.clear();
  ir.loop_start = kNoReference;
  recorder.make_all();
  return compile_trace(ir, recorder.end(), out, listing, places);
}

bool compile_and_install(Recorder& recorder) {
  auto trace = std::make_unique<CompiledTrace>();
  std::string listing, places;
  Exit* exit = recorder.exit();
  const char* wrong = compile(recorder, trace.get(), g_dump_ir ? &listing : nullptr, g_dump_code ? &places : nullptr);
  if (g_dump_ir) {
    std::fprintf(stderr, "; %s %p at %p, %zu bytes\n%s%s%s\n", exit ? "side trace" : "loop", static_cast<void*>(trace.get()),
                 reinterpret_cast<void*>(trace->entry), trace->code_bytes, listing.c_str(), wrong ? "; refused: " : "",
                 wrong ? wrong : "");
  }
  if (!wrong && g_compiled.load(std::memory_order_relaxed) >= g_trace_limit) wrong = "the limit is reached";
  if (wrong) {
    give_up(Abort::kcompiler);
    note_failure(recorder);
    return false;
  }
  // Traces live for ever, and so does what they refer to.
  recorder.keep_for_ever();
  // These belong to the words that lead to them.
  for (OwnedReference& g : trace->globals_found) (void)g.release();
  trace->globals_found.clear();
  g_code_bytes.fetch_add(trace->code_bytes, std::memory_order_relaxed);
  if (g_dump_code) std::fprintf(stderr, "; places in the code at %p\n%s", reinterpret_cast<void*>(trace->entry), places.c_str());
  announce_code(*trace, recorder, exit != nullptr);
  g_compiled.fetch_add(1, std::memory_order_relaxed);
  CompiledTrace* made = trace.release();
  if (exit) {
    made->root = exit->trace->root;
    made->parent = exit;
    made->globals = made->root->globals;
    made->root->side_traces.fetch_add(1, std::memory_order_relaxed);
    share_calls(*made);
    // Release: the code is complete; x86 executes it after reading the word.
    exit->target->store(reinterpret_cast<uint64_t>(made->entry), std::memory_order_release);
    return true;
  }
  auto* code = const_cast<Code*>(recorder.origin());
  made->root = made;
  made->globals = recorder.globals();
  made->of_function = opcode_of(load_word(recorder.head())) == Opcode::kRESUME;
  retain(Value::object(code));
  share_calls(*made);
  uint32_t number = trace_number(code, load_word(recorder.head()));
  if (Exit* wanted = recorder.wanted_by()) {
    add_loop(code, number, made);
    // Pairs with the acquire in Recorder::go_to_loop().
    wanted->loop.store(made, std::memory_order_release);
  } else {
    install(code, number, made);
  }
  hot_loop(recorder.head()).limit = 0;
  return true;
}

bool close_trace(Recorder& recorder) {
  bool installed = false;
  if (PT_LIKELY(memory::attempt([&] { installed = compile_and_install(recorder); }))) return installed;
  give_up(Abort::kno_memory);
  note_failure(recorder);
  return false;
}

void stop_recording() {
  Recorder* recorder = tls_recorder;
  tls_recorder = nullptr;
  tls_recording_depth = 0;
  delete recorder;  // may run destructors
}

void abandon_recording() {
  give_up(Abort::kleft_loop);
  note_failure(*tls_recorder);
  stop_recording();
}

// Why a trace is slow: what it leaves to the interpreter, with the types of the operands.
void announce_left(const Thread* thread, Value* frame, Value* constants, uint64_t word) {
  const InstructionInfo& info = kInstructionInfo[word & 0xFFFF];
  std::string line = std::string("; left to the interpreter: ") + info.name;
  const std::pair<OperandKind, int> operands[] = {
      {info.a, operand_a(word)}, {info.b, operand_b(word)}, {info.c, operand_c(word)}};
  for (auto [kind, operand] : operands) {
    bool window = kind == OperandKind::B;
    if (kind == OperandKind::N) {
      const Str* name = thread->record->code->names[static_cast<uint16_t>(operand)];
      if (name->ascii) line += " " + std::string(name->ascii_view());
    }
    if (!window && kind != OperandKind::R) continue;
    for (int i = 0; i < (window ? 3 : 1); ++i) {
      Value v = pt::read(frame, constants, operand + 2 * i);
      if (v.empty()) continue;
      line += std::string(" ") + type_name(v);
      Value name = has_shape(v, kShape_function) ? as_function(v)->qualname.peek() : Value();
      if (!name.empty() && is_str(name) && as_str(name)->ascii) line += ":" + std::string(as_str(name)->ascii_view());
    }
  }
  std::fprintf(stderr, "%s\n", line.c_str());
}

// One instruction under the recording table; whether recording goes on.
bool record_step(const Thread* thread, Value* frame, const uint64_t* pc, Value* constants, uint64_t word) {
  Recorder* recorder = tls_recorder;
  if (!recorder) return false;
  if (g_dump_bytecode) {
    std::fprintf(stderr, "; %p %s %d %d %d\n", static_cast<const void*>(pc), kInstructionInfo[word & 0xFFFF].name,
                 operand_a(word), operand_b(word), operand_c(word));
  }
  Step step = Step::kGoOn;
  if (PT_UNLIKELY(!memory::attempt([&] { step = recorder->step(frame, pc, constants, word); }))) {
    give_up(Abort::kno_memory);
    note_failure(*recorder);
    stop_recording();
    return false;
  }
  if (step == Step::kGoOn) {
    if (g_dump_ir && recorder->left_to_interpreter()) announce_left(thread, frame, constants, word);
    return true;
  }
  if (step == Step::kClosed) {
    close_trace(*recorder);
  } else {
    give_up(recorder->reason());
    if (g_dump_ir) {
      std::fprintf(stderr, "; recording given up at %s: %s\n", kInstructionInfo[static_cast<int>(recorder->last_opcode())].name,
                   kAbortTexts[static_cast<int>(recorder->reason())]);
    }
    note_failure(*recorder);
  }
  stop_recording();
  return false;
}

__attribute__((preserve_none)) uint64_t record_instruction(PT_HANDLER_PARAMETERS) {
  if (PT_UNLIKELY(tracing(thread))) {
    // sys.settrace or sys.setprofile: its events come from the interpreter.
    if (tls_recorder) abandon_recording();
    dispatch = &g_trace_dispatch;
    PT_TAIL(dispatch->handlers[word & 0xFFFF]);
  }
  if (!record_step(thread, frame, pc, constants, word)) dispatch = &g_dispatch;
  PT_TAIL(g_dispatch.handlers[word & 0xFFFF]);
}

// Rebuilds the frames as the exit says. False with an exception pending.
bool leave_trace(Thread* thread, const Exit& exit, const State& state) {
  auto* frame = reinterpret_cast<Value*>(state.frame);
  bool ok = true;
  // Before anything is let go. What the registers had goes last.
  Value taken[kMostTaken], left[kMostTaken];
  int takes = 0, leaves = 0;
  if (exit.takes) {
    for (const ExitValue& v : exit.values) {
      if (v.taken) taken[takes++] = register_copy(Value::from_bits(exit_word(v, state)));
    }
    takes = 0;
  }
  std::vector<Ref<>> objects;
  if (PT_UNLIKELY(!exit.objects.empty())) objects = make_objects(exit, state, &ok);
  // The registers of generators that run come back to the stack before the rest does.
  CallRecord* next = thread->record;
  for (const InlinedFrame& inlined : exit.frames) {
    ++next;
    if (inlined.generator >= 0)
      generator_materialize(thread, reinterpret_cast<Generator*>(state.generators[inlined.generator]), next,
                            frame + inlined.window);
  }
  for (const ExitValue& v : exit.values) {
    if (v.object >= 0) {
      frame[v.slot] = Ref<>::retain(objects[static_cast<size_t>(v.object)].value()).take();
      continue;
    }
    uint64_t bits = exit_word(v, state);
    if (v.slot >= kIteratorPosition) {
      int64_t index = Value::from_bits(bits).as_small_int();
      Object* it = frame[exit_slot(v.slot)].as_object();
      if (v.slot >= kListPosition)
        static_cast<ListIterator*>(it)->index.store(index, std::memory_order_relaxed);
      else
        static_cast<RangeIterator*>(it)->index.store(index, std::memory_order_relaxed);
    } else if (v.type == Type::F) {
      Ref<> boxed = float_from_double(std::bit_cast<double>(bits));
      ok = ok && boxed;
      Value old = frame[v.slot];
      frame[v.slot] = boxed.take();
      if (v.owned) release(old);
    } else if (v.owned) {
      Value old = frame[v.slot];
      frame[v.slot] = Value::from_bits(bits);
      release(old);
    } else if (v.taken) {
      left[leaves++] = std::exchange(frame[v.slot], taken[takes++]);
    } else {
      // What the register held before was no pointer; what it gets is kept alive by the trace or by another register.
      frame[v.slot] = Value::from_bits(bits).as_borrowed();
    }
  }
  for (const InlinedFrame& inlined : exit.frames) {
    thread->record->pc = inlined.caller_pc;
    CallRecord* record = ++thread->record;
    if (inlined.generator < 0)
      *record = record_of(inlined, frame + inlined.window);
    else
      record->result_register = inlined.result_register;
  }
  if (!exit.dynamic) thread->record->pc = exit.pc;
  if (PT_UNLIKELY(!exit.caught.empty() || !exit.handled.empty())) show_exceptions(exit, state, frame, objects);
  for (int i = 0; i < leaves; ++i) release(left[i]);
  return ok && !error_pending();
}

// A trace for one thread was made.
bool was_hot(const Code* code, uint32_t number) {
  JitCode* jit = code->jit.load(std::memory_order_acquire);
  return jit && jit->loops[number].load(std::memory_order_relaxed);
}

enum class LoopOutcome { kInterpret, kRecord, kRan, kRecordSide, kFinished, kError, kRecordCaught, kRecordLoop };

uint32_t exit_threshold(const CompiledTrace& root) {
  if (g_mode == Mode::kForce) return g_exit_threshold;
  uint32_t doublings = root.side_traces.load(std::memory_order_relaxed) / kSideTracesToDouble;
  return g_exit_threshold << std::min(doublings, kMostDoublings);
}
// Counts the exit, which has been taken, if that may lead to anything: threads that take one for good do not write its line.
bool wants_side_trace(const Thread* thread, Exit* exit) {
  if (exit->dynamic || exit->failures.load(std::memory_order_relaxed) >= kExitFailures ||
      exit->trace->root->side_traces.load(std::memory_order_relaxed) >= kSideTraces ||
      exit->trace->multithreaded != multithreaded()) {
    return false;
  }
  uint32_t count = exit->count.load(std::memory_order_relaxed) + 1;
  bool often = count >= exit_threshold(*exit->trace->root);
  if (often && (thread->breaker.load(std::memory_order_relaxed) != 0 || tls_recorder)) return false;
  exit->count.store(often ? 0 : count, std::memory_order_relaxed);
  return often;
}
// At an exit in front of a loop: whether one more trace of the loop is to be made. Otherwise a side trace leads to one of those
// that there are.
bool wants_loop(const Thread* thread, const Exit& exit) {
  if (!exit.wants_loop || exit.loop.load(std::memory_order_relaxed) ||
      exit.loop_failures.load(std::memory_order_relaxed) >= kLoopFailures) {
    return false;
  }
  const CallRecord* record = thread->record;
  uint32_t count = 0;
  for (const CompiledTrace* loop = find_trace(record->code, trace_number(record->code, load_word(record->pc))); loop;
       loop = loop->other.load(std::memory_order_acquire)) {
    ++count;
  }
  return count < kLoopTraces && count <= exit.tried.load(std::memory_order_relaxed);
}
// nullptr: no memory.
template <class... Arguments>
std::unique_ptr<Recorder> recorder_new(Arguments... arguments) {
  std::unique_ptr<Recorder> made;
  if (!memory::attempt([&] { made = std::make_unique<Recorder>(arguments...); })) give_up(Abort::kno_memory);
  return made;
}
bool start_recording(std::unique_ptr<Recorder> recorder) {
  if (!recorder) return false;
  tls_recorder = recorder.release();
  tls_recording_depth = tls_entry_depth;
  return true;
}
// `raised`: from where the pending exception is caught.
bool record_side(Thread* thread, Exit* exit, const State& state, bool raised) {
  std::unique_ptr<Recorder> recorder = recorder_new(thread, reinterpret_cast<Value*>(state.frame), exit);
  bool caught = false;
  if (recorder && raised && (!memory::attempt([&] { caught = recorder->catch_pending(); }) || !caught)) {
    exit->failures.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  return start_recording(std::move(recorder));
}

// From a repeated round to the side traces of the round that it repeats.
bool continue_as_another(Thread* thread, Exit* exit, const State& state) {
  const Exit* same = exit->same_as.load(std::memory_order_relaxed);
  if (!same) return false;
  std::unique_ptr<Recorder> recorder = recorder_new(thread, reinterpret_cast<Value*>(state.frame), exit);
  bool goes_on = false;
  if (recorder && memory::attempt([&] { goes_on = recorder->continue_as(*same); }) && goes_on && close_trace(*recorder))
    return true;
  exit->same_as.store(nullptr, std::memory_order_relaxed);
  return false;
}

LoopOutcome run_loop(Thread* thread, Value* frame, const uint64_t* pc, uint64_t word, uint64_t* result) {
  HotLoop& hot = hot_loop(pc);
  if (hot.pc != pc) hot = {pc, 0, g_threshold, 0, 0, 0};
  CallRecord* record = thread->record;
  uint32_t number = trace_number(record->code, word);
  CompiledTrace* trace = find_trace(record->code, number);
  if (!trace) {
    if (tls_recorder) return LoopOutcome::kInterpret;
    // What was hot before the first other thread started need not prove it again.
    if (multithreaded() && hot.failures == 0 && was_hot(record->code, number)) return LoopOutcome::kRecord;
    return ++hot.count > g_threshold ? LoopOutcome::kRecord : LoopOutcome::kInterpret;
  }
  hot.limit = 0;
  hot.count = 0;
  if (trace->globals != record->globals || record + kRecordRoom >= thread->record_limit ||
      frame + kFrameRoom > thread->stack_limit) {
    return LoopOutcome::kInterpret;
  }
  thread->record->pc = pc;
  State state;
  state.thread = thread;
  state.owner_id = tls_owner_id;
  state.reservations = tls_reservations ? tls_reservations : &tls_no_reservations;
  state.own_reserved = kNoneReserved;
  state.heap = thread->heap;
  state.free_weight = g_free_weight.load(std::memory_order_relaxed);
  state.disturbed = 0;
  state.finished = 0;
  std::memset(state.held, 0, sizeof state.held);
  state.holds = 0;
  state.let_go = let_go;
  state.take_hold = take_hold;
  uint64_t begin = __builtin_readcyclecounter();
  Exit* exit = enter_trace(*trace, &state, frame);
  if (state.holds) let_go(&state);
  // Entering and leaving costs more than a few rounds gain: where that is the rule, and no side trace can follow, the
  // thread enters no more.
  if (__builtin_readcyclecounter() - begin < kShortStay &&
      (exit->dynamic || exit->failures.load(std::memory_order_relaxed) >= kExitFailures)) {
    ++hot.bad_entries;
  }
  if (++hot.entries >= 256) {
    bool bad = hot.bad_entries * 4 > hot.entries * 3;
    hot.entries = hot.bad_entries = 0;
    if (bad && g_mode != Mode::kForce) hot.limit = kNever;
  }
  if (g_dump_exits) {
    std::fprintf(stderr, "; exit %ld of %p, breaker %u\n", static_cast<long>(exit - exit->trace->exits.get()),
                 static_cast<void*>(exit->trace), thread->breaker.load(std::memory_order_relaxed));
  }
  if (PT_UNLIKELY(state.finished)) {
    *result = state.result;
    return LoopOutcome::kFinished;
  }
  if (!leave_trace(thread, *exit, state)) {
    return exit->raises && wants_side_trace(thread, exit) && record_side(thread, exit, state, true) ? LoopOutcome::kRecordCaught
                                                                                                    : LoopOutcome::kError;
  }
  if (exit->raises || !wants_side_trace(thread, exit)) return LoopOutcome::kRan;
  if (wants_loop(thread, *exit)) {
    std::unique_ptr<Recorder> recorder = recorder_new(thread, thread->record->registers, thread->record->pc);
    if (recorder) recorder->set_wanted_by(exit);
    return start_recording(std::move(recorder)) ? LoopOutcome::kRecordLoop : LoopOutcome::kRan;
  }
  if (continue_as_another(thread, exit, state)) return LoopOutcome::kRan;
  return record_side(thread, exit, state, false) ? LoopOutcome::kRecordSide : LoopOutcome::kRan;
}

__attribute__((preserve_none)) uint64_t hot_loop_handler(PT_HANDLER_PARAMETERS) {
  uint64_t result;
  // Under another table something watches each instruction.
  LoopOutcome outcome = dispatch == &g_dispatch ? run_loop(thread, frame, pc, word, &result) : LoopOutcome::kInterpret;
  switch (outcome) {
    case LoopOutcome::kInterpret: break;
    case LoopOutcome::kRecord:
      if (start_recording(recorder_new(thread, frame, static_cast<const uint64_t*>(pc)))) dispatch = &g_recording;
      break;
    case LoopOutcome::kFinished: return result;
    case LoopOutcome::kRecordLoop: {
      // The round begins behind the back-edge, where the exit led to.
      dispatch = &g_recording;
      CallRecord* record = thread->record;
      frame = record->registers;
      pc = record->pc;
      constants = record->code->constants_end;
      PT_NEXT(1 + operand_wide(load_word(pc)));
    }
    case LoopOutcome::kRecordSide:
    case LoopOutcome::kRecordCaught: dispatch = &g_recording; [[fallthrough]];
    case LoopOutcome::kRan:
    case LoopOutcome::kError: {
      CallRecord* record = thread->record;
      frame = record->registers;
      pc = record->pc;
      constants = record->code->constants_end;
      word = load_word(pc);
      if (outcome == LoopOutcome::kError || outcome == LoopOutcome::kRecordCaught) PT_RAISE();
      PT_TAIL(dispatch->handlers[word & 0xFFFF]);
    }
  }
  PT_NEXT(1 + (opcode_of(word) == Opcode::kJUMP_BACK ? operand_wide(word) : 0));
}

void read_mode(const char* text) {
  if (!std::strcmp(text, "on")) g_mode = Mode::kOn;
  if (!std::strcmp(text, "off")) g_mode = Mode::kOff;
  if (!std::strcmp(text, "force")) g_mode = Mode::kForce;
}

}  // namespace

CompiledTrace* find_trace(const Code* code, uint32_t loop) {
  JitCode* jit = code->jit.load(std::memory_order_acquire);  // pairs with the release in install()
  if (!jit || loop > code->loop_count) return nullptr;
  return jit->loops[multithreaded() ? code->loop_count + 1 + loop : loop].load(std::memory_order_acquire);
}

Mode mode() { return g_mode; }
uint64_t compiled_count() { return g_compiled.load(std::memory_order_relaxed); }
uint64_t code_bytes() { return g_code_bytes.load(std::memory_order_relaxed); }
const char* mode_name() { return g_mode == Mode::kOff ? "off" : g_mode == Mode::kOn ? "on" : "force"; }
const char* abort_text(Abort reason) { return kAbortTexts[static_cast<int>(reason)]; }
uint64_t abort_count(Abort reason) { return g_aborts[static_cast<int>(reason)].load(std::memory_order_relaxed); }

void initialise() {
  auto environment = [](const char* name) { return g_config.ignore_environment ? nullptr : std::getenv(name); };
  if (const char* text = environment("PTPYTHON_JIT")) read_mode(text);
  for (int i = 0; i < g_config.x_option_count; ++i) {
    if (!std::strncmp(g_config.x_options[i], "jit=", 4)) read_mode(g_config.x_options[i] + 4);
  }
  if (const char* text = environment("PTPYTHON_JIT_DUMP")) {
    g_dump_bytecode = std::strstr(text, "bytecode");
    g_dump_ir = std::strstr(text, "ir");
    g_dump_code = std::strstr(text, "code") && (!g_dump_bytecode || std::strstr(text, ",code") || std::strstr(text, "code,"));
    g_dump_exits = std::strstr(text, "exits");
  }
  if (const char* text = environment("PTPYTHON_JIT_LIMIT")) g_trace_limit = std::strtoull(text, nullptr, 10);
  if (g_mode == Mode::kOff) return;
  if (environment("PTPYTHON_PERF_MAP")) {
    char path[64];
    std::snprintf(path, sizeof path, "/tmp/perf-%d.map", static_cast<int>(getpid()));
    g_perf_map = std::fopen(path, "w");
  }
  if (g_mode == Mode::kForce) g_threshold = g_exit_threshold = 1;
  for (Handler& h : g_recording.handlers) h = record_instruction;
  initialise_facts();
  g_abandon_recording = abandon_recording;
  g_hot_loop = g_hot_entry = hot_loop_handler;
}

}  // namespace jit
}  // namespace pt
