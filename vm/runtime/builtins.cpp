// The builtin functions.
#include "vm/modules/support/line_editor.h"
#include "vm/modules/ast/tree.h"
#include "vm/runtime/builtins.h"

#include <optional>

#include "vm/compile/code_unit.h"
#include "vm/interp/frames.h"
#include "vm/object/interpreter.h"
#include "vm/object/attributes.h"
#include "vm/object/buffer.h"
#include "vm/object/descriptors.h"
#include "vm/object/error.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/special_methods.h"
#include "vm/object/type_build.h"
#include "vm/runtime/build_class.h"
#include "vm/runtime/runtime.h"
#include "vm/types/bytes.h"
#include "vm/types/bytes_type.h"
#include "vm/types/dict.h"
#include "vm/types/drain.h"
#include "vm/types/exception.h"
#include "vm/types/float.h"
#include "vm/types/frame.h"
#include "vm/types/function.h"
#include "vm/types/generator.h"
#include "vm/types/int.h"
#include "vm/types/iterators.h"
#include "vm/types/list.h"
#include "vm/types/list_inl.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

constinit Ref<> (*g_import)(Value, Value, Value, Value, Value) = nullptr;

namespace {

Ref<> builtin_import(const Value* a) {
  if (!g_import) return raise(exc::ImportError, "the import system is not running");
  return g_import(a[0], a[1], a[2], a[3], a[4]);
}
Ref<> builtin_abs(const Value* a) { return unary_operation(UnaryOp::kAbs, a[0]); }
Ref<> builtin_aiter(const Value* a) {
  auto slot = type_of(a[0])->slots.async_iter;
  if (!slot) return raise(exc::TypeError, "'%T' object is not an async iterable", a[0]);
  Ref<> it = slot(a[0]);
  if (it && !type_of(it.value())->slots.async_next) {
    return raise(exc::TypeError, "aiter() returned not an async iterator of type '%T'", it.value());
  }
  return it;
}
Ref<> builtin_anext(const Value* a) {
  auto slot = type_of(a[0])->slots.async_next;
  if (!slot) return raise(exc::TypeError, "'%T' object is not an async iterator", a[0]);
  Ref<> awaitable = slot(a[0]);
  if (!awaitable || a[1].empty()) return awaitable;
  return anext_awaitable_new(awaitable.value(), a[1]);
}
Ref<> builtin_all(const Value* a) {
  bool all = true;
  Drain drain(a[0]);
  bool ok = drain.due() || for_each(a[0], [&](Value v) {
              int t = truth(v);
              if (t == 0) all = false;
              return t > 0 && drain.more();
            });
  if (drain.due() && all && !error_pending()) return drain.rest(DrainKind::kAll, none());
  if (!ok && error_pending()) return Ref<>();
  return bool_ref(all);
}
Ref<> builtin_any(const Value* a) {
  bool any = false;
  Drain drain(a[0]);
  bool ok = drain.due() || for_each(a[0], [&](Value v) {
              int t = truth(v);
              if (t > 0) any = true;
              return t == 0 && drain.more();
            });
  if (drain.due() && !any && !error_pending()) return drain.rest(DrainKind::kAny, none());
  if (!ok && error_pending()) return Ref<>();
  return bool_ref(any);
}
Ref<> builtin_ascii(const Value* a) { return ascii(a[0]); }
Ref<> in_base(Value v, int base) {
  Ref<> i = index(v);
  return i ? Ref<>(int_to_str(i.value(), base, true)) : Ref<>();
}
Ref<> builtin_bin(const Value* a) { return in_base(a[0], 2); }
Ref<> builtin_oct(const Value* a) { return in_base(a[0], 8); }
Ref<> builtin_hex(const Value* a) { return in_base(a[0], 16); }
Ref<> builtin_breakpoint(const Value* a) {
  Ref<> hook = sys_get("breakpointhook");
  if (!hook) return raise(exc::RuntimeError, "lost sys.breakpointhook");
  return call_tuple_dict(hook.value(), a[0], a[1]);
}
Ref<> builtin_callable(const Value* a) { return bool_ref(is_callable(a[0])); }
Ref<> builtin_chr(const Value* a) {
  Ref<> i = index(a[0]);
  if (!i) return i;
  int64_t c;
  if (!int_to_int64(i.value(), &c) || c < INT32_MIN || c > INT32_MAX) {
    return raise(exc::OverflowError, "Python int too large to convert to C int");
  }
  if (c < 0 || c > 0x10FFFF) return raise(exc::ValueError, "chr() arg not in range(0x110000)");
  return str_from_code_point(static_cast<uint32_t>(c));
}
Ref<> builtin_ord(const Value* a) {
  int64_t n;
  if (is_str(a[0])) {
    n = as_str(a[0])->length;
    if (n == 1) return int_from_int64(as_str(a[0])->at(0));
  } else if (is_bytes(a[0])) {
    n = as_bytes(a[0])->length;
    if (n == 1) return int_from_int64(as_bytes(a[0])->data[0]);
  } else if (is_instance_of(a[0], &bytearray_type)) {
    BytesLock lock(a[0]);
    std::string_view view = byte_view(a[0]);
    n = static_cast<int64_t>(view.size());
    if (n == 1) return Ref<>::steal(Value::small_int(static_cast<uint8_t>(view[0])));
  } else {
    return raise(exc::TypeError, "ord() expected string of length 1, but %T found", a[0]);
  }
  return raise(exc::TypeError, "ord() expected a character, but string of length %ld found", n);
}

// ---- compile, eval, exec
// -------------------------------------------------------------------------------------------------------

// Source given as str or bytes-like object.
bool source_text(Value source, const char* function, Ref<Str>* str_holder, std::string_view* text, bool* is_text,
                 std::optional<Utf8>* utf8, std::optional<BufferView>* view) {
  (void)str_holder;
  if (is_str(source)) {
    utf8->emplace(as_str(source));
    if (!(*utf8)->ok()) return false;
    *text = (*utf8)->view();
    *is_text = true;
  } else if (has_buffer(source)) {
    view->emplace(source);
    if (!(*view)->ok()) return false;
    *text = (*view)->view();
    *is_text = false;
  } else {
    return raise(exc::TypeError, "%s() arg 1 must be a string, bytes or code object", function);
  }
  if (text->find('\0') != std::string_view::npos) return raise(exc::ValueError, "source code string cannot contain null bytes");
  return true;
}

constexpr int64_t kOnlyAst = 0x400, kTypeComments = 0x1000, kAllowTopLevelAwait = 0x2000, kAllowIncomplete = 0x4000,
                  kDontImplyDedent = 0x200;

CompileRequest compile_request(Str* filename, const char* mode, int optimize, int64_t flags) {
  CompileRequest request;
  request.filename = filename;
  request.mode = mode;
  request.optimize = optimize;
  request.allow_incomplete = flags & kAllowIncomplete;
  request.dont_imply_dedent = flags & kDontImplyDedent;
  request.top_level_await = flags & kAllowTopLevelAwait;
  request.future_flags = static_cast<uint32_t>(flags & (kCodeFutureAnnotations | kCodeFutureBarryAsBdfl));
  request.only_tree = flags & kOnlyAst;
  request.type_comments = flags & kTypeComments;
  return request;
}

Ref<> compile_any(Value source, Str* filename, const char* mode, int optimize, int64_t flags, const char* function,
                  int feature_version = -1) {
  Ref<Str> holder;
  std::string_view text;
  bool is_text;
  std::optional<Utf8> utf8;
  std::optional<BufferView> view;
  if (!source_text(source, function, &holder, &text, &is_text, &utf8, &view)) return Ref<>();
  CompileRequest request = compile_request(filename, mode, optimize, flags);
  request.source = text;
  request.is_str = is_text;
  request.feature_version = feature_version;
  return compile_text(request);
}
int64_t inherited_flags() {
  Thread* thread = current_thread();
  if (thread->record < thread->record_base) return 0;
  return thread->record->code->flags & kCodeFutureAnnotations;
}

Ref<> builtin_compile(const Value* a) {
  // source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1
  Ref<Str> filename = source_filename(a[1]);
  if (!filename) return Ref<>();
  if (!is_str(a[2])) return raise(exc::TypeError, "compile() argument 'mode' must be str, not %T", a[2]);
  int64_t flags = 0, optimize = -1;
  if (!a[3].empty() && !to_int64(a[3], &flags)) return Ref<>();
  bool dont_inherit = false;
  if (!a[4].empty() && !to_bool(a[4], &dont_inherit)) return Ref<>();
  if (!a[5].empty() && !to_int64(a[5], &optimize)) return Ref<>();
  constexpr int64_t kKnown =
      kOnlyAst | kTypeComments | kAllowTopLevelAwait | kAllowIncomplete | kDontImplyDedent | 0x1FF0010 | 0x100;
  if (flags & ~kKnown) return raise(exc::ValueError, "compile(): unrecognised flags");
  if (optimize < -1 || optimize > 2) return raise(exc::ValueError, "compile(): invalid optimize value");
  if (!dont_inherit) flags |= inherited_flags();
  Str* mode = as_str(a[2]);
  const char* mode_text = mode->equals_ascii("exec")        ? "exec"
                          : mode->equals_ascii("eval")      ? "eval"
                          : mode->equals_ascii("single")    ? "single"
                          : mode->equals_ascii("func_type") ? "func_type"
                                                            : nullptr;
  if (!mode_text) {
    return raise(exc::ValueError, flags & kOnlyAst ? "compile() mode must be 'exec', 'eval', 'single' or 'func_type'"
                                                   : "compile() mode must be 'exec', 'eval' or 'single'");
  }
  if (std::string_view(mode_text) == "func_type" && !(flags & kOnlyAst)) {
    return raise(exc::ValueError, "compile() mode 'func_type' requires flag PyCF_ONLY_AST");
  }
  if (has_shape(a[0], kShape_code)) return Ref<>::retain(a[0]);
  int64_t feature_version = -1;
  if (!a[6].empty() && !to_int64(a[6], &feature_version)) return Ref<>();
  if (ast::is_tree(a[0])) {
    if (flags & kOnlyAst) return Ref<>::retain(a[0]);
    return compile_tree(a[0], compile_request(filename.get(), mode_text, static_cast<int>(optimize), flags));
  }
  return compile_any(a[0], filename.get(), mode_text, static_cast<int>(optimize), flags, "compile",
                     flags & kOnlyAst ? static_cast<int>(feature_version) : -1);
}

// Default namespaces of eval and exec: those of the caller.
bool namespaces(const char* function, Value globals_arg, Value locals_arg, Ref<>* globals, Ref<>* locals) {
  Thread* thread = current_thread();
  if (!given(globals_arg)) {
    if (thread->record < thread->record_base) {
      return raise(exc::TypeError, "%s must be given globals and locals when called without a frame", function);
    }
    *globals = Ref<>::retain(Value::object(thread->record->globals));
    if (!given(locals_arg)) {
      Ref<FrameObject> frame = frame_object_of(thread->record);
      if (!frame) return false;
      *locals = frame_locals(frame.get());
      if (!*locals) return false;
    } else {
      *locals = Ref<>::retain(locals_arg);
    }
  } else {
    *globals = Ref<>::retain(globals_arg);
    *locals = given(locals_arg) ? Ref<>::retain(locals_arg) : globals->copy();
  }
  if (!is_dict(globals->value())) {
    if (std::string_view(function) == "eval") {
      return raise(exc::TypeError, type_of(globals->value())->slots.get_item
                                       ? "globals must be a real dict; try eval(code, {}, mapping)"
                                       : "globals must be a dict");
    }
    return raise(exc::TypeError, "%s() globals must be a dict, not %T", function, globals->value());
  }
  if (!is_dict(locals->value()) && !type_of(locals->value())->slots.get_item) {
    if (std::string_view(function) == "eval") return raise(exc::TypeError, "locals must be a mapping");
    return raise(exc::TypeError, "%s() locals must be a mapping or None, not %T", function, locals->value());
  }
  Dict* g = as_dict(globals->value());
  if (!dict_get_str(g, names::builtins.str())) {
    if (error_pending()) return false;
    Dict* b = thread->record >= thread->record_base && thread->record->function ? thread->record->function->builtins()
                                                                                : module_dict(builtins_module());
    if (!dict_set_str(g, names::builtins.str(), Value::object(b))) return false;
  }
  return true;
}
Ref<> builtin_eval(const Value* a) {
  Ref<> globals, locals;
  if (!namespaces("eval", a[1], a[2], &globals, &locals)) return Ref<>();
  Ref<> code;
  if (has_shape(a[0], kShape_code)) {
    code = Ref<>::retain(a[0]);
    if (as_code(a[0])->free_count) return raise(exc::TypeError, "code object passed to eval() may not contain free variables");
  } else {
    Value source = a[0];
    Ref<> stripped;
    if (is_str(source) && as_str(source)->length && (as_str(source)->at(0) == ' ' || as_str(source)->at(0) == '\t')) {
      stripped = call_method(source, "lstrip", {Value::object(intern(" \t"))});
      if (!stripped) return stripped;
      source = stripped.value();
    }
    code = compile_any(source, intern("<string>"), "eval", -1, inherited_flags(), "eval");
    if (!code) return code;
  }
  return run_code(as_code(code.value()), as_dict(globals.value()), locals.value(), Value());
}
Ref<> builtin_exec(const Value* a) {
  Ref<> globals, locals;
  if (!namespaces("exec", a[1], a[2], &globals, &locals)) return Ref<>();
  Ref<> code;
  Value closure = given(a[3]) ? a[3] : Value();
  if (has_shape(a[0], kShape_code)) {
    code = Ref<>::retain(a[0]);
    uint32_t free_count = as_code(a[0])->free_count;
    if (free_count == 0 && !closure.empty()) {
      return raise(exc::TypeError, "cannot use a closure with this code object");
    }
    if (free_count) {
      bool ok = !closure.empty() && is_exact_tuple(closure) && as_tuple(closure)->length == static_cast<int64_t>(free_count);
      for (int64_t i = 0; ok && i < as_tuple(closure)->length; ++i) ok = has_shape(as_tuple(closure)->at(i), kShape_cell);
      if (closure.empty())
        return raise(exc::TypeError, "code object requires a closure of exactly length %ld", static_cast<int64_t>(free_count));
      if (!ok)
        return raise(exc::TypeError, "code object requires a closure of exactly length %ld", static_cast<int64_t>(free_count));
    }
  } else {
    if (!closure.empty()) return raise(exc::TypeError, "closure can only be used when source is a code object");
    code = compile_any(a[0], intern("<string>"), "exec", -1, inherited_flags(), "exec");
    if (!code) return code;
  }
  Ref<> result = run_code(as_code(code.value()), as_dict(globals.value()), locals.value(), closure);
  return result ? none_ref() : Ref<>();
}

// ---- attributes
// ------------------------------------------------------------------------------------------------------------------

bool attribute_name(const char* function, Value name) {
  if (is_str(name)) return true;
  return raise(exc::TypeError, "%s(): attribute name must be string", function);
}
Ref<> builtin_getattr(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "attribute name must be string, not '%T'", a[1]);
  if (a[2].empty()) return get_attribute(a[0], as_str(a[1]));
  Ref<> v = find_attribute(a[0], as_str(a[1]));
  if (v || error_pending()) return v;
  return Ref<>::retain(a[2]);
}
Ref<> builtin_hasattr(const Value* a) {
  if (!attribute_name("hasattr", a[1])) {
    clear_error();
    return raise(exc::TypeError, "attribute name must be string, not '%T'", a[1]);
  }
  Ref<> v = find_attribute(a[0], as_str(a[1]));
  if (error_pending()) return Ref<>();
  return bool_ref(static_cast<bool>(v));
}
Ref<> builtin_setattr(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "attribute name must be string, not '%T'", a[1]);
  return set_attribute(a[0], as_str(a[1]), a[2]) ? none_ref() : Ref<>();
}
Ref<> builtin_delattr(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "attribute name must be string, not '%T'", a[1]);
  return set_attribute(a[0], as_str(a[1]), Value()) ? none_ref() : Ref<>();
}
Ref<> caller_locals() {
  Thread* thread = current_thread();
  if (thread->record < thread->record_base) return raise(exc::SystemError, "frame does not exist");
  Ref<FrameObject> frame = frame_object_of(thread->record);
  return frame ? frame_locals(frame.get()) : Ref<>();
}
Ref<> builtin_dir(const Value* a) {
  Ref<List> list;
  if (a[0].empty()) {
    Ref<> locals = caller_locals();
    Ref<> keys = locals ? call_method(locals.value(), "keys") : Ref<>();
    if (!keys) return keys;
    list = list_from_iterable(keys.value());
  } else {
    Ref<> method = lookup_special(a[0], names::dir.str());
    if (!method) return error_pending() ? Ref<>() : raise(exc::TypeError, "object does not provide __dir__");
    Ref<> names_value = call0(method.value());
    if (!names_value) return names_value;
    list = list_from_iterable(names_value.value());
  }
  if (!list || !list_sort(list.get(), Value(), false)) return Ref<>();
  return list;
}
Ref<> builtin_vars(const Value* a) {
  if (a[0].empty()) return caller_locals();
  Ref<> dict = find_attribute(a[0], names::dict.str());
  if (!dict && !error_pending()) return raise(exc::TypeError, "vars() argument must have __dict__ attribute");
  return dict;
}
Ref<> builtin_globals(const Value*) {
  Dict* globals = current_globals();
  return globals ? Ref<>::retain(Value::object(globals)) : none_ref();
}
Ref<> builtin_locals(const Value*) { return caller_locals(); }
Ref<> builtin_id(const Value* a) { return int_from_uint64(a[0].identity()); }
Ref<> builtin_hash(const Value* a) {
  int64_t h = hash(a[0]);
  return h == -1 && error_pending() ? Ref<>() : int_from_int64(h);
}
Ref<> builtin_isinstance(const Value* a) {
  int r = is_instance(a[0], a[1]);
  return r < 0 ? Ref<>() : bool_ref(r);
}
Ref<> builtin_issubclass(const Value* a) {
  int r = is_subclass(a[0], a[1]);
  return r < 0 ? Ref<>() : bool_ref(r);
}

