// The resource module.
#include <sys/resource.h>
#include <unistd.h>

#include "vm/modules/resource/rusage.h"
#include "vm/modules/support/arguments.h"
#include "vm/modules/sys/sys.h"
#include "vm/object/module.h"
#include "vm/types/dict.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/structseq.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

constinit StructSeqType g_rusage = {};
const StructSeqField kFields[] = {{"ru_utime", "user time used"},
                                  {"ru_stime", "system time used"},
                                  {"ru_maxrss", "max. resident set size"},
                                  {"ru_ixrss", "shared memory size"},
                                  {"ru_idrss", "unshared data size"},
                                  {"ru_isrss", "unshared stack size"},
                                  {"ru_minflt", "page faults not requiring I/O"},
                                  {"ru_majflt", "page faults requiring I/O"},
                                  {"ru_nswap", "number of swap outs"},
                                  {"ru_inblock", "block input operations"},
                                  {"ru_oublock", "block output operations"},
                                  {"ru_msgsnd", "IPC messages sent"},
                                  {"ru_msgrcv", "IPC messages received"},
                                  {"ru_nsignals", "signals received"},
                                  {"ru_nvcsw", "voluntary context switches"},
                                  {"ru_nivcsw", "involuntary context switches"},
                                  {}};
const StructSeqDef kDef = {"resource.struct_rusage",
                           "struct_rusage: Result from getrusage.\n\nThe fields may be read by name or, in this order, by index.",
                           kFields, 16};

// An argument of setrlimit: -1 and RLIM_INFINITY are the same.
bool to_limit(Value v, rlim_t* out) {
  int64_t number;
  if (!to_int64(v, &number)) return false;
  *out = static_cast<rlim_t>(number);
  return true;
}
Ref<> limits(const rlimit& limit) {
  Ref<> soft = int_from_int64(static_cast<int64_t>(limit.rlim_cur)), hard = int_from_int64(static_cast<int64_t>(limit.rlim_max));
  return tuple_of({soft.value(), hard.value()});
}
bool to_resource(Value v, int* out) {
  if (!to_cint(v, out)) return false;
  if (*out < 0 || *out >= RLIM_NLIMITS) return raise(exc::ValueError, "invalid resource specified");
  return true;
}
bool read_limits(Value v, rlimit* out) {
  Ref<Tuple> pair = tuple_from_iterable(v);
  if (!pair) return false;
  if (pair->length != 2) return raise(exc::ValueError, "expected a tuple of 2 integers");
  return to_limit(pair->at(0), &out->rlim_cur) && to_limit(pair->at(1), &out->rlim_max);
}
Raised raise_limit_error() {
  if (errno == EINVAL) return raise(exc::ValueError, "current limit exceeds maximum limit");
  if (errno == EPERM) return raise(exc::ValueError, "not allowed to raise maximum limit");
  return raise_os_error();
}

Ref<> resource_getrusage(const Value* a) {
  int who;
  rusage usage;
  if (!to_cint(a[0], &who)) return Ref<>();
  if (getrusage(static_cast<__rusage_who_t>(who), &usage) < 0) {
    if (errno == EINVAL) return raise(exc::ValueError, "invalid who parameter");
    return raise_os_error();
  }
  return rusage_object(usage);
}
Ref<> resource_getrlimit(const Value* a) {
  int which;
  rlimit limit;
  if (!to_resource(a[0], &which)) return Ref<>();
  if (getrlimit(static_cast<__rlimit_resource_t>(which), &limit) < 0) return raise_os_error();
  return limits(limit);
}
Ref<> resource_setrlimit(const Value* a) {
  int which;
  rlimit limit;
  if (!to_resource(a[0], &which) || !audit("resource.setrlimit", {a[0], a[1]}) || !read_limits(a[1], &limit)) return Ref<>();
  if (setrlimit(static_cast<__rlimit_resource_t>(which), &limit) < 0) return raise_limit_error();
  return none_ref();
}
Ref<> resource_prlimit(const Value* a) {
  int pid, which;
  rlimit fresh, old;
  if (!to_cint(a[0], &pid) || !to_resource(a[1], &which)) return Ref<>();
  if (!audit("resource.prlimit", {a[0], a[1], a[2].empty() ? none() : a[2]})) return Ref<>();
  if (given(a[2]) && !read_limits(a[2], &fresh)) return Ref<>();
  if (prlimit(pid, static_cast<enum __rlimit_resource>(which), given(a[2]) ? &fresh : nullptr, &old) < 0) {
    if (errno == EINVAL) return raise(exc::ValueError, "current limit exceeds maximum limit");
    return raise_os_error();
  }
  return limits(old);
}
Ref<> resource_getpagesize(const Value*) { return int_from_int64(sysconf(_SC_PAGESIZE)); }

const NativeDef kFunctions[] = {{"getrusage", "(who, /)", resource_getrusage},
                                {"getrlimit", "(resource, /)", resource_getrlimit},
                                {"setrlimit", "(resource, limits, /)", resource_setrlimit},
                                {"prlimit", "(pid, resource, limits=None, /)", resource_prlimit},
                                {"getpagesize", "()", resource_getpagesize},
                                {}};
#define C(name) {#name, static_cast<int64_t>(name)}
const IntConstant kConstants[] = {C(RLIMIT_CPU),        C(RLIMIT_FSIZE),   C(RLIMIT_DATA),
                                  C(RLIMIT_STACK),      C(RLIMIT_CORE),    C(RLIMIT_NOFILE),
                                  C(RLIMIT_OFILE),      C(RLIMIT_AS),      C(RLIMIT_RSS),
                                  C(RLIMIT_NPROC),      C(RLIMIT_MEMLOCK), C(RLIMIT_MSGQUEUE),
                                  C(RLIMIT_NICE),       C(RLIMIT_RTPRIO),  C(RLIMIT_RTTIME),
                                  C(RLIMIT_SIGPENDING), C(RUSAGE_SELF),    C(RUSAGE_CHILDREN),
                                  C(RUSAGE_THREAD),     C(RLIM_INFINITY),  {}};
#undef C

}  // namespace

Ref<> rusage_object(const rusage& usage) {
  if (!init_structseq(&g_rusage, &kDef)) return Ref<>();
  auto seconds = [](const timeval& t) {
    return float_from_double(static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6);
  };
  Ref<> user = seconds(usage.ru_utime), system = seconds(usage.ru_stime);
  const long counts[] = {usage.ru_maxrss, usage.ru_ixrss,    usage.ru_idrss,   usage.ru_isrss,   usage.ru_minflt,
                         usage.ru_majflt, usage.ru_nswap,    usage.ru_inblock, usage.ru_oublock, usage.ru_msgsnd,
                         usage.ru_msgrcv, usage.ru_nsignals, usage.ru_nvcsw,   usage.ru_nivcsw};
  Value values[16] = {user.value(), system.value()};
  for (int i = 0; i < 14; ++i) values[i + 2] = Value::small_int(counts[i]);
  return structseq_new(&g_rusage, values, 16);
}

extern const NativeModule resource_module;
const NativeModule resource_module = {"resource", nullptr, kFunctions, [](Module* module) {
                                        return dict_set_text(module_dict(module), "error", Value::object(exc::OSError)) &&
                                               module_add_structseq(module, &g_rusage, &kDef) &&
                                               module_add_ints(module, kConstants);
                                      }};
}  // namespace pt
