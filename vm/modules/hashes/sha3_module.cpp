// _sha3: SHA-3 and SHAKE (FIPS 202).
#include <memory>

#include "vm/modules/hashes/block_hash.h"
#include "vm/modules/hashes/hash_object.h"

namespace pt {
namespace {

using namespace hashes;

constexpr uint64_t kRounds[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b, 0x0000000080000001,
    0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003, 0x8000000000008002, 0x8000000000000080,
    0x000000000000800a, 0x800000008000000a, 0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};
constexpr int kRotations[24] = {1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44};
constexpr int kLanes[24] = {10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1};

void keccak(uint64_t* s) {
  for (uint64_t round : kRounds) {
    uint64_t c[5];
    for (int i = 0; i < 5; ++i) c[i] = s[i] ^ s[i + 5] ^ s[i + 10] ^ s[i + 15] ^ s[i + 20];
    for (int i = 0; i < 5; ++i) {
      uint64_t d = c[(i + 4) % 5] ^ std::rotl(c[(i + 1) % 5], 1);
      for (int j = 0; j < 25; j += 5) s[j + i] ^= d;
    }
    uint64_t moving = s[1];
    for (int i = 0; i < 24; ++i) {
      uint64_t next = s[kLanes[i]];
      s[kLanes[i]] = std::rotl(moving, kRotations[i]);
      moving = next;
    }
    for (int j = 0; j < 25; j += 5) {
      uint64_t row[5];
      for (int i = 0; i < 5; ++i) row[i] = s[j + i];
      for (int i = 0; i < 5; ++i) s[j + i] = row[i] ^ (~row[(i + 1) % 5] & row[(i + 2) % 5]);
    }
    s[0] ^= round;
  }
}

// kCapacityBytes of the state are not reached by input and output.
template <int kCapacityBytes, int kDigestBytes, uint8_t kSuffixByte, const char* const* kNameOf>
struct Sponge {
  static constexpr const char* kName = *kNameOf;
  static constexpr int kBlock = 200 - kCapacityBytes, kDigest = kDigestBytes;
  static constexpr uint8_t kSuffix = kSuffixByte;
  union {
    uint64_t words[25];
    uint8_t bytes[200];
  };
  uint32_t used;

