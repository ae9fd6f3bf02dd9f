// Bump arena for syntax trees and symbol tables, with the names interned in it. Nothing in it is destroyed
// one by one: whatever an arena holds is trivially destructible and lives until the arena goes. Not thread
// safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

namespace pt::syntax {

// A name, unique within its arena: two identifiers are the same name iff they are the same pointer.
// NFKC-normalised.
struct Identifier {
  const char* utf8;  // zero-terminated
  uint32_t length;   // bytes
  uint32_t hash;
  mutable void* client;  // free for whoever walks the tree (null at first), e.g. to cache its own name object

  std::string_view view() const { return {utf8, length}; }
};

// An immutable array in an arena.
template <class T>
struct Seq {
  T* data = nullptr;
  uint32_t size = 0;

  T* begin() const { return data; }
  T* end() const { return data + size; }
  bool empty() const { return size == 0; }
  T& operator[](size_t index) const { return data[index]; }
  T& back() const { return data[size - 1]; }
};

[[noreturn]] void out_of_memory();  // throws std::bad_alloc

class Arena {
 public:
  Arena() = default;
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* allocate(size_t bytes) {
    bytes = (bytes + 7) & ~size_t{7};
    if (bytes > static_cast<size_t>(limit_ - cursor_)) [[unlikely]]
      return allocate_slow(bytes);
    char* result = cursor_;
    cursor_ += bytes;
    return result;
  }

  // A value-initialised T; its memory is the arena's.
  template <class T, class... Args>
  T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= 8);
    return new (allocate(sizeof(T))) T{std::forward<Args>(args)...};
  }

  // `count` value-initialised elements.
  template <class T>
  T* make_array(size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= 8);
    T* array = static_cast<T*>(allocate(sizeof(T) * count));
    for (size_t i = 0; i < count; i++) new (array + i) T{};
    return array;
  }

  template <class T>
  Seq<T> copy(const T* from, size_t count) {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 8);
    if (count == 0) return {};
    T* array = static_cast<T*>(allocate(sizeof(T) * count));
    std::memcpy(static_cast<void*>(array), from, sizeof(T) * count);
    return {array, static_cast<uint32_t>(count)};
  }

  // A zero-terminated copy.
  std::string_view copy(std::string_view text);

  // The identifier of this name, which must already be normalised.
  const Identifier* intern(std::string_view name);

  size_t bytes_reserved() const { return reserved_; }

 private:
  struct Chunk {
    Chunk* next;
  };

  void* allocate_slow(size_t bytes);
  void grow_names();

  char* cursor_ = nullptr;
  char* limit_ = nullptr;
  Chunk* chunks_ = nullptr;
  size_t next_chunk_ = 16 * 1024;
  size_t reserved_ = 0;
  const Identifier** names_ = nullptr;  // open addressing, capacity a power of two
  uint32_t name_capacity_ = 0;
  uint32_t name_count_ = 0;
};

}  // namespace pt::syntax
