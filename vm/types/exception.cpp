// The exception types: construction, attributes, str and repr.
#include "vm/types/exception.h"

#include <cerrno>

#include "vm/object/attributes.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/type_build.h"
#include "vm/types/bytes.h"
#include "vm/types/dict.h"
#include "vm/types/exception_group.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

template <class T>
T* as(Value v) {
  return reinterpret_cast<T*>(v.as_object());
}
template <class T>
T* as(Object* o) {
  return static_cast<T*>(o);
}

// ---- BaseException -------------------------------------------------------------------------------------------------

Ref<> base_construct(Type* type, const Args& args) {
  Ref<> e = Ref<>::steal(Value::object(allocate_instance(type)));
  if (!e) return e;
  Ref<Tuple> tuple = tuple_from(args.values, args.count);
  if (!tuple) return Ref<>();
  as<BaseException>(e.value())->args.init(std::move(tuple));
  if (is_subtype(type, exc::OSError)) as<OSErrorObject>(e.value())->characters_written = -1;
  return e;
}
bool set_args(Value self, const Args& args) {
  Ref<Tuple> tuple = tuple_from(args.values, args.count);
  if (!tuple) return false;
  as<BaseException>(self)->args.store(self.as_object(), std::move(tuple));
  return true;
}
bool base_init(Value self, const Args& args) {
  if (args.keyword_count()) return raise(exc::TypeError, "%T() takes no keyword arguments", self);
  return set_args(self, args);
}
Ref<> args_of(Value self) {
  Ref<> args = as<BaseException>(self)->args.load(self.as_object());
  return args ? std::move(args) : Ref<>(Ref<Tuple>::retain(empty_tuple()));
}
Ref<> base_str(Value self) {
  Ref<> args = args_of(self);
  Tuple* t = as_tuple(args.value());
  if (t->length == 0) return str_from_ascii("");
  return str(t->length == 1 ? t->at(0) : args.value());
}
Ref<> base_repr(Value self) {
  Ref<> args = args_of(self);
  Tuple* t = as_tuple(args.value());
  Ref<> shown = repr(t->length == 1 ? t->at(0) : args.value());
  if (!shown) return shown;
  return t->length == 1 ? str_format("%T(%U)", self, as_str(shown.value())) : str_format("%T%U", self, as_str(shown.value()));
}
void base_traverse(Object* o, FieldVisitor& v) {
  auto* e = as<BaseException>(o);
  v(e->args);
  v(e->traceback);
  v(e->context);
  v(e->cause);
  attributes_traverse(o, v);
}
template <class T, Field T::*... Members>
void traverse_more(Object* o, FieldVisitor& v) {
  auto* e = as<BaseException>(o);
  v(e->args);
  v(e->traceback);
  v(e->context);
  v(e->cause);
  (v(as<T>(o)->*Members), ...);
  attributes_traverse(o, v);
}
void base_clear(Object* o) {
  // The fields without the attributes, which have their own way of clearing.
  auto* e = as<BaseException>(o);
  for (Field* f : {&e->args, &e->traceback, &e->context, &e->cause}) f->clear();
  const Type* type = o->shape()->type;
  while (has_flag(type, kTypeHeap)) type = type->base;
  uint32_t fixed = type->spec->size;
  for (uint32_t at = sizeof(BaseException); at + 8 <= fixed; at += 8) {
    bool number = (is_subtype(type, exc::OSError) && at >= offsetof(OSErrorObject, characters_written)) ||
                  (is_subtype(type, exc::UnicodeError) && at >= offsetof(UnicodeErrorObject, start));
    if (!number) reinterpret_cast<Field*>(reinterpret_cast<char*>(o) + at)->clear();
  }
  if (!has_flag(o->shape()->type, kTypeHeap)) attributes_clear(o);
}

