#include "vm/types/exception_group.h"

#include <vector>

#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/types/function.h"
#include "vm/types/generic_alias.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

ExceptionGroupObject* as_group(Value v) { return reinterpret_cast<ExceptionGroupObject*>(v.as_object()); }
bool is_group(Value v) { return v.is_object() && is_subtype(type_of(v), exc::BaseExceptionGroup); }
Tuple* members(Value group) { return as_tuple(as_group(group)->exceptions.peek()); }

// What split() and subgroup() select by.
struct Matcher {
  Value condition;
  bool by_type;
  // -1 error
  int matches(Value exception) const {
    if (by_type) return exception_matches(exception, condition);
    Ref<> result = call1(condition, exception);
    return result ? truth(result.value()) : -1;
  }
};
bool make_matcher(Value condition, Matcher* out) {
  out->condition = condition;
  if (is_exception_type(condition)) {
    out->by_type = true;
    return true;
  }
  if (is_tuple(condition)) {
    out->by_type = true;
    for (int64_t i = 0; i < as_tuple(condition)->length; ++i) {
      if (!is_exception_type(as_tuple(condition)->at(i))) out->by_type = false;
    }
    if (out->by_type) return true;
  } else if (is_function(condition)) {
    out->by_type = false;
    return true;
  }
  return raise(exc::TypeError, "expected a function, exception type or tuple of exception types");
}

// group.derive(exceptions) with the metadata of `group` copied.
Ref<> derive(Value group, const std::vector<Ref<>>& exceptions) {
  Ref<List> list = list_new(static_cast<int64_t>(exceptions.size()));
  if (!list) return list;
  for (const Ref<>& e : exceptions) {
    if (!list_append(list.get(), e.copy())) return Ref<>();
  }
  Ref<> result = call_method(group, "derive", {list.value()});
  if (!result) return result;
  if (!is_group(result.value())) return raise(exc::TypeError, "derive must return an instance of BaseExceptionGroup");
  BaseException* from = as_exception(group);
  Ref<> traceback = from->traceback.load(from), context = from->context.load(from), cause = from->cause.load(from);
  set_exception_traceback(result.value(), traceback.value());
  set_exception_context(result.value(), context.value());
  uint64_t suppress = from->suppress_context;
  set_exception_cause(result.value(), cause.value());
  as_exception(result.value())->suppress_context = suppress;
  Ref<> notes = find_attribute(group, names::notes.str());
  if (notes && is_list(notes.value())) {
    Ref<List> copy = list_from_iterable(notes.value());
    if (!copy || !set_attribute(result.value(), names::notes.str(), copy.value())) return Ref<>();
  } else if (error_pending()) {
    return Ref<>();
  }
  return result;
}

// False on error; an absent part stays empty. `want_rest` false: subgroup().
bool split(Value exception, const Matcher& matcher, bool want_rest, Ref<>* match, Ref<>* rest) {
  RecursionGuard guard(" in exceptiongroup_split_recursive");
  if (!guard) return false;
  int whole = matcher.matches(exception);
  if (whole < 0) return false;
  if (whole) {
    *match = Ref<>::retain(exception);
    return true;
  }
  if (!is_group(exception)) {
    if (want_rest) *rest = Ref<>::retain(exception);
    return true;
  }
  std::vector<Ref<>> matched, others;
  Ref<> keep = as_group(exception)->exceptions.load(exception.as_object());
  for (int64_t i = 0; i < as_tuple(keep.value())->length; ++i) {
    Ref<> m, r;
    if (!split(as_tuple(keep.value())->at(i), matcher, want_rest, &m, &r)) return false;
    if (m) matched.push_back(std::move(m));
    if (r) others.push_back(std::move(r));
  }
  if (!matched.empty() && !(*match = derive(exception, matched))) return false;
  if (want_rest && !others.empty() && !(*rest = derive(exception, others))) return false;
  return true;
}

Ref<> or_none(Ref<> v) { return v ? std::move(v) : none_ref(); }

