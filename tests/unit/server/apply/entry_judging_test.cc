#include "server/apply/entry_judging.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "server/storage/record_table.h"
#include "server/storage/totals.h"
#include "tests/support/office.h"

namespace doorstep {
namespace {

using testing::Arrived;
using testing::FieldPhone;
using testing::kHour;
using testing::kMonday;
using testing::kSecond;
using testing::Note;
using testing::Office;
using testing::PartUsed;

v1::LogEntry OpenedOnSite(const std::string& account) {
  v1::LogEntry opened;
  opened.mutable_visit_opened_on_site()->set_account_id(account);
  opened.mutable_visit_opened_on_site()->set_kind(v1::WORK_ORDER_KIND_CORRECTIVE);
  return opened;
}

class EntryJudgingTest : public ::testing::Test {
 protected:
  EntryJudgingTest() : phone_(office_.AddPhone("ana")) {
    office_.AddAccount("acme");
    office_.Plan("v1", "acme", "ana", 8);
    office_.clock().Set(kMonday + 10 * kHour);
  }
  void PushAll() {
    const absl::StatusOr<FrameAnswer> answer = office_.Push(phone_, 1, phone_.size());
    ASSERT_TRUE(answer.ok()) << answer.status();
    ASSERT_EQ(answer->mark.received_through(), phone_.size()) << "quarantine never holds the mark back";
  }
  v1::QuarantineReason ReasonOf(uint64_t seq) {
    const std::optional<v1::Judgement> judgement = office_.JudgementOf(phone_, seq);
    if (!judgement.has_value()) return v1::QUARANTINE_REASON_UNSPECIFIED;
    EXPECT_EQ(judgement->verdict(), v1::VERDICT_QUARANTINED);
    EXPECT_FALSE(judgement->next().empty());
    return judgement->reason();
  }

