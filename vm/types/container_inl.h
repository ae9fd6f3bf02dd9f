#pragma once
// What the containers share: fast hashing and equality of common keys, counted loads, index tests, argument helpers.
#include <cstdint>

#include "gc/refcount/ref.h"
#include "gc/sync/mutator.h"
#include "vm/object/constants.h"
#include "vm/object/error.h"
#include "vm/object/protocol.h"
#include "vm/object/type.h"
#include "vm/types/str.h"

namespace pt {

// hash(i) for an int of one word.
PT_INLINE int64_t word_hash(int64_t i) {
  constexpr int64_t kModulus = (int64_t{1} << 61) - 1;
  if (PT_UNLIKELY(i >= kModulus || i <= -kModulus)) i %= kModulus;
  return i == -1 ? -2 : i;
}
PT_INLINE int64_t exact_str_hash(const Str* s) {
  int64_t h = s->hash.load(std::memory_order_relaxed);
  return PT_LIKELY(h != -1) ? h : str_hash(s);
}
// What object.__hash__ gives.
PT_INLINE int64_t identity_hash(Value v) {
  auto h = static_cast<int64_t>(v.identity());
  return h == -1 ? -2 : h;
}
// hash(v) with the common cases in front; -1: error. May run Python code.
PT_INLINE int64_t key_hash(Value v) {
  if (v.is_small_int()) return word_hash(v.as_small_int());
  if (has_shape(v, kShape_str)) return exact_str_hash(as_str(v));
  return hash(v);
}

// Equality of values whose comparison runs no Python code: 1, 0; -1 when it cannot be told that way. Takes no lock.
int equal_simple(Value a, Value b);

// Identity, then equality without Python code, then equal(). 1, 0, -1 error.
PT_INLINE int equal_items(Value a, Value b) {
  if (a.same(b)) return 1;
  if (a.is_small_int() && b.is_small_int()) return 0;
  int simple = equal_simple(a, b);
  return simple >= 0 ? simple : equal(a, b);
}

PT_INLINE bool has_index(Value v) {
  return v.is_small_int() || (v.is_object() && type_of(v)->slots.unary[static_cast<int>(UnaryOp::kIndex)]);
}

// The bound of list.index and the like: __index__ is required, large values clamp. TypeError otherwise.
bool index_bound(Value v, int64_t* out);

// The argument of an iterator's __setstate__: an int that fits a word.
bool state_argument(Value v, int64_t* out);

// For constructors of one optional positional argument: *out stays empty when it is missing.
bool optional_argument(const char* name, const Args& args, bool keywords_allowed, Value* out);

Ref<> generic_alias_new(Value origin, Value args);
// The native function behind every container's __class_getitem__.
inline Ref<> class_get_item(const Value* a) { return generic_alias_new(a[0], a[1]); }

// Copies between slots that readers may be looking at: word by word once there are threads. Counts move along.
void move_fields(Field* to, Field* from, int64_t count);

}  // namespace pt
