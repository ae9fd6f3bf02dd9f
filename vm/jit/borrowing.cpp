// What is loaded, looked at and let go again needs no count (docs/jit.md, "Borrowed values"). An object of the thread's own can only
// end where the thread itself lets a reference go, or at a safepoint, where the trace is left; others that live on (immortal and
// deferred ones) end at safepoints, too. So as long as a trace does neither, a value need not be kept by the register it was loaded
// into: the exits count it and put it there.
#include <algorithm>

#include "vm/jit/ir.h"

namespace pt::jit {

namespace {

// A counted load into a register, which gets something else at `end`; the round's size: it keeps the value for the next round.
struct Load {
  Reference load, store = kNoReference, end = kNoReference;
  int32_t slot = 0;
  bool stays() const { return store != kNoReference; }
};

bool is_counted_load(const Instruction& in) { return (in.op == Op::kLoadOwned || in.op == Op::kLoadHeld) && in.tag; }
bool is_heap_register(Op op) {
  return op == Op::kStoreRegister || op == Op::kWriteRegister || op == Op::kClearRegister || op == Op::kPromoteRegister ||
         op == Op::kLoadRegister;
}
bool names_the_same(Op op) { return op == Op::kGuardShape || op == Op::kUntag; }
// Operations that only look at the object that is their first operand, or write numbers into it.
bool looks_at(Op op) {
  switch (op) {
    case Op::kCheckShape:
    case Op::kGuardIs:
    case Op::kGuardIsNot:
    case Op::kGuardBound:
    case Op::kGuardEqual:
    case Op::kGuardSameText:
    case Op::kGuardOtherText:
    case Op::kGuardFact:
    case Op::kGuardDistinct:
    case Op::kGuardExclusive:
    case Op::kGuardOpen:
    case Op::kCharacter:
    case Op::kByte:
    case Op::kIdentity:
    case Op::kHold:
    case Op::kItemAddress:
    case Op::kLoadWord:
    case Op::kLoadImmutable:
    case Op::kLoadOverflow:
    case Op::kLoadField:
    case Op::kLoadItem:
    case Op::kLoadFact:
    case Op::kLoadOwned:
    case Op::kLoadHeld:
    case Op::kInitField:
    case Op::kStoreAlone: return true;
    default: return false;
  }
}
bool compares_with(Op op) {
  return op == Op::kGuardIs || op == Op::kGuardIsNot || op == Op::kGuardFact || op == Op::kGuardDistinct ||
         op == Op::kGuardSameText || op == Op::kGuardOtherText;
}
// Lets no reference go, and does not wait.
bool is_quiet(const Instruction& in, bool multithreaded) {
  const uint16_t flags = describe(in.op).flags;
  switch (in.op) {
    case Op::kSafepoint:
    case Op::kSafepointThreads:
    case Op::kStoreFrame:
    case Op::kStoreRegister:
    case Op::kStorePosition:
    case Op::kStoreArgument:
    case Op::kInitField:
    case Op::kStoreAlone:
    case Op::kOwn: return true;
    case Op::kGlobalAddress:
    case Op::kGuardTable: return !multithreaded;  // may wait for the dict
    default: return (flags & (kPure | kLoad)) && !(flags & (kBarrier | kEffect | kStore));
  }
}

class Borrowing {
 public:
  Borrowing(Ir& ir, Snapshot& end) : ir_(ir), end_(end), size_(ir.size()) {}
  bool run() {
    for (Reference i = 0; i < size_; ++i) {
      if (Load l{i}; is_counted_load(ir_.at(i)) && follow(&l)) loads_.push_back(l);
    }
    // Each may rely on others' being borrowed.
    while (std::erase_if(loads_, [this](const Load& l) { return !is_safe(l); })) {}
    for (const Load& l : loads_) note_exits(l);
    for (const Load& l : loads_) rewrite(l);
    return !loads_.empty();
  }

