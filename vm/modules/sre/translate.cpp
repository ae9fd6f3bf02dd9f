// Translation of the code lists that Python's `re` compiler makes. Every index is checked: the list may come from anybody.
#include <cstring>
#include <memory>

#include "vm/modules/sre/program.h"
#include "vm/object/thread.h"

namespace pt::sre {
namespace {

class Translator {
 public:
  Translator(const uint32_t* code, size_t size, Program* program) : code_(code), size_(size), program_(program) {}
  bool run(bool* too_deep) {
    bool ok = translate_range(0, size_);
    *too_deep = too_deep_;
    return ok;
  }

 private:
  // Instructions of code[at, end). The outermost range ends with SUCCESS.
  bool translate_range(size_t at, size_t end);
  bool translate_next(size_t* at, size_t end);   // one code of a range
  bool translate_one(size_t* position, size_t end);
  bool translate_branch(size_t* position, size_t end);
  bool translate_repeat(uint32_t op, size_t* position, size_t end);
  bool translate_unit_repeat(uint32_t op, size_t* position, size_t end);
  bool translate_assert(uint32_t op, size_t* position, size_t end);
  bool unit(size_t at, size_t end, Instruction* out, size_t* next);
  int64_t add_set(size_t at, size_t end, Fold fold);
  bool check_charset(size_t at, size_t end, size_t* next) const;
  // The word at *position, which advances; false at the end.
  bool word(size_t* position, size_t end, uint32_t* out) const {
    if (*position >= end) return false;
    *out = code_[(*position)++];
    return true;
  }
  // A skip at `at`, relative to its own place: where it leads.
  bool skip(size_t at, size_t end, size_t* target) const {
    if (at >= end || code_[at] == 0 || code_[at] > end - at) return false;
    *target = at + code_[at];
    return true;
  }
  uint32_t emit(Instruction i) {
    program_->code.push_back(i);
    return static_cast<uint32_t>(program_->code.size() - 1);
  }
  Instruction& instruction(uint32_t i) { return program_->code[i]; }
  uint32_t here() const { return static_cast<uint32_t>(program_->code.size()); }

