// The _bz2 module.
#include <bzlib.h>

#include <climits>

#include "vm/modules/dynamic/support/compressor.h"
#include "vm/modules/dynamic/support/decompressor.h"

namespace pt {
namespace {

// True when `code` is no error.
bool check(int code) {
  switch (code) {
    case BZ_OK:
    case BZ_RUN_OK:
    case BZ_FLUSH_OK:
    case BZ_FINISH_OK:
    case BZ_STREAM_END: return true;
    case BZ_PARAM_ERROR: return raise(exc::ValueError, "Internal error - invalid parameters passed to libbzip2");
    case BZ_MEM_ERROR: return raise_no_memory();
    case BZ_DATA_ERROR:
    case BZ_DATA_ERROR_MAGIC: return raise(exc::OSError, "Invalid data stream");
    case BZ_IO_ERROR: return raise(exc::OSError, "Unknown I/O error");
    case BZ_UNEXPECTED_EOF: return raise(exc::EOFError, "Compressed file ended before the logical end-of-stream was detected");
    case BZ_SEQUENCE_ERROR: return raise(exc::RuntimeError, "Internal error - Invalid sequence of commands sent to libbzip2");
    default: return raise(exc::OSError, "Unrecognized error from libbzip2: %d", code);
  }
}

// Runs `call` over the portion of the input that the library, which counts in 32 bits, takes at once.
template <class F>
int run_library(bz_stream* stream, CodecStep& s, F&& call) {
  auto portion = static_cast<unsigned>(std::min<int64_t>(s.input_size, UINT_MAX));
  stream->next_in = reinterpret_cast<char*>(const_cast<uint8_t*>(s.input));
  stream->avail_in = portion;
  stream->next_out = reinterpret_cast<char*>(s.output);
  stream->avail_out = static_cast<unsigned>(s.output_size);
  int code;
  {
    Detached detached;
    code = call(stream);
  }
  s.input += portion - stream->avail_in;
  s.input_size -= portion - stream->avail_in;
  s.output_size = stream->avail_out;
  s.eof = code == BZ_STREAM_END;
  return code;
}

struct Bz2Compressor : Compressor {
  bz_stream stream;
  bool ready;

  bool step(CodecStep& s, bool finish) {
    if (!finish && s.input_size == 0) return true;  // an error to the library
    return check(run_library(&stream, s, [&](bz_stream* z) { return BZ2_bzCompress(z, finish ? BZ_FINISH : BZ_RUN); }));
  }
};
struct Bz2Decompressor : Decompressor {
  bz_stream stream;
  bool ready;
  bool failed;  // the library's state is not usable after an error
};

Ref<> compressor_construct(Type* type, const Args& args) {
  Value bound[1];
  int level = 9;
  if (!bind_arguments("BZ2Compressor", "(compresslevel=9, /)", args, bound) || !to_cint(bound[0], &level)) return Ref<>();
  if (level < 1 || level > 9) return raise(exc::ValueError, "compresslevel must be between 1 and 9");
  Ref<Bz2Compressor> self = compressor_allocate<Bz2Compressor>(type);
  if (!self || !check(BZ2_bzCompressInit(&self->stream, level, 0, 0))) return Ref<>();
  self->ready = true;
  return self;
}
void compressor_destroy(Object* o) {
  auto* self = static_cast<Bz2Compressor*>(o);
  if (self->ready) BZ2_bzCompressEnd(&self->stream);
  self->ready = false;
}

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
  if (self->failed) return raise(exc::ValueError, "Decompressor is unusable after a previous error");
  return decompressor_run(self, view.data(), view.size(), limit, [&](CodecStep& s) {
    int code = run_library(&self->stream, s, BZ2_bzDecompress);
    self->failed = code != BZ_OK && code != BZ_STREAM_END;
    if (self->failed) self->needs_input = false;
    return check(code);
  });
}

constinit Type compressor_type, decompressor_type;
const NativeDef kCompressorMethods[] = {
    {"compress", "($self, data, /)", compressor_compress<Bz2Compressor>, "Provide data to the compressor object."},
    {"flush", "($self, /)", compressor_flush<Bz2Compressor>, "Finish the compression process."},
    {"__reduce__", "($self, /)", not_pickled},
    {}};
const NativeDef kDecompressorMethods[] = {{"decompress", "($self, /, data, max_length=-1)", decompressor_decompress,
                                           "Decompress *data*, returning uncompressed data as bytes."},
                                          {"__reduce__", "($self, /)", not_pickled},
                                          {}};
const GetSetDef kGetSets[] = {{"eof", decompressor_eof, nullptr, "True if the end-of-stream marker has been reached."},
                              {"unused_data", decompressor_unused, nullptr, "Data found after the end of the compressed stream."},
                              {"needs_input", decompressor_needs_input, nullptr,
                               "True if more input is needed before more decompressed data can be produced."},
                              {}};
const TypeSpec kCompressorSpec = {.name = "_bz2.BZ2Compressor",
                                  .size = sizeof(Bz2Compressor),
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
