#pragma once
// The decompressor objects of bz2 and lzma: input kept back when the output is limited, what follows the end of the stream.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>

#include "vm/modules/dynamic/support/codec.h"

namespace pt {

// Fields that are not atomic are guarded by `lock`.
struct Decompressor : Object {
  ThreadLock lock;
  uint8_t* rest;                 // input not used yet
  int64_t rest_size, rest_capacity;
  std::atomic<bool> eof, needs_input;  // written under the lock
  Field unused_data;
};
inline bool decompressor_init(Decompressor* self) {
  new (&self->lock) ThreadLock;
  self->needs_input = true;
  self->unused_data.init(Ref<>::retain(Value::object(empty_bytes())));
  return true;
}
inline void decompressor_traverse(Object* o, FieldVisitor& visitor) { visitor(static_cast<Decompressor*>(o)->unused_data); }
inline void decompressor_drop(Decompressor* self) {
  memory::release(self->rest);
  self->rest = nullptr;
  self->unused_data.exchange_locked(Ref<>()).reset();
}

// `step(CodecStep&)` runs the library once: false with an exception pending. `limit` < 0: no limit.
template <class Step>
Ref<> decompressor_run(Decompressor* self, const uint8_t* data, int64_t size, int64_t limit, Step&& step) {
  if (self->eof) return raise(exc::EOFError, "End of stream already reached");
  CodecStep state = {data, size, nullptr, 0};
  if (self->rest_size > 0) {
    if (self->rest_size + size > self->rest_capacity) {
      int64_t capacity = self->rest_size + size;
      auto* grown = static_cast<uint8_t*>(memory::allocate(static_cast<size_t>(capacity)));
      if (!grown) return raise_no_memory();
      std::memcpy(grown, self->rest, static_cast<size_t>(self->rest_size));
      memory::release(self->rest);
      self->rest = grown;
      self->rest_capacity = capacity;
    }
    std::memcpy(self->rest + self->rest_size, data, static_cast<size_t>(size));
    state.input = self->rest;
    state.input_size = self->rest_size + size;
  }
  BytesBuilder out;
  bool full = false;
  for (int64_t chunk = kFirstChunk;; chunk = next_chunk(chunk)) {
    int64_t room = limit < 0 ? chunk : std::min(chunk, limit - out.size());
    if (room <= 0) {
      full = true;
      break;
    }
    state.output = out.reserve(room);
    if (!state.output) return raise_no_memory();
    state.output_size = room;
    if (!step(state)) return Ref<>();
    out.advance(room - state.output_size);
    if (state.eof) break;
    if (state.output_size > 0 && state.input_size == 0) break;
  }
  if (state.eof) {
    self->eof = true;
    self->needs_input = false;
    self->rest_size = 0;
    if (state.input_size > 0) {
      Ref<> unused = bytes_from({reinterpret_cast<const char*>(state.input), static_cast<size_t>(state.input_size)});
      if (!unused) return Ref<>();
      self->unused_data.store(self, std::move(unused));
    }
    return out.finish();
  }
  self->needs_input = state.input_size == 0 && !full;
  if (state.input_size > self->rest_capacity) {
    auto* grown = static_cast<uint8_t*>(memory::allocate(static_cast<size_t>(state.input_size)));
    if (!grown) return raise_no_memory();
    std::memcpy(grown, state.input, static_cast<size_t>(state.input_size));
    memory::release(self->rest);
    self->rest = grown;
    self->rest_capacity = state.input_size;
  } else if (state.input_size > 0) {
    std::memmove(self->rest, state.input, static_cast<size_t>(state.input_size));
  }
  self->rest_size = state.input_size;
  return out.finish();
}

inline Ref<> decompressor_eof(Value v) { return bool_ref(self_as<Decompressor>(v)->eof); }
inline Ref<> decompressor_needs_input(Value v) { return bool_ref(self_as<Decompressor>(v)->needs_input); }
inline Ref<> decompressor_unused(Value v) { return self_as<Decompressor>(v)->unused_data.load(v.as_object()); }

}  // namespace pt
