// The _ctypes module: its functions and constants.
#include <dlfcn.h>

#include <cstring>
#include <cwchar>

#include "vm/modules/dynamic/ctypes/ctypes.h"
#include "vm/modules/support.h"
#include "vm/modules/sys/sys.h"
#include "vm/types/str.h"

namespace pt::ctypes {

constinit Value g_argument_error;

bool address_argument(Value v, void** out) {
  uint64_t address;
  int64_t number;
  if (!is_int(v)) return raise(exc::TypeError, "an integer is required");
  if (int_to_uint64(v, &address)) {
    *out = reinterpret_cast<void*>(address);
  } else if (int_to_int64(v, &number)) {
    *out = reinterpret_cast<void*>(number);
  } else {
    return raise(exc::OverflowError, "int too large to convert to C long");
  }
  return true;
}
bool handle_of(Value library, void** out) {
  Ref<> handle = get_attribute(library, names_of::handle.str());
  if (!handle) return false;
  if (!is_int(handle.value())) return raise(exc::TypeError, "the _handle attribute of the second argument must be an integer");
  return address_argument(handle.value(), out);
}

namespace {

Ref<> address_object(const void* address) { return int_from_uint64(reinterpret_cast<uint64_t>(address)); }

// ---- libraries ---------------------------------------------------------------------------------------------------------------

Ref<> open_library(const Value* a) {
  int flags = RTLD_NOW;
  if (!a[1].empty() && !to_cint(a[1], &flags)) return Ref<>();
  Ref<Bytes> path;
  if (!is_none(a[0])) {
    path = fs_encode(a[0]);
    if (!path) return Ref<>();
  }
  if (!audit("ctypes.dlopen", {a[0]})) return Ref<>();
  void* handle;
  {
    Detached detached;  // constructors of the library run
    handle = dlopen(path ? reinterpret_cast<const char*>(path->data) : nullptr, flags | RTLD_NOW);
  }
  if (!handle) {
    const char* message = dlerror();
    return raise(exc::OSError, "%s", message ? message : "dlopen() error");
  }
  return address_object(handle);
}
Ref<> close_library(const Value* a) {
  void* handle;
  if (!address_argument(a[0], &handle)) return Ref<>();
  int failed;
  {
    Detached detached;
    failed = dlclose(handle);
  }
  return failed ? Ref<>(raise(exc::OSError, "%s", dlerror())) : none_ref();
}
Ref<> find_symbol(const Value* a) {
  void* handle;
  if (!address_argument(a[0], &handle)) return Ref<>();
  if (!is_str(a[1])) return raise_bad_argument("dlsym", 2, "str", a[1]);
  Utf8 name(as_str(a[1]));
  if (!name.ok() || !audit("ctypes.dlsym/handle", {a[0], a[1]})) return Ref<>();
  void* address = dlsym(handle, name.c_str());
  return address ? address_object(address) : Ref<>(raise(exc::OSError, "%s", dlerror()));
}
Ref<> call_with_flags(const Value* a, int flags) {
  void* address;
  if (!address_argument(a[0], &address)) return Ref<>();
  if (!is_tuple(a[1])) return raise_bad_argument("call_function", 2, "tuple", a[1]);
  if (!audit("ctypes.call_function", {a[0], a[1]})) return Ref<>();
  return call_function(address, reinterpret_cast<const Value*>(as_tuple(a[1])->items),
                       static_cast<uint32_t>(as_tuple(a[1])->length), flags, Value(), Value(), Value());
}
Ref<> call_plain(const Value* a) { return call_with_flags(a, 0); }
Ref<> call_cdecl(const Value* a) { return call_with_flags(a, kFlagCdecl); }

// ---- sizes and addresses
// --------------------------------------------------------------------------------------------------------

Ref<> size_of(const Value* a) {
  if (TypeInfo* info = info_of(a[0])) return int_from_int64(info->size);
  if (is_cdata(a[0])) return int_from_int64(as_cdata(a[0])->size.load(std::memory_order_acquire));
  return raise(exc::TypeError, "this type has no size");
}
Ref<> alignment_of(const Value* a) {
  TypeInfo* info = is_cdata(a[0]) ? info_of(as_cdata(a[0])) : info_of(a[0]);
  return info ? int_from_int64(info->align) : Ref<>(raise(exc::TypeError, "no alignment info"));
}
Ref<> by_reference(const Value* a) {
  int64_t offset = 0;
  if (!a[1].empty() && !to_ssize(a[1], &offset)) return Ref<>();
  if (!is_cdata(a[0])) return raise(exc::TypeError, "byref() argument must be a ctypes instance, not '%T'", a[0]);
  return argument_by_address(as_cdata(a[0]), offset);
}
Ref<> address_of(const Value* a) {
  if (!is_cdata(a[0])) return raise(exc::TypeError, "invalid type");
  if (!audit("ctypes.addressof", {a[0]})) return Ref<>();
  return address_object(data_of(as_cdata(a[0])));
}
Ref<> resize(const Value* a) {
  int64_t size;
  if (!is_cdata(a[0])) return raise(exc::TypeError, "excepted ctypes instance");
  return to_ssize(a[1], &size) && resize_memory(as_cdata(a[0]), size) ? none_ref() : Ref<>();
}
Ref<> buffer_info(const Value* a) {
  TypeInfo* info = is_cdata(a[0]) ? info_of(as_cdata(a[0])) : info_of(a[0]);
  if (!info) return raise(exc::TypeError, "not a ctypes type or object");
  Ref<Tuple> shape = tuple_allocate(info->dimensions);
  Ref<> format = info->format ? Ref<>(str_from_utf8(info->format)) : none_ref();
  if (!shape || !format) return Ref<>();
  for (int i = 0; i < info->dimensions; ++i) shape->items[i].init(int_from_int64(info->shape[i]));
  return tuple_of({format.value(), Value::small_int(info->dimensions), shape.value()});
}

// ---- pointers
// ---------------------------------------------------------------------------------------------------------------------

Ref<> pointer_type_function(const Value* a) { return pointer_type_of(a[0]); }
Ref<> pointer_to(const Value* a) {
  Ref<> type = pointer_type_of(type_value(a[0]));
  return type ? call1(type.value(), a[0]) : Ref<>();
}

Ref<> object_at(const Value* a) {
  void* address;
  if (!audit("ctypes.PyObj_FromPtr", {a[0]}) || !address_argument(a[0], &address)) return Ref<>();
  return Ref<>::retain(Value::from_identity(reinterpret_cast<uint64_t>(address)));
}
Ref<> take_reference(const Value* a) {
  (void)Ref<>::retain(a[0]).take();
  return Ref<>::retain(a[0]);
}
Ref<> drop_reference(const Value* a) {
  Ref<> result = Ref<>::retain(a[0]);
  Ref<>::steal(a[0].untagged()).reset();
  return result;
}

// ---- errno
// ------------------------------------------------------------------------------------------------------------------------

Ref<> get_errno(const Value*) { return audit("ctypes.get_errno") ? int_from_int64(saved_errno()) : Ref<>(); }
Ref<> set_errno(const Value* a) {
  int number;
  if (!audit("ctypes.set_errno", {a[0]}) || !to_cint(a[0], &number)) return Ref<>();
  return int_from_int64(exchange_errno(number));
}

Ref<> unpickle(const Value* a) {
  if (!is_tuple(a[1])) return raise_bad_argument("_unpickle", 2, "tuple", a[1]);
  Ref<> made = call_method(a[0], "__new__", {a[0]});
  Ref<> set = made ? get_attribute(made.value(), "__setstate__") : Ref<>();
  Ref<> done = set ? call_tuple_dict(set.value(), a[1], Value()) : Ref<>();
  return done ? std::move(made) : Ref<>();
}

// ---- functions that the ctypes package calls through their addresses
// -------------------------------------------------------------------

// They stand for objects as py_object does. Attached callers (PYFUNCTYPE).
uint64_t give(Ref<> result) { return result.take().identity(); }

uint64_t string_at(const char* address, int size) {
  if (!audit("ctypes.string_at", {address_object(address).value(), Value::small_int(size)})) return 0;
  return give(size == -1 ? bytes_from(address) : bytes_from({address, static_cast<size_t>(size)}));
}
uint64_t wide_string_at(const wchar_t* address, int size) {
  if (!audit("ctypes.wstring_at", {address_object(address).value(), Value::small_int(size)})) return 0;
  return give(str_from_wide(address, size == -1 ? static_cast<int64_t>(std::wcslen(address)) : size));
}

bool check_cast_type(Value type) {
  TypeInfo* info = info_of(type);
  if (info && (info->kind == Kind::kPointer || info->kind == Kind::kFunction)) return true;
  if (info && info->code && std::strchr("sPzUZXO", info->code->name)) return true;
  if (is_instance_of(type, &type_type)) {
    return raise(exc::TypeError, "cast() argument 2 must be a pointer type, not %N", as_type(type));
  }
  return raise(exc::TypeError, "cast() argument 2 must be a pointer type, not %R", type);
}
// What the source keeps is kept by the result too, and they share it: each may be made to name other things.
bool share_objects(CData* result, Value source) {
  Ref<> objects = kept_objects(as_cdata(source));
  if (!objects) return false;
  CData* root = root_of(as_cdata(source));
  if (!is_exact_dict(objects.value())) {
    Ref<Dict> made = dict_new();
    if (!made) return false;
    if (!is_none(objects.value()) && !dict_set_text(made.get(), "0", objects.value())) return false;
    // Another cast may have put a dict there.
    Ref<> before;
    LockGuard guard(root);
    Value now = root->objects.peek();
    if (now.is_object() && is_exact_dict(now)) {
      objects = root->objects.load_locked();
    } else {
      before = root->objects.exchange_locked(made.copy());
      objects = std::move(made);
    }
  }
  result->objects.store(result, objects.copy());
  result->domain = root->domain ? root->domain : reinterpret_cast<uintptr_t>(root);  // nobody else has seen it yet
  Ref<> key = int_from_uint64(source.identity());
  return key && dict_set(as_dict(objects.value()), key.value(), source);
}
uint64_t cast(void* address, uint64_t source_bits, uint64_t type_bits) {
  Value source = Value::from_identity(source_bits), type = Value::from_identity(type_bits);
  if (!check_cast_type(type)) return 0;
  Ref<> result = call0(type);
  if (!result) return 0;
  if (!is_cdata(result.value())) {
    raise(exc::TypeError, "expected CData instance");
    return 0;
  }
  CData* self = as_cdata(result.value());
  if (is_cdata(source) && !share_objects(self, source)) return 0;
  if (!point_to(self, 0, address, none_ref())) return 0;
  return give(std::move(result));
}

const NativeDef kFunctions[] = {
    {"get_errno", "()", get_errno, "The errno of functions declared with use_errno, in this thread."},
    {"set_errno", "(value, /)", set_errno, "Sets that errno; returns the one before."},
    {"POINTER", "(type, /)", pointer_type_function, "The type of pointers to the type."},
    {"pointer", "(object, /)", pointer_to, "A pointer to the object."},
    {"_unpickle", "(type, state, /)", unpickle},
    {"buffer_info", "(object_or_type, /)", buffer_info, "Format, number of dimensions and shape, as a buffer has them."},
    {"resize", "(object, size, /)", resize, "Changes how much memory an instance has."},
    {"dlopen", "(name, flag=0, /)", open_library, "Opens a shared library; returns its handle."},
    {"dlclose", "(handle, /)", close_library, "Closes a library."},
    {"dlsym", "(handle, name, /)", find_symbol, "The address of a symbol in a library."},
    {"alignment", "(object_or_type, /)", alignment_of, "The alignment of a C type or instance."},
    {"sizeof", "(object_or_type, /)", size_of, "The size of a C type or instance in bytes."},
    {"byref", "(object, offset=0, /)", by_reference, "The address of an instance, as an argument of a call only."},
    {"addressof", "(object, /)", address_of, "The address of an instance's memory."},
    {"call_function", "(address, arguments, /)", call_plain},
    {"call_cdeclfunction", "(address, arguments, /)", call_cdecl},
    {"PyObj_FromPtr", "(address, /)", object_at},
    {"Py_INCREF", "(object, /)", take_reference},
    {"Py_DECREF", "(object, /)", drop_reference},
    {},
};
const IntConstant kConstants[] = {{"FUNCFLAG_CDECL", kFlagCdecl},
                                  {"FUNCFLAG_USE_ERRNO", kFlagUseErrno},
                                  {"FUNCFLAG_USE_LASTERROR", kFlagUseLastError},
                                  {"FUNCFLAG_PYTHONAPI", kFlagPythonApi},
                                  {"RTLD_LOCAL", RTLD_LOCAL},
                                  {"RTLD_GLOBAL", RTLD_GLOBAL},
                                  {"CTYPES_MAX_ARGCOUNT", kMaxArguments},
                                  {}};

template <class F>
bool add_address(Module* module, const char* name, F* function) {
  return module_add(module, name, address_object(reinterpret_cast<const void*>(function)));
}

bool execute(Module* module) {
  prepare_for_fork();
  return add_types(module) &&
         add_exception(module, &g_argument_error, "ctypes.ArgumentError", "ArgumentError", Value::object(exc::Exception)) &&
         module_add_ints(module, kConstants) && module_add_text(module, "__version__", "1.1.0") &&
         add_address<void*(void*, const void*, size_t)>(module, "_memmove_addr", std::memmove) &&
         add_address<void*(void*, int, size_t)>(module, "_memset_addr", std::memset) &&
         add_address(module, "_string_at_addr", string_at) && add_address(module, "_wstring_at_addr", wide_string_at) &&
         add_address(module, "_cast_addr", cast);
}

}  // namespace

Ref<> unpickle_function() { return import_attribute("_ctypes", "_unpickle"); }

extern "C" {
extern const NativeModule ptpython_module__ctypes;
const NativeModule ptpython_module__ctypes = {"_ctypes", "Create and manipulate C compatible data types in Python.", kFunctions,
                                              execute};
}

}  // namespace pt::ctypes
