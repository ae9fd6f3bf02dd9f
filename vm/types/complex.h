#pragma once
// complex: two doubles.
#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {

struct Complex : Object {
  double real, imaginary;
};
inline bool is_complex(Value v) {
  return v.is_object() && (has_shape(v, kShape_complex) || is_subtype(type_of(v), &complex_type));
}
inline Complex* as_complex(Value v) { return static_cast<Complex*>(v.as_object()); }
Ref<> complex_from_doubles(double real, double imaginary);
// For exact numbers, one of them complex. False, and nothing has been done: other operands or another operation. Otherwise the
// result, or an exception.
bool complex_operation(BinaryOp op, Value a, Value b, Ref<>* result);
// __complex__, else __float__ or __index__: for cmath and the constructor. TypeError otherwise.
bool to_complex(Value v, double* real, double* imaginary);

}  // namespace pt
