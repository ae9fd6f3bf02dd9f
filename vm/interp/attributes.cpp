// Attribute and item instructions.
#include "gc/sync/reservation.h"
#include "vm/interp/attribute_cache.h"
#include "vm/interp/special_methods.h"
#include "vm/object/attributes.h"
#include "vm/object/module.h"
#include "vm/object/protocol.h"
#include "vm/object/super.h"
#include "vm/types/dict.h"
#include "vm/types/dict_inl.h"
#include "vm/types/list.h"
#include "vm/types/list_inl.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

namespace {
// The attribute in the object itself, in register form. False: look again.
PT_INLINE bool load_slot(Object* o, const AttributeNode* node, Value* v) {
  auto* field = reinterpret_cast<Field*>(reinterpret_cast<char*>(o) + node->offset);
  if (PT_UNLIKELY(!field->try_load_register(v) || v->empty())) return false;
  // An attribute that moved to the dict meanwhile shows as another shape.
  if (PT_LIKELY(o->shape_id.load(std::memory_order_acquire) == node->shape.load(std::memory_order_relaxed))) return true;
  Field::undo_load_register(*v);
  return false;
}
}  // namespace

PT_SLOW_OPERATION(native_LOAD_ATTR, 2) {
  Value object = PT_READ(PT_B);
  const AttributeNode* node = cached_node(pc);
  Ref<> v;
  if (node && object.is_object() &&
      object.as_object()->shape_id.load(std::memory_order_acquire) == node->shape.load(std::memory_order_relaxed)) {
    v = load_through_node(object, node, nullptr);
    if (!v && error_pending()) {
      complete_attribute_error(object, name_at(thread, PT_C));
      return false;
    }
  }
  if (!v) v = load_attribute(object, name_at(thread, PT_C), inline_cache(pc), nullptr);
  if (!v) {
    complete_attribute_error(object, name_at(thread, PT_C));
    return false;
  }
  consume(frame, PT_B);
  write(frame, PT_A, v.take());
  return true;
}

PT_SLOW(slow_LOAD_ATTR) {
  PT_ENTER_IF(enter_load_attribute(thread, frame, pc, PT_READ(PT_B), name_at(thread, PT_C)));
  PT_TAIL(native_LOAD_ATTR);
}

