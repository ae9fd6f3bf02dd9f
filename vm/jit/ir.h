#pragma once
// Trace IR: SSA in a straight line, with one loop. Instruction i is reference i; constants are instructions of their own.
// Everything before loop_start runs once, on entry; what follows is the loop. A phi pairs the value the loop starts with
// (`left`, from before it) with the value of its next round (`right`); in the loop, `left` names both.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gc/object/object.h"
#include "jit_stencils/abi.h"

namespace pt {
class DictPattern;
}

namespace pt::jit {

enum class Place : uint8_t { kNone, kRegister, kFloatRegister, kSlot, kConstant };
struct Location {
  Place place = Place::kNone;
  int32_t index = 0;   // register number, or spill slot
  bool operator==(const Location&) const = default;
};

enum class Op : uint8_t {
#define PT_JIT_OP(name, result, a, b, form, flags) k##name,
#include "jit_stencils/ops.def"
#undef PT_JIT_OP
  kConstant,       // imm: a value word or raw word
  kConstantFloat,  // imm: the double's bits
  kInherit,        // side traces: a value that the parent's exit left in its place; imm: index into Ir::inherited
  kVirtual,        // an object that is not made (below); imm: index into Ir::layouts
  kCount
};
enum class Type : uint8_t { N, W, I, F, O, P };
enum class Form : uint8_t { Source, Binary, Unary, Cross, Check1, Check2, Alone, Constant };
enum OpFlags : uint16_t {
  kGuard = 1,
  kPure = 2,
  kLoad = 4,
  kStore = 8,
  kEffect = 16,
  kCommutative = 32,
  kBarrier = 64,
  kCold = 128,
  kAfter = 256,
  kRaise = 512,
  kClobber = 1024,
  kKeepsLocks = 2048,
  kLetsGo = 4096,
  kKeepsOrLeaves = 8192
};
struct OpDescription {
  const char* name;
  Type result, a, b;
  Form form;
  uint16_t flags;
};
extern const OpDescription kOpDescriptions[static_cast<int>(Op::kCount)];
inline const OpDescription& describe(Op op) { return kOpDescriptions[static_cast<int>(op)]; }
inline bool writes_register(Op op) {
  return op == Op::kStoreFrame || op == Op::kWriteFrame || op == Op::kClearFrame || op == Op::kDropFrame;
}

using Reference = int32_t;
inline constexpr Reference kNoReference = -1;

struct Instruction {
  Op op;
  Type type;
  Reference a = kNoReference, b = kNoReference;
  int64_t imm = 0;
  int32_t snapshot = -1;  // of guards: before the instruction; of kAfter operations: behind it
  int32_t frames = -1;  // kCold: the snapshot whose frames are pushed while the helper runs; kRaise: and where its exception is
                        // raised. Interpret: the snapshot of the other way
  int32_t tag = 0;  // LoadPosition: the place it reads; stores into objects: the shape the object must have; GuardExclusive:
                    // the object's shape, if a loop had better hold it; StorePosition: the snapshots there were before it
};

// Hold's imm: the number of the word, and the shape.
constexpr int64_t hold_imm(int64_t word, uint32_t shape) { return word | static_cast<int64_t>(shape) << 8; }
constexpr int64_t held_word(const Instruction& hold) { return hold.imm & 0xFF; }
constexpr uint32_t held_shape(const Instruction& hold) { return static_cast<uint32_t>(hold.imm >> 8); }
// A guard that no other thread has seen an object gets its lock as well.
void make_hold(Instruction& guard, int64_t word, uint32_t shape);
// Locks that the trace has may be given back: a helper is called, or the interpreter.
bool lets_go(const Instruction& in);
// Its helper may wait for another thread, and the trace go on.
bool may_wait(const Instruction& in);

// A place the interpreter knows: a register relative to the frame in which the trace began, or the position of the
// iterator in one.
inline constexpr int32_t kIteratorPosition = 1 << 20;
inline constexpr int32_t kListPosition = 1 << 21;  // of a list or tuple iterator
inline constexpr int32_t kSlotBias = 1024;  // added to the register of an iterator's position: it may be negative
constexpr int32_t exit_slot(int32_t position) { return (position & (kIteratorPosition - 1)) - kSlotBias; }
// Registers of the interpreter that a round has put into memory so far: what the trace had of them before is past.
struct StoredRegisters {
  std::vector<int32_t> registers;
  bool covers(int32_t position) const {
    int32_t at = position >= kIteratorPosition ? exit_slot(position) : position;
    return std::find(registers.begin(), registers.end(), at) != registers.end();
  }
};
struct SlotValue {
  int32_t slot;
  Reference value;
  bool owned = false;  // the exit moves a counted word there
  bool taken = false;  // a borrowed value (borrow_values): the exit counts it
};
inline constexpr int kMostTaken = 8;
// A virtual object: one that the trace leaves unmade as long as nothing but the trace can see it (escape analysis with
// scalar replacement). Its fields are values of the trace; an exit makes it, and so does whatever lets it get out.
struct Layout {
  // kDict: of `keys`; kRange, kSequence: iterators, whose numbers are ints here and machine words in memory
  // kNativeMethod: a builtin method with its object
  enum class Kind : uint8_t { kInstance, kCell, kTuple, kFunction, kSuper, kDict, kMethod, kNativeMethod, kRange, kSequence };
  Kind kind;
  uint32_t shape;  // of a new one
  struct Shape* instance = nullptr;  // kInstance; kTuple: of a subclass
  int64_t length = 0;  // kTuple
  const void* code = nullptr;  // kFunction: Code, and globals: Dict; kNativeMethod: MethodDescriptor
  const void* globals = nullptr;
  const void* keys = nullptr;  // kDict: Tuple of its keys, strs, whose values are the fields 0, 8, ...; nullptr: it is empty
  // The field is a machine word.
  bool is_number(int64_t offset) const {
    return kind == Kind::kRange || (kind == Kind::kSequence && offset != static_cast<int64_t>(sizeof(Object)));
  }
  bool operator==(const Layout&) const = default;
};
inline constexpr int32_t kNoOwner = INT32_MIN;
struct FieldValue {
  int64_t offset;  // from the object's begin
  Reference value;  // no word in a box: an unboxed double stays one
  int32_t owner = kNoOwner;  // in snapshots: the register that keeps a pointer alive
};
struct VirtualState {
  Reference object;  // its kVirtual
  uint32_t shape;
  std::vector<FieldValue> fields;
};
// Makes what `layout` describes, its fields empty; nullptr with an exception pending. Runs no Python code.
Object* make_object(const Layout& layout);
// What compiled code needs to allocate it. False: that is the helper's business.
struct ObjectTemplate {
  uint64_t header;  // its first word, without the owner
  unsigned size_class;
};
bool object_template(const Layout& layout, ObjectTemplate* out);
// A frame that an exception has left, as its traceback would show it.
struct LeftFrame {
  InlinedFrame frame;
  const uint64_t* pc;
  int32_t back;  // its caller: another one that was left; -1: the frame at back_window
  int32_t back_window;
  std::vector<SlotValue> locals;  // by their numbers; `owned`: a counted word that the trace alone owns
};
struct TracebackEntry {
  int32_t left;  // index of the frame, if it was left; -1: the one at `window`
  int32_t window;
  const uint64_t* pc;
};
// An exception that the trace has raised and caught itself, and that nobody else has seen: it gets its traceback when somebody
// may.
struct Caught {
  Reference exception;
  int32_t context;  // index of the one that was handled when it was raised; -1: none of these
  std::vector<TracebackEntry> entries;  // innermost first
};
// What is known of a register in memory: at an exit, or of the caller when a call returns to compiled code.
struct KnownSlot {
  enum class Kind : uint8_t { kInt, kConstant, kBorrowed, kPlain };  // kPlain: no pointer; kBorrowed: none with a count
  int32_t slot;
  Kind kind;
  uint64_t constant = 0;
  bool operator==(const KnownSlot&) const = default;
};
// How to go on in the interpreter at a guard that fails: what differs from the registers in memory.
struct Snapshot {
  const uint64_t* pc;
  std::vector<SlotValue> slots;
  std::vector<InlinedFrame> frames;  // calls that are not in memory yet
  std::vector<VirtualState> objects;  // of the virtual objects among the slots' values and in one another
  bool raises = false;  // an exception is pending
  bool dynamic = false;  // registers and records are in memory, the pc in the innermost record
  std::vector<Caught> caught;
  std::vector<LeftFrame> left;  // by those
  std::vector<int32_t> handled;  // registers with the exceptions handled, the last one for Thread::handled
  std::vector<KnownSlot> known;  // Ir::knows
  const struct Exit* same_as = nullptr;  // of a repeated round: the one of the round itself
  // Calls f with each value, by reference.
  template <class F>
  void each_value(F&& f) {
    for (SlotValue& s : slots) f(s.value);
    for (VirtualState& o : objects) {
      f(o.object);
      for (FieldValue& v : o.fields) f(v.value);
    }
    for (Caught& c : caught) f(c.exception);
    for (LeftFrame& l : left) {
      for (SlotValue& v : l.locals) f(v.value);
    }
  }
  template <class F>
  void each_value(F&& f) const {
    const_cast<Snapshot*>(this)->each_value([&](Reference& r) { f(Reference{r}); });
  }
};
// What CallNative or CallAny calls.
// GetItemAny and SetItemAny: the container's class has been seen to do as dicts do.
inline constexpr int64_t kDictOfClass = 2;
struct NativeCall {
  const void* callee;  // NativeFunction; Object
  int count;  // of arguments
  bool positional = false;  // the callee is a NativeDef's `positional`
  bool quiet = false;  // a NativeFunction that runs no Python code and looks at no frames if its arguments are scalars
  const void* leaf = nullptr;  // NativeFunction: the callee's leaf form (vm/object/leaf_forms.h)
  std::shared_ptr<const DictPattern> pattern = {};  // of BuildMap, instead of `callee`
};
// One instruction that the interpreter runs on behalf of a trace, and what it was seen to do.
struct Interpreted {
  const uint64_t* pc;
  const uint64_t* next;  // where it went on
  const uint64_t* other;  // a conditional jump: where it goes otherwise
  int32_t window;  // of the frame it went on in, relative to the trace's
  int32_t depth;  // calls entered (1), left (-1), or neither
  bool multithreaded;
  int32_t clobbered_from;  // registers from here on, relative to the trace's frame, may have changed
  std::vector<int32_t> written;
  bool writes(int32_t slot) const {
    if (slot >= clobbered_from) return true;
    for (int32_t w : written) {
      if (w == slot) return true;
    }
    return false;
  }
};
// Where a pushed call goes on.
struct Continuation {
  const uint64_t* pc;
  const void* globals;  // the caller's
  std::vector<KnownSlot> known;
  int32_t known_end;  // registers from here on hold no pointers
  bool plain_result;  // nor does the one that gets the result
  bool operator==(const Continuation&) const = default;
};
struct Phi {
  Reference left, right;
};

struct Ir {
  std::vector<Instruction> code;
  std::vector<Snapshot> snapshots;
  std::vector<Phi> phis;
  std::vector<GlobalReference> globals;
  std::vector<std::unique_ptr<InlinedFrame>> pushed;  // what PushGenerator pushes
  std::vector<const PushedCall*> calls;  // and PushFrame
  std::vector<int32_t> windows;  // of these
  std::vector<std::unique_ptr<PushedCall>> own_calls;  // those of them that no older trace of the root has
  std::vector<Continuation> continuations;  // and how they go on
  std::vector<std::unique_ptr<ReturnTarget>> returns;
  std::vector<std::unique_ptr<Interpreted>> interpreted;
  std::vector<std::unique_ptr<NativeCall>> native_calls;
  std::vector<std::unique_ptr<Layout>> layouts;
  std::vector<Location> inherited;
  Reference loop_start = kNoReference;  // kNoReference: ends with the link
  const struct CompiledTrace* link = nullptr;
  bool link_self = false;  // to the trace's own beginning
  bool knows = false;  // begins where a function does, or behind a call: its exits say what they know of registers in memory
  bool returns_call = false;  // or with a return to compiled code
  bool leaves = false;  // or with Leave
  const Exit* link_exit = nullptr;  // or where that exit leads
  int32_t link_window = 0;
  // Into the loop of `link`, behind the round in front of it: what that leaves in which place. Empty: to its beginning. Or what
  // `link_exit` leaves in which place.
  struct LinkValue {
    Reference value;
    Location place;
  };
  std::vector<LinkValue> link_values;
  bool multithreaded = false;  // other threads may change what the trace reads

