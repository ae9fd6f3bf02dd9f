#pragma once
// One call of a compression library, as the compressor and decompressor objects of bz2 and lzma see it.
#include "vm/modules/dynamic/support/dynamic.h"

namespace pt {

// A library's step function advances input and output and runs detached.
struct CodecStep {
  const uint8_t* input;
  int64_t input_size;
  uint8_t* output;
  int64_t output_size;
  bool eof = false;
};
inline constexpr int64_t kFirstChunk = 32 << 10;  // of output
inline int64_t next_chunk(int64_t chunk) { return chunk < (int64_t{1} << 24) ? chunk * 2 : chunk; }

inline Ref<> not_pickled(const Value* a) { return raise(exc::TypeError, "cannot pickle '%T' object", a[0]); }

}  // namespace pt
