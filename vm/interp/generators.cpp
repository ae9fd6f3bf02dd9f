// Generator frames: creation, suspension, resumption; the instructions of generators and coroutines.
#include "gc/platform/memory.h"
#include "vm/interp/call_support.h"
#include "vm/interp/generator_frames.h"
#include "vm/interp/hot_loop.h"
#include "vm/interp/special_methods.h"
#include "vm/interp/trace.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/types/exception.h"
#include "vm/types/frame.h"
#include "vm/types/int.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

constinit thread_local bool tls_enter_generator = false;

namespace {
// ((file, line, function), ...) of the callers, the innermost first (sys.set_coroutine_origin_tracking_depth).
Ref<> coroutine_origin(Thread* thread, const CallRecord* record) {
  auto available = static_cast<int64_t>(record - thread->record_base + 1);
  int64_t depth = thread->coroutine_origin_depth < available ? thread->coroutine_origin_depth : available;
  Ref<Tuple> origin = tuple_allocate(depth);
  for (int64_t i = 0; origin && i < depth; ++i, --record) {
    const Code* code = record->code;
    Ref<> line = int_from_int64(code_line(code, static_cast<uint32_t>(record->pc - code->words)));
    Ref<Tuple> entry = tuple_of({code->filename.peek(), line.value(), code->name.peek()});
    if (!entry) return Ref<>();
    origin->items[i].init(std::move(entry));
  }
  return origin;
}
}  // namespace

namespace {
// Its registers are empty.
Ref<Generator> allocate_generator(Function* function, const Code* code) {
  Type* type = code->flags & kCodeFlagAsyncGenerator ? &async_generator_type
               : code->flags & kCodeFlagCoroutine    ? &coroutine_type
                                                     : &generator_type;
  Ref<Generator> g = allocate<Generator>(type, code->register_count);
  if (!g) return g;
  g->registers = g->items();
  g->live = code->local_end;
  g->code = code;
  g->code_field.init(Ref<>::retain(Value::object(code)));
  g->function.init(Ref<>::retain(Value::object(function)));
  g->name.init(Ref<>::retain(function->name.peek()));
  g->qualname.init(Ref<>::retain(function->qualname.peek()));
  return g;
}
}  // namespace

Ref<> generator_new(Function* function, const Value* arguments, uint32_t count, bool with_cells) {
  const Code* code = function->code();
  Ref<Generator> g = allocate_generator(function, code);
  if (!g) return g;
  for (uint32_t i = 0; i < count; ++i) g->registers[i] = Ref<>::retain(arguments[i]).take();
  for (uint32_t i = 0; i < code->free_count; ++i)
    g->registers[code->free_register + i] =
        Ref<>::retain(with_cells ? arguments[count + i] : as_tuple(function->closure.peek())->at(i)).take();
  g->resume_pc = code->words;
  g->state.store(GeneratorState::kCreated, std::memory_order_release);
  return g;
}

Ref<> generator_from_record(Thread* thread, CallRecord* record) {
  const Code* code = record->code;
  Ref<Generator> g = allocate_generator(record->function, code);
  if (!g) return g;
  Value* registers = g->registers;
  // Words that borrow from the caller are promoted: the generator outlives the call.
  for (uint32_t i = 0; i < code->local_end; ++i) {
    registers[i] = promote(record->registers[i]);
    record->registers[i] = Value();
  }
  g->resume_pc = record->pc;
  if (PT_UNLIKELY(thread->coroutine_origin_depth > 0) && (code->flags & kCodeFlagCoroutine)) {
    Ref<> origin = coroutine_origin(thread, record - 1);
    if (!origin) return Ref<>();
    g->origin.init(std::move(origin));
  }
  g->state.store(GeneratorState::kCreated, std::memory_order_release);
  if (record->frame_object) {
    g->frame_object = record->frame_object;
    record->frame_object->generator = g.get();
    record->frame_object->record = nullptr;
    record->frame_object = nullptr;
  }
  return g;
}

