#include "vm/syntax/source.h"

#include "vm/syntax/message.h"
#include "vm/syntax/unicode.h"

namespace pt::syntax {
namespace {

constexpr size_t kNone = std::string_view::npos;

std::string_view first_line(std::string_view text) {
  size_t end = text.find_first_of("\r\n");
  return text.substr(0, end);
}

std::string_view after_line(std::string_view text) {
  size_t end = text.find_first_of("\r\n");
  if (end == kNone) return {};
  if (text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n') end++;
  return text.substr(end + 1);
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\f'; }

// PEP 263: the name in `coding[:=]\s*name` of a comment line; *may_continue says whether the next line counts
// too.
std::string_view declared_encoding(std::string_view line, bool* may_continue) {
  size_t i = 0;
  while (i < line.size() && is_blank(line[i])) i++;
  *may_continue = i == line.size() || line[i] == '#';
  if (i == line.size() || line[i] != '#') return {};
  for (size_t at = line.find("coding", i); at != kNone; at = line.find("coding", at + 1)) {
    size_t begin = at + 6;
    if (begin >= line.size() || (line[begin] != ':' && line[begin] != '=')) continue;
    do begin++;
    while (begin < line.size() && (line[begin] == ' ' || line[begin] == '\t'));
    size_t end = begin;
    auto is_name = [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
    };
    while (end < line.size() && is_name(line[end])) end++;
    if (end > begin) return line.substr(begin, end - begin);
  }
  return {};
}

// The spellings of utf-8 and latin-1 under their usual names, others as they are.
std::string_view normal_name(std::string_view name, char* buffer, size_t capacity) {
  size_t length = 0;
  for (; length < name.size() && length < capacity; length++) {
    char c = name[length];
    buffer[length] = c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  std::string_view lower(buffer, length);
  auto is = [&](std::string_view known) { return lower == known || (lower.starts_with(known) && lower[known.size()] == '-'); };
  if (is("utf-8")) return "utf-8";
  if (is("latin-1") || is("iso-8859-1") || is("iso-latin-1")) return "iso-8859-1";
  return name;
}

bool fail(Arena& arena, SyntaxErrorInfo* error, std::string_view message) {
  error->kind = ErrorKind::SyntaxError;
  error->message = {message.data(), static_cast<uint32_t>(message.size())};
  error->line = 0;
  error->offset = -1;
  (void)arena;
  return false;
}

// PEP 263, for the main script.
bool fail_script(Arena& arena, SyntaxErrorInfo* error, std::string_view text, size_t at, const ParseOptions& options) {
  int line = options.first_line;
  for (size_t i = 0; i < at; i++) line += text[i] == '\n' || (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n'));
  Message message(arena);
  message << "Non-UTF-8 code starting with '\\x" << hex(static_cast<unsigned char>(text[at]), 2) << "' in file "
          << options.filename << " on line " << decimal(line)
          << ", but no encoding declared; see https://peps.python.org/pep-0263/ for details";
  fail(arena, error, message.finish().view());
  error->line = line;
  error->offset = 0;
  return false;
}

// Copies with \r\n and \r as \n, a final newline if wanted, and a zero.
void unify_lines(Arena& arena, std::string_view text, bool add_newline, SourceText* out) {
  char* copy = static_cast<char*>(arena.allocate(text.size() + 2));
  size_t size;
  if (std::memchr(text.data() ? text.data() : "", '\r', text.size())) {
    size = 0;
    for (size_t i = 0; i < text.size(); i++) {
      char c = text[i];
      if (c == '\r') {
        c = '\n';
        if (i + 1 < text.size() && text[i + 1] == '\n') i++;
      }
      copy[size++] = c;
    }
  } else {
    size = text.size();
    if (size) std::memcpy(copy, text.data(), size);
  }
  if (add_newline && size && copy[size - 1] != '\n') copy[size++] = '\n';
  copy[size] = 0;
  out->text = copy;
  out->size = size;
}

bool decode_declared(Arena& arena, std::string_view name, std::string_view source, std::string_view* text,
                     SyntaxErrorInfo* error) {
  char buffer[64];
  if (name.size() >= sizeof(buffer)) name = name.substr(0, sizeof(buffer) - 1);
  std::string_view normal = normal_name(name, buffer, sizeof(buffer));
  if (normal == "iso-8859-1") {
    char* out = static_cast<char*>(arena.allocate(source.size() * 2 + 1));
    size_t size = 0;
    for (char c : source) size += encode_utf8(static_cast<unsigned char>(c), out + size);
    *text = {out, size};
    return true;
  }
  std::string_view lower(buffer, name.size());
  if (lower == "utf8" || lower == "utf" || lower == "u8" || lower == "cp65001") {
    *text = source;
    return true;
  }
  if (lower == "ascii" || lower == "us-ascii" || lower == "646") {
    for (size_t i = 0; i < source.size(); i++) {
      if (!(source[i] & 0x80)) continue;
      Message message(arena);
      message << "'ascii' codec can't decode byte 0x" << hex(static_cast<unsigned char>(source[i]), 2) << " in position "
              << decimal(static_cast<int64_t>(i)) << ": ordinal not in range(128)";
      return fail(arena, error, message.finish().view());
    }
    *text = source;
    return true;
  }
  bool known;
  size_t at;
  if (decode_charset(arena, name, source, text, &known, &at)) return true;
  Message message(arena);
  if (known)
    message << "'" << lower << "' codec can't decode byte 0x" << hex(static_cast<unsigned char>(source[at]), 2) << " in position "
            << decimal(static_cast<int64_t>(at)) << ": invalid byte";
  else
    message << "unknown encoding: " << name;
  return fail(arena, error, message.finish().view());
}

}  // namespace

bool prepare_source(Arena& arena, std::string_view source, const ParseOptions& options, SourceText* out, SyntaxErrorInfo* error) {
  out->encoding = {"utf-8", 5};
  auto holds_null = [&](std::string_view bytes) {
    if (bytes.empty() || !std::memchr(bytes.data(), 0, bytes.size())) return false;
    *error = {};
    error->kind = ErrorKind::ValueError;
    error->message = {"source code string cannot contain null bytes", 44};
    return true;
  };
  if (!options.is_script && holds_null(source)) return false;
  bool add_newline = options.mode == ParseMode::Exec;
  if (options.is_str) {
    out->is_valid = find_invalid_utf8(source) == kNone;
    unify_lines(arena, source, add_newline, out);
    return true;
  }
  bool has_mark = source.starts_with("\xEF\xBB\xBF");
  if (has_mark) source.remove_prefix(3);
  bool next;
  std::string_view declared = declared_encoding(first_line(source), &next);
  if (declared.empty() && next) declared = declared_encoding(first_line(after_line(source)), &next);
  std::string_view text = source;
  if (!declared.empty()) {
    char buffer[64];
    std::string_view normal = normal_name(declared, buffer, sizeof(buffer));
    std::string_view kept = arena.copy(normal);
    out->encoding = {kept.data(), static_cast<uint32_t>(kept.size())};
    if (normal != "utf-8") {
      if (has_mark) {
        Message message(arena);
        message << "encoding problem: " << normal << " with BOM";
        return fail(arena, error, message.finish().view());
      }
      if (!decode_declared(arena, declared, source, &text, error)) return false;
    }
  }
  size_t bad = find_invalid_utf8(text);
  if (bad != kNone && options.is_script) return fail_script(arena, error, text, bad, options);
  if (options.is_script && holds_null(source)) return false;
  out->is_valid = bad == kNone;
  unify_lines(arena, text, add_newline, out);
  return true;
}

}  // namespace pt::syntax
