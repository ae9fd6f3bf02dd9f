// The names of one code unit: where each variable lives, and the table that N operands index.
#pragma once

#include <vector>

#include "vm/syntax/symtable.h"

namespace pt::compiler {

enum class Access : uint8_t {
  kUnknown,    // no variable of this unit: an attribute, or a name the scope does not mention
  kLocal,      // a register
  kCell,       // a register that holds a cell; made here or received from outside
  kClassCell,  // class body: the locals mapping, then the cell
  kGlobal,
  kName,  // the locals mapping, then globals
};

struct NameEntry {
  const syntax::Identifier* id = nullptr;
  int32_t name_index = -1;
  int16_t reg = -1;
  Access access = Access::kUnknown;
  bool is_walrus = false;          // an assignment expression may rebind it in mid-expression
  bool is_self_attribute = false;  // stored to an attribute of the first parameter
};

// Open addressing by the identity of the name.
class NameTable {
 public:
  NameEntry& operator[](const syntax::Identifier* id) {
    if (entries_.size() * 2 >= slots_.size()) grow();
    size_t mask = slots_.size() - 1;
    for (size_t i = id->hash & mask;; i = (i + 1) & mask) {
      if (slots_[i] == 0) {
        entries_.push_back({});
        entries_.back().id = id;
        slots_[i] = static_cast<uint32_t>(entries_.size());
        return entries_.back();
      }
      if (entries_[slots_[i] - 1].id == id) return entries_[slots_[i] - 1];
    }
  }

 private:
  void grow() {
    size_t capacity = slots_.empty() ? 32 : slots_.size() * 2;
    slots_.assign(capacity, 0);
    for (size_t entry = 0; entry < entries_.size(); entry++) {
      size_t i = entries_[entry].id->hash & (capacity - 1);
      while (slots_[i]) i = (i + 1) & (capacity - 1);
      slots_[i] = static_cast<uint32_t>(entry + 1);
    }
  }

  std::vector<NameEntry> entries_;
  std::vector<uint32_t> slots_;
};

}  // namespace pt::compiler