namespace {
// The site's node if it is for the object. Other threads replace it at any time: a node that was fetched again has to be asked
// again, by what the handler has seen before it is another object's or an outdated one.
PT_INLINE const AttributeNode* cached_node_for(const uint64_t* pc, const Object* o) {
  const AttributeNode* node = cached_node(pc);
  bool fits = o->shape_id.load(std::memory_order_acquire) == node->shape.load(std::memory_order_relaxed);
  return PT_LIKELY(fits) ? node : nullptr;
}
// What nodes that run no code give without a lock or an atomic instruction, in the form a register holds it. False: not so.
PT_INLINE bool load_quickly(Object* o, const AttributeNode* node, Value* v) {
  switch (node->kind) {
    case AttributeKind::kSlot: return load_slot(o, node, v);
    case AttributeKind::kOverflow: {
      AttributeStorage* storage = attribute_storage(o);
      void* extra = storage->extra.load(std::memory_order_acquire);
      OverflowSlots* overflow = overflow_in(extra);
      if (PT_UNLIKELY(!overflow || node->offset >= static_cast<int64_t>(overflow->capacity) ||
                      !overflow->slots[node->offset].try_load_register(v) || v->empty())) {
        return false;
      }
      // Neither replaced by a longer array nor by a dict meanwhile, and still the attribute of that name.
      if (PT_LIKELY(storage->extra.load(std::memory_order_acquire) == extra &&
                    o->shape_id.load(std::memory_order_acquire) == node->shape.load(std::memory_order_relaxed))) {
        return true;
      }
      Field::undo_load_register(*v);
      return false;
    }
    case AttributeKind::kClassAttribute:
      if (PT_UNLIKELY(o != node->holder)) return false;
      [[fallthrough]];
    case AttributeKind::kClassValue: *v = register_copy(node->value); return true;
    case AttributeKind::kTupleItem: {
      auto* t = static_cast<Tuple*>(o);
      if (PT_UNLIKELY(static_cast<uint64_t>(node->offset) >= static_cast<uint64_t>(t->length))) return false;
      *v = register_copy(t->at(node->offset));
      return true;
    }
    case AttributeKind::kModule: {
      if (PT_UNLIKELY(o != node->holder)) return false;
      Dict* d = module_dict(static_cast<Module*>(o));
      DictTable* t = d->table.load(std::memory_order_acquire);
      return t->version.load(std::memory_order_relaxed) == node->version && dict_load_register(d, t, node->offset, v) &&
             !v->empty();
    }
    default: return false;
  }
}
}  // namespace
PT_SLOW(other_LOAD_ATTR) {
  Object* o = PT_READ(PT_B).as_object();
  const AttributeNode* node = cached_node_for(pc, o);
  Value v;
  if (PT_UNLIKELY(!node)) PT_TAIL(slow_LOAD_ATTR);
  if (node->kind == AttributeKind::kDescriptor) {
    PT_SAVE_PC();
    v = type_of(node->value)
            ->slots.descriptor_get(node->value, Value::object(o), Value::object(type_of(Value::object(o))))
            .take();
    if (PT_UNLIKELY(v.empty())) {
      complete_attribute_error(PT_READ(PT_B), name_at(thread, PT_C));
      PT_RAISE();
    }
    PT_WRITE_NEXT(v, 2);
  }
  if (PT_LIKELY(load_quickly(o, node, &v))) PT_WRITE_NEXT(v, 2);
  PT_TAIL(slow_LOAD_ATTR);
}
// A property whose getter is a plain Python function is called like one, in registers above the caller's.
PT_SLOW(property_LOAD_ATTR) {
  Value object = PT_READ(PT_B);
  const AttributeNode* node = cached_node_for(pc, object.as_object());
  if (PT_LIKELY(node && node->kind == AttributeKind::kProperty && has_shape(node->value, kShape_function))) {
    Function* function = as_function(node->value);
    const Code* code = function->code();
    CallRecord* record = thread->record + 1;
    Value* window = frame + thread->record->code->register_count + 1;
    if (PT_LIKELY(code->simple_call && code->argument_count == 1 && !code->free_count && record < thread->record_limit &&
                  window + code->register_count + 8 <= thread->stack_limit)) {
      window[-1] = Value::borrowed_object(function);
      window[0] = object.as_borrowed();
      if (PT_B & 1) {
        window[0] = object;
        register_at(frame, PT_B) = Value();
      }
      for (uint32_t i = code->parameter_count; i < code->local_end; ++i) window[i] = Value();
      record->code = code;
      record->function = function;
      record->registers = window;
      record->globals = function->globals();
      record->locals = Value();
      record->frame_object = nullptr;
      record->generator = nullptr;
      record->pushed = nullptr;
      record->flags = 0;
      record->result_register = PT_A;
      thread->record->pc = pc;
      thread->record = record;
      frame = window;
      pc = code->words;
      record->pc = pc;
      constants = code->constants_end;
      word = load_word(pc);
      PT_TAIL(dispatch->handlers[word & 0xFFFF]);
    }
  }
  PT_TAIL(slow_LOAD_ATTR);
}
// An attribute of a temporary that dies with it.
PT_SLOW(killed_LOAD_ATTR) {
  Object* o = PT_READ(PT_B).as_object();
  const AttributeNode* node = cached_node_for(pc, o);
  if (node && node->kind == AttributeKind::kProperty) PT_TAIL(property_LOAD_ATTR);
  Value v;
  if (PT_LIKELY(node && load_quickly(o, node, &v))) PT_WRITE_KILLED_NEXT(v, 2);
  PT_TAIL(slow_LOAD_ATTR);
}
// A site that sees several shapes.
PT_SLOW(miss_LOAD_ATTR) {
  Value object = PT_READ(PT_B);
  if (PT_LIKELY(object.is_object())) {
    const AttributeNode* node = other_node(pc, object.as_object(), name_at(thread, PT_C), false);
    Value v;
    if (node && node->kind == AttributeKind::kSlot && PT_LIKELY(load_slot(object.as_object(), node, &v))) {
      if (PT_B & 1) PT_WRITE_KILLED_NEXT(v, 2);
      PT_WRITE_NEXT(v, 2);
    }
  }
  PT_TAIL(slow_LOAD_ATTR);
}
PT_HANDLER(LOAD_ATTR) {
  Value object = PT_READ(PT_B);
  const AttributeNode* node = cached_node(pc);
  if (PT_UNLIKELY(node == nullptr)) PT_TAIL(slow_LOAD_ATTR);
  if (PT_LIKELY(object.is_object())) {
    Object* o = object.as_object();
    // Acquire pairs with the release in store_through_node: the slot is not read before the shape.
    if (PT_LIKELY(o->shape_id.load(std::memory_order_acquire) == node->shape.load(std::memory_order_relaxed))) {
      if (PT_UNLIKELY(PT_B & 1)) PT_TAIL(killed_LOAD_ATTR);
      if (node->kind == AttributeKind::kProperty) PT_TAIL(property_LOAD_ATTR);
      if (node->kind != AttributeKind::kSlot) PT_TAIL(other_LOAD_ATTR);
      Value v;
      if (PT_LIKELY(load_slot(o, node, &v))) PT_WRITE_NEXT(v, 2);
      PT_TAIL(slow_LOAD_ATTR);
    }
  }
  PT_TAIL(miss_LOAD_ATTR);
}

