#include "client_core/session/event_log.h"

#include <gtest/gtest.h>

#include <string>

#include "client_core/base/ids.h"
#include "client_core/session/phone_events.h"

namespace doorstep {
namespace {

TEST(EventLogTest, LaterEventsTakeThePlaceOfThoseTheyCover) {
  EventLog log;
  log.Add(SafeEvent(MakePosition("d7", 1, 5)));
  log.Add(VisitChangedEvent("a"));
  log.Add(VisitChangedEvent("b"));
  log.Add(VisitChangedEvent("a"));
  log.Add(SafeEvent(MakePosition("d7", 1, 9)));
  const absl::StatusOr<v1::EventsPollResponse> polled = log.Poll(100, 0);
  ASSERT_TRUE(polled.ok());
  ASSERT_EQ(polled->events_size(), 3);
  EXPECT_EQ(polled->events(0).visit_id(), "b");
  EXPECT_EQ(polled->events(1).visit_id(), "a");
  EXPECT_EQ(polled->events(2).position().seq(), 9u);
  EXPECT_FALSE(polled->overflowed());
}

TEST(EventLogTest, WhatNobodyPollsFallsAwayOldestFirstAndIsOwnedUpTo) {
  EventLog log;
  for (size_t i = 0; i < EventLog::kEventsMax + 10; ++i) log.Add(VisitLeftEvent(std::to_string(i), "gone"));
  absl::StatusOr<v1::EventsPollResponse> polled = log.Poll(1000, 0);
  ASSERT_TRUE(polled.ok());
  EXPECT_EQ(polled->events_size(), static_cast<int>(EventLog::kEventsMax));
  EXPECT_EQ(polled->events(0).visit_id(), "10");
  EXPECT_TRUE(polled->overflowed());
  polled = log.Poll(1000, 0);
  EXPECT_EQ(polled->events_size(), 0);
  EXPECT_FALSE(polled->overflowed());
}

TEST(EventLogTest, EventsKeepTheirOrderOverSeveralPolls) {
  EventLog log;
  for (int i = 0; i < 5; ++i) log.Add(VisitLeftEvent(std::to_string(i), ""));
  EXPECT_EQ(log.Poll(2, 0)->events(1).visit_id(), "1");
  EXPECT_EQ(log.Poll(2, 0)->events(0).visit_id(), "2");
  EXPECT_EQ(log.Poll(2, 0)->events_size(), 1);
}

TEST(EventLogTest, AKindIsToldAgainOnlyAfterAPollHasLeftNoneOfIt) {
  constexpr uint32_t kVisits = uint32_t{1} << v1::PhoneEvent::KIND_VISIT_LEFT;
  EventLog log;
  log.Add(VisitChangedEvent("not watched"));
  log.Add(VisitLeftEvent("1", ""));
  log.Add(VisitLeftEvent("2", ""));
  const uint64_t watch = log.Watch(kVisits);
  EventLog::ToTell told = log.NextToTell();
  EXPECT_EQ(told.kinds, kVisits);
  EXPECT_EQ(told.watch, watch);
  ASSERT_EQ(log.Poll(2, 0)->events_size(), 2);  // One visit that left still waits.
  log.Add(VisitLeftEvent("3", ""));
  ASSERT_EQ(log.Poll(1000, 0)->events_size(), 2);
  log.Add(VisitLeftEvent("4", ""));
  EXPECT_EQ(log.NextToTell().kinds, kVisits);
  EXPECT_GT(log.Watch(kVisits), watch);
  EXPECT_EQ(log.NextToTell().kinds, kVisits) << "another observer hears of what waits";
  log.Close();
  EXPECT_EQ(log.NextToTell().kinds, 0u);
}

TEST(EventLogTest, ClosedLogSaysSo) {
  EventLog log;
  log.Add(VisitChangedEvent("a"));
  log.Close();
  EXPECT_TRUE(absl::IsCancelled(log.Poll(1, 60000).status()));
}

}  // namespace
}  // namespace doorstep
