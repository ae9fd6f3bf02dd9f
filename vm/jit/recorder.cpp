#include "vm/jit/recorder.h"

#include <cstddef>

#include "vm/interp/attribute_cache.h"
#include "vm/types/dict.h"
#include "vm/types/dict_inl.h"
#include "vm/types/iterators.h"
#include "vm/types/list.h"

namespace pt::jit {

namespace {
constexpr int kMaxInstructions = 400;
constexpr size_t kMaxDepth = 6;
constexpr int64_t kExactDouble = int64_t{1} << 53;
}  // namespace

Recorder::Recorder(Thread* thread, Value* frame, const uint64_t* back_edge)
    : thread_(thread), back_edge_(back_edge), base_record_(thread->record), base_frame_(frame) {
  expected_ = back_edge + 1 + operand_wide(load_word(back_edge));
  empty_ = builder_.constant(0, Type::W);
  pc_ = expected_;
  emit(Op::kSafepoint);
}

Recorder::~Recorder() {
  for (Value v : kept_) release(v);
}

int32_t Recorder::snapshot() {
  if (snapshot_ >= 0) return snapshot_;
  Snapshot s{pc_, {}, frames_};
  for (size_t i = 0; i < current_.size(); ++i) {
    if (changed_[i]) s.slots.push_back({static_cast<int32_t>(i), current_[i]});
  }
  for (const SlotValue& p : positions_) s.slots.push_back(p);
  ir_.snapshots.push_back(std::move(s));
  return snapshot_ = static_cast<int32_t>(ir_.snapshots.size()) - 1;
}
std::vector<SlotValue> Recorder::final_slots() const {
  std::vector<SlotValue> out;
  for (size_t i = 0; i < current_.size(); ++i) {
    if (changed_[i]) out.push_back({static_cast<int32_t>(i), current_[i]});
  }
  out.insert(out.end(), positions_.begin(), positions_.end());
  return out;
}
Reference Recorder::emit(Op op, Reference a, Reference b, int64_t imm) {
  return builder_.emit(op, a, b, imm, describe(op).flags & kGuard ? snapshot() : -1);
}
Reference Recorder::slot(int32_t at) {
  auto i = static_cast<size_t>(at);
  if (i >= current_.size()) {
    current_.resize(i + 1, kNoReference);
    changed_.resize(i + 1, 0);
  }
  if (current_[i] == kNoReference) current_[i] = emit(Op::kLoadFrame, kNoReference, kNoReference, at);
  return current_[i];
}
void Recorder::set(int32_t at, Reference r) {
  auto i = static_cast<size_t>(at);
  if (i >= current_.size()) {
    current_.resize(i + 1, kNoReference);
    changed_.resize(i + 1, 0);
  }
  current_[i] = r;
  changed_[i] = 1;
}
Reference Recorder::object_constant(Value v) {
  keep(v.untagged());
  return builder_.constant(v.untagged().bits(), Type::W);
}
Reference Recorder::read(int operand) {
  if (operand >= 0) return slot(window_ + (operand >> 1));
  Value v = seen(operand);
  if (v.is_small_int()) return builder_.constant(v.bits(), Type::I);
  if (v.is_object()) return object_constant(v);
  return builder_.constant(v.bits(), Type::W);
}
void Recorder::refine(Reference from, Reference to) {
  if (from == to) return;
  for (Reference& r : current_) {
    if (r == from) r = to;
  }
}
Reference Recorder::as_int(Reference r) {
  Reference i = emit(Op::kGuardInt, r);
  refine(r, i);
  return i;
}
Reference Recorder::as_float(Reference r, Value v) {
  if (v.is_small_int()) return emit(Op::kIntToFloat, as_int(r));
  Reference f = emit(Op::kGuardFloat, r);
  refine(r, f);
  return f;
}
// For comparisons and int / int: the conversion must not round.
Reference Recorder::exact_float(Reference r, Value v) {
  if (!v.is_small_int()) return as_float(r, v);
  Reference i = as_int(r);
  emit(Op::kGuardLeInt, i, builder_.small_int(kExactDouble));
  emit(Op::kGuardGeInt, i, builder_.small_int(-kExactDouble));
  return emit(Op::kIntToFloat, i);
}
Reference Recorder::as_object(Reference r, uint32_t shape) {
  if (ir_.is_constant(r)) return r;
  Reference o = emit(Op::kGuardShape, r, kNoReference, shape);
  refine(r, o);
  return o;
}

bool Recorder::arithmetic(uint64_t word, Op int_op, Op float_op) {
  Value a = seen(PT_B), b = seen(PT_C);
  bool numbers = (a.is_small_int() || a.is_immediate_float()) && (b.is_small_int() || b.is_immediate_float());
  if (!numbers) return abort(Abort::ktypes);
  Reference result;
  Reference x = read(PT_B), y = read(PT_C);
  if (a.is_small_int() && b.is_small_int() && float_op != Op::kDivFloat) {
    if (int_op == Op::kCount) return abort(Abort::ktypes);
    x = as_int(x);
    y = as_int(PT_B == PT_C ? x : y);
    if (int_op == Op::kFloorDivInt || int_op == Op::kModInt) {
      if (b.as_small_int() == 0 || b.as_small_int() == -1) return abort(Abort::ktypes);
    }
    result = emit(int_op, x, y);
  } else {
    if (float_op == Op::kCount) return abort(Abort::ktypes);
    bool divide = float_op == Op::kDivFloat && a.is_small_int() && b.is_small_int();
    x = divide ? exact_float(x, a) : as_float(x, a);
    y = divide ? exact_float(y, b) : as_float(y, b);
    if (float_op == Op::kDivFloat && (b.is_small_int() ? b.as_small_int() == 0 : b.as_immediate_float() == 0.0)) {
      return abort(Abort::ktypes);
    }
    result = emit(float_op, x, y);
  }
  kill(PT_B);
  kill(PT_C);
  write(PT_A, result);
  go(1);
  return true;
}

bool Recorder::compare(CompareOp op, int a_operand, int b_operand, bool* outcome) {
  Value a = seen(a_operand), b = seen(b_operand);
  if (a.is_small_int() && b.is_small_int()) {
    static constexpr Op kHolds[] = {Op::kGuardLtInt, Op::kGuardLeInt, Op::kGuardEqInt, Op::kGuardNeInt, Op::kGuardGtInt, Op::kGuardGeInt};
    static constexpr Op kFails[] = {Op::kGuardGeInt, Op::kGuardGtInt, Op::kGuardNeInt, Op::kGuardEqInt, Op::kGuardLeInt, Op::kGuardLtInt};
    auto x = static_cast<int64_t>(a.bits()), y = static_cast<int64_t>(b.bits());
    bool results[] = {x < y, x <= y, x == y, x != y, x > y, x >= y};
    *outcome = results[static_cast<int>(op)];
    Reference left = as_int(read(a_operand)), right = as_int(read(b_operand));
    emit((*outcome ? kHolds : kFails)[static_cast<int>(op)], left, right);
  } else {
    bool numbers = (a.is_small_int() || a.is_immediate_float()) && (b.is_small_int() || b.is_immediate_float());
    if (!numbers) return abort(Abort::ktypes);
    for (Value v : {a, b}) {
      if (v.is_small_int() && (v.as_small_int() > kExactDouble || v.as_small_int() < -kExactDouble)) return abort(Abort::ktypes);
    }
    double x = a.is_small_int() ? static_cast<double>(a.as_small_int()) : a.as_immediate_float();
    double y = b.is_small_int() ? static_cast<double>(b.as_small_int()) : b.as_immediate_float();
    bool results[] = {x < y, x <= y, x == y, x != y, x > y, x >= y};
    *outcome = results[static_cast<int>(op)];
    Reference left = exact_float(read(a_operand), a), right = exact_float(read(b_operand), b);
    switch (op) {
      case CompareOp::kGt: std::swap(left, right); [[fallthrough]];
      case CompareOp::kLt: emit(*outcome ? Op::kGuardLtFloat : Op::kGuardNotLtFloat, left, right); break;
      case CompareOp::kGe: std::swap(left, right); [[fallthrough]];
      case CompareOp::kLe: emit(*outcome ? Op::kGuardLeFloat : Op::kGuardNotLeFloat, left, right); break;
      case CompareOp::kEq: emit(*outcome ? Op::kGuardEqFloat : Op::kGuardNeFloat, left, right); break;
      case CompareOp::kNe: emit(*outcome ? Op::kGuardNeFloat : Op::kGuardEqFloat, left, right); break;
    }
  }
  return true;
}

bool Recorder::truth(int operand, bool* outcome) {
  Value v = seen(operand);
  Reference r = read(operand);
  if (v.is_small_int()) {
    *outcome = v.as_small_int() != 0;
    emit(*outcome ? Op::kGuardNeInt : Op::kGuardEqInt, as_int(r), builder_.small_int(0));
    return true;
  }
  if (!is_bool(v) && !is_none(v)) return abort(Abort::ktypes);
  *outcome = is_true(v);
  emit(Op::kGuardIs, r, object_constant(v));
  return true;
}

bool Recorder::for_iter(uint64_t word) {
  Value iterator = seen(PT_B);
  if (!has_shape(iterator, kShape_range_iterator)) return abort(Abort::kiterator);
  auto* it = static_cast<RangeIterator*>(iterator.as_object());
  if (it->local.load(std::memory_order_relaxed) != 1 || it->shared.load(std::memory_order_relaxed) != 0) return abort(Abort::kiterator);
  int32_t at = window_ + (PT_B >> 1);
  Reference o = as_object(slot(at), kShape_range_iterator);
  if (changed_[static_cast<size_t>(at)]) return abort(Abort::kiterator);  // made inside the loop
  emit(Op::kGuardUnshared, o);
  SlotValue* position = nullptr;
  for (SlotValue& p : positions_) {
    if (p.slot == kIteratorPosition + at) position = &p;
  }
  auto field = [&](size_t offset) {
    return emit(Op::kTagWord, emit(Op::kLoadWord, o, kNoReference, static_cast<int64_t>(offset)), kNoReference, 0);
  };
  Reference index = position ? position->value
                             : emit(Op::kTagWord, emit(Op::kLoadWord, o, kNoReference, offsetof(RangeIterator, index)),
                                    kNoReference, kIteratorPosition + at);
  Reference start = field(offsetof(RangeIterator, start)), step = field(offsetof(RangeIterator, step)),
            length = field(offsetof(RangeIterator, length));
  int64_t i = it->index.load(std::memory_order_relaxed);
  if (static_cast<uint64_t>(i) >= static_cast<uint64_t>(it->length)) return abort(Abort::kleft_loop);
  emit(Op::kGuardGeInt, index, builder_.small_int(0));
  emit(Op::kGuardLtInt, index, length);
  Reference scaled = index;
  if (Value::fits_small_int(it->step)) {
    emit(Op::kGuardEqInt, step, builder_.small_int(it->step));
    scaled = emit(Op::kMulInt, index, builder_.small_int(it->step));
  } else {
    scaled = emit(Op::kMulInt, index, step);
  }
  Reference item = emit(Op::kAddInt, scaled, start);
  Reference next = emit(Op::kAddInt, index, builder_.small_int(1));
  if (position) position->value = next;
  else positions_.push_back({kIteratorPosition + at, next});
  write(PT_A, item);
  go(2);
  return true;
}

bool Recorder::load_global(uint64_t word) {
  uint64_t cached = load_word(pc_ + 1);
  if (!(cached & 1)) return abort(Abort::kglobal);
  Dict* globals = thread_->record->globals;
  DictTable* t = globals->table.load(std::memory_order_acquire);
  auto version = static_cast<uint32_t>(cached >> 32);
  auto position = static_cast<int64_t>((cached >> 1) & 0x3FFFFFFF);
  if (t->version.load(std::memory_order_relaxed) != version) return abort(Abort::kglobal);
  Field& field = t->entries()[position].value;
  Value v = field.peek_acquire();
  if (v.empty()) return abort(Abort::kglobal);
  ir_.touches_heap = true;
  keep(Value::object(globals));
  int64_t offset = reinterpret_cast<char*>(&field) - reinterpret_cast<char*>(t);
  size_t number = 0;
  while (number < ir_.globals.size() && (ir_.globals[number].dict != globals || ir_.globals[number].offset != offset)) ++number;
  if (number == ir_.globals.size()) ir_.globals.push_back({globals, version, offset});
  Reference r = emit(Op::kLoadGlobal, kNoReference, kNoReference, static_cast<int64_t>(number));
  emit(Op::kGuardBound, r);
  if (has_shape(v, kShape_function)) {
    Reference constant = object_constant(v);
    emit(Op::kGuardIs, r, constant);
    r = constant;
  }
  write(PT_A, r);
  go(2);
  return true;
}

bool Recorder::load_attribute(uint64_t word) {
  Value object = seen(PT_B);
  const AttributeNode* node = cached_node(pc_);
  if (!object.is_object() || !node) return abort(Abort::kattribute);
  Object* o = object.as_object();
  uint32_t shape = o->shape_id.load(std::memory_order_relaxed);
  if (shape != node->shape.load(std::memory_order_relaxed) || node->kind != AttributeKind::kSlot || node->store) {
    return abort(Abort::kattribute);
  }
  if (reinterpret_cast<Field*>(reinterpret_cast<char*>(o) + node->offset)->peek().empty()) return abort(Abort::kattribute);
  ir_.touches_heap = true;
  Reference r = read(PT_B);
  if (ir_.is_constant(r)) return abort(Abort::kattribute);
  r = as_object(r, shape);
  emit(Op::kGuardCell, builder_.constant(reinterpret_cast<uint64_t>(&node->shape), Type::P), kNoReference, shape);
  Reference v = emit(Op::kLoadField, r, kNoReference, node->offset);
  kill(PT_B);
  write(PT_A, v);
  go(2);
  return true;
}

// The value of an operand in the form a heap slot takes: immediates only.
Reference Recorder::storable(int operand) {
  Value v = seen(operand);
  if (v.is_small_int()) return as_int(read(operand));
  if (v.is_immediate_float()) return emit(Op::kBoxFloat, as_float(read(operand), v));
  return kNoReference;
}
bool Recorder::store_attribute(uint64_t word) {
  Value object = seen(PT_A);
  const AttributeNode* node = cached_node(pc_);
  if (!object.is_object() || !node) return abort(Abort::kattribute);
  Object* o = object.as_object();
  uint32_t shape = o->shape_id.load(std::memory_order_relaxed);
  if (shape != node->shape.load(std::memory_order_relaxed) || node->kind != AttributeKind::kSlot || !node->store) {
    return abort(Abort::kattribute);
  }
  Value old = reinterpret_cast<Field*>(reinterpret_cast<char*>(o) + node->offset)->peek();
  if (!old.is_small_int() && !old.is_immediate_float()) return abort(Abort::kattribute);
  Reference r = read(PT_A);
  if (ir_.is_constant(r)) return abort(Abort::kattribute);
  ir_.touches_heap = true;
  r = as_object(r, shape);
  emit(Op::kGuardCell, builder_.constant(reinterpret_cast<uint64_t>(&node->shape), Type::P), kNoReference, shape);
  Reference v = storable(PT_B);
  if (v == kNoReference) return abort(Abort::ktypes);
  emit(Op::kStoreField, r, v, node->offset);
  kill(PT_A);
  kill(PT_B);
  go(2);
  return true;
}
bool Recorder::load_method(uint64_t word) {
  Value object = seen(PT_B);
  const AttributeNode* node = cached_node(pc_);
  if (!object.is_object() || !node) return abort(Abort::kattribute);
  uint32_t shape = object.as_object()->shape_id.load(std::memory_order_relaxed);
  if (shape != node->shape.load(std::memory_order_relaxed) || node->kind != AttributeKind::kMethod ||
      !is_function(node->value)) {
    return abort(Abort::kattribute);
  }
  Reference r = read(PT_B);
  if (ir_.is_constant(r)) return abort(Abort::kattribute);
  ir_.touches_heap = true;
  r = as_object(r, shape);
  emit(Op::kGuardCell, builder_.constant(reinterpret_cast<uint64_t>(&node->shape), Type::P), kNoReference, shape);
  kill(PT_B);
  write(PT_A, object_constant(node->value));
  write(PT_A + 2, r);
  go(2);
  return true;
}

bool Recorder::list_item(int container_operand, int key_operand, Reference* address) {
  Value container = seen(container_operand), key = seen(key_operand);
  if (!has_shape(container, kShape_list) || !key.is_small_int() || key.as_small_int() < 0) return abort(Abort::ktypes);
  auto* list = as_list(container);
  if (key.as_small_int() >= list_size(list)) return abort(Abort::ktypes);
  Reference r = read(container_operand);
  if (ir_.is_constant(r)) return abort(Abort::ktypes);
  ir_.touches_heap = true;
  Reference o = as_object(r, kShape_list);
  Reference index = as_int(read(key_operand));
  emit(Op::kGuardIndex, index, emit(Op::kLoadWord, o, kNoReference, offsetof(List, size)));
  Reference buffer = emit(Op::kLoadWord, o, kNoReference, offsetof(List, buffer));
  *address = emit(Op::kItemAddress, buffer, index);
  return true;
}

bool Recorder::call(int base, uint32_t count, int result) {
  Value callable = seen(base);
  if (!is_function(callable)) return abort(Abort::kcallee);
  Function* function = as_function(callable);
  Code* code = function->code();
  if (!code->simple_call || code->argument_count != count || code->free_count) return abort(Abort::kcallee);
  if (frames_.size() >= kMaxDepth) return abort(Abort::kdepth);
  ir_.touches_heap = true;
  Reference r = read(base);
  Reference constant = object_constant(callable);
  if (!ir_.is_constant(r)) emit(Op::kGuardIs, r, constant);
  Reference code_word = emit(Op::kLoadWord, constant, kNoReference, offsetof(Function, code_field));
  keep(Value::object(code));
  emit(Op::kGuardEqual, code_word, builder_.constant(reinterpret_cast<uint64_t>(code), Type::P));
  int32_t window = window_ + (base >> 1) + 1;
  for (uint32_t i = 0; i < count; ++i) slot(window + static_cast<int32_t>(i));
  set(window - 1, constant);
  for (uint32_t i = code->parameter_count; i < code->local_end; ++i) set(window + static_cast<int32_t>(i), empty_);
  frames_.push_back({code, function, window, result, pc_});
  window_ = window;
  expected_ = code->words;
  return true;
}

bool Recorder::return_value(uint64_t word) {
  if (frames_.empty()) return abort(Abort::kleft_loop);
  CallRecord* record = thread_->record;
  if (record->flags || record->frame_object) return abort(Abort::kcallee);
  Reference v = read(PT_A);
  InlinedFrame frame = frames_.back();
  frames_.pop_back();
  auto kept_registers = static_cast<int32_t>(base_record_->code->register_count);
  const Code* code = static_cast<const Code*>(frame.code);
  int32_t end = window_ + static_cast<int32_t>(code->register_count);
  for (int32_t i = window_ - 1; i < end && i < static_cast<int32_t>(current_.size()); ++i) {
    auto at = static_cast<size_t>(i);
    // Registers of the first frame are emptied; those above it do not exist any more.
    if (i < kept_registers) {
      if (changed_[at] || i < window_ + static_cast<int32_t>(code->local_end)) set(i, empty_);
    } else {
      current_[at] = kNoReference;
      changed_[at] = 0;
    }
  }
  window_ = frames_.empty() ? 0 : frames_.back().window;
  set(window_ + (frame.result_register >> 1), v);
  expected_ = frame.caller_pc + 2;
  return true;
}

bool Recorder::record(uint64_t word) {
  bool outcome = false;
  switch (opcode_) {
    case Opcode::kNOP:
    case Opcode::kRESUME: go(1); return true;
    case Opcode::kLOAD_CONST: {
      Value v = constants_[-1 - static_cast<int64_t>(operand_wide(word))];
      write(PT_A, v.is_object() ? object_constant(v) : builder_.constant(v.bits(), v.is_small_int() ? Type::I : Type::W));
      go(1);
      return true;
    }
    case Opcode::kMOVE:
    case Opcode::kMOVE_BORROW: {
      Reference r = read(PT_B);
      if (opcode_ == Opcode::kMOVE) kill(PT_B);
      write(PT_A, r);
      go(1);
      return true;
    }
    case Opcode::kCHECK_BOUND:
      if (seen(PT_A).empty()) return abort(Abort::kinstruction);
      emit(Op::kGuardBound, read(PT_A));
      go(1);
      return true;
    case Opcode::kCLEAR: write(PT_A, empty_); go(1); return true;
    case Opcode::kADD: case Opcode::kINPLACE_ADD: return arithmetic(word, Op::kAddInt, Op::kAddFloat);
    case Opcode::kSUB: case Opcode::kINPLACE_SUB: return arithmetic(word, Op::kSubInt, Op::kSubFloat);
    case Opcode::kMUL: case Opcode::kINPLACE_MUL: return arithmetic(word, Op::kMulInt, Op::kMulFloat);
    case Opcode::kTRUEDIV: case Opcode::kINPLACE_TRUEDIV: return arithmetic(word, Op::kCount, Op::kDivFloat);
    case Opcode::kFLOORDIV: case Opcode::kINPLACE_FLOORDIV: return arithmetic(word, Op::kFloorDivInt, Op::kCount);
    case Opcode::kMOD: case Opcode::kINPLACE_MOD: return arithmetic(word, Op::kModInt, Op::kCount);
    case Opcode::kAND: case Opcode::kINPLACE_AND: return arithmetic(word, Op::kAndInt, Op::kCount);
    case Opcode::kOR: case Opcode::kINPLACE_OR: return arithmetic(word, Op::kOrInt, Op::kCount);
    case Opcode::kXOR: case Opcode::kINPLACE_XOR: return arithmetic(word, Op::kXorInt, Op::kCount);
    case Opcode::kLSHIFT: case Opcode::kINPLACE_LSHIFT: return arithmetic(word, Op::kLshiftInt, Op::kCount);
    case Opcode::kRSHIFT: case Opcode::kINPLACE_RSHIFT: return arithmetic(word, Op::kRshiftInt, Op::kCount);
    case Opcode::kNEG: {
      Value v = seen(PT_B);
      Reference r;
      if (v.is_small_int()) r = emit(Op::kSubInt, builder_.small_int(0), as_int(read(PT_B)));
      else if (v.is_immediate_float()) r = emit(Op::kNegFloat, as_float(read(PT_B), v));
      else return abort(Abort::ktypes);
      kill(PT_B);
      write(PT_A, r);
      go(1);
      return true;
    }
#define PT_RECORD_COMPARE(name, op)                                                             \
    case Opcode::k##name:                                                                       \
      if (!compare(CompareOp::op, PT_B, PT_C, &outcome)) return false;                          \
      kill(PT_B);                                                                               \
      kill(PT_C);                                                                               \
      write(PT_A, object_constant(boolean(outcome)));                                           \
      go(1);                                                                                    \
      return true;                                                                              \
    case Opcode::kJUMP_IF_##name:                                                               \
      if (!compare(CompareOp::op, PT_A, PT_B, &outcome)) return false;                          \
      kill(PT_A);                                                                               \
      kill(PT_B);                                                                               \
      go(2 + (outcome == static_cast<bool>(PT_C) ? jump_extra(pc_) : 0));                       \
      return true;
    PT_RECORD_COMPARE(LT, kLt)
    PT_RECORD_COMPARE(LE, kLe)
    PT_RECORD_COMPARE(EQ, kEq)
    PT_RECORD_COMPARE(NE, kNe)
    PT_RECORD_COMPARE(GT, kGt)
    PT_RECORD_COMPARE(GE, kGe)
    case Opcode::kNOT:
      if (!truth(PT_B, &outcome)) return false;
      kill(PT_B);
      write(PT_A, object_constant(boolean(!outcome)));
      go(1);
      return true;
    case Opcode::kJUMP_IF_TRUE:
    case Opcode::kJUMP_IF_FALSE:
      if (!truth(PT_A, &outcome)) return false;
      kill(PT_A);
      go(1 + (outcome == (opcode_ == Opcode::kJUMP_IF_TRUE) ? operand_wide(word) : 0));
      return true;
    case Opcode::kJUMP_IF_NONE:
    case Opcode::kJUMP_IF_NOT_NONE: {
      bool none_seen = is_none(seen(PT_A));
      emit(none_seen ? Op::kGuardIs : Op::kGuardIsNot, read(PT_A), object_constant(none()));
      kill(PT_A);
      go(1 + (none_seen == (opcode_ == Opcode::kJUMP_IF_NONE) ? operand_wide(word) : 0));
      return true;
    }
    case Opcode::kJUMP: go(1 + operand_wide(word)); return true;
    case Opcode::kFOR_ITER: return for_iter(word);
    case Opcode::kLOAD_GLOBAL: return load_global(word);
    case Opcode::kLOAD_ATTR: return load_attribute(word);
    case Opcode::kSTORE_ATTR: return store_attribute(word);
    case Opcode::kLOAD_METHOD: return load_method(word);
    case Opcode::kLOAD_ITEM: {
      Reference address;
      if (!list_item(PT_B, PT_C, &address)) return false;
      Reference v = emit(Op::kLoadItem, address, kNoReference, offsetof(ListBuffer, items));
      kill(PT_B);
      kill(PT_C);
      write(PT_A, v);
      go(2);
      return true;
    }
    case Opcode::kSTORE_ITEM: {
      Reference address;
      if (!list_item(PT_A, PT_B, &address)) return false;
      Value old = as_list(seen(PT_A))->buffer.load(std::memory_order_relaxed)->items[seen(PT_B).as_small_int()].peek();
      if (!old.is_small_int() && !old.is_immediate_float()) return abort(Abort::ktypes);
      Reference v = storable(PT_C);
      if (v == kNoReference) return abort(Abort::ktypes);
      emit(Op::kStoreItem, address, v, offsetof(ListBuffer, items));
      kill(PT_A);
      kill(PT_B);
      kill(PT_C);
      go(1);
      return true;
    }
    case Opcode::kCALL: return call(PT_A, static_cast<uint16_t>(PT_B), PT_C);
    case Opcode::kCALL_METHOD:
      if (seen(PT_A + 2).empty()) return abort(Abort::kcallee);
      return call(PT_A, static_cast<uint32_t>(static_cast<uint16_t>(PT_B)) + 1, PT_C);
    case Opcode::kRETURN: return return_value(word);
    default: return abort(Abort::kinstruction);
  }
}

Step Recorder::step(Value* frame, const uint64_t* pc, Value* constants, uint64_t word) {
  opcode_ = opcode_of(word);
  if (pc != expected_ || frame != base_frame_ + window_) {
    reason_ = Abort::kexception;
    return Step::kAborted;
  }
  frame_ = frame;
  pc_ = pc;
  constants_ = constants;
  snapshot_ = -1;
  if (opcode_ == Opcode::kJUMP_BACK) {
    if (pc == back_edge_ && frames_.empty()) return Step::kClosed;
    reason_ = Abort::kinner_loop;
    return Step::kAborted;
  }
  if (++count_ > kMaxInstructions) {
    reason_ = Abort::ktoo_long;
    return Step::kAborted;
  }
  if (!record(word)) return Step::kAborted;
  if (builder_.failed()) {
    reason_ = Abort::ktypes;
    return Step::kAborted;
  }
  if (ir_.touches_heap && multithreaded()) {
    reason_ = Abort::kthreads;
    return Step::kAborted;
  }
  return Step::kGoOn;
}

}  // namespace pt::jit
