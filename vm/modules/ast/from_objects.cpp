// From the objects of the ast module to a tree in an arena, as compile() takes them.
#include <climits>
#include <cmath>
#include <string>
#include <vector>

#include "vm/modules/ast/tree.h"
#include "vm/object/attributes.h"
#include "vm/object/native.h"
#include "vm/types/bytes.h"
#include "vm/types/complex.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/set.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt::ast {
namespace {
using syntax::ConstantKind;
using syntax::ConstantValue;
using syntax::FieldInfo;
using syntax::NodeInfo;
using syntax::NodeType;
using syntax::Quantity;
using syntax::Span;
using syntax::TypeId;

class Reader {
 public:
  Reader(syntax::Arena& arena, const Classes& classes) : arena_(arena), classes_(classes) {}

  // The node of a sum or product; null with `*ok` set for None. False: exception pending.
  bool node(TypeId type, Value object, void** out) {
    *out = nullptr;
    RecursionGuard guard(" during compilation");
    if (!guard) return false;
    if (is_none(object)) return true;
    // As CPython reads them: positions come first in sums, last in products.
    Span span;
    const syntax::SumInfo* sum = sum_info(type);
    if (sum && sum->has_span && !positions(sum->name, object, &span)) return false;
    int index = 0;
    if (!find_class(type, object, &index)) return false;
    const NodeInfo& info = syntax::node_info(static_cast<NodeType>(index));
    // A constant that is no literal of the grammar becomes the expression that folds to it.
    void* made = make(info);
    Span* place = info.span >= 0 ? reinterpret_cast<Span*>(static_cast<char*>(made) + info.span) : nullptr;
    if (place && sum) *place = span;
    for (int i = 0; i < info.field_count; ++i) {
      if (!field(info, info.fields[i], classes_.field[index][i], object, static_cast<char*>(made) + info.fields[i].offset)) {
        return false;
      }
    }
    if (place && !sum && !positions(info.name, object, place)) return false;
    *out = made;
    if (composite_) {
      Value value = *composite_;
      composite_ = nullptr;
      return composite(value, static_cast<syntax::Constant*>(made)->span, out);
    }
    return true;
  }

 private:
  void* make(const NodeInfo& info) {
    void* made = arena_.allocate(info.size);
    __builtin_memset(made, 0, info.size);
    // The kind comes first in every struct of a sum.
    if (info.base) *static_cast<uint8_t*>(made) = info.kind;
    return made;
  }

  bool find_class(TypeId type, Value object, int* out) {
    for (int i = 0; i < Classes::kNodes; ++i) {
      const NodeInfo& info = syntax::node_info(static_cast<NodeType>(i));
      if (info.type != type) continue;
      if (!info.base) {  // a product: anything with the attributes
        *out = i;
        return true;
      }
      int is = is_instance(object, Value::object(classes_.node[i]));
      if (is < 0) return false;
      if (is) {
        *out = i;
        return true;
      }
    }
    return raise(exc::TypeError, "expected some sort of %s, but got %R", sum_info(type)->name, object);
  }
  static const syntax::SumInfo* sum_info(TypeId type) {
    for (const syntax::SumInfo& sum : syntax::all_sums()) {
      if (sum.type == type) return &sum;
    }
    return nullptr;
  }

  bool field(const NodeInfo& info, const FieldInfo& field, Str* name, Value object, void* at) {
    Ref<> value = find_attribute(object, name);
    if (!value && error_pending()) return false;
    if (!value && field.quantity != Quantity::Optional) {
      return raise(exc::TypeError, "required field \"%U\" missing from %s", name, info.name);
    }
    if (field.quantity != Quantity::Sequence) {
      if (!value) value = none_ref();
      if (is_none(value.value()) && field.quantity == Quantity::Required && field.type != TypeId::ConstantValue &&
          field.type != TypeId::Int) {
        return raise(exc::ValueError, "field '%U' is required for %s", name, info.name);
      }
      return single(field, value.value(), at);
    }
    if (!is_list(value.value())) {
      return raise(exc::TypeError, "%s field \"%U\" must be a list, not a %T", info.name, name, value.value());
    }
    List* list = as_list(value.value());
    int64_t count = list_size(list);
    size_t step = syntax::is_enum(field.type) ? 1 : sizeof(void*);
    auto* sequence = static_cast<syntax::Seq<char>*>(at);
    auto* data = static_cast<char*>(arena_.allocate(static_cast<size_t>(count) * step + 1));
    for (int64_t i = 0; i < count; ++i) {
      Ref<> item = list_get(list, i);
      if (!item || list_size(list) != count) {
        return raise(exc::RuntimeError, "%s field \"%U\" changed size during iteration", info.name, name);
      }
      if (!single(field, item.value(), data + static_cast<size_t>(i) * step)) return false;
    }
    if (list_size(list) != count) {
      return raise(exc::RuntimeError, "%s field \"%U\" changed size during iteration", info.name, name);
    }
    sequence->data = data;
    sequence->size = static_cast<uint32_t>(count);
    return true;
  }

