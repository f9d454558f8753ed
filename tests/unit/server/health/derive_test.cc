// Effort, promises and feedback; reliability has a file of its own.
#include "server/health/derive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/server/health/observations.h"

namespace doorstep::health {
namespace {

using ::testing::ElementsAreArray;

constexpr int64_t kMinute = int64_t{60} * 1000 * 1000;
constexpr int64_t kStart = 1000 * kMinute;
constexpr int64_t kEnd = 1120 * kMinute;
constexpr int32_t kDay = 20000;

TEST(VisitEffortTest, JudgesArrivalAgainstThePromise) {
  const PromisedWindow window{kStart, kEnd, kDay};
  const struct {
    const char* name;
    std::optional<PromisedWindow> promised;
    bool pending;
    std::optional<Arrival> arrival;
    std::vector<std::string> want;
  } kCases[] = {
      {"at the start", window, false, Arrival{kStart, kDay, false}, {"ARRIVAL_IN_WINDOW V-1 day 20000"}},
      {"at the end", window, false, Arrival{kEnd, kDay, false}, {"ARRIVAL_IN_WINDOW V-1 day 20000"}},
      {"just after the end", window, false, Arrival{kEnd + 1, kDay, false}, {"ARRIVAL_LATE V-1 day 20000"}},
      {"42 minutes late",
       window,
       false,
       Arrival{kEnd + 42 * kMinute, kDay, false},
       {"ARRIVAL_LATE V-1 day 20000 value 42"}},
      {"15 minutes before is no harm",
       window,
       false,
       Arrival{kStart - 15 * kMinute, kDay, false},
       {"ARRIVAL_IN_WINDOW V-1 day 20000"}},
      {"earlier is early",
       window,
       false,
       Arrival{kStart - 15 * kMinute - 1, kDay, false},
       {"ARRIVAL_EARLY V-1 day 20000 value 15"}},
      {"a day early is early",
       window,
       false,
       Arrival{kStart - 1440 * kMinute, kDay - 1, false},
       {"ARRIVAL_EARLY V-1 day 19999 value 1440"}},
      {"an arrival counts while the window is pending",
       window,
       true,
       Arrival{kStart, kDay, false},
       {"ARRIVAL_IN_WINDOW V-1 day 20000"}},
      {"silence is not a miss", window, true, std::nullopt, {}},
      {"nobody came", window, false, std::nullopt, {"ARRIVAL_MISSED V-1 day 20000"}},
      {"on another day is missed on the promised day",
       window,
       false,
       Arrival{kEnd + 900 * kMinute, kDay + 1, false},
       {"ARRIVAL_MISSED V-1 day 20000"}},
      {"just after midnight is late and not missed",
       PromisedWindow{kStart, kEnd, kDay},
       false,
       Arrival{kEnd + 15 * kMinute, kDay + 1, false},
       {"ARRIVAL_LATE V-1 day 20001 value 15"}},
      {"longer after midnight is missed",
       PromisedWindow{kStart, kEnd, kDay},
       false,
       Arrival{kEnd + 15 * kMinute + 1, kDay + 1, false},
       {"ARRIVAL_MISSED V-1 day 20000"}},
      {"nobody knows when", window, false, Arrival{kEnd + 42 * kMinute, kDay, true}, {}},
      {"nothing was promised", std::nullopt, false, Arrival{kEnd, kDay, false}, {}},
  };
  for (const auto& c : kCases) {
    VisitEffort visit;
    visit.visit_id = "V-1";
    visit.promised = c.promised;
    visit.window_pending = c.pending;
    visit.arrival = c.arrival;
    EXPECT_THAT(Lines(DeriveVisit(visit)), ElementsAreArray(c.want)) << c.name;
  }
}

TEST(VisitEffortTest, CountsEachMoveOfAPromisedTime) {
  VisitEffort visit;
  visit.visit_id = "V-1";
  visit.moved_by_us_days = {kDay - 9, kDay - 2};
  EXPECT_THAT(Lines(DeriveVisit(visit)),
              ElementsAreArray({"RESCHEDULED_BY_US V-1 day 19991 value 1", "RESCHEDULED_BY_US V-1 day 19998 value 2"}));
}

TEST(PromiseTest, IsOverdueFromItsDueDayUntilItIsSettled) {
  const struct {
    const char* name;
    v1::CommitmentState state;
    std::optional<int32_t> due;
    int32_t settled;
    bool pending;
    std::vector<std::string> want;
  } kCases[] = {
      {"kept before it was due", v1::COMMITMENT_STATE_KEPT, 100, 90, false, {"PROMISE_KEPT P-1 day 90"}},
      {"kept on the due day", v1::COMMITMENT_STATE_KEPT, 100, 100, false, {"PROMISE_KEPT P-1 day 100"}},
      {"kept late",
       v1::COMMITMENT_STATE_LATE,
       100,
       103,
       false,
       {"PROMISE_OVERDUE P-1 day 100 replaced 103", "PROMISE_LATE P-1 day 103 value 3"}},
      {"late by hours", v1::COMMITMENT_STATE_LATE, 100, 100, false, {"PROMISE_LATE P-1 day 100"}},
      {"broken before it was due", v1::COMMITMENT_STATE_BROKEN, 100, 95, false, {"PROMISE_BROKEN P-1 day 95"}},
      {"broken after it was due",
       v1::COMMITMENT_STATE_BROKEN,
       100,
       110,
       false,
       {"PROMISE_OVERDUE P-1 day 100 replaced 110", "PROMISE_BROKEN P-1 day 110"}},
      {"waived in time", v1::COMMITMENT_STATE_WAIVED, 100, 99, false, {}},
      {"waived when overdue",
       v1::COMMITMENT_STATE_WAIVED,
       100,
       104,
       false,
       {"PROMISE_OVERDUE P-1 day 100 replaced 104"}},
      {"open", v1::COMMITMENT_STATE_OPEN, 100, 0, false, {"PROMISE_OVERDUE P-1 day 100 open"}},
      {"open, and a silent phone may have kept it", v1::COMMITMENT_STATE_OPEN, 100, 0, true, {}},
      {"settled is settled, whoever is silent", v1::COMMITMENT_STATE_KEPT, 100, 90, true, {"PROMISE_KEPT P-1 day 90"}},
      {"without a day it is never overdue", v1::COMMITMENT_STATE_OPEN, std::nullopt, 0, false, {}},
      {"without a day, kept", v1::COMMITMENT_STATE_KEPT, std::nullopt, 90, false, {"PROMISE_KEPT P-1 day 90"}},
  };
  for (const auto& c : kCases) {
    PromiseRecord promise;
    promise.commitment_id = "P-1";
    promise.size = v1::COMMITMENT_SIZE_LARGE;
    promise.state = c.state;
    promise.due_day = c.due;
    promise.settled_day = c.settled;
    promise.pending = c.pending;
    const std::vector<v1::Observation> observations = DerivePromise(promise);
    EXPECT_THAT(Lines(observations), ElementsAreArray(c.want)) << c.name;
    for (const auto& observation : observations) EXPECT_EQ(observation.commitment_size(), v1::COMMITMENT_SIZE_LARGE);
  }
}

TEST(PromiseTest, WithoutASizeIsAnOrdinaryOne) {
  PromiseRecord promise;
  promise.size = v1::COMMITMENT_SIZE_UNSPECIFIED;
  promise.due_day = 5;
  ASSERT_EQ(DerivePromise(promise).size(), 1u);
  EXPECT_EQ(DerivePromise(promise)[0].commitment_size(), v1::COMMITMENT_SIZE_NORMAL);
}

v1::Feedback Answers(std::initializer_list<std::pair<v1::QuestionKind, uint32_t>> answers,
                     v1::FeedbackMode mode = v1::FEEDBACK_MODE_CUSTOMER_DEVICE_ON_SITE) {
  v1::Feedback feedback;
  feedback.set_mode(mode);
  for (const auto& [kind, value] : answers) {
    v1::Answer* answer = feedback.add_answers();
    answer->set_kind(kind);
    answer->set_value(value);
  }
  return feedback;
}

TEST(FeedbackTest, CountsWhatLiesOnItsScale) {
  const struct {
    const char* name;
    v1::Feedback feedback;
    std::vector<std::string> want;
  } kCases[] = {
      {"all three",
       Answers({{v1::QUESTION_KIND_CSAT, 5}, {v1::QUESTION_KIND_NPS, 0}, {v1::QUESTION_KIND_CES, 1}}),
       {"CES F-1 day 7 value 1", "CSAT F-1 day 7 value 5", "NPS F-1 day 7"}},
      {"ends of the scales",
       Answers({{v1::QUESTION_KIND_CSAT, 1}, {v1::QUESTION_KIND_NPS, 10}, {v1::QUESTION_KIND_CES, 7}}),
       {"CES F-1 day 7 value 7", "CSAT F-1 day 7 value 1", "NPS F-1 day 7 value 10"}},
      {"off the scales",
       Answers({{v1::QUESTION_KIND_CSAT, 6}, {v1::QUESTION_KIND_NPS, 11}, {v1::QUESTION_KIND_CES, 0}}),
       {}},
      {"asked twice", Answers({{v1::QUESTION_KIND_CSAT, 2}, {v1::QUESTION_KIND_CSAT, 5}}), {"CSAT F-1 day 7 value 2"}},
      {"other questions", Answers({{v1::QUESTION_KIND_RESOLVED, 1}, {v1::QUESTION_KIND_TEXT, 3}}), {}},
  };
  for (const auto& c : kCases) {
    const std::vector<v1::Observation> observations = DeriveFeedback("F-1", "V-1", 7, c.feedback);
    EXPECT_THAT(Lines(observations), ElementsAreArray(c.want)) << c.name;
    for (const auto& observation : observations) {
      EXPECT_EQ(observation.related_id(), "V-1");
      EXPECT_EQ(observation.dimension(), DimensionOf(observation.signal()));
      EXPECT_EQ(observation.feedback_mode(), v1::FEEDBACK_MODE_CUSTOMER_DEVICE_ON_SITE);
    }
  }
}

TEST(FeedbackTest, TrustsAnUnknownModeLeast) {
  for (const int mode : {0, 99}) {
    const auto observations =
        DeriveFeedback("F-1", "", 7, Answers({{v1::QUESTION_KIND_CSAT, 5}}, static_cast<v1::FeedbackMode>(mode)));
    ASSERT_EQ(observations.size(), 1u);
    EXPECT_EQ(observations[0].feedback_mode(), v1::FEEDBACK_MODE_TRANSCRIBED_BY_TECHNICIAN);
  }
}

}  // namespace
}  // namespace doorstep::health
