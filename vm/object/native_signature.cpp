#include "vm/object/native_signature.h"

#include <cstring>
#include <string_view>

#include "gc/platform/reserve.h"
#include "vm/object/error.h"
#include "vm/object/native.h"
#include "vm/types/dict.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

NativeSignature* parse_signature(const char* text) {
  NativeSignature whole = {};
  NativeSignature* signature = &whole;
  std::string_view rest(text);
  PT_CHECK(rest.size() >= 2 && rest.front() == '(');
  rest.remove_prefix(1);
  signature->counted_plainly = rest.ends_with("/ )");
  bool keyword_only = false;
  bool default_seen = false;
  while (!rest.empty() && rest.front() != ')') {
    // One parameter, up to a comma outside brackets and quotes.
    size_t end = 0;
    int depth = 0;
    char quote = 0;
    for (; end < rest.size(); ++end) {
      char c = rest[end];
      if (quote) {
        if (c == quote) quote = 0;
      } else if (c == '\'' || c == '"') {
        quote = c;
      } else if (c == '(' || c == '[' || c == '{') {
        ++depth;
      } else if (depth == 0 && (c == ',' || c == ')')) {
        break;
      } else if (c == ')' || c == ']' || c == '}') {
        --depth;
      }
    }
    std::string_view item = rest.substr(0, end);
    rest.remove_prefix(end < rest.size() && rest[end] == ',' ? end + 1 : end);
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    if (item == "/") {
      for (int i = 0; i < signature->count; ++i) signature->kinds[i] = kPositionalOnly;
      continue;
    }
    if (item == "*") {
      keyword_only = true;
      continue;
    }
    int i = signature->count++;
    PT_CHECK(i < kMaxNativeParameters);
    size_t equals = item.find('=');
    std::string_view name = item.substr(0, equals);
    size_t colon = name.find(':');
    if (colon != std::string_view::npos) name = name.substr(0, colon);
    signature->optional[i] = equals != std::string_view::npos;
    if (name.starts_with("**")) {
      signature->kinds[i] = kVarKeyword;
      signature->var_keyword = true;
      name.remove_prefix(2);
    } else if (name.starts_with("*")) {
      signature->kinds[i] = kVarPositional;
      signature->var_positional = true;
      keyword_only = true;
      name.remove_prefix(1);
    } else if (name.starts_with("$")) {
      signature->has_self = true;
      signature->kinds[i] = kPositionalOnly;
      name.remove_prefix(1);
    } else {
      signature->kinds[i] = keyword_only ? kKeywordOnly : kPositionalOrKeyword;
    }
    if (!keyword_only) {
      signature->positional = signature->count;
      if (signature->optional[i]) default_seen = true;
      if (!default_seen) signature->required = signature->count;
    } else if (signature->kinds[i] == kKeywordOnly && !signature->optional[i]) {
      signature->required_keyword_only = true;
    }
    char buffer[64];
    PT_CHECK(name.size() < sizeof(buffer));
    std::memcpy(buffer, name.data(), name.size());
    buffer[name.size()] = 0;
    signature->names[i] = intern(buffer);
  }
  for (int i = 0; i < signature->count; ++i) {
    if (signature->kinds[i] == kPositionalOrKeyword || signature->kinds[i] == kKeywordOnly) {
      signature->keywords_allowed = true;
    }
  }
  signature->simple = !signature->var_positional && !signature->var_keyword && !signature->required_keyword_only;
  size_t bytes = offsetof(NativeSignature, names) + (signature->count + 1u) * sizeof(Str*);
  void* kept = memory::allocate_permanent(bytes);
  std::memcpy(kept, signature, bytes < sizeof whole ? bytes : sizeof whole);
  return static_cast<NativeSignature*>(kept);
}

struct CacheEntry {
  std::atomic<const char*> text;
  std::atomic<const NativeSignature*> signature;
};
constexpr uint32_t kCacheSize = 1u << 12;
constinit CacheEntry g_cache[kCacheSize] = {};

struct CallName {
  const char* name;
  const Type* owner;
  Value module;  // of a module's function: its name, or empty
  const char* brackets = "()";
};
// "list.append", "math.sin", "len" for messages that CPython qualifies.
Ref<Str> qualified(const CallName& call) {
  if (!call.owner && !call.module.empty() && is_str(call.module) && !as_str(call.module)->equals_ascii("builtins")) {
    return str_format("%V.%s", call.module, call.name);
  }
  if (!call.owner) return str_format("%s", call.name);
  return str_format("%N.%s", call.owner, call.name);
}

