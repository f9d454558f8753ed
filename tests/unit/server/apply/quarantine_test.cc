// What becomes of parked entries when somebody decides about them.
#include "server/apply/quarantine.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "client_core/base/ids.h"
#include "server/apply/commands/known_now.h"
#include "server/apply/commands/quarantine_commands.h"
#include "server/storage/command_table.h"
#include "server/storage/totals.h"
#include "tests/support/office.h"

namespace doorstep {
namespace {

using testing::Arrived;
using testing::FieldPhone;
using testing::kHour;
using testing::kMonday;
using testing::Note;
using testing::Office;
using testing::PartUsed;

template <typename Response, typename Request>
absl::StatusOr<Response> Decide(Office& office, const Request& request) {
  Command command;
  command.principal = "admin:a1";
  command.run = [&](Transaction& tx) -> absl::StatusOr<std::string> {
    auto answer = RunCommand(request, tx);
    if (!answer.ok()) return answer.status();
    return answer->SerializeAsString();
  };
  const absl::StatusOr<std::string> bytes = office.writer().RunCommand(std::move(command));
  if (!bytes.ok()) return bytes.status();
  Response response;
  EXPECT_TRUE(response.ParseFromString(*bytes));
  return response;
}

class QuarantineTest : public ::testing::Test {
 protected:
  QuarantineTest() : phone_(office_.AddPhone("ana")) {
    office_.AddAccount("acme");
    office_.Plan("v1", "acme", "ana", 8);
    office_.clock().Set(kMonday + 10 * kHour);
  }

  void PushAll(const FieldPhone& phone) {
    const absl::StatusOr<FrameAnswer> answer = office_.Push(phone, 1, phone.size());
    ASSERT_TRUE(answer.ok()) << answer.status();
  }
  // Pushes all entries to a server that does not know the kind of entry `unknown` yet.
  void PushToOlderServer(uint64_t unknown) {
    const std::string bytes = phone_.Frame(1, phone_.size(), office_.clock().Now().wall_time_us);
    std::unique_ptr<PreparedFrame> frame = PrepareFrame(bytes, phone_.device()).value();
    PreparedEntry& entry = frame->entries[unknown - 1];
    entry.reason = v1::QUARANTINE_REASON_UNKNOWN_KIND;
    entry.message = "this server does not know this kind of entry yet";
    ASSERT_TRUE(office_.writer().ApplyFrame(std::move(frame)).ok());
    ASSERT_EQ(VerdictOf(phone_, unknown), v1::VERDICT_QUARANTINED);
  }
  v1::Verdict VerdictOf(const FieldPhone& phone, uint64_t seq) {
    const std::optional<v1::Judgement> judgement = office_.JudgementOf(phone, seq);
    return judgement.has_value() ? judgement->verdict() : v1::VERDICT_UNSPECIFIED;
  }
  uint64_t Commands() {
    uint64_t commands = 0;
    office_.Read([&](SqlSession& sql) { commands = CountCommands(sql).value(); });
    return commands;
  }

  v1::JournalPosition At(uint64_t seq) const { return MakePosition(phone_.device(), phone_.epoch(), seq); }
  absl::StatusOr<v1::ReplayQuarantinedResponse> Replay(uint64_t seq) {
    v1::ReplayQuarantinedRequest request;
    *request.add_positions() = At(seq);
    return Decide<v1::ReplayQuarantinedResponse>(office_, request);
  }
  absl::StatusOr<v1::RepairQuarantinedResponse> Repair(const v1::JournalPosition& position, const std::string& visit,
                                                       const v1::LogEntry* entry = nullptr) {
    v1::RepairQuarantinedRequest request;
    *request.mutable_position() = position;
    request.set_visit_id(visit);
    if (entry != nullptr) *request.mutable_entry() = *entry;
    request.set_reason("it was the boiler at v1");
    return Decide<v1::RepairQuarantinedResponse>(office_, request);
  }
  absl::StatusOr<v1::DismissQuarantinedResponse> Dismiss(uint64_t seq) {
    v1::DismissQuarantinedRequest request;
    *request.mutable_position() = At(seq);
    request.set_reason("a test of the app");
    return Decide<v1::DismissQuarantinedResponse>(office_, request);
  }

