#pragma once
// The compressor objects of bz2 and lzma.
#include <new>

#include "vm/modules/dynamic/support/codec.h"

namespace pt {

// All fields are guarded by `lock`. A class C that derives from it has `bool step(CodecStep&, bool finish)`, which runs the
// library once: false with an exception pending.
struct Compressor : Object {
  ThreadLock lock;
  bool flushed;
};
template <class C>
Ref<C> compressor_allocate(Type* type) {
  Ref<C> self = allocate<C>(type);
  if (self) new (&self->lock) ThreadLock;
  return self;
}

// With `finish` up to the end of the stream, without it until the input is used up.
template <class C>
Ref<> compressor_run(C* self, const uint8_t* data, int64_t size, bool finish) {
  CodecStep state = {data, size, nullptr, 0};
  BytesBuilder out;
  for (int64_t chunk = kFirstChunk;; chunk = next_chunk(chunk)) {
    state.output = out.reserve(chunk);
    if (!state.output) return raise_no_memory();
    state.output_size = chunk;
    if (!self->step(state, finish)) return Ref<>();
    out.advance(chunk - state.output_size);
    if (finish ? state.eof : state.input_size == 0 && state.output_size > 0) return out.finish();
  }
}
template <class C>
Ref<> compressor_compress(const Value* a) {
  auto* self = self_as<C>(a[0]);
  BufferView view(a[1]);
  if (!view.ok()) return Ref<>();
  ObjectGuard guard(self->lock);
  if (self->flushed) return raise(exc::ValueError, "Compressor has been flushed");
  return compressor_run(self, view.data(), view.size(), false);
}
template <class C>
Ref<> compressor_flush(const Value* a) {
  auto* self = self_as<C>(a[0]);
  ObjectGuard guard(self->lock);
  if (self->flushed) return raise(exc::ValueError, "Repeated call to flush()");
  self->flushed = true;
  return compressor_run(self, nullptr, 0, true);
}

}  // namespace pt
