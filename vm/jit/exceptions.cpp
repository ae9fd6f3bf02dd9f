// What a trace has kept to itself of the exceptions that it has raised and caught: tracebacks, and which one is handled.
#include "vm/jit/emit.h"
#include "vm/object/error.h"
#include "vm/object/thread.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/frame.h"
#include "vm/types/function.h"
#include "vm/types/tuple.h"

namespace pt::jit {
namespace {

const Code* code_of(const InlinedFrame& f) { return static_cast<const Code*>(f.code); }

class Frames {
 public:
  Frames(const Exit& exit, const State& state, Value* frame, const std::vector<Ref<>>& objects)
      : exit_(exit), state_(state), frame_(frame), objects_(objects), made_(exit.left.size()) {}
  ~Frames() {
    // Whatever had no frame in the end.
    for (size_t i = 0; i < made_.size(); ++i) left(static_cast<int32_t>(i));
  }
  Frames(const Frames&) = delete;
  Frames& operator=(const Frames&) = delete;

  CallRecord* record(int32_t window) const {
    CallRecord* record = state_.thread->record;
    while (record->registers != frame_ + window) --record;
    return record;
  }
  // The frame object of a call that an exception has left. Empty on memory error.
  const Ref<FrameObject>& left(int32_t i) {
    auto at = static_cast<size_t>(i);
    if (made_[at] || failed_) return made_[at];
    const ExitLeftFrame& from = exit_.left[at];
    const Code* code = code_of(from.frame);
    Ref<FrameObject> back = caller(from);
    Ref<Tuple> registers = tuple_allocate(code->local_end);
    for (const ExitValue& v : from.locals) {
      Ref<> value = v.owned ? Ref<>::steal(promote(Value::from_bits(exit_word(v, state_)))) : exit_value(v, state_, objects_);
      if (registers && value) registers->items[v.slot].init(std::move(value));
    }
    if (registers) {
      made_[at] = frame_of_ended_call(code, static_cast<Dict*>(const_cast<void*>(from.frame.globals)),
                                      static_cast<Function*>(const_cast<void*>(from.frame.function)),
                                      static_cast<uint32_t>(from.pc - code->words), std::move(registers), std::move(back));
    }
    failed_ |= !made_[at];
    return made_[at];
  }

 private:
  Ref<FrameObject> caller(const ExitLeftFrame& from) {
    const ExitLeftFrame* f = &from;
    while (f->back >= 0) {
      const ExitLeftFrame& back = exit_.left[static_cast<size_t>(f->back)];
      if (!(code_of(back.frame)->flags & kCodeFlagHidden)) return left(f->back).copy();
      f = &back;
    }
    CallRecord* below = visible_record(record(f->back_window), state_.thread->record_base);
    return below >= state_.thread->record_base ? frame_object_of(below) : Ref<FrameObject>();
  }
  const Exit& exit_;
  const State& state_;
  Value* frame_;
  const std::vector<Ref<>>& objects_;
  std::vector<Ref<FrameObject>> made_;
  bool failed_ = false;
};

void add_entry(Value exception, const Code* code, const Ref<FrameObject>& frame, const uint64_t* pc) {
  if ((code->flags & kCodeFlagHidden) || !frame) return;
  Ref<> next = exception_traceback(exception);
  Ref<> entry = traceback_new(next.value(), frame.value(), static_cast<uint32_t>(pc - code->words), -1);
  if (entry) set_exception_traceback(exception, entry.value());
}

}  // namespace

void show_exceptions(const Exit& exit, const State& state, Value* frame, const std::vector<Ref<>>& objects) {
  // What cannot be shown for lack of memory is left out.
  Ref<> pending = take_error();
  {
    Frames frames(exit, state, frame, objects);
    for (const ExitCaught& c : exit.caught) {
      Value exception = c.exception.object >= 0 ? objects[static_cast<size_t>(c.exception.object)].value()
                                                : Value::from_bits(exit_word(c.exception, state));
      if (exception.empty()) continue;
      for (const TracebackEntry& e : c.entries) {
        if (e.left >= 0) {
          add_entry(exception, code_of(exit.left[static_cast<size_t>(e.left)].frame), frames.left(e.left), e.pc);
        } else {
          CallRecord* record = frames.record(e.window);
          add_entry(exception, record->code, frame_object_of(record), e.pc);
        }
      }
    }
  }
  clear_error();
  if (!exit.handled.empty()) {
    Value handled = frame[exit.handled.back()];
    Value old = state.thread->handled;
    state.thread->handled = Ref<>::retain(handled).take();
    // Raised while nobody else knew of it.
    if (pending && as_exception(pending.value())->context.peek().empty() && !pending.value().same(handled))
      set_exception_context(pending.value(), handled);
    release(old);
  }
  if (pending) restore_error(std::move(pending));
}

}  // namespace pt::jit
