#include "vm/types/structseq.h"

#include <cstddef>
#include <cstring>

#include "gc/platform/memory.h"
#include "vm/object/constants.h"
#include "vm/object/error.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"
#include "vm/types/str.h"

namespace pt {
namespace {

const StructSeqType* owner_of(const Object* o) { return reinterpret_cast<const StructSeqType*>(o->shape()->type); }

void structseq_traverse(Object* o, FieldVisitor& visitor) {
  auto* tuple = reinterpret_cast<Tuple*>(o);
  int count = owner_of(o)->count;
  for (int i = 0; i < count; ++i) visitor(tuple->items[i]);
}

Ref<> structseq_construct(Type* type, const Args& args) {
  auto* owner = reinterpret_cast<StructSeqType*>(type);
  Value bound[2];
  if (!bind_arguments(type->layout.name, "(sequence, dict=None)", args, bound)) return Ref<>();
  Ref<Tuple> given_items;
  if (is_exact_tuple(bound[0])) {
    given_items = Ref<Tuple>::retain(as_tuple(bound[0]));
  } else {
    Ref<> iterator = get_iter(bound[0]);
    if (!iterator) {
      if (!clear_if(exc::TypeError)) return Ref<>();
      return raise(exc::TypeError, "constructor requires a sequence");
    }
    given_items = tuple_from_iterable(iterator.value());
    if (!given_items) return Ref<>();
  }
  Dict* extra = nullptr;
  if (!bound[1].empty()) {
    if (!is_dict(bound[1])) return raise(exc::TypeError, "%s() takes a dict as second arg, if any", owner->def->name);
    extra = as_dict(bound[1]);
  }
  int64_t length = given_items->length;
  int minimum = owner->def->visible, maximum = owner->count;
  if (length < minimum || length > maximum) {
    if (minimum == maximum) {
      return raise(exc::TypeError, "%s() takes a %d-sequence (%ld-sequence given)", owner->def->name, minimum, length);
    }
    if (length < minimum) {
      return raise(exc::TypeError, "%s() takes an at least %d-sequence (%ld-sequence given)", owner->def->name, minimum, length);
    }
    return raise(exc::TypeError, "%s() takes an at most %d-sequence (%ld-sequence given)", owner->def->name, maximum, length);
  }
  Ref<Tuple> result = structseq_allocate(owner);
  if (!result) return Ref<>();
  for (int64_t i = 0; i < length; ++i) result->items[i].init(Ref<>::retain(given_items->at(i)));
  for (int64_t i = length; i < maximum; ++i) {
    Ref<> value;
    const char* name = owner->def->fields[i].name;
    if (extra && name) {
      value = dict_get_text(extra, name);
      if (!value && error_pending()) return Ref<>();
    }
    result->items[i].init(value ? std::move(value) : none_ref());
  }
  return result;
}

Ref<> structseq_repr(Value self) {
  auto* tuple = as_tuple(self);
  const StructSeqType* owner = owner_of(tuple);
  RecursionGuard guard(" while getting the repr of an object");
  if (!guard) return Ref<>();
  StrBuilder out;
  out.append_ascii(owner->def->name);
  out.append_ascii("(");
  for (int i = 0, shown = 0; i < owner->count && shown < owner->def->visible; ++i) {
    if (!owner->def->fields[i].name) continue;
    if (shown) out.append_ascii(", ");
    ++shown;
    out.append_ascii(owner->def->fields[i].name);
    out.append_ascii("=");
    Ref<> text = repr(tuple->at(i));
    if (!text) return Ref<>();
    out.append(as_str(text.value()));
    if (i + 1 >= owner->def->visible) break;
  }
  out.append_ascii(")");
  return out.finish();
}

Ref<> structseq_reduce(const Value* a) {
  auto* tuple = as_tuple(a[0]);
  const StructSeqType* owner = owner_of(tuple);
  Ref<Tuple> items = tuple_allocate(owner->def->visible);
  if (!items) return Ref<>();
  for (int i = 0; i < owner->def->visible; ++i) items->items[i].init(Ref<>::retain(tuple->at(i)));
  Ref<Dict> hidden = dict_new();
  if (!hidden) return Ref<>();
  for (int i = owner->def->visible; i < owner->count; ++i) {
    const char* name = owner->def->fields[i].name;
    Value v = tuple->at(i);
    if (name && !dict_set_text(hidden.get(), name, v.empty() ? none() : v)) return Ref<>();
  }
  Ref<Tuple> arguments = tuple_of({items.value(), hidden.value()});
  if (!arguments) return Ref<>();
  return tuple_of({Value::object(type_of(a[0])), arguments.value()});
}

const NativeDef structseq_methods[] = {
    {"__reduce__", "($self, /)", structseq_reduce},
    {},
};

}  // namespace

bool init_structseq(StructSeqType* owner, const StructSeqDef* def) {
  if (owner->type.spec) return true;
  int count = 0, unnamed = 0;
  while (def->fields[count].name || def->fields[count].doc) {
    if (!def->fields[count].name) ++unnamed;
    ++count;
  }
  owner->def = def;
  owner->count = count;
  owner->unnamed = unnamed;
  auto* members = static_cast<MemberDef*>(memory::allocate_zeroed(sizeof(MemberDef) * static_cast<size_t>(count + 1)));
  if (!members) return raise_no_memory();
  for (int i = 0, out = 0; i < count; ++i) {
    if (!def->fields[i].name) continue;
    members[out++] = {def->fields[i].name, static_cast<uint32_t>(sizeof(Tuple) + sizeof(Field) * static_cast<size_t>(i)), false,
                      def->fields[i].doc};
  }
  TypeSpec& spec = owner->spec;
  spec.name = def->name;
  spec.size = sizeof(Tuple);
  spec.item_size = sizeof(Field);
  spec.flags = kTypeVarSize | (def->instantiable ? 0u : uint32_t{kTypeNoInstantiate});
  spec.base = &tuple_type;
  spec.slots.repr = structseq_repr;
  if (def->instantiable) spec.slots.construct = structseq_construct;
  spec.traverse = structseq_traverse;
  spec.methods = structseq_methods;
  spec.members = members;
  spec.doc = def->doc;
  if (!init_module_type(&owner->type, &spec)) return false;
  auto set = [&](const char* name, Value v) { return type_set_attribute(&owner->type, intern(name), v); };
  if (!set("n_sequence_fields", Value::small_int(def->visible)) || !set("n_fields", Value::small_int(count)) ||
      !set("n_unnamed_fields", Value::small_int(unnamed))) {
    return false;
  }
  int named = 0;
  for (int i = 0; i < def->visible; ++i) named += def->fields[i].name != nullptr;
  Ref<Tuple> match = tuple_allocate(named);
  if (!match) return false;
  for (int i = 0, out = 0; i < def->visible; ++i) {
    if (def->fields[i].name) match->items[out++].init(Ref<>::retain(Value::object(intern(def->fields[i].name))));
  }
  return set("__match_args__", match.value());
}

bool module_add_structseq(Module* module, StructSeqType* owner, const StructSeqDef* def) {
  if (!init_structseq(owner, def)) return false;
  return dict_set_text(module_dict(module), owner->type.layout.name, Value::object(&owner->type));
}

Ref<Tuple> structseq_allocate(StructSeqType* owner) {
  Ref<Tuple> result = allocate<Tuple>(&owner->type, static_cast<size_t>(owner->count));
  if (result) result->length = owner->def->visible;
  return result;
}

Ref<> structseq_new(StructSeqType* owner, const Value* values, int count) {
  Ref<Tuple> result = structseq_allocate(owner);
  if (!result) return Ref<>();
  for (int i = 0; i < owner->count; ++i) {
    result->items[i].init(i < count && !values[i].empty() ? Ref<>::retain(values[i]) : none_ref());
  }
  return result;
}

}  // namespace pt
