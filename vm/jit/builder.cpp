// Folding, common subexpressions and store-to-load forwarding, applied as instructions are appended.
#include <algorithm>
#include <bit>
#include <utility>

#include "vm/jit/ir.h"
#include "vm/object/shape.h"
#include "vm/ops/micro_ops.h"
#include "vm/types/function.h"

namespace pt::jit {

using ops::Flow;

Reference Builder::constant(uint64_t word, Type type) {
  for (Reference i = 0; i < ir_.size(); ++i) {
    const Instruction& in = ir_.at(i);
    if (in.op == Op::kConstant && in.type == type && in.imm == static_cast<int64_t>(word)) return i;
  }
  ir_.code.push_back({Op::kConstant, type, kNoReference, kNoReference, static_cast<int64_t>(word), -1, -1});
  return ir_.size() - 1;
}
Reference Builder::float_constant(double d) {
  auto bits = std::bit_cast<int64_t>(d);
  for (Reference i = 0; i < ir_.size(); ++i) {
    if (ir_.at(i).op == Op::kConstantFloat && ir_.at(i).imm == bits) return i;
  }
  ir_.code.push_back({Op::kConstantFloat, Type::F, kNoReference, kNoReference, bits, -1, -1});
  return ir_.size() - 1;
}

namespace {

Value word_of(const Instruction& in) { return Value::from_bits(static_cast<uint64_t>(in.imm)); }

template <class MicroOp>
bool fold_int(Value a, Value b, Value* out) {
  return MicroOp::run(a, b, *out) == Flow::kNext;
}
bool fold_binary(Op op, Value a, Value b, Value* out) {
  switch (op) {
    case Op::kAddInt: return fold_int<ops::AddInt>(a, b, out);
    case Op::kSubInt: return fold_int<ops::SubInt>(a, b, out);
    case Op::kMulInt: return fold_int<ops::MulInt>(a, b, out);
    case Op::kFloorDivInt: return fold_int<ops::FloorDivInt>(a, b, out);
    case Op::kModInt: return fold_int<ops::ModInt>(a, b, out);
    case Op::kAndInt: return fold_int<ops::AndInt>(a, b, out);
    case Op::kOrInt: return fold_int<ops::OrInt>(a, b, out);
    case Op::kXorInt: return fold_int<ops::XorInt>(a, b, out);
    case Op::kLshiftInt: return fold_int<ops::LshiftInt>(a, b, out);
    case Op::kRshiftInt: return fold_int<ops::RshiftInt>(a, b, out);
    default: return false;
  }
}
// -1: not a comparison.
int fold_guard(Op op, Value a, Value b) {
  switch (op) {
    case Op::kGuardLtInt: return ops::CompareInt<CompareOp::kLt>::run(a, b);
    case Op::kGuardLeInt: return ops::CompareInt<CompareOp::kLe>::run(a, b);
    case Op::kGuardEqInt: return ops::CompareInt<CompareOp::kEq>::run(a, b);
    case Op::kGuardNeInt: return ops::CompareInt<CompareOp::kNe>::run(a, b);
    case Op::kGuardGtInt: return ops::CompareInt<CompareOp::kGt>::run(a, b);
    case Op::kGuardGeInt: return ops::CompareInt<CompareOp::kGe>::run(a, b);
    case Op::kGuardIs: return a.same(b);
    case Op::kGuardIsNot: return !a.same(b);
    case Op::kGuardEqual: return a.bits() == b.bits();
    default: return -1;
  }
}

constexpr Reference kKeep = -2;     // nothing to fold
constexpr Reference kNothing = kNoReference;

}  // namespace

Reference Builder::fold(Op op, Reference& a, Reference& b, int64_t imm, int32_t snapshot) {
  const OpDescription& d = describe(op);
  // Constants to the right.
  if ((d.flags & kCommutative) && ir_.is_constant(a) && !ir_.is_constant(b)) std::swap(a, b);
  bool a_known = a >= 0 && ir_.at(a).op == Op::kConstant, b_known = b >= 0 && ir_.at(b).op == Op::kConstant;
  if (d.form == Form::Binary && d.result == Type::I && a_known && b_known) {
    Value out;
    if (fold_binary(op, word_of(ir_.at(a)), word_of(ir_.at(b)), &out)) return constant(out.bits(), Type::I);
    return kKeep;
  }
  if (b_known && d.b == Type::I) {
    int64_t k = ir_.at(b).imm >> 1;
    switch (op) {
      case Op::kAddInt:
      case Op::kSubInt:
      case Op::kOrInt:
      case Op::kXorInt:
      case Op::kLshiftInt:
      case Op::kRshiftInt:
        if (k == 0) return a;
        break;
      case Op::kMulInt:
      case Op::kFloorDivInt:
        if (k == 1) return a;
        break;
      default: break;
    }
  }
  if (b_known && (op == Op::kModInt || op == Op::kFloorDivInt)) {
    // By a power of two.
    int64_t k = ir_.at(b).imm >> 1;
    if (k > 1 && std::has_single_bit(static_cast<uint64_t>(k))) {
      bool divides = op == Op::kFloorDivInt;
      return emit(divides ? Op::kRshiftInt : Op::kAndInt, a,
                  small_int(divides ? std::countr_zero(static_cast<uint64_t>(k)) : k - 1), 0, snapshot);
    }
    if (k > 2 && k <= INT32_MAX) {
      auto divisor = static_cast<uint32_t>(k);
      return emit(op == Op::kModInt ? Op::kModConstant : Op::kFloorDivConstant, a, constant(divisor_reciprocal(divisor), Type::P),
                  k);
    }
  }
  if (d.form == Form::Check2 && a_known && b_known) {
    int holds = fold_guard(op, word_of(ir_.at(a)), word_of(ir_.at(b)));
    if (holds == 0) failed_ = true;
    if (holds >= 0) return kNothing;
  }
  // A position that counts up from one known not to be negative.
  if (op == Op::kGuardGeInt && b_known && ir_.at(b).imm == 1 && ir_.at(a).op == Op::kAddInt && ir_.at(a).b >= 0) {
    const Instruction& step = ir_.at(ir_.at(a).b);
    if (step.op == Op::kConstant && step.imm > 0 && find_same(Op::kGuardGeInt, ir_.at(a).a, b, 0) != kNoReference)
      return kNothing;
  }
  switch (op) {
    case Op::kGuardInt:
      if (ir_.at(a).type == Type::I) return a;
      if (a_known) {
        failed_ = true;
        return a;
      }
      if (ir_.at(a).type == Type::O || ir_.at(a).op == Op::kBoxFloat) failed_ = true;
      break;
    case Op::kGuardFloat:
      if (ir_.at(a).type == Type::F) return a;
      if (ir_.at(a).op == Op::kBoxFloat) return ir_.at(a).a;
      if (a_known && word_of(ir_.at(a)).is_immediate_float()) return float_constant(word_of(ir_.at(a)).as_immediate_float());
      if (ir_.at(a).type != Type::W || a_known) failed_ = true;
      break;
    case Op::kBoxFloat:
      if (ir_.at(a).op == Op::kConstantFloat) {
        Value v = Value::immediate_float(std::bit_cast<double>(ir_.at(a).imm));
        if (!v.empty()) return constant(v.bits(), Type::W);
      }
      if (ir_.at(a).op == Op::kGuardFloat) return ir_.at(a).a;
      break;
    case Op::kIntToFloat:
      if (a_known) return float_constant(static_cast<double>(word_of(ir_.at(a)).as_small_int()));
      break;
    case Op::kGuardShape:
      if (ir_.at(a).type == Type::O) {
        uint32_t known = known_shape(a);
        if (known && known == static_cast<uint32_t>(imm)) return a;
        // The object is known, its present shape is not.
        return kKeep;
      }
      if (ir_.at(a).type == Type::I) failed_ = true;
      break;
    case Op::kTagWord:
      if (ir_.at(a).type == Type::I) return a;  // of a virtual object
      if (ir_.at(a).op == Op::kLoadImmutable) {
        // Of one that the trace has made.
        Reference made = find_same_place(Op::kStorePosition, ir_.at(a).a, ir_.at(a).imm);
        if (made != kNoReference) return ir_.at(made).b;
      }
      break;
    case Op::kGuardDistinct:
      if (a == b) failed_ = true;
      if (a == b || are_distinct(a, b)) return kNothing;
      break;
    case Op::kGuardUnshared:
    case Op::kGuardExclusive:
      if (is_new(a)) return kNothing;
      break;
    case Op::kGuardWatched:
      if (!is_watched(word_of(ir_.at(a)).as_object())) failed_ = true;
      break;
    case Op::kUntag:
      if (ir_.at(a).type == Type::O) return a;
      break;
    case Op::kGuardBound:
      if (ir_.at(a).type == Type::F) return kNothing;
      // What is loaded as a plain word may be a pointer that is not there (a list's buffer).
      if (ir_.at(a).type != Type::W && ir_.at(a).type != Type::P) return kNothing;
      if (ir_.at(a).op == Op::kBoxFloat || (a_known && ir_.at(a).imm)) return kNothing;
      if (ir_.at(a).op == Op::kLoadField || ir_.at(a).op == Op::kLoadItem || ir_.at(a).op == Op::kLoadFact ||
          ir_.at(a).op == Op::kLoadOwned || ir_.at(a).op == Op::kLoadHeld || ir_.at(a).op == Op::kLoadBorrowed)
        return kNothing;
      break;
    case Op::kGuardIs:
      if (ir_.at(a).type == Type::I && b_known && !(ir_.at(b).imm & 1)) failed_ = true;
      break;
    case Op::kGuardIsNot:
      if (ir_.at(a).type == Type::I && b_known && !(ir_.at(b).imm & 1)) return kNothing;
      break;
    case Op::kOwn:
    case Op::kBorrow:
      if (ir_.at(a).type == Type::I || ir_.at(a).op == Op::kBoxFloat) return a;
      if (a_known && ((ir_.at(a).imm & 3) || ir_.at(a).imm == 0)) return a;
      if (a_known && op == Op::kBorrow) return constant(static_cast<uint64_t>(ir_.at(a).imm) | Value::kBorrowedBit, Type::W);
      break;
    default: break;
  }
  return kKeep;
}

Reference Builder::find_same(Op op, Reference a, Reference b, int64_t imm) const {
  for (Reference i = ir_.size() - 1; i >= 0; --i) {
    const Instruction& in = ir_.at(i);
    if (in.op == op && in.a == a && in.b == b && in.imm == imm) return i;
  }
  return kNoReference;
}

Reference Builder::find_same_place(Op op, Reference a, int64_t imm) const {
  for (Reference i = ir_.size() - 1; i >= 0; --i) {
    if (ir_.at(i).op == op && ir_.at(i).a == a && ir_.at(i).imm == imm) return i;
  }
  return kNoReference;
}
// The trace has made the object, and nothing but one register has it.
bool Builder::is_new(Reference object) const {
  if (ir_.at(object).op != Op::kNewObject) return false;
  int registers = 0;
  for (Reference i = object + 1; i < ir_.size(); ++i) {
    const Instruction& in = ir_.at(i);
    if (describe(in.op).flags & kBarrier) return false;
    if (in.b == object) return false;
    if (in.a != object) continue;
    bool to_register = in.op == Op::kStoreFrame || in.op == Op::kWriteFrame;
    registers += to_register;
    bool fills = in.op == Op::kStorePosition || in.op == Op::kInitField || in.op == Op::kInitAny || in.op == Op::kSetShape;
    if (!to_register && !fills && !(describe(in.op).flags & kLoad)) return false;
  }
  return registers == 1;
}
bool Builder::are_distinct(Reference x, Reference y) const {
  if (x == y) return false;
  // The trace made one of them when it had the other already.
  if (ir_.at(std::max(x, y)).op == Op::kNewObject) return true;
  return find_same(Op::kGuardDistinct, x, y, 0) != kNoReference || find_same(Op::kGuardDistinct, y, x, 0) != kNoReference;
}
bool Builder::knows_field(Reference object, int64_t offset) const {
  for (Op op : {Op::kLoadField, Op::kInitField, Op::kStoreAlone, Op::kStoreLocked}) {
    if (find_same_place(op, object, offset) != kNoReference) return true;
  }
  return false;
}

// Whether what was seen of an object at instruction `from` still holds at the end of the code.
bool Builder::fact_holds(Reference from, uint32_t shape) const {
  if (shape < kFirstDynamicShape) return true;  // builtin types keep their shape
  for (Reference i = ir_.size() - 1; i > from; --i) {
    const Instruction& in = ir_.at(i);
    if (describe(in.op).flags & (kBarrier | kClobber)) return false;
    if (in.op == Op::kSafepointThreads) return false;
  }
  return true;
}

uint32_t Builder::known_shape(Reference r) const {
  if (r < 0 || ir_.at(r).type != Type::O) return 0;
  if (is_virtual(r)) return state_of(r).shape;
  for (Reference i = ir_.size() - 1; i >= 0; --i) {
    const Instruction& in = ir_.at(i);
    if (in.op == Op::kAddAny) {
      if (in.a != r) return 0;
      auto shape = static_cast<uint32_t>(static_cast<uint64_t>(in.imm) >> 32);
      return fact_holds(i, shape) ? shape : 0;
    }
    if (in.op == Op::kNewObject && i == r) {
      uint32_t shape = ir_.layouts[static_cast<size_t>(in.imm)]->shape;
      return fact_holds(i, shape) ? shape : 0;
    }
    bool says = ((in.op == Op::kCheckShape || in.op == Op::kSetShape) && in.a == r) || (in.op == Op::kGuardShape && i == r);
    if (says) return fact_holds(i, static_cast<uint32_t>(in.imm)) ? static_cast<uint32_t>(in.imm) : 0;
    // Another name of the same object may have got another shape.
    if (in.op == Op::kSetShape) return 0;
  }
  return 0;
}

// Whether the operation fills the register with what the trace cannot know.
bool Builder::fills_register(const Instruction& in, int64_t slot) const {
  auto number = static_cast<size_t>(in.imm);
  if (in.op == Op::kInterpret) return ir_.interpreted[number]->writes(static_cast<int32_t>(slot));
  if (in.op != Op::kPushGenerator) return false;
  // Its registers come from the heap.
  const InlinedFrame& f = *ir_.pushed[number];
  return slot >= f.window - 1 && slot < f.window + static_cast<int64_t>(static_cast<const Code*>(f.code)->register_count);
}
// Whether register `slot` of the interpreter is known to hold constant `value` (kNoReference: to be empty) in memory.
bool Builder::memory_holds(int64_t slot, Reference value) const {
  for (Reference i = ir_.size() - 1; i >= 0; --i) {
    const Instruction& in = ir_.at(i);
    switch (in.op) {
      case Op::kStoreFrame:
        if (in.imm != slot) break;
        return value == kNoReference ? ir_.at(in.a).op == Op::kConstant && ir_.at(in.a).imm == 0 : in.a == value;
      case Op::kClearFrame:
      case Op::kDropFrame:
        if (in.imm != slot) break;
        return value == kNoReference || (ir_.at(value).op == Op::kConstant && ir_.at(value).imm == 0);
      case Op::kWriteFrame:
        if (in.imm == slot) return false;
        break;
      case Op::kInterpret:
      case Op::kPushGenerator:
        if (fills_register(in, slot)) return false;
        break;
      default: break;
    }
  }
  return false;
}

// A check of the same generator that still holds: it stopped at `pc` when the trace last left it. Nothing else resumes it without
// running Python code, which leaves the trace.
Reference Builder::find_generator_guard(Reference a, Reference pc, int64_t imm) const {
  bool stopped_there = false;
  for (Reference i = ir_.size() - 1; i >= 0; --i) {
    const Instruction& in = ir_.at(i);
    if ((describe(in.op).flags & kBarrier) || changes_generators(in.op)) return kNoReference;
    if (in.op == Op::kStoreResume && !stopped_there) {
      if (in.a != a || in.b != pc) return kNoReference;
      stopped_there = true;
    }
    if (in.op == Op::kGuardGenerator && in.imm == imm) return in.a == a && (in.b == pc || stopped_there) ? i : kNoReference;
  }
  return kNoReference;
}
bool Builder::changes_generators(Op op) {
  return op == Op::kPushGenerator || op == Op::kSuspendGenerator || op == Op::kFinishGenerator;
}
// Different items of one tuple; with GuardUnshared, different objects.
bool Builder::are_parts(Reference x, Reference y) const {
  auto item = [&](Reference r) { return ir_.at(r).op == Op::kGuardShape ? ir_.at(r).a : r; };
  const Instruction &a = ir_.at(item(x)), &b = ir_.at(item(y));
  return a.op == Op::kLoadItem && b.op == Op::kLoadItem && a.a == b.a && a.imm != b.imm;
}
// Whether the value is known to be a word without a count: an int, or a float in the word.
bool Builder::is_number(Reference r) const {
  if (r < 0) return false;
  const Instruction& in = ir_.at(r);
  if (in.type == Type::I || in.type == Type::F || in.op == Op::kBoxFloat || (in.op == Op::kConstant && (in.imm & 3))) return true;
  return find_same(Op::kGuardFloat, r, kNoReference, 0) != kNoReference ||
         find_same(Op::kGuardInt, r, kNoReference, 0) != kNoReference;
}
// What a register of a generator holds. Registers at the same offset may be those of one generator under two names.
Reference Builder::forward_register(Reference a, int64_t imm) {
  for (Reference i = ir_.size() - 1; i >= 0; --i) {
    const Instruction& in = ir_.at(i);
    if ((describe(in.op).flags & kBarrier) || changes_generators(in.op)) return kNoReference;
    if (in.imm != imm) continue;
    switch (in.op) {
      case Op::kLoadRegister:
        if (in.a == a) return i;
        break;
      case Op::kStoreRegister:
      case Op::kWriteRegister: return in.a == a ? in.b : kNoReference;
      case Op::kClearRegister: return in.a == a ? constant(0, Type::W) : kNoReference;
      case Op::kPromoteRegister:
      case Op::kInitAny: return kNoReference;
      default: break;
    }
  }
  return kNoReference;
}

bool lets_go(const Instruction& in) {
  uint16_t flags = describe(in.op).flags;
  return (flags & kBarrier) || ((flags & (kCold | kKeepsLocks | kKeepsOrLeaves)) == kCold && in.op != Op::kHold);
}
bool may_wait(const Instruction& in) { return lets_go(in) || (describe(in.op).flags & kKeepsOrLeaves); }
void make_hold(Instruction& guard, int64_t word, uint32_t shape) {
  guard.op = Op::kHold;
  guard.imm = hold_imm(word, shape);
  guard.frames = guard.snapshot;
}
// The Hold from which on the trace has had the object's lock; kNoReference: it may not have it.
Reference Builder::held_since(Reference object) const {
  uint64_t reused = 0;  // words of State::held
  for (Reference i = ir_.size() - 1; i >= 0; --i) {
    const Instruction& in = ir_.at(i);
    if (lets_go(in)) return kNoReference;
    if (in.op != Op::kHold) continue;
    if (in.a == object) return reused >> held_word(in) & 1 ? kNoReference : i;
    reused |= uint64_t{1} << held_word(in);
  }
  return kNoReference;
}
// The GuardWatched from which on the object has not changed; kNoReference: it may have, while a helper waited.
Reference Builder::watched_since(Reference object) const {
  Reference since = kNoReference;
  if (!ir_.multithreaded || !ir_.is_constant(object)) return since;
  for (Reference i = ir_.size() - 1; i >= 0 && !may_wait(ir_.at(i)); --i) {
    if (ir_.at(i).op == Op::kGuardWatched && ir_.at(i).a == object) since = i;
  }
  return since;
}
bool Builder::hold_earlier(Reference object, int64_t word, uint32_t shape) {
  for (Reference i = ir_.size() - 1; i >= 0 && i > object; --i) {
    Instruction& in = ir_.code[static_cast<size_t>(i)];
    // The shape may be another one before a change, and before a safepoint it was another round.
    if (lets_go(in) || in.op == Op::kSetShape || in.op == Op::kSafepointThreads || (in.op == Op::kHold && in.a == object))
      return false;
    if (in.op != Op::kGuardExclusive || in.a != object) continue;
    make_hold(in, word, shape);
    return true;
  }
  return false;
}
// The object that an address belongs to: itself, a list's buffer or item, an array of attributes.
Reference Builder::object_of(Reference address) const {
  if (address < 0) return address;
  const Instruction& in = ir_.at(address);
  if (in.op == Op::kItemAddress) return object_of(in.a);
  return in.op == Op::kLoadOverflow || in.op == Op::kLoadWord ? in.a : address;
}
// Of a list that nobody else changes: the buffer's capacity bounds an index that the size has bounded.
bool Builder::is_within_size(Reference index, Reference capacity) const {
  Reference buffer = ir_.at(capacity).op == Op::kLoadWord ? ir_.at(capacity).a : kNoReference;
  if (buffer < 0 || ir_.at(buffer).op != Op::kLoadWord || !is_settled(ir_.at(buffer).a)) return false;
  for (Reference i = ir_.size() - 1; i >= 0; --i) {
    const Instruction& in = ir_.at(i);
    if (in.op != Op::kGuardIndex || in.a != index) continue;
    const Instruction& bound = ir_.at(in.b);
    if (bound.op == Op::kLoadWord && bound.a == ir_.at(buffer).a) return true;
  }
  return false;
}
// A register has the only reference there is.
bool Builder::is_unshared(Reference object) const {
  for (Reference i = ir_.size() - 1; i >= 0; --i) {
    const Instruction& in = ir_.at(i);
    if (describe(in.op).flags & kBarrier) return false;
    if (in.op == Op::kGuardUnshared && in.a == object) return true;
  }
  return false;
}

// The value of a load that is known already, from an earlier load or store of the same place.
Reference Builder::forward_load(Op op, Reference a, Reference b, int64_t imm) {
  if (op == Op::kGuardGenerator) return find_generator_guard(a, b, imm);
  if (op == Op::kLoadRegister) return forward_register(a, imm);
  // Other threads announce changes of these, and the safepoint then leaves the trace.
  bool is_fact = op == Op::kLoadFact || op == Op::kGuardFact || op == Op::kGuardCell || op == Op::kGlobalAddress ||
                 op == Op::kGuardTable || op == Op::kGuardUnshared || op == Op::kGuardOwnGenerator;
  // No other thread has ever seen the object, or can write it, from Hold on: none has changed it.
  Reference object = object_of(a);
  bool exclusive = is_unshared(object);
  Reference held = held_since(object);
  if (op == Op::kGuardWatched) return watched_since(a);
  if (op == Op::kHold) return held != kNoReference && ir_.at(held).imm == imm ? held : kNoReference;
  const Reference watched = watched_since(object);
  Reference first = 0;  // what is known goes no further back
  bool is_place = op == Op::kLoadWord || op == Op::kLoadOverflow;  // where to store
  for (Reference i = ir_.size() - 1; i >= 0; --i) {
    const Instruction in = ir_.at(i);
    if (i < first) return kNoReference;
    if (in.op == op && in.a == a && in.imm == imm && (op != Op::kGuardFact || in.b == b)) return i;
    if (in.op == Op::kGuardExclusive && in.a == a && op != Op::kGuardExclusive) exclusive = true;
    if (op == Op::kLoadFrame) {
      if ((in.op == Op::kStoreFrame || in.op == Op::kWriteFrame) && in.imm == imm) return in.a;
      if ((in.op == Op::kClearFrame || in.op == Op::kDropFrame) && in.imm == imm) return constant(0, Type::W);
      if (fills_register(in, imm)) return kNoReference;
      continue;
    }
    if (describe(in.op).flags & kBarrier) return kNoReference;
    // Before the lock was taken others may have moved what lies there.
    if (in.op == Op::kHold && in.a == object && is_place) return kNoReference;
    if (in.op == Op::kSafepointThreads && !is_fact && !exclusive && (held == kNoReference || i < held)) {
      if (watched == kNoReference || i < watched) return kNoReference;
      first = watched;
    }
    // While a helper waits, other threads may see to it that what they have taken out of the object ends.
    if (op == Op::kLoadBorrowed && ir_.multithreaded && (held == kNoReference || i < held) && may_wait(in)) return kNoReference;
    bool field = op == Op::kLoadField || op == Op::kLoadBorrowed;
    bool clobbered = field || op == Op::kLoadWord || op == Op::kLoadOverflow || op == Op::kCheckShape ||
                     op == Op::kGuardExclusive || op == Op::kLoadPosition;
    if (clobbered && (describe(in.op).flags & kClobber)) return kNoReference;
    switch (in.op) {
      case Op::kStoreLocked:
      case Op::kStoreCell:
      case Op::kStoreAlone:
      case Op::kInitField:
      case Op::kInitAny:
        // Items lie at the front of their buffers, attributes behind the object's header: equal offsets tell the kinds apart.
        if (field && in.imm == imm && !are_distinct(in.a, a)) return in.a == a && op == Op::kLoadField ? in.b : kNoReference;
        break;
      case Op::kStoreOverflow:
      case Op::kStoreAny:
        // The helper may have found a longer array than the trace knows.
        if (op == Op::kLoadOverflow) return kNoReference;
        if (field && (in.imm >> 32 ? in.imm >> 32 : in.imm) == imm) return kNoReference;
        break;
      case Op::kStoreItemLocked:
        if (field && in.imm == imm) return kNoReference;
        break;
      case Op::kStorePosition:
        if (op != Op::kLoadPosition || in.imm != imm || are_parts(in.a, a) || are_distinct(in.a, a)) break;
        return in.a == a ? in.b : kNoReference;
        break;
      case Op::kAddAny:
        if (op == Op::kLoadOverflow) return kNoReference;
        if (field && static_cast<int32_t>(in.imm) == imm) return kNoReference;
        if (op == Op::kCheckShape) return kNoReference;
        break;
      case Op::kSetShape:
        if (op == Op::kCheckShape) return kNoReference;
        break;
      case Op::kListDrop:
        if (op == Op::kLoadWord) return kNoReference;
        break;
      default: break;
    }
  }
  return kNoReference;
}

Reference Builder::emit(Op op, Reference a, Reference b, int64_t imm, int32_t snapshot) {
  a = resolve(a);
  b = resolve(b);
  if (is_virtual(a) || is_virtual(b)) return emit_virtual(op, a, b, imm, snapshot);
  // In the second round a variable may be known as an unboxed float where the first saw a word.
  if (op != Op::kGuardFloat && op != Op::kGuardBound) {
    if (a >= 0 && describe(op).a == Type::W && ir_.at(a).type == Type::F) {
      if (op == Op::kStoreFrame || op == Op::kWriteFrame || op == Op::kOwn || op == Op::kBorrow) {
        a = emit(Op::kBoxFloat, a, kNoReference, 0, snapshot);
      } else if (op == Op::kGuardIsNot) {
        return kNothing;
      } else {
        failed_ = true;
        return a;
      }
    }
    if (b >= 0 && describe(op).b == Type::W && ir_.at(b).type == Type::F) b = emit(Op::kBoxFloat, b, kNoReference, 0, snapshot);
  }
  Reference folded = fold(op, a, b, imm, snapshot);
  if (folded != kKeep) return folded;
  if (op == Op::kGuardShape && ir_.at(a).type == Type::O) {
    emit(Op::kCheckShape, a, kNoReference, imm, snapshot);
    return a;
  }
  if (op == Op::kClearRegister || op == Op::kWriteRegister) {
    // Over a number nothing is released.
    Reference old = forward_register(a, imm);
    bool empty = old >= 0 && ir_.at(old).op == Op::kConstant && ir_.at(old).imm == 0;
    if (op == Op::kClearRegister && empty) return kNothing;
    // StoreRegister has a snapshot, which this one lacks where a later check stands for several operations.
    if (snapshot >= 0 && (is_number(old) || empty)) {
      if (op == Op::kClearRegister) b = constant(0, Type::W);
      op = Op::kStoreRegister;
    }
  }
  // Over a number nothing is released here either.
  if (op == Op::kStoreAlone && is_number(forward_load(Op::kLoadField, a, kNoReference, imm))) op = Op::kInitField;
  if (op == Op::kGuardExclusive && is_held(a)) return kNothing;
  if (op == Op::kLoadOwned && (!ir_.multithreaded || is_held(object_of(a)))) op = Op::kLoadHeld;
  if (op == Op::kGuardIndex && is_within_size(a, b)) return kNothing;
  const OpDescription& d = describe(op);
  if ((op == Op::kClearFrame || op == Op::kDropFrame || (op == Op::kStoreFrame && ir_.is_constant(a))) &&
      memory_holds(imm, op == Op::kStoreFrame ? a : kNoReference)) {
    return kNothing;
  }
  if (d.flags & kPure) {
    Reference same = find_same(op, a, b, imm);
    if (same != kNoReference) return same;
  } else if (d.flags & kLoad) {
    Reference same = forward_load(op, a, b, imm);
    if (same != kNoReference) return same;
  }
  // A float constant as first operand has no register to come from but its own move; that is the emitter's business.
  ir_.code.push_back({op, d.result, a, b, imm, (d.flags & (kGuard | kAfter)) ? snapshot : -1, -1});
  return ir_.size() - 1;
}

}  // namespace pt::jit