PT_SLOW_OPERATION(native_STORE_ATTR, 2) {
  Value object = PT_READ(PT_A);
  Ref<> value = take_operand(frame, constants, PT_B);
  const AttributeNode* node = cached_node(pc);
  bool done = node && object.is_object() &&
              object.as_object()->shape_id.load(std::memory_order_acquire) == node->shape.load(std::memory_order_relaxed) &&
              store_through_node(object.as_object(), node, value);
  if (!done && node && object.is_object()) {
    node = other_node(pc, object.as_object(), name_at(thread, PT_C), true);
    done = node && store_through_node(object.as_object(), node, value);
  }
  if (!done && !store_attribute(object, name_at(thread, PT_C), value.value(), inline_cache(pc))) return false;
  consume(frame, PT_A);
  return true;
}
PT_SLOW(slow_STORE_ATTR) {
  PT_ENTER_IF(enter_store_attribute(thread, frame, pc, PT_READ(PT_A), name_at(thread, PT_C), PT_READ(PT_B)));
  PT_TAIL(native_STORE_ATTR);
}
PT_HANDLER(STORE_ATTR) {
  Value object = PT_READ(PT_A);
  const AttributeNode* node = cached_node(pc);
  if (PT_LIKELY(object.is_object() && node != nullptr && !(PT_A & 1))) {
    Object* o = object.as_object();
    if (PT_LIKELY(o->shape_id.load(std::memory_order_relaxed) == node->shape.load(std::memory_order_relaxed) &&
                  try_reserve_or_alone(o))) {
      // Once more, under the lock.
      uint32_t shape = node->shape.load(std::memory_order_relaxed);
      if (PT_LIKELY(shape != 0 && o->shape_id.load(std::memory_order_relaxed) == shape)) {
        PT_SAVE_PC();
        Field* field = node_field(o, node);
        Value old = field->peek();
        field->init_value(take_value(frame, constants, PT_B));
        if (node->kind == AttributeKind::kAdd) {
          o->shape_id.store(node->version, std::memory_order_release);  // pairs with the acquire in shape()
        }
        unreserve_unless_alone<Reserve::kSecondTime>(o);
        release(old);
        PT_NEXT(2);
      }
      unreserve_unless_alone<Reserve::kSecondTime>(o);
    }
  }
  PT_TAIL(slow_STORE_ATTR);
}
PT_HANDLER(DELETE_ATTR) {
  PT_SAVE_PC();
  if (!set_attribute(PT_READ(PT_A), name_at(thread, PT_C), Value())) PT_RAISE();
  consume(frame, PT_A);
  PT_NEXT(1);
}