  void start() {
    std::memset(words, 0, sizeof words);
    used = 0;
  }
  void update(const uint8_t* data, size_t size) {
    for (size_t i = 0; i < size; ++i) {
      bytes[used++] ^= data[i];
      if (used == kBlock) {
        keccak(words);
        used = 0;
      }
    }
  }
  void squeeze(uint8_t* out, size_t size) {
    bytes[used] ^= kSuffix;
    bytes[kBlock - 1] ^= 0x80;
    keccak(words);
    while (size > kBlock) {
      std::memcpy(out, bytes, kBlock);
      out += kBlock;
      size -= kBlock;
      keccak(words);
    }
    std::memcpy(out, bytes, size);
  }
  void finish(uint8_t* out) { squeeze(out, kDigest); }
};

template <class H>
struct Sha3Methods : HashMethods<H> {
  static Ref<> capacity(Value) { return int_from_int64((200 - H::kBlock) * 8); }
  static Ref<> rate(Value) { return int_from_int64(H::kBlock * 8); }
  static Ref<> suffix(Value) {
    const char byte = static_cast<char>(H::kSuffix);
    return bytes_from({&byte, 1});
  }
  static bool length(Value v, int64_t* out) {
    uint64_t wide;
    if (!to_culong(v, &wide)) {
      if (clear_if(exc::OverflowError)) return raise(exc::ValueError, "value must be positive");
      return false;
    }
    if (wide >= (uint64_t{1} << 29)) return raise(exc::ValueError, "length is too large");
    *out = static_cast<int64_t>(wide);
    return true;
  }
  static Ref<> shake_digest(const Value* a) {
    int64_t size;
    if (!length(a[1], &size)) return Ref<>();
    H state = hash_snapshot(HashMethods<H>::self(a));
    Ref<Bytes> out = bytes_allocate(size);
    if (out) state.squeeze(out->data, static_cast<size_t>(size));
    return out;
  }
  static Ref<> shake_hexdigest(const Value* a) {
    int64_t size;
    if (!length(a[1], &size)) return Ref<>();
    H state = hash_snapshot(HashMethods<H>::self(a));
    std::unique_ptr<uint8_t[]> out(new (std::nothrow) uint8_t[static_cast<size_t>(size) + 1]);
    if (!out) return raise_no_memory();
    state.squeeze(out.get(), static_cast<size_t>(size));
    return hex_text(out.get(), static_cast<size_t>(size));
  }
  static constexpr NativeDef kShakeMethods[] = {
      {"update", "($self, data, /)", HashMethods<H>::update,
       "Update this hash object's state with the provided bytes-like object."},
      {"digest", "($self, length, /)", shake_digest, "Return the digest value as a bytes object."},
      {"hexdigest", "($self, length, /)", shake_hexdigest, "Return the digest value as a string of hexadecimal digits."},
      {"copy", "($self, /)", HashMethods<H>::copy, "Return a copy of the hash object."},
      {}};
  static constexpr GetSetDef kGetSets[] = {{"name", HashMethods<H>::name},
                                           {"block_size", HashMethods<H>::block_size},
                                           {"digest_size", HashMethods<H>::digest_size},
                                           {"_capacity_bits", capacity},
                                           {"_rate_bits", rate},
                                           {"_suffix", suffix},
                                           {}};
};

template <class H, const char* const* kTypeName>
struct Sha3 {
  static constinit Type type;
  static const TypeSpec spec;
  static Ref<> construct(Type* t, const Args& args) {
    Value bound[2];
    if (!bind_arguments(H::kName, "(data=b'', /, *, usedforsecurity=True)", args, bound)) return Ref<>();
    Ref<HashObject<H>> self = allocate<HashObject<H>>(t);
    if (!self) return Ref<>();
    new (&self->lock) ThreadLock;
    self->state.start();
    if (!bound[0].empty() && !hash_update(self.get(), bound[0])) return Ref<>();
    return self;
  }
};
template <class H, const char* const* kTypeName>
constinit Type Sha3<H, kTypeName>::type;
template <class H, const char* const* kTypeName>
const TypeSpec Sha3<H, kTypeName>::spec = {
    .name = *kTypeName,
    .size = sizeof(HashObject<H>),
    .slots = {.construct = construct},
    .methods = H::kSuffix == 0x06 ? HashMethods<H>::kMethods : Sha3Methods<H>::kShakeMethods,
    .getsets = Sha3Methods<H>::kGetSets};

constexpr const char *k224 = "sha3_224", *k256 = "sha3_256", *k384 = "sha3_384", *k512 = "sha3_512", *k128s = "shake_128",
                     *k256s = "shake_256";
constexpr const char *kType224 = "_sha3.sha3_224", *kType256 = "_sha3.sha3_256", *kType384 = "_sha3.sha3_384",
                     *kType512 = "_sha3.sha3_512", *kType128s = "_sha3.shake_128", *kType256s = "_sha3.shake_256";
using Sha3_224 = Sha3<Sponge<56, 28, 0x06, &k224>, &kType224>;
using Sha3_256 = Sha3<Sponge<64, 32, 0x06, &k256>, &kType256>;
using Sha3_384 = Sha3<Sponge<96, 48, 0x06, &k384>, &kType384>;
using Sha3_512 = Sha3<Sponge<128, 64, 0x06, &k512>, &kType512>;
using Shake128 = Sha3<Sponge<32, 0, 0x1f, &k128s>, &kType128s>;
using Shake256 = Sha3<Sponge<64, 0, 0x1f, &k256s>, &kType256s>;

}  // namespace

extern const NativeModule sha3_module;
const NativeModule sha3_module = {"_sha3", nullptr, nullptr, [](Module* module) {
                                    return module_add_type(module, &Sha3_224::type, &Sha3_224::spec) &&
                                           module_add_type(module, &Sha3_256::type, &Sha3_256::spec) &&
                                           module_add_type(module, &Sha3_384::type, &Sha3_384::spec) &&
                                           module_add_type(module, &Sha3_512::type, &Sha3_512::spec) &&
                                           module_add_type(module, &Shake128::type, &Shake128::spec) &&
                                           module_add_type(module, &Shake256::type, &Shake256::spec) &&
                                           module_add_int(module, "keccakopt", 64) &&
                                           module_add_text(module, "implementation", "generic");
                                  }};

}  // namespace pt
