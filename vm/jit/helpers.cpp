// What compiled code calls: one instruction by the interpreter, and the slow paths of operations.
#include <bit>
#include <cmath>
#include <cstring>

#include "gc/reclaim/qsbr.h"
#include "gc/sync/reservation.h"
#include "jit_stencils/locks.h"
#include "vm/interp/attribute_cache.h"
#include "vm/interp/call_support.h"
#include "vm/interp/frames.h"
#include "vm/interp/generator_frames.h"
#include "vm/interp/hot_loop.h"
#include "vm/jit/emit.h"
#include "vm/jit/facts.h"
#include "vm/object/protocol.h"
#include "vm/types/dict_inl.h"
#include "vm/types/dict_pattern.h"
#include "vm/types/float.h"
#include "vm/types/frame.h"
#include "vm/types/iterators.h"
#include "vm/types/list_inl.h"
#include "vm/types/set.h"
#include "vm/types/slice.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt::jit {
namespace {

// No value has these bits: a borrowed pointer to nothing.
constexpr uint64_t kStopped = Value::kBorrowedBit;

__attribute__((preserve_none)) uint64_t stop(PT_HANDLER_PARAMETERS) {
  thread->record->pc = pc;
  return kStopped;
}
template <int... N>
constexpr Dispatch all_stop(std::integer_sequence<int, N...>) {
  return {{((void)N, stop)...}};
}
// Whatever comes next stops: a handler entered with this table runs one instruction.
constinit const Dispatch g_single_step = all_stop(std::make_integer_sequence<int, kOpcodeCount>{});

// Whether a helper ran something that could have changed what the trace relies on, or freed a buffer it has read.
class Watch {
 public:
  Watch(State* s, const ColdInfo& info)
      : thread_(s->thread),
        info_(info),
        entries_(tls_python_entries),
        fact_changes_(tls_fact_changes),
        epoch_(thread_->qsbr_seen.load(std::memory_order_relaxed)) {}
  bool undisturbed() const {
    return tls_python_entries == entries_ && tls_fact_changes == fact_changes_ &&
           thread_->qsbr_seen.load(std::memory_order_relaxed) == epoch_ && multithreaded() == info_.multithreaded;
  }
  bool report(State* s) const {
    if (undisturbed()) return true;
    s->disturbed = 1;
    return false;
  }

 protected:
  Thread* thread_;
  const ColdInfo& info_;

 private:
  uint64_t entries_, fact_changes_, epoch_;
};

Generator* generator_of(const State* s, const InlinedFrame& f) {
  return reinterpret_cast<Generator*>(s->generators[f.generator]);
}

// The frames of inlined calls are on the record stack while a helper may run Python code; of generators, copies.
class ColdScope : public Watch {
 public:
  // The `leaving` innermost ones are not.
  PT_INLINE ColdScope(State* s, Value* frame, const ColdInfo& info, size_t leaving = 0)
      : Watch(s, info), saved_(thread_->record) {
    if (PT_UNLIKELY(!info.frames->empty())) push(s, frame, leaving);
    thread_->record->pc = info.pc;
  }
  PT_INLINE ~ColdScope() {
    if (PT_UNLIKELY(thread_->record != saved_)) pop();
  }
  ColdScope(const ColdScope&) = delete;
  ColdScope& operator=(const ColdScope&) = delete;

