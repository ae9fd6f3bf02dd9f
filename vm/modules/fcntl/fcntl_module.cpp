// The fcntl module.
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vm/modules/support/arguments.h"
#include "vm/modules/sys/sys.h"
#include "vm/object/buffer.h"
#include "vm/object/module.h"
#include "vm/types/codecs.h"
#include "vm/types/int.h"

namespace pt {
namespace {

constexpr int64_t kArgumentBytes = 1024;

// A bytes or str argument copied into a buffer. 1 done, 0 neither, -1 error.
int copy_argument(Value v, const char* function, char* buffer, int64_t* size) {
  Ref<Bytes> utf8;
  std::string_view data;
  Buffer view;
  bool viewed = false;
  if (is_str(v)) {
    utf8 = utf8_encode(as_str(v), nullptr);
    if (!utf8) return -1;
    data = utf8->view();
  } else if (has_buffer(v)) {
    if (!get_buffer(v, &view, kBufferSimple)) return -1;
    viewed = true;
    data = {static_cast<char*>(view.data), static_cast<size_t>(view.length)};
  } else {
    return 0;
  }
  int result = 1;
  if (static_cast<int64_t>(data.size()) > kArgumentBytes) {
    raise(exc::ValueError, "%s string arg too long", function);
    result = -1;
  } else {
    std::memcpy(buffer, data.data(), data.size());
    *size = static_cast<int64_t>(data.size());
  }
  if (viewed) release_buffer(&view);
  return result;
}

bool to_word(Value v, int64_t* out) {
  *out = 0;
  if (v.empty()) return true;
  Ref<> number = index(v);
  if (!number) return false;
  if (int_to_int64(number.value(), out)) return true;
  uint64_t wide;
  if (!int_to_uint64(number.value(), &wide)) return raise(exc::OverflowError, "Python int too large to convert to C int");
  *out = static_cast<int64_t>(wide);
  return true;
}

Ref<> fcntl_fcntl(const Value* a) {
  int fd, command;
  if (!to_descriptor(a[0], &fd) || !to_cint(a[1], &command)) return Ref<>();
  if (!audit("fcntl.fcntl", {a[0], a[1], a[2].empty() ? none() : a[2]})) return Ref<>();
  char buffer[kArgumentBytes + 1] = {};
  int64_t size;
  int copied = a[2].empty() ? 0 : copy_argument(a[2], "fcntl", buffer, &size);
  if (copied < 0) return Ref<>();
  if (copied) {
    if (blocking([&] { return fcntl(fd, command, buffer); }) < 0) return raise_os_error();
    return bytes_from({buffer, static_cast<size_t>(size)});
  }
  int64_t argument;
  if (!to_word(a[2], &argument)) return Ref<>();
  int result = blocking([&] { return fcntl(fd, command, static_cast<int>(argument)); });
  return result < 0 ? raise_os_error() : int_from_int64(result);
}

Ref<> fcntl_ioctl(const Value* a) {
  int fd;
  int64_t request;
  bool mutate = true;
  if (!to_descriptor(a[0], &fd) || !to_word(a[1], &request) || !to_flag(a[3], &mutate)) return Ref<>();
  if (!audit("fcntl.ioctl", {a[0], a[1], a[2].empty() ? none() : a[2]})) return Ref<>();
  auto code = static_cast<unsigned>(request);
  char buffer[kArgumentBytes + 1] = {};
  if (!a[2].empty() && !is_str(a[2]) && has_buffer(a[2])) {
    Buffer view;
    if (get_buffer(a[2], &view, kBufferWritable)) {
      // A writable object is changed in place; small ones go through a buffer with room to spare.
      char* target = static_cast<char*>(view.data);
      bool direct = mutate && view.length > kArgumentBytes;
      if (!mutate && view.length > kArgumentBytes) {
        release_buffer(&view);
        return raise(exc::ValueError, "ioctl string arg too long");
      }
      if (!direct) {
        std::memcpy(buffer, view.data, static_cast<size_t>(view.length));
        target = buffer;
      }
      int result;
      int error;
      {
        Detached detached;
        result = ioctl(fd, code, target);
        error = errno;
      }
      if (mutate && !direct) std::memcpy(view.data, buffer, static_cast<size_t>(view.length));
      auto length = static_cast<size_t>(view.length);
      release_buffer(&view);
      if (result < 0) {
        errno = error;
        return raise_os_error();
      }
      return mutate ? int_from_int64(result) : Ref<>(bytes_from({buffer, length}));
    }
    clear_error();
  }
  int64_t size;
  int copied = a[2].empty() ? 0 : copy_argument(a[2], "ioctl", buffer, &size);
  if (copied < 0) return Ref<>();
  int result;
  int error;
  int64_t argument = 0;
  if (!copied && !to_word(a[2], &argument)) return Ref<>();
  {
    Detached detached;
    result = copied ? ioctl(fd, code, buffer) : ioctl(fd, code, argument);
    error = errno;
  }
  if (result < 0) {
    errno = error;
    return raise_os_error();
  }
  return copied ? Ref<>(bytes_from({buffer, static_cast<size_t>(size)})) : int_from_int64(result);
}

Ref<> fcntl_flock(const Value* a) {
  int fd, operation;
  if (!to_descriptor(a[0], &fd) || !to_cint(a[1], &operation)) return Ref<>();
  if (!audit("fcntl.flock", {a[0], a[1]})) return Ref<>();
  return blocking([&] { return flock(fd, operation); }) < 0 ? raise_os_error() : none_ref();
}

Ref<> fcntl_lockf(const Value* a) {
  int fd, command, whence = 0;
  int64_t length = 0, start = 0;
  if (!to_descriptor(a[0], &fd) || !to_cint(a[1], &command)) return Ref<>();
  if ((!a[2].empty() && !to_int64(a[2], &length)) || (!a[3].empty() && !to_int64(a[3], &start)) || !to_cint(a[4], &whence))
    return Ref<>();
  struct flock lock = {};
  if (command == LOCK_UN)
    lock.l_type = F_UNLCK;
  else if (command & LOCK_SH)
    lock.l_type = F_RDLCK;
  else if (command & LOCK_EX)
    lock.l_type = F_WRLCK;
  else
    return raise(exc::ValueError, "unrecognized lockf argument");
  lock.l_start = start;
  lock.l_len = length;
  lock.l_whence = static_cast<short>(whence);
  int result = blocking([&] { return fcntl(fd, command & LOCK_NB ? F_SETLK : F_SETLKW, &lock); });
  return result < 0 ? raise_os_error() : none_ref();
}

const NativeDef kFunctions[] = {
    {"fcntl", "(fd, cmd, arg=0, /)", fcntl_fcntl, "Perform the operation `cmd` on file descriptor fd."},
    {"ioctl", "(fd, request, arg=0, mutate_flag=True, /)", fcntl_ioctl, "Perform the operation request on file descriptor fd."},
    {"flock", "(fd, operation, /)", fcntl_flock, "Perform the lock operation `operation` on file descriptor `fd`."},
    {"lockf", "(fd, cmd, len=0, start=0, whence=0, /)", fcntl_lockf, "A wrapper around the fcntl() locking calls."},
    {},
};

#define C(name) {#name, name}
const IntConstant kConstants[] = {C(LOCK_SH),
                                  C(LOCK_EX),
                                  C(LOCK_NB),
                                  C(LOCK_UN),
                                  C(LOCK_MAND),
                                  C(LOCK_READ),
                                  C(LOCK_WRITE),
                                  C(LOCK_RW),
                                  C(F_DUPFD),
                                  C(F_DUPFD_CLOEXEC),
                                  C(F_GETFD),
                                  C(F_SETFD),
                                  C(F_GETFL),
                                  C(F_SETFL),
                                  C(F_GETLK),
                                  C(F_SETLK),
                                  C(F_SETLKW),
                                  C(F_OFD_GETLK),
                                  C(F_OFD_SETLK),
                                  C(F_OFD_SETLKW),
                                  C(F_GETOWN),
                                  C(F_SETOWN),
                                  C(F_GETSIG),
                                  C(F_SETSIG),
                                  C(F_RDLCK),
                                  C(F_WRLCK),
                                  C(F_UNLCK),
                                  C(F_EXLCK),
                                  C(F_SHLCK),
                                  {"F_GETLK64", F_GETLK},
                                  {"F_SETLK64", F_SETLK},
                                  {"F_SETLKW64", F_SETLKW},
                                  C(FASYNC),
                                  C(F_SETLEASE),
                                  C(F_GETLEASE),
                                  C(F_NOTIFY),
                                  C(DN_ACCESS),
                                  C(DN_MODIFY),
                                  C(DN_CREATE),
                                  C(DN_DELETE),
                                  C(DN_RENAME),
                                  C(DN_ATTRIB),
                                  {"DN_MULTISHOT", 0x80000000},
                                  C(FD_CLOEXEC),
                                  C(F_SETPIPE_SZ),
                                  C(F_GETPIPE_SZ),
                                  C(F_ADD_SEALS),
                                  C(F_GET_SEALS),
                                  C(F_SEAL_SEAL),
                                  C(F_SEAL_SHRINK),
                                  C(F_SEAL_GROW),
                                  C(F_SEAL_WRITE),
                                  {}};
#undef C

}  // namespace
extern const NativeModule fcntl_module;
const NativeModule fcntl_module = {"fcntl", "This module performs file control and I/O control on file\ndescriptors.", kFunctions,
                                   [](Module* module) { return module_add_ints(module, kConstants); }};
}  // namespace pt
