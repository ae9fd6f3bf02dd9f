// Calls of C functions.
#include <cerrno>

#include "vm/modules/dynamic/ctypes/ctypes.h"
#include "vm/modules/support.h"
#include "vm/object/descriptors.h"
#include "vm/object/thread.h"

namespace pt::ctypes {

namespace {

// One argument in C's form. What it names is kept as long as this lives.
struct Slot {
  ffi_type* ffi;
  void* value;   // `raw`, or the memory of an instance
  Raw raw;
  Ref<> keep;
};

// The address that an instance holds, with what is kept for it: another thread may make it hold another one meanwhile.
void take_address(CData* self, Slot* out) {
  KeepGuard guard(self);
  copy_memory(out->raw.bytes, data_of(self), sizeof(void*));
  CData* root = root_of(self);
  if (root != self) return;
  Ref<> objects = root->objects.load(root);
  out->keep = objects && is_exact_dict(objects.value()) ? dict_get_str(as_dict(objects.value()), names_of::pointed.str())
                                                        : std::move(objects);
}

bool to_c(Value v, int position, Slot* out) {
  out->value = out->raw.bytes;
  if (is_cdata(v)) {
    CData* self = as_cdata(v);
    TypeInfo* info = info_of(self);
    out->ffi = info->ffi;
    switch (info->kind) {
      case Kind::kArray: out->raw.set(data_of(self)); break;
      case Kind::kSimple:
        if (!info->code->pointer) {
          copy_memory(out->raw.bytes, data_of(self), info->size);
          break;
        }
        [[fallthrough]];
      case Kind::kPointer: take_address(self, out); break;
      case Kind::kFunction: copy_memory(out->raw.bytes, data_of(self), sizeof(void*)); break;
      default:
        // Whole words of it are read.
        if (info->size <= static_cast<int64_t>(sizeof(Raw))) {
          copy_memory(out->raw.bytes, data_of(self), info->size);
        } else {
          out->value = data_of(self);
        }
        break;
    }
    return true;
  }
  if (is_argument(v)) {
    Argument* argument = as_argument(v);
    out->ffi = argument->ffi;
    out->raw = argument->value;
    return true;
  }
  out->ffi = &ffi_type_pointer;
  if (is_none(v)) return true;
  if (is_int(v)) {
    int64_t number;
    uint64_t magnitude;
    out->ffi = &ffi_type_sint;
    if (int_to_int64(v, &number)) {
      out->raw.set(number);
    } else if (int_to_uint64(v, &magnitude)) {
      out->raw.set(magnitude);
    } else {
      return raise(exc::OverflowError, "int too long to convert");
    }
    return true;
  }
  if (is_bytes(v)) {
    out->raw.set(as_bytes(v)->data);
    return true;
  }
  if (is_str(v)) {
    wchar_t* text;
    out->keep = wide_copy(as_str(v), &text);
    out->raw.set(text);
    return static_cast<bool>(out->keep);
  }
  Ref<> inner = find_attribute(v, names_of::as_parameter.str());
  if (!inner && error_pending()) return false;
  if (!inner) return raise(exc::TypeError, "Don't know how to convert parameter %d", position);
  RecursionGuard guard(" while processing _as_parameter_");
  if (!guard || !to_c(inner.value(), position, out)) return false;
  // What it names may belong to the parameter itself.
  if (out->keep) {
    Ref<Tuple> both = tuple_of({out->keep.value(), inner.value()});
    if (!both) return false;
    out->keep = std::move(both);
  } else {
    out->keep = std::move(inner);
  }
  return true;
}

// The native from_param() that the converter is, bound to a C type; nullptr: anything else.
NativeFunctionObject* own_converter(Value converter) {
  if (!has_shape(converter, kShape_native_function) && !has_shape(converter, kShape_native_method)) return nullptr;
  auto* function = static_cast<NativeFunctionObject*>(converter.as_object());
  return is_own_from_param(function->def->function) && info_of(function->self.peek()) ? function : nullptr;
}

// The C form of one argument by its converter, or as it is.
bool convert_argument(Value v, Value converter, int position, Slot* out) {
  Ref<> made;
  if (!converter.empty()) {
    NativeFunctionObject* own = own_converter(converter);
    Value self = own ? own->self.peek() : Value();
    if (own && v.is_object() && self.is(type_of(v))) return to_c(v, position, out);
    // Numbers need no argument object.
    TypeInfo* info = own ? info_of(self) : nullptr;
    if (info && (v.is_small_int() || v.is_immediate_float()) && info->code && !info->code->pointer) {
      if (info->code->set(v, &out->raw, &out->keep)) {
        swap_raw(info->code, info->swapped, &out->raw);
        out->ffi = info->ffi;
        out->value = out->raw.bytes;
        return true;
      }
      clear_error();
    }
    Value arguments[2] = {self, v};
    made = own ? own->def->function(arguments) : call1(converter, v);
    if (!made) return false;
    if (made.value().same(v)) return to_c(v, position, out);
    v = made.value();
  }
  if (!to_c(v, position, out)) return false;
  if (made) {
    Ref<> keep = out->keep ? Ref<>(tuple_of({out->keep.value(), made.value()})) : std::move(made);
    if (!keep) return false;
    out->keep = std::move(keep);
  }
  return true;
}

void invoke(ffi_cif* cif, void* function, void* result, void** values, int flags) {
  auto run = [&] {
    if (flags & kFlagUseErrno) errno = exchange_errno(errno);
    ffi_call(cif, reinterpret_cast<void (*)()>(function), result, values);
    if (flags & kFlagUseErrno) errno = exchange_errno(errno);
  };
  if (flags & kFlagPythonApi) return run();
  Detached detached;
  run();
}

Ref<> result_value(const uint8_t* memory, Value restype, Value checker) {
  if (restype.empty()) return int_from_int64(*reinterpret_cast<const int32_t*>(memory));
  if (is_none(restype)) return none_ref();
  CType* type = ctype_of(restype);
  TypeInfo* info = info_of(type);
  if (!info) return call1(restype, Value::small_int(*reinterpret_cast<const int32_t*>(memory)));
  Ref<> value;
  if (const Code* code = plain_code(info)) {
    Raw raw;
    __builtin_memcpy(raw.bytes, memory, code->size);
    swap_raw(code, info->swapped, &raw);
    value = code->get(raw);
    // The function has given us a reference.
    if (value && code->name == 'O') Ref<>::steal(Value::from_identity(raw.as<uint64_t>())).reset();
  } else {
    value = cdata_copy(type, memory);
  }
  return value && !checker.empty() ? call1(checker, value.value()) : std::move(value);
}

}  // namespace

int exchange_errno(int value) { return std::exchange(current_thread()->foreign_errno, value); }
int saved_errno() { return current_thread()->foreign_errno; }

ffi_type* ffi_type_of(Value type) {
  if (!type.empty() && is_none(type)) return &ffi_type_void;
  TypeInfo* info = type.empty() ? nullptr : info_of(type);
  return info ? info->ffi : &ffi_type_sint;
}

Ref<> call_function(void* function, const Value* arguments, uint32_t count, int flags, Value converters, Value restype,
                    Value checker) {
  if (count > kMaxArguments) {
    return raise(as_type(g_argument_error), "too many arguments (%zd), maximum is %d", static_cast<ssize_t>(count),
                 kMaxArguments);
  }
  Tuple* convert = converters.empty() ? nullptr : as_tuple(converters);
  auto declared = static_cast<uint32_t>(convert ? convert->length : 0);
  LocalArray<Slot, 8> slots(count);
  LocalArray<ffi_type*, 8> types(count);
  LocalArray<void*, 8> values(count);
  if (!slots.data() || !types.data() || !values.data()) return Ref<>();
  for (uint32_t i = 0; i < count; ++i) {
    if (!convert_argument(arguments[i], i < declared ? convert->at(i) : Value(), static_cast<int>(i + 1), &slots[i])) {
      return extend_error(as_type(g_argument_error), "argument %u: ", i + 1);
    }
    types[i] = slots[i].ffi;
    values[i] = slots[i].value;
  }
  ffi_type* result_type = ffi_type_of(restype);
  ffi_cif cif;
  bool variadic = declared && declared < count;
  ffi_status status = variadic ? ffi_prep_cif_var(&cif, FFI_DEFAULT_ABI, declared, count, result_type, types.data())
                               : ffi_prep_cif(&cif, FFI_DEFAULT_ABI, count, result_type, types.data());
  if (status != FFI_OK) return raise(exc::RuntimeError, variadic ? "ffi_prep_cif_var failed" : "ffi_prep_cif failed");
  // What is made of it may be larger (an array): the rest is zeros.
  TypeInfo* result_info = restype.empty() ? nullptr : info_of(restype);
  size_t bytes = std::max(result_type->size, result_info ? static_cast<size_t>(result_info->size) : 0);
  LocalArray<uint8_t[16], 4> result(static_cast<uint32_t>(bytes / 16 + 1));
  if (!result.data()) return Ref<>();
  __builtin_memset(result.data(), 0, (bytes / 16 + 1) * 16);
  invoke(&cif, function, result.data(), values.data(), flags);
  if ((flags & kFlagPythonApi) && error_pending()) return Ref<>();
  return result_value(reinterpret_cast<uint8_t*>(result.data()), restype, checker);
}

}  // namespace pt::ctypes
