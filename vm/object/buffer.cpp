#include "vm/object/buffer.h"

#include "vm/object/error.h"

namespace pt {

bool has_buffer(Value v) { return v.is_object() && type_of(v)->slots.get_buffer; }

bool get_buffer(Value exporter, Buffer* out, int flags) {
  auto get = exporter.is_object() ? type_of(exporter)->slots.get_buffer : nullptr;
  if (PT_UNLIKELY(!get)) return raise(exc::TypeError, "a bytes-like object is required, not '%T'", exporter);
  if (!get(exporter, out, flags)) return false;
  if (!out->owner) out->owner = Ref<>::retain(exporter);
  return true;
}

void release_buffer(Buffer* buffer) {
  Ref<> owner = std::move(buffer->owner);
  if (!owner) return;
  if (auto release = type_of(owner.value())->slots.release_buffer) release(owner.value(), buffer);
  buffer->data = nullptr;
}

}  // namespace pt
