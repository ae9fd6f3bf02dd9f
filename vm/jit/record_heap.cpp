// Recording of reads and writes of objects: globals, attributes, cells, items, iterators.
#include <cstddef>

#include "vm/interp/attribute_cache.h"
#include "vm/interp/special_methods.h"
#include "vm/jit/facts.h"
#include "vm/jit/recorder.h"
#include "vm/object/descriptors.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/types/bytes.h"
#include "vm/types/dict.h"
#include "vm/types/dict_inl.h"
#include "vm/types/exception.h"
#include "vm/types/iterators.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt::jit {

namespace {
Field* field_at(Object* o, int64_t offset) { return reinterpret_cast<Field*>(reinterpret_cast<char*>(o) + offset); }
bool is_immediate(Value v) { return v.is_small_int() || v.is_immediate_float(); }
bool is_singleton(Value v) { return is_none(v) || is_bool(v); }
bool is_uncounted(Value v) { return is_immediate(v) || is_singleton(v); }
// Not counted: lives as long as the runtime, or is freed by a collection only.
bool is_shared(Value v) {
  return v.is_object() && !is_singleton(v) && (v.as_object()->has_gc_bit(kGcDeferred) || v.as_object()->is_immortal());
}
// What an access to the overflow array adds to its address plus one.
constexpr int64_t overflow_offset(int64_t index) {
  return static_cast<int64_t>(offsetof(OverflowSlots, slots)) + index * static_cast<int64_t>(sizeof(Field)) - 1;
}
// nullptr: the trace does without.
Field* overflow_field(Object* o, const AttributeNode* node) {
  OverflowSlots* overflow = overflow_in(attribute_storage_at(o, node->version)->extra.load(std::memory_order_acquire));
  bool fits = overflow && node->offset < static_cast<int64_t>(overflow->capacity) && node->version < 0x10000 &&
              overflow_offset(node->offset) < 0x10000;
  return fits ? &overflow->slots[node->offset] : nullptr;
}
// Owned by the calling thread and never seen by another one.
bool is_exclusive(const Object* o) {
  return o->owner.load(std::memory_order_relaxed) == tls_owner_id && o->shared.load(std::memory_order_relaxed) == 0;
}
}  // namespace

// With threads: what the trace reads of an object that it knows for good is read once, if it is a list or an instance of a class
// that nobody seems to write to (docs/jit.md, Threads).
void Recorder::watch_constant(Reference o, Object* object, Access access) {
  Value v = Value::object(object);
  if (!ir_.multithreaded || (!has_shape(v, kShape_list) && (!is_class_instance(v) || has_flag(type_of(v), kTypeTypeSubclass))))
    return;
  if (access == Access::kLooks) {
    if (try_watch(object)) emit(Op::kGuardWatched, o);
    return;
  }
  forbid_watch(object);
  for (const Instruction& in : ir_.code) {
    if (in.op == Op::kGuardWatched && in.a == o) abort(Abort::kconflict);
  }
}
// `access`: what the instruction does to it, unless native code does that.
Reference Recorder::as_object(Reference r, uint32_t shape, Access access) {
  if (r == empty_) {
    abort(Abort::kconflict);   // what is known is not what is seen
    return r;
  }
  if (ir_.is_constant(r)) {
    // Known for good: only its shape may have changed.
    Value v = Value::from_bits(static_cast<uint64_t>(ir_.at(r).imm));
    Reference o = builder_.constant(v.untagged().bits(), Type::O);
    watch_constant(o, v.as_object(), access);
    if (shape < kFirstDynamicShape && has_shape(v, shape)) return o;
    emit(Op::kCheckShape, o, kNoReference, shape);
    return o;
  }
  Reference o = emit(Op::kGuardShape, r, kNoReference, shape);
  refine(r, o);
  return o;
}

// With threads: whether the object is and has to stay one that no other thread has seen.
bool Recorder::exclusive(Reference o, const Object* object) {
  if (!ir_.multithreaded || ir_.is_constant(o) || !is_exclusive(object)) return false;
  // Taking the lock of a fresh object costs more than a few looks at it.
  bool worth_holding = has_many_rounds_ || (object->lock.load(std::memory_order_relaxed) & (kLockWasKept | kLockReserved));
  emit(Op::kGuardExclusive, o, kNoReference, 0,
       worth_holding ? static_cast<int32_t>(object->shape_id.load(std::memory_order_relaxed)) : 0);
  return true;
}

// Whether the store that follows needs no lock of its own: there is one thread, or the trace has the object's lock from here on,
// as no other thread has seen it (Hold). `shape`: it has to have kept it.
bool Recorder::hold(Reference o, const Object* object, uint32_t shape) {
  if (!ir_.multithreaded) return true;
  o = builder_.resolve(o);
  if (ir_.is_constant(o) || !is_exclusive(object)) return false;
  size_t word = 0;
  while (word < held_.size() && held_[word] != o) ++word;
  if (word == kHoldSlots) {
    // Each word belongs to one object, as two that took turns would let each other go; but for those that are let go by now.
    word = 0;
    while (word < kHoldSlots && builder_.is_held(held_[word])) ++word;
    if (word == kHoldSlots) return false;
    held_[word] = o;
  }
  if (word == held_.size()) held_.push_back(o);
  auto number = static_cast<int64_t>(word);
  if (!builder_.hold_earlier(o, number, shape)) emit(Op::kHold, o, kNoReference, hold_imm(number, shape));
  return true;
}

// What needs no count, in the form of a heap slot.
Reference Recorder::storable(int operand) {
  Value v = seen(operand);
  if (is_singleton(v)) return known(operand);
  if (v.is_small_int()) return as_int(read(operand));
  if (v.is_immediate_float()) return emit(Op::kBoxFloat, as_float(read(operand), v));
  return kNoReference;
}

// A field that holds something without a count. False, and nothing has happened: it has to be loaded with one.
bool Recorder::load_uncounted(Reference base, int64_t offset, Value item, Reference* value, Op load) {
  if (!is_immediate(item) && !is_singleton(item)) return false;
  Reference r = emit(load, base, kNoReference, offset);
  if (item.is_small_int()) {
    r = as_int(r);
  } else if (item.is_immediate_float()) {
    r = as_float(r, item);
  } else {
    Reference constant = object_constant(item);
    emit(Op::kGuardIs, r, constant);
    r = constant;
  }
  *value = r;
  return true;
}

