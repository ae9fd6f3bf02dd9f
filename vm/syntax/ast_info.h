// Descriptions of the node types, generated from ast.def: names, fields and their offsets. With them a walk
// over any tree (a dump, conversion from and to Python objects, the ast module's classes) needs no code per
// node.
#pragma once

#include "vm/syntax/ast.h"

namespace pt::syntax {

enum class Quantity : uint8_t { Required, Optional, Sequence };

// The type of a field: a sum, a product, an enum or a primitive.
enum class TypeId : uint8_t {
#define SUM(name, python_name) name,
#define SUM_AT(name, python_name) name,
#include "vm/syntax/ast.def"
#define PRODUCT(name, python_name, fields) name,
#define PRODUCT_AT(name, python_name, fields) name,
#include "vm/syntax/ast.def"
#define ENUM(name, python_name, values) name,
#include "vm/syntax/ast.def"
  Identifier,
  Int,
  String,
  ConstantValue,
};

// One value for every node of every sum and every product, in the order of ast.def.
enum class NodeType : uint8_t {
#define NODE(name, python_name, fields) name,
#include "vm/syntax/ast.def"
  kCount,
};

struct FieldInfo {
  const char* name;  // in Python
  Quantity quantity;
  TypeId type;
  uint16_t offset;  // in the node's struct
};

struct NodeInfo {
  const char* name;  // in Python
  const char* base;  // Python name of the sum, null for a product
  TypeId type;       // the sum, or the product itself
  uint8_t kind;      // value of the sum's kind
  uint16_t size;     // of the struct
  int16_t span;      // offset of the span in the struct, or -1
  uint8_t field_count;
  const FieldInfo* fields;
};

struct EnumInfo {
  const char* name;  // in Python
  TypeId type;
  uint8_t count;
  const char* const* values;
};

struct SumInfo {
  const char* name;  // in Python
  TypeId type;
  bool has_span;
};

const NodeInfo& node_info(NodeType type);
// The description of the node that a field of that sum or product type points to.
const NodeInfo& node_info(TypeId type, const void* node);
const EnumInfo& enum_info(TypeId type);
Seq<const EnumInfo> all_enums();
Seq<const SumInfo> all_sums();
bool is_enum(TypeId type);
bool is_node(TypeId type);

}  // namespace pt::syntax
