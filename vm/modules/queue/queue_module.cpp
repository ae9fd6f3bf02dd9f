// _queue: SimpleQueue, an unbounded queue whose put never waits.
#include <atomic>

#include "gc/platform/futex.h"
#include "gc/sync/parking_lot.h"
#include "vm/modules/collections/deque.h"
#include "vm/modules/support.h"
#include "vm/modules/support/arguments.h"
#include "vm/modules/support/time_conversion.h"
#include "vm/object/thread.h"
#include "vm/types/dict.h"
#include "vm/types/float.h"

namespace pt {
namespace {

constinit Value g_empty;  // immortal class

struct SimpleQueue : Object {
  Field items;                   // a deque
  std::atomic<int64_t> ready;    // items that nobody has claimed; the deque holds at least so many
};
SimpleQueue* as_queue(Value v) { return reinterpret_cast<SimpleQueue*>(v.as_object()); }
Deque* items_of(SimpleQueue* q) { return reinterpret_cast<Deque*>(q->items.peek().as_object()); }

Ref<> construct(Type* type, const Args& args) {
  if (!no_arguments("SimpleQueue", args)) return Ref<>();
  Ref<> deque_class = import_attribute("_collections", "deque");
  Ref<> items = deque_class ? call0(deque_class.value()) : Ref<>();
  Ref<SimpleQueue> self = items ? allocate<SimpleQueue>(type) : Ref<SimpleQueue>();
  if (self) self->items.init(std::move(items));
  return self;
}

bool claim(SimpleQueue* q) {
  int64_t seen = q->ready.load(std::memory_order_relaxed);
  while (seen > 0) {
    // Pairs with the release in put: the claimed item is in the deque.
    if (q->ready.compare_exchange_weak(seen, seen - 1, std::memory_order_acquire, std::memory_order_relaxed)) return true;
  }
  return false;
}

Ref<> put(const Value* a) {
  SimpleQueue* q = as_queue(a[0]);
  if (!deque_append(items_of(q), Ref<>::retain(a[1]))) return Ref<>();
  q->ready.fetch_add(1, std::memory_order_release);
  unpark_one(&q->ready, [](void*, UnparkInfo) {}, nullptr);
  return none_ref();
}

Ref<> take(SimpleQueue* q) {
  Ref<> item = deque_take_first(items_of(q));
  return item;
}
Raised raise_empty() { return raise_none(reinterpret_cast<Type*>(g_empty.as_object())); }

Ref<> get_within(SimpleQueue* q, int64_t timeout) {
  if (claim(q)) return take(q);
  if (timeout == 0) return raise_empty();
  int64_t deadline = timeout > 0 ? deadline_after(timeout) : 0;
  for (;;) {
    int64_t wait = timeout < 0 ? -1 : deadline - monotonic_ns();
    if (timeout > 0 && wait <= 0) return raise_empty();
    auto empty = [](void* context) { return static_cast<SimpleQueue*>(context)->ready.load(std::memory_order_relaxed) <= 0; };
    ParkResult result = park(&q->ready, empty, q, wait, true, true);
    if (claim(q)) return take(q);
    if (result == ParkResult::kInterrupted) {
      if (!run_signal_handlers()) return Ref<>();
      if (current_thread()->breaker.load(std::memory_order_relaxed) & (kBreakAsync | kBreakShutdown)) {
        // Handled at the safepoint after the call; do not spin here meanwhile.
        park(&q->ready, empty, q, wait, true, false);
        if (claim(q)) return take(q);
      }
    }
  }
}
Ref<> get(const Value* a) {
  bool block = true;
  int64_t timeout = -1;
  if (!to_flag(a[1], &block)) return Ref<>();
  if (!block) {
    timeout = 0;
  } else if (given(a[2])) {
    if (!seconds_to_ns(a[2], kTimeoutRounding, &timeout)) return Ref<>();
    if (timeout < 0) return raise(exc::ValueError, "'timeout' must be a non-negative number");
  }
  return get_within(as_queue(a[0]), timeout);
}
Ref<> get_nowait(const Value* a) { return get_within(as_queue(a[0]), 0); }
Ref<> qsize(const Value* a) {
  int64_t n = as_queue(a[0])->ready.load(std::memory_order_relaxed);
  return int_from_int64(n < 0 ? 0 : n);
}
Ref<> empty(const Value* a) { return bool_ref(as_queue(a[0])->ready.load(std::memory_order_relaxed) <= 0); }

const NativeDef kMethods[] = {
    {"put", "($self, /, item, block=True, timeout=None)", put, "Put the item on the queue."},
    {"put_nowait", "($self, /, item)", put, "Put an item into the queue without blocking."},
    {"get", "($self, /, block=True, timeout=None)", get, "Remove and return an item from the queue."},
    {"get_nowait", "($self, /)", get_nowait, "Remove and return an item from the queue without blocking."},
    {"qsize", "($self, /)", qsize, "Return the approximate size of the queue (not reliable!)."},
    {"empty", "($self, /)", empty, "Return True if the queue is empty, False otherwise (not reliable!)."},
    kClassGetItem,
    {}};
constinit Type simple_queue_type;
const TypeSpec kSpec = {.name = "_queue.SimpleQueue",
                        .size = sizeof(SimpleQueue),
                        .flags = kTypeBase | kTypeWeakrefs,
                        .slots = {.construct = construct},
                        .traverse = [](Object* o, FieldVisitor& visitor) { visitor(static_cast<SimpleQueue*>(o)->items); },
                        .methods = kMethods,
                        .doc = "Simple, unbounded, reentrant FIFO queue.",
                        .signature = "()"};

}  // namespace
extern const NativeModule queue_module;
const NativeModule queue_module = {
    "_queue",
    "C implementation of the Python queue module.\nThis module is an implementation detail, please do not use it directly.",
    nullptr, [](Module* module) {
      if (g_empty.empty()) {
        Ref<> made = make_exception_class("_queue.Empty", Value::object(exc::Exception),
                                          "Exception raised by Queue.get(block=0)/get_nowait().");
        if (!made) return false;
        make_immortal(made.value().as_object());
        g_empty = made.take();
      }
      return dict_set_text(module_dict(module), "Empty", g_empty) && module_add_type(module, &simple_queue_type, &kSpec);
    }};
}  // namespace pt
