// Methods of str: searching, stripping, padding, and the table of all of them.
#include <cstring>

#include "vm/types/codecs.h"
#include "vm/types/format.h"
#include "vm/types/int.h"
#include "vm/types/str_type.h"
#include "vm/types/tuple.h"
#include "vm/types/unicode.h"

namespace pt {

bool slice_bound(Value v, int64_t* bound) {
  if (v.empty() || is_none(v)) return true;
  if (v.is_small_int()) {
    *bound = v.as_small_int();
    return true;
  }
  if (!is_int(v) && !type_of(v)->slots.unary[static_cast<int>(UnaryOp::kIndex)]) {
    return raise(exc::TypeError, "slice indices must be integers or None or have an __index__ method");
  }
  return to_index_clamped(v, bound);
}

bool check_str(Value v) {
  if (PT_LIKELY(is_str(v))) return true;
  return raise(exc::TypeError, "must be str, not %T", v);
}

int64_t str_find(const Str* s, const Str* needle, int64_t start, int64_t end) {
  clamp_range(s->length, &start, &end);
  int64_t n = end - start, m = needle->length;
  if (n < m || start > s->length) return -1;
  return with_needle(s, needle, int64_t{-1}, int64_t{-2}, [&](auto* p, auto* q) {
    int64_t at = find_units(p + start, n, q, m);
    return at < 0 ? -1 : start + at;
  });
}
int str_contains(const Str* s, const Str* part) {
  if (part->length == 1 && part->kind == 1 && s->kind == 1)
    return std::memchr(s->data1(), part->data1()[0], static_cast<size_t>(s->length)) != nullptr;
  int64_t at = str_find(s, part, 0, s->length);
  return at == -2 ? -1 : at >= 0;
}
int64_t str_rfind(const Str* s, const Str* needle, int64_t start, int64_t end) {
  clamp_range(s->length, &start, &end);
  int64_t n = end - start, m = needle->length;
  if (n < m || start > s->length) return -1;
  return with_needle(s, needle, int64_t{-1}, int64_t{-2}, [&](auto* p, auto* q) {
    int64_t at = rfind_units(p + start, n, q, m);
    return at < 0 ? -1 : start + at;
  });
}

namespace {

// The common front of find, index, count and the like. False: error.
bool search_arguments(const Value* a, int64_t* start, int64_t* end) {
  *start = 0;
  *end = INT64_MAX;
  return slice_bound(a[2], start) && slice_bound(a[3], end) && check_str(a[1]);
}

template <bool kReverse, bool kMustFind>
Ref<> find_method(const Value* a) {
  int64_t start, end;
  if (!search_arguments(a, &start, &end)) return Ref<>();
  int64_t at = kReverse ? str_rfind(as_str(a[0]), as_str(a[1]), start, end) : str_find(as_str(a[0]), as_str(a[1]), start, end);
  if (at == -2) return Ref<>();
  if (kMustFind && at < 0) return raise(exc::ValueError, "substring not found");
  return int_from_int64(at);
}

Ref<> count_method(const Value* a) {
  int64_t start, end;
  if (!search_arguments(a, &start, &end)) return Ref<>();
  const Str *s = as_str(a[0]), *needle = as_str(a[1]);
  clamp_range(s->length, &start, &end);
  if (end - start < needle->length || start > s->length) return Ref<>::steal(Value::small_int(0));
  int64_t count = with_needle(s, needle, int64_t{0}, int64_t{-1}, [&](auto* p, auto* q) {
    return count_units(p + start, end - start, q, needle->length, INT64_MAX);
  });
  return count < 0 ? Ref<>() : int_from_int64(count);
}

bool matches_at(const Str* s, const Str* part, int64_t start, int64_t end, bool tail) {
  if (end - start < part->length || start > s->length) return false;
  int64_t at = tail ? end - part->length : start;
  if (part->kind > s->kind) return false;
  return with_units(s, [&](auto* p) {
    return with_units(part, [&](auto* q) {
      if constexpr (sizeof(*p) == sizeof(*q)) {
        return memcmp(p + at, q, static_cast<size_t>(part->length) * sizeof(*p)) == 0;
      } else {
        for (int64_t i = 0; i < part->length; i++) {
          if (p[at + i] != q[i]) return false;
        }
        return true;
      }
    });
  });
}

template <bool kTail>
Ref<> affix_method(const Value* a) {
  constexpr const char* kName = kTail ? "endswith" : "startswith";
  int64_t start = 0, end = INT64_MAX;
  if (!slice_bound(a[2], &start) || !slice_bound(a[3], &end)) return Ref<>();
  const Str* s = as_str(a[0]);
  clamp_range(s->length, &start, &end);
  if (is_tuple(a[1])) {
    Tuple* choices = as_tuple(a[1]);
    for (int64_t i = 0; i < choices->length; i++) {
      Value choice = choices->at(i);
      if (!is_str(choice)) return raise(exc::TypeError, "tuple for %s must only contain str, not %T", kName, choice);
      if (matches_at(s, as_str(choice), start, end, kTail)) return bool_ref(true);
    }
    return bool_ref(false);
  }
  if (!is_str(a[1])) return raise(exc::TypeError, "%s first arg must be str or a tuple of str, not %T", kName, a[1]);
  return bool_ref(matches_at(s, as_str(a[1]), start, end, kTail));
}

Ref<> removeprefix_method(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "removeprefix() argument must be str, not %T", a[1]);
  Str* s = as_str(a[0]);
  return str_substring(s, matches_at(s, as_str(a[1]), 0, s->length, false) ? as_str(a[1])->length : 0, s->length);
}
Ref<> removesuffix_method(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "removesuffix() argument must be str, not %T", a[1]);
  Str* s = as_str(a[0]);
  return str_substring(s, 0, s->length - (matches_at(s, as_str(a[1]), 0, s->length, true) ? as_str(a[1])->length : 0));
}

