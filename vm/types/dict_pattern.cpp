#include "vm/types/dict_pattern.h"

#include <cstring>

#include "gc/platform/buffers.h"
#include "vm/types/dict_table.h"

namespace pt {

std::shared_ptr<const DictPattern> DictPattern::of(Dict* keys) {
  DictTable* from = keys->table.load(std::memory_order_relaxed);
  PT_ASSERT(from->str_keys && from->live_end == dict_size(keys));
  void* copy = memory::allocate_metadata(dict_table_bytes(from));
  if (!copy) return nullptr;
  std::memcpy(copy, from, dict_table_bytes(from));
  return std::make_shared<const DictPattern>(static_cast<DictTable*>(copy));
}

DictPattern::DictPattern(DictTable* table)
    : table_(table), bytes_(dict_table_bytes(table)), count_(table->entry_count.load(std::memory_order_relaxed)) {
  table->version.store(0, std::memory_order_relaxed);
  for (int64_t i = 0; i < count_; ++i) immortal_keys_ &= table->entries()[i].key.peek().as_object()->is_immortal();
}
DictPattern::~DictPattern() { memory::release(table_); }

Ref<Dict> DictPattern::fill(const Value* values) const {
  Ref<Dict> dict = dict_new();
  if (!dict) return dict;
  auto* t = static_cast<DictTable*>(memory::allocate_buffer(bytes_));
  if (!t) return raise_no_memory();
  DictEntry *from = table_->entries(), *to;
  if (PT_LIKELY(table_->log2_size == kMinDictLog2)) {
    constexpr size_t kHead = sizeof(DictTable) + (size_t{1} << kMinDictLog2);
    std::memcpy(static_cast<void*>(t), table_, kHead);
    to = reinterpret_cast<DictEntry*>(reinterpret_cast<char*>(t) + kHead);
  } else {
    std::memcpy(static_cast<void*>(t), table_,
                static_cast<size_t>(reinterpret_cast<char*>(from) - reinterpret_cast<char*>(table_)));
    to = t->entries();
  }
  for (int64_t i = 0; i < count_; ++i) {
    Value key = from[i].key.peek();
    if (PT_UNLIKELY(!immortal_keys_)) retain(key);
    to[i].hash = from[i].hash;
    to[i].key.init_value(key);  // whoever looks at it without the lock announces it first
    to[i].value.init(Ref<>::retain(values[i]));
  }
  dict->used.store(count_, std::memory_order_relaxed);
  dict->table.store(t, std::memory_order_release);
  return dict;
}

}  // namespace pt
