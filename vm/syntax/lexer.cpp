#include "vm/syntax/lexer.h"

#include "vm/syntax/message.h"
#include "vm/syntax/unicode.h"

namespace pt::syntax {
namespace {

enum CharClass : uint8_t { kOther = 0, kStart = 1, kDigit = 2, kHex = 4 };

struct CharTable {
  uint8_t classes[256] = {};
  constexpr CharTable() {
    for (int c = 0; c < 256; c++) {
      if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 128) classes[c] |= kStart;
      if (c >= '0' && c <= '9') classes[c] |= kDigit | kHex;
      if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) classes[c] |= kHex;
    }
  }
};
constexpr CharTable kChars;

bool is_name_start(int c) { return kChars.classes[c] & kStart; }
bool is_name_part(int c) { return kChars.classes[c] & (kStart | kDigit); }
bool is_digit(int c) { return kChars.classes[c] & kDigit; }

struct Keyword {
  const char* name;
  Tok type;
};
// By first letter, so that one comparison rules most names out.
constexpr Keyword kKeywords[] = {
    {"False", Tok::KwFalse},
    {"None", Tok::KwNone},
    {"True", Tok::KwTrue},
    {"and", Tok::KwAnd},
    {"as", Tok::KwAs},
    {"assert", Tok::KwAssert},
    {"async", Tok::KwAsync},
    {"await", Tok::KwAwait},
    {"break", Tok::KwBreak},
    {"class", Tok::KwClass},
    {"continue", Tok::KwContinue},
    {"def", Tok::KwDef},
    {"del", Tok::KwDel},
    {"elif", Tok::KwElif},
    {"else", Tok::KwElse},
    {"except", Tok::KwExcept},
    {"finally", Tok::KwFinally},
    {"for", Tok::KwFor},
    {"from", Tok::KwFrom},
    {"global", Tok::KwGlobal},
    {"if", Tok::KwIf},
    {"import", Tok::KwImport},
    {"in", Tok::KwIn},
    {"is", Tok::KwIs},
    {"lambda", Tok::KwLambda},
    {"nonlocal", Tok::KwNonlocal},
    {"not", Tok::KwNot},
    {"or", Tok::KwOr},
    {"pass", Tok::KwPass},
    {"raise", Tok::KwRaise},
    {"return", Tok::KwReturn},
    {"try", Tok::KwTry},
    {"while", Tok::KwWhile},
    {"with", Tok::KwWith},
    {"yield", Tok::KwYield},
};
constexpr int kKeywordCount = sizeof(kKeywords) / sizeof(kKeywords[0]);

struct KeywordIndex {
  uint8_t first[128] = {};
  uint8_t last[128] = {};
  uint8_t length[kKeywordCount] = {};
  constexpr KeywordIndex() {
    for (int i = 0; i < kKeywordCount; i++) {
      const char* name = kKeywords[i].name;
      int c = name[0];
      if (last[c] == 0) first[c] = static_cast<uint8_t>(i);
      last[c] = static_cast<uint8_t>(i + 1);
      while (name[length[i]]) length[i]++;
    }
  }
};
constexpr KeywordIndex kIndex;

String text_of(const char* text) { return {text, static_cast<uint32_t>(std::strlen(text))}; }

}  // namespace

Tok keyword_of(const char* start, size_t length) {
  unsigned char c = static_cast<unsigned char>(*start);
  if (c >= 128 || length < 2 || length > 8) return Tok::Name;
  for (int i = kIndex.first[c]; i < kIndex.last[c]; i++)
    if (kIndex.length[i] == length && std::memcmp(kKeywords[i].name, start, length) == 0) return kKeywords[i].type;
  return Tok::Name;
}

Lexer::Lexer(Arena& arena, const char* text, size_t size, int first_line, bool is_valid)
    : arena_(arena),
      text_(text),
      at_(text),
      end_(text + size),
      line_start_(text),
      token_line_start_(text),
      line_(first_line - 1),
      token_line_(first_line),
      first_line_(first_line),
      is_valid_(is_valid) {
  start_line();
}

