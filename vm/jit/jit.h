#pragma once
// The JIT towards the rest of the runtime.
#include <cstdint>

namespace pt::jit {

enum class Mode { kOff, kOn, kForce };
// Reads PTPYTHON_JIT (off, on, force), PTPYTHON_JIT_DUMP (bytecode, ir, code, exits), PTPYTHON_JIT_LIMIT (traces made at
// most), PTPYTHON_PERF_MAP and -X jit=; before the first thread starts.
void initialise();
Mode mode();
const char* mode_name();

enum class Abort : uint8_t {
#define PT_JIT_ABORT(name, text) k##name,
#include "vm/jit/aborts.def"
#undef PT_JIT_ABORT
  kCount
};
// Traces compiled, bytes of their code, and recordings given up so far, all threads.
uint64_t compiled_count();
uint64_t code_bytes();
uint64_t abort_count(Abort reason);
const char* abort_text(Abort reason);

}  // namespace pt::jit
