// posix: processes, users, the environment, scheduling.
#include <sched.h>
#include <grp.h>
#include <sys/resource.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "vm/modules/posix/posix_internal.h"
#include "vm/modules/posix/strings.h"
#include "vm/object/thread.h"
#include "vm/types/dict.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/set.h"
#include "vm/types/structseq.h"
#include "vm/types/tuple.h"

namespace pt::posix {
namespace {

constinit StructSeqType g_uname = {}, g_times = {}, g_sched_param = {};
const StructSeqField kUnameFields[] = {{"sysname"}, {"nodename"}, {"release"}, {"version"}, {"machine"}, {}};
const StructSeqDef kUnameDef = {"posix.uname_result", "uname_result: Result from os.uname().", kUnameFields, 5};
const StructSeqField kTimesFields[] = {{"user"}, {"system"}, {"children_user"}, {"children_system"}, {"elapsed"}, {}};
const StructSeqDef kTimesDef = {"posix.times_result", "times_result: Result from os.times().", kTimesFields, 5};
const StructSeqField kSchedFields[] = {{"sched_priority"}, {}};
const StructSeqDef kSchedDef = {"posix.sched_param", "Current has only one field: sched_priority", kSchedFields, 1};

template <auto Function>
Ref<> id_of(const Value*) {
  return int_from_int64(static_cast<int64_t>(Function()));
}
template <auto Function>
Ref<> set_id(const Value* a) {
  int64_t n;
  if (!to_int64(a[0], &n)) return Ref<>();
  return none_or_error(Function(static_cast<unsigned>(n)));
}
Ref<> posix_getlogin(const Value*) {
  const char* name = getlogin();
  if (!name) return raise_os_error();
  return fs_decode(name);
}
Ref<> posix_getgroups(const Value*) {
  gid_t groups[1024];
  int n = getgroups(1024, groups);
  if (n < 0) return raise_os_error();
  Ref<List> list = list_new(n);
  for (int i = 0; i < n; ++i) {
    if (!list || !list_append(list.get(), int_from_int64(groups[i]))) return Ref<>();
  }
  return list;
}
Ref<> posix_getpgid(const Value* a) {
  int pid;
  if (!to_cint(a[0], &pid)) return Ref<>();
  pid_t r = getpgid(pid);
  return r < 0 ? Ref<>(raise_os_error()) : int_from_int64(r);
}
Ref<> posix_setpgid(const Value* a) {
  int pid, group;
  if (!to_cint(a[0], &pid) || !to_cint(a[1], &group)) return Ref<>();
  return none_or_error(setpgid(pid, group));
}
Ref<> posix_setpgrp(const Value*) { return none_or_error(setpgid(0, 0)); }
Ref<> posix_getsid(const Value* a) {
  int pid;
  if (!to_cint(a[0], &pid)) return Ref<>();
  pid_t r = getsid(pid);
  return r < 0 ? Ref<>(raise_os_error()) : int_from_int64(r);
}
Ref<> posix_setsid(const Value*) { return none_or_error(setsid()); }
Ref<> posix_tcgetpgrp(const Value* a) {
  int fd;
  if (!to_cint(a[0], &fd)) return Ref<>();
  pid_t r = tcgetpgrp(fd);
  return r < 0 ? Ref<>(raise_os_error()) : int_from_int64(r);
}
Ref<> posix_nice(const Value* a) {
  int increment;
  if (!to_cint(a[0], &increment)) return Ref<>();
  errno = 0;
  int r = nice(increment);
  return r == -1 && errno ? Ref<>(raise_os_error()) : int_from_int64(r);
}
Ref<> posix_getpriority(const Value* a) {
  int which, who;
  if (!to_cint(a[0], &which) || !to_cint(a[1], &who)) return Ref<>();
  errno = 0;
  int r = getpriority(static_cast<__priority_which_t>(which), static_cast<id_t>(who));
  return errno ? Ref<>(raise_os_error()) : int_from_int64(r);
}
Ref<> posix_setpriority(const Value* a) {
  int which, who, priority;
  if (!to_cint(a[0], &which) || !to_cint(a[1], &who) || !to_cint(a[2], &priority)) return Ref<>();
  return none_or_error(setpriority(static_cast<__priority_which_t>(which), static_cast<id_t>(who), priority));
}
Ref<> posix_uname(const Value*) {
  utsname u;
  if (uname(&u) < 0) return raise_os_error();
  Ref<> items[5];
  Value values[5];
  const char* texts[] = {u.sysname, u.nodename, u.release, u.version, u.machine};
  for (int i = 0; i < 5; ++i) {
    items[i] = fs_decode(texts[i]);
    values[i] = items[i].value();
  }
  return structseq_new(&g_uname, values, 5);
}
Ref<> posix_times(const Value*) {
  tms t;
  clock_t elapsed = times(&t);
  auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  Ref<> items[5];
  Value values[5];
  const clock_t raw[] = {t.tms_utime, t.tms_stime, t.tms_cutime, t.tms_cstime, elapsed};
  for (int i = 0; i < 5; ++i) {
    items[i] = float_from_double(static_cast<double>(raw[i]) / ticks);
    values[i] = items[i].value();
  }
  return structseq_new(&g_times, values, 5);
}
Ref<> posix_cpu_count(const Value*) {
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n > 0 ? int_from_int64(n) : none_ref();
}
Ref<> posix_getloadavg(const Value*) {
  double loads[3];
  if (getloadavg(loads, 3) != 3) return raise(exc::OSError, "Load averages are unobtainable");
  Ref<> a = float_from_double(loads[0]), b = float_from_double(loads[1]), c = float_from_double(loads[2]);
  return tuple_of({a.value(), b.value(), c.value()});
}
Ref<> posix_sched_yield(const Value*) {
  Detached detached;
  sched_yield();
  return none_ref();
}
Ref<> posix_sched_getaffinity(const Value* a) {
  int pid;
  if (!to_cint(a[0], &pid)) return Ref<>();
  cpu_set_t cpus;
  if (sched_getaffinity(pid, sizeof(cpus), &cpus) < 0) return raise_os_error();
  Ref<Set> set = set_new();
  for (int i = 0; set && i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &cpus) && !set_add(set.get(), Value::small_int(i))) return Ref<>();
  }
  return set;
}
Ref<> posix_sched_setaffinity(const Value* a) {
  int pid;
  if (!to_cint(a[0], &pid)) return Ref<>();
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  bool ok = for_each(a[1], [&](Value v) {
    int cpu;
    if (!to_cint(v, &cpu)) return false;
    if (cpu < 0) return static_cast<bool>(raise(exc::ValueError, "negative CPU number"));
    if (cpu < CPU_SETSIZE) CPU_SET(cpu, &cpus);
    return true;
  });
  if (!ok) return Ref<>();
  return none_or_error(sched_setaffinity(pid, sizeof(cpus), &cpus));
}

