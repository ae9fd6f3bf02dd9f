// Contexts: the settings that connections start with.
#include <cerrno>
#include <climits>
#include <cstring>
#include <new>

#include "vm/modules/dynamic/ssl/ssl_module.h"
#include "vm/modules/socket/socket.h"

namespace pt::ssl {
namespace {

enum Protocol { kSSLv3 = 1, kTLS = 2, kTLSv1 = 3, kTLSv1_1 = 4, kTLSv1_2 = 5, kTLSClient = 16, kTLSServer = 17 };
constexpr int kMinimumSupported = -2, kMaximumSupported = -1;

// The method of a protocol, warning of what is deprecated. nullptr with an exception pending.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
const SSL_METHOD* method_of(int protocol) {
  const SSL_METHOD* method;
  const char* deprecated = nullptr;
  switch (protocol) {
    case kTLS: method = TLS_method(), deprecated = "PROTOCOL_TLS"; break;
    case kTLSClient: return TLS_client_method();
    case kTLSServer: return TLS_server_method();
    case kTLSv1: method = TLSv1_method(), deprecated = "PROTOCOL_TLSv1"; break;
    case kTLSv1_1: method = TLSv1_1_method(), deprecated = "PROTOCOL_TLSv1_1"; break;
    case kTLSv1_2: method = TLSv1_2_method(), deprecated = "PROTOCOL_TLSv1_2"; break;
    default: return raise(exc::ValueError, "invalid or unsupported protocol version %d", protocol);
  }
  return warn(exc::DeprecationWarning, 2, "ssl.%s is deprecated", deprecated) ? method : nullptr;
}
#pragma clang diagnostic pop

void set_defaults(SSL_CTX* handle, int protocol) {
  uint64_t options = SSL_OP_ALL & ~static_cast<uint64_t>(SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS);
  SSL_CTX_set_options(handle, options | SSL_OP_NO_SSLv3 | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                  SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
  SSL_CTX_set_mode(handle, SSL_MODE_RELEASE_BUFFERS);
  static const unsigned char session_context[] = "Python";
  SSL_CTX_set_session_id_context(handle, session_context, 6);
  X509_VERIFY_PARAM* param = SSL_CTX_get0_param(handle);
  X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_TRUSTED_FIRST);
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  SSL_CTX_set_verify(handle, protocol == kTLSClient ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_NONE,
                     nullptr);
  // Installed for good, so that a handshake never sees them change; they look at the context's fields.
  SSL_CTX_set_tlsext_servername_callback(handle, servername_callback);
  SSL_CTX_set_alpn_select_cb(handle, alpn_callback, nullptr);
  SSL_CTX_set_keylog_callback(handle, keylog_callback);
}
Ref<> construct(Type* type, const Args& args) {
  if (args.keyword_count()) return raise(exc::TypeError, "_SSLContext() takes no keyword arguments");
  if (args.count != 1) return raise(exc::TypeError, "_SSLContext expected 1 argument, got %d", static_cast<int>(args.count));
  int protocol;
  if (!to_cint(args.values[0], &protocol)) return Ref<>();
  const SSL_METHOD* method = method_of(protocol);
  Ref<Context> self = method ? allocate<Context>(type) : Ref<Context>();
  if (!self) return Ref<>();
  new (&self->lock) OwnedLock;
  new (&self->keylog_lock) RawMutex;
  {
    Detached detached;
    ERR_clear_error();
    self->handle = SSL_CTX_new(method);
    if (self->handle) set_defaults(self->handle, protocol);
  }
  if (!self->handle) return raise_last();
  self->protocol = protocol;
  self->check_hostname.store(protocol == kTLSClient, std::memory_order_relaxed);
  self->host_flags.store(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, std::memory_order_relaxed);
  return self;
}

constexpr auto kFields = {&Context::ciphers, &Context::alpn, &Context::sni_callback, &Context::msg_callback,
                          &Context::keylog_name};
void traverse(Object* o, FieldVisitor& visitor) {
  for (auto field : kFields) visitor(static_cast<Context*>(o)->*field);
}
void destroy(Object* o) {
  auto* self = static_cast<Context*>(o);
  if (self->handle) {
    close_keylog(self);
    SSL_CTX_free(self->handle);
  }
  self->handle = nullptr;
  for (auto field : kFields) (self->*field).exchange_locked(Ref<>()).reset();
}

SSL_CTX* handle_of(Value v) { return as_context(v)->handle; }
bool refuse_delete(Value value) { return !value.empty() || raise(exc::TypeError, "cannot delete attribute"); }

// ---- connections
// ----------------------------------------------------------------------------------------------------------------

// hostname: None, or a str that is ASCII and has no null characters.
bool check_hostname_argument(Value v) {
  if (!given(v)) return true;
  if (!is_str(v)) return raise(exc::TypeError, "argument must be str, not %T", v);
  if (!as_str(v)->ascii) {
    Ref<> encoded = call_method(v, "encode", {Value::object(intern("ascii"))});
    if (!encoded) return false;
  }
  if (as_str(v)->ascii && as_str(v)->ascii_view().find('\0') != std::string_view::npos)
    return raise(exc::TypeError, "argument must be encoded string without null bytes, not str");
  return true;
}
Ref<> wrap_socket(const Value* a) {
  if (!is_instance_of(a[1], &sockets::socket_type))
    return raise(exc::TypeError, "_wrap_socket() argument 'sock' must be _socket.socket, not %T", a[1]);
  int server_side;
  if (!to_cint(a[2], &server_side) || !check_hostname_argument(a[3])) return Ref<>();
  return connection_new(as_context(a[0]), a[1], nullptr, nullptr, server_side != 0, a[3], a[4], a[5]);
}
Ref<> wrap_bio(const Value* a) {
  if (!is_instance_of(a[1], &memory_bio_type))
    return raise(exc::TypeError, "_wrap_bio() argument 'incoming' must be _ssl.MemoryBIO, not %T", a[1]);
  if (!is_instance_of(a[2], &memory_bio_type))
    return raise(exc::TypeError, "_wrap_bio() argument 'outgoing' must be _ssl.MemoryBIO, not %T", a[2]);
  int server_side;
  if (!to_cint(a[3], &server_side) || !check_hostname_argument(a[4])) return Ref<>();
  return connection_new(as_context(a[0]), Value(), self_as<MemoryBio>(a[1]), self_as<MemoryBio>(a[2]), server_side != 0, a[4],
                        a[5], a[6]);
}

// ---- ciphers and protocols
// --------------------------------------------------------------------------------------------------------

Ref<> set_ciphers(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "set_ciphers() argument must be str, not %T", a[1]);
  Utf8 text(as_str(a[1]));
  if (!text.ok()) return Ref<>();
  if (text.view().find('\0') != std::string_view::npos) return raise(exc::ValueError, "embedded null character");
  Context* self = as_context(a[0]);
  OwnedGuard guard(self->lock);
  if (!guard) return Ref<>();
  // Tried on a connection that nobody else has.
  ERR_clear_error();
  SSL* probe = SSL_new(self->handle);
  if (!probe) return raise_last();
  bool ok = SSL_set_cipher_list(probe, text.c_str());
  int level = SSL_get_security_level(probe);
  SSL_free(probe);
  if (!ok) return raise_plain("No cipher can be selected.");
  Ref<Bytes> kept = bytes_from(text.view());
  if (!kept) return Ref<>();
  SSL_CTX_set_security_level(self->handle, level);
  self->ciphers.store(self, std::move(kept));
  return none_ref();
}
bool add_text(Dict* dict, const char* key, const char* value) {
  Ref<> text = value ? Ref<>(str_from_utf8(value)) : none_ref();
  return text && dict_set_text(dict, key, text.value());
}
const char* long_name(int nid) { return nid == NID_undef ? nullptr : OBJ_nid2ln(nid); }
Ref<> cipher_dict(const SSL_CIPHER* cipher) {
  char description[512];
  if (!SSL_CIPHER_description(cipher, description, sizeof description)) description[0] = 0;
  if (char* end = std::strrchr(description, '\n')) *end = 0;
  int algorithm_bits, bits = SSL_CIPHER_get_bits(cipher, &algorithm_bits);
  Ref<Dict> out = dict_new();
  bool ok = out && dict_set_text(out.get(), "id", Value::small_int(SSL_CIPHER_get_id(cipher))) &&
            add_text(out.get(), "name", SSL_CIPHER_get_name(cipher)) &&
            add_text(out.get(), "protocol", SSL_CIPHER_get_version(cipher)) && add_text(out.get(), "description", description) &&
            dict_set_text(out.get(), "strength_bits", Value::small_int(bits)) &&
            dict_set_text(out.get(), "alg_bits", Value::small_int(algorithm_bits)) &&
            dict_set_text(out.get(), "aead", bool_ref(SSL_CIPHER_is_aead(cipher)).value()) &&
            add_text(out.get(), "symmetric", long_name(SSL_CIPHER_get_cipher_nid(cipher))) &&
            add_text(out.get(), "digest", long_name(SSL_CIPHER_get_digest_nid(cipher))) &&
            add_text(out.get(), "kea", long_name(SSL_CIPHER_get_kx_nid(cipher))) &&
            add_text(out.get(), "auth", long_name(SSL_CIPHER_get_auth_nid(cipher)));
  return ok ? Ref<>(std::move(out)) : Ref<>();
}
Ref<> get_ciphers(const Value* a) {
  Context* self = as_context(a[0]);
  SSL* probe;
  {
    OwnedGuard guard(self->lock);
    if (!guard) return Ref<>();
    ERR_clear_error();
    probe = SSL_new(self->handle);
    if (!probe || !apply_ciphers(probe, self)) {
      SSL_free(probe);
      return raise_last();
    }
  }
  STACK_OF(SSL_CIPHER)* ciphers = SSL_get_ciphers(probe);
  Ref<List> out = list_new();
  bool ok = static_cast<bool>(out);
  for (int i = 0; ok && i < sk_SSL_CIPHER_num(ciphers); ++i) {
    Ref<> item = cipher_dict(sk_SSL_CIPHER_value(ciphers, i));
    ok = item && list_append(out.get(), std::move(item));
  }
  SSL_free(probe);
  return ok ? Ref<>(std::move(out)) : Ref<>();
}
Ref<> set_alpn_protocols(const Value* a) {
  Context* self = as_context(a[0]);
  BufferView view(a[1]);
  if (!view.ok()) return Ref<>();
  if (view.size() > INT_MAX) return raise(exc::OverflowError, "protocols longer than %d bytes", INT_MAX);
  Ref<Bytes> kept = bytes_from(view.view());
  OwnedGuard guard(self->lock);
  if (!guard || !kept) return Ref<>();
  if (SSL_CTX_set_alpn_protos(self->handle, kept->data, static_cast<unsigned>(kept->length))) {
    ERR_clear_error();
    return raise_no_memory();
  }
  self->alpn.store(self, std::move(kept));
  return none_ref();
}
Ref<> set_ecdh_curve(const Value* a) {
  Ref<Bytes> name = fs_encode(a[1]);
  if (!name) return Ref<>();
  int nid = OBJ_sn2nid(reinterpret_cast<const char*>(name->data));
  if (nid == NID_undef) return raise(exc::ValueError, "unknown elliptic curve name %R", a[1]);
  OwnedGuard guard(as_context(a[0])->lock);
  if (!guard) return Ref<>();
  ERR_clear_error();
  return SSL_CTX_set1_groups(handle_of(a[0]), &nid, 1) ? none_ref() : Ref<>(raise_last());
}
Ref<> session_stats(const Value* a) {
  SSL_CTX* handle = handle_of(a[0]);
  Ref<Dict> out = dict_new();
  struct Count {
    const char* name;
    long value;
  };
#define S(name) {#name, SSL_CTX_sess_##name(handle)}
  const Count counts[] = {S(number), S(connect),     S(connect_good),       S(connect_renegotiate),
                          S(accept), S(accept_good), S(accept_renegotiate), S(hits),
                          S(misses), S(timeouts),    S(cache_full)};
#undef S
  for (const Count& count : counts) {
    if (!out || !dict_set_text(out.get(), count.name, Value::small_int(count.value))) return Ref<>();
  }
  return Ref<>(std::move(out));
}

// ---- attributes

// A setter: converts with `convert`, then calls `apply` with the lock.
template <class T, class F>
bool set_locked(Value v, Value value, bool (*convert)(Value, T*), F apply) {
  T converted = T();
  if (!refuse_delete(value) || !convert(value, &converted)) return false;
  OwnedGuard guard(as_context(v)->lock);
  return guard && apply(as_context(v), converted);
}
bool python_mode(SSL_CTX* handle, int* mode) {
  constexpr int kMask = SSL_VERIFY_NONE | SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  switch (SSL_CTX_get_verify_mode(handle) & kMask) {
    case SSL_VERIFY_NONE: *mode = 0; return true;
    case SSL_VERIFY_PEER: *mode = 1; return true;
    case SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT: *mode = 2; return true;
    default: return raise_plain("invalid return value from SSL_CTX_get_verify_mode");
  }
}
bool apply_mode(SSL_CTX* handle, int mode) {
  constexpr int kModes[] = {SSL_VERIFY_NONE, SSL_VERIFY_PEER, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT};
  if (mode < 0 || mode > 2) return raise(exc::ValueError, "invalid value for verify_mode");
  SSL_CTX_set_verify(handle, kModes[mode], nullptr);
  return true;
}
Ref<> get_verify_mode(Value v) {
  int mode;
  OwnedGuard guard(as_context(v)->lock);
  return guard && python_mode(handle_of(v), &mode) ? int_from_int64(mode) : Ref<>();
}
bool set_verify_mode(Value v, Value value) {
  return set_locked<int>(v, value, to_cint, [](Context* self, int mode) -> bool {
    if (mode == 0 && self->check_hostname.load(std::memory_order_relaxed))
      return raise(exc::ValueError, "Cannot set verify_mode to CERT_NONE when check_hostname is enabled.");
    return apply_mode(self->handle, mode);
  });
}
Ref<> get_check_hostname(Value v) { return bool_ref(as_context(v)->check_hostname.load(std::memory_order_relaxed)); }
bool set_check_hostname(Value v, Value value) {
  return set_locked<bool>(v, value, to_flag, [](Context* self, bool on) {
    int mode;
    if (on && (!python_mode(self->handle, &mode) || (mode == 0 && !apply_mode(self->handle, 2)))) return false;
    self->check_hostname.store(on, std::memory_order_relaxed);
    return true;
  });
}
// The low bits of an int, whatever its size.
bool to_mask(Value v, uint64_t* out) {
  if (!is_int(v)) return raise(exc::TypeError, "argument must be int, not %T", v);
  IntView view(v);
  uint64_t low = view.limb_count() ? view.limbs()[0] : 0;
  *out = view.negative() ? 0 - low : low;
  return true;
}
bool to_mask_index(Value v, uint64_t* out) {
  Ref<> number = index(v);
  return number && to_mask(number.value(), out);
}
Ref<> get_host_flags(Value v) { return int_from_int64(as_context(v)->host_flags.load(std::memory_order_relaxed)); }
bool set_host_flags(Value v, Value value) {
  return set_locked<uint64_t>(v, value, to_mask_index, [](Context* self, uint64_t flags) {
    self->host_flags.store(static_cast<unsigned>(flags), std::memory_order_relaxed);
    X509_VERIFY_PARAM_set_hostflags(SSL_CTX_get0_param(self->handle), static_cast<unsigned>(flags));
    return true;
  });
}
Ref<> get_verify_flags(Value v) {
  OwnedGuard guard(as_context(v)->lock);
  return guard ? int_from_uint64(X509_VERIFY_PARAM_get_flags(SSL_CTX_get0_param(handle_of(v)))) : Ref<>();
}
bool set_verify_flags(Value v, Value value) {
  return set_locked<uint64_t>(v, value, to_mask, [](Context* self, uint64_t flags) -> bool {
    X509_VERIFY_PARAM* param = SSL_CTX_get0_param(self->handle);
    uint64_t old = X509_VERIFY_PARAM_get_flags(param), clear = old & ~flags, set = ~old & flags;
    if (clear && !X509_VERIFY_PARAM_clear_flags(param, clear)) return raise_last();
    if (set && !X509_VERIFY_PARAM_set_flags(param, set)) return raise_last();
    return true;
  });
}
Ref<> get_options(Value v) {
  OwnedGuard guard(as_context(v)->lock);
  return guard ? int_from_int64(static_cast<int64_t>(SSL_CTX_get_options(handle_of(v)))) : Ref<>();
}
bool set_options(Value v, Value value) {
  constexpr uint64_t kVersions = SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_TLSv1_2 | SSL_OP_NO_TLSv1_3;
  return set_locked<int64_t>(v, value, to_clong, [](Context* self, int64_t wanted) {
    uint64_t old = SSL_CTX_get_options(self->handle), options = static_cast<uint64_t>(wanted);
    uint64_t clear = old & ~options, set = ~old & options;
    if ((set & kVersions) && !warn(exc::DeprecationWarning, 2, "ssl.OP_NO_SSL*/ssl.OP_NO_TLS* options are deprecated")) {
      return false;
    }
    SSL_CTX_clear_options(self->handle, clear);
    SSL_CTX_set_options(self->handle, set);
    return true;
  });
}

bool to_version(Value v, int* out) {
  int64_t wide;
  Ref<> number = index(v);
  if (!number) return false;
  if (!int_to_int64(number.value(), &wide) || wide < INT_MIN || wide > INT_MAX)
    return raise(exc::OverflowError, "Option is too long");
  *out = static_cast<int>(wide);
  return true;
}
bool raise_version(int version) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%x", static_cast<unsigned>(version));
  return raise(exc::ValueError, "Unsupported TLS/SSL version %s", text);
}
bool check_version(Context* self, int version) {
  if (self->protocol != kTLS && self->protocol != kTLSClient && self->protocol != kTLSServer)
    return raise(exc::ValueError, "The context's protocol doesn't support modification of highest and lowest version.");
  switch (version) {
    case kMinimumSupported:
    case kMaximumSupported:
    case TLS1_2_VERSION:
    case TLS1_3_VERSION: return true;
    case SSL3_VERSION: return warn(exc::DeprecationWarning, 2, "ssl.TLSVersion.SSLv3 is deprecated");
    case TLS1_VERSION: return warn(exc::DeprecationWarning, 2, "ssl.TLSVersion.TLSv1 is deprecated");
    case TLS1_1_VERSION: return warn(exc::DeprecationWarning, 2, "ssl.TLSVersion.TLSv1_1 is deprecated");
    default: return raise_version(version);
  }
}
template <bool kMinimum>
bool set_version(Value v, Value value) {
  return set_locked<int>(v, value, to_version, [](Context* self, int version) {
    if (!check_version(self, version)) return false;
    if (kMinimum) {
      int bound = version == kMinimumSupported ? 0 : version == kMaximumSupported ? TLS1_3_VERSION : version;
      return SSL_CTX_set_min_proto_version(self->handle, bound) || raise_version(version);
    }
    int bound = version == kMaximumSupported ? 0 : version == kMinimumSupported ? TLS1_VERSION : version;
    return SSL_CTX_set_max_proto_version(self->handle, bound) || raise_version(version);
  });
}
template <bool kMinimum>
Ref<> get_version(Value v) {
  OwnedGuard guard(as_context(v)->lock);
  if (!guard) return Ref<>();
  SSL_CTX* handle = handle_of(v);
  auto version = kMinimum ? SSL_CTX_get_min_proto_version(handle) : SSL_CTX_get_max_proto_version(handle);
  return int_from_int64(version ? version : kMinimum ? kMinimumSupported : kMaximumSupported);
}

