#pragma once
// Thread: the interpreter's state of one thread. Only its own thread touches it, except for the fields inherited from
// Mutator and what another thread reads with the world stopped.
#include <cstddef>
#include <cstdint>
#include <utility>

#include "gc/refcount/ref.h"
#include "gc/sync/mutator.h"

namespace pt {

struct Code;
struct Dict;
struct FrameObject;
struct Function;
struct Generator;
struct Interpreter;
struct MethodCache;
namespace jit {
struct PushedCall;
}

enum RecordFlags : uint32_t {
  kRecordEntry = 1,       // returning from it leaves the C++ interpreter loop
  kRecordInit = 2,        // an __init__ call: the result must be None; the instance lies in the caller's destination
  kRecordGenerator = 4,   // the frame of `generator`
  kRecordClassBody = 8,
  kRecordDiscard = 16,    // the result is dropped (the destination keeps what it has)
  kRecordOperator = 256,  // a special method: the caller's instruction still has its operands
};

// One Python call in progress. The registers lie on the value stack. What compiled code knows of a call comes first: it is
// copied from a jit::PushedCall.
struct CallRecord {
  const Code* code;
  Function* function;        // borrowed: the caller's register or the generator holds it; nullptr for exec'd code
  Dict* globals;             // borrowed from function, module or exec
  Value locals;              // mapping of class bodies and exec'd code (borrowed), else empty
  FrameObject* frame_object; // counted; nullptr until somebody asks
  Generator* generator;      // kRecordGenerator
  uint32_t flags;
  int32_t result_register;   // of the caller; kRecordOperator: which of its methods, where the instruction leaves that open
  // Compiled code pushed the record and may go on by itself when the call returns: nobody looks at the frame, the caller's
  // registers are as they were. nullptr: the interpreter is to see the return.
  const jit::PushedCall* pushed;
  const uint64_t* pc;        // of the instruction being executed, saved before anything that can call or raise
  Value* registers;
  Value saved_handled;       // the handled exception at entry (owned), restored at exit
};

inline constexpr int kRecordReserve = 64;  // records past the limit, for handling a RecursionError

struct AsyncGeneratorHooks {
  Value first_iter, finalizer;  // owned; empty: none
};

// What a thread has in each interpreter that it runs; of the one it runs now it is part of Thread, that of others is kept by
// them (Interpreter::parked). All owned; its own thread only.
struct InterpreterPart {
  Value handled;                           // what sys.exc_info() gives, or empty
  Value locals_dict;                       // thread-local data
  Value context;                           // contextvars' current context
  Value trace_function, profile_function;
  Value sentinel;                          // weak reference to the lock of _thread._set_sentinel
  AsyncGeneratorHooks async_generator_hooks;
  int coroutine_origin_depth = 0;          // sys.set_coroutine_origin_tracking_depth

  template <class F>
  void each_value(F&& f) {
    for (Value* v : {&handled, &locals_dict, &context, &trace_function, &profile_function, &sentinel,
                     &async_generator_hooks.first_iter, &async_generator_hooks.finalizer}) {
      f(v);
    }
  }
  void clear() {
    each_value([](Value* v) { release(std::exchange(*v, Value())); });
  }
};

// No two share a cache line, nor the pair of lines that processors fetch together.
struct alignas(128) Thread : Mutator, InterpreterPart {
  Value pending;             // owned exception instance, or empty
  CallRecord* record = nullptr;       // innermost call; record_base - 1 when none
  CallRecord* record_base = nullptr;  // outermost call of the interpreter that runs
  CallRecord* record_memory = nullptr;  // where all records begin, those of the interpreters around it included
  CallRecord* record_limit = nullptr;
  Interpreter* interpreter = nullptr; // counted; its own thread, or anybody with the world stopped
  Value* stack_base = nullptr;        // value stack
  Value* stack_limit = nullptr;
  uintptr_t native_limit = 0;         // lowest address native recursion may reach
  int32_t native_depth = 0;
  MethodCache* method_cache = nullptr;
  uint64_t ident = 0;                 // threading.get_ident()
  Value async_exception;              // owned; set by other threads under the registry lock
  Value repr_stack;                   // owned list: objects whose repr is running
  Value deferred_roots;               // owned list: values kept alive for native code
  Generator* returning_generator = nullptr;  // between RETURN and generator_returned
  bool suppress_traceback = false;    // the next unwinding adds no entry for its first frame
  bool is_main = false;
  bool daemon = false;
  int foreign_errno = 0;              // ctypes.get_errno()
};

PT_INLINE Thread* current_thread() { return static_cast<Thread*>(tls_mutator); }

// True when native recursion may go deeper; otherwise false with RecursionError pending.
bool native_stack_ok(const char* where = "");

}  // namespace pt
