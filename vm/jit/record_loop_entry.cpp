// A trace comes to a loop that has one of its own. What it knows then need not go through memory: it repeats the round which that
// trace runs in front of its loop, with its own values, and jumps into the loop. Where what it knows contradicts that round (the
// loop now runs over a tuple, or adds up floats), it looks for another trace of the loop, or leaves, and one is made.
#include <bit>

#include "vm/jit/recorder.h"

namespace pt::jit {

namespace {

constexpr size_t kMaxRound = 200, kMaxTrace = 700;  // instructions

// Operations that belong to the trace they were recorded for.
bool is_repeatable(Op op) {
  switch (op) {
    case Op::kInterpret:
    case Op::kVirtual:
    case Op::kSetItemHeld:
    case Op::kGuardGenerator:
    case Op::kLoadGenerator:
    case Op::kGeneratorGlobals:
    case Op::kLoadRegister:
    case Op::kStoreRegister:
    case Op::kWriteRegister:
    case Op::kClearRegister:
    case Op::kPromoteRegister:
    case Op::kStoreResume:
    case Op::kNewGenerator:
    case Op::kPushGenerator:
    case Op::kSuspendGenerator:
    case Op::kFinishGenerator:
    case Op::kGuardNothingHandled:
    case Op::kShowExceptions:
    case Op::kTakePending:
    case Op::kPromote:
    case Op::kGuardRoom:
    case Op::kPushFrame:
    case Op::kSetFunction:
    case Op::kGuardFrame:
    case Op::kPopFrame:
    case Op::kGuardReturn:
    case Op::kGuardPushed:
    case Op::kFinishReturn:
    case Op::kReturnInt:
    case Op::kReturnFloat:
    case Op::kReturnWord: return false;
    default: return true;
  }
}

}  // namespace

std::unique_ptr<LoopEntry> loop_entry_of(const Ir& ir, const Recorded& recorded, const Snapshot& end) {
  if (recorded.code.size() > kMaxRound || ir.knows || !ir.inherited.empty()) return nullptr;
  for (const Instruction& in : recorded.code) {
    if (!is_repeatable(in.op)) return nullptr;
  }
  auto plain = [](const Snapshot& s) { return s.objects.empty() && s.caught.empty() && s.left.empty() && s.handled.empty(); };
  if (!plain(end)) return nullptr;
  for (const Snapshot& s : recorded.snapshots) {
    if (!plain(s) || s.dynamic) return nullptr;
  }
  auto entry = std::make_unique<LoopEntry>();
  // As recorded: registers may have values in memory that the loop borrows.
  entry->round = recorded.code;
  for (size_t i = 0; i < recorded.code.size(); ++i) {
    Instruction& in = entry->round[i];
    if (ir.code[i].op == Op::kHold && in.op != Op::kHold) make_hold(in, held_word(ir.code[i]), held_shape(ir.code[i]));
  }
  entry->snapshots = recorded.snapshots;
  entry->end = end.slots;
  entry->globals = ir.globals;
  return entry;
}

std::vector<EntryType> begin_of(const Ir& recorded) {
  std::vector<EntryType> out;
  for (const Instruction& in : recorded.code) {
    if (describe(in.op).flags & (kBarrier | kClobber)) break;
    if (in.a < 0 || recorded.at(in.a).op != Op::kLoadFrame) continue;
    auto slot = static_cast<int32_t>(recorded.at(in.a).imm);
    if (in.op == Op::kGuardInt) out.push_back({slot, Type::I, 0});
    if (in.op == Op::kGuardFloat) out.push_back({slot, Type::F, 0});
    if (in.op == Op::kGuardShape) out.push_back({slot, Type::O, static_cast<uint32_t>(in.imm)});
  }
  return out;
}

// The loop writes the register, or keeps it in the trace, before it may leave behind its first round.
bool LoopEntry::takes_over(int32_t slot) const {
  for (const SlotValue& s : end) {
    if (s.slot == slot) return true;
  }
  if (slot >= kIteratorPosition) return false;
  for (const Instruction& in : round) {
    if (writes_register(in.op) && in.imm == slot) return true;
  }
  return false;
}

// What the trace knows of the registers is not what the loop's round begins with.
bool Recorder::contradicts(const CompiledTrace& loop) {
  for (const EntryType& wanted : loop.begins_with) {
    Reference r = builder_.resolve(state(window_ + wanted.slot).value);
    if (r == kNoReference) continue;
    const Instruction& in = ir_.at(r);
    bool number = in.type == Type::I || in.type == Type::F;
    if (number && in.type != wanted.type) return true;
    if (in.type == Type::O && wanted.type != Type::O) return true;
    if (in.type != Type::O || wanted.type != Type::O) continue;
    uint32_t shape = builder_.is_virtual(r) ? builder_.state_of(r).shape : builder_.known_shape(r);
    if (shape && shape != wanted.shape) return true;
  }
  return false;
}

// The trace has come to a loop with traces of its own.
Step Recorder::go_to_loop(CompiledTrace* first) {
  auto link = [&](const CompiledTrace* loop) {
    sync();
    ir_.link = loop;
    ir_.link_window = window_;
    return Step::kClosed;
  };
  // From such an exit: there was none that suits, so far.
  bool begins_here = exit_ && exit_->wants_loop && count_ == 0;
  uint32_t tried = begins_here ? exit_->tried.load(std::memory_order_relaxed) : 0;
  // Pairs with the release where it was made.
  const CompiledTrace* own = begins_here ? exit_->loop.load(std::memory_order_acquire) : nullptr;
  uint32_t number = 0;
  for (CompiledTrace* loop = first; loop; loop = loop->other.load(std::memory_order_acquire)) {
    if (number++ < tried && loop != own) continue;
    if (loop != own && contradicts(*loop)) continue;
    Entered entered = enter_loop(loop);
    if (entered == Entered::kYes) return Step::kClosed;
    if (entered == Entered::kNo || loop == own) return link(loop);
  }
  if (own) return link(own);
  if (begins_here && number > tried && number < kLoopTraces) {
    exit_->tried.store(number, std::memory_order_relaxed);
    reason_ = Abort::kcontradicted;
    return Step::kAborted;
  }
  if (begins_here || number >= kLoopTraces) return link(first);
  emit(Op::kLeave, kNoReference, kNoReference, number);
  ir_.leaves = true;
  return Step::kClosed;
}

// Unless it is done, nothing has happened but that virtual objects were made and some registers put into memory.
Recorder::Entered Recorder::enter_loop(CompiledTrace* loop) {
  const LoopEntry* entry = loop->loop_entry.get();
  bool plain = window_ == 0 && calls_.empty() && thread_->record == base_record_ && here().generator < 0 && !ir_.knows &&
               !handling() && caught_.empty() && left_.empty() && after_.empty() && held_.empty();
  if (!entry || entry->live.empty() || !plain || ir_.code.size() > kMaxTrace) return Entered::kNo;
  make_all();
  // Numbers that the loop's first round replaces stay where they are; all else goes into memory.
  flush([&](int32_t slot, Reference value) {
    Type type = value == kNoReference ? Type::I : ir_.at(value).type;
    return (type == Type::I || type == Type::F) && entry->takes_over(slot);
  });
  Builder::Mark mark = builder_.mark();
  size_t snapshots = ir_.snapshots.size();
  if (repeat_round(*entry, *loop) && !builder_.failed()) {
    ir_.link = loop;
    return Entered::kYes;
  }
  Entered outcome = builder_.failed() ? Entered::kContradicted : Entered::kNo;
  builder_.drop_since(mark);
  ir_.snapshots.resize(snapshots);
  ir_.link_values.clear();
  snapshot_ = -1;
  return outcome;
}

// The exit of a repeated round becomes that of the round which it repeats, whose side trace serves all who repeat it: what the
// trace has beyond that one goes into memory. Without it, each trace that comes back to a loop with several kinds of rounds would
// get side traces of its own for each of them, and these again.
bool Recorder::continue_as(const Exit& same) {
  if (ir_.knows || same.trace->knows || !exit_->objects.empty() || handling() || !caught_.empty() || !left_.empty()) return false;
  auto value_in = [&](int32_t place) -> const ExitValue* {
    for (const ExitValue& v : same.values) {
      if (v.slot == place) return &v;
    }
    return nullptr;
  };
  flush([&](int32_t place, Reference) { return value_in(place) != nullptr; });
  const std::vector<SlotValue> lazy = lazy_slots();
  for (const ExitValue& v : same.values) {
    if (v.taken) {
      // Borrowed there, and in its register here.
      Reference word = slot(v.slot);
      if (ir_.at(word).type == Type::F || builder_.is_virtual(word)) return false;
      ir_.link_values.push_back({word, v.from});
      continue;
    }
    const SlotValue* mine = nullptr;
    for (const SlotValue& s : lazy) {
      if (s.slot == v.slot) mine = &s;
    }
    if (!mine || v.owned || v.object >= 0) return false;
    const Instruction& in = ir_.at(mine->value);
    if (v.from.place == Place::kConstant) {
      if (!ir_.is_constant(mine->value) || in.type != v.type || static_cast<uint64_t>(in.imm) != v.constant) return false;
      continue;
    }
    bool word = v.type == Type::W && (in.type == Type::I || in.type == Type::O);
    if (in.type != v.type && !word) return false;
    ir_.link_values.push_back({mine->value, v.from});
  }
  ir_.link_exit = &same;
  return !builder_.failed() && reason_ == Abort::kCount;
}

bool Recorder::repeat_round(const LoopEntry& entry, const CompiledTrace& loop) {
  const std::vector<SlotValue> before = lazy_slots();
  std::vector<Reference> now(entry.round.size(), kNoReference);
  // A snapshot may lie before the constants in it.
  auto later = [&](Reference r) {
    if (r < 0) return r;
    Reference& value = now[static_cast<size_t>(r)];
    const Instruction& in = entry.round[static_cast<size_t>(r)];
    if (value == kNoReference && in.op == Op::kConstant) value = builder_.constant(static_cast<uint64_t>(in.imm), in.type);
    if (value == kNoReference && in.op == Op::kConstantFloat) value = builder_.float_constant(std::bit_cast<double>(in.imm));
    return value;
  };
  StoredRegisters stored;
  auto repeat_snapshot = [&](int32_t number) {
    const Snapshot& old = entry.snapshots[static_cast<size_t>(number)];
    Snapshot fresh{old.pc, {}, old.frames, {}, old.raises, false};
    for (const SlotValue& s : before) {
      bool overridden = stored.covers(s.slot);
      for (const SlotValue& o : old.slots) overridden |= o.slot == s.slot;
      if (!overridden) fresh.slots.push_back(s);
    }
    for (const SlotValue& o : old.slots) fresh.slots.push_back({o.slot, later(o.value), o.owned});
    const Exit& same = loop.exits[static_cast<size_t>(number)];
    if (same.target) fresh.same_as = &same;
    ir_.snapshots.push_back(std::move(fresh));
    return static_cast<int32_t>(ir_.snapshots.size()) - 1;
  };
  for (size_t i = 0; i < entry.round.size(); ++i) {
    const Instruction& in = entry.round[i];
    int64_t imm = in.imm;
    Op op = in.op;
    Reference a = later(in.a);
    switch (op) {
      case Op::kConstant:
      case Op::kConstantFloat: (void)later(static_cast<Reference>(i)); continue;
      case Op::kLoadFrame:
      case Op::kLoadFrameInt: now[i] = slot(static_cast<int32_t>(imm)); continue;
      case Op::kLoadPosition: {
        const Position* known = nullptr;
        for (const Position& p : positions_) {
          if (in.tag && p.tag == in.tag) known = &p;
        }
        if (!known) break;
        now[i] = known->value;
        continue;
      }
      case Op::kStoreFrame:
      case Op::kWriteFrame:
      case Op::kClearFrame: {
        auto at = static_cast<int32_t>(imm);
        // What the trace keeps has no pointer in memory.
        bool lazy = false;
        for (const SlotValue& s : before) lazy |= s.slot == at;
        if (lazy && !stored.covers(at) && op != Op::kStoreFrame) {
          if (op == Op::kClearFrame) a = empty_;
          op = Op::kStoreFrame;
        }
        stored.registers.push_back(at);
        break;
      }
      case Op::kGlobalAddress:
      case Op::kGuardTable: imm = reference(entry.globals[static_cast<size_t>(imm)]); break;
      case Op::kCallNative:
      case Op::kCallAny:
      case Op::kDictGet:
      case Op::kBuildMap:
        ir_.native_calls.push_back(std::make_unique<NativeCall>(*loop.native_calls[static_cast<size_t>(imm)]));
        imm = static_cast<int64_t>(ir_.native_calls.size()) - 1;
        break;
      case Op::kNewObject:
        ir_.layouts.push_back(std::make_unique<Layout>(*loop.layouts[static_cast<size_t>(imm)]));
        imm = static_cast<int64_t>(ir_.layouts.size()) - 1;
        break;
      default: break;
    }
    Reference made = builder_.emit(op, a, later(in.b), imm, in.snapshot >= 0 ? repeat_snapshot(in.snapshot) : -1);
    if (builder_.failed() || (in.type != Type::N && made == kNoReference)) return false;
    if (builder_.is_last(made, op)) {
      ir_.code.back().frames = in.frames >= 0 ? repeat_snapshot(in.frames) : -1;
      ir_.code.back().tag = in.tag;
    }
    if (in.type != Type::N) now[i] = made;
  }
  for (const LoopEntry::Live& live : entry.live) {
    Reference value = later(live.value);
    if (value < 0) return false;
    const Instruction& in = ir_.at(value);
    bool word = live.type == Type::W && (in.type == Type::I || in.type == Type::O);
    if (in.type != live.type && !word) return false;
    ir_.link_values.push_back({value, live.place});
  }
  return true;
}

}  // namespace pt::jit
