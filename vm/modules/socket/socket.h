#pragma once
// The _socket module: the socket object, addresses, names of hosts.
#include <atomic>
#include <cstdint>
#include <sys/socket.h>

#include "vm/modules/support/arguments.h"
#include "vm/object/module.h"

namespace pt {

struct Socket : Object {
  std::atomic<int> fd;              // -1: closed
  std::atomic<int> family, kind, protocol;
  std::atomic<int64_t> timeout_ns;  // negative: blocking; 0: non-blocking
};
inline Socket* as_socket(Value v) { return reinterpret_cast<Socket*>(v.as_object()); }

}  // namespace pt

namespace pt::sockets {

extern Type socket_type;
extern const TypeSpec socket_spec;
extern const IntConstant kConstants[];
extern const NativeDef kNameFunctions[];
extern std::atomic<int64_t> g_default_timeout_ns;

struct Address {
  sockaddr_storage storage;
  socklen_t length = sizeof(sockaddr_storage);
  sockaddr* base() { return reinterpret_cast<sockaddr*>(&storage); }
};

// The address argument of a method of a socket. `method` is for messages.
bool parse_address(Socket* socket, Value v, const char* method, Address* out);
// What Python sees of an address of that protocol; None when there is none.
Ref<> make_address(int fd, const sockaddr* address, socklen_t length, int protocol);
// A host's address by name, detached while it is looked up; gaierror, OSError.
bool resolve(const char* name, int family, Address* out);
// A host or service name as bytes: str (IDNA when not ASCII), bytes, bytearray; empty when it is none of them (TypeError).
Ref<Bytes> host_name(Value v);

Ref<> recvmsg_method(const Value* a);
Ref<> recvmsg_into_method(const Value* a);
Ref<> sendmsg_method(const Value* a);
bool add_message_functions(Module* module);  // CMSG_LEN, CMSG_SPACE
bool add_error_classes(Module* module);
bool to_flow(Value v, const char* method, unsigned* out);  // the flow information of an IPv6 address
// None and seconds as nanoseconds (-1: no timeout), and back.
bool parse_timeout(Value v, int64_t* out);
Ref<> timeout_object(int64_t ns);
Raised raise_gai_error(int code);

// Waits until the socket is ready, as its timeout says, and runs `call` (a system call without the interpreter) until it
// does something other than "would block". False with an exception pending: OSError, TimeoutError, a signal handler's.
bool run_call(Socket* socket, bool writing, bool (*call)(void* context), void* context, int64_t timeout_ns);
template <class F>
bool socket_call(Socket* socket, bool writing, F&& f) {
  return run_call(
      socket, writing, [](void* context) { return (*static_cast<F*>(context))(); }, &f,
      socket->timeout_ns.load(std::memory_order_relaxed));
}
inline int fd_of(Value v) { return as_socket(v)->fd.load(std::memory_order_relaxed); }

}  // namespace pt::sockets
