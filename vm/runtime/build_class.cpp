#include "vm/runtime/build_class.h"

#include <vector>

#include "vm/interp/frames.h"
#include "vm/object/descriptors.h"
#include "vm/object/error.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/type_build.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

// PEP 560: bases that are no classes may stand for others. The result is `bases` itself when nothing was replaced.
Ref<Tuple> resolve_bases(Tuple* bases) {
  Ref<List> replaced;
  for (int64_t i = 0; i < bases->length; ++i) {
    Value base = bases->at(i);
    Ref<> method;
    if (!is_instance_of(base, &type_type)) {
      method = find_attribute(base, names::mro_entries.str());
      if (error_pending()) return Ref<Tuple>();
    }
    if (!method) {
      if (replaced && !list_append(replaced.get(), Ref<>::retain(base))) return Ref<Tuple>();
      continue;
    }
    Ref<> entries = call1(method.value(), Value::object(bases));
    if (!entries) return Ref<Tuple>();
    if (!is_tuple(entries.value())) return raise(exc::TypeError, "__mro_entries__ must return a tuple");
    if (!replaced) {
      replaced = list_new();
      for (int64_t k = 0; replaced && k < i; ++k) {
        if (!list_append(replaced.get(), Ref<>::retain(bases->at(k)))) return Ref<Tuple>();
      }
      if (!replaced) return Ref<Tuple>();
    }
    if (!list_extend(replaced.get(), entries.value())) return Ref<Tuple>();
  }
  return replaced ? list_to_tuple(replaced.get()) : Ref<Tuple>::retain(bases);
}

// func, name, *bases, metaclass, **kwds
Ref<> build_class(const Value* a) {
  Value function = a[0], name = a[1];
  if (!is_function(function)) return raise(exc::TypeError, "__build_class__: func must be a function");
  if (!is_str(name)) return raise(exc::TypeError, "__build_class__: name is not a string");
  Tuple* original = as_tuple(a[2]);
  Dict* keywords = as_dict(a[4]);
  Ref<Tuple> bases = resolve_bases(original);
  if (!bases) return Ref<>();
  Ref<> meta;
  bool is_class = false;
  if (!a[3].empty()) {
    meta = Ref<>::retain(a[3]);
    is_class = is_instance_of(a[3], &type_type);
  } else {
    meta = Ref<>::retain(Value::object(bases->length ? type_of(bases->at(0)) : &type_type));
    is_class = true;
  }
  if (is_class) {
    Type* winner = calculate_metatype(reinterpret_cast<Type*>(meta.value().as_object()), bases.get());
    if (!winner) return Ref<>();
    meta = Ref<>::retain(Value::object(winner));
  }
  // Keyword values for calls: the dict's.
  Ref<> keyword_dict = Ref<>::retain(Value::object(keywords));
  Ref<> ns;
  Ref<> prepare = find_attribute(meta.value(), names::prepare.str());
  if (!prepare) {
    if (error_pending()) return Ref<>();
    ns = dict_new();
  } else {
    Ref<Tuple> prepare_args = tuple_of({name, bases.value()});
    ns = prepare_args ? call_tuple_dict(prepare.value(), prepare_args.value(), keyword_dict.value()) : Ref<>();
  }
  if (!ns) return ns;
  if (!is_dict(ns.value()) && !type_of(ns.value())->slots.get_item) {
    if (is_class) {
      return raise(exc::TypeError, "%F.__prepare__() must return a mapping, not %T",
                   reinterpret_cast<Type*>(meta.value().as_object()), ns.value());
    }
    return raise(exc::TypeError, "<metaclass>.__prepare__() must return a mapping, not %T", ns.value());
  }
  Function* f = as_function(function);
  Ref<> closure = f->closure.load(f);
  Ref<> cell = run_code(f->code(), f->globals(), ns.value(), closure.value());
  if (!cell) return cell;
  if (bases.get() != original) {
    bool ok = is_exact_dict(ns.value()) ? dict_set_str(as_dict(ns.value()), names::orig_bases.str(), Value::object(original))
                                        : set_item(ns.value(), names::orig_bases.value(), Value::object(original));
    if (!ok) return Ref<>();
  }
  Ref<Tuple> class_args = tuple_of({name, bases.value(), ns.value()});
  if (!class_args) return Ref<>();
  Ref<> made = call_tuple_dict(meta.value(), class_args.value(), keyword_dict.value());
  if (!made) return made;
  if (is_instance_of(made.value(), &type_type) && has_shape(cell.value(), kShape_cell)) {
    Ref<> content = as_cell(cell.value())->content.load(cell.value().as_object());
    if (!content) {
      return raise(exc::RuntimeError, "__class__ not set defining %R as %R. Was __classcell__ propagated to type.__new__?", name,
                   made.value());
    }
    if (!content.value().same(made.value())) {
      return raise(exc::TypeError, "__class__ set to %R defining %R as %R", content.value(), name, made.value());
    }
  }
  return made;
}

}  // namespace

const NativeDef kBuildClassDef = {"__build_class__", "(func, name, /, *bases, metaclass=None, **kwds)", build_class,
                                  "Internal helper function used by the class statement."};

}  // namespace pt
