#pragma once
// Moving generator frames between the heap and the value stack.
#include "vm/interp/frames.h"
#include "vm/types/generator.h"

namespace pt {

// Makes the generator object of the running call (whose code begins with RETURN_GENERATOR) and takes its registers over.
Ref<> generator_from_record(Thread* thread, CallRecord* record);
// What a call of a generator function with plain parameters gives: nullptr with MemoryError pending. Borrows the arguments;
// `with_cells`: behind them come those of the free variables, instead of the function's.
Ref<> generator_new(Function* function, const Value* arguments, uint32_t count, bool with_cells = false);
// Puts a suspended generator on the stack above everything; its record is on top afterwards. False with an exception
// pending: ValueError "generator already executing", RecursionError.
CallRecord* generator_push(Thread* thread, Generator* g, Value* window);
// For compiled code, which runs a suspended generator on the registers it has in the heap. They move to `window`, and `record`
// becomes its record but for the pc and the caller's result register.
void generator_materialize(Thread* thread, Generator* g, CallRecord* record, Value* window);
// The same with a window that has the registers already, while the generator keeps its own.
void generator_attach_window(Thread* thread, Generator* g, CallRecord* record, Value* window);
// The generator on top of the stack, at the YIELD `pc`, is suspended.
void generator_suspend_top(Thread* thread, const uint64_t* pc);
// PEP 479: what leaves a generator whose code raised `exception`.
Ref<> generator_error(const Code* code, Ref<> exception);
// It returned or raised: it is finished before destructors of its locals run, which may resume it.
void generator_end(Generator* g);
// Afterwards, with its record popped: the resumer's handled exception is back.
void generator_finish(Thread* thread, Generator* g);

}  // namespace pt