Ref<> get_args(Value self) { return args_of(self); }
bool put_args(Value self, Value v) {
  if (v.empty()) return raise(exc::TypeError, "args may not be deleted");
  Ref<Tuple> t = tuple_from_iterable(v);
  if (!t) return false;
  as<BaseException>(self)->args.store(self.as_object(), std::move(t));
  return true;
}
Ref<> field_or_none(Value self, Field& f) {
  Ref<> v = f.load(self.as_object());
  return v ? std::move(v) : none_ref();
}
Ref<> get_traceback(Value self) { return field_or_none(self, as<BaseException>(self)->traceback); }
bool put_traceback(Value self, Value v) {
  if (v.empty()) return raise(exc::TypeError, "__traceback__ may not be deleted");
  if (!is_none(v) && !has_shape(v, kShape_traceback)) {
    return raise(exc::TypeError, "__traceback__ must be a traceback or None");
  }
  set_exception_traceback(self, is_none(v) ? Value() : v);
  return true;
}
Ref<> get_context(Value self) { return field_or_none(self, as<BaseException>(self)->context); }
bool put_context(Value self, Value v) {
  if (v.empty()) return raise(exc::TypeError, "__context__ may not be deleted");
  if (!is_none(v) && !is_exception(v)) {
    return raise(exc::TypeError, "exception context must be None or derive from BaseException");
  }
  set_exception_context(self, is_none(v) ? Value() : v);
  return true;
}
Ref<> get_cause(Value self) { return field_or_none(self, as<BaseException>(self)->cause); }
bool put_cause(Value self, Value v) {
  if (v.empty()) return raise(exc::TypeError, "__cause__ may not be deleted");
  if (!is_none(v) && !is_exception(v)) {
    return raise(exc::TypeError, "exception cause must be None or derive from BaseException");
  }
  set_exception_cause(self, is_none(v) ? Value() : v);
  return true;
}
Ref<> get_suppress(Value self) { return bool_ref(as<BaseException>(self)->suppress_context); }
bool put_suppress(Value self, Value v) {
  int t = v.empty() ? -1 : truth(v);
  if (t < 0) return error_pending() ? false : raise(exc::TypeError, "can't delete numeric/char attribute");
  as<BaseException>(self)->suppress_context = t != 0;
  return true;
}
Ref<> get_dict(Value self) { return instance_dict(self.as_object()); }
bool put_dict(Value self, Value v) {
  if (v.empty() || !is_dict(v)) return raise(exc::TypeError, "__dict__ must be a dictionary");
  return instance_set_dict(self.as_object(), as_dict(v));
}
const GetSetDef kBaseGetSets[] = {{"args", get_args, put_args},
                                  {"__traceback__", get_traceback, put_traceback},
                                  {"__context__", get_context, put_context, "exception context"},
                                  {"__cause__", get_cause, put_cause, "exception cause"},
                                  {"__suppress_context__", get_suppress, put_suppress},
                                  {"__dict__", get_dict, put_dict},
                                  {}};

Ref<> base_with_traceback(const Value* a) {
  if (!put_traceback(a[0], a[1])) return Ref<>();
  return Ref<>::retain(a[0]);
}
Ref<> base_reduce(const Value* a) {
  Ref<> args = args_of(a[0]);
  Ref<Dict> state = instance_snapshot(a[0].as_object());
  if (!state) return Ref<>();
  Type* type = type_of(a[0]);
  if (is_subtype(type, exc::OSError)) {
    auto* e = as<OSErrorObject>(a[0]);
    if (as_tuple(args.value())->length == 2 && !e->filename.peek().empty() && !is_none(e->filename.peek())) {
      bool both = !e->filename2.peek().empty() && !is_none(e->filename2.peek());
      Tuple* t = as_tuple(args.value());
      args = both ? tuple_of({t->at(0), t->at(1), e->filename.peek(), none(), e->filename2.peek()})
                  : tuple_of({t->at(0), t->at(1), e->filename.peek()});
    }
  } else if (is_subtype(type, exc::ImportError)) {
    auto* e = as<ImportErrorObject>(a[0]);
    for (auto [field, key] : {std::pair{&e->name, "name"}, std::pair{&e->path, "path"}}) {
      if (!field->peek().empty() && !is_none(field->peek())) dict_set_text(state.get(), key, field->peek());
    }
  }
  if (!args) return args;
  if (dict_size(state.get()) == 0) return tuple_of({Value::object(type), args.value()});
  return tuple_of({Value::object(type), args.value(), state.value()});
}
Ref<> base_setstate(const Value* a) {
  if (is_none(a[1])) return none_ref();
  if (!is_dict(a[1])) return raise(exc::TypeError, "state is not a dictionary");
  int64_t position = 0;
  Ref<> key, value;
  while (dict_next(as_dict(a[1]), &position, &key, &value)) {
    Ref<Str> holder;
    if (!is_str(key.value())) return raise(exc::TypeError, "attribute name must be string, not '%T'", key.value());
    Str* name = intern_name(as_str(key.value()), &holder);
    if (!name || !set_attribute(a[0], name, value.value())) return Ref<>();
  }
  return none_ref();
}
Ref<> base_add_note(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "note must be a str, not '%T'", a[1]);
  Ref<> notes = find_attribute(a[0], names::notes.str());
  if (!notes) {
    if (error_pending()) return Ref<>();
    notes = list_new();
    if (!notes || !set_attribute(a[0], names::notes.str(), notes.value())) return Ref<>();
  }
  if (!is_list(notes.value())) return raise(exc::TypeError, "Cannot add note: __notes__ is not a list");
  if (!list_append(as_list(notes.value()), Ref<>::retain(a[1]))) return Ref<>();
  return none_ref();
}
const NativeDef kBaseMethods[] = {
    {"with_traceback", "($self, object, /)", base_with_traceback, "Set self.__traceback__ to the argument and return self."},
    {"add_note", "($self, object, /)", base_add_note, "Add a note to the exception."},
    {"__reduce__", "($self, /)", base_reduce},
    {"__setstate__", "($self, object, /)", base_setstate},
    {}};

