// The stencils: each operation of ops.def instantiated for the registers and places its operands may have. Holes are
// addresses of undefined symbols. Compiled apart from the runtime; stencil_gen reads the object file.
#include <bit>
#include <utility>

#include "jit_stencils/abi.h"
#include "vm/object/thread.h"
#include "vm/ops/micro_ops.h"
#include "vm/types/dict.h"
#include "vm/types/dict_inl.h"

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
};
PT_INLINE uint64_t hole0() { return reinterpret_cast<uint64_t>(pt_hole_0); }
PT_INLINE uint64_t hole1() { return reinterpret_cast<uint64_t>(pt_hole_1); }
template <class T>
PT_INLINE T& at(uint64_t address) { return *reinterpret_cast<T*>(address); }
PT_INLINE Value value(uint64_t bits) { return Value::from_bits(bits); }

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

#define PT_INT_BINARY(NAME)                                             \
  template <> struct Body<StencilOp::k##NAME> {                         \
    template <int A, int B>                                             \
    PT_INLINE static bool run(State* s, char*, Registers& x) {          \
      Value out;                                                        \
      if (ops::NAME::run(value(x.r[A]), value(word_b<B>(s, x)), out) != Flow::kNext) return false; \
      x.r[A] = out.bits();                                              \
      return true;                                                      \
    }                                                                   \
  };
PT_INT_BINARY(AddInt)
PT_INT_BINARY(SubInt)
PT_INT_BINARY(MulInt)
PT_INT_BINARY(FloorDivInt)
PT_INT_BINARY(ModInt)
PT_INT_BINARY(AndInt)
PT_INT_BINARY(OrInt)
PT_INT_BINARY(XorInt)
PT_INT_BINARY(LshiftInt)
PT_INT_BINARY(RshiftInt)
#define PT_INT_GUARD(NAME)                                                                                       \
  template <> struct Body<StencilOp::kGuard##NAME##Int> {                                                        \
    template <int A, int B>                                                                                      \
    PT_INLINE static bool run(State* s, char*, Registers& x) {                                                   \
      return ops::CompareInt<CompareOp::k##NAME>::run(value(x.r[A]), value(word_b<B>(s, x)));                    \
    }                                                                                                            \
  };
PT_INT_GUARD(Lt)
PT_INT_GUARD(Le)
PT_INT_GUARD(Eq)
PT_INT_GUARD(Ne)
PT_INT_GUARD(Gt)
PT_INT_GUARD(Ge)
#define PT_FLOAT_BINARY(NAME)                                           \
  template <> struct Body<StencilOp::k##NAME> {                         \
    template <int A, int B>                                             \
    PT_INLINE static bool run(State* s, char*, Registers& x) {          \
      x.f[A] = ops::NAME::compute(x.f[A], float_b<B>(s, x));            \
      return true;                                                      \
    }                                                                   \
  };
PT_FLOAT_BINARY(AddFloat)
PT_FLOAT_BINARY(SubFloat)
PT_FLOAT_BINARY(MulFloat)
#define PT_FLOAT_GUARD(NAME, OP, EXPECTED)                                                                       \
  template <> struct Body<StencilOp::kGuard##NAME##Float> {                                                      \
    template <int A, int B>                                                                                      \
    PT_INLINE static bool run(State* s, char*, Registers& x) {                                                   \
      return ops::compare_numbers<CompareOp::OP>(x.f[A], float_b<B>(s, x)) == EXPECTED;                          \
    }                                                                                                            \
  };
PT_FLOAT_GUARD(Lt, kLt, true)
PT_FLOAT_GUARD(Le, kLe, true)
PT_FLOAT_GUARD(NotLt, kLt, false)
PT_FLOAT_GUARD(NotLe, kLe, false)
PT_FLOAT_GUARD(Eq, kEq, true)
PT_FLOAT_GUARD(Ne, kNe, true)

#define PT_BODY(NAME)                                                   \
  template <> struct Body<StencilOp::k##NAME> {                         \
    template <int A, int B>                                             \
    PT_INLINE static bool run([[maybe_unused]] State* s, [[maybe_unused]] char* frame, Registers& x); \
  };                                                                    \
  template <int A, int B>                                               \
  PT_INLINE bool Body<StencilOp::k##NAME>::run([[maybe_unused]] State* s, [[maybe_unused]] char* frame, Registers& x)

