// functools.lru_cache's wrapper. A hit takes no lock for the lookup: the cache is a dict read without locks, and the order of
// use changes only under a lock that a hit merely tries. When threads fight for that lock, hits leave a mark on the
// entry instead (second chance at eviction), so that a hot cache scales; without contention the order is exact.
#include <atomic>

#include "gc/platform/memory.h"
#include "vm/modules/functools/functools.h"
#include "vm/modules/support.h"
#include "vm/object/descriptors.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/str.h"

namespace pt {

constinit Type lru_cache_type = {}, lru_key_type = {}, lru_link_type = {};

namespace {

constexpr uint32_t kStripes = 16;
constexpr uint32_t kContentionCredit = 256;

// Hit counters of threads other than the first: one cache line each, so that hits do not share a written line.
struct alignas(64) HitStripe {
  std::atomic<int64_t> hits;
};

struct LruLink : Object {
  Field key, result;             // immutable
  Field older;                   // guarded by the cache's lock, as are the next three; the chain owns its links
  LruLink* newer;
  bool linked;
  std::atomic<bool> referenced;  // hit while the order could not be changed
};

// The arguments of a call as a dict key, with the hash computed once.
struct LruKey : Object {
  int64_t hash;
  int64_t length;
  Field items[];
};

struct LruCache : Object {
  Field function;         // immutable, as are the next four
  Field cache_info_type;
  Field key_mark;
  Field module_cache;     // dict: key -> result, or key -> LruLink when bounded
  int64_t maximum;        // -1: unbounded
  bool typed;
  Field newest;           // guarded by the object lock, as are the next two
  LruLink* oldest;
  int64_t linked_count;
  int64_t reserved;       // entries on their way in
  std::atomic<int64_t> hits, misses;
  std::atomic<HitStripe*> stripes;
  std::atomic<uint32_t> contention;
};
Dict* cache_dict(LruCache* c) { return as_dict(c->module_cache.peek()); }

void count_hit(LruCache* c) {
  if (!multithreaded()) {
    c->hits.store(c->hits.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return;
  }
  HitStripe* stripes = c->stripes.load(std::memory_order_acquire);
  if (PT_UNLIKELY(!stripes)) {
    auto* fresh = static_cast<HitStripe*>(memory::allocate_aligned(kStripes * sizeof(HitStripe), alignof(HitStripe)));
    if (!fresh) {
      c->hits.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    for (uint32_t i = 0; i < kStripes; ++i) new (&fresh[i]) HitStripe{};
    if (c->stripes.compare_exchange_strong(stripes, fresh, std::memory_order_acq_rel)) {
      stripes = fresh;
    } else {
      memory::release(fresh);
    }
  }
  stripes[tls_owner_id % kStripes].hits.fetch_add(1, std::memory_order_relaxed);
}
int64_t total_hits(LruCache* c) {
  int64_t hits = c->hits.load(std::memory_order_relaxed);
  if (HitStripe* stripes = c->stripes.load(std::memory_order_acquire)) {
    for (uint32_t i = 0; i < kStripes; ++i) hits += stripes[i].hits.load(std::memory_order_relaxed);
  }
  return hits;
}

// ---- keys --------------------------------------------------------------------------------------------------------

int64_t key_hash(Value self) { return object_of<LruKey>(self)->hash; }
Ref<> key_compare(Value left, Value right, CompareOp op) {
  if ((op != CompareOp::kEq && op != CompareOp::kNe) || type_of(right) != &lru_key_type) return not_implemented_ref();
  auto* x = object_of<LruKey>(left);
  auto* y = object_of<LruKey>(right);
  bool same = x->length == y->length && x->hash == y->hash;
  for (int64_t i = 0; same && i < x->length; ++i) {
    int answer = equal(x->items[i].peek(), y->items[i].peek());
    if (answer < 0) return Ref<>();
    same = answer;
  }
  return bool_ref(same == (op == CompareOp::kEq));
}
void key_traverse(Object* o, FieldVisitor& visitor) {
  auto* key = static_cast<LruKey*>(o);
  for (int64_t i = 0; i < key->length; ++i) visitor(key->items[i]);
}

Ref<> make_key(LruCache* c, const Args& args, int64_t* hash_out) {
  uint32_t keywords = args.keyword_count();
  if (!c->typed && !keywords && args.count == 1 && (is_exact_str(args.values[0]) || is_exact_int(args.values[0]))) {
    *hash_out = hash(args.values[0]);
    return Ref<>::retain(args.values[0]);
  }
  uint32_t length = args.count + (keywords ? 1 + 2 * keywords : 0);
  if (c->typed) length += args.total();
  Ref<LruKey> key = allocate<LruKey>(&lru_key_type, length);
  if (!key) return Ref<>();
  key->length = length;
  uint32_t at = 0;
  auto put = [&](Value v) { key->items[at++].init(Ref<>::retain(v)); };
  for (uint32_t i = 0; i < args.count; ++i) put(args.values[i]);
  if (keywords) {
    put(c->key_mark.peek());
    for (uint32_t i = 0; i < keywords; ++i) {
      put(args.names->at(i));
      put(args.values[args.count + i]);
    }
  }
  if (c->typed) {
    for (uint32_t i = 0; i < args.total(); ++i) put(type_value(args.values[i]));
  }
  uint64_t mixed = 0x345678u + length;
  for (uint32_t i = 0; i < length; ++i) {
    int64_t h = hash(key->items[i].peek());
    if (h == -1) return Ref<>();
    mixed = (mixed ^ static_cast<uint64_t>(h)) * 0x9E3779B97F4A7C15u;
    mixed ^= mixed >> 29;
  }
  auto h = static_cast<int64_t>(mixed);
  key->hash = h == -1 ? -2 : h;
  *hash_out = key->hash;
  return key;
}

// ---- order of use (object lock held) --------------------------------------------------------------------------------

LruLink* link_in(const Field& field) {
  Value v = field.peek();
  return v.empty() ? nullptr : object_of<LruLink>(v);
}
// The chain's reference to the link goes to the caller.
Ref<> unlink_locked(LruCache* c, LruLink* link) {
  LruLink* older = link_in(link->older);
  Field& slot = link->newer ? link->newer->older : c->newest;
  Ref<> mine = slot.exchange_locked(link->older.exchange_locked(Ref<>()));
  (older ? older->newer : c->oldest) = link->newer;
  link->newer = nullptr;
  link->linked = false;
  --c->linked_count;
  return mine;
}
void push_newest_locked(LruCache* c, Ref<> owned) {
  auto* link = object_of<LruLink>(owned.value());
  if (LruLink* first = link_in(c->newest)) {
    first->newer = link;
  } else {
    c->oldest = link;
  }
  link->older.init(c->newest.exchange_locked(std::move(owned)));
  link->newer = nullptr;
  link->linked = true;
  ++c->linked_count;
}
void move_to_front_locked(LruCache* c, LruLink* link) {
  if (link->linked && link_in(c->newest) != link) push_newest_locked(c, unlink_locked(c, link));
}

void touch(LruCache* c, LruLink* link) {
  if (PT_LIKELY(!multithreaded())) {
    move_to_front_locked(c, link);
    return;
  }
  if (c->contention.load(std::memory_order_relaxed) == 0) {
    uint8_t seen = c->lock.load(std::memory_order_relaxed);
    if (!(seen & (kLockLocked | kLockParked)) &&
        c->lock.compare_exchange_strong(seen, seen | kLockLocked, std::memory_order_acquire, std::memory_order_relaxed)) {
      move_to_front_locked(c, link);
      unlock_byte(c->lock);
      return;
    }
    c->contention.store(kContentionCredit, std::memory_order_relaxed);
  }
  if (!link->referenced.load(std::memory_order_relaxed)) link->referenced.store(true, std::memory_order_relaxed);
}

// Reserves the room for one more entry, to be used by push_newest_locked or given back. When the cache is full, the least
// recently used entry leaves the order. False: all room is reserved by threads that have not filled it yet.
bool reserve_entry(LruCache* c, Ref<>* victim) {
  LockGuard guard(c);
  uint32_t credit = c->contention.load(std::memory_order_relaxed);
  if (credit) c->contention.store(credit - 1, std::memory_order_relaxed);
  if (c->linked_count + c->reserved >= c->maximum && !c->oldest) return false;
  ++c->reserved;
  if (c->linked_count + c->reserved <= c->maximum) return true;
  for (int64_t chances = c->linked_count; chances > 0; --chances) {
    LruLink* link = c->oldest;
    if (!link->referenced.load(std::memory_order_relaxed)) break;
    link->referenced.store(false, std::memory_order_relaxed);
    move_to_front_locked(c, link);
  }
  *victim = unlink_locked(c, c->oldest);
  return true;
}

// Gives a reserved room back unless it is used.
class Reservation {
 public:
  explicit Reservation(LruCache* c) : cache_(c) {}
  ~Reservation() {
    if (!cache_) return;
    LockGuard guard(cache_);
    --cache_->reserved;
  }
  void use(Ref<> link) {
    LockGuard guard(cache_);
    --cache_->reserved;
    push_newest_locked(cache_, std::move(link));
    cache_ = nullptr;
  }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;

 private:
  LruCache* cache_;
};

// ---- calls -------------------------------------------------------------------------------------------------------

Ref<> bounded_call(LruCache* c, const Args& args) {
  int64_t h;
  Ref<> key = make_key(c, args, &h);
  if (!key || h == -1) return Ref<>();
  Dict* dict = cache_dict(c);
  Ref<> found = dict_get_hashed(dict, key.value(), h);
  if (found) {
    auto* link = object_of<LruLink>(found.value());
    touch(c, link);
    count_hit(c);
    return Ref<>::retain(link->result.peek());
  }
  if (error_pending()) return Ref<>();
  c->misses.fetch_add(1, std::memory_order_relaxed);
  Ref<> result = call(c->function.peek(), args);
  if (!result) return result;
  // A nested or concurrent call may have filled the entry meanwhile.
  found = dict_get_hashed(dict, key.value(), h);
  if (found) return result;
  if (error_pending()) return Ref<>();
  Ref<> victim;
  if (!reserve_entry(c, &victim)) return result;
  Reservation room(c);
  if (victim) {
    Ref<> gone = dict_pop(dict, object_of<LruLink>(victim.value())->key.peek());
    if (!gone && error_pending()) return Ref<>();
  }
  Ref<LruLink> link = allocate<LruLink>(&lru_link_type);
  if (!link) return Ref<>();
  link->key.init(key.copy());
  link->result.init(result.copy());
  Ref<> stored = dict_set_default(dict, key.value(), link.value());
  if (!stored) return stored;
  if (stored.value().is(link.get())) {
    // Should cache_clear() have emptied the dict since, the link only ages out of the order.
    room.use(std::move(link));
  }
  return result;
}

Ref<> unbounded_call(LruCache* c, const Args& args) {
  int64_t h;
  Ref<> key = make_key(c, args, &h);
  if (!key || h == -1) return Ref<>();
  Dict* dict = cache_dict(c);
  Ref<> found = dict_get_hashed(dict, key.value(), h);
  if (found) {
    count_hit(c);
    return found;
  }
  if (error_pending()) return Ref<>();
  c->misses.fetch_add(1, std::memory_order_relaxed);
  Ref<> result = call(c->function.peek(), args);
  if (!result || !dict_set_hashed(dict, key.value(), h, result.value())) return Ref<>();
  return result;
}

Ref<> lru_cache_call(Value self, const Args& args) {
  auto* c = object_of<LruCache>(self);
  if (c->maximum < 0) return unbounded_call(c, args);
  if (c->maximum > 0) return bounded_call(c, args);
  c->misses.fetch_add(1, std::memory_order_relaxed);
  return call(c->function.peek(), args);
}

Ref<> lru_cache_construct(Type* type, const Args& args) {
  Value v[4];
  if (!bind_arguments("lru_cache", "(user_function, maxsize, typed, cache_info_type)", args, v)) return Ref<>();
  if (!is_callable(v[0])) return raise(exc::TypeError, "the first argument must be callable");
  int64_t maximum = -1;
  if (!is_none(v[1])) {
    if (!is_int(v[1]) && !type_of(v[1])->slots.unary[static_cast<int>(UnaryOp::kIndex)]) {
      return raise(exc::TypeError, "maxsize should be integer or None");
    }
    if (!to_ssize(v[1], &maximum)) return Ref<>();
    if (maximum < 0) maximum = 0;
  }
  int typed = truth(v[2]);
  if (typed < 0) return Ref<>();
  Ref<Dict> dict = dict_new();
  Ref<> mark = call0(Value::object(&object_type));
  if (!dict || !mark) return Ref<>();
  Ref<LruCache> self = allocate<LruCache>(type);
  if (!self) return Ref<>();
  self->function.init(Ref<>::retain(v[0]));
  self->cache_info_type.init(Ref<>::retain(v[3]));
  self->key_mark.init(std::move(mark));
  self->module_cache.init(std::move(dict));
  self->maximum = maximum;
  self->typed = typed;
  return self;
}

Ref<> cache_info(const Value* a) {
  auto* c = object_of<LruCache>(a[0]);
  Ref<> hits = int_from_int64(total_hits(c));
  Ref<> misses = int_from_int64(c->misses.load(std::memory_order_relaxed));
  Ref<> maximum = c->maximum < 0 ? none_ref() : int_from_int64(c->maximum);
  Ref<> size = int_from_int64(dict_size(cache_dict(c)));
  if (!hits || !misses || !maximum || !size) return Ref<>();
  return call_values(c->cache_info_type.peek(), {hits.value(), misses.value(), maximum.value(), size.value()});
}

void drop_order(LruCache* c) {
  for (;;) {
    Ref<> link;
    LockGuard guard(c);
    if (!c->oldest) return;
    link = unlink_locked(c, c->oldest);
  }
}

Ref<> cache_clear(const Value* a) {
  auto* c = object_of<LruCache>(a[0]);
  drop_order(c);
  c->hits.store(0, std::memory_order_relaxed);
  c->misses.store(0, std::memory_order_relaxed);
  if (HitStripe* stripes = c->stripes.load(std::memory_order_acquire)) {
    for (uint32_t i = 0; i < kStripes; ++i) stripes[i].hits.store(0, std::memory_order_relaxed);
  }
  dict_clear(cache_dict(c));
  return none_ref();
}

Ref<> lru_cache_reduce(const Value* a) { return get_attribute(a[0], "__qualname__"); }
Ref<> lru_cache_copy(const Value* a) { return Ref<>::retain(a[0]); }

Ref<> lru_cache_descriptor_get(Value self, Value instance, Value) {
  if (instance.empty() || is_none(instance)) return Ref<>::retain(self);
  return bound_method_new(self, instance);
}

Ref<> get_dict(Value self) { return instance_dict(self.as_object()); }
bool set_dict(Value self, Value value) {
  if (value.empty()) return raise(exc::TypeError, "cannot delete __dict__");
  if (!is_dict(value)) return raise(exc::TypeError, "__dict__ must be set to a dictionary, not a '%T'", value);
  return instance_set_dict(self.as_object(), as_dict(value));
}

void lru_cache_traverse(Object* o, FieldVisitor& visitor) {
  auto* c = static_cast<LruCache*>(o);
  visitor(c->function);
  visitor(c->cache_info_type);
  visitor(c->key_mark);
  visitor(c->module_cache);
  visitor(c->newest);
  traverse_attributes(o, visitor);
}
void lru_cache_clear(Object* o) {
  auto* c = static_cast<LruCache*>(o);
  drop_order(c);
  c->module_cache.clear();
  c->function.clear();
  c->cache_info_type.clear();
  c->key_mark.clear();
  attributes_clear(o);
}
void lru_cache_destroy(Object* o) {
  lru_cache_clear(o);
  auto* c = static_cast<LruCache*>(o);
  if (HitStripe* stripes = c->stripes.exchange(nullptr)) memory::release(stripes);
}
void link_traverse(Object* o, FieldVisitor& visitor) {
  visitor(static_cast<LruLink*>(o)->key);
  visitor(static_cast<LruLink*>(o)->result);
  visitor(static_cast<LruLink*>(o)->older);
}

const NativeDef kMethods[] = {{"cache_info", "($self, /)", cache_info, "Report cache statistics"},
                              {"cache_clear", "($self, /)", cache_clear, "Clear the cache and cache statistics"},
                              {"__reduce__", "($self, /)", lru_cache_reduce},
                              {"__copy__", "($self, /)", lru_cache_copy},
                              {"__deepcopy__", "($self, memo, /)", lru_cache_copy},
                              {}};
const GetSetDef kGetSets[] = {{"__dict__", get_dict, set_dict}, {}};

}  // namespace

const TypeSpec lru_cache_spec = {
    .name = "functools._lru_cache_wrapper",
    .size = sizeof(LruCache),
    .flags = kTypeBase | kTypeHasDict | kTypeWeakrefs | kTypeMethodDescriptor,
    .slots = {.call = lru_cache_call, .descriptor_get = lru_cache_descriptor_get, .construct = lru_cache_construct},
    .traverse = lru_cache_traverse,
    .clear = lru_cache_clear,
    .destroy = lru_cache_destroy,
    .methods = kMethods,
    .getsets = kGetSets,
    .doc = "A callable that remembers the results of calls; made by functools.lru_cache.",
};
const TypeSpec lru_key_spec = {
    .name = "functools._lru_key",
    .size = sizeof(LruKey),
    .item_size = sizeof(Field),
    .flags = kTypeNoInstantiate,
    .slots = {.hash = key_hash, .compare = key_compare},
    .traverse = key_traverse,
};
const TypeSpec lru_link_spec = {
    .name = "functools._lru_list_elem",
    .size = sizeof(LruLink),
    .flags = kTypeNoInstantiate,
    .traverse = link_traverse,
};

}  // namespace pt
