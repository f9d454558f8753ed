#include "server/storage/storage.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "client_core/base/random.h"
#include "server/storage/device_table.h"
#include "server/storage/feed_table.h"
#include "server/storage/work_order_table.h"

namespace doorstep {
namespace {

class StorageTest : public ::testing::Test {
 protected:
  StorageTest() {
    std::string path = (std::filesystem::temp_directory_path() / "doorstep-test-XXXXXX").string();
    folder_ = mkdtemp(path.data());
    options_.path = folder_ + "/doorstep.db";
  }
  ~StorageTest() override { std::filesystem::remove_all(folder_); }
  absl::StatusOr<std::unique_ptr<Storage>> Open() { return Storage::Open(options_, random_); }

  std::string folder_;
  StorageOptions options_;
  SeededRandom random_{1};
};

TEST_F(StorageTest, TheGenerationAndTheSecretStayWithTheFile) {
  const std::string generation = Open().value()->generation();
  const std::string secret = Open().value()->secret();
  EXPECT_EQ(generation.size(), 16u);
  EXPECT_EQ(secret.size(), 64u);
  EXPECT_EQ(Open().value()->generation(), generation);
  EXPECT_EQ(Open().value()->secret(), secret);
  options_.path = folder_ + "/another.db";
  EXPECT_NE(Open().value()->secret(), secret);
}

TEST_F(StorageTest, AFileWithoutASecretDrawsOne) {
  ASSERT_TRUE(Open().value()->writer().database().Execute("DELETE FROM meta WHERE key = 'secret'").ok());
  const std::string secret = Open().value()->secret();
  EXPECT_EQ(secret.size(), 64u);
  EXPECT_EQ(Open().value()->secret(), secret);
}

TEST_F(StorageTest, ASecondServerOnTheSameFileIsRefused) {
  const std::unique_ptr<Storage> first = Open().value();
  const absl::Status second = Open().status();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(second.message().find("another server has this file open"), absl::string_view::npos) << second;
}

// Its work orders say their state in their bytes, its serials were not filled yet, and of either one row is damaged.
TEST_F(StorageTest, AFileOfAnEarlierVersionIsBroughtForward) {
  v1::Asset asset;
  asset.set_id("a1");
  asset.set_serial("x 1");
  v1::WorkOrder order;
  order.set_id("o1");
  order.set_description("leaks");
  order.set_state(v1::WORK_ORDER_STATE_OPEN);
  order.set_version(3);
  {
    const std::unique_ptr<Storage> storage = Open().value();
    SqlSession& sql = storage->writer();
    Query insert = sql.Use(
        "INSERT INTO work_order (n, id, account, state, version, bytes) VALUES (1, 'damaged', 1, 1, 1, x'ff'), "
        "(2, 'o1', 1, $1, 4, $2)");
    const std::string bytes = order.SerializeAsString();
    ASSERT_TRUE(insert.Int(1, v1::WORK_ORDER_STATE_COMPLETED).Blob(2, bytes).Run().ok());
    Query assets =
        sql.Use("INSERT INTO asset (id, account, version, bytes) VALUES ('a0', 1, 1, x'ff'), ('a1', 1, 1, $1)");
    const std::string asset_bytes = asset.SerializeAsString();
    ASSERT_TRUE(assets.Blob(1, asset_bytes).Run().ok());
    ASSERT_TRUE(AddFeedReference(sql, 7, v1::ENTITY_KIND_SITE, "s1", 9).ok());
    // What later migrations add is not there yet.
    ASSERT_TRUE(sql.database()
                    .Execute("INSERT INTO device_contact (device, last_contact_us, queued_entries, core_version) "
                             "VALUES (1, 5, 0, 'core');"
                             "DROP TABLE signing_key;"
                             "DROP INDEX device_contact_by_push_token; DROP INDEX device_contact_wanted;"
                             "ALTER TABLE device_contact DROP COLUMN push_token;"
                             "ALTER TABLE device_contact DROP COLUMN wake_reason;"
                             "ALTER TABLE device_contact DROP COLUMN wake_wanted_us;"
                             "PRAGMA user_version=4")
                    .ok());
  }
  const std::unique_ptr<Storage> storage = Open().value();
  SqlSession& sql = storage->writer();
  const v1::WorkOrder found = FindWorkOrder(sql, "o1").value()->order;
  EXPECT_EQ(found.state(), v1::WORK_ORDER_STATE_COMPLETED) << "the column says it";
  EXPECT_EQ(found.version(), 4);
  EXPECT_EQ(found.description(), "leaks");
  Query stored = sql.Use("SELECT bytes FROM work_order WHERE n = 2");
  ASSERT_TRUE(stored.Step().value());
  order.clear_state();
  order.clear_version();
  EXPECT_EQ(stored.Blob(0), order.SerializeAsString()) << "as a rebuild would write them";
  EXPECT_TRUE(absl::IsDataLoss(FindWorkOrder(sql, "damaged").status()));
  EXPECT_EQ(RemoveFeedReferences(sql, 7, 9)->size(), 1u);
  Query serials = sql.Use("SELECT count(*) FROM asset_serial WHERE asset = 'a1'");
  ASSERT_TRUE(serials.Step().value());
  EXPECT_EQ(serials.Int(0), 1);
  EXPECT_FALSE(FindDeviceContact(sql, 1)->has_push_token);
}

// The columns are put beside the bytes, and must not heal what the disk has cut off.
TEST_F(StorageTest, AWorkOrderWhoseEndIsMissingIsNotReadable) {
  const std::unique_ptr<Storage> storage = Open().value();
  SqlSession& sql = storage->writer();
  v1::WorkOrder order;
  order.set_id("o1");
  order.set_description("the boiler leaks");
  order.set_version(4);
  ASSERT_TRUE(WriteWorkOrder(sql, order, 1).ok());
  v1::WorkOrder sent;
  ASSERT_TRUE(sent.ParseFromString(FindWorkOrderBytes(sql, "o1").value()));
  EXPECT_EQ(sent.SerializeAsString(), order.SerializeAsString());
  order.clear_version();
  const std::string whole = order.SerializeAsString();
  for (size_t cut = 1; cut < 8; ++cut) {
    const std::string bytes = whole.substr(0, whole.size() - cut);
    ASSERT_TRUE(sql.Use("UPDATE work_order SET bytes = $1").Blob(1, bytes).Run().ok());
    EXPECT_FALSE(sent.ParseFromString(FindWorkOrderBytes(sql, "o1").value())) << cut << ": " << sent.ShortDebugString();
  }
}

TEST_F(StorageTest, AFileOfANewerVersionIsRefused) {
  ASSERT_TRUE(Open().value()->writer().database().Execute("PRAGMA user_version=99").ok());
  const absl::Status opened = Open().status();
  EXPECT_EQ(opened.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(opened.message().find("newer version"), absl::string_view::npos) << opened;
}

TEST_F(StorageTest, WhatIsNoDatabaseIsRefused) {
  std::ofstream(options_.path) << std::string(8192, 'x');
  EXPECT_FALSE(Open().ok());
}

TEST_F(StorageTest, ReadersSeeOneConsistentView) {
  const std::unique_ptr<Storage> storage = Open().value();
  auto count = [](SqlSession& sql) {
    Query query = sql.Use("SELECT count(*) FROM meta");
    EXPECT_TRUE(query.Step().value());
    return query.Int(0);
  };
  ASSERT_TRUE(
      storage
          ->Read("meta",
                 [&](SqlSession& sql) {
                   const int64_t before = count(sql);
                   EXPECT_TRUE(
                       storage->writer().Use("INSERT INTO meta (key, value) VALUES ('another', 'row')").Run().ok());
                   EXPECT_EQ(count(sql), before) << "a read is not disturbed by a commit";
                   return absl::OkStatus();
                 })
          .ok());
  ASSERT_TRUE(storage
                  ->Read("meta",
                         [&](SqlSession& sql) {
                           EXPECT_EQ(count(sql), 3);
                           return absl::OkStatus();
                         })
                  .ok());
}

TEST_F(StorageTest, AFailedSavepointUndoesWhatItWroteAndNothingElse) {
  const std::unique_ptr<Storage> storage = Open().value();
  SqlSession& sql = storage->writer();
  auto add = [&](const char* key) {
    return sql.Use("INSERT INTO meta (key, value) VALUES ($1, '')").Text(1, key).Run();
  };
  ASSERT_TRUE(sql.Transaction([&]() -> absl::Status {
                   EXPECT_TRUE(add("first").ok());
                   const absl::Status inner = sql.Savepoint([&]() -> absl::Status {
                     EXPECT_TRUE(add("second").ok());
                     return absl::AbortedError("no");
                   });
                   EXPECT_EQ(inner.code(), absl::StatusCode::kAborted);
                   return add("third");
                 })
                  .ok());
  Query query = sql.Use("SELECT count(*) FROM meta WHERE key IN ('first', 'second', 'third')");
  ASSERT_TRUE(query.Step().value());
  EXPECT_EQ(query.Int(0), 2);
}

}  // namespace
}  // namespace doorstep
