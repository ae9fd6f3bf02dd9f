// What is recorded of each instruction; the rest is left to the interpreter.
#include "vm/interp/special_methods.h"
#include "vm/jit/recorder.h"
#include "vm/object/names.h"
#include "vm/types/list.h"

namespace pt::jit {

bool Recorder::build(uint64_t word, Op op) {
  if (op == Op::kBuildTuple && build_virtual_tuple(word)) return true;
  int count = PT_C;
  if (count > kMaxArguments || (count == 0 && op == Op::kBuildTuple)) return fall_back();
  int32_t first = at(PT_B);
  Reference items[kMaxArguments];
  for (int i = 0; i < count; ++i) items[i] = boxed(first + i);
  store_arguments({items, static_cast<size_t>(count)});
  Reference made = emit(op, kNoReference, kNoReference, count);
  consume_window(first, static_cast<uint32_t>(count), -kSlotBias);
  set_owned(at(PT_A), made);
  go(1);
  return true;
}

// object[start:stop:step], its assignment or deletion, with the instruction that does it.
bool Recorder::use_slice(uint64_t word, const uint64_t* use) {
  uint64_t after = load_word(use);
  Opcode next = opcode_of(after);
  bool load = next == Opcode::kLOAD_ITEM, store = next == Opcode::kSTORE_ITEM;
  int object = load ? operand_b(after) : operand_a(after), temporary = PT_A | 1;
  if (!load && handling()) return false;  // the value's iterator may look
  if ((!load && !store && next != Opcode::kDELETE_ITEM) || (load ? operand_c(after) : operand_b(after)) != temporary ||
      (object >> 1) == (PT_A >> 1) || (store && ((operand_c(after) >> 1) == (PT_A >> 1) || seen(operand_c(after)).empty()))) {
    return false;
  }
  Value container = seen(object);
  bool known =
      has_shape(container, kShape_list) || (load && (has_shape(container, kShape_str) || has_shape(container, kShape_tuple)));
  int32_t first = at(PT_B);
  for (int i = 0; i < PT_C; ++i) {
    Value bound = base_frame_[first + i];
    known = known && (bound.is_small_int() || is_none(bound));
  }
  if (!known) return false;
  Reference arguments[5] = {as_object(read(object), container.as_object()->shape_id.load(std::memory_order_relaxed)), 0, 0,
                            object_constant(none()), empty_};
  for (int i = 0; i < PT_C; ++i) {
    Reference r = slot(first + i);
    if (base_frame_[first + i].is_small_int()) {
      arguments[i + 1] = as_int(r);
    } else {
      arguments[i + 1] = object_constant(none());
      if (r != arguments[i + 1]) emit(Op::kGuardIs, r, arguments[i + 1]);
    }
  }
  if (store) {
    arguments[4] = read(operand_c(after));
    if (ir_.at(arguments[4]).type == Type::F) arguments[4] = emit(Op::kBoxFloat, arguments[4]);
  }
  store_arguments({arguments, load ? size_t{4} : size_t{5}});
  // An exception is the second instruction's.
  const uint64_t* pc = pc_;
  pc_ = use;
  snapshot_ = -1;
  Reference made = emit(load ? Op::kGetSlice : Op::kSetSlice);
  pc_ = pc;
  snapshot_ = -1;
  consume_window(first, static_cast<uint32_t>(PT_C), -kSlotBias);
  drop(object, load ? operand_a(after) : -2);
  if (store) drop(operand_c(after));
  if (load) set_owned(at(operand_a(after)), made);
  taken_along_ = use;
  expected_ = use + instruction_words(next);
  return true;
}
bool Recorder::build_slice(uint64_t word) {
  if (use_slice(word, pc_ + instruction_words(Opcode::kBUILD_SLICE))) return true;
  int32_t first = at(PT_B);
  Reference items[3] = {boxed(first), boxed(first + 1), PT_C == 3 ? boxed(first + 2) : object_constant(none())};
  store_arguments({items, size_t{3}});
  Reference made = emit(Op::kBuildSlice);
  consume_window(first, static_cast<uint32_t>(PT_C), -kSlotBias);
  set_owned(at(PT_A), made);
  go(1);
  return true;
}

void Recorder::append(Reference list, const Object* object, Reference item) {
  // Making the item may let locks go: so that comes before the list's is taken.
  item = builder_.resolve(item);
  if (builder_.is_virtual(item)) item = make(item);
  emit(hold(list, object, kShape_list) ? Op::kListAppend : Op::kListAppendLocked, list, item);
}
bool Recorder::list_append(int list_operand, int item_operand) {
  if (!has_shape(seen(list_operand), kShape_list)) return fall_back();
  Reference list = as_object(read(list_operand), kShape_list, Access::kWrites);
  Reference item = item_operand >= 0 ? boxed(at(item_operand)) : read(item_operand);
  append(list, seen(list_operand).as_object(), item);
  drop(list_operand);
  drop(item_operand);
  go(1);
  return true;
}

bool Recorder::record(uint64_t word) {
  bool outcome = false;
  switch (opcode_) {
    case Opcode::kNOP:
    case Opcode::kRESUME: go(1); return true;
    case Opcode::kLOAD_CONST:
      write(PT_A, constant_of(constants_[-1 - static_cast<int64_t>(operand_wide(word))]));
      go(1);
      return true;
    case Opcode::kMOVE:
      if (PT_B >= 0 && (PT_B & 1)) {
        move(at(PT_A), at(PT_B));
        if ((PT_B >> 1) < static_cast<int>(here().code->local_end)) set_lazy(at(PT_B), empty_);
      } else {
        set_copy(at(PT_A), read(PT_B));
      }
      go(1);
      return true;
    case Opcode::kMOVE_BORROW:
      write(PT_A, read(PT_B));
      go(1);
      return true;
    case Opcode::kCHECK_BOUND: {
      if (seen(PT_A).empty()) return fall_back();
      Reference r = read(PT_A);
      if (is_pointer(r)) emit(Op::kGuardBound, r);
      go(1);
      return true;
    }
    case Opcode::kCLEAR:
      clear(at(PT_A));
      write(PT_A, empty_);
      go(1);
      return true;
    case Opcode::kADD:
    case Opcode::kINPLACE_ADD: return arithmetic(word, Op::kAddInt, Op::kAddFloat);
    case Opcode::kSUB:
    case Opcode::kINPLACE_SUB: return arithmetic(word, Op::kSubInt, Op::kSubFloat);
    case Opcode::kMUL:
    case Opcode::kINPLACE_MUL: return arithmetic(word, Op::kMulInt, Op::kMulFloat);
    case Opcode::kTRUEDIV:
    case Opcode::kINPLACE_TRUEDIV: return arithmetic(word, Op::kCount, Op::kDivFloat);
    case Opcode::kFLOORDIV:
    case Opcode::kINPLACE_FLOORDIV: return arithmetic(word, Op::kFloorDivInt, Op::kCount);
    case Opcode::kMOD:
    case Opcode::kINPLACE_MOD: return arithmetic(word, Op::kModInt, Op::kCount);
    case Opcode::kAND:
    case Opcode::kINPLACE_AND: return arithmetic(word, Op::kAndInt, Op::kCount);
    case Opcode::kOR:
    case Opcode::kINPLACE_OR: return arithmetic(word, Op::kOrInt, Op::kCount);
    case Opcode::kXOR:
    case Opcode::kINPLACE_XOR: return arithmetic(word, Op::kXorInt, Op::kCount);
    case Opcode::kLSHIFT:
    case Opcode::kINPLACE_LSHIFT: return arithmetic(word, Op::kLshiftInt, Op::kCount);
    case Opcode::kRSHIFT:
    case Opcode::kINPLACE_RSHIFT: return arithmetic(word, Op::kRshiftInt, Op::kCount);
    case Opcode::kPOW:
    case Opcode::kINPLACE_POW: return power(word);
    case Opcode::kNEG: return negate(word);
#define PT_RECORD_COMPARE(name, op)                                \
  case Opcode::k##name: return compare_value(word, CompareOp::op); \
  case Opcode::kJUMP_IF_##name: return compare_jump(word, CompareOp::op);
      PT_RECORD_COMPARE(LT, kLt)
      PT_RECORD_COMPARE(LE, kLe)
      PT_RECORD_COMPARE(EQ, kEq)
      PT_RECORD_COMPARE(NE, kNe)
      PT_RECORD_COMPARE(GT, kGt)
      PT_RECORD_COMPARE(GE, kGe)
#undef PT_RECORD_COMPARE
    case Opcode::kPOS: return is_class_instance(seen(PT_B)) ? call_special(names::pos.str(), {PT_B}) : fall_back();
    case Opcode::kINVERT: {
      if (is_class_instance(seen(PT_B))) return call_special(names::invert.str(), {PT_B});
      if (!seen(PT_B).is_small_int()) return fall_back();
      Reference inverted = emit(Op::kXorInt, as_int(read(PT_B)), builder_.small_int(-1));
      drop(PT_B);
      write(PT_A, inverted);
      go(1);
      return true;
    }
    case Opcode::kDELETE_ITEM:
      return is_class_instance(seen(PT_A)) ? call_special(names::delitem.str(), {PT_A, PT_B}) : delete_item_any(word);
    case Opcode::kNOT:
      if (asks_for_truth(PT_B)) return call_truth(PT_B);
      if (!truth(PT_B, &outcome)) return false;
      drop(PT_B);
      write(PT_A, object_constant(boolean(!outcome)));
      go(1);
      return true;
    case Opcode::kIS:
    case Opcode::kIS_NOT:
      if (!identity(PT_B, PT_C, &outcome)) return false;
      drop(PT_B);
      drop(PT_C);
      write(PT_A, object_constant(boolean(outcome == (opcode_ == Opcode::kIS))));
      go(1);
      return true;
    case Opcode::kJUMP_IF_IS:
      if (!identity(PT_A, PT_B, &outcome)) return false;
      drop(PT_A);
      drop(PT_B);
      go(2 + (outcome == static_cast<bool>(PT_C) ? jump_extra(pc_) : 0));
      return true;
    case Opcode::kIN:
    case Opcode::kNOT_IN:
      if (is_class_instance(seen(PT_C))) return call_special(names::contains.str(), {PT_C, PT_B});
      return contains(word, PT_B, PT_C);
    case Opcode::kJUMP_IF_IN:
      if (is_class_instance(seen(PT_B))) return call_special(names::contains.str(), {PT_B, PT_A});
      return contains(word, PT_A, PT_B);
    case Opcode::kJUMP_IF_TRUE:
    case Opcode::kJUMP_IF_FALSE:
      if (asks_for_truth(PT_A)) return call_truth(PT_A);
      if (!truth(PT_A, &outcome)) return false;
      drop(PT_A);
      go(1 + (outcome == (opcode_ == Opcode::kJUMP_IF_TRUE) ? operand_wide(word) : 0));
      return true;
    case Opcode::kJUMP_IF_TRUE_OR_CLEAR:
    case Opcode::kJUMP_IF_FALSE_OR_CLEAR:
      if (asks_for_truth(PT_A)) return call_truth(PT_A);
      if (!truth(PT_A, &outcome)) return false;
      if (outcome == (opcode_ == Opcode::kJUMP_IF_TRUE_OR_CLEAR)) {
        go(1 + operand_wide(word));
      } else {
        clear(at(PT_A));
        write(PT_A, empty_);
        go(1);
      }
      return true;
    case Opcode::kJUMP_IF_NONE:
    case Opcode::kJUMP_IF_NOT_NONE: {
      bool none_seen = is_none(seen(PT_A));
      Reference r = read(PT_A);
      if (ir_.at(r).type != Type::F) emit(none_seen ? Op::kGuardIs : Op::kGuardIsNot, r, object_constant(none()));
      drop(PT_A);
      go(1 + (none_seen == (opcode_ == Opcode::kJUMP_IF_NONE) ? operand_wide(word) : 0));
      return true;
    }
    case Opcode::kJUMP: go(1 + operand_wide(word)); return true;
    case Opcode::kGET_ITER: return get_iterator(word);
    case Opcode::kFOR_ITER: return for_iter(word);
    case Opcode::kLOAD_GLOBAL:
    case Opcode::kLOAD_NAME: return load_global(word, 2);
    case Opcode::kSTORE_GLOBAL:
    case Opcode::kSTORE_NAME: return store_global(word);
    case Opcode::kLOAD_ATTR: return load_attribute(word);
    case Opcode::kSTORE_ATTR: return store_attribute(word);
    case Opcode::kLOAD_METHOD: return load_method(word);
    case Opcode::kMAKE_CELL: return make_cell(word);
    case Opcode::kMAKE_FUNCTION: return make_function(word);
    case Opcode::kLOAD_CELL: return load_cell(word);
    case Opcode::kSTORE_CELL: return store_cell(word);
    case Opcode::kLOAD_ITEM: return load_item(word);
    case Opcode::kSTORE_ITEM: return store_item(word);
    case Opcode::kUNPACK_SEQUENCE: return unpack(word);
    case Opcode::kBUILD_TUPLE: return build(word, Op::kBuildTuple);
    case Opcode::kBUILD_LIST: return build(word, Op::kBuildList);
    case Opcode::kBUILD_SET: return build_set(word);
    case Opcode::kBUILD_MAP: return build_map(word);
    case Opcode::kSET_ADD: return set_add(word);
    case Opcode::kMAP_ADD: return map_add(word);
    case Opcode::kCONVERT_VALUE: return format_value(word, 0, static_cast<char>(PT_C));
    case Opcode::kFORMAT_SIMPLE: return format_value(word, 0, 0);
    case Opcode::kFORMAT_VALUE: return format_value(word, PT_C, 0);
    case Opcode::kBUILD_STRING: return build_string(word);
    case Opcode::kLIST_EXTEND: return list_extend(word);
    case Opcode::kLIST_TO_TUPLE: return list_to_tuple(word);
    case Opcode::kLIST_APPEND: return list_append(PT_A, PT_B);
    case Opcode::kCALL: return call(PT_A, static_cast<uint16_t>(PT_B), PT_C, false);
    case Opcode::kCALL_KW: return call(PT_A, static_cast<uint16_t>(PT_B), PT_C, false, keyword_names());
    case Opcode::kCALL_EX: return call_spread(word);
    case Opcode::kCALL_METHOD: return call_method(word);
    case Opcode::kCALL_METHOD_KW: return call_method(word, keyword_names());
    case Opcode::kBUILD_SLICE: return build_slice(word);
    case Opcode::kBEFORE_WITH: return before_with(word);
    case Opcode::kRAISE: return raise_statement(word);
    case Opcode::kRERAISE: return reraise_statement(word);
    case Opcode::kENTER_HANDLER: return enter_handler(word);
    case Opcode::kLEAVE_HANDLER: return leave_handler(word);
    case Opcode::kJUMP_IF_NO_MATCH: return match_exception(word);
    case Opcode::kRETURN: return return_value(word);
    case Opcode::kYIELD: return yield_value(word);
    default: return fall_back();
  }
}

}  // namespace pt::jit
