// Arguments: from_param() of each kind of type, byref(), and the C form of any object that is passed.
#include <cstdarg>
#include <cstring>

#include "vm/modules/dynamic/ctypes/ctypes.h"
#include "vm/modules/support.h"
#include "vm/types/float.h"

namespace pt::ctypes {

// ---- the argument object
// -------------------------------------------------------------------------------------------------------

Ref<Argument> argument_new(char tag, ffi_type* ffi, Value object) {
  Ref<Argument> made = allocate<Argument>(&argument_type);
  if (!made) return made;
  made->tag = tag;
  made->ffi = ffi;
  made->object.init(Ref<>::retain(object));
  return made;
}
Ref<Argument> argument_by_address(CData* self, int64_t offset) {
  Ref<Argument> made = argument_new('P', &ffi_type_pointer, Value::object(self));
  if (made) made->value.set(data_of(self) + offset);
  return made;
}

namespace {

Ref<> repr(Value v) {
  Argument* self = as_argument(v);
  const Raw& raw = self->value;
  char text[64];
  switch (self->tag) {
    case 'b':
    case 'B': std::snprintf(text, sizeof text, "<cparam '%c' (%d)>", self->tag, raw.as<int8_t>()); break;
    case 'h':
    case 'H': std::snprintf(text, sizeof text, "<cparam '%c' (%d)>", self->tag, raw.as<int16_t>()); break;
    case 'i':
    case 'I': std::snprintf(text, sizeof text, "<cparam '%c' (%d)>", self->tag, raw.as<int32_t>()); break;
    case 'l':
    case 'L':
    case 'q':
    case 'Q': std::snprintf(text, sizeof text, "<cparam '%c' (%ld)>", self->tag, raw.as<int64_t>()); break;
    case 'd':
    case 'f': {
      Ref<> number = float_from_double(self->tag == 'f' ? static_cast<double>(raw.as<float>()) : raw.as<double>());
      return number ? Ref<>(str_format("<cparam '%c' (%R)>", self->tag, number.value())) : Ref<>();
    }
    case 'c': {
      int c = raw.bytes[0];
      bool printed = c >= 32 && c < 127 && c != '\\' && c != '\'';
      std::snprintf(text, sizeof text, printed ? "<cparam '%c' ('%c')>" : "<cparam '%c' ('\\x%02x')>", self->tag, c);
      break;
    }
    case 'z':
    case 'Z':
    case 'P': {
      auto address = raw.as<uint64_t>();
      if (address) {
        std::snprintf(text, sizeof text, "<cparam '%c' (0x%lx)>", self->tag, address);
      } else {
        std::snprintf(text, sizeof text, "<cparam '%c' (0x(nil))>", self->tag);
      }
      break;
    }
    default: std::snprintf(text, sizeof text, "<cparam '%c' at %p>", self->tag, static_cast<void*>(v.as_object())); break;
  }
  return str_from_ascii(text);
}
Ref<> get_object(Value v) { return Ref<>::retain(or_none(as_argument(v)->object.peek())); }
void traverse(Object* o, FieldVisitor& visit) { visit(static_cast<Argument*>(o)->object); }
const GetSetDef kGetSets[] = {{"_obj", get_object, nullptr, "the wrapped object"}, {}};

}  // namespace

constinit Type argument_type = {};
extern const TypeSpec argument_spec;
const TypeSpec argument_spec = {.name = "CArgObject",
                                .size = sizeof(Argument),
                                .flags = kTypeNoInstantiate,
                                .slots = {.repr = repr},
                                .traverse = traverse,
                                .getsets = kGetSets};

// ---- from_param
// -----------------------------------------------------------------------------------------------------------------

namespace {

// The value's `_as_parameter_`; empty without an exception when it has none.
Ref<> as_parameter(Value v) { return find_attribute(v, names_of::as_parameter.str()); }

// What is left to try: the same with the value's `_as_parameter_`.
template <class Retry>
Ref<> by_attribute(Value value, Retry&& retry) {
  Ref<> inner = as_parameter(value);
  if (inner) {
    RecursionGuard guard(" while processing _as_parameter_");
    return guard ? retry(inner.value()) : Ref<>();
  }
  return error_pending() ? Ref<>() : Ref<>(raise(exc::TypeError, "wrong type"));
}

// isinstance(); what cannot be an instance of a C type is told at once.
int is_instance_of_ctype(Value value, CType* type) {
  if (!value.is_object()) return 0;
  Type* own = type_of(value);
  if (own == type) return 1;
  if (own == &int_type || own == &str_type || own == &bytes_type || own == &none_type) return 0;
  return is_instance(value, Value::object(type));
}

// A fundamental value as an argument.
Ref<> code_argument(const Code* code, bool swapped, Value value) {
  Raw raw;
  Ref<> keep = none_ref();
  if (!code->set(value, &raw, &keep)) return Ref<>();
  swap_raw(code, swapped, &raw);
  Ref<Argument> made = argument_new(code->name, code->ffi, keep.value());
  if (made) made->value = raw;
  return made;
}
// The code of the items that an array, pointer or byref() of a fundamental type has; nullptr: anything else.
const Code* item_code(Value v) {
  CType* item = nullptr;
  Ref<> held;
  if (is_cdata(v, Kind::kArray) || is_cdata(v, Kind::kPointer)) {
    auto* type = static_cast<CType*>(type_of(v));
    held = type->target.load(type);
    item = ctype_of(held.value());
  } else if (is_argument(v) && is_cdata(as_argument(v)->object.peek())) {
    item = static_cast<CType*>(type_of(as_argument(v)->object.peek()));
  }
  TypeInfo* info = info_of(item);
  return info && !info->swapped ? info->code : nullptr;
}

Ref<> text_from_param(CType* type, Value value, char text, char item, Ref<> (*retry)(CType*, Value)) {
  if (is_none(value)) return none_ref();
  if (text == 'z' ? is_bytes(value) : is_str(value)) return code_argument(find_code(static_cast<uint32_t>(text)), false, value);
  int matches = is_instance_of_ctype(value, type);
  if (matches) return matches < 0 ? Ref<>() : Ref<>::retain(value);
  const Code* code = item_code(value);
  if (code && code->name == item) return Ref<>::retain(value);
  return by_attribute(value, [&](Value inner) { return retry(type, inner); });
}
Ref<> char_pointer_from_param(CType* type, Value value) {
  return text_from_param(type, value, 'z', 'c', char_pointer_from_param);
}
Ref<> wide_pointer_from_param(CType* type, Value value) {
  return text_from_param(type, value, 'Z', 'u', wide_pointer_from_param);
}
Ref<> void_pointer_from_param(CType* type, Value value) {
  if (is_none(value)) return none_ref();
  if (is_int(value)) return code_argument(find_code('P'), false, value);
  if (is_bytes(value)) return code_argument(find_code('z'), false, value);
  if (is_str(value)) return code_argument(find_code('Z'), false, value);
  int matches = is_instance_of_ctype(value, type);
  if (matches) return matches < 0 ? Ref<>() : Ref<>::retain(value);
  if (is_argument(value) && as_argument(value)->tag == 'P') return Ref<>::retain(value);
  if (is_cdata(value)) {
    TypeInfo* info = info_of(as_cdata(value));
    if (info->kind == Kind::kArray || info->kind == Kind::kPointer) return Ref<>::retain(value);
    if (info->kind == Kind::kFunction || (info->code && (info->code->name == 'z' || info->code->name == 'Z'))) {
      Ref<Argument> made = argument_new(info->kind == Kind::kFunction ? 'P' : 'Z', &ffi_type_pointer, value);
      if (made) made->value.set(address_in(as_cdata(value)));
      return made;
    }
  }
  return by_attribute(value, [&](Value inner) { return void_pointer_from_param(type, inner); });
}

Ref<> simple_from_param(CType* type, Value value) {
  int matches = is_instance_of_ctype(value, type);
  if (matches) return matches < 0 ? Ref<>() : Ref<>::retain(value);
  TypeInfo* info = info_of(type);
  Ref<> made = code_argument(info->code, info->swapped, value);
  if (made || pending_matches(exc::MemoryError)) return made;
  clear_error();
  return by_attribute(value, [&](Value inner) { return simple_from_param(type, inner); });
}

Ref<> instance_from_param(CType* type, Value value) {
  int matches = is_instance_of_ctype(value, type);
  if (matches) return matches < 0 ? Ref<>() : Ref<>::retain(value);
  if (is_argument(value)) {
    // An address serves for a pointer to what is there.
    Value object = as_argument(value)->object.peek();
    Ref<> target = type->target.load(type);
    matches = target && !is_none(object) ? is_instance(object, target.value()) : 0;
    if (matches) return matches < 0 ? Ref<>() : Ref<>::retain(value);
    return raise(exc::TypeError, "expected %N instance instead of pointer to %T", type, object);
  }
  Ref<> inner = as_parameter(value);
  if (inner) {
    RecursionGuard guard(" while processing _as_parameter_");
    return guard ? instance_from_param(type, inner.value()) : Ref<>();
  }
  return error_pending() ? Ref<>() : Ref<>(raise(exc::TypeError, "expected %N instance instead of %T", type, value));
}

Ref<> pointer_from_param(CType* type, Value value) {
  if (is_none(value)) return none_ref();
  Ref<> target = type->target.load(type);
  if (target) {
    int matches = is_cdata(value) ? is_instance(value, target.value()) : 0;
    if (matches) return matches < 0 ? Ref<>() : Ref<>(argument_by_address(as_cdata(value), 0));
    if (is_cdata(value, Kind::kPointer) || is_cdata(value, Kind::kArray)) {
      auto* other = static_cast<CType*>(type_of(value));
      Ref<> item = other->target.load(other);
      matches = item ? is_subclass(item.value(), target.value()) : 0;
      if (matches) return matches < 0 ? Ref<>() : Ref<>::retain(value);
    }
  }
  return instance_from_param(type, value);
}

}  // namespace

bool is_own_from_param(NativeFunction f) {
  return f == from_param_method || f == kCharPointerFromParam.function || f == kWidePointerFromParam.function ||
         f == kVoidPointerFromParam.function;
}

namespace {

Ref<> char_pointer_method(const Value* a) { return char_pointer_from_param(static_cast<CType*>(a[0].as_object()), a[1]); }
Ref<> wide_pointer_method(const Value* a) { return wide_pointer_from_param(static_cast<CType*>(a[0].as_object()), a[1]); }
Ref<> void_pointer_method(const Value* a) { return void_pointer_from_param(static_cast<CType*>(a[0].as_object()), a[1]); }

}  // namespace

const NativeDef kCharPointerFromParam = {"from_param", "($type, value, /)", char_pointer_method, nullptr, kClassMethod};
const NativeDef kWidePointerFromParam = {"from_param", "($type, value, /)", wide_pointer_method, nullptr, kClassMethod};
const NativeDef kVoidPointerFromParam = {"from_param", "($type, value, /)", void_pointer_method, nullptr, kClassMethod};

Ref<> from_param(CType* type, Value value) {
  switch (info_of(type)->kind) {
    case Kind::kSimple: return simple_from_param(type, value);
    case Kind::kPointer: return pointer_from_param(type, value);
    default: return instance_from_param(type, value);
  }
}

// ---- converters
// ----------------------------------------------------------------------------------------------------------------------

bool converters_of(Value argtypes, Ref<>* tuple, Ref<>* converters) {
  Ref<Tuple> types = tuple_from_iterable(argtypes);
  if (!types) {
    return pending_matches(exc::MemoryError) ? false : raise(exc::TypeError, "_argtypes_ must be a sequence of types");
  }
  if (types->length > kMaxArguments) {
    return raise(as_type(g_argument_error), "_argtypes_ has too many arguments (%zd), maximum is %d",
                 static_cast<ssize_t>(types->length), kMaxArguments);
  }
  Ref<Tuple> made = tuple_allocate(types->length);
  if (!made) return false;
  bool ok = true;
  for (int64_t i = 0; i < types->length; ++i) {
    Ref<> method = ok ? find_attribute(types->at(i), names_of::from_param.str()) : Ref<>();
    if (!method && ok) {
      ok = false;
      if (!error_pending()) {
        raise(exc::TypeError, "item %zd in _argtypes_ has no from_param method", static_cast<ssize_t>(i + 1));
      }
    }
    made->items[i].init(method ? std::move(method) : none_ref());
  }
  *tuple = std::move(types);
  *converters = std::move(made);
  return ok;
}

bool is_result_type(Value v, Ref<>* checker) {
  *checker = Ref<>();
  if (!is_none(v) && !info_of(v) && !is_callable(v)) return false;
  if (is_none(v)) return true;
  *checker = find_attribute(v, names_of::check.str());
  return *checker || !error_pending();
}

Raised extend_error(Type* type, const char* format, ...) {
  if (pending_matches(exc::MemoryError)) return {};
  char prefix[300];
  va_list values;
  va_start(values, format);
  std::vsnprintf(prefix, sizeof prefix, format, values);
  va_end(values);
  Ref<> error = take_error();
  Ref<> text = str(error.value());
  if (!text) {
    clear_error();
    text = str_from_ascii("???");
    if (!text) return Raised{};
  }
  return raise(type, "%s%T: %U", prefix, error.value(), as_str(text.value()));
}

}  // namespace pt::ctypes
