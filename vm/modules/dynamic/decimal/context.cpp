// Context objects, the current one, and the context managers of localcontext().
#include <climits>

#include "vm/modules/dynamic/decimal/decimal.h"
#include "vm/object/names.h"

namespace pt::decimal {

constinit Type context_type, context_manager_type;
// decimal_context, which holds a thread's or a task's context; immortal, made by the first import.
constinit Value g_context_variable;
const char* const kRoundingNames[kRoundingCount] = {"ROUND_UP",      "ROUND_DOWN",      "ROUND_CEILING",   "ROUND_FLOOR",
                                                    "ROUND_HALF_UP", "ROUND_HALF_DOWN", "ROUND_HALF_EVEN", "ROUND_05UP"};

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr uint32_t kDefaultTraps = kInvalidMask | kDivisionByZero | kOverflow;

// Made by the first import, immortal: templates of new contexts.
constinit Value g_default, g_basic, g_extended;

struct ContextManager : Object {
  Field local, global;  // immutable after construction
};

Ref<Context> context_new(Type* type, const Rules& rules, bool capitals, uint32_t trapped) {
  Ref<SignalDict> flags = signal_dict_new(0), traps = signal_dict_new(trapped);
  Ref<Context> c = flags && traps ? allocate<Context>(type) : Ref<Context>();
  if (!c) return c;
  c->precision.store(rules.precision, kRelaxed);
  c->emax.store(rules.emax, kRelaxed);
  c->emin.store(rules.emin, kRelaxed);
  c->rounding.store(rules.rounding, kRelaxed);
  c->clamp.store(rules.clamp, kRelaxed);
  c->capitals.store(capitals, kRelaxed);
  c->flags.init(std::move(flags));
  c->traps.init(std::move(traps));
  return c;
}
Ref<Context> template_new(Type* type, int64_t precision, Rounding rounding, uint32_t traps) {
  return context_new(type, {precision, 999999, -999999, rounding, false}, true, traps);
}
Ref<Context> default_new(Type* type) { return template_new(type, 28, Rounding::kHalfEven, kDefaultTraps); }
// Its settings and traps, and no flags.
Ref<Context> context_like(Type* type, const Context* from) {
  return context_new(type, from->rules(), from->capitals.load(kRelaxed), from->trap_bits().load(kRelaxed));
}

// ---- Settings ------------------------------------------------------------------------------------------------------------

bool to_setting(Value v, int64_t* out) {
  if (v.empty()) return raise(exc::AttributeError, "context attributes cannot be deleted");
  if (!is_int(v)) return raise(exc::TypeError, "an integer is required");
  if (int_to_int64(v, out)) return true;
  return raise(exc::OverflowError, "Python int too large to convert to C ssize_t");
}
bool set_bounded(std::atomic<int64_t>& slot, Value v, int64_t low, int64_t high, const char* message) {
  int64_t x;
  if (!to_setting(v, &x)) return false;
  if (x < low || x > high) return raise(exc::ValueError, message);
  slot.store(x, kRelaxed);
  return true;
}
bool set_precision(Value self, Value v) {
  return set_bounded(as_context(self)->precision, v, 1, kMaxPrecision, "valid range for prec is [1, MAX_PREC]");
}
bool set_emin(Value self, Value v) {
  return set_bounded(as_context(self)->emin, v, kMinEmin, 0, "valid range for Emin is [MIN_EMIN, 0]");
}
bool set_emax(Value self, Value v) {
  return set_bounded(as_context(self)->emax, v, 0, kMaxEmax, "valid range for Emax is [0, MAX_EMAX]");
}
bool set_switch(std::atomic<bool>& slot, Value v, const char* message) {
  int64_t x;
  if (!to_setting(v, &x)) return false;
  if (x != 0 && x != 1) return raise(exc::ValueError, message);
  slot.store(x, kRelaxed);
  return true;
}
bool set_capitals(Value self, Value v) {
  return set_switch(as_context(self)->capitals, v, "valid values for capitals are 0 or 1");
}
bool set_clamp(Value self, Value v) { return set_switch(as_context(self)->clamp, v, "valid values for clamp are 0 or 1"); }
bool set_rounding(Value self, Value v) {
  Rounding rounding;
  if (v.empty()) return raise(exc::AttributeError, "context attributes cannot be deleted");
  if (!to_rounding(v, &rounding)) return false;
  as_context(self)->rounding.store(rounding, kRelaxed);
  return true;
}
bool set_signals(std::atomic<uint32_t>& bits, Value v, bool lists) {
  uint32_t given_bits;
  if (v.empty()) return raise(exc::AttributeError, "context attributes cannot be deleted");
  if (!signals_from_object(v, lists, &given_bits)) return false;
  bits.store(given_bits, kRelaxed);
  return true;
}
bool set_flags(Value self, Value v) { return set_signals(as_context(self)->flag_bits(), v, false); }
bool set_traps(Value self, Value v) { return set_signals(as_context(self)->trap_bits(), v, false); }

Ref<> get_precision(Value self) { return int_from_int64(as_context(self)->precision.load(kRelaxed)); }
Ref<> get_emin(Value self) { return int_from_int64(as_context(self)->emin.load(kRelaxed)); }
Ref<> get_emax(Value self) { return int_from_int64(as_context(self)->emax.load(kRelaxed)); }
Ref<> get_capitals(Value self) { return int_from_int64(as_context(self)->capitals.load(kRelaxed)); }
Ref<> get_clamp(Value self) { return int_from_int64(as_context(self)->clamp.load(kRelaxed)); }
Ref<> get_rounding(Value self) {
  return Ref<>::retain(Value::object(intern(kRoundingNames[static_cast<int>(as_context(self)->rounding.load(kRelaxed))])));
}
Ref<> get_flags(Value self) { return Ref<>::retain(as_context(self)->flags.peek()); }
Ref<> get_traps(Value self) { return Ref<>::retain(as_context(self)->traps.peek()); }

const GetSetDef kContextGetSets[] = {
    {"prec", get_precision, set_precision},   {"Emax", get_emax, set_emax},    {"Emin", get_emin, set_emin},
    {"rounding", get_rounding, set_rounding}, {"clamp", get_clamp, set_clamp}, {"capitals", get_capitals, set_capitals},
    {"flags", get_flags, set_flags},          {"traps", get_traps, set_traps}, {},
};

constexpr int kSettingCount = 8;
constexpr const char* kSettingNames[kSettingCount] = {"prec", "rounding", "Emin", "Emax", "capitals", "clamp", "flags", "traps"};
bool set_flags_or_list(Value self, Value v) { return set_signals(as_context(self)->flag_bits(), v, true); }
bool set_traps_or_list(Value self, Value v) { return set_signals(as_context(self)->trap_bits(), v, true); }
constexpr bool (*kSetters[kSettingCount])(Value, Value) = {set_precision, set_rounding, set_emin,          set_emax,
                                                           set_capitals,  set_clamp,    set_flags_or_list, set_traps_or_list};

bool apply_settings(Value context, const Value* values) {
  for (int i = 0; i < kSettingCount; ++i) {
    if (given(values[i]) && !kSetters[i](context, values[i])) return false;
  }
  return true;
}

Ref<> context_construct(Type* type, const Args&) {
  // During the first import other threads may have found the type already.
  return g_default.empty() ? default_new(type) : context_like(type, as_context(g_default));
}
bool context_init(Value self, const Args& args) {
  Value values[kSettingCount];
  return bind_arguments("Context",
                        "(prec=None, rounding=None, Emin=None, Emax=None, capitals=None, clamp=None, flags=None, traps=None)",
                        args, values) &&
         apply_settings(self, values);
}

Ref<> context_repr(Value self) {
  const Context* c = as_context(self);
  Ref<Str> head =
      str_format("Context(prec=%ld, rounding=%s, Emin=%ld, Emax=%ld, capitals=%d, clamp=%d, flags=[", c->precision.load(kRelaxed),
                 kRoundingNames[static_cast<int>(c->rounding.load(kRelaxed))], c->emin.load(kRelaxed), c->emax.load(kRelaxed),
                 static_cast<int>(c->capitals.load(kRelaxed)), static_cast<int>(c->clamp.load(kRelaxed)));
  StrBuilder out;
  if (!head) return Ref<>();
  out.append(head.get());
  append_signal_names(out, c->flag_bits().load(kRelaxed));
  out.append_ascii("], traps=[");
  append_signal_names(out, c->trap_bits().load(kRelaxed));
  out.append_ascii("])");
  return out.finish();
}
void context_traverse(Object* o, FieldVisitor& visitor) {
  visitor(static_cast<Context*>(o)->flags);
  visitor(static_cast<Context*>(o)->traps);
}

bool is_template(Value v) { return v.same(g_default) || v.same(g_basic) || v.same(g_extended); }

// ---- Context managers ----------------------------------------------------------------------------------------------------

Ref<> manager_enter(const Value* a) {
  Value local = static_cast<ContextManager*>(a[0].as_object())->local.peek();
  return set_current_context(local) ? Ref<>::retain(local) : Ref<>();
}
Ref<> manager_exit(const Value* a) {
  return set_current_context(static_cast<ContextManager*>(a[0].as_object())->global.peek()) ? bool_ref(false) : Ref<>();
}
void manager_traverse(Object* o, FieldVisitor& visitor) {
  visitor(static_cast<ContextManager*>(o)->local);
  visitor(static_cast<ContextManager*>(o)->global);
}
const NativeDef kManagerMethods[] = {
    {"__enter__", "($self, /)", manager_enter}, {"__exit__", "($self, /, *args)", manager_exit}, {}};

bool add_template(Module* module, Value* slot, const char* name, Ref<Context> made) {
  if (slot->empty()) {
    if (!made) return false;
    make_immortal(made.get());
    *slot = Value::object(made.take());
  }
  return dict_set_text(module_dict(module), name, *slot);
}

}  // namespace

