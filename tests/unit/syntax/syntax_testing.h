// What the tests of the front end share.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tests/tools/ast_text.h"
#include "vm/syntax/parse.h"
#include "vm/syntax/symtable.h"

namespace pt::syntax {

// The tree's text, or "!" and the error's message.
inline std::string tree(std::string_view source, bool positions = false, ParseMode mode = ParseMode::Exec) {
  Arena arena;
  ParseOptions options;
  options.mode = mode;
  ParseResult result = parse(arena, source, options);
  return result ? ast_text(result.mod, positions) : "!" + std::string(result.error.message.view());
}

// "kind: message (line, offset, end line, end offset)"; empty if the source parses and its names make sense.
inline std::string error_of(std::string_view source, ParseMode mode = ParseMode::Exec) {
  Arena arena;
  ParseOptions options;
  options.mode = mode;
  ParseResult result = parse(arena, source, options);
  SyntaxErrorInfo error = result.error;
  if (result) build_symbol_table(arena, result.mod, &error);
  if (!error) return "";
  const char* kinds[] = {"",           "SyntaxError", "IndentationError", "TabError", "IncompleteInput",
                         "ValueError", "MemoryError", "RecursionError"};
  auto number = [](int n) { return std::to_string(n); };
  return std::string(kinds[static_cast<int>(error.kind)]) + ": " + std::string(error.message.view()) + " (" + number(error.line) +
         ", " + number(error.offset) + ", " + number(error.end_line) + ", " + number(error.end_offset) + ")";
}

}  // namespace pt::syntax
