// The heap verifier finds what is planted, and the shadow map it stands on.
#include "tests/unit/gc/fake_heap.h"

namespace pt::fake {
namespace {

class Verify : public CollectorTest {
 protected:
  // Runs the verifier with its report swallowed.
  int problems() {
    testing::internal::CaptureStderr();
    int found = verify_heap();
    report_ = testing::internal::GetCapturedStderr();
    return found;
  }
  bool reported(const char* text) const { return report_.find(text) != std::string::npos; }

 private:
  std::string report_;
};

TEST_F(Verify, SoundHeap) {
  Ref<Node> ring = make_ring(100);
  Ref<Bag> bag = make_bag(10);
  bag->items[3].init(ring.copy());
  bag->items[4].init_value(Value::small_int(4));
  Ref<Object> leaf = make_leaf();
  make_deferred(leaf.get());
  ring->b.init(make_node());
  EXPECT_EQ(problems(), 0);
}

TEST_F(Verify, SoundHeapWithThreads) {
  std::atomic<bool> finish{false};
  std::vector<test::Worker> workers;
  for (int t = 0; t < 2; t++) {
    workers.emplace_back([&finish] {
      for (int i = 0; !finish; i++) {
        if (i < 5000) make_ring(3).reset();
        make_node().reset();
        test::safepoint();
      }
    });
  }
  for (int i = 0; i < 10; i++) EXPECT_EQ(problems(), 0);
  finish = true;
}

TEST_F(Verify, TargetThatIsNoObject) {
  Ref<Node> node = make_node();
  node->a.init_value(Value::from_bits(0x7000'0000'1230));
  EXPECT_EQ(problems(), 1);
  EXPECT_TRUE(reported("no live object"));
  EXPECT_TRUE(reported("0x700000001230"));
  node->a.init_value(Value());
}

TEST_F(Verify, MisalignedTarget) {
  Ref<Node> node = make_node();
  node->a.init_value(Value::from_bits(reinterpret_cast<uint64_t>(node.get()) + 8));
  EXPECT_EQ(problems(), 1);
  node->a.init_value(Value());
}

TEST_F(Verify, TargetInsideAnObject) {
  Ref<Bag> bag = make_bag(1);
  bag->items[0].init_value(Value::from_bits(reinterpret_cast<uint64_t>(bag.get()) + 16));
  EXPECT_EQ(problems(), 1);
  bag->items[0].init_value(Value());
}

TEST_F(Verify, FreedTarget) {
  Ref<Node> node = make_node();
  Object* gone = nullptr;
  {
    Ref<Node> other = make_node();
    gone = other.get();
  }
  node->a.init_value(Value::object(gone));
  EXPECT_EQ(problems(), 1);
  EXPECT_TRUE(reported("no live object"));
  node->a.init_value(Value());
}

TEST_F(Verify, MoreReferencesThanCounts) {
  Ref<Node> one = make_node();
  Ref<Node> two = make_node();
  one->a.init_value(two.value());  // no count
  EXPECT_EQ(problems(), 0);        // the test's own reference covers for it
  one->b.init_value(two.value());
  EXPECT_EQ(problems(), 1);
  EXPECT_TRUE(reported("more references"));
  one->a.init_value(Value());
  one->b.init_value(Value());
}

TEST_F(Verify, BorrowedWordsNeedNoCount) {
  Ref<Node> window = make_node(kWindowShape);
  Ref<Node> node = make_node();
  window->a.init_value(Value::borrowed_object(node.get()));
  window->b.init_value(Value::borrowed_object(node.get()));
  EXPECT_EQ(problems(), 0);
}

TEST_F(Verify, ShapeOutOfRange) {
  Ref<Node> node = make_node();
  ShapeId right = node->shape_id.exchange(kMaxShapes + 5);
  EXPECT_EQ(problems(), 1);
  EXPECT_TRUE(reported("shape id"));
  node->shape_id = right;
}

TEST_F(Verify, ShapeWithoutLayout) {
  Ref<Node> node = make_node();
  ShapeId right = node->shape_id.exchange(kPairShape + 1000);
  EXPECT_EQ(problems(), 1);
  EXPECT_TRUE(reported("layout"));
  node->shape_id = right;
}

TEST_F(Verify, ObjectLargerThanItsSlot) {
  Ref<Object> leaf = make_leaf();
  ShapeId right = leaf->shape_id.exchange(kNodeShape);
  static TypeLayout huge{"huge", sizeof(Object), false, nullptr, nullptr, kLeafLayout.destroy, nullptr};
  huge.fixed_size = 4096;
  define(kPairShape + 1, huge);
  leaf->shape_id = kPairShape + 1;
  EXPECT_EQ(problems(), 1);
  EXPECT_TRUE(reported("larger"));
  leaf->shape_id = right;
}

TEST_F(Verify, MergedWithAnOwner) {
  Ref<Node> node = make_node();
  int32_t right = node->shared.exchange(kSharedMerged | kSharedOne);
  EXPECT_GE(problems(), 1);
  EXPECT_TRUE(reported("merged with an owner"));
  node->shared = right;
}

TEST_F(Verify, NoOwnerButNotMerged) {
  Ref<Node> node = make_node();
  ThreadId right = node->owner.exchange(0);
  EXPECT_GE(problems(), 1);
  EXPECT_TRUE(reported("not merged"));
  node->owner = right;
}

TEST_F(Verify, LocalCountBelowZero) {
  Ref<Node> node = make_node();
  uint32_t right = node->local.exchange(static_cast<uint32_t>(-3));
  EXPECT_GE(problems(), 1);
  EXPECT_TRUE(reported("below zero"));
  node->local = right;
}

TEST_F(Verify, NegativeCount) {
  Ref<Node> node = make_node();
  int32_t right = node->shared.exchange(-5 * kSharedOne);
  EXPECT_GE(problems(), 1);
  EXPECT_TRUE(reported("negative"));
  node->shared = right;
}

TEST_F(Verify, DeferredWithoutACount) {
  Ref<Object> leaf = make_leaf();
  leaf->gc_bits.fetch_or(kGcDeferred);
  leaf->local = 0;
  EXPECT_EQ(problems(), 1);
  EXPECT_TRUE(reported("deferred"));
  leaf->local = 1;
  leaf->gc_bits.fetch_and(static_cast<uint8_t>(~kGcDeferred));
}

TEST_F(Verify, MarkLeftBehind) {
  Ref<Node> node = make_node();
  node->gc_bits.fetch_or(kGcMark);
  EXPECT_EQ(problems(), 1);
  node->gc_bits.fetch_and(static_cast<uint8_t>(~kGcMark));
}

TEST_F(Verify, TrackedWithoutTraverse) {
  Ref<Object> leaf = make_leaf();
  leaf->gc_bits.fetch_or(kGcTracked);
  EXPECT_EQ(problems(), 1);
  leaf->gc_bits.fetch_and(static_cast<uint8_t>(~kGcTracked));
}

TEST_F(Verify, ImmortalTargetOutsideTheHeap) {
  static Node outside;
  init_immortal_header(&outside, kNodeShape);
  Ref<Node> node = make_node();
  node->a.init_value(Value::object(&outside));
  EXPECT_EQ(problems(), 0);
  outside.local = 1;
  EXPECT_EQ(problems(), 1);
  outside.local = kLocalImmortal;
}

TEST_F(Verify, RootThatIsNoObject) {
  registers().push_back(Value::from_bits(0x7000'0000'1230));
  EXPECT_EQ(problems(), 1);
  EXPECT_TRUE(reported("root"));
  registers().clear();
}

TEST_F(Verify, EachProblemIsCounted) {
  Ref<Bag> bag = make_bag(100);
  for (int i = 0; i < 100; i++) bag->items[i].init_value(Value::from_bits(0x7000'0000'0000u + 16u * i));
  EXPECT_EQ(problems(), 100);
  EXPECT_TRUE(reported("100 problems in all"));
  for (int i = 0; i < 100; i++) bag->items[i].init_value(Value());
}

// ---- the shadow map ----

Object* at(uintptr_t address) { return reinterpret_cast<Object*>(address); }

TEST(ShadowMap, EmptyFindsNothing) {
  ShadowMap map;
  EXPECT_EQ(map.find(at(0x10000)), nullptr);
  map.for_each([](Object*, uint32_t&) { FAIL(); });
}

TEST(ShadowMap, WordsAreFoundAgain) {
  ShadowMap map;
  // Neighbours, the ends of a chunk, and chunks far apart.
  for (uintptr_t base : {uintptr_t{0x7f0000010000}, uintptr_t{0x10000}, uintptr_t{0x5555'0000'0000}}) {
    for (uintptr_t offset : {0, 16, 32, 0xFFE0, 0xFFF0}) *map.insert(at(base + offset)) = static_cast<uint32_t>(offset + 1);
  }
  for (uintptr_t base : {uintptr_t{0x7f0000010000}, uintptr_t{0x10000}, uintptr_t{0x5555'0000'0000}}) {
    for (uintptr_t offset : {0, 16, 32, 0xFFE0, 0xFFF0}) {
      uint32_t* word = map.find(at(base + offset));
      ASSERT_NE(word, nullptr);
      EXPECT_EQ(*word, offset + 1);
    }
    EXPECT_EQ(*map.find(at(base + 48)), 0u);
    EXPECT_EQ(map.find(at(base + 0x10000)), nullptr);
  }
}

TEST(ShadowMap, ManyChunks) {
  ShadowMap map;
  constexpr uintptr_t kChunks = 3000;
  for (uintptr_t i = 0; i < kChunks; i++) *map.insert(at(0x7f00'0000'0000 + i * 0x30000)) = static_cast<uint32_t>(i + 1);
  uint64_t sum = 0;
  uint64_t count = 0;
  map.for_each([&](Object* o, uint32_t& word) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(o), 0x7f00'0000'0000 + uintptr_t{word - 1} * 0x30000);
    sum += word;
    count++;
    word = 0;
  });
  EXPECT_EQ(count, kChunks);
  EXPECT_EQ(sum, kChunks * (kChunks + 1) / 2);
  map.for_each([](Object*, uint32_t&) { FAIL(); });
  map.reset();
  EXPECT_EQ(map.find(at(0x7f00'0000'0000)), nullptr);
}

