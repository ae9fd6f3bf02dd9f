#include "vm/compile/constants.h"

#include <cstring>

namespace pt::compiler {
namespace {

uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9E3779B97F4A7C15ull;
  return hash ^ hash >> 29;
}

uint64_t hash_text(uint64_t hash, std::string_view text) {
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + i, 8);
    hash = mix(hash, word);
  }
  uint64_t word = text.size();
  for (; i < text.size(); i++) word = word << 8 | static_cast<uint8_t>(text[i]);
  return mix(hash, word);
}

uint64_t hash_constant(const UnitConstant& constant) {
  uint64_t hash = mix(17, static_cast<uint64_t>(constant.kind));
  switch (constant.kind) {
    case ConstantKind::kInt:
      if (constant.literal->is_small) return mix(hash, static_cast<uint64_t>(constant.literal->integer));
      return hash_text(hash, constant.literal->text.view());
    case ConstantKind::kFloat:
    case ConstantKind::kImaginary: {
      uint64_t bits;
      std::memcpy(&bits, &constant.literal->number, 8);
      return mix(hash, bits);
    }
    case ConstantKind::kStr:
    case ConstantKind::kBytes: return hash_text(hash, constant.literal->text.view());
    case ConstantKind::kTuple:
    case ConstantKind::kFrozenSet:
    case ConstantKind::kComplex:
      for (uint32_t i = 0; i < constant.item_count; i++) hash = mix(hash, hash_constant(constant.items[i]));
      return hash;
    case ConstantKind::kCode: return mix(hash, reinterpret_cast<uintptr_t>(constant.code));
    default: return hash;
  }
}

}  // namespace

bool same_constant(const UnitConstant& a, const UnitConstant& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case ConstantKind::kInt:
      if (a.literal->is_small != b.literal->is_small) return false;
      if (a.literal->is_small) return a.literal->integer == b.literal->integer;
      return a.literal->base == b.literal->base && a.literal->text.view() == b.literal->text.view();
    case ConstantKind::kFloat:
    case ConstantKind::kImaginary: return std::memcmp(&a.literal->number, &b.literal->number, 8) == 0;
    case ConstantKind::kStr:
    case ConstantKind::kBytes: return a.literal->text.view() == b.literal->text.view();
    case ConstantKind::kTuple:
    case ConstantKind::kFrozenSet:
    case ConstantKind::kComplex:
      if (a.item_count != b.item_count) return false;
      for (uint32_t i = 0; i < a.item_count; i++) {
        if (!same_constant(a.items[i], b.items[i])) return false;
      }
      return true;
    case ConstantKind::kCode: return a.code == b.code;
    default: return true;
  }
}

UnitConstant make_constant(const syntax::ConstantValue* value) {
  using Kind = syntax::ConstantKind;
  UnitConstant constant{};
  switch (value->kind) {
    case Kind::None: constant.kind = ConstantKind::kNone; return constant;
    case Kind::True: constant.kind = ConstantKind::kTrue; return constant;
    case Kind::False: constant.kind = ConstantKind::kFalse; return constant;
    case Kind::Ellipsis: constant.kind = ConstantKind::kEllipsis; return constant;
    case Kind::Int: constant.kind = ConstantKind::kInt; break;
    case Kind::Float: constant.kind = ConstantKind::kFloat; break;
    case Kind::Imaginary: constant.kind = ConstantKind::kImaginary; break;
    case Kind::Str: constant.kind = ConstantKind::kStr; break;
    case Kind::Bytes: constant.kind = ConstantKind::kBytes; break;
    case Kind::FrozenSet: constant.kind = ConstantKind::kFrozenSet; break;
  }
  constant.literal = value;
  return constant;
}

void ConstantPool::grow() {
  size_t capacity = slots_.empty() ? 16 : slots_.size() * 2;
  slots_.assign(capacity, 0);
  for (size_t index = 0; index < hashes_.size(); index++) {
    size_t i = hashes_[index] & (capacity - 1);
    while (slots_[i]) i = (i + 1) & (capacity - 1);
    slots_[i] = static_cast<uint32_t>(index + 1);
  }
}

int ConstantPool::add(const UnitConstant& constant) {
  if (constants_.size() * 2 >= slots_.size()) grow();
  uint64_t hash = hash_constant(constant);
  size_t mask = slots_.size() - 1;
  size_t i = hash & mask;
  for (; slots_[i]; i = (i + 1) & mask) {
    size_t index = slots_[i] - 1;
    if (hashes_[index] == hash && same_constant(constants_[index], constant)) return static_cast<int>(index);
  }
  constants_.push_back(constant);
  hashes_.push_back(hash);
  slots_[i] = static_cast<uint32_t>(constants_.size());
  return static_cast<int>(constants_.size() - 1);
}

syntax::Seq<UnitConstant> ConstantPool::finish(syntax::Arena& arena) const {
  return arena.copy(constants_.data(), constants_.size());
}

}  // namespace pt::compiler
