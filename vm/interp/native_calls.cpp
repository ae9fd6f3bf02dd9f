#include "vm/interp/native_calls.h"

#include "vm/object/special_methods.h"
#include "vm/types/drain.h"

namespace pt {

void release_out_of_line(Value v) { release(v); }

namespace {
uint32_t quick_call_word(const NativeDef* def, const NativeSignature* signature, bool method) {
  uint32_t word = kQuickKnown;
  if (draws_generators(def->function)) word |= kQuickLooks;
  for (const SpecialBuiltin& b : kSpecialBuiltins) {
    if (b.function == def->function) word |= kQuickLooks;
  }
  bool self = signature->has_self && !method;
  if (def->positional && !self) return word | kQuickPositional | 0xFF00;
  if (!signature->simple || signature->count > 6) return word;
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

}  // namespace pt
