// The mmap module: files and anonymous memory as a mutable sequence of bytes.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gc/sync/object_lock.h"
#include "vm/modules/support/arguments.h"
#include "vm/modules/sys/sys.h"
#include "vm/object/buffer.h"
#include "vm/object/module.h"
#include "vm/types/bytes.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"

namespace pt {
namespace {

enum Access { kDefault, kRead, kWrite, kCopy };
constinit Type mmap_type;

// All fields but `access` are guarded by `pins`: the mapping may be replaced or removed only while nobody uses it, and
// using it counts as a pin (as live buffers do).
struct Mmap : Object {
  uint8_t* data;            // nullptr: closed
  int64_t size, position, offset;
  int fd;
  int access, flags;
  int64_t exports;          // live buffers
};
Mmap* as_mmap(Value v) { return reinterpret_cast<Mmap*>(v.as_object()); }

// Keeps the mapping in place for one operation: the object is locked. Nothing in it runs Python code or blocks.
class Mapped {
 public:
  explicit Mapped(Value v) : self_(as_mmap(v)), guard_(self_) {
    if (!self_->data) raise(exc::ValueError, "mmap closed or invalid");
  }
  bool ok() const { return self_->data != nullptr; }
  Mmap* operator->() const { return self_; }

 private:
  Mmap* self_;
  LockGuard guard_;
};

Ref<> construct(Type* type, const Args& args) {
  Value b[6];
  int fd, flags = MAP_SHARED, prot = PROT_WRITE | PROT_READ, access = kDefault;
  int64_t length, offset = 0;
  if (!bind_arguments("mmap", "(fileno, length, flags=1, prot=3, access=0, offset=0)", args, b) || !to_cint(b[0], &fd) ||
      !to_size(b[1], &length) || !to_cint(b[2], &flags) || !to_cint(b[3], &prot) || !to_cint(b[4], &access)) {
    return Ref<>();
  }
  if (!b[5].empty() && !to_int64(b[5], &offset)) return Ref<>();
  if (length < 0) return raise(exc::OverflowError, "memory mapped length must be positive");
  if (offset < 0) return raise(exc::OverflowError, "memory mapped offset must be positive");
  if (access != kDefault && (!b[2].empty() || !b[3].empty()))
    return raise(exc::ValueError, "mmap can't specify both access and flags, prot.");
  switch (access) {
    case kRead: flags = MAP_SHARED, prot = PROT_READ; break;
    case kWrite: flags = MAP_SHARED, prot = PROT_READ | PROT_WRITE; break;
    case kCopy: flags = MAP_PRIVATE, prot = PROT_READ | PROT_WRITE; break;
    case kDefault:
      if ((prot & (PROT_READ | PROT_WRITE)) == PROT_READ)
        access = kRead;
      else if (!(prot & PROT_READ) && (prot & PROT_WRITE))
        access = kWrite;
      break;
    default: return raise(exc::ValueError, "mmap invalid access parameter.");
  }
  if (!audit("mmap.__new__",
             {Value::small_int(fd), Value::small_int(length), Value::small_int(access), Value::small_int(offset)}))
    return Ref<>();
  struct stat status;
  int failed = -1;
  if (fd != -1) {
    Detached detached;
    failed = fstat(fd, &status);
  }
  if (fd != -1 && failed == 0 && S_ISREG(status.st_mode)) {
    if (length == 0) {
      if (status.st_size == 0) return raise(exc::ValueError, "cannot mmap an empty file");
      if (offset >= status.st_size) return raise(exc::ValueError, "mmap offset is greater than file size");
      length = status.st_size - offset;
    } else if (offset > status.st_size || status.st_size - offset < length) {
      return raise(exc::ValueError, "mmap length is greater than file size");
    }
  }
  Ref<Mmap> self = allocate<Mmap>(type);
  if (!self) return Ref<>();
  self->fd = -1;
  if (fd == -1) {
    flags |= MAP_ANONYMOUS;
  } else {
    self->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (self->fd < 0) return raise_os_error();
  }
  void* data = mmap(nullptr, static_cast<size_t>(length), prot, flags, self->fd, offset);
  if (data == MAP_FAILED) return raise_os_error();
  self->data = static_cast<uint8_t*>(data);
  self->size = length;
  self->offset = offset;
  self->access = access;
  self->flags = flags;
  return self;
}
void destroy(Object* o) {
  auto* self = static_cast<Mmap*>(o);
  if (self->data) munmap(self->data, static_cast<size_t>(self->size));
  if (self->fd >= 0) close(self->fd);
  self->data = nullptr;
  self->fd = -1;
}

bool check_writable(const Mmap* self) {
  if (self->access != kRead) return true;
  return raise(exc::TypeError, "mmap can't modify a readonly memory map.");
}
bool check_resizable(const Mmap* self) {
  if (self->exports > 0) return raise(exc::BufferError, "mmap can't resize with extant pointers exported.");
  if (self->access == kWrite || self->access == kDefault) return true;
  return raise(exc::TypeError, "mmap can't resize a readonly or copy-on-write memory map.");
}

Ref<> close_method(const Value* a) {
  Mmap* self = as_mmap(a[0]);
  LockGuard guard(self);
  if (self->exports > 0) return raise(exc::BufferError, "cannot close exported pointers exist");
  destroy(self);
  return none_ref();
}
Ref<> get_closed(Value v) {
  LockGuard guard(as_mmap(v));
  return bool_ref(as_mmap(v)->data == nullptr);
}

// ---- reading and writing at the position ------------------------------------------------------------------------------------

Ref<> copy_out(const uint8_t* data, int64_t size) {
  return bytes_from({reinterpret_cast<const char*>(data), static_cast<size_t>(size)});
}

Ref<> read_method(const Value* a) {
  int64_t count = INT64_MAX;
  if (given(a[1])) {
    Ref<> number = index(a[1]);
    if (!number) {
      if (clear_if(exc::TypeError)) return raise(exc::TypeError, "argument should be integer or None, not '%T'", a[1]);
      return Ref<>();
    }
    if (!to_size(number.value(), &count)) return Ref<>();
  }
  Mapped m(a[0]);
  if (!m.ok()) return Ref<>();
  int64_t left = m->position < m->size ? m->size - m->position : 0;
  if (count < 0 || count > left) count = left;
  Ref<> result = copy_out(m->data + m->position, count);
  if (result) m->position += count;
  return result;
}
Ref<> readline_method(const Value* a) {
  Mapped m(a[0]);
  if (!m.ok()) return Ref<>();
  int64_t left = m->position < m->size ? m->size - m->position : 0;
  const uint8_t* start = m->data + m->position;
  const void* end = left ? std::memchr(start, '\n', static_cast<size_t>(left)) : nullptr;
  int64_t count = end ? static_cast<const uint8_t*>(end) - start + 1 : left;
  Ref<> result = copy_out(start, count);
  if (result) m->position += count;
  return result;
}
Ref<> read_byte_method(const Value* a) {
  Mapped m(a[0]);
  if (!m.ok()) return Ref<>();
  if (m->position >= m->size) return raise(exc::ValueError, "read byte out of range");
  return int_from_int64(m->data[m->position++]);
}
Ref<> write_method(const Value* a) {
  BufferView view(a[1]);
  if (!view.ok()) return Ref<>();
  Mapped m(a[0]);
  if (!m.ok() || !check_writable(m.operator->())) return Ref<>();
  if (m->position > m->size || m->size - m->position < view.size()) return raise(exc::ValueError, "data out of range");
  std::memmove(m->data + m->position, view.data(), static_cast<size_t>(view.size()));
  m->position += view.size();
  return int_from_int64(view.size());
}
Ref<> write_byte_method(const Value* a) {
  int byte;
  if (!to_cint(a[1], &byte)) return Ref<>();
  if (byte < -128 || byte > 255) return raise(exc::OverflowError, "unsigned byte integer is greater than maximum");
  Mapped m(a[0]);
  if (!m.ok() || !check_writable(m.operator->())) return Ref<>();
  if (m->position >= m->size) return raise(exc::ValueError, "write byte out of range");
  m->data[m->position++] = static_cast<uint8_t>(byte);
  return none_ref();
}
Ref<> find_in(const Value* a, bool backwards) {
  BufferView needle(a[1]);
  int64_t start = 0, end = INT64_MAX;
  bool has_start = given(a[2]);
  if (!needle.ok() || (has_start && !to_index_clamped(a[2], &start)) || (given(a[3]) && !to_index_clamped(a[3], &end)))
    return Ref<>();
  Mapped m(a[0]);
  if (!m.ok()) return Ref<>();
  if (!has_start) start = m->position;
  auto clamp = [&](int64_t i) {
    if (i < 0) i += m->size;
    return i < 0 ? 0 : i > m->size ? m->size : i;
  };
  start = clamp(start);
  end = clamp(end);
  if (end < start) return int_from_int64(-1);
  std::string_view all(reinterpret_cast<const char*>(m->data) + start, static_cast<size_t>(end - start));
  size_t found = backwards ? all.rfind(needle.view()) : all.find(needle.view());
  return int_from_int64(found == std::string_view::npos ? -1 : start + static_cast<int64_t>(found));
}
Ref<> find_method(const Value* a) { return find_in(a, false); }
Ref<> rfind_method(const Value* a) { return find_in(a, true); }
Ref<> seek_method(const Value* a) {
  int64_t distance;
  int how = SEEK_SET;
  if (!to_size(a[1], &distance) || !to_cint(a[2], &how)) return Ref<>();
  Mapped m(a[0]);
  if (!m.ok()) return Ref<>();
  int64_t from;
  switch (how) {
    case SEEK_SET: from = 0; break;
    case SEEK_CUR: from = m->position; break;
    case SEEK_END: from = m->size; break;
    default: return raise(exc::ValueError, "unknown seek type");
  }
  int64_t target;
  if (__builtin_add_overflow(from, distance, &target) || target < 0 || target > m->size)
    return raise(exc::ValueError, "seek out of range");
  m->position = target;
  return none_ref();
}
Ref<> tell_method(const Value* a) {
  Mapped m(a[0]);
  return m.ok() ? int_from_int64(m->position) : Ref<>();
}

// ---- the mapping as a whole ---------------------------------------------------------------------------------------------------

Ref<> size_method(const Value* a) {
  Mapped m(a[0]);
  if (!m.ok()) return Ref<>();
  if (m->fd < 0) return int_from_int64(m->size);
  struct stat status;
  if (fstat(m->fd, &status) < 0) return raise_os_error();
  return int_from_int64(status.st_size);
}
Ref<> flush_method(const Value* a) {
  int64_t offset = 0, size = -1;
  if ((!a[1].empty() && !to_size(a[1], &offset)) || (!a[2].empty() && !to_size(a[2], &size))) return Ref<>();
  uint8_t* start;
  {
    Mapped m(a[0]);
    if (!m.ok()) return Ref<>();
    if (a[2].empty()) size = m->size - offset;
    if (offset < 0 || size < 0 || m->size - offset < size) return raise(exc::ValueError, "flush values out of range");
    if (m->access == kRead || m->access == kCopy) return none_ref();
    start = m->data + offset;
    ++m->exports;  // stays mapped while the system writes
  }
  int result, error;
  {
    Detached detached;
    result = msync(start, static_cast<size_t>(size), MS_SYNC);
    error = errno;
  }
  {
    LockGuard guard(as_mmap(a[0]));
    --as_mmap(a[0])->exports;
  }
  errno = error;
  return result < 0 ? Ref<>(raise_os_error()) : none_ref();
}
Ref<> move_method(const Value* a) {
  int64_t to, from, count;
  if (!to_size(a[1], &to) || !to_size(a[2], &from) || !to_size(a[3], &count)) return Ref<>();
  Mapped m(a[0]);
  if (!m.ok() || !check_writable(m.operator->())) return Ref<>();
  if (to < 0 || from < 0 || count < 0 || m->size - to < count || m->size - from < count) {
    return raise(exc::ValueError, "source, destination, or count out of range");
  }
  std::memmove(m->data + to, m->data + from, static_cast<size_t>(count));
  return none_ref();
}
Ref<> resize_method(const Value* a) {
  int64_t size;
  if (!to_size(a[1], &size)) return Ref<>();
  Mapped m(a[0]);
  if (!m.ok() || !check_resizable(m.operator->())) return Ref<>();
  if (size < 0 || INT64_MAX - size < m->offset) return raise(exc::ValueError, "new size out of range");
  if (m->fd >= 0 && ftruncate(m->fd, m->offset + size) < 0) return raise_os_error();
  void* moved = mremap(m->data, static_cast<size_t>(m->size), static_cast<size_t>(size), MREMAP_MAYMOVE);
  if (moved == MAP_FAILED) return raise_os_error();
  m->data = static_cast<uint8_t*>(moved);
  m->size = size;
  return none_ref();
}
Ref<> madvise_method(const Value* a) {
  int option;
  int64_t start = 0, length = -1;
  if (!to_cint(a[1], &option) || (!a[2].empty() && !to_size(a[2], &start)) || (!a[3].empty() && !to_size(a[3], &length)))
    return Ref<>();
  Mapped m(a[0]);
  if (!m.ok()) return Ref<>();
  if (a[3].empty()) length = m->size;
  if (start < 0 || start >= m->size) return raise(exc::ValueError, "madvise start out of bounds");
  if (length < 0) return raise(exc::ValueError, "madvise length invalid");
  if (INT64_MAX - start < length) return raise(exc::OverflowError, "madvise length too large");
  length = std::min(length, m->size - start);
  return madvise(m->data + start, static_cast<size_t>(length), option) < 0 ? Ref<>(raise_os_error()) : none_ref();
}
Ref<> enter_method(const Value* a) {
  Mapped m(a[0]);
  return m.ok() ? Ref<>::retain(a[0]) : Ref<>();
}

// ---- sequence and buffer
// --------------------------------------------------------------------------------------------------------

int64_t length_of(Value v) {
  Mapped m(v);
  return m.ok() ? m->size : -1;
}
bool item_index(Value key, int64_t* out) {
  Ref<> number = index(key);
  return number && to_size(number.value(), out);
}
Ref<> get_item_of(Value v, Value key) {
  if (has_shape(key, kShape_slice)) {
    int64_t length = length_of(v), start, stop, step, count;
    if (length < 0 || !slice_indices(key, length, &start, &stop, &step, &count)) return Ref<>();
    Ref<Bytes> result = bytes_allocate(count);
    if (!result) return Ref<>();
    Mapped m(v);
    if (!m.ok()) return Ref<>();
    for (int64_t i = 0; i < count; ++i) {
      int64_t at = start + i * step;
      result->data[i] = at < m->size ? m->data[at] : uint8_t{0};
    }
    return result;
  }
  int64_t i;
  if (!is_int(key) && !type_of(key)->slots.unary[static_cast<int>(UnaryOp::kIndex)])
    return raise(exc::TypeError, "mmap indices must be integers");
  if (!item_index(key, &i)) return Ref<>();
  Mapped m(v);
  if (!m.ok()) return Ref<>();
  if (i < 0) i += m->size;
  if (i < 0 || i >= m->size) return raise(exc::IndexError, "mmap index out of range");
  return int_from_int64(m->data[i]);
}
bool set_item_of(Value v, Value key, Value value) {
  {
    Mapped m(v);
    if (!m.ok() || !check_writable(m.operator->())) return false;
  }
  if (has_shape(key, kShape_slice)) {
    if (value.empty()) return raise(exc::TypeError, "mmap object doesn't support slice deletion");
    int64_t length = length_of(v), start, stop, step, count;
    if (length < 0 || !slice_indices(key, length, &start, &stop, &step, &count)) return false;
    BufferView view(value);
    if (!view.ok()) return false;
    if (view.size() != count) return raise(exc::IndexError, "mmap slice assignment is wrong size");
    Mapped m(v);
    if (!m.ok()) return false;
    if (step == 1 && start + count <= m->size) {
      std::memmove(m->data + start, view.data(), static_cast<size_t>(count));
    } else {
      for (int64_t i = 0; i < count; ++i) {
        if (start + i * step < m->size) m->data[start + i * step] = view.data()[i];
      }
    }
    return true;
  }
  int64_t i;
  if (!is_int(key) && !type_of(key)->slots.unary[static_cast<int>(UnaryOp::kIndex)])
    return raise(exc::TypeError, "mmap indices must be integers");
  if (!item_index(key, &i)) return false;
  {
    Mapped m(v);
    if (!m.ok()) return false;
    if (i < -m->size || i >= m->size) return raise(exc::IndexError, "mmap index out of range");
  }
  if (value.empty()) return raise(exc::TypeError, "mmap doesn't support item deletion");
  Ref<> number = index(value);
  int64_t byte;
  if (!number) {
    if (clear_if(exc::TypeError)) return raise(exc::TypeError, "mmap item value must be an int");
    return false;
  }
  if (!int_to_int64(number.value(), &byte) || byte < 0 || byte > 255)
    return raise(exc::ValueError, "mmap item value must be in range(0, 256)");
  Mapped m(v);
  if (!m.ok()) return false;
  if (i < 0) i += m->size;
  if (i < 0 || i >= m->size) return raise(exc::IndexError, "mmap index out of range");
  m->data[i] = static_cast<uint8_t>(byte);
  return true;
}
bool get_buffer_of(Value v, Buffer* out, int flags) {
  Mapped m(v);
  if (!m.ok()) return false;
  if ((flags & kBufferWritable) && m->access == kRead) return raise(exc::BufferError, "Object is not writable.");
  ++m->exports;
  out->data = m->data;
  out->length = m->size;
  out->read_only = m->access == kRead;
  out->owner = Ref<>::retain(v);
  return true;
}
void release_buffer_of(Value v, Buffer*) {
  LockGuard guard(as_mmap(v));
  --as_mmap(v)->exports;
}
Ref<> repr(Value v) {
  const char* const names[] = {"ACCESS_DEFAULT", "ACCESS_READ", "ACCESS_WRITE", "ACCESS_COPY"};
  const char* module = type_of(v) == &mmap_type ? "mmap." : "";
  int64_t size, position, offset;
  int access;
  {
    LockGuard guard(as_mmap(v));
    Mmap* self = as_mmap(v);
    if (!self->data) return str_format("<%s%N closed=True>", module, type_of(v));
    size = self->size, position = self->position, offset = self->offset, access = self->access;
  }
  return str_format("<%s%N closed=False, access=%s, length=%ld, pos=%ld, offset=%ld>", module, type_of(v), names[access],
                    static_cast<long>(size), static_cast<long>(position), static_cast<long>(offset));
}

const NativeDef kMethods[] = {{"close", "($self, /)", close_method},
                              {"find", "($self, sub, start=None, end=None, / )", find_method},
                              {"rfind", "($self, sub, start=None, end=None, / )", rfind_method},
                              {"flush", "($self, offset=0, size=-1, /)", flush_method},
                              {"madvise", "($self, option, start=0, length=-1, /)", madvise_method},
                              {"move", "($self, dest, src, count, /)", move_method},
                              {"read", "($self, n=None, /)", read_method},
                              {"read_byte", "($self, /)", read_byte_method},
                              {"readline", "($self, /)", readline_method},
                              {"resize", "($self, newsize, /)", resize_method},
                              {"seek", "($self, pos, whence=0, /)", seek_method},
                              {"size", "($self, /)", size_method},
                              {"tell", "($self, /)", tell_method},
                              {"write", "($self, bytes, /)", write_method},
                              {"write_byte", "($self, byte, /)", write_byte_method},
                              {"__enter__", "($self, /)", enter_method},
                              {"__exit__", "($self, exc_type=None, exc_value=None, exc_tb=None, /)", close_method},
                              {}};
const GetSetDef kGetSets[] = {{"closed", get_closed}, {}};
const TypeSpec kSpec = {
    .name = "mmap.mmap",
    .size = sizeof(Mmap),
    .flags = kTypeBase | kTypeWeakrefs,
    .slots = {.length = length_of,
              .get_item = get_item_of,
              .set_item = set_item_of,
              .repr = repr,
              .construct = construct,
              .get_buffer = get_buffer_of,
              .release_buffer = release_buffer_of},
    .destroy = destroy,
    .methods = kMethods,
    .getsets = kGetSets,
    .doc =
        "mmap(fileno, length[, flags[, prot[, access[, offset]]]])\n\nMaps length bytes from the file specified by the file "
        "descriptor fileno."};
#define C(name) {#name, static_cast<int64_t>(name)}
const IntConstant kConstants[] = {{"ACCESS_DEFAULT", kDefault},
                                  {"ACCESS_READ", kRead},
                                  {"ACCESS_WRITE", kWrite},
                                  {"ACCESS_COPY", kCopy},
                                  C(PROT_EXEC),
                                  C(PROT_READ),
                                  C(PROT_WRITE),
                                  C(MAP_SHARED),
                                  C(MAP_PRIVATE),
                                  C(MAP_DENYWRITE),
                                  C(MAP_EXECUTABLE),
                                  C(MAP_ANONYMOUS),
                                  C(MAP_ANON),
                                  C(MAP_POPULATE),
                                  C(MAP_STACK),
                                  C(MADV_NORMAL),
                                  C(MADV_RANDOM),
                                  C(MADV_SEQUENTIAL),
                                  C(MADV_WILLNEED),
                                  C(MADV_DONTNEED),
                                  C(MADV_REMOVE),
                                  C(MADV_DONTFORK),
                                  C(MADV_DOFORK),
                                  C(MADV_HWPOISON),
                                  C(MADV_MERGEABLE),
                                  C(MADV_UNMERGEABLE),
                                  C(MADV_HUGEPAGE),
                                  C(MADV_NOHUGEPAGE),
                                  C(MADV_DONTDUMP),
                                  C(MADV_DODUMP),
                                  C(MADV_FREE),
                                  {}};
#undef C

}  // namespace
extern const NativeModule mmap_module;
const NativeModule mmap_module = {"mmap", nullptr, nullptr, [](Module* module) {
                                    int64_t page = sysconf(_SC_PAGESIZE);
                                    return dict_set_text(module_dict(module), "error", Value::object(exc::OSError)) &&
                                           module_add_type(module, &mmap_type, &kSpec) && module_add_ints(module, kConstants) &&
                                           module_add_int(module, "PAGESIZE", page) &&
                                           module_add_int(module, "ALLOCATIONGRANULARITY", page);
                                  }};
}  // namespace pt
