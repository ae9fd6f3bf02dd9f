// The select module: select, poll, epoll.
#include <climits>
#include <cmath>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#include "gc/platform/memory.h"
#include "vm/modules/support/arguments.h"
#include "vm/modules/support/time_conversion.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/types/dict.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

// ---- select --------------------------------------------------------------------------------------------------------------

struct Watched {
  Ref<List> objects;
  int descriptors[FD_SETSIZE];
  int count = 0;
};

bool gather(Value sequence, Watched* watched, fd_set* set, int* highest) {
  FD_ZERO(set);
  watched->objects = list_from_iterable(sequence);
  if (!watched->objects) {
    if (clear_if(exc::TypeError)) return raise(exc::TypeError, "arguments 1-3 must be sequences");
    return false;
  }
  for (int64_t i = 0; i < list_size(watched->objects.get()); ++i) {
    Ref<> object = list_get(watched->objects.get(), i);
    int fd;
    if (!object) break;
    if (!to_descriptor(object.value(), &fd)) return false;
    if (fd >= FD_SETSIZE) return raise(exc::ValueError, "filedescriptor out of range in select()");
    if (i >= FD_SETSIZE) return raise(exc::ValueError, "too many file descriptors in select()");
    watched->descriptors[i] = fd;
    watched->count = static_cast<int>(i) + 1;
    FD_SET(fd, set);
    if (fd > *highest) *highest = fd;
  }
  return true;
}
Ref<> ready(Watched* watched, fd_set* set, bool any) {
  Ref<List> result = list_new();
  for (int i = 0; result && any && i < watched->count; ++i) {
    if (!FD_ISSET(watched->descriptors[i], set)) continue;
    Ref<> object = list_get(watched->objects.get(), i);
    if (object && !list_append(result.get(), std::move(object))) return Ref<>();
  }
  return result;
}

Ref<> select_select(const Value* a) {
  int64_t timeout = -1;
  if (given(a[3])) {
    if (!seconds_to_ns(a[3], kTimeoutRounding, &timeout)) {
      if (clear_if(exc::TypeError)) return raise(exc::TypeError, "timeout must be a float or None");
      return Ref<>();
    }
    if (timeout < 0) return raise(exc::ValueError, "timeout must be non-negative");
  }
  // Three of these are large: on the heap.
  auto* watched = static_cast<Watched*>(memory::allocate_zeroed(3 * sizeof(Watched)));
  if (!watched) return raise_no_memory();
  fd_set original[3], sets[3];
  int highest = -1;
  Ref<> result;
  bool ok = true;
  for (int i = 0; ok && i < 3; ++i) ok = gather(a[i], &watched[i], &original[i], &highest);
  int64_t deadline = timeout < 0 ? 0 : deadline_after(timeout);
  while (ok) {
    timeval limit = ns_to_timeval(timeout, kTimeoutRounding);
    for (int i = 0; i < 3; ++i) sets[i] = original[i];
    int count, error;
    {
      DetachedToWait detached;
      count = select(highest + 1, &sets[0], &sets[1], &sets[2], timeout < 0 ? nullptr : &limit);
      error = errno;
    }
    if (count < 0 && error == EINTR) {
      if (!run_signal_handlers()) break;
      if (timeout >= 0) {
        timeout = deadline - monotonic_ns();
        if (timeout < 0) {
          timeout = 0;
          count = 0;
        }
      }
      if (count < 0) continue;
    }
    if (count < 0) {
      errno = error;
      raise_os_error();
      break;
    }
    Ref<> lists[3];
    for (int i = 0; ok && i < 3; ++i) {
      lists[i] = ready(&watched[i], &sets[i], count > 0);
      ok = static_cast<bool>(lists[i]);
    }
    if (ok) result = tuple_of({lists[0].value(), lists[1].value(), lists[2].value()});
    break;
  }
  for (int i = 0; i < 3; ++i) watched[i].objects.reset();
  memory::release(watched);
  return result;
}