Ref<> group_split(const Value* a) {
  Matcher matcher;
  Ref<> match, rest;
  if (!make_matcher(a[1], &matcher) || !split(a[0], matcher, true, &match, &rest)) return Ref<>();
  match = or_none(std::move(match));
  rest = or_none(std::move(rest));
  return tuple_of({match.value(), rest.value()});
}
Ref<> group_subgroup(const Value* a) {
  Matcher matcher;
  Ref<> match, rest;
  if (!make_matcher(a[1], &matcher) || !split(a[0], matcher, false, &match, &rest)) return Ref<>();
  return or_none(std::move(match));
}
Ref<> group_derive(const Value* a) {
  return call_values(Value::object(exc::BaseExceptionGroup), {as_group(a[0])->message.peek(), a[1]});
}
Ref<> group_class_getitem(const Value* a) { return generic_alias_new(a[0], a[1]); }

}  // namespace

Ref<> exception_group_construct(Type* type, const Args& args) {
  Value v[2];
  if (args.total() != 2) {
    return raise(exc::TypeError, "BaseExceptionGroup.__new__() takes exactly 2 arguments (%d given)",
                 static_cast<int>(args.total()));
  }
  v[0] = args.values[0];
  v[1] = args.values[1];
  if (!is_str(v[0])) return raise(exc::TypeError, "BaseExceptionGroup.__new__() argument 1 must be str, not %T", v[0]);
  Ref<> iter = type_of(v[1])->slots.get_item || type_of(v[1])->slots.length ? Ref<>::retain(v[1]) : Ref<>();
  if (!iter || has_flag(type_of(v[1]), kTypeDictSubclass | kTypeSetSubclass)) {
    return raise(exc::TypeError, "second argument (exceptions) must be a sequence");
  }
  Ref<Tuple> exceptions = tuple_from_iterable(v[1]);
  if (!exceptions) return Ref<>();
  if (exceptions->length == 0) {
    return raise(exc::ValueError, "second argument (exceptions) must be a non-empty sequence");
  }
  bool all_exceptions = true;
  for (int64_t i = 0; i < exceptions->length; ++i) {
    if (!is_exception(exceptions->at(i))) {
      return raise(exc::ValueError, "Item %ld of second argument (exceptions) is not an exception", i);
    }
    all_exceptions &= is_instance_of(exceptions->at(i), exc::Exception);
  }
  if (type == exc::ExceptionGroup && !all_exceptions) {
    return raise(exc::TypeError, "Cannot nest BaseExceptions in an ExceptionGroup");
  }
  if (type == exc::BaseExceptionGroup && all_exceptions) type = exc::ExceptionGroup;
  if (is_subtype(type, exc::Exception) && type != exc::ExceptionGroup && !all_exceptions) {
    return raise(exc::TypeError, "Cannot nest BaseExceptions in '%F'", type);
  }
  Ref<> e = exc::BaseException->slots.construct(type, args);
  if (!e) return e;
  as_group(e.value())->message.init(Ref<>::retain(v[0]));
  as_group(e.value())->exceptions.init(std::move(exceptions));
  return e;
}
bool exception_group_init(Value self, const Args& args) {
  if (args.keyword_count()) return raise(exc::TypeError, "BaseExceptionGroup() takes no keyword arguments");
  return exc::BaseException->slots.init(self, args);
}
Ref<> exception_group_str(Value self) {
  int64_t n = members(self)->length;
  return str_format("%V (%ld sub-exception%s)", as_group(self)->message.peek(), n, n == 1 ? "" : "s");
}
Ref<> exception_group_repr(Value self) {
  return str_format("%T(%R, %R)", self, as_group(self)->message.peek(), as_tuple(as_exception(self)->args.peek())->at(1));
}
const NativeDef kExceptionGroupMethods[] = {
    {"derive", "($self, object, /)", group_derive, "A group of the same kind with other exceptions."},
    {"split", "($self, object, /)", group_split, "The parts that match and that do not."},
    {"subgroup", "($self, object, /)", group_subgroup, "The part that matches."},
    {"__class_getitem__", "($type, object, /)", group_class_getitem, "See PEP 585", kClassMethod},
    {}};
const MemberDef kExceptionGroupMembers[] = {
    {"message", static_cast<uint32_t>(__builtin_offsetof(ExceptionGroupObject, message)), false, "exception message"},
    {"exceptions", static_cast<uint32_t>(__builtin_offsetof(ExceptionGroupObject, exceptions)), false, "nested exceptions"},
    {}};

