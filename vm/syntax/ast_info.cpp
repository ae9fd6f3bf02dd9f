#include "vm/syntax/ast_info.h"

// The nodes derive from their sum's struct: offsetof is conditionally supported there, and Clang supports it.
#pragma clang diagnostic ignored "-Winvalid-offsetof"

namespace pt::syntax {
namespace {

#define REQ(type, name) {#name, Quantity::Required, TypeId::type, offsetof(Node, name)},
#define OPT(type, name) {#name, Quantity::Optional, TypeId::type, offsetof(Node, name)},
#define SEQ(type, name) {#name, Quantity::Sequence, TypeId::type, offsetof(Node, name)},
#define FIELD(quantity, type, name, python_name) {#python_name, Quantity::quantity, TypeId::type, offsetof(Node, name)},
#define NODE(name, python_name, list)                                                           \
  struct name##Fields {                                                                         \
    using Node = name;                                                                          \
    static constexpr FieldInfo kFields[] = {list{nullptr, Quantity::Required, TypeId::Int, 0}}; \
    static constexpr uint8_t kCount = sizeof(kFields) / sizeof(kFields[0]) - 1;                 \
  };
#include "vm/syntax/ast.def"

#define DESCRIBE(base_name, sum, name, python_name, kind, span) \
  {#python_name, base_name, TypeId::sum, kind, sizeof(name), span, name##Fields::kCount, name##Fields::kFields},
#define KIND(name) static_cast<uint8_t>(name::kKind)
constexpr NodeInfo kNodes[] = {
#define MOD_NODE(name, python_name, fields) DESCRIBE("mod", Mod, name, python_name, KIND(name), -1)
#define STMT_NODE(name, python_name, fields) DESCRIBE("stmt", Stmt, name, python_name, KIND(name), offsetof(name, span))
#define EXPR_NODE(name, python_name, fields) DESCRIBE("expr", Expr, name, python_name, KIND(name), offsetof(name, span))
#define PATTERN_NODE(name, python_name, fields) DESCRIBE("pattern", Pattern, name, python_name, KIND(name), offsetof(name, span))
#define HANDLER_NODE(name, python_name, fields) \
  DESCRIBE("excepthandler", ExceptHandler, name, python_name, KIND(name), offsetof(name, span))
#define TYPE_IGNORE_NODE(name, python_name, fields) DESCRIBE("type_ignore", TypeIgnore, name, python_name, KIND(name), -1)
#define PRODUCT(name, python_name, fields) DESCRIBE(nullptr, name, name, python_name, 0, -1)
#define PRODUCT_AT(name, python_name, fields) DESCRIBE(nullptr, name, name, python_name, 0, offsetof(name, span))
#include "vm/syntax/ast.def"
};

#define VALUE(name) #name,
#define ENUM(name, python_name, values) constexpr const char* k##name##Names[] = {values};
#include "vm/syntax/ast.def"

constexpr EnumInfo kEnums[] = {
#define ENUM(name, python_name, values) \
  {#python_name, TypeId::name, sizeof(k##name##Names) / sizeof(k##name##Names[0]), k##name##Names},
#include "vm/syntax/ast.def"
};

constexpr SumInfo kSums[] = {
#define SUM(name, python_name) {#python_name, TypeId::name, false},
#define SUM_AT(name, python_name) {#python_name, TypeId::name, true},
#include "vm/syntax/ast.def"
};

constexpr size_t first_of(TypeId type) {
  size_t index = 0;
  while (kNodes[index].type != type) index++;
  return index;
}

}  // namespace

const NodeInfo& node_info(NodeType type) { return kNodes[static_cast<size_t>(type)]; }

const NodeInfo& node_info(TypeId type, const void* node) {
  switch (type) {
    case TypeId::Mod: return kNodes[first_of(TypeId::Mod) + size_t(static_cast<const Mod*>(node)->kind)];
    case TypeId::Stmt: return kNodes[first_of(TypeId::Stmt) + size_t(static_cast<const Stmt*>(node)->kind)];
    case TypeId::Expr: return kNodes[first_of(TypeId::Expr) + size_t(static_cast<const Expr*>(node)->kind)];
    case TypeId::Pattern: return kNodes[first_of(TypeId::Pattern) + size_t(static_cast<const Pattern*>(node)->kind)];
    default: return kNodes[first_of(type)];
  }
}

const EnumInfo& enum_info(TypeId type) {
  for (const EnumInfo& info : kEnums)
    if (info.type == type) return info;
  __builtin_unreachable();
}

Seq<const EnumInfo> all_enums() { return {kEnums, sizeof(kEnums) / sizeof(kEnums[0])}; }
Seq<const SumInfo> all_sums() { return {kSums, sizeof(kSums) / sizeof(kSums[0])}; }
bool is_enum(TypeId type) { return type >= TypeId::ExprContext && type <= TypeId::CompareOperator; }
bool is_node(TypeId type) { return type < TypeId::ExprContext; }

}  // namespace pt::syntax
