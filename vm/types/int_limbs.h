#pragma once
// What the files that implement int share: scratch limbs, results in the making, GMP.
#include <gmp.h>

#include <cmath>
#include <cstring>

#include "gc/heap/heap.h"
#include "gc/platform/memory.h"
#include "vm/object/error.h"
#include "vm/types/gmp_memory.h"
#include "vm/types/int.h"

namespace pt {

static_assert(sizeof(mp_limb_t) == 8 && GMP_NUMB_BITS == 64);
// GMP aborts when a number outgrows its size field; nothing longer than this is handed to it.
inline constexpr int64_t kMaxLimbs = int64_t{1} << 31;

// gmp::attempt(); false: MemoryError is pending.
template <class F, class... Results>
PT_INLINE bool computing(F&& f, Results&... results) {
  return PT_LIKELY(gmp::attempt(f, results...)) || raise_no_memory();
}
// The same where operands and results have so many limbs altogether: small ones need no memory.
template <class F>
bool with_gmp(int64_t limbs, F&& f) {
  constexpr int64_t kOnStackAlone = 256;  // GMP gets no memory for less than 32 KiB of scratch
  if (PT_LIKELY(limbs <= kOnStackAlone)) {
    f();
    return true;
  }
  return computing(f);
}

inline mp_limb_t* mp(uint64_t* p) { return reinterpret_cast<mp_limb_t*>(p); }
inline const mp_limb_t* mp(const uint64_t* p) { return reinterpret_cast<const mp_limb_t*>(p); }
inline const mp_limb_t* mp(const IntView& v) { return mp(v.limbs()); }

// Scratch memory: on the stack when small. ok() false: MemoryError is pending.
class LimbBuffer {
 public:
  explicit LimbBuffer(int64_t count) {
    if (count <= kInline) return;
    data_ = count > kMaxLimbs + 2 ? nullptr : static_cast<uint64_t*>(memory::allocate(static_cast<size_t>(count) * 8));
    if (!data_) (void)raise_no_memory();
  }
  ~LimbBuffer() {
    if (data_ != inline_) memory::release(data_);
  }
  LimbBuffer(const LimbBuffer&) = delete;
  LimbBuffer& operator=(const LimbBuffer&) = delete;
  bool ok() const { return data_ != nullptr; }
  uint64_t* data() { return data_; }
  mp_limb_t* limbs() { return mp(data_); }
  uint64_t& operator[](int64_t i) { return data_[i]; }

 private:
  static constexpr int64_t kInline = 24;
  uint64_t* data_ = inline_;
  uint64_t inline_[kInline];
};

// An int object in the making: room for `count` limbs; finish() trims and gives small values their immediate form.
class IntResult {
 public:
  explicit IntResult(int64_t count) {
    if (PT_UNLIKELY(count > kMaxLimbs)) {
      (void)raise_no_memory();
      return;
    }
    Object* o = allocate_object(kShape_int, sizeof(Int) + static_cast<size_t>(count) * 8, false);
    if (PT_UNLIKELY(!o)) {
      (void)raise_no_memory();
      return;
    }
    object_ = Ref<Int>::steal(static_cast<Int*>(o));
  }
  bool ok() const { return static_cast<bool>(object_); }
  uint64_t* data() { return object_->limbs; }
  mp_limb_t* limbs() { return mp(object_->limbs); }
  Ref<> finish(bool negative, int64_t count) {
    while (count > 0 && object_->limbs[count - 1] == 0) count--;
    if (count <= 1) {
      uint64_t low = count ? object_->limbs[0] : 0;
      if (low <= static_cast<uint64_t>(Value::kMaxSmallInt) + negative) {
        int64_t i = static_cast<int64_t>(low);
        return Ref<>::steal(Value::small_int(negative ? -i : i));
      }
    }
    object_->size = negative ? -count : count;
    return std::move(object_);
  }

 private:
  Ref<Int> object_;
};

// The int with z's magnitude.
inline Ref<> int_from_mpz(mpz_srcptr z, bool negative) {
  return int_from_limbs(negative, reinterpret_cast<const uint64_t*>(mpz_limbs_read(z)), static_cast<int64_t>(mpz_size(z)));
}
inline Ref<> int_from_mpz(mpz_srcptr z) { return int_from_mpz(z, mpz_sgn(z) < 0); }

// A GMP integer for the operations that the mpn layer lacks.
class Mpz {
 public:
  Mpz() { mpz_init(z_); }
  ~Mpz() { mpz_clear(z_); }
  Mpz(const Mpz&) = delete;
  Mpz& operator=(const Mpz&) = delete;
  mpz_ptr get() { return z_; }
  void abandon() { mpz_init(z_); }  // its memory is gone
  mpz_srcptr get() const { return z_; }

 private:
  mpz_t z_;
};
// An int as a GMP integer for reading, while it lives.
class MpzView {
 public:
  explicit MpzView(const IntView& v) : view_(v) {
    mpz_roinit_n(z_, mp(view_), static_cast<mp_size_t>(v.negative() ? -v.limb_count() : v.limb_count()));
  }
  MpzView(const MpzView&) = delete;
  MpzView& operator=(const MpzView&) = delete;
  mpz_srcptr get() const { return z_; }

 private:
  IntView view_;
  mpz_t z_;
};
inline int64_t bit_length(const IntView& v) {
  int64_t n = v.limb_count();
  return n ? n * 64 - __builtin_clzll(v.limbs()[n - 1]) : 0;
}

// The double nearest to m * 2^exponent (plus a little when `sticky`), ties to even; m has its top bit set. May be infinite.
inline double round_to_double(uint64_t m, int64_t exponent, bool sticky) {
  if (exponent > 1024) return HUGE_VAL;
  int64_t top = 63 + exponent;
  int64_t keep = top >= -1022 ? 53 : 53 - (-1022 - top);
  if (keep < 0) return 0.0;
  int drop = static_cast<int>(64 - keep);
  uint64_t kept = drop == 64 ? 0 : m >> drop;
  uint64_t rest = drop == 64 ? m : m & ((uint64_t{1} << drop) - 1);
  uint64_t half = uint64_t{1} << (drop - 1);
  if (rest > half || (rest == half && (sticky || (kept & 1)))) kept++;
  return std::ldexp(static_cast<double>(kept), static_cast<int>(exponent + drop));
}

Ref<> int_to_float_power(Value base, Value exponent);  // for negative exponents

}  // namespace pt
