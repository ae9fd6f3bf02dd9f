// "Did you mean": the known name nearest to one that was not found, as an uncaught exception is displayed.
#include "vm/modules/sys/suggestions.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "vm/object/error.h"
#include "vm/object/native.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/frame.h"
#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

namespace pt {
namespace {

constexpr int64_t kMaxCandidates = 750;
constexpr size_t kMaxLength = 40;
constexpr size_t kMoveCost = 2, kCaseCost = 1;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
size_t substitution(char a, char b) { return a == b ? 0 : lower(a) == lower(b) ? kCaseCost : kMoveCost; }

// Weighted edit distance; more than `limit` when it is larger than that.
size_t distance(std::string_view a, std::string_view b, size_t limit) {
  while (!a.empty() && !b.empty() && a.front() == b.front()) a.remove_prefix(1), b.remove_prefix(1);
  while (!a.empty() && !b.empty() && a.back() == b.back()) a.remove_suffix(1), b.remove_suffix(1);
  if (a.empty() || b.empty()) return (a.size() + b.size()) * kMoveCost;
  if (a.size() > kMaxLength || b.size() > kMaxLength) return limit + 1;
  if (b.size() < a.size()) std::swap(a, b);
  if ((b.size() - a.size()) * kMoveCost > limit) return limit + 1;
  size_t row[kMaxLength];
  for (size_t i = 0; i < a.size(); ++i) row[i] = (i + 1) * kMoveCost;
  size_t result = 0;
  for (size_t j = 0; j < b.size(); ++j) {
    size_t diagonal = result = j * kMoveCost;
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < a.size(); ++i) {
      size_t substituted = diagonal + substitution(b[j], a[i]);
      diagonal = row[i];
      result = std::min(substituted, std::min(result, diagonal) + kMoveCost);
      row[i] = result;
      best = std::min(best, result);
    }
    if (best > limit) return limit + 1;
  }
  return result;
}

// The nearest of the names in the list; empty without an exception when none is near.
Ref<> nearest(List* names, Str* wanted) {
  if (list_size(names) >= kMaxCandidates) return Ref<>();
  Utf8 name(wanted);
  if (!name.ok()) {
    clear_error();
    return Ref<>();
  }
  Ref<> found;
  size_t best = SIZE_MAX;
  for (int64_t i = 0; i < list_size(names); ++i) {
    Ref<> item = list_get(names, i);
    if (!item || !is_str(item.value())) return Ref<>();
    Utf8 candidate(as_str(item.value()));
    if (!candidate.ok()) {
      clear_error();
      return Ref<>();
    }
    if (candidate.view() == name.view()) continue;
    size_t limit = std::min((name.view().size() + candidate.view().size() + 3) * kMoveCost / 6, best - 1);
    size_t cost = distance(name.view(), candidate.view(), limit);
    if (cost > limit) continue;
    best = cost;
    found = std::move(item);
  }
  return found;
}

Ref<> nearest_key(Value mapping, Str* wanted) {
  if (!is_dict(mapping)) return Ref<>();
  Ref<List> keys = dict_keys_list(as_dict(mapping));
  return keys ? nearest(keys.get(), wanted) : Ref<>();
}

Ref<> for_name(Value exception, Str* wanted) {
  Ref<> traceback = exception_traceback(exception);
  if (!traceback) return Ref<>();
  auto* entry = reinterpret_cast<Traceback*>(traceback.value().as_object());
  while (!entry->next.peek().empty()) entry = reinterpret_cast<Traceback*>(entry->next.peek().as_object());
  auto* frame = reinterpret_cast<FrameObject*>(entry->frame.peek().as_object());
  const Code* code = as_code(frame->code.peek());
  Ref<List> locals = list_new();
  for (uint32_t i = 0; locals && i < code->local_end; ++i) {
    if (code->local_names[i] && !list_append(locals.get(), Ref<>::retain(Value::object(code->local_names[i])))) return Ref<>();
  }
  if (!locals) return Ref<>();
  Ref<> found = nearest(locals.get(), wanted);
  if (!found) found = nearest_key(frame->globals.peek(), wanted);
  if (!found && !frame->builtins.peek().empty()) found = nearest_key(frame->builtins.peek(), wanted);
  return found;
}

}  // namespace

Ref<> suggested_name(Value exception) {
  bool attribute = type_of(exception) == exc::AttributeError;
  if (!attribute && type_of(exception) != exc::NameError) return Ref<>();
  Ref<> name = find_attribute(exception, intern("name"));
  Ref<> found;
  if (name && is_str(name.value())) {
    if (!attribute) {
      found = for_name(exception, as_str(name.value()));
    } else if (Ref<> object = find_attribute(exception, intern("obj")); object && !is_none(object.value())) {
      Ref<> dir = import_builtin("dir");
      Ref<> names = dir ? call1(dir.value(), object.value()) : Ref<>();
      if (names && is_list(names.value())) found = nearest(as_list(names.value()), as_str(name.value()));
    }
  }
  clear_error();
  return found;
}

}  // namespace pt
