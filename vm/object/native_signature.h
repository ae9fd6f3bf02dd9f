#pragma once
// Native signatures: "($self, index=-1, /)" parsed once into what binding needs.
#include <atomic>

#include "vm/object/type.h"

namespace pt {

inline constexpr int kMaxNativeParameters = 24;

enum ParameterKind : uint8_t { kPositionalOnly, kPositionalOrKeyword, kVarPositional, kKeywordOnly, kVarKeyword };

struct NativeSignature {
  // What a call with positional arguments only looks at comes first.
  bool simple = false;        // no *args, no **kwargs, no required keyword-only parameter
  bool has_self = false;      // starts with $self, $module or $type
  uint8_t count = 0;          // parameters, self included when has_self
  uint8_t positional = 0;     // leading positional ones (self included)
  uint8_t required = 0;       // leading positional ones without a default (self included)
  bool var_positional = false, var_keyword = false;
  bool keywords_allowed = false;  // some parameter may be given by name
  bool required_keyword_only = false;
  bool counted_plainly = false;   // ends with "/ )": "f() takes at most 3 arguments" where "f expected" is the rule
  ParameterKind kinds[kMaxNativeParameters];
  bool optional[kMaxNativeParameters];
  Str* names[kMaxNativeParameters];   // the first `count` exist
};

// A signature that is parsed when it is first asked for: most native functions of a process are never called.
class LazySignature {
 public:
  const NativeSignature* get(const char* text) const {
    const NativeSignature* s = cached_.load(std::memory_order_acquire);  // pairs with the release in resolve
    return PT_LIKELY(s != nullptr) ? s : resolve(text);
  }

 private:
  PT_COLD const NativeSignature* resolve(const char* text) const;
  mutable std::atomic<const NativeSignature*> cached_;
};

// Parses and caches (by address of the text) a signature. Never fails for well-formed text; aborts otherwise.
const NativeSignature* native_signature(const char* text);

// The bound parameters, in order. Lives while the call runs.
struct BoundArguments {
  Value values[kMaxNativeParameters];
  Ref<> var_positional, var_keyword;
};
// Fills `out`. `self` is the first parameter when has_self. TypeError with CPython's message, in which some functions have
// their type's or module's name before their own.
bool bind_native(const char* name, const Type* owner, Value module_name, const NativeSignature* signature, Value self,
                 const Args& args, BoundArguments* out);
// For `construct` and `init` slots: parses by the text (without self); out has one Value a parameter. No var-parameters.
bool bind_arguments(const char* name, const char* signature, const Args& args, Value* out);

}  // namespace pt
