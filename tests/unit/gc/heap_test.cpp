#include "tests/unit/gc/fixture.h"

namespace pt::test {
namespace {

using HeapTest = GcTest;

TEST_F(HeapTest, NewObjectIsZeroedAndOwned) {
  Ref<Node> n = new_node();
  ASSERT_TRUE(n);
  EXPECT_EQ(local_of(n.get()), 1u);
  EXPECT_EQ(n->shared.load(), 0);
  EXPECT_EQ(n->owner.load(), tls_owner_id);
  EXPECT_TRUE(n->left.peek().empty());
  EXPECT_EQ(n->payload, 0);
  EXPECT_TRUE(n->has_gc_bit(kGcTracked));
  EXPECT_FALSE(n->has_gc_bit(kGcDead));
}

TEST_F(HeapTest, SlotIsReusedAndZeroedAgain) {
  Node* first;
  {
    Ref<Node> n = new_node();
    n->payload = 42;
    first = n.get();
  }
  EXPECT_TRUE(first->has_gc_bit(kGcDead));
  Ref<Node> again = new_node();
  EXPECT_EQ(again.get(), first);
  EXPECT_EQ(again->payload, 0);
}

TEST_F(HeapTest, DeepListDiesOnSmallStack) {
  {
    Ref<Node> head;
    for (int i = 0; i < 1'000'000; ++i) {
      Ref<Node> n = new_node();
      n->left.init(std::move(head));
      head = std::move(n);
    }
  }
  EXPECT_EQ(g_destroyed, 1'000'000);
}

TEST_F(HeapTest, ForeignThreadFrees) {
  constexpr int kCount = 5000;
  std::vector<Ref<Node>> nodes;
  for (int i = 0; i < kCount; ++i) nodes.push_back(new_node());
  Worker([&] { nodes.clear(); }).join();
  EXPECT_TRUE(wait_until([] { return g_destroyed == kCount; }));
}

}  // namespace
}  // namespace pt::test