  Office office_;
  FieldPhone phone_;
};

// ---- replay ----

TEST_F(QuarantineTest, WhatCameOpaqueIsLookedAtWhenItIsJudgedAgain) {
  phone_.Record(Arrived(), "v1", kMonday + 8 * kHour);
  phone_.Record(PartUsed("p", 1000), "v1", kMonday + 9 * kHour);
  phone_.MarkOpaque(2);
  PushAll(phone_);
  ASSERT_EQ(VerdictOf(phone_, 2), v1::VERDICT_QUARANTINED);
  ASSERT_TRUE(Replay(2).ok());
  EXPECT_EQ(VerdictOf(phone_, 2), v1::VERDICT_COUNTED);
  EXPECT_EQ(office_.Visit("v1").parts_used_milli(), 1000);
  office_.ExpectRebuildEqual();
}

TEST_F(QuarantineTest, WhatIsJudgedAgainStandsWhereItWouldHaveStood) {
  phone_.Record(Arrived(), "v1", kMonday + 8 * kHour);
  phone_.Record(testing::WorkStarted(), "v1", kMonday + 8 * kHour + 1);
  phone_.Record(PartUsed("p", 1000), "v1", kMonday + 9 * kHour);
  PushToOlderServer(2);
  const v1::Visit without = office_.Visit("v1");
  EXPECT_EQ(without.state(), v1::VISIT_STATE_ON_SITE);

  const auto response = Replay(2);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->judgements(0).verdict(), v1::VERDICT_COUNTED);
  const v1::Visit visit = office_.Visit("v1");
  EXPECT_EQ(visit.state(), v1::VISIT_STATE_IN_PROGRESS);
  EXPECT_EQ(visit.work_started_time_us(), kMonday + 8 * kHour + 1);
  EXPECT_EQ(visit.facts(), 3u);
  office_.ExpectRebuildEqual();

  EXPECT_TRUE(absl::IsFailedPrecondition(Replay(2).status())) << "it counts, and must not count twice";
  EXPECT_EQ(office_.Visit("v1").facts(), 3u);
}

TEST_F(QuarantineTest, WhatWouldBeJudgedTheSameLeavesNoTrace) {
  v1::LogEntry unknown;
  unknown.set_visit_id("v1");
  phone_.RecordBytes(unknown.SerializeAsString() + std::string("\xba\x06\x00", 3));
  phone_.Record(Arrived(), "nobody-made-it", kMonday + 8 * kHour);
  PushAll(phone_);
  const v1::Judgement before = *office_.JudgementOf(phone_, 1);
  const uint64_t commands = Commands();
  for (const uint64_t seq : {1, 2}) {
    const auto response = Replay(seq);
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->judgements(0).verdict(), v1::VERDICT_QUARANTINED);
  }
  EXPECT_EQ(Commands(), commands);
  EXPECT_EQ(office_.JudgementOf(phone_, 1)->DebugString(), before.DebugString());
}

TEST_F(QuarantineTest, AKindThatIsKnownNowWaitsForItsVisitLikeAnyOther) {
  phone_.Record(PartUsed("p", 2000), "v2", kMonday + 9 * kHour);
  PushToOlderServer(1);
  const auto response = Replay(1);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->judgements(0).reason(), v1::QUARANTINE_REASON_UNKNOWN_VISIT);
  office_.AddWorkOrder("order-v2", "acme");
  office_.AddVisit("v2", "order-v2");
  EXPECT_EQ(VerdictOf(phone_, 1), v1::VERDICT_COUNTED);
  EXPECT_EQ(office_.Visit("v2").parts_used_milli(), 2000);
  office_.ExpectRebuildEqual();
}

TEST_F(QuarantineTest, AnEntryThatMakesAVisitAndOneThatWaitsForItCountOnceEach) {
  v1::LogEntry opened;
  opened.mutable_visit_opened_on_site()->set_account_id("acme");
  phone_.Record(opened, "while-here", kMonday + 9 * kHour);
  phone_.Record(PartUsed("p", 2000), "while-here", kMonday + 9 * kHour + 1);
  PushToOlderServer(1);
  v1::ReplayQuarantinedRequest both;
  *both.add_positions() = At(1);
  *both.add_positions() = At(2);
  ASSERT_TRUE(Decide<v1::ReplayQuarantinedResponse>(office_, both).ok());
  EXPECT_EQ(office_.Visit("while-here").facts(), 2u);
  EXPECT_EQ(office_.Visit("while-here").parts_used_milli(), 2000);
  office_.ExpectRebuildEqual();
}

