// Bytecode files: our own magic number, and a folder of our own for sources whose folders are not ours to write.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gc/platform/memory.h"
#include "vm/import/import.h"
#include "vm/import/import_state.h"
#include "vm/modules/marshal/marshal.h"
#include "vm/modules/support/arguments.h"
#include "vm/modules/support/runtime_interface.h"
#include "vm/modules/sys/config.h"
#include "vm/modules/sys/sys.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/ops/instruction.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"

#ifndef PT_BUILD_CACHE
#define PT_BUILD_CACHE ""
#endif

namespace pt {
namespace {

constexpr size_t kPathMax = 4096;
constexpr char kTag[] = ".ptpython-311";
constexpr uint32_t kCodeFormat = 1;  // bump when the form of code objects in bytecode files changes

constexpr uint32_t hash_text(uint32_t h, const char* s) {
  while (*s) h = (h ^ static_cast<unsigned char>(*s++)) * 16777619u;
  return h;
}
constexpr uint32_t instruction_set_hash() {
  uint32_t h = 2166136261u + kCodeFormat;
  for (const InstructionInfo& info : kInstructionInfo) {
    h = hash_text(h, info.name);
    h = (h ^ (static_cast<uint32_t>(info.a) | static_cast<uint32_t>(info.b) << 4 | static_cast<uint32_t>(info.c) << 8 |
              static_cast<uint32_t>(info.extra_words) << 12)) * 16777619u;
  }
  return h;
}

bool is_folder(const char* path) {
  struct stat status;
  return *path && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

constinit char g_cache_folder[kPathMax] = "";
constinit bool g_cache_folder_known = false;

// Makes the folders above `path`.
void make_parents(char* path) {
  for (char* at = std::strchr(path + 1, '/'); at; at = std::strchr(at + 1, '/')) {
    *at = 0;
    mkdir(path, 0777);
    *at = '/';
  }
}

uint8_t* read_whole(const char* path, size_t* size, struct stat* status) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return nullptr;
  if (fstat(fd, status) != 0 || !S_ISREG(status->st_mode)) {
    int saved = S_ISREG(status->st_mode) ? errno : EISDIR;
    close(fd);
    errno = saved;
    return nullptr;
  }
  auto wanted = static_cast<size_t>(status->st_size);
  auto* data = static_cast<uint8_t*>(memory::allocate(wanted + 1));
  size_t have = 0;
  while (data && have < wanted) {
    ssize_t n = ::read(fd, data + have, wanted - have);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    have += static_cast<size_t>(n);
  }
  close(fd);
  if (data) data[have] = 0;
  *size = have;
  return data;
}

void put32(uint8_t* at, uint32_t v) { std::memcpy(at, &v, 4); }

// The code in a bytecode file when it belongs to this source; empty without an exception otherwise.
Ref<> read_cache(const char* path, uint32_t mtime, uint32_t source_size) {
  size_t size;
  struct stat status = {};
  uint8_t* data = read_whole(path, &size, &status);
  if (!data) return Ref<>();
  Ref<> code;
  uint8_t header[16] = {};
  std::memcpy(header, bytecode_magic().data(), 4);
  put32(header + 8, mtime);
  put32(header + 12, source_size);
  if (size > 16 && std::memcmp(header, data, 16) == 0) {
    code = marshal_loads({reinterpret_cast<char*>(data) + 16, size - 16});
    if (!code) clear_error();
  }
  memory::release(data);
  return code;
}

void write_cache(char* path, Value code, uint32_t mtime, uint32_t source_size) {
  if (g_config.dont_write_bytecode) return;
  Ref<Bytes> body = marshal_dumps(code);
  if (!body) {
    clear_error();
    return;
  }
  make_parents(path);
  char temporary[kPathMax + 128];
  std::snprintf(temporary, sizeof temporary, "%s.%d", path, static_cast<int>(getpid()));
  int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) return;
  uint8_t header[16] = {};
  std::memcpy(header, bytecode_magic().data(), 4);
  put32(header + 8, mtime);
  put32(header + 12, source_size);
  bool ok = ::write(fd, header, 16) == 16 && ::write(fd, body->data, static_cast<size_t>(body->length)) == body->length;
  close(fd);
  if (!ok || rename(temporary, path) != 0) unlink(temporary);
}

// ---- what replaces functions of _bootstrap_external ---------------------------------------------------------------------

constinit Value g_cache_from_source, g_source_from_cache;  // the originals; immortal

Ref<> cache_from_source(const Value* a) {
  Ref<> original = call_keywords(g_cache_from_source, {a[0], a[1].empty() ? none() : a[1], a[2].empty() ? none() : a[2]}, {"optimization"});
  if (!original) return Ref<>();
  Ref<> prefix = sys_get("pycache_prefix");
  if (!prefix || !is_none(prefix.value()) || !is_str(original.value())) return original;
  Utf8 cached(as_str(original.value()), true);
  if (!cached.ok()) return Ref<>();
  std::string_view text = cached.view();
  size_t name_at = text.rfind('/');
  size_t folder_end = text.rfind("/__pycache__/");
  if (name_at == std::string_view::npos || folder_end == std::string_view::npos || folder_end + 12 != name_at) return original;
  char source[kPathMax];
  if (name_at + 16 >= sizeof source) return original;
  std::memcpy(source, text.data(), folder_end + 1);
  source[folder_end + 1] = 0;
  if (!cache_is_redirected(source) || !*cache_folder()) return original;
  char result[2 * kPathMax];
  int length = std::snprintf(result, sizeof result, "%s%.*s%.*s", cache_folder(), static_cast<int>(folder_end), text.data(),
                             static_cast<int>(text.size() - name_at), text.data() + name_at);
  return fs_decode({result, static_cast<size_t>(length)});
}

Ref<> source_from_cache(const Value* a) {
  PathArgument path;
  if (!path.convert(a[0], nullptr)) return Ref<>();
  size_t prefix = std::strlen(cache_folder());
  std::string_view text = path.view();
  if (!prefix || text.size() <= prefix || text.substr(0, prefix) != cache_folder() || text[prefix] != '/') {
    return call1(g_source_from_cache, a[0]);
  }
  text.remove_prefix(prefix);
  size_t slash = text.rfind('/');
  char plain[kPathMax];
  int length = std::snprintf(plain, sizeof plain, "%.*s/__pycache__%.*s", static_cast<int>(slash), text.data(),
                             static_cast<int>(text.size() - slash), text.data() + slash);
  Ref<Str> argument = fs_decode({plain, static_cast<size_t>(length)});
  return argument ? call1(g_source_from_cache, argument.value()) : Ref<>();
}

const NativeDef kReplacements[] = {
    {"cache_from_source", "(path, debug_override=None, *, optimization=None)", cache_from_source,
     "Given the path to a .py file, return the path to its .pyc file.\n\nThe .py file does not need to exist."},
    {"source_from_cache", "(path)", source_from_cache,
     "Given the path to a .pyc. file, return the path to its .py file.\n\nThe .pyc file does not need to exist."},
};

}  // namespace

