// posix: system calls that few programs use: vectors of buffers, event and memory descriptors, extended attributes, pseudo-
// terminals, real and saved ids, schedulers, limits of files.
#include <fcntl.h>
#include <grp.h>
#include <linux/memfd.h>
#include <pty.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utmp.h>

#include <climits>
#include <cstdio>
#include <memory>
#include <vector>

#include "vm/modules/posix/posix_internal.h"
#include "vm/modules/sys/sys.h"
#include "vm/object/buffer.h"
#include "vm/types/dict.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/structseq.h"
#include "vm/types/tuple.h"

namespace pt::posix {
namespace {

// ---- vectors of buffers -----------------------------------------------------------------------------------------------------

class Vectors {
 public:
  ~Vectors() {
    for (Buffer& view : views_) release_buffer(&view);
  }
  bool fill(Value sequence, int flags, const char* function) {
    if (!is_list(sequence) && !is_tuple(sequence) && !type_of(sequence)->slots.get_item) {
      return raise(exc::TypeError, "%s() arg 2 must be a sequence", function);
    }
    Ref<Tuple> items = tuple_from_iterable(sequence);
    if (!items) return false;
    views_.reserve(static_cast<size_t>(items->length));
    for (int64_t i = 0; i < items->length; ++i) {
      Buffer view;
      if (!get_buffer(items->at(i), &view, flags)) return false;
      vectors_.push_back({view.data, static_cast<size_t>(view.length)});
      views_.push_back(std::move(view));
    }
    return true;
  }
  iovec* data() { return vectors_.data(); }
  int size() const { return static_cast<int>(vectors_.size()); }

