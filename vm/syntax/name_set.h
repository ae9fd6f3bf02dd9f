// A set of identifiers.
#pragma once

#include <cstdlib>

#include "vm/syntax/arena.h"

namespace pt::syntax {

class NameSet {
 public:
  NameSet() = default;
  NameSet(const NameSet& other) { add_all(other); }
  NameSet& operator=(const NameSet&) = delete;
  ~NameSet() { std::free(names_); }

  bool contains(const Identifier* name) const { return capacity_ && names_[slot(name)] == name; }

  void add(const Identifier* name) {
    if ((used_ + 1) * 2 > capacity_) grow();
    uint32_t i = slot(name);
    if (names_[i] == name) return;
    names_[i] = name;
    used_++;
    count_++;
  }

  void add_all(const NameSet& other) {
    for (uint32_t i = 0; i < other.capacity_; i++)
      if (other.names_[i] && other.names_[i] != removed()) add(other.names_[i]);
  }

  void remove(const Identifier* name) {
    if (!contains(name)) return;
    names_[slot(name)] = removed();
    count_--;
  }

  bool empty() const { return count_ == 0; }

  template <class Function>
  void for_each(Function function) const {
    for (uint32_t i = 0; i < capacity_; i++)
      if (names_[i] && names_[i] != removed()) function(names_[i]);
  }

 private:
  static const Identifier* removed() { return reinterpret_cast<const Identifier*>(uintptr_t{1}); }

  // Where the name is or may go.
  uint32_t slot(const Identifier* name) const {
    uint32_t i = name->hash & (capacity_ - 1);
    while (names_[i] && names_[i] != name) i = (i + 1) & (capacity_ - 1);
    return i;
  }

  void grow() {
    uint32_t capacity = capacity_ ? capacity_ : 8;
    while ((count_ + 1) * 3 > capacity) capacity *= 2;
    const Identifier** old = names_;
    uint32_t old_capacity = capacity_;
    auto** grown = static_cast<const Identifier**>(std::calloc(capacity, sizeof(Identifier*)));
    if (!grown) out_of_memory();
    names_ = grown;
    capacity_ = capacity;
    used_ = count_;
    for (uint32_t i = 0; i < old_capacity; i++)
      if (old[i] && old[i] != removed()) names_[slot(old[i])] = old[i];
    std::free(old);
  }

  const Identifier** names_ = nullptr;
  uint32_t capacity_ = 0;
  uint32_t used_ = 0;   // slots that are not empty
  uint32_t count_ = 0;  // names
};

}  // namespace pt::syntax
