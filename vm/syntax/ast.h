// The syntax tree: plain structs in an arena, generated from ast.def. Every sum type is a base struct with a
// `kind` and the node's fields in the derived struct; as<T>() and try_as<T>() go down. Pointers in it are the
// arena's.
#pragma once

#include "vm/syntax/arena.h"

namespace pt::syntax {

// Lines count from 1, columns are byte offsets into the UTF-8 line, from 0; the end is exclusive.
struct Span {
  int32_t line = 0;
  int32_t col = 0;
  int32_t end_line = 0;
  int32_t end_col = 0;
};

// Bytes in the arena, zero-terminated. Text is UTF-8 in which lone surrogates are encoded as if they were
// scalar values (three bytes, ED A0..BF xx).
struct String {
  const char* data = nullptr;
  uint32_t length = 0;

  std::string_view view() const { return {data, length}; }
};

enum class ConstantKind : uint8_t { None, True, False, Ellipsis, Int, Float, Imaginary, Str, Bytes, FrozenSet };

// A literal. An int that fits is in `integer` (`is_small`); every int has its digits, without prefix and
// underscores, in `text`, to be read in `base`. Str and Bytes are in `text`, Float and Imaginary in `number`. FrozenSet, only in
// trees that a program made: `text.length` of `items`.
struct ConstantValue {
  ConstantKind kind = ConstantKind::None;
  uint8_t base = 10;
  bool is_small = false;
  union {
    int64_t integer = 0;
    double number;
    ConstantValue* items;
  };
  String text;
};

enum class ModKind : uint8_t {
#define MOD_NODE(name, python_name, fields) name,
#include "vm/syntax/ast.def"
};
enum class StmtKind : uint8_t {
#define STMT_NODE(name, python_name, fields) name,
#include "vm/syntax/ast.def"
};
enum class ExprKind : uint8_t {
#define EXPR_NODE(name, python_name, fields) name,
#include "vm/syntax/ast.def"
};
enum class PatternKind : uint8_t {
#define PATTERN_NODE(name, python_name, fields) name,
#include "vm/syntax/ast.def"
};
enum class ExceptHandlerKind : uint8_t {
#define HANDLER_NODE(name, python_name, fields) name,
#include "vm/syntax/ast.def"
};
enum class TypeIgnoreKind : uint8_t {
#define TYPE_IGNORE_NODE(name, python_name, fields) name,
#include "vm/syntax/ast.def"
};

#define VALUE(name) name,
#define ENUM(name, python_name, values) enum class name : uint8_t { values };
#include "vm/syntax/ast.def"

#define SUM(name, python_name) \
  struct name {                \
    name##Kind kind;           \
  };
#define SUM_AT(name, python_name) \
  struct name {                   \
    name##Kind kind;              \
    Span span;                    \
  };
#define NODE(name, python_name, fields) struct name;
#include "vm/syntax/ast.def"

// What a field of each declared type is in a struct: nodes are pointers, enums and constants are values.
template <class T>
struct FieldType {
  using Type = T*;
};
template <class T>
  requires std::is_enum_v<T>
struct FieldType<T> {
  using Type = T;
};
template <>
struct FieldType<Identifier> {
  using Type = const Identifier*;
};
template <>
struct FieldType<ConstantValue> {
  using Type = ConstantValue;
};
using Int = int32_t;
template <>
struct FieldType<Int> {
  using Type = Int;
};

#define REQ(type, name) FieldType<type>::Type name{};
#define OPT(type, name) FieldType<type>::Type name{};
#define SEQ(type, name) Seq<FieldType<type>::Type> name{};
#define FIELD(quantity, type, name, python_name) FieldType<type>::Type name{};
#define NODE_OF(base, name, fields)                       \
  struct name : base {                                    \
    using Sum = base;                                     \
    static constexpr base##Kind kKind = base##Kind::name; \
    fields                                                \
  };
#define MOD_NODE(name, python_name, fields) NODE_OF(Mod, name, fields)
#define STMT_NODE(name, python_name, fields) NODE_OF(Stmt, name, fields)
#define EXPR_NODE(name, python_name, fields) NODE_OF(Expr, name, fields)
#define PATTERN_NODE(name, python_name, fields) NODE_OF(Pattern, name, fields)
#define HANDLER_NODE(name, python_name, fields) NODE_OF(ExceptHandler, name, fields)
#define TYPE_IGNORE_NODE(name, python_name, fields) NODE_OF(TypeIgnore, name, fields)
#define PRODUCT(name, python_name, fields) \
  struct name {                            \
    fields                                 \
  };
#define PRODUCT_AT(name, python_name, fields) \
  struct name {                               \
    Span span;                                \
    fields                                    \
  };
#include "vm/syntax/ast.def"
#undef NODE_OF

// A fresh node with its kind set; a node with positions takes its span.
template <class T>
T* make_node(Arena& arena) {
  T* node = arena.make<T>();
  node->kind = T::kKind;
  return node;
}
template <class T>
T* make_node(Arena& arena, const Span& span) {
  T* node = arena.make<T>();
  if constexpr (requires { T::kKind; }) node->kind = T::kKind;
  node->span = span;
  return node;
}

// The node as the struct of its kind, which the caller knows.
template <class T>
T* as(typename T::Sum* node) {
  return static_cast<T*>(node);
}
template <class T>
const T* as(const typename T::Sum* node) {
  return static_cast<const T*>(node);
}
// The node as a T, or null where it is of another kind (or null).
template <class T>
T* try_as(typename T::Sum* node) {
  return node && node->kind == T::kKind ? static_cast<T*>(node) : nullptr;
}
template <class T>
const T* try_as(const typename T::Sum* node) {
  return node && node->kind == T::kKind ? static_cast<const T*>(node) : nullptr;
}

}  // namespace pt::syntax
