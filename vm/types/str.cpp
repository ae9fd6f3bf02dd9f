// str: allocation, construction from code points, comparison, hashing, slicing and the type's slots.
#include "vm/types/str.h"

#include "gc/heap/heap.h"
#include "gc/platform/memory.h"
#include "gc/platform/reserve.h"
#include "vm/object/native.h"
#include "vm/types/codecs.h"
#include "vm/types/int.h"
#include "vm/types/iterators.h"
#include "vm/types/siphash.h"
#include "vm/types/str_data.h"
#include "vm/types/str_inl.h"
#include "vm/types/tuple.h"

namespace pt {

namespace {

// The empty string and the 256 Latin-1 characters, outside the heap.
struct alignas(16) StaticStr {
  uint8_t bytes[kCharacterStride];
};
constinit StaticStr g_static_strings[257] = {};

Str* static_str(int i) { return reinterpret_cast<Str*>(&g_static_strings[i]); }
Str* latin1_char(uint32_t c) { return static_str(static_cast<int>(c)); }

void init_fields(Str* s, int64_t length, uint32_t max) {
  s->length = length;
  s->hash.store(-1, std::memory_order_relaxed);
  s->kind = kind_for(max);
  s->ascii = max <= kMaxAscii;
}

}  // namespace

void init_static_strings() {
  for (int i = 0; i <= 256; i++) {
    Str* s = static_str(i);
    init_immortal_header(s, kShape_str);
    init_fields(s, i < 256 ? 1 : 0, i < 256 ? static_cast<uint32_t>(i) : 0);
    if (i < 256) s->data1()[0] = static_cast<uint8_t>(i);
    (void)intern(Ref<Str>::steal(s));
  }
}

Ref<Str> str_permanent(std::string_view ascii) {
  if (ascii.size() < 2) return str_from_ascii(ascii);
  size_t bytes = Str::kHeaderBytes + ascii.size() + 1;
  Object* o = allocate_object(kShape_str, bytes, false);
  if (!o) {
    o = static_cast<Object*>(memory::allocate_permanent(bytes));
    init_immortal_header(o, kShape_str);
  }
  auto* s = reinterpret_cast<Str*>(o);
  init_fields(s, static_cast<int64_t>(ascii.size()), kMaxAscii);
  s->interned.store(0, std::memory_order_relaxed);
  s->unused = 0;
  std::memcpy(s->data1(), ascii.data(), ascii.size());
  s->data1()[ascii.size()] = 0;
  return Ref<Str>::steal(s);
}

const void* latin1_characters() { return g_static_strings; }
Str* empty_str() { return static_str(256); }

Ref<Str> str_allocate(int64_t length, uint32_t max) {
  if (length <= 0) return Ref<Str>::steal(empty_str());
  int kind = kind_for(max);
  if (PT_UNLIKELY(length >= (INT64_MAX - 256) / kind)) return raise_no_memory();
  size_t bytes = Str::kHeaderBytes + static_cast<size_t>(length + 1) * static_cast<size_t>(kind);
  Object* o = allocate_object_inline(kShape_str, bytes, false, false);
  if (PT_UNLIKELY(!o)) return raise_no_memory();
  Str* s = reinterpret_cast<Str*>(o);
  init_fields(s, length, max);
  s->interned.store(0, std::memory_order_relaxed);
  s->unused = 0;
  std::memset(s->data1() + static_cast<size_t>(length) * static_cast<size_t>(kind), 0, static_cast<size_t>(kind));
  return Ref<Str>::steal(s);
}

template <class Unit>
static Ref<Str> from_units(const Unit* data, int64_t n) {
  if (n == 1) return str_from_code_point(data[0]);
  uint32_t max = units_class(data, n);
  Ref<Str> s = str_allocate(n, max);
  if (!s) return s;
  with_units_mutable(s.get(), [&](auto* out) { copy_units(out, data, n); });
  return s;
}
Ref<Str> str_from_units(const uint8_t* data, int64_t n) { return from_units(data, n); }
Ref<Str> str_from_units(const uint16_t* data, int64_t n) { return from_units(data, n); }
Ref<Str> str_from_units(const uint32_t* data, int64_t n) { return from_units(data, n); }
Ref<Str> str_from_ucs4(const uint32_t* data, int64_t length) { return from_units(data, length); }
Ref<Str> str_from_latin1(const uint8_t* data, int64_t length) { return from_units(data, length); }

Ref<Str> str_from_ascii(std::string_view text) {
  if (text.size() <= 1) return Ref<Str>::steal(text.empty() ? empty_str() : latin1_char(static_cast<uint8_t>(text[0])));
  Ref<Str> s = ascii_str_allocate(static_cast<int64_t>(text.size()));
  if (s) copy_short(s->data1(), reinterpret_cast<const uint8_t*>(text.data()), text.size());
  return s;
}

Ref<Str> str_from_code_point(uint32_t c) {
  if (c <= kMaxLatin1) return Ref<Str>::steal(latin1_char(c));
  Ref<Str> s = str_allocate(1, c);
  if (!s) return s;
  if (s->kind == 2) {
    s->data2()[0] = static_cast<uint16_t>(c);
  } else {
    s->data4()[0] = c;
  }
  return s;
}

Ref<Str> str_concatenation(const Value* parts, int64_t count) {
  int64_t total = 0;
  bool ascii = true;
  for (int64_t i = 0; i < count; ++i) {
    ascii &= as_str(parts[i])->ascii;
    total += as_str(parts[i])->length;
  }
  if (PT_LIKELY(ascii && total >= 2)) {
    Ref<Str> s = ascii_str_allocate(total);
    if (!s) return s;
    uint8_t* at = s->data1();
    for (int64_t i = 0; i < count; ++i) {
      const Str* text = as_str(parts[i]);
      copy_short(at, text->data1(), static_cast<size_t>(text->length));
      at += text->length;
    }
    return s;
  }
  StrBuilder builder;
  for (int64_t i = 0; i < count; ++i) builder.append(as_str(parts[i]));
  return builder.finish();
}

Ref<Str> str_concat(Str* a, Str* b) {
  if (b->length == 0 && is_exact_str(Value::object(a))) return Ref<Str>::retain(a);
  if (a->length == 0 && is_exact_str(Value::object(b))) return Ref<Str>::retain(b);
  if (PT_UNLIKELY(a->length > INT64_MAX - b->length)) return raise_no_memory();
  if (a->ascii && b->ascii && a->length > 0 && b->length > 0 && a->length + b->length <= 256) {
    Ref<Str> s = ascii_str_allocate(a->length + b->length);
    if (PT_UNLIKELY(!s)) return s;
    copy_short(s->data1(), a->data1(), static_cast<size_t>(a->length));
    copy_short(s->data1() + a->length, b->data1(), static_cast<size_t>(b->length));
    return s;
  }
  uint32_t max = max_class(a) > max_class(b) ? max_class(a) : max_class(b);
  Ref<Str> s = str_allocate(a->length + b->length, max);
  if (!s || s->length == 0) return s;
  copy_code_points(s.get(), 0, a, 0, a->length);
  copy_code_points(s.get(), a->length, b, 0, b->length);
  return s;
}

Str* str_append(Str* a, Str* b) {
  int64_t old = a->length, added = b->length;
  if (!only_reference(a) || a->owner.load(std::memory_order_relaxed) != tls_owner_id ||
      a->interned.load(std::memory_order_relaxed) || old == 0 || added == 0 || old > INT64_MAX / 8 || added > INT64_MAX / 8) {
    return str_concat(a, b).take();
  }
  uint32_t max = max_class(a) > max_class(b) ? max_class(a) : max_class(b);
  int64_t kind = kind_for(max), length = old + added;
  Str* s = a;
  if (kind != a->kind || Str::kHeaderBytes + static_cast<size_t>((length + 1) * kind) > slot_size(a)) {
    Ref<Str> fresh = str_allocate(length + length / 4, max);
    if (!fresh) return nullptr;
    s = fresh.take();
    copy_code_points(s, 0, a, 0, old);
  }
  copy_code_points(s, old, b, 0, added);
  init_fields(s, length, max);
  std::memset(s->data1() + length * kind, 0, static_cast<size_t>(kind));
  return s;
}

Ref<Str> str_substring(Str* s, int64_t start, int64_t end) {
  if (start < 0) start = 0;
  if (end > s->length) end = s->length;
  if (start >= end) return Ref<Str>::steal(empty_str());
  if (start == 0 && end == s->length && is_exact_str(Value::object(s))) return Ref<Str>::retain(s);
  if (s->ascii) return str_from_ascii(s->ascii_view().substr(static_cast<size_t>(start), static_cast<size_t>(end - start)));
  return with_units(s, [&](auto* data) { return str_from_units(data + start, end - start); });
}

Ref<Str> str_repeat(Str* s, int64_t count) {
  if (count <= 0 || s->length == 0) return Ref<Str>::steal(empty_str());
  if (count == 1 && is_exact_str(Value::object(s))) return Ref<Str>::retain(s);
  if (s->length > INT64_MAX / count) return raise(exc::OverflowError, "repeated string is too long");
  Ref<Str> out = str_allocate(s->length * count, max_class(s));
  if (!out) return out;
  if (s->length == 1) {
    fill_code_points(out.get(), 0, s->at(0), count);
    return out;
  }
  // Doubling copies.
  size_t unit = static_cast<size_t>(s->length) * s->kind, total = unit * static_cast<size_t>(count), done = unit;
  uint8_t* p = out->data1();
  memcpy(p, s->data1(), unit);
  while (done < total) {
    size_t n = done < total - done ? done : total - done;
    memcpy(p + done, p, n);
    done += n;
  }
  return out;
}

namespace {
template <class Word>
PT_INLINE bool same_ends(const uint8_t* p, const uint8_t* q, size_t n) {
  Word a, b, c, d;
  memcpy(&a, p, sizeof(Word));
  memcpy(&b, q, sizeof(Word));
  memcpy(&c, p + n - sizeof(Word), sizeof(Word));
  memcpy(&d, q + n - sizeof(Word), sizeof(Word));
  return ((a ^ b) | (c ^ d)) == 0;
}
}  // namespace
bool str_equal(const Str* a, const Str* b) {
  if (a == b) return true;
  if (a->length != b->length || a->kind != b->kind) return false;
  size_t n = static_cast<size_t>(a->length) * a->kind;
  const uint8_t *p = a->data1(), *q = b->data1();
  if (n > 16) return memcmp(p, q, n) == 0;
  if (n >= 8) return same_ends<uint64_t>(p, q, n);
  if (n >= 4) return same_ends<uint32_t>(p, q, n);
  // With the zero behind them.
  return n == 0 || (same_ends<uint16_t>(p, q, n < 2 ? 2 : n));
}

int str_compare(const Str* a, const Str* b) {
  if (a == b) return 0;
  int64_t n = a->length < b->length ? a->length : b->length;
  int order = with_units(a, [&](auto* p) {
    return with_units(b, [&](auto* q) -> int {
      if constexpr (sizeof(*p) == 1 && sizeof(*q) == 1) {
        return memcmp(p, q, static_cast<size_t>(n));
      } else {
        for (int64_t i = 0; i < n; i++) {
          if (p[i] != q[i]) return p[i] < q[i] ? -1 : 1;
        }
        return 0;
      }
    });
  });
  if (order == 0) order = a->length < b->length ? -1 : a->length > b->length;
  return order < 0 ? -1 : order > 0;
}

int64_t str_hash(const Str* s) {
  int64_t h = s->hash.load(std::memory_order_relaxed);
  if (PT_LIKELY(h != -1)) return h;
  h = hash_bytes(s->data1(), static_cast<size_t>(s->length) * s->kind);
  s->hash.store(h, std::memory_order_relaxed);
  return h;
}

// ---- Slots ---------------------------------------------------------------------------------------------------------
namespace {

Ref<> str_concat_slot(Value a, Value b) {
  if (!is_str(b)) return raise(exc::TypeError, "can only concatenate str (not \"%T\") to str", b);
  return str_concat(as_str(a), as_str(b));
}
Ref<> str_repeat_slot(Value s, int64_t count) { return str_repeat(as_str(s), count); }

Ref<> str_compare_slot(Value a, Value b, CompareOp op) {
  if (!is_str(a) || !is_str(b)) return not_implemented_ref();
  const Str *x = as_str(a), *y = as_str(b);
  if (op == CompareOp::kEq) return bool_ref(str_equal(x, y));
  if (op == CompareOp::kNe) return bool_ref(!str_equal(x, y));
  int order = str_compare(x, y);
  switch (op) {
    case CompareOp::kLt: return bool_ref(order < 0);
    case CompareOp::kLe: return bool_ref(order <= 0);
    case CompareOp::kGt: return bool_ref(order > 0);
    default: return bool_ref(order >= 0);
  }
}

int64_t str_hash_slot(Value s) { return str_hash(as_str(s)); }
int64_t str_length_slot(Value s) { return as_str(s)->length; }
Ref<> str_str_slot(Value s) {
  if (is_exact_str(s)) return Ref<>::retain(s);
  Str* text = as_str(s);
  return with_units(text, [&](auto* data) { return Ref<>(str_from_units(data, text->length)); });
}
int str_contains_slot(Value s, Value item) {
  if (!is_str(item)) {
    (void)raise(exc::TypeError, "'in <string>' requires string as left operand, not %T", item);
    return -1;
  }
  return str_contains(as_str(s), as_str(item));
}

}  // namespace

Ref<> str_every(Str* s, int64_t start, int64_t step, int64_t count) {
  if (count <= 0) return Ref<Str>::steal(empty_str());
  if (step == 1) return str_substring(s, start, start + count);
  return with_units(s, [&](auto* data) -> Ref<> {
    uint32_t seen = 0;
    for (int64_t i = 0, at = start; i < count; i++, at += step) seen |= data[at];
    if (count == 1) return str_from_code_point(seen);
    Ref<Str> out = str_allocate(count, class_of_bits(seen));
    if (!out) return Ref<>();
    with_units_mutable(out.get(), [&](auto* to) {
      for (int64_t i = 0, at = start; i < count; i++, at += step) {
        to[i] = static_cast<std::remove_reference_t<decltype(*to)>>(data[at]);
      }
    });
    return out;
  });
}

namespace {

Ref<> str_get_item_slot(Value self, Value key) {
  Str* s = as_str(self);
  int64_t i;
  if (PT_LIKELY(key.is_small_int())) {
    i = key.as_small_int();
  } else if (has_shape(key, kShape_slice)) {
    int64_t start, stop, step, count;
    if (!slice_indices(key, s->length, &start, &stop, &step, &count)) return Ref<>();
    return str_every(s, start, step, count);
  } else if (type_of(key)->slots.unary[static_cast<int>(UnaryOp::kIndex)] || is_int(key)) {
    if (!to_size(key, &i)) return Ref<>();
  } else {
    return raise(exc::TypeError, "string indices must be integers, not '%T'", key);
  }
  if (i < 0) i += s->length;
  if (PT_UNLIKELY(static_cast<uint64_t>(i) >= static_cast<uint64_t>(s->length))) {
    return raise(exc::IndexError, "string index out of range");
  }
  return str_from_code_point(s->at(i));
}

// An instance of a subclass with the text of `s`.
Ref<> subclass_copy(Type* type, const Str* s) {
  Ref<Str> out = allocate<Str>(type, static_cast<size_t>(s->length + 1) * s->kind);
  if (!out) return Ref<>();
  init_fields(out.get(), s->length, max_class(s));
  memcpy(out->data1(), s->data1(), static_cast<size_t>(s->length) * s->kind);
  out->hash.store(s->hash.load(std::memory_order_relaxed), std::memory_order_relaxed);
  return out;
}

Ref<> to_str(const Value* a) { return str(a[0]); }
Ref<> str_construct(Type* type, const Args& args) {
  Ref<> text;
  if (PT_LIKELY(args.count == 1 && !args.names)) {
    text = str(args.values[0]);
  } else {
    Value bound[3];
    if (!bind_arguments("str", "(object='', encoding='utf-8', errors='strict')", args, bound)) return Ref<>();
    if (bound[0].empty()) {
      // encoding and errors alone say nothing.
      text = Ref<Str>::steal(empty_str());
    } else if (bound[1].empty() && bound[2].empty()) {
      text = str(bound[0]);
    } else {
      for (int i = 1; i < 3; i++) {
        if (!bound[i].empty() && !is_str(bound[i])) {
          return raise(exc::TypeError, "str() argument '%s' must be str, not %T", i == 1 ? "encoding" : "errors", bound[i]);
        }
      }
      text =
          decode_object(bound[0], bound[1].empty() ? nullptr : as_str(bound[1]), bound[2].empty() ? nullptr : as_str(bound[2]));
    }
  }
  if (!text || type == &str_type) return text;
  return subclass_copy(type, as_str(text.value()));
}

void iterator_traverse(Object* o, FieldVisitor& visit) { visit(static_cast<StrIterator*>(o)->text); }

Ref<> iterator_iter(Value self) { return Ref<>::retain(self); }
Ref<> iterator_next(Value self) {
  auto* it = reinterpret_cast<StrIterator*>(self.as_object());
  if (PT_LIKELY(!multithreaded())) {
    Value text = it->text.peek();
    if (text.empty()) return Ref<>();
    Str* s = as_str(text);
    int64_t i = it->position.load(std::memory_order_relaxed);
    if (PT_LIKELY(i < s->length)) {
      it->position.store(i + 1, std::memory_order_relaxed);
      return str_from_code_point(s->at(i));
    }
    it->text.clear();
    return Ref<>();
  }
  Ref<> held = it->text.load(it);
  if (!held) return Ref<>();
  Str* s = as_str(held.value());
  int64_t i = it->position.fetch_add(1, std::memory_order_relaxed);
  if (i < s->length) return str_from_code_point(s->at(i));
  it->position.store(s->length, std::memory_order_relaxed);
  it->text.store(it, Ref<>());
  return Ref<>();
}

Ref<> iterator_length_hint(const Value* a) {
  auto* it = reinterpret_cast<StrIterator*>(a[0].as_object());
  Ref<> text = it->text.load(it);
  int64_t left = text ? as_str(text.value())->length - it->position.load(std::memory_order_relaxed) : 0;
  return int_from_int64(left > 0 ? left : 0);
}
Ref<> iterator_reduce(const Value* a) {
  auto* it = reinterpret_cast<StrIterator*>(a[0].as_object());
  Ref<> text = it->text.load(it);
  Ref<> make = import_builtin("iter");
  if (!make) return Ref<>();
  if (!text) {
    Ref<Tuple> arguments = tuple_of({Value::object(empty_str())});
    if (!arguments) return Ref<>();
    return tuple_of({make.value(), arguments.value()});
  }
  Ref<Tuple> arguments = tuple_of({text.value()});
  if (!arguments) return Ref<>();
  Ref<> position = int_from_int64(it->position.load(std::memory_order_relaxed));
  return tuple_of({make.value(), arguments.value(), position.value()});
}
Ref<> iterator_set_state(const Value* a) {
  int64_t position;
  if (!to_int64(a[1], &position)) return Ref<>();
  auto* it = reinterpret_cast<StrIterator*>(a[0].as_object());
  Ref<> text = it->text.load(it);
  if (text) {
    int64_t length = as_str(text.value())->length;
    it->position.store(position < 0 ? 0 : position > length ? length : position, std::memory_order_relaxed);
  }
  return none_ref();
}
const NativeDef kIteratorMethods[] = {
    {"__length_hint__", "($self, /)", iterator_length_hint, "Private method returning an estimate of len(list(it))."},
    {"__reduce__", "($self, /)", iterator_reduce, "Return state information for pickling."},
    {"__setstate__", "($self, state, /)", iterator_set_state, "Set state information for unpickling."},
    {},
};

}  // namespace

Ref<> str_iter_slot(Value self) {
  Ref<StrIterator> it = allocate<StrIterator>(&str_iterator_type);
  if (it) it->text.init(Ref<>::retain(self));
  return it;
}

constinit Type str_iterator_type{};
const TypeSpec str_iterator_spec = {
    .name = "str_iterator",
    .size = sizeof(StrIterator),
    .flags = kTypeNoInstantiate,
    .slots = {.iter = iterator_iter, .next = iterator_next},
    .traverse = iterator_traverse,
    .methods = kIteratorMethods,
};

static constexpr Slots str_slots() {
  Slots s{};
  s.binary[static_cast<int>(BinaryOp::kMod)] = str_mod_slot;
  s.length = str_length_slot;
  s.get_item = str_get_item_slot;
  s.concat = str_concat_slot;
  s.repeat = str_repeat_slot;
  s.contains = str_contains_slot;
  s.hash = str_hash_slot;
  s.compare = str_compare_slot;
  s.repr = str_repr_slot;
  s.str = str_str_slot;
  s.iter = str_iter_slot;
  s.construct = str_construct;
  return s;
}

constinit Type str_type{};
const TypeSpec str_spec = {
    .name = "str",
    .size = Str::kHeaderBytes,
    .item_size = 1,
    .flags = kTypeBase | kTypeVarSize | kTypeImmutable | kTypeStrSubclass | kTypeMatchSelf,
    .slots = str_slots(),
    .methods = kStrMethods,
    .doc =
        "str(object='') -> str\nstr(bytes_or_buffer[, encoding[, errors]]) -> str\n\n"
        "Text made of Unicode code points. With encoding or errors given, the object must be\n"
        "bytes-like and is decoded; otherwise the result is that of object.__str__() or repr(object).",
    .convert = to_str,
};

}  // namespace pt
