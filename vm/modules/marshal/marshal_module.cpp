// The marshal module.
#include "vm/modules/marshal/marshal.h"
#include "vm/modules/support/arguments.h"
#include "vm/modules/sys/sys.h"
#include "vm/object/buffer.h"
#include "vm/object/module.h"
#include "vm/object/names.h"

namespace pt {
namespace {

bool to_version(Value v, int* version) {
  *version = 4;
  return to_cint(v, version);
}

Ref<> module_dumps(const Value* a) {
  int version;
  if (!to_version(a[1], &version) || !audit("marshal.dumps", {a[0], Value::small_int(version)})) return Ref<>();
  return marshal_dumps(a[0], version);
}
Ref<> module_dump(const Value* a) {
  int version;
  if (!to_version(a[2], &version) || !audit("marshal.dumps", {a[0], Value::small_int(version)})) return Ref<>();
  Ref<Bytes> data = marshal_dumps(a[0], version);
  return data ? call_method(a[1], names::write_.str(), {data.value()}) : Ref<>();
}
Ref<> module_loads(const Value* a) {
  BufferView buffer(a[0]);
  if (!buffer.ok()) return Ref<>();
  if (!audit("marshal.loads", {a[0]})) return Ref<>();
  return marshal_loads(buffer.view());
}
Ref<> module_load(const Value* a) {
  // A file in text mode is refused before anything is taken from it.
  Ref<> probe = call_method(a[0], names::read_.str(), {Value::small_int(0)});
  if (!probe) return Ref<>();
  if (!is_bytes(probe.value())) return raise(exc::TypeError, "file.read() returned not bytes but %T", probe.value());
  if (!audit("marshal.load")) return Ref<>();
  MarshalReader reader(a[0]);
  return reader.object();
}

const NativeDef kFunctions[] = {
    {"dump", "(value, file, version=4, /)", module_dump, "Write the value on the open file."},
    {"load", "(file, /)", module_load, "Read one value from the open file and return it."},
    {"dumps", "(value, version=4, /)", module_dumps,
     "Return the bytes object that would be written to a file by dump(value, file)."},
    {"loads", "(bytes, /)", module_loads, "Convert the bytes-like object to a value."},
    {},
};

}  // namespace
extern const NativeModule marshal_module;
const NativeModule marshal_module = {"marshal",
                                     "This module contains functions that can read and write Python values in\n"
                                     "a binary format. The format is specific to Python, but independent of\n"
                                     "machine architecture issues.",
                                     kFunctions, [](Module* module) { return module_add_int(module, "version", 4); }};
}  // namespace pt
