// Building and unpacking containers, formatting, imports, pattern matching, displayhook.
#include "vm/interp/call_support.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/types/dict_inl.h"
#include "vm/types/list.h"
#include "vm/types/list_inl.h"
#include "vm/types/set.h"
#include "vm/types/str_inl.h"
#include "vm/types/tuple.h"

namespace pt {

namespace {
PT_INLINE Ref<> take_register(Value* frame, int operand) {
  Value v = promote(register_at(frame, operand));
  register_at(frame, operand) = Value();
  return Ref<>::steal(v);
}
}  // namespace

PT_OPERATION(BUILD_TUPLE, 1) {
  int n = static_cast<uint16_t>(PT_C);
  if (n == 0) {
    write(frame, PT_A, Value::borrowed_object(empty_tuple()));
    return true;
  }
  Ref<Tuple> t = tuple_allocate(n);
  if (!t) return false;
  for (int i = 0; i < n; ++i) t->items[i].init(take_register(frame, PT_B + 2 * i));
  write(frame, PT_A, Value::object(t.take()));
  return true;
}
PT_OPERATION(BUILD_LIST, 1) {
  int n = static_cast<uint16_t>(PT_C);
  Ref<List> list = list_new(n);
  if (!list) return false;
  for (int i = 0; i < n; ++i) {
    if (!list_append_private(list.get(), take_register(frame, PT_B + 2 * i))) return false;
  }
  write(frame, PT_A, Value::object(list.take()));
  return true;
}
PT_OPERATION(BUILD_SET, 1) {
  int n = static_cast<uint16_t>(PT_C);
  Ref<Set> set = set_of(&register_at(frame, PT_B), n);
  if (!set) return false;
  for (int i = 0; i < n; ++i) consume(frame, (PT_B + 2 * i) | 1);
  write(frame, PT_A, Value::object(set.take()));
  return true;
}
PT_OPERATION(BUILD_MAP, 1) {
  int n = static_cast<uint16_t>(PT_C);
  Ref<Dict> dict = dict_new(n);
  if (!dict) return false;
  for (int i = 0; i < n; ++i) {
    Ref<> key = take_register(frame, PT_B + 4 * i);
    Ref<> value = take_register(frame, PT_B + 4 * i + 2);
    if (!dict_add(dict.get(), key.value(), value.value())) return false;
  }
  write(frame, PT_A, Value::object(dict.take()));
  return true;
}
PT_OPERATION(BUILD_STRING, 1) {
  int n = static_cast<uint16_t>(PT_C);
  Ref<Str> s = str_concatenation(&register_at(frame, PT_B), n);
  if (!s) return false;
  for (int i = 0; i < n; ++i) {
    Value& part = register_at(frame, PT_B + 2 * i);
    Value old = part;
    part = Value();
    release(old);
  }
  write(frame, PT_A, Value::object(s.take()));
  return true;
}

PT_OPERATION(CONVERT_VALUE, 1) {
  Value v = PT_READ(PT_B);
  Ref<> s = PT_C == 's' ? str(v) : PT_C == 'r' ? repr(v) : ascii(v);
  if (!s) return false;
  consume(frame, PT_B);
  write(frame, PT_A, s.take());
  return true;
}
PT_OPERATION(FORMAT_VALUE, 1) {
  Ref<> s = format(PT_READ(PT_B), PT_READ(PT_C));
  if (!s) return false;
  consume(frame, PT_B);
  consume(frame, PT_C);
  write(frame, PT_A, s.take());
  return true;
}
PT_OPERATION(FORMAT_SIMPLE, 1) {
  Ref<> s = format(PT_READ(PT_B), Value());
  if (!s) return false;
  consume(frame, PT_B);
  write(frame, PT_A, s.take());
  return true;
}
PT_OPERATION(LIST_APPEND, 1) {
  if (!list_append_fast(as_list(PT_READ(PT_A)), take_operand(frame, constants, PT_B))) return false;
  consume(frame, PT_A);
  return true;
}
PT_OPERATION(LIST_EXTEND, 1) {
  Value iterable = PT_READ(PT_B);
  if (!list_extend(as_list(PT_READ(PT_A)), iterable)) {
    Type* t = type_of(iterable);
    if (pending_matches(exc::TypeError) && !t->slots.iter && !t->slots.get_item) {
      clear_error();
      raise(exc::TypeError, "Value after * must be an iterable, not %F", t);
    }
    return false;
  }
  consume(frame, PT_A);
  consume(frame, PT_B);
  return true;
}
PT_OPERATION(LIST_TO_TUPLE, 1) {
  Ref<Tuple> t = list_to_tuple(as_list(PT_READ(PT_B)));
  if (!t) return false;
  consume(frame, PT_B);
  write(frame, PT_A, Value::object(t.take()));
  return true;
}
PT_OPERATION(SET_ADD, 1) {
  if (!set_add(as_set(PT_READ(PT_A)), PT_READ(PT_B))) return false;
  consume(frame, PT_A);
  consume(frame, PT_B);
  return true;
}
PT_OPERATION(SET_UPDATE, 1) {
  if (!set_update(as_set(PT_READ(PT_A)), PT_READ(PT_B))) return false;
  consume(frame, PT_A);
  consume(frame, PT_B);
  return true;
}
PT_OPERATION(MAP_ADD, 1) {
  if (!dict_set(as_dict(PT_READ(PT_A)), PT_READ(PT_B), PT_READ(PT_C))) return false;
  consume(frame, PT_A);
  consume(frame, PT_B);
  consume(frame, PT_C);
  return true;
}
PT_OPERATION(DICT_UPDATE, 1) {
  Value mapping = PT_READ(PT_B);
  bool is_mapping = is_dict(mapping);
  if (!is_mapping) {
    Ref<> keys = find_attribute(mapping, names::keys_.str());
    if (error_pending()) return false;
    is_mapping = static_cast<bool>(keys);
  }
  if (!is_mapping) return raise(exc::TypeError, "'%T' object is not a mapping", mapping);
  if (!dict_update(as_dict(PT_READ(PT_A)), mapping)) return false;
  consume(frame, PT_A);
  consume(frame, PT_B);
  return true;
}
PT_OPERATION(DICT_MERGE, 1) {
  if (!merge_keywords(as_dict(PT_READ(PT_A)), PT_READ(PT_B), PT_READ(PT_C))) return false;
  consume(frame, PT_A);
  consume(frame, PT_B);
  return true;
}

// ---- unpacking ---------------------------------------------------------------------------------------------------------------

namespace {
Raised too_many_values(int64_t expected) { return raise(exc::ValueError, "too many values to unpack (expected %ld)", expected); }
// `before` items, then (with `star`) a list of the middle and `after` items, into registers from operand a.
bool unpack(Value* frame, uint64_t word, Value iterable, int64_t before, bool star, int64_t after) {
  Ref<> iterator;
  if (!type_of(iterable)->slots.iter && !type_of(iterable)->slots.get_item) {
    return raise(exc::TypeError, "cannot unpack non-iterable %T object", iterable);
  }
  iterator = get_iter(iterable);
  if (!iterator) return false;
  for (int64_t i = 0; i < before; ++i) {
    Ref<> item = next(iterator.value());
    if (!item) {
      if (error_pending()) return false;
      if (star) {
        return raise(exc::ValueError, "not enough values to unpack (expected at least %ld, got %ld)", before + after, i);
      }
      return raise(exc::ValueError, "not enough values to unpack (expected %ld, got %ld)", before, i);
    }
    write(frame, PT_A + 2 * static_cast<int>(i), item.take());
  }
  if (!star) {
    Ref<> extra = next(iterator.value());
    if (extra) return too_many_values(before);
    return !error_pending();
  }
  Ref<List> rest = list_from_iterable(iterator.value());
  if (!rest) return false;
  int64_t n = list_size(rest.get());
  if (n < after) {
    return raise(exc::ValueError, "not enough values to unpack (expected at least %ld, got %ld)", before + after, before + n);
  }
  for (int64_t i = 0; i < after; ++i) {
    Ref<> item = list_pop(rest.get(), n - 1 - i);
    write(frame, PT_A + 2 * static_cast<int>(before + after - i), item.take());
  }
  write(frame, PT_A + 2 * static_cast<int>(before), Value::object(rest.take()));
  return true;
}
}  // namespace
PT_SLOW_OPERATION(slow_UNPACK_SEQUENCE, 1) {
  Value v = PT_READ(PT_B);
  int64_t n = static_cast<uint16_t>(PT_C);
  // The source may lie among the destinations: it is held meanwhile.
  Ref<> keep = take_operand(frame, constants, PT_B);
  if (is_exact_tuple(v) && as_tuple(v)->length == n) {
    for (int64_t i = 0; i < n; ++i) {
      write(frame, PT_A + 2 * static_cast<int>(i), Ref<>::retain(as_tuple(v)->at(i)).take());
    }
    return true;
  }
  if (is_exact_tuple(v) || is_exact_list(v)) {
    int64_t have = is_exact_tuple(v) ? as_tuple(v)->length : list_size(as_list(v));
    if (have > n) return too_many_values(n);
    if (have < n) return raise(exc::ValueError, "not enough values to unpack (expected %ld, got %ld)", n, have);
  }
  return unpack(frame, word, v, n, false, 0);
}
PT_HANDLER(UNPACK_SEQUENCE) {
  Value v = PT_READ(PT_B);
  int64_t n = static_cast<uint16_t>(PT_C);
  if (PT_UNLIKELY(!is_exact_tuple(v) || as_tuple(v)->length != n)) PT_TAIL(slow_UNPACK_SEQUENCE);
  Tuple* t = as_tuple(v);
  // The destinations are dead temporaries (perhaps the source is one of them): nothing to release.
  Value* to = &register_at(frame, PT_A);
  if ((PT_B & 1) && v.is_counted() && owned_by_this_thread(t) && only_reference(t)) {
    // The tuple dies: it gives away what it holds.
    register_at(frame, PT_B) = Value();
    for (int64_t i = 0; i < n; ++i) {
      to[i] = t->items[i].peek();
      t->items[i].init_value(Value());
    }
    decref(t);
    PT_NEXT(1);
  }
  if (PT_B & 1) register_at(frame, PT_B) = Value();
  for (int64_t i = 0; i < n; ++i) to[i] = register_copy(t->at(i));
  if (PT_B & 1) {
    PT_SAVE_PC();
    release(v);
  }
  PT_NEXT(1);
}
PT_OPERATION(UNPACK_EX, 1) {
  Value v = PT_READ(PT_B);
  Ref<> keep = take_operand(frame, constants, PT_B);
  auto counts = static_cast<uint16_t>(PT_C);
  return unpack(frame, word, v, counts & 255, true, counts >> 8);
}

// ---- imports
// -------------------------------------------------------------------------------------------------------------------

PT_OPERATION(IMPORT_NAME, 2) {
  Str* name = thread->record->code->names[static_cast<uint32_t>(load_word(pc + 1))];
  CallRecord* record = thread->record;
  Ref<> import = builtins_lookup(thread, names::import.str());
  if (!import) {
    if (!error_pending()) raise(exc::ImportError, "__import__ not found");
    return false;
  }
  Value locals = record->locals.empty() ? none() : record->locals;
  Ref<> module_ref =
      call_values(import.value(), {Value::object(name), Value::object(record->globals), locals, PT_READ(PT_C), PT_READ(PT_B)});
  if (!module_ref) return false;
  consume(frame, PT_B);
  consume(frame, PT_C);
  write(frame, PT_A, module_ref.take());
  return true;
}
PT_OPERATION(IMPORT_FROM, 1) {
  Value from = PT_READ(PT_B);
  Str* name = thread->record->code->names[static_cast<uint16_t>(PT_C)];
  Ref<> v = find_attribute(from, name);
  if (!v) {
    if (error_pending()) return false;
    v = import_from_fallback(from, name);
    if (!v) return false;
  }
  write(frame, PT_A, v.take());
  return true;
}
PT_OPERATION(IMPORT_STAR, 1) {
  Value from = PT_READ(PT_A);
  Value locals = thread->record->locals;
  if (locals.empty()) return raise(exc::SystemError, "no locals found during 'import *'");
  Ref<> all = find_attribute(from, names::all.str());
  if (error_pending()) return false;
  bool skip_underscore = !all;
  Ref<> dict;
  if (!all) {
    dict = find_attribute(from, names::dict.str());
    if (!dict) {
      return error_pending() ? false : raise(exc::ImportError, "from-import-* object has no __dict__ and no __all__");
    }
    all = call_method(dict.value(), names::keys_.str());
    if (!all) return false;
    Ref<List> copy = list_from_iterable(all.value());
    if (!copy) return false;
    all = std::move(copy);
  }
  bool ok = for_each(all.value(), [&](Value name) {
    if (!is_str(name)) {
      Ref<> module_name = find_attribute(from, names::name.str());
      clear_error();
      return static_cast<bool>(raise(
          exc::TypeError, skip_underscore ? "Key in %V.__dict__ must be str, not %T" : "Item in %V.__all__ must be str, not %T",
          module_name ? module_name.value() : none(), name));
    }
    Str* s = as_str(name);
    if (skip_underscore && s->length && s->at(0) == '_') return true;
    Ref<> v = get_attribute(from, s);
    if (!v) return false;
    return is_exact_dict(locals) ? dict_set(as_dict(locals), name, v.value()) : set_item(locals, name, v.value());
  });
  if (!ok) return false;
  consume(frame, PT_A);
  return true;
}

// ---- pattern matching
// ------------------------------------------------------------------------------------------------------------

PT_HANDLER(MATCH_MAPPING) {
  bool is = has_flag(type_of(PT_READ(PT_B)), kTypeMapping);
  PT_SAVE_PC();
  consume(frame, PT_B);
  write(frame, PT_A, boolean(is));
  PT_NEXT(1);
}
PT_HANDLER(MATCH_SEQUENCE) {
  bool is = has_flag(type_of(PT_READ(PT_B)), kTypeSequence);
  PT_SAVE_PC();
  consume(frame, PT_B);
  write(frame, PT_A, boolean(is));
  PT_NEXT(1);
}
PT_OPERATION(MATCH_KEYS, 1) {
  Value mapping = PT_READ(PT_B), keys = PT_READ(PT_C);
  int64_t n = as_tuple(keys)->length;
  Ref<Tuple> values = tuple_allocate(n);
  Ref<Set> seen = set_new();
  Ref<> get = n ? get_attribute(mapping, names::get_.str()) : none_ref();
  if (!values || !seen || !get) return false;
  Ref<> missing = Ref<>::steal(Value::object(allocate_instance(&object_type)));
  if (!missing) return false;
  bool matched = true;
  for (int64_t i = 0; i < n && matched; ++i) {
    Value key = as_tuple(keys)->at(i);
    int duplicate = set_contains(seen.get(), key);
    if (duplicate < 0) return false;
    if (duplicate) return raise(exc::ValueError, "mapping pattern checks duplicate key (%R)", key);
    if (!set_add(seen.get(), key)) return false;
    Ref<> v = call_values(get.value(), {key, missing.value()});
    if (!v) return false;
    matched = !v.value().same(missing.value());
    if (matched) values->items[i].init(std::move(v));
  }
  consume(frame, PT_B);
  consume(frame, PT_C);
  write(frame, PT_A, matched ? Value::object(values.take()) : none());
  return true;
}

namespace {
// The attribute of a class pattern; *missing when there is none.
Ref<> match_attribute(Value subject, Type* type, Value name, Set* seen, bool* missing) {
  *missing = false;
  int duplicate = set_contains(seen, name);
  if (duplicate < 0) return Ref<>();
  if (duplicate) return raise(exc::TypeError, "%F() got multiple sub-patterns for attribute %R", type, name);
  if (!set_add(seen, name)) return Ref<>();
  Ref<> v = find_attribute(subject, as_str(name));
  if (!v && !error_pending()) *missing = true;
  return v;
}
// False: error; *result empty: no match.
bool match_class(Value subject, Value cls, Value keywords, int64_t positional, Ref<>* result) {
  if (!is_instance_of(cls, &type_type)) return raise(exc::TypeError, "called match pattern must be a class");
  auto* type = reinterpret_cast<Type*>(cls.as_object());
  int instance = is_instance(subject, cls);
  if (instance <= 0) return instance == 0;
  Ref<Set> seen = set_new();
  Ref<List> values = list_new();
  if (!seen || !values) return false;
  bool missing;
  if (positional) {
    Ref<> match_args = find_attribute(cls, names::match_args.str());
    bool match_self = false;
    if (match_args) {
      if (!is_exact_tuple(match_args.value())) {
        return raise(exc::TypeError, "%F.__match_args__ must be a tuple (got %T)", type, match_args.value());
      }
    } else {
      if (error_pending()) return false;
      match_args = Ref<Tuple>::retain(empty_tuple());
      match_self = has_flag(type, kTypeMatchSelf);
    }
    int64_t allowed = match_self ? 1 : as_tuple(match_args.value())->length;
    if (allowed < positional) {
      return raise(exc::TypeError, "%F() accepts %ld positional sub-pattern%s (%ld given)", type, allowed,
                   allowed == 1 ? "" : "s", positional);
    }
    if (match_self) {
      if (!list_append(values.get(), Ref<>::retain(subject))) return false;
    } else {
      for (int64_t i = 0; i < positional; ++i) {
        Value name = as_tuple(match_args.value())->at(i);
        if (!is_exact_str(name)) {
          return raise(exc::TypeError, "__match_args__ elements must be strings (got %T)", name);
        }
        Ref<> v = match_attribute(subject, type, name, seen.get(), &missing);
        if (!v) return missing;
        if (!list_append(values.get(), std::move(v))) return false;
      }
    }
  }
  for (int64_t i = 0; i < as_tuple(keywords)->length; ++i) {
    Ref<> v = match_attribute(subject, type, as_tuple(keywords)->at(i), seen.get(), &missing);
    if (!v) return missing;
    if (!list_append(values.get(), std::move(v))) return false;
  }
  *result = list_to_tuple(values.get());
  return static_cast<bool>(*result);
}
}  // namespace
PT_OPERATION(MATCH_CLASS, 1) {
  Ref<> result;
  if (!match_class(register_at(frame, PT_B), register_at(frame, PT_B + 2), register_at(frame, PT_B + 4),
                   static_cast<uint16_t>(PT_C), &result)) {
    return false;
  }
  write(frame, PT_B + 2, Value());
  write(frame, PT_B + 4, Value());
  write(frame, PT_A, result ? result.take() : none());
  return true;
}
PT_OPERATION(GET_LENGTH, 1) {
  int64_t n = length(PT_READ(PT_B));
  if (n < 0) return false;
  consume(frame, PT_B);
  write(frame, PT_A, Value::small_int(n));
  return true;
}
PT_OPERATION(COPY_DICT_WITHOUT, 1) {
  Ref<Dict> copy = dict_new();
  if (!copy || !dict_update(copy.get(), PT_READ(PT_B))) return false;
  Tuple* keys = as_tuple(PT_READ(PT_C));
  for (int64_t i = 0; i < keys->length; ++i) {
    if (dict_delete(copy.get(), keys->at(i)) < 0) return false;
  }
  consume(frame, PT_B);
  consume(frame, PT_C);
  write(frame, PT_A, Value::object(copy.take()));
  return true;
}

PT_OPERATION(PRINT_EXPRESSION, 1) {
  Ref<> hook = sys_get("displayhook");
  if (!hook) return error_pending() ? false : raise(exc::RuntimeError, "lost sys.displayhook");
  Ref<> result = call1(hook.value(), PT_READ(PT_A));
  if (!result) return false;
  consume(frame, PT_A);
  return true;
}

}  // namespace pt
