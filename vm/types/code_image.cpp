#include "vm/types/code_image.h"

#include <sys/mman.h>

#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

#include "gc/platform/memory.h"
#include "gc/sync/object_lock.h"
#include "vm/object/constants.h"
#include "vm/object/error.h"
#include "vm/object/native.h"
#include "vm/ops/instruction.h"
#include "vm/types/code_life.h"
#include "vm/types/complex.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/set.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

namespace {

constexpr uint32_t kImageMagic = 0x31434950;  // "PIC1"
constexpr uint32_t kNoString = 0xFFFFFFFFu;

// Offsets count from the start of the image. The parts lie in the order in which a start-up needs them: records, strings and
// constants, then instructions, then positions, so that what is not needed is not even read from a mapped file.
struct ImageHeader {
  uint32_t magic;
  uint32_t size;
  uint64_t checksum;      // of all that follows it
  uint32_t string_count;
  uint32_t strings;       // string_count offsets
  uint32_t root;          // offset of the outermost ImageCode
  uint32_t unused;
};
constexpr size_t kChecked = offsetof(ImageHeader, string_count);
struct ImageString {
  uint32_t length;        // bytes of WTF-8
  uint8_t ascii, interned;
  char text[2];
};

}  // namespace

struct ImageCode {
  uint32_t name, qualname, filename;  // strings; filename may be kNoString: that of the enclosing code
  uint32_t flags, argument_count, positional_only_count, keyword_only_count, parameter_count;
  uint32_t local_end, register_count, free_register, free_count, loop_count, self_attribute_count;
  int32_t first_line;
  uint32_t simple_call;
  uint32_t words, word_count;
  uint32_t exceptions, exception_count;
  uint32_t names, name_count;         // arrays of strings
  uint32_t local_names;               // local_end of them
  uint32_t local_kinds;
  uint32_t constants, constant_count; // a stream of tagged values
  uint32_t positions, position_bytes;
};

// What a code object and those nested in it stand on. Counted; the counts belong to the code objects.
struct CodeImage {
  std::atomic<uint32_t> references{1};
  ImageBlock block = {};
  uint8_t* data = nullptr;               // of the image proper
  std::atomic<Str*>* strings = nullptr;  // the interned ones that were needed; immortal strings

  const ImageHeader* header() const { return reinterpret_cast<const ImageHeader*>(data); }
  template <class T>
  T* at(uint32_t offset) const {
    return reinterpret_cast<T*>(data + offset);
  }
};

