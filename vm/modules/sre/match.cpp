// re.Match, and the texts that patterns run over.
#include "gc/platform/memory.h"
#include "vm/modules/sre/pattern.h"
#include "vm/modules/support.h"
#include "vm/types/bytes.h"
#include "vm/types/dict.h"
#include "vm/types/str.h"

namespace pt::sre {

constinit Type match_type = {};

// ---- subjects ----------------------------------------------------------------------------------------------------

bool Subject::open(Value string) {
  string_ = string;
  if (is_str(string)) {
    Str* s = as_str(string);
    data_ = s->data1();
    length_ = s->length;
    character_size_ = s->kind;
    return true;
  }
  is_bytes_ = true;
  if (pt::is_bytes(string)) {
    data_ = as_bytes(string)->data;
    length_ = as_bytes(string)->length;
    return true;
  }
  if (!has_buffer(string)) return raise(exc::TypeError, "expected string or bytes-like object, got '%T'", string);
  if (!get_buffer(string, &buffer_, kBufferSimple)) return false;
  held_ = true;
  data_ = buffer_.data;
  length_ = buffer_.length;
  return true;
}
Subject::~Subject() {
  if (held_) release_buffer(&buffer_);
}

Ref<> Subject::slice(int64_t start, int64_t end) const {
  if (end > length_) end = length_;
  if (start > end) start = end;
  if (!is_bytes_) return str_substring(as_str(string_), start, end);
  if (start == 0 && end == length_ && has_shape(string_, kShape_bytes)) return Ref<>::retain(string_);
  return bytes_from({static_cast<const char*>(data_) + start, static_cast<size_t>(end - start)});
}

// ---- scanning ----------------------------------------------------------------------------------------------------

bool Scanning::open(Pattern* pattern, Value string, int64_t start, int64_t end) {
  pattern_ = pattern;
  if (!subject.open(string)) return false;
  if (subject.is_bytes() && pattern->is_bytes == 0) {
    return raise(exc::TypeError, "cannot use a string pattern on a bytes-like object");
  }
  if (!subject.is_bytes() && pattern->is_bytes > 0) {
    return raise(exc::TypeError, "cannot use a bytes pattern on a string-like object");
  }
  int64_t length = subject.length();
  auto clamp = [length](int64_t i) { return i < 0 ? 0 : i > length ? length : i; };
  position = clamp(start);
  scan.program = pattern->program;
  scan.text = subject.data();
  scan.character_size = subject.character_size();
  scan.start = position;
  scan.length = clamp(end);
  scan.marks = inline_marks_;
  int64_t marks = 2 * pattern->groups;
  if (marks > static_cast<int64_t>(sizeof(inline_marks_) / sizeof(int64_t))) {
    scan.marks = static_cast<int64_t*>(memory::allocate(static_cast<size_t>(marks) * sizeof(int64_t)));
    if (!scan.marks) {
      scan.marks = inline_marks_;
      return raise_no_memory();
    }
  }
  return true;
}
Scanning::~Scanning() {
  if (scan.marks && scan.marks != inline_marks_) memory::release(scan.marks);
}

Ref<> Scanning::new_match() const {
  int64_t groups = pattern_->groups;
  Ref<Match> m = allocate<Match>(&match_type, static_cast<size_t>(2 * (groups + 1)));
  if (!m) return Ref<>();
  m->string.init(Ref<>::retain(subject.string()));
  m->pattern.init(Ref<>::retain(Value::object(pattern_)));
  m->position = position;
  m->end_position = scan.length;
  m->last_index = scan.last_index;
  m->groups = groups;
  m->marks[0] = scan.match_start;
  m->marks[1] = scan.match_end;
  for (int64_t i = 0; i < groups; ++i) {
    int64_t from = scan.marks[2 * i], to = scan.marks[2 * i + 1];
    bool set = from >= 0 && to >= 0;
    // A group that was entered again but not left, or left before it was entered, has no span.
    m->marks[2 * i + 2] = set ? from : -1;
    m->marks[2 * i + 3] = set ? to : -1;
    if (set && from > to)
      return raise(exc::SystemError, "The span of capturing group is wrong, please report a bug for the re module.");
  }
  return m;
}

Ref<> Scanning::group(int64_t i, Value fallback) const {
  int64_t from = i ? scan.marks[2 * i - 2] : scan.match_start, to = i ? scan.marks[2 * i - 1] : scan.match_end;
  if (from < 0 || to < from) return Ref<>::retain(fallback);
  return subject.slice(from, to);
}

// ---- match objects -----------------------------------------------------------------------------------------------

namespace {

Ref<> group_text(Match* m, int64_t i, Value fallback) {
  int64_t from = m->marks[2 * i], to = m->marks[2 * i + 1];
  if (from < 0) return Ref<>::retain(fallback);
  Value string = m->string.peek();
  if (is_str(string)) {
    return str_substring(as_str(string), from, to);
  }
  Subject subject;
  if (!subject.open(string)) return Ref<>();
  return subject.slice(from, to);
}

// The number of the group that an argument names; -1 with IndexError pending.
int64_t group_index(Match* m, Value v) {
  int64_t i = -1;
  if (v.is_small_int()) {
    i = v.as_small_int();
  } else {
    Ref<> number;
    if (is_int(v) || type_of(v)->slots.unary[static_cast<int>(UnaryOp::kIndex)]) {
      number = index(v);
      if (!number) return -1;
    } else {
      auto* pattern = as_pattern(m->pattern.peek());
      Ref<> found = dict_get(as_dict(pattern->group_index.peek()), v);
      if (!found && error_pending()) clear_error();
      if (found && is_int(found.value())) number = std::move(found);
    }
    if (!number || !int_to_int64(number.value(), &i)) i = -1;
  }
  if (i < 0 || i > m->groups) {
    raise(exc::IndexError, "no such group");
    return -1;
  }
  return i;
}
Ref<> group_by(Match* m, Value v) {
  int64_t i = group_index(m, v);
  return i < 0 ? Ref<>() : group_text(m, i, none());
}

Ref<> match_group(const Value* a) {
  Match* m = as_match(a[0]);
  Tuple* args = as_tuple(a[1]);
  if (args->length == 0) return group_text(m, 0, none());
  if (args->length == 1) return group_by(m, args->at(0));
  Ref<Tuple> result = tuple_allocate(args->length);
  if (!result) return Ref<>();
  for (int64_t i = 0; i < args->length; ++i) {
    Ref<> text = group_by(m, args->at(i));
    if (!text) return text;
    result->items[i].init(std::move(text));
  }
  return result;
}
Ref<> match_get_item(Value self, Value key) { return group_by(as_match(self), key); }

Ref<> match_groups(const Value* a) {
  Match* m = as_match(a[0]);
  Value fallback = a[1].empty() ? none() : a[1];
  Ref<Tuple> result = tuple_allocate(m->groups);
  if (!result) return Ref<>();
  for (int64_t i = 0; i < m->groups; ++i) {
    Ref<> text = group_text(m, i + 1, fallback);
    if (!text) return text;
    result->items[i].init(std::move(text));
  }
  return result;
}
Ref<> match_groupdict(const Value* a) {
  Match* m = as_match(a[0]);
  Value fallback = a[1].empty() ? none() : a[1];
  Ref<Dict> result = dict_new();
  Ref<Dict> names = dict_copy(as_dict(as_pattern(m->pattern.peek())->group_index.peek()));
  if (!result || !names) return Ref<>();
  int64_t position = 0;
  Ref<> name, number;
  while (dict_next(names.get(), &position, &name, &number)) {
    int64_t i = group_index(m, name.value());
    if (i < 0) return Ref<>();
    Ref<> text = group_text(m, i, fallback);
    if (!text || !dict_set(result.get(), name.value(), text.value())) return Ref<>();
  }
  return result;
}

int64_t optional_group(const Value* a) { return a[1].empty() ? 0 : group_index(as_match(a[0]), a[1]); }
Ref<> match_start(const Value* a) {
  int64_t i = optional_group(a);
  return i < 0 ? Ref<>() : int_from_int64(as_match(a[0])->marks[2 * i]);
}
Ref<> match_end(const Value* a) {
  int64_t i = optional_group(a);
  return i < 0 ? Ref<>() : int_from_int64(as_match(a[0])->marks[2 * i + 1]);
}
Ref<> span_of(Match* m, int64_t i) {
  Ref<> from = int_from_int64(m->marks[2 * i]);
  Ref<> to = int_from_int64(m->marks[2 * i + 1]);
  return tuple_of({from.value(), to.value()});
}
Ref<> match_span(const Value* a) {
  int64_t i = optional_group(a);
  return i < 0 ? Ref<>() : span_of(as_match(a[0]), i);
}

Ref<> match_expand(const Value* a) {
  Ref<> expand = import_attribute("re", "_expand");
  if (!expand) return expand;
  return call_values(expand.value(), {as_match(a[0])->pattern.peek(), a[0], a[1]});
}
Ref<> match_copy(const Value* a) { return Ref<>::retain(a[0]); }

Ref<> match_last_index(Value self) {
  int64_t i = as_match(self)->last_index;
  return i < 0 ? none_ref() : int_from_int64(i);
}
Ref<> match_last_group(Value self) {
  Match* m = as_match(self);
  Tuple* names = as_tuple(as_pattern(m->pattern.peek())->index_group.peek());
  if (m->last_index < 0 || m->last_index >= names->length) return none_ref();
  return Ref<>::retain(names->at(m->last_index));
}
Ref<> match_regs(Value self) {
  Match* m = as_match(self);
  Ref<> known = m->regs.load(m);
  if (known) return known;
  Ref<Tuple> regs = tuple_allocate(m->groups + 1);
  if (!regs) return Ref<>();
  for (int64_t i = 0; i <= m->groups; ++i) {
    Ref<> span = span_of(m, i);
    if (!span) return span;
    regs->items[i].init(std::move(span));
  }
  Ref<> result = Ref<>::retain(regs.value());
  m->regs.store(m, std::move(regs));
  return result;
}
Ref<> match_string(Value self) { return Ref<>::retain(as_match(self)->string.peek()); }
Ref<> match_pattern(Value self) { return Ref<>::retain(as_match(self)->pattern.peek()); }
Ref<> match_position(Value self) { return int_from_int64(as_match(self)->position); }
Ref<> match_end_position(Value self) { return int_from_int64(as_match(self)->end_position); }

Ref<> match_repr(Value self) {
  Match* m = as_match(self);
  Ref<> text = group_text(m, 0, none());
  if (!text) return text;
  return str_format("<re.Match object; span=(%ld, %ld), match=%R>", m->marks[0], m->marks[1], text.value());
}

void match_traverse(Object* o, FieldVisitor& visitor) {
  auto* m = static_cast<Match*>(o);
  visitor(m->string);
  visitor(m->pattern);
  visitor(m->regs);
}

const NativeDef kMatchMethods[] = {
    {"group", "($self, /, *groups)", match_group, "group([group1, ...]) -> str or tuple: one or more groups of the match."},
    {"start", "($self, group=0, /)", match_start, "Return index of the start of the substring matched by group."},
    {"end", "($self, group=0, /)", match_end, "Return index of the end of the substring matched by group."},
    {"span", "($self, group=0, /)", match_span, "For match object m, return the 2-tuple (m.start(group), m.end(group))."},
    {"groups", "($self, /, default=None)", match_groups, "Return a tuple containing all the subgroups of the match, from 1."},
    {"groupdict", "($self, /, default=None)", match_groupdict,
     "Return a dictionary containing all the named subgroups of the match, keyed by the subgroup name."},
    {"expand", "($self, /, template)", match_expand,
     "Return the string obtained by doing backslash substitution on the string template, as done by the sub() method."},
    {"__copy__", "($self, /)", match_copy},
    {"__deepcopy__", "($self, memo, /)", match_copy},
    kClassGetItem,
    {}};
const GetSetDef kMatchGetSets[] = {
    {"lastindex", match_last_index, nullptr, "The integer index of the last matched capturing group."},
    {"lastgroup", match_last_group, nullptr, "The name of the last matched capturing group."},
    {"regs", match_regs},
    {"string", match_string, nullptr, "The string passed to match() or search()."},
    {"re", match_pattern, nullptr, "The regular expression object."},
    {"pos", match_position, nullptr, "The index into the string at which the RE engine started looking for a match."},
    {"endpos", match_end_position, nullptr, "The index into the string beyond which the RE engine will not go."},
    {}};

}  // namespace

const TypeSpec match_spec = {
    .name = "re.Match",
    .size = sizeof(Match),
    .item_size = sizeof(int64_t),
    .flags = kTypeNoInstantiate,
    .slots = {.get_item = match_get_item, .repr = match_repr},
    .traverse = match_traverse,
    .methods = kMatchMethods,
    .getsets = kMatchGetSets,
    .doc = "The result of re.match() and re.search(). Match objects always have a boolean value of True.",
};

}  // namespace pt::sre
