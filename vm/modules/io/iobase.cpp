// _IOBase and _RawIOBase, _BufferedIOBase, _TextIOBase: the mixin methods of the abstract classes.
#include <unistd.h>

#include "vm/modules/io/io.h"
#include "vm/modules/support/writable_view.h"
#include "vm/modules/sys/config.h"
#include "vm/object/buffer.h"
#include "vm/object/thread.h"
#include "vm/types/dict.h"
#include "vm/types/list.h"

namespace pt {

// ---- helpers ----------------------------------------------------------------------------------------------------------

bool OwnedLock::enter() {
  uint64_t self = current_thread()->ident;
  if (owner_.load(std::memory_order_relaxed) == self) {
    ++depth_;
    return true;
  }
  uint64_t taken_in = generation_.load(std::memory_order_relaxed), generation = fork_generation();
  if (taken_in != generation && generation_.compare_exchange_strong(taken_in, generation, std::memory_order_relaxed) &&
      owner_.load(std::memory_order_relaxed) != fork_survivor()) {
    // Taken by a thread that a fork left behind.
    lock_.reset();
  }
  if (!lock_.try_acquire()) {
    bool timed_out;
    if (!acquire_with_signals(lock_, -1, &timed_out)) {
      if (!timed_out) return false;
      while (lock_.acquire(-1, false) != Acquire::kTaken) {
      }
    }
  }
  owner_.store(self, std::memory_order_relaxed);
  generation_.store(generation, std::memory_order_relaxed);
  depth_ = 1;
  return true;
}
void OwnedLock::leave() {
  if (--depth_) return;
  owner_.store(0, std::memory_order_relaxed);
  lock_.release();
}
bool OwnedLock::held_by_caller() const { return owner_.load(std::memory_order_relaxed) == current_thread()->ident; }

Raised raise_unsupported(const char* what) { return raise(unsupported_operation(), "%s", what); }
Raised raise_closed() { return raise(exc::ValueError, "I/O operation on closed file."); }
Raised raise_not_pickled(Value self) { return raise(exc::TypeError, "cannot pickle '%T' object", self); }
Ref<> io_get_dict(Value self) { return instance_dict(self.as_object()); }

bool optional_size(Value v, int64_t* out) {
  if (v.empty() || is_none(v)) return true;
  Ref<> number = index(v);
  if (!number) {
    if (!clear_if(exc::TypeError)) return false;
    return raise(exc::TypeError, "argument should be integer or None, not '%T'", v);
  }
  return to_size(number.value(), out);
}

bool to_offset(Value v, int64_t* out) {
  Ref<> number = index(v);
  if (!number) return false;
  if (!int_to_int64(number.value(), out)) return raise(exc::OverflowError, "Python int too large to convert to C long");
  return true;
}

namespace {

constinit Name kClosedMark("__IOBase_closed"), kFinalizing("_finalizing"), kPeek("peek"), kReadall("readall"),
    kReadinto("readinto"), kSeek("seek"), kReadable("readable"), kWritable("writable"), kSeekable("seekable"), kRead1("read1");

bool marked_closed(Value self) {
  if (!attribute_storage(self.as_object())) return false;
  Ref<> mark = instance_get(self.as_object(), kClosedMark.str());
  return static_cast<bool>(mark);
}

}  // namespace

int io_is_closed(Value file) {
  Ref<> closed = get_attribute(file, names::closed_.str());
  return closed ? truth(closed.value()) : -1;
}

bool io_check_closed(Value self) {
  Ref<> closed = find_attribute(self, names::closed_.str());
  if (!closed) return !error_pending();
  int is = truth(closed.value());
  if (is < 0) return false;
  return is ? static_cast<bool>(raise_closed()) : true;
}

void io_finalize(Object* o) {
  Value self = Value::object(o);
  Ref<> saved = error_pending() ? take_error() : Ref<>();
  Ref<> closed = find_attribute(self, names::closed_.str());
  int is_closed = -1;
  if (closed) is_closed = truth(closed.value());
  if (error_pending()) clear_error();
  if (is_closed == 0) {
    // Tells close() to warn about a file nobody closed.
    if (!set_attribute(self, kFinalizing.str(), boolean(true))) clear_error();
    Ref<> result = call_method(self, names::close_.str());
    if (!result) {
      if (g_config.dev_mode)
        write_unraisable("ignored in", self);
      else
        clear_error();
    }
  }
  if (saved) restore_error(std::move(saved));
}

namespace {

// ---- _IOBase -----------------------------------------------------------------------------------------------------------

Ref<> base_construct(Type* type, const Args&) { return Ref<>::steal(Value::object(allocate_instance(type))); }
void base_traverse(Object* o, FieldVisitor& visitor) { io_traverse_attributes(o, visitor); }
void base_clear(Object* o) { attributes_clear(o); }

Ref<> base_seek(const Value*) { return raise_unsupported("seek"); }
Ref<> base_truncate(const Value*) { return raise_unsupported("truncate"); }
Ref<> base_tell(const Value* a) { return call_method(a[0], kSeek.str(), {Value::small_int(0), Value::small_int(1)}); }
Ref<> base_fileno(const Value*) { return raise_unsupported("fileno"); }
Ref<> base_no(const Value*) { return bool_ref(false); }
Ref<> base_flush(const Value* a) {
  if (marked_closed(a[0])) return raise_closed();
  return none_ref();
}
Ref<> base_isatty(const Value* a) { return io_check_closed(a[0]) ? bool_ref(false) : Ref<>(); }
Ref<> base_close(const Value* a) {
  if (marked_closed(a[0])) return none_ref();
  Ref<> flushed = call_method(a[0], names::flush_.str());
  Ref<> error = flushed ? Ref<>() : take_error();
  if (!instance_set(a[0].as_object(), kClosedMark.str(), boolean(true))) return Ref<>();
  if (error) {
    restore_error(std::move(error));
    return Ref<>();
  }
  return none_ref();
}
Ref<> base_get_closed(Value self) { return bool_ref(marked_closed(self)); }
Ref<> base_check_closed(const Value* a) { return io_check_closed(a[0]) ? none_ref() : Ref<>(); }

Ref<> check_ability(Value self, Str* method, const char* message) {
  Ref<> can = call_method(self, method);
  if (!can) return Ref<>();
  if (!is_true(can.value())) return raise_unsupported(message);
  return can;
}
Ref<> base_check_seekable(const Value* a) { return check_ability(a[0], kSeekable.str(), "File or stream is not seekable."); }
Ref<> base_check_readable(const Value* a) { return check_ability(a[0], kReadable.str(), "File or stream is not readable."); }
Ref<> base_check_writable(const Value* a) { return check_ability(a[0], kWritable.str(), "File or stream is not writable."); }
Ref<> base_enter(const Value* a) { return io_check_closed(a[0]) ? Ref<>::retain(a[0]) : Ref<>(); }
Ref<> base_exit(const Value* a) { return call_method(a[0], names::close_.str()); }
Ref<> base_del(const Value* a) {
  io_finalize(a[0].as_object());
  return none_ref();
}
Ref<> base_iter(Value self) { return io_check_closed(self) ? Ref<>::retain(self) : Ref<>(); }
Ref<> base_next(Value self) {
  Ref<> line = call_method(self, names::readline_.str());
  if (!line) return Ref<>();
  int64_t size = length(line.value());
  if (size <= 0) return Ref<>();  // the end, or an error
  return line;
}
Ref<> base_readline(const Value* a) {
  int64_t limit = -1;
  if (!optional_size(a[1], &limit)) return Ref<>();
  return io_base_readline(a[0], limit);
}
Ref<> base_readlines(const Value* a) {
  int64_t hint = -1;
  if (!optional_size(a[1], &hint)) return Ref<>();
  Ref<List> lines = list_new();
  if (!lines) return Ref<>();
  if (hint <= 0) return list_extend(lines.get(), a[0]) ? Ref<>(std::move(lines)) : Ref<>();
  Ref<> iterator = get_iter(a[0]);
  if (!iterator) return Ref<>();
  int64_t total = 0;
  for (;;) {
    Ref<> line = next(iterator.value());
    if (!line) return error_pending() ? Ref<>() : Ref<>(std::move(lines));
    int64_t size = length(line.value());
    if (size < 0 || !list_append(lines.get(), std::move(line))) return Ref<>();
    if (size > hint - total) return lines;
    total += size;
  }
}
Ref<> base_writelines(const Value* a) {
  if (!io_check_closed(a[0])) return Ref<>();
  bool ok = for_each(a[1], [&](Value line) { return static_cast<bool>(call_method(a[0], names::write_.str(), {line})); });
  return ok ? none_ref() : Ref<>();
}

const NativeDef kBaseMethods[] = {
    {"seek", "($self, offset, whence=0, /)", base_seek, "Change the stream position to the given byte offset."},
    {"tell", "($self, /)", base_tell, "Return current stream position."},
    {"truncate", "($self, size=None, /)", base_truncate, "Truncate file to size bytes."},
    {"flush", "($self, /)", base_flush, "Flush write buffers, if applicable."},
    {"close", "($self, /)", base_close, "Flush and close the IO object."},
    {"seekable", "($self, /)", base_no, "Return whether object supports random access."},
    {"readable", "($self, /)", base_no, "Return whether object was opened for reading."},
    {"writable", "($self, /)", base_no, "Return whether object was opened for writing."},
    {"_checkClosed", "($self, /)", base_check_closed},
    {"_checkSeekable", "($self, /)", base_check_seekable},
    {"_checkReadable", "($self, /)", base_check_readable},
    {"_checkWritable", "($self, /)", base_check_writable},
    {"fileno", "($self, /)", base_fileno, "Returns underlying file descriptor if one exists."},
    {"isatty", "($self, /)", base_isatty, "Return whether this is an 'interactive' stream."},
    {"__enter__", "($self, /)", base_enter},
    {"__exit__", "($self, /, *args)", base_exit},
    {"__del__", "($self, /)", base_del},
    {"readline", "($self, size=-1, /)", base_readline, "Read and return a line from the stream."},
    {"readlines", "($self, hint=-1, /)", base_readlines, "Return a list of lines from the stream."},
    {"writelines", "($self, lines, /)", base_writelines, "Write a list of lines to stream."},
    {},
};
const GetSetDef kBaseGetSets[] = {{"__dict__", io_get_dict}, {"closed", base_get_closed}, {}};

// ---- _RawIOBase -----------------------------------------------------------------------------------------------------------

Ref<> raw_read(const Value* a) {
  int64_t size = -1;
  if (!optional_size(a[1], &size)) return Ref<>();
  if (size < 0) return call_method(a[0], kReadall.str());
  Ref<Bytes> zeros = bytes_allocate(size);
  if (!zeros) return Ref<>();
  __builtin_memset(zeros->data, 0, static_cast<size_t>(size));
  Ref<ByteArray> buffer = bytearray_from(zeros->view());
  zeros.reset();
  if (!buffer) return Ref<>();
  Ref<> count = call_method(a[0], kReadinto.str(), {buffer.value()});
  if (!count || is_none(count.value())) return count;
  int64_t n;
  if (!to_size(count.value(), &n)) return Ref<>();
  if (n < 0 || n > size) {
    return raise(exc::ValueError, "readinto returned %ld outside buffer size %ld", n, size);
  }
  return bytes_from(bytearray_view(buffer.get()).substr(0, static_cast<size_t>(n)));
}
Ref<> raw_readall(const Value* a) {
  BytesBuilder out;
  bool any = false;
  for (;;) {
    Ref<> data = call_method(a[0], names::read_.str(), {Value::small_int(kDefaultBufferSize)});
    if (!data) return Ref<>();
    if (is_none(data.value())) {
      if (!any) return data;
      break;
    }
    if (!is_bytes(data.value())) return raise(exc::TypeError, "read() should return bytes");
    if (as_bytes(data.value())->length == 0) break;
    any = true;
    out.append(as_bytes(data.value())->view());
  }
  return out.finish();
}
const NativeDef kRawMethods[] = {
    {"read", "($self, size=-1, /)", raw_read},
    {"readall", "($self, /)", raw_readall, "Read until EOF, using multiple read() call."},
    {},
};

// ---- _BufferedIOBase ---------------------------------------------------------------------------------------------------------

Ref<> buffered_read(const Value*) { return raise_unsupported("read"); }
Ref<> buffered_base_read1(const Value*) { return raise_unsupported("read1"); }
Ref<> buffered_write(const Value*) { return raise_unsupported("write"); }
Ref<> buffered_detach(const Value*) { return raise_unsupported("detach"); }

Ref<> readinto_with(const Value* a, Str* method, const char* method_name) {
  WritableView target(a[1], method_name);
  if (!target.ok()) return Ref<>();
  Ref<> size = int_from_int64(target.size());
  Ref<> data = call_method(a[0], method, {size.value()});
  if (!data) return Ref<>();
  if (!is_bytes(data.value())) return raise(exc::TypeError, "%s() should return bytes", method_name);
  Bytes* bytes = as_bytes(data.value());
  if (bytes->length > target.size()) {
    return raise(exc::ValueError, "read() returned too much data: %ld bytes requested, %ld returned", target.size(),
                 bytes->length);
  }
  __builtin_memcpy(target.data(), bytes->data, static_cast<size_t>(bytes->length));
  return int_from_int64(bytes->length);
}
Ref<> buffered_base_readinto(const Value* a) { return readinto_with(a, names::read_.str(), "read"); }
Ref<> buffered_base_readinto1(const Value* a) { return readinto_with(a, kRead1.str(), "read1"); }

const NativeDef kBufferedMethods[] = {
    {"detach", "($self, /)", buffered_detach, "Disconnect this buffer from its underlying raw stream and return it."},
    {"read", "($self, size=-1, /)", buffered_read, "Read and return up to n bytes."},
    {"read1", "($self, size=-1, /)", buffered_base_read1,
     "Read and return up to n bytes, with at most one read() call to the underlying raw stream."},
    {"readinto", "($self, buffer, /)", buffered_base_readinto},
    {"readinto1", "($self, buffer, /)", buffered_base_readinto1},
    {"write", "($self, b, /)", buffered_write, "Write the given buffer to the IO stream."},
    {},
};

// ---- _TextIOBase ------------------------------------------------------------------------------------------------------------

Ref<> text_detach(const Value*) { return raise_unsupported("detach"); }
Ref<> text_read(const Value*) { return raise_unsupported("read"); }
Ref<> text_readline(const Value*) { return raise_unsupported("readline"); }
Ref<> text_write(const Value*) { return raise_unsupported("write"); }
Ref<> text_none(Value) { return none_ref(); }
const NativeDef kTextMethods[] = {
    {"detach", "($self, /)", text_detach, "Separate the underlying buffer from the TextIOBase and return it."},
    {"read", "($self, size=-1, /)", text_read, "Read at most n characters from stream."},
    {"readline", "($self, size=-1, /)", text_readline, "Read until newline or EOF."},
    {"write", "($self, s, /)", text_write, "Write string to stream."},
    {},
};
const GetSetDef kTextGetSets[] = {{"encoding", text_none, nullptr, "Encoding of the text stream."},
                                  {"newlines", text_none, nullptr, "Line endings translated so far."},
                                  {"errors", text_none, nullptr, "The error setting of the decoder or encoder."},
                                  {}};

}  // namespace

Ref<> io_base_readline(Value self, int64_t limit) {
  Ref<> peek = find_attribute(self, kPeek.str());
  if (!peek && error_pending()) return Ref<>();
  BytesBuilder out;
  while (limit < 0 || out.size() < limit) {
    int64_t wanted = 1;
    if (peek) {
      Ref<> ahead = call1(peek.value(), Value::small_int(1));
      if (!ahead) return Ref<>();
      if (!is_bytes(ahead.value())) {
        return raise(exc::OSError, "peek() should have returned a bytes object, not '%T'", ahead.value());
      }
      std::string_view view = as_bytes(ahead.value())->view();
      if (!view.empty()) {
        if (limit >= 0 && static_cast<int64_t>(view.size()) > limit - out.size())
          view = view.substr(0, static_cast<size_t>(limit - out.size()));
        size_t newline = view.find('\n');
        wanted = static_cast<int64_t>(newline == std::string_view::npos ? view.size() : newline + 1);
      }
    }
    Ref<> data = call_method(self, names::read_.str(), {Value::small_int(wanted)});
    if (!data) return Ref<>();
    if (!is_bytes(data.value())) return raise(exc::OSError, "read() should have returned a bytes object, not '%T'", data.value());
    std::string_view got = as_bytes(data.value())->view();
    if (got.empty()) break;
    out.append(got);
    if (got.back() == '\n') break;
  }
  return out.finish();
}

constinit Type iobase_type, rawiobase_type, bufferediobase_type, textiobase_type;
const TypeSpec iobase_spec = {
    .name = "_io._IOBase",
    .size = sizeof(Object),
    .flags = kTypeBase | kTypeHasDict | kTypeWeakrefs,
    .slots = {.iter = base_iter, .next = base_next, .construct = base_construct},
    .traverse = base_traverse,
    .clear = base_clear,
    .destroy = base_clear,
    .finalize = io_finalize,
    .methods = kBaseMethods,
    .getsets = kBaseGetSets,
    .doc = "The abstract base class for all I/O classes.",
};
const TypeSpec rawiobase_spec = {.name = "_io._RawIOBase",
                                 .size = sizeof(Object),
                                 .flags = kTypeBase | kTypeHasDict,
                                 .base = &iobase_type,
                                 .methods = kRawMethods,
                                 .doc = "Base class for raw binary I/O."};
const TypeSpec bufferediobase_spec = {.name = "_io._BufferedIOBase",
                                      .size = sizeof(Object),
                                      .flags = kTypeBase | kTypeHasDict,
                                      .base = &iobase_type,
                                      .methods = kBufferedMethods,
                                      .doc = "Base class for buffered IO objects."};
const TypeSpec textiobase_spec = {.name = "_io._TextIOBase",
                                  .size = sizeof(Object),
                                  .flags = kTypeBase | kTypeHasDict,
                                  .base = &iobase_type,
                                  .methods = kTextMethods,
                                  .getsets = kTextGetSets,
                                  .doc = "Base class for text I/O."};

}  // namespace pt
