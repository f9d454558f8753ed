// What a damaged journal loses and what it does not: rows, epochs, tokens and marks, wherever its salvage is cut short.
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <numeric>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "tests/unit/client_core/store/repair_fixture.h"

namespace doorstep {
namespace {

using testing::HasSubstr;
using testing::Not;

class SalvageTest : public RepairTest {};

TEST_F(SalvageTest, SalvagesADamagedJournalRowByRow) {
  OpenEnrolled();
  AppendNotes(200);
  ASSERT_OK(journal().Acknowledge(MarkAt(1, 3)).status());
  store_.reset();
  const size_t pages = ReadFile("journal.db").size() / 4096;
  ASSERT_GT(pages, 14u);
  CloseAndDamage(pages - 4, 1);  // A leaf in the midst of the entries.
  ASSERT_OK(Open());
  // Whether opening or the next frame meets the damage, recording and sending go on.
  const absl::StatusOr<FrameEntries> frame = store_->ReadForFrame(1, 3, kNoBound, kNoBound);
  ASSERT_TRUE(frame.ok()) << frame.status().ToString();
  ASSERT_EQ(store_->repairs().size(), 1u);
  EXPECT_THAT(store_->repairs()[0], HasSubstr("journal.db.damaged-1"));
  EXPECT_FALSE(ReadFile("journal.db.damaged-1").empty());

  EXPECT_EQ(journal().current()->epoch, 2u);  // The spare one.
  EXPECT_EQ(journal().identity()->token(), "secret-token");
  EXPECT_EQ(journal().epochs().at(1).common_through, 3u);
  const std::vector<std::string> firsts = FirstPositions(2);
  EXPECT_GT(firsts.size(), 150u);
  EXPECT_LT(firsts.size(), 197u);
  EXPECT_EQ(firsts.front(), "1.4");
  EXPECT_EQ(firsts.back(), "1.200");
  const absl::StatusOr<FrameEntries> again = journal().ReadForFrame(2, 0, kNoBound, kNoBound);
  ASSERT_TRUE(again.ok());
  SodiumSha256 hasher;
  Hash hash = ChainStart(hasher, "d7", 2, std::string(16, 't'));
  uint64_t seq = 0;
  for (const v1::EntryEnvelope& envelope : again->entries) {
    hash = ChainNext(hasher, hash,
                     {"d7", 2, ++seq, envelope.author(), envelope.from_epoch(), envelope.from_seq(), envelope.entry()});
  }
  EXPECT_EQ(hash, again->head_hash);
  EXPECT_EQ(Append(EntryOf("v1", v1::LogEntry::kNote)), firsts.size() + 1);
  const absl::StatusOr<v1::EntryStatus> status =
      StatusOfEntry(journal(), store_->replica(), MakePosition("d7", 1, 200));
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->moved_to().epoch(), 2u);
  ASSERT_OK(Open());
  EXPECT_EQ(FirstPositions(2).size(), firsts.size() + 1);
}

TEST_F(SalvageTest, DoesNotSendBytesThatWereChangedOnTheDisk) {
  OpenEnrolled();
  for (int i = 0; i < 5; ++i) {
    v1::LogEntry note = EntryOf("v1", v1::LogEntry::kNote, i);
    note.mutable_note()->set_text("needle-" + std::to_string(i) + "-needle");
    Append(note);
  }
  store_.reset();
  const size_t at = ReadFile("journal.db").find("needle-2-needle");
  ASSERT_NE(at, std::string::npos);
  OverwriteFile("journal.db", at, "forged");
  ASSERT_OK(Open());
  const absl::StatusOr<FrameEntries> frame = store_->ReadForFrame(1, 0, kNoBound, kNoBound);
  EXPECT_TRUE(frame.ok() && frame->entries.empty()) << "a server would refuse it for ever";
  EXPECT_THAT(FirstPositions(2), testing::ElementsAre("1.1", "1.2", "1.4", "1.5"));
}

TEST_F(SalvageTest, AnEntryIsWhatWasRecordedWhenTheNextHashSaysSo) {
  for (const char* hash : {"zeroblob(32)", "x'5a'"}) {
    OpenEnrolled();
    AppendNotes(5);
    ASSERT_OK(journal().Acknowledge(MarkAt(1, 3)).status());
    EditFile("journal.db",
             absl::StrCat("UPDATE entry SET hash = ", hash, " WHERE from_seq = 0 AND id & 255 IN (2, 4)"));
    ASSERT_OK(Open());
    ASSERT_OK(store_->RepairJournal(absl::DataLossError("found by a check")));
    EXPECT_EQ(journal().Counts().recorded, 5u) << hash;
    EXPECT_THAT(FirstPositions(2), testing::ElementsAre("1.4", "1.5")) << hash;
    EXPECT_THAT(store_->repairs().back(), HasSubstr(" 0 could not be read"));
    // Nothing is left that a frame or another salvage would take for damage.
    ASSERT_OK(store_->RepairJournal(absl::DataLossError("found by a check")));
    EXPECT_EQ(journal().Counts().recorded, 5u) << hash;
    EmptyFolder();
  }
}

TEST_F(SalvageTest, TheNumberOfTheSchemaMayBeWhatIsDamaged) {
  for (const char* version : {"-1", "0", "1", "2147483647"}) {
    OpenEnrolled();
    AppendNotes(5);
    EditFile("journal.db", absl::StrCat("PRAGMA user_version = ", version));
    ASSERT_OK(Open());
    EXPECT_EQ(FirstPositions(2).size(), 5u) << version;
    EmptyFolder();
  }
}

TEST_F(SalvageTest, ARuleOfTheFileThatRefusesWhatIsWrittenIsDamaged) {
  const char* refuse = "CREATE TRIGGER damaged BEFORE $0 ON $1 BEGIN SELECT RAISE(ABORT, 'no'); END";
  OpenEnrolled();
  AppendNotes(3);
  EditFile("journal.db", absl::Substitute(refuse, "INSERT", "entry"));
  ASSERT_OK(Open());
  AppendNotes(1);
  EXPECT_EQ(FirstPositions(2).size(), 4u);
  EditFile("journal.db", absl::Substitute(refuse, "UPDATE", "epoch"));
  ASSERT_OK(Open());
  EXPECT_TRUE(absl::IsDataLoss(journal().Acknowledge(MarkAt(2, 4)).status()));
}

TEST_F(SalvageTest, KeepsTheOrderInWhichThingsHappenedWhenOnlyAnEarlierCopyCanBeRead) {
  OpenEnrolled();
  AppendNotes(6);
  ASSERT_OK(store_->Fork(ForkOf(1, 2, 3)).status());
  EditFile("journal.db", "UPDATE entry SET entry = x'5a' WHERE from_epoch = 1 AND from_seq = 4");
  ASSERT_OK(Open());
  ASSERT_OK(store_->RepairJournal(absl::DataLossError("found by a check")));
  EXPECT_THAT(FirstPositions(4), testing::ElementsAre("1.3", "1.4", "1.5", "1.6"));
}

// The salvage puts into a new epoch what the server has lost of an old one; then the server loses what stands between.
TEST_F(SalvageTest, AForkKeepsTheOrderInWhichThingsHappenedThoughASalvageMovedTheOldest) {
  OpenEnrolled();
  AppendNotes(2);
  ASSERT_OK(journal().Acknowledge(MarkAt(1, 2)).status());
  ASSERT_OK(store_->Fork(ForkOf(1, 2, 3)).status());
  AppendNotes(2);
  ASSERT_OK(journal().AdoptGeneration("g2", {MarkAt(3, 2)}));
  ASSERT_OK(store_->RepairJournal(absl::DataLossError("found by a check")));
  ASSERT_THAT(FirstPositions(4), testing::ElementsAre("1.1", "1.2"));
  AppendNotes(1);
  ASSERT_OK(journal().AdoptGeneration("g3", {}));
  ASSERT_OK(store_->Fork(ForkOf(3, 0, 5)).status());
  EXPECT_THAT(FirstPositions(5), testing::ElementsAre("1.1", "1.2", "3.1", "3.2", "4.3"));
}

TEST_F(SalvageTest, FindsEveryEntryWhenThePageThatLeadsToThemIsGone) {
  for (const std::string& key : Keys()) {
    options_.key = key;
    OpenEnrolled();
    AppendNotes(400);
    ASSERT_OK(journal().Acknowledge(MarkAt(1, 100)).status());
    store_.reset();
    const size_t root = PageOf("entry");
    ASSERT_GT(root, 0u);
    OverwriteFile("journal.db", root, std::string(4096, '\x5a'));
    ASSERT_OK(Open());
    EXPECT_EQ(journal().Counts().recorded, 400u);
    const std::vector<std::string> unsent = FirstPositions(2);
    ASSERT_EQ(unsent.size(), 300u);
    EXPECT_EQ(unsent.front(), "1.101");
    EXPECT_EQ(unsent.back(), "1.400");
    EXPECT_EQ(Append(EntryOf("v1", v1::LogEntry::kNote)), 301u);
    EmptyFolder();
  }
}

TEST_F(SalvageTest, APositionNeverNamesAnotherEntryHoweverOftenAJournalIsSalvaged) {
  OpenEnrolled();
  AppendNotes(100);
  ASSERT_OK(journal().Acknowledge(MarkAt(1, 40)).status());
  ASSERT_OK(store_->RepairJournal(absl::DataLossError("once")));
  ASSERT_OK(journal().Acknowledge(MarkAt(2, 10)).status());
  const uint64_t recorded = journal().Counts().recorded;
  ASSERT_OK(store_->RepairJournal(absl::DataLossError("twice")));
  // There is no spare epoch any more: the next is this phone's own, which Hello claims.
  EXPECT_EQ(journal().current()->epoch, 3u);
  EXPECT_EQ(journal().Claims().front().epoch(), 3u);
  EXPECT_EQ(journal().Claims().front().salt().size(), kChainSaltBytes);
  EXPECT_EQ(journal().Counts().recorded, recorded);
  EXPECT_EQ(FirstPositions(2).size(), 10u);
  EXPECT_EQ(FirstPositions(3).size(), 50u);
  EXPECT_EQ(FirstPositions(3).back(), "1.100");
  EXPECT_EQ(Append(EntryOf("v1", v1::LogEntry::kNote)), 51u);
}

TEST_F(SalvageTest, ASpareEpochThatAForkHasLeftBehindIsNotUsed) {
  OpenEnrolled();
  AppendNotes(5);
  ASSERT_OK(store_->Fork(ForkOf(1, 2, 3)).status());  // The spare one is 2.
  ASSERT_OK(store_->RepairJournal(absl::DataLossError("found by a check")));
  EXPECT_EQ(journal().current()->epoch, 4u) << "what comes later has the newer epoch";
  EXPECT_EQ(journal().Counts().recorded, 5u);
}

TEST_F(SalvageTest, ATokenStaysUsedThroughForkAndSalvage) {
  OpenEnrolled();
  Append(EntryOf("v1", v1::LogEntry::kNote, 1), "first");
  Append(EntryOf("v1", v1::LogEntry::kNote, 2), "second");
  Append(EntryOf("v1", v1::LogEntry::kNote, 3), "third");
  const v1::Fork fork = ForkOf(1, 1, 3);
  ASSERT_OK(store_->Fork(fork).status());
  ASSERT_OK(journal().Acknowledge(MarkAt(3, 1)).status());  // The second keeps its place in epoch 3.
  for (int salvaged = 0; salvaged < 2; ++salvaged) {
    ASSERT_OK(store_->RepairJournal(absl::DataLossError("found by a check")));
    for (const char* token : {"first", "second", "third"}) {
      const absl::StatusOr<AppendResult> again = store_->Append("ana", EntryOf("v1", v1::LogEntry::kNote, 9), token);
      ASSERT_TRUE(again.ok()) << again.status();
      EXPECT_TRUE(again->repeated) << token;
      EXPECT_EQ(again->position.epoch(), 1u) << "as it was answered first";
    }
    EXPECT_EQ(journal().Counts().recorded, 3u);
  }
}

#ifdef DOORSTEP_KILL_POINTS

// A process that opens the files, salvages the journal when it is asked to, and dies at `point`.
void DieAt(const char* point, const StoreOptions& options, bool salvage) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    setenv("DOORSTEP_KILL_AT", point, 1);
    const absl::StatusOr<std::unique_ptr<LocalStore>> store = LocalStore::Open(options);
    if (store.ok() && salvage) (void)(*store)->RepairJournal(absl::DataLossError("found by a check"));
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << point << " was not reached";
}