std::string_view bytecode_magic() {
  static char magic[4];
  static std::atomic<bool> known{false};
  if (!known.load(std::memory_order_acquire)) {
    uint32_t h = instruction_set_hash();
    // In a build tree every new binary may compile differently.
    struct stat status;
    if (is_folder(PT_BUILD_CACHE) && stat("/proc/self/exe", &status) == 0) {
      h = (h ^ static_cast<uint32_t>(status.st_mtim.tv_sec)) * 16777619u;
      h = (h ^ static_cast<uint32_t>(status.st_mtim.tv_nsec)) * 16777619u;
    }
    h ^= h >> 16;
    magic[0] = static_cast<char>(h & 0xFF);
    magic[1] = static_cast<char>(h >> 8 & 0xFF);
    magic[2] = '\r';
    magic[3] = '\n';
    known.store(true, std::memory_order_release);
  }
  return {magic, 4};
}

const char* cache_folder() {
  if (g_cache_folder_known) return g_cache_folder;
  const char* wanted = g_config.ignore_environment ? nullptr : std::getenv("PTPYTHON_CACHE");
  if (wanted && *wanted == '/') {
    std::snprintf(g_cache_folder, sizeof g_cache_folder, "%s", wanted);
  } else if (is_folder(PT_BUILD_CACHE)) {
    std::snprintf(g_cache_folder, sizeof g_cache_folder, "%s", PT_BUILD_CACHE);
  } else {
    const char* base = std::getenv("XDG_CACHE_HOME");
    const char* home = std::getenv("HOME");
    if (base && *base == '/') std::snprintf(g_cache_folder, sizeof g_cache_folder, "%s/ptpython", base);
    else if (home && *home == '/') std::snprintf(g_cache_folder, sizeof g_cache_folder, "%s/.cache/ptpython", home);
  }
  size_t length = std::strlen(g_cache_folder);
  while (length > 1 && g_cache_folder[length - 1] == '/') g_cache_folder[--length] = 0;
  g_cache_folder_known = true;
  return g_cache_folder;
}