bool exception_group_match(Value exception, Value type, Ref<>* match, Ref<>* rest) {
  // Naked exceptions are wrapped so that handlers always see a group.
  auto is_group_class = [](Value t) {
    return t.is_object() && is_exception_type(t) && is_subtype(reinterpret_cast<Type*>(t.as_object()), exc::BaseExceptionGroup);
  };
  bool bad = is_group_class(type);
  if (is_tuple(type)) {
    for (int64_t i = 0; i < as_tuple(type)->length; ++i) bad |= is_group_class(as_tuple(type)->at(i));
  }
  if (bad) {
    return raise(exc::TypeError, "catching ExceptionGroup with except* is not allowed. Use except instead.");
  }
  int whole = exception_matches(exception, type);
  if (whole < 0) return false;
  if (whole) {
    if (is_group(exception)) {
      *match = Ref<>::retain(exception);
      return true;
    }
    Ref<Tuple> one = tuple_of({exception});
    Ref<Str> empty = str_from_ascii("");
    if (!one || !empty) return false;
    *match = call_values(Value::object(exc::ExceptionGroup), {empty.value(), one.value()});
    if (!*match && pending_matches(exc::TypeError)) {
      clear_error();
      *match = call_values(Value::object(exc::BaseExceptionGroup), {empty.value(), one.value()});
    }
    if (!*match) return false;
    Ref<> traceback = exception_traceback(exception);
    set_exception_traceback(match->value(), traceback.value());
    return true;
  }
  if (!is_group(exception)) {
    *rest = Ref<>::retain(exception);
    return true;
  }
  Matcher matcher{type, true};
  return split(exception, matcher, true, match, rest);
}

namespace {
// Leaves of `group` by identity.
void collect_leaves(Value exception, std::vector<Value>* out) {
  if (!is_group(exception)) {
    out->push_back(exception);
    return;
  }
  for (int64_t i = 0; i < members(exception)->length; ++i) collect_leaves(members(exception)->at(i), out);
}
// The part of `original` whose leaves are in `leaves`.
bool project(Value original, const std::vector<Value>& leaves, Ref<>* out) {
  if (!is_group(original)) {
    for (Value leaf : leaves) {
      if (leaf.same(original)) *out = Ref<>::retain(original);
    }
    return true;
  }
  std::vector<Ref<>> kept;
  for (int64_t i = 0; i < members(original)->length; ++i) {
    Ref<> part;
    if (!project(members(original)->at(i), leaves, &part)) return false;
    if (part) kept.push_back(std::move(part));
  }
  if (kept.empty()) return true;
  if (static_cast<int64_t>(kept.size()) == members(original)->length) {
    bool same = true;
    for (size_t i = 0; i < kept.size(); ++i) same &= kept[i].value().same(members(original)->at(static_cast<int64_t>(i)));
    if (same) {
      *out = Ref<>::retain(original);
      return true;
    }
  }
  *out = derive(original, kept);
  return static_cast<bool>(*out);
}
bool same_metadata(Value a, Value b) {
  BaseException* x = as_exception(a);
  BaseException* y = as_exception(b);
  return x->traceback.peek().same(y->traceback.peek()) && x->cause.peek().same(y->cause.peek()) &&
         x->context.peek().same(y->context.peek());
}
}  // namespace

Ref<> prepare_reraise_star(Value original, Value list) {
  std::vector<Ref<>> raised;
  std::vector<Value> unhandled_leaves;
  Ref<Tuple> items = tuple_from_iterable(list);
  if (!items) return items;
  for (int64_t i = 0; i < items->length; ++i) {
    Value e = items->at(i);
    if (is_none(e)) continue;
    if (!is_group(original)) return Ref<>::retain(e);  // a naked exception was raised or not handled
    if (is_group(e) && same_metadata(e, original)) {
      collect_leaves(e, &unhandled_leaves);
    } else if (e.same(original)) {
      collect_leaves(e, &unhandled_leaves);
    } else {
      raised.push_back(Ref<>::retain(e));
    }
  }
  Ref<> reraised;
  if (!unhandled_leaves.empty() && !project(original, unhandled_leaves, &reraised)) return Ref<>();
  if (raised.empty()) return or_none(std::move(reraised));
  if (reraised) raised.push_back(std::move(reraised));
  Ref<List> all = list_new(static_cast<int64_t>(raised.size()));
  Ref<Str> empty = str_from_ascii("");
  if (!all || !empty) return Ref<>();
  for (Ref<>& e : raised) {
    if (!list_append(all.get(), std::move(e))) return Ref<>();
  }
  return call_values(Value::object(exc::BaseExceptionGroup), {empty.value(), all.value()});
}

}  // namespace pt
