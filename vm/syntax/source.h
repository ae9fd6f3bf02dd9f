// From the bytes of a source file to the text that the lexer reads.
#pragma once

#include "vm/syntax/parse.h"

namespace pt::syntax {

// UTF-8 with \n line ends, in the arena, followed by a zero. Bytes that are not UTF-8 are an error only where
// a token is made of them.
struct SourceText {
  const char* text = nullptr;
  size_t size = 0;
  bool is_valid = true;  // well-formed UTF-8
  String encoding;
};

// Finds the encoding (byte order mark, declaration in the first two lines), decodes and unifies the line
// ends. In mode Exec a final newline is added where it is missing. False with *error filled where that is not
// possible.
bool prepare_source(Arena& arena, std::string_view source, const ParseOptions& options, SourceText* out, SyntaxErrorInfo* error);

}  // namespace pt::syntax
