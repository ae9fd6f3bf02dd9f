#pragma once
// Dicts of a display whose keys are constants, `{"x": a, "y": b}`: each is a copy of one table, with its own values.
#include <memory>

#include "vm/types/dict.h"

namespace pt {

// Immutable, and with the metadata: all threads make their dicts from it.
class DictPattern {
 public:
  // Of the keys of `keys`, all exact strs; they must outlive it. nullptr: out of memory.
  static std::shared_ptr<const DictPattern> of(Dict* keys);
  explicit DictPattern(DictTable* table);
  ~DictPattern();
  DictPattern(const DictPattern&) = delete;
  DictPattern& operator=(const DictPattern&) = delete;

  // A dict with the values at `values`, in the order of the keys.
  Ref<Dict> fill(const Value* values) const;

 private:
  DictTable* table_;
  size_t bytes_;
  int64_t count_;
  bool immortal_keys_ = true;
};

}  // namespace pt
