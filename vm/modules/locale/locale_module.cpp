// The _locale module.
#include <climits>
#include <clocale>
#include <cstring>
#include <cwchar>
#include <langinfo.h>
#include <libintl.h>

#include "gc/platform/memory.h"
#include "vm/modules/support/arguments.h"
#include "vm/object/module.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"
#include "vm/types/list.h"

namespace pt {
namespace {

constinit Value g_error;  // locale.Error; immortal

Raised locale_error(const char* text) {
  Ref<Str> message = str_from_ascii(text);
  Ref<> e = message ? call1(g_error, message.value()) : Ref<>();
  return e ? raise_object(e.value()) : Raised{};
}
// str argument as C text; ValueError on an embedded null.
bool c_text(Value v, const char* function, const char* what, Ref<Bytes>* out) {
  if (!is_str(v)) return raise(exc::TypeError, "%s() %s must be str, not %T", function, what, v);
  *out = fs_encode(v);
  if (*out) return true;
  if (clear_if(exc::ValueError)) return raise(exc::ValueError, "embedded null character");
  return false;
}
const char* text_of(const Ref<Bytes>& b) { return b ? reinterpret_cast<const char*>(b->data) : nullptr; }

Ref<> locale_setlocale(const Value* a) {
  int category;
  Ref<Bytes> name;
  if (!to_cint(a[0], &category)) return Ref<>();
  if (given(a[1]) && !c_text(a[1], "setlocale", "argument 2", &name)) return Ref<>();
  const char* result = setlocale(category, text_of(name));
  if (!result) return locale_error(name ? "unsupported locale setting" : "locale query failed");
  return fs_decode(result);
}

Ref<> grouping_list(const char* s) {
  Ref<List> list = list_new();
  // Ends with 0 (repeat the last) or CHAR_MAX (no more grouping), which is kept.
  for (; list && *s; ++s) {
    if (!list_append(list.get(), int_from_int64(*s))) return Ref<>();
    if (*s == CHAR_MAX) return list;
  }
  if (list && list_size(list.get()) > 0 && !list_append(list.get(), int_from_int64(0))) return Ref<>();
  return list;
}
Ref<> locale_localeconv(const Value*) {
  lconv* c = localeconv();
  Ref<Dict> d = dict_new();
  if (!d) return Ref<>();
  struct Text {
    const char* name;
    const char* value;
  };
  for (const Text& t : {Text{"int_curr_symbol", c->int_curr_symbol}, Text{"currency_symbol", c->currency_symbol},
                        Text{"mon_decimal_point", c->mon_decimal_point}, Text{"mon_thousands_sep", c->mon_thousands_sep}}) {
    Ref<Str> value = fs_decode(t.value);
    if (!value || !dict_set_text(d.get(), t.name, value.value())) return Ref<>();
  }
  Ref<> grouping = grouping_list(c->mon_grouping);
  if (!grouping || !dict_set_text(d.get(), "mon_grouping", grouping.value())) return Ref<>();
  for (const Text& t : {Text{"positive_sign", c->positive_sign}, Text{"negative_sign", c->negative_sign}}) {
    Ref<Str> value = fs_decode(t.value);
    if (!value || !dict_set_text(d.get(), t.name, value.value())) return Ref<>();
  }
  struct Number {
    const char* name;
    char value;
  };
  for (const Number& n : {Number{"int_frac_digits", c->int_frac_digits}, Number{"frac_digits", c->frac_digits},
                          Number{"p_cs_precedes", c->p_cs_precedes}, Number{"p_sep_by_space", c->p_sep_by_space},
                          Number{"n_cs_precedes", c->n_cs_precedes}, Number{"n_sep_by_space", c->n_sep_by_space},
                          Number{"p_sign_posn", c->p_sign_posn}, Number{"n_sign_posn", c->n_sign_posn}}) {
    if (!dict_set_text(d.get(), n.name, Value::small_int(n.value))) return Ref<>();
  }
  for (const Text& t : {Text{"decimal_point", c->decimal_point}, Text{"thousands_sep", c->thousands_sep}}) {
    Ref<Str> value = fs_decode(t.value);
    if (!value || !dict_set_text(d.get(), t.name, value.value())) return Ref<>();
  }
  grouping = grouping_list(c->grouping);
  if (!grouping || !dict_set_text(d.get(), "grouping", grouping.value())) return Ref<>();
  return d;
}

// A str as wchar_t text; nullptr with an exception pending.
wchar_t* wide_text(Value v, const char* function, const char* what) {
  if (!is_str(v)) return raise(exc::TypeError, "%s() %s must be str, not %T", function, what, v);
  Str* s = as_str(v);
  auto* text = static_cast<wchar_t*>(memory::allocate(static_cast<size_t>(s->length + 1) * sizeof(wchar_t)));
  if (!text) return raise_no_memory();
  for (int64_t i = 0; i < s->length; ++i) {
    text[i] = static_cast<wchar_t>(s->at(i));
    if (!text[i]) {
      memory::release(text);
      return raise(exc::ValueError, "embedded null character");
    }
  }
  text[s->length] = 0;
  return text;
}
Ref<> locale_strcoll(const Value* a) {
  wchar_t* first = wide_text(a[0], "strcoll", "argument 1");
  if (!first) return Ref<>();
  wchar_t* second = wide_text(a[1], "strcoll", "argument 2");
  int result = second ? wcscoll(first, second) : 0;
  memory::release(first);
  memory::release(second);
  return error_pending() ? Ref<>() : int_from_int64(result);
}
Ref<> locale_strxfrm(const Value* a) {
  wchar_t* text = wide_text(a[0], "strxfrm", "argument");
  if (!text) return Ref<>();
  errno = 0;
  size_t size = wcsxfrm(nullptr, text, 0);
  Ref<> result;
  if (errno && errno != ERANGE) {
    raise_os_error();
  } else if (auto* out = static_cast<wchar_t*>(memory::allocate((size + 1) * sizeof(wchar_t)))) {
    size = wcsxfrm(out, text, size + 1);
    StrBuilder builder;
    // Weights may lie outside Unicode: split them so that the order stays.
    for (size_t i = 0; i < size; ++i) {
      auto c = static_cast<uint32_t>(out[i]);
      if (c > 0x10FFFF)
        builder.append_code_point(0x10FFFF), builder.append_code_point(c >> 16 & 0xFFFF), builder.append_code_point(c & 0xFFFF);
      else
        builder.append_code_point(c);
    }
    result = builder.finish();
    memory::release(out);
  } else {
    raise_no_memory();
  }
  memory::release(text);
  return result;
}

struct LangInfo {
  const char* name;
  nl_item item;
};
#define C(name) {#name, name}
const LangInfo kLangInfo[] = {
    C(ABDAY_1),  C(ABDAY_2),   C(ABDAY_3),     C(ABDAY_4),    C(ABDAY_5), C(ABDAY_6),    C(ABDAY_7),  C(ABMON_1),
    C(ABMON_10), C(ABMON_11),  C(ABMON_12),    C(ABMON_2),    C(ABMON_3), C(ABMON_4),    C(ABMON_5),  C(ABMON_6),
    C(ABMON_7),  C(ABMON_8),   C(ABMON_9),     C(ALT_DIGITS), C(AM_STR),  C(CODESET),    C(CRNCYSTR), C(DAY_1),
    C(DAY_2),    C(DAY_3),     C(DAY_4),       C(DAY_5),      C(DAY_6),   C(DAY_7),      C(D_FMT),    C(D_T_FMT),
    C(ERA),      C(ERA_D_FMT), C(ERA_D_T_FMT), C(ERA_T_FMT),  C(MON_1),   C(MON_10),     C(MON_11),   C(MON_12),
    C(MON_2),    C(MON_3),     C(MON_4),       C(MON_5),      C(MON_6),   C(MON_7),      C(MON_8),    C(MON_9),
    C(NOEXPR),   C(PM_STR),    C(RADIXCHAR),   C(THOUSEP),    C(T_FMT),   C(T_FMT_AMPM), C(YESEXPR),
};
#undef C
Ref<> locale_nl_langinfo(const Value* a) {
  int item;
  if (!to_cint(a[0], &item)) return Ref<>();
  for (const LangInfo& info : kLangInfo) {
    if (info.item == item) {
      const char* text = nl_langinfo(item);
      return fs_decode(text ? text : "");
    }
  }
  return raise(exc::ValueError, "unsupported langinfo constant");
}
Ref<> locale_getencoding(const Value*) { return str_from_ascii("UTF-8"); }

Ref<> locale_gettext(const Value* a) {
  Ref<Bytes> message;
  return c_text(a[0], "gettext", "argument", &message) ? Ref<>(fs_decode(gettext(text_of(message)))) : Ref<>();
}
Ref<> locale_dgettext(const Value* a) {
  Ref<Bytes> domain, message;
  if (given(a[0]) && !c_text(a[0], "dgettext", "argument 1", &domain)) return Ref<>();
  return c_text(a[1], "dgettext", "argument 2", &message) ? Ref<>(fs_decode(dgettext(text_of(domain), text_of(message))))
                                                          : Ref<>();
}
Ref<> locale_dcgettext(const Value* a) {
  Ref<Bytes> domain, message;
  int category;
  if (given(a[0]) && !c_text(a[0], "dcgettext", "argument 1", &domain)) return Ref<>();
  if (!c_text(a[1], "dcgettext", "argument 2", &message) || !to_cint(a[2], &category)) return Ref<>();
  return fs_decode(dcgettext(text_of(domain), text_of(message), category));
}
Ref<> locale_textdomain(const Value* a) {
  Ref<Bytes> domain;
  if (given(a[0]) && !c_text(a[0], "textdomain", "argument", &domain)) return Ref<>();
  const char* result = textdomain(text_of(domain));
  return result ? Ref<>(fs_decode(result)) : raise_os_error();
}
Ref<> locale_bindtextdomain(const Value* a) {
  Ref<Bytes> domain, folder;
  if (!c_text(a[0], "bindtextdomain", "argument 1", &domain)) return Ref<>();
  if (domain->length == 0) return locale_error("domain must be a non-empty string");
  if (given(a[1])) {
    folder = fs_encode(a[1]);
    if (!folder) return Ref<>();
  }
  const char* result = bindtextdomain(text_of(domain), text_of(folder));
  return result ? Ref<>(fs_decode(result)) : raise_os_error();
}
Ref<> locale_bind_textdomain_codeset(const Value* a) {
  Ref<Bytes> domain, codeset;
  if (!c_text(a[0], "bind_textdomain_codeset", "argument 1", &domain)) return Ref<>();
  if (given(a[1]) && !c_text(a[1], "bind_textdomain_codeset", "argument 2", &codeset)) return Ref<>();
  const char* result = bind_textdomain_codeset(text_of(domain), text_of(codeset));
  return result ? Ref<>(fs_decode(result)) : none_ref();
}

const NativeDef kFunctions[] = {
    {"setlocale", "(category, locale=None, /)", locale_setlocale, "Activates/queries locale processing."},
    {"localeconv", "()", locale_localeconv, "Returns numeric and monetary locale-specific parameters."},
    {"strcoll", "(os1, os2, /)", locale_strcoll, "Compares two strings according to the locale."},
    {"strxfrm", "(string, /)", locale_strxfrm, "Return a string that can be used as a key for locale-aware comparisons."},
    {"nl_langinfo", "(key, /)", locale_nl_langinfo, "Return the value for the locale information associated with key."},
    {"getencoding", "()", locale_getencoding, "Get the current locale encoding."},
    {"gettext", "(msg, /)", locale_gettext, "Return translation of msg."},
    {"dgettext", "(domain, msg, /)", locale_dgettext, "Return translation of msg in domain."},
    {"dcgettext", "(domain, msg, category, /)", locale_dcgettext, "Return translation of msg in domain and category."},
    {"textdomain", "(domain, /)", locale_textdomain, "Set the C library's textdmain to domain, returning the new domain."},
    {"bindtextdomain", "(domain, dir, /)", locale_bindtextdomain, "Bind the C library's domain to dir."},
    {"bind_textdomain_codeset", "(domain, codeset, /)", locale_bind_textdomain_codeset,
     "Bind the C library's domain to codeset."},
    {},
};

bool locale_execute(Module* module) {
  if (g_error.empty()) {
    Ref<> error = make_exception_class("locale.Error", Value::object(exc::Exception));
    if (!error) return false;
    make_immortal(error.value().as_object());
    g_error = error.take();
  }
  for (const LangInfo& info : kLangInfo) {
    if (!module_add_int(module, info.name, info.item)) return false;
  }
  static const IntConstant kCategories[] = {{"LC_CTYPE", LC_CTYPE},       {"LC_TIME", LC_TIME},
                                            {"LC_COLLATE", LC_COLLATE},   {"LC_MONETARY", LC_MONETARY},
                                            {"LC_MESSAGES", LC_MESSAGES}, {"LC_NUMERIC", LC_NUMERIC},
                                            {"LC_ALL", LC_ALL},           {"CHAR_MAX", CHAR_MAX},
                                            {"_DATE_FMT", _DATE_FMT},     {}};
  return module_add_ints(module, kCategories) && dict_set_text(module_dict(module), "Error", g_error);
}

}  // namespace
extern const NativeModule locale_module;
const NativeModule locale_module = {"_locale", "Support for POSIX locales.", kFunctions, locale_execute};
}  // namespace pt
