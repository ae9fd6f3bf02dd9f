#pragma once
// Shared by the files of the posix module: each contributes a table of functions.
#include "vm/modules/support/arguments.h"
#include "vm/object/module.h"
#include "vm/object/native.h"

namespace pt::posix {

extern const NativeDef kFileFunctions[];
extern const NativeDef kProcessFunctions[];
extern const NativeDef kDirectoryFunctions[];
extern const NativeDef kForkFunctions[];
extern const NativeDef kWaitFunctions[];
extern const NativeDef kExtendedFunctions[];
extern const NativeDef kSpawnFunctions[];
extern const IntConstant kConstants[];

bool prepare_fork();  // on the first import
bool add_process_types(Module* m);
bool add_extended_constants(Module* m);
bool add_spawn_constants(Module* m);
bool add_wait_types(Module* m);
bool add_stat_types(Module* m);
bool add_directory_types(Module* m);
Ref<> stat_result(const struct stat& info);

// dir_fd arguments: AT_FDCWD when missing or None.
bool directory_descriptor(Value v, int* out);
// follow_symlinks and the like.
bool keyword_flag(Value v, bool fallback, bool* out);
inline Ref<> none_or_error(int result, Value filename = Value(), Value filename2 = Value()) {
  if (result >= 0) return none_ref();
  return raise_os_error(filename, filename2);
}

}  // namespace pt::posix
