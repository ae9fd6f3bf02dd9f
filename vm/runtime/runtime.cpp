#include "vm/modules/sys/config.h"
#include "vm/modules/thread/finalizers.h"
#include "vm/runtime/runtime.h"

#include <pthread.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "gc/platform/buffers.h"
#include "gc/platform/futex.h"
#include "gc/collector/collector.h"
#include "gc/heap/heap.h"
#include "gc/platform/memory.h"
#include "vm/interp/frames.h"
#include "vm/object/error.h"
#include "vm/object/interpreter.h"
#include "vm/object/method_cache.h"
#include "vm/object/module.h"
#include "vm/object/native.h"
#include "vm/object/type_build.h"
#include "vm/runtime/builtins.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/frame.h"
#include "vm/types/function.h"
#include "vm/types/generator.h"
#include "vm/types/gmp_memory.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/types/weakref.h"

namespace pt {

namespace {

constinit Thread* g_main_thread = nullptr;

constexpr size_t kMainStackBytes = size_t{256} << 20;    // address space; touched pages only
constexpr size_t kThreadStackBytes = size_t{64} << 20;
constexpr size_t kMainRecords = size_t{1} << 20;
constexpr size_t kThreadRecords = size_t{1} << 18;

size_t stack_bytes(const Thread* t) { return t->is_main ? kMainStackBytes : kThreadStackBytes; }
size_t record_capacity(const Thread* t) { return t->is_main ? kMainRecords : kThreadRecords; }

bool reserve_stacks(Thread* t) {
  t->stack_base = static_cast<Value*>(memory::reserve(stack_bytes(t)));
  t->record_memory = static_cast<CallRecord*>(memory::reserve(record_capacity(t) * sizeof(CallRecord)));
  t->method_cache = static_cast<MethodCache*>(memory::allocate_zeroed(sizeof(MethodCache)));
  if (!t->stack_base || !t->record_memory || !t->method_cache) return false;
  t->stack_limit = t->stack_base + stack_bytes(t) / sizeof(Value);
  t->record_base = t->record_memory;
  t->record = t->record_base - 1;
  return true;
}

// Native recursion stops with room to spare.
void set_native_limit(Thread* t) {
  // A system thread that runs one Python thread after the other has the same stack all the time.
  static constinit thread_local void* address = nullptr;
  pthread_attr_t attributes;
  if (!address && pthread_getattr_np(pthread_self(), &attributes) == 0) {
    size_t size = 0;
    pthread_attr_getstack(&attributes, &address, &size);
    pthread_attr_destroy(&attributes);
  }
  auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  uintptr_t low = address ? reinterpret_cast<uintptr_t>(address) : here - (size_t{6} << 20);
  if (t->is_main) {
    rlimit limit;
    size_t available = size_t{8} << 20;
    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) available = limit.rlim_cur;
    if (available > (size_t{64} << 20)) available = size_t{64} << 20;
    if (low < here - available) low = here - available;
    // The kernel extends this stack when it is touched, unless memory is out then: better now. A system call that writes
    // there fails where an ordinary access would end the process.
    (void)!getrandom(reinterpret_cast<void*>((low + (64 << 10)) & ~uintptr_t{4095}), 1, GRND_NONBLOCK);
  }
  uintptr_t reserve = 256 << 10;
  if (here - low < 2 * reserve) reserve = (here - low) / 2;
  t->native_limit = low + reserve;
}

void apply_recursion_limit(Thread* t) {
  auto limit = static_cast<int64_t>(t->interpreter->recursion_limit.load(std::memory_order_relaxed));
  int64_t room = t->record_memory + record_capacity(t) - 2 * kRecordReserve - t->record_base;
  t->record_limit = t->record_base + (limit < room ? limit : room);
}

// ---- roots of a thread, for the collector ------------------------------------------------------------------------------------

void visit_thread_roots(Mutator* m, void (*visit)(Value, void*), void* context) {
  auto* t = static_cast<Thread*>(m);
  auto report = [&](Value v) {
    if (v.is_object()) visit(v, context);
  };
  for (Value v : {t->pending, t->async_exception, t->repr_stack, t->deferred_roots}) report(v);
  t->each_value([&](Value* v) { report(*v); });
  if (!t->record_memory) return;
  for (CallRecord* r = t->record_memory; r <= t->record; ++r) {
    report(Value::borrowed_object(r->code));
    if (r->function) report(Value::borrowed_object(r->function));
    report(Value::borrowed_object(r->globals));
    report(r->locals);
    report(r->saved_handled);
    if (r->frame_object) report(Value::borrowed_object(reinterpret_cast<Object*>(r->frame_object)));
    if (r->generator) report(Value::borrowed_object(r->generator));
    // The callable below the window, and for instances being made the instance below that.
    report(r->registers[-1]);
    if (r->flags & kRecordInit) report(r->registers[-2]);
    for (uint32_t i = 0; i < r->code->register_count; ++i) report(r->registers[i]);
  }
}

void finish_type_and_base(Type* type, bool* done_flags, Type* const* types, int count) {
  for (int i = 0; i < count; ++i) {
    if (types[i] != type) continue;
    if (done_flags[i]) return;
    if (type->base) finish_type_and_base(type->base, done_flags, types, count);
    done_flags[i] = true;
    finish_builtin_type(type);
  }
}

void fatal(const char* what) {
  std::fprintf(stderr, "Fatal Python error: %s\n", what);
  std::_Exit(1);
}

}  // namespace

