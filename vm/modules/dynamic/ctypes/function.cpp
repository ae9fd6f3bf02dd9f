// Function instances: where they come from, their attributes, and the parameters that paramflags describe.
#include <dlfcn.h>

#include "vm/modules/dynamic/ctypes/ctypes.h"
#include "vm/modules/support.h"
#include "vm/modules/sys/sys.h"
#include "vm/types/list.h"

namespace pt::ctypes {

namespace {

enum ParameterFlag : int { kIn = 1, kOut = 2, kLcid = 4, kDirections = 7 };

CType* type_as_ctype(const CFunction* self) { return static_cast<CType*>(self->shape()->type); }

// What the instance says, or else its type.
Ref<> setting(CFunction* self, Field CFunction::* own, Field CType::* of_type) {
  Ref<> value = (self->*own).load(self);
  if (value) return value;
  CType* type = type_as_ctype(self);
  return (type->*of_type).load(type);
}

// ---- making ------------------------------------------------------------------------------------------------------------------

// (flag, name, default): what is missing is empty. Names may be None.
struct Parameter {
  int flag = 0;
  Value name, fallback;
};
bool read_parameter(Value item, Parameter* out) {
  Tuple* tuple = is_tuple(item) ? as_tuple(item) : nullptr;
  if (!tuple || tuple->length < 1 || tuple->length > 3 || !is_int(tuple->at(0)) || !to_cint(tuple->at(0), &out->flag))
    return false;
  if (tuple->length > 1 && !is_none(tuple->at(1))) {
    if (!is_str(tuple->at(1))) return false;
    out->name = tuple->at(1);
  }
  if (tuple->length > 2) out->fallback = tuple->at(2);
  return true;
}
bool check_out_type(Value type, int position) {
  TypeInfo* info = info_of(type);
  if (info && (info->kind == Kind::kPointer || info->kind == Kind::kArray)) return true;
  if (info && info->code && (info->code->name == 'P' || info->code->name == 'z' || info->code->name == 'Z')) return true;
  return raise(exc::TypeError, "'out' parameter %d must be a pointer type, not %s", position,
               is_instance_of(type, &type_type) ? as_type(type)->layout.name : type_name(type));
}
bool check_paramflags(CType* type, Value paramflags) {
  Ref<> argtypes = type->argtypes.load(type);
  if (paramflags.empty() || !argtypes) return true;
  if (!is_tuple(paramflags)) return raise(exc::TypeError, "paramflags must be a tuple or None");
  Tuple* types = as_tuple(argtypes.value());
  Tuple* items = as_tuple(paramflags);
  if (items->length != types->length) return raise(exc::ValueError, "paramflags must have the same length as argtypes");
  for (int64_t i = 0; i < items->length; ++i) {
    Parameter parameter;
    if (!read_parameter(items->at(i), &parameter)) {
      clear_error();
      return raise(exc::TypeError, "paramflags must be a sequence of (int [,string [,value]]) tuples");
    }
    switch (parameter.flag & kDirections) {
      case 0:
      case kIn:
      case kIn | kLcid:
      case kIn | kOut: break;
      case kOut:
        if (!check_out_type(types->at(i), static_cast<int>(i + 1))) return false;
        break;
      default: return raise(exc::TypeError, "paramflag value %d not supported", parameter.flag);
    }
  }
  return true;
}

Ref<CFunction> function_new_at(CType* type, void* address) {
  Ref<CData> self = cdata_new(type);
  if (!self) return Ref<CFunction>();
  *reinterpret_cast<void**>(data_of(self.get())) = address;
  return Ref<CFunction>::steal(static_cast<CFunction*>(self.take()));
}

// The function that a library exports by a name: ((name, library), paramflags).
Ref<> from_library(CType* type, Value source, Value paramflags) {
  Tuple* pair = as_tuple(source);
  if (pair->length != 2) return raise(exc::TypeError, "illegal func_spec argument");
  Value name = pair->at(0);
  Ref<> bytes;
  if (is_bytes(name)) {
    bytes = Ref<>::retain(name);
  } else if (is_str(name)) {
    Utf8 utf8(as_str(name));
    if (!utf8.ok()) return Ref<>();
    bytes = bytes_from(utf8.view());
  } else if (!is_int(name)) {
    return raise(exc::TypeError, "function name must be string, bytes object or integer");
  }
  if (!audit("ctypes.dlsym", {pair->at(1), name})) return Ref<>();
  void* handle;
  if (!handle_of(pair->at(1), &handle)) return Ref<>();
  if (is_int(name)) return raise(exc::AttributeError, "function ordinal %V not found", name);
  if (!bytes) return Ref<>();
  void* address = dlsym(handle, reinterpret_cast<const char*>(as_bytes(bytes.value())->data));
  if (!address) return raise(exc::AttributeError, "%s", dlerror());
  if (!check_paramflags(type, paramflags)) return Ref<>();
  Ref<CFunction> self = function_new_at(type, address);
  if (!self) return Ref<>();
  if (!paramflags.empty()) self->paramflags.init(Ref<>::retain(paramflags));
  return keep_alive(self.get(), 0, Ref<>::retain(pair->at(1))) ? Ref<>(std::move(self)) : Ref<>();
}

Ref<> construct(Type* type, const Args& args) {
  CType* ctype = ctype_of(type);
  TypeInfo* info = ctype ? final_info(ctype) : nullptr;
  if (!info) return raise(exc::TypeError, "abstract class");
  if (args.count == 0) return function_new_at(ctype, nullptr);
  Value source = args.values[0];
  if (is_tuple(source)) {
    if (args.count > 2)
      return raise(exc::TypeError, "function takes at most 2 arguments (%d given)", static_cast<int>(args.count));
    Value paramflags = args.count > 1 && !is_none(args.values[1]) ? args.values[1] : Value();
    return from_library(ctype, source, paramflags);
  }
  if (args.count > 1) return raise(exc::TypeError, "function takes exactly 1 argument (%d given)", static_cast<int>(args.count));
  if (is_int(source)) {
    void* address;
    return address_argument(source, &address) ? Ref<>(function_new_at(ctype, address)) : Ref<>();
  }
  if (!is_callable(source)) return raise(exc::TypeError, "argument must be callable or integer function address");
  Ref<> argtypes = ctype->argtypes.load(ctype), restype = ctype->restype.load(ctype);
  if (!argtypes) return raise(exc::TypeError, "cannot construct instance of this class: no argtypes");
  void* code;
  Ref<> thunk = thunk_new(source, as_tuple(argtypes.value()), restype.value(), info->flags, &code);
  Ref<CFunction> self = thunk ? function_new_at(ctype, code) : Ref<CFunction>();
  if (!self) return Ref<>();
  self->callable.init(Ref<>::retain(source));
  return keep_alive(self.get(), 0, std::move(thunk)) ? Ref<>(std::move(self)) : Ref<>();
}

// ---- attributes
// -----------------------------------------------------------------------------------------------------------------

Ref<> get_restype(Value v) { return or_none_ref(setting(as_function(v), &CFunction::restype, &CType::restype)); }
bool set_restype(Value v, Value value) {
  CFunction* self = as_function(v);
  Ref<> checker;
  if (!value.empty() && !is_result_type(value, &checker)) {
    return error_pending() ? false : raise(exc::TypeError, "restype must be a type, a callable, or None");
  }
  self->checker.store(self, std::move(checker));
  self->restype.store(self, value.empty() ? Ref<>() : Ref<>::retain(value));
  return true;
}
Ref<> get_argtypes(Value v) { return or_none_ref(setting(as_function(v), &CFunction::argtypes, &CType::argtypes)); }
bool set_argtypes(Value v, Value value) {
  CFunction* self = as_function(v);
  Ref<> types, converters;
  if (given(value) && !converters_of(value, &types, &converters)) return false;
  self->converters.store(self, std::move(converters));
  self->argtypes.store(self, given(value) ? Ref<>::retain(value) : Ref<>());
  return true;
}
Ref<> get_errcheck(Value v) { return or_none_ref(as_function(v)->errcheck.load(as_function(v))); }
bool set_errcheck(Value v, Value value) {
  if (!value.empty() && !is_callable(value)) return raise(exc::TypeError, "the errcheck attribute must be callable");
  as_function(v)->errcheck.store(as_function(v), value.empty() ? Ref<>() : Ref<>::retain(value));
  return true;
}

// ---- calling
// --------------------------------------------------------------------------------------------------------------------

// The arguments of the C function, made of those of the call by the paramflags.
struct Call {
  Ref<Tuple> arguments;
  uint64_t outs = 0, in_outs = 0;  // positions
  int results = 0;