TEST(ShadowMap, CoveredRange) {
  for (int round = 0; round < 3; round++) {  // later rounds get the first one's array back, clean
    ShadowMap map;
    constexpr uintptr_t kBegin = 0x7f00'0000'0000;
    map.cover(kBegin, kBegin + 0x100'0000);
    EXPECT_EQ(*map.find(at(kBegin)), 0u);
    map.for_each([](Object*, uint32_t&) { FAIL(); });
    for (uintptr_t offset : {uintptr_t{0}, uintptr_t{0xFFF0}, uintptr_t{0x54'3210}, uintptr_t{0xFF'FFF0}}) {
      *map.insert(at(kBegin + offset)) = static_cast<uint32_t>(offset + 1);
    }
    *map.insert(at(kBegin - 16)) = 1;  // outside
    *map.insert(at(kBegin + 0x100'0000)) = 2;
    int found = 0;
    map.for_each([&](Object* o, uint32_t& word) {
      uintptr_t offset = reinterpret_cast<uintptr_t>(o) - kBegin;
      if (offset < 0x100'0000) EXPECT_EQ(word, offset + 1);
      found++;
    });
    EXPECT_EQ(found, 6);
    EXPECT_EQ(*map.find(at(kBegin - 16)), 1u);
    EXPECT_EQ(*map.find(at(kBegin + 0x100'0000)), 2u);
  }
}

}  // namespace
}  // namespace pt::fake
