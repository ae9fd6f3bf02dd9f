// Compiles the library ahead of time: run when the program has been built or installed.
#include <dirent.h>
#include <sys/stat.h>

#include <cstring>
#include <string>

#include "vm/import/import.h"
#include "vm/object/error.h"

namespace pt {
namespace {

bool is_skipped(const char* name) {
  for (const char* skipped :
       {".", "..", "test", "tests", "idle_test", "__pycache__", "site-packages", "dist-packages", "lib-dynload"}) {
    if (std::strcmp(name, skipped) == 0) return true;
  }
  return false;
}

int64_t compile_folder(const std::string& folder) {
  DIR* directory = opendir(folder.c_str());
  if (!directory) return 0;
  int64_t count = 0;
  while (dirent* entry = readdir(directory)) {
    if (is_skipped(entry->d_name)) continue;
    std::string path = folder + '/' + entry->d_name;
    struct stat status;
    if (stat(path.c_str(), &status) != 0) continue;
    if (S_ISDIR(status.st_mode)) {
      count += compile_folder(path);
    } else if (path.ends_with(".py")) {
      compile_to_cache(path.c_str());
      clear_error();
      ++count;
    }
  }
  closedir(directory);
  return count;
}

}  // namespace

int64_t compile_library() {
  return compile_folder(library_folder()) + (*own_library_folder() ? compile_folder(own_library_folder()) : 0);
}

}  // namespace pt