Module* builtins_module() { return of_interpreter<Module>(PerInterpreter::kBuiltins); }

void start_core() {
  gmp::init_memory();
  reserve_shape_region();
  g_heap_hooks = {clear_weakrefs, run_weakref_callbacks, visit_thread_roots, has_weakref_callback, hand_over_to_finalizer};
  g_await_ends = await_finalizers;
  g_main_thread = new Thread;
  g_main_thread->is_main = true;
  g_main_thread->interpreter = &g_main_interpreter;
  if (!reserve_stacks(g_main_thread) || !register_mutator(g_main_thread)) fatal("cannot reserve memory at start-up");
  g_main_thread->ident = reinterpret_cast<uint64_t>(pthread_self());
  set_native_limit(g_main_thread);
  apply_recursion_limit(g_main_thread);

#define PT_BUILTIN_SHAPE(name) prepare_builtin_type(&name##_type, kShape_##name, &name##_spec);
#include "vm/object/builtin_shapes.def"
#undef PT_BUILTIN_SHAPE
  init_immortal_header(&none_object, kShape_none);
  init_immortal_header(&not_implemented_object, kShape_not_implemented);
  init_immortal_header(&ellipsis_object, kShape_ellipsis);
  init_immortal_header(&false_object, kShape_bool);
  init_immortal_header(&true_object, kShape_bool);
  true_object.size = 1;
  true_object.limb = 1;
  if (!str_init(g_config.hash_seed)) {
    std::fputs(
        "Fatal Python error: config_init_hash_seed: PYTHONHASHSEED must be \"random\" or an integer in range [0; 4294967295]\n",
        stderr);
    std::_Exit(1);
  }
  Type* const types[] = {
#define PT_BUILTIN_SHAPE(name) &name##_type,
#include "vm/object/builtin_shapes.def"
#undef PT_BUILTIN_SHAPE
  };
  constexpr int kCount = sizeof(types) / sizeof(types[0]);
  bool done[kCount] = {};
  for (Type* type : types) finish_type_and_base(type, done, types, kCount);
  init_exception_types();
  init_memory_error();
  g_call_function = call_function;
  Ref<Module> builtins = make_builtins_module();
  if (!builtins) fatal("cannot make the builtins module");
  g_main_interpreter.keep(PerInterpreter::kBuiltins, std::move(builtins));
}

// ---- threads
// -------------------------------------------------------------------------------------------------------------------

