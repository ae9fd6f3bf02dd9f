// Exceptions of the ssl module.
#include <cctype>
#include <cstring>

#include "vm/modules/dynamic/ssl/ssl_module.h"
#include "vm/object/attributes.h"
#include "vm/types/exception.h"

namespace pt::ssl {

constinit Value g_errors[kErrorClassCount];

namespace {

struct Library {
  int number;
  const char* name;
};
#define L(name) {ERR_LIB_##name, #name}
constexpr Library kLibraries[] = {
    L(SYS),        L(BN),   L(RSA),  L(DH),     L(EVP),  L(BUF),          L(OBJ),          L(PEM),   L(DSA),
    L(X509),       L(ASN1), L(CONF), L(CRYPTO), L(EC),   L(SSL),          L(BIO),          L(PKCS7), L(X509V3),
    L(PKCS12),     L(RAND), L(DSO),  L(ENGINE), L(OCSP), L(UI),           L(COMP),         L(ECDSA), L(ECDH),
    L(OSSL_STORE), L(FIPS), L(CMS),  L(TS),     L(HMAC), L(CT),           L(ASYNC),        L(KDF),   L(SM2),
    L(ESS),        L(PROP), L(CRMF), L(PROV),   L(CMP),  L(OSSL_ENCODER), L(OSSL_DECODER), L(HTTP)};
#undef L
const char* library_name(unsigned long code) {
  for (const Library& library : kLibraries) {
    if (library.number == ERR_GET_LIB(code)) return library.name;
  }
  return nullptr;
}
// OpenSSL's texts are the names of its macros in words.
Ref<> reason_name(unsigned long code) {
  const char* text = ERR_reason_error_string(code);
  if (!text || ERR_SYSTEM_ERROR(code) || (ERR_GET_REASON(code) & (ERR_RFLAG_COMMON | ERR_RFLAG_FATAL))) return none_ref();
  char name[120];
  size_t size = 0;
  for (; text[size] && size < sizeof name - 1; ++size) {
    char c = text[size];
    name[size] =
        std::isalnum(static_cast<unsigned char>(c)) ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : '_';
  }
  return str_from_ascii({name, size});
}
Ref<> text_or_none(const char* text) { return text ? Ref<>(str_from_utf8(text)) : none_ref(); }

Ref<> verify_message(Connection* connection, long verify_code) {
  Ref<> hostname = connection->hostname.load(connection);
  if (hostname && verify_code == X509_V_ERR_HOSTNAME_MISMATCH) {
    return str_format("Hostname mismatch, certificate is not valid for '%U'.", as_str(hostname.value()));
  }
  if (hostname && verify_code == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    return str_format("IP address mismatch, certificate is not valid for '%U'.", as_str(hostname.value()));
  }
  return str_from_utf8(X509_verify_cert_error_string(verify_code));
}

Ref<> error_str(Value v) {
  Ref<> text = get_attribute(v, "strerror");
  if (!text || is_str(text.value())) return text;
  Ref<> args = get_attribute(v, "args");
  return args ? str(args.value()) : Ref<>();
}
constinit Type base_type;
constinit TypeSpec base_spec = {};  // OSError's with its own text; filled in once
bool make_base_error(Module* module) {
  if (!base_type.spec) {
    base_spec = *exc::OSError->spec;
    base_spec.name = "ssl.SSLError";
    base_spec.doc = "An error occurred in the SSL implementation.";
    base_spec.base = exc::OSError;
    base_spec.slots = {.str = error_str};
    base_spec.members = nullptr;
    base_spec.getsets = nullptr;
    base_spec.methods = nullptr;
  }
  if (!module_add_type(module, &base_type, &base_spec)) return false;
  g_errors[kSSLError] = Value::object(&base_type);
  return true;
}

}  // namespace

Raised raise_ssl(ErrorClass which, int number, const char* text, unsigned long code, Connection* connection, int line) {
  const char* library = code ? library_name(code) : nullptr;
  Ref<> reason = code ? reason_name(code) : none_ref(), verify, library_text = text_or_none(library);
  if (!text) text = code ? ERR_reason_error_string(code) : nullptr;
  if (!text) text = "unknown error";
  long verify_code = 0;
  if (connection && which == kCertVerificationError) {
    verify_code = SSL_get_verify_result(connection->handle);
    verify = verify_message(connection, verify_code);
    if (!verify) return {};
  }
  ERR_clear_error();
  if (!reason || !library_text) return {};
  Ref<Str> message;
  bool named = library && is_str(reason.value());
  if (verify && named)
    message = str_format("[%s: %U] %s: %U (_ssl.c:%d)", library, as_str(reason.value()), text, as_str(verify.value()), line);
  else if (named)
    message = str_format("[%s: %U] %s (_ssl.c:%d)", library, as_str(reason.value()), text, line);
  else if (library)
    message = str_format("[%s] %s (_ssl.c:%d)", library, text, line);
  else
    message = str_format("%s (_ssl.c:%d)", text, line);
  Ref<> error = message ? call_values(g_errors[which], {Value::small_int(number), message.value()}) : Ref<>();
  if (!error || !set_attribute(error.value(), intern("reason"), reason.value()) ||
      !set_attribute(error.value(), intern("library"), library_text.value())) {
    return {};
  }
  if (verify && (!set_attribute(error.value(), intern("verify_code"), Value::small_int(verify_code)) ||
                 !set_attribute(error.value(), intern("verify_message"), verify.value()))) {
    return {};
  }
  return raise_object(error.value());
}
Raised raise_last(const char* text, int line) {
  unsigned long code = ERR_peek_last_error();
  return raise_ssl(kSSLError, code ? ERR_GET_REASON(code) : 0, text, code, nullptr, line);
}
Raised raise_plain(const char* text) {
  ERR_clear_error();
  return raise(error_class(kSSLError), "%s", text);
}

bool add_errors(Module* module) {
  struct Entry {
    ErrorClass which;
    const char *qualified, *name, *doc;
  };
  const Entry entries[] = {
      {kZeroReturnError, "ssl.SSLZeroReturnError", "SSLZeroReturnError", "SSL/TLS session closed cleanly."},
      {kWantReadError, "ssl.SSLWantReadError", "SSLWantReadError",
       "Non-blocking SSL socket needs to read more data\nbefore the requested operation can be completed."},
      {kWantWriteError, "ssl.SSLWantWriteError", "SSLWantWriteError",
       "Non-blocking SSL socket needs to write more data\nbefore the requested operation can be completed."},
      {kSyscallError, "ssl.SSLSyscallError", "SSLSyscallError", "System error when attempting SSL operation."},
      {kEOFError, "ssl.SSLEOFError", "SSLEOFError", "SSL/TLS connection terminated abruptly."}};
  if (!make_base_error(module)) return false;
  for (const Entry& e : entries) {
    if (!add_exception(module, &g_errors[e.which], e.qualified, e.name, g_errors[kSSLError], e.doc)) return false;
  }
  Ref<Tuple> bases = tuple_of({g_errors[kSSLError], Value::object(exc::ValueError)});
  return bases && add_exception(module, &g_errors[kCertVerificationError], "ssl.SSLCertVerificationError",
                                "SSLCertVerificationError", bases.value(), "A certificate could not be verified.");
}

}  // namespace pt::ssl
