// _bisect: binary search in sorted sequences.
#include "vm/modules/support.h"
#include "vm/modules/support_compare.h"
#include "vm/types/list.h"

namespace pt {
namespace {

Ref<> item_at(Value sequence, int64_t i) {
  if (is_exact_list(sequence)) {
    Ref<> item = list_get(as_list(sequence), i);
    if (item) return item;
  }
  Ref<> position = int_from_int64(i);
  return get_item(sequence, position.value());
}

struct Search {
  Value sequence, wanted, key;
  int64_t low = 0, high = 0;
};
bool parse(const Value* a, Search* s) {
  *s = {a[1], a[2], given(a[5]) ? a[5] : Value()};
  if (!a[3].empty() && !to_ssize(a[3], &s->low)) return false;
  if (s->low < 0) return raise(exc::ValueError, "lo must be non-negative");
  if (given(a[4])) return to_ssize(a[4], &s->high);
  s->high = length(s->sequence);
  return s->high >= 0;
}
// The place of `wanted`, which has had the key function applied; -1 on error.
template <bool Right>
int64_t search(const Search& s, Value wanted) {
  int64_t low = s.low, high = s.high;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    Ref<> item = item_at(s.sequence, middle);
    if (!item) return -1;
    if (!s.key.empty()) {
      item = call1(s.key, item.value());
      if (!item) return -1;
    }
    int below = Right ? less_than(wanted, item.value()) : less_than(item.value(), wanted);
    if (below < 0) return -1;
    if (below == Right) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

template <bool Right>
Ref<> bisect(const Value* a) {
  Search s;
  if (!parse(a, &s)) return Ref<>();
  int64_t at = search<Right>(s, s.wanted);
  return at < 0 ? Ref<>() : int_from_int64(at);
}
template <bool Right>
Ref<> insort(const Value* a) {
  Search s;
  if (!parse(a, &s)) return Ref<>();
  Ref<> wanted = Ref<>::retain(s.wanted);
  if (!s.key.empty()) {
    wanted = call1(s.key, s.wanted);
    if (!wanted) return wanted;
  }
  int64_t at = search<Right>(s, wanted.value());
  if (at < 0) return Ref<>();
  if (is_exact_list(s.sequence)) {
    return list_insert(as_list(s.sequence), at, Ref<>::retain(s.wanted)) ? none_ref() : Ref<>();
  }
  Ref<> position = int_from_int64(at);
  Ref<> result = call_method(s.sequence, "insert", {position.value(), s.wanted});
  return result ? none_ref() : Ref<>();
}

#define SEARCH_SIGNATURE "($module, /, a, x, lo=0, hi=None, *, key=None)"
constexpr const char* kRightDoc =
    "Return the index where to insert item x in list a, assuming a is sorted: after all items equal to x.";
constexpr const char* kLeftDoc =
    "Return the index where to insert item x in list a, assuming a is sorted: before all items equal to x.";
constexpr const char* kInsortRightDoc = "Insert item x in list a, and keep it sorted assuming a is sorted.";
const NativeDef kFunctions[] = {{"bisect_right", SEARCH_SIGNATURE, bisect<true>, kRightDoc},
                                {"bisect", SEARCH_SIGNATURE, bisect<true>, kRightDoc},
                                {"bisect_left", SEARCH_SIGNATURE, bisect<false>, kLeftDoc},
                                {"insort_right", SEARCH_SIGNATURE, insort<true>, kInsortRightDoc},
                                {"insort", SEARCH_SIGNATURE, insort<true>, kInsortRightDoc},
                                {"insort_left", SEARCH_SIGNATURE, insort<false>, kInsortRightDoc},
                                {}};

}  // namespace

extern const NativeModule bisect_module;
const NativeModule bisect_module = {"_bisect", "Bisection algorithms.", kFunctions};

}  // namespace pt