std::string_view Lexer::line_text(int line) const {
  const char* at = text_;
  for (int i = first_line_; i < line; i++) {
    const void* newline = std::memchr(at, '\n', static_cast<size_t>(end_ - at));
    if (!newline) return {};
    at = static_cast<const char*>(newline) + 1;
  }
  const void* newline = std::memchr(at, '\n', static_cast<size_t>(end_ - at));
  const char* stop = newline ? static_cast<const char*>(newline) : end_;
  return {at, static_cast<size_t>(stop - at)};
}

void Lexer::warn(WarningCategory category, const Span& span, String message) {
  if (warning_count_ == warning_capacity_) {
    warning_capacity_ = warning_capacity_ * 2 + 4;
    auto* warnings = arena_.make_array<SyntaxWarningInfo>(warning_capacity_);
    if (warning_count_) std::memcpy(static_cast<void*>(warnings), warnings_, warning_count_ * sizeof(*warnings));
    warnings_ = warnings;
  }
  warnings_[warning_count_++] = {category, span, message};
}

void Lexer::finish(Token* token, Tok type, const char* start) {
  token->type = type;
  token->level = static_cast<uint8_t>(level_);
  token->line = token_line_;
  token->col = static_cast<int32_t>(start - token_line_start_);
  token->end_line = line_;
  token->end_col = static_cast<int32_t>(at_ - line_start_);
  token->start = start;
  token->length = static_cast<uint32_t>(at_ - start);
  token->memo = nullptr;
}

// A token without text.
void Lexer::layout(Token* token, Tok type) {
  *token = {type, static_cast<uint8_t>(level_), line_, -1, line_, -1, at_, 0, nullptr};
}

void Lexer::fail(Token* token, LexState state) {
  state_ = state;
  layout(token, Tok::Error);
}

// A syntax error of the lexer's own: at the reading position, unless columns (characters, from 1) are given.
void Lexer::fail(Token* token, String message, int col, int end_col) {
  if (col < 0) col = static_cast<int>(count_characters({line_start_, static_cast<size_t>(at_ - line_start_)}));
  if (end_col < 0) end_col = col;
  const void* newline = std::memchr(line_start_, '\n', static_cast<size_t>(end_ - line_start_));
  const char* stop = newline ? static_cast<const char*>(newline) : end_;
  std::string_view text = arena_.copy({line_start_, static_cast<size_t>(stop - line_start_)});
  error_ = {ErrorKind::SyntaxError, line_, col, line_, end_col, true, message, {text.data(), static_cast<uint32_t>(text.size())}};
  fail(token, LexState::Failed);
}

void Lexer::fail_text(Token* token, const char* message, int col, int end_col) { fail(token, text_of(message), col, end_col); }

// Reads the white space that begins a line; false on an error (state_ is set).
bool Lexer::read_indentation() {
  int col = 0, alternate = 0, continued_col = 0;
  blank_line_ = false;
  for (;;) {
    int c = peek();
    if (c == ' ') {
      col++;
      alternate++;
    } else if (c == '\t') {
      col = (col / 8 + 1) * 8;
      alternate++;
    } else if (c == '\f') {
      col = alternate = 0;
    } else if (c == '\\' && !at_end()) {
      // The indentation of a line continued at once is that of its first line.
      if (!continued_col) continued_col = col;
      if (at_[1] != '\n') {
        at_ += at_ + 1 < end_ ? 2 : 1;
        state_ = LexState::BadContinuation;
        return false;
      }
      at_ += 2;
      start_line();
      if (at_end()) {
        state_ = LexState::EndOfFile;
        return false;
      }
      continue;
    } else {
      break;
    }
    at_++;
  }
  if ((peek() == '#' || peek() == '\n') && !at_end()) {
    blank_line_ = true;
    return true;
  }
  if (level_ > 0) return true;
  if (continued_col) col = alternate = continued_col;
  auto stop = [&](LexState state) {
    const void* newline = std::memchr(at_, '\n', static_cast<size_t>(end_ - at_));
    at_ = newline ? static_cast<const char*>(newline) + 1 : end_;
    state_ = state;
    return false;
  };
  if (col == indents_[indent_]) {
    if (alternate != alternate_indents_[indent_]) return stop(LexState::TabSpace);
  } else if (col > indents_[indent_]) {
    if (indent_ + 1 >= kMaxIndent) return stop(LexState::TooDeep);
    if (alternate <= alternate_indents_[indent_]) return stop(LexState::TabSpace);
    pending_++;
    indent_++;
    indents_[indent_] = col;
    alternate_indents_[indent_] = alternate;
  } else {
    while (indent_ > 0 && col < indents_[indent_]) {
      pending_--;
      indent_--;
    }
    if (col != indents_[indent_]) return stop(LexState::BadDedent);
    if (alternate != alternate_indents_[indent_]) return stop(LexState::TabSpace);
  }
  return true;
}

