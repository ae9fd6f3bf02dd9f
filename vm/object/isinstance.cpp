// isinstance, issubclass and assignment to __bases__.
#include <algorithm>
#include <utility>
#include <vector>

#include "gc/sync/object_lock.h"
#include "vm/object/dependency.h"
#include "vm/object/error.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/slot_table.h"
#include "vm/object/type_build.h"
#include "vm/types/dict.h"
#include "vm/types/generic_alias.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {
bool is_type(Value v) { return v.is_object() && has_flag(type_of(v), kTypeTypeSubclass); }
Type* as_type(Value v) { return reinterpret_cast<Type*>(v.as_object()); }

// For class-like objects without being types: a tuple in __bases__. Empty without an exception otherwise.
Ref<> abstract_bases(Value v) {
  Ref<> bases = find_attribute(v, names::bases.str());
  if (bases && !is_tuple(bases.value())) return Ref<>();
  return bases;
}
int abstract_is_subclass(Value derived, Value type) {
  RecursionGuard guard(" in __issubclass__");
  if (!guard) return -1;
  if (derived.same(type)) return 1;
  Ref<> bases = abstract_bases(derived);
  if (!bases) return error_pending() ? -1 : 0;
  for (int64_t i = 0; i < as_tuple(bases.value())->length; ++i) {
    int r = abstract_is_subclass(as_tuple(bases.value())->at(i), type);
    if (r) return r;
  }
  return 0;
}
bool check_class(Value v, const char* message) {
  Ref<> bases = abstract_bases(v);
  if (bases) return true;
  if (error_pending()) return false;
  return raise(exc::TypeError, "%s", message);
}
}  // namespace

bool has_plain_class(Type* type) {
  if (type == &type_type || type == &module_type) return true;   // object's __class__ goes before what their getters find
  // Builtin types that answer for others (weak proxies, generic aliases) have a getter of their own.
  bool plain_getter = type->slots.get_attribute == object_type.slots.get_attribute;
  if (plain_getter && !has_flag(type, kTypeHeap)) return true;
  auto as_object_has_it = [type](Str* name) {
    return type_lookup_borrowed(type, name).same(type_lookup_borrowed(&object_type, name));
  };
  return as_object_has_it(names::class_dunder.str()) && (plain_getter || as_object_has_it(names::getattribute.str()));
}

int is_instance_by_type(Value object, Value type) {
  if (is_type(type)) {
    if (is_instance_of(object, as_type(type))) return 1;
    if (has_plain_class(type_of(object))) return 0;
    Ref<> cls = find_attribute(object, names::class_dunder.str());
    if (!cls) return error_pending() ? -1 : 0;
    if (cls.value().is(type_of(object)) || !is_type(cls.value())) return 0;
    return is_subtype(as_type(cls.value()), as_type(type));
  }
  if (!check_class(type, "isinstance() arg 2 must be a type, a tuple of types, or a union")) return -1;
  Ref<> cls = find_attribute(object, names::class_dunder.str());
  if (!cls) return error_pending() ? -1 : 0;
  return abstract_is_subclass(cls.value(), type);
}

int is_subclass_by_mro(Value derived, Value type) {
  if (is_type(type) && is_type(derived)) return derived.same(type) || is_subtype(as_type(derived), as_type(type));
  if (!check_class(derived, "issubclass() arg 1 must be a class")) return -1;
  if (!has_shape(type, kShape_union) &&
      !check_class(type, "issubclass() arg 2 must be a class, a tuple of classes, or a union")) {
    return -1;
  }
  return abstract_is_subclass(derived, type);
}

int is_instance(Value object, Value cls) {
  if (cls.is(type_of(object))) return 1;
  if (has_shape(cls, kShape_type)) return is_instance_by_type(object, cls);
  if (is_tuple(cls)) {
    RecursionGuard guard(" in __instancecheck__");
    if (!guard) return -1;
    for (int64_t i = 0; i < as_tuple(cls)->length; ++i) {
      int r = is_instance(object, as_tuple(cls)->at(i));
      if (r) return r;
    }
    return 0;
  }
  bool found;
  Ref<> result = call_special(cls, names::instancecheck.str(), {object}, &found);
  if (found) return result ? truth(result.value()) : -1;
  return is_instance_by_type(object, cls);
}

int is_subclass(Value derived, Value cls) {
  if (has_shape(cls, kShape_type)) {
    if (derived.same(cls)) return 1;
    return is_subclass_by_mro(derived, cls);
  }
  if (is_tuple(cls)) {
    RecursionGuard guard(" in __subclasscheck__");
    if (!guard) return -1;
    for (int64_t i = 0; i < as_tuple(cls)->length; ++i) {
      int r = is_subclass(derived, as_tuple(cls)->at(i));
      if (r) return r;
    }
    return 0;
  }
  bool found;
  Ref<> result = call_special(cls, names::subclasscheck.str(), {derived}, &found);
  if (found) return result ? truth(result.value()) : -1;
  return is_subclass_by_mro(derived, cls);
}

