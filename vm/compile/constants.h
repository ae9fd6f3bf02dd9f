// The constants of one code unit, each kept once. Two constants are one only where no program can tell them
// apart: the type counts (1, 1.0, True), and so do the sign of a zero and the elements of tuples.
#pragma once

#include <vector>

#include "vm/compile/code_unit.h"

namespace pt::compiler {

class ConstantPool {
 public:
  // The constant's index.
  int add(const UnitConstant& constant);
  const UnitConstant& operator[](size_t index) const { return constants_[index]; }
  size_t size() const { return constants_.size(); }
  syntax::Seq<UnitConstant> finish(syntax::Arena& arena) const;

 private:
  void grow();

  std::vector<UnitConstant> constants_;
  std::vector<uint64_t> hashes_;
  std::vector<uint32_t> slots_;
};

bool same_constant(const UnitConstant& a, const UnitConstant& b);
UnitConstant make_constant(const syntax::ConstantValue* value);

}  // namespace pt::compiler