namespace {

// A multiplicative hash, eight bytes a step: it finds damage, not forgery.
uint64_t image_checksum(const uint8_t* data, size_t size) {
  uint64_t h = size * 0x9E3779B97F4A7C15u;
  for (; size >= 8; data += 8, size -= 8) {
    uint64_t word;
    std::memcpy(&word, data, 8);
    h = (h ^ word) * 0xD6E8FEB86659FD93u;
    h ^= h >> 32;
  }
  uint64_t rest = 0;
  std::memcpy(&rest, data, size);
  h = (h ^ rest) * 0xD6E8FEB86659FD93u;
  return h ^ h >> 32;
}

void free_image(CodeImage* image) {
  if (image->block.mapped) {
    munmap(image->block.data, image->block.size);
  } else {
    memory::release(image->block.data);
  }
  memory::release(image->strings);
  delete image;
}

Ref<Str> image_string(const CodeImage* image, uint32_t index) {
  Str* known = image->strings[index].load(std::memory_order_acquire);  // pairs with the release below
  if (known) return Ref<Str>::retain(known);
  auto* s = image->at<const ImageString>(image->at<const uint32_t>(image->header()->strings)[index]);
  std::string_view text(s->text, s->length);
  if (s->interned && s->ascii) {
    Str* found = intern_ascii(text);
    if (!found) return Ref<Str>();
    image->strings[index].store(found, std::memory_order_release);
    return Ref<Str>::retain(found);
  }
  Ref<Str> made = s->ascii ? str_from_ascii(text) : str_from_wtf8(text);
  if (!made || !s->interned) return made;
  Str* found = intern(std::move(made));
  if (!found) return Ref<Str>();
  image->strings[index].store(found, std::memory_order_release);
  return Ref<Str>::retain(found);
}
Str* image_name(const CodeImage* image, uint32_t index) {
  Ref<Str> s = image_string(image, index);
  return s ? intern(std::move(s)) : nullptr;
}

// An instruction array of one word for code whose body is not there yet.
constexpr uint64_t kUnloadedWords[] = {encode(Opcode::kLOAD_BODY, 0, 0, 0)};

// `filename` is the enclosing code's; it is used where the record names none.
Ref<Code> code_head(CodeImage* image, uint32_t offset, Value filename, bool keep_filename = false) {
  auto* record = image->at<const ImageCode>(offset);
  Ref<Code> code = allocate<Code>(&code_type);
  if (!code) return code;
  Code* c = code.get();
  c->flags = record->flags;
  c->argument_count = record->argument_count;
  c->positional_only_count = record->positional_only_count;
  c->keyword_only_count = record->keyword_only_count;
  c->parameter_count = record->parameter_count;
  c->local_end = record->local_end;
  c->register_count = record->register_count;
  c->free_register = record->free_register;
  c->free_count = record->free_count;
  c->loop_count = record->loop_count;
  c->self_attribute_count = record->self_attribute_count;
  c->first_line = record->first_line;
  c->simple_call = record->simple_call;
  c->words.store(const_cast<uint64_t*>(kUnloadedWords), std::memory_order_relaxed);
  c->image = image;
  c->image_record = record;
  image->references.fetch_add(1, std::memory_order_relaxed);
  Ref<Str> name = image_string(image, record->name), qualname = image_string(image, record->qualname);
  if (!name || !qualname) return Ref<Code>();
  c->name.init(std::move(name));
  c->qualname.init(std::move(qualname));
  if (record->filename != kNoString && !keep_filename) {
    Ref<Str> own = image_string(image, record->filename);
    if (!own) return Ref<Code>();
    c->filename.init(std::move(own));
  } else {
    c->filename.init(Ref<>::retain(filename));
  }
  code_deferred(c);
  return code;
}

// ---- constants -----------------------------------------------------------------------------------------------------------

enum Tag : uint8_t {
  kTagNone,
  kTagTrue,
  kTagFalse,
  kTagEllipsis,
  kTagInt,
  kTagBigInt,
  kTagFloat,
  kTagComplex,
  kTagStr,
  kTagBytes,
  kTagTuple,
  kTagFrozenSet,
  kTagCode,
};

class ConstantReader {
 public:
  ConstantReader(CodeImage* image, uint32_t offset, Value filename)
      : image_(image), at_(image->data + offset), filename_(filename) {}
  Ref<> read() {
    auto tag = static_cast<Tag>(*at_++);
    switch (tag) {
      case kTagNone: return none_ref();
      case kTagTrue: return bool_ref(true);
      case kTagFalse: return bool_ref(false);
      case kTagEllipsis: return Ref<>::retain(Value::object(&ellipsis_object));
      case kTagInt: return int_from_int64(take<int64_t>());
      case kTagFloat: return float_from_double(take<double>());
      case kTagComplex: {
        auto real = take<double>();
        return complex_from_doubles(real, take<double>());
      }
      case kTagBigInt: {
        auto size = take<int32_t>();
        int64_t count = size < 0 ? -int64_t{size} : size;
        std::vector<uint64_t> limbs(static_cast<size_t>(count));
        std::memcpy(limbs.data(), at_, limbs.size() * 8);
        at_ += count * 8;
        return int_from_limbs(size < 0, limbs.data(), count);
      }
      case kTagStr: return image_string(image_, take<uint32_t>());
      case kTagBytes: {
        auto size = take<uint32_t>();
        std::string_view text(reinterpret_cast<const char*>(at_), size);
        at_ += size;
        return bytes_from(text);
      }
      case kTagTuple:
      case kTagFrozenSet: {
        auto count = take<uint32_t>();
        Ref<Tuple> t = tuple_allocate(count);
        for (uint32_t i = 0; t && i < count; ++i) {
          Ref<> item = read();
          if (!item) return Ref<>();
          t->items[i].init(std::move(item));
        }
        if (!t || tag == kTagTuple) return t;
        return frozenset_new(t.value());
      }
      case kTagCode: return code_head(image_, take<uint32_t>(), filename_);
    }
    return raise(exc::ValueError, "bad marshal data (unknown type code)");
  }

