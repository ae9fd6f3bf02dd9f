#include "vm/object/interpreter.h"

#include <new>

#include "gc/platform/futex.h"
#include "gc/refcount/refcount.h"
#include "vm/object/error.h"

namespace pt {

constinit Interpreter g_main_interpreter;

namespace {
constinit RawMutex g_lock;
constinit Interpreter* g_first PT_GUARDED_BY(g_lock) = nullptr;  // subinterpreters, the newest first
constinit int64_t g_last_id PT_GUARDED_BY(g_lock) = 0;
}  // namespace

void Interpreter::keep(PerInterpreter which, Ref<> object) {
  if (this == &g_main_interpreter)
    make_immortal(object.value().as_object());
  else
    mark_maybe_shared(object.value().as_object());
  Object* expected = nullptr;
  if (objects[static_cast<size_t>(which)].compare_exchange_strong(expected, object.value().as_object(),
                                                                  std::memory_order_acq_rel))
    (void)object.take();
}

void retain_interpreter(Interpreter* interpreter) { interpreter->references.fetch_add(1, std::memory_order_relaxed); }

void release_interpreter(Interpreter* interpreter) {
  if (interpreter->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  // Nobody else knows it. Destructors may still ask for an object of the interpreter that runs: not of this one.
  for (std::atomic<Object*>& slot : interpreter->objects) {
    if (Object* object = slot.exchange(nullptr, std::memory_order_relaxed)) release(Value::object(object));
  }
  interpreter->parked.clear();
  delete interpreter;
}

InterpreterRef new_interpreter(bool isolated) {
  auto* made = new (std::nothrow) Interpreter;
  if (!made) {
    raise_no_memory();
    return {};
  }
  made->isolated = isolated;
  made->recursion_limit.store(1000, std::memory_order_relaxed);
  made->references.store(2, std::memory_order_relaxed);
  RawGuard guard(g_lock);
  made->id = ++g_last_id;
  made->next = g_first;
  g_first = made;
  return InterpreterRef::steal(made);
}

InterpreterRef find_interpreter(int64_t id) {
  if (id == 0) return InterpreterRef::retain(&g_main_interpreter);
  RawGuard guard(g_lock);
  for (Interpreter* i = g_first; i; i = i->next) {
    if (i->id == id) return InterpreterRef::retain(i);
  }
  return {};
}

std::vector<int64_t> interpreter_ids() {
  std::vector<int64_t> ids;
  {
    RawGuard guard(g_lock);
    for (Interpreter* i = g_first; i; i = i->next) ids.push_back(i->id);
  }
  ids.push_back(0);
  return {ids.rbegin(), ids.rend()};
}

void forget_interpreter(Interpreter* interpreter) {
  {
    RawGuard guard(g_lock);
    Interpreter** at = &g_first;
    while (*at && *at != interpreter) at = &(*at)->next;
    if (!*at) return;
    *at = interpreter->next;
  }
  release_interpreter(interpreter);
}

void interpreters_after_fork() {
  g_lock.reset();
  RawGuard guard(g_lock);
  // They can be neither used nor ended: what they own stays behind.
  for (Interpreter* i = g_first; i; i = i->next) i->state.store(InterpreterState::kEnded, std::memory_order_relaxed);
  g_first = nullptr;
}

}  // namespace pt
