// Tokens, errors, the two passes and the start rules.
#include "vm/syntax/parser.h"

#include <cstdlib>

#include "vm/syntax/feature_version.h"
#include "vm/syntax/source.h"
#include "vm/syntax/unicode.h"

namespace pt::syntax {

Parser::Parser(Arena& arena, Lexer& lexer, const ParseOptions& options, const EmbeddedSource* embedded, int depth)
    : arena_(arena), lexer_(lexer), options_(options), embedded_(embedded), depth_(depth) {}

namespace {
template <class T>
void grow(T*& array, int capacity) {
  void* grown = std::realloc(array, sizeof(T) * static_cast<size_t>(capacity));
  if (!grown) out_of_memory();
  array = static_cast<T*>(grown);
}
}  // namespace

Parser::~Parser() {
  std::free(tokens_);
  std::free(memos_);
}

void Parser::fill() {
  if (fill_ == capacity_) {
    capacity_ = capacity_ ? capacity_ * 2 : embedded_ ? 16 : 256;
    grow(tokens_, capacity_);
    if (second_pass_) {
      grow(memos_, capacity_);
    }
  }
  Token* token = &tokens_[fill_];
  lexer_.next(token);
  // Interactive input ends its last line and its blocks by itself.
  if (options_.mode == ParseMode::Single && !embedded_) {
    if (token->type == Tok::EndMarker && parsing_started_) {
      token->type = Tok::Newline;
      parsing_started_ = false;
      if (lexer_.indentation() && !options_.dont_imply_dedent) lexer_.imply_dedents();
    } else {
      parsing_started_ = true;
    }
  }
  if (embedded_ && lexer_.line() == embedded_->first_line && token->col >= 0) {
    token->col += embedded_->first_col;
    token->end_col += embedded_->first_col;
  }
  if (second_pass_) memos_[fill_] = nullptr;
  fill_++;
  if (token->type == Tok::Error) raise_lexer_error();
}

// The type of a later token; reads no further than an error or the end.
Tok Parser::type_at(int ahead) {
  for (int i = 0;; i++) {
    if (pos_ + i == fill_) fill();
    Tok found = tokens_[pos_ + i].type;
    if (i == ahead || found == Tok::Error || found == Tok::EndMarker) return found;
  }
}

const Identifier* Parser::identifier(const Token& token) {
  if (!token.memo) {
    auto& slot = const_cast<Token&>(token).memo;
    slot = const_cast<Identifier*>(intern_normalized(arena_, token.text()));
  }
  return static_cast<const Identifier*>(token.memo);
}

const Identifier* Parser::accept_name() {
  if (!at(Tok::Name)) return nullptr;
  return identifier(tokens_[pos_++]);
}

// A token that the grammar leaves no alternative to: its lack is an error at once.
bool Parser::expect_forced(Tok wanted, const char* text) {
  if (accept(wanted)) return true;
  if (failed()) return false;
  Message message(arena_);
  message << "expected '" << text << "'";
  raise_range(span_of(peek()), span_of(peek()), message.finish());
  return false;
}

Span Parser::span_from(int start) const {
  int end = pos_ - 1;
  while (end > start && tokens_[end].type <= Tok::EndMarker) end--;
  return {tokens_[start].line, tokens_[start].col, tokens_[end].end_line, tokens_[end].end_col};
}

// Does the expression cover exactly the tokens from start to the position (is it not in parentheses)?
bool Parser::spans_tokens(const Expr* e, int start) const {
  const Token& first = tokens_[start];
  const Token& end = tokens_[pos_ - 1];
  return e->span.line == first.line && e->span.col == first.col && e->span.end_line == end.end_line &&
         e->span.end_col == end.end_col;
}

void* Parser::remember(Rule rule, int start, void* node) {
  if (!failed()) memos_[start] = arena_.make<Memo>(memos_[start], rule, pos_, node);
  return node;
}

// Columns are byte offsets from 1; an end column below 1 stands for itself.
std::nullptr_t Parser::raise_location(ErrorKind kind, int line, int col, int end_line, int end_col, String message) {
  if (failed()) return nullptr;
  std::string_view text = lexer_.line_text(line);
  if (embedded_) {
    Message prefixed(arena_);
    prefixed << "f-string: " << message.view();
    message = prefixed.finish();
    col -= embedded_->first_col;
    end_col -= embedded_->first_col;
  }
  auto characters = [&](int column) {
    if (column < 1) return column;
    size_t bytes = static_cast<size_t>(column - 1);
    return static_cast<int>(count_characters(text.substr(0, bytes < text.size() ? bytes : text.size()))) + 1;
  };
  error_ = {kind, line, characters(col), end_line, characters(end_col), true, message, {}};
  Message shown(arena_);
  shown << text;
  if (line >= lexer_.line() && text.data() && text.data() + text.size() < lexer_.end()) shown << '\n';
  error_.text = shown.finish();
  return nullptr;
}

std::nullptr_t Parser::raise(ErrorKind kind, String message) {
  const Token& token = last();
  int col = token.col < 0 ? lexer_.column() : token.col + 1;
  return raise_location(kind, token.line, col, token.end_line, token.end_col < 0 ? -1 : token.end_col + 1, message);
}

std::nullptr_t Parser::raise_range(const Span& from, const Span& to, String message) {
  return raise_location(ErrorKind::SyntaxError, from.line, from.col + 1, to.end_line, to.end_col + 1, message);
}

std::nullptr_t Parser::raise_at(const Expr* e, const char* before, std::string_view middle, const char* after) {
  Message message(arena_);
  message << before << middle << after;
  return raise_range(e->span, e->span, message.finish());
}

std::nullptr_t Parser::raise_from(const Span& from, const char* message) {
  return raise_location(ErrorKind::SyntaxError, from.line, from.col + 1, lexer_.line(), lexer_.column(), text_of(message));
}

std::nullptr_t Parser::raise_block(const char* what, int line) {
  Message message(arena_);
  message << "expected an indented block";
  if (what) message << " after " << what << " on line " << decimal(line);
  return raise(ErrorKind::IndentationError, message.finish());
}

std::nullptr_t Parser::raise_unclosed() {
  Message message(arena_);
  message << "'" << lexer_.open_bracket() << "' was never closed";
  return raise_location(ErrorKind::SyntaxError, lexer_.open_line(), lexer_.open_column() + 1, lexer_.open_line(), 0,
                        message.finish());
}

std::nullptr_t Parser::raise_too_deep() {
  if (!failed()) error_.kind = ErrorKind::MemoryError;
  return nullptr;
}

std::nullptr_t Parser::raise_lexer_error() {
  if (failed()) return nullptr;
  int line = lexer_.line();
  switch (lexer_.state()) {
    case LexState::Ok:
    case LexState::Failed:
    case LexState::EndInString:
    case LexState::EndInTripleString: error_ = lexer_.error(); return nullptr;
    case LexState::EndOfFile: return lexer_.level() ? raise_unclosed() : raise("unexpected EOF while parsing");
    case LexState::BadDedent:
      return raise(ErrorKind::IndentationError, text_of("unindent does not match any outer indentation level"));
    case LexState::TabSpace:
      return raise_location(ErrorKind::TabError, line, 1, line, 0, text_of("inconsistent use of tabs and spaces in indentation"));
    case LexState::TooDeep:
      return raise_location(ErrorKind::IndentationError, line, 1, line, 0, text_of("too many levels of indentation"));
    case LexState::BadContinuation:
      return raise_location(ErrorKind::SyntaxError, line, lexer_.column(), line, 0,
                            text_of("unexpected character after line continuation character"));
  }
  return nullptr;
}

// The lexer's errors further on, and brackets that stay open, explain a failure better than what was found.
void Parser::check_rest_of_source() {
  int line = last().line;
  Token token;
  do lexer_.next(&token);
  while (token.type != Tok::Error && token.type != Tok::EndMarker);
  if (token.type != Tok::Error) return;
  LexState state = lexer_.state();
  if (state == LexState::Failed || state == LexState::EndInString || state == LexState::EndInTripleString) {
    error_ = lexer_.error();
  } else if (lexer_.level() && line > lexer_.open_line()) {
    error_ = {};
    raise_unclosed();
  }
}

template <class T, class Start>
T* Parser::run(Start start) {
  T* node = start();
  if (node && !failed()) return node;
  bool at_end = lexer_.state() == LexState::EndOfFile || lexer_.state() == LexState::EndInString ||
                lexer_.state() == LexState::EndInTripleString;
  if (options_.allow_incomplete && at_end && error_.kind != ErrorKind::MemoryError) {
    error_ = {};
    raise(ErrorKind::IncompleteInput, text_of("incomplete input"));
    return nullptr;
  }
  auto prefer_lexer_errors = [&] {
    if (lexer_.state() == LexState::Ok && error_.kind != ErrorKind::MemoryError) check_rest_of_source();
  };
  if (failed()) {
    prefer_lexer_errors();
    return nullptr;
  }
  memos_ = static_cast<Memo**>(std::calloc(static_cast<size_t>(capacity_), sizeof(Memo*)));
  if (!memos_) out_of_memory();
  second_pass_ = true;
  bool has_braces = false;
  for (int i = 0; i < fill_; i++) has_braces = has_braces || tokens_[i].type == Tok::LeftBrace;
  if (has_braces) {
    // A mistake in a dict counts before all others, wherever it is.
    pos_ = 0;
    start();
    if (failed()) {
      prefer_lexer_errors();
      return nullptr;
    }
    std::memset(memos_, 0, static_cast<size_t>(capacity_) * sizeof(Memo*));
  }
  const Token last_token = last();
  invalid_ = true;
  pos_ = 0;
  start();
  if (failed()) {
    prefer_lexer_errors();
    return nullptr;
  }
  if (last_token.type == Tok::Indent || last_token.type == Tok::Dedent) {
    raise(ErrorKind::IndentationError, text_of(last_token.type == Tok::Indent ? "unexpected indent" : "unexpected unindent"));
    return nullptr;
  }
  raise_location(ErrorKind::SyntaxError, last_token.line, last_token.col + 1, last_token.end_line, last_token.end_col + 1,
                 text_of("invalid syntax"));
  if (lexer_.state() != LexState::EndOfFile) check_rest_of_source();
  return nullptr;
}

Mod* Parser::parse_module() {
  return run<Mod>([this]() -> Mod* { return start_rule(); });
}

Expr* Parser::parse_embedded() {
  return run<Expr>([this]() -> Expr* { return star_expressions(); });
}

Mod* Parser::start_rule() {
  switch (options_.mode) {
    case ParseMode::Exec: return file();
    case ParseMode::Eval: return eval_input();
    case ParseMode::Single: return interactive();
    case ParseMode::FunctionType: return func_type();
  }
  return nullptr;
}

Mod* Parser::file() {
  Vec<Stmt*> body(arena_);
  if (!at(Tok::EndMarker) && !statements(&body)) return nullptr;
  if (!accept(Tok::EndMarker)) return nullptr;
  auto* node = make_node<Module>(arena_);
  node->body = body.seq();
  return node;
}

Mod* Parser::interactive() {
  Vec<Stmt*> body(arena_);
  if (at(Tok::Newline)) {
    Span span = span_of(peek());
    pos_++;
    body.push(make_node<Pass>(arena_, span));
  } else {
    bool is_compound = false;
    Stmt* compound = compound_statement(&is_compound);
    if (failed()) return nullptr;
    if (compound && accept(Tok::Newline)) {
      body.push(compound);
    } else {
      pos_ = 0;
      if (!simple_statements(&body)) return nullptr;
    }
  }
  if (!is_single_statement()) return raise("multiple statements found while compiling a single statement");
  auto* node = make_node<Interactive>(arena_);
  node->body = body.seq();
  return node;
}

// Nothing but white space and comments after the statement?
bool Parser::is_single_statement() const {
  bool in_comment = false;
  for (const char* at = lexer_.position(); at < lexer_.end(); at++) {
    if (*at == '#') in_comment = true;
    if (*at == '\n') in_comment = false;
    if (!in_comment && *at != ' ' && *at != '\t' && *at != '\n' && *at != '\f') return false;
  }
  return true;
}

Mod* Parser::eval_input() {
  Expr* body = expressions();
  if (!body) return nullptr;
  while (accept(Tok::Newline)) {
  }
  if (!accept(Tok::EndMarker)) return nullptr;
  auto* node = make_node<Expression>(arena_);
  node->body = body;
  return node;
}

Mod* Parser::func_type() {
  if (!accept(Tok::LeftParen)) return nullptr;
  Vec<Expr*> types(arena_);
  int stars = 0;  // `*x`, then `**x`, and nothing after those but the next of them
  while (!at(Tok::RightParen)) {
    int here = accept(Tok::Star) ? 1 : accept(Tok::DoubleStar) ? 2 : 0;
    if (stars && here <= stars) return nullptr;
    stars = here;
    Expr* e = expression();
    if (!e) return nullptr;
    types.push(e);
    if (!at(Tok::Comma)) break;
    pos_++;
    if (at(Tok::RightParen)) return nullptr;
  }
  if (!accept(Tok::RightParen) || !accept(Tok::Arrow)) return nullptr;
  Expr* returns = expression();
  if (!returns) return nullptr;
  while (accept(Tok::Newline)) {
  }
  if (!accept(Tok::EndMarker)) return nullptr;
  auto* node = make_node<FunctionType>(arena_);
  node->argtypes = types.seq();
  node->returns = returns;
  return node;
}

ParseResult parse(Arena& arena, std::string_view source, const ParseOptions& options) {
  ParseResult result;
  SourceText text;
  if (!prepare_source(arena, source, options, &text, &result.error)) return result;
  result.encoding = text.encoding;
  Lexer lexer(arena, text.text, text.size, options.first_line, text.is_valid);
  Vec<TypeIgnore*> ignores(arena);
  if (options.type_comments) lexer.keep_type_comments(&ignores);
  Parser parser(arena, lexer, options, nullptr, 0);
  result.mod = parser.parse_module();
  if (Module* module = try_as<Module>(result.mod)) module->type_ignores = ignores.seq();
  if (result.mod && options.feature_version >= 0) {
    NeededFeature needed = needed_feature(result.mod, options.feature_version);
    if (lexer.feature_version() > options.feature_version && lexer.feature_version() > needed.version) {
      needed = {lexer.feature(), lexer.feature_version(), lexer.feature_line()};
    }
    if (needed.what) {
      Message message(arena);
      message << needed.what << " only supported in Python 3." << decimal(needed.version) << " and greater";
      result.mod = nullptr;
      result.error.kind = ErrorKind::SyntaxError;
      result.error.line = result.error.end_line = needed.line;
      result.error.offset = result.error.end_offset = 1;
      result.error.message = message.finish();
      return result;
    }
  }
  result.warnings = lexer.warnings();
  if (!result.mod) result.error = parser.error();
  if (!text.is_valid) result.error.message = replace_invalid_utf8(arena, result.error.message.view());
  if (!text.is_valid) result.error.text = replace_invalid_utf8(arena, result.error.text.view());
  return result;
}

const Identifier* intern_normalized(Arena& arena, std::string_view utf8) {
  for (char c : utf8)
    if (c & 0x80) return arena.intern(normalize_nfkc(arena, utf8));
  return arena.intern(utf8);
}

bool is_identifier(std::string_view utf8) {
  if (utf8.empty() || find_invalid_utf8(utf8) != std::string_view::npos) return false;
  const char* at = utf8.data();
  if (!is_identifier_start(decode_utf8(at))) return false;
  while (at < utf8.data() + utf8.size())
    if (!is_identifier_part(decode_utf8(at))) return false;
  return true;
}

bool is_keyword(std::string_view name) { return !name.empty() && keyword_of(name.data(), name.size()) != Tok::Name; }

bool is_soft_keyword(std::string_view name) { return name == "_" || name == "case" || name == "match"; }

}  // namespace pt::syntax
