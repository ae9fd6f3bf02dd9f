#include "vm/object/dependency.h"

#include <mutex>
#include <unordered_map>
#include <vector>

#include "gc/platform/cpp_memory.h"

namespace pt {
constinit void (*g_facts_changed)() = nullptr;
namespace {
struct Registry {
  std::mutex mutex;
  std::unordered_map<const Str*, std::vector<std::atomic<uint32_t>*>> words;  // guarded by mutex
};
Registry& registry() {
  static Registry* instance = new Registry;  // never destroyed: daemon threads may outlive main
  return *instance;
}
void invalidate_words(std::vector<std::atomic<uint32_t>*>& words) {
  for (auto* word : words) word->store(0, std::memory_order_release);
  words.clear();
}
}  // namespace

bool add_name_dependency(Str* name, std::atomic<uint32_t>* word) {
  Registry& r = registry();
  std::lock_guard guard(r.mutex);
  return memory::attempt([&] { r.words[name].push_back(word); });
}

void forget_dependency(Str* name, std::atomic<uint32_t>* word) {
  Registry& r = registry();
  std::lock_guard guard(r.mutex);
  auto found = r.words.find(name);
  if (found != r.words.end()) std::erase(found->second, word);
}

void invalidate_name(Str* name) {
  {
    Registry& r = registry();
    std::lock_guard guard(r.mutex);
    auto found = r.words.find(name);
    if (found != r.words.end()) invalidate_words(found->second);
  }
  if (g_facts_changed) g_facts_changed();
}

void invalidate_all_names() {
  {
    Registry& r = registry();
    std::lock_guard guard(r.mutex);
    for (auto& [name, words] : r.words) invalidate_words(words);
  }
  if (g_facts_changed) g_facts_changed();
}

}  // namespace pt
