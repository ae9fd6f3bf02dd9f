#include "vm/modules/interpreters/ids.h"
#include "vm/modules/support/arguments.h"
#include "vm/object/names.h"
#include "vm/runtime/interpreters.h"
#include "vm/types/int.h"

namespace pt::interpreters {

constinit Type interpreter_id_type;

bool to_id(Value v, const Type* type, const char* what, int64_t* out) {
  if (type_of(v) == type) {
    Ref<> number = index(v);
    return number && int_to_int64(number.value(), out);
  }
  if (!is_int(v) && !type_of(v)->slots.unary[static_cast<int>(UnaryOp::kIndex)])
    return raise(exc::TypeError, "%s ID must be an int, got %T", what, v);
  Ref<> number = index(v);
  if (!number) return false;
  if (int_sign(number.value()) < 0) return raise(exc::ValueError, "%s ID must be a non-negative int, got %R", what, v);
  return int_to_int64(number.value(), out) || raise(exc::OverflowError, "int too big to convert");
}

Ref<> compare_id(int64_t id, Value other, CompareOp op) {
  if (op != CompareOp::kEq && op != CompareOp::kNe) return not_implemented_ref();
  const Slots& slots = type_of(other)->slots;
  if (!is_int(other) && !slots.unary[static_cast<int>(UnaryOp::kIndex)] && !slots.unary[static_cast<int>(UnaryOp::kFloat)])
    return not_implemented_ref();
  Ref<> number = int_from_int64(id);
  return number ? compare(number.value(), other, op) : Ref<>();
}

namespace {

struct InterpreterId : Object {
  int64_t id;
  Interpreter* interpreter;  // counted among those that keep it, until finalize; nullptr: there was none
};
InterpreterId* self_of(Value v) { return reinterpret_cast<InterpreterId*>(v.as_object()); }

Ref<> construct(Type* type, const Args& args) {
  Value v[2];
  if (!bind_arguments("InterpreterID.__init__", "(id, *, force=False)", args, v)) return Ref<>();
  bool force = false;
  int64_t id;
  if (!to_flag(v[1], &force) || !to_id(v[0], type, "interpreter", &id)) return Ref<>();
  InterpreterRef interpreter = find_interpreter(id);
  if (!interpreter && !force) return raise(exc::RuntimeError, "unrecognized interpreter ID %ld", id);
  return interpreter_id_new(id, interpreter.get());
}

void finalize(Object* o) {
  Interpreter* interpreter = std::exchange(static_cast<InterpreterId*>(o)->interpreter, nullptr);
  if (!interpreter) return;
  InterpreterRef keep = InterpreterRef::steal(interpreter);
  // Sequentially consistent with unclaim_interpreter.
  if (interpreter->id_objects.fetch_sub(1) == 1 && interpreter->ends_with_ids.load()) end_when_idle(interpreter);
}

Ref<> to_int(Value v) { return int_from_int64(self_of(v)->id); }
Ref<> shown(Value v) { return str_format("InterpreterID(%ld)", self_of(v)->id); }
Ref<> text(Value v) { return str_format("%ld", self_of(v)->id); }
int64_t hashed(Value v) {
  Ref<> number = to_int(v);
  return number ? hash(number.value()) : -1;
}
Ref<> compared(Value a, Value b, CompareOp op) {
  if (type_of(b) != &interpreter_id_type) return compare_id(self_of(a)->id, b, op);
  if (op != CompareOp::kEq && op != CompareOp::kNe) return not_implemented_ref();
  return bool_ref((self_of(a)->id == self_of(b)->id) == (op == CompareOp::kEq));
}

constexpr Slots id_slots() {
  Slots s{};
  s.unary[static_cast<int>(UnaryOp::kInt)] = to_int;
  s.unary[static_cast<int>(UnaryOp::kIndex)] = to_int;
  s.hash = hashed;
  s.compare = compared;
  s.repr = shown;
  s.str = text;
  s.construct = construct;
  return s;
}

}  // namespace

const TypeSpec interpreter_id_spec = {.name = "InterpreterID",
                                      .size = sizeof(InterpreterId),
                                      .flags = kTypeBase,
                                      .slots = id_slots(),
                                      .finalize = finalize,
                                      .doc = "Stands for an interpreter, and counts as an int."};

Ref<> interpreter_id_new(int64_t id, Interpreter* interpreter) {
  Ref<InterpreterId> made = allocate<InterpreterId>(&interpreter_id_type);
  if (!made) return Ref<>();
  made->id = id;
  if (interpreter) {
    retain_interpreter(interpreter);
    interpreter->id_objects.fetch_add(1);
    made->interpreter = interpreter;
  }
  return made;
}

InterpreterRef to_interpreter(Value v) {
  int64_t id;
  if (!to_id(v, &interpreter_id_type, "interpreter", &id)) return {};
  InterpreterRef found = find_interpreter(id);
  if (!found) raise(exc::RuntimeError, "unrecognized interpreter ID %ld", id);
  return found;
}

}  // namespace pt::interpreters
