// Code objects as Python sees them.
#include "gc/platform/memory.h"
#include "vm/compile/positions.h"
#include "vm/object/error.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/ops/instruction.h"
#include "vm/types/bytes.h"
#include "vm/types/code_life.h"
#include "vm/types/drain.h"
#include "vm/types/frame.h"
#include "vm/types/function.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

void code_deferred(Code* code) {
  make_deferred(code);
  code->gc_bits.fetch_and(static_cast<uint8_t>(~kGcTracked), std::memory_order_relaxed);
}

constinit Type code_type;

int code_line(const Code* code, uint32_t word_offset) {
  // Code without a position belongs to what stands before it.
  int line = code->first_line;
  PositionIterator runs(code->positions, code->position_bytes, code->first_line);
  while (runs.next() && runs.start <= word_offset) {
    if (runs.position.line >= 0) line = runs.position.line;
  }
  return line;
}

int code_line_exact(const Code* code, uint32_t word_offset) {
  // Tracing asks for one word after the other: the run it found last is where it goes on.
  struct Place {
    const uint8_t* table = nullptr;
    uint32_t bytes = 0;
    PositionIterator runs{nullptr, 0, 0};
  };
  static thread_local Place place;
  if (place.table != code->positions || place.bytes != code->position_bytes || word_offset < place.runs.start) {
    place = {code->positions, code->position_bytes, {code->positions, code->position_bytes, code->first_line}};
  }
  while (word_offset >= place.runs.end) {
    if (!place.runs.next()) {
      place.table = nullptr;
      return -1;
    }
  }
  return place.runs.position.line;
}

Ref<> code_variable_names(const Code* code, uint8_t kinds) {
  if (!code_ensure_body(code)) return Ref<>();
  uint32_t count = 0;
  for (uint32_t i = 0; i < code->local_end; ++i) count += (code->local_kinds[i] & kinds) != 0;
  Ref<Tuple> t = tuple_allocate(count);
  if (!t) return t;
  uint32_t at = 0;
  for (uint32_t i = 0; i < code->local_end; ++i) {
    if (code->local_kinds[i] & kinds) t->items[at++].init(Ref<>::retain(Value::object(code->local_names[i])));
  }
  return t;
}