// ---- families with fields -------------------------------------------------------------------------------------------

bool stop_iteration_init(Value self, const Args& args) {
  if (!base_init(self, args)) return false;
  as<StopIterationObject>(self)->value.store(self.as_object(), args.count ? Ref<>::retain(args.values[0]) : none_ref());
  return true;
}
bool system_exit_init(Value self, const Args& args) {
  if (!base_init(self, args)) return false;
  Ref<> code = none_ref();
  if (args.count == 1) code = Ref<>::retain(args.values[0]);
  if (args.count > 1) code = args_of(self);
  as<SystemExitObject>(self)->code.store(self.as_object(), std::move(code));
  return true;
}
// Takes the keywords `allowed` out of the arguments.
bool keyword_fields(Value self, const Args& args, std::initializer_list<std::pair<const char*, Field*>> allowed) {
  for (uint32_t k = 0; k < args.keyword_count(); ++k) {
    Str* key = as_str(args.names->at(k));
    bool found = false;
    for (auto& [name, field] : allowed) {
      if (key->equals_ascii(name)) {
        field->store(self.as_object(), Ref<>::retain(args.values[args.count + k]));
        found = true;
      }
    }
    if (!found) return raise(exc::TypeError, "'%U' is an invalid keyword argument for %T()", key, self);
  }
  return true;
}
bool import_error_init(Value self, const Args& args) {
  auto* e = as<ImportErrorObject>(self);
  if (!set_args(self, args)) return false;
  if (args.keyword_count() > 2) {
    return raise(exc::TypeError, "ImportError() takes at most 2 keyword arguments (%d given)",
                 static_cast<int>(args.keyword_count()));
  }
  for (uint32_t k = 0; k < args.keyword_count(); ++k) {
    Str* key = as_str(args.names->at(k));
    if (!key->equals_ascii("name") && !key->equals_ascii("path")) {
      return raise(exc::TypeError, "'%U' is an invalid keyword argument for ImportError", key);
    }
  }
  for (Field* field : {&e->message, &e->name, &e->path}) field->store(e, Ref<>());
  if (!keyword_fields(self, args, {{"name", &e->name}, {"path", &e->path}})) return false;
  if (args.count == 1) e->message.store(e, Ref<>::retain(args.values[0]));
  return true;
}
Ref<> import_error_str(Value self) {
  Ref<> message = as<ImportErrorObject>(self)->message.load(self.as_object());
  if (message && is_exact_str(message.value())) return message;
  return base_str(self);
}
bool name_error_init(Value self, const Args& args) {
  return set_args(self, args) && keyword_fields(self, args, {{"name", &as<NameErrorObject>(self)->name}});
}
bool attribute_error_init(Value self, const Args& args) {
  auto* e = as<AttributeErrorObject>(self);
  return set_args(self, args) && keyword_fields(self, args, {{"name", &e->name}, {"obj", &e->object}});
}

