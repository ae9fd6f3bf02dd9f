// re.Pattern: construction and the methods that run it.
#include "vm/modules/sre/pattern.h"

#include <memory>

#include "gc/platform/cpp_memory.h"
#include "gc/platform/memory.h"
#include "vm/modules/support.h"
#include "vm/object/buffer.h"
#include "vm/types/bytes.h"
#include "vm/types/dict.h"
#include "vm/types/list.h"
#include "vm/types/mapping_proxy.h"
#include "vm/types/str.h"

namespace pt::sre {

constinit Type pattern_type = {}, scanner_type = {}, find_iterator_type = {};

// _sre.compile(pattern, flags, code, groups, groupindex, indexgroup)
Ref<> pattern_compile(const Value* a) {
  Value pattern = a[1], code_list = a[3];
  int64_t flags, groups;
  if (!to_ssize(a[2], &flags)) return Ref<>();
  if (!is_list(code_list)) return raise(exc::TypeError, "compile() argument 'code' must be list, not %T", code_list);
  if (!to_ssize(a[4], &groups)) return Ref<>();
  if (!is_dict(a[5])) return raise(exc::TypeError, "compile() argument 'groupindex' must be dict, not %T", a[5]);
  if (!is_tuple(a[6])) return raise(exc::TypeError, "compile() argument 'indexgroup' must be tuple, not %T", a[6]);
  auto code = std::make_unique<std::vector<uint32_t>>();
  int64_t length = list_size(as_list(code_list));
  if (!memory::attempt([&] { code->reserve(static_cast<size_t>(length)); })) return raise_no_memory();
  for (int64_t i = 0; i < length; ++i) {
    Ref<> word = list_get(as_list(code_list), i);
    if (word && !is_exact_int(word.value())) word = index(word.value());
    if (!word) {
      if (error_pending()) return Ref<>();
      break;
    }
    int64_t w;
    if (!int_to_int64(word.value(), &w) || w < 0 || w > 0xFFFFFFFF) {
      return raise(exc::OverflowError, "regular expression code size limit exceeded");
    }
    code->push_back(static_cast<uint32_t>(w));
  }
  if (groups < 0 || groups > kMaxGroups) return raise(exc::RuntimeError, "invalid SRE code");
  int is_bytes_pattern = -1;
  if (!is_none(pattern)) {
    Subject text;
    if (!text.open(pattern)) return Ref<>();
    is_bytes_pattern = text.is_bytes();
  }
  bool too_deep = false;
  Program* program = nullptr;
  auto run = [&] { program = translate(code->data(), code->size(), static_cast<uint32_t>(groups), &too_deep); };
  if (!memory::attempt(run)) return raise_no_memory();
  if (!program) {
    if (too_deep && error_pending()) return Ref<>();
    return raise(exc::RuntimeError, "invalid SRE code");
  }
  Ref<Pattern> self = allocate<Pattern>(&pattern_type);
  if (!self) {
    delete program;
    return Ref<>();
  }
  self->program = program;
  self->code = code.release();
  self->flags = flags;
  self->groups = groups;
  self->is_bytes = is_bytes_pattern;
  self->pattern.init(Ref<>::retain(pattern));
  self->group_index.init(Ref<>::retain(a[5]));
  self->index_group.init(Ref<>::retain(a[6]));
  return self;
}

namespace {

void pattern_traverse(Object* o, FieldVisitor& visitor) {
  auto* p = static_cast<Pattern*>(o);
  visitor(p->pattern);
  visitor(p->group_index);
  visitor(p->index_group);
}
void pattern_destroy(Object* o) {
  auto* p = static_cast<Pattern*>(o);
  p->pattern.clear();
  p->group_index.clear();
  p->index_group.clear();
  delete p->program;
  delete p->code;
  p->program = nullptr;
  p->code = nullptr;
}

// pos and endpos of a method's arguments.
bool range_arguments(Value start, Value end, int64_t* from, int64_t* to) {
  *from = 0;
  *to = INT64_MAX;
  return (start.empty() || to_ssize(start, from)) && (end.empty() || to_ssize(end, to));
}
Ref<> match_result(Scanning& s, int status) {
  if (status < 0) return Ref<>();
  return status ? s.new_match() : none_ref();
}

enum class How { kMatch, kFullMatch, kSearch };
template <How H>
Ref<> run_once(const Value* a) {
  int64_t from, to;
  Scanning s;
  if (!range_arguments(a[2], a[3], &from, &to) || !s.open(as_pattern(a[0]), a[1], from, to)) return Ref<>();
  s.scan.match_all = H == How::kFullMatch;
  return match_result(s, H == How::kSearch ? s.search() : s.match());
}

Ref<> find_all(const Value* a) {
  int64_t from, to;
  Scanning s;
  Pattern* p = as_pattern(a[0]);
  if (!range_arguments(a[2], a[3], &from, &to) || !s.open(p, a[1], from, to)) return Ref<>();
  Ref<List> result = list_new();
  Ref<> nothing = s.subject.slice(0, 0);
  if (!result || !nothing) return Ref<>();
  while (s.scan.start <= s.scan.length) {
    int status = s.search();
    if (status < 0) return Ref<>();
    if (status == 0) break;
    Ref<> item;
    if (p->groups <= 1) {
      item = s.group(p->groups, nothing.value());
    } else {
      Ref<Tuple> groups = tuple_allocate(p->groups);
      if (!groups) return Ref<>();
      for (int64_t i = 0; i < p->groups; ++i) {
        Ref<> text = s.group(i + 1, nothing.value());
        if (!text) return text;
        groups->items[i].init(std::move(text));
      }
      item = std::move(groups);
    }
    if (!item || !list_append(result.get(), std::move(item))) return Ref<>();
    s.advance();
  }
  return result;
}

Ref<> split(const Value* a) {
  int64_t limit = 0;
  Scanning s;
  Pattern* p = as_pattern(a[0]);
  if ((!a[2].empty() && !to_ssize(a[2], &limit)) || !s.open(p, a[1], 0, INT64_MAX)) return Ref<>();
  Ref<List> result = list_new();
  if (!result) return Ref<>();
  int64_t last = 0;
  for (int64_t n = 0; limit == 0 || n < limit; ++n) {
    int status = s.search();
    if (status < 0) return Ref<>();
    if (status == 0) break;
    Ref<> piece = s.subject.slice(last, s.scan.match_start);
    if (!piece || !list_append(result.get(), std::move(piece))) return Ref<>();
    for (int64_t i = 1; i <= p->groups; ++i) {
      Ref<> text = s.group(i, none());
      if (!text || !list_append(result.get(), std::move(text))) return Ref<>();
    }
    last = s.scan.match_end;
    s.advance();
  }
  Ref<> rest = s.subject.slice(last, s.subject.length());
  if (!rest || !list_append(result.get(), std::move(rest))) return Ref<>();
  return result;
}

// The pieces of a substitution's result, joined as str.join and bytes.join would.
class Pieces {
 public:
  explicit Pieces(bool is_bytes) : is_bytes_(is_bytes) {}
  bool add_slice(const Subject& subject, int64_t from, int64_t to) {
    ++count_;
    if (is_bytes_) {
      return bytes_.append({static_cast<const char*>(subject.data()) + from, static_cast<size_t>(to - from)});
    }
    return text_.append(as_str(subject.string()), from, to);
  }
  bool add(Value item) {
    int64_t at = count_++;
    if (is_bytes_) {
      if (is_str(item) || !has_buffer(item)) {
        return raise(exc::TypeError, "sequence item %ld: expected a bytes-like object, %T found", at, item);
      }
      BufferView view(item);
      return view.ok() && bytes_.append(view.view());
    }
    if (!is_str(item)) {
      return raise(exc::TypeError, "sequence item %ld: expected str instance, %T found", at, item);
    }
    return text_.append(as_str(item));
  }
  Ref<> finish() {
    if (is_bytes_) return bytes_.finish();
    return text_.finish();
  }

