// What the files survive: damage, a full disk, a wrong key, a second core.
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <numeric>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/unit/client_core/store/repair_fixture.h"

namespace doorstep {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(RepairTest, KnowsWhoThisPhoneIsWhenTheJournalsFirstPageIsGone) {
  for (const std::string& key : Keys()) {
    options_.key = key;
    OpenEnrolled();
    AppendNotes(5);
    CloseAndDamage(0, 1);
    ASSERT_OK(Open());
    ASSERT_TRUE(journal().identity().has_value());
    EXPECT_EQ(journal().identity()->token(), "secret-token");
    EXPECT_EQ(journal().identity()->generation(), "") << "a copy that may be older than a restore of the server";
    EXPECT_EQ(store_->repairs().size(), 1u);
    EXPECT_EQ(journal().current()->epoch, 2u);
    EXPECT_EQ(Append(EntryOf("v1", v1::LogEntry::kNote)), 1u);
    EmptyFolder();
  }
}

TEST_F(RepairTest, SaysWhatToDoWhenTheDiskIsFullAndLosesNothing) {
  OpenEnrolled();
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  ApplyDelta(ana_feed_);
  store_.reset();
  // A VFS would be needed to fill a real disk; a bound on the pages of the file fails the same writes.
  sqlite::OpenOptions options;
  options.path = Path("journal.db");
  options.exclusive = true;
  auto db = sqlite::Database::Open(options);
  ASSERT_TRUE(db.ok());
  auto opened = Journal::Open(db->get());
  ASSERT_TRUE(opened.ok());
  ASSERT_OK((*db)->Execute("PRAGMA max_page_count=30"));
  uint64_t saved = 0;
  absl::Status refused;
  for (int i = 0; i < 2000 && refused.ok(); ++i) {
    const absl::StatusOr<AppendResult> result = (*opened)->Append("ana", EntryOf("v1", v1::LogEntry::kNote, i), "");
    if (result.ok()) {
      EXPECT_EQ(result->position.seq(), ++saved);
    } else {
      refused = result.status();
    }
  }
  EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused.ToString();
  EXPECT_THAT(std::string(refused.message()), HasSubstr("free some space"));
  EXPECT_THAT(std::string(refused.message()), Not(HasSubstr("INSERT"))) << "nobody on a doorstep reads SQL";
  EXPECT_GT(saved, 10u);
  EXPECT_EQ((*opened)->ReadForFrame(1, 0, kNoBound, kNoBound)->last_seq, saved);  // Reading goes on.
  ASSERT_OK((*db)->Execute("PRAGMA max_page_count=100000"));
  EXPECT_EQ((*opened)->Append("ana", EntryOf("v1", v1::LogEntry::kNote), "")->position.seq(), saved + 1);
  opened->reset();
  db->reset();
  ASSERT_OK(Open());
  EXPECT_EQ(journal().Counts().recorded, saved + 1);
}

// A row of the replica that nobody has read since it was damaged must not keep the phone from recording.
// What stands in for a journal that could not be replaced is empty and goes when the phone is closed.
TEST_F(RepairTest, TakesNothingThatWouldBeLostUntilTheFilesAreOpenedAgain) {
  OpenEnrolled();
  AppendNotes(3);
  std::filesystem::create_directory(Path("journal.db.salvaged"));  // Nothing can be given that name.
  const auto says_what_to_do = [](const absl::Status& refused) {
    EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
    EXPECT_THAT(std::string(refused.message()), HasSubstr("close the app and open it again"));
  };
  says_what_to_do(store_->RepairJournal(absl::DataLossError("found by a check")));
  says_what_to_do(store_->Append("ana", EntryOf("v1", v1::LogEntry::kNote, 9), "").status());
  says_what_to_do(store_->PrepareEnrolment(Invitation(), random_).status());
  says_what_to_do(store_->CompleteEnrolment(Enrolment()));

  v1::PhoneStatus status;
  ASSERT_OK(store_->FillStatus(ClockReading(), &status));
  ASSERT_EQ(status.repairs_size(), 1);
  EXPECT_THAT(status.repairs(0), HasSubstr("Nothing can be recorded on this phone"));
  ASSERT_OK(ListQueue(store_->journal(), store_->replica(), v1::QueueListRequest()).status());
  ASSERT_OK(store_->view().Visits("ana").status());
  ASSERT_OK(store_->Settle().status());

  std::filesystem::remove(Path("journal.db.salvaged"));
  ASSERT_OK(Open());
  EXPECT_EQ(journal().Counts().recorded, 3u);
  ASSERT_OK(store_->Append("ana", EntryOf("v1", v1::LogEntry::kNote, 9), "").status());
}

TEST_F(RepairTest, OpensWhenAVisitOfTheReplicaCannotBeRead) {
  OpenEnrolled();
  Append(EntryOf("v1", v1::LogEntry::kArrived));
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  ApplyDelta(ana_feed_);
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, 1));
  ApplyDelta(device_feed_);
  store_.reset();
  {
    sqlite::OpenOptions options;
    options.path = Path("replica.db");
    const auto db = sqlite::Database::Open(options);
    ASSERT_TRUE(db.ok());
    ASSERT_OK((*db)->Execute("UPDATE row SET entity = x'ff' WHERE id = 'v1'"));
  }
  ASSERT_OK(Open());
  EXPECT_EQ(store_->repairs().size(), 1u);
  EXPECT_EQ(store_->replica().Cursor("device"), "") << "it is fetched again";
  EXPECT_EQ(journal().Counts().recorded, 1u);
  EXPECT_EQ(Append(EntryOf("v1", v1::LogEntry::kNote)), 2u);
}

