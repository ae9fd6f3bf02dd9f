#pragma once
#include <zlib.h>

#include "vm/modules/dynamic/support/dynamic.h"

namespace pt::zlib {

inline constexpr int64_t kBufferSize = 16384;
inline constexpr int kMemoryLevel = 8;

Raised raise_error(const z_stream& stream, int code, const char* what);
// Feeds `size` bytes through deflate or inflate, `limit` bytes of output at most (negative: no limit). Runs detached.
// What was not used stays in *data and *size. The last return code of zlib; Z_MEM_ERROR with MemoryError pending.
int run_stream(z_stream* stream, int (*step)(z_stream*, int), const uint8_t** data, int64_t* size, int flush, int64_t limit,
               BytesBuilder* out);

extern Type compress_type, decompress_type;
extern const TypeSpec compress_spec, decompress_spec;
Ref<> compressobj(const Value* a);
Ref<> decompressobj(const Value* a);

}  // namespace pt::zlib