Ref<> field_or_none(Value v, Field Context::* field) {
  Ref<> value = (as_context(v)->*field).load(v.as_object());
  return value ? std::move(value) : none_ref();
}
bool set_callback(Value v, Value value, Field Context::* field) {
  if (given(value) && !is_callable(value)) return raise(exc::TypeError, "not a callable object");
  (as_context(v)->*field).store(v.as_object(), given(value) ? Ref<>::retain(value) : Ref<>());
  return true;
}
Ref<> get_msg_callback(Value v) { return field_or_none(v, &Context::msg_callback); }
bool set_msg_callback(Value v, Value value) { return set_callback(v, value, &Context::msg_callback); }
Ref<> get_sni_callback(Value v) { return field_or_none(v, &Context::sni_callback); }
bool set_sni_callback(Value v, Value value) {
  if (as_context(v)->protocol == kTLSClient) return raise(exc::ValueError, "sni_callback cannot be set on TLS_CLIENT context");
  return set_callback(v, value, &Context::sni_callback);
}
Ref<> get_keylog(Value v) { return field_or_none(v, &Context::keylog_name); }

Ref<> get_num_tickets(Value v) {
  OwnedGuard guard(as_context(v)->lock);
  return guard ? int_from_uint64(SSL_CTX_get_num_tickets(handle_of(v))) : Ref<>();
}
bool set_num_tickets(Value v, Value value) {
  return set_locked<int64_t>(v, value, to_clong, [](Context* self, int64_t count) -> bool {
    if (count < 0) return raise(exc::ValueError, "value must be non-negative");
    if (self->protocol != kTLSServer) return raise(exc::ValueError, "SSLContext is not a server context.");
    return SSL_CTX_set_num_tickets(self->handle, static_cast<size_t>(count)) ||
           raise(exc::ValueError, "failed to set num tickets.");
  });
}
Ref<> get_post_handshake_auth(Value v) { return bool_ref(as_context(v)->post_handshake_auth.load(std::memory_order_relaxed)); }
bool set_post_handshake_auth(Value v, Value value) {
  if (value.empty()) return raise(exc::AttributeError, "cannot delete attribute");
  bool on = false;
  if (!to_flag(value, &on)) return false;
  as_context(v)->post_handshake_auth.store(on, std::memory_order_relaxed);
  return true;
}
Ref<> get_protocol(Value v) { return int_from_int64(as_context(v)->protocol); }
Ref<> get_security_level(Value v) {
  OwnedGuard guard(as_context(v)->lock);
  return guard ? int_from_int64(SSL_CTX_get_security_level(handle_of(v))) : Ref<>();
}

