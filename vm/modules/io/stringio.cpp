// StringIO: text in memory.
#include <cstring>

#include "gc/platform/memory.h"
#include "vm/modules/io/io.h"
#include "vm/modules/io/newlines.h"
#include "vm/types/dict.h"

namespace pt {
namespace {

// All guarded by the object lock.
struct StringIO : Object {
  uint32_t* data;
  int64_t size, capacity, position;
  NewlineState newline_state;
  LineEnd line_end;
  bool universal;            // newline is None or "": notes line ends
  const char* write_newline; // nullptr: no translation
  char newline[3];           // as given; newline_given false: None
  bool newline_given, initialised, closed;
};
StringIO* as_stringio(Value v) { return reinterpret_cast<StringIO*>(v.as_object()); }

bool usable(StringIO* self) {
  if (!self->initialised) return raise(exc::ValueError, "I/O operation on uninitialized object");
  if (self->closed) return raise(exc::ValueError, "I/O operation on closed file");
  return true;
}

// Locked.
bool reserve(StringIO* self, int64_t wanted) {
  if (wanted <= self->capacity) return true;
  int64_t capacity = wanted + (wanted >> 3) + 32;
  if (capacity > (int64_t{1} << 44)) return false;
  auto* grown = static_cast<uint32_t*>(memory::reallocate(self->data, static_cast<size_t>(capacity) * 4));
  if (!grown) return false;
  self->data = grown;
  self->capacity = capacity;
  return true;
}

void copy_out(const Str* s, uint32_t* out) {
  if (s->kind == 4) {
    std::memcpy(out, s->data4(), static_cast<size_t>(s->length) * 4);
  } else if (s->kind == 2) {
    for (int64_t i = 0; i < s->length; ++i) out[i] = s->data2()[i];
  } else {
    for (int64_t i = 0; i < s->length; ++i) out[i] = s->data1()[i];
  }
}

bool write_text(StringIO* self, Str* given_text) {
  Ref<Str> text = Ref<Str>::retain(given_text);
  if (self->universal) {
    text = translate_newlines(self->newline_state, std::move(text), true);
    if (!text) return false;
  }
  if (self->write_newline) {
    text = replace_newlines(std::move(text), self->write_newline);
    if (!text) return false;
  }
  bool ok;
  {
    LockGuard guard(self);
    int64_t end = self->position + text->length;
    ok = end >= 0 && reserve(self, end > self->size ? end : self->size);
    if (ok) {
      if (self->position > self->size) {
        std::memset(self->data + self->size, 0, static_cast<size_t>(self->position - self->size) * 4);
      }
      copy_out(text.get(), self->data + self->position);
      self->position = end;
      if (end > self->size) self->size = end;
    }
  }
  return ok ? true : static_cast<bool>(raise_no_memory());
}

// Text [from, to) as a str; the range is clamped to what is there.
Ref<Str> make_text(StringIO* self, int64_t from, int64_t to) {
  // Copied out first: making a string must not happen with the lock held.
  int64_t count = 0;
  uint32_t stack[512];
  uint32_t* copy = stack;
  for (int64_t room = 512;;) {
    {
      LockGuard guard(self);
      if (to > self->size) to = self->size;
      count = to > from ? to - from : 0;
      if (count <= room) {
        if (count) std::memcpy(copy, self->data + from, static_cast<size_t>(count) * 4);
        break;
      }
    }
    if (copy != stack) memory::release(copy);
    room = count;
    copy = static_cast<uint32_t*>(memory::allocate(static_cast<size_t>(room) * 4));
    if (!copy) return raise_no_memory();
  }
  Ref<Str> result = str_from_ucs4(copy, count);
  if (copy != stack) memory::release(copy);
  return result;
}

Ref<> stringio_construct(Type* type, const Args&) { return Ref<>::steal(Value::object(allocate_instance(type))); }

bool stringio_init(Value v, const Args& args) {
  Value bound[2];
  if (!bind_arguments("StringIO", "(initial_value='', newline='\\n')", args, bound)) return false;
  StringIO* self = as_stringio(v);
  char newline[8] = "\n";
  bool newline_given = true;
  if (!bound[1].empty()) {
    if (is_none(bound[1])) {
      newline_given = false;
      newline[0] = 0;
    } else {
      if (!is_str(bound[1])) return raise(exc::TypeError, "newline must be str or None, not %T", bound[1]);
      Str* text = as_str(bound[1]);
      if (text->length == 0)
        newline[0] = 0;
      else if (text->equals_ascii("\n"))
        std::strcpy(newline, "\n");
      else if (text->equals_ascii("\r"))
        std::strcpy(newline, "\r");
      else if (text->equals_ascii("\r\n"))
        std::strcpy(newline, "\r\n");
      else
        return raise(exc::ValueError, "illegal newline value: %R", bound[1]);
    }
  }
  if (given(bound[0]) && !is_str(bound[0])) {
    return raise(exc::TypeError, "initial_value must be str or None, not %T", bound[0]);
  }
  {
    LockGuard guard(self);
    std::memcpy(self->newline, newline, 3);
    self->newline_given = newline_given;
    self->universal = !newline_given || newline[0] == 0;
    self->newline_state = NewlineState{!newline_given, false, 0};
    self->line_end = !newline_given       ? LineEnd::kLf
                     : newline[0] == 0    ? LineEnd::kUniversal
                     : newline[0] == '\n' ? LineEnd::kLf
                     : newline[1]         ? LineEnd::kCrLf
                                          : LineEnd::kCr;
    self->write_newline = newline_given && newline[0] == '\r' ? (newline[1] ? "\r\n" : "\r") : nullptr;
    self->size = self->position = 0;
    self->closed = false;
    self->initialised = true;
  }
  if (given(bound[0])) {
    if (!write_text(self, as_str(bound[0]))) return false;
    self->position = 0;
  }
  return true;
}

Ref<> stringio_write(const Value* a) {
  StringIO* self = as_stringio(a[0]);
  if (!self->initialised) return raise(exc::ValueError, "I/O operation on uninitialized object");
  if (!is_str(a[1])) return raise(exc::TypeError, "string argument expected, got '%T'", a[1]);
  if (!usable(self)) return Ref<>();
  int64_t size = as_str(a[1])->length;
  if (size > 0 && !write_text(self, as_str(a[1]))) return Ref<>();
  return int_from_int64(size);
}
Ref<> stringio_getvalue(const Value* a) {
  StringIO* self = as_stringio(a[0]);
  return usable(self) ? Ref<>(make_text(self, 0, self->size)) : Ref<>();
}
Ref<> stringio_read(const Value* a) {
  StringIO* self = as_stringio(a[0]);
  if (!usable(self)) return Ref<>();
  int64_t count = -1;
  if (!optional_size(a[1], &count)) return Ref<>();
  int64_t from, to;
  {
    LockGuard guard(self);
    from = self->position;
    int64_t left = self->size > from ? self->size - from : 0;
    to = from + (count < 0 || count > left ? left : count);
    self->position = to;
  }
  return make_text(self, from, to);
}

Ref<> read_line(StringIO* self, int64_t limit) {
  int64_t from, to;
  {
    LockGuard guard(self);
    from = to = self->position;
    int64_t end = self->size;
    if (limit >= 0 && end - from > limit) end = from + limit;
    for (; to < end; ++to) {
      uint32_t c = self->data[to];
      if (c == '\n' && (self->line_end == LineEnd::kLf || self->line_end == LineEnd::kUniversal)) {
        ++to;
        break;
      }
      if (c == '\r') {
        bool pair = to + 1 < self->size && self->data[to + 1] == '\n';
        if (self->line_end == LineEnd::kCr) {
          ++to;
          break;
        }
        if (self->line_end == LineEnd::kUniversal) {
          to += pair && to + 1 < end ? 2 : 1;
          break;
        }
        if (self->line_end == LineEnd::kCrLf && pair && to + 1 < end) {
          to += 2;
          break;
        }
      }
    }
    if (from > self->size) to = from;
    self->position = to;
  }
  return make_text(self, from, to);
}
Ref<> stringio_readline(const Value* a) {
  StringIO* self = as_stringio(a[0]);
  if (!usable(self)) return Ref<>();
  int64_t limit = -1;
  if (!optional_size(a[1], &limit)) return Ref<>();
  return read_line(self, limit);
}
Ref<> stringio_next(Value v) {
  StringIO* self = as_stringio(v);
  if (!usable(self)) return Ref<>();
  Ref<> line;
  if (type_of(v) == &stringio_type) {
    line = read_line(self, -1);
  } else {
    line = call_method(v, names::readline_.str());
    if (line && !is_str(line.value())) {
      return raise(exc::OSError, "readline() should have returned a str object, not '%T'", line.value());
    }
  }
  if (!line || as_str(line.value())->length == 0) return Ref<>();
  return line;
}
Ref<> stringio_tell(const Value* a) {
  StringIO* self = as_stringio(a[0]);
  return usable(self) ? int_from_int64(self->position) : Ref<>();
}
Ref<> stringio_seek(const Value* a) {
  StringIO* self = as_stringio(a[0]);
  int64_t position;
  int whence = 0;
  if (!to_size(a[1], &position) || !to_cint(a[2], &whence) || !usable(self)) return Ref<>();
  if (whence < 0 || whence > 2) return raise(exc::ValueError, "Invalid whence (%d, should be 0, 1 or 2)", whence);
  if (position < 0 && whence == 0) return raise(exc::ValueError, "Negative seek position %ld", position);
  if (whence != 0 && position != 0) return raise(exc::OSError, "Can't do nonzero cur-relative seeks");
  {
    LockGuard guard(self);
    if (whence == 1)
      position = self->position;
    else if (whence == 2)
      position = self->size;
    self->position = position;
  }
  return int_from_int64(position);
}
Ref<> stringio_truncate(const Value* a) {
  StringIO* self = as_stringio(a[0]);
  if (!usable(self)) return Ref<>();
  int64_t size = self->position;
  if (given(a[1]) && !optional_size(a[1], &size)) return Ref<>();
  if (size < 0) return raise(exc::ValueError, "Negative size value %ld", size);
  {
    LockGuard guard(self);
    if (size < self->size) self->size = size;
  }
  return int_from_int64(size);
}
Ref<> stringio_close(const Value* a) {
  StringIO* self = as_stringio(a[0]);
  uint32_t* data;
  {
    LockGuard guard(self);
    self->closed = true;
    data = self->data;
    self->data = nullptr;
    self->size = self->capacity = 0;
  }
  memory::release(data);
  return none_ref();
}
Ref<> stringio_yes(const Value* a) { return usable(as_stringio(a[0])) ? bool_ref(true) : Ref<>(); }
Ref<> stringio_get_closed(Value v) {
  StringIO* self = as_stringio(v);
  if (!self->initialised) return raise(exc::ValueError, "I/O operation on uninitialized object");
  return bool_ref(self->closed);
}
Ref<> stringio_line_buffering(Value v) { return usable(as_stringio(v)) ? bool_ref(false) : Ref<>(); }
Ref<> stringio_newlines(Value v) {
  StringIO* self = as_stringio(v);
  if (!usable(self)) return Ref<>();
  return self->universal ? seen_newlines(self->newline_state.seen) : none_ref();
}

Ref<> stringio_getstate(const Value* a) {
  StringIO* self = as_stringio(a[0]);
  Ref<> text = stringio_getvalue(a);
  if (!text) return Ref<>();
  Ref<> newline = self->newline_given ? Ref<>(str_from_ascii(self->newline)) : none_ref();
  Ref<> position = int_from_int64(self->position);
  Ref<Dict> attributes = instance_snapshot(a[0].as_object());
  if (!newline || !attributes) return Ref<>();
  return tuple_of({text.value(), newline.value(), position.value(), dict_size(attributes.get()) ? attributes.value() : none()});
}
Ref<> stringio_setstate(const Value* a) {
  StringIO* self = as_stringio(a[0]);
  if (!is_tuple(a[1]) || as_tuple(a[1])->length < 4) {
    return raise(exc::TypeError, "%T.__setstate__ argument should be 4-tuple, got %T", a[0], a[1]);
  }
  Tuple* state = as_tuple(a[1]);
  // Sets the newline mode; the text itself comes as it is, without translation.
  Value values[2] = {none(), state->at(1)};
  if (!stringio_init(a[0], Args{values, 2})) return Ref<>();
  if (!is_str(state->at(0))) return raise(exc::TypeError, "initial_value must be str or None, not %T", state->at(0));
  Str* text = as_str(state->at(0));
  if (!is_int(state->at(2))) return raise(exc::TypeError, "third item of state must be an integer, got %T", state->at(2));
  int64_t position;
  if (!to_size(state->at(2), &position)) return Ref<>();
  if (position < 0) return raise(exc::ValueError, "position value cannot be negative");
  bool ok;
  {
    LockGuard guard(self);
    ok = reserve(self, text->length);
    if (ok) {
      copy_out(text, self->data);
      self->size = text->length;
      self->position = position;
    }
  }
  if (!ok) return raise_no_memory();
  if (given(state->at(3))) {
    if (!is_dict(state->at(3))) return raise(exc::TypeError, "fourth item of state should be a dict, got a %T", state->at(3));
    Ref<Dict> attributes = instance_dict(a[0].as_object());
    if (!attributes || !dict_update(attributes.get(), state->at(3))) return Ref<>();
  }
  return none_ref();
}

void stringio_traverse(Object* o, FieldVisitor& visitor) { io_traverse_attributes(o, visitor); }
void stringio_clear(Object* o) { attributes_clear(o); }
void stringio_destroy(Object* o) {
  memory::release(static_cast<StringIO*>(o)->data);
  attributes_clear(o);
}

const NativeDef kMethods[] = {
    {"close", "($self, /)", stringio_close, "Close the IO object."},
    {"getvalue", "($self, /)", stringio_getvalue, "Retrieve the entire contents of the object."},
    {"read", "($self, size=-1, /)", stringio_read, "Read at most size characters, returned as a string."},
    {"readline", "($self, size=-1, /)", stringio_readline, "Read until newline or EOF."},
    {"tell", "($self, /)", stringio_tell, "Tell the current file position."},
    {"truncate", "($self, pos=None, /)", stringio_truncate, "Truncate size to pos."},
    {"seek", "($self, pos, whence=0, /)", stringio_seek, "Change stream position."},
    {"write", "($self, s, /)", stringio_write, "Write string to file."},
    {"seekable", "($self, /)", stringio_yes},
    {"readable", "($self, /)", stringio_yes},
    {"writable", "($self, /)", stringio_yes},
    {"__getstate__", "($self, /)", stringio_getstate},
    {"__setstate__", "($self, state, /)", stringio_setstate},
    {}};
const GetSetDef kGetSets[] = {{"closed", stringio_get_closed},
                              {"newlines", stringio_newlines},
                              {"line_buffering", stringio_line_buffering},
                              {"__dict__", io_get_dict},
                              {}};

}  // namespace

constinit Type stringio_type;
const TypeSpec stringio_spec = {
    .name = "_io.StringIO",
    .size = sizeof(StringIO),
    .flags = kTypeBase | kTypeHasDict,
    .base = &textiobase_type,
    .slots = {.next = stringio_next, .construct = stringio_construct, .init = stringio_init},
    .traverse = stringio_traverse,
    .clear = stringio_clear,
    .destroy = stringio_destroy,
    .methods = kMethods,
    .getsets = kGetSets,
    .doc = "Text I/O implementation using an in-memory buffer.",
    .signature = "(initial_value='', newline='\\n')",
};

}  // namespace pt
