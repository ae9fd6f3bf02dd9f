// _heapq: binary heaps in lists. Comparisons may run Python code and change the list: every access is checked.
#include "vm/modules/support.h"
#include "vm/modules/support_compare.h"
#include "gc/sync/object_lock.h"
#include "vm/types/list.h"

namespace pt {
namespace {

bool changed() { return raise(exc::RuntimeError, "list changed size during iteration"); }
template <bool Max>
int before(Value a, Value b) {
  return Max ? less_than(b, a) : less_than(a, b);
}

// Where a sift has come to.
struct Sift {
  int64_t start, position;
  bool up;   // the smaller children still move up
};
// Goes on as long as the items compare without Python code: all in one section. True: it is done.
template <bool Max>
bool sift_simple(List* heap, Sift* s) {
  LockGuard guard(heap);
  int64_t size = list_size(heap), limit = size >> 1;
  ListBuffer* buffer = heap->buffer.load(std::memory_order_relaxed);
  if (!buffer || s->position >= size) return false;
  Field* items = buffer->items;
  auto first = [&](int64_t a, int64_t b) {
    return Max ? compare_simple(items[b].peek(), items[a].peek(), CompareOp::kLt)
               : compare_simple(items[a].peek(), items[b].peek(), CompareOp::kLt);
  };
  auto swap = [&](int64_t a, int64_t b) {
    Value item = items[a].peek();
    items[a].init_value(items[b].peek());
    items[b].init_value(item);
  };
  for (; s->up && s->position < limit;) {
    int64_t child = 2 * s->position + 1;
    if (child + 1 < size) {
      int left_first = first(child, child + 1);
      if (left_first < 0) return false;
      child += !left_first;
    }
    swap(s->position, child);
    s->position = child;
  }
  s->up = false;
  while (s->position > s->start) {
    int64_t parent = (s->position - 1) >> 1;
    int comes_first = first(s->position, parent);
    if (comes_first < 0) return false;
    if (!comes_first) break;
    swap(s->position, parent);
    s->position = parent;
  }
  return true;
}

// Moves the item at the position towards the root until its parent does not come after it.
template <bool Max>
bool sift_down(List* heap, Sift s) {
  int64_t size = list_size(heap);
  if (s.position >= size) return raise(exc::IndexError, "index out of range");
  if (sift_simple<Max>(heap, &s)) return true;
  while (s.position > s.start) {
    int64_t parent = (s.position - 1) >> 1;
    Ref<> item = list_get(heap, s.position);
    Ref<> above = list_get(heap, parent);
    if (!item || !above) return changed();
    int comes_first = before<Max>(item.value(), above.value());
    if (comes_first < 0) return false;
    if (list_size(heap) != size) return changed();
    if (!comes_first) break;
    if (!list_set(heap, parent, std::move(item)) || !list_set(heap, s.position, std::move(above))) return changed();
    s.position = parent;
  }
  return true;
}
// Moves the smaller children up until a leaf is reached, then the item that was at `start` back to its place.
template <bool Max>
bool sift_up(List* heap, int64_t start) {
  int64_t size = list_size(heap);
  Sift s{start, start, true};
  if (start >= size) return raise(exc::IndexError, "index out of range");
  if (sift_simple<Max>(heap, &s)) return true;
  int64_t limit = size >> 1;
  while (s.up && s.position < limit) {
    int64_t child = 2 * s.position + 1;
    if (child + 1 < size) {
      Ref<> left = list_get(heap, child);
      Ref<> right = list_get(heap, child + 1);
      if (!left || !right) return changed();
      int left_first = before<Max>(left.value(), right.value());
      if (left_first < 0) return false;
      if (list_size(heap) != size) return changed();
      if (!left_first) ++child;
    }
    Ref<> up = list_get(heap, child);
    Ref<> down = list_get(heap, s.position);
    if (!up || !down) return changed();
    if (!list_set(heap, s.position, std::move(up)) || !list_set(heap, child, std::move(down))) return changed();
    s.position = child;
  }
  s.up = false;
  return sift_down<Max>(heap, s);
}

List* heap_argument(const char* function, Value v) {
  if (!is_list(v)) return raise(exc::TypeError, "%s() argument 1 must be list, not %T", function, v);
  return as_list(v);
}
template <bool Max>
Ref<> pop(const char* function, const Value* a) {
  List* heap = heap_argument(function, a[1]);
  if (!heap) return Ref<>();
  Ref<> last = list_pop(heap, list_size(heap) - 1);
  if (!last) return raise(exc::IndexError, "index out of range");
  Ref<> first = list_get(heap, 0);
  if (!first) return last;
  if (!list_set(heap, 0, std::move(last))) return changed(), Ref<>();
  if (!sift_up<Max>(heap, 0)) return Ref<>();
  return first;
}
template <bool Max>
Ref<> replace(const char* function, const Value* a) {
  List* heap = heap_argument(function, a[1]);
  if (!heap) return Ref<>();
  Ref<> first = list_get(heap, 0);
  if (!first || !list_set(heap, 0, Ref<>::retain(a[2]))) return raise(exc::IndexError, "index out of range");
  if (!sift_up<Max>(heap, 0)) return Ref<>();
  return first;
}
template <bool Max>
Ref<> build(const char* function, const Value* a) {
  List* heap = heap_argument(function, a[1]);
  if (!heap) return Ref<>();
  for (int64_t i = (list_size(heap) >> 1) - 1; i >= 0; --i) {
    if (!sift_up<Max>(heap, i)) return Ref<>();
  }
  return none_ref();
}

Ref<> heappush(const Value* a) {
  List* heap = heap_argument("heappush", a[1]);
  if (!heap || !list_append(heap, Ref<>::retain(a[2]))) return Ref<>();
  return sift_down<false>(heap, {0, list_size(heap) - 1, false}) ? none_ref() : Ref<>();
}
Ref<> heappushpop(const Value* a) {
  List* heap = heap_argument("heappushpop", a[1]);
  if (!heap) return Ref<>();
  Ref<> top = list_get(heap, 0);
  if (!top) return Ref<>::retain(a[2]);
  int first = less_than(top.value(), a[2]);
  if (first < 0) return Ref<>();
  if (!first) return Ref<>::retain(a[2]);
  if (list_size(heap) == 0) return raise(exc::IndexError, "index out of range");
  return replace<false>("heappushpop", a);
}
Ref<> heappop(const Value* a) { return pop<false>("heappop", a); }
Ref<> heapreplace(const Value* a) { return replace<false>("heapreplace", a); }
Ref<> heapify(const Value* a) { return build<false>("heapify", a); }
Ref<> heappop_max(const Value* a) { return pop<true>("_heappop_max", a); }
Ref<> heapreplace_max(const Value* a) { return replace<true>("_heapreplace_max", a); }
Ref<> heapify_max(const Value* a) { return build<true>("_heapify_max", a); }

const NativeDef kFunctions[] = {
    {"heappush", "($module, heap, item, /)", heappush, "Push item onto heap, maintaining the heap invariant."},
    {"heappushpop", "($module, heap, item, /)", heappushpop,
     "Push item on the heap, then pop and return the smallest item from the heap."},
    {"heappop", "($module, heap, /)", heappop, "Pop the smallest item off the heap, maintaining the heap invariant."},
    {"heapreplace", "($module, heap, item, /)", heapreplace, "Pop and return the current smallest value, and add the new item."},
    {"heapify", "($module, heap, /)", heapify, "Transform list into a heap, in-place, in O(len(heap)) time."},
    {"_heappop_max", "($module, heap, /)", heappop_max, "Maxheap variant of heappop."},
    {"_heapreplace_max", "($module, heap, item, /)", heapreplace_max, "Maxheap variant of heapreplace."},
    {"_heapify_max", "($module, heap, /)", heapify_max, "Maxheap variant of heapify."},
    {}};

bool execute(Module* module) {
  return module_add_text(module, "__about__",
                         "A heap is a list in which no item is smaller than its parent: heap[k] <= heap[2*k+1] and "
                         "heap[k] <= heap[2*k+2], so that heap[0] is always the smallest.");
}

}  // namespace

extern const NativeModule heapq_module;
const NativeModule heapq_module = {"_heapq", "Heap queue algorithm (a.k.a. priority queue).", kFunctions, execute};

}  // namespace pt
