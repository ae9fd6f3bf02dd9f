#include "vm/compile/assembler.h"

#include <algorithm>

#include "gc/platform/check.h"

namespace pt::compiler {
namespace {

bool same_span(const syntax::Span& a, const syntax::Span& b) {
  return a.line == b.line && a.col == b.col && a.end_line == b.end_line && a.end_col == b.end_col;
}

const InstructionInfo& info_of(Opcode op) { return kInstructionInfo[static_cast<int>(op)]; }

bool has_wide_jump(Opcode op) { return info_of(op).b == OperandKind::J; }

}  // namespace

bool is_jump(Opcode op) { return has_wide_jump(op) || (info_of(op).extra_words && extra_kind(op) == ExtraKind::kJump); }

uint32_t jump_target(const uint64_t* words, uint32_t at) {
  Opcode op = opcode_of(words[at]);
  int32_t distance = has_wide_jump(op) ? operand_wide(words[at]) : static_cast<int32_t>(words[at + 1]);
  return at + static_cast<uint32_t>(instruction_words(op)) + static_cast<uint32_t>(distance);
}

int32_t Assembler::displacement(uint32_t at) const {
  return has_wide_jump(opcode_of(words_[at])) ? operand_wide(words_[at]) : static_cast<int32_t>(words_[at + 1]);
}

void Assembler::set_displacement(uint32_t at, int32_t value) {
  uint64_t& word = words_[at];
  if (has_wide_jump(opcode_of(word))) {
    word = (word & 0xFFFFFFFFull) | static_cast<uint64_t>(static_cast<uint32_t>(value)) << 32;
  } else {
    words_[at + 1] = static_cast<uint32_t>(value);
  }
}

void Assembler::note_position() {
  if (runs_.empty() || !same_span(runs_.back().span, span_)) runs_.push_back({size(), span_});
}

void Assembler::emit(Opcode op, int a, int b, int c, uint64_t extra) {
  if (!reachable_) return;
  note_position();
  words_.push_back(encode(op, a, b, c));
  for (int i = 0; i < info_of(op).extra_words; i++) words_.push_back(i == 0 ? extra : 0);
  if (op == Opcode::kRETURN || op == Opcode::kRAISE || op == Opcode::kRERAISE) reachable_ = false;
}

void Assembler::emit_wide(Opcode op, int a, int32_t bc) {
  if (!reachable_) return;
  note_position();
  words_.push_back(encode_wide(op, a, bc));
}

void Assembler::add_jump(Label& target, uint32_t at) {
  if (target.position >= 0) {
    uint32_t next = at + static_cast<uint32_t>(instruction_words(opcode_of(words_[at])));
    set_displacement(at, target.position - static_cast<int32_t>(next));
    return;
  }
  if (target.chain < 0) {
    target.bound = bound;
  } else {
    target.bound.intersect(bound);
  }
  set_displacement(at, target.chain);
  target.chain = static_cast<int32_t>(at);
}

void Assembler::emit_jump(Opcode op, int a, Label& target) {
  if (!reachable_) return;
  note_position();
  uint32_t at = size();
  words_.push_back(encode_wide(op, a, 0));
  add_jump(target, at);
  if (op == Opcode::kJUMP || op == Opcode::kJUMP_BACK) reachable_ = false;
}

void Assembler::emit_jump(Opcode op, int a, int b, int c, Label& target) {
  if (!reachable_) return;
  note_position();
  uint32_t at = size();
  words_.push_back(encode(op, a, b, c));
  words_.push_back(0);
  add_jump(target, at);
}

void Assembler::bind(Label& label) {
  PT_ASSERT(label.position < 0);
  // A jump to the next instruction is none.
  if (!reachable_ && label.chain >= 0 && label.chain == static_cast<int32_t>(size()) - 1 && size() > barrier_ &&
      opcode_of(words_.back()) == Opcode::kJUMP) {
    int32_t before = operand_wide(words_.back());
    words_.pop_back();
    if (!runs_.empty() && runs_.back().start == size()) runs_.pop_back();
    label.chain = before;
    reachable_ = true;  // `bound` is still what it was at the jump
  }
  if (label.chain < 0) {
    if (reachable_) {
      label.position = static_cast<int32_t>(size());
      barrier_ = size();
    }
    return;
  }
  if (reachable_) {
    bound.intersect(label.bound);
  } else {
    bound = label.bound;
  }
  reachable_ = true;
  label.position = static_cast<int32_t>(size());
  barrier_ = size();
  for (int32_t at = label.chain; at >= 0;) {
    uint32_t place = static_cast<uint32_t>(at);
    int32_t before = displacement(place);
    uint32_t next = place + static_cast<uint32_t>(instruction_words(opcode_of(words_[place])));
    set_displacement(place, label.position - static_cast<int32_t>(next));
    at = before;
  }
  label.chain = -1;
}

void Assembler::bind_loop(Label& label) {
  bound.subtract(unbindable);
  bind(label);
}

void Assembler::begin(Region& region, int depth) {
  region.depth = static_cast<uint32_t>(depth);
  region.bound = bound;
  resume(region);
}

void Assembler::resume(Region& region) {
  PT_ASSERT(region.open_since < 0);
  region.open_since = static_cast<int32_t>(size());
  barrier_ = size();
}

void Assembler::suspend(Region& region) {
  PT_ASSERT(region.open_since >= 0);
  uint32_t start = static_cast<uint32_t>(region.open_since);
  if (start < size()) {
    if (!region.segments.empty() && region.segments.back().end == start) {
      region.segments.back().end = size();
    } else {
      region.segments.push_back({start, size()});
    }
  }
  region.open_since = -1;
  barrier_ = size();
}

void Assembler::end(Region& region) {
  suspend(region);
  region.first_entry = static_cast<uint32_t>(entries_.size());
  // What only marks lines raises nothing.
  std::erase_if(region.segments, [this](const Region::Segment& segment) {
    return std::all_of(words_.begin() + segment.start, words_.begin() + segment.end,
                       [](uint64_t word) { return opcode_of(word) == Opcode::kNOP; });
  });
  for (const Region::Segment& segment : region.segments) {
    entries_.push_back({segment.start, segment.end, region.depth, -1});
  }
}

void Assembler::bind_handler(Region& region) {
  if (region.segments.empty()) return;
  BoundSet at_entry = region.bound;
  at_entry.subtract(unbindable);
  if (reachable_) {
    bound.intersect(at_entry);
  } else {
    bound = at_entry;
  }
  reachable_ = true;
  barrier_ = size();
  for (size_t i = 0; i < region.segments.size(); i++) {
    entries_[region.first_entry + i].target = static_cast<int32_t>(size());
  }
}

void Assembler::thread_jumps() {
  for (uint32_t at = 0; at < size();) {
    Opcode op = opcode_of(words_[at]);
    uint32_t next = at + static_cast<uint32_t>(instruction_words(op));
    if (is_jump(op) && op != Opcode::kJUMP_BACK) {
      uint32_t target = jump_target(words_.data(), at);
      uint32_t final_target = target;
      for (int steps = 0; steps < 8 && final_target < size(); steps++) {
        if (opcode_of(words_[final_target]) != Opcode::kJUMP) break;
        // A jump that is a statement (break) shows as a line of its own.
        int32_t line = span_of_run(final_target).line;
        if (line >= 0 && line != span_of_run(at).line) break;
        uint32_t further = jump_target(words_.data(), final_target);
        if (further <= final_target) break;  // the loop of an await
        final_target = further;
      }
      if (final_target != target) set_displacement(at, static_cast<int32_t>(final_target - next));
    }
    at = next;
  }
}

syntax::Span Assembler::span_of_run(uint32_t word) const {
  auto after = std::upper_bound(runs_.begin(), runs_.end(), word, [](uint32_t at, const Run& run) { return at < run.start; });
  return after == runs_.begin() ? syntax::Span{-1, -1, -1, -1} : (after - 1)->span;
}

syntax::Span Assembler::span_at(uint32_t word) const {
  size_t i = runs_.size();
  while (i > 0 && runs_[i - 1].start > word) i--;
  while (i > 1 && runs_[i - 1].span.line < 0) i--;
  return i > 0 ? runs_[i - 1].span : syntax::Span{-1, -1, -1, -1};
}

void Assembler::split_final_return() {
  uint32_t exit = size() - 1;
  if (size() == 0 || opcode_of(words_[exit]) != Opcode::kRETURN) return;
  uint64_t word = words_[exit];
  thread_jumps();
  uint32_t before = 0;
  std::vector<uint32_t> branches;
  for (uint32_t at = 0; at < exit;) {
    Opcode op = opcode_of(words_[at]);
    before = at;
    at += static_cast<uint32_t>(instruction_words(op));
    if (!is_jump(op) || jump_target(words_.data(), before) != exit) continue;
    if (op == Opcode::kJUMP) {
      words_[before] = word;
    } else {
      branches.push_back(before);
    }
  }
  Opcode last = opcode_of(words_[before]);
  bool falls_into = exit > 0 && last != Opcode::kJUMP && last != Opcode::kJUMP_BACK && last != Opcode::kRETURN &&
                    last != Opcode::kRAISE && last != Opcode::kRERAISE;
  if (!falls_into && branches.empty()) return;
  while (!runs_.empty() && runs_.back().start >= exit) runs_.pop_back();
  if (falls_into) {
    runs_.push_back({exit, opcode_of(words_[before]) == Opcode::kRESUME ? span_ : span_at(before)});
  } else {
    runs_.push_back({exit, span_at(branches.front())});
  }
  int32_t line = runs_.back().span.line;
  for (size_t i = falls_into ? 0 : 1; i < branches.size(); i++) {
    span_ = span_at(branches[i]);
    if (span_.line == line) continue;
    uint32_t next = branches[i] + static_cast<uint32_t>(instruction_words(opcode_of(words_[branches[i]])));
    set_displacement(branches[i], static_cast<int32_t>(size() - next));
    reachable_ = true;
    note_position();
    words_.push_back(word);
  }
  reachable_ = false;
}

void Assembler::finish(syntax::Arena& arena, CodeUnit* unit) {
  thread_jumps();
  unit->words = arena.copy(words_.data(), words_.size());

  ExceptionEntry* entries = arena.make_array<ExceptionEntry>(entries_.size());
  uint32_t count = 0;
  for (const PendingEntry& entry : entries_) {
    if (entry.target < 0) continue;
    entries[count++] = {entry.start, entry.end, static_cast<uint32_t>(entry.target), entry.depth};
  }
  unit->exceptions = {entries, count};

  PositionWriter writer(unit->first_line);
  for (size_t i = 0; i < runs_.size(); i++) {
    uint32_t end = i + 1 < runs_.size() ? runs_[i + 1].start : size();
    if (end == runs_[i].start) continue;
    const syntax::Span& span = runs_[i].span;
    writer.add(end - runs_[i].start, {span.line, span.col, span.end_line, span.end_col});
  }
  unit->positions = arena.copy(writer.bytes().data(), writer.bytes().size());
}

}  // namespace pt::compiler
