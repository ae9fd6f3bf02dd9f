// A storm over gc/: threads that start, end, block and run allocate, share, link, lock, retire and collect at random,
// while every object carries a checksum and every counter must add up in the end.
//
//   stress_native [--seed N] [--threads N] [--seconds S]
//
// Ends with status 0 when every invariant held; prints what broke, and the seed, otherwise.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <thread>
#include <vector>

#include "gc/collector/collector.h"
#include "gc/collector/introspect.h"
#include "gc/heap/heap.h"
#include "gc/platform/memory.h"
#include "gc/reclaim/qsbr.h"
#include "gc/refcount/ref.h"
#include "gc/sync/critical_section.h"
#include "gc/sync/mutator.h"

namespace {

using namespace pt;

uint64_t g_seed = 1;
int g_threads = 4;
double g_seconds = 2;
std::atomic<bool> g_stop{false};
std::atomic<int64_t> g_failures{0};

[[gnu::format(printf, 1, 2)]] void fail(const char* format, ...) {
  if (g_failures.fetch_add(1) > 10) return;
  va_list arguments;
  va_start(arguments, format);
  std::fprintf(stderr, "FAILED (seed %llu): ", static_cast<unsigned long long>(g_seed));
  std::vfprintf(stderr, format, arguments);
  std::fputc('\n', stderr);
  va_end(arguments);
}
#define EXPECT(condition, ...)           \
  do {                                   \
    if (!(condition)) fail(__VA_ARGS__); \
  } while (0)

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u | 1) {}
  uint32_t below(uint32_t n) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<uint32_t>((state_ >> 33) % n);
  }

 private:
  uint64_t state_;
};

// ---- objects ----

enum StormShape : ShapeId { kNodeShape = 80000, kFinalShape, kBlobShape, kTableShape };

constexpr uint64_t kAlive = 0xA11FE0B1EC7A11FEu;
constexpr uint64_t kDead = 0xDEAD0B1EC7DEAD00u;

struct Node : Object {
  Field fields[3];
  uint64_t magic;
};
struct Blob : Object {  // untracked, of varying size, full of one byte
  uint32_t size;
  unsigned char bytes[];
};
// A buffer that readers use without a lock and writers replace.
struct Buffer {
  uint64_t length;
  uint64_t words[];
};
struct Table : Object {
  std::atomic<Buffer*> buffer;
  int64_t counter;          // guarded by the object lock
  int64_t section_counter;  // likewise, through critical sections
};

std::atomic<int64_t> g_created{0};
std::atomic<int64_t> g_destroyed{0};
std::atomic<int64_t> g_final_created{0};
std::atomic<int64_t> g_finalized{0};
std::atomic<int64_t> g_buffers{0};

void drop_fields(Node* node) {
  for (Field& field : node->fields) field.clear();
}
void traverse_node(Object* o, FieldVisitor& visitor) {
  for (Field& field : static_cast<Node*>(o)->fields) visitor(field);
}
void clear_node(Object* o) { drop_fields(static_cast<Node*>(o)); }
void destroy_node(Object* o) {
  Node* node = static_cast<Node*>(o);
  if (node->magic != kAlive) fail("destroyed twice, or overwritten: %llx", static_cast<unsigned long long>(node->magic));
  drop_fields(node);
  node->magic = kDead;
  g_destroyed.fetch_add(1, std::memory_order_relaxed);
}
void finalize_node(Object* o) {
  if (static_cast<Node*>(o)->magic != kAlive) fail("finalised when dead");
  g_finalized.fetch_add(1, std::memory_order_relaxed);
}
void destroy_blob(Object* o) {
  Blob* blob = static_cast<Blob*>(o);
  for (uint32_t i = 0; i < blob->size; i++) {
    if (blob->bytes[i] != static_cast<unsigned char>(blob->size)) {
      fail("blob overwritten");
      break;
    }
  }
  g_destroyed.fetch_add(1, std::memory_order_relaxed);
}
void free_buffer(void* memory) {
  Buffer* buffer = static_cast<Buffer*>(memory);
  std::memset(buffer->words, 0xEE, buffer->length * 8);
  buffer->length = 0;
  memory::release(buffer);
  g_buffers.fetch_sub(1, std::memory_order_relaxed);
}
void destroy_table(Object* o) {
  if (Buffer* buffer = static_cast<Table*>(o)->buffer.load()) free_buffer(buffer);
  g_destroyed.fetch_add(1, std::memory_order_relaxed);
}

