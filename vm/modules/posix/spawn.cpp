// posix: posix_spawn and posix_spawnp.
#include <csignal>
#include <spawn.h>
#include <unistd.h>

#include "vm/modules/posix/posix_internal.h"
#include "vm/modules/posix/strings.h"
#include "vm/modules/sys/sys.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/tuple.h"

namespace pt::posix {
namespace {

enum FileAction { kOpen, kClose, kDup2 };

bool read_signals(Value v, sigset_t* set) {
  sigemptyset(set);
  return for_each(v, [&](Value item) {
    int number;
    if (!to_cint(item, &number)) return false;
    if (number < 1 || number >= NSIG)
      return static_cast<bool>(raise(exc::ValueError, "signal number %d out of range [1; %d]", number, NSIG - 1));
    sigaddset(set, number);
    return true;
  });
}

struct Attributes {
  posix_spawnattr_t value;
  posix_spawn_file_actions_t actions;
  std::vector<Ref<Bytes>> paths;   // of kOpen actions, kept until the call
  Attributes() {
    posix_spawnattr_init(&value);
    posix_spawn_file_actions_init(&actions);
  }
  ~Attributes() {
    posix_spawnattr_destroy(&value);
    posix_spawn_file_actions_destroy(&actions);
  }
};

bool read_actions(Value v, Attributes* out) {
  if (!is_list(v) && !is_tuple(v)) return raise(exc::TypeError, "file_actions must be a sequence or None");
  return for_each(v, [&](Value item) {
    if (!is_tuple(item) || as_tuple(item)->length == 0) {
      return static_cast<bool>(raise(exc::TypeError, "Each file_actions element must be a non-empty tuple"));
    }
    Tuple* t = as_tuple(item);
    int kind, fd, other, mode;
    if (!to_cint(t->at(0), &kind)) return false;
    int error = 0;
    switch (kind) {
      case kOpen: {
        if (t->length != 5) return static_cast<bool>(raise(exc::TypeError, "A open file_action tuple must have 5 elements"));
        Ref<Bytes> path = fs_encode(t->at(2));
        if (!path || !to_cint(t->at(1), &fd) || !to_cint(t->at(3), &other) || !to_cint(t->at(4), &mode)) return false;
        error = posix_spawn_file_actions_addopen(&out->actions, fd, reinterpret_cast<char*>(path->data), other,
                                                 static_cast<mode_t>(mode));
        out->paths.push_back(std::move(path));
        break;
      }
      case kClose:
        if (t->length != 2) return static_cast<bool>(raise(exc::TypeError, "A close file_action tuple must have 2 elements"));
        if (!to_cint(t->at(1), &fd)) return false;
        error = posix_spawn_file_actions_addclose(&out->actions, fd);
        break;
      case kDup2:
        if (t->length != 3) return static_cast<bool>(raise(exc::TypeError, "A dup2 file_action tuple must have 3 elements"));
        if (!to_cint(t->at(1), &fd) || !to_cint(t->at(2), &other)) return false;
        error = posix_spawn_file_actions_adddup2(&out->actions, fd, other);
        break;
      default: return static_cast<bool>(raise(exc::TypeError, "Unknown file_actions identifier"));
    }
    if (error) {
      errno = error;
      return static_cast<bool>(raise_os_error());
    }
    return true;
  });
}

Ref<> spawn(const Value* a, const char* function, decltype(&posix_spawn) run) {
  PathArgument path;
  Strings arguments, environment;
  Attributes attributes;
  short flags = 0;
  if (!path.convert(a[0], function) || !argument_strings(a[1], function, &arguments) ||
      !environment_strings(a[2], function, &environment)) {
    return Ref<>();
  }
  if (given(a[3]) && !read_actions(a[3], &attributes)) return Ref<>();
  if (given(a[4])) {
    int group;
    if (!to_cint(a[4], &group)) return Ref<>();
    posix_spawnattr_setpgroup(&attributes.value, group);
    flags |= POSIX_SPAWN_SETPGROUP;
  }
  bool reset = false, session = false;
  if (!to_flag(a[5], &reset) || !to_flag(a[6], &session)) return Ref<>();
  if (reset) flags |= POSIX_SPAWN_RESETIDS;
  if (session) flags |= POSIX_SPAWN_SETSID;
  sigset_t set;
  if (given(a[7])) {
    if (!read_signals(a[7], &set)) return Ref<>();
    posix_spawnattr_setsigmask(&attributes.value, &set);
    flags |= POSIX_SPAWN_SETSIGMASK;
  }
  if (given(a[8])) {
    if (!read_signals(a[8], &set)) return Ref<>();
    posix_spawnattr_setsigdefault(&attributes.value, &set);
    flags |= POSIX_SPAWN_SETSIGDEF;
  }
  if (given(a[9])) {
    if (!is_tuple(a[9]) || as_tuple(a[9])->length != 2) return raise(exc::TypeError, "A scheduler tuple must have two elements");
    Tuple* t = as_tuple(a[9]);
    int policy, priority;
    if (!is_tuple(t->at(1)) || as_tuple(t->at(1))->length < 1) return raise(exc::TypeError, "must have a sched_param object");
    if (!is_none(t->at(0))) {
      if (!to_cint(t->at(0), &policy)) return Ref<>();
      posix_spawnattr_setschedpolicy(&attributes.value, policy);
      flags |= POSIX_SPAWN_SETSCHEDULER;
    }
    if (!to_cint(as_tuple(t->at(1))->at(0), &priority)) return Ref<>();
    sched_param parameter = {};
    parameter.sched_priority = priority;
    posix_spawnattr_setschedparam(&attributes.value, &parameter);
    flags |= POSIX_SPAWN_SETSCHEDPARAM;
  }
  posix_spawnattr_setflags(&attributes.value, flags);
  if (!audit("os.posix_spawn", {path.object(), a[1], a[2]})) return Ref<>();
  pid_t pid;
  int error;
  {
    char **argv = arguments.data(), **envp = environment.data();
    Detached detached;
    error = run(&pid, path.c_str(), &attributes.actions, &attributes.value, argv, envp);
  }
  if (error) {
    errno = error;
    return raise_os_error(path.object());
  }
  return int_from_int64(pid);
}
Ref<> posix_spawn_function(const Value* a) { return spawn(a, "posix_spawn", posix_spawn); }
Ref<> posix_spawnp_function(const Value* a) { return spawn(a, "posix_spawnp", posix_spawnp); }

constexpr const char* kSignature =
    "(path, argv, env, /, *, file_actions=(), setpgroup=None, resetids=False, setsid=False, setsigmask=(), setsigdef=(), "
    "scheduler=None)";
const IntConstant kSpawnConstants[] = {
    {"POSIX_SPAWN_OPEN", kOpen}, {"POSIX_SPAWN_CLOSE", kClose}, {"POSIX_SPAWN_DUP2", kDup2}, {}};

}  // namespace

bool add_spawn_constants(Module* m) { return module_add_ints(m, kSpawnConstants); }
const NativeDef kSpawnFunctions[] = {
    {"posix_spawn", kSignature, posix_spawn_function, "Execute the program specified by path in a new process."},
    {"posix_spawnp", kSignature, posix_spawnp_function, "Execute the program specified by path in a new process."},
    {}};

}  // namespace pt::posix
