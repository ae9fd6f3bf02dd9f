// Loop peeling (which hoists what does not change) and dead code.
#include <algorithm>

#include "vm/jit/ir.h"

namespace pt::jit {

const char* unroll_loop(Ir& ir, const Snapshot& end) {
  const std::vector<SlotValue>& final_slots = end.slots;
  Reference count = ir.size();
  ir.loop_start = count;
  Builder builder(ir, end.objects);
  std::vector<Reference> next(static_cast<size_t>(count), kNoReference);  // value -> the same one a round later
  auto later = [&](Reference r) { return r < 0 || ir.is_constant(r) ? r : next[static_cast<size_t>(r)]; };
  auto changed = [&](int32_t slot) -> const SlotValue* {
    for (const SlotValue& s : final_slots) {
      if (s.slot == slot) return &s;
    }
    return nullptr;
  };
  StoredRegisters stored;
  for (Reference i = 0; i < count; ++i) {
    Instruction in = ir.at(i);
    if (writes_register(in.op)) stored.registers.push_back(static_cast<int32_t>(in.imm));
    if (in.op == Op::kVirtual) {
      next[static_cast<size_t>(i)] = ir.size();
      ir.code.push_back(in);
      continue;
    }
    if (describe(in.op).form == Form::Constant) {
      next[static_cast<size_t>(i)] = i;
      continue;
    }
    if (in.op == Op::kLoadFrame || (in.op == Op::kLoadPosition && in.tag)) {
      // What the round left in a machine register goes on from there; what it left in memory is found by the builder.
      if (const SlotValue* s = changed(in.op == Op::kLoadFrame ? static_cast<int32_t>(in.imm) : in.tag)) {
        next[static_cast<size_t>(i)] = s->value;
        continue;
      }
    }
    auto map_snapshot = [&](int32_t number) {
      const Snapshot old = ir.snapshots[static_cast<size_t>(number)];
      Snapshot fresh{old.pc, {}, old.frames, {}, old.raises, old.dynamic};
      // What the finished round changed, then what this one did.
      for (const SlotValue& s : final_slots) {
        if (old.dynamic) break;
        bool overridden = stored.covers(s.slot);
        for (const SlotValue& o : old.slots) overridden |= o.slot == s.slot;
        if (!overridden) fresh.slots.push_back(s);
      }
      builder.collect(&fresh);
      for (const SlotValue& o : old.slots) fresh.slots.push_back({o.slot, later(o.value), o.owned, o.taken});
      for (const VirtualState& o : old.objects) {
        fresh.objects.push_back({later(o.object), o.shape, {}});
        for (const FieldValue& f : o.fields) fresh.objects.back().fields.push_back({f.offset, later(f.value), f.owner});
      }
      fresh.handled = old.handled;
      fresh.caught = old.caught;
      fresh.left = old.left;
      for (Caught& c : fresh.caught) c.exception = later(c.exception);
      for (LeftFrame& l : fresh.left) {
        for (SlotValue& v : l.locals) v.value = later(v.value);
      }
      ir.snapshots.push_back(std::move(fresh));
      return static_cast<int32_t>(ir.snapshots.size()) - 1;
    };
    int32_t snapshot = in.snapshot >= 0 ? map_snapshot(in.snapshot) : -1;
    Reference a = later(in.a), b = later(in.b);
    Reference made = builder.emit(in.op, a, b, in.imm, snapshot);
    if (builder.failed()) return "a guard of the second round cannot hold";
    if (in.type != Type::N && made == kNoReference) return "a value was lost";
    if (builder.is_last(made, in.op)) {
      ir.code.back().frames = describe(in.op).flags & kRaise ? map_snapshot(in.frames) : in.frames;
      ir.code.back().tag = in.tag;
    }
    next[static_cast<size_t>(i)] = in.type == Type::N ? kNoReference : made;
  }
  // A value that a later round takes over from an earlier one changes from round to round.
  std::vector<bool> is_left(static_cast<size_t>(count), false);
  const char* wrong = nullptr;
  auto add_phi = [&](Reference left) {
    if (left < 0 || left >= count || ir.is_constant(left) || ir.at(left).op == Op::kVirtual || is_left[static_cast<size_t>(left)])
      return;
    Reference right = next[static_cast<size_t>(left)];
    if (right == left) return;
    is_left[static_cast<size_t>(left)] = true;
    Type l = ir.at(left).type, r = ir.at(right).type;
    bool word = l == Type::W && (r == Type::W || r == Type::I || r == Type::O);
    if (l != r && !word) wrong = "the type of a variable changes between rounds";
    ir.phis.push_back({left, right});
  };
  for (Reference i = 0; i < count; ++i) {
    if (next[static_cast<size_t>(i)] != i) add_phi(next[static_cast<size_t>(i)]);
  }
  // What a round leaves behind is seen by the exits of the next one, even if nothing else looks at it.
  end.each_value(add_phi);
  return wrong;
}

bool hold_through_loop(Ir& ir, const Recorded& before) {
  int64_t words = 0;
  for (const Instruction& in : ir.code) {
    if (in.op == Op::kHold) words = std::max(words, held_word(in) + 1);
  }
  std::vector<Reference> objects;  // looked at in each round
  for (Reference i = ir.loop_start; i < ir.size(); ++i) {
    const Instruction& in = ir.at(i);
    if (lets_go(in)) return false;
    bool again = in.op == Op::kGuardExclusive && in.tag && in.a < ir.loop_start;
    for (const Phi& p : ir.phis) again &= p.left != in.a;
    if (again) objects.push_back(in.a);
  }
  size_t held = 0;
  for (size_t i = 0; i < before.code.size() && words < kHoldSlots; ++i) {
    Instruction& in = ir.code[i];
    if (in.op != Op::kGuardExclusive || std::find(objects.begin(), objects.end(), in.a) == objects.end()) continue;
    make_hold(in, words++, static_cast<uint32_t>(in.tag));
    ++held;
  }
  if (held == 0) return false;
  ir.code.resize(before.code.size());
  ir.snapshots.resize(before.snapshots.size());
  ir.phis.clear();
  ir.loop_start = kNoReference;
  return true;
}

std::vector<Reference> remove_dead_code(Ir& ir) {
  auto n = static_cast<size_t>(ir.size());
  std::vector<Reference> right(n, kNoReference);   // of the phi whose left value it is
  for (const Phi& p : ir.phis) right[static_cast<size_t>(p.left)] = p.right;
  std::vector<bool> live(n, false), live_in_loop(n, false);
  struct Use {
    Reference value;
    bool in_loop;
  };
  std::vector<Use> work;
  auto need = [&](Reference r, bool in_loop) {
    if (r >= 0) work.push_back({r, in_loop || (ir.loop_start >= 0 && r >= ir.loop_start)});
  };
  for (Reference i = 0; i < ir.size(); ++i) {
    const Instruction& in = ir.at(i);
    uint16_t flags = describe(in.op).flags;
    // Guards are there for their check: what fails them may have effects or raise. Only those whose failure just means
    // another representation of the result go with an unused result.
    bool representation = in.op == Op::kAddInt || in.op == Op::kSubInt || in.op == Op::kMulInt || in.op == Op::kTagWord ||
                          in.op == Op::kBoxFloat || in.op == Op::kLoadPosition;
    if ((flags & (kStore | kEffect | kBarrier)) || ((flags & kGuard) && !representation)) need(i, false);
  }
  for (const Ir::LinkValue& v : ir.link_values) need(v.value, false);
  while (!work.empty()) {
    auto [i, in_loop] = work.back();
    work.pop_back();
    auto at = static_cast<size_t>(i);
    // What the loop uses of an earlier round is made at its end.
    if (in_loop && !live_in_loop[at]) {
      live_in_loop[at] = true;
      need(right[at], true);
    }
    if (live[at]) continue;
    live[at] = true;
    const Instruction& in = ir.at(i);
    bool inside = ir.loop_start >= 0 && i >= ir.loop_start;
    need(in.a, inside);
    need(in.b, inside);
    for (int32_t number : {in.snapshot, describe(in.op).flags & kRaise ? in.frames : -1}) {
      if (number < 0) continue;
      ir.snapshots[static_cast<size_t>(number)].each_value([&](Reference r) { need(r, inside); });
    }
  }
  std::erase_if(ir.phis, [&](const Phi& p) { return !live_in_loop[static_cast<size_t>(p.left)]; });
  // Close the gaps.
  std::vector<Reference> moved(n, kNoReference);
  std::vector<Instruction> code;
  Reference loop_start = ir.loop_start;
  for (Reference i = 0; i < ir.size(); ++i) {
    if (i == ir.loop_start) loop_start = static_cast<Reference>(code.size());
    if (!live[static_cast<size_t>(i)]) continue;
    moved[static_cast<size_t>(i)] = static_cast<Reference>(code.size());
    code.push_back(ir.at(i));
  }
  if (ir.loop_start == ir.size()) loop_start = static_cast<Reference>(code.size());
  std::vector<bool> snapshot_used(ir.snapshots.size(), false);
  auto move = [&](Reference& r) {
    if (r >= 0) r = moved[static_cast<size_t>(r)];
  };
  for (Instruction& in : code) {
    move(in.a);
    move(in.b);
    for (int32_t number : {in.snapshot, describe(in.op).flags & kRaise ? in.frames : -1}) {
      if (number < 0) continue;
      auto at = static_cast<size_t>(number);
      if (!snapshot_used[at]) {
        ir.snapshots[at].each_value(move);
      }
      snapshot_used[at] = true;
    }
  }
  for (Phi& p : ir.phis) {
    move(p.left);
    move(p.right);
  }
  for (Ir::LinkValue& v : ir.link_values) move(v.value);
  ir.code = std::move(code);
  ir.loop_start = loop_start;
  return moved;
}

}  // namespace pt::jit
