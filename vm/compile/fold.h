// Constant folding on the tree, before code is generated: what CPython's optimiser does to expressions.
#pragma once

#include "vm/syntax/ast.h"

namespace pt::compiler {

struct Context;

// Replaces expressions of constants by their values, in place.
void fold_constants(Context& context, syntax::Mod* mod);

// `1+2j`, `-3j` and the like: complex constants have no literal and stay operations in the tree.
bool fold_complex(const syntax::Expr* expr, double* real, double* imaginary);

}  // namespace pt::compiler
