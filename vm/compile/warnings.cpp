// SyntaxWarnings for expressions that cannot work.
#include "vm/compile/codegen.h"

namespace pt::compiler {
namespace {

const char* literal_type(const Constant* constant) {
  switch (constant->value.kind) {
    case LiteralKind::None: return "NoneType";
    case LiteralKind::True:
    case LiteralKind::False: return "bool";
    case LiteralKind::Ellipsis: return "ellipsis";
    case LiteralKind::Int: return "int";
    case LiteralKind::Float: return "float";
    case LiteralKind::Imaginary: return "complex";
    case LiteralKind::Str: return "str";
    default: return "bytes";
  }
}

// The type of a display or literal, as a message names it; null where it cannot be told.
const char* display_type(const Expr* expr) {
  switch (expr->kind) {
    case ExprKind::Tuple: return "tuple";
    case ExprKind::List:
    case ExprKind::ListComp: return "list";
    case ExprKind::Dict:
    case ExprKind::DictComp: return "dict";
    case ExprKind::Set:
    case ExprKind::SetComp: return "set";
    case ExprKind::GeneratorExp: return "generator";
    case ExprKind::Lambda: return "function";
    case ExprKind::JoinedStr:
    case ExprKind::FormattedValue: return "str";
    case ExprKind::Constant: return literal_type(as<Constant>(expr));
    default: return nullptr;
  }
}

bool is_compared_by_value(const Expr* expr) {
  if (expr->kind == ExprKind::Tuple) {
    for (const Expr* element : as<Tuple>(expr)->elts) {
      if (element->kind != ExprKind::Constant) return false;
    }
    return true;
  }
  const Constant* constant = try_as<Constant>(expr);
  if (!constant) return false;
  LiteralKind kind = constant->value.kind;
  return kind != LiteralKind::None && kind != LiteralKind::True && kind != LiteralKind::False && kind != LiteralKind::Ellipsis;
}

}  // namespace

void Codegen::check_caller(const Call* expr) {
  const Expr* func = expr->func;
  if (func->kind == ExprKind::Lambda) return;
  if (const char* type = display_type(func)) {
    context_.warn(expr->span, "'%s' object is not callable; perhaps you missed a comma?", type);
  }
}

void Codegen::check_subscripter(const Subscript* expr) {
  const Expr* value = expr->value;
  switch (value->kind) {
    case ExprKind::Constant: {
      LiteralKind kind = as<Constant>(value)->value.kind;
      if (kind == LiteralKind::Str || kind == LiteralKind::Bytes) return;
      break;
    }
    case ExprKind::Set:
    case ExprKind::SetComp:
    case ExprKind::GeneratorExp:
    case ExprKind::Lambda: break;
    default: return;
  }
  context_.warn(expr->span, "'%s' object is not subscriptable; perhaps you missed a comma?", display_type(value));
}

void Codegen::check_index(const Subscript* expr) {
  const Expr *value = expr->value, *slice = expr->slice;
  const char* index_type = display_type(slice);
  if (!index_type || slice->kind == ExprKind::Slice) return;
  if (const Constant* index = try_as<Constant>(slice)) {
    LiteralKind kind = index->value.kind;
    if (kind == LiteralKind::Int || kind == LiteralKind::True || kind == LiteralKind::False) return;
  }
  switch (value->kind) {
    case ExprKind::Constant: {
      LiteralKind kind = as<Constant>(value)->value.kind;
      if (kind != LiteralKind::Str && kind != LiteralKind::Bytes) return;
      break;
    }
    case ExprKind::Tuple:
    case ExprKind::List:
    case ExprKind::ListComp:
    case ExprKind::JoinedStr:
    case ExprKind::FormattedValue: break;
    default: return;
  }
  context_.warn(expr->span, "%s indices must be integers or slices, not %s; perhaps you missed a comma?", display_type(value),
                index_type);
}

void Codegen::check_compare(const Compare* expr) {
  bool left = is_compared_by_value(expr->left);
  for (uint32_t i = 0; i < expr->ops.size; i++) {
    bool right = is_compared_by_value(expr->comparators[i]);
    CompareOperator op = expr->ops[i];
    if ((op == CompareOperator::Is || op == CompareOperator::IsNot) && (left || right)) {
      context_.warn(expr->span, op == CompareOperator::Is ? "\"is\" with a literal. Did you mean \"==\"?"
                                                          : "\"is not\" with a literal. Did you mean \"!=\"?");
      return;
    }
    left = right;
  }
}

}  // namespace pt::compiler
