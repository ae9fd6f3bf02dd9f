#pragma once
// MD5 (RFC 1321), SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512 (FIPS 180-4): the compression functions.
#include <bit>
#include <cstdint>

#include "vm/modules/hashes/block_hash.h"

namespace pt::hashes {

// Fractional parts of the cube roots of the first 80 primes; SHA-256 uses their upper halves.
inline constexpr uint64_t kCubeRoots[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc, 0x3956c25bf348b538, 0x59f111f1b605d019,
    0x923f82a4af194f9b, 0xab1c5ed5da6d8118, 0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3,
    0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65, 0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
    0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2, 0xd5a79147930aa725,
    0x06ca6351e003826f, 0x142929670a0e6e70, 0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
    0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b, 0xa2bfe8a14cf10364, 0xa81a664bbc423001,
    0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb,
    0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3, 0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b, 0xca273eceea26619c, 0xd186b8c721c0c207,
    0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
    0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c, 0x4cc5d4becb3e42b6, 0x597f299cfc657e2a,
    0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};
// Fractional parts of the square roots of the first 16 primes: the initial states.
inline constexpr uint64_t kSquareRoots[16] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
    0x1f83d9abfb41bd6b, 0x5be0cd19137e2179, 0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
    0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4,
};

// The three terms of a rotation sum; of a small one the last is a shift.
struct Rotations {
  int first, second, third;
};
template <class Word>
Word big_sum(Word x, Rotations by) {
  return std::rotr(x, by.first) ^ std::rotr(x, by.second) ^ std::rotr(x, by.third);
}
template <class Word>
Word small_sum(Word x, Rotations by) {
  return std::rotr(x, by.first) ^ std::rotr(x, by.second) ^ (x >> by.third);
}

// What SHA-2 differs in by the size of its words.
template <class Word>
struct Sha2Words;
template <>
struct Sha2Words<uint32_t> {
  static constexpr int kRounds = 64;
  static constexpr Rotations kBig0 = {2, 13, 22}, kBig1 = {6, 11, 25}, kSmall0 = {7, 18, 3}, kSmall1 = {17, 19, 10};
};
template <>
struct Sha2Words<uint64_t> {
  static constexpr int kRounds = 80;
  static constexpr Rotations kBig0 = {28, 34, 39}, kBig1 = {14, 18, 41}, kSmall0 = {1, 8, 7}, kSmall1 = {19, 61, 6};
};

template <class Word>
struct Sha2Core {
  using W = Sha2Words<Word>;
  static constexpr int kBlock = 16 * sizeof(Word), kLengthBytes = 2 * sizeof(Word);
  static constexpr bool kBigEndian = true;
  Word state[8];

  void block(const uint8_t* data) {
    Word w[W::kRounds];
    for (int i = 0; i < 16; ++i) w[i] = load_big<Word>(data + static_cast<int>(sizeof(Word)) * i);
    for (int i = 16; i < W::kRounds; ++i)
      w[i] = w[i - 16] + small_sum(w[i - 15], W::kSmall0) + w[i - 7] + small_sum(w[i - 2], W::kSmall1);
    Word a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
    for (int i = 0; i < W::kRounds; ++i) {
      auto constant = static_cast<Word>(kCubeRoots[i] >> (64 - 8 * sizeof(Word)));
      Word t1 = h + big_sum(e, W::kBig1) + ((e & f) ^ (~e & g)) + constant + w[i];
      Word t2 = big_sum(a, W::kBig0) + ((a & b) ^ (a & c) ^ (b & c));
      h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e, state[5] += f, state[6] += g, state[7] += h;
  }
};
template <int kDigestBytes>
struct Sha256Core : Sha2Core<uint32_t> {
  static constexpr const char* kName = kDigestBytes == 32 ? "sha256" : "sha224";
  static constexpr int kDigest = kDigestBytes;
  void start() {
    for (int i = 0; i < 8; ++i)
      state[i] = static_cast<uint32_t>(kDigestBytes == 32 ? kSquareRoots[i] >> 32 : kSquareRoots[8 + i]);
  }
};
template <int kDigestBytes>
struct Sha512Core : Sha2Core<uint64_t> {
  static constexpr const char* kName = kDigestBytes == 64 ? "sha512" : "sha384";
  static constexpr int kDigest = kDigestBytes;
  void start() {
    for (int i = 0; i < 8; ++i) state[i] = kSquareRoots[(kDigestBytes == 64 ? 0 : 8) + i];
  }
};

struct Sha1Core {
  static constexpr const char* kName = "sha1";
  static constexpr int kBlock = 64, kDigest = 20, kLengthBytes = 8;
  static constexpr bool kBigEndian = true;
  uint32_t state[5];

  void start() {
    state[0] = 0x67452301, state[1] = 0xefcdab89, state[2] = 0x98badcfe, state[3] = 0x10325476, state[4] = 0xc3d2e1f0;
  }
  void block(const uint8_t* data) {
    uint32_t w[80];
    for (int i = 0; i < 16; ++i) w[i] = load_big<uint32_t>(data + 4 * i);
    for (int i = 16; i < 80; ++i) w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (int i = 0; i < 80; ++i) {
      uint32_t f, k;
      if (i < 20)
        f = (b & c) | (~b & d), k = 0x5a827999;
      else if (i < 40)
        f = b ^ c ^ d, k = 0x6ed9eba1;
      else if (i < 60)
        f = (b & c) | (b & d) | (c & d), k = 0x8f1bbcdc;
      else
        f = b ^ c ^ d, k = 0xca62c1d6;
      uint32_t t = std::rotl(a, 5) + f + e + k + w[i];
      e = d, d = c, c = std::rotl(b, 30), b = a, a = t;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
  }
};

// floor(2^32 |sin(i + 1)|)
inline constexpr uint32_t kSines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501, 0x698098d8, 0x8b44f7af,
    0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa,
    0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8,
    0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244, 0x432aff97,
    0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1,
    0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

struct Md5Core {
  static constexpr const char* kName = "md5";
  static constexpr int kBlock = 64, kDigest = 16, kLengthBytes = 8;
  static constexpr bool kBigEndian = false;
  uint32_t state[4];

  void start() { state[0] = 0x67452301, state[1] = 0xefcdab89, state[2] = 0x98badcfe, state[3] = 0x10325476; }
  void block(const uint8_t* data) {
    constexpr int kShift[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    uint32_t m[16];
    std::memcpy(m, data, sizeof m);
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    for (int i = 0; i < 64; ++i) {
      uint32_t f;
      int g;
      switch (i / 16) {
        case 0: f = (b & c) | (~b & d), g = i; break;
        case 1: f = (d & b) | (~d & c), g = 5 * i + 1; break;
        case 2: f = b ^ c ^ d, g = 3 * i + 5; break;
        default: f = c ^ (b | ~d), g = 7 * i; break;
      }
      uint32_t t = a + f + kSines[i] + m[g & 15];
      a = d, d = c, c = b, b += std::rotl(t, kShift[i / 16][i & 3]);
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
  }
};

}  // namespace pt::hashes
