// Events of sys.settrace and sys.setprofile.
#include "vm/interp/trace.h"

#include <vector>

#include "vm/interp/call_support.h"
#include "vm/interp/frames.h"
#include "vm/object/native.h"
#include "vm/types/dict.h"
#include "vm/types/frame.h"
#include "vm/types/function.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

// A native call that has been announced and not ended.
struct NativeCall {
  CallRecord* record;
  Ref<> callable;
};
struct TraceState {
  int running = 0;            // depth of trace and profile functions
  TraceEvent event = TraceEvent::kNone;  // that is being told
  CallRecord* event_record = nullptr;    // of that frame
  std::vector<NativeCall> native_calls;
};
TraceState& state() {
  thread_local TraceState s;
  return s;
}

constinit Name kCall{"call"}, kLine{"line"}, kReturn{"return"}, kException{"exception"}, kOpcode{"opcode"}, kNativeCall{"c_call"},
    kNativeReturn{"c_return"}, kNativeException{"c_exception"};

int line_of(const Code* code, const uint64_t* pc) { return code_line_exact(code, static_cast<uint32_t>(pc - code->words)); }

// What the function stored into f_locals becomes the value of the variable.
bool write_back_locals(CallRecord* record, FrameObject* frame) {
  const Code* code = record->code;
  if (!(code->flags & kCodeFlagOptimized)) return true;
  Ref<> mapping = frame->locals.load(frame);
  if (!mapping) return true;
  for (uint32_t i = 0; i < code->local_end; ++i) {
    Ref<> value = dict_get_str(as_dict(mapping.value()), code->local_names[i]);
    if (!value && error_pending()) return false;
    Value current = record->registers[i];
    if ((code->local_kinds[i] & 6) && has_shape(current, kShape_cell)) {
      Cell* cell = as_cell(current);
      if (!cell->content.peek().same(value.value())) cell->content.store(cell, std::move(value));
    } else if (!current.same(value.value())) {
      record->registers[i] = value.take();
      release(current);
    }
  }
  return true;
}

// function(frame, what, arg)
Ref<> tell(Thread* thread, Value function, Name& what, Value arg, TraceEvent event = TraceEvent::kOther) {
  CallRecord* record = thread->record;
  Ref<FrameObject> frame = frame_object_of(record);
  if (!frame) return Ref<>();
  if (!frame->locals.peek().empty() && !frame_locals(frame.get())) return Ref<>();
  TraceState& s = state();
  ++s.running;
  s.event = event;
  s.event_record = record;
  Ref<> result = call_values(function, {frame.value(), what.value(), arg});
  s.event = TraceEvent::kNone;
  s.event_record = nullptr;
  --s.running;
  if (result && !write_back_locals(record, frame.get())) return Ref<>();
  return result;
}

void switch_off(Thread* thread, Value* function) {
  Ref<> error = take_error();
  Ref<> old = Ref<>::steal(*function);
  *function = Value();
  trace_changed(thread);
  old.reset();
  restore_error(std::move(error));
}

Ref<> keep(Value function) { return Ref<>::retain(function); }

// An event of the frame on top for its local trace function.
bool tell_frame(Thread* thread, Name& what, Value arg, TraceEvent event = TraceEvent::kOther) {
  FrameObject* frame = thread->record->frame_object;
  if (!frame || thread->trace_function.empty()) return true;
  Ref<> local = frame->trace.load(frame);
  if (!local) return true;
  Ref<FrameObject> held = Ref<FrameObject>::retain(frame);
  Ref<> result = tell(thread, local.value(), what, arg, event);
  if (!result) {
    held->trace.store(held.get(), Ref<>());
    switch_off(thread, &thread->trace_function);
    return false;
  }
  if (!is_none(result.value())) held->trace.store(held.get(), std::move(result));
  return true;
}

bool tell_profile(Thread* thread, Name& what, Value arg) {
  if (thread->profile_function.empty()) return true;
  Ref<> function = keep(thread->profile_function);
  if (tell(thread, function.value(), what, arg)) return true;
  switch_off(thread, &thread->profile_function);
  return false;
}

bool tell_return(Thread* thread, Value value) {
  bool ok = tell_frame(thread, kReturn, value) && tell_profile(thread, kReturn, value);
  if (!ok) thread->record->flags |= kRecordTraceLeaves;
  return ok;
}

bool tell_line(Thread* thread, const uint64_t* previous, Opcode op) {
  CallRecord* record = thread->record;
  const uint64_t* pc = record->pc;
  FrameObject* frame = record->frame_object;
  if (!frame || frame->trace.peek().empty()) return true;
  if (frame->trace_lines) {
    int line = line_of(record->code, record->pc);
    bool begins = opcode_of(load_word(previous)) == Opcode::kRESUME;
    if (line >= 0) {
      bool changed = begins || line != line_of(record->code, previous);
      if (changed || (record->pc < previous && op != Opcode::kSEND)) {
        if (!tell_frame(thread, kLine, none(), TraceEvent::kLine)) return false;
        if (record->pc != pc) return true;  // f_lineno was set
      }
    }
  }
  if (frame->trace_opcodes && tracing(thread)) return tell_frame(thread, kOpcode, none());
  return true;
}

