#pragma once
// The life of interpreters (vm/object/interpreter.h): how one starts, runs code on some thread, and ends.
#include "vm/object/interpreter.h"

namespace pt {

struct Dict;

// Makes the modules of the interpreter that runs, which has none: builtins, sys, importlib, the standard streams, __main__.
// False with an exception pending.
bool start_interpreter();
// The globals of its __main__.
Dict* main_globals();

// A new interpreter, idle, started up to and including `site`; empty with an exception pending.
InterpreterRef create_interpreter(bool isolated);
// False: somebody else runs or ends it. The main interpreter always runs.
bool claim_interpreter(Interpreter* interpreter, InterpreterState state);
// The one who claimed it to run lets go. Ends the interpreter if it was to end meanwhile.
void unclaim_interpreter(Interpreter* interpreter);
// Waits for its threads, runs exit callbacks, clears its modules and takes it off the table. It has been claimed to end.
// Aborts the process when threads stay that nobody waits for (daemons).
void end_interpreter(Interpreter* interpreter);
// The last InterpreterID object went: ends it now or, when it runs, afterwards.
void end_when_idle(Interpreter* interpreter);

// threading._shutdown of the interpreter that runs: joins the non-daemon threads.
void wait_for_threads();

// The calling thread runs another interpreter while this lives: what is per interpreter of it, and its frames, are put
// aside. No exception is pending at either end.
class InterpreterScope {
 public:
  explicit InterpreterScope(Interpreter* interpreter);
  ~InterpreterScope();
  InterpreterScope(const InterpreterScope&) = delete;
  InterpreterScope& operator=(const InterpreterScope&) = delete;

 private:
  Interpreter* outer_;
  CallRecord* outer_base_;
  InterpreterPart outer_part_;
};

}  // namespace pt
