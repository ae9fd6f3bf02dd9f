// The interactive loop: prompts, multi-line input, display of results. Line editing comes from the readline module when it
// can be imported (through builtins.input); otherwise lines are read plainly.
#include "vm/main/interactive.h"

#include <unistd.h>

#include <cstdio>
#include <string>

#include "vm/compile/code_unit.h"
#include "vm/interp/frames.h"
#include "vm/main/command_line.h"
#include "vm/modules/support/line_editor.h"
#include "vm/modules/sys/config.h"
#include "vm/modules/sys/sys.h"
#include "vm/object/error.h"
#include "vm/object/module.h"
#include "vm/object/native.h"
#include "vm/runtime/runtime.h"
#include "vm/types/bytes.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/int.h"
#include "vm/types/str.h"

namespace pt {
namespace {

std::string prompt(const char* name, const char* fallback) {
  Ref<> value = sys_get(name);
  Ref<> text = value ? str(value.value()) : Ref<>();
  clear_error();
  if (!text) return fallback;
  Utf8 utf8(as_str(text.value()));
  clear_error();
  return utf8.ok() ? std::string(utf8.view()) : fallback;
}

// One line with its newline; false at the end of input. An interrupt leaves the line empty with KeyboardInterrupt pending.
bool read_line(const std::string& shown, std::string* line) {
  if (can_edit_lines()) {
    line->clear();
    Ref<> typed = g_line_editor(shown.c_str());
    if (typed) *line = std::string(as_bytes(typed.value())->view());
    return !line->empty() || error_pending();
  }
  std::fputs(shown.c_str(), isatty(0) ? stdout : stderr);
  std::fflush(nullptr);
  line->clear();
  int c;
  Detached detached;
  while ((c = std::getc(stdin)) != EOF) {
    *line += static_cast<char>(c);
    if (c == '\n') return true;
  }
  return !line->empty();
}

bool is_incomplete(Value exception) {
  Ref<> message = find_attribute(exception, intern("msg"));
  clear_error();
  return message && is_str(message.value()) && as_str(message.value())->equals_ascii("incomplete input");
}

}  // namespace

int run_interactive(Dict* globals) {
  Ref<Str> filename = str_from_ascii("<stdin>");
  sys_set("ps1", Value::object(intern(">>> ")));
  sys_set("ps2", Value::object(intern("... ")));
  if (!g_config.quiet) {
    Ref<> version = sys_get("version");
    Ref<> text = version ? str(version.value()) : Ref<>();
    if (text) {
      Utf8 utf8(as_str(text.value()));
      std::fprintf(stderr, "Python %s on linux\nType \"help\", \"copyright\", \"credits\" or \"license\" for more information.\n",
                   utf8.ok() ? utf8.c_str() : "");
    }
  }
  // site's hook loads readline and the history.
  Ref<> hook = sys_get("__interactivehook__");
  if (hook && isatty(0)) {
    Ref<> done = call0(hook.value());
    if (!done) {
      Ref<> exception = take_error();
      std::fputs("Failed calling sys.__interactivehook__\n", stderr);
      report_exception(exception.value());
    }
  }
  clear_error();
  std::string source, line;
  bool ended = false;
  // A session that has no memory left to read statements ends, and not well.
  constexpr int kMaxMemoryErrors = 16;
  int memory_errors = 0;  // in a row
  auto report = [&](Value exception) {
    memory_errors = is_subtype(type_of(exception), exc::MemoryError) ? memory_errors + 1 : 0;
    report_exception(exception);
  };
  uint32_t future_flags = 0;  // `from __future__ import` holds for what follows
  for (;;) {
    std::string shown = source.empty() ? prompt("ps1", ">>> ") : prompt("ps2", "... ");
    if (!read_line(shown, &line)) {
      // The end of the input ends a block, too.
      std::fputc('\n', stderr);
      if (source.empty()) return memory_errors ? 1 : 0;
      ended = true;
      line = "\n";
    }
    if (error_pending()) {
      Ref<> exception = take_error();
      if (isatty(0)) std::fputc('\n', stderr);  // the line was left in the middle
      report_exception(exception.value());
      source.clear();
      continue;
    }
    size_t first = line.find_first_not_of(" \t\r\n");
    bool blank = first == std::string::npos;
    if (source.empty() && (blank || line[first] == '#')) continue;
    source += line;
    CompileRequest request;
    request.filename = filename.get();
    request.mode = "single";
    request.is_str = false;
    request.allow_incomplete = true;
    request.future_flags = future_flags;
    request.dont_imply_dedent = !blank;
    // Without its last newline a block that is open is not complete: it goes on until an empty line.
    request.source = std::string_view(source);
    if (request.source.ends_with('\n')) request.source.remove_suffix(1);
    Ref<> code = compile_text(request);
    if (!code) {
      Ref<> exception = take_error();
      request.only_tree = true;
      if (compile_text(request)) {
        report(exception.value());  // the parser has nothing against it: it will not get better
        source.clear();
        ended = false;
        continue;
      }
      clear_error();
      request.source = source;
      code = compile_text(request);
      if (code && !ended) continue;
      exception = take_error();
      bool incomplete = exception && is_incomplete(exception.value());
      if (incomplete && blank) {
        // A string or a bracket goes on; a block without a body is an error.
        request.allow_incomplete = false;
        code = compile_text(request);
        exception = take_error();
        incomplete = !exception || !is_subtype(type_of(exception.value()), exc::IndentationError);
      }
      if (incomplete && !ended) continue;
      if (exception) report(exception.value());
    } else {
      memory_errors = 0;
      future_flags |= as_code(code.value())->flags & kCodeFutureAnnotations;
      Ref<> result = run_code(as_code(code.value()), globals, Value(), Value());
      if (!result) {
        if (pending_matches(exc::SystemExit)) return report_pending();
        Ref<> exception = take_error();
        report(exception.value());
      }
    }
    clear_error();
    if (memory_errors > kMaxMemoryErrors) return 1;
    flush_standard_streams();
    source.clear();
    ended = false;
  }
}

}  // namespace pt
