#include "vm/jit/allocate.h"

#include <algorithm>

namespace pt::jit {
namespace {

bool has_value(const Ir& ir, Reference r) {
  return ir.at(r).type != Type::N && !ir.is_constant(r) && ir.at(r).op != Op::kVirtual;
}

// Last position at which each value is needed. Positions are instruction numbers; ir.size() is the end of the loop.
std::vector<Reference> last_uses(const Ir& ir) {
  std::vector<Reference> last(static_cast<size_t>(ir.size()), kNoReference);
  auto is_left = [&](Reference r) {
    for (const Phi& p : ir.phis) {
      if (p.left == r) return true;
    }
    return false;
  };
  std::vector<bool> left(static_cast<size_t>(ir.size()), false);
  for (Reference i = 0; i < ir.size(); ++i) left[static_cast<size_t>(i)] = is_left(i);
  bool loops = ir.loop_start >= 0;
  auto use = [&](Reference r, Reference at) {
    if (r < 0 || ir.is_constant(r)) return;
    Reference end = at;
    // What the loop needs unchanged stays until its end.
    if (loops && r < ir.loop_start && at >= ir.loop_start && !left[static_cast<size_t>(r)]) end = ir.size();
    last[static_cast<size_t>(r)] = std::max(last[static_cast<size_t>(r)], end);
  };
  for (Reference i = 0; i < ir.size(); ++i) {
    const Instruction& in = ir.at(i);
    if (has_value(ir, i)) use(i, i);
    use(in.a, i);
    use(in.b, i);
    for (int32_t number : {in.snapshot, describe(in.op).flags & kRaise ? in.frames : -1}) {
      if (number < 0) continue;
      ir.snapshots[static_cast<size_t>(number)].each_value([&](Reference r) { use(r, i); });
    }
  }
  for (const Ir::LinkValue& v : ir.link_values) use(v.value, ir.size());
  for (const Phi& p : ir.phis) {
    use(p.right, ir.size());
    // The left value is there when the loop begins.
    last[static_cast<size_t>(p.left)] = std::max(last[static_cast<size_t>(p.left)], ir.loop_start);
  }
  return last;
}

}  // namespace

Allocation allocate_registers(const Ir& ir) {
  Allocation result;
  auto n = static_cast<size_t>(ir.size());
  result.locations.assign(n, {});
  std::vector<Reference> last = last_uses(ir);
  std::vector<int> loop_uses(n, 0);
  for (Reference i = std::max<Reference>(ir.loop_start, 0); i < ir.size(); ++i) {
    if (ir.at(i).a >= 0) ++loop_uses[static_cast<size_t>(ir.at(i).a)];
    if (ir.at(i).b >= 0) ++loop_uses[static_cast<size_t>(ir.at(i).b)];
  }
  Reference holder[2][kRegisterCount];
  for (auto& bank : holder) std::fill(std::begin(bank), std::end(bank), kNoReference);
  std::vector<Reference> slot_free_from;  // spill slot -> position from which it is free
  auto spill = [&](Reference r) {
    // The slot must be free from the value's definition on.
    for (size_t s = 0; s < slot_free_from.size(); ++s) {
      if (slot_free_from[s] < r) {
        slot_free_from[s] = last[static_cast<size_t>(r)];
        return static_cast<int32_t>(s);
      }
    }
    slot_free_from.push_back(last[static_cast<size_t>(r)]);
    return static_cast<int32_t>(slot_free_from.size()) - 1;
  };
  for (Reference i = 0; i < ir.size(); ++i) {
    if (ir.is_constant(i)) {
      result.locations[static_cast<size_t>(i)] = {Place::kConstant, 0};
      continue;
    }
    // Values whose last use lies before this instruction; those it uses itself stay, as its exit may need them.
    for (auto& bank : holder) {
      for (Reference& h : bank) {
        if (h >= 0 && last[static_cast<size_t>(h)] < i) h = kNoReference;
      }
    }
    if (!has_value(ir, i)) continue;
    if (ir.at(i).op == Op::kInherit) {
      // All of these come first: their places are the parent trace's.
      Location l = ir.inherited[static_cast<size_t>(ir.at(i).imm)];
      result.locations[static_cast<size_t>(i)] = l;
      if (l.place == Place::kSlot) {
        if (static_cast<size_t>(l.index) >= slot_free_from.size())
          slot_free_from.resize(static_cast<size_t>(l.index) + 1, kNoReference);
        slot_free_from[static_cast<size_t>(l.index)] = last[static_cast<size_t>(i)];
      } else {
        holder[l.place == Place::kFloatRegister][l.index] = i;
      }
      continue;
    }
    int bank = ir.at(i).type == Type::F;
    int chosen = -1;
    const Instruction& in = ir.at(i);
    Form form = describe(in.op).form;
    // The operand that the result may replace.
    if ((form == Form::Binary || form == Form::Unary) && last[static_cast<size_t>(in.a)] == i) {
      for (int k = 0; k < kScratch; ++k) {
        if (holder[bank][k] == in.a) chosen = k;
      }
    }
    if (chosen < 0) {
      // The right side of a phi would like to be where the left one is.
      for (const Phi& p : ir.phis) {
        if (p.right != i) continue;
        Location l = result.locations[static_cast<size_t>(p.left)];
        if ((l.place == Place::kRegister || l.place == Place::kFloatRegister) && holder[bank][l.index] == kNoReference) {
          chosen = l.index;
        }
      }
    }
    for (int k = 0; k < kScratch && chosen < 0; ++k) {
      if (holder[bank][k] == kNoReference) chosen = k;
    }
    if (chosen < 0) {
      // Spill what is used least in the loop, then what lives longest.
      auto worse = [&](Reference x, Reference y) {
        auto a = static_cast<size_t>(x), b = static_cast<size_t>(y);
        return loop_uses[a] != loop_uses[b] ? loop_uses[a] < loop_uses[b] : last[a] > last[b];
      };
      int victim = 0;
      for (int k = 1; k < kScratch; ++k) {
        if (worse(holder[bank][k], holder[bank][victim])) victim = k;
      }
      Reference v = holder[bank][victim];
      if (worse(i, v)) {
        result.locations[static_cast<size_t>(i)] = {Place::kSlot, spill(i)};
        continue;
      }
      if (ir.at(v).op == Op::kInherit) {
        // It has its place already; the newcomer must do without a register.
        result.locations[static_cast<size_t>(i)] = {Place::kSlot, spill(i)};
        continue;
      }
      result.locations[static_cast<size_t>(v)] = {Place::kSlot, spill(v)};
      chosen = victim;
      // Others that took over the victim's register by then keep it; it is free from here.
      holder[bank][victim] = kNoReference;
    }
    holder[bank][chosen] = i;
    result.locations[static_cast<size_t>(i)] = {bank ? Place::kFloatRegister : Place::kRegister, chosen};
  }
  result.last_use = std::move(last);
  result.spill_count = static_cast<int>(slot_free_from.size());
  if (result.spill_count > kSpillSlots) result.error = "too many spilled values";
  return result;
}

const char* verify_allocation(const Ir& ir, const Allocation& allocation) {
  std::vector<Reference> last = last_uses(ir);
  for (Reference i = 0; i < ir.size(); ++i) {
    if (!has_value(ir, i)) continue;
    Location l = allocation.locations[static_cast<size_t>(i)];
    if (l.place == Place::kNone || l.place == Place::kConstant) return "a value without a place";
    bool is_float = ir.at(i).type == Type::F;
    if (l.place != Place::kSlot && (l.place == Place::kFloatRegister) != is_float) return "a value in the wrong bank";
    for (Reference j = i + 1; j < ir.size() && j <= last[static_cast<size_t>(i)]; ++j) {
      if (!has_value(ir, j) || allocation.locations[static_cast<size_t>(j)] != l) continue;
      Form form = describe(ir.at(j).op).form;
      bool replaces = last[static_cast<size_t>(i)] == j && ir.at(j).a == i && (form == Form::Binary || form == Form::Unary);
      if (!replaces) return "two values alive in one place";
    }
  }
  return nullptr;
}

}  // namespace pt::jit
