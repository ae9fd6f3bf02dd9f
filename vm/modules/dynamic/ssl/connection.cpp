// Connections: the handshake, reading, writing, closing.
#include <cerrno>
#include <climits>
#include <new>
#include <poll.h>

#include "vm/modules/dynamic/ssl/ssl_module.h"
#include "vm/modules/socket/socket.h"
#include "vm/modules/support/time_conversion.h"
#include "vm/modules/support/writable_view.h"
#include "vm/types/weakref.h"

namespace pt::ssl {
namespace {

// ---- one step of the library
// ----------------------------------------------------------------------------------------------------

struct Outcome {
  int result;           // what the library's function gave; 0 and no more of a read or write that failed
  int error;            // SSL_ERROR_*
  int system_error;     // errno
  unsigned long code;   // of OpenSSL's queue
};
// The connection's lock is held. The step never waits for the network.
template <class F>
Outcome run_step(Connection* self, F& step) {
  Detached detached;
  Outcome out;
  ERR_clear_error();
  errno = 0;
  out.result = step(self->handle);
  out.system_error = errno;
  out.error = out.result > 0 ? SSL_ERROR_NONE : SSL_get_error(self->handle, out.result);
  out.code = ERR_peek_last_error();
  return out;
}
bool is_library_reason(unsigned long code, int reason) {
  return ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == reason;
}
Raised raise_eof(int line) { return raise_ssl(kEOFError, 8, "EOF occurred in violation of protocol", 0, nullptr, line); }
void raise_failure(Connection* self, const Outcome& o, int line) {
  ErrorClass failed = is_library_reason(o.code, SSL_R_CERTIFICATE_VERIFY_FAILED) ? kCertVerificationError : kSSLError;
  switch (o.error) {
    case SSL_ERROR_ZERO_RETURN:
      raise_ssl(kZeroReturnError, o.error, "TLS/SSL connection has been closed (EOF)", o.code, self, line);
      return;
    case SSL_ERROR_WANT_READ:
      raise_ssl(kWantReadError, o.error, "The operation did not complete (read)", o.code, self, line);
      return;
    case SSL_ERROR_WANT_WRITE:
      raise_ssl(kWantWriteError, o.error, "The operation did not complete (write)", o.code, self, line);
      return;
    case SSL_ERROR_WANT_X509_LOOKUP:
      raise_ssl(kSSLError, o.error, "The operation did not complete (X509 lookup)", o.code, self, line);
      return;
    case SSL_ERROR_SYSCALL:
      if (o.code) {
        raise_ssl(failed == kSSLError ? kSyscallError : failed, o.error, nullptr, o.code, self, line);
      } else if (o.result < 0 && o.system_error && !self->socket.peek().empty()) {
        ERR_clear_error();
        errno = o.system_error;
        raise_os_error();
      } else {
        raise_eof(line);
      }
      return;
    case SSL_ERROR_SSL:
      if (is_library_reason(o.code, SSL_R_UNEXPECTED_EOF_WHILE_READING)) {
        raise_ssl(kEOFError, 8, "EOF occurred in violation of protocol", o.code, self, line);
      } else {
        raise_ssl(failed, o.error, o.code ? nullptr : "A failure in the SSL library occurred", o.code, self, line);
      }
      return;
    default: raise_ssl(kSSLError, 10, "Invalid error code", o.code, self, line);
  }
}
// What a callback raised: alone it is the operation's error, else the context of it. False when an exception is pending.
bool settle_callback_error(Connection* self) {
  Ref<> stored = self->callback_error.load(self);
  if (!stored) return !error_pending();
  self->callback_error.store(self, Ref<>());
  if (!error_pending()) {
    restore_error(std::move(stored));
    return false;
  }
  Ref<> error = take_error();
  set_exception_context(error.value(), stored.value());
  restore_error(std::move(error));
  return false;
}

// ---- waiting
// --------------------------------------------------------------------------------------------------------------------

// The socket below, for one operation: none for memory BIOs.
class Transport {
 public:
  // False with an exception pending.
  bool open(Connection* self) {
    Ref<> reference = self->socket.load(self);
    if (!reference) return true;
    object_ = weakref_get(as_weakref(reference.value()));
    if (!object_ || is_none(object_.value())) return raise_ssl(kSSLError, 0, "Underlying socket connection gone", 0);
    socket_ = as_socket(object_.value());
    timeout_ = socket_->timeout_ns.load(std::memory_order_relaxed);
    if (timeout_ > 0) deadline_ = deadline_after(timeout_);
    return true;
  }
  Value object() const { return socket_ ? object_.value() : none(); }
  Socket* socket() const { return socket_; }
  int descriptor() const { return socket_ ? socket_->fd.load(std::memory_order_relaxed) : -1; }
  bool blocks() const { return socket_ && timeout_ != 0; }
  int64_t remaining() const { return timeout_ < 0 ? -1 : deadline_ - monotonic_ns(); }

