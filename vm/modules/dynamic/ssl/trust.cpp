// What a context trusts and shows: certificates, keys, authorities, Diffie-Hellman parameters.
#include <openssl/pem.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <vector>

#include "vm/modules/dynamic/ssl/ssl_module.h"

namespace pt::ssl {
namespace {

SSL_CTX* handle_of(Value v) { return as_context(v)->handle; }
// OSError from errno when the system refused, else what OpenSSL says.
Raised raise_load_error(int error, int line = __builtin_LINE()) {
  if (error_pending()) return {};
  if (!error) return raise_last(nullptr, line);
  ERR_clear_error();
  errno = error;
  return raise_os_error();
}

// ---- own certificate
// ------------------------------------------------------------------------------------------------------------

// The password of a key: given, or asked for when the key turns out to be encrypted.
struct Password {
  Value callable;  // borrowed, or empty
  Ref<Bytes> text;
  bool take(Value v) {
    if (is_str(v)) {
      Utf8 utf8(as_str(v));
      text = utf8.ok() ? bytes_from(utf8.view()) : Ref<Bytes>();
    } else {
      BufferView view(v);
      text = view.ok() ? bytes_from(view.view()) : Ref<Bytes>();
    }
    if (text && text->length > PEM_BUFSIZE) return raise(exc::ValueError, "password cannot be longer than %d bytes", PEM_BUFSIZE);
    return static_cast<bool>(text);
  }
  static bool acceptable(Value v) { return is_str(v) || is_bytes(v) || has_shape(v, kShape_bytearray); }
};
int password_callback(char* buffer, int size, int, void* data) {
  Attached attached;
  auto* password = static_cast<Password*>(data);
  if (error_pending()) return -1;
  if (!password->callable.empty()) {
    Ref<> result = call0(password->callable);
    if (!result) return -1;
    if (!Password::acceptable(result.value())) {
      raise(exc::TypeError, "password callback must return a string");
      return -1;
    }
    if (!password->take(result.value())) return -1;
  }
  if (password->text->length > size) {
    raise(exc::ValueError, "password cannot be longer than %d bytes", size);
    return -1;
  }
  std::memcpy(buffer, password->text->data, static_cast<size_t>(password->text->length));
  return static_cast<int>(password->text->length);
}
// Path of a file argument; a TypeError becomes "name should be a valid filesystem path".
Ref<Bytes> path_argument(Value v, const char* name) {
  Ref<Bytes> path = fs_encode(v);
  if (!path && clear_if(exc::TypeError)) raise(exc::TypeError, "%s should be a valid filesystem path", name);
  return path;
}
const char* c_str(const Ref<Bytes>& path) { return path ? reinterpret_cast<const char*>(path->data) : nullptr; }

// Runs a loader detached. False with an exception pending.
template <class F>
bool load(F loader, int line = __builtin_LINE()) {
  int ok, error;
  {
    Detached detached;
    ERR_clear_error();
    errno = 0;
    ok = loader();
    error = errno;
  }
  return ok == 1 ? true : static_cast<bool>(raise_load_error(error, line));
}

}  // namespace

Ref<> load_cert_chain(const Value* a) {
  Context* self = as_context(a[0]);
  Ref<Bytes> certificate = path_argument(a[1], "certfile");
  if (!certificate) return Ref<>();
  Ref<Bytes> key = given(a[2]) ? path_argument(a[2], "keyfile") : Ref<Bytes>();
  if (!key && given(a[2])) return Ref<>();
  Password password;
  if (given(a[3])) {
    if (is_callable(a[3]))
      password.callable = a[3];
    else if (!Password::acceptable(a[3]))
      return raise(exc::TypeError, "password should be a string or callable");
    else if (!password.take(a[3]))
      return Ref<>();
  }
  OwnedGuard guard(self->lock);
  if (!guard) return Ref<>();
  SSL_CTX* handle = self->handle;
  pem_password_cb* old_callback = SSL_CTX_get_default_passwd_cb(handle);
  void* old_data = SSL_CTX_get_default_passwd_cb_userdata(handle);
  if (given(a[3])) {
    SSL_CTX_set_default_passwd_cb(handle, password_callback);
    SSL_CTX_set_default_passwd_cb_userdata(handle, &password);
  }
  const char* key_path = key ? c_str(key) : c_str(certificate);
  bool ok = load([&] { return SSL_CTX_use_certificate_chain_file(handle, c_str(certificate)); }) &&
            load([&] { return SSL_CTX_use_PrivateKey_file(handle, key_path, SSL_FILETYPE_PEM); }) &&
            (SSL_CTX_check_private_key(handle) || raise_last());
  SSL_CTX_set_default_passwd_cb(handle, old_callback);
  SSL_CTX_set_default_passwd_cb_userdata(handle, old_data);
  return ok ? none_ref() : Ref<>();
}

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
Ref<> load_dh_params(const Value* a) {
  Ref<Bytes> path = fs_encode(a[1]);
  if (!path) return Ref<>();
  DH* parameters = nullptr;
  int error = 0;
  {
    Detached detached;
    ERR_clear_error();
    errno = 0;
    FILE* file = std::fopen(c_str(path), "rb");
    error = errno;
    if (file) {
      errno = 0;
      parameters = PEM_read_DHparams(file, nullptr, nullptr, nullptr);
      error = errno;
      std::fclose(file);
    }
  }
  if (!parameters) {
    if (!error) return raise_last();
    ERR_clear_error();
    errno = error;
    return raise_os_error(a[1]);
  }
  OwnedGuard guard(as_context(a[0])->lock);
  bool ok = guard && (SSL_CTX_set_tmp_dh(handle_of(a[0]), parameters) || raise_last());
  DH_free(parameters);
  return ok ? none_ref() : Ref<>();
}
#pragma clang diagnostic pop

// ---- authorities
// ----------------------------------------------------------------------------------------------------------------

namespace {

int no_password(char*, int, int, void*) { return 0; }
// Certificates from memory, in one encoding. False with an exception pending.
bool add_authorities(Context* self, const char* data, int64_t size, bool pem) {
  if (size <= 0) return raise(exc::ValueError, "Empty certificate data");
  if (size > INT_MAX) return raise(exc::OverflowError, "Certificate data is too long.");
  ERR_clear_error();
  BIO* bio = BIO_new_mem_buf(data, static_cast<int>(size));
  if (!bio) return raise_last();
  X509_STORE* store = SSL_CTX_get_cert_store(self->handle);
  int loaded = 0;
  bool ok = true;
  while (ok) {
    X509* certificate = pem ? PEM_read_bio_X509(bio, nullptr, no_password, nullptr) : d2i_X509_bio(bio, nullptr);
    if (!certificate) break;
    ok = X509_STORE_add_cert(store, certificate);
    X509_free(certificate);
    ++loaded;
  }
  BIO_free(bio);
  unsigned long code = ERR_peek_last_error();
  if (!loaded) {
    return raise_ssl(
        kSSLError, 0,
        pem ? "no start line: cadata does not contain a certificate" : "not enough data: cadata does not contain a certificate",
        0);
  }
  int library = ERR_GET_LIB(code), reason = ERR_GET_REASON(code);
  bool at_end = pem ? library == ERR_LIB_PEM && reason == PEM_R_NO_START_LINE
                    : library == ERR_LIB_ASN1 && (reason == ASN1_R_HEADER_TOO_LONG || reason == ASN1_R_NOT_ENOUGH_DATA);
  if (code && !(ok && at_end)) return raise_last();
  ERR_clear_error();
  return true;
}
bool add_authorities(Context* self, Value data) {
  if (is_str(data)) {
    if (!as_str(data)->ascii) return raise(exc::TypeError, "cadata should be an ASCII string or a bytes-like object");
    std::string_view text = as_str(data)->ascii_view();
    return add_authorities(self, text.data(), static_cast<int64_t>(text.size()), true);
  }
  if (!has_buffer(data)) return raise(exc::TypeError, "cadata should be an ASCII string or a bytes-like object");
  BufferView view(data);
  return view.ok() && add_authorities(self, view.view().data(), view.size(), false);
}

// The objects of the store at this moment, with references of their own.
struct StoreContents {
  std::vector<X509*> certificates;
  int crls = 0;
  explicit StoreContents(SSL_CTX* handle) {
    Detached detached;
    X509_STORE* store = SSL_CTX_get_cert_store(handle);
    X509_STORE_lock(store);
    STACK_OF(X509_OBJECT)* objects = X509_STORE_get0_objects(store);
    for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i) {
      X509_OBJECT* object = sk_X509_OBJECT_value(objects, i);
      if (X509* certificate = X509_OBJECT_get0_X509(object)) {
        X509_up_ref(certificate);
        certificates.push_back(certificate);
      }
      crls += X509_OBJECT_get_type(object) == X509_LU_CRL;
    }
    X509_STORE_unlock(store);
  }
  ~StoreContents() {
    for (X509* certificate : certificates) X509_free(certificate);
  }
  StoreContents(const StoreContents&) = delete;
  StoreContents& operator=(const StoreContents&) = delete;
};

}  // namespace