class KilledSalvageTest : public SalvageTest {
 protected:
  // Twenty entries, five of them received. `wal_` is what the journal's companion held meanwhile.
  void Record() {
    OpenEnrolled();
    AppendNotes(20);
    ASSERT_OK(journal().Acknowledge(MarkAt(1, 5)).status());
    wal_ = ReadFile("journal.db-wal");
    store_.reset();
  }
  void ExpectEachEntryOnce() {
    ASSERT_OK(Open());
    std::vector<uint64_t> firsts;
    for (const auto& [epoch, marks] : journal().epochs()) {
      const absl::StatusOr<std::vector<EntryInfo>> entries = journal().List(epoch, 0, marks.last_own_seq());
      ASSERT_TRUE(entries.ok()) << entries.status();
      for (const EntryInfo& info : *entries) firsts.push_back(info.from_seq > 0 ? info.from_seq : info.seq);
    }
    std::vector<uint64_t> all(20);
    std::iota(all.begin(), all.end(), 1);
    EXPECT_EQ(firsts, all);
    EXPECT_EQ(journal().Counts().recorded, 20u);
    EXPECT_EQ(journal().Counts().saved_here, 15u);
    for (const char* left : {"journal.db.salvaging", "journal.db.salvaged"}) EXPECT_EQ(ReadFile(left), "") << left;
    Append(EntryOf("v1", v1::LogEntry::kNote, 21));
    ASSERT_OK(Open());
    EXPECT_EQ(journal().Counts().recorded, 21u);
  }
  std::string wal_;
};