// ---- poll -----------------------------------------------------------------------------------------------------------------

struct Poll : Object {
  Field registered;  // dict fd -> events
  std::atomic<bool> running;
};
constinit Type poll_type, epoll_type;
Poll* as_poll(Value v) { return reinterpret_cast<Poll*>(v.as_object()); }
Dict* registered(Value v) { return as_dict(as_poll(v)->registered.peek()); }

bool to_events(Value v, uint16_t* out) {
  if (v.empty()) return true;
  Ref<> number = index(v);
  if (!number) return false;
  int64_t events;
  if (int_sign(number.value()) < 0) return raise(exc::ValueError, "value must be positive");
  if (!int_to_int64(number.value(), &events) || events > USHRT_MAX) {
    return raise(exc::OverflowError, "Python int too large for C unsigned short");
  }
  *out = static_cast<uint16_t>(events);
  return true;
}
Ref<> poll_register(const Value* a) {
  int fd;
  uint16_t events = POLLIN | POLLPRI | POLLOUT;
  if (!to_descriptor(a[1], &fd) || !to_events(a[2], &events)) return Ref<>();
  return dict_set(registered(a[0]), Value::small_int(fd), Value::small_int(events)) ? none_ref() : Ref<>();
}
Ref<> poll_modify(const Value* a) {
  int fd;
  uint16_t events = 0;
  if (!to_descriptor(a[1], &fd) || !to_events(a[2], &events)) return Ref<>();
  int present = dict_contains(registered(a[0]), Value::small_int(fd));
  if (present < 0) return Ref<>();
  if (!present) {
    errno = ENOENT;
    return raise_os_error();
  }
  return dict_set(registered(a[0]), Value::small_int(fd), Value::small_int(events)) ? none_ref() : Ref<>();
}
Ref<> poll_unregister(const Value* a) {
  int fd;
  if (!to_descriptor(a[1], &fd)) return Ref<>();
  int deleted = dict_delete(registered(a[0]), Value::small_int(fd));
  if (deleted < 0) return Ref<>();
  return deleted ? none_ref() : raise_key_error(Value::small_int(fd));
}

// Milliseconds as nanoseconds, rounded up; negative and None: for ever.
bool to_milliseconds(Value v, int64_t* ns) {
  *ns = -1;
  if (!given(v)) return true;
  if (!milliseconds_to_ns(v, kTimeoutRounding, ns)) {
    if (clear_if(exc::TypeError)) return raise(exc::TypeError, "timeout must be an integer or None");
    return false;
  }
  if (*ns / 1'000'000 > INT_MAX) return raise(exc::OverflowError, "timeout is too large");
  return true;
}
int milliseconds_up(int64_t ns) { return ns < 0 ? -1 : static_cast<int>(divide_ns(ns, 1'000'000, Rounding::kCeiling)); }

