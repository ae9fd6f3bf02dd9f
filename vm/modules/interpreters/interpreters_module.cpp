// _xxsubinterpreters: making, running and ending interpreters, and the channels between them.
#include "vm/modules/interpreters/interpreters.h"

#include "vm/modules/interpreters/ids.h"
#include "vm/modules/support/arguments.h"
#include "vm/modules/support/runtime_interface.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/runtime/interpreters.h"
#include "vm/types/bytes.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt::interpreters {
namespace {

enum Error { kRunFailed, kChannel, kNotFound, kClosed, kEmpty, kNotEmpty, kErrorCount };
constinit Value g_errors[kErrorCount];  // immortal classes, made by the first import
Type* error_class(Error which) { return reinterpret_cast<Type*>(g_errors[which].as_object()); }

// ---- what may be shared -----------------------------------------------------------------------------------------------

bool is_shareable(Value v) {
  return is_none(v) || (is_int(v) && type_of(v) == &int_type) || is_exact_str(v) || has_shape(v, kShape_bytes) ||
         is_channel_id(v);
}
bool check_shareable(Value v) {
  if (!is_shareable(v)) return raise(exc::ValueError, "%V does not support cross-interpreter data", v);
  int64_t fits;
  if (is_int(v) && !int_to_int64(v, &fits)) return raise(exc::OverflowError, "try sending as bytes");
  return true;
}
// What is put into a channel: bytes are copied, as programs expect; else the object itself, which is immutable and the same
// to every interpreter.
Ref<> to_send(Value v) { return has_shape(v, kShape_bytes) ? Ref<>(bytes_from(as_bytes(v)->view())) : Ref<>::retain(v); }
// What has come out of a channel as the receiver is to see it.
Ref<> received(Ref<> v) {
  if (!is_channel_id(v.value())) return v;
  ChannelId* id = as_channel_id(v.value());
  if (!id->resolve || id->end == ChannelEnd::kBoth) return v;
  Ref<> type = import_attribute("test.support.interpreters", id->end == ChannelEnd::kSend ? "SendChannel" : "RecvChannel");
  return type ? call1(type.value(), v.value()) : Ref<>();
}

// ---- interpreters -----------------------------------------------------------------------------------------------------

bool raise_running() { return raise(exc::RuntimeError, "interpreter already running"); }

bool check_one_thread(Interpreter* interpreter) {
  if (interpreter == &g_main_interpreter || interpreter->threads.load(std::memory_order_relaxed) == 0) return true;
  return raise(exc::RuntimeError, "interpreter has more than one thread");
}

Ref<> create(const Value* a) {
  bool isolated = true;
  if (!to_flag(a[0], &isolated)) return Ref<>();
  InterpreterRef made = create_interpreter(isolated);
  if (!made) return Ref<>();
  Ref<> id = interpreter_id_new(made->id, made.get());
  made->ends_with_ids.store(true);
  if (!id) end_when_idle(made.get());
  return id;
}

Ref<> destroy(const Value* a) {
  InterpreterRef interpreter = to_interpreter(a[0]);
  if (!interpreter) return Ref<>();
  if (interpreter.get() == current_interpreter()) return raise(exc::RuntimeError, "cannot destroy the current interpreter");
  if (!check_one_thread(interpreter.get())) return Ref<>();
  if (!claim_interpreter(interpreter.get(), InterpreterState::kEnding)) {
    raise_running();
    return Ref<>();
  }
  end_interpreter(interpreter.get());
  return none_ref();
}

Ref<> list_all(const Value*) {
  Ref<List> list = list_new();
  if (!list) return Ref<>();
  for (int64_t id : interpreter_ids()) {
    InterpreterRef interpreter = find_interpreter(id);
    if (!interpreter) continue;
    Ref<> object = interpreter_id_new(id, interpreter.get());
    if (!object || !list_append(list.get(), std::move(object))) return Ref<>();
  }
  return list;
}
Ref<> get_current(const Value*) { return interpreter_id_new(current_interpreter()->id, current_interpreter()); }
Ref<> get_main(const Value*) { return interpreter_id_new(0, &g_main_interpreter); }

Ref<> is_running(const Value* a) {
  InterpreterRef interpreter = to_interpreter(a[0]);
  if (!interpreter || !check_one_thread(interpreter.get())) return Ref<>();
  return bool_ref(interpreter.get() == &g_main_interpreter ||
                  interpreter->state.load(std::memory_order_relaxed) != InterpreterState::kIdle);
}

// "<class 'X'>: text" of the pending exception.
Ref<Str> describe_pending() {
  Ref<> exception = take_error();
  Ref<> type = str(Value::object(type_of(exception.value())));
  if (!type) clear_error();
  Ref<> text = str(exception.value());
  if (!text) clear_error();
  Ref<Str> described = str_format(text ? "%V: %V" : "%V", type ? type.value() : none(), text ? text.value() : none());
  if (!described) clear_error();
  return described;
}

// Runs the script in an interpreter that has been claimed; the text of its exception, None, or empty with one pending here.
Ref<> run_script(Interpreter* interpreter, std::string_view script, Value shared) {
  InterpreterScope scope(interpreter);
  Dict* globals = main_globals();
  bool ok = shared.empty() || dict_update(globals, shared);
  Ref<Str> filename = ok ? str_from_ascii("<string>") : Ref<Str>();
  Ref<> code = filename ? compile_source(script, filename.get()) : Ref<>();
  Ref<> result = code ? exec_code(code.value(), globals) : Ref<>();
  if (result) return none_ref();
  return describe_pending();
}

// A dict of its own with what is to become globals.
Ref<> shared_values(Value given_values) {
  if (!is_dict(given_values)) return raise(exc::TypeError, "run_string() argument 3 must be dict, not %T", given_values);
  Ref<Dict> values = dict_copy(as_dict(given_values));
  if (!values) return Ref<>();
  int64_t position = 0;
  Ref<> key, value;
  while (dict_next(values.get(), &position, &key, &value)) {
    if (!is_str(key.value())) return raise(exc::TypeError, "bad argument type for built-in operation");
    if (!check_shareable(value.value())) return Ref<>();
  }
  return values;
}

Ref<> run_string(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "run_string() argument 2 must be str, not %T", a[1]);
  InterpreterRef interpreter = to_interpreter(a[0]);
  if (!interpreter) return Ref<>();
  Utf8 script(as_str(a[1]));
  if (!script.ok()) return Ref<>();
  if (script.view().find('\0') != std::string_view::npos)
    return raise(exc::ValueError, "source code string cannot contain null bytes");
  Ref<> shared;
  if (given(a[2]) && !(shared = shared_values(a[2]))) return Ref<>();
  if (!check_one_thread(interpreter.get())) return Ref<>();
  if (!claim_interpreter(interpreter.get(), InterpreterState::kRunning)) {
    raise_running();
    return Ref<>();
  }
  Ref<> failure = run_script(interpreter.get(), script.view(), shared ? shared.value() : Value());
  unclaim_interpreter(interpreter.get());
  if (!failure) return raise_no_memory();
  return is_none(failure.value()) ? std::move(failure) : Ref<>(raise_value(error_class(kRunFailed), failure.value()));
}