PT_BODY(DivFloat) {
  double y = float_b<B>(s, x);
  if (y == 0.0) return false;
  x.f[A] = x.f[A] / y;
  return true;
}
PT_BODY(NegFloat) {
  uint64_t sign = uint64_t{1} << 63;
  asm("" : "+r"(sign));  // keeps the constant out of memory, which a stencil cannot have
  x.f[A] = std::bit_cast<double>(std::bit_cast<uint64_t>(x.f[A]) ^ sign);
  return true;
}
PT_BODY(LoadFrame) { x.r[A] = at<uint64_t>(reinterpret_cast<uint64_t>(frame) + hole0()); return true; }
PT_BODY(LoadGlobal) {
  const auto& g = at<GlobalReference>(hole0());
  const DictTable* t = static_cast<const Dict*>(g.dict)->table.load(std::memory_order_acquire);
  if (t->version.load(std::memory_order_relaxed) != g.version) return false;
  x.r[A] = at<uint64_t>(reinterpret_cast<uint64_t>(t) + static_cast<uint64_t>(g.offset));
  return true;
}
PT_BODY(GuardInt) { return value(x.r[A]).is_small_int(); }
PT_BODY(GuardFloat) {
  Value v = value(word_b<B>(s, x));
  if (!v.is_immediate_float()) return false;
  x.f[A] = v.as_immediate_float();
  return true;
}
PT_BODY(BoxFloat) {
  Value v = Value::immediate_float(float_b<B>(s, x));
  if (v.empty()) return false;
  x.r[A] = v.bits();
  return true;
}
PT_BODY(IntToFloat) { x.f[A] = static_cast<double>(value(word_b<B>(s, x)).as_small_int()); return true; }
PT_BODY(GuardShape) {
  uint64_t bits = x.r[A];
  uint64_t pointer = bits & ~Value::kBorrowedBit;
  if ((bits & 3) != 0 || pointer == 0) return false;
  if (at<Object>(pointer).shape_id.load(std::memory_order_relaxed) != static_cast<uint32_t>(hole0())) return false;
  x.r[A] = pointer;
  return true;
}
PT_BODY(CheckShape) { return at<Object>(x.r[A]).shape_id.load(std::memory_order_relaxed) == static_cast<uint32_t>(hole0()); }
PT_BODY(GuardIs) { return value(x.r[A]).same(value(word_b<B>(s, x))); }
PT_BODY(GuardIsNot) { return !value(x.r[A]).same(value(word_b<B>(s, x))); }
PT_BODY(GuardBound) { return x.r[A] != 0; }
PT_BODY(GuardEqual) { return x.r[A] == word_b<B>(s, x); }
// A 32-bit cell in memory (an attribute node's shape) holds what was seen.
PT_BODY(GuardCell) { return at<uint32_t>(x.r[A]) == static_cast<uint32_t>(hole0()); }
PT_BODY(GuardUnshared) {
  const Object& o = at<Object>(x.r[A]);
  return o.owner.load(std::memory_order_relaxed) == s->owner_id && o.local.load(std::memory_order_relaxed) == 1 &&
         o.shared.load(std::memory_order_relaxed) == 0;
}
PT_BODY(TagWord) {
  auto i = static_cast<int64_t>(x.r[A]);
  if (!Value::fits_small_int(i)) return false;
  x.r[A] = Value::small_int(i).bits();
  return true;
}
PT_BODY(GuardIndex) { return static_cast<uint64_t>(value(x.r[A]).as_small_int()) < word_b<B>(s, x); }
PT_BODY(ItemAddress) { x.r[A] = x.r[A] + (word_b<B>(s, x) - 1) * 4; return true; }
PT_BODY(LoadWord) { x.r[A] = at<uint64_t>(x.r[A] + hole0()); return true; }
PT_BODY(LoadField) {
  uint64_t bits = at<uint64_t>(x.r[A] + hole0());
  if (bits == 0) return false;
  x.r[A] = bits;
  return true;
}
PT_BODY(LoadItem) { x.r[A] = at<uint64_t>(x.r[A] + hole0()); return true; }
PT_BODY(StoreField) {
  uint64_t& field = at<uint64_t>(x.r[A] + hole0());
  if ((field & 3) == 0) return false;  // counted or empty: the interpreter does it
  field = word_b<B>(s, x);
  return true;
}
PT_BODY(StoreItem) {
  uint64_t& field = at<uint64_t>(x.r[A] + hole0());
  if ((field & 3) == 0) return false;
  field = word_b<B>(s, x);
  return true;
}
PT_BODY(Retain) {
  uint64_t bits = x.r[A];
  if (value(bits).is_object()) {
    Object& o = at<Object>(bits & ~Value::kBorrowedBit);
    if (o.owner.load(std::memory_order_relaxed) != s->owner_id) return false;
    o.local.store(o.local.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  return true;
}
PT_BODY(Safepoint) {
  (void)x;
  return s->thread->breaker.load(std::memory_order_relaxed) == 0;
}
PT_BODY(MoveWord) { x.r[A] = word_b<B>(s, x); return true; }
PT_BODY(MoveFloat) { x.f[A] = float_b<B>(s, x); return true; }
PT_BODY(StoreWord) { at<uint64_t>(reinterpret_cast<uint64_t>(s) + hole0()) = x.r[A]; return true; }
PT_BODY(StoreFloat) { at<double>(reinterpret_cast<uint64_t>(s) + hole0()) = x.f[A]; return true; }

#define PT_PASS(x)                                                                                                        \
  s, frame, x.r[0], x.r[1], x.r[2], x.r[3], x.r[4], x.r[5], x.r[6], x.r[7], x.f[0], x.f[1], x.f[2], x.f[3], x.f[4], x.f[5], \
      x.f[6], x.f[7]

template <StencilOp Op, int A, int B>
__attribute__((preserve_none)) uint64_t stencil(PT_TRACE_PARAMETERS) {
  Registers x{{r0, r1, r2, r3, r4, r5, r6, r7}, {f0, f1, f2, f3, f4, f5, f6, f7}};
  if constexpr (Op == StencilOp::kExit) {
    for (int i = 0; i < kRegisterCount; ++i) s->r[i] = x.r[i];
    for (int i = 0; i < kRegisterCount; ++i) s->f[i] = x.f[i];
    return hole0();
  } else {
    Registers old = x;
    if (__builtin_expect(!Body<Op>::template run<A, B>(s, frame, x), 0)) {
      [[clang::musttail]] return pt_exit(PT_PASS(old));
    }
    [[clang::musttail]] return pt_continue(PT_PASS(x));
  }
}

// ---- the table ---------------------------------------------------------------------------------------------------------
enum class Form { Source, Binary, Unary, Cross, Check1, Check2, Alone };
enum class Kind { N, W, I, F, O, P };
template <StencilOp Op, int... N>
struct Rows {
  StencilRecord rows[sizeof...(N)];
};
// Variants of an operation: `as` values of A times the values of B in [0, bs); bs 0 means that B is unused.
template <StencilOp Op, int Bs, int... N>
constexpr auto rows(std::integer_sequence<int, N...>) {
  constexpr int kBs = Bs ? Bs : 1;
  return Rows<Op, N...>{{{(const void*)(&stencil<Op, N / kBs, N % kBs>), static_cast<uint32_t>(Op),
                          static_cast<uint16_t>(N / kBs), static_cast<uint16_t>(N % kBs)}...}};
}
constexpr int operand_places(bool is_float) { return is_float ? kOperandPool + 1 : kOperandCount; }
constexpr int a_places(Form f) { return f == Form::Alone ? 1 : kRegisterCount; }
constexpr int b_places(Form f, Kind a, Kind b) {
  if (f == Form::Binary || f == Form::Check2) return operand_places(b == Kind::F);
  if (f == Form::Cross) return operand_places(a == Kind::F);
  return 0;
}
constexpr int row_count(Form f, Kind a, Kind b) {
  int bs = b_places(f, a, b);
  return a_places(f) * (bs ? bs : 1);
}

}  // namespace

#define PT_TABLE(name, a, b, form)                                                               \
  [[gnu::section("pt_stencils"), gnu::used]] constinit const auto table_##name =                 \
      rows<StencilOp::k##name, b_places(Form::form, Kind::a, Kind::b)>(                          \
          std::make_integer_sequence<int, row_count(Form::form, Kind::a, Kind::b)>{});
#define PT_JIT_OP(name, result, a, b, form, flags) PT_TABLE(name, a, b, form)
#include "jit_stencils/ops.def"
#undef PT_JIT_OP
PT_TABLE(MoveWord, I, N, Cross)
PT_TABLE(MoveFloat, F, N, Cross)
PT_TABLE(StoreWord, I, N, Check1)
PT_TABLE(StoreFloat, F, N, Check1)
PT_TABLE(Exit, N, N, Alone)

}  // namespace pt::jit
