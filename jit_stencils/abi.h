#pragma once
// What compiled traces, the stencils they are made of and the code that enters them agree on.
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace pt {
struct CallRecord;
struct HeapLocal;
struct Reservations;
struct Thread;
class Value;
}  // namespace pt

namespace pt::jit {

// The m of x / d = x * m >> (64 + floor(log2(d - 1))) for 0 <= x < 2^62 and d > 1 (Granlund and Montgomery, Division by
// Invariant Integers using Multiplication, PLDI 1994).
constexpr uint64_t divisor_reciprocal(uint32_t d) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(1) << (64 + 31 - __builtin_clz(d - 1))) / d) + 1;
}

enum class StencilOp : uint8_t {
#define PT_JIT_OP(name, result, a, b, form, flags) k##name,
#include "jit_stencils/ops.def"
#undef PT_JIT_OP
  kMoveWord,    // A = B
  kMoveFloat,
  kLoadFloat,   // LoadField and GuardFloat: A = the double at hole 0 of object B
  kAllocate,  // NewObject in line: hole 0 leads to the first header word (without the owner), hole 1 is the place of its size
              // class in HeapLocal
  kFreeRange,  // ClearFrame of the only reference to a range iterator
  kFreeIterator,  // and to that of a list, tuple, str or bytes object
  kStoreFrameConstant,  // StoreFrame of a word in 0 .. 2^31-1 (hole 1)
  kAddIntConstant,  // AddInt, SubInt: A = B + hole 0, which is twice the constant
  kBorrowObject,  // Borrow of a known object
  kStoreWord,   // spill slot (hole 0) = A
  kStoreFloat,
  kGuardIsObject,     // GuardIs, GuardIsNot: B is a constant object's address with the borrowed bit
  kGuardIsNotObject,
  kNoteExit,    // State::exit = the word at hole 0
  kExit,        // saves all registers in the State and returns State::exit
  kJumpThrough, // jumps to the code whose address lies at hole 0
  kMoveFrame,   // frame += hole 0
  kCallHelper,  // calls hole 0 with the word at hole 1; leaves through EXIT when it returns 0. Keeps r0 and r1 only.
  kCallCold,    // the same, but the result goes to State::go_on
  kCallKeeping,  // the same for helpers that neither wait nor let anything go: locks stay taken
  kLoadShape,  // LoadBorrowed (hole 0) and GuardShape (hole 1), where the object is the thread's own; the word has no borrowed
               // bit
  kLoadShapeHold,  // with HoldReserved, too
  kHoldReserved,  // Hold of an object whose lock is most likely reserved: hole 1 is the shape, shifted by 8
  kGuardShapeHold,  // GuardShape, and HoldReserved
  kTakeHold,  // behind these: takes the lock, or leaves; hole 0 is the word's offset, hole 1 the object's shape
  kTakeShapeHold,  // behind GuardShapeHold
  kGuardGoOn,  // leaves when State::go_on is kLeave
  kGuardNotRaised,  // leaves when it is kRaised
  kCount
};

// Machine registers of a trace; the last of each class is scratch for spilled operands and moves.
inline constexpr int kRegisterCount = 8;
inline constexpr int kScratch = kRegisterCount - 1;
// Integer registers that a helper's call leaves alone (r14 and r15).
inline constexpr int kKeptRegisters = 2;
// B operands past the registers.
inline constexpr int kOperandSlot = kRegisterCount;  // spill slot: hole 1 is its offset in the State
inline constexpr int kOperandPool = kRegisterCount + 1;  // constant in memory: hole 1 is its address
inline constexpr int kOperandImmediate = kRegisterCount + 2;  // hole 1 is the word itself, in 1 .. 2^31-1
inline constexpr int kOperandCount = kRegisterCount + 3;
inline constexpr int kSpillSlots = 96;
inline constexpr int kMaxArguments = 8;
inline constexpr int kMaxGenerators = 4;  // that run inside each other
inline constexpr int kHoldSlots = 6;  // of State::held, for Hold
inline constexpr int kLastStore = kHoldSlots;
inline constexpr int kMostHeld = kHoldSlots + 1;
inline constexpr uint64_t kNoneReserved = ~uint64_t{0};  // no object's header
inline constexpr uint64_t kClaims = 1 << kMostHeld;  // of State::holds: begin_claims()
// What a cold helper returns, in State::go_on.
inline constexpr uint64_t kLeave = 0, kGoOn = 1, kRaised = 2, kOtherWay = 2;
// Registers of the value stack that must be free above a window pushed by a trace.
inline constexpr int kFrameRoom = 2048;
// Records that must be free above those: an exit pushes the calls that were inlined.
inline constexpr int kRecordRoom = 28;