  const Instruction& at(Reference r) const { return code[static_cast<size_t>(r)]; }
  Reference size() const { return static_cast<Reference>(code.size()); }
  bool ends_itself() const { return !link && !link_self && !returns_call && !leaves && !link_exit; }  // a loop
  bool is_constant(Reference r) const { return r >= 0 && (at(r).op == Op::kConstant || at(r).op == Op::kConstantFloat); }
};

// Appends to an Ir, folding, sharing and forwarding as it goes.
class Builder {
 public:
  explicit Builder(Ir& ir, std::vector<VirtualState> objects = {}) : ir_(ir), objects_(std::move(objects)) {}
  Reference constant(uint64_t word, Type type);
  Reference small_int(int64_t i) { return constant((static_cast<uint64_t>(i) << 1) | 1, Type::I); }
  Reference float_constant(double d);
  // The value of the operation, which may be an older one. `snapshot` is for guards. kNoReference: a check that needs no
  // code. When a guard is known to fail, failed() turns true.
  Reference emit(Op op, Reference a = kNoReference, Reference b = kNoReference, int64_t imm = 0, int32_t snapshot = -1);
  // Whether `r`, what emit() has just given for the operation, is a new instruction for it.
  bool is_last(Reference r, Op op) const {
    return r == ir_.size() - 1 && (ir_.at(r).op == op || (op == Op::kLoadOwned && ir_.at(r).op == Op::kLoadHeld));
  }
  bool failed() const { return failed_; }
  // Shape id that object `r` is known to have at this point; 0: unknown.
  uint32_t known_shape(Reference r) const;
  // The trace has loaded or stored it.
  bool knows_field(Reference object, int64_t offset) const;
  // The trace has had the object's lock (Hold) since an earlier point and still has it at the end of the code.
  bool is_held(Reference r) const { return held_since(r) != kNoReference; }
  // Nobody else changes the object at the end of the code: the trace has its lock, or it is watched.
  bool is_settled(Reference r) const { return is_held(r) || watched_since(r) != kNoReference; }
  // Makes the guard with which the trace began to look at an object a Hold, if it could still have the lock since then: then it
  // need not look again. False: it could not.
  bool hold_earlier(Reference object, int64_t word, uint32_t shape);

