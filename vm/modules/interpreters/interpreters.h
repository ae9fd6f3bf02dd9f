#pragma once
#include "vm/modules/interpreters/channels.h"
#include "vm/object/error.h"

namespace pt::interpreters {

// The exception that tells of a result other than kOk.
Raised raise_channel_error(ChannelResult result, int64_t id);

}  // namespace pt::interpreters
