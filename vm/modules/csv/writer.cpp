// csv.writer.
#include "vm/modules/csv/csv.h"
#include "vm/modules/support.h"
#include "vm/types/float.h"
#include "vm/types/str.h"

namespace pt::csv {

constinit Type writer_type = {};

namespace {

struct Writer : Object {
  Field write, dialect;  // immutable
};

class Row {
 public:
  explicit Row(Dialect* d) : d_(d), terminator_(as_str(d->line_terminator.peek())) {}
  // Adds a field (nullptr: empty), between quotes if asked for or needed.
  bool add(Str* field, bool quoted);
  bool only_empty_fields() const { return fields_ > 0 && out_.length() == 0; }
  void forget_field() { --fields_; }
  Ref<Str> finish() {
    out_.append(terminator_);
    return out_.finish();
  }

 private:
  bool special(uint32_t c) const {
    auto s = static_cast<int32_t>(c);
    if (s == d_->delimiter || s == d_->escape || s == d_->quote) return true;
    for (int64_t i = 0; i < terminator_->length; ++i) {
      if (terminator_->at(i) == c) return true;
    }
    return false;
  }

  Dialect* d_;
  Str* terminator_;
  StrBuilder out_;
  int64_t fields_ = 0;
};

bool Row::add(Str* field, bool quoted) {
  // The first pass tells whether quotes are needed.
  int64_t n = field ? field->length : 0;
  for (int64_t i = 0; i < n && !quoted && d_->quoting != kQuoteNone; ++i) {
    uint32_t c = field->at(i);
    if (!special(c)) continue;
    auto s = static_cast<int32_t>(c);
    bool escaped = s == d_->quote ? !d_->double_quote : s == d_->escape;
    quoted = !escaped;
  }
  if (fields_++ > 0) out_.append_code_point(static_cast<uint32_t>(d_->delimiter));
  if (quoted) out_.append_code_point(static_cast<uint32_t>(d_->quote));
  int64_t run = 0;
  for (int64_t i = 0; i < n; ++i) {
    uint32_t c = field->at(i);
    if (!special(c)) continue;
    auto s = static_cast<int32_t>(c);
    int32_t before = kNotSet;
    bool escape;
    if (d_->quoting == kQuoteNone) {
      escape = true;
    } else if (s == d_->quote) {
      escape = !d_->double_quote;
      if (!escape) before = d_->quote;
    } else {
      escape = s == d_->escape;
    }
    if (escape) {
      if (d_->escape == kNotSet) return raise(g_error, "need to escape, but no escapechar set");
      before = d_->escape;
    }
    if (before == kNotSet) continue;
    out_.append(field, run, i);
    out_.append_code_point(static_cast<uint32_t>(before));
    run = i;
  }
  if (n > run) out_.append(field, run, n);
  if (quoted) out_.append_code_point(static_cast<uint32_t>(d_->quote));
  return true;
}

bool is_number(Value v) {
  const Slots& slots = type_of(v)->slots;
  return is_int(v) || is_float(v) || slots.unary[static_cast<int>(UnaryOp::kInt)] ||
         slots.unary[static_cast<int>(UnaryOp::kFloat)] || slots.unary[static_cast<int>(UnaryOp::kIndex)] ||
         is_subtype(type_of(v), &complex_type);
}

Ref<> write_row(Value self, Value sequence) {
  auto* w = object_of<Writer>(self);
  auto* dialect = object_of<Dialect>(w->dialect.peek());
  Ref<> iterator = get_iter(sequence);
  if (!iterator) {
    if (pending_matches(exc::TypeError)) {
      clear_error();
      return raise(g_error, "iterable expected, not %T", sequence);
    }
    return Ref<>();
  }
  Row row(dialect);
  for (;;) {
    Ref<> field = advance(iterator.value());
    if (!field) break;
    bool quoted = dialect->quoting == kQuoteAll || (dialect->quoting == kQuoteNonNumeric && !is_number(field.value()));
    if (is_none(field.value())) {
      if (!row.add(nullptr, quoted)) return Ref<>();
      continue;
    }
    if (!is_str(field.value())) {
      field = str(field.value());
      if (!field) return field;
    }
    if (!row.add(as_str(field.value()), quoted)) return Ref<>();
  }
  if (error_pending()) return Ref<>();
  if (row.only_empty_fields()) {
    // A lone empty field would read back as an empty record.
    if (dialect->quoting == kQuoteNone) return raise(g_error, "single empty field record must be quoted");
    row.forget_field();
    if (!row.add(nullptr, true)) return Ref<>();
  }
  Ref<Str> line = row.finish();
  if (!line) return Ref<>();
  return call1(w->write.peek(), line.value());
}
Ref<> writer_writerow(const Value* a) { return write_row(a[0], a[1]); }
Ref<> writer_writerows(const Value* a) {
  bool ok = for_each(a[1], [&](Value row) { return static_cast<bool>(write_row(a[0], row)); });
  return ok ? none_ref() : Ref<>();
}

void writer_traverse(Object* o, FieldVisitor& visitor) {
  visitor(static_cast<Writer*>(o)->write);
  visitor(static_cast<Writer*>(o)->dialect);
}
const NativeDef kMethods[] = {
    {"writerow", "($self, row, /)", writer_writerow, "Construct and write a CSV record from an iterable of fields."},
    {"writerows", "($self, rows, /)", writer_writerows, "Construct and write a series of iterables to a csv file."},
    {}};
const MemberDef kMembers[] = {{"dialect", offsetof(Writer, dialect)}, {}};

}  // namespace

Ref<> new_writer(const Value* a) {
  Ref<> dialect = make_dialect(a[1], a[2]);
  if (!dialect) return dialect;
  Ref<> write = find_attribute(a[0], intern("write"));
  if (!write && error_pending()) return Ref<>();
  if (!write || !is_callable(write.value())) return raise(exc::TypeError, "argument 1 must have a \"write\" method");
  Ref<Writer> self = allocate<Writer>(&writer_type);
  if (!self) return Ref<>();
  self->write.init(std::move(write));
  self->dialect.init(std::move(dialect));
  return self;
}

const TypeSpec writer_spec = {
    .name = "_csv.writer",
    .size = sizeof(Writer),
    .flags = kTypeNoInstantiate,
    .traverse = writer_traverse,
    .methods = kMethods,
    .members = kMembers,
    .doc = "CSV writer: turns iterables of fields into delimited lines on a file-like object.",
};

}  // namespace pt::csv
