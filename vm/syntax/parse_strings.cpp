// String literals: escapes, concatenation, and the replacement fields of f-strings.
#include "vm/syntax/parser.h"
#include "vm/syntax/unicode.h"

namespace pt::syntax {

// Adjacent string literals become one expression. Every part of an f-string has the span of all the literals.
class StringParser {
 public:
  StringParser(Parser& parser, int first, int count) : parser_(parser), arena_(parser.arena_), first_(first), count_(count) {}

  Expr* parse() {
    span_ = parser_.span_from(first_);
    const char* kind_text = parser_.tokens_[first_].start;
    has_prefix_ = *kind_text == 'u';
    Parts parts(arena_);
    Message bytes(arena_);
    bool bytes_mode = false, first = true;
    for (int i = first_; i < first_ + count_; i++) {
      token_ = parser_.tokens_[i];
      Literal literal = split(token_);
      if (!first && literal.is_bytes != bytes_mode) return parser_.raise("cannot mix bytes and nonbytes literals");
      first = false;
      bytes_mode = literal.is_bytes;
      if (!literal.is_bytes && !parser_.lexer_.is_valid()) {
        String problem = describe_invalid_utf8(arena_, {literal.begin, static_cast<size_t>(literal.end - literal.begin)});
        if (problem.length) return parser_.raise(problem);
      }
      bool good;
      if (literal.is_bytes)
        good = decode_bytes(literal, &bytes);
      else if (literal.is_format)
        good = concatenate_format(literal.begin, literal.end, literal.is_raw, 0, &parts, &cursor_);
      else
        good = decode_text(literal.begin, literal.end, literal.is_raw, &parts.text);
      if (!good) return nullptr;
    }
    if (bytes_mode) return constant(ConstantKind::Bytes, bytes.finish());
    return finish(&parts);
  }

 private:
  struct Literal {
    const char* begin;
    const char* end;
    bool is_bytes;
    bool is_raw;
    bool is_format;
  };

  // What has been read: expressions, and text that is not yet one.
  struct Parts {
    explicit Parts(Arena& arena) : text(arena), values(arena) {}
    Message text;
    Vec<Expr*> values;
    bool is_format = false;
  };

  static Literal split(const Token& token) {
    Literal literal = {};
    const char* at = token.start;
    for (;; at++) {
      switch (*at | 0x20) {
        case 'b': literal.is_bytes = true; continue;
        case 'r': literal.is_raw = true; continue;
        case 'f': literal.is_format = true; continue;
        case 'u': continue;
        default: break;
      }
      break;
    }
    size_t length = token.length - static_cast<size_t>(at - token.start);
    size_t quotes = length >= 6 && at[1] == at[0] && at[2] == at[0] ? 3 : 1;
    literal.begin = at + quotes;
    literal.end = at + length - quotes;
    return literal;
  }

  Expr* constant(ConstantKind kind, String text) {
    auto* node = make_node<Constant>(arena_, span_);
    node->value.kind = kind;
    node->value.text = text;
    if (has_prefix_ && kind == ConstantKind::Str) node->prefix = arena_.make<String>("u", 1u);
    return node;
  }

  void flush(Parts* parts) {
    if (!parts->text.size()) return;
    parts->values.push(constant(ConstantKind::Str, parts->text.take()));
  }

  // What ends a format specification has the span of its own literal only.
  Expr* finish_specification(Parts* parts) {
    Span saved = span_;
    bool saved_prefix = has_prefix_;
    span_ = Parser::span_of(token_);
    has_prefix_ = *token_.start == 'u';
    Expr* e = finish(parts);
    span_ = saved;
    has_prefix_ = saved_prefix;
    return e;
  }

  Expr* finish(Parts* parts) {
    if (!parts->is_format) return constant(ConstantKind::Str, parts->text.finish());
    flush(parts);
    auto* node = make_node<JoinedStr>(arena_, span_);
    node->values = parts->values.seq();
    return node;
  }

