// StrBuilder: units collect in an inline buffer first, then in raw memory that doubles; finish() makes one exact copy.
#include "gc/platform/memory.h"
#include "vm/object/error.h"
#include "vm/types/str_data.h"

namespace pt {

StrBuilder::~StrBuilder() {
  if (data_ != inline_) memory::release(data_);
}

// Makes room for `extra` more units that hold up to `max`.
bool StrBuilder::grow(int64_t extra, uint32_t max) {
  if (failed_) return false;
  uint8_t kind = kind_for(max);
  if (kind < kind_) kind = kind_;
  if (kind == kind_ && extra <= capacity_ - length_) return true;
  if (extra > (INT64_MAX / 8) - length_) {
    failed_ = true;
    return false;
  }
  int64_t need = length_ + extra;
  int64_t capacity = capacity_;
  if (need > capacity) {
    capacity = capacity_ + (capacity_ >> 1) + 64;
    if (capacity < need) capacity = need;
  }
  if (kind == kind_ && data_ != inline_) {
    void* moved = memory::reallocate(data_, static_cast<size_t>(capacity) * kind);
    if (!moved) {
      failed_ = true;
      return false;
    }
    data_ = static_cast<uint8_t*>(moved);
    capacity_ = capacity;
    return true;
  }
  if (kind != kind_ && data_ == inline_ && need * kind <= kInline) {
    // Widens in place, last unit first.
    for (int64_t i = length_ - 1; i >= 0; i--) {
      uint32_t c = kind_ == 1 ? inline_[i] : reinterpret_cast<uint16_t*>(inline_)[i];
      if (kind == 2) {
        reinterpret_cast<uint16_t*>(inline_)[i] = static_cast<uint16_t>(c);
      } else {
        reinterpret_cast<uint32_t*>(inline_)[i] = c;
      }
    }
    kind_ = kind;
    capacity_ = kInline / kind;
    return true;
  }
  uint8_t* data = static_cast<uint8_t*>(memory::allocate(static_cast<size_t>(capacity) * kind));
  if (!data) {
    failed_ = true;
    return false;
  }
  auto copy = [&](auto* from) {
    if (kind == 1) {
      copy_units(data, from, length_);
    } else if (kind == 2) {
      copy_units(reinterpret_cast<uint16_t*>(data), from, length_);
    } else {
      copy_units(reinterpret_cast<uint32_t*>(data), from, length_);
    }
  };
  if (kind_ == 1) {
    copy(data_);
  } else if (kind_ == 2) {
    copy(reinterpret_cast<uint16_t*>(data_));
  } else {
    copy(reinterpret_cast<uint32_t*>(data_));
  }
  if (data_ != inline_) memory::release(data_);
  data_ = data;
  capacity_ = capacity;
  kind_ = kind;
  return true;
}

uint32_t StrBuilder::at(int64_t i) const {
  return kind_ == 1   ? data_[i]
         : kind_ == 2 ? reinterpret_cast<const uint16_t*>(data_)[i]
                      : reinterpret_cast<const uint32_t*>(data_)[i];
}

bool StrBuilder::append_slow(uint32_t c) {
  if ((length_ >= capacity_ || kind_for(c) > kind_) && !grow(1, c)) return false;
  if (kind_ == 1) {
    data_[length_++] = static_cast<uint8_t>(c);
  } else if (kind_ == 2) {
    reinterpret_cast<uint16_t*>(data_)[length_++] = static_cast<uint16_t>(c);
  } else {
    reinterpret_cast<uint32_t*>(data_)[length_++] = c;
  }
  seen_ |= c;
  return true;
}

bool StrBuilder::append_ascii(std::string_view text) {
  int64_t n = static_cast<int64_t>(text.size());
  if (n > capacity_ - length_ && !grow(n, 0)) return false;
  const uint8_t* from = reinterpret_cast<const uint8_t*>(text.data());
  if (kind_ == 1) {
    copy_units(data_ + length_, from, n);
  } else if (kind_ == 2) {
    copy_units(reinterpret_cast<uint16_t*>(data_) + length_, from, n);
  } else {
    copy_units(reinterpret_cast<uint32_t*>(data_) + length_, from, n);
  }
  length_ += n;
  return true;
}

bool StrBuilder::append(const Str* s, int64_t start, int64_t end) {
  int64_t n = end - start;
  if (n <= 0) return !failed_;
  return with_units(s, [&](auto* from) {
    from += start;
    uint32_t max = max_class(s);
    // A part of a wide string may need less than the whole does.
    if (n != s->length && max > kMaxAscii) max = units_class(from, n);
    if ((n > capacity_ - length_ || kind_for(max) > kind_) && !grow(n, max)) return false;
    seen_ |= max;
    if (kind_ == 1) {
      copy_units(data_ + length_, from, n);
    } else if (kind_ == 2) {
      copy_units(reinterpret_cast<uint16_t*>(data_) + length_, from, n);
    } else {
      copy_units(reinterpret_cast<uint32_t*>(data_) + length_, from, n);
    }
    length_ += n;
    return true;
  });
}

bool StrBuilder::append_repeated(uint32_t c, int64_t count) {
  if (count <= 0) return !failed_;
  if (!grow(count, c)) return false;
  seen_ |= c;
  if (kind_ == 1) {
    fill_units(data_ + length_, c, count);
  } else if (kind_ == 2) {
    fill_units(reinterpret_cast<uint16_t*>(data_) + length_, c, count);
  } else {
    fill_units(reinterpret_cast<uint32_t*>(data_) + length_, c, count);
  }
  length_ += count;
  return true;
}

Ref<Str> StrBuilder::finish() {
  if (failed_) return raise_no_memory();
  if (kind_ == 2) return str_from_units(reinterpret_cast<uint16_t*>(data_), length_);
  if (kind_ == 4) return str_from_units(reinterpret_cast<uint32_t*>(data_), length_);
  if (seen_ > kMaxAscii) return str_from_units(data_, length_);
  return str_from_ascii({reinterpret_cast<const char*>(data_), static_cast<size_t>(length_)});
}

}  // namespace pt
