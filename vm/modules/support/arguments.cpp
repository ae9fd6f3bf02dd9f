#include "vm/modules/support/arguments.h"

#include "gc/platform/futex.h"

#include <climits>
#include <cmath>
#include <cstring>
#include <ctime>

#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/types/dict.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/tuple.h"

namespace pt {

bool to_cint(Value v, int* out) {
  if (v.empty()) return true;
  Ref<> number = index(v);
  if (!number) return false;
  int64_t wide;
  if (!int_to_int64(number.value(), &wide) || wide > INT_MAX || wide < INT_MIN) {
    return raise(exc::OverflowError, "Python int too large to convert to C int");
  }
  *out = static_cast<int>(wide);
  return true;
}

bool to_int_argument(Value v, int* out) {
  Ref<> number = index(v);
  if (!number) return false;
  int64_t i;
  if (!int_to_int64(number.value(), &i)) return raise(exc::OverflowError, "Python int too large to convert to C long");
  if (i > INT_MAX) return raise(exc::OverflowError, "signed integer is greater than maximum");
  if (i < INT_MIN) return raise(exc::OverflowError, "signed integer is less than minimum");
  *out = static_cast<int>(i);
  return true;
}

bool to_cuint(Value v, unsigned* out) {
  if (v.empty()) return true;
  Ref<> number = index(v);
  if (!number) return false;
  int64_t wide;
  if (!int_to_int64(number.value(), &wide)) return raise(exc::OverflowError, "Python int too large to convert to C unsigned int");
  if (wide < 0) return raise(exc::ValueError, "value must be positive");
  if (wide > UINT_MAX) return raise(exc::OverflowError, "Python int too large for C unsigned int");
  *out = static_cast<unsigned>(wide);
  return true;
}

bool to_clong(Value v, int64_t* out) {
  if (v.empty()) return true;
  return to_int64(v, out);
}

bool to_culong(Value v, uint64_t* out) {
  if (v.empty()) return true;
  Ref<> number = index(v);
  if (!number) return false;
  if (int_sign(number.value()) < 0) return raise(exc::OverflowError, "can't convert negative int to unsigned");
  if (!int_to_uint64(number.value(), out)) {
    return raise(exc::OverflowError, "Python int too large to convert to C unsigned long");
  }
  return true;
}

bool to_flag(Value v, bool* out) {
  if (v.empty()) return true;
  int t = truth(v);
  if (t < 0) return false;
  *out = t != 0;
  return true;
}

bool to_descriptor(Value v, int* out) {
  Ref<> held;
  if (is_int(v)) {
    held = Ref<>::retain(v);
  } else {
    Ref<> method = find_attribute(v, names::fileno_.str());
    if (!method) {
      if (error_pending()) return false;
      return raise(exc::TypeError, "argument must be an int, or have a fileno() method.");
    }
    held = call0(method.value());
    if (!held) return false;
    if (!is_int(held.value())) return raise(exc::TypeError, "fileno() returned a non-integer");
  }
  if (!to_cint(held.value(), out)) return false;
  if (*out < 0) {
    return raise(exc::ValueError, "file descriptor cannot be a negative integer (%d)", *out);
  }
  return true;
}

Str* to_str_argument(Value v, const char* function, const char* what) {
  if (is_str(v)) return as_str(v);
  return raise(exc::TypeError, "%s() %s must be str, not %T", function, what, v);
}

Ref<> fspath(Value path) {
  if (is_str(path) || is_bytes(path)) return Ref<>::retain(path);
  Ref<> method = lookup_special(path, names::fspath.str());
  if (!method) {
    if (error_pending()) return Ref<>();
    return raise(exc::TypeError, "expected str, bytes or os.PathLike object, not %N", type_of(path));
  }
  Ref<> result = call0(method.value());
  if (!result) return Ref<>();
  if (!is_str(result.value()) && !is_bytes(result.value())) {
    return raise(exc::TypeError, "expected %T.__fspath__() to return str or bytes, not %T", path, result.value());
  }
  return result;
}

Ref<Bytes> fs_encode(Value path) {
  Ref<> object = fspath(path);
  if (!object) return Ref<Bytes>();
  Ref<Bytes> bytes;
  if (is_bytes(object.value())) {
    bytes = Ref<Bytes>::retain(as_bytes(object.value()));
  } else {
    Utf8 utf8(as_str(object.value()), true);
    if (!utf8.ok()) return Ref<Bytes>();
    bytes = bytes_from(utf8.view());
    if (!bytes) return Ref<Bytes>();
  }
  if (std::memchr(bytes->data, 0, static_cast<size_t>(bytes->length))) return raise(exc::ValueError, "embedded null byte");
  return bytes;
}

Ref<Str> fs_decode(std::string_view bytes) { return str_from_filesystem(bytes); }

bool PathArgument::convert(Value v, const char* function, const char* name, int options) {
  bool nullable = options & kNullable, allow_descriptor = options & kDescriptor;
  if (nullable && (v.empty() || is_none(v))) {
    is_default_ = true;
    object_ = none_ref();
    return true;
  }
  if (is_str(v) || pt::is_bytes(v)) {
    object_ = Ref<>::retain(v);
  } else if (allow_descriptor && is_int(v)) {
    if (!to_cint(v, &descriptor_)) return false;
    is_descriptor_ = true;
    object_ = Ref<>::retain(v);
    text_ = nullptr;
    return true;
  } else {
    Ref<> method = lookup_special(v, names::fspath.str());
    if (!method && error_pending()) return false;
    if (method) {
      object_ = call0(method.value());
      if (!object_) return false;
      if (!is_str(object_.value()) && !pt::is_bytes(object_.value())) {
        return raise(exc::TypeError, "expected %T.__fspath__() to return str or bytes, not %T", v, object_.value());
      }
    } else if (allow_descriptor && !is_float(v)) {
      Ref<> number = lookup_special(v, names::index.str());
      if (!number && error_pending()) return false;
      if (number) {
        Ref<> converted = index(v);
        if (!converted || !to_cint(converted.value(), &descriptor_)) return false;
        is_descriptor_ = true;
        object_ = std::move(converted);
        text_ = nullptr;
        return true;
      }
    }
    if (!object_) {
      const char* expected = allow_descriptor && nullable ? "string, bytes, os.PathLike, integer or None"
                             : allow_descriptor           ? "string, bytes, os.PathLike or integer"
                             : nullable                   ? "string, bytes, os.PathLike or None"
                                                          : "string, bytes or os.PathLike";
      return raise(exc::TypeError, "%s%s%s should be %s, not %T", function ? function : "", function ? ": " : "", name, expected,
                   v);
    }
  }
  if (pt::is_bytes(object_.value())) {
    is_bytes_ = true;
    bytes_ = Ref<Bytes>::retain(as_bytes(object_.value()));
  } else {
    Utf8 utf8(as_str(object_.value()), true);
    if (!utf8.ok()) return false;
    bytes_ = bytes_from(utf8.view());
    if (!bytes_) return false;
  }
  text_ = reinterpret_cast<const char*>(bytes_->data);
  size_ = static_cast<size_t>(bytes_->length);
  if (std::memchr(text_, 0, size_)) {
    return raise(exc::ValueError, "%s%sembedded null character in %s", function ? function : "", function ? ": " : "", name);
  }
  return true;
}

Ref<> PathArgument::result(std::string_view text) const {
  if (is_bytes_) return bytes_from(text);
  return fs_decode(text);
}

Raised raise_os_error(Value filename, Value filename2) {
  if (error_pending()) return {};
  return raise_errno(exc::OSError, filename, filename2);
}

Ref<> call_keywords(Value callable, std::initializer_list<Value> values, std::initializer_list<const char*> names) {
  Ref<Tuple> keywords = tuple_allocate(static_cast<int64_t>(names.size()));
  if (!keywords) return Ref<>();
  int64_t i = 0;
  for (const char* name : names) keywords->items[i++].init(Ref<>::retain(Value::object(intern(name))));
  Args args{values.begin(), static_cast<uint32_t>(values.size() - names.size()), keywords.get()};
  return call(callable, args);
}

bool module_add_ints(Module* module, const IntConstant* constants) {
  for (; constants->name; ++constants) {
    if (!module_add_int(module, constants->name, constants->value)) return false;
  }
  return true;
}

Ref<> make_exception_class(const char* qualified_name, Value base, const char* doc) {
  const char* dot = std::strrchr(qualified_name, '.');
  Ref<Str> module_name = str_from_ascii({qualified_name, static_cast<size_t>(dot - qualified_name)});
  Ref<Str> name = str_from_ascii(dot + 1);
  Ref<Dict> ns = dict_new();
  Ref<Tuple> bases = is_tuple(base) ? Ref<Tuple>::retain(as_tuple(base)) : tuple_of({base});
  if (!module_name || !name || !ns || !bases) return Ref<>();
  if (!dict_set_str(ns.get(), names::module.str(), module_name.value())) return Ref<>();
  if (doc) {
    Ref<Str> text = str_from_utf8(doc);
    if (!text || !dict_set_str(ns.get(), names::doc.str(), text.value())) return Ref<>();
  }
  return call_values(Value::object(&type_type), {name.value(), bases.value(), ns.value()});
}

}  // namespace pt
