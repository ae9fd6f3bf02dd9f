#include "vm/types/frame.h"

#include <optional>
#include <vector>

#include "gc/sync/mutator.h"
#include "vm/compile/positions.h"
#include "vm/object/error.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/super.h"
#include "vm/object/thread.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/function.h"
#include "vm/types/generator.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

constinit Type frame_type, traceback_type;

namespace {
template <class T>
T* as(Value v) {
  return reinterpret_cast<T*>(v.as_object());
}
}  // namespace

namespace {
Ref<FrameObject> new_frame(const Code* code, Dict* globals, Function* function) {
  Ref<FrameObject> f = allocate<FrameObject>(&frame_type);
  if (!f) return f;
  f->code.init(Ref<>::retain(Value::object(code)));
  f->globals.init(Ref<>::retain(Value::object(globals)));
  if (function) {
    f->function.init(Ref<>::retain(Value::object(function)));
    f->builtins.init(Ref<>::retain(Value::object(function->builtins())));
  }
  f->trace_lines = true;
  return f;
}
}  // namespace
Ref<FrameObject> frame_object_of(CallRecord* record) {
  if (record->frame_object) return Ref<FrameObject>::retain(record->frame_object);
  Ref<FrameObject> f = new_frame(record->code, record->globals, record->function);
  if (!f) return f;
  if (!record->locals.empty()) f->locals.init(Ref<>::retain(record->locals));
  f->record = record;
  f->generator = record->generator;
  record->frame_object = f.copy().take();
  record->pushed = nullptr;   // the interpreter detaches it when the call returns
  return f;
}
Ref<FrameObject> frame_of_ended_call(const Code* code, Dict* globals, Function* function, uint32_t pc, Ref<Tuple> registers,
                                     Ref<FrameObject> back) {
  Ref<FrameObject> f = new_frame(code, globals, function);
  if (!f) return f;
  f->registers.init(std::move(registers));
  if (back) f->back.init(std::move(back));
  f->pc = pc;
  return f;
}

CallRecord* visible_record(CallRecord* record, const CallRecord* base) {
  while (record >= base && ((record->flags & kRecordLeaving) || (record->code->flags & kCodeFlagHidden))) --record;
  return record;
}

void frame_detach(CallRecord* record) {
  FrameObject* f = record->frame_object;
  record->frame_object = nullptr;
  Ref<FrameObject> keep = Ref<FrameObject>::steal(f);
  f->pc = static_cast<uint32_t>(record->pc - record->code->words);
  // Someone besides this record still looks: keep the locals and the way back.
  if (reference_count(f) > 1) {
    const Code* code = record->code;
    Ref<> pending = take_error();
    Ref<Tuple> registers = tuple_allocate(code->local_end);
    if (registers) {
      for (uint32_t i = 0; i < code->local_end; ++i) {
        Value v = record->registers[i];
        if (!v.empty()) registers->items[i].init(Ref<>::retain(v));
      }
      f->registers.store(f, std::move(registers));
    }
    Thread* thread = current_thread();
    if (record > thread->record_base && record <= thread->record && !(record->flags & kRecordGenerator)) {
      CallRecord* below = visible_record(record - 1, thread->record_base);
      Ref<FrameObject> back = below >= thread->record_base ? frame_object_of(below) : Ref<FrameObject>();
      if (back) f->back.store(f, std::move(back));
    }
    clear_error();
    if (pending) restore_error(std::move(pending));
  }
  f->record = nullptr;
  f->generator = nullptr;
}

namespace {
bool runs_here(const CallRecord* record) {
  const Thread* thread = current_thread();
  return record >= thread->record_memory && record <= thread->record;
}
// While it lives, no other thread runs or ends what the frame belongs to.
class StillFrame {
 public:
  explicit StillFrame(const FrameObject* f) {
    if (!multithreaded()) return;
    // In this order: where a generator is suspended, it is there before the record goes.
    const CallRecord* record = f->record;
    if (record ? !runs_here(record) : f->generator != nullptr) stopped_.emplace();
  }

 private:
  std::optional<StopTheWorld> stopped_;
};
uint32_t pc_now(const FrameObject* f) {
  return f->record ? static_cast<uint32_t>(f->record->pc - f->record->code->words) : f->pc;
}
}  // namespace

uint32_t frame_pc(FrameObject* f) {
  StillFrame still(f);
  return pc_now(f);
}
int64_t frame_line(FrameObject* f) { return code_line(as_code(f->code.peek()), frame_pc(f)); }

