// The JSON encoder, and the module's table.
#include <cmath>

#include "vm/modules/json/json.h"
#include "vm/modules/support.h"
#include "vm/object/descriptors.h"
#include "vm/types/dict.h"
#include "vm/types/float.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

namespace pt::json {

constinit Type encoder_type = {};

namespace {

// How strings are quoted: by our own functions, or by one of the user's.
enum class Quoting : uint8_t { kAscii, kUnicode, kCustom };

// c_make_encoder: immutable after construction.
struct EncoderObject : Object {
  Field markers;   // dict or None: the containers being encoded, by id
  Field fallback;  // default()
  Field encoder, indent, key_separator, item_separator;
  bool sort_keys, skip_keys, allow_nan;
  Quoting quoting;
};

class Encoder {
 public:
  explicit Encoder(EncoderObject* options) : options_(options), markers_(options->markers.peek()) {
    if (is_none(markers_)) markers_ = Value();
  }
  bool encode(Value v);
  Ref<> finish() { return out_.finish(); }

 private:
  bool text(Value v);
  bool real(Value v);
  bool list(Value v);
  bool mapping(Value v);
  bool other(Value v);
  bool item_key(Value key, bool* skipped);
  // Notes that `v` is being encoded; false with ValueError when it already is.
  bool enter(Value v, Ref<>* marker);
  bool leave(const Ref<>& marker) { return !marker || dict_delete(as_dict(markers_), marker.value()) >= 0; }

