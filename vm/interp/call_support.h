#pragma once
// Shared by the call instructions and those that prepare argument lists.
#include "vm/interp/dispatch.h"

namespace pt {

// Starts the code of the record on top.
#define PT_ENTER(record)                        \
  do {                                          \
    frame = (record)->registers;                \
    pc = (record)->pc;                          \
    constants = (record)->code->constants_end;  \
    word = load_word(pc);                       \
    PT_TAIL(dispatch->handlers[word & 0xFFFF]); \
  } while (0)

// The operation an instruction like ADD or INPLACE_ADD stands for.
struct OperatorName {
  BinaryOp op;
  bool inplace;
};
OperatorName operator_name(Opcode opcode);
// `left op right` as a Python method in a frame of its own above the caller's; nullptr without an exception: it is none, or
// there is no room.
CallRecord* enter_operator(Thread* thread, Value* frame, const uint64_t* pc, Value left, Value right, BinaryOp op, bool inplace);
CallRecord* enter_comparison(Thread* thread, Value* frame, const uint64_t* pc, Value left, Value right, CompareOp op);
// The comparison an instruction like LT or JUMP_IF_LT stands for. The operands of the latter are a and b, without a result.
struct ComparisonName {
  CompareOp op;
  bool jumps;
};
bool comparison_name(Opcode opcode, ComparisonName* out);   // false: none
// Go on after such a method has returned; `word` holds the owned value's bits.
__attribute__((preserve_none)) uint64_t operator_returned(PT_HANDLER_PARAMETERS);
__attribute__((preserve_none)) uint64_t comparison_returned(PT_HANDLER_PARAMETERS);
// "module.qualname()" for messages about calls.
Ref<> callable_description(Value callable);
// A name in the builtins of the running frame. Empty without an exception: not there.
Ref<> builtins_lookup(Thread* thread, Str* name);
// **mapping into the keyword dict of a call; duplicates and non-mappings raise TypeError.
bool merge_keywords(Dict* into, Value mapping, Value callable);
// Continues after a generator's code returned (`word` holds the owned value's bits): its record is gone already.
__attribute__((preserve_none)) uint64_t generator_returned(PT_HANDLER_PARAMETERS);
// FOR_ITER over a generator: goes on inside it, or by the iterator protocol.
__attribute__((preserve_none)) uint64_t for_iter_generator(PT_HANDLER_PARAMETERS);
// CALL of next(generator) and CALL_METHOD of generator.send(value), where compiled code is to go on in the generator: without
// native recursion, while tls_enter_generator is set. Otherwise native code resumes it.
__attribute__((preserve_none)) uint64_t call_generator(PT_HANDLER_PARAMETERS);
extern constinit thread_local bool tls_enter_generator;
// And when it has yielded: the value, in `word`, is the call's result.
__attribute__((preserve_none)) uint64_t yielded_to_call(PT_HANDLER_PARAMETERS);
inline bool is_call(uint64_t word) { return opcode_of(word) == Opcode::kCALL || opcode_of(word) == Opcode::kCALL_METHOD; }
__attribute__((preserve_none)) uint64_t for_iter_native(PT_HANDLER_PARAMETERS);

// Operands that are exact builtin numbers but not both small ints or both immediate floats. False, and nothing has been
// done: something else. Otherwise the result, or an exception.
bool number_operation(BinaryOp op, Value a, Value b, Ref<>* result);

// object[from:to:by] for exact lists, strs and tuples, and bounds that are small ints or None. Empty without an exception:
// something else.
Ref<> plain_slice(Value object, Value from, Value to, Value by);
// list[from:to:by] = iterable, or its deletion when that is empty. May run Python code.
struct List;
bool plain_set_slice(List* list, Value from, Value to, Value by, Value iterable);

}  // namespace pt
