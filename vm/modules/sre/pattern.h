#pragma once
// re.Pattern, re.Match and the scanner objects.
#include <vector>

#include "gc/refcount/ref.h"
#include "vm/modules/sre/matcher.h"
#include "vm/object/buffer.h"
#include "vm/object/type.h"

namespace pt::sre {

extern Type pattern_type, match_type, scanner_type, find_iterator_type;
extern const TypeSpec pattern_spec, match_spec, scanner_spec, find_iterator_spec;

// Immutable after construction.
struct Pattern : Object {
  Field pattern;      // str, bytes or None
  Field group_index;  // dict: name -> group
  Field index_group;  // tuple: group -> name or None
  Program* program;
  std::vector<uint32_t>* code;
  int64_t flags;
  int64_t groups;
  int is_bytes;       // -1: either
};
struct Match : Object {
  Field string, pattern;  // immutable
  Field regs;             // tuple, made on demand
  int64_t position, end_position;
  int64_t last_index;     // -1: none
  int64_t groups;         // group 0 not counted
  int64_t marks[];        // pairs of start and end, group 0 first; -1: unset
};
inline Pattern* as_pattern(Value v) { return reinterpret_cast<Pattern*>(v.as_object()); }
inline Match* as_match(Value v) { return reinterpret_cast<Match*>(v.as_object()); }

// The characters of a str or bytes-like object.
class Subject {
 public:
  Subject() = default;
  ~Subject();
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;
  bool open(Value string);  // TypeError "expected string or bytes-like object, got 'x'"
  Value string() const { return string_; }
  const void* data() const { return data_; }
  int64_t length() const { return length_; }
  int character_size() const { return character_size_; }
  bool is_bytes() const { return is_bytes_; }
  // The piece [start, end), clamped: a str, or bytes.
  Ref<> slice(int64_t start, int64_t end) const;

 private:
  Value string_;
  Buffer buffer_;
  const void* data_ = nullptr;
  int64_t length_ = 0;
  int character_size_ = 1;
  bool is_bytes_ = false, held_ = false;
};

// One text being scanned by one pattern.
class Scanning {
 public:
  ~Scanning();
  // False with an exception pending. `start` and `end` are clamped.
  bool open(Pattern* pattern, Value string, int64_t start, int64_t end);
  int search() { return sre::search(&scan); }
  int match() { return match_at_start(&scan); }
  // Goes on behind the last match; an empty match there does not count.
  void advance() {
    scan.must_advance = scan.match_end == scan.match_start;
    scan.start = scan.match_end;
  }
  Ref<> new_match() const;
  // Group `i` (0: all); `fallback` when unset.
  Ref<> group(int64_t i, Value fallback) const;

  Subject subject;
  Scan scan{};
  int64_t position = 0;  // as given, clamped

 private:
  Pattern* pattern_ = nullptr;
  int64_t inline_marks_[32];
};

Ref<> pattern_compile(const Value* a);

}  // namespace pt::sre
