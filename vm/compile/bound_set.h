// Which locals are certainly bound at a point of the code.
#pragma once

#include <cstdint>

namespace pt::compiler {

// Locals from kTracked on are never taken for bound.
class BoundSet {
 public:
  static constexpr int kTracked = 256;

  bool has(int local) const { return local < kTracked && (words_[local >> 6] >> (local & 63) & 1); }
  void add(int local) {
    if (local < kTracked) words_[local >> 6] |= uint64_t{1} << (local & 63);
  }
  void remove(int local) {
    if (local < kTracked) words_[local >> 6] &= ~(uint64_t{1} << (local & 63));
  }
  void intersect(const BoundSet& other) {
    for (int i = 0; i < 4; i++) words_[i] &= other.words_[i];
  }
  void subtract(const BoundSet& other) {
    for (int i = 0; i < 4; i++) words_[i] &= ~other.words_[i];
  }

 private:
  uint64_t words_[4] = {};
};

}  // namespace pt::compiler
