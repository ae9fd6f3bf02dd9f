// The verifier finds broken code. Units are put together by hand.
#include "vm/compile/verify.h"

#include <gtest/gtest.h>

#include "vm/compile/assembler.h"

namespace pt {
namespace {

using compiler::Assembler;
using compiler::Label;
using compiler::Region;

class VerifyTest : public testing::Test {
 protected:
  VerifyTest() {
    unit_.qualname = "f";
    unit_.first_line = 1;
    unit_.register_count = 6;
    unit_.first_temporary = 2;
    unit_.parameter_count = 1;  // register 0; register 1 is another local
    unit_.free_register = 2;
    static uint8_t kinds[] = {1, 1};
    unit_.local_kinds = {kinds, 2};
    static const syntax::Identifier names[] = {{"a", 1, 0, nullptr}, {"b", 1, 0, nullptr}};
    static const syntax::Identifier* locals[] = {&names[0], &names[1]};
    unit_.local_names = {locals, 2};
    static UnitConstant constants[] = {{.kind = ConstantKind::kNone}};
    unit_.constants = {constants, 1};
    unit_.loop_count = 1;
  }

  void emit(Opcode op, int a = 0, int b = 0, int c = 0) { assembler_.emit(op, a, b, c); }
  std::string check() {
    assembler_.finish(arena_, &unit_);
    return verify(&unit_);
  }
  static int reg(int index) { return register_operand(index); }
  static int killed(int index) { return killed_register_operand(index); }
  static int none() { return constant_operand(0); }

  syntax::Arena arena_;
  Assembler assembler_;
  CodeUnit unit_{};
};

TEST_F(VerifyTest, Sound) {
  emit(Opcode::kADD, reg(2), reg(0), none());
  emit(Opcode::kRETURN, killed(2));
  EXPECT_EQ(check(), "");
}

TEST_F(VerifyTest, ReadOfAnEmptyTemporary) {
  emit(Opcode::kRETURN, killed(3));
  EXPECT_NE(check().find("reads an empty register"), std::string::npos);
}

TEST_F(VerifyTest, ReadOfAnUncheckedLocal) {
  emit(Opcode::kRETURN, reg(1));
  EXPECT_NE(check().find("reads an empty register"), std::string::npos);
}

TEST_F(VerifyTest, CheckBoundBinds) {
  emit(Opcode::kCHECK_BOUND, reg(1));
  emit(Opcode::kRETURN, reg(1));
  EXPECT_EQ(check(), "");
}

TEST_F(VerifyTest, LiveTemporaryAtReturn) {
  emit(Opcode::kMOVE, reg(2), reg(0));
  emit(Opcode::kRETURN, none());
  EXPECT_NE(check().find("returns with a live temporary"), std::string::npos);
}

TEST_F(VerifyTest, UseAfterKill) {
  emit(Opcode::kMOVE, reg(2), reg(0));
  emit(Opcode::kNEG, reg(3), killed(2));
  emit(Opcode::kRETURN, killed(2));
  EXPECT_NE(check().find("reads an empty register"), std::string::npos);
}

TEST_F(VerifyTest, PathsThatDisagree) {
  Label label;
  assembler_.emit_jump(Opcode::kJUMP_IF_TRUE, reg(0), label);
  emit(Opcode::kMOVE, reg(2), reg(0));
  assembler_.bind(label);
  emit(Opcode::kRETURN, killed(2));
  EXPECT_NE(check().find("may be empty"), std::string::npos);
}

TEST_F(VerifyTest, KilledLocal) {
  emit(Opcode::kNEG, reg(2), killed(0));
  emit(Opcode::kRETURN, killed(2));
  EXPECT_NE(check().find("kills a local"), std::string::npos);
}

TEST_F(VerifyTest, RegisterOutOfRange) {
  emit(Opcode::kRETURN, reg(9));
  EXPECT_NE(check().find("register out of range"), std::string::npos);
}

TEST_F(VerifyTest, ConstantOutOfRange) {
  emit(Opcode::kRETURN, constant_operand(7));
  EXPECT_NE(check().find("constant out of range"), std::string::npos);
}

TEST_F(VerifyTest, RunsOffTheEnd) {
  emit(Opcode::kNOP);
  EXPECT_NE(check().find("runs off the end"), std::string::npos);
}

TEST_F(VerifyTest, ArgumentsMustBeThere) {
  emit(Opcode::kMOVE, reg(2), reg(0));
  emit(Opcode::kCALL, reg(2), 1, reg(2));
  emit(Opcode::kRETURN, killed(2));
  EXPECT_NE(check().find("reads an empty register"), std::string::npos);
}

TEST_F(VerifyTest, HandlerSeesTheException) {
  Region region;
  assembler_.begin(region, 2);
  emit(Opcode::kNEG, reg(3), reg(0));
  assembler_.end(region);
  emit(Opcode::kRETURN, killed(3));
  assembler_.bind_handler(region);
  emit(Opcode::kRERAISE, killed(2));
  EXPECT_EQ(check(), "");
}

TEST_F(VerifyTest, HandlerFindsTemporariesAboveItsDepthEmpty) {
  Region region;
  emit(Opcode::kMOVE, reg(3), reg(0));
  assembler_.begin(region, 2);
  emit(Opcode::kNEG, reg(3), killed(3));
  assembler_.end(region);
  emit(Opcode::kRETURN, killed(3));
  assembler_.bind_handler(region);
  emit(Opcode::kCLEAR, reg(2));
  emit(Opcode::kRERAISE, killed(3));
  EXPECT_NE(check().find("reads an empty register"), std::string::npos);
}

TEST_F(VerifyTest, LoopNumberOutOfRange) {
  Label head;
  assembler_.bind_loop(head);
  assembler_.emit_jump(Opcode::kJUMP_BACK, 1, head);
  EXPECT_NE(check().find("loop number"), std::string::npos);
}

}  // namespace
}  // namespace pt
