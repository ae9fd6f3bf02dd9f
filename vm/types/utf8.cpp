// UTF-8: construction of strings from it, the codec, and the Utf8 scratch view.
#include "vm/types/utf8.h"

#include "gc/platform/memory.h"
#include "vm/object/error.h"
#include "vm/types/codecs.h"
#include "vm/types/str_data.h"

namespace pt {

namespace {

struct Scan {
  int64_t code_points = 0;
  uint32_t seen = 0;
  bool ok = true;
};

Scan scan(const uint8_t* p, const uint8_t* end, bool allow_surrogates) {
  Scan result;
  while (p < end) {
    size_t ascii = ascii_prefix(p, static_cast<size_t>(end - p));
    p += ascii;
    result.code_points += static_cast<int64_t>(ascii);
    while (p < end && *p >= 0x80) {
      Utf8Step step = utf8_next(p, end, allow_surrogates);
      if (step.status != Utf8Status::kOk) {
        result.ok = false;
        return result;
      }
      result.seen |= step.code_point;
      result.code_points++;
      p += step.size;
    }
  }
  return result;
}

// The bytes are well-formed and the units fit.
template <class Unit>
void fill(Unit* out, const uint8_t* p, const uint8_t* end) {
  while (p < end) {
    size_t ascii = ascii_prefix(p, static_cast<size_t>(end - p));
    copy_units(out, p, static_cast<int64_t>(ascii));
    p += ascii;
    out += ascii;
    while (p < end && *p >= 0x80) {
      uint32_t c = *p;
      if (c < 0xE0) {
        c = (c & 0x1F) << 6 | (p[1] & 0x3F);
        p += 2;
      } else if (c < 0xF0) {
        c = (c & 0x0F) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
        p += 3;
      } else {
        c = (c & 0x07) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
        p += 4;
      }
      *out++ = static_cast<Unit>(c);
    }
  }
}

// The string when the text is well-formed; otherwise empty with *malformed set.
Ref<Str> decode_well_formed(std::string_view text, bool allow_surrogates, bool* malformed) {
  const uint8_t* p = reinterpret_cast<const uint8_t*>(text.data());
  const uint8_t* end = p + text.size();
  *malformed = false;
  if (all_ascii(p, text.size())) return str_from_ascii(text);
  Scan found = scan(p, end, allow_surrogates);
  if (!found.ok) {
    *malformed = true;
    return nullptr;
  }
  if (found.code_points == 1) return str_from_code_point(found.seen);
  Ref<Str> s = str_allocate(found.code_points, class_of_bits(found.seen));
  if (s) with_units_mutable(s.get(), [&](auto* out) { fill(out, p, end); });
  return s;
}

const char* reason_of(Utf8Status status) {
  switch (status) {
    case Utf8Status::kInvalidStart: return "invalid start byte";
    case Utf8Status::kInvalidContinuation: return "invalid continuation byte";
    default: return "unexpected end of data";
  }
}

}  // namespace

Ref<Str> utf8_decode(std::string_view data, Str* errors, bool final, int64_t* consumed) {
  bool malformed;
  Ref<Str> s = decode_well_formed(data, false, &malformed);
  if (!malformed) {
    if (consumed) *consumed = static_cast<int64_t>(data.size());
    return s;
  }
  Decoding run("utf-8", Encoding::kUtf8, data, errors);
  StrBuilder out;
  int64_t i = 0;
  while (i < run.size) {
    int64_t ascii = static_cast<int64_t>(ascii_prefix(run.data + i, static_cast<size_t>(run.size - i)));
    if (ascii) {
      if (!out.append_ascii({reinterpret_cast<const char*>(run.data + i), static_cast<size_t>(ascii)})) return raise_no_memory();
      i += ascii;
      continue;
    }
    Utf8Step step = utf8_next(run.data + i, run.data + run.size);
    if (step.status == Utf8Status::kOk) {
      if (!out.append_code_point(step.code_point)) return raise_no_memory();
      i += step.size;
      continue;
    }
    if (step.status == Utf8Status::kTruncated && !final) break;
    i = run.handle(i, i + step.size, reason_of(step.status), out);
    if (i < 0) return nullptr;
  }
  if (consumed) *consumed = i;
  return out.finish();
}

Ref<Str> str_from_utf8(std::string_view text) { return utf8_decode(text, nullptr, true, nullptr); }

Ref<Str> str_from_wtf8(std::string_view text) {
  bool malformed;
  Ref<Str> s = decode_well_formed(text, true, &malformed);
  if (!malformed) return s;
  static constinit Name kReplace("replace");
  return utf8_decode(text, kReplace.str(), true, nullptr);
}

Ref<Str> str_from_filesystem(std::string_view text) {
  static constinit Name kSurrogateEscape("surrogateescape");
  return utf8_decode(text, kSurrogateEscape.str(), true, nullptr);
}

Ref<Bytes> utf8_encode(Str* s, Str* errors) {
  if (s->ascii) return bytes_from(s->ascii_view());
  // First pass: the size, and the first surrogate if there is one.
  int64_t size = 0, bad = -1;
  with_units(s, [&](auto* data) {
    for (int64_t i = 0; i < s->length; i++) {
      uint32_t c = data[i];
      if (sizeof(*data) > 1 && PT_UNLIKELY((c & 0xFFFFF800u) == 0xD800) && bad < 0) bad = i;
      size += utf8_size(c);
    }
  });
  if (bad < 0) {
    Ref<Bytes> out = bytes_allocate(size);
    if (!out) return out;
    with_units(s, [&](auto* data) {
      uint8_t* p = out->data;
      for (int64_t i = 0; i < s->length; i++) p += utf8_put(p, data[i]);
    });
    return out;
  }
  Encoder run("utf-8", Encoding::kUtf8, s, errors);
  BytesBuilder out;
  int64_t i = 0;
  while (i < s->length) {
    uint32_t c = s->at(i);
    if ((c & 0xFFFFF800u) != 0xD800) {
      uint8_t* p = out.reserve(4);
      if (!p) return raise_no_memory();
      out.advance(utf8_put(p, c));
      i++;
      continue;
    }
    int64_t end = i + 1;
    while (end < s->length && (s->at(end) & 0xFFFFF800u) == 0xD800) end++;
    Ref<> replacement;
    int64_t start = i;
    i = run.handle(start, end, "surrogates not allowed", &replacement);
    if (i < 0) return nullptr;
    if (is_bytes(replacement.value())) {
      if (!out.append(as_bytes(replacement.value())->view())) return raise_no_memory();
      continue;
    }
    Str* text = as_str(replacement.value());
    if (!text->ascii) return run.fail(start, end, "surrogates not allowed");
    if (!out.append(text->ascii_view())) return raise_no_memory();
  }
  return out.finish();
}

Utf8::Utf8(const Str* s, bool surrogateescape) {
  if (s->ascii) {
    data_ = reinterpret_cast<const char*>(s->data1());
    size_ = static_cast<size_t>(s->length);
    return;
  }
  if (s->length > INT64_MAX / 4 - 1) {
    (void)raise_no_memory();
    return;
  }
  uint8_t* buffer = static_cast<uint8_t*>(memory::allocate(static_cast<size_t>(s->length) * 4 + 1));
  if (!buffer) {
    (void)raise_no_memory();
    return;
  }
  uint8_t* p = buffer;
  for (int64_t i = 0; i < s->length; i++) {
    uint32_t c = s->at(i);
    if (PT_UNLIKELY((c & 0xFFFFF800u) == 0xD800)) {
      if (surrogateescape && c >= 0xDC80 && c <= 0xDCFF) {
        *p++ = static_cast<uint8_t>(c - 0xDC00);
        continue;
      }
      memory::release(buffer);
      int64_t end = i + 1;
      while (end < s->length && (s->at(end) & 0xFFFFF800u) == 0xD800) end++;
      (void)Encoder("utf-8", Encoding::kUtf8, const_cast<Str*>(s), nullptr).fail(i, end, "surrogates not allowed");
      return;
    }
    p += utf8_put(p, c);
  }
  *p = 0;
  data_ = reinterpret_cast<const char*>(buffer);
  size_ = static_cast<size_t>(p - buffer);
  owned_ = true;
}
Utf8::~Utf8() {
  if (owned_) memory::release(const_cast<char*>(data_));
}

}  // namespace pt
