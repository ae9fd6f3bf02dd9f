#pragma once
// Syntax trees as Python objects: the classes of the ast module, and the way from a tree to objects and back.
#include "gc/refcount/ref.h"
#include "vm/object/type.h"
#include "vm/syntax/ast_info.h"
#include "vm/syntax/parse.h"

namespace pt::ast {

// The classes of _ast, generated from vm/syntax/ast.def. Made once by the first import of _ast and kept for ever.
struct Classes {
  static constexpr int kNodes = static_cast<int>(syntax::NodeType::kCount);
  static constexpr int kEnums = 5;
  static constexpr int kMaxFields = 8;
  static constexpr int kMaxValues = 16;
  Type* node[kNodes] = {};
  Type* sum[kNodes] = {};                   // by node: the class of its sum, or nullptr for a product
  Str* field[kNodes][kMaxFields] = {};      // interned
  Type* enum_class[kEnums] = {};
  Value enum_value[kEnums][kMaxValues];     // the one instance of each
  Type* enum_value_class[kEnums][kMaxValues] = {};
};
// nullptr with an exception pending when _ast cannot be imported.
const Classes* classes();
extern Type ast_node_type;  // ast.AST

// Place of a description in the tables above.
inline int node_index(const syntax::NodeInfo& info) {
  return static_cast<int>(&info - &syntax::node_info(static_cast<syntax::NodeType>(0)));
}
inline int enum_index(const syntax::EnumInfo& info) { return static_cast<int>(&info - syntax::all_enums().data); }

bool is_tree(Value v);  // an instance of ast.AST
Ref<> tree_to_object(const syntax::Mod* mod);
// A tree for the compiler, in the arena; nullptr with TypeError or ValueError pending where the objects make none. Reads
// attributes, so it may run Python code.
syntax::Mod* object_to_tree(syntax::Arena& arena, Value tree, syntax::ParseMode mode);
// What the parser guarantees and a tree made by hand may not: contexts, lengths, names. ValueError or TypeError.
bool validate_tree(const syntax::Mod* mod);

}  // namespace pt::ast
