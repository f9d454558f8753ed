// A phone whose files are damaged, whatever it does when it meets that.
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/sqlite/database.h"
#include "tests/unit/client_core/session/session_fixture.h"

namespace doorstep {
namespace {

class SessionDamageTest : public SessionTest {
 protected:
  static void SpoilPage(const std::string& file, size_t page) { Spoil(file, page * kPageBytes, kPageBytes); }
  // SQLite does not notice it.
  static void SpoilText(const std::string& file, size_t page) { Spoil(file, page * kPageBytes + kPageBytes / 2, 1); }

 private:
  static constexpr size_t kPageBytes = 4096;

  static void Spoil(const std::string& file, size_t at, size_t bytes) {
    const std::string garbage(bytes, '\x5a');
    std::fstream(file, std::ios::in | std::ios::out | std::ios::binary)
        .seekp(static_cast<std::streamoff>(at))
        .write(garbage.data(), static_cast<std::streamsize>(bytes));
  }
};

// Some damage comes to light only when somebody looks.
TEST_F(SessionDamageTest, EverythingCanBeReadWhateverPageOfAFileIsDamaged) {
  OpenEnrolled();
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(session_->Append(NoteRequest("v1", "text", absl::StrCat("t", i))).ok());
  v1::AppendRequest retraction;
  *retraction.mutable_entry()->mutable_retraction()->mutable_target() = MakePosition("d1", 1, 60);
  retraction.mutable_entry()->set_visit_id("v1");
  ASSERT_TRUE(session_->Append(retraction).ok());
  session_.reset();
  const std::string whole = directory_ + ".whole";
  std::filesystem::copy(directory_, whole, std::filesystem::copy_options::recursive);
  for (const char* name : {"journal.db", "replica.db"}) {
    const size_t pages = std::filesystem::file_size(absl::StrCat(whole, "/", name)) / 4096;
    for (size_t page = 1; page < pages; ++page) {
      session_.reset();
      std::filesystem::remove_all(directory_);
      std::filesystem::copy(whole, directory_, std::filesystem::copy_options::recursive);
      SpoilPage(absl::StrCat(directory_, "/", name), page);
      ASSERT_NO_FATAL_FAILURE(Open());
      v1::ExplainRequest explain;
      explain.set_visit_id("v1");
      v1::QueueListRequest all;
      all.set_all(true);
      const absl::Status answers[] = {session_->Status().status(), session_->QueueList(all).status(),
                                      session_->VisitsList({}).status(), session_->Explain(explain).status()};
      for (const absl::Status& answer : answers) EXPECT_FALSE(absl::IsDataLoss(answer)) << name << page << answer;
      EXPECT_TRUE(session_->Append(NoteRequest("v1", "after")).ok()) << name << page;
    }
  }
  std::filesystem::remove_all(whole);
}

TEST_F(SessionDamageTest, AnEntryWhoseBytesChangedOnTheDiskKeepsNoOtherFromTheOffice) {
  OpenEnrolled();
  AppendNotes(9);
  session_.reset();
  std::fstream file(directory_ + "/journal.db", std::ios::in | std::ios::out | std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  file.seekp(static_cast<std::streamoff>(bytes.find("note 4"))).write("nose", 4);
  file.close();
  Open();
  for (int i = 0; i < 5 && !Sync().complete(); ++i) {
  }
  EXPECT_EQ(Status().entries_saved_here(), 0u);
  std::vector<std::string> others = NotesRecorded();
  others.erase(others.begin() + 3);
  EXPECT_EQ(NotesAtServer(), others);
  EXPECT_EQ(Status().repairs_size(), 1);
}

TEST_F(SessionDamageTest, WhatIsCarriedToTheOfficeIsWholeWhereverMakingItMeetsDamage) {
  OpenEnrolled();
  for (int i = 0; i < 400; ++i) ASSERT_TRUE(session_->Append(NoteRequest("v1", std::string(2000, 'n'))).ok());
  session_.reset();
  const std::string whole = directory_ + ".whole";
  std::filesystem::copy(directory_, whole, std::filesystem::copy_options::recursive);
  const size_t pages = std::filesystem::file_size(whole + "/journal.db") / 4096;
  ASSERT_GT(pages, 200u) << "more than a frame holds";
  for (size_t page = 1; page < pages; page += 15) {
    session_.reset();
    std::filesystem::remove_all(directory_);
    std::filesystem::copy(whole, directory_, std::filesystem::copy_options::recursive);
    if (page % 2 == 0) {
      SpoilPage(directory_ + "/journal.db", page);
    } else {
      SpoilText(directory_ + "/journal.db", page);
    }
    ASSERT_NO_FATAL_FAILURE(Open());
    const absl::StatusOr<v1::Bundle> bundle = session_->ExportBundle();
    ASSERT_TRUE(bundle.ok()) << page << bundle.status();
    EXPECT_EQ(bundle->entries(), Status().entries_saved_here()) << page;
    EXPECT_EQ(bundle->entries_left_out(), 0u) << page;
    uint64_t entries = 0;
    for (const std::string& bytes : bundle->frames()) {
      v1::Frame frame;
      ASSERT_TRUE(frame.ParseFromString(bytes));
      EXPECT_EQ(frame.header().epoch(), Status().epoch()) << page;
      entries += frame.header().last_seq() - frame.header().first_seq() + 1;
    }
    EXPECT_EQ(entries, bundle->entries()) << page;
  }
  std::filesystem::remove_all(whole);
}

TEST_F(SessionDamageTest, DamageThatNobodyMeetsIsFoundBeforeAnythingIsDeleted) {
  OpenEnrolled();
  ASSERT_TRUE(session_->Append(NoteRequest("visit-1", "note 1", "token-1")).ok());
  session_.reset();
  size_t page = 0;
  {
    sqlite::OpenOptions options;
    options.path = directory_ + "/journal.db";
    const auto db = sqlite::Database::Open(options);
    ASSERT_TRUE(db.ok());
    auto index = (*db)->Prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'entry_token'");
    ASSERT_TRUE(index.ok() && *index->Step());
    page = static_cast<size_t>(index->Int(0) - 1);
  }
  SpoilPage(directory_ + "/journal.db", page);
  Open();
  for (int i = 0; i < 5 && !Sync().complete(); ++i) {
  }
  EXPECT_EQ(Status().repairs_size(), 1);
  EXPECT_EQ(NotesAtServer(), std::vector<std::string>{"note 1"});
}

// Who the phone is stands in the replica too, in a copy that does not know of the restore.
TEST_F(SessionDamageTest, WhatAServerLostAfterARestoreIsSentByAPhoneThatForgotOfIt) {
  OpenEnrolled();
  AppendNotes(6);
  ASSERT_TRUE(Sync().complete());
  server_.Restore("g2", 1, 6);
  ASSERT_TRUE(Sync().complete());
  session_.reset();
  {
    sqlite::OpenOptions options;
    options.path = directory_ + "/journal.db";
    const auto db = sqlite::Database::Open(options);
    ASSERT_TRUE(db.ok() && (*db)->Execute("UPDATE identity SET response = x'5a'").ok());
  }
  server_.Restore("g1", 1, 2);  // By hand, from before the restore.
  Open();
  for (int i = 0; i < 5 && !Sync().complete(); ++i) {
  }
  EXPECT_EQ(NotesAtServer(), NotesRecorded());
}

}  // namespace
}  // namespace doorstep
