#include "gc/heap/audit.h"

#include "gc/refcount/ledger.h"
#include "tests/unit/gc/fixture.h"

namespace pt::test {
namespace {

using AuditTest = GcTest;

TEST_F(AuditTest, HeapReferencesExplainCounts) {
  AuditResult before = audit_refcounts(0);
  Ref<Node> root = new_node();
  root->left.init(new_node());
  root->right.init(Ref<>::retain(root->left.peek()));
  AuditResult with = audit_refcounts(0);
  EXPECT_EQ(with.objects, before.objects + 2);
  EXPECT_EQ(with.undercounted, before.undercounted);
  EXPECT_EQ(with.unexplained, before.unexplained + 1);  // the root, held by this test
}

TEST_F(AuditTest, FindsAnUndercountedObject) {
  AuditResult before = audit_refcounts(0);
  Ref<Node> root = new_node();
  root->left.init(new_node());
  Object* inner = root->left.peek().as_object();
  root->right.init_value(Value::object(inner));  // a reference that nobody counted
  testing::internal::CaptureStderr();
  AuditResult with = audit_refcounts(1 << 20);
  std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(with.undercounted, before.undercounted + 1);
  EXPECT_NE(text.find("count 1, 2 references found"), std::string::npos) << text;
  incref(inner);
}

TEST_F(AuditTest, CyclesAreExplained) {
  AuditResult before = audit_refcounts(0);
  Node* a = new_node().take();
  Node* b = new_node().take();
  a->left.init_value(Value::object(b));
  b->left.init_value(Value::object(a));
  AuditResult with = audit_refcounts(0);
  EXPECT_EQ(with.objects, before.objects + 2);
  EXPECT_EQ(with.unexplained, before.unexplained);
  incref(a);
  a->left.clear();
  decref(a);
  EXPECT_EQ(g_destroyed, 2);
}

TEST_F(AuditTest, DeferredObjectsHaveTheHeapsReference) {
  AuditResult before = audit_refcounts(0);
  Ref<Node> root = new_node();
  root->left.init(new_node());
  Object* inner = root->left.peek().as_object();
  make_deferred(inner);
  EXPECT_EQ(audit_refcounts(0).unexplained, before.unexplained + 1);
  inner->gc_bits.fetch_and(static_cast<uint8_t>(~kGcDeferred));
  decref(inner);
}

TEST_F(AuditTest, LedgerTellsTakesAndGives) {
  if (!kLedgerBuilt) {
    EXPECT_FALSE(ledger_start());
    GTEST_SKIP() << "needs a build with verification";
  }
  ASSERT_TRUE(ledger_start());
  Ref<Node> n = new_node();
  incref(n.get());
  decref(n.get());
  ledger_stop();
  testing::internal::CaptureStderr();
  EXPECT_EQ(ledger_print(n.get()), 3);
  std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("new"), std::string::npos);
  EXPECT_NE(text.find("take"), std::string::npos);
  EXPECT_NE(text.find("give"), std::string::npos);
}

}  // namespace
}  // namespace pt::test