TEST_F(KilledSalvageTest, LosesAndDoublesNothingWhereverItDies) {
  for (const char* point :
       {"salvage-written", "salvage-decided", "salvage-wal-aside", "salvage-aside", "salvage-in-place"}) {
    SCOPED_TRACE(point);
    Record();
    DieAt(point, options_, /*salvage=*/true);
    ExpectEachEntryOnce();
    EmptyFolder();
  }
}

TEST_F(KilledSalvageTest, IsFinishedByWhoeverOpensTheFilesHoweverOftenTheyDie) {
  Record();
  DieAt("salvage-decided", options_, /*salvage=*/true);
  std::ofstream(Path("journal.db-wal"), std::ios::binary) << wal_;  // As if it had been in use till then.
  DieAt("salvage-wal-aside", options_, /*salvage=*/false);
  DieAt("salvage-aside", options_, /*salvage=*/false);
  DieAt("salvage-in-place", options_, /*salvage=*/false);
  EXPECT_EQ(ReadFile("journal.db-wal"), "") << "the damaged file's companion is not the new one's";
  EXPECT_EQ(ReadFile("journal.db.damaged-1-wal"), wal_);
  EXPECT_FALSE(ReadFile("journal.db.damaged-1").empty());
  ExpectEachEntryOnce();
}

