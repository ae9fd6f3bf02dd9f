#pragma once
// Lists of C strings for exec and its kin.
#include <string>
#include <vector>

#include "gc/refcount/ref.h"

namespace pt::posix {

struct Strings {
  std::vector<std::string> texts;
  std::vector<char*> pointers;
  // The null-terminated array, valid until `texts` changes.
  char** data();
};
// argv of exec and spawn: TypeError and ValueError as os.execv gives them.
bool argument_strings(Value v, const char* function, Strings* out);
// "NAME=value" of a mapping.
bool environment_strings(Value mapping, const char* function, Strings* out);

}  // namespace pt::posix
