#include "vm/modules/interpreters/channels.h"

#include <algorithm>
#include <deque>
#include <memory>

#include "gc/platform/futex.h"
#include "vm/object/interpreter.h"

namespace pt::interpreters {
namespace {

// What is taken out of a channel is dropped without the lock: a ChannelID among it counts down.
using Items = std::deque<Ref<>>;

struct Association {
  int64_t interpreter;
  bool open;
};
struct Channel {
  int64_t id;
  int64_t id_objects = 0;
  bool closed = false;
  bool closing = false;  // nobody sends any more; closed once it is empty
  std::vector<Association> senders, receivers;
  Items items;

  Association* find(bool send, int64_t interpreter) {
    for (Association& a : send ? senders : receivers) {
      if (a.interpreter == interpreter) return &a;
    }
    return nullptr;
  }
  // The interpreter uses the end from now on; false: it has released it.
  bool use(bool send, int64_t interpreter) {
    if (Association* a = find(send, interpreter)) return a->open;
    (send ? senders : receivers).push_back({interpreter, true});
    return true;
  }
  void release_end(bool send, int64_t interpreter) {
    if (Association* a = find(send, interpreter))
      a->open = false;
    else
      (send ? senders : receivers).push_back({interpreter, false});
  }
  bool has_open_end() const {
    auto open = [](const Association& a) { return a.open; };
    return std::any_of(senders.begin(), senders.end(), open) || std::any_of(receivers.begin(), receivers.end(), open);
  }
  Items close() {
    closed = true;
    return std::exchange(items, Items());
  }
};

constinit RawMutex g_lock;
using Table = std::vector<std::unique_ptr<Channel>>;  // by id
Table* g_channels PT_GUARDED_BY(g_lock) = nullptr;
constinit int64_t g_next_id PT_GUARDED_BY(g_lock) = 0;

Table::iterator place(int64_t id) PT_REQUIRES(g_lock) {
  if (!g_channels) g_channels = new Table;
  auto at = std::lower_bound(g_channels->begin(), g_channels->end(), id,
                             [](const std::unique_ptr<Channel>& channel, int64_t wanted) { return channel->id < wanted; });
  return at != g_channels->end() && (*at)->id == id ? at : g_channels->end();
}

// Runs `f` on an open channel with the lock held.
template <class F>
ChannelResult with_channel(int64_t id, F&& f) {
  RawGuard guard(g_lock);
  auto at = place(id);
  if (at == g_channels->end()) return ChannelResult::kNotFound;
  return (*at)->closed ? ChannelResult::kClosed : f(**at);
}

// Takes a channel off the table.
std::unique_ptr<Channel> take(Table::iterator at) PT_REQUIRES(g_lock) {
  std::unique_ptr<Channel> channel = std::move(*at);
  g_channels->erase(at);
  return channel;
}

}  // namespace

int64_t channel_create() {
  auto made = std::make_unique<Channel>();
  RawGuard guard(g_lock);
  int64_t id = made->id = g_next_id++;
  place(id);
  g_channels->push_back(std::move(made));
  return id;
}

ChannelResult channel_send(int64_t id, Ref<> item) {
  int64_t sender = current_interpreter()->id;
  if (item.value().is_object()) mark_maybe_shared(item.value().as_object());
  return with_channel(id, [&](Channel& channel) {
    if (channel.closing || !channel.use(true, sender)) return ChannelResult::kClosed;
    channel.items.push_back(std::move(item));
    return ChannelResult::kOk;
  });
}

ChannelResult channel_receive(int64_t id, Ref<>* out) {
  int64_t receiver = current_interpreter()->id;
  return with_channel(id, [&](Channel& channel) {
    if (!channel.use(false, receiver)) return ChannelResult::kClosed;
    if (channel.items.empty()) return ChannelResult::kEmpty;
    *out = std::move(channel.items.front());
    channel.items.pop_front();
    if (channel.closing && channel.items.empty()) channel.closed = true;
    return ChannelResult::kOk;
  });
}

ChannelResult channel_release(int64_t id, ChannelEnd end) {
  int64_t interpreter = current_interpreter()->id;
  Items dropped;
  return with_channel(id, [&](Channel& channel) {
    if (end != ChannelEnd::kReceive) channel.release_end(true, interpreter);
    if (end != ChannelEnd::kSend) channel.release_end(false, interpreter);
    if (!channel.has_open_end()) dropped = channel.close();
    return ChannelResult::kOk;
  });
}

ChannelResult channel_close(int64_t id, ChannelEnd end, bool force) {
  Items dropped;
  return with_channel(id, [&](Channel& channel) {
    if (force || channel.items.empty()) {
      dropped = channel.close();
    } else if (end != ChannelEnd::kSend) {
      return ChannelResult::kNotEmpty;
    } else if (channel.closing) {
      return ChannelResult::kClosed;
    } else {
      channel.closing = true;
    }
    return ChannelResult::kOk;
  });
}

ChannelResult channel_destroy(int64_t id) {
  std::unique_ptr<Channel> gone;
  RawGuard guard(g_lock);
  auto at = place(id);
  if (at == g_channels->end()) return ChannelResult::kNotFound;
  gone = take(at);
  return ChannelResult::kOk;
}

std::vector<int64_t> channel_ids() {
  std::vector<int64_t> ids;
  RawGuard guard(g_lock);
  if (!g_channels) return ids;
  for (auto at = g_channels->rbegin(); at != g_channels->rend(); ++at) ids.push_back((*at)->id);
  return ids;
}

ChannelResult channel_has_end(int64_t id, int64_t interpreter, bool send, bool* out) {
  return with_channel(id, [&](Channel& channel) {
    if (send && channel.closing) return ChannelResult::kClosed;
    Association* a = channel.find(send, interpreter);
    *out = a && a->open;
    return ChannelResult::kOk;
  });
}

bool channel_count_up(int64_t id) {
  RawGuard guard(g_lock);
  auto at = place(id);
  if (at == g_channels->end()) return false;
  ++(*at)->id_objects;
  return true;
}

void channel_count_down(int64_t id) {
  std::unique_ptr<Channel> gone;
  RawGuard guard(g_lock);
  auto at = place(id);
  if (at != g_channels->end() && --(*at)->id_objects == 0) gone = take(at);
}

}  // namespace pt::interpreters
