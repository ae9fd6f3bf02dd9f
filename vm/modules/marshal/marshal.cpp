// Writing and reading the marshal format.
#include "vm/modules/marshal/marshal.h"

#include <cstdlib>
#include <cstring>

#include "gc/platform/memory.h"
#include "vm/object/buffer.h"
#include "vm/object/native.h"
#include "vm/types/code_image.h"
#include "vm/types/complex.h"
#include "vm/types/dict.h"
#include "vm/types/float.h"
#include "vm/types/function.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/set.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/types/codecs.h"

namespace pt {

namespace {
constexpr uint8_t kRefFlag = 0x80;
constexpr int kMaxDepth = 2000;

Ref<Bytes> surrogatepass_utf8(Str* s) {
  Ref<Str> handler = str_from_ascii("surrogatepass");
  return handler ? utf8_encode(s, handler.get()) : Ref<Bytes>();
}
}  // namespace

// ---- writing --------------------------------------------------------------------------------------------------------

MarshalWriter::~MarshalWriter() { memory::release(seen_); }

bool MarshalWriter::reference(Object* o, uint8_t* flag, bool* done) {
  *flag = 0;
  *done = false;
  if (version_ < 3) return true;
  // What nobody else holds cannot come again.
  if (!o->is_immortal() && reference_count(o) == 1) return true;
  if ((static_cast<size_t>(count_) + 1) * 2 > capacity_) {
    size_t capacity = capacity_ ? capacity_ * 2 : 64;
    auto* grown = static_cast<Seen*>(memory::allocate_zeroed(capacity * sizeof(Seen)));
    if (!grown) return raise_no_memory();
    for (size_t i = 0; i < capacity_; ++i) {
      if (!seen_[i].object) continue;
      size_t at = (reinterpret_cast<uintptr_t>(seen_[i].object) >> 4) * 0x9E3779B97F4A7C15u >> 20 & (capacity - 1);
      while (grown[at].object) at = (at + 1) & (capacity - 1);
      grown[at] = seen_[i];
    }
    memory::release(seen_);
    seen_ = grown;
    capacity_ = capacity;
  }
  size_t at = (reinterpret_cast<uintptr_t>(o) >> 4) * 0x9E3779B97F4A7C15u >> 20 & (capacity_ - 1);
  for (; seen_[at].object; at = (at + 1) & (capacity_ - 1)) {
    if (seen_[at].object != o) continue;
    byte('r');
    int32(seen_[at].index);
    *done = true;
    return true;
  }
  seen_[at] = {o, count_++};
  *flag = kRefFlag;
  return true;
}

bool MarshalWriter::integer(Value v, uint8_t flag) {
  int64_t i;
  if (int_to_int64(v, &i) && i >= INT32_MIN && i <= INT32_MAX) {
    byte('i' | flag);
    int32(static_cast<int32_t>(i));
    return true;
  }
  byte('l' | flag);
  IntView view(v);
  int64_t bits = int_bit_length(v);
  int64_t digits = (bits + 14) / 15;
  if (digits > INT32_MAX) return raise(exc::ValueError, "unmarshallable object");
  int32(static_cast<int32_t>(view.negative() ? -digits : digits));
  const uint64_t* limbs = view.limbs();
  int64_t limb_count = view.limb_count();
  for (int64_t d = 0; d < digits; ++d) {
    int64_t bit = d * 15;
    uint64_t digit = limbs[bit / 64] >> (bit % 64);
    if (bit % 64 > 49 && bit / 64 + 1 < limb_count) digit |= limbs[bit / 64 + 1] << (64 - bit % 64);
    int16(static_cast<int16_t>(digit & 0x7FFF));
  }
  return true;
}

bool MarshalWriter::text(Str* s, uint8_t flag) {
  bool interned = is_interned(s);
  if (version_ >= 4 && s->ascii) {
    if (s->length < 256) {
      byte((interned ? 'Z' : 'z') | flag);
      byte(static_cast<uint8_t>(s->length));
    } else {
      if (s->length > INT32_MAX) return raise(exc::ValueError, "unmarshallable object");
      byte((interned ? 'A' : 'a') | flag);
      int32(static_cast<int32_t>(s->length));
    }
    raw(s->data1(), static_cast<size_t>(s->length));
    return true;
  }
  Ref<Bytes> utf8 = surrogatepass_utf8(s);
  if (!utf8) return false;
  if (utf8->length > INT32_MAX) return raise(exc::ValueError, "unmarshallable object");
  byte((version_ >= 3 && interned ? 't' : 'u') | flag);
  int32(static_cast<int32_t>(utf8->length));
  raw(utf8->data, static_cast<size_t>(utf8->length));
  return true;
}

bool MarshalWriter::set(Value v, uint8_t flag) {
  // In the order of the marshalled items, so that equal sets give equal bytes.
  Ref<List> pairs = list_new();
  if (!pairs) return false;
  int64_t position = 0;
  Ref<> item;
  while (set_next(as_set(v), &position, &item)) {
    MarshalWriter one(version_);
    if (!one.object(item.value())) return false;
    Ref<Bytes> bytes = one.finish();
    Ref<Tuple> pair = bytes ? tuple_of({bytes.value(), item.value()}) : Ref<Tuple>();
    if (!pair || !list_append(pairs.get(), std::move(pair))) return false;
  }
  item.reset();
  struct Order {
    static int by_bytes(const void* a, const void* b) {
      auto view = [](const void* p) { return as_bytes(as_tuple(*static_cast<const Value*>(p))->at(0))->view(); };
      return view(a).compare(view(b));
    }
  };
  int64_t count = list_size(pairs.get());
  auto* order = static_cast<Value*>(memory::allocate(static_cast<size_t>(count + 1) * sizeof(Value)));
  if (!order) return raise_no_memory();
  for (int64_t i = 0; i < count; ++i) order[i] = list_get(pairs.get(), i).value();  // the list holds them
  std::qsort(order, static_cast<size_t>(count), sizeof(Value), Order::by_bytes);
  byte((is_instance_of(v, &frozenset_type) ? '>' : '<') | flag);
  int32(static_cast<int32_t>(count));
  bool ok = true;
  for (int64_t i = 0; ok && i < count; ++i) ok = write(as_tuple(order[i])->at(1));
  memory::release(order);
  return ok;
}

bool MarshalWriter::object(Value v) { return write(v); }

bool MarshalWriter::write(Value v) {
  if (depth_ >= kMaxDepth) return raise(exc::ValueError, "object too deeply nested to marshal");
  struct Depth {
    int& depth;
    explicit Depth(int& d) : depth(d) { ++depth; }
    ~Depth() { --depth; }
  } depth(depth_);
  if (is_none(v)) return byte('N'), true;
  if (v.is(exc::StopIteration)) return byte('S'), true;
  if (v.is(&ellipsis_object)) return byte('.'), true;
  if (is_false(v)) return byte('F'), true;
  if (is_true(v)) return byte('T'), true;
  uint8_t flag = 0;
  bool done = false;
  if (v.is_object() && (!reference(v.as_object(), &flag, &done) || done)) return done;
  if (is_exact_int(v)) return integer(v, flag);
  if (is_exact_float(v)) {
    double d = as_double(v);
    if (version_ > 1) {
      byte('g' | flag);
      raw(&d, 8);
      return true;
    }
    Ref<Str> s = float_format(d, 'g', 17, false, false, false);
    if (!s) return false;
    byte('f' | flag);
    byte(static_cast<uint8_t>(s->length));
    raw(s->data1(), static_cast<size_t>(s->length));
    return true;
  }
  if (has_shape(v, kShape_complex)) {
    double parts[2];
    parts[0] = as_complex(v)->real;
    parts[1] = as_complex(v)->imaginary;
    if (version_ > 1) {
      byte('y' | flag);
      raw(parts, 16);
      return true;
    }
    byte('x' | flag);
    for (double d : parts) {
      Ref<Str> s = float_format(d, 'g', 17, false, false, false);
      if (!s) return false;
      byte(static_cast<uint8_t>(s->length));
      raw(s->data1(), static_cast<size_t>(s->length));
    }
    return true;
  }
  if (has_shape(v, kShape_bytes)) {
    Bytes* b = as_bytes(v);
    if (b->length > INT32_MAX) return raise(exc::ValueError, "unmarshallable object");
    byte('s' | flag);
    int32(static_cast<int32_t>(b->length));
    raw(b->data, static_cast<size_t>(b->length));
    return true;
  }
  if (is_exact_str(v)) return text(as_str(v), flag);
  if (is_exact_tuple(v)) {
    Tuple* t = as_tuple(v);
    if (version_ >= 4 && t->length < 256) {
      byte(')' | flag);
      byte(static_cast<uint8_t>(t->length));
    } else {
      if (t->length > INT32_MAX) return raise(exc::ValueError, "unmarshallable object");
      byte('(' | flag);
      int32(static_cast<int32_t>(t->length));
    }
    for (int64_t i = 0; i < t->length; ++i) {
      if (!write(t->at(i))) return false;
    }
    return true;
  }
  if (is_exact_list(v)) {
    // A snapshot: another thread may change the list.
    Ref<Tuple> items = list_to_tuple(as_list(v));
    if (!items) return false;
    byte('[' | flag);
    int32(static_cast<int32_t>(items->length));
    for (int64_t i = 0; i < items->length; ++i) {
      if (!write(items->at(i))) return false;
    }
    return true;
  }
  if (is_exact_dict(v)) {
    byte('{' | flag);
    int64_t position = 0;
    Ref<> key, value;
    while (dict_next(as_dict(v), &position, &key, &value)) {
      if (!write(key.value()) || !write(value.value())) return false;
    }
    byte('0');
    return true;
  }
  if (has_shape(v, kShape_set) || has_shape(v, kShape_frozenset)) return set(v, flag);
  if (has_shape(v, kShape_code)) {
    Ref<Bytes> image = code_image_write(as_code(v));
    if (!image) return false;
    byte('c' | flag);
    int32(static_cast<int32_t>(image->length));
    // With the 16 bytes a bytecode file begins with, the image is aligned.
    raw("\0\0", 3);
    raw(image->data, static_cast<size_t>(image->length));
    return true;
  }
  if (has_buffer(v)) {
    BufferView buffer(v);
    if (!buffer.ok()) {
      clear_error();
      return raise(exc::ValueError, "unmarshallable object");
    }
    byte('s' | flag);
    int32(static_cast<int32_t>(buffer.size()));
    raw(buffer.data(), static_cast<size_t>(buffer.size()));
    return true;
  }
  return raise(exc::ValueError, "unmarshallable object");
}

// ---- reading ----------------------------------------------------------------------------------------------------------

bool MarshalReader::raw(int64_t size, const char** out) {
  if (file_.empty()) {
    if (static_cast<uint64_t>(size) > data_.size() - position_) return raise(exc::EOFError, "marshal data too short");
    *out = data_.data() + position_;
    position_ += static_cast<size_t>(size);
    return true;
  }
  Ref<> wanted = int_from_int64(size);
  chunk_ = call_method(file_, "read", {wanted.value()});
  if (!chunk_) return false;
  if (!is_bytes(chunk_.value())) return raise(exc::TypeError, "file.read() returned not bytes but %T", chunk_.value());
  Bytes* bytes = as_bytes(chunk_.value());
  if (bytes->length > size) {
    return raise(exc::ValueError, "read() returned too much data: %ld bytes requested, %ld returned", size, bytes->length);
  }
  if (bytes->length < size) return raise(exc::EOFError, "EOF read where not expected");
  *out = reinterpret_cast<const char*>(bytes->data);
  return true;
}
bool MarshalReader::byte(uint8_t* out) {
  const char* at;
  if (!raw(1, &at)) return false;
  *out = static_cast<uint8_t>(*at);
  return true;
}
bool MarshalReader::int16(int16_t* out) {
  const char* at;
  if (!raw(2, &at)) return false;
  std::memcpy(out, at, 2);
  return true;
}
bool MarshalReader::int32(int32_t* out) {
  const char* at;
  if (!raw(4, &at)) return false;
  std::memcpy(out, at, 4);
  return true;
}
bool MarshalReader::int64(int64_t* out) {
  const char* at;
  if (!raw(8, &at)) return false;
  std::memcpy(out, at, 8);
  return true;
}

bool MarshalReader::reserve_reference(uint8_t flag, int64_t* index) {
  *index = -1;
  if (!flag) return true;
  *index = list_size(references_.get());
  return list_append(references_.get(), none_ref());
}
void MarshalReader::set_reference(int64_t index, Value v) {
  if (index >= 0) list_set(references_.get(), index, Ref<>::retain(v));
}

Ref<> MarshalReader::object() {
  if (!references_) {
    references_ = list_new();
    if (!references_) return Ref<>();
  }
  Ref<> result = read();
  if (!result && !error_pending()) return raise(exc::TypeError, "NULL object in marshal data for object");
  return result;
}

Ref<> MarshalReader::read() {
  uint8_t code;
  if (!byte(&code)) {
    if (clear_if(exc::EOFError)) return raise(exc::EOFError, "EOF read where object expected");
    return Ref<>();
  }
  if (depth_ >= kMaxDepth) return raise(exc::ValueError, "recursion limit exceeded");
  struct Depth {
    int& depth;
    explicit Depth(int& d) : depth(d) { ++depth; }
    ~Depth() { --depth; }
  } depth(depth_);
  uint8_t flag = code & kRefFlag;
  auto remember = [&](Ref<> v) -> Ref<> {
    if (v && flag && !list_append(references_.get(), v.copy())) return Ref<>();
    return v;
  };
  int32_t n;
  const char* at;
  auto size = [&](const char* what) {
    if (!int32(&n)) return false;
    if (n < 0) return static_cast<bool>(raise(exc::ValueError, "bad marshal data (%s size out of range)", what));
    return true;
  };
  switch (code & ~kRefFlag) {
    case '0': return Ref<>();
    case 'N': return none_ref();
    case 'S': return Ref<>::retain(Value::object(exc::StopIteration));
    case '.': return Ref<>::retain(Value::object(&ellipsis_object));
    case 'F': return bool_ref(false);
    case 'T': return bool_ref(true);
    case 'i': return int32(&n) ? remember(int_from_int64(n)) : Ref<>();
    case 'I': {
      int64_t wide;
      return int64(&wide) ? remember(int_from_int64(wide)) : Ref<>();
    }
    case 'l': {
      if (!int32(&n)) return Ref<>();
      if (n == 0) return remember(int_from_int64(0));
      if (n == INT32_MIN) return raise(exc::ValueError, "bad marshal data (long size out of range)");
      int64_t digits = n < 0 ? -int64_t{n} : n;
      if (!raw(digits * 2, &at)) return Ref<>();
      int64_t limb_count = (digits * 15 + 63) / 64;
      auto* limbs = static_cast<uint64_t*>(memory::allocate_zeroed(static_cast<size_t>(limb_count) * 8));
      if (!limbs) return raise_no_memory();
      uint16_t digit = 0;
      for (int64_t d = 0; d < digits; ++d) {
        std::memcpy(&digit, at + d * 2, 2);
        if (digit > 0x7FFF) {
          memory::release(limbs);
          return raise(exc::ValueError, "bad marshal data (digit out of range in long)");
        }
        int64_t bit = d * 15;
        limbs[bit / 64] |= uint64_t{digit} << (bit % 64);
        if (bit % 64 > 49 && bit / 64 + 1 < limb_count) limbs[bit / 64 + 1] |= uint64_t{digit} >> (64 - bit % 64);
      }
      if (digit == 0) {
        memory::release(limbs);
        return raise(exc::ValueError, "bad marshal data (unnormalized long data)");
      }
      while (limb_count > 0 && limbs[limb_count - 1] == 0) --limb_count;
      Ref<> result = int_from_limbs(n < 0, limbs, limb_count);
      memory::release(limbs);
      return remember(std::move(result));
    }
    case 'f': {
      uint8_t length;
      if (!byte(&length) || !raw(length, &at)) return Ref<>();
      Ref<Str> text = str_from_latin1(reinterpret_cast<const uint8_t*>(at), length);
      return text ? remember(float_from_text(text.get())) : Ref<>();
    }
    case 'g': {
      double d;
      if (!raw(8, &at)) return Ref<>();
      std::memcpy(&d, at, 8);
      return remember(float_from_double(d));
    }
    case 'x': {
      double parts[2];
      for (double& d : parts) {
        uint8_t length;
        if (!byte(&length) || !raw(length, &at)) return Ref<>();
        Ref<Str> text = str_from_latin1(reinterpret_cast<const uint8_t*>(at), length);
        Ref<> number = text ? float_from_text(text.get()) : Ref<>();
        if (!number) return Ref<>();
        d = as_double(number.value());
      }
      return remember(complex_from_doubles(parts[0], parts[1]));
    }
    case 'y': {
      double parts[2];
      if (!raw(16, &at)) return Ref<>();
      std::memcpy(parts, at, 16);
      return remember(complex_from_doubles(parts[0], parts[1]));
    }
    case 's': {
      if (!size("bytes object") || !raw(n, &at)) return Ref<>();
      return remember(bytes_from({at, static_cast<size_t>(n)}));
    }
    case 'a':
    case 'A':
    case 'z':
    case 'Z': {
      int kind = code & ~kRefFlag;
      if (kind == 'z' || kind == 'Z') {
        uint8_t length;
        if (!byte(&length)) return Ref<>();
        n = length;
      } else if (!size("string")) {
        return Ref<>();
      }
      if (!raw(n, &at)) return Ref<>();
      Ref<Str> s = str_from_latin1(reinterpret_cast<const uint8_t*>(at), n);
      if (!s) return Ref<>();
      if (kind == 'A' || kind == 'Z') return remember(Ref<>::retain(Value::object(intern(std::move(s)))));
      return remember(std::move(s));
    }
    case 't':
    case 'u': {
      if (!size("string") || !raw(n, &at)) return Ref<>();
      Ref<Str> handler = str_from_ascii("surrogatepass");
      Ref<Str> s = handler ? utf8_decode({at, static_cast<size_t>(n)}, handler.get(), true, nullptr) : Ref<Str>();
      if (!s) return Ref<>();
      if ((code & ~kRefFlag) == 't') return remember(Ref<>::retain(Value::object(intern(std::move(s)))));
      return remember(std::move(s));
    }
    case ')':
    case '(': {
      if ((code & ~kRefFlag) == ')') {
        uint8_t length;
        if (!byte(&length)) return Ref<>();
        n = length;
      } else if (!size("tuple")) {
        return Ref<>();
      }
      // Items are gathered in a list first: the data may be cut short, and sizes are not to be trusted.
      int64_t index;
      if (!reserve_reference(flag, &index)) return Ref<>();
      Ref<List> items = list_new();
      for (int32_t i = 0; items && i < n; ++i) {
        Ref<> item = read();
        if (!item) return error_pending() ? Ref<>() : raise(exc::TypeError, "NULL object in marshal data for tuple");
        if (!list_append(items.get(), std::move(item))) return Ref<>();
      }
      Ref<Tuple> tuple = items ? list_to_tuple(items.get()) : Ref<Tuple>();
      if (tuple) set_reference(index, tuple.value());
      return tuple;
    }
    case '[': {
      if (!size("list")) return Ref<>();
      Ref<List> list = list_new();
      if (!list || !remember(Ref<>::retain(list.value()))) return Ref<>();
      for (int32_t i = 0; i < n; ++i) {
        Ref<> item = read();
        if (!item) return error_pending() ? Ref<>() : raise(exc::TypeError, "NULL object in marshal data for list");
        if (!list_append(list.get(), std::move(item))) return Ref<>();
      }
      return list;
    }
    case '{': {
      Ref<Dict> dict = dict_new();
      if (!dict || !remember(Ref<>::retain(dict.value()))) return Ref<>();
      for (;;) {
        Ref<> key = read();
        if (!key) break;
        Ref<> value = read();
        if (!value) break;
        if (!dict_set(dict.get(), key.value(), value.value())) return Ref<>();
      }
      return error_pending() ? Ref<>() : Ref<>(std::move(dict));
    }
    case '<':
    case '>': {
      if (!size("set")) return Ref<>();
      bool frozen = (code & ~kRefFlag) == '>';
      int64_t index = -1;
      Ref<Set> set = frozen ? frozenset_new() : set_new();
      if (!set) return Ref<>();
      if (frozen && n == 0) return remember(std::move(set));
      if (frozen ? !reserve_reference(flag, &index) : !remember(Ref<>::retain(set.value()))) return Ref<>();
      for (int32_t i = 0; i < n; ++i) {
        Ref<> item = read();
        if (!item) return error_pending() ? Ref<>() : raise(exc::TypeError, "NULL object in marshal data for set");
        if (!set_add(set.get(), item.value())) return Ref<>();
      }
      if (frozen) set_reference(index, set.value());
      return set;
    }
    case 'c': {
      int64_t index;
      if (!reserve_reference(flag, &index) || !size("code object") || !raw(3, &at) || !raw(n, &at)) return Ref<>();
      auto* copy = static_cast<uint8_t*>(memory::allocate(static_cast<size_t>(n)));
      if (!copy) return raise_no_memory();
      std::memcpy(copy, at, static_cast<size_t>(n));
      Ref<> result = code_image_load({copy, static_cast<size_t>(n), false, 0}, false, nullptr);
      if (!result && !error_pending())
        return raise(exc::ValueError, "bad marshal data (code object damaged or of another version)");
      if (result) set_reference(index, result.value());
      return result;
    }
    case 'r': {
      if (!int32(&n)) return Ref<>();
      Ref<> found = n < 0 ? Ref<>() : list_get(references_.get(), n);
      if (!found || is_none(found.value())) return raise(exc::ValueError, "bad marshal data (invalid reference)");
      return found;
    }
    default: return raise(exc::ValueError, "bad marshal data (unknown type code)");
  }
}

Ref<Bytes> marshal_dumps(Value v, int version) {
  MarshalWriter writer(version);
  if (!writer.object(v)) return Ref<Bytes>();
  return writer.finish();
}

Ref<> marshal_loads(std::string_view data) {
  MarshalReader reader(data);
  return reader.object();
}

}  // namespace pt
