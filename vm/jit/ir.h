#pragma once
// Trace IR: SSA in a straight line, with one loop. Instruction i is reference i; constants are instructions of their own.
// Everything before loop_start runs once, on entry; what follows is the loop. A phi pairs the value the loop starts with
// (`left`, from before it) with the value of its next round (`right`); in the loop, `left` names both.
#include <cstdint>
#include <string>
#include <vector>

#include "jit_stencils/abi.h"

namespace pt::jit {

enum class Op : uint8_t {
#define PT_JIT_OP(name, result, a, b, form, flags) k##name,
#include "jit_stencils/ops.def"
#undef PT_JIT_OP
  kConstant,       // imm: a value word or raw word
  kConstantFloat,  // imm: the double's bits
  kCount
};
enum class Type : uint8_t { N, W, I, F, O, P };
enum class Form : uint8_t { Source, Binary, Unary, Cross, Check1, Check2, Alone, Constant };
enum OpFlags : uint8_t { kGuard = 1, kPure = 2, kLoad = 4, kStore = 8, kEffect = 16, kCommutative = 32 };
struct OpDescription {
  const char* name;
  Type result, a, b;
  Form form;
  uint8_t flags;
};
extern const OpDescription kOpDescriptions[static_cast<int>(Op::kCount)];
inline const OpDescription& describe(Op op) { return kOpDescriptions[static_cast<int>(op)]; }

using Reference = int32_t;
inline constexpr Reference kNoReference = -1;

struct Instruction {
  Op op;
  Type type;
  Reference a = kNoReference, b = kNoReference;
  int64_t imm = 0;
  int32_t snapshot = -1;  // of guards
};

// A place the interpreter knows: a register relative to the frame in which the trace began, or the position of the range
// iterator in one.
inline constexpr int32_t kIteratorPosition = 1 << 20;
struct SlotValue {
  int32_t slot;
  Reference value;
};
// A call that was inlined: pushed when the exit is taken.
struct InlinedFrame {
  const void* code;      // Code
  const void* function;  // Function
  int32_t window;        // its register 0, relative to the frame in which the trace began
  int32_t result_register;
  const uint64_t* caller_pc;
};
// How to go on in the interpreter at a guard that fails: what differs from the frame as the trace found it.
struct Snapshot {
  const uint64_t* pc;
  std::vector<SlotValue> slots;
  std::vector<InlinedFrame> frames;
};
struct Phi {
  Reference left, right;
};

struct Ir {
  std::vector<Instruction> code;
  std::vector<Snapshot> snapshots;
  std::vector<Phi> phis;
  std::vector<GlobalReference> globals;
  Reference loop_start = kNoReference;
  bool touches_heap = false;  // depends on objects other threads could change

  const Instruction& at(Reference r) const { return code[static_cast<size_t>(r)]; }
  Reference size() const { return static_cast<Reference>(code.size()); }
  bool is_constant(Reference r) const {
    return r >= 0 && (at(r).op == Op::kConstant || at(r).op == Op::kConstantFloat);
  }
};

// Appends to an Ir, folding, sharing and forwarding as it goes.
class Builder {
 public:
  explicit Builder(Ir& ir) : ir_(ir) {}
  Reference constant(uint64_t word, Type type);
  Reference small_int(int64_t i) { return constant((static_cast<uint64_t>(i) << 1) | 1, Type::I); }
  Reference float_constant(double d);
  // The value of the operation, which may be an older one. `snapshot` is for guards. kNoReference: a check that needs no
  // code. When a guard is known to fail, failed() turns true.
  Reference emit(Op op, Reference a = kNoReference, Reference b = kNoReference, int64_t imm = 0, int32_t snapshot = -1);
  bool failed() const { return failed_; }

 private:
  Reference fold(Op op, Reference& a, Reference& b, int64_t imm);
  Reference find_same(Op op, Reference a, Reference b, int64_t imm) const;
  Reference forward_load(Op op, Reference a, int64_t imm) const;
  Ir& ir_;
  bool failed_ = false;
};

// ---- passes. Each leaves a valid Ir or says why not (a string literal).
// Copies the recorded iteration behind itself: what does not change stays in front, the copy is the loop. `final_slots`:
// the places changed at the end of the iteration.
const char* unroll_loop(Ir& ir, const std::vector<SlotValue>& final_slots);
void remove_dead_code(Ir& ir);
// nullptr, or what is wrong.
const char* validate(const Ir& ir);
std::string dump(const Ir& ir);

}  // namespace pt::jit