  void warn_escape(char c) {
    Message message(arena_);
    message << "invalid escape sequence '\\" << c << "'";
    parser_.lexer_.warn(WarningCategory::DeprecationWarning, Parser::span_of(token_), message.finish());
  }

  void warn_octal(int value) {
    Message message(arena_);
    message << "invalid octal escape sequence '\\";
    for (int shift = 6; shift >= 0; shift -= 3) message << static_cast<char>('0' + ((value >> shift) & 7));
    message << "'";
    parser_.lexer_.warn(WarningCategory::DeprecationWarning, Parser::span_of(token_), message.finish());
  }

  static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  }

  // The character of a one-letter escape, or -1; 0 stands for a skipped newline with *skip.
  static int simple_escape(char c, bool* skip) {
    switch (c) {
      case '\n': *skip = true; return 0;
      case '\\':
      case '\'':
      case '"': return c;
      case 'a': return 7;
      case 'b': return 8;
      case 'f': return 12;
      case 'n': return 10;
      case 'r': return 13;
      case 't': return 9;
      case 'v': return 11;
      default: return -1;
    }
  }

  static bool is_octal(char c) { return c >= '0' && c <= '7'; }

  bool decode_bytes(const Literal& literal, Message* out) {
    for (const char* at = literal.begin; at < literal.end; at++)
      if (*at & 0x80) return parser_.raise("bytes can only contain ASCII literal characters"), false;
    if (literal.is_raw) {
      *out << std::string_view(literal.begin, static_cast<size_t>(literal.end - literal.begin));
      return true;
    }
    char invalid = 0;
    for (const char* at = literal.begin; at < literal.end;) {
      if (*at != '\\') {
        const char* plain = at;
        while (at < literal.end && *at != '\\') at++;
        *out << std::string_view(plain, static_cast<size_t>(at - plain));
        continue;
      }
      const char* escape = at++;
      char c = *at++;
      bool skip = false;
      int simple = simple_escape(c, &skip);
      if (skip) continue;
      if (simple >= 0) {
        *out << static_cast<char>(simple);
      } else if (is_octal(c)) {
        int value = c - '0';
        for (int i = 0; i < 2 && at < literal.end && is_octal(*at); i++) value = value * 8 + *at++ - '0';
        if (value > 0377) warn_octal(value);
        *out << static_cast<char>(value);
      } else if (c == 'x') {
        int high = at < literal.end ? hex_digit(at[0]) : -1;
        int low = high >= 0 && at + 1 < literal.end ? hex_digit(at[1]) : -1;
        if (low < 0) {
          Message message(arena_);
          message << "(value error) invalid \\x escape at position " << decimal(escape - literal.begin);
          return parser_.raise(message.finish()), false;
        }
        *out << static_cast<char>(high * 16 + low);
        at += 2;
      } else {
        *out << '\\' << c;
        if (!invalid) invalid = c;
      }
    }
    if (invalid) warn_escape(invalid);
    return true;
  }

