// Recording of operations on strings, dicts and other builtin objects, which the runtime's own functions do.
#include <cstddef>

#include "vm/interp/special_methods.h"
#include "vm/jit/recorder.h"
#include "vm/object/names.h"
#include "vm/object/protocol.h"
#include "vm/types/bytes.h"
#include "vm/types/dict_inl.h"
#include "vm/types/list.h"
#include "vm/types/set.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt::jit {

bool is_scalar(Value v) {
  return v.is_small_int() || v.is_immediate_float() || has_shape(v, kShape_str) || has_shape(v, kShape_bytes) ||
         has_shape(v, kShape_int) || has_shape(v, kShape_float) || is_bool(v) || is_none(v);
}

// An instance of a type that no class statement made.
bool Recorder::is_builtin(Value v) const { return v.is_object() && !has_flag(type_of(v), kTypeHeap); }
bool Recorder::is_plain(Value v) const { return v.is_object() ? is_builtin(v) : !v.empty(); }
// The operand as a word, guarded to be of the type it was seen to have.
Reference Recorder::plain(int operand) {
  Value v = seen(operand);
  Reference r = read(operand);
  if (v.is_small_int()) return as_int(r);
  if (v.is_immediate_float()) {
    Reference f = as_float(r, v);
    return emit(Op::kBoxFloat, f);
  }
  return as_object(r, v.as_object()->shape_id.load(std::memory_order_relaxed));
}

// A key that is found without Python code: hashed and compared by its identity, if no builtin type does it.
bool Recorder::is_plain_key(Value v) const {
  if (is_plain(v)) return true;
  auto as_in = [&](const pt::Type& type) {
    const Slots &own = type_of(v)->slots, &plain = type.slots;
    return own.hash == plain.hash && own.compare == plain.compare;
  };
  return is_class_instance(v) && (as_in(object_type) || as_in(int_type) || as_in(str_type) || as_in(tuple_type));
}
// It is not guarded to be of its class: what looks it up takes any.
Reference Recorder::plain_key(int operand) { return is_plain(seen(operand)) ? plain(operand) : read(operand); }

bool Recorder::binary_any(uint64_t word) {
  if (!is_plain(seen(PT_B)) || !is_plain(seen(PT_C))) return call_operator(word);
  if (raise_operator_error(word) || reason_ != Abort::kCount) return reason_ == Abort::kCount;
  OperatorName name = operator_name(opcode_);
  bool appends = name.op == BinaryOp::kAdd && is_exact_str(seen(PT_B)) && is_exact_str(seen(PT_C)) && PT_B >= 0 &&
                 (PT_A >> 1) == (PT_B >> 1) && !in_heap(at(PT_B));
  Reference a = plain(PT_B), b = plain(PT_C);
  if (appends) {
    // The string may change in place: nothing else may rely on it.
    leave_owner(at(PT_B));
    appends = !state(at(PT_B)).lazy;
  }
  const Reference both[] = {a, b};
  store_arguments(both);
  Reference r = emit(Op::kBinaryAny, kNoReference, kNoReference, static_cast<int64_t>(name.op) | (name.inplace ? 64 : 0),
                     appends ? at(PT_B) + kSlotBias : 0);
  drop(PT_B, PT_A);
  drop(PT_C, PT_A);
  set_owned(at(PT_A), r);
  go(1);
  return true;
}

bool Recorder::compare_any(CompareOp op, int a_operand, int b_operand, bool* outcome) {
  Value a = seen(a_operand), b = seen(b_operand);
  if (!is_scalar(a) || !is_scalar(b)) return fall_back();
  int t = compare_truth(a, b, op);
  if (t < 0) {
    clear_error();
    return fall_back();
  }
  *outcome = t;
  Reference left = plain(a_operand), right = plain(b_operand);
  if ((op == CompareOp::kEq || op == CompareOp::kNe) && is_exact_str(a) && is_exact_str(b)) {
    emit((t != 0) == (op == CompareOp::kEq) ? Op::kGuardSameText : Op::kGuardOtherText, left, right);
    return true;
  }
  Reference r = emit(Op::kCompareAny, left, right, static_cast<int64_t>(op));
  emit(Op::kGuardIs, r, object_constant(boolean(t != 0)));
  return true;
}