// ---- iteration
// -------------------------------------------------------------------------------------------------------------------

Ref<> builtin_iter(const Value* a) {
  if (a[1].empty()) return get_iter(a[0]);
  if (!is_callable(a[0])) return raise(exc::TypeError, "iter(v, w): v must be callable");
  return callable_iterator_new(a[0], a[1]);
}
Ref<> builtin_next(const Value* a) {
  auto slot = type_of(a[0])->slots.next;
  if (!slot || slot == next_not_implemented) return raise(exc::TypeError, "'%T' object is not an iterator", a[0]);
  Ref<> v = slot(a[0]);
  if (v) return v;
  if (!a[1].empty()) {
    if (error_pending() && !clear_if(exc::StopIteration)) return Ref<>();
    return Ref<>::retain(a[1]);
  }
  if (error_pending()) return Ref<>();
  return raise_none(exc::StopIteration);
}
Ref<> builtin_len(const Value* a) {
  int64_t n = length(a[0]);
  return n < 0 ? Ref<>() : int_from_int64(n);
}
// *args, key=None, default=<missing>
// Goes on from the best so far, which `best` holds unless it is a small int.
template <CompareOp kOp>
struct Extreme {
  Value key;
  Ref<> best, best_key;
  Value word;  // the best, borrowed