  // Appends the text of [at, end) with its escapes resolved.
  bool decode_text(const char* at, const char* end, bool is_raw, Message* out) {
    if (is_raw || !std::memchr(at, '\\', static_cast<size_t>(end - at))) {
      *out << std::string_view(at, static_cast<size_t>(end - at));
      return true;
    }
    char invalid = 0;
    // Errors give positions in a form of the text in which every character beyond ASCII takes ten places.
    int64_t position = 0;
    while (at < end) {
      if (*at != '\\') {
        const char* plain = at;
        while (at < end && *at != '\\') {
          if (!(*at & 0x80))
            position++;
          else if ((*at & 0xC0) == 0xC0)
            position += 10;
          at++;
        }
        *out << std::string_view(plain, static_cast<size_t>(at - plain));
        continue;
      }
      const char* escape = at++;
      if (at >= end || (*at & 0x80)) {
        *out << '\\';
        position += 6;
        continue;
      }
      char c = *at++;
      bool skip = false;
      int simple = simple_escape(c, &skip);
      if (simple > 0) {
        *out << static_cast<char>(simple);
      } else if (skip) {
      } else if (is_octal(c)) {
        int value = c - '0';
        for (int i = 0; i < 2 && at < end && is_octal(*at); i++) value = value * 8 + *at++ - '0';
        if (value > 0377) warn_octal(value);
        append(out, static_cast<char32_t>(value));
      } else if (c == 'x' || c == 'u' || c == 'U') {
        int digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
        const char* what = c == 'x'   ? "truncated \\xXX escape"
                           : c == 'u' ? "truncated \\uXXXX escape"
                                      : "truncated \\UXXXXXXXX escape";
        char32_t value = 0;
        for (int i = 0; i < digits; i++) {
          int digit = at < end ? hex_digit(*at) : -1;
          if (digit < 0) return fail_escape(position, at - escape, what);
          value = value * 16 + static_cast<char32_t>(digit);
          at++;
        }
        if (value > 0x10FFFF) return fail_escape(position, at - escape, "illegal Unicode character");
        append(out, value);
      } else if (c == 'N') {
        if (at >= end || *at != '{') return fail_escape(position, at - escape, "malformed \\N character escape");
        const char* name = ++at;
        while (at < end && *at != '}') at++;
        if (at >= end || at == name) return fail_escape(position, at - escape, "malformed \\N character escape");
        int32_t value = character_by_name({name, static_cast<size_t>(at - name)});
        at++;
        if (value < 0) return fail_escape(position, at - escape, "unknown Unicode character name");
        append(out, static_cast<char32_t>(value));
      } else {
        *out << '\\' << c;
        if (!invalid) invalid = c;
      }
      position += at - escape;
    }
    if (invalid) warn_escape(invalid);
    return true;
  }

  static void append(Message* out, char32_t c) {
    char buffer[4];
    *out << std::string_view(buffer, encode_utf8(c, buffer));
  }

  bool fail_escape(int64_t position, int64_t length, const char* what) {
    Message message(arena_);
    message << "(unicode error) 'unicodeescape' codec can't decode bytes in position " << decimal(position) << "-"
            << decimal(position + length - 1) << ": " << what;
    parser_.raise(message.finish());
    return false;
  }

  // Literal text and replacement fields up to `end` or, in a format specification, up to its '}'.
  bool concatenate_format(const char* at, const char* end, bool is_raw, int level, Parts* parts, const char** rest) {
    parts->is_format = true;
    for (;;) {
      int found = literal_text(&at, end, is_raw, level, &parts->text);
      if (found < 0) return false;
      if (found == 1) continue;
      if (at >= end || *at == '}') break;
      if (!replacement_field(&at, end, is_raw, level, parts)) return false;
    }
    if (level > 0 && (at >= end || *at != '}')) return parser_.raise("f-string: expecting '}'"), false;
    *rest = at;
    return true;
  }

  // 1: stopped after a doubled brace; 0: at a brace or the end; -1: error.
  int literal_text(const char** str, const char* end, bool is_raw, int level, Message* out) {
    const char* start = *str;
    const char* at = start;
    const char* stop = nullptr;
    int result = 0;
    while (at < end) {
      char c = *at++;
      if (!is_raw && c == '\\' && at < end) {
        c = *at++;
        if (c == 'N') {
          if (at < end && *at++ == '{')
            while (at < end && *at++ != '}') {
            }
          continue;
        }
        if (c == '{') warn_escape(c);
      }
      if (c != '{' && c != '}') continue;
      if (level == 0) {
        if (at < end && *at == c) {
          stop = at;
          *str = at + 1;
          result = 1;
          break;
        }
        if (c == '}') return parser_.raise("f-string: single '}' is not allowed"), -1;
      }
      at--;
      break;
    }
    if (!stop) *str = stop = at;
    if (stop > start && !decode_text(start, stop, is_raw, out)) return -1;
    return result;
  }

