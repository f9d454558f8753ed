#include "server/apply/writer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <future>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/storage/account_table.h"
#include "server/storage/feed_table.h"
#include "server/storage/meta_table.h"
#include "server/storage/visit_table.h"
#include "tests/support/office.h"

namespace doorstep {
namespace {

using testing::FieldPhone;
using testing::kDay;
using testing::kHour;
using testing::kMonday;
using testing::Note;
using testing::Office;
using testing::PartUsed;

Command SaveAccount(const std::string& request_id, const std::string& name) {
  Command command;
  command.principal = "admin:a1";
  command.request_id = request_id;
  command.body_hash = "hash of " + name;
  command.run = [name](Transaction& tx) -> absl::StatusOr<std::string> {
    v1::CommandRecord record;
    v1::Account& account = *record.mutable_import()->add_rows()->mutable_account();
    account.set_id("acme");
    account.set_name(name);
    const absl::Status status = tx.Apply(record);
    if (!status.ok()) return status;
    return "saved " + name;
  };
  return command;
}

std::string AccountName(Office& office) {
  std::string name;
  office.Read([&](SqlSession& sql) {
    const std::optional<v1::Account> account = FindAccount(sql, "acme").value();
    if (account.has_value()) name = account->name();
  });
  return name;
}

TEST(WriterTest, ARepeatedRequestGetsTheFirstAnswer) {
  Office office;
  EXPECT_EQ(office.writer().RunCommand(SaveAccount("request-1", "Acme")).value(), "saved Acme");
  EXPECT_EQ(office.writer().RunCommand(SaveAccount("request-1", "Acme")).value(), "saved Acme");
  EXPECT_EQ(office.writer().RunCommand(SaveAccount("request-1", "Other")).status().code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(AccountName(office), "Acme");
  office.Reopen();
  EXPECT_EQ(office.writer().RunCommand(SaveAccount("request-1", "Acme")).value(), "saved Acme");
  office.ExpectRebuildEqual();
}

TEST(WriterTest, ARefusedCommandLeavesNothingBehind) {
  Office office;
  office.AddAccount("acme");
  office.AddWorkOrder("order", "acme");
  Command command;
  command.principal = "admin:a1";
  command.run = [](Transaction& tx) -> absl::StatusOr<std::string> {
    v1::CommandRecord record;
    record.mutable_create_visit()->set_id("v1");
    record.mutable_create_visit()->set_work_order_id("order");
    const absl::Status applied = tx.Apply(record);
    EXPECT_TRUE(applied.ok()) << applied;
    EXPECT_TRUE(tx.FindVisit("v1")->has_value());
    return absl::FailedPreconditionError("changed my mind");
  };
  EXPECT_EQ(office.writer().RunCommand(command).status().code(), absl::StatusCode::kFailedPrecondition);
  office.Read([](SqlSession& sql) { EXPECT_EQ(FindVisitNumber(sql, "v1").value(), 0); });
  office.AddVisit("v1", "order");
  EXPECT_EQ(office.Visit("v1").version(), 1);
  office.ExpectRebuildEqual();
}

// The writer is held up by its first request, so that the others wait and become one group.
TEST(WriterTest, WhatWaitsTogetherIsOneCommit) {
  Office office;
  FieldPhone ana = office.AddPhone("ana");
  FieldPhone ben = office.AddPhone("ben");
  office.AddAccount("acme");
  office.Plan("v1", "acme", "ana", 8);
  office.clock().Set(kMonday + 10 * kHour);
  for (int i = 0; i < 4; ++i) {
    ana.Record(PartUsed("p", 1000), "v1", kMonday + 8 * kHour + i);
    ben.Record(PartUsed("p", 1000), "v1", kMonday + 8 * kHour + i);
  }
  std::promise<void> held;
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  Command hold;
  hold.run = [&held, released](Transaction&) -> absl::StatusOr<std::string> {
    held.set_value();
    released.wait();
    return std::string();
  };
  ASSERT_TRUE(office.writer().SubmitCommand(hold, [](absl::StatusOr<std::string>) {}));
  held.get_future().wait();  // A writer that woke late would take some of the frames along with the command.
  std::vector<std::promise<FrameAnswer>> answers(4);
  auto push = [&](const FieldPhone& phone, uint64_t first, uint64_t last, std::promise<FrameAnswer>& answer) {
    auto frame = PrepareFrame(phone.Frame(first, last, kMonday + 10 * kHour), phone.device()).value();
    ASSERT_TRUE(office.writer().SubmitFrame(std::move(frame),
                                            [&answer](absl::StatusOr<FrameAnswer> a) { answer.set_value(a.value()); }));
  };
  push(ana, 3, 4, answers[0]);  // Out of order: sorted within the group.
  push(ben, 1, 4, answers[1]);
  push(ana, 1, 2, answers[2]);
  push(ana, 1, 2, answers[3]);
  release.set_value();
  std::set<int64_t> instants;
  std::vector<uint64_t> marks;
  for (std::promise<FrameAnswer>& answer : answers) {
    const FrameAnswer a = answer.get_future().get();
    instants.insert(a.server_time_us);
    marks.push_back(a.mark.received_through());
  }
  EXPECT_EQ(marks, (std::vector<uint64_t>{4, 4, 2, 2}));
  EXPECT_EQ(instants.size(), 1u) << "all of one group share the instant of the commit";
  EXPECT_EQ(office.Visit("v1").parts_used_milli(), 8000);
  office.ExpectRebuildEqual();
}

// After an error of the disk SQLite ends the transaction by itself. What else the group held is not written in parts.
TEST(WriterTest, ATransactionThatTheDiskEndedLeavesNothing) {
  Office office;
  FieldPhone phone = office.AddPhone("ana");
  office.AddAccount("acme");
  office.Plan("v1", "acme", "ana", 8);
  office.clock().Set(kMonday + 10 * kHour);
  for (int i = 0; i < 3; ++i) phone.Record(PartUsed("p", 1000), "v1", kMonday + 8 * kHour + i);
  std::promise<void> held;
  std::promise<void> release;
  Command hold;
  hold.run = [&held, released = release.get_future().share()](Transaction&) -> absl::StatusOr<std::string> {
    held.set_value();
    released.wait();
    return std::string();
  };
  ASSERT_TRUE(office.writer().SubmitCommand(hold, [](absl::StatusOr<std::string>) {}));
  held.get_future().wait();
  std::promise<FrameAnswer> pushed;
  auto frame = PrepareFrame(phone.Frame(1, 3, kMonday + 10 * kHour), phone.device()).value();
  ASSERT_TRUE(office.writer().SubmitFrame(std::move(frame),
                                          [&](absl::StatusOr<FrameAnswer> a) { pushed.set_value(a.value()); }));
  std::promise<absl::Status> refused;
  Command broken;
  broken.run = [](Transaction& tx) -> absl::StatusOr<std::string> {
    EXPECT_TRUE(tx.sql().database().Execute("ROLLBACK").ok());
    return absl::InternalError("disk I/O error");
  };
  ASSERT_TRUE(office.writer().SubmitCommand(
      std::move(broken), [&](absl::StatusOr<std::string> answer) { refused.set_value(answer.status()); }));
  release.set_value();
  EXPECT_GT(pushed.get_future().get().wait_ms, 0) << "nothing of it is there: come again";
  EXPECT_EQ(refused.get_future().get().code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(office.Push(phone, 1, 3).ok());
  EXPECT_EQ(office.Visit("v1").parts_used_milli(), 3000);
  office.ExpectRebuildEqual();
}

// A note says nothing that any projection repeats, so only its hash tells that the disk has changed it.
TEST(WriterTest, ARebuildFindsAnEntryThatIsNotWhatThePhoneSent) {
  Office office;
  FieldPhone phone = office.AddPhone("ana");
  office.AddAccount("acme");
  office.Plan("v1", "acme", "ana", 8);
  office.clock().Set(kMonday + 10 * kHour);
  phone.Record(Note("the seat is cracked"), "v1", kMonday + 8 * kHour);
  ASSERT_TRUE(office.Push(phone, 1, 1).ok());
  office.ExpectRebuildEqual();
  Command damage;
  damage.run = [](Transaction& tx) -> absl::StatusOr<std::string> {
    Query read = tx.sql().Use("SELECT bytes FROM frame WHERE n = 1");
    EXPECT_TRUE(read.Step().value());
    std::string bytes(read.Blob(0));
    bytes.replace(bytes.find("cracked"), 7, "CRACKED");
    const absl::Status written = tx.sql().Use("UPDATE frame SET bytes = $1 WHERE n = 1").Blob(1, bytes).Run();
    if (!written.ok()) return written;
    return std::string();
  };
  ASSERT_TRUE(office.writer().RunCommand(std::move(damage)).ok());
  const absl::Status rebuilt = office.Rebuild().status();
  EXPECT_EQ(rebuilt.code(), absl::StatusCode::kDataLoss) << rebuilt;
  EXPECT_NE(rebuilt.message().find("frame: row 1: frame.header.head_hash"), absl::string_view::npos) << rebuilt;
}

TEST(WriterTest, AnEntryThatFailsAloneIsQuarantinedAndTakesNothingWithIt) {
  WriterOptions options;
  options.fault = [](const v1::JournalPosition& position) {
    return position.device() == "d1" && (position.seq() == 3 || position.seq() == 5)
               ? absl::InternalError("a planted fault")
               : absl::OkStatus();
  };
  Office office(options);
  FieldPhone phone = office.AddPhone("ana");
  office.AddAccount("acme");
  office.Plan("v1", "acme", "ana", 8);
  office.clock().Set(kMonday + 10 * kHour);
  for (int i = 0; i < 7; ++i) phone.Record(PartUsed("p", 1000), "v1", kMonday + 8 * kHour + i);
  const absl::StatusOr<FrameAnswer> answer = office.Push(phone, 1, 7);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->mark.received_through(), 7u);
  EXPECT_EQ(office.Visit("v1").parts_used_milli(), 5000);
  EXPECT_EQ(office.JudgementOf(phone, 3)->reason(), v1::QUARANTINE_REASON_INTERNAL);
  EXPECT_EQ(office.JudgementOf(phone, 5)->reason(), v1::QUARANTINE_REASON_INTERNAL);
  EXPECT_FALSE(office.JudgementOf(phone, 4).has_value());
  // A rebuild repeats the quarantine although nothing fails there.
  office.ExpectRebuildEqual();
}

// The disk has spoiled the row of one visit. What is recorded there is kept and parked; everything else goes on.
class DamagedVisitTest : public ::testing::Test {
 protected:
  DamagedVisitTest() : phone_(office_.AddPhone("ana")) {
    office_.AddAccount("acme");
    office_.Plan("bad", "acme", "ana", 8);
    office_.Plan("good", "acme", "ana", 10);
    office_.clock().Set(kMonday + 12 * kHour);
    SetFold("\xff\xff\xff\xff", &fold_);
    office_.Reopen();  // Nothing of it stays in memory.
  }
  void SetFold(const std::string& now, std::string* before) {
    Command command;
    command.run = [&](Transaction& tx) -> absl::StatusOr<std::string> {
      Query read = tx.sql().Use("SELECT fold FROM visit WHERE id = 'bad'");
      EXPECT_TRUE(read.Step().value());
      if (before != nullptr) *before = std::string(read.Blob(0));
      const absl::Status set = tx.sql().Use("UPDATE visit SET fold = $1 WHERE id = 'bad'").Blob(1, now).Run();
      if (!set.ok()) return set;
      return std::string();
    };
    ASSERT_TRUE(office_.writer().RunCommand(std::move(command)).ok());
  }

  Office office_;
  FieldPhone phone_;
  std::string fold_;
};

TEST_F(DamagedVisitTest, ParksWhatIsForItAndHoldsUpNothingElse) {
  for (int i = 0; i < 40; ++i) phone_.Record(PartUsed("p", 1000), i % 2 == 0 ? "bad" : "good", kMonday + 8 * kHour + i);
  const absl::StatusOr<FrameAnswer> answer = office_.Push(phone_, 1, 40);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->mark.received_through(), 40u);
  EXPECT_EQ(office_.Visit("good").parts_used_milli(), 20000);
  for (const uint64_t seq : {1, 39}) {
    ASSERT_TRUE(office_.JudgementOf(phone_, seq).has_value());
    EXPECT_EQ(office_.JudgementOf(phone_, seq)->reason(), v1::QUARANTINE_REASON_INTERNAL);
  }
  EXPECT_FALSE(office_.JudgementOf(phone_, 2).has_value());

  // Whoever brings the row back judges anew what was parked, and nothing is lost of it.
  SetFold(fold_, nullptr);
  v1::CommandRecord replay;
  for (uint64_t seq = 1; seq <= 40; seq += 2)
    *replay.mutable_replay()->add_parked() = *office_.JudgementOf(phone_, seq);
  ASSERT_TRUE(office_.Do(replay).ok());
  EXPECT_EQ(office_.Visit("bad").parts_used_milli(), 20000);
  office_.ExpectRebuildEqual();
}

TEST_F(DamagedVisitTest, ACommandForItFailsAlone) {
  std::promise<void> held;
  std::promise<void> release;
  Command hold;
  hold.run = [&held, released = release.get_future().share()](Transaction&) -> absl::StatusOr<std::string> {
    held.set_value();
    released.wait();
    return std::string();
  };
  ASSERT_TRUE(office_.writer().SubmitCommand(hold, [](absl::StatusOr<std::string>) {}));
  held.get_future().wait();
  std::promise<absl::Status> failed;
  Command broken;
  broken.run = [](Transaction& tx) -> absl::StatusOr<std::string> {
    const auto visit = tx.FindVisit("bad");
    if (!visit.ok()) return visit.status();
    return std::string();
  };
  ASSERT_TRUE(office_.writer().SubmitCommand(
      broken, [&](absl::StatusOr<std::string> answer) { failed.set_value(answer.status()); }));
  std::promise<absl::Status> saved;
  ASSERT_TRUE(office_.writer().SubmitCommand(
      SaveAccount("", "Bolt"), [&](absl::StatusOr<std::string> answer) { saved.set_value(answer.status()); }));
  release.set_value();
  EXPECT_EQ(failed.get_future().get().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(saved.get_future().get(), absl::OkStatus());
}

// Its window is over and another day begins: what follows from its row cannot be computed, and that is nobody else's
// matter.
TEST_F(DamagedVisitTest, TheTurnOfTheDayAndReportsGoOnWithoutIt) {
  phone_.Record(PartUsed("p", 1000), "good", kMonday + 11 * kHour);
  office_.clock().Set(kMonday + 36 * kHour);
  const absl::StatusOr<FrameAnswer> answer = office_.Push(phone_, 1, 1, /*empties=*/true);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_FALSE(office_.JudgementOf(phone_, 1).has_value());
  EXPECT_EQ(office_.Visit("good").parts_used_milli(), 1000);
}

TEST(WriterTest, CommitInstantsGrowAlthoughTheClockStandsStill) {
  Office office;
  FieldPhone phone = office.AddPhone("ana");
  phone.Record(testing::Note("one"), "", kMonday);
  phone.Record(testing::Note("two"), "", kMonday);
  const int64_t first = office.Push(phone, 1, 1)->server_time_us;
  office.Reopen();
  EXPECT_GT(office.Push(phone, 2, 2)->server_time_us, first);
}

// The order of commits stands, but nobody loses the visits of today for it.
TEST(WriterTest, AClockThatWasWrongForOneCommandTakesNoVisitOffAPhone) {
  Office office;
  FieldPhone phone = office.AddPhone("ana");
  office.AddAccount("acme");
  office.Plan("v1", "acme", "ana", 8);
  const auto shown = [&](const std::string& visit) {
    bool is_shown = false;
    office.Read([&](SqlSession& sql) {
      const std::optional<FeedHead> feed = FindFeed(sql, "technician:ana").value();
      const std::optional<FeedRow> row = FindFeedRow(sql, feed->n, v1::ENTITY_KIND_VISIT, visit).value();
      is_shown = row.has_value() && !row->gone;
    });
    return is_shown;
  };
  office.clock().Set(kMonday + 40 * kDay);
  office.Plan("far", "acme", "ana", 8);  // On ana's feed too, so that its days move.
  EXPECT_FALSE(shown("v1"));
  const int64_t ahead_us = office.writer().RunCommand(SaveAccount("", "Acme")).ok() ? kMonday + 40 * kDay : 0;

  office.clock().Set(kMonday + 9 * kHour);
  phone.Record(testing::Arrived(), "v1", kMonday + 8 * kHour);
  const absl::StatusOr<FrameAnswer> answer = office.Push(phone, 1, 1);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->server_time_us, kMonday + 9 * kHour) << "phones set their clocks by it";
  EXPECT_TRUE(shown("v1"));
  office.Plan("v3", "acme", "ana", 10);
  EXPECT_TRUE(shown("v3"));
  office.Reopen();
  office.Plan("v4", "acme", "ana", 12);
  EXPECT_TRUE(shown("v4"));
  office.ExpectRebuildEqual();

  // The clock catches up.
  office.clock().Set(ahead_us + kDay);
  office.Plan("v5", "acme", "ana", 14);
  EXPECT_FALSE(shown("v4"));
  office.Read([](SqlSession& sql) { EXPECT_EQ(ReadDaysBehind(sql).value(), 0); });
  office.ExpectRebuildEqual();
}

TEST(WriterTest, ADrainedWriterFinishesWhatWaitsAndTakesNothingMore) {
  Office office;
  int done = 0;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(office.writer().SubmitCommand(SaveAccount("", "Acme"), [&](absl::StatusOr<std::string> answer) {
      EXPECT_TRUE(answer.ok());
      ++done;
    }));
  }
  office.writer().Drain();
  EXPECT_EQ(done, 20);
  EXPECT_FALSE(office.writer().SubmitCommand(SaveAccount("", "Acme"), [](absl::StatusOr<std::string>) {}));
}

// The disk is full: phones are told to wait, others get the error, and both go on when there is room again.
TEST(WriterTest, AFullDiskLosesNothingAndTheServerLivesOn) {
  Office office;
  FieldPhone phone = office.AddPhone("ana");
  office.AddAccount("acme");
  office.Plan("v1", "acme", "ana", 8);
  for (int i = 0; i < 200; ++i)
    phone.Record(testing::Note(absl::BytesToHexString(office.random().Bytes(1000))), "v1", kMonday + i);
  auto pages = [&](const std::string& max) {
    sqlite::Statement pragma = office.storage().writer().database().Prepare("PRAGMA max_page_count=" + max).value();
    EXPECT_TRUE(pragma.Step().ok());
    return pragma.Int(0);
  };
  pages("1");  // SQLite takes the present size instead.
  const absl::StatusOr<FrameAnswer> refused = office.Push(phone, 1, 200);
  ASSERT_TRUE(refused.ok()) << refused.status();
  EXPECT_GT(refused->wait_ms, 0u);
  EXPECT_EQ(refused->mark.received_through(), 0u);
  pages("1000000");
  EXPECT_EQ(office.Push(phone, 1, 200)->mark.received_through(), 200u);
  EXPECT_EQ(office.writer().RunCommand(SaveAccount("", "Acme")).status(), absl::OkStatus());
  office.ExpectRebuildEqual();
}

TEST(WriterTest, TellsAfterTheCommitWhichFeedsMovedAndWhoseStateChangedBeforeItAnswers) {
  std::map<std::string, int64_t> heads;
  std::vector<std::string> devices;
  int commits = 0;
  WriterOptions options;
  options.committed = [&](const Committed& committed) {
    ++commits;
    for (const FeedHead& head : committed.heads) heads[head.name] = head.seq;
    devices.insert(devices.end(), committed.devices.begin(), committed.devices.end());
  };
  Office office(options);
  FieldPhone phone = office.AddPhone("ana");
  EXPECT_EQ(devices, std::vector<std::string>{"d1"});
  devices.clear();
  office.AddAccount("acme");
  office.Plan("v1", "acme", "ana", 8);
  EXPECT_GT(heads["technician:ana"], 0);
  EXPECT_EQ(heads.count("technician:bo"), 0u);
  const int64_t before = heads["technician:ana"];
  phone.Record(testing::Arrived(), "v1", kMonday + 8 * kHour);
  const int commits_before = commits;
  const absl::StatusOr<FrameAnswer> answer = office.Push(phone, 1, 1);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(commits, commits_before + 1);
  EXPECT_EQ(heads["device:d1"], answer->device_feed_seq);
  EXPECT_GT(heads["technician:ana"], before);
  EXPECT_TRUE(devices.empty()) << "what a phone records changes nothing of what it may read";
}

TEST(WriterTest, WithoutAThreadWhatWaitsIsCommittedTogetherWhenItIsAskedFor) {
  WriterOptions options;
  options.own_thread = false;
  Office office(options);
  std::vector<std::string> answers;
  for (const char* name : {"Acme", "Bolt"}) {
    ASSERT_TRUE(office.writer().SubmitCommand(
        SaveAccount(absl::StrCat("request-", name), name),
        [&](const absl::StatusOr<std::string>& answer) { answers.push_back(answer.value()); }));
  }
  EXPECT_TRUE(answers.empty());
  EXPECT_EQ(AccountName(office), "");
  EXPECT_TRUE(office.writer().RunGroup());
  EXPECT_EQ(answers, (std::vector<std::string>{"saved Acme", "saved Bolt"}));
  EXPECT_EQ(AccountName(office), "Bolt");
  EXPECT_FALSE(office.writer().RunGroup());
}

}  // namespace
}  // namespace doorstep
