// sendmsg and recvmsg: scattered buffers and ancillary data.
#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>
#include <sys/uio.h>
#include <vector>

#include "vm/modules/socket/socket.h"
#include "vm/modules/sys/sys.h"
#include "vm/object/buffer.h"
#include "vm/types/bytes.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/tuple.h"

namespace pt::sockets {
namespace {

// CMSG_LEN and CMSG_SPACE with a check of the range; false when it does not fit.
bool message_length(int64_t size, size_t* out) {
  if (size < 0 || size > INT_MAX - static_cast<int64_t>(CMSG_LEN(0))) return false;
  *out = CMSG_LEN(static_cast<size_t>(size));
  return true;
}
bool message_space(int64_t size, size_t* out) {
  if (size < 0 || size > INT_MAX - static_cast<int64_t>(CMSG_SPACE(1))) return false;
  *out = CMSG_SPACE(static_cast<size_t>(size));
  return true;
}

// Views on the items of an iterable of bytes-like objects.
class BufferList {
 public:
  ~BufferList() {
    for (size_t i = 0; i < views_.size(); ++i) release_buffer(&views_[i]);
  }
  bool fill(Value iterable, int flags, const char* what) {
    Ref<List> items = list_from_iterable(iterable);
    if (!items) {
      if (clear_if(exc::TypeError)) return raise(exc::TypeError, "%s", what);
      return false;
    }
    int64_t count = list_size(items.get());
    if (count > INT_MAX) return raise(exc::OSError, "too many buffers");
    views_.reserve(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) {
      Ref<> item = list_get(items.get(), i);
      if (!item) break;
      Buffer view;
      if (!get_buffer(item.value(), &view, flags)) {
        if ((flags & kBufferWritable) && clear_if(exc::BufferError)) {
          return raise(exc::TypeError, "recvmsg_into() argument 1 must be an iterable of single-segment read-write buffers");
        }
        return false;
      }
      vectors_.push_back({view.data, static_cast<size_t>(view.length)});
      views_.push_back(std::move(view));
    }
    return true;
  }
  iovec* data() { return vectors_.data(); }
  size_t size() const { return vectors_.size(); }

