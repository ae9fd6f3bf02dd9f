#pragma once
// Making short strings without a detour.
#include <cstring>

#include "gc/heap/heap_inl.h"
#include "vm/object/error.h"
#include "vm/types/str.h"

namespace pt {

// A new ASCII string of length 2 or more, to be filled before it is published. Empty with MemoryError pending.
PT_INLINE Ref<Str> ascii_str_allocate(int64_t length) {
  PT_ASSERT(length >= 2);
  auto* s =
      static_cast<Str*>(allocate_object_inline(kShape_str, Str::kHeaderBytes + static_cast<size_t>(length) + 1, false, false));
  if (PT_UNLIKELY(!s)) return raise_no_memory();
  s->length = length;
  s->hash.store(-1, std::memory_order_relaxed);
  s->kind = 1;
  s->ascii = true;
  s->interned.store(0, std::memory_order_relaxed);
  s->unused = 0;
  s->data1()[length] = 0;
  return Ref<Str>::steal(s);
}

// Copies a few bytes; long pieces go to the library.
PT_INLINE void copy_short(uint8_t* to, const uint8_t* from, size_t n) {
  if (n >= 16) {
    std::memcpy(to, from, n);
    return;
  }
  if (n >= 8) {
    uint64_t head, tail;
    std::memcpy(&head, from, 8);
    std::memcpy(&tail, from + n - 8, 8);
    std::memcpy(to, &head, 8);
    std::memcpy(to + n - 8, &tail, 8);
    return;
  }
  if (n >= 4) {
    uint32_t head, tail;
    std::memcpy(&head, from, 4);
    std::memcpy(&tail, from + n - 4, 4);
    std::memcpy(to, &head, 4);
    std::memcpy(to + n - 4, &tail, 4);
    return;
  }
  for (size_t i = 0; i < n; ++i) to[i] = from[i];
}

// Decimal digits of `magnitude`, written backwards from `end`; where they begin.
PT_INLINE char* write_decimal(char* end, uint64_t magnitude) {
  static constexpr char kPairs[] =
      "000102030405060708091011121314151617181920212223242526272829303132333435363738394041424344454647484950515253545556575859"
      "60616263646566676869707172737475767778798081828384858687888990919293949596979899";
  while (magnitude >= 100) {
    uint64_t rest = magnitude / 100;
    std::memcpy(end -= 2, kPairs + (magnitude - rest * 100) * 2, 2);
    magnitude = rest;
  }
  if (magnitude >= 10) {
    std::memcpy(end -= 2, kPairs + magnitude * 2, 2);
  } else {
    *--end = static_cast<char>('0' + magnitude);
  }
  return end;
}

}  // namespace pt
