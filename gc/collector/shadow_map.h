#pragma once
// ShadowMap: a 32-bit word beside every object of interest, found by address. Objects are not written to. The address
// space is cut into chunks; a small hash table finds a chunk's array of words, one word a 16-byte granule.
#include <cstddef>
#include <cstdint>

#include "gc/platform/check.h"
#include "gc/platform/memory.h"

namespace pt {

struct Object;

class ShadowMap {
 public:
  ShadowMap() = default;
  ~ShadowMap() { reset(); }
  ShadowMap(const ShadowMap&) = delete;
  ShadowMap& operator=(const ShadowMap&) = delete;

  // The object's word, or nullptr when nothing near it was ever inserted (the word may also read 0: not inserted). What
  // is inserted is aligned to 16; what is looked for (an immortal object elsewhere) need not be.
  PT_INLINE uint32_t* find(const Object* o) const {
    uintptr_t address = reinterpret_cast<uintptr_t>(o);
    uintptr_t key = address >> kChunkShift;
    if (PT_UNLIKELY(!slots_)) return nullptr;
    for (size_t i = hash(key);; i = (i + 1) & mask_) {
      const Slot& slot = slots_[i];
      if (PT_LIKELY(slot.key == key)) return &slot.words[granule(address)];
      if (slot.key == 0) return nullptr;
    }
  }
  // The object's word, made on demand; nullptr when memory is out.
  PT_INLINE uint32_t* insert(const Object* o) {
    if (uint32_t* word = find(o)) return word;
    return insert_chunk(reinterpret_cast<uintptr_t>(o));
  }
  // Calls `visit(Object*, uint32_t& word)` for each nonzero word, chunk by chunk in order of insertion. `visit` may
  // change words; it inserts nothing.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (size_t c = 0; c < chunk_count_; c++) {
      uintptr_t base = chunks_[c].key << kChunkShift;
      uint32_t* words = chunks_[c].words;
      for (size_t i = 0; i < kGranules; i++) {
        if (words[i]) visit(reinterpret_cast<Object*>(base + (i << kGranuleShift)), words[i]);
      }
    }
  }
  void reset();

 private:
  static constexpr unsigned kChunkShift = 16;
  static constexpr unsigned kGranuleShift = 4;
  static constexpr size_t kGranules = size_t{1} << (kChunkShift - kGranuleShift);
  struct Slot {
    uintptr_t key;    // address >> kChunkShift; 0: free
    uint32_t* words;
  };

  static size_t granule(uintptr_t address) {
    return (address >> kGranuleShift) & (kGranules - 1);
  }
  size_t hash(uintptr_t key) const { return (key * 0x9E3779B97F4A7C15u >> 20) & mask_; }
  uint32_t* insert_chunk(uintptr_t address);
  bool grow();

  Slot* slots_ = nullptr;
  size_t mask_ = 0;
  Slot* chunks_ = nullptr;  // in order of insertion
  size_t chunk_count_ = 0;
  size_t chunk_capacity_ = 0;
};

// A growable array of plain words. push() is false when memory is out.
template <class T>
class WordArray {
 public:
  WordArray() = default;
  ~WordArray() { memory::release(items_); }
  WordArray(const WordArray&) = delete;
  WordArray& operator=(const WordArray&) = delete;
  WordArray(WordArray&& other) noexcept
      : items_(other.items_), size_(other.size_), capacity_(other.capacity_) { other.forget(); }

  [[nodiscard]] PT_INLINE bool push(T item) {
    if (PT_UNLIKELY(size_ == capacity_) && !grow()) return false;
    items_[size_++] = item;
    return true;
  }
  T pop() { return items_[--size_]; }
  T& operator[](size_t i) { return items_[i]; }
  const T& operator[](size_t i) const { return items_[i]; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void truncate(size_t size) { size_ = size; }
  T* begin() { return items_; }
  T* end() { return items_ + size_; }
  const T* begin() const { return items_; }
  const T* end() const { return items_ + size_; }

 private:
  PT_COLD bool grow() {
    size_t capacity = capacity_ ? capacity_ * 2 : 256;
    T* items = static_cast<T*>(memory::reallocate(items_, capacity * sizeof(T)));
    if (!items) return false;
    items_ = items;
    capacity_ = capacity;
    return true;
  }
  void forget() { items_ = nullptr; size_ = capacity_ = 0; }

  T* items_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace pt
