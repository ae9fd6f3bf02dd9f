// posix: waiting for child processes.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vm/modules/posix/posix_internal.h"
#include "vm/modules/resource/rusage.h"
#include "vm/types/int.h"
#include "vm/types/structseq.h"
#include "vm/types/tuple.h"

namespace pt::posix {
namespace {

constinit StructSeqType g_waitid = {};
const StructSeqField kWaitidFields[] = {{"si_pid"}, {"si_uid"}, {"si_signo"}, {"si_status"}, {"si_code"}, {}};
const StructSeqDef kWaitidDef = {"posix.waitid_result", "waitid_result: Result from waitid.", kWaitidFields, 5};

Ref<> wait_result(pid_t pid, int status) {
  if (pid < 0) return raise_os_error();
  return tuple_of({Value::small_int(pid), Value::small_int(status)});
}
Ref<> posix_wait(const Value*) {
  int status = 0;
  pid_t pid = blocking([&] { return wait(&status); });
  return wait_result(pid, status);
}
Ref<> posix_waitpid(const Value* a) {
  int wanted, options, status = 0;
  if (!to_cint(a[0], &wanted) || !to_cint(a[1], &options)) return Ref<>();
  pid_t pid = blocking([&] { return waitpid(wanted, &status, options); });
  return wait_result(pid, status);
}
Ref<> with_usage(pid_t pid, int status, const rusage& usage) {
  if (pid < 0) return raise_os_error();
  Ref<> used = rusage_object(usage);
  return used ? Ref<>(tuple_of({Value::small_int(pid), Value::small_int(status), used.value()})) : Ref<>();
}
Ref<> posix_wait3(const Value* a) {
  int options, status = 0;
  rusage usage = {};
  if (!to_cint(a[0], &options)) return Ref<>();
  pid_t pid = blocking([&] { return wait3(&status, options, &usage); });
  return with_usage(pid, status, usage);
}
Ref<> posix_wait4(const Value* a) {
  int wanted, options, status = 0;
  rusage usage = {};
  if (!to_cint(a[0], &wanted) || !to_cint(a[1], &options)) return Ref<>();
  pid_t pid = blocking([&] { return wait4(wanted, &status, options, &usage); });
  return with_usage(pid, status, usage);
}
Ref<> posix_waitid(const Value* a) {
  int kind, id, options;
  if (!to_cint(a[0], &kind) || !to_cint(a[1], &id) || !to_cint(a[2], &options)) return Ref<>();
  siginfo_t info = {};
  int result = blocking([&] { return waitid(static_cast<idtype_t>(kind), static_cast<id_t>(id), &info, options); });
  if (result < 0) return raise_os_error();
  if (info.si_pid == 0) return none_ref();
  const Value values[] = {Value::small_int(info.si_pid), Value::small_int(info.si_uid), Value::small_int(info.si_signo),
                          Value::small_int(info.si_status), Value::small_int(info.si_code)};
  return structseq_new(&g_waitid, values, 5);
}
template <int (*Test)(int)>
Ref<> status_number(const Value* a) {
  int status;
  return to_cint(a[0], &status) ? int_from_int64(Test(status)) : Ref<>();
}
template <int (*Test)(int)>
Ref<> status_flag(const Value* a) {
  int status;
  return to_cint(a[0], &status) ? bool_ref(Test(status)) : Ref<>();
}
int exit_status(int s) { return WEXITSTATUS(s); }
int term_signal(int s) { return WTERMSIG(s); }
int stop_signal(int s) { return WSTOPSIG(s); }
int if_exited(int s) { return WIFEXITED(s); }
int if_signaled(int s) { return WIFSIGNALED(s); }
int if_stopped(int s) { return WIFSTOPPED(s); }
int if_continued(int s) { return WIFCONTINUED(s); }
int core_dump(int s) { return WCOREDUMP(s); }
Ref<> posix_waitstatus_to_exitcode(const Value* a) {
  int s;
  if (!to_cint(a[0], &s)) return Ref<>();
  if (WIFEXITED(s)) return int_from_int64(WEXITSTATUS(s));
  if (WIFSIGNALED(s)) return int_from_int64(-WTERMSIG(s));
  if (WIFSTOPPED(s)) return raise(exc::ValueError, "process stopped by delivery of signal %d", WSTOPSIG(s));
  return raise(exc::ValueError, "invalid wait status: %d", s);
}

}  // namespace

bool add_wait_types(Module* m) { return module_add_structseq(m, &g_waitid, &kWaitidDef); }

const NativeDef kWaitFunctions[] = {
    {"wait3", "(options)", posix_wait3, "Wait for completion of a child process."},
    {"wait4", "(pid, options)", posix_wait4, "Wait for completion of a specific child process."},
    {"waitid", "(idtype, id, options, /)", posix_waitid, "Returns the result of waiting for a process or processes."},
    {"wait", "()", posix_wait, "Wait for completion of a child process."},
    {"waitpid", "(pid, options, /)", posix_waitpid, "Wait for completion of a given child process."},
    {"WEXITSTATUS", "(status)", status_number<exit_status>, "Return the process return code from status."},
    {"WTERMSIG", "(status)", status_number<term_signal>,
     "Return the signal that terminated the process that provided the status value."},
    {"WSTOPSIG", "(status)", status_number<stop_signal>,
     "Return the signal that stopped the process that provided the status value."},
    {"WIFEXITED", "(status)", status_flag<if_exited>,
     "Return True if the process returning status exited via the exit() system call."},
    {"WIFSIGNALED", "(status)", status_flag<if_signaled>,
     "Return True if the process returning status was terminated by a signal."},
    {"WIFSTOPPED", "(status)", status_flag<if_stopped>, "Return True if the process returning status was stopped."},
    {"WIFCONTINUED", "(status)", status_flag<if_continued>,
     "Return True if a particular process was continued from a job control stop."},
    {"WCOREDUMP", "(status, /)", status_flag<core_dump>,
     "Return True if the process returning status was dumped to a core file."},
    {"waitstatus_to_exitcode", "(status)", posix_waitstatus_to_exitcode, "Convert a wait status to an exit code."},
    {}};

}  // namespace pt::posix