 private:
  std::vector<Buffer> views_;
  std::vector<iovec> vectors_;
};

Ref<> ancillary_list(msghdr* message) {
  Ref<List> list = list_new();
  for (cmsghdr* at = list && message->msg_controllen ? CMSG_FIRSTHDR(message) : nullptr; at; at = CMSG_NXTHDR(message, at)) {
    size_t start = static_cast<size_t>(CMSG_DATA(at) - static_cast<unsigned char*>(message->msg_control));
    if (at->cmsg_len < CMSG_LEN(0) || start > message->msg_controllen) break;
    size_t size = at->cmsg_len - CMSG_LEN(0);
    // Cut off data: what there is of it.
    if (size > message->msg_controllen - start) size = message->msg_controllen - start;
    Ref<> data = bytes_from({reinterpret_cast<char*>(CMSG_DATA(at)), size});
    Ref<> item =
        data ? Ref<>(tuple_of({Value::small_int(at->cmsg_level), Value::small_int(at->cmsg_type), data.value()})) : Ref<>();
    if (!item || !list_append(list.get(), std::move(item))) return Ref<>();
  }
  return list;
}

// Receives into the vectors. Result: (first, ancillary, flags, address); `make_first` gives the first item.
template <class F>
Ref<> receive_message(Socket* self, iovec* vectors, size_t count, Value ancillary_size, Value flags_value, const char* function,
                      F&& make_first) {
  int64_t room = 0;
  int flags = 0;
  if (!ancillary_size.empty() && !to_size(ancillary_size, &room)) return Ref<>();
  if (!to_cint(flags_value, &flags)) return Ref<>();
  if (room < 0 || room > INT_MAX) return raise(exc::ValueError, "invalid ancillary data buffer length");
  (void)function;
  std::unique_ptr<char[]> control(room ? new char[static_cast<size_t>(room)]() : nullptr);
  Address from;
  msghdr message = {};
  ssize_t got = -1;
  int fd = self->fd.load(std::memory_order_relaxed);
  bool ok = socket_call(self, false, [&] {
    message = {};
    message.msg_name = &from.storage;
    message.msg_namelen = sizeof from.storage;
    message.msg_iov = vectors;
    message.msg_iovlen = count;
    message.msg_control = control.get();
    message.msg_controllen = static_cast<size_t>(room);
    return (got = recvmsg(fd, &message, flags)) >= 0;
  });
  if (!ok) return Ref<>();
  Ref<> ancillary = ancillary_list(&message);
  Ref<> address =
      ancillary
          ? make_address(fd, from.base(),
                         message.msg_namelen > sizeof from.storage ? socklen_t{sizeof from.storage} : message.msg_namelen, 0)
          : Ref<>();
  Ref<> first = address ? make_first(got) : Ref<>();
  if (!first) return Ref<>();
  return tuple_of({first.value(), ancillary.value(), Value::small_int(message.msg_flags), address.value()});
}

}  // namespace

Ref<> recvmsg_method(const Value* a) {
  int64_t size;
  if (!to_size(a[1], &size)) return Ref<>();
  if (size < 0) return raise(exc::ValueError, "negative buffer size in recvmsg()");
  std::unique_ptr<char[]> data(new (std::nothrow) char[static_cast<size_t>(size) + 1]);
  if (!data) return raise_no_memory();
  iovec vector = {data.get(), static_cast<size_t>(size)};
  return receive_message(as_socket(a[0]), &vector, 1, a[2], a[3], "recvmsg",
                         [&](ssize_t got) -> Ref<> { return bytes_from({data.get(), static_cast<size_t>(got)}); });
}
Ref<> recvmsg_into_method(const Value* a) {
  BufferList buffers;
  if (!buffers.fill(a[1], kBufferWritable, "recvmsg_into() argument 1 must be an iterable")) return Ref<>();
  return receive_message(as_socket(a[0]), buffers.data(), buffers.size(), a[2], a[3], "recvmsg_into",
                         [](ssize_t got) { return int_from_int64(got); });
}

Ref<> sendmsg_method(const Value* a) {
  BufferList buffers;
  int flags = 0;
  if (!buffers.fill(a[1], kBufferSimple, "sendmsg() argument 1 must be an iterable") || !to_cint(a[3], &flags)) return Ref<>();
  Address address;
  bool addressed = given(a[4]);
  if (addressed && !parse_address(as_socket(a[0]), a[4], "sendmsg", &address)) return Ref<>();
  if (!audit("socket.sendmsg", {a[0], addressed ? a[4] : none()})) return Ref<>();
  std::vector<char> control;
  if (!a[2].empty()) {
    bool ok = for_each(a[2], [&](Value item) {
      Ref<Tuple> parts = tuple_from_iterable(item);
      if (!parts || parts->length != 3) {
        clear_error();
        return static_cast<bool>(raise(exc::TypeError, "sendmsg() argument 2 must be an iterable of (level, type, data) tuples"));
      }
      int level, kind;
      if (!to_cint(parts->at(0), &level) || !to_cint(parts->at(1), &kind)) return false;
      BufferView data(parts->at(2));
      if (!data.ok()) return false;
      size_t space, length;
      if (!message_space(data.size(), &space) || !message_length(data.size(), &length)) {
        return static_cast<bool>(raise(exc::OSError, "ancillary data item too large"));
      }
      size_t at = control.size();
      control.resize(at + space);
      cmsghdr header = {};
      header.cmsg_level = level;
      header.cmsg_type = kind;
      header.cmsg_len = length;
      std::memcpy(control.data() + at, &header, sizeof header);
      std::memcpy(control.data() + at + CMSG_LEN(0), data.data(), static_cast<size_t>(data.size()));
      return true;
    });
    if (!ok) return Ref<>();
  }
  msghdr message = {};
  if (addressed) {
    message.msg_name = &address.storage;
    message.msg_namelen = address.length;
  }
  message.msg_iov = buffers.data();
  message.msg_iovlen = buffers.size();
  if (!control.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
  }
  ssize_t sent;
  int fd = fd_of(a[0]);
  bool ok = socket_call(as_socket(a[0]), true, [&] { return (sent = sendmsg(fd, &message, flags)) >= 0; });
  return ok ? int_from_int64(sent) : Ref<>();
}

namespace {

template <bool (*Function)(int64_t, size_t*)>
Ref<> control_size(const Value* a) {
  int64_t size;
  size_t result;
  if (!to_size(a[0], &size)) return Ref<>();
  if (!Function(size, &result))
    return raise(exc::OverflowError, "%s() argument out of range", Function == message_length ? "CMSG_LEN" : "CMSG_SPACE");
  return int_from_int64(static_cast<int64_t>(result));
}
const NativeDef kControlFunctions[] = {
    {"CMSG_LEN", "(length, /)", control_size<message_length>, "CMSG_LEN(length) -> control message length"},
    {"CMSG_SPACE", "(length, /)", control_size<message_space>, "CMSG_SPACE(length) -> buffer size"},
    {}};

}  // namespace

bool add_message_functions(Module* module) {
  for (const NativeDef* def = kControlFunctions; def->name; ++def) {
    if (!module_add(module, def->name, native_function_new(def, Value::object(module), Value::object(intern("_socket")))))
      return false;
  }
  return true;
}

}  // namespace pt::sockets
