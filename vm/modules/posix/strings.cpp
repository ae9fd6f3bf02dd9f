#include "vm/modules/posix/strings.h"

#include "vm/modules/support/arguments.h"
#include "vm/types/list.h"
#include "vm/types/tuple.h"

namespace pt::posix {

char** Strings::data() {
  pointers.clear();
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers.data();
}

bool argument_strings(Value v, const char* function, Strings* out) {
  if (!is_list(v) && !is_tuple(v)) return raise(exc::TypeError, "%s: argv must be a tuple or list", function);
  bool ok = for_each(v, [&](Value item) {
    Ref<Bytes> bytes = fs_encode(item);
    if (!bytes) return false;
    out->texts.emplace_back(bytes->view());
    return true;
  });
  if (ok && out->texts.empty()) return raise(exc::ValueError, "%s: argv must not be empty", function);
  if (ok && out->texts[0].empty()) return raise(exc::ValueError, "%s: argv first element cannot be empty", function);
  return ok;
}

bool environment_strings(Value mapping, const char* function, Strings* out) {
  Ref<> keys = call_method(mapping, "keys");
  if (!keys) {
    if (pending_matches(exc::AttributeError)) {
      clear_error();
      return raise(exc::TypeError, "%s: environment must be a mapping object", function);
    }
    return false;
  }
  return for_each(keys.value(), [&](Value key) {
    Ref<> item = get_item(mapping, key);
    Ref<Bytes> name = item ? fs_encode(key) : Ref<Bytes>();
    Ref<Bytes> value = name ? fs_encode(item.value()) : Ref<Bytes>();
    if (!value) return false;
    if (name->view().empty() || name->view().substr(1).find('=') != std::string_view::npos) {
      return static_cast<bool>(raise(exc::ValueError, "illegal environment variable name"));
    }
    out->texts.push_back(std::string(name->view()) + "=" + std::string(value->view()));
    return true;
  });
}

}  // namespace pt::posix
