// The _tokenize module: the tokens that the parser sees, as tuples.
#include <atomic>

#include "vm/modules/support.h"
#include "vm/object/module.h"
#include "vm/object/native.h"
#include "vm/runtime/runtime.h"
#include "vm/syntax/lexer.h"
#include "vm/syntax/source.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

using syntax::LexState;
using syntax::Tok;
using syntax::Token;

constinit Type iterator_type;

// The text is read when the iterator is made, so that threads share it without a lock.
struct TokenizerIter : Object {
  Field tokens;  // a list of tuples; immutable after construction
  Field error;   // what ends them, or empty; immutable after construction
  std::atomic<int64_t> at;
};

// Numbers of the token module.
constexpr int kName = 1, kNumber = 2, kString = 3, kNewline = 4, kIndent = 5, kDedent = 6, kOperator = 54, kAwait = 55,
              kAsync = 56;
constexpr std::string_view kOperators[] = {
    "(",  ")",  "[",  "]",  ":",  ",",   ";",   "+",   "-",  "*",   "/",  "|",  "&",  "<",   ">",  "=",
    ".",  "%",  "{",  "}",  "==", "!=",  "<=",  ">=",  "~",  "^",   "<<", ">>", "**", "+=",  "-=", "*=",
    "/=", "%=", "&=", "|=", "^=", "<<=", ">>=", "**=", "//", "//=", "@",  "@=", "->", "...", ":="};
constexpr int kFirstOperator = 7;

int number_of(const Token& token) {
  switch (token.type) {
    case Tok::Newline: return kNewline;
    case Tok::Indent: return kIndent;
    case Tok::Dedent: return kDedent;
    case Tok::Number: return kNumber;
    case Tok::String: return kString;
    case Tok::KwAwait: return kAwait;
    case Tok::KwAsync: return kAsync;
    default: break;
  }
  if (token.type == Tok::Name || token.type >= Tok::KwFalse) return kName;
  for (size_t i = 0; i < std::size(kOperators); ++i) {
    if (kOperators[i] == token.text()) return kFirstOperator + static_cast<int>(i);
  }
  return token.text() == "<>" ? kFirstOperator + 21 : kOperator;
}

// The lines that a token is shown with: its own, and those before it that a backslash joins to it.
class Lines {
 public:
  explicit Lines(const syntax::SourceText& source) : begin_(source.text), at_(source.text), end_(source.text + source.size) {}

  std::string_view advance(const Token& token) {
    bool line_begins = at_ == begin_;
    while (at_ < token.start) {
      char c = *at_++;
      if (c == '#') {
        while (at_ < token.start && *at_ != '\n') ++at_;
      } else if (c == '\n') {
        if (at_ < end_) begin_ = at_;
        line_begins = true;
      } else if (c == '\\' && at_ < end_) {
        ++at_;  // the newline, which ends no line
        if (line_begins && at_ < end_) begin_ = at_;
      } else if (c != ' ' && c != '\t' && c != '\f') {
        line_begins = false;
      }
    }
    at_ = token.start + token.length;
    const char* stop = at_;
    while (stop < end_ && *stop != '\n') ++stop;
    return {begin_, static_cast<size_t>(stop - begin_) + (stop < end_)};
  }

 private:
  const char* begin_;
  const char* at_;
  const char* end_;
};

Ref<> tuple_from(const Token& token, std::string_view line) {
  Ref<Str> text = str_from_wtf8(token.text());
  Ref<Str> shown = str_from_wtf8(line);
  if (!text || !shown) return Ref<>();
  auto number = [](int64_t n) { return Value::small_int(n); };
  return tuple_of({text.value(), number(number_of(token)), number(token.line), number(token.end_line), number(token.col),
                   number(token.end_col), shown.value()});
}

// The tokens, and in *failure what ends them early. Empty: an exception is pending.
Ref<List> read_tokens(Str* source, Ref<>* failure) {
  Utf8 utf8(source);
  Ref<Str> filename = str_from_utf8("<string>");
  if (!utf8.ok() || !filename) return Ref<List>();
  if (utf8.view().find('\0') != std::string_view::npos) return raise(exc::ValueError, "embedded null character");
  CompileRequest request;
  request.source = utf8.view();
  request.filename = filename.get();
  syntax::ParseOptions options;
  options.is_str = true;
  syntax::Arena arena;
  syntax::SourceText text;
  syntax::SyntaxErrorInfo error;
  Ref<List> tokens = list_new();
  if (!tokens) return tokens;
  if (syntax::prepare_source(arena, utf8.view(), options, &text, &error)) {
    syntax::Lexer lexer(arena, text.text, text.size, 1, text.is_valid);
    Lines lines(text);
    for (;;) {
      Token token;
      lexer.next(&token);
      if (token.type == Tok::Error || token.type == Tok::EndMarker) break;
      Ref<> item = tuple_from(token, lines.advance(token));
      if (!item || !list_append(tokens.get(), std::move(item))) return Ref<List>();
    }
    if (!issue_warnings(lexer.warnings(), request)) {
      *failure = take_error();
    } else if (LexState state = lexer.state();
               state == LexState::Failed || state == LexState::EndInString || state == LexState::EndInTripleString) {
      error = lexer.error();  // the other states just end the tokens
    }
  }
  if (error) {
    (void)raise_syntax_error(error, request);
    *failure = take_error();
  }
  return tokens;
}

Ref<> construct(Type* type, const Args& args) {
  Value source;
  if (!bind_arguments("tokenizeriter", "(source)", args, &source)) return Ref<>();
  if (!is_str(source)) return raise(exc::TypeError, "tokenizeriter() argument 'source' must be str, not %T", source);
  Ref<> failure;
  Ref<List> tokens = read_tokens(as_str(source), &failure);
  // Last: reading runs Python code, and the collector shows what it tracks.
  Ref<TokenizerIter> self = tokens ? allocate<TokenizerIter>(type) : Ref<TokenizerIter>();
  if (!self) return Ref<>();
  self->tokens.init(std::move(tokens));
  if (failure) self->error.init(std::move(failure));
  return self;
}

Ref<> next_token(Value v) {
  auto* self = reinterpret_cast<TokenizerIter*>(v.as_object());
  List* tokens = as_list(self->tokens.peek());
  int64_t at = self->at.fetch_add(1, std::memory_order_relaxed);
  if (at < list_size(tokens)) return list_get(tokens, at);
  if (at == list_size(tokens) && !self->error.peek().empty()) return raise_object(self->error.peek());
  return raise(exc::StopIteration, "EOF");
}

void traverse(Object* o, FieldVisitor& visitor) {
  auto* self = static_cast<TokenizerIter*>(o);
  visitor(self->tokens);
  visitor(self->error);
}

const TypeSpec kSpec = {.name = "_tokenize.TokenizerIter",
                        .size = sizeof(TokenizerIter),
                        .slots = {.iter = return_self, .next = next_token, .construct = construct},
                        .traverse = traverse};

}  // namespace

extern const NativeModule tokenize_module;
const NativeModule tokenize_module = {"_tokenize", nullptr, nullptr,
                                      [](Module* module) { return module_add_type(module, &iterator_type, &kSpec); }};

}  // namespace pt
