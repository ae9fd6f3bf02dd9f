// X.509 certificates as Python sees them.
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstring>

#include "vm/modules/dynamic/ssl/ssl_module.h"

namespace pt::ssl {
namespace {

struct Certificate : Object {
  X509* handle;         // immutable
};
X509* x509_of(Value v) { return self_as<Certificate>(v)->handle; }

// A memory BIO that is freed at the end of the scope, and its text.
class TextBio {
 public:
  TextBio() : bio_(BIO_new(BIO_s_mem())) {}
  ~TextBio() { BIO_free(bio_); }
  TextBio(const TextBio&) = delete;
  TextBio& operator=(const TextBio&) = delete;
  BIO* get() const { return bio_; }
  std::string_view view() const {
    char* data = nullptr;
    long size = BIO_get_mem_data(bio_, &data);
    return {data, size > 0 ? static_cast<size_t>(size) : 0};
  }
  Ref<Str> text() const { return str_from_utf8(view()); }

 private:
  BIO* bio_;
};

Ref<> ascii_text(const ASN1_STRING* s) {
  return str_from_utf8({reinterpret_cast<const char*>(ASN1_STRING_get0_data(s)), static_cast<size_t>(ASN1_STRING_length(s))});
}
// Its long name, or its digits.
Ref<> object_text(const ASN1_OBJECT* object, bool digits) {
  char text[200];
  int size = OBJ_obj2txt(text, sizeof text, object, digits);
  if (size < 0) return raise_last();
  if (static_cast<size_t>(size) < sizeof text) return str_from_utf8({text, static_cast<size_t>(size)});
  // Long ones are cut: an object identifier of hundreds of digits.
  Ref<Bytes> longer = bytes_allocate(size);
  if (!longer) return Ref<>();
  OBJ_obj2txt(reinterpret_cast<char*>(longer->data), size + 1, object, digits);
  return str_from_utf8(longer->view());
}
Ref<> attribute_pair(X509_NAME_ENTRY* entry) {
  Ref<> name = object_text(X509_NAME_ENTRY_get_object(entry), false);
  if (!name) return Ref<>();
  unsigned char* utf8 = nullptr;
  int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
  if (size < 0) return raise_last();
  Ref<> value = str_from_utf8({reinterpret_cast<char*>(utf8), static_cast<size_t>(size)});
  OPENSSL_free(utf8);
  return value ? Ref<>(tuple_of({name.value(), value.value()})) : Ref<>();
}
// A distinguished name: a tuple of sets, each a tuple of pairs.
Ref<> name_tuple(const X509_NAME* name) {
  Ref<List> sets = list_new(), current = list_new();
  int level = -1;
  auto close_set = [&] {
    Ref<Tuple> done = list_to_tuple(current.get());
    return done && list_append(sets.get(), std::move(done)) && (current = list_new());
  };
  if (!sets || !current) return Ref<>();
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    if (level >= 0 && X509_NAME_ENTRY_set(entry) != level && !close_set()) return Ref<>();
    level = X509_NAME_ENTRY_set(entry);
    Ref<> pair = attribute_pair(entry);
    if (!pair || !list_append(current.get(), std::move(pair))) return Ref<>();
  }
  if (list_size(current.get()) && !close_set()) return Ref<>();
  return list_to_tuple(sets.get());
}

Ref<> pair_of(const char* kind, Ref<> value) {
  Ref<Str> name = value ? str_from_ascii(kind) : Ref<Str>();
  return name ? Ref<>(tuple_of({name.value(), value.value()})) : Ref<>();
}
Ref<> address_text(const ASN1_OCTET_STRING* address) {
  const unsigned char* p = ASN1_STRING_get0_data(address);
  char text[60];
  if (ASN1_STRING_length(address) == 4) {
    std::snprintf(text, sizeof text, "%d.%d.%d.%d", p[0], p[1], p[2], p[3]);
  } else if (ASN1_STRING_length(address) == 16) {
    size_t used = 0;
    for (int i = 0; i < 8; ++i)
      used += static_cast<size_t>(
          std::snprintf(text + used, sizeof text - used, i ? ":%X" : "%X", static_cast<unsigned>(p[2 * i] << 8 | p[2 * i + 1])));
  } else {
    return str_from_ascii("<invalid>");
  }
  return str_from_ascii(text);
}
Ref<> alternative_name(GENERAL_NAME* name) {
  switch (name->type) {
    case GEN_DIRNAME: return pair_of("DirName", name_tuple(name->d.directoryName));
    case GEN_EMAIL: return pair_of("email", ascii_text(name->d.rfc822Name));
    case GEN_DNS: return pair_of("DNS", ascii_text(name->d.dNSName));
    case GEN_URI: return pair_of("URI", ascii_text(name->d.uniformResourceIdentifier));
    case GEN_RID: return pair_of("Registered ID", object_text(name->d.rid, true));
    case GEN_IPADD: return pair_of("IP Address", address_text(name->d.iPAddress));
    default: break;
  }
  // Others as OpenSSL prints them, "kind:value".
  TextBio bio;
  if (!bio.get()) return raise_no_memory();
  GENERAL_NAME_print(bio.get(), name);
  std::string_view text = bio.view();
  size_t colon = text.find(':');
  if (colon == std::string_view::npos) return raise(exc::ValueError, "Invalid value %s", "in subjectAltName");
  Ref<> kind = str_from_utf8(text.substr(0, colon)), value = str_from_utf8(text.substr(colon + 1));
  return kind && value ? Ref<>(tuple_of({kind.value(), value.value()})) : Ref<>();
}
// Tuple of the alternative names; None when there are none.
Ref<> alternative_names(X509* certificate) {
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  if (!names) return none_ref();
  Ref<List> out = list_new();
  bool ok = static_cast<bool>(out);
  for (int i = 0; ok && i < sk_GENERAL_NAME_num(names); ++i) {
    Ref<> item = alternative_name(sk_GENERAL_NAME_value(names, i));
    ok = item && list_append(out.get(), std::move(item));
  }
  GENERAL_NAMES_free(names);
  return ok ? Ref<>(list_to_tuple(out.get())) : Ref<>();
}
Ref<> tuple_or_none(const Ref<List>& list) { return list_size(list.get()) ? Ref<>(list_to_tuple(list.get())) : none_ref(); }
bool append_uri(List* list, const GENERAL_NAME* name) {
  if (name->type != GEN_URI) return true;
  Ref<> text = ascii_text(name->d.uniformResourceIdentifier);
  return text && list_append(list, std::move(text));
}
// The URIs of one access method of the authority.
Ref<> access_uris(X509* certificate, int method) {
  auto* info = static_cast<AUTHORITY_INFO_ACCESS*>(X509_get_ext_d2i(certificate, NID_info_access, nullptr, nullptr));
  if (!info) return none_ref();
  Ref<List> out = list_new();
  bool ok = static_cast<bool>(out);
  for (int i = 0; ok && i < sk_ACCESS_DESCRIPTION_num(info); ++i) {
    ACCESS_DESCRIPTION* item = sk_ACCESS_DESCRIPTION_value(info, i);
    if (OBJ_obj2nid(item->method) == method) ok = append_uri(out.get(), item->location);
  }
  AUTHORITY_INFO_ACCESS_free(info);
  return ok ? tuple_or_none(out) : Ref<>();
}
Ref<> distribution_points(X509* certificate) {
  auto* points = static_cast<CRL_DIST_POINTS*>(X509_get_ext_d2i(certificate, NID_crl_distribution_points, nullptr, nullptr));
  if (!points) return none_ref();
  Ref<List> out = list_new();
  bool ok = static_cast<bool>(out);
  for (int i = 0; ok && i < sk_DIST_POINT_num(points); ++i) {
    DIST_POINT* point = sk_DIST_POINT_value(points, i);
    // Ones without a name of their own are skipped.
    if (!point->distpoint || point->distpoint->type != 0) continue;
    GENERAL_NAMES* names = point->distpoint->name.fullname;
    for (int j = 0; ok && j < sk_GENERAL_NAME_num(names); ++j) ok = append_uri(out.get(), sk_GENERAL_NAME_value(names, j));
  }
  CRL_DIST_POINTS_free(points);
  return ok ? tuple_or_none(out) : Ref<>();
}
Ref<> serial_text(X509* certificate) {
  TextBio bio;
  if (!bio.get()) return raise_no_memory();
  i2a_ASN1_INTEGER(bio.get(), X509_get0_serialNumber(certificate));
  return bio.text();
}
Ref<> time_text(const ASN1_TIME* time) {
  TextBio bio;
  if (!bio.get()) return raise_no_memory();
  ASN1_TIME_print(bio.get(), time);
  return bio.text();
}
bool add(Dict* dict, const char* key, Ref<> value, bool optional = false) {
  if (!value) return false;
  return (optional && is_none(value.value())) || dict_set_text(dict, key, value.value());
}

}  // namespace

