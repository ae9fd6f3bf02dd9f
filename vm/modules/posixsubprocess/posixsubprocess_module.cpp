// _posixsubprocess: starting a program in a child process.
//
// The child may be one of a process with many threads, so between fork and exec it calls only what is safe in a signal
// handler. vfork is used where nothing of Python runs in the child: it does not copy the page tables of a large heap.
#include <csignal>
#include <cstdint>
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

#include "gc/sync/mutator.h"
#include "vm/modules/posix/fork.h"
#include "vm/modules/posix/strings.h"
#include "vm/modules/signal/signals.h"
#include "vm/modules/support/arguments.h"
#include "vm/object/interpreter.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

using posix::Strings;

struct Request {
  Strings arguments, programs, environment;
  bool has_environment = false;
  std::vector<int> kept;          // pass_fds, ascending
  std::vector<gid_t> groups;
  bool set_groups = false;
  Ref<Bytes> folder;
  int pipes[6];                   // p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite
  int error_pipe_read, error_pipe_write;
  bool close_fds, restore_signals, new_session;
  int process_group;
  bool set_gid = false, set_uid = false;
  gid_t gid = 0;
  uid_t uid = 0;
  int umask;
  Value preexec;                  // borrowed from the call's arguments; empty: none
  char **argv, **envp, **program_list;
};

// ---- in the child --------------------------------------------------------------------------------------------------------

bool keep_inheritable(int fd) {
  int flags = fcntl(fd, F_GETFD);
  return flags >= 0 && fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC) == 0;
}
void close_range_from_to(int first, int last) {
  if (first > last) return;
#ifdef SYS_close_range
  if (syscall(SYS_close_range, first, last, 0) == 0) return;
#endif
  rlimit limit;
  int most = 65536;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536) most = static_cast<int>(limit.rlim_cur);
  for (int fd = first; fd <= last && fd < most; ++fd) close(fd);
}
void close_others(const Request& r) {
  int next = 3;
  for (int fd : r.kept) {
    if (fd < next) continue;
    close_range_from_to(next, fd - 1);
    next = fd + 1;
  }
  close_range_from_to(next, INT32_MAX);
}

// Writes "OSError:<hex errno>:<what>" to the parent, in the form that subprocess reads.
void report(int pipe, int error, const char* what) {
  char text[80] = "OSError:";
  size_t length = 8;
  char digits[16];
  int count = 0;
  for (unsigned rest = static_cast<unsigned>(error); rest; rest >>= 4) digits[count++] = "0123456789ABCDEF"[rest & 15];
  if (!count) digits[count++] = '0';
  while (count) text[length++] = digits[--count];
  text[length++] = ':';
  for (; *what; ++what) text[length++] = *what;
  ssize_t ignored = write(pipe, text, length);
  (void)ignored;
}
void report_text(int pipe, const char* text) {
  size_t length = 0;
  while (text[length]) ++length;
  ssize_t ignored = write(pipe, text, length);
  (void)ignored;
}

// Makes `fd` the child's descriptor `target`.
bool place(int fd, int target) {
  if (fd < 0) return true;
  if (fd == target) return keep_inheritable(fd);
  return dup2(fd, target) >= 0;
}

