#pragma once
// SipHash-1-3 (Aumasson and Bernstein) of a byte string: the hash of str and bytes, keyed once a process.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace pt {

struct HashKey {
  uint64_t k0, k1;
};
extern HashKey g_hash_key;  // written at start-up, before the first string is hashed

inline uint64_t siphash13(HashKey key, const void* data, size_t size) {
  uint64_t v0 = key.k0 ^ 0x736f6d6570736575u, v1 = key.k1 ^ 0x646f72616e646f6du;
  uint64_t v2 = key.k0 ^ 0x6c7967656e657261u, v3 = key.k1 ^ 0x7465646279746573u;
  auto round = [&] {
    v0 += v1;
    v2 += v3;
    v1 = std::rotl(v1, 13) ^ v0;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 = std::rotl(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = std::rotl(v1, 17) ^ v2;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 = std::rotl(v2, 32);
  };
  const uint8_t* p = static_cast<const uint8_t*>(data);
  uint64_t last = static_cast<uint64_t>(size) << 56;
  for (; size >= 8; size -= 8, p += 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    v3 ^= word;
    round();
    v0 ^= word;
  }
  if (size >= 4) {
    uint32_t head, tail;
    memcpy(&head, p, 4);
    memcpy(&tail, p + size - 4, 4);
    last |= uint64_t{head} | uint64_t{tail} << (8 * (size - 4));
  } else {
    for (size_t i = 0; i < size; i++) last |= uint64_t{p[i]} << (8 * i);
  }
  v3 ^= last;
  round();
  v0 ^= last;
  v2 ^= 0xff;
  round();
  round();
  round();
  return (v0 ^ v1) ^ (v2 ^ v3);
}

// The value programs see: -1 is reserved for errors, the empty string hashes to 0.
inline int64_t hash_bytes(const void* data, size_t size) {
  if (size == 0) return 0;
  int64_t h = static_cast<int64_t>(siphash13(g_hash_key, data, size));
  return h == -1 ? -2 : h;
}

}  // namespace pt