const TypeSpec context_spec = {
    .name = "decimal.Context",
    .size = sizeof(Context),
    .flags = kTypeBase,
    .slots = {.repr = context_repr, .construct = context_construct, .init = context_init},
    .traverse = context_traverse,
    .methods = kContextMethods,
    .getsets = kContextGetSets,
    .doc =
        "The settings of arithmetic: precision, rounding, limits of the exponent, and which conditions raise exceptions.\n\n"
        "    >>> c = Context(prec=3, rounding=ROUND_DOWN, traps=[Overflow])\n    >>> c.divide(2, 3)\n    Decimal('0.666')\n",
    .signature = "(prec=None, rounding=None, Emin=None, Emax=None, capitals=None, clamp=None, flags=None, traps=None)",
};
const TypeSpec context_manager_spec = {
    .name = "decimal.ContextManager",
    .size = sizeof(ContextManager),
    .flags = kTypeNoInstantiate,
    .traverse = manager_traverse,
    .methods = kManagerMethods,
};

bool to_rounding(Value v, Rounding* out) {
  if (is_str(v)) {
    for (int i = 0; i < kRoundingCount; ++i) {
      if (as_str(v)->equals_ascii(kRoundingNames[i])) {
        *out = static_cast<Rounding>(i);
        return true;
      }
    }
  }
  return raise(exc::TypeError,
               "valid values for rounding are:\n  [ROUND_CEILING, ROUND_FLOOR, ROUND_UP, ROUND_DOWN,\n"
               "   ROUND_HALF_UP, ROUND_HALF_DOWN, ROUND_HALF_EVEN,\n   ROUND_05UP]");
}

