// The _opcode module: the instructions of a code object, for `dis`. The instruction set of CPython, which `opcode` describes,
// is not the one that runs here: stack effects are unknown.
#include "vm/modules/support/arguments.h"
#include "vm/object/module.h"
#include "vm/object/native.h"
#include "vm/ops/instruction.h"
#include "vm/types/function.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

Ref<> opcode_stack_effect(const Value* a) {
  int opcode;
  if (!to_cint(a[0], &opcode)) return Ref<>();
  return raise(exc::ValueError, "invalid opcode or oparg");
}
Ref<> opcode_get_specialization_stats(const Value*) { return none_ref(); }

// What the operands of one instruction are, as (kind, value) tuples.
class Operands {
 public:
  explicit Operands(const Code* code) : code_(code), list_(list_new()) {}

  bool add(const char* kind, Ref<> value) {
    if (!list_ || !value) return false;
    Ref<> pair = tuple_of({Value::object(intern(kind)), value.value()});
    return pair && list_append(list_.get(), std::move(pair));
  }
  bool constant(int64_t index) {
    if (index < 0 || index >= code_->constant_count) return add("number", int_from_int64(index));
    return add("constant", Ref<>::retain(code_->constant(static_cast<uint32_t>(index))));
  }
  bool name(int64_t index) {
    if (index < 0 || index >= code_->name_count) return add("number", int_from_int64(index));
    return add("name", Ref<>::retain(Value::object(code_->names[index])));
  }
  bool reg(int index) {
    if (index >= 0 && index < static_cast<int>(code_->local_end) && code_->local_names[index]) {
      return add("local", Ref<>::retain(Value::object(code_->local_names[index])));
    }
    return add("temporary", int_from_int64(index - static_cast<int64_t>(code_->local_end)));
  }
  bool operand(OperandKind kind, int value) {
    switch (kind) {
      case OperandKind::none:
      case OperandKind::J:
      case OperandKind::K: return true;
      case OperandKind::W:
      case OperandKind::B: return reg(value >> 1);
      case OperandKind::R: return value < 0 ? constant(~(value >> 1)) : reg(value >> 1);
      case OperandKind::N: return name(static_cast<uint16_t>(value));
      case OperandKind::U: return add("number", int_from_int64(static_cast<uint16_t>(value)));
      case OperandKind::I: break;
    }
    return add("number", int_from_int64(value));
  }
  Ref<List> take() { return std::move(list_); }

 private:
  const Code* code_;
  Ref<List> list_;
};

// (offset, opcode, operands, offset jumped to or None) of each instruction; offsets in bytes of co_code.
Ref<> opcode_instructions(const Value* a) {
  if (!has_shape(a[0], kShape_code)) return raise(exc::TypeError, "a code object is required, not %T", a[0]);
  Code* code = as_code(a[0]);
  if (!code_ensure_body(code)) return Ref<>();
  Ref<List> result = list_new();
  for (uint32_t at = 0; result && at < code->word_count;) {
    uint64_t word = __atomic_load_n(code->words + at, __ATOMIC_RELAXED);
    Opcode op = opcode_of(word);
    const InstructionInfo& info = kInstructionInfo[static_cast<int>(op)];
    uint32_t next = at + static_cast<uint32_t>(instruction_words(op));
    uint64_t extra = info.extra_words ? __atomic_load_n(code->words + at + 1, __ATOMIC_RELAXED) : 0;
    bool has_extra = info.extra_words > 0;
    Operands operands(code);
    bool ok = operands.operand(info.a, operand_a(word));
    bool jumps = info.b == OperandKind::J;
    int32_t distance = operand_wide(word);
    if (info.b == OperandKind::K) {
      ok = ok && operands.constant(operand_wide(word));
    } else if (!jumps) {
      ok = ok && operands.operand(info.b, operand_b(word)) && operands.operand(info.c, operand_c(word));
    }
    if (has_extra && extra_kind(op) == ExtraKind::kName) ok = ok && operands.name(static_cast<uint32_t>(extra));
    if (has_extra && extra_kind(op) == ExtraKind::kConstant) ok = ok && operands.constant(static_cast<uint32_t>(extra));
    if (has_extra && extra_kind(op) == ExtraKind::kJump) {
      jumps = true;
      distance = static_cast<int32_t>(static_cast<uint32_t>(extra));
    }
    Ref<List> list = operands.take();
    Ref<> target = jumps ? int_from_int64((static_cast<int64_t>(next) + distance) * 8) : none_ref();
    if (!ok || !list || !target) return Ref<>();
    Ref<> item = tuple_of(
        {Value::small_int(static_cast<int64_t>(at) * 8), Value::small_int(static_cast<int>(op)), list.value(), target.value()});
    if (!item || !list_append(result.get(), std::move(item))) return Ref<>();
    at = next;
  }
  return result;
}

Ref<> opcode_names(const Value*) {
  Ref<List> result = list_new();
  for (const InstructionInfo& info : kInstructionInfo) {
    if (!result || !list_append(result.get(), Ref<>::retain(Value::object(intern(info.name))))) return Ref<>();
  }
  return result;
}

const NativeDef kFunctions[] = {
    {"stack_effect", "(opcode, oparg=None, /, *, jump=None)", opcode_stack_effect, "Compute the stack effect of the opcode."},
    {"get_specialization_stats", "()", opcode_get_specialization_stats, "Return the specialization stats"},
    {"instructions", "(code, /)", opcode_instructions, "The instructions of a code object."},
    {"names", "()", opcode_names, "The names of all instructions, by number."},
    {},
};

}  // namespace
extern const NativeModule opcode_module;
const NativeModule opcode_module = {"_opcode", "Opcode support module.", kFunctions};
}  // namespace pt
