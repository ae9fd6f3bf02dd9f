// stencil_gen OBJECT TABLE.cpp LISTING.txt: turns the stencils' object file into a table of patchable code.
// Reads the records of section pt_stencils, checks every relocation, turns short branches to the exit into direct ones and
// drops the closing jump to the continuation. The same object file gives the same output.
#include <llvm-c/Disassembler.h>
#include <llvm-c/Target.h>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Object/ObjectFile.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "jit_stencils/abi.h"

using namespace pt::jit;
namespace object = llvm::object;

namespace {

const char* const kOpNames[] = {
#define PT_JIT_OP(name, result, a, b, form, flags) #name,
#include "jit_stencils/ops.def"
#undef PT_JIT_OP
    "MoveWord",       "MoveFloat",    "LoadFloat",      "Allocate",   "FreeRange",     "FreeIterator",     "StoreFrameConstant",
    "AddIntConstant", "BorrowObject", "StoreWord",      "StoreFloat", "GuardIsObject", "GuardIsNotObject", "NoteExit",
    "Exit",           "JumpThrough",  "MoveFrame",      "CallHelper", "CallCold",      "CallKeeping",      "LoadShape",
    "LoadShapeHold",  "HoldReserved", "GuardShapeHold", "TakeHold",   "TakeShapeHold", "GuardGoOn",        "GuardNotRaised"};
static_assert(std::size(kOpNames) == static_cast<size_t>(StencilOp::kCount));

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "stencil_gen: %s\n", message.c_str());
  std::exit(1);
}
template <class T>
T must(llvm::Expected<T> value, const char* what) {
  if (!value) fail(std::string(what) + ": " + llvm::toString(value.takeError()));
  return std::move(*value);
}

struct Relocation {
  uint64_t offset;
  uint64_t type;
  int64_t addend;
  std::string symbol;
  uint64_t section;  // of the symbol; 0 when undefined
};
struct Code {
  std::vector<uint8_t> bytes;
  std::vector<Hole> holes;
};

std::map<uint64_t, std::vector<Relocation>> read_relocations(const object::ELFObjectFileBase& file) {
  std::map<uint64_t, std::vector<Relocation>> result;
  for (const object::SectionRef& section : file.sections()) {
    auto target = must(section.getRelocatedSection(), "relocated section");
    if (target == file.section_end()) continue;
    for (const object::RelocationRef& r : section.relocations()) {
      object::ELFRelocationRef elf(r);
      Relocation out{r.getOffset(), r.getType(), must(elf.getAddend(), "addend"), "", 0};
      object::symbol_iterator symbol = r.getSymbol();
      if (symbol == file.symbol_end()) fail("a relocation without a symbol");
      out.symbol = must(symbol->getName(), "symbol name").str();
      object::section_iterator of = must(symbol->getSection(), "symbol section");
      if (of != file.section_end()) out.section = of->getIndex();
      result[target->getIndex()].push_back(out);
    }
  }
  return result;
}

Hole make_hole(const Relocation& r, const std::string& where) {
  Hole hole{};
  if (r.offset > 0xFFFF) fail(where + ": stencil too long");
  hole.offset = static_cast<uint16_t>(r.offset);
  if (r.symbol == "pt_hole_0")
    hole.kind = HoleKind::kOperand0;
  else if (r.symbol == "pt_hole_1")
    hole.kind = HoleKind::kOperand1;
  else if (r.symbol == "pt_continue")
    hole.kind = HoleKind::kContinue;
  else if (r.symbol == "pt_exit")
    hole.kind = HoleKind::kExit;
  else
    fail(where + ": refers to '" + r.symbol + "', which is no hole");
  switch (r.type) {
    case llvm::ELF::R_X86_64_32: hole.relocation = RelocationKind::kAbsolute32; break;
    case llvm::ELF::R_X86_64_32S: hole.relocation = RelocationKind::kAbsolute32Signed; break;
    case llvm::ELF::R_X86_64_PC32:
    case llvm::ELF::R_X86_64_PLT32: hole.relocation = RelocationKind::kRelative32; break;
    case llvm::ELF::R_X86_64_64: hole.relocation = RelocationKind::kAbsolute64; break;
    default: fail(where + ": relocation type " + std::to_string(r.type) + " is not supported");
  }
  if (r.addend != static_cast<int32_t>(r.addend)) fail(where + ": addend too large");
  hole.addend = static_cast<int32_t>(r.addend);
  return hole;
}

const Hole* hole_at(const Code& code, size_t offset) {
  for (const Hole& h : code.holes) {
    if (h.offset == offset) return &h;
  }
  return nullptr;
}
// A five-byte jump to `kind` starts at `at`.
bool is_jump_to(const Code& code, size_t at, HoleKind kind) {
  if (at + 5 > code.bytes.size() || code.bytes[at] != 0xE9) return false;
  const Hole* h = hole_at(code, at + 1);
  return h && h->kind == kind;
}