// ---- environment
// ---------------------------------------------------------------------------------------------------------------

Ref<> posix_putenv(const Value* a) {
  Ref<Bytes> name = fs_encode(a[0]), value = fs_encode(a[1]);
  if (!name || !value) return Ref<>();
  if (name->view().find('=') != std::string_view::npos) return raise(exc::ValueError, "illegal environment variable name");
  return none_or_error(setenv(reinterpret_cast<char*>(name->data), reinterpret_cast<char*>(value->data), 1));
}
Ref<> posix_unsetenv(const Value* a) {
  Ref<Bytes> name = fs_encode(a[0]);
  if (!name) return Ref<>();
  return none_or_error(unsetenv(reinterpret_cast<char*>(name->data)));
}

// ---- processes
// -----------------------------------------------------------------------------------------------------------------

Ref<> posix_exit(const Value* a) {
  int status;
  if (!to_cint(a[0], &status)) return Ref<>();
  _exit(status);
}
[[noreturn]] Ref<> posix_abort(const Value*) { abort(); }
Ref<> posix_kill(const Value* a) {
  int pid, number;
  if (!to_cint(a[0], &pid) || !to_cint(a[1], &number)) return Ref<>();
  if (kill(pid, number) < 0) return raise_os_error();
  // A signal to ourselves is handled before the call returns, as CPython does.
  return run_signal_handlers() ? none_ref() : Ref<>();
}
Ref<> posix_killpg(const Value* a) {
  int group, number;
  if (!to_cint(a[0], &group) || !to_cint(a[1], &number)) return Ref<>();
  return none_or_error(killpg(group, number));
}
Ref<> posix_execv(const Value* a) {
  PathArgument p;
  Strings args;
  if (!p.convert(a[0], "execv") || !argument_strings(a[1], "execv", &args)) return Ref<>();
  execv(p.c_str(), args.data());
  return raise_os_error(p.object());
}
Ref<> posix_execve(const Value* a) {
  PathArgument p;
  Strings args, env;
  if (!p.convert(a[0], "execve", "path", PathArgument::kDescriptor) || !argument_strings(a[1], "execve", &args)) return Ref<>();
  if (!environment_strings(a[2], "execve", &env)) return Ref<>();
  if (p.is_descriptor()) {
    fexecve(p.descriptor(), args.data(), env.data());
  } else {
    execve(p.c_str(), args.data(), env.data());
  }
  return raise_os_error(p.object());
}
Ref<> posix_system(const Value* a) {
  Ref<Bytes> command = fs_encode(a[0]);
  if (!command) return Ref<>();
  int status;
  {
    DetachedToWait detached;
    status = system(reinterpret_cast<char*>(command->data));
  }
  return int_from_int64(status);
}
Ref<> posix_strerror(const Value* a) {
  int code;
  if (!to_cint(a[0], &code)) return Ref<>();
  char buffer[256];
  return fs_decode(strerror_r(code, buffer, sizeof(buffer)));
}
struct NamedNumber {
  const char* name;
  int number;
};
const NamedNumber kSysconfNames[] = {{"SC_ARG_MAX", _SC_ARG_MAX},
                                     {"SC_CHILD_MAX", _SC_CHILD_MAX},
                                     {"SC_CLK_TCK", _SC_CLK_TCK},
                                     {"SC_IOV_MAX", _SC_IOV_MAX},
                                     {"SC_NPROCESSORS_CONF", _SC_NPROCESSORS_CONF},
                                     {"SC_NPROCESSORS_ONLN", _SC_NPROCESSORS_ONLN},
                                     {"SC_OPEN_MAX", _SC_OPEN_MAX},
                                     {"SC_PAGESIZE", _SC_PAGESIZE},
                                     {"SC_PAGE_SIZE", _SC_PAGE_SIZE},
                                     {"SC_PHYS_PAGES", _SC_PHYS_PAGES},
                                     {"SC_AVPHYS_PAGES", _SC_AVPHYS_PAGES},
                                     {"SC_SEM_NSEMS_MAX", _SC_SEM_NSEMS_MAX},
                                     {"SC_LINE_MAX", _SC_LINE_MAX},
                                     {nullptr, 0}};
