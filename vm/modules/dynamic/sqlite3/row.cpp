// Row: a tuple whose items can be reached by column name too.
#include "vm/modules/dynamic/sqlite3/sqlite.h"
#include "vm/types/list.h"

namespace pt::sqlite {
namespace {

struct Row : Object {
  Field data, description;  // tuples
};
Row* as_row(Value v) { return reinterpret_cast<Row*>(v.as_object()); }
Tuple* data_of(Value v) { return as_tuple(as_row(v)->data.peek()); }
Tuple* description_of(Value v) {
  Value d = as_row(v)->description.peek();
  return is_tuple(d) ? as_tuple(d) : empty_tuple();
}

Ref<> construct(Type* type, const Args& args) {
  Value b[2];
  if (!bind_arguments("Row", "(cursor, data, /)", args, b)) return Ref<>();
  if (!is_instance_of(b[0], &cursor_type)) return raise(exc::TypeError, "instance of cursor required for first argument");
  if (!is_tuple(b[1])) return raise(exc::TypeError, "tuple required for second argument");
  Ref<Row> self = allocate<Row>(type);
  if (!self) return Ref<>();
  self->data.init(Ref<>::retain(b[1]));
  self->description.init(as_cursor(b[0])->description.load(b[0].as_object()));
  return self;
}
// ASCII letters without regard to case.
bool same_name(const Str* a, const Str* b) {
  if (a->length != b->length) return false;
  auto lower = [](uint32_t c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; };
  for (int64_t i = 0; i < a->length; ++i) {
    if (lower(a->at(i)) != lower(b->at(i))) return false;
  }
  return true;
}
Ref<> item(Value v, Value key) {
  if (is_int(key)) {
    int64_t i, count = data_of(v)->length;
    if (!to_size(key, &i)) return Ref<>();
    if (i < 0) i += count;
    if (i < 0 || i >= count) return raise(exc::IndexError, "tuple index out of range");
    return Ref<>::retain(data_of(v)->at(i));
  }
  if (is_str(key)) {
    Tuple* columns = description_of(v);
    for (int64_t i = 0; i < columns->length && i < data_of(v)->length; ++i) {
      Value name = as_tuple(columns->at(i))->at(0);
      if (is_str(name) && same_name(as_str(name), as_str(key))) return Ref<>::retain(data_of(v)->at(i));
    }
    return raise(exc::IndexError, "No item with that key");
  }
  if (has_shape(key, kShape_slice)) return get_item(as_row(v)->data.peek(), key);
  return raise(exc::IndexError, "Index must be int or string");
}
Ref<> keys(const Value* a) {
  Ref<List> names = list_new();
  Tuple* columns = description_of(a[0]);
  for (int64_t i = 0; names && i < columns->length; ++i) {
    if (!list_append(names.get(), Ref<>::retain(as_tuple(columns->at(i))->at(0)))) return Ref<>();
  }
  return names;
}
Ref<> compare_rows(Value a, Value b, CompareOp op) {
  if ((op != CompareOp::kEq && op != CompareOp::kNe) || !is_instance_of(a, &row_type) || !is_instance_of(b, &row_type))
    return not_implemented_ref();
  int same = equal(as_row(a)->description.peek(), as_row(b)->description.peek());
  if (same < 0) return Ref<>();
  if (!same) return bool_ref(op == CompareOp::kNe);
  return compare(as_row(a)->data.peek(), as_row(b)->data.peek(), op);
}
int64_t hash_row(Value v) {
  int64_t first = hash(as_row(v)->description.peek()), second = hash(as_row(v)->data.peek());
  if (first == -1 || second == -1) return -1;
  int64_t both = first ^ second;
  return both == -1 ? -2 : both;
}
const NativeDef kMethods[] = {{"keys", "($self, /)", keys, "Returns the keys of the row."}, {}};

}  // namespace

constinit Type row_type;
const TypeSpec row_spec = {.name = "sqlite3.Row",
                           .size = sizeof(Row),
                           .flags = kTypeBase | kTypeSequence,
                           .slots = {.length = [](Value v) { return data_of(v)->length; },
                                     .get_item = item,
                                     .hash = hash_row,
                                     .compare = compare_rows,
                                     .iter = [](Value v) { return get_iter(as_row(v)->data.peek()); },
                                     .construct = construct},
                           .traverse =
                               [](Object* o, FieldVisitor& visitor) {
                                 visitor(static_cast<Row*>(o)->data);
                                 visitor(static_cast<Row*>(o)->description);
                               },
                           .methods = kMethods};

}  // namespace pt::sqlite
