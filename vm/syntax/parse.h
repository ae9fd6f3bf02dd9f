// Python 3.11 source text to a syntax tree.
#pragma once

#include "vm/syntax/ast.h"

namespace pt::syntax {

enum class ParseMode : uint8_t { Exec, Eval, Single, FunctionType };

enum class ErrorKind : uint8_t {
  None,
  SyntaxError,
  IndentationError,
  TabError,
  IncompleteInput,  // SyntaxError "incomplete input": only where ParseOptions::allow_incomplete is set
  ValueError,       // a NUL in a str
  MemoryError,      // nested too deeply for the parser; no message
  RecursionError,   // nested too deeply for the symbol table
};

// What the exception needs. Text is the arena's. `offset` counts characters from 1, 0 where there is none; an
// end of 0/0 is unknown. `text` is the source line with its newline, null where there is none (has_text
// false).
struct SyntaxErrorInfo {
  ErrorKind kind = ErrorKind::None;
  int32_t line = 0;
  int32_t offset = 0;
  int32_t end_line = 0;
  int32_t end_offset = 0;
  bool has_text = false;
  String message;
  String text;

  explicit operator bool() const { return kind != ErrorKind::None; }
};

enum class WarningCategory : uint8_t { SyntaxWarning, DeprecationWarning };

// A warning that the caller is to issue; where the filter makes it an error, as a SyntaxError at these
// positions.
struct SyntaxWarningInfo {
  WarningCategory category;
  Span span;
  String message;
};

// `from __future__ import` names that change parsing.
inline constexpr uint32_t kFutureBarryAsBdfl = 1;

struct ParseOptions {
  ParseMode mode = ParseMode::Exec;
  std::string_view filename = "<string>";
  bool is_str = false;     // the text comes from a str (UTF-8): no BOM, encoding declarations are ignored
  bool is_script = false;  // the main script: ill-formed UTF-8 is an error even in a comment
  bool dont_imply_dedent = false;  // interactive blocks end with an empty line
  bool allow_incomplete = false;   // report input that ends early as IncompleteInput
  bool type_comments = false;      // `# type:` comments go into the tree
  int feature_version = -1;        // minor version: newer syntax is an error; -1 for none
  uint32_t future_flags = 0;
  int first_line = 1;         // number of the first line
  int max_int_digits = 4300;  // longest decimal int literal; 0 for no limit
};

struct ParseResult {
  Mod* mod = nullptr;  // null iff `error`
  SyntaxErrorInfo error;
  Seq<SyntaxWarningInfo> warnings;
  String encoding;  // name as declared, "utf-8" where there was none

  explicit operator bool() const { return mod != nullptr; }
};

// Parses the text. The tree, the messages and everything else in the result are the arena's; the source may
// go.
ParseResult parse(Arena& arena, std::string_view source, const ParseOptions& options = {});

// Length in bytes of the valid identifier that is the whole of this UTF-8 text? (str.isidentifier)
bool is_identifier(std::string_view utf8);
bool is_keyword(std::string_view name);
bool is_soft_keyword(std::string_view name);

// NFKC form of the name, interned.
const Identifier* intern_normalized(Arena& arena, std::string_view utf8);

// "f(x)" -> "function call" and the like, as error messages name an expression.
const char* expression_name(const Expr* expr);

}  // namespace pt::syntax