Reference Recorder::load_owned(Reference base, int64_t offset, Value item) {
  // What the thread does not own may end at any time, if it does not live on.
  bool may_borrow = item.is_object() && (owned_by_this_thread(item.as_object()) || lives_on(item.as_object()));
  return emit(Op::kLoadOwned, base, kNoReference, offset, may_borrow);
}
bool Recorder::load_into(Reference base, int64_t offset, Value item, int to, int killed, int killed2, Op load) {
  if (item.empty()) return fall_back();
  if (builder_.is_virtual(base)) {
    Reference r = emit(Op::kLoadField, base, kNoReference, offset);
    if (builder_.failed()) return false;
    if (item.is_small_int())
      r = as_int(r);
    else if (item.is_immediate_float())
      r = as_float(r, item);
    bool counted = is_pointer(r);
    Reference own = counted ? emit(Op::kOwn, r) : r;
    drop(killed, to);
    drop(killed2, to);
    if (counted)
      set_owned(at(to), own, r);
    else
      set_lazy(at(to), own);
    return true;
  }
  if (Reference number; load_uncounted(base, offset, item, &number, load)) {
    drop(killed);
    drop(killed2);
    set_lazy(at(to), number);
    return true;
  }
  Reference r = load_owned(base, offset, item);
  drop(killed, to);
  drop(killed2, to);
  set_owned(at(to), r);
  return true;
}

// Which of the trace's references it is.
int64_t Recorder::reference(Dict* dict, Str* name, const DictPlace& place) {
  keep(Value::object(dict));
  watch_table(dict);
  return reference(reference_to(dict, name, place));
}
int64_t Recorder::reference(const GlobalReference& fresh) {
  size_t number = 0;
  for (; number < ir_.globals.size(); ++number) {
    const GlobalReference& g = ir_.globals[number];
    if (g.dict == fresh.dict && g.name == fresh.name && g.offset == fresh.offset) break;
  }
  if (number == ir_.globals.size()) ir_.globals.push_back(fresh);
  return static_cast<int64_t>(number);
}
// Address of the value at a place.
Reference Recorder::table_entry(Dict* dict, Str* name, const DictPlace& place) {
  return emit(Op::kGlobalAddress, kNoReference, kNoReference, reference(dict, name, place));
}
// What another thread has made and this one reads from a namespace over and over would be escalated soon. The code shall not
// count it until then, and for ever.
bool Recorder::is_fact(Value v, const DictPlace& place) {
  if (is_shared(v)) return true;
  if (!ir_.multithreaded || !v.is_object()) return false;
  Object* o = v.as_object();
  if (o->owner.load(std::memory_order_relaxed) == tls_owner_id || o->has_gc_bit(kGcHasWeakrefs)) return false;
  Ref<> held;
  if (!place.field().try_load(held) || !held.value().is(o)) return false;
  escalate(o);
  return is_shared(v);
}
// Functions, classes, modules: what is not counted hardly ever changes. The constant.
Reference Recorder::fact(Dict* dict, Str* name, Reference address, Value v) {
  Reference constant = object_constant(v);
  emit(Op::kGuardFact, address, constant, 0);
  watch_key(dict, name);
  return constant;
}

// ---- globals -----------------------------------------------------------------------------------------------------------

bool Recorder::load_global(uint64_t word, int words) {
  CallRecord* record = thread_->record;
  Dict* globals = record->globals;
  // A subclass may have a __getitem__ or __missing__ of its own.
  if (!is_exact_dict(Value::object(globals)) || (opcode_ == Opcode::kLOAD_NAME && !record->locals.is(globals)))
    return fall_back();
  Str* name = record->code->names[static_cast<uint16_t>(PT_B)];
  DictPlace place;
  if (!dict_place(globals, name, &place)) return fall_back();
  Dict* holder = globals;
  if (place.position < 0) {
    if (!record->function) return fall_back();
    holder = record->function->builtins();
    if (!is_exact_dict(Value::object(holder))) return fall_back();
    // Absent from the globals as long as they are this very table with as many entries.
    watch_key(globals, name);
    emit(Op::kGuardTable, kNoReference, kNoReference, reference(globals, name, place));
    if (!dict_place(holder, name, &place) || place.position < 0) return fall_back();
  }
  Value v = place.field().peek_acquire();
  if (v.empty()) return fall_back();
  Reference address = table_entry(holder, name, place);
  if (is_fact(v, place)) {
    set_lazy(at(PT_A), fact(holder, name, address, v));
  } else if (!load_into(address, 0, v, PT_A, 0)) {
    return false;
  }
  go(words);
  return true;
}

bool Recorder::store_global(uint64_t word) {
  CallRecord* record = thread_->record;
  Dict* globals = record->globals;
  if (!is_exact_dict(Value::object(globals)) || (opcode_ == Opcode::kSTORE_NAME && !record->locals.is(globals)))
    return fall_back();
  Str* name = record->code->names[static_cast<uint16_t>(PT_A)];
  DictPlace place;
  if (ir_.multithreaded || is_relied_on(globals, name) || !dict_place(globals, name, &place) || place.position < 0 ||
      !is_uncounted(place.field().peek())) {
    return fall_back();
  }
  Reference v = storable(PT_B);
  if (v == kNoReference) return fall_back();
  Reference address = table_entry(globals, name, place);
  emit(Op::kStoreAlone, address, v, 0);
  drop(PT_B);
  go(1);
  return true;
}

// ---- attributes --------------------------------------------------------------------------------------------------------

// The node for the object: the site's own, the one another site has made for such objects, or a new one: recordings may
// come to a site before it has one.
const AttributeNode* Recorder::node_for(Value object, uint64_t word, bool store, uint32_t* shape) {
  if (!object.is_object()) return nullptr;
  *shape = object.as_object()->shape_id.load(std::memory_order_relaxed);
  const AttributeNode* node = cached_node(pc_);
  if (node && *shape == node->shape.load(std::memory_order_relaxed)) return node->store == store ? node : nullptr;
  Str* name = here().code->names[static_cast<uint16_t>(PT_C)];
  node = find_attribute_node(*shape, name, store);
  return node ? node : slot_node(object.as_object(), name, store);
}
// The class still gives the attribute as it did.
void Recorder::guard_node(const AttributeNode* node, uint32_t shape) {
  emit(Op::kGuardCell, builder_.constant(reinterpret_cast<uint64_t>(&node->shape), Type::P), kNoReference, shape);
}

// What the module has under the name.
Recorder::ModuleEntry Recorder::module_entry(Value object, Str* name) {
  Dict* dict = module_dict(as_module(object));
  DictPlace place;
  if (!dict_place(dict, name, &place) || place.position < 0) return {};
  return {dict, place, place.field().peek_acquire()};
}

