#include "server/storage/projections.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "client_core/base/random.h"
#include "server/storage/storage.h"

namespace doorstep {
namespace {

// A live file and one that was made again beside it, as a rebuild has them.
class ProjectionsTest : public ::testing::Test {
 protected:
  ProjectionsTest() {
    std::string path = (std::filesystem::temp_directory_path() / "doorstep-test-XXXXXX").string();
    folder_ = mkdtemp(path.data());
    StorageOptions options;
    options.path = folder_ + "/live.db";
    live_ = Storage::Open(options, random_).value();
    options.path = folder_ + "/fresh.db";
    options.scratch = true;
    options.readers = 0;
    fresh_ = Storage::Open(options, random_).value();
  }
  ~ProjectionsTest() override { std::filesystem::remove_all(folder_); }

  void Live(const std::string& sql) { ASSERT_TRUE(live_->writer().database().Execute(sql).ok()) << sql; }
  void Fresh(const std::string& sql) { ASSERT_TRUE(fresh_->writer().database().Execute(sql).ok()) << sql; }
  void Both(const std::string& sql) {
    Live(sql);
    Fresh(sql);
  }
  ProjectionComparison Compare() { return CompareProjections(live_->writer(), fresh_->writer()).value(); }

  std::string folder_;
  SeededRandom random_{1};
  std::unique_ptr<Storage> live_;
  std::unique_ptr<Storage> fresh_;
};

TEST_F(ProjectionsTest, TheSameRowsAreEqualAndHashTheSame) {
  const std::string empty = Compare().hash;
  Both("INSERT INTO brief (account, version, bytes) VALUES (1, 1, x'00ff')");
  const ProjectionComparison same = Compare();
  EXPECT_EQ(same.differences, std::vector<std::string>{});
  EXPECT_EQ(same.hash.size(), 32u);
  EXPECT_NE(same.hash, empty);
  Live("UPDATE brief SET bytes = x'00fe'");
  EXPECT_NE(Compare().hash, same.hash);
}

TEST_F(ProjectionsTest, NamesTheTableAndTheFirstRowThatDiffers) {
  Both("INSERT INTO brief (account, version, bytes) VALUES (1, 1, x'01'), (2, 1, x'02'), (3, 1, x'03')");
  Fresh("UPDATE brief SET bytes = x'09' WHERE account > 1");
  EXPECT_EQ(Compare().differences,
            std::vector<std::string>{"brief: row (2), column bytes: '\\x02' in the file, '\\t' computed anew"});
  Fresh("UPDATE brief SET version = 7, bytes = zeroblob(1000) WHERE account = 1");
  EXPECT_EQ(Compare().differences,
            std::vector<std::string>{"brief: row (1), column version: 1 in the file, 7 computed anew"});
  Fresh("UPDATE brief SET version = 1 WHERE account = 1");
  EXPECT_LT(Compare().differences.at(0).size(), 300u) << "of a long value only what differs";
  Fresh("UPDATE brief SET bytes = x'01' WHERE account = 1");
  Fresh("DELETE FROM brief WHERE account > 1");
  EXPECT_EQ(Compare().differences, std::vector<std::string>{"brief: row (2) is in the file only"});
  Fresh("INSERT INTO brief (account, version, bytes) VALUES (2, 1, x'02'), (3, 1, x'03'), (4, 1, x'04')");
  EXPECT_EQ(Compare().differences, std::vector<std::string>{"brief: row (4) is computed anew only"});
}

TEST_F(ProjectionsTest, NothingIsNotTheSameAsZeroOrEmpty) {
  const std::string row =
      "INSERT INTO visit (n, id, account, work_order, kind, state, version, attention, time_us, day, began_us, "
      "began_day, ended_us, ended_day, outcome, asset, fault, chain, bytes, fold) "
      "VALUES (1, 'v', 0, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '', '', NULL, x'', x'')";
  Both(row);
  EXPECT_EQ(Compare().differences.size(), 0u);
  Fresh("UPDATE visit SET work_order = 0");
  EXPECT_EQ(Compare().differences.size(), 1u);
  Fresh("UPDATE visit SET work_order = NULL, chain = ''");
  EXPECT_EQ(Compare().differences.size(), 1u);
}

TEST_F(ProjectionsTest, BytesMayNotMoveFromOneColumnToTheNext) {
  Both("INSERT INTO account (n, id, name, version, bytes) VALUES (1, 'ab', 'c', 0, x'')");
  Fresh("UPDATE account SET id = 'a', name = 'bc'");
  EXPECT_EQ(Compare().differences.size(), 1u);
}

TEST_F(ProjectionsTest, WhatIsNoProjectionMayDiffer) {
  Live("INSERT INTO request (principal, request_id, body_hash, answer, commit_us) VALUES ('a', 'b', x'', x'', 1)");
  EXPECT_EQ(Compare().differences, std::vector<std::string>{}) << "and the generations differ too";
}

}  // namespace
}  // namespace doorstep
