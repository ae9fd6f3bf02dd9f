#include "vm/object/leaf_forms.h"

namespace pt {

namespace {
constinit std::atomic<const LeafForms*> g_first{nullptr};

template <class Fits>
NativeFunction find(Fits&& fits) {
  // Acquire pairs with the release in add_leaf_forms.
  for (const LeafForms* l = g_first.load(std::memory_order_acquire); l; l = l->next) {
    for (uint32_t i = 0; i < l->count; ++i) {
      if (fits(l->forms[i])) return l->forms[i].leaf;
    }
  }
  return nullptr;
}
}  // namespace

void add_leaf_forms(LeafForms* forms) {
  if (forms->added.exchange(true, std::memory_order_relaxed)) return;
  const LeafForms* first = g_first.load(std::memory_order_relaxed);
  do {
    forms->next = first;
  } while (!g_first.compare_exchange_weak(first, forms, std::memory_order_release, std::memory_order_relaxed));
}

NativeFunction leaf_form_of(NativeFunction function) {
  return find([&](const LeafForm& f) { return f.function == function; });
}
NativeFunction leaf_form_of(Ref<> (*get_attribute)(Value, Str*)) {
  return find([&](const LeafForm& f) { return f.get_attribute == get_attribute; });
}

}  // namespace pt
