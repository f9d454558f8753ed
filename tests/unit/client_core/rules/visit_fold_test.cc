#include "client_core/rules/visit_fold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "client_core/rules/visit_overlay.h"
#include "tests/unit/client_core/rules/visit_story.h"

namespace doorstep {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(VisitFoldTest, FollowsThePublishedStates) {
  const struct {
    const char* name;
    Story story;
    v1::VisitState want;
  } kCases[] = {
      {"created", Story(), v1::VISIT_STATE_UNSCHEDULED},
      {"scheduled", Story().Schedule(1, 480), v1::VISIT_STATE_SCHEDULED},
      {"dispatch needs somebody", Story().Schedule(1, 480).Dispatch(2), v1::VISIT_STATE_SCHEDULED},
      {"dispatched", Dispatched("ana"), v1::VISIT_STATE_DISPATCHED},
      {"en route", Dispatched("ana").Travel(10, "ana"), v1::VISIT_STATE_EN_ROUTE},
      {"on site", Dispatched("ana").Travel(10, "ana").Arrive(20, "ana"), v1::VISIT_STATE_ON_SITE},
      {"arrival implied by work", Dispatched("ana").Work(20, "ana"), v1::VISIT_STATE_IN_PROGRESS},
      {"resolved", Dispatched("ana").Work(20, "ana").Outcome(30, "ana", v1::OUTCOME_CODE_RESOLVED),
       v1::VISIT_STATE_COMPLETED},
      {"parts missing", Dispatched("ana").Work(20, "ana").Outcome(30, "ana", v1::OUTCOME_CODE_PARTS_MISSING),
       v1::VISIT_STATE_INCOMPLETE},
      {"outcome retracted",
       Dispatched("ana").Work(20, "ana").Outcome(30, "ana", v1::OUTCOME_CODE_RESOLVED).Retract(40, "ana", 2),
       v1::VISIT_STATE_IN_PROGRESS},
      {"cancelled", Dispatched("ana").Cancel(5), v1::VISIT_STATE_CANCELED},
      {"travelling does not undo a cancellation", Dispatched("ana").Cancel(5).Travel(10, "ana"),
       v1::VISIT_STATE_CANCELED},
      {"closed", Dispatched("ana").Work(20, "ana").Outcome(30, "ana", v1::OUTCOME_CODE_RESOLVED).Close(40),
       v1::VISIT_STATE_CLOSED},
      {"the lead alone ends it",
       Dispatched("ana").Assign(4, "bo").Work(20, "ana").Work(21, "bo").Outcome(30, "bo", v1::OUTCOME_CODE_RESOLVED),
       v1::VISIT_STATE_IN_PROGRESS},
  };
  for (const auto& c : kCases) EXPECT_EQ(c.story.Fold().state(), c.want) << c.name;
}

TEST(VisitFoldTest, GivesAReassignedVisitBackToWhoWorked) {
  const v1::Visit visit =
      Dispatched("ana").Reassign(15, "ana", "bo").Work(20, "ana").Outcome(30, "ana", v1::OUTCOME_CODE_RESOLVED).Fold();
  EXPECT_EQ(visit.state(), v1::VISIT_STATE_COMPLETED);
  EXPECT_FALSE(visit.assignments(0).revoked());
  EXPECT_TRUE(visit.assignments(1).revoked());
  EXPECT_EQ(visit.assignments(1).successor_id(), "ana");
  EXPECT_THAT(visit.attention(), ElementsAre(v1::ATTENTION_FLAG_REASSIGNED_WORKED));
}

TEST(VisitFoldTest, NeverGivesItBackForLessThanWork) {
  const struct {
    const char* name;
    Story story;
  } kCases[] = {
      {"arriving", Dispatched("ana").Reassign(15, "ana", "bo").Travel(16, "ana").Arrive(20, "ana")},
      {"work that ended unfinished",
       Dispatched("ana").Reassign(15, "ana", "bo").Work(20, "ana").Outcome(30, "ana", v1::OUTCOME_CODE_PARTS_MISSING)},
      {"work the office knew of", Dispatched("ana").Work(10, "ana").Reassign(15, "ana", "bo", true)},
      {"the other has started", Dispatched("ana").Reassign(15, "ana", "bo").Work(20, "ana").Travel(21, "bo")},
  };
  for (const auto& c : kCases) {
    const v1::Visit visit = c.story.Fold();
    EXPECT_TRUE(visit.assignments(0).revoked()) << c.name;
    EXPECT_FALSE(visit.assignments(1).revoked()) << c.name;
  }
}

TEST(VisitFoldTest, NoOutcomeWinsSilently) {
  const v1::Visit visit = Dispatched("ana")
                              .Reassign(15, "ana", "bo")
                              .Work(20, "ana")
                              .Work(25, "bo")
                              .Outcome(30, "ana", v1::OUTCOME_CODE_RESOLVED)
                              .Outcome(40, "bo", v1::OUTCOME_CODE_NOT_RESOLVED)
                              .Fold();
  EXPECT_EQ(visit.outcome().code(), v1::OUTCOME_CODE_NOT_RESOLVED);
  EXPECT_THAT(visit.attention(), ElementsAre(v1::ATTENTION_FLAG_REASSIGNED_WORKED, v1::ATTENTION_FLAG_OUTCOME_DISAGREES,
                                             v1::ATTENTION_FLAG_NOT_FIXED));
}

TEST(VisitFoldTest, WorkAfterACancellationCountsAndIsFlagged) {
  const v1::Visit visit =
      Dispatched("ana").Cancel(5).Work(20, "ana").Outcome(30, "ana", v1::OUTCOME_CODE_RESOLVED).Fold();
  EXPECT_EQ(visit.state(), v1::VISIT_STATE_COMPLETED);
  EXPECT_THAT(visit.attention(), ElementsAre(v1::ATTENTION_FLAG_AFTER_CANCEL));
}

TEST(VisitFoldTest, AFlagNamesTheFirstEntryOfEachTechnicianThatRaisedIt) {
  Story story = Dispatched("ana").Cancel(5).Arrive(20, "ana").Work(21, "ana").Arrive(22, "ben").Work(23, "ben");
  const v1::Visit visit = story.Fold();
  ASSERT_EQ(visit.raised_size(), 3) << visit.DebugString();
  EXPECT_EQ(visit.raised(0).flag(), v1::ATTENTION_FLAG_AFTER_CANCEL);
  ASSERT_EQ(visit.raised(0).entries_size(), 1);
  EXPECT_EQ(FormatPosition(visit.raised(0).entries(0)), "ana.1.1");
  EXPECT_EQ(FormatPosition(visit.raised(1).entries(0)), "ben.1.1");
  EXPECT_EQ(visit.raised(2).flag(), v1::ATTENTION_FLAG_NOT_ASSIGNED);
}

TEST(VisitFoldTest, WhatWasLookedAtIsOpenAgainOnlyWhenItHappensAgain) {
  Story story = Dispatched("ana").Cancel(5).Arrive(20, "ana");
  story.Command(30, ResolveAll(story.Fold()));
  EXPECT_THAT(story.Fold().attention(), IsEmpty());
  story.Work(40, "ana");
  EXPECT_THAT(story.Fold().attention(), IsEmpty());
  story.Arrive(15, "ben");  // Heard of later, though it happened before.
  const v1::Visit visit = story.Fold();
  EXPECT_THAT(visit.attention(), ElementsAre(v1::ATTENTION_FLAG_AFTER_CANCEL, v1::ATTENTION_FLAG_NOT_ASSIGNED));
  EXPECT_TRUE(visit.raised(0).resolved());
  EXPECT_EQ(visit.raised(0).reason(), "looked at");
  EXPECT_FALSE(visit.raised(1).resolved());
}

TEST(VisitFoldTest, WhatWasLookedAtStaysInTheHistoryWhenItDoesNotHoldAnyMore) {
  Story story = Dispatched("ana").Work(20, "ana").Outcome(30, "ana", v1::OUTCOME_CODE_NOT_RESOLVED);
  story.Command(40, ResolveAll(story.Fold()));
  story.Retract(50, "ana", 2);
  const v1::Visit visit = story.Fold();
  EXPECT_THAT(visit.attention(), IsEmpty());
  ASSERT_EQ(visit.raised_size(), 1);
  EXPECT_TRUE(visit.raised(0).resolved());
  EXPECT_EQ(visit.raised(0).flag(), v1::ATTENTION_FLAG_NOT_FIXED);
}

TEST(VisitFoldTest, AnotherOutcomeThatDisagreesIsAnotherDisagreement) {
  Story story = Dispatched("ana").Work(10, "ana").Outcome(20, "ana", v1::OUTCOME_CODE_RESOLVED);
  story.Reassign(25, "ana", "ben").Work(11, "ben").Outcome(21, "ben", v1::OUTCOME_CODE_NOT_RESOLVED);
  const v1::Visit before = story.Fold();
  EXPECT_THAT(before.attention(), ::testing::Contains(v1::ATTENTION_FLAG_OUTCOME_DISAGREES));
  story.Command(30, ResolveAll(before));
  EXPECT_THAT(story.Fold().attention(), IsEmpty());
  story.Outcome(40, "ben", v1::OUTCOME_CODE_PARTS_MISSING);
  EXPECT_THAT(story.Fold().attention(),
              ElementsAre(v1::ATTENTION_FLAG_OUTCOME_DISAGREES, v1::ATTENTION_FLAG_NOT_FIXED));
}

TEST(VisitFoldTest, AScheduleThatWorkOvertookIsVoid) {
  const v1::Visit visit = Dispatched("ana").Work(20, "ana").Schedule(25, 900).Fold();
  EXPECT_EQ(visit.planned().start_time_us(), 480 * kMinute);
  EXPECT_EQ(visit.rescheduled_count(), 0u);
}

TEST(VisitFoldTest, ACorrectionStandsWhereTheOriginalStood) {
  Story story = Dispatched("ana").Work(20, "ana").Outcome(30, "ana", v1::OUTCOME_CODE_NOT_RESOLVED);
  story.Fact(90, "ana", [](v1::LogEntry& e) {
    *e.mutable_correction()->mutable_target() = MakePosition("ana", 1, 2);
    auto* reported = e.mutable_correction()->mutable_replacement()->mutable_outcome_reported();
    reported->mutable_outcome()->set_code(v1::OUTCOME_CODE_RESOLVED);
    reported->set_finished(true);
  });
  const v1::Visit corrected = story.Fold();
  EXPECT_EQ(corrected.outcome().code(), v1::OUTCOME_CODE_RESOLVED);
  EXPECT_EQ(corrected.ended_time_us(), 30 * kMinute);
  // Taking the correction back brings the original back.
  EXPECT_EQ(story.Retract(95, "ana", 3).Fold().outcome().code(), v1::OUTCOME_CODE_NOT_RESOLVED);
}

TEST(VisitFoldTest, NobodyThereIsNoSurprise) {
  Story story = Dispatched("ana").Travel(10, "ana").Arrive(20, "ana");
  story.Fact(30, "ana", [](v1::LogEntry& e) { e.mutable_no_access(); });
  story.Outcome(31, "ana", v1::OUTCOME_CODE_NO_ACCESS);
  story.Fact(32, "ana", [](v1::LogEntry& e) { e.mutable_departed(); });
  EXPECT_THAT(story.Fold().attention(), ElementsAre(v1::ATTENTION_FLAG_NO_ACCESS));
}

TEST(VisitFoldTest, TheSameSetGivesTheSameBytesInAnyOrder) {
  std::mt19937 draw(20261122);
  const v1::OutcomeCode kOutcomes[] = {v1::OUTCOME_CODE_RESOLVED, v1::OUTCOME_CODE_NOT_RESOLVED,
                                       v1::OUTCOME_CODE_PARTS_MISSING};
  for (int round = 0; round < 300; ++round) {
    Story story = Dispatched("ana");
    const std::string kWho[] = {"ana", "bo", "cy"};
    std::map<std::string, uint64_t> recorded;
    for (int i = 0; i < 25; ++i) {
      const std::string& who = kWho[draw() % 3];
      const int64_t minute = 5 + static_cast<int64_t>(draw() % 60);
      const int kind = static_cast<int>(draw() % 10);
      if (kind < 7) ++recorded[who];
      switch (kind) {
        case 0:
          story.Travel(minute, who);
          break;
        case 1:
          story.Arrive(minute, who);
          break;
        case 2:
        case 3:
          story.Work(minute, who);
          break;
        case 4:
        case 5:
          story.Outcome(minute, who, kOutcomes[draw() % 3]);
          break;
        case 6:
          story.Retract(minute, who, 1 + draw() % recorded[who]);
          break;
        case 7:
          story.Reassign(minute, kWho[draw() % 3], kWho[draw() % 3]);
          break;
        case 8:
          story.Cancel(minute, draw() % 2 == 0);
          break;
        default:
          story.Schedule(minute, 400 + static_cast<int64_t>(draw() % 100));
          break;
      }
    }
    const std::string want = FoldVisit(story.Input(draw)).SerializeAsString();
    for (int order = 0; order < 5; ++order) {
      ASSERT_EQ(FoldVisit(story.Input(draw)).SerializeAsString(), want) << "round " << round;
    }
  }
}

TEST(VisitFoldTest, TheOverlayShowsWhatTheServerWillFold) {
  const Story known = Dispatched("ana").Travel(10, "ana");
  Story whole = Dispatched("ana").Travel(10, "ana").Arrive(20, "ana").Work(21, "ana").Outcome(
      30, "ana", v1::OUTCOME_CODE_RESOLVED);
  const std::vector<v1::FoldFact> own(whole.facts().begin() + 1, whole.facts().end());
  VisitOverlay above(known.Fold());
  for (const v1::FoldFact& fact : own) above.Add(fact);
  v1::Visit overlay = above.visit();
  v1::Visit folded = whole.Fold();
  overlay.clear_folded();
  folded.clear_folded();
  EXPECT_EQ(overlay.SerializeAsString(), folded.SerializeAsString());
}

TEST(VisitFoldTest, CommandsAreRefusedWithStateAndRule) {
  const v1::Visit done = Dispatched("ana").Work(20, "ana").Outcome(30, "ana", v1::OUTCOME_CODE_RESOLVED).Fold();
  v1::FoldCommand cancel;
  cancel.mutable_cancel();
  const absl::Status status = CheckCommand(done, cancel);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("visit V-1 is completed: it cannot be cancelled any more"));
}