// Runs the program; comes back only to fail, after telling the parent.
void run_child(Request& r, const sigset_t* restore_mask) {
  const char* what = "noexec";  // tells the parent that no program was tried
  auto fail = [&] { report(r.error_pipe_write, errno, what); };

  int p2cread = r.pipes[0], p2cwrite = r.pipes[1], c2pread = r.pipes[2], c2pwrite = r.pipes[3], errread = r.pipes[4],
      errwrite = r.pipes[5];
  for (int fd : r.kept) {
    if (fd != r.error_pipe_write && !keep_inheritable(fd)) return fail();
  }
  if (p2cwrite >= 0) close(p2cwrite);
  if (c2pread >= 0) close(c2pread);
  if (errread >= 0) close(errread);
  close(r.error_pipe_read);
  // The pipe ends must not be overwritten before they are moved to 0, 1 and 2.
  if (c2pwrite == 0 && (c2pwrite = dup(c2pwrite)) < 0) return fail();
  while (errwrite == 0 || errwrite == 1) {
    if ((errwrite = dup(errwrite)) < 0) return fail();
  }
  if (!place(p2cread, 0) || !place(c2pwrite, 1) || !place(errwrite, 2)) return fail();
  if (r.folder && chdir(reinterpret_cast<const char*>(r.folder->data)) < 0) return fail();
  if (r.umask >= 0) umask(static_cast<mode_t>(r.umask));
  if (restore_mask) {
    // Handlers of this process have no business in the child: in a vfork child they would run in our memory.
    for (int number = 1; number < NSIG; ++number) {
      struct sigaction action;
      if (number == SIGKILL || number == SIGSTOP || sigaction(number, nullptr, &action) < 0) continue;
      if (action.sa_handler == SIG_IGN || action.sa_handler == SIG_DFL) continue;
      action = {};
      action.sa_handler = SIG_DFL;
      sigaction(number, &action, nullptr);
    }
    sigprocmask(SIG_SETMASK, restore_mask, nullptr);
  }
  if (r.restore_signals) {
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
  }
  if (r.new_session) setsid();
  if (r.process_group >= 0 && setpgid(0, r.process_group) < 0) return fail();
  // The system calls themselves: glibc's functions signal all threads, of which the child has none.
  if (r.set_groups && syscall(SYS_setgroups, r.groups.size(), r.groups.data()) < 0) return fail();
  if (r.set_gid && syscall(SYS_setregid, r.gid, r.gid) < 0) return fail();
  if (r.set_uid && syscall(SYS_setreuid, r.uid, r.uid) < 0) return fail();
  if (!r.preexec.empty()) {
    fork_hooks_after_in_child();
    Ref<> result = call0(r.preexec);
    if (!result) {
      clear_error();
      return report_text(r.error_pipe_write, "SubprocessError:0:Exception occurred in preexec_fn.");
    }
  }
  if (r.close_fds) close_others(r);
  int saved = 0;
  for (char** program = r.program_list; *program; ++program) {
    if (r.has_environment)
      execve(*program, r.argv, r.envp);
    else
      execv(*program, r.argv);
    if (errno != ENOENT && errno != ENOTDIR && saved == 0) saved = errno;
  }
  if (saved) errno = saved;
  what = "";
  fail();
}

[[gnu::noinline]] pid_t spawn_by_vfork(Request& r) {
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &old);
  pid_t pid = vfork();
  if (pid == 0) {
    run_child(r, &old);
    _exit(255);
  }
  int error = errno;
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  errno = error;
  return pid;
}

// ---- in the parent ---------------------------------------------------------------------------------------------------------

bool byte_strings(Value sequence, Strings* out) {
  return for_each(sequence, [&](Value item) {
    Ref<Bytes> bytes = fs_encode(item);
    if (!bytes) return false;
    out->texts.emplace_back(bytes->view());
    return true;
  });
}

bool read_kept(Value v, std::vector<int>* out) {
  if (!is_tuple(v)) return raise(exc::TypeError, "fork_exec() argument 4 must be tuple, not %T", v);
  int previous = -1;
  for (int64_t i = 0; i < as_tuple(v)->length; ++i) {
    int64_t fd;
    Value item = as_tuple(v)->at(i);
    if (!is_int(item) || !int_to_int64(item, &fd) || fd < 0 || fd <= previous || fd > INT32_MAX) {
      return raise(exc::ValueError, "bad value(s) in fds_to_keep");
    }
    out->push_back(previous = static_cast<int>(fd));
  }
  return true;
}
bool read_groups(Value v, std::vector<gid_t>* out) {
  if (!is_list(v)) return raise(exc::TypeError, "setgroups argument must be a list");
  return for_each(v, [&](Value item) {
    if (!is_int(item)) return static_cast<bool>(raise(exc::TypeError, "groups must be integers"));
    int64_t group;
    if (!int_to_int64(item, &group) || group < 0 || group > UINT32_MAX)
      return static_cast<bool>(raise(exc::ValueError, "invalid group id"));
    out->push_back(static_cast<gid_t>(group));
    return true;
  });
}
bool read_id(Value v, unsigned* out, bool* given_id, const char* message) {
  if (is_none(v)) return true;
  int64_t id;
  if (!is_int(v)) return raise(exc::TypeError, "%s", message);
  if (!int_to_int64(v, &id) || id < -1 || id > UINT32_MAX) {
    return raise(exc::OverflowError, int_sign(v) < 0 ? "id is less than minimum" : "id is greater than maximum");
  }
  *out = static_cast<unsigned>(id);
  *given_id = true;
  return true;
}

