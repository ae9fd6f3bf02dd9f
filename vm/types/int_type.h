#pragma once
// Between the files of int, float, complex and bool.
#include <string_view>

#include "vm/object/type.h"
#include "vm/types/float.h"
#include "vm/types/int.h"

namespace pt {

extern const NativeDef kIntMethods[];
extern const GetSetDef kIntGetSets[];
extern const NativeDef kFloatMethods[];

// int(b"..."): `original` is for the message.
Ref<> int_from_byte_text(Value original, std::string_view text, int base);

Ref<Str> str_to_ascii_digits(Str* s);

// The truth of `order op 0`.
inline bool compare_result(int order, CompareOp op) {
  switch (op) {
    case CompareOp::kLt: return order < 0;
    case CompareOp::kLe: return order <= 0;
    case CompareOp::kEq: return order == 0;
    case CompareOp::kNe: return order != 0;
    case CompareOp::kGt: return order > 0;
    default: return order >= 0;
  }
}

}  // namespace pt
