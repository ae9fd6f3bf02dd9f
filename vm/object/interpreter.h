#pragma once
// Interpreter: what each subinterpreter has for itself. Types, constants, interned strings, the heap, its collector, signals and
// compiled code belong to the process; a thread belongs to one interpreter at a time (Thread::interpreter).
#include <vector>

#include "gc/refcount/ref.h"
#include "vm/object/thread.h"

namespace pt {

// The objects an interpreter owns.
enum class PerInterpreter : uint8_t {
  kSys,
  kSysDict,
  kModules,   // sys.modules as it began
  kBuiltins,
  kMain,      // __main__
  kBootstrap,
  kCacheFromSource,  // what vm/import/cache.cpp replaces in importlib
  kSourceFromCache,
  kSourceFileLoader,
  kGetCode,
  kFindAndLoadUnlocked,  // what vm/import/moving_parents.cpp replaces
  kExitCallbacks,
  kAuditHooks,
  kCodecSearch,
  kCodecCache,
  kErrorHandlers,
  kWarningFilters,
  kOnceRegistry,
  kWarningsSeen,
  kForkBefore,
  kForkInChild,
  kForkInParent,
  kCsvDialects,
  kGarbage,            // gc.garbage and gc.callbacks
  kCollectorCallbacks,
  kCount
};

enum class InterpreterState : int { kIdle, kRunning, kEnding, kEnded };

struct Interpreter {
  int64_t id = 0;         // immutable
  bool isolated = false;  // immutable: neither threads nor processes
  // Each written once, with release, pairing with the acquire in peek(); cleared by the last to let go of the interpreter.
  std::atomic<Object*> objects[static_cast<size_t>(PerInterpreter::kCount)] = {};
  std::atomic<int64_t> recursion_limit{1000};
  std::atomic<int> max_str_digits{4300};
  std::atomic<bool> encodings_imported{false}, finalizing{false};
  std::atomic<int64_t> threads{0};     // started in it, and still running Python code
  std::atomic<int64_t> references{1};  // threads in it, those who look at it, the table
  std::atomic<InterpreterState> state{InterpreterState::kIdle};  // of a subinterpreter; who makes it kRunning or kEnding runs it
  std::atomic<int64_t> id_objects{0};  // InterpreterID objects
  std::atomic<bool> ends_with_ids{false};  // ends when the last of those goes
  InterpreterPart parked;  // of who runs it next; belongs to who runs it
  Interpreter* next = nullptr;  // the table's, guarded by its lock

  Object* peek(PerInterpreter which) const { return objects[static_cast<size_t>(which)].load(std::memory_order_acquire); }
  // The object becomes the interpreter's, unless it has one already. Those of the main interpreter live for ever.
  void keep(PerInterpreter which, Ref<> object);
};

extern Interpreter g_main_interpreter;

inline Interpreter* current_interpreter() { return current_thread()->interpreter; }
inline bool in_main_interpreter() { return current_interpreter() == &g_main_interpreter; }
// An object of the interpreter that runs, or nullptr: borrowed, and good while the thread stays in the interpreter.
template <class T = Object>
T* of_interpreter(PerInterpreter which) {
  return static_cast<T*>(current_interpreter()->peek(which));
}

void retain_interpreter(Interpreter*);
void release_interpreter(Interpreter*);  // the last one drops its objects, which may run Python code

// Keeps an interpreter from going.
class InterpreterRef {
 public:
  InterpreterRef() = default;
  static InterpreterRef steal(Interpreter* interpreter) { return InterpreterRef(interpreter); }
  static InterpreterRef retain(Interpreter* interpreter) {
    retain_interpreter(interpreter);
    return InterpreterRef(interpreter);
  }
  InterpreterRef(InterpreterRef&& other) : interpreter_(std::exchange(other.interpreter_, nullptr)) {}
  InterpreterRef& operator=(InterpreterRef&& other) {
    std::swap(interpreter_, other.interpreter_);
    return *this;
  }
  ~InterpreterRef() {
    if (interpreter_) release_interpreter(interpreter_);
  }
  explicit operator bool() const { return interpreter_; }
  Interpreter* get() const { return interpreter_; }
  Interpreter* operator->() const { return interpreter_; }

 private:
  explicit InterpreterRef(Interpreter* interpreter) : interpreter_(interpreter) {}
  Interpreter* interpreter_ = nullptr;
};

// The table of all that have not ended. A new one gets the next id; empty with MemoryError.
InterpreterRef new_interpreter(bool isolated);
InterpreterRef find_interpreter(int64_t id);  // empty without an exception when there is none
std::vector<int64_t> interpreter_ids();  // ascending
void forget_interpreter(Interpreter*);  // takes it off the table
// In the child of a fork: the others' threads are gone.
void interpreters_after_fork();

}  // namespace pt