// The builtin function a call instruction is about to call; empty for any other callable.
Ref<> native_callee(Value* base, Opcode op) {
  Value callable = base[0];
  bool method_call = op == Opcode::kCALL_METHOD || op == Opcode::kCALL_METHOD_KW;
  if (has_shape(callable, kShape_native_function)) return Ref<>::retain(callable);
  if (!has_shape(callable, kShape_method_descriptor)) return Ref<>();
  Value self = method_call || op == Opcode::kCALL || op == Opcode::kCALL_KW ? base[1] : Value();
  if (self.empty()) return Ref<>();
  auto get = type_of(callable)->slots.descriptor_get;
  Ref<> bound = get ? get(callable, self, Value::object(type_of(self))) : Ref<>();
  if (!bound) clear_error();
  return bound;
}

bool trace_instruction(Thread* thread, Value* frame, Value* constants, const uint64_t* previous, uint64_t word) {
  CallRecord* record = thread->record;
  TraceState& s = state();
  if (!s.native_calls.empty() && s.native_calls.back().record == record) {
    Ref<> callable = std::move(s.native_calls.back().callable);
    s.native_calls.pop_back();
    if (!tell_profile(thread, kNativeReturn, callable.value())) return false;
  }
  Opcode op = opcode_of(word);
  switch (op) {
    case Opcode::kLOAD_BODY:
    case Opcode::kRETURN_GENERATOR:
    case Opcode::kMAKE_CELL: return true;
    case Opcode::kRESUME: return trace_call(thread);
    default: break;
  }
  if (!thread->trace_function.empty()) {
    const uint64_t* pc = record->pc;
    if (!tell_line(thread, previous, op)) return false;
    if (record->pc != pc) return true;
  }
  switch (op) {
    case Opcode::kRETURN: return tell_return(thread, PT_READ(PT_A));
    case Opcode::kYIELD: return tell_return(thread, PT_READ(PT_B));
    case Opcode::kCALL:
    case Opcode::kCALL_KW:
    case Opcode::kCALL_METHOD:
    case Opcode::kCALL_METHOD_KW:
    case Opcode::kCALL_EX: {
      if (thread->profile_function.empty()) return true;
      Ref<> callable = native_callee(&register_at(frame, PT_A), op);
      if (!callable) return true;
      if (!tell_profile(thread, kNativeCall, callable.value())) return false;
      if (!thread->profile_function.empty()) s.native_calls.push_back({record, std::move(callable)});
      return true;
    }
    default: return true;
  }
}

}  // namespace

bool tracing_now() { return state().running == 0; }

void trace_changed(Thread* thread) {
  for (CallRecord* record = thread->record_base; record <= thread->record; ++record) {
    record->flags |= kRecordTraceCheck;
    record->pushed = nullptr;
  }
  if (thread->profile_function.empty()) state().native_calls.clear();
  // Any reason will do: the way back from the safepoint looks at the functions.
  thread->request(kBreakFinalizers);
}

bool trace_call(Thread* thread) {
  if (!thread->trace_function.empty()) {
    Ref<> function = keep(thread->trace_function);
    Ref<> result = tell(thread, function.value(), kCall, none(), TraceEvent::kCall);
    if (!result) {
      switch_off(thread, &thread->trace_function);
      return false;
    }
    FrameObject* frame = thread->record->frame_object;
    if (frame && !is_none(result.value())) frame->trace.store(frame, std::move(result));
  }
  return tell_profile(thread, kCall, none());
}

bool trace_exception(Thread* thread, bool raised) {
  TraceState& s = state();
  if (!s.native_calls.empty() && s.native_calls.back().record == thread->record) {
    Ref<> pending = take_error();
    Ref<> callable = std::move(s.native_calls.back().callable);
    s.native_calls.pop_back();
    if (!tell_profile(thread, kNativeException, callable.value())) return false;
    restore_error(std::move(pending));
  }
  if (!raised || thread->trace_function.empty()) return true;
  Ref<> pending = take_error();
  Ref<> traceback = exception_traceback(pending.value());
  Ref<Tuple> info = tuple_of({Value::object(type_of(pending.value())), pending.value(), traceback ? traceback.value() : none()});
  if (!info || !tell_frame(thread, kException, info.value())) return false;
  restore_error(std::move(pending));
  return true;
}

bool trace_unwound(Thread* thread) {
  Ref<> pending = take_error();
  if (!tell_frame(thread, kReturn, none()) || !tell_profile(thread, kReturn, none())) return false;
  restore_error(std::move(pending));
  return true;
}

TraceEvent trace_event(CallRecord** record) {
  *record = state().event_record;
  return state().event;
}

// ---- the table ---------------------------------------------------------------------------------------------------------------

PT_HANDLER(traced) {
  const uint64_t* previous = thread->record->pc;
  thread->record->pc = pc;
  if (PT_UNLIKELY(!tracing(thread))) {
    dispatch = &g_dispatch;
  } else {
    if (PT_UNLIKELY(!trace_instruction(thread, frame, constants, previous, word))) PT_RAISE();
    pc = thread->record->pc;
    word = load_word(pc);
    if (opcode_of(word) == Opcode::kJUMP_BACK && thread->breaker.load(std::memory_order_relaxed) == 0) {
      PT_NEXT(1 + operand_wide(word));  // never into compiled code
    }
  }
  PT_TAIL(g_dispatch.handlers[word & 0xFFFF]);
}

const Dispatch g_trace_dispatch = {{
#define PT_INSTRUCTION(name, a, b, c, extra, text) op_traced,
#include "vm/ops/instructions.def"
#undef PT_INSTRUCTION
}};

}  // namespace pt
