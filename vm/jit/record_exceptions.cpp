// Recording of exceptions that are raised and caught within a trace. Raising one is a jump; its traceback is made when somebody
// may look at it: at an exit, or before an instruction that lets the exception get out.
#include <algorithm>
#include <cstddef>

#include "vm/interp/call_support.h"
#include "vm/interp/frames.h"
#include "vm/interp/trace.h"
#include "vm/jit/recorder.h"
#include "vm/object/names.h"
#include "vm/types/exception.h"
#include "vm/types/function.h"
#include "vm/types/tuple.h"

namespace pt::jit {

// ---- instructions that raise, left to the interpreter after all ---------------------------------------------------------

// Whether an exception of the next instruction would be caught in the trace.
bool Recorder::may_raise_here() const {
  if (find_handler(here().code, pc_)) return true;
  for (size_t i = calls_.size(); i-- > 0;) {
    const Code* caller = i ? calls_[i - 1].code : base_.code;
    if (calls_[i].caller_pc && find_handler(caller, calls_[i].caller_pc)) return true;
  }
  return false;
}
Recorder::Checkpoint Recorder::checkpoint(CallRecord* record) const {
  return {pc_,    frame_,  constants_, builder_.mark(), ir_.snapshots.size(), record, slots_, positions_,
          calls_, caught_, left_,      handled_,        nothing_handled_};
}
// The instruction before raised an exception: takes back what was recorded of it. The interpreter is to run it.
bool Recorder::interpret_raising(const uint64_t* pc) {
  reason_ = Abort::kexception;
  if (!checkpoint_ || thread_->record > checkpoint_->record || opcode_of(load_word(checkpoint_->pc)) == Opcode::kRETURN)
    return false;
  const Code* code = thread_->record->code;
  bool caught = false;
  for (uint32_t i = 0; i < code->exception_count; ++i) caught |= code->words + code->exceptions[i].target == pc;
  for (const Call& c : checkpoint_->calls) caught &= c.generator < 0;
  if (!caught) return false;
  reason_ = Abort::kCount;
  std::unique_ptr<Checkpoint> before = std::move(checkpoint_);
  builder_.drop_since(before->mark);
  ir_.snapshots.resize(before->snapshots);
  slots_ = std::move(before->slots);
  positions_ = std::move(before->positions);
  calls_ = std::move(before->calls);
  caught_ = std::move(before->caught);
  left_ = std::move(before->left);
  handled_ = std::move(before->handled);
  nothing_handled_ = before->nothing_handled;
  pc_ = before->pc;
  frame_ = before->frame;
  constants_ = before->constants;
  window_ = here().window;
  after_.clear();
  next_ = {};
  found_ = {};
  fresh_ = loose_ = kNoReference;
  snapshot_ = -1;
  uint64_t word = load_word(pc_);
  opcode_ = opcode_of(word);
  return interpret(word, before->record);
}

// ---- what the trace knows of its exceptions ------------------------------------------------------------------------------

int32_t Recorder::find_caught(Reference exception) const {
  for (size_t i = 0; i < caught_.size(); ++i) {
    if (caught_[i].exception == exception) return static_cast<int32_t>(i);
  }
  return -1;
}
// It lives, its context, and what is in the frames of its traceback.
void Recorder::mark_caught(size_t i, std::vector<bool>* lives) const {
  if ((*lives)[i]) return;
  (*lives)[i] = true;
  if (caught_[i].context >= 0) mark_caught(static_cast<size_t>(caught_[i].context), lives);
  for (const TracebackEntry& e : caught_[i].entries) {
    for (int32_t left = e.left; left >= 0; left = left_[static_cast<size_t>(left)].back) {
      for (const SlotValue& v : left_[static_cast<size_t>(left)].locals) {
        Reference r = v.value;
        while (v.owned && (ir_.at(r).op == Op::kPromote || ir_.at(r).op == Op::kOwn)) r = ir_.at(r).a;
        if (int32_t other = find_caught(r); other >= 0) mark_caught(static_cast<size_t>(other), lives);
      }
    }
  }
}
// What no register leads to any more is gone, and what its traceback would have kept alive.
void Recorder::forget_caught() {
  std::vector<bool> lives(caught_.size(), false);
  for (const Slot& s : slots_) {
    if (int32_t i = find_caught(s.value); i >= 0) mark_caught(static_cast<size_t>(i), &lives);
  }
  if (std::find(lives.begin(), lives.end(), false) == lives.end()) return;
  std::vector<int32_t> number(left_.size(), -1);   // of those that remain
  auto reach = [&](int32_t left) {
    for (; left >= 0 && number[static_cast<size_t>(left)] < 0; left = left_[static_cast<size_t>(left)].back)
      number[static_cast<size_t>(left)] = 0;
  };
  std::vector<Caught> caught;
  std::vector<int32_t> place(caught_.size(), -1);
  for (size_t i = 0; i < caught_.size(); ++i) {
    if (!lives[i]) continue;
    place[i] = static_cast<int32_t>(caught.size());
    for (const TracebackEntry& e : caught_[i].entries) reach(e.left);
    caught.push_back(std::move(caught_[i]));
  }
  std::vector<LeftFrame> left, gone;
  for (size_t i = 0; i < left_.size(); ++i) {
    if (number[i] == 0) number[i] = static_cast<int32_t>(left.size());
    (number[i] >= 0 ? left : gone).push_back(std::move(left_[i]));
  }
  auto renumber = [&](int32_t& i) {
    if (i >= 0) i = number[static_cast<size_t>(i)];
  };
  for (LeftFrame& l : left) renumber(l.back);
  for (Caught& c : caught) {
    if (c.context >= 0) c.context = place[static_cast<size_t>(c.context)];
    for (TracebackEntry& e : c.entries) renumber(e.left);
  }
  caught_ = std::move(caught);
  left_ = std::move(left);
  for (const LeftFrame& l : gone) {
    for (const SlotValue& v : l.locals) {
      if (v.owned) emit(Op::kRelease, v.value);
    }
  }
}
// Everything is in memory.
void Recorder::show_exceptions() {
  if (!handling() && caught_.empty()) return;
  snapshot_ = -1;
  emit(Op::kShowExceptions);
  caught_.clear();
  left_.clear();
  handled_.clear();
  nothing_handled_ = false;
  snapshot_ = -1;
}
// Whether the instruction may let somebody see a caught exception.
bool Recorder::shows_exception(uint64_t word) {
  if (caught_.empty() && !handling()) return false;
  switch (opcode_) {
    case Opcode::kYIELD:
    case Opcode::kSEND:
    case Opcode::kRETURN_GENERATOR: return true;
    case Opcode::kMOVE:
    case Opcode::kMOVE_BORROW:
    case Opcode::kCLEAR:
    case Opcode::kCHECK_BOUND:
    case Opcode::kRAISE:
    case Opcode::kRERAISE:
    case Opcode::kENTER_HANDLER:
    case Opcode::kLEAVE_HANDLER:
    case Opcode::kJUMP_IF_NO_MATCH:
    case Opcode::kLOAD_ATTR:
    case Opcode::kIS:
    case Opcode::kIS_NOT:
    case Opcode::kJUMP_IF_IS:
    case Opcode::kJUMP_IF_NONE:
    case Opcode::kJUMP_IF_NOT_NONE: return false;
    case Opcode::kCALL:
      if (PT_B == 1 && seen(PT_A).is(&str_type) && has_plain_text(at(PT_A) + 1)) return false;
      break;
    default: break;
  }
  const InstructionInfo& info = kInstructionInfo[static_cast<int>(opcode_)];
  const OperandKind kinds[] = {info.a, info.b, info.c};
  const int operands[] = {PT_A, PT_B, PT_C};
  auto holds = [&](size_t i) {
    for (const Caught& c : caught_) {
      if (i < slots_.size() && slots_[i].value == c.exception) return true;
    }
    return false;
  };
  for (int i = 0; i < 3; ++i) {
    if (operands[i] < 0 || (kinds[i] != OperandKind::R && kinds[i] != OperandKind::B)) continue;
    auto first = static_cast<size_t>(at(operands[i]) + kSlotBias);
    size_t end = kinds[i] == OperandKind::R ? first + 1 : slots_.size();
    for (size_t k = first; k < end; ++k) {
      if (holds(k)) return true;
    }
  }
  return false;
}

bool is_container(Value v) {
  return has_shape(v, kShape_dict) || has_shape(v, kShape_list) || has_shape(v, kShape_tuple) || has_shape(v, kShape_set);
}
// Whether native code that the instruction leads to may run Python code, which could ask what is handled. (Calls see to it
// themselves.)
bool Recorder::may_look(uint64_t word) const {
  switch (opcode_) {
    case Opcode::kLOAD_ITEM: return !(is_container(seen(PT_B)) || is_scalar(seen(PT_B))) || !is_scalar(seen(PT_C));
    case Opcode::kSTORE_ITEM: return !is_container(seen(PT_A)) || !is_scalar(seen(PT_B));
    case Opcode::kIN:
    case Opcode::kNOT_IN: return !is_scalar(seen(PT_B)) || !(has_shape(seen(PT_C), kShape_dict) || is_scalar(seen(PT_C)));
    case Opcode::kJUMP_IF_IN: return !is_scalar(seen(PT_A)) || !(has_shape(seen(PT_B), kShape_dict) || is_scalar(seen(PT_B)));
    default: break;
  }
  ComparisonName comparison{};
  if (comparison_name(opcode_, &comparison) && comparison.jumps) return !is_scalar(seen(PT_A)) || !is_scalar(seen(PT_B));
  // Operators and other comparisons.
  const InstructionInfo& info = kInstructionInfo[static_cast<int>(opcode_)];
  bool binary = info.a == OperandKind::W && info.b == OperandKind::R && info.c == OperandKind::R;
  return binary && (!is_scalar(seen(PT_B)) || !is_scalar(seen(PT_C)));
}

// ---- making exceptions ----------------------------------------------------------------------------------------------------

namespace {
bool has_plain_fields(const pt::Type* type) { return type->slots.construct == exc::BaseException->slots.construct; }
bool has_plain_init(const pt::Type* type) { return type->slots.init == exc::BaseException->slots.init; }
Value base_init() { return type_lookup_borrowed(exc::BaseException, names::init.str()); }
// A call of it makes an exception with the tuple `args`, and then calls __init__. *version: 0 for a builtin one.
bool makes_plain_exception(const pt::Type* type, uint32_t* version) {
  bool heap = has_flag(type, kTypeHeap);
  *version = heap ? type->version.load(std::memory_order_acquire) : 0;
  return has_plain_fields(type) && !has_flag(type, kTypeAbstract) &&
         type_of(Value::object(type))->slots.call == type_type.slots.call && !type->layout.finalizer() && (!heap || *version);
}
}  // namespace

Reference Recorder::virtual_exception(int class_operand, uint32_t version, Reference args) {
  auto* type = static_cast<pt::Type*>(seen(class_operand).as_object());
  known(class_operand);
  if (version) guard_version(type, version);
  Reference e = virtual_instance(type);
  builder_.set_field(e, offsetof(BaseException, args), args);
  return e;
}

// A call of an exception class: its arguments become the tuple `args`, and a Python __init__ goes on as a call.
bool Recorder::new_exception(int base, uint32_t count, int result, const Tuple* names) {
  auto* type = static_cast<pt::Type*>(seen(base).as_object());
  uint32_t version;
  if (names || calls_.size() >= kMaxDepth || !makes_plain_exception(type, &version)) return false;
  Value init = has_plain_init(type) ? Value() : type_lookup_borrowed(type, names::init.str());
  Function* function = nullptr;
  Binding binding;
  if (!has_plain_init(type)) {
    if (!version || !has_shape(init, kShape_function) || !init.as_object()->has_gc_bit(kGcDeferred)) return false;
    function = as_function(init);
    if (!bind(function, count + 1, nullptr, &binding)) return false;
  }
  int32_t where = at(base);
  Reference args = virtual_tuple(where + 1, count);
  if (args == kNoReference) return false;
  Reference e = virtual_exception(base, version, args);
  fresh_ = e;
  if (!function) {
    consume_window(where, count + 1, at(result));
    set_lazy(at(result), e);
    go(instruction_words(opcode_));
    return true;
  }
  keep(init);
  guard_code(kNoReference, function);
  if (!guard_defaults(binding, function)) return false;
  place_for_init(where, count, init, e);
  apply(binding, function, where + 2);
  return enter(function, where + 2, binding.total(), result, kRecordInit);
}

// BaseException.__init__ of an exception that is not made yet: args anew.
bool Recorder::init_exception(int base, uint32_t count, int result) {
  if (!seen(base).same(base_init()) || count == 0) return false;
  int32_t where = at(base);
  Reference e = slot(where + 1);
  if (!builder_.is_virtual(e) || builder_.layout_of(e).kind != Layout::Kind::kInstance || !is_exception(base_frame_[where + 1]) ||
      !has_plain_fields(type_of(base_frame_[where + 1]))) {
    return false;
  }
  for (uint32_t i = 2; i <= count; ++i) {
    if (builder_.leads_to(slot(where + static_cast<int32_t>(i)), e)) return false;
  }
  Reference args = virtual_tuple(where + 2, count - 1);
  if (args == kNoReference) return false;
  known(base);
  builder_.set_field(e, offsetof(BaseException, args), args);
  consume_window(where, count + 1, at(result));
  set_lazy(at(result), object_constant(none()));
  go(instruction_words(opcode_));
  return true;
}

// Made in this trace, and in registers only.
bool Recorder::is_fresh_exception(Reference r) const {
  if (ir_.at(r).op != Op::kNewObject) return false;
  for (Reference i = r + 1; i < ir_.size(); ++i) {
    const Instruction& in = ir_.at(i);
    auto is = [&](Reference x) { return x == r || (x >= 0 && ir_.at(x).op == Op::kOwn && ir_.at(x).a == r); };
    if (is(in.b) || (in.op == Op::kStoreArgument && is(in.a)) || in.op == Op::kInterpret) return false;
  }
  return true;
}

// ---- raising ----------------------------------------------------------------------------------------------------------------

// Thread::handled is known to be empty.
bool Recorder::nothing_handled() {
  if (nothing_handled_) return true;
  if (!thread_->handled.empty()) return false;
  emit(Op::kGuardNothingHandled);
  return nothing_handled_ = true;
}

// Whether an exception of this instruction is caught in the trace, after leaving calls that are nothing but inlined: in the
// `depth`th (0: the trace's own frame).
bool Recorder::can_unwind(size_t* depth, const CodeException** handler) const {
  const uint64_t* pc = pc_;
  size_t d = calls_.size();
  while (true) {
    const Call& frame = d ? calls_[d - 1] : base_;
    if ((*handler = find_handler(frame.code, pc))) {
      *depth = d;
      for (int32_t h : handled_) {
        if (h >= frame.window + static_cast<int32_t>((*handler)->depth)) return false;
      }
      return frame.generator < 0 && !(frame.flags & (kRecordGenerator | kRecordTraceLeaves));
    }
    if (d == 0 || !frame.plain() || frame.real || frame.generator >= 0 || !frame.function) return false;
    pc = frame.caller_pc;
    // A special method's may mean something else to the instruction that called it.
    Opcode caller = opcode_of(load_word(pc));
    if ((frame.flags & kRecordOperator) && (caller == Opcode::kFOR_ITER || caller == Opcode::kLOAD_ATTR)) return false;
    --d;
  }
}

// The innermost call ends with an exception; `pc`: its frame's last.
void Recorder::leave_frame(const uint64_t* pc) {
  const Call from = here();
  LeftFrame left{from.inlined(), pc, -1, 0, {}};
  auto local_end = static_cast<int32_t>(from.code->local_end);
  auto end = static_cast<int32_t>(from.code->register_count);
  for (int32_t i = 0; i < end; ++i) {
    int32_t where = window_ + i;
    Slot s = state(where);
    if (i >= local_end) {
      if (!s.lazy && s.pointer && s.value != kNoReference) clear(where);
      state(where) = {kNoReference, kNoReference, false, false, false, state(where).filled};
      continue;
    }
    Reference r = slot(where);
    s = state(where);
    if (s.lazy || !s.pointer || !is_pointer(r)) {
      if (r != empty_) left.locals.push_back({i, r, false});
      state(where) = {kNoReference, kNoReference, false, false, false, s.filled};
      clear(where);
      continue;
    }
    left.locals.push_back({i, emit(Op::kPromote, s.raw), true});
    emit(Op::kStoreFrame, empty_, kNoReference, where);
    state(where) = {kNoReference, kNoReference, false, false, false, false};
  }
  if (from.flags & kRecordInit) clear(window_ - 2);
  clear(window_ - 1);
  calls_.pop_back();
  int32_t window = window_;
  window_ = here().window;
  left.back_window = window_;
  auto number = static_cast<int32_t>(left_.size());
  for (LeftFrame& l : left_) {
    if (l.back < 0 && l.back_window == window) l.back = number;
  }
  for (Caught& c : caught_) {
    for (TracebackEntry& e : c.entries) {
      if (e.left < 0 && e.window == window) e.left = number;
    }
  }
  left_.push_back(std::move(left));
}

// Registers are about to be left: virtual objects that rely on them are made first.
void Recorder::leave_owners(size_t depth, const CodeException* handler) {
  const Call& frame = depth ? calls_[depth - 1] : base_;
  for (size_t i = static_cast<size_t>(frame.window) + handler->depth + kSlotBias; i < slots_.size(); ++i)
    leave_owner(static_cast<int32_t>(i) - kSlotBias);
}
// The exception's word with a count, for the handler's register: from the operand where that gives it up. kNoReference: virtual.
Reference Recorder::take_word(Reference exception, int operand) {
  if (builder_.is_virtual(exception)) return kNoReference;
  Slot& s = state(at(operand));
  if (!(operand & 1) || s.lazy || !s.owned) return emit(Op::kOwn, exception);
  Reference raw = s.raw;
  s = {kNoReference, kNoReference, false, false, false, false};
  emit(Op::kStoreFrame, empty_, kNoReference, at(operand));
  return raw;
}
// Goes on at the handler with one of caught_; `frame_pc`: where this frame is.
void Recorder::unwind(size_t caught, Reference raw, const uint64_t* frame_pc, size_t depth, const CodeException* handler) {
  Reference exception = caught_[caught].exception;
  if (raw == kNoReference) fresh_ = exception;
  while (calls_.size() > depth) {
    const uint64_t* caller_pc = here().caller_pc;
    leave_frame(frame_pc);
    frame_pc = caller_pc;
    caught_[caught].entries.push_back({-1, window_, caller_pc});
  }
  auto first = static_cast<int32_t>(handler->depth);
  for (auto i = first; i < static_cast<int32_t>(here().code->register_count); ++i) clear(window_ + i);
  exception = caught_[caught].exception;
  if (raw != kNoReference)
    set_owned(window_ + first, raw, exception);
  else
    set_lazy(window_ + first, exception);
  expected_ = here().code->words + handler->target;
}

bool Recorder::raise_statement(uint64_t word) {
  if (stops_iteration(word)) return true;
  if (reason_ != Abort::kCount) return false;
  Handler to;
  if (tracing(thread_) || !can_unwind(&to.depth, &to.entry)) return fall_back();
  if (PT_C == 0) return handling() && reraise(slot(handled_.back()), 0, false);
  Value v = seen(PT_A), cause = PT_C == 2 ? seen(PT_B) : none();
  Reference cause_reference = kNoReference;
  if (!is_none(cause)) {
    // One of those that are handled, as a rule.
    cause_reference = read(PT_B);
    if (PT_B < 0 || !handling() || cause_reference != slot(handled_.back())) return fall_back();
  }
  Reference e = kNoReference;
  if (is_exception_type(v)) {
    auto* type = static_cast<pt::Type*>(v.as_object());
    uint32_t version;
    if (!makes_plain_exception(type, &version) || !has_plain_init(type) || (!handling() && !nothing_handled()))
      return fall_back();
    e = virtual_exception(PT_A, version, object_constant(Value::object(empty_tuple())));
    drop(PT_A);
  } else {
    if (!is_exception(v) || PT_A < 0) return fall_back();
    e = read(PT_A);
    if ((!builder_.is_virtual(e) && !is_fresh_exception(e)) || find_caught(e) >= 0 || (!handling() && !nothing_handled())) {
      return fall_back();
    }
  }
  // Links stay virtual with the exception.
  if ((PT_C == 2 || handling()) && !builder_.is_virtual(e)) return fall_back();
  if (PT_C == 2) {
    fresh_ = e;
    builder_.set_field(e, offsetof(BaseException, suppress_context), builder_.small_int(0));
    if (cause_reference != kNoReference) builder_.set_field(e, offsetof(BaseException, cause), cause_reference);
    drop(PT_B);
    e = builder_.resolve(e);
  }
  raise_fresh(e, to, is_exception_type(v) ? 0 : PT_A);
  return true;
}
// The same for an exception on its way, which may have been made meanwhile.
Reference Recorder::loose_word(Reference e) {
  if (loose_ != e) return kNoReference;
  loose_ = kNoReference;
  return e;
}
// `operand`: the register that gives it up; 0: none. `at_raise`: the frame shows the place of the first raise.
bool Recorder::reraise(Reference e, int operand, bool at_raise) {
  size_t depth;
  const CodeException* handler;
  int32_t found = find_caught(e);
  if (tracing(thread_) || found < 0 || !can_unwind(&depth, &handler)) return false;
  auto i = static_cast<size_t>(found);
  const TracebackEntry last = caught_[i].entries.back();
  if (last.left >= 0 || last.window != window_ || (here().code->flags & kCodeFlagHidden)) return false;
  leave_owners(depth, handler);
  e = caught_[i].exception;
  Reference raw = operand ? take_word(e, operand) : builder_.is_virtual(e) ? kNoReference : emit(Op::kOwn, e);
  unwind(i, raw, at_raise ? last.pc : pc_, depth, handler);
  return true;
}
bool Recorder::reraise_statement(uint64_t word) {
  if (PT_A < 0) return fall_back();
  return reraise(read(PT_A), PT_A, PT_B != 0) || fall_back();
}

bool Recorder::catch_pending() {
  size_t depth;
  const CodeException* handler;
  Value pending = thread_->pending;
  if (!is_exception(pending) || handling() || tracing(thread_) || !can_unwind(&depth, &handler) ||
      !as_exception(pending)->traceback.peek().empty() || !as_exception(pending)->context.peek().empty() || !nothing_handled()) {
    return false;
  }
  Reference e = emit(Op::kTakePending, kNoReference, kNoReference, pending.as_object()->shape_id.load(std::memory_order_relaxed));
  snapshot_ = -1;
  leave_owners(depth, handler);
  caught_.push_back({e, -1, {{-1, window_, pc_}}});
  unwind(caught_.size() - 1, e, pc_, depth, handler);
  return true;
}

// ---- handlers ---------------------------------------------------------------------------------------------------------------

bool Recorder::enter_handler(uint64_t word) {
  if (here().generator >= 0 || (here().flags & kRecordGenerator)) return fall_back();
  if (handling()) {
    set_copy(at(PT_A) + 1, slot(handled_.back()));
  } else {
    if (!nothing_handled()) return fall_back();
    set_lazy(at(PT_A) + 1, empty_);
  }
  handled_.push_back(at(PT_A));
  go(1);
  return true;
}
bool Recorder::leave_handler(uint64_t word) {
  if (!handling() || handled_.back() != at(PT_A)) return fall_back();
  handled_.pop_back();
  clear(at(PT_A));
  clear(at(PT_A) + 1);
  go(1);
  return true;
}

// The class of what is raised stays what it was.
bool Recorder::guard_exception_type(Reference r, Value exception) {
  pt::Type* type = type_of(exception);
  uint32_t version = type->version.load(std::memory_order_acquire);
  if (has_flag(type, kTypeHeap) && !version) return false;
  as_object(r, exception.as_object()->shape_id.load(std::memory_order_relaxed));
  if (has_flag(type, kTypeHeap)) guard_version(type, version);   // its bases
  return true;
}
bool Recorder::match_exception(uint64_t word) {
  Value exception = seen(PT_A), classes = seen(PT_B);
  if (!is_exception(exception) || PT_A < 0) return fall_back();
  Reference r = read(PT_B);
  bool tuple = has_shape(classes, kShape_tuple);
  if (!tuple && !is_exception_type(classes)) return fall_back();
  if (tuple) {
    for (int64_t i = 0; i < as_tuple(classes)->length; ++i) {
      if (!is_exception_type(as_tuple(classes)->at(i))) return fall_back();
    }
    if (!builder_.is_virtual(r) && !ir_.is_constant(r)) return fall_back();
  }
  if (!guard_exception_type(read(PT_A), exception)) return fall_back();
  if (tuple && builder_.is_virtual(r)) {
    for (int64_t i = 0; i < as_tuple(classes)->length; ++i) {
      Reference item = emit(Op::kLoadItem, r, kNoReference, static_cast<int64_t>(offsetof(Tuple, items)) + i * 8);
      Reference constant = object_constant(as_tuple(classes)->at(i));
      if (item != constant) emit(Op::kGuardIs, item, constant);
    }
  } else if (!tuple) {
    known(PT_B);
  }
  int match = exception_matches(exception, classes);
  drop(PT_B);
  go(2 + (match ? 0 : jump_extra(pc_)));
  return true;
}

}  // namespace pt::jit