// In a few ints or strings that are constants or were just put into a tuple: one after the other.
bool Recorder::among(int item, int container, bool* outcome) {
  Value i = seen(item), c = seen(container);
  Reference t = read(container);
  bool text = is_exact_str(i), is_virtual = builder_.is_virtual(t);
  if (!has_shape(c, kShape_tuple) || !(ir_.is_constant(t) || is_virtual) || !(text || i.is_small_int())) return false;
  const Tuple* tuple = as_tuple(c);
  if (tuple->length > 8) return false;
  for (int64_t k = 0; k < tuple->length; ++k) {
    if (text ? !is_exact_str(tuple->at(k)) : !tuple->at(k).is_small_int()) return false;
  }
  Reference x = plain(item);
  *outcome = false;
  for (int64_t k = 0; k < tuple->length && !*outcome; ++k) {
    Value each = tuple->at(k);
    Reference y = is_virtual ? emit(Op::kLoadField, t, kNoReference, static_cast<int64_t>(offsetof(Tuple, items)) + k * 8)
                             : constant_of(each);
    y = text ? as_object(y, kShape_str) : as_int(y);
    *outcome = text ? str_equal(as_str(each), as_str(i)) : each.same(i);
    if (text)
      emit(*outcome ? Op::kGuardSameText : Op::kGuardOtherText, x, y);
    else
      emit(*outcome ? Op::kGuardEqInt : Op::kGuardNeInt, x, y);
  }
  return true;
}
// The outcome is seen when the interpreter has found it out.
bool Recorder::contains(uint64_t word, int item, int container) {
  bool jumps = opcode_ == Opcode::kJUMP_IF_IN;
  if (bool outcome; among(item, container, &outcome)) {
    drop(item);
    drop(container);
    if (jumps) {
      go(2 + (outcome == static_cast<bool>(PT_C) ? jump_extra(pc_) : 0));
    } else {
      write(PT_A, object_constant(boolean(outcome == (opcode_ == Opcode::kIN))));
      go(1);
    }
    return true;
  }
  Value c = seen(container), i = seen(item);
  if (!is_builtin(c) || !type_of(c)->slots.contains || !is_plain_key(i) || (jumps && jump_extra(pc_) == 0)) return fall_back();
  Reference left = plain(container), right = plain_key(item);
  const uint64_t* ahead = pc_ + instruction_words(opcode_);
  found_ = {emit(Op::kContainsAny, left, right), word, ahead, jumps ? ahead + jump_extra(pc_) : ahead};
  drop(item);
  drop(container);
  expected_ = nullptr;
  return true;
}
void Recorder::finish_contains() {
  const Found found = found_;
  found_ = {};
  uint64_t word = found.word;
  bool jumps = opcode_of(word) == Opcode::kJUMP_IF_IN, outcome;
  if (jumps) {
    outcome = (pc_ == found.target) == static_cast<bool>(PT_C);
  } else {
    outcome = is_true(base_frame_[at(PT_A)]) == (opcode_of(word) == Opcode::kIN);
    write(PT_A, object_constant(boolean(is_true(base_frame_[at(PT_A)]))));
  }
  // The other way of the instruction, which is done.
  snapshot_ = -1;
  Snapshot otherwise = ir_.snapshots[static_cast<size_t>(snapshot())];
  otherwise.pc = pc_ == found.ahead ? found.target : found.ahead;
  if (!jumps) {
    for (SlotValue& s : otherwise.slots) {
      if (s.slot == at(PT_A)) s.value = object_constant(boolean(!is_true(base_frame_[at(PT_A)])));
    }
  }
  ir_.snapshots.push_back(std::move(otherwise));
  builder_.emit(Op::kGuardIs, found.result, object_constant(boolean(outcome)), 0, static_cast<int32_t>(ir_.snapshots.size()) - 1);
}

