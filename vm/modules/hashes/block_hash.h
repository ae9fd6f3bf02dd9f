#pragma once
// What hash functions of the Merkle-Damgard kind share: the block buffer and the padding with the length.
#include <bit>
#include <cstdint>
#include <cstring>

namespace pt::hashes {

static_assert(std::endian::native == std::endian::little);
template <class T>
T load_big(const uint8_t* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  if constexpr (sizeof v == 4)
    return __builtin_bswap32(v);
  else
    return __builtin_bswap64(v);
}

template <class Core>
struct BlockHash {
  static constexpr const char* kName = Core::kName;
  static constexpr int kBlock = Core::kBlock, kDigest = Core::kDigest;
  Core core;
  uint64_t total;  // bytes
  uint8_t buffer[kBlock];

  void start() {
    core.start();
    total = 0;
  }
  void update(const uint8_t* data, size_t size) {
    size_t used = total % kBlock;
    total += size;
    if (used) {
      size_t part = kBlock - used < size ? kBlock - used : size;
      std::memcpy(buffer + used, data, part);
      data += part;
      size -= part;
      if (used + part < kBlock) return;
      core.block(buffer);
    }
    for (; size >= kBlock; data += kBlock, size -= kBlock) core.block(data);
    std::memcpy(buffer, data, size);
  }
  // On a copy: the state is spoilt.
  void finish(uint8_t* out) {
    uint64_t bits = total * 8;
    size_t used = total % kBlock;
    buffer[used++] = 0x80;
    if (used > kBlock - Core::kLengthBytes) {
      std::memset(buffer + used, 0, kBlock - used);
      core.block(buffer);
      used = 0;
    }
    std::memset(buffer + used, 0, kBlock - used);
    if (Core::kBigEndian) bits = __builtin_bswap64(bits);
    std::memcpy(buffer + (Core::kBigEndian ? kBlock - 8 : kBlock - Core::kLengthBytes), &bits, 8);
    core.block(buffer);
    uint8_t words[sizeof core.state];
    std::memcpy(words, core.state, sizeof words);
    if (Core::kBigEndian) {
      for (auto& word : core.state) {
        if constexpr (sizeof word == 4)
          word = __builtin_bswap32(word);
        else
          word = __builtin_bswap64(word);
      }
      std::memcpy(words, core.state, sizeof words);
    }
    std::memcpy(out, words, kDigest);
  }
};

}  // namespace pt::hashes
