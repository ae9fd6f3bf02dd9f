// From source text to a code object: parser, compiler, warnings, SyntaxError.
#include <atomic>

#include "gc/platform/cpp_memory.h"
#include "vm/compile/compile.h"
#include "vm/modules/ast/tree.h"
#include "vm/object/buffer.h"
#include "vm/object/error.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/runtime/code_from_unit.h"
#include "vm/runtime/runtime.h"
#include "vm/syntax/parse.h"
#include "vm/syntax/symtable.h"
#include "vm/types/bytes.h"
#include "vm/types/exception.h"
#include "vm/types/function.h"
#include "vm/types/int.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

// Line `number` of the source, with its newline.
std::string_view source_line(std::string_view source, int number) {
  size_t at = 0;
  for (int line = 1; line < number; ++line) {
    at = source.find('\n', at);
    if (at == std::string_view::npos) return {};
    ++at;
  }
  size_t end = source.find('\n', at);
  return source.substr(at, end == std::string_view::npos ? std::string_view::npos : end - at + 1);
}

}  // namespace

Ref<Str> source_filename(Value given) {
  if (is_str(given)) return Ref<Str>::retain(as_str(given));
  Ref<> bytes;
  if (!is_bytes(given) && has_buffer(given)) {
    if (!warn(exc::DeprecationWarning, 1, "path should be string, bytes, or os.PathLike, not %T", given)) return Ref<Str>();
    bytes = call1(Value::object(&bytes_type), given);
    if (!bytes) return Ref<Str>();
  }
  Ref<> decode = import_attribute("os", "fsdecode");
  Ref<> decoded = decode ? call1(decode.value(), bytes ? bytes.value() : given) : Ref<>();
  if (!decoded) return Ref<Str>();
  // The program may have put another function there.
  if (!is_str(decoded.value())) return raise(exc::TypeError, "os.fsdecode() must return str, not %T", decoded.value());
  return Ref<Str>::retain(as_str(decoded.value()));
}

Raised raise_syntax_error(const syntax::SyntaxErrorInfo& error, const CompileRequest& request) {
  Type* type = exc::SyntaxError;
  switch (error.kind) {
    case syntax::ErrorKind::IndentationError: type = exc::IndentationError; break;
    case syntax::ErrorKind::TabError: type = exc::TabError; break;
    case syntax::ErrorKind::ValueError: {
      Ref<Str> message = str_from_wtf8(error.message.view());
      return message ? raise_value(exc::ValueError, message.value()) : Raised{};
    }
    case syntax::ErrorKind::MemoryError: return raise_none(exc::MemoryError);
    case syntax::ErrorKind::RecursionError: {
      Ref<Str> message = str_from_wtf8(error.message.view());
      return message ? raise_value(exc::RecursionError, message.value()) : Raised{};
    }
    default: break;
  }
  Ref<Str> message = str_from_wtf8(error.message.view());
  Ref<> text;
  if (error.has_text) {
    text = str_from_wtf8(error.text.view());
  } else if (error.line > 0) {
    std::string_view line = source_line(request.source, error.line);
    text = line.empty() ? none_ref() : Ref<>(str_from_utf8(line));
    if (!text) {
      clear_error();
      text = none_ref();
    }
  } else {
    text = none_ref();
  }
  if (!message || !text) return {};
  Value filename = request.filename ? Value::object(request.filename) : none();
  Ref<Tuple> info =
      tuple_of({filename, Value::small_int(error.line), Value::small_int(error.offset), text.value(),
                error.end_line || error.end_offset ? Value::small_int(error.end_line) : Value::small_int(error.line),
                error.end_line || error.end_offset ? Value::small_int(error.end_offset) : Value::small_int(error.offset)});
  if (!info) return {};
  Ref<> exception = call_values(Value::object(type), {message.value(), info.value()});
  if (!exception) return {};
  return raise_object(exception.value());
}

bool issue_warnings(const syntax::Seq<syntax::SyntaxWarningInfo>& warnings, const CompileRequest& request) {
  for (uint32_t i = 0; i < warnings.size; ++i) {
    const syntax::SyntaxWarningInfo& w = warnings.data[i];
    Type* category = w.category == syntax::WarningCategory::SyntaxWarning ? exc::SyntaxWarning : exc::DeprecationWarning;
    Ref<> explicit_function = import_attribute("warnings", "warn_explicit");
    Ref<Str> message = str_from_wtf8(w.message.view());
    if (!explicit_function || !message) {
      if (!explicit_function) clear_error();
      continue;
    }
    Ref<> result = call_values(explicit_function.value(), {message.value(), Value::object(category),
                                                           Value::object(request.filename), Value::small_int(w.span.line)});
    if (result) continue;
    if (!pending_matches(category)) return false;
    // A warning turned into an error is a SyntaxError at its place.
    clear_error();
    syntax::SyntaxErrorInfo error;
    error.kind = syntax::ErrorKind::SyntaxError;
    error.line = w.span.line;
    error.offset = w.span.col + 1;
    error.end_line = w.span.end_line;
    error.end_offset = w.span.end_col + 1;
    error.message = w.message;
    if (request.is_str && category == exc::DeprecationWarning) {
      // The tokenizer's: a line of text has no newline, one of a file has.
      std::string_view line = source_line(request.source, error.line);
      if (line.ends_with('\n')) line.remove_suffix(1);
      error.text = {line.data(), static_cast<uint32_t>(line.size())};
      error.has_text = true;
    }
    return raise_syntax_error(error, request);
  }
  return true;
}

