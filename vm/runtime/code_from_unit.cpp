#include "vm/runtime/code_from_unit.h"

#include "gc/platform/memory.h"
#include "vm/compile/code_unit.h"
#include "vm/ops/instruction.h"
#include "vm/object/constants.h"
#include "vm/object/error.h"
#include "vm/object/native.h"
#include "vm/types/bytes.h"
#include "vm/types/code_life.h"
#include "vm/types/complex.h"
#include "vm/types/float.h"
#include "vm/types/function.h"
#include "vm/types/int.h"
#include "vm/types/set.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

Ref<> int_constant(const syntax::ConstantValue* literal) {
  if (literal->is_small) return int_from_int64(literal->integer);
  std::string_view digits = literal->text.view();
  bool negative = !digits.empty() && digits.front() == '-';
  if (negative) digits.remove_prefix(1);
  Ref<> v = int_from_digits(digits, literal->base);
  if (!v || !negative) return v;
  return unary_operation(UnaryOp::kNeg, v.value());
}

bool looks_like_identifier(std::string_view s) {
  for (char c : s) {
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')) return false;
  }
  return true;
}

Ref<> str_constant(std::string_view text) {
  Ref<Str> s = str_from_wtf8(text);
  // Identifier-like literals are interned, as CPython does: attribute names and dict keys compare by identity.
  if (s && looks_like_identifier(text)) return Ref<>::retain(Value::object(intern(std::move(s))));
  return s;
}

Ref<> constant(const UnitConstant& c, Str* filename) {
  switch (c.kind) {
    case ConstantKind::kNone: return none_ref();
    case ConstantKind::kTrue: return bool_ref(true);
    case ConstantKind::kFalse: return bool_ref(false);
    case ConstantKind::kEllipsis: return Ref<>::steal(Value::object(&ellipsis_object));
    case ConstantKind::kInt:
    case ConstantKind::kFloat:
    case ConstantKind::kImaginary:
    case ConstantKind::kStr:
    case ConstantKind::kBytes: return literal_value(*c.literal);
    case ConstantKind::kComplex: return complex_from_doubles(c.items[0].literal->number, c.items[1].literal->number);
    case ConstantKind::kTuple:
    case ConstantKind::kFrozenSet: {
      Ref<Tuple> t = tuple_allocate(c.item_count);
      if (!t) return t;
      for (uint32_t i = 0; i < c.item_count; ++i) {
        Ref<> item = constant(c.items[i], filename);
        if (!item) return Ref<>();
        t->items[i].init(std::move(item));
      }
      if (c.kind == ConstantKind::kTuple) return t;
      return frozenset_new(t.value());
    }
    case ConstantKind::kCode: return code_from_unit(c.code, filename);
  }
  return Ref<>();
}

Str* identifier(const syntax::Identifier* id) {
  Ref<Str> s = str_from_wtf8(id->view());
  return s ? intern(std::move(s)) : nullptr;
}

template <class T>
T* array(size_t count) {
  return static_cast<T*>(memory::allocate_zeroed((count ? count : 1) * sizeof(T)));
}

}  // namespace

Ref<> literal_value(const syntax::ConstantValue& literal) {
  switch (literal.kind) {
    case syntax::ConstantKind::None: return none_ref();
    case syntax::ConstantKind::True: return bool_ref(true);
    case syntax::ConstantKind::False: return bool_ref(false);
    case syntax::ConstantKind::Ellipsis: return Ref<>::steal(Value::object(&ellipsis_object));
    case syntax::ConstantKind::Int: return int_constant(&literal);
    case syntax::ConstantKind::Float: return float_from_double(literal.number);
    case syntax::ConstantKind::Imaginary: return complex_from_doubles(0.0, literal.number);
    case syntax::ConstantKind::Str: return str_constant(literal.text.view());
    case syntax::ConstantKind::Bytes: return bytes_from(literal.text.view());
    case syntax::ConstantKind::FrozenSet: break;
  }
  return Ref<>();
}