 private:
  template <class T>
  T take() {
    T v;
    std::memcpy(&v, at_, sizeof v);
    at_ += sizeof v;
    return v;
  }
  CodeImage* image_;
  const uint8_t* at_;
  Value filename_;
};

}  // namespace

bool code_load_body(Code* code) {
  CodeImage* image = code->image;
  auto* record = static_cast<const ImageCode*>(code->image_record);
  if (!image) return true;
  // All is made outside the lock; of two threads one throws its copy away.
  size_t pointers = size_t{record->constant_count} + record->name_count + record->local_end + 1;
  auto* block = static_cast<uint64_t*>(memory::allocate_metadata(pointers * 8));
  if (!block) return raise_no_memory();
  auto* constants_end = reinterpret_cast<Value*>(block) + record->constant_count;
  auto** names = reinterpret_cast<Str**>(constants_end);
  Str** local_names = names + record->name_count;
  uint32_t made = 0;
  bool ok = true;
  for (uint32_t i = 0; ok && i < record->name_count; ++i) {
    ok = (names[i] = image_name(image, image->at<const uint32_t>(record->names)[i])) != nullptr;
  }
  for (uint32_t i = 0; ok && i < record->local_end; ++i) {
    ok = (local_names[i] = image_name(image, image->at<const uint32_t>(record->local_names)[i])) != nullptr;
  }
  Ref<> filename = code->filename.load(code);
  ConstantReader reader(image, record->constants, filename.value());
  for (; ok && made < record->constant_count; ++made) {
    Ref<> v = reader.read();
    if (!v) {
      ok = false;
      break;
    }
    if (v.value().is_object()) mark_maybe_shared(v.value().as_object());
    constants_end[-1 - static_cast<int64_t>(made)] = v.take().untagged();
  }
  bool stored = false;
  if (ok) {
    LockGuard guard(code);
    if (!code_has_body(code)) {
      stored = true;
      code->body_block = block;
      code->constants_end = constants_end;
      code->constant_count = record->constant_count;
      code->names = names;
      code->name_count = record->name_count;
      code->local_names = local_names;
      code->local_kinds = image->at<uint8_t>(record->local_kinds);
      code->exceptions = image->at<CodeException>(record->exceptions);
      code->exception_count = record->exception_count;
      code->positions = image->at<uint8_t>(record->positions);
      code->position_bytes = record->position_bytes;
      code->word_count = record->word_count;
      // Pairs with the acquire in code_has_body and at calls.
      code->words.store(image->at<uint64_t>(record->words), std::memory_order_release);
    }
  }
  if (!stored) {
    for (uint32_t i = 0; i < made; ++i) release(constants_end[-1 - static_cast<int64_t>(i)]);
    memory::release(block);
  }
  return ok;
}

bool code_has_body(const Code* code) { return code->words.load(std::memory_order_acquire) != kUnloadedWords; }

void code_image_release(CodeImage* image) {
  if (image->references.fetch_sub(1, std::memory_order_acq_rel) == 1) free_image(image);
}

