// _random: the Mersenne Twister (MT19937, Matsumoto and Nishimura 1998), with the reference seeding by array.
#include <sys/random.h>

#include <cstring>

#include "gc/platform/memory.h"
#include "vm/modules/support.h"
#include "vm/types/float.h"
#include "vm/types/int.h"

namespace pt {

namespace {

constinit Type random_type = {};

constexpr int kWords = 624, kShift = 397;

struct Random : Object {
  int position;             // guarded by the object lock, as is state
  uint32_t state[kWords];
};
Random* random_of(Value v) { return object_of<Random>(v); }

void refill(Random* r) {
  uint32_t* s = r->state;
  auto twist = [](uint32_t high, uint32_t low) {
    uint32_t y = (high & 0x80000000u) | (low & 0x7fffffffu);
    return (y >> 1) ^ (low & 1 ? 0x9908b0dfu : 0);
  };
  int i = 0;
  for (; i < kWords - kShift; ++i) s[i] = s[i + kShift] ^ twist(s[i], s[i + 1]);
  for (; i < kWords - 1; ++i) s[i] = s[i + kShift - kWords] ^ twist(s[i], s[i + 1]);
  s[kWords - 1] = s[kShift - 1] ^ twist(s[kWords - 1], s[0]);
  r->position = 0;
}
uint32_t next_word(Random* r) {
  if (r->position >= kWords) refill(r);
  uint32_t y = r->state[r->position++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
}

void seed_by_word(Random* r, uint32_t seed) {
  r->state[0] = seed;
  for (int i = 1; i < kWords; ++i) {
    r->state[i] = 1812433253u * (r->state[i - 1] ^ (r->state[i - 1] >> 30)) + static_cast<uint32_t>(i);
  }
  r->position = kWords;
}
// `words` 32-bit words of the key, least significant first, out of 64-bit limbs.
void seed_by_array(Random* r, const uint64_t* limbs, int64_t words) {
  auto key = [&](int64_t j) { return static_cast<uint32_t>(limbs[j / 2] >> (j % 2 * 32)); };
  seed_by_word(r, 19650218u);
  uint32_t* s = r->state;
  int i = 1;
  int64_t j = 0;
  for (int64_t k = words > kWords ? words : kWords; k > 0; --k) {
    s[i] = (s[i] ^ ((s[i - 1] ^ (s[i - 1] >> 30)) * 1664525u)) + key(j) + static_cast<uint32_t>(j);
    if (++i >= kWords) {
      s[0] = s[kWords - 1];
      i = 1;
    }
    if (++j >= words) j = 0;
  }
  for (int k = kWords - 1; k > 0; --k) {
    s[i] = (s[i] ^ ((s[i - 1] ^ (s[i - 1] >> 30)) * 1566083941u)) - static_cast<uint32_t>(i);
    if (++i >= kWords) {
      s[0] = s[kWords - 1];
      i = 1;
    }
  }
  s[0] = 0x80000000u;
}

bool seed(Random* r, Value v) {
  if (v.empty() || is_none(v)) {
    uint64_t key[kWords / 2];
    auto* bytes = reinterpret_cast<unsigned char*>(key);
    for (size_t filled = 0; filled < sizeof(key);) {
      ssize_t got = getrandom(bytes + filled, sizeof(key) - filled < 256 ? sizeof(key) - filled : 256, 0);
      if (got <= 0) return raise_errno(exc::OSError);
      filled += static_cast<size_t>(got);
    }
    LockGuard guard(r);
    seed_by_array(r, key, kWords);
    return true;
  }
  if (is_int(v)) {
    IntView view(v);
    int64_t words = view.limb_count() * 2;
    if (words && !(view.limbs()[view.limb_count() - 1] >> 32)) --words;
    const uint64_t zero = 0;
    LockGuard guard(r);
    seed_by_array(r, words ? view.limbs() : &zero, words ? words : 1);
    return true;
  }
  int64_t h = hash(v);
  if (h == -1 && error_pending()) return false;
  auto key = static_cast<uint64_t>(h);
  LockGuard guard(r);
  seed_by_array(r, &key, key >> 32 ? 2 : 1);
  return true;
}

Ref<> random_construct(Type* type, const Args& args) {
  if (!refuse_keywords("Random", type, random_type, args)) return Ref<>();
  return allocate<Random>(type);
}
bool random_init(Value self, const Args& args) {
  if (type_of(self)->slots.init == random_type.slots.init && args.keyword_count()) {
    return raise(exc::TypeError, "Random() takes no keyword arguments");
  }
  if (args.count > 1) return raise(exc::TypeError, "Random() requires 0 or 1 argument");
  return seed(random_of(self), args.count ? args.values[0] : Value());
}

Ref<> random_random(const Value* a) {
  Random* r = random_of(a[0]);
  uint32_t high, low;
  {
    LockGuard guard(r);
    high = next_word(r) >> 5;
    low = next_word(r) >> 6;
  }
  return float_from_double((high * 67108864.0 + low) * (1.0 / 9007199254740992.0));
}
Ref<> random_seed(const Value* a) { return seed(random_of(a[0]), a[1]) ? none_ref() : Ref<>(); }

Ref<> random_getrandbits(const Value* a) {
  int64_t k;
  if (!to_ssize(a[1], &k)) return Ref<>();
  if (k < 0) return raise(exc::ValueError, "number of bits must be non-negative");
  if (k > INT32_MAX) return raise(exc::OverflowError, "signed integer is greater than maximum");
  if (k == 0) return int_from_int64(0);
  Random* r = random_of(a[0]);
  if (k <= 32) {
    LockGuard guard(r);
    return int_from_int64(static_cast<int64_t>(next_word(r) >> (32 - k)));
  }
  // Filled from the least significant word; the last one keeps its high bits.
  int64_t words = (k - 1) / 32 + 1;
  auto limb_count = static_cast<size_t>((words + 1) / 2);
  auto* limbs = static_cast<uint64_t*>(memory::allocate_zeroed(limb_count * sizeof(uint64_t)));
  if (!limbs) return raise_no_memory();
  {
    LockGuard guard(r);
    for (int64_t i = 0; i < words; ++i, k -= 32) {
      uint64_t word = next_word(r);
      if (k < 32) word >>= 32 - k;
      limbs[i / 2] |= word << (i % 2 * 32);
    }
  }
  Ref<> result = int_from_limbs(false, limbs, static_cast<int64_t>(limb_count));
  memory::release(limbs);
  return result;
}

Ref<> random_getstate(const Value* a) {
  Random* r = random_of(a[0]);
  Ref<Tuple> state = tuple_allocate(kWords + 1);
  if (!state) return Ref<>();
  LockGuard guard(r);
  for (int i = 0; i < kWords; ++i) state->items[i].init(int_from_int64(r->state[i]));
  state->items[kWords].init(int_from_int64(r->position));
  return state;
}
Ref<> random_setstate(const Value* a) {
  if (!is_tuple(a[1])) return raise(exc::TypeError, "state vector must be a tuple");
  Tuple* state = as_tuple(a[1]);
  if (state->length != kWords + 1) return raise(exc::ValueError, "state vector is the wrong size");
  uint32_t fresh[kWords];
  for (int i = 0; i < kWords; ++i) {
    Value v = state->at(i);
    if (!is_int(v)) return raise(exc::TypeError, "an integer is required");
    if (int_sign(v) < 0) return raise(exc::OverflowError, "can't convert negative value to unsigned int");
    uint64_t word;
    if (!int_to_uint64(v, &word)) {
      return raise(exc::OverflowError, "Python int too large to convert to C unsigned long");
    }
    fresh[i] = static_cast<uint32_t>(word);
  }
  int64_t position;
  if (!is_int(state->at(kWords))) return raise(exc::TypeError, "an integer is required");
  if (!to_int64(state->at(kWords), &position)) return Ref<>();
  if (position < 0 || position > kWords) return raise(exc::ValueError, "invalid state");
  Random* r = random_of(a[0]);
  LockGuard guard(r);
  std::memcpy(r->state, fresh, sizeof(fresh));
  r->position = static_cast<int>(position);
  return none_ref();
}

const NativeDef kMethods[] = {
    {"random", "($self, /)", random_random, "random() -> x in the interval [0, 1)."},
    {"seed", "($self, n=None, /)", random_seed, "seed([n]) -> None: defaults to operating system entropy."},
    {"getstate", "($self, /)", random_getstate, "getstate() -> tuple containing the current state."},
    {"setstate", "($self, state, /)", random_setstate, "setstate(state) -> None.  Restores generator state."},
    {"getrandbits", "($self, k, /)", random_getrandbits, "getrandbits(k) -> x.  Generates an int with k random bits."},
    {}};

const TypeSpec kRandomSpec = {
    .name = "_random.Random",
    .size = sizeof(Random),
    .flags = kTypeBase,
    .slots = {.construct = random_construct, .init = random_init},
    .methods = kMethods,
    .doc = "Random() -> create a random number generator with its own internal state.",
};

bool execute(Module* module) { return module_add_type(module, &random_type, &kRandomSpec); }

}  // namespace

extern const NativeModule random_module;
const NativeModule random_module = {"_random", "Module implements the Mersenne Twister random number generator.", nullptr,
                                    execute};

}  // namespace pt
