#pragma once
// resource.struct_rusage for the modules that report resource usage.
#include "gc/refcount/ref.h"

struct rusage;

namespace pt {
Ref<> rusage_object(const rusage& usage);
}
