// datetime.time.
#include <cstdio>

#include "vm/modules/datetime/iso_format.h"
#include "vm/modules/datetime/iso_parse.h"
#include "vm/types/siphash.h"

namespace pt::datetime {

constinit Type time_type = {};

namespace {

Ref<> make(Clock clock, Value tzinfo, int fold, Type* type) {
  Ref<Time> t = create<Time>(type, time_type);
  if (!t) return Ref<>();
  t->clock = clock;
  t->fold = static_cast<uint8_t>(fold);
  if (!is_none(tzinfo)) t->tzinfo.init(Ref<>::retain(tzinfo));
  return t;
}

Ref<> time_construct(Type* type, const Args& args) {
  if (args.count == 1 || args.count == 2) {
    uint8_t state[kTimeStateSize];
    int pickled = pickled_state(args.values[0], kTimeStateSize, "a time", state);
    if (pickled < 0) return Ref<>();
    if (pickled) {
      Value tzinfo = args.count == 2 ? args.values[1] : none();
      if (!is_none(tzinfo) && !is_tzinfo(tzinfo)) return raise(exc::TypeError, "bad tzinfo state arg");
      int fold = state[0] >> 7;
      state[0] &= 0x7f;
      return make(read_clock(state), tzinfo, fold, type);
    }
  }
  Value a[6];
  if (!bind_fields("(hour=0, minute=0, second=0, microsecond=0, tzinfo=None, *, fold=0)", args, 0, 5, 6, a)) return Ref<>();
  int hour = 0, minute = 0, second = 0, microsecond = 0, fold = 0;
  if (!to_field(a[0], &hour) || !to_field(a[1], &minute) || !to_field(a[2], &second) || !to_field(a[3], &microsecond) ||
      !to_field(a[5], &fold)) {
    return Ref<>();
  }
  return time_new(hour, minute, second, microsecond, or_none(a[4]), fold, type);
}

Ref<> time_fromisoformat(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "fromisoformat: argument must be str");
  IsoTime t;
  if (!parse_iso_time(as_str(a[1]), &t)) return raise(exc::ValueError, "Invalid isoformat string: %R", a[1]);
  Ref<> tzinfo = iso_timezone(t);
  if (!tzinfo) return tzinfo;
  if (a[0].is(&time_type)) return time_new(t.hour, t.minute, t.second, t.microsecond, tzinfo.value(), 0);
  return call_values(a[0], {Value::small_int(t.hour), Value::small_int(t.minute), Value::small_int(t.second),
                            Value::small_int(t.microsecond), tzinfo.value()});
}

Ref<> get_hour(Value self) { return small(as_time(self)->clock.hour()); }
Ref<> get_minute(Value self) { return small(as_time(self)->clock.minute()); }
Ref<> get_second(Value self) { return small(as_time(self)->clock.second()); }
Ref<> get_microsecond(Value self) { return small(as_time(self)->clock.microsecond()); }
Ref<> get_tzinfo(Value self) { return Ref<>::retain(tzinfo_of(as_time(self))); }
Ref<> get_fold(Value self) { return small(as_time(self)->fold); }

// A time alone is no moment: its tzinfo is asked about None.
Ref<> utcoffset(const Time* t) { return call_utcoffset(tzinfo_of(t), none()); }
Ref<> time_utcoffset(const Value* a) { return utcoffset(as_time(a[0])); }
Ref<> time_dst(const Value* a) { return call_dst(tzinfo_of(as_time(a[0])), none()); }
Ref<> time_tzname(const Value* a) { return call_tzname(tzinfo_of(as_time(a[0])), none()); }

Ref<> time_isoformat(const Value* a) {
  TimeSpec spec;
  if (!to_timespec(a[1], 1, &spec)) return Ref<>();
  char text[kIsoClockSize + kIsoOffsetSize];
  char* end = put_utcoffset(put_clock(text, as_time(a[0])->clock, spec), tzinfo_of(as_time(a[0])), none(), ":");
  return end ? Ref<>(str_from_ascii({text, static_cast<size_t>(end - text)})) : Ref<>();
}
Ref<> time_strftime(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "strftime() argument 1 must be str, not %T", a[1]);
  Time* t = as_time(a[0]);
  // The year is one that every C library can format.
  Value fields[] = {Value::small_int(1900),
                    Value::small_int(1),
                    Value::small_int(1),
                    Value::small_int(t->clock.hour()),
                    Value::small_int(t->clock.minute()),
                    Value::small_int(t->clock.second()),
                    Value::small_int(0),
                    Value::small_int(1),
                    Value::small_int(-1)};
  Ref<Tuple> tuple = tuple_from(fields, 9);
  return tuple ? format_time(a[1], tuple.value(), tzinfo_of(t), none(), t->clock.microsecond()) : Ref<>();
}
Ref<> time_replace(const Value* a) {
  Time* t = as_time(a[0]);
  int hour = t->clock.hour(), minute = t->clock.minute(), second = t->clock.second(), microsecond = t->clock.microsecond();
  int fold = t->fold;
  if (!to_field(a[1], &hour) || !to_field(a[2], &minute) || !to_field(a[3], &second) || !to_field(a[4], &microsecond) ||
      !to_field(a[6], &fold)) {
    return Ref<>();
  }
  return time_new(hour, minute, second, microsecond, a[5].empty() ? tzinfo_of(t) : a[5], fold, type_of(a[0]));
}