const NativeDef kMethods[] = {
    {"_wrap_socket", "($self, /, sock, server_side, server_hostname=None, *, owner=None, session=None)", wrap_socket},
    {"_wrap_bio", "($self, /, incoming, outgoing, server_side, server_hostname=None, *, owner=None, session=None)", wrap_bio},
    {"set_ciphers", "($self, cipherlist, /)", set_ciphers},
    {"_set_alpn_protocols", "($self, protos, /)", set_alpn_protocols},
    {"load_cert_chain", "($self, /, certfile, keyfile=None, password=None)", load_cert_chain},
    {"load_dh_params", "($self, path, /)", load_dh_params},
    {"load_verify_locations", "($self, /, cafile=None, capath=None, cadata=None)", load_verify_locations},
    {"session_stats", "($self, /)", session_stats},
    {"set_default_verify_paths", "($self, /)", set_default_verify_paths},
    {"set_ecdh_curve", "($self, name, /)", set_ecdh_curve},
    {"cert_store_stats", "($self, /)", cert_store_stats, "Returns quantities of loaded X.509 certificates."},
    {"get_ca_certs", "($self, /, binary_form=False)", get_ca_certs,
     "Returns a list of dicts with information of loaded CA certs."},
    {"get_ciphers", "($self, /)", get_ciphers},
    {}};
