#include "vm/compile/positions.h"

namespace pt {

uint32_t PositionIterator::read() {
  uint32_t value = 0;
  for (int shift = 0; cursor_ < limit_ && shift < 35; shift += 7) {
    uint8_t byte = *cursor_++;
    value |= static_cast<uint32_t>(byte & 0x7F) << shift;
    if (!(byte & 0x80)) break;
  }
  return value;
}

int32_t PositionIterator::read_signed() {
  uint32_t value = read();
  return static_cast<int32_t>(value >> 1) ^ -static_cast<int32_t>(value & 1);
}

bool PositionIterator::next() {
  if (cursor_ >= limit_) return false;
  uint32_t header = read();
  start = end;
  end = start + (header >> 2);
  position = {};
  switch (header & 3) {
    case 0: break;
    case 1:
      position.line = position.end_line = line_;
      position.col = static_cast<int32_t>(read());
      position.end_col = position.col + static_cast<int32_t>(read());
      break;
    case 2:
      line_ += read_signed();
      position.line = line_;
      position.end_line = line_ + read_signed();
      position.col = static_cast<int32_t>(read());
      position.end_col = static_cast<int32_t>(read());
      break;
    default: line_ += read_signed(); position.line = position.end_line = line_;
  }
  return true;
}

bool position_at(const uint8_t* data, size_t size, int first_line, uint32_t word_offset, Position* position) {
  PositionIterator runs(data, size, first_line);
  while (runs.next()) {
    if (word_offset < runs.end) {
      *position = runs.position;
      return position->line >= 0;
    }
  }
  return false;
}

void PositionWriter::write(uint32_t value) {
  while (value >= 0x80) {
    bytes_.push_back(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  bytes_.push_back(static_cast<uint8_t>(value));
}

void PositionWriter::write_signed(int32_t value) {
  write((static_cast<uint32_t>(value) << 1) ^ static_cast<uint32_t>(value >> 31));
}

void PositionWriter::add(uint32_t words, const Position& position) {
  bool has_columns = position.col >= 0 && position.end_col >= 0 && position.end_line >= 0;
  if (position.line < 0) {
    write(words << 2);
  } else if (!has_columns) {
    write(words << 2 | 3);
    write_signed(position.line - line_);
    line_ = position.line;
  } else if (position.line == line_ && position.end_line == line_ && position.end_col >= position.col) {
    write(words << 2 | 1);
    write(static_cast<uint32_t>(position.col));
    write(static_cast<uint32_t>(position.end_col - position.col));
  } else {
    write(words << 2 | 2);
    write_signed(position.line - line_);
    write_signed(position.end_line - position.line);
    write(static_cast<uint32_t>(position.col));
    write(static_cast<uint32_t>(position.end_col));
    line_ = position.line;
  }
}

}  // namespace pt
