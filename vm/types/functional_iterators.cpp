// enumerate, zip, map and filter. What they hold never changes, but for enumerate's counter and zip's strictness: threads
// may share them.
#include <optional>

#include "vm/object/native.h"
#include "vm/types/container_inl.h"
#include "vm/types/int.h"
#include "vm/types/iterators.h"
#include "vm/types/pair_iteration.h"
#include "vm/types/tuple.h"
#include "vm/types/tuple_inl.h"
#include "vm/types/turns.h"

namespace pt {

constinit Type enumerate_type{};
constinit Type zip_type{};
constinit Type map_type{};
constinit Type filter_type{};

namespace {

struct Map : Object {
  Field function;
  Field iterators;  // tuple
};
struct Filter : Object {
  Field function;
  Field iterator;
};

Ref<> self_iter(Value self) { return Ref<>::retain(self); }

// The iterators of all arguments, as a tuple.
Ref<Tuple> iterators_of(const Value* values, int64_t count) {
  Ref<Tuple> iterators = tuple_allocate(count);
  if (!iterators) return iterators;
  for (int64_t i = 0; i < count; ++i) {
    Ref<> it = get_iter(values[i]);
    if (!it) return Ref<Tuple>();
    iterators->items[i].init(std::move(it));
  }
  return iterators;
}

bool own_init(Type* type, const Type& base) { return type != &base && type->slots.init != base.slots.init; }

// ---- enumerate ----

bool bind_enumerate(const Args& args, Value* iterable, Value* start) {
  uint32_t keywords = args.names ? args.keyword_count() : 0;
  if (args.count + keywords > 2) {
    return raise(exc::TypeError, "enumerate() takes at most 2 arguments (%d given)", static_cast<int>(args.count + keywords));
  }
  *iterable = args.count > 0 ? args.values[0] : Value();
  *start = args.count > 1 ? args.values[1] : Value();
  for (uint32_t i = 0; i < keywords; ++i) {
    Str* name = as_str(args.names->at(i));
    Value value = args.values[args.count + i];
    if (name->equals_ascii("iterable") && iterable->empty()) {
      *iterable = value;
    } else if (name->equals_ascii("start") && start->empty() && (args.count == 1 || keywords == 2)) {
      *start = value;
    } else {
      return raise(exc::TypeError, "'%U' is an invalid keyword argument for enumerate()", name);
    }
  }
  if (iterable->empty()) return raise(exc::TypeError, "enumerate() missing required argument 'iterable'");
  return true;
}

Ref<> enumerate_construct(Type* type, const Args& args) {
  Value iterable, start;
  if (!bind_enumerate(args, &iterable, &start)) return Ref<>();
  Ref<> first;
  int64_t word = 0;
  if (!start.empty()) {
    first = index(start);
    if (!first) return first;
    // Far from the ends, so that counting does not overflow.
    if (first.value().is_small_int()) {
      word = first.value().as_small_int();
      first.reset();
    }
  }
  Ref<Enumerate> e = allocate<Enumerate>(type);
  if (!e) return e;
  Ref<> it = get_iter(iterable);
  if (!it) return it;
  e->iterator.init(std::move(it));
  if (first) e->start.init(std::move(first));
  e->index.store(word, std::memory_order_relaxed);
  return e;
}

Ref<> enumerate_number(Enumerate* e, int64_t i) {
  Value start = e->start.peek();
  if (PT_LIKELY(start.empty()))
    return PT_LIKELY(Value::fits_small_int(i)) ? Ref<>::steal(Value::small_int(i)) : int_from_int64(i);
  return int_binary(BinaryOp::kAdd, start, Value::small_int(i));
}

// The next item of an iterator that another one goes through.
PT_INLINE Ref<> inner_next(Value iterator) {
  if (has_shape(iterator, kShape_list_iterator)) {
    return Ref<>::steal(promote(list_iterator_advance(static_cast<ListIterator*>(iterator.as_object()))));
  }
  return next(iterator);
}

Ref<> enumerate_next(Value self) {
  Enumerate* e = static_cast<Enumerate*>(self.as_object());
  Ref<> item = inner_next(e->iterator.peek());
  if (!item) return item;
  Ref<> number = enumerate_number(e, claim_position(e->index));
  if (!number) return number;
  return tuple_pair(std::move(number), std::move(item));
}

Ref<> enumerate_reduce(const Value* a) {
  Enumerate* e = static_cast<Enumerate*>(a[0].as_object());
  Ref<> number = enumerate_number(e, e->index.load(std::memory_order_relaxed));
  if (!number) return number;
  Ref<Tuple> parts = tuple_of({e->iterator.peek(), number.value()});
  if (!parts) return Ref<>();
  return tuple_of({Value::object(type_of(a[0])), parts.value()});
}

void enumerate_traverse(Object* o, FieldVisitor& visit) {
  Enumerate* e = static_cast<Enumerate*>(o);
  visit(e->iterator);
  visit(e->start);
}

// ---- zip ----

Ref<> zip_construct(Type* type, const Args& args) {
  bool strict = false;
  for (uint32_t i = 0, n = args.names ? args.keyword_count() : 0; i < n; ++i) {
    Str* name = as_str(args.names->at(i));
    if (!name->equals_ascii("strict")) {
      return raise(exc::TypeError, "'%U' is an invalid keyword argument for zip()", name);
    }
    int flag = truth(args.values[args.count + i]);
    if (flag < 0) return Ref<>();
    strict = flag;
  }
  Ref<Tuple> iterators = iterators_of(args.values, args.count);
  if (!iterators) return iterators;
  Ref<Zip> z = allocate<Zip>(type);
  if (!z) return z;
  z->iterators.init(std::move(iterators));
  z->strict.store(strict, std::memory_order_relaxed);
  return z;
}

// Iterator `ended` is the first without an item: are all of them at the end?
Ref<> check_strict(Tuple* iterators, int64_t ended) {
  if (ended > 0) {
    return raise(exc::ValueError, "zip() argument %d is shorter than argument%s%d", static_cast<int>(ended + 1),
                 ended == 1 ? " " : "s 1-", static_cast<int>(ended));
  }
  for (int64_t i = 1; i < iterators->length; ++i) {
    Ref<> item = next(iterators->at(i));
    if (item) {
      return raise(exc::ValueError, "zip() argument %d is longer than argument%s%d", static_cast<int>(i + 1),
                   i == 1 ? " " : "s 1-", static_cast<int>(i));
    }
    if (error_pending()) return Ref<>();
  }
  return Ref<>();
}

Ref<> zip_next(Value self) {
  Zip* z = static_cast<Zip*>(self.as_object());
  Tuple* iterators = as_tuple(z->iterators.peek());
  int64_t n = iterators->length;
  if (n == 0) return Ref<>();
  if (n == 2) {
    Ref<> a = inner_next(iterators->at(0));
    if (PT_LIKELY(static_cast<bool>(a))) {
      Ref<> b = inner_next(iterators->at(1));
      if (PT_LIKELY(static_cast<bool>(b))) return tuple_pair(std::move(a), std::move(b));
    }
    if (error_pending() || !z->strict.load(std::memory_order_relaxed)) return Ref<>();
    return check_strict(iterators, a ? 1 : 0);
  }
  Ref<Tuple> result = tuple_allocate(n);
  if (!result) return result;
  for (int64_t i = 0; i < n; ++i) {
    Ref<> item = next(iterators->at(i));
    if (PT_UNLIKELY(!item)) {
      if (error_pending() || !z->strict.load(std::memory_order_relaxed)) return Ref<>();
      return check_strict(iterators, i);
    }
    result->items[i].init(std::move(item));
  }
  return result;
}

Ref<> zip_reduce(const Value* a) {
  Zip* z = static_cast<Zip*>(a[0].as_object());
  if (z->strict.load(std::memory_order_relaxed)) {
    return tuple_of({Value::object(type_of(a[0])), z->iterators.peek(), boolean(true)});
  }
  return tuple_of({Value::object(type_of(a[0])), z->iterators.peek()});
}
Ref<> zip_set_state(const Value* a) {
  int strict = truth(a[1]);
  if (strict < 0) return Ref<>();
  static_cast<Zip*>(a[0].as_object())->strict.store(strict, std::memory_order_relaxed);
  return none_ref();
}
void zip_traverse(Object* o, FieldVisitor& visit) { visit(static_cast<Zip*>(o)->iterators); }

// ---- map ----

Ref<> map_construct(Type* type, const Args& args) {
  if (!own_init(type, map_type) && args.names && args.keyword_count() != 0) {
    return raise(exc::TypeError, "map() takes no keyword arguments");
  }
  if (args.count < 2) return raise(exc::TypeError, "map() must have at least two arguments.");
  Ref<Tuple> iterators = iterators_of(args.values + 1, args.count - 1);
  if (!iterators) return iterators;
  Ref<Map> m = allocate<Map>(type);
  if (!m) return m;
  m->function.init(Ref<>::retain(args.values[0]));
  m->iterators.init(std::move(iterators));
  return m;
}

Ref<> map_next(Value self) {
  Map* m = static_cast<Map*>(self.as_object());
  Tuple* iterators = as_tuple(m->iterators.peek());
  int64_t n = iterators->length;
  if (PT_LIKELY(n == 1)) {
    Ref<> item = next(iterators->at(0));
    if (PT_UNLIKELY(!item)) return item;
    return call1(m->function.peek(), item.value());
  }
  constexpr int64_t kFew = 4;
  Ref<> few[kFew];
  Value values[kFew];
  Ref<Tuple> many;
  if (n > kFew) {
    many = tuple_allocate(n);
    if (!many) return many;
  }
  // One thread fetches a group of items at a time; the function runs outside of the turn.
  std::optional<CriticalSection> turn;
  if (PT_UNLIKELY(multithreaded())) turn.emplace(m);
  for (int64_t i = 0; i < n; ++i) {
    Ref<> item = next(iterators->at(i));
    if (!item) return item;
    if (many) {
      many->items[i].init(std::move(item));
    } else {
      values[i] = item.value();
      few[i] = std::move(item);
    }
  }
  turn.reset();
  if (many) return call_tuple_dict(m->function.peek(), many.value(), Value());
  return call(m->function.peek(), Args{values, static_cast<uint32_t>(n)});
}

Ref<> map_reduce(const Value* a) {
  Map* m = static_cast<Map*>(a[0].as_object());
  Tuple* iterators = as_tuple(m->iterators.peek());
  Ref<Tuple> parts = tuple_allocate(iterators->length + 1);
  if (!parts) return parts;
  parts->items[0].init(Ref<>::retain(m->function.peek()));
  for (int64_t i = 0; i < iterators->length; ++i) parts->items[i + 1].init(Ref<>::retain(iterators->at(i)));
  return tuple_of({Value::object(type_of(a[0])), parts.value()});
}
void map_traverse(Object* o, FieldVisitor& visit) {
  visit(static_cast<Map*>(o)->function);
  visit(static_cast<Map*>(o)->iterators);
}

// ---- filter ----

Ref<> filter_construct(Type* type, const Args& args) {
  if (!own_init(type, filter_type) && args.names && args.keyword_count() != 0) {
    return raise(exc::TypeError, "filter() takes no keyword arguments");
  }
  if (args.count != 2) return raise(exc::TypeError, "filter expected 2 arguments, got %zu", size_t{args.count});
  Ref<> it = get_iter(args.values[1]);
  if (!it) return it;
  Ref<Filter> f = allocate<Filter>(type);
  if (!f) return f;
  f->function.init(Ref<>::retain(args.values[0]));
  f->iterator.init(std::move(it));
  return f;
}

Ref<> filter_next(Value self) {
  Filter* f = static_cast<Filter*>(self.as_object());
  Value function = f->function.peek();
  bool plain = is_none(function) || function.is(&bool_type);
  for (;;) {
    Ref<> item = next(f->iterator.peek());
    if (!item) return item;
    int keep;
    if (plain) {
      keep = truth(item.value());
    } else {
      Ref<> verdict = call1(function, item.value());
      if (!verdict) return verdict;
      keep = truth(verdict.value());
    }
    if (keep < 0) return Ref<>();
    if (keep) return item;
  }
}

Ref<> filter_reduce(const Value* a) {
  Filter* f = static_cast<Filter*>(a[0].as_object());
  Ref<Tuple> parts = tuple_of({f->function.peek(), f->iterator.peek()});
  if (!parts) return Ref<>();
  return tuple_of({Value::object(type_of(a[0])), parts.value()});
}
void filter_traverse(Object* o, FieldVisitor& visit) {
  visit(static_cast<Filter*>(o)->function);
  visit(static_cast<Filter*>(o)->iterator);
}

constexpr char kReduceDoc[] = "Return state information for pickling.";
constexpr NativeDef kEnumerateMethods[] = {
    {"__reduce__", "($self, /)", enumerate_reduce, kReduceDoc},
    {"__class_getitem__", "($type, object, /)", class_get_item, "See PEP 585", kClassMethod},
    {}};
constexpr NativeDef kZipMethods[] = {
    {"__reduce__", "($self, /)", zip_reduce, kReduceDoc},
    {"__setstate__", "($self, state, /)", zip_set_state, "Set state information for unpickling."},
    {}};
constexpr NativeDef kMapMethods[] = {{"__reduce__", "($self, /)", map_reduce, kReduceDoc}, {}};
constexpr NativeDef kFilterMethods[] = {{"__reduce__", "($self, /)", filter_reduce, kReduceDoc}, {}};

}  // namespace

NextPair enumerate_next_pair(Value iterator, Ref<>* first, Ref<>* second) {
  Enumerate* e = static_cast<Enumerate*>(iterator.as_object());
  *second = inner_next(e->iterator.peek());
  if (PT_UNLIKELY(!*second)) return NextPair::kEnd;
  *first = enumerate_number(e, claim_position(e->index, true));
  return PT_LIKELY(static_cast<bool>(*first)) ? NextPair::kPair : NextPair::kEnd;
}
NextPair zip_next_pair(Value iterator, Ref<>* first, Ref<>* second) {
  Zip* z = static_cast<Zip*>(iterator.as_object());
  Tuple* iterators = as_tuple(z->iterators.peek());
  if (iterators->length != 2) return NextPair::kOther;
  *first = inner_next(iterators->at(0));
  if (PT_LIKELY(static_cast<bool>(*first))) {
    *second = inner_next(iterators->at(1));
    if (PT_LIKELY(static_cast<bool>(*second))) return NextPair::kPair;
  }
  if (!error_pending() && z->strict.load(std::memory_order_relaxed)) (void)check_strict(iterators, *first ? 1 : 0);
  return NextPair::kEnd;
}

const TypeSpec enumerate_spec = {
    .name = "enumerate",
    .size = sizeof(Enumerate),
    .flags = kTypeBase,
    .slots = {.iter = self_iter, .next = in_turn_with_threads<enumerate_next>, .construct = enumerate_construct},
    .traverse = enumerate_traverse,
    .methods = kEnumerateMethods,
    .doc =
        "Return an enumerate object.\n\n  iterable\n    an object supporting iteration\n\n"
        "The enumerate object yields pairs containing a count (from start, which\n"
        "defaults to zero) and a value yielded by the iterable argument.\n\n"
        "enumerate is useful for obtaining an indexed list:\n    (0, seq[0]), (1, seq[1]), (2, seq[2]), ...",
    .signature = "(iterable, start=0)",
};
const TypeSpec zip_spec = {
    .name = "zip",
    .size = sizeof(Zip),
    .flags = kTypeBase,
    .slots = {.iter = self_iter, .next = in_turn_with_threads<zip_next>, .construct = zip_construct},
    .traverse = zip_traverse,
    .methods = kZipMethods,
    .doc =
        "zip(*iterables, strict=False) --> Yield tuples until an input is exhausted.\n\n"
        "   >>> list(zip('abcdefg', range(3), range(4)))\n   [('a', 0, 0), ('b', 1, 1), ('c', 2, 2)]\n\n"
        "The zip object yields n-length tuples, where n is the number of iterables\n"
        "passed as positional arguments to zip().  The i-th element in every tuple\n"
        "comes from the i-th iterable argument to zip().  This continues until the\n"
        "shortest argument is exhausted.\n\n"
        "If strict is true and one of the arguments is exhausted before the others,\nraise a ValueError.",
};
const TypeSpec map_spec = {
    .name = "map",
    .size = sizeof(Map),
    .flags = kTypeBase,
    .slots = {.iter = self_iter, .next = map_next, .construct = map_construct},
    .traverse = map_traverse,
    .methods = kMapMethods,
    .doc =
        "map(func, *iterables) --> map object\n\n"
        "Make an iterator that computes the function using arguments from\n"
        "each of the iterables.  Stops when the shortest iterable is exhausted.",
};
const TypeSpec filter_spec = {
    .name = "filter",
    .size = sizeof(Filter),
    .flags = kTypeBase,
    .slots = {.iter = self_iter, .next = filter_next, .construct = filter_construct},
    .traverse = filter_traverse,
    .methods = kFilterMethods,
    .doc =
        "filter(function or None, iterable) --> filter object\n\n"
        "Return an iterator yielding those items of iterable for which function(item)\n"
        "is true. If function is None, return the items that are true.",
};

}  // namespace pt
