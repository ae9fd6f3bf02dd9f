#pragma once
// A stable, adaptive merge sort: natural runs, extended by binary insertion to a minimum length, merged in the order of
// powersort (Munro and Wild, 2018), with galloping merges as in timsort. It works on any trivially copyable element and
// stays within its array whatever the comparison answers: after a comparison has failed it goes on with "not less", so
// that the array is always a permutation of what it was.
#include <cstdint>
#include <cstring>

#include "gc/platform/check.h"
#include "gc/platform/memory.h"

namespace pt {

// Less: `int operator()(const T&, const T&)` gives 1, 0, or, when Less::kMayFail, -1.
template <class T, class Less>
class MergeSort {
 public:
  MergeSort(T* items, int64_t count, Less& less) : items_(items), count_(count), less_(less) {}
  ~MergeSort() { memory::release(scratch_); }
  MergeSort(const MergeSort&) = delete;
  MergeSort& operator=(const MergeSort&) = delete;

  enum Result { kSorted, kFailed, kNoMemory };
  Result sort() {
    if (count_ < 2) return kSorted;
    int64_t min_run = min_run_length(count_);
    for (int64_t low = 0; low < count_;) {
      int64_t length = count_run(low);
      if (length < min_run) {
        int64_t forced = count_ - low < min_run ? count_ - low : min_run;
        insert_sorted(low, low + length, low + forced);
        length = forced;
      }
      if (!push_run(low, length)) return kNoMemory;
      low += length;
    }
    while (depth_ > 1) {
      if (!merge_top()) return kNoMemory;
    }
    return failed_ ? kFailed : kSorted;
  }

 private:
  static constexpr int64_t kMinGallop = 7;
  // Machine words are merged without branches that the processor would have to guess.
  static constexpr bool kBranchFree = !Less::kMayFail && sizeof(T) <= 8;
  static constexpr int kBlock = 16;
  struct Run {
    int64_t base, length;
    int power;  // of the boundary to the next run
  };

  PT_INLINE bool less(const T& a, const T& b) {
    if constexpr (Less::kMayFail) {
      if (PT_UNLIKELY(failed_)) return false;
      int result = less_(a, b);
      if (PT_UNLIKELY(result < 0)) {
        failed_ = true;
        return false;
      }
      return result;
    } else {
      return less_(a, b);
    }
  }

  static int64_t min_run_length(int64_t n) {
    int64_t rest = 0;
    while (n >= 64) {
      rest |= n & 1;
      n >>= 1;
    }
    return n + rest;
  }

  // Length of the run at `low`; a strictly descending one is turned round.
  int64_t count_run(int64_t low) {
    int64_t end = low + 1;
    if (end >= count_) return count_ - low;
    if (less(items_[end], items_[low])) {
      for (++end; end < count_ && less(items_[end], items_[end - 1]);) ++end;
      for (int64_t i = low, j = end - 1; i < j; ++i, --j) {
        T item = items_[i];
        items_[i] = items_[j];
        items_[j] = item;
      }
    } else {
      for (++end; end < count_ && !less(items_[end], items_[end - 1]);) ++end;
    }
    return end - low;
  }

  // [low, start) is sorted; brings the items up to `end` in.
  void insert_sorted(int64_t low, int64_t start, int64_t end) {
    for (; start < end; ++start) {
      T pivot = items_[start];
      int64_t left = low, right = start;
      while (left < right) {
        int64_t middle = left + (right - left) / 2;
        if (less(pivot, items_[middle])) {
          right = middle;
        } else {
          left = middle + 1;
        }
      }
      std::memmove(static_cast<void*>(items_ + left + 1), items_ + left, static_cast<size_t>(start - left) * sizeof(T));
      items_[left] = pivot;
    }
  }

  // The level, in a balanced tree over the whole array, of the boundary between two runs.
  static int boundary_power(int64_t base, int64_t left, int64_t right, int64_t n) {
    int64_t a = 2 * base + left, b = a + left + right;
    for (int power = 1;; ++power) {
      if (a >= n) {
        a -= n;
        b -= n;
      } else if (b >= n) {
        return power;
      }
      a <<= 1;
      b <<= 1;
    }
  }