// The usual shape of a guard is: ... jcc L; ...; jmp CONTINUE; L: jmp EXIT. Makes it: ... jcc EXIT; ...; (end).
void straighten(Code& code, LLVMDisasmContextRef disassembler) {
  size_t size = code.bytes.size();
  if (size >= 10 && is_jump_to(code, size - 5, HoleKind::kExit) && is_jump_to(code, size - 10, HoleKind::kContinue)) {
    size_t exit = size - 5;
    std::vector<size_t> branches;
    bool simple = true;
    for (size_t at = 0; at < exit && simple;) {
      char text[128];
      size_t length = LLVMDisasmInstruction(disassembler, code.bytes.data() + at, size - at, at, text, sizeof text);
      if (!length) fail("cannot disassemble a stencil");
      uint8_t first = code.bytes[at];
      if (length == 2 && (first & 0xF0) == 0x70) {
        if (at + 2 + static_cast<size_t>(static_cast<int8_t>(code.bytes[at + 1])) == exit)
          branches.push_back(at);
        else
          simple = false;
      } else if (first == 0xEB || (first == 0xE9 && !hole_at(code, at + 1)) ||
                 (first == 0x0F && (code.bytes[at + 1] & 0xF0) == 0x80 && !hole_at(code, at + 2))) {
        simple = false;
      }
      at += length;
    }
    if (simple) {
      code.bytes.resize(exit);
      std::erase_if(code.holes, [&](const Hole& h) { return h.offset >= exit; });
      for (size_t i = branches.size(); i-- > 0;) {
        size_t at = branches[i];
        uint8_t condition = code.bytes[at] & 0xF;
        const uint8_t near[] = {0x0F, static_cast<uint8_t>(0x80 | condition), 0, 0, 0, 0};
        code.bytes.erase(code.bytes.begin() + static_cast<long>(at), code.bytes.begin() + static_cast<long>(at) + 2);
        code.bytes.insert(code.bytes.begin() + static_cast<long>(at), near, near + 6);
        for (Hole& h : code.holes) {
          if (h.offset > at) h.offset = static_cast<uint16_t>(h.offset + 4);
        }
        code.holes.push_back({static_cast<uint16_t>(at + 2), HoleKind::kExit, RelocationKind::kRelative32, -4});
      }
    }
  }
  // jcc CONTINUE; jmp EXIT: the opposite condition leaves, and the rest falls through.
  if (size_t n = code.bytes.size();
      n >= 11 && is_jump_to(code, n - 5, HoleKind::kExit) && code.bytes[n - 11] == 0x0F && (code.bytes[n - 10] & 0xF0) == 0x80) {
    for (Hole& h : code.holes) {
      if (h.offset != n - 9 || h.kind != HoleKind::kContinue) continue;
      code.bytes[n - 10] ^= 1;
      h.kind = HoleKind::kExit;
      code.bytes.resize(n - 5);
      std::erase_if(code.holes, [&](const Hole& x) { return x.offset >= n - 5; });
      break;
    }
  }
  if (size_t n = code.bytes.size(); n >= 5 && is_jump_to(code, n - 5, HoleKind::kContinue)) {
    code.bytes.resize(n - 5);
    std::erase_if(code.holes, [&](const Hole& h) { return h.offset >= n - 5; });
  }
}

const char* hole_name(HoleKind kind) {
  switch (kind) {
    case HoleKind::kOperand0: return "HOLE_0";
    case HoleKind::kOperand1: return "HOLE_1";
    case HoleKind::kContinue: return "CONTINUE";
    case HoleKind::kExit: return "EXIT";
  }
  return "?";
}