  bool see(Value v) {
    if (key.empty() && v.is_small_int() && word.is_small_int()) {
      auto x = static_cast<int64_t>(v.bits()), y = static_cast<int64_t>(word.bits());
      if (kOp == CompareOp::kLt ? x < y : x > y) word = v;
      return true;
    }
    Ref<> k = key.empty() ? Ref<>::retain(v) : call1(key, v);
    if (!k) return false;
    if (!word.empty()) {
      int better = compare_truth(k.value(), key.empty() ? word : best_key.value(), kOp);
      if (better < 0) return false;
      if (!better) return true;
    }
    if (!key.empty()) best_key = std::move(k);
    best = Ref<>::retain(v);
    word = best.value();
    return true;
  }
  Ref<> result() { return Ref<>::retain(word); }
};
// Of the items of `all`, where that is not empty, else of `values`. `count`: of the call's arguments.
template <CompareOp kOp>
Ref<> extreme(const char* name, uint32_t count, Value all, const Value* values, Value key, Value fallback) {
  if (count == 0) return raise(exc::TypeError, "%s expected at least 1 argument, got 0", name);
  if (count > 1 && !fallback.empty()) {
    return raise(exc::TypeError, "Cannot specify a default for %s() with multiple positional arguments", name);
  }
  Extreme<kOp> extreme{key, {}, {}, {}};
  if (all.empty()) {
    for (uint32_t i = 0; i < count; ++i) {
      if (!extreme.see(values[i])) return Ref<>();
    }
    return extreme.result();
  }
  Drain drain(key.empty() ? all : Value());
  constexpr DrainKind kKind = kOp == CompareOp::kLt ? DrainKind::kMin : DrainKind::kMax;
  if (drain.due()) {
    Ref<> first = next(all);
    if (first) return drain.rest(kKind, first.value());
    if (error_pending()) return first;
  } else if (!for_each(all, [&](Value v) { return extreme.see(v) && drain.more(); }) && (error_pending() || !drain.due())) {
    return Ref<>();
  }
  if (drain.due() && !extreme.word.empty()) return drain.rest(kKind, extreme.word);
  if (!extreme.word.empty()) return extreme.result();
  if (!fallback.empty()) return Ref<>::retain(fallback);
  return raise(exc::ValueError, "%s() arg is an empty sequence", name);
}
template <CompareOp kOp>
Ref<> extreme_bound(const char* name, const Value* a) {
  Tuple* args = as_tuple(a[0]);
  return extreme<kOp>(name, static_cast<uint32_t>(args->length), args->length == 1 ? args->at(0) : a[0], nullptr,
                      given(a[1]) ? a[1] : Value(), a[2]);
}
template <CompareOp kOp>
Ref<> extreme_positional(const char* name, const Value* a, uint32_t count) {
  return extreme<kOp>(name, count, count == 1 ? a[0] : Value(), a, Value(), Value());
}
Ref<> builtin_max(const Value* a) { return extreme_bound<CompareOp::kGt>("max", a); }
Ref<> builtin_min(const Value* a) { return extreme_bound<CompareOp::kLt>("min", a); }
Ref<> max_positional(const Value* a, uint32_t count) { return extreme_positional<CompareOp::kGt>("max", a, count); }
Ref<> min_positional(const Value* a, uint32_t count) { return extreme_positional<CompareOp::kLt>("min", a, count); }
Ref<> builtin_sorted(const Value* a) {
  Ref<List> list = list_from_iterable(a[0]);
  if (!list) return list;
  bool reverse = false;
  if (!a[2].empty() && !to_bool(a[2], &reverse)) return Ref<>();
  if (!list_sort(list.get(), given(a[1]) ? a[1] : Value(), reverse)) return Ref<>();
  return list;
}
// The sum of bytes, which runs no Python code. False: it is not that simple.
bool sum_bytes(Value bytes, Value* sum) {
  if (!sum->is_small_int() || !(has_shape(bytes, kShape_bytes) || has_shape(bytes, kShape_bytearray))) return false;
  BytesLock lock(bytes);
  int64_t total = 0;
  for (char c : byte_view(bytes)) total += static_cast<uint8_t>(c);
  if (!Value::fits_small_int(sum->as_small_int() + total)) return false;
  *sum = Value::small_int(sum->as_small_int() + total);
  return true;
}
Ref<> builtin_sum(const Value* a) {
  Ref<> total = a[1].empty() ? Ref<>::steal(Value::small_int(0)) : Ref<>::retain(a[1]);
  if (is_str(total.value())) return raise(exc::TypeError, "sum() can't sum strings [use ''.join(seq) instead]");
  if (is_bytes(total.value())) return raise(exc::TypeError, "sum() can't sum bytes [use b''.join(seq) instead]");
  if (is_instance_of(total.value(), &bytearray_type)) {
    return raise(exc::TypeError, "sum() can't sum bytearray [use b''.join(seq) instead]");
  }
  Value sum = total.value();  // `total` owns it when it is an object
  if (sum_bytes(a[0], &sum)) return Ref<>::steal(sum);
  Drain drain(a[0]);
  bool ok = drain.due() || for_each(a[0], [&](Value v) {
              if (sum.is_small_int() && (v.is_small_int() || is_bool(v))) {
                int64_t i = sum.as_small_int() + (v.is_small_int() ? v.as_small_int() : is_true(v));
                if (PT_LIKELY(Value::fits_small_int(i))) {
                  sum = Value::small_int(i);
                  return drain.more();
                }
              } else if (sum.is_immediate_float() && (v.is_immediate_float() || v.is_small_int())) {
                double d = v.is_small_int() ? static_cast<double>(v.as_small_int()) : v.as_immediate_float();
                Value f = Value::immediate_float(sum.as_immediate_float() + d);
                if (PT_LIKELY(!f.empty())) {
                  sum = f;
                  return drain.more();
                }
              }
              total = binary_operation(BinaryOp::kAdd, sum, v);
              sum = total.value();
              return total && drain.more();
            });
  if (drain.due() && !error_pending()) return drain.rest(DrainKind::kSum, sum);
  if (!ok) return Ref<>();
  return sum.is_object() ? std::move(total) : Ref<>::steal(sum);
}