  // '{' expression ['='] ['!' conversion] [':' specification] '}'
  bool replacement_field(const char** str, const char* end, bool is_raw, int level, Parts* parts) {
    const char* at = *str;
    if (level >= 2) return parser_.raise("f-string: expressions nested too deeply"), false;
    at++;
    const char* begin = at;
    if (!skip_expression(&at, end)) return false;
    if (at >= end) return parser_.raise("f-string: expecting '}'"), false;
    Expr* value = embedded_expression(begin, at);
    if (!value) return false;
    bool is_debug = false;
    std::string_view debug_text;
    if (*at == '=') {
      is_debug = true;
      parser_.lexer_.note_feature("f-string: self documenting expressions are", 8, token_.line);
      at++;
      while (at < end && (*at == ' ' || (*at >= '\t' && *at <= '\r'))) at++;
      debug_text = {begin, static_cast<size_t>(at - begin)};
      if (at >= end) return parser_.raise("f-string: expecting '}'"), false;
    }
    int conversion = -1;
    if (*at == '!') {
      at++;
      if (at >= end) return parser_.raise("f-string: expecting '}'"), false;
      conversion = static_cast<unsigned char>(*at++);
      if (conversion != 's' && conversion != 'r' && conversion != 'a')
        return parser_.raise("f-string: invalid conversion character: expected 's', 'r', or 'a'"), false;
    }
    if (at >= end) return parser_.raise("f-string: expecting '}'"), false;
    Expr* specification = nullptr;
    if (*at == ':') {
      at++;
      if (at >= end) return parser_.raise("f-string: expecting '}'"), false;
      Parts inner(arena_);
      if (!concatenate_format(at, end, is_raw, level + 1, &inner, &at)) return false;
      specification = finish_specification(&inner);
    }
    if (at >= end || *at != '}') return parser_.raise("f-string: expecting '}'"), false;
    at++;
    if (is_debug) {
      parts->text << debug_text;
      if (!specification && conversion == -1) conversion = 'r';
    }
    flush(parts);
    auto* node = make_node<FormattedValue>(arena_, span_);
    node->value = value;
    node->conversion = conversion;
    node->format_spec = specification;
    parts->values.push(node);
    *str = at;
    return true;
  }

  // Moves to what ends the expression: '!', ':', '=' or '}' outside of brackets and strings, or the end.
  bool skip_expression(const char** str, const char* end) {
    constexpr int kMaxNesting = 200;
    char open[kMaxNesting];
    int nesting = 0;
    char quote = 0;
    int quote_size = 0;
    const char* at = *str;
    for (; at < end; at++) {
      char c = *at;
      if (c == '\\') return parser_.raise("f-string expression part cannot include a backslash"), false;
      if (quote) {
        if (c != quote) continue;
        if (quote_size == 3) {
          if (at + 2 < end && at[1] == c && at[2] == c) {
            at += 2;
            quote = 0;
          }
        } else {
          quote = 0;
        }
        continue;
      }
      if (c == '\'' || c == '"') {
        quote = c;
        quote_size = 1;
        if (at + 2 < end && at[1] == c && at[2] == c) {
          quote_size = 3;
          at += 2;
        }
        continue;
      }
      if (c == '[' || c == '{' || c == '(') {
        if (nesting >= kMaxNesting) return parser_.raise("f-string: too many nested parenthesis"), false;
        open[nesting++] = c;
        continue;
      }
      if (c == '#') return parser_.raise("f-string expression part cannot include '#'"), false;
      if (nesting == 0 && (c == '!' || c == ':' || c == '}' || c == '=' || c == '<' || c == '>')) {
        if (at + 1 < end && at[1] == '=' && (c == '!' || c == '=' || c == '<' || c == '>')) {
          at++;
          continue;
        }
        if (c == '<' || c == '>') continue;
        break;
      }
      if (c == ']' || c == '}' || c == ')') {
        Message message(arena_);
        if (nesting == 0) {
          message << "f-string: unmatched '" << c << "'";
          return parser_.raise(message.finish()), false;
        }
        char opening = open[--nesting];
        if (!((opening == '(' && c == ')') || (opening == '[' && c == ']') || (opening == '{' && c == '}'))) {
          message << "f-string: closing parenthesis '" << c << "' does not match opening parenthesis '" << opening << "'";
          return parser_.raise(message.finish()), false;
        }
      }
    }
    if (quote) return parser_.raise("f-string: unterminated string"), false;
    if (nesting) {
      Message message(arena_);
      message << "f-string: unmatched '" << open[nesting - 1] << "'";
      return parser_.raise(message.finish()), false;
    }
    *str = at;
    return true;
  }