namespace {
// What the record of a resumed generator has beyond that of a plain call. The window is filled.
PT_INLINE void generator_attach(Thread* thread, Generator* g, CallRecord* record) {
  record->flags = kRecordGenerator;
  record->pushed = nullptr;
  record->generator = g;
  record->pc = g->resume_pc;
  record->saved_handled = thread->handled;
  // Inside, the exception it was handling is the handled one; without one, the resumer's shows through (handled.h).
  if (PT_UNLIKELY(!g->handled.empty())) {
    thread->handled = g->handled;
    g->handled = Value();
  } else if (PT_UNLIKELY(!thread->handled.empty())) {
    thread->handled = none();
  }
  if (PT_UNLIKELY(g->frame_object != nullptr)) {
    record->frame_object = g->frame_object;
    g->frame_object->record = record;
    g->frame_object = nullptr;
  }
}
}  // namespace

namespace {
// Two registers at once.
using Registers = uint64_t __attribute__((vector_size(16)));

PT_INLINE void copy_registers(Value* to, const Value* from, uint32_t count) {
  uint32_t i = 0;
#pragma clang loop unroll(disable)
  for (; i + 1 < count; i += 2) __builtin_memcpy(to + i, from + i, sizeof(Registers));
  if (i < count) to[i] = from[i];
}
// Moves them from the stack to the heap: borrowed words gain a count there.
PT_INLINE void move_registers(Value* to, Value* from, uint32_t count) {
  Registers borrowed = {0, 0};
  uint32_t i = 0;
#pragma clang loop unroll(disable)
  for (; i + 1 < count; i += 2) {
    Registers words;
    __builtin_memcpy(&words, from + i, sizeof(words));
    __builtin_memset(from + i, 0, sizeof(words));
    __builtin_memcpy(to + i, &words, sizeof(words));
    borrowed |= reinterpret_cast<Registers>((words & 7) == Value::kBorrowedBit);
  }
  if (i < count) {
    Value last = from[i];
    from[i] = Value();
    to[i] = last;
    borrowed[0] |= last.is_borrowed();
  }
  if (PT_UNLIKELY((borrowed[0] | borrowed[1]) != 0)) {
    for (i = 0; i < count; ++i) to[i] = promote(to[i]);
  }
}

PT_INLINE CallRecord* push_generator(Thread* thread, Generator* g, Value* window) {
  const Code* code = g->code;
  CallRecord* record = thread->record + 1;
  Function* function = as_function(g->function.peek());
  if (PT_UNLIKELY(record >= thread->record_limit || window + code->register_count + 8 > thread->stack_limit)) {
    record = push_code_record(thread, const_cast<Code*>(code), function->globals(), Value(), function, window);
    if (!record) return nullptr;
  } else {
    record->code = code;
    record->function = function;
    record->registers = window;
    record->globals = function->globals();
    record->locals = Value();
    record->frame_object = nullptr;
    record->result_register = 0;
    thread->record = record;
  }
  copy_registers(window, g->registers, g->live);
  generator_attach(thread, g, record);
  return record;
}
}  // namespace

CallRecord* generator_push(Thread* thread, Generator* g, Value* window) { return push_generator(thread, g, window); }

