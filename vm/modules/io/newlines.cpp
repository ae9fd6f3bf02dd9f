// Universal newlines and IncrementalNewlineDecoder.
#include "vm/modules/io/newlines.h"

#include <cstring>

#include "vm/modules/io/io.h"

namespace pt {
namespace {

template <class T>
const T* data_of(const Str* s);
template <>
const uint8_t* data_of<uint8_t>(const Str* s) {
  return s->data1();
}
template <>
const uint16_t* data_of<uint16_t>(const Str* s) {
  return s->data2();
}
template <>
const uint32_t* data_of<uint32_t>(const Str* s) {
  return s->data4();
}

template <class F>
auto by_kind(const Str* s, F&& f) {
  if (s->kind == 1) return f(data_of<uint8_t>(s));
  if (s->kind == 2) return f(data_of<uint16_t>(s));
  return f(data_of<uint32_t>(s));
}

template <class T>
const T* find_char(const T* at, const T* end, uint32_t c) {
  if constexpr (sizeof(T) == 1) {
    return static_cast<const T*>(std::memchr(at, static_cast<int>(c), static_cast<size_t>(end - at)));
  } else {
    for (; at < end; ++at) {
      if (*at == c) return at;
    }
    return nullptr;
  }
}

bool contains_char(const Str* s, uint32_t c) {
  return by_kind(s, [&](auto* data) { return find_char(data, data + s->length, c) != nullptr; });
}

}  // namespace

bool contains_newline(const Str* text, bool cr) { return contains_char(text, '\n') || (cr && contains_char(text, '\r')); }

Ref<Str> translate_newlines(NewlineState& state, Ref<Str> text, bool final) {
  if (state.pending_cr && (final || text->length > 0)) {
    Ref<Str> cr = str_from_ascii("\r");
    text = cr ? str_concat(cr.get(), text.get()) : Ref<Str>();
    if (!text) return Ref<Str>();
    state.pending_cr = false;
  }
  if (!final && text->length > 0 && text->at(text->length - 1) == '\r') {
    text = str_substring(text.get(), 0, text->length - 1);
    if (!text) return Ref<Str>();
    state.pending_cr = true;
  }
  if (!contains_char(text.get(), '\r')) {
    if (!(state.seen & kSeenLf) && contains_char(text.get(), '\n')) state.seen |= kSeenLf;
    return text;
  }
  const Str* s = text.get();
  uint8_t all = kSeenCr | kSeenLf | kSeenCrLf;
  if (state.seen != all) {
    by_kind(s, [&](auto* data) {
      for (int64_t i = 0; i < s->length && state.seen != all; ++i) {
        if (data[i] == '\n') {
          state.seen |= kSeenLf;
        } else if (data[i] == '\r') {
          if (i + 1 < s->length && data[i + 1] == '\n') {
            state.seen |= kSeenCrLf;
            ++i;
          } else {
            state.seen |= kSeenCr;
          }
        }
      }
      return 0;
    });
  }
  if (!state.translate) return text;
  StrBuilder out;
  int64_t from = 0;
  by_kind(s, [&](auto* data) {
    for (;;) {
      auto* cr = find_char(data + from, data + s->length, '\r');
      if (!cr) break;
      int64_t at = cr - data;
      out.append(s, from, at);
      out.append_ascii("\n");
      from = at + 1;
      if (from < s->length && data[from] == '\n') ++from;
    }
    return 0;
  });
  out.append(s, from, s->length);
  return out.finish();
}

Ref<> seen_newlines(uint8_t seen) {
  Ref<Str> cr = str_from_ascii("\r"), lf = str_from_ascii("\n"), crlf = str_from_ascii("\r\n");
  if (!cr || !lf || !crlf) return Ref<>();
  switch (seen) {
    case kSeenCr: return cr;
    case kSeenLf: return lf;
    case kSeenCrLf: return crlf;
    case kSeenCr | kSeenLf: return tuple_of({cr.value(), lf.value()});
    case kSeenCr | kSeenCrLf: return tuple_of({cr.value(), crlf.value()});
    case kSeenLf | kSeenCrLf: return tuple_of({lf.value(), crlf.value()});
    case kSeenCr | kSeenLf | kSeenCrLf: return tuple_of({cr.value(), lf.value(), crlf.value()});
    default: return none_ref();
  }
}

int64_t find_line_end(const Str* text, int64_t start, LineEnd mode, int64_t* scan_from) {
  return by_kind(text, [&](auto* data) -> int64_t {
    auto* begin = data + start;
    auto* end = data + text->length;
    *scan_from = text->length;
    if (mode == LineEnd::kLf) {
      auto* found = find_char(begin, end, '\n');
      return found ? found - data + 1 : -1;
    }
    if (mode == LineEnd::kCr) {
      auto* found = find_char(begin, end, '\r');
      return found ? found - data + 1 : -1;
    }
    if (mode == LineEnd::kCrLf) {
      for (auto* at = begin; (at = find_char(at, end, '\r')); ++at) {
        if (at + 1 == end) {
          *scan_from = at - data;
          return -1;
        }
        if (at[1] == '\n') return at - data + 2;
      }
      return -1;
    }
    for (auto* at = begin; at < end; ++at) {
      if (*at == '\n') return at - data + 1;
      if (*at == '\r') {
        // A \r at the very end was held back by the decoder unless it stands alone.
        return at + 1 < end && at[1] == '\n' ? at - data + 2 : at - data + 1;
      }
    }
    return -1;
  });
}

Ref<Str> replace_newlines(Ref<Str> text, const char* replacement) {
  if (!contains_char(text.get(), '\n')) return text;
  StrBuilder out;
  const Str* s = text.get();
  int64_t from = 0;
  by_kind(s, [&](auto* data) {
    while (auto* found = find_char(data + from, data + s->length, '\n')) {
      out.append(s, from, found - data);
      out.append_ascii(replacement);
      from = found - data + 1;
    }
    return 0;
  });
  out.append(s, from, s->length);
  return out.finish();
}

// ---- IncrementalNewlineDecoder --------------------------------------------------------------------------------------------
namespace {

struct NewlineDecoder : Object {
  Field decoder;  // or empty: text comes in
  Field errors;
  NewlineState state;
  bool initialised;
};
NewlineDecoder* as_decoder(Value v) { return reinterpret_cast<NewlineDecoder*>(v.as_object()); }
constinit Name kDecode("decode"), kReset("reset"), kGetstate("getstate"), kSetstate("setstate");

bool usable(NewlineDecoder* self) {
  return self->initialised ? true : static_cast<bool>(raise(exc::ValueError, "IncrementalNewlineDecoder.__init__() not called"));
}

Ref<> decoder_construct(Type* type, const Args&) { return Ref<>::steal(Value::object(allocate_instance(type))); }
bool decoder_init(Value v, const Args& args) {
  Value bound[3];
  if (!bind_arguments("IncrementalNewlineDecoder", "(decoder, translate, errors='strict')", args, bound)) return false;
  NewlineDecoder* self = as_decoder(v);
  bool translate = false;
  if (!to_flag(bound[1], &translate)) return false;
  self->decoder.store(self, is_none(bound[0]) ? Ref<>() : Ref<>::retain(bound[0]));
  self->errors.store(self, bound[2].empty() ? Ref<>(str_from_ascii("strict")) : Ref<>::retain(bound[2]));
  self->state = NewlineState{translate, false, 0};
  self->initialised = true;
  return true;
}
Ref<> decoder_decode(const Value* a) {
  NewlineDecoder* self = as_decoder(a[0]);
  bool final = false;
  if (!usable(self) || !to_flag(a[2], &final)) return Ref<>();
  Ref<> decoder = self->decoder.load(self);
  Ref<> text = decoder ? call_method(decoder.value(), kDecode.str(), {a[1], boolean(final)}) : Ref<>::retain(a[1]);
  if (!text) return Ref<>();
  if (!is_str(text.value())) return raise(exc::TypeError, "decoder should return a string result, not '%T'", text.value());
  return translate_newlines(self->state, Ref<Str>::steal(as_str(text.take())), final);
}
Ref<> decoder_getstate(const Value* a) {
  NewlineDecoder* self = as_decoder(a[0]);
  if (!usable(self)) return Ref<>();
  Ref<> buffer;
  uint64_t flag = 0;
  Ref<> decoder = self->decoder.load(self);
  if (decoder) {
    Ref<> state = call_method(decoder.value(), kGetstate.str());
    if (!state) return Ref<>();
    if (!is_tuple(state.value()) || as_tuple(state.value())->length != 2) return raise(exc::TypeError, "illegal decoder state");
    buffer = Ref<>::retain(as_tuple(state.value())->at(0));
    if (!to_culong(as_tuple(state.value())->at(1), &flag)) return Ref<>();
  } else {
    buffer = bytes_from("");
  }
  Ref<> number = int_from_uint64(flag << 1 | self->state.pending_cr);
  return buffer && number ? Ref<>(tuple_of({buffer.value(), number.value()})) : Ref<>();
}
Ref<> decoder_setstate(const Value* a) {
  NewlineDecoder* self = as_decoder(a[0]);
  if (!usable(self)) return Ref<>();
  if (!is_tuple(a[1])) return raise(exc::TypeError, "state argument must be a tuple");
  if (as_tuple(a[1])->length != 2) return raise(exc::TypeError, "setstate(): illegal state argument");
  uint64_t flag;
  if (!to_culong(as_tuple(a[1])->at(1), &flag)) return Ref<>();
  self->state.pending_cr = flag & 1;
  Ref<> decoder = self->decoder.load(self);
  if (!decoder) return none_ref();
  Ref<> number = int_from_uint64(flag >> 1);
  Ref<Tuple> state = number ? tuple_of({as_tuple(a[1])->at(0), number.value()}) : Ref<Tuple>();
  return state ? call_method(decoder.value(), kSetstate.str(), {state.value()}) : Ref<>();
}
Ref<> decoder_reset(const Value* a) {
  NewlineDecoder* self = as_decoder(a[0]);
  if (!usable(self)) return Ref<>();
  self->state.seen = 0;
  self->state.pending_cr = false;
  Ref<> decoder = self->decoder.load(self);
  return decoder ? call_method(decoder.value(), kReset.str()) : none_ref();
}
Ref<> decoder_newlines(Value v) { return usable(as_decoder(v)) ? seen_newlines(as_decoder(v)->state.seen) : Ref<>(); }
void decoder_traverse(Object* o, FieldVisitor& visitor) {
  visitor(static_cast<NewlineDecoder*>(o)->decoder);
  visitor(static_cast<NewlineDecoder*>(o)->errors);
}
const NativeDef kMethods[] = {{"decode", "($self, input, final=False)", decoder_decode},
                              {"getstate", "($self, /)", decoder_getstate},
                              {"setstate", "($self, state, /)", decoder_setstate},
                              {"reset", "($self, /)", decoder_reset},
                              {}};
const GetSetDef kGetSets[] = {{"newlines", decoder_newlines}, {}};

}  // namespace

constinit Type newline_decoder_type;
const TypeSpec newline_decoder_spec = {
    .name = "_io.IncrementalNewlineDecoder",
    .size = sizeof(NewlineDecoder),
    .flags = kTypeBase,
    .slots = {.construct = decoder_construct, .init = decoder_init},
    .traverse = decoder_traverse,
    .methods = kMethods,
    .getsets = kGetSets,
    .doc = "Codec used when reading a file in universal newlines mode.",
};

}  // namespace pt