namespace {
// Register `i` of the frame, which keeps still: running, suspended or ended; owned or empty.
Ref<> frame_register(FrameObject* f, uint32_t i) {
  if (f->record) return Ref<>::retain(f->record->registers[i]);
  if (f->generator) {
    auto* g = static_cast<Generator*>(f->generator.load());
    return g->registers ? Ref<>::retain(g->registers[i]) : Ref<>();
  }
  Ref<> saved = f->registers.load(f);
  if (!saved) return Ref<>();
  return Ref<>::retain(as_tuple(saved.value())->at(i));
}
}  // namespace

Ref<> frame_locals(FrameObject* f) {
  Code* code = as_code(f->code.peek());
  if (!code_ensure_body(code)) return Ref<>();
  Ref<> mapping = f->locals.load(f);
  if (!(code->flags & kCodeFlagNewLocals) || !(code->flags & kCodeFlagOptimized)) {
    if (!mapping) mapping = f->globals.load(f);
    return mapping;
  }
  // Functions: one dict a frame, brought up to date at each call.
  if (!mapping) {
    Ref<Dict> fresh = dict_new();
    if (!fresh) return fresh;
    f->locals.store(f, fresh.copy());
    mapping = std::move(fresh);
  }
  std::vector<Ref<>> values(code->local_end);
  {
    StillFrame still(f);
    for (uint32_t i = 0; i < code->local_end; ++i) values[i] = frame_register(f, i);
  }
  Dict* dict = as_dict(mapping.value());
  for (uint32_t i = 0; i < code->local_end; ++i) {
    Str* name = code->local_names[i];
    Ref<> v = std::move(values[i]);
    if (v && (code->local_kinds[i] & 6) && has_shape(v.value(), kShape_cell)) {
      v = as_cell(v.value())->content.load(v.value().as_object());
    }
    if (v) {
      if (!dict_set_str(dict, name, v.value())) return Ref<>();
    } else if (dict_delete_str(dict, name) < 0) {
      return Ref<>();
    }
  }
  return mapping;
}

bool add_traceback(CallRecord* record) {
  Ref<> exception = take_error();
  Ref<FrameObject> frame = frame_object_of(record);
  if (!frame) return false;
  auto pc = static_cast<uint32_t>(record->pc - record->code->words);
  Ref<> next = exception_traceback(exception.value());
  Ref<> tb = traceback_new(next.value(), frame.value(), pc, -1);
  if (!tb) return false;
  set_exception_traceback(exception.value(), tb.value());
  restore_error(std::move(exception));
  return true;
}

Ref<> traceback_new(Value next, Value frame, uint32_t pc, int64_t line) {
  Ref<Traceback> tb = allocate<Traceback>(&traceback_type);
  if (!tb) return tb;
  if (!next.empty() && !is_none(next)) tb->next.init(Ref<>::retain(next));
  tb->frame.init(Ref<>::retain(frame));
  tb->pc = pc;
  tb->line = line;
  return tb;
}

bool super_from_frame(Ref<>* type, Ref<>* object) {
  Thread* thread = current_thread();
  CallRecord* record = thread->record;
  if (record < thread->record_base) return raise(exc::RuntimeError, "super(): no current frame");
  const Code* code = record->code;
  if (code->argument_count == 0) return raise(exc::RuntimeError, "super(): no arguments");
  Value first = record->registers[0];
  Ref<> self = Ref<>::retain(first);
  if (self && (code->local_kinds[0] & 2) && has_shape(first, kShape_cell)) {
    self = as_cell(first)->content.load(first.as_object());
  }
  if (!self) return raise(exc::RuntimeError, "super(): arg[0] deleted");
  for (uint32_t i = 0; i < code->local_end; ++i) {
    if (!(code->local_kinds[i] & 4) || !code->local_names[i]->equals_ascii("__class__")) continue;
    Value cell = record->registers[i];
    Ref<> cls = as_cell(cell)->content.load(cell.as_object());
    if (!cls) return raise(exc::RuntimeError, "super(): empty __class__ cell");
    if (!is_instance_of(cls.value(), &type_type)) {
      return raise(exc::RuntimeError, "super(): __class__ is not a type (%T)", cls.value());
    }
    *type = std::move(cls);
    *object = std::move(self);
    return true;
  }
  return raise(exc::RuntimeError, "super(): __class__ cell not found");
}

// ---- frame type --------------------------------------------------------------------------------------------------------------

