// The socket object: its life, its options, sending and receiving.
#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "gc/platform/memory.h"
#include "vm/modules/socket/socket.h"
#include "vm/modules/support/time_conversion.h"
#include "vm/modules/support/writable_view.h"
#include "vm/modules/sys/sys.h"
#include "vm/object/buffer.h"
#include "vm/types/bytes.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/tuple.h"

namespace pt::sockets {

constinit std::atomic<int64_t> g_default_timeout_ns{-1};

namespace {

// Waits for readiness; 1 ready, 0 timed out, -1 errno. Detached.
int wait_ready(int fd, bool writing, int64_t wait_ns) {
  pollfd item = {fd, static_cast<short>(writing ? POLLOUT : POLLIN), 0};
  int64_t ms = divide_ns(wait_ns, 1'000'000, Rounding::kCeiling);
  return poll(&item, 1, ms > INT_MAX ? INT_MAX : static_cast<int>(ms));
}

bool set_blocking(int fd, bool block) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return raise_os_error();
  int wanted = block ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
  if (wanted != flags && fcntl(fd, F_SETFL, wanted) < 0) return raise_os_error();
  return true;
}

Raised raise_timed_out() { return raise(exc::TimeoutError, "timed out"); }

}  // namespace

bool run_call(Socket* socket, bool writing, bool (*call)(void* context), void* context, int64_t timeout_ns) {
  int64_t deadline = timeout_ns > 0 ? deadline_after(timeout_ns) : 0;
  int fd = socket->fd.load(std::memory_order_relaxed);
  bool waited = false;
  for (;;) {
    bool done = false, timed_out = false;
    int error = 0;
    {
      DetachedToWait detached;
      if (timeout_ns > 0) {
        int64_t left = waited ? deadline - monotonic_ns() : timeout_ns;
        waited = true;
        int ready = left < 0 ? 0 : wait_ready(fd, writing, left);
        error = errno;
        timed_out = ready == 0;
        if (ready > 0) {
          errno = 0;
          done = call(context);
          error = errno;
        }
      } else {
        errno = 0;
        done = call(context);
        error = errno;
      }
    }
    if (done) return true;
    if (timed_out) return raise_timed_out();
    if (error == EINTR) {
      if (!run_signal_handlers()) return false;
      continue;
    }
    // Readiness may be a false alarm, or another thread was quicker.
    if (timeout_ns > 0 && (error == EAGAIN || error == EWOULDBLOCK)) continue;
    errno = error;
    return raise_os_error();
  }
}