TEST_F(KilledSalvageTest, SaysAtTheNextOpeningWhatWasDone) {
  Record();
  DieAt("salvage-decided", options_, /*salvage=*/true);
  ASSERT_OK(Open());
  ASSERT_EQ(store_->repairs().size(), 1u);
  EXPECT_THAT(store_->repairs()[0], HasSubstr("journal.db.damaged-1"));
}

#endif

// As damage may leave a file: what it says of itself does not fit together, and every page of it can be read.

TEST_F(SalvageTest, EntriesOfAnEpochThatTheJournalHasForgottenGoOnInAnother) {
  // Its row is gone, has another number, or a salt that no server takes.
  for (const char* damage : {"DELETE FROM epoch WHERE epoch = 1", "UPDATE epoch SET epoch = 65 WHERE epoch = 1",
                             "UPDATE epoch SET salt = x'5a' WHERE epoch = 1"}) {
    OpenEnrolled();
    AppendNotes(3);
    EditFile("journal.db", damage);
    ASSERT_OK(Open());
    EXPECT_EQ(store_->repairs().size(), 1u) << damage;
    EXPECT_EQ(journal().Counts().saved_here, 3u) << damage;
    EXPECT_THAT(FirstPositions(journal().UnsentEpoch()), testing::ElementsAre("1.1", "1.2", "1.3")) << damage;
    EmptyFolder();
  }
}

