#include "vm/compile/verify.h"

#include <cstdio>
#include <vector>

#include "vm/compile/assembler.h"
#include "vm/ops/instruction.h"

namespace pt {
namespace {

// What a register may hold, as a set.
enum State : uint8_t { kUnreached = 0, kEmpty = kRegisterEmpty, kFull = kRegisterFull, kEither = 3 };
uint8_t state_of(uint8_t bits) { return bits & kEither; }

class Verifier {
 public:
  explicit Verifier(const CodeUnit* unit)
      : unit_(unit), first_temp_(static_cast<int>(unit->first_temporary)), registers_(static_cast<int>(unit->register_count)) {}
  using Registers = std::vector<uint8_t>;
  std::string run();
  std::vector<Registers> states_at(const std::vector<uint32_t>& words);

 private:
  bool fail(const char* what, int reg = -1);
  bool scan();
  bool check_operand(OperandKind kind, int value);
  bool flow();
  bool flow_from(uint32_t start);
  bool step(uint32_t at, uint32_t* next);
  bool read(int operand);
  bool read_register(int reg, bool kill);
  bool write(int reg);
  bool write_fresh(int reg);
  bool consume(int first, int count);
  bool merge_into(uint32_t target, const Registers& state);
  bool raise_from(const Registers& before);
  bool is_temp(int reg) const { return reg >= first_temp_; }

