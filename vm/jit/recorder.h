#pragma once
// Records one round of a loop while the interpreter runs it.
#include <memory>
#include <vector>

#include "vm/interp/dispatch.h"
#include "vm/jit/emit.h"
#include "vm/jit/jit.h"

namespace pt::jit {

enum class Step { kGoOn, kClosed, kAborted };

class Recorder {
 public:
  Recorder(Thread* thread, Value* frame, const uint64_t* back_edge);
  // Before the instruction runs.
  Step step(Value* frame, const uint64_t* pc, Value* constants, uint64_t word);
  Abort reason() const { return reason_; }
  const uint64_t* back_edge() const { return back_edge_; }
  Opcode last_opcode() const { return opcode_; }
  Ir& ir() { return ir_; }
  std::vector<SlotValue> final_slots() const;
  ~Recorder();
  // The compiled code refers to these objects for ever: their counts are its own now.
  void keep_for_ever() { kept_.clear(); }

 private:
  void keep(Value v) {
    retain(v);
    kept_.push_back(v);
  }
  bool record(uint64_t word);
  bool abort(Abort reason) { reason_ = reason; return false; }
  int32_t snapshot();
  Reference emit(Op op, Reference a = kNoReference, Reference b = kNoReference, int64_t imm = 0);
  Reference slot(int32_t at);
  Reference read(int operand);
  Value seen(int operand) const { return pt::read(frame_, constants_, operand); }
  void set(int32_t at, Reference r);
  void write(int operand, Reference r) { set(window_ + (operand >> 1), r); }
  void kill(int operand) { if (operand & 1) write(operand, empty_); }
  void refine(Reference from, Reference to);
  Reference as_int(Reference r);
  Reference as_float(Reference r, Value seen_value);
  Reference exact_float(Reference r, Value seen_value);
  Reference as_object(Reference r, uint32_t shape);
  Reference object_constant(Value v);
  bool arithmetic(uint64_t word, Op int_op, Op float_op);
  bool compare(CompareOp op, int a, int b, bool* outcome);
  bool truth(int operand, bool* outcome);
  bool for_iter(uint64_t word);
  bool load_global(uint64_t word);
  bool load_attribute(uint64_t word);
  bool store_attribute(uint64_t word);
  bool load_method(uint64_t word);
  bool list_item(int container, int key, Reference* address);
  Reference storable(int operand);
  bool call(int base, uint32_t count, int result);
  bool return_value(uint64_t word);
  void go(int64_t words) { expected_ = pc_ + words; }

  Ir ir_;
  Builder builder_{ir_};
  Thread* thread_;
  const uint64_t* back_edge_;
  CallRecord* base_record_;
  Value* base_frame_;
  Value* frame_ = nullptr;
  const uint64_t* pc_ = nullptr;
  Value* constants_ = nullptr;
  const uint64_t* expected_;
  int32_t window_ = 0;
  std::vector<Reference> current_;
  std::vector<char> changed_;
  std::vector<SlotValue> positions_;   // of range iterators
  std::vector<InlinedFrame> frames_;
  std::vector<Value> kept_;   // counted
  Reference empty_;
  int32_t snapshot_ = -1;   // of this instruction
  int count_ = 0;
  Opcode opcode_ = Opcode::kNOP;
  Abort reason_ = Abort::kinstruction;
};

}  // namespace pt::jit
