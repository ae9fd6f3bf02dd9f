// memoryview: making views, indexing, slicing and the type.
#include "vm/types/memoryview.h"

#include <cstring>

#include "gc/platform/memory.h"
#include "vm/object/native.h"
#include "vm/types/bytes_type.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/memoryview_format.h"
#include "vm/types/memoryview_type.h"
#include "vm/types/siphash.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

// ---- Pins ----------------------------------------------------------------------------------------------------------

namespace {
// The export that a released view held, if any.
void give_back(MemoryView* m, Buffer* held) {
  if (!held) return;
  release_buffer(held);
  memory::release(held);
  m->exporter.store(m, Ref<>());
}
}  // namespace

ViewPin::ViewPin(Value v) : view_(as_memoryview(v)) {
  {
    LockGuard guard(view_);
    if (view_->held && !view_->released) {
      view_->pins++;
      ok_ = true;
    }
  }
  if (!ok_) (void)raise(exc::ValueError, "operation forbidden on released memoryview object");
}
ViewPin::~ViewPin() {
  if (!ok_) return;
  Buffer* held = nullptr;
  {
    LockGuard guard(view_);
    if (--view_->pins == 0 && view_->released) std::swap(held, view_->held);
  }
  give_back(view_, held);
}

bool ViewPin::usable() const {
  bool released;
  {
    LockGuard guard(view_);
    released = view_->released;
  }
  return !released || raise(exc::ValueError, "operation forbidden on released memoryview object");
}

Buffer view_buffer(const MemoryView* m) {
  Buffer b;
  b.data = m->data;
  b.length = m->length;
  b.item_size = m->item_size;
  b.read_only = m->read_only;
  b.dimensions = m->dimensions;
  b.format = m->format;
  b.shape = m->shape;
  b.strides = m->strides;
  return b;
}

bool buffer_is_contiguous(const Buffer& b, char order) {
  if (!b.strides || !b.shape || b.length == 0) return true;
  auto check = [&](bool fortran) {
    int64_t step = b.item_size;
    for (int i = 0; i < b.dimensions; i++) {
      int at = fortran ? i : b.dimensions - 1 - i;
      if (b.shape[at] > 1 && b.strides[at] != step) return false;
      step *= b.shape[at];
    }
    return true;
  };
  if (order == 'C') return check(false);
  if (order == 'F') return check(true);
  return check(false) || check(true);
}

void copy_buffer(const Buffer& b, uint8_t* out, char order) {
  bool fortran = order == 'F' || (order == 'A' && !buffer_is_contiguous(b, 'C') && buffer_is_contiguous(b, 'F'));
  if (buffer_is_contiguous(b, fortran ? 'F' : 'C')) {
    if (b.length) memcpy(out, b.data, static_cast<size_t>(b.length));
    return;
  }
  int64_t position[64] = {};
  int64_t items = b.item_size ? b.length / b.item_size : 0;
  for (int64_t k = 0; k < items; k++) {
    const uint8_t* item = static_cast<const uint8_t*>(b.data);
    for (int i = 0; i < b.dimensions; i++) item += position[i] * b.strides[i];
    memcpy(out, item, static_cast<size_t>(b.item_size));
    out += b.item_size;
    for (int i = 0; i < b.dimensions; i++) {
      int at = fortran ? i : b.dimensions - 1 - i;
      if (++position[at] < b.shape[at]) break;
      position[at] = 0;
    }
  }
}

// ---- Making views --------------------------------------------------------------------------------------------------

namespace {

// Room for the dimensions; MemoryError.
bool set_dimensions(MemoryView* m, int dimensions) {
  m->dimensions = dimensions;
  if (dimensions <= 1) {
    m->shape = m->inline_dimensions;
  } else {
    m->shape = static_cast<int64_t*>(memory::allocate(static_cast<size_t>(dimensions) * 2 * sizeof(int64_t)));
    if (!m->shape) return raise_no_memory();
  }
  m->strides = m->shape + dimensions;
  return true;
}

// A view with an export of its own on `owner`, to be completed.
Ref<MemoryView> new_view(Value owner) {
  Ref<MemoryView> m = allocate<MemoryView>(&memoryview_type);
  if (!m) return m;
  m->hash.store(-1, std::memory_order_relaxed);
  m->format = "B";
  auto* held = static_cast<Buffer*>(memory::allocate(sizeof(Buffer)));
  if (!held) return raise_no_memory();
  new (held) Buffer;
  if (!owner.empty() && !get_buffer(owner, held, kBufferFull)) {
    memory::release(held);
    return nullptr;
  }
  m->held = held;
  if (!owner.empty()) m->exporter.init(held->owner ? held->owner.copy() : Ref<>::retain(owner));
  return m;
}

}  // namespace