namespace {

// Stacks and method caches of threads that have ended, for the next ones: mapping, clearing and unmapping them costs more
// than all else a short thread does. Registers of ended calls hold no pointers, and entries of a method cache go by version.
constexpr int kSpareThreads = 32;
constinit RawMutex g_spare_lock;
constinit Thread* g_spare[kSpareThreads] PT_GUARDED_BY(g_spare_lock) = {};
constinit int g_spare_count PT_GUARDED_BY(g_spare_lock) = 0;

// Never waits: a fork may have happened while another thread held the lock.
Thread* take_spare() PT_NO_THREAD_SAFETY {
  if (!g_spare_lock.try_lock()) return nullptr;
  Thread* t = g_spare_count ? g_spare[--g_spare_count] : nullptr;
  g_spare_lock.unlock();
  return t;
}
bool keep_spare(Thread* t) PT_NO_THREAD_SAFETY {
  if (t->is_main || !t->stack_base || !t->record_memory || !t->method_cache) return false;
  Value* stack = t->stack_base;
  CallRecord* records = t->record_memory;
  MethodCache* cache = t->method_cache;
  if (!g_spare_lock.try_lock()) return false;
  bool room = g_spare_count < kSpareThreads;
  if (room) {
    t->~Thread();
    new (t) Thread;
    t->stack_base = stack;
    t->record_base = t->record_memory = records;
    t->method_cache = cache;
    t->stack_limit = stack + stack_bytes(t) / sizeof(Value);
    t->record = records - 1;
    g_spare[g_spare_count++] = t;
  }
  g_spare_lock.unlock();
  return room;
}

}  // namespace

Thread* thread_create() {
  auto join = [](Thread* t) {
    t->interpreter = tls_mutator ? current_interpreter() : &g_main_interpreter;  // a foreign thread
    retain_interpreter(t->interpreter);
    apply_recursion_limit(t);
  };
  if (Thread* spare = take_spare()) {
    join(spare);
    return spare;
  }
  auto* t = new (std::nothrow) Thread;
  if (!t || !reserve_stacks(t)) {
    if (t) thread_free(t);
    if (current_thread()) raise_no_memory();  // a thread that is not ours yet cannot raise
    return nullptr;
  }
  join(t);
  return t;
}
void thread_free(Thread* t) {
  if (t->interpreter) release_interpreter(std::exchange(t->interpreter, nullptr));
  if (keep_spare(t)) return;
  if (t->stack_base) memory::unreserve(t->stack_base, stack_bytes(t));
  if (t->record_memory) memory::unreserve(t->record_memory, record_capacity(t) * sizeof(CallRecord));
  memory::release(t->method_cache);
  delete t;
}
bool thread_enter(Thread* t) {
  if (!register_mutator(t)) return false;
  t->ident = reinterpret_cast<uint64_t>(pthread_self());
  set_native_limit(t);
  return true;
}
void thread_leave(Thread* t, void (*farewell)()) {
  auto drop = [](Value* v) { release(std::exchange(*v, Value())); };
  for (Value* v : {&t->pending, &t->async_exception, &t->repr_stack, &t->deferred_roots}) drop(v);
  Value sentinel = std::exchange(t->sentinel, Value());
  t->each_value(drop);
  // While the thread can run destructors: it may be the last in an interpreter that has ended.
  retain_interpreter(&g_main_interpreter);
  release_interpreter(std::exchange(t->interpreter, &g_main_interpreter));
  if (farewell)
    t->sentinel = sentinel;
  else
    release(sentinel);
  unregister_mutator(t, farewell);
  memory::release_spare_buffers();
  thread_free(t);
}

void set_recursion_limit(int64_t limit) {
  StopTheWorld stop;
  Interpreter* interpreter = current_interpreter();
  interpreter->recursion_limit.store(limit, std::memory_order_relaxed);
  for_each_mutator(
      [](Mutator* mutator, void* whose) {
        auto* t = static_cast<Thread*>(mutator);
        if (t->interpreter == whose) apply_recursion_limit(t);
      },
      interpreter);
}

void lend_calls(int64_t calls) {
  Thread* t = current_thread();
  int64_t room = t->record_memory + record_capacity(t) - 2 * kRecordReserve - t->record_limit;
  t->record_limit += calls < room ? calls : room;
}
void restore_recursion_limit() { apply_recursion_limit(current_thread()); }

// ---- code
// ----------------------------------------------------------------------------------------------------------------------

Ref<> exec_code(Value code, Dict* globals) { return run_code(as_code(code), globals, Value(), Value()); }

Ref<> current_frame(int64_t depth) {
  Thread* t = current_thread();
  if (depth < 0 || depth > t->record - t->record_base) return Ref<>();
  CallRecord* record = visible_record(t->record, t->record_base);
  while (depth-- > 0) record = visible_record(record - 1, t->record_base);
  return record >= t->record_base ? frame_object_of(record) : Ref<FrameObject>();
}
Ref<> thread_frame(Thread* t) {
  CallRecord* record = visible_record(t->record, t->record_base);
  return record < t->record_base ? Ref<>() : frame_object_of(record);
}

}  // namespace pt