  bool push_run(int64_t base, int64_t length) {
    if (depth_ > 0) {
      Run& top = runs_[depth_ - 1];
      int power = boundary_power(top.base, top.length, length, count_);
      while (depth_ > 1 && runs_[depth_ - 2].power > power) {
        if (!merge_top()) return false;
      }
      runs_[depth_ - 1].power = power;
    }
    PT_ASSERT(depth_ < kMaxRuns);
    runs_[depth_++] = {base, length, 0};
    return true;
  }

  bool merge_top() {
    Run& a = runs_[depth_ - 2];
    Run& b = runs_[depth_ - 1];
    int64_t base_a = a.base, length_a = a.length, base_b = b.base, length_b = b.length;
    a.length += length_b;
    --depth_;
    // What is in place already at either end stays.
    int64_t skip = gallop<true>(items_[base_b], items_ + base_a, length_a, 0);
    base_a += skip;
    length_a -= skip;
    if (length_a == 0) return true;
    length_b = gallop<false>(items_[base_a + length_a - 1], items_ + base_b, length_b, length_b - 1);
    if (length_b == 0) return true;
    if (!reserve(length_a < length_b ? length_a : length_b)) return false;
    if (length_a <= length_b) {
      merge_low(base_a, length_a, base_b, length_b);
    } else {
      merge_high(base_a, length_a, base_b, length_b);
    }
    return true;
  }

