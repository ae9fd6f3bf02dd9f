// Raising: the pending exception of the thread, implicit chaining, OSError from errno.
#include "vm/object/error.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "vm/object/handled.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/thread.h"
#include "vm/types/exception.h"
#include "vm/types/int.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

namespace exc {
#define PT_EXCEPTION(name, base) constinit Type* name = nullptr;
#include "vm/object/exceptions.def"
#undef PT_EXCEPTION
}  // namespace exc

namespace {

// Made at start-up, so that memory exhaustion can be reported without memory.
constinit Value g_memory_error;

void set_pending(Ref<> exception) {
  Thread* thread = current_thread();
  Value old = thread->pending;
  thread->pending = exception.take();
  release(old);
}

// The handled exception becomes the context of the new one, cycles avoided.
void chain_context(Value exception) {
  Value handled = handled_exception(current_thread());
  if (handled.empty() || handled.same(exception)) return;
  // Cut the chain where it would lead back to the new exception (at most a few links in practice; Floyd's hare ends loops).
  Value at = handled, slow = handled;
  bool step = false;
  for (;;) {
    Value context = as_exception(at)->context.peek();
    if (context.empty()) break;
    if (context.same(exception)) {
      as_exception(at)->context.store(at.as_object(), Ref<>());
      break;
    }
    at = context;
    if (at.same(slow)) break;
    if (step) slow = as_exception(slow)->context.peek();
    step = !step;
  }
  as_exception(exception)->context.store(exception.as_object(), Ref<>::retain(handled));
}

Raised raise_instance(Ref<> exception) {
  chain_context(exception.value());
  set_pending(std::move(exception));
  return {};
}

}  // namespace

Value handled_exception(const Thread* thread) {
  Value handled = thread->handled;
  for (const CallRecord* r = thread->record; !handled.empty() && is_none(handled); --r) {
    if (r < thread->record_base) return Value();
    if (r->flags & kRecordGenerator) handled = r->saved_handled;
  }
  return handled;
}

void init_memory_error() {
  Ref<> e = call0(Value::object(exc::MemoryError));
  PT_CHECK(e);
  make_immortal(e.value().as_object());
  g_memory_error = e.take();
}

Raised raise_value(Type* type, Value argument) {
  Ref<> exception = call1(Value::object(type), argument);
  if (!exception) return {};
  return raise_instance(std::move(exception));
}
Raised raise_none(Type* type) {
  Ref<> exception = call0(Value::object(type));
  if (!exception) return {};
  return raise_instance(std::move(exception));
}

Raised raise(Type* type, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  Ref<Str> message = str_vformat(format, arguments);
  va_end(arguments);
  if (!message) return {};
  return raise_value(type, message.value());
}

Raised raise_object(Value v) {
  if (is_exception_type(v)) {
    Ref<> exception = call0(v);
    if (!exception) return {};
    if (!is_exception(exception.value())) {
      return raise(exc::TypeError, "calling %R should have returned an instance of BaseException, not %T", v, exception.value());
    }
    return raise_instance(std::move(exception));
  }
  if (!is_exception(v)) return raise(exc::TypeError, "exceptions must derive from BaseException");
  return raise_instance(Ref<>::retain(v));
}

Raised raise_no_memory() {
  if (g_memory_error.empty()) {
    std::fputs("ptpython: out of memory at start-up\n", stderr);
    std::_Exit(1);
  }
  // The instance that is kept would keep its traceback too: it is for when there is no memory for another.
  static constinit thread_local bool making = false;
  if (making) {
    set_pending(Ref<>::retain(g_memory_error));
    return {};
  }
  making = true;
  Ref<BaseException> fresh = allocate<BaseException>(exc::MemoryError);
  making = false;
  if (!fresh) return {};  // the other one is pending
  fresh->args.init(Ref<>::retain(Value::object(empty_tuple())));
  return raise_instance(std::move(fresh));
}

Raised raise_key_error(Value key) {
  // A tuple key must stay one argument.
  Ref<Tuple> args = tuple_of({key});
  if (!args) return {};
  Ref<> exception = call_tuple_dict(Value::object(exc::KeyError), args.value(), Value());
  if (!exception) return {};
  return raise_instance(std::move(exception));
}
Raised raise_stop_iteration(Value value) {
  if (is_none(value)) return raise_none(exc::StopIteration);
  Ref<Tuple> args = tuple_of({value});
  if (!args) return {};
  Ref<> exception = call_tuple_dict(Value::object(exc::StopIteration), args.value(), Value());
  if (!exception) return {};
  return raise_instance(std::move(exception));
}

