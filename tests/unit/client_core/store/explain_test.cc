// "Why does it not count?" and "why don't I have it?", answered from the phone alone: every reason, in plain words.
#include "client_core/store/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "client_core/base/ids.h"
#include "client_core/store/entry_status.h"
#include "tests/unit/client_core/store/store_fixture.h"

namespace doorstep {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ExplainTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    OpenEnrolled();
  }
  std::string Visit(const std::string& id) {
    v1::ExplainRequest request;
    request.set_visit_id(id);
    return Explained(request);
  }
  std::string Entry(uint64_t seq) {
    v1::ExplainRequest request;
    *request.mutable_entry() = MakePosition("d7", 1, seq);
    return Explained(request);
  }
  static v1::LogEntry RetractionOf(uint64_t seq) {
    v1::LogEntry entry = EntryOf("v1", v1::LogEntry::kNote);
    *entry.mutable_retraction()->mutable_target() = MakePosition("d7", 1, seq);
    return entry;
  }
  static v1::LogEntry CorrectionOf(uint64_t seq) {
    v1::LogEntry entry = EntryOf("v1", v1::LogEntry::kNote);
    *entry.mutable_correction()->mutable_target() = MakePosition("d7", 1, seq);
    entry.mutable_correction()->mutable_replacement()->mutable_arrived();
    return entry;
  }
  void Receive(uint64_t seq) { ASSERT_OK(journal().Acknowledge(MarkAt(1, seq)).status()); }
  void JudgeThrough(uint64_t seq) {
    device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, seq));
    ApplyDelta(device_feed_);
    Settle();
  }
  void Park(uint64_t seq, const std::string& visit) {
    v1::Judgement judgement;
    *judgement.mutable_position() = MakePosition("d7", 1, seq);
    judgement.set_verdict(v1::VERDICT_QUARANTINED);
    judgement.set_message("no visit \"v9\" is known here");
    judgement.set_next("It will count as soon as the office has made this visit.");
    judgement.set_visit_id(visit);
    device_feed_.Put(v1::ENTITY_KIND_JUDGEMENT, "d7.1." + std::to_string(seq), judgement);
  }
  void SetLane(v1::Lane lane) {
    v1::DeviceState state;
    state.set_device("d7");
    state.set_lane(lane);
    device_feed_.Put(v1::ENTITY_KIND_DEVICE, "d7", state);
    ApplyDelta(device_feed_);
  }
};

TEST_F(ExplainTest, AnEntryTellsHowFarItHasCome) {
  Append(EntryOf("v1", v1::LogEntry::kArrived));
  EXPECT_THAT(Entry(1), AllOf(HasSubstr("waits to be sent"), HasSubstr("has never reached the office")));
  ASSERT_OK(store_->replica().NoteContact(int64_t{1772438400} * 1000000, true));
  EXPECT_THAT(Entry(1), HasSubstr("The office was last reached on 2026-03-02 at 08:00 UTC."));
  Receive(1);
  EXPECT_THAT(Entry(1), AllOf(HasSubstr("safe at the office"), HasSubstr("last reached")));
  JudgeThrough(1);
  EXPECT_THAT(Entry(1), AllOf(HasSubstr("It counts."), Not(HasSubstr("last reached"))));
}

TEST_F(ExplainTest, AnEntryThatIsNoLongerKeptWasRecordedHereAllTheSame) {
  AppendNotes(3);
  ASSERT_OK(journal().Acknowledge(MarkAt(1, 3, 3)).status());
  Park(2, "v1");
  JudgeThrough(3);
  ASSERT_OK(journal().SettleThrough(1, 3));
  ASSERT_EQ(*journal().Retain(kNineOClockUs + 2 * limits::kRetentionMicros), 3u);
  EXPECT_THAT(Entry(1), AllOf(HasSubstr("It was recorded on this phone, and is no longer kept here"),
                              HasSubstr("the office has judged it"), Not(HasSubstr("does not count"))));
  EXPECT_THAT(Entry(2), AllOf(HasSubstr("no longer kept here"), HasSubstr("does not count yet")));
  const absl::Status status = StatusOfEntry(journal(), store_->replica(), MakePosition("d7", 1, 1)).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("was recorded here and is no longer kept on this phone"));
  EXPECT_THAT(Entry(4), HasSubstr("not recorded on this phone"));
}

TEST_F(ExplainTest, AnEntryThatWasTakenBackOrCorrectedSaysByWhich) {
  Append(EntryOf("v1", v1::LogEntry::kArrived));
  Append(EntryOf("v1", v1::LogEntry::kWorkStarted));
  Append(RetractionOf(1));
  Append(CorrectionOf(2));
  EXPECT_THAT(Entry(1), HasSubstr("Entry d7.1.3 of this phone takes it back"));
  EXPECT_THAT(Entry(2), HasSubstr("Entry d7.1.4 of this phone corrects it"));
  Receive(4);
  JudgeThrough(4);
  EXPECT_THAT(Entry(1), AllOf(HasSubstr("does not count any more"), Not(HasSubstr("It counts."))));
  EXPECT_THAT(Entry(3), HasSubstr("It counts."));
}

