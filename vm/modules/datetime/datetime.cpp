// datetime.datetime: construction, arithmetic, comparison and repr.
#include <cstdio>

#include "vm/modules/datetime/datetime.h"
#include "vm/types/siphash.h"

namespace pt::datetime {

constinit Type datetime_type = {};

namespace {

Ref<> make(Day day, Clock clock, Value tzinfo, int fold, Type* type) {
  Ref<DateTime> t = create<DateTime>(type, datetime_type);
  if (!t) return Ref<>();
  t->day = day;
  t->clock = clock;
  t->fold = static_cast<uint8_t>(fold);
  if (!is_none(tzinfo)) t->tzinfo.init(Ref<>::retain(tzinfo));
  return t;
}

Ref<> construct(Type* type, const Args& args) {
  if (args.count == 1 || args.count == 2) {
    uint8_t state[kDateTimeStateSize];
    int pickled = pickled_state(args.values[0], kDateTimeStateSize, "a datetime", state);
    if (pickled < 0) return Ref<>();
    if (pickled) {
      Value tzinfo = args.count == 2 ? args.values[1] : none();
      if (!is_none(tzinfo) && !is_tzinfo(tzinfo)) return raise(exc::TypeError, "bad tzinfo state arg");
      int fold = state[2] >> 7;
      state[2] &= 0x7f;
      return make(read_day(state), read_clock(state + kDateStateSize), tzinfo, fold, type);
    }
  }
  Value a[9];
  if (!bind_fields("(year, month, day, hour=0, minute=0, second=0, microsecond=0, tzinfo=None, *, fold=0)", args, 3, 8, 9, a)) {
    return Ref<>();
  }
  Moment m{};
  if (!to_field(a[0], &m.year) || !to_field(a[1], &m.month) || !to_field(a[2], &m.day) || !to_field(a[3], &m.hour) ||
      !to_field(a[4], &m.minute) || !to_field(a[5], &m.second) || !to_field(a[6], &m.microsecond) || !to_field(a[8], &m.fold)) {
    return Ref<>();
  }
  m.tzinfo = or_none(a[7]);
  return datetime_new(m, type);
}

Ref<> utcoffset(const DateTime* t) { return call_utcoffset(tzinfo_of(t), value_of(t)); }

Ref<> add(Value left, Value right) {
  if (is_datetime(left)) return is_delta(right) ? datetime_shifted(left, as_delta(right), false) : not_implemented_ref();
  return is_delta(left) && is_datetime(right) ? datetime_shifted(right, as_delta(left), false) : not_implemented_ref();
}
Ref<> subtract(Value left, Value right) {
  if (!is_datetime(left)) return not_implemented_ref();
  if (is_datetime(right)) return datetime_difference(left, right);
  return is_delta(right) ? datetime_shifted(left, as_delta(right), true) : not_implemented_ref();
}

// Whether the offset would be another with the fold the other way: such a time equals none of another zone (PEP 495).
int depends_on_fold(const DateTime* t, Value offset) {
  Ref<> flipped = make(t->day, t->clock, tzinfo_of(t), !t->fold, &datetime_type);
  Ref<> other = flipped ? utcoffset(as_datetime(flipped.value())) : Ref<>();
  if (!other) return -1;
  if (is_none(offset) || is_none(other.value())) return !offset.same(other.value());
  return delta_compare(as_delta(offset), as_delta(other.value())) != 0;
}

int compare_fields(const DateTime* a, const DateTime* b) {
  if (a->day.bits != b->day.bits) return a->day.bits < b->day.bits ? -1 : 1;
  return a->clock.bits < b->clock.bits ? -1 : a->clock.bits > b->clock.bits;
}

Ref<> compare_slot(Value left, Value right, CompareOp op) {
  bool equality = op == CompareOp::kEq || op == CompareOp::kNe;
  if (!is_datetime(left) || !is_datetime(right)) {
    if (!is_date(left) || !is_date(right)) return not_implemented_ref();
    // A date is no datetime at midnight.
    if (equality) return bool_ref(op == CompareOp::kNe);
    return raise(exc::TypeError, "can't compare %T to %T", left, right);
  }
  DateTime *a = as_datetime(left), *b = as_datetime(right);
  if (tzinfo_of(a).same(tzinfo_of(b))) return bool_ref(ordered(op, compare_fields(a, b), 0));
  Ref<> x = utcoffset(a), y = x ? utcoffset(b) : Ref<>();
  if (!y) return y;
  bool x_naive = is_none(x.value()), y_naive = is_none(y.value());
  if (x_naive != y_naive) {
    if (equality) return bool_ref(op == CompareOp::kNe);
    return raise(exc::TypeError, "can't compare offset-naive and offset-aware datetimes");
  }
  int order;
  if (x_naive || delta_compare(as_delta(x.value()), as_delta(y.value())) == 0) {
    order = compare_fields(a, b);
  } else {
    Ref<> difference = datetime_difference(left, right);
    if (!difference) return difference;
    Delta* d = as_delta(difference.value());
    order = d->days < 0 ? -1 : !d->is_zero();
  }
  if (equality && order == 0) {
    int odd = depends_on_fold(a, x.value());
    if (odd == 0) odd = depends_on_fold(b, y.value());
    if (odd < 0) return Ref<>();
    order = odd;
  }
  return bool_ref(ordered(op, order, 0));
}

int64_t hash_slot(Value self) {
  DateTime* t = as_datetime(self);
  int64_t h = t->hash.load(std::memory_order_relaxed);
  if (h) return h;
  // Times that differ in the fold alone are equal.
  Ref<> offset;
  if (t->fold) {
    Ref<> first = make(t->day, t->clock, tzinfo_of(t), 0, &datetime_type);
    offset = first ? utcoffset(as_datetime(first.value())) : Ref<>();
  } else {
    offset = utcoffset(t);
  }
  if (!offset) return -1;
  if (is_none(offset.value())) {
    uint8_t state[kDateTimeStateSize];
    write_state(t->day, state);
    write_state(t->clock, state + kDateStateSize);
    h = hash_bytes(state, kDateTimeStateSize);
  } else {
    Delta* d = as_delta(offset.value());
    Ref<> utc = delta_new(t->day.ordinal() - d->days, t->clock.seconds() - d->seconds, t->clock.microsecond() - d->microseconds);
    h = utc ? delta_hash(utc.value()) : -1;
  }
  if (h != -1) t->hash.store(h, std::memory_order_relaxed);
  return h;
}

Ref<> repr_slot(Value self) {
  DateTime* t = as_datetime(self);
  Clock c = t->clock;
  char text[96];
  int length =
      std::snprintf(text, sizeof text, "%d, %d, %d, %d, %d", t->day.year(), t->day.month(), t->day.day(), c.hour(), c.minute());
  auto append = [&](int value) {
    length += std::snprintf(text + length, sizeof text - static_cast<size_t>(length), ", %d", value);
  };
  if (c.second() || c.microsecond()) append(c.second());
  if (c.microsecond()) append(c.microsecond());
  const char* fold = t->fold ? ", fold=1" : "";
  Value tzinfo = tzinfo_of(t);
  if (is_none(tzinfo)) return str_format("%T(%s%s)", self, text, fold);
  return str_format("%T(%s%s, tzinfo=%R)", self, text, fold, tzinfo);
}
Ref<> str_slot(Value self) {
  Value arguments[] = {self, Value::object(intern(" ")), Value()};
  if (type_of(self) == &datetime_type) return datetime_isoformat(arguments);
  return call_method(self, kIsoformat.str(), {arguments[1]});
}

Ref<> get_hour(Value self) { return small(as_datetime(self)->clock.hour()); }
Ref<> get_minute(Value self) { return small(as_datetime(self)->clock.minute()); }
Ref<> get_second(Value self) { return small(as_datetime(self)->clock.second()); }
Ref<> get_microsecond(Value self) { return small(as_datetime(self)->clock.microsecond()); }
Ref<> get_tzinfo(Value self) { return Ref<>::retain(tzinfo_of(as_datetime(self))); }
Ref<> get_fold(Value self) { return small(as_datetime(self)->fold); }
const GetSetDef kGetSets[] = {{"hour", get_hour},
                              {"minute", get_minute},
                              {"second", get_second},
                              {"microsecond", get_microsecond},
                              {"tzinfo", get_tzinfo},
                              {"fold", get_fold},
                              {}};

}  // namespace

Ref<> datetime_new(const Moment& m, Type* type) {
  if (!check_day(m.year, m.month, m.day) || !check_clock(m.hour, m.minute, m.second, m.microsecond, m.fold) ||
      !check_tzinfo(m.tzinfo)) {
    return Ref<>();
  }
  return make(Day::of(m.year, m.month, m.day), Clock::of(m.hour, m.minute, m.second, m.microsecond), m.tzinfo, m.fold, type);
}

Ref<> datetime_of_class(Value cls, const Moment& m) {
  if (cls.is(&datetime_type)) return datetime_new(m);
  return call_values(cls, {Value::small_int(m.year), Value::small_int(m.month), Value::small_int(m.day), Value::small_int(m.hour),
                           Value::small_int(m.minute), Value::small_int(m.second), Value::small_int(m.microsecond), m.tzinfo});
}

bool shift(const DateTime* t, const Delta* d, bool back, Moment* out) {
  int64_t sign = back ? -1 : 1;
  int64_t microseconds = t->clock.microsecond() + sign * d->microseconds;
  int64_t seconds = t->clock.seconds() + sign * d->seconds;
  int64_t ordinal = t->day.ordinal() + sign * d->days;
  // Once at most, but for fields that unpickling let through.
  auto carry = [](int64_t* low, int64_t unit, int64_t* high) {
    for (; *low < 0; *low += unit) --*high;
    for (; *low >= unit; *low -= unit) ++*high;
  };
  carry(&microseconds, kMicrosecondsPerSecond, &seconds);
  carry(&seconds, kSecondsPerDay, &ordinal);
  if (ordinal < 1 || ordinal > kMaxOrdinal) return raise(exc::OverflowError, "date value out of range");
  CalendarDate day = from_ordinal(static_cast<int>(ordinal));
  auto second = static_cast<uint32_t>(seconds);
  *out = {day.year,
          day.month,
          day.day,
          static_cast<int>(second / 3600),
          static_cast<int>(second / 60 % 60),
          static_cast<int>(second % 60),
          static_cast<int>(microseconds)};
  out->tzinfo = tzinfo_of(t);
  return true;
}

Ref<> datetime_shifted(Value t, const Delta* d, bool back) {
  Moment m;
  if (!shift(as_datetime(t), d, back, &m)) return Ref<>();
  if (type_of(t) != &datetime_type) return datetime_of_class(type_value(t), m);
  return make(Day::of(m.year, m.month, m.day), Clock::of(m.hour, m.minute, m.second, m.microsecond), m.tzinfo, 0, &datetime_type);
}

Ref<> datetime_difference(Value left, Value right) {
  DateTime *a = as_datetime(left), *b = as_datetime(right);
  int64_t days = a->day.ordinal() - b->day.ordinal();
  int64_t seconds = a->clock.seconds() - b->clock.seconds(), microseconds = a->clock.microsecond() - b->clock.microsecond();
  if (!tzinfo_of(a).same(tzinfo_of(b))) {
    Ref<> x = utcoffset(a), y = x ? utcoffset(b) : Ref<>();
    if (!y) return y;
    if (is_none(x.value()) != is_none(y.value())) {
      return raise(exc::TypeError, "can't subtract offset-naive and offset-aware datetimes");
    }
    if (!is_none(x.value())) {
      Delta *d = as_delta(x.value()), *e = as_delta(y.value());
      days -= d->days - e->days;
      seconds -= d->seconds - e->seconds;
      microseconds -= d->microseconds - e->microseconds;
    }
  }
  return delta_new(days, seconds, microseconds);
}

const TypeSpec datetime_spec = {
    .name = "datetime.datetime",
    .size = sizeof(DateTime),
    .flags = kTypeBase,
    .base = &date_type,
    .slots = {.binary = {add, subtract},
              .hash = hash_slot,
              .compare = compare_slot,
              .repr = repr_slot,
              .str = str_slot,
              .construct = construct},
    .traverse = [](Object* o, FieldVisitor& visitor) { visitor(static_cast<DateTime*>(o)->tzinfo); },
    .destroy = [](Object* o) { static_cast<DateTime*>(o)->tzinfo.clear(); },
    .methods = kDateTimeMethods,
    .getsets = kGetSets,
    .doc =
        "A day and a time of it, in a time zone or without.\n\n"
        "Year, month and day are needed; all arguments but tzinfo, which is None or a tzinfo, are ints.",
    .signature = "(year, month, day, hour=0, minute=0, second=0, microsecond=0, tzinfo=None, *, fold=0)",
};

}  // namespace pt::datetime