// len() of the builtin containers; kNoReference: of another object. `v`: what register or constant `r` was seen to be.
Reference Recorder::length_of(Reference r, Value v) {
  if (builder_.is_virtual(r) && builder_.layout_of(r).kind == Layout::Kind::kTuple)
    return builder_.small_int(builder_.layout_of(r).length);
  if (builder_.is_virtual(r) && builder_.layout_of(r).kind == Layout::Kind::kDict)
    return builder_.small_int(virtual_keys(r) ? virtual_keys(r)->length : 0);
  static constexpr struct {
    uint32_t shape;
    int64_t offset;
  } kLengths[] = {{kShape_list, offsetof(List, size)}, {kShape_tuple, offsetof(Tuple, length)},
                  {kShape_str, offsetof(Str, length)}, {kShape_dict, offsetof(Dict, used)},
                  {kShape_set, offsetof(Set, used)},   {kShape_frozenset, offsetof(Set, used)}};
  for (const auto& l : kLengths) {
    if (!has_shape(v, l.shape)) continue;
    return emit(Op::kTagWord, emit(Op::kLoadWord, as_object(r, l.shape), kNoReference, l.offset));
  }
  return kNoReference;
}
bool Recorder::truth_of_container(int operand, bool* outcome) {
  if (is_always_true(operand)) {
    *outcome = true;
    return true;
  }
  Reference count = length_of(read(operand), seen(operand));
  if (count == kNoReference) return truth_of_builtin(operand, outcome);
  *outcome = pt::truth(seen(operand)) == 1;
  emit(*outcome ? Op::kGuardNeInt : Op::kGuardEqInt, count, builder_.small_int(0));
  return true;
}

// Whether the item is a byte that the trace gets at itself.
bool Recorder::is_byte(Value container, Value key) const {
  if (!key.is_small_int()) return false;
  int64_t length = has_shape(container, kShape_bytes) ? as_bytes(container)->length : -1;
  if (!ir_.multithreaded && has_shape(container, kShape_bytearray))
    length = as_bytearray(container)->length.load(std::memory_order_relaxed);
  return key.as_small_int() < length && key.as_small_int() >= -length;
}
// A dict of a class that has the method of dicts; its class is guarded. Otherwise nothing has
// happened.
bool Recorder::is_dict_of_class(int operand, Str* method) {
  Value v = seen(operand);
  if (!is_class_instance(v) || !is_dict(v)) return false;
  pt::Type* type = type_of(v);
  uint32_t version = type->version.load(std::memory_order_acquire);
  if (!version || !type_lookup_borrowed(type, method).same(type_lookup_borrowed(&dict_type, method))) return false;
  guard_class(read(operand), v, version);
  return true;
}