void list(std::FILE* out, const Code& code, LLVMDisasmContextRef disassembler) {
  for (size_t at = 0; at < code.bytes.size();) {
    char text[128];
    auto* bytes = const_cast<uint8_t*>(code.bytes.data() + at);
    size_t length = LLVMDisasmInstruction(disassembler, bytes, code.bytes.size() - at, at, text, sizeof text);
    if (!length) fail("cannot disassemble a stencil");
    std::fprintf(out, "  %3zu %s", at, text);
    for (const Hole& h : code.holes) {
      if (h.offset >= at && h.offset < at + length) std::fprintf(out, "   ; %s%+d", hole_name(h.kind), h.addend);
    }
    std::fputc('\n', out);
    at += length;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) fail("usage: stencil_gen OBJECT TABLE.cpp LISTING.txt");
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86Disassembler();
  LLVMDisasmContextRef disassembler = LLVMCreateDisasm("x86_64-linux-gnu", nullptr, 0, nullptr, nullptr);
  if (!disassembler) fail("no disassembler");

  auto binary = must(object::ObjectFile::createObjectFile(argv[1]), "object file");
  auto* file = llvm::dyn_cast<object::ELFObjectFileBase>(binary.getBinary());
  if (!file || file->getArch() != llvm::Triple::x86_64) fail("not an x86-64 ELF object");
  auto relocations = read_relocations(*file);
  std::map<uint64_t, object::SectionRef> sections;
  for (const object::SectionRef& s : file->sections()) sections[s.getIndex()] = s;

  // op -> variant -> code; sorted, so that the output does not depend on the order in the object file.
  std::map<std::tuple<uint32_t, uint16_t, uint16_t>, Code> stencils;
  for (auto& [index, section] : sections) {
    if (must(section.getName(), "section name") != "pt_stencils") continue;
    llvm::StringRef contents = must(section.getContents(), "section contents");
    for (const Relocation& r : relocations[index]) {
      if (r.type != llvm::ELF::R_X86_64_64 || r.addend != 0 || !r.section) fail("a record does not name a stencil");
      StencilRecord record;
      if (r.offset + sizeof record > contents.size()) fail("a record is cut off");
      std::memcpy(&record, contents.data() + r.offset, sizeof record);
      if (record.op >= static_cast<uint32_t>(StencilOp::kCount) || record.a >= kRegisterCount || record.b >= kOperandCount) {
        fail("a record is out of range");
      }
      std::string where = kOpNames[record.op];
      llvm::StringRef text = must(sections[r.section].getContents(), "stencil");
      Code code;
      code.bytes.assign(text.bytes_begin(), text.bytes_end());
      for (const Relocation& hole : relocations[r.section]) code.holes.push_back(make_hole(hole, where));
      straighten(code, disassembler);
      std::sort(code.holes.begin(), code.holes.end(), [](const Hole& x, const Hole& y) { return x.offset < y.offset; });
      if (!stencils.emplace(std::tuple{record.op, record.a, record.b}, std::move(code)).second) {
        fail("two stencils for one variant of " + where);
      }
    }
  }
  if (stencils.empty()) fail("no stencils");

  std::FILE* table = std::fopen(argv[2], "w");
  std::FILE* listing = std::fopen(argv[3], "w");
  if (!table || !listing) fail("cannot write the output");
  std::vector<uint16_t> numbers(static_cast<size_t>(StencilOp::kCount) * kRegisterCount * kOperandCount, 0xFFFF);
  std::fprintf(table,
               "// Generated by stencil_gen.\n#include \"jit_stencils/abi.h\"\nnamespace pt::jit {\n"
               "const uint8_t g_stencil_bytes[] = {\n");
  std::string holes, records;
  uint32_t bytes = 0, hole_count = 0, number = 0;
  for (auto& [key, code] : stencils) {
    auto [op, a, b] = key;
    std::fprintf(listing, "%s a=%d b=%d\n", kOpNames[op], a, b);
    list(listing, code, disassembler);
    for (uint8_t byte : code.bytes) std::fprintf(table, "%d,", byte);
    std::fputc('\n', table);
    char line[160];
    for (const Hole& h : code.holes) {
      std::snprintf(line, sizeof line, "{%d, HoleKind(%d), RelocationKind(%d), %d},\n", h.offset, static_cast<int>(h.kind),
                    static_cast<int>(h.relocation), h.addend);
      holes += line;
    }
    std::snprintf(line, sizeof line, "{%u, %zu, %u, %zu},\n", bytes, code.bytes.size(), hole_count, code.holes.size());
    records += line;
    bytes += static_cast<uint32_t>(code.bytes.size());
    hole_count += static_cast<uint32_t>(code.holes.size());
    numbers[(op * kRegisterCount + a) * kOperandCount + b] = static_cast<uint16_t>(number++);
  }
  std::fprintf(table, "};\nconst Hole g_stencil_holes[] = {\n%s};\nconst Stencil g_stencils[] = {\n%s};\n", holes.c_str(),
               records.c_str());
  std::fprintf(table, "const uint16_t g_stencil_index[static_cast<int>(StencilOp::kCount)][kRegisterCount][kOperandCount] = {\n");
  size_t at = 0;
  for (int op = 0; op < static_cast<int>(StencilOp::kCount); ++op) {
    std::fprintf(table, "{");
    for (int a = 0; a < kRegisterCount; ++a) {
      std::fprintf(table, "{");
      for (int b = 0; b < kOperandCount; ++b) std::fprintf(table, "%d,", numbers[at++]);
      std::fprintf(table, "},");
    }
    std::fprintf(table, "},\n");
  }
  std::fprintf(table, "};\n}  // namespace pt::jit\n");
  if (std::fclose(table) || std::fclose(listing)) fail("cannot write the output");
  LLVMDisasmDispose(disassembler);
  return 0;
}
