// From a syntax tree to the objects of the ast module.
#include "vm/modules/ast/tree.h"
#include "vm/object/attributes.h"
#include "vm/object/native.h"
#include "vm/runtime/code_from_unit.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

namespace pt::ast {
namespace {
using syntax::FieldInfo;
using syntax::NodeInfo;
using syntax::Quantity;
using syntax::TypeId;

class Builder {
 public:
  explicit Builder(const Classes& classes) : classes_(classes) {}

  Ref<> node(TypeId type, const void* node) {
    if (!node) return none_ref();
    RecursionGuard guard(" during ast construction", 3);
    if (!guard) return Ref<>();
    const NodeInfo& info = syntax::node_info(type, node);
    int index = node_index(info);
    Ref<> object = Ref<>::steal(Value::object(allocate_instance(classes_.node[index])));
    if (!object) return object;
    Object* o = object.value().as_object();
    for (int i = 0; i < info.field_count; ++i) {
      Ref<> value = field(info.fields[i], static_cast<const char*>(node) + info.fields[i].offset);
      if (!value || !instance_set(o, classes_.field[index][i], value.value())) return Ref<>();
    }
    if (info.span >= 0) {
      const auto* span = reinterpret_cast<const syntax::Span*>(static_cast<const char*>(node) + info.span);
      const int32_t numbers[] = {span->line, span->col, span->end_line, span->end_col};
      static constinit Name position[] = {Name("lineno"), Name("col_offset"), Name("end_lineno"), Name("end_col_offset")};
      for (int i = 0; i < 4; ++i) {
        if (!instance_set(o, position[i].str(), Value::small_int(numbers[i]))) return Ref<>();
      }
    }
    return object;
  }

 private:
  Ref<> field(const FieldInfo& field, const void* at) {
    if (field.quantity != Quantity::Sequence) return single(field.type, at);
    const auto* sequence = static_cast<const syntax::Seq<char>*>(at);
    Ref<List> list = list_new(sequence->size);
    if (!list) return list;
    size_t step = syntax::is_enum(field.type) ? 1 : sizeof(void*);
    for (uint32_t i = 0; i < sequence->size; ++i) {
      Ref<> item = single(field.type, sequence->data + i * step);
      if (!item || !list_append(list.get(), std::move(item))) return Ref<>();
    }
    return list;
  }

  Ref<> single(TypeId type, const void* at) {
    switch (type) {
      case TypeId::Identifier: {
        const auto* name = *static_cast<const syntax::Identifier* const*>(at);
        if (!name) return none_ref();
        Ref<Str> text = str_from_wtf8(name->view());
        return text ? Ref<>::retain(Value::object(intern(std::move(text)))) : Ref<>();
      }
      case TypeId::String: {
        const auto* text = *static_cast<const syntax::String* const*>(at);
        return text ? Ref<>(str_from_wtf8(text->view())) : none_ref();
      }
      case TypeId::Int: return int_from_int64(*static_cast<const int32_t*>(at));
      case TypeId::ConstantValue: return literal_value(*static_cast<const syntax::ConstantValue*>(at));
      default: break;
    }
    if (syntax::is_enum(type)) {
      return Ref<>::retain(classes_.enum_value[enum_index(syntax::enum_info(type))][*static_cast<const uint8_t*>(at)]);
    }
    return node(type, *static_cast<const void* const*>(at));
  }

  const Classes& classes_;
};
}  // namespace

Ref<> tree_to_object(const syntax::Mod* mod) {
  const Classes* c = classes();
  return c ? Builder(*c).node(TypeId::Mod, mod) : Ref<>();
}

}  // namespace pt::ast