// An object that is loaded only to see that it is not None needs no count: with the instruction that looks.
bool Recorder::test_field(Reference base, int64_t offset, Value item, uint64_t word) {
  const uint64_t* next = pc_ + instruction_words(opcode_);
  uint64_t test = load_word(next);
  Opcode op = opcode_of(test);
  if ((op != Opcode::kJUMP_IF_NONE && op != Opcode::kJUMP_IF_NOT_NONE) || operand_a(test) != (PT_A | 1) || !item.is_object() ||
      is_none(item) || builder_.is_virtual(base)) {
    return false;
  }
  emit(Op::kGuardIsNot, emit(Op::kLoadField, base, kNoReference, offset), object_constant(none()));
  drop(PT_B);
  taken_along_ = next;
  expected_ = next + 1 + (op == Opcode::kJUMP_IF_NOT_NONE ? operand_wide(test) : 0);
  return true;
}
bool Recorder::load_attribute(uint64_t word) {
  Value object = seen(PT_B);
  if (builder_.is_virtual(read(PT_B)) && has_shape(object, kShape_super)) return load_super_attribute(word);
  uint32_t shape;
  const AttributeNode* node = node_for(object, word, false, &shape);
  if (!node) {
    Str* name = here().code->names[static_cast<uint16_t>(PT_C)];
    if (raise_attribute_error(read(PT_B), object, name) || reason_ != Abort::kCount) return reason_ == Abort::kCount;
    return is_builtin(object) ? load_builtin_attribute(word) : call_getattr(word);
  }
  Object* o = object.as_object();
  switch (node->kind) {
    case AttributeKind::kUserDescriptor:
      return call_descriptor(node, shape, PT_B, names::get.str(), {node->value, PT_B, Value::object(type_of(object))});
    case AttributeKind::kTupleItem: {
      const Tuple* t = as_tuple(object);
      if (node->offset < 0 || node->offset >= t->length) return fall_back();
      Reference r = as_object(read(PT_B), shape);
      guard_node(node, shape);
      emit(Op::kGuardIndex, builder_.small_int(node->offset), emit(Op::kLoadImmutable, r, kNoReference, offsetof(Tuple, length)));
      int64_t offset = static_cast<int64_t>(offsetof(Tuple, items)) + node->offset * 8;
      if (!load_into(r, offset, t->at(node->offset), PT_A, PT_B, 0, Op::kLoadItem)) return false;
      break;
    }
    case AttributeKind::kSlot: {
      Value v = field_at(o, node->offset)->peek();
      if (v.empty()) return fall_back();
      Reference r = as_object(read(PT_B), shape);
      guard_node(node, shape);
      exclusive(r, o);
      if (test_field(r, node->offset, v, word)) return true;
      if (!load_into(r, node->offset, v, PT_A, PT_B)) return false;
      break;
    }
    case AttributeKind::kOverflow: {
      Field* field = overflow_field(o, node);
      Value v = field ? field->peek_acquire() : Value();
      if (v.empty()) return fall_back();
      Reference r = as_object(read(PT_B), shape);
      guard_node(node, shape);
      exclusive(r, o);
      Reference array = emit(Op::kLoadOverflow, r, kNoReference, node->version);
      if (!load_into(array, overflow_offset(node->offset), v, PT_A, PT_B)) return false;
      break;
    }
    case AttributeKind::kClassValue: {
      as_object(read(PT_B), shape);
      guard_node(node, shape);
      drop(PT_B);
      set_lazy(at(PT_A), constant_of(node->value));
      break;
    }
    case AttributeKind::kMethod: {
      if (!is_function(node->value) || !can_hold(read(PT_B))) return load_builtin_attribute(word);
      Reference r = as_object(read(PT_B), shape);
      guard_node(node, shape);
      Reference method = virtual_method(node->value, r);
      fresh_ = method;
      drop(PT_B, PT_A);
      set_lazy(at(PT_A), method);
      break;
    }
    case AttributeKind::kClassAttribute: {
      if (!object.is(node->holder)) return fall_back();
      known(PT_B);
      guard_node(node, shape);
      drop(PT_B);
      set_lazy(at(PT_A), constant_of(node->value));
      break;
    }
    case AttributeKind::kProperty: {
      // The interpreter enters the getter only through the site's own node.
      if (!has_shape(node->value, kShape_function) || node != cached_node(pc_)) return fall_back();
      as_object(read(PT_B), shape);
      guard_node(node, shape);
      return call_property(word, node->value);
    }
    case AttributeKind::kModule: {
      Str* name = here().code->names[static_cast<uint16_t>(PT_C)];
      ModuleEntry entry = module_entry(object, name);
      if (entry.value.empty()) return fall_back();
      known(PT_B);
      Reference address = table_entry(entry.dict, name, entry.place);
      if (is_fact(entry.value, entry.place)) {
        Reference constant = fact(entry.dict, name, address, entry.value);
        drop(PT_B);
        set_lazy(at(PT_A), constant);
      } else if (!load_into(address, 0, entry.value, PT_A, PT_B)) {
        return false;
      }
      break;
    }
    case AttributeKind::kDescriptor: {
      if (!is_arguments_of_exception(node->value)) return load_builtin_attribute(word);
      Value v = as_exception(object)->args.peek();
      if (v.empty()) return fall_back();
      Reference r = as_object(read(PT_B), shape);
      guard_node(node, shape);
      if (!load_into(r, offsetof(BaseException, args), v, PT_A, PT_B)) return false;
      break;
    }
    default: return fall_back();
  }
  go(2);
  return true;
}

// Before a store to a field of `object`: what the trace knows of that field of other objects stays known.
void Recorder::tell_apart(Reference object, const Object* seen_object, int64_t offset) {
  int guards = 0;
  for (size_t i = 0; i < slots_.size() && guards < 2; ++i) {
    if (slots_[i].lazy || slots_[i].value == kNoReference) continue;
    Reference other = builder_.resolve(slots_[i].value);
    Value v = base_frame_[static_cast<int64_t>(i) - kSlotBias];
    if (other == object || ir_.at(other).type != Type::O || ir_.is_constant(other) || builder_.is_virtual(other) ||
        !v.is_object() || v.as_object() == seen_object || !builder_.knows_field(other, offset)) {
      continue;
    }
    emit(Op::kGuardDistinct, object, other);
    ++guards;
  }
}

