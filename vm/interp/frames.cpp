#include "vm/interp/frames.h"

#include "gc/platform/memory.h"
#include "vm/interp/generator_frames.h"
#include "vm/interp/hot_loop.h"
#include "vm/interp/trace.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/types/dict.h"
#include "vm/types/frame.h"
#include "vm/types/generator.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

namespace pt {

constinit void (*g_abandon_recording)() = nullptr;

CallRecord* push_code_record(Thread* thread, Code* code, Dict* globals, Value locals, Function* function, Value* window) {
  CallRecord* record = thread->record + 1;
  if (PT_UNLIKELY(record >= thread->record_limit)) {
    // Room for the handling itself.
    CallRecord* limit = thread->record_limit;
    if (record < limit + kRecordReserve) {
      thread->record_limit = limit + kRecordReserve;
      raise(exc::RecursionError, "maximum recursion depth exceeded");
      thread->record_limit = limit;
    }
    return nullptr;
  }
  if (PT_UNLIKELY(window + code->register_count + 8 > thread->stack_limit)) {
    raise(exc::RecursionError, "maximum recursion depth exceeded");
    return nullptr;
  }
  record->code = code;
  record->function = function;
  record->registers = window;
  record->pc = code->words;
  record->globals = globals;
  record->locals = locals;
  record->frame_object = nullptr;
  record->generator = nullptr;
  record->pushed = nullptr;
  record->flags = 0;
  record->result_register = 0;
  thread->record = record;
  return record;
}

CallRecord* push_record(Thread* thread, Function* function, Value* window) {
  return push_code_record(thread, function->code(), function->globals(), Value(), function, window);
}

void pop_record(Thread* thread) {
  CallRecord* record = thread->record;
  if (PT_UNLIKELY(record->frame_object != nullptr)) frame_detach(record);
  record->flags |= kRecordLeaving;
  Value* registers = record->registers;
  uint32_t count = record->code->register_count;
  // Destructors may run Python code above this frame's registers: the record goes last.
  for (uint32_t i = 0; i < count; ++i) {
    Value v = registers[i];
    registers[i] = Value();
    release(v);
  }
  thread->record = record - 1;
}

// ---- argument binding ------------------------------------------------------------------------------------------------------

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

bool bind_values(Function* f, const Code* code, Value* window, Value* values, uint32_t count, Tuple* names) {
  if (!code_ensure_body(code)) return false;
  auto keywords = names ? static_cast<uint32_t>(names->length) : 0u;
  uint32_t positional = count - keywords;
  uint32_t named = code->argument_count + code->keyword_only_count;
  uint32_t direct = positional < code->argument_count ? positional : code->argument_count;
  for (uint32_t i = 0; i < direct; ++i) {
    window[i] = values[i];
    values[i] = Value();
  }
  uint32_t next = named;
  if (code->flags & kCodeFlagVarArgs) {
    Ref<Tuple> rest = tuple_from(values + direct, positional - direct);
    if (!rest) return false;
    window[next++] = Value::object(rest.take());
  }
  Dict* extra = nullptr;
  if (code->flags & kCodeFlagVarKeywords) {
    Ref<Dict> dict = dict_new();
    if (!dict) return false;
    extra = dict.get();
    window[next] = Value::object(dict.take());
  }
  for (uint32_t k = 0; k < keywords; ++k) {
    Value key = names->at(k);
    if (!is_str(key)) return raise(exc::TypeError, "%V() keywords must be strings", f->qualname.peek());
    Value& value = values[positional + k];
    int64_t at = find_parameter(code, as_str(key), code->positional_only_count, named);
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
  if (positional > code->argument_count && !(code->flags & kCodeFlagVarArgs)) {
    return too_many_positional(f, code, positional, window);
  }
  if (positional < code->argument_count) {
    Ref<> defaults = f->defaults.load(f);
    auto default_count = defaults ? static_cast<uint32_t>(as_tuple(defaults.value())->length) : 0u;
    uint32_t required = default_count < code->argument_count ? code->argument_count - default_count : 0;
    for (uint32_t i = positional; i < required; ++i) {
      if (window[i].empty()) return missing_arguments(f, code, window, 0, required, "positional");
    }
    for (uint32_t i = positional > required ? positional : required; i < code->argument_count; ++i) {
      if (window[i].empty()) {
        int64_t d = static_cast<int64_t>(i) - (static_cast<int64_t>(code->argument_count) - default_count);
        window[i] = Ref<>::retain(as_tuple(defaults.value())->at(d)).take();
      }
    }
  }
  if (code->keyword_only_count) {
    Ref<> defaults = f->keyword_defaults.load(f);
    bool missing = false;
    for (uint32_t i = code->argument_count; i < named; ++i) {
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
    if (missing) return missing_arguments(f, code, window, code->argument_count, named, "keyword-only");
  }
  return true;
}

}  // namespace

bool bind_frame(Thread* thread, Function* function, Value* window, Value* values, uint32_t count, Tuple* names) {
  const Code* code = function->code();
  if (PT_UNLIKELY(window + code->register_count + count + 64 > thread->stack_limit)) {
    for (uint32_t i = 0; i < count; ++i) release(values[i]);
    return raise(exc::RecursionError, "maximum recursion depth exceeded");
  }
  // The values move out of the window's way first.
  Value inline_copy[16];
  Value* copy = inline_copy;
  if (count > 16) {
    copy = static_cast<Value*>(memory::allocate(count * sizeof(Value)));
    if (!copy) {
      for (uint32_t i = 0; i < count; ++i) release(values[i]);
      return raise_no_memory();
    }
  }
  for (uint32_t i = 0; i < count; ++i) {
    copy[i] = values[i];
    values[i] = Value();
  }
  for (uint32_t i = 0; i < code->parameter_count; ++i) window[i] = Value();
  bool ok = bind_values(function, code, window, copy, count, names);
  for (uint32_t i = 0; i < count; ++i) release(copy[i]);
  if (copy != inline_copy) memory::release(copy);
  if (!ok) {
    for (uint32_t i = 0; i < code->parameter_count; ++i) {
      Value v = window[i];
      window[i] = Value();
      release(v);
    }
  }
  return ok;
}

// ---- entering from native code ---------------------------------------------------------------------------------------------

Ref<> run_record(Thread* thread) {
  CallRecord* record = thread->record;
  InterpreterEntry entry;
  record->flags |= kRecordEntry;
  if (PT_UNLIKELY(!native_stack_ok())) {
    pop_record(thread);
    return Ref<>();
  }
  const uint64_t* pc = record->pc;
  uint64_t word = load_word(pc);
  const Dispatch* dispatch = active_dispatch(thread);
  uint64_t bits = dispatch->handlers[word & 0xFFFF](thread, record->registers, pc, record->code->constants_end, dispatch, word);
  if (PT_UNLIKELY(tracing(thread))) trace_remind(thread);
  return Ref<>::steal(promote(Value::from_bits(bits)));
}

Ref<> call_function(Value callable, const Args& args) {
  Thread* thread = current_thread();
  Function* function = as_function(callable);
  const Code* code = function->code();
  // [-1] of the window keeps the function, as for calls between Python functions.
  Value* base = stack_top(thread);
  Value* window = base + 1;
  uint32_t total = args.total();
  if (PT_LIKELY(code->simple_call && !args.names && total == code->argument_count)) {
    if (PT_UNLIKELY(window + code->register_count + 8 > thread->stack_limit)) {
      return raise(exc::RecursionError, "maximum recursion depth exceeded");
    }
    for (uint32_t i = 0; i < total; ++i) window[i] = args.values[i].as_borrowed();
  } else {
    Value inline_copy[16];
    Value* copy = inline_copy;
    if (total > 16 && !(copy = static_cast<Value*>(memory::allocate(total * sizeof(Value))))) return raise_no_memory();
    for (uint32_t i = 0; i < total; ++i) copy[i] = args.values[i].as_borrowed();
    bool ok = bind_frame(thread, function, window, copy, total, args.names);
    if (copy != inline_copy) memory::release(copy);
    if (!ok) return Ref<>();
  }
  clear_locals(function, code, window);
  base[0] = callable.as_borrowed();
  if (!push_record(thread, function, window)) {
    for (uint32_t i = 0; i < code->local_end; ++i) {
      Value v = window[i];
      window[i] = Value();
      release(v);
    }
    base[0] = Value();
    return Ref<>();
  }
  return run_record(thread);
}

Ref<> run_code(Code* code, Dict* globals, Value locals, Value closure) {
  Thread* thread = current_thread();
  Value* base = stack_top(thread);
  Value* window = base + 1;
  if (PT_UNLIKELY(window + code->register_count + 8 > thread->stack_limit)) {
    return raise(exc::RecursionError, "maximum recursion depth exceeded");
  }
  // A function gives the frame its builtins and keeps code and closure.
  Ref<> function = function_new(code, globals, nullptr);
  if (!function) return Ref<>();
  if (!closure.empty()) as_function(function.value())->closure.init(Ref<>::retain(closure));
  for (uint32_t i = 0; i < code->parameter_count; ++i) window[i] = Value();
  clear_locals(as_function(function.value()), code, window);
  base[0] = function.value().as_borrowed();
  Value mapping = locals.empty() && !(code->flags & kCodeFlagNewLocals) ? Value::object(globals) : locals;
  if (!push_code_record(thread, code, globals, mapping, as_function(function.value()), window)) {
    base[0] = Value();
    return Ref<>();
  }
  return run_record(thread);
}

}  // namespace pt
