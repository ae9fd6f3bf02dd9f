// Arguments to parameters.
#include "gc/platform/memory.h"
#include "vm/interp/frames.h"
#include "vm/types/dict.h"
#include "vm/types/str.h"

namespace pt {

namespace {

Raised too_many_positional(Function* f, const Code* code, uint32_t given, Value* window) {
  Value defaults = f->defaults.peek();
  int64_t default_count = defaults.empty() ? 0 : as_tuple(defaults)->length;
  uint32_t keyword_only_given = 0;
  for (uint32_t i = code->argument_count; i < code->argument_count + code->keyword_only_count; ++i) {
    if (!window[i].empty()) ++keyword_only_given;
  }
  int64_t most = code->argument_count, least = most - default_count;
  bool plural = default_count ? true : most != 1;
  Ref<Str> range = default_count ? str_format("from %ld to %ld", least, most) : str_format("%ld", most);
  if (!range) return {};
  if (keyword_only_given) {
    return raise(exc::TypeError,
                 "%V() takes %U positional argument%s but %ld positional argument%s (and %ld keyword-only "
                 "argument%s) were given",
                 f->qualname.peek(), range.get(), plural ? "s" : "", static_cast<int64_t>(given), given != 1 ? "s" : "",
                 static_cast<int64_t>(keyword_only_given), keyword_only_given != 1 ? "s" : "");
  }
  return raise(exc::TypeError, "%V() takes %U positional argument%s but %ld %s given", f->qualname.peek(), range.get(),
               plural ? "s" : "", static_cast<int64_t>(given), given == 1 ? "was" : "were");
}

// "missing 2 required positional arguments: 'a' and 'b'"
Raised missing_arguments(Function* f, const Code* code, Value* window, uint32_t begin, uint32_t end, const char* kind) {
  uint32_t missing = 0;
  for (uint32_t i = begin; i < end; ++i) missing += window[i].empty();
  StrBuilder text;
  uint32_t seen = 0;
  for (uint32_t i = begin; i < end; ++i) {
    if (!window[i].empty()) continue;
    if (seen) text.append_ascii(seen + 1 < missing ? ", " : missing > 2 ? ", and " : " and ");
    text.append_ascii("'");
    text.append(code->local_names[i]);
    text.append_ascii("'");
    ++seen;
  }
  Ref<Str> list = text.finish();
  if (!list) return {};
  return raise(exc::TypeError, "%V() missing %ld required %s argument%s: %U", f->qualname.peek(), static_cast<int64_t>(missing),
               kind, missing == 1 ? "" : "s", list.get());
}

// The parameter named `key`, or -1.
int64_t find_parameter(const Code* code, Str* key, uint32_t begin, uint32_t end) {
  for (uint32_t i = begin; i < end; ++i) {
    if (code->local_names[i] == key) return i;
  }
  for (uint32_t i = begin; i < end; ++i) {
    if (str_equal(code->local_names[i], key)) return i;
  }
  return -1;
}

Raised positional_only_by_name(Function* f, const Code* code, Tuple* names) {
  StrBuilder text;
  bool first = true;
  for (uint32_t i = 0; i < code->positional_only_count; ++i) {
    for (int64_t k = 0; k < names->length; ++k) {
      if (!str_equal(code->local_names[i], as_str(names->at(k)))) continue;
      if (!first) text.append_ascii(", ");
      first = false;
      text.append(code->local_names[i]);
    }
  }
  Ref<Str> list = text.finish();
  if (!list || list->length == 0) return {};
  return raise(exc::TypeError, "%V() got some positional-only arguments passed as keyword arguments: '%U'", f->qualname.peek(),
               list.get());
}

// Values taken out of a window, to be released when nothing lies there any more: what their destructors run may use that
// memory, as no record holds it yet.
class TakenValues {
 public:
  TakenValues() = default;
  ~TakenValues() {
    for (uint32_t i = 0; i < count_; ++i) release(values_[i]);
    if (values_ != reinterpret_cast<Value*>(inline_)) memory::release(values_);
  }
  TakenValues(const TakenValues&) = delete;
  TakenValues& operator=(const TakenValues&) = delete;
  [[nodiscard]] bool take(Value* from, uint32_t count) {
    if (PT_UNLIKELY(count > kInline)) {
      auto* values = static_cast<Value*>(memory::allocate(count * sizeof(Value)));
      if (!values) return raise_no_memory();
      values_ = values;
    }
    for (uint32_t i = 0; i < count; ++i) {
      values_[i] = from[i];
      from[i] = Value();
    }
    count_ = count;
    return true;
  }
  Value& operator[](uint32_t i) { return values_[i]; }

