#pragma once
// The _ctypes module: C data as Python objects, and calls of C functions through libffi.
#include <ffi.h>

#include <memory>
#include <string>

#include "vm/modules/dynamic/support/dynamic.h"
#include "vm/object/attributes.h"
#include "vm/types/str.h"

namespace pt::ctypes {

// ---- fundamental types -----------------------------------------------------------------------------------------------------

// One item of a fundamental type as C has it, in the machine's byte order.
struct Raw {
  alignas(16) uint8_t bytes[16] = {};
  template <class T>
  T as() const {
    T t;
    __builtin_memcpy(&t, bytes, sizeof(T));
    return t;
  }
  template <class T>
  void set(T t) {
    __builtin_memcpy(bytes, &t, sizeof(T));
  }
};

// A fundamental type, named by the character that is its `_type_`.
struct Code {
  char name;
  char format;                // in a PEP 3118 format
  uint8_t size, align;
  bool swappable;             // has a type of the other byte order
  bool pointer;               // holds an address: cannot be pickled
  ffi_type* ffi;
  Ref<> (*get)(const Raw&);   // with `pointer`: may read what the address names
  // May run Python code. *keep: what must live as long as the value does.
  bool (*set)(Value, Raw*, Ref<>* keep);
};
const Code* find_code(uint32_t name);  // nullptr: there is none
extern const char kCodeNames[];
// Arrays of characters as fields of a structure: like strings. `room` and `size` in bytes.
Ref<> get_characters(const Code*, const uint8_t* at, int64_t size);
// `length` < 0: bytes up to the first zero, all of a str.
bool set_characters(const Code*, uint8_t* at, int64_t room, Value, int64_t length);
// A str of wchar_t; ValueError for what is no code point.
Ref<Str> str_from_wide(const wchar_t* text, int64_t length);
// A copy of memory that other threads may write.
class MemoryCopy {
 public:
  MemoryCopy(const uint8_t* at, int64_t size);
  ~MemoryCopy();
  MemoryCopy(const MemoryCopy&) = delete;
  MemoryCopy& operator=(const MemoryCopy&) = delete;
  uint8_t* data() const { return data_; }  // nullptr: MemoryError is pending
  Ref<Bytes> text() const;                 // up to the first zero
  Ref<Str> wide_text() const;

