#pragma once
// str: immutable, compact; 1, 2 or 4 bytes a code point, the smallest kind that fits (canonical).
#include <atomic>
#include <cstdarg>
#include <cstdint>
#include <string_view>

#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {

struct Str : Object {
  int64_t length;                     // code points
  mutable std::atomic<int64_t> hash;  // -1: not computed yet
  uint8_t kind;                       // bytes a code point: 1, 2, 4
  bool ascii;                         // all code points < 128 (kind 1)
  std::atomic<uint8_t> interned;
  uint8_t unused;
  // (length + 1) * kind bytes follow, zero-terminated.

  const uint8_t* data1() const { return reinterpret_cast<const uint8_t*>(this) + kHeaderBytes; }
  uint8_t* data1() { return reinterpret_cast<uint8_t*>(this) + kHeaderBytes; }
  const uint16_t* data2() const { return reinterpret_cast<const uint16_t*>(data1()); }
  uint16_t* data2() { return reinterpret_cast<uint16_t*>(data1()); }
  const uint32_t* data4() const { return reinterpret_cast<const uint32_t*>(data1()); }
  uint32_t* data4() { return reinterpret_cast<uint32_t*>(data1()); }
  uint32_t at(int64_t i) const { return kind == 1 ? data1()[i] : kind == 2 ? data2()[i] : data4()[i]; }
  std::string_view ascii_view() const { return {reinterpret_cast<const char*>(data1()), static_cast<size_t>(length)}; }
  bool equals_ascii(std::string_view text) const { return ascii && ascii_view() == text; }

  static constexpr size_t kHeaderBytes = 36;
};

inline bool is_str(Value v) { return v.is_object() && has_flag(type_of(v), kTypeStrSubclass); }
inline bool is_exact_str(Value v) { return has_shape(v, kShape_str); }
inline Str* as_str(Value v) { return reinterpret_cast<Str*>(v.as_object()); }

// Start-up, before any string is made: the hash key (from PYTHONHASHSEED's text; nullptr or "random": random) and the
// immortal empty and one-character strings (and bytes_init()). False when the seed is malformed.
bool str_init(const char* hash_seed);
Str* empty_str();
// The immortal strings of the characters up to U+00FF lie one after the other, so many bytes apart.
inline constexpr size_t kCharacterStride = 48;
const void* latin1_characters();

// All constructors: nullptr with MemoryError (or the codec's error) pending on failure.
Ref<Str> str_from_utf8(std::string_view utf8);                 // strict; UnicodeDecodeError
Ref<Str> str_from_ascii(std::string_view ascii);               // the caller guarantees ASCII
Ref<Str> str_from_wtf8(std::string_view text);                 // surrogates allowed (literals, arguments)
Ref<Str> str_from_filesystem(std::string_view bytes);          // UTF-8 with surrogateescape
Ref<Str> str_from_code_point(uint32_t c);                      // Latin-1 ones are immortal singletons
Ref<Str> str_from_ucs4(const uint32_t* data, int64_t length);  // narrows to the canonical kind
Ref<Str> str_from_latin1(const uint8_t* data, int64_t length);
Ref<Str> str_format(const char* format, ...);                  // the directives of raise()
Ref<Str> str_vformat(const char* format, va_list arguments);
Ref<Str> str_allocate(int64_t length, uint32_t max_code_point);  // to be filled before it is published
Ref<Str> str_concat(Str* a, Str* b);
// What becomes of a variable that holds `a`, an exact str with a count of its own, when it gets a + b. When that is the only
// reference, `a` itself grows if it has room, and otherwise the sum gets some: appending in a loop takes linear time. Gives
// `a`, with the count it has; or another string with a count for the variable (then `a` is to be released); or nullptr.
Str* str_append(Str* a, Str* b);
Ref<Str> str_substring(Str* s, int64_t start, int64_t end);    // shares when it is the whole
Ref<> str_every(Str* s, int64_t start, int64_t step, int64_t count);  // positions as slice_adjust gives them
Ref<Str> str_join(Str* separator, Value iterable);
bool str_equal(const Str* a, const Str* b);                    // no Python code
int str_compare(const Str* a, const Str* b);                   // -1, 0, 1 by code points
int64_t str_hash(const Str* s);                                // SipHash-1-3, seeded; cached
int64_t str_find(const Str* s, const Str* needle, int64_t start, int64_t end);  // -1 when absent, -2 error
int str_contains(const Str* s, const Str* part);  // -1 error
int64_t str_rfind(const Str* s, const Str* needle, int64_t start, int64_t end);
Ref<Str> str_repeat(Str* s, int64_t count);
Ref<Str> str_replace(Str* s, Str* old_text, Str* new_text, int64_t limit);  // limit < 0: all
bool str_is_identifier(const Str* s);
Ref<Str> str_repr(const Str* s);
Ref<Str> str_escape_non_ascii(Str* s);                         // for ascii()
// Units of a var-sized str object, for the placing of what follows them.
inline size_t str_item_count(const Str* s) { return static_cast<size_t>(s->length + 1) * s->kind; }