bool Recorder::store_attribute(uint64_t word) {
  Value object = seen(PT_A);
  uint32_t shape;
  if (is_class_instance(object) && type_of(object)->slots.set_attribute != generic_set_attribute) {
    return call_special(names::setattr.str(), {PT_A, Value::object(here().code->names[static_cast<uint16_t>(PT_C)]), PT_B});
  }
  const AttributeNode* node = node_for(object, word, true, &shape);
  if (!node) return fall_back();
  if (node->kind == AttributeKind::kProperty) return call_setter(node, shape, word);
  if (node->kind == AttributeKind::kUserDescriptor)
    return call_descriptor(node, shape, PT_A, names::set.str(), {node->value, PT_A, PT_B});
  Object* o = object.as_object();
  if (builder_.is_virtual(read(PT_A)) && (node->kind == AttributeKind::kAdd || node->kind == AttributeKind::kSlot) &&
      !seen(PT_B).empty()) {
    Reference r = as_object(read(PT_A), shape);
    guard_node(node, shape);
    if (put(r, node->offset, PT_B)) {
      if (node->kind == AttributeKind::kAdd) emit(Op::kSetShape, r, kNoReference, node->version);
      drop(PT_A);
      drop(PT_B);
      go(2);
      return true;
    }
  }
  if (node->kind == AttributeKind::kAdd) {
    Value v = seen(PT_B);
    if (v.empty()) return fall_back();
    Reference r = as_object(read(PT_A), shape, Access::kWrites);
    guard_node(node, shape);
    if (is_uncounted(v) && !ir_.multithreaded) {
      Reference stored = storable(PT_B);
      emit(Op::kInitField, r, stored, node->offset);
      emit(Op::kSetShape, r, kNoReference, node->version);
    } else {
      Reference stored = read(PT_B);
      emit(Op::kAddAny, r, stored, node->offset | static_cast<int64_t>(node->version) << 32, static_cast<int32_t>(shape));
    }
    drop(PT_A);
    drop(PT_B);
    go(2);
    return true;
  }
  bool overflow = node->kind == AttributeKind::kOverflow;
  if (node->kind != AttributeKind::kSlot && !overflow) return fall_back();
  Field* field = overflow ? overflow_field(o, node) : field_at(o, node->offset);
  if (!field) return fall_back();
  Value old = field->peek_acquire();
  Reference r = as_object(read(PT_A), shape, Access::kWrites);
  guard_node(node, shape);
  Reference v = is_uncounted(old) ? storable(PT_B) : kNoReference;
  int64_t place = overflow ? overflow_offset(node->offset) << 32 | node->version : node->offset;
  if (!overflow) tell_apart(r, o, node->offset);
  if (v != kNoReference) {
    if (!hold(r, o, shape))
      emit(overflow ? Op::kStoreOverflow : Op::kStoreLocked, r, v, place, static_cast<int32_t>(shape));
    else if (overflow)
      emit(Op::kStoreAlone, emit(Op::kLoadOverflow, r, kNoReference, node->version), v, overflow_offset(node->offset));
    else
      emit(Op::kStoreAlone, r, v, node->offset);
  } else {
    if (old.empty() && (overflow || seen(PT_B).empty())) return fall_back();   // an empty slot of __slots__ is one like others
    v = read(PT_B);
    if (ir_.at(v).type == Type::F) v = emit(Op::kBoxFloat, v);
    emit(Op::kStoreAny, r, v, place, static_cast<int32_t>(shape));
  }
  drop(PT_A);
  drop(PT_B);
  go(2);
  return true;
}

// The types of numbers do not change.
bool Recorder::load_method_of_number(uint64_t word) {
  Value number = seen(PT_B);
  Value method = type_lookup_borrowed(type_of(number), here().code->names[static_cast<uint16_t>(PT_C)]);
  if (number.empty() || !has_shape(method, kShape_method_descriptor)) return fall_back();
  if (number.is_small_int())
    as_int(read(PT_B));
  else
    as_float(read(PT_B), number);
  if (PT_B >= 0 && (PT_B & 1)) {
    move(at(PT_A) + 1, at(PT_B));
  } else {
    set_lazy(at(PT_A) + 1, read(PT_B));
  }
  set_lazy(at(PT_A), object_constant(method));
  go(2);
  return true;
}
bool Recorder::load_method(uint64_t word) {
  Value object = seen(PT_B);
  if (builder_.is_virtual(read(PT_B)) && has_shape(object, kShape_super)) return load_super_method(word);
  if (!object.is_object()) return load_method_of_number(word);
  uint32_t shape;
  const AttributeNode* node = node_for(object, word, false, &shape);
  if (!node) return fall_back();
  if (node->kind == AttributeKind::kModule) {
    // module.function: no receiver.
    Str* name = here().code->names[static_cast<uint16_t>(PT_C)];
    ModuleEntry entry = module_entry(object, name);
    if (entry.value.empty() || !is_shared(entry.value)) return fall_back();
    known(PT_B);
    Reference constant = fact(entry.dict, name, table_entry(entry.dict, name, entry.place), entry.value);
    drop(PT_B);
    set_lazy(at(PT_A), constant);
    set_lazy(at(PT_A) + 1, empty_);
    go(2);
    return true;
  }
  if (node->kind == AttributeKind::kClassAttribute && object.is(node->holder)) {
    known(PT_B);
    guard_node(node, shape);
    drop(PT_B);
    set_lazy(at(PT_A), constant_of(node->value));
    set_lazy(at(PT_A) + 1, empty_);
    go(2);
    return true;
  }
  if (node->kind == AttributeKind::kClassValue || node->kind == AttributeKind::kClassMethod) {
    bool of_class = node->kind == AttributeKind::kClassMethod;
    if (of_class && node->holder && !object.is(node->holder)) return fall_back();
    if (node->holder)
      known(PT_B);
    else
      as_object(read(PT_B), shape);
    guard_node(node, shape);
    Reference receiver = of_class ? object_constant(class_method_receiver(node, object)) : empty_;
    drop(PT_B);
    set_lazy(at(PT_A), constant_of(node->value));
    set_lazy(at(PT_A) + 1, receiver);
    go(2);
    return true;
  }
  if (node->kind == AttributeKind::kSlot || node->kind == AttributeKind::kOverflow) {
    // Something callable of the object's own.
    if (!load_attribute(word)) return false;
    set_lazy(at(PT_A) + 1, empty_);
    return true;
  }
  if (node->kind != AttributeKind::kMethod) return fall_back();
  as_object(read(PT_B), shape);
  guard_node(node, shape);
  Reference method = object_constant(node->value);
  if (PT_B >= 0 && (PT_B & 1)) {
    move(at(PT_A) + 1, at(PT_B));
  } else {
    set_lazy(at(PT_A) + 1, read(PT_B));
  }
  set_lazy(at(PT_A), method);
  go(2);
  return true;
}

// ---- cells -------------------------------------------------------------------------------------------------------------