namespace {

// ---- life ------------------------------------------------------------------------------------------------------------------

Ref<> construct(Type* type, const Args&) {
  Ref<Socket> self = allocate<Socket>(type);
  if (!self) return Ref<>();
  self->fd.store(-1, std::memory_order_relaxed);
  self->timeout_ns.store(g_default_timeout_ns.load(std::memory_order_relaxed), std::memory_order_relaxed);
  return self;
}

bool init_fields(Socket* self, int fd, int family, int kind, int protocol) {
  self->family.store(family, std::memory_order_relaxed);
  self->kind.store(kind & ~(SOCK_NONBLOCK | SOCK_CLOEXEC), std::memory_order_relaxed);
  self->protocol.store(protocol, std::memory_order_relaxed);
  int64_t timeout = kind & SOCK_NONBLOCK ? 0 : g_default_timeout_ns.load(std::memory_order_relaxed);
  self->timeout_ns.store(timeout, std::memory_order_relaxed);
  self->fd.store(fd, std::memory_order_relaxed);
  return timeout < 0 || kind & SOCK_NONBLOCK || set_blocking(fd, false);
}

bool init(Value v, const Args& args) {
  Value bound[4];
  if (!bind_arguments("socket", "(family=-1, type=-1, proto=-1, fileno=None)", args, bound)) return false;
  int family = -1, kind = -1, protocol = -1, fd;
  if (!to_cint(bound[0], &family) || !to_cint(bound[1], &kind) || !to_cint(bound[2], &protocol)) return false;
  if (!audit("socket.__new__", {v, Value::small_int(family), Value::small_int(kind), Value::small_int(protocol)})) return false;
  Socket* self = as_socket(v);
  if (given(bound[3])) {
    if (is_float(bound[3])) return raise(exc::TypeError, "integer argument expected, got float");
    Ref<> number = index(bound[3]);
    if (!number || !to_cint(number.value(), &fd)) return false;
    if (fd < 0) return raise(exc::ValueError, "negative file descriptor");
    sockaddr_storage address;
    socklen_t length = sizeof address;
    // Also proves that the descriptor is a socket.
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) < 0) {
      if (family == -1 || errno == EBADF || errno == ENOTSOCK) return raise_os_error();
    } else if (family == -1) {
      family = address.ss_family;
    }
    auto option = [&](int name, int* out) {
      socklen_t size = sizeof(int);
      return *out != -1 || getsockopt(fd, SOL_SOCKET, name, out, &size) == 0;
    };
    if (!option(SO_TYPE, &kind) || !option(SO_PROTOCOL, &protocol)) return raise_os_error();
  } else {
    if (family == -1) family = AF_INET;
    if (kind == -1) kind = SOCK_STREAM;
    if (protocol == -1) protocol = 0;
    {
      Detached detached;
      fd = socket(family, kind | SOCK_CLOEXEC, protocol);
    }
    if (fd < 0) return raise_os_error();
  }
  int old = self->fd.exchange(-1, std::memory_order_relaxed);
  if (old >= 0) close(old);
  if (init_fields(self, fd, family, kind, protocol)) return true;
  self->fd.store(-1, std::memory_order_relaxed);
  if (!given(bound[3])) close(fd);
  return false;
}

void finalize(Object* o) {
  auto* self = static_cast<Socket*>(o);
  if (self->fd.load(std::memory_order_relaxed) < 0) return;
  Ref<> error = error_pending() ? take_error() : Ref<>();
  if (!warn(exc::ResourceWarning, 1, "unclosed %R", Value::object(o))) {
    if (pending_matches(exc::Warning))
      write_unraisable("ignored in", Value::object(o));
    else
      clear_error();
  }
  int fd = self->fd.exchange(-1, std::memory_order_relaxed);
  if (fd >= 0) close(fd);
  if (error) restore_error(std::move(error));
}

Ref<> repr(Value v) {
  Socket* s = as_socket(v);
  return str_format("<socket object, fd=%d, family=%d, type=%d, proto=%d>", s->fd.load(std::memory_order_relaxed),
                    s->family.load(std::memory_order_relaxed), s->kind.load(std::memory_order_relaxed),
                    s->protocol.load(std::memory_order_relaxed));
}

Ref<> close_method(const Value* a) {
  int fd = as_socket(a[0])->fd.exchange(-1, std::memory_order_relaxed);
  if (fd < 0) return none_ref();
  int result;
  {
    Detached detached;
    result = close(fd);
  }
  // The peer's reset is no error of closing.
  if (result < 0 && errno != ECONNRESET) return raise_os_error();
  return none_ref();
}
Ref<> detach_method(const Value* a) { return int_from_int64(as_socket(a[0])->fd.exchange(-1, std::memory_order_relaxed)); }
Ref<> fileno_method(const Value* a) { return int_from_int64(fd_of(a[0])); }

// ---- connections -------------------------------------------------------------------------------------------------------------

Ref<> bind_method(const Value* a) {
  Address address;
  if (!parse_address(as_socket(a[0]), a[1], "bind", &address) || !audit("socket.bind", {a[0], a[1]})) return Ref<>();
  int result;
  {
    Detached detached;
    result = bind(fd_of(a[0]), address.base(), address.length);
  }
  return result < 0 ? Ref<>(raise_os_error()) : none_ref();
}