bool Recorder::get_item_any(uint64_t word) {
  Value container = seen(PT_B), key = seen(PT_C);
  if (!handling() && is_plain_key(key) && is_dict_of_class(PT_B, names::getitem.str())) {
    emit(Op::kStoreArgument, plain(PT_B), kNoReference, 0);
    emit(Op::kStoreArgument, plain_key(PT_C), kNoReference, 1);
    Reference r = emit(Op::kGetItemAny, kNoReference, kNoReference, kDictOfClass);
    drop(PT_B, PT_A);
    drop(PT_C, PT_A);
    set_owned(at(PT_A), r);
    go(2);
    return true;
  }
  if (is_class_instance(container)) return call_special(names::getitem.str(), {PT_B, PT_C});
  if (!is_builtin(container) || container.as_object()->shape_id.load(std::memory_order_relaxed) == kShape_type ||
      !is_plain_key(key)) {
    return fall_back();
  }
  if (raise_index_error(PT_B, PT_C, false) || reason_ != Abort::kCount) return reason_ == Abort::kCount;
  bool dict = is_exact_dict(container) && (key.is_small_int() || is_exact_str(key));
  Handler handler;
  if (const Tuple* keys = virtual_keys(read(PT_B)); keys && is_exact_str(key) && ir_.is_constant(read(PT_C))) {
    for (int64_t i = 0; i < keys->length; ++i) {
      if (!str_equal(as_str(keys->at(i)), as_str(key))) continue;
      Ref<> v = dict_get_str(as_dict(container), as_str(key));
      if (!v || !load_into(read(PT_B), i * 8, v.value(), PT_A, PT_B, PT_C)) return fall_back();
      go(2);
      return true;
    }
  }
  if (dict && dict_contains_simple(as_dict(container), key) == 0) return raise_key_error(PT_B, PT_C) || fall_back();
  Reference c = plain(PT_B), k = plain_key(PT_C);
  if (is_exact_str(container) && as_str(container)->kind == 1 && key.is_small_int()) {
    int64_t i = key.as_small_int();
    if (i < 0) i += as_str(container)->length;
    if (i < 0 || i >= as_str(container)->length) return fall_back();
    Reference r = emit(Op::kCharacter, c, k, reinterpret_cast<int64_t>(latin1_characters()));
    drop(PT_B);
    drop(PT_C);
    set_lazy(at(PT_A), r);
    go(2);
    return true;
  }
  if (is_byte(container, key)) {
    Reference r = emit(has_shape(container, kShape_bytes) ? Op::kByte : Op::kByteArrayItem, c, k);
    drop(PT_B);
    drop(PT_C);
    set_lazy(at(PT_A), r);
    go(2);
    return true;
  }
  const Reference both[] = {c, k};
  store_arguments(both);
  // A key that is not there makes an exit: a side trace can raise the exception without making it.
  bool catches = dict && can_unwind(&handler.depth, &handler.entry);
  Reference r = emit(Op::kGetItemAny, kNoReference, kNoReference, catches);
  if (catches) emit(Op::kGuardBound, r);
  drop(PT_B, PT_A);
  drop(PT_C, PT_A);
  set_owned(at(PT_A), r);
  go(2);
  return true;
}

bool Recorder::delete_item_any(uint64_t word) {
  if (handling() || !is_builtin(seen(PT_A)) || !is_plain_key(seen(PT_B))) return fall_back();
  Reference c = plain(PT_A), k = plain_key(PT_B);
  const Reference both[] = {c, k};
  store_arguments(both);
  emit(Op::kDeleteItemAny);
  drop(PT_A);
  drop(PT_B);
  go(1);
  return true;
}

bool Recorder::set_item_any(uint64_t word) {
  Value container = seen(PT_A), key = seen(PT_B);
  bool of_class = !handling() && is_plain_key(key) && !seen(PT_C).empty() && is_dict_of_class(PT_A, names::setitem.str());
  if (!of_class && is_class_instance(container)) return call_special(names::setitem.str(), {PT_A, PT_B, PT_C});
  if ((!of_class && !is_builtin(container)) || !is_plain_key(key) || seen(PT_C).empty()) {
    return fall_back();
  }
  Reference c = plain(PT_A), k = plain_key(PT_B), v = read(PT_C);
  if (Value byte = seen(PT_C); has_shape(container, kShape_bytearray) && is_byte(container, key) && byte.is_small_int() &&
                               byte.as_small_int() >= 0 && byte.as_small_int() <= 255) {
    emit(Op::kStoreArgument, as_int(v), kNoReference, 0);
    emit(Op::kStoreByte, c, k);
    drop(PT_A);
    drop(PT_B);
    drop(PT_C);
    go(1);
    return true;
  }
  if (ir_.at(v).type == Type::F) v = emit(Op::kBoxFloat, v);
  const Reference all[] = {c, k, v};
  store_arguments(all);
  // A lock that is to stay taken pays in a loop; elsewhere the store takes it for itself.
  bool held = ir_.multithreaded && back_edge_ && has_shape(container, kShape_dict) && hold(c, container.as_object(), kShape_dict);
  emit(held ? Op::kSetItemHeld : Op::kSetItemAny, kNoReference, kNoReference, of_class ? kDictOfClass : 0);
  drop(PT_A);
  drop(PT_B);
  drop(PT_C);
  go(1);
  return true;
}

}  // namespace pt::jit