Ref<Context> context_copy(const Context* from) {
  Ref<Context> c = context_like(&context_type, from);
  if (c) c->flag_bits().store(from->flag_bits().load(kRelaxed), kRelaxed);
  return c;
}

Context* running_context_slow() {
  Value found = contextvar_borrow(g_context_variable);
  if (!found.empty()) {
    if (is_context(found)) return as_context(found);
    return raise(exc::TypeError, "argument must be a context");
  }
  if (error_pending()) return nullptr;
  if (g_default.empty()) return raise(exc::RuntimeError, "decimal is still being imported");  // by another thread
  Ref<Context> fresh = context_like(&context_type, as_context(g_default));
  if (!fresh || !contextvar_set(g_context_variable, fresh.value())) return nullptr;
  return fresh.get();  // the variable holds it
}
Ref<Context> current_context() { return Ref<Context>::retain(running_context()); }

bool set_current_context(Value context) {
  if (!is_context(context)) return raise(exc::TypeError, "argument must be a context");
  if (!is_template(context)) return contextvar_set(g_context_variable, context);
  // The templates stay as they are: what becomes current is a copy.
  Ref<Context> copy = context_like(&context_type, as_context(context));
  return copy && contextvar_set(g_context_variable, copy.value());
}

Ref<> getcontext(const Value*) { return current_context(); }
Ref<> setcontext(const Value* a) { return set_current_context(a[1]) ? none_ref() : Ref<>(); }

Ref<> localcontext(const Value* a) {
  Ref<Context> global = current_context();
  if (!global) return Ref<>();
  Context* source = context_argument(a[1]);
  Ref<Context> local = source ? context_copy(source) : Ref<Context>();
  if (!local) return Ref<>();
  if (!a[2].empty()) {
    Value values[kSettingCount];
    Ref<> held[kSettingCount];
    int64_t position = 0;
    Ref<> key, value;
    while (dict_next(as_dict(a[2]), &position, &key, &value)) {
      int i = 0;
      while (i < kSettingCount && !as_str(key.value())->equals_ascii(kSettingNames[i])) ++i;
      if (i == kSettingCount) {
        return raise(exc::TypeError, "'%U' is an invalid keyword argument for this function", as_str(key.value()));
      }
      held[i] = std::move(value);
      values[i] = held[i].value();
    }
    if (!apply_settings(local.value(), values)) return Ref<>();
  }
  Ref<ContextManager> manager = allocate<ContextManager>(&context_manager_type);
  if (!manager) return Ref<>();
  manager->local.init(std::move(local));
  manager->global.init(std::move(global));
  return manager;
}

bool make_context_variable() {
  if (!g_context_variable.empty()) return true;
  Ref<> type = import_attribute("_contextvars", "ContextVar");
  Ref<Str> name = str_from_ascii("decimal_context");
  Ref<> variable = type && name ? call1(type.value(), name.value()) : Ref<>();
  if (!variable) return false;
  make_immortal(variable.value().as_object());
  g_context_variable = variable.take();
  return true;
}
bool make_standard_contexts(Module* module) {
  return add_template(module, &g_default, "DefaultContext", default_new(&context_type)) &&
         add_template(module, &g_basic, "BasicContext",
                      template_new(&context_type, 9, Rounding::kHalfUp, kDefaultTraps | kUnderflow | kClamped)) &&
         add_template(module, &g_extended, "ExtendedContext", template_new(&context_type, 9, Rounding::kHalfEven, 0));
}

}  // namespace pt::decimal
