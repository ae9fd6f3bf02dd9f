// datetime.tzinfo, the base class, and asking its instances.
#include "vm/modules/datetime/datetime.h"

namespace pt::datetime {

constinit Type tzinfo_type = {};

namespace {

constinit Name kUtcoffset("utcoffset"), kDst("dst"), kTzname("tzname");

bool within_a_day(const Delta* d) { return d->days == 0 || (d->days == -1 && (d->seconds || d->microseconds)); }

// tzinfo.utcoffset(argument) or tzinfo.dst(argument), checked.
Ref<> call_offset(Value tzinfo, const Name& name, const char* text, Value argument) {
  if (is_none(tzinfo)) return none_ref();
  Ref<> offset = call_method(tzinfo, name.str(), {argument});
  if (!offset || is_none(offset.value())) return offset;
  if (!is_delta(offset.value())) {
    return raise(exc::TypeError, "tzinfo.%s() must return None or timedelta, not '%T'", text, offset.value());
  }
  if (!within_a_day(as_delta(offset.value()))) {
    return raise(exc::ValueError, "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24).");
  }
  return offset;
}

Raised not_implemented_by(const char* method) {
  return raise(exc::NotImplementedError, "a tzinfo subclass must implement %s()", method);
}
Ref<> tzinfo_utcoffset(const Value*) { return not_implemented_by("utcoffset"); }
Ref<> tzinfo_dst(const Value*) { return not_implemented_by("dst"); }
Ref<> tzinfo_tzname(const Value*) { return not_implemented_by("tzname"); }

// The time in UTC plus the standard offset there; plus daylight saving, as that time has it.
Ref<> tzinfo_fromutc(const Value* a) {
  Value self = a[0], dt = a[1];
  if (!is_datetime(dt)) return raise(exc::TypeError, "fromutc: argument must be a datetime");
  if (!tzinfo_of(as_datetime(dt)).same(self)) return raise(exc::ValueError, "fromutc: dt.tzinfo is not self");
  Ref<> offset = call_utcoffset(self, dt);
  if (!offset) return offset;
  if (is_none(offset.value())) return raise(exc::ValueError, "fromutc: non-None utcoffset() result required");
  Ref<> dst = call_dst(self, dt);
  if (!dst) return dst;
  if (is_none(dst.value())) return raise(exc::ValueError, "fromutc: non-None dst() result required");
  Delta *whole = as_delta(offset.value()), *part = as_delta(dst.value());
  Ref<> standard =
      delta_new(int64_t{whole->days} - part->days, whole->seconds - part->seconds, whole->microseconds - part->microseconds);
  if (!standard) return standard;
  Ref<> result = datetime_shifted(dt, as_delta(standard.value()), false);
  if (!result) return result;
  dst = call_dst(self, result.value());
  if (!dst) return dst;
  if (is_none(dst.value())) {
    return raise(exc::ValueError, "fromutc: tz.dst() gave inconsistent results; cannot convert");
  }
  if (as_delta(dst.value())->is_zero()) return result;
  if (!is_datetime(result.value())) return raise(exc::TypeError, "fromutc: argument must be a datetime");
  return datetime_shifted(result.value(), as_delta(dst.value()), false);
}

Ref<> tzinfo_reduce(const Value* a) {
  Ref<> arguments = find_attribute(a[0], intern("__getinitargs__"));
  if (arguments) {
    arguments = call0(arguments.value());
  } else {
    if (error_pending()) return Ref<>();
    arguments = Ref<>::retain(Value::object(empty_tuple()));
  }
  Ref<> state = arguments ? call_method(a[0], "__getstate__") : Ref<>();
  return state ? Ref<>(tuple_of({type_value(a[0]), arguments.value(), state.value()})) : Ref<>();
}

Ref<> tzinfo_construct(Type* type, const Args&) { return allocate<Object>(type); }

const NativeDef kMethods[] = {
    {"utcoffset", "($self, dt, /)", tzinfo_utcoffset,
     "The offset from UTC at a time: a timedelta, positive east of it, or None."},
    {"dst", "($self, dt, /)", tzinfo_dst, "The part of the offset that is daylight saving: a timedelta, or None."},
    {"tzname", "($self, dt, /)", tzinfo_tzname, "The name of the time zone at a time, or None."},
    {"fromutc", "($self, dt, /)", tzinfo_fromutc, "The local time of one in UTC that has this tzinfo."},
    {"__reduce__", "($self, /)", tzinfo_reduce, "What pickle and copy need: (cls, arguments, state)."},
    {}};

}  // namespace

bool check_tzinfo(Value v) {
  if (PT_LIKELY(is_none(v)) || is_tzinfo(v)) return true;
  return raise(exc::TypeError, "tzinfo argument must be None or of a tzinfo subclass, not type '%T'", v);
}

Ref<> call_utcoffset(Value tzinfo, Value argument) {
  // No class derives from timezone, and its offset is within a day.
  if (type_of(tzinfo) == &timezone_type) return Ref<>::retain(object_of<Timezone>(tzinfo)->offset.peek());
  return call_offset(tzinfo, kUtcoffset, "utcoffset", argument);
}
Ref<> call_dst(Value tzinfo, Value argument) { return call_offset(tzinfo, kDst, "dst", argument); }
Ref<> call_tzname(Value tzinfo, Value argument) {
  if (is_none(tzinfo)) return none_ref();
  Ref<> name = call_method(tzinfo, kTzname.str(), {argument});
  if (!name || is_none(name.value()) || is_str(name.value())) return name;
  return raise(exc::TypeError, "tzinfo.tzname() must return None or a string, not '%T'", name.value());
}

Ref<> call_fromutc(Value tzinfo, Value datetime) {
  if (type_of(tzinfo) == &timezone_type && is_datetime(datetime) && tzinfo_of(as_datetime(datetime)).same(tzinfo)) {
    return datetime_shifted(datetime, as_delta(object_of<Timezone>(tzinfo)->offset.peek()), false);
  }
  return call_method(tzinfo, kFromutc.str(), {datetime});
}

const TypeSpec tzinfo_spec = {
    .name = "datetime.tzinfo",
    .size = sizeof(Object),
    .flags = kTypeBase,
    .slots = {.construct = tzinfo_construct},
    .methods = kMethods,
    .doc = "What knows about a time zone; the base of classes that do.",
};

}  // namespace pt::datetime