Ref<> reduce(Value self, bool with_fold) {
  Time* t = as_time(self);
  uint8_t state[kTimeStateSize];
  write_state(t->clock, state);
  if (with_fold && t->fold) state[0] |= 0x80;
  return reduced(self, state, kTimeStateSize, tzinfo_of(t));
}
Ref<> time_reduce(const Value* a) { return reduce(a[0], false); }
Ref<> time_reduce_ex(const Value* a) {
  int protocol = 0;
  return to_field(a[1], &protocol) ? reduce(a[0], protocol > 3) : Ref<>();
}

Ref<> time_repr(Value self) {
  Time* t = as_time(self);
  Clock c = t->clock;
  char text[64];
  int length = std::snprintf(text, sizeof text, "%d, %d", c.hour(), c.minute());
  auto add = [&](const char* format, int value) {
    length += std::snprintf(text + length, sizeof text - static_cast<size_t>(length), format, value);
  };
  if (c.second() || c.microsecond()) add(", %d", c.second());
  if (c.microsecond()) add(", %d", c.microsecond());
  const char* fold = t->fold ? ", fold=1" : "";
  Value tzinfo = tzinfo_of(t);
  if (is_none(tzinfo)) return str_format("%T(%s%s)", self, text, fold);
  return str_format("%T(%s, tzinfo=%R%s)", self, text, tzinfo, fold);
}
Ref<> time_str(Value self) { return call_method(self, kIsoformat.str()); }

int64_t time_hash(Value self) {
  Time* t = as_time(self);
  int64_t h = t->hash.load(std::memory_order_relaxed);
  if (h) return h;
  Ref<> offset = utcoffset(t);
  if (!offset) return -1;
  if (is_none(offset.value())) {
    uint8_t state[kTimeStateSize];
    write_state(t->clock, state);
    h = hash_bytes(state, kTimeStateSize);
  } else {
    Delta* d = as_delta(offset.value());
    Ref<> utc = delta_new(-d->days, t->clock.seconds() - d->seconds, t->clock.microsecond() - d->microseconds);
    h = utc ? delta_hash(utc.value()) : -1;
  }
  if (h != -1) t->hash.store(h, std::memory_order_relaxed);
  return h;
}

Ref<> time_compare(Value left, Value right, CompareOp op) {
  if (!is_time(left) || !is_time(right)) return not_implemented_ref();
  Time *a = as_time(left), *b = as_time(right);
  if (tzinfo_of(a).same(tzinfo_of(b))) return bool_ref(ordered(op, a->clock.bits, b->clock.bits));
  Ref<> x = utcoffset(a), y = x ? utcoffset(b) : Ref<>();
  if (!y) return y;
  bool x_naive = is_none(x.value()), y_naive = is_none(y.value());
  if (x_naive && y_naive) return bool_ref(ordered(op, a->clock.bits, b->clock.bits));
  if (x_naive || y_naive) {
    if (op == CompareOp::kEq || op == CompareOp::kNe) return bool_ref(op == CompareOp::kNe);
    return raise(exc::TypeError, "can't compare offset-naive and offset-aware times");
  }
  Delta *d = as_delta(x.value()), *e = as_delta(y.value());
  if (delta_compare(d, e) == 0) return bool_ref(ordered(op, a->clock.bits, b->clock.bits));
  auto utc = [](const Time* t, const Delta* offset) {
    int64_t seconds = t->clock.seconds() - int64_t{offset->days} * kSecondsPerDay - offset->seconds;
    return seconds * (kMicrosecondsPerSecond * int64_t{32}) + t->clock.microsecond();  // unpickled ones may be large
  };
  return bool_ref(ordered(op, utc(a, d), utc(b, e)));
}

