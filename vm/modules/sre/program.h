#pragma once
// Compiled regular expressions: what the code lists of Python's `re` compiler are translated to.
#include <cstddef>
#include <cstdint>
#include <vector>

namespace pt::sre {

inline constexpr uint32_t kMagic = 20220615;
inline constexpr uint32_t kMaxRepeat = 0xFFFFFFFFu;
inline constexpr uint32_t kMaxGroups = 0x7FFFFFFFu / 2;

enum Flags : uint32_t {
  kFlagTemplate = 1,
  kFlagIgnoreCase = 2,
  kFlagLocale = 4,
  kFlagMultiline = 8,
  kFlagDotAll = 16,
  kFlagUnicode = 32,
  kFlagVerbose = 64,
  kFlagDebug = 128,
  kFlagAscii = 256
};

// How an input character is folded before it is compared.
enum class Fold : uint8_t { kNone, kAscii, kUnicode, kLocale, kLocaleLower };  // kLocale in sets: either case

enum class Op : uint8_t {
  kSuccess,         // end of the pattern
  kFail,
  kAny,             // all but '\n'
  kAnyAll,
  kLiteral,         // argument: code point
  kNotLiteral,
  kSet,             // argument: index into sets
  kString,          // argument: offset into text, minimum: length
  kAt,              // argument: position code (At)
  kMark,            // argument: mark
  kJump,            // target
  kBranch,          // argument: first of `minimum` alternatives
  kGroupRef,        // argument: group from 0; fold
  kGroupExists,     // argument: group; target when unset
  kRepeat,          // enters a loop: initialises the register, goes to target (its until)
  kMaxUntil,        // end of a loop's body: target is the body; falls through to the tail
  kMinUntil,
  kRepeatOne,       // one-character body (unit); greedy, may give back
  kMinRepeatOne,
  kPossessiveOne,   // greedy, gives nothing back
  kAtomicBegin,
  kAtomicEnd,
  kAssertBegin,     // argument: characters to step back
  kAssertEnd,
  kAssertNotBegin,  // target: the tail
  kAssertNotEnd,
  kPossessiveBegin, // registers r (count, last position) and r + 1 (stack height)
  kPossessiveLoop,  // target: the tail
  kPossessiveNext,  // target: the loop instruction
};

// Tests of one character.
enum class Unit : uint8_t { kAny, kAnyAll, kLiteral, kNotLiteral, kSet };

struct Instruction {
  Op op;
  Unit unit = Unit::kAny;  // of the one-character repeats
  Fold fold = Fold::kNone;
  bool follow_known = false;  // one-character repeats: `follow` is the literal that must come next
  uint32_t argument = 0;
  uint32_t minimum = 0, maximum = 0;
  uint32_t target = 0;
  uint32_t reg = 0;
  uint32_t follow = 0;     // literal; kMaxUntil, kMinUntil: filter of the body
};

// Classes that all code points above 255 are divided into, so that sets can be compared without listing them.
enum WideClass : uint8_t { kWideDigit = 1, kWideWord = 2, kWideSpace = 4, kWideOther = 8, kWideAll = 15 };

// A character set: a table for code points below 256; above, the original codes decide.
struct Set {
  uint8_t table[256];
  std::vector<uint32_t> codes;  // ends with FAILURE; literals of folded compares are sets as well
  Fold fold = Fold::kNone;
  bool at_run_time = false;     // depends on the locale: the table is not valid
  uint8_t wide = 0;             // classes that may hold members
};
// A superset of the characters that something can start with.
struct Filter {
  uint8_t table[256] = {};
  uint8_t wide = 0;
};
struct Alternative {
  uint32_t target;
  int32_t filter;  // -1: none
};

struct Program {
  std::vector<Instruction> code;
  std::vector<Set> sets;
  std::vector<Filter> filters;
  std::vector<Alternative> alternatives;
  std::vector<uint32_t> text;          // of kString
  std::vector<uint8_t> narrow_text;    // the same where the code points are below 256
  std::vector<uint32_t> prefix;        // every match starts with this
  std::vector<uint8_t> narrow_prefix;
  bool prefix_narrow = false;          // all of it below 256
  bool whole_is_literal = false;       // the pattern is exactly the prefix, without groups
  int32_t start_filter = -1;           // characters a match can start with
  bool anchored = false;               // starts with the beginning of the string
  bool may_be_empty = true;
  uint32_t groups = 0, registers = 0;
  uint64_t minimum_width = 0;
};

// Translates and checks a code list; nullptr when it is not well formed or when *no_memory is set.
Program* translate(const uint32_t* code, std::size_t size, uint32_t groups, bool* too_deep);
// First sets, filters, possessive repeats, prefixes. Part of translate().
void analyse(Program*);

// Membership by the original codes of a set, after folding `c` (charset.cpp).
bool set_contains(const Set& set, uint32_t c);
bool charset_contains(const uint32_t* codes, uint32_t c);
bool in_category(uint32_t category, uint32_t c);
uint32_t lower_ascii(uint32_t c);
uint32_t lower_unicode(uint32_t c);
uint32_t upper_unicode(uint32_t c);
uint32_t lower_locale(uint32_t c);
uint32_t upper_locale(uint32_t c);
bool is_word(uint32_t c, Fold kind);  // kNone/kAscii: ASCII, kUnicode, kLocale
uint8_t wide_class(uint32_t c);
inline uint32_t fold_char(Fold fold, uint32_t c) {
  switch (fold) {
    case Fold::kAscii: return lower_ascii(c);
    case Fold::kUnicode: return lower_unicode(c);
    case Fold::kLocale:
    case Fold::kLocaleLower: return lower_locale(c);
    default: return c;
  }
}

// Operation, position and category codes of Python's re._constants.
enum Code : uint32_t {
  kCodeFailure,
  kCodeSuccess,
  kCodeAny,
  kCodeAnyAll,
  kCodeAssert,
  kCodeAssertNot,
  kCodeAt,
  kCodeBranch,
  kCodeCategory,
  kCodeCharset,
  kCodeBigCharset,
  kCodeGroupRef,
  kCodeGroupRefExists,
  kCodeIn,
  kCodeInfo,
  kCodeJump,
  kCodeLiteral,
  kCodeMark,
  kCodeMaxUntil,
  kCodeMinUntil,
  kCodeNotLiteral,
  kCodeNegate,
  kCodeRange,
  kCodeRepeat,
  kCodeRepeatOne,
  kCodeSubpattern,
  kCodeMinRepeatOne,
  kCodeAtomicGroup,
  kCodePossessiveRepeat,
  kCodePossessiveRepeatOne,
  kCodeGroupRefIgnore,
  kCodeInIgnore,
  kCodeLiteralIgnore,
  kCodeNotLiteralIgnore,
  kCodeGroupRefLocIgnore,
  kCodeInLocIgnore,
  kCodeLiteralLocIgnore,
  kCodeNotLiteralLocIgnore,
  kCodeGroupRefUniIgnore,
  kCodeInUniIgnore,
  kCodeLiteralUniIgnore,
  kCodeNotLiteralUniIgnore,
  kCodeRangeUniIgnore
};
enum class At : uint32_t {
  kBeginning,
  kBeginningLine,
  kBeginningString,
  kBoundary,
  kNonBoundary,
  kEnd,
  kEndLine,
  kEndString,
  kLocBoundary,
  kLocNonBoundary,
  kUniBoundary,
  kUniNonBoundary,
  kCount
};
enum Category : uint32_t {
  kCategoryDigit,
  kCategoryNotDigit,
  kCategorySpace,
  kCategoryNotSpace,
  kCategoryWord,
  kCategoryNotWord,
  kCategoryLineBreak,
  kCategoryNotLineBreak,
  kCategoryLocWord,
  kCategoryLocNotWord,
  kCategoryUniDigit,
  kCategoryUniNotDigit,
  kCategoryUniSpace,
  kCategoryUniNotSpace,
  kCategoryUniWord,
  kCategoryUniNotWord,
  kCategoryUniLineBreak,
  kCategoryUniNotLineBreak,
  kCategoryCount
};

}  // namespace pt::sre