namespace {
// Of several threads one gets to run it. `seen` is what its state was.
PT_INLINE bool claim(Generator* g, GeneratorState& seen) {
  if (PT_LIKELY(!multithreaded())) {
    g->state.store(GeneratorState::kRunning, std::memory_order_relaxed);
    return true;
  }
  return g->state.compare_exchange_weak(seen, GeneratorState::kRunning, std::memory_order_acq_rel);
}

// Resumes a generator for an instruction of the running frame, without native recursion. False: not that simple (the thread
// is traced, among others), nothing has been done. Otherwise its record is on top, or an exception is pending and *record
// is nullptr.
// `sent` empty: None. `*next` is where it goes on; `whole` tells that every instruction has to be seen.
PT_INLINE bool generator_enter(Thread* thread, Generator* g, Value sent, int result, bool whole, CallRecord** record,
                               const uint64_t** next) {
  GeneratorState seen = g->state.load(std::memory_order_acquire);
  bool started = seen == GeneratorState::kSuspended;
  if (!started && (seen != GeneratorState::kCreated || !(sent.empty() || is_none(sent)))) return false;
  if (g->skip_value || PT_UNLIKELY(tracing(thread)) || !claim(g, seen)) return false;
  Value* base = stack_top(thread);
  Function* function = as_function(g->function.peek());
  base[0] = Value::borrowed_object(function);
  *record = push_generator(thread, g, base + 1);
  if (PT_UNLIKELY(!*record)) {
    base[0] = Value();
    g->state.store(seen, std::memory_order_release);
    return true;
  }
  (*record)->result_register = result;
  const uint64_t* pc = (*record)->pc;
  *next = pc + 1;
  if (started) {
    Value* registers = (*record)->registers;
    int at = operand_a(load_word(pc));
    // A statement `yield x` throws away what is sent.
    if (sent.empty() && !whole && load_word(pc + 1) == encode(Opcode::kCLEAR, at, 0, 0) &&
        static_cast<uint32_t>(at >> 1) >= g->live) {
      *next = pc + 2;
      return true;
    }
    Value word = sent.empty() ? none() : register_copy(sent);
    if (PT_UNLIKELY(registers[at >> 1].is_counted())) {
      write(registers, at, word);
    } else {
      registers[at >> 1] = word;
    }
  }
  return true;
}

void restore_handled(Thread* thread, CallRecord* record, Generator* g, bool keep) {
  Value inner = thread->handled;
  thread->handled = record->saved_handled;
  record->saved_handled = Value();
  if (keep && !inner.empty() && !is_none(inner)) {
    g->handled = inner;
  } else {
    release(inner);
  }
}
}  // namespace

namespace {
// What is rare at a suspension.
PT_COLD void suspend_rest(Thread* thread, CallRecord* record, Generator* g, const uint64_t* pc) {
  restore_handled(thread, record, g, true);
  if (record->frame_object) {
    record->pc = pc;
    g->frame_object = record->frame_object;
    g->frame_object->pc = static_cast<uint32_t>(pc - record->code->words);
    g->frame_object->generator = g;
    g->frame_object->record = nullptr;  // last: who finds none looks for the generator
    record->frame_object = nullptr;
  }
}

// The running generator on top of the stack yields: registers move back to the heap, the record goes.
PT_INLINE void generator_suspend(Thread* thread, CallRecord* record, const uint64_t* pc) {
  Generator* g = record->generator;
  const Code* code = record->code;
  Value *from = record->registers, *to = g->registers;
  int c = operand_c(load_word(pc));
  // The compiler says what is live, save where the code waits for another iterator.
  uint32_t live = PT_UNLIKELY(c & 1) ? code->register_count : static_cast<uint32_t>(c >> 1);
  move_registers(to, from, live);
  for (uint32_t i = live; i < g->live; ++i) to[i] = Value();
  g->live = live;
  g->resume_pc = pc;
  if (PT_UNLIKELY((thread->handled.bits() | record->saved_handled.bits() | reinterpret_cast<uint64_t>(record->frame_object)) !=
                  0)) {
    suspend_rest(thread, record, g, pc);
  }
  thread->record = record - 1;
  g->state.store(GeneratorState::kSuspended, std::memory_order_release);
}
}  // namespace