Ref<> shareable(const Value* a) { return bool_ref(is_shareable(a[0])); }

// ---- channels ---------------------------------------------------------------------------------------------------------

Ref<> new_channel(const Value*) {
  int64_t id = channel_create();
  Ref<> object = channel_id_new(id, ChannelEnd::kBoth, false, false);
  if (!object) channel_destroy(id);
  return object;
}

Ref<> done(ChannelResult result, int64_t id) {
  return result == ChannelResult::kOk ? none_ref() : Ref<>(raise_channel_error(result, id));
}

Ref<> destroy_channel(const Value* a) {
  int64_t id;
  return to_channel(a[0], &id) ? done(channel_destroy(id), id) : Ref<>();
}

Ref<> list_channels(const Value*) {
  Ref<List> list = list_new();
  if (!list) return Ref<>();
  for (int64_t id : channel_ids()) {
    Ref<> object = channel_id_new(id, ChannelEnd::kBoth, true, false);
    if (!object) return Ref<>();
    if (as_channel_id(object.value())->counted && !list_append(list.get(), std::move(object))) return Ref<>();
  }
  return list;
}

Ref<> list_channel_interpreters(const Value* a) {
  int64_t id;
  bool send = false;
  if (!to_channel(a[0], &id) || !to_flag(a[1], &send)) return Ref<>();
  Ref<List> list = list_new();
  if (!list) return Ref<>();
  for (int64_t interpreter_id : interpreter_ids()) {
    bool has = false;
    ChannelResult result = channel_has_end(id, interpreter_id, send, &has);
    if (result != ChannelResult::kOk) return raise_channel_error(result, id);
    InterpreterRef interpreter = has ? find_interpreter(interpreter_id) : InterpreterRef();
    if (!interpreter) continue;
    Ref<> object = interpreter_id_new(interpreter_id, interpreter.get());
    if (!object || !list_append(list.get(), std::move(object))) return Ref<>();
  }
  return list;
}

