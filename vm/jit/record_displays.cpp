// Recording of displays of sets and dicts, of what comprehensions add to them, and of f-strings.
#include "vm/jit/recorder.h"
#include "vm/types/dict.h"
#include "vm/types/dict_pattern.h"
#include "vm/types/set.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt::jit {

// Hashed and compared without Python code, whatever is seen next time, or else where anybody may look at the frames.
bool Recorder::may_hash(int32_t where) const {
  Value v = base_frame_[where];
  return !v.empty() && (!handling() || is_scalar(v));
}

bool Recorder::build_set(uint64_t word) {
  int count = PT_C;
  int32_t first = at(PT_B);
  if (count > kMaxArguments) return fall_back();
  for (int i = 0; i < count; ++i) {
    if (!may_hash(first + i)) return fall_back();
  }
  Reference items[kMaxArguments];
  for (int i = 0; i < count; ++i) items[i] = boxed(first + i);
  store_arguments({items, static_cast<size_t>(count)});
  Reference made = emit(Op::kBuildSet, kNoReference, kNoReference, count);
  consume_window(first, static_cast<uint32_t>(count), -kSlotBias);
  set_owned(at(PT_A), made);
  go(1);
  return true;
}

// The keys of a dict display, if they are constants, and strs that differ; otherwise nullptr. Kept.
const Tuple* Recorder::display_keys(int32_t first, int count) {
  if (count == 0) return nullptr;
  for (int i = 0; i < count; ++i) {
    Value key = base_frame_[first + 2 * i];
    if (!ir_.is_constant(slot(first + 2 * i)) || !is_exact_str(key)) return nullptr;
    for (int j = 0; j < i; ++j) {
      if (str_equal(as_str(key), as_str(base_frame_[first + 2 * j]))) return nullptr;
    }
  }
  Value words[kMaxArguments];
  for (int i = 0; i < count; ++i) words[i] = base_frame_[first + 2 * i];
  Ref<Tuple> keys = tuple_from(words, count);
  if (!keys) {
    clear_error();
    return nullptr;
  }
  keep(keys.value());
  return keys.get();
}
// A dict with these keys, strs that differ and are kept, and these values. kNoReference, and nothing has happened: out of memory.
Reference Recorder::dict_with(const Tuple* keys, std::span<const Reference> values) {
  Ref<Dict> model = dict_new(keys->length);
  for (int64_t i = 0; i < keys->length && model; ++i) {
    if (!dict_set_str(model.get(), as_str(keys->at(i)), none())) model.reset();
  }
  std::shared_ptr<const DictPattern> pattern = model ? DictPattern::of(model.get()) : nullptr;
  clear_error();
  if (!pattern) return kNoReference;
  store_arguments(values);
  ir_.native_calls.push_back(std::make_unique<NativeCall>(
      NativeCall{.callee = nullptr, .count = static_cast<int>(values.size()), .pattern = std::move(pattern)}));
  return emit(Op::kBuildMap, kNoReference, kNoReference, static_cast<int64_t>(ir_.native_calls.size()) - 1);
}
// False, and nothing has happened: it has a value that a virtual dict cannot hold.
bool Recorder::build_virtual_map(uint64_t word, const Tuple* keys) {
  int count = PT_C;
  int32_t first = at(PT_B);
  for (int i = 0; i < count; ++i) {
    if (!can_hold(slot(first + 2 * i + 1))) return false;
  }
  Reference dict = builder_.virtual_object({.kind = Layout::Kind::kDict, .shape = kShape_dict, .keys = keys});
  for (int i = 0; i < count; ++i) {
    Reference item = slot(first + 2 * i + 1);
    builder_.set_field(dict, i * 8, can_hold(item) ? item : make(item));  // made: the same virtual object once more
  }
  fresh_ = dict;
  consume_window(first, 2 * static_cast<uint32_t>(count), at(PT_A));
  set_lazy(at(PT_A), dict);
  go(1);
  return true;
}
bool Recorder::build_map(uint64_t word) {
  int count = PT_C;
  int32_t first = at(PT_B);
  if (count > kMaxArguments) return fall_back();
  for (int i = 0; i < count; ++i) {
    if (!may_hash(first + 2 * i) || base_frame_[first + 2 * i + 1].empty()) return fall_back();
  }
  const Tuple* keys = display_keys(first, count);
  if (keys && build_virtual_map(word, keys)) return true;
  if (!keys && 2 * count > kMaxArguments) return fall_back();
  Reference items[kMaxArguments], made;
  int n = 0;
  for (int i = 0; i < count; ++i) {
    if (!keys) items[n++] = boxed(first + 2 * i);
    items[n++] = boxed(first + 2 * i + 1);
  }
  const std::span<const Reference> words(items, static_cast<size_t>(n));
  if (keys) {
    made = dict_with(keys, words);
    if (made == kNoReference) return fall_back();
  } else {
    store_arguments(words);
    ir_.native_calls.push_back(std::make_unique<NativeCall>(NativeCall{.callee = nullptr, .count = count}));
    made = emit(Op::kBuildMap, kNoReference, kNoReference, static_cast<int64_t>(ir_.native_calls.size()) - 1);
  }
  consume_window(first, 2 * static_cast<uint32_t>(count), -kSlotBias);
  set_owned(at(PT_A), made);
  go(1);
  return true;
}

