// Backups as files and putting them in place: what is checked, what is set aside, and who finishes what was begun.
#include "server/storage/restore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>

#include "client_core/base/random.h"
#include "server/storage/backup_file.h"
#include "server/storage/device_table.h"
#include "server/storage/meta_table.h"
#include "server/storage/storage.h"

namespace doorstep {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class RestoreTest : public ::testing::Test {
 protected:
  RestoreTest() {
    std::string path = (fs::temp_directory_path() / "doorstep-test-XXXXXX").string();
    folder_ = mkdtemp(path.data());
    fs::create_directory(folder_ + "/server");
    database_ = folder_ + "/server/doorstep.db";
    backup_ = folder_ + "/server/backups/noon.backup";
  }
  ~RestoreTest() override { fs::remove_all(folder_); }

  std::unique_ptr<Storage> Open() {
    StorageOptions options;
    options.path = database_;
    absl::StatusOr<std::unique_ptr<Storage>> opened = Storage::Open(options, random_);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return *std::move(opened);
  }
  void Note(Storage& storage, const std::string& word) {
    ASSERT_TRUE(storage.writer().database().Execute("INSERT INTO meta (key, value) VALUES ('" + word + "', 'x')").ok());
  }
  bool Has(Storage& storage, const std::string& word) {
    int64_t rows = 0;
    EXPECT_TRUE(storage
                    .Read("meta",
                          [&](SqlSession& sql) -> absl::Status {
                            Query query = sql.Use("SELECT count(*) FROM meta WHERE key = $1");
                            const absl::StatusOr<bool> row = query.Text(1, word).Step();
                            rows = query.Int(0);
                            return row.status();
                          })
                    .ok());
    return rows > 0;
  }
  // A backup that has "before" and not "after".
  void MakeBackup() {
    const std::unique_ptr<Storage> live = Open();
    generation_ = live->generation();
    Note(*live, "before");
    uint64_t total = 0;
    ASSERT_EQ(CopyLive(*live, backup_,
                       [&](uint64_t, uint64_t all) {
                         if (total == 0) Note(*live, "after");  // The server goes on writing.
                         total = all;
                         return true;
                       }),
              absl::OkStatus());
    EXPECT_GT(total, 0u);
    ASSERT_TRUE(SealBackup(backup_).ok());
  }
  absl::StatusOr<RestoreReport> Restore() { return RestoreBackup(backup_, database_, random_); }