// 0, or the error's number (with `numbers`), or -1 with an exception pending.
int connect_to(Socket* self, Address* address, bool numbers) {
  int fd = self->fd.load(std::memory_order_relaxed), result, error;
  {
    DetachedToWait detached;
    result = connect(fd, address->base(), address->length);
    error = errno;
  }
  if (result == 0) return 0;
  int64_t timeout = self->timeout_ns.load(std::memory_order_relaxed);
  bool waits = false;
  if (error == EINTR) {
    if (!run_signal_handlers()) return -1;
    waits = timeout != 0;
  } else {
    waits = timeout > 0 && error == EINPROGRESS;
  }
  if (!waits) {
    if (numbers) return error;
    errno = error;
    raise_os_error();
    return -1;
  }
  int64_t deadline = timeout > 0 ? deadline_after(timeout) : 0;
  for (;;) {
    int64_t left = timeout > 0 ? deadline - monotonic_ns() : int64_t{1} << 60;
    int ready;
    {
      DetachedToWait detached;
      ready = left < 0 ? 0 : wait_ready(fd, true, left);
      error = errno;
    }
    if (ready > 0) break;
    if (ready == 0) {
      if (numbers) return EWOULDBLOCK;
      raise_timed_out();
      return -1;
    }
    if (error != EINTR) {
      if (numbers) return error;
      errno = error;
      raise_os_error();
      return -1;
    }
    if (!run_signal_handlers()) return -1;
  }
  socklen_t size = sizeof error;
  error = 0;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error == 0 || error == EISCONN) return 0;
  if (numbers) return error;
  errno = error;
  raise_os_error();
  return -1;
}
Ref<> connect_method(const Value* a) {
  Address address;
  if (!parse_address(as_socket(a[0]), a[1], "connect", &address) || !audit("socket.connect", {a[0], a[1]})) return Ref<>();
  return connect_to(as_socket(a[0]), &address, false) < 0 ? Ref<>() : none_ref();
}
Ref<> connect_ex_method(const Value* a) {
  Address address;
  if (!parse_address(as_socket(a[0]), a[1], "connect_ex", &address) || !audit("socket.connect", {a[0], a[1]})) return Ref<>();
  int result = connect_to(as_socket(a[0]), &address, true);
  return result < 0 ? Ref<>() : int_from_int64(result);
}
Ref<> accept_method(const Value* a) {
  Socket* self = as_socket(a[0]);
  Address address;
  int fd = self->fd.load(std::memory_order_relaxed), accepted = -1;
  bool ok = socket_call(self, false, [&] {
    address.length = sizeof address.storage;
    accepted = accept4(fd, address.base(), &address.length, SOCK_CLOEXEC);
    return accepted >= 0;
  });
  if (!ok) return Ref<>();
  Ref<> from = make_address(accepted, address.base(), address.length, 0);
  if (!from) {
    close(accepted);
    return Ref<>();
  }
  return tuple_of({Value::small_int(accepted), from.value()});
}
Ref<> listen_method(const Value* a) {
  int backlog = SOMAXCONN < 128 ? SOMAXCONN : 128;
  if (!to_cint(a[1], &backlog)) return Ref<>();
  int result;
  {
    Detached detached;
    result = listen(fd_of(a[0]), backlog < 0 ? 0 : backlog);
  }
  return result < 0 ? Ref<>(raise_os_error()) : none_ref();
}
Ref<> shutdown_method(const Value* a) {
  int how;
  if (!to_cint(a[1], &how)) return Ref<>();
  int result;
  {
    Detached detached;
    result = shutdown(fd_of(a[0]), how);
  }
  return result < 0 ? Ref<>(raise_os_error()) : none_ref();
}
template <int (*Function)(int, sockaddr*, socklen_t*)>
Ref<> name_method(const Value* a) {
  Address address;
  if (Function(fd_of(a[0]), address.base(), &address.length) < 0) return raise_os_error();
  return make_address(fd_of(a[0]), address.base(), address.length, 0);
}

// ---- options ------------------------------------------------------------------------------------------------------------------

Ref<> setblocking_method(const Value* a) {
  bool block = false;
  if (!to_flag(a[1], &block)) return Ref<>();
  as_socket(a[0])->timeout_ns.store(block ? -1 : 0, std::memory_order_relaxed);
  return set_blocking(fd_of(a[0]), block) ? none_ref() : Ref<>();
}
Ref<> getblocking_method(const Value* a) { return bool_ref(as_socket(a[0])->timeout_ns.load(std::memory_order_relaxed) != 0); }
}  // namespace