struct ErrnoType {
  int number;
  Type** type;
};
const ErrnoType kErrnoTypes[] = {{EAGAIN, &exc::BlockingIOError},
                                 {EALREADY, &exc::BlockingIOError},
                                 {EINPROGRESS, &exc::BlockingIOError},
                                 {EPIPE, &exc::BrokenPipeError},
                                 {ESHUTDOWN, &exc::BrokenPipeError},
                                 {ECHILD, &exc::ChildProcessError},
                                 {ECONNABORTED, &exc::ConnectionAbortedError},
                                 {ECONNREFUSED, &exc::ConnectionRefusedError},
                                 {ECONNRESET, &exc::ConnectionResetError},
                                 {EEXIST, &exc::FileExistsError},
                                 {ENOENT, &exc::FileNotFoundError},
                                 {EISDIR, &exc::IsADirectoryError},
                                 {ENOTDIR, &exc::NotADirectoryError},
                                 {EINTR, &exc::InterruptedError},
                                 {EACCES, &exc::PermissionError},
                                 {EPERM, &exc::PermissionError},
                                 {ESRCH, &exc::ProcessLookupError},
                                 {ETIMEDOUT, &exc::TimeoutError}};

bool os_error_fields(Value self, const Args& args) {
  auto* e = as<OSErrorObject>(self);
  if (args.count >= 2 && args.count <= 5) {
    e->error_number.store(e, Ref<>::retain(args.values[0]));
    e->message.store(e, Ref<>::retain(args.values[1]));
    if (args.count >= 3) {
      int64_t written;
      if (is_subtype(type_of(self), exc::BlockingIOError) && is_int(args.values[2]) && int_to_int64(args.values[2], &written)) {
        e->characters_written = written;
      } else if (!is_none(args.values[2])) {
        e->filename.store(e, Ref<>::retain(args.values[2]));
        if (args.count == 5 && !is_none(args.values[4])) e->filename2.store(e, Ref<>::retain(args.values[4]));
        // The file names are not part of args.
        return set_args(self, Args{args.values, 2});
      }
    }
  }
  return set_args(self, Args{args.values, args.count});
}
Ref<> os_error_construct(Type* type, const Args& args) {
  if (type == exc::OSError && args.count >= 2 && args.count <= 5 && is_int(args.values[0])) {
    int64_t number;
    if (int_to_int64(args.values[0], &number)) {
      for (const ErrnoType& entry : kErrnoTypes) {
        if (entry.number == number) type = *entry.type;
      }
    }
  }
  Ref<> e = base_construct(type, Args{args.values, args.count});
  if (!e) return e;
  // A subclass with its own __init__ but not __new__ fills the fields in __init__.
  if (type->slots.init == exc::OSError->slots.init) {
    if (args.keyword_count()) return raise(exc::TypeError, "%F() takes no keyword arguments", type);
    if (!os_error_fields(e.value(), args)) return Ref<>();
  }
  return e;
}
bool os_error_init(Value self, const Args& args) {
  Type* type = type_of(self);
  if (type->slots.init == exc::OSError->slots.init) return true;  // done by __new__
  if (args.keyword_count()) return raise(exc::TypeError, "%T() takes no keyword arguments", self);
  return os_error_fields(self, args);
}
bool present(Field& f) { return !f.peek().empty() && !is_none(f.peek()); }
Ref<> os_error_str(Value self) {
  auto* e = as<OSErrorObject>(self);
  Value number = e->error_number.peek().empty() ? none() : e->error_number.peek();
  Value message = e->message.peek().empty() ? none() : e->message.peek();
  if (present(e->filename)) {
    if (present(e->filename2)) {
      return str_format("[Errno %V] %V: %R -> %R", number, message, e->filename.peek(), e->filename2.peek());
    }
    return str_format("[Errno %V] %V: %R", number, message, e->filename.peek());
  }
  if (!e->error_number.peek().empty() && !e->message.peek().empty()) return str_format("[Errno %V] %V", number, message);
  return base_str(self);
}
Ref<> get_characters_written(Value self) {
  auto* e = as<OSErrorObject>(self);
  if (e->characters_written == -1) return raise_attribute_error(self, names::characters_written_.str());
  return int_from_int64(e->characters_written);
}
bool put_characters_written(Value self, Value v) {
  auto* e = as<OSErrorObject>(self);
  if (v.empty()) {
    if (e->characters_written == -1) return raise_attribute_error(self, names::characters_written_.str());
    e->characters_written = -1;
    return true;
  }
  return to_size(v, &e->characters_written);
}
const GetSetDef kOSErrorGetSets[] = {{"characters_written", get_characters_written, put_characters_written}, {}};

