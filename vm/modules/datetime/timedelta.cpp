// datetime.timedelta: construction, comparison, text.
#include "vm/modules/datetime/timedelta.h"

#include <cmath>
#include <cstddef>
#include <cstdio>

#include "vm/types/float.h"

namespace pt::datetime {

constinit Type delta_type = {};

namespace {

constexpr int64_t kFactors[] = {int64_t{kSecondsPerDay} * kMicrosecondsPerSecond,
                                kMicrosecondsPerSecond,
                                1,
                                1000,
                                int64_t{60} * kMicrosecondsPerSecond,
                                int64_t{3600} * kMicrosecondsPerSecond,
                                int64_t{7} * kSecondsPerDay* kMicrosecondsPerSecond};
constexpr const char* kComponents[] = {"days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks"};
// Rounding depends on the order: the small units first.
constexpr int kOrder[] = {2, 3, 1, 4, 5, 0, 6};

// Adds up the components, exactly but for fractions of a microsecond.
class Sum {
 public:
  bool add(Value v, int component) {
    if (v.is_small_int()) {
      exact_ += Wide{v.as_small_int()} * kFactors[component];
      return true;
    }
    if (is_int(v)) return add_large(v, kFactors[component]);
    if (!is_float(v)) {
      return raise(exc::TypeError, "unsupported type for timedelta %s component: %T", kComponents[component], v);
    }
    double whole, fraction = std::modf(as_double(v), &whole);
    if (std::fabs(whole) < 4e18) {
      exact_ += Wide{static_cast<int64_t>(whole)} * kFactors[component];
    } else {
      Ref<> number = int_from_double(whole);
      if (!number || !add_large(number.value(), kFactors[component])) return false;
    }
    if (fraction != 0) {
      fraction = std::modf(fraction * static_cast<double>(kFactors[component]), &whole);
      exact_ += static_cast<int64_t>(whole);
      fraction_ += fraction;
    }
    return true;
  }
  Ref<> result(Type* type) {
    if (!large_) return delta_from_total(exact_ + rounded(exact_ & 1), type);
    Ref<> exact = wide_to_int(exact_);
    Ref<> total = exact ? int_binary(BinaryOp::kAdd, large_.value(), exact.value()) : Ref<>();
    Wide wide;
    // One that does not fit is refused below.
    if (!total || !int_to_wide(total.value(), &wide)) return total ? delta_from_int(total.value(), type) : Ref<>();
    return delta_from_total(wide + rounded(wide & 1), type);
  }

 private:
  bool add_large(Value v, int64_t factor) {
    Ref<> product = int_binary(BinaryOp::kMul, v, Value::small_int(factor));
    if (product && large_) product = int_binary(BinaryOp::kAdd, large_.value(), product.value());
    large_ = std::move(product);
    return static_cast<bool>(large_);
  }
  // The fraction as whole microseconds: halves make the sum even.
  int64_t rounded(bool odd) const {
    if (fraction_ == 0) return 0;
    double whole = std::round(fraction_);
    if (std::fabs(whole - fraction_) == 0.5) whole = 2.0 * std::round((fraction_ + odd) * 0.5) - odd;
    return static_cast<int64_t>(whole);
  }

