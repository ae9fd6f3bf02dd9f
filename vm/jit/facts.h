#pragma once
// Facts that compiled code relies on without looking at them in every round: where namespaces keep their values, and the
// values that hardly ever change; attributes of classes, the code of functions. Whoever changes one makes all threads pass
// a safepoint, where they leave their traces, and leaves the one it was called from behind the call; on entry a trace
// checks all it relies on. (f.__code__ changes with the world stopped, and so do watched objects.)
#include <cstdint>
#include <memory>

#include "jit_stencils/abi.h"

namespace pt {
struct Dict;
struct DictPlace;
struct Object;
struct Str;
}  // namespace pt

namespace pt::jit {

// Changes of facts by this thread.
inline constinit thread_local uint64_t tls_fact_changes = 0;

// From now on another table of the dict is announced.
void watch_table(Dict* dict);
// And so are writes to the key. False positives happen: a fixed table of bits is all there is.
void watch_key(Dict* dict, Str* name);
bool is_relied_on(const Dict* dict, const Str* name);
// The place as compiled code looks at it, once the table is watched.
GlobalReference reference_to(Dict* dict, Str* name, const DictPlace& place);
struct FreeReference {
  void operator()(GlobalReference* g) const;
};
using OwnedReference = std::unique_ptr<GlobalReference, FreeReference>;
// nullptr: memory is out.
OwnedReference copy_reference(const GlobalReference& g);
// Watches the object (docs/locks.md), which lives for ever, unless that has ended a few times already: then it tends to change.
// Several threads.
bool try_watch(Object* o);
// It is written to: not from here on.
void forbid_watch(Object* o);
// Sets the hooks; before the first thread starts.
void initialise_facts();

}  // namespace pt::jit
