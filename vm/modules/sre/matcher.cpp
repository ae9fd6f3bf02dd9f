// The matching engine: one template for the three string kinds.
#include "vm/modules/sre/matcher.h"

#include <cstring>

#include "gc/platform/memory.h"
#include "gc/sync/mutator.h"
#include "vm/modules/support/arguments.h"
#include "vm/object/error.h"

namespace pt::sre {
namespace {

enum class FrameKind : uint32_t {
  // Undo: what was changed since the choice below.
  kUndoMark,   // pc: mark; a: old position; b: old last index
  kUndoReg,    // pc: register; a, b: its old content
  kUndoRound,  // pc: until instruction; b: old last position; the count goes down by one
  // Choices: where to go on after a failure.
  kChoice,     // pc; a: position
  kAlternative,  // pc: branch; a: position; b: next alternative
  kGreedy,     // pc: repeat; a: position after the characters taken; b: least position
  kLazy,       // pc: repeat; a: position; b: characters that may still be taken, -1 any number
  kTail,       // pc: until; a: position; b: old last position. Undoes the round and goes on behind the loop.
  kRound,      // pc: min until; a: position. Another round of the body.
};
struct Frame {
  FrameKind kind;
  uint32_t pc;
  int64_t a, b;
};
static_assert(sizeof(Frame) == 24);

struct Register {
  int64_t count;
  int64_t position;  // -1: none
};

constexpr uint32_t kPollInterval = 1u << 14;
constexpr size_t kInlineFrames = 48, kInlineRegisters = 16;

template <class Char>
class Matcher {
 public:
  explicit Matcher(Scan* scan)
      : program_(*scan->program),
        code_(program_.code.data()),
        begin_(static_cast<const Char*>(scan->text)),
        end_(begin_ + scan->length),
        start_(begin_ + scan->start),
        scan_(scan),
        marks_(scan->marks) {
    if (program_.registers > kInlineRegisters) {
      registers_ = static_cast<Register*>(memory::allocate(program_.registers * sizeof(Register)));
    }
  }
  ~Matcher() {
    if (stack_ != inline_stack_) memory::release(stack_);
    if (registers_ != inline_registers_) memory::release(registers_);
  }
  Matcher(const Matcher&) = delete;
  Matcher& operator=(const Matcher&) = delete;

  int match() {
    if (!prepare()) return -1;
    return finish(run(start_));
  }
  int search();

 private:
  bool prepare() {
    if (!registers_) return raise_no_memory();
    for (uint32_t i = 0; i < program_.registers; ++i) registers_[i] = {0, -1};
    for (uint32_t i = 0; i < 2 * program_.groups; ++i) marks_[i] = -1;
    last_index_ = -1;
    return true;
  }
  int finish(int status) {
    if (status == 1) {
      scan_->match_start = start_ - begin_;
      scan_->last_index = last_index_;
    }
    return status;
  }

  int run(const Char* at);
  bool unwind_to(size_t height);
  void make_atomic(size_t height);
  bool at_position(uint32_t code, const Char* at) const;
  bool group_ref(const Instruction& i, const Char** at) const;
  const Char* unit_run(const Instruction& i, const Char* at, const Char* limit) const;
  const Char* find_literal(uint32_t c, const Char* from, const Char* to) const;
  bool poll();

  PT_INLINE bool in_set(uint32_t index, Char c) const {
    const Set& set = program_.sets[index];
    if constexpr (sizeof(Char) == 1) {
      if (PT_LIKELY(!set.at_run_time)) return set.table[c];
    } else if (c < 256 && PT_LIKELY(!set.at_run_time)) {
      return set.table[c];
    }
    return set_contains(set, c);
  }
  PT_INLINE bool unit_matches(const Instruction& i, Char c) const {
    switch (i.unit) {
      case Unit::kAny: return c != '\n';
      case Unit::kAnyAll: return true;
      case Unit::kLiteral: return c == i.argument;
      case Unit::kNotLiteral: return c != i.argument;
      case Unit::kSet: return in_set(i.argument, c);
    }
    return false;
  }
  // Whether what the filter describes may start at `at`. `filter` counts from 1; 0 is none.
  PT_INLINE bool may_start(uint32_t filter, const Char* at) const {
    if (filter == 0) return true;
    if (at >= end_) return false;
    const Filter& f = program_.filters[filter - 1];
    if constexpr (sizeof(Char) == 1) {
      return f.table[*at];
    } else {
      return *at < 256 ? f.table[*at] : f.wide != 0;
    }
  }

