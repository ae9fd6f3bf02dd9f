// The collector on one thread: what dies, what stays, in which order.
#include "tests/unit/gc/fake_heap.h"

namespace pt::fake {
namespace {

using Collector = CollectorTest;

TEST_F(Collector, NothingToDo) {
  EXPECT_EQ(unreachable(), 0);
  EXPECT_EQ(g_destroyed, 0);
}

TEST_F(Collector, ReferenceCountsAloneFreeAcyclicObjects) {
  Ref<Node> node = make_node();
  node->a.init(make_node());
  node.reset();
  EXPECT_EQ(g_destroyed, 2);
  EXPECT_EQ(unreachable(), 0);
}

TEST_F(Collector, SelfCycle) {
  Ref<Node> node = make_node();
  set(node->a, node);
  node.reset();
  EXPECT_EQ(g_destroyed, 0);
  EXPECT_EQ(unreachable(), 1);
  EXPECT_EQ(g_destroyed, 1);
  EXPECT_EQ(unreachable(), 0);
}

TEST_F(Collector, SelfCycleThroughBothFields) {
  Ref<Node> node = make_node();
  set(node->a, node);
  set(node->b, node);
  node.reset();
  EXPECT_EQ(unreachable(), 1);
  EXPECT_EQ(g_destroyed, 1);
}

TEST_F(Collector, CycleOfTwo) {
  make_ring(2).reset();
  EXPECT_EQ(unreachable(), 2);
  EXPECT_EQ(g_destroyed, 2);
  EXPECT_EQ(g_cleared, 2);
}

TEST_F(Collector, LongCycle) {
  make_ring(20000).reset();
  EXPECT_EQ(unreachable(), 20000);
  EXPECT_EQ(g_destroyed, 20000);
}

TEST_F(Collector, ReachableCycleStays) {
  Ref<Node> ring = make_ring(50);
  EXPECT_EQ(unreachable(), 0);
  EXPECT_EQ(g_destroyed, 0);
  int64_t length = 0;
  Object* at = ring.get();
  do {
    at = static_cast<Node*>(at)->a.peek().as_object();
    length++;
  } while (at != ring.get());
  EXPECT_EQ(length, 50);
  ring.reset();
  EXPECT_EQ(unreachable(), 50);
}

TEST_F(Collector, CycleReachedThroughAChainStays) {
  Ref<Node> head = make_node();
  Object* at = head.get();
  for (int i = 0; i < 100; i++) {
    Ref<Node> next = make_node();
    Node* raw = next.get();
    static_cast<Node*>(at)->a.init(std::move(next));
    at = raw;
  }
  static_cast<Node*>(at)->a.init(make_ring(10));
  EXPECT_EQ(unreachable(), 0);
  head.reset();
  EXPECT_EQ(g_destroyed, 101);
  EXPECT_EQ(unreachable(), 10);
}

TEST_F(Collector, WhatHangsOffACycleDiesWithIt) {
  Ref<Node> ring = make_ring(3);
  ring->b.init(make_node());
  static_cast<Node*>(ring->b.peek().as_object())->a.init(make_leaf());
  ring.reset();
  EXPECT_EQ(unreachable(), 4);  // the leaf is not tracked
  EXPECT_EQ(g_destroyed, 5);
}

TEST_F(Collector, WhatHangsOffACycleAndIsHeldStays) {
  Ref<Node> ring = make_ring(3);
  Ref<Node> kept = make_node();
  set(ring->b, kept);
  ring.reset();
  EXPECT_EQ(unreachable(), 3);
  EXPECT_EQ(reference_count(kept.get()), 1);
}

TEST_F(Collector, NestedCycles) {
  // Rings joined by a ring: one component.
  Ref<Node> outer = make_ring(5);
  Object* at = outer.get();
  for (int i = 0; i < 5; i++) {
    Ref<Node> inner = make_ring(4);
    Node* node = static_cast<Node*>(at);
    set(inner->b, outer);
    node->b.init(std::move(inner));
    at = node->a.peek().as_object();
  }
  EXPECT_EQ(unreachable(), 0);
  outer.reset();
  EXPECT_EQ(unreachable(), 25);
}

TEST_F(Collector, OnlyTheDeadOneOfTwoCycles) {
  Ref<Node> dead = make_ring(7);
  Ref<Node> live = make_ring(9);
  set(dead->b, live);  // from dead to live keeps nothing
  dead.reset();
  EXPECT_EQ(unreachable(), 7);
  EXPECT_EQ(g_destroyed, 7);
  EXPECT_EQ(reference_count(live.get()), 2);
}

TEST_F(Collector, DeadCyclesThatReferToEachOther) {
  Ref<Node> first = make_ring(3);
  Ref<Node> second = make_ring(4);
  set(first->b, second);
  first.reset();
  second.reset();
  EXPECT_EQ(unreachable(), 7);
}

TEST_F(Collector, WideBag) {
  Ref<Bag> bag = make_bag(50000);
  for (int64_t i = 0; i < bag->size; i++) {
    Ref<Node> node = make_node();
    set(node->a, bag);
    bag->items[i].init(std::move(node));
  }
  EXPECT_EQ(unreachable(), 0);
  bag.reset();
  EXPECT_EQ(unreachable(), 50001);
  EXPECT_EQ(g_destroyed, 50001);
}

TEST_F(Collector, ImmediatesInFieldsAreSkipped) {
  Ref<Node> ring = make_ring(2);
  ring->b.init_value(Value::small_int(-7));
  ring.reset();
  EXPECT_EQ(unreachable(), 2);
}

TEST_F(Collector, DeepLiveStructure) {
  constexpr int64_t kDepth = 1'000'000;
  Ref<Node> head = make_node();
  for (int64_t i = 1; i < kDepth; i++) {
    Ref<Node> next = make_node();
    next->a.init(std::move(head));
    head = std::move(next);
  }
  EXPECT_EQ(unreachable(), 0);
  EXPECT_EQ(g_destroyed, 0);
  head.reset();
  EXPECT_EQ(g_destroyed, kDepth);
}

TEST_F(Collector, DeepGarbage) {
  constexpr int64_t kDepth = 1'000'000;
  make_ring(kDepth).reset();
  EXPECT_EQ(unreachable(), kDepth);
  EXPECT_EQ(g_destroyed, kDepth);
}

TEST_F(Collector, DeepChainBehindACycle) {
  constexpr int64_t kDepth = 300'000;
  Ref<Node> head = make_node();
  for (int64_t i = 1; i < kDepth; i++) {
    Ref<Node> next = make_node();
    next->a.init(std::move(head));
    head = std::move(next);
  }
  Ref<Node> self = make_node();
  set(self->b, self);
  self->a.init(std::move(head));
  self.reset();
  EXPECT_EQ(unreachable(), kDepth + 1);
  EXPECT_EQ(g_destroyed, kDepth + 1);
}

TEST_F(Collector, ObjectUnderConstructionIsEmpty) {
  Object* raw = allocate_object(kNodeShape, sizeof(Node), true);  // fields are zero
  EXPECT_EQ(unreachable(), 0);
  decref(raw);
  EXPECT_EQ(g_destroyed, 1);
}

// ---- finalisers ----

TEST_F(Collector, FinaliserRunsOnceAndBeforeClear) {
  Ref<Node> ring = make_ring(4, kFinalShape);
  g_finalizer = [](Node* node) {
    EXPECT_EQ(g_cleared, 0);
    EXPECT_TRUE(node->a.peek().is_object());
    EXPECT_GE(reference_count(node), 2);  // held while it runs
    EXPECT_TRUE(node->has_gc_bit(kGcFinalised));
  };
  ring.reset();
  EXPECT_EQ(unreachable(), 4);
  EXPECT_EQ(g_finalized, 4);
  EXPECT_EQ(g_destroyed, 4);
}

TEST_F(Collector, FinaliserRunsInTheRunningWorld) {
  g_finalizer = [](Node*) {
    StopTheWorld stopped;  // would fail if the world stood still already
    EXPECT_GE(mutator_count(), 1);
  };
  make_ring(2, kFinalShape).reset();
  EXPECT_EQ(unreachable(), 2);
}

Ref<Node> g_saved;

TEST_F(Collector, ResurrectionKeepsAllThatIsReached) {
  Ref<Node> ring = make_ring(3);
  Ref<Node> final = make_node(kFinalShape, 77);
  set(final->a, ring);
  set(ring->b, final);
  ring.reset();
  final.reset();
  g_finalizer = [](Node* node) { g_saved = Ref<Node>::retain(node); };
  EXPECT_EQ(unreachable(), 0);
  EXPECT_EQ(g_finalized, 1);
  EXPECT_EQ(g_destroyed, 0);
  EXPECT_EQ(g_saved->number, 77);
  EXPECT_FALSE(g_saved->has_gc_bit(kGcUnreachable));
  EXPECT_TRUE(is_finalized(g_saved.value()));
  g_finalizer = nullptr;
  g_saved.reset();
  EXPECT_EQ(unreachable(), 4);
  EXPECT_EQ(g_finalized, 1);  // not a second time
  EXPECT_EQ(g_destroyed, 4);
}

TEST_F(Collector, PartialResurrection) {
  // dead -> saved: the saved ring lives, the other dies.
  Ref<Node> saved = make_ring(3);
  Ref<Node> dead = make_ring(2);
  Ref<Node> final = make_node(kFinalShape);
  set(final->a, saved);
  set(final->b, dead);
  set(dead->b, final);
  set(static_cast<Node*>(dead->a.peek().as_object())->b, saved);
  g_finalizer = [](Node* node) { g_saved = Ref<Node>::retain(static_cast<Node*>(node->a.peek().as_object())); };
  saved.reset();
  dead.reset();
  final.reset();
  EXPECT_EQ(unreachable(), 3);  // the finalised node and the ring of two
  EXPECT_EQ(g_destroyed, 3);
  EXPECT_EQ(g_saved->number, 0);
  g_saved.reset();
  EXPECT_EQ(unreachable(), 3);
}

TEST_F(Collector, ResurrectionByAReachableObject) {
  static Node* keeper;
  Ref<Node> outside = make_node();
  keeper = outside.get();
  g_finalizer = [](Node* node) { keeper->a.store(keeper, Ref<>::retain(Value::object(node))); };
  make_ring(2, kFinalShape).reset();
  EXPECT_EQ(unreachable(), 0);
  EXPECT_EQ(g_finalized, 2);
  outside.reset();  // the second finaliser's store released the first one; the ring keeps both
  EXPECT_EQ(unreachable(), 2);
  EXPECT_EQ(g_finalized, 2);
}

TEST_F(Collector, ResurrectionIntoARegister) {
  static std::vector<Value>* frame;
  frame = &registers();
  Ref<Node> ring = make_ring(2, kFinalShape);
  make_deferred(ring.get());
  g_finalizer = [](Node* node) {
    if (node->has_gc_bit(kGcDeferred)) frame->push_back(Value::borrowed_object(node));
  };
  ring.reset();
  EXPECT_EQ(unreachable(), 0);
  registers().clear();
  EXPECT_EQ(unreachable(), 2);
}

TEST_F(Collector, FinaliserMakesMoreGarbage) {
  g_finalizer = [](Node*) { make_ring(5).reset(); };
  make_ring(2, kFinalShape).reset();
  EXPECT_EQ(unreachable(), 2);
  EXPECT_EQ(unreachable(), 10);
}

TEST_F(Collector, FinaliserThatCollectsDoesNothing) {
  g_finalizer = [](Node*) {
    make_ring(3).reset();
    EXPECT_EQ(collect().unreachable, 0);
  };
  make_ring(1, kFinalShape).reset();
  EXPECT_EQ(unreachable(), 1);
  EXPECT_EQ(unreachable(), 3);
}

TEST_F(Collector, FinaliserBreaksTheCycleItself) {
  g_finalizer = [](Node* node) { node->a.store(node, Ref<>()); };
  make_ring(10, kFinalShape).reset();
  EXPECT_EQ(unreachable(), 10);
  EXPECT_EQ(g_finalized, 10);
  EXPECT_EQ(g_destroyed, 10);
}

TEST_F(Collector, FinaliserOfAcyclicObjectRunsWithItsLastReference) {
  make_node(kFinalShape).reset();
  EXPECT_EQ(g_finalized, 1);
  EXPECT_EQ(g_destroyed, 1);
}

TEST_F(Collector, CollectingWhileAnObjectDiesLeavesItAlone) {
  static int64_t found;
  found = 0;
  g_on_destroy = [](Object*) {
    g_on_destroy = nullptr;
    found = collect().unreachable;
  };
  Ref<Node> node = make_node();
  node->a.init(make_ring(3));
  node.reset();
  EXPECT_EQ(found, 0);  // the dying node's field still holds the ring
  EXPECT_EQ(g_destroyed, 1);
  EXPECT_EQ(unreachable(), 3);
}

// ---- weak references ----

std::vector<int> g_events;

TEST_F(Collector, WeakReferencesAreClearedBeforeFinalisersRun) {
  g_events.clear();
  Ref<Node> ring = make_ring(2, kFinalShape);
  static Weak* weak_raw;
  Ref<Weak> weak = make_weak(ring.get(), [](Weak* w) {
    EXPECT_EQ(w->target, nullptr);
    g_events.push_back(1);
  });
  weak_raw = weak.get();
  g_finalizer = [](Node*) {
    EXPECT_EQ(weak_raw->target, nullptr);
    g_events.push_back(2);
  };
  ring.reset();
  EXPECT_EQ(unreachable(), 2);
  EXPECT_EQ(g_events, (std::vector<int>{1, 2, 2}));
}

TEST_F(Collector, CallbackOfAnUnreachableWeakReferenceIsDropped) {
  static int called;
  called = 0;
  Ref<Node> ring = make_ring(2);
  Ref<Weak> inside = make_weak(ring.get(), [](Weak*) { called += 1; });
  Ref<Weak> outside = make_weak(ring.get(), [](Weak*) { called += 100; });
  // Tracked, so that the collector sees it die with the ring.
  inside->gc_bits.fetch_or(kGcTracked);
  set(ring->b, inside);
  inside.reset();
  ring.reset();
  collect();
  EXPECT_EQ(called, 100);
  EXPECT_EQ(outside->target, nullptr);
}

TEST_F(Collector, WeakReferenceToALiveObjectStays) {
  Ref<Node> ring = make_ring(2);
  Ref<Weak> weak = make_weak(ring.get());
  collect();
  EXPECT_EQ(weak->target, ring.get());
  ring.reset();
  collect();
  EXPECT_EQ(weak->target, nullptr);
}

TEST_F(Collector, CallbackThatSavesNothingCannotResurrect) {
  Ref<Node> ring = make_ring(3);
  Ref<Weak> weak = make_weak(ring.get(), [](Weak*) { make_ring(2).reset(); });
  ring.reset();
  EXPECT_EQ(unreachable(), 3);
  EXPECT_EQ(unreachable(), 2);
}

TEST_F(Collector, WeakReferenceMadeByAFinaliserDies) {
  static Ref<Weak>* made;
  Ref<Weak> weak;
  made = &weak;
  g_finalizer = [](Node* node) { *made = make_weak(node); };
  make_ring(1, kFinalShape).reset();
  EXPECT_EQ(unreachable(), 1);
  EXPECT_EQ(weak->target, nullptr);
  weak.reset();
}

// ---- deferred objects, borrowed words ----

TEST_F(Collector, UnreferencedDeferredObjectDies) {
  Ref<Node> node = make_node();
  make_deferred(node.get());
  node.reset();
  EXPECT_EQ(g_destroyed, 0);
  EXPECT_EQ(unreachable(), 1);
  EXPECT_EQ(g_destroyed, 1);
}

TEST_F(Collector, UntrackedDeferredObjectDies) {
  Ref<Object> leaf = make_leaf();
  make_deferred(leaf.get());
  leaf.reset();
  EXPECT_EQ(g_destroyed, 0);
  EXPECT_EQ(unreachable(), 0);  // counts tracked objects only
  EXPECT_EQ(g_destroyed, 1);
}

TEST_F(Collector, DeferredObjectHeldByTheHeapStays) {
  Ref<Node> holder = make_node();
  Ref<Node> node = make_node();
  make_deferred(node.get());
  set(holder->a, node);
  node.reset();
  EXPECT_EQ(unreachable(), 0);
  holder.reset();
  EXPECT_EQ(unreachable(), 1);
  EXPECT_EQ(g_destroyed, 2);
}

TEST_F(Collector, DeferredObjectHeldByNativeCodeStays) {
  Ref<Node> node = make_node();
  make_deferred(node.get());
  EXPECT_EQ(unreachable(), 0);
  EXPECT_EQ(reference_count(node.get()), 2);
}

TEST_F(Collector, DeferredCycle) {
  Ref<Node> ring = make_ring(4);
  Object* at = ring.get();
  for (int i = 0; i < 4; i++) {
    make_deferred(at);
    make_deferred(at);  // twice is once
    at = static_cast<Node*>(at)->a.peek().as_object();
  }
  EXPECT_EQ(unreachable(), 0);
  ring.reset();
  EXPECT_EQ(unreachable(), 4);
  EXPECT_EQ(g_destroyed, 4);
}

TEST_F(Collector, BorrowedRegisterKeepsADeferredObject) {
  Ref<Node> node = make_node();
  node->a.init(make_ring(3));
  make_deferred(node.get());
  registers().push_back(Value::borrowed_object(node.get()));
  node.reset();
  EXPECT_EQ(unreachable(), 0);
  EXPECT_EQ(g_destroyed, 0);
  registers().clear();
  EXPECT_EQ(unreachable(), 4);
  EXPECT_EQ(g_destroyed, 4);
}

TEST_F(Collector, BorrowedRegisterKeepsAnOrdinaryObject) {
  Ref<Node> ring = make_ring(3);
  registers().push_back(Value::borrowed_object(ring.get()));
  ring.reset();
  EXPECT_EQ(unreachable(), 0);
  registers().clear();
  EXPECT_EQ(unreachable(), 3);
}

TEST_F(Collector, CountedRegisterKeepsItsObject) {
  Ref<Node> ring = make_ring(3);
  registers().push_back(ring.value());  // the hook reports counted words too
  registers().push_back(Value::small_int(12));
  registers().push_back(Value());
  (void)ring.take();
  EXPECT_EQ(unreachable(), 0);
  Object* o = registers()[0].as_object();
  registers().clear();
  decref(o);
  EXPECT_EQ(unreachable(), 3);
}

TEST_F(Collector, BorrowedWordInAWindowHoldsNoCountButKeepsAlive) {
  Ref<Node> window = make_node(kWindowShape);
  Ref<Node> function = make_node();
  make_deferred(function.get());
  window->a.init_value(Value::borrowed_object(function.get()));
  function.reset();
  EXPECT_EQ(unreachable(), 0);
  window.reset();
  EXPECT_EQ(g_destroyed, 1);
  EXPECT_EQ(unreachable(), 1);
}

TEST_F(Collector, GarbageWindowWithABorrowedWord) {
  Ref<Node> window = make_node(kWindowShape);
  Ref<Node> function = make_node();
  make_deferred(function.get());
  set(function->b, window);
  window->a.init_value(Value::borrowed_object(function.get()));
  window.reset();
  function.reset();
  EXPECT_EQ(unreachable(), 2);
  EXPECT_EQ(g_destroyed, 2);
}

// ---- immortal objects ----

TEST_F(Collector, ImmortalObjectInTheHeapKeepsItsFields) {
  static Ref<Node> immortal = make_node();
  make_immortal(immortal.get());
  immortal->a.init(make_ring(3));
  EXPECT_EQ(unreachable(), 0);
  EXPECT_EQ(g_destroyed, 0);
  immortal->a.clear();
  EXPECT_EQ(unreachable(), 3);
}

struct alignas(16) OutsideNode : Node {};
OutsideNode g_outside;

TEST_F(Collector, ImmortalObjectOutsideTheHeapKeepsItsFields) {
  init_immortal_header(&g_outside, kNodeShape);
  g_outside.a.init(make_ring(3));
  EXPECT_EQ(unreachable(), 0);
  g_outside.a.clear();
  EXPECT_EQ(unreachable(), 3);
}

TEST_F(Collector, RegisteredRootKeepsBorrowedWords) {
  static OutsideNode root;
  init_immortal_header(&root, kNodeShape);
  ASSERT_TRUE(add_collector_root(&root));
  Ref<Node> ring = make_ring(3);
  root.b.init_value(Value::borrowed_object(ring.get()));
  ring.reset();
  EXPECT_EQ(unreachable(), 0);
  root.b.init_value(Value());
  EXPECT_EQ(unreachable(), 3);
}

// ---- the gc module's questions ----

bool contains(const ValueList& list, Value v) {
  for (size_t i = 0; i < list.size(); i++) {
    if (list[i].same(v)) return true;
  }
  return false;
}

TEST_F(Collector, TrackedObjects) {
  Ref<Node> node = make_node();
  Ref<Object> leaf = make_leaf();
  {
    ValueList list;
    ASSERT_TRUE(tracked_objects(list));
    EXPECT_TRUE(contains(list, node.value()));
    EXPECT_FALSE(contains(list, leaf.value()));
    EXPECT_EQ(reference_count(node.get()), 2);  // the list owns what it holds
  }
  EXPECT_EQ(reference_count(node.get()), 1);
  EXPECT_TRUE(is_tracked(node.value()));
  EXPECT_FALSE(is_tracked(leaf.value()));
  EXPECT_FALSE(is_tracked(Value::small_int(1)));
  EXPECT_FALSE(is_finalized(node.value()));
}

TEST_F(Collector, ReferrersAndReferents) {
  Ref<Node> target = make_node();
  Ref<Node> one = make_node();
  Ref<Node> two = make_node();
  Ref<Node> other = make_node();
  set(one->a, target);
  set(two->b, target);
  two->a.init_value(Value::small_int(99));
  {
    ValueList list;
    Value targets[] = {target.value()};
    ASSERT_TRUE(referrers(targets, 1, list));
    EXPECT_EQ(list.size(), 2u);
    EXPECT_TRUE(contains(list, one.value()));
    EXPECT_TRUE(contains(list, two.value()));
  }
  {
    ValueList list;
    Value objects[] = {two.value(), other.value(), Value::small_int(5)};
    ASSERT_TRUE(referents(objects, 3, list));
    ASSERT_EQ(list.size(), 2u);
    EXPECT_TRUE(list[0].same(Value::small_int(99)));
    EXPECT_TRUE(list[1].same(target.value()));
  }
}

// Allocates nodes that stay alive, as a loop with safepoints would. Returns how many collections ran.
int64_t allocate_live(Mutator* mutator, Ref<Node>& chain, int64_t count) {
  int64_t before = collector_statistics().collections;
  for (int64_t i = 0; i < count; i++) {
    Ref<Node> next = make_node();
    next->a.init(std::move(chain));
    chain = std::move(next);
    if (mutator->breaker.load(std::memory_order_relaxed) && (safepoint_slow(mutator) & kBreakCollect)) {
      collect_if_due();
    }
  }
  return collector_statistics().collections - before;
}

TEST_F(Collector, ImmutableObjectsThatNameNothingTrackedAreLetGo) {
  Ref<Node> plain = make_node(kPairShape);
  plain->a.init_value(Value::small_int(1));
  plain->b.init(make_leaf());
  Ref<Node> holder = make_node(kPairShape);
  holder->a.init(make_node());
  holder->b.init_value(Value::small_int(1));
  Ref<Node> unfinished = make_node(kPairShape);
  unfinished->a.init_value(Value::small_int(1));
  Ref<Node> outer = make_node(kPairShape);
  set(outer->a, plain);
  set(outer->b, plain);
  EXPECT_EQ(unreachable(), 0);
  EXPECT_FALSE(is_tracked(plain.value()));
  EXPECT_TRUE(is_tracked(holder.value()));
  EXPECT_TRUE(is_tracked(unfinished.value()));
  collect();
  EXPECT_FALSE(is_tracked(outer.value()));
  // Filled late, with a cycle through it.
  Ref<Node> node = make_node();
  set(node->a, unfinished);
  set(unfinished->b, node);
  unfinished.reset();
  node.reset();
  EXPECT_EQ(unreachable(), 2);
  plain.reset();
  outer.reset();
  holder.reset();
  EXPECT_EQ(g_destroyed, 7);
}

TEST_F(Collector, ManyUntrackedObjectsDoNotMakeCollectionsFrequent) {
  std::vector<Ref<Object>> leaves;
  for (int i = 0; i < 200000; i++) leaves.push_back(make_leaf());
  set_collection_threshold(700);
  collect();
  Ref<Node> chain;
  EXPECT_LE(allocate_live(mutator(), chain, 60000), 7);
}

TEST_F(Collector, FrozenObjectsAreLeftAlone) {
  Ref<Node> ring = make_ring(4);
  ring.reset();
  EXPECT_EQ(frozen_count(), 0);
  freeze_heap();
  EXPECT_GE(frozen_count(), 4);
  EXPECT_EQ(unreachable(), 0);
  Ref<Node> later = make_ring(2);
  ValueList list;
  ASSERT_TRUE(tracked_objects(list));
  EXPECT_EQ(list.size(), 2u);
  list.clear();
  later.reset();
  EXPECT_EQ(unreachable(), 2);
  unfreeze_heap();
  EXPECT_EQ(frozen_count(), 0);
  EXPECT_EQ(unreachable(), 4);
}

TEST_F(Collector, SaveAllHandsTheGarbageOver) {
  static std::vector<Ref<Object>> garbage;
  g_collector_hooks.save_garbage = [](Object* o) { garbage.push_back(Ref<Object>::retain(o)); };
  set_collector_debug(kCollectorDebugSaveAll);
  EXPECT_EQ(collector_debug(), kCollectorDebugSaveAll);
  make_ring(3).reset();
  EXPECT_EQ(unreachable(), 3);
  EXPECT_EQ(garbage.size(), 3u);
  EXPECT_EQ(g_destroyed, 0);
  EXPECT_EQ(g_cleared, 0);
  EXPECT_FALSE(garbage[0]->has_gc_bit(kGcUnreachable));
  set_collector_debug(0);
  garbage.clear();
  EXPECT_EQ(unreachable(), 3);
}

TEST_F(Collector, UncollectableObjectsStayWithWhatTheyReach) {
  static std::vector<Ref<Object>> garbage;
  static Object* held_back;
  g_collector_hooks.save_garbage = [](Object* o) { garbage.push_back(Ref<Object>::retain(o)); };
  g_collector_hooks.uncollectable = [](const Object* o) { return o == held_back; };
  Ref<Node> ring = make_ring(3), other = make_ring(2);
  held_back = ring.get();
  ring.reset();
  other.reset();
  CollectionResult result = collect();
  EXPECT_EQ(result.unreachable, 2);
  EXPECT_EQ(result.uncollectable, 3);
  EXPECT_EQ(g_destroyed, 2);
  ASSERT_EQ(garbage.size(), 1u);
  EXPECT_EQ(garbage[0].get(), held_back);
  // From now on the list keeps them.
  EXPECT_EQ(collect().uncollectable, 0);
  g_collector_hooks.uncollectable = nullptr;
  garbage.clear();
  EXPECT_EQ(unreachable(), 3);
  EXPECT_EQ(g_destroyed, 5);
}

TEST_F(Collector, StatisticsAndHooks) {
  static int started, finished;
  static int64_t seen;
  started = finished = 0;
  g_collector_hooks.started = [] { started++; };
  g_collector_hooks.finished = [](const CollectionResult& result) {
    finished++;
    seen = result.unreachable;
  };
  CollectorStatistics before = collector_statistics();
  make_ring(6).reset();
  CollectionResult result = collect();
  CollectorStatistics after = collector_statistics();
  EXPECT_EQ(started, 1);
  EXPECT_EQ(finished, 1);
  EXPECT_EQ(seen, 6);
  EXPECT_EQ(after.collections, before.collections + 1);
  EXPECT_EQ(after.collected, before.collected + 6);
  EXPECT_GT(result.pause_ns, 0);
  EXPECT_GE(after.longest_pause_ns, result.pause_ns / 2);
  EXPECT_GE(after.total_pause_ns, before.total_pause_ns + result.pause_ns);
}

// ---- the automatic trigger ----

TEST_F(Collector, ThresholdTriggers) {
  set_collection_threshold(1000);
  EXPECT_EQ(collection_threshold(), 1000);
  collect();
  Ref<Node> chain;
  int64_t runs = allocate_live(mutator(), chain, 3000);
  EXPECT_GE(runs, 1);
  EXPECT_LE(runs, 4);
}

TEST_F(Collector, NoTriggerWhenDisabled) {
  set_collection_threshold(100);
  set_collection_enabled(false);
  EXPECT_FALSE(collection_enabled());
  Ref<Node> chain;
  EXPECT_EQ(allocate_live(mutator(), chain, 20000), 0);
  make_ring(2).reset();
  EXPECT_EQ(unreachable(), 2);  // asked for: works
  set_collection_enabled(true);
  set_collection_threshold(0);
  EXPECT_EQ(allocate_live(mutator(), chain, 20000), 0);
}

TEST_F(Collector, BuildingALargeStructureIsLinear) {
  set_collection_threshold(700);
  collect();
  Ref<Node> chain;
  int64_t runs = allocate_live(mutator(), chain, 600000);
  EXPECT_GE(runs, 5);
  EXPECT_LE(runs, 45);  // grows by a quarter each time
}

TEST_F(Collector, TemporariesDoNotTrigger) {
  set_collection_threshold(2000);
  collect();
  int64_t before = collector_statistics().collections;
  for (int i = 0; i < 200000; i++) {
    Ref<Node> node = make_node();
    if (mutator()->breaker.load() && (safepoint_slow(mutator()) & kBreakCollect)) {
      collect_if_due();
    }
  }
  EXPECT_LE(collector_statistics().collections - before, 1);
}

TEST_F(Collector, AnIntervalCountsTemporariesToo) {
  set_collection_threshold(700);
  std::vector<Ref<Node>> live;
  for (int i = 0; i < 20000; i++) live.push_back(make_node());
  set_collection_interval(1000);
  collect();
  int64_t before = collector_statistics().collections;
  for (int i = 0; i < 20000; i++) {
    Ref<Node> node = make_node();
    if (mutator()->breaker.load() && (safepoint_slow(mutator()) & kBreakCollect)) collect_if_due();
  }
  set_collection_interval(0);
  int64_t runs = collector_statistics().collections - before;
  EXPECT_GE(runs, 15);
  EXPECT_LE(runs, 20);
}

TEST_F(Collector, GarbageCyclesDoTrigger) {
  set_collection_threshold(2000);
  collect();
  reset_counts();
  for (int i = 0; i < 50000; i++) {
    make_ring(2).reset();
    if (mutator()->breaker.load() && (safepoint_slow(mutator()) & kBreakCollect)) {
      collect_if_due();
    }
  }
  EXPECT_GE(g_destroyed, 80000);
}

TEST_F(Collector, CountSinceTheLastCollection) {
  collect();
  int64_t before = collection_count();
  Ref<Node> chain;
  allocate_live(mutator(), chain, 5000);
  EXPECT_GE(collection_count(), before);
  collect();
  EXPECT_LE(collection_count(), 5000);
}

}  // namespace
}  // namespace pt::fake
