#pragma once
// A Python object around a hash state H (start, update, finish; kName, kBlock, kDigest).
#include <new>

#include "gc/sync/mutator.h"
#include "vm/modules/support/arguments.h"
#include "vm/modules/thread/locks.h"
#include "vm/object/buffer.h"
#include "vm/object/module.h"
#include "vm/types/bytes.h"
#include "vm/types/int.h"

namespace pt::hashes {

inline constexpr int64_t kDetachBytes = 2048;  // from here on other threads may stop the world meanwhile

// The data of a hash function: bytes-like, not str.
inline bool get_data(Value v, Buffer* out) {
  if (is_str(v)) return raise(exc::TypeError, "Strings must be encoded before hashing");
  if (!has_buffer(v)) return raise(exc::TypeError, "object supporting the buffer API required");
  return get_buffer(v, out, kBufferSimple);
}
inline Ref<Str> hex_text(const uint8_t* data, size_t size) {
  Ref<Str> text = str_allocate(static_cast<int64_t>(size) * 2, 127);
  for (size_t i = 0; text && i < size; ++i) {
    text->data1()[2 * i] = static_cast<uint8_t>("0123456789abcdef"[data[i] >> 4]);
    text->data1()[2 * i + 1] = static_cast<uint8_t>("0123456789abcdef"[data[i] & 15]);
  }
  return text;
}

template <class H>
struct HashObject : Object {
  ThreadLock lock;  // guards the state
  H state;
};

template <class H>
bool hash_update(HashObject<H>* self, Value data) {
  Buffer view;
  if (!get_data(data, &view)) return false;
  auto run = [&] { self->state.update(static_cast<const uint8_t*>(view.data), static_cast<size_t>(view.length)); };
  while (self->lock.acquire(-1, false) != Acquire::kTaken) {
  }
  if (view.length >= kDetachBytes) {
    Detached detached;
    run();
  } else {
    run();
  }
  self->lock.release();
  release_buffer(&view);
  return true;
}
template <class H>
H hash_snapshot(HashObject<H>* self) {
  while (self->lock.acquire(-1, false) != Acquire::kTaken) {
  }
  H copy = self->state;
  self->lock.release();
  return copy;
}

// The methods all of them have.
template <class H>
struct HashMethods {
  using Self = HashObject<H>;
  static Self* self(const Value* a) { return reinterpret_cast<Self*>(a[0].as_object()); }
  static Ref<> update(const Value* a) { return hash_update(self(a), a[1]) ? none_ref() : Ref<>(); }
  static Ref<> digest(const Value* a) {
    H state = hash_snapshot(self(a));
    Ref<Bytes> out = bytes_allocate(H::kDigest);
    if (out) state.finish(out->data);
    return out;
  }
  static Ref<> hexdigest(const Value* a) {
    H state = hash_snapshot(self(a));
    uint8_t out[H::kDigest];
    state.finish(out);
    return hex_text(out, sizeof out);
  }
  static Ref<> copy(const Value* a) {
    Ref<Self> made = allocate<Self>(type_of(a[0]));
    if (!made) return Ref<>();
    new (&made->lock) ThreadLock;
    made->state = hash_snapshot(self(a));
    return made;
  }
  static Ref<> name(Value) { return str_from_ascii(H::kName); }
  static Ref<> block_size(Value) { return int_from_int64(H::kBlock); }
  static Ref<> digest_size(Value) { return int_from_int64(H::kDigest); }
  static constexpr NativeDef kMethods[] = {
      {"update", "($self, obj, /)", update, "Update this hash object's state with the provided string."},
      {"digest", "($self, /)", digest, "Return the digest value as a bytes object."},
      {"hexdigest", "($self, /)", hexdigest, "Return the digest value as a string of hexadecimal digits."},
      {"copy", "($self, /)", copy, "Return a copy of the hash object."},
      {}};
  static constexpr GetSetDef kGetSets[] = {{"name", name}, {"block_size", block_size}, {"digest_size", digest_size}, {}};
};

}  // namespace pt::hashes
