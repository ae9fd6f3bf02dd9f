#pragma once
// Runs a Program over a text. The backtracking stack lies on the heap: depth is bounded by memory only.
#include <cstdint>

#include "vm/modules/sre/program.h"

namespace pt::sre {

// What a search works on, and its result. Positions are in characters.
struct Scan {
  const Program* program;
  const void* text;
  int character_size;     // 1, 2 or 4
  int64_t length;         // of the text up to endpos
  int64_t start;          // where to start
  bool match_all = false;       // fullmatch
  bool must_advance = false;    // an empty match at `start` does not count
  // After a match:
  int64_t match_start = 0, match_end = 0;
  int64_t* marks;         // 2 * groups; -1: unset
  int64_t last_index = -1;
};

// 1: matched; 0: no match; -1: an exception is pending (MemoryError, or a signal handler's).
int match_at_start(Scan* scan);
int search(Scan* scan);

}  // namespace pt::sre