Ref<Code> code_from_unit(const CodeUnit* unit, Str* filename) {
  Ref<Code> code = allocate<Code>(&code_type);
  if (!code) return code;
  Code* c = code.get();
  auto* words = array<uint64_t>(unit->words.size);
  c->words.store(words, std::memory_order_relaxed);
  c->exceptions = array<CodeException>(unit->exceptions.size);
  c->names = array<Str*>(unit->names.size);
  c->local_names = array<Str*>(unit->local_names.size);
  c->local_kinds = array<uint8_t>(unit->local_kinds.size);
  c->positions = array<uint8_t>(unit->positions.size);
  Value* constants = array<Value>(unit->constants.size + 1);
  if (!words || !c->exceptions || !c->names || !c->local_names || !c->local_kinds || !c->positions || !constants) {
    return raise_no_memory();
  }
  c->constants_end = constants;  // moved up as constants are filled, so that a failure leaves no gaps
  c->word_count = static_cast<uint32_t>(unit->words.size);
  for (uint32_t at = 0; at < unit->words.size;) {
    uint64_t word = unit->words.data[at];
    auto end = at + static_cast<uint32_t>(instruction_words(opcode_of(word)));
    words[at] = mark_fresh_target(word, unit->first_temporary);
    while (++at < end) words[at] = unit->words.data[at];
  }
  for (uint32_t i = 0; i < unit->exceptions.size; ++i) {
    const ExceptionEntry& e = unit->exceptions.data[i];
    c->exceptions[i] = {e.start, e.end, e.target, e.depth};
  }
  c->exception_count = static_cast<uint32_t>(unit->exceptions.size);
  c->flags = unit->flags | (unit->docstring ? static_cast<uint32_t>(kCodeFlagDocstring) : 0u);
  c->argument_count = unit->argument_count;
  c->positional_only_count = unit->positional_only_count;
  c->keyword_only_count = unit->keyword_only_count;
  c->parameter_count = unit->parameter_count;
  c->local_end = unit->first_temporary;
  c->register_count = unit->register_count + 1;
  c->free_register = unit->free_register;
  c->free_count = unit->free_count;
  c->loop_count = unit->loop_count;
  c->self_attribute_count = unit->self_attribute_count;
  c->first_line = unit->first_line;
  c->simple_call = c->parameter_count == c->argument_count && c->keyword_only_count == 0 &&
                   !(c->flags & (kCodeFlagVarArgs | kCodeFlagVarKeywords));
  c->position_bytes = static_cast<uint32_t>(unit->positions.size);
  __builtin_memcpy(c->positions, unit->positions.data, unit->positions.size);
  __builtin_memcpy(c->local_kinds, unit->local_kinds.data, unit->local_kinds.size);
  for (uint32_t i = 0; i < unit->names.size; ++i) {
    if (!(c->names[i] = identifier(unit->names.data[i]))) return Ref<Code>();
  }
  c->name_count = static_cast<uint32_t>(unit->names.size);
  for (uint32_t i = 0; i < unit->local_names.size; ++i) {
    if (!(c->local_names[i] = identifier(unit->local_names.data[i]))) return Ref<Code>();
  }
  Value* end = constants + unit->constants.size;
  for (uint32_t i = 0; i < unit->constants.size; ++i) {
    Ref<> v = constant(unit->constants.data[i], filename);
    if (!v) {
      // Constants are addressed from the end: what was filled so far is handed back here.
      for (uint32_t k = 0; k < i; ++k) release(end[-1 - static_cast<int64_t>(k)]);
      return Ref<Code>();
    }
    // All threads that run the code load them: no counts.
    if (v.value().is_object()) make_deferred(v.value().as_object());
    end[-1 - static_cast<int64_t>(i)] = v.take().untagged();
  }
  c->constants_end = end;
  c->constant_count = static_cast<uint32_t>(unit->constants.size);
  Str* name = identifier(unit->name);
  Ref<Str> qualname = str_from_wtf8(unit->qualname);
  if (!name || !qualname) return Ref<Code>();
  c->name.init(Ref<>::retain(Value::object(name)));
  c->qualname.init(Ref<>::retain(Value::object(intern(std::move(qualname)))));
  c->filename.init(Ref<>::retain(Value::object(filename)));
  code_deferred(c);
  return code;
}

}  // namespace pt
