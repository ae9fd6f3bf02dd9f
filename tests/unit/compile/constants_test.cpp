#include "vm/compile/constants.h"

#include "tests/unit/compile/compile_helper.h"

namespace pt {
namespace {

size_t constant_count(const char* source) { return Compiled(source).unit()->constants.size; }

TEST(Constants, EqualOnesAreKeptOnce) { EXPECT_EQ(constant_count("x = 1\ny = 1\nz = 'a'\nw = 'a'\n"), 3u); }

TEST(Constants, TypesCount) {
  // 1, 1.0, True, 1j, and None for the return
  EXPECT_EQ(constant_count("a = 1\nb = 1.0\nc = True\nd = 1j\n"), 5u);
}

TEST(Constants, SignOfZeroCounts) { EXPECT_EQ(constant_count("a = 0.0\nb = -0.0\n"), 3u); }

TEST(Constants, StrAndBytesDiffer) { EXPECT_EQ(constant_count("a = 'x'\nb = b'x'\n"), 3u); }

TEST(Constants, TuplesCompareByElements) {
  EXPECT_EQ(constant_count("a = (1, 2)\nb = (1, 2)\n"), 2u);
  EXPECT_EQ(constant_count("a = (1, 2)\nb = (1.0, 2)\nc = (1, 2, 3)\n"), 4u);
  EXPECT_EQ(constant_count("a = (0.0,)\nb = (-0.0,)\n"), 3u);
}

TEST(Constants, BigInts) {
  EXPECT_EQ(constant_count("a = 123456789012345678901234567890\nb = 123456789012345678901234567890\n"), 2u);
}

TEST(Constants, DocstringIsTheFirst) {
  Compiled compiled("def f():\n 'doc'\n return 'x'\ndef g():\n return 'x'\n");
  const CodeUnit* unit = compiled.unit("f");
  ASSERT_NE(unit->docstring, nullptr);
  EXPECT_EQ(unit->docstring, &unit->constants[0]);
  EXPECT_EQ(constant_text(*unit->docstring), "'doc'");
  EXPECT_EQ(compiled.unit("g")->docstring, nullptr);
}

TEST(Constants, DocstringsGoWithOO) {
  CompileOptions options;
  options.optimize = 2;
  Compiled compiled("'module'\ndef f():\n 'doc'\n return 'x'\n", options);
  EXPECT_EQ(compiled.unit("f")->docstring, nullptr);
  EXPECT_EQ(compiled.code().find("__doc__"), std::string::npos);
}

TEST(Constants, MoreThanOperandsCanName) {
  std::string source = "def f():\n x = [";
  for (int i = 0; i < 20000; i++) source += "a, " + std::to_string(i + 100000) + ",";
  source += "]\n x = 'last'\n return x + 'very last'\n";
  Compiled compiled(source);
  ASSERT_TRUE(compiled.result) << compiled.message();
  EXPECT_GT(compiled.unit("f")->constants.size, 20000u);
  EXPECT_NE(compiled.code("f").find("LOAD_CONST t0, 'very last'"), std::string::npos);
}

}  // namespace
}  // namespace pt
