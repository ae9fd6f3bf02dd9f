#pragma once
// Frame and traceback objects. A FrameObject looks into its call record while the call runs; when the call ends, the
// registers are copied into it.
#include "gc/platform/published.h"
#include "vm/object/type.h"

namespace pt {

struct CallRecord;
struct Code;
struct Dict;
struct Thread;

struct FrameObject : Object {
  Field code;        // Code
  Field globals;     // dict
  Field builtins;    // dict
  Field locals;      // mapping of class bodies and exec'd code, or the snapshot made by f_locals
  Field back;        // FrameObject of the caller, fixed when the call ends; while it runs: made on demand
  Field function;    // or empty
  Field registers;   // tuple: copies of locals and cells once the call has ended
  Field trace;       // f_trace or empty
  Published<CallRecord*> record;  // nullptr once the call has ended; others than its own thread only test it, or stop the world
  Published<Object*> generator;  // borrowed: the generator whose frame this is, while it lives; likewise
  uint32_t pc;  // word offset of the last instruction, valid when record is nullptr
  bool trace_lines, trace_opcodes;
  bool cleared;
};
struct Traceback : Object {
  Field next;  // Traceback or empty
  Field frame;  // FrameObject
  int64_t line;  // -1: computed from pc on demand
  uint32_t pc;
  bool given_lasti;  // made by types.TracebackType: pc is tb_lasti as it was given
};

// The frame object of a running call; made on first use. Empty on memory error.
Ref<FrameObject> frame_object_of(CallRecord* record);
// CallRecord::flags: its locals are being dropped. Destructors do not see it on the stack any more: a frame object made now
// would have nothing to outlive it.
inline constexpr uint32_t kRecordLeaving = 512;
// `record`, or what is below it that can be seen; less than `base` when there is nothing.
CallRecord* visible_record(CallRecord* record, const CallRecord* base);
// Ends the connection: called when the record goes away.
void frame_detach(CallRecord* record);
// The frame of a call that has ended and had no frame object. `registers`: its locals and cells; `back` may be empty.
Ref<FrameObject> frame_of_ended_call(const Code* code, Dict* globals, struct Function* function, uint32_t pc,
                                     Ref<struct Tuple> registers, Ref<FrameObject> back);
int64_t frame_line(FrameObject* frame);
uint32_t frame_pc(FrameObject* frame);
// f_lineno = line, from a trace function (vm/interp/trace.cpp).
bool frame_set_line(FrameObject* frame, int64_t line);
// locals() of the call: a fresh or the live mapping.
Ref<> frame_locals(FrameObject* frame);
// Line of a word offset in the code.
int code_line(const Code* code, uint32_t word_offset);
// The same, or -1 for code that belongs to no line.
int code_line_exact(const Code* code, uint32_t word_offset);
// Adds the record's frame to the traceback of the pending exception.
bool add_traceback(CallRecord* record);
// Adds an entry for native-code positions such as "<frozen importlib>"; unused frames get no object.
Ref<> traceback_new(Value next_or_empty, Value frame, uint32_t pc, int64_t line);

// -X no_debug_ranges: code objects tell lines only.
extern bool g_columns_hidden;
}  // namespace pt
