// Who is told that an entry stands in conflict with the office, and what resolving it does.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "server/apply/commands/dispatch_commands.h"
#include "server/storage/visit_table.h"
#include "tests/support/office.h"

namespace doorstep {
namespace {

using testing::Arrived;
using testing::FieldPhone;
using testing::kHour;
using testing::kMonday;
using testing::kSecond;
using testing::Office;
using testing::Outcome;
using testing::WorkStarted;

class AttentionTest : public ::testing::Test {
 protected:
  AttentionTest() : ana_(office_.AddPhone("ana")), bo_(office_.AddPhone("bo")) {
    office_.AddAccount("acme");
    office_.Plan("v1", "acme", "ana", 8);
    office_.clock().Set(kMonday + 10 * kHour);
  }
  void Push(const FieldPhone& phone, uint64_t first, uint64_t last) {
    const absl::StatusOr<FrameAnswer> answer = office_.Push(phone, first, last);
    ASSERT_TRUE(answer.ok()) << answer.status();
  }
  void Cancel(bool force = false) {
    v1::CommandRecord record;
    record.mutable_cancel_visit()->set_id("v1");
    record.mutable_cancel_visit()->set_reason("called off");
    record.mutable_cancel_visit()->set_force(force);
    ASSERT_TRUE(office_.Do(record).ok());
  }
  absl::Status Resolve(std::vector<v1::AttentionFlag> flags = {}) {
    v1::ResolveAttentionRequest request;
    request.set_id("v1");
    for (const v1::AttentionFlag flag : flags) request.add_flags(flag);
    request.set_reason("the customer had called ana");
    Command command;
    command.principal = "admin:a1";
    command.run = [&](Transaction& tx) -> absl::StatusOr<std::string> {
      const auto answer = RunCommand(request, tx);
      if (!answer.ok()) return answer.status();
      return std::string();
    };
    return office_.writer().RunCommand(std::move(command)).status();
  }
  std::vector<int> Open() {
    const v1::Visit visit = office_.Visit("v1");
    return {visit.attention().begin(), visit.attention().end()};
  }
  v1::Judgement JudgementOf(const FieldPhone& phone, uint64_t seq) {
    return office_.JudgementOf(phone, seq).value_or(v1::Judgement());
  }
  bool Listed() {
    bool listed = false;
    VisitFilter filter;
    filter.needs_attention = true;
    office_.Read([&](SqlSession& sql) { listed = !ListVisits(sql, filter, 0, 10).value().empty(); });
    return listed;
  }