  Office office_;
  FieldPhone phone_;
};

TEST_F(EntryJudgingTest, WhatCannotCountIsKeptAndSaysWhyAndTheRestCounts) {
  v1::LogEntry unknown;  // A kind of a later version: the field is there, this program does not know it.
  unknown.set_visit_id("v1");
  const std::string unknown_bytes = unknown.SerializeAsString() + std::string("\xba\x06\x00", 3);
  v1::LogEntry too_many = PartUsed("p", 2000000000);
  const uint64_t malformed = phone_.RecordBytes("\xff\xff\xff");
  const uint64_t kind = phone_.RecordBytes(unknown_bytes);
  const uint64_t bounds = phone_.Record(too_many, "v1", kMonday + 8 * kHour);
  const uint64_t visit = phone_.Record(Arrived(), "nobody-made-it", kMonday + 8 * kHour);
  const uint64_t lacking = phone_.Record(Arrived(), "", kMonday + 8 * kHour);
  const uint64_t alone = phone_.Record(Note("depot is closed"), "", kMonday + 8 * kHour);
  const uint64_t good = phone_.Record(PartUsed("p", 1000), "v1", kMonday + 8 * kHour);
  PushAll();
  EXPECT_EQ(ReasonOf(malformed), v1::QUARANTINE_REASON_MALFORMED);
  EXPECT_EQ(ReasonOf(kind), v1::QUARANTINE_REASON_UNKNOWN_KIND);
  EXPECT_EQ(ReasonOf(bounds), v1::QUARANTINE_REASON_OUT_OF_BOUNDS);
  EXPECT_NE(office_.JudgementOf(phone_, bounds)->message().find("quantity_milli"), std::string::npos)
      << office_.JudgementOf(phone_, bounds)->message();
  EXPECT_EQ(ReasonOf(visit), v1::QUARANTINE_REASON_UNKNOWN_VISIT);
  EXPECT_EQ(ReasonOf(lacking), v1::QUARANTINE_REASON_OUT_OF_BOUNDS);
  EXPECT_EQ(ReasonOf(alone), v1::QUARANTINE_REASON_UNSPECIFIED);
  EXPECT_EQ(ReasonOf(good), v1::QUARANTINE_REASON_UNSPECIFIED);
  EXPECT_EQ(office_.Visit("v1").parts_used_milli(), 1000);
  office_.Read([](SqlSession& sql) { EXPECT_EQ(CountTotals(sql)->quarantined, 5u); });
  office_.ExpectRebuildEqual();
}

TEST_F(EntryJudgingTest, MakingTheVisitReplaysTheEntriesThatWaitedForIt) {
  phone_.Record(Arrived(), "late", kMonday + 8 * kHour);
  phone_.Record(PartUsed("p", 3000), "late", kMonday + 9 * kHour);
  PushAll();
  EXPECT_EQ(ReasonOf(2), v1::QUARANTINE_REASON_UNKNOWN_VISIT);
  office_.AddWorkOrder("order-late", "acme");
  office_.AddVisit("late", "order-late");
  const v1::Visit visit = office_.Visit("late");
  EXPECT_EQ(visit.parts_used_milli(), 3000);
  EXPECT_EQ(visit.arrived_time_us(), kMonday + 8 * kHour);
  EXPECT_EQ(office_.JudgementOf(phone_, 1)->verdict(), v1::VERDICT_COUNTED);
  office_.ExpectRebuildEqual();
}

TEST_F(EntryJudgingTest, AVisitOpenedOnSiteIsMadeAndFlaggedAndItsAssetRegistered) {
  v1::LogEntry registered;
  registered.mutable_asset_registered()->mutable_asset()->set_id("other-boiler");
  registered.mutable_asset_registered()->mutable_asset()->set_account_id("acme");
  registered.mutable_asset_registered()->mutable_asset()->set_serial("S-2");
  v1::LogEntry opened;
  opened.mutable_visit_opened_on_site()->set_account_id("acme");
  opened.mutable_visit_opened_on_site()->set_site_id("acme-site");
  opened.mutable_visit_opened_on_site()->add_asset_ids("other-boiler");
  opened.mutable_visit_opened_on_site()->set_kind(v1::WORK_ORDER_KIND_CORRECTIVE);
  phone_.Record(opened, "while-here", kMonday + 8 * kHour);
  phone_.Record(registered, "while-here", kMonday + 8 * kHour + 1);
  phone_.Record(Arrived(), "while-here", kMonday + 8 * kHour + 2);
  PushAll();
  const v1::Visit visit = office_.Visit("while-here");
  ASSERT_EQ(visit.attention_size(), 1);
  EXPECT_EQ(visit.attention(0), v1::ATTENTION_FLAG_OPENED_ON_SITE);
  EXPECT_EQ(visit.assignments(0).technician_id(), "ana");
  EXPECT_EQ(visit.state(), v1::VISIT_STATE_ON_SITE);
  office_.Read([](SqlSession& sql) {
    const std::optional<v1::Asset> asset = FindRecord<v1::Asset>(sql, "other-boiler").value();
    ASSERT_TRUE(asset.has_value());
    EXPECT_EQ(asset->account_id(), "acme");
  });
  office_.ExpectRebuildEqual();
}

// The phone moved to its spare epoch, and in between learned that its clock was two seconds behind.
TEST_F(EntryJudgingTest, AVisitOpenedOnSiteIsTheSameWhicheverCopyOfItsOpeningComesFirst) {
  FieldPhone spare = office_.SparePhone(phone_);
  phone_.Record(OpenedOnSite("acme"), "while-here", kMonday + 8 * kHour);
  phone_.Record(Arrived(), "while-here", kMonday + 8 * kHour + kSecond);
  for (uint64_t seq = 1; seq <= 2; ++seq) spare.Rehome(phone_, seq);
  const std::string originals = phone_.Frame(1, 2, kMonday + 9 * kHour);
  const std::string copies = spare.Frame(1, 2, kMonday + 9 * kHour, /*empties_queue=*/false, 2 * kSecond);

  ASSERT_TRUE(office_.PushBytes("d1", copies).ok());
  EXPECT_EQ(office_.Visit("while-here").assignments(0).assigned_time_us(), kMonday + 8 * kHour + 2 * kSecond);
  ASSERT_TRUE(office_.PushBytes("d1", originals).ok());
  office_.ExpectRebuildEqual();
  v1::Visit copies_first = office_.Visit("while-here");
  EXPECT_EQ(copies_first.assignments(0).assigned_time_us(), kMonday + 8 * kHour);
  EXPECT_EQ(copies_first.facts(), 2u);

  Office other;
  other.AddPhone("ana");
  other.AddAccount("acme");
  other.clock().Set(kMonday + 10 * kHour);
  ASSERT_TRUE(other.PushBytes("d1", originals).ok());
  ASSERT_TRUE(other.PushBytes("d1", copies).ok());
  v1::Visit originals_first = other.Visit("while-here");
  copies_first.clear_version();
  originals_first.clear_version();
  EXPECT_EQ(copies_first.DebugString(), originals_first.DebugString());
}

TEST_F(EntryJudgingTest, OfTwoWhoOpenTheSameVisitTheFirstLeadsWhicheverIsHeardFirst) {
  office_.AddAccount("bolt");
  FieldPhone other = office_.AddPhone("ben");
  phone_.Record(OpenedOnSite("acme"), "while-here", kMonday + 9 * kHour);
  other.Record(OpenedOnSite("bolt"), "while-here", kMonday + 8 * kHour);
  PushAll();
  EXPECT_EQ(office_.Visit("while-here").account_id(), "acme");
  ASSERT_TRUE(office_.Push(other, 1, 1).ok());
  const v1::Visit visit = office_.Visit("while-here");
  EXPECT_EQ(visit.account_id(), "bolt");
  ASSERT_EQ(visit.assignments_size(), 2);
  EXPECT_EQ(visit.assignments(0).technician_id(), "ben");
  EXPECT_EQ(visit.assignments(0).role(), v1::ASSIGNMENT_ROLE_LEAD);
  EXPECT_EQ(visit.assignments(1).role(), v1::ASSIGNMENT_ROLE_MEMBER);
  office_.ExpectRebuildEqual();
}

TEST_F(EntryJudgingTest, ARetractedFactStopsCounting) {
  const uint64_t seq = phone_.Record(PartUsed("p", 1000), "v1", kMonday + 8 * kHour);
  v1::JournalPosition target;
  target.set_device("d1");
  target.set_epoch(1);
  target.set_seq(seq);
  phone_.Record(PartUsed("p", 4000), "v1", kMonday + 8 * kHour + 1);
  phone_.Record(testing::Retract(target), "v1", kMonday + 8 * kHour + 2);
  PushAll();
  EXPECT_EQ(office_.Visit("v1").parts_used_milli(), 4000);
}

}  // namespace
}  // namespace doorstep
