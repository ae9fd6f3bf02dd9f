#pragma once
// Between the files of str: its methods and what they share.
#include "gc/platform/memory.h"
#include "vm/object/native.h"
#include "vm/types/search.h"
#include "vm/types/str_data.h"

namespace pt {

// The needle in the units of the searched string: widened into scratch memory when its own kind is narrower.
template <class Unit>
class NeedleUnits {
 public:
  explicit NeedleUnits(const Str* needle) {
    if (needle->kind == sizeof(Unit)) {
      data_ = reinterpret_cast<const Unit*>(needle->data1());
      return;
    }
    Unit* wide =
        needle->length <= 64 ? local_ : static_cast<Unit*>(memory::allocate(static_cast<size_t>(needle->length) * sizeof(Unit)));
    if (!wide) {
      (void)raise_no_memory();
      return;
    }
    with_units(needle, [&](auto* from) { copy_units(wide, from, needle->length); });
    data_ = wide;
    owned_ = wide != local_;
  }
  ~NeedleUnits() {
    if (owned_) memory::release(const_cast<Unit*>(data_));
  }
  NeedleUnits(const NeedleUnits&) = delete;
  NeedleUnits& operator=(const NeedleUnits&) = delete;
  bool ok() const { return data_ != nullptr; }
  const Unit* data() const { return data_; }

 private:
  const Unit* data_ = nullptr;
  bool owned_ = false;
  Unit local_[64];
};

// f(units of s, units of needle); `absent` when no character of that width can occur in s. `failed`: out of memory.
template <class R, class F>
R with_needle(const Str* s, const Str* needle, R absent, R failed, F&& f) {
  if (needle->kind > s->kind) return absent;
  return with_units(s, [&](auto* data) -> R {
    using Unit = std::remove_const_t<std::remove_reference_t<decltype(*data)>>;
    NeedleUnits<Unit> units(needle);
    return units.ok() ? f(data, units.data()) : failed;
  });
}

// A slice bound of str.find and the like: None keeps the default; clamped. False: TypeError.
bool slice_bound(Value v, int64_t* bound);
// "must be str, not X" and the like.
bool check_str(Value v);

// str_split.cpp
Ref<> str_split_method(const Value* a);
Ref<> str_rsplit_method(const Value* a);
Ref<> str_splitlines_method(const Value* a);
Ref<> str_partition_method(const Value* a);
Ref<> str_rpartition_method(const Value* a);
Ref<> str_join_method(const Value* a);
// str_case.cpp
Ref<> str_upper_method(const Value* a);
Ref<> str_lower_method(const Value* a);
Ref<> str_title_method(const Value* a);
Ref<> str_capitalize_method(const Value* a);
Ref<> str_swapcase_method(const Value* a);
Ref<> str_casefold_method(const Value* a);
Ref<> str_isalpha_method(const Value* a);
Ref<> str_isalnum_method(const Value* a);
Ref<> str_isascii_method(const Value* a);
Ref<> str_isdecimal_method(const Value* a);
Ref<> str_isdigit_method(const Value* a);
Ref<> str_isidentifier_method(const Value* a);
Ref<> str_islower_method(const Value* a);
Ref<> str_isnumeric_method(const Value* a);
Ref<> str_isprintable_method(const Value* a);
Ref<> str_isspace_method(const Value* a);
Ref<> str_istitle_method(const Value* a);
Ref<> str_isupper_method(const Value* a);
// str_replace.cpp
Ref<> str_replace_method(const Value* a);
Ref<> str_translate_method(const Value* a);
Ref<> str_maketrans_method(const Value* a);
Ref<> str_expandtabs_method(const Value* a);

}  // namespace pt