const NativeDef kMethods[] = {
    {"isoformat", "($self, /, timespec='auto')", time_isoformat,
     "The time as ISO 8601 has it: HH:MM:SS[.ffffff][+HH:MM].\n\n"
     "timespec says how much of it: 'auto', 'hours', 'minutes', 'seconds', 'milliseconds' or 'microseconds'."},
    {"strftime", "($self, /, format)", time_strftime, "The time as text by a format (see time.strftime())."},
    {"__format__", "($self, format, / )", format_method, "str(self), or strftime() by a format that is not empty."},
    {"utcoffset", "($self, /)", time_utcoffset, "self.tzinfo.utcoffset(None), or None."},
    {"tzname", "($self, /)", time_tzname, "self.tzinfo.tzname(None), or None."},
    {"dst", "($self, /)", time_dst, "self.tzinfo.dst(None), or None."},
    {"replace", "($self, /, hour=..., minute=..., second=..., microsecond=..., tzinfo=..., *, fold=...)", time_replace,
     "The same time but for the given fields."},
    {"fromisoformat", "($type, string, /)", time_fromisoformat, "The time that an ISO 8601 string names.", kClassMethod},
    {"__reduce_ex__", "($self, protocol, / )", time_reduce_ex, "What pickle and copy need: (cls, state)."},
    {"__reduce__", "($self, /)", time_reduce, "What pickle and copy need: (cls, state)."},
    {}};
const GetSetDef kGetSets[] = {{"hour", get_hour},
                              {"minute", get_minute},
                              {"second", get_second},
                              {"microsecond", get_microsecond},
                              {"tzinfo", get_tzinfo},
                              {"fold", get_fold},
                              {}};

}  // namespace

bool check_clock(int hour, int minute, int second, int microsecond, int fold) {
  if (hour < 0 || hour > 23) return raise(exc::ValueError, "hour must be in 0..23");
  if (minute < 0 || minute > 59) return raise(exc::ValueError, "minute must be in 0..59");
  if (second < 0 || second > 59) return raise(exc::ValueError, "second must be in 0..59");
  if (microsecond < 0 || microsecond > 999999) return raise(exc::ValueError, "microsecond must be in 0..999999");
  if (fold != 0 && fold != 1) return raise(exc::ValueError, "fold must be either 0 or 1");
  return true;
}

Ref<> time_new(int hour, int minute, int second, int microsecond, Value tzinfo, int fold, Type* type) {
  if (!check_clock(hour, minute, second, microsecond, fold) || !check_tzinfo(tzinfo)) return Ref<>();
  return make(Clock::of(hour, minute, second, microsecond), tzinfo, fold, type);
}

const TypeSpec time_spec = {
    .name = "datetime.time",
    .size = sizeof(Time),
    .flags = kTypeBase,
    .slots = {.hash = time_hash, .compare = time_compare, .repr = time_repr, .str = time_str, .construct = time_construct},
    .traverse = [](Object* o, FieldVisitor& visitor) { visitor(static_cast<Time*>(o)->tzinfo); },
    .destroy = [](Object* o) { static_cast<Time*>(o)->tzinfo.clear(); },
    .methods = kMethods,
    .getsets = kGetSets,
    .doc = "A time of day, in a time zone or without.\n\nAll arguments but tzinfo, which is None or a tzinfo, are ints.",
    .signature = "(hour=0, minute=0, second=0, microsecond=0, tzinfo=None, *, fold=0)",
};

}  // namespace pt::datetime