// ---- numbers and text
// ------------------------------------------------------------------------------------------------------------

Ref<> builtin_divmod(const Value* a) { return binary_operation(BinaryOp::kDivmod, a[0], a[1]); }
Ref<> builtin_pow(const Value* a) { return power(a[0], a[1], a[2]); }
Ref<> builtin_round(const Value* a) {
  bool found;
  Ref<> result =
      given(a[1]) ? call_special(a[0], names::round.str(), {a[1]}, &found) : call_special(a[0], names::round.str(), {}, &found);
  if (!found) return raise(exc::TypeError, "type %T doesn't define __round__ method", a[0]);
  return result;
}
Ref<> builtin_format(const Value* a) {
  if (!a[1].empty() && !is_str(a[1])) return raise(exc::TypeError, "format() argument 2 must be str, not %T", a[1]);
  return format(a[0], a[1]);
}
Ref<> builtin_repr(const Value* a) { return repr(a[0]); }

Ref<> builtin_print(const Value* a) {
  // *args, sep=' ', end='\n', file=None, flush=False
  Ref<> file;
  if (given(a[3])) {
    file = Ref<>::retain(a[3]);
  } else {
    file = sys_get("stdout");
    if (!file) return error_pending() ? Ref<>() : raise(exc::RuntimeError, "lost sys.stdout");
    if (is_none(file.value())) return none_ref();
  }
  for (int i : {1, 2}) {
    if (given(a[i]) && !is_str(a[i])) {
      return raise(exc::TypeError, "%s must be None or a string, not %T", i == 1 ? "sep" : "end", a[i]);
    }
  }
  Ref<> write_method = get_attribute(file.value(), names::write_.str());
  if (!write_method) return Ref<>();
  Tuple* args = as_tuple(a[0]);
  Value space = Value::object(intern(" ")), newline = Value::object(intern("\n"));
  for (int64_t i = 0; i < args->length; ++i) {
    if (i && !call1(write_method.value(), given(a[1]) ? a[1] : space)) return Ref<>();
    Ref<> text = str(args->at(i));
    if (!text || !call1(write_method.value(), text.value())) return Ref<>();
  }
  if (!call1(write_method.value(), given(a[2]) ? a[2] : newline)) return Ref<>();
  if (!a[4].empty()) {
    int flush = truth(a[4]);
    if (flush < 0) return Ref<>();
    if (flush && !call_method(file.value(), names::flush_.str())) return Ref<>();
  }
  return none_ref();
}

