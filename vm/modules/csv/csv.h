#pragma once
// Between the files of _csv.
#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {
struct Dict;
}
namespace pt::csv {

inline constexpr int32_t kNotSet = -1;
enum Quoting : int { kQuoteMinimal, kQuoteAll, kQuoteNonNumeric, kQuoteNone };

// Immutable after construction.
struct Dialect : Object {
  bool double_quote, skip_initial_space, strict;
  int quoting;
  int32_t delimiter, quote, escape;  // code points or kNotSet
  Field line_terminator;             // str
};
extern Type dialect_type, reader_type, writer_type;
extern const TypeSpec dialect_spec, reader_spec, writer_spec;
extern Type* g_error;     // _csv.Error
Dict* dialects();         // registered ones of the interpreter that runs, by name

// Dialect(dialect, **keywords); `dialect` may be empty, keywords a dict.
Ref<> make_dialect(Value dialect, Value keywords);
// The registered dialect of that name: "unknown dialect".
Ref<> registered_dialect(Value name);
int64_t field_limit();

Ref<> new_reader(const Value* a);
Ref<> new_writer(const Value* a);

}  // namespace pt::csv
