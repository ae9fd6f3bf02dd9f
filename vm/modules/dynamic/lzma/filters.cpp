// Filter chains of _lzma: dicts to liblzma's structures and back.
#include <cstdlib>

#include "vm/modules/dynamic/lzma/lzma_module.h"
#include "vm/types/list.h"

namespace pt::xz {
namespace {

// An entry of a filter dict as a number of the field's type; missing: left alone.
template <class T>
bool read_option(Value spec, const char* name, T* out) {
  Ref<Str> key = str_from_ascii(name);
  Ref<> value = key ? get_item(spec, key.value()) : Ref<>();
  if (!value) return error_pending() && pending_matches(exc::KeyError) ? (clear_error(), true) : false;
  unsigned number;
  if (!to_cuint(value.value(), &number)) return false;
  *out = static_cast<T>(number);
  return true;
}
bool only_these_keys(Value spec, std::initializer_list<const char*> names, const char* message) {
  return for_each(spec, [&](Value key) {
    for (const char* name : names) {
      if (is_str(key) && as_str(key)->equals_ascii(name)) return true;
    }
    return static_cast<bool>(raise(exc::ValueError, "%s", message));
  });
}

void* lzma_options(Value spec) {
  uint32_t preset = LZMA_PRESET_DEFAULT;
  if (!only_these_keys(spec, {"id", "preset", "dict_size", "lc", "lp", "pb", "mode", "nice_len", "mf", "depth"},
                       "Invalid filter specifier for LZMA filter") ||
      !read_option(spec, "preset", &preset)) {
    return nullptr;
  }
  auto* options = static_cast<lzma_options_lzma*>(std::calloc(1, sizeof(lzma_options_lzma)));
  if (!options) {
    raise_no_memory();
    return nullptr;
  }
  if (lzma_lzma_preset(options, preset)) {
    std::free(options);
    raise(as_type(g_error), "Invalid compression preset: %ld", static_cast<long>(preset));
    return nullptr;
  }
  if (read_option(spec, "dict_size", &options->dict_size) && read_option(spec, "lc", &options->lc) &&
      read_option(spec, "lp", &options->lp) && read_option(spec, "pb", &options->pb) &&
      read_option(spec, "mode", &options->mode) && read_option(spec, "nice_len", &options->nice_len) &&
      read_option(spec, "mf", &options->mf) && read_option(spec, "depth", &options->depth)) {
    return options;
  }
  std::free(options);
  return nullptr;
}
void* delta_options(Value spec) {
  uint32_t distance = 1;
  if (!only_these_keys(spec, {"id", "dist"}, "Invalid filter specifier for delta filter") ||
      !read_option(spec, "dist", &distance))
    return nullptr;
  auto* options = static_cast<lzma_options_delta*>(std::calloc(1, sizeof(lzma_options_delta)));
  if (!options) {
    raise_no_memory();
    return nullptr;
  }
  options->type = LZMA_DELTA_TYPE_BYTE;
  options->dist = distance;
  return options;
}
void* branch_options(Value spec) {
  uint32_t start = 0;
  if (!only_these_keys(spec, {"id", "start_offset"}, "Invalid filter specifier for BCJ filter") ||
      !read_option(spec, "start_offset", &start)) {
    return nullptr;
  }
  auto* options = static_cast<lzma_options_bcj*>(std::calloc(1, sizeof(lzma_options_bcj)));
  if (!options) {
    raise_no_memory();
    return nullptr;
  }
  options->start_offset = start;
  return options;
}

bool set_number(Dict* dict, const char* name, uint64_t number) {
  Ref<> value = int_from_uint64(number);
  return value && dict_set_text(dict, name, value.value());
}

}  // namespace

FilterChain::~FilterChain() {
  for (int i = 0; i < count_; ++i) std::free(filters_[i].options);
}

bool FilterChain::add(Value spec) {
  if (is_int(spec) || is_str(spec) || !type_of(spec)->slots.get_item) {
    return raise(exc::TypeError, "Filter specifier must be a dict or dict-like object");
  }
  Ref<Str> key = str_from_ascii("id");
  Ref<> id = key ? get_item(spec, key.value()) : Ref<>();
  if (!id) {
    if (error_pending() && clear_if(exc::KeyError)) return raise(exc::ValueError, "Filter specifier must have an \"id\" entry");
    return false;
  }
  uint64_t number;
  if (!to_culong(id.value(), &number)) return false;
  void* options;
  switch (number) {
    case LZMA_FILTER_LZMA1:
    case LZMA_FILTER_LZMA2: options = lzma_options(spec); break;
    case LZMA_FILTER_DELTA: options = delta_options(spec); break;
    case LZMA_FILTER_X86:
    case LZMA_FILTER_POWERPC:
    case LZMA_FILTER_IA64:
    case LZMA_FILTER_ARM:
    case LZMA_FILTER_ARMTHUMB:
    case LZMA_FILTER_SPARC: options = branch_options(spec); break;
    default: return raise(exc::ValueError, "Invalid filter ID: %ld", static_cast<long>(number));
  }
  if (!options) return false;
  filters_[count_].id = number;
  filters_[count_].options = options;
  filters_[++count_].id = LZMA_VLI_UNKNOWN;
  return true;
}

bool FilterChain::read(Value specs) {
  if (is_dict(specs)) return raise(exc::TypeError, "'%T' object is not a sequence of filters", specs);
  Ref<Tuple> list = tuple_from_iterable(specs);
  if (!list) return false;
  if (list->length > LZMA_FILTERS_MAX) {
    return raise(exc::ValueError, "Too many filters - liblzma supports a maximum of %d", static_cast<int>(LZMA_FILTERS_MAX));
  }
  for (int64_t i = 0; i < list->length; ++i) {
    if (!add(list->at(i))) return false;
  }
  return true;
}

Ref<> encode_filter_properties(const Value* a) {
  FilterChain chain;
  if (!chain.add(a[0])) return Ref<>();
  uint32_t size;
  if (!check(lzma_properties_size(&size, chain.data()))) return Ref<>();
  Ref<Bytes> result = bytes_allocate(size);
  if (!result || !check(lzma_properties_encode(chain.data(), result->data))) return Ref<>();
  return result;
}

Ref<> decode_filter_properties(const Value* a) {
  uint64_t id;
  BufferView view(a[1]);
  if (!to_culong(a[0], &id) || !view.ok()) return Ref<>();
  lzma_filter filter = {};
  filter.id = id;
  if (!check(lzma_properties_decode(&filter, nullptr, view.data(), static_cast<size_t>(view.size())))) return Ref<>();
  Ref<Dict> spec = dict_new();
  bool ok = spec && set_number(spec.get(), "id", id);
  if (ok && (id == LZMA_FILTER_LZMA1 || id == LZMA_FILTER_LZMA2)) {
    auto* options = static_cast<lzma_options_lzma*>(filter.options);
    ok = set_number(spec.get(), "dict_size", options->dict_size);
    if (id == LZMA_FILTER_LZMA1) {
      ok = ok && set_number(spec.get(), "lc", options->lc) && set_number(spec.get(), "lp", options->lp) &&
           set_number(spec.get(), "pb", options->pb);
    }
  } else if (ok && id == LZMA_FILTER_DELTA) {
    ok = set_number(spec.get(), "dist", static_cast<lzma_options_delta*>(filter.options)->dist);
  } else if (ok && filter.options) {
    ok = set_number(spec.get(), "start_offset", static_cast<lzma_options_bcj*>(filter.options)->start_offset);
  }
  std::free(filter.options);
  return ok ? Ref<>(std::move(spec)) : Ref<>();
}

}  // namespace pt::xz
