// posix: descriptors, files and their metadata.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <termios.h>
#include <unistd.h>

#include <climits>
#include <cmath>

#include "vm/modules/posix/posix_internal.h"
#include "vm/modules/support/time_conversion.h"
#include "vm/object/buffer.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/structseq.h"
#include "vm/types/tuple.h"

namespace pt::posix {

bool directory_descriptor(Value v, int* out) {
  *out = AT_FDCWD;
  if (!given(v)) return true;
  if (!is_int(v)) return raise(exc::TypeError, "argument should be integer or None, not %T", v);
  return to_cint(v, out);
}
bool keyword_flag(Value v, bool fallback, bool* out) {
  *out = fallback;
  return v.empty() || to_bool(v, out);
}

namespace {

constinit StructSeqType g_stat_result = {}, g_statvfs_result = {};
const StructSeqField kStatFields[] = {{"st_mode", "protection bits"},
                                      {"st_ino", "inode"},
                                      {"st_dev", "device"},
                                      {"st_nlink", "number of hard links"},
                                      {"st_uid", "user ID of owner"},
                                      {"st_gid", "group ID of owner"},
                                      {"st_size", "total size, in bytes"},
                                      {nullptr, "integer time of last access"},
                                      {nullptr, "integer time of last modification"},
                                      {nullptr, "integer time of last change"},
                                      {"st_atime", "time of last access"},
                                      {"st_mtime", "time of last modification"},
                                      {"st_ctime", "time of last change"},
                                      {"st_atime_ns", "time of last access in nanoseconds"},
                                      {"st_mtime_ns", "time of last modification in nanoseconds"},
                                      {"st_ctime_ns", "time of last change in nanoseconds"},
                                      {"st_blksize", "blocksize for filesystem I/O"},
                                      {"st_blocks", "number of blocks allocated"},
                                      {"st_rdev", "device type (if inode device)"},
                                      {}};
const StructSeqDef kStatDef = {"os.stat_result", "stat_result: Result from stat, fstat, or lstat.", kStatFields, 10};
const StructSeqField kStatVfsFields[] = {{"f_bsize"}, {"f_frsize"}, {"f_blocks"}, {"f_bfree"},   {"f_bavail"}, {"f_files"},
                                         {"f_ffree"}, {"f_favail"}, {"f_flag"},   {"f_namemax"}, {"f_fsid"},   {}};
const StructSeqDef kStatVfsDef = {"os.statvfs_result", "statvfs_result: Result from statvfs or fstatvfs.", kStatVfsFields, 10};

// path argument that may be a descriptor, with dir_fd and follow_symlinks.
Ref<> do_stat(Value path, Value dir_fd, bool follow, const char* function, int options) {
  PathArgument p;
  int dir;
  if (!p.convert(path, function, "path", options) || !directory_descriptor(dir_fd, &dir)) return Ref<>();
  struct stat info;
  int r;
  if (p.is_descriptor()) {
    if (dir != AT_FDCWD) return raise(exc::ValueError, "%s: can't specify dir_fd without matching path", function);
    if (!follow) return raise(exc::ValueError, "%s: cannot use fd and follow_symlinks together", function);
    r = blocking([&] { return fstat(p.descriptor(), &info); });
  } else {
    r = blocking([&] { return fstatat(dir, p.c_str(), &info, follow ? 0 : AT_SYMLINK_NOFOLLOW); });
  }
  if (r < 0) return raise_os_error(p.object());
  return stat_result(info);
}
Ref<> posix_stat(const Value* a) {
  bool follow;
  if (!keyword_flag(a[2], true, &follow)) return Ref<>();
  return do_stat(a[0], a[1], follow, "stat", PathArgument::kDescriptor);
}
Ref<> posix_lstat(const Value* a) { return do_stat(a[0], a[1], false, "lstat", PathArgument::kPlain); }
Ref<> posix_fstat(const Value* a) {
  int fd;
  if (!to_cint(a[0], &fd)) return Ref<>();
  struct stat info;
  if (blocking([&] { return fstat(fd, &info); }) < 0) return raise_os_error();
  return stat_result(info);
}
Ref<> statvfs_value(const struct statvfs& v) {
  Ref<> items[11];
  const uint64_t numbers[] = {v.f_bsize, v.f_frsize, v.f_blocks, v.f_bfree,   v.f_bavail, v.f_files,
                              v.f_ffree, v.f_favail, v.f_flag,   v.f_namemax, v.f_fsid};
  Value values[11];
  for (int i = 0; i < 11; ++i) {
    items[i] = int_from_uint64(numbers[i]);
    values[i] = items[i].value();
  }
  return structseq_new(&g_statvfs_result, values, 11);
}
Ref<> posix_statvfs(const Value* a) {
  PathArgument p;
  if (!p.convert(a[0], "statvfs", "path", PathArgument::kDescriptor)) return Ref<>();
  struct statvfs v;
  int r = blocking([&] { return p.is_descriptor() ? fstatvfs(p.descriptor(), &v) : statvfs(p.c_str(), &v); });
  if (r < 0) return raise_os_error(p.object());
  return statvfs_value(v);
}

Ref<> posix_open(const Value* a) {
  PathArgument p;
  int flags, mode = 0777, dir;
  if (!p.convert(a[0], "open") || !to_cint(a[1], &flags) || !to_cint(a[2], &mode) || !directory_descriptor(a[3], &dir)) {
    return Ref<>();
  }
  int fd = blocking([&] { return openat(dir, p.c_str(), flags | O_CLOEXEC, mode); });
  if (fd < 0) return raise_os_error(p.object());
  return Ref<>::steal(Value::small_int(fd));
}
Ref<> posix_close(const Value* a) {
  int fd;
  if (!to_cint(a[0], &fd)) return Ref<>();
  int r;
  {
    Detached detached;
    r = close(fd);
  }
  if (r < 0 && errno != EINTR) return raise_os_error();
  return none_ref();
}
Ref<> posix_closerange(const Value* a) {
  int low, high;
  if (!to_cint(a[0], &low) || !to_cint(a[1], &high)) return Ref<>();
  Detached detached;
  if (high > low) close_range(static_cast<unsigned>(low < 0 ? 0 : low), static_cast<unsigned>(high - 1), 0);
  return none_ref();
}
Ref<> posix_read(const Value* a) {
  int fd;
  int64_t n;
  if (!to_cint(a[0], &fd) || !to_size(a[1], &n)) return Ref<>();
  if (n < 0) {
    errno = EINVAL;
    return raise_os_error();
  }
  if (n > 0x7FFFF000) n = 0x7FFFF000;
  Ref<Bytes> buffer = bytes_allocate(n);
  if (!buffer) return buffer;
  ssize_t got = blocking([&] { return read(fd, buffer->data, static_cast<size_t>(n)); });
  if (got < 0) return raise_os_error();
  if (got == n) return buffer;
  return bytes_from({reinterpret_cast<char*>(buffer->data), static_cast<size_t>(got)});
}
Ref<> posix_pread(const Value* a) {
  int fd;
  int64_t n, offset;
  if (!to_cint(a[0], &fd) || !to_size(a[1], &n) || !to_int64(a[2], &offset)) return Ref<>();
  if (n < 0) {
    errno = EINVAL;
    return raise_os_error();
  }
  Ref<Bytes> buffer = bytes_allocate(n);
  if (!buffer) return buffer;
  ssize_t got = blocking([&] { return pread(fd, buffer->data, static_cast<size_t>(n), offset); });
  if (got < 0) return raise_os_error();
  if (got == n) return buffer;
  return bytes_from({reinterpret_cast<char*>(buffer->data), static_cast<size_t>(got)});
}
Ref<> posix_write(const Value* a) {
  int fd;
  if (!to_cint(a[0], &fd)) return Ref<>();
  BufferView data(a[1]);
  if (!data.ok()) return Ref<>();
  size_t n = static_cast<size_t>(data.size() > 0x7FFFF000 ? 0x7FFFF000 : data.size());
  ssize_t put = blocking([&] { return write(fd, data.data(), n); });
  if (put < 0) return raise_os_error();
  return int_from_int64(put);
}
Ref<> posix_pwrite(const Value* a) {
  int fd;
  int64_t offset;
  if (!to_cint(a[0], &fd) || !to_int64(a[2], &offset)) return Ref<>();
  BufferView data(a[1]);
  if (!data.ok()) return Ref<>();
  ssize_t put = blocking([&] { return pwrite(fd, data.data(), static_cast<size_t>(data.size()), offset); });
  if (put < 0) return raise_os_error();
  return int_from_int64(put);
}
Ref<> posix_lseek(const Value* a) {
  int fd, how;
  int64_t offset;
  if (!to_cint(a[0], &fd) || !to_int64(a[1], &offset) || !to_cint(a[2], &how)) return Ref<>();
  off_t r = lseek(fd, offset, how);
  return r < 0 ? Ref<>(raise_os_error()) : int_from_int64(r);
}
Ref<> posix_dup(const Value* a) {
  int fd;
  if (!to_cint(a[0], &fd)) return Ref<>();
  int r = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  return r < 0 ? Ref<>(raise_os_error()) : int_from_int64(r);
}
Ref<> posix_dup2(const Value* a) {
  int from, to;
  bool inheritable;
  if (!to_cint(a[0], &from) || !to_cint(a[1], &to) || !keyword_flag(a[2], true, &inheritable)) return Ref<>();
  int r = inheritable || from == to ? dup2(from, to) : dup3(from, to, O_CLOEXEC);
  return r < 0 ? Ref<>(raise_os_error()) : int_from_int64(r);
}
Ref<> pair_of(int x, int y) { return tuple_of({Value::small_int(x), Value::small_int(y)}); }
Ref<> posix_pipe(const Value*) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) < 0) return raise_os_error();
  return pair_of(fds[0], fds[1]);
}
Ref<> posix_pipe2(const Value* a) {
  int flags, fds[2];
  if (!to_cint(a[0], &flags)) return Ref<>();
  if (pipe2(fds, flags) < 0) return raise_os_error();
  return pair_of(fds[0], fds[1]);
}
Ref<> posix_isatty(const Value* a) {
  int fd;
  if (!to_cint(a[0], &fd)) return Ref<>();
  return bool_ref(isatty(fd));
}
Ref<> posix_ttyname(const Value* a) {
  int fd;
  char name[256];
  if (!to_cint(a[0], &fd)) return Ref<>();
  int r = ttyname_r(fd, name, sizeof(name));
  if (r) {
    errno = r;
    return raise_os_error();
  }
  return fs_decode(name);
}
Ref<> posix_fsync(const Value* a) {
  int fd;
  if (!to_descriptor(a[0], &fd)) return Ref<>();
  return none_or_error(blocking([&] { return fsync(fd); }));
}
Ref<> posix_fdatasync(const Value* a) {
  int fd;
  if (!to_descriptor(a[0], &fd)) return Ref<>();
  return none_or_error(blocking([&] { return fdatasync(fd); }));
}
Ref<> posix_sync(const Value*) {
  Detached detached;
  sync();
  return none_ref();
}
Ref<> posix_truncate(const Value* a) {
  PathArgument p;
  int64_t length;
  if (!p.convert(a[0], "truncate", "path", PathArgument::kDescriptor) || !to_int64(a[1], &length)) return Ref<>();
  return none_or_error(
      blocking([&] { return p.is_descriptor() ? ftruncate(p.descriptor(), length) : truncate(p.c_str(), length); }), p.object());
}
Ref<> posix_ftruncate(const Value* a) {
  int fd;
  int64_t length;
  if (!to_cint(a[0], &fd) || !to_int64(a[1], &length)) return Ref<>();
  return none_or_error(blocking([&] { return ftruncate(fd, length); }));
}
Ref<> posix_access(const Value* a) {
  PathArgument p;
  int mode, dir;
  bool effective, follow;
  if (!p.convert(a[0], "access") || !to_cint(a[1], &mode) || !directory_descriptor(a[2], &dir) ||
      !keyword_flag(a[3], false, &effective) || !keyword_flag(a[4], true, &follow)) {
    return Ref<>();
  }
  int flags = (effective ? AT_EACCESS : 0) | (follow ? 0 : AT_SYMLINK_NOFOLLOW);
  int r = blocking([&] { return faccessat(dir, p.c_str(), mode, flags); });
  return bool_ref(r == 0);
}
Ref<> posix_chmod(const Value* a) {
  PathArgument p;
  int mode, dir;
  bool follow;
  if (!p.convert(a[0], "chmod", "path", PathArgument::kDescriptor) || !to_cint(a[1], &mode) ||
      !directory_descriptor(a[2], &dir) || !keyword_flag(a[3], true, &follow)) {
    return Ref<>();
  }
  auto m = static_cast<mode_t>(mode);
  return none_or_error(blocking([&] {
                         return p.is_descriptor() ? fchmod(p.descriptor(), m)
                                                  : fchmodat(dir, p.c_str(), m, follow ? 0 : AT_SYMLINK_NOFOLLOW);
                       }),
                       p.object());
}
Ref<> posix_fchmod(const Value* a) {
  int fd, mode;
  if (!to_cint(a[0], &fd) || !to_cint(a[1], &mode)) return Ref<>();
  return none_or_error(blocking([&] { return fchmod(fd, static_cast<mode_t>(mode)); }));
}
bool owner_id(Value v, unsigned* out) {
  int64_t n;
  if (!to_int64(v, &n)) return false;
  *out = static_cast<unsigned>(n);
  return true;
}
Ref<> posix_chown(const Value* a) {
  PathArgument p;
  unsigned uid, gid;
  int dir;
  bool follow;
  if (!p.convert(a[0], "chown", "path", PathArgument::kDescriptor) || !owner_id(a[1], &uid) || !owner_id(a[2], &gid) ||
      !directory_descriptor(a[3], &dir) || !keyword_flag(a[4], true, &follow)) {
    return Ref<>();
  }
  return none_or_error(blocking([&] {
                         return p.is_descriptor() ? fchown(p.descriptor(), uid, gid)
                                                  : fchownat(dir, p.c_str(), uid, gid, follow ? 0 : AT_SYMLINK_NOFOLLOW);
                       }),
                       p.object());
}
Ref<> posix_lchown(const Value* a) {
  PathArgument p;
  unsigned uid, gid;
  if (!p.convert(a[0], "lchown") || !owner_id(a[1], &uid) || !owner_id(a[2], &gid)) return Ref<>();
  return none_or_error(blocking([&] { return lchown(p.c_str(), uid, gid); }), p.object());
}
Ref<> posix_umask(const Value* a) {
  int mask;
  if (!to_cint(a[0], &mask)) return Ref<>();
  return int_from_int64(umask(static_cast<mode_t>(mask)));
}
Ref<> posix_utime(const Value* a) {
  // path, times=None, *, ns=None, dir_fd=None, follow_symlinks=True
  PathArgument p;
  int dir;
  bool follow;
  if (!p.convert(a[0], "utime", "path", PathArgument::kDescriptor) || !directory_descriptor(a[3], &dir) ||
      !keyword_flag(a[4], true, &follow)) {
    return Ref<>();
  }
  timespec times[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
  if (given(a[1]) && !a[2].empty()) {
    return raise(exc::ValueError, "utime: you may specify either 'times' or 'ns' but not both");
  }
  if (given(a[1])) {
    if (!is_exact_tuple(a[1]) || as_tuple(a[1])->length != 2) {
      return raise(exc::TypeError, "utime: 'times' must be either a tuple of two ints or None");
    }
    for (int i = 0; i < 2; ++i) {
      if (!seconds_to_timespec(as_tuple(a[1])->at(i), Rounding::kFloor, &times[i])) return Ref<>();
    }
  } else if (!a[2].empty()) {
    if (!is_exact_tuple(a[2]) || as_tuple(a[2])->length != 2) {
      return raise(exc::TypeError, "utime: 'ns' must be a tuple of two ints");
    }
    for (int i = 0; i < 2; ++i) {
      int64_t ns;
      if (!to_int64(as_tuple(a[2])->at(i), &ns)) return Ref<>();
      times[i] = ns_to_timespec(ns);
    }
  }
  return none_or_error(blocking([&] {
                         return p.is_descriptor() ? futimens(p.descriptor(), times)
                                                  : utimensat(dir, p.c_str(), times, follow ? 0 : AT_SYMLINK_NOFOLLOW);
                       }),
                       p.object());
}
Ref<> posix_get_inheritable(const Value* a) {
  int fd;
  if (!to_cint(a[0], &fd)) return Ref<>();
  int flags = fcntl(fd, F_GETFD);
  return flags < 0 ? Ref<>(raise_os_error()) : bool_ref(!(flags & FD_CLOEXEC));
}
Ref<> posix_set_inheritable(const Value* a) {
  int fd, inheritable;
  if (!to_cint(a[0], &fd) || !to_cint(a[1], &inheritable)) return Ref<>();
  int flags = fcntl(fd, F_GETFD);
  if (flags < 0) return raise_os_error();
  return none_or_error(fcntl(fd, F_SETFD, inheritable ? flags & ~FD_CLOEXEC : flags | FD_CLOEXEC));
}
Ref<> posix_get_blocking(const Value* a) {
  int fd;
  if (!to_cint(a[0], &fd)) return Ref<>();
  int flags = fcntl(fd, F_GETFL);
  return flags < 0 ? Ref<>(raise_os_error()) : bool_ref(!(flags & O_NONBLOCK));
}
Ref<> posix_set_blocking(const Value* a) {
  int fd;
  bool block;
  if (!to_cint(a[0], &fd) || !to_bool(a[1], &block)) return Ref<>();
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return raise_os_error();
  return none_or_error(fcntl(fd, F_SETFL, block ? flags & ~O_NONBLOCK : flags | O_NONBLOCK));
}
constinit StructSeqType g_terminal_size = {};
const StructSeqField kTerminalFields[] = {
    {"columns", "width of the terminal window in characters"}, {"lines", "height of the terminal window in characters"}, {}};
const StructSeqDef kTerminalDef = {"os.terminal_size", "A tuple of (columns, lines) for holding terminal window size",
                                   kTerminalFields, 2};
Ref<> posix_get_terminal_size(const Value* a) {
  int fd = 1;
  if (!to_cint(a[0], &fd)) return Ref<>();
  winsize w;
  if (ioctl(fd, TIOCGWINSZ, &w) < 0) return raise_os_error();
  Value values[] = {Value::small_int(w.ws_col), Value::small_int(w.ws_row)};
  return structseq_new(&g_terminal_size, values, 2);
}
Ref<> posix_urandom(const Value* a) {
  int64_t n;
  if (!to_size(a[0], &n)) return Ref<>();
  if (n < 0) return raise(exc::ValueError, "negative argument not allowed");
  Ref<Bytes> b = bytes_allocate(n);
  if (!b) return b;
  for (int64_t at = 0; at < n;) {
    ssize_t got = blocking([&] { return getrandom(b->data + at, static_cast<size_t>(n - at), 0); });
    if (got < 0) return raise_os_error();
    at += got;
  }
  return b;
}
Ref<> posix_getrandom(const Value* a) {
  int64_t n;
  int flags = 0;
  if (!to_size(a[0], &n) || !to_cint(a[1], &flags)) return Ref<>();
  if (n < 0) {
    errno = EINVAL;
    return raise_os_error();
  }
  Ref<Bytes> b = bytes_allocate(n);
  if (!b) return b;
  ssize_t got = blocking([&] { return getrandom(b->data, static_cast<size_t>(n), static_cast<unsigned>(flags)); });
  if (got < 0) return raise_os_error();
  return got == n ? Ref<>(std::move(b)) : Ref<>(bytes_from({reinterpret_cast<char*>(b->data), static_cast<size_t>(got)}));
}
Ref<> posix_sendfile(const Value* a) {
  int out, in;
  int64_t count;
  if (!to_cint(a[0], &out) || !to_cint(a[1], &in) || !to_size(a[3], &count)) return Ref<>();
  off_t offset = 0;
  bool has_offset = !is_none(a[2]);
  int64_t n = 0;
  if (has_offset && !to_int64(a[2], &n)) return Ref<>();
  offset = n;
  ssize_t sent = blocking([&] { return sendfile(out, in, has_offset ? &offset : nullptr, static_cast<size_t>(count)); });
  return sent < 0 ? Ref<>(raise_os_error()) : int_from_int64(sent);
}
Ref<> posix_copy_file_range(const Value* a) {
  int in, out;
  int64_t count;
  if (!to_cint(a[0], &in) || !to_cint(a[1], &out) || !to_size(a[2], &count)) return Ref<>();
  int64_t from = 0, to = 0;
  if (given(a[3]) && !to_int64(a[3], &from)) return Ref<>();
  if (given(a[4]) && !to_int64(a[4], &to)) return Ref<>();
  off64_t from_at = from, to_at = to;
  ssize_t n = blocking([&] {
    return copy_file_range(in, given(a[3]) ? &from_at : nullptr, out, given(a[4]) ? &to_at : nullptr, static_cast<size_t>(count),
                           0);
  });
  return n < 0 ? Ref<>(raise_os_error()) : int_from_int64(n);
}
Ref<> posix_lockf(const Value* a) {
  int fd, command;
  int64_t length;
  if (!to_cint(a[0], &fd) || !to_cint(a[1], &command) || !to_int64(a[2], &length)) return Ref<>();
  return none_or_error(blocking([&] { return lockf(fd, command, length); }));
}

}  // namespace