Ref<> posix_sysconf(const Value* a) {
  int name;
  if (is_str(a[0])) {
    name = -1;
    for (const NamedNumber* n = kSysconfNames; n->name; ++n) {
      if (as_str(a[0])->equals_ascii(n->name)) name = n->number;
    }
    if (name < 0) return raise(exc::ValueError, "unrecognized configuration name");
  } else if (!to_cint(a[0], &name)) {
    return Ref<>();
  }
  errno = 0;
  long v = sysconf(name);
  if (v == -1 && errno) return raise_os_error();
  return int_from_int64(v);
}

}  // namespace

bool add_process_types(Module* m) {
  Ref<Dict> environment = dict_new();
  if (!environment) return false;
  for (char** e = environ; e && *e; ++e) {
    const char* equals = std::strchr(*e, '=');
    if (!equals) continue;
    Ref<Bytes> name = bytes_from({*e, static_cast<size_t>(equals - *e)}), value = bytes_from(equals + 1);
    if (!name || !value || !dict_set(environment.get(), name.value(), value.value())) return false;
  }
  Ref<Dict> sysconf_names = dict_new();
  for (const NamedNumber* n = kSysconfNames; sysconf_names && n->name; ++n) {
    if (!dict_set_text(sysconf_names.get(), n->name, Value::small_int(n->number))) return false;
  }
  return module_add(m, "environ", std::move(environment)) && module_add(m, "sysconf_names", std::move(sysconf_names)) &&
         module_add(m, "error", Ref<>::retain(Value::object(exc::OSError))) && module_add_structseq(m, &g_uname, &kUnameDef) &&
         module_add_structseq(m, &g_times, &kTimesDef) && module_add_structseq(m, &g_sched_param, &kSchedDef);
}