bool parse_timeout(Value v, int64_t* out) {
  *out = -1;
  if (is_none(v)) return true;
  if (!seconds_to_ns(v, kTimeoutRounding, out)) return false;
  if (*out < 0) return raise(exc::ValueError, "Timeout value out of range");
  return true;
}
Ref<> timeout_object(int64_t ns) { return ns < 0 ? none_ref() : float_from_double(ns_to_seconds(ns)); }

namespace {
Ref<> settimeout_method(const Value* a) {
  int64_t ns;
  if (!parse_timeout(a[1], &ns)) return Ref<>();
  as_socket(a[0])->timeout_ns.store(ns, std::memory_order_relaxed);
  return set_blocking(fd_of(a[0]), ns < 0) ? none_ref() : Ref<>();
}
Ref<> gettimeout_method(const Value* a) { return timeout_object(as_socket(a[0])->timeout_ns.load(std::memory_order_relaxed)); }

Ref<> setsockopt_method(const Value* a) {
  int level, name, number;
  if (!to_cint(a[1], &level) || !to_cint(a[2], &name)) return Ref<>();
  int fd = fd_of(a[0]), result;
  if (!a[4].empty()) {
    unsigned length;
    if (!is_none(a[3])) return raise(exc::TypeError, "socket option should be None when a length is given");
    if (!to_cuint(a[4], &length)) return Ref<>();
    result = setsockopt(fd, level, name, nullptr, length);
  } else if (is_int(a[3])) {
    if (!to_cint(a[3], &number)) return Ref<>();
    result = setsockopt(fd, level, name, &number, sizeof number);
  } else if (is_none(a[3])) {
    return raise(exc::TypeError, "setsockopt() takes exactly 4 arguments (3 given)");
  } else {
    BufferView view(a[3]);
    if (!view.ok()) return Ref<>();
    if (view.size() > INT_MAX) return raise(exc::OverflowError, "socket option is larger than %d bytes", INT_MAX);
    result = setsockopt(fd, level, name, view.data(), static_cast<socklen_t>(view.size()));
  }
  return result < 0 ? Ref<>(raise_os_error()) : none_ref();
}
Ref<> getsockopt_method(const Value* a) {
  int level, name, size = 0;
  if (!to_cint(a[1], &level) || !to_cint(a[2], &name) || !to_cint(a[3], &size)) return Ref<>();
  int fd = fd_of(a[0]);
  if (size == 0) {
    int number = 0;
    socklen_t length = sizeof number;
    if (getsockopt(fd, level, name, &number, &length) < 0) return raise_os_error();
    return int_from_int64(number);
  }
  if (size < 0 || size > 1024) return raise(exc::OSError, "getsockopt buflen out of range");
  char buffer[1024];
  auto length = static_cast<socklen_t>(size);
  if (getsockopt(fd, level, name, buffer, &length) < 0) return raise_os_error();
  return bytes_from({buffer, length});
}

// ---- data ---------------------------------------------------------------------------------------------------------------------

// Memory for what is received: on the stack when small.
class ReceiveBuffer {
 public:
  explicit ReceiveBuffer(int64_t size)
      : data_(size <= kSmall ? small_ : static_cast<char*>(memory::allocate(static_cast<size_t>(size)))) {}
  ~ReceiveBuffer() {
    if (data_ && data_ != small_) memory::release(data_);
  }
  ReceiveBuffer(const ReceiveBuffer&) = delete;
  ReceiveBuffer& operator=(const ReceiveBuffer&) = delete;
  char* data() { return data_; }

