// Signals: their exception classes, and the dicts that hold a context's flags and traps.
#include "vm/modules/dynamic/decimal/decimal.h"
#include "vm/types/list.h"

namespace pt::decimal {

constinit Type signal_dict_mixin_type;

namespace {

struct Signal {
  const char* name;
  uint32_t mask;
};
// In the order of precedence.
constexpr Signal kSignals[] = {
    {"InvalidOperation", kInvalidMask},
    {"FloatOperation", kFloatOperation},
    {"DivisionByZero", kDivisionByZero},
    {"Overflow", kOverflow},
    {"Underflow", kUnderflow},
    {"Subnormal", kSubnormal},
    {"Inexact", kInexact},
    {"Rounded", kRounded},
    {"Clamped", kClamped},
};
constexpr int kSignalCount = 9;
// Why an operation is invalid.
constexpr Signal kConditions[] = {{"InvalidOperation", kInvalidOperation},
                                  {"ConversionSyntax", kConversionSyntax},
                                  {"DivisionImpossible", kDivisionImpossible},
                                  {"DivisionUndefined", kDivisionUndefined},
                                  {"InvalidContext", kInvalidContext}};
constexpr int kConditionCount = 5;

// Classes, made by the first import; immortal.
constinit Value g_base, g_signals[kSignalCount], g_conditions[kConditionCount], g_dict_class;

constexpr const char* kInvalidSignals =
    "valid values for signals are:\n"
    "  [InvalidOperation, FloatOperation, DivisionByZero,\n"
    "   Overflow, Underflow, Subnormal, Inexact, Rounded,\n"
    "   Clamped]";

std::atomic<uint32_t>& bits_of(Value self) { return static_cast<SignalDict*>(self.as_object())->bits; }
bool is_signal_dict(Value v) { return v.is_object() && is_instance_of(v, &signal_dict_mixin_type); }
bool is_set(uint32_t bits, const Signal& signal) { return bits & signal.mask; }

// The mask of a signal's class; 0 with KeyError pending.
uint32_t mask_of(Value key) {
  for (int i = 0; i < kSignalCount; ++i) {
    if (g_signals[i].same(key)) return kSignals[i].mask;
  }
  (void)raise(exc::KeyError, kInvalidSignals);
  return 0;
}

bool make_class(Module* module, Value* slot, const char* name, std::initializer_list<Value> bases) {
  Ref<Tuple> tuple = tuple_of(bases);
  if (!tuple) return false;
  char qualified[64];
  snprintf(qualified, sizeof qualified, "decimal.%s", name);
  return add_exception(module, slot, qualified, name, tuple.value());
}

// ---- SignalDict ----------------------------------------------------------------------------------------------------------

Ref<> dict_get_item(Value self, Value key) {
  uint32_t mask = mask_of(key);
  return mask ? bool_ref(bits_of(self).load(std::memory_order_relaxed) & mask) : Ref<>();
}
bool dict_set_item(Value self, Value key, Value value) {
  if (value.empty()) return raise(exc::ValueError, "signal keys cannot be deleted");
  uint32_t mask = mask_of(key);
  if (!mask) return false;
  int on = truth(value);
  if (on < 0) return false;
  if (on) {
    bits_of(self).fetch_or(mask, std::memory_order_relaxed);
  } else {
    bits_of(self).fetch_and(~mask, std::memory_order_relaxed);
  }
  return true;
}
int64_t dict_length(Value) { return kSignalCount; }
Ref<> dict_iter(Value) {
  Ref<Tuple> keys = tuple_from(g_signals, kSignalCount);
  return keys ? get_iter(keys.value()) : Ref<>();
}
Ref<> dict_repr(Value self) {
  uint32_t bits = bits_of(self).load(std::memory_order_relaxed);
  StrBuilder out;
  out.append_code_point('{');
  for (int i = 0; i < kSignalCount; ++i) {
    Ref<Str> item = str_format("%s%R:%s", i ? ", " : "", g_signals[i], is_set(bits, kSignals[i]) ? "True" : "False");
    if (!item) return Ref<>();
    out.append(item.get());
  }
  out.append_code_point('}');
  return out.finish();
}
Ref<> dict_compare(Value left, Value right, CompareOp op) {
  if ((op != CompareOp::kEq && op != CompareOp::kNe) || !is_signal_dict(left)) return not_implemented_ref();
  uint32_t mine = bits_of(left).load(std::memory_order_relaxed), other;
  if (is_signal_dict(right)) {
    other = bits_of(right).load(std::memory_order_relaxed);
  } else if (is_dict(right)) {
    if (!signals_from_object(right, false, &other)) {
      if (!clear_if(exc::KeyError)) return Ref<>();
      return not_implemented_ref();
    }
  } else {
    return not_implemented_ref();
  }
  bool same = true;
  for (const Signal& signal : kSignals) same = same && is_set(mine, signal) == is_set(other, signal);
  return bool_ref(same == (op == CompareOp::kEq));
}
Ref<> dict_copy_method(const Value* a) {
  uint32_t bits = bits_of(a[0]).load(std::memory_order_relaxed);
  Ref<Dict> out = dict_new(kSignalCount);
  for (int i = 0; out && i < kSignalCount; ++i) {
    if (!dict_set(out.get(), g_signals[i], boolean(is_set(bits, kSignals[i])))) return Ref<>();
  }
  return out;
}
Ref<> dict_construct(Type* type, const Args&) { return allocate<SignalDict>(type); }

const NativeDef kDictMethods[] = {{"copy", "($self, /)", dict_copy_method}, {}};

// InvalidOperation and its kin, DecimalException first.
bool make_exceptions(Module* module) {
  auto base = [](Type* type) { return Value::object(type); };
  auto at = [](const char* name) -> Value* {
    for (int i = 0; i < kSignalCount; ++i) {
      if (!strcmp(kSignals[i].name, name)) return &g_signals[i];
    }
    return nullptr;
  };
  auto make = [&](const char* name, std::initializer_list<Value> bases) { return make_class(module, at(name), name, bases); };
  if (!make_class(module, &g_base, "DecimalException", {base(exc::ArithmeticError)}) || !make("InvalidOperation", {g_base}) ||
      !make("FloatOperation", {g_base, base(exc::TypeError)}) ||
      !make("DivisionByZero", {g_base, base(exc::ZeroDivisionError)}) || !make("Subnormal", {g_base}) ||
      !make("Inexact", {g_base}) || !make("Rounded", {g_base}) || !make("Clamped", {g_base}) ||
      !make("Overflow", {*at("Inexact"), *at("Rounded")}) ||
      !make("Underflow", {*at("Inexact"), *at("Rounded"), *at("Subnormal")})) {
    return false;
  }
  g_conditions[0] = g_signals[0];
  for (int i = 1; i < kConditionCount; ++i) {
    bool division = kConditions[i].mask == kDivisionUndefined;
    auto bases = division ? std::initializer_list<Value>{g_signals[0], base(exc::ZeroDivisionError)}
                          : std::initializer_list<Value>{g_signals[0]};
    if (!make_class(module, &g_conditions[i], kConditions[i].name, bases)) return false;
  }
  return true;
}

}  // namespace

const TypeSpec signal_dict_mixin_spec = {
    .name = "decimal.SignalDictMixin",
    .size = sizeof(SignalDict),
    .flags = kTypeBase,
    .slots = {.length = dict_length,
              .get_item = dict_get_item,
              .set_item = dict_set_item,
              .compare = dict_compare,
              .repr = dict_repr,
              .iter = dict_iter,
              .construct = dict_construct},
    .methods = kDictMethods,
    .unhashable = true,
};

bool make_signals(Module* module) {
  if (!make_exceptions(module)) return false;
  if (!g_dict_class.empty()) return true;
  if (!init_module_type(&signal_dict_mixin_type, &signal_dict_mixin_spec)) return false;
  Ref<> mapping = import_attribute("collections.abc", "MutableMapping");
  Ref<Str> name = str_from_ascii("SignalDict");
  Ref<Dict> names = dict_new();
  if (!mapping || !name || !names) return false;
  Ref<Tuple> bases = tuple_of({Value::object(&signal_dict_mixin_type), mapping.value()});
  if (!bases) return false;
  Ref<> made = call_values(Value::object(type_of(mapping.value())), {name.value(), bases.value(), names.value()});
  if (!made) return false;
  make_immortal(made.value().as_object());
  g_dict_class = made.take();
  return true;
}

Ref<SignalDict> signal_dict_new(uint32_t bits) {
  Ref<SignalDict> dict = allocate<SignalDict>(as_type(g_dict_class));
  if (dict) dict->bits.store(bits, std::memory_order_relaxed);
  return dict;
}

Ref<> signal_list(uint32_t bits) {
  Ref<List> list = list_new();
  for (int i = 0; list && i < kSignalCount; ++i) {
    if (is_set(bits, kSignals[i]) && !list_append(list.get(), Ref<>::retain(g_signals[i]))) return Ref<>();
  }
  return list;
}

void append_signal_names(StrBuilder& out, uint32_t bits) {
  // As repr(context) has always shown them.
  constexpr int kOrder[kSignalCount] = {8, 0, 2, 6, 1, 3, 7, 5, 4};
  bool first = true;
  for (int i : kOrder) {
    if (!is_set(bits, kSignals[i])) continue;
    if (!first) out.append_ascii(", ");
    out.append_ascii(kSignals[i].name);
    first = false;
  }
}

bool signals_from_object(Value v, bool lists, uint32_t* out) {
  if (is_signal_dict(v)) {
    *out = bits_of(v).load(std::memory_order_relaxed);
    return true;
  }
  uint32_t bits = 0;
  if (lists && is_list(v)) {
    bool ok = for_each(v, [&](Value item) {
      for (int i = 0; i < kConditionCount; ++i) {
        if (g_conditions[i].same(item)) {
          bits |= i ? kConditions[i].mask : kInvalidMask;
          return true;
        }
      }
      uint32_t mask = mask_of(item);
      bits |= mask;
      return mask != 0;
    });
    if (ok) *out = bits;
    return ok;
  }
  if (!is_dict(v)) return raise(exc::TypeError, "argument must be a signal dict");
  if (dict_size(as_dict(v)) != kSignalCount) return raise(exc::KeyError, "invalid signal dict");
  for (int i = 0; i < kSignalCount; ++i) {
    Ref<> value = dict_get(as_dict(v), g_signals[i]);
    if (!value) return error_pending() ? false : static_cast<bool>(raise(exc::KeyError, "invalid signal dict"));
    int on = truth(value.value());
    if (on < 0) return false;
    if (on) bits |= kSignals[i].mask;
  }
  *out = bits;
  return true;
}

bool record_conditions(Context* context, uint32_t flags) {
  context->flag_bits().fetch_or(flags, std::memory_order_relaxed);
  uint32_t trapped = flags & context->trap_bits().load(std::memory_order_relaxed);
  if (!trapped) return true;
  // The exception of the first signal, with the list of all conditions as its argument.
  int first = 0;
  while (!is_set(trapped, kSignals[first])) ++first;
  Ref<List> list = list_new();
  if (!list) return false;
  for (int i = 0; i < kConditionCount; ++i) {
    if ((trapped & kConditions[i].mask) && !list_append(list.get(), Ref<>::retain(g_conditions[i]))) return false;
  }
  for (int i = 1; i < kSignalCount; ++i) {
    if ((trapped & kSignals[i].mask) && !list_append(list.get(), Ref<>::retain(g_signals[i]))) return false;
  }
  return raise_value(as_type(g_signals[first]), list.value());
}

}  // namespace pt::decimal
