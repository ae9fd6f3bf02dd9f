// Tokens of Python 3.11 source, one at a time.
#pragma once

#include "vm/syntax/parse.h"
#include "vm/syntax/token.h"
#include "vm/syntax/vec.h"

namespace pt::syntax {

// Why the lexer stopped.
enum class LexState : uint8_t {
  Ok,
  EndOfFile,          // the end was reached
  EndInString,        // within '...'
  EndInTripleString,  // within '''...'''
  Failed,             // error() says why
  BadDedent,
  TabSpace,
  TooDeep,
  BadContinuation,
};

class Lexer {
 public:
  // `text` ends with a zero. Where it is not known to be UTF-8, names and strings are checked.
  Lexer(Arena& arena, const char* text, size_t size, int first_line, bool is_valid = true);

  // `# type: ...` gives tokens; `# type: ignore` is collected.
  void keep_type_comments(Vec<TypeIgnore*>* ignores) { type_ignores_ = ignores; }
  // Syntax that only tokens show and that needs a newer version than asked for.
  void note_feature(const char* what, int version, int line) {
    if (version > feature_version_) feature_ = what, feature_version_ = version, feature_line_ = line;
  }
  const char* feature() const { return feature_; }
  int feature_version() const { return feature_version_; }
  int feature_line() const { return feature_line_; }

  // Fills the next token. Type Error: state() says why. Interactive: see Parser.
  void next(Token* token);

  LexState state() const { return state_; }
  const SyntaxErrorInfo& error() const { return error_; }
  int level() const { return level_; }
  int line() const { return line_; }
  // Byte offset of the reading position in its line and, for a continuation error, in its statement.
  int column() const { return static_cast<int>(at_ - line_start_); }
  const char* position() const { return at_; }
  const char* end() const { return end_; }
  bool is_valid() const { return is_valid_; }
  // The innermost open bracket.
  char open_bracket() const { return brackets_[level_ - 1].opening; }
  int open_line() const { return brackets_[level_ - 1].line; }
  int open_column() const { return brackets_[level_ - 1].col; }
  int indentation() const { return indent_; }
  // Ends all open blocks with the next tokens.
  void imply_dedents() {
    pending_ = -indent_;
    indent_ = 0;
  }
  // Text of a line, without its newline; empty where there is none such.
  std::string_view line_text(int line) const;

  // Invalid literals that are only warned of.
  Seq<SyntaxWarningInfo> warnings() const { return {warnings_, warning_count_}; }
  void warn(WarningCategory category, const Span& span, String message);

 private:
  static constexpr int kMaxIndent = 100;
  static constexpr int kMaxLevel = 200;

  struct Bracket {
    char opening;
    int line;
    int col;
  };

  int peek() const { return static_cast<unsigned char>(*at_); }
  bool at_end() const { return at_ >= end_; }
  // Called with at_ past a newline that is not the end of the source.
  void start_line() {
    if (at_ < end_) {
      line_++;
      line_start_ = at_;
    }
  }
  bool read_indentation();
  bool type_comment(Token* token, const char* comment);
  void lex(Token* token);
  void finish(Token* token, Tok type, const char* start);
  void layout(Token* token, Tok type);
  void fail(Token* token, LexState state);
  void fail(Token* token, String message, int col = -1, int end_col = -1);
  void fail_text(Token* token, const char* message, int col = -1, int end_col = -1);
  void lex_name(Token* token, const char* start);
  void lex_number(Token* token, const char* start);
  void lex_string(Token* token, const char* start);
  void lex_operator(Token* token, const char* start);
  bool decimal_tail(Token* token);
  bool end_of_number(Token* token, const char* kind);
  bool radix_digits(Token* token, const char* kind, int base);

  Arena& arena_;
  const char* text_;
  const char* at_;
  const char* end_;
  const char* line_start_;
  const char* token_line_start_;  // line start of the token being read
  int line_;
  int token_line_;
  int first_line_;
  bool is_valid_;
  LexState state_ = LexState::Ok;
  Vec<TypeIgnore*>* type_ignores_ = nullptr;
  const char* feature_ = nullptr;
  int feature_version_ = 0;
  int feature_line_ = 0;
  bool line_begins_ = true;
  bool line_pending_ = false;  // a Newline was delivered, its next line not yet begun: errors still show its line
  bool blank_line_ = false;
  int pending_ = 0;  // indents (dedents, if negative) to deliver
  int indent_ = 0;
  int level_ = 0;
  int indents_[kMaxIndent] = {};
  int alternate_indents_[kMaxIndent] = {};
  Bracket brackets_[kMaxLevel];
  SyntaxErrorInfo error_;
  SyntaxWarningInfo* warnings_ = nullptr;
  uint32_t warning_count_ = 0;
  uint32_t warning_capacity_ = 0;
};

}  // namespace pt::syntax
