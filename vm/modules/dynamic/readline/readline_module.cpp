// The readline module over libedit: line editing, history, completion. The library has one state a process, which g_lock
// guards; hooks and completers run on the thread that reads a line, which holds it.
#include <editline/readline.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <unistd.h>

#include "vm/modules/dynamic/support/dynamic.h"
#include "vm/modules/io/io.h"
#include "vm/modules/support/line_editor.h"
#include "vm/modules/sys/sys.h"
#include "vm/types/str.h"

namespace pt {
namespace {

constinit OwnedLock g_lock;
constinit Value g_completer, g_startup_hook, g_pre_input_hook, g_display_hook;  // owned, guarded by g_lock
constinit int g_history_length = -1;
constinit bool g_auto_history = true;
constinit int g_begin = 0, g_end = 0;

void keep(Value* slot, Value v) {
  Ref<> old = Ref<>::steal(*slot);
  *slot = given(v) ? Ref<>::retain(v).take() : Value();
}
Ref<> held(Value slot) { return slot.empty() ? none_ref() : Ref<>::retain(slot); }
bool path_argument(Value v, Ref<Bytes>* out) {
  if (!given(v)) return true;
  *out = fs_encode(v);
  return static_cast<bool>(*out);
}
const char* text_of(const Ref<Bytes>& path) { return path ? reinterpret_cast<const char*>(path->data) : nullptr; }
// A str in the encoding of the terminal.
bool encoded(Value v, const char* function, Ref<Bytes>* out) {
  if (!is_str(v)) return raise(exc::TypeError, "%s() argument must be str, not %T", function, v);
  Utf8 utf8(as_str(v), true);
  if (!utf8.ok()) return false;
  *out = bytes_from(utf8.view());
  return static_cast<bool>(*out);
}

// ---- reading a line
// -------------------------------------------------------------------------------------------------------------

constinit char* g_line = nullptr;
constinit bool g_have_line = false;
void take_line(char* line) {
  g_line = line;
  g_have_line = true;
  rl_callback_handler_remove();
}
void run_hook(Value hook) {
  if (hook.empty()) return;
  Ref<> held_hook = Ref<>::retain(hook);
  Ref<> result = call0(held_hook.value());
  if (!result) clear_error();
}

Ref<> edit_line(const char* prompt) {
  OwnedGuard guard(g_lock);
  if (!guard) return Ref<>();
  g_have_line = false;
  g_line = nullptr;
  rl_callback_handler_install(prompt, take_line);
  run_hook(g_startup_hook);
  run_hook(g_pre_input_hook);
  while (!g_have_line) {
    pollfd input = {STDIN_FILENO, POLLIN, 0};
    int ready;
    {
      DetachedToWait detached;
      ready = poll(&input, 1, -1);
    }
    if (ready < 0) {
      if (errno == EINTR && run_signal_handlers()) continue;
      rl_callback_handler_remove();
      return error_pending() ? Ref<>() : Ref<>(raise_os_error());
    }
    rl_callback_read_char();
    if (error_pending() || !run_signal_handlers()) {
      if (!g_have_line) rl_callback_handler_remove();
      return Ref<>();
    }
  }
  if (!g_line) return Ref<>::retain(Value::object(empty_bytes()));
  size_t size = std::strlen(g_line);
  if (g_auto_history && size > 0) {
    HIST_ENTRY* last = history_length > 0 ? history_get(history_base + history_length - 1) : nullptr;
    if (!last || !last->line || std::strcmp(last->line, g_line) != 0) add_history(g_line);
  }
  Ref<Bytes> line = bytes_allocate(static_cast<int64_t>(size) + 1);
  if (line) {
    std::memcpy(line->data, g_line, size);
    line->data[size] = '\n';
  }
  std::free(g_line);
  g_line = nullptr;
  return line;
}

// ---- completion
// -------------------------------------------------------------------------------------------------------------------

char* complete_one(const char* text, int state) {
  if (g_completer.empty()) return nullptr;
  Ref<Str> word = str_from_filesystem(text);
  Ref<> completer = Ref<>::retain(g_completer);
  Ref<> result = word ? call_values(completer.value(), {word.value(), Value::small_int(state)}) : Ref<>();
  if (!result || !is_str(result.value())) {
    clear_error();
    return nullptr;
  }
  Utf8 utf8(as_str(result.value()), true);
  if (!utf8.ok()) {
    clear_error();
    return nullptr;
  }
  return strdup(utf8.c_str());
}
char** complete_word(const char* text, int start, int end) {
  rl_completion_append_character = 0;
  // No completion by file name when ours has nothing.
  rl_attempted_completion_over = 1;
  g_begin = start;
  g_end = end;
  return rl_completion_matches(text, complete_one);
}

// ---- functions
// --------------------------------------------------------------------------------------------------------------------

Ref<> os_result(int code) {
  if (!code) return none_ref();
  errno = code;
  return raise_os_error();
}
Ref<> parse_and_bind(const Value* a) {
  Ref<Bytes> text;
  if (!encoded(a[0], "parse_and_bind", &text)) return Ref<>();
  OwnedGuard guard(g_lock);
  if (!guard) return Ref<>();
  rl_parse_and_bind(reinterpret_cast<char*>(text->data));
  return none_ref();
}
Ref<> read_init_file(const Value* a) {
  Ref<Bytes> path;
  if (!path_argument(a[0], &path)) return Ref<>();
  errno = 0;
  if (rl_read_init_file(text_of(path))) return os_result(errno ? errno : ENOENT);
  return none_ref();
}
Ref<> read_history_file(const Value* a) {
  Ref<Bytes> path;
  if (!path_argument(a[0], &path) ||
      !audit("open", {given(a[0]) ? a[0] : none(), Value::object(intern("r")), Value::small_int(0)}))
    return Ref<>();
  OwnedGuard guard(g_lock);
  if (!guard) return Ref<>();
  return os_result(read_history(text_of(path)));
}
Ref<> write_history_file(const Value* a) {
  Ref<Bytes> path;
  if (!path_argument(a[0], &path) ||
      !audit("open", {given(a[0]) ? a[0] : none(), Value::object(intern("w")), Value::small_int(0)}))
    return Ref<>();
  OwnedGuard guard(g_lock);
  if (!guard) return Ref<>();
  int code = write_history(text_of(path));
  if (!code && g_history_length >= 0) history_truncate_file(text_of(path), g_history_length);
  return os_result(code);
}
Ref<> append_history_file(const Value* a) {
  int count;
  Ref<Bytes> path;
  if (!to_cint(a[0], &count) || !path_argument(a[1], &path)) return Ref<>();
  if (count < 0) return raise(exc::ValueError, "nelements must be positive");
  OwnedGuard guard(g_lock);
  if (!guard) return Ref<>();
  int code = append_history(count, text_of(path));
  if (!code && g_history_length >= 0) history_truncate_file(text_of(path), g_history_length);
  return os_result(code);
}
Ref<> set_history_length(const Value* a) { return to_cint(a[0], &g_history_length) ? none_ref() : Ref<>(); }
Ref<> get_history_length(const Value*) { return int_from_int64(g_history_length); }
Ref<> get_current_history_length(const Value*) { return int_from_int64(history_length); }
Ref<> get_history_item(const Value* a) {
  int index_value;
  if (!to_cint(a[0], &index_value)) return Ref<>();
  OwnedGuard guard(g_lock);
  if (!guard) return Ref<>();
  if (index_value < 1 || index_value > history_length) return none_ref();
  HIST_ENTRY* entry = history_get(history_base + index_value - 1);
  return entry && entry->line ? Ref<>(str_from_filesystem(entry->line)) : none_ref();
}
Ref<> remove_history_item(const Value* a) {
  int position;
  if (!to_cint(a[0], &position)) return Ref<>();
  if (position < 0) return raise(exc::ValueError, "History index cannot be negative");
  OwnedGuard guard(g_lock);
  if (!guard) return Ref<>();
  HIST_ENTRY* entry = remove_history(position);
  if (!entry) return raise(exc::ValueError, "No history item at position %d", position);
  std::free(const_cast<char*>(entry->line));
  std::free(entry);
  return none_ref();
}
Ref<> replace_history_item(const Value* a) {
  int position;
  Ref<Bytes> line;
  if (!to_cint(a[0], &position) || !encoded(a[1], "replace_history_item", &line)) return Ref<>();
  if (position < 0) return raise(exc::ValueError, "History index cannot be negative");
  OwnedGuard guard(g_lock);
  if (!guard) return Ref<>();
  HIST_ENTRY* entry = replace_history_entry(position, text_of(line), nullptr);
  if (!entry) return raise(exc::ValueError, "No history item at position %d", position);
  std::free(const_cast<char*>(entry->line));
  std::free(entry);
  return none_ref();
}
Ref<> add_history_line(const Value* a) {
  Ref<Bytes> line;
  if (!encoded(a[0], "add_history", &line)) return Ref<>();
  OwnedGuard guard(g_lock);
  if (!guard) return Ref<>();
  add_history(text_of(line));
  return none_ref();
}
Ref<> clear_all_history(const Value*) {
  OwnedGuard guard(g_lock);
  if (!guard) return Ref<>();
  clear_history();
  return none_ref();
}
Ref<> set_auto_history(const Value* a) { return to_flag(a[0], &g_auto_history) ? none_ref() : Ref<>(); }
template <Value* kSlot>
Ref<> set_hook(const Value* a) {
  if (given(a[0]) && !is_callable(a[0])) return raise(exc::TypeError, "set_hook(func): argument not callable");
  OwnedGuard guard(g_lock);
  if (!guard) return Ref<>();
  keep(kSlot, a[0]);
  return none_ref();
}
Ref<> get_completer(const Value*) { return held(g_completer); }
Ref<> set_completer_delims(const Value* a) {
  Ref<Bytes> text;
  if (!encoded(a[0], "set_completer_delims", &text)) return Ref<>();
  char* copy = strdup(text_of(text));
  if (!copy) return raise_no_memory();
  OwnedGuard guard(g_lock);
  if (!guard) return Ref<>();
  // The old one may be a literal of the library: it stays.
  rl_completer_word_break_characters = copy;
  return none_ref();
}
Ref<> get_completer_delims(const Value*) {
  return str_from_filesystem(rl_completer_word_break_characters ? rl_completer_word_break_characters
                                                                : rl_basic_word_break_characters);
}
Ref<> get_completion_type(const Value*) { return int_from_int64(rl_completion_type); }
Ref<> get_begin(const Value*) { return int_from_int64(g_begin); }
Ref<> get_end(const Value*) { return int_from_int64(g_end); }
Ref<> get_line_buffer(const Value*) { return str_from_filesystem(rl_line_buffer ? rl_line_buffer : ""); }
Ref<> insert_text(const Value* a) {
  Ref<Bytes> text;
  if (!encoded(a[0], "insert_text", &text)) return Ref<>();
  OwnedGuard guard(g_lock);
  if (!guard) return Ref<>();
  rl_insert_text(text_of(text));
  return none_ref();
}
Ref<> redisplay(const Value*) {
  rl_redisplay();
  return none_ref();
}

const NativeDef kFunctions[] = {
    {"parse_and_bind", "(string, /)", parse_and_bind, "Execute the init line provided in the string argument."},
    {"read_init_file", "(filename=None, /)", read_init_file, "Execute a readline initialization file."},
    {"read_history_file", "(filename=None, /)", read_history_file, "Load a readline history file."},
    {"write_history_file", "(filename=None, /)", write_history_file, "Save a readline history file."},
    {"append_history_file", "(nelements, filename=None, /)", append_history_file,
     "Append the last nelements items of the history list to file."},
    {"set_history_length", "(length, /)", set_history_length,
     "Set the maximal number of lines which will be written to the history file."},
    {"get_history_length", "()", get_history_length,
     "Return the maximum number of lines that will be written to the history file."},
    {"get_current_history_length", "()", get_current_history_length, "Return the current (not the maximum) length of history."},
    {"get_history_item", "(index, /)", get_history_item, "Return the current contents of history item at one-based index."},
    {"remove_history_item", "(pos, /)", remove_history_item, "Remove history item given by its zero-based position."},
    {"replace_history_item", "(pos, line, /)", replace_history_item,
     "Replaces history item given by its position with contents of line."},
    {"add_history", "(string, /)", add_history_line, "Add an item to the history buffer."},
    {"clear_history", "()", clear_all_history, "Clear the current readline history."},
    {"set_auto_history", "(enabled, /)", set_auto_history, "Enables or disables automatic history."},
    {"set_completer", "(function=None, /)", set_hook<&g_completer>, "Set or remove the completer function."},
    {"get_completer", "()", get_completer, "Get the current completer function."},
    {"set_completer_delims", "(string, /)", set_completer_delims, "Set the word delimiters for completion."},
    {"get_completer_delims", "()", get_completer_delims, "Get the word delimiters for completion."},
    {"get_completion_type", "()", get_completion_type, "Get the type of completion being attempted."},
    {"get_begidx", "()", get_begin, "Get the beginning index of the completion scope."},
    {"get_endidx", "()", get_end, "Get the ending index of the completion scope."},
    {"set_completion_display_matches_hook", "(function=None, /)", set_hook<&g_display_hook>,
     "Set or remove the completion display function."},
    {"set_startup_hook", "(function=None, /)", set_hook<&g_startup_hook>,
     "Set or remove the function invoked by the rl_startup_hook callback."},
    {"set_pre_input_hook", "(function=None, /)", set_hook<&g_pre_input_hook>,
     "Set or remove the function invoked by the rl_pre_input_hook callback."},
    {"get_line_buffer", "()", get_line_buffer, "Return the current contents of the line buffer."},
    {"insert_text", "(string, /)", insert_text, "Insert text into the line buffer at the cursor position."},
    {"redisplay", "()", redisplay, "Change what's displayed on the screen to reflect contents of the line buffer."},
    {}};

bool execute(Module*) {
  static constinit bool done = false;
  if (done) return true;
  done = true;
  rl_readline_name = "python";
  using_history();
  rl_catch_signals = 0;
  rl_attempted_completion_function = complete_word;
  rl_completer_word_break_characters = strdup(" \t\n`~!@#$%^&*()-=+[{]}\\|;:'\",<>/?");
  if (isatty(STDIN_FILENO)) rl_initialize();
  g_line_editor = edit_line;
  return true;
}

}  // namespace

extern "C" {
extern const NativeModule ptpython_module_readline;
const NativeModule ptpython_module_readline = {
    "readline", "Importing this module enables command line editing using libedit readline.", kFunctions, execute};
}
}  // namespace pt