// The cell that the operand holds: those of free variables hold nothing else.
Reference Recorder::cell_in(int operand) {
  Reference r = read(operand);
  const Code* code = here().code;
  auto nth = static_cast<uint32_t>(operand >> 1) - code->free_register;
  if (operand < 0 || nth >= code->free_count || ir_.is_constant(r) || builder_.is_virtual(r)) return as_object(r, kShape_cell);
  Reference cell = emit(Op::kUntag, r);
  refine(r, cell);
  return cell;
}
bool Recorder::load_cell(uint64_t word) {
  Value cell = seen(PT_B);
  if (!has_shape(cell, kShape_cell)) return fall_back();
  Value v = as_cell(cell)->content.peek_acquire();
  if (v.empty()) return fall_back();
  Reference r = cell_in(PT_B);
  Reference own =
      !builder_.is_virtual(r) && v.is(reinterpret_cast<Object*>(thread_->record->function)) ? own_function() : kNoReference;
  if (own != kNoReference) {
    // The function that runs here, which stays alive until it returns: a recursive call.
    emit(Op::kGuardIs, emit(Op::kLoadField, r, kNoReference, offsetof(Cell, content)), own);
    drop(PT_B);
    set_lazy(at(PT_A), own);
    go(1);
    return true;
  }
  if (has_many_rounds_ && !builder_.is_virtual(r)) exclusive(r, cell.as_object());
  if (!load_into(r, offsetof(Cell, content), v, PT_A, PT_B)) return false;
  go(1);
  return true;
}
bool Recorder::store_cell(uint64_t word) {
  Value cell = seen(PT_A);
  if (!has_shape(cell, kShape_cell)) return fall_back();
  Value old = as_cell(cell)->content.peek_acquire();
  if (builder_.is_virtual(read(PT_A)) && !seen(PT_B).empty() && put(read(PT_A), offsetof(Cell, content), PT_B)) {
    drop(PT_A);
    drop(PT_B);
    go(1);
    return true;
  }
  if (seen(PT_B).empty()) return fall_back();
  Reference r = cell_in(PT_A);
  Reference v = is_uncounted(old) ? storable(PT_B) : kNoReference;
  if (v != kNoReference) {
    emit(hold(r, cell.as_object(), kShape_cell) ? Op::kStoreAlone : Op::kStoreCell, r, v, offsetof(Cell, content), kShape_cell);
  } else {
    v = read(PT_B);
    if (ir_.at(v).type == Type::F) v = emit(Op::kBoxFloat, v);
    emit(Op::kStoreAny, r, v, offsetof(Cell, content), kShape_cell);
  }
  drop(PT_A);
  drop(PT_B);
  go(1);
  return true;
}

// ---- items -------------------------------------------------------------------------------------------------------------

// The key, which was seen to be an int, as a position that is guarded to be less than `count`.
Reference Recorder::index_of(int key_operand, Reference count) {
  Reference index = as_int(read(key_operand));
  if (seen(key_operand).as_small_int() < 0) {
    emit(Op::kGuardLtInt, index, builder_.small_int(0));
    index = emit(Op::kAddInt, emit(Op::kTagWord, count), index);
  }
  emit(Op::kGuardIndex, index, count);
  return index;
}
// The list's buffer, with room for `index`, which is less than the list's size.
Reference Recorder::list_data(Reference list, Reference index, List* seen_list, bool own) {
  if (ir_.multithreaded && !own) {
    // A constant is the same list for whichever thread runs the trace.
    if (ir_.is_constant(list))
      open_to_all(seen_list);
    else
      emit(Op::kGuardOpen, list);
  }
  Reference data = emit(Op::kLoadWord, list, kNoReference, offsetof(List, buffer));
  if (ir_.multithreaded && !builder_.is_settled(list)) {
    // Size and buffer may belong to different moments.
    emit(Op::kGuardBound, data);
    emit(Op::kGuardIndex, index, emit(Op::kLoadWord, data, kNoReference, offsetof(ListBuffer, capacity)));
  }
  return data;
}
// A tuple, or of a subclass that gives its items as tuples do.
bool Recorder::is_plain_tuple(Value v) const {
  if (has_shape(v, kShape_tuple)) return true;
  if (!v.is_object() || v.empty() || !has_flag(type_of(v), kTypeTupleSubclass)) return false;
  const Slots &own = type_of(v)->slots, &plain = tuple_type.slots;
  return own.get_item == plain.get_item && own.iter == plain.iter && own.length == plain.length;
}
// Guards it; kNoReference, and nothing has happened: the class is being changed.
Reference Recorder::as_plain_tuple(int operand) {
  Value v = seen(operand);
  if (has_shape(v, kShape_tuple)) return as_object(read(operand), kShape_tuple);
  uint32_t version = type_of(v)->version.load(std::memory_order_acquire);
  if (!version || !is_plain_tuple(v)) return kNoReference;
  guard_class(read(operand), v, version);
  return read(operand);
}
// Address of the item, to be used with the offset of ListBuffer's or Tuple's items.
bool Recorder::list_item(int container_operand, int key_operand, Reference* list, Reference* address, Value* item) {
  Value container = seen(container_operand), key = seen(key_operand);
  if (!key.is_small_int()) return fall_back();
  int64_t i = key.as_small_int();
  if (has_shape(container, kShape_list)) {
    auto* l = as_list(container);
    if (multithreaded()) open_to_readers(l);
    int64_t size = list_size(l);
    if (i < 0) i += size;
    ListBuffer* buffer = l->buffer.load(std::memory_order_acquire);
    if (i < 0 || i >= size || !buffer || (multithreaded() && i >= buffer->capacity)) return fall_back();
    *item = buffer->items[i].peek_acquire();
    *list = as_object(read(container_operand), kShape_list);
    bool own = exclusive(*list, l);
    Reference index = index_of(key_operand, emit(Op::kLoadWord, *list, kNoReference, offsetof(List, size)));
    *address = emit(Op::kItemAddress, list_data(*list, index, l, own), index);
    return true;
  }
  if (is_plain_tuple(container)) {
    auto* t = as_tuple(container);
    if (i < 0) i += t->length;
    if (i < 0 || i >= t->length) return fall_back();
    *item = t->at(i);
    *list = as_plain_tuple(container_operand);
    if (*list == kNoReference) return fall_back();
    Reference index = index_of(key_operand, emit(Op::kLoadImmutable, *list, kNoReference, offsetof(Tuple, length)));
    *address = emit(Op::kItemAddress, *list, index);
    return true;
  }
  return fall_back();
}
bool Recorder::load_item(uint64_t word) {
  if (raise_index_error(PT_B, PT_C, false) || reason_ != Abort::kCount) return reason_ == Abort::kCount;
  Reference list, address;
  Value item;
  if ((!has_shape(seen(PT_B), kShape_list) && !is_plain_tuple(seen(PT_B))) || !seen(PT_C).is_small_int())
    return get_item_any(word);
  if (builder_.is_virtual(read(PT_B)) && seen(PT_C).is_small_int() && ir_.is_constant(read(PT_C))) {
    const Tuple* t = as_tuple(seen(PT_B));
    int64_t i = seen(PT_C).as_small_int();
    if (i < 0) i += t->length;
    if (i >= 0 && i < t->length) {
      if (!load_into(read(PT_B), static_cast<int64_t>(offsetof(Tuple, items)) + i * 8, t->at(i), PT_A, PT_B, PT_C)) return false;
      go(2);
      return true;
    }
  }
  if (!list_item(PT_B, PT_C, &list, &address, &item)) return false;
  bool is_list = has_shape(seen(PT_B), kShape_list);
  int64_t offset = static_cast<int64_t>(is_list ? offsetof(ListBuffer, items) : offsetof(Tuple, items));
  if (!load_into(address, offset, item, PT_A, PT_B, PT_C, is_list ? Op::kLoadField : Op::kLoadItem)) return false;
  go(2);
  return true;
}
bool Recorder::store_item(uint64_t word) {
  Value container = seen(PT_A);
  if (raise_index_error(PT_A, PT_B, true) || reason_ != Abort::kCount) return reason_ == Abort::kCount;
  if (!has_shape(container, kShape_list) || !seen(PT_B).is_small_int() || !is_uncounted(seen(PT_C))) return set_item_any(word);
  if (ir_.multithreaded) {
    auto* l = as_list(container);
    open_to_readers(l);
    int64_t i = seen(PT_B).as_small_int();
    ListBuffer* buffer = l->buffer.load(std::memory_order_acquire);
    if (i < 0 || i >= list_size(l) || !buffer || i >= buffer->capacity || !is_uncounted(buffer->items[i].peek_acquire()))
      return set_item_any(word);
    Reference o = as_object(read(PT_A), kShape_list, Access::kWrites);
    if (!hold(o, l, kShape_list)) {
      Reference index = as_int(read(PT_B));
      emit(Op::kStoreArgument, storable(PT_C), kNoReference, 0);
      emit(Op::kStoreItemLocked, o, index, offsetof(ListBuffer, items));
      drop(PT_A);
      drop(PT_B);
      drop(PT_C);
      go(1);
      return true;
    }
  }
  Reference list, address;
  Value old;
  if (!list_item(PT_A, PT_B, &list, &address, &old)) return false;
  if (!is_uncounted(old)) return set_item_any(word);
  Reference stored = storable(PT_C);
  emit(Op::kStoreAlone, address, stored, offsetof(ListBuffer, items));
  drop(PT_A);
  drop(PT_B);
  drop(PT_C);
  go(1);
  return true;
}