namespace {
// super().name as a function and its receiver; empty: by way of a bound method, or an exception.
Ref<> super_method(Value object, Str* name, Ref<>* self) {
  auto* s = reinterpret_cast<Super*>(object.as_object());
  Ref<> object_type = s->object_type.load(s);
  if (!object_type || name->equals_ascii("__class__")) return Ref<>();
  Ref<> type = s->type.load(s);
  Ref<> found = super_lookup(type.value(), reinterpret_cast<Type*>(object_type.value().as_object()), name);
  if (!found || !has_flag(type_of(found.value()), kTypeMethodDescriptor)) return Ref<>();
  // __init__ may be called again, by another thread, too.
  *self = s->object.load(s);
  if (!*self) return Ref<>();
  return self->value().same(object_type.value()) ? Ref<>() : std::move(found);
}
}  // namespace

PT_SLOW_OPERATION(slow_LOAD_METHOD, 2) {
  Value object = PT_READ(PT_B);
  if (has_shape(object, kShape_super)) {
    Ref<> self;
    if (Ref<> method = super_method(object, name_at(thread, PT_C), &self)) {
      consume(frame, PT_B);
      write(frame, PT_A, method.take());
      write(frame, PT_A + 2, self.take());
      return true;
    }
    if (error_pending()) return false;
  }
  const AttributeNode* node = cached_node(pc);
  bool unbound = false;
  Ref<> v;
  if (node && object.is_object() &&
      object.as_object()->shape_id.load(std::memory_order_acquire) == node->shape.load(std::memory_order_relaxed)) {
    if (node->kind == AttributeKind::kClassMethod && (!node->holder || object.is(node->holder))) {
      Value receiver = register_copy(class_method_receiver(node, object));
      consume(frame, PT_B);
      write(frame, PT_A, register_copy(node->value));
      write(frame, PT_A + 2, receiver);
      return true;
    }
    v = load_through_node(object, node, &unbound);
    if (!v && error_pending()) return false;
  }
  if (!v) {
    unbound = false;
    v = load_attribute(object, name_at(thread, PT_C), inline_cache(pc), &unbound);
  }
  if (!v) {
    complete_attribute_error(object, name_at(thread, PT_C));
    return false;
  }
  Value self;
  if (unbound) {
    self = PT_B & 1 ? take_operand(frame, constants, PT_B).take() : object.as_borrowed();
  } else {
    consume(frame, PT_B);
  }
  write(frame, PT_A, v.take());
  write(frame, PT_A + 2, self);
  return true;
}
namespace {
// A method that registers may hold without a count.
PT_INLINE bool is_lasting_method(const AttributeNode* node) { return node->kind == AttributeKind::kMethod && node->lasting; }
}  // namespace
#define PT_METHOD_NEXT(node_)                                \
  do {                                                       \
    if (PT_B & 1) {                                          \
      register_at(frame, PT_B) = Value();                    \
    } else {                                                 \
      object = object.as_borrowed();                         \
    }                                                        \
    /* Both are dead temporaries: nothing to release. */     \
    register_at(frame, PT_A) = (node_)->value.as_borrowed(); \
    register_at(frame, PT_A + 2) = object;                   \
    PT_NEXT(2);                                              \
  } while (0)