Ref<> poll_poll(const Value* a) {
  int64_t timeout;
  if (!to_milliseconds(a[1], &timeout)) return Ref<>();
  bool expected = false;
  Poll* self = as_poll(a[0]);
  if (!self->running.compare_exchange_strong(expected, true)) return raise(exc::RuntimeError, "concurrent poll() invocation");
  auto fail = [&]() -> Ref<> {
    self->running.store(false);
    return Ref<>();
  };
  Ref<Dict> snapshot = dict_copy(registered(a[0]));
  if (!snapshot) return fail();
  int64_t count = dict_size(snapshot.get()), filled = 0;
  auto* fds = static_cast<pollfd*>(memory::allocate(static_cast<size_t>(count + 1) * sizeof(pollfd)));
  if (!fds) {
    self->running.store(false);
    return raise_no_memory();
  }
  int64_t position = 0;
  Ref<> key, value;
  while (filled < count && dict_next(snapshot.get(), &position, &key, &value)) {
    fds[filled++] = {static_cast<int>(key.value().as_small_int()), static_cast<short>(value.value().as_small_int()), 0};
  }
  int64_t deadline = timeout < 0 ? 0 : deadline_after(timeout);
  int found;
  for (;;) {
    int error;
    {
      DetachedToWait detached;
      found = poll(fds, static_cast<nfds_t>(filled), milliseconds_up(timeout));
      error = errno;
    }
    if (found >= 0) break;
    errno = error;
    if (error != EINTR) {
      raise_os_error();
      break;
    }
    if (!run_signal_handlers()) break;
    if (timeout >= 0) {
      timeout = deadline - monotonic_ns();
      if (timeout < 0) {
        found = 0;
        break;
      }
    }
  }
  self->running.store(false);
  Ref<List> result = found >= 0 ? list_new() : Ref<List>();
  for (int64_t i = 0; result && found > 0 && i < filled; ++i) {
    if (!fds[i].revents) continue;
    Ref<Tuple> pair = tuple_of({Value::small_int(fds[i].fd), Value::small_int(static_cast<uint16_t>(fds[i].revents))});
    if (!pair || !list_append(result.get(), std::move(pair))) result.reset();
  }
  memory::release(fds);
  return result;
}
Ref<> select_poll(const Value*) {
  Ref<Dict> dict = dict_new();
  Ref<Poll> poll_object = dict ? allocate<Poll>(&poll_type) : Ref<Poll>();
  if (poll_object) poll_object->registered.init(std::move(dict));
  return poll_object;
}
const NativeDef kPollMethods[] = {
    {"register", "($self, fd, eventmask=7, /)", poll_register, "Register a file descriptor with the polling object."},
    {"modify", "($self, fd, eventmask, /)", poll_modify, "Modify an already registered file descriptor."},
    {"unregister", "($self, fd, /)", poll_unregister, "Remove a file descriptor being tracked by the polling object."},
    {"poll", "($self, timeout=None, /)", poll_poll, "Polls the set of registered file descriptors, returning a list."},
    {},
};
const TypeSpec kPollSpec = {.name = "select.poll",
                            .size = sizeof(Poll),
                            .flags = kTypeNoInstantiate,
                            .traverse = [](Object* o, FieldVisitor& visitor) { visitor(static_cast<Poll*>(o)->registered); },
                            .methods = kPollMethods};

// ---- epoll ------------------------------------------------------------------------------------------------------------------