Ref<Code> code_image_load(ImageBlock block, bool trusted, Str* filename) {
  auto* image = new CodeImage;
  image->block = block;
  uint8_t* data = image->data = block.data + block.offset;
  size_t size = block.size < block.offset ? 0 : block.size - block.offset;
  auto* header = image->header();
  bool good = size >= sizeof(ImageHeader) && header->magic == kImageMagic && header->size <= size &&
              header->size >= sizeof(ImageHeader) &&
              (trusted || header->checksum == image_checksum(data + kChecked, header->size - kChecked));
  if (!good) {
    free_image(image);
    return Ref<Code>();
  }
  image->strings = static_cast<std::atomic<Str*>*>(memory::allocate_zeroed((size_t{header->string_count} + 1) * sizeof(Str*)));
  Ref<Code> code = image->strings
                       ? code_head(image, header->root, filename ? Value::object(filename) : Value(), filename != nullptr)
                       : Ref<Code>(raise_no_memory());
  code_image_release(image);
  return code;
}

// ---- writing ---------------------------------------------------------------------------------------------------------------

namespace {

class ImageWriter {
 public:
  // False with an exception pending.
  bool code(Code* c, Value outer_filename, uint32_t* record_index) {
    if (!code_ensure_body(c)) return false;
    *record_index = static_cast<uint32_t>(records_.size());
    records_.emplace_back();
    ImageCode r = {};
    r.flags = c->flags;
    r.argument_count = c->argument_count;
    r.positional_only_count = c->positional_only_count;
    r.keyword_only_count = c->keyword_only_count;
    r.parameter_count = c->parameter_count;
    r.local_end = c->local_end;
    r.register_count = c->register_count;
    r.free_register = c->free_register;
    r.free_count = c->free_count;
    r.loop_count = c->loop_count;
    r.self_attribute_count = c->self_attribute_count;
    r.first_line = c->first_line;
    r.simple_call = c->simple_call;
    r.name = string(as_str(c->name.peek()));
    r.qualname = string(as_str(c->qualname.peek()));
    Value filename = c->filename.peek();
    bool same = !outer_filename.empty() && str_equal(as_str(filename), as_str(outer_filename));
    r.filename = same ? kNoString : string(as_str(filename));
    r.word_count = c->word_count;
    r.words = static_cast<uint32_t>(words_.size());
    const uint64_t* words = c->words.load(std::memory_order_acquire);
    for (uint32_t i = 0; i < c->word_count; ++i) words_.push_back(__atomic_load_n(words + i, __ATOMIC_RELAXED));
    reset_caches(words_.data() + r.words, c->word_count);
    r.exception_count = c->exception_count;
    r.exceptions = static_cast<uint32_t>(exceptions_.size());
    exceptions_.insert(exceptions_.end(), c->exceptions, c->exceptions + c->exception_count);
    r.name_count = c->name_count;
    r.names = static_cast<uint32_t>(indices_.size());
    for (uint32_t i = 0; i < c->name_count; ++i) indices_.push_back(string(c->names[i]));
    r.local_names = static_cast<uint32_t>(indices_.size());
    for (uint32_t i = 0; i < c->local_end; ++i) indices_.push_back(string(c->local_names[i]));
    r.local_kinds = static_cast<uint32_t>(kinds_.size());
    kinds_.append(reinterpret_cast<const char*>(c->local_kinds), c->local_end);
    r.position_bytes = c->position_bytes;
    r.positions = static_cast<uint32_t>(positions_.size());
    positions_.append(reinterpret_cast<const char*>(c->positions), c->position_bytes);
    r.constant_count = c->constant_count;
    Stream stream;
    for (uint32_t i = 0; i < c->constant_count; ++i) {
      if (!constant(c->constant(i), filename, &stream)) return false;
    }
    r.constants = static_cast<uint32_t>(constants_.size());
    for (size_t at : stream.code) code_references_.push_back(constants_.size() + at);
    constants_ += stream.bytes;
    records_[*record_index] = r;
    return true;
  }

