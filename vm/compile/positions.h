// The position table: where in the source every instruction comes from, compactly. Entries cover runs of
// words in order:
//   header: varint of (words << 2 | form), then by form
//   0 no position           1 start line as before, one line: col, length (varints)
//   2 signed line delta, end line delta, col, end col (varints)          3 signed line delta only
// The line before the first entry is the code's first line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "vm/syntax/arena.h"

namespace pt {

// Lines from 1, columns are UTF-8 byte offsets from 0, the end is exclusive; -1 where unknown.
struct Position {
  int32_t line = -1;
  int32_t col = -1;
  int32_t end_line = -1;
  int32_t end_col = -1;
  bool operator==(const Position&) const = default;
};

class PositionIterator {
 public:
  PositionIterator(const uint8_t* data, size_t size, int first_line) : cursor_(data), limit_(data + size), line_(first_line) {}
  PositionIterator(const syntax::Seq<uint8_t>& table, int first_line) : PositionIterator(table.data, table.size, first_line) {}

  // The next run: words [start, end) with `position`. False at the end of the table.
  bool next();

  uint32_t start = 0;
  uint32_t end = 0;
  Position position;

 private:
  uint32_t read();
  int32_t read_signed();

  const uint8_t* cursor_;
  const uint8_t* limit_;
  int32_t line_;
};

// The position of the instruction that starts at (or contains) this word; false when the table says nothing
// of it.
bool position_at(const uint8_t* data, size_t size, int first_line, uint32_t word_offset, Position* position);
inline bool position_at(const syntax::Seq<uint8_t>& table, int first_line, uint32_t word_offset, Position* position) {
  return position_at(table.data, table.size, first_line, word_offset, position);
}

class PositionWriter {
 public:
  explicit PositionWriter(int first_line) : line_(first_line) {}
  void add(uint32_t words, const Position& position);
  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  void write(uint32_t value);
  void write_signed(int32_t value);

  std::vector<uint8_t> bytes_;
  int32_t line_;
};

}  // namespace pt
