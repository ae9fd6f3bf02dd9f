#pragma once
// Merge queues: one for each owner id, of objects whose shared count would have become negative.
#include "gc/object/object.h"

namespace pt {

// The object's state was just set to queued by this thread: hands the reference that was not subtracted to the owner's
// queue. Merges at once when the owner has ended or is detached; may then run destructors.
void queue_for_merge(Object*);

// The calling thread's, for its Mutator.
struct PendingCount* own_pending_counts();

}  // namespace pt
