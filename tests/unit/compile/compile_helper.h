#pragma once
// Compiles snippets for the tests; what comes out is verified.
#include <gtest/gtest.h>

#include <string>

#include "vm/compile/compile.h"
#include "vm/compile/disassemble.h"
#include "vm/compile/verify.h"

namespace pt {

class Compiled {
 public:
  explicit Compiled(std::string_view source, const CompileOptions& options = {},
                    syntax::ParseMode mode = syntax::ParseMode::Exec) {
    syntax::ParseOptions parse_options;
    parse_options.mode = mode;
    parsed = syntax::parse(arena, source, parse_options);
    if (!parsed) {
      error = parsed.error;
      return;
    }
    result = compile_module(arena, parsed.mod, nullptr, options);
    error = result.error;
    if (result) EXPECT_EQ(verify(result.code), "") << source;
  }

  // The unit with this qualified name; the module's with "".
  const CodeUnit* unit(std::string_view qualname = "") const {
    return qualname.empty() ? result.code : find(result.code, qualname);
  }

  // Its instructions without word offsets, positions and exceptions, one a line.
  std::string code(std::string_view qualname = "") const {
    const CodeUnit* found = unit(qualname);
    if (!found) return "no such unit";
    DisassembleOptions options;
    options.nested = false;
    options.bare = true;
    return disassemble(found, options);
  }

  std::string message() const { return std::string(error.message.view()); }

  syntax::Arena arena;
  syntax::ParseResult parsed;
  CompileResult result;
  syntax::SyntaxErrorInfo error;

 private:
  static const CodeUnit* find(const CodeUnit* unit, std::string_view qualname) {
    if (!unit || qualname == unit->qualname) return unit;
    for (const UnitConstant& constant : unit->constants) {
      if (constant.kind != ConstantKind::kCode) continue;
      if (const CodeUnit* found = find(constant.code, qualname)) return found;
    }
    return nullptr;
  }
};

// The body of `def f(a, b, c): BODY` (lines of the body are separated by newlines).
inline std::string function_code(std::string body) {
  std::string source = "def f(a, b, c):\n";
  for (size_t at = 0; at <= body.size();) {
    size_t end = body.find('\n', at);
    if (end == std::string::npos) end = body.size();
    source += " " + body.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return Compiled(source).code("f");
}

}  // namespace pt
