// _md5, _sha1, _sha256, _sha512.
#include "vm/modules/hashes/digests.h"
#include "vm/modules/hashes/hash_object.h"

namespace pt {
namespace {

using namespace hashes;

template <class H, const char* const* kTypeName>
struct Digest {
  static constinit Type type;
  static const TypeSpec spec;
  static Ref<> make(const Value* a) {
    Ref<HashObject<H>> self = allocate<HashObject<H>>(&type);
    if (!self) return Ref<>();
    new (&self->lock) ThreadLock;
    self->state.start();
    if (!a[0].empty() && !hash_update(self.get(), a[0])) return Ref<>();
    return self;
  }
};
template <class H, const char* const* kTypeName>
constinit Type Digest<H, kTypeName>::type;
template <class H, const char* const* kTypeName>
const TypeSpec Digest<H, kTypeName>::spec = {.name = *kTypeName,
                                             .size = sizeof(HashObject<H>),
                                             .flags = kTypeNoInstantiate,
                                             .methods = HashMethods<H>::kMethods,
                                             .getsets = HashMethods<H>::kGetSets};

constexpr const char *kMd5Name = "_md5.md5", *kSha1Name = "_sha1.sha1", *kSha224Name = "_sha256.sha224",
                     *kSha256Name = "_sha256.sha256", *kSha384Name = "_sha512.sha384", *kSha512Name = "_sha512.sha512";
using Md5 = Digest<BlockHash<Md5Core>, &kMd5Name>;
using Sha1 = Digest<BlockHash<Sha1Core>, &kSha1Name>;
using Sha224 = Digest<BlockHash<Sha256Core<28>>, &kSha224Name>;
using Sha256 = Digest<BlockHash<Sha256Core<32>>, &kSha256Name>;
using Sha384 = Digest<BlockHash<Sha512Core<48>>, &kSha384Name>;
using Sha512 = Digest<BlockHash<Sha512Core<64>>, &kSha512Name>;

constexpr const char* kSignature = "(string=b'', *, usedforsecurity=True)";
const NativeDef kMd5Functions[] = {
    {"md5", kSignature, Md5::make, "Return a new MD5 hash object; optionally initialized with a string."}, {}};
const NativeDef kSha1Functions[] = {
    {"sha1", kSignature, Sha1::make, "Return a new SHA1 hash object; optionally initialized with a string."}, {}};
const NativeDef kSha256Functions[] = {
    {"sha224", kSignature, Sha224::make, "Return a new SHA-224 hash object; optionally initialized with a string."},
    {"sha256", kSignature, Sha256::make, "Return a new SHA-256 hash object; optionally initialized with a string."},
    {}};
const NativeDef kSha512Functions[] = {
    {"sha384", kSignature, Sha384::make, "Return a new SHA-384 hash object; optionally initialized with a string."},
    {"sha512", kSignature, Sha512::make, "Return a new SHA-512 hash object; optionally initialized with a string."},
    {}};

// The types have the names of the functions, which are what the modules show.
template <class D>
bool ready() {
  return D::type.spec || init_module_type(&D::type, &D::spec);
}

}  // namespace

extern const NativeModule md5_module, sha1_module, sha256_module, sha512_module;
const NativeModule md5_module = {"_md5", nullptr, kMd5Functions, [](Module* module) {
                                   return ready<Md5>() && module_add(module, "MD5Type", Ref<>::retain(Value::object(&Md5::type)));
                                 }};
const NativeModule sha1_module = {
    "_sha1", nullptr, kSha1Functions,
    [](Module* module) { return ready<Sha1>() && module_add(module, "SHA1Type", Ref<>::retain(Value::object(&Sha1::type))); }};
const NativeModule sha256_module = {"_sha256", nullptr, kSha256Functions, [](Module* module) {
                                      return ready<Sha224>() && ready<Sha256>() &&
                                             module_add(module, "SHA224Type", Ref<>::retain(Value::object(&Sha224::type))) &&
                                             module_add(module, "SHA256Type", Ref<>::retain(Value::object(&Sha256::type)));
                                    }};
const NativeModule sha512_module = {"_sha512", nullptr, kSha512Functions, [](Module* module) {
                                      return ready<Sha384>() && ready<Sha512>() &&
                                             module_add(module, "SHA384Type", Ref<>::retain(Value::object(&Sha384::type))) &&
                                             module_add(module, "SHA512Type", Ref<>::retain(Value::object(&Sha512::type)));
                                    }};

}  // namespace pt