namespace {
// File systems have times that 64 bits of nanoseconds do not reach.
Ref<> timespec_to_ns(const timespec& t) {
  int64_t ns;
  if (!__builtin_mul_overflow(t.tv_sec, kNanosecondsPerSecond, &ns) && !__builtin_add_overflow(ns, t.tv_nsec, &ns)) {
    return int_from_int64(ns);
  }
  Ref<> seconds = int_from_int64(t.tv_sec);
  Ref<> whole = seconds ? int_binary(BinaryOp::kMul, seconds.value(), Value::small_int(kNanosecondsPerSecond)) : Ref<>();
  return whole ? int_binary(BinaryOp::kAdd, whole.value(), Value::small_int(t.tv_nsec)) : Ref<>();
}
}  // namespace

Ref<> stat_result(const struct stat& s) {
  Ref<Tuple> t = structseq_allocate(&g_stat_result);
  if (!t) return t;
  const int64_t numbers[] = {static_cast<int64_t>(s.st_mode),
                             static_cast<int64_t>(s.st_ino),
                             static_cast<int64_t>(s.st_dev),
                             static_cast<int64_t>(s.st_nlink),
                             static_cast<int64_t>(s.st_uid),
                             static_cast<int64_t>(s.st_gid),
                             s.st_size,
                             s.st_atim.tv_sec,
                             s.st_mtim.tv_sec,
                             s.st_ctim.tv_sec};
  for (int i = 0; i < 10; ++i) t->items[i].init(int_from_int64(numbers[i]));
  const timespec* times[] = {&s.st_atim, &s.st_mtim, &s.st_ctim};
  for (int i = 0; i < 3; ++i) {
    t->items[10 + i].init(
        float_from_double(static_cast<double>(times[i]->tv_sec) + 1e-9 * static_cast<double>(times[i]->tv_nsec)));
    t->items[13 + i].init(timespec_to_ns(*times[i]));
  }
  t->items[16].init(int_from_int64(s.st_blksize));
  t->items[17].init(int_from_int64(s.st_blocks));
  t->items[18].init(int_from_int64(static_cast<int64_t>(s.st_rdev)));
  return error_pending() ? Ref<>() : Ref<>(std::move(t));
}
bool add_stat_types(Module* m) {
  return module_add_structseq(m, &g_stat_result, &kStatDef) && module_add_structseq(m, &g_statvfs_result, &kStatVfsDef) &&
         module_add_structseq(m, &g_terminal_size, &kTerminalDef);
}

