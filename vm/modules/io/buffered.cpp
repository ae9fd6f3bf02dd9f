// BufferedReader, BufferedWriter, BufferedRandom.
#include "vm/modules/io/buffered.h"

#include <cerrno>
#include <cstring>
#include <unistd.h>

#include "gc/platform/memory.h"
#include "vm/modules/sys/sys.h"
#include "vm/modules/support/writable_view.h"
#include "vm/object/buffer.h"
#include "vm/object/thread.h"
#include "vm/types/exception.h"

namespace pt {

namespace {
constinit Name kReadinto("readinto"), kReadall("readall"), kSeek("seek"), kTell("tell"), kTruncate("truncate"),
    kReadable("readable"), kWritable("writable"), kSeekable("seekable"), kDeallocWarn("_dealloc_warn"), kPeek("peek"),
    kRead1("read1"), kReadinto1("readinto1");

bool check_usable(Buffered* file) {
  if (file->initialised) return true;
  return file->detached ? static_cast<bool>(raise(exc::ValueError, "raw stream has been detached"))
                        : static_cast<bool>(raise(exc::ValueError, "I/O operation on uninitialized object"));
}
Value raw_of(Buffered* file) { return file->raw.peek(); }

// 1 closed, 0 open, -1 error.
int is_closed(Buffered* file) {
  if (file->raw_is_fileio) return as_fileio(raw_of(file))->fd.load(std::memory_order_relaxed) < 0;
  return io_is_closed(raw_of(file));
}
bool check_open(Buffered* file, const char* message) {
  int closed = is_closed(file);
  if (closed < 0) return false;
  return closed ? static_cast<bool>(raise(exc::ValueError, "%s", message)) : true;
}

Raised raise_blocking(const char* message, int64_t written) {
  Ref<Str> text = str_from_ascii(message);
  Ref<> number = int_from_int64(errno), count = int_from_int64(written);
  if (!text || !number || !count) return {};
  Ref<> error = call_values(Value::object(exc::BlockingIOError), {number.value(), text.value(), count.value()});
  return error ? raise_object(error.value()) : Raised{};
}

// ---- raw operations ------------------------------------------------------------------------------------------------------

// Reads into memory of ours; -1 error, -2 would block, 0 end of file.
int64_t raw_read(Buffered* file, uint8_t* into, int64_t size) {
  if (file->raw_is_fileio) {
    int64_t n = fileio_read(as_fileio(raw_of(file)), into, size);
    if (n > 0 && file->raw_position >= 0) file->raw_position += n;
    return n;
  }
  // The stream gets a bytearray: memory of ours could be kept by it beyond the call.
  Ref<Bytes> zeros = bytes_allocate(size);
  if (!zeros) return -1;
  std::memset(zeros->data, 0, static_cast<size_t>(size));
  Ref<ByteArray> target = bytearray_from(zeros->view());
  zeros.reset();
  Ref<> view = target ? call1(Value::object(&memoryview_type), target.value()) : Ref<>();
  if (!view) return -1;
  Ref<> result;
  for (;;) {
    result = call_method(raw_of(file), kReadinto.str(), {view.value()});
    if (result || !pending_matches(exc::InterruptedError)) break;
    clear_error();
    if (!run_signal_handlers()) return -1;
  }
  if (!result) return -1;
  if (is_none(result.value())) return -2;
  int64_t n;
  if (!to_size(result.value(), &n)) {
    Ref<> cause = take_error();
    raise(exc::OSError, "raw readinto() failed");
    Ref<> error = take_error();
    set_exception_cause(error.value(), cause.value());
    restore_error(std::move(error));
    return -1;
  }
  if (n < 0 || n > size) {
    raise(exc::OSError, "raw readinto() returned invalid length %ld (should have been between 0 and %ld)", n, size);
    return -1;
  }
  std::string_view content = bytearray_view(target.get());
  if (static_cast<int64_t>(content.size()) < n) {
    raise(exc::OSError, "raw readinto() resized its argument");
    return -1;
  }
  std::memcpy(into, content.data(), static_cast<size_t>(n));
  if (n > 0 && file->raw_position >= 0) file->raw_position += n;
  return n;
}

int64_t raw_write(Buffered* file, const uint8_t* from, int64_t size) {
  if (file->raw_is_fileio) {
    int64_t n = fileio_write(as_fileio(raw_of(file)), from, size);
    if (n > 0 && file->raw_position >= 0) file->raw_position += n;
    return n;
  }
  Ref<Bytes> bytes = bytes_from({reinterpret_cast<const char*>(from), static_cast<size_t>(size)});
  Ref<> view = bytes ? call1(Value::object(&memoryview_type), bytes.value()) : Ref<>();
  if (!view) return -1;
  Ref<> result;
  for (;;) {
    errno = 0;
    result = call_method(raw_of(file), names::write_.str(), {view.value()});
    if (result || !pending_matches(exc::InterruptedError)) break;
    clear_error();
    if (!run_signal_handlers()) return -1;
  }
  if (!result) return -1;
  if (is_none(result.value())) {
    errno = EAGAIN;
    return -2;
  }
  int64_t n;
  if (!to_size(result.value(), &n)) return -1;
  if (n < 0 || n > size) {
    raise(exc::OSError, "raw write() returned invalid length %ld (should have been between 0 and %ld)", n, size);
    return -1;
  }
  if (n > 0 && file->raw_position >= 0) file->raw_position += n;
  return n;
}

int64_t raw_seek(Buffered* file, int64_t offset, int whence) {
  int64_t position;
  if (file->raw_is_fileio) {
    position = fileio_seek(as_fileio(raw_of(file)), offset, whence);
    if (position < 0) return -1;
  } else {
    Ref<> target = int_from_int64(offset);
    Ref<> result = call_method(raw_of(file), kSeek.str(), {target.value(), Value::small_int(whence)});
    if (!result || !to_offset(result.value(), &position)) return -1;
    if (position < 0) {
      raise(exc::OSError, "Raw stream returned invalid position %ld", position);
      return -1;
    }
  }
  file->raw_position = position;
  return position;
}

int64_t raw_tell(Buffered* file) {
  if (file->raw_position >= 0) return file->raw_position;
  int64_t position;
  if (file->raw_is_fileio) {
    position = fileio_seek(as_fileio(raw_of(file)), 0, SEEK_CUR);
    if (position < 0) return -1;
  } else {
    Ref<> result = call_method(raw_of(file), kTell.str());
    if (!result || !to_offset(result.value(), &position)) return -1;
    if (position < 0) {
      raise(exc::OSError, "Raw stream returned invalid position %ld", position);
      return -1;
    }
  }
  file->raw_position = position;
  return position;
}

// ---- the buffer ------------------------------------------------------------------------------------------------------------

int64_t unread(const Buffered* file) { return file->end - file->position; }
void forget_read(Buffered* file) { file->position = file->end = 0; }

// Writes all that waits. BlockingIOError when the stream would block.
bool flush_writes(Buffered* file) {
  int64_t done = 0;
  bool ok = true;
  while (done < file->dirty) {
    int64_t n = raw_write(file, file->data + done, file->dirty - done);
    if (n == -1) {
      ok = false;
      break;
    }
    if (n == -2) {
      errno = EAGAIN;
      raise_blocking("write could not complete without blocking", 0);
      ok = false;
      break;
    }
    done += n;
    // A partial write may have been ended by a signal: its handler comes first.
    if (done < file->dirty && !run_signal_handlers()) {
      ok = false;
      break;
    }
  }
  if (done) {
    std::memmove(file->data, file->data + done, static_cast<size_t>(file->dirty - done));
    file->dirty -= done;
  }
  return ok;
}

// Puts the raw stream where the reader of the buffer stands, and drops what was read ahead.
bool undo_read_ahead(Buffered* file) {
  int64_t ahead = unread(file);
  forget_read(file);
  return ahead == 0 || raw_seek(file, -ahead, kSeekCur) >= 0;
}

// Ready for reading: nothing waits to be written.
bool prepare_read(Buffered* file) { return file->dirty == 0 || flush_writes(file); }

int64_t fill(Buffered* file) {
  forget_read(file);
  int64_t n = raw_read(file, file->data, file->size);
  if (n > 0) file->end = n;
  return n;
}

bool start(Buffered* file, Value raw, int64_t size, Type* exact) {
  if (size <= 0) return raise(exc::ValueError, "buffer size must be strictly positive");
  auto* data = static_cast<uint8_t*>(memory::allocate(static_cast<size_t>(size)));
  if (!data) return raise_no_memory();
  memory::release(file->data);
  file->data = data;
  file->size = size;
  forget_read(file);
  file->dirty = 0;
  file->raw_position = -1;
  file->lock.reset();
  file->raw.store(file, Ref<>::retain(raw));
  file->raw_is_fileio = type_of(raw) == &fileio_type && is_instance_of(Value::object(file), exact);
  file->detached = false;
  file->initialised = true;
  // Learns where the stream is; pipes and terminals cannot tell.
  if (raw_tell(file) < 0) clear_error();
  return true;
}

bool init_arguments(const char* name, const Args& args, Value* raw, int64_t* size) {
  Value bound[2];
  if (!bind_arguments(name, "(raw, buffer_size=8192)", args, bound)) return false;
  *raw = bound[0];
  *size = kDefaultBufferSize;
  return bound[1].empty() || to_size(bound[1], size);
}

bool require(Value raw, Str* ability, const char* message) {
  Ref<> can = call_method(raw, ability);
  if (!can) return false;
  if (!is_true(can.value())) {
    int is = truth(can.value());
    if (is < 0) return false;
    return raise_unsupported(message);
  }
  return true;
}

Ref<> construct(Type* type, const Args&) { return Ref<>::steal(Value::object(allocate_instance(type))); }
bool reader_init(Value self, const Args& args) {
  Value raw;
  int64_t size;
  Buffered* file = as_buffered(self);
  file->initialised = file->detached = false;
  if (!init_arguments("BufferedReader", args, &raw, &size)) return false;
  if (!require(raw, kReadable.str(), "File or stream is not readable.")) return false;
  file->can_read = true;
  file->can_write = false;
  return start(file, raw, size, &buffered_reader_type);
}
bool writer_init(Value self, const Args& args) {
  Value raw;
  int64_t size;
  Buffered* file = as_buffered(self);
  file->initialised = file->detached = false;
  if (!init_arguments("BufferedWriter", args, &raw, &size)) return false;
  if (!require(raw, kWritable.str(), "File or stream is not writable.")) return false;
  file->can_read = false;
  file->can_write = true;
  return start(file, raw, size, &buffered_writer_type);
}
bool random_init(Value self, const Args& args) {
  Value raw;
  int64_t size;
  Buffered* file = as_buffered(self);
  file->initialised = file->detached = false;
  if (!init_arguments("BufferedRandom", args, &raw, &size)) return false;
  if (!require(raw, kSeekable.str(), "File or stream is not seekable.") ||
      !require(raw, kReadable.str(), "File or stream is not readable.") ||
      !require(raw, kWritable.str(), "File or stream is not writable.")) {
    return false;
  }
  file->can_read = file->can_write = true;
  return start(file, raw, size, &buffered_random_type);
}

// ---- reading ---------------------------------------------------------------------------------------------------------------

Ref<Bytes> take_buffered(Buffered* file, int64_t count) {
  Ref<Bytes> bytes = bytes_from({reinterpret_cast<char*>(file->data + file->position), static_cast<size_t>(count)});
  if (bytes) file->position += count;
  return bytes;
}

Ref<> read_all(Buffered* file) {
  Ref<Bytes> first = take_buffered(file, unread(file));
  if (!first) return Ref<>();
  forget_read(file);
  if (file->can_write && !prepare_read(file)) return Ref<>();
  Ref<> readall = find_attribute(raw_of(file), kReadall.str());
  if (!readall && error_pending()) return Ref<>();
  if (readall) {
    Ref<> rest = call0(readall.value());
    if (!rest) return Ref<>();
    file->raw_position = -1;
    if (is_none(rest.value())) return first->length ? Ref<>(std::move(first)) : std::move(rest);
    if (!is_bytes(rest.value())) return raise(exc::TypeError, "readall() should return bytes");
    if (first->length == 0) return rest;
    BytesBuilder out;
    out.append(first->view());
    out.append(as_bytes(rest.value())->view());
    return out.finish();
  }
  BytesBuilder out;
  out.append(first->view());
  for (;;) {
    Ref<> data = call_method(raw_of(file), names::read_.str());
    if (!data) return Ref<>();
    if (!is_none(data.value()) && !is_bytes(data.value())) return raise(exc::TypeError, "read() should return bytes");
    if (is_none(data.value()) || as_bytes(data.value())->length == 0) {
      if (out.size() == 0) return data;
      return out.finish();
    }
    out.append(as_bytes(data.value())->view());
    file->raw_position = -1;
  }
}

Ref<> read_exactly(Buffered* file, int64_t wanted) {
  if (wanted <= unread(file)) return take_buffered(file, wanted);
  if (!prepare_read(file)) return Ref<>();
  BytesBuilder out;
  if (int64_t have = unread(file)) {
    out.append({reinterpret_cast<char*>(file->data + file->position), static_cast<size_t>(have)});
    wanted -= have;
  }
  forget_read(file);
  while (wanted > 0) {
    int64_t n;
    if (wanted >= file->size) {
      // Large parts bypass the buffer.
      int64_t part = wanted - wanted % file->size;
      uint8_t* room = out.reserve(part);
      if (!room) return raise_no_memory();
      n = raw_read(file, room, part);
      if (n > 0) {
        out.advance(n);
        wanted -= n;
        continue;
      }
    } else {
      n = fill(file);
      if (n > 0) {
        int64_t part = n < wanted ? n : wanted;
        out.append({reinterpret_cast<char*>(file->data), static_cast<size_t>(part)});
        file->position = part;
        wanted -= part;
        continue;
      }
    }
    if (n == -1) return Ref<>();
    if (n == -2 && out.size() == 0) return none_ref();
    break;
  }
  return out.finish();
}

Ref<> method_read(const Value* a) {
  Buffered* file = as_buffered(a[0]);
  int64_t size = -1;
  if (!optional_size(a[1], &size)) return Ref<>();
  if (!check_usable(file)) return Ref<>();
  if (size < -1) return raise(exc::ValueError, "read length must be non-negative or -1");
  if (!check_open(file, "read of closed file")) return Ref<>();
  BufferedGuard guard(a[0]);
  if (!guard) return Ref<>();
  return size == -1 ? read_all(file) : read_exactly(file, size);
}

Ref<> method_read1(const Value* a) {
  int64_t size = -1;
  if (!a[1].empty() && !to_size(a[1], &size)) return Ref<>();
  return buffered_read1(a[0], size);
}

Ref<> read_into(const Value* a, bool once) {
  Buffered* file = as_buffered(a[0]);
  if (!check_usable(file)) return Ref<>();
  WritableView target(a[1], once ? "readinto1" : "readinto");
  if (!target.ok()) return Ref<>();
  if (!check_open(file, "readinto of closed file")) return Ref<>();
  BufferedGuard guard(a[0]);
  if (!guard) return Ref<>();
  int64_t done = unread(file) < target.size() ? unread(file) : target.size();
  if (done > 0) {
    std::memcpy(target.data(), file->data + file->position, static_cast<size_t>(done));
    file->position += done;
    if (once || done == target.size()) return int_from_int64(done);
  }
  if (!prepare_read(file)) return Ref<>();
  forget_read(file);
  int64_t left = target.size() - done;
  while (left > 0) {
    int64_t n;
    if (left > file->size) {
      n = raw_read(file, target.data() + done, left);
    } else if (!(once && done)) {
      n = fill(file);
      if (n > 0) {
        if (n > left) n = left;
        std::memcpy(target.data() + done, file->data, static_cast<size_t>(n));
        file->position = n;
      }
    } else {
      n = 0;
    }
    if (n == 0 || (n == -2 && done > 0)) break;
    if (n == -1) return Ref<>();
    if (n == -2) return none_ref();
    done += n;
    left -= n;
    if (once) break;
  }
  return int_from_int64(done);
}
Ref<> method_readinto(const Value* a) { return read_into(a, false); }
Ref<> method_readinto1(const Value* a) { return read_into(a, true); }

Ref<> method_peek(const Value* a) {
  Buffered* file = as_buffered(a[0]);
  if (!check_usable(file) || !check_open(file, "peek of closed file")) return Ref<>();
  BufferedGuard guard(a[0]);
  if (!guard) return Ref<>();
  if (file->dirty && !flush_writes(file)) return Ref<>();
  if (unread(file) == 0) {
    int64_t n = fill(file);
    if (n == -1) return Ref<>();
  }
  return bytes_from({reinterpret_cast<char*>(file->data + file->position), static_cast<size_t>(unread(file))});
}

Ref<> read_line(Buffered* file, int64_t limit) {
  // Often the whole line is there.
  int64_t have = unread(file);
  if (limit >= 0 && have > limit) have = limit;
  auto* start_at = file->data + file->position;
  if (auto* found = static_cast<uint8_t*>(std::memchr(start_at, '\n', static_cast<size_t>(have)))) {
    return take_buffered(file, found - start_at + 1);
  }
  if (have == limit) return take_buffered(file, have);
  if (!prepare_read(file)) return Ref<>();
  BytesBuilder out;
  for (;;) {
    have = unread(file);
    if (limit >= 0 && have > limit - out.size()) have = limit - out.size();
    start_at = file->data + file->position;
    auto* found = static_cast<uint8_t*>(std::memchr(start_at, '\n', static_cast<size_t>(have)));
    if (found) have = found - start_at + 1;
    out.append({reinterpret_cast<char*>(start_at), static_cast<size_t>(have)});
    file->position += have;
    if (found || (limit >= 0 && out.size() >= limit)) break;
    int64_t n = fill(file);
    if (n == -1) return Ref<>();
    if (n <= 0) break;
  }
  return out.finish();
}
Ref<> method_readline(const Value* a) {
  Buffered* file = as_buffered(a[0]);
  int64_t limit = -1;
  if (!optional_size(a[1], &limit)) return Ref<>();
  if (!check_usable(file) || !check_open(file, "readline of closed file")) return Ref<>();
  BufferedGuard guard(a[0]);
  return guard ? read_line(file, limit < 0 ? -1 : limit) : Ref<>();
}
Ref<> buffered_next(Value self) {
  Buffered* file = as_buffered(self);
  Ref<> line;
  if (type_of(self) == &buffered_reader_type || type_of(self) == &buffered_random_type) {
    if (!check_usable(file) || !check_open(file, "readline of closed file")) return Ref<>();
    BufferedGuard guard(self);
    if (!guard) return Ref<>();
    line = read_line(file, -1);
  } else {
    line = call_method(self, names::readline_.str());
    if (line && !is_bytes(line.value())) {
      return raise(exc::OSError, "readline() should have returned a bytes object, not '%T'", line.value());
    }
  }
  if (!line || as_bytes(line.value())->length == 0) return Ref<>();
  return line;
}

// ---- writing ---------------------------------------------------------------------------------------------------------------

// Appends to what waits, flushing as needed. Returns the count taken, or -1.
int64_t write_data(Buffered* file, const uint8_t* data, int64_t size) {
  if (unread(file) > 0 || file->end) {
    if (!undo_read_ahead(file)) return -1;
  }
  if (size <= file->size - file->dirty) {
    std::memcpy(file->data + file->dirty, data, static_cast<size_t>(size));
    file->dirty += size;
    return size;
  }
  if (file->dirty && !flush_writes(file)) {
    if (!pending_matches(exc::BlockingIOError)) return -1;
    // Takes what fits.
    int64_t room = file->size - file->dirty;
    int64_t taken = size < room ? size : room;
    std::memcpy(file->data + file->dirty, data, static_cast<size_t>(taken));
    file->dirty += taken;
    if (taken == size) {
      clear_error();
      return taken;
    }
    clear_error();
    errno = EAGAIN;
    raise_blocking("write could not complete without blocking", taken);
    return -1;
  }
  int64_t done = 0;
  while (size - done > file->size) {
    int64_t n = raw_write(file, data + done, size - done);
    if (n == -1) return -1;
    if (n == -2) {
      if (size - done > file->size) {
        std::memcpy(file->data, data + done, static_cast<size_t>(file->size));
        file->dirty = file->size;
        errno = EAGAIN;
        raise_blocking("write could not complete without blocking", done + file->size);
        return -1;
      }
      break;
    }
    done += n;
    if (!run_signal_handlers()) return -1;
  }
  std::memcpy(file->data, data + done, static_cast<size_t>(size - done));
  file->dirty = size - done;
  return size;
}

Ref<> method_write(const Value* a) {
  Buffered* file = as_buffered(a[0]);
  if (!check_usable(file)) return Ref<>();
  BufferView data(a[1]);
  if (!data.ok()) return Ref<>();
  BufferedGuard guard(a[0]);
  if (!guard || !check_open(file, "write to closed file")) return Ref<>();
  return write_data(file, data.data(), data.size()) < 0 ? Ref<>() : int_from_int64(data.size());
}

bool flush_and_rewind(Buffered* file) {
  if (file->dirty && !flush_writes(file)) return false;
  if (file->can_read && file->end) return undo_read_ahead(file);
  return true;
}

Ref<> method_flush(const Value* a) { return buffered_flush(a[0]); }
Ref<> simple_flush(const Value* a) {
  // BufferedReader has nothing to flush: the raw stream is asked.
  Buffered* file = as_buffered(a[0]);
  if (!check_usable(file)) return Ref<>();
  return call_method(raw_of(file), names::flush_.str());
}

// ---- position ---------------------------------------------------------------------------------------------------------------

Ref<> method_tell(const Value* a) {
  Buffered* file = as_buffered(a[0]);
  if (!check_usable(file)) return Ref<>();
  BufferedGuard guard(a[0]);
  if (!guard) return Ref<>();
  file->raw_position = -1;
  int64_t position = raw_tell(file);
  if (position < 0) return Ref<>();
  position += file->dirty - unread(file);
  return int_from_int64(position < 0 ? 0 : position);
}

Ref<> method_seek(const Value* a) {
  Buffered* file = as_buffered(a[0]);
  int whence = 0;
  if (!to_cint(a[2], &whence)) return Ref<>();
  if (!check_usable(file)) return Ref<>();
  if ((whence < 0 || whence > 2) && whence != SEEK_HOLE && whence != SEEK_DATA) {
    return raise(exc::ValueError, "whence value %d unsupported", whence);
  }
  if (!check_open(file, "seek of closed file")) return Ref<>();
  Ref<> seekable = call_method(raw_of(file), kSeekable.str());
  if (!seekable) return Ref<>();
  if (!is_true(seekable.value())) return raise_unsupported("File or stream is not seekable.");
  int64_t target;
  if (!to_offset(a[1], &target)) return Ref<>();
  BufferedGuard guard(a[0]);
  if (!guard) return Ref<>();
  if (whence <= 1 && file->can_read && !file->dirty && unread(file) > 0) {
    // A short way may stay inside the buffer.
    int64_t raw = raw_tell(file);
    if (raw < 0) return Ref<>();
    int64_t here = raw - unread(file);
    int64_t wanted = whence == 0 ? target : here + target;
    int64_t first = raw - file->end;
    if (wanted >= first && wanted <= raw) {
      file->position = wanted - first;
      return int_from_int64(wanted);
    }
  }
  if (file->dirty && !flush_writes(file)) return Ref<>();
  if (whence == 1) target -= unread(file);
  int64_t position = raw_seek(file, target, whence);
  if (position < 0) return Ref<>();
  forget_read(file);
  return int_from_int64(position);
}

Ref<> method_truncate(const Value* a) {
  Buffered* file = as_buffered(a[0]);
  if (!check_usable(file) || !check_open(file, "truncate of closed file")) return Ref<>();
  if (!file->can_write) return raise_unsupported("truncate");
  BufferedGuard guard(a[0]);
  if (!guard) return Ref<>();
  if (!flush_and_rewind(file)) return Ref<>();
  Ref<> position;
  if (given(a[1])) {
    position = Ref<>::retain(a[1]);
  } else {
    int64_t here = raw_tell(file);
    if (here < 0) return Ref<>();
    position = int_from_int64(here);
  }
  Ref<> result = call_method(raw_of(file), kTruncate.str(), {position.value()});
  if (!result) return Ref<>();
  file->raw_position = -1;
  if (raw_tell(file) < 0) clear_error();
  return result;
}

// ---- end of life --------------------------------------------------------------------------------------------------------------

Ref<> method_close(const Value* a) {
  Buffered* file = as_buffered(a[0]);
  if (!check_usable(file)) return Ref<>();
  int closed;
  {
    BufferedGuard guard(a[0]);
    if (!guard) return Ref<>();
    closed = is_closed(file);
    if (closed < 0) return Ref<>();
    if (closed) {
      memory::release(file->data);
      file->data = nullptr;
      file->size = 0;
      forget_read(file);
      file->dirty = 0;
      return none_ref();
    }
    if (file->finalizing) {
      Ref<> warned = call_method(raw_of(file), kDeallocWarn.str(), {a[0]});
      if (!warned) clear_error();
    }
  }
  Ref<> flushed = call_method(a[0], names::flush_.str());
  Ref<> error = flushed ? Ref<>() : take_error();
  BufferedGuard guard(a[0]);
  if (!guard) return Ref<>();
  Ref<> result = call_method(raw_of(file), names::close_.str());
  memory::release(file->data);
  file->data = nullptr;
  file->size = 0;
  forget_read(file);
  file->dirty = 0;
  if (error) {
    if (!result) {
      Ref<> later = take_error();
      set_exception_context(later.value(), error.value());
      restore_error(std::move(later));
    } else {
      restore_error(std::move(error));
    }
    return Ref<>();
  }
  return result;
}

Ref<> method_detach(const Value* a) {
  Buffered* file = as_buffered(a[0]);
  if (!check_usable(file)) return Ref<>();
  Ref<> flushed = call_method(a[0], names::flush_.str());
  if (!flushed) return Ref<>();
  Ref<> raw;
  {
    LockGuard guard(file);
    raw = file->raw.exchange_locked(Ref<>());
  }
  file->detached = true;
  file->initialised = false;
  return raw ? std::move(raw) : raise(exc::ValueError, "raw stream has been detached");
}

template <Name& name>
Ref<> ask_raw(const Value* a) {
  Buffered* file = as_buffered(a[0]);
  return check_usable(file) ? call_method(raw_of(file), name.str()) : Ref<>();
}
template <Name& name>
Ref<> raw_attribute(Value self) {
  Buffered* file = as_buffered(self);
  return check_usable(file) ? get_attribute(raw_of(file), name.str()) : Ref<>();
}
Ref<> dealloc_warn(const Value* a) {
  Buffered* file = as_buffered(a[0]);
  if (file->initialised && !raw_of(file).empty()) {
    Ref<> warned = call_method(raw_of(file), kDeallocWarn.str(), {a[1]});
    if (!warned) clear_error();
  }
  return none_ref();
}
Ref<> get_closed(Value self) {
  Buffered* file = as_buffered(self);
  if (!check_usable(file)) return Ref<>();
  return get_attribute(raw_of(file), names::closed_.str());
}
Ref<> get_raw(Value self) {
  Buffered* file = as_buffered(self);
  Ref<> raw = file->raw.load(file);
  return raw ? std::move(raw) : none_ref();
}
Ref<> get_finalizing(Value self) { return bool_ref(as_buffered(self)->finalizing); }
bool set_finalizing_flag(Value self, Value v) {
  bool flag = false;
  if (!to_flag(v, &flag)) return false;
  as_buffered(self)->finalizing = flag;
  return true;
}
Ref<> buffered_repr(Value self) {
  Ref<> name = find_attribute(self, names::name_.str());
  if (!name) {
    if (error_pending() && !clear_if(exc::ValueError)) return Ref<>();
    return str_format("<%T>", self);
  }
  ReprGuard guard(self);
  if (!guard.entered()) return error_pending() ? Ref<>() : raise(exc::RuntimeError, "reentrant call inside %T.__repr__", self);
  return str_format("<%T name=%R>", self, name.value());
}
Ref<> method_getstate(const Value* a) { return raise_not_pickled(a[0]); }
Ref<> method_sizeof(const Value* a) { return int_from_int64(static_cast<int64_t>(sizeof(Buffered)) + as_buffered(a[0])->size); }

void buffered_traverse(Object* o, FieldVisitor& visitor) {
  visitor(static_cast<Buffered*>(o)->raw);
  io_traverse_attributes(o, visitor);
}
void buffered_clear(Object* o) {
  auto* file = static_cast<Buffered*>(o);
  file->initialised = false;
  file->raw.clear();
  attributes_clear(o);
}
void buffered_destroy(Object* o) {
  memory::release(static_cast<Buffered*>(o)->data);
  static_cast<Buffered*>(o)->data = nullptr;
  buffered_clear(o);
}

constinit Name kFileno("fileno"), kMode("mode");
#define PT_COMMON                                                                                               \
  {"detach", "($self, /)", method_detach}, {"close", "($self, /)", method_close},                               \
      {"seekable", "($self, /)", ask_raw<kSeekable>}, {"fileno", "($self, /)", ask_raw<kFileno>},               \
      {"isatty", "($self, /)", ask_raw<kIsatty>}, {"_dealloc_warn", "($self, source, /)", dealloc_warn},        \
      {"tell", "($self, /)", method_tell}, {"seek", "($self, target, whence=0, /)", method_seek},               \
      {"truncate", "($self, pos=None, /)", method_truncate}, {"__getstate__", "($self, /)", method_getstate}, { \
    "__sizeof__", "($self, /)", method_sizeof                                                                   \
  }
#define PT_READING                                                                                         \
  {"read", "($self, size=-1, /)", method_read}, {"peek", "($self, size=0, /)", method_peek},               \
      {"read1", "($self, size=-1, /)", method_read1}, {"readinto", "($self, buffer, /)", method_readinto}, \
      {"readinto1", "($self, buffer, /)", method_readinto1}, {                                             \
    "readline", "($self, size=-1, /)", method_readline                                                     \
  }
constinit Name kIsatty("isatty");
const NativeDef kReaderMethods[] = {
    PT_COMMON, PT_READING, {"flush", "($self, /)", simple_flush}, {"readable", "($self, /)", ask_raw<kReadable>}, {}};
const NativeDef kWriterMethods[] = {PT_COMMON,
                                    {"writable", "($self, /)", ask_raw<kWritable>},
                                    {"write", "($self, buffer, /)", method_write},
                                    {"flush", "($self, /)", method_flush},
                                    {}};
const NativeDef kRandomMethods[] = {PT_COMMON,
                                    PT_READING,
                                    {"readable", "($self, /)", ask_raw<kReadable>},
                                    {"writable", "($self, /)", ask_raw<kWritable>},
                                    {"write", "($self, buffer, /)", method_write},
                                    {"flush", "($self, /)", method_flush},
                                    {}};
const GetSetDef kGetSets[] = {{"closed", get_closed},
                              {"name", raw_attribute<names::name_>},
                              {"mode", raw_attribute<kMode>},
                              {"raw", get_raw},
                              {"_finalizing", get_finalizing, set_finalizing_flag},
                              {"__dict__", io_get_dict},
                              {}};

}  // namespace

BufferedGuard::BufferedGuard(Value self) : file_(as_buffered(self)) {
  if (file_->lock.held_by_caller()) {
    raise(exc::RuntimeError, "reentrant call inside %R", self);
    return;
  }
  ok_ = file_->lock.enter();
}

bool is_exact_buffered(Value v) {
  Type* type = type_of(v);
  return type == &buffered_reader_type || type == &buffered_writer_type || type == &buffered_random_type;
}

Ref<> buffered_read1(Value self, int64_t size) {
  Buffered* file = as_buffered(self);
  if (!check_usable(file)) return Ref<>();
  if (size < 0) size = file->size;
  if (!check_open(file, "read of closed file")) return Ref<>();
  if (size == 0) return bytes_from("");
  BufferedGuard guard(self);
  if (!guard) return Ref<>();
  if (int64_t have = unread(file)) return take_buffered(file, have < size ? have : size);
  if (!prepare_read(file)) return Ref<>();
  forget_read(file);
  Ref<Bytes> bytes = bytes_allocate(size);
  if (!bytes) return Ref<>();
  int64_t n = raw_read(file, bytes->data, size);
  if (n == -1) return Ref<>();
  if (n == -2) n = 0;
  if (n == size) return bytes;
  return bytes_from({reinterpret_cast<char*>(bytes->data), static_cast<size_t>(n)});
}

Ref<> buffered_write_bytes(Value self, std::string_view data) {
  Buffered* file = as_buffered(self);
  if (!check_usable(file)) return Ref<>();
  if (!file->can_write) return raise_unsupported("write");
  BufferedGuard guard(self);
  if (!guard || !check_open(file, "write to closed file")) return Ref<>();
  auto size = static_cast<int64_t>(data.size());
  return write_data(file, reinterpret_cast<const uint8_t*>(data.data()), size) < 0 ? Ref<>() : int_from_int64(size);
}

Ref<> buffered_flush(Value self) {
  Buffered* file = as_buffered(self);
  if (!check_usable(file) || !check_open(file, "flush of closed file")) return Ref<>();
  if (!file->can_write) return call_method(raw_of(file), names::flush_.str());
  BufferedGuard guard(self);
  if (!guard || !flush_and_rewind(file)) return Ref<>();
  return none_ref();
}

// For fork: the child's only thread holds no lock of another.
constinit Type buffered_reader_type, buffered_writer_type, buffered_random_type;
#define PT_SPEC(variable, type_name, init_function, method_table, text)                                       \
  const TypeSpec variable = {                                                                                 \
      .name = type_name,                                                                                      \
      .size = sizeof(Buffered),                                                                               \
      .flags = kTypeBase | kTypeHasDict,                                                                      \
      .base = &bufferediobase_type,                                                                           \
      .slots = {.repr = buffered_repr, .next = buffered_next, .construct = construct, .init = init_function}, \
      .traverse = buffered_traverse,                                                                          \
      .clear = buffered_clear,                                                                                \
      .destroy = buffered_destroy,                                                                            \
      .methods = method_table,                                                                                \
      .getsets = kGetSets,                                                                                    \
      .doc = text,                                                                                            \
      .signature = "(raw, buffer_size=8192)"}
PT_SPEC(buffered_reader_spec, "_io.BufferedReader", reader_init, kReaderMethods,
        "Create a new buffered reader using the given readable raw IO object.");
PT_SPEC(buffered_writer_spec, "_io.BufferedWriter", writer_init, kWriterMethods,
        "A buffer for a writeable sequential RawIO object.");
PT_SPEC(buffered_random_spec, "_io.BufferedRandom", random_init, kRandomMethods,
        "A buffered interface to random access streams.");
#undef PT_SPEC

// ---- BufferedRWPair
// ------------------------------------------------------------------------------------------------------------
namespace {

struct Pair : Object {
  Field reader, writer;
};
Pair* as_pair(Value v) { return reinterpret_cast<Pair*>(v.as_object()); }

bool pair_init(Value self, const Args& args) {
  Value bound[3];
  int64_t size = kDefaultBufferSize;
  if (args.keyword_count()) return raise(exc::TypeError, "BufferedRWPair() takes no keyword arguments");
  if (!bind_arguments("BufferedRWPair", "(reader, writer, buffer_size=8192, /)", args, bound) ||
      (!bound[2].empty() && !to_size(bound[2], &size))) {
    return false;
  }
  if (!require(bound[0], kReadable.str(), "File or stream is not readable.") ||
      !require(bound[1], kWritable.str(), "File or stream is not writable.")) {
    return false;
  }
  Ref<> number = int_from_int64(size);
  Ref<> reader = call_values(Value::object(&buffered_reader_type), {bound[0], number.value()});
  if (!reader) return false;
  Ref<> writer = call_values(Value::object(&buffered_writer_type), {bound[1], number.value()});
  if (!writer) return false;
  as_pair(self)->reader.store(self.as_object(), std::move(reader));
  as_pair(self)->writer.store(self.as_object(), std::move(writer));
  return true;
}

template <bool to_writer, Name& name>
Ref<> forward(const Value* a) {
  Value target = to_writer ? as_pair(a[0])->writer.peek() : as_pair(a[0])->reader.peek();
  if (target.empty()) return raise(exc::ValueError, "I/O operation on uninitialized object");
  if (a[1].empty()) return call_method(target, name.str());
  return call_method(target, name.str(), {a[1]});
}
template <bool to_writer, Name& name>
Ref<> forward0(const Value* a) {
  Value values[2] = {a[0], Value()};
  return forward<to_writer, name>(values);
}
Ref<> pair_close(const Value* a) {
  Value values[2] = {a[0], Value()};
  Ref<> first = forward<true, names::close_>(values);
  Ref<> error = first ? Ref<>() : take_error();
  Ref<> second = forward<false, names::close_>(values);
  if (error) {
    if (!second) {
      Ref<> later = take_error();
      set_exception_context(later.value(), error.value());
      restore_error(std::move(later));
    } else {
      restore_error(std::move(error));
    }
    return Ref<>();
  }
  return second;
}
Ref<> pair_isatty(const Value* a) {
  Value values[2] = {a[0], Value()};
  Ref<> first = forward<true, kIsatty>(values);
  if (!first || !is_false(first.value())) return first;
  return forward<false, kIsatty>(values);
}
Ref<> pair_closed(Value self) {
  Value writer = as_pair(self)->writer.peek();
  if (writer.empty()) return raise(exc::RuntimeError, "the BufferedRWPair object is being garbage-collected");
  return get_attribute(writer, names::closed_.str());
}
void pair_traverse(Object* o, FieldVisitor& visitor) {
  visitor(static_cast<Pair*>(o)->reader);
  visitor(static_cast<Pair*>(o)->writer);
  io_traverse_attributes(o, visitor);
}
void pair_clear(Object* o) {
  static_cast<Pair*>(o)->reader.clear();
  static_cast<Pair*>(o)->writer.clear();
  attributes_clear(o);
}
const NativeDef kPairMethods[] = {{"read", "($self, size=-1, /)", forward<false, names::read_>},
                                  {"peek", "($self, size=0, /)", forward<false, kPeek>},
                                  {"read1", "($self, size=-1, /)", forward<false, kRead1>},
                                  {"readinto", "($self, buffer, /)", forward<false, kReadinto>},
                                  {"readinto1", "($self, buffer, /)", forward<false, kReadinto1>},
                                  {"write", "($self, b, /)", forward<true, names::write_>},
                                  {"flush", "($self, /)", forward0<true, names::flush_>},
                                  {"readable", "($self, /)", forward0<false, kReadable>},
                                  {"writable", "($self, /)", forward0<true, kWritable>},
                                  {"close", "($self, /)", pair_close},
                                  {"isatty", "($self, /)", pair_isatty},
                                  {"__getstate__", "($self, /)", method_getstate},
                                  {}};
const GetSetDef kPairGetSets[] = {{"closed", pair_closed}, {"__dict__", io_get_dict}, {}};

}  // namespace

constinit Type buffered_pair_type;
const TypeSpec buffered_pair_spec = {.name = "_io.BufferedRWPair",
                                     .size = sizeof(Pair),
                                     .flags = kTypeBase | kTypeHasDict,
                                     .base = &bufferediobase_type,
                                     .slots = {.construct = construct, .init = pair_init},
                                     .traverse = pair_traverse,
                                     .clear = pair_clear,
                                     .destroy = pair_clear,
                                     .methods = kPairMethods,
                                     .getsets = kPairGetSets,
                                     .doc = "A buffered reader and writer object together."};

}  // namespace pt
