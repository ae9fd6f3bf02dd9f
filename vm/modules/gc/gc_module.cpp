// The gc module, over gc/collector.
#include "vm/modules/gc/gc_module.h"

#include <cstdio>
#include <utility>

#include "gc/collector/collector.h"
#include "gc/collector/introspect.h"
#include "vm/modules/support/arguments.h"
#include "vm/modules/sys/sys.h"
#include "vm/modules/warnings/warnings.h"
#include "vm/object/interpreter.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

List* garbage_list() { return of_interpreter<List>(PerInterpreter::kGarbage); }
List* callback_list() { return of_interpreter<List>(PerInterpreter::kCollectorCallbacks); }
constinit std::atomic<int64_t> g_thresholds[3] = {700, 10, 10};

// There is one generation. What collect(0) and collect(1) did is told as theirs, everything else as the oldest's.
struct Generation {
  std::atomic<int64_t> collections{0}, collected{0};
  std::atomic<int64_t> younger{0};  // collections of the one below since this was collected last
};
constinit Generation g_generations[3];
constinit thread_local int tls_generation = 2;  // which one the running collect() was asked for

// The result of a function that filled `found`; false: memory is out.
Ref<> to_list(bool complete, const ValueList& found, Value omitted = Value()) {
  if (!complete) return raise_no_memory();
  Ref<List> list = list_new(static_cast<int64_t>(found.size()));
  for (size_t i = 0; list && i < found.size(); ++i) {
    if (!found[i].same(omitted) && !list_append(list.get(), Ref<>::retain(found[i]))) return Ref<>();
  }
  return list;
}

Ref<> gc_enable(const Value*) {
  set_collection_enabled(true);
  return none_ref();
}
Ref<> gc_disable(const Value*) {
  set_collection_enabled(false);
  return none_ref();
}
Ref<> gc_isenabled(const Value*) { return bool_ref(collection_enabled()); }

bool to_generation(Value v, int* out) {
  *out = 2;
  if (!to_cint(v, out)) return false;
  if (*out < 0 || *out > 2) return raise(exc::ValueError, "invalid generation");
  return true;
}
Ref<> gc_collect(const Value* a) {
  int generation;
  if (!to_generation(a[0], &generation)) return Ref<>();
  int outer = std::exchange(tls_generation, generation);
  CollectionResult result = collect();
  tls_generation = outer;
  await_ends();
  return int_from_int64(result.unreachable + result.uncollectable);
}

Ref<> gc_set_debug(const Value* a) {
  int flags;
  if (!to_cint(a[0], &flags)) return Ref<>();
  set_collector_debug(static_cast<uint32_t>(flags));
  return none_ref();
}
Ref<> gc_get_debug(const Value*) { return int_from_int64(collector_debug()); }
Ref<> gc_get_count(const Value*) {
  Ref<> count = int_from_int64(collection_count());
  return tuple_of({count.value(), Value::small_int(g_generations[1].younger.load(std::memory_order_relaxed)),
                   Value::small_int(g_generations[2].younger.load(std::memory_order_relaxed))});
}
Ref<> gc_set_threshold(const Value* a) {
  int values[3];
  for (int i = 0; i < 3; ++i) {
    if (a[i].empty()) continue;
    if (!to_cint(a[i], &values[i])) return Ref<>();
  }
  for (int i = 0; i < 3; ++i) {
    if (!a[i].empty()) g_thresholds[i].store(values[i], std::memory_order_relaxed);
  }
  set_collection_threshold(g_thresholds[0].load(std::memory_order_relaxed));
  return none_ref();
}
Ref<> gc_get_threshold(const Value*) {
  return tuple_of({Value::small_int(g_thresholds[0].load(std::memory_order_relaxed)),
                   Value::small_int(g_thresholds[1].load(std::memory_order_relaxed)),
                   Value::small_int(g_thresholds[2].load(std::memory_order_relaxed))});
}
Ref<> gc_get_stats(const Value*) {
  // The totals last: they include every collection of a younger generation counted here.
  int64_t collections[3], collected[3];
  for (int i = 0; i < 2; ++i) {
    collections[i] = g_generations[i].collections.load(std::memory_order_acquire);
    collected[i] = g_generations[i].collected.load(std::memory_order_acquire);
  }
  CollectorStatistics statistics = collector_statistics();
  collections[2] = statistics.collections - collections[0] - collections[1];
  collected[2] = statistics.collected - collected[0] - collected[1];
  Ref<List> result = list_new();
  for (int i = 0; result && i < 3; ++i) {
    Ref<> values[] = {int_from_int64(collections[i]), int_from_int64(collected[i]),
                      int_from_int64(i == 2 ? statistics.uncollectable : 0)};
    Ref<Dict> d = dict_new();
    if (!d || !dict_set_text(d.get(), "collections", values[0].value()) ||
        !dict_set_text(d.get(), "collected", values[1].value()) || !dict_set_text(d.get(), "uncollectable", values[2].value()) ||
        !list_append(result.get(), std::move(d))) {
      return Ref<>();
    }
  }
  return result;
}