Raised wrong_count(const CallName& call, const NativeSignature* s, int64_t given) {
  int self = s->has_self;
  int64_t maximum = s->positional - self;
  int64_t minimum = s->required - self;
  if (s->counted_plainly) {
    const char* bound = minimum == maximum ? "exactly" : given < minimum ? "at least" : "at most";
    int64_t limit = given < minimum ? minimum : maximum;
    return raise(exc::TypeError, "%s%s takes %s %ld argument%s (%ld given)", call.name, call.brackets, bound, limit,
                 limit == 1 ? "" : "s", given);
  }
  if (!s->keywords_allowed) {
    if (maximum == 0 && !s->var_positional) {
      return raise(exc::TypeError, "%U() takes no arguments (%ld given)", qualified(call).get(), given);
    }
    if (maximum == 1 && minimum == 1 && !s->var_positional) {
      return raise(exc::TypeError, "%U() takes exactly one argument (%ld given)", qualified(call).get(), given);
    }
    const char* bound = minimum == maximum && !s->var_positional ? "" : given < minimum ? "at least " : "at most ";
    int64_t limit = given < minimum ? minimum : maximum;
    return raise(exc::TypeError, "%s expected %s%ld argument%s, got %ld", call.name, bound, limit, limit == 1 ? "" : "s", given);
  }
  if (given > maximum) {
    bool any_keyword_only = false;
    for (int i = 0; i < s->count; ++i) any_keyword_only |= s->kinds[i] == kKeywordOnly;
    if (maximum == 0) return raise(exc::TypeError, "%s%s takes no positional arguments", call.name, call.brackets);
    return raise(exc::TypeError, "%s%s takes %s %ld %sargument%s (%ld given)", call.name, call.brackets,
                 minimum == maximum ? "exactly" : "at most", maximum, any_keyword_only ? "positional " : "",
                 maximum == 1 ? "" : "s", given);
  }
  return {};
}

bool bind(const CallName& call, const NativeSignature* s, Value self, const Args& args, Value* out, Ref<>* var_positional,
          Ref<>* var_keyword) {
  int offset = 0;
  if (s->has_self) out[offset++] = self;
  auto capacity = static_cast<uint32_t>(s->positional - offset);
  uint32_t keywords = args.names ? args.keyword_count() : 0;
  if (keywords && !s->keywords_allowed && !s->var_keyword) {
    return raise(exc::TypeError, "%U() takes no keyword arguments", qualified(call).get());
  }
  if (args.count > capacity && !s->var_positional) return wrong_count(call, s, args.count + (s->keywords_allowed ? keywords : 0));
  if (PT_UNLIKELY(keywords > 1) && !s->var_keyword && (!s->var_positional || capacity == 0)) {
    // More than there are parameters, or parameters with names beside *args: said before any name is looked at.
    uint32_t limit = capacity;
    bool optional = s->required < s->positional;
    for (int i = s->positional; i < s->count; ++i) {
      if (s->kinds[i] != kKeywordOnly) continue;
      ++limit;
      optional |= s->optional[i];
    }
    uint32_t given = keywords + (s->var_positional ? 0 : args.count);
    if (given > limit) {
      return raise(exc::TypeError, "%s%s takes %s %d %sargument%s (%d given)", call.name, call.brackets,
                   optional ? "at most" : "exactly", static_cast<int>(limit), given == keywords ? "keyword " : "",
                   limit == 1 ? "" : "s", static_cast<int>(given));
    }
  }
  uint32_t direct = args.count < capacity ? args.count : capacity;
  for (uint32_t i = 0; i < direct; ++i) out[offset + static_cast<int>(i)] = args.values[i];
  for (int i = offset + static_cast<int>(direct); i < s->count; ++i) out[i] = Value();
  int var_keyword_index = -1;
  for (int i = 0; i < s->count; ++i) {
    if (s->kinds[i] == kVarPositional) {
      *var_positional = tuple_from(args.values + direct, args.count - direct);
      if (!*var_positional) return false;
      out[i] = var_positional->value();
    } else if (s->kinds[i] == kVarKeyword) {
      var_keyword_index = i;
    }
  }
  Dict* extra = nullptr;
  if (var_keyword_index >= 0) {
    Ref<Dict> dict = dict_new();
    if (!dict) return false;
    extra = dict.get();
    out[var_keyword_index] = dict.value();
    *var_keyword = std::move(dict);
  }
  for (uint32_t k = 0; k < keywords; ++k) {
    Str* key = as_str(args.names->at(k));
    Value value = args.values[args.count + k];
    int found = -1;
    for (int i = offset; i < s->count && found < 0; ++i) {
      if ((s->kinds[i] == kPositionalOrKeyword || s->kinds[i] == kKeywordOnly) &&
          (s->names[i] == key || str_equal(s->names[i], key))) {
        found = i;
      }
    }
    if (found < 0) {
      if (!extra) {
        return raise(exc::TypeError, "'%U' is an invalid keyword argument for %s%s%s", key, *call.brackets ? "" : "this ",
                     call.name, call.brackets);
      }
      if (!dict_set_str(extra, key, value)) return false;
      continue;
    }
    if (!out[found].empty()) {
      return raise(exc::TypeError, "argument for %s%s given by name ('%U') and position (%d)", call.name, call.brackets, key,
                   found - offset + 1);
    }
    out[found] = value;
  }
  for (int i = offset; i < s->count; ++i) {
    if (!out[i].empty() || s->optional[i] || s->kinds[i] == kVarKeyword || s->kinds[i] == kVarPositional) continue;
    if (i >= s->required && s->kinds[i] != kKeywordOnly) continue;
    if (!s->keywords_allowed) return wrong_count(call, s, args.count);
    if (s->kinds[i] == kPositionalOnly)
      return wrong_count(call, s, args.count),
             raise(exc::TypeError, "%s%s takes %s %d positional argument%s (%d given)", call.name, call.brackets,
                   s->required == s->positional ? "exactly" : "at least", s->required - offset,
                   s->required - offset == 1 ? "" : "s", static_cast<int>(args.count));
    if (s->kinds[i] == kKeywordOnly) {
      return raise(exc::TypeError, "%s%s missing required keyword-only argument: '%U'", call.name, call.brackets, s->names[i]);
    }
    return raise(exc::TypeError, "%s%s missing required argument '%U' (pos %d)", call.name, call.brackets, s->names[i],
                 i - offset + 1);
  }
  return true;
}

}  // namespace

