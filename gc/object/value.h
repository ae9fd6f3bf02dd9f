#pragma once
// Value: one 64-bit word that holds any Python value. Trivially copyable; never owns.
//
//   ...1   small int, 63-bit signed
//   ..10   immediate float (rotated so that the common exponents fit)
//   .000   pointer to an object, counted
//   .100   borrowed pointer: holds no count; only in interpreter and JIT registers
//   0      no value: unbound register, error return
#include <bit>
#include <cstdint>

#include "gc/platform/check.h"

namespace pt {

struct Object;

class Value {
 public:
  static constexpr int64_t kMaxSmallInt = (int64_t{1} << 62) - 1;
  static constexpr int64_t kMinSmallInt = -(int64_t{1} << 62);
  static constexpr uint64_t kBorrowedBit = 4;
  static constexpr int kAddressBits = 48;  // no object lies beyond
  static constexpr uint64_t kZeroFloatBits = 0x8000000000000002u;

  constexpr Value() = default;
  static constexpr Value from_bits(uint64_t bits) { return Value(bits); }
  static constexpr Value none_value() { return Value(); }  // the empty word, not Python's None
  // The caller guarantees fits_small_int(i).
  static constexpr Value small_int(int64_t i) { return Value((static_cast<uint64_t>(i) << 1) | 1); }
  static constexpr bool fits_small_int(int64_t i) { return i >= kMinSmallInt && i <= kMaxSmallInt; }
  static Value object(const Object* o) { return Value(reinterpret_cast<uint64_t>(o)); }
  static Value borrowed_object(const Object* o) { return Value(reinterpret_cast<uint64_t>(o) | kBorrowedBit); }

  // The immediate form of `d`; empty when the exponent does not fit (a heap float is needed).
  static constexpr Value immediate_float(double d) {
    uint64_t raw = std::bit_cast<uint64_t>(d);
    // Exponents whose top three bits are 011 or 100 rotate into a word whose low bits become the tag.
    uint32_t top = static_cast<uint32_t>(raw >> 60) & 7;
    if (PT_LIKELY(top == 3 || top == 4)) {
      // One word of the 2^62 is needed for 0.0; the double it would stand for lives on the heap.
      uint64_t word = (std::rotl(raw, 3) & ~uint64_t{3}) | 2;
      return PT_LIKELY(word != kZeroFloatBits) ? Value(word) : Value();
    }
    if (raw == 0) return Value(kZeroFloatBits);
    return Value();
  }

  constexpr uint64_t bits() const { return bits_; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr explicit operator bool() const { return bits_ != 0; }

  constexpr bool is_small_int() const { return bits_ & 1; }
  constexpr bool is_immediate_float() const { return (bits_ & 3) == 2; }
  // True for both counted and borrowed pointers.
  // Rotated, the tag becomes the highest bits; the subtraction puts the empty word there too: one comparison does.
  constexpr bool is_object() const { return std::rotr(bits_, 2) - 1 < (uint64_t{1} << 62) - 1; }
  constexpr bool is_counted() const { return std::rotr(bits_, 3) - 1 < (uint64_t{1} << 61) - 1; }
  constexpr bool is_borrowed() const { return (bits_ & 7) == 4; }

  constexpr int64_t as_small_int() const { return static_cast<int64_t>(bits_) >> 1; }
  constexpr double as_immediate_float() const {
    if (bits_ == kZeroFloatBits) return 0.0;
    // Bit 63 of the rotated word tells which of the two exponent halves it was.
    uint64_t restored = (2 - (bits_ >> 63)) | (bits_ & ~uint64_t{3});
    return std::bit_cast<double>(std::rotr(restored, 3));
  }
  Object* as_object() const {
    PT_ASSERT(is_object());
    return reinterpret_cast<Object*>(bits_ & ~kBorrowedBit);
  }
  // Pointers get the borrowed tag; immediates and empty stay as they are.
  constexpr Value as_borrowed() const { return is_object() ? Value(bits_ | kBorrowedBit) : *this; }
  // The canonical form, as heap slots hold it (says nothing about counts).
  constexpr Value untagged() const { return (bits_ & 3) == 0 ? Value(bits_ & ~kBorrowedBit) : *this; }

  // Identity (Python's `is`), whatever tags the pointers carry.
  constexpr bool same(Value other) const { return untagged().bits_ == other.untagged().bits_; }
  // id(): differs for all values that exist at one time. An object's is its address without the four low bits, which say
  // nothing, and with the next ones mixed: as keys of dicts (memos), ids of objects of one size fill the table evenly then. A
  // word that is no object's but could be an address has those four bits in front.
  constexpr uint64_t identity() const {
    uint64_t bits = untagged().bits_;
    if (bits >> kAddressBits) return bits;
    bits = bits >> 4 | (bits & 15) << (kAddressBits - 4);
    return bits ^ bits >> 5;
  }
  static constexpr Value from_identity(uint64_t id) {
    if (id >> kAddressBits) return Value(id);
    for (int known = 5; known < kAddressBits; known *= 2) id ^= id >> known;
    return Value((id << 4 & ((uint64_t{1} << kAddressBits) - 1)) | id >> (kAddressBits - 4));
  }
  bool is(const Object* o) const { return (bits_ & ~kBorrowedBit) == reinterpret_cast<uint64_t>(o); }

 private:
  constexpr explicit Value(uint64_t bits) : bits_(bits) {}
  uint64_t bits_ = 0;
};
static_assert(sizeof(Value) == 8);

}  // namespace pt
