#pragma once
// Native code that draws all of a generator leaves the most of it to a loop in Python, which the interpreter runs without
// entering itself anew for each item and the JIT compiles. Each generator code has loops of its own, so that a trace sees one
// generator only. Their frames are hidden (kCodeFlagHidden).
#include <cstdint>

#include "gc/refcount/ref.h"

namespace pt {

struct Code;

enum class DrainKind : uint8_t { kSum, kList, kAny, kAll, kMin, kMax, kCount };

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
void drains_release(Code* code);

}  // namespace pt
