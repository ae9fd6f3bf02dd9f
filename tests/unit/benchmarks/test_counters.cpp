#include <gtest/gtest.h>

#include <cerrno>

#include "benchmarks/counters/event.h"
#include "benchmarks/counters/reading.h"

using namespace benchmarks;

TEST(CounterReading, AnEventThatHadEveryTurnIsNotScaled) {
  EXPECT_EQ(scaled({.count = 12345, .enabled = 1000, .running = 1000}), 12345.0);
  // The two times are not read in the same instant.
  EXPECT_EQ(scaled({.count = 12345, .enabled = 1000, .running = 1001}), 12345.0);
}

TEST(CounterReading, AnEventThatHadAThirdOfTheTurnsCountsThreefold) {
  EXPECT_EQ(scaled({.count = 100, .enabled = 3000, .running = 1000}), 300.0);
}

TEST(CounterReading, AnEventThatHadNoTurnHasNoCount) {
  EXPECT_EQ(scaled({.count = 0, .enabled = 3000, .running = 0}), std::nullopt);
  EXPECT_EQ(scaled({.count = 0, .enabled = 0, .running = 0}), 0.0);
}

TEST(CounterReading, IntervalsAreScaledByTheirOwnTimes) {
  const Reading first{.count = 1000, .enabled = 1000, .running = 1000};
  const Reading second{.count = 1500, .enabled = 3000, .running = 2000};
  EXPECT_EQ(scaled(second - first), 1000.0);
}

TEST(CounterReading, TheReasonSaysWhatIsMissing) {
  EXPECT_EQ(reason(ENOENT, "2"), "no PMU here counts it");
  EXPECT_EQ(reason(EACCES, "3"), "not permitted (kernel.perf_event_paranoid is 3)");
  EXPECT_EQ(reason(EPERM, ""), "not permitted");
  EXPECT_EQ(reason(ENOSYS, ""), "this kernel has no performance events");
}

TEST(CounterEvents, GroupsAreSpreadAndOtherNamesAreLeftToTheLibrary) {
  const std::vector<Event> events = events_named({"software", "cycles", "PERF_COUNT_SW_CPU_MIGRATIONS"});
  ASSERT_EQ(events.size(), 5u);
  EXPECT_EQ(events[0].name, "task-clock");
  EXPECT_FALSE(events[0].hardware);
  EXPECT_EQ(events[3].name, "cycles");
  EXPECT_TRUE(events[3].hardware);
  EXPECT_EQ(events[4].name, "PERF_COUNT_SW_CPU_MIGRATIONS");
}
