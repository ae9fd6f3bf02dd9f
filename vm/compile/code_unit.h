#pragma once
// CodeUnit: what the compiler produces. Plain arena data without Python objects; vm/runtime turns it into a code object
// and the marshal module's own format stores it.
#include <cstdint>

#include "vm/syntax/arena.h"
#include "vm/syntax/ast.h"

namespace pt {

struct CodeUnit;

enum class ConstantKind : uint8_t {
  kNone,
  kTrue,
  kFalse,
  kEllipsis,
  kInt,
  kFloat,
  kImaginary,
  kStr,
  kBytes,
  kTuple,
  kFrozenSet,
  kCode,
  kComplex
};

struct UnitConstant {
  ConstantKind kind;
  // kInt, kFloat, kImaginary, kStr, kBytes. A folded int that does not fit has its digits in `text` as literals do,
  // with a leading '-' where it is negative.
  const syntax::ConstantValue* literal = nullptr;
  const UnitConstant* items = nullptr;        // kTuple, kFrozenSet; kComplex: two kFloat, real and imaginary part
  uint32_t item_count = 0;
  CodeUnit* code = nullptr;                   // kCode
};

// co_flags bits with CPython's values, as `inspect` reads them.
enum CodeFlags : uint32_t {
  kCodeOptimized = 0x1,
  kCodeNewLocals = 0x2,
  kCodeVarArgs = 0x4,
  kCodeVarKeywords = 0x8,
  kCodeNested = 0x10,
  kCodeGenerator = 0x20,
  kCodeCoroutine = 0x80,
  kCodeIterableCoroutine = 0x100,
  kCodeAsyncGenerator = 0x200,
  kCodeFutureBarryAsBdfl = 0x400000,
  kCodeFutureAnnotations = 0x1000000,
};

struct ExceptionEntry {
  uint32_t start, end;  // words, half open; covers the instructions that start there
  uint32_t target;
  uint32_t depth;       // first register that is emptied; receives the exception
};

struct CodeUnit {
  const syntax::Identifier* name;
  const char* qualname;
  uint32_t argument_count;            // positional ones, positional-only included
  uint32_t positional_only_count, keyword_only_count;
  uint32_t flags;
  int32_t first_line;
  uint32_t parameter_count;           // registers the parameters take: positional, keyword-only, *args, **kwargs
  uint32_t first_temporary;           // locals, cells and free variables lie below
  uint32_t register_count;            // with temporaries and the largest outgoing argument area
  uint32_t loop_count;                // numbers used by JUMP_BACK
  uint32_t self_attribute_count;      // distinct names stored to attributes of the first parameter (sizes instances)
  // Names of registers below first_temporary, in order: parameters, other locals, cells, free variables. A captured
  // parameter keeps its register: MAKE_CELL replaces its content by the cell.
  syntax::Seq<const syntax::Identifier*> local_names;
  syntax::Seq<uint8_t> local_kinds;   // 1 local, 2 cell (captured by an inner scope), 4 free; a captured parameter: 1 | 2
  uint32_t free_register;             // first register of the free variables, filled at entry from the closure
  uint32_t free_count;
  syntax::Seq<const syntax::Identifier*> names;   // for N operands
  syntax::Seq<UnitConstant> constants;
  syntax::Seq<uint64_t> words;
  syntax::Seq<ExceptionEntry> exceptions;  // innermost first for every pc
  syntax::Seq<uint8_t> positions;     // encoded; see vm/compile/positions.h
  const UnitConstant* docstring;      // constants[0] when the function has one, else nullptr
};

}  // namespace pt
