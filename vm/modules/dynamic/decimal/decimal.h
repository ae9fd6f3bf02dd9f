#pragma once
// The Python objects of the module: Decimal, Context, the signal dicts.
#include <atomic>

#include "vm/modules/contextvars/contextvars.h"
#include "vm/modules/dynamic/decimal/arithmetic.h"
#include "vm/modules/dynamic/decimal/text.h"
#include "vm/modules/dynamic/support/dynamic.h"
#include "vm/types/str.h"

namespace pt::decimal {

// Immutable once made, but for the cached hash.
struct Decimal : Object {
  int64_t exponent;
  std::atomic<int64_t> hash;  // relaxed; -1: not computed yet
  uint64_t low;               // of the coefficient, or its limbs, owned
  uint64_t high;              // or their number
  int64_t digits;             // of a big one
  bool negative, big;
  bool plain;  // finite, and the coefficient is one word
  Kind kind;
};
// Flags or traps of a context. Conditions set bits and programs set and clear them, from any thread.
struct SignalDict : Object {
  std::atomic<uint32_t> bits;  // relaxed
};
// Settings are independent of each other: an operation in one thread, while another one changes the context, may see some
// old ones and some new ones.
struct Context : Object {
  std::atomic<int64_t> precision, emax, emin;  // relaxed, as the others
  std::atomic<Rounding> rounding;
  std::atomic<bool> clamp, capitals;
  Field flags, traps;  // SignalDicts; immutable after construction

