#include "vm/jit/emit.h"

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <optional>

#include "gc/heap/block.h"
#include "vm/object/shape.h"
#include "vm/object/thread.h"

namespace pt::jit {
namespace {

struct HoleValue {
  uint64_t value = 0;
  bool pool = false;  // `value` is an index into the constant pool: its address is meant
};
struct Operand {
  int place = 0;  // register, kOperandSlot, kOperandPool or kOperandImmediate
  HoleValue hole;
};
struct Patch {
  uint32_t at;            // where the stencil was put
  const Stencil* stencil;
  HoleValue hole0, hole1;
  int32_t exit;           // snapshot; -1: none
  int32_t cold = -1;      // the slow path that the exit leads to instead
};
// The slow path of an operation, behind the trace.
struct SlowPath {
  Reference at;
  size_t back;            // where the trace goes on
  int result;             // register, or -1; Hold: the object's
  std::vector<Location> live;
  int64_t start = -1;
};

class Emitter {
 public:
  Emitter(Ir& ir, const Allocation& allocation, std::string* places) : ir_(ir), allocation_(allocation), places_(places) {}
  const char* run(CompiledTrace* out);

 private:
  Location place(Reference r) const { return allocation_.locations[static_cast<size_t>(r)]; }
  uint64_t pool(uint64_t word) {
    for (size_t i = 0; i < pool_.size(); ++i) {
      if (pool_[i] == word) return i;
    }
    pool_.push_back(word);
    return pool_.size() - 1;
  }
  static HoleValue word_of(const Instruction& hold) { return {static_cast<uint64_t>(held_word(hold)) * sizeof(uint64_t), false}; }
  bool holds_reserved(Reference hold) const;
  bool is_shape_load(Reference load) const;
  void shape_load(Reference load);
  bool holds_itself(Reference guard) const;
  bool relies_on_holds(Reference i) const;
  static uint64_t slot_offset(int32_t slot) { return offsetof(State, spill) + static_cast<uint64_t>(slot) * 8; }
  void stencil(StencilOp op, int a, int b, HoleValue hole0 = {}, HoleValue hole1 = {}, int32_t exit = -1);
  Operand operand(Reference r);
  Operand operand_of(Location l);
  Operand operand_of_word(uint64_t word);
  uint64_t constant_object(Reference r) const;
  bool is_untagged(Reference r) const;
  bool is_loaded_for(Reference load, Op use) const;
  bool is_float_load(Reference load) const { return is_loaded_for(load, Op::kGuardFloat); }
  bool is_identity_load(Reference load) const;
  std::optional<int64_t> added_constant(const Instruction& in) const;
  void instruction(Reference i);
  void list(Reference i);
  void move_to(bool is_float, int target, Operand from);
  int in_register(bool is_float, Operand from);
  void store(bool is_float, int32_t slot, int from) {
    stencil(is_float ? StencilOp::kStoreFloat : StencilOp::kStoreWord, from, 0, {slot_offset(slot), false});
  }
  struct Move {
    bool is_float;
    Location to;
    Operand from;
    Location from_location;  // kConstant: none
  };
  void move_at_once(std::vector<Move> moves);
  void close_loop();
  void enter_loop();
  std::vector<Location> live_at(Reference i) const;
  void save(const std::vector<Location>& live, int from = kKeptRegisters);
  void restore(const std::vector<Location>& live);
  void slow_path(SlowPath& path, CompiledTrace* out);
  void jump(int64_t to);
  void align_loop();
  uint64_t return_place(ReturnKind kind) const {
    return offsetof(PushedCall, go_on) + (ir_.multithreaded * kReturnKinds + uint64_t{kind}) * 8;
  }
  void continuations(CompiledTrace* out);
  void leave_as(const Exit& exit);
  uint64_t fresh_pool(uint64_t word) {
    pool_.push_back(word);
    return pool_.size() - 1;
  }

