// Prints what the front end makes of Python source: the tree as ast.dump(tree, include_attributes=True) shows
// it, the symbol tables (--symtable), or the syntax error.
//   ptsyntax [--mode=exec|eval|single|func_type] [--symtable] [--time] FILE...
//   ptsyntax --serve     answers requests on standard input: a line "MODE SIZE", then SIZE bytes of source;
//   MODE is
//                        the mode, after "str-" if the source is a str, or "symtable". The answer: a line
//                        with its size, then the text.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/tools/ast_text.h"
#include "vm/syntax/parse.h"
#include "vm/syntax/symtable.h"

namespace pt::syntax {
namespace {

std::string error_text(const SyntaxErrorInfo& error) {
  const char* names[] = {"",           "SyntaxError", "IndentationError", "TabError", "IncompleteInput",
                         "ValueError", "MemoryError", "RecursionError"};
  std::string out = "!";
  out += names[static_cast<int>(error.kind)];
  out += '\n' + std::string(error.message.view()) + '\n';
  out += number_text(error.line) + ' ' + number_text(error.offset) + ' ' + number_text(error.end_line) + ' ' +
         number_text(error.end_offset) + '\n';
  out += error.has_text ? string_repr(error.text.view(), false) : "None";
  return out;
}

void dump_scope(const Scope* scope, int depth, std::string* out) {
  const char* types[] = {"module", "class", "function", "annotation"};
  out->append(static_cast<size_t>(depth), ' ');
  *out += std::string(types[static_cast<int>(scope->type)]) + ' ' + std::string(scope->name->view()) + ' ' +
          number_text(scope->span.line);
  if (scope->is_nested) *out += " nested";
  std::vector<std::string> symbols;
  for (const Symbol* symbol : scope->symbols) {
    symbols.push_back(' ' + std::string(symbol->name->view()) + ':' + number_text(symbol->flags & 0xFFFF) + ':' +
                      number_text(static_cast<int>(symbol->scope)));
  }
  std::sort(symbols.begin(), symbols.end());
  for (const std::string& symbol : symbols) *out += symbol;
  *out += '\n';
  for (const Scope* child : scope->children) dump_scope(child, depth + 1, out);
}

std::string answer(std::string_view mode, std::string_view source) {
  Arena arena;
  ParseOptions options;
  if (mode.starts_with("str-")) {
    options.is_str = true;
    mode.remove_prefix(4);
  }
  options.mode = mode == "eval"        ? ParseMode::Eval
                 : mode == "single"    ? ParseMode::Single
                 : mode == "func_type" ? ParseMode::FunctionType
                                       : ParseMode::Exec;
  ParseResult result = parse(arena, source, options);
  if (!result) return error_text(result.error);
  if (mode == "symtable") {
    SyntaxErrorInfo error;
    SymbolTable* table = build_symbol_table(arena, result.mod, &error);
    if (!table) return error_text(error);
    std::string out;
    dump_scope(table->top, 0, &out);
    return out;
  }
  return ast_text(result.mod, true);
}

bool read_file(const char* path, std::string* out) {
  std::FILE* file = std::fopen(path, "rb");
  if (!file) return false;
  char buffer[65536];
  for (size_t n; (n = std::fread(buffer, 1, sizeof(buffer), file)) > 0;) out->append(buffer, n);
  std::fclose(file);
  return true;
}

int serve() {
  char mode[32];
  size_t size;
  while (std::scanf("%31s %zu", mode, &size) == 2) {
    std::getchar();
    std::string source(size, 0);
    if (std::fread(source.data(), 1, size, stdin) != size) return 1;
    std::string text = answer(mode, source);
    std::printf("%zu\n", text.size());
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }
  return 0;
}

int run(int argc, char** argv) {
  std::string mode = "exec";
  bool time = false;
  size_t bytes = 0;
  double seconds = 0;
  for (int i = 1; i < argc; i++) {
    std::string_view arg = argv[i];
    if (arg == "--serve") return serve();
    if (arg == "--symtable") {
      mode = "symtable";
    } else if (arg == "--time") {
      time = true;
    } else if (arg.starts_with("--mode=")) {
      mode = arg.substr(7);
    } else {
      std::string source;
      if (!read_file(argv[i], &source)) {
        std::fprintf(stderr, "ptsyntax: cannot read %s\n", argv[i]);
        return 1;
      }
      if (time) {
        auto start = std::chrono::steady_clock::now();
        Arena arena;
        ParseResult result = parse(arena, source);
        SyntaxErrorInfo error;
        if (result && mode == "symtable") build_symbol_table(arena, result.mod, &error);
        seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        bytes += source.size();
        continue;
      }
      std::string text = answer(mode, source);
      std::printf("%s\n", text.c_str());
    }
  }
  if (time) std::printf("%zu bytes in %.3f s: %.1f MB/s\n", bytes, seconds, static_cast<double>(bytes) / seconds / 1e6);
  return 0;
}

}  // namespace
}  // namespace pt::syntax

int main(int argc, char** argv) { return pt::syntax::run(argc, argv); }
