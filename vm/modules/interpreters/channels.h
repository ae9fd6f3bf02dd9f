#pragma once
// Channels: queues of the process through which interpreters pass what is immutable.
#include <cstdint>
#include <vector>

#include "gc/refcount/ref.h"

namespace pt::interpreters {

enum class ChannelEnd : uint8_t { kBoth, kSend, kReceive };
enum class ChannelResult : uint8_t { kOk, kNotFound, kClosed, kEmpty, kNotEmpty };

int64_t channel_create();
ChannelResult channel_send(int64_t id, Ref<> item);
ChannelResult channel_receive(int64_t id, Ref<>* out);
// For the calling interpreter. A channel all of whose ends are closed is closed.
ChannelResult channel_release(int64_t id, ChannelEnd end);
// For all interpreters. With `force` what waits in it is dropped; without, a channel that is not empty stays open, or (kSend)
// can be emptied.
ChannelResult channel_close(int64_t id, ChannelEnd end, bool force);
ChannelResult channel_destroy(int64_t id);
// Ids, the newest first.
std::vector<int64_t> channel_ids();
// Has the interpreter that end, and has not released it?
ChannelResult channel_has_end(int64_t id, int64_t interpreter, bool send, bool* out);
// ChannelID objects: a channel goes with the last of them.
bool channel_count_up(int64_t id);  // false: there is none
void channel_count_down(int64_t id);

}  // namespace pt::interpreters
