#include "vm/modules/contextvars/persistent_map.h"

#include <atomic>
#include <bit>

#include "vm/modules/support.h"
#include "vm/object/native.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

constexpr uint32_t kBits = 5, kMask = 31;

// Pairs of key and value; an entry without a key has a node for its value. Immutable after construction.
struct Node : Object {
  uint32_t bitmap;  // the places that are taken; 0: all keys have the same hash
  uint32_t hash;    // of those keys
  int64_t length;   // of items
  Field items[];

  int64_t pairs() const { return length / 2; }
  Value key(int64_t i) const { return items[2 * i].peek(); }
  Value value(int64_t i) const { return items[2 * i + 1].peek(); }
};
struct Map : Object {
  Field root;  // a node, or empty; immutable after construction
  int64_t count;
};
struct MapIterator : Object {
  Field list;  // what is left to give is from `at`
  std::atomic<int64_t> at;
};
constinit Type node_type, persistent_map_type, iterator_types[3];

Node* as_node(Value v) { return reinterpret_cast<Node*>(v.as_object()); }
Map* as_map(Value v) { return reinterpret_cast<Map*>(v.as_object()); }
Node* root_of(Value map) {
  Value root = as_map(map)->root.peek();
  return root.empty() ? nullptr : as_node(root);
}

bool short_hash(Value key, uint32_t* out) {
  int64_t full = hash(key);
  if (full == -1) return false;
  *out = static_cast<uint32_t>(full) ^ static_cast<uint32_t>(full >> 32);
  return true;
}
uint32_t bit_at(uint32_t hash, uint32_t shift) { return 1u << (hash >> shift & kMask); }
int64_t index_of(const Node* node, uint32_t bit) { return std::popcount(node->bitmap & (bit - 1)); }

Ref<Node> node_new(uint32_t bitmap, uint32_t hash, int64_t pairs) {
  Ref<Node> node = allocate<Node>(&node_type, static_cast<size_t>(2 * pairs));
  if (!node) return node;
  node->bitmap = bitmap;
  node->hash = hash;
  node->length = 2 * pairs;
  return node;
}
void put(Node* node, int64_t i, Value key, Value value) {
  if (!key.empty()) node->items[2 * i].init(Ref<>::retain(key));
  node->items[2 * i + 1].init(Ref<>::retain(value));
}

// The node with pair `at` replaced.
Ref<Node> replaced(Node* old, int64_t at, Value key, Value value) {
  Ref<Node> node = node_new(old->bitmap, old->hash, old->pairs());
  for (int64_t i = 0; node && i < old->pairs(); ++i) {
    if (i == at)
      put(node.get(), i, key, value);
    else
      put(node.get(), i, old->key(i), old->value(i));
  }
  return node;
}
// The node with a pair more, before `at`.
Ref<Node> inserted(Node* old, uint32_t bit, int64_t at, Value key, Value value) {
  Ref<Node> node = node_new(old->bitmap | bit, old->hash, old->pairs() + 1);
  if (!node) return node;
  for (int64_t i = 0; i < old->pairs(); ++i) put(node.get(), i + (i >= at), old->key(i), old->value(i));
  put(node.get(), at, key, value);
  return node;
}
Ref<Node> removed(Node* old, uint32_t bit, int64_t at) {
  Ref<Node> node = node_new(old->bitmap & ~bit, old->hash, old->pairs() - 1);
  for (int64_t i = 0; node && i < old->pairs(); ++i) {
    if (i != at) put(node.get(), i - (i > at), old->key(i), old->value(i));
  }
  return node;
}
Ref<Node> single(uint32_t bit, Value key, Value value) {
  Ref<Node> node = node_new(bit, 0, 1);
  if (node) put(node.get(), 0, key, value);
  return node;
}

// A node of two different keys.
Ref<Node> node_of_two(uint32_t shift, uint32_t hash, Value key, Value value, uint32_t hash2, Value key2, Value value2) {
  if (hash == hash2) {
    Ref<Node> node = node_new(0, hash, 2);
    if (!node) return node;
    put(node.get(), 0, key, value);
    put(node.get(), 1, key2, value2);
    return node;
  }
  uint32_t bit = bit_at(hash, shift), bit2 = bit_at(hash2, shift);
  if (bit == bit2) {
    Ref<Node> child = node_of_two(shift + kBits, hash, key, value, hash2, key2, value2);
    return child ? single(bit, Value(), child.value()) : std::move(child);
  }
  Ref<Node> node = node_new(bit | bit2, 0, 2);
  if (!node) return node;
  put(node.get(), bit > bit2, key, value);
  put(node.get(), bit2 > bit, key2, value2);
  return node;
}

