// Attribute and item instructions.
#include "vm/interp/attribute_cache.h"
#include "vm/interp/dispatch.h"
#include "vm/object/protocol.h"
#include "vm/types/dict.h"
#include "vm/types/dict_inl.h"
#include "vm/types/list.h"
#include "vm/types/list_inl.h"
#include "vm/types/slice.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

PT_SLOW_OPERATION(slow_LOAD_ATTR, 2) {
    Value object = PT_READ(PT_B);
  const AttributeNode* node = cached_node(pc);
  Ref<> v;
  if (node && object.is_object() &&
      object.as_object()->shape_id.load(std::memory_order_acquire) == node->shape.load(std::memory_order_relaxed)) {
    v = load_through_node(object, node, nullptr);
    if (!v && error_pending()) return false;
  }
  if (!v) v = load_attribute(object, name_at(thread, PT_C), inline_cache(pc), nullptr);
  if (!v) return false;
  consume(frame, PT_B);
  write(frame, PT_A, v.take());
  return true;
}
PT_HANDLER(LOAD_ATTR) {
  Value object = PT_READ(PT_B);
  const AttributeNode* node = cached_node(pc);
  if (PT_LIKELY(object.is_object() && node != nullptr)) {
    Object* o = object.as_object();
    if (PT_LIKELY(o->shape_id.load(std::memory_order_relaxed) == node->shape.load(std::memory_order_relaxed) &&
                  node->kind == AttributeKind::kSlot && !multithreaded() && !(PT_B & 1))) {
      Value v = reinterpret_cast<Field*>(reinterpret_cast<char*>(o) + node->offset)->peek();
      if (PT_LIKELY(!v.empty())) {
        retain(v);
        Value& target = register_at(frame, PT_A);
        if (PT_UNLIKELY(target.is_counted())) {
          PT_SAVE_PC();
          write(frame, PT_A, v);
        } else {
          target = v;
        }
        PT_NEXT(2);
      }
    }
  }
  PT_TAIL(slow_LOAD_ATTR);
}