  const CodeUnit* unit_;
  int first_temp_;
  int registers_;
  uint32_t at_ = 0;
  uint8_t kind_ = kRegisterOther;  // of what the instruction writes
  bool running_ = false;           // caches are filled
  std::vector<bool> starts_;  // words where instructions start
  std::vector<int> handler_;  // innermost exception entry of every word, -1 none
  std::vector<bool> leaders_;
  std::vector<bool> reached_;
  std::vector<Registers> states_;  // at leaders
  std::vector<uint32_t> work_;
  Registers now_;
  std::string fault_;
};

bool Verifier::fail(const char* what, int reg) {
  char buffer[300];
  const char* name = at_ < unit_->words.size && static_cast<int>(opcode_of(unit_->words[at_])) < kOpcodeCount
                         ? kInstructionInfo[static_cast<int>(opcode_of(unit_->words[at_]))].name
                         : "?";
  if (reg >= 0) {
    snprintf(buffer, sizeof buffer, "%s (line %d) word %u %s: %s (register %d, first temporary %d)", unit_->qualname,
             unit_->first_line, at_, name, what, reg, first_temp_);
  } else {
    snprintf(buffer, sizeof buffer, "%s (line %d) word %u %s: %s", unit_->qualname, unit_->first_line, at_, name, what);
  }
  if (fault_.empty()) fault_ = buffer;
  return false;
}

bool Verifier::check_operand(OperandKind kind, int value) {
  switch (kind) {
    case OperandKind::W:
    case OperandKind::B:
      if (value & 1) return fail("odd register operand");
      if (value < 0 || value >> 1 >= registers_) {
        // Nothing is built from no registers.
        if (kind == OperandKind::B && value >= 0 && value >> 1 == registers_) return true;
        return fail("register out of range", value >> 1);
      }
      return true;
    case OperandKind::R:
      if (value < 0) {
        if (value & 1) return fail("killed constant");
        if (static_cast<uint32_t>(~(value >> 1)) >= unit_->constants.size) return fail("constant out of range");
        return true;
      }
      if (value >> 1 >= registers_) return fail("register out of range", value >> 1);
      return true;
    case OperandKind::N:
      if (value < 0 || static_cast<uint32_t>(value) >= unit_->names.size) return fail("name out of range");
      return true;
    default: return true;
  }
}

// Operands, extra words and jump targets.
bool Verifier::scan() {
  uint32_t size = unit_->words.size;
  if (registers_ < first_temp_) return fail("fewer registers than locals");
  starts_.assign(size + 1, false);
  leaders_.assign(size + 1, false);
  reached_.assign(size + 1, false);
  handler_.assign(size, -1);
  states_.resize(size + 1);
  for (at_ = 0; at_ < size;) {
    starts_[at_] = true;
    if (static_cast<int>(opcode_of(unit_->words[at_])) >= kOpcodeCount) return fail("no such opcode");
    at_ += static_cast<uint32_t>(instruction_words(opcode_of(unit_->words[at_])));
  }
  if (at_ != size) return fail("code ends within an instruction");
  for (at_ = 0; at_ < size;) {
    uint64_t word = unit_->words[at_];
    Opcode op = opcode_of(word);
    const InstructionInfo& info = kInstructionInfo[static_cast<int>(op)];
    bool is_bare_raise = op == Opcode::kRAISE && operand_c(word) == 0;
    int a = may_have_fresh_target(op) ? operand_a(word & ~kFreshTarget) : operand_a(word);
    if (!is_bare_raise && !check_operand(info.a, a)) return false;
    if (info.b == OperandKind::K) {
      if (static_cast<uint32_t>(operand_wide(word)) >= unit_->constants.size) return fail("constant out of range");
    } else if (info.b != OperandKind::J && op != Opcode::kRAISE) {
      if (!check_operand(info.b, operand_b(word)) || !check_operand(info.c, operand_c(word))) return false;
    }
    if (info.extra_words) {
      uint64_t extra = unit_->words[at_ + 1];
      if (extra_kind(op) == ExtraKind::kConstant && extra >= unit_->constants.size) return fail("constant out of range");
      if (extra_kind(op) == ExtraKind::kName && extra >= unit_->names.size) return fail("name out of range");
      if (extra_kind(op) == ExtraKind::kCache && extra != 0 && !running_) return fail("cache is not empty");
    }
    if (compiler::is_jump(op)) {
      uint32_t target = compiler::jump_target(unit_->words.data, at_);
      if (target >= size || !starts_[target]) return fail("jump to nowhere");
      bool is_back = target <= at_;
      if (op == Opcode::kJUMP_BACK) {
        if (!is_back) return fail("back-edge goes forward");
        if (static_cast<uint32_t>(operand_a(word)) >= unit_->loop_count) return fail("loop number out of range");
      } else if (is_back && !(op == Opcode::kJUMP && opcode_of(unit_->words[target]) == Opcode::kSEND)) {
        return fail("jump goes back");
      }
      leaders_[target] = true;
    }
    at_ += static_cast<uint32_t>(instruction_words(op));
  }
  for (uint32_t i = unit_->exceptions.size; i-- > 0;) {
    const ExceptionEntry& entry = unit_->exceptions[i];
    at_ = entry.start;
    if (entry.start >= entry.end || entry.end > size || !starts_[entry.start] || entry.target >= size || !starts_[entry.target]) {
      return fail("exception entry out of range");
    }
    if (entry.depth < unit_->first_temporary || entry.depth >= unit_->register_count) {
      return fail("exception depth out of range");
    }
    leaders_[entry.target] = true;
    for (uint32_t word = entry.start; word < entry.end; word++) handler_[word] = static_cast<int>(i);
  }
  uint32_t covered = 0;
  PositionIterator runs(unit_->positions, unit_->first_line);
  while (runs.next()) {
    at_ = runs.start;
    if (runs.start >= size || !starts_[runs.start]) return fail("position of no instruction");
    covered = runs.end;
  }
  at_ = 0;
  if (covered != size) return fail("positions do not cover the code");
  return true;
}

bool Verifier::merge_into(uint32_t target, const Registers& state) {
  Registers& known = states_[target];
  if (!reached_[target]) {
    reached_[target] = true;
    known = state;
    work_.push_back(target);
    return true;
  }
  bool changed = false;
  for (size_t i = 0; i < known.size(); i++) {
    uint8_t merged = known[i] | state[i];
    changed |= merged != known[i];
    known[i] = merged;
  }
  if (changed) work_.push_back(target);
  return true;
}

// An exception of the instruction at at_: the registers from the handler's depth on are emptied.
bool Verifier::raise_from(const Registers& before) {
  int index = handler_[at_];
  if (index < 0) return true;
  const ExceptionEntry& entry = unit_->exceptions[static_cast<uint32_t>(index)];
  Registers state = before;
  for (size_t i = 0; i < state.size(); i++) {
    if (i >= entry.depth) {
      state[i] = i == entry.depth ? static_cast<uint8_t>(kRegisterFull | kRegisterHandled) : uint8_t{kEmpty};
    } else {
      state[i] |= now_[i];
    }
  }
  return merge_into(entry.target, state);
}

bool Verifier::read_register(int reg, bool kill) {
  uint8_t& state = now_[static_cast<size_t>(reg)];
  if (state_of(state) != kFull)
    return fail(state_of(state) == kEmpty ? "reads an empty register" : "reads a register that may be empty", reg);
  if (kill) {
    if (!is_temp(reg) && opcode_of(unit_->words[at_]) != Opcode::kRETURN) return fail("kills a local", reg);
    state = kEmpty;
  }
  return true;
}

bool Verifier::read(int operand) { return operand < 0 || read_register(operand >> 1, operand & 1); }

bool Verifier::write(int reg) {
  if (!is_temp(reg) && unit_->local_kinds[static_cast<size_t>(reg)] & 6) return fail("overwrites a cell", reg);
  now_[static_cast<size_t>(reg)] = static_cast<uint8_t>(kFull | kind_);
  return true;
}

bool Verifier::write_fresh(int reg) {
  if (reg >= registers_) return fail("register out of range", reg);
  if (!is_temp(reg)) return fail("writes several locals", reg);
  if (state_of(now_[static_cast<size_t>(reg)]) != kEmpty) return fail("writes several registers over live ones", reg);
  return write(reg);
}

bool Verifier::consume(int first, int count) {
  for (int i = 0; i < count; i++) {
    if (first + i >= registers_) return fail("register out of range", first + i);
    if (!is_temp(first + i)) return fail("consumes a local", first + i);
    if (!read_register(first + i, true)) return false;
  }
  return true;
}

bool Verifier::step(uint32_t at, uint32_t* next) {
  at_ = at;
  uint64_t word = unit_->words[at];
  Opcode op = opcode_of(word);
  const InstructionInfo& info = kInstructionInfo[static_cast<int>(op)];
  int a = operand_a(word), b = operand_b(word), c = operand_c(word);
  Registers before = now_;
  *next = at + static_cast<uint32_t>(instruction_words(op));
  bool ends = false;
  auto reg = [](int operand) { return operand >> 1; };
  auto target = [&] { return compiler::jump_target(unit_->words.data, at); };
  auto jump = [&] { return merge_into(target(), now_); };
  kind_ = op == Opcode::kGET_ITER || op == Opcode::kGET_AITER              ? kRegisterIterator
          : op == Opcode::kBEFORE_WITH || op == Opcode::kBEFORE_ASYNC_WITH ? kRegisterExit
                                                                           : kRegisterOther;

  switch (op) {
    case Opcode::kCHECK_BOUND:
      if (is_temp(reg(a))) return fail("checks a temporary", reg(a));
      now_[static_cast<size_t>(reg(a))] = kFull;
      break;
    case Opcode::kDELETE_LOCAL:
    case Opcode::kCLEAR:
      if (!is_temp(reg(a)) && unit_->local_kinds[static_cast<size_t>(reg(a))] & 6) return fail("clears a cell", reg(a));
      now_[static_cast<size_t>(reg(a))] = kEmpty;
      break;
    case Opcode::kMAKE_CELL:
      if (is_temp(reg(a)) || !(unit_->local_kinds[static_cast<size_t>(reg(a))] & 2)) return fail("no cell", reg(a));
      now_[static_cast<size_t>(reg(a))] = kFull;
      break;
    case Opcode::kLOAD_METHOD:
      if (!read(b) || !write_fresh(reg(a)) || !write_fresh(reg(a) + 1)) return false;
      break;
    case Opcode::kBUILD_SLICE:
      if (!consume(reg(b), c) || !write(reg(a))) return false;
      break;
    case Opcode::kCALL:
    case Opcode::kCALL_KW:
      if (!consume(reg(a), b + 1) || !write(reg(c))) return false;
      break;
    case Opcode::kCALL_METHOD:
    case Opcode::kCALL_METHOD_KW:
      if (!consume(reg(a), b + 2) || !write(reg(c))) return false;
      break;
    case Opcode::kCALL_EX:
      if (!consume(reg(a), b ? 3 : 2) || !write(reg(c))) return false;
      break;
    case Opcode::kMAKE_FUNCTION:
      if (!consume(reg(b), __builtin_popcount(static_cast<unsigned>(c))) || !write(reg(a))) return false;
      break;
    case Opcode::kBUILD_TUPLE:
    case Opcode::kBUILD_LIST:
    case Opcode::kBUILD_SET:
    case Opcode::kBUILD_STRING:
      if (!consume(reg(b), c) || !write(reg(a))) return false;
      break;
    case Opcode::kBUILD_MAP:
      if (!consume(reg(b), 2 * c) || !write(reg(a))) return false;
      break;
    case Opcode::kUNPACK_SEQUENCE:
    case Opcode::kUNPACK_EX: {
      if (!read(b)) return false;
      int count = op == Opcode::kUNPACK_SEQUENCE ? c : (c & 255) + 1 + (c >> 8);
      for (int i = 0; i < count; i++) {
        if (!write_fresh(reg(a) + i)) return false;
      }
      break;
    }
    case Opcode::kENTER_HANDLER:
      kind_ = kRegisterPrevious;
      if (!read_register(reg(a), false) || !write_fresh(reg(a) + 1)) return false;
      break;
    case Opcode::kLEAVE_HANDLER:
      if (!consume(reg(a), 2)) return false;
      break;
    case Opcode::kMATCH_GROUP:
      if (!read(b) || !read(c) || !write_fresh(reg(a)) || !write_fresh(reg(a) + 1)) return false;
      break;
    case Opcode::kBEFORE_WITH:
    case Opcode::kBEFORE_ASYNC_WITH:
      if (!read(b) || !write_fresh(reg(a)) || !write_fresh(reg(a) + 1)) return false;
      // The manager stays, for the with statement alone.
      if (!(b & 1) && is_temp(reg(b))) now_[static_cast<size_t>(reg(b))] = static_cast<uint8_t>(kFull | kind_);
      break;
    case Opcode::kMATCH_CLASS:
      if (!read_register(reg(b), false) || !consume(reg(b) + 1, 2) || !write(reg(a))) return false;
      break;
    case Opcode::kFOR_ITER: {
      if (!read_register(reg(b), false)) return false;
      Registers going_on = now_;
      now_[static_cast<size_t>(reg(b))] = kEmpty;
      if (!jump()) return false;
      now_ = going_on;
      if (!write(reg(a))) return false;
      break;
    }
    case Opcode::kSEND:
      if (!read(b) || !read(c) || !write(reg(a)) || !jump()) return false;
      break;
    case Opcode::kJUMP_IF_TRUE_OR_CLEAR:
    case Opcode::kJUMP_IF_FALSE_OR_CLEAR:
      if (!read_register(reg(a), false) || !jump()) return false;
      now_[static_cast<size_t>(reg(a))] = kEmpty;
      break;
    case Opcode::kJUMP:
    case Opcode::kJUMP_BACK:
      if (!jump()) return false;
      ends = true;
      break;
    case Opcode::kRAISE:
      if (c >= 1 && !read(a)) return false;
      if (c >= 2 && !read(b)) return false;
      ends = true;
      break;
    case Opcode::kRERAISE:
      if (!read(a)) return false;
      ends = true;
      break;
    case Opcode::kRETURN:
      if (!read(a)) return false;
      for (int i = first_temp_; i < registers_; i++) {
        if (now_[static_cast<size_t>(i)] != kEmpty) return fail("returns with a live temporary", i);
      }
      ends = true;
      break;
    default:
      // Reads first, then the one result, then the jump.
      if (info.a == OperandKind::R && !read(a)) return false;
      if (info.b == OperandKind::R && !read(b)) return false;
      if (info.c == OperandKind::R && !read(c)) return false;
      if (info.a == OperandKind::W && !write(reg(a))) return false;
      if (info.a == OperandKind::B || info.b == OperandKind::B) return fail("instruction unknown to the verifier");
      if (compiler::is_jump(op) && !jump()) return false;
  }
  if (!raise_from(before)) return false;
  if (ends) *next = UINT32_MAX;
  return true;
}

bool Verifier::flow_from(uint32_t start) {
  now_ = states_[start];
  for (uint32_t at = start;;) {
    uint32_t next;
    if (!step(at, &next)) return false;
    if (next == UINT32_MAX) return true;
    if (next >= unit_->words.size) return fail("runs off the end");
    if (leaders_[next]) return merge_into(next, now_);
    at = next;
  }
}

std::vector<Verifier::Registers> Verifier::states_at(const std::vector<uint32_t>& words) {
  running_ = true;
  if (!scan()) return {};
  for (uint32_t word : words) leaders_[word] = true;
  if (!flow()) return {};
  std::vector<Registers> result;
  for (uint32_t word : words) result.push_back(states_[word]);
  return result;
}

std::string Verifier::run() { return scan() && flow() ? std::string() : fault_; }

bool Verifier::flow() {
  Registers entry(static_cast<size_t>(registers_), kEmpty);
  for (uint32_t i = 0; i < unit_->parameter_count; i++) entry[i] = kFull;
  for (uint32_t i = 0; i < unit_->free_count; i++) entry[unit_->free_register + i] = kFull;
  if (unit_->words.size == 0) return fail("no code");
  merge_into(0, entry);
  while (!work_.empty()) {
    uint32_t start = work_.back();
    work_.pop_back();
    if (!flow_from(start)) return false;
  }
  return true;
}

}  // namespace

std::vector<std::vector<uint8_t>> register_states(const CodeUnit* unit, const std::vector<uint32_t>& words) {
  return Verifier(unit).states_at(words);
}

std::string verify(const CodeUnit* unit) {
  std::string fault = Verifier(unit).run();
  if (!fault.empty()) return fault;
  for (const UnitConstant& constant : unit->constants) {
    if (constant.kind != ConstantKind::kCode) continue;
    fault = verify(constant.code);
    if (!fault.empty()) return fault;
  }
  return {};
}

}  // namespace pt