Ref<> gc_get_objects(const Value* a) {
  if (given(a[0])) {
    int64_t generation;
    if (!to_int64(a[0], &generation)) return Ref<>();
    if (generation >= 3)
      return raise(exc::ValueError, "generation parameter must be less than the number of available generations (3)");
    if (generation < 0) return raise(exc::ValueError, "generation parameter cannot be negative");
    if (!audit("gc.get_objects", {a[0]})) return Ref<>();
    if (generation < 2) return list_new();
  } else if (!audit("gc.get_objects", {Value::small_int(-1)})) {
    return Ref<>();
  }
  ValueList found;
  bool complete = tracked_objects(found);
  return to_list(complete, found);
}
const Value* items_of(Value tuple) { return reinterpret_cast<const Value*>(as_tuple(tuple)->items); }
size_t count_of(Value tuple) { return static_cast<size_t>(as_tuple(tuple)->length); }
Ref<> gc_get_referrers(const Value* a) {
  if (!audit("gc.get_referrers", {a[0]})) return Ref<>();
  ValueList found;
  bool complete = referrers(items_of(a[0]), count_of(a[0]), found);
  return to_list(complete, found, a[0]);
}
Ref<> gc_get_referents(const Value* a) {
  if (!audit("gc.get_referents", {a[0]})) return Ref<>();
  ValueList found;
  bool complete = referents(items_of(a[0]), count_of(a[0]), found);
  return to_list(complete, found);
}
Ref<> gc_is_tracked(const Value* a) { return bool_ref(is_tracked(a[0])); }
Ref<> gc_is_finalized(const Value* a) { return bool_ref(is_finalized(a[0])); }
Ref<> gc_freeze(const Value*) {
  freeze_heap();
  return none_ref();
}
Ref<> gc_unfreeze(const Value*) {
  unfreeze_heap();
  return none_ref();
}
Ref<> gc_get_freeze_count(const Value*) { return int_from_int64(frozen_count()); }

// ---- hooks ------------------------------------------------------------------------------------------------------------

void call_callbacks(const char* phase, int64_t collected, int64_t uncollectable) {
  List* callbacks = callback_list();  // those of the interpreter that collects
  if (!callbacks || list_size(callbacks) == 0) return;
  Ref<> saved = error_pending() ? take_error() : Ref<>();
  Ref<Dict> info = dict_new();
  Ref<Str> name = str_from_ascii(phase);
  bool ok = info && name && dict_set_text(info.get(), "generation", Value::small_int(tls_generation)) &&
            dict_set_text(info.get(), "collected", Value::small_int(collected)) &&
            dict_set_text(info.get(), "uncollectable", Value::small_int(uncollectable));
  for (int64_t i = 0; ok && i < list_size(callbacks); ++i) {
    Ref<> callback = list_get(callbacks, i);
    if (!callback) break;
    Ref<> result = call_values(callback.value(), {name.value(), info.value()});
    if (!result) write_unraisable("ignored in", callback.value());
  }
  if (error_pending()) clear_error();
  if (saved) restore_error(std::move(saved));
}

void note_collection(const CollectionResult& result) {
  int generation = tls_generation;
  // Pair with gc_get_stats().
  g_generations[generation].collections.fetch_add(1, std::memory_order_release);
  g_generations[generation].collected.fetch_add(result.unreachable, std::memory_order_release);
  for (int i = 1; i <= generation; ++i) g_generations[i].younger.store(0, std::memory_order_relaxed);
  if (generation < 2) g_generations[generation + 1].younger.fetch_add(1, std::memory_order_relaxed);
}

