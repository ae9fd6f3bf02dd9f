// The loops that draw the rest of a generator.
#include "vm/types/drain.h"

#include <iterator>
#include <new>

#include "gc/platform/memory.h"
#include "vm/interp/trace.h"
#include "vm/object/descriptors.h"
#include "vm/object/protocol.h"
#include "vm/runtime/runtime.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/generator.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/str_type.h"
#include "vm/types/tuple.h"

namespace pt {

// Of one generator code. Each function is made when it is due and lives as long as the code.
struct Drains {
  std::atomic<Function*> functions[static_cast<int>(DrainKind::kCount)];
  Field comprehension;   // written once, the code being locked
};

namespace {

constexpr int64_t kNativeItems = 64;      // the native loop takes these first
constexpr uint32_t kHotItems = 400;       // drawn of all generators of a code: the next one's loop is Python's at once
constexpr uint32_t kItemsOfACall = 10;    // what setting up a native loop counts

constexpr const char* kSources[] = {
    "def f(items, total):\n for item in items: total = total + item\n return total",
    "def f(items, out):\n for item in items: out.append(item)\n return out",
    "def f(items, _):\n for item in items:\n  if item: return True\n return False",
    "def f(items, _):\n for item in items:\n  if not item: return False\n return True",
    "def f(items, best):\n for item in items:\n  if item < best: best = item\n return best",
    "def f(items, best):\n for item in items:\n  if item > best: best = item\n return best",
    "def f(items):\n total = 0\n for item in items: total = total + item\n return total",
    "def f(items):\n for item in items:\n  if item: return True\n return False",
    "def f(items):\n for item in items:\n  if not item: return False\n return True",
    "def f(items):\n best = unset\n for item in items:\n  if best is unset or item < best: best = item\n"
    " return min(()) if best is unset else best",
    "def f(items):\n best = unset\n for item in items:\n  if best is unset or item > best: best = item\n"
    " return max(()) if best is unset else best",
    "def f(items):\n out = []\n for item in items: out.append(item)\n return out",
    "def f(items):\n out = []\n for item in items: out.append(item)\n return tuple(out)",
    "def f(items):\n out = set()\n for item in items: out.add(item)\n return out",
    "def f(items):\n out = set()\n for item in items: out.add(item)\n return frozenset(out)",
    "def f(items):\n out = []\n for item in items: out.append(item)\n out.sort()\n return out",
    "def f(separator, items):\n out = []\n for item in items: out.append(item)\n return separator.join(out)",
    "def f(items, function):\n for i, item in enumerate(items): items[i] = function(item)",
};
constexpr Type* kTypes[] = {&list_type, &tuple_type, &set_type, &frozenset_type};
constexpr DrainKind kTypeKinds[] = {DrainKind::kListCall, DrainKind::kTupleCall, DrainKind::kSetCall, DrainKind::kFrozensetCall};

// The namespace of all of them, and their code, copied for each generator code. Made once, immortal.
std::atomic<Dict*> g_globals{nullptr};
std::atomic<Code*> g_codes[static_cast<int>(DrainKind::kCount)];

Dict* shared_globals() {
  Dict* globals = g_globals.load(std::memory_order_acquire);
  if (globals) return globals;
  Ref<Dict> fresh = dict_new();
  Ref<> unset = Ref<>(allocate<Object>(&object_type));
  if (!fresh || !unset || !dict_set_text(fresh.get(), "unset", unset.value())) return nullptr;
  for (const char* name : {"min", "max", "tuple", "set", "frozenset", "enumerate"}) {
    Ref<> value = import_builtin(name);
    if (!value || !dict_set_text(fresh.get(), name, value.value())) return nullptr;
  }
  // Pairs with the acquire above and in the loser's exchange.
  if (g_globals.compare_exchange_strong(globals, fresh.get(), std::memory_order_acq_rel, std::memory_order_acquire)) {
    make_immortal(fresh.get());
    return fresh.get();
  }
  return globals;
}
// The loop's iterator takes the parameter's reference along: so it has the only one.
void hand_over_items(Code* code) {
  uint64_t* words = code->words;
  for (uint64_t* at = words; at < words + code->word_count; at += instruction_words(opcode_of(*at))) {
    if (opcode_of(*at) == Opcode::kGET_ITER) *at |= encode(Opcode{}, 0, 1, 0);
  }
}
Code* shared_code(DrainKind kind) {
  auto& place = g_codes[static_cast<int>(kind)];
  if (Code* code = place.load(std::memory_order_acquire)) return code;
  Ref<Str> name = str_from_ascii("<drain>");
  Ref<> module = name ? compile_text({.source = kSources[static_cast<int>(kind)], .filename = name.get()}) : Ref<>();
  if (!module) return nullptr;
  for (uint32_t i = 0; i < as_code(module.value())->constant_count; ++i) {
    Value v = as_code(module.value())->constant(i);
    if (!has_shape(v, kShape_code)) continue;
    as_code(v)->flags |= kCodeFlagHidden;
    hand_over_items(as_code(v));
    Code* seen = nullptr;
    if (!place.compare_exchange_strong(seen, as_code(v), std::memory_order_acq_rel, std::memory_order_acquire)) return seen;
    make_immortal(as_code(v));
    return as_code(v);
  }
  return nullptr;
}
Drains* drains_of(Code* code) {
  Drains* drains = code->drains.load(std::memory_order_acquire);
  if (drains) return drains;
  auto* fresh = static_cast<Drains*>(memory::allocate_zeroed(sizeof(Drains)));
  if (!fresh) return raise_no_memory();
  // Pairs with the acquire above and in the loser's exchange.
  if (code->drains.compare_exchange_strong(drains, fresh, std::memory_order_acq_rel, std::memory_order_acquire)) return fresh;
  memory::release(fresh);
  return drains;
}
// Borrowed; nullptr with an exception pending.
Function* drain_function(Code* code, DrainKind kind) {
  Drains* drains = drains_of(code);
  if (!drains) return nullptr;
  auto& place = drains->functions[static_cast<int>(kind)];
  if (Function* function = place.load(std::memory_order_acquire)) return function;
  Code* shared = shared_code(kind);
  Dict* globals = shared ? shared_globals() : nullptr;
  Ref<Code> copy = globals ? code_copy(shared) : Ref<Code>();
  Ref<> made = copy ? function_new(copy.get(), globals, nullptr) : Ref<>();
  if (!made) return nullptr;
  Function* seen = nullptr;
  Function* function = as_function(made.value());
  if (!place.compare_exchange_strong(seen, function, std::memory_order_acq_rel, std::memory_order_acquire)) return seen;
  (void)made.take();
  return function;
}

}  // namespace

Drain::Drain(Value items) : left_(INT64_MAX), given_(INT64_MAX) {
  if (items.empty() || !has_shape(items, kShape_generator) || PT_UNLIKELY(tracing(current_thread()))) return;
  items_ = items;
  uint32_t drawn = as_generator(items)->code->drawn.load(std::memory_order_relaxed);
  left_ = given_ = drawn >= kHotItems ? 0 : kNativeItems;
}
Drain::~Drain() {
  if (items_.empty() || given_ == 0) return;
  auto& drawn = const_cast<Code*>(as_generator(items_)->code)->drawn;
  drawn.store(drawn.load(std::memory_order_relaxed) + static_cast<uint32_t>(given_ - left_) + kItemsOfACall,
              std::memory_order_relaxed);
}
namespace {
// While it lives, the generator is known to be lent by `held` references of native code and by a temporary of the running
// frame, if there is such a one: nobody sees these, nor do they change before the native call is over.
class Lent {
 public:
  Lent(Generator* g, uint8_t held) : generator_(g) {
    const CallRecord* record = current_thread()->record;
    if (!multithreaded() || !owned_by_this_thread(g) || g->lent > UINT8_MAX / 2) return;
    count_ = held;
    if (record >= current_thread()->record_base) {
      for (uint32_t i = record->code->local_end; i < record->code->register_count; ++i) {
        if (record->registers[i].bits() != Value::object(g).bits()) continue;
        ++count_;
        break;
      }
    }
    g->lent = static_cast<uint8_t>(g->lent + count_);
  }
  ~Lent() {
    if (count_) generator_->lent = static_cast<uint8_t>(generator_->lent - count_);
  }
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;