  // Parses "(" text ")" as a source of its own, its tokens placed where they are in the file.
  Expr* embedded_expression(const char* begin, const char* end) {
    bool blank = true;
    for (const char* at = begin; at < end; at++) blank = blank && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\f');
    if (blank) {
      if (*end != '!' && *end != ':' && *end != '=') return parser_.raise("f-string: empty expression not allowed");
      Message message(arena_);
      message << "f-string: expression required before '" << *end << "'";
      return parser_.raise(message.finish());
    }
    size_t length = static_cast<size_t>(end - begin);
    char* text = static_cast<char*>(arena_.allocate(length + 4));
    text[0] = '(';
    std::memcpy(text + 1, begin, length);
    std::memcpy(text + 1 + length, ")\n", 3);
    int lines = 0, columns = 0;
    locate(begin - 1, &lines, &columns);
    EmbeddedSource place = {token_.line + lines, lines ? columns : token_.col + columns};
    Lexer lexer(arena_, text, length + 3, place.first_line, parser_.lexer_.is_valid());
    Parser parser(arena_, lexer, parser_.options_, &place, parser_.depth_ + 1);
    Expr* e = parser.parse_embedded();
    for (const SyntaxWarningInfo& warning : lexer.warnings())
      parser_.lexer_.warn(warning.category, warning.span, warning.message);
    if (!e) parser_.error_ = parser.error();
    return e;
  }

  // Lines and columns from the token's start to a brace in it. An expression that begins on the line after
  // its brace needs no columns.
  void locate(const char* brace, int* lines, int* columns) const {
    bool newline_follows = true;
    for (const char* at = brace + 1; *at != '}' && *at != '\n'; at++) {
      if (*at != ' ' && *at != '\t' && *at != '\f') {
        newline_follows = false;
        break;
      }
    }
    if (!newline_follows) {
      const char* at = brace;
      while (at > token_.start && *at != '\n') at--;
      *columns = static_cast<int>(brace - at);
      if (*at == '\n') --*columns;
    }
    for (const char* at = token_.start; at < brace; at++) *lines += *at == '\n';
  }

  Parser& parser_;
  Arena& arena_;
  int first_;
  int count_;
  Span span_;
  Token token_ = {};
  bool has_prefix_ = false;
  const char* cursor_ = nullptr;
};

Expr* Parser::strings() {
  struct Parsed {
    Expr* expr;
    int end;
  };
  int start = pos_;
  if (auto* known = static_cast<Parsed*>(tokens_[start].memo)) {
    pos_ = known->end;
    return known->expr;
  }
  while (at(Tok::String)) pos_++;
  if (failed()) return nullptr;
  Expr* e = StringParser(*this, start, pos_ - start).parse();
  if (!e) return nullptr;
  tokens_[start].memo = arena_.make<Parsed>(e, pos_);
  return e;
}

}  // namespace pt::syntax
