#include "vm/syntax/arena.h"

#include <cstdlib>
#include <new>

namespace pt::syntax {
namespace {

uint32_t hash_name(std::string_view name) {
  uint64_t hash = name.size() * 0x9E3779B97F4A7C15ull;
  const char* data = name.data();
  size_t left = name.size();
  while (left >= 8) {
    uint64_t word;
    std::memcpy(&word, data, 8);
    hash = (hash ^ word) * 0xFF51AFD7ED558CCDull;
    hash ^= hash >> 32;
    data += 8;
    left -= 8;
  }
  uint64_t word = 0;
  std::memcpy(&word, data, left);
  hash = (hash ^ word) * 0xC4CEB9FE1A85EC53ull;
  return static_cast<uint32_t>(hash ^ (hash >> 32));
}

}  // namespace

void out_of_memory() { throw std::bad_alloc(); }

Arena::~Arena() {
  for (Chunk* chunk = chunks_; chunk;) {
    Chunk* next = chunk->next;
    ::operator delete(chunk);
    chunk = next;
  }
  std::free(names_);
}

void* Arena::allocate_slow(size_t bytes) {
  bool oversized = bytes > next_chunk_ / 4;
  size_t size = sizeof(Chunk) + (oversized ? bytes : next_chunk_);
  auto* chunk = static_cast<Chunk*>(::operator new(size));
  chunk->next = chunks_;
  chunks_ = chunk;
  reserved_ += size;
  char* memory = reinterpret_cast<char*>(chunk + 1);
  if (oversized) return memory;
  if (next_chunk_ < 512 * 1024) next_chunk_ *= 2;
  cursor_ = memory + bytes;
  limit_ = reinterpret_cast<char*>(chunk) + size;
  return memory;
}

std::string_view Arena::copy(std::string_view text) {
  char* data = static_cast<char*>(allocate(text.size() + 1));
  if (!text.empty()) std::memcpy(data, text.data(), text.size());
  data[text.size()] = 0;
  return {data, text.size()};
}

const Identifier* Arena::intern(std::string_view name) {
  if ((name_count_ + 1) * 4 > name_capacity_ * 3) grow_names();
  uint32_t hash = hash_name(name);
  uint32_t mask = name_capacity_ - 1;
  for (uint32_t i = hash & mask;; i = (i + 1) & mask) {
    const Identifier* found = names_[i];
    if (!found) {
      std::string_view text = copy(name);
      found = make<Identifier>(text.data(), static_cast<uint32_t>(text.size()), hash, nullptr);
      names_[i] = found;
      name_count_++;
      return found;
    }
    if (found->hash == hash && found->view() == name) return found;
  }
}

void Arena::grow_names() {
  uint32_t capacity = name_capacity_ ? name_capacity_ * 2 : 256;
  auto** names = static_cast<const Identifier**>(std::calloc(capacity, sizeof(Identifier*)));
  if (!names) out_of_memory();
  for (uint32_t i = 0; i < name_capacity_; i++) {
    if (!names_[i]) continue;
    uint32_t j = names_[i]->hash & (capacity - 1);
    while (names[j]) j = (j + 1) & (capacity - 1);
    names[j] = names_[i];
  }
  std::free(names_);
  names_ = names;
  name_capacity_ = capacity;
}

}  // namespace pt::syntax
