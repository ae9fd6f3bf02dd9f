// The model of the registers, and the way of a recording from instruction to instruction.
#include "vm/jit/recorder.h"

#include <cstddef>

#include "vm/interp/call_support.h"
#include "vm/interp/frames.h"
#include "vm/types/generator.h"
#include "vm/types/iterators.h"

namespace pt::jit {

namespace {
constexpr int kMaxInstructions = 600;
constexpr int kMaxBackEdges = 12;
constexpr int kWorthATrace = 4;   // instructions
constexpr int32_t kMaxSlot = kFrameRoom - 256;
}  // namespace

Recorder::Recorder(Thread* thread, Value* frame, const uint64_t* head)
    : thread_(thread),
      head_(head),
      base_record_(thread->record),
      base_frame_(frame),
      origin_(thread->record->code),
      origin_globals_(thread->record->globals) {
  base_ = call_of(base_record_);
  ir_.multithreaded = multithreaded();
  uint64_t word = load_word(head);
  if (opcode_of(word) == Opcode::kJUMP_BACK) {
    back_edge_ = head;
    loop_begin_ = expected_ = head + 1 + operand_wide(word);
    // The last of the loop's back-edges ends it.
    const uint64_t* end = origin_->words + origin_->word_count;
    for (const uint64_t* at = loop_begin_; at < end; at += instruction_words(opcode_of(load_word(at)))) {
      if (opcode_of(load_word(at)) == Opcode::kJUMP_BACK && at + 1 + operand_wide(load_word(at)) == loop_begin_) loop_end_ = at;
    }
  } else {
    expected_ = head + 1;
  }
  empty_ = builder_.constant(0, Type::W);
  pc_ = back_edge_ ? expected_ : head;
  if (!back_edge_) note_entry();
  emit(ir_.multithreaded ? Op::kSafepointThreads : Op::kSafepoint);
}

Recorder::Recorder(Thread* thread, Value* frame, Exit* exit)
    : thread_(thread),
      exit_(exit),
      base_record_(thread->record - exit->frames.size()),
      base_frame_(frame),
      origin_(base_record_->code),
      origin_globals_(base_record_->globals) {
  base_ = call_of(base_record_);
  window_ = base_.window;
  ir_.multithreaded = multithreaded();
  pc_ = expected_ = exit->pc;
  // What the parent left in machine registers comes first.
  std::vector<Reference> values;
  std::vector<const ExitValue*> places;
  for (const ExitValue& v : exit->values) places.push_back(&v);
  for (const ExitObject& o : exit->objects) {
    for (const ExitValue& f : o.fields) places.push_back(&f);
  }
  for (const ExitCaught& c : exit->caught) places.push_back(&c.exception);
  for (const ExitLeftFrame& l : exit->left) {
    for (const ExitValue& v : l.locals) places.push_back(&v);
  }
  for (const ExitValue* place : places) {
    const ExitValue& v = *place;
    Reference r = kNoReference;
    if (v.from.place != Place::kConstant && v.object < 0) {
      for (size_t i = 0; i < ir_.inherited.size(); ++i) {
        if (ir_.inherited[i] == v.from) r = static_cast<Reference>(i);
      }
      if (r == kNoReference) {
        r = ir_.size();
        ir_.code.push_back(
            {Op::kInherit, v.type, kNoReference, kNoReference, static_cast<int64_t>(ir_.inherited.size()), -1, -1, 0});
        ir_.inherited.push_back(v.from);
      }
    }
    values.push_back(r);
  }
  empty_ = builder_.constant(0, Type::W);
  std::vector<Reference> objects;
  for (const ExitObject& o : exit->objects) {
    objects.push_back(builder_.virtual_object(*o.layout));
    if (o.shape != o.layout->shape) builder_.emit(Op::kSetShape, objects.back(), kNoReference, o.shape);
  }
  for (const InlinedFrame& f : exit->frames) {
    const CallRecord* real = base_record_ + calls_.size() + 1;
    calls_.push_back({real->code, static_cast<Function*>(const_cast<void*>(f.function)), real->globals, f.window,
                      f.result_register, f.caller_pc, f.flags, false, f.generator});
    window_ = f.window;
    if (f.generator < 0) continue;
    Call& c = calls_.back();
    c.object = builder_.emit(Op::kLoadGenerator, kNoReference, kNoReference, f.generator);
    c.registers = builder_.emit(Op::kLoadImmutable, c.object, kNoReference, offsetof(Generator, registers));
  }
  ir_.knows = exit->trace->knows;
  note_known(exit->known);
  if (exit->continuation) {
    continue_behind(*exit, values);
    return;
  }
  size_t next_value = 0;
  auto next = [&](const ExitValue& v) {
    Reference r = values[next_value++];
    if (v.object >= 0) return objects[static_cast<size_t>(v.object)];
    if (r != kNoReference) return r;
    return v.type == Type::F ? builder_.float_constant(std::bit_cast<double>(v.constant)) : builder_.constant(v.constant, v.type);
  };
  for (const ExitValue& v : exit->values) {
    Reference r = next(v);
    if (v.slot >= kIteratorPosition) {
      // The iterator itself is found in its register when the trace comes to it.
      bool list = v.slot >= kListPosition;
      positions_.push_back(
          {v.slot, kNoReference,
           list ? static_cast<int64_t>(offsetof(ListIterator, index)) : static_cast<int64_t>(offsetof(RangeIterator, index)), r,
           true});
    } else {
      if (v.taken) continue;
      if (v.owned) {
        // An iterator at its end: a temporary, and not dead yet.
        if (r == empty_)
          clear(v.slot);
        else
          set_owned(v.slot, r);
        continue;
      }
      Slot& s = state(v.slot);
      s = {r, kNoReference, true, false, false, true};
    }
  }
  for (size_t i = 0; i < objects.size(); ++i) {
    for (const ExitValue& f : exit->objects[i].fields) {
      Reference r = next(f);
      builder_.set_field(objects[i], f.slot, r);
      if (f.owner == kNoOwner) continue;
      Reference raw = slot(f.owner);
      state(f.owner) = {r, raw, false, true, !is_local(f.owner), true};
    }
  }
  for (const ExitCaught& c : exit->caught) caught_.push_back({next(c.exception), c.context, c.entries});
  for (const ExitLeftFrame& l : exit->left) {
    left_.push_back({l.frame, l.pc, l.back, l.back_window, {}});
    for (const ExitValue& v : l.locals) {
      Reference r = next(v);
      left_.back().locals.push_back({v.slot, r, v.owned});
    }
  }
  handled_ = exit->handled;
  nothing_handled_ = handling();   // further out
  // Borrowed values are counted, all of them before what the registers had may let go of any.
  std::vector<std::pair<int32_t, std::pair<Reference, Reference>>> taken;
  next_value = 0;
  for (const ExitValue& v : exit->values) {
    Reference r = values[next_value++];
    if (v.taken) taken.push_back({v.slot, {emit(Op::kOwn, r), r}});
  }
  for (const auto& [at, words] : taken) set_owned(at, words.first, words.second);
  snapshot_ = -1;
  // Time and again the same instruction was not what it had been: it is not specialised any more.
  int again = 0;
  for (const Exit* e = exit; e && !e->continuation; e = e->trace->parent) again += e->pc == exit->pc;
  if (again > 7) generic_pc_ = exit->pc;
}

Recorder::Call Recorder::call_of(const CallRecord* record, const uint64_t* caller_pc) const {
  return {record->code,
          record->function,
          record->globals,
          static_cast<int32_t>(record->registers - base_frame_),
          record->result_register,
          caller_pc,
          record->flags & ~uint32_t{kRecordEntry},
          true};
}

Recorder::~Recorder() {
  for (Value v : kept_) release(v);
}

int32_t Recorder::snapshot() {
  if (snapshot_ >= 0) return snapshot_;
  Snapshot s = end();
  s.pc = pc_;
  for (const Call& c : calls_) {
    if (!c.real) s.frames.push_back(c.inlined());
  }
  if (ir_.knows) s.known = known_slots(-kSlotBias, kMaxSlot, 0);
  ir_.snapshots.push_back(std::move(s));
  return snapshot_ = static_cast<int32_t>(ir_.snapshots.size()) - 1;
}
Snapshot Recorder::end() const {
  Snapshot s{nullptr, lazy_slots(), {}, {}, false, false};
  s.caught = caught_;
  s.left = left_;
  s.handled = handled_;
  builder_.collect(&s);
  for (VirtualState& o : s.objects) {
    for (FieldValue& f : o.fields) {
      if (is_pointer(f.value)) f.owner = owner_of(f.value, kNoOwner);
    }
  }
  return s;
}
std::vector<SlotValue> Recorder::lazy_slots() const {
  std::vector<SlotValue> out;
  for (size_t i = lowest_; i < slots_.size(); ++i) {
    if (slots_[i].lazy) out.push_back({static_cast<int32_t>(i) - kSlotBias, slots_[i].value});
  }
  for (const Position& p : positions_) {
    if (p.lazy) out.push_back({p.tag, p.value});
  }
  return out;
}

Reference Recorder::emit(Op op, Reference a, Reference b, int64_t imm, int32_t tag) {
  if (op == Op::kLoadFrame || writes_register(op)) {
    if (const Call* g = in_heap(imm)) {
      op = op == Op::kLoadFrame    ? Op::kLoadRegister
           : op == Op::kStoreFrame ? Op::kStoreRegister
           : op == Op::kWriteFrame ? Op::kWriteRegister
                                   : Op::kClearRegister;
      b = a;
      a = g->registers;
      if (op == Op::kStoreRegister || op == Op::kWriteRegister) tag = static_cast<int32_t>(imm);
      imm = (imm - g->window) * 8;
    }
  }
  if (op == Op::kStorePosition) tag = static_cast<int32_t>(ir_.snapshots.size());
  uint16_t flags = describe(op).flags;
  // What the operation does not leave in the trace gets out.
  bool stays = op == Op::kGuardShape || op == Op::kCheckShape || op == Op::kGuardBound || op == Op::kGuardExclusive ||
               op == Op::kGuardUnshared || op == Op::kGuardOwnGenerator || op == Op::kHold || op == Op::kLoadField ||
               op == Op::kLoadItem || op == Op::kLoadFact || op == Op::kLoadImmutable || op == Op::kLoadPosition ||
               op == Op::kStorePosition || op == Op::kSetShape || op == Op::kGuardIs || op == Op::kGuardIsNot;
  a = builder_.resolve(a);
  b = builder_.resolve(b);
  if (!stays) {
    if (builder_.is_virtual(a)) a = make(a);
    if (builder_.is_virtual(b)) b = make(b);
  }
  int32_t before = flags & (kGuard | kCold) ? snapshot() : -1;
  Reference r = builder_.emit(op, a, b, imm, flags & kAfter ? -1 : before);
  if (builder_.is_last(r, op)) {
    Instruction& in = ir_.code.back();
    in.tag = tag;
    if (flags & kCold) in.frames = before;
    if (flags & kRaise) {
      Snapshot raising = ir_.snapshots[static_cast<size_t>(before)];
      raising.raises = true;
      ir_.snapshots.push_back(std::move(raising));
      ir_.code.back().frames = static_cast<int32_t>(ir_.snapshots.size()) - 1;
    }
    if (flags & kAfter) after_.push_back(r);
  }
  return r;
}

// ---- registers ---------------------------------------------------------------------------------------------------------

Recorder::Slot& Recorder::state(int32_t at) {
  auto i = static_cast<size_t>(at + kSlotBias);
  if (at + kSlotBias < 0 || at > kMaxSlot) {
    abort(Abort::kdepth);
    i = 0;
  }
  lowest_ = std::min(lowest_, i);
  if (i >= slots_.size()) {
    // Above the registers of the calls in progress lies nothing that counts.
    size_t old = slots_.size();
    slots_.resize(i + 1);
    const CallRecord* top = thread_->record;
    int64_t end = top->registers + top->code->register_count - base_frame_;
    for (size_t k = old; k < slots_.size(); ++k) {
      if (static_cast<int64_t>(k) - kSlotBias >= end) slots_[k].pointer = slots_[k].filled = false;
    }
  }
  return slots_[i];
}
Reference Recorder::slot(int32_t at) {
  if (state(at).value == kNoReference) {
    Reference r = emit(state(at).number ? Op::kLoadFrameInt : Op::kLoadFrame, kNoReference, kNoReference, at);
    Slot& s = state(at);
    s.value = s.raw = r;
    s.lazy = s.number = false;
  }
  return state(at).value;
}
Reference Recorder::object_constant(Value v) {
  keep(v.untagged());
  return builder_.constant(v.untagged().bits(), Type::W);
}
Reference Recorder::constant_of(Value v) {
  if (v.is_object()) return object_constant(v);
  return builder_.constant(v.bits(), v.is_small_int() ? Type::I : Type::W);
}
// The operand, guarded to be the very object it was seen to be.
Reference Recorder::known(int operand) {
  Reference r = read(operand), constant = object_constant(seen(operand));
  if (!ir_.is_constant(r)) emit(Op::kGuardIs, r, constant);
  return constant;
}
Reference Recorder::read(int operand) { return operand >= 0 ? slot(at(operand)) : constant_of(seen(operand)); }

bool Recorder::is_pointer(Reference r) const {
  const Instruction& in = ir_.at(r);
  if (in.type == Type::I || in.type == Type::F || in.op == Op::kBoxFloat || in.op == Op::kVirtual) return false;
  return !ir_.is_constant(r);
}
// `iterator`: its shape, if the register has the only reference to one and that has been checked.
void Recorder::clear(int32_t at, int32_t iterator) {
  leave_owner(at);
  const Slot s = state(at);
  std::erase_if(positions_, [at](const Position& p) { return exit_slot(p.tag) == at; });
  bool filled = s.filled;
  if (!s.lazy && s.pointer) {
    if (s.borrowed)
      emit(Op::kStoreFrame, empty_, kNoReference, at);
    else
      emit(Op::kClearFrame, kNoReference, kNoReference, at, iterator);
    filled = false;
  }
  state(at) = {kNoReference, kNoReference, false, false, false, filled};
}
// A temporary that gets a value while it has none the trace knows of is dead: dead temporaries hold no pointers.
bool Recorder::is_dead(int32_t at) {
  const Slot& s = state(at);
  return s.value == kNoReference && !s.lazy && at >= here().window + static_cast<int32_t>(here().code->local_end);
}
void Recorder::set_lazy(int32_t at, Reference r) {
  if (builder_.is_virtual(r)) fresh_ = r;
  if (!is_dead(at)) clear(at);
  r = builder_.resolve(r);
  fresh_ = kNoReference;
  if (r == loose_) {
    loose_ = kNoReference;
    return set_owned(at, r);
  }
  state(at) = {r, kNoReference, true, false, false, state(at).filled};
}
void Recorder::set_owned(int32_t at, Reference r, Reference value) {
  bool swap = !state(at).lazy && state(at).pointer && !is_dead(at);
  if (swap) leave_owner(at);
  swap = swap && !state(at).borrowed;
  emit(swap ? Op::kWriteFrame : Op::kStoreFrame, r, kNoReference, at);
  state(at) = {value == kNoReference ? r : value, r, false, true, true, true};
}
void Recorder::set_copy(int32_t at, Reference r) {
  if (!is_pointer(r)) return set_lazy(at, r);
  set_owned(at, emit(Op::kOwn, r), r);
}
void Recorder::drop(int operand, int result_operand) {
  if (operand < 0 || !(operand & 1) || (operand >> 1) == (result_operand >> 1)) return;
  int32_t where = at(operand);
  bool local = (operand >> 1) < static_cast<int>(here().code->local_end);
  if (local)
    set_lazy(where, empty_);
  else
    clear(where);
}
void Recorder::move(int32_t to, int32_t from) {
  if (to == from) return;
  snapshot();  // of the registers as they are
  Reference r = slot(from);
  Slot source = state(from);
  if (source.lazy || !source.pointer || !is_pointer(r)) {
    state(from) = {kNoReference, kNoReference, false, false, false, source.filled};
    clear(from);
    set_lazy(to, r);
    return;
  }
  emit(Op::kStoreFrame, empty_, kNoReference, from);
  state(from) = {kNoReference, kNoReference, false, false, false, false};
  set_owned(to, source.raw, r);
  state(to).owned = source.owned;
}
void Recorder::refine(Reference from, Reference to) {
  if (from == to) return;
  builder_.refined(from, to);
  for (size_t i = lowest_; i < slots_.size(); ++i) {
    Slot& s = slots_[i];
    if (s.value != from) continue;
    s.value = to;
    if (ir_.at(to).type == Type::I || ir_.at(to).type == Type::F) s.pointer = false;
  }
}

// Puts all the trace knows into memory, where the interpreter looks for it.
void Recorder::sync() {
  escapes_ = false;   // show_exceptions() follows
  make_all();
  escapes_ = true;
  flush([](int32_t, Reference) { return false; });
  push_calls();
  show_exceptions();
}
// Registers and positions but those that `stays` says.
void Recorder::flush(const std::function<bool(int32_t, Reference)>& stays) {
  struct Store {
    int32_t at;
    Reference word;
  };
  std::vector<Store> stores;
  for (size_t i = 0; i < slots_.size(); ++i) {
    Slot& s = slots_[i];
    if (!s.lazy || stays(static_cast<int32_t>(i) - kSlotBias, s.value)) continue;
    Reference word = s.value;
    if (ir_.at(word).type == Type::F)
      word = emit(Op::kBoxFloat, word);
    else
      word = emit(Op::kBorrow, word);
    stores.push_back({static_cast<int32_t>(i) - kSlotBias, word});
  }
  for (Position& p : positions_) {
    if (!stays(p.tag, p.value)) find_iterator(p);
  }
  for (const Store& store : stores) {
    emit(Op::kStoreFrame, store.word, kNoReference, store.at);
    Slot& s = state(store.at);
    bool pointer =
        ir_.is_constant(store.word) ? (ir_.at(store.word).imm & 3) == 0 && ir_.at(store.word).imm != 0 : is_pointer(store.word);
    s = {s.value, store.word, false, pointer, false, store.word != empty_, pointer};
  }
  for (Position& p : positions_) {
    if (!stays(p.tag, p.value)) store_position(p);
  }
  snapshot_ = -1;
}

// ---- from instruction to instruction -----------------------------------------------------------------------------------

// The recording cannot go on, or would be too long: what it has is worth a trace, which leaves in front of this instruction. Only
// before anything was emitted for it.
bool Recorder::leave_here(int64_t how) {
  bool begun = exit_ || (head_ && !back_edge_) || how == kRecordedLater;
  if (!begun || count_ < kWorthATrace || builder_.failed() || reason_ != Abort::kCount) return false;
  emit(Op::kLeave, kNoReference, kNoReference, how);
  ir_.leaves = true;
  return true;
}

// The interpreter runs this instruction; what it changes is read again.
bool Recorder::interpret(uint64_t word, CallRecord* record) {
  const InstructionInfo& info = kInstructionInfo[static_cast<int>(opcode_)];
  bool leaves = opcode_ == Opcode::kRETURN || opcode_ == Opcode::kYIELD || opcode_ == Opcode::kRETURN_GENERATOR;
  bool ends = leaves && (record->flags & (kRecordEntry | kRecordGenerator));
  if (ends && leave_here(kNeverRecorded)) return true;
  if (leaves && (record->flags & kRecordEntry)) return abort(opcode_ == Opcode::kRETURN ? Abort::kleft_loop : Abort::kyields);
  if (ends) return abort(Abort::kyields);
  if (++interpreted_count_ > 200) return leave_here(kRecordedLater) || abort(Abort::kgeneric);
  sync();
  auto made = std::make_unique<Interpreted>();
  made->pc = pc_;
  made->multithreaded = ir_.multithreaded;
  made->clobbered_from = INT32_MAX;
  const OperandKind kinds[] = {info.a, info.b, info.c};
  const int operands[] = {PT_A, PT_B, PT_C};
  for (int i = 0; i < 3; ++i) {
    if (kinds[i] == OperandKind::B) {
      made->clobbered_from = std::min(made->clobbered_from, at(operands[i]));
    } else if (kinds[i] == OperandKind::W || (kinds[i] == OperandKind::R && operands[i] >= 0 && (operands[i] & 1))) {
      made->written.push_back(at(operands[i]));
    }
  }
  if (leaves) {
    made->clobbered_from = std::min(made->clobbered_from, window_ - 2);
    // The caller's register with the result.
    if (record > thread_->record_base) {
      if (record->flags & kRecordOperator)
        note_method_operands(record - 1, made.get());
      else
        made->written.push_back(static_cast<int32_t>((record - 1)->registers - base_frame_) + (record->result_register >> 1));
    }
  }
  made->other = nullptr;
  ir_.snapshots.push_back({pc_, {}, {}, {}, false, true});
  ir_.interpreted.push_back(std::move(made));
  interpreted_ = ir_.interpreted.back().get();
  interpreted_record_ = record;
  builder_.emit(Op::kInterpret, kNoReference, kNoReference, static_cast<int64_t>(ir_.interpreted.size()) - 1,
                static_cast<int32_t>(ir_.snapshots.size()) - 1);
  // A conditional jump has two ways to go on; a side trace may follow the other one.
  if (opcode_ == Opcode::kFOR_ITER || (info.text[0] == '_' && info.text[1] == 'J' && opcode_ != Opcode::kSEND) ||
      (info.b == OperandKind::J && opcode_ != Opcode::kJUMP)) {
    ir_.snapshots.push_back({pc_, {}, {}, {}, false, false});
    ir_.code.back().frames = static_cast<int32_t>(ir_.snapshots.size()) - 1;
  }
  barrier_ = true;
  expected_ = nullptr;
  return true;
}

// Where the interpreted instruction went on.
void Recorder::note_interpreted(Value* frame, const uint64_t* pc) {
  Interpreted& what = *interpreted_;
  interpreted_ = nullptr;
  CallRecord* record = thread_->record;
  what.next = pc;
  what.window = static_cast<int32_t>(frame - base_frame_);
  what.depth = static_cast<int32_t>(record - interpreted_record_);
  const InstructionInfo& info = kInstructionInfo[static_cast<int>(opcode_of(load_word(what.pc)))];
  bool jumps = info.b == OperandKind::J || info.text[0] == '_';
  // An exception, whose handler may lie right behind.
  const CodeException* handler = what.depth == 0 ? find_handler(record->code, what.pc) : nullptr;
  bool raised = what.depth == 0 && pc != what.pc + 1 + info.extra_words && !jumps;
  if (raised || (handler && pc == record->code->words + handler->target)) what.clobbered_from = INT32_MIN;
  Opcode left = opcode_of(load_word(what.pc));
  if (what.depth < 0 && left == Opcode::kYIELD) return void(abort(Abort::kexception));
  if (what.depth < 0 && left != Opcode::kRETURN && left != Opcode::kRETURN_GENERATOR) what.clobbered_from = INT32_MIN;
  if (what.depth == 0 && jumps) {
    const uint64_t* ahead = what.pc + 1 + info.extra_words;
    const uint64_t* target = ahead + (info.text[0] == '_' ? jump_extra(what.pc) : operand_wide(load_word(what.pc)));
    what.other = pc == ahead ? target : pc == target ? ahead : nullptr;
    for (size_t i = ir_.code.size(); i-- > 0;) {
      if (ir_.code[i].op != Op::kInterpret) continue;
      if (ir_.code[i].frames >= 0) ir_.snapshots[static_cast<size_t>(ir_.code[i].frames)].pc = what.other;
      if (!what.other) ir_.code[i].frames = -1;
      break;
    }
  }
  if (what.depth > 0) {
    // A call was entered: its registers are new.
    what.clobbered_from = std::min(what.clobbered_from, what.window - 3);
  }
  for (size_t i = 0; i < slots_.size(); ++i) {
    int32_t where = static_cast<int32_t>(i) - kSlotBias;
    if (what.writes(where)) slots_[i] = Slot{};
  }
  // Iterators may have been moved on by whatever ran.
  positions_.clear();
  nothing_handled_ = false;
  handled_.clear();
  if (what.depth == 0 && left == Opcode::kRETURN) {
    // __init__ follows __new__.
    if (calls_.empty())
      base_ = call_of(base_record_);
    else
      calls_.back() = call_of(record, calls_.back().caller_pc);
  } else if (what.depth == 1) {
    calls_.push_back(call_of(record, what.pc));
  } else if (what.depth < 0) {
    for (int32_t d = what.depth; d < 0; ++d) {
      if (!calls_.empty()) {
        calls_.pop_back();
      } else {
        --base_record_;
        base_ = call_of(base_record_);
      }
    }
  }
  window_ = what.window;
  if (what.depth > 1 || calls_.size() > 30) abort(Abort::kdepth);
}

namespace {
bool contains_yield(const uint64_t* begin, const uint64_t* end) {
  for (const uint64_t* at = begin; at < end; at += instruction_words(opcode_of(load_word(at)))) {
    if (opcode_of(load_word(at)) == Opcode::kYIELD) return true;
  }
  return false;
}
}  // namespace

Step Recorder::back_edge_step(uint64_t word) {
  // A loop may have several back-edges.
  bool same_loop = back_edge_ && pc_ + 1 + operand_wide(word) == back_edge_ + 1 + operand_wide(load_word(back_edge_));
  if (same_loop && calls_.empty() && thread_->record == base_record_ && window_ == 0) {
    // Whatever could look at the registers during a round finds those of the round before in memory.
    if (barrier_ || handling() || !caught_.empty()) sync();
    return Step::kClosed;
  }
  auto loop = static_cast<uint32_t>(static_cast<uint16_t>(PT_A));
  // A loop that yields goes on in this trace, with the loop that draws from it.
  bool yields = here().generator >= 0 && contains_yield(pc_ + 1 + operand_wide(word), pc_);
  CompiledTrace* trace = yields ? nullptr : find_trace(here().code, loop);
  if (trace && trace->globals == here().globals && trace->multithreaded == ir_.multithreaded) {
    return go_to_loop(trace);
  }
  if (++back_edges_ > kMaxBackEdges) {
    reason_ = Abort::kunrolled;
    return Step::kAborted;
  }
  go(1 + operand_wide(word));
  return Step::kGoOn;
}

Step Recorder::step(Value* frame, const uint64_t* pc, Value* constants, uint64_t word) {
  opcode_ = opcode_of(word);
  if (interpreted_) note_interpreted(frame, pc);
  if (reason_ != Abort::kCount) return Step::kAborted;
  if (makes_generator_) {
    // The first instruction of the function that was called, which is recorded as that call's doing.
    makes_generator_ = false;
    if (opcode_ == Opcode::kRETURN_GENERATOR) return Step::kGoOn;
  }
  if (taken_along_) {
    bool taken = pc == taken_along_;
    taken_along_ = nullptr;
    // It was recorded with the one before, which cannot be taken back alone.
    checkpoint_ = nullptr;
    if (taken) return Step::kGoOn;
  }
  if ((expected_ ? pc != expected_ : !found_.leads_to(pc)) || frame != base_frame_ + window_) {
    if (!interpret_raising(pc)) return Step::kAborted;
    opcode_ = opcode_of(word);
    note_interpreted(frame, pc);
    if (reason_ != Abort::kCount) return Step::kAborted;
  }
  if (multithreaded() != ir_.multithreaded) {
    reason_ = Abort::kthreads;
    return Step::kAborted;
  }
  // A round that leaves its loop is not what the loop does.
  if (back_edge_ && calls_.empty() && window_ == 0 && thread_->record == base_record_ && (pc < loop_begin_ || pc > loop_end_)) {
    reason_ = Abort::kleft_loop;
    return Step::kAborted;
  }
  frame_ = frame;
  pc_ = pc;
  constants_ = constants;
  snapshot_ = -1;
  checkpoint_ = nullptr;
  if (next_.item != kNoReference) finish_next();
  if (found_.result != kNoReference) finish_contains();
  if (!caught_.empty()) forget_caught();
  if (reason_ != Abort::kCount) return Step::kAborted;
  if (!after_.empty()) {
    Reference last = ir_.size() - 1;
    while (ir_.is_constant(last)) --last;
    if (after_.size() == 1 && after_[0] == last) {
      ir_.code[static_cast<size_t>(last)].snapshot = snapshot();
    } else {
      // More came behind the first of them: the check comes behind all.
      emit(Op::kGuardUndisturbed);
    }
    after_.clear();
  }
  if (opcode_ == Opcode::kJUMP_BACK) return back_edge_step(word);
  if (opcode_ == Opcode::kRESUME && links_to_entry()) return Step::kClosed;
  if (++count_ > kMaxInstructions) {
    if (leave_here(kRecordedLater)) return Step::kClosed;
    reason_ = Abort::ktoo_long;
    return Step::kAborted;
  }
  if (may_raise_here()) {
    // Afterwards the registers of iterators may be empty.
    for (Position& p : positions_) find_iterator(p);
    checkpoint_ = std::make_unique<Checkpoint>(checkpoint(thread_->record));
  }
  if (handling() && may_look(word)) sync();
  bool done = pc != generic_pc_ && !shows_exception(word) && record(word);
  if (!done && reason_ == Abort::kCount) done = interpret(word, thread_->record);
  if (!done || reason_ != Abort::kCount) return Step::kAborted;
  if ((ir_.returns_call || ir_.leaves) && !builder_.failed()) return Step::kClosed;
  if (builder_.failed()) {
    reason_ = Abort::kconflict;
    return Step::kAborted;
  }
  // The instruction runs next, and sees it.
  if (enters_generator_) tls_enter_generator = true;
  enters_generator_ = false;
  return Step::kGoOn;
}

}  // namespace pt::jit
