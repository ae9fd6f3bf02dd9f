// _ssl: functions and constants.
#include <openssl/rand.h>

#include <climits>

#include "vm/modules/dynamic/ssl/ssl_module.h"

namespace pt::ssl {
namespace {

// ---- objects of ASN.1
// -----------------------------------------------------------------------------------------------------------

Ref<> object_tuple(const ASN1_OBJECT* object) {
  int nid = OBJ_obj2nid(object);
  if (nid == NID_undef) return raise(exc::ValueError, "Unknown object");
  char digits[256];
  int size = OBJ_obj2txt(digits, sizeof digits, object, 1);
  auto text = [](const char* s) { return s ? Ref<>(str_from_utf8(s)) : none_ref(); };
  Ref<> short_name = text(OBJ_nid2sn(nid)), name = text(OBJ_nid2ln(nid)), oid = size > 0 ? text(digits) : none_ref();
  if (!short_name || !name || !oid) return Ref<>();
  return tuple_of({Value::small_int(nid), short_name.value(), name.value(), oid.value()});
}
Ref<> txt2obj(const Value* a) {
  if (!is_str(a[0])) return raise(exc::TypeError, "txt2obj() argument 'txt' must be str, not %T", a[0]);
  Utf8 text(as_str(a[0]));
  bool name = false;
  if (!text.ok()) return Ref<>();
  if (text.view().find('\0') != std::string_view::npos) return raise(exc::ValueError, "embedded null character");
  if (!to_flag(a[1], &name)) return Ref<>();
  ASN1_OBJECT* object = OBJ_txt2obj(text.c_str(), !name);
  ERR_clear_error();
  if (!object) return raise(exc::ValueError, "unknown object '%V'", a[0]);
  Ref<> out = object_tuple(object);
  ASN1_OBJECT_free(object);
  return out;
}
Ref<> nid2obj(const Value* a) {
  int nid;
  if (!to_cint(a[0], &nid)) return Ref<>();
  if (nid < NID_undef) return raise(exc::ValueError, "NID must be positive.");
  ASN1_OBJECT* object = OBJ_nid2obj(nid);
  ERR_clear_error();
  return object ? object_tuple(object) : Ref<>(raise(exc::ValueError, "unknown NID %d", nid));
}

// ---- random numbers
// ---------------------------------------------------------------------------------------------------------------

Ref<Bytes> random_bytes(Value count) {
  int size;
  if (!to_cint(count, &size)) return Ref<Bytes>();
  if (size < 0) return raise(exc::ValueError, "num must be positive");
  Ref<Bytes> out = bytes_allocate(size);
  if (!out) return out;
  ERR_clear_error();
  if (RAND_bytes(out->data, size) == 1) return out;
  return raise_last();
}
Ref<> rand_bytes(const Value* a) { return random_bytes(a[0]); }
Ref<> rand_pseudo_bytes(const Value* a) {
  if (!warn(exc::DeprecationWarning, 1, "ssl.RAND_pseudo_bytes() is deprecated")) return Ref<>();
  Ref<Bytes> out = random_bytes(a[0]);
  return out ? Ref<>(tuple_of({out.value(), bool_ref(true).value()})) : Ref<>();
}
Ref<> rand_add(const Value* a) {
  double entropy;
  auto mix = [&](std::string_view data) -> Ref<> {
    if (!to_double(a[1], &entropy)) return Ref<>();
    for (; data.size() > INT_MAX; data.remove_prefix(INT_MAX)) RAND_add(data.data(), INT_MAX, entropy);
    RAND_add(data.data(), static_cast<int>(data.size()), entropy);
    return none_ref();
  };
  if (is_str(a[0])) {
    Utf8 text(as_str(a[0]));
    return text.ok() ? mix(text.view()) : Ref<>();
  }
  BufferView view(a[0]);
  return view.ok() ? mix(view.view()) : Ref<>();
}
Ref<> rand_status(const Value*) { return bool_ref(RAND_status() == 1); }

Ref<> get_default_verify_paths(const Value*) {
  const char* paths[] = {X509_get_default_cert_file_env(), X509_get_default_cert_file(), X509_get_default_cert_dir_env(),
                         X509_get_default_cert_dir()};
  Ref<> texts[4];
  for (int i = 0; i < 4; ++i) {
    if (!(texts[i] = paths[i] ? Ref<>(fs_decode(paths[i])) : none_ref())) return Ref<>();
  }
  return tuple_of({texts[0].value(), texts[1].value(), texts[2].value(), texts[3].value()});
}

const NativeDef kFunctions[] = {
    {"RAND_add", "(string, entropy, /)", rand_add,
     "Mix string into the OpenSSL PRNG state.\n\nentropy (a float) is a lower bound on the entropy contained in\nstring.  See "
     "RFC "
     "4086."},
    {"RAND_bytes", "(n, /)", rand_bytes, "Generate n cryptographically strong pseudo-random bytes."},
    {"RAND_pseudo_bytes", "(n, /)", rand_pseudo_bytes,
     "Generate n pseudo-random bytes.\n\nReturn a pair (bytes, is_cryptographic).  is_cryptographic is True\nif the bytes "
     "generated "
     "are cryptographically strong."},
    {"RAND_status", "()", rand_status, "Returns True if the OpenSSL PRNG has been seeded with enough data and False if not."},
    {"get_default_verify_paths", "()", get_default_verify_paths,
     "Return search paths and environment vars that are used by SSLContext's set_default_verify_paths() to load default CAs."},
    {"txt2obj", "(txt, name=False)", txt2obj, "Lookup NID, short name, long name and OID of an ASN1_OBJECT."},
    {"nid2obj", "(nid, /)", nid2obj, "Lookup NID, short name, long name and OID of an ASN1_OBJECT by NID."},
    {"_test_decode_cert", "(path, /)", test_decode_cert},
    {}};

// ---- constants
// --------------------------------------------------------------------------------------------------------------------

#define A(name) {"ALERT_DESCRIPTION_" #name, SSL_AD_##name}
#define O(name) {"OP_" #name, static_cast<int64_t>(SSL_OP_##name)}
const IntConstant kConstants[] = {
    A(ACCESS_DENIED),
    A(BAD_CERTIFICATE),
    A(BAD_CERTIFICATE_HASH_VALUE),
    A(BAD_CERTIFICATE_STATUS_RESPONSE),
    A(BAD_RECORD_MAC),
    A(CERTIFICATE_EXPIRED),
    A(CERTIFICATE_REVOKED),
    A(CERTIFICATE_UNKNOWN),
    A(CERTIFICATE_UNOBTAINABLE),
    A(CLOSE_NOTIFY),
    A(DECODE_ERROR),
    A(DECOMPRESSION_FAILURE),
    A(DECRYPT_ERROR),
    A(HANDSHAKE_FAILURE),
    A(ILLEGAL_PARAMETER),
    A(INSUFFICIENT_SECURITY),
    A(INTERNAL_ERROR),
    A(NO_RENEGOTIATION),
    A(PROTOCOL_VERSION),
    A(RECORD_OVERFLOW),
    A(UNEXPECTED_MESSAGE),
    A(UNKNOWN_CA),
    A(UNKNOWN_PSK_IDENTITY),
    A(UNRECOGNIZED_NAME),
    A(UNSUPPORTED_CERTIFICATE),
    A(UNSUPPORTED_EXTENSION),
    A(USER_CANCELLED),
    O(CIPHER_SERVER_PREFERENCE),
    O(ENABLE_MIDDLEBOX_COMPAT),
    O(IGNORE_UNEXPECTED_EOF),
    O(NO_COMPRESSION),
    O(NO_RENEGOTIATION),
    O(NO_SSLv2),
    O(NO_SSLv3),
    O(NO_TICKET),
    O(NO_TLSv1),
    O(NO_TLSv1_1),
    O(NO_TLSv1_2),
    O(NO_TLSv1_3),
    O(SINGLE_DH_USE),
    O(SINGLE_ECDH_USE),
    {"OP_ALL", static_cast<int64_t>(SSL_OP_ALL & ~static_cast<uint64_t>(SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS))},
    {"CERT_NONE", 0},
    {"CERT_OPTIONAL", 1},
    {"CERT_REQUIRED", 2},
    {"ENCODING_PEM", 1},
    {"ENCODING_DER", 2},
    {"HOSTFLAG_ALWAYS_CHECK_SUBJECT", X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT},
    {"HOSTFLAG_MULTI_LABEL_WILDCARDS", X509_CHECK_FLAG_MULTI_LABEL_WILDCARDS},
    {"HOSTFLAG_NEVER_CHECK_SUBJECT", X509_CHECK_FLAG_NEVER_CHECK_SUBJECT},
    {"HOSTFLAG_NO_PARTIAL_WILDCARDS", X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS},
    {"HOSTFLAG_NO_WILDCARDS", X509_CHECK_FLAG_NO_WILDCARDS},
    {"HOSTFLAG_SINGLE_LABEL_SUBDOMAINS", X509_CHECK_FLAG_SINGLE_LABEL_SUBDOMAINS},
    {"PROTOCOL_SSLv23", 2},
    {"PROTOCOL_TLS", 2},
    {"PROTOCOL_TLSv1", 3},
    {"PROTOCOL_TLSv1_1", 4},
    {"PROTOCOL_TLSv1_2", 5},
    {"PROTOCOL_TLS_CLIENT", 16},
    {"PROTOCOL_TLS_SERVER", 17},
    {"PROTO_MINIMUM_SUPPORTED", -2},
    {"PROTO_MAXIMUM_SUPPORTED", -1},
    {"PROTO_SSLv3", SSL3_VERSION},
    {"PROTO_TLSv1", TLS1_VERSION},
    {"PROTO_TLSv1_1", TLS1_1_VERSION},
    {"PROTO_TLSv1_2", TLS1_2_VERSION},
    {"PROTO_TLSv1_3", TLS1_3_VERSION},
    {"SSL_ERROR_SSL", 1},
    {"SSL_ERROR_WANT_READ", 2},
    {"SSL_ERROR_WANT_WRITE", 3},
    {"SSL_ERROR_WANT_X509_LOOKUP", 4},
    {"SSL_ERROR_SYSCALL", 5},
    {"SSL_ERROR_ZERO_RETURN", 6},
    {"SSL_ERROR_WANT_CONNECT", 7},
    {"SSL_ERROR_EOF", 8},
    {"SSL_ERROR_INVALID_ERROR_CODE", 10},
    {"VERIFY_DEFAULT", 0},
    {"VERIFY_CRL_CHECK_LEAF", X509_V_FLAG_CRL_CHECK},
    {"VERIFY_CRL_CHECK_CHAIN", X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL},
    {"VERIFY_X509_STRICT", X509_V_FLAG_X509_STRICT},
    {"VERIFY_ALLOW_PROXY_CERTS", X509_V_FLAG_ALLOW_PROXY_CERTS},
    {"VERIFY_X509_TRUSTED_FIRST", X509_V_FLAG_TRUSTED_FIRST},
    {"VERIFY_X509_PARTIAL_CHAIN", X509_V_FLAG_PARTIAL_CHAIN},
    {}};
#undef A
#undef O
struct Flag {
  const char* name;
  bool value;
};
const Flag kFlags[] = {{"HAS_SNI", true},        {"HAS_ECDH", true},    {"HAS_NPN", false},   {"HAS_ALPN", true},
                       {"HAS_TLS_UNIQUE", true}, {"HAS_SSLv2", false},  {"HAS_SSLv3", false}, {"HAS_TLSv1", true},
                       {"HAS_TLSv1_1", true},    {"HAS_TLSv1_2", true}, {"HAS_TLSv1_3", true}};

// Major, minor, fix, patch and status of a version number (OpenSSL 3 keeps the patch where the fix was).
Ref<> version_tuple(unsigned long number) {
  auto part = [number](int shift, unsigned long mask) {
    return Value::small_int(static_cast<int64_t>((number >> shift) & mask));
  };
  return tuple_of({part(28, 0xF), part(20, 0xFF), part(12, 0xFF), part(4, 0xFF), part(0, 0xF)});
}

}  // namespace

bool add_constants(Module* module) {
  for (const Flag& flag : kFlags) {
    if (!module_add(module, flag.name, bool_ref(flag.value))) return false;
  }
  return module_add_ints(module, kConstants) &&
         module_add_int(module, "OPENSSL_VERSION_NUMBER", static_cast<int64_t>(OpenSSL_version_num())) &&
         module_add(module, "OPENSSL_VERSION_INFO", version_tuple(OpenSSL_version_num())) &&
         module_add(module, "_OPENSSL_API_VERSION", version_tuple(OPENSSL_VERSION_NUMBER)) &&
         module_add_text(module, "OPENSSL_VERSION", OpenSSL_version(OPENSSL_VERSION)) &&
         module_add_text(module, "_DEFAULT_CIPHERS", OSSL_default_cipher_list());
}

namespace {

bool execute(Module* module) {
  if (!connection_type.spec &&
      (!init_module_type(&connection_type, &connection_spec) || !init_module_type(&session_type, &session_spec) ||
       !init_module_type(&certificate_type, &certificate_spec))) {
    return false;
  }
  Ref<> socket = import_module("_socket");
  if (!socket) return false;
  Dict* d = module_dict(module);
  return add_errors(module) && add_constants(module) && module_add_type(module, &context_type, &context_spec) &&
         module_add_type(module, &memory_bio_type, &memory_bio_spec) &&
         dict_set_text(d, "_SSLSocket", Value::object(&connection_type)) &&
         dict_set_text(d, "SSLSession", Value::object(&session_type)) &&
         dict_set_text(d, "Certificate", Value::object(&certificate_type));
}

}  // namespace

extern "C" {
extern const NativeModule ptpython_module__ssl;
const NativeModule ptpython_module__ssl = {
    "_ssl", "Implementation module for SSL socket operations.  See the socket module\nfor documentation.", kFunctions, execute};
}

}  // namespace pt::ssl
