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

// The frame object of a call that an exception has left. Empty on memory error.
Ref<FrameObject> left_frame(const ExitLeftFrame& left, const State& state, const std::vector<Ref<>>& objects,
                            Ref<FrameObject> back) {
  const Code* code = code_of(left.frame);
  Ref<Tuple> registers = tuple_allocate(code->local_end);
  for (const ExitValue& v : left.locals) {
    Ref<> value = v.owned ? Ref<>::steal(promote(Value::from_bits(exit_word(v, state)))) : exit_value(v, state, objects);
    if (registers && value) registers->items[v.slot].init(std::move(value));
  }
  if (!registers) return Ref<FrameObject>();
  return frame_of_ended_call(code, static_cast<Dict*>(const_cast<void*>(left.frame.globals)),
                             static_cast<Function*>(const_cast<void*>(left.frame.function)),
                             static_cast<uint32_t>(left.pc - code->words), std::move(registers), std::move(back));
}

void add_entry(Value exception, const Code* code, const Ref<FrameObject>& frame, const uint64_t* pc) {
  if ((code->flags & kCodeFlagHidden) || !frame) return;
  Ref<> next = exception_traceback(exception);
  Ref<> entry = traceback_new(next.value(), frame.value(), static_cast<uint32_t>(pc - code->words), -1);
  if (entry) set_exception_traceback(exception, entry.value());
}

void show_traceback(const ExitCaught& caught, const State& state, Value* frame, const std::vector<Ref<>>& objects) {
  CallRecord* record = state.thread->record;
  while (record->registers != frame + caught.window) --record;
  Value exception = frame[caught.slot];
  // From the outside inwards: each frame knows the one that called it.
  std::vector<Ref<FrameObject>> frames(caught.left.size() + 1);
  frames.back() = frame_object_of(record);
  const Ref<FrameObject>* visible = &frames.back();
  for (size_t i = caught.left.size(); i-- > 0;) {
    frames[i] = left_frame(caught.left[i], state, objects, visible->copy());
    if (!(code_of(caught.left[i].frame)->flags & kCodeFlagHidden)) visible = &frames[i];
  }
  for (size_t i = 0; i < caught.left.size(); ++i)
    add_entry(exception, code_of(caught.left[i].frame), frames[i], caught.left[i].pc);
  add_entry(exception, record->code, frames.back(), caught.pc);
}

}  // namespace

void show_exceptions(const Exit& exit, const State& state, Value* frame, const std::vector<Ref<>>& objects) {
  // What cannot be shown for lack of memory is left out.
  Ref<> pending = take_error();
  for (const ExitCaught& c : exit.caught) show_traceback(c, state, frame, objects);
  clear_error();
  if (exit.handled != kNoOwner) {
    Value old = state.thread->handled;
    state.thread->handled = Ref<>::retain(frame[exit.handled]).take();
    // Raised while nobody else knew of it.
    if (pending && as_exception(pending.value())->context.peek().empty() && !pending.value().same(frame[exit.handled]))
      set_exception_context(pending.value(), frame[exit.handled]);
    release(old);
  }
  if (pending) restore_error(std::move(pending));
}

}  // namespace pt::jit