TEST_F(SalvageTest, WhatIsRecordedIsSentThoughAMarkSaysThatItWasReceivedBefore) {
  OpenEnrolled();
  AppendNotes(3);
  EditFile("journal.db", "UPDATE epoch SET received_through = 9 WHERE epoch = 1");
  ASSERT_OK(Open());
  EXPECT_EQ(store_->repairs().size(), 1u);
  AppendNotes(2);
  EXPECT_EQ(journal().Counts().saved_here, 5u);
  EXPECT_EQ(FirstPositions(journal().UnsentEpoch()).size(), 5u);
}

TEST_F(SalvageTest, WhatADamagedTreeHidesIsBroughtBack) {
  OpenEnrolled();
  AppendNotes(100);
  store_.reset();
  // The page that leads to all others has its first cell behind twelve bytes, and names the last of them at the eighth.
  const size_t root = PageOf("entry");
  const std::string file = ReadFile("journal.db");
  const size_t cell = static_cast<unsigned char>(file[root + 12]) << 8 | static_cast<unsigned char>(file[root + 13]);
  OverwriteFile("journal.db", root + 8, file.substr(root + cell, 4));
  ASSERT_OK(Open());
  Append(EntryOf("v1", v1::LogEntry::kNote), "token-4");
  EXPECT_EQ(store_->repairs().size(), 1u);
  EXPECT_EQ(FirstPositions(journal().UnsentEpoch()).size(), 101u);
}

TEST_F(SalvageTest, ASpareEpochThatIsDamagedIsNotUsed) {
  OpenEnrolled();
  AppendNotes(3);
  v1::EnrollResponse damaged = *journal().identity();
  damaged.mutable_spare_epoch()->clear_salt();
  EditFile("journal.db",
           absl::StrCat("UPDATE identity SET response = x'", absl::BytesToHexString(damaged.SerializeAsString()), "'"));
  ASSERT_OK(Open());
  ASSERT_OK(store_->RepairJournal(absl::DataLossError("found by a check")));
  EXPECT_EQ(FirstPositions(journal().UnsentEpoch()).size(), 3u);
}

TEST_F(SalvageTest, AnEpochThatADamagedTreeGivesTwiceIsTakenOnce) {
  OpenEnrolled();
  AppendNotes(3);
  ASSERT_OK(journal().Acknowledge(MarkAt(1, 2)).status());
  store_.reset();
  // The only page of the epochs names their cells from the eighth byte on.
  const size_t root = PageOf("epoch");
  ASSERT_GT(root, 0u);
  OverwriteFile("journal.db", root + 10, ReadFile("journal.db").substr(root + 8, 2));
  ASSERT_OK(Open());
  ASSERT_OK(store_->RepairJournal(absl::DataLossError("found by a check")));
  EXPECT_EQ(journal().Counts().recorded, 3u);
  EXPECT_THAT(FirstPositions(journal().UnsentEpoch()), testing::ElementsAre("1.3"));
}