TEST_F(ExplainTest, AListOfWhatIsCountedSaysWhatWasCorrectedOrTakenBackSince) {
  for (int i = 0; i < 3; ++i) Append(EntryOf("v1", v1::LogEntry::kArrived));
  Append(RetractionOf(1));
  Append(CorrectionOf(2));
  Append(CorrectionOf(5));  // Corrects the correction.
  Append(RetractionOf(3));
  Append(RetractionOf(7));  // Entry 3 counts after all.
  Append(CorrectionOf(9));  // Itself, as a damaged phone may say.
  v1::QueueListRequest request;
  request.set_all(true);
  const auto words = [&](int i) {
    const absl::StatusOr<v1::QueueListResponse> all = ListQueue(journal(), store_->replica(), request);
    return all.ok() ? all->entries(i).judgement().message() : all.status().ToString();
  };
  EXPECT_EQ(words(0), "") << "saved here says enough";
  Receive(9);
  JudgeThrough(9);
  const char* const kWant[] = {"retracted by d7.1.4", "corrected by d7.1.6", "", "", "corrected by d7.1.6", "",
                               "retracted by d7.1.8"};
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ(words(i), kWant[i]) << "entry " << i + 1;
    const auto status =
        StatusOfEntry(journal(), store_->replica(), MakePosition("d7", 1, static_cast<uint64_t>(i + 1)));
    ASSERT_OK(status.status());
    EXPECT_EQ(status->judgement().message(), kWant[i]) << "entry " << i + 1;
  }
}

TEST_F(ExplainTest, ACorrectionThatDoesNotCountCorrectsNothing) {
  const auto message = [&](uint64_t seq) {
    const auto status = StatusOfEntry(journal(), store_->replica(), MakePosition("d7", 1, seq));
    return status.ok() ? status->judgement().message() : status.status().ToString();
  };
  const auto judge = [&](uint64_t seq, v1::Verdict verdict) {
    v1::Judgement judgement;
    *judgement.mutable_position() = MakePosition("d7", 1, seq);
    judgement.set_verdict(verdict);
    judgement.set_visit_id("v1");
    if (verdict == v1::VERDICT_REPAIRED) *judgement.mutable_repaired_by() = MakePosition("office", 9, 0);
    device_feed_.Put(v1::ENTITY_KIND_JUDGEMENT, "d7.1." + std::to_string(seq), judgement);
    ApplyDelta(device_feed_);
  };
  const auto all = [&](int i) {
    v1::QueueListRequest request;
    request.set_all(true);
    const absl::StatusOr<v1::QueueListResponse> list = ListQueue(journal(), store_->replica(), request);
    return list.ok() ? list->entries(i).judgement().message() : list.status().ToString();
  };
  Append(EntryOf("v1", v1::LogEntry::kArrived));
  Append(CorrectionOf(1));
  Append(RetractionOf(2));
  Append(CorrectionOf(2));
  Receive(4);
  JudgeThrough(1);
  judge(4, v1::VERDICT_QUARANTINED);
  judge(3, v1::VERDICT_DISMISSED);
  EXPECT_EQ(message(1), "corrected by d7.1.2") << "what takes the correction back does not count";
  JudgeThrough(2);
  EXPECT_EQ(message(2), "");
  EXPECT_EQ(all(0), "corrected by d7.1.2");
  for (const v1::Verdict verdict : {v1::VERDICT_QUARANTINED, v1::VERDICT_DISMISSED}) {
    judge(2, verdict);
    EXPECT_EQ(message(1), "");
    EXPECT_EQ(all(0), "");
    EXPECT_THAT(Entry(1), HasSubstr("It counts."));
  }
  judge(2, v1::VERDICT_APPLIED_WITH_ATTENTION);
  EXPECT_EQ(message(1), "corrected by d7.1.2");
  // What the office has recorded in its place may say anything.
  judge(2, v1::VERDICT_REPAIRED);
  EXPECT_THAT(message(1), ::testing::StartsWith("perhaps corrected by d7.1.2"));
  EXPECT_EQ(all(0), message(1));
  EXPECT_THAT(Entry(1), AllOf(HasSubstr("unless what the office has recorded anew"), Not(HasSubstr("It counts."))));
  // Whoever corrects that decides, and about what it had corrected only perhaps.
  judge(4, v1::VERDICT_COUNTED);
  JudgeThrough(4);
  EXPECT_THAT(message(1), ::testing::StartsWith("perhaps corrected by d7.1.4"));
  // A later one that counts leaves no doubt.
  Append(CorrectionOf(1));
  EXPECT_EQ(message(1), "corrected by d7.1.5");
}

