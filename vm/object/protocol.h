#pragma once
// The abstract operations of the language on any value (data model, chapter 3 of the language reference).
// Values are borrowed, results owned. All of these may run Python code unless said otherwise.
#include <cstdint>

#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {

Ref<> binary_operation(BinaryOp op, Value left, Value right);
Ref<> inplace_operation(BinaryOp op, Value left, Value right);
// What is left when neither operand's type has an answer: concatenation and repetition of sequences, or TypeError.
Ref<> operator_fallback(BinaryOp op, Value left, Value right, bool inplace);
Ref<> unary_operation(UnaryOp op, Value operand);
Ref<> power(Value base, Value exponent, Value modulus);
// x op y for numbers of one C++ type.
template <class T>
inline bool ordered(CompareOp op, T x, T y) {
  switch (op) {
    case CompareOp::kLt: return x < y;
    case CompareOp::kLe: return x <= y;
    case CompareOp::kEq: return x == y;
    case CompareOp::kNe: return x != y;
    case CompareOp::kGt: return x > y;
    default: return x >= y;
  }
}
Ref<> compare(Value left, Value right, CompareOp op);           // the result object
// The rest of it when left's method has returned NotImplemented.
Ref<> compare_declined(Value left, Value right, CompareOp op, bool tried_right = false);
// left OP right of ints, floats and strs, and of tuples of those: 0 or 1; -1: it cannot be told without Python code.
int compare_simple(Value left, Value right, CompareOp op);
int compare_truth(Value left, Value right, CompareOp op);       // 1, 0, -1 error
// Identity first, then ==, as containers compare. 1, 0, -1 error.
int equal(Value left, Value right);
int truth(Value);                                               // 1, 0, -1 error
int64_t hash(Value);                                            // -1 error
Ref<> repr(Value);                                              // a str
Ref<> str(Value);                                               // a str
Ref<> ascii(Value);
Ref<> format(Value, Value format_spec);                         // empty spec: ""
int64_t length(Value);                                          // -1 error
int64_t length_hint(Value, int64_t fallback);                   // -1 error
Ref<> get_item(Value container, Value key);
bool set_item(Value container, Value key, Value value);
bool delete_item(Value container, Value key);
int contains(Value container, Value item);                      // 1, 0, -1 error
Ref<> get_iter(Value);
Ref<> next(Value iterator);                                     // empty without an exception: exhausted
bool is_iterator(Value);

Ref<> get_attribute(Value object, Str* name);
Ref<> get_attribute(Value object, const char* name);
// Empty and no exception when there is no such attribute (AttributeError swallowed).
Ref<> find_attribute(Value object, Str* name);
bool set_attribute(Value object, Str* name, Value value);       // empty value: delete
// Looks a special method up on the type and binds it; empty without an exception when absent.
Ref<> lookup_special(Value object, Str* name);

Ref<> call(Value callable, const Args& args);
Ref<> call_values(Value callable, std::initializer_list<Value> arguments);
inline Ref<> call0(Value callable) { return call(callable, Args{nullptr, 0}); }
inline Ref<> call1(Value callable, Value a) { return call(callable, Args{&a, 1}); }
// object.name(...), without the bound method in between where nothing can tell. `name` is interned.
Ref<> call_method(Value object, Str* name, const Args& args);
Ref<> call_method(Value object, Str* name, std::initializer_list<Value> arguments = {});
Ref<> call_method(Value object, const char* name, std::initializer_list<Value> arguments = {});
Ref<> call_tuple_dict(Value callable, Value tuple, Value dict_or_empty);
bool is_callable(Value);

// Python's isinstance/issubclass with __instancecheck__ and tuples. 1, 0, -1 error.
int is_instance(Value object, Value class_or_tuple);
int is_subclass(Value type, Value class_or_tuple);

// Integers. index(): __index__ applied, an int object. The others raise OverflowError (or clamp where said).
Ref<> index(Value);
bool to_int64(Value v, int64_t* out);            // __index__, OverflowError past 64 bits
bool to_size(Value v, int64_t* out);  // for sizes and counts: "cannot fit 'int' into an index-sized integer" (IndexError)
bool to_index_clamped(Value v, int64_t* out);  // slice-style: clamps
bool to_double(Value v, double* out);  // __float__, then __index__
bool to_bool(Value v, bool* out);

// Iterates over any iterable: `each` returns false to stop with an error pending.
bool iterate(Value iterable, bool (*each)(Value item, void* context), void* context);
// iterate() with a callable object (lambda).
template <class F>
bool for_each(Value iterable, F&& f) {
  return iterate(iterable, [](Value item, void* context) { return (*static_cast<F*>(context))(item); }, &f);
}

// Guards against unbounded native recursion (repr of nested containers, native calls): counts towards the recursion limit
// (times `scale`) with the Python calls, and looks at the stack's address. RecursionError.
class RecursionGuard {
 public:
  explicit RecursionGuard(const char* where, int scale = 1);  // e.g. " while getting the repr of an object"
  ~RecursionGuard();
  RecursionGuard(const RecursionGuard&) = delete;
  RecursionGuard& operator=(const RecursionGuard&) = delete;
  explicit operator bool() const { return ok_; }

 private:
  bool ok_;
};
// Detects re-entrance of repr on the same object (Py_ReprEnter's job): entered() false when already inside.
class ReprGuard {
 public:
  explicit ReprGuard(Value);
  ~ReprGuard();
  bool entered() const { return entered_; }
  ReprGuard(const ReprGuard&) = delete;
  ReprGuard& operator=(const ReprGuard&) = delete;

 private:
  Value value_;
  bool entered_;
};

}  // namespace pt
