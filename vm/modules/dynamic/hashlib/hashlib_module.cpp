// _hashlib: OpenSSL's digests, HMAC and key derivation. BLAKE2 and the SHA-3 family are the runtime's own (_blake2, _sha3).
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>

#include <climits>
#include <cstdio>
#include <cstring>
#include <memory>

#include "vm/modules/dynamic/support/dynamic.h"
#include "vm/modules/hashes/hash_object.h"
#include "vm/types/set.h"
#include "vm/types/str.h"

namespace pt {
namespace {

using hashes::hex_text;

constinit Value g_unsupported;  // immortal class
constexpr int64_t kDetachBytes = hashes::kDetachBytes;

Raised raise_openssl(Type* type, const char* fallback) {
  unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (!code) return raise(type, "%s", fallback);
  const char *library = ERR_lib_error_string(code), *reason = ERR_reason_error_string(code);
  if (library && reason) return raise(type, "[%s] %s", library, reason);
  return raise(type, "%s", reason ? reason : fallback);
}

// Names as Python and as OpenSSL spell them.
struct DigestName {
  const char *python, *openssl;
};
constexpr DigestName kDigests[] = {{"md5", "MD5"},
                                   {"sha1", "SHA1"},
                                   {"sha224", "SHA224"},
                                   {"sha256", "SHA256"},
                                   {"sha384", "SHA384"},
                                   {"sha512", "SHA512"},
                                   {"sha512_224", "SHA512-224"},
                                   {"sha512_256", "SHA512-256"},
                                   {"sha3_224", "SHA3-224"},
                                   {"sha3_256", "SHA3-256"},
                                   {"sha3_384", "SHA3-384"},
                                   {"sha3_512", "SHA3-512"},
                                   {"shake_128", "SHAKE128"},
                                   {"shake_256", "SHAKE256"},
                                   {"blake2b", "BLAKE2b512"},
                                   {"blake2s", "BLAKE2s256"},
                                   {"ripemd160", "RIPEMD160"},
                                   {"sm3", "SM3"},
                                   {"md5-sha1", "MD5-SHA1"}};
const char* openssl_name(const char* name) {
  for (const DigestName& d : kDigests) {
    if (strcasecmp(d.python, name) == 0) return d.openssl;
  }
  return name;
}
const char* python_name(const EVP_MD* digest) {
  const char* name = EVP_MD_get0_name(digest);
  for (const DigestName& d : kDigests) {
    if (name && EVP_MD_is_a(digest, d.openssl)) return d.python;
  }
  return name ? name : "";
}
// Fetched; to be freed. nullptr with ValueError pending.
EVP_MD* fetch_digest(const char* name) {
  EVP_MD* digest = EVP_MD_fetch(nullptr, openssl_name(name), nullptr);
  if (!digest) {
    ERR_clear_error();
    raise(exc::ValueError, "unsupported hash type %s", name);
  }
  return digest;
}
// digestmod of the HMAC functions: a name, or a constructor of this module (openssl_sha256).
EVP_MD* digest_argument(Value v) {
  if (is_str(v)) {
    Utf8 name(as_str(v));
    return name.ok() ? fetch_digest(name.c_str()) : nullptr;
  }
  Ref<> name = find_attribute(v, intern("__name__"));
  if (name && is_str(name.value())) {
    Utf8 text(as_str(name.value()));
    if (text.ok() && std::strncmp(text.c_str(), "openssl_", 8) == 0) return fetch_digest(text.c_str() + 8);
  }
  if (!error_pending()) raise(as_type(g_unsupported), "Unsupported digestmod %R", v);
  return nullptr;
}

// ---- what HASH and HMAC share
// ---------------------------------------------------------------------------------------------------

// `Api` names the functions of OpenSSL for one kind of context.
struct DigestApi {
  using Context = EVP_MD_CTX;
  static Context* make() { return EVP_MD_CTX_new(); }
  static void free(Context* context) { EVP_MD_CTX_free(context); }
  static bool copy(Context* to, const Context* from) { return EVP_MD_CTX_copy_ex(to, from) == 1; }
  static bool update(Context* context, const Buffer& data) {
    return EVP_DigestUpdate(context, data.data, static_cast<size_t>(data.length)) == 1;
  }
  static bool finish(Context* context, uint8_t* out) { return EVP_DigestFinal_ex(context, out, nullptr) == 1; }
  static const EVP_MD* digest(const Context* context) { return EVP_MD_CTX_get0_md(context); }
};
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
struct HmacApi {
  using Context = HMAC_CTX;
  static Context* make() { return HMAC_CTX_new(); }
  static void free(Context* context) { HMAC_CTX_free(context); }
  static bool start(Context* context, const BufferView& key, const EVP_MD* digest) {
    return HMAC_Init_ex(context, key.data(), static_cast<int>(key.size()), digest, nullptr) == 1;
  }
  static bool copy(Context* to, Context* from) { return HMAC_CTX_copy(to, from) == 1; }
  static bool update(Context* context, const Buffer& data) {
    return HMAC_Update(context, static_cast<unsigned char*>(data.data), static_cast<size_t>(data.length)) == 1;
  }
  static bool finish(Context* context, uint8_t* out) { return HMAC_Final(context, out, nullptr) == 1; }
  static const EVP_MD* digest(const Context* context) { return HMAC_CTX_get_md(context); }
};
#pragma clang diagnostic pop

Ref<> hex_of(const Ref<Bytes>& bytes) {
  return bytes ? Ref<>(hex_text(bytes->data, static_cast<size_t>(bytes->length))) : Ref<>();
}

template <class Api>
struct Hasher : Object {
  struct Free {
    void operator()(typename Api::Context* state) { Api::free(state); }
  };
  using Context = std::unique_ptr<typename Api::Context, Free>;