namespace {
// Bases, base, MRO and the lists of subclasses change under it. Nothing runs Python code meanwhile.
constinit std::atomic<uint8_t> g_hierarchy{0};
class HierarchyGuard {
 public:
  HierarchyGuard() { lock_byte(g_hierarchy); }
  ~HierarchyGuard() { unlock_byte(g_hierarchy); }
  HierarchyGuard(const HierarchyGuard&) = delete;
  HierarchyGuard& operator=(const HierarchyGuard&) = delete;
};

struct NewMro {
  Type* type;
  Ref<> before, after;
};

// What an MRO is made from: the bases and theirs.
std::vector<Ref<>> mro_inputs(Type* type) {
  std::vector<Ref<>> inputs;
  inputs.push_back(type->bases.load(type));
  Tuple* bases = as_tuple(inputs[0].value());
  for (int64_t i = 0; i < bases->length; ++i) inputs.push_back(as_type(bases->at(i))->mro.load(as_type(bases->at(i))));
  return inputs;
}
bool same_inputs(const std::vector<Ref<>>& a, const std::vector<Ref<>>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Ref<>& x, const Ref<>& y) { return x.value().same(y.value()); });
}

// Gives `type` and its subclasses their new MROs. False on an error, with some of them changed.
bool recompute_mro(Type* type, std::vector<NewMro>* made) {
  for (bool done = false; !done;) {
    std::vector<Ref<>> inputs = mro_inputs(type), now;
    Ref<Tuple> mro = ask_mro(type, as_tuple(inputs[0].value()));
    if (!mro) return false;
    HierarchyGuard guard;
    now = mro_inputs(type);
    done = same_inputs(inputs, now);  // else an mro() method, or another thread, was at it
    if (!done) continue;
    made->push_back({type, type->mro.load(type), mro.copy()});
    type->mro.store(type, std::move(mro));
  }
  struct Walk {
    std::vector<NewMro>* made;
    bool ok = true;
  } walk{made};
  for_each_subclass(
      type,
      [](Type* subclass, void* context) {
        auto* w = static_cast<Walk*>(context);
        w->ok = w->ok && recompute_mro(subclass, w->made);
      },
      &walk);
  return walk.ok;
}

// Under the guard. The bases that `type` had, and the counted base; the caller drops both without it.
std::pair<Ref<>, Type*> exchange_bases(Type* type, Ref<> bases, Type* base) {
  std::pair<Ref<>, Type*> old{type->bases.load(type), type->base};
  Tuple *from = as_tuple(old.first.value()), *to = as_tuple(bases.value());
  for (int64_t i = 0; i < from->length; ++i) remove_subclass(as_type(from->at(i)), type);
  for (int64_t i = 0; i < to->length; ++i) add_subclass(as_type(to->at(i)), type);
  type->base = base;  // same layout; the memory of types stays
  type->bases.store(type, std::move(bases));
  return old;
}
}  // namespace

bool has_base(Type* type, const Type* base) {
  if (type == base) return true;
  Ref<> bases = type->bases.load(type);
  if (!bases) return false;
  for (int64_t i = 0; i < as_tuple(bases.value())->length; ++i) {
    if (has_base(as_type(as_tuple(bases.value())->at(i)), base)) return true;
  }
  return false;
}

bool type_reassign_bases(Type* type, Tuple* bases) {
  Type* new_base = best_base(bases);
  if (!new_base) return false;
  if (new_base->slots_end != type->base->slots_end || new_base->attributes_offset != type->base->attributes_offset ||
      new_base->layout.destroy != type->base->layout.destroy) {
    return raise(exc::TypeError, "__bases__ assignment: '%F' object layout differs from '%F'", new_base, type->base.load());
  }
  std::pair<Ref<>, Type*> old{Ref<>(), nullptr};
  bool cycle = false;
  {
    HierarchyGuard guard;
    for (int64_t i = 0; i < bases->length; ++i) cycle |= has_base(as_type(bases->at(i)), type);
    if (!cycle) old = exchange_bases(type, Ref<>::retain(Value::object(bases)), Ref<Type>::retain(new_base).take());
  }
  if (cycle) return raise(exc::TypeError, "a __bases__ item causes an inheritance cycle");
  std::vector<NewMro> made;
  bool ok = recompute_mro(type, &made);
  Ref<> error = ok ? Ref<>() : take_error();
  if (!ok) {
    HierarchyGuard guard;
    // All keep what they had, unless others have changed it again.
    for (auto entry = made.rbegin(); entry != made.rend(); ++entry) {
      if (entry->type->mro.peek().same(entry->after.value())) entry->type->mro.store(entry->type, entry->before.copy());
    }
    if (type->bases.peek().is(bases)) old = exchange_bases(type, std::move(old.first), old.second);
  }
  type_modified(type);
  invalidate_all_names();
  update_slots_recursively(type, nullptr);
  decref(old.second);
  if (!ok) restore_error(std::move(error));
  return ok;
}

}  // namespace pt