  // ---- virtual objects (virtuals.cpp). Operations on them change or read what is known here and leave no code.
  Reference virtual_object(const Layout& layout);
  bool is_virtual(Reference r) const { return r >= 0 && ir_.at(r).op == Op::kVirtual; }
  const VirtualState& state_of(Reference object) const { return const_cast<Builder*>(this)->state(object); }
  const Layout& layout_of(Reference object) const { return *ir_.layouts[static_cast<size_t>(ir_.at(object).imm)]; }
  void set_field(Reference object, int64_t offset, Reference value);
  // Whether an object is among those that `from` leads to.
  bool leads_to(Reference from, Reference object) const;
  // One that has `value` in a field; kNoReference: none.
  Reference holder_of(Reference value) const;
  // `object` has been made: it is `real` from now on.
  void made(Reference object, Reference real);
  Reference resolve(Reference r) const;
  // `to` is the value `from`, of which more is known.
  void refined(Reference from, Reference to);
  void forget(Reference object) {
    std::erase_if(objects_, [object](const VirtualState& o) { return o.object == object; });
  }
  void forget_objects() { objects_.clear(); }
  // Adds the states of the virtual objects among the snapshot's values, and in their fields.
  void collect(Snapshot* out) const;
  // To drop what was appended since.
  struct Mark {
    size_t code;
    std::vector<VirtualState> objects;
    size_t made;
  };
  Mark mark() const { return {ir_.code.size(), objects_, made_.size()}; }
  void drop_since(const Mark& mark);

