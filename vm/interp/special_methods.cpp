#include "vm/interp/special_methods.h"

#include "vm/interp/attribute_cache.h"
#include "vm/interp/trace.h"
#include "vm/object/descriptors.h"
#include "vm/object/names.h"
#include "vm/object/protocol.h"
#include "vm/object/super.h"
#include "vm/types/int.h"
#include "vm/types/method_caller.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

CallRecord* enter_method(Thread* thread, Value* frame, const uint64_t* pc, Function* function,
                         std::initializer_list<Value> arguments, int which) {
  if (!function) return nullptr;
  const Code* code = function->code();
  Value* window = frame + thread->record->code->register_count + 1;
  if (thread->record + 1 >= thread->record_limit || window + code->register_count + 8 > thread->stack_limit) return nullptr;
  Ref<> defaults;   // for the parameters behind the arguments
  auto missing = static_cast<int64_t>(code->argument_count) - static_cast<int64_t>(arguments.size());
  if (missing) {
    defaults = function->defaults.load(function);
    if (!defaults || as_tuple(defaults.value())->length < missing) return nullptr;
  }
  thread->record->pc = pc;
  window[-1] = Value::borrowed_object(function);
  Value* next = window;
  for (Value v : arguments) *next++ = v.as_borrowed();
  for (int64_t i = missing; i > 0; --i) {
    const Tuple* t = as_tuple(defaults.value());
    *next++ = Ref<>::retain(t->at(t->length - i)).take();
  }
  clear_locals(function, code, window);
  CallRecord* record = push_record(thread, function, window);
  if (!record) {
    while (missing > 0) release(window[arguments.size() + static_cast<size_t>(--missing)]);
    clear_error();
    return nullptr;
  }
  record->result_register = which;
  record->flags = kRecordOperator;
  return record;
}

CallRecord* enter_get_item(Thread* thread, Value* frame, const uint64_t* pc, Value container, Value key) {
  if (!is_class_instance(container)) return nullptr;
  return enter_method(thread, frame, pc, special_method(type_of(container), names::getitem.str(), 2), {container, key});
}
CallRecord* enter_set_item(Thread* thread, Value* frame, const uint64_t* pc, Value container, Value key, Value item) {
  if (!is_class_instance(container)) return nullptr;
  return enter_method(thread, frame, pc, special_method(type_of(container), names::setitem.str(), 3), {container, key, item});
}
CallRecord* enter_delete_item(Thread* thread, Value* frame, const uint64_t* pc, Value container, Value key) {
  if (!is_class_instance(container)) return nullptr;
  return enter_method(thread, frame, pc, special_method(type_of(container), names::delitem.str(), 2), {container, key});
}
CallRecord* enter_contains(Thread* thread, Value* frame, const uint64_t* pc, Value container, Value item) {
  if (!is_class_instance(container)) return nullptr;
  return enter_method(thread, frame, pc, special_method(type_of(container), names::contains.str(), 2), {container, item});
}
CallRecord* enter_iter(Thread* thread, Value* frame, const uint64_t* pc, Value iterable) {
  if (!is_class_instance(iterable)) return nullptr;
  return enter_method(thread, frame, pc, special_method(type_of(iterable), names::iter.str(), 1), {iterable});
}
CallRecord* enter_next(Thread* thread, Value* frame, const uint64_t* pc, Value iterator) {
  if (!is_class_instance(iterator)) return nullptr;
  return enter_method(thread, frame, pc, special_method(type_of(iterator), names::next.str(), 1), {iterator});
}
Function* exit_method(Type* type) {
  Value exit = type_lookup_borrowed(type, names::exit.str());
  return has_shape(exit, kShape_function) && exit.as_object()->has_gc_bit(kGcDeferred) ? as_function(exit) : nullptr;
}
CallRecord* enter_with(Thread* thread, Value* frame, const uint64_t* pc, Value manager, Value& exit) {
  if (!is_class_instance(manager)) return nullptr;
  Type* type = type_of(manager);
  Function *enter = special_method(type, names::enter.str(), 1), *method = exit_method(type);
  if (!enter || !method) return nullptr;
  Ref<> bound = bound_method_new(Value::object(method), manager);
  if (!bound) {
    clear_error();
    return nullptr;
  }
  exit = bound.take();
  CallRecord* record = enter_method(thread, frame, pc, enter, {manager});
  if (!record) {
    release(exit);
    exit = Value();
  }
  return record;
}
CallRecord* enter_truth(Thread* thread, Value* frame, const uint64_t* pc, Value v) {
  if (!is_class_instance(v)) return nullptr;
  TruthMethod which;
  Function* function = truth_method(type_of(v), &which);
  return enter_method(thread, frame, pc, function, {v}, which);
}
CallRecord* enter_unary(Thread* thread, Value* frame, const uint64_t* pc, Value v, UnaryOp op) {
  if (!is_class_instance(v)) return nullptr;
  Name& name = op == UnaryOp::kNeg ? names::neg : op == UnaryOp::kPos ? names::pos : names::invert;
  return enter_method(thread, frame, pc, special_method(type_of(v), name.str(), 1), {v});
}

