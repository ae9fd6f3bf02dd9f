// _datetime: dates, times and time zones.
#include "vm/modules/datetime/datetime.h"
#include "vm/object/module.h"

namespace pt {
namespace datetime {

bool init_timezones();

namespace {

bool set(Type* type, const char* name, Ref<> value) { return value && type_set_attribute(type, intern(name), value.value()); }

bool set_bounds() {
  constexpr int64_t kLastSecond = kSecondsPerDay - 1, kLastMicrosecond = kMicrosecondsPerSecond - 1;
  return set(&delta_type, "min", delta_new(-999999999, 0, 0)) &&
         set(&delta_type, "max", delta_new(999999999, kLastSecond, kLastMicrosecond)) &&
         set(&delta_type, "resolution", delta_new(0, 0, 1)) && set(&date_type, "min", date_new(kMinYear, 1, 1)) &&
         set(&date_type, "max", date_new(kMaxYear, 12, 31)) && set(&date_type, "resolution", delta_new(1, 0, 0)) &&
         set(&time_type, "min", time_new(0, 0, 0, 0, none(), 0)) &&
         set(&time_type, "max", time_new(23, 59, 59, kLastMicrosecond, none(), 0)) &&
         set(&time_type, "resolution", delta_new(0, 0, 1)) && set(&datetime_type, "min", datetime_new({kMinYear, 1, 1})) &&
         set(&datetime_type, "max", datetime_new({kMaxYear, 12, 31, 23, 59, 59, kLastMicrosecond})) &&
         set(&datetime_type, "resolution", delta_new(0, 0, 1)) && init_timezones();
}

bool execute(Module* module) {
  bool first = !delta_type.spec;
  if (!module_add_type(module, &delta_type, &delta_spec) || !module_add_type(module, &date_type, &date_spec) ||
      !module_add_type(module, &datetime_type, &datetime_spec) || !module_add_type(module, &time_type, &time_spec) ||
      !module_add_type(module, &tzinfo_type, &tzinfo_spec) || !module_add_type(module, &timezone_type, &timezone_spec)) {
    return false;
  }
  if (!iso_date_type.spec && !init_module_type(&iso_date_type, &iso_date_spec)) return false;
  if (first && !set_bounds()) return false;
  return module_add_int(module, "MINYEAR", kMinYear) && module_add_int(module, "MAXYEAR", kMaxYear) &&
         module_add(module, "UTC", Ref<>::retain(timezone_utc()));
}

}  // namespace
}  // namespace datetime

extern const NativeModule datetime_module;
const NativeModule datetime_module = {"_datetime", "Dates, times and time zones, the native part of datetime.", nullptr,
                                      datetime::execute};

}  // namespace pt
