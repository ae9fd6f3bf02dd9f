#include "vm/compile/assembler.h"

#include <gtest/gtest.h>

namespace pt::compiler {
namespace {

class AssemblerTest : public testing::Test {
 protected:
  const CodeUnit& finish() {
    unit_.first_line = 1;
    assembler_.finish(arena_, &unit_);
    return unit_;
  }
  Opcode op(uint32_t at) const { return opcode_of(unit_.words[at]); }

  syntax::Arena arena_;
  Assembler assembler_;
  CodeUnit unit_{};
};

TEST_F(AssemblerTest, ForwardJumpsMeetAtTheLabel) {
  Label label;
  assembler_.emit_jump(Opcode::kJUMP_IF_TRUE, 0, label);
  assembler_.emit_jump(Opcode::kJUMP_IF_LT, 0, 2, 1, label);
  assembler_.emit(Opcode::kRESUME);
  assembler_.bind(label);
  assembler_.emit(Opcode::kRETURN);
  const CodeUnit& unit = finish();
  EXPECT_EQ(jump_target(unit.words.data, 0), 4u);
  EXPECT_EQ(jump_target(unit.words.data, 1), 4u);
}

TEST_F(AssemblerTest, BackwardJump) {
  Label head;
  assembler_.emit(Opcode::kRESUME);
  assembler_.bind_loop(head);
  assembler_.emit(Opcode::kRESUME);
  assembler_.emit_jump(Opcode::kJUMP_BACK, 3, head);
  const CodeUnit& unit = finish();
  EXPECT_EQ(jump_target(unit.words.data, 2), 1u);
  EXPECT_EQ(operand_a(unit.words[2]), 3);
}

TEST_F(AssemblerTest, CodeAfterAJumpIsDropped) {
  Label label;
  assembler_.emit(Opcode::kRETURN);
  assembler_.emit(Opcode::kRESUME);
  assembler_.emit_jump(Opcode::kJUMP_IF_TRUE, 0, label);
  assembler_.bind(label);
  assembler_.emit(Opcode::kRESUME);
  EXPECT_FALSE(assembler_.is_reachable());
  EXPECT_EQ(finish().words.size, 1u);
}

TEST_F(AssemblerTest, LabelMakesCodeReachableAgain) {
  Label label;
  assembler_.emit_jump(Opcode::kJUMP_IF_TRUE, 0, label);
  assembler_.emit(Opcode::kRETURN);
  assembler_.bind(label);
  EXPECT_TRUE(assembler_.is_reachable());
}

TEST_F(AssemblerTest, JumpToTheNextInstructionVanishes) {
  Label label;
  assembler_.emit(Opcode::kRESUME);
  assembler_.jump(label);
  assembler_.bind(label);
  assembler_.emit(Opcode::kRETURN);
  const CodeUnit& unit = finish();
  ASSERT_EQ(unit.words.size, 2u);
  EXPECT_EQ(op(1), Opcode::kRETURN);
}

TEST_F(AssemblerTest, OtherJumpsSurviveWhenTheLastVanishes) {
  Label label;
  assembler_.emit_jump(Opcode::kJUMP_IF_TRUE, 0, label);
  assembler_.emit(Opcode::kRESUME);
  assembler_.jump(label);
  assembler_.bind(label);
  assembler_.emit(Opcode::kRETURN);
  const CodeUnit& unit = finish();
  ASSERT_EQ(unit.words.size, 3u);
  EXPECT_EQ(jump_target(unit.words.data, 0), 2u);
}

TEST_F(AssemblerTest, JumpThatIsATargetStays) {
  Label here, label;
  assembler_.emit_jump(Opcode::kJUMP_IF_TRUE, 0, here);
  assembler_.emit(Opcode::kRESUME);
  assembler_.jump(label);
  assembler_.bind(here);
  assembler_.bind(label);
  assembler_.emit(Opcode::kRETURN);
  const CodeUnit& unit = finish();
  EXPECT_EQ(op(jump_target(unit.words.data, 0)), Opcode::kRETURN);
}

TEST_F(AssemblerTest, JumpsToJumpsAreStraightened) {
  Label first, second;
  assembler_.emit_jump(Opcode::kJUMP_IF_TRUE, 0, first);
  assembler_.emit(Opcode::kRETURN);
  assembler_.bind(first);
  assembler_.jump(second);
  Label other;
  assembler_.bind(other);
  assembler_.emit_jump(Opcode::kJUMP_IF_TRUE, 0, other);
  assembler_.bind(second);
  assembler_.emit(Opcode::kRETURN);
  const CodeUnit& unit = finish();
  EXPECT_EQ(op(jump_target(unit.words.data, 0)), Opcode::kRETURN);
}

TEST_F(AssemblerTest, RegionCoversWhatIsEmittedInIt) {
  Region region;
  assembler_.emit(Opcode::kRESUME);
  assembler_.begin(region, 7);
  assembler_.emit(Opcode::kRESUME);
  assembler_.end(region);
  assembler_.emit(Opcode::kRETURN);
  assembler_.bind_handler(region);
  assembler_.emit(Opcode::kRERAISE);
  const CodeUnit& unit = finish();
  ASSERT_EQ(unit.exceptions.size, 1u);
  EXPECT_EQ(unit.exceptions[0].start, 1u);
  EXPECT_EQ(unit.exceptions[0].end, 2u);
  EXPECT_EQ(unit.exceptions[0].target, 3u);
  EXPECT_EQ(unit.exceptions[0].depth, 7u);
}

TEST_F(AssemblerTest, SuspendedRegionHasAHole) {
  Region region;
  assembler_.begin(region, 1);
  assembler_.emit(Opcode::kRESUME);
  assembler_.suspend(region);
  assembler_.emit(Opcode::kRESUME);
  assembler_.resume(region);
  assembler_.emit(Opcode::kRESUME);
  assembler_.end(region);
  assembler_.emit(Opcode::kRETURN);
  assembler_.bind_handler(region);
  assembler_.emit(Opcode::kRERAISE);
  const CodeUnit& unit = finish();
  ASSERT_EQ(unit.exceptions.size, 2u);
  EXPECT_EQ(unit.exceptions[0].end, 1u);
  EXPECT_EQ(unit.exceptions[1].start, 2u);
}

TEST_F(AssemblerTest, EmptyRegionHasNoHandler) {
  Region region;
  assembler_.begin(region, 1);
  assembler_.end(region);
  assembler_.emit(Opcode::kRETURN);
  assembler_.bind_handler(region);
  assembler_.emit(Opcode::kRERAISE);
  const CodeUnit& unit = finish();
  EXPECT_EQ(unit.exceptions.size, 0u);
  EXPECT_EQ(unit.words.size, 1u);
}

TEST_F(AssemblerTest, InnerRegionsComeFirst) {
  Region outer, inner;
  assembler_.begin(outer, 1);
  assembler_.emit(Opcode::kRESUME);
  assembler_.begin(inner, 2);
  assembler_.emit(Opcode::kRESUME);
  assembler_.end(inner);
  assembler_.end(outer);
  assembler_.emit(Opcode::kRETURN);
  assembler_.bind_handler(inner);
  assembler_.emit(Opcode::kRERAISE);
  assembler_.bind_handler(outer);
  assembler_.emit(Opcode::kRERAISE);
  const CodeUnit& unit = finish();
  ASSERT_EQ(unit.exceptions.size, 2u);
  EXPECT_EQ(unit.exceptions[0].depth, 2u);
  EXPECT_EQ(unit.exceptions[1].depth, 1u);
}

TEST_F(AssemblerTest, BoundAtALabelIsBoundAtAllJumps) {
  Label label;
  assembler_.bound.add(1);
  assembler_.emit_jump(Opcode::kJUMP_IF_TRUE, 0, label);
  assembler_.bound.add(2);
  assembler_.bind(label);
  EXPECT_TRUE(assembler_.bound.has(1));
  EXPECT_FALSE(assembler_.bound.has(2));
}

TEST_F(AssemblerTest, HandlerForgetsWhatMayBeUnbound) {
  Region region;
  assembler_.unbindable.add(2);
  assembler_.bound.add(1);
  assembler_.bound.add(2);
  assembler_.begin(region, 5);
  assembler_.emit(Opcode::kRESUME);
  assembler_.bound.add(3);
  assembler_.end(region);
  assembler_.emit(Opcode::kRETURN);
  assembler_.bind_handler(region);
  EXPECT_TRUE(assembler_.bound.has(1));
  EXPECT_FALSE(assembler_.bound.has(2));
  EXPECT_FALSE(assembler_.bound.has(3));
}

TEST(BoundSetTest, OnlyTheFirstLocalsAreTracked) {
  BoundSet set;
  set.add(255);
  set.add(256);
  EXPECT_TRUE(set.has(255));
  EXPECT_FALSE(set.has(256));
  set.remove(255);
  EXPECT_FALSE(set.has(255));
}

}  // namespace
}  // namespace pt::compiler