// Index of the key in a node whose keys have one hash; -1: not there, -2: error.
int64_t index_among_equal_hashes(const Node* node, Value key) {
  for (int64_t i = 0; i < node->pairs(); ++i) {
    int same = equal(node->key(i), key);
    if (same) return same < 0 ? -2 : i;
  }
  return -1;
}

// The value, borrowed from the node; empty: no such key, or an error is pending.
Value find(const Node* node, uint32_t hash, Value key) {
  for (uint32_t shift = 0;; shift += kBits) {
    if (!node->bitmap) {
      int64_t at = node->hash == hash ? index_among_equal_hashes(node, key) : -1;
      return at < 0 ? Value() : node->value(at);
    }
    uint32_t bit = bit_at(hash, shift);
    if (!(node->bitmap & bit)) return Value();
    int64_t at = index_of(node, bit);
    Value there = node->key(at);
    if (there.empty()) {
      node = as_node(node->value(at));
      continue;
    }
    return equal(there, key) == 1 ? node->value(at) : Value();
  }
}

// The node with the pair in it: the same node when nothing changes. *added: the key is new.
Ref<Node> insert(Node* node, uint32_t shift, uint32_t hash, Value key, Value value, bool* added) {
  int64_t at;
  if (!node->bitmap) {
    if (node->hash != hash) {
      Ref<Node> above = single(bit_at(node->hash, shift), Value(), Value::object(node));
      return above ? insert(above.get(), shift, hash, key, value, added) : std::move(above);
    }
    at = index_among_equal_hashes(node, key);
    if (at == -2) return Ref<Node>();
    if (at == -1) {
      *added = true;
      return inserted(node, 0, node->pairs(), key, value);
    }
    return node->value(at).same(value) ? Ref<Node>::retain(node) : replaced(node, at, node->key(at), value);
  }
  uint32_t bit = bit_at(hash, shift);
  at = index_of(node, bit);
  if (!(node->bitmap & bit)) {
    *added = true;
    return inserted(node, bit, at, key, value);
  }
  Value there = node->key(at), old = node->value(at);
  Ref<Node> child;
  if (there.empty()) {
    child = insert(as_node(old), shift + kBits, hash, key, value, added);
    if (child && child.get() == as_node(old)) return Ref<Node>::retain(node);
  } else {
    int same = equal(there, key);
    if (same < 0) return Ref<Node>();
    if (same) return old.same(value) ? Ref<Node>::retain(node) : replaced(node, at, there, value);
    uint32_t other;
    if (!short_hash(there, &other)) return Ref<Node>();
    *added = true;
    child = node_of_two(shift + kBits, other, there, old, hash, key, value);
  }
  return child ? replaced(node, at, Value(), child.value()) : std::move(child);
}

enum class Erased : uint8_t { kError, kAbsent, kAll, kSome };
// Takes the key out; kSome: *out is the new node.
Erased erase(Node* node, uint32_t shift, uint32_t hash, Value key, Ref<Node>* out) {
  int64_t at;
  auto gives = [&](Ref<Node> made) {
    *out = std::move(made);
    return *out ? Erased::kSome : Erased::kError;
  };
  if (!node->bitmap) {
    at = node->hash == hash ? index_among_equal_hashes(node, key) : -1;
    if (at < 0) return at == -2 ? Erased::kError : Erased::kAbsent;
    if (node->pairs() > 2) return gives(removed(node, 0, at));
    return gives(single(bit_at(hash, shift), node->key(1 - at), node->value(1 - at)));
  }
  uint32_t bit = bit_at(hash, shift);
  if (!(node->bitmap & bit)) return Erased::kAbsent;
  at = index_of(node, bit);
  Value there = node->key(at);
  if (!there.empty()) {
    int same = equal(there, key);
    if (same != 1) return same < 0 ? Erased::kError : Erased::kAbsent;
    return node->pairs() == 1 ? Erased::kAll : gives(removed(node, bit, at));
  }
  Ref<Node> child;
  Erased result = erase(as_node(node->value(at)), shift + kBits, hash, key, &child);
  if (result == Erased::kAll) return node->pairs() == 1 ? Erased::kAll : gives(removed(node, bit, at));
  if (result != Erased::kSome) return result;
  // A pair that is alone in its node belongs into the node above.
  bool alone = child->bitmap && child->pairs() == 1 && !child->key(0).empty();
  return gives(alone ? replaced(node, at, child->key(0), child->value(0)) : replaced(node, at, Value(), child.value()));
}

