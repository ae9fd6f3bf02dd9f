// Which syntax came with which version of Python 3.
#include "vm/syntax/feature_version.h"

#include "vm/syntax/ast_info.h"

namespace pt::syntax {
namespace {

class Finder {
 public:
  explicit Finder(int minor) : minor_(minor) {}
  NeededFeature found;

  void walk(TypeId type, const void* node, int line) {
    if (!node || depth_ > 1500) return;
    depth_++;
    const NodeInfo& info = node_info(type, node);
    if (info.span >= 0) line = reinterpret_cast<const Span*>(static_cast<const char*>(node) + info.span)->line;
    check(type, node, line);
    for (int i = 0; i < info.field_count; i++) {
      const FieldInfo& field = info.fields[i];
      if (!is_node(field.type)) continue;
      const char* at = static_cast<const char*>(node) + field.offset;
      if (field.quantity != Quantity::Sequence) {
        walk(field.type, *reinterpret_cast<const void* const*>(at), line);
        continue;
      }
      for (const void* item : *reinterpret_cast<const Seq<const void*>*>(at)) walk(field.type, item, line);
    }
    depth_--;
  }

 private:
  void need(const char* what, int version, int line) {
    if (version > minor_ && version > found.version) found = {what, version, line};
  }
  void check(TypeId type, const void* node, int line) {
    switch (type) {
      case TypeId::Stmt:
        switch (static_cast<const Stmt*>(node)->kind) {
          case StmtKind::AsyncFunctionDef: return need("Async functions are", 5, line);
          case StmtKind::AsyncFor: return need("Async for loops are", 5, line);
          case StmtKind::AsyncWith: return need("Async with statements are", 5, line);
          case StmtKind::AnnAssign: return need("Variable annotation syntax is", 6, line);
          case StmtKind::Match: return need("Pattern matching is", 10, line);
          case StmtKind::TryStar: return need("Exception groups are", 11, line);
          case StmtKind::AugAssign:
            if (as<AugAssign>(static_cast<const Stmt*>(node))->op == BinaryOperator::MatMult)
              need("The '@' operator is", 5, line);
            return;
          default: return;
        }
      case TypeId::Expr:
        switch (static_cast<const Expr*>(node)->kind) {
          case ExprKind::Await: return need("Await expressions are", 5, line);
          case ExprKind::NamedExpr: return need("Assignment expressions are", 8, line);
          case ExprKind::JoinedStr: return need("Format strings are", 6, line);
          case ExprKind::BinOp:
            if (as<BinOp>(static_cast<const Expr*>(node))->op == BinaryOperator::MatMult) need("The '@' operator is", 5, line);
            return;
          default: return;
        }
      case TypeId::Comprehension:
        if (static_cast<const Comprehension*>(node)->is_async) need("Async comprehensions are", 6, line);
        return;
      case TypeId::Arguments:
        if (!static_cast<const Arguments*>(node)->posonlyargs.empty()) need("Positional-only parameters are", 8, line);
        return;
      default: return;
    }
  }

  int minor_;
  int depth_ = 0;
};

}  // namespace

NeededFeature needed_feature(const Mod* mod, int minor) {
  Finder finder(minor);
  finder.walk(TypeId::Mod, mod, 1);
  return finder.found;
}

}  // namespace pt::syntax
