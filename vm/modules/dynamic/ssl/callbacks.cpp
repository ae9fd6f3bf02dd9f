// What OpenSSL calls during a handshake. Callbacks come detached, on the thread that holds the connection's lock.
#include <cerrno>
#include <cstring>

#include "vm/modules/dynamic/ssl/ssl_module.h"
#include "vm/modules/sys/sys.h"

namespace pt::ssl {
namespace {

Connection* connection_of(const SSL* handle) { return static_cast<Connection*>(SSL_get_app_data(handle)); }
// No application data: a connection that only tries a list of ciphers.
Ref<> context_of(const SSL* handle) {
  Connection* connection = connection_of(handle);
  return connection ? connection->context.load(connection) : Ref<>();
}

// SSL_TLSEXT_ERR_*, with the exception reported.
int call_sni_callback(Connection* self, SSL* handle, Value callback, Value context, int* alert) {
  Ref<> subject = callback_subject(self);
  if (!subject || is_none(subject.value())) {
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  Ref<> name = none_ref();
  if (const char* text = SSL_get_servername(handle, TLSEXT_NAMETYPE_host_name)) {
    Ref<Bytes> bytes = bytes_from(text);
    name = bytes ? call_method(bytes.value(), "decode", {Value::object(intern("ascii"))}) : Ref<>();
    if (!name) {
      write_unraisable("ignored in", bytes ? bytes.value() : none());
      *alert = SSL_AD_INTERNAL_ERROR;
      return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
  }
  Ref<> result = call_values(callback, {subject.value(), name.value(), context});
  if (!result) {
    write_unraisable("ignored in", callback);
    *alert = SSL_AD_HANDSHAKE_FAILURE;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  if (is_none(result.value())) return SSL_TLSEXT_ERR_OK;
  int64_t number;
  if (to_clong(result.value(), &number)) {
    *alert = static_cast<int>(number);
  } else {
    write_unraisable("ignored in", result.value());
    *alert = SSL_AD_INTERNAL_ERROR;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// The kind of message of a record, see _TLSMessageType and its neighbours in ssl.py.
int message_type(int content, const unsigned char* data, size_t size, int* version) {
  if (content == SSL3_RT_CHANGE_CIPHER_SPEC) return 0x101;
  if (content == SSL3_RT_ALERT) return size > 1 ? data[1] : -1;
  if (content == SSL3_RT_HEADER) {
    if (size < 3) return -1;
    *version = data[1] << 8 | data[2];
    return data[0];
  }
  if (content == SSL3_RT_HANDSHAKE || content == SSL3_RT_INNER_CONTENT_TYPE) return size ? data[0] : -1;
  return -1;
}

}  // namespace

int servername_callback(SSL* handle, int* alert, void*) {
  Connection* self = connection_of(handle);
  if (!self) return SSL_TLSEXT_ERR_NOACK;
  Attached attached;
  Ref<> context = context_of(handle);
  Ref<> callback = as_context(context.value())->sni_callback.load(context.value().as_object());
  return callback ? call_sni_callback(self, handle, callback.value(), context.value(), alert) : SSL_TLSEXT_ERR_NOACK;
}

int alpn_callback(SSL* handle, const unsigned char** out, unsigned char* out_length, const unsigned char* in, unsigned in_length,
                  void*) {
  Attached attached;
  Ref<> context = context_of(handle);
  Ref<> offered = context ? as_context(context.value())->alpn.load(context.value().as_object()) : Ref<>();
  if (!offered) return SSL_TLSEXT_ERR_NOACK;
  std::string_view ours = as_bytes(offered.value())->view(), theirs{reinterpret_cast<const char*>(in), in_length};
  // The first of ours that the client names; both are lists of texts with their length before them.
  auto length_at = [](std::string_view list, size_t i) { return size_t{1} + static_cast<unsigned char>(list[i]); };
  for (size_t i = 0; i < ours.size(); i += length_at(ours, i)) {
    for (size_t j = 0; j < theirs.size(); j += length_at(theirs, j)) {
      if (ours.substr(i, length_at(ours, i)) != theirs.substr(j, length_at(theirs, j))) continue;
      *out = in + j + 1;
      *out_length = in[j];
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_NOACK;
}

void msg_callback(int write, int version, int content, const void* data, size_t size, SSL* handle, void*) {
  Connection* self = connection_of(handle);
  if (!self) return;
  Attached attached;
  Ref<> context = context_of(handle);
  Ref<> callback = as_context(context.value())->msg_callback.load(context.value().as_object());
  Ref<> subject = callback ? callback_subject(self) : Ref<>();
  if (!subject || is_none(subject.value())) return;
  int type = message_type(content, static_cast<const unsigned char*>(data), size, &version);
  Ref<Str> direction = str_from_ascii(write ? "write" : "read");
  Ref<Bytes> bytes = bytes_from({static_cast<const char*>(data), size});
  Ref<> result;
  if (direction && bytes)
    result = call_values(callback.value(), {subject.value(), direction.value(), Value::small_int(version),
                                            Value::small_int(content), Value::small_int(type), bytes.value()});
  if (!result) self->callback_error.store(self, take_error());
}

// ---- the file of secrets
// --------------------------------------------------------------------------------------------------------

void keylog_callback(const SSL* handle, const char* line) {
  Connection* self = connection_of(handle);
  if (!self) return;
  Attached attached;
  Ref<> held = context_of(handle);
  Context* context = as_context(held.value());
  int error = 0;
  {
    RawGuard guard(context->keylog_lock);
    if (!context->keylog) return;
    errno = 0;
    if (std::fprintf(context->keylog, "%s\n", line) < 0 || std::fflush(context->keylog) != 0) error = errno;
  }
  if (!error) return;
  errno = error;
  raise_os_error();
  self->callback_error.store(self, take_error());
}
void close_keylog(Context* context) {
  FILE* old;
  {
    RawGuard guard(context->keylog_lock);
    old = context->keylog;
    context->keylog = nullptr;
  }
  if (old) std::fclose(old);
}
bool set_keylog(Value v, Value value) {
  Context* self = as_context(v);
  if (value.empty()) return raise(exc::TypeError, "cannot delete attribute");
  close_keylog(self);
  self->keylog_name.store(self, Ref<>());
  if (is_none(value)) return true;
  Ref<Bytes> path = fs_encode(value);
  if (!path) return false;
  FILE* file;
  {
    Detached detached;
    file = std::fopen(reinterpret_cast<char*>(path->data), "ae");
    if (file && std::ftell(file) == 0) std::fputs("# TLS secrets log file, generated by OpenSSL / Python\n", file);
    if (file) std::fflush(file);
  }
  if (!file) return raise_os_error(value);
  {
    RawGuard guard(self->keylog_lock);
    std::swap(self->keylog, file);
  }
  if (file) std::fclose(file);
  self->keylog_name.store(self, Ref<>::retain(value));
  return true;
}

}  // namespace pt::ssl