void Lexer::next(Token* token) {
  if (line_pending_) {
    line_pending_ = false;
    start_line();
  }
  for (;;) {
    if (line_begins_) {
      line_begins_ = false;
      if (!read_indentation()) return layout(token, Tok::Error);
    }
    if (pending_ != 0) {
      if (at_end()) state_ = LexState::EndOfFile;
      layout(token, pending_ < 0 ? Tok::Dedent : Tok::Indent);
      pending_ += pending_ < 0 ? 1 : -1;
      return;
    }
    while (*at_ == ' ' || *at_ == '\t' || *at_ == '\f') at_++;
    const char* comment = at_;
    if (*at_ == '#') {
      const void* newline = std::memchr(at_, '\n', static_cast<size_t>(end_ - at_));
      at_ = newline ? static_cast<const char*>(newline) : end_;
      if (type_ignores_ && type_comment(token, comment)) return;
    }
    if (at_end()) {
      state_ = LexState::EndOfFile;
      return layout(token, level_ ? Tok::Error : Tok::EndMarker);
    }
    token_line_ = line_;
    token_line_start_ = line_start_;
    if (*at_ == '\n') {
      line_begins_ = true;
      if (blank_line_ || level_ > 0) {
        at_++;
        blank_line_ = false;
        start_line();
        continue;
      }
      finish(token, Tok::Newline, comment);
      at_++;
      line_pending_ = true;
      return;
    }
    blank_line_ = false;
    if (*at_ == '\\') {
      if (at_[1] != '\n') {
        at_ += at_ + 1 < end_ ? 2 : 1;
        return fail(token, LexState::BadContinuation);
      }
      at_ += 2;
      start_line();
      if (at_end()) return fail(token, LexState::EndOfFile);
      continue;
    }
    return lex(token);
  }
}

// A comment of the form `# type: ...` up to at_; true where it is a token.
bool Lexer::type_comment(Token* token, const char* comment) {
  const char* at = comment;
  for (const char* prefix = "# type: "; *prefix; prefix++) {
    if (*prefix == ' ') {
      while (at < at_ && (*at == ' ' || *at == '\t')) at++;
    } else if (at < at_ && *at == *prefix) {
      at++;
    } else {
      return false;
    }
  }
  auto is_word = [](unsigned char c) { return c >= 128 || is_digit(c) || (c | 0x20) - 'a' < 26u; };
  if (at_ - at >= 6 && std::memcmp(at, "ignore", 6) == 0 && !(at_ - at > 6 && is_word(static_cast<unsigned char>(at[6])))) {
    auto* ignore = make_node<TypeIgnoreLine>(arena_);
    ignore->lineno = line_;
    std::string_view tag = arena_.copy({at + 6, static_cast<size_t>(at_ - at - 6)});
    ignore->tag = arena_.make<String>();
    *ignore->tag = {tag.data(), static_cast<uint32_t>(tag.size())};
    type_ignores_->push(ignore);
    return false;
  }
  token_line_ = line_;
  token_line_start_ = line_start_;
  blank_line_ = false;
  finish(token, Tok::TypeComment, at);
  return true;
}

