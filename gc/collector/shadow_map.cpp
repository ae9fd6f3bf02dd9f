#include "gc/collector/shadow_map.h"

#include <sys/mman.h>

#include <atomic>
#include <cstring>

namespace pt {

namespace {

// The array of the last map, all zero, for the next one: faulting in fresh pages would cost small heaps more than the
// collection itself.
struct SpareArray {
  void* memory;
  size_t bytes;
};
constexpr size_t kMaxSpare = size_t{64} << 20;
constexpr size_t kHugePage = size_t{2} << 20;
constinit std::atomic<bool> g_spare_taken{false};  // guards g_spare; held for a few instructions or skipped
constinit SpareArray g_spare{};

SpareArray take_spare() {
  SpareArray spare{};
  if (g_spare_taken.exchange(true, std::memory_order_acquire)) return spare;
  spare = g_spare;
  g_spare = {};
  g_spare_taken.store(false, std::memory_order_release);
  return spare;
}

bool keep_spare(SpareArray array) {
  if (g_spare_taken.exchange(true, std::memory_order_acquire)) return false;
  bool keep = !g_spare.memory;
  if (keep) g_spare = array;
  g_spare_taken.store(false, std::memory_order_release);
  return keep;
}

}  // namespace

void ShadowMap::cover(uintptr_t begin, uintptr_t end) {
  PT_ASSERT(!extent_ && !chunk_count_);
  size_t extent = end - begin;
  if (extent == 0) return;
  size_t chunks = extent >> kChunkShift;
  size_t needed = chunks * kGranules * sizeof(uint32_t) + chunks;
  SpareArray array = take_spare();
  if (array.bytes < needed) {
    if (array.memory) memory::unreserve(array.memory, array.bytes);
    // Room to grow, so that a growing heap does not make each map start anew.
    array.bytes = (needed + needed / 2 + kHugePage - 1) & ~(kHugePage - 1);
    array.memory = memory::reserve(array.bytes);
    if (!array.memory) return;
    if (needed >= 2 * kHugePage) madvise(array.memory, array.bytes, MADV_HUGEPAGE);
  }
  begin_ = begin;
  extent_ = extent;
  words_ = static_cast<uint32_t*>(array.memory);
  reserved_ = array.bytes;
  touched_ = static_cast<unsigned char*>(array.memory) + (array.bytes - chunks);
}

void ShadowMap::give_range_back() {
  if (!words_) return;
  size_t chunks = extent_ >> kChunkShift;
  if (reserved_ <= kMaxSpare) {
    for (size_t c = 0; c < chunks; c++) {
      if (touched_[c]) std::memset(&words_[c * kGranules], 0, kGranules * sizeof(uint32_t));
    }
    std::memset(touched_, 0, chunks);
    if (keep_spare({words_, reserved_})) return;
  }
  memory::unreserve(words_, reserved_);
}

uint32_t* ShadowMap::find_chunk(uintptr_t address) const {
  uintptr_t key = address >> kChunkShift;
  for (size_t i = hash(key);; i = (i + 1) & mask_) {
    const Slot& slot = slots_[i];
    if (slot.key == key) return &slot.words[granule(address)];
    if (slot.key == 0) return nullptr;
  }
}

uint32_t* ShadowMap::insert_chunk(uintptr_t address) {
  if (chunk_count_) {
    if (uint32_t* word = find_chunk(address)) return word;
  }
  uintptr_t key = address >> kChunkShift;
  if (chunk_count_ * 2 >= (slots_ ? mask_ + 1 : 0) && !grow()) return nullptr;
  if (chunk_count_ == chunk_capacity_) {
    size_t capacity = chunk_capacity_ ? chunk_capacity_ * 2 : 64;
    Slot* chunks = static_cast<Slot*>(memory::reallocate(chunks_, capacity * sizeof(Slot)));
    if (!chunks) return nullptr;
    chunks_ = chunks;
    chunk_capacity_ = capacity;
  }
  uint32_t* words = static_cast<uint32_t*>(memory::allocate_zeroed(kGranules * sizeof(uint32_t)));
  if (!words) return nullptr;
  size_t i = hash(key);
  while (slots_[i].key) i = (i + 1) & mask_;
  slots_[i] = {key, words};
  chunks_[chunk_count_++] = {key, words};
  return &words[granule(address)];
}

bool ShadowMap::grow() {
  size_t count = slots_ ? (mask_ + 1) * 2 : 128;
  Slot* slots = static_cast<Slot*>(memory::allocate_zeroed(count * sizeof(Slot)));
  if (!slots) return false;
  memory::release(slots_);
  slots_ = slots;
  mask_ = count - 1;
  for (size_t c = 0; c < chunk_count_; c++) {
    size_t i = hash(chunks_[c].key);
    while (slots_[i].key) i = (i + 1) & mask_;
    slots_[i] = chunks_[c];
  }
  return true;
}

void ShadowMap::reset() {
  give_range_back();
  for (size_t c = 0; c < chunk_count_; c++) memory::release(chunks_[c].words);
  memory::release(chunks_);
  memory::release(slots_);
  slots_ = chunks_ = nullptr;
  words_ = nullptr;
  touched_ = nullptr;
  begin_ = extent_ = reserved_ = 0;
  mask_ = chunk_count_ = chunk_capacity_ = 0;
}

}  // namespace pt
