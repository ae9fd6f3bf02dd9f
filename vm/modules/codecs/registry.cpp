// The registry: search functions, the cache of what they found, error handlers.
#include "vm/modules/codecs/registry.h"

#include "vm/modules/codecs/error_handlers.h"
#include "vm/modules/codecs/registry_internal.h"
#include "vm/modules/sys/config.h"
#include "vm/modules/support/arguments.h"
#include "vm/object/attributes.h"
#include "vm/object/interpreter.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/types/codecs.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

constinit Name kIsText("_is_text_encoding"), kIncrementalEncoder("incrementalencoder"), kIncrementalDecoder("incrementaldecoder");

// "UTF-8" -> "utf_8": runs of other characters become one underscore.
Ref<Str> normalize(Str* encoding) {
  Utf8 utf8(encoding);
  if (!utf8.ok()) return Ref<Str>();
  if (utf8.view().find('\0') != std::string_view::npos) return raise(exc::ValueError, "embedded null character");
  StrBuilder out;
  bool gap = false;
  for (char c : utf8.view()) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.';
    if (!letter) {
      gap = true;
      continue;
    }
    if (gap && out.length()) out.append_ascii("_");
    gap = false;
    char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    out.append_ascii({&lower, 1});
  }
  return out.finish();
}

bool import_encodings() {
  std::atomic<bool>& imported = current_interpreter()->encodings_imported;
  if (imported.load(std::memory_order_acquire)) return true;
  // Set first: importing the package looks encodings up itself.
  imported.store(true, std::memory_order_release);
  if (import_module("encodings")) return true;
  imported.store(false, std::memory_order_release);
  return false;
}

// The pending exception again, with a note in its text on what was going on, when its class is simple enough.
void explain_failure(const char* operation, Str* encoding) {
  if (!pending_type()) return;
  Type* type = pending_type();
  if (type->layout.fixed_size != exc::Exception->layout.fixed_size || type->slots.init != exc::Exception->slots.init ||
      type->slots.construct != exc::Exception->slots.construct) {
    return;
  }
  Ref<> error = take_error();
  BaseException* e = as_exception(error.value());
  Ref<> args = e->args.load(e);
  bool simple = is_tuple(args.value()) && as_tuple(args.value())->length <= 1 &&
                (as_tuple(args.value())->length == 0 || is_exact_str(as_tuple(args.value())->at(0)));
  if (simple) {
    Ref<Dict> attributes = instance_snapshot(e);
    if (!attributes)
      clear_error();
    else
      simple = dict_size(attributes.get()) == 0;
  }
  if (!simple) {
    restore_error(std::move(error));
    return;
  }
  raise(type, "%s with '%U' codec failed (%N: %V)", operation, encoding, type, error.value());
  Ref<> raised = take_error();
  if (is_exception(raised.value())) {
    set_exception_cause(raised.value(), error.value());
    set_exception_context(raised.value(), error.value());
  }
  restore_error(std::move(raised));
}

Ref<> run_codec(Value function, Value object, Str* errors, bool encodes, Str* encoding) {
  Value values[2] = {object, errors ? Value::object(errors) : Value()};
  Ref<> result = call(function, Args{values, errors ? 2u : 1u});
  if (!result) {
    explain_failure(encodes ? "encoding" : "decoding", encoding);
    return Ref<>();
  }
  if (!is_tuple(result.value()) || as_tuple(result.value())->length != 2) {
    return raise(exc::TypeError,
                 encodes ? "encoder must return a tuple (object, integer)" : "decoder must return a tuple (object,integer)");
  }
  return Ref<>::retain(as_tuple(result.value())->at(0));
}

Ref<> text_codec(Str* encoding, const char* instead) {
  Ref<> info = codec_lookup(encoding);
  if (!info) return Ref<>();
  // Plain tuples of old codecs count as text encodings.
  if (!is_exact_tuple(info.value())) {
    Ref<> flag = find_attribute(info.value(), kIsText.str());
    if (!flag && error_pending()) return Ref<>();
    int is_text = flag ? truth(flag.value()) : 1;
    if (is_text < 0) return Ref<>();
    if (!is_text) {
      return raise(exc::LookupError, "'%U' is not a text encoding; use %s to handle arbitrary codecs", encoding, instead);
    }
  }
  return info;
}

Ref<> hook_encode(Value object, Str* encoding, Str* errors) {
  Ref<> info = text_codec(encoding, "codecs.encode()");
  return info ? run_codec(as_tuple(info.value())->at(0), object, errors, true, encoding) : Ref<>();
}
Ref<> hook_decode(Value object, Str* encoding, Str* errors) {
  Ref<> info = text_codec(encoding, "codecs.decode()");
  return info ? run_codec(as_tuple(info.value())->at(1), object, errors, false, encoding) : Ref<>();
}
Ref<> hook_lookup_error(Str* name) { return codec_lookup_error(name); }