  Office office_;
  FieldPhone ana_;
  FieldPhone bo_;
};

TEST_F(AttentionTest, WhoWorkedOnACancelledVisitIsToldOnTheEntryThatShowsIt) {
  Cancel();
  ana_.Record(Arrived(), "v1", kMonday + 9 * kHour);
  ana_.Record(WorkStarted(), "v1", kMonday + 9 * kHour + kSecond);
  Push(ana_, 1, 2);
  EXPECT_EQ(Open(), std::vector<int>{v1::ATTENTION_FLAG_AFTER_CANCEL});
  const v1::Judgement judgement = JudgementOf(ana_, 1);
  EXPECT_EQ(judgement.verdict(), v1::VERDICT_APPLIED_WITH_ATTENTION);
  ASSERT_EQ(judgement.attention_size(), 1);
  EXPECT_EQ(judgement.attention(0), v1::ATTENTION_FLAG_AFTER_CANCEL);
  EXPECT_EQ(judgement.visit_id(), "v1");
  EXPECT_EQ(JudgementOf(ana_, 2).verdict(), v1::VERDICT_UNSPECIFIED) << "once a technician is enough";
  EXPECT_EQ(office_.Visit("v1").facts(), 2u) << "it counts all the same";
  office_.ExpectRebuildEqual();
}

TEST_F(AttentionTest, ACancellationThatFindsWorkDoneTellsTheTechnicianThen) {
  ana_.Record(Arrived(), "v1", kMonday + 9 * kHour);
  Push(ana_, 1, 1);
  EXPECT_EQ(JudgementOf(ana_, 1).verdict(), v1::VERDICT_UNSPECIFIED);
  Cancel(/*force=*/true);
  EXPECT_EQ(Open(), std::vector<int>{});
  ana_.Record(WorkStarted(), "v1", kMonday + 11 * kHour);
  office_.clock().Set(kMonday + 12 * kHour);
  Push(ana_, 2, 2);
  EXPECT_EQ(JudgementOf(ana_, 1).verdict(), v1::VERDICT_UNSPECIFIED);
  EXPECT_EQ(JudgementOf(ana_, 2).verdict(), v1::VERDICT_APPLIED_WITH_ATTENTION);
  office_.ExpectRebuildEqual();
}

TEST_F(AttentionTest, BothWhoDisagreeAreTold) {
  ana_.Record(WorkStarted(), "v1", kMonday + 8 * kHour);
  ana_.Record(Outcome(v1::OUTCOME_CODE_RESOLVED), "v1", kMonday + 9 * kHour);
  office_.Reassign("v1", "ana", "bo");
  bo_.Record(WorkStarted(), "v1", kMonday + 8 * kHour);
  bo_.Record(Outcome(v1::OUTCOME_CODE_NOT_RESOLVED), "v1", kMonday + 9 * kHour);
  Push(bo_, 1, 2);
  Push(ana_, 1, 2);
  EXPECT_EQ(JudgementOf(ana_, 1).attention(0), v1::ATTENTION_FLAG_REASSIGNED_WORKED);
  EXPECT_EQ(JudgementOf(ana_, 2).attention(0), v1::ATTENTION_FLAG_OUTCOME_DISAGREES);
  EXPECT_EQ(JudgementOf(bo_, 2).attention(0), v1::ATTENTION_FLAG_OUTCOME_DISAGREES);
  office_.ExpectRebuildEqual();
}

TEST_F(AttentionTest, WhatSomebodyHasLookedAtLeavesTheListAndStaysInTheHistory) {
  Cancel();
  ana_.Record(Arrived(), "v1", kMonday + 9 * kHour);
  ana_.Record(WorkStarted(), "v1", kMonday + 9 * kHour + kSecond);
  Push(ana_, 1, 1);
  EXPECT_TRUE(Listed());
  ASSERT_TRUE(Resolve().ok());
  EXPECT_FALSE(Listed());
  EXPECT_EQ(Open(), std::vector<int>{});
  const v1::Visit visit = office_.Visit("v1");
  ASSERT_EQ(visit.raised_size(), 1);
  EXPECT_TRUE(visit.raised(0).resolved());
  EXPECT_EQ(visit.raised(0).reason(), "the customer had called ana");
  EXPECT_EQ(visit.raised(0).resolved_by(), "admin:a1");
  EXPECT_GE(visit.raised(0).resolved_time_us(), kMonday + 10 * kHour);
  const v1::Judgement judgement = JudgementOf(ana_, 1);
  EXPECT_EQ(judgement.verdict(), v1::VERDICT_COUNTED);
  EXPECT_NE(judgement.message().find("the customer had called ana"), std::string::npos);
  EXPECT_TRUE(absl::IsFailedPrecondition(Resolve())) << "there is nothing left";

  Push(ana_, 2, 2);
  EXPECT_FALSE(Listed()) << "the same matter goes on";
  office_.ExpectRebuildEqual();
}

TEST_F(AttentionTest, WhatHappensAgainWithSomebodyElseIsBackOnTheList) {
  Cancel();
  ana_.Record(Arrived(), "v1", kMonday + 9 * kHour);
  Push(ana_, 1, 1);
  ASSERT_TRUE(Resolve().ok());
  bo_.Record(Arrived(), "v1", kMonday + 9 * kHour);
  Push(bo_, 1, 1);
  EXPECT_TRUE(Listed());
  const v1::Visit visit = office_.Visit("v1");
  EXPECT_EQ(std::count_if(visit.raised().begin(), visit.raised().end(),
                          [](const v1::RaisedAttention& raised) { return raised.resolved(); }),
            1);
  EXPECT_EQ(JudgementOf(ana_, 1).verdict(), v1::VERDICT_COUNTED);
  EXPECT_EQ(JudgementOf(bo_, 1).verdict(), v1::VERDICT_APPLIED_WITH_ATTENTION);
  office_.ExpectRebuildEqual();
}

TEST_F(AttentionTest, OnlyTheFlagsThatAreNamedAreResolved) {
  Cancel();
  ana_.Record(Arrived(), "v1", kMonday + 9 * kHour);
  ana_.Record(Outcome(v1::OUTCOME_CODE_NOT_RESOLVED), "v1", kMonday + 9 * kHour + kSecond);
  Push(ana_, 1, 2);
  const std::vector<int> both = {v1::ATTENTION_FLAG_AFTER_CANCEL, v1::ATTENTION_FLAG_NOT_FIXED};
  ASSERT_EQ(Open(), both);
  EXPECT_TRUE(absl::IsFailedPrecondition(Resolve({v1::ATTENTION_FLAG_NO_ACCESS})));
  ASSERT_TRUE(Resolve({v1::ATTENTION_FLAG_AFTER_CANCEL}).ok());
  EXPECT_EQ(Open(), std::vector<int>{v1::ATTENTION_FLAG_NOT_FIXED});
  office_.ExpectRebuildEqual();
}

TEST_F(AttentionTest, AnEntryThatNeedsAttentionKeepsCountingWhenItsJournalIsFoldedAgain) {
  Cancel();
  FieldPhone spare = office_.SparePhone(ana_);
  ana_.Record(Arrived(), "v1", kMonday + 9 * kHour);
  ana_.Record(WorkStarted(), "v1", kMonday + 9 * kHour + kSecond);
  for (uint64_t seq = 1; seq <= 2; ++seq) spare.Rehome(ana_, seq);
  Push(spare, 1, 2);
  EXPECT_EQ(JudgementOf(spare, 1).verdict(), v1::VERDICT_APPLIED_WITH_ATTENTION);
  Push(ana_, 1, 1);
  EXPECT_EQ(JudgementOf(spare, 1).verdict(), v1::VERDICT_SAME_AS_ORIGINAL);
  EXPECT_EQ(JudgementOf(ana_, 1).verdict(), v1::VERDICT_APPLIED_WITH_ATTENTION);
  EXPECT_EQ(office_.Visit("v1").facts(), 2u);
  office_.ExpectRebuildEqual();
}

}  // namespace
}  // namespace doorstep