TEST_F(ExplainTest, WhatCorrectsACorrectionStandsThoughThatOneIsTakenBack) {
  Append(EntryOf("v1", v1::LogEntry::kArrived));
  Append(CorrectionOf(1));
  Append(CorrectionOf(2));
  Append(RetractionOf(2));
  EXPECT_THAT(Entry(1), HasSubstr("Entry d7.1.3 of this phone corrects it"));
  EXPECT_THAT(Entry(2), HasSubstr("Entry d7.1.4 of this phone takes it back"));
}

TEST_F(ExplainTest, ADamagedCorrectionHidesNoOtherEntry) {
  Append(EntryOf("v1", v1::LogEntry::kArrived));
  Append(EntryOf("v1", v1::LogEntry::kWorkStarted));
  Append(RetractionOf(1));
  Append(CorrectionOf(2));
  Receive(4);
  JudgeThrough(4);
  // Of an entry that is settled, so that nothing sends it any more.
  EditFile("journal.db", "UPDATE entry SET entry = x'ff' WHERE fact = " +
                             std::to_string(static_cast<int>(v1::LogEntry::kRetraction)));
  ASSERT_OK(Open());
  const auto message = [&](uint64_t seq) {
    const auto status = StatusOfEntry(journal(), store_->replica(), MakePosition("d7", 1, seq));
    return status.ok() ? status->judgement().message() : status.status().ToString();
  };
  EXPECT_EQ(message(1), "");
  EXPECT_EQ(message(2), "corrected by d7.1.4");
  v1::QueueListRequest request;
  request.set_all(true);
  const absl::StatusOr<v1::QueueListResponse> list = ListQueue(journal(), store_->replica(), request);
  ASSERT_OK(list.status());
  EXPECT_EQ(list->entries_size(), 4);
}

TEST_F(ExplainTest, AnEntryOfAVisitThatLeftSaysWhyItLeft) {
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  ApplyDelta(ana_feed_);
  Append(EntryOf("v1", v1::LogEntry::kArrived));
  ana_feed_.Leave(v1::ENTITY_KIND_VISIT, "v1", "what you recorded counts for visit v1-b: decided", "ben");
  ApplyDelta(ana_feed_);
  EXPECT_THAT(Entry(1), HasSubstr("Its visit is no longer on this phone: what you recorded counts for visit v1-b"));
}

TEST_F(ExplainTest, AVisitThatIsNotHereSaysWhichOfAllReasonsItIs) {
  EXPECT_THAT(Visit("v9"), AllOf(HasSubstr("Nothing has been fetched"), HasSubstr("never reached the office")));
  ApplyDelta(ana_feed_);
  EXPECT_THAT(Visit("v9"), AllOf(HasSubstr("never sent this visit"), HasSubstr("a week back and two weeks ahead")));
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  ApplyDelta(ana_feed_);
  EXPECT_THAT(Visit("v1"), HasSubstr("The visit is on this phone."));
  ana_feed_.Leave(v1::ENTITY_KIND_VISIT, "v1", "you have left the company", "");
  ApplyDelta(ana_feed_);
  SetLane(v1::LANE_DRAIN_ONLY);
  EXPECT_THAT(Visit("v1"), AllOf(HasSubstr("no longer on this phone: you have left the company."),
                                 HasSubstr("sends it nothing new")));
  SetLane(v1::LANE_BLOCKED);
  EXPECT_THAT(Visit("v1"), HasSubstr("blocked this phone"));
}

TEST_F(ExplainTest, AVisitThatIsNotHereSaysWhatBecameOfItsEntries) {
  ApplyDelta(ana_feed_);
  AppendNotes(1);
  for (int i = 0; i < 3; ++i) Append(EntryOf("v9", v1::LogEntry::kNote, i));
  EXPECT_THAT(Visit("v9"), HasSubstr("3 entries recorded for it are kept here and will be sent."));
  Receive(3);
  EXPECT_THAT(Visit("v9"), AllOf(HasSubstr("1 entry recorded for it is kept here and will be sent."),
                                 HasSubstr("2 entries recorded for it here are safe at the office.")));
  Receive(4);
  for (uint64_t seq = 2; seq <= 4; ++seq) Park(seq, "v9");
  JudgeThrough(4);
  EXPECT_THAT(Visit("v9"), AllOf(HasSubstr("3 entries recorded for it here wait at the office for somebody to look."),
                                 Not(HasSubstr("will be sent"))));
  EXPECT_THAT(Entry(2), AllOf(HasSubstr("does not count yet"), HasSubstr("no visit \"v9\""),
                              HasSubstr("as soon as the office has made this visit")));
}

}  // namespace
}  // namespace doorstep