  const uint32_t* code_;
  size_t size_;
  Program* program_;
  int depth_ = 0;
  bool too_deep_ = false;
};

bool Translator::check_charset(size_t at, size_t end, size_t* next) const {
  for (;;) {
    if (at >= end) return false;
    switch (code_[at++]) {
      case kCodeFailure: *next = at; return true;
      case kCodeNegate: break;
      case kCodeLiteral: at += 1; break;
      case kCodeCategory:
        if (at >= end || code_[at] >= kCategoryCount) return false;
        at += 1;
        break;
      case kCodeRange:
      case kCodeRangeUniIgnore: at += 2; break;
      case kCodeCharset: at += 8; break;
      case kCodeBigCharset: {
        if (at + 65 > end) return false;
        uint32_t blocks = code_[at];
        if (blocks > 256) return false;
        const auto* indices = reinterpret_cast<const uint8_t*>(code_ + at + 1);
        for (int i = 0; i < 256; ++i) {
          if (indices[i] >= blocks) return false;
        }
        at += 65 + size_t{blocks} * 8;
        break;
      }
      default: return false;
    }
    if (at > end) return false;
  }
}

// Classes above 255 that a set of codes may have members in: exact for the common categories.
uint8_t wide_members(const Set& set) {
  if (set.fold != Fold::kNone) return kWideAll;
  uint8_t mask = 0;
  bool negated = false, exact = true;
  for (const uint32_t* p = set.codes.data(); *p != kCodeFailure;) {
    switch (*p++) {
      case kCodeNegate: negated = true; break;
      case kCodeLiteral:
        if (*p > 255) {
          mask |= wide_class(*p);
          exact = false;
        }
        ++p;
        break;
      case kCodeCategory:
        switch (*p++) {
          case kCategoryUniDigit: mask |= kWideDigit; break;
          case kCategoryUniWord: mask |= kWideDigit | kWideWord; break;
          case kCategoryUniSpace: mask |= kWideSpace; break;
          case kCategoryUniNotDigit: mask |= kWideAll & ~kWideDigit; break;
          case kCategoryUniNotWord: mask |= kWideSpace | kWideOther; break;
          case kCategoryUniNotSpace: mask |= kWideAll & ~kWideSpace; break;
          case kCategoryDigit:
          case kCategorySpace:
          case kCategoryWord:
          case kCategoryLineBreak:
          case kCategoryLocWord: break;
          case kCategoryUniLineBreak:
            mask |= kWideSpace | kWideOther;
            exact = false;
            break;
          default: mask = kWideAll; break;
        }
        break;
      case kCodeRange:
      case kCodeRangeUniIgnore:
        if (p[1] > 255) {
          mask = kWideAll;
          exact = false;
        }
        p += 2;
        break;
      case kCodeCharset: p += 8; break;
      default: {
        uint32_t blocks = *p;
        p += 65 + blocks * 8;
        mask = kWideAll;
        exact = false;
      }
    }
  }
  if (!negated) return mask;
  return exact ? static_cast<uint8_t>(kWideAll & ~mask) : kWideAll;
}

int64_t Translator::add_set(size_t at, size_t end, Fold fold) {
  size_t next;
  if (!check_charset(at, end, &next)) return -1;
  Set set;
  set.codes.assign(code_ + at, code_ + next);
  set.fold = fold;
  set.at_run_time = fold == Fold::kLocale || fold == Fold::kLocaleLower;
  for (const uint32_t* p = set.codes.data(); *p != kCodeFailure; ++p) {
    // Only a category can depend on the locale; other words are skipped by their length.
    switch (*p) {
      case kCodeCategory:
        if (p[1] == kCategoryLocWord || p[1] == kCategoryLocNotWord) set.at_run_time = true;
        p += 1;
        break;
      case kCodeLiteral: p += 1; break;
      case kCodeRange:
      case kCodeRangeUniIgnore: p += 2; break;
      case kCodeCharset: p += 8; break;
      case kCodeBigCharset: p += 65 + p[1] * 8; break;
      default: break;
    }
  }
  for (uint32_t c = 0; c < 256; ++c) set.table[c] = set.at_run_time ? 1 : set_contains(set, c);
  set.wide = wide_members(set);
  for (size_t i = 0; i < program_->sets.size(); ++i) {
    const Set& known = program_->sets[i];
    if (known.fold == set.fold && known.codes == set.codes) return static_cast<int64_t>(i);
  }
  program_->sets.push_back(std::move(set));
  return static_cast<int64_t>(program_->sets.size() - 1);
}

// The one-character test at `at`, as Op::kAny .. kSet.
bool Translator::unit(size_t at, size_t end, Instruction* out, size_t* next) {
  uint32_t op, argument;
  if (!word(&at, end, &op)) return false;
  *out = {};
  Fold fold = Fold::kNone;
  switch (op) {
    case kCodeAny:
      out->op = Op::kAny;
      out->unit = Unit::kAny;
      *next = at;
      return true;
    case kCodeAnyAll:
      out->op = Op::kAnyAll;
      out->unit = Unit::kAnyAll;
      *next = at;
      return true;
    case kCodeLiteral:
    case kCodeNotLiteral:
      if (!word(&at, end, &argument)) return false;
      out->op = op == kCodeLiteral ? Op::kLiteral : Op::kNotLiteral;
      out->unit = op == kCodeLiteral ? Unit::kLiteral : Unit::kNotLiteral;
      out->argument = argument;
      *next = at;
      return true;
    case kCodeLiteralIgnore:
    case kCodeNotLiteralIgnore: fold = Fold::kAscii; break;
    case kCodeLiteralUniIgnore:
    case kCodeNotLiteralUniIgnore: fold = Fold::kUnicode; break;
    case kCodeLiteralLocIgnore:
    case kCodeNotLiteralLocIgnore: fold = Fold::kLocale; break;
    case kCodeIn: break;
    case kCodeInIgnore: fold = Fold::kAscii; break;
    case kCodeInUniIgnore: fold = Fold::kUnicode; break;
    case kCodeInLocIgnore: fold = Fold::kLocale; break;
    default: return false;
  }
  int64_t index;
  bool is_set = op == kCodeIn || op == kCodeInIgnore || op == kCodeInUniIgnore || op == kCodeInLocIgnore;
  if (is_set) {
    size_t target;
    if (!skip(at, end, &target)) return false;
    index = add_set(at + 1, target, fold);
    *next = target;
  } else {
    // A folded literal is a set of one.
    if (!word(&at, end, &argument)) return false;
    bool negated = op == kCodeNotLiteralIgnore || op == kCodeNotLiteralUniIgnore || op == kCodeNotLiteralLocIgnore;
    if (fold == Fold::kLocale) fold = Fold::kLocaleLower;
    uint32_t lowered = fold == Fold::kLocaleLower ? lower_locale(argument) : argument;
    const uint32_t positive[] = {kCodeLiteral, lowered, kCodeFailure};
    const uint32_t negative[] = {kCodeNegate, kCodeLiteral, lowered, kCodeFailure};
    Translator nested(negated ? negative : positive, negated ? 4 : 3, program_);
    index = nested.add_set(0, nested.size_, fold);
    *next = at;
  }
  if (index < 0) return false;
  out->op = Op::kSet;
  out->unit = Unit::kSet;
  out->argument = static_cast<uint32_t>(index);
  return true;
}

bool Translator::translate_branch(size_t* position, size_t end) {
  // skip body JUMP tail skip body JUMP tail ... FAILURE
  size_t at = *position;
  std::vector<std::pair<size_t, size_t>> bodies;
  size_t tail = 0;
  while (at < end && code_[at] != 0) {
    size_t next;
    if (!skip(at, end, &next) || next < at + 3 || code_[next - 2] != kCodeJump) return false;
    size_t jump_target;
    if (!skip(next - 1, end, &jump_target)) return false;
    if (tail && tail != jump_target) return false;
    tail = jump_target;
    bodies.emplace_back(at + 1, next - 2);
    at = next;
  }
  if (at >= end || bodies.empty() || tail != at + 1) return false;
  uint32_t branch = emit({.op = Op::kBranch, .minimum = static_cast<uint32_t>(bodies.size())});
  std::vector<uint32_t> starts, jumps;
  for (auto [from, to] : bodies) {
    starts.push_back(here());
    if (!translate_range(from, to)) return false;
    jumps.push_back(emit({.op = Op::kJump}));
  }
  instruction(branch).argument = static_cast<uint32_t>(program_->alternatives.size());
  for (uint32_t start : starts) program_->alternatives.push_back({start, -1});
  for (uint32_t jump : jumps) instruction(jump).target = here();
  *position = at + 1;
  return true;
}

bool Translator::translate_repeat(uint32_t op, size_t* position, size_t end) {
  // skip min max body UNTIL
  size_t at = *position, until;
  if (!skip(at, end, &until) || until < at + 3 || until >= end) return false;
  uint32_t minimum = code_[at + 1], maximum = code_[at + 2];
  if (minimum > maximum) return false;
  uint32_t closing = code_[until];
  if (op == kCodePossessiveRepeat) {
    if (closing != kCodeSuccess) return false;
    uint32_t reg = program_->registers;
    program_->registers += 2;
    emit({.op = Op::kPossessiveBegin, .reg = reg});
    uint32_t loop = emit({.op = Op::kPossessiveLoop, .minimum = minimum, .maximum = maximum, .reg = reg});
    if (!translate_range(at + 3, until)) return false;
    emit({.op = Op::kPossessiveNext, .target = loop, .reg = reg});
    instruction(loop).target = here();
  } else {
    if (closing != kCodeMaxUntil && closing != kCodeMinUntil) return false;
    uint32_t reg = program_->registers++;
    uint32_t repeat = emit({.op = Op::kRepeat, .minimum = minimum, .maximum = maximum, .reg = reg});
    if (!translate_range(at + 3, until)) return false;
    instruction(repeat).target = emit({.op = closing == kCodeMaxUntil ? Op::kMaxUntil : Op::kMinUntil,
                                       .minimum = minimum,
                                       .maximum = maximum,
                                       .target = repeat + 1,
                                       .reg = reg});
  }
  *position = until + 1;
  return true;
}

bool Translator::translate_unit_repeat(uint32_t op, size_t* position, size_t end) {
  // skip min max unit SUCCESS
  size_t at = *position, target, next;
  if (!skip(at, end, &target) || target < at + 4) return false;
  Instruction body;
  if (!unit(at + 3, target, &body, &next) || next >= target || code_[next] != kCodeSuccess || next + 1 != target) {
    return false;
  }
  uint32_t minimum = code_[at + 1], maximum = code_[at + 2];
  if (minimum > maximum) return false;
  emit({.op = op == kCodeRepeatOne      ? Op::kRepeatOne
              : op == kCodeMinRepeatOne ? Op::kMinRepeatOne
                                        : Op::kPossessiveOne,
        .unit = body.unit,
        .argument = body.argument,
        .minimum = minimum,
        .maximum = maximum});
  *position = target;
  return true;
}

bool Translator::translate_assert(uint32_t op, size_t* position, size_t end) {
  // skip back body SUCCESS
  size_t at = *position, target;
  if (!skip(at, end, &target) || target < at + 3 || code_[target - 1] != kCodeSuccess) return false;
  uint32_t back = code_[at + 1];
  if (back & 0x80000000u) return false;
  uint32_t reg = program_->registers++;
  bool positive = op == kCodeAssert;
  uint32_t begin = emit({.op = positive ? Op::kAssertBegin : Op::kAssertNotBegin, .argument = back, .reg = reg});
  if (!translate_range(at + 2, target - 1)) return false;
  emit({.op = positive ? Op::kAssertEnd : Op::kAssertNotEnd, .reg = reg});
  instruction(begin).target = here();
  *position = target;
  return true;
}

bool Translator::translate_one(size_t* position, size_t end) {
  size_t at = *position;
  uint32_t op = code_[at++], argument;
  switch (op) {
    case kCodeSuccess:
      if (depth_ != 1 || at != end) return false;
      emit({.op = Op::kSuccess});
      break;
    case kCodeFailure: emit({.op = Op::kFail}); break;
    case kCodeAt:
      if (!word(&at, end, &argument) || argument >= static_cast<uint32_t>(At::kCount)) return false;
      emit({.op = Op::kAt, .argument = argument});
      break;
    case kCodeCategory: {
      // Only inside sets in practice; as an operation of its own it is a set of one.
      if (!word(&at, end, &argument) || argument >= kCategoryCount) return false;
      const uint32_t codes[] = {kCodeCategory, argument, kCodeFailure};
      Translator nested(codes, 3, program_);
      int64_t set = nested.add_set(0, 3, Fold::kNone);
      if (set < 0) return false;
      emit({.op = Op::kSet, .unit = Unit::kSet, .argument = static_cast<uint32_t>(set)});
      break;
    }
    case kCodeMark:
      if (!word(&at, end, &argument) || argument >= 2 * uint64_t{program_->groups}) return false;
      emit({.op = Op::kMark, .argument = argument});
      break;
    case kCodeInfo: {
      size_t target;
      if (depth_ != 1 || *position != 0 || !skip(at, end, &target) || target < at + 4) return false;
      program_->minimum_width = code_[at + 2];
      at = target;
      break;
    }
    case kCodeBranch:
      if (!translate_branch(&at, end)) return false;
      break;
    case kCodeRepeat:
    case kCodePossessiveRepeat:
      if (!translate_repeat(op, &at, end)) return false;
      break;
    case kCodeRepeatOne:
    case kCodeMinRepeatOne:
    case kCodePossessiveRepeatOne:
      if (!translate_unit_repeat(op, &at, end)) return false;
      break;
    case kCodeAssert:
    case kCodeAssertNot:
      if (!translate_assert(op, &at, end)) return false;
      break;
    case kCodeAtomicGroup: {
      size_t target;
      if (!skip(at, end, &target) || target < at + 2 || code_[target - 1] != kCodeSuccess) return false;
      uint32_t reg = program_->registers++;
      emit({.op = Op::kAtomicBegin, .reg = reg});
      if (!translate_range(at + 1, target - 1)) return false;
      emit({.op = Op::kAtomicEnd, .reg = reg});
      at = target;
      break;
    }
    case kCodeGroupRef:
    case kCodeGroupRefIgnore:
    case kCodeGroupRefLocIgnore:
    case kCodeGroupRefUniIgnore: {
      if (!word(&at, end, &argument) || argument >= program_->groups) return false;
      Fold fold = op == kCodeGroupRef            ? Fold::kNone
                  : op == kCodeGroupRefIgnore    ? Fold::kAscii
                  : op == kCodeGroupRefLocIgnore ? Fold::kLocale
                                                 : Fold::kUnicode;
      emit({.op = Op::kGroupRef, .fold = fold, .argument = argument});
      break;
    }
    case kCodeGroupRefExists: {
      // group skip yes [JUMP skip no]; the first skip is relative to the group word
      if (!word(&at, end, &argument) || argument >= program_->groups) return false;
      if (at >= end || code_[at] < 2 || code_[at] - 1 > end - at) return false;
      size_t no = at + code_[at] - 1;
      uint32_t test = emit({.op = Op::kGroupExists, .argument = argument});
      // The word that may be the JUMP may as well be the end of a longer code.
      size_t yes_end = at + 1, no_end;
      while (yes_end < no && !(yes_end + 2 == no && code_[yes_end] == kCodeJump)) {
        if (!translate_next(&yes_end, no)) return false;
      }
      if (yes_end < no) {
        if (!skip(no - 1, end, &no_end)) return false;
        uint32_t jump = emit({.op = Op::kJump});
        instruction(test).target = here();
        if (!translate_range(no, no_end)) return false;
        instruction(jump).target = here();
        at = no_end;
      } else {
        instruction(test).target = here();
        at = no;
      }
      break;
    }
    default: {
      Instruction i;
      size_t next;
      if (!unit(*position, end, &i, &next)) return false;
      emit(i);
      at = next;
    }
  }
  *position = at;
  return true;
}

bool Translator::translate_next(size_t* at, size_t end) {
  if (!native_stack_ok(" while compiling a regular expression")) {
    too_deep_ = true;
    return false;
  }
  ++depth_;
  bool ok = translate_one(at, end);
  --depth_;
  return ok;
}
bool Translator::translate_range(size_t at, size_t end) {
  while (at < end) {
    if (!translate_next(&at, end)) return false;
  }
  return true;
}

}  // namespace

Program* translate(const uint32_t* code, size_t size, uint32_t groups, bool* too_deep) {
  auto program = std::make_unique<Program>();
  program->groups = groups;
  Translator translator(code, size, program.get());
  if (!translator.run(too_deep)) return nullptr;
  if (program->code.empty() || program->code.back().op != Op::kSuccess) return nullptr;
  if (program->code.size() > 0x7fffffff) return nullptr;
  analyse(program.get());
  return program.release();
}

}  // namespace pt::sre