Ref<> builtin_input(const Value* a) {
  Ref<> in = sys_get("stdin"), out = sys_get("stdout");
  if (!in || is_none(in.value())) return raise(exc::RuntimeError, "input(): lost sys.stdin");
  if (!out || is_none(out.value())) return raise(exc::RuntimeError, "input(): lost sys.stdout");
  auto is_terminal = [](Value file, int fd) {
    Ref<> number = call_method(file, "fileno");
    int64_t n = -1;
    if (!number || !to_int64(number.value(), &n)) clear_error();
    return n == fd;
  };
  if (can_edit_lines() && is_terminal(in.value(), 0) && is_terminal(out.value(), 1)) {
    Ref<> flushed = call_method(out.value(), "flush");
    if (!flushed) clear_error();
    Ref<> text = a[0].empty() ? Ref<>::retain(Value::object(empty_str())) : str(a[0]);
    if (!text) return Ref<>();
    Utf8 prompt(as_str(text.value()), true);
    if (!prompt.ok()) return Ref<>();
    Ref<> line = g_line_editor(prompt.c_str());
    if (!line) return Ref<>();
    std::string_view typed = as_bytes(line.value())->view();
    if (typed.empty()) return raise(exc::EOFError, "");
    return str_from_filesystem(typed.substr(0, typed.size() - 1));
  }
  if (!a[0].empty()) {
    Ref<> text = str(a[0]);
    if (!text || !call_method(out.value(), "write", {text.value()})) return Ref<>();
  }
  if (!call_method(out.value(), "flush")) {
    clear_error();
  }
  Ref<> line = call_method(in.value(), "readline");
  if (!line) return line;
  if (!is_str(line.value())) return raise(exc::TypeError, "input(): stdin.readline() returned non-string");
  Str* s = as_str(line.value());
  if (s->length == 0) return raise(exc::EOFError, "EOF when reading a line");
  if (s->at(s->length - 1) == '\n') return str_substring(s, 0, s->length - 1);
  return line;
}

