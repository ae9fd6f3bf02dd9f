#include "vm/interp/native_calls.h"

#include "vm/object/special_methods.h"
#include "vm/types/drain.h"

namespace pt {

namespace {
constexpr uint32_t kMostCopied = 6;   // parameters, self included
uint32_t quick_call_word(const NativeDef* def, const NativeSignature* signature, bool method) {
  uint32_t word = kQuickKnown;
  if (draws_generators(def->function)) word |= kQuickLooks;
  for (const SpecialBuiltin& b : kSpecialBuiltins) {
    if (b.function == def->function) word |= kQuickLooks;
  }
  bool self = signature->has_self && !method;
  if (def->positional && !self) return word | kQuickPositional | 0xFF00;
  if (!signature->simple || signature->count > kMostCopied) return word;
  if (self) word |= kQuickSelf;
  return word | signature->required | (signature->positional - signature->required + 1u) << 8 | uint32_t{signature->count} << 16;
}
}  // namespace

uint32_t learn_quick_call(NativeFunctionObject* f) {
  uint32_t word = quick_call_word(f->def, f->signature(), false);
  f->quick.store(word);
  return word;
}
uint32_t learn_quick_call(MethodDescriptor* d) {
  uint32_t word = quick_call_word(d->def, d->signature(), true);
  d->quick.store(word);
  return word;
}

bool call_copied(const NativeDef* def, uint32_t word, Value self, const Value* values, uint32_t count, Value* result) {
  uint32_t first = self.empty() ? 0 : 1;
  if (!quick_fits(word, first + count)) return false;
  if (word & kQuickPositional) {
    *result = def->positional(values, count).take();
    return true;
  }
  Value bound[kMostCopied];
  bound[0] = self;
  for (uint32_t i = 0; i < count; ++i) bound[first + i] = values[i];
  *result = def->function(bound).take();
  return true;
}

}  // namespace pt