// Functions and classes of modules, of classes and in attributes: called as they are.
PT_SLOW(other_LOAD_METHOD) {
  Value object = PT_READ(PT_B), v;
  const AttributeNode* node = cached_node_for(pc, object.as_object());
  if (!node || node->kind == AttributeKind::kTupleItem || !load_quickly(object.as_object(), node, &v)) PT_TAIL(slow_LOAD_METHOD);
  if (PT_B & 1) register_at(frame, PT_B) = Value();
  register_at(frame, PT_A) = v;
  register_at(frame, PT_A + 2) = Value();
  if (PT_B & 1) {
    PT_SAVE_PC();
    release(object);
  }
  PT_NEXT(2);
}
// A site that sees several shapes.
PT_SLOW(miss_LOAD_METHOD) {
  Value object = PT_READ(PT_B);
  if (PT_LIKELY(object.is_object())) {
    const AttributeNode* node = other_node(pc, object.as_object(), name_at(thread, PT_C), false);
    if (PT_LIKELY(node && is_lasting_method(node))) PT_METHOD_NEXT(node);
  }
  PT_TAIL(slow_LOAD_METHOD);
}
PT_HANDLER(LOAD_METHOD) {
  Value object = PT_READ(PT_B);
  const AttributeNode* node = cached_node(pc);
  if (PT_UNLIKELY(node == nullptr)) PT_TAIL(slow_LOAD_METHOD);
  if (PT_LIKELY(object.is_object() &&
                object.as_object()->shape_id.load(std::memory_order_relaxed) == node->shape.load(std::memory_order_relaxed))) {
    if (PT_LIKELY(is_lasting_method(node))) PT_METHOD_NEXT(node);
    PT_TAIL(other_LOAD_METHOD);
  }
  PT_TAIL(miss_LOAD_METHOD);
}

// ---- items -------------------------------------------------------------------------------------------------------------------