Ref<Str> hook_character_name(uint32_t code_point) {
  Ref<> function = import_attribute("unicodedata", "name");
  if (!function) {
    clear_error();
    return Ref<Str>();
  }
  Ref<Str> character = str_from_code_point(code_point);
  Ref<> name = character ? call_values(function.value(), {character.value(), none()}) : Ref<>();
  if (!name) {
    clear_error();
    return Ref<Str>();
  }
  return is_str(name.value()) ? Ref<Str>::steal(as_str(name.take())) : Ref<Str>();
}
int64_t hook_character_by_name(std::string_view text) {
  Ref<> function = import_attribute("unicodedata", "lookup");
  if (!function) return -2;
  Ref<Str> name = str_from_utf8(text);
  Ref<> character = name ? call1(function.value(), name.value()) : Ref<>();
  if (!character) {
    clear_error();
    return -1;
  }
  return is_str(character.value()) && as_str(character.value())->length == 1 ? as_str(character.value())->at(0) : -1;
}

}  // namespace

CodecRegistry codec_registry() {
  // Kept last: who finds it finds the others.
  if (!of_interpreter(PerInterpreter::kErrorHandlers)) {
    Ref<List> search = list_new();
    Ref<Dict> cache = dict_new(), handlers = dict_new();
    if (!search || !cache || !handlers || !add_error_handlers(handlers.get())) return {};
    Interpreter* interpreter = current_interpreter();
    interpreter->keep(PerInterpreter::kCodecSearch, std::move(search));
    interpreter->keep(PerInterpreter::kCodecCache, std::move(cache));
    interpreter->keep(PerInterpreter::kErrorHandlers, std::move(handlers));
  }
  return {of_interpreter<List>(PerInterpreter::kCodecSearch), of_interpreter<Dict>(PerInterpreter::kCodecCache),
          of_interpreter<Dict>(PerInterpreter::kErrorHandlers)};
}

Ref<> codec_lookup(Str* encoding) {
  CodecRegistry registry = codec_registry();
  if (!registry) return Ref<>();
  Ref<Str> name = normalize(encoding);
  if (!name) return Ref<>();
  Ref<> found = dict_get_str(registry.cache, name.get());
  if (found || error_pending()) return found;
  if (!import_encodings()) return Ref<>();
  if (list_size(registry.search) == 0) {
    return raise(exc::LookupError, "no codec search functions registered: can't find encoding");
  }
  for (int64_t i = 0; i < list_size(registry.search); ++i) {
    Ref<> function = list_get(registry.search, i);
    if (!function) break;
    Ref<> info = call1(function.value(), name.value());
    if (!info) return Ref<>();
    if (is_none(info.value())) continue;
    if (!is_tuple(info.value()) || as_tuple(info.value())->length != 4) {
      return raise(exc::TypeError, "codec search functions must return 4-tuples");
    }
    if (!dict_set_str(registry.cache, name.get(), info.value())) return Ref<>();
    return info;
  }
  return raise(exc::LookupError, "unknown encoding: %U", encoding);
}

Ref<> codec_lookup_error(Str* name) {
  CodecRegistry registry = codec_registry();
  if (!registry) return Ref<>();
  Str* key = name ? name : names::strict_.str();
  Ref<> found = dict_get_str(registry.handlers, key);
  if (found || error_pending()) return found;
  return raise(exc::LookupError, "unknown error handler name '%U'", key);
}

Ref<> codec_encode(Value object, Str* encoding, Str* errors) {
  Ref<> info = codec_lookup(encoding);
  return info ? run_codec(as_tuple(info.value())->at(0), object, errors, true, encoding) : Ref<>();
}
Ref<> codec_decode(Value object, Str* encoding, Str* errors) {
  Ref<> info = codec_lookup(encoding);
  return info ? run_codec(as_tuple(info.value())->at(1), object, errors, false, encoding) : Ref<>();
}
Ref<> codec_lookup_text(Str* encoding, const char* instead) { return text_codec(encoding, instead); }

Ref<> codec_incremental(Value info, bool encoder, Value errors) {
  Ref<> factory = get_attribute(info, encoder ? kIncrementalEncoder.str() : kIncrementalDecoder.str());
  if (!factory) return Ref<>();
  return errors.empty() ? call0(factory.value()) : call1(factory.value(), errors);
}

void init_codecs() {
  g_codec_hooks.encode = hook_encode;
  g_codec_hooks.decode = hook_decode;
  g_codec_hooks.lookup_error = hook_lookup_error;
  g_codec_hooks.lookup = codec_lookup;
  g_check_codec_names = g_config.dev_mode;
  if (!g_codec_hooks.character_name) g_codec_hooks.character_name = hook_character_name;
  if (!g_codec_hooks.character_by_name) g_codec_hooks.character_by_name = hook_character_by_name;
}

}  // namespace pt
