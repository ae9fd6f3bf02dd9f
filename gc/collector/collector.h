#pragma once
// The cycle collector: stop-the-world trial deletion over reference counts, with frames scanned for borrowed and deferred
// words. Finalisation in PEP 442 order: weakrefs cleared, finalisers, resurrection check, clear. docs/collector.md.
#include <cstdint>

namespace pt {

struct Object;

struct CollectionResult {
  int64_t unreachable;  // tracked objects found in garbage cycles and not resurrected
  int64_t uncollectable;
  int64_t pause_ns;     // time the world stood still, both pauses together
};

// Attached thread, no object locks. Runs Python code (finalisers, callbacks) after the world was restarted. Several
// threads may collect at once; a call from inside this thread's own collection (a finaliser) does nothing.
CollectionResult collect();

// The automatic trigger. Threshold in container allocations (net of frees); 0 turns it off. The effective threshold also
// grows with the live heap (a quarter of the tracked objects), so that building a large structure stays linear. The
// first call arms the trigger: the runtime makes it at start-up.
void set_collection_threshold(int64_t allocations);
int64_t collection_threshold();
// For tests: a collection at every so many container allocations, whatever the threshold and however large the heap; 0: as
// usual.
void set_collection_interval(int64_t allocations);
void set_collection_enabled(bool enabled);  // gc.enable() and gc.disable(); collect() works either way
bool collection_enabled();
// For kBreakCollect, which it acknowledges: collects if it is enabled and still due. Attached thread, no object locks; runs
// Python code.
void collect_if_due();
// Net container allocations since the last collection, never negative: gc.get_count().
int64_t collection_count();

struct CollectorStatistics {
  int64_t collections, collected, uncollectable, total_pause_ns, longest_pause_ns;
};
CollectorStatistics collector_statistics();

// An immortal container outside the object heap (a static type, a table of the vm) whose fields keep things alive. The
// fields of a root may hold borrowed words. Any thread; not while the world is stopped. False when memory is out.
[[nodiscard]] bool add_collector_root(Object*);

// Flags of gc.set_debug().
inline constexpr uint32_t kCollectorDebugStatistics = 1;
inline constexpr uint32_t kCollectorDebugCollectable = 2;
inline constexpr uint32_t kCollectorDebugUncollectable = 4;
inline constexpr uint32_t kCollectorDebugSaveAll = 32;
void set_collector_debug(uint32_t flags);
uint32_t collector_debug();

// Hooks of the gc module; each may be nullptr. All run attached, the world running, and may run Python code.
struct CollectorHooks {
  void (*started)() = nullptr;                                  // gc.callbacks, phase "start"
  void (*finished)(const CollectionResult& result) = nullptr;  // gc.callbacks, phase "stop"
  void (*save_garbage)(Object*) = nullptr;                      // append to gc.garbage
  // Whether garbage with this object in it must not be taken apart: what native code can only finalise in an order of its
  // own. Such objects go to gc.garbage, and they keep what they reach. Called with the world stopped.
  bool (*uncollectable)(const Object*) = nullptr;
};
extern constinit CollectorHooks g_collector_hooks;

// What a g_heap_hooks.clear_weakrefs implementation must know: during a collection it is called with the world stopped,
// for objects that carry kGcUnreachable. It must then release nothing, and drop (not queue) the callback of a weak
// reference object that carries kGcUnreachable itself.

// Heap verifier: walks the heap with the world stopped and checks headers, counts and field targets. Returns the number
// of problems, each printed to stderr (the first few dozen only).
int verify_heap();

}  // namespace pt
