#pragma once
// Special methods written in Python: the instruction that needs one enters it in a frame of its own above the caller's
// (kRecordOperator), without recursion. Its operands stay where they are until the method returns.
#include <initializer_list>

#include "vm/interp/call_support.h"
#include "vm/interp/frames.h"
#include "vm/object/special_methods.h"

namespace pt {

// nullptr without an exception, and nothing has been done: `function` is nullptr, or there is no room.
CallRecord* enter_method(Thread* thread, Value* frame, const uint64_t* pc, Function* function,
                         std::initializer_list<Value> arguments, int which = 0);

// The same for what the instruction at `pc` does; nullptr also where that is not done by a plain Python function. The operands
// may be anything.
PT_INLINE bool is_class_instance(Value v) { return v.is_object() && !v.empty() && has_flag(type_of(v), kTypeHeap); }
CallRecord* enter_get_item(Thread* thread, Value* frame, const uint64_t* pc, Value container, Value key);
CallRecord* enter_set_item(Thread* thread, Value* frame, const uint64_t* pc, Value container, Value key, Value item);
CallRecord* enter_delete_item(Thread* thread, Value* frame, const uint64_t* pc, Value container, Value key);
CallRecord* enter_contains(Thread* thread, Value* frame, const uint64_t* pc, Value container, Value item);
// `exit`: a dead register, which gets the bound __exit__.
CallRecord* enter_with(Thread* thread, Value* frame, const uint64_t* pc, Value manager, Value& exit);
// A method that is called with an exception; nullptr: something else.
Function* exit_method(Type* type);
CallRecord* enter_truth(Thread* thread, Value* frame, const uint64_t* pc, Value v);
CallRecord* enter_unary(Thread* thread, Value* frame, const uint64_t* pc, Value v, UnaryOp op);
CallRecord* enter_iter(Thread* thread, Value* frame, const uint64_t* pc, Value iterable);
CallRecord* enter_next(Thread* thread, Value* frame, const uint64_t* pc, Value iterator);
// Descriptors, properties' setters, __getattr__ and __setattr__.
CallRecord* enter_load_attribute(Thread* thread, Value* frame, const uint64_t* pc, Value object, Str* name);
CallRecord* enter_store_attribute(Thread* thread, Value* frame, const uint64_t* pc, Value object, Str* name, Value value);
#define PT_ENTER_IF(entered)                                  \
  do {                                                        \
    if (CallRecord* entered_ = (entered)) PT_ENTER(entered_); \
  } while (0)

bool is_setter(Value setter);   // of a property, in Python

// The methods that decide about truth; `which` of their records.
enum TruthMethod : int { kByBool, kByLength };
Function* truth_method(Type* type, TruthMethod* which);   // nullptr: neither is a plain function
// What a builtin like len() calls with an object: as its class and shape say.
SpecialCall special_call(Value callable);   // kNone: it is no such builtin
Function* special_call_method(SpecialCall what, Value callable, Value object, int* which);
constexpr int special_record(SpecialCall what, int which) { return static_cast<int>(what) << 1 | which; }  // of a call's record
// A plain Python function that is the type's __new__; nullptr: none. Borrowed as special_method's.
Function* new_method(Type* type);
__attribute__((preserve_none)) uint64_t construct_returned(PT_HANDLER_PARAMETERS);
// What super(cls, type).name, in a method that gets a class, calls: a function, and its receiver if that is the class.
// Empty, perhaps with an exception: something else.
Ref<> super_class_method(Value cls, Type* type, Str* name, Ref<>* receiver);
// Goes on after the method has returned; `word` holds the owned value's bits.
__attribute__((preserve_none)) uint64_t method_returned(PT_HANDLER_PARAMETERS);
// The pending exception has left a special method's frame. True: it is a StopIteration that ends the loop of the frame now on
// top; *target is where that goes on.
bool method_raised(Thread* thread, const uint64_t** target);
bool end_of_iterator(Thread* thread);  // the same for any iterator, in the loop's frame

}  // namespace pt
