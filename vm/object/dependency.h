#pragma once
// Dependencies of caches and compiled code on class attributes, by name: a change of any class attribute called N
// invalidates what was registered for N, and nothing else.
#include <atomic>
#include <cstdint>

namespace pt {

struct Str;

// Registers a 32-bit word that is set to 0 when an attribute `name` of an existing class changes. The word must stay
// readable for ever or until forget_dependency. False, without an exception: no memory, nothing is registered.
[[nodiscard]] bool add_name_dependency(Str* name, std::atomic<uint32_t>* word);
void forget_dependency(Str* name, std::atomic<uint32_t>* word);
// Called after each change by the functions below, if set: tells compiled code. Runs no Python code. Set at start-up.
extern void (*g_facts_changed)();
// Called after the change. Runs no Python code.
void invalidate_name(Str* name);
// __bases__ or __class__ assignment: everything.
void invalidate_all_names();

}  // namespace pt