void generator_materialize(Thread* thread, Generator* g, CallRecord* record, Value* window) {
  for (uint32_t i = 0, n = g->code->register_count; i < n; ++i) {
    window[i] = g->registers[i];
    g->registers[i] = Value();
  }
  generator_attach_window(thread, g, record, window);
}
void generator_attach_window(Thread* thread, Generator* g, CallRecord* record, Value* window) {
  g->state.store(GeneratorState::kRunning, std::memory_order_relaxed);
  Function* function = as_function(g->function.peek());
  window[-1] = Value::borrowed_object(function);
  record->code = g->code;
  record->function = function;
  record->registers = window;
  record->globals = function->globals();
  record->locals = Value();
  record->frame_object = nullptr;
  generator_attach(thread, g, record);
}
void generator_suspend_top(Thread* thread, const uint64_t* pc) {
  CallRecord* record = thread->record;
  generator_suspend(thread, record, pc);
  record->registers[-1] = Value();
}

DelegatingFrame::DelegatingFrame(Generator* g) : generator_(g) {
  Thread* thread = current_thread();
  Value* base = stack_top(thread);
  base[0] = Value::borrowed_object(as_function(g->function.peek()));
  pushed_ = push_generator(thread, g, base + 1) != nullptr;
  if (!pushed_) {
    base[0] = Value();
    g->state.store(GeneratorState::kSuspended, std::memory_order_release);
  }
}
DelegatingFrame::~DelegatingFrame() {
  Thread* thread = current_thread();
  if (pushed_) generator_suspend(thread, thread->record, generator_->resume_pc);
}

void generator_end(Generator* g) {
  g->registers = nullptr;
  g->state.store(GeneratorState::kFinished, std::memory_order_release);
}

bool generator_end_unseen(Generator* g) {
  if (!has_shape(Value::object(g), kShape_generator) || PT_UNLIKELY(tracing(current_thread()))) return false;
  GeneratorState state = GeneratorState::kSuspended;
  if (!g->state.compare_exchange_strong(state, GeneratorState::kRunning, std::memory_order_acq_rel)) return false;
  uint64_t yield = load_word(g->resume_pc);
  bool delegates = opcode_of(yield) != Opcode::kYIELD || (operand_c(yield) & 1);
  bool unseen = !delegates && !g->frame_object && !g->skip_value && g->handled.empty() && !find_handler(g->code, g->resume_pc);
  g->state.store(unseen ? GeneratorState::kFinished : GeneratorState::kSuspended, std::memory_order_release);
  if (unseen) generator_drop_registers(g);
  return unseen;
}

void generator_finish(Thread* thread, Generator* g) {
  restore_handled(thread, thread->record + 1, g, false);  // the record just popped
}

Ref<> generator_error(const Code* code, Ref<> exception) {
  Type* type = type_of(exception.value());
  const char* what = code->flags & kCodeFlagAsyncGenerator ? "async generator"
                     : code->flags & kCodeFlagCoroutine    ? "coroutine"
                                                           : "generator";
  const char* which = nullptr;
  if (is_subtype(type, exc::StopIteration)) which = "StopIteration";
  if ((code->flags & kCodeFlagAsyncGenerator) && is_subtype(type, exc::StopAsyncIteration)) which = "StopAsyncIteration";
  if (!which) return exception;
  raise(exc::RuntimeError, "%s raised %s", what, which);
  Ref<> error = take_error();
  set_exception_cause(error.value(), exception.value());
  set_exception_context(error.value(), exception.value());
  return error;
}