Ref<> send(const Value* a) {
  int64_t id;
  if (!to_channel(a[0], &id)) return Ref<>();
  // A channel that is not there is told first.
  bool known;
  ChannelResult result = channel_has_end(id, 0, true, &known);
  if (result != ChannelResult::kOk) return raise_channel_error(result, id);
  if (!check_shareable(a[1])) return Ref<>();
  Ref<> item = to_send(a[1]);
  return item ? done(channel_send(id, std::move(item)), id) : Ref<>();
}

Ref<> receive(const Value* a) {
  int64_t id;
  if (!to_channel(a[0], &id)) return Ref<>();
  Ref<> item;
  ChannelResult result = channel_receive(id, &item);
  if (result == ChannelResult::kOk) return received(std::move(item));
  if (result == ChannelResult::kEmpty && !a[1].empty()) return Ref<>::retain(a[1]);
  return raise_channel_error(result, id);
}

bool to_end(Value send_flag, Value receive_flag, ChannelEnd* out) {
  bool sends = false, receives = false;
  if ((given(send_flag) && !to_flag(send_flag, &sends)) || (given(receive_flag) && !to_flag(receive_flag, &receives)))
    return false;
  *out = sends == receives ? ChannelEnd::kBoth : sends ? ChannelEnd::kSend : ChannelEnd::kReceive;
  return true;
}

Ref<> close(const Value* a) {
  int64_t id;
  ChannelEnd end;
  bool force = false;
  if (!to_channel(a[0], &id) || !to_end(a[1], a[2], &end) || !to_flag(a[3], &force)) return Ref<>();
  return done(channel_close(id, end, force), id);
}

Ref<> release_channel(const Value* a) {
  int64_t id;
  ChannelEnd end;
  if (!to_channel(a[0], &id) || !to_end(a[1], a[2], &end)) return Ref<>();
  return done(channel_release(id, end), id);
}

Ref<> make_channel_id(const Value* a) {
  int64_t id;
  ChannelEnd end;
  bool force = false, resolve = false, sends = true, receives = true;
  if (!to_channel(a[0], &id) || !to_end(a[1], a[2], &end) || !to_flag(a[3], &force) || !to_flag(a[4], &resolve)) return Ref<>();
  if (given(a[1]) && given(a[2]) && to_flag(a[1], &sends) && to_flag(a[2], &receives) && !sends && !receives)
    return raise(exc::ValueError, "'send' and 'recv' cannot both be False");
  return channel_id_new(id, end, force, resolve);
}