 private:
  static constexpr int64_t kInline = 256;
  int64_t size_;
  uint8_t* data_;
  alignas(16) uint8_t inline_[kInline];
};
// An object that holds the characters of a str as wchar_t with a zero at the end; *data is where.
Ref<> wide_copy(Str*, wchar_t** data);

// ---- types --------------------------------------------------------------------------------------------------------------------

enum class Kind : uint8_t { kSimple, kPointer, kArray, kStructure, kUnion, kFunction };
inline constexpr int kKindCount = 6;

enum FunctionFlags : int { kFlagCdecl = 1, kFlagPythonApi = 4, kFlagUseErrno = 8, kFlagUseLastError = 16 };

// How the instances of a type lie in memory. Immutable once published (publish_info), but for `final`; lives for ever, as
// the types themselves do.
struct TypeInfo {
  Kind kind = Kind::kSimple;
  bool swapped = false;  // kSimple: the other byte order
  bool has_pointer = false;  // somewhere inside
  bool simple_subclass = false;  // derived from a fundamental type: its values stay instances
  int64_t size = 0, align = 0;
  int64_t length = 0;  // items, or fields with those of the bases
  const Code* code = nullptr;  // kSimple
  int flags = 0;  // kFunction: FunctionFlags
  const char* format = nullptr;  // PEP 3118
  int dimensions = 0;
  const int64_t* shape = nullptr;
  int64_t item_size = 0;  // of the innermost items
  ffi_type* ffi = nullptr;
  uint8_t words[2] = {};  // what lies in the first 16 bytes: kinds of registers
  std::atomic<bool> final{false};  // has instances, or is part of another type: cannot be replaced. Set under the type's lock
};

// The type objects: instances of the six metatypes.
struct CType : Type {
  std::atomic<TypeInfo*> info;  // nullptr: abstract. Replaced under the lock while not final
  Field target;  // item type of arrays and pointers, `_type_` of fundamental types
  // Function types; immutable once the type is made.
  Field argtypes, converters, restype, checker;
};
extern Type metatypes[kKindCount];
extern CType simple_type, pointer_type, array_type, structure_type, union_type, function_type;
extern Type cdata_type, field_type, argument_type, thunk_type, wide_type;
inline Type* metatype_of(Kind kind) { return &metatypes[static_cast<int>(kind)]; }

// The type as a C type; nullptr for any other value. Runs no Python code.
CType* ctype_of_derived(Value type);
inline CType* ctype_of(Value v) {
  if (!v.is_object()) return nullptr;
  const Type* meta = type_of(v);
  if (meta >= metatypes && meta < metatypes + kKindCount) return static_cast<CType*>(v.as_object());
  return has_flag(meta, kTypeTypeSubclass) && has_flag(meta, kTypeHeap) ? ctype_of_derived(v) : nullptr;
}
inline CType* ctype_of(const Type* type) { return ctype_of(Value::object(type)); }
inline TypeInfo* info_of(const CType* type) { return type ? type->info.load(std::memory_order_acquire) : nullptr; }
inline TypeInfo* info_of(Value type) { return info_of(ctype_of(type)); }
// The same, final from now on; nullptr when it is abstract (no exception).
TypeInfo* final_info(CType* type);
TypeInfo* new_info(Kind kind);  // MemoryError
// The format with the shape of an array in front: "(2,3)<i".
std::string shaped_format(const TypeInfo* info);
char* copy_text(std::string_view text);  // for TypeInfo::format: lives for ever; MemoryError
inline bool is_kind(Value type, Kind kind) {
  TypeInfo* info = info_of(type);
  return info && info->kind == kind;
}
// What values of the type look like to Python: a value of its own (c_int -> int), else an instance.
inline const Code* plain_code(const TypeInfo* info) {
  return info && info->kind == Kind::kSimple && !info->simple_subclass ? info->code : nullptr;
}
bool add_types(Module* module);
bool init_wide_type();
// The array type with `length` items, always the same one.
Ref<> array_type_of(Value item, int64_t length);
Ref<> pointer_type_of(Value target);

// ---- instances
// ------------------------------------------------------------------------------------------------------------------

// Memory that an instance owns. Blocks live as long as the instance: others may have addresses in them.
struct Block {
  Block* next;
  int64_t capacity;
  uint8_t* data() { return reinterpret_cast<uint8_t*>(this + 1); }
};
inline constexpr int64_t kInlineBytes = 16;

struct CData : Object {
  std::atomic<uint8_t*> data;  // replaced by resize() only, with the lock held; release-stored before `size`
  std::atomic<int64_t> size;
  int64_t index;  // within `base`
  int64_t length;
  Field base;  // the instance whose memory this is part of, or empty. Immutable
  Field objects;  // what the memory names: a dict, one object or empty; see keep_alive
  Block* blocks;  // guarded by the lock
  uintptr_t domain;  // of another root that shares `objects` with this one, or 0; see KeepGuard. Immutable
  bool owner;  // of its memory. Immutable
  alignas(16) uint8_t inline_data[kInlineBytes];
};
struct CFunction : CData {
  Field argtypes, converters, restype, checker, errcheck;  // or empty: those of the type
  Field callable, paramflags;  // immutable
};
inline CData* as_cdata(Value v) { return reinterpret_cast<CData*>(v.as_object()); }
inline CFunction* as_function(Value v) { return reinterpret_cast<CFunction*>(v.as_object()); }
// A type has an info only where its instances are CData, and only such a type has instances.
inline bool is_cdata(Value v) { return v.is_object() && info_of(ctype_of(type_of(v))) != nullptr; }
inline TypeInfo* info_of(const CData* self) { return info_of(static_cast<const CType*>(self->shape()->type)); }
// An instance whose type is of that kind; false for all other values.
inline bool is_cdata(Value v, Kind kind) { return is_cdata(v) && info_of(as_cdata(v))->kind == kind; }
inline uint8_t* data_of(const CData* self) { return self->data.load(std::memory_order_acquire); }
inline void* address_in(const CData* self) {  // of a pointer or function
  return reinterpret_cast<void*>(__atomic_load_n(reinterpret_cast<uintptr_t*>(data_of(self)), __ATOMIC_RELAXED));
}

Ref<CData> cdata_new(CType* type);  // zeroed memory of its own; TypeError "abstract class"
Ref<CData> cdata_at(CType* type, void* data);  // memory of nobody
Ref<CData> cdata_within(CType* type, CData* base, int64_t index, void* data);
Ref<CData> cdata_copy(CType* type, const void* data);  // memory of its own
Ref<> cdata_construct(Type* type, const Args& args);  // slot
bool resize_memory(CData* self, int64_t size);

// The instance that owns the memory, or is known to have nobody else's: where the objects are kept.
CData* root_of(CData* self);
// What is kept alive for the memory of `self`: None, one object, or the dict of its root.
Ref<> kept_objects(CData* self);
// Keeps `object` alive (None: nothing to keep) in place of what was kept under the same index.
bool keep_alive(CData* self, int64_t index, Ref<> object);
// Makes a pointer or function hold the address, and keeps the object.
bool point_to(CData* self, int64_t index, void* address, Ref<> object);

inline Ref<> or_none_ref(Ref<> v) { return v ? std::move(v) : none_ref(); }
void prepare_for_fork();
// Addresses that are followed, and the objects kept for them, change together: held while either is read or written. Waits
// detached; what holds it runs no Python code.
class KeepGuard {
 public:
  explicit KeepGuard(CData* self);
  ~KeepGuard() {
    if (lock_) lock_->release();
  }
  KeepGuard(const KeepGuard&) = delete;
  KeepGuard& operator=(const KeepGuard&) = delete;

