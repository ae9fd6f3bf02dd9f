#pragma once
// The types of itertools. Fields that never change after construction are read with peek(); all others with load() or
// under the object's lock, so that iterators may be shared by threads.
#include "vm/object/type.h"

namespace pt {

// clang-format off
#define PT_ITERTOOLS_TYPES(X)                                                                                 \
  X(count) X(cycle) X(repeat) X(chain) X(compress) X(dropwhile) X(takewhile) X(filterfalse) X(starmap) X(islice) \
  X(pairwise) X(accumulate) X(zip_longest) X(product) X(permutations) X(combinations)                          \
  X(combinations_with_replacement) X(groupby) X(grouper) X(tee) X(tee_data)
// clang-format on
namespace iter {
#define PT_DECLARE(name)   \
  extern Type name##_type; \
  extern const TypeSpec name##_spec;
PT_ITERTOOLS_TYPES(PT_DECLARE)
#undef PT_DECLARE
}  // namespace iter

// itertools.tee.
Ref<> itertools_tee(const Value* a);

}  // namespace pt