  Wide exact_ = 0;
  Ref<> large_;
  double fraction_ = 0;
};

Ref<> delta_construct(Type* type, const Args& args) {
  Value a[7];
  static const char kSignature[] = "(days=0, seconds=0, microseconds=0, milliseconds=0, minutes=0, hours=0, weeks=0)";
  if (args.names || args.count > 7) {
    if (!bind_arguments("__new__", kSignature, args, a)) return Ref<>();
  } else {
    for (uint32_t i = 0; i < args.count; ++i) a[i] = args.values[i];
  }
  Sum sum;
  for (int component : kOrder) {
    if (!a[component].empty() && !sum.add(a[component], component)) return Ref<>();
  }
  return sum.result(type);
}

Ref<> delta_compare_slot(Value left, Value right, CompareOp op) {
  if (!is_delta(left) || !is_delta(right)) return not_implemented_ref();
  return bool_ref(ordered(op, delta_compare(as_delta(left), as_delta(right)), 0));
}

Ref<Tuple> state_of(const Delta* d) {
  return tuple_of({Value::small_int(d->days), Value::small_int(d->seconds), Value::small_int(d->microseconds)});
}

Ref<> negative(Value self) { return delta_negated(as_delta(self)); }
Ref<> positive(Value self) {
  Delta* d = as_delta(self);
  return delta_new(d->days, d->seconds, d->microseconds);
}
Ref<> absolute(Value self) { return as_delta(self)->days < 0 ? negative(self) : positive(self); }
int truth_slot(Value self) { return !as_delta(self)->is_zero(); }

Ref<> delta_repr(Value self) {
  Delta* d = as_delta(self);
  char text[96];
  int length = 0;
  auto add = [&](const char* name, int value) {
    if (!value) return;
    length += std::snprintf(text + length, sizeof text - static_cast<size_t>(length), "%s%s=%d", length ? ", " : "", name, value);
  };
  add("days", d->days);
  add("seconds", d->seconds);
  add("microseconds", d->microseconds);
  return str_format("%T(%s)", self, length ? text : "0");
}
Ref<> delta_str(Value self) {
  Delta* d = as_delta(self);
  char text[64];
  int length = 0;
  if (d->days) length = std::snprintf(text, sizeof text, "%d day%s, ", d->days, d->days == 1 || d->days == -1 ? "" : "s");
  length += std::snprintf(text + length, sizeof text - static_cast<size_t>(length), "%d:%02d:%02d", d->seconds / 3600,
                          d->seconds / 60 % 60, d->seconds % 60);
  if (d->microseconds) {
    length += std::snprintf(text + length, sizeof text - static_cast<size_t>(length), ".%06d", d->microseconds);
  }
  return str_from_ascii({text, static_cast<size_t>(length)});
}

Ref<> delta_reduce(const Value* a) {
  Ref<Tuple> state = state_of(as_delta(a[0]));
  return state ? Ref<>(tuple_of({type_value(a[0]), state.value()})) : Ref<>();
}

const NativeDef kMethods[] = {{"total_seconds", "($self, /)", delta_total_seconds, "The whole duration in seconds, as a float."},
                              {"__reduce__", "($self, /)", delta_reduce, "What pickle and copy need: (cls, arguments)."},
                              {}};
const MemberDef kMembers[] = {
    {.name = "days", .offset = offsetof(Delta, days), .doc = "Number of days.", .kind = MemberKind::kInt32},
    {.name = "seconds",
     .offset = offsetof(Delta, seconds),
     .doc = "Number of seconds, at least 0 and less than a day.",
     .kind = MemberKind::kInt32},
    {.name = "microseconds",
     .offset = offsetof(Delta, microseconds),
     .doc = "Number of microseconds, at least 0 and less than a second.",
     .kind = MemberKind::kInt32},
    {}};

}  // namespace

int64_t delta_hash(Value self) {
  Delta* d = as_delta(self);
  int64_t h = d->hash.load(std::memory_order_relaxed);
  if (h) return h;
  Ref<Tuple> state = state_of(d);
  if (!state) return -1;
  h = hash(state.value());
  d->hash.store(h, std::memory_order_relaxed);
  return h;
}

const TypeSpec delta_spec = {
    .name = "datetime.timedelta",
    .size = sizeof(Delta),
    .flags = kTypeBase,
    .slots = {.binary = {delta_add, delta_subtract, delta_multiply, nullptr, delta_true_divide, delta_floor_divide,
                         delta_remainder, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, delta_divmod},
              .unary = {negative, positive, nullptr, absolute},
              .truth = truth_slot,
              .hash = delta_hash,
              .compare = delta_compare_slot,
              .repr = delta_repr,
              .str = delta_str,
              .construct = delta_construct},
    .methods = kMethods,
    .members = kMembers,
    .doc =
        "A duration, the difference between two dates or times.\n\n"
        "Each argument is an int or a float, which may be negative; together they are kept as days, seconds and microseconds.",
    .signature = "(days=0, seconds=0, microseconds=0, milliseconds=0, minutes=0, hours=0, weeks=0)",
};

}  // namespace pt::datetime
