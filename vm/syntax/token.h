// Token types and tokens.
#pragma once

#include "vm/syntax/arena.h"

namespace pt::syntax {

// The types up to EndMarker are layout: no node ends with one of them.
enum class Tok : uint8_t {
  Error,
  Newline,
  Indent,
  Dedent,
  EndMarker,
  Name,
  TypeComment,  // only where they are asked for
  Number,
  String,
  Unknown,
  LeftParen,
  RightParen,
  LeftBracket,
  RightBracket,
  LeftBrace,
  RightBrace,
  Colon,
  Comma,
  Semicolon,
  Dot,
  Ellipsis,
  At,
  Arrow,
  Equal,
  ColonEqual,
  Tilde,
  Plus,
  Minus,
  Star,
  Slash,
  DoubleSlash,
  Percent,
  DoubleStar,
  LeftShift,
  RightShift,
  Bar,
  Amper,
  Circumflex,
  EqEqual,
  NotEqual,
  Less,
  Greater,
  LessEqual,
  GreaterEqual,
  PlusEqual,
  MinusEqual,
  StarEqual,
  SlashEqual,
  DoubleSlashEqual,
  PercentEqual,
  DoubleStarEqual,
  LeftShiftEqual,
  RightShiftEqual,
  BarEqual,
  AmperEqual,
  CircumflexEqual,
  AtEqual,
  KwFalse,
  KwNone,
  KwTrue,
  KwAnd,
  KwAs,
  KwAssert,
  KwAsync,
  KwAwait,
  KwBreak,
  KwClass,
  KwContinue,
  KwDef,
  KwDel,
  KwElif,
  KwElse,
  KwExcept,
  KwFinally,
  KwFor,
  KwFrom,
  KwGlobal,
  KwIf,
  KwImport,
  KwIn,
  KwIs,
  KwLambda,
  KwNonlocal,
  KwNot,
  KwOr,
  KwPass,
  KwRaise,
  KwReturn,
  KwTry,
  KwWhile,
  KwWith,
  KwYield,
};

struct Token {
  Tok type;
  uint8_t level;  // brackets open after it
  int32_t line;
  int32_t col;  // byte offsets in the line; -1 for a token without text
  int32_t end_line;
  int32_t end_col;
  const char* start;  // into the source
  uint32_t length;
  void* memo;  // the parser's: the name's Identifier, the strings' expression

  std::string_view text() const { return {start, length}; }
};

// The keyword that this is, or Name.
Tok keyword_of(const char* start, size_t length);

}  // namespace pt::syntax
