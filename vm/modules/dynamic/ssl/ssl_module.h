#pragma once
// The _ssl module: contexts, connections, memory BIOs, sessions, certificates, over OpenSSL.
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdio>

#include "gc/platform/futex.h"
#include "vm/modules/dynamic/support/dynamic.h"
#include "vm/modules/io/io.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

namespace pt::ssl {

// Classes of exceptions, immortal.
enum ErrorClass {
  kSSLError,
  kZeroReturnError,
  kWantReadError,
  kWantWriteError,
  kSyscallError,
  kEOFError,
  kCertVerificationError,
  kErrorClassCount
};
extern Value g_errors[kErrorClassCount];
inline Type* error_class(ErrorClass which) { return as_type(g_errors[which]); }
bool add_errors(Module* module);
bool add_constants(Module* module);

struct Connection;
// An instance with errno, message, library and reason; `code` is OpenSSL's, 0: none. `connection` (its lock held): where a
// certificate failed. Clears OpenSSL's queue.
Raised raise_ssl(ErrorClass which, int number, const char* text, unsigned long code, Connection* connection = nullptr,
                 int line = __builtin_LINE());
// From the last error in OpenSSL's queue of this thread; `text` is for when there is none or it has no text.
Raised raise_last(const char* text = nullptr, int line = __builtin_LINE());
// An instance with the message only.
Raised raise_plain(const char* text);

// Fields that are not atomic or immutable are guarded by `lock`; OpenSSL guards what connections share of `handle`.
// The list of ciphers of `handle` never changes, since handshakes read it: connections get `ciphers` of their own.
struct Context : Object {
  OwnedLock lock;
  SSL_CTX* handle;
  int protocol;
  std::atomic<unsigned> host_flags;
  std::atomic<bool> check_hostname, post_handshake_auth;
  Field ciphers;        // bytes (a C string), or empty: the default
  Field alpn;           // bytes, or empty
  Field sni_callback, msg_callback, keylog_name;  // or empty
  RawMutex keylog_lock;
  FILE* keylog;         // guarded by keylog_lock
};
inline Context* as_context(Value v) { return reinterpret_cast<Context*>(v.as_object()); }

// The bytes between a MemoryBIO object and the connections that use it.
struct ByteQueue {
  std::atomic<int64_t> references{1};
  RawMutex lock;
  BIO* bytes = nullptr;  // a memory BIO, guarded by `lock`
  std::atomic<bool> ended{false};
};
ByteQueue* queue_new();
void queue_release(ByteQueue* queue);
struct MemoryBio : Object {
  ByteQueue* queue;
};
// A BIO for one connection on the queue; counted. nullptr: out of memory.
BIO* queue_bio(ByteQueue* queue);

// What the BIO of a connection on a socket knows; guarded by the connection's lock. The BIO never blocks: whoever has to wait
// does so without the lock, so that another thread may write while one waits for data.
struct Channel {
  int fd;
  bool ended;
};
BIO* channel_bio(Channel* channel);

// Fields that are not atomic or immutable are guarded by `lock`, which operations hold; callbacks come on its holder.
struct Connection : Object {
  OwnedLock lock;
  ThreadLock write_lock;   // a write that has begun is finished before the next
  SSL* handle;
  Channel channel;
  bool server_side, seen_zero;
  Field context;           // Context
  Field socket;            // weak reference, or empty: memory BIOs
  Field owner;             // weak reference, or empty
  Field hostname;          // str, or empty
  Field callback_error;    // raised by a callback in the operation under way
};
inline Connection* as_connection(Value v) { return reinterpret_cast<Connection*>(v.as_object()); }
Ref<Connection> connection_new(Context* context, Value socket, MemoryBio* incoming, MemoryBio* outgoing, bool server_side,
                               Value hostname, Value owner, Value session);
// Gives a connection that another context's ciphers apply to those. Both locks held.
bool apply_ciphers(SSL* handle, Context* context);
// The object that callbacks see: the owner, the socket, or the connection itself; empty when it is gone.
Ref<> callback_subject(Connection* connection);

struct Session : Object {
  SSL_SESSION* handle;     // immutable, and so is what it refers to
  Field context;
};
Ref<> connection_session(Value v);
bool connection_set_session(Value v, Value session);
Ref<> session_reused(Value v);

Ref<> certificate_new(X509* certificate);         // takes the reference, also on failure
Ref<> decode_certificate(X509* certificate);      // the dict of getpeercert()
Ref<> certificate_der(X509* certificate);
Ref<> certificate_list(STACK_OF(X509) * stack);
Ref<> cipher_tuple(const SSL_CIPHER* cipher);

// Methods about what a connection is, and about trust.
Ref<> getpeercert(const Value* a);
extern const NativeDef kTrustMethods[];
Ref<> load_cert_chain(const Value* a);
Ref<> load_verify_locations(const Value* a);
Ref<> load_dh_params(const Value* a);
Ref<> cert_store_stats(const Value* a);
Ref<> get_ca_certs(const Value* a);
Ref<> set_default_verify_paths(const Value* a);
Ref<> test_decode_cert(const Value* a);

// Callbacks of OpenSSL; they come detached.
int servername_callback(SSL* handle, int* alert, void* unused);
int alpn_callback(SSL* handle, const unsigned char** out, unsigned char* out_length, const unsigned char* in, unsigned in_length,
                  void* unused);
void keylog_callback(const SSL* handle, const char* line);
void msg_callback(int write, int version, int type, const void* data, size_t size, SSL* handle, void* unused);
bool set_keylog(Value v, Value value);
void close_keylog(Context* context);

extern Type context_type, connection_type, memory_bio_type, session_type, certificate_type;
extern const TypeSpec context_spec, connection_spec, memory_bio_spec, session_spec, certificate_spec;

}  // namespace pt::ssl