// False when `each` is.
template <class F>
bool each_pair(const Node* node, F&& each) {
  for (int64_t i = 0; i < node->pairs(); ++i) {
    Value key = node->key(i);
    if (key.empty() ? !each_pair(as_node(node->value(i)), each) : !each(key, node->value(i))) return false;
  }
  return true;
}

Ref<> map_new(Ref<Node> root, int64_t count) {
  Ref<Map> map = allocate<Map>(&persistent_map_type);
  if (!map) return Ref<>();
  if (root) map->root.init(std::move(root));
  map->count = count;
  return map;
}

// ---- The types, as Python code sees them ------------------------------------------------------------------------------------

Ref<> construct(Type*, const Args& args) { return no_arguments("hamt", args) ? persistent_map_new() : Ref<>(); }
Ref<> map_get_item(Value self, Value key) {
  Ref<> found = persistent_map_get(self, key);
  return found || error_pending() ? std::move(found) : Ref<>(raise_key_error(key));
}
int map_contains(Value self, Value key) {
  Ref<> found = persistent_map_get(self, key);
  return found ? 1 : error_pending() ? -1 : 0;
}
Ref<> map_compare(Value left, Value right, CompareOp op) {
  if (type_of(left) != &persistent_map_type || type_of(right) != &persistent_map_type ||
      (op != CompareOp::kEq && op != CompareOp::kNe)) {
    return not_implemented_ref();
  }
  int same = persistent_map_equal(left, right);
  return same < 0 ? Ref<>() : bool_ref((same == 1) == (op == CompareOp::kEq));
}
Ref<> map_get(const Value* a) {
  Ref<> found = persistent_map_get(a[0], a[1]);
  if (found || error_pending()) return found;
  return a[2].empty() ? none_ref() : Ref<>::retain(a[2]);
}
Ref<> map_set(const Value* a) { return persistent_map_set(a[0], a[1], a[2]); }
Ref<> map_delete(const Value* a) { return persistent_map_delete(a[0], a[1]); }
template <MapPart part>
Ref<> map_part(const Value* a) {
  return persistent_map_iterator(a[0], part);
}

Ref<> iterator_next(Value v) {
  auto* self = reinterpret_cast<MapIterator*>(v.as_object());
  List* list = as_list(self->list.peek());
  int64_t at = self->at.load(std::memory_order_relaxed);
  do {
    if (at >= list_size(list)) return Ref<>();
  } while (!self->at.compare_exchange_weak(at, at + 1, std::memory_order_relaxed));
  return list_get(list, at);
}
int64_t iterator_length(Value v) { return list_size(as_list(reinterpret_cast<MapIterator*>(v.as_object())->list.peek())); }
void iterator_traverse(Object* o, FieldVisitor& visitor) { visitor(static_cast<MapIterator*>(o)->list); }
void map_traverse(Object* o, FieldVisitor& visitor) { visitor(static_cast<Map*>(o)->root); }
void node_traverse(Object* o, FieldVisitor& visitor) {
  auto* node = static_cast<Node*>(o);
  for (int64_t i = 0; i < node->length; ++i) visitor(node->items[i]);
}

const NativeDef kMethods[] = {{"get", "($self, key, default=None, /)", map_get},
                              {"set", "($self, key, value, /)", map_set},
                              {"delete", "($self, key, /)", map_delete},
                              {"keys", "($self, /)", map_part<MapPart::kKeys>},
                              {"values", "($self, /)", map_part<MapPart::kValues>},
                              {"items", "($self, /)", map_part<MapPart::kItems>},
                              {}};