 private:
  std::vector<Buffer> views_;
  std::vector<iovec> vectors_;
};
Ref<> count_or_error(ssize_t n) { return n < 0 ? Ref<>(raise_os_error()) : int_from_int64(n); }
Ref<> posix_readv(const Value* a) {
  int fd;
  Vectors v;
  if (!to_cint(a[0], &fd) || !v.fill(a[1], kBufferWritable, "readv")) return Ref<>();
  return count_or_error(blocking([&] { return readv(fd, v.data(), v.size()); }));
}
Ref<> posix_writev(const Value* a) {
  int fd;
  Vectors v;
  if (!to_cint(a[0], &fd) || !v.fill(a[1], kBufferSimple, "writev")) return Ref<>();
  return count_or_error(blocking([&] { return writev(fd, v.data(), v.size()); }));
}
Ref<> posix_preadv(const Value* a) {
  int fd, flags = 0;
  int64_t offset;
  Vectors v;
  if (!to_cint(a[0], &fd) || !v.fill(a[1], kBufferWritable, "preadv2") || !to_int64(a[2], &offset) || !to_cint(a[3], &flags))
    return Ref<>();
  return count_or_error(blocking([&] { return preadv2(fd, v.data(), v.size(), offset, flags); }));
}
Ref<> posix_pwritev(const Value* a) {
  int fd, flags = 0;
  int64_t offset;
  Vectors v;
  if (!to_cint(a[0], &fd) || !v.fill(a[1], kBufferSimple, "pwritev2") || !to_int64(a[2], &offset) || !to_cint(a[3], &flags))
    return Ref<>();
  return count_or_error(blocking([&] { return pwritev2(fd, v.data(), v.size(), offset, flags); }));
}
Ref<> posix_splice(const Value* a) {
  int from, to, flags = 0;
  int64_t count, from_offset = 0, to_offset = 0;
  if (!to_cint(a[0], &from) || !to_cint(a[1], &to) || !to_size(a[2], &count) || (given(a[3]) && !to_int64(a[3], &from_offset)) ||
      (given(a[4]) && !to_int64(a[4], &to_offset)) || !to_cint(a[5], &flags)) {
    return Ref<>();
  }
  if (count < 0) return raise(exc::ValueError, "count cannot be negative");
  return count_or_error(blocking([&] {
    return splice(from, given(a[3]) ? &from_offset : nullptr, to, given(a[4]) ? &to_offset : nullptr, static_cast<size_t>(count),
                  static_cast<unsigned>(flags));
  }));
}
Ref<> posix_fadvise_function(const Value* a) {
  int fd, advice;
  int64_t offset, length;
  if (!to_cint(a[0], &fd) || !to_int64(a[1], &offset) || !to_int64(a[2], &length) || !to_cint(a[3], &advice)) return Ref<>();
  errno = posix_fadvise(fd, offset, length, advice);
  return errno ? Ref<>(raise_os_error()) : none_ref();
}
Ref<> posix_fallocate_function(const Value* a) {
  int fd;
  int64_t offset, length;
  if (!to_cint(a[0], &fd) || !to_int64(a[1], &offset) || !to_int64(a[2], &length)) return Ref<>();
  int error = blocking([&] { return posix_fallocate(fd, offset, length); });
  errno = error;
  return error ? Ref<>(raise_os_error()) : none_ref();
}

// ---- descriptors for events, memory, processes --------------------------------------------------------------------------------

Ref<> posix_eventfd(const Value* a) {
  unsigned initial;
  int flags = EFD_CLOEXEC;
  if (!to_cuint(a[0], &initial) || !to_cint(a[1], &flags)) return Ref<>();
  int fd = eventfd(initial, flags);
  return fd < 0 ? Ref<>(raise_os_error()) : int_from_int64(fd);
}
Ref<> posix_eventfd_read(const Value* a) {
  int fd;
  eventfd_t value;
  if (!to_cint(a[0], &fd)) return Ref<>();
  return blocking([&] { return eventfd_read(fd, &value); }) < 0 ? Ref<>(raise_os_error()) : int_from_uint64(value);
}
Ref<> posix_eventfd_write(const Value* a) {
  int fd;
  uint64_t value;
  if (!to_cint(a[0], &fd) || !to_culong(a[1], &value)) return Ref<>();
  return none_or_error(blocking([&] { return eventfd_write(fd, value); }));
}
Ref<> posix_memfd_create(const Value* a) {
  Ref<Bytes> name = fs_encode(a[0]);
  unsigned flags = MFD_CLOEXEC;
  if (!name || !to_cuint(a[1], &flags)) return Ref<>();
  int fd = memfd_create(reinterpret_cast<char*>(name->data), flags);
  return fd < 0 ? Ref<>(raise_os_error()) : int_from_int64(fd);
}
Ref<> posix_pidfd_open(const Value* a) {
  int pid;
  unsigned flags = 0;
  if (!to_cint(a[0], &pid) || !to_cuint(a[1], &flags)) return Ref<>();
  long fd = syscall(SYS_pidfd_open, pid, flags);
  return fd < 0 ? Ref<>(raise_os_error()) : int_from_int64(fd);
}

// ---- extended attributes ------------------------------------------------------------------------------------------------------

bool attribute_target(const Value* a, Value follow_value, const char* function, PathArgument* path, bool* follow) {
  if (!path->convert(a[0], function, "path", PathArgument::kDescriptor) || !keyword_flag(follow_value, true, follow))
    return false;
  if (path->is_descriptor() && !*follow) {
    return raise(exc::ValueError, "%s: cannot use fd and follow_symlinks together", function);
  }
  return true;
}
Ref<> posix_getxattr(const Value* a) {
  PathArgument path;
  bool follow;
  Ref<Bytes> name = fs_encode(a[1]);
  if (!name || !attribute_target(a, a[2], "getxattr", &path, &follow) || !audit("os.getxattr", {path.object(), a[1]}))
    return Ref<>();
  const char* attribute = reinterpret_cast<char*>(name->data);
  for (size_t size : {size_t{128}, size_t{XATTR_SIZE_MAX}}) {
    std::unique_ptr<char[]> buffer(new (std::nothrow) char[size]);
    if (!buffer) return raise_no_memory();
    ssize_t got;
    {
      Detached detached;
      got = path.is_descriptor() ? fgetxattr(path.descriptor(), attribute, buffer.get(), size)
            : follow             ? getxattr(path.c_str(), attribute, buffer.get(), size)
                                 : lgetxattr(path.c_str(), attribute, buffer.get(), size);
    }
    if (got >= 0) return bytes_from({buffer.get(), static_cast<size_t>(got)});
    if (errno != ERANGE) break;
  }
  return raise_os_error(path.object());
}
Ref<> posix_setxattr(const Value* a) {
  PathArgument path;
  bool follow;
  int flags = 0, result;
  Ref<Bytes> name = fs_encode(a[1]);
  if (!name || !to_cint(a[3], &flags) || !attribute_target(a, a[4], "setxattr", &path, &follow)) return Ref<>();
  BufferView view(a[2]);
  if (!view.ok() || !audit("os.setxattr", {path.object(), a[1], a[2], Value::small_int(flags)})) return Ref<>();
  const char* attribute = reinterpret_cast<char*>(name->data);
  {
    Detached detached;
    auto size = static_cast<size_t>(view.size());
    result = path.is_descriptor() ? fsetxattr(path.descriptor(), attribute, view.data(), size, flags)
             : follow             ? setxattr(path.c_str(), attribute, view.data(), size, flags)
                                  : lsetxattr(path.c_str(), attribute, view.data(), size, flags);
  }
  return none_or_error(result, path.object());
}
Ref<> posix_removexattr(const Value* a) {
  PathArgument path;
  bool follow;
  int result;
  Ref<Bytes> name = fs_encode(a[1]);
  if (!name || !attribute_target(a, a[2], "removexattr", &path, &follow) || !audit("os.removexattr", {path.object(), a[1]}))
    return Ref<>();
  const char* attribute = reinterpret_cast<char*>(name->data);
  {
    Detached detached;
    result = path.is_descriptor() ? fremovexattr(path.descriptor(), attribute)
             : follow             ? removexattr(path.c_str(), attribute)
                                  : lremovexattr(path.c_str(), attribute);
  }
  return none_or_error(result, path.object());
}
Ref<> posix_listxattr(const Value* a) {
  PathArgument path;
  bool follow;
  const Value target[] = {a[0].empty() || is_none(a[0]) ? Value::object(intern(".")) : a[0]};
  if (!attribute_target(target, a[1], "listxattr", &path, &follow) || !audit("os.listxattr", {path.object()})) return Ref<>();
  for (size_t size : {size_t{256}, size_t{XATTR_LIST_MAX}}) {
    std::unique_ptr<char[]> buffer(new (std::nothrow) char[size]);
    if (!buffer) return raise_no_memory();
    ssize_t got;
    {
      Detached detached;
      got = path.is_descriptor() ? flistxattr(path.descriptor(), buffer.get(), size)
            : follow             ? listxattr(path.c_str(), buffer.get(), size)
                                 : llistxattr(path.c_str(), buffer.get(), size);
    }
    if (got < 0) {
      if (errno == ERANGE) continue;
      break;
    }
    Ref<List> names = list_new();
    for (ssize_t at = 0; names && at < got;) {
      std::string_view name(buffer.get() + at);
      Ref<Str> text = fs_decode(name);
      if (!text || !list_append(names.get(), std::move(text))) return Ref<>();
      at += static_cast<ssize_t>(name.size()) + 1;
    }
    return names;
  }
  return raise_os_error(path.object());
}

// ---- terminals
// ------------------------------------------------------------------------------------------------------------------

Ref<> posix_openpty(const Value*) {
  int master, slave;
  if (openpty(&master, &slave, nullptr, nullptr, nullptr) < 0) return raise_os_error();
  fcntl(master, F_SETFD, FD_CLOEXEC);
  fcntl(slave, F_SETFD, FD_CLOEXEC);
  return tuple_of({Value::small_int(master), Value::small_int(slave)});
}
Ref<> posix_login_tty(const Value* a) {
  int fd;
  return to_descriptor(a[0], &fd) ? none_or_error(login_tty(fd)) : Ref<>();
}
Ref<> posix_tcsetpgrp(const Value* a) {
  int fd, group;
  return to_cint(a[0], &fd) && to_cint(a[1], &group) ? none_or_error(tcsetpgrp(fd, group)) : Ref<>();
}
Ref<> posix_ctermid(const Value*) {
  char name[L_ctermid];
  return fs_decode(ctermid(name));
}
Ref<> posix_device_encoding(const Value* a) {
  int fd;
  if (!to_cint(a[0], &fd)) return Ref<>();
  return isatty(fd) ? Ref<>(str_from_ascii("UTF-8")) : none_ref();
}

// ---- users and groups
// -----------------------------------------------------------------------------------------------------------

// An id: -1 means "leave it".
bool to_id(Value v, unsigned* out, const char* what) {
  Ref<> number = index(v);
  if (!number) {
    if (clear_if(exc::TypeError)) return raise(exc::TypeError, "%s should be integer, not %T", what, v);
    return false;
  }
  int64_t wide;
  if (!int_to_int64(number.value(), &wide) || wide > UINT_MAX || wide < -1) {
    bool low = int_sign(number.value()) < 0;
    return raise(exc::OverflowError, low ? "%s is less than minimum" : "%s is greater than maximum", what);
  }
  *out = static_cast<unsigned>(wide);
  return true;
}
template <auto Function, bool kUsers>
Ref<> set_ids(const Value* a) {
  const char* what = kUsers ? "uid" : "gid";
  unsigned first, second, third = 0;
  if (!to_id(a[0], &first, what) || !to_id(a[1], &second, what)) return Ref<>();
  if constexpr (requires { Function(0u, 0u, 0u); }) {
    if (!to_id(a[2], &third, what)) return Ref<>();
    return none_or_error(Function(first, second, third));
  } else {
    (void)third;
    return none_or_error(Function(first, second));
  }
}
template <int (*Function)(unsigned*, unsigned*, unsigned*)>
Ref<> get_ids(const Value*) {
  unsigned first, second, third;
  if (Function(&first, &second, &third) < 0) return raise_os_error();
  return tuple_of({Value::small_int(first), Value::small_int(second), Value::small_int(third)});
}
Ref<> posix_setgroups(const Value* a) {
  std::vector<gid_t> groups;
  bool ok = for_each(a[0], [&](Value v) {
    unsigned id;
    if (!to_id(v, &id, "gid")) return false;
    groups.push_back(id);
    return true;
  });
  return ok ? none_or_error(setgroups(groups.size(), groups.data())) : Ref<>();
}
Ref<> posix_initgroups(const Value* a) {
  Ref<Bytes> name = fs_encode(a[0]);
  unsigned group;
  if (!name || !to_id(a[1], &group, "gid")) return Ref<>();
  return none_or_error(initgroups(reinterpret_cast<char*>(name->data), group));
}
Ref<> posix_getgrouplist(const Value* a) {
  Ref<Bytes> name = fs_encode(a[0]);
  unsigned base;
  if (!name || !to_id(a[1], &base, "gid")) return Ref<>();
  std::vector<gid_t> groups(64);
  int count = 64;
  while (getgrouplist(reinterpret_cast<char*>(name->data), base, groups.data(), &count) < 0 && groups.size() < 65536) {
    groups.resize(groups.size() * 4);
    count = static_cast<int>(groups.size());
  }
  Ref<List> list = list_new(count);
  for (int i = 0; list && i < count; ++i) {
    if (!list_append(list.get(), int_from_int64(groups[static_cast<size_t>(i)]))) return Ref<>();
  }
  return list;
}
Ref<> posix_fchown(const Value* a) {
  int fd;
  unsigned user, group;
  if (!to_cint(a[0], &fd) || !to_id(a[1], &user, "uid") || !to_id(a[2], &group, "gid")) return Ref<>();
  return none_or_error(blocking([&] { return fchown(fd, user, group); }));
}

// ---- scheduling
// -------------------------------------------------------------------------------------------------------------------

Ref<> scheduler_parameter(int priority) {
  Ref<> type = import_attribute("posix", "sched_param");
  return type ? call1(type.value(), Value::small_int(priority)) : Ref<>();
}
bool read_parameter(Value v, sched_param* out) {
  Ref<> type = import_attribute("posix", "sched_param");
  if (!type) return false;
  if (!is_instance_of(v, reinterpret_cast<Type*>(type.value().as_object())))
    return raise(exc::TypeError, "must have a sched_param object");
  int64_t priority;
  if (!to_int64(as_tuple(v)->at(0), &priority)) return false;
  if (priority > INT_MAX || priority < INT_MIN) return raise(exc::OverflowError, "sched_priority out of range");
  *out = {};
  out->sched_priority = static_cast<int>(priority);
  return true;
}
template <int (*Function)(int)>
Ref<> scheduler_number(const Value* a) {
  int argument;
  if (!to_cint(a[0], &argument)) return Ref<>();
  int result = Function(argument);
  return result < 0 ? Ref<>(raise_os_error()) : int_from_int64(result);
}
Ref<> posix_sched_getparam(const Value* a) {
  int pid;
  sched_param parameter;
  if (!to_cint(a[0], &pid)) return Ref<>();
  return sched_getparam(pid, &parameter) < 0 ? Ref<>(raise_os_error()) : scheduler_parameter(parameter.sched_priority);
}
Ref<> posix_sched_setparam(const Value* a) {
  int pid;
  sched_param parameter;
  if (!to_cint(a[0], &pid) || !read_parameter(a[1], &parameter)) return Ref<>();
  return none_or_error(sched_setparam(pid, &parameter));
}
Ref<> posix_sched_setscheduler(const Value* a) {
  int pid, policy;
  sched_param parameter;
  if (!to_cint(a[0], &pid) || !to_cint(a[1], &policy) || !read_parameter(a[2], &parameter)) return Ref<>();
  return none_or_error(sched_setscheduler(pid, policy, &parameter));
}
Ref<> posix_sched_rr_get_interval(const Value* a) {
  int pid;
  timespec interval;
  if (!to_cint(a[0], &pid)) return Ref<>();
  if (sched_rr_get_interval(pid, &interval) < 0) return raise_os_error();
  return float_from_double(static_cast<double>(interval.tv_sec) + 1e-9 * static_cast<double>(interval.tv_nsec));
}

// ---- limits
// -----------------------------------------------------------------------------------------------------------------------

#define N(name) {#name, _##name}
struct NamedNumber {
  const char* name;
  int number;
};
const NamedNumber kPathNames[] = {N(PC_ASYNC_IO),
                                  N(PC_CHOWN_RESTRICTED),
                                  N(PC_FILESIZEBITS),
                                  N(PC_LINK_MAX),
                                  N(PC_MAX_CANON),
                                  N(PC_MAX_INPUT),
                                  N(PC_NAME_MAX),
                                  N(PC_NO_TRUNC),
                                  N(PC_PATH_MAX),
                                  N(PC_PIPE_BUF),
                                  N(PC_PRIO_IO),
                                  N(PC_SOCK_MAXBUF),
                                  N(PC_SYNC_IO),
                                  N(PC_VDISABLE),
                                  N(PC_ALLOC_SIZE_MIN),
                                  N(PC_REC_INCR_XFER_SIZE),
                                  N(PC_REC_MAX_XFER_SIZE),
                                  N(PC_REC_MIN_XFER_SIZE),
                                  N(PC_REC_XFER_ALIGN),
                                  N(PC_SYMLINK_MAX),
                                  {}};
const NamedNumber kTextNames[] = {N(CS_GNU_LIBC_VERSION),
                                  N(CS_GNU_LIBPTHREAD_VERSION),
                                  N(CS_LFS_CFLAGS),
                                  N(CS_LFS_LDFLAGS),
                                  N(CS_LFS_LIBS),
                                  N(CS_LFS_LINTFLAGS),
                                  N(CS_LFS64_CFLAGS),
                                  N(CS_LFS64_LDFLAGS),
                                  N(CS_LFS64_LIBS),
                                  N(CS_LFS64_LINTFLAGS),
                                  N(CS_PATH),
                                  N(CS_XBS5_ILP32_OFF32_CFLAGS),
                                  N(CS_XBS5_LP64_OFF64_CFLAGS),
                                  N(CS_XBS5_LP64_OFF64_LDFLAGS),
                                  {}};
#undef N
bool find_name(Value v, const NamedNumber* names, int* out) {
  if (!is_str(v)) {
    if (is_int(v)) return to_cint(v, out);
    return raise(exc::TypeError, "configuration names must be strings or integers");
  }
  for (; names->name; ++names) {
    if (!as_str(v)->equals_ascii(names->name)) continue;
    *out = names->number;
    return true;
  }
  return raise(exc::ValueError, "unrecognized configuration name");
}
Ref<> posix_pathconf(const Value* a) {
  PathArgument path;
  int name;
  if (!path.convert(a[0], "pathconf", "path", PathArgument::kDescriptor) || !find_name(a[1], kPathNames, &name)) return Ref<>();
  errno = 0;
  long limit = path.is_descriptor() ? fpathconf(path.descriptor(), name) : pathconf(path.c_str(), name);
  if (limit == -1 && errno) return raise_os_error(path.object());
  return int_from_int64(limit);
}
Ref<> posix_fpathconf(const Value* a) {
  int fd, name;
  if (!to_cint(a[0], &fd) || !find_name(a[1], kPathNames, &name)) return Ref<>();
  errno = 0;
  long limit = fpathconf(fd, name);
  return limit == -1 && errno ? Ref<>(raise_os_error()) : int_from_int64(limit);
}
Ref<> posix_confstr(const Value* a) {
  int name;
  if (!find_name(a[0], kTextNames, &name)) return Ref<>();
  char buffer[4096];
  errno = 0;
  size_t size = confstr(name, buffer, sizeof buffer);
  if (size == 0) return errno ? Ref<>(raise_os_error()) : none_ref();
  return fs_decode(std::string_view(buffer, (size < sizeof buffer ? size : sizeof buffer) - 1));
}
bool add_names(Module* m, const char* attribute, const NamedNumber* names) {
  Ref<Dict> dict = dict_new();
  for (; dict && names->name; ++names) {
    if (!dict_set_text(dict.get(), names->name, Value::small_int(names->number))) return false;
  }
  return module_add(m, attribute, std::move(dict));
}

#define C(name) {#name, static_cast<int64_t>(name)}
const IntConstant kExtendedConstants[] = {C(EFD_CLOEXEC),
                                          C(EFD_NONBLOCK),
                                          C(EFD_SEMAPHORE),
                                          C(MFD_CLOEXEC),
                                          C(MFD_ALLOW_SEALING),
                                          C(MFD_HUGETLB),
                                          C(MFD_HUGE_SHIFT),
                                          C(MFD_HUGE_MASK),
                                          C(MFD_HUGE_64KB),
                                          C(MFD_HUGE_512KB),
                                          C(MFD_HUGE_1MB),
                                          C(MFD_HUGE_2MB),
                                          C(MFD_HUGE_8MB),
                                          C(MFD_HUGE_16MB),
                                          C(MFD_HUGE_32MB),
                                          C(MFD_HUGE_256MB),
                                          C(MFD_HUGE_512MB),
                                          C(MFD_HUGE_1GB),
                                          C(MFD_HUGE_2GB),
                                          C(MFD_HUGE_16GB),
                                          C(RWF_APPEND),
                                          C(RWF_DSYNC),
                                          C(RWF_HIPRI),
                                          C(RWF_NOWAIT),
                                          C(RWF_SYNC),
                                          {"SCHED_RESET_ON_FORK", 0x40000000},
                                          C(SPLICE_F_MORE),
                                          C(SPLICE_F_MOVE),
                                          C(SPLICE_F_NONBLOCK),
                                          C(XATTR_CREATE),
                                          C(XATTR_REPLACE),
                                          C(XATTR_SIZE_MAX),
                                          {}};
#undef C

}  // namespace

bool add_extended_constants(Module* m) {
  return module_add_ints(m, kExtendedConstants) && add_names(m, "pathconf_names", kPathNames) &&
         add_names(m, "confstr_names", kTextNames);
}

const NativeDef kExtendedFunctions[] = {
    {"readv", "(fd, buffers, /)", posix_readv, "Read from a file descriptor fd into an iterable of buffers."},
    {"writev", "(fd, buffers, /)", posix_writev, "Iterate over buffers, and write the contents of each to a file descriptor."},
    {"preadv", "(fd, buffers, offset, flags=0, /)", posix_preadv,
     "Reads from a file descriptor into a number of mutable bytes-like objects."},
    {"pwritev", "(fd, buffers, offset, flags=0, /)", posix_pwritev,
     "Writes the contents of bytes-like objects to a file descriptor at a given offset."},
    {"splice", "(src, dst, count, offset_src=None, offset_dst=None, flags=0)", posix_splice,
     "Transfer count bytes from one pipe to a descriptor or vice versa."},
    {"posix_fadvise", "(fd, offset, length, advice, /)", posix_fadvise_function,
     "Announce an intention to access data in a specific pattern."},
    {"posix_fallocate", "(fd, offset, length, /)", posix_fallocate_function,
     "Ensure a file has allocated at least a particular number of bytes on disk."},
    {"eventfd", "(initval, flags=524288)", posix_eventfd, "Creates and returns an event notification file descriptor."},
    {"eventfd_read", "(fd)", posix_eventfd_read, "Read eventfd value"},
    {"eventfd_write", "(fd, value)", posix_eventfd_write, "Write eventfd value."},
    {"memfd_create", "(name, flags=1)", posix_memfd_create},
    {"pidfd_open", "(pid, flags=0)", posix_pidfd_open, "Return a file descriptor referring to the process *pid*."},
    {"getxattr", "(path, attribute, *, follow_symlinks=True)", posix_getxattr,
     "Return the value of extended attribute attribute on path."},
    {"setxattr", "(path, attribute, value, flags=0, *, follow_symlinks=True)", posix_setxattr,
     "Set extended attribute attribute on path to value."},
    {"removexattr", "(path, attribute, *, follow_symlinks=True)", posix_removexattr,
     "Remove extended attribute attribute on path."},
    {"listxattr", "(path=None, *, follow_symlinks=True)", posix_listxattr, "Return a list of extended attributes on path."},
    {"openpty", "()", posix_openpty, "Open a pseudo-terminal."},
    {"login_tty", "(fd, /)", posix_login_tty, "Prepare the tty of which fd is a file descriptor for a new login session."},
    {"tcsetpgrp", "(fd, pgid, /)", posix_tcsetpgrp, "Set the process group associated with the terminal specified by fd."},
    {"ctermid", "()", posix_ctermid, "Return the name of the controlling terminal for this process."},
    {"device_encoding", "(fd)", posix_device_encoding,
     "Return a string describing the encoding of a terminal's file descriptor."},
    {"getresuid", "()", get_ids<getresuid>, "Return a tuple of the current process's real, effective, and saved user ids."},
    {"getresgid", "()", get_ids<getresgid>, "Return a tuple of the current process's real, effective, and saved group ids."},
    {"setreuid", "(ruid, euid, /)", set_ids<setreuid, true>, "Set the current process's real and effective user ids."},
    {"setregid", "(rgid, egid, /)", set_ids<setregid, false>, "Set the current process's real and effective group ids."},
    {"setresuid", "(ruid, euid, suid, /)", set_ids<setresuid, true>,
     "Set the current process's real, effective, and saved user ids."},
    {"setresgid", "(rgid, egid, sgid, /)", set_ids<setresgid, false>,
     "Set the current process's real, effective, and saved group ids."},
    {"setgroups", "(groups, /)", posix_setgroups, "Set the groups of the current process to list."},
    {"initgroups", "(username, gid, /)", posix_initgroups, "Initialize the group access list."},
    {"getgrouplist", "(user, group, /)", posix_getgrouplist, "Returns a list of groups to which a user belongs."},
    {"fchown", "(fd, uid, gid)", posix_fchown, "Change the owner and group id of the file specified by file descriptor."},
    {"sched_get_priority_max", "(policy)", scheduler_number<sched_get_priority_max>,
     "Get the maximum scheduling priority for policy."},
    {"sched_get_priority_min", "(policy)", scheduler_number<sched_get_priority_min>,
     "Get the minimum scheduling priority for policy."},
    {"sched_getscheduler", "(pid, /)", scheduler_number<sched_getscheduler>,
     "Get the scheduling policy for the process identified by pid."},
    {"sched_getparam", "(pid, /)", posix_sched_getparam, "Returns scheduling parameters for the process identified by pid."},
    {"sched_setparam", "(pid, param, /)", posix_sched_setparam, "Set scheduling parameters for the process identified by pid."},
    {"sched_setscheduler", "(pid, policy, param, /)", posix_sched_setscheduler,
     "Set the scheduling policy for the process identified by pid."},
    {"sched_rr_get_interval", "(pid, /)", posix_sched_rr_get_interval,
     "Return the round-robin quantum for the process identified by pid, in seconds."},
    {"pathconf", "(path, name)", posix_pathconf, "Return the configuration limit name for the file or directory path."},
    {"fpathconf", "(fd, name, /)", posix_fpathconf, "Return the configuration limit name for the file descriptor fd."},
    {"confstr", "(name, /)", posix_confstr, "Return a string-valued system configuration variable."},
    {}};

}  // namespace pt::posix