  // Until the socket is ready. False with an exception pending.
  bool wait(bool writing, const char* timed_out) {
    for (;;) {
      pollfd item = {descriptor(), static_cast<short>(writing ? POLLOUT : POLLIN), 0};
      if (item.fd < 0) return raise_ssl(kSSLError, 0, "Underlying socket has been closed.", 0);
      int ready = 0, error = 0;
      int64_t left = remaining();
      if (timeout_ < 0 || left > 0) {
        int64_t ms = timeout_ < 0 ? -1 : divide_ns(left, 1'000'000, Rounding::kCeiling);
        DetachedToWait detached;
        ready = poll(&item, 1, ms > INT_MAX ? INT_MAX : static_cast<int>(ms));
        error = errno;
      }
      if (ready > 0) return true;
      if (ready < 0 && error != EINTR) {
        errno = error;
        return raise_os_error();
      }
      if (!run_signal_handlers()) return false;
      if (ready == 0 && timeout_ >= 0 && remaining() <= 0) return raise(exc::TimeoutError, "%s", timed_out);
    }
  }

 private:
  Ref<> object_;
  Socket* socket_ = nullptr;
  int64_t timeout_ = 0, deadline_ = 0;
};

// The library's state machine is not to be entered again from what it calls. False with an exception pending.
bool check_not_in_callback(Connection* self) {
  if (!self->lock.held_by_caller()) return true;
  return raise(exc::RuntimeError, "reentrant call inside a callback of %R", Value::object(self));
}

// Runs `step` until it does something other than "would block", as the socket's timeout says. False with an exception
// pending that is none of the library's; else *out tells what happened.
template <class F>
bool perform(Connection* self, Transport& transport, const char* timed_out, F step, Outcome* out) {
  if (!check_not_in_callback(self)) return false;
  for (;;) {
    {
      OwnedGuard guard(self->lock);
      if (!guard) return false;
      if (transport.socket()) self->channel.fd = transport.descriptor();
      *out = run_step(self, step);
    }
    if (!run_signal_handlers()) return false;
    bool reading = out->error == SSL_ERROR_WANT_READ;
    if ((!reading && out->error != SSL_ERROR_WANT_WRITE) || !transport.blocks()) return true;
    if (!transport.wait(!reading, timed_out)) return false;
  }
}
// Ends an operation: false with its exception pending.
bool finish(Connection* self, const Outcome& out, int line = __builtin_LINE()) {
  if (out.result > 0 && self->callback_error.peek().empty()) return true;
  OwnedGuard guard(self->lock);
  if (!guard) return false;
  if (out.result <= 0) raise_failure(self, out, line);
  return settle_callback_error(self);
}

// ---- the operations
// -------------------------------------------------------------------------------------------------------------

Ref<> do_handshake(const Value* a) {
  Connection* self = as_connection(a[0]);
  Transport transport;
  Outcome out;
  if (!transport.open(self) ||
      !perform(self, transport, "The handshake operation timed out", [](SSL* ssl) { return SSL_do_handshake(ssl); }, &out)) {
    return Ref<>();
  }
  return finish(self, out) ? none_ref() : Ref<>();
}

class WriteTurn {
 public:
  // False with an exception pending.
  bool take(Connection* self, const Transport& transport) {
    bool timed_out = false;
    if (!acquire_with_signals(self->write_lock, transport.blocks() ? transport.remaining() : -1, &timed_out)) {
      return timed_out ? raise(exc::TimeoutError, "The write operation timed out") : false;
    }
    lock_ = &self->write_lock;
    return true;
  }
  WriteTurn() = default;
  ~WriteTurn() {
    if (lock_) lock_->release();
  }
  WriteTurn(const WriteTurn&) = delete;
  WriteTurn& operator=(const WriteTurn&) = delete;

