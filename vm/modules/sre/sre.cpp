// _sre: the module.
#include "vm/modules/sre/pattern.h"
#include "vm/modules/support.h"

namespace pt {
namespace {

bool code_point(Value v, uint32_t* out) {
  int c;
  if (!to_cint(v, &c)) return false;
  *out = static_cast<uint32_t>(c);
  return true;
}
Ref<> get_code_size(const Value*) { return int_from_int64(4); }
Ref<> ascii_is_cased(const Value* a) {
  uint32_t c;
  if (!code_point(a[1], &c)) return Ref<>();
  return bool_ref((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
}
Ref<> unicode_is_cased(const Value* a) {
  uint32_t c;
  if (!code_point(a[1], &c)) return Ref<>();
  return bool_ref(sre::lower_unicode(c) != c || sre::upper_unicode(c) != c);
}
Ref<> ascii_to_lower(const Value* a) {
  uint32_t c;
  return code_point(a[1], &c) ? int_from_int64(static_cast<int32_t>(sre::lower_ascii(c))) : Ref<>();
}
Ref<> unicode_to_lower(const Value* a) {
  uint32_t c;
  return code_point(a[1], &c) ? int_from_int64(static_cast<int32_t>(sre::lower_unicode(c))) : Ref<>();
}

const NativeDef kFunctions[] = {
    {"compile", "($module, /, pattern, flags, code, groups, groupindex, indexgroup)", sre::pattern_compile},
    {"getcodesize", "($module, /)", get_code_size},
    {"ascii_iscased", "($module, character, /)", ascii_is_cased},
    {"unicode_iscased", "($module, character, /)", unicode_is_cased},
    {"ascii_tolower", "($module, character, /)", ascii_to_lower},
    {"unicode_tolower", "($module, character, /)", unicode_to_lower},
    {}};

bool execute(Module* module) {
  using namespace sre;
  return (pattern_type.spec || init_module_type(&pattern_type, &pattern_spec)) &&
         (match_type.spec || init_module_type(&match_type, &match_spec)) &&
         (scanner_type.spec || init_module_type(&scanner_type, &scanner_spec)) &&
         (find_iterator_type.spec || init_module_type(&find_iterator_type, &find_iterator_spec)) &&
         module_add_int(module, "MAGIC", kMagic) && module_add_int(module, "CODESIZE", 4) &&
         module_add_int(module, "MAXREPEAT", kMaxRepeat) && module_add_int(module, "MAXGROUPS", kMaxGroups) &&
         module_add_text(module, "copyright", " ptpython's regular expression engine ");
}

}  // namespace

extern const NativeModule sre_module;
const NativeModule sre_module = {"_sre", nullptr, kFunctions, execute};

}  // namespace pt
