// What a trace has done by functions of the runtime, called as native functions are: attributes and truth of builtin objects, and
// what instructions for unpacked arguments do with lists.
#include "vm/jit/recorder.h"
#include "vm/object/leaf_forms.h"
#include "vm/object/names.h"
#include "vm/object/protocol.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt::jit {

namespace {
Ref<> attribute_of(const Value* a) { return get_attribute(a[0], as_str(a[1])); }
Ref<> truth_of(const Value* a) {
  int outcome = pt::truth(a[0]);
  return outcome < 0 ? Ref<>() : Ref<>::retain(boolean(outcome));
}
Ref<> extend_list(const Value* a) { return list_extend(as_list(a[0]), a[1]) ? Ref<>::retain(none()) : Ref<>(); }
Ref<> tuple_of_list(const Value* a) { return list_to_tuple(as_list(a[0])); }
}  // namespace

// The function's result, with a count.
Reference Recorder::call_runtime(NativeFunction function, std::initializer_list<Reference> arguments) {
  store_arguments({arguments.begin(), arguments.size()});
  ir_.native_calls.push_back(
      std::make_unique<NativeCall>(NativeCall{reinterpret_cast<const void*>(function), static_cast<int>(arguments.size())}));
  return emit(Op::kCallNative, kNoReference, kNoReference, static_cast<int64_t>(ir_.native_calls.size()) - 1);
}

// An attribute of a builtin object that has no place of its own: a bound method, what a getter gives.
bool Recorder::load_builtin_attribute(uint64_t word) {
  Value object = seen(PT_B);
  Str* name = here().code->names[static_cast<uint16_t>(PT_C)];
  // A frame's variables are in its registers, and perhaps in the trace only.
  bool variables = has_shape(object, kShape_frame) && name->equals_ascii("f_locals");
  if (!is_builtin(object) || handling() || variables || has_shape(object, kShape_super) || has_shape(object, kShape_module)) {
    return fall_back();
  }
  const Reference arguments[] = {plain(PT_B), object_constant(Value::object(name))};
  Reference made = native_call({.callee = reinterpret_cast<const void*>(attribute_of),
                                .count = 2,
                                .leaf = reinterpret_cast<const void*>(leaf_form_of(type_of(object)->slots.get_attribute))},
                               arguments);
  drop(PT_B, PT_A);
  set_owned(at(PT_A), made);
  go(2);
  return true;
}

// Of objects whose length or value is their own: it is asked here, too, and again where it is the other one.
bool Recorder::truth_of_builtin(int operand, bool* outcome) {
  static constexpr uint32_t kOwnTruth[] = {kShape_bytes,     kShape_bytearray,   kShape_int,
                                           kShape_complex,   kShape_range,       kShape_memoryview,
                                           kShape_dict_keys, kShape_dict_values, kShape_dict_items};
  Value v = seen(operand);
  bool own = false;
  for (uint32_t shape : kOwnTruth) own |= has_shape(v, shape);
  if (!own || handling()) return fall_back();
  *outcome = pt::truth(v) == 1;
  Reference answer = call_runtime(truth_of, {plain(operand)});
  emit(Op::kGuardIs, answer, object_constant(boolean(*outcome)));
  return true;
}

bool Recorder::list_extend(uint64_t word) {
  Value list = seen(PT_A), items = seen(PT_B);
  if (!has_shape(list, kShape_list) || (!has_shape(items, kShape_list) && !has_shape(items, kShape_tuple))) return fall_back();
  (void)call_runtime(extend_list, {plain(PT_A), plain(PT_B)});
  drop(PT_A);
  drop(PT_B);
  go(1);
  return true;
}
bool Recorder::list_to_tuple(uint64_t word) {
  if (!has_shape(seen(PT_B), kShape_list)) return fall_back();
  Reference made = call_runtime(tuple_of_list, {plain(PT_B)});
  drop(PT_B, PT_A);
  set_owned(at(PT_A), made);
  go(1);
  return true;
}

}  // namespace pt::jit
