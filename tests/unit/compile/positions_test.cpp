#include "vm/compile/positions.h"

#include "tests/unit/compile/compile_helper.h"
#include "vm/ops/instruction.h"

namespace pt {
namespace {

std::vector<uint8_t> table(std::initializer_list<std::pair<uint32_t, Position>> runs, int first_line = 1) {
  PositionWriter writer(first_line);
  for (const auto& [words, position] : runs) writer.add(words, position);
  return writer.bytes();
}

Position look_up(const std::vector<uint8_t>& bytes, uint32_t word, int first_line = 1) {
  Position position;
  position_at(bytes.data(), bytes.size(), first_line, word, &position);
  return position;
}

TEST(Positions, RunOnTheFirstLine) {
  auto bytes = table({{3, {5, 2, 5, 9}}}, 5);
  EXPECT_EQ(look_up(bytes, 0, 5), (Position{5, 2, 5, 9}));
  EXPECT_EQ(look_up(bytes, 2, 5), (Position{5, 2, 5, 9}));
  EXPECT_EQ(bytes.size(), 3u);
}

TEST(Positions, LinesGoForthAndBack) {
  auto bytes = table({{1, {10, 0, 12, 4}}, {2, {3, 7, 3, 8}}, {1, {700, 1, 700, 300}}});
  EXPECT_EQ(look_up(bytes, 0), (Position{10, 0, 12, 4}));
  EXPECT_EQ(look_up(bytes, 1), (Position{3, 7, 3, 8}));
  EXPECT_EQ(look_up(bytes, 2), (Position{3, 7, 3, 8}));
  EXPECT_EQ(look_up(bytes, 3), (Position{700, 1, 700, 300}));
}

TEST(Positions, NoPosition) {
  auto bytes = table({{1, {4, 1, 4, 2}}, {2, {}}, {1, {4, 3, 4, 5}}});
  Position position;
  EXPECT_FALSE(position_at(bytes.data(), bytes.size(), 1, 1, &position));
  EXPECT_FALSE(position_at(bytes.data(), bytes.size(), 1, 2, &position));
  EXPECT_TRUE(position_at(bytes.data(), bytes.size(), 1, 3, &position));
  EXPECT_EQ(position, (Position{4, 3, 4, 5}));
}

TEST(Positions, LineWithoutColumns) {
  auto bytes = table({{1, {9, -1, 9, -1}}});
  EXPECT_EQ(look_up(bytes, 0), (Position{9, -1, 9, -1}));
}

TEST(Positions, BeyondTheEnd) {
  auto bytes = table({{4, {1, 0, 1, 1}}});
  Position position;
  EXPECT_FALSE(position_at(bytes.data(), bytes.size(), 1, 4, &position));
  EXPECT_FALSE(position_at(nullptr, 0, 1, 0, &position));
}

TEST(Positions, EndBeforeStartOnOneLine) {
  auto bytes = table({{1, {1, 9, 1, 4}}});
  EXPECT_EQ(look_up(bytes, 0), (Position{1, 9, 1, 4}));
}

TEST(Positions, OfCompiledCode) {
  Compiled compiled("x = 1\ny = (x +\n     x.attr)\n");
  const CodeUnit* unit = compiled.unit();
  for (uint32_t at = 0; at < unit->words.size;) {
    Opcode op = opcode_of(unit->words[at]);
    Position position;
    if (op == Opcode::kADD) {
      ASSERT_TRUE(position_at(unit->positions, unit->first_line, at, &position));
      EXPECT_EQ(position, (Position{2, 5, 3, 11}));
    }
    if (op == Opcode::kLOAD_ATTR) {
      ASSERT_TRUE(position_at(unit->positions, unit->first_line, at, &position));
      EXPECT_EQ(position, (Position{3, 5, 3, 11}));
    }
    at += static_cast<uint32_t>(instruction_words(op));
  }
}

TEST(Positions, MethodCallOverSeveralLinesStartsAtTheName) {
  Compiled compiled("(a\n .first()\n .second())\n");
  const CodeUnit* unit = compiled.unit();
  std::vector<int> lines;
  for (uint32_t at = 0; at < unit->words.size;) {
    Opcode op = opcode_of(unit->words[at]);
    Position position;
    if (op == Opcode::kCALL_METHOD && position_at(unit->positions, unit->first_line, at, &position)) {
      lines.push_back(position.line);
    }
    at += static_cast<uint32_t>(instruction_words(op));
  }
  EXPECT_EQ(lines, (std::vector<int>{2, 3}));
}

}  // namespace
}  // namespace pt