bool syntax_error_init(Value self, const Args& args) {
  auto* e = as<SyntaxErrorObject>(self);
  if (!base_init(self, args)) return false;
  if (args.count >= 1) e->message.store(e, Ref<>::retain(args.values[0]));
  if (args.count == 2) {
    Ref<Tuple> info = tuple_from_iterable(args.values[1]);
    if (!info) return false;
    if (info->length != 4 && info->length != 6) {
      if (info->length == 5) return raise(exc::TypeError, "end_offset must be provided when end_lineno is provided");
      return raise(exc::TypeError, "function takes %s %d arguments (%ld given)", info->length < 4 ? "at least" : "at most",
                   info->length < 4 ? 4 : 6, info->length);
    }
    Field* fields[] = {&e->filename, &e->line, &e->offset, &e->text, &e->end_line, &e->end_offset};
    for (int64_t i = 0; i < info->length; ++i) fields[i]->store(e, Ref<>::retain(info->at(i)));
  }
  return true;
}
Ref<> syntax_error_str(Value self) {
  auto* e = as<SyntaxErrorObject>(self);
  Value message = e->message.peek().empty() ? none() : e->message.peek();
  Value filename = e->filename.peek();
  Value line = e->line.peek();
  bool has_file = !filename.empty() && is_str(filename);
  bool has_line = !line.empty() && is_exact_int(line);
  if (!has_file && !has_line) return str(message);
  Ref<Str> base;
  if (has_file) {
    Str* f = as_str(filename);
    int64_t slash = f->length;
    while (slash > 0 && f->at(slash - 1) != '/') --slash;
    base = str_substring(f, slash, f->length);
    if (!base) return Ref<>();
  }
  if (has_file && has_line) return str_format("%V (%U, line %V)", message, base.get(), line);
  if (has_file) return str_format("%V (%U)", message, base.get());
  return str_format("%V (line %V)", message, line);
}

Ref<> key_error_str(Value self) {
  Ref<> args = args_of(self);
  if (as_tuple(args.value())->length == 1) return repr(as_tuple(args.value())->at(0));
  return base_str(self);
}