 private:
  bool memory_holds(int64_t slot, Reference value) const;
  bool fills_register(const Instruction& in, int64_t slot) const;
  bool fact_holds(Reference from, uint32_t shape) const;
  Reference held_since(Reference object) const;
  Reference watched_since(Reference object) const;
  Reference object_of(Reference address) const;
  bool is_unshared(Reference object) const;
  bool is_within_size(Reference index, Reference capacity) const;
  Reference fold(Op op, Reference& a, Reference& b, int64_t imm, int32_t snapshot);
  Reference find_same(Op op, Reference a, Reference b, int64_t imm) const;
  Reference find_same_place(Op op, Reference a, int64_t imm) const;
  bool is_new(Reference object) const;
  bool are_distinct(Reference x, Reference y) const;
  Reference forward_load(Op op, Reference a, Reference b, int64_t imm);
  Reference find_generator_guard(Reference a, Reference pc, int64_t imm) const;
  Reference forward_register(Reference a, int64_t imm);
  static bool changes_generators(Op op);
  bool is_number(Reference r) const;
  bool are_parts(Reference x, Reference y) const;
  VirtualState& state(Reference object);
  void refine_fields(Reference from, Reference to);
  Reference emit_virtual(Op op, Reference a, Reference b, int64_t imm, int32_t snapshot);
  Ir& ir_;
  std::vector<VirtualState> objects_;
  struct Made {
    Reference object, real;
  };
  std::vector<Made> made_;
  std::vector<std::pair<Reference, Reference>> refined_;
  bool failed_ = false;
};

// ---- passes. Each leaves a valid Ir or says why not (a string literal).
// What a loop's Ir was before the passes.
struct Recorded {
  explicit Recorded(const Ir& ir) : code(ir.code), snapshots(ir.snapshots) {}
  std::vector<Instruction> code;
  std::vector<Snapshot> snapshots;
};
// Leaves out counts of what is loaded and let go again (borrowing.cpp). `end` as for unroll_loop().
void borrow_values(Ir& ir, Snapshot& end);
// Copies the recorded iteration behind itself: what does not change stays in front, the copy is the loop. `end`: slots and
// objects at the end of the iteration.
const char* unroll_loop(Ir& ir, const Snapshot& end);
// Of a loop that lets no lock go: what unroll_loop() left to be looked at in each round, though it is always the same, is held
// from the first round on. True: it is as it was before unroll_loop(), which is to be called again.
bool hold_through_loop(Ir& ir, const Recorded& before);
// What each instruction is afterwards; kNoReference: gone.
std::vector<Reference> remove_dead_code(Ir& ir);
// nullptr, or what is wrong.
const char* validate(const Ir& ir);
std::string dump(const Ir& ir);

}  // namespace pt::jit
