// The parser: recursive descent over the grammar of Python 3.11, rule by rule.
//
// A rule returns null where its text does not match (the position is then anywhere: whoever goes on resets
// it) or where an error was raised (failed()). Source that parses is read once, rules choose their
// alternative by looking ahead. If that fails, a second pass with `invalid_` set tries, at every rule, the
// forms that are known mistakes and raises the error that fits; results of rules are then remembered per
// position, so that this stays linear. If no known mistake is found, the error is at the furthest token that
// the first pass has read.
#pragma once

#include "vm/syntax/lexer.h"
#include "vm/syntax/message.h"

namespace pt::syntax {

// Where the expression of an f-string lies in its file: its tokens' positions are moved there.
struct EmbeddedSource {
  int first_line;
  int first_col;  // added on the first line
};

class Parser {
 public:
  Parser(Arena& arena, Lexer& lexer, const ParseOptions& options, const EmbeddedSource* embedded, int depth);
  ~Parser();
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  // The tree, or null with error() set.
  Mod* parse_module();
  // The expression of an f-string's replacement field: source "(...)".
  Expr* parse_embedded();
  const SyntaxErrorInfo& error() const { return error_; }

 private:
  friend class StringParser;

  enum class Rule : uint8_t {
    Expression,
    StarExpression,
    NamedExpression,
    InvalidNamedExpression,
    Disjunction,
    Conjunction,
    Inversion,
    BitwiseOr,
    Primary,
    Arguments,
    Block,
    SimpleStatement,
    StarTarget,
  };
  enum class TargetKind : uint8_t { Star, Del, For };

  struct Memo {
    Memo* next;
    Rule rule;
    int32_t end;
    void* node;
  };

  static constexpr int kMaxDepth = 2000;
  static constexpr int kMaxPrefix = 6000;

  class Depth {
   public:
    explicit Depth(Parser& parser) : parser_(parser), good_(++parser.depth_ < kMaxDepth) {
      if (!good_) parser.raise_too_deep();
    }
    ~Depth() { --parser_.depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;
    explicit operator bool() const { return good_; }

   private:
    Parser& parser_;
    bool good_;
  };

  // Tokens.
  void fill();
  const Token& peek() {
    if (pos_ == fill_) [[unlikely]]
      fill();
    return tokens_[pos_];
  }
  Tok type() { return peek().type; }
  Tok type_at(int ahead);
  bool at(Tok wanted) { return type() == wanted; }
  bool accept(Tok wanted) {
    if (type() != wanted) return false;
    pos_++;
    return true;
  }
  bool at_soft(std::string_view word) { return at(Tok::Name) && tokens_[pos_].text() == word; }
  bool at_for() { return at(Tok::KwFor) || (at(Tok::KwAsync) && type_at(1) == Tok::KwFor); }
  const Token& last() const { return tokens_[fill_ - 1]; }
  bool expect_forced(Tok wanted, const char* text);
  const Identifier* identifier(const Token& token);
  const Identifier* accept_name();

  // Spans: from a token to the last one read.
  Span span_from(int start) const;
  bool spans_tokens(const Expr* e, int start) const;

  // Errors.
  bool failed() const { return error_.kind != ErrorKind::None; }
  std::nullptr_t raise(String message) { return raise(ErrorKind::SyntaxError, message); }
  std::nullptr_t raise(const char* message) { return raise(text_of(message)); }
  std::nullptr_t raise(ErrorKind kind, String message);  // at the furthest token
  std::nullptr_t raise_range(const Span& from, const Span& to, String message);
  std::nullptr_t raise_range(const Span& from, const Span& to, const char* message) {
    return raise_range(from, to, text_of(message));
  }
  std::nullptr_t raise_at(const Expr* e, const char* message) { return raise_range(e->span, e->span, message); }
  std::nullptr_t raise_at(const Token& t, const char* message) { return raise_range(span_of(t), span_of(t), message); }
  std::nullptr_t raise_at(const Expr* e, const char* before, std::string_view middle, const char* after = "");
  std::nullptr_t raise_from(const Span& from, const char* message);  // to the reading position
  std::nullptr_t raise_location(ErrorKind kind, int line, int col, int end_line, int end_col, String message);
  std::nullptr_t raise_unclosed();
  std::nullptr_t raise_lexer_error();
  std::nullptr_t raise_too_deep();
  std::nullptr_t raise_block(const char* what, int line);
  void raise_syntax_error_of_second_pass(const Token& last_token);
  void check_rest_of_source();
  static String text_of(const char* text) { return {text, static_cast<uint32_t>(std::strlen(text))}; }
  static Span span_of(const Token& t) { return {t.line, t.col, t.end_line, t.end_col}; }

  // Remembered results.
  template <class T>
  bool recall(Rule rule, T** node);
  void* remember(Rule rule, int start, void* node);

  // Starts.
  template <class T, class Start>
  T* run(Start start);
  Mod* start_rule();
  Mod* file();
  Mod* interactive();
  Mod* eval_input();
  Mod* func_type();
  bool is_single_statement() const;

