#include "vm/object/attributes.h"

#include <algorithm>

#include "gc/platform/memory.h"
#include "gc/reclaim/qsbr.h"
#include "vm/object/error.h"
#include "vm/object/native.h"
#include "vm/types/dict.h"
#include "vm/types/str.h"

namespace pt {

AttributeStorage* attribute_storage(Object* o) {
  const Type* type = o->shape()->type;
  uint32_t offset = type->attributes_offset;
  if (offset == 0) return nullptr;
  if (PT_UNLIKELY(offset == kAttributesAtEnd)) {
    // Every var-sized object starts with its item count; sizes of ints are signed.
    int64_t items = *reinterpret_cast<int64_t*>(o + 1);
    if (items < 0) items = -items;
    size_t end = type->slots_end + static_cast<size_t>(items) * type->item_size;
    if (has_flag(type, kTypeStrSubclass)) {
      auto* s = reinterpret_cast<Str*>(o);
      end = type->slots_end + static_cast<size_t>(s->length + 1) * s->kind;
    }
    offset = static_cast<uint32_t>((end + 15) & ~size_t{15});
  }
  return attribute_storage_at(o, offset);
}

namespace {

// Object locked. The slot of attribute number `index`; nullptr when there is none yet.
Field* slot_at(AttributeStorage* storage, const Shape* shape, uint32_t index) {
  if (index < shape->inline_capacity) return &storage->inline_slots[index];
  OverflowSlots* overflow = overflow_in(storage->extra.load(std::memory_order_acquire));
  index -= shape->inline_capacity;
  if (!overflow || index >= overflow->capacity) return nullptr;
  return &overflow->slots[index];
}

// nullptr when it holds no dict (yet).
Dict* storage_dict(AttributeStorage* storage) {
  void* extra = storage->extra.load(std::memory_order_acquire);
  return reinterpret_cast<uintptr_t>(extra) & 1 ? nullptr : static_cast<Dict*>(extra);
}

// Object locked. Makes room for attribute `index`.
bool ensure_slot(AttributeStorage* storage, const Shape* shape, uint32_t index) {
  if (index < shape->inline_capacity) return true;
  index -= shape->inline_capacity;
  OverflowSlots* old = overflow_in(storage->extra.load(std::memory_order_relaxed));
  if (old && index < old->capacity) return true;
  uint32_t capacity = old ? old->capacity * 2 : 4;
  while (capacity <= index) capacity *= 2;
  size_t bytes = sizeof(OverflowSlots) + capacity * sizeof(Field);
  auto* grown = static_cast<OverflowSlots*>(memory::allocate_zeroed(bytes));
  if (!grown) return false;
  grown->capacity = capacity;
  if (old) {
    for (uint32_t i = 0; i < old->capacity; ++i) grown->slots[i].init_value(old->slots[i].peek());
  }
  // Pairs with the acquire in load_overflow.
  storage->extra.store(reinterpret_cast<char*>(grown) + 1, std::memory_order_release);
  if (old) retire_buffer(old, sizeof(OverflowSlots) + old->capacity * sizeof(Field));
  return true;
}

// Object locked: moves all attributes into `dict` and switches to dict mode. Old slots keep their references until the
// caller drops them: returned through `overflow`.
void switch_to_dict(Object* o, AttributeStorage* storage, Shape* shape, Shape* dict_shape, Ref<Dict> dict) {
  for (uint32_t i = 0; i < shape->slot_count; ++i) {
    Field* slot = slot_at(storage, shape, i);
    if (slot && !slot->peek().empty()) dict_set_str(dict.get(), shape_name_at(shape, i), slot->peek());
  }
  void* old = storage->extra.load(std::memory_order_relaxed);
  // Who sees the new shape sees the dict; readers that still go by the old shape re-check it after the read.
  storage->extra.store(dict.take(), std::memory_order_release);
  o->shape_id.store(shape_id_of(dict_shape), std::memory_order_release);
  uint32_t inline_used = shape->slot_count < shape->inline_capacity ? shape->slot_count : shape->inline_capacity;
  for (uint32_t i = 0; i < inline_used; ++i) release(storage->inline_slots[i].exchange_locked(Ref<>()).take());
  if (OverflowSlots* overflow = overflow_in(old)) {
    for (uint32_t i = 0; i < overflow->capacity; ++i) release(overflow->slots[i].exchange_locked(Ref<>()).take());
    retire_buffer(overflow, sizeof(OverflowSlots) + overflow->capacity * sizeof(Field));
  }
}

}  // namespace

bool load_overflow(Object* o, AttributeStorage* storage, int64_t index, Ref<>* out) {
  void* extra = storage->extra.load(std::memory_order_acquire);
  OverflowSlots* overflow = overflow_in(extra);
  if (!overflow || index >= static_cast<int64_t>(overflow->capacity)) return false;
  // The slots of an array that was replaced do not change any more: was it?
  if (PT_LIKELY(overflow->slots[index].try_load(*out) && storage->extra.load(std::memory_order_acquire) == extra)) return true;
  out->reset();
  LockGuard guard(o, Access::kLooks);
  overflow = overflow_in(storage->extra.load(std::memory_order_relaxed));
  if (!overflow || index >= static_cast<int64_t>(overflow->capacity)) return false;
  *out = overflow->slots[index].load_locked();
  return true;
}

Ref<> instance_get(Object* o, Str* name) {
  AttributeStorage* storage = attribute_storage(o);
  if (!storage) return Ref<>();
  for (;;) {
    Shape* shape = o->shape();
    if (shape->flags & kShapeDictMode) {
      Dict* dict = storage_dict(storage);
      if (!dict) return Ref<>();
      if (!try_incref(dict)) {
        LockGuard guard(o, Access::kLooks);
        dict = storage_dict(storage);
        if (o->shape() != shape || !dict) continue;
        incref(dict);
      }
      Ref<Dict> keep = Ref<Dict>::steal(dict);
      if (storage_dict(storage) != dict || o->shape() != shape) continue;
      return dict_get_str(dict, name);
    }
    int32_t index = shape_find(shape, name);
    if (index < 0) {
      if (o->shape() == shape) return Ref<>();
      continue;
    }
    Ref<> value;
    if (index < shape->inline_capacity) {
      value = storage->inline_slots[index].load(o);
    } else if (!load_overflow(o, storage, index - shape->inline_capacity, &value)) {
      continue;
    }
    if (o->shape() == shape) return value;  // a slot emptied by a switch to dict mode shows as a changed shape
  }
}

namespace {
// One more attribute than there is room for inside the object. When that is the rule, instances made from now on get the
// room: dataclasses, attributes set outside of __init__ and the like.
void note_overflow(const Shape* shape) {
  Type* type = shape->type;
  if (!has_flag(type, kTypeHeap) || type->attributes_offset == kAttributesAtEnd || type->item_size) return;
  Shape* root = type->instance_shape.load(std::memory_order_acquire);
  if (shape->slot_count < root->inline_capacity || shape->slot_count >= kMaxInlineAttributes) return;
  if (type->overflows.fetch_add(1, std::memory_order_relaxed) % 4 != 3) return;
  auto capacity = static_cast<uint16_t>(std::min((shape->slot_count + 4) & ~3u, kMaxInlineAttributes));
  // Release: the record is complete. When another thread was faster, its root serves.
  if (Shape* grown = new_root_shape(type, root->layout, capacity, root->flags)) {
    type->instance_shape.compare_exchange_strong(root, grown, std::memory_order_acq_rel);
  }
}
}  // namespace

bool instance_set(Object* o, Str* name, Value value) {
  AttributeStorage* storage = attribute_storage(o);
  PT_ASSERT(storage);
  Ref<> old;
  for (;;) {
    Ref<Dict> dict;
    {
      LockGuard guard(o);
      Shape* shape = o->shape();
      if (shape->flags & kShapeDictMode) {
        Dict* d = storage_dict(storage);
        if (d) {
          dict = Ref<Dict>::retain(d);
        }
      } else {
        int32_t index = shape_find(shape, name);
        if (index >= 0) {
          old = slot_at(storage, shape, static_cast<uint32_t>(index))->exchange_locked(Ref<>::retain(value));
          return true;
        }
        Shape* grown = shape->slot_count < 1024 ? shape_with(shape, name) : nullptr;
        if (grown) {
          if (shape->slot_count >= shape->inline_capacity) note_overflow(shape);
          if (!ensure_slot(storage, shape, shape->slot_count)) break;
          slot_at(storage, shape, shape->slot_count)->init(Ref<>::retain(value));
          o->shape_id.store(shape_id_of(grown), std::memory_order_release);  // pairs with the acquire in shape()
          return true;
        }
      }
    }
    if (dict) return dict_set_str(dict.get(), name, value);
    // Out of shapes, or dict mode without a dict: materialise and try again.
    if (!instance_dict(o)) return false;
  }
  return raise_no_memory();
}

int instance_delete(Object* o, Str* name) {
  AttributeStorage* storage = attribute_storage(o);
  if (!storage) return 0;
  Ref<> old;
  {
    LockGuard guard(o);
    Shape* shape = o->shape();
    if (!(shape->flags & kShapeDictMode)) {
      int32_t index = shape_find(shape, name);
      if (index < 0) return 0;
      if (static_cast<uint32_t>(index) == shape->slot_count - 1) {
        o->shape_id.store(shape_id_of(shape->parent), std::memory_order_release);
        old = slot_at(storage, shape, static_cast<uint32_t>(index))->exchange_locked(Ref<>());
        return 1;
      }
    }
  }
  Ref<Dict> dict = instance_dict(o);
  if (!dict) return -1;
  return dict_delete_str(dict.get(), name);
}

Ref<Dict> instance_dict(Object* o) {
  AttributeStorage* storage = attribute_storage(o);
  if (!storage) return raise(exc::AttributeError, "'%s' object has no attribute '__dict__'", type_name(Value::object(o)));
  for (;;) {
    {
      LockGuard guard(o, Access::kLooks);
      if (o->shape()->flags & kShapeDictMode) {
        if (Dict* d = storage_dict(storage)) return Ref<Dict>::retain(d);
      }
    }
    Ref<Dict> fresh = dict_new();
    if (!fresh) return Ref<Dict>();
    Shape* dict_shape = shape_dict_mode(o->shape());
    if (!dict_shape) return raise_no_memory();
    Ref<Dict> result = fresh.copy();
    LockGuard guard(o);
    Shape* shape = o->shape();
    if (shape->flags & kShapeDictMode) {
      if (storage_dict(storage)) continue;
      storage->extra.store(fresh.take(), std::memory_order_release);
    } else {
      switch_to_dict(o, storage, shape, dict_shape, std::move(fresh));
    }
    return result;
  }
}

bool instance_set_dict(Object* o, Dict* dict) {
  if (!instance_dict(o)) return false;
  AttributeStorage* storage = attribute_storage(o);
  Ref<Dict> old;
  incref(dict);
  {
    LockGuard guard(o);
    old = Ref<Dict>::steal(static_cast<Dict*>(storage->extra.exchange(dict, std::memory_order_acq_rel)));
  }
  return true;
}

Ref<Dict> instance_snapshot(Object* o) {
  Ref<Dict> result = dict_new();
  AttributeStorage* storage = attribute_storage(o);
  if (!result || !storage) return result;
  Shape* shape = o->shape();
  if (shape->flags & kShapeDictMode) {
    Ref<Dict> live = instance_dict(o);
    return live ? dict_copy(live.get()) : Ref<Dict>();
  }
  for (uint32_t i = 0; i < shape->slot_count; ++i) {
    Str* name = shape_name_at(shape, i);
    Ref<> value = instance_get(o, name);
    if (value && !dict_set_str(result.get(), name, value.value())) return Ref<Dict>();
  }
  return result;
}

Ref<> generic_find_attribute(Value self, Str* name) {
  Type* type = type_of(self);
  Ref<> descriptor = type_lookup(type, name);
  if (descriptor) {
    Type* descriptor_type = type_of(descriptor.value());
    if (auto get = descriptor_type->slots.descriptor_get; get && descriptor_type->slots.descriptor_set) {
      return get(descriptor.value(), self, Value::object(type));
    }
  }
  if (self.is_object() && type->attributes_offset) {
    Ref<> value = instance_get(self.as_object(), name);
    if (value || error_pending()) return value;
  }
  if (!descriptor) return Ref<>();
  auto get = type_of(descriptor.value())->slots.descriptor_get;
  return get ? get(descriptor.value(), self, Value::object(type)) : std::move(descriptor);
}

Ref<> generic_get_attribute(Value self, Str* name) {
  Ref<> value = generic_find_attribute(self, name);
  if (!value && !error_pending()) {
    return raise_attribute_error(self, name);
  }
  return value;
}

bool generic_set_attribute(Value self, Str* name, Value value) {
  Type* type = type_of(self);
  Ref<> descriptor = type_lookup(type, name);
  if (descriptor) {
    auto set = type_of(descriptor.value())->slots.descriptor_set;
    if (set) return set(descriptor.value(), self, value);
  }
  if (self.is_object() && type->attributes_offset) {
    if (!value.empty()) {
      return instance_set(self.as_object(), name, value);
    }
    int deleted = instance_delete(self.as_object(), name);
    if (deleted) return deleted > 0;
    return raise_attribute_error(self, name);
  }
  if (descriptor) {
    return raise(exc::AttributeError, "'%T' object attribute '%U' is read-only", self, name);
  }
  return raise_attribute_error(self, name);
}

void attributes_traverse(Object* o, FieldVisitor& visitor) {
  AttributeStorage* storage = attribute_storage(o);
  if (!storage) return;
  Shape* shape = o->shape();
  void* extra = storage->extra.load(std::memory_order_relaxed);
  if (shape->flags & kShapeDictMode) {
    // The pointer word has the form of a counted Field.
    static_assert(sizeof(std::atomic<void*>) == sizeof(Field));
    if (extra) visitor(*reinterpret_cast<Field*>(&storage->extra));
    return;
  }
  uint32_t inline_used = shape->slot_count < shape->inline_capacity ? shape->slot_count : shape->inline_capacity;
  for (uint32_t i = 0; i < inline_used; ++i) visitor(storage->inline_slots[i]);
  if (OverflowSlots* overflow = overflow_in(extra)) {
    for (uint32_t i = 0; i < overflow->capacity; ++i) visitor(overflow->slots[i]);
  }
}

void attributes_clear(Object* o) {
  AttributeStorage* storage = attribute_storage(o);
  if (!storage) return;
  Shape* shape = o->shape();
  void* extra = storage->extra.load(std::memory_order_relaxed);
  uint32_t inline_used = shape->slot_count < shape->inline_capacity ? shape->slot_count : shape->inline_capacity;
  if (shape->flags & kShapeDictMode) {
    storage->extra.store(nullptr, std::memory_order_relaxed);
    if (extra) decref(static_cast<Dict*>(extra));
    return;
  }
  Shape* root = shape;
  while (root->parent) root = root->parent;
  o->shape_id.store(shape_id_of(root), std::memory_order_release);
  storage->extra.store(nullptr, std::memory_order_relaxed);
  for (uint32_t i = 0; i < inline_used; ++i) storage->inline_slots[i].clear();
  if (OverflowSlots* overflow = overflow_in(extra)) {
    for (uint32_t i = 0; i < overflow->capacity; ++i) overflow->slots[i].clear();
    retire_buffer(overflow, sizeof(OverflowSlots) + overflow->capacity * sizeof(Field));
  }
}

}  // namespace pt