template <bool kLeft, bool kRight>
Ref<> strip_method(const Value* a) {
  constexpr const char* kName = kLeft && kRight ? "strip" : kLeft ? "lstrip" : "rstrip";
  Str* s = as_str(a[0]);
  int64_t start = 0, end = s->length;
  auto trim = [&](auto goes) {
    with_units(s, [&](auto* p) {
      if (kLeft) {
        while (start < end && goes(static_cast<uint32_t>(p[start]))) start++;
      }
      if (kRight) {
        while (end > start && goes(static_cast<uint32_t>(p[end - 1]))) end--;
      }
    });
  };
  if (!given(a[1])) {
    trim([](uint32_t c) { return unicode::is_space(c); });
  } else if (!is_str(a[1])) {
    return raise(exc::TypeError, "%s arg must be None or str", kName);
  } else {
    const Str* set = as_str(a[1]);
    uint64_t bitmap = 0;
    for (int64_t i = 0; i < set->length; i++) bitmap |= uint64_t{1} << (set->at(i) & 63);
    trim([&](uint32_t c) {
      return (bitmap >> (c & 63) & 1) && with_units(set, [&](auto* q) { return find_unit(q, set->length, c) >= 0; });
    });
  }
  return str_substring(s, start, end);
}

Ref<> pad(Str* s, int64_t left, int64_t right, uint32_t fill) {
  if (left < 0) left = 0;
  if (right < 0) right = 0;
  if (left == 0 && right == 0) return str_substring(s, 0, s->length);
  int64_t length;
  if (__builtin_add_overflow(left, right, &length) || __builtin_add_overflow(length, s->length, &length)) {
    return raise(exc::OverflowError, "padded string is too long");
  }
  uint32_t max = max_class(s) > fill ? max_class(s) : fill;
  Ref<Str> out = str_allocate(length, max);
  if (!out) return Ref<>();
  fill_code_points(out.get(), 0, fill, left);
  copy_code_points(out.get(), left, s, 0, s->length);
  fill_code_points(out.get(), left + s->length, fill, right);
  if (length == 1) return str_from_code_point(out->at(0));
  return out;
}

enum class Side { kLeft, kRight, kBoth };
template <Side side>
Ref<> justify_method(const Value* a) {
  Str* s = as_str(a[0]);
  int64_t width;
  if (!to_size(a[1], &width)) return Ref<>();
  uint32_t fill = ' ';
  if (!a[2].empty()) {
    if (!is_str(a[2])) return raise(exc::TypeError, "The fill character must be a unicode character, not %T", a[2]);
    if (as_str(a[2])->length != 1) return raise(exc::TypeError, "The fill character must be exactly one character long");
    fill = as_str(a[2])->at(0);
  }
  int64_t margin = width - s->length;
  if (width < s->length) margin = 0;
  if (side == Side::kLeft) return pad(s, 0, margin, fill);
  if (side == Side::kRight) return pad(s, margin, 0, fill);
  int64_t left = margin / 2 + (margin & width & 1);
  return pad(s, left, margin - left, fill);
}

