// csv.reader: a state machine over the characters of the lines. A record in the making belongs to the call of next().
#include "vm/modules/csv/csv.h"
#include "vm/modules/support.h"
#include "vm/types/float.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

namespace pt::csv {

constinit Type reader_type = {};

namespace {

struct Reader : Object {
  Field input, dialect;             // immutable
  std::atomic<int64_t> line_number;
};

enum class State {
  kStartRecord,
  kStartField,
  kEscaped,
  kInField,
  kInQuoted,
  kEscapeInQuoted,
  kQuoteInQuoted,
  kEatLineEnd,
  kAfterEscapedLineEnd
};
constexpr int32_t kEndOfLine = -2;

class Record {
 public:
  Record(Dialect* d, List* fields) : d_(d), fields_(fields) {}
  bool line(Str* line);
  bool complete() const { return state_ == State::kStartRecord; }
  bool unfinished() const { return field_.length() != 0 || state_ == State::kInQuoted; }
  bool save_field();

 private:
  bool feed(int32_t c);
  bool add(int32_t c) {
    if (field_.length() >= field_limit()) return too_large();
    field_.append_code_point(static_cast<uint32_t>(c));
    return true;
  }
  bool add_run(Str* line, int64_t from, int64_t to) {
    if (field_.length() + (to - from) > field_limit()) return too_large();
    field_.append(line, from, to);
    return true;
  }
  static bool too_large() { return raise(g_error, "field larger than field limit (%ld)", field_limit()); }
  static bool is_line_end(int32_t c) { return c == '\n' || c == '\r' || c == kEndOfLine; }
  bool end_field(int32_t c) {
    state_ = c == kEndOfLine ? State::kStartRecord : State::kEatLineEnd;
    return save_field();
  }
  bool in_field(int32_t c);