TEST_F(SalvageTest, SaysWhenItIsNotKnownHowManyEntriesCouldNotBeRead) {
  OpenEnrolled();
  AppendNotes(4);
  store_.reset();
  const std::string journal = ReadFile("journal.db");
  // Every page on which an entry stands.
  for (size_t page = 1; page < journal.size() / 4096; ++page) {
    if (journal.substr(page * 4096, 4096).find("the valve seat is worn") == std::string::npos) continue;
    OverwriteFile("journal.db", page * 4096, std::string(4096, '\x5a'));
  }
  ASSERT_OK(Open());
  (void)store_->ReadForFrame(1, 0, kNoBound, kNoBound);
  ASSERT_EQ(store_->repairs().size(), 1u);
  EXPECT_THAT(
      store_->repairs()[0],
      HasSubstr("0 entries were read, 0 of them will be sent again, it is not known how many could not be read"));
}

TEST_F(SalvageTest, WhatIsRecordedBehindAGapIsThereAfterwards) {
  OpenEnrolled();
  AppendNotes(20);
  EditFile("journal.db", "UPDATE entry SET id = id + 30000000000 WHERE id & 255 = 17");
  ASSERT_OK(Open());
  EXPECT_EQ(store_->repairs().size(), 1u) << "the gap is found before anything is recorded behind it";
  ASSERT_GT(Append(EntryOf("v1", v1::LogEntry::kNote), "token-99"), 0u);
  ASSERT_OK(Open());
  const absl::StatusOr<AppendResult> again = store_->Append("ana", EntryOf("v1", v1::LogEntry::kNote), "token-99");
  ASSERT_OK(again.status());
  EXPECT_TRUE(again->repeated);
}

TEST_F(SalvageTest, KeepsBothOfTwoEntriesThatDamageHasGivenOneToken) {
  OpenEnrolled();
  Append(EntryOf("v1", v1::LogEntry::kNote, 1), "token-1");
  Append(EntryOf("v1", v1::LogEntry::kNote, 2), "token-2");
  store_.reset();
  const std::string file = ReadFile("journal.db");
  for (size_t at = file.find("token-2"); at != std::string::npos; at = file.find("token-2", at + 1)) {
    OverwriteFile("journal.db", at, "token-1");
  }
  ASSERT_OK(Open());
  ASSERT_OK(store_->RepairJournal(absl::DataLossError("found by a check")));
  EXPECT_THAT(FirstPositions(2), testing::ElementsAre("1.1", "1.2"));
}

TEST_F(SalvageTest, TakesNothingThatNoServerWouldTake) {
  OpenEnrolled();
  AppendNotes(6);
  // Behind a gap no hash vouches for a row.
  EditFile("journal.db",
           "DELETE FROM entry WHERE id & 255 = 2; UPDATE entry SET author = CAST(x'ff' AS TEXT) WHERE id & 255 = 3;"
           "DELETE FROM entry WHERE id & 255 = 4; UPDATE entry SET from_seq = 7 WHERE id & 255 = 5");
  ASSERT_OK(Open());
  EXPECT_THAT(FirstPositions(2), testing::ElementsAre("1.1", "1.6"));
}

// A lookup goes astray where keys are out of order, and which lookups do depends on how many there are.
TEST_F(SalvageTest, ATokenIsFoundAgainThoughItsIndexIsDamaged) {
  OpenEnrolled();
  for (int i = 0; i < 20; ++i) Append(EntryOf("v1", v1::LogEntry::kNote), "token-" + std::to_string(i));
  store_.reset();
  const std::string journal = ReadFile("journal.db");
  const size_t page = PageOf("entry_token");
  ASSERT_GT(page, 0u);
  int damaged = 0;
  for (size_t at = journal.find("token-", page); at < page + 4096; at = journal.find("token-", at + 1)) {
    std::string bytes = journal;
    bytes[at] = 'x';
    OverwriteFile("journal.db", 0, bytes);
    ASSERT_OK(Open());
    ASSERT_OK(store_->Append("ana", EntryOf("v1", v1::LogEntry::kNote), "token-99").status());
    ASSERT_OK(Open());
    const absl::StatusOr<AppendResult> again = store_->Append("ana", EntryOf("v1", v1::LogEntry::kNote), "token-99");
    ASSERT_OK(again.status());
    EXPECT_TRUE(again->repeated) << "the key at " << at;
    store_.reset();
    ++damaged;
  }
  EXPECT_EQ(damaged, 20);
}

}  // namespace
}  // namespace doorstep
