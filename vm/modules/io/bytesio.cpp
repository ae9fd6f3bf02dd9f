// BytesIO: a file in memory.
#include <cstring>

#include "gc/platform/memory.h"
#include "gc/reclaim/qsbr.h"
#include "vm/modules/io/io.h"
#include "vm/modules/support/writable_view.h"
#include "vm/object/buffer.h"
#include "vm/types/dict.h"
#include "vm/types/list.h"

namespace pt {
namespace {

// All guarded by the object lock. The content is a bytes object (shared with whoever gave or got it) or a buffer of our own.
struct BytesIO : Object {
  Field shared;        // Bytes, when `own` is not used
  uint8_t* own;
  int64_t size, capacity, position;
  int64_t exports;     // live views from getbuffer(): the buffer must stay where it is
  bool closed;
};
BytesIO* as_bytesio(Value v) { return reinterpret_cast<BytesIO*>(v.as_object()); }

// What getbuffer() exports.
struct BytesIOView : Object {
  Field source;
};
constinit Type view_type;

const uint8_t* content(const BytesIO* io) {
  Value shared = io->shared.peek();
  return shared.empty() ? io->own : as_bytes(shared)->data;
}
Raised closed_error() { return raise(exc::ValueError, "I/O operation on closed file."); }
Raised exports_error() { return raise(exc::BufferError, "Existing exports of data: object cannot be re-sized"); }

// Locked: room for `wanted` bytes in a buffer of our own. The bytes object that is no longer needed goes to *dropped.
bool make_own(BytesIO* io, int64_t wanted, Ref<>* dropped) {
  if (io->shared.peek().empty() && wanted <= io->capacity) return true;
  int64_t capacity = wanted;
  if (wanted > io->size) {
    capacity = wanted + (wanted >> 3) + (wanted < 9 ? 3 : 6);
    if (capacity < 64) capacity = 64;
  }
  if (capacity < io->size) capacity = io->size;
  if (io->shared.peek().empty() && io->own) {
    auto* grown = static_cast<uint8_t*>(memory::reallocate(io->own, static_cast<size_t>(capacity)));
    if (!grown) return false;
    io->own = grown;
  } else {
    auto* made = static_cast<uint8_t*>(memory::allocate(static_cast<size_t>(capacity)));
    if (!made) return false;
    if (io->size) std::memcpy(made, content(io), static_cast<size_t>(io->size));
    io->own = made;
    *dropped = io->shared.exchange_locked(Ref<>());
  }
  io->capacity = capacity;
  return true;
}

enum class Outcome { kOk, kClosed, kExported, kNoMemory };
Ref<> fail(Outcome outcome) {
  switch (outcome) {
    case Outcome::kClosed: return closed_error();
    case Outcome::kExported: return exports_error();
    default: return raise_no_memory();
  }
}

// Locked. Writes at the position; a gap behind the end is filled with zeros.
Outcome write_locked(BytesIO* io, const void* data, int64_t count, Ref<>* dropped) {
  if (io->closed) return Outcome::kClosed;
  if (io->exports > 0) return Outcome::kExported;
  if (count == 0) return Outcome::kOk;
  int64_t end;
  if (__builtin_add_overflow(io->position, count, &end) || end > (int64_t{1} << 46)) return Outcome::kNoMemory;
  if (!make_own(io, end > io->size ? end : io->size, dropped)) return Outcome::kNoMemory;
  if (io->position > io->size) std::memset(io->own + io->size, 0, static_cast<size_t>(io->position - io->size));
  std::memcpy(io->own + io->position, data, static_cast<size_t>(count));
  io->position = end;
  if (end > io->size) io->size = end;
  return Outcome::kOk;
}

Ref<> bytesio_construct(Type* type, const Args&) {
  Ref<BytesIO> io = allocate<BytesIO>(type);
  if (!io) return Ref<>();
  io->shared.init(Ref<>::retain(Value::object(empty_bytes())));
  return io;
}

bool bytesio_init(Value self, const Args& args) {
  Value initial;
  if (!bind_arguments("BytesIO", "(initial_bytes=b'')", args, &initial)) return false;
  BytesIO* io = as_bytesio(self);
  Ref<> bytes = Ref<>::retain(Value::object(empty_bytes()));
  if (given(initial)) {
    if (has_shape(initial, kShape_bytes)) {
      bytes = Ref<>::retain(initial);
    } else {
      BufferView view(initial);
      if (!view.ok()) return false;
      bytes = bytes_from(view.view());
      if (!bytes) return false;
    }
  }
  Ref<> old;
  uint8_t* own;
  bool exported;
  {
    LockGuard guard(io);
    exported = io->exports > 0;
    own = nullptr;
    if (!exported) {
      io->size = as_bytes(bytes.value())->length;
      old = io->shared.exchange_locked(std::move(bytes));
      own = io->own;
      io->own = nullptr;
      io->capacity = 0;
      io->position = 0;
      io->closed = false;
    }
  }
  memory::release(own);
  return exported ? static_cast<bool>(exports_error()) : true;
}

// Bytes [position, position + count) as an object, the position moved on.
Ref<> take(BytesIO* io, int64_t limit, bool line) {
  // The content may change between measuring and copying: measure, allocate, then copy what is there.
  for (;;) {
    int64_t count = 0;
    Ref<> whole;
    {
      LockGuard guard(io);
      if (io->closed) {
        count = -1;
      } else if (io->position < io->size) {
        count = io->size - io->position;
        if (limit >= 0 && count > limit) count = limit;
        if (line) {
          const uint8_t* start = content(io) + io->position;
          auto* found = static_cast<const uint8_t*>(std::memchr(start, '\n', static_cast<size_t>(count)));
          if (found) count = found - start + 1;
        }
        Value shared = io->shared.peek();
        if (!shared.empty() && io->position == 0 && count == io->size) {
          whole = Ref<>::retain(shared);
          io->position = count;
        }
      }
    }
    if (count < 0) return closed_error();
    if (whole) return whole;
    if (count == 0) return Ref<>::retain(Value::object(empty_bytes()));
    Ref<Bytes> result = bytes_allocate(count);
    if (!result) return Ref<>();
    bool same;
    {
      LockGuard guard(io);
      same = !io->closed && io->size - io->position >= count;
      if (same) {
        std::memcpy(result->data, content(io) + io->position, static_cast<size_t>(count));
        if (line && std::memchr(result->data, '\n', static_cast<size_t>(count - 1)))
          same = false;
        else
          io->position += count;
      }
    }
    if (same) return result;
  }
}

Ref<> bytesio_read(const Value* a) {
  int64_t size = -1;
  if (!optional_size(a[1], &size)) return Ref<>();
  return take(as_bytesio(a[0]), size, false);
}
Ref<> bytesio_readline(const Value* a) {
  int64_t size = -1;
  if (!optional_size(a[1], &size)) return Ref<>();
  return take(as_bytesio(a[0]), size, true);
}
Ref<> bytesio_readlines(const Value* a) {
  int64_t hint = 0;
  if (given(a[1])) {
    if (!is_int(a[1])) return raise(exc::TypeError, "integer argument expected, got '%T'", a[1]);
    if (!to_size(a[1], &hint)) return Ref<>();
  }
  Ref<List> lines = list_new();
  if (!lines) return Ref<>();
  int64_t total = 0;
  for (;;) {
    Ref<> line = take(as_bytesio(a[0]), -1, true);
    if (!line) return Ref<>();
    int64_t size = as_bytes(line.value())->length;
    if (size == 0) return lines;
    if (!list_append(lines.get(), std::move(line))) return Ref<>();
    total += size;
    if (hint > 0 && total >= hint) return lines;
  }
}
Ref<> bytesio_next(Value self) {
  Ref<> line = take(as_bytesio(self), -1, true);
  if (!line || as_bytes(line.value())->length == 0) return Ref<>();
  return line;
}
Ref<> bytesio_readinto(const Value* a) {
  WritableView target(a[1], "readinto");
  if (!target.ok()) return Ref<>();
  BytesIO* io = as_bytesio(a[0]);
  int64_t count = 0;
  bool closed;
  {
    LockGuard guard(io);
    closed = io->closed;
    if (!closed && io->position < io->size) {
      count = io->size - io->position;
      if (count > target.size()) count = target.size();
      std::memmove(target.data(), content(io) + io->position, static_cast<size_t>(count));
      io->position += count;
    }
  }
  return closed ? closed_error() : int_from_int64(count);
}

Ref<> write_object(BytesIO* io, Value data) {
  {
    LockGuard guard(io);
    if (io->closed) data = Value();
  }
  if (data.empty()) return closed_error();
  BufferView view(data);
  if (!view.ok()) return Ref<>();
  Outcome outcome;
  Ref<> dropped;
  {
    LockGuard guard(io);
    outcome = write_locked(io, view.data(), view.size(), &dropped);
  }
  return outcome == Outcome::kOk ? int_from_int64(view.size()) : fail(outcome);
}
Ref<> bytesio_write(const Value* a) { return write_object(as_bytesio(a[0]), a[1]); }
Ref<> bytesio_writelines(const Value* a) {
  if (as_bytesio(a[0])->closed) return closed_error();
  bool ok = for_each(a[1], [&](Value line) { return static_cast<bool>(write_object(as_bytesio(a[0]), line)); });
  return ok ? none_ref() : Ref<>();
}

Ref<> bytesio_seek(const Value* a) {
  BytesIO* io = as_bytesio(a[0]);
  int64_t offset;
  int whence = 0;
  if (!to_size(a[1], &offset) || !to_cint(a[2], &whence)) return Ref<>();
  if (io->closed) return closed_error();
  if (offset < 0 && whence == 0) return raise(exc::ValueError, "negative seek value %ld", offset);
  if (whence < 0 || whence > 2) return raise(exc::ValueError, "invalid whence (%d, should be 0, 1 or 2)", whence);
  bool overflow = false;
  {
    LockGuard guard(io);
    int64_t base = whence == 1 ? io->position : whence == 2 ? io->size : 0;
    int64_t target;
    overflow = __builtin_add_overflow(base, offset, &target);
    if (!overflow) {
      io->position = target < 0 ? 0 : target;
      offset = io->position;
    }
  }
  if (overflow) return raise(exc::OverflowError, "new position too large");
  return int_from_int64(offset);
}
Ref<> bytesio_tell(const Value* a) {
  BytesIO* io = as_bytesio(a[0]);
  if (io->closed) return closed_error();
  return int_from_int64(io->position);
}

Ref<> bytesio_truncate(const Value* a) {
  BytesIO* io = as_bytesio(a[0]);
  if (io->closed) return closed_error();
  int64_t size = io->position;
  if (given(a[1])) {
    if (!optional_size(a[1], &size)) return Ref<>();
  }
  if (io->exports > 0) return exports_error();
  if (size < 0) return raise(exc::ValueError, "negative size value %ld", size);
  Outcome outcome = Outcome::kOk;
  Ref<> dropped;
  {
    LockGuard guard(io);
    if (io->exports > 0)
      outcome = Outcome::kExported;
    else if (size < io->size) {
      if (make_own(io, io->size, &dropped))
        io->size = size;
      else
        outcome = Outcome::kNoMemory;
    }
  }
  return outcome == Outcome::kOk ? int_from_int64(size) : fail(outcome);
}

Ref<> bytesio_getvalue(const Value* a) {
  BytesIO* io = as_bytesio(a[0]);
  for (;;) {
    int64_t size;
    Ref<> ready;
    {
      LockGuard guard(io);
      size = io->closed ? -1 : io->size;
      Value shared = io->shared.peek();
      if (size >= 0 && !shared.empty() && as_bytes(shared)->length == size) ready = Ref<>::retain(shared);
    }
    if (size < 0) return closed_error();
    if (ready) return ready;
    Ref<Bytes> copy = bytes_allocate(size);
    if (!copy) return Ref<>();
    bool same;
    uint8_t* own = nullptr;
    {
      LockGuard guard(io);
      same = !io->closed && io->size == size && io->shared.peek().empty();
      if (same) {
        std::memcpy(copy->data, io->own, static_cast<size_t>(size));
        // From now on the object stands for the content, until somebody writes.
        if (io->exports == 0) {
          own = io->own;
          io->own = nullptr;
          io->capacity = 0;
          io->shared.init(Ref<>::retain(copy.value()));
        }
      }
    }
    memory::release(own);
    if (same) return copy;
  }
}

Ref<> bytesio_getbuffer(const Value* a) {
  BytesIO* io = as_bytesio(a[0]);
  if (io->closed) return closed_error();
  Ref<BytesIOView> view = allocate<BytesIOView>(&view_type);
  if (!view) return Ref<>();
  view->source.init(Ref<>::retain(a[0]));
  return call1(Value::object(&memoryview_type), view.value());
}

Ref<> bytesio_close(const Value* a) {
  BytesIO* io = as_bytesio(a[0]);
  uint8_t* own = nullptr;
  Ref<> dropped;
  bool exported;
  {
    LockGuard guard(io);
    exported = io->exports > 0;
    if (!exported) {
      io->closed = true;
      own = io->own;
      io->own = nullptr;
      io->size = io->capacity = 0;
      dropped = io->shared.exchange_locked(Ref<>());
    }
  }
  memory::release(own);
  return exported ? exports_error() : none_ref();
}

Ref<> bytesio_yes(const Value* a) { return as_bytesio(a[0])->closed ? closed_error() : bool_ref(true); }
Ref<> bytesio_isatty(const Value* a) { return as_bytesio(a[0])->closed ? closed_error() : bool_ref(false); }
Ref<> bytesio_flush(const Value* a) { return as_bytesio(a[0])->closed ? closed_error() : none_ref(); }
Ref<> bytesio_get_closed(Value self) { return bool_ref(as_bytesio(self)->closed); }

Ref<> bytesio_getstate(const Value* a) {
  Ref<> value = bytesio_getvalue(a);
  if (!value) return Ref<>();
  Ref<> position = int_from_int64(as_bytesio(a[0])->position);
  Ref<Dict> attributes = instance_snapshot(a[0].as_object());
  if (!attributes) return Ref<>();
  return tuple_of({value.value(), position.value(), dict_size(attributes.get()) ? attributes.value() : none()});
}
Ref<> bytesio_setstate(const Value* a) {
  if (!is_tuple(a[1]) || as_tuple(a[1])->length < 3) {
    return raise(exc::TypeError, "%T.__setstate__ argument should be 3-tuple, got %T", a[0], a[1]);
  }
  BytesIO* io = as_bytesio(a[0]);
  if (io->exports > 0) return exports_error();
  Tuple* state = as_tuple(a[1]);
  {
    LockGuard guard(io);
    io->position = 0;
    io->size = 0;
  }
  if (!write_object(io, state->at(0))) return Ref<>();
  if (!is_int(state->at(1))) {
    return raise(exc::TypeError, "second item of state must be an integer, not %T", state->at(1));
  }
  int64_t position;
  if (!to_size(state->at(1), &position)) return Ref<>();
  if (position < 0) return raise(exc::ValueError, "position value cannot be negative");
  io->position = position;
  if (given(state->at(2))) {
    if (!is_dict(state->at(2))) return raise(exc::TypeError, "third item of state should be a dict, got a %T", state->at(2));
    Ref<Dict> attributes = instance_dict(a[0].as_object());
    if (!attributes || !dict_update(attributes.get(), state->at(2))) return Ref<>();
  }
  return none_ref();
}

void bytesio_traverse(Object* o, FieldVisitor& visitor) {
  visitor(static_cast<BytesIO*>(o)->shared);
  io_traverse_attributes(o, visitor);
}
void bytesio_clear(Object* o) {
  auto* io = static_cast<BytesIO*>(o);
  if (!io->shared.peek().empty()) {
    io->size = 0;
    io->closed = true;
    io->shared.clear();
  }
  attributes_clear(o);
}
void bytesio_destroy(Object* o) {
  memory::release(static_cast<BytesIO*>(o)->own);
  bytesio_clear(o);
}

// ---- views -----------------------------------------------------------------------------------------------------------------

bool view_get(Value self, Buffer* out, int flags) {
  (void)flags;
  Value source = reinterpret_cast<BytesIOView*>(self.as_object())->source.peek();
  BytesIO* io = as_bytesio(source);
  bool ok;
  Ref<> dropped;
  {
    LockGuard guard(io);
    ok = make_own(io, io->size > 0 ? io->size : 1, &dropped);
    if (ok) ++io->exports;
  }
  if (!ok) return raise_no_memory();
  out->data = io->own;
  out->length = io->size;
  out->item_size = 1;
  out->read_only = false;
  out->dimensions = 1;
  out->owner = Ref<>::retain(self);
  return true;
}
void view_release(Value self, Buffer*) {
  BytesIO* io = as_bytesio(reinterpret_cast<BytesIOView*>(self.as_object())->source.peek());
  LockGuard guard(io);
  --io->exports;
}
void view_traverse(Object* o, FieldVisitor& visitor) { visitor(static_cast<BytesIOView*>(o)->source); }
const TypeSpec kViewSpec = {.name = "_io._BytesIOBuffer",
                            .size = sizeof(BytesIOView),
                            .flags = kTypeNoInstantiate,
                            .slots = {.get_buffer = view_get, .release_buffer = view_release},
                            .traverse = view_traverse};

const NativeDef kMethods[] = {
    {"readable", "($self, /)", bytesio_yes, "Returns True if the IO object can be read."},
    {"seekable", "($self, /)", bytesio_yes, "Returns True if the IO object can be seeked."},
    {"writable", "($self, /)", bytesio_yes, "Returns True if the IO object can be written."},
    {"close", "($self, /)", bytesio_close, "Disable all I/O operations."},
    {"flush", "($self, /)", bytesio_flush, "Does nothing."},
    {"isatty", "($self, /)", bytesio_isatty, "Always returns False."},
    {"tell", "($self, /)", bytesio_tell, "Current file position, an integer."},
    {"write", "($self, b, /)", bytesio_write, "Write bytes to file."},
    {"writelines", "($self, lines, /)", bytesio_writelines, "Write lines to the file."},
    {"read1", "($self, size=-1, /)", bytesio_read, "Read at most size bytes, returned as a bytes object."},
    {"readinto", "($self, buffer, /)", bytesio_readinto, "Read bytes into buffer."},
    {"readline", "($self, size=-1, /)", bytesio_readline, "Next line from the file, as a bytes object."},
    {"readlines", "($self, size=None, /)", bytesio_readlines, "List of bytes objects, each a line from the file."},
    {"read", "($self, size=-1, /)", bytesio_read, "Read at most size bytes, returned as a bytes object."},
    {"getbuffer", "($self, /)", bytesio_getbuffer, "Get a read-write view over the contents of the BytesIO object."},
    {"getvalue", "($self, /)", bytesio_getvalue, "Retrieve the entire contents of the BytesIO object."},
    {"seek", "($self, pos, whence=0, /)", bytesio_seek, "Change stream position."},
    {"truncate", "($self, size=None, /)", bytesio_truncate, "Truncate the file to at most size bytes."},
    {"__getstate__", "($self, /)", bytesio_getstate},
    {"__setstate__", "($self, state, /)", bytesio_setstate},
    {},
};
const GetSetDef kGetSets[] = {
    {"closed", bytesio_get_closed, nullptr, "True if the file is closed."}, {"__dict__", io_get_dict}, {}};

}  // namespace

bool init_bytesio_view() { return view_type.spec || init_module_type(&view_type, &kViewSpec); }

constinit Type bytesio_type;
const TypeSpec bytesio_spec = {
    .name = "_io.BytesIO",
    .size = sizeof(BytesIO),
    .flags = kTypeBase | kTypeHasDict,
    .base = &bufferediobase_type,
    .slots = {.next = bytesio_next, .construct = bytesio_construct, .init = bytesio_init},
    .traverse = bytesio_traverse,
    .clear = bytesio_clear,
    .destroy = bytesio_destroy,
    .methods = kMethods,
    .getsets = kGetSets,
    .doc = "Buffered I/O implementation using an in-memory bytes buffer.",
    .signature = "(initial_bytes=b'')",
};

}  // namespace pt
