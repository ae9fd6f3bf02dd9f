#pragma once
// Facts that compiled code for several threads relies on without looking at them in every round: values of keys in
// namespaces, attributes of classes, the code of functions. Whoever changes one makes all threads pass a safepoint, where
// they leave their traces; on entry a trace checks all it relies on. (f.__code__ changes with the world stopped.)
namespace pt {
struct Dict;
struct Str;
}

namespace pt::jit {

// From now on writes to the key are announced. False positives happen: a fixed table of bits is all there is.
void watch_key(Dict* dict, Str* name);
bool is_relied_on(const Dict* dict, const Str* name);
// Sets the hooks; before the first thread starts.
void initialise_facts();

}  // namespace pt::jit
