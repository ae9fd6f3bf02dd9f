// Prints what the front end makes of Python source: the tree as ast.dump(tree, include_attributes=True) shows it, the
// symbol tables (--symtable), or the syntax error.
//   ptsyntax [--mode=exec|eval|single|func_type] [--symtable] [--time] FILE...
//   ptsyntax --serve     answers requests on standard input: a line "MODE SIZE", then SIZE bytes of source; MODE is
//                        the mode, after "str-" if the source is a str, or "symtable". The answer: a line with its
//                        size, then the text.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "vm/syntax/ast_info.h"
#include "vm/syntax/parse.h"
#include "vm/syntax/symtable.h"
#include "vm/syntax/unicode.h"

namespace pt::syntax {
namespace {

std::string number_text(long long number) { return std::to_string(number); }

// repr() of a float.
std::string float_repr(double number) {
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  char buffer[64];
  auto scientific = std::to_chars(buffer, buffer + sizeof(buffer), number, std::chars_format::scientific);
  std::string text(buffer, scientific.ptr);
  size_t e = text.find('e');
  int exponent = std::stoi(text.substr(e + 1));
  if (exponent < -4 || exponent >= 16) return text;
  auto fixed = std::to_chars(buffer, buffer + sizeof(buffer), number, std::chars_format::fixed);
  text.assign(buffer, fixed.ptr);
  if (text.find('.') == std::string::npos) text += ".0";
  return text;
}

std::string imaginary_repr(double number) {
  std::string text = float_repr(number);
  if (text.size() > 2 && text.ends_with(".0")) text.resize(text.size() - 2);
  return text + "j";
}

// Digits of any base as decimal text.
std::string decimal_digits(std::string_view digits, int base) {
  if (base == 10) return std::string(digits);
  std::string result(1, 0);  // least significant first
  for (char c : digits) {
    int carry = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    for (char& d : result) {
      carry += d * base;
      d = static_cast<char>(carry % 10);
      carry /= 10;
    }
    for (; carry; carry /= 10) result += static_cast<char>(carry % 10);
  }
  for (char& d : result) d = static_cast<char>(d + '0');
  return {result.rbegin(), result.rend()};
}

void append_hex(std::string* out, const char* prefix, unsigned value, int digits) {
  char buffer[16];
  std::snprintf(buffer, sizeof(buffer), "%s%0*x", prefix, digits, value);
  *out += buffer;
}

std::string string_repr(std::string_view text, bool is_bytes) {
  bool single = text.find('\'') != std::string_view::npos, twice = text.find('"') != std::string_view::npos;
  char quote = single && !twice ? '"' : '\'';
  std::string out = is_bytes ? "b" : "";
  out += quote;
  for (const char* at = text.data(); at < text.data() + text.size();) {
    const char* start = at;
    char32_t c = is_bytes ? static_cast<unsigned char>(*at++) : decode_utf8(at);
    if (c == static_cast<char32_t>(quote) || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 0x20 || c == 0x7F || (is_bytes && c >= 0x80)) {
      append_hex(&out, "\\x", c, 2);
    } else if (c < 0x7F || is_printable(c)) {
      out.append(start, at);
    } else if (c < 0x100) {
      append_hex(&out, "\\x", c, 2);
    } else if (c < 0x10000) {
      append_hex(&out, "\\u", c, 4);
    } else {
      append_hex(&out, "\\U", c, 8);
    }
  }
  return out + quote;
}

std::string constant_repr(const ConstantValue& value) {
  switch (value.kind) {
    case ConstantKind::None: return "None";
    case ConstantKind::True: return "True";
    case ConstantKind::False: return "False";
    case ConstantKind::Ellipsis: return "Ellipsis";
    case ConstantKind::Int:
      return value.is_small ? number_text(value.integer) : decimal_digits(value.text.view(), value.base);
    case ConstantKind::Float: return float_repr(value.number);
    case ConstantKind::Imaginary: return imaginary_repr(value.number);
    case ConstantKind::Str: return string_repr(value.text.view(), false);
    case ConstantKind::Bytes: return string_repr(value.text.view(), true);
  }
  return "";
}

class Dumper {
 public:
  std::string out;

  void node(TypeId type, const void* node) {
    const NodeInfo& info = node_info(type, node);
    out += info.name;
    out += '(';
    bool first = true;
    for (int i = 0; i < info.field_count; i++) field(info.fields[i], node, &first);
    if (info.span >= 0) {
      auto& span = *reinterpret_cast<const Span*>(static_cast<const char*>(node) + info.span);
      out += first ? "lineno=" : ", lineno=";
      out += number_text(span.line) + ", col_offset=" + number_text(span.col);
      out += ", end_lineno=" + number_text(span.end_line) + ", end_col_offset=" + number_text(span.end_col);
    }
    out += ')';
  }

 private:
  void field(const FieldInfo& info, const void* node, bool* first) {
    const char* place = static_cast<const char*>(node) + info.offset;
    if (info.quantity == Quantity::Optional && info.type != TypeId::Int &&
        !*reinterpret_cast<const void* const*>(place))
      return;
    if (!*first) out += ", ";
    *first = false;
    out += info.name;
    out += '=';
    if (info.quantity != Quantity::Sequence) return value(info.type, place);
    out += '[';
    auto& items = *reinterpret_cast<const Seq<char>*>(place);
    size_t size = is_enum(info.type) ? 1 : sizeof(void*);
    for (uint32_t i = 0; i < items.size; i++) {
      if (i) out += ", ";
      value(info.type, items.data + i * size);
    }
    out += ']';
  }

  void value(TypeId type, const char* place) {
    if (is_enum(type)) {
      out += enum_info(type).values[static_cast<unsigned char>(*place)];
      out += "()";
      return;
    }
    if (type == TypeId::Int) {
      out += number_text(*reinterpret_cast<const Int*>(place));
      return;
    }
    if (type == TypeId::ConstantValue) {
      out += constant_repr(*reinterpret_cast<const ConstantValue*>(place));
      return;
    }
    const void* pointer = *reinterpret_cast<const void* const*>(place);
    if (!pointer)
      out += "None";
    else if (type == TypeId::Identifier)
      out += string_repr(static_cast<const Identifier*>(pointer)->view(), false);
    else if (type == TypeId::String)
      out += string_repr(static_cast<const String*>(pointer)->view(), false);
    else
      node(type, pointer);
  }
};

std::string error_text(const SyntaxErrorInfo& error) {
  const char* names[] = {"", "SyntaxError", "IndentationError", "TabError", "IncompleteInput", "ValueError",
                         "MemoryError", "RecursionError"};
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
  Dumper dumper;
  dumper.node(TypeId::Mod, result.mod);
  return std::move(dumper.out);
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
  if (time)
    std::printf("%zu bytes in %.3f s: %.1f MB/s\n", bytes, seconds, static_cast<double>(bytes) / seconds / 1e6);
  return 0;
}

}  // namespace
}  // namespace pt::syntax

int main(int argc, char** argv) { return pt::syntax::run(argc, argv); }
