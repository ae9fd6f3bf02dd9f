#pragma once
// Trial deletion (Bacon and Rajan 2001, as CPython applies it to whole counts): which of a set of objects are kept alive
// only by each other. World stopped throughout.
#include "gc/collector/shadow_map.h"
#include "gc/refcount/ref.h"

namespace pt {

class Trial {
 public:
  Trial();
  // Adds a candidate that has `outside` references once internal ones are taken away (0 or more). False: out of memory.
  [[nodiscard]] bool add(Object* o, int64_t count);
  // What describes an object that is no candidate lives as long as it does.
  void keep_describing(const Object* o);
  // Takes the references that candidates hold to each other off their counts.
  void subtract_internal();
  // Marks what is reachable from candidates with references left over, from all frames and native roots, and from the
  // registered immortal roots. False: memory is out; the marks are then incomplete and nothing may be freed.
  [[nodiscard]] bool mark_from_roots();
  // Keeps the candidate, and what it reaches. After mark_from_roots().
  void keep(Object*);
  // Appends the candidates that were not reached. False: memory is out.
  [[nodiscard]] bool unreachable(WordArray<Object*>& out);
  bool reached(const Object* o) const {
    const uint32_t* word = shadow_.find(o);
    return !word || !*word || (*word & kReached);
  }
  int64_t candidates() const { return candidates_; }
  // Candidates more often referred to by others than their count says. Always 0 unless counts are corrupt.
  int64_t underflows() const { return underflows_; }

 private:
  static constexpr uint32_t kKnown = 1u << 31;
  static constexpr uint32_t kReached = 1u << 30;
  static constexpr uint32_t kCountMask = kReached - 1;

  struct Visitor : FieldVisitor {
    Trial* trial;
  };
  // References on their way: their words and objects are being fetched from memory.
  static constexpr unsigned kDelay = 16;
  struct Edge {
    uint32_t* word;
    Object* target;
  };
  // An instance keeps its type alive without a count: a layout in the heap lies in the object that describes the instances,
  // right behind its header. Any other address is in no shadow.
  static Object* describing(const TypeLayout* layout) {
    return reinterpret_cast<Object*>(reinterpret_cast<uintptr_t>(layout) - sizeof(Object));
  }
  static void visit_subtract(FieldVisitor& visitor, Field& field);
  static void visit_mark(FieldVisitor& visitor, Field& field);
  static void visit_root(Value v, void* context);
  PT_INLINE void take_off(uint32_t* word);
  PT_INLINE void reach(Object* o);
  PT_INLINE void arrive(Edge edge);
  void drain();
  PT_INLINE void traverse(Object* o, void (*visit)(FieldVisitor&, Field&));

  ShadowMap shadow_;
  WordArray<Object*> stack_;   // reached, not traversed yet
  Edge edges_[kDelay] = {};    // a ring
  unsigned edges_begin_ = 0;
  unsigned edges_count_ = 0;
  const TypeLayout* last_layout_ = nullptr;       // the one marked last: neighbours are often of one type
  WordArray<const TypeLayout*> kept_layouts_;     // of objects that are no candidates
  int64_t candidates_ = 0;
  int64_t underflows_ = 0;
  bool failed_ = false;
};

// Calls `visit` for each registered collector root (world stopped).
void for_each_collector_root(void (*visit)(Object*, void*), void* context);

}  // namespace pt
