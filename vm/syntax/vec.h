#pragma once

#include "vm/syntax/arena.h"

namespace pt::syntax {

// A growing array in the arena.
template <class T>
class Vec {
 public:
  explicit Vec(Arena& arena) : arena_(arena) {}
  void push(T value) {
    if (size_ == capacity_) grow();
    data_[size_++] = value;
  }
  uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](size_t i) { return data_[i]; }
  T& back() { return data_[size_ - 1]; }
  void clear() { size_ = 0; }
  // Its elements; it goes on empty.
  Seq<T> take() {
    Seq<T> taken{data_, size_};
    data_ = nullptr;
    size_ = capacity_ = 0;
    return taken;
  }
  void pop() { size_--; }
  Seq<T> seq() const { return {data_, size_}; }

 private:
  void grow() {
    uint32_t capacity = capacity_ ? capacity_ * 2 : 4;
    T* data = static_cast<T*>(arena_.allocate(sizeof(T) * capacity));
    if (size_) std::memcpy(static_cast<void*>(data), data_, sizeof(T) * size_);
    data_ = data;
    capacity_ = capacity;
  }
  Arena& arena_;
  T* data_ = nullptr;
  uint32_t size_ = 0;
  uint32_t capacity_ = 0;
};

}  // namespace pt::syntax
