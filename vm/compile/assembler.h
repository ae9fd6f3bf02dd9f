// The assembler of one code unit: appends instruction words, resolves labels, and drops what cannot be
// reached. Jumps have 32 bits, so an instruction's size and place are known when it is emitted.
#pragma once

#include <vector>

#include "vm/compile/bound_set.h"
#include "vm/compile/code_unit.h"
#include "vm/compile/positions.h"
#include "vm/ops/instruction.h"

namespace pt::compiler {

// A place in the code. Jumps to it may be emitted before it is bound; until then each of them holds in its
// displacement the place of the one before.
struct Label {
  int32_t position = -1;  // word, once bound
  int32_t chain = -1;     // last jump that waits for it
  BoundSet bound;         // what is bound at all the jumps to it

  bool is_used() const { return chain >= 0 || position >= 0; }
};

// A stretch of code whose exceptions go to one handler; holes are cut by suspend() and resume().
struct Region {
  struct Segment {
    uint32_t start, end;
  };
  uint32_t depth = 0;       // first register that is emptied; receives the exception
  int32_t open_since = -1;  // word, while it covers what is emitted
  BoundSet bound;           // at its entry
  std::vector<Segment> segments;
  uint32_t first_entry = 0;
};

class Assembler {
 public:
  // Locals that some statement of the unit unbinds: not taken for bound where control arrives from unknown
  // places.
  BoundSet unbindable;
  // What is bound here.
  BoundSet bound;

  bool is_reachable() const { return reachable_; }
  bool at_label() const { return barrier_ == size(); }
  uint32_t size() const { return static_cast<uint32_t>(words_.size()); }

  void set_position(const syntax::Span& span) { span_ = span; }
  void set_no_position() { span_ = {-1, -1, -1, -1}; }
  const syntax::Span& position() const { return span_; }

  // Extra words hold `extra` (a name, a constant) or an empty cache.
  void emit(Opcode op, int a = 0, int b = 0, int c = 0, uint64_t extra = 0);
  void emit_wide(Opcode op, int a, int32_t bc);
  // The forms with a J operand and those whose extra word is a jump.
  void emit_jump(Opcode op, int a, Label& target);
  void emit_jump(Opcode op, int a, int b, int c, Label& target);
  void jump(Label& target) { emit_jump(Opcode::kJUMP, 0, target); }
  // Nothing that follows is reached until a label is bound to which something jumps.
  void set_unreachable() { reachable_ = false; }

  void bind(Label& label);
  // Binds the head of a loop: more jumps to it will come from below.
  void bind_loop(Label& label);

  void begin(Region& region, int depth);
  void suspend(Region& region);
  void resume(Region& region);
  // The region is over: its entries go to the table (after those of the regions inside it).
  void end(Region& region);
  // The handler of an ended region starts here; code may fall into it.
  void bind_handler(Region& region);

  // The last instruction is the RETURN of code that runs off its end. Each jump to it gets a RETURN of its own, so that the
  // return is reported on the line it comes from.
  void split_final_return();
  // Straightens jumps to jumps and writes everything into the unit (words, exceptions, positions).
  void finish(syntax::Arena& arena, CodeUnit* unit);

 private:
  struct PendingEntry {
    uint32_t start, end, depth;
    int32_t target;
  };
  struct Run {
    uint32_t start;
    syntax::Span span;
  };

  void note_position();
  // That of the word, or of the last code before it that has one.
  syntax::Span span_of_run(uint32_t word) const;
  syntax::Span span_at(uint32_t word) const;
  void add_jump(Label& target, uint32_t at);
  void thread_jumps();
  int32_t displacement(uint32_t at) const;
  void set_displacement(uint32_t at, int32_t value);

  std::vector<uint64_t> words_;
  std::vector<Run> runs_;
  std::vector<PendingEntry> entries_;
  syntax::Span span_{-1, -1, -1, -1};
  bool reachable_ = true;
  uint32_t barrier_ = 0;  // code before this word must stay as it is
};

// Word offset of the jump's target; `at` is the offset of its first word.
uint32_t jump_target(const uint64_t* words, uint32_t at);
bool is_jump(Opcode op);

}  // namespace pt::compiler