  Dialect* d_;
  List* fields_;
  StrBuilder field_;
  State state_ = State::kStartRecord;
  bool numeric_ = false;
};

bool Record::save_field() {
  Ref<> text = field_.finish();
  field_.truncate(0);
  if (!text) return false;
  if (numeric_) {
    numeric_ = false;
    text = float_from_text(as_str(text.value()));
    if (!text) return false;
  }
  return list_append(fields_, std::move(text));
}

bool Record::in_field(int32_t c) {
  if (is_line_end(c)) return end_field(c);
  if (c == d_->escape) {
    state_ = State::kEscaped;
  } else if (c == d_->delimiter) {
    state_ = State::kStartField;
    return save_field();
  } else {
    return add(c);
  }
  return true;
}

bool Record::feed(int32_t c) {
  switch (state_) {
    case State::kStartRecord:
      if (c == kEndOfLine) return true;
      if (c == '\n' || c == '\r') {
        state_ = State::kEatLineEnd;
        return true;
      }
      state_ = State::kStartField;
      [[fallthrough]];
    case State::kStartField:
      if (is_line_end(c)) return end_field(c);
      if (c == d_->quote && d_->quoting != kQuoteNone) {
        state_ = State::kInQuoted;
      } else if (c == d_->escape) {
        state_ = State::kEscaped;
      } else if (c == ' ' && d_->skip_initial_space) {
        // skipped
      } else if (c == d_->delimiter) {
        return save_field();
      } else {
        numeric_ = d_->quoting == kQuoteNonNumeric;
        state_ = State::kInField;
        return add(c);
      }
      return true;
    case State::kEscaped:
      if (c == '\n' || c == '\r') {
        state_ = State::kAfterEscapedLineEnd;
        return add(c);
      }
      state_ = State::kInField;
      return add(c == kEndOfLine ? '\n' : c);
    case State::kAfterEscapedLineEnd:
      if (c == kEndOfLine) return true;
      state_ = State::kInField;
      return in_field(c);
    case State::kInField: return in_field(c);
    case State::kInQuoted:
      if (c == kEndOfLine) return true;
      if (c == d_->escape) {
        state_ = State::kEscapeInQuoted;
      } else if (c == d_->quote && d_->quoting != kQuoteNone) {
        state_ = d_->double_quote ? State::kQuoteInQuoted : State::kInField;
      } else {
        return add(c);
      }
      return true;
    case State::kEscapeInQuoted: state_ = State::kInQuoted; return add(c == kEndOfLine ? '\n' : c);
    case State::kQuoteInQuoted: {
      if (d_->quoting != kQuoteNone && c == d_->quote) {
        state_ = State::kInQuoted;
        return add(c);
      }
      if (c == d_->delimiter) {
        state_ = State::kStartField;
        return save_field();
      }
      if (is_line_end(c)) return end_field(c);
      if (!d_->strict) {
        state_ = State::kInField;
        return add(c);
      }
      Ref<Str> delimiter = str_from_code_point(static_cast<uint32_t>(d_->delimiter));
      Ref<Str> quote = str_from_code_point(static_cast<uint32_t>(d_->quote));
      if (!delimiter || !quote) return false;
      return raise(g_error, "'%U' expected after '%U'", delimiter.get(), quote.get());
    }
    case State::kEatLineEnd:
      if (c == '\n' || c == '\r') return true;
      if (c == kEndOfLine) {
        state_ = State::kStartRecord;
        return true;
      }
      return raise(g_error,
                   "new-line character seen in unquoted field - do you need to open the file in universal-newline mode?");
  }
  return true;
}

bool Record::line(Str* line) {
  int64_t n = line->length;
  for (int64_t i = 0; i < n;) {
    // Runs of ordinary characters are copied at once.
    if (state_ == State::kInField || state_ == State::kInQuoted) {
      int64_t from = i;
      bool quoted = state_ == State::kInQuoted;
      for (; i < n; ++i) {
        auto c = static_cast<int32_t>(line->at(i));
        if (c == d_->escape || (quoted ? c == d_->quote : c == d_->delimiter || c == '\n' || c == '\r')) break;
      }
      if (i > from && !add_run(line, from, i)) return false;
      if (i == n) break;
    }
    if (!feed(static_cast<int32_t>(line->at(i++)))) return false;
  }
  return feed(kEndOfLine);
}

Ref<> reader_next(Value self) {
  auto* r = object_of<Reader>(self);
  Ref<List> fields = list_new();
  if (!fields) return Ref<>();
  auto* dialect = object_of<Dialect>(r->dialect.peek());
  Record record(dialect, fields.get());
  do {
    Ref<> line = advance(r->input.peek());
    if (!line) {
      if (error_pending() || !record.unfinished()) return Ref<>();
      if (dialect->strict) return raise(g_error, "unexpected end of data");
      if (!record.save_field()) return Ref<>();
      return fields;
    }
    if (!is_str(line.value())) {
      return raise(g_error, "iterator should return strings, not %T (the file should be opened in text mode)", line.value());
    }
    r->line_number.fetch_add(1, std::memory_order_relaxed);
    if (!record.line(as_str(line.value()))) return Ref<>();
  } while (!record.complete());
  return fields;
}

Ref<> get_line_number(Value self) { return int_from_int64(object_of<Reader>(self)->line_number.load(std::memory_order_relaxed)); }
void reader_traverse(Object* o, FieldVisitor& visitor) {
  visitor(static_cast<Reader*>(o)->input);
  visitor(static_cast<Reader*>(o)->dialect);
}
const GetSetDef kGetSets[] = {{"line_num", get_line_number}, {}};
const MemberDef kMembers[] = {{"dialect", offsetof(Reader, dialect)}, {}};

}  // namespace

Ref<> new_reader(const Value* a) {
  Ref<> input = get_iter(a[0]);
  Ref<> dialect = input ? make_dialect(a[1], a[2]) : Ref<>();
  if (!dialect) return dialect;
  Ref<Reader> self = allocate<Reader>(&reader_type);
  if (!self) return Ref<>();
  self->input.init(std::move(input));
  self->dialect.init(std::move(dialect));
  return self;
}

const TypeSpec reader_spec = {
    .name = "_csv.reader",
    .size = sizeof(Reader),
    .flags = kTypeNoInstantiate,
    .slots = {.iter = return_self, .next = reader_next},
    .traverse = reader_traverse,
    .getsets = kGetSets,
    .members = kMembers,
    .doc = "CSV reader: an iterator over the records of a stream of lines.",
};

}  // namespace pt::csv
