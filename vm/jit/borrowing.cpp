// What is loaded, looked at and let go again needs no count (docs/jit.md, "Borrowed values"). An object of the thread's own ends
// only where the thread itself lets a reference go, or at a safepoint, where the trace is left; others that live on (immortal and
// deferred ones) end at safepoints, too. So as long as a trace does neither, a value need not be kept by the register it was
// loaded into: the exits count it and put it there.
#include <algorithm>

#include "vm/jit/ir.h"

namespace pt::jit {

namespace {

// A register that gets the value, and where it gets something else; the round's size: it keeps the value for the next round.
struct Stay {
  Reference store, end;
  int32_t slot;
};
// A counted load, and the registers that it goes through.
struct Load {
  Reference load;
  std::vector<Stay> stays = {};
  Reference end() const { return stays.back().end; }
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
    case Op::kStoreAlone: return true;
    case Op::kOwn: return !multithreaded;  // the count of another thread's object may settle others, which end
    default: return (flags & (kPure | kLoad)) && !(flags & (kBarrier | kEffect | kStore));
  }
}

class Borrowing {
 public:
  Borrowing(Ir& ir, Snapshot& end) : ir_(ir), end_(end), size_(ir.size()), uses_(ir.snapshots.size()) {
    for (Reference i = 0; i < size_; ++i) {
      if (at(i).snapshot >= 0) uses_[static_cast<size_t>(at(i).snapshot)].exit.add(i);
      if (at(i).frames >= 0) uses_[static_cast<size_t>(at(i).frames)].frames.add(i);
    }
  }
  void run() {
    for (Reference i = 0; i < size_; ++i) {
      if (Load l{i}; is_counted_load(at(i)) && follow(&l)) loads_.push_back(l);
    }
    // Each may rely on others' being borrowed.
    for (bool again = true; again;) {
      again = false;
      for (size_t i = 0; i < loads_.size();) {
        if (is_safe(loads_[i])) {
          ++i;
        } else {
          loads_.erase(loads_.begin() + static_cast<long>(i));
          again = true;
        }
      }
    }
    // Watched objects stay so over rounds in which nothing waits, either.
    bool quiet = std::any_of(loads_.begin(), loads_.end(), [this](const Load& l) { return l.end() == size_; }) ||
                 std::any_of(ir_.code.begin(), ir_.code.end(), [](const Instruction& in) { return in.op == Op::kGuardWatched; });
    for (Reference i = 0; quiet && i < size_; ++i) {
      if (is_cleared_for_good(i)) drop(i);
    }
    for (const Load& l : loads_) {
      for_each_exit(l, [&](int32_t number, const Stay& s) {
        std::vector<SlotValue>& slots = ir_.snapshots[static_cast<size_t>(number)].slots;
        bool has = std::any_of(slots.begin(), slots.end(), [&](const SlotValue& v) { return v.slot == s.slot; });
        if (!has) slots.push_back({s.slot, l.load, false, true});
      });
      if (l.end() == size_) end_.slots.push_back({l.stays.back().slot, l.load, false, true});
    }
    for (const Load& l : loads_) rewrite(l);
  }

