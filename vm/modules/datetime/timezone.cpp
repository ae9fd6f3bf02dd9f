// datetime.timezone: a fixed offset from UTC.
#include "vm/modules/datetime/iso_format.h"

namespace pt::datetime {

constinit Type timezone_type = {};

namespace {

constinit std::atomic<Object*> g_utc{nullptr};  // immortal; written by the module's first execution

Timezone* as_timezone(Value v) { return object_of<Timezone>(v); }
Delta* offset_of(Value v) { return as_delta(as_timezone(v)->offset.peek()); }

Ref<> make(Value offset, Value name) {
  Ref<Timezone> zone = create<Timezone>(&timezone_type, timezone_type);
  if (!zone) return Ref<>();
  zone->offset.init(Ref<>::retain(offset));
  if (!name.empty()) zone->name.init(Ref<>::retain(name));
  return zone;
}

Ref<> timezone_construct(Type*, const Args& args) {
  Value a[2];
  if (!bind_arguments("timezone", "(offset, name=None)", args, a)) return Ref<>();
  if (!is_delta(a[0])) return raise(exc::TypeError, "timezone() argument 1 must be datetime.timedelta, not %T", a[0]);
  if (!a[1].empty() && !is_str(a[1])) {
    if (is_none(a[1])) return raise(exc::TypeError, "timezone() argument 2 must be str, not None");
    return raise(exc::TypeError, "timezone() argument 2 must be str, not %T", a[1]);
  }
  return timezone_new(a[0], a[1]);
}

bool check_argument(Value dt, const char* method) {
  if (is_none(dt) || is_datetime(dt)) return true;
  return raise(exc::TypeError, "%s(dt) argument must be a datetime instance or None, not %T", method, dt);
}

Ref<> timezone_str(Value self) {
  Timezone* zone = as_timezone(self);
  Value name = zone->name.peek();
  if (!name.empty()) return Ref<>::retain(name);
  char text[kIsoOffsetSize + 3] = "UTC";
  char* end = offset_of(self)->is_zero() ? text + 3 : put_offset(text + 3, offset_of(self), ":");
  return str_from_ascii({text, static_cast<size_t>(end - text)});
}
Ref<> timezone_repr(Value self) {
  if (self.same(timezone_utc())) return str_from_ascii("datetime.timezone.utc");
  Timezone* zone = as_timezone(self);
  Value name = zone->name.peek();
  if (name.empty()) return str_format("%T(%R)", self, zone->offset.peek());
  return str_format("%T(%R, %R)", self, zone->offset.peek(), name);
}
Ref<> timezone_compare(Value left, Value right, CompareOp op) {
  bool comparable = type_of(left) == &timezone_type && type_of(right) == &timezone_type;
  if (!comparable || (op != CompareOp::kEq && op != CompareOp::kNe)) return not_implemented_ref();
  return bool_ref(ordered(op, delta_compare(offset_of(left), offset_of(right)), 0));
}
int64_t timezone_hash(Value self) { return delta_hash(as_timezone(self)->offset.peek()); }

Ref<> timezone_utcoffset(const Value* a) {
  return check_argument(a[1], "utcoffset") ? Ref<>::retain(as_timezone(a[0])->offset.peek()) : Ref<>();
}
Ref<> timezone_dst(const Value* a) { return check_argument(a[1], "dst") ? none_ref() : Ref<>(); }
Ref<> timezone_tzname(const Value* a) { return check_argument(a[1], "tzname") ? timezone_str(a[0]) : Ref<>(); }
Ref<> timezone_fromutc(const Value* a) {
  if (!is_datetime(a[1])) return raise(exc::TypeError, "fromutc: argument must be a datetime");
  if (!tzinfo_of(as_datetime(a[1])).same(a[0])) return raise(exc::ValueError, "fromutc: dt.tzinfo is not self");
  return datetime_shifted(a[1], offset_of(a[0]), false);
}
Ref<> timezone_getinitargs(const Value* a) {
  Timezone* zone = as_timezone(a[0]);
  Value name = zone->name.peek();
  return name.empty() ? tuple_of({zone->offset.peek()}) : tuple_of({zone->offset.peek(), name});
}

const NativeDef kMethods[] = {
    {"utcoffset", "($self, dt, /)", timezone_utcoffset, "The fixed offset."},
    {"dst", "($self, dt, /)", timezone_dst, "None."},
    {"tzname", "($self, dt, /)", timezone_tzname, "The name that was given, or UTC(+|-)HH:MM by the offset."},
    {"fromutc", "($self, dt, /)", timezone_fromutc, "The local time of one in UTC that has this tzinfo."},
    {"__getinitargs__", "($self, /)", timezone_getinitargs, "What pickle and copy need: the arguments of the constructor."},
    {}};

void traverse(Object* o, FieldVisitor& visitor) {
  visitor(static_cast<Timezone*>(o)->offset);
  visitor(static_cast<Timezone*>(o)->name);
}

void destroy(Object* o) {
  static_cast<Timezone*>(o)->offset.clear();
  static_cast<Timezone*>(o)->name.clear();
}

bool set_attribute_of_type(const char* name, int64_t minutes) {
  Ref<> offset = delta_new(0, minutes * 60, 0);
  Ref<> zone = offset ? make(offset.value(), Value()) : Ref<>();
  return zone && type_set_attribute(&timezone_type, intern(name), zone.value());
}

}  // namespace

Value timezone_utc() { return Value::object(g_utc.load(std::memory_order_relaxed)); }

Ref<> timezone_new(Value offset, Value name) {
  Delta* d = as_delta(offset);
  if (name.empty() && d->is_zero()) return Ref<>::retain(timezone_utc());
  if (d->days != 0 && (d->days != -1 || (d->seconds == 0 && d->microseconds == 0))) {
    return raise(exc::ValueError,
                 "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24), not %R.", offset);
  }
  return make(offset, name);
}

bool init_timezones() {
  Ref<> zero = delta_new(0, 0, 0);
  Ref<> utc = zero ? make(zero.value(), Value()) : Ref<>();
  if (!utc) return false;
  make_immortal(zero.value().as_object());
  make_immortal(utc.value().as_object());
  g_utc.store(utc.value().as_object(), std::memory_order_relaxed);
  constexpr int64_t kLimit = 23 * 60 + 59;
  return type_set_attribute(&timezone_type, intern("utc"), utc.value()) && set_attribute_of_type("min", -kLimit) &&
         set_attribute_of_type("max", kLimit);
}

const TypeSpec timezone_spec = {
    .name = "datetime.timezone",
    .size = sizeof(Timezone),
    .base = &tzinfo_type,
    .slots = {.hash = timezone_hash,
              .compare = timezone_compare,
              .repr = timezone_repr,
              .str = timezone_str,
              .construct = timezone_construct},
    .traverse = traverse,
    .destroy = destroy,
    .methods = kMethods,
    .doc = "A time zone of a fixed offset from UTC.",
    .signature = "(offset, name=None)",
};

}  // namespace pt::datetime
