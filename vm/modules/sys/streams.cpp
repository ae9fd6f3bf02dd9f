// The standard streams and the last-resort display of exceptions.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

#include "vm/modules/support/arguments.h"
#include "vm/modules/sys/config.h"
#include "vm/modules/sys/suggestions.h"
#include "vm/modules/support/runtime_interface.h"
#include "vm/modules/sys/sys.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/int.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

bool c_locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value && *value) return std::strcmp(value, "C") == 0 || std::strcmp(value, "POSIX") == 0;
  }
  return true;
}

Ref<> make_stream(Value open, Value wrapper, int fd, bool writes, const char* name, Str* encoding, Str* errors) {
  struct stat status;
  if (fstat(fd, &status) != 0) return none_ref();
  bool unbuffered = g_config.unbuffered && writes;
  Ref<Str> mode = str_from_ascii(writes ? "wb" : "rb");
  Ref<> buffer = call_keywords(open, {Value::small_int(fd), mode.value(), Value::small_int(unbuffered ? 0 : -1), boolean(false)},
                               {"closefd"});
  if (!buffer) return Ref<>();
  Ref<> raw = unbuffered ? buffer.copy() : get_attribute(buffer.value(), names::raw_.str());
  Ref<Str> shown = str_from_ascii(name);
  if (!raw || !shown || !set_attribute(raw.value(), names::name_.str(), shown.value())) return Ref<>();
  bool terminal = isatty(fd);
  bool line_buffering = !unbuffered && writes && (terminal || fd == 2);
  Ref<Str> newline = str_from_ascii("\n");
  Ref<> stream = call_keywords(wrapper,
                               {buffer.value(), Value::object(encoding), Value::object(errors), newline.value(),
                                boolean(line_buffering), boolean(unbuffered)},
                               {"encoding", "errors", "newline", "line_buffering", "write_through"});
  Ref<Str> text_mode = str_from_ascii(writes ? "w" : "r");
  if (!stream || !text_mode || !set_attribute(stream.value(), names::mode_.str(), text_mode.value())) return Ref<>();
  return stream;
}

}  // namespace

namespace {
// sys.stderr until the io module can make the real one: messages of the import system (-v), errors of start-up.
constinit Type printer_type;

Ref<> printer_write(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "write() argument must be str, not %T", a[1]);
  Ref<Str> escaped = str_escape_non_ascii(as_str(a[1]));
  if (!escaped) return escaped;
  std::fwrite(escaped->data1(), 1, static_cast<size_t>(escaped->length), stderr);
  return int_from_int64(as_str(a[1])->length);
}
Ref<> printer_flush(const Value*) {
  std::fflush(stderr);
  return none_ref();
}
Ref<> printer_fileno(const Value*) { return int_from_int64(2); }
Ref<> printer_isatty(const Value*) { return bool_ref(isatty(2)); }
Ref<> printer_closed(Value) { return bool_ref(false); }
Ref<> printer_encoding(Value) { return none_ref(); }
Ref<> printer_mode(Value) { return str_from_ascii("w"); }
const NativeDef kPrinterMethods[] = {{"write", "($self, text, /)", printer_write}, {"flush", "($self, /)", printer_flush},
                                     {"close", "($self, /)", printer_flush},       {"fileno", "($self, /)", printer_fileno},
                                     {"isatty", "($self, /)", printer_isatty},     {}};
const GetSetDef kPrinterGetSets[] = {{"closed", printer_closed}, {"encoding", printer_encoding}, {"mode", printer_mode}, {}};
const TypeSpec kPrinterSpec = {.name = "stderrprinter",
                               .size = sizeof(Object),
                               .flags = kTypeNoInstantiate,
                               .methods = kPrinterMethods,
                               .getsets = kPrinterGetSets};
}  // namespace

bool init_first_stderr() {
  if (!printer_type.spec && !init_module_type(&printer_type, &kPrinterSpec)) return false;
  Ref<> printer = Ref<>::steal(Value::object(allocate_instance(&printer_type)));
  return printer && sys_set("stderr", printer.value()) && sys_set("__stderr__", printer.value());
}

