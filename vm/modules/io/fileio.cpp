// FileIO: raw access to a file descriptor.
#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vm/modules/io/io.h"
#include "vm/modules/sys/sys.h"
#include "vm/modules/support/writable_view.h"
#include "vm/object/buffer.h"
#include "vm/object/type_build.h"
#include "vm/types/float.h"

namespace pt {
namespace {

constexpr int64_t kMostAtOnce = 0x7ffff000;  // what read(2) and write(2) transfer at most

constinit Name kName("name");

bool parse_mode(const char* mode, FileIO* file, int* flags) {
  file->created = file->readable = file->writable = file->appending = false;
  bool kind = false, plus = false;
  *flags = 0;
  auto bad = [] {
    return static_cast<bool>(
        raise(exc::ValueError, "Must have exactly one of create/read/write/append mode and at most one plus"));
  };
  for (const char* at = mode; *at; ++at) {
    switch (*at) {
      case 'x':
        if (kind) return bad();
        kind = true;
        file->created = file->writable = true;
        *flags |= O_EXCL | O_CREAT;
        break;
      case 'r':
        if (kind) return bad();
        kind = true;
        file->readable = true;
        break;
      case 'w':
        if (kind) return bad();
        kind = true;
        file->writable = true;
        *flags |= O_CREAT | O_TRUNC;
        break;
      case 'a':
        if (kind) return bad();
        kind = true;
        file->writable = file->appending = true;
        *flags |= O_APPEND | O_CREAT;
        break;
      case 'b': break;
      case '+':
        if (plus) return bad();
        plus = true;
        file->readable = file->writable = true;
        break;
      default: return raise(exc::ValueError, "invalid mode: %s", mode);
    }
  }
  if (!kind) return bad();
  *flags |= file->readable && file->writable ? O_RDWR : file->readable ? O_RDONLY : O_WRONLY;
  *flags |= O_CLOEXEC;
  return true;
}

// Closes the descriptor if it is ours. False with an exception pending.
bool close_descriptor(FileIO* file) {
  int fd = file->fd.exchange(-1, std::memory_order_acq_rel);
  if (fd < 0) return true;
  int result;
  int error;
  {
    Detached detached;
    result = close(fd);
    error = errno;
  }
  if (result < 0 && error != EINTR) {
    errno = error;
    return raise_errno(exc::OSError);
  }
  return true;
}

Ref<> fileio_construct(Type* type, const Args&) {
  Ref<FileIO> file = allocate<FileIO>(type);
  if (!file) return Ref<>();
  file->fd.store(-1, std::memory_order_relaxed);
  file->seekable.store(-1, std::memory_order_relaxed);
  file->close_fd = true;
  return file;
}

bool fileio_init(Value self, const Args& args) {
  FileIO* file = as_fileio(self);
  Value bound[4];
  if (!bind_arguments("FileIO", "(file, mode='r', closefd=True, opener=None)", args, bound)) return false;
  Value name = bound[0], opener = bound[3];
  if (file->fd.load(std::memory_order_relaxed) >= 0) {
    // Initialised again: the old file goes.
    if (file->close_fd) {
      if (!close_descriptor(file)) return false;
    } else {
      file->fd.store(-1, std::memory_order_relaxed);
    }
  }
  bool close_fd = true;
  if (!to_flag(bound[2], &close_fd)) return false;
  char mode[64] = "r";
  if (!bound[1].empty()) {
    if (!is_str(bound[1])) return raise(exc::TypeError, "FileIO() argument 'mode' must be str, not %T", bound[1]);
    Utf8 utf8(as_str(bound[1]));
    if (!utf8.ok()) return false;
    if (utf8.view().size() >= sizeof mode) return raise(exc::ValueError, "invalid mode: %s", utf8.c_str());
    std::memcpy(mode, utf8.c_str(), utf8.view().size() + 1);
  }
  if (is_float(name)) return raise(exc::TypeError, "integer argument expected, got float");
  int fd = -1;
  bool by_descriptor = false;
  Ref<Bytes> path;
  if (is_int(name)) {
    int64_t wide;
    by_descriptor = true;
    if (!int_to_int64(name, &wide)) return raise(exc::OverflowError, "Python int too large to convert to C int");
    if (wide < 0) return raise(exc::ValueError, "negative file descriptor");
    if (wide > INT_MAX) return raise(exc::OverflowError, "Python int too large to convert to C int");
    fd = static_cast<int>(wide);
  } else {
    path = fs_encode(name);
    if (!path) return false;
  }
  int flags;
  if (!parse_mode(mode, file, &flags)) return false;
  Ref<> shown_mode = bound[1].empty() ? Ref<>(str_from_ascii("r")) : Ref<>::retain(bound[1]);
  if (!shown_mode || !audit("open", {name, shown_mode.value(), Value::small_int(flags)})) return false;
  bool opened_here = false;
  if (by_descriptor) {
    file->close_fd = close_fd;
  } else {
    if (file->writable) g_finalizers_present.store(true, std::memory_order_relaxed);
    file->close_fd = true;
    if (!close_fd) return raise(exc::ValueError, "Cannot use closefd=False with file name");
    if (!given(opener)) {
      fd = static_cast<int>(blocking([&] { return open(reinterpret_cast<char*>(path->data), flags, 0666); }));
      if (fd < 0) return raise_os_error(name);
    } else {
      Ref<> made = call_values(opener, {name, Value::small_int(flags)});
      if (!made) return false;
      if (!is_int(made.value())) return raise(exc::TypeError, "expected integer from opener");
      if (!to_cint(made.value(), &fd)) return false;
      if (fd < 0) return raise(exc::ValueError, "opener returned %d", fd);
      fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    opened_here = true;
  }
  auto fail = [&] {
    if (opened_here) {
      Ref<> error = take_error();
      close(fd);
      restore_error(std::move(error));
    }
    return false;
  };
  file->block_size = kDefaultBufferSize;
  struct stat status;
  if (fstat(fd, &status) == 0) {
    if (S_ISDIR(status.st_mode)) {
      errno = EISDIR;
      raise_errno(exc::OSError, name);
      return fail();
    }
    if (status.st_blksize > 1) file->block_size = static_cast<int>(status.st_blksize);
  } else if (errno == EBADF) {
    raise_errno(exc::OSError);
    return fail();
  }
  if (!set_attribute(self, kName.str(), name)) return fail();
  file->seekable.store(-1, std::memory_order_relaxed);
  if (file->appending && lseek(fd, 0, SEEK_END) < 0 && errno != ESPIPE && by_descriptor == false) {
    raise_errno(exc::OSError);
    return fail();
  }
  file->fd.store(fd, std::memory_order_release);
  return true;
}

Raised closed_file() { return raise(exc::ValueError, "I/O operation on closed file"); }
Raised bad_mode(const char* action) { return raise(unsupported_operation(), "File not open for %s", action); }

bool is_open(FileIO* file) { return file->fd.load(std::memory_order_relaxed) >= 0; }

bool warn_unclosed(FileIO* file, Value source) {
  if (!is_open(file) || !file->close_fd) return true;
  Ref<> error = error_pending() ? take_error() : Ref<>();
  if (!warn(exc::ResourceWarning, 1, "unclosed file %R", source)) {
    if (pending_matches(exc::Warning))
      write_unraisable("ignored in", Value::object(file));
    else
      clear_error();
  }
  if (error) restore_error(std::move(error));
  return true;
}

Ref<> fileio_close(const Value* a) {
  FileIO* file = as_fileio(a[0]);
  // _RawIOBase.close() flushes and marks the object as closed.
  Ref<> base_close = get_attribute(Value::object(&rawiobase_type), names::close_.str());
  Ref<> base = base_close ? call1(base_close.value(), a[0]) : Ref<>();
  if (!file->close_fd) {
    file->fd.store(-1, std::memory_order_release);
    return base;
  }
  Ref<> error = base ? Ref<>() : take_error();
  if (file->finalizing) warn_unclosed(file, a[0]);
  bool closed = close_descriptor(file);
  if (error) {
    if (!closed) {
      Ref<> later = take_error();
      set_exception_context(later.value(), error.value());
      restore_error(std::move(later));
    } else {
      restore_error(std::move(error));
    }
    return Ref<>();
  }
  return closed ? std::move(base) : Ref<>();
}

Ref<> fileio_dealloc_warn(const Value* a) {
  warn_unclosed(as_fileio(a[0]), a[1]);
  return none_ref();
}

Ref<> fileio_fileno(const Value* a) {
  int fd = as_fileio(a[0])->fd.load(std::memory_order_relaxed);
  return fd < 0 ? closed_file() : int_from_int64(fd);
}
Ref<> fileio_readable(const Value* a) { return is_open(as_fileio(a[0])) ? bool_ref(as_fileio(a[0])->readable) : closed_file(); }
Ref<> fileio_writable(const Value* a) { return is_open(as_fileio(a[0])) ? bool_ref(as_fileio(a[0])->writable) : closed_file(); }
Ref<> fileio_isatty(const Value* a) {
  int fd = as_fileio(a[0])->fd.load(std::memory_order_relaxed);
  return fd < 0 ? closed_file() : bool_ref(isatty(fd));
}
Ref<> fileio_seekable(const Value* a) {
  FileIO* file = as_fileio(a[0]);
  int fd = file->fd.load(std::memory_order_relaxed);
  if (fd < 0) return closed_file();
  if (file->seekable.load(std::memory_order_relaxed) < 0) {
    file->seekable.store(lseek(fd, 0, SEEK_CUR) >= 0, std::memory_order_relaxed);
  }
  return bool_ref(file->seekable.load(std::memory_order_relaxed));
}

Ref<> fileio_method_seek(const Value* a) {
  FileIO* file = as_fileio(a[0]);
  int whence = 0;
  if (!to_cint(a[2], &whence)) return Ref<>();
  if (!is_open(file)) return closed_file();
  int64_t offset;
  if (is_float(a[1])) return raise(exc::TypeError, "an integer is required");
  if (!to_offset(a[1], &offset)) return Ref<>();
  int64_t position = fileio_seek(file, offset, whence);
  return position < 0 ? Ref<>() : int_from_int64(position);
}
Ref<> fileio_tell(const Value* a) {
  if (!is_open(as_fileio(a[0]))) return closed_file();
  int64_t position = fileio_seek(as_fileio(a[0]), 0, SEEK_CUR);
  return position < 0 ? Ref<>() : int_from_int64(position);
}

Ref<> count_or_none(int64_t n) {
  if (n == -1) return Ref<>();
  return n == -2 ? none_ref() : int_from_int64(n);
}

Ref<> fileio_readinto(const Value* a) {
  FileIO* file = as_fileio(a[0]);
  if (!is_open(file)) return closed_file();
  if (!file->readable) return bad_mode("reading");
  WritableView target(a[1], "readinto");
  if (!target.ok()) return Ref<>();
  return count_or_none(fileio_read(file, target.data(), target.size()));
}

Ref<> fileio_readall(const Value* a) {
  FileIO* file = as_fileio(a[0]);
  int fd = file->fd.load(std::memory_order_relaxed);
  if (fd < 0) return closed_file();
  // One byte more than what seems to be left, so that the end is met without growing.
  int64_t expected = kDefaultBufferSize;
  struct stat status;
  int64_t position = lseek(fd, 0, SEEK_CUR);
  if (fstat(fd, &status) == 0 && position >= 0 && status.st_size >= position && status.st_size - position < INT64_MAX - 1) {
    expected = status.st_size - position + 1;
    if (expected <= 1) expected = kDefaultBufferSize;
  }
  BytesBuilder out;
  bool any = false;
  for (;;) {
    uint8_t* room = out.reserve(expected);
    if (!room) return raise_no_memory();
    int64_t n = fileio_read(file, room, expected);
    if (n == 0) break;
    if (n == -2) {
      if (any) break;
      return none_ref();
    }
    if (n < 0) return Ref<>();
    any = true;
    out.advance(n);
    if (n == expected)
      expected = out.size() < 65536 ? 65536 : out.size() < (int64_t{1} << 28) ? out.size() : int64_t{1} << 28;
    else
      expected = expected - n > 1 ? expected - n : 8192;
  }
  return out.finish();
}

Ref<> fileio_method_read(const Value* a) {
  FileIO* file = as_fileio(a[0]);
  if (!is_open(file)) return closed_file();
  if (!file->readable) return bad_mode("reading");
  int64_t size = -1;
  if (!optional_size(a[1], &size)) return Ref<>();
  if (size < 0) return fileio_readall(a);
  if (size > kMostAtOnce) size = kMostAtOnce;
  Ref<Bytes> bytes = bytes_allocate(size);
  if (!bytes) return Ref<>();
  int64_t n = fileio_read(file, bytes->data, size);
  if (n == -1) return Ref<>();
  if (n == -2) return none_ref();
  if (n == size) return bytes;
  return bytes_from({reinterpret_cast<char*>(bytes->data), static_cast<size_t>(n)});
}

Ref<> fileio_method_write(const Value* a) {
  FileIO* file = as_fileio(a[0]);
  if (!is_open(file)) return closed_file();
  if (!file->writable) return bad_mode("writing");
  BufferView data(a[1]);
  if (!data.ok()) return Ref<>();
  return count_or_none(fileio_write(file, data.data(), data.size()));
}

Ref<> fileio_truncate(const Value* a) {
  FileIO* file = as_fileio(a[0]);
  int fd = file->fd.load(std::memory_order_relaxed);
  if (fd < 0) return closed_file();
  if (!file->writable) return bad_mode("writing");
  Ref<> position;
  int64_t size;
  if (!given(a[1])) {
    size = fileio_seek(file, 0, SEEK_CUR);
    if (size < 0) return Ref<>();
    position = int_from_int64(size);
  } else {
    if (!to_offset(a[1], &size)) return Ref<>();
    position = Ref<>::retain(a[1]);
  }
  if (blocking([&] { return ftruncate(fd, size); }) < 0) return raise_os_error();
  return position;
}

const char* mode_text(const FileIO* file) {
  if (file->created) return file->readable ? "xb+" : "xb";
  if (file->appending) return file->readable ? "ab+" : "ab";
  if (file->readable) return file->writable ? "rb+" : "rb";
  return "wb";
}
Ref<> fileio_get_closed(Value self) { return bool_ref(!is_open(as_fileio(self))); }
Ref<> fileio_get_closefd(Value self) { return bool_ref(as_fileio(self)->close_fd); }
Ref<> fileio_get_mode(Value self) { return str_from_ascii(mode_text(as_fileio(self))); }
Ref<> fileio_get_finalizing(Value self) { return bool_ref(as_fileio(self)->finalizing); }
bool fileio_set_finalizing(Value self, Value v) {
  bool flag = false;
  if (!to_flag(v, &flag)) return false;
  as_fileio(self)->finalizing = flag;
  return true;
}
Ref<> fileio_get_blksize(Value self) { return int_from_int64(as_fileio(self)->block_size); }
bool fileio_set_blksize(Value self, Value v) {
  int size = kDefaultBufferSize;
  if (!to_cint(v, &size)) return false;
  as_fileio(self)->block_size = size;
  return true;
}

Ref<> fileio_repr(Value self) {
  FileIO* file = as_fileio(self);
  int fd = file->fd.load(std::memory_order_relaxed);
  if (fd < 0) return str_from_ascii("<_io.FileIO [closed]>");
  const char* close_fd = file->close_fd ? "True" : "False";
  Ref<> name = find_attribute(self, kName.str());
  if (!name) {
    if (error_pending()) return Ref<>();
    return str_format("<_io.FileIO fd=%d mode='%s' closefd=%s>", fd, mode_text(file), close_fd);
  }
  ReprGuard guard(self);
  if (!guard.entered()) return raise(exc::RuntimeError, "reentrant call inside %T.__repr__", self);
  return str_format("<_io.FileIO name=%R mode='%s' closefd=%s>", name.value(), mode_text(file), close_fd);
}

Ref<> fileio_getstate(const Value* a) { return raise_not_pickled(a[0]); }

void fileio_traverse(Object* o, FieldVisitor& visitor) { io_traverse_attributes(o, visitor); }
void fileio_clear(Object* o) { attributes_clear(o); }
void fileio_destroy(Object* o) {
  // Only what the finaliser could not close.
  auto* file = static_cast<FileIO*>(o);
  int fd = file->fd.load(std::memory_order_relaxed);
  if (fd >= 0 && file->close_fd) close(fd);
  attributes_clear(o);
}

const NativeDef kMethods[] = {
    {"read", "($self, size=-1, /)", fileio_method_read, "Read at most size bytes, returned as bytes."},
    {"readall", "($self, /)", fileio_readall, "Read all data from the file, returned as bytes."},
    {"readinto", "($self, buffer, /)", fileio_readinto, "Same as RawIOBase.readinto()."},
    {"write", "($self, b, /)", fileio_method_write, "Write buffer b to file, return number of bytes written."},
    {"seek", "($self, pos, whence=0, /)", fileio_method_seek, "Move to new file position and return the file position."},
    {"tell", "($self, /)", fileio_tell, "Current file position."},
    {"truncate", "($self, size=None, /)", fileio_truncate,
     "Truncate the file to at most size bytes and return the truncated size."},
    {"close", "($self, /)", fileio_close, "Close the file."},
    {"seekable", "($self, /)", fileio_seekable, "True if file supports random-access."},
    {"readable", "($self, /)", fileio_readable, "True if file was opened in a read mode."},
    {"writable", "($self, /)", fileio_writable, "True if file was opened in a write mode."},
    {"fileno", "($self, /)", fileio_fileno, "Return the underlying file descriptor (an integer)."},
    {"isatty", "($self, /)", fileio_isatty, "True if the file is connected to a TTY device."},
    {"_dealloc_warn", "($self, source, /)", fileio_dealloc_warn},
    {"__getstate__", "($self, /)", fileio_getstate},
    {},
};
const GetSetDef kGetSets[] = {{"closed", fileio_get_closed, nullptr, "True if the file is closed"},
                              {"closefd", fileio_get_closefd, nullptr, "True if the file descriptor will be closed by close()."},
                              {"mode", fileio_get_mode, nullptr, "String giving the file mode"},
                              {"_blksize", fileio_get_blksize, fileio_set_blksize},
                              {"_finalizing", fileio_get_finalizing, fileio_set_finalizing},
                              {"__dict__", io_get_dict},
                              {}};

}  // namespace

int64_t fileio_read(FileIO* file, void* data, int64_t size) {
  int fd = file->fd.load(std::memory_order_relaxed);
  if (fd < 0) return raise(exc::ValueError, "I/O operation on closed file"), -1;
  if (!file->readable) return bad_mode("reading"), -1;
  if (size > kMostAtOnce) size = kMostAtOnce;
  int64_t n = blocking([&] { return read(fd, data, static_cast<size_t>(size)); });
  if (n >= 0) return n;
  if (!error_pending() && (errno == EAGAIN || errno == EWOULDBLOCK)) return -2;
  raise_os_error();
  return -1;
}
int64_t fileio_write(FileIO* file, const void* data, int64_t size) {
  int fd = file->fd.load(std::memory_order_relaxed);
  if (fd < 0) return raise(exc::ValueError, "I/O operation on closed file"), -1;
  if (!file->writable) return bad_mode("writing"), -1;
  if (size > kMostAtOnce) size = kMostAtOnce;
  int64_t n = blocking([&] { return write(fd, data, static_cast<size_t>(size)); });
  if (n >= 0) return n;
  if (!error_pending() && (errno == EAGAIN || errno == EWOULDBLOCK)) return -2;
  raise_os_error();
  return -1;
}
int64_t fileio_seek(FileIO* file, int64_t offset, int whence) {
  int fd = file->fd.load(std::memory_order_relaxed);
  if (fd < 0) return raise(exc::ValueError, "I/O operation on closed file"), -1;
  int64_t position;
  int error;
  {
    Detached detached;
    position = lseek(fd, offset, whence);
    error = errno;
  }
  if (position < 0) {
    errno = error;
    raise_errno(exc::OSError);
    return -1;
  }
  file->seekable.store(1, std::memory_order_relaxed);
  return position;
}

constinit Type fileio_type;
const TypeSpec fileio_spec = {
    .name = "_io.FileIO",
    .size = sizeof(FileIO),
    .flags = kTypeBase | kTypeHasDict,
    .base = &rawiobase_type,
    .slots = {.repr = fileio_repr, .construct = fileio_construct, .init = fileio_init},
    .traverse = fileio_traverse,
    .clear = fileio_clear,
    .destroy = fileio_destroy,
    .methods = kMethods,
    .getsets = kGetSets,
    .doc =
        "Open a file.\n\nThe mode can be 'r' (default), 'w', 'x' or 'a' for reading,\nwriting, exclusive creation or appending.",
    .signature = "(file, mode='r', closefd=True, opener=None)",
};

}  // namespace pt
