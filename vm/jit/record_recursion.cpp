// Calls whose records traces push, and returns from them: a trace that begins in a function ends with its return, and what comes
// behind the call is a trace of its own, which knows what the caller's registers hold.
#include "vm/interp/call_support.h"
#include "vm/jit/recorder.h"

namespace pt::jit {

namespace {
constexpr int kInlinedLevels = 3;
constexpr uint32_t kSmallCode = 80;   // words
}  // namespace

// At the RESUME of an inlined call: its code, or this recording, begins with one already.
bool Recorder::links_to_entry() {
  if (calls_.empty()) return false;
  // A first call of a small function by itself is inlined: in many trees every other call is a leaf.
  int same = 0;
  for (const Call& c : calls_) same += c.code == here().code;
  if (same < kInlinedLevels && here().code->word_count <= kSmallCode) return false;
  bool self = head_ && !back_edge_ && here().code == origin_ && here().globals == origin_globals_;
  CompiledTrace* trace = self ? nullptr : find_trace(here().code, here().code->loop_count);
  if (trace && (trace->globals != here().globals || trace->multithreaded != ir_.multithreaded)) trace = nullptr;
  if (!self && !trace) return false;
  sync();
  ir_.link = trace;
  ir_.link_self = self;
  ir_.link_window = window_;
  return true;
}

namespace {
bool same_call(const PushedCall& x, const PushedCall& y) {
  return x.code == y.code && x.function == y.function && x.globals == y.globals && x.flags == y.flags &&
         x.result_register == y.result_register && !x.pushed == !y.pushed && x.entry_pc == y.entry_pc &&
         x.caller_pc == y.caller_pc;
}
}  // namespace
// An equal call that this trace or another one of its root pushes; nullptr: none.
const PushedCall* Recorder::find_pushed(const PushedCall& call, const Continuation& continuation) const {
  for (size_t i = 0; i < ir_.own_calls.size(); ++i) {
    if (same_call(*ir_.own_calls[i], call) && ir_.continuations[i] == continuation) return ir_.own_calls[i].get();
  }
  // Pairs with the release in share_calls().
  const SharedCall* shared = exit_ ? exit_->trace->root->shared_calls.load(std::memory_order_acquire) : nullptr;
  for (; shared; shared = shared->next) {
    if (same_call(*shared->call, call) && *shared->continuation == continuation) return shared->call;
  }
  return nullptr;
}
void share_calls(const CompiledTrace& trace) {
  std::atomic<const SharedCall*>& list = trace.root->shared_calls;
  for (size_t i = 0; i < trace.calls.size(); ++i) {
    auto* shared = new SharedCall{trace.calls[i].get(), &trace.continuations[i], list.load(std::memory_order_relaxed)};
    // Release: what it leads to is complete. Pairs with the acquire in find_pushed().
    while (!list.compare_exchange_weak(shared->next, shared, std::memory_order_release, std::memory_order_relaxed)) {
    }
  }
}

void Recorder::push_calls() {
  int32_t pushes = 0;
  for (const Call& c : calls_) pushes += !c.real && c.generator < 0;
  if (pushes) emit(Op::kGuardRoom, kNoReference, kNoReference, calls_.back().window, pushes);
  for (size_t i = 0; i < calls_.size(); ++i) {
    Call& c = calls_[i];
    if (c.real) continue;
    if (c.generator < 0) {
      push_call(c, i ? calls_[i - 1] : base_);
    } else {
      ir_.pushed.push_back(std::make_unique<InlinedFrame>(c.inlined()));
      emit(Op::kPushGenerator, kNoReference, kNoReference, static_cast<int64_t>(ir_.pushed.size()) - 1);
    }
    c.real = true;
    snapshot_ = -1;
  }
}
// What the trace knows is in memory.
void Recorder::push_call(const Call& call, const Call& caller) {
  auto pushed = std::make_unique<PushedCall>();
  pushed->code = call.code;
  pushed->function = call.function;
  pushed->globals = call.globals;
  pushed->flags = call.flags;
  pushed->result_register = call.result;
  pushed->entry_pc = call.code->words;
  pushed->caller_pc = call.caller_pc;
  const Slot& function = state(call.window - 1);
  bool uncounted = !function.lazy && (!function.pointer || function.borrowed);
  if (call.flags == 0 && caller.flags == 0 && caller.generator < 0 && uncounted) pushed->pushed = pushed.get();
  Continuation continuation = continuation_of(call, caller);
  const PushedCall* same = find_pushed(*pushed, continuation);
  ir_.calls.push_back(same ? same : pushed.get());
  ir_.windows.push_back(call.window);
  if (!same) {
    ir_.continuations.push_back(std::move(continuation));
    ir_.own_calls.push_back(std::move(pushed));
  }
  emit(Op::kPushFrame, kNoReference, kNoReference, static_cast<int64_t>(ir_.calls.size()) - 1);
  if (!call.function) emit(Op::kSetFunction, emit(Op::kUntag, slot(call.window - 1)));
}
// Of the registers from `begin` to `end`, relative to `window`.
std::vector<KnownSlot> Recorder::known_slots(int32_t begin, int32_t end, int32_t window) const {
  std::vector<KnownSlot> out;
  for (int32_t i = std::max(begin, static_cast<int32_t>(lowest_) - kSlotBias); i < end; ++i) {
    auto index = static_cast<size_t>(i + kSlotBias);
    if (index >= slots_.size()) break;
    const Slot& s = slots_[index];
    bool plain = !s.lazy && !s.pointer, constant = s.value >= 0 && ir_.at(s.value).op == Op::kConstant;
    if (s.lazy) continue;
    if (s.number || (s.value >= 0 && ir_.at(s.value).type == Type::I))
      out.push_back({i - window, KnownSlot::Kind::kInt});
    else if (constant && (plain || s.borrowed))
      out.push_back({i - window, KnownSlot::Kind::kConstant, static_cast<uint64_t>(ir_.at(s.value).imm)});
    else if (plain || s.borrowed)
      out.push_back({i - window, plain ? KnownSlot::Kind::kPlain : KnownSlot::Kind::kBorrowed});
  }
  return out;
}
void Recorder::note_known(const std::vector<KnownSlot>& known) {
  for (const KnownSlot& k : known) {
    Slot s{kNoReference, kNoReference, false, k.kind == KnownSlot::Kind::kBorrowed, false, true, true};
    if (k.kind == KnownSlot::Kind::kInt) s.number = true;
    if (k.kind == KnownSlot::Kind::kConstant) {
      Value v = Value::from_bits(k.constant);
      s.value = s.raw = v.empty() ? empty_ : constant_of(v);
      s.pointer = !v.empty() && v.is_object();
      s.filled = !v.empty();
    }
    state(k.slot) = s;
  }
}
Continuation Recorder::continuation_of(const Call& call, const Call& caller) const {
  Continuation out{call.caller_pc + instruction_words(opcode_of(load_word(call.caller_pc))), caller.globals, {}, 0, true};
  int32_t end = call.window - 1, result = caller.window + (call.result >> 1);
  out.known = known_slots(caller.window - 1, end, caller.window);
  out.known_end = end - caller.window;
  if (result < end) {
    auto index = static_cast<size_t>(result + kSlotBias);
    out.plain_result = index < slots_.size() && !slots_[index].lazy && !slots_[index].pointer;
  }
  return out;
}

// At the RESUME of a function in which a trace begins.
void Recorder::note_entry() {
  const Code* code = base_.code;
  ir_.knows = true;
  for (uint32_t i = 0; i < code->local_end; ++i) {
    auto where = static_cast<int32_t>(i);
    if (i - code->free_register < code->free_count)
      state(where) = {kNoReference, kNoReference, false, true, false, true, true};
    else if (i >= code->parameter_count && !(code->local_kinds[i] & 6))
      state(where) = {empty_, empty_, false, false, false, false};
  }
}
// The function that runs here, by its register, which keeps it alive; kNoReference: it is not known by that.
Reference Recorder::own_function() {
  if (!here().plain() || !thread_->record->function || !frame_[-1].is(reinterpret_cast<Object*>(thread_->record->function)))
    return kNoReference;
  Reference r = slot(window_ - 1);
  if (ir_.is_constant(r) || builder_.is_virtual(r)) return kNoReference;
  Reference own = emit(Op::kUntag, r);
  refine(r, own);
  return own;
}

// A side trace from behind a call that has returned.
void Recorder::continue_behind(const Exit& exit, const std::vector<Reference>& values) {
  const Continuation& c = *exit.continuation;
  for (int32_t i = c.known_end; i < static_cast<int32_t>(base_.code->register_count); ++i)
    state(i) = {kNoReference, kNoReference, false, false, false, true};
  note_known(c.known);
  ir_.knows = true;
  const ExitValue& result = exit.values[0];
  if (result.type == Type::W)
    set_owned(result.slot, values[0]);
  else
    set_lazy(result.slot, values[0]);
}

// The function in which the trace began returns, to compiled code or with a trace that is to be used by compiled callers.
bool Recorder::returns_to_trace(int operand) const {
  const CallRecord* record = thread_->record;
  if (!caught_.empty() || handling() || !calls_.empty() || record->flags != 0 || record->frame_object || base_.flags != 0 ||
      seen(operand).empty())
    return false;
  // Who calls such a function most often is compiled code that comes here, too, whoever has called it now. Not behind the exit
  // for calls by the interpreter.
  bool of_function = exit_ ? exit_->trace->root->of_function && pc_ != exit_->pc : !back_edge_;
  return record->pushed || of_function;
}
bool Recorder::return_to_trace(int operand) {
  Reference r = read(operand);
  if (builder_.is_virtual(r)) r = make(r);
  emit(Op::kGuardPushed);
  bool may_run_python = false;
  for (int32_t i = window_; i < window_ + static_cast<int32_t>(base_.code->local_end); ++i) {
    const Slot& s = state(i);
    may_run_python |= !s.lazy && s.pointer && !s.borrowed;
  }
  if (ir_.at(r).op == Op::kBoxFloat) r = ir_.at(r).a;
  Type type = ir_.at(r).type;
  bool moves = false;
  if (type == Type::F && may_run_python) {
    r = emit(Op::kBoxAny, r);
    type = Type::W;
  } else if (type != Type::I && type != Type::F) {
    r = is_pointer(r) ? result_word(operand, r, &moves) : emit(Op::kBorrow, r);
    type = Type::W;
  }
  // As the caller's trace has put it there.
  state(window_ - 1) = {kNoReference, kNoReference, false, true, false, true, true};
  leave_registers(base_, operand, moves);
  if (!after_.empty()) {
    after_.clear();
    int32_t frames = snapshot();
    ir_.snapshots.push_back({pc_, {}, {}, {}, false, true});
    builder_.emit(Op::kFinishReturn, r, kNoReference, 0, static_cast<int32_t>(ir_.snapshots.size()) - 1);
    ir_.code.back().frames = frames;
  }
  emit(type == Type::I ? Op::kReturnInt : type == Type::F ? Op::kReturnFloat : Op::kReturnWord, r);
  ir_.returns_call = true;
  builder_.forget_objects();
  slots_.clear();
  positions_.clear();
  return true;
}

}  // namespace pt::jit