// The one object for that text: interned strings are immortal, compared by identity.
Str* intern(Ref<Str> s);
Str* intern(const char* ascii);                                // start-up and literals
Str* intern_ascii(std::string_view ascii);                     // the caller guarantees ASCII
inline bool is_interned(const Str* s) { return s->interned.load(std::memory_order_acquire) != 0; }

// UTF-8 bytes of the string in a scratch buffer that lives as long as this object. ok() false: a surrogate was met and
// UnicodeEncodeError is pending (with `surrogateescape`: only lone surrogates outside U+DC80..DCFF).
class Utf8 {
 public:
  explicit Utf8(const Str* s, bool surrogateescape = false);
  ~Utf8();
  Utf8(const Utf8&) = delete;
  Utf8& operator=(const Utf8&) = delete;
  bool ok() const { return data_ != nullptr; }
  const char* c_str() const { return data_; }
  std::string_view view() const { return {data_, size_}; }

 private:
  const char* data_ = nullptr;
  size_t size_ = 0;
  bool owned_ = false;
};

// Builds a string piece by piece, widening as needed. Small results need no memory besides the final object.
// Of exact or other strs, one after the other.
Ref<Str> str_concatenation(const Value* parts, int64_t count);

class StrBuilder {
 public:
  StrBuilder() = default;
  ~StrBuilder();
  StrBuilder(const StrBuilder&) = delete;
  StrBuilder& operator=(const StrBuilder&) = delete;
  bool append(const Str* s) { return append(s, 0, s->length); }
  bool append(const Str* s, int64_t start, int64_t end);
  bool append_ascii(std::string_view text);
  PT_INLINE bool append_code_point(uint32_t c) {
    if (PT_LIKELY(length_ < capacity_ && kind_ == 1 && c < 0x100)) {
      data_[length_++] = static_cast<uint8_t>(c);
      seen_ |= c;
      return true;
    }
    return append_slow(c);
  }
  bool append_repeated(uint32_t c, int64_t count);
  // Where the next `n` ASCII characters are to be written; nullptr when it is not that simple.
  uint8_t* append_room(int64_t n) {
    if (PT_UNLIKELY(kind_ != 1 || n > capacity_ - length_)) return nullptr;
    length_ += n;
    return data_ + length_ - n;
  }
  bool reserve(int64_t extra) { return grow(extra, 0); }
  int64_t length() const { return length_; }
  uint32_t at(int64_t i) const;  // a code point appended before
  void truncate(int64_t length) { length_ = length; }  // may leave a wider kind than needed: finish() narrows
  bool failed() const { return failed_; }
  Ref<Str> finish();  // nullptr with MemoryError when an append failed

 private:
  bool append_slow(uint32_t c);
  bool grow(int64_t extra, uint32_t max_code_point);
  static constexpr int64_t kInline = 232;
  uint8_t* data_ = inline_;
  int64_t length_ = 0, capacity_ = kInline;
  uint32_t seen_ = 0;  // bitwise or of all code points (or of their width class)
  uint8_t kind_ = 1;
  bool failed_ = false;
  alignas(4) uint8_t inline_[kInline];
};

// Static interned names: `static constinit Name kAppend("append"); ... kAppend.str()`.
class Name {
 public:
  constexpr explicit Name(const char* text) : text_(text) {}
  Str* str() const {
    Str* s = str_.load(std::memory_order_acquire);  // pairs with the release in resolve
    return s ? s : resolve();
  }
  Value value() const { return Value::object(str()); }

 private:
  Str* resolve() const;
  const char* text_;
  mutable std::atomic<Str*> str_{nullptr};
};

}  // namespace pt
