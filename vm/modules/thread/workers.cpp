#include "vm/modules/thread/workers.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cfenv>
#include <csignal>
#include <cstring>

#include "gc/platform/futex.h"
#include "gc/platform/memory.h"

namespace pt {

namespace {

constexpr int kMostIdle = 32;
// So many threads end before an id of the system's (threading.get_native_id) comes again, as programs take it for unique
// among the threads of a while.
constexpr int kRest = 16;
constexpr int64_t kIdleNs = 1'000'000'000;  // then the thread ends, and its stack goes back to the system

// What a system thread has from the one that made it and cannot be given later without privileges.
struct Inherited {
  cpu_set_t processors;
  uint64_t scheduling[6];  // sched_attr, version 0: policy, niceness, priority, deadlines
  char name[16];

  void read() {
    std::memset(this, 0, sizeof *this);
    sched_getaffinity(0, sizeof processors, &processors);
    syscall(SYS_sched_getattr, 0, scheduling, sizeof scheduling, 0);
    prctl(PR_GET_NAME, name);
  }
  bool operator==(const Inherited& other) const { return std::memcmp(this, &other, sizeof *this) == 0; }
};

struct Task {
  void (*run)(void*) = nullptr;
  void* argument = nullptr;
  sigset_t signals;
  fenv_t floating;

  void read_caller() {
    pthread_sigmask(SIG_SETMASK, nullptr, &signals);
    fegetenv(&floating);
  }
};

struct Worker {
  Task task;
  Inherited inherited;
  size_t stack_size;
  pthread_t handle;
  std::atomic<uint32_t> called{0};  // 1: the task waits. Release by the caller, acquire by the worker
  uint64_t ended;  // g_ends when it became idle
  Worker* next;
};

constinit RawMutex g_lock;
constinit Worker* g_idle PT_GUARDED_BY(g_lock) = nullptr;  // first come first
constinit Worker** g_idle_end PT_GUARDED_BY(g_lock) = &g_idle;
constinit int g_idle_count PT_GUARDED_BY(g_lock) = 0;
constinit uint64_t g_ends PT_GUARDED_BY(g_lock) = 0;  // how often a worker became idle

// In the child of a fork this thread is the process: where it ends, that ends.
constinit thread_local bool tls_forked = false;

// Takes the first idle worker that `wanted` says yes to.
template <class F>
Worker* take_idle(F&& wanted) PT_REQUIRES(g_lock) {
  for (Worker** at = &g_idle; *at; at = &(*at)->next) {
    Worker* worker = *at;
    if (!wanted(worker)) continue;
    *at = worker->next;
    if (!*at) g_idle_end = at;
    --g_idle_count;
    return worker;
  }
  return nullptr;
}

// False: nobody called in time, or there are enough that wait.
bool wait_for_call(Worker& self) {
  if (tls_forked) return false;
  // Signals go to threads that run Python code.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
  self.inherited.read();
  self.called.store(0, std::memory_order_relaxed);
  {
    RawGuard guard(g_lock);
    if (g_idle_count == kMostIdle) return false;
    self.ended = ++g_ends;
    self.next = nullptr;
    *g_idle_end = &self;
    g_idle_end = &self.next;
    ++g_idle_count;
  }
  int64_t deadline = monotonic_ns() + kIdleNs;
  while (self.called.load(std::memory_order_acquire) == 0) {
    if (futex_wait(&self.called, 0, deadline)) continue;
    RawGuard guard(g_lock);
    if (take_idle([&](Worker* worker) { return worker == &self; })) return false;
    deadline = -1;  // somebody has taken it and is about to call
  }
  pthread_sigmask(SIG_SETMASK, &self.task.signals, nullptr);
  fesetenv(&self.task.floating);
  return true;
}

struct First {
  Task task;
  size_t stack_size;
};

void* worker_main(void* argument) {
  Worker self;
  auto* first = static_cast<First*>(argument);
  self.task = first->task;
  self.stack_size = first->stack_size;
  self.handle = pthread_self();
  memory::release(first);
  do {
    self.task.run(self.task.argument);
  } while (wait_for_call(self));
  return nullptr;
}

}  // namespace

int start_worker(void (*run)(void*), void* argument, size_t stack_size, pthread_t* handle) {
  Task task;
  task.run = run;
  task.argument = argument;
  task.read_caller();
  Inherited mine;
  mine.read();
  Worker* idle;
  {
    RawGuard guard(g_lock);
    idle = take_idle([&](const Worker* w) PT_REQUIRES(g_lock) {
      return w->ended + kRest <= g_ends && w->stack_size == stack_size && w->inherited == mine;
    });
  }
  if (idle) {
    *handle = idle->handle;
    idle->task = task;
    idle->called.store(1, std::memory_order_release);
    futex_wake(&idle->called, 1);
    return 0;
  }
  auto* first = static_cast<First*>(memory::allocate(sizeof(First)));
  if (!first) return ENOMEM;
  *first = {task, stack_size};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  if (stack_size) pthread_attr_setstacksize(&attributes, stack_size);
  int error = pthread_create(handle, &attributes, worker_main, first);
  pthread_attr_destroy(&attributes);
  if (error) memory::release(first);
  return error;
}

void workers_after_fork() PT_NO_THREAD_SAFETY {
  g_lock.reset();
  g_idle = nullptr;
  g_idle_end = &g_idle;
  g_idle_count = 0;
  tls_forked = true;
}

}  // namespace pt
