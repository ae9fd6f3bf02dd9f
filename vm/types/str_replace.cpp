// replace, translate, maketrans, expandtabs.
#include "vm/types/dict.h"
#include "vm/types/int.h"
#include "vm/types/str_type.h"
#include "vm/types/tuple.h"

namespace pt {

namespace {

Ref<> unchanged(Str* s) { return str_substring(s, 0, s->length); }

// Both strings have one character of the kind of `s`.
Ref<Str> replace_character(Str* s, uint32_t from, uint32_t to, int64_t limit) {
  Ref<Str> out = str_allocate(s->length, max_class(s));
  if (!out) return out;
  with_units(s, [&](auto* p) {
    using Unit = std::remove_const_t<std::remove_reference_t<decltype(*p)>>;
    Unit* q = reinterpret_cast<Unit*>(out->data1());
    Unit old_unit = static_cast<Unit>(from), new_unit = static_cast<Unit>(to);
    if (limit >= s->length) {
      for (int64_t i = 0; i < s->length; i++) q[i] = p[i] == old_unit ? new_unit : p[i];
      return;
    }
    for (int64_t i = 0; i < s->length; i++) {
      bool hit = p[i] == old_unit && limit > 0;
      limit -= hit;
      q[i] = hit ? new_unit : p[i];
    }
  });
  return out;
}

}  // namespace

Ref<Str> str_replace(Str* s, Str* old_text, Str* new_text, int64_t limit) {
  if (limit < 0) limit = INT64_MAX;
  if (limit == 0 || str_equal(old_text, new_text) || (s->length == 0 && old_text->length != 0)) {
    return str_substring(s, 0, s->length);
  }
  int64_t n = s->length, m = old_text->length;
  int64_t count = with_needle(s, old_text, int64_t{0}, int64_t{-1},
                              [&](auto* p, auto* needle) { return count_units(p, n, needle, m, limit); });
  if (count < 0) return nullptr;
  if (count == 0) return str_substring(s, 0, n);
  // Does the widest character of s stay? Only when the text that goes is narrower.
  bool keeps_width = s->ascii || max_class(old_text) < max_class(s);
  if (m == 1 && new_text->length == 1 && keeps_width && max_class(new_text) <= max_class(s)) {
    return replace_character(s, old_text->at(0), new_text->at(0), limit);
  }
  auto each = [&](auto copy, auto insert) -> bool {
    if (m == 0) {
      for (int64_t i = 0; i < count; i++) {
        if (!insert()) return false;
        int64_t end = i + 1 < count ? i + 1 : n;
        if (i < n && !copy(i, end)) return false;
      }
      return true;
    }
    return with_needle(s, old_text, true, false, [&](auto* p, auto* needle) {
      int64_t start = 0;
      for (int64_t i = 0; i < count; i++) {
        int64_t at = start + find_units(p + start, n - start, needle, m);
        if (!copy(start, at) || !insert()) return false;
        start = at + m;
      }
      return copy(start, n);
    });
  };
  int64_t growth;
  if (__builtin_mul_overflow(count, new_text->length - m, &growth) || __builtin_add_overflow(growth, n, &growth)) {
    return raise(exc::OverflowError, "replace string is too long");
  }
  if (keeps_width) {
    uint32_t max = max_class(s) > max_class(new_text) ? max_class(s) : max_class(new_text);
    Ref<Str> out = str_allocate(growth, max);
    if (!out || growth == 0) return out;
    int64_t at = 0;
    bool ok = each(
        [&](int64_t start, int64_t end) {
          copy_code_points(out.get(), at, s, start, end);
          at += end - start;
          return true;
        },
        [&] {
          copy_code_points(out.get(), at, new_text, 0, new_text->length);
          at += new_text->length;
          return true;
        });
    return ok ? std::move(out) : nullptr;
  }
  StrBuilder out;
  if (!each([&](int64_t start, int64_t end) { return out.append(s, start, end); }, [&] { return out.append(new_text); })) {
    if (!error_pending()) (void)raise_no_memory();
    return nullptr;
  }
  return out.finish();
}

Ref<> str_replace_method(const Value* a) {
  for (int i = 1; i <= 2; i++) {
    if (!is_str(a[i])) return raise(exc::TypeError, "replace() argument %d must be str, not %T", i, a[i]);
  }
  int64_t limit = -1;
  if (!a[3].empty() && !to_size(a[3], &limit)) return Ref<>();
  return str_replace(as_str(a[0]), as_str(a[1]), as_str(a[2]), limit);
}

// What a translation table says about one character: kept, dropped, or replaced.
namespace {

enum class Translated { kKeep, kDrop, kCharacter, kText, kError };

Translated look_up(Value table, uint32_t c, uint32_t* character, Ref<>* text) {
  Ref<> mapped = get_item(table, Value::small_int(c));
  if (!mapped) return clear_if(exc::LookupError) ? Translated::kKeep : Translated::kError;
  if (is_none(mapped.value())) return Translated::kDrop;
  if (is_int(mapped.value())) {
    int64_t code;
    if (!int_to_int64(mapped.value(), &code) || code < 0 || code > 0x10ffff) {
      (void)raise(exc::ValueError, "character mapping must be in range(0x110000)");
      return Translated::kError;
    }
    *character = static_cast<uint32_t>(code);
    return Translated::kCharacter;
  }
  if (is_str(mapped.value())) {
    *text = std::move(mapped);
    return Translated::kText;
  }
  (void)raise(exc::TypeError, "character mapping must return integer, None or str");
  return Translated::kError;
}

}  // namespace

Ref<> str_translate_method(const Value* a) {
  Str* s = as_str(a[0]);
  StrBuilder out;
  // Decisions about ASCII characters are remembered: 0 unknown, 1 drop, else 2 + character.
  uint32_t known[128] = {};
  for (int64_t i = 0; i < s->length; i++) {
    uint32_t c = s->at(i);
    if (c < 128 && known[c]) {
      if (known[c] > 1 && !out.append_code_point(known[c] - 2)) return raise_no_memory();
      continue;
    }
    uint32_t character = c;
    Ref<> text;
    Translated what = look_up(a[1], c, &character, &text);
    bool ok = true;
    switch (what) {
      case Translated::kError: return Ref<>();
      case Translated::kDrop:
        if (c < 128) known[c] = 1;
        break;
      case Translated::kText: ok = out.append(as_str(text.value())); break;
      default:
        if (c < 128) known[c] = 2 + character;
        ok = out.append_code_point(character);
    }
    if (!ok) return raise_no_memory();
  }
  return out.finish();
}

Ref<> str_maketrans_method(const Value* a) {
  Ref<Dict> table = dict_new();
  if (!table) return Ref<>();
  if (a[1].empty()) {
    if (!is_exact_dict(a[0])) {
      if (!is_dict(a[0])) {
        return raise(exc::TypeError, "if you give only one argument to maketrans it must be a dict");
      }
    }
    int64_t position = 0;
    Ref<> key, value;
    while (dict_next(as_dict(a[0]), &position, &key, &value)) {
      Ref<> code;
      if (is_str(key.value())) {
        Str* text = as_str(key.value());
        if (text->length != 1) return raise(exc::ValueError, "string keys in translate table must be of length 1");
        code = Ref<>::steal(Value::small_int(text->at(0)));
      } else if (is_int(key.value())) {
        code = key.copy();
      } else {
        return raise(exc::TypeError, "keys in translate table must be strings or integers");
      }
      if (!dict_set(table.get(), code.value(), value.value())) return Ref<>();
    }
    return table;
  }
  if (!is_str(a[0])) return raise(exc::TypeError, "first maketrans argument must be a string if there is a second argument");
  if (!is_str(a[1])) return raise(exc::TypeError, "maketrans() argument 2 must be str, not %T", a[1]);
  if (!a[2].empty() && !is_str(a[2])) return raise(exc::TypeError, "maketrans() argument 3 must be str, not %T", a[2]);
  Str *from = as_str(a[0]), *to = as_str(a[1]);
  if (from->length != to->length) {
    return raise(exc::ValueError, "the first two maketrans arguments must have equal length");
  }
  for (int64_t i = 0; i < from->length; i++) {
    if (!dict_set(table.get(), Value::small_int(from->at(i)), Value::small_int(to->at(i)))) return Ref<>();
  }
  if (!a[2].empty()) {
    Str* dropped = as_str(a[2]);
    for (int64_t i = 0; i < dropped->length; i++) {
      if (!dict_set(table.get(), Value::small_int(dropped->at(i)), none())) return Ref<>();
    }
  }
  return table;
}

Ref<> str_expandtabs_method(const Value* a) {
  Str* s = as_str(a[0]);
  int64_t size = 8;
  if (!a[1].empty() && !to_int64(a[1], &size)) return Ref<>();
  if (size > INT32_MAX || size < INT32_MIN) return raise(exc::OverflowError, "Python int too large to convert to C int");
  if (with_units(s, [&](auto* p) { return find_unit(p, s->length, '\t'); }) < 0) return unchanged(s);
  StrBuilder out;
  int64_t column = 0, start = 0;
  for (int64_t i = 0; i < s->length; i++) {
    uint32_t c = s->at(i);
    if (c != '\t') {
      column = c == '\n' || c == '\r' ? 0 : column + 1;
      continue;
    }
    (void)out.append(s, start, i);
    if (size > 0) {
      int64_t pad = size - column % size;
      column += pad;
      if (out.length() > INT64_MAX / 8 - pad) return raise(exc::OverflowError, "new string is too long");
      (void)out.append_repeated(' ', pad);
    }
    start = i + 1;
  }
  (void)out.append(s, start, s->length);
  return out.finish();
}

}  // namespace pt
