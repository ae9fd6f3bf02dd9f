// The _weakref module.
#include "vm/object/module.h"
#include "vm/object/native.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/weakref.h"

namespace pt {
namespace {

Ref<> weakref_getweakrefcount(const Value* a) { return int_from_int64(weakref_count(a[0])); }
Ref<> weakref_getweakrefs(const Value* a) { return weakref_list(a[0]); }

Ref<> weakref_proxy(const Value* a) {
  Type* type = is_callable(a[0]) ? &weak_callable_proxy_type : &weak_proxy_type;
  return weakref_new(type, a[0], a[1]);
}

Ref<> weakref_remove_dead(const Value* a) {
  if (!is_dict(a[0])) return raise_bad_argument("_remove_dead_weakref", 1, "dict", a[0]);
  Ref<> found = dict_get(as_dict(a[0]), a[1]);
  if (!found) return error_pending() ? Ref<>() : none_ref();
  if (!is_weakref(found.value())) return raise(exc::TypeError, "not a weakref");
  if (weakref_get(as_weakref(found.value()))) return none_ref();
  // Another thread may have put a live reference there meanwhile: look at what is taken out.
  Ref<> taken = dict_pop(as_dict(a[0]), a[1]);
  if (!taken) return error_pending() ? Ref<>() : none_ref();
  if (!taken.value().same(found.value())) {
    Ref<> kept = dict_set_default(as_dict(a[0]), a[1], taken.value());
    if (!kept) return Ref<>();
  }
  return none_ref();
}

const NativeDef kFunctions[] = {
    {"getweakrefcount", "(object, /)", weakref_getweakrefcount, "Return the number of weak references to 'object'."},
    {"getweakrefs", "(object, /)", weakref_getweakrefs,
     "getweakrefs(object) -- return a list of all weak reference objects\nthat point to 'object'."},
    {"proxy", "(object, callback=None, /)", weakref_proxy,
     "proxy(object[, callback]) -- create a proxy object that weakly references 'object'."},
    {"_remove_dead_weakref", "(dct, key, /)", weakref_remove_dead,
     "Atomically remove key from dict if it points to a dead weakref."},
    {},
};

bool weakref_execute(Module* module) {
  Dict* d = module_dict(module);
  return dict_set_text(d, "ref", Value::object(&weakref_type)) &&
         dict_set_text(d, "ReferenceType", Value::object(&weakref_type)) &&
         dict_set_text(d, "ProxyType", Value::object(&weak_proxy_type)) &&
         dict_set_text(d, "CallableProxyType", Value::object(&weak_callable_proxy_type));
}

}  // namespace
extern const NativeModule weakref_module;
const NativeModule weakref_module = {"_weakref", "Weak-reference support module.", kFunctions, weakref_execute};
}  // namespace pt
