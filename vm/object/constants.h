#pragma once
// The immortal singletons and how to name them as Values.
#include "gc/object/object.h"
#include "gc/refcount/ref.h"

namespace pt {

struct Singleton : Object {};
// Laid out as Int (vm/types/int.h): size is the number of limbs.
struct BoolObject : Object {
  int64_t size;
  uint64_t limb;
};

extern Singleton none_object, not_implemented_object, ellipsis_object;
extern BoolObject false_object, true_object;

// Borrowed-tagged: never counted, so returning them costs nothing. Identity tests go through Value::is/same.
inline Value none() { return Value::borrowed_object(&none_object); }
inline Value not_implemented() { return Value::borrowed_object(&not_implemented_object); }
inline Value boolean(bool b) { return Value::borrowed_object(b ? &true_object : &false_object); }
inline bool is_none(Value v) { return v.is(&none_object); }
inline bool is_not_implemented(Value v) { return v.is(&not_implemented_object); }
inline bool is_true(Value v) { return v.is(&true_object); }
inline bool is_false(Value v) { return v.is(&false_object); }
inline bool is_bool(Value v) { return is_true(v) || is_false(v); }

// Owned forms (untagged; the objects are immortal).
inline Ref<> none_ref() { return Ref<>::steal(Value::object(&none_object)); }
inline Ref<> not_implemented_ref() { return Ref<>::steal(Value::object(&not_implemented_object)); }
inline Ref<> bool_ref(bool b) { return Ref<>::steal(Value::object(b ? &true_object : &false_object)); }

}  // namespace pt
