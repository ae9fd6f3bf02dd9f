#pragma once
// deque: a ring buffer. All fields are guarded by the object lock; readers lock as well.
#include <cstdint>

#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {

struct List;

struct Deque : Object {
  Field* items;       // `capacity` slots; nullptr while capacity is 0
  int64_t capacity;   // a power of two, or 0
  int64_t head;       // position of the first item
  int64_t length;
  int64_t maximum;    // -1: unbounded
  uint64_t state;     // changes with every change of length or order
  Field& slot(int64_t i) { return items[(head + i) & (capacity - 1)]; }
};

bool is_deque(Value v);
// Item `i`, or empty without an exception when out of range.
Ref<> deque_get(Deque* d, int64_t i);
// One end; drops an item of the other end when bounded. MemoryError.
// As deque_append, of a deque without a bound. False, without an exception, and nothing has happened: deque_append is to do it.
bool deque_append_unbounded(Deque* d, Value item);
bool deque_append(Deque* d, Ref<> item);
bool deque_append_left(Deque* d, Ref<> item);
// Before item `at` (clamped as list.insert). False without an exception: *full, or out of memory.
bool deque_insert(Deque* d, int64_t at, Ref<> item, bool* full);
// Empty without an exception when there is none.
Ref<> deque_take_first(Deque* d);
Ref<> deque_take_last(Deque* d);
bool deque_extend(Deque* d, Value iterable, bool left);
void deque_clear(Deque* d);
// The items at one moment.
Ref<List> deque_items(Deque* d);
// With the lock: at the end of an unbounded deque (false without an exception: no memory, and the item is the caller's still);
// the first of those that there are.
bool deque_push_locked(Deque* d, Ref<>& item);
Ref<> deque_take_first_locked(Deque* d);
// Length and state at one moment.
int64_t deque_snapshot(Deque* d, uint64_t* state);
// Item `i` if the state still is `state`; *changed otherwise.
Ref<> deque_get_checked(Deque* d, int64_t i, uint64_t state, bool* changed);
Ref<> deque_iterator_new(const Value* a);          // a[0]: the deque
Ref<> deque_reverse_iterator_new(const Value* a);
Ref<> deque_iter(Value self);

}  // namespace pt
