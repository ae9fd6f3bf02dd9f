#include "vm/compile/disassemble.h"

#include <cstdio>

#include "vm/compile/assembler.h"
#include "vm/compile/positions.h"
#include "vm/ops/instruction.h"

namespace pt {
namespace {

std::string quoted(std::string_view text, const char* prefix) {
  std::string out = prefix;
  out += '\'';
  for (char c : text) {
    unsigned char byte = static_cast<unsigned char>(c);
    if (c == '\'' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20) {
      char buffer[8];
      snprintf(buffer, sizeof buffer, "\\x%02x", byte);
      out += buffer;
    } else {
      out += c;
    }
    if (out.size() > 60) return out + "...'";
  }
  return out + '\'';
}

std::string number(double value) {
  char buffer[40];
  snprintf(buffer, sizeof buffer, "%.17g", value);
  double back;
  for (int digits = 1; digits < 17; digits++) {
    char shorter[40];
    snprintf(shorter, sizeof shorter, "%.*g", digits, value);
    if (sscanf(shorter, "%lf", &back) == 1 && back == value) {
      std::string text = shorter;
      if (text.find_first_of(".enia") == std::string::npos) text += ".0";
      return text;
    }
  }
  return buffer;
}

class Listing {
 public:
  Listing(const CodeUnit* unit, const DisassembleOptions& options) : unit_(unit), options_(options) {}
  std::string run();

 private:
  void header();
  void instruction(uint32_t at);
  void exceptions();
  std::string reg(int index) const;
  std::string operand(OperandKind kind, int value) const;
  std::string name(uint64_t index) const;
  std::string constant(uint64_t index) const;
  void add(const std::string& text) { out_ += text; }

