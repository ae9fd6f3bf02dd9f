// Socket addresses: from Python's tuples to the system's structures and back.
#include <arpa/inet.h>
#include <cstddef>
#include <cstring>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sys/ioctl.h>
#include <sys/un.h>

#include "vm/modules/socket/socket.h"
#include "vm/modules/sys/sys.h"
#include "vm/object/buffer.h"
#include "vm/types/bytes_type.h"
#include "vm/types/int.h"
#include "vm/types/tuple.h"

namespace pt::sockets {
namespace {

bool check_tuple(Value v, const char* method, const char* family) {
  if (is_tuple(v)) return true;
  return raise(exc::TypeError, "%s(): %s address must be tuple, not %T", method, family, v);
}
bool read_port(Value v, const char* method, const char* what, uint16_t* out) {
  int port = 0;
  if (!to_cint(v, &port)) {
    if (!clear_if(exc::OverflowError)) return false;
    return raise(exc::OverflowError, "%s(): %s must be 0-65535.", method, what);
  }
  if (port < 0 || port > 0xFFFF) return raise(exc::OverflowError, "%s(): %s must be 0-65535.", method, what);
  *out = htons(static_cast<uint16_t>(port));
  return true;
}

bool parse_inet(Value v, const char* method, Address* out) {
  if (!check_tuple(v, method, "AF_INET")) return false;
  if (as_tuple(v)->length != 2) return raise(exc::TypeError, "AF_INET address must be a pair (host, port)");
  Ref<Bytes> host = host_name(as_tuple(v)->at(0));
  if (!host || !resolve(reinterpret_cast<char*>(host->data), AF_INET, out)) return false;
  auto* address = reinterpret_cast<sockaddr_in*>(&out->storage);
  out->length = sizeof *address;
  return read_port(as_tuple(v)->at(1), method, "port", &address->sin_port);
}

bool parse_inet6(Value v, const char* method, Address* out) {
  if (!check_tuple(v, method, "AF_INET6")) return false;
  Tuple* t = as_tuple(v);
  if (t->length < 2 || t->length > 4) {
    return raise(exc::TypeError, "AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])");
  }
  unsigned flow = 0, scope = 0;
  if (t->length > 2 && !to_flow(t->at(2), method, &flow)) return false;
  if (t->length > 3 && !to_cuint(t->at(3), &scope)) return false;
  Ref<Bytes> host = host_name(t->at(0));
  if (!host || !resolve(reinterpret_cast<char*>(host->data), AF_INET6, out)) return false;
  auto* address = reinterpret_cast<sockaddr_in6*>(&out->storage);
  out->length = sizeof *address;
  address->sin6_flowinfo = htonl(flow);
  address->sin6_scope_id = scope;
  return read_port(t->at(1), method, "port", &address->sin6_port);
}

bool parse_unix(Value v, Address* out) {
  Ref<Bytes> bytes;
  if (is_str(v)) {
    // A str may hold a null as its first character too: no fs_encode().
    Utf8 utf8(as_str(v), true);
    if (!utf8.ok()) return false;
    bytes = bytes_from(utf8.view());
  } else {
    BufferView view(v);
    if (!view.ok()) return false;
    bytes = bytes_from(view.view());
  }
  if (!bytes) return false;
  auto* address = reinterpret_cast<sockaddr_un*>(&out->storage);
  auto size = static_cast<size_t>(bytes->length);
  bool abstract = size > 0 && bytes->data[0] == 0;
  if (size > sizeof address->sun_path - (abstract ? 0 : 1)) return raise(exc::OSError, "AF_UNIX path too long");
  address->sun_family = AF_UNIX;
  std::memcpy(address->sun_path, bytes->data, size);
  if (!abstract) address->sun_path[size] = 0;
  out->length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size + (abstract || size == 0 ? 0 : 1));
  return true;
}

bool parse_netlink(Value v, const char* method, Address* out) {
  if (!check_tuple(v, method, "AF_NETLINK")) return false;
  if (as_tuple(v)->length != 2) return raise(exc::TypeError, "AF_NETLINK address must be a pair (pid, groups)");
  auto* address = reinterpret_cast<sockaddr_nl*>(&out->storage);
  unsigned pid, groups;
  if (!to_cuint(as_tuple(v)->at(0), &pid) || !to_cuint(as_tuple(v)->at(1), &groups)) return false;
  *address = {};
  address->nl_family = AF_NETLINK;
  address->nl_pid = pid;
  address->nl_groups = groups;
  out->length = sizeof *address;
  return true;
}

bool parse_vsock(Value v, Address* out) {
  if (!is_tuple(v)) return raise(exc::TypeError, "getsockaddrarg: AF_VSOCK address must be tuple, not %T", v);
  if (as_tuple(v)->length != 2) return raise(exc::TypeError, "getsockaddrarg: AF_VSOCK address must be a pair (CID, port)");
  auto* address = reinterpret_cast<sockaddr_vm*>(&out->storage);
  unsigned cid, port;
  if (!to_cuint(as_tuple(v)->at(0), &cid) || !to_cuint(as_tuple(v)->at(1), &port)) return false;
  *address = {};
  address->svm_family = AF_VSOCK;
  address->svm_cid = cid;
  address->svm_port = port;
  out->length = sizeof *address;
  return true;
}

bool parse_packet(Socket* socket, Value v, const char* method, Address* out) {
  if (!check_tuple(v, method, "AF_PACKET")) return false;
  Tuple* t = as_tuple(v);
  if (t->length < 2 || t->length > 5 || !is_str(t->at(0))) {
    return raise(exc::TypeError, "AF_PACKET address must be a tuple of two to five elements");
  }
  Utf8 name(as_str(t->at(0)));
  int protocol, packet_type = 0, hardware_type = 0;
  if (!name.ok() || !to_cint(t->at(1), &protocol)) return false;
  if (t->length > 2 && !to_cint(t->at(2), &packet_type)) return false;
  if (t->length > 3 && !to_cint(t->at(3), &hardware_type)) return false;
  if (protocol < 0 || protocol > 0xFFFF) return raise(exc::OverflowError, "%s(): proto must be 0-65535.", method);
  ifreq request = {};
  std::strncpy(request.ifr_name, name.c_str(), sizeof request.ifr_name - 1);
  if (ioctl(socket->fd.load(std::memory_order_relaxed), SIOCGIFINDEX, &request) < 0) return raise_os_error();
  auto* address = reinterpret_cast<sockaddr_ll*>(&out->storage);
  *address = {};
  address->sll_family = AF_PACKET;
  address->sll_protocol = htons(static_cast<uint16_t>(protocol));
  address->sll_ifindex = request.ifr_ifindex;
  address->sll_pkttype = static_cast<unsigned char>(packet_type);
  address->sll_hatype = static_cast<unsigned short>(hardware_type);
  if (t->length > 4) {
    BufferView hardware(t->at(4));
    if (!hardware.ok()) return false;
    if (hardware.size() > 8) return raise(exc::ValueError, "hardware address must be 8 bytes or less");
    std::memcpy(address->sll_addr, hardware.data(), static_cast<size_t>(hardware.size()));
    address->sll_halen = static_cast<unsigned char>(hardware.size());
  }
  out->length = sizeof *address;
  return true;
}

Ref<> numeric_host(const sockaddr* address, socklen_t length) {
  char text[NI_MAXHOST];
  if (address->sa_family == AF_INET6) {
    // Without the zone that getnameinfo() appends.
    if (!inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text, sizeof text))
      return raise_os_error();
    return str_from_ascii(text);
  }
  int code = getnameinfo(address, length, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
  if (code) return raise_gai_error(code);
  return str_from_ascii(text);
}

}  // namespace

