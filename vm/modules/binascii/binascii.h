#pragma once
// Between the files of binascii.
#include <string_view>

#include "vm/modules/support.h"
#include "vm/object/buffer.h"
#include "vm/types/bytes.h"
#include "vm/types/str.h"

namespace pt::binascii {

extern Type* g_error;       // binascii.Error
extern Type* g_incomplete;  // binascii.Incomplete

// An argument of the a2b functions: an ASCII str or a bytes-like object.
class AsciiArgument {
 public:
  explicit AsciiArgument(Value v);
  ~AsciiArgument();
  AsciiArgument(const AsciiArgument&) = delete;
  AsciiArgument& operator=(const AsciiArgument&) = delete;
  bool ok() const { return ok_; }
  const uint8_t* data() const { return reinterpret_cast<const uint8_t*>(text_.data()); }
  int64_t size() const { return static_cast<int64_t>(text_.size()); }

 private:
  Buffer buffer_;
  std::string_view text_;
  bool ok_ = false, held_ = false;
};

Ref<> a2b_base64(const Value* a);
Ref<> b2a_base64(const Value* a);
Ref<> a2b_qp(const Value* a);
Ref<> b2a_qp(const Value* a);

}  // namespace pt::binascii
