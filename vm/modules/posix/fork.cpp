// posix: fork, forkpty, register_at_fork.
#include "vm/modules/posix/fork.h"

#include <pty.h>
#include <unistd.h>

#include "gc/sync/mutator.h"
#include "vm/import/import_state.h"
#include "vm/modules/posix/posix_internal.h"
#include "vm/modules/signal/signals.h"
#include "vm/modules/sys/sys.h"
#include "vm/modules/thread/locks.h"
#include "vm/object/interpreter.h"
#include "vm/object/module.h"
#include "vm/object/thread.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

constexpr PerInterpreter kBefore = PerInterpreter::kForkBefore, kInChild = PerInterpreter::kForkInChild,
                         kInParent = PerInterpreter::kForkInParent;

List* hook_list(PerInterpreter which) { return of_interpreter<List>(which); }

void run_hooks(PerInterpreter which, bool reverse) {
  if (!hook_list(which)) return;
  Ref<Tuple> snapshot = list_to_tuple(hook_list(which));
  if (!snapshot) clear_error();
  for (int64_t i = 0; snapshot && i < snapshot->length; ++i) {
    Value hook = snapshot->at(reverse ? snapshot->length - 1 - i : i);
    Ref<> result = call0(hook);
    if (!result) write_unraisable("ignored in", hook);
  }
}

template <class F>
pid_t fork_by(F&& system_fork) {
  import_lock_take();
  pid_t pid;
  int error;
  {
    // No thread is inside the heap, a container or the counts while the process is copied.
    StopTheWorld stopped;
    pid = system_fork();
    error = errno;
    if (pid == 0) {
      mutators_after_fork_child();
      note_fork(current_thread()->ident);
    }
  }
  if (pid == 0) {
    signals_after_fork();
    thread_module_after_fork();
    interpreters_after_fork();
    native_modules_after_fork();
  }
  import_lock_leave();
  errno = error;
  return pid;
}

bool make_hook_lists() {
  for (PerInterpreter which : {kBefore, kInChild, kInParent}) {
    if (hook_list(which)) continue;
    Ref<List> list = list_new();
    if (!list) return false;
    current_interpreter()->keep(which, std::move(list));
  }
  return true;
}

}  // namespace

void fork_hooks_before() { run_hooks(kBefore, true); }
void fork_hooks_after_in_child() { run_hooks(kInChild, false); }
void fork_hooks_after_in_parent() { run_hooks(kInParent, false); }
pid_t fork_stopped() {
  return fork_by([] { return fork(); });
}

namespace posix {
namespace {

Ref<> posix_register_at_fork(const Value* a) {
  if (a[0].empty() && a[1].empty() && a[2].empty()) return raise(exc::TypeError, "At least one argument is required.");
  const char* const names[] = {"before", "after_in_child", "after_in_parent"};
  for (int i = 0; i < 3; ++i) {
    if (!a[i].empty() && !is_callable(a[i])) return raise(exc::TypeError, "'%s' must be callable, not %T", names[i], a[i]);
  }
  const PerInterpreter hooks[] = {kBefore, kInChild, kInParent};
  for (int i = 0; i < 3; ++i) {
    if (!a[i].empty() && !list_append(hook_list(hooks[i]), Ref<>::retain(a[i]))) return Ref<>();
  }
  return none_ref();
}

void after_fork(pid_t pid) {
  int error = errno;
  if (pid == 0)
    fork_hooks_after_in_child();
  else
    fork_hooks_after_in_parent();
  errno = error;
}

// The child would have one interpreter that is not the main one.
bool may_fork() {
  if (in_main_interpreter()) return true;
  return raise(exc::RuntimeError, "fork not supported for %ssubinterpreters", current_interpreter()->isolated ? "isolated " : "");
}

Ref<> posix_fork(const Value*) {
  if (!may_fork()) return Ref<>();
  if (!audit("os.fork", {})) return Ref<>();
  fork_hooks_before();
  pid_t pid = fork_stopped();
  after_fork(pid);
  return pid < 0 ? Ref<>(raise_os_error()) : int_from_int64(pid);
}

Ref<> posix_forkpty(const Value*) {
  if (!in_main_interpreter()) return raise(exc::RuntimeError, "fork not supported for subinterpreters");
  if (!audit("os.forkpty", {})) return Ref<>();
  int terminal = -1;
  fork_hooks_before();
  pid_t pid = fork_by([&] { return forkpty(&terminal, nullptr, nullptr, nullptr); });
  after_fork(pid);
  if (pid < 0) return raise_os_error();
  return tuple_of({Value::small_int(pid), Value::small_int(pid == 0 ? 0 : terminal)});
}

}  // namespace

bool prepare_fork() { return make_hook_lists(); }

const NativeDef kForkFunctions[] = {
    {"register_at_fork", "(*, before=None, after_in_child=None, after_in_parent=None)", posix_register_at_fork,
     "Register callables to be called when forking a new process."},
    {"fork", "()", posix_fork, "Fork a child process."},
    {"forkpty", "()", posix_forkpty, "Fork a new process with a new pseudo-terminal as controlling tty."},
    {}};

}  // namespace posix
}  // namespace pt
