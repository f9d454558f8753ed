// The disk that loses power loses what it should and nothing else: else everything that a simulation says is worth
// nothing.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "client_core/base/random.h"
#include "client_core/sqlite/database.h"
#include "tests/support/memory_vfs.h"
#include "tests/support/power_vfs.h"

namespace doorstep::testing {
namespace {

class PowerDiskTest : public ::testing::TestWithParam<const char*> {
 protected:
  PowerDiskTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "power-XXXXXX").string();
    folder_ = mkdtemp(folder.data());
  }
  ~PowerDiskTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<sqlite::Database> Open(sqlite::Synchronous synchronous) {
    sqlite::OpenOptions options;
    options.path = folder_ + "/db";
    options.vfs = disk_.vfs();
    options.synchronous = synchronous;
    options.exclusive = true;
    auto db = sqlite::Database::Open(options);
    EXPECT_TRUE(db.ok()) << db.status();
    EXPECT_TRUE((*db)->Execute("CREATE TABLE IF NOT EXISTS t (n INTEGER)").ok());
    return *std::move(db);
  }
  static int64_t Rows(sqlite::Database& db) {
    auto statement = db.Prepare("SELECT count(*) FROM t");
    EXPECT_TRUE(statement.ok() && statement->Step().value());
    return statement->Int(0);
  }
  // Rows committed, then a power cut: how many are there afterwards.
  int64_t RowsAfterPowerCut(sqlite::Synchronous synchronous, int rows) {
    {
      const std::unique_ptr<sqlite::Database> db = Open(synchronous);
      for (int i = 0; i < rows; ++i) EXPECT_TRUE(db->Execute("INSERT INTO t VALUES (1)").ok());
      disk_.DieAfter(0);
    }
    disk_.ReviveAfterPowerCut(random_);
    const std::unique_ptr<sqlite::Database> db = Open(synchronous);
    EXPECT_EQ(db->CheckIntegrity(), absl::OkStatus());
    return Rows(*db);
  }

  SeededRandom random_{1};
  PowerDisk disk_{GetParam()};
  std::string folder_;
};

TEST_P(PowerDiskTest, APowerCutTakesNothingThatWasSynced) {
  for (int round = 1; round <= 20; ++round) {
    ASSERT_EQ(RowsAfterPowerCut(sqlite::Synchronous::kFull, 5), 5 * round);
  }
}

TEST_P(PowerDiskTest, APowerCutTakesWhatWasNotSynced) {
  int64_t least = 100;
  for (int round = 0; round < 20; ++round) {
    const int64_t before = Rows(*Open(sqlite::Synchronous::kNormal));
    least = std::min(least, RowsAfterPowerCut(sqlite::Synchronous::kNormal, 5) - before);
  }
  EXPECT_LT(least, 5);
}

TEST_P(PowerDiskTest, AKilledProcessLeavesEverythingItWrote) {
  {
    const std::unique_ptr<sqlite::Database> db = Open(sqlite::Synchronous::kNormal);
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(db->Execute("INSERT INTO t VALUES (1)").ok());
    disk_.DieAfter(0);
    EXPECT_FALSE(db->Execute("INSERT INTO t VALUES (1)").ok());
  }
  disk_.Revive();
  EXPECT_EQ(Rows(*Open(sqlite::Synchronous::kNormal)), 5);
}

// The death strikes at each operation of a commit, also between its write and its sync.
TEST_P(PowerDiskTest, WhatWasReadAfterADeathIsThereAfterAPowerCut) {
  constexpr int kCuts = 8;  // Each loses other sectors.
  for (int operations = 0; operations < 8; ++operations) {
    for (int cut = 0; cut < kCuts; ++cut) {
      {
        const std::unique_ptr<sqlite::Database> db = Open(sqlite::Synchronous::kFull);
        disk_.DieAfter(operations);
        (void)db->Execute("INSERT INTO t VALUES (1)");
        disk_.DieAfter(0);
      }
      disk_.Revive();
      int64_t seen = 0;
      {
        const std::unique_ptr<sqlite::Database> db = Open(sqlite::Synchronous::kFull);
        seen = Rows(*db);
        disk_.DieAfter(0);
      }
      disk_.ReviveAfterPowerCut(random_);
      ASSERT_GE(Rows(*Open(sqlite::Synchronous::kFull)), seen) << "dead after " << operations;
    }
  }
}

