// By what phones are woken: no two by the same, and a blocked one by nothing.
#include "server/storage/push_table.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "client_core/base/random.h"
#include "server/storage/device_table.h"
#include "server/storage/storage.h"

namespace doorstep {
namespace {

class PushTableTest : public ::testing::Test {
 protected:
  PushTableTest() {
    std::string folder = testing::TempDir() + "/push-XXXXXX";
    folder_ = mkdtemp(folder.data());
    options_.path = folder_ + "/doorstep.db";
    storage_ = Storage::Open(options_, random_).value();
  }
  ~PushTableTest() override {
    storage_.reset();
    std::filesystem::remove_all(folder_);
  }
  // A device that has been in contact.
  DeviceRow Device(const std::string& id) {
    DeviceRow row;
    row.id = id;
    row.n = InsertDevice(sql(), row, {"ana"}).value();
    EXPECT_TRUE(WriteDeviceContact(sql(), row.n, {1, 0, "core"}).ok());
    return row;
  }
  bool HasToken(const DeviceRow& row) { return FindDeviceContact(sql(), row.n).value().has_push_token; }
  SqlSession& sql() { return storage_->writer(); }

  std::string folder_;
  StorageOptions options_;
  SeededRandom random_{1};
  std::unique_ptr<Storage> storage_;
};

TEST_F(PushTableTest, ATokenIsOfTheNewestDeviceThatTellsIt) {
  const DeviceRow one = Device("d1");
  const DeviceRow two = Device("d2");
  const DeviceRow other = Device("d3");
  ASSERT_TRUE(WritePushToken(sql(), one.n, "fcm-1").ok());
  ASSERT_TRUE(WritePushToken(sql(), other.n, "fcm-3").ok());
  ASSERT_TRUE(WritePushToken(sql(), two.n, "fcm-1").ok());
  EXPECT_FALSE(HasToken(one));
  EXPECT_TRUE(HasToken(two));
  EXPECT_TRUE(HasToken(other));
  ASSERT_TRUE(WritePushToken(sql(), two.n, "").ok());
  ASSERT_TRUE(WritePushToken(sql(), one.n, "").ok()) << "any number may have none";
  EXPECT_FALSE(HasToken(two));
}

TEST_F(PushTableTest, ABlockedDeviceHasNone) {
  DeviceRow row = Device("d1");
  ASSERT_TRUE(WritePushToken(sql(), row.n, "fcm-1").ok());
  row.lane = v1::LANE_DRAIN_ONLY;
  ASSERT_TRUE(UpdateDevice(sql(), row).ok());
  EXPECT_TRUE(HasToken(row)) << "it has a queue to send";
  row.lane = v1::LANE_BLOCKED;
  ASSERT_TRUE(UpdateDevice(sql(), row).ok());
  EXPECT_FALSE(HasToken(row));
}

}  // namespace
}  // namespace doorstep
