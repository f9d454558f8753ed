#include "server/feeds/urgency.h"

#include <gtest/gtest.h>

namespace doorstep {
namespace {

constexpr int32_t kToday = 20000;
constexpr bool kOffice = true;
constexpr bool kSite = false;

TEST(UrgencyTest, IsWhatChangesWhereSomebodyGoesTodayOrTomorrow) {
  const struct {
    const char* name;
    VisitMove move;
    v1::WakeReason want;
  } kCases[] = {
      {"assigned for today",
       {false, true, 0, kToday, v1::VISIT_STATE_SCHEDULED, kOffice},
       v1::WAKE_REASON_VISIT_ASSIGNED},
      {"assigned for tomorrow",
       {false, true, 0, kToday + 1, v1::VISIT_STATE_SCHEDULED, kOffice},
       v1::WAKE_REASON_VISIT_ASSIGNED},
      {"assigned for today, west of Greenwich, where it is yesterday still",
       {false, true, 0, kToday - 1, v1::VISIT_STATE_SCHEDULED, kOffice},
       v1::WAKE_REASON_VISIT_ASSIGNED},
      {"assigned for the day after tomorrow",
       {false, true, 0, kToday + 2, v1::VISIT_STATE_SCHEDULED, kOffice},
       v1::WAKE_REASON_UNSPECIFIED},
      {"assigned for a day that has passed everywhere",
       {false, true, 0, kToday - 2, v1::VISIT_STATE_SCHEDULED, kOffice},
       v1::WAKE_REASON_UNSPECIFIED},
      {"assigned for no day yet",
       {false, true, 0, 0, v1::VISIT_STATE_UNSCHEDULED, kOffice},
       v1::WAKE_REASON_UNSPECIFIED},
      {"today's dispatched",
       {true, true, kToday, kToday, v1::VISIT_STATE_DISPATCHED, kOffice},
       v1::WAKE_REASON_VISIT_CHANGED},
      {"moved from today to next week",
       {true, true, kToday, kToday + 7, v1::VISIT_STATE_DISPATCHED, kOffice},
       v1::WAKE_REASON_VISIT_CHANGED},
      {"moved from next week to tomorrow",
       {true, true, kToday + 7, kToday + 1, v1::VISIT_STATE_DISPATCHED, kOffice},
       v1::WAKE_REASON_VISIT_CHANGED},
      {"next week's changed",
       {true, true, kToday + 7, kToday + 7, v1::VISIT_STATE_DISPATCHED, kOffice},
       v1::WAKE_REASON_UNSPECIFIED},
      {"a colleague has arrived at today's",
       {true, true, kToday, kToday, v1::VISIT_STATE_ON_SITE, kSite},
       v1::WAKE_REASON_UNSPECIFIED},
      {"today's cancelled",
       {true, false, kToday, kToday, v1::VISIT_STATE_CANCELED, kOffice},
       v1::WAKE_REASON_VISIT_CANCELED},
      {"next week's cancelled",
       {true, false, kToday + 7, kToday + 7, v1::VISIT_STATE_CANCELED, kOffice},
       v1::WAKE_REASON_UNSPECIFIED},
      {"cancelled what the phone never had",
       {false, false, kToday, kToday, v1::VISIT_STATE_CANCELED, kOffice},
       v1::WAKE_REASON_UNSPECIFIED},
      {"today's reassigned",
       {true, false, kToday, kToday, v1::VISIT_STATE_DISPATCHED, kOffice},
       v1::WAKE_REASON_VISIT_GONE},
      {"today's taken back by who had begun it, whose facts came late",
       {true, false, kToday, kToday, v1::VISIT_STATE_IN_PROGRESS, kSite},
       v1::WAKE_REASON_VISIT_GONE},
      {"today's given back to who had begun it",
       {false, true, kToday, kToday, v1::VISIT_STATE_IN_PROGRESS, kSite},
       v1::WAKE_REASON_VISIT_ASSIGNED},
      {"today's closed after it had ended",
       {true, true, kToday, kToday, v1::VISIT_STATE_CLOSED, kOffice},
       v1::WAKE_REASON_UNSPECIFIED},
  };
  for (const auto& c : kCases) EXPECT_EQ(UrgencyOf(c.move, kToday), c.want) << c.name;
}

}  // namespace
}  // namespace doorstep