SendResult generator_resume(Generator* g, Value value, Ref<> exception, Ref<>* out) {
  Thread* thread = current_thread();
  {
    GeneratorState seen = g->state.load(std::memory_order_acquire);
    auto what = [&] {
      return has_shape(Value::object(g), kShape_async_generator) ? "async generator"
             : has_shape(Value::object(g), kShape_coroutine)     ? "coroutine"
                                                                 : "generator";
    };
    for (;;) {
      if (PT_UNLIKELY(seen == GeneratorState::kRunning)) {
        raise(exc::ValueError, "%s already executing", what());
        return SendResult::kError;
      }
      if (seen == GeneratorState::kFinished) {
        if (has_shape(Value::object(g), kShape_coroutine)) {
          raise(exc::RuntimeError, "cannot reuse already awaited coroutine");
          return SendResult::kError;
        }
        if (exception) {
          restore_error(std::move(exception));
          return SendResult::kError;
        }
        *out = none_ref();
        return SendResult::kReturn;
      }
      if (seen == GeneratorState::kCreated && !exception && !value.empty() && !is_none(value)) {
        raise(exc::TypeError, "can't send non-None value to a just-started %s", what());
        return SendResult::kError;
      }
      if (claim(g, seen)) break;
    }
    if (seen == GeneratorState::kCreated && exception) {
      // It never ran: it ends here, with a traceback entry for its first line.
      Value* window = stack_top(thread) + 1;
      CallRecord* record = generator_push(thread, g, window);
      if (record) {
        restore_error(std::move(exception));
        add_traceback(record);
        exception = take_error();
        generator_end(g);
        pop_record(thread);
        generator_finish(thread, g);
        exception = generator_error(g->code, std::move(exception));
      } else {
        g->state.store(GeneratorState::kCreated, std::memory_order_release);
        return SendResult::kError;
      }
      restore_error(std::move(exception));
      return SendResult::kError;
    }
    Value* base = stack_top(thread);
    base[0] = Value::borrowed_object(as_function(g->function.peek()));
    bool handles = !g->handled.empty();
    CallRecord* record = push_generator(thread, g, base + 1);
    if (PT_UNLIKELY(!record)) {
      base[0] = Value();
      g->state.store(seen, std::memory_order_release);
      return SendResult::kError;
    }
    record->flags |= kRecordEntry;
    Ref<> keep = Ref<>::retain(Value::object(g));
    if (PT_UNLIKELY(reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) <= thread->native_limit) && !native_stack_ok()) {
      exception = take_error();
    }
    const uint64_t* pc = record->pc;
    uint64_t word = load_word(pc);
    uint64_t bits;
    InterpreterEntry entry;
    const Dispatch* dispatch = active_dispatch(thread);
    if (PT_UNLIKELY(dispatch == &g_trace_dispatch) && seen == GeneratorState::kSuspended && !trace_call(thread)) {
      exception = take_error();
    }
    if (exception) {
      // Its context is what the generator itself handles; what the resumer handles leaves it as it is.
      if (handles)
        raise_object(exception.value());
      else
        restore_error(std::move(exception));
      exception.reset();
      bits = unwind(thread, record->registers, pc, record->code->constants_end, dispatch, word);
    } else {
      if (g->skip_value) {
        g->skip_value = false;
        pc -= 1;
      } else if (PT_LIKELY(seen == GeneratorState::kSuspended)) {
        write(record->registers, operand_a(word), Ref<>::retain(value.empty() ? none() : value).take());
      }
      pc += 1;
      word = load_word(pc);
      bits = dispatch->handlers[word & 0xFFFF](thread, record->registers, pc, record->code->constants_end, dispatch, word);
    }
    if (PT_UNLIKELY(tracing(thread))) trace_remind(thread);
    if (bits == 0) return SendResult::kError;
    // Its state says nothing any more: another thread may have resumed it.
    bool returned = thread->returning_generator == g;
    thread->returning_generator = nullptr;
    *out = Ref<>::steal(promote(Value::from_bits(bits)));
    return returned ? SendResult::kReturn : SendResult::kYield;
  }
}

