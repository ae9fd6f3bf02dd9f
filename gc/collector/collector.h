#pragma once
// The cycle collector: stop-the-world trial deletion over reference counts, with frames scanned for borrowed and deferred
// words. Finalisation in PEP 442 order: weakrefs cleared, finalisers, resurrection check, clear.
#include <cstdint>

namespace pt {

struct CollectionResult {
  int64_t unreachable;  // objects found in garbage cycles
  int64_t uncollectable;
  int64_t pause_ns;
};

// Attached thread, no object locks. Runs Python code (finalisers, callbacks) after the world was restarted.
CollectionResult collect();
// Threshold of the automatic trigger in container allocations; 0 turns it off. The effective threshold also grows
// with the live heap (a quarter of the tracked objects), so that building a large structure stays linear.
void set_collection_threshold(int64_t allocations);
int64_t collection_threshold();

struct CollectorStatistics { int64_t collections, collected, uncollectable, total_pause_ns, longest_pause_ns; };
CollectorStatistics collector_statistics();

// Heap verifier: walks the heap with the world stopped and checks headers, counts and field targets. Returns the number
// of problems, each printed to stderr.
int verify_heap();

}  // namespace pt
