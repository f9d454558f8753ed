#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "server/health/derive.h"
#include "tests/unit/server/health/observations.h"

namespace doorstep::health {
namespace {

using ::testing::ElementsAreArray;

constexpr v1::OutcomeCode kNone = v1::OUTCOME_CODE_UNSPECIFIED;
constexpr v1::OutcomeCode kResolved = v1::OUTCOME_CODE_RESOLVED;
constexpr v1::OutcomeCode kNotResolved = v1::OUTCOME_CODE_NOT_RESOLVED;

struct Visit {
  int32_t day;
  v1::OutcomeCode outcome;
  int32_t ended_day = 0;  // 0: on `day`.
  bool corrective = true;
};

// V-1, V-2, ... in this order.
VisitChain Chain(const std::vector<Visit>& visits) {
  VisitChain chain;
  chain.asset_id = "A-1";
  for (const Visit& visit : visits) {
    ChainVisit& made = chain.visits.emplace_back();
    const int number = static_cast<int>(chain.visits.size());
    made.visit_id = absl::StrCat("V-", number);
    made.began_us = int64_t{visit.day} * 1000 + number;
    made.began_day = visit.day;
    made.outcome = visit.outcome;
    made.ended_day = visit.ended_day == 0 ? visit.day : visit.ended_day;
    made.corrective = visit.corrective;
  }
  return chain;
}

TEST(VisitChainTest, SaysWhatTheVisitsSay) {
  const struct {
    const char* name;
    std::vector<Visit> visits;
    std::vector<std::string> want;
  } kCases[] = {
      {"fixed, and it held",
       {{100, kResolved}},
       {"OUTCOME_RESOLVED V-1 day 100 value 1", "FIX_HELD V-1 day 130 value 30"}},
      {"held is counted from the end of the visit",
       {{100, kResolved, 103}},
       {"OUTCOME_RESOLVED V-1 day 103 value 1", "FIX_HELD V-1 day 133 value 30"}},
      {"back on the thirtieth day is a repeat",
       {{100, kResolved}, {130, kResolved}},
       {"OUTCOME_RESOLVED V-1 day 100 value 1", "REPEAT_VISIT V-2 day 130 value 30",
        "OUTCOME_RESOLVED V-2 day 130 value 2", "FIX_HELD V-2 day 160 value 30"}},
      {"back on the thirty-first day is a new fault",
       {{100, kResolved}, {131, kResolved}},
       {"OUTCOME_RESOLVED V-1 day 100 value 1", "FIX_HELD V-1 day 130 value 30", "OUTCOME_RESOLVED V-2 day 131 value 1",
        "FIX_HELD V-2 day 161 value 30"}},
      {"two on one day are one repeat",
       {{100, kResolved}, {100, kResolved}},
       {"OUTCOME_RESOLVED V-1 day 100 value 1", "REPEAT_VISIT V-2 day 100", "OUTCOME_RESOLVED V-2 day 100 value 2",
        "FIX_HELD V-2 day 130 value 30"}},
      {"the second repeat in a row weighs more, and so does the third",
       {{100, kResolved}, {110, kResolved}, {120, kResolved}, {150, kResolved}, {190, kResolved}},
       {"OUTCOME_RESOLVED V-1 day 100 value 1", "REPEAT_VISIT V-2 day 110 value 10",
        "OUTCOME_RESOLVED V-2 day 110 value 2", "REPEAT_VISIT_AGAIN V-3 day 120 value 10",
        "OUTCOME_RESOLVED V-3 day 120 value 3", "REPEAT_VISIT_AGAIN V-4 day 150 value 30",
        "OUTCOME_RESOLVED V-4 day 150 value 4", "FIX_HELD V-4 day 180 value 30", "OUTCOME_RESOLVED V-5 day 190 value 1",
        "FIX_HELD V-5 day 220 value 30"}},
      {"an open fault stays open", {{100, kNotResolved}}, {"OUTCOME_NOT_RESOLVED V-1 day 100 value 1 open"}},
      {"missing parts and the wrong skill are ours",
       {{100, v1::OUTCOME_CODE_PARTS_MISSING}, {200, v1::OUTCOME_CODE_WRONG_SKILL}},
       {"OUTCOME_NOT_RESOLVED V-1 day 100 value 1 open", "OUTCOME_NOT_RESOLVED V-2 day 200 value 2 open"}},
      {"a temporary fix and a part of the work leave the fault open too",
       {{100, v1::OUTCOME_CODE_TEMPORARY_FIX}, {200, v1::OUTCOME_CODE_PARTIALLY_DONE}},
       {"OUTCOME_PARTIAL V-1 day 100 value 1 open", "OUTCOME_PARTIAL V-2 day 200 value 2 open"}},
      {"the visit that fixes it closes all that was open",
       {{100, kNotResolved}, {110, v1::OUTCOME_CODE_TEMPORARY_FIX}, {160, kResolved, 162}},
       {"OUTCOME_NOT_RESOLVED V-1 day 100 value 1 closed 162", "REPEAT_VISIT V-2 day 110 value 10",
        "OUTCOME_PARTIAL V-2 day 110 value 2 closed 162", "OUTCOME_RESOLVED V-3 day 162 value 3",
        "FIX_HELD V-3 day 192 value 30"}},
      {"no fault found closes what was open and says nothing itself",
       {{100, kNotResolved}, {150, v1::OUTCOME_CODE_NO_FAULT_FOUND}},
       {"OUTCOME_NOT_RESOLVED V-1 day 100 value 1 closed 150"}},
      {"not needed any more closes it, and is no repeat",
       {{100, kNotResolved}, {110, v1::OUTCOME_CODE_NOT_NEEDED}},
       {"OUTCOME_NOT_RESOLVED V-1 day 100 value 1 closed 110"}},
      {"what the customer or the site prevented is no attempt",
       {{100, kResolved},
        {105, v1::OUTCOME_CODE_NO_ACCESS},
        {106, v1::OUTCOME_CODE_CUSTOMER_REFUSED},
        {107, v1::OUTCOME_CODE_UNSAFE}},
       {"OUTCOME_RESOLVED V-1 day 100 value 1", "FIX_HELD V-1 day 130 value 30"}},
      {"no access does not hide the repeat behind it",
       {{100, kResolved}, {105, v1::OUTCOME_CODE_NO_ACCESS}, {110, kResolved}},
       {"OUTCOME_RESOLVED V-1 day 100 value 1", "REPEAT_VISIT V-3 day 110 value 10",
        "OUTCOME_RESOLVED V-3 day 110 value 2", "FIX_HELD V-3 day 140 value 30"}},
      {"a visit that goes on is a repeat already",
       {{100, kResolved}, {120, kNone}},
       {"OUTCOME_RESOLVED V-1 day 100 value 1", "REPEAT_VISIT V-2 day 120 value 20"}},
      {"an installation has an outcome and nothing more",
       {{100, kResolved, 0, false}, {110, v1::OUTCOME_CODE_PARTIALLY_DONE, 0, false}},
       {"OUTCOME_RESOLVED V-1 day 100 value 1", "OUTCOME_PARTIAL V-2 day 110 value 1"}},
      {"an outcome dated before the visit began counts from its beginning",
       {{100, kResolved, 90}},
       {"OUTCOME_RESOLVED V-1 day 100 value 1", "FIX_HELD V-1 day 130 value 30"}},
      {"no visits", {}, {}},
  };
  for (const auto& c : kCases) {
    EXPECT_THAT(Lines(DeriveVisitChain(Chain(c.visits))), ElementsAreArray(c.want)) << c.name;
  }
}

TEST(VisitChainTest, DoesNotDependOnTheOrderItIsGivenIn) {
  VisitChain chain =
      Chain({{100, kNotResolved}, {104, kResolved}, {120, kNotResolved}, {121, kResolved}, {300, kNone}});
  const std::vector<std::string> want = Lines(DeriveVisitChain(chain));
  std::sort(chain.visits.begin(), chain.visits.end(),
            [](const ChainVisit& a, const ChainVisit& b) { return a.visit_id < b.visit_id; });
  do {
    ASSERT_EQ(Lines(DeriveVisitChain(chain)), want);
  } while (std::next_permutation(chain.visits.begin(), chain.visits.end(),
                                 [](const auto& a, const auto& b) { return a.visit_id < b.visit_id; }));
}

TEST(VisitChainTest, NamesAssetAndTheVisitThatWasRepeated) {
  const std::vector<v1::Observation> observations = DeriveVisitChain(Chain({{100, kResolved}, {110, kNone}}));
  ASSERT_EQ(observations.size(), 2u);
  EXPECT_EQ(observations[0].related_id(), "");
  EXPECT_EQ(observations[1].related_id(), "V-1");
  for (const v1::Observation& observation : observations) EXPECT_EQ(observation.asset_id(), "A-1");
}

TEST(VisitChainTest, TracesWhatFirstTimeFixIsCountedFrom) {
  const std::vector<ChainStep> steps =
      TraceChain(Chain({{100, kResolved}, {110, kNotResolved}, {115, kResolved}, {400, v1::OUTCOME_CODE_NO_ACCESS}}));
  ASSERT_EQ(steps.size(), 4u);
  EXPECT_TRUE(steps[0].fixed);
  EXPECT_FALSE(steps[0].unrepeated);
  EXPECT_EQ(steps[0].repeat, 0);
  EXPECT_EQ(steps[1].repeat, 1);
  EXPECT_EQ(steps[1].repeated_visit_id, "V-1");
  EXPECT_TRUE(steps[1].left_open);
  EXPECT_EQ(steps[1].closed_day, 115);
  EXPECT_EQ(steps[2].repeat, 2);
  EXPECT_EQ(steps[2].attempt, 3);
  EXPECT_EQ(steps[2].days_between, 5);
  EXPECT_TRUE(steps[2].unrepeated);
  EXPECT_FALSE(steps[3].attempted);
}

}  // namespace
}  // namespace doorstep::health