Ref<> generator_advance(Generator* g) {
  Thread* thread = current_thread();
  CallRecord* record;
  const uint64_t* pc;
  if (PT_UNLIKELY(reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) <= thread->native_limit) ||
      !generator_enter(thread, g, Value(), 0, false, &record, &pc)) {
    Ref<> out;
    SendResult result = generator_resume(g, none(), Ref<>(), &out);
    if (result == SendResult::kYield) return out;
    if (result == SendResult::kReturn && !is_none(out.value())) return raise_stop_iteration(out.value());
    return Ref<>();
  }
  if (PT_UNLIKELY(!record)) return Ref<>();
  record->flags = kRecordEntry | kRecordGenerator;
  uint64_t word = load_word(pc);
  uint64_t bits;
  {
    InterpreterEntry entry;
    bits = g_dispatch.handlers[word & 0xFFFF](thread, record->registers, pc, record->code->constants_end, &g_dispatch, word);
  }
  if (PT_UNLIKELY(tracing(thread))) trace_remind(thread);
  if (PT_UNLIKELY(bits == 0)) return Ref<>();
  Ref<> value = Ref<>::steal(promote(Value::from_bits(bits)));
  if (PT_LIKELY(thread->returning_generator != g)) return value;
  thread->returning_generator = nullptr;
  // The value of a return shows in StopIteration; exhaustion without one is silent.
  if (is_none(value.value())) return Ref<>();
  return raise_stop_iteration(value.value());
}

Ref<> running_generator_frame(Generator* g) {
  Thread* thread = current_thread();
  for (CallRecord* record = thread->record; record >= thread->record_base; --record) {
    if (record->generator == g) return frame_object_of(record);
  }
  return Ref<>();
}

SendResult send_value(Value iterator, Value value, Ref<>* out) {
  if (has_shape(iterator, kShape_generator) || has_shape(iterator, kShape_coroutine)) {
    SendResult result = generator_resume(as_generator(iterator), value, Ref<>(), out);
    // A trace function sees the StopIteration that send() would raise.
    Thread* thread = current_thread();
    if (PT_UNLIKELY(tracing(thread)) && result == SendResult::kReturn &&
        (has_shape(iterator, kShape_coroutine) || !is_none(out->value()))) {
      raise_stop_iteration(out->value());
      if (!trace_exception(thread, true)) return SendResult::kError;
      clear_error();
    }
    return result;
  }
  Ref<> result;
  if (is_none(value) && type_of(iterator)->slots.next) {
    result = type_of(iterator)->slots.next(iterator);
    if (!result && !error_pending()) {
      *out = none_ref();
      return SendResult::kReturn;
    }
  } else {
    result = call_method(iterator, names::send_.str(), {value});
  }
  if (result) {
    *out = std::move(result);
    return SendResult::kYield;
  }
  if (!pending_matches(exc::StopIteration)) return SendResult::kError;
  if (tracing(current_thread()) && !trace_exception(current_thread(), true)) return SendResult::kError;
  Ref<> stop = take_error();
  Ref<> v = reinterpret_cast<StopIterationObject*>(stop.value().as_object())->value.load(stop.value().as_object());
  *out = v ? std::move(v) : none_ref();
  return SendResult::kReturn;
}

// ---- instructions ------------------------------------------------------------------------------------------------------------

PT_HANDLER(RETURN_GENERATOR) {
  PT_SAVE_PC();
  CallRecord* record = thread->record;
  uint32_t flags = record->flags;
  Value g = generator_from_record(thread, record).take();
  if (g.empty()) PT_RAISE();
  int result = record->result_register;
  pop_record(thread);
  Value function = frame[-1];
  frame[-1] = Value();
  release(function);
  if (flags & kRecordEntry) return g.bits();
  record = thread->record;
  frame = record->registers;
  pc = record->pc;
  constants = record->code->constants_end;
  if (PT_UNLIKELY(flags & kRecordOperator)) {
    [[clang::musttail]] return method_returned(thread, frame, pc, constants, dispatch, g.bits());
  }
  write(frame, result, g);
  word = load_word(pc);
  PT_NEXT(instruction_words(opcode_of(word)));
}

