// The syslog module.
#include <cstring>
#include <syslog.h>

#include "vm/modules/support/arguments.h"
#include "vm/modules/sys/sys.h"
#include "vm/modules/thread/locks.h"
#include "vm/object/module.h"
#include "vm/types/int.h"
#include "vm/types/list.h"

namespace pt {
namespace {

constinit ThreadLock g_lock;
constinit bool g_open = false;         // guarded by g_lock
constinit char g_ident[256] = "";      // what the library keeps a pointer to

// The last part of sys.argv[0].
void default_ident(char* out, size_t size) {
  Ref<> argv = sys_get("argv");
  Ref<> first = argv && is_list(argv.value()) ? list_get(as_list(argv.value()), 0) : Ref<>();
  out[0] = 0;
  if (!first || !is_str(first.value())) return;
  Utf8 utf8(as_str(first.value()));
  if (!utf8.ok()) {
    clear_error();
    return;
  }
  const char* slash = std::strrchr(utf8.c_str(), '/');
  std::strncpy(out, slash ? slash + 1 : utf8.c_str(), size - 1);
  out[size - 1] = 0;
}
void open_log(const char* ident, int options, int facility) {
  while (g_lock.acquire(-1, false) != Acquire::kTaken) {
  }
  std::strncpy(g_ident, ident, sizeof g_ident - 1);
  openlog(g_ident[0] ? g_ident : nullptr, options, facility);
  g_open = true;
  g_lock.release();
}

Ref<> syslog_openlog(const Value* a) {
  int options = 0, facility = LOG_USER;
  char ident[256];
  if (!to_cint(a[1], &options) || !to_cint(a[2], &facility)) return Ref<>();
  if (given(a[0])) {
    if (!to_str_argument(a[0], "openlog", "argument 1")) return Ref<>();
    Utf8 utf8(as_str(a[0]));
    if (!utf8.ok()) return Ref<>();
    std::strncpy(ident, utf8.c_str(), sizeof ident - 1);
    ident[sizeof ident - 1] = 0;
  } else {
    default_ident(ident, sizeof ident);
  }
  if (!audit("syslog.openlog", {given(a[0]) ? a[0] : none(), Value::small_int(options), Value::small_int(facility)}))
    return Ref<>();
  open_log(ident, options, facility);
  return none_ref();
}
Ref<> syslog_syslog(const Value* a) {
  int priority = LOG_INFO;
  if (!a[1].empty() && !to_cint(a[0], &priority)) return Ref<>();
  Value message = a[1].empty() ? a[0] : a[1];
  if (!is_str(message)) return raise(exc::TypeError, "syslog.syslog() argument must be str");
  Utf8 utf8(as_str(message));
  if (!utf8.ok() || !audit("syslog.syslog", {Value::small_int(priority), message})) return Ref<>();
  if (!g_open) {
    char ident[256];
    default_ident(ident, sizeof ident);
    open_log(ident, 0, LOG_USER);
  }
  Detached detached;
  syslog(priority, "%s", utf8.c_str());
  return none_ref();
}
Ref<> syslog_closelog(const Value*) {
  if (!audit("syslog.closelog", {})) return Ref<>();
  while (g_lock.acquire(-1, false) != Acquire::kTaken) {
  }
  if (g_open) closelog();
  g_open = false;
  g_lock.release();
  return none_ref();
}
Ref<> syslog_setlogmask(const Value* a) {
  int mask;
  if (!to_cint(a[0], &mask) || !audit("syslog.setlogmask", {a[0]})) return Ref<>();
  return int_from_int64(setlogmask(mask));
}
Ref<> syslog_log_mask(const Value* a) {
  int priority;
  return to_cint(a[0], &priority) ? int_from_int64(LOG_MASK(priority)) : Ref<>();
}
Ref<> syslog_log_upto(const Value* a) {
  int priority;
  return to_cint(a[0], &priority) ? int_from_int64(LOG_UPTO(priority)) : Ref<>();
}

const NativeDef kFunctions[] = {{"openlog", "(ident=None, logoption=0, facility=8)", syslog_openlog},
                                {"closelog", "()", syslog_closelog},
                                {"syslog", "(priority, message=None, /)", syslog_syslog},
                                {"setlogmask", "(maskpri, /)", syslog_setlogmask},
                                {"LOG_MASK", "(pri, /)", syslog_log_mask},
                                {"LOG_UPTO", "(pri, /)", syslog_log_upto},
                                {}};
#define C(name) {#name, static_cast<int64_t>(name)}
const IntConstant kConstants[] = {C(LOG_ALERT),    C(LOG_AUTH),
                                  C(LOG_AUTHPRIV), C(LOG_CONS),
                                  C(LOG_CRIT),     C(LOG_CRON),
                                  C(LOG_DAEMON),   C(LOG_DEBUG),
                                  C(LOG_EMERG),    C(LOG_ERR),
                                  C(LOG_INFO),     C(LOG_KERN),
                                  C(LOG_LOCAL0),   C(LOG_LOCAL1),
                                  C(LOG_LOCAL2),   C(LOG_LOCAL3),
                                  C(LOG_LOCAL4),   C(LOG_LOCAL5),
                                  C(LOG_LOCAL6),   C(LOG_LOCAL7),
                                  C(LOG_LPR),      C(LOG_MAIL),
                                  C(LOG_NDELAY),   C(LOG_NEWS),
                                  C(LOG_NOTICE),   C(LOG_NOWAIT),
                                  C(LOG_ODELAY),   C(LOG_PERROR),
                                  C(LOG_PID),      C(LOG_SYSLOG),
                                  C(LOG_USER),     C(LOG_UUCP),
                                  C(LOG_WARNING),  {}};
#undef C

}  // namespace
extern const NativeModule syslog_module;
const NativeModule syslog_module = {"syslog", nullptr, kFunctions,
                                    [](Module* module) { return module_add_ints(module, kConstants); }};
}  // namespace pt