namespace {

Code* as(Value v) { return as_code(v); }
Ref<> get_name(Value self) { return as(self)->name.load(self.as_object()); }
Ref<> get_qualname(Value self) { return as(self)->qualname.load(self.as_object()); }
Ref<> get_filename(Value self) { return as(self)->filename.load(self.as_object()); }
Ref<> get_argcount(Value self) { return int_from_int64(as(self)->argument_count); }
Ref<> get_posonly(Value self) { return int_from_int64(as(self)->positional_only_count); }
Ref<> get_kwonly(Value self) { return int_from_int64(as(self)->keyword_only_count); }
Ref<> get_firstlineno(Value self) { return int_from_int64(as(self)->first_line); }
Ref<> get_flags(Value self) { return int_from_int64(as(self)->flags & ~static_cast<uint32_t>(kCodeFlagDocstring)); }
Ref<> get_varnames(Value self) { return code_variable_names(as(self), 1); }
Ref<> get_cellvars(Value self) { return code_variable_names(as(self), 2); }
Ref<> get_freevars(Value self) { return code_variable_names(as(self), 4); }
Ref<> get_nlocals(Value self) {
  Ref<> t = get_varnames(self);
  return t ? int_from_int64(as_tuple(t.value())->length) : Ref<>();
}
bool with_body(Value self) { return code_ensure_body(as(self)); }
Ref<> get_stacksize(Value self) { return int_from_int64(as(self)->register_count - as(self)->local_end); }
Ref<> get_names(Value self) {
  if (!with_body(self)) return Ref<>();
  Code* code = as(self);
  Ref<Tuple> t = tuple_allocate(code->name_count);
  for (uint32_t i = 0; t && i < code->name_count; ++i) t->items[i].init(Ref<>::retain(Value::object(code->names[i])));
  return t;
}
Ref<> get_consts(Value self) {
  if (!with_body(self)) return Ref<>();
  Code* code = as(self);
  Ref<Tuple> t = tuple_allocate(code->constant_count);
  for (uint32_t i = 0; t && i < code->constant_count; ++i) t->items[i].init(Ref<>::retain(code->constant(i)));
  return t;
}
Ref<> get_code_bytes(Value self) {
  if (!with_body(self)) return Ref<>();
  Code* code = as(self);
  Ref<Bytes> b = bytes_allocate(static_cast<int64_t>(code->word_count) * 8);
  if (!b) return b;
  for (uint32_t i = 0; i < code->word_count; ++i) {
    uint64_t word = __atomic_load_n(code->words + i, __ATOMIC_RELAXED);
    __builtin_memcpy(b->data + i * 8, &word, 8);
  }
  return b;
}
Ref<> get_exception_table(Value) { return bytes_from(""); }
Ref<> get_line_table(Value self) {
  if (!with_body(self)) return Ref<>();
  Code* code = as(self);
  return bytes_from({reinterpret_cast<const char*>(code->positions), code->position_bytes});
}

Ref<> int_or_none(int32_t i) { return i < 0 ? none_ref() : int_from_int64(i); }
}  // namespace
bool g_columns_hidden = false;
namespace {
Ref<> code_positions(const Value* a) {
  if (!with_body(a[0])) return Ref<>();
  Code* code = as(a[0]);
  Ref<List> list = list_new(code->word_count);
  if (!list) return list;
  PositionIterator it(code->positions, code->position_bytes, code->first_line);
  while (it.next()) {
    for (uint32_t w = it.start; w < it.end; ++w) {
      const auto& p = it.position;
      Ref<> parts[4] = {int_or_none(p.line), int_or_none(g_columns_hidden ? -1 : p.end_line),
                        int_or_none(g_columns_hidden ? -1 : p.col), int_or_none(g_columns_hidden ? -1 : p.end_col)};
      Ref<Tuple> t = tuple_of({parts[0].value(), parts[1].value(), parts[2].value(), parts[3].value()});
      if (!t || !list_append(list.get(), std::move(t))) return Ref<>();
    }
  }
  return get_iter(list.value());
}
Ref<> code_lines(const Value* a) {
  if (!with_body(a[0])) return Ref<>();
  Code* code = as(a[0]);
  Ref<List> list = list_new();
  if (!list) return list;
  PositionIterator it(code->positions, code->position_bytes, code->first_line);
  int64_t start = -1, end = -1;
  int32_t line = -2;
  auto flush = [&]() {
    if (start < 0) return true;
    Ref<> l = int_or_none(line);
    Ref<Tuple> t = tuple_of({Value::small_int(start * 8), Value::small_int(end * 8), l.value()});
    return t && list_append(list.get(), std::move(t));
  };
  while (it.next()) {
    if (it.position.line != line) {
      if (!flush()) return Ref<>();
      start = it.start;
      line = it.position.line;
    }
    end = it.end;
  }
  if (!flush()) return Ref<>();
  return get_iter(list.value());
}

template <class T>
T* copy_array(const T* from, uint32_t count) {
  auto* to = static_cast<T*>(memory::allocate_metadata((count ? count : 1) * sizeof(T)));
  if (to && count) __builtin_memcpy(static_cast<void*>(to), static_cast<const void*>(from), count * sizeof(T));
  return to;
}

// Whether code may run in place of other code: class bodies and comprehensions are called without looking at parameters.
bool same_call(const Code* from, const Code* to) {
  constexpr uint32_t kKind = kCodeFlagOptimized | kCodeFlagNewLocals | kCodeFlagVarArgs | kCodeFlagVarKeywords |
                             kCodeFlagGenerator | kCodeFlagCoroutine | kCodeFlagAsyncGenerator;
  return from->argument_count == to->argument_count && from->keyword_only_count == to->keyword_only_count &&
         from->parameter_count == to->parameter_count && from->free_count == to->free_count &&
         (from->flags & kKind) == (to->flags & kKind);
}
// Whether instructions that use one constant can do with the other: some rely on its type.
bool can_replace(Value from, Value to) {
  if (from.same(to)) return true;
  if (is_exact_str(from)) return is_exact_str(to);
  if (type_of(from) == &frozenset_type) return type_of(to) == &frozenset_type;
  if (type_of(from) == &code_type) return type_of(to) == &code_type && same_call(as_code(from), as_code(to));
  if (!is_exact_tuple(from)) return true;
  if (!is_exact_tuple(to) || as_tuple(from)->length != as_tuple(to)->length) return false;
  for (int64_t i = 0; i < as_tuple(from)->length; ++i) {
    if (!can_replace(as_tuple(from)->at(i), as_tuple(to)->at(i))) return false;
  }
  return true;
}
bool can_replace_constants(Code* code, Tuple* constants) {
  if (constants->length != code->constant_count) return false;
  for (uint32_t i = 0; i < code->constant_count; ++i) {
    if (!can_replace(code->constant(i), constants->at(i))) return false;
  }
  return true;
}

}  // namespace

