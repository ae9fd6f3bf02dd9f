#include "gc/heap/audit.h"

#include <cstdio>

#include "gc/heap/heap.h"
#include "gc/platform/memory.h"
#include "gc/refcount/ledger.h"
#include "gc/refcount/ref.h"
#include "gc/sync/mutator.h"

namespace pt {

namespace {

// address -> references found; open addressing, sized for the live objects.
struct Tally {
  struct Entry {
    const Object* object;
    int64_t found;
  };
  Entry* entries = nullptr;
  size_t mask = 0;

  Entry& at(const Object* o) {
    size_t i = (reinterpret_cast<uintptr_t>(o) >> 4) * 0x9E3779B97F4A7C15u >> 20 & mask;
    while (entries[i].object && entries[i].object != o) i = (i + 1) & mask;
    return entries[i];
  }
  void add(const Object* o) {
    Entry& entry = at(o);
    if (entry.object) ++entry.found;  // immortal objects outside the heap have no entry
  }
};

struct TallyVisitor : FieldVisitor {
  Tally* tally;
};

struct Report {
  Tally* tally;
  AuditResult result;
  int print_limit;
};

void judge(Object* o, void* context) {
  auto& report = *static_cast<Report*>(context);
  if (o->is_immortal()) return;
  ++report.result.objects;
  int64_t found = report.tally->at(o).found + (o->has_gc_bit(kGcDeferred) ? 1 : 0);
  int64_t counted = reference_count(o);
  if (found == counted) return;
  ++(found > counted ? report.result.undercounted : report.result.unexplained);
  if (report.print_limit-- <= 0) return;
  std::fprintf(stderr, "audit: %s at %p has count %lld, %lld references found\n", layout_of(o)->name, static_cast<void*>(o),
               static_cast<long long>(counted), static_cast<long long>(found));
  ledger_print(o);
}

}  // namespace

AuditResult audit_refcounts(int print_limit) {
  StopTheWorld stopped;
  size_t live = 0;
  for_each_object([](Object*, void* context) { ++*static_cast<size_t*>(context); }, &live);
  Tally tally;
  size_t size = 64;
  while (size < live * 2) size *= 2;
  tally.entries = static_cast<Tally::Entry*>(memory::allocate_zeroed(size * sizeof(Tally::Entry)));
  if (!tally.entries) return {};
  tally.mask = size - 1;
  for_each_object([](Object* o, void* context) { static_cast<Tally*>(context)->at(o).object = o; }, &tally);
  for_each_object(
      [](Object* o, void* context) {
        const TypeLayout* layout = layout_of(o);
        if (!layout->traverse) return;
        TallyVisitor visitor;
        visitor.tally = static_cast<Tally*>(context);
        visitor.visit = [](FieldVisitor& self, Field& field) {
          Value v = field.peek();
          if (v.is_object()) static_cast<TallyVisitor&>(self).tally->add(v.as_object());
        };
        layout->traverse(o, visitor);
      },
      &tally);
  if (g_heap_hooks.visit_roots) {
    for_each_mutator(
        [](Mutator* m, void* context) {
          g_heap_hooks.visit_roots(
              m,
              [](Value v, void* inner) {
                if (v.is_counted()) static_cast<Tally*>(inner)->add(v.as_object());
              },
              context);
        },
        &tally);
  }
  Report report{&tally, {}, print_limit};
  for_each_object(judge, &report);
  memory::release(tally.entries);
  return report.result;
}

}  // namespace pt