Ref<> zfill_method(const Value* a) {
  Str* s = as_str(a[0]);
  int64_t width;
  if (!to_size(a[1], &width)) return Ref<>();
  if (s->length >= width) return str_substring(s, 0, s->length);
  int64_t zeros = width - s->length;
  Ref<> padded = pad(s, zeros, 0, '0');
  if (!padded || s->length == 0) return padded;
  uint32_t sign = s->at(0);
  if (sign == '+' || sign == '-') {
    Str* out = as_str(padded.value());
    fill_code_points(out, 0, sign, 1);
    fill_code_points(out, zeros, '0', 1);
  }
  return padded;
}

// encoding and errors of encode(): str or absent.
bool codec_name(Value v, const char* function, const char* which, Str** out) {
  *out = nullptr;
  if (v.empty()) return true;
  if (!is_str(v)) return raise(exc::TypeError, "%s() argument '%s' must be str, not %T", function, which, v);
  *out = as_str(v);
  return true;
}
Ref<> encode_method(const Value* a) {
  Str *encoding, *errors;
  if (!codec_name(a[1], "encode", "encoding", &encoding) || !codec_name(a[2], "encode", "errors", &errors)) return Ref<>();
  return encode_text(as_str(a[0]), encoding, errors);
}

Ref<> format_method(const Value* a) { return template_format(as_str(a[0]), a[1], a[2]); }
Ref<> format_map_method(const Value* a) { return template_format(as_str(a[0]), Value(), a[1]); }
Ref<> dunder_format_method(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "__format__() argument must be str, not %T", a[1]);
  return format_text(a[0], as_str(a[1]));
}
Ref<> getnewargs_method(const Value* a) {
  Str* s = as_str(a[0]);
  Ref<> copy = with_units(s, [&](auto* p) { return Ref<>(str_from_units(p, s->length)); });
  return copy ? Ref<>(tuple_of({copy.value()})) : Ref<>();
}
Ref<> sizeof_method(const Value* a) {
  return int_from_int64(static_cast<int64_t>(Str::kHeaderBytes + str_item_count(as_str(a[0]))));
}

}  // namespace

Ref<> str_mod_slot(Value left, Value right) {
  if (!is_str(left)) return not_implemented_ref();
  return percent_format_str(as_str(left), right);
}

