// Blob: incremental reading and writing of one value.
#include <climits>
#include <cstdio>

#include "vm/modules/dynamic/sqlite3/sqlite.h"

namespace pt::sqlite {
namespace {

struct Blob : Object {
  Field connection;
  sqlite3_blob* handle;   // nullptr: closed. Guarded by the connection's lock, as `position` is.
  int position;
};
Blob* as_blob(Value v) { return reinterpret_cast<Blob*>(v.as_object()); }

// One operation on a blob.
class BlobOperation {
 public:
  explicit BlobOperation(Blob* b)
      : operation_(as_connection(b->connection.peek())), ok_(operation_ && (b->handle || raise_closed_blob())) {}
  explicit operator bool() const { return ok_; }

 private:
  static bool raise_closed_blob() { return raise(error_class(kProgrammingError), "Cannot operate on a closed blob."); }
  Operation operation_;
  bool ok_;
};
Raised raise_blob_error(Blob* b, int code) {
  if (code == SQLITE_ABORT) return raise(error_class(kOperationalError), "Cannot operate on an expired blob handle");
  return raise_sqlite_error(as_connection(b->connection.peek())->db);
}
Ref<> read_at(Blob* b, int size, int offset) {
  Ref<Bytes> out = bytes_allocate(size);
  if (!out) return Ref<>();
  int code;
  {
    Detached detached;
    code = sqlite3_blob_read(b->handle, out->data, size, offset);
  }
  return code == SQLITE_OK ? Ref<>(std::move(out)) : Ref<>(raise_blob_error(b, code));
}
bool write_at(Blob* b, const void* data, int64_t size, int offset) {
  if (size > sqlite3_blob_bytes(b->handle) - offset) return raise(exc::ValueError, "data longer than blob length");
  int code;
  {
    Detached detached;
    code = sqlite3_blob_write(b->handle, data, static_cast<int>(size), offset);
  }
  return code == SQLITE_OK ? true : static_cast<bool>(raise_blob_error(b, code));
}

void destroy(Object* o) {
  auto* b = static_cast<Blob*>(o);
  if (b->handle) {
    Detached detached;
    sqlite3_blob_close(b->handle);
  }
  b->handle = nullptr;
  b->connection.exchange_locked(Ref<>()).reset();
}
Ref<> close_method(const Value* a) {
  Blob* b = as_blob(a[0]);
  Operation operation(as_connection(b->connection.peek()));
  if (!operation) return Ref<>();
  if (b->handle) {
    Detached detached;
    sqlite3_blob_close(b->handle);
  }
  b->handle = nullptr;
  return none_ref();
}
Ref<> read_method(const Value* a) {
  Blob* b = as_blob(a[0]);
  int size = -1;
  if (!to_cint(a[1], &size)) return Ref<>();
  BlobOperation operation(b);
  if (!operation) return Ref<>();
  int left = sqlite3_blob_bytes(b->handle) - b->position;
  if (size < 0 || size > left) size = left;
  if (size == 0) return Ref<>::retain(Value::object(empty_bytes()));
  Ref<> data = read_at(b, size, b->position);
  if (data) b->position += size;
  return data;
}
Ref<> write_method(const Value* a) {
  Blob* b = as_blob(a[0]);
  BufferView view(a[1]);
  if (!view.ok()) return Ref<>();
  BlobOperation operation(b);
  if (!operation || !write_at(b, view.data(), view.size(), b->position)) return Ref<>();
  b->position += static_cast<int>(view.size());
  return none_ref();
}
Ref<> seek_method(const Value* a) {
  Blob* b = as_blob(a[0]);
  int offset, origin = SEEK_SET;
  if (!to_cint(a[1], &offset) || !to_cint(a[2], &origin)) return Ref<>();
  BlobOperation operation(b);
  if (!operation) return Ref<>();
  int size = sqlite3_blob_bytes(b->handle);
  int64_t target = offset;
  switch (origin) {
    case SEEK_SET: break;
    case SEEK_CUR: target += b->position; break;
    case SEEK_END: target += size; break;
    default: return raise(exc::ValueError, "'origin' should be os.SEEK_SET, os.SEEK_CUR, or os.SEEK_END");
  }
  if (target > INT_MAX || target < INT_MIN) return raise(exc::OverflowError, "seek offset results in offset overflow");
  if (target < 0 || target > size) return raise(exc::ValueError, "offset out of blob range");
  b->position = static_cast<int>(target);
  return none_ref();
}
Ref<> tell_method(const Value* a) {
  BlobOperation operation(as_blob(a[0]));
  return operation ? int_from_int64(as_blob(a[0])->position) : Ref<>();
}
Ref<> enter(const Value* a) {
  BlobOperation operation(as_blob(a[0]));
  return operation ? Ref<>::retain(a[0]) : Ref<>();
}
Ref<> exit(const Value* a) {
  BlobOperation operation(as_blob(a[0]));
  Ref<> closed = operation ? close_method(a) : Ref<>();
  return closed ? bool_ref(false) : Ref<>();
}
int64_t length_of(Value v) {
  BlobOperation operation(as_blob(v));
  return operation ? sqlite3_blob_bytes(as_blob(v)->handle) : -1;
}

bool position_of(Blob* b, Value key, int* out) {
  int64_t i;
  if (!to_size(key, &i)) return false;
  int size = sqlite3_blob_bytes(b->handle);
  if (i < 0) i += size;
  if (i < 0 || i >= size) return raise(exc::IndexError, "Blob index out of range");
  *out = static_cast<int>(i);
  return true;
}
Ref<> get_item_of(Value v, Value key) {
  Blob* b = as_blob(v);
  BlobOperation operation(b);
  if (!operation) return Ref<>();
  if (is_int(key)) {
    int at;
    if (!position_of(b, key, &at)) return Ref<>();
    Ref<> byte = read_at(b, 1, at);
    return byte ? int_from_int64(as_bytes(byte.value())->data[0]) : Ref<>();
  }
  if (!has_shape(key, kShape_slice)) return raise(exc::TypeError, "Blob indices must be integers");
  Ref<> all =
      sqlite3_blob_bytes(b->handle) ? read_at(b, sqlite3_blob_bytes(b->handle), 0) : Ref<>::retain(Value::object(empty_bytes()));
  return all ? get_item(all.value(), key) : Ref<>();
}
bool set_item_of(Value v, Value key, Value value) {
  Blob* b = as_blob(v);
  BlobOperation operation(b);
  if (!operation) return false;
  if (value.empty())
    return raise(exc::TypeError, is_int(key) ? "Blob doesn't support item deletion" : "Blob doesn't support slice deletion");
  if (is_int(key)) {
    int at;
    int64_t byte;
    if (!is_int(value)) return raise(exc::TypeError, "'%T' object cannot be interpreted as an integer", value);
    if (!position_of(b, key, &at)) return false;
    if (!int_to_int64(value, &byte) || byte < 0 || byte > 255) return raise(exc::ValueError, "byte must be in range(0, 256)");
    auto one = static_cast<uint8_t>(byte);
    return write_at(b, &one, 1, at);
  }
  if (!has_shape(key, kShape_slice)) return raise(exc::TypeError, "Blob indices must be integers");
  int64_t start, stop, stride, count;
  int size = sqlite3_blob_bytes(b->handle);
  if (!slice_indices(key, size, &start, &stop, &stride, &count)) return false;
  BufferView view(value);
  if (!view.ok()) return false;
  if (view.size() != count) return raise(exc::IndexError, "Blob slice assignment is wrong size");
  if (count == 0) return true;
  if (stride == 1) return write_at(b, view.data(), count, static_cast<int>(start));
  Ref<> all = read_at(b, size, 0);
  if (!all) return false;
  for (int64_t i = 0; i < count; ++i) as_bytes(all.value())->data[start + i * stride] = view.data()[i];
  return write_at(b, as_bytes(all.value())->data, size, 0);
}
const NativeDef kMethods[] = {{"close", "($self, /)", close_method, "Close the blob."},
                              {"read", "($self, length=-1, /)", read_method, "Read data at the current offset position."},
                              {"write", "($self, data, /)", write_method, "Write data at the current offset."},
                              {"seek", "($self, offset, origin=0, /)", seek_method, "Set the current access position to offset."},
                              {"tell", "($self, /)", tell_method, "Return the current access position for the blob."},
                              {"__enter__", "($self, /)", enter, "Blob context manager enter."},
                              {"__exit__", "($self, type, val, tb, /)", exit, "Blob context manager exit."},
                              {}};

}  // namespace

Ref<> blob_open(const Value* a) {
  Connection* c = as_connection(a[0]);
  int64_t row;
  bool read_only = false;
  if (!is_str(a[1]) || !is_str(a[2])) return raise(exc::TypeError, "blobopen() arguments 1 and 2 must be str");
  if (!to_int64(a[3], &row) || !to_flag(a[4], &read_only) || !check_schema_name("blobopen", a[5])) return Ref<>();
  Operation operation(c);
  if (!operation) return Ref<>();
  Utf8 table(as_str(a[1])), column(as_str(a[2])), name(a[5].empty() ? intern("main") : as_str(a[5]));
  if (!table.ok() || !column.ok() || !name.ok()) return Ref<>();
  sqlite3_blob* handle;
  int code;
  {
    Detached detached;
    code = sqlite3_blob_open(c->db, name.c_str(), table.c_str(), column.c_str(), row, !read_only, &handle);
  }
  if (code != SQLITE_OK) return raise_sqlite_error(c->db);
  Ref<Blob> b = allocate<Blob>(&blob_type);
  if (!b) {
    sqlite3_blob_close(handle);
    return Ref<>();
  }
  b->handle = handle;
  b->connection.init(Ref<>::retain(a[0]));
  return b;
}

constinit Type blob_type;
const TypeSpec blob_spec = {.name = "sqlite3.Blob",
                            .size = sizeof(Blob),
                            .flags = kTypeNoInstantiate | kTypeWeakrefs,
                            .slots = {.length = length_of, .get_item = get_item_of, .set_item = set_item_of},
                            .traverse = [](Object* o, FieldVisitor& visitor) { visitor(static_cast<Blob*>(o)->connection); },
                            .destroy = destroy,
                            .methods = kMethods};

}  // namespace pt::sqlite
