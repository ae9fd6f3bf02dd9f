// What isocalendar() gives: a tuple of three with names.
#include "vm/modules/datetime/datetime.h"

namespace pt::datetime {

constinit Type iso_date_type = {};

namespace {

Ref<> construct(Type* type, const Args& args) {
  Value a[3];
  if (!bind_arguments("IsoCalendarDate", "(year, week, weekday)", args, a)) return Ref<>();
  int fields[3] = {};
  for (int i = 0; i < 3; ++i) {
    if (!to_field(a[i], &fields[i])) return Ref<>();
  }
  Ref<Tuple> result = allocate<Tuple>(type, 3);
  if (!result) return Ref<>();
  result->length = 3;
  for (int i = 0; i < 3; ++i) result->items[i].init(small(fields[i]));
  return result;
}

template <int i>
Ref<> get_item(Value self) {
  return Ref<>::retain(as_tuple(self)->at(i));
}

Ref<> iso_repr(Value self) {
  Tuple* t = as_tuple(self);
  return str_format("%T(year=%V, week=%V, weekday=%V)", self, t->at(0), t->at(1), t->at(2));
}
// As a plain tuple: the class has no name to be found by.
Ref<> iso_reduce(const Value* a) {
  Ref<Tuple> plain = tuple_slice(as_tuple(a[0]), 0, 3);
  Ref<Tuple> arguments = plain ? tuple_of({plain.value()}) : Ref<Tuple>();
  return arguments ? Ref<>(tuple_of({Value::object(&tuple_type), arguments.value()})) : Ref<>();
}

const NativeDef kMethods[] = {{"__reduce__", "($self, /)", iso_reduce, "What pickle and copy need: (tuple, arguments)."}, {}};
const GetSetDef kGetSets[] = {{"year", get_item<0>}, {"week", get_item<1>}, {"weekday", get_item<2>}, {}};

}  // namespace

const TypeSpec iso_date_spec = {
    .name = "datetime.IsoCalendarDate",
    .size = sizeof(Tuple),
    .item_size = sizeof(Field),
    .base = &tuple_type,
    .slots = {.repr = iso_repr, .construct = construct},
    .methods = kMethods,
    .getsets = kGetSets,
    .doc = "A date by the ISO 8601 week: a tuple (year, week, weekday) whose items are attributes too.",
    .signature = "(year, week, weekday)",
};

}  // namespace pt::datetime