Raised raise_attribute_error(Value object, Str* name) {
  Ref<Str> message;
  if (is_instance_of(object, &type_type)) {
    message = str_format("type object '%F' has no attribute '%U'", reinterpret_cast<Type*>(object.as_object()), name);
  } else if (is_module(object)) {
    return raise_module_attribute_error(object, name);
  } else {
    message = str_format("'%T' object has no attribute '%U'", object, name);
  }
  if (!message) return {};
  Ref<> exception = call1(Value::object(exc::AttributeError), message.value());
  if (!exception) return {};
  auto* e = reinterpret_cast<AttributeErrorObject*>(exception.value().as_object());
  e->name.store(e, Ref<>::retain(Value::object(name)));
  e->object.store(e, Ref<>::retain(object));
  return raise_instance(std::move(exception));
}

void complete_attribute_error(Value object, Str* name) {
  if (!pending_matches(exc::AttributeError)) return;
  Ref<> exception = take_error();
  auto* e = reinterpret_cast<AttributeErrorObject*>(exception.value().as_object());
  if (e->name.peek().empty() && e->object.peek().empty()) {
    e->name.store(e, Ref<>::retain(Value::object(name)));
    e->object.store(e, Ref<>::retain(object));
  }
  restore_error(std::move(exception));
}

Raised raise_name_error(Type* type, const char* format, Str* name) {
  Ref<Str> message = str_format(format, name);
  if (!message) return {};
  Ref<> exception = call1(Value::object(type), message.value());
  if (!exception) return {};
  auto* e = reinterpret_cast<NameErrorObject*>(exception.value().as_object());
  e->name.store(e, Ref<>::retain(Value::object(name)));
  return raise_instance(std::move(exception));
}

Raised raise_errno(Type* type, Value filename, Value filename2) {
  int number = errno;
  char buffer[256];
  const char* text = strerror_r(number, buffer, sizeof(buffer));
  Ref<Str> message = str_from_filesystem(text);
  if (!message) return {};
  Value values[5] = {Value::small_int(number), message.value(), filename.empty() ? none() : filename, none(),
                     filename2.empty() ? none() : filename2};
  uint32_t count = filename.empty() ? 2 : filename2.empty() ? 3 : 5;
  Ref<> exception = call(Value::object(type), Args{values, count});
  if (!exception) return {};
  return raise_instance(std::move(exception));
}

Raised raise_bad_argument(const char* function, int position, const char* expected, Value got) {
  if (position == 0) return raise(exc::TypeError, "%s() argument must be %s, not %T", function, expected, got);
  return raise(exc::TypeError, "%s() argument %d must be %s, not %T", function, position, expected, got);
}

void set_exception_cause(Value exception, Value cause) {
  BaseException* e = as_exception(exception);
  e->cause.store(e, cause.empty() ? Ref<>() : Ref<>::retain(cause));
  e->suppress_context = 1;
}
void set_exception_context(Value exception, Value context) {
  BaseException* e = as_exception(exception);
  e->context.store(e, context.empty() ? Ref<>() : Ref<>::retain(context));
}
void set_exception_traceback(Value exception, Value traceback) {
  BaseException* e = as_exception(exception);
  e->traceback.store(e, traceback.empty() ? Ref<>() : Ref<>::retain(traceback));
}
Ref<> exception_traceback(Value exception) { return as_exception(exception)->traceback.load(exception.as_object()); }

bool error_pending() { return !current_thread()->pending.empty(); }
Type* pending_type() {
  Value v = current_thread()->pending;
  return v.empty() ? nullptr : type_of(v);
}
bool pending_matches(Type* type) {
  Type* t = pending_type();
  return t && is_subtype(t, type);
}
void clear_error() { set_pending(Ref<>()); }
bool clear_if(Type* type) {
  if (!pending_matches(type)) return false;
  clear_error();
  return true;
}
Ref<> take_error() {
  Thread* thread = current_thread();
  Value v = thread->pending;
  thread->pending = Value();
  return Ref<>::steal(v);
}
void restore_error(Ref<> exception) { set_pending(std::move(exception)); }

constinit bool (*g_unraisable_hook)(Value, const char*, Value) = nullptr;

void write_unraisable(const char* what, Value object) {
  Ref<> exception = take_error();
  if (!exception) return;
  if (g_unraisable_hook && g_unraisable_hook(exception.value(), what, object)) return;
  clear_error();
  // No hook, or the hook failed.
  Ref<> shown = object.empty() ? Ref<>() : repr(object);
  clear_error();
  Ref<> text = str(exception.value());
  clear_error();
  std::fprintf(stderr, "Exception ignored %s", what && *what && std::strcmp(what, "ignored in") != 0 ? what : "in");
  if (shown) {
    Utf8 utf8(as_str(shown.value()));
    std::fprintf(stderr, ": %s", utf8.ok() ? utf8.c_str() : "?");
  }
  std::fputc('\n', stderr);
  if (text) {
    Utf8 utf8(as_str(text.value()));
    std::fprintf(stderr, "%s: %s\n", type_name(exception.value()), utf8.ok() ? utf8.c_str() : "?");
  }
  clear_error();
}

}  // namespace pt