 private:
  void push(State* s, Value* frame, size_t leaving) {
    for (size_t i = 0; i + leaving < info_.frames->size(); ++i) {
      const InlinedFrame& f = (*info_.frames)[i];
      thread_->record->pc = f.caller_pc;
      CallRecord* record = ++thread_->record;
      if (f.generator < 0) {
        *record = record_of(f, frame + f.window);
      } else {
        show(generator_of(s, f), record, frame + f.window);
        record->result_register = f.result_register;
      }
    }
  }
  void pop() {
    while (thread_->record != saved_) {
      CallRecord* record = thread_->record;
      if (PT_UNLIKELY(record->frame_object != nullptr)) frame_detach(record);
      if (PT_UNLIKELY(record->flags & kRecordGenerator)) hide(record);
      --thread_->record;
    }
  }
  void show(Generator* g, CallRecord* record, Value* window) {
    std::memcpy(static_cast<void*>(window), g->registers, g->code->register_count * sizeof(Value));
    generator_attach_window(thread_, g, record, window);
  }
  static void hide(CallRecord* record) {
    std::memset(static_cast<void*>(record->registers - 1), 0, (record->code->register_count + 1) * sizeof(Value));
    record->generator->state.store(GeneratorState::kSuspended, std::memory_order_relaxed);
  }
  CallRecord* saved_;
};

const ColdInfo& info_of(uint64_t word) { return *reinterpret_cast<const ColdInfo*>(word); }

// Another thread's object goes to that thread's queue, which may have to be worked off.
bool is_quiet_item(Value v) {
  if (!v.is_object() || v.empty() || v.as_object()->is_immortal()) return true;
  return is_exact_str(v) && owned_by_this_thread(v.as_object());
}
// Whether the end of a container runs no Python code, seen at a glance: it is small, and nothing that it holds does. Whoever made
// a weak reference to it has left a mark.
bool ends_quietly(const Object* o) {
  constexpr int64_t kFew = 8;
  if (!only_reference(o)) return false;
  const Field* items = nullptr;
  int64_t count = 0;
  switch (o->shape_id.load(std::memory_order_relaxed)) {
    case kShape_list: {
      const auto* list = static_cast<const List*>(o);
      count = list->size.load(std::memory_order_relaxed);
      items = count ? list->buffer.load(std::memory_order_relaxed)->items : nullptr;
      break;
    }
    case kShape_tuple:
      count = static_cast<const Tuple*>(o)->length;
      items = static_cast<const Tuple*>(o)->items;
      break;
    case kShape_set:
    case kShape_frozenset: {
      const SetTable* t = static_cast<const Set*>(o)->table.load(std::memory_order_relaxed);
      if (!t->has_objects) return true;
      if (t->mask >= kFew) return false;
      for (uint64_t i = 0; i <= t->mask; ++i) {
        if (!is_quiet_item(t->entries[i].key.peek())) return false;
      }
      return true;
    }
    default: return false;
  }
  if (count > kFew) return false;
  for (int64_t i = 0; i < count; ++i) {
    if (!is_quiet_item(items[i].peek())) return false;
  }
  return true;
}

// Nothing hangs on these.
bool is_leaf(const Object* o) {
  switch (o->shape_id.load(std::memory_order_relaxed)) {
    case kShape_str:
    case kShape_int:
    case kShape_float:
    case kShape_bytes:
    case kShape_complex:
    case kShape_range_iterator: return true;
    default: return false;
  }
}
uint64_t help_release(State* s, Value* frame, uint64_t word) {
  Value old = Value::from_bits(s->word);
  Object* o = old.as_object();
  const ColdInfo& info = info_of(word);
  const bool held = s->holds, looks = held || !info.frames->empty();  // it is worth a look
  if ((is_leaf(o) && (!held || owned_by_this_thread(o))) || lives_on(o) || (looks && ends_quietly(o))) {
    release(old);
    return kGoOn;
  }
  if (held) s->let_go(s);
  ColdScope scope(s, frame, info);
  release(old);
  return scope.report(s) && !held ? kGoOn : kLeave;
}

bool needs_no_count(const Object* o) {
  return o->local.load(std::memory_order_acquire) == kLocalImmortal || (o->gc_bits.load(std::memory_order_acquire) & kGcDeferred);
}

uint64_t help_guard_open(State* s, Value*, uint64_t) { return try_open(reinterpret_cast<Object*>(s->object)) ? kGoOn : kLeave; }

uint64_t help_own(State* s, Value*, uint64_t) {
  Object* o = Value::from_bits(s->word).as_object();
  if (needs_no_count(o)) {
    s->word = Value::borrowed_object(o).bits();
  } else {
    incref(o);
    s->word = Value::object(o).bits();
  }
  return 1;
}

uint64_t help_promote(State* s, Value*, uint64_t) {
  s->word = promote(Value::from_bits(s->word)).bits();
  return kGoOn;
}

uint64_t help_load_owned(State* s, Value* frame, uint64_t word) {
  ColdScope scope(s, frame, info_of(word));
  bool go_on = true;
  auto let_go = [&] {
    if (!s->holds) return;
    s->let_go(s);
    go_on = false;
  };
  if (s->value) {
    let_go();
    release(Value::from_bits(s->value));
  }
  const auto* field = reinterpret_cast<const Field*>(s->word);
  Value seen = field->peek_acquire();
  if (seen.empty()) return kLeave;
  if (seen.is_object() && needs_no_count(seen.as_object())) {
    if (field->peek_acquire().bits() != seen.bits()) return kLeave;
    s->word = seen.as_borrowed().bits();
    return scope.undisturbed() && go_on ? kGoOn : kLeave;
  }
  Ref<> owned;
  if (seen.is_object() && try_incref(seen.as_object())) {
    owned = Ref<>::steal(seen.untagged());
    go_on &= field->peek_acquire().bits() == seen.bits();
  } else {
    let_go();  // it may have to wait
    go_on &= field->try_load(owned) && owned;
  }
  if (!go_on || !scope.undisturbed()) {
    let_go();  // before the object perhaps ends
    return kLeave;
  }
  s->word = owned.take().bits();
  return kGoOn;
}

// Where a store goes: the offset in the object or, with an offset in the upper half, that in the overflow array.
Field* place_of(uint64_t object, int64_t imm) {
  uint64_t address = object + static_cast<uint32_t>(imm);
  if (uint64_t in_array = static_cast<uint64_t>(imm) >> 32) address = *reinterpret_cast<const uint64_t*>(address) + in_array;
  return reinterpret_cast<Field*>(address);
}

// An immediate over an immediate in an object that other threads may see. Stored once only: what the interpreter did again
// could undo another thread's store.
uint64_t help_store_locked(State* s, Value* frame, uint64_t word) {
  const ColdInfo& info = info_of(word);
  ColdScope scope(s, frame, info);
  auto* o = reinterpret_cast<Object*>(s->object);
  EnteringGuard guard(o);
  if (o->shape_id.load(std::memory_order_relaxed) != info.tag || !scope.undisturbed()) return 0;
  Field* field = place_of(s->object, info.imm);
  Value old = field->peek();
  if (old.empty() || (old.is_object() && !old.as_object()->is_immortal())) return 0;
  field->init_value(Value::from_bits(s->value));
  return 1;
}

uint64_t help_store_item(State* s, Value* frame, uint64_t word) {
  ColdScope scope(s, frame, info_of(word));
  auto* list = reinterpret_cast<List*>(s->object);
  auto i = static_cast<uint64_t>(Value::from_bits(s->value).as_small_int());
  EnteringGuard guard(list);
  if (i >= static_cast<uint64_t>(list->size.load(std::memory_order_relaxed)) || !scope.undisturbed()) return kLeave;
  Field& item = list->buffer.load(std::memory_order_relaxed)->items[i];
  if (item.peek().is_object() && !item.peek().as_object()->is_immortal()) return kLeave;
  item.init_value(Value::from_bits(s->arguments[0]));
  return kGoOn;
}

// Another thread changed the object since its shape was checked. An exception is seen when the trace is left.
uint64_t set_attribute_disturbed(State* s, const ColdInfo& info, Value object, Value value) {
  (void)set_attribute(object, name_at(s->thread, operand_c(load_word(info.pc))), value);
  s->disturbed = 1;
  return 0;
}
uint64_t help_store_any(State* s, Value* frame, uint64_t word) {
  const ColdInfo& info = info_of(word);
  ColdScope scope(s, frame, info);
  auto* o = reinterpret_cast<Object*>(s->object);
  Value value = Value::from_bits(s->value);
  Ref<> content = Ref<>::retain(value);
  bool stored = false;
  {
    EnteringGuard guard(o);
    if (o->shape_id.load(std::memory_order_relaxed) == info.tag) {
      content = place_of(s->object, info.imm)->exchange_locked(std::move(content));
      stored = true;
    }
  }
  content.reset();
  return PT_LIKELY(stored) ? scope.report(s) : set_attribute_disturbed(s, info, Value::object(o), value);
}

// Adds an attribute; `imm`: its offset and, above, the shape with it.
uint64_t help_add_any(State* s, Value* frame, uint64_t word) {
  const ColdInfo& info = info_of(word);
  ColdScope scope(s, frame, info);
  auto* o = reinterpret_cast<Object*>(s->object);
  Value value = Value::from_bits(s->value);
  {
    EnteringGuard guard(o);
    if (PT_LIKELY(o->shape_id.load(std::memory_order_relaxed) == info.tag)) {
      reinterpret_cast<Field*>(s->object + static_cast<uint32_t>(info.imm))->init(Ref<>::retain(value));
      o->shape_id.store(static_cast<uint32_t>(static_cast<uint64_t>(info.imm) >> 32), std::memory_order_release);
      return scope.report(s);
    }
  }
  return set_attribute_disturbed(s, info, Value::object(o), value);
}

// The namespace has another table or more entries than when the trace looked for the name: looks again, for this trace and all
// that enter it.
uint64_t find_global(State* s, uint64_t word, bool absent) {
  auto* word_of_trace = reinterpret_cast<std::atomic<const GlobalReference*>*>(info_of(word).imm);
  const GlobalReference* old = word_of_trace->load(std::memory_order_acquire);
  auto* dict = static_cast<Dict*>(const_cast<void*>(old->dict));
  auto* name = static_cast<Str*>(const_cast<void*>(old->name));
  DictPlace place;
  // It waits for nobody: the trace may have locks, and borrowed values.
  if (!try_dict_place(dict, name, &place) || (place.position < 0) != absent) return kLeave;
  OwnedReference fresh = copy_reference(reference_to(dict, name, place));
  if (!fresh) return kLeave;
  if (!absent) s->word = reinterpret_cast<uint64_t>(&place.field());
  // Release pairs with the acquire in the stencil. Others may be reading the one it had.
  retire_buffer(const_cast<GlobalReference*>(word_of_trace->exchange(fresh.release(), std::memory_order_acq_rel)),
                sizeof(GlobalReference));
  return kGoOn;
}
uint64_t help_global_address(State* s, Value*, uint64_t word) { return find_global(s, word, false); }
uint64_t help_guard_table(State* s, Value*, uint64_t word) { return find_global(s, word, true); }

// x ** y for floats; what is not a plain float is left to the interpreter.
// Not inlined, as the compiler would make x * x of a constant exponent.
[[gnu::noinline]] uint64_t help_pow(State* s, Value*, uint64_t) {
  double x = std::bit_cast<double>(s->object), y = std::bit_cast<double>(s->value);
  if (!std::isfinite(x) || !std::isfinite(y) || (x <= 0.0 && !(x < 0.0 && y == std::floor(y)))) return kLeave;
  double result = std::pow(x, y);
  if (!std::isfinite(result) || result == 0.0) return kLeave;
  s->word = std::bit_cast<uint64_t>(result);
  return kGoOn;
}

uint64_t help_root(State* s, Value*, uint64_t) {
  s->value = std::bit_cast<uint64_t>(0.5);
  return help_pow(s, nullptr, 0);
}
uint64_t help_square(State* s, Value*, uint64_t) {
  double x = std::bit_cast<double>(s->object);
  s->value = std::bit_cast<uint64_t>(2.0);
  s->word = 0;  // of zeros
  return x == 0.0 ? kGoOn : help_pow(s, nullptr, 0);
}

// A result for the trace: without a count where none is needed, a stencil lets go of such a word.
PT_INLINE uint64_t word_of(Ref<> result) {
  Value v = result.take();
  if (v.is_object() && !owned_by_this_thread(v.as_object()) && lives_on(v.as_object())) {
    decref(v.as_object());
    v = v.as_borrowed();
  }
  return v.bits();
}
uint64_t finish(State* s, const Watch& scope, Ref<> result) {
  if (PT_UNLIKELY(!result)) return kRaised;
  s->word = word_of(std::move(result));
  return scope.report(s) ? kGoOn : kLeave;
}
Value argument(const State* s, int64_t i) { return Value::from_bits(s->arguments[i]); }
// Nested runs of traces have States of their own.
const Value* arguments_of(const State* s) { return reinterpret_cast<const Value*>(s->arguments); }
bool are_scalars(const State* s, int count) {
  for (int i = 0; i < count; ++i) {
    Value v = argument(s, i);
    if (v.is_object() && !v.empty() && !is_exact_str(v) && !has_shape(v, kShape_int) && !has_shape(v, kShape_float) &&
        !is_none(v) && !is_bool(v)) {
      return false;
    }
  }
  return true;
}
uint64_t help_call_native(State* s, Value* frame, uint64_t word) {
  const ColdInfo& info = info_of(word);
  const auto* call = reinterpret_cast<const NativeCall*>(info.imm);
  if (call->quiet && are_scalars(s, call->count)) {
    Watch watch(s, info);
    return finish(s, watch, reinterpret_cast<NativeFunction>(const_cast<void*>(call->callee))(arguments_of(s)));
  }
  if (call->leaf) {
    // The world changes only if it waits for a lock.
    const auto& epoch = s->thread->qsbr_seen;
    uint64_t before = epoch.load(std::memory_order_relaxed);
    if (Ref<> result = reinterpret_cast<NativeFunction>(const_cast<void*>(call->leaf))(arguments_of(s))) {
      s->word = word_of(std::move(result));
      if (PT_LIKELY(epoch.load(std::memory_order_relaxed) == before)) return kGoOn;
      s->disturbed = 1;
      return kLeave;
    }
  }
  ColdScope scope(s, frame, info);
  void* callee = const_cast<void*>(call->callee);
  if (call->positional) {
    auto* function = reinterpret_cast<Ref<> (*)(const Value*, uint32_t)>(callee);
    return finish(s, scope, function(arguments_of(s), static_cast<uint32_t>(call->count)));
  }
  return finish(s, scope, reinterpret_cast<NativeFunction>(callee)(arguments_of(s)));
}
// dict.get of an exact dict.
uint64_t help_dict_get(State* s, Value* frame, uint64_t word) {
  Value v, fallback = argument(s, 2);
  int found = dict_find_simple(as_dict(argument(s, 0)), argument(s, 1), &v);
  if (PT_UNLIKELY(found < 0)) {
    s->let_go(s);
    return help_call_native(s, frame, word);
  }
  s->word = (found ? v : fallback.empty() ? none() : register_copy(fallback)).bits();
  return kGoOn;
}
uint64_t help_call_any(State* s, Value* frame, uint64_t word) {
  const ColdInfo& info = info_of(word);
  const auto* target = reinterpret_cast<const NativeCall*>(info.imm);
  ColdScope scope(s, frame, info);
  return finish(s, scope,
                call(Value::object(static_cast<const Object*>(target->callee)),
                     Args{arguments_of(s), static_cast<uint32_t>(target->count)}));
}
uint64_t help_get_iterator(State* s, Value* frame, uint64_t word) {
  Value v = Value::from_bits(s->object);
  ColdScope scope(s, frame, info_of(word));
  return finish(s, scope, get_iter(v));
}
// One of a builtin container that only this thread has, so that nobody else moves it on or is waited for.
bool runs_no_python(Value iterator, const ColdInfo& info) {
  const Object* o = iterator.as_object();
  return !info.multithreaded && has_flag(type_of(iterator), kTypeContainerIterator) &&
         o->local.load(std::memory_order_relaxed) == 1 && o->shared.load(std::memory_order_relaxed) == 0;
}
uint64_t help_next_own_entry(State* s, Value*, uint64_t word) {
  auto* it = reinterpret_cast<DictIterator*>(s->object);
  const int64_t wanted = info_of(word).imm;
  const Object* dict = it->dict.peek().empty() ? nullptr : it->dict.peek().as_object();
  bool locked = false;
  for (int i = 0; dict && i < kMostHeld; ++i) locked |= held_in(s, i) == dict;
  Value key, value;
  if (!dict_next_of_own(it, locked, wanted & 1 ? &key : nullptr, wanted & 2 ? &value : nullptr)) return kLeave;
  s->arguments[0] = key.bits();
  s->arguments[1] = value.bits();
  return kGoOn;
}
// The item, or nothing at the end.
uint64_t help_next_item(State* s, Value* frame, uint64_t word) {
  Value iterator = Value::from_bits(s->object);
  const ColdInfo& info = info_of(word);
  Ref<> item;
  if (runs_no_python(iterator, info)) {
    // What it goes over dies where the frames can be seen.
    Ref<> kept = Ref<>::retain(reinterpret_cast<const Field*>(iterator.as_object() + 1)->peek());
    item = type_of(iterator)->slots.next(iterator);
    if (PT_LIKELY(item)) {
      s->word = item.take().bits();
      return kGoOn;
    }
    ColdScope scope(s, frame, info);
    kept.reset();
    if (error_pending()) return kRaised;
    s->word = 0;
    return scope.report(s) ? kGoOn : kLeave;
  }
  ColdScope scope(s, frame, info);
  item = type_of(iterator)->slots.next(iterator);
  if (PT_UNLIKELY(!item && error_pending())) {
    if (!pending_matches(exc::StopIteration)) return kRaised;
    clear_error();
  }
  s->word = item ? item.take().bits() : 0;
  return scope.report(s) ? kGoOn : kLeave;
}
// What runs no Python code.
uint64_t made(State* s, Ref<> result) {
  if (PT_UNLIKELY(!result)) return kRaised;
  s->word = result.take().bits();
  return kGoOn;
}
uint64_t help_build_tuple(State* s, Value*, uint64_t word) { return made(s, tuple_from(arguments_of(s), info_of(word).imm)); }
uint64_t help_build_list(State* s, Value*, uint64_t word) { return made(s, list_from(arguments_of(s), info_of(word).imm)); }
uint64_t help_build_set(State* s, Value* frame, uint64_t word) {
  const ColdInfo& info = info_of(word);
  if (are_scalars(s, static_cast<int>(info.imm))) return made(s, set_of(arguments_of(s), info.imm));
  ColdScope scope(s, frame, info);
  return finish(s, scope, set_of(arguments_of(s), info.imm));
}
Ref<Dict> dict_of(const Value* pairs, int64_t count) {
  Ref<Dict> dict = dict_new(count);
  for (int64_t i = 0; i < count && dict; ++i) {
    if (!dict_add(dict.get(), pairs[2 * i], pairs[2 * i + 1])) return Ref<Dict>();
  }
  return dict;
}
uint64_t help_build_map(State* s, Value* frame, uint64_t word) {
  const ColdInfo& info = info_of(word);
  const auto* call = reinterpret_cast<const NativeCall*>(info.imm);
  if (call->pattern) return made(s, call->pattern->fill(arguments_of(s)));
  ColdScope scope(s, frame, info);
  return finish(s, scope, dict_of(arguments_of(s), call->count));
}
uint64_t help_add_to_set(State* s, Value* frame, uint64_t word) {
  const ColdInfo& info = info_of(word);
  auto* set = reinterpret_cast<Set*>(s->object);
  Value item = Value::from_bits(s->value);
  if (!info.multithreaded && (item.is_small_int() || is_exact_str(item))) {
    if (int added = set_add_simple(set, item); added >= 0) return kGoOn;
    if (error_pending()) return kRaised;
  }
  ColdScope scope(s, frame, info);
  if (!set_add(set, item)) return kRaised;
  return scope.report(s) ? kGoOn : kLeave;
}
uint64_t help_format(State* s, Value*, uint64_t word) {
  Value v = Value::from_bits(s->object);
  switch (static_cast<char>(info_of(word).imm)) {
    case 's': return made(s, str(v));
    case 'r': return made(s, repr(v));
    case 'a': return made(s, ascii(v));
    default: return made(s, format(v, Value::from_bits(s->value)));
  }
}
uint64_t help_join_text(State* s, Value*, uint64_t word) {
  return made(s, str_concatenation(arguments_of(s), info_of(word).imm));
}
uint64_t help_new_object(State* s, Value*, uint64_t word) {
  Object* o = make_object(*reinterpret_cast<const Layout*>(info_of(word).imm));
  if (PT_UNLIKELY(!o)) return kRaised;
  s->word = Value::object(o).bits();
  return kGoOn;
}
uint64_t help_init_any(State* s, Value*, uint64_t) {
  reinterpret_cast<Field*>(s->object)->init(Ref<>::retain(Value::from_bits(s->value)));
  return kGoOn;
}
uint64_t help_box_any(State* s, Value*, uint64_t) { return made(s, float_from_double(std::bit_cast<double>(s->word))); }
// `imm`: the BinaryOp, plus 64 when in place.
uint64_t help_binary(State* s, Value* frame, uint64_t word) {
  const ColdInfo& info = info_of(word);
  auto op = static_cast<BinaryOp>(info.imm & 63);
  Value a = argument(s, 0), b = argument(s, 1);
  if (Ref<> result; number_operation(op, a, b, &result)) return made(s, std::move(result));
  // `tag`: the register, from kSlotBias on, that holds a, and gets the sum.
  if (info.tag && frame[static_cast<int32_t>(info.tag) - kSlotBias].bits() == (a.bits() & ~Value::kBorrowedBit)) {
    Str* sum = str_append(as_str(a), as_str(b));
    if (sum == as_str(a)) incref(sum);  // the register gives its count back
    ColdScope scope(s, frame, info);
    return finish(s, scope, sum ? Ref<>::steal(Value::object(sum)) : Ref<>());
  }
  ColdScope scope(s, frame, info);
  return finish(s, scope, info.imm & 64 ? inplace_operation(op, a, b) : binary_operation(op, a, b));
}
uint64_t truth_result(State* s, int t) {
  if (t < 0) return kRaised;
  s->word = boolean(t != 0).bits();
  return kGoOn;
}
// Strings, numbers and singletons: no Python code, and no frames but those an exception is raised in.
uint64_t help_compare(State* s, Value*, uint64_t word) {
  auto op = static_cast<CompareOp>(info_of(word).imm);
  Value a = Value::from_bits(s->object), b = Value::from_bits(s->value);
  if ((op == CompareOp::kEq || op == CompareOp::kNe) && is_exact_str(a) && is_exact_str(b)) {
    return truth_result(s, str_equal(as_str(a), as_str(b)) == (op == CompareOp::kEq));
  }
  return truth_result(s, compare_truth(a, b, op));
}
// Without Python code; -1: it cannot be told that way.
int contains_simple(Value container, Value item) {
  switch (container.as_object()->shape_id.load(std::memory_order_relaxed)) {
    case kShape_dict: return dict_contains_simple(as_dict(container), item);
    case kShape_set:
    case kShape_frozenset: return set_contains_simple(as_set(container), item);
    default: return -1;
  }
}
uint64_t help_contains(State* s, Value* frame, uint64_t word) {
  Value container = Value::from_bits(s->object), item = Value::from_bits(s->value);
  if (is_exact_str(container) && is_exact_str(item)) return truth_result(s, str_contains(as_str(container), as_str(item)));
  if (int simple = contains_simple(container, item); simple >= 0) return truth_result(s, simple);
  s->let_go(s);
  ColdScope scope(s, frame, info_of(word));
  uint64_t done = truth_result(s, contains(container, item));
  if (done == kRaised) return done;
  return scope.report(s) ? kGoOn : kLeave;
}
// `imm` 1: of a dict, what is not there gives nothing.
uint64_t help_get_item(State* s, Value* frame, uint64_t word) {
  Value container = argument(s, 0), key = argument(s, 1);
  if (is_exact_str(container)) {
    s->let_go(s);
    return made(s, get_item(container, key));
  }
  const ColdInfo& info = info_of(word);
  if (bool exact = is_exact_dict(container); exact || info.imm == kDictOfClass) {
    Value v;
    int found = dict_find_simple(as_dict(container), key, &v);
    if (found > 0 || (found == 0 && exact && info.imm == 1)) {
      s->word = found ? v.bits() : 0;
      return kGoOn;
    }
  }
  s->let_go(s);
  ColdScope scope(s, frame, info);
  return finish(s, scope, get_item(container, key));
}
uint64_t help_get_slice(State* s, Value*, uint64_t) {
  return made(s, plain_slice(argument(s, 0), argument(s, 1), argument(s, 2), argument(s, 3)));
}
uint64_t help_set_slice(State* s, Value* frame, uint64_t word) {
  ColdScope scope(s, frame, info_of(word));
  if (!plain_set_slice(as_list(argument(s, 0)), argument(s, 1), argument(s, 2), argument(s, 3), argument(s, 4))) return kRaised;
  return scope.report(s) ? kGoOn : kLeave;
}
uint64_t help_build_slice(State* s, Value*, uint64_t) {
  return made(s, slice_new(argument(s, 0), argument(s, 1), argument(s, 2)));
}
uint64_t help_delete_item(State* s, Value* frame, uint64_t word) {
  ColdScope scope(s, frame, info_of(word));
  if (!delete_item(argument(s, 0), argument(s, 1))) return kRaised;
  return scope.report(s) ? kGoOn : kLeave;
}
uint64_t help_set_item(State* s, Value* frame, uint64_t word) {
  Value container = argument(s, 0), key = argument(s, 1), value = argument(s, 2);
  if (is_exact_dict(container) || info_of(word).imm == kDictOfClass) {
    Dict* d = as_dict(container);
    if (PT_LIKELY(try_reserve_or_alone(d))) {
      bool done = dict_set_simple(d, key, value);
      unreserve_unless_alone<Reserve::kAtOnce>(d);
      if (done) return kGoOn;
    }
  }
  ColdScope scope(s, frame, info_of(word));
  if (!set_item(container, key, value)) return kRaised;
  return scope.report(s) ? kGoOn : kLeave;
}
uint64_t help_set_item_held(State* s, Value* frame, uint64_t word) {
  if (is_exact_dict(argument(s, 0)) && dict_set_simple(as_dict(argument(s, 0)), argument(s, 1), argument(s, 2))) return kGoOn;
  s->let_go(s);
  return help_set_item(s, frame, word);
}
// There is one thread, or the trace has the list's lock.
uint64_t help_list_append(State* s, Value*, uint64_t) {
  auto* list = reinterpret_cast<List*>(s->object);
  ListBuffer* replaced = nullptr;
  bool done = list_append_locked(list, Ref<>::retain(Value::from_bits(s->value)), &replaced);
  retire_list_buffer(replaced);
  return done || raise_no_memory() ? kGoOn : kRaised;
}
uint64_t help_list_drop(State* s, Value*, uint64_t) {
  auto* list = reinterpret_cast<List*>(s->object);
  ListBuffer* replaced = nullptr;
  list_truncate_locked(list, list->size.load(std::memory_order_relaxed) - 1, &replaced);
  retire_list_buffer(replaced);
  return kGoOn;
}
uint64_t help_list_append_locked(State* s, Value* frame, uint64_t word) {
  ColdScope scope(s, frame, info_of(word));
  if (!list_append(reinterpret_cast<List*>(s->object), Ref<>::retain(Value::from_bits(s->value)))) return kRaised;
  return scope.report(s) ? kGoOn : kLeave;
}

uint64_t help_show_exceptions(State* s, Value* frame, uint64_t word) {
  const auto& exit = *reinterpret_cast<const Exit*>(info_of(word).imm);
  s->thread->record->pc = exit.pc;
  show_exceptions(exit, *s, frame, {});
  return kGoOn;
}

// ---- generators
uint64_t help_promote_register(State* s, Value*, uint64_t) {
  auto* place = reinterpret_cast<Value*>(s->object);
  *place = promote(*place);
  return kGoOn;
}
uint64_t help_new_generator(State* s, Value* frame, uint64_t word) {
  const ColdInfo& info = info_of(word);
  ColdScope scope(s, frame, info);
  return finish(s, scope,
                generator_new(reinterpret_cast<Function*>(s->object), arguments_of(s), static_cast<uint32_t>(info.imm & 0xFF),
                              info.imm >> 8 != 0));
}
uint64_t help_push_generator(State* s, Value* frame, uint64_t word) {
  const auto& f = *reinterpret_cast<const InlinedFrame*>(info_of(word).imm);
  Thread* thread = s->thread;
  Value* window = frame + f.window;
  if (thread->record + kRecordRoom + 1 >= thread->record_limit || window + kFrameRoom > thread->stack_limit) return kLeave;
  thread->record->pc = f.caller_pc;
  CallRecord* record = ++thread->record;
  generator_materialize(thread, generator_of(s, f), record, window);
  record->result_register = f.result_register;
  return kGoOn;
}
uint64_t help_suspend_generator(State* s, Value*, uint64_t word) {
  generator_suspend_top(s->thread, reinterpret_cast<const uint64_t*>(info_of(word).imm));
  return kGoOn;
}
// `imm`: its record is pushed.
uint64_t help_finish_generator(State* s, Value* frame, uint64_t word) {
  const ColdInfo& info = info_of(word);
  auto* g = reinterpret_cast<Generator*>(s->object);
  Thread* thread = s->thread;
  if (info.imm) {
    Watch watch(s, info);
    thread->record->pc = info.pc;
    Value* window = thread->record->registers;
    generator_end(g);
    pop_record(thread);
    window[-1] = Value();
    generator_finish(thread, g);
    return watch.report(s);
  }
  ColdScope scope(s, frame, info, 1);
  g->state.store(GeneratorState::kFinished, std::memory_order_release);
  generator_drop_registers(g);
  return scope.report(s);
}

// A frame whose locals are gone returns as the interpreter lets it, since destructors have run Python code.
uint64_t help_finish_return(State* s, Value*, uint64_t word) {
  Thread* thread = s->thread;
  CallRecord* record = thread->record;
  record->pc = info_of(word).pc;
  int result = record->result_register;
  pop_record(thread);
  CallRecord* caller = thread->record;
  Value old = caller->registers[result >> 1];
  caller->registers[result >> 1] = Value::from_bits(s->word);
  caller->pc += instruction_words(opcode_of(load_word(caller->pc)));
  release(old);
  return kLeave;
}

}  // namespace