  bool single(const FieldInfo& field, Value value, void* at) {
    switch (field.type) {
      case TypeId::Identifier:
        if (is_none(value)) return true;
        if (!is_exact_str(value)) return raise(exc::TypeError, "AST identifier must be of type str");
        {
          Utf8 text(as_str(value));
          if (!text.ok()) return false;
          *static_cast<const syntax::Identifier**>(at) = arena_.intern(text.view());
        }
        return true;
      case TypeId::String:
        if (is_none(value)) return true;
        if (!is_exact_str(value) && !has_shape(value, kShape_bytes)) {
          return raise(exc::TypeError, "AST string must be of type str");
        }
        {
          auto* text = arena_.make<syntax::String>();
          if (!string(value, text)) return false;
          *static_cast<syntax::String**>(at) = text;
        }
        return true;
      case TypeId::Int: {
        if (is_none(value) && field.quantity == Quantity::Optional) return true;
        if (!is_int(value)) return raise(exc::ValueError, "invalid integer value: %R", value);
        int64_t i;
        if (!int_to_int64(value, &i) || i < INT_MIN || i > INT_MAX) {
          return raise(exc::OverflowError, "Python int too large to convert to C int");
        }
        *static_cast<int32_t*>(at) = static_cast<int32_t>(i);
        return true;
      }
      case TypeId::ConstantValue: return constant(value, static_cast<ConstantValue*>(at));
      default: break;
    }
    if (syntax::is_enum(field.type)) {
      const syntax::EnumInfo& info = syntax::enum_info(field.type);
      int e = enum_index(info);
      for (uint8_t i = 0; i < info.count; ++i) {
        int is = is_instance(value, Value::object(classes_.enum_value_class[e][i]));
        if (is < 0) return false;
        if (!is) continue;
        *static_cast<uint8_t*>(at) = i;
        return true;
      }
      return raise(exc::TypeError, "expected some sort of %s, but got %R", info.name, value);
    }
    return node(field.type, value, static_cast<void**>(at));
  }

  bool positions(const char* owner, Value object, Span* span) {
    static constinit Name name[] = {Name("lineno"), Name("col_offset"), Name("end_lineno"), Name("end_col_offset")};
    int32_t* numbers[] = {&span->line, &span->col, &span->end_line, &span->end_col};
    for (int i = 0; i < 4; ++i) {
      Ref<> value = find_attribute(object, name[i].str());
      if (!value && error_pending()) return false;
      if (i >= 2 && (!value || is_none(value.value()))) {
        *numbers[i] = *numbers[i - 2];
        continue;
      }
      if (!value) return raise(exc::TypeError, "required field \"%U\" missing from %s", name[i].str(), owner);
      if (!single({nullptr, Quantity::Required, TypeId::Int, 0}, value.value(), numbers[i])) return false;
    }
    return true;
  }