void Lexer::lex(Token* token) {
  const char* start = at_;
  int c = peek();
  if (is_name_start(c)) {
    switch (c | 0x20) {
      case 'b':
      case 'r':
      case 'u':
      case 'f': {
        const char* quote = at_ + 1;
        int first = c | 0x20, second = static_cast<unsigned char>(*quote) | 0x20;
        if (first != 'u' && ((first == 'r' && (second == 'b' || second == 'f')) || (first != 'r' && second == 'r')) &&
            *quote >= 'A')
          quote++;
        if (*quote == '\'' || *quote == '"') {
          at_ = quote;
          return lex_string(token, start);
        }
        break;
      }
      default: break;
    }
    return lex_name(token, start);
  }
  if (is_digit(c) || (c == '.' && is_digit(static_cast<unsigned char>(at_[1])))) return lex_number(token, start);
  if (c == '\'' || c == '"') return lex_string(token, start);
  lex_operator(token, start);
}

void Lexer::lex_name(Token* token, const char* start) {
  bool ascii = true;
  int c;
  while (is_name_part(c = peek())) {
    ascii = ascii && c < 128;
    at_++;
  }
  if (!ascii) {
    if (!is_valid_) {
      String problem = describe_invalid_utf8(arena_, {start, static_cast<size_t>(at_ - start)});
      if (problem.length) {
        fail(token, problem, column());
        error_.end_offset = -1;
        return;
      }
    }
    const char* at = start;
    for (bool first = true; at < at_; first = false) {
      const char* here = at;
      char32_t character = decode_utf8(at);
      if (first ? is_identifier_start(character) : is_identifier_part(character)) continue;
      at_ = at;
      Message message(arena_);
      if (is_printable(character))
        message << "invalid character '" << std::string_view(here, static_cast<size_t>(at - here)) << "' (U+"
                << hex(character, 4, true) << ")";
      else
        message << "invalid non-printable character U+" << hex(character, 4, true);
      return fail(token, message.finish());
    }
  }
  finish(token, keyword_of(start, static_cast<size_t>(at_ - start)), start);
}

// Digits with single underscores between them; at_ is at the first.
bool Lexer::decimal_tail(Token* token) {
  for (;;) {
    while (is_digit(peek())) at_++;
    if (peek() != '_') return true;
    note_feature("Underscores in numeric literals are", 6, line_);
    at_++;
    if (!is_digit(peek())) {
      fail_text(token, "invalid decimal literal");
      return false;
    }
  }
}

// A name may not follow a number at once; where it is a keyword that makes sense, that is only warned of.
bool Lexer::end_of_number(Token* token, const char* kind) {
  int c = peek();
  if (!is_name_start(c)) return true;
  bool keyword = false;
  auto follows = [&](const char* text) {
    size_t length = std::strlen(text);
    return std::strncmp(at_ + 1, text, length) == 0 && !is_name_part(static_cast<unsigned char>(at_[1 + length]));
  };
  switch (c) {
    case 'a': keyword = follows("nd"); break;
    case 'e': keyword = follows("lse"); break;
    case 'f': keyword = follows("or"); break;
    case 'i': keyword = at_[1] == 'f' || at_[1] == 'n' || at_[1] == 's'; break;
    case 'n': keyword = follows("ot"); break;
    case 'o': keyword = follows("r"); break;
    default: break;
  }
  Message message(arena_);
  message << "invalid " << kind << " literal";
  if (keyword) {
    int at = column() - 1;  // the number's last digit
    warn(WarningCategory::SyntaxWarning, {line_, at, line_, at}, message.finish());
    return true;
  }
  fail(token, message.finish());
  return false;
}