int process_optimize_level() {
  static std::atomic<int> known{-1};
  int level = known.load(std::memory_order_relaxed);
  if (level < 0) {
    Ref<> flags = sys_get("flags");
    Ref<> optimize = flags ? find_attribute(flags.value(), intern("optimize")) : Ref<>();
    clear_error();
    if (!optimize) return 0;
    level = optimize.value().is_small_int() ? static_cast<int>(optimize.value().as_small_int()) : 0;
    known.store(level, std::memory_order_relaxed);
  }
  return level;
}

namespace {
syntax::ParseMode parse_mode(std::string_view mode) {
  return mode == "eval"        ? syntax::ParseMode::Eval
         : mode == "single"    ? syntax::ParseMode::Single
         : mode == "func_type" ? syntax::ParseMode::FunctionType
                               : syntax::ParseMode::Exec;
}

Ref<> compile_mod(syntax::Arena& arena, syntax::Mod* mod, std::string_view filename, const CompileRequest& request) {
  CompileOptions options;
  options.filename = filename;
  options.optimize = request.optimize >= 0 ? request.optimize : process_optimize_level();
  options.future_annotations = request.future_flags & kCodeFutureAnnotations;
  options.top_level_await = request.top_level_await;
  options.stack_limit = current_thread()->native_limit;
  CompileResult compiled;
  if (!memory::attempt([&] { compiled = compile_module(arena, mod, nullptr, options); })) return raise_no_memory();
  if (!compiled) return raise_syntax_error(compiled.error, request);
  if (!issue_warnings(compiled.warnings, request)) return Ref<>();
  return code_from_unit(compiled.code, request.filename);
}
}  // namespace

Ref<> compile_tree(Value tree, const CompileRequest& request) {
  syntax::Arena arena;
  Utf8 filename(request.filename, true);
  if (!filename.ok()) return Ref<>();
  syntax::Mod* mod = ast::object_to_tree(arena, tree, parse_mode(request.mode));
  if (!mod || !ast::validate_tree(mod)) return Ref<>();
  return compile_mod(arena, mod, filename.view(), request);
}

namespace {
syntax::ParseOptions parse_options(const CompileRequest& request, std::string_view filename) {
  syntax::ParseOptions options;
  options.mode = parse_mode(request.mode);
  options.filename = filename;
  options.is_str = request.is_str;
  options.is_script = request.is_script;
  options.allow_incomplete = request.allow_incomplete;
  options.dont_imply_dedent = request.dont_imply_dedent;
  options.max_int_digits = int_max_str_digits();
  options.future_flags = request.future_flags & kCodeFutureBarryAsBdfl ? syntax::kFutureBarryAsBdfl : 0;
  options.type_comments = request.type_comments;
  options.feature_version = request.feature_version;
  return options;
}
}  // namespace

Ref<> symbol_table(const CompileRequest& request, Ref<> (*convert)(const syntax::SymbolTable*)) {
  syntax::Arena arena;
  Utf8 filename(request.filename, true);
  if (!filename.ok()) return Ref<>();
  syntax::ParseResult parsed;
  syntax::SyntaxErrorInfo error;
  const syntax::SymbolTable* table = nullptr;
  bool enough = memory::attempt([&] {
    parsed = syntax::parse(arena, request.source, parse_options(request, filename.view()));
    if (parsed) table = syntax::build_symbol_table(arena, parsed.mod, &error);
  });
  if (!enough) return raise_no_memory();
  if (!parsed) return raise_syntax_error(parsed.error, request);
  if (!table) return raise_syntax_error(error, request);
  return convert(table);
}

Ref<> compile_text(const CompileRequest& request) {
  syntax::Arena arena;
  Utf8 filename(request.filename, true);
  if (!filename.ok()) return Ref<>();
  syntax::ParseOptions options = parse_options(request, filename.view());
  syntax::ParseResult parsed;
  if (!memory::attempt([&] { parsed = syntax::parse(arena, request.source, options); })) return raise_no_memory();
  // What was read before an error is warned about too, unless it will be read again.
  bool again = !parsed && parsed.error.kind == syntax::ErrorKind::IncompleteInput;
  if (!again && !issue_warnings(parsed.warnings, request)) return Ref<>();
  if (!parsed) return raise_syntax_error(parsed.error, request);
  if (request.only_tree) return ast::tree_to_object(parsed.mod);
  return compile_mod(arena, parsed.mod, filename.view(), request);
}

Ref<> compile_source(std::string_view source, Str* filename, const char* mode, int optimize) {
  CompileRequest request;
  request.source = source;
  request.filename = filename;
  request.mode = mode;
  request.optimize = optimize;
  request.is_str = false;
  return compile_text(request);
}

}  // namespace pt