// UnicodeDecodeError(encoding, object, start, end, reason) and its siblings.
bool unicode_init(Value self, const Args& args, bool encoding, bool bytes_object) {
  if (!base_init(self, args)) return false;
  uint32_t expected = encoding ? 5 : 4;
  if (args.count != expected) {
    return raise(exc::TypeError, "function takes exactly %d arguments (%d given)", static_cast<int>(expected),
                 static_cast<int>(args.count));
  }
  auto* e = as<UnicodeErrorObject>(self);
  const Value* v = args.values;
  int at = 1;
  if (encoding) {
    if (!is_str(v[0])) return raise(exc::TypeError, "argument 1 must be str, not %T", v[0]);
    e->encoding.store(e, Ref<>::retain(v[0]));
    ++v;
    ++at;
  }
  if (bytes_object) {
    if (is_bytes(v[0])) {
      e->object.store(e, Ref<>::retain(v[0]));
    } else {
      Ref<> copy = call1(Value::object(&bytes_type), v[0]);
      if (!copy) return false;
      e->object.store(e, std::move(copy));
    }
  } else {
    if (!is_str(v[0])) return raise(exc::TypeError, "argument %d must be str, not %T", at, v[0]);
    e->object.store(e, Ref<>::retain(v[0]));
  }
  if (!to_size(v[1], &e->start) || !to_size(v[2], &e->end)) return false;
  if (!is_str(v[3])) return raise(exc::TypeError, "argument %d must be str, not %T", at + 3, v[3]);
  e->reason.store(e, Ref<>::retain(v[3]));
  return true;
}
bool unicode_decode_init(Value self, const Args& args) { return unicode_init(self, args, true, true); }
bool unicode_encode_init(Value self, const Args& args) { return unicode_init(self, args, true, false); }
bool unicode_translate_init(Value self, const Args& args) { return unicode_init(self, args, false, false); }
Ref<> unicode_str(Value self) {
  auto* e = as<UnicodeErrorObject>(self);
  if (e->object.peek().empty()) return str_from_ascii("");
  Ref<> reason = str(e->reason.peek());
  if (!reason) return reason;
  Type* type = type_of(self);
  if (is_subtype(type, exc::UnicodeDecodeError)) {
    Bytes* b = as_bytes(e->object.peek());
    if (e->end == e->start + 1 && e->start >= 0 && e->start < b->length) {
      char hex[8];
      __builtin_snprintf(hex, sizeof(hex), "%02x", b->data[e->start]);
      return str_format("'%V' codec can't decode byte 0x%s in position %ld: %U", e->encoding.peek(), hex, e->start,
                        as_str(reason.value()));
    }
    return str_format("'%V' codec can't decode bytes in position %ld-%ld: %U", e->encoding.peek(), e->start, e->end - 1,
                      as_str(reason.value()));
  }
  Str* s = as_str(e->object.peek());
  const char* verb = is_subtype(type, exc::UnicodeEncodeError) ? "encode" : "translate";
  Ref<Str> prefix = is_subtype(type, exc::UnicodeEncodeError)
                        ? str_format("'%V' codec can't encode character", e->encoding.peek())
                        : str_format("can't %s character", verb);
  if (!prefix) return prefix;
  if (e->end == e->start + 1 && e->start >= 0 && e->start < s->length) {
    uint32_t c = s->at(e->start);
    char shown[16];
    __builtin_snprintf(shown, sizeof(shown), c <= 0xFF ? "\\x%02x" : c <= 0xFFFF ? "\\u%04x" : "\\U%08x", c);
    return str_format("%U '%s' in position %ld: %U", prefix.get(), shown, e->start, as_str(reason.value()));
  }
  return str_format("%Us in position %ld-%ld: %U", prefix.get(), e->start, e->end - 1, as_str(reason.value()));
}
Ref<> get_start(Value self) {
  auto* e = as<UnicodeErrorObject>(self);
  return int_from_int64(e->start);
}
bool put_start(Value self, Value v) { return !v.empty() && to_size(v, &as<UnicodeErrorObject>(self)->start); }
Ref<> get_end(Value self) { return int_from_int64(as<UnicodeErrorObject>(self)->end); }
bool put_end(Value self, Value v) { return !v.empty() && to_size(v, &as<UnicodeErrorObject>(self)->end); }
const GetSetDef kUnicodeGetSets[] = {{"start", get_start, put_start}, {"end", get_end, put_end}, {}};

#define MEMBER(T, field, text) {text, static_cast<uint32_t>(__builtin_offsetof(T, field)), true}
const MemberDef kStopIterationMembers[] = {MEMBER(StopIterationObject, value, "value"), {}};
const MemberDef kSystemExitMembers[] = {MEMBER(SystemExitObject, code, "code"), {}};
const MemberDef kImportErrorMembers[] = {MEMBER(ImportErrorObject, message, "msg"),
                                         MEMBER(ImportErrorObject, name, "name"),
                                         MEMBER(ImportErrorObject, path, "path"),
                                         {}};
const MemberDef kOSErrorMembers[] = {MEMBER(OSErrorObject, error_number, "errno"),
                                     MEMBER(OSErrorObject, message, "strerror"),
                                     MEMBER(OSErrorObject, filename, "filename"),
                                     MEMBER(OSErrorObject, filename2, "filename2"),
                                     {}};
const MemberDef kNameErrorMembers[] = {MEMBER(NameErrorObject, name, "name"), {}};
const MemberDef kAttributeErrorMembers[] = {
    MEMBER(AttributeErrorObject, name, "name"), MEMBER(AttributeErrorObject, object, "obj"), {}};
const MemberDef kSyntaxErrorMembers[] = {MEMBER(SyntaxErrorObject, message, "msg"),
                                         MEMBER(SyntaxErrorObject, filename, "filename"),
                                         MEMBER(SyntaxErrorObject, line, "lineno"),
                                         MEMBER(SyntaxErrorObject, offset, "offset"),
                                         MEMBER(SyntaxErrorObject, end_line, "end_lineno"),
                                         MEMBER(SyntaxErrorObject, end_offset, "end_offset"),
                                         MEMBER(SyntaxErrorObject, text, "text"),
                                         MEMBER(SyntaxErrorObject, print_file_and_line, "print_file_and_line"),
                                         {}};