CallRecord record_of(const InlinedFrame& f, Value* window) {
  // A function that is on its way out has left its register.
  auto* function = f.function           ? static_cast<Function*>(const_cast<void*>(f.function))
                   : window[-1].empty() ? nullptr
                                        : as_function(window[-1]);
  CallRecord record{};
  record.code = static_cast<const Code*>(f.code);
  record.function = function;
  record.globals = static_cast<Dict*>(const_cast<void*>(f.globals));
  record.flags = f.flags;
  record.result_register = f.result_register;
  record.registers = window;
  return record;
}

uint64_t help_interpret(State* s, Value* frame, uint64_t interpreted) {
  const auto* what = reinterpret_cast<const Interpreted*>(interpreted);
  Thread* thread = s->thread;
  CallRecord* record = thread->record;
  record->pc = what->pc;
  uint64_t word = load_word(what->pc);
  uint64_t bits =
      g_dispatch.handlers[word & 0xFFFF](thread, record->registers, what->pc, record->code->constants_end, &g_single_step, word);
  if (PT_UNLIKELY(bits != kStopped)) {
    s->finished = 1;
    s->result = bits;
    return 0;
  }
  CallRecord* now = thread->record;
  if (PT_UNLIKELY(now - record != what->depth || now->registers != frame + what->window ||
                  multithreaded() != what->multithreaded)) {
    return kLeave;
  }
  if (now->pc == what->next) return kGoOn;
  return now->pc == what->other ? kOtherWay : kLeave;
}

