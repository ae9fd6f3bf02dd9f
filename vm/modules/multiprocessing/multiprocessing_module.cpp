// _multiprocessing: semaphores that processes share. And _posixshmem: named shared memory.
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <semaphore.h>
#include <sys/mman.h>

#include "gc/platform/memory.h"
#include "vm/modules/support/arguments.h"
#include "vm/object/module.h"
#include "vm/object/thread.h"
#include "vm/types/dict.h"
#include "vm/types/float.h"
#include "vm/types/int.h"

namespace pt {
namespace {

enum Kind { kRecursiveMutex, kSemaphore };

// `owner` and `count` belong to the holder of the semaphore; others only compare.
struct SemLock : Object {
  sem_t* handle;
  int kind, maximum;
  std::atomic<uint64_t> owner;
  std::atomic<int> count;
  char* name;
};
SemLock* as_sem(Value v) { return reinterpret_cast<SemLock*>(v.as_object()); }
bool is_mine(const SemLock* s) {
  return s->count.load(std::memory_order_relaxed) > 0 && s->owner.load(std::memory_order_relaxed) == current_thread()->ident;
}

Ref<> make(Type* type, sem_t* handle, int kind, int maximum, const char* name) {
  Ref<SemLock> self = allocate<SemLock>(type);
  if (!self) return Ref<>();
  if (name) {
    size_t size = std::strlen(name) + 1;
    self->name = static_cast<char*>(memory::allocate(size));
    if (!self->name) return raise_no_memory();
    std::memcpy(self->name, name, size);
  }
  self->handle = handle;
  self->kind = kind;
  self->maximum = maximum;
  return self;
}
Ref<> construct(Type* type, const Args& args) {
  Value bound[5];
  int kind, value, maximum;
  bool unlink = false;
  if (!bind_arguments("SemLock", "(kind, value, maxvalue, name, unlink)", args, bound) || !to_cint(bound[0], &kind) ||
      !to_cint(bound[1], &value) || !to_cint(bound[2], &maximum) || !to_str_argument(bound[3], "SemLock", "argument 4") ||
      !to_flag(bound[4], &unlink)) {
    return Ref<>();
  }
  if (kind != kRecursiveMutex && kind != kSemaphore) return raise(exc::ValueError, "unrecognized kind");
  Utf8 name(as_str(bound[3]));
  if (!name.ok()) return Ref<>();
  sem_t* handle = sem_open(name.c_str(), O_CREAT | O_EXCL, 0600, static_cast<unsigned>(value));
  if (handle == SEM_FAILED) return raise_os_error();
  if (unlink && sem_unlink(name.c_str()) < 0) {
    raise_os_error();
    sem_close(handle);
    return Ref<>();
  }
  Ref<> self = make(type, handle, kind, maximum, unlink ? nullptr : name.c_str());
  if (!self) sem_close(handle);
  return self;
}
Ref<> rebuild(const Value* a) {
  int64_t address;
  int kind, maximum;
  auto* type = reinterpret_cast<Type*>(a[0].as_object());
  if (!to_int64(a[1], &address) || !to_cint(a[2], &kind) || !to_cint(a[3], &maximum)) return Ref<>();
  if (is_none(a[4])) return make(type, reinterpret_cast<sem_t*>(address), kind, maximum, nullptr);
  if (!to_str_argument(a[4], "_rebuild", "argument 4")) return Ref<>();
  Utf8 name(as_str(a[4]));
  if (!name.ok()) return Ref<>();
  sem_t* handle = sem_open(name.c_str(), 0);
  if (handle == SEM_FAILED) return raise_os_error();
  Ref<> self = make(type, handle, kind, maximum, name.c_str());
  if (!self) sem_close(handle);
  return self;
}
void destroy(Object* o) {
  auto* self = static_cast<SemLock*>(o);
  if (self->handle) sem_close(self->handle);
  memory::release(self->name);
  self->handle = nullptr;
  self->name = nullptr;
}

Ref<> taken(SemLock* self) {
  self->owner.store(current_thread()->ident, std::memory_order_relaxed);
  self->count.fetch_add(1, std::memory_order_relaxed);
  return bool_ref(true);
}
Ref<> acquire(const Value* a) {
  SemLock* self = as_sem(a[0]);
  bool block = true;
  if (!to_flag(a[1], &block)) return Ref<>();
  if (self->kind == kRecursiveMutex && is_mine(self)) {
    self->count.fetch_add(1, std::memory_order_relaxed);
    return bool_ref(true);
  }
  timespec deadline = {};
  bool timed = given(a[2]);
  if (timed) {
    double seconds;
    if (!to_double(a[2], &seconds)) return Ref<>();
    if (seconds < 0) seconds = 0;
    clock_gettime(CLOCK_REALTIME, &deadline);
    auto whole = static_cast<time_t>(seconds);
    deadline.tv_sec += whole;
    deadline.tv_nsec += static_cast<long>((seconds - static_cast<double>(whole)) * 1e9);
    deadline.tv_sec += deadline.tv_nsec / 1'000'000'000;
    deadline.tv_nsec %= 1'000'000'000;
  }
  if (retrying([&] { return sem_trywait(self->handle); }) == 0) return taken(self);
  if (errno != EAGAIN) return raise_os_error();
  if (!block) return bool_ref(false);
  int result = blocking([&] { return timed ? sem_timedwait(self->handle, &deadline) : sem_wait(self->handle); });
  if (result == 0) return taken(self);
  if (error_pending()) return Ref<>();
  if (errno == EAGAIN || errno == ETIMEDOUT) return bool_ref(false);
  return raise_os_error();
}
Ref<> release_method(const Value* a) {
  SemLock* self = as_sem(a[0]);
  if (self->kind == kRecursiveMutex) {
    if (!is_mine(self)) return raise(exc::AssertionError, "attempt to release recursive lock not owned by thread");
    if (self->count.load(std::memory_order_relaxed) > 1) {
      self->count.fetch_sub(1, std::memory_order_relaxed);
      return none_ref();
    }
  } else {
    int value;
    if (sem_getvalue(self->handle, &value) < 0) return raise_os_error();
    if (value >= self->maximum) return raise(exc::ValueError, "semaphore or lock released too many times");
  }
  // Before the semaphore goes to the next holder.
  self->count.fetch_sub(1, std::memory_order_relaxed);
  if (sem_post(self->handle) < 0) {
    self->count.fetch_add(1, std::memory_order_relaxed);
    return raise_os_error();
  }
  return none_ref();
}
Ref<> enter(const Value* a) {
  const Value args[3] = {a[0]};
  return acquire(args);
}
Ref<> count_method(const Value* a) { return int_from_int64(as_sem(a[0])->count.load(std::memory_order_relaxed)); }
Ref<> is_mine_method(const Value* a) { return bool_ref(is_mine(as_sem(a[0]))); }
Ref<> get_value(const Value* a) {
  int value;
  if (sem_getvalue(as_sem(a[0])->handle, &value) < 0) return raise_os_error();
  return int_from_int64(value < 0 ? 0 : value);
}
Ref<> is_zero(const Value* a) {
  if (sem_trywait(as_sem(a[0])->handle) < 0) return errno == EAGAIN ? bool_ref(true) : Ref<>(raise_os_error());
  if (sem_post(as_sem(a[0])->handle) < 0) return raise_os_error();
  return bool_ref(false);
}
Ref<> after_fork(const Value* a) {
  as_sem(a[0])->count.store(0, std::memory_order_relaxed);
  return none_ref();
}
Ref<> get_handle(Value v) { return int_from_int64(reinterpret_cast<int64_t>(as_sem(v)->handle)); }
Ref<> get_kind(Value v) { return int_from_int64(as_sem(v)->kind); }
Ref<> get_maximum(Value v) { return int_from_int64(as_sem(v)->maximum); }
Ref<> get_name(Value v) { return as_sem(v)->name ? Ref<>(str_from_utf8(as_sem(v)->name)) : none_ref(); }

const NativeDef kMethods[] = {
    {"acquire", "($self, /, block=True, timeout=None)", acquire, "Acquire the semaphore/lock."},
    {"release", "($self, /)", release_method, "Release the semaphore/lock."},
    {"_count", "($self, /)", count_method, "Num of `acquire()`s minus num of `release()`s for this process."},
    {"_is_mine", "($self, /)", is_mine_method, "Whether the lock is owned by this thread."},
    {"_get_value", "($self, /)", get_value, "Get the value of the semaphore."},
    {"_is_zero", "($self, /)", is_zero, "Return whether semaphore has value zero."},
    {"_rebuild", "($type, handle, kind, maxvalue, name, /)", rebuild, nullptr, kClassMethod},
    {"_after_fork", "($self, /)", after_fork, "Rezero the net acquisition count after fork()."},
    {"__enter__", "($self, /)", enter, "Enter the semaphore/lock."},
    {"__exit__", "($self, exc_type=None, exc_value=None, exc_tb=None, /)", release_method, "Exit the semaphore/lock."},
    {}};
const GetSetDef kGetSets[] = {{"handle", get_handle}, {"kind", get_kind}, {"maxvalue", get_maximum}, {"name", get_name}, {}};
constinit Type sem_lock_type;
const TypeSpec kSpec = {.name = "_multiprocessing.SemLock",
                        .size = sizeof(SemLock),
                        .flags = kTypeBase,
                        .slots = {.construct = construct},
                        .destroy = destroy,
                        .methods = kMethods,
                        .getsets = kGetSets,
                        .doc = "Semaphore/Mutex type"};

Ref<> unlink_semaphore(const Value* a) {
  if (!to_str_argument(a[0], "sem_unlink", "argument 1")) return Ref<>();
  Utf8 name(as_str(a[0]));
  if (!name.ok()) return Ref<>();
  return sem_unlink(name.c_str()) < 0 ? Ref<>(raise_os_error()) : none_ref();
}
const NativeDef kFunctions[] = {{"sem_unlink", "(name, /)", unlink_semaphore}, {}};

Ref<> open_memory(const Value* a) {
  int flags, mode = 0777;
  if (!to_str_argument(a[0], "shm_open", "argument 1") || !to_cint(a[1], &flags) || !to_cint(a[2], &mode)) return Ref<>();
  Utf8 name(as_str(a[0]));
  if (!name.ok()) return Ref<>();
  int fd = blocking([&] { return shm_open(name.c_str(), flags, static_cast<mode_t>(mode)); });
  return fd < 0 ? Ref<>(raise_os_error(a[0])) : int_from_int64(fd);
}
Ref<> unlink_memory(const Value* a) {
  if (!to_str_argument(a[0], "shm_unlink", "argument 1")) return Ref<>();
  Utf8 name(as_str(a[0]));
  if (!name.ok()) return Ref<>();
  return blocking([&] { return shm_unlink(name.c_str()); }) < 0 ? Ref<>(raise_os_error(a[0])) : none_ref();
}
const NativeDef kMemoryFunctions[] = {
    {"shm_open", "(path, flags, mode=511)", open_memory, "Open a shared memory object.  Returns a file descriptor (integer)."},
    {"shm_unlink", "(path)", unlink_memory, "Remove a shared memory object (similar to unlink())."},
    {}};

bool execute(Module* module) {
  Ref<Dict> flags = dict_new();
  for (const char* name : {"HAVE_SEM_OPEN", "HAVE_SEM_TIMEDWAIT"}) {
    if (!flags || !dict_set_text(flags.get(), name, Value::small_int(1))) return false;
  }
  return module_add_type(module, &sem_lock_type, &kSpec) &&
         type_set_attribute(&sem_lock_type, intern("SEM_VALUE_MAX"), Value::small_int(INT_MAX)) &&
         module_add(module, "flags", std::move(flags));
}

}  // namespace
extern const NativeModule multiprocessing_module, posixshmem_module;
const NativeModule multiprocessing_module = {"_multiprocessing", nullptr, kFunctions, execute};
const NativeModule posixshmem_module = {"_posixshmem", "POSIX shared memory module", kMemoryFunctions};
}  // namespace pt
