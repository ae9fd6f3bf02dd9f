// zlib's compressor and decompressor objects.
#include <algorithm>
#include <atomic>
#include <climits>
#include <new>

#include "vm/modules/dynamic/zlib/zlib_module.h"

namespace pt::zlib {
namespace {

// Fields that are not atomic are guarded by `lock`.
struct Stream : Object {
  ThreadLock lock;
  z_stream stream;
  bool ready;
  std::atomic<bool> eof;  // written under the lock
  Field dictionary;       // bytes or empty
  Field unused_data, unconsumed_tail;
};
void traverse(Object* o, FieldVisitor& visitor) {
  auto* self = static_cast<Stream*>(o);
  visitor(self->dictionary);
  visitor(self->unused_data);
  visitor(self->unconsumed_tail);
}
void clear(Object* o) {
  auto* self = static_cast<Stream*>(o);
  self->dictionary.exchange_locked(Ref<>()).reset();
  self->unused_data.exchange_locked(Ref<>()).reset();
  self->unconsumed_tail.exchange_locked(Ref<>()).reset();
}
template <int (*End)(z_stream*)>
void destroy(Object* o) {
  auto* self = static_cast<Stream*>(o);
  if (self->ready) End(&self->stream);
  self->ready = false;
  clear(o);
}

Ref<Stream> stream_new(Type* type) {
  Ref<Stream> self = allocate<Stream>(type);
  if (!self) return self;
  new (&self->lock) ThreadLock;
  self->unused_data.init(Ref<>::retain(Value::object(empty_bytes())));
  self->unconsumed_tail.init(Ref<>::retain(Value::object(empty_bytes())));
  return self;
}
void set_field(Stream* self, Field& field, Ref<> value) { field.store(self, std::move(value)); }

Ref<> compress_compress(const Value* a) {
  auto* self = self_as<Stream>(a[0]);
  BufferView view(a[1]);
  if (!view.ok()) return Ref<>();
  BytesBuilder out;
  const uint8_t* data = view.data();
  int64_t size = view.size();
  ObjectGuard guard(self->lock);
  int code = run_stream(&self->stream, deflate, &data, &size, Z_NO_FLUSH, -1, &out);
  if (error_pending()) return Ref<>();
  if (code == Z_STREAM_ERROR) return raise_error(self->stream, code, "while compressing data");
  return out.finish();
}
Ref<> compress_flush(const Value* a) {
  auto* self = self_as<Stream>(a[0]);
  int mode = Z_FINISH;
  if (!to_cint(a[1], &mode)) return Ref<>();
  if (mode == Z_NO_FLUSH) return Ref<>::retain(Value::object(empty_bytes()));
  BytesBuilder out;
  const uint8_t* data = nullptr;
  int64_t size = 0;
  ObjectGuard guard(self->lock);
  int code = run_stream(&self->stream, deflate, &data, &size, mode, -1, &out);
  if (error_pending()) return Ref<>();
  if (code == Z_STREAM_ERROR) return raise_error(self->stream, code, "while flushing");
  if (code == Z_STREAM_END && mode == Z_FINISH) {
    int ended = deflateEnd(&self->stream);
    self->ready = false;
    if (ended != Z_OK) return raise_error(self->stream, ended, "while finishing compression");
  } else if (code != Z_OK && code != Z_BUF_ERROR) {
    return raise_error(self->stream, code, "while flushing");
  }
  return out.finish();
}
template <int (*Copy)(z_stream*, z_stream*)>
Ref<> stream_copy(const Value* a) {
  auto* self = self_as<Stream>(a[0]);
  Ref<Stream> copy = stream_new(type_of(a[0]));
  if (!copy) return Ref<>();
  ObjectGuard guard(self->lock);
  if (!self->ready) return raise(exc::ValueError, "Inconsistent stream state");
  int code = Copy(&copy->stream, &self->stream);
  if (code == Z_STREAM_ERROR) return raise(exc::ValueError, "Inconsistent stream state");
  if (code == Z_MEM_ERROR) return raise_no_memory();
  if (code != Z_OK) return raise_error(self->stream, code, "while copying object");
  copy->ready = true;
  copy->eof = self->eof.load();
  set_field(copy.get(), copy->unused_data, self->unused_data.load(self));
  set_field(copy.get(), copy->unconsumed_tail, self->unconsumed_tail.load(self));
  if (!self->dictionary.peek().empty()) set_field(copy.get(), copy->dictionary, self->dictionary.load(self));
  return copy;
}
template <int (*Copy)(z_stream*, z_stream*)>
Ref<> stream_deepcopy(const Value* a) {
  return stream_copy<Copy>(a);
}

// ---- decompression --------------------------------------------------------------------------------------------------------

bool set_dictionary(Stream* self) {
  BufferView view(self->dictionary.peek());
  if (!view.ok()) return false;
  int code = inflateSetDictionary(&self->stream, view.data(), static_cast<uInt>(view.size()));
  return code == Z_OK ? true : static_cast<bool>(raise_error(self->stream, code, "while setting zdict"));
}
int inflate_step(z_stream* stream, int flush) { return inflate(stream, flush); }

// Keeps what was not used: after the end of the stream it is unused_data, before it unconsumed_tail.
bool save_rest(Stream* self, const uint8_t* data, int64_t size, int code) {
  if (code == Z_STREAM_END) {
    if (size > 0) {
      Ref<> old = self->unused_data.load(self);
      BytesBuilder joined;
      Ref<> all;
      if (!joined.append(as_bytes(old.value())->view()) ||
          !joined.append({reinterpret_cast<const char*>(data), static_cast<size_t>(size)}) || !(all = joined.finish())) {
        return raise_no_memory();
      }
      set_field(self, self->unused_data, std::move(all));
    }
    size = 0;
  }
  if (size > 0 || as_bytes(self->unconsumed_tail.peek())->length) {
    Ref<> tail = bytes_from({reinterpret_cast<const char*>(data), static_cast<size_t>(size)});
    if (!tail) return false;
    set_field(self, self->unconsumed_tail, std::move(tail));
  }
  return true;
}

// With a preset dictionary when the stream asks for one.
int run_inflate(Stream* self, const uint8_t** data, int64_t* size, int flush, int64_t limit, BytesBuilder* out) {
  for (;;) {
    int code = run_stream(&self->stream, inflate_step, data, size, flush, limit, out);
    if (code != Z_NEED_DICT || self->dictionary.peek().empty() || error_pending()) return code;
    if (!set_dictionary(self)) return code;
    if (limit >= 0) limit -= out->size();
  }
}

Ref<> decompress_decompress(const Value* a) {
  auto* self = self_as<Stream>(a[0]);
  int64_t limit = 0;
  BufferView view(a[1]);
  if (!view.ok() || (!a[2].empty() && !to_size(a[2], &limit))) return Ref<>();
  if (limit < 0) return raise(exc::ValueError, "max_length must be non-negative");
  BytesBuilder out;
  const uint8_t* data = view.data();
  int64_t size = view.size();
  ObjectGuard guard(self->lock);
  int code = run_inflate(self, &data, &size, Z_SYNC_FLUSH, limit ? limit : -1, &out);
  if (error_pending() || !save_rest(self, data, size, code)) return Ref<>();
  if (code == Z_STREAM_END)
    self->eof = true;
  else if (code != Z_OK && code != Z_BUF_ERROR)
    return raise_error(self->stream, code, "while decompressing data");
  return out.finish();
}
Ref<> decompress_flush(const Value* a) {
  auto* self = self_as<Stream>(a[0]);
  int64_t length = kBufferSize;
  if (!a[1].empty() && !to_size(a[1], &length)) return Ref<>();
  if (length <= 0) return raise(exc::ValueError, "length must be greater than zero");
  ObjectGuard guard(self->lock);
  Ref<> tail = self->unconsumed_tail.load(self);
  BytesBuilder out;
  const uint8_t* data = as_bytes(tail.value())->data;
  int64_t size = as_bytes(tail.value())->length;
  int code = run_inflate(self, &data, &size, Z_FINISH, -1, &out);
  if (error_pending() || !save_rest(self, data, size, code)) return Ref<>();
  if (code == Z_STREAM_END) {
    self->eof = true;
    int ended = inflateEnd(&self->stream);
    self->ready = false;
    if (ended != Z_OK) return raise_error(self->stream, ended, "while finishing decompression");
  }
  return out.finish();
}

const NativeDef kCompressMethods[] = {
    {"compress", "($self, data, /)", compress_compress, "Returns a bytes object containing compressed data."},
    {"flush", "($self, mode=4, /)", compress_flush, "Return a bytes object containing any remaining compressed data."},
    {"copy", "($self, /)", stream_copy<deflateCopy>, "Return a copy of the compression object."},
    {"__copy__", "($self, /)", stream_copy<deflateCopy>},
    {"__deepcopy__", "($self, memo, /)", stream_deepcopy<deflateCopy>},
    {}};
const NativeDef kDecompressMethods[] = {
    {"decompress", "($self, data, /, max_length=0)", decompress_decompress,
     "Return a bytes object containing the decompressed version of the data."},
    {"flush", "($self, length=16384, /)", decompress_flush, "Return a bytes object containing any remaining decompressed data."},
    {"copy", "($self, /)", stream_copy<inflateCopy>, "Return a copy of the decompression object."},
    {"__copy__", "($self, /)", stream_copy<inflateCopy>},
    {"__deepcopy__", "($self, memo, /)", stream_deepcopy<inflateCopy>},
    {}};
Ref<> get_unused(Value v) { return self_as<Stream>(v)->unused_data.load(v.as_object()); }
Ref<> get_tail(Value v) { return self_as<Stream>(v)->unconsumed_tail.load(v.as_object()); }
Ref<> get_eof(Value v) { return bool_ref(self_as<Stream>(v)->eof); }
const GetSetDef kDecompressGetSets[] = {{"unused_data", get_unused}, {"unconsumed_tail", get_tail}, {"eof", get_eof}, {}};

}  // namespace

int run_stream(z_stream* stream, int (*step)(z_stream*, int), const uint8_t** data, int64_t* size, int flush, int64_t limit,
               BytesBuilder* out) {
  int code = Z_OK;
  bool inflating = step != deflate;
  int64_t produced = 0, chunk = kBufferSize;
  for (;;) {
    // zlib counts in 32 bits.
    auto portion = static_cast<uInt>(std::min<int64_t>(*size, UINT_MAX));
    bool last = portion == *size;
    stream->next_in = const_cast<Bytef*>(*data);
    stream->avail_in = portion;
    bool full = false;
    do {
      int64_t room = limit < 0 ? chunk : std::min(chunk, limit - produced);
      if (room <= 0) {
        full = true;
        break;
      }
      uint8_t* target = out->reserve(room);
      if (!target) {
        raise_no_memory();
        return Z_MEM_ERROR;
      }
      stream->next_out = target;
      stream->avail_out = static_cast<uInt>(room);
      {
        Detached detached;
        code = step(stream, last ? flush : Z_NO_FLUSH);
      }
      int64_t made = room - stream->avail_out;
      out->advance(made);
      produced += made;
      if (chunk < (int64_t{1} << 24)) chunk *= 2;
      if (code == Z_STREAM_END || (code != Z_OK && code != Z_BUF_ERROR)) break;
      if (code == Z_BUF_ERROR && made == 0) break;
    } while (stream->avail_out == 0);
    uInt used = portion - stream->avail_in;
    *data += used;
    *size -= used;
    if (full || last || code == Z_STREAM_END || (code != Z_OK && code != Z_BUF_ERROR)) break;
    if (inflating && used == 0) break;
  }
  stream->next_in = nullptr;
  stream->avail_in = 0;
  return code;
}

Ref<> compressobj(const Value* a) {
  int level = Z_DEFAULT_COMPRESSION, method = Z_DEFLATED, wbits = MAX_WBITS, memory_level = kMemoryLevel,
      strategy = Z_DEFAULT_STRATEGY;
  if (!to_cint(a[0], &level) || !to_cint(a[1], &method) || !to_cint(a[2], &wbits) || !to_cint(a[3], &memory_level) ||
      !to_cint(a[4], &strategy)) {
    return Ref<>();
  }
  Buffer dictionary;
  bool has_dictionary = given(a[5]);
  if (has_dictionary && !get_buffer(a[5], &dictionary, kBufferSimple)) return Ref<>();
  Ref<Stream> self = stream_new(&compress_type);
  if (self) {
    int code = deflateInit2(&self->stream, level, method, wbits, memory_level, strategy);
    if (code == Z_OK) {
      self->ready = true;
      if (has_dictionary) {
        code = deflateSetDictionary(&self->stream, static_cast<Bytef*>(dictionary.data), static_cast<uInt>(dictionary.length));
        if (code == Z_STREAM_ERROR)
          raise(exc::ValueError, "Invalid dictionary");
        else if (code != Z_OK)
          raise(exc::ValueError, "deflateSetDictionary()");
      }
    } else if (code == Z_MEM_ERROR) {
      raise(exc::MemoryError, "Can't allocate memory for compression object");
    } else if (code == Z_STREAM_ERROR) {
      raise(exc::ValueError, "Invalid initialization option");
    } else {
      raise_error(self->stream, code, "while creating compression object");
    }
  }
  if (has_dictionary) release_buffer(&dictionary);
  if (error_pending()) return Ref<>();
  return self;
}

Ref<> decompressobj(const Value* a) {
  int wbits = MAX_WBITS;
  if (!to_cint(a[0], &wbits)) return Ref<>();
  if (!a[1].empty() && !has_buffer(a[1])) return raise(exc::TypeError, "zdict argument must support the buffer protocol");
  Ref<Stream> self = stream_new(&decompress_type);
  if (!self) return Ref<>();
  if (!a[1].empty()) self->dictionary.init(Ref<>::retain(a[1]));
  int code = inflateInit2(&self->stream, wbits);
  if (code == Z_STREAM_ERROR) return raise(exc::ValueError, "Invalid initialization option");
  if (code == Z_MEM_ERROR) return raise(exc::MemoryError, "Can't allocate memory for decompression object");
  if (code != Z_OK) return raise_error(self->stream, code, "while creating decompression object");
  self->ready = true;
  // A raw stream does not ask for its dictionary.
  if (!a[1].empty() && wbits < 0 && !set_dictionary(self.get())) return Ref<>();
  return self;
}

constinit Type compress_type, decompress_type;
const TypeSpec compress_spec = {.name = "zlib.Compress",
                                .size = sizeof(Stream),
                                .flags = kTypeNoInstantiate,
                                .traverse = traverse,
                                .clear = clear,
                                .destroy = destroy<deflateEnd>,
                                .methods = kCompressMethods};
const TypeSpec decompress_spec = {.name = "zlib.Decompress",
                                  .size = sizeof(Stream),
                                  .flags = kTypeNoInstantiate,
                                  .traverse = traverse,
                                  .clear = clear,
                                  .destroy = destroy<inflateEnd>,
                                  .methods = kDecompressMethods,
                                  .getsets = kDecompressGetSets};

}  // namespace pt::zlib
