// The JSON scanner: recursive descent over the characters of a str.
#include <cstring>

#include "vm/modules/json/json.h"
#include "vm/modules/support.h"
#include "vm/types/dict.h"
#include "vm/types/float.h"
#include "vm/types/float_text.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

namespace pt::json {

constinit Type scanner_type = {};

namespace {

// make_scanner(context): immutable after construction.
struct ScannerObject : Object {
  Field object_hook, object_pairs_hook, parse_float, parse_int, parse_constant;
  bool strict;
};

// Keys met in this document, so that equal ones share one string. Only short keys are remembered; ASCII ones without escapes
// are found before an object is made.
class KeyCache {
 public:
  Ref<Str> find_or_make(const uint8_t* data, int64_t length) {
    uint32_t hash = 2166136261u;
    for (int64_t i = 0; i < length; ++i) hash = (hash ^ data[i]) * 16777619u;
    Ref<Str>& slot = slots_[(hash ^ hash >> 15) % kSlots];
    if (!slot || slot->length != length || std::memcmp(slot->data1(), data, static_cast<size_t>(length)) != 0) {
      slot = str_from_ascii({reinterpret_cast<const char*>(data), static_cast<size_t>(length)});
      if (!slot) return nullptr;
    }
    return slot.copy();
  }
  static constexpr int64_t kLongest = 32;

  // For a key that had to be made to be known.
  Ref<Str> share(Ref<Str> key) {
    if (!key || key->length > kLongest) return key;
    auto start = static_cast<uint64_t>(str_hash(key.get()));
    for (uint64_t i = 0; i < kWays; ++i) {
      Ref<Str>& slot = others_[(start + i) % kOtherSlots];
      if (!slot) slot = key.copy();
      if (str_equal(slot.get(), key.get())) return slot.copy();
    }
    others_[start % kOtherSlots] = key.copy();
    return key;
  }

 private:
  static constexpr uint32_t kSlots = 128, kOtherSlots = 32, kWays = 4;
  Ref<Str> slots_[kSlots], others_[kOtherSlots];
};

template <class Char>
class Scanner {
 public:
  Scanner(ScannerObject* options, Str* document, const Char* text)
      : options_(options),
        document_(document),
        text_(text),
        length_(document->length),
        object_hook_(hook(options->object_hook)),
        pairs_hook_(hook(options->object_pairs_hook)),
        plain_float_(options->parse_float.peek().is(&float_type)),
        plain_int_(options->parse_int.peek().is(&int_type)) {}

  // One value at `at_`, which moves behind it.
  Ref<> value();
  int64_t at_ = 0;

 private:
  static Value hook(const Field& field) { return is_none(field.peek()) ? Value() : field.peek(); }
  Ref<> object();
  Ref<> array();
  Ref<> number();
  Ref<> constant(const char* name);
  Ref<Str> key();
  bool starts_with(const char* word) const {
    auto size = static_cast<int64_t>(std::strlen(word));
    if (length_ - at_ < size) return false;
    for (int64_t i = 0; i < size; ++i) {
      if (text_[at_ + i] != static_cast<uint8_t>(word[i])) return false;
    }
    return true;
  }
  void skip_space() {
    while (at_ < length_ && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) ++at_;
  }
  bool next_is(uint32_t c) const { return at_ < length_ && text_[at_] == c; }
  static bool is_digit(uint32_t c) { return c >= '0' && c <= '9'; }
  bool digit_at(int64_t i) const { return i < length_ && is_digit(text_[i]); }
  Ref<> expected_value(int64_t at) {
    Ref<> position = int_from_int64(at);
    return raise_stop_iteration(position.value());
  }

