// Source text of an expression, as `from __future__ import annotations` stores it.
#pragma once

#include "vm/syntax/ast.h"

namespace pt::compiler {

// The arena's.
std::string_view unparse(syntax::Arena& arena, const syntax::Expr* expr);

}  // namespace pt::compiler