PT_HANDLER(YIELD) {
  Value v = PT_READ(PT_B);
  if (PT_B & 1) {
    register_at(frame, PT_B) = Value();
    v = promote(v);
  } else {
    retain(v);
    v = v.untagged();
  }
  CallRecord* record = thread->record;
  generator_suspend(thread, record, pc);
  frame[-1] = Value();
  if (record->flags & kRecordEntry) return v.bits();
  // Resumed by an instruction of the frame below, of two words: FOR_ITER, SEND or a call.
  int result = record->result_register;
  --record;
  frame = record->registers;
  pc = record->pc;
  constants = record->code->constants_end;
  word = v.bits();
  if (PT_UNLIKELY(is_call(load_word(pc)))) PT_TAIL(yielded_to_call);
  Value& target = register_at(frame, result);
  if (PT_UNLIKELY(target.is_counted())) {
    write(frame, result, v);
  } else {
    target = v;
  }
  PT_NEXT(2);
}

uint64_t generator_returned(PT_HANDLER_PARAMETERS) {
  CallRecord* popped = thread->record + 1;
  uint32_t flags = popped->flags;
  int result = popped->result_register;
  generator_finish(thread, thread->returning_generator);
  if (flags & kRecordEntry) return word;
  thread->returning_generator = nullptr;
  // A FOR_ITER or SEND of the frame below resumed it: the loop ends, or the value is the result.
  Value v = Value::from_bits(word);
  CallRecord* record = thread->record;
  frame = record->registers;
  pc = record->pc;
  constants = record->code->constants_end;
  word = load_word(pc);
  if (opcode_of(word) == Opcode::kFOR_ITER) {
    release(v);
    write(frame, PT_B, Value());
  } else if (is_call(word)) {
    (void)raise_stop_iteration(v);
    release(v);
    PT_RAISE();
  } else {
    write(frame, result, v);
    consume(frame, PT_B);
  }
  PT_NEXT(2 + jump_extra(pc));
}

PT_OPERATION(GET_YIELD_FROM_ITER, 1) {
  Value v = PT_READ(PT_B);
  if (has_shape(v, kShape_coroutine)) {
    if (!(thread->record->code->flags & (kCodeFlagCoroutine | kCodeFlagIterableCoroutine))) {
      return raise(exc::TypeError, "cannot 'yield from' a coroutine object in a non-coroutine generator");
    }
    write(frame, PT_A, take_value(frame, constants, PT_B));
    return true;
  }
  Ref<> iterator = has_shape(v, kShape_generator) ? Ref<>::retain(v) : get_iter(v);
  if (!iterator) return false;
  consume(frame, PT_B);
  write(frame, PT_A, iterator.take());
  return true;
}
PT_OPERATION(GET_AWAITABLE, 1) {
  Value v = PT_READ(PT_B);
  Type* type = type_of(v);
  Ref<> iterator = get_awaitable(v);
  if (!iterator) {
    if (PT_C && !type->slots.await && pending_matches(exc::TypeError)) {
      clear_error();
      raise(exc::TypeError,
            PT_C == 1 ? "'async with' received an object from __aenter__ that does not implement __await__: %F"
                      : "'async with' received an object from __aexit__ that does not implement __await__: %F",
            type);
    }
    return false;
  }
  if (has_shape(iterator.value(), kShape_coroutine)) {
    Ref<> delegate = generator_delegate(as_generator(iterator.value()));
    if (delegate) return raise(exc::RuntimeError, "coroutine is being awaited already");
  }
  consume(frame, PT_B);
  write(frame, PT_A, iterator.take());
  return true;
}

#define PT_ENTER_GENERATOR(record_, next_)      \
  do {                                          \
    if (PT_UNLIKELY(!(record_))) PT_RAISE();    \
    frame = (record_)->registers;               \
    constants = (record_)->code->constants_end; \
    pc = (next_);                               \
    word = load_word(pc);                       \
    PT_TAIL(dispatch->handlers[word & 0xFFFF]); \
  } while (0)

uint64_t for_iter_generator(PT_HANDLER_PARAMETERS) {
  PT_SAVE_PC();
  CallRecord* record;
  const uint64_t* next;
  if (!generator_enter(thread, as_generator(register_at(frame, PT_B)), Value(), PT_A, dispatch != &g_dispatch, &record, &next)) {
    PT_TAIL(for_iter_native);
  }
  PT_ENTER_GENERATOR(record, next);
}