  ThreadLock lock;                 // guards the context's state; which digest it is does not change
  typename Api::Context* context;

  static Hasher* of(Value v) { return reinterpret_cast<Hasher*>(v.as_object()); }
  static Context make_context() {
    Context made(Api::make());
    if (!made) raise_no_memory();
    return made;
  }
  static Ref<Hasher> make(Type* type, Context state) {
    Ref<Hasher> self = state ? allocate<Hasher>(type) : Ref<Hasher>();
    if (!self) return self;
    new (&self->lock) ThreadLock;
    self->context = state.release();
    return self;
  }
  static void destroy(Object* o) {
    auto* self = static_cast<Hasher*>(o);
    Api::free(self->context);
    self->context = nullptr;
  }
  bool add(Value data) {
    Buffer view;
    if (!hashes::get_data(data, &view)) return false;
    bool ok;
    {
      ObjectGuard guard(lock);
      if (view.length >= kDetachBytes) {
        Detached detached;
        ok = Api::update(context, view);
      } else {
        ok = Api::update(context, view);
      }
    }
    release_buffer(&view);
    return ok ? true : static_cast<bool>(raise_openssl(exc::ValueError, "update failed"));
  }
  Context snapshot() {
    Context made = make_context();
    if (!made) return made;
    ObjectGuard guard(lock);
    if (Api::copy(made.get(), context)) return made;
    raise_openssl(exc::ValueError, "copy failed");
    return Context();
  }
  const EVP_MD* digest_kind() const { return Api::digest(context); }

