// What people decide about conflicts: what each decision makes of a visit, that it does not depend on the order of
// arrival, and that what happens again is open again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "client_core/rules/attention_decision.h"
#include "client_core/rules/credited_facts.h"
#include "client_core/rules/visit_overlay.h"
#include "tests/unit/client_core/rules/visit_story.h"

namespace doorstep {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const v1::RaisedAttention* Find(const v1::Visit& visit, v1::AttentionFlag flag) {
  for (const v1::RaisedAttention& raised : visit.raised()) {
    if (raised.flag() == flag) return &raised;
  }
  return nullptr;
}

std::string LeadOf(const v1::Visit& visit) {
  for (const v1::Assignment& a : visit.assignments()) {
    if (!a.revoked() && a.role() == v1::ASSIGNMENT_ROLE_LEAD) return a.technician_id();
  }
  return "";
}

// Ana worked although the visit had been given to bo, who worked as well; they disagree.
Story Disagreeing() {
  return Dispatched("ana")
      .Reassign(15, "ana", "bo")
      .Work(20, "ana")
      .Outcome(30, "ana", v1::OUTCOME_CODE_NOT_RESOLVED)
      .Work(40, "bo")
      .Outcome(50, "bo", v1::OUTCOME_CODE_RESOLVED);
}

Story Decided(Story story, v1::AttentionResolution resolution, const std::string& new_visit_id = "") {
  story.Command(60, ResolveAll(story.Fold(), resolution, new_visit_id));
  return story;
}

TEST(VisitDecisionsTest, AConflictNamesBothSides) {
  const v1::Visit visit = Disagreeing().Fold();
  for (const v1::AttentionFlag flag : {v1::ATTENTION_FLAG_REASSIGNED_WORKED, v1::ATTENTION_FLAG_OUTCOME_DISAGREES}) {
    const v1::RaisedAttention* raised = Find(visit, flag);
    ASSERT_NE(raised, nullptr);
    EXPECT_EQ(raised->side_a().technician_id(), "ana");
    EXPECT_EQ(raised->side_a().time_us(), 20 * kMinute);
    EXPECT_EQ(raised->side_a().outcome(), v1::OUTCOME_CODE_NOT_RESOLVED);
    EXPECT_EQ(raised->side_b().technician_id(), "bo");
    EXPECT_EQ(raised->side_b().outcome(), v1::OUTCOME_CODE_RESOLVED);
  }
  const v1::Visit cancelled = Dispatched("ana").Cancel(5).Work(20, "ana").Fold();
  const v1::RaisedAttention* after = Find(cancelled, v1::ATTENTION_FLAG_AFTER_CANCEL);
  EXPECT_EQ(after->side_a().principal(), "office");
  EXPECT_EQ(after->side_a().time_us(), 5 * kMinute);
  EXPECT_EQ(after->side_b().technician_id(), "ana");
  const v1::Visit unsent = Dispatched("ana").Work(20, "bo").Fold();
  const v1::RaisedAttention* came = Find(unsent, v1::ATTENTION_FLAG_NOT_ASSIGNED);
  EXPECT_EQ(came->side_a().technician_id(), "ana");
  EXPECT_EQ(came->side_b().technician_id(), "bo");
}

TEST(VisitDecisionsTest, WhatFitsFollowsFromTheSides) {
  const auto fitting = [](const v1::Visit& visit, v1::AttentionFlag flag) {
    return FittingResolutions(*Find(visit, flag)).size();
  };
  EXPECT_EQ(fitting(Disagreeing().Fold(), v1::ATTENTION_FLAG_REASSIGNED_WORKED), 5u);
  const v1::Visit cancelled = Dispatched("ana").Cancel(5).Work(20, "ana").Fold();
  EXPECT_EQ(fitting(cancelled, v1::ATTENTION_FLAG_AFTER_CANCEL), 4u);
  EXPECT_FALSE(Fits(v1::ATTENTION_RESOLUTION_CREDIT_BOTH, *Find(cancelled, v1::ATTENTION_FLAG_AFTER_CANCEL)));
  const v1::Visit unfixed = Dispatched("ana").Work(20, "ana").Outcome(30, "ana", v1::OUTCOME_CODE_NOT_RESOLVED).Fold();
  EXPECT_EQ(fitting(unfixed, v1::ATTENTION_FLAG_NOT_FIXED), 1u);
}

TEST(VisitDecisionsTest, KeepAMakesItTheVisitOfWhoeverWorkedFirst) {
  const v1::Visit visit = Decided(Disagreeing(), v1::ATTENTION_RESOLUTION_KEEP_A).Fold();
  EXPECT_EQ(visit.state(), v1::VISIT_STATE_INCOMPLETE);
  EXPECT_EQ(LeadOf(visit), "ana");
  EXPECT_EQ(visit.outcome().code(), v1::OUTCOME_CODE_NOT_RESOLVED);
  EXPECT_EQ(visit.ended_time_us(), 30 * kMinute);
  // The outcome that holds now is one that did not fix it, which nobody had looked at.
  EXPECT_THAT(visit.attention(), ElementsAre(v1::ATTENTION_FLAG_NOT_FIXED));
  for (const v1::Assignment& a : visit.assignments()) EXPECT_EQ(a.revoked(), a.technician_id() == "bo");
  EXPECT_EQ(Find(visit, v1::ATTENTION_FLAG_OUTCOME_DISAGREES)->entries_size(), 2) << "the history names the entries";
}

TEST(VisitDecisionsTest, KeepBLeavesItWithWhoeverHasItAndAsksNoMore) {
  Story story = Decided(Disagreeing(), v1::ATTENTION_RESOLUTION_KEEP_B);
  const v1::Visit visit = story.Fold();
  EXPECT_EQ(visit.state(), v1::VISIT_STATE_COMPLETED);
  EXPECT_EQ(LeadOf(visit), "bo");
  EXPECT_THAT(visit.attention(), IsEmpty());
  // Ana's facts that come later are of the trip that was decided about.
  story.Depart(35, "ana");
  EXPECT_THAT(story.Fold().attention(), IsEmpty());
}

TEST(VisitDecisionsTest, CreditBothKeepsBothOnTheVisitAndNewDisagreementOpen) {
  Story story = Decided(Disagreeing(), v1::ATTENTION_RESOLUTION_CREDIT_BOTH);
  const v1::Visit visit = story.Fold();
  EXPECT_EQ(LeadOf(visit), "bo");
  EXPECT_EQ(visit.state(), v1::VISIT_STATE_COMPLETED);
  for (const v1::Assignment& a : visit.assignments()) EXPECT_FALSE(a.revoked()) << a.technician_id();
  EXPECT_EQ(visit.work_started_time_us(), 20 * kMinute);
  EXPECT_THAT(visit.attention(), IsEmpty());
  story.Outcome(70, "ana", v1::OUTCOME_CODE_PARTS_MISSING);
  EXPECT_THAT(story.Fold().attention(), ElementsAre(v1::ATTENTION_FLAG_OUTCOME_DISAGREES))
      << "neither wins silently, credited or not";
}

// The visit that is made of what `input` credits to it.
v1::Visit Made(const v1::FoldInput& input) {
  v1::FoldInput made;
  made.set_visit_id("V-2");
  v1::FoldCreate& create = *made.add_commands()->mutable_create();
  create.set_credited_from_visit_id("V-1");
  create.add_technician_ids("bo");
  for (const v1::FoldFact& fact : FactsCreditedTo("V-2", input)) *made.add_credited() = fact;
  return FoldVisit(made);
}

TEST(VisitDecisionsTest, WhatIsRetractedDoesNotCountOnEitherVisitWhoeverRetractsIt) {
  Story story = Decided(Disagreeing(), v1::ATTENTION_RESOLUTION_NEW_VISIT, "V-2");
  story.RetractOf(70, "ana", "bo", 2).RetractOf(71, "bo", "ana", 2);  // Both outcomes.
  std::mt19937 random(1);
  const v1::FoldInput input = story.Input(random);
  const v1::Visit left = FoldVisit(input);
  EXPECT_EQ(left.facts(), 1u);
  EXPECT_FALSE(left.has_outcome());
  const v1::Visit made = Made(input);
  EXPECT_EQ(made.facts(), 1u);
  EXPECT_FALSE(made.has_outcome());
  story.Retract(80, "ana", 3);  // Her retraction was the mistake.
  const v1::FoldInput again = story.Input(random);
  EXPECT_EQ(Made(again).outcome().code(), v1::OUTCOME_CODE_RESOLVED);
}

TEST(VisitDecisionsTest, NewVisitLeavesOutWhatTheOtherRecordedAndGivesItToTheNewOne) {
  Story story = Decided(Disagreeing(), v1::ATTENTION_RESOLUTION_NEW_VISIT, "V-2");
  story.Depart(55, "bo");
  std::mt19937 random(1);
  const v1::FoldInput input = story.Input(random);
  const v1::Visit left = FoldVisit(input);
  EXPECT_EQ(LeadOf(left), "ana");
  EXPECT_EQ(left.state(), v1::VISIT_STATE_INCOMPLETE);
  EXPECT_EQ(left.facts(), 2u);
  const v1::Visit credited = Made(input);
  EXPECT_EQ(LeadOf(credited), "bo");
  EXPECT_EQ(credited.state(), v1::VISIT_STATE_COMPLETED);
  EXPECT_EQ(credited.facts(), 3u);
  EXPECT_THAT(credited.attention(), IsEmpty());
}

TEST(VisitDecisionsTest, WhoeverIsSentAgainAfterANewVisitWorksHereAgain) {
  Story story = Decided(Disagreeing(), v1::ATTENTION_RESOLUTION_NEW_VISIT, "V-2");
  story.Reassign(70, "ana", "bo", true).Work(80, "bo").Outcome(90, "bo", v1::OUTCOME_CODE_RESOLVED);
  std::mt19937 random(1);
  const v1::FoldInput input = story.Input(random);
  EXPECT_EQ(FoldVisit(input).state(), v1::VISIT_STATE_COMPLETED);
  EXPECT_EQ(FactsCreditedTo("V-2", input).size(), 2u);
}

TEST(VisitDecisionsTest, ACancellationStandsOrTheWorkCounts) {
  Story story = Dispatched("ana").Cancel(5).Arrive(20, "ana").Outcome(30, "ana", v1::OUTCOME_CODE_RESOLVED);
  const v1::Visit stands = Decided(story, v1::ATTENTION_RESOLUTION_KEEP_A).Fold();
  EXPECT_EQ(stands.state(), v1::VISIT_STATE_CANCELED);
  EXPECT_EQ(stands.arrived_time_us(), 0);
  EXPECT_FALSE(stands.has_outcome());
  EXPECT_THAT(stands.attention(), IsEmpty());
  const v1::Visit counts = Decided(story, v1::ATTENTION_RESOLUTION_KEEP_B).Fold();
  EXPECT_EQ(counts.state(), v1::VISIT_STATE_COMPLETED);
  EXPECT_THAT(counts.attention(), IsEmpty());
  const v1::Visit moved = Decided(story, v1::ATTENTION_RESOLUTION_NEW_VISIT, "V-2").Fold();
  EXPECT_EQ(moved.state(), v1::VISIT_STATE_CANCELED);
  EXPECT_EQ(moved.facts(), 0u);
}

TEST(VisitDecisionsTest, ACancellationThatStandsAgainstOneDoesNotStandAgainstAnother) {
  Story story = Dispatched("ana").Cancel(5).Arrive(20, "ana");
  story = Decided(story, v1::ATTENTION_RESOLUTION_KEEP_A);
  story.Work(70, "bo").Outcome(80, "bo", v1::OUTCOME_CODE_RESOLVED);
  const v1::Visit visit = story.Fold();
  EXPECT_EQ(visit.state(), v1::VISIT_STATE_COMPLETED);
  EXPECT_EQ(LeadOf(visit), "bo");
  EXPECT_THAT(visit.attention(), Contains(v1::ATTENTION_FLAG_AFTER_CANCEL));
}

TEST(VisitDecisionsTest, TheSamePersonComingAgainIsOpenAgain) {
  const struct {
    const char* name;
    Story story;
    v1::AttentionResolution resolution;
    v1::AttentionFlag flag;
  } kCases[] = {
      {"after a cancellation that was let stand", Dispatched("ana").Cancel(5).Arrive(20, "ana").Depart(30, "ana"),
       v1::ATTENTION_RESOLUTION_KEEP_A, v1::ATTENTION_FLAG_AFTER_CANCEL},
      {"after a cancellation that was looked at", Dispatched("ana").Cancel(5).Arrive(20, "ana").Depart(30, "ana"),
       v1::ATTENTION_RESOLUTION_SEEN, v1::ATTENTION_FLAG_AFTER_CANCEL},
      {"after it was decided for the other", Disagreeing(), v1::ATTENTION_RESOLUTION_KEEP_B,
       v1::ATTENTION_FLAG_REASSIGNED_WORKED},
      {"after the visit was closed",
       Dispatched("ana")
           .Work(10, "ana")
           .Outcome(20, "ana", v1::OUTCOME_CODE_RESOLVED)
           .Close(25)
           .Arrive(30, "ana")
           .Depart(40, "ana"),
       v1::ATTENTION_RESOLUTION_SEEN, v1::ATTENTION_FLAG_AMENDED},
  };
  for (const auto& c : kCases) {
    Story story = c.story;
    ASSERT_THAT(story.Fold().attention(), Contains(c.flag)) << c.name;
    story = Decided(story, c.resolution);
    ASSERT_THAT(story.Fold().attention(), ::testing::Not(Contains(c.flag))) << c.name;
    story.Arrive(70, "ana").Work(71, "ana");
    EXPECT_THAT(story.Fold().attention(), Contains(c.flag)) << c.name;
  }
}

TEST(VisitDecisionsTest, RejectingAgainIsOpenAgain) {
  Story story = Dispatched("ana").Reject(10, "ana");
  story.Command(20, ResolveAll(story.Fold()));
  EXPECT_THAT(story.Fold().attention(), IsEmpty());
  story.Dispatch(30).Reject(40, "ana");
  EXPECT_THAT(story.Fold().attention(), ElementsAre(v1::ATTENTION_FLAG_ALL_REJECTED));
}

TEST(VisitDecisionsTest, WhatTheOfficeCommandsLaterStandsAboveADecision) {
  Story story = Decided(Disagreeing(), v1::ATTENTION_RESOLUTION_KEEP_A);
  story.Reassign(70, "ana", "cho", true);
  EXPECT_EQ(LeadOf(story.Fold()), "cho");
}

TEST(VisitDecisionsTest, AVisitThatWasGivenBackCanBeClosed) {
  Story story =
      Dispatched("ana").Reassign(15, "ana", "bo").Work(20, "ana").Outcome(30, "ana", v1::OUTCOME_CODE_RESOLVED);
  EXPECT_EQ(story.Close(40).Fold().state(), v1::VISIT_STATE_CLOSED);
}

TEST(VisitDecisionsTest, NoDecisionDependsOnTheOrderOfArrival) {
  for (const v1::AttentionResolution resolution :
       {v1::ATTENTION_RESOLUTION_SEEN, v1::ATTENTION_RESOLUTION_KEEP_A, v1::ATTENTION_RESOLUTION_KEEP_B,
        v1::ATTENTION_RESOLUTION_CREDIT_BOTH, v1::ATTENTION_RESOLUTION_NEW_VISIT}) {
    Story story = Decided(Disagreeing(), resolution, resolution == v1::ATTENTION_RESOLUTION_NEW_VISIT ? "V-2" : "");
    story.Arrive(65, "ana").Work(70, "ana").Depart(80, "bo").Work(90, "cho");
    std::string expected;
    for (unsigned seed = 1; seed <= 200; ++seed) {
      std::mt19937 random(seed);
      const std::string visit = FoldVisit(story.Input(random)).SerializeAsString();
      if (expected.empty()) expected = visit;
      ASSERT_EQ(visit, expected) << "resolution " << resolution << ", seed " << seed;
    }
  }
}

// The phone lays its own facts over a row that says what was decided, and must not undo it.
TEST(VisitDecisionsTest, LayingFactsOverADecidedRowKeepsTheDecision) {
  for (const v1::AttentionResolution resolution : {v1::ATTENTION_RESOLUTION_KEEP_A, v1::ATTENTION_RESOLUTION_KEEP_B}) {
    Story story = Decided(Disagreeing(), resolution);
    v1::Visit row = story.Fold();
    VisitOverlay overlay(row);
    v1::LogEntry entry;
    entry.mutable_departed();
    v1::CorrectedTime time;
    time.set_time_us(100 * kMinute);
    overlay.Add(MakeFoldFact(entry, MakePosition(LeadOf(row), 1, 99), LeadOf(row), time));
    EXPECT_EQ(LeadOf(overlay.visit()), LeadOf(row));
    EXPECT_EQ(overlay.visit().attention_size(), row.attention_size());
    EXPECT_EQ(overlay.visit().raised_size(), row.raised_size());
  }
}

}  // namespace
}  // namespace doorstep
