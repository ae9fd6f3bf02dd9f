// The _pickle module: PickleBuffer (PEP 574). The picklers themselves are Python: the library's, and lib/_unpickler.py.
#include <initializer_list>
#include <utility>

#include "vm/object/buffer.h"
#include "vm/object/module.h"
#include "vm/object/native.h"
#include "vm/types/dict.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

constinit Type buffer_type;

struct PickleBuffer : Object {
  Field view;      // memoryview; empty once released
  Field exporter;  // what the view is of; immutable
};
PickleBuffer* as_buffer(Value v) { return reinterpret_cast<PickleBuffer*>(v.as_object()); }

Ref<> view_of(Value self) {
  Ref<> view = as_buffer(self)->view.load(self.as_object());
  if (!view) return raise(exc::ValueError, "operation forbidden on released PickleBuffer object");
  return view;
}

Ref<> buffer_construct(Type* type, const Args& args) {
  Value object;
  if (!bind_arguments("PickleBuffer", "(object, /)", args, &object)) return Ref<>();
  Ref<> view = call1(Value::object(&memoryview_type), object);
  if (!view) return view;
  Ref<PickleBuffer> b = allocate<PickleBuffer>(type);
  if (!b) return b;
  Ref<> exporter = get_attribute(view.value(), "obj");
  if (!exporter) return exporter;
  b->exporter.init(std::move(exporter));
  b->view.init(std::move(view));
  return b;
}
bool buffer_get(Value self, Buffer* out, int flags) {
  Ref<> view = view_of(self);
  return view && get_buffer(as_buffer(self)->exporter.peek(), out, flags);
}
Ref<> buffer_raw(const Value* a) {
  Ref<> view = view_of(a[0]);
  if (!view) return view;
  Ref<> contiguous = get_attribute(view.value(), "c_contiguous");
  if (!contiguous) return contiguous;
  Ref<Str> bytes = str_from_ascii("B");
  if (is_true(contiguous.value())) return bytes ? call_method(view.value(), "cast", {bytes.value()}) : Ref<>();
  Ref<> fortran = get_attribute(view.value(), "f_contiguous");
  if (!fortran) return fortran;
  if (!is_true(fortran.value())) return raise(exc::BufferError, "cannot extract raw buffer from non-contiguous buffer");
  Ref<Str> order = str_from_ascii("F");
  Ref<> copy = order ? call_method(view.value(), "tobytes", {order.value()}) : Ref<>();
  return copy ? call1(Value::object(&memoryview_type), copy.value()) : Ref<>();
}
Ref<> buffer_release(const Value* a) {
  as_buffer(a[0])->view.store(a[0].as_object(), Ref<>());
  return none_ref();
}
void buffer_traverse(Object* o, FieldVisitor& v) {
  v(static_cast<PickleBuffer*>(o)->view);
  v(static_cast<PickleBuffer*>(o)->exporter);
}

const NativeDef kBufferMethods[] = {
    {"raw", "($self, /)", buffer_raw, "Return a memoryview of the raw memory underlying this buffer."},
    {"release", "($self, /)", buffer_release, "Release the underlying buffer exposed by the PickleBuffer object."},
    {}};
const TypeSpec kBufferSpec = {.name = "_pickle.PickleBuffer",
                              .size = sizeof(PickleBuffer),
                              .flags = kTypeBase | kTypeWeakrefs,
                              .slots = {.construct = buffer_construct, .get_buffer = buffer_get},
                              .traverse = buffer_traverse,
                              .methods = kBufferMethods,
                              .doc = "Wrapper for potentially out-of-band buffers"};

// MODULE.NAME(positional..., keywords...): missing keywords are left out.
Ref<> library_call(const char* module, const char* name, std::initializer_list<Value> positional,
                   std::initializer_list<std::pair<const char*, Value>> keywords) {
  Ref<> function = import_attribute(module, name);
  Ref<Tuple> args = tuple_of(positional);
  Ref<Dict> named = dict_new();
  if (!function || !args || !named) return Ref<>();
  for (const auto& [key, value] : keywords) {
    if (!value.empty() && !dict_set_text(named.get(), key, value)) return Ref<>();
  }
  return call_tuple_dict(function.value(), args.value(), named.value());
}
Ref<> pickle_dump(const Value* a) {
  return library_call("pickle", "_dump", {a[0], a[1]}, {{"protocol", a[2]}, {"fix_imports", a[3]}, {"buffer_callback", a[4]}});
}
Ref<> pickle_dumps(const Value* a) {
  return library_call("pickle", "_dumps", {a[0]}, {{"protocol", a[1]}, {"fix_imports", a[2]}, {"buffer_callback", a[3]}});
}
Ref<> pickle_load(const Value* a) {
  return library_call("_unpickler", "load", {a[0]},
                      {{"fix_imports", a[1]}, {"encoding", a[2]}, {"errors", a[3]}, {"buffers", a[4]}});
}
Ref<> pickle_loads(const Value* a) {
  return library_call("_unpickler", "loads", {a[0]},
                      {{"fix_imports", a[1]}, {"encoding", a[2]}, {"errors", a[3]}, {"buffers", a[4]}});
}

// PEP 562: pickle.py asks for these names when it has defined its own.
Ref<> module_getattr(const Value* a) {
  static constexpr struct {
    const char* name;
    const char* module;
    const char* there;
  } kNames[] = {{"PickleError", "pickle", "PickleError"},
                {"PicklingError", "pickle", "PicklingError"},
                {"UnpicklingError", "pickle", "UnpicklingError"},
                {"Pickler", "pickle", "_Pickler"},
                {"Unpickler", "_unpickler", "Unpickler"}};
  if (!is_str(a[0])) return raise(exc::TypeError, "attribute name must be string, not '%T'", a[0]);
  for (const auto& entry : kNames) {
    if (!as_str(a[0])->equals_ascii(entry.name)) continue;
    Ref<> module = import_module(entry.module);
    if (!module) return module;
    Ref<> found = find_attribute(module.value(), intern(entry.there));
    if (found || error_pending()) return found;
  }
  return raise(exc::AttributeError, "module '_pickle' has no attribute '%U'", as_str(a[0]));
}

const NativeDef kFunctions[] = {{"dump", "(obj, file, protocol=None, *, fix_imports=True, buffer_callback=None)", pickle_dump,
                                 "Write a pickled representation of obj to the open file object file."},
                                {"dumps", "(obj, protocol=None, *, fix_imports=True, buffer_callback=None)", pickle_dumps,
                                 "Return the pickled representation of the object as a bytes object."},
                                {"load", "(file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())",
                                 pickle_load, "Read and return an object from the pickle data stored in a file."},
                                {"loads", "(data, /, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())",
                                 pickle_loads, "Read and return an object from the given pickle data."},
                                {"__getattr__", "(name, /)", module_getattr},
                                {}};

bool execute(Module* module) { return module_add_type(module, &buffer_type, &kBufferSpec); }

}  // namespace

extern const NativeModule pickle_module;
const NativeModule pickle_module = {"_pickle", nullptr, kFunctions, execute};

}  // namespace pt
