#include "gc/collector/shadow_map.h"

namespace pt {

uint32_t* ShadowMap::insert_chunk(uintptr_t address) {
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
  for (size_t c = 0; c < chunk_count_; c++) memory::release(chunks_[c].words);
  memory::release(chunks_);
  memory::release(slots_);
  slots_ = chunks_ = nullptr;
  mask_ = chunk_count_ = chunk_capacity_ = 0;
}

}  // namespace pt
