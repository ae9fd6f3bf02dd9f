#pragma once
#include "vm/syntax/parse.h"

namespace pt::syntax {

// The newest feature that the tree uses and that Python 3.`minor` does not have: "Pattern matching is", with its version
// and line; null where there is none.
struct NeededFeature {
  const char* what = nullptr;
  int version = 0;
  int line = 0;
};
NeededFeature needed_feature(const Mod* mod, int minor);

}  // namespace pt::syntax