 private:
  bool is_bytes_;
  int64_t count_ = 0;
  StrBuilder text_;
  BytesBuilder bytes_;
};

// A replacement without escapes stands for itself; one that is neither callable nor text is left to re._subx.
bool is_literal_template(Value repl) {
  if (is_str(repl)) {
    Str* s = as_str(repl);
    for (int64_t i = 0; i < s->length; ++i) {
      if (s->at(i) == '\\') return false;
    }
    return true;
  }
  if (!has_buffer(repl)) return false;
  BufferView view(repl);
  if (!view.ok()) {
    clear_error();
    return false;
  }
  return view.view().find('\\') == std::string_view::npos;
}

Ref<> substitute(const Value* a, int64_t* replaced) {
  int64_t limit = 0;
  Pattern* p = as_pattern(a[0]);
  if (!a[3].empty() && !to_ssize(a[3], &limit)) return Ref<>();
  Ref<> filter = Ref<>::retain(a[1]);
  bool callable = is_callable(a[1]);
  if (!callable && !is_literal_template(a[1])) {
    Ref<> subx = import_attribute("re", "_subx");
    if (!subx) return subx;
    filter = call_values(subx.value(), {a[0], a[1]});
    if (!filter) return filter;
    callable = is_callable(filter.value());
  }
  Scanning s;
  if (!s.open(p, a[2], 0, INT64_MAX)) return Ref<>();
  Pieces pieces(s.subject.is_bytes());
  int64_t last = 0;
  *replaced = 0;
  while (limit == 0 || *replaced < limit) {
    int status = s.search();
    if (status < 0) return Ref<>();
    if (status == 0) break;
    if (last < s.scan.match_start && !pieces.add_slice(s.subject, last, s.scan.match_start)) return raise_no_memory();
    if (callable) {
      Ref<> match = s.new_match();
      Ref<> item = match ? call1(filter.value(), match.value()) : Ref<>();
      if (!item || (!is_none(item.value()) && !pieces.add(item.value()))) {
        if (!error_pending()) raise_no_memory();
        return Ref<>();
      }
    } else if (!is_none(filter.value()) && !pieces.add(filter.value())) {
      if (!error_pending()) raise_no_memory();
      return Ref<>();
    }
    last = s.scan.match_end;
    ++*replaced;
    s.advance();
  }
  if (*replaced == 0) return s.subject.slice(0, s.subject.length());
  if (last < s.subject.length() && !pieces.add_slice(s.subject, last, s.subject.length())) return raise_no_memory();
  return pieces.finish();
}
Ref<> sub(const Value* a) {
  int64_t replaced;
  return substitute(a, &replaced);
}
Ref<> subn(const Value* a) {
  int64_t replaced;
  Ref<> text = substitute(a, &replaced);
  if (!text) return text;
  Ref<> count = int_from_int64(replaced);
  return tuple_of({text.value(), count.value()});
}

// ---- scanners ----------------------------------------------------------------------------------------------------

// Goes through a text match by match. Also the iterator of finditer().
struct ScannerObject : Object {
  Field pattern, string;  // immutable
  int64_t position, end;  // immutable: as given, clamped
  int64_t start;          // guarded by the object lock, as is must_advance; -1: at the end
  bool must_advance;
  Buffer* held;           // keeps the string's buffer from being resized, or nullptr; immutable
};
// The text must be the same at each step: mutable memory is exported as long as the scanner lives.
bool hold_buffer(ScannerObject* self, Value string) {
  if (is_str(string) || is_bytes(string)) return true;
  auto* held = static_cast<Buffer*>(memory::allocate(sizeof(Buffer)));
  if (!held) return raise_no_memory();
  new (held) Buffer;
  if (!get_buffer(string, held, kBufferSimple)) {
    memory::release(held);
    return false;
  }
  self->held = held;
  return true;
}
void scanner_destroy(Object* o) {
  auto* self = static_cast<ScannerObject*>(o);
  if (Buffer* held = self->held) {
    self->held = nullptr;
    release_buffer(held);
    memory::release(held);
  }
  self->pattern.clear();
  self->string.clear();
}
Ref<> scanner_new(Type* type, const Value* a) {
  int64_t from, to;
  Scanning s;
  if (!range_arguments(a[2], a[3], &from, &to) || !s.open(as_pattern(a[0]), a[1], from, to)) return Ref<>();
  Ref<ScannerObject> self = allocate<ScannerObject>(type);
  if (!self) return Ref<>();
  self->pattern.init(Ref<>::retain(a[0]));
  self->string.init(Ref<>::retain(a[1]));
  self->position = self->start = s.position;
  self->end = s.scan.length;
  return hold_buffer(self.get(), a[1]) ? Ref<>(std::move(self)) : Ref<>();
}
// The next match; empty without an exception when there is none.
Ref<> scanner_step(Value self, bool searching) {
  auto* scanner = object_of<ScannerObject>(self);
  for (;;) {
    int64_t start;
    bool must_advance;
    {
      LockGuard guard(scanner);
      start = scanner->start;
      must_advance = scanner->must_advance;
    }
    if (start < 0) return Ref<>();
    Scanning s;
    if (!s.open(as_pattern(scanner->pattern.peek()), scanner->string.peek(), scanner->position, scanner->end)) {
      return Ref<>();
    }
    s.scan.start = start;
    s.scan.must_advance = must_advance;
    int status = searching ? s.search() : s.match();
    if (status < 0) return Ref<>();
    Ref<> match = status ? s.new_match() : Ref<>();
    if (status && !match) return Ref<>();
    LockGuard guard(scanner);
    // Another thread took this match.
    if (scanner->start != start || scanner->must_advance != must_advance) continue;
    if (status) {
      s.advance();
      scanner->start = s.scan.start;
      scanner->must_advance = s.scan.must_advance;
    } else {
      scanner->start = -1;
    }
    return match;
  }
}
template <bool Searching>
Ref<> scanner_method(const Value* a) {
  Ref<> match = scanner_step(a[0], Searching);
  return match || error_pending() ? std::move(match) : none_ref();
}
Ref<> find_iterator_next(Value self) { return scanner_step(self, true); }
Ref<> scanner_pattern(Value self) { return Ref<>::retain(object_of<ScannerObject>(self)->pattern.peek()); }
void scanner_traverse(Object* o, FieldVisitor& visitor) {
  visitor(static_cast<ScannerObject*>(o)->pattern);
  auto* self = static_cast<ScannerObject*>(o);
  visitor(self->string);
  if (self->held && self->held->owner.value().same(self->string.peek())) visitor(self->string);  // the export's reference
}
const NativeDef kScannerMethods[] = {
    {"match", "($self, /)", scanner_method<false>}, {"search", "($self, /)", scanner_method<true>}, {}};
const GetSetDef kScannerGetSets[] = {{"pattern", scanner_pattern}, {}};

Ref<> new_scanner(const Value* a) { return scanner_new(&scanner_type, a); }
Ref<> find_iter(const Value* a) { return scanner_new(&find_iterator_type, a); }

// ---- the rest ----------------------------------------------------------------------------------------------------

Ref<> pattern_copy(const Value* a) { return Ref<>::retain(a[0]); }

Ref<> pattern_repr(Value self) {
  static const struct {
    uint32_t flag;
    const char* name;
  } kNames[] = {{kFlagTemplate, "re.TEMPLATE"},   {kFlagIgnoreCase, "re.IGNORECASE"}, {kFlagLocale, "re.LOCALE"},
                {kFlagMultiline, "re.MULTILINE"}, {kFlagDotAll, "re.DOTALL"},         {kFlagUnicode, "re.UNICODE"},
                {kFlagVerbose, "re.VERBOSE"},     {kFlagDebug, "re.DEBUG"},           {kFlagAscii, "re.ASCII"}};
  Pattern* p = as_pattern(self);
  int64_t flags = p->flags;
  // Unicode is what str patterns have anyway.
  if (p->is_bytes == 0 && (flags & (kFlagLocale | kFlagUnicode | kFlagAscii)) == kFlagUnicode) flags &= ~kFlagUnicode;
  Ref<> pattern_text = repr(p->pattern.peek());
  if (!pattern_text) return pattern_text;
  Str* text = as_str(pattern_text.value());
  StrBuilder out;
  out.append_ascii("re.compile(");
  out.append(text, 0, text->length < 200 ? text->length : 200);
  bool first = true;
  for (const auto& entry : kNames) {
    if (!(flags & entry.flag)) continue;
    flags &= ~int64_t{entry.flag};
    out.append_ascii(first ? ", " : "|");
    out.append_ascii(entry.name);
    first = false;
  }
  if (flags) {
    out.append_ascii(first ? ", 0x" : "|0x");
    Ref<> number = int_from_int64(flags);
    Ref<Str> digits = int_to_str(number.value(), 16);
    if (!digits) return Ref<>();
    out.append(digits.get());
  }
  out.append_ascii(")");
  return out.finish();
}

int64_t pattern_hash(Value self) {
  Pattern* p = as_pattern(self);
  int64_t h = hash(p->pattern.peek());
  if (h == -1) return -1;
  auto mixed = static_cast<uint64_t>(h);
  for (uint32_t word : *p->code) mixed = (mixed ^ word) * 0x9E3779B97F4A7C15u;
  mixed ^= static_cast<uint64_t>(p->flags) ^ static_cast<uint64_t>(p->groups) ^ static_cast<uint64_t>(p->is_bytes);
  h = static_cast<int64_t>(mixed);
  return h == -1 ? -2 : h;
}
Ref<> pattern_compare(Value left, Value right, CompareOp op) {
  if ((op != CompareOp::kEq && op != CompareOp::kNe) || type_of(right) != &pattern_type) return not_implemented_ref();
  Pattern* a = as_pattern(left);
  Pattern* b = as_pattern(right);
  int same = a == b || (a->flags == b->flags && a->is_bytes == b->is_bytes && *a->code == *b->code);
  if (same && a != b) {
    same = equal(a->pattern.peek(), b->pattern.peek());
    if (same < 0) return Ref<>();
  }
  return bool_ref((same != 0) == (op == CompareOp::kEq));
}

Ref<> get_pattern(Value self) { return Ref<>::retain(as_pattern(self)->pattern.peek()); }
Ref<> get_flags(Value self) { return int_from_int64(as_pattern(self)->flags); }
Ref<> get_groups(Value self) { return int_from_int64(as_pattern(self)->groups); }
Ref<> get_group_index(Value self) { return call1(Value::object(&mapping_proxy_type), as_pattern(self)->group_index.peek()); }
Ref<> size_of(const Value* a) {
  Pattern* p = as_pattern(a[0]);
  return int_from_int64(
      static_cast<int64_t>(sizeof(Pattern) + p->code->size() * sizeof(uint32_t) + p->program->code.size() * sizeof(Instruction)));
}

#define RANGE_SIGNATURE "($self, /, string, pos=0, endpos=sys.maxsize)"
const NativeDef kPatternMethods[] = {
    {"match", RANGE_SIGNATURE, run_once<How::kMatch>, "Matches zero or more characters at the beginning of the string."},
    {"fullmatch", RANGE_SIGNATURE, run_once<How::kFullMatch>, "Matches against all of the string."},
    {"search", RANGE_SIGNATURE, run_once<How::kSearch>,
     "Scan through string looking for a match, and return a corresponding match object instance."},
    {"sub", "($self, /, repl, string, count=0)", sub,
     "Return the string obtained by replacing the leftmost non-overlapping occurrences of pattern in string by repl."},
    {"subn", "($self, /, repl, string, count=0)", subn,
     "Return the tuple (new_string, number_of_subs_made) of a substitution as sub() makes it."},
    {"findall", RANGE_SIGNATURE, find_all, "Return a list of all non-overlapping matches of pattern in string."},
    {"split", "($self, /, string, maxsplit=0)", split, "Split string by the occurrences of pattern."},
    {"finditer", RANGE_SIGNATURE, find_iter, "Return an iterator over all non-overlapping matches for the RE pattern in string."},
    {"scanner", RANGE_SIGNATURE, new_scanner},
    {"__copy__", "($self, /)", pattern_copy},
    {"__deepcopy__", "($self, memo, /)", pattern_copy},
    {"__sizeof__", "($self, /)", size_of},
    kClassGetItem,
    {}};
const GetSetDef kPatternGetSets[] = {
    {"pattern", get_pattern, nullptr, "The pattern string from which the RE object was compiled."},
    {"flags", get_flags, nullptr, "The regex matching flags."},
    {"groups", get_groups, nullptr, "The number of capturing groups in the pattern."},
    {"groupindex", get_group_index, nullptr, "A dictionary mapping group names to group numbers."},
    {}};

}  // namespace

const TypeSpec pattern_spec = {
    .name = "re.Pattern",
    .size = sizeof(Pattern),
    .flags = kTypeNoInstantiate | kTypeWeakrefs,
    .slots = {.hash = pattern_hash, .compare = pattern_compare, .repr = pattern_repr},
    .traverse = pattern_traverse,
    .destroy = pattern_destroy,
    .methods = kPatternMethods,
    .getsets = kPatternGetSets,
    .doc = "Compiled regular expression object.",
};
const TypeSpec scanner_spec = {
    .name = "_sre.SRE_Scanner",
    .size = sizeof(ScannerObject),
    .flags = kTypeNoInstantiate,
    .traverse = scanner_traverse,
    .destroy = scanner_destroy,
    .methods = kScannerMethods,
    .getsets = kScannerGetSets,
};
const TypeSpec find_iterator_spec = {
    .name = "callable_iterator",
    .size = sizeof(ScannerObject),
    .flags = kTypeNoInstantiate,
    .slots = {.iter = return_self, .next = find_iterator_next},
    .traverse = scanner_traverse,
    .destroy = scanner_destroy,
};

}  // namespace pt::sre