TEST_P(PowerDiskTest, AFullDiskRefusesAndKeepsWhatIsThere) {
  const std::unique_ptr<sqlite::Database> db = Open(sqlite::Synchronous::kFull);
  ASSERT_TRUE(db->Execute("INSERT INTO t VALUES (1)").ok());
  disk_.SetFull(true);
  EXPECT_EQ(db->Execute("INSERT INTO t VALUES (1)").code(), absl::StatusCode::kResourceExhausted);
  disk_.SetFull(false);
  EXPECT_EQ(Rows(*db), 1);
}

INSTANTIATE_TEST_SUITE_P(Below, PowerDiskTest, ::testing::Values("unix", MemoryVfs()),
                         [](const auto& below) { return below.index == 0 ? "Files" : "Memory"; });

// ---- files in memory ----

class MemoryVfsTest : public ::testing::Test {
 protected:
  MemoryVfsTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "memory-XXXXXX").string();
    folder_ = mkdtemp(folder.data());
  }
  ~MemoryVfsTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<sqlite::Database> Open(const std::string& vfs, bool read_only = false) {
    sqlite::OpenOptions options;
    options.path = folder_ + "/db";
    options.vfs = vfs;
    options.read_only = read_only;
    auto db = sqlite::Database::Open(options);
    EXPECT_TRUE(db.ok()) << db.status();
    return *std::move(db);
  }
  static std::string Text(sqlite::Database& db) {
    auto statement = db.Prepare("SELECT group_concat(n) FROM t");
    EXPECT_TRUE(statement.ok() && statement->Step().value());
    return std::string(statement->Text(0));
  }

  std::string folder_;
};

TEST_F(MemoryVfsTest, WhoOpensTheFileAfterwardsFindsItOnTheDisk) {
  ASSERT_TRUE(Open(MemoryVfs())->Execute("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1), (2)").ok());
  EXPECT_EQ(Text(*Open("")), "1,2");
  ASSERT_TRUE(Open("")->Execute("INSERT INTO t VALUES (3)").ok());
  EXPECT_EQ(Text(*Open(MemoryVfs())), "1,2,3");
}

TEST_F(MemoryVfsTest, WhatIsDroppedLeavesTheDiskAsItWas) {
  ASSERT_TRUE(Open(MemoryVfs())->Execute("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1)").ok());
  {
    const auto db = Open(MemoryVfs());
    ASSERT_TRUE(db->Execute("INSERT INTO t VALUES (2)").ok());
    DropMemoryFiles();
  }
  EXPECT_EQ(Text(*Open("")), "1");
  ASSERT_TRUE(Open(MemoryVfs())->Execute("INSERT INTO t VALUES (3)").ok());
  EXPECT_EQ(Text(*Open("")), "1,3");
}

TEST_F(MemoryVfsTest, ReadersSeeWhatIsCommittedAndTwoWritersExcludeEachOther) {
  const auto writer = Open(MemoryVfs());
  ASSERT_TRUE(writer->Execute("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1)").ok());
  const auto reader = Open(MemoryVfs(), /*read_only=*/true);
  ASSERT_TRUE(writer->Execute("BEGIN IMMEDIATE; INSERT INTO t VALUES (2)").ok());
  EXPECT_EQ(Text(*reader), "1");
  const auto other = Open(MemoryVfs());
  ASSERT_TRUE(other->Execute("PRAGMA busy_timeout=0").ok());
  EXPECT_EQ(other->Execute("INSERT INTO t VALUES (3)").code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(writer->Execute("COMMIT").ok());
  EXPECT_EQ(Text(*reader), "1,2");
  ASSERT_TRUE(other->Execute("INSERT INTO t VALUES (3)").ok());
  EXPECT_EQ(Text(*reader), "1,2,3");
}

}  // namespace
}  // namespace doorstep::testing