Ref<> load_verify_locations(const Value* a) {
  Context* self = as_context(a[0]);
  if (!given(a[1]) && !given(a[2]) && !given(a[3]))
    return raise(exc::TypeError, "cafile, capath and cadata cannot be all omitted");
  Ref<Bytes> file, folder;
  if (given(a[1]) && !(file = path_argument(a[1], "cafile"))) return Ref<>();
  if (given(a[2]) && !(folder = path_argument(a[2], "capath"))) return Ref<>();
  if (given(a[3])) {
    OwnedGuard guard(self->lock);
    if (!guard || !add_authorities(self, a[3])) return Ref<>();
  }
  if (!file && !folder) return none_ref();
  return load([&] { return SSL_CTX_load_verify_locations(self->handle, c_str(file), c_str(folder)); }) ? none_ref() : Ref<>();
}
Ref<> set_default_verify_paths(const Value* a) {
  return load([&] { return SSL_CTX_set_default_verify_paths(handle_of(a[0])); }) ? none_ref() : Ref<>();
}
Ref<> cert_store_stats(const Value* a) {
  StoreContents contents(handle_of(a[0]));
  int authorities = 0;
  for (X509* certificate : contents.certificates) authorities += X509_check_ca(certificate) != 0;
  Ref<Dict> out = dict_new();
  bool ok = out && dict_set_text(out.get(), "x509", Value::small_int(static_cast<int64_t>(contents.certificates.size()))) &&
            dict_set_text(out.get(), "crl", Value::small_int(contents.crls)) &&
            dict_set_text(out.get(), "x509_ca", Value::small_int(authorities));
  return ok ? Ref<>(std::move(out)) : Ref<>();
}
Ref<> get_ca_certs(const Value* a) {
  bool binary = false;
  if (!to_flag(a[1], &binary)) return Ref<>();
  StoreContents contents(handle_of(a[0]));
  Ref<List> out = list_new();
  for (X509* certificate : contents.certificates) {
    if (!X509_check_ca(certificate)) continue;
    Ref<> item = binary ? certificate_der(certificate) : decode_certificate(certificate);
    if (!out || !item || !list_append(out.get(), std::move(item))) return Ref<>();
  }
  return out;
}
Ref<> test_decode_cert(const Value* a) {
  Ref<Bytes> path = fs_encode(a[0]);
  if (!path) return Ref<>();
  BIO* bio = BIO_new(BIO_s_file());
  if (!bio || BIO_read_filename(bio, c_str(path)) <= 0) {
    BIO_free(bio);
    return raise_plain("Can't open file");
  }
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  if (!certificate) return raise_plain("Error decoding PEM-encoded file");
  Ref<> out = decode_certificate(certificate);
  X509_free(certificate);
  return out;
}

}  // namespace pt::ssl