const NativeDef kFunctions[] = {
    {"create", "(*, isolated=True)", create, "A new interpreter's id. It ends with the last object that stands for it."},
    {"destroy", "(id)", destroy, "End an interpreter, which must neither be running nor the current one."},
    {"list_all", "()", list_all, "The ids of all interpreters."},
    {"get_current", "()", get_current, "The id of the interpreter that runs this."},
    {"get_main", "()", get_main, "The id of the main interpreter."},
    {"is_running", "(id)", is_running, "Is the interpreter running code?"},
    {"run_string", "(id, script, shared=None)", run_string,
     "Run source text in the __main__ module of an idle interpreter, on the calling thread.\n\n"
     "The shareable objects in the dict 'shared' become global variables first."},
    {"is_shareable", "(obj)", shareable, "May the object be passed between interpreters?"},
    {"channel_create", "()", new_channel, "A new channel's id. It goes with the last object that stands for it."},
    {"channel_destroy", "(cid)", destroy_channel, "Remove a channel with all that waits in it."},
    {"channel_list_all", "()", list_channels, "The ids of all channels."},
    {"channel_list_interpreters", "(cid, *, send)", list_channel_interpreters,
     "The ids of the interpreters that use one end of the channel."},
    {"channel_send", "(cid, obj)", send, "Put a shareable object into the channel."},
    {"channel_recv", "(cid, default=<unrepresentable>)", receive,
     "Take the next object out of the channel; the default when it is empty, or ChannelEmptyError."},
    {"channel_close", "(cid, *, send=None, recv=None, force=False)", close,
     "Close the channel for all interpreters.\n\nOne that is not empty is refused without 'force'; with 'send' it can still be "
     "emptied."},
    {"channel_release", "(cid, *, send=None, recv=None, force=True)", release_channel,
     "Close the channel, or one end of it, for this interpreter."},
    {"_channel_id", "(id, *, send=None, recv=None, force=False, _resolve=False)", make_channel_id},
    {}};

bool execute(Module* module) {
  struct Class {
    Error which;
    const char* name;
    const char* doc;
  };
  constexpr Class kClasses[] = {{kRunFailed, "RunFailedError", nullptr},      {kChannel, "ChannelError", nullptr},
                                {kNotFound, "ChannelNotFoundError", nullptr}, {kClosed, "ChannelClosedError", nullptr},
                                {kEmpty, "ChannelEmptyError", nullptr},       {kNotEmpty, "ChannelNotEmptyError", nullptr}};
  for (const Class& c : kClasses) {
    if (g_errors[c.which].empty()) {
      char qualified[64];
      std::snprintf(qualified, sizeof qualified, "_xxsubinterpreters.%s", c.name);
      Ref<> made =
          make_exception_class(qualified, c.which <= kChannel ? Value::object(exc::RuntimeError) : g_errors[kChannel], c.doc);
      if (!made) return false;
      make_immortal(made.value().as_object());
      g_errors[c.which] = made.take();
    }
    if (!dict_set_text(module_dict(module), c.name, g_errors[c.which])) return false;
  }
  return module_add_type(module, &interpreter_id_type, &interpreter_id_spec) &&
         module_add_type(module, &channel_id_type, &channel_id_spec);
}

}  // namespace

Raised raise_channel_error(ChannelResult result, int64_t id) {
  switch (result) {
    case ChannelResult::kNotFound: return raise(error_class(kNotFound), "channel %ld not found", id);
    case ChannelResult::kClosed: return raise(error_class(kClosed), "channel %ld closed", id);
    case ChannelResult::kEmpty: return raise(error_class(kEmpty), "channel %ld is empty", id);
    default: return raise(error_class(kNotEmpty), "may not be closed if not empty (try force=True)");
  }
}

}  // namespace pt::interpreters

namespace pt {
extern const NativeModule interpreters_module;
const NativeModule interpreters_module = {"_xxsubinterpreters",
                                          "Low-level access to the interpreters of the process and to channels between them.",
                                          interpreters::kFunctions, interpreters::execute};
}  // namespace pt
