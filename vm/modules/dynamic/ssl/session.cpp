// Sessions that a later connection may resume.
#include <cstring>

#include "vm/modules/dynamic/ssl/ssl_module.h"

namespace pt::ssl {
namespace {

SSL_SESSION* handle_of(Value v) { return self_as<Session>(v)->handle; }

// A copy through its encoding: what resumes is not changed by what becomes of the first connection.
SSL_SESSION* copy_session(SSL_SESSION* session) {
  unsigned char* data = nullptr;
  int size = i2d_SSL_SESSION(session, &data);
  if (size <= 0) return raise(exc::ValueError, "i2d() failed.");
  const unsigned char* p = data;
  SSL_SESSION* copy = d2i_SSL_SESSION(nullptr, &p, size);
  OPENSSL_free(data);
  if (!copy) return raise(exc::ValueError, "d2i() failed.");
  return copy;
}

void traverse(Object* o, FieldVisitor& visitor) { visitor(static_cast<Session*>(o)->context); }
void destroy(Object* o) {
  auto* self = static_cast<Session*>(o);
  if (self->handle) SSL_SESSION_free(self->handle);
  self->handle = nullptr;
  self->context.exchange_locked(Ref<>()).reset();
}
Ref<> compare(Value left, Value right, CompareOp op) {
  if ((op != CompareOp::kEq && op != CompareOp::kNe) || !is_instance_of(right, &session_type))
    return Ref<>::retain(not_implemented());
  unsigned sizes[2];
  const unsigned char* ids[2] = {SSL_SESSION_get_id(handle_of(left), &sizes[0]), SSL_SESSION_get_id(handle_of(right), &sizes[1])};
  bool same = left.as_object() == right.as_object() || (sizes[0] == sizes[1] && std::memcmp(ids[0], ids[1], sizes[0]) == 0);
  return bool_ref(same == (op == CompareOp::kEq));
}
Ref<> get_time(Value v) { return int_from_int64(SSL_SESSION_get_time(handle_of(v))); }
Ref<> get_timeout(Value v) { return int_from_int64(SSL_SESSION_get_timeout(handle_of(v))); }
Ref<> get_lifetime_hint(Value v) { return int_from_uint64(SSL_SESSION_get_ticket_lifetime_hint(handle_of(v))); }
Ref<> get_id(Value v) {
  unsigned size;
  const unsigned char* id = SSL_SESSION_get_id(handle_of(v), &size);
  return bytes_from({reinterpret_cast<const char*>(id), size});
}
Ref<> get_has_ticket(Value v) { return bool_ref(SSL_SESSION_has_ticket(handle_of(v))); }
const GetSetDef kGetSets[] = {{"has_ticket", get_has_ticket, nullptr, "Does the session contain a ticket?"},
                              {"id", get_id, nullptr, "Session id"},
                              {"ticket_lifetime_hint", get_lifetime_hint, nullptr, "Ticket life time hint."},
                              {"time", get_time, nullptr, "Session creation time (seconds since epoch)."},
                              {"timeout", get_timeout, nullptr, "Session timeout (delta in seconds)."},
                              {}};

}  // namespace

Ref<> connection_session(Value v) {
  Connection* self = as_connection(v);
  OwnedGuard guard(self->lock);
  SSL_SESSION* current = guard ? SSL_get0_session(self->handle) : nullptr;
  if (!current) return guard ? none_ref() : Ref<>();
  SSL_SESSION* copy = copy_session(current);
  Ref<Session> session = copy ? allocate<Session>(&session_type) : Ref<Session>();
  if (!session) {
    SSL_SESSION_free(copy);
    return Ref<>();
  }
  session->handle = copy;
  session->context.store(session.get(), self->context.load(self));
  return session;
}
bool connection_set_session(Value v, Value value) {
  Connection* self = as_connection(v);
  if (value.empty() || !is_instance_of(value, &session_type)) return raise(exc::TypeError, "Value is not a SSLSession.");
  auto* session = self_as<Session>(value);
  OwnedGuard guard(self->lock);
  if (!guard) return false;
  if (SSL_CTX* handle = as_context(session->context.peek())->handle; handle != SSL_get_SSL_CTX(self->handle))
    return raise(exc::ValueError, "Session refers to a different SSLContext.");
  if (self->server_side) return raise(exc::ValueError, "Cannot set session for server-side SSLSocket.");
  if (SSL_is_init_finished(self->handle)) return raise(exc::ValueError, "Cannot set session after handshake.");
  SSL_SESSION* copy = copy_session(session->handle);
  if (!copy) return false;
  bool ok = SSL_set_session(self->handle, copy);
  SSL_SESSION_free(copy);
  return ok ? true : static_cast<bool>(raise_last());
}
Ref<> session_reused(Value v) {
  OwnedGuard guard(as_connection(v)->lock);
  return guard ? bool_ref(SSL_session_reused(as_connection(v)->handle)) : Ref<>();
}

constinit Type session_type;
const TypeSpec session_spec = {.name = "_ssl.SSLSession",
                               .size = sizeof(Session),
                               .flags = kTypeNoInstantiate,
                               .slots = {.compare = compare},
                               .traverse = traverse,
                               .destroy = destroy,
                               .getsets = kGetSets,
                               .unhashable = true};

}  // namespace pt::ssl