const NativeSignature* LazySignature::resolve(const char* text) const {
  const NativeSignature* s = native_signature(text);
  cached_.store(s, std::memory_order_release);
  return s;
}

const NativeSignature* native_signature(const char* text) {
  auto at = static_cast<uint32_t>((reinterpret_cast<uintptr_t>(text) * 0x9E3779B97F4A7C15u) >> 40) & (kCacheSize - 1);
  for (uint32_t probes = 0; probes < kCacheSize; ++probes, at = (at + 1) & (kCacheSize - 1)) {
    CacheEntry& entry = g_cache[at];
    const char* seen = entry.text.load(std::memory_order_acquire);
    if (!seen) {
      if (!entry.text.compare_exchange_strong(seen, text, std::memory_order_acq_rel)) {
        if (seen != text) continue;
      }
    } else if (seen != text) {
      continue;
    }
    const NativeSignature* signature = entry.signature.load(std::memory_order_acquire);
    if (signature) return signature;
    const NativeSignature* parsed = parse_signature(text);
    // Two threads may parse the same text once each; the first stays.
    if (entry.signature.compare_exchange_strong(signature, parsed, std::memory_order_acq_rel)) return parsed;
    memory::release_permanent(const_cast<NativeSignature*>(parsed));
    return signature;
  }
  return parse_signature(text);
}

bool bind_native(const char* name, const Type* owner, Value module_name, const NativeSignature* signature, Value self,
                 const Args& args, BoundArguments* out) {
  return bind({name, owner, module_name}, signature, self, args, out->values, &out->var_positional, &out->var_keyword);
}

bool bind_arguments(const char* name, const char* text, const Args& args, Value* out) {
  const NativeSignature* signature = native_signature(text);
  PT_ASSERT(!signature->var_positional && !signature->var_keyword && !signature->has_self);
  if (!name && args.total() > signature->count) {
    // Those that CPython parses without a name are parsed in its older way.
    return raise(exc::TypeError, "function takes at most %d %sargument%s (%d given)", signature->count,
                 args.count ? "" : "keyword ", signature->count == 1 ? "" : "s", static_cast<int>(args.total()));
  }
  return bind({name ? name : "function", nullptr, Value(), name ? "()" : ""}, signature, Value(), args, out, nullptr, nullptr);
}

bool no_arguments(const char* name, const Args& args) {
  if (args.total() == 0) return true;
  return raise(exc::TypeError, "%s() takes no arguments", name);
}

uint32_t Args::keyword_count() const { return names ? static_cast<uint32_t>(names->length) : 0; }

}  // namespace pt