Ref<MemoryView> derived_view(MemoryView* parent, int dimensions) {
  Ref<> owner = parent->exporter.load(parent);
  bool bare = !parent->held->owner;  // memory without an exporter: the owner only keeps it alive
  Ref<MemoryView> m = new_view(bare ? Value() : owner.value());
  if (!m) return m;
  if (bare && owner) m->exporter.init(std::move(owner));
  m->data = parent->data;
  m->length = parent->length;
  m->item_size = parent->item_size;
  m->read_only = parent->read_only;
  if (parent->own_format) {
    m->own_format = static_cast<char*>(memory::allocate(strlen(parent->format) + 1));
    if (!m->own_format) return raise_no_memory();
    strcpy(m->own_format, parent->format);
    m->format = m->own_format;
  } else {
    m->format = parent->format;
  }
  if (!set_dimensions(m.get(), dimensions)) return nullptr;
  if (dimensions == parent->dimensions) {
    for (int i = 0; i < dimensions; i++) {
      m->shape[i] = parent->shape[i];
      m->strides[i] = parent->strides[i];
    }
  }
  return m;
}

Ref<> memoryview_from(Value exporter) {
  if (is_memoryview(exporter)) {
    ViewPin pin(exporter);
    return pin.ok() ? Ref<>(derived_view(pin.get(), pin->dimensions)) : Ref<>();
  }
  if (!has_buffer(exporter)) return raise(exc::TypeError, "memoryview: a bytes-like object is required, not '%T'", exporter);
  Ref<MemoryView> m = new_view(exporter);
  if (!m) return m;
  const Buffer& b = *m->held;
  m->data = static_cast<uint8_t*>(b.data);
  m->length = b.length;
  // Items of a structure without members have none.
  m->item_size = b.item_size || b.shape ? b.item_size : 1;
  m->read_only = b.read_only;
  if (b.format) m->format = b.format;
  if (b.dimensions > 64) return raise(exc::ValueError, "memoryview: number of dimensions must not exceed 64");
  if (!set_dimensions(m.get(), b.shape ? b.dimensions : 1)) return Ref<>();
  int64_t step = m->item_size;
  if (!b.shape) m->shape[0] = m->length / m->item_size;
  for (int i = m->dimensions - 1; i >= 0; i--) {
    if (b.shape) m->shape[i] = b.shape[i];
    m->strides[i] = b.strides ? b.strides[i] : step;
    step *= m->shape[i];
  }
  return m;
}

Ref<> memoryview_from_memory(void* data, int64_t length, bool read_only, Value owner) {
  Ref<MemoryView> m = new_view(Value());
  if (!m) return m;
  if (!owner.empty()) m->exporter.init(Ref<>::retain(owner));
  m->data = static_cast<uint8_t*>(data);
  m->length = length;
  m->item_size = 1;
  m->read_only = read_only;
  if (!set_dimensions(m.get(), 1)) return Ref<>();
  m->shape[0] = length;
  m->strides[0] = 1;
  return m;
}

// Gives the export back, or has the operations under way do so. False: the view is itself exported.
bool release_view(MemoryView* m) {
  Buffer* held = nullptr;
  int64_t exports;
  {
    LockGuard guard(m);
    exports = m->exports;
    if (exports == 0) {
      m->released = true;
      if (m->pins == 0) std::swap(held, m->held);
    }
  }
  if (exports > 0) {
    return raise(exc::BufferError, "memoryview has %ld exported buffer%s", exports, exports == 1 ? "" : "s");
  }
  give_back(m, held);
  return true;
}

