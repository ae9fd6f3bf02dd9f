// The Decimal type: making objects, operators, text.
#include "vm/modules/dynamic/decimal/decimal.h"

#include "vm/modules/dynamic/decimal/plain.h"
#include "vm/types/str_inl.h"

namespace pt::decimal {

constinit Type decimal_type;

namespace {

void decimal_destroy(Object* o) {
  auto* d = static_cast<Decimal*>(o);
  if (PT_UNLIKELY(d->big)) release_limbs(reinterpret_cast<uint64_t*>(d->low));
}

// ---- Operators -----------------------------------------------------------------------------------------------------------

template <Binary operation>
Ref<> binary(Value left, Value right) {
  Number a, b;
  if (!operand(a, left) || !operand(b, right)) return not_implemented_ref();
  Context* context = running_context();
  return PT_LIKELY(context != nullptr) ? computed<operation>(context, a, b) : Ref<>();
}
using PlainOperation = bool (*)(const Plain&, const Plain&, u128*, int64_t*, bool*);
bool add_plain(const Plain& a, const Plain& b, u128* c, int64_t* e, bool* n) { return plain_add(a, b, false, c, e, n); }
bool subtract_plain(const Plain& a, const Plain& b, u128* c, int64_t* e, bool* n) { return plain_add(a, b, true, c, e, n); }
bool multiply_plain(const Plain& a, const Plain& b, u128* c, int64_t* e, bool* n) { return plain_multiply(a, b, c, e, n); }

// The short way where it is one, else binary().
template <PlainOperation plain, Binary operation>
Ref<> everyday(Value left, Value right) {
  Plain a, b;
  if (PT_LIKELY(plain_operand(left, &a) && plain_operand(right, &b))) {
    Context* context = running_context();
    if (PT_UNLIKELY(!context)) return Ref<>();
    u128 coefficient;
    int64_t exponent;
    bool negative;
    if (PT_LIKELY(plain(a, b, &coefficient, &exponent, &negative) && fits(coefficient, exponent, context))) {
      return plain_new(coefficient, exponent, negative);
    }
  }
  return binary<operation>(left, right);
}
template <Unary operation>
Ref<> unary(Value self) {
  Number a;
  view_of(a, as_decimal(self));
  Context* context = running_context();
  return PT_LIKELY(context != nullptr) ? computed<operation>(context, a) : Ref<>();
}

// Another sign, where that is all there is to do.
enum class Sign : uint8_t { kSame, kOther, kPositive };
template <Sign sign, Unary operation>
Ref<> signed_copy(Value self) {
  Plain a;
  if (PT_LIKELY(plain_operand(self, &a))) {
    Context* context = running_context();
    if (PT_UNLIKELY(!context)) return Ref<>();
    bool negative = sign == Sign::kSame ? a.negative : sign == Sign::kOther && !a.negative;
    if (PT_LIKELY(fits(a.coefficient, a.exponent, context))) return plain_new(a.coefficient, a.exponent, negative);
  }
  return unary<operation>(self);
}

Ref<> divmod_slot(Value left, Value right) {
  Number a, b;
  if (!operand(a, left) || !operand(b, right)) return not_implemented_ref();
  Context* context = running_context();
  return context ? quotient_and_rest(context, a, b) : Ref<>();
}
Ref<> power_slot(Value base, Value exponent, Value modulus) {
  Number a, b, m;
  if (!operand(a, base) || !operand(b, exponent)) return not_implemented_ref();
  if (given(modulus) && !operand(m, modulus)) return not_implemented_ref();
  Context* context = running_context();
  if (!context) return Ref<>();
  return given(modulus) ? computed<power_modulo>(context, a, b, m) : computed<power>(context, a, b);
}

int truth_slot(Value self) {
  const Decimal* d = as_decimal(self);
  return d->kind != Kind::kFinite || d->big || (d->low | d->high);
}
Ref<> int_slot(Value self) {
  Number n;
  view_of(n, as_decimal(self));
  return decimal_to_int(n, Rounding::kDown);
}
Ref<> float_slot(Value self) {
  Number n;
  view_of(n, as_decimal(self));
  return decimal_to_float(n);
}

// The text of a plain number without an exponent; empty without an exception when it needs one.
Ref<Str> plain_text(const Decimal* d) {
  constexpr int64_t kMostPlaces = 18;
  if (!d->plain || d->exponent > 0 || d->exponent < -kMostPlaces) return Ref<Str>();
  char local[64];
  char *end = local + sizeof local, *start = end;
  uint64_t whole = d->low;
  if (d->exponent < 0) {
    auto unit = static_cast<uint64_t>(kPowers.of[-d->exponent]);
    uint64_t fraction = whole % unit;
    whole /= unit;
    start = write_decimal(end, fraction);
    if (whole == 0 && start - end >= d->exponent + 6) return Ref<Str>();
    while (start - end > d->exponent) *--start = '0';
    *--start = '.';
  }
  start = write_decimal(start, whole);
  if (d->negative) *--start = '-';
  int64_t size = end - start;
  if (size < 2) return Ref<Str>();
  Ref<Str> text = ascii_str_allocate(size);
  if (text) copy_short(text->data1(), reinterpret_cast<const uint8_t*>(start), static_cast<size_t>(size));
  return text;
}

Ref<> str_slot(Value self) {
  Ref<Str> text = plain_text(as_decimal(self));
  if (PT_LIKELY(static_cast<bool>(text))) return text;
  if (error_pending()) return Ref<>();
  Number n;
  view_of(n, as_decimal(self));
  Context* context = running_context();
  if (!context) return Ref<>();
  return decimal_text(n, false, context->capitals.load(std::memory_order_relaxed));
}
Ref<> repr_slot(Value self) {
  Ref<> text = str_slot(self);
  return text ? Ref<>(str_format("Decimal('%U')", as_str(text.value()))) : Ref<>();
}

Ref<> decimal_construct(Type* type, const Args& args) {
  Value values[2];
  if (PT_LIKELY(args.count == 1 && !args.names)) {
    values[0] = args.values[0];
  } else if (!bind_arguments("Decimal", "(value=\"0\", context=None)", args, values)) {
    return Ref<>();
  }
  Context* context = context_argument(values[1]);
  if (!context) return Ref<>();
  if (is_exact_str(values[0]) || is_exact_int(values[0])) return decimal_from_object(type, values[0], context);
  Ref<Context> held = Ref<Context>::retain(context);
  return decimal_from_object(type, values[0], context);
}

Ref<> get_real(Value self) { return Ref<>::retain(self); }
Ref<> get_imaginary(Value) {
  Number zero;
  return decimal_new(zero);
}
const GetSetDef kDecimalGetSets[] = {{"real", get_real}, {"imag", get_imaginary}, {}};

constexpr Slots decimal_slots() {
  Slots s;
  s.binary[static_cast<int>(BinaryOp::kAdd)] = everyday<add_plain, add>;
  s.binary[static_cast<int>(BinaryOp::kSub)] = everyday<subtract_plain, subtract>;
  s.binary[static_cast<int>(BinaryOp::kMul)] = everyday<multiply_plain, multiply>;
  s.binary[static_cast<int>(BinaryOp::kTrueDiv)] = binary<divide>;
  s.binary[static_cast<int>(BinaryOp::kFloorDiv)] = binary<divide_integer>;
  s.binary[static_cast<int>(BinaryOp::kMod)] = binary<remainder>;
  s.binary[static_cast<int>(BinaryOp::kPow)] = binary<power>;
  s.binary[static_cast<int>(BinaryOp::kDivmod)] = divmod_slot;
  s.power = power_slot;
  s.unary[static_cast<int>(UnaryOp::kNeg)] = signed_copy<Sign::kOther, minus>;
  s.unary[static_cast<int>(UnaryOp::kPos)] = signed_copy<Sign::kSame, plus>;
  s.unary[static_cast<int>(UnaryOp::kAbs)] = signed_copy<Sign::kPositive, absolute>;
  s.unary[static_cast<int>(UnaryOp::kInt)] = int_slot;
  s.unary[static_cast<int>(UnaryOp::kFloat)] = float_slot;
  s.truth = truth_slot;
  s.hash = decimal_hash;
  s.compare = decimal_compare;
  s.repr = repr_slot;
  s.str = str_slot;
  s.construct = decimal_construct;
  return s;
}

}  // namespace

const TypeSpec decimal_spec = {
    .name = "decimal.Decimal",
    .size = sizeof(Decimal),
    .flags = kTypeBase,
    .slots = decimal_slots(),
    .destroy = decimal_destroy,
    .methods = kDecimalMethods,
    .getsets = kDecimalGetSets,
    .doc = "A decimal floating-point number, made of an int, a string, a tuple, a float or another Decimal without rounding.",
    .signature = "(value=\"0\", context=None)",
};

Ref<> decimal_new(Type* type, Number& n) {
  bool big = n.big();
  uint64_t* limbs = nullptr;
  int64_t count, digits;
  if (PT_UNLIKELY(big)) {
    limbs = n.take_limbs(&count, &digits);
    if (!limbs) return raise_no_memory();
  }
  Object* o;
  if (PT_LIKELY(type == &decimal_type)) {
    Shape* shape = type->instance_shape.load(std::memory_order_relaxed);
    o = allocate_object_inline(shape_id_of(shape), sizeof(Decimal), false, false);
    if (PT_UNLIKELY(!o)) (void)raise_no_memory();
  } else {
    o = allocate_instance(type);
  }
  if (PT_UNLIKELY(!o)) {
    release_limbs(limbs);
    return Ref<>();
  }
  auto* d = static_cast<Decimal*>(o);
  d->exponent = n.exponent;
  d->hash.store(-1, std::memory_order_relaxed);
  d->negative = n.negative;
  d->kind = n.kind;
  d->big = big;
  d->plain = n.finite() && !big && !(n.small() >> 64);
  if (PT_LIKELY(!big)) {
    d->low = static_cast<uint64_t>(n.small());
    d->high = static_cast<uint64_t>(n.small() >> 64);
  } else {
    d->low = reinterpret_cast<uint64_t>(limbs);
    d->high = static_cast<uint64_t>(count);
    d->digits = digits;
  }
  return Ref<>::steal(Value::object(o));
}

Ref<> quotient_and_rest(Context* context, const Number& a, const Number& b) {
  Number quotient, rest;
  Status status;
  Rules rules = context->rules();
  if (!computing([&] { divide_modulo(quotient, rest, a, b, rules, status); }, quotient, rest) || !record(context, status)) {
    return Ref<>();
  }
  Ref<> q = decimal_new(quotient), r = q ? decimal_new(rest) : Ref<>();
  return r ? Ref<>(tuple_of({q.value(), r.value()})) : Ref<>();
}

bool operand_slow(Number& out, Value v) {
  if (is_int(v)) {
    out.kind = Kind::kFinite;
    out.exponent = 0;
    IntView view(v);
    out.negative = view.negative();
    const uint64_t* limbs = view.limbs();
    int64_t count = view.limb_count();
    if (count <= 2) {
      u128 value = count == 0 ? 0 : count == 1 ? limbs[0] : static_cast<u128>(limbs[1]) << 64 | limbs[0];
      if (value < kSmallLimit) {
        out.view_small(value);
        return true;
      }
    }
    out.view(limbs, count, 0);
    return true;
  }
  if (!is_decimal(v)) return false;
  view_of(out, as_decimal(v));
  return true;
}
bool required_operand(Number& out, Value v) {
  return operand(out, v) ? true : static_cast<bool>(raise(exc::TypeError, "conversion from %T to Decimal is not supported", v));
}

Ref<Str> decimal_text(const Number& n, bool engineering, bool capitals) {
  DigitText digits;
  if (!computing([&] { digits.assign(n); }, digits)) return Ref<Str>();
  size_t room = text_room(digits);
  char local[128];
  char* buffer = room <= sizeof local ? local : static_cast<char*>(memory::allocate(room));
  if (!buffer) return raise_no_memory();
  size_t size = write_number(buffer, n, digits, engineering, capitals);
  Ref<Str> text;
  if (size >= 2) {
    text = ascii_str_allocate(static_cast<int64_t>(size));
    if (text) std::memcpy(text->data1(), buffer, size);
  } else {
    text = str_from_ascii({buffer, size});
  }
  if (buffer != local) memory::release(buffer);
  return text;
}

}  // namespace pt::decimal
