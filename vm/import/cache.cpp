// Bytecode files: our own magic number, and a folder of our own for sources whose folders are not ours to write.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
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
#include "vm/object/interpreter.h"
#include "vm/object/descriptors.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/ops/instruction.h"
#include "vm/types/code_image.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"

#ifndef PT_BUILD_CACHE
#define PT_BUILD_CACHE ""
#endif

extern "C" const ElfW(Ehdr) __ehdr_start;  // by the linker

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
              static_cast<uint32_t>(info.extra_words) << 12)) *
        16777619u;
  }
  return h;
}

bool is_folder(const char* path) {
  struct stat status;
  return *path && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

constinit char g_cache_folder[kPathMax] = "", g_library_cache[kPathMax] = "";
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

// A bytecode file is 16 bytes (magic number, flags, time and size of the source), the marshal code of a code object, the size of
// its image, three bytes of padding, and the image.
constexpr size_t kImageAt = 24;
struct FileHeader {
  uint8_t magic[4];
  uint32_t flags, mtime, source_size;
};
FileHeader header_for(uint32_t mtime, uint32_t source_size) {
  FileHeader h = {{}, 0, mtime, source_size};
  std::memcpy(h.magic, bytecode_magic().data(), 4);
  return h;
}

// The code in a bytecode file when it belongs to this source; empty without an exception otherwise.
Ref<Code> read_cache(const char* path, bool trusted, uint32_t mtime, uint32_t source_size, Str* shown) {
  ImageBlock block = {nullptr, 0, trusted, kImageAt};
  if (trusted) {
    // Files of the runtime's own folder are replaced, never changed: they can be mapped.
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return Ref<Code>();
    struct stat status;
    void* map = MAP_FAILED;
    if (fstat(fd, &status) == 0 && status.st_size > 0) {
      block.size = static_cast<size_t>(status.st_size);
      map = mmap(nullptr, block.size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    }
    close(fd);
    if (map == MAP_FAILED) return Ref<Code>();
    block.data = static_cast<uint8_t*>(map);
  } else {
    struct stat status = {};
    block.data = read_whole(path, &block.size, &status);
    if (!block.data) return Ref<Code>();
  }
  FileHeader wanted = header_for(mtime, source_size);
  if (block.size > kImageAt && std::memcmp(&wanted, block.data, sizeof wanted) == 0 && (block.data[16] & 0x7F) == 'c') {
    Ref<Code> code = code_image_load(block, trusted, shown);
    if (!code) clear_error();
    return code;
  }
  if (trusted) {
    munmap(block.data, block.size);
  } else {
    memory::release(block.data);
  }
  return Ref<Code>();
}

void write_cache(char* path, Value code, uint32_t mtime, uint32_t source_size) {
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
  FileHeader header = header_for(mtime, source_size);
  bool ok = ::write(fd, &header, sizeof header) == sizeof header &&
            ::write(fd, body->data, static_cast<size_t>(body->length)) == body->length;
  close(fd);
  if (!ok || rename(temporary, path) != 0) unlink(temporary);
}

// The bytecode file of a source below `folder`; false when the path is too long.
bool cache_path(const char* folder, std::string_view source, char (&out)[2 * kPathMax]) {
  size_t stem = source.size() > 3 && source.substr(source.size() - 3) == ".py" ? source.size() - 3 : source.size();
  char level[16] = "";
  if (g_config.optimize) std::snprintf(level, sizeof level, ".opt-%d", g_config.optimize);
  int n = std::snprintf(out, sizeof out, "%s%.*s%s%s.pyc", folder, static_cast<int>(stem), source.data(), kTag, level);
  return n > 0 && static_cast<size_t>(n) < sizeof out;
}

// ---- what replaces functions of _bootstrap_external ---------------------------------------------------------------------

// What was there before.
Value original(PerInterpreter which) { return Value::object(of_interpreter(which)); }

Ref<> cache_from_source(const Value* a) {
  Ref<> cached_path = call_keywords(original(PerInterpreter::kCacheFromSource),
                                    {a[0], a[1].empty() ? none() : a[1], a[2].empty() ? none() : a[2]}, {"optimization"});
  if (!cached_path) return Ref<>();
  Ref<> prefix = sys_get("pycache_prefix");
  if (!prefix || !is_none(prefix.value()) || !is_str(cached_path.value())) return cached_path;
  Utf8 cached(as_str(cached_path.value()), true);
  if (!cached.ok()) return Ref<>();
  std::string_view text = cached.view();
  size_t name_at = text.rfind('/');
  size_t folder_end = text.rfind("/__pycache__/");
  if (name_at == std::string_view::npos || folder_end == std::string_view::npos || folder_end + 12 != name_at) return cached_path;
  char source[kPathMax];
  if (name_at + 16 >= sizeof source) return cached_path;
  std::memcpy(source, text.data(), folder_end + 1);
  source[folder_end + 1] = 0;
  if (!cache_is_redirected(source) || !*cache_folder()) return cached_path;
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
    return call1(original(PerInterpreter::kSourceFromCache), a[0]);
  }
  text.remove_prefix(prefix);
  size_t slash = text.rfind('/');
  char plain[kPathMax];
  int length = std::snprintf(plain, sizeof plain, "%.*s/__pycache__%.*s", static_cast<int>(slash), text.data(),
                             static_cast<int>(text.size() - slash), text.data() + slash);
  Ref<Str> argument = fs_decode({plain, static_cast<size_t>(length)});
  return argument ? call1(original(PerInterpreter::kSourceFromCache), argument.value()) : Ref<>();
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
    // Another build may compile differently.
    auto* headers = reinterpret_cast<const ElfW(Phdr)*>(reinterpret_cast<const char*>(&__ehdr_start) + __ehdr_start.e_phoff);
    for (int i = 0; i < __ehdr_start.e_phnum; ++i) {
      if (headers[i].p_type != PT_NOTE) continue;
      auto* bytes = reinterpret_cast<const uint8_t*>(headers[i].p_vaddr);
      for (size_t k = 0; k < headers[i].p_memsz; ++k) h = (h ^ bytes[k]) * 16777619u;
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

namespace {
// The folder for the distribution's library (g_library_cache, trusted; "" when there is none) and the one for sources beside
// which nothing can be written.
void find_cache_folders() {
  if (g_cache_folder_known) return;
  g_cache_folder_known = true;
  const char* wanted = g_config.ignore_environment ? nullptr : std::getenv("PTPYTHON_CACHE");
  const char* name = std::strrchr(g_config.executable, '/');
  bool is_main = name && std::strcmp(name, "/ptpython") == 0;  // test programs keep out of the build's folder
  if (wanted && *wanted == '/') {
    std::snprintf(g_cache_folder, sizeof g_cache_folder, "%s", wanted);
  } else {
    const char* base = std::getenv("XDG_CACHE_HOME");
    const char* home = std::getenv("HOME");
    if (base && *base == '/')
      std::snprintf(g_cache_folder, sizeof g_cache_folder, "%s/ptpython", base);
    else if (home && *home == '/')
      std::snprintf(g_cache_folder, sizeof g_cache_folder, "%s/.cache/ptpython", home);
    if (is_main) {
      std::snprintf(g_library_cache, sizeof g_library_cache, "%s/pycache", own_library_folder());
      if (!is_folder(g_library_cache)) std::snprintf(g_library_cache, sizeof g_library_cache, "%s", PT_BUILD_CACHE);
      if (!is_folder(g_library_cache)) g_library_cache[0] = 0;
    }
  }
  size_t length = std::strlen(g_cache_folder);
  while (length > 1 && g_cache_folder[length - 1] == '/') g_cache_folder[--length] = 0;
  if (g_library_cache[0] && access(g_library_cache, W_OK) == 0) std::strcpy(g_cache_folder, g_library_cache);
}
}  // namespace

const char* cache_folder() {
  find_cache_folders();
  return g_cache_folder;
}

bool cache_is_redirected(const char* source_path) {
  if (source_path[0] != '/') return false;
  size_t length = std::strlen(library_folder());
  if (length && std::strncmp(source_path, library_folder(), length) == 0 && source_path[length] == '/') return true;
  length = std::strlen(own_library_folder());
  if (length && std::strncmp(source_path, own_library_folder(), length) == 0 && source_path[length] == '/') return true;
  if (std::strncmp(source_path, "/usr/lib/", 9) == 0 || std::strncmp(source_path, "/usr/share/", 11) == 0) return true;
  char folder[kPathMax];
  const char* slash = std::strrchr(source_path, '/');
  std::snprintf(folder, sizeof folder, "%.*s", static_cast<int>(slash - source_path), source_path);
  return folder[0] && access(folder, W_OK) != 0 && (errno == EACCES || errno == EROFS);
}

Ref<> load_source_code(std::string_view path_text, Str* shown) {
  char path[kPathMax], cached[2 * kPathMax];
  if (path_text.size() >= sizeof path) return raise(exc::ImportError, "path too long");
  std::memcpy(path, path_text.data(), path_text.size());
  path[path_text.size()] = 0;
  struct stat status = {};
  find_cache_folders();
  auto mtime = [&] { return static_cast<uint32_t>(status.st_mtim.tv_sec); };
  auto source_size = [&] { return static_cast<uint32_t>(status.st_size); };
  if (stat(path, &status) == 0) {
    for (const char* folder : {g_library_cache, g_cache_folder}) {
      if (!*folder || !cache_path(folder, path_text, cached)) continue;
      Ref<Code> code = read_cache(cached, folder == g_library_cache, mtime(), source_size(), shown);
      if (code) return code;
    }
  }
  size_t size;
  uint8_t* source = read_whole(path, &size, &status);
  if (!source) {
    Ref<Str> name = fs_decode(path_text);
    return raise_errno(exc::OSError, name ? name.value() : Value());
  }
  Ref<> code = compile_source({reinterpret_cast<char*>(source), size}, shown);
  memory::release(source);
  if (code && *g_cache_folder && !g_config.dont_write_bytecode && cache_path(g_cache_folder, path_text, cached)) {
    write_cache(cached, code.value(), mtime(), source_size());
  }
  return code;
}

bool compile_to_cache(const char* source_path) {
  char cached[2 * kPathMax];
  std::string_view path_text(source_path);
  struct stat status = {};
  size_t size;
  if (!cache_path(g_cache_folder, path_text, cached)) return true;
  Ref<Str> shown = fs_decode(path_text);
  if (!shown || stat(source_path, &status) != 0) return true;
  auto mtime = static_cast<uint32_t>(status.st_mtim.tv_sec), source_size = static_cast<uint32_t>(status.st_size);
  if (read_cache(cached, false, mtime, source_size, shown.get())) return true;
  uint8_t* source = read_whole(source_path, &size, &status);
  if (!source) return true;
  Ref<> code = compile_source({reinterpret_cast<char*>(source), size}, shown.get());
  memory::release(source);
  if (!code) {
    clear_error();  // some files of the library are wrong on purpose
    return true;
  }
  write_cache(cached, code.value(), mtime, source_size);
  return true;
}

namespace {
constinit Name kName("name"), kPath("path");

// SourceFileLoader.get_code: the common case, a bytecode file that fits, without Python code.
Ref<> get_code(const Value* a) {
  if (!g_config.verbose && type_of(a[0]) == of_interpreter<Type>(PerInterpreter::kSourceFileLoader)) {
    Ref<> name = find_attribute(a[0], kName.str()), path = find_attribute(a[0], kPath.str());
    Ref<> prefix = sys_get("pycache_prefix");
    if (name && path && is_str(name.value()) && is_str(path.value()) && is_str(a[1]) &&
        str_equal(as_str(name.value()), as_str(a[1])) && (!prefix || is_none(prefix.value()))) {
      Utf8 text(as_str(path.value()), true);
      struct stat status;
      char cached[2 * kPathMax];
      if (text.ok() && text.view().size() < kPathMax - 32 && stat(text.c_str(), &status) == 0) {
        auto mtime = static_cast<uint32_t>(status.st_mtim.tv_sec), size = static_cast<uint32_t>(status.st_size);
        find_cache_folders();
        if (cache_is_redirected(text.c_str())) {
          for (const char* folder : {g_library_cache, g_cache_folder}) {
            if (!*folder || !cache_path(folder, text.view(), cached)) continue;
            Ref<Code> code = read_cache(cached, folder == g_library_cache, mtime, size, as_str(path.value()));
            if (code) return code;
          }
        } else {
          std::string_view view = text.view();
          size_t slash = view.rfind('/');
          size_t at = slash == std::string_view::npos ? 0 : slash + 1;
          char middle[kPathMax + 16];
          std::snprintf(middle, sizeof middle, "%.*s__pycache__/%s", static_cast<int>(at), view.data(), view.data() + at);
          if (cache_path("", middle, cached)) {
            Ref<Code> code = read_cache(cached, false, mtime, size, as_str(path.value()));
            if (code) return code;
          }
        }
      }
    }
    clear_error();
  }
  return call_values(original(PerInterpreter::kGetCode), {a[0], a[1]});
}
const NativeDef kGetCode = {"get_code", "($self, /, fullname)", get_code, "Concrete implementation of InspectLoader.get_code."};
}  // namespace

bool patch_bootstrap_external(Value module) {
  Ref<> first = get_attribute(module, "cache_from_source"), second = get_attribute(module, "source_from_cache");
  Ref<Bytes> magic = bytes_from(bytecode_magic());
  uint32_t raw;
  std::memcpy(&raw, bytecode_magic().data(), 4);
  Ref<Str> module_name = str_from_ascii("importlib._bootstrap_external");
  if (!first || !second || !magic || !module_name) return false;
  Interpreter* interpreter = current_interpreter();
  interpreter->keep(PerInterpreter::kCacheFromSource, std::move(first));
  interpreter->keep(PerInterpreter::kSourceFromCache, std::move(second));
  for (const NativeDef& def : kReplacements) {
    Ref<> function = native_function_new(&def, Value(), module_name.value());
    if (!function || !set_attribute(module, intern(def.name), function.value())) return false;
  }
  Ref<> loader = get_attribute(module, "SourceFileLoader");
  Ref<> replaced = loader ? get_attribute(loader.value(), "get_code") : Ref<>();
  Ref<> method = replaced ? method_descriptor_new(reinterpret_cast<Type*>(loader.value().as_object()), &kGetCode) : Ref<>();
  if (!method || !set_attribute(loader.value(), intern("get_code"), method.value())) return false;
  interpreter->keep(PerInterpreter::kSourceFileLoader, std::move(loader));
  interpreter->keep(PerInterpreter::kGetCode, std::move(replaced));
  Ref<> number = int_from_int64(raw);
  return set_attribute(module, intern("MAGIC_NUMBER"), magic.value()) &&
         set_attribute(module, intern("_RAW_MAGIC_NUMBER"), number.value());
}

}  // namespace pt
