// Recording of generators that a loop draws from. A generator runs inlined like a call. Until something needs its frame, its
// registers stay where they are while it is suspended, in the heap; what the trace holds goes back to them at each yield.
#include <cstddef>
#include <utility>

#include "vm/interp/call_support.h"
#include "vm/interp/dispatch.h"
#include "vm/interp/trace.h"
#include "vm/jit/recorder.h"
#include "vm/types/exception.h"
#include "vm/types/function.h"
#include "vm/types/generator.h"

namespace pt::jit {

namespace {
constexpr uint32_t kMaxRegisters = 200;

// What is alive of the registers of a generator that stopped at `pc`; -1: it waits for another iterator.
int32_t live_registers(const Code* code, const uint64_t* pc) {
  uint64_t word = load_word(pc);
  if (opcode_of(word) != Opcode::kYIELD) return static_cast<int32_t>(code->local_end);
  return operand_c(word) & 1 ? -1 : operand_c(word) >> 1;
}
}  // namespace

// The generator among whose registers in the heap `at` is.
const Recorder::Call* Recorder::in_heap(int64_t at) const {
  for (size_t i = calls_.size(); i-- > 0;) {
    const Call& c = calls_[i];
    if (c.generator < 0 || c.real) continue;
    if (at >= c.window && at < c.window + static_cast<int64_t>(c.code->register_count)) return &c;
  }
  return nullptr;
}

bool Recorder::for_generator(uint64_t word) {
  return resume_generator(as_generator(seen(PT_B)), read(PT_B), PT_A, kNoReference) || fall_back();
}
// next(generator), or generator.send(value): the call goes on in the generator.
bool Recorder::call_generator(int base, uint32_t count, int result) {
  int32_t where = at(base) + 1;
  bool sends = count == 2;
  if (!is_call(load_word(pc_)) || (opcode_ == Opcode::kCALL_METHOD) != sends) return false;
  auto* g = as_generator(base_frame_[where]);
  Reference sent = kNoReference;
  if (sends && !is_none(base_frame_[where + 1])) {
    if (g->state.load(std::memory_order_acquire) != GeneratorState::kSuspended) return false;
    sent = slot(where + 1);
    if (builder_.is_virtual(sent)) sent = make(sent);
  } else if (sends) {
    known(base + 4);
  }
  known(base);
  if (!resume_generator(g, slot(where), result, sent)) return false;
  enters_generator_ = true;
  return true;
}
// False, and nothing has happened: it is left to others.
bool Recorder::resume_generator(Generator* g, Reference generator, int result, Reference sent) {
  GeneratorState state = g->state.load(std::memory_order_acquire);
  if (state > GeneratorState::kSuspended || g->skip_value || !g->handled.empty() || g->frame_object ||
      thread_->handled.is_object() || tracing(thread_)) {
    return false;
  }
  // With several threads only a generator that nobody else can reach is run without claiming it.
  if (ir_.multithreaded && !is_own_generator(g)) return false;
  const Code* code = g->code;
  const uint64_t* pc = g->resume_pc;
  int32_t live = live_registers(code, pc);
  int32_t depth = 0;
  for (const Call& c : calls_) depth = std::max(depth, c.generator + 1);
  int32_t window = window_ + static_cast<int32_t>(here().code->register_count) + 1;
  if (live < 0 || depth == kMaxGenerators || calls_.size() >= kMaxDepth || code->register_count > kMaxRegisters) return false;
  this->state(window + static_cast<int32_t>(code->register_count));
  if (reason_ != Abort::kCount) return false;

  Dict* globals = as_function(g->function.peek())->globals();
  keep(Value::object(code));
  keep(Value::object(globals));
  Reference o = as_object(generator, kShape_generator);
  for (const Call& c : calls_) {
    // One that runs looks suspended here.
    if (c.generator >= 0 && !c.real) emit(Op::kGuardIsNot, o, c.object);
  }
  if (ir_.multithreaded) emit(Op::kGuardOwnGenerator, o);
  emit(Op::kGuardGenerator, o, builder_.constant(reinterpret_cast<uint64_t>(pc), Type::P), depth);
  emit(Op::kGuardEqual, emit(Op::kGeneratorGlobals, o), builder_.constant(reinterpret_cast<uint64_t>(globals), Type::P));
  Reference registers = emit(Op::kLoadImmutable, o, kNoReference, offsetof(Generator, registers));
  calls_.push_back({code, nullptr, globals, window, result, pc_, kRecordGenerator, false, depth, o, registers, pc});
  window_ = window;
  Slot& function = this->state(window - 1);
  function = {kNoReference, kNoReference, false, false, false, function.filled};
  for (int32_t i = 0; i < static_cast<int32_t>(code->register_count); ++i) {
    Slot& s = this->state(window + i);
    s = i < live ? Slot{} : Slot{kNoReference, kNoReference, false, false, false, false};
  }
  if (opcode_of(load_word(pc)) == Opcode::kYIELD) {
    // What it is sent.
    if (sent == kNoReference)
      set_lazy(at(operand_a(load_word(pc))), object_constant(none()));
    else
      set_copy(at(operand_a(load_word(pc))), sent);
  }
  expected_ = pc + 1;
  return true;
}

// A call of a generator function: nothing of it runs yet.
bool Recorder::make_generator(int base, uint32_t count, int result, bool shift) {
  Function* function = as_function(seen(base));
  const Code* code = function->code();
  if (!code->simple_call || count != code->argument_count || count > kMaxArguments ||
      opcode_of(load_word(code->words)) != Opcode::kRETURN_GENERATOR) {
    return fall_back();
  }
  Reference object;
  if (function->has_gc_bit(kGcDeferred)) {
    known(base);
    object = builder_.constant(Value::object(function).bits(), Type::O);
    guard_code(kNoReference, function);
  } else {
    keep(Value::object(code));
    object = as_object(read(base), function->shape_id.load(std::memory_order_relaxed));
    guard_code(object, function);
  }
  int32_t first = at(base) + 1;
  if (shift) emit(Op::kGuardIs, slot(first++), empty_);
  Reference arguments[kMaxArguments];
  for (uint32_t i = 0; i < count; ++i) arguments[i] = boxed(first + static_cast<int32_t>(i));
  uint32_t cells = 0;   // that are given, as the function has others
  Function* shared = count + code->free_count <= kMaxArguments ? stand_in(object, function) : nullptr;
  if (shared) {
    cells = code->free_count;
    cells_of(object, function, arguments + count);
    object = builder_.constant(Value::object(shared).bits(), Type::O);
  }
  store_arguments({arguments, count + cells});
  finish_window(emit(Op::kNewGenerator, object, kNoReference, count | cells << 8), base, first + static_cast<int32_t>(count),
                result);
  makes_generator_ = true;
  return true;
}

// The running generator has been left: its registers are no registers of the stack any more.
void Recorder::leave_generator() {
  const Call from = here();
  int32_t end = from.window + static_cast<int32_t>(from.code->register_count);
  std::erase_if(positions_, [&](const Position& p) { return exit_slot(p.tag) >= from.window && exit_slot(p.tag) < end; });
  for (int32_t i = from.window - 1; i < end; ++i) state(i) = {kNoReference, kNoReference, false, false, false, false};
  calls_.pop_back();
  window_ = here().window;
  snapshot_ = -1;
}

bool Recorder::yield_value(uint64_t word) {
  const Call from = here();
  CallRecord* record = thread_->record;
  int32_t live = live_registers(from.code, pc_);
  if (from.generator < 0 || live < 0 || record->frame_object) return fall_back();
  uint64_t resumed_by = load_word(from.caller_pc);
  bool called = is_call(resumed_by);
  if (!called && opcode_of(resumed_by) != Opcode::kFOR_ITER) return fall_back();
  Value v = seen(PT_B);
  if (v.empty()) return fall_back();
  Reference r = read(PT_B);
  // What can fail comes first: there the instruction has not begun.
  if (builder_.is_virtual(r) && relies_on(r, window_ - 1)) r = make(r);
  int32_t end = from.window + live;
  constexpr int32_t kNone = INT32_MIN;   // registers below the frame in which the trace began are negative
  int32_t taken = PT_B >= 0 && (PT_B & 1) ? at(PT_B) : kNone;
  for (int32_t i = from.window; i < end; ++i) {
    if (i != taken && state(i).lazy && builder_.is_virtual(state(i).value)) make(state(i).value);
  }
  r = builder_.resolve(r);
  snapshot();
  struct Store {
    int32_t at;
    Reference word;
  };
  std::vector<Store> numbers, objects;
  for (int32_t i = from.window; i < end; ++i) {
    const Slot s = state(i);
    if (!s.lazy || i == taken) continue;
    Reference w = ir_.at(s.value).type == Type::F ? emit(Op::kBoxFloat, s.value) : s.value;
    bool object = is_pointer(w) || (ir_.at(w).op == Op::kConstant && (ir_.at(w).imm & 3) == 0 && ir_.at(w).imm != 0);
    (object ? objects : numbers).push_back({i, w});
  }
  for (const Store& s : numbers) emit(Op::kStoreFrame, s.word, kNoReference, s.at);
  // A suspended generator counts all that it has.
  auto offset = [&](int32_t i) { return int64_t{i - from.window} * 8; };
  for (const Store& s : objects) {
    if (from.real)
      emit(Op::kStoreFrame, emit(Op::kBorrow, s.word), kNoReference, s.at);
    else
      emit(Op::kInitAny, from.registers, s.word, offset(s.at));
  }
  for (int32_t i = from.window; i < end; ++i) {
    const Slot s = state(i);
    if (!from.real && i != taken && !s.lazy && s.pointer && s.raw != kNoReference && ir_.at(s.raw).op != Op::kLoadRegister)
      emit(Op::kPromoteRegister, from.registers, kNoReference, offset(i));
  }
  // The value, with a count of its own unless it can take its register's along.
  Reference raw = r;
  bool pointer = is_pointer(r), moves = false;
  if (pointer) {
    moves = taken != kNone && !state(taken).lazy && state(taken).owned;
    raw = moves ? state(taken).raw : emit(Op::kOwn, r);
  }
  if (moves) {
    emit(Op::kStoreFrame, empty_, kNoReference, taken);
    state(taken) = {kNoReference, kNoReference, false, false, false, false};
  } else {
    if (builder_.is_virtual(r)) fresh_ = r;
    drop(PT_B);
  }
  for (Position& p : positions_) {
    int32_t where = exit_slot(p.tag);
    if (where < from.window || where >= end) continue;
    find_iterator(p);
    store_position(p);
  }
  if (from.real)
    emit(Op::kSuspendGenerator, kNoReference, kNoReference, reinterpret_cast<int64_t>(pc_));
  else if (from.resumed != pc_)
    emit(Op::kStoreResume, from.object, builder_.constant(reinterpret_cast<uint64_t>(pc_), Type::P), live);
  leave_generator();
  if (called) {
    if (!pointer && builder_.is_virtual(r)) fresh_ = r;
    consume_call(resumed_by, at(from.result));
    r = builder_.resolve(r);
  }
  if (pointer)
    set_owned(at(from.result), raw, moves ? r : raw);
  else
    set_lazy(at(from.result), r);
  expected_ = from.caller_pc + instruction_words(opcode_of(resumed_by));
  return true;
}
// The registers of a call with its result in register `result`.
void Recorder::consume_call(uint64_t word, int32_t result) {
  int32_t first = at(PT_A);
  int32_t count = static_cast<uint16_t>(PT_B) + (opcode_of(word) == Opcode::kCALL_METHOD) + 1;
  consume_window(first, static_cast<uint32_t>(count), result >= first && result < first + count ? -kSlotBias : result);
}

// RETURN in a generator: the loop that draws from it ends.
bool Recorder::finish_generator(uint64_t word) {
  const Call from = here();
  if (thread_->record->frame_object) return fall_back();
  if (is_call(load_word(from.caller_pc))) return stop_generator(word);
  if (opcode_of(load_word(from.caller_pc)) != Opcode::kFOR_ITER) return fall_back();
  if (PT_A >= 0 && (PT_A & 1)) drop(PT_A);
  emit(Op::kFinishGenerator, from.object, kNoReference, from.real);
  leave_generator();
  clear(at(operand_b(load_word(from.caller_pc))));
  expected_ = from.caller_pc + instruction_words(Opcode::kFOR_ITER) + jump_extra(from.caller_pc);
  return true;
}

// The same where a call has resumed it, which raises StopIteration now.
bool Recorder::stop_generator(uint64_t word) {
  const Call from = here();
  Handler to;
  if (!is_none(seen(PT_A)) || !(handling() || nothing_handled())) return fall_back();
  // Where the call would be caught.
  calls_.pop_back();
  const uint64_t* pc = std::exchange(pc_, from.caller_pc);
  bool caught = !tracing(thread_) && can_unwind(&to.depth, &to.entry);
  pc_ = pc;
  calls_.push_back(from);
  if (!caught) return fall_back();
  known(PT_A);
  if (PT_A >= 0 && (PT_A & 1)) drop(PT_A);
  emit(Op::kFinishGenerator, from.object, kNoReference, from.real);
  leave_generator();
  pc_ = from.caller_pc;
  Reference e = builtin_exception(exc::StopIteration, {});
  builder_.set_field(e, offsetof(StopIterationObject, value), object_constant(none()));
  raise_fresh(e, to, 0);
  return true;
}

}  // namespace pt::jit