namespace {
FrameObject* frame(Value v) { return as<FrameObject>(v); }
Ref<> or_none(Ref<> v) { return v ? std::move(v) : none_ref(); }
Ref<> get_code(Value self) { return frame(self)->code.load(self.as_object()); }
Ref<> get_globals(Value self) { return frame(self)->globals.load(self.as_object()); }
Ref<> get_builtins(Value self) { return or_none(frame(self)->builtins.load(self.as_object())); }
Ref<> get_locals(Value self) { return frame_locals(frame(self)); }
Ref<> get_lineno(Value self) { return int_from_int64(frame_line(frame(self))); }
bool put_lineno(Value self, Value v) {
  if (v.empty()) return raise(exc::AttributeError, "cannot delete attribute");
  if (!is_int(v)) return raise(exc::ValueError, "lineno must be an integer");
  int64_t line;
  return to_int64(v, &line) && frame_set_line(frame(self), line);
}
// Two a word: traceback.py halves it to index co_positions().
Ref<> get_lasti(Value self) { return int_from_int64(static_cast<int64_t>(frame_pc(frame(self))) * 2); }
// The caller of a frame that runs in another thread; empty when there is none, or it has ended meanwhile.
Ref<> back_in_other_thread(FrameObject* f) {
  struct Search {
    FrameObject* frame;
    Ref<> found;
  } search{f, {}};
  StopTheWorld stop;
  for_each_mutator(
      [](Mutator* mutator, void* context) {
        auto* s = static_cast<Search*>(context);
        auto* thread = static_cast<Thread*>(mutator);
        CallRecord* record = s->frame->record;
        if (record <= thread->record_base || record > thread->record) return;
        CallRecord* below = visible_record(record - 1, thread->record_base);
        if (below >= thread->record_base) s->found = frame_object_of(below);
      },
      &search);
  return std::move(search.found);
}
Ref<> get_back(Value self) {
  FrameObject* f = frame(self);
  CallRecord* record = f->record;
  if (runs_here(record)) {
    Thread* thread = current_thread();
    CallRecord* below = visible_record(record - 1, thread->record_base);
    return below >= thread->record_base ? Ref<>(frame_object_of(below)) : none_ref();
  }
  Ref<> running = record ? back_in_other_thread(f) : Ref<>();
  return running ? std::move(running) : or_none(f->back.load(f));
}
Ref<> get_trace(Value self) { return or_none(frame(self)->trace.load(self.as_object())); }
bool put_trace(Value self, Value v) {
  frame(self)->trace.store(self.as_object(), given(v) ? Ref<>::retain(v) : Ref<>());
  return true;
}
Ref<> get_trace_lines(Value self) { return bool_ref(frame(self)->trace_lines); }
bool put_trace_lines(Value self, Value v) { return !v.empty() && to_bool(v, &frame(self)->trace_lines); }
Ref<> get_trace_opcodes(Value self) { return bool_ref(frame(self)->trace_opcodes); }
bool put_trace_opcodes(Value self, Value v) { return !v.empty() && to_bool(v, &frame(self)->trace_opcodes); }
Ref<> frame_clear_method(const Value* a) {
  FrameObject* f = frame(a[0]);
  Ref<> g;
  bool runs;
  {
    StillFrame still(f);
    runs = f->record != nullptr;
    // Not one that is about to be freed.
    if (f->generator && reference_count(f->generator) > 0) g = Ref<>::retain(Value::object(f->generator));
  }
  if (runs) return raise(exc::RuntimeError, "cannot clear an executing frame");
  if (g) {
    // As if nobody held it any more: a coroutine that never ran is warned about.
    generator_finalize(g.value().as_object());
    return none_ref();
  }
  f->registers.store(f, Ref<>());
  f->locals.store(f, Ref<>());
  return none_ref();
}
Ref<> frame_repr(Value self) {
  FrameObject* f = frame(self);
  char address[32];
  __builtin_snprintf(address, sizeof(address), "0x%lx", self.identity());
  Code* code = as_code(f->code.peek());
  return str_format("<frame at %s, file %R, line %ld, code %V>", address, code->filename.peek(), frame_line(f),
                    code->name.peek());
}
void frame_traverse(Object* o, FieldVisitor& v) {
  auto* f = static_cast<FrameObject*>(o);
  v(f->code);
  v(f->globals);
  v(f->builtins);
  v(f->locals);
  v(f->back);
  v(f->function);
  v(f->registers);
  v(f->trace);
}
void frame_clear_fields(Object* o) {
  auto* f = static_cast<FrameObject*>(o);
  for (Field* field : {&f->locals, &f->back, &f->function, &f->registers, &f->trace}) field->clear();
}
void frame_destroy(Object* o) {
  auto* f = static_cast<FrameObject*>(o);
  frame_clear_fields(o);
  f->code.clear();
  f->globals.clear();
  f->builtins.clear();
}
const NativeDef kFrameMethods[] = {{"clear", "($self, /)", frame_clear_method, "Clear most references held by the frame."}, {}};
const GetSetDef kFrameGetSets[] = {{"f_code", get_code},
                                   {"f_globals", get_globals},
                                   {"f_builtins", get_builtins},
                                   {"f_locals", get_locals},
                                   {"f_lineno", get_lineno, put_lineno},
                                   {"f_lasti", get_lasti},
                                   {"f_back", get_back},
                                   {"f_trace", get_trace, put_trace},
                                   {"f_trace_lines", get_trace_lines, put_trace_lines},
                                   {"f_trace_opcodes", get_trace_opcodes, put_trace_opcodes},
                                   {}};

// ---- traceback type
// ------------------------------------------------------------------------------------------------------------

Traceback* traceback(Value v) { return as<Traceback>(v); }
Ref<> tb_construct(Type*, const Args& args) {
  Value v[4];
  if (!bind_arguments("traceback", "(tb_next, tb_frame, tb_lasti, tb_lineno)", args, v)) return Ref<>();
  if (!is_none(v[0]) && !has_shape(v[0], kShape_traceback)) {
    return raise(exc::TypeError, "expected traceback object or None, got '%T'", v[0]);
  }
  if (!has_shape(v[1], kShape_frame)) {
    return raise(exc::TypeError, "traceback() argument 'tb_frame' must be frame, not %T", v[1]);
  }
  int64_t lasti, line;
  if (!to_int64(v[2], &lasti) || !to_int64(v[3], &line)) return Ref<>();
  Ref<> made = traceback_new(v[0], v[1], static_cast<uint32_t>(lasti), line);
  if (made) as<Traceback>(made.value())->given_lasti = true;
  return made;
}
Ref<> tb_next(Value self) { return or_none(traceback(self)->next.load(self.as_object())); }
bool tb_put_next(Value self, Value v) {
  if (v.empty()) return raise(exc::TypeError, "can't delete tb_next attribute");
  if (is_none(v)) {
    traceback(self)->next.store(self.as_object(), Ref<>());
    return true;
  }
  if (!has_shape(v, kShape_traceback)) return raise(exc::TypeError, "expected traceback object, got '%T'", v);
  for (Value at = v; !at.empty(); at = traceback(at)->next.peek()) {
    if (at.same(self)) return raise(exc::ValueError, "traceback loop detected");
  }
  traceback(self)->next.store(self.as_object(), Ref<>::retain(v));
  return true;
}
Ref<> tb_frame(Value self) { return traceback(self)->frame.load(self.as_object()); }
Ref<> tb_lasti(Value self) {
  Traceback* tb = traceback(self);
  return int_from_int64(static_cast<int64_t>(tb->pc) * (tb->given_lasti ? 1 : 2));
}
Ref<> tb_lineno(Value self) {
  Traceback* tb = traceback(self);
  if (tb->line >= 0) return int_from_int64(tb->line);
  return int_from_int64(code_line(as_code(frame(tb->frame.peek())->code.peek()), tb->pc));
}
Ref<> tb_dir(const Value*) {
  Ref<List> list = list_new();
  for (const char* name : {"tb_frame", "tb_next", "tb_lasti", "tb_lineno"}) {
    if (!list || !list_append(list.get(), Ref<>::retain(Value::object(intern(name))))) return Ref<>();
  }
  return list;
}
void tb_traverse(Object* o, FieldVisitor& v) {
  v(static_cast<Traceback*>(o)->next);
  v(static_cast<Traceback*>(o)->frame);
}
const NativeDef kTracebackMethods[] = {{"__dir__", "($self, /)", tb_dir}, {}};
const GetSetDef kTracebackGetSets[] = {
    {"tb_next", tb_next, tb_put_next}, {"tb_frame", tb_frame}, {"tb_lasti", tb_lasti}, {"tb_lineno", tb_lineno}, {}};
}  // namespace

const TypeSpec frame_spec = {
    .name = "frame",
    .size = sizeof(FrameObject),
    .flags = kTypeNoInstantiate,
    .slots = {.repr = frame_repr},
    .traverse = frame_traverse,
    .clear = frame_clear_fields,
    .destroy = frame_destroy,
    .methods = kFrameMethods,
    .getsets = kFrameGetSets,
};
const TypeSpec traceback_spec = {
    .name = "traceback",
    .size = sizeof(Traceback),
    .slots = {.construct = tb_construct},
    .traverse = tb_traverse,
    .methods = kTracebackMethods,
    .getsets = kTracebackGetSets,
};

}  // namespace pt
