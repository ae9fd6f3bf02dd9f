// isinstance, issubclass and assignment to __bases__.
#include <utility>
#include <vector>

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

int is_instance_by_type(Value object, Value type) {
  if (is_type(type)) {
    if (is_instance_of(object, as_type(type))) return 1;
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
using OldMros = std::vector<std::pair<Type*, Ref<>>>;

// Gives `type` and its subclasses their new MROs; on an error all of them keep the old ones.
bool recompute_mro(Type* type, OldMros* replaced) {
  Ref<> bases = type->bases.load(type);
  Ref<Tuple> mro = ask_mro(type, as_tuple(bases.value()));
  if (!mro) return false;
  replaced->emplace_back(type, type->mro.load(type));
  type->mro.store(type, std::move(mro));
  struct Walk {
    OldMros* replaced;
    bool ok = true;
  } walk{replaced};
  for_each_subclass(
      type,
      [](Type* subclass, void* context) {
        auto* w = static_cast<Walk*>(context);
        w->ok = w->ok && recompute_mro(subclass, w->replaced);
      },
      &walk);
  return walk.ok;
}
void update_all_slots(Type* type) {
  update_slots(type);
  for_each_subclass(type, [](Type* subclass, void*) { update_all_slots(subclass); }, nullptr);
}
}  // namespace

bool type_reassign_bases(Type* type, Tuple* bases) {
  Type* new_base = best_base(bases);
  if (!new_base) return false;
  if (new_base->slots_end != type->base->slots_end || new_base->attributes_offset != type->base->attributes_offset ||
      new_base->layout.destroy != type->base->layout.destroy) {
    return raise(exc::TypeError, "__bases__ assignment: '%N' object layout differs from '%N'", new_base, type->base);
  }
  Ref<> old_bases = type->bases.load(type);
  type->bases.store(type, Ref<>::retain(Value::object(bases)));
  Type* old_base = type->base;
  type->base = Ref<Type>::retain(new_base).take();  // same layout; the memory of types stays
  OldMros replaced;
  if (!recompute_mro(type, &replaced)) {
    Ref<> error = take_error();
    for (auto& [changed, mro] : replaced) changed->mro.store(changed, std::move(mro));
    if (type->bases.peek().is(bases)) {
      type->bases.store(type, old_bases.copy());
      std::swap(type->base, old_base);
    }
    decref(old_base);
    restore_error(std::move(error));
    return false;
  }
  if (!type->bases.peek().is(bases)) {  // an mro() method assigned __bases__ again: that one stands
    decref(old_base);
    return true;
  }
  for (int64_t i = 0; i < as_tuple(old_bases.value())->length; ++i) {
    remove_subclass(as_type(as_tuple(old_bases.value())->at(i)), type);
  }
  for (int64_t i = 0; i < bases->length; ++i) add_subclass(as_type(bases->at(i)), type);
  type_modified(type);
  invalidate_all_names();
  update_all_slots(type);
  decref(old_base);
  return true;
}

}  // namespace pt
