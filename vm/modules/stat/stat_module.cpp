// The _stat module.
#include <sys/stat.h>

#include "vm/modules/support/arguments.h"
#include "vm/object/module.h"
#include "vm/types/int.h"

namespace pt {
namespace {

bool to_mode(Value v, mode_t* out) {
  uint64_t mode;
  if (!to_culong(v, &mode)) return false;
  if (mode > 0xFFFFFFFFu) return raise(exc::OverflowError, "mode out of range");
  *out = static_cast<mode_t>(mode);
  return true;
}

template <mode_t kind>
Ref<> is_kind(const Value* a) {
  mode_t mode;
  return to_mode(a[0], &mode) ? bool_ref((mode & S_IFMT) == kind) : Ref<>();
}
Ref<> never(const Value* a) {
  mode_t mode;
  return to_mode(a[0], &mode) ? bool_ref(false) : Ref<>();
}
Ref<> stat_imode(const Value* a) {
  mode_t mode;
  return to_mode(a[0], &mode) ? int_from_int64(mode & 07777) : Ref<>();
}
Ref<> stat_ifmt(const Value* a) {
  mode_t mode;
  return to_mode(a[0], &mode) ? int_from_int64(mode & S_IFMT) : Ref<>();
}

char kind_letter(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG: return '-';
    case S_IFDIR: return 'd';
    case S_IFLNK: return 'l';
    case S_IFBLK: return 'b';
    case S_IFCHR: return 'c';
    case S_IFIFO: return 'p';
    case S_IFSOCK: return 's';
    default: return '?';
  }
}
Ref<> stat_filemode(const Value* a) {
  mode_t mode;
  if (!to_mode(a[0], &mode)) return Ref<>();
  char text[11] = "?---------";
  text[0] = kind_letter(mode);
  for (int i = 0; i < 9; ++i) {
    if (mode & (0400u >> i)) text[i + 1] = "rwx"[i % 3];
  }
  if (mode & S_ISUID) text[3] = mode & S_IXUSR ? 's' : 'S';
  if (mode & S_ISGID) text[6] = mode & S_IXGRP ? 's' : 'S';
  if (mode & S_ISVTX) text[9] = mode & S_IXOTH ? 't' : 'T';
  return str_from_ascii({text, 10});
}

const NativeDef kFunctions[] = {
    {"S_ISDIR", "(mode, /)", is_kind<S_IFDIR>, "S_ISDIR(mode) -> bool\n\nReturn True if mode is from a directory."},
    {"S_ISCHR", "(mode, /)", is_kind<S_IFCHR>,
     "S_ISCHR(mode) -> bool\n\nReturn True if mode is from a character special device file."},
    {"S_ISBLK", "(mode, /)", is_kind<S_IFBLK>,
     "S_ISBLK(mode) -> bool\n\nReturn True if mode is from a block special device file."},
    {"S_ISREG", "(mode, /)", is_kind<S_IFREG>, "S_ISREG(mode) -> bool\n\nReturn True if mode is from a regular file."},
    {"S_ISFIFO", "(mode, /)", is_kind<S_IFIFO>, "S_ISFIFO(mode) -> bool\n\nReturn True if mode is from a FIFO (named pipe)."},
    {"S_ISLNK", "(mode, /)", is_kind<S_IFLNK>, "S_ISLNK(mode) -> bool\n\nReturn True if mode is from a symbolic link."},
    {"S_ISSOCK", "(mode, /)", is_kind<S_IFSOCK>, "S_ISSOCK(mode) -> bool\n\nReturn True if mode is from a socket."},
    {"S_ISDOOR", "(mode, /)", never, "S_ISDOOR(mode) -> bool\n\nReturn True if mode is from a door."},
    {"S_ISPORT", "(mode, /)", never, "S_ISPORT(mode) -> bool\n\nReturn True if mode is from an event port."},
    {"S_ISWHT", "(mode, /)", never, "S_ISWHT(mode) -> bool\n\nReturn True if mode is from a whiteout."},
    {"S_IMODE", "(mode, /)", stat_imode, "Return the portion of the file's mode that can be set by os.chmod()."},
    {"S_IFMT", "(mode, /)", stat_ifmt, "Return the portion of the file's mode that describes the file type."},
    {"filemode", "(mode, /)", stat_filemode, "Convert a file's mode to a string of the form '-rwxrwxrwx'"},
    {},
};

const IntConstant kConstants[] = {
    {"S_IFDIR", S_IFDIR},
    {"S_IFCHR", S_IFCHR},
    {"S_IFBLK", S_IFBLK},
    {"S_IFREG", S_IFREG},
    {"S_IFIFO", S_IFIFO},
    {"S_IFLNK", S_IFLNK},
    {"S_IFSOCK", S_IFSOCK},
    {"S_IFDOOR", 0},
    {"S_IFPORT", 0},
    {"S_IFWHT", 0},
    {"S_ISUID", S_ISUID},
    {"S_ISGID", S_ISGID},
    {"S_ISVTX", S_ISVTX},
    {"S_ENFMT", S_ISGID},
    {"S_IREAD", S_IRUSR},
    {"S_IWRITE", S_IWUSR},
    {"S_IEXEC", S_IXUSR},
    {"S_IRWXU", S_IRWXU},
    {"S_IRUSR", S_IRUSR},
    {"S_IWUSR", S_IWUSR},
    {"S_IXUSR", S_IXUSR},
    {"S_IRWXG", S_IRWXG},
    {"S_IRGRP", S_IRGRP},
    {"S_IWGRP", S_IWGRP},
    {"S_IXGRP", S_IXGRP},
    {"S_IRWXO", S_IRWXO},
    {"S_IROTH", S_IROTH},
    {"S_IWOTH", S_IWOTH},
    {"S_IXOTH", S_IXOTH},
    {"UF_NODUMP", 1},
    {"UF_IMMUTABLE", 2},
    {"UF_APPEND", 4},
    {"UF_OPAQUE", 8},
    {"UF_NOUNLINK", 16},
    {"UF_COMPRESSED", 32},
    {"UF_HIDDEN", 32768},
    {"SF_ARCHIVED", 1 << 16},
    {"SF_IMMUTABLE", 1 << 17},
    {"SF_APPEND", 1 << 18},
    {"SF_NOUNLINK", 1 << 20},
    {"SF_SNAPSHOT", 1 << 21},
    {"ST_MODE", 0},
    {"ST_INO", 1},
    {"ST_DEV", 2},
    {"ST_NLINK", 3},
    {"ST_UID", 4},
    {"ST_GID", 5},
    {"ST_SIZE", 6},
    {"ST_ATIME", 7},
    {"ST_MTIME", 8},
    {"ST_CTIME", 9},
    {},
};

}  // namespace
extern const NativeModule stat_module;
const NativeModule stat_module = {"_stat", "S_IFMT_: file type bits, S_ISxxx: file type tests and permission constants.",
                                  kFunctions, [](Module* module) { return module_add_ints(module, kConstants); }};
}  // namespace pt
