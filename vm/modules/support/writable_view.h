#pragma once
// An argument that a function fills: any refusal of its exporter is TypeError "function() argument must be read-write
// bytes-like object, not T".
#include "vm/object/buffer.h"
#include "vm/object/error.h"

namespace pt {

class WritableView : public BufferView {
 public:
  WritableView(Value exporter, const char* function) : BufferView(exporter, kBufferWritable) {
    if (!ok() && (clear_if(exc::BufferError) || clear_if(exc::TypeError))) {
      raise(exc::TypeError, "%s() argument must be read-write bytes-like object, not %T", function, exporter);
    }
  }
};

}  // namespace pt
