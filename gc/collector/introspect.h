#pragma once
// What the gc module asks about the heap. Each function that walks stops the world for the walk.
#include <cstdint>

#include "gc/collector/shadow_map.h"
#include "gc/object/object.h"

namespace pt {

// Owns a list of values. Its destructor may run Python code.
class ValueList {
 public:
  ValueList() = default;
  ValueList(ValueList&&) noexcept = default;
  ~ValueList() { clear(); }
  size_t size() const { return values_.size(); }
  Value operator[](size_t i) const { return values_[i]; }  // borrowed from the list
  [[nodiscard]] bool add(Value v);                         // takes a count of its own; false when memory is out
  void clear();

 private:
  WordArray<Value> values_;
};

// The objects for which `wanted` says so; it is asked with the world stopped. False: memory is out.
[[nodiscard]] bool objects_where(bool (*wanted)(const Object*), ValueList& out);
// All tracked objects, without frozen ones and without garbage that another thread is freeing. False: memory is out.
[[nodiscard]] bool tracked_objects(ValueList& out);
// Tracked objects that directly refer to one of the targets.
[[nodiscard]] bool referrers(const Value* targets, size_t count, ValueList& out);
// Everything the objects directly refer to, immediates included, in the order of traversal.
[[nodiscard]] bool referents(const Value* objects, size_t count, ValueList& out);

bool is_tracked(Value v);
bool is_finalized(Value v);  // its finaliser has run

// gc.freeze(): what is tracked now is left alone by later collections.
void freeze_heap();
void unfreeze_heap();
int64_t frozen_count();

}  // namespace pt