 private:
  ThreadLock* lock_ = nullptr;
};
Ref<> write(const Value* a) {
  Connection* self = as_connection(a[0]);
  BufferView view(a[1]);
  Transport transport;
  if (!view.ok() || !transport.open(self)) return Ref<>();
  Outcome out;
  size_t written = 0;
  {
    WriteTurn turn;
    if (!check_not_in_callback(self) || !turn.take(self, transport)) return Ref<>();
    auto step = [&](SSL* ssl) { return SSL_write_ex(ssl, view.data(), static_cast<size_t>(view.size()), &written); };
    if (!perform(self, transport, "The write operation timed out", step, &out)) return Ref<>();
  }
  return finish(self, out) ? int_from_int64(static_cast<int64_t>(written)) : Ref<>();
}

// Up to `size` bytes; *got is 0 at the end of the stream. False with an exception pending.
bool read_some(Connection* self, uint8_t* data, int64_t size, size_t* got) {
  *got = 0;
  Transport transport;
  if (!transport.open(self)) return false;
  if (size == 0) return true;
  bool ended = false;
  Outcome out;
  auto step = [&](SSL* ssl) {
    int result = SSL_read_ex(ssl, data, static_cast<size_t>(size), got);
    ended = !result && SSL_get_error(ssl, result) == SSL_ERROR_ZERO_RETURN && SSL_get_shutdown(ssl) == SSL_RECEIVED_SHUTDOWN;
    return result;
  };
  if (!perform(self, transport, "The read operation timed out", step, &out)) return false;
  if (ended) {
    *got = 0;
    out.result = 1;
  }
  return finish(self, out);
}
Ref<> read(const Value* a) {
  Connection* self = as_connection(a[0]);
  Tuple* args = as_tuple(a[1]);
  if (args->length < 1 || args->length > 2) return raise(exc::TypeError, "_ssl._SSLSocket.read requires 1 to 2 arguments");
  int size;
  if (!to_cint(args->at(0), &size)) return Ref<>();
  size_t got;
  if (args->length == 2) {
    WritableView view(args->at(1), "read");
    if (!view.ok()) {
      return Ref<>();
    }
    if (size <= 0 || size > view.size()) {
      size = view.size() > INT_MAX ? INT_MAX : static_cast<int>(view.size());
      if (size == 0) return int_from_int64(0);
    }
    return read_some(self, view.data(), size, &got) ? int_from_int64(static_cast<int64_t>(got)) : Ref<>();
  }
  if (size < 0) return raise(exc::ValueError, "size should not be negative");
  Ref<Bytes> out = bytes_allocate(size);
  if (!out || !read_some(self, out->data, size, &got)) return Ref<>();
  if (got == static_cast<size_t>(size)) return out;
  return bytes_from({reinterpret_cast<char*>(out->data), got});
}
Ref<> pending(const Value* a) {
  OwnedGuard guard(as_connection(a[0])->lock);
  return guard ? int_from_int64(SSL_pending(as_connection(a[0])->handle)) : Ref<>();
}

Ref<> shutdown(const Value* a) {
  Connection* self = as_connection(a[0]);
  Transport transport;
  if (!check_not_in_callback(self) || !transport.open(self)) return Ref<>();
  if (transport.socket() && transport.descriptor() < 0) return raise_ssl(kSSLError, 0, "Underlying socket connection gone", 0);
  int zeros = 0;
  // The first "sent, not yet answered" asks for another round, which reads the answer.
  auto step = [&](SSL* ssl) {
    for (;;) {
      if (self->seen_zero) SSL_set_read_ahead(ssl, 0);
      int result = SSL_shutdown(ssl);
      if (result != 0 || ++zeros > 1) return result;
      self->seen_zero = true;
    }
  };
  Outcome out;
  for (;;) {
    {
      OwnedGuard guard(self->lock);
      if (!guard) return Ref<>();
      if (transport.socket()) self->channel.fd = transport.descriptor();
      out = run_step(self, step);
    }
    if (!run_signal_handlers()) return Ref<>();
    bool reading = out.error == SSL_ERROR_WANT_READ;
    if (out.result >= 0 || (!reading && out.error != SSL_ERROR_WANT_WRITE) || !transport.blocks()) break;
    if (!transport.wait(!reading, reading ? "The read operation timed out" : "The write operation timed out")) return Ref<>();
  }
  if (out.result == 0) out.result = 1;
  return finish(self, out) ? Ref<>::retain(transport.object()) : Ref<>();
}
Ref<> verify_client_post_handshake(const Value* a) {
  OwnedGuard guard(as_connection(a[0])->lock);
  if (!guard) return Ref<>();
  ERR_clear_error();
  return SSL_verify_client_post_handshake(as_connection(a[0])->handle) ? none_ref() : Ref<>(raise_last());
}

// ---- what it is
// -----------------------------------------------------------------------------------------------------------------

Ref<> get_cipher(const Value* a) {
  OwnedGuard guard(as_connection(a[0])->lock);
  const SSL_CIPHER* cipher = guard ? SSL_get_current_cipher(as_connection(a[0])->handle) : nullptr;
  return !guard ? Ref<>() : cipher ? cipher_tuple(cipher) : none_ref();
}
Ref<> shared_ciphers(const Value* a) {
  OwnedGuard guard(as_connection(a[0])->lock);
  if (!guard) return Ref<>();
  // Despite its name: what this side offers, as CPython 3.11 has it.
  STACK_OF(SSL_CIPHER)* ciphers = SSL_get_ciphers(as_connection(a[0])->handle);
  if (!ciphers) return none_ref();
  Ref<List> out = list_new();
  if (!out) return Ref<>();
  for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
    Ref<> item = cipher_tuple(sk_SSL_CIPHER_value(ciphers, i));
    if (!item || !list_append(out.get(), std::move(item))) return Ref<>();
  }
  return out;
}
Ref<> version(const Value* a) {
  OwnedGuard guard(as_connection(a[0])->lock);
  if (!guard) return Ref<>();
  SSL* ssl = as_connection(a[0])->handle;
  return SSL_is_init_finished(ssl) && SSL_version(ssl) ? Ref<>(str_from_utf8(SSL_get_version(ssl))) : none_ref();
}
Ref<> selected_alpn_protocol(const Value* a) {
  OwnedGuard guard(as_connection(a[0])->lock);
  if (!guard) return Ref<>();
  const unsigned char* data;
  unsigned size;
  SSL_get0_alpn_selected(as_connection(a[0])->handle, &data, &size);
  return data ? Ref<>(str_from_utf8({reinterpret_cast<const char*>(data), size})) : none_ref();
}
Ref<> compression(const Value* a) {
  OwnedGuard guard(as_connection(a[0])->lock);
  if (!guard) return Ref<>();
  const COMP_METHOD* method = SSL_get_current_compression(as_connection(a[0])->handle);
  int nid = method ? COMP_get_type(method) : NID_undef;
  return nid == NID_undef ? none_ref() : Ref<>(str_from_utf8(OBJ_nid2sn(nid)));
}
Ref<> get_channel_binding(const Value* a) {
  Value kind = a[1];
  if (!kind.empty()) {
    if (!is_str(kind)) return raise(exc::TypeError, "get_channel_binding() argument 'cb_type' must be str, not %T", kind);
    if (!as_str(kind)->equals_ascii("tls-unique"))
      return raise(exc::ValueError, "'%V' channel binding type not implemented", kind);
  }
  Connection* self = as_connection(a[0]);
  OwnedGuard guard(self->lock);
  if (!guard) return Ref<>();
  char data[64];
  bool ours = static_cast<bool>(SSL_session_reused(self->handle)) != !self->server_side;
  size_t size = ours ? SSL_get_finished(self->handle, data, sizeof data) : SSL_get_peer_finished(self->handle, data, sizeof data);
  return size ? Ref<>(bytes_from({data, size})) : none_ref();
}
Ref<> get_verified_chain(const Value* a) {
  OwnedGuard guard(as_connection(a[0])->lock);
  return guard ? certificate_list(SSL_get0_verified_chain(as_connection(a[0])->handle)) : Ref<>();
}
Ref<> get_unverified_chain(const Value* a) {
  Connection* self = as_connection(a[0]);
  OwnedGuard guard(self->lock);
  if (!guard) return Ref<>();
  STACK_OF(X509)* chain = SSL_get_peer_cert_chain(self->handle);
  Ref<> list = certificate_list(chain);
  if (!list || !chain || !SSL_is_server(self->handle)) return list;
  // A server's chain lacks the peer's own certificate.
  X509* peer = SSL_get1_peer_certificate(self->handle);
  if (!peer) return list;
  Ref<> first = certificate_new(peer);
  return first && list_insert(as_list(list.value()), 0, std::move(first)) ? std::move(list) : Ref<>();
}

Ref<> get_context(Value v) { return as_connection(v)->context.load(v.as_object()); }
bool set_context(Value v, Value value) {
  if (value.empty()) return raise(exc::TypeError, "cannot delete attribute");
  if (!is_instance_of(value, &context_type)) return raise(exc::TypeError, "The value must be a SSLContext");
  Connection* self = as_connection(v);
  OwnedGuard guard(self->lock);
  OwnedGuard context_guard(as_context(value)->lock);
  if (!guard || !context_guard) return false;
  ERR_clear_error();
  if (!SSL_set_SSL_CTX(self->handle, as_context(value)->handle) || !apply_ciphers(self->handle, as_context(value)))
    return raise_last();
  bool watched = !as_context(value)->msg_callback.peek().empty();
  SSL_set_msg_callback(self->handle, watched ? msg_callback : nullptr);
  self->context.store(self, Ref<>::retain(value));
  return true;
}
Ref<> get_server_side(Value v) { return bool_ref(as_connection(v)->server_side); }
Ref<> get_hostname(Value v) {
  Ref<> hostname = as_connection(v)->hostname.load(v.as_object());
  return hostname ? std::move(hostname) : none_ref();
}
Ref<> get_owner(Value v) {
  Ref<> reference = as_connection(v)->owner.load(v.as_object());
  Ref<> target = reference ? weakref_get(as_weakref(reference.value())) : Ref<>();
  return target ? std::move(target) : none_ref();
}
bool set_owner(Value v, Value value) {
  if (value.empty()) return raise(exc::TypeError, "cannot delete attribute");
  Ref<> reference = weakref_new(&weakref_type, value, Value());
  if (!reference) return false;
  as_connection(v)->owner.store(v.as_object(), std::move(reference));
  return true;
}

// ---- making one
// -----------------------------------------------------------------------------------------------------------------

bool set_hostname(Connection* self, Context* context, Str* hostname) {
  Utf8 text(hostname);
  if (!text.ok()) return false;
  if (text.view().empty() || text.view()[0] == '.')
    return raise(exc::ValueError, "server_hostname cannot be an empty string or start with a leading dot.");
  self->hostname.store(self, Ref<>::retain(Value::object(hostname)));
  ASN1_OCTET_STRING* address = a2i_IPADDRESS(text.c_str());
  ERR_clear_error();
  // Names, not addresses, are told to the server (RFC 6066).
  bool ok = address || SSL_set_tlsext_host_name(self->handle, text.c_str());
  if (ok && context->check_hostname.load(std::memory_order_relaxed)) {
    X509_VERIFY_PARAM* param = SSL_get0_param(self->handle);
    ok = address
             ? X509_VERIFY_PARAM_set1_ip(param, ASN1_STRING_get0_data(address), static_cast<size_t>(ASN1_STRING_length(address)))
             : X509_VERIFY_PARAM_set1_host(param, text.c_str(), text.view().size());
  }
  ASN1_OCTET_STRING_free(address);
  return ok ? true : static_cast<bool>(raise_last());
}
bool attach_transport(Connection* self, Value socket, MemoryBio* incoming, MemoryBio* outgoing) {
  if (socket.empty()) {
    BIO* in = queue_bio(incoming->queue);
    BIO* out = in ? queue_bio(outgoing->queue) : nullptr;
    if (!out) {
      BIO_free(in);
      return raise_no_memory();
    }
    SSL_set_bio(self->handle, in, out);
    return true;
  }
  Ref<> reference = weakref_new(&weakref_type, socket, Value());
  BIO* bio = reference ? channel_bio(&self->channel) : nullptr;
  if (!bio) return reference ? static_cast<bool>(raise_no_memory()) : false;
  self->channel.fd = sockets::fd_of(socket);
  self->socket.store(self, std::move(reference));
  SSL_set_bio(self->handle, bio, bio);
  return true;
}
bool prepare(Connection* self, Context* context, bool server_side) {
  SSL_set_app_data(self->handle, self);
  SSL_set_mode(self->handle, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY);
  if (!context->msg_callback.peek().empty()) SSL_set_msg_callback(self->handle, msg_callback);
  if (context->post_handshake_auth.load(std::memory_order_relaxed)) {
    int mode = SSL_get_verify_mode(self->handle);
    if (!server_side)
      SSL_set_post_handshake_auth(self->handle, 1);
    else if (mode & SSL_VERIFY_PEER)
      SSL_set_verify(self->handle, mode | SSL_VERIFY_POST_HANDSHAKE, nullptr);
  }
  if (server_side)
    SSL_set_accept_state(self->handle);
  else
    SSL_set_connect_state(self->handle);
  return apply_ciphers(self->handle, context);
}

constexpr auto kFields = {&Connection::context, &Connection::socket, &Connection::owner, &Connection::hostname,
                          &Connection::callback_error};
void traverse(Object* o, FieldVisitor& visitor) {
  for (auto field : kFields) visitor(static_cast<Connection*>(o)->*field);
}
void destroy(Object* o) {
  auto* self = static_cast<Connection*>(o);
  if (self->handle) SSL_free(self->handle);
  self->handle = nullptr;
  for (auto field : kFields) (self->*field).exchange_locked(Ref<>()).reset();
}

const NativeDef kMethods[] = {
    {"do_handshake", "($self, /)", do_handshake},
    {"write", "($self, b, /)", write,
     "Writes the bytes-like object b into the SSL object.\n\nReturns the number of bytes written."},
    {"read", "($self, /, *args)", read, "read(size, [buffer])\nRead up to size bytes from the SSL socket."},
    {"pending", "($self, /)", pending,
     "Returns the number of already decrypted bytes available for read, pending on the connection."},
    {"getpeercert", "($self, der=False, /)", getpeercert, "Returns the certificate for the peer."},
    {"get_channel_binding", "($self, /, cb_type='tls-unique')", get_channel_binding,
     "Get channel binding data for current connection."},
    {"cipher", "($self, /)", get_cipher},
    {"shared_ciphers", "($self, /)", shared_ciphers},
    {"version", "($self, /)", version},
    {"selected_alpn_protocol", "($self, /)", selected_alpn_protocol},
    {"compression", "($self, /)", compression},
    {"shutdown", "($self, /)", shutdown, "Does the SSL shutdown handshake with the remote end."},
    {"verify_client_post_handshake", "($self, /)", verify_client_post_handshake,
     "Initiate TLS 1.3 post-handshake authentication"},
    {"get_unverified_chain", "($self, /)", get_unverified_chain},
    {"get_verified_chain", "($self, /)", get_verified_chain},
    {}};
const GetSetDef kGetSets[] = {{"context", get_context, set_context},
                              {"server_side", get_server_side, nullptr, "Whether this is a server-side socket."},
                              {"server_hostname", get_hostname, nullptr, "The currently set server hostname (for SNI)."},
                              {"owner", get_owner, set_owner, "The Python-level owner of this object."},
                              {"session", connection_session, connection_set_session, "Get / set SSLSession."},
                              {"session_reused", session_reused, nullptr, "Was the client session reused during handshake?"},
                              {}};

}  // namespace