const GetSetDef kGetSets[] = {{"check_hostname", get_check_hostname, set_check_hostname},
                              {"_host_flags", get_host_flags, set_host_flags},
                              {"minimum_version", get_version<true>, set_version<true>},
                              {"maximum_version", get_version<false>, set_version<false>},
                              {"keylog_filename", get_keylog, set_keylog},
                              {"_msg_callback", get_msg_callback, set_msg_callback},
                              {"sni_callback", get_sni_callback, set_sni_callback,
                               "Set a callback that will be called when a server name is provided by the SSL/TLS client in the "
                               "SNI extension."},
                              {"num_tickets", get_num_tickets, set_num_tickets, "Control the number of TLSv1.3 session tickets"},
                              {"options", get_options, set_options},
                              {"post_handshake_auth", get_post_handshake_auth, set_post_handshake_auth},
                              {"protocol", get_protocol},
                              {"verify_flags", get_verify_flags, set_verify_flags},
                              {"verify_mode", get_verify_mode, set_verify_mode},
                              {"security_level", get_security_level, nullptr, "The current security level"},
                              {}};

}  // namespace

Ref<> cipher_tuple(const SSL_CIPHER* cipher) {
  const char *name = SSL_CIPHER_get_name(cipher), *protocol = SSL_CIPHER_get_version(cipher);
  Ref<> first = name ? Ref<>(str_from_utf8(name)) : none_ref(), second = protocol ? Ref<>(str_from_utf8(protocol)) : none_ref();
  if (!first || !second) return Ref<>();
  return tuple_of({first.value(), second.value(), Value::small_int(SSL_CIPHER_get_bits(cipher, nullptr))});
}
bool apply_ciphers(SSL* handle, Context* context) {
  Ref<> ciphers = context->ciphers.load(context);
  return !ciphers || SSL_set_cipher_list(handle, reinterpret_cast<char*>(as_bytes(ciphers.value())->data));
}

constinit Type context_type;
const TypeSpec context_spec = {.name = "_ssl._SSLContext",
                               .size = sizeof(Context),
                               .flags = kTypeBase,
                               .slots = {.construct = construct},
                               .traverse = traverse,
                               .destroy = destroy,
                               .methods = kMethods,
                               .getsets = kGetSets};

}  // namespace pt::ssl
