// A disk that fails at every moment, and fails on while the file is read again: what the phone knew it still knows, and
// when the disk works again the memory says what the file says.
#include "tests/support/power_vfs.h"
#include "tests/unit/client_core/store/store_fixture.h"

namespace doorstep {
namespace {

using testing::DiskFault;
using testing::PowerDisk;

constexpr int kEntries = 40;
constexpr int64_t kCallsMax = 2000;  // No operation below makes so many.

class FailingDiskTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    disk_ = std::make_unique<PowerDisk>();
  }
  void TearDown() override {
    journal_.reset();
    replica_.reset();
    db_.reset();
    StoreTest::TearDown();
    disk_.reset();
  }
  // A new file of this name; nothing of it is in SQLite's memory, so that every look at it is a call of the disk.
  void OpenFile(const std::string& name) {
    sqlite::OpenOptions options;
    options.path = Path(name);
    options.vfs = disk_->vfs();
    options.exclusive = true;
    journal_.reset();
    replica_.reset();
    db_ = sqlite::Database::Open(options).value();
  }
  void ForgetPages() { ASSERT_OK(db_->Execute("PRAGMA shrink_memory")); }
  void OpenJournal(const std::string& name) {
    OpenFile(name);
    journal_ = Journal::Open(db_.get()).value();
    ASSERT_OK(journal_->PrepareEnrolment(Invitation(), random_).status());
    ASSERT_OK(journal_->CompleteEnrolment(Enrolment()));
    v1::LogEntry note = EntryOf("v1", v1::LogEntry::kNote);
    note.mutable_note()->set_text(std::string(2000, 'x'));
    for (int i = 0; i < kEntries; ++i) ASSERT_OK(journal_->Append("ana", note, "").status());
  }

  std::unique_ptr<PowerDisk> disk_;
  std::unique_ptr<sqlite::Database> db_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Replica> replica_;
};

TEST_F(FailingDiskTest, IsNotTakenForADamagedFileByAnIntegrityCheck) {
  OpenFile("checked");
  // Free pages in more than one list, and a table that still has some.
  ASSERT_OK(db_->Execute("CREATE TABLE kept (a BLOB); CREATE TABLE gone (a BLOB)"));
  ASSERT_OK(
      db_->Execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) "
                   "INSERT INTO gone SELECT zeroblob(4000) FROM n"));
  ASSERT_OK(db_->Execute("INSERT INTO kept SELECT a FROM gone LIMIT 20; DROP TABLE gone"));
  ASSERT_OK(db_->CheckIntegrity());
  for (int64_t calls = 0; calls < kCallsMax; ++calls) {
    SCOPED_TRACE(calls);
    ForgetPages();
    const int64_t failures = disk_->failures();
    disk_->FailAfter(calls, DiskFault::kIoError, /*once=*/true);
    const absl::Status checked = db_->CheckIntegrity();
    EXPECT_FALSE(absl::IsDataLoss(checked)) << checked;
    if (disk_->failures() == failures) {
      EXPECT_GT(calls, 20);
      return;
    }
    disk_->Heal();
  }
  FAIL() << "the disk never stopped failing";
}

TEST_F(FailingDiskTest, AJournalThatCannotBeReadAgainStaysWhatItWasAndIsReadLater) {
  const v1::Fork fork = ForkOf(1, 10, 2);
  int stale = 0;
  for (int64_t calls = 0; calls < kCallsMax; ++calls) {
    SCOPED_TRACE(calls);
    OpenJournal("journal-" + std::to_string(calls));
    ForgetPages();
    const int64_t failures = disk_->failures();
    disk_->FailAfter(calls, DiskFault::kIoError, /*once=*/false);
    const absl::StatusOr<ForkResult> forked = journal_->Fork(fork);
    if (disk_->failures() == failures) {
      ASSERT_OK(forked.status());
      EXPECT_GT(stale, 0) << "the disk never failed while the file was read again";
      return;
    }
    ASSERT_TRUE(journal_->identity().has_value());
    EXPECT_EQ(journal_->Counts().recorded, uint64_t{kEntries});
    const bool looks_unmoved = journal_->current()->epoch == 1;
    EXPECT_FALSE(journal_->Append("ana", EntryOf("v1", v1::LogEntry::kNote), "").ok()) << "the disk fails still";
    disk_->Heal();
    const absl::StatusOr<AppendResult> appended = journal_->Append("ana", EntryOf("v1", v1::LogEntry::kNote), "");
    ASSERT_OK(appended.status());
    if (looks_unmoved && appended->position.epoch() == 2) ++stale;
    const uint64_t epoch = journal_->current()->epoch;
    const uint64_t head = journal_->current()->head_seq;
    journal_ = Journal::Open(db_.get()).value();
    EXPECT_EQ(journal_->Counts().recorded, uint64_t{kEntries} + 1);
    EXPECT_EQ(journal_->current()->epoch, epoch);
    EXPECT_EQ(journal_->current()->head_seq, head);
  }
  FAIL() << "the fork never went through";
}

