// ptcompile [-q] [-w] [-p] [-O] [-e|-i] [-x NAME] FILE...: lists the bytecode of Python files. -q only
// compiles and verifies (folders too, without subfolders called NAME), -w shows warnings all the same, -p
// positions.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "vm/compile/compile.h"
#include "vm/compile/disassemble.h"
#include "vm/compile/verify.h"

namespace {

struct Run {
  bool quiet = false, show_warnings = false;
  pt::CompileOptions options;
  pt::DisassembleOptions listing;
  pt::syntax::ParseOptions parse_options;
  std::vector<std::string> excluded;
  int failures = 0, files = 0;
  double parse_time = 0, compile_time = 0;
};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

bool read_file(const char* path, std::string* text) {
  FILE* file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
  if (!file) return false;
  char buffer[65536];
  while (size_t count = fread(buffer, 1, sizeof buffer, file)) text->append(buffer, count);
  if (file != stdin) fclose(file);
  return true;
}

bool fail(Run& run, const char* path, const pt::syntax::SyntaxErrorInfo& error) {
  printf("%s:%d:%d-%d:%d: %s: %.*s\n", path, error.line, error.offset, error.end_line, error.end_offset,
         error.kind == pt::syntax::ErrorKind::RecursionError ? "RecursionError" : "SyntaxError",
         static_cast<int>(error.message.length), error.message.data);
  run.failures++;
  return false;
}

bool compile_file(Run& run, const char* path) {
  std::string source;
  if (!read_file(path, &source)) {
    printf("%s: cannot be read\n", path);
    run.failures++;
    return false;
  }
  run.files++;
  pt::syntax::Arena arena;
  run.parse_options.filename = run.options.filename = path;
  double start = now();
  pt::syntax::ParseResult parsed = pt::syntax::parse(arena, source, run.parse_options);
  double middle = now();
  run.parse_time += middle - start;
  if (!parsed) return fail(run, path, parsed.error);
  pt::CompileResult result = pt::compile_module(arena, parsed.mod, nullptr, run.options);
  run.compile_time += now() - middle;
  if (!run.quiet || run.show_warnings) {
    for (const pt::syntax::SyntaxWarningInfo& warning : result.warnings) {
      printf("%s:%d: SyntaxWarning: %s\n", path, warning.span.line, warning.message.data);
    }
  }
  if (!result) return fail(run, path, result.error);
  if (!run.quiet) fputs(pt::disassemble(result.code, run.listing).c_str(), stdout);
  std::string fault = pt::verify(result.code);
  if (!fault.empty()) {
    printf("%s: WRONG CODE: %s\n", path, fault.c_str());
    run.failures++;
  }
  return fault.empty();
}

void compile_folder(Run& run, const std::filesystem::path& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::filesystem::path& path = entry.path();
    std::string name = path.filename();
    if (std::find(run.excluded.begin(), run.excluded.end(), name) != run.excluded.end()) continue;
    if (entry.is_directory() && !entry.is_symlink()) {
      compile_folder(run, path);
    } else if (path.extension() == ".py") {
      compile_file(run, path.c_str());
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Run run;
  for (int i = 1; i < argc; i++) {
    const char* argument = argv[i];
    if (!strcmp(argument, "-q")) {
      run.quiet = true;
    } else if (!strcmp(argument, "-w")) {
      run.show_warnings = true;
    } else if (!strcmp(argument, "-p")) {
      run.listing.positions = true;
    } else if (!strcmp(argument, "-O")) {
      run.options.optimize++;
    } else if (!strcmp(argument, "-e")) {
      run.parse_options.mode = pt::syntax::ParseMode::Eval;
    } else if (!strcmp(argument, "-i")) {
      run.parse_options.mode = pt::syntax::ParseMode::Single;
    } else if (!strcmp(argument, "-x") && i + 1 < argc) {
      run.excluded.push_back(argv[++i]);
    } else if (std::filesystem::is_directory(argument)) {
      compile_folder(run, argument);
    } else {
      compile_file(run, argument);
    }
  }
  if (run.quiet) {
    printf("%d files, %d failures; parsed in %.3f s, compiled in %.3f s\n", run.files, run.failures, run.parse_time,
           run.compile_time);
  }
  return run.failures ? 1 : 0;
}
