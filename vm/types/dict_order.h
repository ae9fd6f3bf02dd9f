#pragma once
#include <atomic>

namespace pt {

struct Type;

// The dict whose entries can change places (collections.OrderedDict): its iterators say so when it happened and they noticed.
// Set once, when the type is made.
extern std::atomic<const Type*> g_reorderable_dict_type;

}  // namespace pt
