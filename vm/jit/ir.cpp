// Descriptions, validation and text of the trace IR.
#include "vm/jit/ir.h"

#include <bit>
#include <cstdio>

#include "gc/object/value.h"
#include "vm/ops/instruction.h"

namespace pt::jit {

constinit const OpDescription kOpDescriptions[static_cast<int>(Op::kCount)] = {
#define PT_JIT_OP(name, result, a, b, form, flags) {#name, Type::result, Type::a, Type::b, Form::form, flags},
#include "jit_stencils/ops.def"
#undef PT_JIT_OP
    {"Constant", Type::W, Type::N, Type::N, Form::Constant, kPure},
    {"ConstantFloat", Type::F, Type::N, Type::N, Form::Constant, kPure},
    {"Inherit", Type::W, Type::N, Type::N, Form::Constant, kPure},
    {"Virtual", Type::O, Type::N, Type::N, Form::Constant, kPure},
};

namespace {
// May a value of type `given` stand where `wanted` is asked for?
bool fits(Type wanted, Type given) {
  if (wanted == given) return true;
  if (wanted == Type::W) return given == Type::I || given == Type::O || given == Type::P;
  return (wanted == Type::P && given == Type::O) || (wanted == Type::O && given == Type::P);
}
}  // namespace

const char* validate(const Ir& ir) {
  if (ir.loop_start != kNoReference && (ir.loop_start < 0 || ir.loop_start > ir.size())) return "loop start out of range";
  for (Reference i = 0; i < ir.size(); ++i) {
    const Instruction& in = ir.at(i);
    const OpDescription& d = describe(in.op);
    const Reference operands[] = {in.a, in.b};
    const Type wanted[] = {d.a, d.b};
    for (int k = 0; k < 2; ++k) {
      if (wanted[k] == Type::N) {
        if (operands[k] != kNoReference) return "operand that the operation does not have";
        continue;
      }
      if (operands[k] < 0 || operands[k] >= i) return "operand not defined before its use";
      const Instruction& operand = ir.at(operands[k]);
      if (operand.op == Op::kVirtual) return "operand that is not made";
      if (!fits(wanted[k], operand.type) && !(operand.op == Op::kConstant && wanted[k] != Type::F))
        return "operand of the wrong type";
    }
    if (d.form != Form::Constant && in.type != d.result) return "result of the wrong type";
    bool leaves = (d.flags & kGuard) || in.snapshot >= 0;
    if (leaves && (in.snapshot < 0 || in.snapshot >= static_cast<int>(ir.snapshots.size()))) {
      return "guard without a snapshot";
    }
    if ((d.flags & kCold) && (in.frames < 0 || in.frames >= static_cast<int>(ir.snapshots.size())))
      return "helper without frames";
    for (int32_t number : {leaves ? in.snapshot : -1, d.flags & kRaise ? in.frames : -1}) {
      if (number < 0) continue;
      const char* wrong = nullptr;
      const Snapshot& snapshot = ir.snapshots[static_cast<size_t>(number)];
      snapshot.each_value([&](Reference r) {
        if (r < 0 || (r >= i && !ir.is_constant(r))) {
          wrong = "snapshot of a value not defined yet";
        } else if (ir.at(r).type == Type::P || ir.at(r).type == Type::N) {
          wrong = "snapshot of something that is no value";
        } else if (ir.at(r).op == Op::kVirtual) {
          bool known = false;
          for (const VirtualState& o : snapshot.objects) known |= o.object == r;
          if (!known) wrong = "snapshot of an object without its state";
        }
      });
      int taken = 0;
      for (const SlotValue& v : snapshot.slots) taken += v.taken;
      if (taken > kMostTaken) return "a snapshot of too many borrowed values";
      if (wrong) return wrong;
    }
  }
  for (const Phi& phi : ir.phis) {
    if (phi.left < 0 || phi.left >= ir.loop_start || phi.right < 0 || phi.right >= ir.size()) return "phi out of range";
    Type left = ir.at(phi.left).type, right = ir.at(phi.right).type;
    if (!fits(left, right) && !(ir.is_constant(phi.right) && left == Type::W)) return "phi of two types";
  }
  return nullptr;
}

std::string dump(const Ir& ir) {
  static const char* const kTypes[] = {" ", "w", "i", "f", "o", "p"};
  std::string out;
  char line[160];
  for (Reference i = 0; i < ir.size(); ++i) {
    if (i == ir.loop_start) out += "loop:\n";
    const Instruction& in = ir.at(i);
    const OpDescription& d = describe(in.op);
    std::snprintf(line, sizeof line, "%4d %s %-14s", i, kTypes[static_cast<int>(in.type)], d.name);
    out += line;
    if (in.a >= 0) {
      std::snprintf(line, sizeof line, " %d", in.a);
      out += line;
    }
    if (in.b >= 0) {
      std::snprintf(line, sizeof line, " %d", in.b);
      out += line;
    }
    if (in.op == Op::kConstantFloat) {
      std::snprintf(line, sizeof line, " %g", std::bit_cast<double>(in.imm));
      out += line;
    } else if (in.op == Op::kConstant && (in.imm & 1) && in.type != Type::P) {
      std::snprintf(line, sizeof line, " int %lld", static_cast<long long>(in.imm >> 1));
      out += line;
    } else if (in.op == Op::kConstant && (in.imm & 3) == 2 && in.type != Type::P) {
      std::snprintf(line, sizeof line, " float %g", Value::from_bits(static_cast<uint64_t>(in.imm)).as_immediate_float());
      out += line;
    } else if (in.op == Op::kInterpret) {
      out += ' ';
      out += kInstructionInfo[*ir.interpreted[static_cast<size_t>(in.imm)]->pc & 0xFFFF].name;
    } else if (in.op == Op::kLoadFrame || writes_register(in.op)) {
      std::snprintf(line, sizeof line, " r%lld", static_cast<long long>(in.imm));
      out += line;
    } else if (in.imm || in.op == Op::kConstant) {
      std::snprintf(line, sizeof line, " #%llx", static_cast<unsigned long long>(in.imm));
      out += line;
    }
    if (in.snapshot >= 0) {
      const Snapshot& s = ir.snapshots[static_cast<size_t>(in.snapshot)];
      std::snprintf(line, sizeof line, "   exit %d:", in.snapshot);
      out += line;
      for (const SlotValue& v : s.slots) {
        if (v.slot >= kIteratorPosition)
          std::snprintf(line, sizeof line, " it%d=%d", v.slot & (kIteratorPosition - 1), v.value);
        else
          std::snprintf(line, sizeof line, " r%d=%d", v.slot, v.value);
        out += line;
      }
      for (const VirtualState& o : s.objects) {
        std::snprintf(line, sizeof line, " %d={#%x", o.object, o.shape);
        out += line;
        for (const FieldValue& f : o.fields) {
          std::snprintf(line, sizeof line, " +%lld=%d", static_cast<long long>(f.offset), f.value);
          out += line;
        }
        out += '}';
      }
      if (!s.frames.empty()) {
        std::snprintf(line, sizeof line, " +%zu frames", s.frames.size());
        out += line;
      }
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    out += '\n';
  }
  if (ir.link || ir.link_self) {
    std::snprintf(line, sizeof line, "link %p frame%+d\n", static_cast<const void*>(ir.link), ir.link_window);
    out += line;
    for (const Ir::LinkValue& v : ir.link_values) {
      static constexpr char kPlaces[] = " rfs";  // Place
      std::snprintf(line, sizeof line, "  %c%d = %d\n", kPlaces[static_cast<int>(v.place.place)], v.place.index, v.value);
      out += line;
    }
  }
  for (const Phi& phi : ir.phis) {
    std::snprintf(line, sizeof line, "phi  %d <- %d\n", phi.left, phi.right);
    out += line;
  }
  return out;
}

}  // namespace pt::jit
