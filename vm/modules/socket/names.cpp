// Functions of the _socket module: names of hosts and services, byte order, addresses as text, descriptors.
#include <arpa/inet.h>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include "vm/modules/socket/socket.h"
#include "vm/modules/sys/sys.h"
#include "vm/object/buffer.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/tuple.h"

namespace pt::sockets {

namespace {

constinit Value g_gai_error, g_host_error;  // immortal classes

Ref<> host_error(int code) {
  Ref<Str> text = str_from_utf8(hstrerror(code));
  Ref<Tuple> args = text ? tuple_of({Value::small_int(code), text.value()}) : Ref<Tuple>();
  Ref<> error = args ? call_tuple_dict(g_host_error, args.value(), Value()) : Ref<>();
  return error ? raise_object(error.value()) : Raised{};
}

Ref<> host_tuple(const hostent* host) {
  Ref<List> aliases = list_new(), addresses = list_new();
  Ref<> name = fs_decode(host->h_name);
  if (!aliases || !addresses || !name) return Ref<>();
  for (char** alias = host->h_aliases; alias && *alias; ++alias) {
    Ref<> text = fs_decode(*alias);
    if (!text || !list_append(aliases.get(), std::move(text))) return Ref<>();
  }
  for (char** address = host->h_addr_list; address && *address; ++address) {
    char text[INET6_ADDRSTRLEN];
    if (!inet_ntop(host->h_addrtype, *address, text, sizeof text)) return raise_os_error();
    Ref<> shown = str_from_ascii(text);
    if (!shown || !list_append(addresses.get(), std::move(shown))) return Ref<>();
  }
  return tuple_of({name.value(), aliases.value(), addresses.value()});
}

Ref<> socket_gethostbyname(const Value* a) {
  Ref<Bytes> name = host_name(a[0]);
  Address address;
  if (!name || !audit("socket.gethostbyname", {a[0]}) || !resolve(reinterpret_cast<char*>(name->data), AF_INET, &address))
    return Ref<>();
  Ref<> pair = make_address(-1, address.base(), address.length, 0);
  return pair ? Ref<>::retain(as_tuple(pair.value())->at(0)) : Ref<>();
}
Ref<> socket_gethostbyname_ex(const Value* a) {
  Ref<Bytes> name = host_name(a[0]);
  if (!name || !audit("socket.gethostbyname", {a[0]})) return Ref<>();
  hostent host, *found = nullptr;
  char buffer[16384];
  int code = 0, result;
  {
    Detached detached;
    result = gethostbyname_r(reinterpret_cast<char*>(name->data), &host, buffer, sizeof buffer, &found, &code);
  }
  return result || !found ? host_error(code) : host_tuple(found);
}
Ref<> socket_gethostbyaddr(const Value* a) {
  Ref<Bytes> name = host_name(a[0]);
  Address address;
  if (!name || !audit("socket.gethostbyaddr", {a[0]}) || !resolve(reinterpret_cast<char*>(name->data), AF_UNSPEC, &address))
    return Ref<>();
  const void* raw;
  socklen_t size;
  if (address.storage.ss_family == AF_INET) {
    raw = &reinterpret_cast<sockaddr_in*>(&address.storage)->sin_addr;
    size = 4;
  } else if (address.storage.ss_family == AF_INET6) {
    raw = &reinterpret_cast<sockaddr_in6*>(&address.storage)->sin6_addr;
    size = 16;
  } else {
    return raise(exc::OSError, "unsupported address family");
  }
  hostent host, *found = nullptr;
  char buffer[16384];
  int code = 0, result;
  {
    Detached detached;
    result = gethostbyaddr_r(raw, size, address.storage.ss_family, &host, buffer, sizeof buffer, &found, &code);
  }
  return result || !found ? host_error(code) : host_tuple(found);
}
Ref<> socket_gethostname(const Value*) {
  char name[1024];
  if (!audit("socket.gethostname", {})) return Ref<>();
  if (gethostname(name, sizeof name - 1) < 0) return raise_os_error();
  name[sizeof name - 1] = 0;
  return fs_decode(name);
}
Ref<> socket_sethostname(const Value* a) {
  Ref<Bytes> name = is_bytes(a[0]) ? Ref<Bytes>::retain(as_bytes(a[0])) : fs_encode(a[0]);
  if (!name || !audit("socket.sethostname", {a[0]})) return Ref<>();
  if (sethostname(reinterpret_cast<char*>(name->data), static_cast<size_t>(name->length)) < 0) return raise_os_error();
  return none_ref();
}
Ref<> socket_getservbyname(const Value* a) {
  if (!to_str_argument(a[0], "getservbyname", "argument 1")) return Ref<>();
  if (!a[1].empty() && !to_str_argument(a[1], "getservbyname", "argument 2")) return Ref<>();
  Utf8 name(as_str(a[0])), protocol(a[1].empty() ? empty_str() : as_str(a[1]));
  if (!name.ok() || !protocol.ok() || !audit("socket.getservbyname", {a[0], a[1].empty() ? Value::object(empty_str()) : a[1]}))
    return Ref<>();
  servent entry, *found = nullptr;
  char buffer[4096];
  {
    Detached detached;
    getservbyname_r(name.c_str(), a[1].empty() ? nullptr : protocol.c_str(), &entry, buffer, sizeof buffer, &found);
  }
  if (!found) return raise(exc::OSError, "service/proto not found");
  return int_from_int64(ntohs(static_cast<uint16_t>(found->s_port)));
}
Ref<> socket_getservbyport(const Value* a) {
  int port;
  if (!to_cint(a[0], &port)) return Ref<>();
  if (port < 0 || port > 0xFFFF) return raise(exc::OverflowError, "getservbyport: port must be 0-65535.");
  if (!a[1].empty() && !to_str_argument(a[1], "getservbyport", "argument 2")) return Ref<>();
  Utf8 protocol(a[1].empty() ? empty_str() : as_str(a[1]));
  if (!protocol.ok() || !audit("socket.getservbyport", {a[0], a[1].empty() ? Value::object(empty_str()) : a[1]})) return Ref<>();
  servent entry, *found = nullptr;
  char buffer[4096];
  {
    Detached detached;
    getservbyport_r(htons(static_cast<uint16_t>(port)), a[1].empty() ? nullptr : protocol.c_str(), &entry, buffer, sizeof buffer,
                    &found);
  }
  if (!found) return raise(exc::OSError, "port/proto not found");
  return fs_decode(found->s_name);
}
Ref<> socket_getprotobyname(const Value* a) {
  if (!to_str_argument(a[0], "getprotobyname", "argument 1")) return Ref<>();
  Utf8 name(as_str(a[0]));
  if (!name.ok()) return Ref<>();
  protoent entry, *found = nullptr;
  char buffer[4096];
  {
    Detached detached;
    getprotobyname_r(name.c_str(), &entry, buffer, sizeof buffer, &found);
  }
  if (!found) return raise(exc::OSError, "protocol not found");
  return int_from_int64(found->p_proto);
}

// The addresses of getaddrinfo, freed with the scope.
struct AddressList {
  addrinfo* first = nullptr;
  ~AddressList() {
    if (first) freeaddrinfo(first);
  }
};

// A name that the IDNA codec leaves as it is, which spares loading the codec.
bool is_plain_host(const Str* name) {
  if (!name->ascii) return false;
  int64_t label = 0;
  for (int64_t i = 0; i < name->length; ++i) {
    label = name->data1()[i] == '.' ? 0 : label + 1;
    if (label > 63 || (label == 0 && (i == 0 || name->data1()[i - 1] == '.'))) return false;
  }
  return true;
}

Ref<> socket_getaddrinfo(const Value* a) {
  Ref<Bytes> host, service;
  if (!is_none(a[0])) {
    if (!is_str(a[0]) && !is_bytes(a[0])) return raise(exc::TypeError, "getaddrinfo() argument 1 must be string or None");
    if (is_bytes(a[0])) {
      host = Ref<Bytes>::retain(as_bytes(a[0]));
    } else if (is_plain_host(as_str(a[0]))) {
      host = bytes_from(as_str(a[0])->ascii_view());
    } else {
      Ref<Str> idna = str_from_ascii("idna");
      Ref<> encoded = idna ? call_method(a[0], "encode", {idna.value()}) : Ref<>();
      if (!encoded) return Ref<>();
      host = Ref<Bytes>::retain(as_bytes(encoded.value()));
    }
  }
  if (is_int(a[1])) {
    Ref<> text = str(a[1]);
    if (!text) return Ref<>();
    service = bytes_from(as_str(text.value())->ascii_view());
  } else if (is_str(a[1])) {
    Utf8 utf8(as_str(a[1]));
    if (!utf8.ok()) return Ref<>();
    service = bytes_from(utf8.view());
  } else if (is_bytes(a[1])) {
    service = Ref<Bytes>::retain(as_bytes(a[1]));
  } else if (!is_none(a[1])) {
    return raise(exc::OSError, "Int or String expected");
  }
  addrinfo hints = {};
  if (!to_cint(a[2], &hints.ai_family) || !to_cint(a[3], &hints.ai_socktype) || !to_cint(a[4], &hints.ai_protocol) ||
      !to_cint(a[5], &hints.ai_flags)) {
    return Ref<>();
  }
  auto zero = Value::small_int(0);
  if (!audit("socket.getaddrinfo",
             {a[0], a[1], a[2].empty() ? zero : a[2], a[3].empty() ? zero : a[3], a[4].empty() ? zero : a[4]})) {
    return Ref<>();
  }
  AddressList list;
  int code;
  {
    Detached detached;
    code = getaddrinfo(host ? reinterpret_cast<char*>(host->data) : nullptr,
                       service ? reinterpret_cast<char*>(service->data) : nullptr, &hints, &list.first);
  }
  if (code) return raise_gai_error(code);
  Ref<List> result = list_new();
  for (addrinfo* at = list.first; result && at; at = at->ai_next) {
    Ref<> address = make_address(-1, at->ai_addr, at->ai_addrlen, at->ai_protocol);
    Ref<Str> canonical = address ? str_from_utf8(at->ai_canonname ? at->ai_canonname : "") : Ref<Str>();
    if (!canonical) return Ref<>();
    Ref<> entry = tuple_of({Value::small_int(at->ai_family), Value::small_int(at->ai_socktype), Value::small_int(at->ai_protocol),
                            canonical.value(), address.value()});
    if (!entry || !list_append(result.get(), std::move(entry))) return Ref<>();
  }
  return result;
}

Ref<> socket_getnameinfo(const Value* a) {
  int flags, port;
  if (!to_cint(a[1], &flags)) return Ref<>();
  if (!is_tuple(a[0])) return raise(exc::TypeError, "getnameinfo() argument 1 must be a tuple");
  Tuple* t = as_tuple(a[0]);
  if (t->length < 2 || t->length > 4 || !is_str(t->at(0)))
    return raise(exc::TypeError, "getnameinfo(): illegal sockaddr argument");
  if (!to_cint(t->at(1), &port)) return Ref<>();
  unsigned flow = 0, scope = 0;
  if ((t->length > 2 && !to_flow(t->at(2), "getnameinfo", &flow)) || (t->length > 3 && !to_cuint(t->at(3), &scope)))
    return Ref<>();
  if (!audit("socket.getnameinfo", {a[0]})) return Ref<>();
  Utf8 host(as_str(t->at(0)));
  if (!host.ok()) return Ref<>();
  char service[20];
  std::snprintf(service, sizeof service, "%d", port);
  AddressList list;
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_NUMERICHOST;
  int code;
  {
    Detached detached;
    code = getaddrinfo(host.c_str(), service, &hints, &list.first);
  }
  if (code) return raise_gai_error(code);
  if (list.first->ai_next) return raise(exc::OSError, "sockaddr resolved to multiple addresses");
  if (list.first->ai_family == AF_INET && t->length != 2) return raise(exc::OSError, "IPv4 sockaddr must be 2 tuple");
  if (list.first->ai_family == AF_INET6) {
    auto* address = reinterpret_cast<sockaddr_in6*>(list.first->ai_addr);
    address->sin6_flowinfo = htonl(flow);
    address->sin6_scope_id = scope;
  }
  char node[NI_MAXHOST], name[NI_MAXSERV];
  {
    Detached detached;
    code = getnameinfo(list.first->ai_addr, list.first->ai_addrlen, node, sizeof node, name, sizeof name, flags);
  }
  if (code) return raise_gai_error(code);
  Ref<Str> first = fs_decode(node), second = fs_decode(name);
  if (!first || !second) return Ref<>();
  return tuple_of({first.value(), second.value()});
}

// ---- byte order and text forms ------------------------------------------------------------------------------------------------

Ref<> short_order(const Value* a, const char* name) {
  int x;
  if (!to_cint(a[0], &x)) return Ref<>();
  if (x < 0) return raise(exc::OverflowError, "%s: can't convert negative Python int to C 16-bit unsigned integer", name);
  if (x > 0xFFFF) return raise(exc::OverflowError, "%s: Python int too large to convert to C 16-bit unsigned integer", name);
  return int_from_int64(htons(static_cast<uint16_t>(x)));
}
Ref<> long_order(const Value* a) {
  uint64_t x;
  if (!is_int(a[0])) return raise(exc::TypeError, "expected int, %T found", a[0]);
  if (!to_culong(a[0], &x)) return Ref<>();
  if (x > 0xFFFFFFFF) return raise(exc::OverflowError, "int larger than 32 bits");
  return int_from_int64(htonl(static_cast<uint32_t>(x)));
}
Ref<> socket_htons(const Value* a) { return short_order(a, "htons"); }
Ref<> socket_ntohs(const Value* a) { return short_order(a, "ntohs"); }

Ref<> socket_inet_aton(const Value* a) {
  if (!to_str_argument(a[0], "inet_aton", "argument 1")) return Ref<>();
  Utf8 text(as_str(a[0]));
  in_addr address;
  if (!text.ok()) return Ref<>();
  if (!inet_aton(text.c_str(), &address)) return raise(exc::OSError, "illegal IP address string passed to inet_aton");
  return bytes_from({reinterpret_cast<char*>(&address), sizeof address});
}
Ref<> socket_inet_ntoa(const Value* a) {
  BufferView view(a[0]);
  if (!view.ok()) return Ref<>();
  if (view.size() != 4) return raise(exc::OSError, "packed IP wrong length");
  char text[INET_ADDRSTRLEN];
  inet_ntop(AF_INET, view.data(), text, sizeof text);
  return str_from_ascii(text);
}
Ref<> socket_inet_pton(const Value* a) {
  int family;
  if (!to_cint(a[0], &family) || !to_str_argument(a[1], "inet_pton", "argument 2")) return Ref<>();
  Utf8 text(as_str(a[1]));
  if (!text.ok()) return Ref<>();
  uint8_t packed[16];
  int result = inet_pton(family, text.c_str(), packed);
  if (result < 0) return raise_os_error();
  if (result == 0) return raise(exc::OSError, "illegal IP address string passed to inet_pton");
  return bytes_from({reinterpret_cast<char*>(packed), family == AF_INET ? size_t{4} : size_t{16}});
}
Ref<> socket_inet_ntop(const Value* a) {
  int family;
  if (!to_cint(a[0], &family)) return Ref<>();
  BufferView view(a[1]);
  if (!view.ok()) return Ref<>();
  if (family != AF_INET && family != AF_INET6) return raise(exc::ValueError, "unknown address family %d", family);
  if (view.size() != (family == AF_INET ? 4 : 16)) return raise(exc::ValueError, "invalid length of packed IP address string");
  char text[INET6_ADDRSTRLEN];
  if (!inet_ntop(family, view.data(), text, sizeof text)) return raise_os_error();
  return str_from_ascii(text);
}

// ---- descriptors, defaults, interfaces
// -------------------------------------------------------------------------------------------

Ref<> socket_close(const Value* a) {
  int fd, result;
  if (!to_cint(a[0], &fd)) return Ref<>();
  {
    Detached detached;
    result = close(fd);
  }
  if (result < 0 && errno != ECONNRESET) return raise_os_error();
  return none_ref();
}
Ref<> socket_dup(const Value* a) {
  int fd;
  if (!to_cint(a[0], &fd)) return Ref<>();
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  return copy < 0 ? Ref<>(raise_os_error()) : int_from_int64(copy);
}
Ref<> socket_socketpair(const Value* a) {
  int family = AF_UNIX, kind = SOCK_STREAM, protocol = 0, pair[2];
  if (!to_cint(a[0], &family) || !to_cint(a[1], &kind) || !to_cint(a[2], &protocol)) return Ref<>();
  if (socketpair(family, kind | SOCK_CLOEXEC, protocol, pair) < 0) return raise_os_error();
  Ref<> objects[2];
  for (int i = 0; i < 2; ++i) {
    objects[i] = call_keywords(
        Value::object(&socket_type),
        {Value::small_int(family), Value::small_int(kind), Value::small_int(protocol), Value::small_int(pair[i])}, {"fileno"});
    if (!objects[i]) {
      for (int k = i; k < 2; ++k) close(pair[k]);
      return Ref<>();
    }
  }
  return tuple_of({objects[0].value(), objects[1].value()});
}
Ref<> socket_getdefaulttimeout(const Value*) { return timeout_object(g_default_timeout_ns.load(std::memory_order_relaxed)); }
Ref<> socket_setdefaulttimeout(const Value* a) {
  int64_t ns;
  if (!parse_timeout(a[0], &ns)) return Ref<>();
  g_default_timeout_ns.store(ns, std::memory_order_relaxed);
  return none_ref();
}
Ref<> socket_if_nameindex(const Value*) {
  struct if_nameindex* interfaces = if_nameindex();
  if (!interfaces) return raise_os_error();
  Ref<List> list = list_new();
  for (auto* at = interfaces; list && at->if_index; ++at) {
    Ref<> name = fs_decode(at->if_name);
    Ref<> pair = name ? Ref<>(tuple_of({Value::small_int(at->if_index), name.value()})) : Ref<>();
    if (!pair || !list_append(list.get(), std::move(pair))) list.reset();
  }
  if_freenameindex(interfaces);
  return list;
}
Ref<> socket_if_nametoindex(const Value* a) {
  Ref<Bytes> name = fs_encode(a[0]);
  if (!name) return Ref<>();
  unsigned number = if_nametoindex(reinterpret_cast<char*>(name->data));
  if (!number) return raise(exc::OSError, "no interface with this name");
  return int_from_int64(number);
}
Ref<> socket_if_indextoname(const Value* a) {
  uint64_t number;
  if (!to_culong(a[0], &number)) return Ref<>();
  char name[IF_NAMESIZE + 1];
  if (number > UINT_MAX || !if_indextoname(static_cast<unsigned>(number), name)) return raise_os_error();
  return fs_decode(name);
}

}  // namespace

Raised raise_gai_error(int code) {
  if (code == EAI_SYSTEM) return raise_os_error();
  Ref<Str> text = str_from_utf8(gai_strerror(code));
  Ref<Tuple> args = text ? tuple_of({Value::small_int(code), text.value()}) : Ref<Tuple>();
  Ref<> error = args ? call_tuple_dict(g_gai_error, args.value(), Value()) : Ref<>();
  return error ? raise_object(error.value()) : Raised{};
}

bool add_error_classes(Module* module) {
  auto add = [&](Value* slot, const char* full, const char* name) {
    if (slot->empty()) {
      Ref<> made = make_exception_class(full, Value::object(exc::OSError));
      if (!made) return false;
      make_immortal(made.value().as_object());
      *slot = made.take();
    }
    return dict_set_text(module_dict(module), name, *slot);
  };
  return add(&g_gai_error, "socket.gaierror", "gaierror") && add(&g_host_error, "socket.herror", "herror");
}

const NativeDef kNameFunctions[] = {
    {"gethostbyname", "(host, /)", socket_gethostbyname,
     "gethostbyname(host) -> address\n\nReturn the IP address (a string of the form '255.255.255.255') for a host."},
    {"gethostbyname_ex", "(host, /)", socket_gethostbyname_ex, "gethostbyname_ex(host) -> (name, aliaslist, addresslist)"},
    {"gethostbyaddr", "(host, /)", socket_gethostbyaddr, "gethostbyaddr(host) -> (name, aliaslist, addresslist)"},
    {"gethostname", "()", socket_gethostname, "gethostname() -> string\n\nReturn the current host name."},
    {"sethostname", "(name, /)", socket_sethostname, "sethostname(name)\n\nSets the hostname to name."},
    {"getservbyname", "(servicename, protocolname=None, /)", socket_getservbyname,
     "getservbyname(servicename[, protocolname]) -> integer"},
    {"getservbyport", "(port, protocolname=None, /)", socket_getservbyport, "getservbyport(port[, protocolname]) -> string"},
    {"getprotobyname", "(name, /)", socket_getprotobyname,
     "getprotobyname(name) -> integer\n\nReturn the protocol number for the named protocol."},
    {"close", "(fd, /)", socket_close, "close(integer) -> None\n\nClose an integer socket file descriptor."},
    {"dup", "(fd, /)", socket_dup, "dup(integer) -> integer\n\nDuplicate an integer socket file descriptor."},
    {"socketpair", "(family=AF_UNIX, type=SOCK_STREAM, proto=0, /)", socket_socketpair,
     "socketpair([family[, type [, proto]]]) -> (socket object, socket object)"},
    {"ntohs", "(x, /)", socket_ntohs, "Convert a 16-bit unsigned integer from network to host byte order."},
    {"ntohl", "(x, /)", long_order, "ntohl(integer) -> integer\n\nConvert a 32-bit integer from network to host byte order."},
    {"htons", "(x, /)", socket_htons, "Convert a 16-bit unsigned integer from host to network byte order."},
    {"htonl", "(x, /)", long_order, "htonl(integer) -> integer\n\nConvert a 32-bit integer from host to network byte order."},
    {"inet_aton", "(ip_addr, /)", socket_inet_aton, "inet_aton(string) -> bytes giving packed 32-bit IP representation"},
    {"inet_ntoa", "(packed_ip, /)", socket_inet_ntoa, "inet_ntoa(packed_ip) -> ip_address_string"},
    {"inet_pton", "(af, ip, /)", socket_inet_pton, "inet_pton(af, ip) -> packed IP address string"},
    {"inet_ntop", "(af, packed_ip, /)", socket_inet_ntop, "inet_ntop(af, packed_ip) -> string formatted IP address"},
    {"getaddrinfo", "(host, port, family=0, type=0, proto=0, flags=0)", socket_getaddrinfo,
     "getaddrinfo(host, port [, family, type, proto, flags])\n    -> list of (family, type, proto, canonname, sockaddr)"},
    {"getnameinfo", "(sockaddr, flags, /)", socket_getnameinfo,
     "getnameinfo(sockaddr, flags) --> (host, port)\n\nGet host and port for a sockaddr."},
    {"getdefaulttimeout", "()", socket_getdefaulttimeout, "getdefaulttimeout() -> timeout"},
    {"setdefaulttimeout", "(timeout, /)", socket_setdefaulttimeout, "setdefaulttimeout(timeout)"},
    {"if_nameindex", "()", socket_if_nameindex,
     "if_nameindex()\n\nReturns a list of network interface information (index, name) tuples."},
    {"if_nametoindex", "(if_name, /)", socket_if_nametoindex,
     "if_nametoindex(if_name)\n\nReturns the interface index corresponding to the interface name if_name."},
    {"if_indextoname", "(if_index, /)", socket_if_indextoname,
     "if_indextoname(if_index)\n\nReturns the interface name corresponding to the interface index if_index."},
    {}};

}  // namespace pt::sockets