namespace {

void destroy_slot(Object* o) {
  auto* m = static_cast<MemoryView*>(o);
  if (Buffer* held = m->held) {
    m->held = nullptr;
    release_buffer(held);
    memory::release(held);
  }
  m->exporter.clear();
  if (m->shape && m->shape != m->inline_dimensions) memory::release(m->shape);
  m->shape = nullptr;
  if (m->own_format) memory::release(m->own_format);
  m->own_format = nullptr;
}
void clear_slot(Object* o) {
  // Breaking a cycle releases the memory as release() would; an exported view keeps it until its consumers are gone.
  auto* m = static_cast<MemoryView*>(o);
  if (m->exports == 0 && m->pins == 0 && m->held) {
    Buffer* held = m->held;
    m->held = nullptr;
    release_buffer(held);
    memory::release(held);
    m->exporter.clear();
  }
}
void traverse_slot(Object* o, FieldVisitor& visit) {
  auto* m = static_cast<MemoryView*>(o);
  visit(m->exporter);
  if (m->held && m->held->owner) visit(m->exporter);  // the export counts the same object a second time
}

Ref<> construct_slot(Type*, const Args& args) {
  Value object;
  if (!bind_arguments("memoryview", "(object)", args, &object)) return Ref<>();
  return memoryview_from(object);
}

Ref<> repr_slot(Value v) {
  bool released;
  {
    LockGuard guard(v.as_object());
    released = !as_memoryview(v)->held || as_memoryview(v)->released;
  }
  char address[32];
  snprintf(address, sizeof address, "%p", static_cast<void*>(v.as_object()));
  return str_format(released ? "<released memory at %s>" : "<memory at %s>", address);
}

int64_t length_slot(Value v) {
  ViewPin pin(v);
  if (!pin.ok()) return -1;
  return pin->dimensions == 0 ? 1 : pin->shape[0];
}

bool is_index(Value v) { return is_int(v) || type_of(v)->slots.unary[static_cast<int>(UnaryOp::kIndex)]; }

// Adds the offset of `i` in dimension `at` to *item; IndexError.
bool step_into(const MemoryView* m, int at, int64_t i, uint8_t** item) {
  if (i < 0) i += m->shape[at];
  if (i < 0 || i >= m->shape[at]) return raise(exc::IndexError, "index out of bounds on dimension %d", at + 1);
  *item += i * m->strides[at];
  return true;
}

// The place a tuple of integers names.
bool locate(const MemoryView* m, Tuple* key, uint8_t** item) {
  if (key->length < m->dimensions) return raise(exc::NotImplementedError, "sub-views are not implemented");
  if (key->length > m->dimensions) {
    return raise(exc::TypeError, "cannot index %d-dimension view with %ld-element tuple", m->dimensions, key->length);
  }
  *item = m->data;
  for (int i = 0; i < m->dimensions; i++) {
    int64_t at;
    if (!to_size(key->at(i), &at) || !step_into(m, i, at, item)) return false;
  }
  return true;
}

enum class KeyKind { kIndex, kSlice, kIndexes, kSlices, kInvalid };
KeyKind classify(Value key) {
  if (is_index(key)) return KeyKind::kIndex;
  if (has_shape(key, kShape_slice)) return KeyKind::kSlice;
  if (is_tuple(key)) {
    bool indexes = true, slices = true;
    for (int64_t i = 0; i < as_tuple(key)->length; i++) {
      indexes &= is_index(as_tuple(key)->at(i));
      slices &= has_shape(as_tuple(key)->at(i), kShape_slice);
    }
    if (indexes) return KeyKind::kIndexes;
    if (slices) return KeyKind::kSlices;
  }
  return KeyKind::kInvalid;
}

// The view of a slice of the first dimension.
Ref<MemoryView> slice_view(MemoryView* m, Value key) {
  int64_t start, stop, step, count;
  if (!slice_indices(key, m->shape[0], &start, &stop, &step, &count)) return nullptr;
  Ref<MemoryView> part = derived_view(m, m->dimensions);
  if (!part) return part;
  if (count < 0) count = 0;
  part->data += count ? start * m->strides[0] : 0;
  part->shape[0] = count;
  part->strides[0] = m->strides[0] * step;
  int64_t length = m->item_size;
  for (int i = 0; i < m->dimensions; i++) length *= part->shape[i];
  part->length = length;
  return part;
}

Ref<> get_item_slot(Value self, Value key) {
  ViewPin pin(self);
  if (!pin.ok()) return Ref<>();
  MemoryView* m = pin.get();
  uint8_t* item = m->data;
  if (m->dimensions == 0) {
    if (is_tuple(key) && as_tuple(key)->length == 0) return unpack_item(m->format, item);
    if (key.is(&ellipsis_object)) return Ref<>::retain(self);
    return raise(exc::TypeError, "invalid indexing of 0-dim memory");
  }
  switch (classify(key)) {
    case KeyKind::kIndex: {
      int64_t i;
      if (!to_size(key, &i) || !pin.usable()) return Ref<>();
      if (m->dimensions > 1) {
        if (!step_into(m, 0, i, &item)) return Ref<>();
        return raise(exc::NotImplementedError, "multi-dimensional sub-views are not implemented");
      }
      return step_into(m, 0, i, &item) ? unpack_item(m->format, item) : Ref<>();
    }
    case KeyKind::kSlice: return slice_view(m, key);
    case KeyKind::kIndexes: return locate(m, as_tuple(key), &item) && pin.usable() ? unpack_item(m->format, item) : Ref<>();
    case KeyKind::kSlices: return raise(exc::NotImplementedError, "multi-dimensional slicing is not implemented");
    default: return raise(exc::TypeError, "memoryview: invalid slice key");
  }
}

bool same_format(const char* a, const char* b) {
  if (!a) a = "B";
  if (!b) b = "B";
  if (*a == '@') a++;
  if (*b == '@') b++;
  return strcmp(a, b) == 0;
}

bool assign_slice(MemoryView* m, Value key, Value value) {
  if (m->dimensions != 1) {
    return raise(exc::NotImplementedError, "memoryview slice assignments are currently restricted to ndim = 1");
  }
  Ref<MemoryView> to = slice_view(m, key);
  if (!to) return false;
  Buffer from;
  if (!get_buffer(value, &from, kBufferFull)) return false;
  int64_t items = from.shape && from.dimensions == 1 ? from.shape[0] : from.length / (from.item_size ? from.item_size : 1);
  bool ok =
      from.dimensions == 1 && from.item_size == m->item_size && same_format(from.format, m->format) && items == to->shape[0];
  if (!ok) {
    release_buffer(&from);
    return raise(exc::ValueError, "memoryview assignment: lvalue and rvalue have different structures");
  }
  // The two may overlap: by way of a copy.
  BytesBuilder copy;
  uint8_t* p = copy.reserve(from.length);
  if (p) {
    copy_buffer(from, p, 'C');
    for (int64_t i = 0; i < items; i++) {
      memcpy(to->data + i * to->strides[0], p + i * m->item_size, static_cast<size_t>(m->item_size));
    }
  }
  release_buffer(&from);
  return p || raise_no_memory();
}

bool set_item_slot(Value self, Value key, Value value) {
  ViewPin pin(self);
  if (!pin.ok()) return false;
  MemoryView* m = pin.get();
  if (m->read_only) return raise(exc::TypeError, "cannot modify read-only memory");
  if (value.empty()) return raise(exc::TypeError, "cannot delete memory");
  uint8_t* item = m->data;
  if (m->dimensions == 0) {
    if (key.is(&ellipsis_object) || (is_tuple(key) && as_tuple(key)->length == 0)) return pack_item(m->format, item, value);
    return raise(exc::TypeError, "invalid indexing of 0-dim memory");
  }
  switch (classify(key)) {
    case KeyKind::kIndex: {
      if (m->dimensions > 1) return raise(exc::NotImplementedError, "sub-views are not implemented");
      int64_t i;
      return to_size(key, &i) && step_into(m, 0, i, &item) && pack_item(m->format, item, value) && pin.usable();
    }
    case KeyKind::kSlice: return assign_slice(m, key, value) && pin.usable();
    case KeyKind::kIndexes: return locate(m, as_tuple(key), &item) && pack_item(m->format, item, value) && pin.usable();
    case KeyKind::kSlices:
      return raise(exc::NotImplementedError, "memoryview slice assignments are currently restricted to ndim = 1");
    default: return raise(exc::TypeError, "memoryview: invalid slice key");
  }
}

// 1 equal, 0 not, -1 error.
int equal_items(const Buffer& a, const uint8_t* p, const Buffer& b, const uint8_t* q, int dimension) {
  const char* a_format = a.format ? a.format : "B";
  const char* b_format = b.format ? b.format : "B";
  if (dimension == a.dimensions) {
    Ref<> x = unpack_any(a_format, p, a.item_size);
    if (!x) return error_pending() ? -1 : 0;
    Ref<> y = unpack_any(b_format, q, b.item_size);
    if (!y) return error_pending() ? -1 : 0;
    return compare_truth(x.value(), y.value(), CompareOp::kEq);
  }
  int64_t n = a.shape ? a.shape[dimension] : a.length;
  int64_t a_step = a.strides ? a.strides[dimension] : 1, b_step = b.strides ? b.strides[dimension] : 1;
  if (dimension == a.dimensions - 1 && same_format(a_format, b_format) && a_step == a.item_size && b_step == b.item_size) {
    char code = native_format(a_format, nullptr);
    if (code && code != 'f' && code != 'd' && code != '?') return memcmp(p, q, static_cast<size_t>(n * a.item_size)) == 0;
  }
  for (int64_t i = 0; i < n; i++) {
    int same = equal_items(a, p + i * a_step, b, q + i * b_step, dimension + 1);
    if (same <= 0) return same;
  }
  return 1;
}

// Completes the shape of a simple buffer.
void complete(Buffer* b, int64_t shape[1], int64_t strides[1]) {
  if (!b->item_size) b->item_size = 1;
  if (b->shape) {
    if (!b->strides) {
      strides[0] = b->item_size;
      if (b->dimensions == 1) b->strides = strides;
    }
    return;
  }
  b->dimensions = 1;
  shape[0] = b->item_size ? b->length / b->item_size : 0;
  strides[0] = b->item_size;
  b->shape = shape;
  b->strides = strides;
}

Ref<> compare_slot(Value left, Value right, CompareOp op) {
  if (op != CompareOp::kEq && op != CompareOp::kNe) return not_implemented_ref();
  if (!is_memoryview(left)) std::swap(left, right);
  if (!is_memoryview(left) || !has_buffer(right)) return not_implemented_ref();
  auto result = [op](bool same) { return bool_ref(same == (op == CompareOp::kEq)); };
  auto released = [](Value v) {
    if (!is_memoryview(v)) return false;
    LockGuard guard(v.as_object());
    return !as_memoryview(v)->held || as_memoryview(v)->released;
  };
  if (released(left) || released(right)) return result(left.same(right));
  ViewPin pin(left);
  if (!pin.ok()) return Ref<>();
  Buffer a = view_buffer(pin.get()), b;
  if (!get_buffer(right, &b, kBufferFull)) {
    clear_error();
    return not_implemented_ref();
  }
  int64_t shape[1], strides[1];
  complete(&b, shape, strides);
  int same = a.dimensions == b.dimensions && (b.dimensions <= 1 || b.strides);
  for (int i = 0; same && i < a.dimensions; i++) same = a.shape[i] == b.shape[i];
  if (same) same = equal_items(a, static_cast<uint8_t*>(a.data), b, static_cast<uint8_t*>(b.data), 0);
  release_buffer(&b);
  return same < 0 ? Ref<>() : result(same);
}

int64_t hash_slot(Value v) {
  MemoryView* m = as_memoryview(v);
  int64_t h = m->hash.load(std::memory_order_relaxed);
  if (h != -1) return h;
  ViewPin pin(v);
  if (!pin.ok()) return -1;
  if (!m->read_only) return (void)raise(exc::ValueError, "cannot hash writable memoryview object"), -1;
  char code = native_format(m->format, nullptr);
  if (code != 'B' && code != 'b' && code != 'c') {
    return (void)raise(exc::ValueError, "memoryview: hashing is restricted to formats 'B', 'b' or 'c'"), -1;
  }
  Ref<> owner = m->exporter.load(m);
  if (owner && hash(owner.value()) == -1) return -1;
  BytesBuilder copy;
  uint8_t* p = copy.reserve(m->length);
  if (!p) return (void)raise_no_memory(), -1;
  copy_buffer(view_buffer(m), p, 'C');
  h = hash_bytes(p, static_cast<size_t>(m->length));
  m->hash.store(h, std::memory_order_relaxed);
  return h;
}

bool get_buffer_slot(Value self, Buffer* out, int flags) {
  MemoryView* m = as_memoryview(self);
  const char* problem = nullptr;
  bool released = false;
  {
    LockGuard guard(m);
    Buffer b = view_buffer(m);
    released = !m->held || m->released;
    if (released) {
    } else if ((flags & kBufferWritable) && m->read_only) {
      problem = "memoryview: underlying buffer is not writable";
    } else if (!(flags & kBufferStrides) && !buffer_is_contiguous(b, 'C')) {
      problem = "memoryview: underlying buffer is not C-contiguous";
    } else {
      out->data = m->data;
      out->length = m->length;
      out->item_size = m->item_size;
      out->read_only = m->read_only;
      if (flags & kBufferFormat) out->format = m->format;
      if (flags & kBufferStrides) {
        out->dimensions = m->dimensions;
        out->shape = m->shape;
        out->strides = m->strides;
      } else {
        out->dimensions = 1;
      }
      m->exports++;
    }
  }
  if (released) return raise(exc::ValueError, "operation forbidden on released memoryview object");
  return !problem || raise(exc::BufferError, "%s", problem);
}
void release_buffer_slot(Value self, Buffer*) {
  MemoryView* m = as_memoryview(self);
  LockGuard guard(m);
  m->exports--;
}

struct MemoryIterator : Object {
  Field view;  // empty once exhausted
  std::atomic<int64_t> position;
};
void iterator_traverse(Object* o, FieldVisitor& visit) { visit(static_cast<MemoryIterator*>(o)->view); }
Ref<> iterator_self(Value self) { return Ref<>::retain(self); }
Ref<> iterator_next(Value self) {
  auto* it = reinterpret_cast<MemoryIterator*>(self.as_object());
  Ref<> view = it->view.load(it);
  if (!view) return Ref<>();
  {
    ViewPin pin(view.value());
    if (!pin.ok()) return Ref<>();
    int64_t i = it->position.fetch_add(1, std::memory_order_relaxed);
    if (i < pin->shape[0]) {
      if (pin->dimensions > 1) return raise(exc::NotImplementedError, "multi-dimensional sub-views are not implemented");
      return unpack_item(pin->format, pin->data + i * pin->strides[0]);
    }
  }
  it->view.store(it, Ref<>());
  return Ref<>();
}

Ref<> iter_slot(Value self) {
  ViewPin pin(self);
  if (!pin.ok()) return Ref<>();
  if (pin->dimensions == 0) return raise(exc::TypeError, "invalid indexing of 0-dim memory");
  if (!native_format(pin->format, nullptr)) {
    return raise(exc::NotImplementedError, "memoryview: format %s not supported", pin->format);
  }
  Ref<MemoryIterator> it = allocate<MemoryIterator>(&memory_iterator_type);
  if (it) it->view.init(Ref<>::retain(self));
  return it;
}

}  // namespace

constinit Type memory_iterator_type{};
const TypeSpec memory_iterator_spec = {
    .name = "memory_iterator",
    .size = sizeof(MemoryIterator),
    .flags = kTypeNoInstantiate,
    .slots = {.iter = iterator_self, .next = iterator_next},
    .traverse = iterator_traverse,
};

constinit Type memoryview_type{};
const TypeSpec memoryview_spec = {
    .name = "memoryview",
    .size = sizeof(MemoryView),
    .flags = kTypeImmutable | kTypeWeakrefs | kTypeSequence,
    .slots =
        {
            .length = length_slot,
            .get_item = get_item_slot,
            .set_item = set_item_slot,
            .hash = hash_slot,
            .compare = compare_slot,
            .repr = repr_slot,
            .iter = iter_slot,
            .construct = construct_slot,
            .get_buffer = get_buffer_slot,
            .release_buffer = release_buffer_slot,
        },
    .traverse = traverse_slot,
    .clear = clear_slot,
    .destroy = destroy_slot,
    .methods = kMemoryViewMethods,
    .getsets = kMemoryViewGetSets,
    .doc = "Create a new memoryview object which references the given object.",
    .signature = "(object)",
};

}  // namespace pt