 private:
  const Instruction& at(Reference i) const { return ir_.at(i); }
  Instruction& change(Reference i) { return ir_.code[static_cast<size_t>(i)]; }
  static bool mentions(const Snapshot& s, const std::vector<Reference>& names) {
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
  bool follow(Load* l) const {
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
        if (!l->stays.empty() && !moves_on(*l, i)) return false;
        l->stays.push_back({i, find_end(i), stores ? static_cast<int32_t>(in.imm) : in.tag});
      } else if (!(first && looks_at(in.op) && (!second || compares_with(in.op))) && !(!first && compares_with(in.op))) {
        return false;
      }
    }
    if (l->stays.empty() || !ends(l->stays.back())) return false;
    for (const Snapshot& s : ir_.snapshots) {
      if (mentions(s, names)) return false;
    }
    return !mentions(end_, names);
  }
  // What changes the register next.
  Reference find_end(Reference store) const {
    const Op op = at(store).op;
    bool in_heap = is_heap_register(op);
    for (Reference i = store + 1; i < size_; ++i) {
      const Instruction& in = at(i);
      bool of_kind = in_heap ? is_heap_register(in.op) : writes_register(in.op) || in.op == Op::kLoadFrame;
      if (of_kind && in.imm == at(store).imm) return i;
    }
    return size_;
  }
  // From the register that has it to another one, in one instruction.
  bool moves_on(const Load& l, Reference store) const {
    Reference end = l.stays.back().end;
    if (end >= store || at(end).op != Op::kStoreFrame || is_heap_register(at(store).op)) return false;
    for (Reference i = end + 1; i < store; ++i) {
      if (at(i).op != Op::kConstant) return false;
    }
    return true;
  }
  bool ends(const Stay& s) const {
    bool in_heap = is_heap_register(at(s.store).op);
    if (s.end == size_) return !in_heap && ir_.ends_itself();
    const Instruction& in = at(s.end);
    if (in_heap && in.a != at(s.store).a) return false;  // perhaps the same under another name
    return (in.op == Op::kClearFrame && !in.tag) || in.op == Op::kClearRegister || in.op == Op::kWriteFrame ||
           in.op == Op::kWriteRegister;
  }
  template <class F>
  bool any_stay(F&& f) const {
    return std::any_of(loads_.begin(), loads_.end(), [&](const Load& l) {
      return std::any_of(l.stays.begin(), l.stays.end(), [&](const Stay& s) { return f(s); });
    });
  }
  bool is_store(Reference i) const {
    return any_stay([i](const Stay& s) { return s.store == i; });
  }
  bool is_end(Reference i) const {
    return any_stay([i](const Stay& s) { return s.end == i; });
  }
  bool is_borrowed(Reference i) const {
    return std::any_of(loads_.begin(), loads_.end(), [i](const Load& l) { return l.load == i; });
  }
  // A register of a loop's that holds no pointer from here on: there is something to be let go in the first round at most.
  bool is_cleared_for_good(Reference i) const {
    const Instruction& in = at(i);
    if (in.op != Op::kClearFrame || in.tag || is_end(i) || !ir_.ends_itself() || !can_repeat(i)) return false;
    for (Reference k = 0; k < size_; ++k) {
      bool fills = at(k).op == Op::kWriteFrame || (at(k).op == Op::kStoreFrame && !ir_.is_constant(at(k).a));
      if (fills && at(k).imm == in.imm && !is_store(k)) return false;
    }
    return true;
  }
  // Nothing is released where a value was borrowed, and where one will be, only what is not the last reference.
  bool is_quiet_here(Reference i) const {
    return is_borrowed(i) || is_store(i) || is_end(i) || is_quiet(at(i), ir_.multithreaded) || is_cleared_for_good(i);
  }
  bool drops(const Stay& s) const { return at(s.store).op == Op::kWriteFrame && !is_end(s.store); }
  // The instruction could be run again from its beginning, by the interpreter.
  bool can_repeat(Reference at_end) const {
    const int32_t before = at(at_end).frames;
    for (Reference i = at_end - 1; i >= 0; --i) {
      const Instruction& in = at(i);
      bool behind = describe(in.op).flags & kAfter;  // its snapshot is that of the next instruction
      if (behind ? in.frames != before : in.snapshot >= 0 && in.snapshot != before) return true;
      if (behind || (in.op == Op::kStorePosition && in.tag > before) || ((describe(in.op).flags & kEffect) && !is_borrowed(i)))
        return false;
    }
    return true;
  }
  // Calls f(snapshot, stay) for each in which a register has the value.
  template <class F>
  void for_each_exit(const Load& l, F&& f) const {
    for (size_t k = 0; k < l.stays.size(); ++k) {
      const Stay& s = l.stays[k];
      bool last = k + 1 == l.stays.size();
      auto call = [&](int32_t number) {
        if (number >= 0 && number != at(l.load).snapshot && number != at(s.store).frames) f(number, s);
      };
      for (Reference i = s.store + 1; i < s.end; ++i) {
        call(at(i).snapshot);
        call(at(i).frames);
      }
      if (!last) call(at(l.stays[k + 1].store).frames);
    }
  }
  bool is_safe(const Load& l) const {
    for (Reference i = l.end() == size_ ? 0 : l.load + 1; i < l.end(); ++i) {
      if (!is_quiet_here(i)) return false;
    }
    bool safe = true;
    for (const Stay& s : l.stays) safe &= !drops(s) || can_repeat(s.store);
    // Those snapshots are not of what comes before the first store or behind the end, whose helper's frames alone matter.
    for_each_exit(l, [&](int32_t number, const Stay&) {
      const Uses& uses = uses_[static_cast<size_t>(number)];
      safe &= uses.exit.first >= l.stays[0].store && uses.exit.last < l.end();
      safe &= uses.frames.first >= l.stays[0].store && uses.frames.last <= l.end();
    });
    size_t most = 0;
    for (const Load& other : loads_) most += other.stays[0].store < l.end();
    return safe && most <= kMostTaken;
  }
  void drop(Reference i) {
    Instruction& in = change(i);
    in = {Op::kDropFrame, Type::N, kNoReference, kNoReference, in.imm, in.frames, -1};
  }
  void rewrite(const Load& l) {
    change(l.load).op = Op::kLoadBorrowed;
    change(l.load).frames = -1;
    for (const Stay& s : l.stays) {
      if (drops(s))
        drop(s.store);
      else
        change(s.store) = nothing();
      if (s.end == size_ || is_store(s.end)) continue;
      Instruction& end = change(s.end);
      if (end.op == Op::kClearFrame)
        end = {Op::kStoreFrame, Type::N, empty(), kNoReference, end.imm, -1, -1};
      else if (end.op == Op::kClearRegister)
        end = nothing();
    }
  }
  static Instruction nothing() { return {Op::kConstant, Type::W, kNoReference, kNoReference, 0, -1, -1}; }
  Reference empty() const {
    for (Reference i = 0;; ++i) {
      if (at(i).op == Op::kConstant && at(i).type == Type::W && at(i).imm == 0) return i;
    }
  }

  // Of a snapshot: the first and the last instruction that leave with it, or whose helper sees its frames.
  struct Span {
    Reference first = INT32_MAX, last = -1;
    void add(Reference i) {
      first = std::min(first, i);
      last = i;
    }
  };
  struct Uses {
    Span exit, frames;
  };

  Ir& ir_;
  Snapshot& end_;
  const Reference size_;
  std::vector<Uses> uses_;
  std::vector<Load> loads_;
};

}  // namespace

void borrow_values(Ir& ir, Snapshot& end) { Borrowing(ir, end).run(); }

}  // namespace pt::jit
