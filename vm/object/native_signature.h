#pragma once
// Native signatures: "($self, index=-1, /)" parsed once into what binding needs.
#include "vm/object/type.h"

namespace pt {

inline constexpr int kMaxNativeParameters = 24;

enum ParameterKind : uint8_t { kPositionalOnly, kPositionalOrKeyword, kVarPositional, kKeywordOnly, kVarKeyword };

struct NativeSignature {
  Str* names[kMaxNativeParameters];
  ParameterKind kinds[kMaxNativeParameters];
  bool optional[kMaxNativeParameters];
  uint8_t count = 0;          // parameters, self included when has_self
  uint8_t positional = 0;     // leading positional ones (self included)
  uint8_t required = 0;       // leading positional ones without a default (self included)
  bool has_self = false;      // starts with $self, $module or $type
  bool var_positional = false, var_keyword = false;
  bool keywords_allowed = false;  // some parameter may be given by name
  bool required_keyword_only = false;
};

// Parses and caches (by address of the text) a signature. Never fails for well-formed text; aborts otherwise.
const NativeSignature* native_signature(const char* text);

// The bound parameters, in order. Lives while the call runs.
struct BoundArguments {
  Value values[kMaxNativeParameters];
  Ref<> var_positional, var_keyword;
};
// Fills `out`. `self` is the first parameter when has_self. TypeError with CPython's message.
bool bind_native(const char* name, const Type* owner, const NativeSignature* signature, Value self, const Args& args,
                 BoundArguments* out);
// For `construct` and `init` slots: parses by the text (without self); out has one Value a parameter. No var-parameters.
bool bind_arguments(const char* name, const char* signature, const Args& args, Value* out);

}  // namespace pt