 private:
  ThreadLock* lock_ = nullptr;  // while there is one thread, none
};

// Memory that other threads may use at the same time: items of 1, 2, 4 and 8 bytes in their place are read and written whole.
void copy_memory(void* to, const void* from, int64_t size);

// The value of the type at `at`, which lies in (or is named by) the memory of `self`.
Ref<> get_value(CData* self, Value type, int64_t index, uint8_t* at);
// Puts a value there. May run Python code.
bool set_value(CData* self, Value type, int64_t index, uint8_t* at, Value value);
// As get_value and set_value, of item `index` behind the address that `self` holds. The address is read with the guard held.
Ref<> get_pointed(CData* self, Value type, int64_t index);
bool set_pointed(CData* self, Value type, int64_t index, Value value);
// A fundamental value.
Ref<> get_code(CData* self, const Code* code, bool swapped, const uint8_t* at);
bool set_code(CData* self, const Code* code, bool swapped, int64_t index, uint8_t* at, Value value);
void swap_raw(const Code* code, bool swapped, Raw* raw);

bool get_cdata_buffer(Value self, Buffer* out, int flags);
Ref<> repr_object(Value self);  // <name object at 0x...>
int cdata_truth(Value self);  // any byte is not zero

// ---- arguments and calls ------------------------------------------------------------------------------------------------------

// What from_param() gives: an argument in C's form. Immutable.
struct Argument : Object {
  char tag;
  ffi_type* ffi;
  Raw value;
  int64_t size;  // tag 'V': bytes at the address in `value`
  Field object;  // keeps what the value names
};
inline Argument* as_argument(Value v) { return reinterpret_cast<Argument*>(v.as_object()); }
inline bool is_argument(Value v) { return v.is_object() && type_of(v) == &argument_type; }
Ref<Argument> argument_new(char tag, ffi_type* ffi, Value object);
Ref<Argument> argument_by_address(CData* self, int64_t offset);  // byref()
Ref<> from_param(CType* type, Value value);  // by the kind of the type
Ref<> from_param_method(const Value* a);  // the method of the metatypes
bool is_own_from_param(NativeFunction);  // that method, or one of the three below
extern const NativeDef kCharPointerFromParam, kWidePointerFromParam, kVoidPointerFromParam;

inline constexpr int kMaxArguments = 1024;
// A few items on the stack, many elsewhere. data() is nullptr, with MemoryError, when there is no room.
template <class T, int kInline>
class LocalArray {
 public:
  explicit LocalArray(uint32_t count) {
    if (count <= kInline) return;
    more_.reset(new (std::nothrow) T[count]);
    data_ = more_.get();
    if (!data_) raise_no_memory();
  }
  T* data() { return data_; }
  T& operator[](uint32_t i) { return data_[i]; }