  PT_INLINE bool push(FrameKind kind, uint32_t pc, int64_t a, int64_t b) {
    if (PT_UNLIKELY(size_ == capacity_) && !grow()) return false;
    stack_[size_++] = {kind, pc, a, b};
    return true;
  }
  PT_INLINE bool push_register(uint32_t reg) {
    return push(FrameKind::kUndoReg, reg, registers_[reg].count, registers_[reg].position);
  }
  PT_COLD bool grow();

  const Program& program_;
  const Instruction* code_;
  const Char* begin_;
  const Char* end_;
  const Char* start_;
  Scan* scan_;
  int64_t* marks_;
  int64_t last_index_ = -1;
  Frame* stack_ = inline_stack_;
  size_t size_ = 0, capacity_ = kInlineFrames;
  Register* registers_ = inline_registers_;
  uint32_t budget_ = kPollInterval;
  Frame inline_stack_[kInlineFrames];
  Register inline_registers_[kInlineRegisters];
};

template <class Char>
bool Matcher<Char>::grow() {
  size_t capacity = capacity_ * 2;
  if (capacity > (size_t{1} << 36)) return raise_no_memory();
  auto* grown = static_cast<Frame*>(memory::allocate(capacity * sizeof(Frame)));
  if (!grown) return raise_no_memory();
  std::memcpy(grown, stack_, size_ * sizeof(Frame));
  if (stack_ != inline_stack_) memory::release(stack_);
  stack_ = grown;
  capacity_ = capacity;
  return true;
}

// Lets other threads stop the world and the main thread handle signals during long matches.
template <class Char>
bool Matcher<Char>::poll() {
  budget_ = kPollInterval;
  Mutator* mutator = tls_mutator;
  if (!mutator) return true;
  uint32_t reasons = mutator->breaker.load(std::memory_order_relaxed);
  if (PT_LIKELY(!reasons)) return true;
  if (reasons & (kBreakStop | kBreakQsbr)) (void)safepoint_slow(mutator);
  return !(reasons & kBreakSignal) || run_signal_handlers();
}

template <class Char>
bool Matcher<Char>::unwind_to(size_t height) {
  while (size_ > height) {
    const Frame& f = stack_[--size_];
    switch (f.kind) {
      case FrameKind::kUndoMark:
        marks_[f.pc] = f.a;
        last_index_ = f.b;
        break;
      case FrameKind::kUndoReg: registers_[f.pc] = {f.a, f.b}; break;
      case FrameKind::kUndoRound:
      case FrameKind::kTail: {
        Register& r = registers_[code_[f.pc].reg];
        --r.count;
        r.position = f.b;
        break;
      }
      default: break;
    }
  }
  return true;
}

// Drops the choices above `height`; what undoes changes stays.
template <class Char>
void Matcher<Char>::make_atomic(size_t height) {
  size_t kept = height;
  for (size_t i = height; i < size_; ++i) {
    Frame f = stack_[i];
    if (f.kind == FrameKind::kTail) f.kind = FrameKind::kUndoRound;
    if (f.kind <= FrameKind::kUndoRound) stack_[kept++] = f;
  }
  size_ = kept;
}

template <class Char>
bool Matcher<Char>::at_position(uint32_t code, const Char* at) const {
  auto boundary = [&](Fold kind, bool wanted) {
    if (begin_ == end_) return false;
    bool before = at > begin_ && is_word(at[-1], kind);
    bool after = at < end_ && is_word(at[0], kind);
    return (before != after) == wanted;
  };
  switch (static_cast<At>(code)) {
    case At::kBeginning:
    case At::kBeginningString: return at == begin_;
    case At::kBeginningLine: return at == begin_ || at[-1] == '\n';
    case At::kEnd: return at == end_ || (end_ - at == 1 && *at == '\n');
    case At::kEndLine: return at == end_ || *at == '\n';
    case At::kEndString: return at == end_;
    case At::kBoundary: return boundary(Fold::kAscii, true);
    case At::kNonBoundary: return boundary(Fold::kAscii, false);
    case At::kLocBoundary: return boundary(Fold::kLocale, true);
    case At::kLocNonBoundary: return boundary(Fold::kLocale, false);
    case At::kUniBoundary: return boundary(Fold::kUnicode, true);
    case At::kUniNonBoundary: return boundary(Fold::kUnicode, false);
    case At::kCount: break;
  }
  return false;
}

template <class Char>
bool Matcher<Char>::group_ref(const Instruction& i, const Char** at) const {
  int64_t from = marks_[2 * i.argument], to = marks_[2 * i.argument + 1];
  if (from < 0 || to < from) return false;
  int64_t length = to - from;
  if (end_ - *at < length) return false;
  const Char* wanted = begin_ + from;
  if (i.fold == Fold::kNone) {
    if (std::memcmp(wanted, *at, static_cast<size_t>(length) * sizeof(Char)) != 0) return false;
  } else {
    for (int64_t k = 0; k < length; ++k) {
      if (fold_char(i.fold, wanted[k]) != fold_char(i.fold, (*at)[k])) return false;
    }
  }
  *at += length;
  return true;
}

// The end of the longest run of the unit from `at`, not beyond `limit`.
template <class Char>
const Char* Matcher<Char>::unit_run(const Instruction& i, const Char* at, const Char* limit) const {
  switch (i.unit) {
    case Unit::kAnyAll: return limit;
    case Unit::kAny: return find_literal('\n', at, limit);
    case Unit::kNotLiteral: return find_literal(i.argument, at, limit);
    case Unit::kLiteral: {
      uint32_t c = i.argument;
      while (at < limit && *at == c) ++at;
      return at;
    }
    case Unit::kSet: {
      const Set& set = program_.sets[i.argument];
      if (PT_UNLIKELY(set.at_run_time)) {
        while (at < limit && set_contains(set, *at)) ++at;
        return at;
      }
      const uint8_t* table = set.table;
      if constexpr (sizeof(Char) == 1) {
        while (limit - at >= 4) {
          if (!table[at[0]]) return at;
          if (!table[at[1]]) return at + 1;
          if (!table[at[2]]) return at + 2;
          if (!table[at[3]]) return at + 3;
          at += 4;
        }
        while (at < limit && table[*at]) ++at;
      } else {
        while (at < limit && (*at < 256 ? table[*at] : set_contains(set, *at))) ++at;
      }
      return at;
    }
  }
  return at;
}

// The first place of a character, or `to`.
template <class Char>
const Char* Matcher<Char>::find_literal(uint32_t c, const Char* from, const Char* to) const {
  if constexpr (sizeof(Char) == 1) {
    if (c > 255 || from >= to) return to;
    const void* found = std::memchr(from, static_cast<int>(c), static_cast<size_t>(to - from));
    return found ? static_cast<const Char*>(found) : to;
  } else {
    while (from < to && *from != c) ++from;
    return from;
  }
}

// The interpreter. Jumps to `fail` take the newest choice.
template <class Char>
int Matcher<Char>::run(const Char* at) {
  uint32_t pc = 0;
  auto offset = [this](const Char* p) { return static_cast<int64_t>(p - begin_); };
  for (;;) {
    const Instruction& i = code_[pc];
    switch (i.op) {
      case Op::kSuccess:
        if ((scan_->match_all && at != end_) || (scan_->must_advance && at == start_)) goto fail;
        scan_->match_end = offset(at);
        return 1;
      case Op::kFail: goto fail;
      case Op::kAny:
        if (at >= end_ || *at == '\n') goto fail;
        ++at;
        ++pc;
        continue;
      case Op::kAnyAll:
        if (at >= end_) goto fail;
        ++at;
        ++pc;
        continue;
      case Op::kLiteral:
        if (at >= end_ || *at != i.argument) goto fail;
        ++at;
        ++pc;
        continue;
      case Op::kNotLiteral:
        if (at >= end_ || *at == i.argument) goto fail;
        ++at;
        ++pc;
        continue;
      case Op::kSet:
        if (at >= end_ || !in_set(i.argument, *at)) goto fail;
        ++at;
        ++pc;
        continue;
      case Op::kString: {
        if (end_ - at < static_cast<int64_t>(i.minimum)) goto fail;
        const uint32_t* wanted = program_.text.data() + i.argument;
        for (uint32_t k = 0; k < i.minimum; ++k) {
          if (at[k] != wanted[k]) goto fail;
        }
        at += i.minimum;
        pc = i.target;
        continue;
      }
      case Op::kAt:
        if (!at_position(i.argument, at)) goto fail;
        ++pc;
        continue;
      case Op::kMark:
        if (!push(FrameKind::kUndoMark, i.argument, marks_[i.argument], last_index_)) return -1;
        marks_[i.argument] = offset(at);
        if (i.argument & 1) last_index_ = i.argument / 2 + 1;
        ++pc;
        continue;
      case Op::kJump: pc = i.target; continue;
      case Op::kBranch: {
        const Alternative* alternatives = program_.alternatives.data() + i.argument;
        uint32_t k = 0;
        while (k < i.minimum && !may_start(static_cast<uint32_t>(alternatives[k].filter + 1), at)) ++k;
        if (k == i.minimum) goto fail;
        uint32_t next = k + 1;
        while (next < i.minimum && !may_start(static_cast<uint32_t>(alternatives[next].filter + 1), at)) ++next;
        if (next < i.minimum && !push(FrameKind::kAlternative, pc, offset(at), next)) return -1;
        pc = alternatives[k].target;
        continue;
      }
      case Op::kGroupRef:
        if (!group_ref(i, &at)) goto fail;
        ++pc;
        continue;
      case Op::kGroupExists: {
        int64_t from = marks_[2 * i.argument], to = marks_[2 * i.argument + 1];
        pc = from < 0 || to < from ? i.target : pc + 1;
        continue;
      }

      // ---- loops ----
      case Op::kRepeat:
        if (!push_register(i.reg)) return -1;
        registers_[i.reg] = {-1, -1};
        pc = i.target;
        continue;
      case Op::kMaxUntil: {
        if (PT_UNLIKELY(--budget_ == 0) && !poll()) return -1;
        Register& r = registers_[i.reg];
        int64_t count = r.count + 1;
        if (count < static_cast<int64_t>(i.minimum)) {
          if (!push_register(i.reg)) return -1;
          r.count = count;
          pc = i.target;
          continue;
        }
        if ((count < static_cast<int64_t>(i.maximum) || i.maximum == kMaxRepeat) && offset(at) != r.position &&
            may_start(i.follow, at)) {
          if (!push(FrameKind::kTail, pc, offset(at), r.position)) return -1;
          r.count = count;
          r.position = offset(at);
          pc = i.target;
          continue;
        }
        ++pc;
        continue;
      }
      case Op::kMinUntil: {
        if (PT_UNLIKELY(--budget_ == 0) && !poll()) return -1;
        Register& r = registers_[i.reg];
        int64_t count = r.count + 1;
        if (count < static_cast<int64_t>(i.minimum)) {
          if (!push_register(i.reg)) return -1;
          r.count = count;
          pc = i.target;
          continue;
        }
        if (!push(FrameKind::kRound, pc, offset(at), 0)) return -1;
        ++pc;
        continue;
      }
      case Op::kRepeatOne: {
        int64_t left = end_ - at;
        if (left < static_cast<int64_t>(i.minimum)) goto fail;
        const Char* limit = i.maximum < left ? at + i.maximum : end_;
        const Char* least = at + i.minimum;
        at = unit_run(i, at, limit);
        if (at < least) goto fail;
        if (i.follow_known) {
          // Only places where the next literal stands are worth trying.
          while (at >= least && (at >= end_ || *at != i.follow)) --at;
          if (at < least) goto fail;
        }
        if (at > least && !push(FrameKind::kGreedy, pc, offset(at), offset(least))) return -1;
        ++pc;
        continue;
      }
      case Op::kPossessiveOne: {
        int64_t left = end_ - at;
        if (left < static_cast<int64_t>(i.minimum)) goto fail;
        const Char* limit = i.maximum < left ? at + i.maximum : end_;
        const Char* least = at + i.minimum;
        at = unit_run(i, at, limit);
        if (at < least) goto fail;
        ++pc;
        continue;
      }
      case Op::kMinRepeatOne: {
        int64_t left = end_ - at;
        if (left < static_cast<int64_t>(i.minimum)) goto fail;
        const Char* least = at + i.minimum;
        if (unit_run(i, at, least) < least) goto fail;
        at = least;
        int64_t more = i.maximum == kMaxRepeat ? -1 : static_cast<int64_t>(i.maximum) - i.minimum;
        if (more != 0 && !push(FrameKind::kLazy, pc, offset(at), more)) return -1;
        if (i.follow_known && (at >= end_ || *at != i.follow)) goto fail;
        ++pc;
        continue;
      }

      // ---- atomic parts ----
      case Op::kAtomicBegin:
        if (!push_register(i.reg)) return -1;
        registers_[i.reg].count = static_cast<int64_t>(size_);
        ++pc;
        continue;
      case Op::kAtomicEnd:
        make_atomic(static_cast<size_t>(registers_[i.reg].count));
        ++pc;
        continue;
      case Op::kAssertBegin:
        if (at - begin_ < static_cast<int64_t>(i.argument)) goto fail;
        if (!push_register(i.reg)) return -1;
        registers_[i.reg] = {static_cast<int64_t>(size_), offset(at)};
        at -= i.argument;
        ++pc;
        continue;
      case Op::kAssertEnd:
        make_atomic(static_cast<size_t>(registers_[i.reg].count));
        at = begin_ + registers_[i.reg].position;
        ++pc;
        continue;
      case Op::kAssertNotBegin:
        if (at - begin_ < static_cast<int64_t>(i.argument)) {
          pc = i.target;
          continue;
        }
        if (!push_register(i.reg)) return -1;
        registers_[i.reg].count = static_cast<int64_t>(size_);
        if (!push(FrameKind::kChoice, i.target, offset(at), 0)) return -1;
        at -= i.argument;
        ++pc;
        continue;
      case Op::kAssertNotEnd: unwind_to(static_cast<size_t>(registers_[i.reg].count)); goto fail;
      case Op::kPossessiveBegin:
        if (!push_register(i.reg)) return -1;
        registers_[i.reg] = {0, -1};
        ++pc;
        continue;
      case Op::kPossessiveLoop: {
        if (PT_UNLIKELY(--budget_ == 0) && !poll()) return -1;
        Register& r = registers_[i.reg];
        if (r.count < static_cast<int64_t>(i.minimum)) {
          if (!push_register(i.reg + 1)) return -1;
          registers_[i.reg + 1].count = static_cast<int64_t>(size_);
          ++pc;
          continue;
        }
        if ((r.count < static_cast<int64_t>(i.maximum) || i.maximum == kMaxRepeat) && offset(at) != r.position) {
          if (!push_register(i.reg) || !push_register(i.reg + 1)) return -1;
          r.position = offset(at);
          registers_[i.reg + 1].count = static_cast<int64_t>(size_);
          if (!push(FrameKind::kChoice, i.target, offset(at), 0)) return -1;
          ++pc;
          continue;
        }
        pc = i.target;
        continue;
      }
      case Op::kPossessiveNext:
        make_atomic(static_cast<size_t>(registers_[i.reg + 1].count));
        if (!push_register(i.reg)) return -1;
        ++registers_[i.reg].count;
        pc = i.target;
        continue;
    }

  fail:
    if (PT_UNLIKELY(--budget_ == 0) && !poll()) return -1;
    for (;;) {
      if (size_ == 0) return 0;
      Frame& f = stack_[size_ - 1];
      switch (f.kind) {
        case FrameKind::kUndoMark:
          marks_[f.pc] = f.a;
          last_index_ = f.b;
          --size_;
          continue;
        case FrameKind::kUndoReg:
          registers_[f.pc] = {f.a, f.b};
          --size_;
          continue;
        case FrameKind::kUndoRound: {
          Register& r = registers_[code_[f.pc].reg];
          --r.count;
          r.position = f.b;
          --size_;
          continue;
        }
        case FrameKind::kChoice:
          pc = f.pc;
          at = begin_ + f.a;
          --size_;
          break;
        case FrameKind::kAlternative: {
          const Instruction& branch = code_[f.pc];
          const Alternative* alternatives = program_.alternatives.data() + branch.argument;
          at = begin_ + f.a;
          auto k = static_cast<uint32_t>(f.b);
          uint32_t next = k + 1;
          while (next < branch.minimum && !may_start(static_cast<uint32_t>(alternatives[next].filter + 1), at)) ++next;
          if (next < branch.minimum) {
            f.b = next;
          } else {
            --size_;
          }
          pc = alternatives[k].target;
          break;
        }
        case FrameKind::kGreedy: {
          const Instruction& repeat = code_[f.pc];
          const Char* least = begin_ + f.b;
          at = begin_ + f.a - 1;
          if (repeat.follow_known) {
            while (at >= least && *at != repeat.follow) --at;
            if (at < least) {
              --size_;
              continue;
            }
          }
          pc = f.pc + 1;
          f.a = offset(at);
          if (at <= least) --size_;
          break;
        }
        case FrameKind::kLazy: {
          const Instruction& repeat = code_[f.pc];
          at = begin_ + f.a;
          if (repeat.follow_known) {
            // Take characters up to the next place of the literal that must follow.
            const Char* limit = f.b >= 0 && f.b < end_ - at ? at + f.b : end_;
            const Char* place = at < limit ? find_literal(repeat.follow, at + 1, limit) : end_;
            if (place >= end_ || (place == limit && *place != repeat.follow) || unit_run(repeat, at, place) < place) {
              --size_;
              continue;
            }
            if (f.b >= 0) f.b -= place - at;
            at = place;
          } else {
            if (at >= end_ || !unit_matches(repeat, *at)) {
              --size_;
              continue;
            }
            ++at;
            if (f.b >= 0) --f.b;
          }
          pc = f.pc + 1;
          f.a = offset(at);
          if (f.b == 0) --size_;
          break;
        }
        case FrameKind::kTail: {
          Register& r = registers_[code_[f.pc].reg];
          --r.count;
          r.position = f.b;
          at = begin_ + f.a;
          pc = f.pc + 1;
          --size_;
          break;
        }
        case FrameKind::kRound: {
          const Instruction& until = code_[f.pc];
          Register& r = registers_[until.reg];
          int64_t count = r.count + 1;
          int64_t position = f.a;
          at = begin_ + position;
          --size_;
          if ((count >= static_cast<int64_t>(until.maximum) && until.maximum != kMaxRepeat) || position == r.position ||
              !may_start(until.follow, at)) {
            continue;
          }
          if (!push_register(until.reg)) return -1;
          r.count = count;
          r.position = position;
          pc = until.target;
          break;
        }
      }
      break;
    }
  }
}

template <class Char>
int Matcher<Char>::search() {
  if (!prepare()) return -1;
  auto minimum = static_cast<int64_t>(program_.minimum_width);
  if (end_ - start_ < minimum) return 0;
  const Char* last = end_ - minimum;  // no match starts behind it
  auto try_at = [&](const Char* at) {
    start_ = at;
    int status = run(at);
    scan_->must_advance = false;
    return status;
  };

  if (program_.anchored) {
    if (start_ != begin_) return 0;
    return finish(try_at(start_));
  }
  size_t prefix_length = program_.prefix.size();
  if (prefix_length) {
    if (sizeof(Char) == 1 && !program_.prefix_narrow) return 0;
    uint32_t first = program_.prefix[0];
    for (const Char* at = start_; at <= last; ++at) {
      if constexpr (sizeof(Char) == 1) {
        auto left = static_cast<size_t>(end_ - at);
        const void* found = prefix_length == 1 ? std::memchr(at, static_cast<int>(first), left)
                                               : memmem(at, left, program_.narrow_prefix.data(), prefix_length);
        if (!found) return 0;
        at = static_cast<const Char*>(found);
      } else {
        at = find_literal(first, at, end_);
        if (end_ - at < static_cast<int64_t>(prefix_length)) return 0;
        size_t k = 1;
        while (k < prefix_length && at[k] == program_.prefix[k]) ++k;
        if (k < prefix_length) {
          if (PT_UNLIKELY(--budget_ == 0) && !poll()) return -1;
          continue;
        }
      }
      if (at > last) return 0;
      if (program_.whole_is_literal) {
        start_ = at;
        scan_->match_end = at - begin_ + static_cast<int64_t>(prefix_length);
        return finish(1);
      }
      int status = try_at(at);
      if (status) return finish(status);
    }
    return 0;
  }
  if (program_.start_filter >= 0) {
    const Filter& f = program_.filters[static_cast<size_t>(program_.start_filter)];
    for (const Char* at = start_; at <= last; ++at) {
      if constexpr (sizeof(Char) == 1) {
        while (at < end_ && !f.table[*at]) ++at;
      } else {
        while (at < end_ && !(*at < 256 ? f.table[*at] : f.wide)) ++at;
      }
      if (at > last || at >= end_) return 0;
      int status = try_at(at);
      if (status) return finish(status);
    }
    return 0;
  }
  for (const Char* at = start_; at <= last; ++at) {
    int status = try_at(at);
    if (status) return finish(status);
  }
  return 0;
}

template <class Char>
int run_scan(Scan* scan, bool searching) {
  Matcher<Char> matcher(scan);
  return searching ? matcher.search() : matcher.match();
}
int dispatch(Scan* scan, bool searching) {
  if (scan->start > scan->length) return 0;
  switch (scan->character_size) {
    case 1: return run_scan<uint8_t>(scan, searching);
    case 2: return run_scan<uint16_t>(scan, searching);
    default: return run_scan<uint32_t>(scan, searching);
  }
}

}  // namespace

int match_at_start(Scan* scan) { return dispatch(scan, false); }
int search(Scan* scan) { return dispatch(scan, true); }

}  // namespace pt::sre