// Lies on the native stack of whoever runs a trace.
struct State {
  Thread* thread;
  uint64_t owner_id;  // of the thread, for reference counts
  Reservations* reservations;  // of the thread
  uint64_t own_reserved;  // reserved_header() of the thread while it has claims, kNoneReserved otherwise
  // Objects whose locks stay taken, as no other thread had seen them; 0: none. One for each object that the trace takes a hold of
  // (Hold), and that of the last other store; none for those that are reserved for the thread, which it claims together. Given
  // back before anything but a stencil runs (`let_go`), and when the trace is left, as it is at a safepoint when somebody waits
  // for one (kBreakLetGo).
  uint64_t held[kMostHeld];
  uint64_t holds;  // a bit for each that may not be 0, and kClaims
  HeapLocal* heap;  // of the thread
  int64_t free_weight;  // g_free_weight
  char* frame;  // at the exit
  uint64_t exit;
  uint64_t go_on;  // what a cold helper returned
  uint64_t word;  // a cold helper's operand and result
  uint64_t object, value;  // a store's further operands
  uint64_t arguments[kMaxArguments];  // of a native call, or items of a tuple or list to be built
  uint64_t generators[kMaxGenerators];  // that run on their registers in the heap (Generator*), the outermost first
  void (*let_go)(State*);
  __attribute__((preserve_all)) bool (*take_hold)(State*, uint64_t word_offset, uint64_t address, uint64_t shape);
  uint64_t disturbed;  // a cold helper ran something that may have changed what the trace relies on
  uint64_t finished, result;  // the entry frame returned while an instruction was interpreted
  uint64_t r[kRegisterCount];  // registers at the exit
  double f[kRegisterCount];
  uint64_t spill[kSpillSlots];
};

// Where a namespace keeps a name (GlobalAddress), or that it has none of it (GuardTable). Hole 0 of both leads to a word of the
// trace's constant pool with its address. Immutable: when the namespace has got another table or more entries, the helper
// puts a fresh one there.
struct GlobalReference {
  const void* dict;
  uint64_t version;  // of the table
  int64_t offset;  // GlobalAddress: of the value's Field in the table
  int64_t entries;  // GuardTable: the table's entry count
  const void* name;  // Str, interned
};
// A call that was inlined: pushed when an exit is taken, or by PushFrame.
struct InlinedFrame {
  const void* code;  // Code
  const void* function;  // Function; nullptr: what the register before the window holds
  const void* globals;  // Dict
  int32_t window;  // its register 0, relative to the frame in which the trace began
  int32_t result_register;
  uint32_t flags;  // of the record
  int32_t generator;  // which of State::generators runs here; -1: a call
  const uint64_t* caller_pc;
};
// In which register compiled code hands a call's result to compiled code: a small int in r0, an unboxed double in f0, a word that
// the register may keep (counted, or without need of a count) in r0.
enum ReturnKind { kReturnsInt, kReturnsFloat, kReturnsWord, kReturnKinds };
// A call whose record a trace pushes (PushFrame). It begins as the record does.
struct PushedCall {
  const void* code;  // Code
  const void* function;  // Function; nullptr: what the register before the window holds
  const void* globals;  // Dict
  uint64_t locals, frame_object, generator;  // none
  uint32_t flags;
  int32_t result_register;
  const PushedCall* pushed;  // this; nullptr: compiled code cannot go on by itself when it returns
  const uint64_t* entry_pc;  // where the code begins
  const uint64_t* caller_pc;
  // The code to go on with behind the call, for one thread and for several: an exit, or its side trace.
  std::atomic<uint64_t> go_on[2][kReturnKinds];
};
inline constexpr size_t kPushedBytes = offsetof(PushedCall, caller_pc);
// A return to the frame below the one in which the trace began.
struct ReturnTarget {
  const uint64_t* caller_pc;
  const void* globals;  // the caller's: functions of one code may have several
  int64_t delta;  // registers between the two windows
  uint32_t flags;  // of the frame's record: a plain call's, or that of an __init__
};
using Helper = uint64_t (*)(State*, Value* frame, uint64_t word);

// The innermost record travels in a register; the thread has it whenever something else than a stencil runs.
#define PT_TRACE_PARAMETERS                                                                                                    \
  ::pt::jit::State *s, char *frame, uint64_t r0, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, uint64_t r6, \
      uint64_t r7, ::pt::CallRecord *record, double f0, double f1, double f2, double f3, double f4, double f5, double f6,      \
      double f7
using TraceCode = __attribute__((preserve_none)) uint64_t (*)(PT_TRACE_PARAMETERS);

enum class HoleKind : uint8_t { kOperand0, kOperand1, kContinue, kExit };
enum class RelocationKind : uint8_t { kAbsolute32, kAbsolute32Signed, kRelative32, kAbsolute64 };
struct Hole {
  uint16_t offset;
  HoleKind kind;
  RelocationKind relocation;
  int32_t addend;
};
struct Stencil {
  uint32_t bytes, size;  // in g_stencil_bytes
  uint32_t holes, hole_count;  // in g_stencil_holes
};
// One record of the stencils' object file, section "pt_stencils".
struct StencilRecord {
  const void* code;
  uint32_t op;
  uint16_t a, b;
};

// Generated by stencil_gen.
extern const uint8_t g_stencil_bytes[];
extern const Hole g_stencil_holes[];
extern const Stencil g_stencils[];
extern const uint16_t g_stencil_index[static_cast<int>(StencilOp::kCount)][kRegisterCount][kOperandCount];  // 0xFFFF: none

}  // namespace pt::jit
