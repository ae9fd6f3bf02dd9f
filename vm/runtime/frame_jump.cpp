// f_lineno = line in a trace function: where the frame may go on, and what of its registers must go first.
#include <algorithm>
#include <vector>

#include "vm/compile/code_unit.h"
#include "vm/compile/verify.h"
#include "vm/interp/trace.h"
#include "vm/object/error.h"
#include "vm/object/native.h"
#include "vm/ops/instruction.h"
#include "vm/types/frame.h"
#include "vm/types/function.h"

namespace pt {
namespace {

using States = std::vector<uint8_t>;
constexpr uint8_t kFilled = kRegisterEmpty | kRegisterFull;

bool is_full(uint8_t state) { return (state & kFilled) == kRegisterFull; }

// The code object in the form the flow analysis reads; it borrows everything.
struct CodeView {
  CodeUnit unit{};
  std::vector<ExceptionEntry> exceptions;

  explicit CodeView(const Code* code) {
    unit.qualname = "";
    unit.first_line = code->first_line;
    unit.words = {code->words.load(std::memory_order_acquire), code->word_count};
    for (uint32_t i = 0; i < code->exception_count; ++i) {
      const CodeException& e = code->exceptions[i];
      exceptions.push_back({e.start, e.end, e.target, e.depth});
    }
    unit.exceptions = {exceptions.data(), code->exception_count};
    unit.positions = {code->positions, code->position_bytes};
    unit.first_temporary = code->local_end;
    unit.register_count = code->register_count;
    unit.parameter_count = code->parameter_count;
    unit.free_register = code->free_register;
    unit.free_count = code->free_count;
    unit.loop_count = code->loop_count;
    unit.local_kinds = {code->local_kinds, code->local_end};
    // Only their numbers are looked at.
    unit.constants.size = code->constant_count;
    unit.names.size = code->name_count;
  }
};

// Words where a line begins, with the line.
std::vector<std::pair<uint32_t, int>> line_starts(const Code* code) {
  std::vector<std::pair<uint32_t, int>> starts;
  const uint64_t* words = code->words.load(std::memory_order_acquire);
  int line = -1;
  for (uint32_t at = 0; at < code->word_count;) {
    Opcode op = opcode_of(load_word(words + at));
    int here = code_line_exact(code, at);
    bool prologue = op == Opcode::kRESUME || op == Opcode::kMAKE_CELL || op == Opcode::kRETURN_GENERATOR;
    if (here >= 0 && here != line && !prologue) starts.emplace_back(at, here);
    if (!prologue) line = here;
    at += static_cast<uint32_t>(instruction_words(op));
  }
  return starts;
}

// Can what the frame holds be cut down to what the target expects? Then how much of it stays, else -1.
int compatible(const States& now, const States& target, uint32_t first_temporary) {
  int kept = 0;
  for (size_t i = first_temporary; i < target.size(); ++i) {
    if (!is_full(target[i])) continue;
    // Within an expression the instructions rely on what exactly its temporaries hold.
    if (target[i] & kRegisterOther) return -1;
    if (!is_full(now[i]) || (target[i] & ~kFilled) != (now[i] & ~kFilled)) return -1;
    ++kept;
  }
  return kept;
}

Raised incompatible(const States& now, const States& target, uint32_t first_temporary) {
  for (size_t i = target.size(); i-- > first_temporary;) {
    if (!is_full(target[i]) ||
        (!(target[i] & kRegisterOther) && is_full(now[i]) && (target[i] & ~kFilled) == (now[i] & ~kFilled))) {
      continue;
    }
    if (target[i] & (kRegisterHandled | kRegisterPrevious)) {
      return raise(exc::ValueError, "can't jump into an 'except' block as there's no exception");
    }
    if (target[i] & kRegisterIterator) return raise(exc::ValueError, "can't jump into the body of a for loop");
    break;
  }
  return raise(exc::ValueError, "incompatible stacks");
}

// Empties what the target does not hold, innermost first; handlers are left as they are left at their end.
void cut_down(Thread* thread, CallRecord* record, const States& now, const States& target, uint32_t first_temporary) {
  auto clear = [&](size_t i) {
    Value old = record->registers[i];
    record->registers[i] = Value();
    release(old);
  };
  for (size_t i = target.size(); i-- > first_temporary;) {
    if (is_full(target[i])) continue;
    if (now[i] & kRegisterPrevious) {
      Value handled = thread->handled;
      thread->handled = record->registers[i];
      record->registers[i] = Value();
      release(handled);
    } else {
      clear(i);
    }
  }
}

}  // namespace

bool frame_set_line(FrameObject* frame, int64_t line) {
  CallRecord* told = nullptr;
  TraceEvent event = trace_event(&told);
  if (event == TraceEvent::kCall) return raise(exc::ValueError, "can't jump from the 'call' trace event of a new frame");
  if (frame->trace.peek().empty()) return raise(exc::ValueError, "f_lineno can only be set by a trace function");
  if (event == TraceEvent::kNone) return raise(exc::ValueError, "f_lineno can only be set in a trace function");
  if (event != TraceEvent::kLine || told != frame->record) {
    return raise(exc::ValueError, "can only jump from a 'line' trace event");
  }
  CallRecord* record = frame->record;
  const Code* code = record->code;
  auto wanted = static_cast<int>(std::clamp<int64_t>(line, -1, INT32_MAX));
  if (line < code->first_line) {
    return raise(exc::ValueError, "line %d comes before the current code block", wanted);
  }
  std::vector<std::pair<uint32_t, int>> starts = line_starts(code);
  int target_line = INT32_MAX;
  for (const auto& start : starts) {
    if (start.second >= wanted) target_line = std::min(target_line, start.second);
  }
  if (target_line == INT32_MAX) return raise(exc::ValueError, "line %d comes after the current code block", wanted);
  std::vector<uint32_t> words{static_cast<uint32_t>(record->pc - code->words)};
  for (const auto& start : starts) {
    if (start.second == target_line) words.push_back(start.first);
  }
  CodeView view(code);
  std::vector<States> states = register_states(&view.unit, words);
  if (states.empty() || states[0].empty()) return raise(exc::ValueError, "can't jump from unreachable code");
  int best = -1;
  size_t best_at = 0;
  for (size_t i = 1; i < words.size(); ++i) {
    if (states[i].empty()) continue;
    int kept = compatible(states[0], states[i], code->local_end);
    if (kept > best) best = kept, best_at = i;
  }
  if (best < 0) {
    for (size_t i = 1; i < words.size(); ++i) {
      if (!states[i].empty()) return incompatible(states[0], states[i], code->local_end);
    }
    return raise(exc::ValueError, "can't jump to unreachable code");
  }
  cut_down(current_thread(), record, states[0], states[best_at], code->local_end);
  // Code that was skipped may have bound these: whatever reads them relies on it.
  for (uint32_t i = 0; i < code->local_end; ++i) {
    if (record->registers[i].empty() && is_full(states[best_at][i]) && !(code->local_kinds[i] & 6)) record->registers[i] = none();
  }
  record->pc = code->words + words[best_at];
  return true;
}

}  // namespace pt
