#pragma once
// Between the files of bytes and bytearray: both share their methods, which work on views of the content.
#include <optional>
#include <string_view>

#include "gc/sync/critical_section.h"
#include "vm/object/buffer.h"
#include "vm/object/native.h"
#include "vm/types/bytes.h"

namespace pt {

// The content of a bytes or bytearray object; of a bytearray valid until the next safepoint.
inline std::string_view byte_view(Value v) { return is_bytes(v) ? as_bytes(v)->view() : bytearray_view(as_bytearray(v)); }
// With several threads: the lock of a bytearray, so that none of them writes what is looked at. Bytes objects need none.
class BytesLock {
 public:
  explicit BytesLock(Value v) {
    if (!is_bytes(v) && multithreaded()) section_.emplace(v.as_object());
  }

 private:
  std::optional<CriticalSection> section_;
};
// A new object of the builtin type that `self` is an instance of.
Ref<> bytes_like(Value self, std::string_view content);
// The same when the content did not change: exact bytes are returned as they are.
Ref<> bytes_unchanged(Value self, std::string_view content);

// An argument that is bytes-like, or (where allowed) one byte given as an int.
class BytesArgument {
 public:
  explicit BytesArgument(Value v) { ok_ = take_buffer(v); }
  // find, count, in...: `message` has a %T for the type of what is neither an int nor bytes-like.
  BytesArgument(Value v, const char* message);
  ~BytesArgument() {
    if (held_) release_buffer(&buffer_);
  }
  BytesArgument(const BytesArgument&) = delete;
  BytesArgument& operator=(const BytesArgument&) = delete;
  bool ok() const { return ok_; }
  std::string_view view() const { return view_; }
  int64_t size() const { return static_cast<int64_t>(view_.size()); }
  const uint8_t* data() const { return reinterpret_cast<const uint8_t*>(view_.data()); }

