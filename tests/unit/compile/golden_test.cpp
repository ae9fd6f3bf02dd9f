// Golden files: tests/golden/bytecode/NAME.py and the listing NAME.txt. PTPYTHON_REGENERATE_GOLDEN=1 rewrites
// them.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "tests/unit/compile/compile_helper.h"

namespace pt {
namespace {

const std::filesystem::path kFolder = PT_GOLDEN_FOLDER;

std::string read_file(const std::filesystem::path& path) {
  std::string text;
  FILE* file = fopen(path.c_str(), "rb");
  if (!file) return text;
  char buffer[4096];
  while (size_t count = fread(buffer, 1, sizeof buffer, file)) text.append(buffer, count);
  fclose(file);
  return text;
}

std::vector<std::string> names() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".py") found.push_back(entry.path().stem());
  }
  std::sort(found.begin(), found.end());
  return found;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, Listing) {
  Compiled compiled(read_file(kFolder / (GetParam() + ".py")));
  ASSERT_TRUE(compiled.result) << compiled.message();
  std::string listing = disassemble(compiled.result.code);
  std::filesystem::path expected = kFolder / (GetParam() + ".txt");
  if (getenv("PTPYTHON_REGENERATE_GOLDEN")) {
    FILE* file = fopen(expected.c_str(), "wb");
    ASSERT_NE(file, nullptr);
    fwrite(listing.data(), 1, listing.size(), file);
    fclose(file);
  }
  EXPECT_EQ(listing, read_file(expected));
}

INSTANTIATE_TEST_SUITE_P(Bytecode, Golden, testing::ValuesIn(names()), [](const auto& info) { return info.param; });

}  // namespace
}  // namespace pt