PT_SLOW_OPERATION(slow_STORE_ATTR, 2) {
    Value object = PT_READ(PT_A);
  Ref<> value = take_operand(frame, constants, PT_B);
  const AttributeNode* node = cached_node(pc);
  bool done = node && object.is_object() &&
              object.as_object()->shape_id.load(std::memory_order_acquire) == node->shape.load(std::memory_order_relaxed) &&
              store_through_node(object.as_object(), node, value);
  if (!done && !store_attribute(object, name_at(thread, PT_C), value.value(), inline_cache(pc))) return false;
  consume(frame, PT_A);
  return true;
}
PT_HANDLER(STORE_ATTR) {
  Value object = PT_READ(PT_A);
  const AttributeNode* node = cached_node(pc);
  if (PT_LIKELY(object.is_object() && node != nullptr)) {
    Object* o = object.as_object();
    if (PT_LIKELY(o->shape_id.load(std::memory_order_relaxed) == node->shape.load(std::memory_order_relaxed) &&
                  node->kind == AttributeKind::kSlot && !multithreaded() && !(PT_A & 1))) {
      PT_SAVE_PC();
      auto* field = reinterpret_cast<Field*>(reinterpret_cast<char*>(o) + node->offset);
      Value old = field->peek();
      field->init_value(take_value(frame, constants, PT_B));
      release(old);
      PT_NEXT(2);
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

PT_SLOW_OPERATION(slow_LOAD_METHOD, 2) {
    Value object = PT_READ(PT_B);
  const AttributeNode* node = cached_node(pc);
  bool unbound = false;
  Ref<> v;
  if (node && object.is_object() &&
      object.as_object()->shape_id.load(std::memory_order_acquire) == node->shape.load(std::memory_order_relaxed)) {
    v = load_through_node(object, node, &unbound);
    if (!v && error_pending()) return false;
  }
  if (!v) {
    unbound = false;
    v = load_attribute(object, name_at(thread, PT_C), inline_cache(pc), &unbound);
  }
  if (!v) return false;
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
PT_HANDLER(LOAD_METHOD) {
  Value object = PT_READ(PT_B);
  const AttributeNode* node = cached_node(pc);
  if (PT_LIKELY(object.is_object() && node != nullptr)) {
    Object* o = object.as_object();
    if (PT_LIKELY(o->shape_id.load(std::memory_order_relaxed) == node->shape.load(std::memory_order_relaxed) &&
                  node->kind == AttributeKind::kMethod &&
                  (node->value.as_object()->has_gc_bit(kGcDeferred) || node->value.as_object()->is_immortal()))) {
      if (PT_B & 1) {
        register_at(frame, PT_B) = Value();
      } else {
        object = object.as_borrowed();
      }
      // Both are dead temporaries: nothing to release.
      register_at(frame, PT_A) = node->value.as_borrowed();
      register_at(frame, PT_A + 2) = object;
      PT_NEXT(2);
    }
  }
  PT_TAIL(slow_LOAD_METHOD);
}

namespace {
// super(b, b+1).name
Ref<> super_attribute(Value* frame, int base, Str* name) {
  Value cls = register_at(frame, base), self = register_at(frame, base + 2);
  Ref<> super = call_values(Value::object(&super_type), {cls, self});
  if (!super) return super;
  return get_attribute(super.value(), name);
}
}  // namespace
PT_OPERATION(LOAD_SUPER_ATTR, 1) {
    Ref<> v = super_attribute(frame, PT_B, name_at(thread, PT_C));
  if (!v) return false;
  write(frame, PT_B, Value());
  write(frame, PT_B + 2, Value());
  write(frame, PT_A, v.take());
  return true;
}
PT_OPERATION(LOAD_SUPER_METHOD, 1) {
    Ref<> v = super_attribute(frame, PT_B, name_at(thread, PT_C));
  if (!v) return false;
  write(frame, PT_B, Value());
  write(frame, PT_B + 2, Value());
  write(frame, PT_A, v.take());
  write(frame, PT_A + 2, Value());
  return true;
}

// ---- items -------------------------------------------------------------------------------------------------------------------

PT_SLOW_OPERATION(slow_LOAD_ITEM, 2) {
    Value container = PT_READ(PT_B), key = PT_READ(PT_C);
  Ref<> v;
  if (is_exact_dict(container) && is_exact_str(key)) v = dict_get_str(as_dict(container), as_str(key));
  if (!v) v = get_item(container, key);
  if (!v) return false;
  consume(frame, PT_B);
  consume(frame, PT_C);
  write(frame, PT_A, v.take());
  return true;
}
PT_HANDLER(LOAD_ITEM) {
  Value container = PT_READ(PT_B), key = PT_READ(PT_C);
  if (PT_LIKELY(container.is_object() && !(PT_B & 1))) {
    Object* o = container.as_object();
    uint32_t shape = o->shape_id.load(std::memory_order_relaxed);
    if (key.is_small_int()) {
      int64_t i = key.as_small_int();
      if (shape == kShape_list) {
        auto* list = static_cast<List*>(o);
        if (i < 0) i += list_size(list);
        if (PT_LIKELY(!multithreaded())) {
          if (PT_LIKELY(static_cast<uint64_t>(i) < static_cast<uint64_t>(list->size.load(std::memory_order_relaxed)))) {
            Value v = list->buffer.load(std::memory_order_relaxed)->items[i].peek();
            retain(v);
            Value& target = register_at(frame, PT_A);
            if (PT_UNLIKELY(target.is_counted())) {
              PT_SAVE_PC();
              write(frame, PT_A, v);
            } else {
              target = v;
            }
            PT_NEXT(2);
          }
        } else if (i >= 0) {
          Value v = list_get(list, i).take();
          if (PT_LIKELY(!v.empty())) {
            PT_SAVE_PC();
            write(frame, PT_A, v);
            PT_NEXT(2);
          }
        }
      } else if (shape == kShape_tuple) {
        auto* tuple = static_cast<Tuple*>(o);
        if (i < 0) i += tuple->length;
        if (PT_LIKELY(static_cast<uint64_t>(i) < static_cast<uint64_t>(tuple->length))) {
          Value v = tuple->at(i);
          retain(v);
          PT_SAVE_PC();
          write(frame, PT_A, v);
          PT_NEXT(2);
        }
      }
    }
  }
  PT_TAIL(slow_LOAD_ITEM);
}
PT_SLOW(slow_STORE_ITEM) {
  PT_SAVE_PC();
  if (!set_item(PT_READ(PT_A), PT_READ(PT_B), PT_READ(PT_C))) PT_RAISE();
  consume(frame, PT_A);
  consume(frame, PT_B);
  consume(frame, PT_C);
  PT_NEXT(1);
}
PT_HANDLER(STORE_ITEM) {
  Value container = PT_READ(PT_A), key = PT_READ(PT_B);
  if (PT_LIKELY(container.is_object() && !multithreaded() && !(PT_A & 1))) {
    Object* o = container.as_object();
    uint32_t shape = o->shape_id.load(std::memory_order_relaxed);
    if (shape == kShape_list && key.is_small_int()) {
      auto* list = static_cast<List*>(o);
      int64_t i = key.as_small_int();
      if (i < 0) i += list_size(list);
      if (PT_LIKELY(static_cast<uint64_t>(i) < static_cast<uint64_t>(list->size.load(std::memory_order_relaxed)))) {
        PT_SAVE_PC();
        Field& field = list->buffer.load(std::memory_order_relaxed)->items[i];
        Value old = field.peek();
        field.init_value(take_value(frame, constants, PT_C));
        release(old);
        PT_NEXT(1);
      }
    }
  }
  PT_TAIL(slow_STORE_ITEM);
}
PT_HANDLER(DELETE_ITEM) {
  PT_SAVE_PC();
  if (!delete_item(PT_READ(PT_A), PT_READ(PT_B))) PT_RAISE();
  consume(frame, PT_A);
  consume(frame, PT_B);
  PT_NEXT(1);
}
PT_OPERATION(BUILD_SLICE, 1) {
    Value start = register_at(frame, PT_B), stop = register_at(frame, PT_B + 2);
  Value step = PT_C == 3 ? register_at(frame, PT_B + 4) : none();
  Ref<> slice = slice_new(start, stop, step);
  if (!slice) return false;
  for (int i = 0; i < PT_C; ++i) write(frame, PT_B + 2 * i, Value());
  write(frame, PT_A, slice.take());
  return true;
}

}  // namespace pt
