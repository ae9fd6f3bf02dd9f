#include "vm/object/shape.h"

#include <new>

#include "gc/platform/memory.h"
#include "gc/platform/reserve.h"
#include "gc/sync/object_lock.h"
#include "vm/object/type.h"
#include "vm/types/str.h"

namespace pt {

// name -> slot for shapes with more than a few attributes; open addressing by name address, immutable.
struct ShapeIndex {
  uint32_t mask;
  struct Entry {
    const Str* name;
    uint32_t slot;
  } entries[];
};

// Children by name. Linked lists are short; a long list gets rare use because the first child is found first.
struct ShapeTransitions {
  Str* name;  // nullptr: the dict-mode sibling of a root
  Shape* child;
  ShapeTransitions* next;
};

namespace {
constinit std::atomic<uint32_t> g_next_shape{kFirstDynamicShape};
constinit std::atomic<uint8_t> g_transition_lock{0};

Shape* new_shape_record() {
  uint32_t id = g_next_shape.fetch_add(1, std::memory_order_relaxed);
  if (id >= kMaxShapes) {
    g_next_shape.store(kMaxShapes, std::memory_order_relaxed);
    return nullptr;
  }
  return new (shape_from_id(id)) Shape{};
}

Shape* find_transition(const Shape* shape, const Str* name) {
  // Pairs with the release in add_transition.
  for (ShapeTransitions* t = shape->transitions.load(std::memory_order_acquire); t; t = t->next) {
    if (t->name == name) return t->child;
  }
  return nullptr;
}

void add_transition(Shape* shape, Str* name, Shape* child) {
  auto* t = static_cast<ShapeTransitions*>(memory::allocate_permanent(sizeof(ShapeTransitions)));
  t->name = name;
  t->child = child;
  t->next = shape->transitions.load(std::memory_order_relaxed);
  shape->transitions.store(t, std::memory_order_release);
}

constexpr uint32_t kLinearSearchLimit = 6;

ShapeIndex* build_index(const Shape* shape) {
  uint32_t size = 16;
  while (size < shape->slot_count * 2) size *= 2;
  auto* index = static_cast<ShapeIndex*>(memory::allocate_metadata_zeroed(sizeof(ShapeIndex) + size * sizeof(ShapeIndex::Entry)));
  if (!index) return nullptr;
  index->mask = size - 1;
  for (const Shape* s = shape; s->name; s = s->parent) {
    auto at = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(s->name) >> 4) & index->mask;
    while (index->entries[at].name) at = (at + 1) & index->mask;
    index->entries[at] = {s->name, s->slot_count - 1};
  }
  return index;
}
}  // namespace

Shape* new_root_shape(Type* type, const TypeLayout* layout, uint16_t inline_capacity, uint16_t flags) {
  Shape* shape = new_shape_record();
  if (!shape) return nullptr;
  shape->layout = layout;
  shape->type = type;
  shape->inline_capacity = inline_capacity;
  shape->flags = flags;
  return shape;
}

void init_builtin_shape(ShapeId id, Type* type, const TypeLayout* layout, uint16_t flags) {
  Shape* shape = new (shape_from_id(id)) Shape{};
  shape->layout = layout;
  shape->type = type;
  shape->flags = flags;
}

Shape* shape_with(Shape* shape, Str* name) {
  PT_ASSERT(is_interned(name));
  if (Shape* found = find_transition(shape, name)) return found;
  lock_byte(g_transition_lock);
  Shape* child = find_transition(shape, name);
  if (!child && (child = new_shape_record())) {
    child->layout = shape->layout;
    child->type = shape->type;
    child->parent = shape;
    child->name = name;
    child->slot_count = shape->slot_count + 1;
    child->inline_capacity = shape->inline_capacity;
    child->flags = shape->flags;
    add_transition(shape, name, child);
  }
  unlock_byte(g_transition_lock);
  return child;
}

Shape* shape_dict_mode(Shape* shape) {
  if (shape->flags & kShapeDictMode) return shape;
  while (shape->parent) shape = shape->parent;
  if (Shape* found = find_transition(shape, nullptr)) return found;
  lock_byte(g_transition_lock);
  Shape* sibling = find_transition(shape, nullptr);
  if (!sibling && (sibling = new_shape_record())) {
    sibling->layout = shape->layout;
    sibling->type = shape->type;
    sibling->inline_capacity = shape->inline_capacity;
    sibling->flags = shape->flags | kShapeDictMode;
    add_transition(shape, nullptr, sibling);
  }
  unlock_byte(g_transition_lock);
  return sibling;
}

int32_t shape_find(const Shape* shape, const Str* name) {
  if (shape->slot_count <= kLinearSearchLimit) {
    for (; shape->name; shape = shape->parent) {
      if (shape->name == name) return static_cast<int32_t>(shape->slot_count - 1);
    }
    return -1;
  }
  auto* mutable_shape = const_cast<Shape*>(shape);
  ShapeIndex* index = shape->index.load(std::memory_order_acquire);  // pairs with the exchange below
  if (!index) {
    index = build_index(shape);
    if (!index) {
      for (; shape->name; shape = shape->parent) {
        if (shape->name == name) return static_cast<int32_t>(shape->slot_count - 1);
      }
      return -1;
    }
    ShapeIndex* expected = nullptr;
    if (!mutable_shape->index.compare_exchange_strong(expected, index, std::memory_order_acq_rel)) {
      memory::release(index);
      index = expected;
    }
  }
  auto at = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(name) >> 4) & index->mask;
  while (const Str* candidate = index->entries[at].name) {
    if (candidate == name) return static_cast<int32_t>(index->entries[at].slot);
    at = (at + 1) & index->mask;
  }
  return -1;
}

Str* shape_name_at(const Shape* shape, uint32_t slot) {
  while (shape->slot_count > slot + 1) shape = shape->parent;
  return shape->name;
}

}  // namespace pt
