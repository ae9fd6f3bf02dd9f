#pragma once
// Iterators that give pairs: enumerate, zip of two, items() of a dict. A loop that takes the pairs apart needs no tuples.
#include "gc/refcount/ref.h"

namespace pt {

enum class NextPair : uint8_t {
  kOther,  // nothing has been done: take the pair as an object
  kPair,
  kEnd,    // with or without an exception
};
// The next pair of an iterator of exactly that type, which no other thread reaches (or there is none). May run Python code.
NextPair enumerate_next_pair(Value iterator, Ref<>* first, Ref<>* second);
NextPair zip_next_pair(Value iterator, Ref<>* first, Ref<>* second);
NextPair dict_item_next_pair(Value iterator, Ref<>* first, Ref<>* second);

}  // namespace pt