  SeededRandom random_{1};
  std::string folder_;
  std::string database_;
  std::string backup_;
  std::string generation_;
};

TEST_F(RestoreTest, ABackupIsOneViewWithItsChecksumAndForNobodyElse) {
  MakeBackup();
  struct stat info;
  ASSERT_EQ(stat(backup_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_FALSE(fs::exists(DraftPath(backup_)));
  std::ifstream in(ChecksumPath(backup_));
  std::string hex;
  std::string name;
  in >> hex >> name;
  EXPECT_EQ(hex.size(), 64u);
  EXPECT_EQ(name, "noon.backup");
  EXPECT_EQ(CopyLive(*Open(), backup_, [](uint64_t, uint64_t) { return true; }).code(),
            absl::StatusCode::kAlreadyExists);
}

TEST_F(RestoreTest, PutsTheBackupInPlaceUnderANewGenerationAndKeepsWhatWasThere) {
  MakeBackup();
  const absl::StatusOr<RestoreReport> report = Restore();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->checksum_compared);
  EXPECT_EQ(report->set_aside, database_ + ".replaced-1");
  const std::unique_ptr<Storage> restored = Open();
  EXPECT_TRUE(Has(*restored, "before"));
  EXPECT_FALSE(Has(*restored, "after"));
  EXPECT_EQ(restored->generation(), report->generation);
  EXPECT_NE(restored->generation(), generation_);
  StorageOptions aside;
  aside.path = report->set_aside;
  EXPECT_TRUE(Has(**Storage::Open(aside, random_), "after"));
}

TEST_F(RestoreTest, MakesTheFolderOfANewMachine) {
  MakeBackup();
  database_ = folder_ + "/elsewhere/doorstep.db";
  const absl::StatusOr<RestoreReport> report = Restore();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->set_aside, "");
  EXPECT_TRUE(Has(*Open(), "before"));
}

TEST_F(RestoreTest, RefusesAServerThatRuns) {
  MakeBackup();
  const std::unique_ptr<Storage> running = Open();
  const absl::StatusOr<RestoreReport> report = Restore();
  EXPECT_EQ(report.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(report.status().message()), HasSubstr("another server has this file open"));
  EXPECT_TRUE(Has(*running, "after"));
}

TEST_F(RestoreTest, LeavesTheServersFileAsItWasWhenTheBackupIsNoGood) {
  MakeBackup();
  const struct {
    const char* name;
    std::function<void()> spoil;
    absl::StatusCode want;
  } kCases[] = {
      {"other bytes than its checksum says",
       [&] {
         std::fstream file(backup_, std::ios::in | std::ios::out | std::ios::binary);
         file.seekp(100);
         file.put('!');
       },
       absl::StatusCode::kDataLoss},
      {"no database, and no checksum",
       [&] {
         fs::remove(ChecksumPath(backup_));
         std::ofstream(backup_, std::ios::binary) << "this is a shopping list, not a database, and it is long enough\n"
                                                  << std::string(4096, 'x');
       },
       absl::StatusCode::kFailedPrecondition},
      {"gone", [&] { fs::remove(backup_); }, absl::StatusCode::kNotFound},
  };
  for (const auto& c : kCases) {
    c.spoil();
    EXPECT_EQ(Restore().status().code(), c.want) << c.name << ": " << Restore().status();
    const std::unique_ptr<Storage> live = Open();
    EXPECT_TRUE(Has(*live, "after")) << c.name;
    EXPECT_EQ(live->generation(), generation_) << c.name;
    EXPECT_FALSE(fs::exists(database_ + ".restoring")) << c.name;
    EXPECT_FALSE(fs::exists(database_ + ".replaced-1")) << c.name;
  }
}

TEST_F(RestoreTest, WhenItFailsItLeavesNothingBehindAndSpeaksOfTheBackup) {
  const std::string list = folder_ + "/list.txt";
  std::ofstream(list, std::ios::binary) << "a shopping list\n" << std::string(4096, 'x');
  SeededRandom random(1);
  for (int again = 0; again < 2; ++again) {
    const absl::Status failed = RestoreBackup(list, database_, random).status();
    EXPECT_THAT(std::string(failed.message()), HasSubstr(list));
    EXPECT_THAT(std::string(failed.message()), ::testing::Not(HasSubstr("restoring")));
    EXPECT_TRUE(fs::is_empty(folder_ + "/server"));
  }
  MakeBackup();
  const bool lock = fs::exists(database_ + ".lock");
  EXPECT_FALSE(RestoreBackup(list, database_, random).ok());
  EXPECT_EQ(fs::exists(database_ + ".lock"), lock) << "a server's own lock stays";
  EXPECT_FALSE(fs::exists(database_ + ".restoring.lock"));
}

// A process may end after each step of putting the file in place; whoever opens the database next goes on.
TEST_F(RestoreTest, WhoeverOpensTheDatabaseFinishesWhatWasDecided) {
  MakeBackup();
  const struct {
    const char* name;
    bool log_is_aside;
    bool file_is_aside;
  } kCases[] = {{"decided", false, false}, {"the log is aside", true, false}, {"the file is aside", true, true}};
  int number = 0;
  for (const auto& c : kCases) {
    ++number;
    const std::string aside = database_ + ".replaced-" + std::to_string(number);
    fs::copy_file(backup_, database_ + ".restored");
    // A log of the file before, which would be taken for that of the restored one.
    std::ofstream(c.log_is_aside ? aside + "-wal" : database_ + "-wal") << "a log of another file";
    if (c.file_is_aside) fs::rename(database_, aside);
    const std::unique_ptr<Storage> opened = Open();
    EXPECT_TRUE(Has(*opened, "before")) << c.name;
    EXPECT_FALSE(Has(*opened, "after")) << c.name;
    EXPECT_TRUE(fs::exists(aside)) << c.name;
    EXPECT_TRUE(fs::exists(aside + "-wal")) << c.name;
    EXPECT_FALSE(fs::exists(database_ + ".restored")) << c.name;
    Note(*opened, "after");
  }
}

TEST_F(RestoreTest, ALogWhoseFileIsGoneIsSetAsideWithoutTouchingWhatWasSetAsideBefore) {
  MakeBackup();
  const std::string first = database_ + ".replaced-1";
  std::ofstream(first) << "the file of an earlier restore";
  std::ofstream(first + "-wal") << "and its log";
  fs::remove(database_);
  std::ofstream(database_ + "-wal") << "a log of another file";
  ASSERT_TRUE(Restore().ok());
  std::string word;
  std::ifstream(first + "-wal") >> word;
  EXPECT_EQ(word, "and");
  EXPECT_TRUE(fs::exists(database_ + ".replaced-2-wal"));
  EXPECT_TRUE(Has(*Open(), "before"));
}

TEST_F(RestoreTest, LeavesOutTheIdsThatPhonesMayHaveBeenGivenInTheLostTime) {
  MakeBackup();
  EXPECT_EQ(*NextDeviceId(Open()->writer()), "d1");
  ASSERT_TRUE(Restore().ok());
  EXPECT_EQ(*NextDeviceId(Open()->writer()), "d1001");
  {
    DeviceRow device;
    device.id = "d1500";
    ASSERT_TRUE(InsertDevice(Open()->writer(), device, {}).ok());
  }
  const std::unique_ptr<Storage> live = Open();
  ASSERT_TRUE(BeginGeneration(live->writer(), random_).ok());
  EXPECT_EQ(*NextDeviceId(live->writer()), "d2501");
  ASSERT_TRUE(BeginGeneration(live->writer(), random_).ok());
  EXPECT_EQ(*NextDeviceId(live->writer()), "d3501") << "those of the second lost time, too";
}

TEST_F(RestoreTest, TakesOnlyPlainNames) {
  for (const char* good : {"noon.backup", "2026-11-22", "a_b"}) EXPECT_TRUE(CheckBackupName(good).ok()) << good;
  for (const char* bad :
       {"", ".hidden", "../noon", "a/b", "a b", "-rf", "noon.partial", "noon.sha256", "noon.sha256.new"}) {
    EXPECT_EQ(CheckBackupName(bad).code(), absl::StatusCode::kInvalidArgument) << bad;
  }
  EXPECT_FALSE(CheckBackupName(std::string(65, 'x')).ok());
}

}  // namespace
}  // namespace doorstep