uint64_t call_generator(PT_HANDLER_PARAMETERS) {
  tls_enter_generator = false;
  PT_SAVE_PC();
  bool sends = opcode_of(word) == Opcode::kCALL_METHOD;
  Value* base = &register_at(frame, PT_A);
  CallRecord* record;
  const uint64_t* next;
  if (!generator_enter(thread, as_generator(base[1]), sends ? base[2] : Value(), PT_C, true, &record, &next))
    PT_TAIL(g_dispatch.handlers[word & 0xFFFF]);
  PT_ENTER_GENERATOR(record, next);
}

PT_SLOW(native_SEND) {
  Value sent = PT_READ(PT_C);
  Value iterator = PT_READ(PT_B);
  Value value;
  SendResult result;
  {
    Ref<> out;
    result = send_value(iterator, sent, &out);
    value = out.take();
  }
  if (result == SendResult::kError) PT_RAISE();
  consume(frame, PT_C);
  write(frame, PT_A, value);
  if (result == SendResult::kReturn) {
    consume(frame, PT_B);
    PT_NEXT(2 + jump_extra(pc));
  }
  PT_NEXT(2);
}
PT_HANDLER(SEND) {
  PT_SAVE_PC();
  Value iterator = PT_READ(PT_B);
  if (PT_UNLIKELY(!has_shape(iterator, kShape_generator) && !has_shape(iterator, kShape_coroutine))) PT_TAIL(native_SEND);
  CallRecord* record;
  const uint64_t* next;
  if (!generator_enter(thread, as_generator(iterator), PT_READ(PT_C), PT_A, true, &record, &next)) PT_TAIL(native_SEND);
  if (PT_LIKELY(record != nullptr)) consume(frame, PT_C);
  PT_ENTER_GENERATOR(record, next);
}
PT_OPERATION(ASYNC_GEN_WRAP, 1) {
  Ref<> wrapped = async_generator_wrap(PT_READ(PT_B));
  if (!wrapped) return false;
  consume(frame, PT_B);
  write(frame, PT_A, wrapped.take());
  return true;
}
PT_OPERATION(GET_AITER, 1) {
  Value v = PT_READ(PT_B);
  auto slot = type_of(v)->slots.async_iter;
  if (!slot) return raise(exc::TypeError, "'async for' requires an object with __aiter__ method, got %T", v);
  Ref<> iterator = slot(v);
  if (!iterator) return false;
  if (!type_of(iterator.value())->slots.async_next) {
    return raise(exc::TypeError, "'async for' received an object from __aiter__ that does not implement __anext__: %T",
                 iterator.value());
  }
  consume(frame, PT_B);
  write(frame, PT_A, iterator.take());
  return true;
}
PT_OPERATION(GET_ANEXT, 1) {
  Value v = PT_READ(PT_B);
  auto slot = type_of(v)->slots.async_next;
  if (!slot) return raise(exc::TypeError, "'async for' requires an iterator with __anext__ method, got %T", v);
  Ref<> next_value = slot(v);
  if (!next_value) return false;
  Ref<> awaitable;
  if (has_shape(v, kShape_async_generator)) {
    awaitable = std::move(next_value);
  } else {
    awaitable = get_awaitable(next_value.value());
    if (!awaitable) {
      Ref<> cause = take_error();
      raise(exc::TypeError, "'async for' received an invalid object from __anext__: %T", next_value.value());
      Ref<> error = take_error();
      set_exception_cause(error.value(), cause.value());
      restore_error(std::move(error));
      return false;
    }
  }
  consume(frame, PT_B);
  write(frame, PT_A, awaitable.take());
  return true;
}
PT_HANDLER(JUMP_IF_NOT_STOP_ASYNC) {
  bool stop = is_instance_of(PT_READ(PT_A), exc::StopAsyncIteration);
  PT_NEXT(1 + (stop ? 0 : operand_wide(word)));
}

}  // namespace pt
