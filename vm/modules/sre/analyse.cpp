// What can be known about a program before it runs: the characters that may come first at a place, repeats that never
// need to give anything back, literal runs, and how a search can skip ahead.
#include <cstring>

#include "vm/modules/sre/program.h"

namespace pt::sre {
namespace {

struct First {
  Filter chars;
  bool unknown = false;      // may go on without a character in a way not followed here
  bool ends = false;         // may reach the end of the pattern (or of an atomic part)
  bool ends_constrained = false;  // ... with a zero-width condition before it
};

class Analyser {
 public:
  explicit Analyser(Program* program) : p_(program) {}
  void run();

 private:
  void add_unit(const Instruction& i, First* out) const;
  void follow(uint32_t pc, bool constrained, First* out);
  bool disjoint(const Instruction& unit, const First& first) const;
  int32_t make_filter(uint32_t pc);
  void merge_literals();
  void find_prefix();

  static constexpr int kStepLimit = 200;
  Program* p_;
  int steps_ = 0;
  std::vector<uint32_t> visiting_;
};

void Analyser::add_unit(const Instruction& i, First* out) const {
  Filter& f = out->chars;
  switch (i.unit) {
    case Unit::kAny:
      for (int c = 0; c < 256; ++c) f.table[c] |= c != '\n';
      f.wide = kWideAll;
      break;
    case Unit::kAnyAll:
      std::memset(f.table, 1, 256);
      f.wide = kWideAll;
      break;
    case Unit::kLiteral:
      if (i.argument < 256)
        f.table[i.argument] = 1;
      else
        f.wide |= wide_class(i.argument);
      break;
    case Unit::kNotLiteral:
      for (uint32_t c = 0; c < 256; ++c) f.table[c] |= c != i.argument;
      f.wide = kWideAll;
      break;
    case Unit::kSet: {
      const Set& set = p_->sets[i.argument];
      for (int c = 0; c < 256; ++c) f.table[c] |= set.table[c];
      f.wide |= set.wide;
      break;
    }
  }
}

// Adds what may come first from `pc` on.
void Analyser::follow(uint32_t pc, bool constrained, First* out) {
  for (;;) {
    if (++steps_ > kStepLimit) {
      out->unknown = true;
      return;
    }
    const Instruction& i = p_->code[pc];
    switch (i.op) {
      case Op::kSuccess:
      case Op::kAssertEnd:
      case Op::kAssertNotEnd:
      case Op::kAtomicEnd:
      case Op::kPossessiveNext:
        // The first success of an atomic part is final.
        out->ends = true;
        out->ends_constrained |= constrained;
        // What follows an atomic part may still come first for a filter.
        out->unknown |= i.op != Op::kSuccess;
        return;
      case Op::kFail: return;
      case Op::kAny:
      case Op::kAnyAll:
      case Op::kLiteral:
      case Op::kNotLiteral:
      case Op::kSet: add_unit(i, out); return;
      case Op::kString: {
        uint32_t c = p_->text[i.argument];
        add_unit({.op = Op::kLiteral, .unit = Unit::kLiteral, .argument = c}, out);
        return;
      }
      case Op::kAt:
        constrained = true;
        ++pc;
        break;
      case Op::kMark:
      case Op::kAtomicBegin: ++pc; break;
      case Op::kJump: pc = i.target; break;
      case Op::kBranch:
        for (uint32_t k = 0; k < i.minimum; ++k) follow(p_->alternatives[i.argument + k].target, constrained, out);
        return;
      case Op::kGroupRef: out->unknown = true; return;
      case Op::kGroupExists:
        follow(i.target, constrained, out);
        ++pc;
        break;
      case Op::kRepeat: {
        const Instruction& until = p_->code[i.target];
        if (until.maximum == 0) {
          pc = i.target + 1;
          break;
        }
        follow(pc + 1, constrained, out);
        if (i.minimum > 0) {
          // The body may be empty: then what follows the loop comes first. Reaching the until tells.
          return;
        }
        pc = i.target + 1;
        break;
      }
      case Op::kMaxUntil:
      case Op::kMinUntil: {
        // At the end of a body: another round or the tail.
        for (uint32_t seen : visiting_) {
          if (seen == pc) {
            ++pc;
            goto next;
          }
        }
        visiting_.push_back(pc);
        follow(i.target, constrained, out);
        visiting_.pop_back();
        ++pc;
        break;
      }
      case Op::kRepeatOne:
      case Op::kMinRepeatOne:
      case Op::kPossessiveOne:
        if (i.maximum > 0) add_unit(i, out);
        if (i.minimum > 0) return;
        ++pc;
        break;
      case Op::kAssertBegin:
      case Op::kAssertNotBegin:
        constrained = true;
        pc = i.target;
        break;
      case Op::kPossessiveBegin: ++pc; break;
      case Op::kPossessiveLoop:
        if (i.maximum > 0) follow(pc + 1, constrained, out);
        if (i.minimum > 0) return;
        pc = i.target;
        break;
    }
  next:;
  }
}

bool Analyser::disjoint(const Instruction& unit, const First& first) const {
  First body;
  add_unit(unit, &body);
  if (unit.unit == Unit::kSet && p_->sets[unit.argument].at_run_time) return false;
  if (body.chars.wide & first.chars.wide) return false;
  for (int c = 0; c < 256; ++c) {
    if (body.chars.table[c] & first.chars.table[c]) return false;
  }
  return true;
}

int32_t Analyser::make_filter(uint32_t pc) {
  First first;
  steps_ = 0;
  visiting_.clear();
  follow(pc, false, &first);
  if (first.unknown || first.ends) return -1;
  if (first.chars.wide == kWideAll) {
    bool useful = false;
    for (uint8_t member : first.chars.table) useful |= !member;
    if (!useful) return -1;
  }
  for (size_t i = 0; i < p_->filters.size(); ++i) {
    if (std::memcmp(p_->filters[i].table, first.chars.table, 256) == 0 && p_->filters[i].wide == first.chars.wide) {
      return static_cast<int32_t>(i);
    }
  }
  p_->filters.push_back(first.chars);
  return static_cast<int32_t>(p_->filters.size() - 1);
}

// Runs of literals become strings. Places that are jumped to start a new run.
void Analyser::merge_literals() {
  size_t n = p_->code.size();
  std::vector<bool> entered(n + 1, false);
  for (const Instruction& i : p_->code) entered[i.target] = true;
  for (const Alternative& a : p_->alternatives) entered[a.target] = true;
  for (size_t at = 0; at < n;) {
    size_t end = at;
    while (end < n && p_->code[end].op == Op::kLiteral && (end == at || !entered[end])) ++end;
    if (end - at < 2) {
      ++at;
      continue;
    }
    auto offset = static_cast<uint32_t>(p_->text.size());
    for (size_t k = at; k < end; ++k) p_->text.push_back(p_->code[k].argument);
    p_->code[at].op = Op::kString;
    p_->code[at].argument = offset;
    p_->code[at].minimum = static_cast<uint32_t>(end - at);
    // The rest of the run is jumped over.
    p_->code[at].target = static_cast<uint32_t>(end);
    at = end;
  }
  for (uint32_t c : p_->text) p_->narrow_text.push_back(static_cast<uint8_t>(c));
}

void Analyser::find_prefix() {
  uint32_t pc = 0;
  bool marks = false;
  for (;;) {
    const Instruction& i = p_->code[pc];
    if (i.op == Op::kMark) {
      marks = true;
      ++pc;
    } else if (i.op == Op::kLiteral) {
      p_->prefix.push_back(i.argument);
      ++pc;
    } else if (i.op == Op::kString) {
      for (uint32_t k = 0; k < i.minimum; ++k) p_->prefix.push_back(p_->text[i.argument + k]);
      pc = i.target;
    } else {
      p_->whole_is_literal = i.op == Op::kSuccess && !marks && !p_->prefix.empty();
      break;
    }
  }
  const Instruction& first = p_->code[0];
  p_->anchored = first.op == Op::kAt && (first.argument == static_cast<uint32_t>(At::kBeginning) ||
                                         first.argument == static_cast<uint32_t>(At::kBeginningString));
  p_->prefix_narrow = true;
  for (uint32_t c : p_->prefix) {
    p_->prefix_narrow &= c < 256;
    p_->narrow_prefix.push_back(static_cast<uint8_t>(c));
  }
}

void Analyser::run() {
  merge_literals();
  find_prefix();
  for (size_t pc = 0; pc < p_->code.size(); ++pc) {
    // add to the code vector nowhere below: references stay valid
    Instruction& i = p_->code[pc];
    if (i.op == Op::kRepeatOne || i.op == Op::kMinRepeatOne) {
      const Instruction& next = p_->code[pc + 1];
      if (next.op == Op::kLiteral) {
        i.follow_known = true;
        i.follow = next.argument;
      } else if (next.op == Op::kString) {
        i.follow_known = true;
        i.follow = p_->text[next.argument];
      }
    }
    if (i.op == Op::kRepeatOne) {
      First first;
      steps_ = 0;
      visiting_.clear();
      follow(static_cast<uint32_t>(pc + 1), false, &first);
      bool atomic_end = first.ends && first.unknown;
      // With fewer characters taken the next one would still be of the body, which nothing that follows accepts.
      if ((!first.unknown || atomic_end) && !first.ends_constrained && disjoint(i, first) && !atomic_end) {
        i.op = Op::kPossessiveOne;
      }
    } else if (i.op == Op::kMaxUntil || i.op == Op::kMinUntil) {
      i.follow = static_cast<uint32_t>(make_filter(i.target) + 1);
    }
  }
  for (Alternative& a : p_->alternatives) a.filter = make_filter(a.target);
  p_->start_filter = make_filter(0);
  First first;
  steps_ = 0;
  visiting_.clear();
  follow(0, false, &first);
  p_->may_be_empty = first.unknown || first.ends;
}

}  // namespace

void analyse(Program* program) { Analyser(program).run(); }

}  // namespace pt::sre