const MemberDef kUnicodeMembers[] = {MEMBER(UnicodeErrorObject, encoding, "encoding"),
                                     MEMBER(UnicodeErrorObject, object, "object"),
                                     MEMBER(UnicodeErrorObject, reason, "reason"),
                                     {}};

enum ExceptionIndex {
#define PT_EXCEPTION(name, base) kException_##name,
#include "vm/object/exceptions.def"
#undef PT_EXCEPTION
  kExceptionCount
};
constinit Type g_types[kExceptionCount] = {};
TypeSpec g_specs[kExceptionCount];  // filled at start-up

template <class T>
void set_family(TypeSpec& spec, void (*traverse)(Object*, FieldVisitor&)) {
  spec.size = sizeof(T);
  spec.traverse = traverse;
}

void fill_spec(int index, TypeSpec& spec, Type* base) {
  spec.flags = kTypeBase | kTypeExceptionSubclass | kTypeHasDict | kTypeWeakrefs;
  spec.base = base;
  spec.size = sizeof(BaseException);
  spec.traverse = base_traverse;
  spec.clear = base_clear;
  spec.destroy = base_clear;
  switch (index) {
    case kException_BaseException:
      spec.base = &object_type;
      spec.slots.construct = base_construct;
      spec.slots.init = base_init;
      spec.slots.str = base_str;
      spec.slots.repr = base_repr;
      spec.methods = kBaseMethods;
      spec.getsets = kBaseGetSets;
      return;
    case kException_StopIteration:
      set_family<StopIterationObject>(spec, traverse_more<StopIterationObject, &StopIterationObject::value>);
      spec.slots.init = stop_iteration_init;
      spec.members = kStopIterationMembers;
      return;
    case kException_SystemExit:
      set_family<SystemExitObject>(spec, traverse_more<SystemExitObject, &SystemExitObject::code>);
      spec.slots.init = system_exit_init;
      spec.members = kSystemExitMembers;
      return;
    case kException_ImportError:
      set_family<ImportErrorObject>(
          spec,
          traverse_more<ImportErrorObject, &ImportErrorObject::message, &ImportErrorObject::name, &ImportErrorObject::path>);
      spec.slots.init = import_error_init;
      spec.slots.str = import_error_str;
      spec.members = kImportErrorMembers;
      return;
    case kException_OSError:
      set_family<OSErrorObject>(spec, traverse_more<OSErrorObject, &OSErrorObject::error_number, &OSErrorObject::message,
                                                    &OSErrorObject::filename, &OSErrorObject::filename2>);
      spec.slots.construct = os_error_construct;
      spec.slots.init = os_error_init;
      spec.slots.str = os_error_str;
      spec.members = kOSErrorMembers;
      spec.getsets = kOSErrorGetSets;
      return;
    case kException_NameError:
      set_family<NameErrorObject>(spec, traverse_more<NameErrorObject, &NameErrorObject::name>);
      spec.slots.init = name_error_init;
      spec.members = kNameErrorMembers;
      return;
    case kException_AttributeError:
      set_family<AttributeErrorObject>(
          spec, traverse_more<AttributeErrorObject, &AttributeErrorObject::object, &AttributeErrorObject::name>);
      spec.slots.init = attribute_error_init;
      spec.members = kAttributeErrorMembers;
      return;
    case kException_SyntaxError:
      set_family<SyntaxErrorObject>(
          spec, traverse_more<SyntaxErrorObject, &SyntaxErrorObject::message, &SyntaxErrorObject::filename,
                              &SyntaxErrorObject::line, &SyntaxErrorObject::offset, &SyntaxErrorObject::end_line,
                              &SyntaxErrorObject::end_offset, &SyntaxErrorObject::text, &SyntaxErrorObject::print_file_and_line>);
      spec.slots.init = syntax_error_init;
      spec.slots.str = syntax_error_str;
      spec.members = kSyntaxErrorMembers;
      return;
    case kException_KeyError: spec.slots.str = key_error_str; return;
    case kException_UnicodeError:
      set_family<UnicodeErrorObject>(spec, traverse_more<UnicodeErrorObject, &UnicodeErrorObject::encoding,
                                                         &UnicodeErrorObject::object, &UnicodeErrorObject::reason>);
      return;
    case kException_UnicodeDecodeError:
    case kException_UnicodeEncodeError:
    case kException_UnicodeTranslateError:
      spec.slots.init = index == kException_UnicodeDecodeError   ? unicode_decode_init
                        : index == kException_UnicodeEncodeError ? unicode_encode_init
                                                                 : unicode_translate_init;
      spec.slots.str = unicode_str;
      spec.members = kUnicodeMembers;
      spec.getsets = kUnicodeGetSets;
      break;
    case kException_BaseExceptionGroup:
      set_family<ExceptionGroupObject>(
          spec, traverse_more<ExceptionGroupObject, &ExceptionGroupObject::message, &ExceptionGroupObject::exceptions>);
      spec.slots.construct = exception_group_construct;
      spec.slots.init = exception_group_init;
      spec.slots.str = exception_group_str;
      spec.slots.repr = exception_group_repr;
      spec.methods = kExceptionGroupMethods;
      spec.members = kExceptionGroupMembers;
      return;
    default: break;
  }
  // The rest shares its base's fields.
  if (base && base->spec) {
    spec.size = base->spec->size;
    spec.traverse = base->spec->traverse;
  }
}

}  // namespace