bool cache_is_redirected(const char* source_path) {
  if (source_path[0] != '/') return false;
  size_t length = std::strlen(library_folder());
  if (length && std::strncmp(source_path, library_folder(), length) == 0 && source_path[length] == '/') return true;
  if (std::strncmp(source_path, "/usr/lib/", 9) == 0 || std::strncmp(source_path, "/usr/share/", 11) == 0) return true;
  char folder[kPathMax];
  const char* slash = std::strrchr(source_path, '/');
  std::snprintf(folder, sizeof folder, "%.*s", static_cast<int>(slash - source_path), source_path);
  return folder[0] && access(folder, W_OK) != 0 && (errno == EACCES || errno == EROFS);
}

Ref<> load_source_code(std::string_view path_text, Str* shown) {
  char path[kPathMax];
  if (path_text.size() >= sizeof path) return raise(exc::ImportError, "path too long");
  std::memcpy(path, path_text.data(), path_text.size());
  path[path_text.size()] = 0;
  struct stat status = {};
  size_t size;
  uint8_t* source = read_whole(path, &size, &status);
  if (!source) {
    Ref<Str> name = fs_decode(path_text);
    return raise_errno(exc::OSError, name ? name.value() : Value());
  }
  auto mtime = static_cast<uint32_t>(status.st_mtim.tv_sec);
  auto source_size = static_cast<uint32_t>(status.st_size);
  char cached[2 * kPathMax] = "";
  if (*cache_folder()) {
    size_t stem = path_text.size() > 3 && path_text.substr(path_text.size() - 3) == ".py" ? path_text.size() - 3 : path_text.size();
    std::snprintf(cached, sizeof cached, "%s%.*s.start%s.pyc", cache_folder(), static_cast<int>(stem), path, kTag);
    Ref<> code = read_cache(cached, mtime, source_size);
    if (code) {
      memory::release(source);
      return code;
    }
  }
  Ref<> code = compile_source({reinterpret_cast<char*>(source), size}, shown);
  memory::release(source);
  if (code && cached[0]) write_cache(cached, code.value(), mtime, source_size);
  return code;
}

bool patch_bootstrap_external(Value module) {
  Ref<> first = get_attribute(module, "cache_from_source"), second = get_attribute(module, "source_from_cache");
  Ref<Bytes> magic = bytes_from(bytecode_magic());
  uint32_t raw;
  std::memcpy(&raw, bytecode_magic().data(), 4);
  Ref<Str> module_name = str_from_ascii("importlib._bootstrap_external");
  if (!first || !second || !magic || !module_name) return false;
  make_immortal(first.value().as_object());
  make_immortal(second.value().as_object());
  g_cache_from_source = first.take();
  g_source_from_cache = second.take();
  for (const NativeDef& def : kReplacements) {
    Ref<> function = native_function_new(&def, Value(), module_name.value());
    if (!function || !set_attribute(module, intern(def.name), function.value())) return false;
  }
  Ref<> number = int_from_int64(raw);
  return set_attribute(module, intern("MAGIC_NUMBER"), magic.value()) &&
         set_attribute(module, intern("_RAW_MAGIC_NUMBER"), number.value());
}

}  // namespace pt