struct Epoll : Object {
  std::atomic<int> fd;
};
Epoll* as_epoll(Value v) { return reinterpret_cast<Epoll*>(v.as_object()); }
bool epoll_fd(Value v, int* fd) {
  *fd = as_epoll(v)->fd.load(std::memory_order_relaxed);
  return *fd >= 0 ? true : static_cast<bool>(raise(exc::ValueError, "I/O operation on closed epoll object"));
}
Ref<> epoll_construct(Type* type, const Args& args) {
  Value bound[2];
  int size_hint = -1, flags = 0;
  if (!bind_arguments("epoll", "(sizehint=-1, flags=0)", args, bound) || !to_cint(bound[0], &size_hint) ||
      !to_cint(bound[1], &flags))
    return Ref<>();
  if (size_hint == 0 || size_hint < -1) return raise(exc::ValueError, "negative sizehint");
  if (flags && flags != EPOLL_CLOEXEC) {
    errno = EINVAL;
    return raise(exc::OSError, "invalid flags");
  }
  Ref<Epoll> self = allocate<Epoll>(type);
  if (!self) return Ref<>();
  self->fd.store(epoll_create1(EPOLL_CLOEXEC), std::memory_order_relaxed);
  if (self->fd.load(std::memory_order_relaxed) < 0) return raise_os_error();
  return self;
}
void epoll_destroy(Object* o) {
  int fd = static_cast<Epoll*>(o)->fd.exchange(-1);
  if (fd >= 0) close(fd);
}
Ref<> epoll_close(const Value* a) {
  int fd = as_epoll(a[0])->fd.exchange(-1);
  if (fd >= 0 && close(fd) < 0) return raise_os_error();
  return none_ref();
}
Ref<> epoll_fileno(const Value* a) {
  int fd;
  return epoll_fd(a[0], &fd) ? int_from_int64(fd) : Ref<>();
}
Ref<> epoll_fromfd(const Value* a) {
  int fd;
  if (!to_cint(a[1], &fd)) return Ref<>();
  Ref<Epoll> self = allocate<Epoll>(reinterpret_cast<Type*>(a[0].as_object()));
  if (self) self->fd.store(fd, std::memory_order_relaxed);
  return self;
}
Ref<> control(Value self, int operation, Value target, Value events_value, uint32_t events) {
  int fd, target_fd;
  if (!epoll_fd(self, &fd) || !to_descriptor(target, &target_fd)) return Ref<>();
  if (!events_value.empty()) {
    Ref<> number = index(events_value);
    int64_t wide;
    if (!number) return Ref<>();
    if (int_sign(number.value()) < 0) return raise(exc::ValueError, "value must be positive");
    if (!int_to_int64(number.value(), &wide) || wide > UINT_MAX)
      return raise(exc::OverflowError, "Python int too large for C unsigned int");
    events = static_cast<uint32_t>(wide);
  }
  epoll_event event = {};
  event.events = events;
  event.data.fd = target_fd;
  if (epoll_ctl(fd, operation, target_fd, &event) < 0) return raise_os_error();
  return none_ref();
}
Ref<> epoll_register(const Value* a) { return control(a[0], EPOLL_CTL_ADD, a[1], a[2], EPOLLIN | EPOLLPRI | EPOLLOUT); }
Ref<> epoll_modify(const Value* a) { return control(a[0], EPOLL_CTL_MOD, a[1], a[2], 0); }
Ref<> epoll_unregister(const Value* a) { return control(a[0], EPOLL_CTL_DEL, a[1], Value(), 0); }
Ref<> epoll_poll(const Value* a) {
  int fd, most = -1;
  if (!epoll_fd(a[0], &fd)) return Ref<>();
  int64_t timeout = -1;
  if (given(a[1])) {
    if (!seconds_to_ns(a[1], kTimeoutRounding, &timeout)) {
      if (clear_if(exc::TypeError)) return raise(exc::TypeError, "timeout must be an integer or None");
      return Ref<>();
    }
    if (timeout / 1'000'000 > INT_MAX) return raise(exc::OverflowError, "timeout is too large");
  }
  if (!to_cint(a[2], &most)) return Ref<>();
  if (most == -1)
    most = FD_SETSIZE - 1;
  else if (most < 1)
    return raise(exc::ValueError, "maxevents must be greater than 0, got %d", most);
  auto* events = static_cast<epoll_event*>(memory::allocate(static_cast<size_t>(most) * sizeof(epoll_event)));
  if (!events) return raise_no_memory();
  int64_t deadline = timeout < 0 ? 0 : deadline_after(timeout);
  int found;
  for (;;) {
    int error;
    {
      DetachedToWait detached;
      found = epoll_wait(fd, events, most, milliseconds_up(timeout));
      error = errno;
    }
    if (found >= 0) break;
    errno = error;
    if (error != EINTR) {
      raise_os_error();
      break;
    }
    if (!run_signal_handlers()) break;
    if (timeout >= 0) {
      timeout = deadline - monotonic_ns();
      if (timeout < 0) {
        found = 0;
        break;
      }
    }
  }
  Ref<List> result = found >= 0 ? list_new(found) : Ref<List>();
  for (int i = 0; result && i < found; ++i) {
    Ref<Tuple> pair = tuple_of({Value::small_int(events[i].data.fd), Value::small_int(events[i].events)});
    if (!pair || !list_append(result.get(), std::move(pair))) result.reset();
  }
  memory::release(events);
  return result;
}
Ref<> epoll_enter(const Value* a) {
  int fd;
  return epoll_fd(a[0], &fd) ? Ref<>::retain(a[0]) : Ref<>();
}
Ref<> epoll_exit(const Value* a) { return call_method(a[0], names::close_.str()); }
Ref<> epoll_closed(Value self) { return bool_ref(as_epoll(self)->fd.load(std::memory_order_relaxed) < 0); }
const NativeDef kEpollMethods[] = {
    {"fromfd", "($type, fd, /)", epoll_fromfd, "Create an epoll object from a given control fd.", kClassMethod},
    {"close", "($self, /)", epoll_close, "Close the epoll control file descriptor."},
    {"fileno", "($self, /)", epoll_fileno, "Return the epoll control file descriptor."},
    {"register", "($self, fd, eventmask=7)", epoll_register,
     "Registers a new fd or raises an OSError if the fd is already registered."},
    {"modify", "($self, fd, eventmask)", epoll_modify, "Modify event mask for a registered file descriptor."},
    {"unregister", "($self, fd)", epoll_unregister, "Remove a registered file descriptor from the epoll object."},
    {"poll", "($self, timeout=None, maxevents=-1)", epoll_poll, "Wait for events on the epoll file descriptor."},
    {"__enter__", "($self, /)", epoll_enter},
    {"__exit__", "($self, exc_type=None, exc_value=None, exc_tb=None, /)", epoll_exit},
    {},
};
const GetSetDef kEpollGetSets[] = {{"closed", epoll_closed, nullptr, "True if the epoll handler is closed"}, {}};
const TypeSpec kEpollSpec = {.name = "select.epoll",
                             .size = sizeof(Epoll),
                             .flags = kTypeBase,
                             .slots = {.construct = epoll_construct},
                             .destroy = epoll_destroy,
                             .methods = kEpollMethods,
                             .getsets = kEpollGetSets,
                             .doc = "select.epoll(sizehint=-1, flags=0)\n\nReturns an epolling object."};