bool Lexer::radix_digits(Token* token, const char* kind, int base) {
  auto is_radix_digit = [&](int c) { return base == 16 ? (kChars.classes[c] & kHex) != 0 : c - '0' >= 0 && c - '0' < base; };
  auto bad_digit = [&] {
    Message message(arena_);
    message << "invalid digit '" << static_cast<char>(peek()) << "' in " << kind << " literal";
    at_++;
    fail(token, message.finish());
    return false;
  };
  at_++;
  do {
    if (peek() == '_') {
      note_feature("Underscores in numeric literals are", 6, line_);
      at_++;
    }
    if (!is_radix_digit(peek())) {
      if (is_digit(peek())) return bad_digit();
      Message message(arena_);
      message << "invalid " << kind << " literal";
      fail(token, message.finish());
      return false;
    }
    while (is_radix_digit(peek())) at_++;
  } while (peek() == '_');
  if (is_digit(peek())) return bad_digit();
  return end_of_number(token, kind);
}

void Lexer::lex_number(Token* token, const char* start) {
  const char* zeros_end = nullptr;
  if (peek() == '0') {
    at_++;
    bool good = true, radix = true;
    switch (peek() | 0x20) {
      case 'x': good = radix_digits(token, "hexadecimal", 16); break;
      case 'o': good = radix_digits(token, "octal", 8); break;
      case 'b': good = radix_digits(token, "binary", 2); break;
      default: radix = false;
    }
    if (!good) return;
    if (radix) return finish(token, Tok::Number, start);
    for (;;) {
      if (peek() == '_') {
        at_++;
        if (!is_digit(peek())) return fail_text(token, "invalid decimal literal");
      }
      if (peek() != '0') break;
      at_++;
    }
    if (is_digit(peek())) {
      zeros_end = at_ + 1;
      if (!decimal_tail(token)) return;
    }
  } else if (is_digit(peek())) {
    if (!decimal_tail(token)) return;
  }
  bool is_int = true;
  if (peek() == '.') {
    is_int = false;
    at_++;
    if (is_digit(peek()) && !decimal_tail(token)) return;
  }
  if ((peek() | 0x20) == 'e') {
    const char* exponent = at_;
    at_++;
    bool sign = peek() == '+' || peek() == '-';
    if (sign) at_++;
    if (is_digit(peek())) {
      is_int = false;
      if (!decimal_tail(token)) return;
    } else if (sign) {
      return fail_text(token, "invalid decimal literal");
    } else {
      at_ = exponent;
      if (!end_of_number(token, "decimal")) return;
      if (is_int && zeros_end) goto leading_zeros;
      return finish(token, Tok::Number, start);
    }
  }
  if ((peek() | 0x20) == 'j') {
    at_++;
    if (!end_of_number(token, "imaginary")) return;
    return finish(token, Tok::Number, start);
  }
  if (is_int && zeros_end) {
  leading_zeros:
    return fail_text(token, "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers",
                     static_cast<int>(start + 1 - line_start_), static_cast<int>(zeros_end - line_start_));
  }
  if (!end_of_number(token, "decimal")) return;
  finish(token, Tok::Number, start);
}

void Lexer::lex_string(Token* token, const char* start) {
  char quote = *at_;
  bool triple = at_[1] == quote && at_[2] == quote;
  at_ += triple ? 3 : 1;
  for (;;) {
    char c = *at_;
    if (c == quote) {
      if (!triple) {
        at_++;
        break;
      }
      if (at_[1] == quote && at_[2] == quote) {
        at_ += 3;
        break;
      }
      at_++;
    } else if (c == '\\') {
      at_++;
      if (*at_ == '\n') {
        at_++;
        start_line();
      } else if (!at_end()) {
        at_++;
      }
    } else if (at_end() || (c == '\n' && !triple)) {
      bool end = at_end();
      Message message(arena_);
      message << (triple ? "unterminated triple-quoted string literal (detected at line "
                         : "unterminated string literal (detected at line ")
              << decimal(line_) << ")";
      line_ = token_line_;
      line_start_ = token_line_start_;
      at_ = start + 1;
      fail(token, message.finish());
      if (triple || end) state_ = triple ? LexState::EndInTripleString : LexState::EndInString;
      return;
    } else if (c == '\n') {
      at_++;
      start_line();
    } else {
      at_++;
    }
  }
  finish(token, Tok::String, start);
}

