#pragma once
// Exception objects. One C++ struct for each family of fields; the types are made from vm/object/exceptions.def.
#include "vm/object/error.h"
#include "vm/object/type.h"

namespace pt {

struct BaseException : Object {
  Field args;        // tuple
  Field traceback, context, cause;  // or empty
  uint64_t suppress_context;        // 0 or 1; a word, so that compiled code can set it like a field
};
struct StopIterationObject : BaseException {
  Field value;
};
struct SystemExitObject : BaseException {
  Field code;
};
struct ImportErrorObject : BaseException {
  Field message, name, path;
};
struct OSErrorObject : BaseException {
  Field error_number, message, filename, filename2;
  int64_t characters_written;  // -1: not set
};
struct NameErrorObject : BaseException {
  Field name;
};
struct AttributeErrorObject : BaseException {
  Field object, name;
};
struct SyntaxErrorObject : BaseException {
  Field message, filename, line, offset, end_line, end_offset, text, print_file_and_line;
};
struct UnicodeErrorObject : BaseException {
  Field encoding, object, reason;
  int64_t start, end;
};
struct ExceptionGroupObject : BaseException {
  Field message, exceptions;
};

inline bool is_exception(Value v) { return v.is_object() && has_flag(type_of(v), kTypeExceptionSubclass); }
inline bool is_exception_type(Value v) {
  return v.is_object() && has_flag(type_of(v), kTypeTypeSubclass) &&
         has_flag(reinterpret_cast<Type*>(v.as_object()), kTypeExceptionSubclass);
}
inline BaseException* as_exception(Value v) { return reinterpret_cast<BaseException*>(v.as_object()); }

void init_exception_types();  // start-up, after the builtin types
// Adds all exception types to the builtins namespace.
bool add_exceptions_to(struct Dict* builtins);
// Does the class of `exception` match `type_or_tuple`, as in an except clause? -1: error (not an exception class).
int exception_matches(Value exception, Value type_or_tuple);
// except*: splits; match or rest may be empty. False on error.
bool exception_group_match(Value exception, Value type, Ref<>* match, Ref<>* rest);
Ref<> prepare_reraise_star(Value original, Value list);
// Attributes the runtime fills in for messages and suggestions.
Ref<> new_os_error(int error_number, Value filename, Value filename2);

}  // namespace pt