  Ref<Bytes> finish(uint32_t root) {
    uint64_t size = sizeof(ImageHeader);
    auto place = [&](uint64_t bytes) {
      uint64_t at = size;
      size = (size + bytes + 7) & ~uint64_t{7};
      return at;
    };
    uint64_t records = place(records_.size() * sizeof(ImageCode));
    uint64_t string_table = place(string_offsets_.size() * 4);
    uint64_t indices = place(indices_.size() * 4);
    uint64_t kinds = place(kinds_.size());
    uint64_t constants = place(constants_.size());
    uint64_t strings = place(strings_.size());
    uint64_t exceptions = place(exceptions_.size() * sizeof(CodeException));
    uint64_t words = place(words_.size() * 8);
    uint64_t positions = place(positions_.size());
    if (size > INT32_MAX) return raise(exc::ValueError, "unmarshallable object");
    Ref<Bytes> out = bytes_allocate(static_cast<int64_t>(size));
    if (!out) return out;
    uint8_t* data = out->data;
    std::memset(data, 0, size);
    for (ImageCode& r : records_) {
      r.words = static_cast<uint32_t>(words + uint64_t{r.words} * 8);
      r.exceptions = static_cast<uint32_t>(exceptions + uint64_t{r.exceptions} * sizeof(CodeException));
      r.names = static_cast<uint32_t>(indices + uint64_t{r.names} * 4);
      r.local_names = static_cast<uint32_t>(indices + uint64_t{r.local_names} * 4);
      r.local_kinds += static_cast<uint32_t>(kinds);
      r.constants += static_cast<uint32_t>(constants);
      r.positions += static_cast<uint32_t>(positions);
    }
    // Nested code was named by record number.
    for (size_t at : code_references_) {
      uint32_t index;
      std::memcpy(&index, constants_.data() + at, 4);
      index = static_cast<uint32_t>(records + index * sizeof(ImageCode));
      std::memcpy(constants_.data() + at, &index, 4);
    }
    for (uint32_t& offset : string_offsets_) offset += static_cast<uint32_t>(strings);
    auto put = [&](uint64_t at, const void* from, size_t bytes) {
      if (bytes) std::memcpy(data + at, from, bytes);
    };
    put(records, records_.data(), records_.size() * sizeof(ImageCode));
    put(string_table, string_offsets_.data(), string_offsets_.size() * 4);
    put(indices, indices_.data(), indices_.size() * 4);
    put(kinds, kinds_.data(), kinds_.size());
    put(constants, constants_.data(), constants_.size());
    put(strings, strings_.data(), strings_.size());
    put(exceptions, exceptions_.data(), exceptions_.size() * sizeof(CodeException));
    put(words, words_.data(), words_.size() * 8);
    put(positions, positions_.data(), positions_.size());
    ImageHeader header = {};
    header.magic = kImageMagic;
    header.size = static_cast<uint32_t>(size);
    header.string_count = static_cast<uint32_t>(string_offsets_.size());
    header.strings = static_cast<uint32_t>(string_table);
    header.root = static_cast<uint32_t>(records + root * sizeof(ImageCode));
    std::memcpy(data, &header, sizeof header);
    header.checksum = image_checksum(data + kChecked, size - kChecked);
    std::memcpy(data, &header, sizeof header);
    return out;
  }

