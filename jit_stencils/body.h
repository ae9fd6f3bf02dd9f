#pragma once
// What the stencils are written with: registers, holes, operands and the body of an operation. For stencils.cpp alone.
#include "jit_stencils/locks.h"
#include "vm/object/thread.h"
#include "vm/ops/micro_ops.h"

namespace pt::jit {

extern "C" {
extern char pt_hole_0[], pt_hole_1[];
__attribute__((preserve_none)) uint64_t pt_continue(PT_TRACE_PARAMETERS);
__attribute__((preserve_none, cold)) uint64_t pt_exit(PT_TRACE_PARAMETERS);
}

namespace {

using ops::Flow;

struct Registers {
  uint64_t r[kRegisterCount];
  double f[kRegisterCount];
  CallRecord* record;
};
PT_INLINE uint64_t hole0() { return reinterpret_cast<uint64_t>(pt_hole_0); }
PT_INLINE uint64_t hole1() { return reinterpret_cast<uint64_t>(pt_hole_1); }
template <class T>
PT_INLINE T& at(uint64_t address) {
  return *reinterpret_cast<T*>(address);
}
PT_INLINE Value value(uint64_t bits) { return Value::from_bits(bits); }
// Value::is_object and is_counted as two short tests: the single comparison takes a constant of ten bytes.
template <int Tag>
PT_INLINE bool is_tagged_zero(uint64_t bits) {
  if (bits & Tag) return false;
  asm volatile("");  // two jumps, no arithmetic
  return bits != 0;
}
PT_INLINE bool is_pointer(uint64_t bits) { return is_tagged_zero<3>(bits); }
PT_INLINE bool is_counted(uint64_t bits) { return is_tagged_zero<7>(bits); }
// Only the owner writes `local`: no lock, but one instruction.
PT_INLINE void increment(std::atomic<uint32_t>& local) { asm volatile("incl %0" : "+m"(local)); }
PT_INLINE void decrement(std::atomic<uint32_t>& local) { asm volatile("decl %0" : "+m"(local)); }
// A hole, a number of 32 bits, as the operand of the comparison.
template <int Hole>
PT_INLINE bool equals_hole(const void* number) {
  bool equal;
  asm volatile("cmpl $pt_hole_%c2, %1" : "=@cce"(equal) : "m"(*static_cast<const uint32_t*>(number)), "i"(Hole));
  return equal;
}
PT_INLINE bool tag_small_int(int64_t i, uint64_t* out) {
  int64_t doubled;
  if (__builtin_add_overflow(i, i, &doubled)) return false;
  *out = static_cast<uint64_t>(doubled) | 1;
  return true;
}

template <int B>
PT_INLINE uint64_t word_b(State* s, const Registers& x) {
  if constexpr (B < kRegisterCount) return x.r[B];
  if constexpr (B == kOperandSlot) return at<uint64_t>(reinterpret_cast<uint64_t>(s) + hole1());
  if constexpr (B == kOperandPool) return at<uint64_t>(hole1());
  return hole1();
}
template <int B>
PT_INLINE double float_b(State* s, const Registers& x) {
  if constexpr (B < kRegisterCount) return x.f[B];
  if constexpr (B == kOperandSlot) return at<double>(reinterpret_cast<uint64_t>(s) + hole1());
  return at<double>(hole1());
}

// Every operation: does it hold (true) or leave through the exit (false, registers as they were).
template <StencilOp Op> struct Body;

#define PT_BODY(NAME)                                                                                                  \
  template <> struct Body<StencilOp::k##NAME> {                                                                        \
    template <int A, int B>                                                                                            \
    PT_INLINE static bool run([[maybe_unused]] State* s, [[maybe_unused]] char* frame, [[maybe_unused]] Registers& x); \
  };                                                                                                                   \
  template <int A, int B>                                                                                              \
  PT_INLINE bool Body<StencilOp::k##NAME>::run([[maybe_unused]] State* s, [[maybe_unused]] char* frame,                \
                                               [[maybe_unused]] Registers& x)

}  // namespace
}  // namespace pt::jit