bool init_standard_streams() {
  Ref<> open = import_attribute("_io", "open"), wrapper = open ? import_attribute("_io", "TextIOWrapper") : Ref<>();
  if (!wrapper) return false;
  if (!module_add(builtins_module_object(), "open", open.copy())) return false;
  std::string_view encoding = "utf-8";
  std::string_view errors = g_config.utf8_mode || c_locale() ? "surrogateescape" : "strict";
  if (g_config.stdio_encoding) {
    std::string_view wanted = g_config.stdio_encoding;
    size_t colon = wanted.find(':');
    std::string_view name = wanted.substr(0, colon);
    if (colon != std::string_view::npos && colon + 1 < wanted.size())
      errors = wanted.substr(colon + 1);
    else if (!name.empty())
      errors = "strict";
    if (!name.empty()) encoding = name;
  }
  Ref<Str> encoding_text = str_from_utf8(encoding), errors_text = str_from_utf8(errors),
           stderr_errors = str_from_ascii("backslashreplace");
  if (!encoding_text || !errors_text || !stderr_errors) return false;
  struct Stream {
    int fd;
    const char* name;
    const char* shown;
  };
  for (const Stream& s : {Stream{2, "stderr", "<stderr>"}, Stream{0, "stdin", "<stdin>"}, Stream{1, "stdout", "<stdout>"}}) {
    Ref<> stream = make_stream(open.value(), wrapper.value(), s.fd, s.fd != 0, s.shown, encoding_text.get(),
                               s.fd == 2 ? stderr_errors.get() : errors_text.get());
    char dunder[16];
    std::snprintf(dunder, sizeof dunder, "__%s__", s.name);
    if (!stream || !sys_set(s.name, stream.value()) || !sys_set(dunder, stream.value())) return false;
  }
  return true;
}

int flush_standard_streams() {
  int status = 0;
  for (const char* name : {"stdout", "stderr"}) {
    Ref<> stream = sys_get(name);
    if (!stream || is_none(stream.value())) continue;
    Ref<> closed = find_attribute(stream.value(), names::closed_.str());
    if (error_pending()) clear_error();
    if (closed && truth(closed.value()) == 1) continue;
    if (error_pending()) clear_error();
    Ref<> flushed = call_method(stream.value(), names::flush_.str());
    if (flushed) continue;
    if (name[3] == 'o') {
      write_unraisable("ignored in", stream.value());
      status = -1;
    } else {
      clear_error();
    }
  }
  return status;
}

