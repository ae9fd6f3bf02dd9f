// The heap verifier.
#include <sys/uio.h>
#include <unistd.h>

#include <cstdio>

#include "gc/collector/collector.h"
#include "gc/collector/trial.h"
#include "gc/heap/heap.h"
#include "gc/refcount/ref.h"
#include "gc/sync/mutator.h"

namespace pt {

namespace {

constexpr uint32_t kLive = 1u << 31;         // the heap has the object
constexpr uint32_t kOutside = 1u << 30;      // seen outside the heap, and found sound
constexpr uint32_t kBad = 1u << 29;          // reported once: not reported again, not traversed
constexpr uint32_t kReferences = kBad - 1;   // counted references from other objects

class Verifier {
 public:
  int run();

 private:
  struct Visitor : FieldVisitor {
    Verifier* verifier;
    Object* holder;
  };

  void report(const Object* o, const char* what, const Object* other = nullptr);
  bool check_header(Object* o);
  void check_target(Object* holder, Value v, const char* what);
  void traverse(Object* o);
  static const char* name_of(const Object* o);
  static bool readable_header(const Object* o, Object* copy);
  static bool is_immortal_outside(const Object* o);

  ShadowMap shadow_;
  WordArray<Object*> live_;
  int problems_ = 0;
  bool failed_ = false;
};

const char* Verifier::name_of(const Object* o) {
  ShapeId id = o->shape_id.load(std::memory_order_relaxed);
  if (id == 0 || id >= kMaxShapes) return "?";
  const TypeLayout* layout = layout_of(o);
  return layout && layout->name ? layout->name : "?";
}

void Verifier::report(const Object* o, const char* what, const Object* other) {
  if (++problems_ > 40) return;
  std::fprintf(stderr, "ptpython: heap verifier: %s %p (shape %u, owner %u, local %u, shared %d, bits 0x%x): %s", name_of(o),
               static_cast<const void*>(o), o->shape_id.load(std::memory_order_relaxed), o->owner.load(std::memory_order_relaxed),
               o->local.load(std::memory_order_relaxed), o->shared.load(std::memory_order_relaxed),
               o->gc_bits.load(std::memory_order_relaxed), what);
  if (other) std::fprintf(stderr, " %p", static_cast<const void*>(other));
  std::fputc('\n', stderr);
}

// Copies the 16 bytes without ever faulting: a corrupt pointer may name anything.
bool Verifier::readable_header(const Object* o, Object* copy) {
  iovec local{copy, sizeof(Object)};
  iovec remote{const_cast<Object*>(o), sizeof(Object)};
  return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(sizeof(Object));
}

// What is not in the heap can only be an immortal object.
bool Verifier::is_immortal_outside(const Object* o) {
  alignas(Object) unsigned char bytes[sizeof(Object)] = {};
  Object* copy = reinterpret_cast<Object*>(bytes);
  return readable_header(o, copy) && copy->is_immortal() && !copy->has_gc_bit(kGcDead);
}

bool Verifier::check_header(Object* o) {
  ShapeId id = o->shape_id.load(std::memory_order_relaxed);
  if (id == 0 || id >= kMaxShapes) {
    report(o, "shape id out of range");
    return false;
  }
  const TypeLayout* layout = layout_of(o);
  if (!layout) {
    report(o, "shape without a layout");
    return false;
  }
  uint8_t bits = o->gc_bits.load(std::memory_order_relaxed);
  if (bits & kGcDead) report(o, "live object marked dead");
  if (bits & kGcMark) report(o, "collector mark left behind");
  if ((bits & kGcTracked) && !layout->traverse) report(o, "tracked without a traverse function");
  if (layout->fixed_size > slot_size(o)) report(o, "larger than its slot");

  uint32_t local = o->local.load(std::memory_order_relaxed);
  if (local == kLocalImmortal) {
    if (o->owner.load(std::memory_order_relaxed) != 0) report(o, "immortal with an owner");
    return true;
  }
  int32_t shared = o->shared.load(std::memory_order_relaxed);
  int32_t state = shared & kSharedStateMask;
  if (o->owner.load(std::memory_order_relaxed) == 0) {
    if (state != kSharedMerged) report(o, "no owner but not merged");
    if (local != 0) report(o, "merged with a local count");
  } else if (state == kSharedMerged) {
    report(o, "merged with an owner");
  }
  if (local >= (1u << 31)) report(o, "local count went below zero");
  if (reference_count(o) < 0) report(o, "negative reference count");
  if ((bits & kGcDeferred) && reference_count(o) < 1) report(o, "deferred without the heap's own count");
  return true;
}

void Verifier::check_target(Object* holder, Value v, const char* what) {
  if (!v.is_object()) return;
  Object* target = v.as_object();
  if (reinterpret_cast<uintptr_t>(target) & 15) {  // the heap aligns to 16; others need not
    if (!is_immortal_outside(target)) report(holder, what, target);
    return;
  }
  uint32_t* word = shadow_.insert(target);
  if (!word) {
    failed_ = true;
    return;
  }
  if (*word & (kBad | kOutside)) return;
  if (*word & kLive) {
    if (v.is_counted() && (*word & kReferences) != kReferences) ++*word;
    return;
  }
  if (is_immortal_outside(target)) {
    *word |= kOutside;
  } else {
    *word |= kBad;
    report(holder, what, target);
  }
}

void Verifier::traverse(Object* o) {
  const TypeLayout* layout = layout_of(o);
  if (!layout->traverse) return;
  Visitor visitor;
  visitor.verifier = this;
  visitor.holder = o;
  visitor.visit = [](FieldVisitor& base, Field& field) {
    Visitor& self = static_cast<Visitor&>(base);
    self.verifier->check_target(self.holder, field.peek(), "refers to what is no live object:");
  };
  layout->traverse(o, visitor);
}

int Verifier::run() {
  StopTheWorld stopped;
  uintptr_t begin = 0;
  uintptr_t end = 0;
  heap_extent(&begin, &end);
  shadow_.cover(begin, end);
  for_each_object(
      [](Object* o, void* context) {
        Verifier* self = static_cast<Verifier*>(context);
        uint32_t* word = self->shadow_.insert(o);
        if (!word || !self->live_.push(o)) {
          self->failed_ = true;
          return;
        }
        if (*word) self->report(o, "visited twice by the heap walk");
        *word = kLive;
      },
      this);
  for (Object* o : live_) {
    if (!check_header(o)) *shadow_.find(o) |= kBad;
  }
  for (Object* o : live_) {
    if (*shadow_.find(o) & kBad) continue;
    // What is being destroyed may have freed its buffers already.
    if (!o->is_immortal() && reference_count(o) <= 0) continue;
    traverse(o);
  }
  for_each_collector_root([](Object* root, void* context) { static_cast<Verifier*>(context)->traverse(root); }, this);
  struct RootCheck {
    Verifier* verifier;
    Mutator* mutator;
  };
  for_each_mutator(
      [](Mutator* mutator, void* context) {
        if (!g_heap_hooks.visit_roots) return;
        g_heap_hooks.visit_roots(
            mutator,
            [](Value v, void* inner) {
              if (!v.is_object()) return;
              Verifier* self = static_cast<Verifier*>(inner);
              uint32_t* word = self->shadow_.find(v.as_object());
              // Counted words of frames are references too, but native roots may report one count twice.
              if (word && (*word & kLive)) return;
              if (is_immortal_outside(v.as_object())) return;
              self->problems_++;
              std::fprintf(stderr, "ptpython: heap verifier: a root refers to what is no live object: %p\n",
                           static_cast<void*>(v.as_object()));
            },
            context);
      },
      this);
  for (Object* o : live_) {
    uint32_t word = *shadow_.find(o);
    if ((word & kBad) || o->is_immortal()) continue;
    int64_t count = reference_count(o) - (o->has_gc_bit(kGcDeferred) ? 1 : 0);
    if (static_cast<int64_t>(word & kReferences) > (count > 0 ? count : 0))
      report(o, "more references in the heap than its count");
  }
  if (failed_) std::fprintf(stderr, "ptpython: heap verifier: out of memory, not all was checked\n");
  if (problems_ > 40) std::fprintf(stderr, "ptpython: heap verifier: %d problems in all\n", problems_);
  return problems_;
}

}  // namespace

int verify_heap() {
  Verifier verifier;
  return verifier.run();
}

}  // namespace pt