  // Statements.
  bool statements(Vec<Stmt*>* out);
  bool statement(Vec<Stmt*>* out);
  bool simple_statements(Vec<Stmt*>* out);
  Stmt* compound_statement(bool* is_compound);
  Stmt* simple_statement();
  Stmt* simple_statement_body();
  Stmt* expression_statement();
  Stmt* expression_statement_checked();
  Stmt* annotated(Expr* target, int start, bool simple);
  Stmt* augmented(Expr* target, int start);
  Expr* annotated_rhs();
  Stmt* return_statement();
  Stmt* import_name();
  Stmt* import_from();
  const Identifier* dotted_name();
  Seq<Alias*> import_aliases();
  Stmt* raise_statement();
  Stmt* del_statement();
  Stmt* assert_statement();
  Stmt* names_statement(bool is_global);
  String* type_comment();
  bool block(Seq<Stmt*>* out, const char* what, int line);
  bool colon_or_newline();
  Stmt* decorated();
  Stmt* function_def(int start, Seq<Expr*> decorators, bool is_async);
  Stmt* class_def(Seq<Expr*> decorators);
  Stmt* if_statement();
  bool else_block(Seq<Stmt*>* out);
  Stmt* while_statement();
  Stmt* for_statement(int start, bool is_async);
  Stmt* with_statement(int start, bool is_async);
  bool with_items(bool in_parentheses, Vec<WithItem*>* items);
  WithItem* with_item();
  void invalid_with();
  Stmt* try_statement();
  ExceptHandler* except_block(bool is_star);
  void invalid_try_mix();

  // Patterns.
  Stmt* match_statement();
  MatchCase* case_block();
  Expr* subject();
  Pattern* patterns();
  Pattern* pattern();
  Pattern* or_pattern();
  Pattern* closed_pattern();
  Pattern* literal_or_number();
  Expr* number_expression();
  Pattern* name_pattern();
  Pattern* group_or_sequence();
  Pattern* list_pattern();
  Pattern* mapping_pattern();
  Pattern* class_pattern(Expr* cls, int start);
  Pattern* maybe_star_pattern();
  bool sequence_items(Vec<Pattern*>* items);
  Expr* attribute_name();
  Expr* mapping_key();
  const Identifier* capture_target();

  // Expressions.
  Expr* expressions();
  Expr* star_expressions();
  Expr* star_expression();
  bool star_named_expressions(Vec<Expr*>* out);
  Expr* star_named_expression();
  Expr* assignment_expression();
  Expr* named_expression();
  Expr* named_expression_body();
  Expr* generator_element();
  Expr* expression();
  Expr* expression_body();
  Expr* expression_without_invalid();
  Expr* yield_expression();
  Expr* disjunction();
  Expr* conjunction();
  Expr* bool_op(BoolOperator op);
  Expr* inversion();
  Expr* comparison();
  bool comparison_operator(CompareOperator* op);
  Expr* bitwise_or();
  Expr* binary(int min_precedence);
  Expr* factor();
  Expr* power();
  Expr* primary();
  Expr* primary_body();
  Expr* call(Expr* func, int start);
  Expr* genexp();
  Call* arguments();
  Call* args(Expr* first);
  Expr* slices();
  Expr* slice();
  Expr* atom();
  Expr* number();
  Expr* name_constant(ConstantKind kind);
  Expr* parenthesized();
  Expr* parenthesized_checked();
  Expr* list_display();
  Expr* brace_display();
  Expr* brace_display_checked();
  bool key_value(Expr** key, Expr** value);
  bool double_starred_pairs(Vec<Expr*>* keys, Vec<Expr*>* values);
  Seq<Comprehension*> comprehension_clauses();
  Comprehension* comprehension_clause();
  Expr* lambda();
  Expr* starred(Expr* (Parser::*rule)());
  Expr* make_tuple(int start, Seq<Expr*> elts);
  Expr* strings();

  // Targets.
  bool make_target(Expr* e, TargetKind kind, bool allow_starred);
  bool is_single_target(Expr* e) const;
  Expr* star_targets();
  Expr* star_target();
  Expr* primary_target(TargetKind kind);
  Expr* single_subscript_attribute_target();
  Expr* single_target();

  // Parameters.
  Arguments* parameters(bool is_lambda);
  Arg* parameter(bool is_lambda, bool star_annotation);

  // Known mistakes: each raises or returns having done nothing.
  void invalid_expression();
  void invalid_legacy_expression();
  void invalid_named_expression();
  void invalid_assignment();
  Expr* invalid_annotation_target();
  void invalid_arguments();
  void invalid_keyword_argument();
  void invalid_comprehension(Tok opening);
  void invalid_dict_comprehension();
  void invalid_double_starred_pairs();
  void invalid_group();
  void invalid_for_target();
  void invalid_target(Expr* e, TargetKind kind);
  static Expr* find_invalid_target(Expr* e, TargetKind kind);
  void invalid_parameters(bool is_lambda);
  void invalid_default();
  void invalid_star_etc(bool is_lambda);
  void invalid_keywords(bool is_lambda);
  bool param_no_default(bool is_lambda, int* token);
  bool param_with_default(bool is_lambda);
  bool param_maybe_default(bool is_lambda);
  bool slash_no_default(bool is_lambda);
  bool slash_with_default(bool is_lambda);
  bool parameter_end(bool is_lambda);
  static bool is_legacy_statement(const Expr* e);

  Arena& arena_;
  Lexer& lexer_;
  const ParseOptions& options_;
  const EmbeddedSource* embedded_;
  Token* tokens_ = nullptr;
  Memo** memos_ = nullptr;
  int fill_ = 0;
  int capacity_ = 0;
  int pos_ = 0;
  int depth_ = 0;
  bool second_pass_ = false;
  bool invalid_ = false;
  bool parsing_started_ = false;
  SyntaxErrorInfo error_;
};

template <class T>
bool Parser::recall(Rule rule, T** node) {
  peek();
  for (Memo* memo = memos_[pos_]; memo; memo = memo->next) {
    if (memo->rule != rule) continue;
    pos_ = memo->end;
    *node = static_cast<T*>(memo->node);
    return true;
  }
  return false;
}

}  // namespace pt::syntax
