// Hand-built loops through every pass, executed, with results and exits checked.
#include <gtest/gtest.h>

#include <bit>
#include <cstring>

#include "vm/jit/emit.h"
#include "vm/object/thread.h"

namespace pt::jit {
namespace {

constexpr uint64_t kPc[8] = {};

struct Hand {
  Ir ir;
  Builder b{ir};
  std::vector<SlotValue> slots;  // changed so far
  Thread thread;
  State state{};
  CompiledTrace trace;
  std::string listing;

  int32_t snapshot(int pc) {
    ir.snapshots.push_back({kPc + pc, slots, {}, {}, false});
    return static_cast<int32_t>(ir.snapshots.size()) - 1;
  }
  void set(int32_t slot, Reference r) {
    for (SlotValue& s : slots) {
      if (s.slot == slot) {
        s.value = r;
        return;
      }
    }
    slots.push_back({slot, r});
  }
  Reference load_int(int slot) { return b.emit(Op::kGuardInt, b.emit(Op::kLoadFrame, -1, -1, slot), -1, 0, snapshot(0)); }
  Reference load_float(int slot) { return b.emit(Op::kGuardFloat, b.emit(Op::kLoadFrame, -1, -1, slot), -1, 0, snapshot(0)); }
  void compile() {
    const char* error = compile_trace(ir, {nullptr, slots, {}, {}}, &trace, &listing);
    ASSERT_EQ(error, nullptr) << error << "\n" << listing;
  }
  uint64_t run(Value* frame) {
    state.thread = &thread;
    return static_cast<uint64_t>(enter_trace(trace, &state, frame) - trace.exits.get());
  }
  uint64_t at_exit(uint64_t exit, int32_t slot) {
    for (const ExitValue& v : trace.exits[exit].values) {
      if (v.slot == slot) return exit_word(v, state);
    }
    ADD_FAILURE() << "slot " << slot << " is not in the exit\n" << listing;
    return 0;
  }
  int64_t int_at(uint64_t exit, int32_t slot) { return Value::from_bits(at_exit(exit, slot)).as_small_int(); }
};

// while i < n: s += i; i += 1        r0 = s, r1 = i, r2 = n
void sum_loop(Hand& h) {
  h.b.emit(Op::kSafepoint, -1, -1, 0, h.snapshot(0));
  Reference i = h.load_int(1), n = h.load_int(2);
  h.b.emit(Op::kGuardLtInt, i, n, 0, h.snapshot(1));
  Reference s = h.b.emit(Op::kAddInt, h.load_int(0), i, 0, h.snapshot(2));
  h.set(0, s);
  h.set(1, h.b.emit(Op::kAddInt, i, h.b.small_int(1), 0, h.snapshot(3)));
  h.compile();
}

TEST(JitTrace, SumOfInts) {
  Hand h;
  sum_loop(h);
  Value frame[3] = {Value::small_int(0), Value::small_int(0), Value::small_int(1000000)};
  uint64_t exit = h.run(frame);
  EXPECT_EQ(h.trace.exits[exit].pc, kPc + 1);
  EXPECT_TRUE(h.trace.exits[exit].in_loop);
  EXPECT_EQ(h.int_at(exit, 0), 499999500000);
  EXPECT_EQ(h.int_at(exit, 1), 1000000);
}
TEST(JitTrace, GoldenSum) {
  Hand h;
  sum_loop(h);
  size_t compiled = h.listing.find("; compiled");
  EXPECT_EQ(h.listing.substr(compiled), R"(; compiled
   0   Safepoint        exit 0:
   1 w LoadFrame      r1
   2 i GuardInt       1   exit 1:
   3 w LoadFrame      r2
   4 i GuardInt       3   exit 2:
   5   GuardLtInt     2 4   exit 3:
   6 w LoadFrame      r0
   7 i GuardInt       6   exit 4:
   8 i AddInt         7 2   exit 5:
   9 i Constant       int 1
  10 i AddInt         2 9   exit 6: r0=8
loop:
  11   Safepoint        exit 7: r0=8 r1=10
  12   GuardLtInt     10 4   exit 10: r0=8 r1=10
  13 i AddInt         8 10   exit 12: r0=8 r1=10
  14 i AddInt         10 9   exit 13: r1=10 r0=13
phi  10 <- 14
phi  8 <- 13
)") << h.listing;
}
// A trace with r0 and r1 in registers goes into the loop, behind the round in front of it.
TEST(JitTrace, EntersALoopWithItsValues) {
  Hand loop;
  sum_loop(loop);
  ASSERT_TRUE(loop.trace.loop_entry);
  const LoopEntry& entry = *loop.trace.loop_entry;
  EXPECT_TRUE(entry.takes_over(0) && entry.takes_over(1));
  EXPECT_FALSE(entry.takes_over(2));
  ASSERT_EQ(entry.live.size(), 3u);   // s, i, n
  Hand h;
  Reference n = h.load_int(2);
  Reference s = h.b.emit(Op::kAddInt, h.load_int(3), h.b.small_int(100), 0, h.snapshot(0));
  for (const LoopEntry::Live& live : entry.live) {
    Op op = entry.round[static_cast<size_t>(live.value)].op;
    bool is_sum = false;
    for (const SlotValue& v : entry.end) is_sum |= v.slot == 0 && v.value == live.value;
    Reference value = op != Op::kAddInt ? n : is_sum ? s : h.b.small_int(1);
    h.ir.link_values.push_back({value, live.place});
  }
  h.ir.link = &loop.trace;
  h.compile();
  Value frame[4] = {Value(), Value(), Value::small_int(5), Value::small_int(20)};
  h.state.thread = &h.thread;
  auto exit = static_cast<uint64_t>(enter_trace(h.trace, &h.state, frame) - loop.trace.exits.get());
  ASSERT_LT(exit, loop.trace.exit_count);
  loop.state = h.state;
  EXPECT_EQ(loop.int_at(exit, 0), 120 + 1 + 2 + 3 + 4);
  EXPECT_EQ(loop.int_at(exit, 1), 5);
}
TEST(JitTrace, BeginsWithTheTypesOfItsRegisters) {
  Hand h;
  sum_loop(h);
  ASSERT_EQ(h.trace.begins_with.size(), 3u);
  for (const EntryType& t : h.trace.begins_with) EXPECT_EQ(t.type, Type::I);
  EXPECT_EQ(h.trace.begins_with[0].slot, 1);
}
// A trace that ends in front of a loop of another kind: always that exit, from which the loop can be made.
TEST(JitTrace, LeavesInFrontOfALoop) {
  Hand h;
  Reference s = h.b.emit(Op::kAddInt, h.load_int(0), h.b.small_int(100), 0, h.snapshot(0));
  h.set(0, s);
  h.b.emit(Op::kLeave, -1, -1, 3, h.snapshot(5));
  h.ir.leaves = true;
  h.compile();
  EXPECT_TRUE(h.trace.begins_with.empty());
  Value frame[1] = {Value::small_int(7)};
  uint64_t exit = h.run(frame);
  const Exit& e = h.trace.exits[exit];
  EXPECT_EQ(e.pc, kPc + 5);
  EXPECT_TRUE(e.wants_loop);
  EXPECT_EQ(e.tried.load(), 3u);
  EXPECT_EQ(h.int_at(exit, 0), 107);
  EXPECT_FALSE(h.trace.exits[0].wants_loop);
}
// A trace goes on as the exit of another one: with what that one has in registers where it has it.
TEST(JitTrace, GoesOnAsAnotherExit) {
  Hand loop;
  sum_loop(loop);
  const Exit* overflow = nullptr;   // of the second addition, before the loop: r0 is in a register
  for (size_t i = 0; i < loop.trace.exit_count; ++i) {
    const Exit& e = loop.trace.exits[i];
    if (e.target && !e.in_loop && e.pc == kPc + 3) overflow = &e;
  }
  ASSERT_TRUE(overflow && overflow->values.size() == 1);
  Hand h;
  Reference s = h.b.emit(Op::kMulInt, h.load_int(0), h.b.small_int(3), 0, h.snapshot(0));
  h.ir.link_values.push_back({s, overflow->values[0].from});
  h.ir.link_exit = overflow;
  h.compile();
  Value frame[1] = {Value::small_int(14)};
  h.state.thread = &h.thread;
  EXPECT_EQ(enter_trace(h.trace, &h.state, frame), overflow);
  loop.state = h.state;
  EXPECT_EQ(loop.int_at(static_cast<uint64_t>(overflow - loop.trace.exits.get()), 0), 42);
}
TEST(JitTrace, WrongTypeLeavesAtOnce) {
  Hand h;
  sum_loop(h);
  Value frame[3] = {Value::small_int(0), Value::immediate_float(1.5), Value::small_int(10)};
  uint64_t exit = h.run(frame);
  EXPECT_FALSE(h.trace.exits[exit].in_loop);
  EXPECT_TRUE(h.trace.exits[exit].values.empty());
}
TEST(JitTrace, OverflowLeavesBeforeTheAddition) {
  Hand h;
  sum_loop(h);
  Value frame[3] = {Value::small_int(Value::kMaxSmallInt - 10), Value::small_int(0), Value::small_int(100)};
  uint64_t exit = h.run(frame);
  EXPECT_EQ(h.trace.exits[exit].pc, kPc + 2);
  EXPECT_EQ(h.int_at(exit, 1), 5);  // 0+1+2+3+4 = 10 fits, +5 does not
  EXPECT_EQ(h.int_at(exit, 0), Value::kMaxSmallInt);
}
TEST(JitTrace, SafepointLeaves) {
  Hand h;
  sum_loop(h);
  h.thread.request(1);
  Value frame[3] = {Value::small_int(0), Value::small_int(0), Value::small_int(100)};
  EXPECT_EQ(h.trace.exits[h.run(frame)].pc, kPc + 0);
}

// while n > 0 and x*x + y*y <= 4: x, y = x*x - y*y + cx, 2*x*y + cy; n -= 1
TEST(JitTrace, Mandelbrot) {
  Hand h;
  h.b.emit(Op::kSafepoint, -1, -1, 0, h.snapshot(0));
  Reference x = h.load_float(0), y = h.load_float(1), cx = h.load_float(2), cy = h.load_float(3), n = h.load_int(4);
  h.b.emit(Op::kGuardGtInt, n, h.b.small_int(0), 0, h.snapshot(1));
  Reference xx = h.b.emit(Op::kMulFloat, x, x), yy = h.b.emit(Op::kMulFloat, y, y);
  h.b.emit(Op::kGuardLeFloat, h.b.emit(Op::kAddFloat, xx, yy), h.b.float_constant(4.0), 0, h.snapshot(2));
  Reference two_x = h.b.emit(Op::kMulFloat, h.b.float_constant(2.0), x);
  h.set(1, h.b.emit(Op::kAddFloat, h.b.emit(Op::kMulFloat, two_x, y), cy));
  h.set(0, h.b.emit(Op::kAddFloat, h.b.emit(Op::kSubFloat, xx, yy), cx));
  h.set(4, h.b.emit(Op::kSubInt, n, h.b.small_int(1), 0, h.snapshot(3)));
  h.compile();
  for (double c : {0.1, 0.26, 0.3, -0.75, -1.9}) {
    Value frame[5] = {Value::immediate_float(0.0), Value::immediate_float(0.0), Value::immediate_float(c),
                      Value::immediate_float(0.01), Value::small_int(1000)};
    double ex = 0, ey = 0;
    int64_t en = 1000;
    while (en > 0 && ex * ex + ey * ey <= 4.0) {
      double t = ex * ex - ey * ey + c;
      ey = 2.0 * ex * ey + 0.01;
      ex = t;
      --en;
    }
    uint64_t exit = h.run(frame);
    EXPECT_EQ(std::bit_cast<double>(h.at_exit(exit, 0)), ex);
    EXPECT_EQ(std::bit_cast<double>(h.at_exit(exit, 1)), ey);
    EXPECT_EQ(h.int_at(exit, 4), en);
  }
}

// a, b = b, a: values trade places every round.
TEST(JitTrace, Rotation) {
  for (int64_t rounds = 2; rounds < 9; ++rounds) {
    Hand h;
    Reference a = h.load_int(0), b = h.load_int(1), c = h.load_int(2), i = h.load_int(3), n = h.load_int(4);
    h.b.emit(Op::kGuardLtInt, i, n, 0, h.snapshot(1));
    h.set(0, b);
    h.set(1, c);
    h.set(2, a);
    h.set(3, h.b.emit(Op::kAddInt, i, h.b.small_int(1), 0, h.snapshot(2)));
    h.compile();
    Value frame[5] = {Value::small_int(10), Value::small_int(20), Value::small_int(30), Value::small_int(0),
                      Value::small_int(rounds)};
    uint64_t exit = h.run(frame);
    int64_t e[3] = {10, 20, 30};
    for (int64_t k = 0; k < rounds; ++k) {
      int64_t t = e[0];
      e[0] = e[1];
      e[1] = e[2];
      e[2] = t;
    }
    for (int k = 0; k < 3; ++k) EXPECT_EQ(h.int_at(exit, k), e[k]) << rounds << "\n" << h.listing;
  }
}

// Far more variables than registers: v[k] += v[k+1], all int and all float.
TEST(JitTrace, Spills) {
  constexpr int kCount = 20;
  for (bool is_float : {false, true}) {
    Hand h;
    Reference v[kCount];
    Reference i = h.load_int(kCount), n = h.load_int(kCount + 1);
    h.b.emit(Op::kGuardLtInt, i, n, 0, h.snapshot(1));
    for (int k = 0; k < kCount; ++k) v[k] = is_float ? h.load_float(k) : h.load_int(k);
    for (int k = 0; k < kCount; ++k) {
      v[k] = h.b.emit(is_float ? Op::kAddFloat : Op::kAddInt, v[k], v[(k + 1) % kCount], 0, h.snapshot(2));
      h.set(k, v[k]);
    }
    h.set(kCount, h.b.emit(Op::kAddInt, i, h.b.small_int(1), 0, h.snapshot(3)));
    h.compile();
    Value frame[kCount + 2];
    int64_t e[kCount];
    for (int k = 0; k < kCount; ++k) {
      e[k] = k + 1;
      frame[k] = is_float ? Value::immediate_float(k + 1) : Value::small_int(k + 1);
    }
    frame[kCount] = Value::small_int(0);
    frame[kCount + 1] = Value::small_int(12);
    for (int round = 0; round < 12; ++round) {
      for (int k = 0; k < kCount; ++k) e[k] += e[(k + 1) % kCount];
    }
    uint64_t exit = h.run(frame);
    for (int k = 0; k < kCount; ++k) {
      if (is_float)
        EXPECT_EQ(std::bit_cast<double>(h.at_exit(exit, k)), static_cast<double>(e[k]));
      else
        EXPECT_EQ(h.int_at(exit, k), e[k]);
    }
  }
}

TEST(JitStencils, EveryOperationHasItsVariants) {
  for (int op = 0; op < static_cast<int>(StencilOp::kCount); ++op) EXPECT_NE(g_stencil_index[op][0][0], 0xFFFF) << op;
  for (int a = 0; a < kRegisterCount; ++a) {
    for (int b = 0; b < kOperandCount; ++b) EXPECT_NE(g_stencil_index[static_cast<int>(StencilOp::kAddInt)][a][b], 0xFFFF);
  }
}
TEST(JitStencils, GuardsFallThrough) {
  // A comparison with an immediate is a compare and one conditional jump to the exit.
  const Stencil& s = g_stencils[g_stencil_index[static_cast<int>(StencilOp::kGuardLtInt)][0][kOperandImmediate]];
  EXPECT_LE(s.size, 13u);
  for (uint32_t k = 0; k < s.hole_count; ++k) EXPECT_NE(g_stencil_holes[s.holes + k].kind, HoleKind::kContinue);
}
TEST(JitArena, NeverWritableAndExecutable) {
  ArenaBlock block = arena_allocate(100);
  ASSERT_NE(block.code, nullptr);
  EXPECT_LT(reinterpret_cast<uintptr_t>(block.code), uintptr_t{1} << 31);
  EXPECT_NE(block.code, block.writable);
  block.writable[0] = 0xC3;
  EXPECT_EQ(block.code[0], 0xC3);
  EXPECT_EQ(arena_allocate(kArenaBytes + 1).code, nullptr);
}
TEST(JitBuilder, Folds) {
  Hand h;
  Reference i = h.load_int(0);
  EXPECT_EQ(h.b.emit(Op::kMulInt, i, h.b.small_int(1), 0, h.snapshot(0)), i);
  EXPECT_EQ(h.b.emit(Op::kGuardInt, i, -1, 0, h.snapshot(0)), i);
  EXPECT_EQ(h.b.emit(Op::kAddInt, h.b.small_int(2), h.b.small_int(3), 0, h.snapshot(0)), h.b.small_int(5));
  EXPECT_EQ(h.load_int(0), i);
}
TEST(JitBuilder, ForwardsStores) {
  Hand h;
  Reference o = h.b.emit(Op::kGuardShape, h.b.emit(Op::kLoadFrame, -1, -1, 0), -1, 99, h.snapshot(0));
  Reference i = h.load_int(1);
  Reference old = h.b.emit(Op::kLoadField, o, -1, 32, h.snapshot(0));
  h.b.emit(Op::kStoreAlone, o, i, 24, h.snapshot(0));
  EXPECT_EQ(h.b.emit(Op::kLoadField, o, -1, 24, h.snapshot(0)), i);
  EXPECT_EQ(h.b.emit(Op::kLoadField, o, -1, 32, h.snapshot(0)), old);
}
TEST(JitBuilder, KeepsApartWhatIsDistinct) {
  Hand h;
  auto object = [&](int slot) {
    return h.b.emit(Op::kGuardShape, h.b.emit(Op::kLoadFrame, -1, -1, slot), -1, 99, h.snapshot(0));
  };
  Reference a = object(0), b = object(1), c = object(2), i = h.load_int(3);
  h.b.emit(Op::kInitField, a, i, 24);
  EXPECT_TRUE(h.b.knows_field(a, 24));
  EXPECT_FALSE(h.b.knows_field(b, 24));
  h.b.emit(Op::kGuardDistinct, b, a, 0, h.snapshot(0));
  h.b.emit(Op::kInitField, b, h.b.small_int(7), 24);
  EXPECT_EQ(h.b.emit(Op::kLoadField, a, -1, 24, h.snapshot(0)), i);
  // It may be the same object as a.
  h.b.emit(Op::kInitField, c, h.b.small_int(8), 24);
  EXPECT_NE(h.b.emit(Op::kLoadField, a, -1, 24, h.snapshot(0)), i);
}
TEST(JitBuilder, KnowsWhatItHasMade) {
  Hand h;
  h.ir.layouts.push_back(std::make_unique<Layout>(Layout{.kind = Layout::Kind::kRange, .shape = 99}));
  Reference old = h.b.emit(Op::kGuardShape, h.b.emit(Op::kLoadFrame, -1, -1, 0), -1, 99, h.snapshot(0));
  Reference made = h.b.emit(Op::kNewObject);
  Reference i = h.load_int(1);
  h.b.emit(Op::kStorePosition, made, i, 16);
  h.b.emit(Op::kStorePosition, made, h.b.small_int(3), 24);
  EXPECT_NE(h.b.emit(Op::kGuardUnshared, made, -1, 0, h.snapshot(0)), kNoReference);   // no register has it yet
  h.b.emit(Op::kStoreFrame, made, -1, 2);
  h.b.emit(Op::kStorePosition, old, h.b.small_int(5), 16);
  EXPECT_EQ(h.b.emit(Op::kGuardUnshared, made, -1, 0, h.snapshot(0)), kNoReference);
  EXPECT_EQ(h.b.emit(Op::kLoadPosition, made, -1, 16, h.snapshot(0)), i);
  Reference word = h.b.emit(Op::kLoadImmutable, made, -1, 24);
  EXPECT_EQ(h.b.emit(Op::kTagWord, word, -1, 0, h.snapshot(0)), h.b.small_int(3));
}
TEST(JitBuilder, LocksStayTakenUntilSomethingMayLetGo) {
  Hand h;
  h.ir.multithreaded = true;
  auto object = [&](int slot) {
    return h.b.emit(Op::kGuardShape, h.b.emit(Op::kLoadFrame, -1, -1, slot), -1, 99, h.snapshot(0));
  };
  auto hold = [&](Reference o, int word) { return h.b.emit(Op::kHold, o, -1, word, h.snapshot(0)); };
  Reference a = object(0), b = object(1);
  EXPECT_FALSE(h.b.is_held(a));
  Reference first = hold(a, 0);
  EXPECT_TRUE(h.b.is_held(a));
  EXPECT_EQ(hold(a, 0), first);
  // A safepoint is left where somebody waits.
  Reference size = h.b.emit(Op::kLoadWord, a, -1, 24);
  h.b.emit(Op::kSafepointThreads, -1, -1, 0, h.snapshot(0));
  EXPECT_EQ(h.b.emit(Op::kLoadWord, a, -1, 24), size);
  hold(b, 1);
  EXPECT_TRUE(h.b.is_held(a) && h.b.is_held(b));
  // The word of another object: that one is given back.
  hold(b, 0);
  EXPECT_FALSE(h.b.is_held(a));
  // What releases a reference leaves the trace rather than to go on without.
  h.b.emit(Op::kClearFrame, -1, -1, 7, h.snapshot(0));
  EXPECT_TRUE(h.b.is_held(b));
  // A helper that may wait.
  h.b.emit(Op::kBuildList);
  EXPECT_FALSE(h.b.is_held(b));
  Reference again = hold(a, 0);
  EXPECT_NE(again, first);
  h.b.emit(Op::kSafepointThreads, -1, -1, 0, h.snapshot(0));
  Reference later = h.b.emit(Op::kLoadWord, a, -1, 24);
  EXPECT_NE(later, size);
}

TEST(JitBuilder, TheFirstLookBecomesTheHold) {
  Hand h;
  h.ir.multithreaded = true;
  Reference o = h.b.emit(Op::kGuardShape, h.b.emit(Op::kLoadFrame, -1, -1, 0), -1, 99, h.snapshot(0));
  Reference look = h.b.emit(Op::kGuardExclusive, o, -1, 0, h.snapshot(0));
  h.b.emit(Op::kLoadField, o, -1, 24, h.snapshot(0));
  EXPECT_FALSE(h.b.is_held(o));
  ASSERT_TRUE(h.b.hold_earlier(o, 2, 99));
  EXPECT_EQ(h.ir.at(look).op, Op::kHold);
  EXPECT_EQ(held_word(h.ir.at(look)), 2);
  EXPECT_EQ(held_shape(h.ir.at(look)), 99u);
  EXPECT_TRUE(h.b.is_held(o));
  // Not from behind something that lets go, or from another round.
  for (Op between : {Op::kBuildList, Op::kSafepointThreads}) {
    Reference other =
        h.b.emit(Op::kGuardShape, h.b.emit(Op::kLoadFrame, -1, -1, 5 + static_cast<int>(between)), -1, 99, h.snapshot(0));
    h.b.emit(Op::kGuardExclusive, other, -1, 0, h.snapshot(0));
    h.b.emit(between, -1, -1, 0, h.snapshot(0));
    EXPECT_FALSE(h.b.hold_earlier(other, 3, 99));
  }
}

TEST(JitBuilder, WatchedObjectsAreReadOnce) {
  alignas(16) Object object{};
  object.lock = kLockWatched;
  Hand h;
  h.ir.multithreaded = true;
  Reference o = h.b.constant(reinterpret_cast<uint64_t>(&object), Type::O);
  Reference early = h.b.emit(Op::kLoadField, o, -1, 24, h.snapshot(0));
  h.b.emit(Op::kSafepointThreads, -1, -1, 0, h.snapshot(0));
  Reference guard = h.b.emit(Op::kGuardWatched, o, -1, 0, h.snapshot(0));
  // What was read before it was known to be watched is read again.
  Reference field = h.b.emit(Op::kLoadField, o, -1, 24, h.snapshot(0));
  EXPECT_NE(field, early);
  h.b.emit(Op::kSafepointThreads, -1, -1, 0, h.snapshot(0));
  EXPECT_TRUE(h.b.is_settled(o));
  EXPECT_FALSE(h.b.is_held(o));
  EXPECT_EQ(h.b.emit(Op::kGuardWatched, o, -1, 0, h.snapshot(0)), guard);
  EXPECT_EQ(h.b.emit(Op::kLoadField, o, -1, 24, h.snapshot(0)), field);
  // While a helper waits, others may write.
  h.b.emit(Op::kBuildList, -1, -1, 0, h.snapshot(0));
  EXPECT_FALSE(h.b.is_settled(o));
  EXPECT_NE(h.b.emit(Op::kGuardWatched, o, -1, 0, h.snapshot(0)), guard);
  EXPECT_FALSE(h.b.failed());
  object.lock = 0;
  h.b.emit(Op::kGuardWatched, o, -1, 0, h.snapshot(0));
  EXPECT_TRUE(h.b.failed());
}

// What a recorder leaves of `for s in row: s.x` whose value goes through register 3; `between` is in front of the next round.
struct LoopOverObjects {
  explicit LoopOverObjects(Op between = Op::kSafepoint) {
    h.b.constant(0, Type::W);
    h.b.emit(Op::kSafepoint, -1, -1, 0, h.snapshot(0));
    Reference row = h.b.emit(Op::kGuardShape, h.b.emit(Op::kLoadFrame, -1, -1, 5), -1, 15, h.snapshot(0));
    int32_t before = h.snapshot(0), after = h.snapshot(0);
    load = h.b.emit(Op::kLoadOwned, row, -1, 8, before);
    h.ir.code.back().tag = true;
    h.ir.code.back().frames = before;
    store = h.ir.size();
    h.b.emit(Op::kWriteFrame, load, -1, 3, after);
    h.ir.code.back().frames = before;
    Reference s = h.b.emit(Op::kGuardShape, load, -1, 99, after);
    h.b.emit(Op::kLoadField, s, -1, 24, after);
    h.b.emit(between, describe(between).a == Type::W ? h.b.constant(0, Type::W) : -1, -1, 7, after);
    h.ir.code.back().frames = after;
    h.ir.multithreaded = false;
    exit = after;
  }
  Hand h;
  Snapshot end{nullptr, {}, {}, {}};
  Reference load, store;
  int32_t exit;
};

TEST(JitPasses, BorrowsALoopsVariable) {
  LoopOverObjects loop;
  Ir& ir = loop.h.ir;
  borrow_values(ir, loop.end);
  EXPECT_EQ(ir.at(loop.load).op, Op::kLoadBorrowed);
  EXPECT_EQ(ir.at(loop.store).op, Op::kDropFrame);
  ASSERT_EQ(loop.end.slots.size(), 1u);
  EXPECT_EQ(loop.end.slots[0].slot, 3);
  EXPECT_EQ(loop.end.slots[0].value, loop.load);
  EXPECT_TRUE(loop.end.slots[0].taken);
  const std::vector<SlotValue>& slots = ir.snapshots[static_cast<size_t>(loop.exit)].slots;
  ASSERT_EQ(slots.size(), 1u);
  EXPECT_TRUE(slots[0].taken && slots[0].slot == 3 && slots[0].value == loop.load);
  // In front of it the register has what it had.
  EXPECT_TRUE(ir.snapshots[static_cast<size_t>(ir.at(loop.load).snapshot)].slots.empty());
}

TEST(JitPasses, BorrowsNothingWhereSomethingIsReleased) {
  LoopOverObjects loop(Op::kWriteFrame);
  // Another register gets a pointer in each round: what it had may be the last reference to anything.
  loop.h.ir.code.back().a = loop.h.ir.at(loop.load).a;
  borrow_values(loop.h.ir, loop.end);
  EXPECT_TRUE(loop.h.ir.at(loop.load).op == Op::kLoadHeld || loop.h.ir.at(loop.load).op == Op::kLoadOwned);
  EXPECT_EQ(loop.h.ir.at(loop.store).op, Op::kWriteFrame);
  EXPECT_TRUE(loop.end.slots.empty());
}

TEST(JitBuilder, VirtualObjectsLeaveNoCode) {
  Hand h;
  constexpr Layout kPair{.kind = Layout::Kind::kTuple, .shape = 14, .length = 2};
  Reference i = h.load_int(1), x = h.load_float(2);
  Reference pair = h.b.virtual_object(kPair);
  Reference size = h.ir.size();
  h.b.emit(Op::kInitField, pair, i, 24);
  h.b.emit(Op::kInitField, pair, h.b.emit(Op::kBoxFloat, x, -1, 0, h.snapshot(0)), 32);
  EXPECT_EQ(h.b.emit(Op::kGuardShape, pair, -1, 14, h.snapshot(0)), pair);
  EXPECT_EQ(h.b.emit(Op::kLoadField, pair, -1, 24, h.snapshot(0)), i);
  EXPECT_EQ(h.b.emit(Op::kGuardFloat, h.b.emit(Op::kLoadField, pair, -1, 32, h.snapshot(0)), -1, 0, h.snapshot(0)), x);
  h.b.emit(Op::kSetShape, pair, -1, 15);
  EXPECT_EQ(h.b.known_shape(pair), 15u);
  h.b.emit(Op::kGuardIsNot, pair, h.b.constant(0, Type::W), 0, h.snapshot(0));
  EXPECT_FALSE(h.b.failed());
  for (Reference r = size; r < h.ir.size(); ++r) {
    EXPECT_TRUE(h.ir.is_constant(r) || h.ir.at(r).op == Op::kBoxFloat) << describe(h.ir.at(r).op).name;
  }
  // One in another.
  Reference outer = h.b.virtual_object(kPair);
  h.b.set_field(outer, 24, pair);
  EXPECT_TRUE(h.b.leads_to(outer, pair));
  EXPECT_FALSE(h.b.leads_to(pair, outer));
  EXPECT_EQ(h.b.holder_of(pair), outer);
  Snapshot snapshot{nullptr, {{5, outer}}, {}, {}, false, false};
  h.b.collect(&snapshot);
  EXPECT_EQ(snapshot.objects.size(), 2u);
  // What the frame of a traceback would show.
  Snapshot caught{nullptr, {}, {}, {}, false, false};
  caught.left.push_back({{}, nullptr, -1, 0, {{0, pair}}});
  h.b.collect(&caught);
  EXPECT_EQ(caught.objects.size(), 1u);
  // Dropping what came after a mark brings back what was known then.
  Builder::Mark mark = h.b.mark();
  Reference third = h.b.virtual_object(kPair);
  h.b.set_field(outer, 32, third);
  h.b.drop_since(mark);
  EXPECT_EQ(h.b.holder_of(third), kNoReference);
  EXPECT_EQ(h.b.holder_of(pair), outer);
  // Made: all that named it names what it became.
  h.b.made(pair, i);
  EXPECT_EQ(h.b.resolve(pair), i);
  EXPECT_EQ(h.b.emit(Op::kLoadField, outer, -1, 24, h.snapshot(0)), i);
  // Nothing else may get at one.
  h.b.emit(Op::kStoreFrame, outer, -1, 3);
  EXPECT_TRUE(h.b.failed());
}

TEST(JitIr, ValidatorFindsMistakes) {
  Hand h;
  Reference i = h.load_int(0);
  EXPECT_EQ(validate(h.ir), nullptr);
  h.ir.code.push_back({Op::kAddFloat, Type::F, i, i, 0, -1, -1, 0});
  EXPECT_STREQ(validate(h.ir), "operand of the wrong type");
  h.ir.code.back() = {Op::kAddInt, Type::I, i, i, 0, -1, -1, 0};
  EXPECT_STREQ(validate(h.ir), "guard without a snapshot");
}

}  // namespace
}  // namespace pt::jit