Ref<> callback_subject(Connection* self) {
  Ref<> reference = self->owner.load(self);
  if (!reference) reference = self->socket.load(self);
  return reference ? weakref_get(as_weakref(reference.value())) : Ref<>::retain(Value::object(self));
}

Ref<Connection> connection_new(Context* context, Value socket, MemoryBio* incoming, MemoryBio* outgoing, bool server_side,
                               Value hostname, Value owner, Value session) {
  if (server_side && context->protocol == 16)
    return raise_ssl(kSSLError, 0, "Cannot create a server socket with a PROTOCOL_TLS_CLIENT context", 0);
  if (!server_side && context->protocol == 17)
    return raise_ssl(kSSLError, 0, "Cannot create a client socket with a PROTOCOL_TLS_SERVER context", 0);
  Ref<Connection> self = allocate<Connection>(&connection_type);
  if (!self) return self;
  new (&self->lock) OwnedLock;
  new (&self->write_lock) ThreadLock;
  self->server_side = server_side;
  self->context.store(self.get(), Ref<>::retain(Value::object(context)));
  {
    OwnedGuard guard(context->lock);
    if (!guard) return Ref<Connection>();
    ERR_clear_error();
    self->handle = SSL_new(context->handle);
    if (!self->handle || !prepare(self.get(), context, server_side)) return raise_last();
  }
  Value v = Value::object(self.get());
  if (!attach_transport(self.get(), socket, incoming, outgoing) ||
      (given(hostname) && !set_hostname(self.get(), context, as_str(hostname))) || (given(owner) && !set_owner(v, owner)) ||
      (given(session) && !connection_set_session(v, session))) {
    return Ref<Connection>();
  }
  return self;
}

constinit Type connection_type;
const TypeSpec connection_spec = {.name = "_ssl._SSLSocket",
                                  .size = sizeof(Connection),
                                  .flags = kTypeNoInstantiate,
                                  .traverse = traverse,
                                  .destroy = destroy,
                                  .methods = kMethods,
                                  .getsets = kGetSets};

}  // namespace pt::ssl