  bool string(Value v, syntax::String* out) {
    std::string_view text;
    if (has_shape(v, kShape_bytes)) {
      text = arena_.copy(as_bytes(v)->view());
    } else {
      std::string encoded;
      append_wtf8(as_str(v), &encoded);
      text = arena_.copy(encoded);
    }
    *out = {text.data(), static_cast<uint32_t>(text.size())};
    return true;
  }
  // Lone surrogates are encoded as if they were scalar values.
  static void append_wtf8(const Str* s, std::string* out) {
    for (int64_t i = 0; i < s->length; ++i) {
      uint32_t c = s->at(i);
      if (c < 0x80) {
        *out += static_cast<char>(c);
      } else if (c < 0x800) {
        *out += {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
      } else if (c < 0x10000) {
        *out += {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
      } else {
        *out += {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)),
                 static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
      }
    }
  }

  bool constant(Value v, ConstantValue* out) {
    if (is_none(v)) return out->kind = ConstantKind::None, true;
    if (is_true(v)) return out->kind = ConstantKind::True, true;
    if (is_false(v)) return out->kind = ConstantKind::False, true;
    if (v.is(&ellipsis_object)) return out->kind = ConstantKind::Ellipsis, true;
    if (is_exact_int(v)) return integer(v, out);
    if (is_exact_float(v)) {
      out->kind = ConstantKind::Float;
      out->number = as_double(v);
      return true;
    }
    if (is_exact_str(v) || has_shape(v, kShape_bytes)) {
      out->kind = is_exact_str(v) ? ConstantKind::Str : ConstantKind::Bytes;
      return string(v, &out->text);
    }
    if (has_shape(v, kShape_complex)) {
      const auto* c = reinterpret_cast<const Complex*>(v.as_object());
      if (c->real == 0 && !std::signbit(c->real)) {
        out->kind = ConstantKind::Imaginary;
        out->number = c->imaginary;
        return true;
      }
    } else if (has_shape(v, kShape_frozenset)) {
      Ref<Tuple> items = tuple_from_iterable(v);
      if (!items) return false;
      out->kind = ConstantKind::FrozenSet;
      out->items = arena_.make_array<ConstantValue>(static_cast<size_t>(items->length));
      out->text.length = static_cast<uint32_t>(items->length);
      for (int64_t i = 0; i < items->length; ++i) {
        if (!constant(items->at(i), &out->items[i])) return false;
        if (composite_) return raise(exc::ValueError, "a tuple in a frozenset in a Constant cannot be compiled");
      }
      return true;
    } else if (!is_exact_tuple(v)) {
      return raise(exc::TypeError, "got an invalid type in Constant: %T", v);
    }
    held_.push_back(Ref<>::retain(v));
    composite_value_ = v;
    composite_ = &composite_value_;
    return true;
  }

  bool integer(Value v, ConstantValue* out) {
    out->kind = ConstantKind::Int;
    int64_t small;
    if (int_to_int64(v, &small)) {
      out->is_small = true;
      out->integer = small;
    }
    Ref<Str> digits = int_to_str(v, 16);
    if (!digits) return false;
    std::string_view text = arena_.copy(digits->ascii_view());
    out->base = 16;
    out->text = {text.data(), static_cast<uint32_t>(text.size())};
    return true;
  }

  template <class T>
  T* expression(const Span& span) {
    return syntax::make_node<T>(arena_, span);
  }

  // Complex numbers and tuples: expressions of literals that the compiler folds.
  bool composite(Value v, const Span& span, void** out) {
    RecursionGuard guard(" during compilation");
    if (!guard) return false;
    if (has_shape(v, kShape_complex)) {
      const auto* c = reinterpret_cast<const Complex*>(v.as_object());
      auto* sum = expression<syntax::BinOp>(span);
      auto* left = expression<syntax::Constant>(span);
      left->value.kind = ConstantKind::Float;
      left->value.number = c->real;
      auto* right = expression<syntax::Constant>(span);
      right->value.kind = ConstantKind::Imaginary;
      right->value.number = c->imaginary;
      sum->left = left;
      sum->op = syntax::BinaryOperator::Add;
      sum->right = right;
      *out = static_cast<syntax::Expr*>(sum);
      return true;
    }
    Tuple* t = as_tuple(v);
    auto* tuple = expression<syntax::Tuple>(span);
    auto* items = arena_.make_array<syntax::Expr*>(static_cast<size_t>(t->length));
    for (int64_t i = 0; i < t->length; ++i) {
      auto* item = expression<syntax::Constant>(span);
      if (!constant(t->at(i), &item->value)) return false;
      void* made = static_cast<syntax::Expr*>(item);
      if (composite_) {
        Value inner = *composite_;
        composite_ = nullptr;
        if (!composite(inner, span, &made)) return false;
      }
      items[i] = static_cast<syntax::Expr*>(made);
    }
    tuple->elts = {items, static_cast<uint32_t>(t->length)};
    tuple->ctx = syntax::ExprContext::Load;
    *out = static_cast<syntax::Expr*>(tuple);
    return true;
  }

  syntax::Arena& arena_;
  const Classes& classes_;
  Value composite_value_;
  const Value* composite_ = nullptr;  // set by constant(): the value is no literal
  std::vector<Ref<>> held_;
};
}  // namespace

syntax::Mod* object_to_tree(syntax::Arena& arena, Value tree, syntax::ParseMode mode) {
  const Classes* c = classes();
  if (!c) return nullptr;
  NodeType wanted = mode == syntax::ParseMode::Exec     ? NodeType::Module
                    : mode == syntax::ParseMode::Eval   ? NodeType::Expression
                    : mode == syntax::ParseMode::Single ? NodeType::Interactive
                                                        : NodeType::FunctionType;
  int is = is_instance(tree, Value::object(c->node[static_cast<int>(wanted)]));
  if (is < 0) return nullptr;
  if (!is) return raise(exc::TypeError, "expected %s node, got %T", syntax::node_info(wanted).name, tree);
  void* mod = nullptr;
  return Reader(arena, *c).node(TypeId::Mod, tree, &mod) ? static_cast<syntax::Mod*>(mod) : nullptr;
}

}  // namespace pt::ast
