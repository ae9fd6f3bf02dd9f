#pragma once
// ShadowMap: a 32-bit word beside every object of interest, found by address, so that objects need not be written to. The
// range in which the heap's blocks lie has one array with a word for each 16 bytes; addresses elsewhere (large objects)
// go through a small hash table of 64 KiB chunks.
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

  // Before the first insertion: [begin, end), a multiple of 64 KiB, is where most objects lie. Does without when memory is
  // out.
  void cover(uintptr_t begin, uintptr_t end);
  // The object's word, or nullptr when nothing near it was ever inserted (the word may also read 0: not inserted). What
  // is inserted is aligned to 16; what is looked for (an immortal object elsewhere) need not be.
  PT_INLINE uint32_t* find(const Object* o) const {
    uintptr_t offset = reinterpret_cast<uintptr_t>(o) - begin_;
    if (PT_LIKELY(offset < extent_)) return &words_[offset >> kGranuleShift];
    return chunk_count_ ? find_chunk(reinterpret_cast<uintptr_t>(o)) : nullptr;
  }
  // The object's word, made on demand; nullptr when memory is out.
  PT_INLINE uint32_t* insert(const Object* o) {
    uintptr_t offset = reinterpret_cast<uintptr_t>(o) - begin_;
    if (PT_UNLIKELY(offset >= extent_)) return insert_chunk(reinterpret_cast<uintptr_t>(o));
    touched_[offset >> kChunkShift] = 1;
    return &words_[offset >> kGranuleShift];
  }
  // Calls `visit(Object*, uint32_t& word)` for each nonzero word: the covered range by address, then the chunks in order
  // of insertion. `visit` may change words; it inserts nothing.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (size_t c = 0; c < extent_ >> kChunkShift; c++) {
      if (touched_[c]) each_word(begin_ + (c << kChunkShift), &words_[c * kGranules], visit);
    }
    for (size_t c = 0; c < chunk_count_; c++) each_word(chunks_[c].key << kChunkShift, chunks_[c].words, visit);
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

  template <class Visit>
  static void each_word(uintptr_t base, uint32_t* words, Visit& visit) {
    for (size_t i = 0; i < kGranules; i++) {
      if (words[i]) visit(reinterpret_cast<Object*>(base + (i << kGranuleShift)), words[i]);
    }
  }
  static size_t granule(uintptr_t address) { return (address >> kGranuleShift) & (kGranules - 1); }
  size_t hash(uintptr_t key) const { return (key * 0x9E3779B97F4A7C15u >> 20) & mask_; }
  uint32_t* find_chunk(uintptr_t address) const;
  uint32_t* insert_chunk(uintptr_t address);
  bool grow();
  void give_range_back();

  uintptr_t begin_ = 0;
  uintptr_t extent_ = 0;           // bytes covered
  uint32_t* words_ = nullptr;      // of the covered range
  unsigned char* touched_ = nullptr;  // chunks of it with words that may not be zero; behind the words
  size_t reserved_ = 0;            // bytes at words_
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
  WordArray(WordArray&& other) noexcept : items_(other.items_), size_(other.size_), capacity_(other.capacity_) { other.forget(); }

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
  void forget() {
    items_ = nullptr;
    size_ = capacity_ = 0;
  }

  T* items_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace pt