TEST_F(RepairTest, KnowsWhoThisPhoneIsWhenTheJournalHasForgottenIt) {
  OpenEnrolled();
  Append(EntryOf("v1", v1::LogEntry::kArrived));
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  ApplyDelta(ana_feed_);
  EditFile("journal.db", "DELETE FROM identity");
  ASSERT_OK(Open());
  ASSERT_EQ(store_->repairs().size(), 1u);
  ASSERT_TRUE(journal().identity().has_value());
  EXPECT_EQ(journal().identity()->device(), "d7");
  ASSERT_OK(store_->view().Visits("").status());
  EXPECT_EQ(journal().Counts().recorded, 1u);
}

// A file that is missing or empty opens like a new phone's, and the office's data says that this is none.
TEST_F(RepairTest, KnowsWhoThisPhoneIsWhenTheJournalIsGone) {
  for (const bool empty : {false, true}) {
    SCOPED_TRACE(empty ? "empty" : "missing");
    OpenEnrolled();
    AppendNotes(5);
    store_.reset();
    std::filesystem::remove(Path("journal.db"));
    std::filesystem::remove(Path("journal.db-wal"));
    if (empty) std::ofstream(Path("journal.db"), std::ios::binary).flush();
    ASSERT_OK(Open());
    ASSERT_EQ(store_->repairs().size(), 1u);
    EXPECT_THAT(store_->repairs()[0], HasSubstr("The journal was damaged"));
    EXPECT_THAT(store_->repairs()[0], HasSubstr("missing or empty"));
    EXPECT_THAT(store_->repairs()[0], HasSubstr("it is not known how many could not be read"));
    ASSERT_TRUE(journal().identity().has_value());
    EXPECT_EQ(journal().identity()->device(), "d7");
    EXPECT_EQ(journal().current()->epoch, 2u) << "the server may have entries under the old one's numbers";
    EXPECT_EQ(Append(EntryOf("v1", v1::LogEntry::kNote)), 1u);
    ASSERT_OK(Open());
    EXPECT_TRUE(store_->repairs().empty()) << "it is said once";
    EXPECT_EQ(journal().Counts().recorded, 1u);
    EmptyFolder();
  }
}

TEST_F(RepairTest, KnowsWhoThisPhoneIsWhenTheJournalNamesNoDevice) {
  for (const char* device : {"", "\xff", "a name that is longer than that of any device that a server gives a phone"}) {
    OpenEnrolled();
    AppendNotes(2);
    v1::EnrollResponse damaged = *journal().identity();
    damaged.set_device(device);
    EditFile("journal.db", absl::StrCat("UPDATE identity SET response = x'",
                                        absl::BytesToHexString(damaged.SerializeAsString()), "'"));
    ASSERT_OK(Open());
    ASSERT_TRUE(journal().identity().has_value());
    EXPECT_EQ(journal().identity()->device(), "d7");
    EXPECT_EQ(FirstPositions(2).size(), 2u);
    EmptyFolder();
  }
}

TEST_F(RepairTest, RefusesASecondCoreOnTheSameFolder) {
  OpenEnrolled();
  const absl::Status second = LocalStore::Open(options_).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(second));
  EXPECT_THAT(std::string(second.message()), HasSubstr("another program has this folder open"));
  store_.reset();
  ASSERT_OK(Open());
  StoreOptions missing;
  missing.directory = options_.directory + "/nowhere";
  EXPECT_TRUE(absl::IsFailedPrecondition(LocalStore::Open(missing).status()));
}

#ifdef DOORSTEP_SQLITE_CIPHER
TEST_F(RepairTest, KeepsEncryptedFilesUnreadableWithoutTheKey) {
  options_.key = std::string(32, 'k');
  OpenEnrolled();
  Append(EntryOf("v1", v1::LogEntry::kNote));
  v1::Visit visit = VisitRow("v1");
  visit.set_instructions("the key is under the doormat");
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", visit);
  ApplyDelta(ana_feed_);
  for (const bool closed : {false, true}) {
    if (closed) store_.reset();
    for (const char* file : {"journal.db", "journal.db-wal", "replica.db", "replica.db-wal"}) {
      const std::string bytes = ReadFile(file);
      EXPECT_THAT(bytes, Not(HasSubstr("valve seat"))) << file;
      EXPECT_THAT(bytes, Not(HasSubstr("doormat"))) << file;
      EXPECT_THAT(bytes, Not(HasSubstr("secret-token"))) << file;
      EXPECT_THAT(bytes, Not(HasSubstr("SQLite format 3"))) << file;
    }
  }
  EXPECT_FALSE(ReadFile("journal.db").empty());
  for (const std::string& key : {std::string(32, 'x'), std::string()}) {
    options_.key = key;
    const absl::Status opened = Open();
    EXPECT_TRUE(absl::IsFailedPrecondition(opened)) << opened.ToString();
  }
  options_.key = std::string(32, 'k');
  ASSERT_OK(Open());
  EXPECT_TRUE(store_->repairs().empty());
  EXPECT_EQ(journal().Counts().recorded, 1u);
}

TEST_F(RepairTest, SalvagesAnEncryptedJournal) {
  options_.key = std::string(32, 'k');
  OpenEnrolled();
  AppendNotes(200);
  store_.reset();
  const size_t pages = ReadFile("journal.db").size() / 4096;
  CloseAndDamage(pages - 4, 1);
  ASSERT_OK(Open());
  ASSERT_OK(store_->ReadForFrame(1, 0, kNoBound, kNoBound).status());
  ASSERT_EQ(store_->repairs().size(), 1u);
  EXPECT_GT(FirstPositions(2).size(), 150u);
  EXPECT_LT(FirstPositions(2).size(), 200u);
}
#endif

}  // namespace
}  // namespace doorstep