Ref<> decode_certificate(X509* x) {
  Ref<Dict> out = dict_new();
  if (!out) return Ref<>();
  Dict* d = out.get();
  bool ok = add(d, "subject", name_tuple(X509_get_subject_name(x))) && add(d, "issuer", name_tuple(X509_get_issuer_name(x))) &&
            add(d, "version", int_from_int64(X509_get_version(x) + 1)) && add(d, "serialNumber", serial_text(x)) &&
            add(d, "notBefore", time_text(X509_get0_notBefore(x))) && add(d, "notAfter", time_text(X509_get0_notAfter(x))) &&
            add(d, "subjectAltName", alternative_names(x), true) && add(d, "OCSP", access_uris(x, NID_ad_OCSP), true) &&
            add(d, "caIssuers", access_uris(x, NID_ad_ca_issuers), true) &&
            add(d, "crlDistributionPoints", distribution_points(x), true);
  ERR_clear_error();
  return ok ? Ref<>(std::move(out)) : Ref<>();
}
Ref<> certificate_der(X509* certificate) {
  unsigned char* data = nullptr;
  ERR_clear_error();
  int size = i2d_X509(certificate, &data);
  if (size < 0) return raise_last();
  Ref<> out = bytes_from({reinterpret_cast<char*>(data), static_cast<size_t>(size)});
  OPENSSL_free(data);
  return out;
}
Ref<> certificate_new(X509* certificate) {
  Ref<Certificate> self = allocate<Certificate>(&certificate_type);
  if (self)
    self->handle = certificate;
  else
    X509_free(certificate);
  return self;
}
Ref<> certificate_list(STACK_OF(X509) * stack) {
  if (!stack) return none_ref();
  Ref<List> out = list_new();
  for (int i = 0; i < sk_X509_num(stack); ++i) {
    X509* certificate = sk_X509_value(stack, i);
    X509_up_ref(certificate);
    Ref<> item = certificate_new(certificate);
    if (!out || !item || !list_append(out.get(), std::move(item))) return Ref<>();
  }
  return out;
}
Ref<> getpeercert(const Value* a) {
  Connection* self = as_connection(a[0]);
  bool binary = false;
  if (!to_flag(a[1], &binary)) return Ref<>();
  X509* certificate;
  bool verified;
  {
    OwnedGuard guard(self->lock);
    if (!guard) return Ref<>();
    if (!SSL_is_init_finished(self->handle)) return raise(exc::ValueError, "handshake not done yet");
    certificate = SSL_get1_peer_certificate(self->handle);
    verified = SSL_get_verify_mode(self->handle) & SSL_VERIFY_PEER;
  }
  if (!certificate) return none_ref();
  Ref<> out = binary ? certificate_der(certificate) : verified ? decode_certificate(certificate) : Ref<>(dict_new());
  X509_free(certificate);
  return out;
}