  bool build(CFunction* self, Value argtypes, const Args& args);
  Ref<> results_of(Ref<> returned);
};

// The next argument that the caller gave, by position or by name, or the default.
Ref<> next_argument(uint32_t* used, const Parameter& parameter, const Args& args) {
  if (*used < args.count) return Ref<>::retain(args.values[(*used)++]);
  for (uint32_t k = 0; !parameter.name.empty() && k < args.keyword_count(); ++k) {
    if (str_equal(as_str(args.names->at(k)), as_str(parameter.name))) {
      ++*used;
      return Ref<>::retain(args.values[args.count + k]);
    }
  }
  if (!parameter.fallback.empty()) return Ref<>::retain(parameter.fallback);
  if (!parameter.name.empty()) return raise(exc::TypeError, "required argument '%V' missing", parameter.name);
  return raise(exc::TypeError, "not enough arguments");
}
// What an 'out' parameter without a default points to: a new instance.
Ref<> new_out(Value type) {
  CType* ctype = ctype_of(type);
  TypeInfo* info = info_of(ctype);
  if (!info) return raise(exc::RuntimeError, "NULL stgdict unexpected");
  if (info->kind == Kind::kArray) return call0(type);
  if (info->kind != Kind::kPointer) {
    return raise(exc::TypeError, "%N 'out' parameter must be passed as default value", ctype);
  }
  Ref<> target = ctype->target.load(ctype);
  return target ? call0(target.value()) : Ref<>(raise(exc::TypeError, "Cannot create instance: has no _type_"));
}

bool Call::build(CFunction* self, Value argtypes, const Args& args) {
  Value flags = self->paramflags.peek();
  int64_t count = argtypes.empty() ? 0 : length(argtypes);
  if (count < 0) return false;
  if (flags.empty() || count == 0) {
    arguments = tuple_from(args.values, args.count);
    return static_cast<bool>(arguments);
  }
  Ref<List> made = list_new(count);
  if (!made) return false;
  uint32_t used = 0;
  for (int64_t i = 0; i < count; ++i) {
    Parameter parameter;
    Ref<> argument;
    if (i >= as_tuple(flags)->length || !read_parameter(as_tuple(flags)->at(i), &parameter)) {
      clear_error();
      return raise(exc::TypeError, "paramflags must be a sequence of (int [,string [,value]]) tuples");
    }
    uint64_t bit = i < 64 ? uint64_t{1} << i : 0;
    switch (parameter.flag & kDirections) {
      case kIn | kLcid: argument = parameter.fallback.empty() ? int_from_int64(0) : Ref<>::retain(parameter.fallback); break;
      case kIn | kOut:
        in_outs |= bit;
        ++results;
        [[fallthrough]];
      case 0:
      case kIn: argument = next_argument(&used, parameter, args); break;
      case kOut: {
        outs |= bit;
        ++results;
        if (!parameter.fallback.empty()) {
          argument = Ref<>::retain(parameter.fallback);
          break;
        }
        Ref<> type = get_item(argtypes, Value::small_int(i));
        if (!type) return false;
        argument = new_out(type.value());
        break;
      }
      default: return raise(exc::ValueError, "paramflag %d not yet implemented", parameter.flag);
    }
    if (!argument || !list_append(made.get(), std::move(argument))) return false;
  }
  if (args.total() != used) {
    return raise(exc::TypeError, "call takes exactly %d arguments (%zd given)", static_cast<int>(used),
                 static_cast<ssize_t>(args.total()));
  }
  arguments = list_to_tuple(made.get());
  return static_cast<bool>(arguments);
}

Ref<> Call::results_of(Ref<> returned) {
  if (!returned || !results) return returned;
  Ref<List> all = list_new(results);
  if (!all) return Ref<>();
  for (int64_t i = 0; i < arguments->length && i < 64; ++i) {
    Ref<> value;
    if (in_outs >> i & 1) {
      value = Ref<>::retain(arguments->at(i));
    } else if (outs >> i & 1) {
      value = call_method(arguments->at(i), names_of::from_outparam.str());
    } else {
      continue;
    }
    if (!value || results == 1) return value;
    if (!list_append(all.get(), std::move(value))) return Ref<>();
  }
  return list_to_tuple(all.get());
}

Ref<> call_slot(Value v, const Args& args) {
  CFunction* self = as_function(v);
  TypeInfo* info = info_of(self);
  Ref<> restype = setting(self, &CFunction::restype, &CType::restype);
  Ref<> converters = setting(self, &CFunction::converters, &CType::converters);
  Ref<> checker = setting(self, &CFunction::checker, &CType::checker);
  Ref<> errcheck = self->errcheck.load(self);
  void* address = address_in(self);
  Call call_state;
  const Value* values = args.values;
  uint32_t count = args.count;
  // Most calls have nothing to rearrange.
  if (errcheck || !self->paramflags.peek().empty()) {
    Ref<> argtypes = setting(self, &CFunction::argtypes, &CType::argtypes);
    if (!call_state.build(self, argtypes.value(), args)) return Ref<>();
    count = static_cast<uint32_t>(call_state.arguments->length);
    values = reinterpret_cast<const Value*>(call_state.arguments->items);
  }
  if (converters) {
    auto required = static_cast<uint32_t>(as_tuple(converters.value())->length);
    bool at_least = info->flags & kFlagCdecl;
    if (at_least ? required > count : required != count) {
      return raise(exc::TypeError, "this function takes %s%d argument%s (%d given)", at_least ? "at least " : "",
                   static_cast<int>(required), required == 1 ? "" : "s", static_cast<int>(count));
    }
  }
  if (!address) return raise(exc::ValueError, "NULL function pointer");
  Ref<> result = call_function(address, values, count, info->flags, converters.value(), restype.value(), checker.value());
  if (result && errcheck) {
    Ref<> checked = call_values(errcheck.value(), {result.value(), v, call_state.arguments.value()});
    if (!checked || !checked.value().is(call_state.arguments.get())) return checked;
  }
  return call_state.results_of(std::move(result));
}

int truth_of(Value v) { return address_in(as_cdata(v)) != nullptr; }

void traverse(Object* o, FieldVisitor& visit) {
  cdata_type.layout.traverse(o, visit);
  auto* self = static_cast<CFunction*>(o);
  for (Field* f : {&self->argtypes, &self->converters, &self->restype, &self->checker, &self->errcheck, &self->callable,
                   &self->paramflags}) {
    visit(*f);
  }
}
void clear_own(CFunction* self) {
  for (Field* f : {&self->argtypes, &self->converters, &self->restype, &self->checker, &self->errcheck, &self->callable,
                   &self->paramflags}) {
    f->clear();
  }
}
void clear(Object* o) {
  clear_own(static_cast<CFunction*>(o));
  cdata_type.layout.clear(o);
}
void destroy(Object* o) {
  clear_own(static_cast<CFunction*>(o));
  cdata_type.layout.destroy(o);
}

const GetSetDef kGetSets[] = {
    {"errcheck", get_errcheck, set_errcheck, "called with the result, the function and the arguments; gives the final result"},
    {"restype", get_restype, set_restype, "the type of the result"},
    {"argtypes", get_argtypes, set_argtypes, "the types of the arguments"},
    {}};

}  // namespace

constinit CType function_type = {};
extern const TypeSpec function_spec;
const TypeSpec function_spec = {.name = "_ctypes.CFuncPtr",
                                .size = sizeof(CFunction),
                                .flags = kTypeBase,
                                .base = &cdata_type,
                                .slots = {.truth = truth_of, .repr = repr_object, .call = call_slot, .construct = construct},
                                .traverse = traverse,
                                .clear = clear,
                                .destroy = destroy,
                                .getsets = kGetSets,
                                .doc = "The address of a C function."};

}  // namespace pt::ctypes
