// _icu_converters: multi-byte character sets by ICU, for lib/_multibytecodec.py.
#include <unicode/ucnv.h>

#include <memory>
#include <vector>

#include "vm/modules/dynamic/support/dynamic.h"
#include "vm/types/str.h"

namespace pt {
namespace {

// Leaves the error standing: ICU's own function of that kind passes over characters without a shape of their own.
void stop_encoding(const void*, UConverterFromUnicodeArgs*, const UChar*, int32_t, UChar32, UConverterCallbackReason,
                   UErrorCode*) {}

struct Converter {
  UConverter* handle = nullptr;
  UErrorCode status = U_ZERO_ERROR;
  explicit Converter(const char* name) {
    handle = ucnv_open(name, &status);
    if (U_FAILURE(status)) return;
    ucnv_setToUCallBack(handle, UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
    ucnv_setFromUCallBack(handle, stop_encoding, nullptr, nullptr, nullptr, &status);
    ucnv_setFallback(handle, false);
  }
  ~Converter() {
    if (handle) ucnv_close(handle);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
};
// Characters of private use and C1 controls: ICU's tables map bytes to them that are invalid in Python's codecs.
bool is_outside(uint32_t c) { return (c >= 0x80 && c <= 0x9F) || (c >= 0xE000 && c <= 0xF8FF); }

bool check_name(Value v) {
  return is_str(v) ? true : static_cast<bool>(raise(exc::TypeError, "the name must be str, not %T", v));
}

// With `private_use` false they are malformed, or cannot be encoded.
// decode(name, data, final, private_use) -> (text, consumed, bad): data[consumed:consumed + bad] is malformed; with bad 0, what
// is left over is the start of a character.
Ref<> decode(const Value* a) {
  if (!check_name(a[0])) return Ref<>();
  Utf8 name(as_str(a[0]));
  BufferView view(a[1]);
  bool final = true, private_use = true;
  if (!name.ok() || !view.ok() || !to_flag(a[2], &final) || !to_flag(a[3], &private_use)) return Ref<>();
  Converter c(name.c_str());
  if (!c.handle) return raise(exc::LookupError, "unknown encoding: %s", name.c_str());
  StrBuilder out;
  const char *start = reinterpret_cast<const char*>(view.data()), *source = start, *end = start + view.size();
  UChar units[1024];
  int32_t offsets[1024];
  uint32_t lead = 0;
  int bad = 0;
  while (!bad) {
    UChar* target = units;
    const char* piece = source;
    UErrorCode status = U_ZERO_ERROR;
    ucnv_toUnicode(c.handle, &target, units + 1024, &source, end, offsets, final, &status);
    for (UChar* u = units; u < target; ++u) {
      uint32_t unit = *u;
      if (lead) {
        unit = U16_GET_SUPPLEMENTARY(lead, unit);
        lead = 0;
      } else if (U16_IS_LEAD(unit)) {
        lead = unit;
        continue;
      }
      if (!private_use && is_outside(unit)) {
        source = piece + offsets[u - units];
        bad = 1;
        break;
      }
      if (!out.append_code_point(unit)) return raise_no_memory();
    }
    if (bad) break;
    if (status == U_BUFFER_OVERFLOW_ERROR) continue;
    if (U_FAILURE(status)) {
      char bytes[32];
      int8_t size = sizeof bytes;
      UErrorCode ignored = U_ZERO_ERROR;
      ucnv_getInvalidChars(c.handle, bytes, &size, &ignored);
      bad = size > 0 ? size : 1;
      source -= bad;
    }
    break;
  }
  int64_t consumed = source - start;
  if (!bad && !final) {
    // Bytes that the converter keeps for the next piece.
    UErrorCode ignored = U_ZERO_ERROR;
    int32_t pending = ucnv_toUCountPending(c.handle, &ignored);
    if (pending > 0) consumed -= pending;
  }
  Ref<Str> text = out.finish();
  return text ? Ref<>(tuple_of({text.value(), Value::small_int(consumed), Value::small_int(bad)})) : Ref<>();
}

// encode(name, text, private_use) -> (data, consumed): text[consumed] has no place in the character set unless that is all.
Ref<> encode(const Value* a) {
  if (!check_name(a[0]) || !check_name(a[1])) return Ref<>();
  Utf8 name(as_str(a[0]));
  if (!name.ok()) return Ref<>();
  Converter c(name.c_str());
  if (!c.handle) return raise(exc::LookupError, "unknown encoding: %s", name.c_str());
  const Str* text = as_str(a[1]);
  bool private_use = true;
  if (!to_flag(a[2], &private_use)) return Ref<>();
  std::vector<UChar> units;
  units.reserve(static_cast<size_t>(text->length) + 1);
  int64_t known = text->length;
  for (int64_t i = 0; i < text->length; ++i) {
    uint32_t ch = text->at(i);
    if ((ch >= 0xD800 && ch <= 0xDFFF) || (!private_use && is_outside(ch))) {
      known = i;
      break;
    }
    if (ch >= 0x10000) {
      units.push_back(U16_LEAD(ch));
      units.push_back(U16_TRAIL(ch));
    } else {
      units.push_back(static_cast<UChar>(ch));
    }
  }
  BytesBuilder out;
  const UChar *source = units.data(), *end = source + units.size();
  int64_t consumed = known;
  for (;;) {
    uint8_t* target = out.reserve(4096);
    if (!target) return raise_no_memory();
    char* at = reinterpret_cast<char*>(target);
    UErrorCode status = U_ZERO_ERROR;
    ucnv_fromUnicode(c.handle, &at, reinterpret_cast<char*>(target) + 4096, &source, end, nullptr, true, &status);
    out.advance(at - reinterpret_cast<char*>(target));
    if (status == U_BUFFER_OVERFLOW_ERROR) continue;
    if (U_FAILURE(status)) {
      // `source` is behind the character that failed.
      const UChar* stop = source;
      if (stop > units.data() && U16_IS_TRAIL(stop[-1])) --stop;
      if (stop > units.data()) --stop;
      consumed = 0;
      for (const UChar* u = units.data(); u < stop; ++u) consumed += !U16_IS_TRAIL(*u);
    }
    break;
  }
  Ref<Bytes> data = out.finish();
  return data ? Ref<>(tuple_of({data.value(), Value::small_int(consumed)})) : Ref<>();
}

const NativeDef kFunctions[] = {{"decode", "(name, data, final=True, private_use=True, /)", decode},
                                {"encode", "(name, text, private_use=True, /)", encode},
                                {}};

}  // namespace

extern "C" {
extern const NativeModule ptpython_module__icu_converters;
const NativeModule ptpython_module__icu_converters = {"_icu_converters", "Multi-byte character sets by ICU.", kFunctions};
}
}  // namespace pt
