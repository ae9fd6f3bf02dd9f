// Builds texts in an arena.
#pragma once

#include "vm/syntax/ast.h"

namespace pt::syntax {

// A short number as text.
struct NumberText {
  char data[24];
  uint32_t length = 0;
  std::string_view view() const { return {data, length}; }
};
NumberText decimal(int64_t number);
// At least `digits` digits; upper case where asked.
NumberText hex(uint64_t number, int digits, bool upper = false);

class Message {
 public:
  explicit Message(Arena& arena) : arena_(arena) {}

  Message& operator<<(std::string_view text) {
    reserve(text.size());
    if (!text.empty()) std::memcpy(data_ + size_, text.data(), text.size());
    size_ += static_cast<uint32_t>(text.size());
    return *this;
  }
  Message& operator<<(char c) { return *this << std::string_view(&c, 1); }
  Message& operator<<(const NumberText& number) { return *this << number.view(); }

  String finish() {
    reserve(1);
    data_[size_] = 0;
    return {data_, size_};
  }
  // The text so far; it goes on empty.
  String take() {
    String text = finish();
    data_ = nullptr;
    size_ = capacity_ = 0;
    return text;
  }
  uint32_t size() const { return size_; }

 private:
  void reserve(size_t more) {
    if (size_ + more <= capacity_) return;
    capacity_ = static_cast<uint32_t>((size_ + more) * 2 + 64);
    char* data = static_cast<char*>(arena_.allocate(capacity_));
    if (size_) std::memcpy(data, data_, size_);
    data_ = data;
  }

  Arena& arena_;
  char* data_ = nullptr;
  uint32_t size_ = 0;
  uint32_t capacity_ = 0;
};

// "(unicode error) 'utf-8' codec can't decode ..." for the first ill-formed byte; empty where there is none.
String describe_invalid_utf8(Arena& arena, std::string_view text);
// The text with U+FFFD for every byte that is ill-formed.
String replace_invalid_utf8(Arena& arena, std::string_view text);

}  // namespace pt::syntax