 private:
  static constexpr uint32_t kInline = 16;
  uint64_t inline_[kInline];
  Value* values_ = reinterpret_cast<Value*>(inline_);
  uint32_t count_ = 0;
};

// Of a call that is refused.
void drop_window(Value* window, uint32_t count) {
  TakenValues taken;
  if (PT_LIKELY(taken.take(window, count))) return;
  for (uint32_t i = 0; i < count; ++i) {
    Value v = window[i];
    window[i] = Value();
    release(v);
  }
}

// Each value given by name to its parameter, or into the dict of **kwargs.
bool bind_names(Function* f, const Code* code, Value* window, TakenValues* values, Tuple* names) {
  uint32_t parameters = code->argument_count + code->keyword_only_count;
  Dict* extra = nullptr;
  if (code->flags & kCodeFlagVarKeywords) extra = as_dict(window[code->parameter_count - 1]);
  for (uint32_t k = 0; k < names->length; ++k) {
    Value key = names->at(k);
    if (!is_str(key)) return raise(exc::TypeError, "%V() keywords must be strings", f->qualname.peek());
    Value& value = (*values)[k];
    int64_t at = find_parameter(code, as_str(key), code->positional_only_count, parameters);
    if (at >= 0) {
      if (!window[at].empty()) {
        return raise(exc::TypeError, "%V() got multiple values for argument '%V'", f->qualname.peek(), key);
      }
      window[at] = value;
      value = Value();
    } else if (extra) {
      if (!dict_set(extra, key, value)) return false;
    } else {
      if (code->positional_only_count) {
        positional_only_by_name(f, code, names);
        if (error_pending()) return false;
      }
      return raise(exc::TypeError, "%V() got an unexpected keyword argument '%V'", f->qualname.peek(), key);
    }
  }
  return true;
}
// What no argument was given for gets its default.
bool bind_defaults(Function* f, const Code* code, Value* window, uint32_t positional) {
  Ref<> defaults = f->defaults.load(f);
  auto default_count = defaults ? static_cast<uint32_t>(as_tuple(defaults.value())->length) : 0u;
  uint32_t required = default_count < code->argument_count ? code->argument_count - default_count : 0;
  for (uint32_t i = positional; i < required; ++i) {
    if (PT_UNLIKELY(window[i].empty())) {
      return code_ensure_body(code) && missing_arguments(f, code, window, 0, required, "positional");
    }
  }
  for (uint32_t i = positional > required ? positional : required; i < code->argument_count; ++i) {
    if (!window[i].empty()) continue;
    int64_t d = static_cast<int64_t>(i) - (static_cast<int64_t>(code->argument_count) - default_count);
    window[i] = register_copy(as_tuple(defaults.value())->at(d));
  }
  return true;
}
bool bind_keyword_defaults(Function* f, const Code* code, Value* window) {
  Ref<> defaults = f->keyword_defaults.load(f);
  uint32_t end = code->argument_count + code->keyword_only_count;
  bool missing = false;
  for (uint32_t i = code->argument_count; i < end; ++i) {
    if (!window[i].empty()) continue;
    if (defaults) {
      Ref<> v;
      if (is_dict(defaults.value())) {
        v = dict_get_str(as_dict(defaults.value()), code->local_names[i]);
      } else if (int64_t at = find_keyword_default(as_tuple(defaults.value()), code->local_names[i]); at >= 0) {
        v = Ref<>::retain(as_tuple(defaults.value())->at(at));
      }
      if (v) {
        window[i] = v.take();
        continue;
      }
      if (error_pending()) return false;
    }
    missing = true;
  }
  return !missing || missing_arguments(f, code, window, code->argument_count, end, "keyword-only");
}

// The values lie at window[0..count), the last of them named. What finds no parameter goes to `taken`.
struct Taken {
  TakenValues named, extra;
};
bool bind_in_place(Function* f, const Code* code, Value* window, uint32_t count, Tuple* names, Taken* taken) {
  auto named = names ? static_cast<uint32_t>(names->length) : 0u;
  uint32_t positional = count - named;
  uint32_t direct = positional < code->argument_count ? positional : code->argument_count;
  if (!code_ensure_body(code)) return false;
  if (names && PT_UNLIKELY(!taken->named.take(window + positional, named))) return false;
  Ref<Tuple> rest;
  if (code->flags & kCodeFlagVarArgs) {
    rest = tuple_allocate(positional - direct);
    if (PT_UNLIKELY(!rest)) return false;
    for (uint32_t i = direct; i < positional; ++i) {
      rest->items[i - direct].init(Ref<>::steal(promote(window[i])));
      window[i] = Value();
    }
  } else if (PT_UNLIKELY(positional > direct) && !taken->extra.take(window + direct, positional - direct)) {
    return false;
  }
  for (uint32_t i = direct; i < code->parameter_count; ++i) window[i] = Value();
  uint32_t next = code->argument_count + code->keyword_only_count;
  if (rest) window[next++] = Value::object(rest.take());
  if (code->flags & kCodeFlagVarKeywords) {
    Ref<Dict> dict = dict_new();
    if (PT_UNLIKELY(!dict)) return false;
    window[next] = Value::object(dict.take());
  }
  if (names && !bind_names(f, code, window, &taken->named, names)) return false;
  if (PT_UNLIKELY(positional > direct) && !(code->flags & kCodeFlagVarArgs)) {
    return too_many_positional(f, code, positional, window);
  }
  if (positional < code->argument_count && !bind_defaults(f, code, window, positional)) return false;
  return !code->keyword_only_count || bind_keyword_defaults(f, code, window);
}
bool bind_any(Function* f, const Code* code, Value* window, uint32_t count, Tuple* names) {
  Taken taken;
  if (PT_LIKELY(bind_in_place(f, code, window, count, names, &taken))) return true;
  drop_window(window, count > code->parameter_count ? count : code->parameter_count);
  return false;
}

}  // namespace

namespace {
PT_INLINE bool fill_defaults(Value defaults, const Code* code, Value* window, uint32_t count) {
  uint32_t missing = code->argument_count - count;
  if (PT_UNLIKELY(defaults.empty() || missing > static_cast<uint64_t>(as_tuple(defaults)->length))) return false;
  const Field* from = as_tuple(defaults)->items + as_tuple(defaults)->length;
  for (Value* to = window + code->argument_count; missing != 0; --missing) *--to = register_copy((--from)->peek());
  return true;
}
}  // namespace
bool bind_positional_defaults(Function* function, const Code* code, Value* window, uint32_t count) {
  if (PT_UNLIKELY(count > code->argument_count)) return false;
  if (PT_LIKELY(!multithreaded())) return fill_defaults(function->defaults.peek(), code, window, count);
  Ref<> defaults = function->defaults.load(function);
  return fill_defaults(defaults.value(), code, window, count);
}
bool bind_frame(Thread* thread, Function* function, Value* window, Value* values, uint32_t count, Tuple* names) {
  const Code* code = function->code();
  if (PT_UNLIKELY(window + code->register_count + count + 64 > thread->stack_limit)) {
    for (uint32_t i = 0; i < count; ++i) {
      Value v = values[i];
      values[i] = Value();
      release(v);
    }
    return raise(exc::RecursionError, "maximum recursion depth exceeded");
  }
  if (values != window) {
    for (uint32_t i = 0; i < count; ++i) {
      window[i] = values[i];
      values[i] = Value();
    }
  }
  bool plain = !names && count <= code->argument_count && !code->keyword_only_count &&
               !(code->flags & (kCodeFlagVarArgs | kCodeFlagVarKeywords));
  if (PT_UNLIKELY(!plain)) return bind_any(function, code, window, count, names);
  if (PT_LIKELY(bind_positional_defaults(function, code, window, count))) return true;
  for (uint32_t i = count; i < code->parameter_count; ++i) window[i] = Value();
  if (PT_LIKELY(bind_defaults(function, code, window, count))) return true;
  drop_window(window, code->parameter_count);
  return false;
}

}  // namespace pt
