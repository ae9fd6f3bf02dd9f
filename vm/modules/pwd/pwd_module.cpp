// The pwd and grp modules.
#include <grp.h>
#include <pwd.h>

#include "gc/platform/memory.h"
#include "vm/modules/support/arguments.h"
#include "vm/object/module.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/structseq.h"

namespace pt {
namespace {

constinit StructSeqType g_passwd = {}, g_group = {};
const StructSeqField kPasswdFields[] = {
    {"pw_name", "user name"},  {"pw_passwd", "password"},    {"pw_uid", "user id"},         {"pw_gid", "group id"},
    {"pw_gecos", "real name"}, {"pw_dir", "home directory"}, {"pw_shell", "shell program"}, {}};
const StructSeqDef kPasswdDef = {"pwd.struct_passwd", "pwd.struct_passwd: Results from getpw*() routines.", kPasswdFields, 7};
const StructSeqField kGroupFields[] = {
    {"gr_name", "group name"}, {"gr_passwd", "password"}, {"gr_gid", "group id"}, {"gr_mem", "group members"}, {}};
const StructSeqDef kGroupDef = {"grp.struct_group", "grp.struct_group: Results from getgr*() routines.", kGroupFields, 4};

// The get*ent functions share static storage.
constinit std::atomic<uint8_t> g_lock{0};

Ref<> text_or_none(const char* text) { return text ? Ref<>(fs_decode(text)) : none_ref(); }

Ref<> from_passwd(const passwd& p) {
  Ref<> values[7] = {text_or_none(p.pw_name),  text_or_none(p.pw_passwd), int_from_int64(p.pw_uid), int_from_int64(p.pw_gid),
                     text_or_none(p.pw_gecos), text_or_none(p.pw_dir),    text_or_none(p.pw_shell)};
  Value borrowed[7];
  for (int i = 0; i < 7; ++i) {
    if (!values[i]) return Ref<>();
    borrowed[i] = values[i].value();
  }
  return structseq_new(&g_passwd, borrowed, 7);
}
Ref<> from_group(const group& g) {
  Ref<List> members = list_new();
  for (char** m = g.gr_mem; members && m && *m; ++m) {
    Ref<Str> name = fs_decode(*m);
    if (!name || !list_append(members.get(), std::move(name))) return Ref<>();
  }
  Ref<> values[3] = {text_or_none(g.gr_name), text_or_none(g.gr_passwd), int_from_int64(g.gr_gid)};
  if (!members || !values[0] || !values[1] || !values[2]) return Ref<>();
  Value borrowed[4] = {values[0].value(), values[1].value(), values[2].value(), members.value()};
  return structseq_new(&g_group, borrowed, 4);
}

// Runs a reentrant lookup with a growing buffer; the entry is converted before the buffer goes.
template <class Entry, class Lookup, class Convert>
Ref<> look_up(Lookup lookup, Convert convert, bool* found) {
  *found = true;
  for (size_t size = 1024;; size *= 2) {
    auto* buffer = static_cast<char*>(memory::allocate(size));
    if (!buffer) return raise_no_memory();
    Entry entry;
    Entry* result = nullptr;
    int error;
    {
      Detached detached;
      error = lookup(&entry, buffer, size, &result);
    }
    if (error == ERANGE && size < (1u << 20)) {
      memory::release(buffer);
      continue;
    }
    Ref<> converted;
    if (result)
      converted = convert(entry);
    else
      *found = false;
    memory::release(buffer);
    return converted;
  }
}

bool to_id(Value v, const char* what, uint32_t* id, bool* out_of_range) {
  *out_of_range = false;
  Ref<> number = index(v);
  if (!number) {
    if (clear_if(exc::TypeError)) return raise(exc::TypeError, "%s should be integer, not %T", what, v);
    return false;
  }
  int64_t wide;
  if (!int_to_int64(number.value(), &wide) || wide < -1 || wide > UINT32_MAX)
    *out_of_range = true;
  else
    *id = static_cast<uint32_t>(wide);
  return true;
}

Ref<> pwd_getpwuid(const Value* a) {
  uint32_t id = 0;
  bool out_of_range, found;
  if (!to_id(a[0], "uid", &id, &out_of_range)) return Ref<>();
  if (out_of_range) return raise(exc::KeyError, "getpwuid(): uid not found");
  Ref<> result =
      look_up<passwd>([&](passwd* e, char* b, size_t n, passwd** r) { return getpwuid_r(id, e, b, n, r); }, from_passwd, &found);
  if (!found) return raise(exc::KeyError, "getpwuid(): uid not found: %R", a[0]);
  return result;
}
Ref<> pwd_getpwnam(const Value* a) {
  if (!is_str(a[0])) return raise(exc::TypeError, "getpwnam() argument must be str, not %T", a[0]);
  Ref<Bytes> name = fs_encode(a[0]);
  if (!name) return Ref<>();
  bool found;
  Ref<> result = look_up<passwd>(
      [&](passwd* e, char* b, size_t n, passwd** r) { return getpwnam_r(reinterpret_cast<char*>(name->data), e, b, n, r); },
      from_passwd, &found);
  if (!found) return raise(exc::KeyError, "getpwnam(): name not found: %R", a[0]);
  return result;
}
Ref<> pwd_getpwall(const Value*) {
  Ref<List> list = list_new();
  lock_byte(g_lock);
  setpwent();
  bool ok = static_cast<bool>(list);
  while (passwd* p = ok ? getpwent() : nullptr) {
    Ref<> entry = from_passwd(*p);
    ok = entry && list_append(list.get(), std::move(entry));
  }
  endpwent();
  unlock_byte(g_lock);
  return ok ? Ref<>(std::move(list)) : Ref<>();
}
Ref<> grp_getgrgid(const Value* a) {
  uint32_t id = 0;
  bool out_of_range, found;
  if (!to_id(a[0], "gid", &id, &out_of_range)) return Ref<>();
  if (out_of_range) return raise(exc::KeyError, "getgrgid(): gid not found: %R", a[0]);
  Ref<> result =
      look_up<group>([&](group* e, char* b, size_t n, group** r) { return getgrgid_r(id, e, b, n, r); }, from_group, &found);
  if (!found) return raise(exc::KeyError, "getgrgid(): gid not found: %R", a[0]);
  return result;
}
Ref<> grp_getgrnam(const Value* a) {
  if (!is_str(a[0])) return raise(exc::TypeError, "getgrnam() argument 'name' must be str, not %T", a[0]);
  Ref<Bytes> name = fs_encode(a[0]);
  if (!name) return Ref<>();
  bool found;
  Ref<> result = look_up<group>(
      [&](group* e, char* b, size_t n, group** r) { return getgrnam_r(reinterpret_cast<char*>(name->data), e, b, n, r); },
      from_group, &found);
  if (!found) return raise(exc::KeyError, "getgrnam(): name not found: %R", a[0]);
  return result;
}
Ref<> grp_getgrall(const Value*) {
  Ref<List> list = list_new();
  lock_byte(g_lock);
  setgrent();
  bool ok = static_cast<bool>(list);
  while (group* g = ok ? getgrent() : nullptr) {
    Ref<> entry = from_group(*g);
    ok = entry && list_append(list.get(), std::move(entry));
  }
  endgrent();
  unlock_byte(g_lock);
  return ok ? Ref<>(std::move(list)) : Ref<>();
}

const NativeDef kPwdFunctions[] = {
    {"getpwuid", "(uidobj, /)", pwd_getpwuid, "Return the password database entry for the given numeric user ID."},
    {"getpwnam", "(name, /)", pwd_getpwnam, "Return the password database entry for the given user name."},
    {"getpwall", "()", pwd_getpwall, "Return a list of all available password database entries, in arbitrary order."},
    {},
};
const NativeDef kGrpFunctions[] = {
    {"getgrgid", "(id)", grp_getgrgid, "Return the group database entry for the given numeric group ID."},
    {"getgrnam", "(name)", grp_getgrnam, "Return the group database entry for the given group name."},
    {"getgrall", "()", grp_getgrall, "Return a list of all available group entries, in arbitrary order."},
    {},
};

}  // namespace
extern const NativeModule pwd_module, grp_module;
const NativeModule pwd_module = {"pwd", "This module provides access to the Unix password database.", kPwdFunctions,
                                 [](Module* m) { return module_add_structseq(m, &g_passwd, &kPasswdDef); }};
const NativeModule grp_module = {"grp", "Access to the Unix group database.", kGrpFunctions,
                                 [](Module* m) { return module_add_structseq(m, &g_group, &kGroupDef); }};
}  // namespace pt
