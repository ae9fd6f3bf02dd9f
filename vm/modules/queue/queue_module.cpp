// _queue: SimpleQueue, an unbounded queue whose put never waits.
#include <atomic>

#include "gc/platform/futex.h"
#include "gc/sync/reservation.h"
#include "gc/sync/parking_lot.h"
#include "vm/modules/collections/deque.h"
#include "vm/modules/support.h"
#include "vm/modules/support/arguments.h"
#include "vm/modules/support/time_conversion.h"
#include "vm/object/leaf_forms.h"
#include "vm/object/thread.h"
#include "vm/types/dict.h"
#include "vm/types/float.h"

namespace pt {
namespace {

constinit Value g_empty;  // immortal class

struct SimpleQueue : Object {
  Field items;                    // a deque, whose lock is the queue's
  std::atomic<int64_t> ready;     // its length; written with the lock
  std::atomic<int64_t> waiting;   // threads that wait for items; written with the lock
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

Ref<> put_leaf(const Value* a) {
  SimpleQueue* q = as_queue(a[0]);
  Deque* items = items_of(q);
  Ref<> item = Ref<>::retain(a[1]);
  bool done, awaited;
  {
    ReservingGuard guard(items);
    done = deque_push_locked(items, item);
    q->ready.store(items->length, std::memory_order_relaxed);
    awaited = q->waiting.load(std::memory_order_relaxed) > 0;
  }
  if (!done) return Ref<>();
  // Whoever waits has said so with the lock before it looked for an item.
  if (awaited) unpark_one(&q->ready, nullptr, nullptr);
  return none_ref();
}

Ref<> put(const Value* a) {
  Ref<> done = put_leaf(a);
  return done ? std::move(done) : Ref<>(raise_no_memory());
}

// Empty without an exception when there is none.
Ref<> take(SimpleQueue* q) {
  Deque* items = items_of(q);
  Ref<> item;
  ReservingGuard guard(items);
  if (items->length) item = deque_take_first_locked(items);
  q->ready.store(items->length, std::memory_order_relaxed);
  return item;
}
Raised raise_empty() { return raise_none(reinterpret_cast<Type*>(g_empty.as_object())); }

class Waiting {
 public:
  explicit Waiting(SimpleQueue* q) : queue_(q) { add(1); }
  ~Waiting() { add(-1); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  void add(int64_t n) {
    ReservingGuard guard(items_of(queue_));
    queue_->waiting.store(queue_->waiting.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  SimpleQueue* queue_;
};

PT_COLD Ref<> wait_for_item(SimpleQueue* q, int64_t timeout) {
  int64_t deadline = timeout > 0 ? deadline_after(timeout) : 0;
  Waiting waiting(q);
  for (;;) {
    if (Ref<> item = take(q)) return item;
    int64_t wait = timeout < 0 ? -1 : deadline - monotonic_ns();
    if (timeout > 0 && wait <= 0) return raise_empty();
    auto empty = [](void* context) { return static_cast<SimpleQueue*>(context)->ready.load(std::memory_order_relaxed) == 0; };
    if (park(&q->ready, empty, q, wait, true, true) == ParkResult::kInterrupted) {
      if (Ref<> item = take(q)) return item;
      if (!run_signal_handlers()) return Ref<>();
      // What else interrupts is handled at the safepoint after the call; do not spin here meanwhile.
      if (current_thread()->breaker.load(std::memory_order_relaxed) & (kBreakAsync | kBreakShutdown))
        park(&q->ready, empty, q, wait, true, false);
    }
  }
}
Ref<> get_within(SimpleQueue* q, int64_t timeout) {
  merge_if_asked(current_thread());
  if (Ref<> item = take(q)) return item;
  return timeout == 0 ? Ref<>(raise_empty()) : wait_for_item(q, timeout);
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
Ref<> get_leaf(const Value* a) {
  bool plain = (a[1].empty() || is_bool(a[1])) && !given(a[2]) && !merge_is_asked(current_thread());
  return plain ? take(as_queue(a[0])) : Ref<>();
}
Ref<> get_nowait(const Value* a) { return get_within(as_queue(a[0]), 0); }
Ref<> qsize(const Value* a) { return int_from_int64(as_queue(a[0])->ready.load(std::memory_order_relaxed)); }
Ref<> empty(const Value* a) { return bool_ref(as_queue(a[0])->ready.load(std::memory_order_relaxed) == 0); }

const NativeDef kMethods[] = {
    {"put", "($self, /, item, block=True, timeout=None)", put, "Put the item on the queue."},
    {"put_nowait", "($self, /, item)", put, "Put an item into the queue without blocking."},
    {"get", "($self, /, block=True, timeout=None)", get, "Remove and return an item from the queue."},
    {"get_nowait", "($self, /)", get_nowait, "Remove and return an item from the queue without blocking."},
    {"qsize", "($self, /)", qsize, "Return the approximate size of the queue (not reliable!)."},
    {"empty", "($self, /)", empty, "Return True if the queue is empty, False otherwise (not reliable!)."},
    kClassGetItem,
    {}};
constexpr LeafForm kLeafForms[] = {{put, put_leaf}, {get, get_leaf}};
constinit LeafForms g_leaf_forms{kLeafForms, std::size(kLeafForms)};
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
        add_leaf_forms(&g_leaf_forms);
        make_immortal(made.value().as_object());
        g_empty = made.take();
      }
      return dict_set_text(module_dict(module), "Empty", g_empty) && module_add_type(module, &simple_queue_type, &kSpec);
    }};
}  // namespace pt