const NativeDef kStrMethods[] = {
    {"encode", "($self, /, encoding='utf-8', errors='strict')", encode_method,
     "Encode the string using the codec registered for encoding."},
    {"replace", "($self, old, new, count=-1, /)", str_replace_method,
     "Return a copy with all occurrences of substring old replaced by new."},
    {"split", "($self, /, sep=None, maxsplit=-1)", str_split_method,
     "Return a list of the substrings in the string, using sep as the separator string."},
    {"rsplit", "($self, /, sep=None, maxsplit=-1)", str_rsplit_method,
     "Return a list of the substrings in the string, splitting from the end."},
    {"join", "($self, iterable, /)", str_join_method, "Concatenate any number of strings, with this one between them."},
    {"capitalize", "($self, /)", str_capitalize_method, "Return a capitalized version of the string."},
    {"casefold", "($self, /)", str_casefold_method, "Return a version of the string suitable for caseless comparisons."},
    {"title", "($self, /)", str_title_method, "Return a version of the string where each word is titlecased."},
    {"center", "($self, width, fillchar=' ', /)", justify_method<Side::kBoth>, "Return a centered string of length width."},
    {"count", "($self, sub, start=None, end=None, / )", count_method,
     "Return the number of non-overlapping occurrences of sub in S[start:end]."},
    {"expandtabs", "($self, /, tabsize=8)", str_expandtabs_method,
     "Return a copy where all tab characters are expanded using spaces."},
    {"find", "($self, sub, start=None, end=None, / )", find_method<false, false>,
     "Return the lowest index where sub is found in S[start:end], or -1."},
    {"partition", "($self, sep, /)", str_partition_method, "Partition the string into three parts using the given separator."},
    {"index", "($self, sub, start=None, end=None, / )", find_method<false, true>,
     "Return the lowest index where sub is found in S[start:end]; ValueError when it is not."},
    {"ljust", "($self, width, fillchar=' ', /)", justify_method<Side::kLeft>, "Return a left-justified string of length width."},
    {"lower", "($self, /)", str_lower_method, "Return a copy of the string converted to lowercase."},
    {"lstrip", "($self, chars=None, /)", strip_method<true, false>,
     "Return a copy of the string with leading whitespace removed."},
    {"rfind", "($self, sub, start=None, end=None, / )", find_method<true, false>,
     "Return the highest index where sub is found in S[start:end], or -1."},
    {"rindex", "($self, sub, start=None, end=None, / )", find_method<true, true>,
     "Return the highest index where sub is found in S[start:end]; ValueError when it is not."},
    {"rjust", "($self, width, fillchar=' ', /)", justify_method<Side::kRight>,
     "Return a right-justified string of length width."},
    {"rstrip", "($self, chars=None, /)", strip_method<false, true>,
     "Return a copy of the string with trailing whitespace removed."},
    {"rpartition", "($self, sep, /)", str_rpartition_method, "Partition the string into three parts, searching from the end."},
    {"splitlines", "($self, /, keepends=False)", str_splitlines_method,
     "Return a list of the lines in the string, breaking at line boundaries."},
    {"strip", "($self, chars=None, /)", strip_method<true, true>,
     "Return a copy of the string with leading and trailing whitespace removed."},
    {"swapcase", "($self, /)", str_swapcase_method,
     "Convert uppercase characters to lowercase and lowercase characters to uppercase."},
    {"translate", "($self, table, /)", str_translate_method,
     "Replace each character in the string using the given translation table."},
    {"upper", "($self, /)", str_upper_method, "Return a copy of the string converted to uppercase."},
    {"startswith", "($self, prefix, start=None, end=None, / )", affix_method<false>,
     "Return True if S starts with the specified prefix (or one of a tuple), False otherwise."},
    {"endswith", "($self, suffix, start=None, end=None, / )", affix_method<true>,
     "Return True if S ends with the specified suffix (or one of a tuple), False otherwise."},
    {"removeprefix", "($self, prefix, /)", removeprefix_method, "Return a str with the given prefix string removed if present."},
    {"removesuffix", "($self, suffix, /)", removesuffix_method, "Return a str with the given suffix string removed if present."},
    {"isascii", "($self, /)", str_isascii_method, "Return True if all characters in the string are ASCII, False otherwise."},
    {"islower", "($self, /)", str_islower_method, "Return True if the string is a lowercase string, False otherwise."},
    {"isupper", "($self, /)", str_isupper_method, "Return True if the string is an uppercase string, False otherwise."},
    {"istitle", "($self, /)", str_istitle_method, "Return True if the string is a title-cased string, False otherwise."},
    {"isspace", "($self, /)", str_isspace_method, "Return True if the string is a whitespace string, False otherwise."},
    {"isdecimal", "($self, /)", str_isdecimal_method, "Return True if the string is a decimal string, False otherwise."},
    {"isdigit", "($self, /)", str_isdigit_method, "Return True if the string is a digit string, False otherwise."},
    {"isnumeric", "($self, /)", str_isnumeric_method, "Return True if the string is a numeric string, False otherwise."},
    {"isalpha", "($self, /)", str_isalpha_method, "Return True if the string is an alphabetic string, False otherwise."},
    {"isalnum", "($self, /)", str_isalnum_method, "Return True if the string is an alpha-numeric string, False otherwise."},
    {"isidentifier", "($self, /)", str_isidentifier_method,
     "Return True if the string is a valid Python identifier, False otherwise."},
    {"isprintable", "($self, /)", str_isprintable_method, "Return True if the string is printable, False otherwise."},
    {"zfill", "($self, width, /)", zfill_method,
     "Pad a numeric string with zeros on the left, to fill a field of the given width."},
    {"format", "($self, /, *args, **kwargs)", format_method,
     "Return a formatted version of S, using substitutions from args and kwargs."},
    {"format_map", "($self, mapping, /)", format_map_method,
     "Return a formatted version of S, using substitutions from mapping."},
    {"__format__", "($self, format_spec, /)", dunder_format_method,
     "Return a formatted version of the string as described by format_spec."},
    {"maketrans", "(x, y=<unrepresentable>, z=<unrepresentable>, /)", str_maketrans_method,
     "Return a translation table usable for str.translate().", kStaticMethod},
    {"__getnewargs__", "($self, /)", getnewargs_method},
    {"__sizeof__", "($self, /)", sizeof_method, "Return the size of the string in memory, in bytes."},
    {},
};

}  // namespace pt