TEST(VisitFoldTest, NobodyIsMissedAtACancelledVisit) {
  v1::FoldCommand miss;
  miss.mutable_record_miss();
  EXPECT_TRUE(CheckCommand(Dispatched("ana").Fold(), miss).ok());
  EXPECT_EQ(CheckCommand(Dispatched("ana").Cancel(5).Fold(), miss).code(), absl::StatusCode::kFailedPrecondition);
}

TEST(VisitFoldTest, AdvisesAndNeverForbids) {
  EXPECT_THAT(AdviseFact(Dispatched("ana").Fold(), "ana", v1::LogEntry::kTravelStarted), IsEmpty());
  EXPECT_THAT(AdviseFact(Dispatched("ana").Fold(), "bo", v1::LogEntry::kArrived),
              ElementsAre(HasSubstr("not assigned")));
}

// It would be lost without a word: outcomes are whole, and the later one counts.
TEST(VisitFoldTest, AdvisesOnTheFaultCodeThatASecondOutcomeWouldReplace) {
  v1::Visit done = Dispatched("ana").Work(20, "ana").Outcome(30, "ana", v1::OUTCOME_CODE_RESOLVED).Fold();
  EXPECT_THAT(AdviseFact(done, "ana", v1::LogEntry::kOutcomeReported), ElementsAre(HasSubstr("already completed")));
  done.mutable_outcome()->mutable_fault()->set_code("VALVE-SEAT");
  EXPECT_THAT(AdviseFact(done, "ana", v1::LogEntry::kOutcomeReported),
              ElementsAre(HasSubstr("already completed"), HasSubstr("fault code VALVE-SEAT; if this one")));
}

TEST(VisitFoldTest, AdvisesAfterTheOutcomeOnlyOnWhatDoesNotBelongThere) {
  const v1::Visit done = Dispatched("ana").Work(20, "ana").Outcome(30, "ana", v1::OUTCOME_CODE_RESOLVED).Fold();
  for (const v1::LogEntry::FactCase fact :
       {v1::LogEntry::kSignatureCaptured, v1::LogEntry::kSignatureWaived, v1::LogEntry::kFeedbackCaptured,
        v1::LogEntry::kFeedbackDeclined, v1::LogEntry::kDeparted}) {
    EXPECT_THAT(AdviseFact(done, "ana", fact), IsEmpty()) << fact;
  }
  EXPECT_THAT(AdviseFact(done, "ana", v1::LogEntry::kWorkStarted), ElementsAre(HasSubstr("already completed")));
  EXPECT_THAT(AdviseFact(Dispatched("ana").Cancel(5).Fold(), "ana", v1::LogEntry::kFeedbackCaptured),
              ElementsAre(HasSubstr("already cancelled")));
}

}  // namespace
}  // namespace doorstep