TEST_F(FailingDiskTest, AFeedThatIsDroppedTakesNoOtherWithIt) {
  for (int64_t calls = 0; calls < kCallsMax; ++calls) {
    SCOPED_TRACE(calls);
    OpenFile("replica-" + std::to_string(calls));
    replica_ = Replica::Open(db_.get()).value();
    OfficeFeed ana("technician:ana");
    OfficeFeed wei("technician:wei");
    for (int i = 0; i < 30; ++i) {
      v1::Visit visit = VisitRow("v" + std::to_string(i));
      visit.set_instructions(std::string(1500, 'x'));
      ana.Put(v1::ENTITY_KIND_VISIT, visit.id(), visit);
      wei.Put(v1::ENTITY_KIND_VISIT, "w" + visit.id(), visit);
    }
    // Rows that dropping another feed does not come by: who reads them now has to ask the disk.
    OfficeFeed device("device");
    for (uint64_t seq = 1; seq <= 30; ++seq) {
      v1::Judgement judgement;
      *judgement.mutable_position() = MakePosition("d7", 1, seq);
      judgement.set_message(std::string(500, 'x'));
      device.Put(v1::ENTITY_KIND_JUDGEMENT, FormatPosition(judgement.position()), judgement);
    }
    ASSERT_OK(replica_->ApplyPage(device.name(), "", device.Delta(0)).status());
    ASSERT_OK(replica_->ApplyPage(ana.name(), "", ana.Delta(0)).status());
    ASSERT_OK(replica_->ApplyPage(wei.name(), "", wei.Delta(0)).status());
    ForgetPages();
    const int64_t failures = disk_->failures();
    disk_->FailAfter(calls, DiskFault::kIoError, /*once=*/false);
    const absl::Status dropped = replica_->DropFeed(wei.name());
    const bool failed = disk_->failures() > failures;
    disk_->Heal();
    ASSERT_NE(replica_->FindFeed(ana.name()), nullptr);
    EXPECT_EQ(replica_->Cursor(ana.name()), "seq-30");
    EXPECT_EQ(replica_->judgements().size(), 30u);
    EXPECT_TRUE(replica_->Entity(v1::ENTITY_KIND_VISIT, "v7")->has_value());
    if (!dropped.ok()) ASSERT_OK(replica_->DropFeed(wei.name()));
    EXPECT_EQ(replica_->FindFeed(wei.name()), nullptr);
    EXPECT_FALSE(replica_->Entity(v1::ENTITY_KIND_VISIT, "wv7")->has_value());
    if (!failed) return;
  }
  FAIL() << "the feed was never dropped without a failure";
}

TEST_F(FailingDiskTest, SettlingThatFailsIsNotAheadOfItsFile) {
  options_.vfs = disk_->vfs();
  const auto marks = [this] {
    const EpochMarks& now = journal().epochs().at(1);
    return std::make_tuple(now.received_through, now.judged_through, now.settled_through,
                           journal().pending().count(1) > 0 ? journal().pending().at(1).size() : 0);
  };
  OpenEnrolled();
  AppendNotes(3);
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1", 3));
  ApplyDelta(ana_feed_);
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, 3));
  ApplyDelta(device_feed_);
  const auto before = marks();
  ASSERT_EQ(before, std::make_tuple(0u, 0u, 0u, 3u));
  for (int64_t calls = 0; calls < kCallsMax; ++calls) {
    SCOPED_TRACE(calls);
    disk_->FailAfter(calls, DiskFault::kIoError, /*once=*/false);
    const absl::StatusOr<std::vector<MarkMove>> moves = store_->Settle();
    disk_->Heal();
    if (moves.ok()) {
      EXPECT_EQ(moves->size(), 1u);
      EXPECT_EQ(marks(), std::make_tuple(3u, 3u, 3u, 0u));
      EXPECT_GT(calls, 0);
      return;
    }
    EXPECT_EQ(marks(), before);
  }
  FAIL() << "settling never went through";
}

}  // namespace
}  // namespace doorstep