 private:
  bool take_buffer(Value v);
  Ref<Bytes> copy_;  // of a bytearray that other threads may write
  Buffer buffer_;
  std::string_view view_;
  bool held_ = false, ok_ = false;
  char byte_ = 0;
};

// An int in 0..255. `message` is that of the ValueError.
bool to_byte(Value v, uint8_t* out, const char* message = "byte must be in range(0, 256)");
// Appends what a bytes()/bytearray() argument other than str and int holds. False: error.
bool append_bytes_of(BytesBuilder& out, Value v, bool is_array);
// The (source, encoding, errors) of a constructor. False: error.
bool bytes_from_arguments(const char* name, const Args& args, BytesBuilder& out, Ref<>* shared);
Ref<Str> bytes_repr(std::string_view content, bool escape_single_quotes = false);
// self[key] for an integer key; *is_slice: the key is a slice and nothing was done.
Ref<> byte_at(Value self, Value key, bool* is_slice);
Ref<> bytes_slice(Value self, std::string_view content, Value slice);
Ref<> bytes_concat(Value self, Value other);
Ref<> bytes_repeat(Value self, int64_t count);
int bytes_contains(Value self, Value item);
Ref<> bytes_iter(Value self);
Ref<> bytes_mod(Value self, Value arguments);
Ref<Str> bytes_hex(std::string_view content, Value separator, Value group);

extern const NativeDef kBytesMethods[];
extern const NativeDef kByteArrayMethods[];

// The shared methods, each with the signature that both types list.
// clang-format off
#define PT_BYTES_METHODS(X) \
  X(capitalize) X(center) X(count) X(decode) X(endswith) X(expandtabs) X(find) X(hex) X(index) X(isalnum) X(isalpha) \
  X(isascii) X(isdigit) X(islower) X(isspace) X(istitle) X(isupper) X(join) X(ljust) X(lower) X(lstrip) X(partition) \
  X(removeprefix) X(removesuffix) X(replace) X(rfind) X(rindex) X(rjust) X(rpartition) X(rsplit) X(rstrip) X(split) \
  X(splitlines) X(startswith) X(strip) X(swapcase) X(title) X(translate) X(upper) X(zfill) X(maketrans)
// clang-format on
namespace bytes_methods {
#define X(name) Ref<> name(const Value* a);
PT_BYTES_METHODS(X)
#undef X
Ref<> fromhex(const Value* a);
}  // namespace bytes_methods

// Rows of the method tables that both types share; M(method) is what the type has for it.
#define PT_BYTES_METHOD_ROWS(M)                                                                                                 \
  {"capitalize", "($self, /)", M(bytes_methods::capitalize),                                                                    \
   "Return a copy with the first byte capitalized and the rest in lower case."},                                                \
      {"center", "($self, width, fillchar=b' ', /)", M(bytes_methods::center), "Return a centered copy of length width."},      \
      {"count", "($self, sub, start=None, end=None, / )", M(bytes_methods::count),                                              \
       "Return the number of non-overlapping occurrences of sub in B[start:end]."},                                             \
      {"decode", "($self, /, encoding='utf-8', errors='strict')", M(bytes_methods::decode),                                     \
       "Decode the bytes using the codec registered for encoding."},                                                            \
      {"endswith", "($self, suffix, start=None, end=None, / )", M(bytes_methods::endswith),                                     \
       "Return True if B ends with the specified suffix (or one of a tuple), False otherwise."},                                \
      {"expandtabs", "($self, /, tabsize=8)", M(bytes_methods::expandtabs),                                                     \
       "Return a copy where all tab characters are expanded using spaces."},                                                    \
      {"find", "($self, sub, start=None, end=None, / )", M(bytes_methods::find),                                                \
       "Return the lowest index where sub is found in B[start:end], or -1."},                                                   \
      {"fromhex", "($type, string, /)", bytes_methods::fromhex, "Create an object from a string of hexadecimal numbers.",       \
       kClassMethod},                                                                                                           \
      {"hex", "($self, /, sep=<unrepresentable>, bytes_per_sep=1)", M(bytes_methods::hex),                                      \
       "Create a string of hexadecimal numbers from the content.\n\n>>> b'\\x01\\xfe\\x7f'.hex('-')\n'01-fe-7f'"},              \
      {"index", "($self, sub, start=None, end=None, / )", M(bytes_methods::index),                                              \
       "Return the lowest index where sub is found in B[start:end]; ValueError when it is not."},                               \
      {"isalnum", "($self, /)", M(bytes_methods::isalnum),                                                                      \
       "Return True if all bytes are ASCII letters or digits and there is at least one."},                                      \
      {"isalpha", "($self, /)", M(bytes_methods::isalpha),                                                                      \
       "Return True if all bytes are ASCII letters and there is at least one."},                                                \
      {"isascii", "($self, /)", M(bytes_methods::isascii),                                                                      \
       "Return True if B is empty or all bytes are ASCII, False otherwise."},                                                   \
      {"isdigit", "($self, /)", M(bytes_methods::isdigit),                                                                      \
       "Return True if all bytes are ASCII digits and there is at least one."},                                                 \
      {"islower", "($self, /)", M(bytes_methods::islower),                                                                      \
       "Return True if there is a lower case ASCII letter and no upper case one."},                                             \
      {"isspace", "($self, /)", M(bytes_methods::isspace),                                                                      \
       "Return True if all bytes are ASCII white space and there is at least one."},                                            \
      {"istitle", "($self, /)", M(bytes_methods::istitle),                                                                      \
       "Return True if B is a titlecased string and there is at least one letter."},                                            \
      {"isupper", "($self, /)", M(bytes_methods::isupper),                                                                      \
       "Return True if there is an upper case ASCII letter and no lower case one."},                                            \
      {"join", "($self, iterable_of_bytes, /)", M(bytes_methods::join),                                                         \
       "Concatenate any number of bytes-like objects, with this one between them."},                                            \
      {"ljust", "($self, width, fillchar=b' ', /)", M(bytes_methods::ljust), "Return a left-justified copy of length width."},  \
      {"lower", "($self, /)", M(bytes_methods::lower), "Return a copy with all ASCII letters in lower case."},                  \
      {"lstrip", "($self, bytes=None, /)", M(bytes_methods::lstrip), "Strip leading bytes contained in the argument."},         \
      {"maketrans", "(frm, to, /)", bytes_methods::maketrans, "Return a translation table usable for translate().",             \
       kStaticMethod},                                                                                                          \
      {"partition", "($self, sep, /)", M(bytes_methods::partition), "Partition into three parts using the given separator."},   \
      {"removeprefix", "($self, prefix, /)", M(bytes_methods::removeprefix),                                                    \
       "Return a copy without the given prefix if present."},                                                                   \
      {"removesuffix", "($self, suffix, /)", M(bytes_methods::removesuffix),                                                    \
       "Return a copy without the given suffix if present."},                                                                   \
      {"replace", "($self, old, new, count=-1, /)", M(bytes_methods::replace),                                                  \
       "Return a copy with all occurrences of old replaced by new."},                                                           \
      {"rfind", "($self, sub, start=None, end=None, / )", M(bytes_methods::rfind),                                              \
       "Return the highest index where sub is found in B[start:end], or -1."},                                                  \
      {"rindex", "($self, sub, start=None, end=None, / )", M(bytes_methods::rindex),                                            \
       "Return the highest index where sub is found in B[start:end]; ValueError when it is not."},                              \
      {"rjust", "($self, width, fillchar=b' ', /)", M(bytes_methods::rjust), "Return a right-justified copy of length width."}, \
      {"rpartition", "($self, sep, /)", M(bytes_methods::rpartition), "Partition into three parts, searching from the end."},   \
      {"rsplit", "($self, /, sep=None, maxsplit=-1)", M(bytes_methods::rsplit),                                                 \
       "Return a list of the sections, splitting from the end."},                                                               \
      {"rstrip", "($self, bytes=None, /)", M(bytes_methods::rstrip), "Strip trailing bytes contained in the argument."},        \
      {"split", "($self, /, sep=None, maxsplit=-1)", M(bytes_methods::split),                                                   \
       "Return a list of the sections, using sep as the delimiter."},                                                           \
      {"splitlines", "($self, /, keepends=False)", M(bytes_methods::splitlines),                                                \
       "Return a list of the lines, breaking at line boundaries."},                                                             \
      {"startswith", "($self, prefix, start=None, end=None, / )", M(bytes_methods::startswith),                                 \
       "Return True if B starts with the specified prefix (or one of a tuple), False otherwise."},                              \
      {"strip", "($self, bytes=None, /)", M(bytes_methods::strip),                                                              \
       "Strip leading and trailing bytes contained in the argument."},                                                          \
      {"swapcase", "($self, /)", M(bytes_methods::swapcase),                                                                    \
       "Return a copy with upper case ASCII letters in lower case and vice versa."},                                            \
      {"title", "($self, /)", M(bytes_methods::title), "Return a titlecased version of B."},                                    \
      {"translate", "($self, table, /, delete=b'')", M(bytes_methods::translate),                                               \
       "Return a copy with each byte mapped by the given table."},                                                              \
      {"upper", "($self, /)", M(bytes_methods::upper), "Return a copy with all ASCII letters in upper case."},                  \
      {"zfill", "($self, width, /)", M(bytes_methods::zfill),                                                                   \
       "Pad a numeric string with zeros on the left, to fill a field of the given width."}

}  // namespace pt