CallRecord* enter_load_attribute(Thread* thread, Value* frame, const uint64_t* pc, Value object, Str* name) {
  if (!is_class_instance(object)) return nullptr;
  Type* type = type_of(object);
  uint32_t shape = object.as_object()->shape_id.load(std::memory_order_acquire);
  if (type->slots.get_attribute != generic_get_attribute) {
    if (!has_only_getattr(type) || !lacks_attribute(object, name)) return nullptr;
    return enter_method(thread, frame, pc, special_method(type, names::getattr.str(), 2), {object, Value::object(name)});
  }
  const AttributeNode* node = find_attribute_node(shape, name, false);
  if (!node || node->kind != AttributeKind::kUserDescriptor) return nullptr;
  Function* function = special_method(type_of(node->value), names::get.str(), 3);
  return enter_method(thread, frame, pc, function, {node->value, object, Value::object(type)});
}
CallRecord* enter_store_attribute(Thread* thread, Value* frame, const uint64_t* pc, Value object, Str* name, Value value) {
  if (!is_class_instance(object)) return nullptr;
  Type* type = type_of(object);
  if (type->slots.set_attribute != generic_set_attribute)
    return enter_method(thread, frame, pc, special_method(type, names::setattr.str(), 3), {object, Value::object(name), value});
  const AttributeNode* node = find_attribute_node(object.as_object()->shape_id.load(std::memory_order_acquire), name, true);
  if (!node) return nullptr;
  if (node->kind == AttributeKind::kProperty && is_setter(node->value))
    return enter_method(thread, frame, pc, as_function(node->value), {object, value});
  if (node->kind != AttributeKind::kUserDescriptor) return nullptr;
  Function* function = special_method(type_of(node->value), names::set.str(), 3);
  return enter_method(thread, frame, pc, function, {node->value, object, value});
}
bool is_setter(Value setter) {
  return has_shape(setter, kShape_function) && as_function(setter)->code()->simple_call &&
         as_function(setter)->code()->argument_count == 2;
}

Function* truth_method(Type* type, TruthMethod* which) {
  if (!type->slots.truth && !type->slots.length) return nullptr;
  *which = kByBool;
  if (!type_lookup_borrowed(type, names::bool_dunder.str()).empty()) return special_method(type, names::bool_dunder.str(), 1);
  *which = kByLength;
  return special_method(type, names::len.str(), 1);
}

namespace {
// What str() calls.
Function* text_method(Type* type) {
  if (Function* function = special_method(type, names::str.str(), 1)) return function;
  if (type->slots.str != object_type.slots.str) return nullptr;
  return special_method(type, names::repr.str(), 1);
}
// The class's method of that name, where nothing of the object's own comes first.
Function* plain_method(Object* o, Str* name) {
  Shape* shape = o->shape();
  Type* type = shape->type;
  if (type->slots.get_attribute != generic_get_attribute) return nullptr;
  if (type->attributes_offset && (shape->flags & kShapeDictMode || shape_find(shape, name) >= 0)) return nullptr;
  return special_method(type, name, 1);
}
}  // namespace

