// _ptpython: what the runtime tells of itself.
#include "gc/heap/faults.h"
#include "gc/platform/counters.h"
#include "gc/refcount/refcount.h"
#include "gc/sync/mutator.h"
#include "vm/jit/jit.h"
#include "vm/modules/support/arguments.h"
#include "vm/object/module.h"
#include "vm/object/native.h"
#include "vm/types/dict.h"
#include "vm/types/str.h"

namespace pt {
namespace {

Ref<> counters(const Value*) {
  Ref<Dict> all = dict_new();
  for (uint32_t i = 0; all && i < kCounterCount; ++i) {
    auto sum = static_cast<int64_t>(counter_sum(static_cast<Counter>(i)));
    if (!dict_set_text(all.get(), counter_name(i), Value::small_int(sum))) return Ref<>();
  }
  return all;
}

Ref<> describe_counters(const Value*) {
  Ref<Dict> all = dict_new();
  for (uint32_t i = 0; all && i < kCounterCount; ++i) {
    Ref<Str> text = str_from_ascii(counter_description(i));
    if (!text || !dict_set_text(all.get(), counter_name(i), text.value())) return Ref<>();
  }
  return all;
}

// How the object is counted: what a reader in another thread would write to it.
Ref<> counting(const Value* a) {
  if (!a[0].is_object()) return Ref<>::retain(Value::object(intern("immediate")));
  Object* o = a[0].as_object();
  const char* word = o->is_immortal()                                ? "immortal"
                     : o->has_gc_bit(kGcDeferred)                    ? "deferred"
                     : owned_by_this_thread(o)                       ? "own"
                     : o->owner.load(std::memory_order_relaxed) == 0 ? "merged"
                                                                     : "foreign";
  return Ref<>::retain(Value::object(intern(word)));
}

Ref<> is_multithreaded(const Value*) { return bool_ref(multithreaded()); }

Ref<> jit_statistics(const Value*) {
  Ref<Dict> all = dict_new();
  Ref<Dict> aborts = dict_new();
  if (!all || !aborts) return Ref<>();
  for (int i = 0; i < static_cast<int>(jit::Abort::kCount); ++i) {
    auto reason = static_cast<jit::Abort>(i);
    if (!dict_set_text(aborts.get(), jit::abort_text(reason), Value::small_int(static_cast<int64_t>(jit::abort_count(reason))))) {
      return Ref<>();
    }
  }
  if (!dict_set_text(all.get(), "mode", Value::object(intern(jit::mode_name()))) ||
      !dict_set_text(all.get(), "traces", Value::small_int(static_cast<int64_t>(jit::compiled_count()))) ||
      !dict_set_text(all.get(), "code_bytes", Value::small_int(static_cast<int64_t>(jit::code_bytes()))) ||
      !dict_set_text(all.get(), "given_up", aborts.value())) {
    return Ref<>();
  }
  return all;
}

Ref<> start_failing(const Value* a) {
  int64_t start, stop = 0;
  if (!to_int64(a[0], &start) || (!a[1].empty() && !to_int64(a[1], &stop))) return Ref<>();
  return fail_allocations(start, stop) ? none_ref() : Ref<>(raise_no_memory());
}
Ref<> stop_failing(const Value*) { return Ref<>::retain(Value::small_int(end_allocation_failures())); }

const NativeDef kFunctions[] = {
    {"counters", "()", counters, "The runtime's counters, summed over all threads."},
    {"describe_counters", "()", describe_counters, "What each counter counts."},
    {"counting", "(object, /)", counting,
     "How references to the object are counted: immediate, immortal, deferred, own, merged or foreign."},
    {"jit", "()", jit_statistics, "The JIT's mode, the traces it has made, and why recordings were given up."},
    {"fail_allocations", "(start, stop=0, /)", start_failing,
     "Lets this thread's allocations fail, for tests: all but the first start ones, and not those after the first stop ones."},
    {"end_allocation_failures", "()", stop_failing, "Ends it; how many allocations there were."},
    {"multithreaded", "()", is_multithreaded, "Whether a second thread was ever started."},
    {},
};

}  // namespace
extern const NativeModule ptpython_module;
const NativeModule ptpython_module = {"_ptpython", "The runtime's view of itself.", kFunctions, nullptr};
}  // namespace pt