const NativeDef kFunctions[] = {
    {"__build_class__", "(func, name, /, *bases, metaclass=None, **kwds)", nullptr},
    {"__import__", "(name, globals=None, locals=None, fromlist=(), level=0)", builtin_import, "Import a module."},
    {"abs", "(x, /)", builtin_abs, "Return the absolute value of the argument."},
    {"aiter", "(async_iterable, /)", builtin_aiter, "Return an AsyncIterator for an AsyncIterable object."},
    {"all", "(iterable, /)", builtin_all, "Return True if bool(x) is True for all values x in the iterable."},
    {"anext", "(aiterator, default=None, /)", builtin_anext, "Return the next item from the async iterator."},
    {"any", "(iterable, /)", builtin_any, "Return True if bool(x) is True for any x in the iterable."},
    {"ascii", "(obj, /)", builtin_ascii, "Return an ASCII-only representation of an object."},
    {"bin", "(number, /)", builtin_bin, "Return the binary representation of an integer.\n\n>>> bin(-10)\n'-0b1010'"},
    {"breakpoint", "(*args, **kws)", builtin_breakpoint, "Call sys.breakpointhook with the arguments."},
    {"callable", "(obj, /)", builtin_callable, "Return whether the object is callable."},
    {"chr", "(i, /)", builtin_chr, "Return a Unicode string of one character with ordinal i; 0 <= i <= 0x10ffff."},
    {"compile", "(source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1)", builtin_compile,
     "Compile source into a code object that can be executed by exec() or eval()."},
    {"delattr", "(obj, name, /)", builtin_delattr, "Deletes the named attribute from the given object."},
    {"dir", "(object=None, /)", builtin_dir, "Names in the current scope, or attributes of the object."},
    {"divmod", "(x, y, /)", builtin_divmod, "Return the tuple (x//y, x%y)."},
    {"eval", "(source, globals=None, locals=None, /)", builtin_eval, "Evaluate the given source."},
    {"exec", "(source, globals=None, locals=None, /, *, closure=None)", builtin_exec, "Execute the given source."},
    {"format", "(value, format_spec='', /)", builtin_format, "Return type(value).__format__(value, format_spec)"},
    {"getattr", "(object, name, default=None, /)", builtin_getattr, "Get a named attribute from an object."},
    {"globals", "()", builtin_globals, "Return the dictionary containing the current scope's global variables."},
    {"hasattr", "(obj, name, /)", builtin_hasattr, "Return whether the object has an attribute with the given name."},
    {"hash", "(obj, /)", builtin_hash, "Return the hash value for the given object."},
    {"hex", "(number, /)", builtin_hex, "Return the hexadecimal representation of an integer.\n\n>>> hex(48879)\n'0xbeef'"},
    {"id", "(obj, /)", builtin_id, "Return the identity of an object."},
    {"input", "(prompt='', /)", builtin_input, "Read a string from standard input."},
    {"isinstance", "(obj, class_or_tuple, /)", builtin_isinstance,
     "Return whether an object is an instance of a class or of a subclass thereof."},
    {"issubclass", "(cls, class_or_tuple, /)", builtin_issubclass,
     "Return whether 'cls' is derived from another class or is the same class."},
    {"iter", "(object, sentinel=None, /)", builtin_iter, "Get an iterator from an object."},
    {"len", "(obj, /)", builtin_len, "Return the number of items in a container."},
    {"locals", "()", builtin_locals, "Return a dictionary containing the current scope's local variables."},
    {"max", "(*args, key=None, default=None)", builtin_max,
     "max(iterable, *, default, key) or max(first, second, ..., key): the largest item.", kInstanceMethod, max_positional},
    {"min", "(*args, key=None, default=None)", builtin_min,
     "min(iterable, *, default, key) or min(first, second, ..., key): the smallest item.", kInstanceMethod, min_positional},
    {"next", "(iterator, default=None, /)", builtin_next, "Return the next item from the iterator."},
    {"oct", "(number, /)", builtin_oct, "Return the octal representation of an integer.\n\n>>> oct(493)\n'0o755'"},
    {"ord", "(c, /)", builtin_ord, "Return the Unicode code point for a one-character string."},
    {"pow", "(base, exp, mod=None)", builtin_pow,
     "Equivalent to base**exp with 2 arguments or base**exp % mod with 3 arguments."},
    {"print", "(*args, sep=' ', end='\\n', file=None, flush=False)", builtin_print,
     "Prints the values to a stream, or to sys.stdout by default."},
    {"repr", "(obj, /)", builtin_repr, "Return the canonical string representation of the object."},
    {"round", "(number, ndigits=None)", builtin_round, "Round a number to a given precision in decimal digits."},
    {"setattr", "(obj, name, value, /)", builtin_setattr, "Sets the named attribute on the given object to the specified value."},
    {"sorted", "(iterable, /, *, key=None, reverse=False)", builtin_sorted,
     "Return a new list containing all items from the iterable in ascending order."},
    {"sum", "(iterable, /, start=0)", builtin_sum, "Return the sum of a 'start' value (default: 0) plus an iterable of numbers"},
    {"vars", "(object=None, /)", builtin_vars, "Return the __dict__ attribute of an object, or locals()."},
    {}};

}  // namespace

