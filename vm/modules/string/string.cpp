// _string: the parser of format strings, as string.Formatter uses it.
#include "vm/modules/support.h"
#include "vm/types/str.h"
#include "vm/types/unicode.h"

namespace pt {

namespace {

constinit Type formatter_iterator_type = {}, field_iterator_type = {};

struct Range {
  int64_t start = 0, end = 0;
};
Ref<> part(Str* text, Range r) { return str_substring(text, r.start, r.end); }

// The index a field name's piece denotes, -1 when it is not all digits; -2 with an exception pending when too large.
int64_t integer_in(Str* text, Range r) {
  if (r.start >= r.end) return -1;
  int64_t number = 0;
  for (int64_t i = r.start; i < r.end; ++i) {
    int digit = unicode::decimal_value(text->at(i));
    if (digit < 0) return -1;
    if (number > (INT64_MAX - digit) / 10) {
      raise(exc::ValueError, "Too many decimal digits in format string");
      return -2;
    }
    number = number * 10 + digit;
  }
  return number;
}
Ref<> index_or_text(Str* text, Range r) {
  int64_t number = integer_in(text, r);
  if (number == -2) return Ref<>();
  return number >= 0 ? int_from_int64(number) : part(text, r);
}

// ---- formatter_parser --------------------------------------------------------------------------------------------

struct FormatterIterator : Object {
  Field text;                     // immutable
  std::atomic<int64_t> position;
};

struct Markup {
  Range literal, name, spec;
  bool field = false;
  uint32_t conversion = 0;
};

// The replacement field whose '{' was just read.
bool parse_field(Str* text, int64_t* at, Markup* out) {
  int64_t end = text->length;
  uint32_t c = 0;
  out->name.start = *at;
  bool stop = false;
  while (!stop && *at < end) {
    c = text->at((*at)++);
    if (c == '{') return raise(exc::ValueError, "unexpected '{' in field name");
    if (c == '[') {
      while (*at < end && text->at(*at) != ']') ++*at;
    } else {
      stop = c == '}' || c == ':' || c == '!';
    }
  }
  out->name.end = *at - 1;
  if (c != '!' && c != ':') {
    if (c != '}') return raise(exc::ValueError, "expected '}' before end of string");
    return true;
  }
  if (c == '!') {
    if (*at >= end) return raise(exc::ValueError, "end of string while looking for conversion specifier");
    out->conversion = text->at((*at)++);
    if (*at < end) {
      c = text->at((*at)++);
      if (c == '}') return true;
      if (c != ':') return raise(exc::ValueError, "expected ':' after conversion specifier");
    }
  }
  out->spec.start = *at;
  for (int depth = 1; *at < end;) {
    c = text->at((*at)++);
    if (c == '{') ++depth;
    if (c == '}' && --depth == 0) {
      out->spec.end = *at - 1;
      return true;
    }
  }
  return raise(exc::ValueError, "unmatched '{' in format spec");
}

bool parse_markup(Str* text, int64_t* at, Markup* out) {
  int64_t start = *at, end = text->length;
  uint32_t c = 0;
  bool brace = false;
  while (!brace && *at < end) {
    c = text->at((*at)++);
    brace = c == '{' || c == '}';
  }
  bool at_end = *at >= end;
  int64_t length = *at - start;
  if (brace) {
    if (c == '}' && (at_end || text->at(*at) != c)) {
      return raise(exc::ValueError, "Single '}' encountered in format string");
    }
    if (c == '{' && at_end) return raise(exc::ValueError, "Single '{' encountered in format string");
    if (text->at(*at) == c) {
      ++*at;  // a doubled brace stands for itself
      brace = false;
    } else {
      --length;
    }
  }
  out->literal = {start, start + length};
  out->field = brace;
  return !brace || parse_field(text, at, out);
}

Ref<> formatter_next(Value self) {
  auto* it = object_of<FormatterIterator>(self);
  Str* text = as_str(it->text.peek());
  int64_t at = it->position.load(std::memory_order_relaxed);
  if (at >= text->length) return Ref<>();
  Markup m;
  bool ok = parse_markup(text, &at, &m);
  it->position.store(at, std::memory_order_relaxed);
  if (!ok) return Ref<>();
  Ref<> literal = part(text, m.literal);
  if (!literal) return literal;
  if (!m.field) return tuple_of({literal.value(), none(), none(), none()});
  Ref<> name = part(text, m.name);
  Ref<> spec = part(text, m.spec);
  Ref<> conversion = m.conversion ? Ref<>(str_from_code_point(m.conversion)) : none_ref();
  if (!name || !spec || !conversion) return Ref<>();
  return tuple_of({literal.value(), name.value(), spec.value(), conversion.value()});
}
void formatter_traverse(Object* o, FieldVisitor& visitor) { visitor(static_cast<FormatterIterator*>(o)->text); }

Ref<> formatter_parser(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "expected str, got %T", a[1]);
  Ref<FormatterIterator> it = allocate<FormatterIterator>(&formatter_iterator_type);
  if (!it) return Ref<>();
  it->text.init(Ref<>::retain(a[1]));
  return it;
}

// ---- formatter_field_name_split ------------------------------------------------------------------------------------

struct FieldIterator : Object {
  Field text;
  std::atomic<int64_t> position;
};
Ref<> field_next(Value self) {
  auto* it = object_of<FieldIterator>(self);
  Str* text = as_str(it->text.peek());
  int64_t at = it->position.load(std::memory_order_relaxed), end = text->length;
  if (at >= end) return Ref<>();
  uint32_t c = text->at(at++);
  Range name{at, at};
  if (c == '.') {
    while (at < end && text->at(at) != '.' && text->at(at) != '[') ++at;
    name.end = at;
  } else if (c == '[') {
    while (at < end && text->at(at) != ']') ++at;
    if (at >= end) return raise(exc::ValueError, "Missing ']' in format string");
    name.end = at++;
  } else {
    return raise(exc::ValueError, "Only '.' or '[' may follow ']' in format field specifier");
  }
  it->position.store(at, std::memory_order_relaxed);
  Ref<> key;
  if (c == '[') {
    key = index_or_text(text, name);
    if (!key) return key;
  }
  if (name.start == name.end) return raise(exc::ValueError, "Empty attribute in format string");
  if (c == '.') key = part(text, name);
  if (!key) return key;
  return tuple_of({boolean(c == '.'), key.value()});
}
void field_traverse(Object* o, FieldVisitor& visitor) { visitor(static_cast<FieldIterator*>(o)->text); }

Ref<> formatter_field_name_split(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "expected str, got %T", a[1]);
  Str* text = as_str(a[1]);
  int64_t at = 0;
  while (at < text->length && text->at(at) != '.' && text->at(at) != '[') ++at;
  Ref<> first = index_or_text(text, {0, at});
  if (!first) return first;
  Ref<FieldIterator> rest = allocate<FieldIterator>(&field_iterator_type);
  if (!rest) return Ref<>();
  rest->text.init(Ref<>::retain(a[1]));
  rest->position.store(at, std::memory_order_relaxed);
  return tuple_of({first.value(), rest.value()});
}

const NativeDef kFunctions[] = {
    {"formatter_parser", "($module, object, /)", formatter_parser, "parse the argument as a format string"},
    {"formatter_field_name_split", "($module, object, /)", formatter_field_name_split, "split the argument as a field name"},
    {}};

const TypeSpec kFormatterSpec = {
    .name = "formatteriterator",
    .size = sizeof(FormatterIterator),
    .flags = kTypeNoInstantiate,
    .slots = {.iter = return_self, .next = formatter_next},
    .traverse = formatter_traverse,
};
const TypeSpec kFieldSpec = {
    .name = "fieldnameiterator",
    .size = sizeof(FieldIterator),
    .flags = kTypeNoInstantiate,
    .slots = {.iter = return_self, .next = field_next},
    .traverse = field_traverse,
};

bool execute(Module*) {
  return (formatter_iterator_type.spec || init_module_type(&formatter_iterator_type, &kFormatterSpec)) &&
         (field_iterator_type.spec || init_module_type(&field_iterator_type, &kFieldSpec));
}

}  // namespace

extern const NativeModule string_module;
const NativeModule string_module = {"_string", "string helper module", kFunctions, execute};

}  // namespace pt
