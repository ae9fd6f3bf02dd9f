// _blake2: BLAKE2b and BLAKE2s (RFC 7693) with keys, salts, personalisation and tree parameters.
#include <cstdio>
#include <utility>

#include "vm/modules/hashes/digests.h"
#include "vm/modules/hashes/hash_object.h"
#include "vm/types/dict.h"

namespace pt {
namespace {

using namespace hashes;

constexpr uint8_t kSigma[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

struct Big {
  using Word = uint64_t;
  static constexpr const char *kName = "blake2b", *kTypeName = "_blake2.blake2b", *kDoc = "Return a new BLAKE2b hash object.";
  static constexpr int kRounds = 12, kRotate[4] = {32, 24, 16, 63};
  static constexpr uint64_t kMaxOffset = UINT64_MAX;
  static constexpr Word initial(int i) { return kSquareRoots[i]; }
};
struct Small {
  using Word = uint32_t;
  static constexpr const char *kName = "blake2s", *kTypeName = "_blake2.blake2s", *kDoc = "Return a new BLAKE2s hash object.";
  static constexpr int kRounds = 10, kRotate[4] = {16, 12, 8, 7};
  static constexpr uint64_t kMaxOffset = (uint64_t{1} << 48) - 1;
  static constexpr Word initial(int i) { return static_cast<Word>(kSquareRoots[i] >> 32); }
};

template <class V>
struct Blake2 {
  using Word = typename V::Word;
  static constexpr const char* kName = V::kName;
  static constexpr int kWord = sizeof(Word), kBlock = 16 * kWord, kDigest = 8 * kWord;  // the largest digest
  Word h[8], counter[2];
  uint8_t buffer[kBlock];
  uint32_t used;
  uint8_t digest_bytes;
  bool last_node;

  void start(const uint8_t* parameters) {
    for (int i = 0; i < 8; ++i) {
      Word p;
      std::memcpy(&p, parameters + i * kWord, kWord);
      h[i] = V::initial(i) ^ p;
    }
    counter[0] = counter[1] = 0;
    used = 0;
    digest_bytes = parameters[0];
  }
  void compress(bool last) {
    Word m[16], v[16];
    std::memcpy(m, buffer, sizeof m);
    for (int i = 0; i < 8; ++i) v[i] = h[i], v[8 + i] = V::initial(i);
    v[12] ^= counter[0];
    v[13] ^= counter[1];
    if (last) v[14] = ~v[14];
    if (last && last_node) v[15] = ~v[15];
    auto mix = [&](int a, int b, int c, int d, Word x, Word y) {
      v[a] += v[b] + x;
      v[d] = std::rotr(v[d] ^ v[a], V::kRotate[0]);
      v[c] += v[d];
      v[b] = std::rotr(v[b] ^ v[c], V::kRotate[1]);
      v[a] += v[b] + y;
      v[d] = std::rotr(v[d] ^ v[a], V::kRotate[2]);
      v[c] += v[d];
      v[b] = std::rotr(v[b] ^ v[c], V::kRotate[3]);
    };
    for (int r = 0; r < V::kRounds; ++r) {
      const uint8_t* s = kSigma[r % 10];
      mix(0, 4, 8, 12, m[s[0]], m[s[1]]);
      mix(1, 5, 9, 13, m[s[2]], m[s[3]]);
      mix(2, 6, 10, 14, m[s[4]], m[s[5]]);
      mix(3, 7, 11, 15, m[s[6]], m[s[7]]);
      mix(0, 5, 10, 15, m[s[8]], m[s[9]]);
      mix(1, 6, 11, 12, m[s[10]], m[s[11]]);
      mix(2, 7, 8, 13, m[s[12]], m[s[13]]);
      mix(3, 4, 9, 14, m[s[14]], m[s[15]]);
    }
    for (int i = 0; i < 8; ++i) h[i] ^= v[i] ^ v[8 + i];
  }
  void count(uint32_t bytes) {
    counter[0] += bytes;
    if (counter[0] < bytes) ++counter[1];
  }
  void update(const uint8_t* data, size_t size) {
    while (size > 0) {
      // The last block, even a full one, is kept for finish().
      if (used == kBlock) {
        count(kBlock);
        compress(false);
        used = 0;
      }
      size_t part = kBlock - used < size ? kBlock - used : size;
      std::memcpy(buffer + used, data, part);
      used += static_cast<uint32_t>(part);
      data += part;
      size -= part;
    }
  }
  void finish(uint8_t* out) {
    count(used);
    std::memset(buffer + used, 0, kBlock - used);
    compress(true);
    std::memcpy(out, h, digest_bytes);
  }
};

template <class V>
struct Blake2Type {
  using H = Blake2<V>;
  using Self = HashObject<H>;
  static constexpr int kSalt = 2 * H::kWord, kKey = 8 * H::kWord;
  static constinit Type type;

  // A number of 0 .. maximum (minimum .. maximum).
  static bool number(Value v, uint64_t minimum, uint64_t maximum, const char* message, uint64_t* out) {
    if (v.empty()) return true;
    int n;
    if (!to_cint(v, &n)) return false;
    if (n < 0 || static_cast<uint64_t>(n) < minimum || static_cast<uint64_t>(n) > maximum)
      return raise(exc::ValueError, "%s", message);
    *out = static_cast<uint64_t>(n);
    return true;
  }
  static bool not_negative(Value v, uint64_t* out) {
    if (v.empty()) return true;
    Ref<> n = index(v);
    if (!n) return false;
    if (int_sign(n.value()) < 0) return raise(exc::ValueError, "value must be positive");
    return to_culong(n.value(), out);
  }
  static bool padded(Value v, int most, const char* what, uint8_t* out, int64_t* size) {
    *size = 0;
    if (v.empty()) return true;
    BufferView view(v);
    if (!view.ok()) return false;
    if (view.size() > most) return raise(exc::ValueError, "maximum %s length is %d bytes", what, most);
    std::memcpy(out, view.data(), static_cast<size_t>(view.size()));
    *size = view.size();
    return true;
  }
  static Ref<> construct(Type* t, const Args& args) {
    Value b[13];
    if (!bind_arguments(
            V::kName,
            "(data=b'', /, *, digest_size=64, key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0, node_offset=0, "
            "node_depth=0, inner_size=0, last_node=False, usedforsecurity=True)",
            args, b)) {
      return Ref<>();
    }
    uint64_t digest_size = H::kDigest, fanout = 1, depth = 1, leaf = 0, offset = 0, node_depth = 0, inner = 0;
    char range[80];
    int wanted = H::kDigest;
    if (!to_cint(b[1], &wanted)) return Ref<>();
    if (wanted <= 0 || wanted > H::kDigest) {
      return raise(exc::ValueError, "digest_size must be between 1 and %d bytes", H::kDigest);
    }
    digest_size = static_cast<uint64_t>(wanted);
    uint8_t key[H::kBlock] = {}, salt[kSalt] = {}, person[kSalt] = {};
    int64_t key_size, ignored;
    bool last_node = false;
    if (!padded(b[3], kSalt, "salt", salt, &ignored) || !padded(b[4], kSalt, "person", person, &ignored) ||
        !number(b[5], 0, 255, "fanout must be between 0 and 255", &fanout) ||
        !number(b[6], 1, 255, "depth must be between 1 and 255", &depth)) {
      return Ref<>();
    }
    if (!not_negative(b[7], &leaf)) return Ref<>();
    if (leaf > UINT32_MAX) return raise(exc::OverflowError, "leaf_size is too large");
    if (!not_negative(b[8], &offset)) return Ref<>();
    if (offset > V::kMaxOffset) return raise(exc::OverflowError, "node_offset is too large");
    if (!number(b[9], 0, 255, "node_depth must be between 0 and 255", &node_depth)) return Ref<>();
    std::snprintf(range, sizeof range, "inner_size must be between 0 and is %d", H::kDigest);
    if (!number(b[10], 0, H::kDigest, range, &inner) || !to_flag(b[11], &last_node) || !padded(b[2], kKey, "key", key, &key_size))
      return Ref<>();

    uint8_t parameters[H::kDigest] = {};
    parameters[0] = static_cast<uint8_t>(digest_size);
    parameters[1] = static_cast<uint8_t>(key_size);
    parameters[2] = static_cast<uint8_t>(fanout);
    parameters[3] = static_cast<uint8_t>(depth);
    std::memcpy(parameters + 4, &leaf, 4);
    constexpr int kOffsetBytes = H::kWord == 8 ? 8 : 6, kAfter = 8 + kOffsetBytes;
    std::memcpy(parameters + 8, &offset, kOffsetBytes);
    parameters[kAfter] = static_cast<uint8_t>(node_depth);
    parameters[kAfter + 1] = static_cast<uint8_t>(inner);
    std::memcpy(parameters + 4 * H::kWord, salt, kSalt);
    std::memcpy(parameters + 6 * H::kWord, person, kSalt);
    Ref<Self> self = allocate<Self>(t);
    if (!self) return Ref<>();
    new (&self->lock) ThreadLock;
    self->state.start(parameters);
    self->state.last_node = last_node;
    if (key_size) self->state.update(key, H::kBlock);
    if (!b[0].empty() && !hash_update(self.get(), b[0])) return Ref<>();
    return self;
  }
  static Ref<> digest(const Value* a) {
    H state = hash_snapshot(HashMethods<H>::self(a));
    Ref<Bytes> out = bytes_allocate(state.digest_bytes);
    if (out) state.finish(out->data);
    return out;
  }
  static Ref<> hexdigest(const Value* a) {
    H state = hash_snapshot(HashMethods<H>::self(a));
    uint8_t out[H::kDigest];
    state.finish(out);
    return hex_text(out, state.digest_bytes);
  }
  static Ref<> digest_size(Value v) { return int_from_int64(reinterpret_cast<Self*>(v.as_object())->state.digest_bytes); }
  static constexpr NativeDef kMethods[] = {
      {"update", "($self, data, /)", HashMethods<H>::update,
       "Update this hash object's state with the provided bytes-like object."},
      {"digest", "($self, /)", digest, "Return the digest value as a bytes object."},
      {"hexdigest", "($self, /)", hexdigest, "Return the digest value as a string of hexadecimal digits."},
      {"copy", "($self, /)", HashMethods<H>::copy, "Return a copy of the hash object."},
      {}};
  static constexpr GetSetDef kGetSets[] = {
      {"name", HashMethods<H>::name}, {"block_size", HashMethods<H>::block_size}, {"digest_size", digest_size}, {}};
  static const TypeSpec spec;

  static bool add(Module* module, const char* prefix) {
    if (!module_add_type(module, &type, &spec)) return false;
    const std::pair<const char*, int64_t> limits[] = {
        {"SALT_SIZE", kSalt}, {"PERSON_SIZE", kSalt}, {"MAX_KEY_SIZE", kKey}, {"MAX_DIGEST_SIZE", H::kDigest}};
    for (auto [name, value] : limits) {
      char full[40];
      std::snprintf(full, sizeof full, "%s_%s", prefix, name);
      if (!module_add_int(module, full, value) || !type_set_attribute(&type, intern(name), Value::small_int(value))) return false;
    }
    return true;
  }
};
template <class V>
constinit Type Blake2Type<V>::type;
template <class V>
const TypeSpec Blake2Type<V>::spec = {.name = V::kTypeName,
                                      .size = sizeof(Self),
                                      .flags = kTypeBase,
                                      .slots = {.construct = construct},
                                      .methods = kMethods,
                                      .getsets = kGetSets,
                                      .doc = V::kDoc};

}  // namespace

extern const NativeModule blake2_module;
const NativeModule blake2_module = {"_blake2", "_blake2b provides BLAKE2b for hashlib\n", nullptr, [](Module* module) {
                                      return Blake2Type<Big>::add(module, "BLAKE2B") && Blake2Type<Small>::add(module, "BLAKE2S");
                                    }};

}  // namespace pt