const NativeDef kFunctions[] = {
    {"enable", "()", gc_enable, "Enable automatic garbage collection."},
    {"disable", "()", gc_disable, "Disable automatic garbage collection."},
    {"isenabled", "()", gc_isenabled, "Returns true if automatic garbage collection is enabled."},
    {"set_debug", "(flags, /)", gc_set_debug, "Set the garbage collection debugging flags."},
    {"get_debug", "()", gc_get_debug, "Get the garbage collection debugging flags."},
    {"get_count", "()", gc_get_count, "Return a three-tuple of the current collection counts."},
    {"set_threshold", "(threshold0, threshold1=10, threshold2=10, /)", gc_set_threshold,
     "set_threshold(threshold0, [threshold1, threshold2]) -> None\n\nSets the collection thresholds.  Setting threshold0 to zero "
     "disables\ncollection.\n"},
    {"get_threshold", "()", gc_get_threshold, "Return the current collection thresholds."},
    {"collect", "(generation=2)", gc_collect, "Run the garbage collector."},
    {"get_objects", "(generation=None)", gc_get_objects,
     "Return a list of objects tracked by the collector (excluding the list returned)."},
    {"get_stats", "()", gc_get_stats, "Return a list of dictionaries containing per-generation statistics."},
    {"is_tracked", "(obj, /)", gc_is_tracked, "Returns true if the object is tracked by the garbage collector."},
    {"is_finalized", "(obj, /)", gc_is_finalized, "Returns true if the object has been already finalized by the GC."},
    {"get_referrers", "(*objs)", gc_get_referrers,
     "get_referrers(*objs) -> list\nReturn the list of objects that directly refer to any of objs."},
    {"get_referents", "(*objs)", gc_get_referents,
     "get_referents(*objs) -> list\nReturn the list of objects that are directly referred to by objs."},
    {"freeze", "()", gc_freeze, "Freeze all current tracked objects and ignore them for future collections."},
    {"unfreeze", "()", gc_unfreeze, "Unfreeze all objects in the permanent generation."},
    {"get_freeze_count", "()", gc_get_freeze_count, "Return the number of objects in the permanent generation."},
    {},
};
const IntConstant kConstants[] = {{"DEBUG_STATS", 1},    {"DEBUG_COLLECTABLE", 2}, {"DEBUG_UNCOLLECTABLE", 4},
                                  {"DEBUG_SAVEALL", 32}, {"DEBUG_LEAK", 38},       {}};

bool gc_execute(Module* module) {
  if (!garbage_list()) {
    Ref<List> garbage = list_new(), callbacks = list_new();
    if (!garbage || !callbacks) return false;
    // Immortal lists are no part of the collected heap: what they hold must count as reachable.
    if (in_main_interpreter() && (!add_collector_root(garbage.get()) || !add_collector_root(callbacks.get())))
      return raise_no_memory();
    current_interpreter()->keep(PerInterpreter::kGarbage, std::move(garbage));
    current_interpreter()->keep(PerInterpreter::kCollectorCallbacks, std::move(callbacks));
  }
  if (!g_collector_hooks.started) {
    g_collector_hooks.started = [] { call_callbacks("start", 0, 0); };
    g_collector_hooks.finished = [](const CollectionResult& r) {
      note_collection(r);
      call_callbacks("stop", r.unreachable, r.uncollectable);
    };
    g_collector_hooks.save_garbage = [](Object* o) {
      // The interpreter that collects need not have imported gc.
      if (garbage_list() && !list_append(garbage_list(), Ref<>::retain(Value::object(o)))) clear_error();
    };
  }
  return dict_set_text(module_dict(module), "garbage", Value::object(garbage_list())) &&
         dict_set_text(module_dict(module), "callbacks", Value::object(callback_list())) && module_add_ints(module, kConstants);
}

}  // namespace

void warn_of_garbage() {
  int64_t count = garbage_list() ? list_size(garbage_list()) : 0;
  uint32_t debug = collector_debug();
  if (count == 0 || (debug & kCollectorDebugSaveAll)) return;
  bool listed = debug & kCollectorDebugUncollectable;
  Ref<Str> place = str_from_ascii("gc");
  Ref<Str> message = str_format("gc: %ld uncollectable objects at shutdown%s", count,
                                listed ? "" : "; use gc.set_debug(gc.DEBUG_UNCOLLECTABLE) to list them");
  if (!place || !message ||
      !warn_explicit(Value::object(exc::ResourceWarning), message.value(), place.get(), 0, place.value(), Value())) {
    write_unraisable("ignored in", Value());
  }
  if (!listed) return;
  Ref<> text = repr(Value::object(garbage_list()));
  if (!text) return write_unraisable("ignored in", Value::object(garbage_list()));
  Utf8 utf8(as_str(text.value()));
  if (utf8.ok()) std::fprintf(stderr, "      %s\n", utf8.c_str());
}

extern const NativeModule gc_module;
const NativeModule gc_module = {"gc", "This module provides access to the garbage collector for reference cycles.", kFunctions,
                                gc_execute};
}  // namespace pt