  static Ref<Bytes> finished(Value v) {
    Context state = of(v)->snapshot();
    Ref<Bytes> out = state ? bytes_allocate(EVP_MD_get_size(Api::digest(state.get()))) : Ref<Bytes>();
    if (!out || Api::finish(state.get(), out->data)) return out;
    return raise_openssl(exc::ValueError, "digest failed");
  }
  static Ref<> update(const Value* a) { return of(a[0])->add(a[1]) ? none_ref() : Ref<>(); }
  static Ref<> digest(const Value* a) { return finished(a[0]); }
  static Ref<> hexdigest(const Value* a) { return hex_of(finished(a[0])); }
  static Ref<> copy(const Value* a) { return make(type_of(a[0]), of(a[0])->snapshot()); }
  static Ref<> block_size(Value v) { return int_from_int64(EVP_MD_get_block_size(of(v)->digest_kind())); }
};

// ---- HASH
// -----------------------------------------------------------------------------------------------------------------------

using Hash = Hasher<DigestApi>;
constinit Type hash_type, xof_type;

Ref<> make_hash(const char* name, Value data) {
  EVP_MD* digest = fetch_digest(name);
  if (!digest) return Ref<>();
  Ref<Hash> self = Hash::make(EVP_MD_get_flags(digest) & EVP_MD_FLAG_XOF ? &xof_type : &hash_type, Hash::make_context());
  bool ok = self && EVP_DigestInit_ex(self->context, digest, nullptr) == 1;
  EVP_MD_free(digest);
  if (!self) return Ref<>();
  if (!ok) return raise_openssl(exc::ValueError, "digest initialization failed");
  return data.empty() || self->add(data) ? Ref<>(std::move(self)) : Ref<>();
}
template <const char* const* kName>
Ref<> constructor(const Value* a) {
  return make_hash(*kName, a[0]);
}
Ref<> hash_new(const Value* a) {
  if (!is_str(a[0])) return raise(exc::TypeError, "new() argument 'name' must be str, not %T", a[0]);
  Utf8 name(as_str(a[0]));
  return name.ok() ? make_hash(name.c_str(), a[1]) : Ref<>();
}
Ref<Bytes> xof_finished(const Value* a) {
  int64_t length;
  if (!to_size(a[1], &length)) return Ref<Bytes>();
  if (length < 0) return raise(exc::ValueError, "value must be positive");
  Hash::Context state = Hash::of(a[0])->snapshot();
  Ref<Bytes> out = state ? bytes_allocate(length) : Ref<Bytes>();
  if (!out || length == 0 || EVP_DigestFinalXOF(state.get(), out->data, static_cast<size_t>(length)) == 1) return out;
  return raise_openssl(exc::ValueError, "digest failed");
}
Ref<> xof_digest(const Value* a) { return xof_finished(a); }
Ref<> xof_hexdigest(const Value* a) { return hex_of(xof_finished(a)); }
const EVP_MD* digest_of(Value v) { return Hash::of(v)->digest_kind(); }
Ref<> get_name(Value v) { return str_from_utf8(python_name(digest_of(v))); }
Ref<> get_digest_size(Value v) { return int_from_int64(type_of(v) == &xof_type ? 0 : EVP_MD_get_size(digest_of(v))); }

Ref<> hash_repr(Value v) {
  char text[120];
  std::snprintf(text, sizeof text, "<%s _hashlib.%s object @ %p>", python_name(digest_of(v)),
                type_of(v) == &xof_type ? "HASHXOF" : "HASH", static_cast<void*>(v.as_object()));
  return str_from_utf8(text);
}

// A subclass has no instances either.
Ref<> hash_construct(Type* type, const Args&) { return raise(exc::TypeError, "cannot create '%N' instances", type); }

const NativeDef kHashMethods[] = {
    {"update", "($self, obj, /)", Hash::update, "Update this hash object's state with the provided string."},
    {"digest", "($self, /)", Hash::digest, "Return the digest value as a bytes object."},
    {"hexdigest", "($self, /)", Hash::hexdigest, "Return the digest value as a string of hexadecimal digits."},
    {"copy", "($self, /)", Hash::copy, "Return a copy of the hash object."},
    {}};
const NativeDef kXofMethods[] = {
    {"digest", "($self, /, length)", xof_digest, "Return the digest value as a bytes object."},
    {"hexdigest", "($self, /, length)", xof_hexdigest, "Return the digest value as a string of hexadecimal digits."},
    {}};
const GetSetDef kHashGetSets[] = {{"name", get_name}, {"block_size", Hash::block_size}, {"digest_size", get_digest_size}, {}};
const TypeSpec kHashSpec = {.name = "_hashlib.HASH",
                            .size = sizeof(Hash),
                            .flags = kTypeNoInstantiate | kTypeBase,
                            .slots = {.repr = hash_repr, .construct = hash_construct},
                            .destroy = Hash::destroy,
                            .methods = kHashMethods,
                            .getsets = kHashGetSets,
                            .doc = "A hash is an object used to calculate a checksum of a string of information."};
const TypeSpec kXofSpec = {.name = "_hashlib.HASHXOF",
                           .size = sizeof(Hash),
                           .flags = kTypeNoInstantiate,
                           .base = &hash_type,
                           .destroy = Hash::destroy,
                           .methods = kXofMethods,
                           .doc = "A hash is an object used to calculate a checksum of a string of information."};

// ---- HMAC
// -----------------------------------------------------------------------------------------------------------------------

using Hmac = Hasher<HmacApi>;
constinit Type hmac_type;

Ref<> hmac_new(const Value* a) {
  if (!given(a[2])) return raise(exc::TypeError, "Missing required parameter 'digestmod'.");
  BufferView key(a[0]);
  if (!key.ok()) return Ref<>();
  if (key.size() > INT_MAX) return raise(exc::OverflowError, "key is too long.");
  EVP_MD* digest = digest_argument(a[2]);
  if (!digest) return Ref<>();
  Ref<Hmac> self = Hmac::make(&hmac_type, Hmac::make_context());
  bool ok = self && HmacApi::start(self->context, key, digest);
  EVP_MD_free(digest);
  if (!self) return Ref<>();
  if (!ok) return raise_openssl(exc::ValueError, "HMAC initialization failed");
  return !given(a[1]) || self->add(a[1]) ? Ref<>(std::move(self)) : Ref<>();
}
Ref<> hmac_digest_once(const Value* a) {
  BufferView key(a[0]), message(a[1]);
  if (!key.ok() || !message.ok()) return Ref<>();
  if (key.size() > INT_MAX) return raise(exc::OverflowError, "key is too long.");
  if (message.size() > INT_MAX) return raise(exc::OverflowError, "msg is too long.");
  EVP_MD* digest = digest_argument(a[2]);
  if (!digest) return Ref<>();
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  unsigned char* done;
  {
    Detached detached;
    done =
        HMAC(digest, key.data(), static_cast<int>(key.size()), message.data(), static_cast<size_t>(message.size()), out, &size);
  }
  EVP_MD_free(digest);
  if (!done) return raise_openssl(exc::ValueError, "HMAC failed");
  return bytes_from({reinterpret_cast<char*>(out), size});
}
Ref<> hmac_name(Value v) { return str_format("hmac-%s", python_name(Hmac::of(v)->digest_kind())); }
Ref<> hmac_digest_size(Value v) { return int_from_int64(EVP_MD_get_size(Hmac::of(v)->digest_kind())); }
const NativeDef kHmacMethods[] = {
    {"update", "($self, /, msg)", Hmac::update, "Update the HMAC object with msg."},
    {"digest", "($self, /)", Hmac::digest, "Return the digest of the bytes passed to the update() method so far."},
    {"hexdigest", "($self, /)", Hmac::hexdigest, "Return hexadecimal digest of the bytes passed to the update() method so far."},
    {"copy", "($self, /)", Hmac::copy, "Return a copy of the HMAC object."},
    {}};
const GetSetDef kHmacGetSets[] = {{"name", hmac_name}, {"block_size", Hmac::block_size}, {"digest_size", hmac_digest_size}, {}};
const TypeSpec kHmacSpec = {.name = "_hashlib.HMAC",
                            .size = sizeof(Hmac),
                            .flags = kTypeNoInstantiate,
                            .destroy = Hmac::destroy,
                            .methods = kHmacMethods,
                            .getsets = kHmacGetSets,
                            .doc = "The object used to calculate HMAC of a message."};

// ---- keys and comparison
// ----------------------------------------------------------------------------------------------------------

Ref<> pbkdf2(const Value* a) {
  if (!is_str(a[0])) return raise(exc::TypeError, "pbkdf2_hmac() argument 'hash_name' must be str, not %T", a[0]);
  Utf8 name(as_str(a[0]));
  BufferView password(a[1]), salt(a[2]);
  int64_t iterations, length = 0;
  if (!name.ok() || !password.ok() || !salt.ok() || !to_int64(a[3], &iterations)) return Ref<>();
  if (password.size() > INT_MAX) return raise(exc::OverflowError, "password is too long.");
  if (salt.size() > INT_MAX) return raise(exc::OverflowError, "salt is too long.");
  if (iterations < 1) return raise(exc::ValueError, "iteration value must be greater than 0.");
  if (iterations > INT_MAX) return raise(exc::OverflowError, "iteration value is too great.");
  EVP_MD* digest = fetch_digest(name.c_str());
  if (!digest) return Ref<>();
  length = EVP_MD_get_size(digest);
  bool fine = !given(a[4]) || to_int64(a[4], &length);
  if (fine && length < 1) fine = raise(exc::ValueError, "key length must be greater than 0.");
  if (fine && length > INT_MAX) fine = raise(exc::OverflowError, "key length is too great.");
  Ref<Bytes> key = fine ? bytes_allocate(length) : Ref<Bytes>();
  int ok = 0;
  if (key) {
    Detached detached;
    ok = PKCS5_PBKDF2_HMAC(reinterpret_cast<char*>(password.data()), static_cast<int>(password.size()), salt.data(),
                           static_cast<int>(salt.size()), static_cast<int>(iterations), digest, static_cast<int>(length),
                           key->data);
  }
  EVP_MD_free(digest);
  if (!key) return Ref<>();
  return ok ? Ref<>(std::move(key)) : Ref<>(raise_openssl(exc::ValueError, "PBKDF2 failed"));
}
bool positive(Value v, const char* message, uint64_t* out) {
  Ref<> number = given(v) && is_int(v) ? index(v) : Ref<>();
  if (!number || !int_to_uint64(number.value(), out)) return raise(exc::TypeError, "%s", message);
  return true;
}
Ref<> scrypt(const Value* a) {
  BufferView password(a[0]);
  if (!password.ok()) return Ref<>();
  if (password.size() > INT_MAX) return raise(exc::OverflowError, "password is too long.");
  if (!given(a[1])) return raise(exc::TypeError, "salt is required");
  BufferView salt(a[1]);
  if (!salt.ok()) return Ref<>();
  uint64_t n, r, p;
  int64_t memory_limit = 0, length = 64;
  if (!positive(a[2], "n is required and must be an unsigned int", &n)) return Ref<>();
  if (n < 2 || (n & (n - 1))) return raise(exc::ValueError, "n must be a power of 2.");
  if (!positive(a[3], "r is required and must be an unsigned int", &r) ||
      !positive(a[4], "p is required and must be an unsigned int", &p))
    return Ref<>();
  if ((!a[5].empty() && !to_int64(a[5], &memory_limit)) || (!a[6].empty() && !to_int64(a[6], &length))) return Ref<>();
  if (memory_limit < 0 || memory_limit > INT_MAX)
    return raise(exc::ValueError, "maxmem must be positive and smaller than %d", INT_MAX);
  if (length < 1 || length > INT_MAX) return raise(exc::ValueError, "dklen must be greater than 0 and smaller than %d", INT_MAX);
  auto limit = static_cast<uint64_t>(memory_limit);
  // Without a key: checks the parameters.
  if (EVP_PBE_scrypt(nullptr, 0, nullptr, 0, n, r, p, limit, nullptr, 0) != 1) {
    return raise_openssl(exc::ValueError, "Invalid parameter combination for n, r, p, maxmem.");
  }
  Ref<Bytes> key = bytes_allocate(length);
  if (!key) return Ref<>();
  int ok;
  {
    Detached detached;
    ok = EVP_PBE_scrypt(reinterpret_cast<char*>(password.data()), static_cast<size_t>(password.size()), salt.data(),
                        static_cast<size_t>(salt.size()), n, r, p, limit, key->data, static_cast<size_t>(length));
  }
  return ok ? Ref<>(std::move(key)) : Ref<>(raise_openssl(exc::ValueError, "scrypt failed"));
}
Ref<> compare_digest(const Value* a) {
  if (is_str(a[0]) && is_str(a[1])) {
    if (!as_str(a[0])->ascii || !as_str(a[1])->ascii)
      return raise(exc::TypeError, "comparing strings with non-ASCII characters is not supported");
    std::string_view x = as_str(a[0])->ascii_view(), y = as_str(a[1])->ascii_view();
    // As long as the second, whatever the first is.
    int differs = x.size() != y.size();
    differs |= CRYPTO_memcmp(differs ? y.data() : x.data(), y.data(), y.size());
    return bool_ref(differs == 0);
  }
  if (!has_buffer(a[0]) || !has_buffer(a[1])) {
    return raise(exc::TypeError, "unsupported operand types(s) or combination of types: '%T' and '%T'", a[0], a[1]);
  }
  BufferView x(a[0]), y(a[1]);
  if (!x.ok() || !y.ok()) return Ref<>();
  int differs = x.size() != y.size();
  differs |= CRYPTO_memcmp(differs ? y.data() : x.data(), y.data(), static_cast<size_t>(y.size()));
  return bool_ref(differs == 0);
}
Ref<> get_fips_mode(const Value*) { return int_from_int64(EVP_default_properties_is_fips_enabled(nullptr)); }

#define PT_DIGESTS(X) \
  X(md5) X(sha1) X(sha224) X(sha256) X(sha384) X(sha512) X(sha3_224) X(sha3_256) X(sha3_384) X(sha3_512) X(shake_128) X(shake_256)
#define X(name) constexpr const char* kName_##name = #name;
PT_DIGESTS(X)
#undef X
const NativeDef kFunctions[] = {
#define X(name) \
  {"openssl_" #name, "(string=b'', *, usedforsecurity=True)", constructor<&kName_##name>, "Returns a " #name " hash object."},
    PT_DIGESTS(X)
#undef X
        {"new", "(name, string=b'', *, usedforsecurity=True)", hash_new, "Return a new hash object using the named algorithm."},
    {"hmac_new", "(key, msg=b'', digestmod=None)", hmac_new, "Return a new hmac object."},
    {"hmac_digest", "(key, msg, digest)", hmac_digest_once, "Single-shot HMAC."},
    {"pbkdf2_hmac", "(hash_name, password, salt, iterations, dklen=None)", pbkdf2,
     "Password based key derivation function 2 (PKCS #5 v2.0) with HMAC as pseudorandom function."},
    {"scrypt", "(password, *, salt=None, n=None, r=None, p=None, maxmem=0, dklen=64)", scrypt,
     "scrypt password-based key derivation function."},
    {"compare_digest", "(a, b, /)", compare_digest, "Return 'a == b'."},
    {"get_fips_mode", "()", get_fips_mode, "Determine the OpenSSL FIPS mode of operation."},
    {}};

bool execute(Module* module) {
  if (!hash_type.spec && (!init_module_type(&hash_type, &kHashSpec) || !init_module_type(&xof_type, &kXofSpec) ||
                          !init_module_type(&hmac_type, &kHmacSpec))) {
    return false;
  }
  Ref<Set> names = set_new();
  for (const DigestName& d : kDigests) {
    EVP_MD* digest = EVP_MD_fetch(nullptr, d.openssl, nullptr);
    if (!digest) {
      ERR_clear_error();
      continue;
    }
    EVP_MD_free(digest);
    if (!names || !set_add(names.get(), Value::object(intern(d.python)))) return false;
  }
  Ref<> frozen_class = import_builtin("frozenset");
  Ref<> frozen = names && frozen_class ? call1(frozen_class.value(), names.value()) : Ref<>();
  Dict* dict = module_dict(module);
  return add_exception(module, &g_unsupported, "_hashlib.UnsupportedDigestmodError", "UnsupportedDigestmodError",
                       Value::object(exc::ValueError)) &&
         module_add(module, "openssl_md_meth_names", std::move(frozen)) &&
         dict_set_text(dict, "HASH", Value::object(&hash_type)) && dict_set_text(dict, "HASHXOF", Value::object(&xof_type)) &&
         dict_set_text(dict, "HMAC", Value::object(&hmac_type));
}

}  // namespace

extern "C" {
extern const NativeModule ptpython_module__hashlib;
const NativeModule ptpython_module__hashlib = {"_hashlib", "OpenSSL interface for hashlib module", kFunctions, execute};
}
}  // namespace pt