const NativeDef kFunctions[] = {
    {"select", "(rlist, wlist, xlist, timeout=None, /)", select_select,
     "Wait until one or more file descriptors are ready for some kind of I/O."},
    {"poll", "()", select_poll, "Returns a polling object."},
    {},
};
#define C(name) {#name, static_cast<int64_t>(name)}
const IntConstant kConstants[] = {C(PIPE_BUF),
                                  C(POLLIN),
                                  C(POLLPRI),
                                  C(POLLOUT),
                                  C(POLLERR),
                                  C(POLLHUP),
                                  C(POLLNVAL),
                                  C(POLLRDNORM),
                                  C(POLLRDBAND),
                                  C(POLLWRNORM),
                                  C(POLLWRBAND),
                                  C(POLLMSG),
                                  C(POLLRDHUP),
                                  C(EPOLLIN),
                                  C(EPOLLOUT),
                                  C(EPOLLPRI),
                                  C(EPOLLERR),
                                  C(EPOLLHUP),
                                  C(EPOLLRDHUP),
                                  {"EPOLLET", int64_t{1} << 31},
                                  {"EPOLLONESHOT", 1 << 30},
                                  {"EPOLLEXCLUSIVE", 1 << 28},
                                  C(EPOLLRDNORM),
                                  C(EPOLLRDBAND),
                                  C(EPOLLWRNORM),
                                  C(EPOLLWRBAND),
                                  C(EPOLLMSG),
                                  C(EPOLL_CLOEXEC),
                                  {}};
#undef C

bool select_execute(Module* module) {
  return dict_set_text(module_dict(module), "error", Value::object(exc::OSError)) && module_add_ints(module, kConstants) &&
         (poll_type.spec || init_module_type(&poll_type, &kPollSpec)) && module_add_type(module, &epoll_type, &kEpollSpec);
}

}  // namespace
extern const NativeModule select_module;
const NativeModule select_module = {"select", "This module supports asynchronous I/O on multiple file descriptors.", kFunctions,
                                    select_execute};
}  // namespace pt