namespace {
namespace exc_base {
Type* object() { return &object_type; }
#define PT_EXCEPTION(type_name, base_name) \
  [[maybe_unused]] Type* type_name() { return exc::type_name; }
#include "vm/object/exceptions.def"
#undef PT_EXCEPTION
}  // namespace exc_base
}  // namespace

void init_exception_types() {
  int i = 0;
#define PT_EXCEPTION(type_name, base_name) exc::type_name = &g_types[i++];
#include "vm/object/exceptions.def"
#undef PT_EXCEPTION
  namespace e = exc;
#define PT_EXCEPTION(type_name, base_name)                                                   \
  g_specs[kException_##type_name].name = #type_name;                                         \
  fill_spec(kException_##type_name, g_specs[kException_##type_name], exc_base::base_name()); \
  PT_CHECK(init_module_type(exc::type_name, &g_specs[kException_##type_name]));
#include "vm/object/exceptions.def"
#undef PT_EXCEPTION
  // ExceptionGroup is also an Exception.
  Type* group = e::ExceptionGroup;
  Ref<Tuple> bases = tuple_of({Value::object(e::BaseExceptionGroup), Value::object(e::Exception)});
  Ref<Tuple> mro = compute_mro(group, bases.get());
  PT_CHECK(bases && mro);
  group->bases.store(group, std::move(bases));
  group->mro.store(group, std::move(mro));
  add_subclass(e::Exception, group);
}

bool add_exceptions_to(Dict* builtins) {
#define PT_EXCEPTION(type_name, base_name) \
  if (!dict_set_text(builtins, #type_name, Value::object(exc::type_name))) return false;
#include "vm/object/exceptions.def"
#undef PT_EXCEPTION
  return dict_set_text(builtins, "EnvironmentError", Value::object(exc::OSError)) &&
         dict_set_text(builtins, "IOError", Value::object(exc::OSError));
}

int exception_matches(Value exception, Value type_or_tuple) {
  if (is_tuple(type_or_tuple)) {
    Tuple* t = as_tuple(type_or_tuple);
    // All entries are checked first, as CPython does.
    for (int64_t i = 0; i < t->length; ++i) {
      if (!is_exception_type(t->at(i))) {
        raise(exc::TypeError, "catching classes that do not inherit from BaseException is not allowed");
        return -1;
      }
    }
    for (int64_t i = 0; i < t->length; ++i) {
      if (is_instance_of(exception, reinterpret_cast<Type*>(t->at(i).as_object()))) return 1;
    }
    return 0;
  }
  if (!is_exception_type(type_or_tuple)) {
    raise(exc::TypeError, "catching classes that do not inherit from BaseException is not allowed");
    return -1;
  }
  return is_instance_of(exception, reinterpret_cast<Type*>(type_or_tuple.as_object()));
}

}  // namespace pt