 private:
  Instruction& at(Reference i) { return ir_.code[static_cast<size_t>(i)]; }
  bool mentions(const Snapshot& s, const std::vector<Reference>& names) const {
    bool found = false;
    auto look = [&](Reference r) { found |= std::find(names.begin(), names.end(), r) != names.end(); };
    for (const VirtualState& o : s.objects) {
      for (const FieldValue& f : o.fields) look(f.value);
    }
    for (const Caught& c : s.caught) look(c.exception);
    for (const LeftFrame& l : s.left) {
      for (const SlotValue& v : l.locals) look(v.value);
    }
    return found;
  }
  // Where the value goes. False: somewhere where it has to be counted.
  bool follow(Load* l) {
    std::vector<Reference> names{l->load};
    auto is_name = [&](Reference r) { return std::find(names.begin(), names.end(), r) != names.end(); };
    for (Reference i = l->load + 1; i < size_; ++i) {
      const Instruction& in = at(i);
      bool first = is_name(in.a), second = is_name(in.b);
      if (!first && !second) continue;
      bool stores = in.op == Op::kStoreFrame || in.op == Op::kWriteFrame;
      bool stores_in_heap = in.op == Op::kStoreRegister || in.op == Op::kWriteRegister;
      if (names_the_same(in.op)) {
        names.push_back(i);
      } else if ((stores && in.a == l->load) || (stores_in_heap && in.b == l->load)) {
        if (l->store != kNoReference) return false;
        l->store = i;
        l->slot = stores ? static_cast<int32_t>(in.imm) : in.tag;
      } else if (!(first && looks_at(in.op) && (!second || compares_with(in.op))) && !(!first && compares_with(in.op))) {
        return false;
      }
    }
    if (l->store == kNoReference) return false;
    for (const Snapshot& s : ir_.snapshots) {
      if (mentions(s, names)) return false;
    }
    return !mentions(end_, names) && find_end(l);
  }
  bool find_end(Load* l) {
    const Instruction& store = at(l->store);
    bool in_heap = is_heap_register(store.op);
    for (Reference i = l->store + 1; i < size_; ++i) {
      const Instruction& in = at(i);
      bool register_of_kind = in_heap ? is_heap_register(in.op) : writes_register(in.op) || in.op == Op::kLoadFrame;
      if (!register_of_kind || in.imm != store.imm) continue;
      if (in_heap && in.a != store.a) return false;  // perhaps the same under another name
      l->end = i;
      return ((in.op == Op::kClearFrame || in.op == Op::kClearRegister) && (in_heap || !in.tag)) || in.op == Op::kWriteFrame ||
             in.op == Op::kWriteRegister;
    }
    l->end = size_;
    return !in_heap && ir_.ends_itself();
  }
  bool is_store(Reference i) const {
    return std::any_of(loads_.begin(), loads_.end(), [i](const Load& l) { return l.store == i; });
  }
  bool is_end(Reference i) const {
    return std::any_of(loads_.begin(), loads_.end(), [i](const Load& l) { return l.end == i; });
  }
  bool is_borrowed(Reference i) const {
    return std::any_of(loads_.begin(), loads_.end(), [i](const Load& l) { return l.load == i; });
  }
  bool is_quiet_here(Reference i) const {
    // Nothing is released where a value was borrowed, and where one will be, only what is not the last reference.
    return is_borrowed(i) || is_store(i) || is_end(i) || is_quiet(ir_.at(i), ir_.multithreaded);
  }
  bool is_safe(const Load& l) const {
    bool stays = l.end == size_;
    for (Reference i = stays ? 0 : l.load + 1; i < l.end; ++i) {
      if (!is_quiet_here(i)) return false;
    }
    if (drops(l) && !can_repeat(l)) return false;
    // The snapshots behind the store are not those of what comes before it or behind the end.
    for (Reference i = 0; i < size_; ++i) {
      const Instruction& in = ir_.at(i);
      bool inside = i > l.store && i < l.end;
      for (int32_t number : {in.snapshot, in.frames}) {
        if (number < 0 || inside || i == l.store || number == ir_.at(l.load).snapshot) continue;
        for (Reference k = l.store + 1; k < l.end; ++k) {
          // A helper's frames may be those of the instruction in front of which the last value was there.
          if (ir_.at(k).snapshot == number && !(i == l.end && number == in.frames)) return false;
        }
      }
    }
    int most = 0;
    for (const Load& other : loads_) most += other.store < l.end;
    return most <= kMostTaken;
  }
  // What the register had is let go first (DropFrame). If that cannot be, the instruction is left to the interpreter.
  bool drops(const Load& l) const { return ir_.at(l.store).op == Op::kWriteFrame && !is_end(l.store); }
  bool can_repeat(const Load& l) const {
    const int32_t before = ir_.at(l.load).snapshot;
    for (Reference i = l.store - 1; i >= 0; --i) {
      const Instruction& in = ir_.at(i);
      if (in.snapshot >= 0 && in.snapshot != before) return true;
      if (in.op == Op::kStorePosition || ((describe(in.op).flags & kEffect) && !is_borrowed(i))) return false;
    }
    return true;
  }
  // The exits of what lies between have the value.
  void note_exits(const Load& l) {
    for (Reference i = l.store + 1; i < l.end; ++i) {
      for (int32_t number : {at(i).snapshot, at(i).frames}) {
        if (number < 0 || number == at(l.load).snapshot) continue;
        std::vector<SlotValue>& slots = ir_.snapshots[static_cast<size_t>(number)].slots;
        bool has = std::any_of(slots.begin(), slots.end(), [&](const SlotValue& v) { return v.slot == l.slot; });
        if (!has) slots.push_back({l.slot, l.load, false, true});
      }
    }
    if (l.end == size_) end_.slots.push_back({l.slot, l.load, false, true});
  }
  void rewrite(const Load& l) {
    at(l.load).op = Op::kLoadBorrowed;
    at(l.load).frames = -1;
    Instruction& store = at(l.store);
    if (drops(l))
      store = {Op::kDropFrame, Type::N, kNoReference, kNoReference, store.imm, at(l.load).snapshot, -1};
    else
      store = nothing();
    if (l.end == size_ || is_store(l.end)) return;
    Instruction& end = at(l.end);
    if (end.op == Op::kClearFrame)
      end = {Op::kStoreFrame, Type::N, empty(), kNoReference, end.imm, -1, -1};
    else if (end.op == Op::kClearRegister)
      end = nothing();
  }
  static Instruction nothing() { return {Op::kConstant, Type::W, kNoReference, kNoReference, 0, -1, -1}; }
  Reference empty() const {
    for (Reference i = 0;; ++i) {
      if (ir_.at(i).op == Op::kConstant && ir_.at(i).type == Type::W && ir_.at(i).imm == 0) return i;
    }
  }

  Ir& ir_;
  Snapshot& end_;
  const Reference size_;
  std::vector<Load> loads_;
};

}  // namespace

bool borrow_values(Ir& ir, Snapshot& end) { return Borrowing(ir, end).run(); }

}  // namespace pt::jit
