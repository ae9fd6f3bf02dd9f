#pragma once
// Functions, cells and code objects.
#include <atomic>
#include <cstdint>

#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {

struct Dict;
struct Str;
struct Tuple;

// co_flags, with CPython's values.
enum CodeFlag : uint32_t {
  kCodeFlagOptimized = 0x1,
  kCodeFlagNewLocals = 0x2,
  kCodeFlagVarArgs = 0x4,
  kCodeFlagVarKeywords = 0x8,
  kCodeFlagNested = 0x10,
  kCodeFlagGenerator = 0x20,
  kCodeFlagCoroutine = 0x80,
  kCodeFlagIterableCoroutine = 0x100,
  kCodeFlagAsyncGenerator = 0x200,
  kCodeFlagDocstring = 0x40000000,  // ours: constant 0 is the docstring; not shown in co_flags
  kCodeFlagHidden = 0x20000000,     // ours: its frames are not shown
};

struct CodeException {
  uint32_t start, end, target, depth;
};

// Immutable after creation, except for the words (inline caches: atomic) and that code from an image (code_image.h) gets its
// body, the fields marked so, when it is first needed: written under the object lock, published by `words`.
struct Code : Object {
  std::atomic<uint64_t*> words;   // body; until then a single LOAD_BODY instruction
  uint32_t word_count;            // body
  uint32_t flags;                 // co_flags
  uint32_t argument_count, positional_only_count, keyword_only_count;
  uint32_t parameter_count;
  uint32_t local_end;             // registers of locals, cells and free variables: first_temporary
  uint32_t register_count;
  uint32_t free_register, free_count;
  uint32_t loop_count;
  uint32_t self_attribute_count;
  uint32_t exception_count;       // body
  int32_t first_line;
  bool simple_call;               // no *args, **kwargs, keyword-only parameters, generator or cells to fill: the fast path
  CodeException* exceptions;      // body, and so are those up to position_bytes
  Value* constants_end;           // constant k is constants_end[-1 - k]; owned
  uint32_t constant_count;
  uint32_t name_count;
  Str** names;                    // interned
  Str** local_names;              // interned; local_end of them
  uint8_t* local_kinds;
  uint8_t* positions;
  uint32_t position_bytes;
  struct CodeImage* image;        // counted, or nullptr: then each array is an allocation of its own
  const void* image_record;
  void* body_block;               // with an image: constants, names and local_names
  Field name, qualname, filename; // str
  Field constants_tuple;          // co_consts, made on demand
  std::atomic<uint32_t> drawn;    // items that native code drew from its generators, and
  std::atomic<struct Drains*> drains;  // the loops that do so (vm/types/drain.h)
  std::atomic<struct JitCode*> jit;  // compiled traces of this code (vm/jit)
  Value constant(uint32_t k) const { return constants_end[-1 - static_cast<int64_t>(k)]; }
};

struct Function : Object {
  Field code_field;               // Code; replaced with the world stopped (f.__code__ = ...)
  Field globals_field;            // dict, immutable
  Field builtins_field;           // dict, immutable
  Field defaults;                 // tuple or empty
  Field keyword_defaults;         // dict, tuple (as for annotations) or empty
  Field closure;                  // tuple of cells or empty; immutable
  Field name, qualname, module, annotations;  // annotations: dict, tuple (name, value, ...: not built yet) or empty
  Field doc;                      // empty: the code's docstring
  std::atomic<uint32_t> version;  // bumped when __defaults__, __kwdefaults__ or __code__ change
  Code* code() const { return reinterpret_cast<Code*>(code_field.peek().as_object()); }
  Dict* globals() const { return reinterpret_cast<Dict*>(globals_field.peek().as_object()); }
  Dict* builtins() const { return reinterpret_cast<Dict*>(builtins_field.peek().as_object()); }
};
// Of keyword_defaults' tuple: where the value is, or -1.
int64_t find_keyword_default(const Tuple* pairs, const Str* name);
inline Function* as_function(Value v) { return reinterpret_cast<Function*>(v.as_object()); }
inline Code* as_code(Value v) { return reinterpret_cast<Code*>(v.as_object()); }

struct Cell : Object {
  Field content;  // empty: unbound
};

// By type: setting attributes gives a function a shape of its own.
inline bool is_function(Value v) { return type_of(v) == &function_type; }
Ref<> cell_new(Value content_or_empty);
inline Cell* as_cell(Value v) { return reinterpret_cast<Cell*>(v.as_object()); }
void cell_set(Value cell, Value content);
// False with an exception pending: the body is missing and cannot be loaded. Runs no Python code.
bool code_load_body(Code* code);
bool code_has_body(const Code* code);
inline bool code_ensure_body(const Code* code) {
  return !code->image || code_has_body(code) || code_load_body(const_cast<Code*>(code));
}
void code_image_release(struct CodeImage* image);
// The names of the locals whose kind has one of the `kinds` bits, as a tuple (co_varnames 1, co_cellvars 2, co_freevars 4).
Ref<> code_variable_names(const Code* code, uint8_t kinds);
// Empties the inline caches of a copied instruction array.
void reset_caches(uint64_t* words, uint32_t count);
// Another one with bytecode, caches and traces of its own; nullptr with an exception pending. `from` has its body.
Ref<Code> code_copy(Code* from);
// Installed by vm/interp: runs a Python function from native code.
extern Ref<> (*g_call_function)(Value function, const Args& args);
Ref<> function_new(Code* code, Dict* globals, Str* qualname_or_null);
uint32_t function_self_attribute_count(Value function);
// __name__ of the globals of the innermost Python frame, or empty.
Ref<> current_module_name();
Dict* current_globals();   // borrowed; nullptr outside Python code

}  // namespace pt
