#pragma once
// Native code that draws all of a generator leaves the most of it to a loop in Python, which the interpreter runs without
// entering itself anew for each item and the JIT compiles. Each generator code has loops of its own, so that a trace sees one
// generator only. Their frames are hidden (kCodeFlagHidden).
#include <cstdint>

#include "gc/refcount/ref.h"
#include "vm/object/native.h"

namespace pt {

struct Code;
struct Dict;
struct Function;
struct List;

// From kSumCall on: the loop takes the place of a whole call and has its arguments.
enum class DrainKind : uint8_t {
  kSum,
  kList,
  kAny,
  kAll,
  kMin,
  kMax,
  kSumCall,
  kAnyCall,
  kAllCall,
  kMinCall,
  kMaxCall,
  kListCall,
  kTupleCall,
  kSetCall,
  kFrozensetCall,
  kSortedCall,
  kJoinCall,
  kMap,
  kCount
};
struct DrainingBuiltin {
  DrainKind kind;
  NativeFunction function;
};
inline constexpr int kDrainingBuiltinCount = 6;
extern const DrainingBuiltin kDrainingBuiltins[kDrainingBuiltinCount];   // vm/runtime/builtins.cpp

// Beside a native loop over `items`, which stops when more() says so; if due(), rest() does the rest.
class Drain {
 public:
  explicit Drain(Value items);
  ~Drain();
  Drain(const Drain&) = delete;
  Drain& operator=(const Drain&) = delete;
  // After each item: whether the native loop goes on.
  PT_INLINE bool more() { return --left_ != 0; }
  PT_INLINE bool due() const { return left_ == 0; }
  // `state`: the sum so far, the list to append to, the best item so far. The result; for lists the list. `held`: references
  // to the generator that the caller itself owns meanwhile.
  Ref<> rest(DrainKind kind, Value state, uint8_t held = 0);

 private:
  Value items_;        // the generator; empty: something else
  int64_t left_, given_;
};
// Replaces each item of the list by function(item), for a plain function of Python. False: an exception. *done false: nothing has
// happened, as it is another function.
bool map_in_place(List* items, Value function, bool* done);
void drains_release(Code* code);
void drains_traverse(Code* code, FieldVisitor& visitor);
// Of a comprehension's or generator expression's code: a function that stands for all that MAKE_FUNCTION would make and the
// next instruction call, as nobody sees those. Its cells are nobody's: with free variables, whoever uses it has the right ones.
// Borrowed, deferred, lives as long as the code. nullptr without an exception: other code, other globals, no memory.
Function* comprehension_function(Code* code, Dict* globals);
// Whether drain_of_call may know of a builtin function or method.
bool draws_generators(NativeFunction function);
// The loop that is to be called with the arguments in place of builtin code, where the last of them is a generator whose code is
// hot; nullptr: that is not so. Borrowed, lives as long as the generator's code. Raises nothing.
Function* drain_of_call(Value callable, const Value* arguments, uint32_t count);

}  // namespace pt