Helper cold_helper(Op op) {
  switch (op) {
    case Op::kWriteFrame:
    case Op::kClearFrame:
    case Op::kWriteRegister:
    case Op::kClearRegister:
    case Op::kRelease: return help_release;
    case Op::kShowExceptions: return help_show_exceptions;
    case Op::kPromoteRegister: return help_promote_register;
    case Op::kNewGenerator: return help_new_generator;
    case Op::kPushGenerator: return help_push_generator;
    case Op::kSuspendGenerator: return help_suspend_generator;
    case Op::kFinishGenerator: return help_finish_generator;
    case Op::kFinishReturn: return help_finish_return;
    case Op::kOwn: return help_own;
    case Op::kPromote: return help_promote;
    case Op::kLoadOwned:
    case Op::kLoadHeld: return help_load_owned;
    case Op::kStoreLocked:
    case Op::kStoreCell:
    case Op::kStoreOverflow: return help_store_locked;
    case Op::kStoreItemLocked: return help_store_item;
    case Op::kStoreAny: return help_store_any;
    case Op::kAddAny: return help_add_any;
    case Op::kPowFloat: return help_pow;
    case Op::kRootFloat: return help_root;
    case Op::kSquareFloat: return help_square;
    case Op::kGlobalAddress: return help_global_address;
    case Op::kGuardTable: return help_guard_table;
    case Op::kGuardOpen: return help_guard_open;
    case Op::kCallNative: return help_call_native;
    case Op::kDictGet: return help_dict_get;
    case Op::kCallAny: return help_call_any;
    case Op::kGetIterator: return help_get_iterator;
    case Op::kNextItem: return help_next_item;
    case Op::kNextOwnEntry: return help_next_own_entry;
    case Op::kBuildTuple: return help_build_tuple;
    case Op::kBuildList: return help_build_list;
    case Op::kBuildSet: return help_build_set;
    case Op::kBuildMap: return help_build_map;
    case Op::kAddToSet: return help_add_to_set;
    case Op::kFormat: return help_format;
    case Op::kJoinText: return help_join_text;
    case Op::kNewObject: return help_new_object;
    case Op::kInitAny: return help_init_any;
    case Op::kBoxAny: return help_box_any;
    case Op::kListAppend: return help_list_append;
    case Op::kListDrop: return help_list_drop;
    case Op::kListAppendLocked: return help_list_append_locked;
    case Op::kBinaryAny: return help_binary;
    case Op::kCompareAny: return help_compare;
    case Op::kContainsAny: return help_contains;
    case Op::kGetItemAny: return help_get_item;
    case Op::kGetSlice: return help_get_slice;
    case Op::kSetSlice: return help_set_slice;
    case Op::kBuildSlice: return help_build_slice;
    case Op::kDeleteItemAny: return help_delete_item;
    case Op::kSetItemAny: return help_set_item;
    case Op::kSetItemHeld: return help_set_item_held;
    default: return nullptr;
  }
}

}  // namespace pt::jit
