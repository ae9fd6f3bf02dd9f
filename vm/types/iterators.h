#pragma once
// The iterators of the builtin containers. Each may be shared by threads: positions are atomic, so that every item goes
// to one thread. With one thread they are plain words, advanced in line by the interpreter's FOR_ITER.
#include <atomic>
#include <cstdint>

#include "gc/refcount/ref.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/set.h"
#include "vm/types/tuple.h"

namespace pt {

// Position of an iterator that has ended. Advancing it stays far below zero.
inline constexpr int64_t kIteratorDone = INT64_MIN / 2;

// The position to use, which then is nobody else's. `exclusive`: no other thread can reach the iterator.
PT_INLINE int64_t claim_position(std::atomic<int64_t>& position, bool exclusive = false) {
  if (PT_UNLIKELY(!exclusive && multithreaded())) return position.fetch_add(1, std::memory_order_relaxed);
  int64_t i = position.load(std::memory_order_relaxed);
  position.store(i + 1, std::memory_order_relaxed);
  return i;
}

struct ListIterator : Object {   // list_iterator and list_reverse_iterator (counts down)
  Field list;                    // dropped at the end while there is one thread
  std::atomic<int64_t> index;
};
struct TupleIterator : Object {
  Field tuple;                   // dropped at the end while there is one thread
  std::atomic<int64_t> index;
};
struct StrIterator : Object {
  Field text;                    // dropped at the end
  std::atomic<int64_t> position;
};
struct BytesIterator : Object {  // also of a bytearray
  Field bytes;                   // dropped at the end
  std::atomic<int64_t> position;
};
struct RangeIterator : Object {  // start + index * step, all of which fit a word
  std::atomic<int64_t> index;
  int64_t start, step, length;
};
struct DictIterator : Object {   // all six kinds; with threads, positions move under the iterator's lock
  Field dict;
  std::atomic<int64_t> position; // the next entry to look at
  int64_t expected;              // size of the dict when the iteration began; -1: it changed
  int64_t remaining;
};
// With threads: the next entry of an iterator and a dict that are this thread's alone, with counts; what is not wanted is
// nullptr. `locked`: the thread has the dict's lock. False, and nothing has happened: it is something else's business.
bool dict_next_of_own(DictIterator* it, bool locked, Value* key, Value* value);
struct SetIterator : Object {
  Field set;
  std::atomic<int64_t> position;
  int64_t expected;
  int64_t remaining;
};
struct Enumerate : Object {
  Field iterator;               // immutable
  Field start;                 // an int that does not fit a word, or empty
  std::atomic<int64_t> index;  // counts from there, or from the word it began with
};
struct Zip : Object {
  Field iterators;  // tuple; immutable
  std::atomic<bool> strict;
};

Ref<> list_iterator_new(Value list);
Ref<> tuple_iterator_new(Value tuple);
Ref<> range_iterator_new(int64_t start, int64_t step, int64_t length);
Ref<> dict_iterator_new(ShapeId shape, Value dict);
Ref<> set_iterator_new(Value set);
Ref<> sequence_iterator_new(Value sequence);                     // the protocol of __getitem__ from 0 on
Ref<> callable_iterator_new(Value callable, Value sentinel);     // iter(callable, sentinel)

PT_COLD void list_iterator_end(ListIterator* it);
PT_COLD void tuple_iterator_end(TupleIterator* it);

// The next item in the form of a register (counted or borrowed, see register_copy); empty at the end (never an exception).
PT_INLINE Value list_iterator_advance(ListIterator* it, bool exclusive = false) {
  int64_t i = claim_position(it->index, exclusive);
  if (PT_UNLIKELY(i < 0)) return Value();
  List* list = as_list(it->list.peek());
  Value item;
  if (PT_LIKELY(list_load_register(list, i, &item))) return item;
  item = list_get(list, i).take();
  if (PT_UNLIKELY(item.empty())) list_iterator_end(it);
  return item;
}
PT_INLINE Value tuple_iterator_advance(TupleIterator* it, bool exclusive = false) {
  int64_t i = claim_position(it->index, exclusive);
  if (PT_UNLIKELY(i < 0)) return Value();
  Tuple* tuple = as_tuple(it->tuple.peek());
  if (PT_LIKELY(i < tuple->length)) return register_copy(tuple->at(i));
  tuple_iterator_end(it);
  return Value();
}
PT_INLINE Value range_iterator_advance(RangeIterator* it, bool exclusive = false) {
  int64_t i = claim_position(it->index, exclusive);
  if (PT_UNLIKELY(static_cast<uint64_t>(i) >= static_cast<uint64_t>(it->length))) {
    it->index.store(it->length, std::memory_order_relaxed);
    return Value();
  }
  int64_t number = it->start + i * it->step;
  return PT_LIKELY(Value::fits_small_int(number)) ? Value::small_int(number) : int_from_int64(number).take();
}
// Empty with or without an exception ("dictionary changed size during iteration").
Ref<> dict_key_iterator_next(Value iterator);

// The `next` slot of a type that lost its __next__.
Ref<> next_not_implemented(Value self);

}  // namespace pt