constexpr TypeLayout kNodeLayout{"node", sizeof(Node), true, traverse_node, clear_node, destroy_node, nullptr};
constexpr TypeLayout kFinalLayout{"final", sizeof(Node), true, traverse_node, clear_node, destroy_node, finalize_node};
constexpr TypeLayout kBlobLayout{"blob", sizeof(Blob), false, nullptr, nullptr, destroy_blob, nullptr};
constexpr TypeLayout kTableLayout{"table", sizeof(Table), false, nullptr, nullptr, destroy_table, nullptr};

void define(ShapeId id, const TypeLayout& layout) { reinterpret_cast<ShapeHead*>(shape_from_id(id))->layout = &layout; }

Ref<Node> make_node(bool final = false) {
  Node* node = static_cast<Node*>(allocate_object(final ? kFinalShape : kNodeShape, sizeof(Node), true));
  PT_CHECK(node);
  node->magic = kAlive;
  g_created.fetch_add(1, std::memory_order_relaxed);
  if (final) g_final_created.fetch_add(1, std::memory_order_relaxed);
  return Ref<Node>::steal(node);
}
Ref<Blob> make_blob(uint32_t size) {
  Blob* blob = static_cast<Blob*>(allocate_object(kBlobShape, sizeof(Blob) + size, false));
  PT_CHECK(blob);
  blob->size = size;
  std::memset(blob->bytes, static_cast<unsigned char>(size), size);
  g_created.fetch_add(1, std::memory_order_relaxed);
  return Ref<Blob>::steal(blob);
}
Buffer* make_buffer(uint64_t length, uint64_t tag) {
  Buffer* buffer = static_cast<Buffer*>(memory::allocate(sizeof(Buffer) + length * 8));
  PT_CHECK(buffer);
  buffer->length = length;
  for (uint64_t i = 0; i < length; i++) buffer->words[i] = tag;
  g_buffers.fetch_add(1, std::memory_order_relaxed);
  return buffer;
}
Ref<Table> make_table() {
  Table* table = static_cast<Table*>(allocate_object(kTableShape, sizeof(Table), false));
  PT_CHECK(table);
  table->buffer.store(make_buffer(8, 0));
  g_created.fetch_add(1, std::memory_order_relaxed);
  return Ref<Table>::steal(table);
}

// ---- what all threads share ----

constexpr int kShelves = 8;
constexpr int kTables = 4;
Node* g_shelves[kShelves];  // held by main
Table* g_tables[kTables];
std::atomic<int64_t> g_increments[kTables];
std::atomic<int64_t> g_section_increments[kTables];
// Counts what threads do between two safepoints: with the world stopped it must not move.
std::atomic<int64_t> g_activity{0};

struct Worker : Mutator {
  // Registers as frames have them: counted words own, borrowed ones name deferred objects.
  std::array<Value, 8> registers{};
};

void visit_roots(Mutator* mutator, void (*visit)(Value, void*), void* context) {
  for (Value v : static_cast<Worker*>(mutator)->registers) visit(v, context);
}

void safepoint(Worker& self) {
  if (!self.breaker.load(std::memory_order_relaxed)) return;
  if (safepoint_slow(&self) & kBreakCollect) collect_if_due();
}

void check_node(Value v) {
  Object* o = v.as_object();
  ShapeId shape = o->shape_id.load(std::memory_order_relaxed);
  if (shape == kNodeShape || shape == kFinalShape) {
    EXPECT(static_cast<Node*>(o)->magic == kAlive, "a reference to what is dead: %llx",
           static_cast<unsigned long long>(static_cast<Node*>(o)->magic));
  } else if (shape == kBlobShape) {
    Blob* blob = static_cast<Blob*>(o);
    EXPECT(blob->size == 0 || blob->bytes[blob->size - 1] == static_cast<unsigned char>(blob->size), "blob broken");
  } else {
    fail("a reference to an object of shape %u", shape);
  }
}