  EncoderObject* options_;
  Value markers_;
  StrBuilder out_;
};

bool Encoder::enter(Value v, Ref<>* marker) {
  if (markers_.empty()) return true;
  *marker = int_from_uint64(v.identity());
  int known = dict_contains(as_dict(markers_), marker->value());
  if (known < 0) return false;
  if (known) return raise(exc::ValueError, "Circular reference detected");
  return dict_set(as_dict(markers_), marker->value(), v);
}

bool Encoder::text(Value v) {
  if (options_->quoting != Quoting::kCustom) {
    return append_quoted(out_, as_str(v), options_->quoting == Quoting::kAscii) || error_pending() || !out_.failed();
  }
  Ref<> quoted = call1(options_->encoder.peek(), v);
  if (!quoted) return false;
  if (!is_str(quoted.value())) return raise(exc::TypeError, "encoder() must return a string, not %T", quoted.value());
  out_.append(as_str(quoted.value()));
  return true;
}

bool Encoder::real(Value v) {
  double d = as_double(v);
  if (!std::isfinite(d)) {
    if (!options_->allow_nan) return raise(exc::ValueError, "Out of range float values are not JSON compliant");
    out_.append_ascii(std::isnan(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity");
    return true;
  }
  Ref<Str> digits = float_repr(d);
  if (!digits) return false;
  out_.append(digits.get());
  return true;
}

bool Encoder::encode(Value v) {
  if (is_none(v)) return out_.append_ascii("null"), true;
  if (is_true(v)) return out_.append_ascii("true"), true;
  if (is_false(v)) return out_.append_ascii("false"), true;
  if (is_str(v)) return text(v);
  if (is_int(v)) {
    if (v.is_small_int()) {
      char digits[24];
      int size = 0;
      int64_t i = v.as_small_int();
      auto u = i < 0 ? uint64_t{0} - static_cast<uint64_t>(i) : static_cast<uint64_t>(i);
      do {
        digits[23 - size++] = static_cast<char>('0' + u % 10);
        u /= 10;
      } while (u);
      if (i < 0) digits[23 - size++] = '-';
      out_.append_ascii({digits + 24 - size, static_cast<size_t>(size)});
      return true;
    }
    Ref<Str> digits = int_to_str(v);
    if (!digits) return false;
    out_.append(digits.get());
    return true;
  }
  if (is_float(v)) return real(v);
  RecursionGuard guard(" while encoding a JSON object");
  if (!guard) return false;
  if (is_list(v) || is_tuple(v)) return list(v);
  if (is_dict(v)) return mapping(v);
  return other(v);
}

bool Encoder::list(Value v) {
  bool is_a_list = is_list(v);
  auto size = [&] { return is_a_list ? list_size(as_list(v)) : as_tuple(v)->length; };
  if (size() == 0) return out_.append_ascii("[]"), true;
  Ref<> marker;
  if (!enter(v, &marker)) return false;
  Str* separator = as_str(options_->item_separator.peek());
  out_.append_ascii("[");
  for (int64_t i = 0; i < size(); ++i) {
    Ref<> item = is_a_list ? list_get(as_list(v), i) : Ref<>::retain(as_tuple(v)->at(i));
    if (!item) break;
    if (i) out_.append(separator);
    if (!encode(item.value())) return false;
  }
  out_.append_ascii("]");
  return leave(marker);
}

bool Encoder::item_key(Value key, bool* skipped) {
  if (is_str(key)) return text(key);
  Ref<> name;
  if (is_float(key)) {
    // Quoted like a string, after the same range check.
    out_.append_ascii("\"");
    if (!real(key)) return false;
    out_.append_ascii("\"");
    return true;
  }
  if (is_none(key) || is_bool(key)) {
    name = Ref<>::retain(Value::object(intern(is_none(key) ? "null" : is_true(key) ? "true" : "false")));
  } else if (is_int(key)) {
    name = int_to_str(key);
    if (!name) return false;
  } else if (options_->skip_keys) {
    *skipped = true;
    return true;
  } else {
    return raise(exc::TypeError, "keys must be str, int, float, bool or None, not %T", key);
  }
  return text(name.value());
}

bool Encoder::mapping(Value v) {
  if (dict_size(as_dict(v)) == 0 && is_exact_dict(v)) return out_.append_ascii("{}"), true;
  Ref<> items;
  if (is_exact_dict(v)) {
    items = dict_items_list(as_dict(v));
  } else {
    int64_t size = length(v);
    if (size < 0) return false;
    if (size == 0) return out_.append_ascii("{}"), true;
    items = call_method(v, "items");
    if (items) items = list_from_iterable(items.value());
  }
  if (!items) return false;
  Ref<> marker;
  if (!enter(v, &marker)) return false;
  List* list = as_list(items.value());
  if (options_->sort_keys && !list_sort(list, Value(), false)) return false;
  Str* key_separator = as_str(options_->key_separator.peek());
  Str* item_separator = as_str(options_->item_separator.peek());
  out_.append_ascii("{");
  bool first = true;
  for (int64_t i = 0; i < list_size(list); ++i) {
    Ref<> pair = list_get(list, i);
    if (!pair || !is_tuple(pair.value()) || as_tuple(pair.value())->length != 2) {
      return raise(exc::ValueError, "items must return 2-tuples");
    }
    Tuple* entry = as_tuple(pair.value());
    int64_t before = out_.length();
    if (!first) out_.append(item_separator);
    bool skipped = false;
    if (!item_key(entry->at(0), &skipped)) return false;
    if (skipped) {
      out_.truncate(before);
      continue;
    }
    first = false;
    out_.append(key_separator);
    if (!encode(entry->at(1))) return false;
  }
  out_.append_ascii("}");
  return leave(marker);
}

bool Encoder::other(Value v) {
  Ref<> marker;
  if (!enter(v, &marker)) return false;
  Ref<> replacement = call1(options_->fallback.peek(), v);
  if (!replacement || !encode(replacement.value())) return false;
  return leave(marker);
}

Ref<> encoder_call(Value self, const Args& args) {
  Value v[2];
  int64_t level;
  if (!bind_arguments("_iterencode", "(obj, _current_indent_level)", args, v) || !to_ssize(v[1], &level)) return Ref<>();
  Encoder encoder(object_of<EncoderObject>(self));
  if (!encoder.encode(v[0])) return Ref<>();
  Ref<> text = encoder.finish();
  if (!text) return text;
  return tuple_of({text.value()});
}

Ref<> encoder_construct(Type* type, const Args& args) {
  Value v[9];
  if (!bind_arguments("make_encoder",
                      "(markers, default, encoder, indent, key_separator, item_separator, sort_keys, skipkeys, allow_nan)", args,
                      v)) {
    return Ref<>();
  }
  if (!is_none(v[0]) && !is_dict(v[0])) {
    return raise(exc::TypeError, "make_encoder() argument 1 must be dict or None, not %T", v[0]);
  }
  for (int i = 4; i < 6; ++i) {
    if (!is_str(v[i])) return raise(exc::TypeError, "make_encoder() argument %d must be str, not %T", i + 1, v[i]);
  }
  bool flags[3] = {};
  for (int i = 0; i < 3; ++i) {
    if (!to_flag(v[6 + i], &flags[i])) return Ref<>();
  }
  Ref<EncoderObject> self = allocate<EncoderObject>(type);
  if (!self) return Ref<>();
  Field* fields[] = {&self->markers, &self->fallback, &self->encoder, &self->indent, &self->key_separator, &self->item_separator};
  for (int i = 0; i < 6; ++i) fields[i]->init(Ref<>::retain(v[i]));
  self->sort_keys = flags[0];
  self->skip_keys = flags[1];
  self->allow_nan = flags[2];
  self->quoting = Quoting::kCustom;
  if (has_shape(v[2], kShape_native_function)) {
    NativeFunction function = object_of<NativeFunctionObject>(v[2])->def->function;
    if (function == py_encode_ascii) self->quoting = Quoting::kAscii;
    if (function == py_encode) self->quoting = Quoting::kUnicode;
  }
  return self;
}
void encoder_traverse(Object* o, FieldVisitor& visitor) {
  auto* e = static_cast<EncoderObject*>(o);
  visitor(e->markers);
  visitor(e->fallback);
  visitor(e->encoder);
  visitor(e->indent);
  visitor(e->key_separator);
  visitor(e->item_separator);
}
Ref<> get_sort_keys(Value self) { return bool_ref(object_of<EncoderObject>(self)->sort_keys); }
Ref<> get_skip_keys(Value self) { return bool_ref(object_of<EncoderObject>(self)->skip_keys); }
const GetSetDef kEncoderGetSets[] = {
    {"sort_keys", get_sort_keys, nullptr, "sort_keys"}, {"skipkeys", get_skip_keys, nullptr, "skipkeys"}, {}};
const MemberDef kEncoderMembers[] = {{"markers", offsetof(EncoderObject, markers), false, "markers"},
                                     {"default", offsetof(EncoderObject, fallback), false, "default"},
                                     {"encoder", offsetof(EncoderObject, encoder), false, "encoder"},
                                     {"indent", offsetof(EncoderObject, indent), false, "indent"},
                                     {"key_separator", offsetof(EncoderObject, key_separator), false, "key_separator"},
                                     {"item_separator", offsetof(EncoderObject, item_separator), false, "item_separator"},
                                     {}};

}  // namespace

const TypeSpec encoder_spec = {
    .name = "_json.Encoder",
    .size = sizeof(EncoderObject),
    .flags = kTypeBase,
    .slots = {.call = encoder_call, .construct = encoder_construct},
    .traverse = encoder_traverse,
    .getsets = kEncoderGetSets,
    .members = kEncoderMembers,
    .doc = "Encoder(markers, default, encoder, indent, key_separator, item_separator, sort_keys, skipkeys, allow_nan)",
};

}  // namespace pt::json

namespace pt {
namespace {

const NativeDef kFunctions[] = {
    {"scanstring", "($module, string, end, strict=True, /)", json::py_scanstring,
     "scanstring(string, end, strict=True) -> (string, end): the JSON string whose opening quote lies before end."},
    {"encode_basestring_ascii", "($module, string, /)", json::py_encode_ascii,
     "Return an ASCII-only JSON representation of a Python string"},
    {"encode_basestring", "($module, string, /)", json::py_encode, "Return a JSON representation of a Python string"},
    {}};

bool execute(Module* module) {
  return (json::scanner_type.spec || init_module_type(&json::scanner_type, &json::scanner_spec)) &&
         (json::encoder_type.spec || init_module_type(&json::encoder_type, &json::encoder_spec)) &&
         module_add(module, "make_scanner", Ref<>::retain(Value::object(&json::scanner_type))) &&
         module_add(module, "make_encoder", Ref<>::retain(Value::object(&json::encoder_type)));
}

}  // namespace

extern const NativeModule json_module;
const NativeModule json_module = {"_json", "json speedups", kFunctions, execute};

}  // namespace pt