namespace {
// The marked range of a SyntaxError: at least one character, and none past the end of its first line.
bool fit_syntax_range(Value shown) {
  Ref<> start = get_attribute(shown, "offset"), end = get_attribute(shown, "end_offset"), text = get_attribute(shown, "text");
  Ref<> line = get_attribute(shown, "lineno"), end_line = get_attribute(shown, "end_lineno");
  if (!start || !end || !text || !line || !end_line) return false;
  // The library has the lines as texts.
  Ref<> first = is_str(line.value()) ? call1(Value::object(&int_type), line.value()) : line.copy();
  Ref<> last = is_str(end_line.value()) ? call1(Value::object(&int_type), end_line.value()) : end_line.copy();
  if (!first || !last) return false;
  for (Value number : {start.value(), end.value(), first.value(), last.value()}) {
    if (!number.is_small_int()) return true;
  }
  if (!is_str(text.value())) return true;
  Ref<> stripped = call_method(text.value(), "rstrip", {Value::object(intern("\n"))});
  int64_t size = stripped ? length(stripped.value()) : -1;
  if (size < 0) return false;
  int64_t from = start.value().as_small_int(), to = end.value().as_small_int(), fitted = to;
  if (last.value().as_small_int() > first.value().as_small_int()) {
    fitted = size + 1;
  } else if (last.value().as_small_int() < first.value().as_small_int() || from < 1 || to == 0) {
    return true;  // the end is unknown
  }
  if (fitted > size + 1) fitted = size + 1;
  if (fitted <= from) fitted = from + 1;
  return fitted == to || set_attribute(shown, intern("end_offset"), Value::small_int(fitted));
}

// Adds what was probably meant to the messages of a traceback.TracebackException and those chained to it.
bool add_suggestions(Value shown, Value exception) {
  if (!is_exception(exception)) return true;
  RecursionGuard guard(" while displaying an exception");
  if (!guard) {
    clear_error();  // so deep down nothing is shown any more
    return true;
  }
  if (is_subtype(type_of(exception), exc::SyntaxError) && !fit_syntax_range(shown)) return false;
  if (Ref<> name = suggested_name(exception)) {
    Ref<> text = get_attribute(shown, "_str");
    Ref<Str> longer = text ? str_format("%V. Did you mean: '%V'?", text.value(), name.value()) : Ref<Str>();
    if (!longer || !set_attribute(shown, intern("_str"), longer.value())) return false;
  }
  for (const char* link : {"__cause__", "__context__"}) {
    Ref<> next_shown = get_attribute(shown, link);
    if (!next_shown) return false;
    if (is_none(next_shown.value())) continue;
    Ref<> next = get_attribute(exception, link);
    if (!next || !add_suggestions(next_shown.value(), next.value())) return false;
  }
  Ref<> inner_shown = get_attribute(shown, "exceptions");
  if (!inner_shown || is_none(inner_shown.value())) return static_cast<bool>(inner_shown);
  Ref<> inner = get_attribute(exception, "exceptions");
  if (!inner) return false;
  for (int64_t i = 0; i < length(inner_shown.value()); ++i) {
    Ref<> one_shown = get_item(inner_shown.value(), Value::small_int(i));
    Ref<> one = get_item(inner.value(), Value::small_int(i));
    if (!one_shown || !one || !add_suggestions(one_shown.value(), one.value())) return false;
  }
  return true;
}

// The library's display is recursive, and wanted above all when the limit has been reached.
class RecursionAllowance {
 public:
  RecursionAllowance() { lend_calls(20000); }
  ~RecursionAllowance() { restore_recursion_limit(); }
};

bool print_exception(Value exception, Value file) {
  RecursionAllowance allowance;
  Ref<> type = import_attribute("traceback", "TracebackException");
  if (!type) return false;
  Ref<> traceback = exception_traceback(exception);
  // Unlike the library, the display keeps the last entries, and none at all from 0 down.
  Ref<> limit = sys_get("tracebacklimit");
  if (limit && is_int(limit.value())) {
    if (int_sign(limit.value()) <= 0) {
      traceback = Ref<>();
      limit = none_ref();
    } else {
      int64_t entries;
      limit =
          int_to_int64(limit.value(), &entries) && entries < INT32_MAX ? int_from_int64(-entries) : int_from_int64(-INT32_MAX);
    }
  } else {
    limit = none_ref();
  }
  if (!limit) return false;
  static constexpr const char* kNames[] = {"limit", "compact"};
  Ref<Tuple> names = tuple_of({Value::object(intern(kNames[0])), Value::object(intern(kNames[1]))});
  if (!names) return false;
  Value values[] = {Value::object(type_of(exception)), exception, traceback ? traceback.value() : none(), limit.value(),
                    boolean(true)};
  Ref<> shown = call(type.value(), Args{values, 3, names.get()});
  if (!shown || !add_suggestions(shown.value(), exception)) return false;
  Ref<Dict> keywords = dict_new();
  if (!keywords || !dict_set_text(keywords.get(), "file", file)) return false;
  Ref<> print = get_attribute(shown.value(), "print");
  return print && call_tuple_dict(print.value(), Value::object(empty_tuple()), keywords.value());
}
}  // namespace

void display_exception(Value exception) {
  Ref<> file = sys_get("stderr");
  if (file && is_none(file.value())) return;
  if (file) {
    if (!is_finalizing()) {
      Ref<> out = sys_get("stdout");
      if (out && !is_none(out.value())) {
        Ref<> flushed = call_method(out.value(), names::flush_.str());
        if (!flushed) clear_error();
      }
    }
    if (print_exception(exception, file.value())) {
      Ref<> flushed = call_method(file.value(), names::flush_.str());
      if (!flushed) clear_error();
      return;
    }
    clear_error();
  }
  // Without the library: the last line only.
  Ref<> text = str(exception);
  if (!text) clear_error();
  Ref<Str> line = text ? str_format("%N: %V\n", type_of(exception), text.value()) : str_format("%N\n", type_of(exception));
  if (!line) {
    clear_error();
    std::fprintf(stderr, "%s\n",
                 is_subtype(type_of(exception), exc::MemoryError) ? "MemoryError" : "error without memory to show it");
    return;
  }
  if (file) {
    if (call_method(file.value(), "write", {line.value()})) return;
    clear_error();
  }
  Utf8 utf8(line.get(), true);
  if (utf8.ok())
    std::fputs(utf8.c_str(), stderr);
  else
    clear_error();
}

}  // namespace pt