 private:
  static constexpr int64_t kSmall = 16 << 10;
  char small_[kSmall];
  char* data_;
};

bool receive(Socket* self, char* data, size_t size, int flags, ssize_t* got) {
  int fd = self->fd.load(std::memory_order_relaxed);
  return socket_call(self, false, [&] { return (*got = recv(fd, data, size, flags)) >= 0; });
}
bool receive_from(Socket* self, char* data, size_t size, int flags, ssize_t* got, Address* from) {
  int fd = self->fd.load(std::memory_order_relaxed);
  return socket_call(self, false, [&] {
    from->length = sizeof from->storage;
    return (*got = recvfrom(fd, data, size, flags, from->base(), &from->length)) >= 0;
  });
}
Ref<> recv_method(const Value* a) {
  int64_t size;
  int flags = 0;
  if (!to_size(a[1], &size) || !to_cint(a[2], &flags)) return Ref<>();
  if (size < 0) return raise(exc::ValueError, "negative buffersize in recv");
  ReceiveBuffer buffer(size);
  if (!buffer.data()) return raise_no_memory();
  ssize_t got;
  if (!receive(as_socket(a[0]), buffer.data(), static_cast<size_t>(size), flags, &got)) return Ref<>();
  return bytes_from({buffer.data(), static_cast<size_t>(got)});
}
Ref<> recvfrom_method(const Value* a) {
  int64_t size;
  int flags = 0;
  if (!to_size(a[1], &size) || !to_cint(a[2], &flags)) return Ref<>();
  if (size < 0) return raise(exc::ValueError, "negative buffersize in recvfrom");
  ReceiveBuffer buffer(size);
  if (!buffer.data()) return raise_no_memory();
  ssize_t got;
  Address from;
  if (!receive_from(as_socket(a[0]), buffer.data(), static_cast<size_t>(size), flags, &got, &from)) return Ref<>();
  Ref<> data = bytes_from({buffer.data(), static_cast<size_t>(got)});
  Ref<> address = data ? make_address(fd_of(a[0]), from.base(), from.length, 0) : Ref<>();
  return address ? Ref<>(tuple_of({data.value(), address.value()})) : Ref<>();
}
// The size to receive into a buffer: all of it for 0.
bool into_size(Value v, int64_t available, const char* function, int64_t* out) {
  *out = 0;
  if (!v.empty() && !to_size(v, out)) return false;
  if (*out < 0) return raise(exc::ValueError, "negative buffersize in %s", function);
  if (*out == 0) *out = available;
  if (*out > available) {
    return !std::strcmp(function, "recv_into") ? raise(exc::ValueError, "buffer too small for requested bytes")
                                               : raise(exc::ValueError, "nbytes is greater than the length of the buffer");
  }
  return true;
}
Ref<> recv_into_method(const Value* a) {
  WritableView view(a[1], "recv_into");
  int64_t size;
  int flags = 0;
  if (!view.ok() || !into_size(a[2], view.size(), "recv_into", &size) || !to_cint(a[3], &flags)) return Ref<>();
  ssize_t got;
  if (!receive(as_socket(a[0]), reinterpret_cast<char*>(view.data()), static_cast<size_t>(size), flags, &got)) return Ref<>();
  return int_from_int64(got);
}
Ref<> recvfrom_into_method(const Value* a) {
  WritableView view(a[1], "recvfrom_into");
  int64_t size;
  int flags = 0;
  if (!view.ok() || !into_size(a[2], view.size(), "recvfrom_into", &size) || !to_cint(a[3], &flags)) return Ref<>();
  ssize_t got;
  Address from;
  if (!receive_from(as_socket(a[0]), reinterpret_cast<char*>(view.data()), static_cast<size_t>(size), flags, &got, &from))
    return Ref<>();
  Ref<> address = make_address(fd_of(a[0]), from.base(), from.length, 0);
  return address ? Ref<>(tuple_of({Value::small_int(got), address.value()})) : Ref<>();
}

Ref<> send_method(const Value* a) {
  BufferView view(a[1]);
  int flags = 0;
  if (!view.ok() || !to_cint(a[2], &flags)) return Ref<>();
  ssize_t sent;
  int fd = fd_of(a[0]);
  bool ok = socket_call(as_socket(a[0]), true,
                        [&] { return (sent = send(fd, view.data(), static_cast<size_t>(view.size()), flags)) >= 0; });
  return ok ? int_from_int64(sent) : Ref<>();
}
Ref<> sendall_method(const Value* a) {
  BufferView view(a[1]);
  int flags = 0;
  if (!view.ok() || !to_cint(a[2], &flags)) return Ref<>();
  Socket* self = as_socket(a[0]);
  const uint8_t* data = view.data();
  int64_t left = view.size(), timeout = self->timeout_ns.load(std::memory_order_relaxed);
  int64_t deadline = timeout > 0 ? deadline_after(timeout) : 0;
  int fd = fd_of(a[0]);
  // The timeout is for the whole.
  while (left > 0) {
    ssize_t sent = 0;
    auto step = [&] { return (sent = send(fd, data, static_cast<size_t>(left), flags)) >= 0; };
    int64_t rest = timeout;
    if (timeout > 0 && (rest = deadline - monotonic_ns()) <= 0) return raise_timed_out();
    if (!run_call(self, true, [](void* context) { return (*static_cast<decltype(step)*>(context))(); }, &step, rest))
      return Ref<>();
    data += sent;
    left -= sent;
    if (!run_signal_handlers()) return Ref<>();
  }
  return none_ref();
}
Ref<> sendto_method(const Value* a) {
  // sendto(data, address) or sendto(data, flags, address).
  Tuple* args = as_tuple(a[1]);
  if (args->length < 2 || args->length > 3) {
    return raise(exc::TypeError, "sendto() takes 2 or 3 arguments (%ld given)", static_cast<long>(args->length));
  }
  BufferView view(args->at(0));
  int flags = 0;
  if (!view.ok() || (args->length == 3 && !to_cint(args->at(1), &flags))) return Ref<>();
  Value target = args->at(args->length - 1);
  Address address;
  if (!parse_address(as_socket(a[0]), target, "sendto", &address) || !audit("socket.sendto", {a[0], target})) return Ref<>();
  ssize_t sent;
  int fd = fd_of(a[0]);
  bool ok = socket_call(as_socket(a[0]), true, [&] {
    return (sent = sendto(fd, view.data(), static_cast<size_t>(view.size()), flags, address.base(), address.length)) >= 0;
  });
  return ok ? int_from_int64(sent) : Ref<>();
}

const NativeDef kMethods[] = {
    {"_accept", "($self, /)", accept_method,
     "_accept() -> (integer, address info)\n\nWait for an incoming connection.  Return a new socket file "
     "descriptor\nrepresenting the "
     "connection, and the address of the client."},
    {"bind", "($self, address, /)", bind_method, "bind(address)\n\nBind the socket to a local address."},
    {"close", "($self, /)", close_method, "close()\n\nClose the socket.  It cannot be used after this call."},
    {"connect", "($self, address, /)", connect_method, "connect(address)\n\nConnect the socket to a remote address."},
    {"connect_ex", "($self, address, /)", connect_ex_method,
     "connect_ex(address) -> errno\n\nThis is like connect(address), but returns an error code (the errno value)\ninstead of "
     "raising an "
     "exception when an error occurs."},
    {"detach", "($self, /)", detach_method,
     "detach()\n\nClose the socket object without closing the underlying file descriptor."},
    {"fileno", "($self, /)", fileno_method, "fileno() -> integer\n\nReturn the integer file descriptor of the socket."},
    {"getpeername", "($self, /)", name_method<getpeername>,
     "getpeername() -> address info\n\nReturn the address of the remote endpoint."},
    {"getsockname", "($self, /)", name_method<getsockname>,
     "getsockname() -> address info\n\nReturn the address of the local endpoint."},
    {"getsockopt", "($self, level, option, buffersize=0, /)", getsockopt_method, "Get a socket option."},
    {"listen", "($self, backlog=128, /)", listen_method, "listen([backlog])\n\nEnable a server to accept connections."},
    {"recv", "($self, buffersize, flags=0, /)", recv_method,
     "recv(buffersize[, flags]) -> data\n\nReceive up to buffersize bytes from the socket."},
    {"recv_into", "($self, buffer, nbytes=0, flags=0)", recv_into_method, "recv_into(buffer, [nbytes[, flags]]) -> nbytes_read"},
    {"recvfrom", "($self, buffersize, flags=0, /)", recvfrom_method, "recvfrom(buffersize[, flags]) -> (data, address info)"},
    {"recvfrom_into", "($self, buffer, nbytes=0, flags=0)", recvfrom_into_method,
     "recvfrom_into(buffer[, nbytes[, flags]]) -> (nbytes, address info)"},
    {"send", "($self, data, flags=0, /)", send_method,
     "send(data[, flags]) -> count\n\nSend a data string to the socket.  Return the number of bytes\nsent; this may be less than "
     "len(data)."},
    {"sendall", "($self, data, flags=0, /)", sendall_method,
     "sendall(data[, flags])\n\nSend a data string to the socket, all of it."},
    {"sendto", "($self, /, *args)", sendto_method, "sendto(data[, flags], address) -> count"},
    {"setblocking", "($self, flag, /)", setblocking_method,
     "setblocking(flag)\n\nSet the socket to blocking (flag is true) or non-blocking (false)."},
    {"getblocking", "($self, /)", getblocking_method,
     "getblocking()\n\nReturns True if socket is in blocking mode, or False if it\nis in non-blocking mode."},
    {"settimeout", "($self, timeout, /)", settimeout_method, "settimeout(timeout)\n\nSet a timeout on socket operations."},
    {"gettimeout", "($self, /)", gettimeout_method,
     "gettimeout() -> timeout\n\nReturns the timeout in seconds (float) associated with socket operations."},
    {"setsockopt", "($self, level, option, value, optlen=None, /)", setsockopt_method, "Set a socket option."},
    {"shutdown", "($self, how, /)", shutdown_method,
     "shutdown(flag)\n\nShut down the reading side of the socket, the writing side or both."},
    {"recvmsg", "($self, bufsize, ancbufsize=0, flags=0, /)", recvmsg_method,
     "recvmsg(bufsize[, ancbufsize[, flags]]) -> (data, ancdata, msg_flags, address)"},
    {"recvmsg_into", "($self, buffers, ancbufsize=0, flags=0, /)", recvmsg_into_method,
     "recvmsg_into(buffers[, ancbufsize[, flags]]) -> (nbytes, ancdata, msg_flags, address)"},
    {"sendmsg", "($self, buffers, ancdata=(), flags=0, address=None, /)", sendmsg_method,
     "sendmsg(buffers[, ancdata[, flags[, address]]]) -> count"},
    {}};

Ref<> get_family(Value v) { return int_from_int64(as_socket(v)->family.load(std::memory_order_relaxed)); }
Ref<> get_kind(Value v) { return int_from_int64(as_socket(v)->kind.load(std::memory_order_relaxed)); }
Ref<> get_protocol(Value v) { return int_from_int64(as_socket(v)->protocol.load(std::memory_order_relaxed)); }
Ref<> get_timeout(Value v) { return timeout_object(as_socket(v)->timeout_ns.load(std::memory_order_relaxed)); }
const GetSetDef kGetSets[] = {{"family", get_family, nullptr, "the socket family"},
                              {"type", get_kind, nullptr, "the socket type"},
                              {"proto", get_protocol, nullptr, "the socket protocol"},
                              {"timeout", get_timeout, nullptr, "the socket timeout"},
                              {}};

}  // namespace

constinit Type socket_type;
const TypeSpec socket_spec = {.name = "_socket.socket",
                              .size = sizeof(Socket),
                              .flags = kTypeBase,
                              .slots = {.repr = repr, .construct = construct, .init = init},
                              .finalize = finalize,
                              .methods = kMethods,
                              .getsets = kGetSets,
                              .doc =
                                  "socket(family=AF_INET, type=SOCK_STREAM, proto=0) -> socket object\n"
                                  "socket(family=-1, type=-1, proto=-1, fileno=None) -> socket object\n\n"
                                  "Open a socket of the given type."};

}  // namespace pt::sockets