Field& random_field(Random& random, Object*& holder) {
  Node* shelf = g_shelves[random.below(kShelves)];
  holder = shelf;
  return shelf->fields[random.below(3)];
}

void put_register(Worker& self, uint32_t index, Value v) {
  Value old = self.registers[index];
  self.registers[index] = v;
  release(old);
}

void step(Worker& self, Random& random) {
  Object* holder = nullptr;
  Field& field = random_field(random, holder);
  uint32_t index = random.below(8);
  uint32_t what = random.below(100);
  if (what < 15) {  // publish
    Ref<Node> node = make_node(random.below(8) == 0);
    mark_maybe_shared(node.get());
    field.store(holder, std::move(node));
  } else if (what < 20) {
    Ref<Blob> blob = make_blob(random.below(random.below(50) == 0 ? 20000 : 300));
    mark_maybe_shared(blob.get());
    field.store(holder, std::move(blob));
  } else if (what < 45) {  // read without a lock
    Ref<> got = field.load(holder);
    if (!got.value().is_object()) return;
    check_node(got.value());
    if (random.below(2)) put_register(self, index, got.take());
  } else if (what < 60) {  // link what we hold to what is there: cycles
    Value mine = self.registers[index];
    if (!mine.is_object()) return;
    Object* o = mine.as_object();
    check_node(mine);
    ShapeId shape = o->shape_id.load(std::memory_order_relaxed);
    if (shape != kNodeShape && shape != kFinalShape) return;
    Ref<> other = field.load(holder);
    if (random.below(6) == 0) other = Ref<>::retain(mine);
    static_cast<Node*>(o)->fields[random.below(3)].store(o, std::move(other));
  } else if (what < 65) {
    put_register(self, index, Value());
  } else if (what < 68) {  // deferred objects, held by a borrowed word only
    Ref<Node> node = make_node();
    make_deferred(node.get());
    if (random.below(2)) node->fields[0].init(node.copy());
    put_register(self, index, node.value().as_borrowed());
  } else if (what < 72) {
    field.store(holder, Ref<>());
  } else if (what < 78) {  // a private ring, dropped at once
    Ref<Node> first = make_node();
    Ref<Node> second = make_node(random.below(4) == 0);
    first->fields[0].init(second.copy());
    second->fields[1].init(first.copy());
  } else if (what < 84) {
    uint32_t t = random.below(kTables);
    {
      LockGuard guard(g_tables[t]);
      g_tables[t]->counter++;
    }
    g_increments[t].fetch_add(1, std::memory_order_relaxed);
  } else if (what < 87) {
    uint32_t t = random.below(kTables);
    {
      CriticalSection section(g_tables[t]);
      g_tables[t]->section_counter++;
    }
    g_section_increments[t].fetch_add(1, std::memory_order_relaxed);
  } else if (what < 93) {  // read a buffer that may be replaced meanwhile
    Buffer* buffer = g_tables[random.below(kTables)]->buffer.load(std::memory_order_acquire);
    uint64_t length = buffer->length;
    uint64_t tag = buffer->words[0];
    for (uint64_t i = 0; i < length; i++) EXPECT(buffer->words[i] == tag, "a retired buffer was freed too early");
  } else if (what < 97) {
    Table* table = g_tables[random.below(kTables)];
    uint64_t length = 4 + random.below(60);
    Buffer* fresh = make_buffer(length, (uint64_t{random.below(1u << 30)} << 8) | 1);
    Buffer* old;
    {
      LockGuard guard(table);
      old = table->buffer.exchange(fresh, std::memory_order_acq_rel);
    }
    retire(old, free_buffer, sizeof(Buffer) + old->length * 8);
  } else if (what < 99) {
    g_activity.fetch_add(1, std::memory_order_relaxed);
  } else if (random.below(3) == 0) {
    Detached detached;
    timespec pause{0, static_cast<long>(random.below(200000))};
    nanosleep(&pause, nullptr);
  }
}