const SpecialBuiltin kSpecialBuiltins[] = {{SpecialCall::kAbsolute, builtin_abs},  {SpecialCall::kHash, builtin_hash},
                                           {SpecialCall::kIterator, builtin_iter}, {SpecialCall::kLength, builtin_len},
                                           {SpecialCall::kNext, builtin_next},     {SpecialCall::kRepr, builtin_repr},
                                           {SpecialCall::kRound, builtin_round}};
const DrainingBuiltin kDrainingBuiltins[] = {{DrainKind::kSumCall, builtin_sum}, {DrainKind::kAnyCall, builtin_any},
                                             {DrainKind::kAllCall, builtin_all}, {DrainKind::kMinCall, builtin_min},
                                             {DrainKind::kMaxCall, builtin_max}, {DrainKind::kSortedCall, builtin_sorted}};

Ref<Module> make_builtins_module() {
  Ref<Module> m = module_new(names::builtins_.str());
  if (!m) return m;
  Dict* dict = module_dict(m.get());
  for (const NativeDef* def = kFunctions; def->name; ++def) {
    const NativeDef* real = def->function ? def : &kBuildClassDef;
    Ref<> f = native_function_new(real, m.value(), names::builtins_.value());
    if (!f) return Ref<Module>();
    if (in_main_interpreter())
      make_immortal(f.value().as_object());
    else
      make_deferred(f.value().as_object());
    if (!dict_set_text(dict, def->name, f.value())) return Ref<Module>();
  }
  struct {
    const char* name;
    Type* type;
  } types[] = {{"object", &object_type},
               {"type", &type_type},
               {"bool", &bool_type},
               {"int", &int_type},
               {"float", &float_type},
               {"complex", &complex_type},
               {"str", &str_type},
               {"bytes", &bytes_type},
               {"bytearray", &bytearray_type},
               {"memoryview", &memoryview_type},
               {"tuple", &tuple_type},
               {"list", &list_type},
               {"dict", &dict_type},
               {"set", &set_type},
               {"frozenset", &frozenset_type},
               {"slice", &slice_type},
               {"range", &range_type},
               {"enumerate", &enumerate_type},
               {"zip", &zip_type},
               {"map", &map_type},
               {"filter", &filter_type},
               {"reversed", &reversed_type},
               {"property", &property_type},
               {"classmethod", &classmethod_type},
               {"staticmethod", &staticmethod_type},
               {"super", &super_type}};
  for (auto& t : types) {
    if (!dict_set_text(dict, t.name, Value::object(t.type))) return Ref<Module>();
  }
  struct {
    const char* name;
    Value value;
  } constants[] = {{"None", none()},
                   {"True", boolean(true)},
                   {"False", boolean(false)},
                   {"Ellipsis", Value::object(&ellipsis_object)},
                   {"NotImplemented", not_implemented()},
                   {"__debug__", boolean(true)}};
  for (auto& c : constants) {
    if (!dict_set_text(dict, c.name, c.value)) return Ref<Module>();
  }
  if (!add_exceptions_to(dict)) return Ref<Module>();
  return m;
}

}  // namespace pt