 private:
  T inline_[kInline];
  std::unique_ptr<T[]> more_;
  T* data_ = inline_;
};

// Calls the function. converters, restype and checker may be empty; restype None: no result.
Ref<> call_function(void* function, const Value* arguments, uint32_t count, int flags, Value converters, Value restype,
                    Value checker);
bool converters_of(Value argtypes, Ref<>* tuple, Ref<>* converters);
bool is_result_type(Value v, Ref<>* checker);  // None, a C type or a callable
ffi_type* ffi_type_of(Value type);  // of an argument or result; int by default
// errno of the functions that were declared with use_errno: a copy for each thread.
int exchange_errno(int value);
int saved_errno();
// ArgumentError, or another type: "prefix" before the pending exception's own text.
Raised extend_error(Type* type, const char* format, ...);
extern Value g_argument_error;  // immortal

// A C function that calls `callable`. *code gets its address.
Ref<> thunk_new(Value callable, Tuple* argtypes, Value restype, int flags, void** code);

// ---- fields and layout
// -------------------------------------------------------------------------------------------------------------

struct CField : Object {
  int64_t offset, size, index;
  int bits, shift;  // bit fields: how many, and below them in the item; bits 0: none
  std::atomic<bool> anonymous;
  Field type;
};
inline CField* as_field(Value v) { return reinterpret_cast<CField*>(v.as_object()); }
inline bool is_field(Value v) { return v.is_object() && type_of(v) == &field_type; }
// Makes the fields that `_fields_` lists. False with an exception pending.
bool make_fields(CType* type, Value fields);
// How a structure or union is passed by value; nullptr with MemoryError.
ffi_type* aggregate_ffi(const TypeInfo* info);
// What a value has in its words, of one item or an array of `item`s.
void set_words(TypeInfo* info, const TypeInfo* item);

// ---- the module's functions
// -----------------------------------------------------------------------------------------------------------

bool handle_of(Value library, void** out);  // library._handle
Ref<> unpickle_function();  // _ctypes._unpickle
extern Value g_pointer_cache;  // immortal dict
bool address_argument(Value v, void** out);  // an int

// Names that are read from classes.
namespace names_of {
inline constinit Name type{"_type_"}, length{"_length_"}, fields{"_fields_"}, pack{"_pack_"}, anonymous{"_anonymous_"},
    swapped{"_swappedbytes_"}, abstract{"_abstract_"}, flags{"_flags_"}, argtypes{"_argtypes_"}, restype{"_restype_"},
    check{"_check_retval_"}, as_parameter{"_as_parameter_"}, from_param{"from_param"}, handle{"_handle"},
    from_outparam{"__ctypes_from_outparam__"}, big{"__ctype_be__"}, little{"__ctype_le__"};
inline constinit Name pointed{"1"};  // what a pointer points to, among its kept objects
}  // namespace names_of

}  // namespace pt::ctypes