 private:
  Generator* generator_;
  uint8_t count_ = 0;
};
}  // namespace

Ref<> Drain::rest(DrainKind kind, Value state, uint8_t held) {
  Function* function = drain_function(const_cast<Code*>(as_generator(items_)->code), kind);
  if (!function) return Ref<>();
  Lent lent(as_generator(items_), held);
  return call_values(Value::object(function), {items_, state});
}
namespace {
// kCount: no builtin that draws all of its last argument.
DrainKind kind_of_call(Value callable, const Value* arguments, uint32_t count) {
  if (has_shape(callable, kShape_method_descriptor)) {
    auto* d = reinterpret_cast<const MethodDescriptor*>(callable.as_object());
    bool joins = count == 2 && is_str(arguments[0]) && d->def->function == str_join_method;
    return joins ? DrainKind::kJoinCall : DrainKind::kCount;
  }
  if (count != 1) return DrainKind::kCount;
  if (has_shape(callable, kShape_native_function)) {
    NativeFunction function = reinterpret_cast<NativeFunctionObject*>(callable.as_object())->def->function;
    for (const DrainingBuiltin& b : kDrainingBuiltins) {
      if (b.function == function) return b.kind;
    }
  }
  for (size_t i = 0; i < std::size(kTypes); ++i) {
    if (callable.is(kTypes[i])) return kTypeKinds[i];
  }
  return DrainKind::kCount;
}
}  // namespace
bool draws_generators(NativeFunction function) {
  for (const DrainingBuiltin& b : kDrainingBuiltins) {
    if (b.function == function) return true;
  }
  return function == str_join_method;
}
Function* drain_of_call(Value callable, const Value* arguments, uint32_t count) {
  if (count == 0 || count > 2 || !callable.is_object() || !has_shape(arguments[count - 1], kShape_generator)) return nullptr;
  auto* code = const_cast<Code*>(as_generator(arguments[count - 1])->code);
  if (code->drawn.load(std::memory_order_relaxed) < kHotItems || PT_UNLIKELY(tracing(current_thread()))) return nullptr;
  DrainKind kind = kind_of_call(callable, arguments, count);
  Function* function = kind == DrainKind::kCount ? nullptr : drain_function(code, kind);
  if (!function) clear_error();
  return function;
}
bool map_in_place(List* items, Value function, bool* done) {
  *done = has_shape(function, kShape_function) && as_function(function)->code()->simple_call &&
          as_function(function)->code()->argument_count == 1 && !PT_UNLIKELY(tracing(current_thread()));
  if (!*done) return true;
  Function* loop = drain_function(as_function(function)->code(), DrainKind::kMap);
  return loop && call_values(Value::object(loop), {Value::object(items), function});
}
void drains_release(Code* code) {
  Drains* drains = code->drains.exchange(nullptr, std::memory_order_acq_rel);
  if (!drains) return;
  for (auto& place : drains->functions) {
    if (Function* function = place.load(std::memory_order_acquire)) release(Value::object(function));
  }
  drains->comprehension.clear();
  memory::release(drains);
}
void drains_traverse(Code* code, FieldVisitor& visitor) {
  if (Drains* drains = code->drains.load(std::memory_order_acquire)) visitor(drains->comprehension);
}

namespace {
bool is_comprehension(const Code* code) {
  Value name = code->name.peek();
  if (!is_exact_str(name) || as_str(name)->length < 2 || as_str(name)->at(0) != '<') return false;
  for (const char* known : {"<genexpr>", "<listcomp>", "<dictcomp>", "<setcomp>"}) {
    if (as_str(name)->equals_ascii(known)) return true;
  }
  return false;
}
Ref<> new_comprehension_function(Code* code, Dict* globals) {
  Ref<> made = function_new(code, globals, nullptr);
  Ref<Tuple> cells = made && code->free_count ? tuple_allocate(code->free_count) : Ref<Tuple>();
  if (!made || (code->free_count && !cells)) return Ref<>();
  for (uint32_t i = 0; i < code->free_count; ++i) {
    Ref<> cell = cell_new(Value());
    if (!cell) return cell;
    cells->items[i].init(std::move(cell));
  }
  if (cells) as_function(made.value())->closure.init(std::move(cells));
  make_deferred(made.value().as_object());
  return made;
}
}  // namespace
Function* comprehension_function(Code* code, Dict* globals) {
  Drains* drains = code->drains.load(std::memory_order_acquire);
  Value found = drains ? drains->comprehension.peek_acquire() : Value();
  if (found.empty()) {
    drains = is_comprehension(code) ? drains_of(code) : nullptr;
    Ref<> made = drains ? new_comprehension_function(code, globals) : Ref<>();
    if (!made) {
      clear_error();
      return nullptr;
    }
    LockGuard guard(code);
    if (drains->comprehension.peek().empty()) drains->comprehension.init(std::move(made));
    found = drains->comprehension.peek();
  }
  return as_function(found)->globals() == globals ? as_function(found) : nullptr;
}

}  // namespace pt