bool Recorder::set_add(uint64_t word) {
  if (!has_shape(seen(PT_A), kShape_set) || seen(PT_B).empty() || (handling() && !is_scalar(seen(PT_B)))) return fall_back();
  Reference set = as_object(read(PT_A), kShape_set);
  Reference item = read(PT_B);
  if (ir_.at(item).type == Type::F) item = emit(Op::kBoxFloat, item);
  emit(Op::kAddToSet, set, item);
  drop(PT_A);
  drop(PT_B);
  go(1);
  return true;
}
bool Recorder::map_add(uint64_t word) {
  if (!is_exact_dict(seen(PT_A)) || seen(PT_B).empty() || seen(PT_C).empty() || (handling() && !is_scalar(seen(PT_B))))
    return fall_back();
  Reference parts[3] = {as_object(read(PT_A), kShape_dict), read(PT_B), read(PT_C)};
  for (Reference& r : parts) {
    if (ir_.at(r).type == Type::F) r = emit(Op::kBoxFloat, r);
  }
  store_arguments({parts, size_t{3}});
  emit(Op::kSetItemAny);
  drop(PT_A);
  drop(PT_B);
  drop(PT_C);
  go(1);
  return true;
}

// ---- f-strings ---------------------------------------------------------------------------------------------------------

// format(value, spec), or str(), repr() or ascii() of it (`conversion`). Of what needs no Python code.
bool Recorder::format_value(uint64_t word, int spec, char conversion) {
  Value v = seen(PT_B);
  if (v.empty() || !is_scalar(v) || has_shape(v, kShape_bytes)) return fall_back();
  if (is_exact_str(v) && !spec && (!conversion || conversion == 's')) {
    Reference text = as_object(read(PT_B), kShape_str);
    if (PT_B >= 0 && (PT_B & 1)) {
      move(at(PT_A), at(PT_B));
      if ((PT_B >> 1) < static_cast<int>(here().code->local_end)) set_lazy(at(PT_B), empty_);
    } else {
      set_copy(at(PT_A), text);
    }
    go(1);
    return true;
  }
  Reference how = empty_;
  if (spec) {
    if (!is_exact_str(seen(spec))) return fall_back();
    how = as_object(read(spec), kShape_str);
  }
  Reference text = emit(Op::kFormat, plain(PT_B), how, conversion);
  drop(PT_B, PT_A);
  if (spec) drop(spec, PT_A);
  set_owned(at(PT_A), text);
  go(1);
  return true;
}

// Each part is a str.
bool Recorder::build_string(uint64_t word) {
  int count = PT_C;
  int32_t first = at(PT_B);
  if (count > kMaxArguments) return fall_back();
  for (int i = 0; i < count; ++i) {
    if (!is_exact_str(base_frame_[first + i])) return fall_back();
  }
  Reference parts[kMaxArguments];
  for (int i = 0; i < count; ++i) parts[i] = as_object(slot(first + i), kShape_str);
  store_arguments({parts, static_cast<size_t>(count)});
  Reference made = emit(Op::kJoinText, kNoReference, kNoReference, count);
  consume_window(first, static_cast<uint32_t>(count), -kSlotBias);
  set_owned(at(PT_A), made);
  go(1);
  return true;
}

}  // namespace pt::jit