const TypeSpec kMapSpec = {.name = "hamt",
                           .size = sizeof(Map),
                           .flags = kTypeWeakrefs,
                           .slots = {.length = persistent_map_size,
                                     .get_item = map_get_item,
                                     .contains = map_contains,
                                     .compare = map_compare,
                                     .iter = [](Value self) { return persistent_map_iterator(self, MapPart::kKeys); },
                                     .construct = construct},
                           .traverse = map_traverse,
                           .methods = kMethods,
                           .unhashable = true};
const TypeSpec kNodeSpec = {.name = "hamt_node",
                            .size = sizeof(Node),
                            .item_size = sizeof(Field),
                            .flags = kTypeVarSize | kTypeNoInstantiate,
                            .traverse = node_traverse};
#define ITERATOR(part)                                                               \
  {.name = part,                                                                     \
   .size = sizeof(MapIterator),                                                      \
   .flags = kTypeNoInstantiate,                                                      \
   .slots = {.length = iterator_length, .iter = return_self, .next = iterator_next}, \
   .traverse = iterator_traverse}
const TypeSpec kIteratorSpecs[] = {ITERATOR("keys"), ITERATOR("values"), ITERATOR("items")};

}  // namespace

bool init_persistent_map_types() {
  if (persistent_map_type.spec) return true;
  for (int i = 0; i < 3; ++i) {
    if (!init_module_type(&iterator_types[i], &kIteratorSpecs[i])) return false;
  }
  return init_module_type(&node_type, &kNodeSpec) && init_module_type(&persistent_map_type, &kMapSpec);
}

Ref<> persistent_map_new() { return map_new(Ref<Node>(), 0); }
int64_t persistent_map_size(Value map) { return as_map(map)->count; }

Ref<> persistent_map_get(Value map, Value key) {
  uint32_t hash;
  if (!short_hash(key, &hash)) return Ref<>();
  const Node* root = root_of(map);
  Value found = root ? find(root, hash, key) : Value();
  return found.empty() ? Ref<>() : Ref<>::retain(found);
}

Ref<> persistent_map_set(Value map, Value key, Value value) {
  uint32_t hash;
  if (!short_hash(key, &hash)) return Ref<>();
  Node* root = root_of(map);
  bool added = !root;
  Ref<Node> made = root ? insert(root, 0, hash, key, value, &added) : single(bit_at(hash, 0), key, value);
  if (!made) return Ref<>();
  if (made.get() == root) return Ref<>::retain(map);
  return map_new(std::move(made), as_map(map)->count + added);
}

Ref<> persistent_map_delete(Value map, Value key) {
  uint32_t hash;
  if (!short_hash(key, &hash)) return Ref<>();
  Node* root = root_of(map);
  Ref<Node> made;
  switch (root ? erase(root, 0, hash, key, &made) : Erased::kAbsent) {
    case Erased::kError: return Ref<>();
    case Erased::kAbsent: return Ref<>::retain(map);
    default: return map_new(std::move(made), as_map(map)->count - 1);
  }
}

int persistent_map_equal(Value left, Value right) {
  if (left.same(right)) return 1;
  if (persistent_map_size(left) != persistent_map_size(right)) return 0;
  const Node* root = root_of(left);
  int result = 1;
  if (root) {
    each_pair(root, [&](Value key, Value value) {
      Ref<> other = persistent_map_get(right, key);
      result = other ? equal(value, other.value()) : error_pending() ? -1 : 0;
      return result == 1;
    });
  }
  return result;
}

Ref<> persistent_map_iterator(Value map, MapPart part) {
  Ref<List> list = list_new();
  if (!list) return Ref<>();
  const Node* root = root_of(map);
  bool filled = !root || each_pair(root, [&](Value key, Value value) {
    Ref<> item = part == MapPart::kKeys     ? Ref<>::retain(key)
                 : part == MapPart::kValues ? Ref<>::retain(value)
                                            : Ref<>(tuple_of({key, value}));
    return item && list_append(list.get(), std::move(item));
  });
  // Last: the collector shows what it tracks to other threads.
  Ref<MapIterator> made = filled ? allocate<MapIterator>(&iterator_types[static_cast<int>(part)]) : Ref<MapIterator>();
  if (made) made->list.init(std::move(list));
  return made;
}

}  // namespace pt