// 20 bits; anything else is out of range.
bool to_flow(Value v, const char* method, unsigned* out) {
  Ref<> number = index(v);
  if (!number) return false;
  int64_t wide;
  if (!int_to_int64(number.value(), &wide) || wide < 0 || wide > 0xFFFFF) {
    return raise(exc::OverflowError, "%s(): flowinfo must be 0-1048575.", method);
  }
  *out = static_cast<unsigned>(wide);
  return true;
}

Ref<Bytes> host_name(Value v) {
  Ref<Bytes> bytes;
  if (is_str(v)) {
    if (as_str(v)->ascii) {
      bytes = bytes_from(as_str(v)->ascii_view());
    } else {
      Ref<Str> idna = str_from_ascii("idna");
      Ref<> encoded = idna ? call_method(v, "encode", {idna.value()}) : Ref<>();
      if (!encoded) {
        if (error_pending() && clear_if(exc::UnicodeError)) return raise(exc::TypeError, "encoding of hostname failed");
        return Ref<Bytes>();
      }
      bytes = Ref<Bytes>::retain(as_bytes(encoded.value()));
    }
  } else if (is_bytes(v)) {
    bytes = Ref<Bytes>::retain(as_bytes(v));
  } else if (is_bytearray(v)) {
    BytesLock lock(v);
    bytes = bytes_from(byte_view(v));
  } else {
    return raise(exc::TypeError, "str, bytes or bytearray expected, not %T", v);
  }
  if (bytes && std::memchr(bytes->data, 0, static_cast<size_t>(bytes->length))) {
    return raise(exc::TypeError, "host name must not contain null character");
  }
  return bytes;
}