  const CodeUnit* unit_;
  const DisassembleOptions& options_;
  std::string out_;
};

std::string Listing::reg(int index) const {
  if (index >= 0 && static_cast<uint32_t>(index) < unit_->local_names.size) {
    return unit_->local_names[static_cast<size_t>(index)]->utf8;
  }
  return "t" + std::to_string(index - static_cast<int>(unit_->first_temporary));
}

std::string Listing::name(uint64_t index) const {
  return index < unit_->names.size ? std::string(unit_->names[index]->view()) : "?";
}

std::string Listing::constant(uint64_t index) const {
  return index < unit_->constants.size ? constant_text(unit_->constants[index]) : "?";
}

std::string Listing::operand(OperandKind kind, int value) const {
  switch (kind) {
    case OperandKind::W:
    case OperandKind::B: return reg(value >> 1);
    case OperandKind::R:
      if (value < 0) return constant(static_cast<uint64_t>(~(value >> 1)));
      return reg(value >> 1) + (value & 1 ? "!" : "");
    case OperandKind::N: return name(static_cast<uint64_t>(value));
    default: return std::to_string(value);
  }
}

void Listing::header() {
  char buffer[200];
  snprintf(buffer, sizeof buffer, "%s: line %d, arguments %u", unit_->qualname, unit_->first_line, unit_->argument_count);
  add(buffer);
  auto count = [&](const char* what, uint32_t value) {
    if (value) add(std::string(", ") + what + " " + std::to_string(value));
  };
  count("positional-only", unit_->positional_only_count);
  count("keyword-only", unit_->keyword_only_count);
  snprintf(buffer, sizeof buffer, ", flags 0x%x, registers %u, loops %u", unit_->flags, unit_->register_count, unit_->loop_count);
  add(buffer);
  count("attributes", unit_->self_attribute_count);
  add("\n");
  if (unit_->local_names.size) {
    add("  locals:");
    for (uint32_t i = 0; i < unit_->local_names.size; i++) {
      add(" ");
      add(unit_->local_names[i]->utf8);
      if (unit_->local_kinds[i] & 2) add("(cell)");
      if (unit_->local_kinds[i] & 4) add("(free)");
    }
    add("\n");
  }
  if (unit_->docstring) add("  doc: " + constant_text(*unit_->docstring) + "\n");
}

void Listing::instruction(uint32_t at) {
  const uint64_t* words = unit_->words.data;
  uint64_t word = words[at];
  Opcode op = opcode_of(word);
  const InstructionInfo& info = kInstructionInfo[static_cast<int>(op)];
  char buffer[64];
  snprintf(buffer, sizeof buffer, "%6u  %-22s", at, info.name);
  std::string line = options_.bare ? info.name : buffer;
  bool is_first = true;
  auto part = [&](const std::string& text) {
    line += is_first ? " " : ", ";
    line += text;
    is_first = false;
  };
  if (info.a != OperandKind::none && !(op == Opcode::kRAISE && operand_c(word) == 0)) {
    part(operand(info.a, operand_a(word)));
  }
  if (info.b == OperandKind::K) {
    part(constant(static_cast<uint64_t>(operand_wide(word))));
  } else if (info.b != OperandKind::J) {
    bool is_unused = op == Opcode::kRAISE && operand_c(word) < 2;
    if (info.b != OperandKind::none && !is_unused) part(operand(info.b, operand_b(word)));
    if (info.c == OperandKind::U && (op == Opcode::kCONVERT_VALUE)) {
      part(std::string("'") + static_cast<char>(operand_c(word)) + "'");
    } else if (op == Opcode::kYIELD) {
      if (operand_c(word) & 1) part("for " + reg(operand_c(word) >> 1));
    } else if (info.c != OperandKind::none) {
      part(operand(info.c, operand_c(word)));
    }
  }
  if (info.extra_words && extra_kind(op) == ExtraKind::kName) part(name(words[at + 1]));
  if (info.extra_words && extra_kind(op) == ExtraKind::kConstant) part(constant(words[at + 1]));
  if (compiler::is_jump(op)) part("-> " + std::to_string(compiler::jump_target(words, at)));
  if (options_.positions) {
    Position position;
    if (position_at(unit_->positions, unit_->first_line, at, &position)) {
      snprintf(buffer, sizeof buffer, "%d:%d-%d:%d", position.line, position.col, position.end_line, position.end_col);
      line.resize(std::max<size_t>(line.size(), 70), ' ');
      line += "  ; ";
      line += buffer;
    }
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  add(line + "\n");
}

void Listing::exceptions() {
  for (const ExceptionEntry& entry : unit_->exceptions) {
    add("  " + std::to_string(entry.start) + "-" + std::to_string(entry.end) + " -> " + std::to_string(entry.target) + " depth " +
        reg(static_cast<int>(entry.depth)) + "\n");
  }
}

std::string Listing::run() {
  if (!options_.bare) header();
  for (uint32_t at = 0; at < unit_->words.size;) {
    instruction(at);
    at += static_cast<uint32_t>(instruction_words(opcode_of(unit_->words[at])));
  }
  if (unit_->exceptions.size && !options_.bare) {
    add("  exceptions:\n");
    exceptions();
  }
  if (options_.nested) {
    for (const UnitConstant& constant : unit_->constants) {
      if (constant.kind == ConstantKind::kCode) {
        add("\n");
        add(disassemble(constant.code, options_));
      }
    }
  }
  return std::move(out_);
}

}  // namespace

std::string constant_text(const UnitConstant& constant) {
  switch (constant.kind) {
    case ConstantKind::kNone: return "None";
    case ConstantKind::kTrue: return "True";
    case ConstantKind::kFalse: return "False";
    case ConstantKind::kEllipsis: return "...";
    case ConstantKind::kInt:
      if (constant.literal->is_small) return std::to_string(constant.literal->integer);
      return (constant.literal->base == 16  ? "0x"
              : constant.literal->base == 8 ? "0o"
              : constant.literal->base == 2 ? "0b"
                                            : "") +
             std::string(constant.literal->text.view());
    case ConstantKind::kFloat: return number(constant.literal->number);
    case ConstantKind::kImaginary: return number(constant.literal->number) + "j";
    case ConstantKind::kStr: return quoted(constant.literal->text.view(), "");
    case ConstantKind::kBytes: return quoted(constant.literal->text.view(), "b");
    case ConstantKind::kComplex: return "(" + constant_text(constant.items[0]) + "+" + constant_text(constant.items[1]) + "j)";
    case ConstantKind::kTuple:
    case ConstantKind::kFrozenSet: {
      std::string out = constant.kind == ConstantKind::kTuple ? "(" : "frozenset({";
      for (uint32_t i = 0; i < constant.item_count; i++) {
        if (i) out += ", ";
        if (out.size() > 80) {
          out += "...";
          break;
        }
        out += constant_text(constant.items[i]);
      }
      if (constant.kind == ConstantKind::kFrozenSet) return out + "})";
      return out + (constant.item_count == 1 ? ",)" : ")");
    }
    case ConstantKind::kCode: return std::string("<code ") + constant.code->qualname + ">";
  }
  return "?";
}

std::string disassemble(const CodeUnit* unit, const DisassembleOptions& options) { return Listing(unit, options).run(); }

}  // namespace pt
