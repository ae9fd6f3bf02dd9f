#pragma once
// Universal newlines.
#include <cstdint>

#include "vm/types/str.h"

namespace pt {

inline constexpr uint8_t kSeenCr = 1, kSeenLf = 2, kSeenCrLf = 4;

// Translation in progress over pieces of text.
struct NewlineState {
  bool translate = false;
  bool pending_cr = false;  // the last piece ended in \r, which may be half of \r\n
  uint8_t seen = 0;
};
// One more piece: notes the kinds of line ends and, when asked, makes them all \n.
Ref<Str> translate_newlines(NewlineState& state, Ref<Str> text, bool final);
// The `newlines` attribute: None, a str, or a tuple of them.
Ref<> seen_newlines(uint8_t seen);

// Ways to end a line when reading.
enum class LineEnd : uint8_t { kLf, kUniversal, kCr, kCrLf };
// Position behind the first line end in text[start, length), or -1 when there is none. *scan_from gets the position
// from which more text has to be searched (a \r at the end may be half of \r\n).
int64_t find_line_end(const Str* text, int64_t start, LineEnd mode, int64_t* scan_from);

// Replaces every \n by the given ASCII text.
Ref<Str> replace_newlines(Ref<Str> text, const char* replacement);
// Does the text contain \n (and, with cr, \r)?
bool contains_newline(const Str* text, bool cr);

}  // namespace pt