 private:
  uint32_t string(Str* s) {
    auto [found, fresh] = string_index_.try_emplace(s, static_cast<uint32_t>(string_offsets_.size()));
    if (!fresh) return found->second;
    std::string text;
    if (s->ascii) {
      text = s->ascii_view();
    } else {
      for (int64_t i = 0; i < s->length; ++i) append_wtf8(s->at(i), &text);
    }
    while (strings_.size() % 4) strings_ += '\0';
    string_offsets_.push_back(static_cast<uint32_t>(strings_.size()));
    auto length = static_cast<uint32_t>(text.size());
    strings_.append(reinterpret_cast<const char*>(&length), 4);
    strings_ += static_cast<char>(s->ascii);
    strings_ += static_cast<char>(is_interned(s));
    strings_ += text;
    return found->second;
  }
  static void append_wtf8(uint32_t c, std::string* out) {
    auto byte = [&](uint32_t b) { *out += static_cast<char>(b); };
    if (c < 0x80) {
      byte(c);
    } else if (c < 0x800) {
      byte(0xC0 | c >> 6), byte(0x80 | (c & 63));
    } else if (c < 0x10000) {
      byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 63)), byte(0x80 | (c & 63));
    } else {
      byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 63)), byte(0x80 | (c >> 6 & 63)), byte(0x80 | (c & 63));
    }
  }

  struct Stream {
    std::string bytes;
    std::vector<size_t> code;  // where numbers of records stand
  };
  template <class T>
  static void put(Stream* out, T v) {
    out->bytes.append(reinterpret_cast<const char*>(&v), sizeof v);
  }

  bool constant(Value v, Value filename, Stream* out) {
    if (is_none(v)) return put(out, kTagNone), true;
    if (is_true(v)) return put(out, kTagTrue), true;
    if (is_false(v)) return put(out, kTagFalse), true;
    if (v.is(&ellipsis_object)) return put(out, kTagEllipsis), true;
    if (is_exact_int(v)) {
      int64_t i;
      if (int_to_int64(v, &i)) {
        put(out, kTagInt);
        put(out, i);
        return true;
      }
      IntView view(v);
      if (view.limb_count() > INT32_MAX) return raise(exc::ValueError, "unmarshallable object");
      auto count = static_cast<int32_t>(view.limb_count());
      put(out, kTagBigInt);
      put(out, view.negative() ? -count : count);
      out->bytes.append(reinterpret_cast<const char*>(view.limbs()), static_cast<size_t>(count) * 8);
      return true;
    }
    if (is_exact_float(v)) {
      put(out, kTagFloat);
      put(out, as_double(v));
      return true;
    }
    if (has_shape(v, kShape_complex)) {
      put(out, kTagComplex);
      put(out, as_complex(v)->real);
      put(out, as_complex(v)->imaginary);
      return true;
    }
    if (is_exact_str(v)) {
      put(out, kTagStr);
      put(out, string(as_str(v)));
      return true;
    }
    if (has_shape(v, kShape_bytes)) {
      Bytes* b = as_bytes(v);
      if (b->length > INT32_MAX) return raise(exc::ValueError, "unmarshallable object");
      put(out, kTagBytes);
      put(out, static_cast<uint32_t>(b->length));
      out->bytes.append(b->view());
      return true;
    }
    if (is_exact_tuple(v)) {
      Tuple* t = as_tuple(v);
      put(out, kTagTuple);
      put(out, static_cast<uint32_t>(t->length));
      for (int64_t i = 0; i < t->length; ++i) {
        if (!constant(t->at(i), filename, out)) return false;
      }
      return true;
    }
    if (has_shape(v, kShape_frozenset)) {
      put(out, kTagFrozenSet);
      put(out, static_cast<uint32_t>(set_size(as_set(v))));
      int64_t position = 0;
      Ref<> item;
      while (set_next(as_set(v), &position, &item)) {
        if (!constant(item.value(), filename, out)) return false;
      }
      return true;
    }
    if (has_shape(v, kShape_code)) {
      uint32_t index;
      if (!code(as_code(v), filename, &index)) return false;
      put(out, kTagCode);
      out->code.push_back(out->bytes.size());
      put(out, index);
      return true;
    }
    return raise(exc::ValueError, "unmarshallable object");
  }

  std::unordered_map<Str*, uint32_t> string_index_;
  std::vector<uint32_t> string_offsets_, indices_;
  std::vector<ImageCode> records_;
  std::vector<uint64_t> words_;
  std::vector<CodeException> exceptions_;
  std::vector<size_t> code_references_;
  std::string strings_, kinds_, constants_, positions_;
};

}  // namespace

Ref<Bytes> code_image_write(Code* code) {
  ImageWriter writer;
  uint32_t root;
  if (!writer.code(code, Value(), &root)) return Ref<Bytes>();
  return writer.finish(root);
}

}  // namespace pt