bool resolve(const char* name, int family, Address* out) {
  out->storage = {};
  if (!*name) {
    // The address of any interface.
    addrinfo hints = {}, *found = nullptr;
    hints.ai_family = family;
    hints.ai_socktype = SOCK_DGRAM;
    hints.ai_flags = AI_PASSIVE;
    int code;
    {
      Detached detached;
      code = getaddrinfo(nullptr, "0", &hints, &found);
    }
    if (code) return raise_gai_error(code);
    if (found->ai_family != AF_INET && found->ai_family != AF_INET6) {
      freeaddrinfo(found);
      return raise(exc::OSError, "unsupported address family");
    }
    bool several = found->ai_next != nullptr;
    std::memcpy(&out->storage, found->ai_addr, found->ai_addrlen);
    out->length = found->ai_addrlen;
    freeaddrinfo(found);
    if (several) return raise(exc::OSError, "wildcard resolved to multiple address");
    return true;
  }
  if (!std::strcmp(name, "255.255.255.255") || !std::strcmp(name, "<broadcast>")) {
    if (family != AF_INET && family != AF_UNSPEC) return raise(exc::OSError, "address family mismatched");
    auto* address = reinterpret_cast<sockaddr_in*>(&out->storage);
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = INADDR_BROADCAST;
    out->length = sizeof *address;
    return true;
  }
  if (family == AF_INET || family == AF_UNSPEC) {
    auto* address = reinterpret_cast<sockaddr_in*>(&out->storage);
    if (inet_pton(AF_INET, name, &address->sin_addr) > 0) {
      address->sin_family = AF_INET;
      out->length = sizeof *address;
      return true;
    }
  }
  if ((family == AF_INET6 || family == AF_UNSPEC) && !std::strchr(name, '%')) {
    auto* address = reinterpret_cast<sockaddr_in6*>(&out->storage);
    if (inet_pton(AF_INET6, name, &address->sin6_addr) > 0) {
      address->sin6_family = AF_INET6;
      out->length = sizeof *address;
      return true;
    }
  }
  out->storage = {};
  addrinfo hints = {}, *found = nullptr;
  hints.ai_family = family;
  int code;
  {
    Detached detached;
    code = getaddrinfo(name, nullptr, &hints, &found);
  }
  if (code) return raise_gai_error(code);
  std::memcpy(&out->storage, found->ai_addr, found->ai_addrlen);
  out->length = found->ai_addrlen;
  freeaddrinfo(found);
  return true;
}

bool parse_address(Socket* socket, Value v, const char* method, Address* out) {
  switch (socket->family.load(std::memory_order_relaxed)) {
    case AF_INET: return parse_inet(v, method, out);
    case AF_INET6: return parse_inet6(v, method, out);
    case AF_UNIX: return parse_unix(v, out);
    case AF_NETLINK: return parse_netlink(v, method, out);
    case AF_PACKET: return parse_packet(socket, v, method, out);
    case AF_VSOCK: return parse_vsock(v, out);
    default: return raise(exc::OSError, "%s(): bad family", method);
  }
}

Ref<> make_address(int fd, const sockaddr* address, socklen_t length, int protocol) {
  (void)protocol;
  if (length == 0) return none_ref();
  switch (address->sa_family) {
    case AF_INET: {
      Ref<> host = numeric_host(address, sizeof(sockaddr_in));
      return host ? Ref<>(tuple_of(
                        {host.value(), Value::small_int(ntohs(reinterpret_cast<const sockaddr_in*>(address)->sin_port))}))
                  : Ref<>();
    }
    case AF_INET6: {
      const auto* a = reinterpret_cast<const sockaddr_in6*>(address);
      Ref<> host = numeric_host(address, sizeof *a);
      return host ? Ref<>(tuple_of({host.value(), Value::small_int(ntohs(a->sin6_port)),
                                    Value::small_int(ntohl(a->sin6_flowinfo)), Value::small_int(a->sin6_scope_id)}))
                  : Ref<>();
    }
    case AF_UNIX: {
      const auto* a = reinterpret_cast<const sockaddr_un*>(address);
      size_t size = length > offsetof(sockaddr_un, sun_path) ? length - offsetof(sockaddr_un, sun_path) : 0;
      if (size && a->sun_path[0] == 0) return bytes_from({a->sun_path, size});
      return fs_decode({a->sun_path, size ? strnlen(a->sun_path, size) : 0});
    }
    case AF_NETLINK: {
      const auto* a = reinterpret_cast<const sockaddr_nl*>(address);
      return tuple_of({Value::small_int(a->nl_pid), Value::small_int(a->nl_groups)});
    }
    case AF_VSOCK: {
      const auto* a = reinterpret_cast<const sockaddr_vm*>(address);
      return tuple_of({Value::small_int(a->svm_cid), Value::small_int(a->svm_port)});
    }
    case AF_PACKET: {
      const auto* a = reinterpret_cast<const sockaddr_ll*>(address);
      ifreq request = {};
      if (a->sll_ifindex) {
        request.ifr_ifindex = a->sll_ifindex;
        if (ioctl(fd, SIOCGIFNAME, &request) < 0) request.ifr_name[0] = 0;
      }
      Ref<> name = fs_decode(request.ifr_name);
      Ref<> hardware = bytes_from({reinterpret_cast<const char*>(a->sll_addr), a->sll_halen});
      if (!name || !hardware) return Ref<>();
      return tuple_of({name.value(), Value::small_int(ntohs(a->sll_protocol)), Value::small_int(a->sll_pkttype),
                       Value::small_int(a->sll_hatype), hardware.value()});
    }
    default: {
      Ref<> raw = bytes_from({address->sa_data, length > sizeof address->sa_family ? length - sizeof address->sa_family : 0});
      return raw ? Ref<>(tuple_of({Value::small_int(address->sa_family), raw.value()})) : Ref<>();
    }
  }
}

}  // namespace pt::sockets
