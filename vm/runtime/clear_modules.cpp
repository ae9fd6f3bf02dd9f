#include "vm/runtime/clear_modules.h"

#include <utility>

#include "vm/modules/sys/sys.h"
#include "vm/object/constants.h"
#include "vm/object/error.h"
#include "vm/object/module.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

namespace pt {

bool lives_on(Module* module) { return module == sys_module_object() || module == builtins_module_object(); }

namespace {

// What destructors and callbacks that still run may want, and nobody misses the end of.
bool is_definition(Value v) {
  return !v.is_object() || is_str(v) || is_function(v) || is_module(v) || has_flag(type_of(v), kTypeTypeSubclass) ||
         type_of(v) == &native_function_type;
}

}  // namespace

void clear_globals(Dict* globals, bool definitions) {
  for (bool underscored : {true, false}) {
    Ref<List> names = dict_keys_list(globals);
    for (int64_t i = 0; names && i < list_size(names.get()); ++i) {
      Ref<> name = list_get(names.get(), i);
      if (!name || !is_str(name.value())) continue;
      const Str* text = as_str(name.value());
      bool is_private = text->length > 0 && text->at(0) == '_' && !(text->length > 1 && text->at(1) == '_');
      if (is_private != underscored || text->equals_ascii("__builtins__")) continue;
      if (!definitions) {
        Ref<> value = dict_get_str(globals, as_str(name.value()));
        if (!value || is_definition(value.value())) continue;
      }
      if (!dict_set(globals, name.value(), none())) clear_error();
    }
    clear_error();
  }
}

void reset_streams() {
  for (auto [name, original] : {std::pair{"stdin", "__stdin__"}, {"stdout", "__stdout__"}, {"stderr", "__stderr__"}}) {
    Ref<> stream = sys_get(original);
    if (!stream || !sys_set(name, stream.value())) clear_error();
  }
}

}  // namespace pt