// A list that nobody else changes meanwhile: no item is missed once its size has been seen.
bool Recorder::unpack_list(uint64_t word) {
  auto* l = as_list(seen(PT_B));
  int count = PT_C;
  if (list_size(l) != count || count == 0 || count > 16 || (ir_.multithreaded && !is_exclusive(l))) return fall_back();
  // The list may lie where one of its items goes: that is written last.
  int own = PT_B >= PT_A && PT_B < PT_A + 2 * count ? (PT_B - PT_A) >> 1 : -1;
  if (own >= 0 && !(PT_B & 1)) return fall_back();
  Reference list = as_object(read(PT_B), kShape_list);
  exclusive(list, l);
  emit(Op::kGuardEqual, emit(Op::kLoadWord, list, kNoReference, offsetof(List, size)),
       builder_.constant(static_cast<uint64_t>(count), Type::P));
  Reference data = emit(Op::kLoadWord, list, kNoReference, offsetof(List, buffer));
  if (ir_.multithreaded) emit(Op::kGuardBound, data);
  const Field* items = l->buffer.load(std::memory_order_acquire)->items;
  auto offset = [](int i) { return static_cast<int64_t>(offsetof(ListBuffer, items)) + i * 8; };
  // What can fail comes first.
  Reference numbers[16];
  bool counted[16];
  for (int i = 0; i < count; ++i) counted[i] = !load_uncounted(data, offset(i), items[i].peek_acquire(), &numbers[i]);
  for (int k = 0; k <= count; ++k) {
    int i = k < count ? k : own;
    if (i < 0 || (k < count && k == own)) continue;
    if (counted[i])
      set_owned(at(PT_A) + i, emit(Op::kLoadOwned, data, kNoReference, offset(i)));
    else
      set_lazy(at(PT_A) + i, numbers[i]);
  }
  if (own < 0) drop(PT_B);
  go(1);
  return true;
}
bool Recorder::unpack(uint64_t word) {
  Value sequence = seen(PT_B);
  if (has_shape(sequence, kShape_list)) return unpack_list(word);
  int count = PT_C;
  if (!is_plain_tuple(sequence) || as_tuple(sequence)->length != count || count > 16) return fall_back();
  // The first results may lie where the tuple does.
  if (PT_B >= PT_A && PT_B < PT_A + 2 * count && !(PT_B & 1)) return fall_back();
  auto* t = as_tuple(sequence);
  Reference tuple = as_plain_tuple(PT_B);
  if (tuple == kNoReference) return fall_back();
  guard_length(tuple, count);
  Reference values[16];
  for (int i = 0; i < count; ++i) {
    Value item = t->at(i);
    values[i] = tuple_item(tuple, i);
    if (item.is_small_int())
      values[i] = as_int(values[i]);
    else if (item.is_immediate_float())
      values[i] = as_float(values[i], item);
  }
  bool owned[16];
  for (int i = 0; i < count; ++i) {
    owned[i] = is_pointer(values[i]);
    if (owned[i]) values[i] = emit(Op::kOwn, values[i]);
  }
  drop(PT_B);
  for (int i = 0; i < count; ++i) {
    if (owned[i])
      set_owned(at(PT_A) + i, values[i]);
    else
      set_lazy(at(PT_A) + i, values[i]);
  }
  go(1);
  return true;
}

// ---- iterators ---------------------------------------------------------------------------------------------------------