TEST_F(QuarantineTest, AServerThatKnowsMoreThanTheOneBeforeJudgesAgainWhenItStarts) {
  phone_.Record(Arrived(), "v1", kMonday + 8 * kHour);
  phone_.Record(PartUsed("p", 2000), "v1", kMonday + 9 * kHour);
  phone_.Record(Arrived(), "nobody-made-it", kMonday + 9 * kHour);
  PushToOlderServer(2);
  ASSERT_TRUE(ReplayWhatIsKnownNow(office_.storage(), office_.writer(), nullptr).ok());
  EXPECT_EQ(VerdictOf(phone_, 2), v1::VERDICT_COUNTED);
  EXPECT_EQ(office_.Visit("v1").parts_used_milli(), 2000);
  EXPECT_EQ(VerdictOf(phone_, 3), v1::VERDICT_QUARANTINED);
  const uint64_t commands = Commands();
  ASSERT_TRUE(ReplayWhatIsKnownNow(office_.storage(), office_.writer(), nullptr).ok());
  EXPECT_EQ(Commands(), commands) << "a start with nothing new to know leaves no trace";
  office_.ExpectRebuildEqual();
}

// ---- dismiss ----

TEST_F(QuarantineTest, WhatWasDismissedIsKeptAndSaysWhyAndMayStillCount) {
  phone_.Record(PartUsed("p", 2000), "v1", kMonday + 9 * kHour);
  PushToOlderServer(1);
  ASSERT_TRUE(Dismiss(1).ok());
  const v1::Judgement judgement = *office_.JudgementOf(phone_, 1);
  EXPECT_EQ(judgement.verdict(), v1::VERDICT_DISMISSED);
  EXPECT_NE(judgement.message().find("a test of the app"), std::string::npos);
  EXPECT_EQ(judgement.reason(), v1::QUARANTINE_REASON_UNKNOWN_KIND);
  office_.Read([](SqlSession& sql) { EXPECT_EQ(CountTotals(sql)->quarantined, 0u); });
  EXPECT_EQ(office_.Visit("v1").parts_used_milli(), 0);
  EXPECT_TRUE(absl::IsFailedPrecondition(Dismiss(1).status()));
  office_.ExpectRebuildEqual();

  ASSERT_TRUE(Replay(1).ok());
  EXPECT_EQ(office_.Visit("v1").parts_used_milli(), 2000);
  office_.ExpectRebuildEqual();
}

TEST_F(QuarantineTest, MakingTheVisitDoesNotBringBackWhatWasDismissed) {
  phone_.Record(PartUsed("p", 2000), "v2", kMonday + 9 * kHour);
  PushAll(phone_);
  ASSERT_TRUE(Dismiss(1).ok());
  office_.AddWorkOrder("order-v2", "acme");
  office_.AddVisit("v2", "order-v2");
  EXPECT_EQ(office_.Visit("v2").facts(), 0u);
  office_.ExpectRebuildEqual();
}

// ---- repair ----

TEST_F(QuarantineTest, ARepairedEntryStandsInTheOldOnesPlaceAndCountsOnce) {
  phone_.Record(Arrived(), "v1", kMonday + 8 * kHour);
  phone_.Record(PartUsed("p", 3000), "v7", kMonday + 9 * kHour);
  phone_.Record(Note("done"), "v1", kMonday + 9 * kHour + 1);
  PushAll(phone_);
  const auto response = Repair(At(2), "v1");
  ASSERT_TRUE(response.ok()) << response.status();
  const v1::Judgement& judgement = response->judgement();
  EXPECT_EQ(judgement.verdict(), v1::VERDICT_REPAIRED);
  EXPECT_EQ(judgement.repaired_by().device(), "office");
  EXPECT_EQ(judgement.visit_id(), "v1");
  EXPECT_NE(judgement.message().find("it was the boiler at v1"), std::string::npos);
  const v1::Visit visit = office_.Visit("v1");
  EXPECT_EQ(visit.parts_used_milli(), 3000);
  EXPECT_EQ(visit.facts(), 3u);
  office_.ExpectRebuildEqual();

  EXPECT_TRUE(absl::IsFailedPrecondition(Repair(At(2), "v1").status()));
  office_.AddWorkOrder("order-v7", "acme");
  office_.AddVisit("v7", "order-v7");
  EXPECT_EQ(office_.Visit("v7").facts(), 0u) << "what stands in for it counts already";
  EXPECT_EQ(office_.Visit("v1").parts_used_milli(), 3000);

  // The technician may still take it back, under the name it has on the phone.
  phone_.Record(testing::Retract(At(2)), "v1", kMonday + 9 * kHour + 2);
  ASSERT_TRUE(office_.Push(phone_, 4, 4).ok());
  EXPECT_EQ(office_.Visit("v1").parts_used_milli(), 0);
  office_.ExpectRebuildEqual();
}

