#pragma once
// Shape (hidden class): a type plus an ordered list of attribute names, each with its slot. Shapes form a tree by
// addition of one attribute; they live at fixed addresses, so that a shape is named by a 32-bit id.
#include <atomic>

#include "gc/object/object.h"

namespace pt {

struct Type;
struct Str;
struct ShapeIndex;

inline constexpr uint16_t kShapeDictMode = 1;  // attributes live in a materialised dict
inline constexpr uint16_t kShapeNoAttributes = 2;  // instances have no attribute storage at all

struct alignas(1u << kShapeShift) Shape : ShapeHead {
  Type* type;
  Shape* parent;              // without the last attribute; nullptr for a root
  Str* name;                  // the last attribute; nullptr for a root. Interned.
  uint32_t slot_count;        // attributes in all
  uint16_t flags;
  uint16_t inline_capacity;   // slots inside the object; further ones lie in the overflow array
  std::atomic<ShapeIndex*> index;         // name -> slot, built on first use; immutable once published
  std::atomic<struct ShapeTransitions*> transitions;  // guarded by the transition lock; read lock-free
};
static_assert(sizeof(Shape) == (1u << kShapeShift));

// Ids of the shapes of builtin types are constants (vm/object/builtin_shapes.def), so that "exactly a list" is a
// comparison with an immediate.
enum BuiltinShape : ShapeId {
  kShapeInvalid = 0,
#define PT_BUILTIN_SHAPE(name) kShape_##name,
#include "vm/object/builtin_shapes.def"
#undef PT_BUILTIN_SHAPE
  kFirstDynamicShape
};

// A new root shape for instances of `type`; nullptr when all shape ids are used up.
Shape* new_root_shape(Type* type, const TypeLayout* layout, uint16_t inline_capacity, uint16_t flags);
// Fills the record of a builtin shape (start-up only).
void init_builtin_shape(ShapeId id, Type* type, const TypeLayout* layout, uint16_t flags);
// The shape with one more attribute. Any thread. nullptr when ids are used up (callers then use dict mode).
Shape* shape_with(Shape* shape, Str* interned_name);
// Slot of the attribute, or -1. Any thread, no lock. `name` is interned.
int32_t shape_find(const Shape* shape, const Str* interned_name);
// Name of slot `i`.
Str* shape_name_at(const Shape* shape, uint32_t slot);
// The dict-mode sibling of the shape (one for each root).
Shape* shape_dict_mode(Shape* shape);

}  // namespace pt
