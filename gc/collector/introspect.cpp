#include "gc/collector/introspect.h"

#include "gc/heap/heap.h"
#include "gc/refcount/ref.h"
#include "gc/sync/mutator.h"

namespace pt {

bool ValueList::add(Value v) {
  if (!values_.push(v.untagged())) return false;
  retain(v);
  return true;
}

void ValueList::clear() {
  while (!values_.empty()) release(values_.pop());
}

namespace {

// An object that Python code may be handed: alive, and not garbage that some thread is about to clear.
bool presentable(const Object* o) { return !o->has_gc_bit(kGcUnreachable) && (o->is_immortal() || reference_count(o) > 0); }

struct Search {
  const Value* targets;
  size_t count;
  ValueList* out;
  bool complete = true;
};

struct SearchVisitor : FieldVisitor {
  const Search* search;
  bool found = false;
};

void visit_search(FieldVisitor& visitor, Field& field) {
  SearchVisitor& self = static_cast<SearchVisitor&>(visitor);
  Value v = field.peek();
  if (v.empty()) return;
  for (size_t i = 0; i < self.search->count; i++) {
    if (v.same(self.search->targets[i])) self.found = true;
  }
}

struct ReferentVisitor : FieldVisitor {
  ValueList* out;
  bool complete = true;
};

void visit_referent(FieldVisitor& visitor, Field& field) {
  ReferentVisitor& self = static_cast<ReferentVisitor&>(visitor);
  Value v = field.peek();
  if (v.empty() || (v.is_object() && !presentable(v.as_object()))) return;
  if (!self.out->add(v)) self.complete = false;
}

}  // namespace

bool objects_where(bool (*wanted)(const Object*), ValueList& out) {
  struct Selection {
    bool (*wanted)(const Object*);
    ValueList& out;
    bool complete = true;
  } selection{wanted, out};
  StopTheWorld stopped;
  for_each_object(
      [](Object* o, void* context) {
        auto* self = static_cast<Selection*>(context);
        if (!presentable(o) || !self->wanted(o)) return;
        if (!self->out.add(Value::object(o))) self->complete = false;
      },
      &selection);
  return selection.complete;
}

bool tracked_objects(ValueList& out) {
  return objects_where([](const Object* o) { return o->has_gc_bit(kGcTracked) && !o->has_gc_bit(kGcFrozen); }, out);
}

bool referrers(const Value* targets, size_t count, ValueList& out) {
  Search search{targets, count, &out};
  StopTheWorld stopped;
  for_each_object(
      [](Object* o, void* context) {
        Search* self = static_cast<Search*>(context);
        if (!o->has_gc_bit(kGcTracked) || !presentable(o)) return;
        const TypeLayout* layout = layout_of(o);
        if (!layout->traverse) return;
        SearchVisitor visitor;
        visitor.visit = visit_search;
        visitor.search = self;
        layout->traverse(o, visitor);
        if (visitor.found && !self->out->add(Value::object(o))) self->complete = false;
      },
      &search);
  return search.complete;
}

bool referents(const Value* objects, size_t count, ValueList& out) {
  ReferentVisitor visitor;
  visitor.visit = visit_referent;
  visitor.out = &out;
  StopTheWorld stopped;
  for (size_t i = 0; i < count; i++) {
    if (!is_tracked(objects[i])) continue;
    Object* o = objects[i].as_object();
    if (const TypeLayout* layout = layout_of(o); layout->traverse) layout->traverse(o, visitor);
  }
  return visitor.complete;
}

bool is_tracked(Value v) { return v.is_object() && v.as_object()->has_gc_bit(kGcTracked); }
bool is_finalized(Value v) { return v.is_object() && v.as_object()->has_gc_bit(kGcFinalised); }

void freeze_heap() {
  StopTheWorld stopped;
  for_each_object(
      [](Object* o, void*) {
        if (o->has_gc_bit(kGcTracked) && presentable(o)) o->gc_bits.fetch_or(kGcFrozen, std::memory_order_relaxed);
      },
      nullptr);
}

void unfreeze_heap() {
  StopTheWorld stopped;
  for_each_object(
      [](Object* o, void*) {
        if (o->has_gc_bit(kGcFrozen)) {
          o->gc_bits.fetch_and(static_cast<uint8_t>(~kGcFrozen), std::memory_order_relaxed);
        }
      },
      nullptr);
}

int64_t frozen_count() {
  int64_t count = 0;
  StopTheWorld stopped;
  for_each_object([](Object* o, void* context) { *static_cast<int64_t*>(context) += o->has_gc_bit(kGcFrozen); }, &count);
  return count;
}

}  // namespace pt