TEST_F(QuarantineTest, ARepairKeepsTheTimeOfTheOldEntryUnlessNobodyCanReadIt) {
  phone_.Record(PartUsed("p", 2000000000), "v1", kMonday + 8 * kHour);
  phone_.RecordBytes("\xff\xff\xff");
  PushAll(phone_);
  const v1::LogEntry arrived = Arrived();
  ASSERT_TRUE(Repair(At(1), "", &arrived).ok());
  EXPECT_EQ(office_.Visit("v1").arrived_time_us(), kMonday + 8 * kHour);
  EXPECT_EQ(office_.Visit("v1").arrived_quality(), v1::CLOCK_QUALITY_TRUSTED);
  const v1::LogEntry work = testing::WorkStarted();
  ASSERT_TRUE(Repair(At(2), "v1", &work).ok());
  EXPECT_EQ(office_.Visit("v1").work_started_time_us(), kMonday + 10 * kHour);
  EXPECT_EQ(VerdictOf(phone_, 2), v1::VERDICT_REPAIRED);
  office_.ExpectRebuildEqual();
}

TEST_F(QuarantineTest, ARepairThatCouldNotCountIsRefusedAndChangesNothing) {
  phone_.Record(PartUsed("p", 2000000000), "v1", kMonday + 8 * kHour);
  phone_.RecordBytes("\xff\xff\xff");
  phone_.Record(Arrived(), "v1", kMonday + 8 * kHour);
  PushAll(phone_);
  const uint64_t commands = Commands();
  const absl::Status bounds = Repair(At(1), "v1").status();
  EXPECT_TRUE(absl::IsInvalidArgument(bounds)) << bounds;
  EXPECT_NE(bounds.message().find("quantity_milli"), absl::string_view::npos) << bounds;
  const v1::LogEntry arrived = Arrived();
  const absl::Status visit = Repair(At(1), "v9", &arrived).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(visit)) << visit;
  EXPECT_NE(visit.message().find("visit_id: no visit \"v9\""), absl::string_view::npos) << visit;
  EXPECT_TRUE(absl::IsFailedPrecondition(Repair(At(2), "v1").status())) << "nobody can read what it says";
  EXPECT_TRUE(absl::IsFailedPrecondition(Repair(At(3), "v1").status())) << "it counts";
  EXPECT_TRUE(absl::IsNotFound(Repair(At(4), "v1").status()));
  EXPECT_TRUE(absl::IsNotFound(Repair(MakePosition("d9", 1, 1), "v1").status()));
  EXPECT_EQ(Commands(), commands);
  office_.ExpectRebuildEqual();
}

// The phone went on in its spare epoch; somebody repaired what it appended again; then the first journal was found.
TEST_F(QuarantineTest, ARepairHoldsForTheOriginalThatComesLater) {
  FieldPhone spare = office_.SparePhone(phone_);
  phone_.Record(PartUsed("p", 3000), "v7", kMonday + 9 * kHour);
  phone_.Record(PartUsed("p", 1000), "v1", kMonday + 9 * kHour + 1);
  for (uint64_t seq = 1; seq <= 2; ++seq) spare.Rehome(phone_, seq);
  PushAll(spare);
  ASSERT_TRUE(Repair(MakePosition(spare.device(), spare.epoch(), 1), "v1").ok());
  EXPECT_EQ(office_.Visit("v1").parts_used_milli(), 4000);

  PushAll(phone_);
  EXPECT_EQ(VerdictOf(phone_, 1), v1::VERDICT_REPAIRED);
  EXPECT_EQ(VerdictOf(spare, 1), v1::VERDICT_REPAIRED);
  EXPECT_EQ(VerdictOf(spare, 2), v1::VERDICT_SAME_AS_ORIGINAL);
  EXPECT_EQ(office_.Visit("v1").parts_used_milli(), 4000);
  office_.ExpectRebuildEqual();
}

// A rebuild by a later version finds nothing against the entry, but it must not count beside what stands in for it.
TEST_F(QuarantineTest, ARebuildThatKnowsMoreParksAgainWhatWasDecidedAbout) {
  phone_.Record(PartUsed("p", 2000), "v1", kMonday + 9 * kHour);
  PushToOlderServer(1);
  const v1::LogEntry other = PartUsed("p", 5000);
  ASSERT_TRUE(Repair(At(1), "v1", &other).ok());
  EXPECT_EQ(office_.Visit("v1").parts_used_milli(), 5000);
  office_.ExpectRebuildEqual();
}

}  // namespace
}  // namespace doorstep