SpecialCall special_call(Value callable) {
  if (callable.is(&bool_type)) return SpecialCall::kTruth;
  if (callable.is(&str_type)) return SpecialCall::kStr;
  if (is_method_caller(callable)) {
    auto* caller = reinterpret_cast<MethodCaller*>(callable.as_object());
    bool bare = caller->keywords.peek().empty() && as_tuple(caller->args.peek())->length == 0;
    return bare ? SpecialCall::kMethod : SpecialCall::kNone;
  }
  if (!has_shape(callable, kShape_native_function)) return SpecialCall::kNone;
  NativeFunction function = reinterpret_cast<NativeFunctionObject*>(callable.as_object())->def->function;
  for (const SpecialBuiltin& b : kSpecialBuiltins) {
    if (b.function == function) return b.what;
  }
  return SpecialCall::kNone;
}
Function* special_call_method(SpecialCall what, Value callable, Value object, int* which) {
  Type* type = type_of(object);
  *which = 0;
  switch (what) {
    case SpecialCall::kNone:
    case SpecialCall::kConstruct: return nullptr;
    case SpecialCall::kLength: return special_method(type, names::len.str(), 1);
    case SpecialCall::kAbsolute: return special_method(type, names::abs.str(), 1);
    case SpecialCall::kIterator: return special_method(type, names::iter.str(), 1);
    case SpecialCall::kNext: return special_method(type, names::next.str(), 1);
    case SpecialCall::kHash: return special_method(type, names::hash.str(), 1);
    case SpecialCall::kRound: return special_method(type, names::round.str(), 1);
    case SpecialCall::kRepr: return special_method(type, names::repr.str(), 1);
    case SpecialCall::kStr: return text_method(type);
    case SpecialCall::kMethod: {
      auto* caller = reinterpret_cast<MethodCaller*>(callable.as_object());
      return plain_method(object.as_object(), as_str(caller->name.peek()));
    }
    case SpecialCall::kTruth: {
      TruthMethod by;
      Function* function = truth_method(type, &by);
      *which = by;
      return function;
    }
  }
}

Function* new_method(Type* type) {
  Value found = type_lookup_borrowed(type, names::new_dunder.str());
  if (found.empty() || type_of(found) != &staticmethod_type || !lives_on(found.as_object())) return nullptr;
  Value callable = reinterpret_cast<StaticMethod*>(found.as_object())->callable.peek_acquire();
  return has_shape(callable, kShape_function) && callable.as_object()->has_gc_bit(kGcDeferred) ? as_function(callable) : nullptr;
}

Ref<> super_class_method(Value cls, Type* type, Str* name, Ref<>* receiver) {
  Ref<> found = super_lookup(cls, type, name);
  if (!found) return found;
  Value v = found.value();
  if (has_shape(v, kShape_function) || has_shape(v, kShape_native_function)) return found;
  if (type_of(v) == &staticmethod_type) {
    auto* s = reinterpret_cast<StaticMethod*>(v.as_object());
    return s->callable.load(s);
  }
  if (type_of(v) != &classmethod_type) return Ref<>();
  auto* method = reinterpret_cast<ClassMethod*>(v.as_object());
  Ref<> callable = method->callable.load(method);
  if (!callable || !is_function(callable.value())) return Ref<>();
  *receiver = Ref<>::retain(Value::object(type));
  return callable;
}

namespace {
// -1: an exception. `v` is owned, and given up.
int truth_of(Value v, int which) {
  Ref<> result = Ref<>::steal(promote(v));
  if (which == kByBool) return truth_of_result(result.value());
  int64_t n = length_of_result(result.value());
  return n < 0 ? -1 : n > 0;
}
int truth_of_any(Value v) {
  Ref<> result = Ref<>::steal(promote(v));
  return truth(result.value());
}
// The result of the builtin that was called; empty with an exception. `v` is owned, and taken over.
Value call_result(SpecialCall what, int which, Value v) {
  switch (what) {
    case SpecialCall::kTruth: {
      int t = truth_of(v, which);
      return t < 0 ? Value() : boolean(t);
    }
    case SpecialCall::kLength: {
      if (v.is_small_int() && v.as_small_int() >= 0) return v;
      Ref<> result = Ref<>::steal(promote(v));
      int64_t n = length_of_result(result.value());
      return n < 0 ? Value() : int_from_int64(n).take();
    }
    case SpecialCall::kHash: {
      if (v.is_small_int() && v.as_small_int() >= 0) return v;
      Ref<> result = Ref<>::steal(promote(v));
      int64_t n = hash_of_result(result.value());
      return n == -1 ? Value() : int_from_int64(n).take();
    }
    case SpecialCall::kIterator:
      if (check_iterator(v)) return v;
      release(v);
      return Value();
    case SpecialCall::kRepr:
    case SpecialCall::kStr:
      if (check_text(v, what == SpecialCall::kRepr ? "__repr__" : "__str__")) return v;
      release(v);
      return Value();
    default: return v;
  }
}
}  // namespace

bool method_raised(Thread* thread, const uint64_t** target) {
  CallRecord* record = thread->record;
  const uint64_t* pc = record->pc;
  uint64_t word = load_word(pc);
  Value *frame = record->registers, *constants = record->code->constants_end;
  if (opcode_of(word) == Opcode::kLOAD_ATTR) complete_attribute_error(PT_READ(PT_B), name_at(thread, PT_C));
  if (opcode_of(word) != Opcode::kFOR_ITER || !end_of_iterator(thread)) return false;
  write(record->registers, PT_B, Value());
  *target = pc + 2 + jump_extra(pc);
  return true;
}