Ref<> fork_exec(const Value* a) {
  if (!in_main_interpreter() && given(a[21])) return raise(exc::RuntimeError, "preexec_fn not supported within subinterpreters");
  if (current_interpreter()->isolated) return raise(exc::RuntimeError, "subprocess not supported for isolated subinterpreters");
  Request r;
  bool allow_vfork = true;
  bool close_fds = false, restore = false, session = false;
  if (!to_flag(a[2], &close_fds) || !to_flag(a[14], &restore) || !to_flag(a[15], &session) || !to_flag(a[22], &allow_vfork))
    return Ref<>();
  r.close_fds = close_fds;
  r.restore_signals = restore;
  r.new_session = session;
  for (int i = 0; i < 6; ++i) {
    if (!to_cint(a[6 + i], &r.pipes[i])) return Ref<>();
  }
  if (!to_cint(a[12], &r.error_pipe_read) || !to_cint(a[13], &r.error_pipe_write) || !to_cint(a[16], &r.process_group) ||
      !to_cint(a[20], &r.umask)) {
    return Ref<>();
  }
  if (close_fds && r.error_pipe_write < 3) return raise(exc::ValueError, "errpipe_write must be >= 3");
  if (!read_kept(a[3], &r.kept)) return Ref<>();
  if (!is_none(a[0])) {
    // argv must be a sequence; a list that changes while it is converted is refused by copying it first.
    Ref<Tuple> copy = tuple_from_iterable(a[0]);
    if (!copy || !byte_strings(copy.value(), &r.arguments)) return Ref<>();
  }
  if (!byte_strings(a[1], &r.programs)) return Ref<>();
  if (!is_none(a[5])) {
    if (!byte_strings(a[5], &r.environment)) return Ref<>();
    r.has_environment = true;
  }
  if (!is_none(a[4]) && !(r.folder = fs_encode(a[4]))) return Ref<>();
  if (!read_id(a[17], &r.gid, &r.set_gid, "invalid group id") || !read_id(a[19], &r.uid, &r.set_uid, "invalid user id"))
    return Ref<>();
  if (!is_none(a[18])) {
    if (!read_groups(a[18], &r.groups)) return Ref<>();
    r.set_groups = true;
  }
  if (!is_none(a[21])) r.preexec = a[21];
  r.argv = r.arguments.data();
  r.envp = r.environment.data();
  r.program_list = r.programs.data();

  pid_t pid;
  int error;
  if (r.preexec.empty() && allow_vfork && !r.set_uid && !r.set_gid && !r.set_groups) {
    Detached detached;
    pid = spawn_by_vfork(r);
    error = errno;
  } else {
    bool hooks = !r.preexec.empty();
    if (hooks) fork_hooks_before();
    pid = fork_stopped();
    if (pid == 0) {
      run_child(r, nullptr);
      _exit(255);
    }
    error = errno;
    if (hooks) fork_hooks_after_in_parent();
  }
  if (pid < 0) {
    errno = error;
    return raise_os_error();
  }
  return int_from_int64(pid);
}

const NativeDef kFunctions[] = {{"fork_exec",
                                 "(args, executable_list, close_fds, pass_fds, cwd, env, p2cread, p2cwrite, c2pread, c2pwrite, "
                                 "errread, errwrite, errpipe_read, "
                                 "errpipe_write, restore_signals, start_new_session, process_group, gid, extra_groups, uid, "
                                 "umask, preexec_fn, allow_vfork, /)",
                                 fork_exec, "Spawn a fresh new child process."},
                                {}};

}  // namespace
extern const NativeModule posixsubprocess_module;
const NativeModule posixsubprocess_module = {"_posixsubprocess", "A POSIX helper for the subprocess module.", kFunctions};
}  // namespace pt
