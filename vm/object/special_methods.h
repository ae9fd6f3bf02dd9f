#pragma once
// Special methods as functions of Python code, and what their callers make of what they return.
#include "vm/object/type.h"

namespace pt {

struct Function;

// The type's method of that name, where it is a plain function of `count` parameters, or with defaults for further ones if that
// may be; nullptr: anything else. Borrowed: valid as long as the type's version is what it was.
Function* special_method(Type* type, Str* name, uint32_t count, bool defaults = false);
// What len(), bool() and hash() make of what a method returned. -1: an exception.
int64_t length_of_result(Value);
int truth_of_result(Value);
int64_t hash_of_result(Value);
// Whether that is a str, as `method` ("__repr__") is to give; otherwise with a TypeError.
bool check_text(Value, const char* method);
// Whether that is an iterator; otherwise with a TypeError, as iter() words it.
bool check_iterator(Value);

// Whether a class has a __getattr__ but reads attributes as objects do otherwise.
bool has_only_getattr(const Type* type);
// Whether classes of the metatype read attributes as classes do, perhaps with a __getattr__ for those that are not there.
bool reads_as_class(const Type* metatype);

// What a builtin called with one object asks one of its methods for; kMethod: a methodcaller without arguments.
enum class SpecialCall : uint8_t {
  kNone,
  kLength,
  kAbsolute,
  kIterator,
  kNext,
  kHash,
  kTruth,
  kRound,
  kRepr,
  kStr,
  kMethod,
  kConstruct
};
struct SpecialBuiltin {
  SpecialCall what;
  NativeFunction function;
};
inline constexpr int kSpecialBuiltinCount = 7;
extern const SpecialBuiltin kSpecialBuiltins[kSpecialBuiltinCount];   // vm/runtime/builtins.cpp

}  // namespace pt
