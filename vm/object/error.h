#pragma once
// Raising and inspecting exceptions. The pending exception is stored on the thread.
#include "gc/refcount/ref.h"

namespace pt {

struct Type;
struct Str;

// What raise() gives: converts to the "failed" value of every result convention.
struct Raised {
  template <class T>
  operator Ref<T>() const {
    return Ref<T>();
  }
  operator bool() const { return false; }
  operator Value() const { return Value(); }
  template <class T>
  operator T*() const {
    return nullptr;
  }
  static constexpr int kError = -1;
};

// The builtin exception types, by name.
namespace exc {
#define PT_EXCEPTION(name, base) extern Type* name;
#include "vm/object/exceptions.def"
#undef PT_EXCEPTION
}  // namespace exc

// Raises `type` with a formatted message. Directives: %s const char*, %d int, %ld int64_t/long, %zd ssize_t, %zu size_t,
// %c char, %g double, %% ; with a Value argument: %V str(v), %R repr(v), %T name of its type; %U a Str*; of a
// Type*: %N its name, %F the same with the module of a builtin one, as %T has it.
[[gnu::cold]] Raised raise(Type* type, const char* format, ...);
[[gnu::cold]] Raised raise_value(Type* type, Value argument);  // type(argument)
[[gnu::cold]] Raised raise_none(Type* type);                   // type()
[[gnu::cold]] Raised raise_object(Value exception);            // an exception instance or class, as the raise statement
[[gnu::cold]] Raised raise_no_memory();
[[gnu::cold]] Raised raise_errno(Type* type, Value filename = Value(), Value filename2 = Value());  // OSError from errno
[[gnu::cold]] Raised raise_attribute_error(Value object, Str* name);  // with name and obj set
// Gives a pending AttributeError that does not say what it is about the object and the name.
[[gnu::cold]] void complete_attribute_error(Value object, Str* name);
[[gnu::cold]] Raised raise_module_attribute_error(Value module, Str* name);
// NameError or UnboundLocalError with name set; `format` has one %U.
[[gnu::cold]] Raised raise_name_error(Type* type, const char* format, Str* name);
[[gnu::cold]] Raised raise_key_error(Value key);
[[gnu::cold]] Raised raise_stop_iteration(Value value);
[[gnu::cold]] Raised raise_bad_argument(const char* function, int position, const char* expected, Value got);

// Links of exception objects. Values may be empty.
void set_exception_cause(Value exception, Value cause);
void set_exception_context(Value exception, Value context);
void set_exception_traceback(Value exception, Value traceback);
Ref<> exception_traceback(Value exception);

bool error_pending();
Type* pending_type();               // borrowed; nullptr when none
bool pending_matches(Type* type);   // subclass test
void clear_error();
Ref<> take_error();                 // the exception instance (with traceback); nothing pending afterwards
void restore_error(Ref<> exception);  // makes it pending without touching context or traceback
// Clears the pending exception and returns true if it matches.
bool clear_if(Type* type);
// Reports the pending exception through sys.unraisablehook and clears it.
// `what`: "ignored in", or what follows "Exception ignored " in the report ("in atexit callback").
void write_unraisable(const char* what, Value object);
// Set by the sys module: calls sys.unraisablehook. False when it could not.
extern bool (*g_unraisable_hook)(Value exception, const char* what, Value object);
// Issues a warning through the warnings machinery; false when it became an exception.
// Start-up: keeps an instance for when memory is out.
void init_memory_error();
bool warn(Type* category, int stack_level, const char* format, ...);

}  // namespace pt