// The value is the result.
#define PT_METHOD_VALUE(words) \
  do {                         \
    consume(frame, PT_B);      \
    write(frame, PT_A, v);     \
    PT_NEXT(words);            \
  } while (0)
#define PT_METHOD_TRUTH(outcome) \
  int t = (outcome);             \
  if (PT_UNLIKELY(t < 0)) PT_RAISE()
uint64_t method_returned(PT_HANDLER_PARAMETERS) {
  Value v = Value::from_bits(word);
  word = load_word(pc);
  Opcode op = opcode_of(word);
  int which = (thread->record + 1)->result_register;
  switch (op) {
    case Opcode::kLOAD_ITEM: consume(frame, PT_C); PT_METHOD_VALUE(2);
    case Opcode::kLOAD_ATTR: PT_METHOD_VALUE(2);
    case Opcode::kNEG:
    case Opcode::kPOS:
    case Opcode::kINVERT: PT_METHOD_VALUE(1);
    case Opcode::kGET_ITER:
      if (PT_UNLIKELY(!check_iterator(v))) {
        release(v);
        PT_RAISE();
      }
      PT_METHOD_VALUE(1);
    case Opcode::kFOR_ITER: write(frame, PT_A, v); PT_NEXT(2);
    case Opcode::kBEFORE_WITH:
      consume(frame, PT_B);
      write(frame, PT_A + 2, v);
      PT_NEXT(1);
    // The result is of no interest.
    case Opcode::kSTORE_ITEM:
    case Opcode::kDELETE_ITEM:
      release(v);
      consume(frame, PT_A);
      consume(frame, PT_B);
      if (op == Opcode::kSTORE_ITEM) consume(frame, PT_C);
      PT_NEXT(1);
    case Opcode::kSTORE_ATTR:
      release(v);
      consume(frame, PT_A);
      consume(frame, PT_B);
      PT_NEXT(2);
    // Its truth is.
    case Opcode::kNOT: {
      PT_METHOD_TRUTH(truth_of(v, which));
      consume(frame, PT_B);
      write(frame, PT_A, boolean(!t));
      PT_NEXT(1);
    }
    case Opcode::kJUMP_IF_TRUE:
    case Opcode::kJUMP_IF_FALSE: {
      PT_METHOD_TRUTH(truth_of(v, which));
      consume(frame, PT_A);
      PT_NEXT(1 + (t == (op == Opcode::kJUMP_IF_TRUE) ? operand_wide(word) : 0));
    }
    case Opcode::kJUMP_IF_TRUE_OR_CLEAR:
    case Opcode::kJUMP_IF_FALSE_OR_CLEAR: {
      PT_METHOD_TRUTH(truth_of(v, which));
      if (t == (op == Opcode::kJUMP_IF_TRUE_OR_CLEAR)) PT_NEXT(1 + operand_wide(word));
      write(frame, PT_A, Value());
      PT_NEXT(1);
    }
    case Opcode::kIN:
    case Opcode::kNOT_IN: {
      PT_METHOD_TRUTH(truth_of_any(v));
      consume(frame, PT_B);
      consume(frame, PT_C);
      write(frame, PT_A, boolean(t == (op == Opcode::kIN)));
      PT_NEXT(1);
    }
    case Opcode::kJUMP_IF_IN: {
      PT_METHOD_TRUTH(truth_of_any(v));
      consume(frame, PT_A);
      consume(frame, PT_B);
      PT_NEXT(2 + (t == PT_C ? jump_extra(pc) : 0));
    }
    case Opcode::kCALL_KW:
    case Opcode::kCALL_METHOD:
    case Opcode::kCALL_METHOD_KW:
    case Opcode::kCALL:
      if (which == special_record(SpecialCall::kConstruct, 0)) {
        word = v.bits();
        PT_TAIL(construct_returned);
      }
      v = call_result(static_cast<SpecialCall>(which >> 1), which & 1, v);
      if (PT_UNLIKELY(v.empty())) PT_RAISE();
      write(frame, PT_C, v);
      PT_NEXT(2);
    default: break;
  }
  word = v.bits();
  ComparisonName comparison;
  if (comparison_name(op, &comparison)) PT_TAIL(comparison_returned);
  PT_TAIL(operator_returned);
}

}  // namespace pt
