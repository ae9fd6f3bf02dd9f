#include "vm/modules/support.h"

#include <climits>
#include <cstring>

#include "gc/platform/memory.h"

namespace pt {

bool refuse_keywords(const char* name, Type* type, const Type& exact, const Args& args) {
  if (args.keyword_count() == 0) return true;
  if (type != &exact && type->slots.init != exact.slots.init) return true;
  return raise(exc::TypeError, "%s() takes no keyword arguments", name);
}

bool positional_arguments(const char* name, Type* type, const Type& exact, const Args& args, int minimum, int maximum,
                          Value* out) {
  if (!refuse_keywords(name, type, exact, args)) return false;
  int count = static_cast<int>(args.count);
  if (count < minimum) {
    return raise(exc::TypeError, "%s expected %s%d argument%s, got %d", name, minimum == maximum ? "" : "at least ", minimum,
                 minimum == 1 ? "" : "s", count);
  }
  if (maximum >= 0 && count > maximum) {
    return raise(exc::TypeError, "%s expected %s%d argument%s, got %d", name, minimum == maximum ? "" : "at most ", maximum,
                 maximum == 1 ? "" : "s", count);
  }
  for (int i = 0; i < maximum; ++i) out[i] = i < count ? args.values[i] : Value();
  return true;
}

Ref<> builtin(const char* name) { return import_attribute("builtins", name); }

Ref<> class_getitem(const Value* a) { return call_values(Value::object(&generic_alias_type), {a[0], a[1]}); }

bool sequence_index(Value key, int64_t* out) {
  if (key.is_small_int()) {
    *out = key.as_small_int();
    return true;
  }
  if (!is_int(key) && !type_of(key)->slots.unary[static_cast<int>(UnaryOp::kIndex)]) {
    return raise(exc::TypeError, "sequence index must be integer, not '%T'", key);
  }
  return to_size(key, out);
}

bool optional_clamped(Value v, int64_t fallback, int64_t* out) {
  if (v.empty()) {
    *out = fallback;
    return true;
  }
  if (!is_int(v) && !type_of(v)->slots.unary[static_cast<int>(UnaryOp::kIndex)]) {
    return raise(exc::TypeError, "slice indices must be integers or have an __index__ method");
  }
  return to_index_clamped(v, out);
}

bool to_ssize(Value v, int64_t* out) {
  if (v.is_small_int()) {
    *out = v.as_small_int();
    return true;
  }
  Ref<> i = index(v);
  if (!i) return false;
  if (int_to_int64(i.value(), out)) return true;
  return raise(exc::OverflowError, "Python int too large to convert to C ssize_t");
}

ValueBuffer::~ValueBuffer() {
  if (values_ != inline_) memory::release(values_);
}
bool ValueBuffer::reserve(size_t count) {
  if (count <= capacity_) return true;
  if (count > (size_t{1} << 40)) return raise_no_memory();
  auto* grown = static_cast<Value*>(memory::allocate(count * sizeof(Value)));
  if (!grown) return raise_no_memory();
  std::memcpy(static_cast<void*>(grown), static_cast<const void*>(values_), size_ * sizeof(Value));
  if (values_ != inline_) memory::release(values_);
  values_ = grown;
  capacity_ = count;
  return true;
}

}  // namespace pt
