// The _bz2 module.
#include <bzlib.h>

#include <climits>

#include "vm/modules/dynamic/support/decompressor.h"

namespace pt {
namespace {

struct Compressor : Object {
  ThreadLock lock;  // guards the rest
  bz_stream stream;
  bool ready, flushed;
};
struct Bz2Decompressor : Decompressor {
  bz_stream stream;
  bool failed;  // the library's state is not usable after an error
};

// True when `code` is no error.
bool check(int code) {
  switch (code) {
    case BZ_OK: case BZ_RUN_OK: case BZ_FLUSH_OK: case BZ_FINISH_OK: case BZ_STREAM_END: return true;
    case BZ_PARAM_ERROR: return raise(exc::ValueError, "Internal error - invalid parameters passed to libbzip2");
    case BZ_MEM_ERROR: return raise_no_memory();
    case BZ_DATA_ERROR: case BZ_DATA_ERROR_MAGIC: return raise(exc::OSError, "Invalid data stream");
    case BZ_IO_ERROR: return raise(exc::OSError, "Unknown I/O error");
    case BZ_UNEXPECTED_EOF: return raise(exc::EOFError, "Compressed file ended before the logical end-of-stream was detected");
    case BZ_SEQUENCE_ERROR: return raise(exc::RuntimeError, "Internal error - Invalid sequence of commands sent to libbzip2");
    default: return raise(exc::OSError, "Unrecognized error from libbzip2: %d", code);
  }
}

Ref<> compressor_construct(Type* type, const Args& args) {
  Value bound[1];
  int level = 9;
  if (!bind_arguments("BZ2Compressor", "(compresslevel=9, /)", args, bound) || !to_cint(bound[0], &level)) return Ref<>();
  if (level < 1 || level > 9) return raise(exc::ValueError, "compresslevel must be between 1 and 9");
  Ref<Compressor> self = allocate<Compressor>(type);
  if (!self) return Ref<>();
  new (&self->lock) ThreadLock;
  if (!check(BZ2_bzCompressInit(&self->stream, level, 0, 0))) return Ref<>();
  self->ready = true;
  return self;
}
void compressor_destroy(Object* o) {
  auto* self = static_cast<Compressor*>(o);
  if (self->ready) BZ2_bzCompressEnd(&self->stream);
  self->ready = false;
}
Ref<> run_compressor(Compressor* self, const uint8_t* data, int64_t size, int action) {
  BytesBuilder out;
  int64_t chunk = 32 << 10;
  for (;;) {
    auto portion = static_cast<unsigned>(std::min<int64_t>(size, UINT_MAX));
    uint8_t* target = out.reserve(chunk);
    if (!target) return raise_no_memory();
    self->stream.next_in = reinterpret_cast<char*>(const_cast<uint8_t*>(data));
    self->stream.avail_in = portion;
    self->stream.next_out = reinterpret_cast<char*>(target);
    self->stream.avail_out = static_cast<unsigned>(chunk);
    int code;
    if (action == BZ_RUN && portion == 0) break;
    {
      Detached detached;
      code = BZ2_bzCompress(&self->stream, action);
    }
    data += portion - self->stream.avail_in;
    size -= portion - self->stream.avail_in;
    out.advance(chunk - self->stream.avail_out);
    if (!check(code)) return Ref<>();
    if (action == BZ_FINISH && code == BZ_STREAM_END) break;
    if (chunk < (int64_t{1} << 24)) chunk *= 2;
  }
  return out.finish();
}
Ref<> compressor_compress(const Value* a) {
  auto* self = self_as<Compressor>(a[0]);
  BufferView view(a[1]);
  if (!view.ok()) return Ref<>();
  ObjectGuard guard(self->lock);
  if (self->flushed) return raise(exc::ValueError, "Compressor has been flushed");
  return run_compressor(self, view.data(), view.size(), BZ_RUN);
}
Ref<> compressor_flush(const Value* a) {
  auto* self = self_as<Compressor>(a[0]);
  ObjectGuard guard(self->lock);
  if (self->flushed) return raise(exc::ValueError, "Repeated call to flush()");
  self->flushed = true;
  return run_compressor(self, nullptr, 0, BZ_FINISH);
}
Ref<> not_pickled(const Value* a) { return raise(exc::TypeError, "cannot pickle '%T' object", a[0]); }

Ref<> decompressor_construct(Type* type, const Args& args) {
  if (!no_arguments("BZ2Decompressor", args)) return Ref<>();
  Ref<Bz2Decompressor> self = allocate<Bz2Decompressor>(type);
  if (!self || !decompressor_init(self.get()) || !check(BZ2_bzDecompressInit(&self->stream, 0, 0))) return Ref<>();
  self->ready = true;
  return self;
}
void decompressor_destroy(Object* o) {
  auto* self = static_cast<Bz2Decompressor*>(o);
  if (self->ready) BZ2_bzDecompressEnd(&self->stream);
  self->ready = false;
  decompressor_drop(self);
}
Ref<> decompressor_decompress(const Value* a) {
  auto* self = self_as<Bz2Decompressor>(a[0]);
  int64_t limit = -1;
  BufferView view(a[1]);
  if (!view.ok() || (!a[2].empty() && !to_size(a[2], &limit))) return Ref<>();
  ObjectGuard guard(self->lock);
  if (self->failed) return raise(exc::ValueError, "Decompressor is unusable due to previous error");
  return decompressor_run(self, view.data(), view.size(), limit, [&](CodecStep& s) {
    auto portion = static_cast<unsigned>(std::min<int64_t>(s.input_size, UINT_MAX));
    auto room = static_cast<unsigned>(s.output_size);
    self->stream.next_in = reinterpret_cast<char*>(const_cast<uint8_t*>(s.input));
    self->stream.avail_in = portion;
    self->stream.next_out = reinterpret_cast<char*>(s.output);
    self->stream.avail_out = room;
    int code;
    {
      Detached detached;
      code = BZ2_bzDecompress(&self->stream);
    }
    s.input += portion - self->stream.avail_in;
    s.input_size -= portion - self->stream.avail_in;
    s.output_size = self->stream.avail_out;
    s.eof = code == BZ_STREAM_END;
    self->failed = code != BZ_OK && code != BZ_STREAM_END;
    return check(code);
  });
}

constinit Type compressor_type, decompressor_type;
const NativeDef kCompressorMethods[] = {{"compress", "($self, data, /)", compressor_compress, "Provide data to the compressor object."},
                                        {"flush", "($self, /)", compressor_flush, "Finish the compression process."},
                                        {"__reduce__", "($self, /)", not_pickled},
                                        {}};
const NativeDef kDecompressorMethods[] = {
    {"decompress", "($self, /, data, max_length=-1)", decompressor_decompress, "Decompress *data*, returning uncompressed data as bytes."},
    {"__reduce__", "($self, /)", not_pickled},
    {}};
const GetSetDef kGetSets[] = {{"eof", decompressor_eof, nullptr, "True if the end-of-stream marker has been reached."},
                              {"unused_data", decompressor_unused, nullptr, "Data found after the end of the compressed stream."},
                              {"needs_input", decompressor_needs_input, nullptr, "True if more input is needed before more decompressed data can be produced."},
                              {}};
const TypeSpec kCompressorSpec = {.name = "_bz2.BZ2Compressor",
                                  .size = sizeof(Compressor),
                                  .flags = kTypeBase,
                                  .slots = {.construct = compressor_construct},
                                  .destroy = compressor_destroy,
                                  .methods = kCompressorMethods,
                                  .doc = "Create a compressor object for compressing data incrementally.",
                                  .signature = "(compresslevel=9, /)"};
const TypeSpec kDecompressorSpec = {.name = "_bz2.BZ2Decompressor",
                                    .size = sizeof(Bz2Decompressor),
                                    .flags = kTypeBase,
                                    .slots = {.construct = decompressor_construct},
                                    .traverse = decompressor_traverse,
                                    .destroy = decompressor_destroy,
                                    .methods = kDecompressorMethods,
                                    .getsets = kGetSets,
                                    .doc = "Create a decompressor object for decompressing data incrementally.",
                                    .signature = "()"};

}  // namespace

extern "C" {
extern const NativeModule ptpython_module__bz2;
const NativeModule ptpython_module__bz2 = {"_bz2", nullptr, nullptr, [](Module* module) {
                                             return module_add_type(module, &compressor_type, &kCompressorSpec) &&
                                                    module_add_type(module, &decompressor_type, &kDecompressorSpec);
                                           }};
}
}  // namespace pt