const NativeDef kProcessFunctions[] = {
    {"getpid", "()", id_of<getpid>, "Return the current process id."},
    {"getppid", "()", id_of<getppid>, "Return the parent's process id."},
    {"getuid", "()", id_of<getuid>, "Return the current process's user id."},
    {"geteuid", "()", id_of<geteuid>, "Return the current process's effective user id."},
    {"getgid", "()", id_of<getgid>, "Return the current process's group id."},
    {"getegid", "()", id_of<getegid>, "Return the current process's effective group id."},
    {"getpgrp", "()", id_of<getpgrp>, "Return the current process group id."},
    {"setuid", "(uid, /)", set_id<setuid>, "Set the current process's user id."},
    {"seteuid", "(euid, /)", set_id<seteuid>, "Set the current process's effective user id."},
    {"setgid", "(gid, /)", set_id<setgid>, "Set the current process's group id."},
    {"setegid", "(egid, /)", set_id<setegid>, "Set the current process's effective group id."},
    {"getlogin", "()", posix_getlogin, "Return the actual login name."},
    {"getgroups", "()", posix_getgroups, "Return list of supplemental group IDs for the process."},
    {"getpgid", "(pid)", posix_getpgid, "Call the system call getpgid(), and return the result."},
    {"setpgid", "(pid, pgrp, /)", posix_setpgid, "Call the system call setpgid(pid, pgrp)."},
    {"setpgrp", "()", posix_setpgrp, "Make the current process the leader of its process group."},
    {"getsid", "(pid, /)", posix_getsid, "Call the system call getsid(pid) and return the result."},
    {"setsid", "()", posix_setsid, "Call the system call setsid()."},
    {"tcgetpgrp", "(fd, /)", posix_tcgetpgrp, "Return the process group associated with the terminal."},
    {"nice", "(increment, /)", posix_nice, "Add increment to the priority of process and return the new priority."},
    {"getpriority", "(which, who)", posix_getpriority, "Return program scheduling priority."},
    {"setpriority", "(which, who, priority)", posix_setpriority, "Set program scheduling priority."},
    {"uname", "()", posix_uname, "Return an object identifying the current operating system."},
    {"times", "()", posix_times, "Return a collection containing process timing information."},
    {"cpu_count", "()", posix_cpu_count, "Return the number of CPUs in the system; return None if indeterminable."},
    {"getloadavg", "()", posix_getloadavg, "Return average recent system load information."},
    {"sched_yield", "()", posix_sched_yield, "Voluntarily relinquish the CPU."},
    {"sched_getaffinity", "(pid, /)", posix_sched_getaffinity,
     "Return the affinity of the process identified by pid (or the current process if zero)."},
    {"sched_setaffinity", "(pid, mask, /)", posix_sched_setaffinity,
     "Set the CPU affinity of the process identified by pid to mask."},
    {"putenv", "(name, value, /)", posix_putenv, "Change or add an environment variable."},
    {"unsetenv", "(name, /)", posix_unsetenv, "Delete an environment variable."},
    {"_exit", "(status)", posix_exit, "Exit to the system with specified status, without normal exit processing."},
    {"abort", "()", posix_abort, "Abort the interpreter immediately."},
    {"kill", "(pid, signal, /)", posix_kill, "Kill a process with a signal."},
    {"killpg", "(pgid, signal, /)", posix_killpg, "Kill a process group with a signal."},
    {"execv", "(path, argv, /)", posix_execv, "Execute an executable path with arguments, replacing current process."},
    {"execve", "(path, argv, env)", posix_execve, "Execute an executable path with arguments, replacing current process."},
    {"system", "(command)", posix_system, "Execute the command in a subshell."},
    {"strerror", "(code, /)", posix_strerror, "Translate an error code to a message string."},
    {"sysconf", "(name, /)", posix_sysconf, "Return an integer-valued system configuration variable."},
    {}};

}  // namespace pt::posix