void rare_step(Random& random) {
  switch (random.below(5)) {
    case 0:
    case 1: collect(); break;
    case 2: {
      StopTheWorld stopped;
      int64_t before = g_activity.load();
      for (int i = 0; i < 1000; i++) __builtin_ia32_pause();
      EXPECT(g_activity.load() == before, "a thread ran in a stopped world");
      break;
    }
    case 3: EXPECT(verify_heap() == 0, "the heap verifier complains"); break;
    default: {
      ValueList list;
      if (!tracked_objects(list)) break;
      for (size_t i = 0; i < list.size(); i += 17) check_node(list[i]);
    }
  }
}

// One registered thread's life: runs for a while, then ends and leaves what it owned.
void live(uint64_t seed) {
  Worker self;
  PT_CHECK(register_mutator(&self));
  Random random(seed);
  uint64_t steps = 2000 + random.below(30000);
  for (uint64_t i = 0; i < steps && !g_stop.load(std::memory_order_relaxed); i++) {
    step(self, random);
    if (i % 16 == 0) safepoint(self);
    if (random.below(4000) == 0) rare_step(random);
  }
  for (uint32_t i = 0; i < 8; i++) put_register(self, i, Value());
  unregister_mutator(&self);
}

void run() {
  reserve_shape_region();
  define(kNodeShape, kNodeLayout);
  define(kFinalShape, kFinalLayout);
  define(kBlobShape, kBlobLayout);
  define(kTableShape, kTableLayout);
  g_heap_hooks.visit_roots = visit_roots;
  Worker self;
  PT_CHECK(register_mutator(&self));
  set_collection_threshold(2000);
  for (Node*& shelf : g_shelves) {
    shelf = make_node().take();
    mark_maybe_shared(shelf);
  }
  for (Table*& table : g_tables) {
    table = make_table().take();
    mark_maybe_shared(table);
  }
  {
    Detached detached;
    std::vector<std::thread> threads;
    for (int t = 0; t < g_threads; t++) {
      threads.emplace_back([t] {
        for (uint64_t n = 0; !g_stop; n++) live(g_seed * 1000003 + static_cast<uint64_t>(t) * 7919 + n * 104729);
      });
    }
    timespec time{static_cast<time_t>(g_seconds),
                  static_cast<long>((g_seconds - static_cast<double>(static_cast<time_t>(g_seconds))) * 1e9)};
    nanosleep(&time, nullptr);
    g_stop = true;
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT(verify_heap() == 0, "the heap verifier complains in the end");
  for (int t = 0; t < kTables; t++) {
    EXPECT(g_tables[t]->counter == g_increments[t], "lost updates under the object lock");
    EXPECT(g_tables[t]->section_counter == g_section_increments[t], "lost updates in critical sections");
    decref(g_tables[t]);
  }
  for (Node* shelf : g_shelves) decref(shelf);
  safepoint_slow(&self);
  collect();
  collect();
  EXPECT(g_created == g_destroyed, "%lld objects made, %lld destroyed", static_cast<long long>(g_created.load()),
         static_cast<long long>(g_destroyed.load()));
  EXPECT(g_final_created == g_finalized, "%lld finalisers due, %lld run", static_cast<long long>(g_final_created.load()),
         static_cast<long long>(g_finalized.load()));
  CollectorStatistics statistics = collector_statistics();
  std::printf("%lld objects, %lld collections, longest pause %.2f ms\n", static_cast<long long>(g_created.load()),
              static_cast<long long>(statistics.collections), static_cast<double>(statistics.longest_pause_ns) * 1e-6);
  unregister_mutator(&self);
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!std::strcmp(argv[i], "--seed")) g_seed = std::strtoull(argv[i + 1], nullptr, 10);
    if (!std::strcmp(argv[i], "--threads")) g_threads = std::atoi(argv[i + 1]);
    if (!std::strcmp(argv[i], "--seconds")) g_seconds = std::atof(argv[i + 1]);
  }
  run();
  if (g_failures.load()) {
    std::fprintf(stderr, "FAILED: %lld failures (seed %llu, %d threads)\n", static_cast<long long>(g_failures.load()),
                 static_cast<unsigned long long>(g_seed), g_threads);
    return 1;
  }
  std::puts("ok");
  return 0;
}