  ScannerObject* options_;
  Str* document_;
  const Char* text_;
  int64_t length_;
  Value object_hook_, pairs_hook_;
  bool plain_float_, plain_int_;
  KeyCache keys_;
};

template <class Char>
Ref<> Scanner<Char>::value() {
  if (at_ >= length_) return expected_value(at_);
  switch (text_[at_]) {
    case '"': return scan_string(document_, at_ + 1, options_->strict, &at_);
    case '{': {
      RecursionGuard guard(" while decoding a JSON object from a unicode string");
      if (!guard) return Ref<>();
      ++at_;
      return object();
    }
    case '[': {
      RecursionGuard guard(" while decoding a JSON array from a unicode string");
      if (!guard) return Ref<>();
      ++at_;
      return array();
    }
    case 'n':
      if (!starts_with("null")) break;
      at_ += 4;
      return none_ref();
    case 't':
      if (!starts_with("true")) break;
      at_ += 4;
      return bool_ref(true);
    case 'f':
      if (!starts_with("false")) break;
      at_ += 5;
      return bool_ref(false);
    case 'N':
      if (!starts_with("NaN")) break;
      return constant("NaN");
    case 'I':
      if (!starts_with("Infinity")) break;
      return constant("Infinity");
    case '-':
      if (!starts_with("-Infinity")) break;
      return constant("-Infinity");
    default: break;
  }
  return number();
}

template <class Char>
Ref<> Scanner<Char>::constant(const char* name) {
  at_ += static_cast<int64_t>(std::strlen(name));
  return call1(options_->parse_constant.peek(), Value::object(intern(name)));
}

template <class Char>
Ref<Str> Scanner<Char>::key() {
  // A short key without escapes needs no object of its own when it was seen before.
  if constexpr (sizeof(Char) == 1) {
    int64_t start = at_ + 1, limit = start + KeyCache::kLongest < length_ ? start + KeyCache::kLongest : length_;
    for (int64_t i = start; i < limit; ++i) {
      uint8_t c = text_[i];
      if (c == '"') {
        at_ = i + 1;
        return keys_.find_or_make(text_ + start, i - start);
      }
      if (c == '\\' || c < 0x20 || c > 0x7f) break;
    }
  }
  return keys_.share(scan_string(document_, at_ + 1, options_->strict, &at_));
}

template <class Char>
Ref<> Scanner<Char>::object() {
  Ref<Dict> dict;
  Ref<List> pairs;
  if (pairs_hook_.empty()) {
    dict = dict_new();
    if (!dict) return Ref<>();
  } else {
    pairs = list_new();
    if (!pairs) return Ref<>();
  }
  skip_space();
  if (!next_is('}')) {
    for (;;) {
      if (!next_is('"')) {
        raise_decode_error("Expecting property name enclosed in double quotes", document_, at_);
        return Ref<>();
      }
      Ref<Str> name = key();
      if (!name) return Ref<>();
      skip_space();
      if (!next_is(':')) {
        raise_decode_error("Expecting ':' delimiter", document_, at_);
        return Ref<>();
      }
      ++at_;
      skip_space();
      Ref<> item = value();
      if (!item) return Ref<>();
      if (dict) {
        if (!dict_set_str(dict.get(), name.get(), item.value())) return Ref<>();
      } else {
        Ref<Tuple> pair = tuple_of({name.value(), item.value()});
        if (!pair || !list_append(pairs.get(), std::move(pair))) return Ref<>();
      }
      skip_space();
      if (next_is('}')) break;
      if (!next_is(',')) {
        raise_decode_error("Expecting ',' delimiter", document_, at_);
        return Ref<>();
      }
      ++at_;
      skip_space();
    }
  }
  ++at_;
  if (!pairs_hook_.empty()) return call1(pairs_hook_, pairs.value());
  if (!object_hook_.empty()) return call1(object_hook_, dict.value());
  return dict;
}

template <class Char>
Ref<> Scanner<Char>::array() {
  Ref<List> list = list_new();
  if (!list) return Ref<>();
  skip_space();
  if (!next_is(']')) {
    for (;;) {
      Ref<> item = value();
      if (!item || !list_append(list.get(), std::move(item))) return Ref<>();
      skip_space();
      if (next_is(']')) break;
      if (!next_is(',')) {
        raise_decode_error("Expecting ',' delimiter", document_, at_);
        return Ref<>();
      }
      ++at_;
      skip_space();
    }
  }
  ++at_;
  return list;
}

template <class Char>
Ref<> Scanner<Char>::number() {
  int64_t start = at_, i = at_;
  bool negative = text_[i] == '-';
  if (negative && ++i >= length_) return expected_value(start);
  if (text_[i] == '0') {
    ++i;
  } else if (is_digit(text_[i])) {
    while (digit_at(i)) ++i;
  } else {
    return expected_value(start);
  }
  bool is_float_text = false;
  if (i + 1 < length_ && text_[i] == '.' && is_digit(text_[i + 1])) {
    is_float_text = true;
    i += 2;
    while (digit_at(i)) ++i;
  }
  if (i + 1 < length_ && (text_[i] == 'e' || text_[i] == 'E')) {
    int64_t k = i + 1;
    if (k + 1 < length_ && (text_[k] == '-' || text_[k] == '+')) ++k;
    if (digit_at(k)) {
      while (digit_at(k)) ++k;
      is_float_text = true;
      i = k;
    }
  }
  at_ = i;
  if (is_float_text ? !plain_float_ : !plain_int_) {
    Ref<Str> text = str_substring(document_, start, i);
    if (!text) return Ref<>();
    return call1(is_float_text ? options_->parse_float.peek() : options_->parse_int.peek(), text.value());
  }
  if (!is_float_text && i - start <= 18) {
    int64_t number = 0;
    for (int64_t k = start + negative; k < i; ++k) number = number * 10 + static_cast<int64_t>(text_[k] - '0');
    return int_from_int64(negative ? -number : number);
  }
  if (is_float_text) {
    char local[64];
    if (i - start < static_cast<int64_t>(sizeof(local))) {
      for (int64_t k = start; k < i; ++k) local[k - start] = static_cast<char>(text_[k]);
      double d;
      auto size = static_cast<size_t>(i - start);
      if (parse_float({local, size}, &d) == size) return float_from_double(d);
    }
  }
  Ref<Str> text = str_substring(document_, start, i);
  if (!text) return Ref<>();
  return is_float_text ? float_from_text(text.get()) : int_from_text(text.get(), 10);
}

template <class Char>
Ref<> scan_once(ScannerObject* options, Str* document, const Char* text, int64_t start) {
  Scanner<Char> scanner(options, document, text);
  scanner.at_ = start;
  Ref<> value = scanner.value();
  if (!value) return value;
  Ref<> end = int_from_int64(scanner.at_);
  return tuple_of({value.value(), end.value()});
}

Ref<> scanner_call(Value self, const Args& args) {
  Value v[2];
  int64_t start;
  if (!bind_arguments("scan_once", "(string, idx)", args, v) || !to_ssize(v[1], &start)) return Ref<>();
  if (!is_str(v[0])) return raise(exc::TypeError, "first argument must be a string, not %T", v[0]);
  if (start < 0) return raise(exc::ValueError, "idx cannot be negative");
  auto* options = object_of<ScannerObject>(self);
  Str* s = as_str(v[0]);
  switch (s->kind) {
    case 1: return scan_once(options, s, s->data1(), start);
    case 2: return scan_once(options, s, s->data2(), start);
    default: return scan_once(options, s, s->data4(), start);
  }
}

Ref<> scanner_construct(Type* type, const Args& args) {
  Value context;
  if (!bind_arguments("make_scanner", "(context)", args, &context)) return Ref<>();
  Ref<> strict = get_attribute(context, "strict");
  int is_strict = strict ? truth(strict.value()) : -1;
  if (is_strict < 0) return Ref<>();
  Ref<ScannerObject> self = allocate<ScannerObject>(type);
  if (!self) return Ref<>();
  self->strict = is_strict;
  const struct {
    const char* name;
    Field* field;
  } kFields[] = {{"object_hook", &self->object_hook},
                 {"object_pairs_hook", &self->object_pairs_hook},
                 {"parse_float", &self->parse_float},
                 {"parse_int", &self->parse_int},
                 {"parse_constant", &self->parse_constant}};
  for (const auto& entry : kFields) {
    Ref<> value = get_attribute(context, entry.name);
    if (!value) return Ref<>();
    entry.field->init(std::move(value));
  }
  return self;
}
Ref<> get_strict(Value self) { return bool_ref(object_of<ScannerObject>(self)->strict); }
void scanner_traverse(Object* o, FieldVisitor& visitor) {
  auto* s = static_cast<ScannerObject*>(o);
  visitor(s->object_hook);
  visitor(s->object_pairs_hook);
  visitor(s->parse_float);
  visitor(s->parse_int);
  visitor(s->parse_constant);
}
const GetSetDef kScannerGetSets[] = {{"strict", get_strict, nullptr, "strict"}, {}};
const MemberDef kScannerMembers[] = {{"object_hook", offsetof(ScannerObject, object_hook), false, "object_hook"},
                                     {"object_pairs_hook", offsetof(ScannerObject, object_pairs_hook)},
                                     {"parse_float", offsetof(ScannerObject, parse_float), false, "parse_float"},
                                     {"parse_int", offsetof(ScannerObject, parse_int), false, "parse_int"},
                                     {"parse_constant", offsetof(ScannerObject, parse_constant), false, "parse_constant"},
                                     {}};

}  // namespace

const TypeSpec scanner_spec = {
    .name = "_json.Scanner",
    .size = sizeof(ScannerObject),
    .flags = kTypeBase,
    .slots = {.call = scanner_call, .construct = scanner_construct},
    .traverse = scanner_traverse,
    .getsets = kScannerGetSets,
    .members = kScannerMembers,
    .doc = "JSON scanner object",
};

}  // namespace pt::json