  // Where `key` belongs in the sorted [from, from + n): after equal items if kAfter, else before. The search widens
  // exponentially around `hint`.
  template <bool kAfter>
  int64_t gallop(const T& key, const T* from, int64_t n, int64_t hint) {
    // goes_right(i): key belongs behind item i.
    auto goes_right = [&](int64_t i) { return kAfter ? !less(key, from[i]) : less(from[i], key); };
    int64_t low, high;  // item low - 1 is left of the key, item high is not
    int64_t step = 1;
    if (goes_right(hint)) {
      low = hint + 1;
      high = n;
      while (low < n) {
        int64_t at = hint + step;
        if (at >= n || at < 0) break;
        if (!goes_right(at)) {
          high = at;
          break;
        }
        low = at + 1;
        step = step * 2 + 1;
      }
    } else {
      high = hint;
      low = 0;
      while (high > 0) {
        int64_t at = hint - step;
        if (at < 0) break;
        if (goes_right(at)) {
          low = at + 1;
          break;
        }
        high = at;
        step = step * 2 + 1;
      }
    }
    while (low < high) {
      int64_t middle = low + (high - low) / 2;
      if (goes_right(middle)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  static void copy(T* to, const T* from, int64_t n) {
    std::memmove(static_cast<void*>(to), from, static_cast<size_t>(n) * sizeof(T));
  }

  // Merges from the left; the left run, the shorter one, waits in the scratch area.
  void merge_low(int64_t base_a, int64_t length_a, int64_t base_b, int64_t length_b) {
    copy(scratch_, items_ + base_a, length_a);
    const T *a = scratch_, *a_end = scratch_ + length_a;
    T *b = items_ + base_b, *b_end = b + length_b, *to = items_ + base_a;
    *to++ = *b++;  // merge_top made sure that it comes first
    while (a < a_end && b < b_end) {
      int64_t streak_a = 0, streak_b = 0;
      if constexpr (kBranchFree) {
        // Blocks small enough for neither side to run dry; one that takes from one side only makes the merge gallop.
        int64_t from_b = kBlock / 2;
        while (a_end - a >= kBlock && b_end - b >= kBlock && from_b > 0 && from_b < kBlock) {
          const T* b_before = b;
          for (int i = 0; i < kBlock; ++i) {
            bool right = less_(*b, *a);
            *to++ = *(right ? b : a);
            b += right;
            a += !right;
          }
          from_b = b - b_before;
        }
      }
      while (a < a_end && b < b_end) {
        if (less(*b, *a)) {
          *to++ = *b++;
          streak_a = 0;
          if (++streak_b >= min_gallop_) break;
        } else {
          *to++ = *a++;
          streak_b = 0;
          if (++streak_a >= min_gallop_) break;
        }
      }
      if (a == a_end || b == b_end) break;
      int64_t taken_a, taken_b;
      ++min_gallop_;
      do {
        if (min_gallop_ > 1) --min_gallop_;
        taken_a = gallop<true>(*b, a, a_end - a, 0);
        copy(to, a, taken_a);
        to += taken_a;
        a += taken_a;
        if (a == a_end) break;
        *to++ = *b++;
        if (b == b_end) break;
        taken_b = gallop<false>(*a, b, b_end - b, 0);
        copy(to, b, taken_b);
        to += taken_b;
        b += taken_b;
        if (b == b_end) break;
        *to++ = *a++;
        if (a == a_end) break;
      } while (taken_a >= kMinGallop || taken_b >= kMinGallop);
      ++min_gallop_;
    }
    copy(to, a, a_end - a);
  }

  // Merges from the right; the right run waits in the scratch area.
  void merge_high(int64_t base_a, int64_t length_a, int64_t base_b, int64_t length_b) {
    copy(scratch_, items_ + base_b, length_b);
    T *a_begin = items_ + base_a, *a = a_begin + length_a, *to = items_ + base_b + length_b;
    const T *b_begin = scratch_, *b = scratch_ + length_b;
    *--to = *--a;
    while (a > a_begin && b > b_begin) {
      int64_t streak_a = 0, streak_b = 0;
      if constexpr (kBranchFree) {
        int64_t from_a = kBlock / 2;
        while (a - a_begin >= kBlock && b - b_begin >= kBlock && from_a > 0 && from_a < kBlock) {
          T* a_before = a;
          for (int i = 0; i < kBlock; ++i) {
            bool left = less_(b[-1], a[-1]);
            *--to = *(left ? a - 1 : b - 1);
            a -= left;
            b -= !left;
          }
          from_a = a_before - a;
        }
      }
      while (a > a_begin && b > b_begin) {
        if (less(b[-1], a[-1])) {
          *--to = *--a;
          streak_b = 0;
          if (++streak_a >= min_gallop_) break;
        } else {
          *--to = *--b;
          streak_a = 0;
          if (++streak_b >= min_gallop_) break;
        }
      }
      if (a == a_begin || b == b_begin) break;
      int64_t taken_a, taken_b;
      ++min_gallop_;
      do {
        if (min_gallop_ > 1) --min_gallop_;
        int64_t left = a - a_begin;
        taken_a = left - gallop<true>(b[-1], a_begin, left, left - 1);
        to -= taken_a;
        a -= taken_a;
        copy(to, a, taken_a);
        if (a == a_begin) break;
        *--to = *--b;
        if (b == b_begin) break;
        left = b - b_begin;
        taken_b = left - gallop<false>(a[-1], b_begin, left, left - 1);
        to -= taken_b;
        b -= taken_b;
        copy(to, b, taken_b);
        if (b == b_begin) break;
        *--to = *--a;
        if (a == a_begin) break;
      } while (taken_a >= kMinGallop || taken_b >= kMinGallop);
      ++min_gallop_;
    }
    copy(to - (b - b_begin), b_begin, b - b_begin);
  }

  bool reserve(int64_t n) {
    if (n <= scratch_size_) return true;
    memory::release(scratch_);
    // At most half of the items ever wait; most merges of a random array need a good part of that.
    int64_t wanted = n < 256 ? 256 : count_ / 2 + 1;
    scratch_ = static_cast<T*>(memory::allocate(static_cast<size_t>(wanted) * sizeof(T)));
    scratch_size_ = scratch_ ? wanted : 0;
    return scratch_ != nullptr;
  }

  static constexpr int kMaxRuns = 72;
  T* items_;
  int64_t count_;
  Less& less_;
  T* scratch_ = nullptr;
  int64_t scratch_size_ = 0;
  int64_t min_gallop_ = kMinGallop;
  int depth_ = 0;
  bool failed_ = false;
  Run runs_[kMaxRuns];
};

}  // namespace pt