Reference Recorder::position_of(int32_t at, int32_t kind, Reference iterator, int64_t offset) {
  int32_t tag = kind + at + kSlotBias;
  if (builder_.is_virtual(iterator)) return emit(Op::kLoadPosition, iterator, kNoReference, offset);
  for (Position& p : positions_) {
    if (p.tag != tag) continue;
    p.iterator = iterator;
    return p.value;
  }
  Reference index = emit(Op::kLoadPosition, iterator, kNoReference, offset, tag);
  positions_.push_back({tag, iterator, offset, index, false});
  return index;
}
void Recorder::advance(int32_t at, int32_t kind, Reference iterator, int64_t offset, Reference next) {
  if (builder_.is_virtual(iterator)) return builder_.set_field(iterator, offset, next);
  for (Position& p : positions_) {
    if (p.tag != kind + at + kSlotBias) continue;
    p.value = next;
    p.lazy = true;
  }
}
void Recorder::find_iterator(Position& p) {
  if (p.iterator != kNoReference) return;
  int32_t where = exit_slot(p.tag);
  Value iterator = base_frame_[where];
  p.iterator = as_object(slot(where), iterator.as_object()->shape_id.load(std::memory_order_relaxed));
}
void Recorder::store_position(Position& p) {
  if (p.lazy) emit(Op::kStorePosition, p.iterator, p.value, p.offset);
  p.lazy = false;
}
// The iterator, which nobody else has, is exhausted: it goes.
bool Recorder::end_iteration(uint64_t word) {
  int32_t where = at(PT_B);
  const Object* it = seen(PT_B).as_object();
  clear(where, position_offset(it) < 0 ? 0 : static_cast<int32_t>(it->shape_id.load(std::memory_order_relaxed)));
  go(2 + jump_extra(pc_));
  return true;
}

