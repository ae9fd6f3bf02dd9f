#pragma once
// Arithmetic of timedelta, by microseconds (timedelta_arithmetic.cpp).
#include "vm/modules/datetime/datetime.h"

namespace pt::datetime {

Ref<> wide_to_int(Wide w);
bool int_to_wide(Value v, Wide* out);  // false: it does not fit
// A timedelta of so many microseconds, any int.
Ref<> delta_from_int(Value microseconds, Type* type = &delta_type);

// Binary slots: either operand may be the timedelta.
Ref<> delta_add(Value left, Value right);
Ref<> delta_subtract(Value left, Value right);
Ref<> delta_multiply(Value left, Value right);
Ref<> delta_true_divide(Value left, Value right);
Ref<> delta_floor_divide(Value left, Value right);
Ref<> delta_remainder(Value left, Value right);
Ref<> delta_divmod(Value left, Value right);
Ref<> delta_total_seconds(const Value* a);

}  // namespace pt::datetime
