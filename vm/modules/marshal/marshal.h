#pragma once
// The marshal format (version 4 for data; code objects as vm/types/code_image.h stores them).
#include <cstdint>
#include <string_view>

#include "gc/refcount/ref.h"
#include "vm/types/bytes.h"

namespace pt {

class MarshalWriter {
 public:
  explicit MarshalWriter(int version) : version_(version) {}
  ~MarshalWriter();
  MarshalWriter(const MarshalWriter&) = delete;
  MarshalWriter& operator=(const MarshalWriter&) = delete;
  void byte(uint8_t b) { out_.append_byte(b); }
  void int16(int16_t i) { raw(&i, 2); }
  void int32(int32_t i) { raw(&i, 4); }
  void int64(int64_t i) { raw(&i, 8); }
  void raw(const void* data, size_t size) { out_.append({static_cast<const char*>(data), size}); }
  // False with an exception pending: ValueError "unmarshallable object" and others.
  bool object(Value v);
  Ref<Bytes> finish() { return out_.finish(); }
  std::string_view view() const { return out_.view(); }

 private:
  bool write(Value v);
  bool reference(Object* o, uint8_t* flag, bool* done);
  bool integer(Value v, uint8_t flag);
  bool text(struct Str* s, uint8_t flag);
  bool set(Value v, uint8_t flag);
  BytesBuilder out_;
  int version_;
  int depth_ = 0;
  struct Seen {
    Object* object;
    int32_t index;
  };
  Seen* seen_ = nullptr;  // open addressing
  size_t capacity_ = 0;
  int32_t count_ = 0;
};

class MarshalReader {
 public:
  explicit MarshalReader(std::string_view data) : data_(data) {}
  explicit MarshalReader(Value file) : file_(file) {}  // borrowed; read() is called for what is needed
  MarshalReader(const MarshalReader&) = delete;
  MarshalReader& operator=(const MarshalReader&) = delete;
  // All: false with EOFError pending at the end of the data.
  bool byte(uint8_t* out);
  bool int16(int16_t* out);
  bool int32(int32_t* out);
  bool int64(int64_t* out);
  // The next `size` bytes, valid until the next read.
  bool raw(int64_t size, const char** out);
  Ref<> object();           // EOFError, ValueError, TypeError
  size_t position() const { return position_; }

 private:
  Ref<> read();             // empty without an exception: the NULL object
  bool reserve_reference(uint8_t flag, int64_t* index);
  void set_reference(int64_t index, Value v);
  std::string_view data_;
  size_t position_ = 0;
  Value file_;
  Ref<> chunk_;
  Ref<struct List> references_;
  int depth_ = 0;
};

Ref<Bytes> marshal_dumps(Value v, int version = 4);
Ref<> marshal_loads(std::string_view data);

}  // namespace pt