bool Recorder::for_iter(uint64_t word) {
  Value iterator = seen(PT_B);
  if (!iterator.is_object()) return fall_back();
  if (has_shape(iterator, kShape_generator)) return for_generator(word);
  if (is_class_instance(iterator)) return call_special(names::next.str(), {PT_B});
  Object* it = iterator.as_object();
  if (it->owner.load(std::memory_order_relaxed) != tls_owner_id || it->local.load(std::memory_order_relaxed) != 1 ||
      it->shared.load(std::memory_order_relaxed) != 0) {
    return fall_back();
  }
  switch (it->shape_id.load(std::memory_order_relaxed)) {
    case kShape_range_iterator:
    case kShape_list_iterator:
    case kShape_tuple_iterator: return for_element(word);
    case kShape_str_iterator:
    case kShape_bytes_iterator: return whole_of(it).empty() ? for_next(word) : for_element(word);
    case kShape_dict_key_iterator:
    case kShape_dict_value_iterator:
    case kShape_dict_item_iterator: return for_entry(word) || (reason_ == Abort::kCount && for_next(word));
    case kShape_set_iterator: return for_set(word) || (reason_ == Abort::kCount && for_next(word));
    case kShape_enumerate:
    case kShape_zip: return for_pair(word) || (reason_ == Abort::kCount && for_next(word));
    default: return for_next(word);
  }
}
// What the iterator, whose position is `index`, gives next. `item` is borrowed.
bool Recorder::element(Object* it, Reference o, Reference index, Element* out) {
  if (has_shape(Value::object(it), kShape_range_iterator)) return range_element(static_cast<RangeIterator*>(it), o, index, out);
  if (has_shape(Value::object(it), kShape_str_iterator) || has_shape(Value::object(it), kShape_bytes_iterator))
    return part_element(it, o, index, out);
  static_assert(offsetof(ListIterator, list) == offsetof(TupleIterator, tuple));
  static_assert(offsetof(ListIterator, index) == offsetof(TupleIterator, index));
  bool list = has_shape(Value::object(it), kShape_list_iterator);
  auto* iterator = static_cast<ListIterator*>(it);
  Value sequence = iterator->list.peek();
  int64_t i = iterator->index.load(std::memory_order_relaxed);
  if (!has_shape(sequence, list ? kShape_list : kShape_tuple) || i < 0) return fall_back();
  int64_t size = list ? list_size(as_list(sequence)) : as_tuple(sequence)->length;
  has_many_rounds_ |= size >= kManyRounds;
  if (i < size) {
    if (list) {
      if (multithreaded()) open_to_readers(sequence.as_object());
      ListBuffer* buffer = as_list(sequence)->buffer.load(std::memory_order_acquire);
      if (!buffer || i >= buffer->capacity) return fall_back();
      out->item = buffer->items[i].peek_acquire();
    } else {
      out->item = as_tuple(sequence)->at(i);
    }
    if (out->item.empty()) return fall_back();
  }
  emit(Op::kGuardGeInt, index, builder_.small_int(0));
  Reference s = emit(Op::kGuardShape, emit(Op::kLoadField, o, kNoReference, offsetof(ListIterator, list)), kNoReference,
                     list ? kShape_list : kShape_tuple);
  bool own = list && exclusive(s, sequence.as_object());
  Reference count = list ? emit(Op::kLoadWord, s, kNoReference, offsetof(List, size))
                         : emit(Op::kLoadImmutable, s, kNoReference, offsetof(Tuple, length));
  out->more = i < size;
  if (!out->more) {
    emit(Op::kGuardGeInt, index, emit(Op::kTagWord, count));
    return true;
  }
  emit(Op::kGuardIndex, index, count);
  out->base = emit(Op::kItemAddress, list ? list_data(s, index, as_list(sequence), own) : s, index);
  out->offset = list ? offsetof(ListBuffer, items) : offsetof(Tuple, items);
  out->next = emit(Op::kAddInt, index, builder_.small_int(1));
  return true;
}
// The str of one byte a character, or the bytes object, that the iterator goes over; empty: something else.
Value Recorder::whole_of(const Object* it) {
  static_assert(offsetof(StrIterator, text) == offsetof(ListIterator, list));
  static_assert(offsetof(StrIterator, position) == offsetof(ListIterator, index));
  static_assert(offsetof(BytesIterator, bytes) == offsetof(ListIterator, list));
  static_assert(offsetof(BytesIterator, position) == offsetof(ListIterator, index));
  static_assert(offsetof(Str, length) == offsetof(Bytes, length));
  Value whole = static_cast<const StrIterator*>(it)->text.peek();
  bool fits = has_shape(whole, kShape_bytes) || (has_shape(whole, kShape_str) && as_str(whole)->kind == 1);
  return fits ? whole : Value();
}
bool Recorder::part_element(const Object* it, Reference o, Reference index, Element* out) {
  Value whole = whole_of(it);
  int64_t i = static_cast<const StrIterator*>(it)->position.load(std::memory_order_relaxed);
  if (whole.empty() || i < 0) return fall_back();
  uint32_t shape = whole.as_object()->shape_id.load(std::memory_order_relaxed);
  emit(Op::kGuardGeInt, index, builder_.small_int(0));
  Reference s = emit(Op::kGuardShape, emit(Op::kLoadField, o, kNoReference, offsetof(StrIterator, text)), kNoReference, shape);
  out->more = i < as_str(whole)->length;
  if (!out->more) {
    emit(Op::kGuardGeInt, index, emit(Op::kTagWord, emit(Op::kLoadImmutable, s, kNoReference, offsetof(Str, length))));
    return true;
  }
  out->value = shape == kShape_str ? emit(Op::kCharacter, s, index, reinterpret_cast<int64_t>(latin1_characters()))
                                   : emit(Op::kByte, s, index);
  out->next = emit(Op::kAddInt, index, builder_.small_int(1));
  return true;
}
// range() of ints that a loop draws from at once: with the next instruction it gives an iterator that is not made yet.
bool Recorder::new_range(int base, uint32_t count, int result, bool shift) {
  constexpr int64_t kLimit = int64_t{1} << 60;
  const uint64_t* next = pc_ + instruction_words(opcode_);
  uint64_t get = load_word(next);
  if (opcode_of(get) != Opcode::kGET_ITER || operand_b(get) != (result | 1) || count < 1 || count > 3) return false;
  int32_t first = at(base) + 1 + shift;
  for (uint32_t i = 0; i < count; ++i) {
    Value v = base_frame_[first + static_cast<int32_t>(i)];
    if (!v.is_small_int() || v.as_small_int() <= -kLimit || v.as_small_int() >= kLimit) return false;
  }
  auto seen_number = [&](uint32_t i) { return base_frame_[first + static_cast<int32_t>(i)].as_small_int(); };
  int64_t stride = count == 3 ? seen_number(2) : 1, begin = count > 1 ? seen_number(0) : 0, end = seen_number(count > 1);
  if (stride == 0) return false;
  known(base);
  if (shift) emit(Op::kGuardIs, slot(first - 1), empty_);
  Reference start = count > 1 ? as_int(slot(first)) : builder_.small_int(0), stop = as_int(slot(first + (count > 1)));
  Reference step = builder_.small_int(stride), one = builder_.small_int(1), length = builder_.small_int(0);
  if (count == 3) emit(Op::kGuardEqInt, as_int(slot(first + 2)), step);
  Reference from = stride > 0 ? start : stop, to = stride > 0 ? stop : start;
  bool empty_range = stride > 0 ? begin >= end : begin <= end;
  emit(empty_range ? Op::kGuardGeInt : Op::kGuardLtInt, from, to);
  if (!empty_range) {
    length = emit(Op::kSubInt, to, from);
    if (stride != 1 && stride != -1) {
      Reference whole = emit(Op::kFloorDivInt, emit(Op::kSubInt, length, one), builder_.small_int(stride > 0 ? stride : -stride));
      length = emit(Op::kAddInt, whole, one);
    }
  }
  Reference iterator = builder_.virtual_object({.kind = Layout::Kind::kRange, .shape = kShape_range_iterator});
  builder_.set_field(iterator, offsetof(RangeIterator, index), builder_.small_int(0));
  builder_.set_field(iterator, offsetof(RangeIterator, start), start);
  builder_.set_field(iterator, offsetof(RangeIterator, step), step);
  builder_.set_field(iterator, offsetof(RangeIterator, length), length);
  int32_t target = at(operand_a(get)), after = first + static_cast<int32_t>(count);
  consume_window(at(base), static_cast<uint32_t>(after - at(base)), target);
  if (at(result) != target && (at(result) < at(base) || at(result) >= after)) clear(at(result));
  set_lazy(target, iterator);
  taken_along_ = next;
  expected_ = next + instruction_words(Opcode::kGET_ITER);
  return true;
}
bool Recorder::range_element(RangeIterator* it, Reference o, Reference index, Element* out) {
  int64_t i = it->index.load(std::memory_order_relaxed);
  out->more = static_cast<uint64_t>(i) < static_cast<uint64_t>(it->length);
  if (i < 0 || (out->more && !Value::fits_small_int(it->start + i * it->step)) || !Value::fits_small_int(it->step))
    return fall_back();
  auto field = [&](size_t offset) {
    return emit(Op::kTagWord, emit(Op::kLoadImmutable, o, kNoReference, static_cast<int64_t>(offset)));
  };
  has_many_rounds_ |= it->length >= kManyRounds;
  Reference length = field(offsetof(RangeIterator, length));
  emit(Op::kGuardGeInt, index, builder_.small_int(0));
  if (!out->more) {
    emit(Op::kGuardGeInt, index, length);
    return true;
  }
  Reference start = field(offsetof(RangeIterator, start)), step = field(offsetof(RangeIterator, step));
  emit(Op::kGuardLtInt, index, length);
  // Steps other than one tend to differ from loop to loop.
  Reference factor = step;
  if (it->step == 1) emit(Op::kGuardEqInt, step, factor = builder_.small_int(1));
  out->value = emit(Op::kAddInt, emit(Op::kMulInt, index, factor), start);
  out->next = emit(Op::kAddInt, index, builder_.small_int(1));
  return true;
}
// Where an iterator of elements keeps its position; -1: it is no such one.
int64_t Recorder::position_offset(const Object* it) {
  switch (it->shape_id.load(std::memory_order_relaxed)) {
    case kShape_range_iterator: return offsetof(RangeIterator, index);
    case kShape_list_iterator:
    case kShape_tuple_iterator:
    case kShape_str_iterator:
    case kShape_bytes_iterator: return offsetof(ListIterator, index);
    default: return -1;
  }
}
bool Recorder::for_element(uint64_t word) {
  Object* it = seen(PT_B).as_object();
  uint32_t shape = it->shape_id.load(std::memory_order_relaxed);
  int32_t kind = shape == kShape_range_iterator ? kIteratorPosition : kListPosition;
  Reference o = as_object(read(PT_B), shape);
  emit(Op::kGuardUnshared, o);
  Element next;
  if (!element(it, o, position_of(at(PT_B), kind, o, position_offset(it)), &next)) return false;
  if (!next.more) return end_iteration(word);
  if (next.value != kNoReference)
    set_lazy(at(PT_A), next.value);
  else if (!load_into(next.base, next.offset, next.item, PT_A, 0, 0,
                      shape == kShape_tuple_iterator ? Op::kLoadItem : Op::kLoadField))
    return false;
  advance(at(PT_B), kind, o, position_offset(it), next.next);
  go(2);
  return true;
}

}  // namespace pt::jit