  Rules rules() const {
    constexpr auto kRelaxed = std::memory_order_relaxed;
    return {precision.load(kRelaxed), emax.load(kRelaxed), emin.load(kRelaxed), rounding.load(kRelaxed), clamp.load(kRelaxed)};
  }
  std::atomic<uint32_t>& flag_bits() const { return static_cast<SignalDict*>(flags.peek().as_object())->bits; }
  std::atomic<uint32_t>& trap_bits() const { return static_cast<SignalDict*>(traps.peek().as_object())->bits; }
};

extern Type decimal_type, context_type, signal_dict_mixin_type, context_manager_type;
extern const TypeSpec decimal_spec, context_spec, signal_dict_mixin_spec, context_manager_spec;
extern const NativeDef kDecimalMethods[], kContextMethods[];

inline Decimal* as_decimal(Value v) { return static_cast<Decimal*>(v.as_object()); }
inline Context* as_context(Value v) { return static_cast<Context*>(v.as_object()); }
PT_INLINE bool is_decimal(Value v) {
  if (!v.is_object()) return false;
  Type* type = type_of(v);
  return type == &decimal_type || is_subtype(type, &decimal_type);
}
inline bool is_context(Value v) { return v.is_object() && is_instance_of(v, &context_type); }

// ---- decimal_object.cpp
// The number a Decimal is, to be read while it lives.
PT_INLINE void view_of(Number& out, const Decimal* d) {
  out.negative = d->negative;
  out.kind = d->kind;
  out.exponent = d->exponent;
  if (PT_LIKELY(!d->big)) {
    out.view_small(static_cast<u128>(d->high) << 64 | d->low);
  } else {
    out.view(reinterpret_cast<const uint64_t*>(d->low), static_cast<int64_t>(d->high), d->digits);
  }
}
Ref<> decimal_new(Type* type, Number& n);  // empties n
inline Ref<> decimal_new(Number& n) { return decimal_new(&decimal_type, n); }
// Decimals and ints. False without an exception for anything else.
bool operand_slow(Number& out, Value v);
PT_INLINE bool operand(Number& out, Value v) {
  if (PT_LIKELY(v.is_object() && type_of(v) == &decimal_type)) {
    view_of(out, as_decimal(v));
    return true;
  }
  return operand_slow(out, v);
}
bool required_operand(Number& out, Value v);  // TypeError
Ref<Str> decimal_text(const Number& n, bool engineering, bool capitals);

// ---- conversion.cpp
// Decimal(value), exactly.
Ref<> decimal_from_object(Type* type, Value value, Context* context);
// context.create_decimal(value), rounded.
Ref<> decimal_rounded_from_object(Value value, Context* context);
Ref<> decimal_from_float_exactly(Type* type, Value value);  // Decimal.from_float
Ref<> decimal_to_int(const Number& n, Rounding rounding);
Ref<> decimal_to_float(const Number& n);
Ref<> decimal_integer_ratio(const Number& n);
Ref<> decimal_tuple(const Number& n);
Value decimal_tuple_class();  // decimal_module.cpp
Ref<> decimal_compare(Value left, Value right, CompareOp op);

// ---- hash.cpp, format.cpp
int64_t decimal_hash(Value self);
Ref<> decimal_format(const Value* a);

// ---- context.cpp
Ref<Context> context_copy(const Context* from);
// The running thread's or task's context, borrowed: it may go as soon as Python code runs. nullptr with an exception pending.
Context* running_context_slow();
extern constinit Value g_context_variable;
PT_INLINE Context* running_context() {
  Value found = contextvar_borrow(g_context_variable);
  if (PT_LIKELY(!found.empty() && type_of(found) == &context_type)) return as_context(found);
  return running_context_slow();
}
Ref<Context> current_context();
bool set_current_context(Value context);
Ref<> getcontext(const Value* a);
Ref<> setcontext(const Value* a);
Ref<> localcontext(const Value* a);
// `context` argument: the running one when missing or None; TypeError. Borrowed, too.
PT_INLINE Context* context_argument(Value v) {
  if (PT_LIKELY(v.empty() || is_none(v))) return running_context();
  if (is_context(v)) return as_context(v);
  return raise(exc::TypeError, "optional argument must be a context");
}
// The name of a rounding mode, or TypeError.
bool to_rounding(Value v, Rounding* out);
extern const char* const kRoundingNames[kRoundingCount];
bool make_context_variable();
bool make_standard_contexts(Module* module);

// ---- signals.cpp
bool make_signals(Module* module);
Ref<SignalDict> signal_dict_new(uint32_t bits);
Ref<> signal_list(uint32_t bits);                        // the signals that are set
bool signals_from_object(Value v, bool lists, uint32_t* out);  // a signal dict, a dict, or with `lists` a list
void append_signal_names(class StrBuilder& out, uint32_t bits);
[[gnu::cold]] bool record_conditions(Context* context, uint32_t flags);  // false: one is trapped
// Enters what happened into the context; false with an exception pending.
PT_INLINE bool record(Context* context, const Status& status) {
  if (PT_UNLIKELY(status.no_memory)) return raise_no_memory();
  if (PT_LIKELY(!status.flags)) return true;
  // Most conditions were seen before.
  uint32_t seen = context->flag_bits().load(std::memory_order_relaxed),
           traps = context->trap_bits().load(std::memory_order_relaxed);
  if (PT_LIKELY(!(status.flags & (~seen | traps)))) return true;
  return record_conditions(context, status.flags);
}
PT_INLINE Ref<> finish(Context* context, Number& n, const Status& status) {
  return PT_LIKELY(record(context, status)) ? decimal_new(n) : Ref<>();
}
// What an operation makes of its operands under the context's rules; `rules` differ in the rounding.
template <auto operation, class... Operands>
PT_INLINE Ref<> computed_by(const Rules& rules, Context* context, const Operands&... operands) {
  Number out;
  Status status;
  return computing([&] { operation(out, operands..., rules, status); }, out) ? finish(context, out, status) : Ref<>();
}
template <auto operation, class... Operands>
PT_INLINE Ref<> computed(Context* context, const Operands&... operands) {
  return computed_by<operation>(context->rules(), context, operands...);
}
Ref<> quotient_and_rest(Context* context, const Number& a, const Number& b);  // divmod

}  // namespace pt::decimal
