// The posix module: what os is made of.
#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vm/modules/posix/posix_internal.h"
#include "vm/types/list.h"

namespace pt {

namespace posix {
#define C(name) {#name, name}
const IntConstant kConstants[] = {C(F_OK),
                                  C(R_OK),
                                  C(W_OK),
                                  C(X_OK),
                                  C(O_RDONLY),
                                  C(O_WRONLY),
                                  C(O_RDWR),
                                  C(O_NDELAY),
                                  C(O_NONBLOCK),
                                  C(O_APPEND),
                                  C(O_DSYNC),
                                  C(O_RSYNC),
                                  C(O_SYNC),
                                  C(O_NOCTTY),
                                  C(O_CREAT),
                                  C(O_EXCL),
                                  C(O_TRUNC),
                                  C(O_LARGEFILE),
                                  C(O_PATH),
                                  C(O_TMPFILE),
                                  C(O_CLOEXEC),
                                  C(O_ACCMODE),
                                  C(O_ASYNC),
                                  C(O_DIRECT),
                                  C(O_DIRECTORY),
                                  C(O_NOFOLLOW),
                                  C(O_NOATIME),
                                  C(WNOHANG),
                                  C(WUNTRACED),
                                  C(WCONTINUED),
                                  C(WEXITED),
                                  C(WSTOPPED),
                                  C(WNOWAIT),
                                  C(P_PID),
                                  C(P_PGID),
                                  C(P_ALL),
                                  C(P_PIDFD),
                                  C(CLD_CONTINUED),
                                  C(CLD_DUMPED),
                                  C(CLD_EXITED),
                                  C(CLD_KILLED),
                                  C(CLD_STOPPED),
                                  C(CLD_TRAPPED),
                                  C(O_FSYNC),
                                  {"EX_OK", 0},
                                  {"EX_USAGE", 64},
                                  {"EX_DATAERR", 65},
                                  {"EX_NOINPUT", 66},
                                  {"EX_NOUSER", 67},
                                  {"EX_NOHOST", 68},
                                  {"EX_UNAVAILABLE", 69},
                                  {"EX_SOFTWARE", 70},
                                  {"EX_OSERR", 71},
                                  {"EX_OSFILE", 72},
                                  {"EX_CANTCREAT", 73},
                                  {"EX_IOERR", 74},
                                  {"EX_TEMPFAIL", 75},
                                  {"EX_PROTOCOL", 76},
                                  {"EX_NOPERM", 77},
                                  {"EX_CONFIG", 78},
                                  C(SEEK_DATA),
                                  C(SEEK_HOLE),
                                  C(PRIO_PROCESS),
                                  C(PRIO_PGRP),
                                  C(PRIO_USER),
                                  C(SCHED_OTHER),
                                  C(SCHED_FIFO),
                                  C(SCHED_RR),
                                  C(SCHED_BATCH),
                                  C(SCHED_IDLE),
                                  C(F_LOCK),
                                  C(F_ULOCK),
                                  C(F_TLOCK),
                                  C(F_TEST),
                                  C(GRND_RANDOM),
                                  C(GRND_NONBLOCK),
                                  C(ST_RDONLY),
                                  C(ST_NOSUID),
                                  C(ST_NODEV),
                                  C(ST_NOEXEC),
                                  C(ST_SYNCHRONOUS),
                                  C(ST_MANDLOCK),
                                  C(ST_WRITE),
                                  C(ST_APPEND),
                                  C(ST_NOATIME),
                                  C(ST_NODIRATIME),
                                  C(ST_RELATIME),
                                  C(RTLD_LAZY),
                                  C(RTLD_NOW),
                                  C(RTLD_GLOBAL),
                                  C(RTLD_LOCAL),
                                  C(RTLD_NODELETE),
                                  C(RTLD_NOLOAD),
                                  C(RTLD_DEEPBIND),
                                  {"TMP_MAX", 238328},
                                  {"NGROUPS_MAX", 65536},
                                  C(POSIX_FADV_NORMAL),
                                  C(POSIX_FADV_RANDOM),
                                  C(POSIX_FADV_SEQUENTIAL),
                                  C(POSIX_FADV_WILLNEED),
                                  C(POSIX_FADV_NOREUSE),
                                  C(POSIX_FADV_DONTNEED),
                                  {}};
#undef C
}  // namespace posix

namespace {
bool add_functions(Module* m, const NativeDef* functions) {
  Value name = Value::object(intern("posix"));
  for (const NativeDef* def = functions; def->name; ++def) {
    Ref<> f = native_function_new(def, Value::object(m), name);
    if (!f) return false;
    make_deferred(f.value().as_object());
    if (!module_add(m, def->name, std::move(f))) return false;
  }
  return true;
}
// What os.supports_* look at.
const char* const kHave[] = {"HAVE_FACCESSAT",  "HAVE_FCHDIR",   "HAVE_FCHMOD",    "HAVE_FCHMODAT", "HAVE_FCHOWN",
                             "HAVE_FCHOWNAT",   "HAVE_FEXECVE",  "HAVE_FDOPENDIR", "HAVE_FSTATAT",  "HAVE_FSTATVFS",
                             "HAVE_FTRUNCATE",  "HAVE_FUTIMENS", "HAVE_LINKAT",    "HAVE_LCHOWN",   "HAVE_LSTAT",
                             "HAVE_LUTIMES",    "HAVE_MKDIRAT",  "HAVE_MKFIFOAT",  "HAVE_MKNODAT",  "HAVE_OPENAT",
                             "HAVE_READLINKAT", "HAVE_RENAMEAT", "HAVE_SYMLINKAT", "HAVE_UNLINKAT", "HAVE_UTIMENSAT"};
bool execute(Module* m) {
  if (!add_functions(m, posix::kDirectoryFunctions) || !add_functions(m, posix::kProcessFunctions) || !posix::prepare_fork() ||
      !add_functions(m, posix::kForkFunctions) || !add_functions(m, posix::kWaitFunctions) ||
      !add_functions(m, posix::kExtendedFunctions) || !add_functions(m, posix::kSpawnFunctions) ||
      !posix::add_extended_constants(m) || !posix::add_spawn_constants(m) || !module_add_ints(m, posix::kConstants) ||
      !posix::add_stat_types(m) || !posix::add_directory_types(m) || !posix::add_process_types(m) || !posix::add_wait_types(m)) {
    return false;
  }
  Ref<List> have = list_new();
  for (const char* name : kHave) {
    if (!have || !list_append(have.get(), Ref<>::retain(Value::object(intern(name))))) return false;
  }
  return module_add(m, "_have_functions", std::move(have));
}
}  // namespace

extern const NativeModule posix_module;
const NativeModule posix_module = {
    "posix",
    "This module provides access to operating system functionality that is\nstandardized by the C Standard and the POSIX "
    "standard (a thinly\ndisguised Unix interface).  Refer to the library manual and\ncorresponding Unix manual entries for "
    "more information on calls.",
    posix::kFileFunctions, execute};

}  // namespace pt