Ref<Code> code_copy(Code* from) {
  Ref<Code> c = allocate<Code>(&code_type);
  if (!c) return c;
  c->word_count = from->word_count;
  c->flags = from->flags;
  c->argument_count = from->argument_count;
  c->positional_only_count = from->positional_only_count;
  c->keyword_only_count = from->keyword_only_count;
  c->parameter_count = from->parameter_count;
  c->local_end = from->local_end;
  c->register_count = from->register_count;
  c->free_register = from->free_register;
  c->free_count = from->free_count;
  c->loop_count = from->loop_count;
  c->self_attribute_count = from->self_attribute_count;
  c->exception_count = from->exception_count;
  c->first_line = from->first_line;
  c->simple_call = from->simple_call;
  c->constant_count = from->constant_count;
  c->name_count = from->name_count;
  c->position_bytes = from->position_bytes;
  c->words.store(copy_array(from->words.load(std::memory_order_relaxed), from->word_count), std::memory_order_relaxed);
  c->exceptions = copy_array(from->exceptions, from->exception_count);
  c->names = copy_array(from->names, from->name_count);
  c->local_names = copy_array(from->local_names, from->local_end);
  c->local_kinds = copy_array(from->local_kinds, from->local_end);
  c->positions = copy_array(from->positions, from->position_bytes);
  auto* constants = static_cast<Value*>(memory::allocate_metadata((from->constant_count + 1) * sizeof(Value)));
  if (!c->words.load(std::memory_order_relaxed) || !c->exceptions || !c->names || !c->local_names || !c->local_kinds ||
      !c->positions || !constants) {
    return Ref<Code>(raise_no_memory());
  }
  c->constants_end = constants + from->constant_count;
  for (uint32_t i = 0; i < from->constant_count; ++i)
    c->constants_end[-1 - static_cast<int64_t>(i)] = Ref<>::retain(from->constant(i)).take();
  reset_caches(c->words.load(std::memory_order_relaxed), c->word_count);
  c->name.init(from->name.load(from));
  c->qualname.init(from->qualname.load(from));
  c->filename.init(from->filename.load(from));
  code_deferred(c.get());
  return c;
}