void Lexer::lex_operator(Token* token, const char* start) {
  char c = *at_++;
  auto take = [&](char wanted) { return *at_ == wanted ? (at_++, true) : false; };
  Tok type = Tok::Unknown;
  switch (c) {
    case '(':
    case '[':
    case '{':
      if (level_ >= kMaxLevel) return fail_text(token, "too many nested parentheses");
      brackets_[level_++] = {c, line_, static_cast<int>(start - line_start_)};
      type = c == '(' ? Tok::LeftParen : c == '[' ? Tok::LeftBracket : Tok::LeftBrace;
      break;
    case ')':
    case ']':
    case '}': {
      Message message(arena_);
      if (!level_) {
        message << "unmatched '" << c << "'";
        return fail(token, message.finish());
      }
      const Bracket& open = brackets_[--level_];
      char closing = open.opening == '(' ? ')' : open.opening == '[' ? ']' : '}';
      if (closing != c) {
        message << "closing parenthesis '" << c << "' does not match opening parenthesis '" << open.opening << "'";
        if (open.line != line_) message << " on line " << decimal(open.line);
        return fail(token, message.finish());
      }
      type = c == ')' ? Tok::RightParen : c == ']' ? Tok::RightBracket : Tok::RightBrace;
      break;
    }
    case ':': type = take('=') ? Tok::ColonEqual : Tok::Colon; break;
    case ',': type = Tok::Comma; break;
    case ';': type = Tok::Semicolon; break;
    case '.':
      if (at_[0] == '.' && at_[1] == '.') {
        at_ += 2;
        type = Tok::Ellipsis;
      } else {
        type = Tok::Dot;
      }
      break;
    case '@': type = take('=') ? Tok::AtEqual : Tok::At; break;
    case '=': type = take('=') ? Tok::EqEqual : Tok::Equal; break;
    case '~': type = Tok::Tilde; break;
    case '+': type = take('=') ? Tok::PlusEqual : Tok::Plus; break;
    case '-': type = take('>') ? Tok::Arrow : take('=') ? Tok::MinusEqual : Tok::Minus; break;
    case '*':
      if (take('*'))
        type = take('=') ? Tok::DoubleStarEqual : Tok::DoubleStar;
      else
        type = take('=') ? Tok::StarEqual : Tok::Star;
      break;
    case '/':
      if (take('/'))
        type = take('=') ? Tok::DoubleSlashEqual : Tok::DoubleSlash;
      else
        type = take('=') ? Tok::SlashEqual : Tok::Slash;
      break;
    case '%': type = take('=') ? Tok::PercentEqual : Tok::Percent; break;
    case '<':
      if (take('<'))
        type = take('=') ? Tok::LeftShiftEqual : Tok::LeftShift;
      else
        type = take('=') ? Tok::LessEqual : take('>') ? Tok::NotEqual : Tok::Less;
      break;
    case '>':
      if (take('>'))
        type = take('=') ? Tok::RightShiftEqual : Tok::RightShift;
      else
        type = take('=') ? Tok::GreaterEqual : Tok::Greater;
      break;
    case '|': type = take('=') ? Tok::BarEqual : Tok::Bar; break;
    case '&': type = take('=') ? Tok::AmperEqual : Tok::Amper; break;
    case '^': type = take('=') ? Tok::CircumflexEqual : Tok::Circumflex; break;
    case '!':
      if (take('=')) type = Tok::NotEqual;
      break;
    default:
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
        Message message(arena_);
        message << "invalid non-printable character U+" << hex(static_cast<unsigned char>(c), 4, true);
        return fail(token, message.finish());
      }
      break;
  }
  finish(token, type, start);
}

}  // namespace pt::syntax
