#pragma once
#include <lzma.h>

#include "vm/modules/dynamic/support/decompressor.h"

namespace pt::xz {

enum Format { kFormatAuto, kFormatXz, kFormatAlone, kFormatRaw };
extern Value g_error;  // LZMAError
bool check(lzma_ret code);  // true when `code` is no error; else the exception is pending

// A filter chain read from a sequence of dicts; frees its options.
class FilterChain {
 public:
  FilterChain() { filters_[0].id = LZMA_VLI_UNKNOWN; }
  ~FilterChain();
  FilterChain(const FilterChain&) = delete;
  FilterChain& operator=(const FilterChain&) = delete;
  bool read(Value specs);
  bool add(Value spec);
  lzma_filter* data() { return filters_; }

 private:
  lzma_filter filters_[LZMA_FILTERS_MAX + 1];
  int count_ = 0;
};
Ref<> encode_filter_properties(const Value* a);
Ref<> decode_filter_properties(const Value* a);

}  // namespace pt::xz
