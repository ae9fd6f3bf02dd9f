// From a syntax tree to a code unit.
#pragma once

#include "vm/compile/code_unit.h"
#include "vm/syntax/ast.h"
#include "vm/syntax/parse.h"
#include "vm/syntax/symtable.h"

namespace pt {

struct CompileOptions {
  std::string_view filename = "<string>";
  int optimize = 0;                 // as -O: 1 drops asserts and `if __debug__`, 2 docstrings too
  bool future_annotations = false;  // inherited `from __future__ import annotations`
  bool top_level_await = false;     // ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
  uintptr_t stack_limit = 0;  // lowest address the C stack may reach; 0: a few megabytes below the caller
};

// Everything in it is the arena's.
struct CompileResult {
  CodeUnit* code = nullptr;       // null iff `error`
  syntax::SyntaxErrorInfo error;  // without the text line, which the caller has
  syntax::Seq<syntax::SyntaxWarningInfo> warnings;
  uint32_t future_flags = 0;  // CodeFlags of the future statements in effect, to be inherited

  explicit operator bool() const { return code != nullptr; }
};

// Compiles a Module, Interactive (expression statements are printed) or Expression (the code returns its
// value). Folds constants in the tree, which must not be used afterwards except by the compiler. `symbols` is
// the table of this very tree, or null to have it built.
CompileResult compile_module(syntax::Arena& arena, syntax::Mod* mod, const syntax::SymbolTable* symbols = nullptr,
                             const CompileOptions& options = {});

}  // namespace pt
