// posix: names in the file system, directories, links.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <string>

#include "vm/modules/posix/posix_internal.h"
#include "vm/types/generic_alias.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/tuple.h"

namespace pt::posix {

namespace {

constinit Type g_dir_entry_type, g_scandir_type;

struct DirEntry : Object {
  Field name, path;
  Field stat, lstat;
  int64_t inode;
  int dir_fd;
  unsigned char type;
};
struct ScandirIterator : Object {
  DIR* directory;     // guarded by the object lock; nullptr: closed
  Field prefix;       // str or bytes put before names; empty for descriptors
  bool bytes_names;
  int dir_fd;
};
DirEntry* entry(Value v) { return reinterpret_cast<DirEntry*>(v.as_object()); }
ScandirIterator* scan(Value v) { return reinterpret_cast<ScandirIterator*>(v.as_object()); }

Ref<> posix_getcwd(const Value*) {
  char buffer[PATH_MAX];
  if (!getcwd(buffer, sizeof(buffer))) return raise_os_error();
  return fs_decode(buffer);
}
Ref<> posix_getcwdb(const Value*) {
  char buffer[PATH_MAX];
  if (!getcwd(buffer, sizeof(buffer))) return raise_os_error();
  return bytes_from(buffer);
}
Ref<> posix_chdir(const Value* a) {
  PathArgument p;
  if (!p.convert(a[0], "chdir", "path", PathArgument::kDescriptor)) return Ref<>();
  return none_or_error(blocking([&] { return p.is_descriptor() ? fchdir(p.descriptor()) : chdir(p.c_str()); }), p.object());
}
Ref<> posix_fchdir(const Value* a) {
  int fd;
  if (!to_descriptor(a[0], &fd)) return Ref<>();
  return none_or_error(blocking([&] { return fchdir(fd); }));
}
Ref<> posix_chroot(const Value* a) {
  PathArgument p;
  if (!p.convert(a[0], "chroot")) return Ref<>();
  return none_or_error(chroot(p.c_str()), p.object());
}
Ref<> posix_listdir(const Value* a) {
  PathArgument p;
  if (!p.convert(a[0], "listdir", "path", PathArgument::kNullable | PathArgument::kDescriptor)) return Ref<>();
  DIR* dir;
  {
    Detached detached;
    if (p.is_descriptor()) {
      int fd = fcntl(p.descriptor(), F_DUPFD_CLOEXEC, 0);
      dir = fd < 0 ? nullptr : fdopendir(fd);
      if (dir) rewinddir(dir);
    } else {
      dir = opendir(p.c_str());
    }
  }
  if (!dir) return p.is_default() ? raise_os_error() : raise_os_error(p.object());
  Ref<List> list = list_new();
  for (;;) {
    dirent* d;
    {
      Detached detached;
      errno = 0;
      d = readdir(dir);
    }
    if (!d) break;
    std::string_view name = d->d_name;
    if (name == "." || name == "..") continue;
    Ref<> item = p.is_bytes() ? Ref<>(bytes_from(name)) : Ref<>(fs_decode(name));
    if (!list || !item || !list_append(list.get(), std::move(item))) {
      closedir(dir);
      return Ref<>();
    }
  }
  int failure = errno;
  closedir(dir);
  if (failure) {
    errno = failure;
    return raise_os_error(p.object());
  }
  return list;
}
Ref<> posix_mkdir(const Value* a) {
  PathArgument p;
  int mode = 0777, dir;
  if (!p.convert(a[0], "mkdir") || !to_cint(a[1], &mode) || !directory_descriptor(a[2], &dir)) return Ref<>();
  return none_or_error(blocking([&] { return mkdirat(dir, p.c_str(), static_cast<mode_t>(mode)); }), p.object());
}
Ref<> posix_rmdir(const Value* a) {
  PathArgument p;
  int dir;
  if (!p.convert(a[0], "rmdir") || !directory_descriptor(a[1], &dir)) return Ref<>();
  return none_or_error(blocking([&] { return unlinkat(dir, p.c_str(), AT_REMOVEDIR); }), p.object());
}
Ref<> posix_unlink(const Value* a) {
  PathArgument p;
  int dir;
  if (!p.convert(a[0], "unlink") || !directory_descriptor(a[1], &dir)) return Ref<>();
  return none_or_error(blocking([&] { return unlinkat(dir, p.c_str(), 0); }), p.object());
}
Ref<> posix_rename(const Value* a) {
  PathArgument from, to;
  int from_dir, to_dir;
  if (!from.convert(a[0], "rename", "src") || !to.convert(a[1], "rename", "dst") || !directory_descriptor(a[2], &from_dir) ||
      !directory_descriptor(a[3], &to_dir)) {
    return Ref<>();
  }
  return none_or_error(blocking([&] { return renameat(from_dir, from.c_str(), to_dir, to.c_str()); }), from.object(),
                       to.object());
}
Ref<> posix_link(const Value* a) {
  PathArgument from, to;
  int from_dir, to_dir;
  bool follow;
  if (!from.convert(a[0], "link", "src") || !to.convert(a[1], "link", "dst") || !directory_descriptor(a[2], &from_dir) ||
      !directory_descriptor(a[3], &to_dir) || !keyword_flag(a[4], true, &follow)) {
    return Ref<>();
  }
  return none_or_error(
      blocking([&] { return linkat(from_dir, from.c_str(), to_dir, to.c_str(), follow ? AT_SYMLINK_FOLLOW : 0); }), from.object(),
      to.object());
}
Ref<> posix_symlink(const Value* a) {
  PathArgument from, to;
  int dir;
  if (!from.convert(a[0], "symlink", "src") || !to.convert(a[1], "symlink", "dst") || !directory_descriptor(a[3], &dir)) {
    return Ref<>();
  }
  return none_or_error(blocking([&] { return symlinkat(from.c_str(), dir, to.c_str()); }), from.object(), to.object());
}
Ref<> posix_readlink(const Value* a) {
  PathArgument p;
  int dir;
  if (!p.convert(a[0], "readlink") || !directory_descriptor(a[1], &dir)) return Ref<>();
  char buffer[PATH_MAX + 1];
  ssize_t n = blocking([&] { return readlinkat(dir, p.c_str(), buffer, PATH_MAX); });
  if (n < 0) return raise_os_error(p.object());
  return p.result({buffer, static_cast<size_t>(n)});
}
Ref<> posix_mkfifo(const Value* a) {
  PathArgument p;
  int mode = 0666, dir;
  if (!p.convert(a[0], "mkfifo") || !to_cint(a[1], &mode) || !directory_descriptor(a[2], &dir)) return Ref<>();
  return none_or_error(blocking([&] { return mkfifoat(dir, p.c_str(), static_cast<mode_t>(mode)); }), p.object());
}
Ref<> posix_mknod(const Value* a) {
  PathArgument p;
  int mode = 0600, dir;
  int64_t device = 0;
  if (!p.convert(a[0], "mknod") || !to_cint(a[1], &mode) || (!a[2].empty() && !to_int64(a[2], &device)) ||
      !directory_descriptor(a[3], &dir)) {
    return Ref<>();
  }
  return none_or_error(blocking([&] { return mknodat(dir, p.c_str(), static_cast<mode_t>(mode), static_cast<dev_t>(device)); }),
                       p.object());
}
Ref<> posix_major(const Value* a) {
  int64_t d;
  return to_int64(a[0], &d) ? int_from_int64(gnu_dev_major(static_cast<dev_t>(d))) : Ref<>();
}
Ref<> posix_minor(const Value* a) {
  int64_t d;
  return to_int64(a[0], &d) ? int_from_int64(gnu_dev_minor(static_cast<dev_t>(d))) : Ref<>();
}
Ref<> posix_makedev(const Value* a) {
  int64_t major_number, minor_number;
  if (!to_int64(a[0], &major_number) || !to_int64(a[1], &minor_number)) return Ref<>();
  return int_from_int64(
      static_cast<int64_t>(gnu_dev_makedev(static_cast<unsigned>(major_number), static_cast<unsigned>(minor_number))));
}
Ref<> posix_fspath(const Value* a) { return fspath(a[0]); }

// ---- scandir
// -------------------------------------------------------------------------------------------------------------------

Ref<> posix_scandir(const Value* a) {
  PathArgument p;
  if (!p.convert(a[0], "scandir", "path", PathArgument::kNullable | PathArgument::kDescriptor)) return Ref<>();
  Ref<ScandirIterator> it = allocate<ScandirIterator>(&g_scandir_type);
  if (!it) return it;
  it->bytes_names = p.is_bytes();
  it->dir_fd = AT_FDCWD;
  {
    Detached detached;
    if (p.is_descriptor()) {
      int fd = fcntl(p.descriptor(), F_DUPFD_CLOEXEC, 0);
      it->directory = fd < 0 ? nullptr : fdopendir(fd);
      if (it->directory) rewinddir(it->directory);
    } else {
      it->directory = opendir(p.c_str());
    }
  }
  if (!it->directory) return p.is_default() ? raise_os_error() : raise_os_error(p.object());
  if (p.is_descriptor()) {
    it->dir_fd = p.descriptor();
  } else {
    std::string prefix(p.view());
    if (!prefix.empty() && prefix.back() != '/') prefix += '/';
    it->prefix.init(p.is_bytes() ? Ref<>(bytes_from(prefix)) : Ref<>(fs_decode(prefix)));
  }
  return it;
}
void close_scan(ScandirIterator* it) {
  DIR* d;
  {
    LockGuard guard(it);
    d = it->directory;
    it->directory = nullptr;
  }
  if (d) closedir(d);
}
Ref<> scandir_next(Value self) {
  ScandirIterator* it = scan(self);
  for (;;) {
    std::string name;
    int64_t inode;
    unsigned char type;
    {
      LockGuard guard(it);
      if (!it->directory) return Ref<>();
      errno = 0;
      dirent* d = readdir(it->directory);
      if (!d) {
        int failure = errno;
        closedir(it->directory);
        it->directory = nullptr;
        if (!failure) return Ref<>();
        errno = failure;
        name.clear();
        inode = -1;
        type = 0;
      } else {
        name = d->d_name;
        inode = static_cast<int64_t>(d->d_ino);
        type = d->d_type;
      }
    }
    if (inode < 0 && name.empty()) return raise_os_error();
    if (name == "." || name == "..") continue;
    Ref<DirEntry> e = allocate<DirEntry>(&g_dir_entry_type);
    Ref<> name_value = it->bytes_names ? Ref<>(bytes_from(name)) : Ref<>(fs_decode(name));
    if (!e || !name_value) return Ref<>();
    Ref<> path =
        it->prefix.peek().empty() ? name_value.copy() : binary_operation(BinaryOp::kAdd, it->prefix.peek(), name_value.value());
    if (!path) return path;
    e->name.init(std::move(name_value));
    e->path.init(std::move(path));
    e->inode = inode;
    e->type = type;
    e->dir_fd = it->dir_fd;
    return e;
  }
}
Ref<> scandir_iter(Value self) { return Ref<>::retain(self); }
Ref<> scandir_close(const Value* a) {
  close_scan(scan(a[0]));
  return none_ref();
}
Ref<> scandir_enter(const Value* a) { return Ref<>::retain(a[0]); }
Ref<> scandir_exit(const Value* a) {
  close_scan(scan(a[0]));
  return none_ref();
}
void scandir_traverse(Object* o, FieldVisitor& v) { v(static_cast<ScandirIterator*>(o)->prefix); }
void scandir_clear(Object* o) { static_cast<ScandirIterator*>(o)->prefix.clear(); }
void scandir_destroy(Object* o) {
  close_scan(static_cast<ScandirIterator*>(o));
  scandir_clear(o);
}
const NativeDef kScandirMethods[] = {{"close", "($self, /)", scandir_close},
                                     {"__enter__", "($self, /)", scandir_enter},
                                     {"__exit__", "($self, /, *args)", scandir_exit},
                                     {}};
const TypeSpec kScandirSpec = {.name = "posix.ScandirIterator",
                               .size = sizeof(ScandirIterator),
                               .flags = kTypeNoInstantiate,
                               .slots = {.iter = scandir_iter, .next = scandir_next},
                               .traverse = scandir_traverse,
                               .clear = scandir_clear,
                               .destroy = scandir_destroy,
                               .methods = kScandirMethods};

// False with an exception pending; *missing for ENOENT.
bool entry_stat(DirEntry* e, bool follow, struct stat* info, bool* missing) {
  *missing = false;
  PathArgument p;
  Value target = e->dir_fd == AT_FDCWD ? e->path.peek() : e->name.peek();
  if (!p.convert(target, "DirEntry.stat")) return false;
  int r = blocking([&] { return fstatat(e->dir_fd, p.c_str(), info, follow ? 0 : AT_SYMLINK_NOFOLLOW); });
  if (r == 0) return true;
  *missing = errno == ENOENT;
  if (*missing) return false;
  raise_os_error(e->path.peek());
  return false;
}
Ref<> entry_stat_method(const Value* a) {
  bool follow;
  if (!keyword_flag(a[1], true, &follow)) return Ref<>();
  DirEntry* e = entry(a[0]);
  Field& cache = follow ? e->stat : e->lstat;
  Ref<> cached = cache.load(e);
  if (cached) return cached;
  struct stat info;
  bool missing;
  if (!entry_stat(e, follow, &info, &missing)) {
    if (missing) {
      errno = ENOENT;
      return raise_os_error(e->path.peek());
    }
    return Ref<>();
  }
  Ref<> result = stat_result(info);
  if (result) cache.store(e, result.copy());
  return result;
}
Ref<> entry_is(Value self, Value follow_value, mode_t kind, unsigned char type) {
  bool follow;
  if (!keyword_flag(follow_value, true, &follow)) return Ref<>();
  DirEntry* e = entry(self);
  if (e->type != DT_UNKNOWN && (e->type != DT_LNK || !follow)) return bool_ref(e->type == type);
  struct stat info;
  bool missing;
  if (!entry_stat(e, follow, &info, &missing)) return missing ? bool_ref(false) : Ref<>();
  return bool_ref((info.st_mode & S_IFMT) == kind);
}
Ref<> entry_is_dir(const Value* a) { return entry_is(a[0], a[1], S_IFDIR, DT_DIR); }
Ref<> entry_is_file(const Value* a) { return entry_is(a[0], a[1], S_IFREG, DT_REG); }
Ref<> entry_is_symlink(const Value* a) { return entry_is(a[0], boolean(false), S_IFLNK, DT_LNK); }
Ref<> entry_inode(const Value* a) { return int_from_int64(entry(a[0])->inode); }
Ref<> entry_fspath(const Value* a) { return Ref<>::retain(entry(a[0])->path.peek()); }
Ref<> entry_getitem(const Value* a) { return generic_alias_new(a[0], a[1]); }
Ref<> entry_name(Value self) { return Ref<>::retain(entry(self)->name.peek()); }
Ref<> entry_path(Value self) { return Ref<>::retain(entry(self)->path.peek()); }
Ref<> entry_repr(Value self) { return str_format("<DirEntry %R>", entry(self)->name.peek()); }
void entry_traverse(Object* o, FieldVisitor& v) {
  auto* e = static_cast<DirEntry*>(o);
  v(e->name);
  v(e->path);
  v(e->stat);
  v(e->lstat);
}
const NativeDef kEntryMethods[] = {{"stat", "($self, /, *, follow_symlinks=True)", entry_stat_method},
                                   {"is_dir", "($self, /, *, follow_symlinks=True)", entry_is_dir},
                                   {"is_file", "($self, /, *, follow_symlinks=True)", entry_is_file},
                                   {"is_symlink", "($self, /)", entry_is_symlink},
                                   {"inode", "($self, /)", entry_inode},
                                   {"__fspath__", "($self, /)", entry_fspath},
                                   {"__class_getitem__", "($type, object, /)", entry_getitem, nullptr, kClassMethod},
                                   {}};
const GetSetDef kEntryGetSets[] = {{"name", entry_name}, {"path", entry_path}, {}};
const TypeSpec kEntrySpec = {.name = "posix.DirEntry",
                             .size = sizeof(DirEntry),
                             .flags = kTypeNoInstantiate,
                             .slots = {.repr = entry_repr},
                             .traverse = entry_traverse,
                             .methods = kEntryMethods,
                             .getsets = kEntryGetSets};

}  // namespace

bool add_directory_types(Module* m) {
  return module_add_type(m, &g_dir_entry_type, &kEntrySpec) &&
         (g_scandir_type.spec || init_module_type(&g_scandir_type, &kScandirSpec));
}

const NativeDef kDirectoryFunctions[] = {
    {"getcwd", "()", posix_getcwd, "Return a unicode string representing the current working directory."},
    {"getcwdb", "()", posix_getcwdb, "Return a bytes string representing the current working directory."},
    {"chdir", "(path)", posix_chdir, "Change the current working directory to the specified path."},
    {"fchdir", "(fd)", posix_fchdir, "Change to the directory of the given file descriptor."},
    {"chroot", "(path)", posix_chroot, "Change root directory to path."},
    {"listdir", "(path=None)", posix_listdir, "Return a list containing the names of the files in the directory."},
    {"scandir", "(path=None)", posix_scandir, "Return an iterator of DirEntry objects for given path."},
    {"mkdir", "(path, mode=511, *, dir_fd=None)", posix_mkdir, "Create a directory."},
    {"rmdir", "(path, *, dir_fd=None)", posix_rmdir, "Remove a directory."},
    {"unlink", "(path, *, dir_fd=None)", posix_unlink, "Remove a file (same as remove())."},
    {"remove", "(path, *, dir_fd=None)", posix_unlink, "Remove a file (same as unlink())."},
    {"rename", "(src, dst, *, src_dir_fd=None, dst_dir_fd=None)", posix_rename, "Rename a file or directory."},
    {"replace", "(src, dst, *, src_dir_fd=None, dst_dir_fd=None)", posix_rename,
     "Rename a file or directory, overwriting the destination."},
    {"link", "(src, dst, *, src_dir_fd=None, dst_dir_fd=None, follow_symlinks=True)", posix_link,
     "Create a hard link to a file."},
    {"symlink", "(src, dst, target_is_directory=False, *, dir_fd=None)", posix_symlink,
     "Create a symbolic link pointing to src named dst."},
    {"readlink", "(path, *, dir_fd=None)", posix_readlink,
     "Return a string representing the path to which the symbolic link points."},
    {"mkfifo", "(path, mode=438, *, dir_fd=None)", posix_mkfifo, "Create a FIFO (a POSIX named pipe)."},
    {"mknod", "(path, mode=384, device=0, *, dir_fd=None)", posix_mknod, "Create a node in the file system."},
    {"major", "(device, /)", posix_major, "Extracts a device major number from a raw device number."},
    {"minor", "(device, /)", posix_minor, "Extracts a device minor number from a raw device number."},
    {"makedev", "(major, minor, /)", posix_makedev, "Composes a raw device number from the major and minor device numbers."},
    {"fspath", "(path)", posix_fspath, "Return the file system path representation of the object."},
    {}};

}  // namespace pt::posix
