#pragma once
// What the modules in shared objects share.
#include "gc/platform/memory.h"
#include "gc/sync/mutator.h"
#include "vm/modules/support/arguments.h"
#include "vm/modules/thread/locks.h"
#include "vm/object/buffer.h"
#include "vm/object/module.h"
#include "vm/object/native.h"
#include "vm/types/bytes.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"
#include "vm/types/tuple.h"

namespace pt {

// One operation at a time on an object whose library state has no locks of its own. Waits detached.
class ObjectGuard {
 public:
  explicit ObjectGuard(ThreadLock& lock) : lock_(lock) {
    while (lock_.acquire(-1, false) != Acquire::kTaken) {
    }
  }
  ~ObjectGuard() { lock_.release(); }
  ObjectGuard(const ObjectGuard&) = delete;
  ObjectGuard& operator=(const ObjectGuard&) = delete;

 private:
  ThreadLock& lock_;
};

// A callback of a library that runs detached: attached for a scope.
class Attached {
 public:
  Attached() : mutator_(tls_mutator) { attach(mutator_); }
  ~Attached() { detach(mutator_); }
  Attached(const Attached&) = delete;
  Attached& operator=(const Attached&) = delete;

 private:
  Mutator* mutator_;
};

template <class T>
T* self_as(Value v) {
  return reinterpret_cast<T*>(v.as_object());
}

// A class object made once a process and kept for ever; adds it to the module under `name`.
inline bool add_exception(Module* module, Value* slot, const char* qualified, const char* name, Value base,
                          const char* doc = nullptr) {
  if (slot->empty()) {
    Ref<> made = make_exception_class(qualified, base, doc);
    if (!made) return false;
    make_immortal(made.value().as_object());
    *slot = made.take();
  }
  return dict_set_text(module_dict(module), name, *slot);
}
inline Type* as_type(Value v) { return reinterpret_cast<Type*>(v.as_object()); }

}  // namespace pt
