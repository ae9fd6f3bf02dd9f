// Cells: the variables that closures share.
#include "vm/object/error.h"
#include "vm/object/native.h"
#include "vm/types/function.h"
#include "vm/types/str.h"

namespace pt {

constinit Type cell_type;

namespace {
Ref<> cell_construct(Type*, const Args& args) {
  Value v[1];
  if (!bind_arguments("cell", "(contents=None, /)", args, v)) return Ref<>();
  return cell_new(v[0]);
}
Ref<> get_contents(Value self) {
  Ref<> v = as_cell(self)->content.load(self.as_object());
  if (!v) return raise(exc::ValueError, "Cell is empty");
  return v;
}
bool put_contents(Value self, Value v) {
  as_cell(self)->content.store(self.as_object(), v.empty() ? Ref<>() : Ref<>::retain(v));
  return true;
}
Ref<> cell_repr(Value self) {
  Ref<> v = as_cell(self)->content.load(self.as_object());
  char address[32], content[32];
  __builtin_snprintf(address, sizeof(address), "0x%lx", self.identity());
  if (!v) return str_format("<cell at %s: empty>", address);
  __builtin_snprintf(content, sizeof(content), "0x%lx", v.value().identity());
  return str_format("<cell at %s: %T object at %s>", address, v.value(), content);
}
Ref<> cell_compare(Value a, Value b, CompareOp op) {
  if (!has_shape(a, kShape_cell) || !has_shape(b, kShape_cell)) return not_implemented_ref();
  Ref<> x = as_cell(a)->content.load(a.as_object());
  Ref<> y = as_cell(b)->content.load(b.as_object());
  if (x && y) return compare(x.value(), y.value(), op);
  int left = x ? 1 : 0, right = y ? 1 : 0;
  switch (op) {
    case CompareOp::kLt: return bool_ref(left < right);
    case CompareOp::kLe: return bool_ref(left <= right);
    case CompareOp::kEq: return bool_ref(left == right);
    case CompareOp::kNe: return bool_ref(left != right);
    case CompareOp::kGt: return bool_ref(left > right);
    default: return bool_ref(left >= right);
  }
}
void cell_traverse(Object* o, FieldVisitor& v) { v(static_cast<Cell*>(o)->content); }
const GetSetDef kCellGetSets[] = {{"cell_contents", get_contents, put_contents}, {}};
}  // namespace

Ref<> cell_new(Value content) {
  Ref<Cell> cell = allocate<Cell>(&cell_type);
  if (cell && !content.empty()) cell->content.init(Ref<>::retain(content));
  return cell;
}
void cell_set(Value cell, Value content) {
  as_cell(cell)->content.store(cell.as_object(), content.empty() ? Ref<>() : Ref<>::retain(content));
}

const TypeSpec cell_spec = {
    .name = "cell",
    .size = sizeof(Cell),
    .slots = {.compare = cell_compare, .repr = cell_repr, .construct = cell_construct},
    .traverse = cell_traverse,
    .getsets = kCellGetSets,
    .unhashable = true,
};

}  // namespace pt
