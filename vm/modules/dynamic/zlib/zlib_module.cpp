// The zlib module: one-shot functions, checksums, constants.
#include "vm/modules/dynamic/zlib/zlib_module.h"

#include <algorithm>
#include <climits>

namespace pt::zlib {
namespace {

constinit Value g_error;  // immortal class

Ref<> zlib_compress(const Value* a) {
  int level = Z_DEFAULT_COMPRESSION, wbits = MAX_WBITS;
  BufferView view(a[0]);
  if (!view.ok() || !to_cint(a[1], &level) || !to_cint(a[2], &wbits)) return Ref<>();
  z_stream stream = {};
  int code = deflateInit2(&stream, level, Z_DEFLATED, wbits, kMemoryLevel, Z_DEFAULT_STRATEGY);
  if (code == Z_MEM_ERROR) return raise(exc::MemoryError, "Out of memory while compressing data");
  if (code == Z_STREAM_ERROR) return raise_error(stream, code, "Bad compression level");
  if (code != Z_OK) return raise_error(stream, code, "while compressing data");
  BytesBuilder out;
  const uint8_t* data = view.data();
  int64_t size = view.size();
  code = run_stream(&stream, deflate, &data, &size, Z_FINISH, -1, &out);
  int ended = deflateEnd(&stream);
  if (error_pending()) return Ref<>();
  if (code != Z_STREAM_END) return raise_error(stream, code, "while compressing data");
  if (ended != Z_OK) return raise_error(stream, ended, "while finishing compression");
  return out.finish();
}

int inflate_step(z_stream* stream, int flush) { return inflate(stream, flush); }

Ref<> zlib_decompress(const Value* a) {
  int wbits = MAX_WBITS;
  int64_t buffer_size = kBufferSize;
  BufferView view(a[0]);
  if (!view.ok() || !to_cint(a[1], &wbits) || (!a[2].empty() && !to_size(a[2], &buffer_size))) return Ref<>();
  if (buffer_size < 0) return raise(exc::ValueError, "bufsize must be non-negative");
  z_stream stream = {};
  int code = inflateInit2(&stream, wbits);
  if (code == Z_MEM_ERROR) return raise(exc::MemoryError, "Out of memory while decompressing data");
  if (code != Z_OK) return raise_error(stream, code, "while preparing to decompress data");
  BytesBuilder out;
  const uint8_t* data = view.data();
  int64_t size = view.size();
  code = run_stream(&stream, inflate_step, &data, &size, Z_SYNC_FLUSH, -1, &out);
  if (error_pending()) {
    inflateEnd(&stream);
    return Ref<>();
  }
  if (code != Z_STREAM_END) {
    if (code == Z_OK) code = Z_BUF_ERROR;
    raise_error(stream, code, "while decompressing data");
    inflateEnd(&stream);
    return Ref<>();
  }
  code = inflateEnd(&stream);
  if (code != Z_OK) return raise_error(stream, code, "while finishing decompression");
  return out.finish();
}

template <class F>
Ref<> checksum(Value data, Value start_value, uLong start, F&& step) {
  BufferView view(data);
  if (!view.ok()) return Ref<>();
  if (!start_value.empty()) {
    Ref<> number = index(start_value);
    if (!number) return Ref<>();
    // Any int will do: its low 32 bits count.
    Ref<> masked = binary_operation(BinaryOp::kAnd, number.value(), Value::small_int(0xFFFFFFFF));
    int64_t low;
    if (!masked || !int_to_int64(masked.value(), &low)) return Ref<>();
    start = static_cast<uLong>(low);
  }
  const uint8_t* at = view.data();
  int64_t left = view.size();
  auto run = [&] {
    do {
      auto part = static_cast<uInt>(std::min<int64_t>(left, UINT_MAX));
      start = step(start, at, part);
      at += part;
      left -= part;
    } while (left > 0);
  };
  if (left > 5 * 1024) {
    Detached detached;
    run();
  } else if (left > 0) {
    run();
  }
  return int_from_int64(static_cast<int64_t>(start & 0xFFFFFFFF));
}
Ref<> zlib_adler32(const Value* a) {
  return checksum(a[0], a[1], 1, [](uLong sum, const uint8_t* data, uInt size) { return adler32(sum, data, size); });
}
Ref<> zlib_crc32(const Value* a) {
  return checksum(a[0], a[1], 0, [](uLong sum, const uint8_t* data, uInt size) { return crc32(sum, data, size); });
}

const NativeDef kFunctions[] = {
    {"adler32", "(data, value=1, /)", zlib_adler32, "Compute an Adler-32 checksum of data."},
    {"compress", "(data, /, level=-1, wbits=15)", zlib_compress, "Returns a bytes object containing compressed data."},
    {"compressobj", "(level=-1, method=8, wbits=15, memLevel=8, strategy=0, zdict=None)", compressobj,
     "Return a compressor object."},
    {"crc32", "(data, value=0, /)", zlib_crc32, "Compute a CRC-32 checksum of data."},
    {"decompress", "(data, /, wbits=15, bufsize=16384)", zlib_decompress,
     "Returns a bytes object containing the uncompressed data."},
    {"decompressobj", "(wbits=15, zdict=b'')", decompressobj, "Return a decompressor object."},
    {}};
#define C(name) {#name, name}
const IntConstant kConstants[] = {C(MAX_WBITS),
                                  {"DEFLATED", Z_DEFLATED},
                                  {"DEF_MEM_LEVEL", 8},
                                  {"DEF_BUF_SIZE", kBufferSize},
                                  C(Z_NO_COMPRESSION),
                                  C(Z_BEST_SPEED),
                                  C(Z_BEST_COMPRESSION),
                                  C(Z_DEFAULT_COMPRESSION),
                                  C(Z_FILTERED),
                                  C(Z_HUFFMAN_ONLY),
                                  C(Z_RLE),
                                  C(Z_FIXED),
                                  C(Z_DEFAULT_STRATEGY),
                                  C(Z_NO_FLUSH),
                                  C(Z_PARTIAL_FLUSH),
                                  C(Z_SYNC_FLUSH),
                                  C(Z_FULL_FLUSH),
                                  C(Z_FINISH),
                                  C(Z_BLOCK),
                                  C(Z_TREES),
                                  {}};
#undef C

bool execute(Module* module) {
  if (!compress_type.spec &&
      (!init_module_type(&compress_type, &compress_spec) || !init_module_type(&decompress_type, &decompress_spec))) {
    return false;
  }
  return add_exception(module, &g_error, "zlib.error", "error", Value::object(exc::Exception)) &&
         module_add_ints(module, kConstants) && module_add_text(module, "ZLIB_VERSION", ZLIB_VERSION) &&
         module_add_text(module, "ZLIB_RUNTIME_VERSION", zlibVersion()) && module_add_text(module, "__version__", "1.0");
}

}  // namespace

Raised raise_error(const z_stream& stream, int code, const char* what) {
  const char* text = code == Z_VERSION_ERROR ? "library version mismatch" : stream.msg;
  if (!text) {
    if (code == Z_BUF_ERROR) text = "incomplete or truncated stream";
    if (code == Z_STREAM_ERROR) text = "inconsistent stream state";
    if (code == Z_DATA_ERROR) text = "invalid input data";
  }
  if (text) return raise(as_type(g_error), "Error %d %s: %s", code, what, text);
  return raise(as_type(g_error), "Error %d %s", code, what);
}

extern "C" {
extern const NativeModule ptpython_module_zlib;
const NativeModule ptpython_module_zlib = {
    "zlib",
    "The functions in this module allow compression and decompression using the\nzlib library, which is "
    "based on GNU zip.",
    kFunctions, execute};
}

}  // namespace pt::zlib