PT_SLOW_OPERATION(native_LOAD_ITEM, 2) {
  Value container = PT_READ(PT_B), key = PT_READ(PT_C);
  Ref<> v;
  if (key.is_small_int()) {
    int64_t i = key.as_small_int();
    if (is_exact_list(container)) {
      if (i < 0) i += list_size(as_list(container));
      if (i >= 0) v = list_get(as_list(container), i);
    } else if (is_exact_tuple(container)) {
      const Tuple* t = as_tuple(container);
      if (i < 0) i += t->length;
      if (i >= 0 && i < t->length) v = Ref<>::retain(t->at(i));
    }
  } else if (is_exact_dict(container) && is_exact_str(key)) {
    v = dict_get_str(as_dict(container), as_str(key));
  }
  if (!v) v = get_item(container, key);
  if (!v) return false;
  consume(frame, PT_B);
  consume(frame, PT_C);
  write(frame, PT_A, v.take());
  return true;
}
PT_SLOW(slow_LOAD_ITEM) {
  PT_ENTER_IF(enter_get_item(thread, frame, pc, PT_READ(PT_B), PT_READ(PT_C)));
  PT_TAIL(native_LOAD_ITEM);
}
namespace {
// d[key] for an exact list or tuple, in register form.
PT_INLINE bool sequence_item(Object* o, uint32_t shape, int64_t i, Value* v) {
  if (shape == kShape_list) {
    auto* list = static_cast<List*>(o);
    if (i < 0) i += list_size(list);
    return list_load_register(list, i, v);
  }
  if (shape != kShape_tuple) return false;
  auto* tuple = static_cast<Tuple*>(o);
  if (i < 0) i += tuple->length;
  if (PT_UNLIKELY(static_cast<uint64_t>(i) >= static_cast<uint64_t>(tuple->length))) return false;
  return try_register_copy(tuple->at(i), v);
}
}  // namespace
PT_SLOW(dict_LOAD_ITEM) {
  Value v;
  if (PT_LIKELY(dict_find_simple(as_dict(PT_READ(PT_B)), PT_READ(PT_C), &v) > 0)) {
    PT_SAVE_PC();
    consume(frame, PT_C);
    PT_WRITE_NEXT(v, 2);
  }
  PT_TAIL(slow_LOAD_ITEM);
}
PT_SLOW(killed_dict_LOAD_ITEM) {
  Value v;
  if (PT_LIKELY(dict_find_simple(as_dict(PT_READ(PT_B)), PT_READ(PT_C), &v) > 0)) {
    PT_SAVE_PC();
    consume(frame, PT_C);
    PT_WRITE_KILLED_NEXT(v, 2);
  }
  PT_TAIL(slow_LOAD_ITEM);
}
// A character of an exact str: those up to U+00FF live for ever.
PT_SLOW(text_LOAD_ITEM) {
  Str* text = as_str(PT_READ(PT_B));
  Value key = PT_READ(PT_C);
  if (PT_LIKELY(key.is_small_int() && text->kind == 1)) {
    int64_t i = key.as_small_int();
    if (i < 0) i += text->length;
    if (PT_LIKELY(static_cast<uint64_t>(i) < static_cast<uint64_t>(text->length))) {
      auto* characters = static_cast<const char*>(latin1_characters());
      Value v = Value::borrowed_object(reinterpret_cast<const Object*>(characters + size_t{text->data1()[i]} * kCharacterStride));
      if (PT_B & 1) PT_WRITE_KILLED_NEXT(v, 2);
      PT_WRITE_NEXT(v, 2);
    }
  }
  PT_TAIL(slow_LOAD_ITEM);
}
PT_SLOW(plain_LOAD_ITEM) {
  Value container = PT_READ(PT_B), key = PT_READ(PT_C);
  if (PT_LIKELY(container.is_object())) {
    Object* o = container.as_object();
    uint32_t shape = o->shape_id.load(std::memory_order_relaxed);
    Value v;
    if (PT_LIKELY(key.is_small_int()) && sequence_item(o, shape, key.as_small_int(), &v)) {
      if (PT_B & 1) PT_WRITE_KILLED_NEXT(v, 2);
      PT_WRITE_NEXT(v, 2);
    }
    if (shape == kShape_dict) {
      if (PT_B & 1) PT_TAIL(killed_dict_LOAD_ITEM);
      PT_TAIL(dict_LOAD_ITEM);
    }
    if (shape == kShape_str) PT_TAIL(text_LOAD_ITEM);
  }
  PT_TAIL(slow_LOAD_ITEM);
}
namespace {
// list[i] for an exact list, borrowed, while there is one thread; empty: look again.
PT_INLINE Value peek_item(const Object* o, Value key) {
  if (!key.is_small_int() || o->shape_id.load(std::memory_order_relaxed) != kShape_list) return Value();
  auto* list = static_cast<const List*>(o);
  int64_t i = key.as_small_int(), size = list->size.load(std::memory_order_relaxed);
  if (i < 0) i += size;
  if (PT_UNLIKELY(static_cast<uint64_t>(i) >= static_cast<uint64_t>(size))) return Value();
  return list->buffer.load(std::memory_order_relaxed)->items[i].peek();
}
}  // namespace
// list[i][j]: two instructions at once, and no count for what is between them.
PT_SLOW(nested_LOAD_ITEM) {
  uint64_t after = load_word(pc + 2);
  Value container = PT_READ(PT_B), v;
  if (operand_b(after) == (PT_A | 1) && dispatch == &g_dispatch) {
    Value row = peek_item(container.as_object(), PT_READ(PT_C));
    Value item = peek_item(row.as_object(), read(frame, constants, operand_c(after)));
    if (PT_LIKELY(!item.empty() && try_register_copy(item, &v))) {
      if (PT_B & 1) {
        if (PT_UNLIKELY(!drop_count(container))) {
          Field::undo_load_register(v);
          PT_TAIL(plain_LOAD_ITEM);
        }
        register_at(frame, PT_B) = Value();
      }
      word = after;
      pc += 2;
      PT_WRITE_NEXT(v, 2);
    }
  }
  PT_TAIL(plain_LOAD_ITEM);
}
PT_HANDLER(LOAD_ITEM) {
  Value container = PT_READ(PT_B), key = PT_READ(PT_C);
  if (PT_LIKELY(container.is_object() && !multithreaded())) {
    Value item = peek_item(container.as_object(), key);
    if (PT_UNLIKELY(item.empty())) PT_TAIL(plain_LOAD_ITEM);
    if (!item.is_object()) {
      if (PT_B & 1) PT_WRITE_KILLED_NEXT(item, 2);
      PT_WRITE_NEXT(item, 2);
    }
    if (opcode_of(load_word(pc + 2)) == Opcode::kLOAD_ITEM) PT_TAIL(nested_LOAD_ITEM);
    Value v;
    if (PT_LIKELY(try_register_copy(item, &v))) {
      if (PT_B & 1) PT_WRITE_KILLED_NEXT(v, 2);
      PT_WRITE_NEXT(v, 2);
    }
  }
  PT_TAIL(plain_LOAD_ITEM);
}
PT_SLOW(slow_STORE_ITEM) {
  PT_ENTER_IF(enter_set_item(thread, frame, pc, PT_READ(PT_A), PT_READ(PT_B), PT_READ(PT_C)));
  PT_SAVE_PC();
  Value container = PT_READ(PT_A), key = PT_READ(PT_B), item = PT_READ(PT_C);
  bool done = false;
  if (is_exact_list(container) && key.is_small_int()) {
    int64_t i = key.as_small_int();
    if (i < 0) i += list_size(as_list(container));
    done = i >= 0 && list_set(as_list(container), i, Ref<>::retain(item));
  }
  if (!done && !set_item(container, key, item)) PT_RAISE();
  consume(frame, PT_A);
  consume(frame, PT_B);
  consume(frame, PT_C);
  PT_NEXT(1);
}
PT_SLOW(dict_STORE_ITEM) {
  PT_SAVE_PC();
  if (PT_UNLIKELY(!dict_set(as_dict(PT_READ(PT_A)), PT_READ(PT_B), PT_READ(PT_C)))) PT_RAISE();
  consume(frame, PT_A);
  consume(frame, PT_B);
  consume(frame, PT_C);
  PT_NEXT(1);
}
PT_HANDLER(STORE_ITEM) {
  Value container = PT_READ(PT_A), key = PT_READ(PT_B);
  if (PT_LIKELY(container.is_object())) {
    Object* o = container.as_object();
    uint32_t shape = o->shape_id.load(std::memory_order_relaxed);
    if (shape == kShape_dict) PT_TAIL(dict_STORE_ITEM);
    if (PT_UNLIKELY(PT_A & 1)) PT_TAIL(slow_STORE_ITEM);
    if (shape == kShape_list && key.is_small_int() && try_reserve_or_alone(o)) {
      auto* list = static_cast<List*>(o);
      int64_t i = key.as_small_int();
      int64_t size = list->size.load(std::memory_order_relaxed);
      if (i < 0) i += size;
      if (PT_LIKELY(static_cast<uint64_t>(i) < static_cast<uint64_t>(size))) {
        PT_SAVE_PC();
        Field& field = list->buffer.load(std::memory_order_relaxed)->items[i];
        Value old = field.peek();
        field.init_value(take_value(frame, constants, PT_C));
        unreserve_unless_alone<Reserve::kSecondTime>(o);
        release(old);
        PT_NEXT(1);
      }
      unreserve_unless_alone<Reserve::kSecondTime>(o);
    }
  }
  PT_TAIL(slow_STORE_ITEM);
}
PT_HANDLER(DELETE_ITEM) {
  PT_ENTER_IF(enter_delete_item(thread, frame, pc, PT_READ(PT_A), PT_READ(PT_B)));
  PT_SAVE_PC();
  if (!delete_item(PT_READ(PT_A), PT_READ(PT_B))) PT_RAISE();
  consume(frame, PT_A);
  consume(frame, PT_B);
  PT_NEXT(1);
}
}  // namespace pt
