#pragma once
// Generators, coroutines and async generators: one representation. A suspended generator owns copies of its registers; while
// it runs they are on the thread's value stack.
#include <atomic>

#include "vm/object/type.h"

namespace pt {

struct Code;
struct FrameObject;

enum class GeneratorState : uint8_t { kCreated, kSuspended, kRunning, kFinished };

struct Generator : Object {
  std::atomic<GeneratorState> state;  // changed under the object lock (threads may race for it)
  bool hooks_initialised;             // async generators: firstiter hook has been called
  bool closed;                        // async generators: aclose() or the end was reached
  bool skip_value;                    // resume behind resume_pc - 1 without storing the value sent
  uint8_t lent;  // references that lie in registers of its owner's frames, which wait for what draws from it
  bool running_async;  // async generators: an asend/athrow is in progress
  Field function;  // Function; for exec'd code too
  Field name, qualname;  // str
  Field origin;  // cr_origin or empty
  Field finalizer;  // async generators: hook, or empty
  FrameObject* frame_object;  // counted; nullptr until asked for
  const uint64_t* resume_pc;  // the YIELD (or RETURN_GENERATOR) it stopped at
  Value handled;  // owned: the exception being handled inside, or empty
  Value* registers;  // its items: owned words, register_count of them; nullptr when finished
  uint32_t live;  // the first `live` of them hold something while it is suspended
  const Code* code;  // kept by code_field
  Field code_field;
  Value* items() { return reinterpret_cast<Value*>(this + 1); }
};
inline Generator* as_generator(Value v) { return reinterpret_cast<Generator*>(v.as_object()); }
// Owned by this thread, which holds all references to it: the register that it is drawn from, and those it is lent by.
PT_INLINE bool is_own_generator(const Generator* g) {
  return owned_by_this_thread(g) && g->local.load(std::memory_order_relaxed) == uint32_t{g->lent} + 1 &&
         g->shared.load(std::memory_order_relaxed) == 0;
}
inline bool is_generator_like(Value v) {
  return has_shape(v, kShape_generator) || has_shape(v, kShape_coroutine) || has_shape(v, kShape_async_generator);
}

enum class SendResult : uint8_t { kYield, kReturn, kError };
// Resumes with a value (or, with `exception`, by raising it inside). `*out` gets the yielded or returned value.
SendResult generator_resume(Generator* g, Value value, Ref<> exception, Ref<>* out);
// next(): the value; empty without an exception at the end, StopIteration where it returned a value. The caller holds it.
Ref<> generator_advance(Generator* g);
// send(): delegates for generators, coroutines and any iterator, as SEND and `yield from` do.
SendResult send_value(Value iterator, Value value, Ref<>* out);
// The iterator it delegates to at present (gi_yieldfrom), or empty.
Ref<> generator_delegate(Generator* g);
// close() and throw(); also for the async kinds.
Ref<> generator_close(Value self);
Ref<> generator_throw_value(Value self, Value type, Value value, Value traceback);
void generator_drop_registers(Generator* g);
// Ends a suspended generator without resuming it, if where it is suspended nothing catches GeneratorExit and nobody sees that
// pass. False, and nothing has happened: it may have to be thrown.
bool generator_end_unseen(Generator* g);
// The frame object of a generator that runs on this thread; empty otherwise.
Ref<> running_generator_frame(Generator* g);
void generator_traverse(Object* o, FieldVisitor& v);
void generator_clear(Object* o);
void generator_destroy(Object* o);
void generator_finalize(Object* o);
// While it lives, the frame of a generator that the caller has claimed lies on the stack, as while its delegate runs.
class DelegatingFrame {
 public:
  explicit DelegatingFrame(Generator* g);
  ~DelegatingFrame();  // suspends it again
  DelegatingFrame(const DelegatingFrame&) = delete;
  DelegatingFrame& operator=(const DelegatingFrame&) = delete;
  explicit operator bool() const { return pushed_; }  // false: RecursionError is pending, the generator is suspended

 private:
  Generator* generator_;
  bool pushed_;
};
// The awaitable iterator of any awaitable; TypeError.
Ref<> get_awaitable(Value v);
Ref<> async_generator_wrap(Value v);
// Is `v` the wrapper; then its value.
bool async_generator_unwrap(Value v, Ref<>* out);
// anext(iterator, default)
Ref<> anext_awaitable_new(Value awaitable, Value fallback);
// gi_frame, cr_frame, ag_frame
Ref<> generator_frame_attribute(Value self);

}  // namespace pt
