// ptcompile [-q] [-p] [-O] [-e|-i] FILE...: lists the bytecode of Python files, or with -q only compiles and
// verifies.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>

#include "vm/compile/compile.h"
#include "vm/compile/disassemble.h"
#include "vm/compile/verify.h"

namespace {

bool read_file(const char* path, std::string* text) {
  FILE* file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
  if (!file) return false;
  char buffer[65536];
  while (size_t count = fread(buffer, 1, sizeof buffer, file)) text->append(buffer, count);
  if (file != stdin) fclose(file);
  return true;
}

void print_error(const char* path, const pt::syntax::SyntaxErrorInfo& error) {
  printf("%s:%d:%d-%d:%d: %s: %.*s\n", path, error.line, error.offset, error.end_line, error.end_offset,
         error.kind == pt::syntax::ErrorKind::RecursionError ? "RecursionError" : "SyntaxError",
         static_cast<int>(error.message.length), error.message.data);
}

}  // namespace

int main(int argc, char** argv) {
  bool quiet = false, show_warnings = false;
  pt::CompileOptions options;
  pt::DisassembleOptions listing;
  pt::syntax::ParseOptions parse_options;
  int failures = 0, files = 0;
  double parse_time = 0, compile_time = 0;
  for (int i = 1; i < argc; i++) {
    const char* argument = argv[i];
    if (!strcmp(argument, "-q")) {
      quiet = true;
    } else if (!strcmp(argument, "-w")) {
      show_warnings = true;
    } else if (!strcmp(argument, "-p")) {
      listing.positions = true;
    } else if (!strcmp(argument, "-O")) {
      options.optimize++;
    } else if (!strcmp(argument, "-e")) {
      parse_options.mode = pt::syntax::ParseMode::Eval;
    } else if (!strcmp(argument, "-i")) {
      parse_options.mode = pt::syntax::ParseMode::Single;
    } else {
      std::string source;
      if (!read_file(argument, &source)) {
        printf("%s: cannot be read\n", argument);
        failures++;
        continue;
      }
      files++;
      pt::syntax::Arena arena;
      parse_options.filename = argument;
      auto start = std::chrono::steady_clock::now();
      pt::syntax::ParseResult parsed = pt::syntax::parse(arena, source, parse_options);
      auto middle = std::chrono::steady_clock::now();
      parse_time += std::chrono::duration<double>(middle - start).count();
      if (!parsed) {
        print_error(argument, parsed.error);
        failures++;
        continue;
      }
      options.filename = argument;
      pt::CompileResult result = pt::compile_module(arena, parsed.mod, nullptr, options);
      compile_time += std::chrono::duration<double>(std::chrono::steady_clock::now() - middle).count();
      for (const auto& warning : result.warnings) {
        if (!quiet || show_warnings) printf("%s:%d: SyntaxWarning: %s\n", argument, warning.line, warning.message.data);
      }
      if (!result) {
        print_error(argument, result.error);
        failures++;
        continue;
      }
      if (!quiet) fputs(pt::disassemble(result.code, listing).c_str(), stdout);
      std::string fault = pt::verify(result.code);
      if (!fault.empty()) {
        printf("%s: WRONG CODE: %s\n", argument, fault.c_str());
        failures++;
      }
    }
  }
  if (quiet) {
    printf("%d files, %d failures; parsed in %.3f s, compiled in %.3f s\n", files, failures, parse_time,
           compile_time);
  }
  return failures ? 1 : 0;
}
