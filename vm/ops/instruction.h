#pragma once
// Encoding of instructions and their descriptions, derived from instructions.def.
#include <cstdint>

namespace pt {

enum class Opcode : uint16_t {
#define PT_INSTRUCTION(name, a, b, c, extra, text) k##name,
#include "vm/ops/instructions.def"
#undef PT_INSTRUCTION
  kCount
};
inline constexpr int kOpcodeCount = static_cast<int>(Opcode::kCount);

enum class OperandKind : uint8_t { none, W, R, B, I, U, N, J, K };

struct InstructionInfo {
  const char* name;
  OperandKind a, b, c;
  uint8_t extra_words;
  const char* text;
};
inline constexpr InstructionInfo kInstructionInfo[] = {
#define PT_INSTRUCTION(name, a, b, c, extra, text) {#name, OperandKind::a, OperandKind::b, OperandKind::c, extra, text},
#include "vm/ops/instructions.def"
#undef PT_INSTRUCTION
};
enum class ExtraKind : uint8_t { kCache, kJump, kName, kConstant };
// What the first extra word holds.
constexpr ExtraKind extra_kind(Opcode op) {
  const char* text = kInstructionInfo[static_cast<int>(op)].text;
  if (text[0] != '_') return ExtraKind::kCache;
  return text[1] == 'J' ? ExtraKind::kJump : text[1] == 'N' ? ExtraKind::kName : ExtraKind::kConstant;
}
constexpr int instruction_words(Opcode op) { return 1 + kInstructionInfo[static_cast<int>(op)].extra_words; }

constexpr uint64_t encode(Opcode op, int a, int b, int c) {
  return static_cast<uint64_t>(op) | (static_cast<uint64_t>(static_cast<uint16_t>(a)) << 16) |
         (static_cast<uint64_t>(static_cast<uint16_t>(b)) << 32) | (static_cast<uint64_t>(static_cast<uint16_t>(c)) << 48);
}
// For J and K operands: the 32-bit value lies in b and c.
constexpr uint64_t encode_wide(Opcode op, int a, int32_t bc) {
  return static_cast<uint64_t>(op) | (static_cast<uint64_t>(static_cast<uint16_t>(a)) << 16) |
         (static_cast<uint64_t>(static_cast<uint32_t>(bc)) << 32);
}
constexpr int operand_a(uint64_t word) { return static_cast<int16_t>(word >> 16); }
constexpr int operand_b(uint64_t word) { return static_cast<int16_t>(word >> 32); }
constexpr int operand_c(uint64_t word) { return static_cast<int16_t>(word >> 48); }
constexpr int32_t operand_wide(uint64_t word) { return static_cast<int32_t>(word >> 32); }
constexpr Opcode opcode_of(uint64_t word) { return static_cast<Opcode>(word & 0xFFFF); }

// Bit of operand a of LOAD_CONST, MOVE_BORROW and LOAD_GLOBAL whose target is a temporary: that is dead, nothing needs releasing.
// Set where code objects are made.
inline constexpr uint64_t kFreshTarget = uint64_t{1} << 16;
constexpr bool may_have_fresh_target(Opcode op) {
  return op == Opcode::kLOAD_CONST || op == Opcode::kMOVE_BORROW || op == Opcode::kLOAD_GLOBAL;
}
constexpr uint64_t mark_fresh_target(uint64_t word, uint32_t first_temporary) {
  if (!may_have_fresh_target(opcode_of(word))) return word;
  return static_cast<uint32_t>(operand_a(word) >> 1) >= first_temporary ? word | kFreshTarget : word;
}

inline constexpr int kMaxRegister = 16000;  // registers and directly usable constants
constexpr int register_operand(int index) { return index << 1; }
constexpr int killed_register_operand(int index) { return (index << 1) | 1; }
constexpr int constant_operand(int index) { return (~index) << 1; }

}  // namespace pt