// ---- Certificate
// ------------------------------------------------------------------------------------------------------------------

namespace {

constexpr int kPem = 1, kDer = 2;
Ref<> public_bytes(const Value* a) {
  int format = kPem;
  if (!to_cint(a[1], &format)) return Ref<>();
  if (format == kDer) return certificate_der(x509_of(a[0]));
  if (format != kPem) return raise(exc::ValueError, "Unsupported format");
  TextBio bio;
  if (!bio.get()) return raise_no_memory();
  return PEM_write_bio_X509(bio.get(), x509_of(a[0])) ? Ref<>(bio.text()) : Ref<>(raise_last());
}
Ref<> get_info(const Value* a) { return decode_certificate(x509_of(a[0])); }
Ref<> repr(Value v) {
  TextBio bio;
  if (!bio.get()) return raise_no_memory();
  X509_NAME_print_ex(bio.get(), X509_get_subject_name(x509_of(v)), 0, XN_FLAG_RFC2253);
  Ref<Str> name = bio.text();
  return name ? Ref<>(str_format("<_ssl.Certificate '%U'>", name.get())) : Ref<>();
}
int64_t hash(Value v) {
  auto h = static_cast<int64_t>(X509_subject_name_hash(x509_of(v)));
  return h == -1 ? -2 : h;
}
Ref<> compare(Value left, Value right, CompareOp op) {
  if ((op != CompareOp::kEq && op != CompareOp::kNe) || !is_instance_of(right, &certificate_type))
    return Ref<>::retain(not_implemented());
  bool same = X509_cmp(x509_of(left), x509_of(right)) == 0;
  return bool_ref(same == (op == CompareOp::kEq));
}
void destroy(Object* o) {
  auto* self = static_cast<Certificate*>(o);
  X509_free(self->handle);
  self->handle = nullptr;
}
const NativeDef kMethods[] = {
    {"public_bytes", "($self, /, format=Encoding.PEM)", public_bytes}, {"get_info", "($self, /)", get_info}, {}};

}  // namespace

constinit Type certificate_type;
const TypeSpec certificate_spec = {.name = "_ssl.Certificate",
                                   .size = sizeof(Certificate),
                                   .flags = kTypeNoInstantiate,
                                   .slots = {.hash = hash, .compare = compare, .repr = repr},
                                   .destroy = destroy,
                                   .methods = kMethods};

}  // namespace pt::ssl