  Ir& ir_;
  const Allocation& allocation_;
  std::string* places_;
  std::vector<uint8_t> code_;
  std::vector<Patch> patches_;
  std::vector<uint64_t> pool_;
  std::vector<size_t> global_at_;
  std::vector<std::pair<ColdInfo*, size_t>> global_infos_;   // and the pool word that they may change
  std::vector<SlowPath> slow_paths_;
  std::vector<std::pair<std::atomic<uint64_t>*, size_t>> continuation_words_;
  int32_t cold_ = -1;  // slow path of the instruction being emitted
  int32_t cycles_ = 0;
  size_t leave_at_ = 0;   // where the exits lead
  const char* error_ = nullptr;
};

void Emitter::stencil(StencilOp op, int a, int b, HoleValue hole0, HoleValue hole1, int32_t exit) {
  uint16_t number = g_stencil_index[static_cast<int>(op)][a][b];
  if (number == 0xFFFF) {
    error_ = "no such stencil";
    return;
  }
  const Stencil& s = g_stencils[number];
  patches_.push_back({static_cast<uint32_t>(code_.size()), &s, hole0, hole1, exit, cold_});
  code_.insert(code_.end(), g_stencil_bytes + s.bytes, g_stencil_bytes + s.bytes + s.size);
}

Operand Emitter::operand_of(Location l) {
  if (l.place == Place::kSlot) return {kOperandSlot, {slot_offset(l.index), false}};
  return {l.index, {}};
}
Operand Emitter::operand(Reference r) {
  const Instruction& in = ir_.at(r);
  if (in.op == Op::kConstantFloat) return {kOperandPool, {pool(static_cast<uint64_t>(in.imm)), true}};
  if (in.op == Op::kConstant) return operand_of_word(static_cast<uint64_t>(in.imm));
  return operand_of(place(r));
}
Operand Emitter::operand_of_word(uint64_t word) {
  if (word != 0 && word < (uint64_t{1} << 31)) return {kOperandImmediate, {word, false}};
  return {kOperandPool, {pool(word), true}};
}
// No register's word, which may have the borrowed bit.
bool Emitter::is_untagged(Reference r) const {
  const Instruction& in = ir_.at(r);
  return in.type == Type::O || in.type == Type::I || in.op == Op::kLoadField || in.op == Op::kLoadItem ||
         in.op == Op::kLoadBorrowed;
}
// A field that is loaded for the next instruction, to be unboxed or compared, and for nothing else: one stencil does both.
bool Emitter::is_loaded_for(Reference load, Op guard_op) const {
  Reference guard = load + 1;
  if (load < 0 || guard >= ir_.size() || guard == ir_.loop_start) return false;
  const Instruction &in = ir_.at(load), &use = ir_.at(guard);
  if (in.op != Op::kLoadField || use.op != guard_op || use.a != load ||
      allocation_.last_use[static_cast<size_t>(load)] != guard) {
    return false;
  }
  bool seen = false;  // by the exit
  ir_.snapshots[static_cast<size_t>(use.snapshot)].each_value([&](Reference r) { seen |= r == load; });
  return !seen && ir_.snapshots[static_cast<size_t>(use.snapshot)].pc == ir_.snapshots[static_cast<size_t>(in.snapshot)].pc;
}
// With an object in a register, whose word has no borrowed bit either.
bool Emitter::is_identity_load(Reference load) const {
  return is_loaded_for(load, Op::kGuardIs) && ir_.at(ir_.at(load + 1).b).type == Type::O && place(load).place == Place::kRegister;
}
// Hold of an object whose shape fits the stencil's hole.
bool Emitter::holds_reserved(Reference hold) const {
  const Instruction& in = ir_.at(hold);
  return in.op == Op::kHold && held_shape(in) < 1 << 23;
}
// A guard of the shape, and the Hold behind it: one stencil does both.
bool Emitter::holds_itself(Reference guard) const {
  Reference hold = guard + 1;
  if (guard < 0 || hold >= ir_.size() || hold == ir_.loop_start) return false;
  const Instruction &in = ir_.at(guard), &next = ir_.at(hold);
  return in.op == Op::kGuardShape && next.a == guard && holds_reserved(hold) && held_shape(next) == static_cast<uint32_t>(in.imm);
}
// A load of what may be borrowed, the guard of its shape, and perhaps the Hold behind that: one stencil where the object is the
// thread's own.
bool Emitter::is_shape_load(Reference load) const {
  Reference guard = load + 1;
  if (load < 0 || guard >= ir_.size() || guard == ir_.loop_start) return false;
  const Instruction &in = ir_.at(load), &use = ir_.at(guard);
  return in.op == Op::kLoadBorrowed && use.op == Op::kGuardShape && use.a == load && place(load).place == Place::kRegister &&
         place(guard).place == Place::kRegister;
}
void Emitter::shape_load(Reference load) {
  const Instruction &in = ir_.at(load), &guard = ir_.at(load + 1);
  const int word = place(load).index, object = place(load + 1).index;
  const bool holds = holds_itself(load + 1);
  const auto shape = static_cast<uint64_t>(guard.imm);
  move_to(false, word, operand(in.a));
  cold_ = static_cast<int32_t>(slow_paths_.size());
  slow_paths_.push_back({load, 0, object, {}});
  stencil(holds ? StencilOp::kLoadShapeHold : StencilOp::kLoadShape, word, 0, {static_cast<uint64_t>(in.imm), false},
          {holds ? shape << 8 : shape, false});
  move_to(false, object, {word, {}});
  slow_paths_[static_cast<size_t>(cold_)].back = code_.size();
  cold_ = -1;
}
// Something may be held there, and what follows may rely on that.
bool Emitter::relies_on_holds(Reference i) const {
  auto held = [&](Reference from, Reference to) {  // at `from`, by what is in front of it, down to `to`
    for (Reference k = from - 1; k >= to && !lets_go(ir_.at(k)); --k) {
      if (ir_.at(k).op == Op::kHold) return true;
    }
    return false;
  };
  return held(i, 0) || (ir_.loop_start >= 0 && i >= ir_.loop_start && held(ir_.size(), i));
}
// AddInt and SubInt of a constant: twice what is added, if it fits an instruction.
std::optional<int64_t> Emitter::added_constant(const Instruction& in) const {
  if ((in.op != Op::kAddInt && in.op != Op::kSubInt) || ir_.at(in.b).op != Op::kConstant) return {};
  int64_t twice = ir_.at(in.b).imm - 1;
  if (twice != static_cast<int32_t>(twice) || twice == INT32_MIN) return {};
  return in.op == Op::kAddInt ? twice : -twice;
}
// The object that a constant is; 0: it is none.
uint64_t Emitter::constant_object(Reference r) const {
  const Instruction& in = ir_.at(r);
  Value v = Value::from_bits(static_cast<uint64_t>(in.imm));
  return in.op == Op::kConstant && !v.empty() && v.is_object() ? v.untagged().bits() : 0;
}

void Emitter::move_to(bool is_float, int target, Operand from) {
  if (from.place == target) return;
  stencil(is_float ? StencilOp::kMoveFloat : StencilOp::kMoveWord, target, from.place, {}, from.hole);
}

// Its register, or the scratch one after a load.
int Emitter::in_register(bool is_float, Operand from) {
  if (from.place < kRegisterCount) return from.place;
  move_to(is_float, kScratch, from);
  return kScratch;
}

// Registers that hold something needed at or after instruction i, other than its result.
std::vector<Location> Emitter::live_at(Reference i) const {
  std::vector<Location> live;
  for (Reference v = 0; v < i; ++v) {
    Location l = place(v);
    if (l.place != Place::kRegister && l.place != Place::kFloatRegister) continue;
    if (allocation_.last_use[static_cast<size_t>(v)] < i) continue;
    bool seen = false;
    for (const Location& other : live) seen |= other == l;
    if (!seen) live.push_back(l);
  }
  return live;
}
void Emitter::save(const std::vector<Location>& live, int from) {
  for (const Location& l : live) {
    auto k = static_cast<uint64_t>(l.index);
    if (l.place == Place::kFloatRegister)
      stencil(StencilOp::kStoreFloat, l.index, 0, {offsetof(State, f) + k * 8, false});
    else if (l.index >= from)
      stencil(StencilOp::kStoreWord, l.index, 0, {offsetof(State, r) + k * 8, false});
  }
}
void Emitter::restore(const std::vector<Location>& live) {
  for (const Location& l : live) {
    auto k = static_cast<uint64_t>(l.index);
    if (l.place == Place::kFloatRegister)
      stencil(StencilOp::kMoveFloat, l.index, kOperandSlot, {}, {offsetof(State, f) + k * 8, false});
    else if (l.index >= kKeptRegisters)
      stencil(StencilOp::kMoveWord, l.index, kOperandSlot, {}, {offsetof(State, r) + k * 8, false});
  }
}
void Emitter::jump(int64_t to) {
  auto distance = static_cast<int32_t>(to - static_cast<int64_t>(code_.size() + 5));
  code_.push_back(0xE9);
  for (int k = 0; k < 4; ++k) code_.push_back(static_cast<uint8_t>(static_cast<uint32_t>(distance) >> (8 * k)));
}
// The loop begins a cache line: where it happens to lie makes a difference of a third for short ones.
void Emitter::align_loop() {
  static constexpr uint8_t kNops[8][8] = {{0x90},
                                          {0x66, 0x90},
                                          {0x0F, 0x1F, 0x00},
                                          {0x0F, 0x1F, 0x40, 0x00},
                                          {0x0F, 0x1F, 0x44, 0x00, 0x00},
                                          {0x66, 0x0F, 0x1F, 0x44, 0x00, 0x00},
                                          {0x0F, 0x1F, 0x80, 0x00, 0x00, 0x00, 0x00},
                                          {0x0F, 0x1F, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00}};
  for (size_t left = -code_.size() % 64; left;) {
    size_t bytes = left < 8 ? left : 8;
    code_.insert(code_.end(), kNops[bytes - 1], kNops[bytes - 1] + bytes);
    left -= bytes;
  }
}
void Emitter::slow_path(SlowPath& path, CompiledTrace* out) {
  const Instruction& in = ir_.at(path.at);
  path.start = static_cast<int64_t>(code_.size());
  Reference guard = path.at;
  if (in.op == Op::kLoadBorrowed) {
    const int word = place(path.at).index;
    stencil(StencilOp::kLoadBorrowed, word, 0, {static_cast<uint64_t>(in.imm), false}, {}, in.snapshot);
    move_to(false, path.result, {word, {}});
    guard = path.at + 1;
    if (!holds_itself(guard)) {
      stencil(StencilOp::kGuardShape, path.result, 0, {static_cast<uint64_t>(ir_.at(guard).imm), false}, {},
              ir_.at(guard).snapshot);
      jump(static_cast<int64_t>(path.back));
      return;
    }
  }
  if (Op op = ir_.at(guard).op; op == Op::kHold || op == Op::kGuardShape) {
    const Instruction& hold = ir_.at(op == Op::kHold ? guard : guard + 1);
    stencil(op == Op::kHold ? StencilOp::kTakeHold : StencilOp::kTakeShapeHold, path.result, 0, word_of(hold),
            {held_shape(hold), false}, ir_.at(guard).snapshot);
    jump(static_cast<int64_t>(path.back));
    return;
  }
  const Snapshot& frames = ir_.snapshots[static_cast<size_t>(in.frames)];
  out->cold_frames.push_back(frames.frames);
  int64_t imm = in.op == Op::kCallNative || in.op == Op::kDictGet || in.op == Op::kCallAny || in.op == Op::kBuildMap
                    ? reinterpret_cast<int64_t>(ir_.native_calls[static_cast<size_t>(in.imm)].get())
                : in.op == Op::kPushGenerator  ? reinterpret_cast<int64_t>(ir_.pushed[static_cast<size_t>(in.imm)].get())
                : in.op == Op::kNewObject      ? reinterpret_cast<int64_t>(ir_.layouts[static_cast<size_t>(in.imm)].get())
                : in.op == Op::kShowExceptions ? reinterpret_cast<int64_t>(&out->exits[static_cast<size_t>(in.frames)])
                                               : in.imm;
  out->cold.push_back({frames.pc, &out->cold_frames.back(), imm, static_cast<uint32_t>(in.tag), ir_.multithreaded});
  if (in.op == Op::kGlobalAddress || in.op == Op::kGuardTable)
    global_infos_.push_back({&out->cold.back(), global_at_[static_cast<size_t>(in.imm)]});
  save(path.live, in.op == Op::kShowExceptions ? 0 : kKeptRegisters);
  uint16_t flags = describe(in.op).flags;
  bool keeps = (flags & (kKeepsLocks | kLetsGo)) || ((flags & kKeepsOrLeaves) && relies_on_holds(path.at));
  StencilOp call = keeps ? StencilOp::kCallKeeping : StencilOp::kCallCold;
  stencil(call, 0, 0, {reinterpret_cast<uint64_t>(cold_helper(in.op)), false},
          {fresh_pool(reinterpret_cast<uint64_t>(&out->cold.back())), true});
  restore(path.live);
  if (describe(in.op).flags & kRaise) stencil(StencilOp::kGuardNotRaised, 0, 0, {}, {}, in.frames);
  if (in.snapshot >= 0) stencil(StencilOp::kGuardGoOn, 0, 0, {}, {}, in.snapshot);
  if (path.result >= 0) move_to(in.type == Type::F, path.result, {kOperandSlot, {offsetof(State, word), false}});
  jump(static_cast<int64_t>(path.back));
}

void Emitter::instruction(Reference i) {
  const Instruction& in = ir_.at(i);
  const OpDescription& d = describe(in.op);
  if (in.op == Op::kInterpret) {
    std::vector<Location> live = live_at(i);
    save(live);
    HoleValue function{reinterpret_cast<uint64_t>(&help_interpret), false};
    HoleValue what{pool(reinterpret_cast<uint64_t>(ir_.interpreted[static_cast<size_t>(in.imm)].get())), true};
    if (in.frames >= 0) {
      stencil(StencilOp::kCallCold, 0, 0, function, what);
      stencil(StencilOp::kGuardGoOn, 0, 0, {}, {}, in.snapshot);
      stencil(StencilOp::kGuardNotRaised, 0, 0, {}, {}, in.frames);
    } else {
      stencil(StencilOp::kCallHelper, 0, 0, function, what, in.snapshot);
    }
    restore(live);
    return;
  }
  if (in.op == Op::kStoreFrame && ir_.at(in.a).op == Op::kConstant && static_cast<uint64_t>(ir_.at(in.a).imm) >> 31 == 0) {
    stencil(StencilOp::kStoreFrameConstant, 0, 0, {static_cast<uint64_t>(in.imm * 8), false},
            {static_cast<uint64_t>(ir_.at(in.a).imm), false});
    return;
  }
  if (is_float_load(i)) return;
  if (is_float_load(i - 1)) {
    const Instruction& load = ir_.at(i - 1);
    int target = place(i).place == Place::kSlot ? kScratch : place(i).index;
    Operand object = operand(load.a);
    stencil(StencilOp::kLoadFloat, target, object.place, {static_cast<uint64_t>(load.imm), false}, object.hole, in.snapshot);
    if (place(i).place == Place::kSlot) store(true, place(i).index, target);
    return;
  }
  if (is_identity_load(i)) return;
  if (is_identity_load(i - 1)) {
    const Instruction& load = ir_.at(i - 1);
    Operand with = operand(in.b);
    stencil(StencilOp::kGuardFact, in_register(false, operand(load.a)), with.place, {static_cast<uint64_t>(load.imm), false},
            with.hole, in.snapshot);
    return;
  }
  if (std::optional<int64_t> twice = added_constant(in)) {
    int target = place(i).place == Place::kSlot ? kScratch : place(i).index;
    Operand a = operand(in.a);
    stencil(StencilOp::kAddIntConstant, target, a.place, {static_cast<uint64_t>(*twice), false}, a.hole, in.snapshot);
    if (place(i).place == Place::kSlot) store(false, place(i).index, target);
    return;
  }
  if (is_shape_load(i)) return;
  if (is_shape_load(i - 1)) return shape_load(i - 1);
  if (holds_itself(i - 1)) return;
  auto op = static_cast<StencilOp>(in.op);
  HoleValue hole0{static_cast<uint64_t>(in.imm), false}, hole1;
  switch (in.op) {
    case Op::kNewObject: {
      ObjectTemplate made;
      if (!object_template(*ir_.layouts[static_cast<size_t>(in.imm)], &made)) break;
      op = StencilOp::kAllocate;
      hole0 = {pool(made.header), true};
      hole1.value = offsetof(HeapLocal, current) + made.size_class * sizeof(Block*);
      break;
    }
    case Op::kLoadFrame:
    case Op::kLoadFrameInt:
    case Op::kStoreFrame:
    case Op::kWriteFrame:
    case Op::kClearFrame:
    case Op::kDropFrame:
      hole0.value = static_cast<uint64_t>(in.imm * 8);
      if (in.tag) op = in.tag == kShape_range_iterator ? StencilOp::kFreeRange : StencilOp::kFreeIterator;
      break;
    case Op::kGlobalAddress:
    case Op::kGuardTable: hole0 = {global_at_[static_cast<size_t>(in.imm)], true}; break;
    case Op::kGuardRoom:
      hole0.value = static_cast<uint64_t>(kRecordRoom + in.tag) * sizeof(CallRecord);
      hole1.value = static_cast<uint64_t>((in.imm + kFrameRoom) * 8);
      break;
    case Op::kPushFrame:
      hole0 = {pool(reinterpret_cast<uint64_t>(ir_.calls[static_cast<size_t>(in.imm)])), true};
      hole1.value = static_cast<uint64_t>(int64_t{ir_.windows[static_cast<size_t>(in.imm)]} * 8);
      break;
    case Op::kReturnInt: hole0.value = return_place(kReturnsInt); break;
    case Op::kReturnFloat: hole0.value = return_place(kReturnsFloat); break;
    case Op::kReturnWord: hole0.value = return_place(kReturnsWord); break;
    case Op::kHold:
      hole0 = word_of(in);
      if (!holds_reserved(i)) break;
      op = StencilOp::kHoldReserved;
      hole1.value = uint64_t{held_shape(in)} << 8;
      break;
    case Op::kGuardShape:
      if (!holds_itself(i)) break;
      op = StencilOp::kGuardShapeHold;
      hole0 = word_of(ir_.at(i + 1));
      hole1.value = uint64_t{held_shape(ir_.at(i + 1))} << 8;
      break;
    case Op::kStoreLocked:
      hole0 = {pool(static_cast<uint32_t>(in.imm) | static_cast<uint64_t>(static_cast<uint32_t>(in.tag)) << 32), true};
      break;
    case Op::kGuardGenerator:
    case Op::kLoadGenerator: hole0.value = offsetof(State, generators) + static_cast<uint64_t>(in.imm) * 8; break;
    case Op::kStoreOverflow:
      hole0 = {pool((static_cast<uint64_t>(in.imm) & 0xFFFF) | static_cast<uint64_t>(in.imm >> 32) << 16 |
                    static_cast<uint64_t>(static_cast<uint32_t>(in.tag)) << 32),
               true};
      break;
    case Op::kStoreArgument: hole0.value = offsetof(State, arguments) + static_cast<uint64_t>(in.imm) * 8; break;
    case Op::kGuardReturn:
      hole0 = {pool(reinterpret_cast<uint64_t>(ir_.returns[static_cast<size_t>(in.imm)].get())), true};
      break;
    default: break;
  }
  bool result_float = in.type == Type::F, a_float = d.a == Type::F;
  Location target = place(i);
  int work = target.place == Place::kSlot ? kScratch : target.index;
  if (d.flags & kCold || op == StencilOp::kGuardShapeHold) {
    cold_ = static_cast<int32_t>(slow_paths_.size());
    slow_paths_.push_back({i, 0, in.type == Type::N ? -1 : work, live_at(i)});
  }
  switch (d.form) {
    case Form::Constant: return;
    case Form::Source: stencil(op, work, 0, hole0, hole1, in.snapshot); break;
    case Form::Binary: {
      Operand a = operand(in.a), b = operand(in.b);
      // The result's register is the left operand's, or free.
      if (in.a == in.b) {
        move_to(result_float, work, a);
        b = {work, {}};
      } else {
        if ((d.flags & kCommutative) && a.place != work && b.place == work) std::swap(a, b);
        move_to(result_float, work, a);
      }
      stencil(op, work, b.place, hole0, b.hole, in.snapshot);
      break;
    }
    case Form::Unary:
      if (in.op == Op::kBorrow && ir_.at(in.a).type == Type::O) op = StencilOp::kBorrowObject;
      move_to(result_float, work, operand(in.a));
      stencil(op, work, 0, hole0, hole1, in.snapshot);
      break;
    case Form::Cross: {
      Operand a = operand(in.a);
      stencil(op, work, a.place, hole0, a.hole, in.snapshot);
      break;
    }
    case Form::Check2: {
      Operand b = operand(in.b);
      if (in.op == Op::kGuardIs || in.op == Op::kGuardIsNot) {
        if (uint64_t object = constant_object(in.b)) {
          b = operand_of_word(object | Value::kBorrowedBit);
          op = in.op == Op::kGuardIs ? StencilOp::kGuardIsObject : StencilOp::kGuardIsNotObject;
        } else if (in.op == Op::kGuardIs && is_untagged(in.a) && is_untagged(in.b)) {
          op = StencilOp::kGuardEqual;
        }
      }
      stencil(op, in_register(a_float, operand(in.a)), b.place, hole0, b.hole, in.snapshot);
      break;
    }
    case Form::Check1: {
      int a = in_register(a_float, operand(in.a));
      if (in.op == Op::kHold) slow_paths_.back().result = a;
      stencil(op, a, 0, hole0, hole1, in.snapshot);
      break;
    }
    case Form::Alone: stencil(op, 0, 0, hole0, hole1, in.snapshot); break;
  }
  if (cold_ >= 0) slow_paths_[static_cast<size_t>(cold_)].back = code_.size();
  cold_ = -1;
  if (in.type != Type::N && target.place == Place::kSlot) store(result_float, target.index, work);
}

// The phis' values.
void Emitter::close_loop() {
  std::vector<Move> moves;
  for (const Phi& p : ir_.phis)
    moves.push_back({ir_.at(p.left).type == Type::F, place(p.left), operand(p.right), place(p.right)});
  move_at_once(std::move(moves));
}
void Emitter::enter_loop() {
  std::vector<Move> moves;
  for (const Ir::LinkValue& v : ir_.link_values)
    moves.push_back({ir_.at(v.value).type == Type::F, v.place, operand(v.value), place(v.value)});
  move_at_once(std::move(moves));
}
// Places that are sources of others are written last; cycles go through a spare slot.
void Emitter::move_at_once(std::vector<Move> moves) {
  std::erase_if(moves, [](const Move& m) { return m.to == m.from_location; });
  auto perform = [&](const Move& m) {
    if (m.to.place == Place::kSlot)
      store(m.is_float, m.to.index, in_register(m.is_float, m.from));
    else
      move_to(m.is_float, m.to.index, m.from);
  };
  while (!moves.empty()) {
    bool progress = false;
    for (size_t i = 0; i < moves.size(); ++i) {
      bool blocked = false;
      for (size_t j = 0; j < moves.size(); ++j) blocked |= j != i && moves[j].from_location == moves[i].to;
      if (blocked) continue;
      perform(moves[i]);
      moves.erase(moves.begin() + static_cast<long>(i));
      progress = true;
      break;
    }
    if (progress) continue;
    // All are in cycles: the first one's old content is kept in the last spill slots until its reader's turn.
    Location saved = moves[0].to;
    int32_t spare = kSpillSlots - 1 - cycles_;
    if (++cycles_ > 8) {
      error_ = "too many cycles";
      return;
    }
    Location spare_location{Place::kSlot, spare};
    perform({moves[0].is_float, spare_location, operand_of(saved), saved});
    for (Move& m : moves) {
      if (m.from_location == saved) {
        m.from_location = spare_location;
        m.from = operand_of(spare_location);
      }
    }
  }
}

// Leaves for the interpreter. All of a trace's exits do it in one place.
void Emitter::leave_as(const Exit& exit) {
  stencil(StencilOp::kNoteExit, 0, 0, {fresh_pool(reinterpret_cast<uint64_t>(&exit)), true});
  jump(static_cast<int64_t>(leave_at_));
}

// Behind each call that a trace pushes there is an exit for each kind of result, which side traces replace.
void Emitter::continuations(CompiledTrace* out) {
  out->continuations = ir_.continuations;
  for (size_t i = 0; i < ir_.own_calls.size(); ++i) {
    PushedCall& call = *ir_.own_calls[i];
    if (!call.pushed) continue;
    const Continuation& c = out->continuations[i];
    for (int kind = 0; kind < kReturnKinds; ++kind) {
      Exit& e = out->returned.emplace_back();
      e.pc = c.pc;
      e.continuation = &c;
      e.trace = out;
      e.target = &call.go_on[ir_.multithreaded][kind];
      bool is_float = kind == kReturnsFloat;
      e.values.push_back({call.result_register >> 1,
                          is_float              ? Type::F
                          : kind == kReturnsInt ? Type::I
                                                : Type::W,
                          {is_float ? Place::kFloatRegister : Place::kRegister, 0},
                          0,
                          0,
                          -1});
      e.values.back().owned = kind == kReturnsWord || !c.plain_result;
      // From code for other threads' number there is nothing but the exit.
      for (int threads = 0; threads < 2; ++threads) continuation_words_.push_back({&call.go_on[threads][kind], code_.size()});
      leave_as(e);
    }
  }
}

// Where the code of an instruction begins.
void Emitter::list(Reference i) {
  if (!places_) return;
  char line[64];
  std::snprintf(line, sizeof line, "%6zx %4d %s\n", code_.size(), i, i < ir_.size() ? describe(ir_.at(i).op).name : "end");
  *places_ += line;
}

const char* Emitter::run(CompiledTrace* out) {
  for (const GlobalReference& g : ir_.globals) {
    out->globals_found.push_back(copy_reference(g));
    if (!out->globals_found.back()) return "out of memory";
    global_at_.push_back(fresh_pool(reinterpret_cast<uint64_t>(out->globals_found.back().get())));
  }
  out->exit_count = ir_.snapshots.size();
  out->exits = std::make_unique<Exit[]>(ir_.snapshots.size());
  size_t loop_at = 0;
  for (Reference i = 0; i < ir_.size() && !error_; ++i) {
    if (i == ir_.loop_start) {
      align_loop();
      loop_at = code_.size();
    }
    list(i);
    instruction(i);
  }
  list(ir_.size());
  if (ir_.loop_start == ir_.size()) loop_at = code_.size();
  size_t link_at = 0;
  if (ir_.loop_start >= 0) {
    close_loop();
    jump(static_cast<int64_t>(loop_at));
  } else if (!ir_.returns_call && !ir_.leaves) {
    if (ir_.ends_itself()) return "a trace without an end";
    enter_loop();
    if (ir_.link_window) stencil(StencilOp::kMoveFrame, 0, 0, {static_cast<uint64_t>(int64_t{ir_.link_window} * 8), false});
    link_at = code_.size();
    jump(0);
  }
  size_t stencil_count = patches_.size();
  for (SlowPath& path : slow_paths_) {
    if (error_) break;
    slow_path(path, out);
  }
  if (error_) return error_;

  leave_at_ = code_.size();
  stencil(StencilOp::kExit, 0, 0);
  // Exits, in the order of the guards. Each first jumps to wherever its pool word says: behind that jump, or a side trace.
  std::vector<int64_t> exit_at(ir_.snapshots.size(), -1);
  std::vector<std::pair<uint64_t, size_t>> targets;  // pool word, code
  size_t main_patches = patches_.size();
  for (size_t p = 0; p < main_patches; ++p) {
    int32_t exit = patches_[p].exit;
    if (exit < 0 || exit_at[static_cast<size_t>(exit)] >= 0) continue;
    exit_at[static_cast<size_t>(exit)] = static_cast<int64_t>(code_.size());
    uint64_t target = fresh_pool(0);
    stencil(StencilOp::kJumpThrough, 0, 0, {target, true});
    targets.push_back({target, code_.size()});
    Exit* e = &out->exits[static_cast<size_t>(exit)];
    leave_as(*e);
  }
  continuations(out);
  if (error_) return error_;
  while (code_.size() % 8) code_.push_back(0xCC);
  size_t pool_at = code_.size();
  ArenaBlock block = arena_allocate(pool_at + pool_.size() * 8);
  if (!block.code) return "no room for code";
  auto base = reinterpret_cast<uint64_t>(block.code);
  for (auto& [word, code] : targets) pool_[word] = base + code;
  for (auto& [word, code] : continuation_words_) word->store(base + code, std::memory_order_relaxed);
  for (auto& [info, word] : global_infos_) info->imm = reinterpret_cast<int64_t>(block.writable + pool_at + word * 8);
  auto value_of = [&](HoleValue h) { return h.pool ? base + pool_at + h.value * 8 : h.value; };
  for (const Patch& p : patches_) {
    for (uint32_t k = 0; k < p.stencil->hole_count; ++k) {
      const Hole& hole = g_stencil_holes[p.stencil->holes + k];
      uint64_t target = 0;
      switch (hole.kind) {
        case HoleKind::kOperand0: target = value_of(p.hole0); break;
        case HoleKind::kOperand1: target = value_of(p.hole1); break;
        case HoleKind::kContinue: target = base + p.at + p.stencil->size; break;
        case HoleKind::kExit:
          if (p.cold >= 0) {
            target = base + static_cast<uint64_t>(slow_paths_[static_cast<size_t>(p.cold)].start);
            break;
          }
          if (p.exit < 0) return "a stencil leaves where it cannot";
          target = base + static_cast<uint64_t>(exit_at[static_cast<size_t>(p.exit)]);
          break;
      }
      size_t at = p.at + hole.offset;
      auto sum = static_cast<int64_t>(target) + hole.addend;
      if (hole.relocation == RelocationKind::kRelative32) sum -= static_cast<int64_t>(base + at);
      if (hole.relocation == RelocationKind::kAbsolute64) {
        std::memcpy(code_.data() + at, &sum, 8);
        continue;
      }
      bool fits = hole.relocation == RelocationKind::kAbsolute32 ? static_cast<uint64_t>(sum) <= 0xFFFFFFFFu
                                                                 : sum == static_cast<int32_t>(sum);
      if (!fits) return "an operand does not reach";
      auto word = static_cast<uint32_t>(sum);
      std::memcpy(code_.data() + at, &word, 4);
    }
  }
  if (ir_.link || ir_.link_self || ir_.link_exit) {
    uint64_t target = ir_.link_self             ? base
                      : ir_.link_exit           ? ir_.link_exit->code
                      : ir_.link_values.empty() ? reinterpret_cast<uint64_t>(ir_.link->entry)
                                                : ir_.link->loop_entry->code;
    int64_t distance = static_cast<int64_t>(target) - static_cast<int64_t>(base + link_at + 5);
    auto word = static_cast<uint32_t>(distance);
    std::memcpy(code_.data() + link_at + 1, &word, 4);
  }
  std::memcpy(block.writable, code_.data(), code_.size());
  if (!pool_.empty()) std::memcpy(block.writable + pool_at, pool_.data(), pool_.size() * 8);

  out->entry = reinterpret_cast<TraceCode>(base);
  if (out->loop_entry) out->loop_entry->code = base + loop_at;
  out->code_bytes = pool_at;
  out->stencil_count = stencil_count;
  out->multithreaded = ir_.multithreaded;
  out->knows = ir_.knows;
  auto fill = [&](Reference i, int32_t s) {
    if (s < 0) return;
    const Snapshot& snapshot = ir_.snapshots[static_cast<size_t>(s)];
    Exit& exit = out->exits[static_cast<size_t>(s)];
    exit.pc = snapshot.pc;
    exit.dynamic = snapshot.dynamic;
    exit.raises = snapshot.raises;
    exit.in_loop = ir_.loop_start >= 0 && i >= ir_.loop_start;
    exit.frames = snapshot.frames;
    exit.known = snapshot.known;
    exit.trace = out;
    exit.same_as.store(snapshot.same_as, std::memory_order_relaxed);
    exit.values.clear();
    exit.takes = false;
    auto value_at = [&](int32_t where, Reference value) {
      const Instruction& in = ir_.at(value);
      uint32_t shape = in.op == Op::kGuardShape && in.imm < kFirstDynamicShape ? static_cast<uint32_t>(in.imm) : 0;
      int32_t object = -1;
      for (size_t k = 0; k < snapshot.objects.size(); ++k) {
        if (snapshot.objects[k].object == value) object = static_cast<int32_t>(k);
      }
      return ExitValue{where, in.type, place(value), static_cast<uint64_t>(in.imm), shape, object};
    };
    for (const SlotValue& v : snapshot.slots) {
      exit.values.push_back(value_at(v.slot, v.value));
      exit.values.back().owned = v.owned;
      exit.values.back().taken = v.taken;
      exit.takes |= v.taken;
    }
    exit.handled = snapshot.handled;
    exit.caught.clear();
    for (const Caught& c : snapshot.caught) exit.caught.push_back({value_at(0, c.exception), c.context, c.entries});
    exit.left.clear();
    for (const LeftFrame& l : snapshot.left) {
      exit.left.push_back({l.frame, l.pc, l.back, l.back_window, {}});
      for (const SlotValue& v : l.locals) {
        exit.left.back().locals.push_back(value_at(v.slot, v.value));
        exit.left.back().locals.back().owned = v.owned;
      }
    }
    exit.objects.clear();
    for (const VirtualState& o : snapshot.objects) {
      exit.objects.push_back({ir_.layouts[static_cast<size_t>(ir_.at(o.object).imm)].get(), o.shape, {}});
      for (const FieldValue& f : o.fields) {
        exit.objects.back().fields.push_back(value_at(static_cast<int32_t>(f.offset), f.value));
        exit.objects.back().fields.back().owner = f.owner;
      }
    }
  };
  for (Reference i = 0; i < ir_.size(); ++i) {
    if (ir_.at(i).snapshot >= 0) fill(i, ir_.at(i).snapshot);
    if (ir_.at(i).op == Op::kLeave) {
      Exit& exit = out->exits[static_cast<size_t>(ir_.at(i).snapshot)];
      int64_t what = ir_.at(i).imm;
      exit.wants_loop = what >= 0;
      if (exit.wants_loop) exit.tried.store(static_cast<uint32_t>(what), std::memory_order_relaxed);
      if (what == kNeverRecorded) exit.failures.store(kExitFailures, std::memory_order_relaxed);
    }
    if ((describe(ir_.at(i).op).flags & kRaise) || ir_.at(i).op == Op::kInterpret) fill(i, ir_.at(i).frames);
  }
  size_t which = 0;
  for (size_t p = 0; p < main_patches; ++p) {
    int32_t exit = patches_[p].exit;
    if (exit < 0 || out->exits[static_cast<size_t>(exit)].target) continue;
    out->exits[static_cast<size_t>(exit)].code = base + static_cast<uint64_t>(exit_at[static_cast<size_t>(exit)]);
    out->exits[static_cast<size_t>(exit)].target =
        reinterpret_cast<std::atomic<uint64_t>*>(block.writable + pool_at + targets[which++].first * 8);
  }
  out->pushed = std::move(ir_.pushed);
  out->calls = std::move(ir_.own_calls);
  out->returns = std::move(ir_.returns);
  out->interpreted = std::move(ir_.interpreted);
  out->native_calls = std::move(ir_.native_calls);
  out->layouts = std::move(ir_.layouts);
  return nullptr;
}

}  // namespace

const char* emit_trace(Ir& ir, const Allocation& allocation, CompiledTrace* out, std::string* places) {
  return Emitter(ir, allocation, places).run(out);
}

uint64_t exit_word(const ExitValue& value, const State& state) {
  switch (value.from.place) {
    case Place::kRegister: return state.r[value.from.index];
    case Place::kFloatRegister: {
      uint64_t bits;
      std::memcpy(&bits, &state.f[value.from.index], 8);
      return bits;
    }
    case Place::kSlot: return state.spill[value.from.index];
    default: return value.constant;
  }
}

const char* compile_trace(Ir& ir, const Snapshot& end, CompiledTrace* out, std::string* listing, std::string* places) {
  if (listing) *listing += "; recorded\n" + dump(ir);
  if (const char* wrong = validate(ir)) return wrong;
  std::optional<Recorded> recorded;
  if (ir.ends_itself()) recorded.emplace(ir);
  Snapshot last = end;
  borrow_values(ir, last);
  out->loop_entry = nullptr;
  if (recorded) {
    out->begins_with = begin_of(ir);
    if (const char* wrong = unroll_loop(ir, last)) return wrong;
    // What is held may lead to more that is always the same.
    while (ir.multithreaded && hold_through_loop(ir, *recorded)) {
      if (const char* wrong = unroll_loop(ir, last)) return wrong;
    }
    out->loop_entry = loop_entry_of(ir, *recorded, end);
    if (const char* wrong = validate(ir)) return wrong;
  }
  std::vector<Reference> moved = remove_dead_code(ir);
  if (listing) *listing += "; compiled\n" + dump(ir);
  if (const char* wrong = validate(ir)) return wrong;
  Allocation allocation = allocate_registers(ir);
  if (allocation.error) return allocation.error;
  if (allocation.spill_count > kSpillSlots - 9) return "too many spilled values";
  if (const char* wrong = verify_allocation(ir, allocation)) return wrong;
  if (out->loop_entry) {
    for (size_t i = 0; i < recorded->code.size(); ++i) {
      Reference now = moved[i];
      if (now < 0 || ir.is_constant(now) || allocation.last_use[static_cast<size_t>(now)] < ir.loop_start) continue;
      out->loop_entry->live.push_back(
          {static_cast<Reference>(i), ir.at(now).type, allocation.locations[static_cast<size_t>(now)]});
    }
  }
  return emit_trace(ir, allocation, out, places);
}

}  // namespace pt::jit
