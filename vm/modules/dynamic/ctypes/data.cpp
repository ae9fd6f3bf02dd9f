// Instances: their memory, what they keep alive, buffers and pickling.
#include <pthread.h>

#include <cstring>

#include "gc/sync/critical_section.h"
#include "vm/modules/dynamic/ctypes/ctypes.h"
#include "vm/modules/support.h"
#include "vm/modules/sys/sys.h"
#include "vm/object/names.h"
#include "vm/types/memoryview.h"

namespace pt::ctypes {

// ---- memory
// --------------------------------------------------------------------------------------------------------------------

namespace {

template <class T>
bool copy_item(void* to, const void* from) {
  if ((reinterpret_cast<uintptr_t>(to) | reinterpret_cast<uintptr_t>(from)) % sizeof(T) != 0) return false;
  __atomic_store_n(static_cast<T*>(to), __atomic_load_n(static_cast<const T*>(from), __ATOMIC_RELAXED), __ATOMIC_RELAXED);
  return true;
}

// The instance without memory.
Ref<CData> allocate_cdata(CType* type, TypeInfo** info) {
  *info = final_info(type);
  if (!*info) return raise(exc::TypeError, "abstract class");
  Ref<CData> self = allocate<CData>(type);
  if (self) self->length = (*info)->length;
  return self;
}
// A block at the front of the instance's list; nullptr with MemoryError.
Block* add_block(CData* self, int64_t capacity) {
  auto* block = static_cast<Block*>(memory::allocate_zeroed(sizeof(Block) + static_cast<size_t>(capacity)));
  if (!block) {
    raise_no_memory();
    return nullptr;
  }
  block->capacity = capacity;
  block->next = self->blocks;
  self->blocks = block;
  return block;
}
void set_memory(CData* self, void* data, int64_t size) {
  self->data.store(static_cast<uint8_t*>(data), std::memory_order_release);
  self->size.store(size, std::memory_order_release);
}

}  // namespace

void copy_memory(void* to, const void* from, int64_t size) {
  bool done = false;
  switch (size) {
    case 1: done = copy_item<uint8_t>(to, from); break;
    case 2: done = copy_item<uint16_t>(to, from); break;
    case 4: done = copy_item<uint32_t>(to, from); break;
    case 8: done = copy_item<uint64_t>(to, from); break;
    default: break;
  }
  if (done) return;
  auto* out = static_cast<uint8_t*>(to);
  auto* in = static_cast<const uint8_t*>(from);
  if (out > in && out < in + size) {  // overlapping: from the end
    while (size > 0) --size, copy_item<uint8_t>(out + size, in + size);
    return;
  }
  bool words = size >= 8 && copy_item<uint64_t>(out, in);
  int64_t at = words ? 8 : 0;
  if (words) {
    for (; at + 8 <= size; at += 8) copy_item<uint64_t>(out + at, in + at);
  }
  for (; at < size; ++at) copy_item<uint8_t>(out + at, in + at);
}

Ref<CData> cdata_new(CType* type) {
  TypeInfo* info;
  Ref<CData> self = allocate_cdata(type, &info);
  if (!self) return self;
  self->owner = true;
  if (info->size <= kInlineBytes) {
    set_memory(self.get(), self->inline_data, info->size);
    return self;
  }
  Block* block = add_block(self.get(), info->size);
  if (!block) return Ref<CData>();
  set_memory(self.get(), block->data(), info->size);
  return self;
}
Ref<CData> cdata_at(CType* type, void* data) {
  TypeInfo* info;
  Ref<CData> self = allocate_cdata(type, &info);
  if (self) set_memory(self.get(), data, info->size);
  return self;
}
Ref<CData> cdata_within(CType* type, CData* base, int64_t index, void* data) {
  Ref<CData> self = cdata_at(type, data);
  if (!self) return self;
  self->index = index;
  self->base.init(Ref<>::retain(Value::object(base)));
  return self;
}
Ref<CData> cdata_copy(CType* type, const void* data) {
  Ref<CData> self = cdata_new(type);
  if (self) copy_memory(data_of(self.get()), data, self->size.load(std::memory_order_relaxed));
  return self;
}
Ref<> cdata_construct(Type* type, const Args&) {
  CType* ctype = ctype_of(type);
  return ctype ? Ref<>(cdata_new(ctype)) : Ref<>(raise(exc::TypeError, "abstract class"));
}

bool resize_memory(CData* self, int64_t size) {
  TypeInfo* info = info_of(self);
  if (size < info->size) return raise(exc::ValueError, "minimum size is %zd", static_cast<ssize_t>(info->size));
  if (!self->owner) return raise(exc::ValueError, "Memory cannot be resized because this object doesn't own it");
  // What was there stays: instances within it, exported buffers and C may have its address. So it grows by half at least.
  CriticalSection section(self);
  int64_t capacity = self->blocks ? self->blocks->capacity : kInlineBytes;
  if (size > capacity) {
    uint8_t* old = data_of(self);
    int64_t used = self->size.load(std::memory_order_relaxed);
    Block* block = add_block(self, std::max(size, capacity + capacity / 2));
    if (!block) return false;
    copy_memory(block->data(), old, used);
    self->data.store(block->data(), std::memory_order_release);
  }
  self->size.store(size, std::memory_order_release);
  return true;
}

// ---- what is kept alive
// -------------------------------------------------------------------------------------------------------------

namespace {
constexpr int kKeepLocks = 64;
constinit ThreadLock g_keep_locks[kKeepLocks];

ThreadLock& keep_lock(CData* root) {
  uintptr_t domain = root->domain ? root->domain : reinterpret_cast<uintptr_t>(root);
  return g_keep_locks[(domain >> 4) % kKeepLocks];
}
}  // namespace

void prepare_for_fork() {
  static bool prepared = false;  // imports of one module take turns
  if (prepared) return;
  prepared = true;
  // Their holders have stayed in the parent.
  pthread_atfork(nullptr, nullptr, [] {
    for (ThreadLock& lock : g_keep_locks) lock.reset();
  });
}

CData* root_of(CData* self) {
  while (!self->base.peek().empty()) self = as_cdata(self->base.peek());
  return self;
}
KeepGuard::KeepGuard(CData* self) {
  if (!multithreaded()) return;
  lock_ = &keep_lock(root_of(self));
  while (lock_->acquire(-1, false) != Acquire::kTaken) {
  }
}

Ref<> kept_objects(CData* self) {
  CData* root = root_of(self);
  Ref<> objects = root->objects.load(root);
  if (objects) return objects;
  if (!root->length) return none_ref();
  Ref<Dict> made = dict_new();
  if (!made) return Ref<>();
  LockGuard guard(root);
  if (!root->objects.peek().empty()) return root->objects.load_locked();
  root->objects.init(made.copy());
  return made;
}

namespace {

// The name of a place: the indices from the item to the root.
Ref<Str> keep_key(CData* self, int64_t index) {
  if (index >= 0 && index < 16 && self->base.peek().empty()) {
    return str_from_code_point(static_cast<uint32_t>("0123456789abcdef"[index]));  // one that is there already
  }
  char key[256];
  int used = std::snprintf(key, sizeof key, "%x", static_cast<unsigned>(index));
  CData* root = root_of(self);
  for (CData* part = self; part != root; part = as_cdata(part->base.peek())) {
    used += std::snprintf(key + used, sizeof key - static_cast<size_t>(used), ":%x", static_cast<unsigned>(part->index));
    if (used > static_cast<int>(sizeof key) - 20) return raise(exc::ValueError, "ctypes object structure too deep");
  }
  return str_from_ascii({key, static_cast<size_t>(used)});
}

// Writes raw bytes, and keeps what they name. What was kept before goes after the guard is given up.
template <class Write>
bool write_kept(CData* self, int64_t index, Ref<> keep, Write&& write) {
  Ref<> objects = kept_objects(self);
  if (!objects) return false;
  bool keyed = is_exact_dict(objects.value());
  Ref<Str> key = keyed ? keep_key(self, index) : Ref<Str>();
  if (keyed && !key) return false;
  CData* root = root_of(self);
  Ref<> before;
  KeepGuard guard(self);
  write();
  // None: what was kept stays, as in CPython.
  if (is_none(keep.value())) return true;
  if (keyed) {
    before = dict_get_str(as_dict(objects.value()), key.get());
    return dict_set_str(as_dict(objects.value()), key.get(), keep.value());
  }
  LockGuard lock(root);
  before = root->objects.exchange_locked(std::move(keep));
  return true;
}

}  // namespace

bool keep_alive(CData* self, int64_t index, Ref<> object) {
  return object && write_kept(self, index, std::move(object), [] {});
}

bool point_to(CData* self, int64_t index, void* address, Ref<> object) {
  Raw raw;
  raw.set(address);
  return write_kept(self, index, std::move(object), [&] { copy_memory(data_of(self), raw.bytes, sizeof(void*)); });
}

// ---- values
// -----------------------------------------------------------------------------------------------------------------------

void swap_raw(const Code* code, bool swapped, Raw* raw) {
  if (!swapped) return;
  for (int i = 0, k = code->size - 1; i < k; ++i, --k) std::swap(raw->bytes[i], raw->bytes[k]);
}
Ref<> get_code(CData* self, const Code* code, bool swapped, const uint8_t* at) {
  Raw raw;
  if (code->pointer) {
    KeepGuard guard(self);
    copy_memory(raw.bytes, at, code->size);
    return code->get(raw);
  }
  copy_memory(raw.bytes, at, code->size);
  swap_raw(code, swapped, &raw);
  return code->get(raw);
}
bool set_code(CData* self, const Code* code, bool swapped, int64_t index, uint8_t* at, Value value) {
  Raw raw;
  Ref<> keep = none_ref();
  if (!code->set(value, &raw, &keep)) return false;
  swap_raw(code, swapped, &raw);
  if (code->pointer) return write_kept(self, index, std::move(keep), [&] { copy_memory(at, raw.bytes, code->size); });
  copy_memory(at, raw.bytes, code->size);
  return true;
}

Ref<> get_value(CData* self, Value type, int64_t index, uint8_t* at) {
  CType* ctype = ctype_of(type);
  TypeInfo* info = info_of(ctype);
  if (!info) return raise(exc::TypeError, "abstract class");
  if (const Code* code = plain_code(info)) return get_code(self, code, info->swapped, at);
  return cdata_within(ctype, self, index, at);
}

namespace {

// What a value is in C: bytes, and what they need alive. The bytes lie in `raw` or in another instance.
struct Converted {
  Raw raw;
  const uint8_t* bytes;
  int64_t size;
  bool pointer;
  Ref<> holder, keep;
};

// May run Python code.
bool convert(Value type, Value value, Converted* out) {
  CType* ctype = ctype_of(type);
  TypeInfo* info = final_info(ctype);
  if (!info) return raise(exc::TypeError, "abstract class");
  out->keep = none_ref();
  out->bytes = out->raw.bytes;
  out->size = info->size;
  out->pointer = info->has_pointer;
  if (!is_cdata(value)) {
    if (const Code* code = info->code) {
      if (!code->set(value, &out->raw, &out->keep)) return false;
      swap_raw(code, info->swapped, &out->raw);
      return true;
    }
    if (is_tuple(value)) {
      // The arguments of an instance.
      Ref<> made = call_tuple_dict(type, value, Value());
      if (!made) return extend_error(exc::RuntimeError, "(%s) ", ctype->layout.name);
      return convert(type, made.value(), out);
    }
    if (is_none(value) && info->kind == Kind::kPointer) return true;
    return raise(exc::TypeError, "expected %N instance, got %T", ctype, value);
  }
  CData* source = as_cdata(value);
  int matches = is_instance(value, type);
  if (matches < 0) return false;
  if (matches) {
    if (source->size.load(std::memory_order_acquire) < info->size)
      return raise(exc::TypeError, "expected %N instance, got %T", ctype, value);
    out->holder = Ref<>::retain(value);
    out->keep = kept_objects(source);
    if (!out->keep) return false;
    if (info->has_pointer && info->size <= static_cast<int64_t>(sizeof(Raw))) {
      // An address and what is kept for it, of one time.
      KeepGuard guard(source);
      copy_memory(out->raw.bytes, data_of(source), info->size);
      if (!is_exact_dict(out->keep.value())) out->keep = or_none_ref(root_of(source)->objects.load(root_of(source)));
    } else {
      out->bytes = data_of(source);
    }
    return true;
  }
  if (info->kind == Kind::kPointer && is_cdata(value, Kind::kArray)) {
    auto* array = ctype_of(type_of(value));
    if (array->target.load(array).value().same(ctype->target.load(ctype).value())) {
      // The address of the array: what is pointed to must live, not only what it names.
      out->raw.set(data_of(source));
      Ref<> objects = kept_objects(source);
      out->keep = objects ? Ref<>(tuple_of({objects.value(), value})) : Ref<>();
      return static_cast<bool>(out->keep);
    }
  }
  return raise(exc::TypeError, "incompatible types, %T instance instead of %N instance", value, ctype);
}

}  // namespace

bool set_value(CData* self, Value type, int64_t index, uint8_t* at, Value value) {
  Converted c;
  if (!convert(type, value, &c)) return false;
  if (!c.pointer && is_none(c.keep.value())) {
    copy_memory(at, c.bytes, c.size);
    return true;
  }
  return write_kept(self, index, std::move(c.keep), [&] { copy_memory(at, c.bytes, c.size); });
}

namespace {
uint8_t* item_behind(CData* self, int64_t index, int64_t size) {
  auto* start = static_cast<uint8_t*>(address_in(self));
  if (!start) {
    raise(exc::ValueError, "NULL pointer access");
    return nullptr;
  }
  return start + index * size;
}
}  // namespace

Ref<> get_pointed(CData* self, Value type, int64_t index) {
  CType* ctype = ctype_of(type);
  TypeInfo* info = final_info(ctype);
  if (!info) return raise(exc::TypeError, "abstract class");
  KeepGuard guard(self);
  uint8_t* at = item_behind(self, index, info->size);
  if (!at) return Ref<>();
  const Code* code = plain_code(info);
  if (!code) return cdata_within(ctype, self, index, at);
  Raw raw;
  copy_memory(raw.bytes, at, code->size);
  swap_raw(code, info->swapped, &raw);
  return code->get(raw);
}
bool set_pointed(CData* self, Value type, int64_t index, Value value) {
  TypeInfo* info = final_info(ctype_of(type));
  if (!info) return raise(exc::TypeError, "abstract class");
  Converted c;
  if (!item_behind(self, index, info->size) || !convert(type, value, &c)) return false;
  bool written = false;
  return write_kept(self, index, std::move(c.keep),
                    [&] {
                      uint8_t* at = item_behind(self, index, info->size);
                      if (at) copy_memory(at, c.bytes, c.size);
                      written = at != nullptr;
                    }) &&
         written;
}

// ---- slots
// ---------------------------------------------------------------------------------------------------------------------------

bool get_cdata_buffer(Value v, Buffer* out, int) {
  static int64_t no_shape;
  CData* self = as_cdata(v);
  TypeInfo* info = info_of(self);
  out->length = self->size.load(std::memory_order_acquire);
  out->data = data_of(self);
  out->item_size = info->item_size;
  out->read_only = false;
  out->format = info->format ? info->format : "B";
  out->dimensions = info->dimensions;
  out->shape = info->dimensions ? const_cast<int64_t*>(info->shape) : &no_shape;
  out->owner = Ref<>::retain(v);
  return true;
}

Ref<> repr_object(Value self) {
  char address[24];
  std::snprintf(address, sizeof address, "%p", static_cast<void*>(self.as_object()));
  return str_format("<%N object at %s>", type_of(self), address);
}
int cdata_truth(Value v) {
  CData* self = as_cdata(v);
  MemoryCopy copy(data_of(self), info_of(self)->size);
  if (!copy.data()) return -1;
  for (int64_t i = 0; i < info_of(self)->size; ++i) {
    if (copy.data()[i]) return 1;
  }
  return 0;
}

namespace {

int64_t no_hash(Value) { return raise(exc::TypeError, "unhashable type"), -1; }

Ref<> get_base(Value v) { return Ref<>::retain(or_none(as_cdata(v)->base.peek())); }
Ref<> get_owner(Value v) { return int_from_int64(as_cdata(v)->owner); }
Ref<> get_objects(Value v) {
  Ref<> objects = as_cdata(v)->objects.load(as_cdata(v));
  return objects ? std::move(objects) : none_ref();
}
Ref<> from_outparam(const Value* a) { return Ref<>::retain(a[0]); }

Ref<> reduce(const Value* a) {
  CData* self = as_cdata(a[0]);
  if (info_of(self)->has_pointer) return raise(exc::ValueError, "ctypes objects containing pointers cannot be pickled");
  Ref<> dict = get_attribute(a[0], names::dict.str());
  if (!dict) return Ref<>();
  int64_t size = self->size.load(std::memory_order_acquire);
  Ref<Bytes> bytes = bytes_allocate(size);
  if (!bytes) return Ref<>();
  copy_memory(bytes->data, data_of(self), size);
  Ref<Tuple> state = tuple_of({dict.value(), bytes.value()});
  Ref<Tuple> arguments = state ? tuple_of({type_value(a[0]), state.value()}) : Ref<Tuple>();
  Ref<> unpickle = arguments ? unpickle_function() : Ref<>();
  return unpickle ? Ref<>(tuple_of({unpickle.value(), arguments.value()})) : Ref<>();
}
Ref<> set_state(const Value* a) {
  CData* self = as_cdata(a[0]);
  if (!is_dict(a[1])) return raise_bad_argument("__setstate__", 1, "dict", a[1]);
  BufferView view(a[2]);
  if (!view.ok()) return Ref<>();
  copy_memory(data_of(self), view.data(), std::min(view.size(), self->size.load(std::memory_order_acquire)));
  Ref<> dict = get_attribute(a[0], names::dict.str());
  if (!dict) return Ref<>();
  if (!is_dict(dict.value())) {
    return raise(exc::TypeError, "%T.__dict__ must be a dictionary, not %T", a[0], dict.value());
  }
  return dict_merge(as_dict(dict.value()), as_dict(a[1]), true) ? none_ref() : Ref<>();
}

void traverse(Object* o, FieldVisitor& visit) {
  auto* self = static_cast<CData*>(o);
  visit(self->base);
  visit(self->objects);
}
void clear(Object* o) {
  auto* self = static_cast<CData*>(o);
  self->objects.clear();
  self->base.clear();
}
void destroy(Object* o) {
  auto* self = static_cast<CData*>(o);
  while (Block* block = self->blocks) {
    self->blocks = block->next;
    memory::release(block);
  }
  clear(o);
}

const NativeDef kMethods[] = {{"__ctypes_from_outparam__", "($self, /)", from_outparam},
                              {"__reduce__", "($self, /)", reduce},
                              {"__setstate__", "($self, dict, data, /)", set_state},
                              {}};
const GetSetDef kGetSets[] = {{"_b_base_", get_base, nullptr, "the instance whose memory this one is part of, or None"},
                              {"_b_needsfree_", get_owner, nullptr, "1 when the instance owns its memory, else 0"},
                              {"_objects", get_objects, nullptr, "what is kept alive for the memory; not to be changed"},
                              {}};

}  // namespace

constinit Type cdata_type = {};
extern const TypeSpec cdata_spec;
const TypeSpec cdata_spec = {.name = "_ctypes._CData",
                             .size = sizeof(CData),
                             .flags = kTypeBase,
                             .slots = {.hash = no_hash, .construct = cdata_construct, .get_buffer = get_cdata_buffer},
                             .traverse = traverse,
                             .clear = clear,
                             .destroy = destroy,
                             .methods = kMethods,
                             .getsets = kGetSets,
                             .doc = "What all instances of C types have."};

}  // namespace pt::ctypes