namespace {
// A copy with other metadata. Bytecode and names are the implementation's own and cannot be replaced, constants only by such
// as the bytecode can do with.
Ref<> code_replace(const Value* a) {
  if (!with_body(a[0])) return Ref<>();
  Code* from = as(a[0]);
  Ref<Code> c = code_copy(from);
  if (!c) return c;
  // *, co_name, co_qualname, co_filename, co_firstlineno, co_flags and others
  if (given(a[1])) c->name.store(c.get(), Ref<>::retain(a[1]));
  if (given(a[2])) c->qualname.store(c.get(), Ref<>::retain(a[2]));
  if (given(a[3])) c->filename.store(c.get(), Ref<>::retain(a[3]));
  int64_t number;
  if (!a[4].empty()) {
    if (!to_int64(a[4], &number)) return Ref<>();
    c->first_line = static_cast<int32_t>(number);
  }
  if (!a[5].empty()) {
    if (!to_int64(a[5], &number)) return Ref<>();
    c->flags = static_cast<uint32_t>(number) | (from->flags & kCodeFlagDocstring);
  }
  for (int i = 6; i < 18; ++i) {
    static const char* const kNames[] = {"co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_nlocals",  "co_stacksize",
                                         "co_code",     "co_consts",          "co_names",          "co_varnames", "co_freevars",
                                         "co_cellvars", "co_linetable"};
    if (a[i].empty()) continue;
    if (i == 12 && is_tuple(a[i]) && can_replace_constants(from, as_tuple(a[i]))) {
      for (uint32_t k = 0; k < c->constant_count; ++k) {
        Ref<> old = Ref<>::steal(c->constants_end[-1 - static_cast<int64_t>(k)]);
        c->constants_end[-1 - static_cast<int64_t>(k)] = Ref<>::retain(as_tuple(a[i])->at(k)).take();
      }
      continue;
    }
    Ref<> now = get_attribute(a[0], kNames[i - 6]);
    int same = now ? equal(now.value(), a[i]) : -1;
    if (same < 0) return Ref<>();
    if (!same) return raise(exc::ValueError, "code.replace(): %s cannot be changed", kNames[i - 6]);
  }
  return c;
}

Ref<> code_construct(Type*, const Args&) {
  return raise(exc::TypeError, "code objects are made by compile(); their constructor is not available");
}
Ref<> code_repr(Value self) {
  char address[32];
  __builtin_snprintf(address, sizeof(address), "0x%lx", self.identity());
  Code* c = as(self);
  return str_format("<code object %V at %s, file \"%V\", line %d>", c->name.peek(), address, c->filename.peek(),
                    static_cast<int>(c->first_line));
}
bool same_code(Code* x, Code* y, bool* same) {
  *same = false;
  if (!code_ensure_body(x) || !code_ensure_body(y)) return false;
  if (x->argument_count != y->argument_count || x->positional_only_count != y->positional_only_count ||
      x->keyword_only_count != y->keyword_only_count || x->flags != y->flags || x->first_line != y->first_line ||
      x->word_count != y->word_count || x->constant_count != y->constant_count || x->name_count != y->name_count ||
      x->local_end != y->local_end || x->position_bytes != y->position_bytes ||
      __builtin_memcmp(x->positions, y->positions, x->position_bytes) != 0) {
    return true;
  }
  int names_equal = equal(x->name.peek(), y->name.peek());
  if (names_equal < 0) return false;
  if (!names_equal) return true;
  for (uint32_t i = 0; i < x->name_count; ++i) {
    if (x->names[i] != y->names[i]) return true;
  }
  for (uint32_t i = 0; i < x->local_end; ++i) {
    if (x->local_names[i] != y->local_names[i]) return true;
  }
  for (uint32_t i = 0; i < x->constant_count; ++i) {
    if (type_of(x->constant(i)) != type_of(y->constant(i))) return true;
    int e = equal(x->constant(i), y->constant(i));
    if (e < 0) return false;
    if (!e) return true;
  }
  *same = true;
  return true;
}
Ref<> code_compare(Value a, Value b, CompareOp op) {
  if ((op != CompareOp::kEq && op != CompareOp::kNe) || !has_shape(a, kShape_code) || !has_shape(b, kShape_code)) {
    return not_implemented_ref();
  }
  bool same;
  if (!same_code(as(a), as(b), &same)) return Ref<>();
  return bool_ref(same == (op == CompareOp::kEq));
}
int64_t code_hash(Value self) {
  Code* c = as(self);
  int64_t h =
      hash(c->name.peek()) ^ static_cast<int64_t>(c->argument_count * 31 + c->local_end * 7 + c->register_count) ^ c->first_line;
  return h == -1 ? -2 : h;
}
void code_traverse(Object* o, FieldVisitor& v) {
  auto* c = static_cast<Code*>(o);
  v(c->name);
  v(c->qualname);
  v(c->filename);
  drains_traverse(c, v);
  for (uint32_t i = 0; i < c->constant_count; ++i) {
    // The constants have the form of Fields: untagged owned words.
    v(*reinterpret_cast<Field*>(&c->constants_end[-1 - static_cast<int64_t>(i)]));
  }
}
void code_clear(Object*) {}  // immutable: cycles are broken elsewhere
void code_destroy(Object* o) {
  auto* c = static_cast<Code*>(o);
  c->name.clear();
  c->qualname.clear();
  c->filename.clear();
  drains_release(c);
  for (uint32_t i = 0; i < c->constant_count; ++i) release(c->constant(i));
  if (c->image) {
    memory::release(c->body_block);
    code_image_release(c->image);
    return;
  }
  if (c->constants_end) memory::release(c->constants_end - c->constant_count);
  for (void* p : {static_cast<void*>(c->words.load(std::memory_order_relaxed)), static_cast<void*>(c->exceptions),
                  static_cast<void*>(c->names), static_cast<void*>(c->local_names), static_cast<void*>(c->local_kinds),
                  static_cast<void*>(c->positions)}) {
    memory::release(p);
  }
}

const GetSetDef kCodeGetSets[] = {{"co_name", get_name},
                                  {"co_qualname", get_qualname},
                                  {"co_filename", get_filename},
                                  {"co_argcount", get_argcount},
                                  {"co_posonlyargcount", get_posonly},
                                  {"co_kwonlyargcount", get_kwonly},
                                  {"co_firstlineno", get_firstlineno},
                                  {"co_flags", get_flags},
                                  {"co_varnames", get_varnames},
                                  {"co_cellvars", get_cellvars},
                                  {"co_freevars", get_freevars},
                                  {"co_nlocals", get_nlocals},
                                  {"co_stacksize", get_stacksize},
                                  {"co_names", get_names},
                                  {"co_consts", get_consts},
                                  {"co_code", get_code_bytes},
                                  {"_co_code_adaptive", get_code_bytes},
                                  {"co_exceptiontable", get_exception_table},
                                  {"co_linetable", get_line_table},
                                  {"co_lnotab", get_line_table},
                                  {}};
const NativeDef kCodeMethods[] = {
    {"co_positions", "($self, /)", code_positions},
    {"co_lines", "($self, /)", code_lines},
    {"replace",
     "($self, /, *, co_name=None, co_qualname=None, co_filename=None, co_firstlineno=-1, co_flags=-1, co_argcount=-1, "
     "co_posonlyargcount=-1, co_kwonlyargcount=-1, co_nlocals=-1, co_stacksize=-1, co_code=None, co_consts=None, "
     "co_names=None, co_varnames=None, co_freevars=None, co_cellvars=None, co_linetable=None)",
     code_replace, "Return a copy of the code object with new values for the specified fields."},
    {}};

}  // namespace

void reset_caches(uint64_t* words, uint32_t count) {
  for (uint32_t i = 0; i < count;) {
    auto op = opcode_of(words[i]);
    auto extra = static_cast<uint32_t>(instruction_words(op)) - 1;
    if (extra && extra_kind(op) == ExtraKind::kCache) words[i + 1] = 0;
    i += 1 + extra;
  }
}

const TypeSpec code_spec = {
    .name = "code",
    .size = sizeof(Code),
    .flags = kTypeWeakrefs,
    .slots = {.hash = code_hash, .compare = code_compare, .repr = code_repr, .construct = code_construct},
    .traverse = code_traverse,
    .clear = code_clear,
    .destroy = code_destroy,
    .methods = kCodeMethods,
    .getsets = kCodeGetSets,
};

}  // namespace pt
