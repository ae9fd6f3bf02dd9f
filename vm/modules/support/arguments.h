#pragma once
// What the modules around the operating system share: argument conversions, paths, and system calls that follow PEP 475.
#include "gc/platform/futex.h"
#include <cerrno>
#include <cstdint>
#include <initializer_list>

#include "gc/sync/mutator.h"
#include "vm/object/error.h"
#include "vm/object/native.h"
#include "vm/types/bytes.h"
#include "vm/types/str.h"

namespace pt {

// C integer ranges, with CPython's OverflowError texts. Missing (empty) values leave *out alone.
bool to_cint(Value v, int* out);
bool to_cuint(Value v, unsigned* out);
// The same as to_cint for a value that is there, with the texts of CPython's argument parser ("signed integer is greater than
// maximum").
bool to_int_argument(Value v, int* out);
bool to_clong(Value v, int64_t* out);
bool to_culong(Value v, uint64_t* out);   // no sign check beyond CPython's 'can't convert negative int to unsigned'
// A truth value with a default for the missing argument.
bool to_flag(Value v, bool* out);
// A descriptor: an int or an object with fileno().
bool to_descriptor(Value v, int* out);
// str argument: TypeError "function() argument N must be str, not T".
Str* to_str_argument(Value v, const char* function, const char* what);

// str, bytes or os.PathLike as str or bytes (os.fspath).
Ref<> fspath(Value path);
// The bytes of a path in the file system's encoding: a bytes object (os.fsencode). ValueError on an embedded null.
Ref<Bytes> fs_encode(Value path);
// A str of what the system gave.
Ref<Str> fs_decode(std::string_view bytes);

// An argument that names a file.
class PathArgument {
 public:
  enum Options { kPlain = 0, kNullable = 1, kDescriptor = 2 };
  // `function` and `name` are for messages. With kNullable, None and a missing value give ".".
  bool convert(Value v, const char* function, const char* name = "path", int options = kPlain);
  const char* c_str() const { return text_; }
  std::string_view view() const { return {text_, size_}; }
  int descriptor() const { return descriptor_; }     // what an int said; see is_descriptor()
  bool is_descriptor() const { return is_descriptor_; }
  bool is_bytes() const { return is_bytes_; }
  bool is_default() const { return is_default_; }
  Value object() const { return object_.value(); }   // for OSError.filename
  // A str or bytes object like the argument.
  Ref<> result(std::string_view text) const;

 private:
  Ref<> object_;
  Ref<Bytes> bytes_;
  const char* text_ = ".";
  size_t size_ = 1;
  int descriptor_ = -1;
  bool is_bytes_ = false, is_default_ = false, is_descriptor_ = false;
};

// OSError from errno, unless an exception is pending already (a signal handler's).
Raised raise_os_error(Value filename = Value(), Value filename2 = Value());

// Runs the Python signal handlers that wait for this thread (main thread only). False with an exception pending.
bool run_signal_handlers();

// Runs a system call detached; repeats it after EINTR as long as signal handlers do not raise. A negative result means
// errno, or a pending exception.
template <class F>
auto blocking(F&& f) {
  for (;;) {
    decltype(f()) result;
    {
      DetachedToWait detached;
      errno = 0;
      result = f();
    }
    if (result >= 0 || errno != EINTR) return result;
    if (!run_signal_handlers()) {
      errno = EINTR;
      return result;
    }
  }
}
// The same without detaching, for calls that do not block.
template <class F>
auto retrying(F&& f) {
  for (;;) {
    auto result = f();
    if (result >= 0 || errno != EINTR) return result;
    if (!run_signal_handlers()) {
      errno = EINTR;
      return result;
    }
  }
}

// Integer constants of a module.
struct IntConstant {
  const char* name;
  int64_t value;
};

// callable(*values, **{names: the last values}).
Ref<> call_keywords(Value callable, std::initializer_list<Value> values, std::initializer_list<const char*> names);

struct Module;
bool module_add_ints(Module* module, const IntConstant* constants);  // ends with an entry without a name
// A new exception class "module.Name" with the given base, or tuple of bases.
Ref<> make_exception_class(const char* qualified_name, Value base, const char* doc = nullptr);

}  // namespace pt