const NativeDef kFileFunctions[] = {
    {"stat", "(path, *, dir_fd=None, follow_symlinks=True)", posix_stat, "Perform a stat system call on the given path."},
    {"lstat", "(path, *, dir_fd=None)", posix_lstat,
     "Perform a stat system call on the given path, without following symbolic links."},
    {"fstat", "(fd)", posix_fstat, "Perform a stat system call on the given file descriptor."},
    {"statvfs", "(path)", posix_statvfs, "Perform a statvfs system call on the given path."},
    {"fstatvfs", "(fd, /)", posix_statvfs, "Perform an fstatvfs system call on the given fd."},
    {"open", "(path, flags, mode=511, *, dir_fd=None)", posix_open,
     "Open a file for low level IO.  Returns a file descriptor (integer)."},
    {"close", "(fd)", posix_close, "Close a file descriptor."},
    {"closerange", "(fd_low, fd_high, /)", posix_closerange,
     "Closes all file descriptors in [fd_low, fd_high), ignoring errors."},
    {"read", "(fd, length, /)", posix_read, "Read from a file descriptor.  Returns a bytes object."},
    {"pread", "(fd, length, offset, /)", posix_pread,
     "Read a number of bytes from a file descriptor starting at a particular offset."},
    {"write", "(fd, data, /)", posix_write, "Write a bytes object to a file descriptor."},
    {"pwrite", "(fd, buffer, offset, /)", posix_pwrite, "Write bytes to a file descriptor starting at a particular offset."},
    {"lseek", "(fd, position, how, /)", posix_lseek, "Set the position of a file descriptor.  Return the new position."},
    {"dup", "(fd, /)", posix_dup, "Return a duplicate of a file descriptor."},
    {"dup2", "(fd, fd2, inheritable=True)", posix_dup2, "Duplicate file descriptor."},
    {"pipe", "()", posix_pipe, "Create a pipe."},
    {"pipe2", "(flags, /)", posix_pipe2, "Create a pipe with flags set atomically."},
    {"isatty", "(fd, /)", posix_isatty, "Return True if the fd is connected to a terminal."},
    {"ttyname", "(fd, /)", posix_ttyname, "Return the name of the terminal device connected to 'fd'."},
    {"fsync", "(fd)", posix_fsync, "Force write of fd to disk."},
    {"fdatasync", "(fd)", posix_fdatasync, "Force write of fd to disk without forcing update of metadata."},
    {"sync", "()", posix_sync, "Force write of everything to disk."},
    {"truncate", "(path, length)", posix_truncate, "Truncate a file, specified by path, to a specific length."},
    {"ftruncate", "(fd, length, /)", posix_ftruncate, "Truncate a file, specified by file descriptor, to a specific length."},
    {"access", "(path, mode, *, dir_fd=None, effective_ids=False, follow_symlinks=True)", posix_access,
     "Use the real uid/gid to test for access to a path."},
    {"chmod", "(path, mode, *, dir_fd=None, follow_symlinks=True)", posix_chmod, "Change the access permissions of a file."},
    {"fchmod", "(fd, mode)", posix_fchmod, "Change the access permissions of the file given by file descriptor fd."},
    {"chown", "(path, uid, gid, *, dir_fd=None, follow_symlinks=True)", posix_chown,
     "Change the owner and group id of path to the numeric uid and gid."},
    {"lchown", "(path, uid, gid)", posix_lchown, "Change the owner and group id of path, not following symbolic links."},
    {"umask", "(mask, /)", posix_umask, "Set the current numeric umask and return the previous umask."},
    {"utime", "(path, times=None, *, ns=None, dir_fd=None, follow_symlinks=True)", posix_utime,
     "Set the access and modified time of path."},
    {"get_inheritable", "(fd, /)", posix_get_inheritable, "Get the close-on-exe flag of the specified file descriptor."},
    {"set_inheritable", "(fd, inheritable, /)", posix_set_inheritable,
     "Set the inheritable flag of the specified file descriptor."},
    {"get_blocking", "(fd, /)", posix_get_blocking, "Get the blocking mode of the file descriptor."},
    {"set_blocking", "(fd, blocking, /)", posix_set_blocking, "Set the blocking mode of the specified file descriptor."},
    {"get_terminal_size", "(fd=1, /)", posix_get_terminal_size, "Return the size of the terminal window as (columns, lines)."},
    {"urandom", "(size, /)", posix_urandom, "Return a bytes object containing random bytes suitable for cryptographic use."},
    {"getrandom", "(size, flags=0)", posix_getrandom, "Obtain a series of random bytes."},
    {"sendfile", "(out_fd, in_fd, offset, count)", posix_sendfile,
     "Copy count bytes from file descriptor in_fd to file descriptor out_fd."},
    {"copy_file_range", "(src, dst, count, offset_src=None, offset_dst=None)", posix_copy_file_range,
     "Copy count bytes from one file descriptor to another."},
    {"lockf", "(fd, command, length, /)", posix_lockf, "Apply, test or remove a POSIX lock on an open file descriptor."},
    {}};

}  // namespace pt::posix
