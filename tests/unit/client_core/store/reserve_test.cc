// Room that is kept for a full disk.
#include "client_core/store/reserve.h"

#include <unistd.h>

#include "tests/support/power_vfs.h"
#include "tests/unit/client_core/store/store_fixture.h"

namespace doorstep {
namespace {

using ::testing::HasSubstr;
using testing::PowerDisk;

constexpr int64_t kSmallReserve = int64_t{2} * 1024 * 1024;

class ReserveTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    disk_ = std::make_unique<PowerDisk>();
    options_.vfs = disk_->vfs();
    options_.reserve_bytes = kSmallReserve;
  }
  void TearDown() override {
    StoreTest::TearDown();
    disk_.reset();
  }
  // As a phone is from its enrolment on.
  void OpenWithReserve() {
    ASSERT_OK(Open());
    EXPECT_EQ(ReadFile("reserve"), "") << "a new app is opened without waiting for it";
    OpenEnrolled();
  }
  v1::PhoneStatus Status() {
    v1::PhoneStatus status;
    EXPECT_TRUE(store_->FillStatus(ClockReading(), &status).ok());
    return status;
  }
  // Leaves no room, and appends until the reserve is given up; each of them is recorded. How many they were.
  int FillTheDisk() {
    disk_->SetRoom(0);
    int taken = 0;
    while (store_->disk_full().empty() && taken < 1000) {
      if (Append(EntryOf("v1", v1::LogEntry::kNote)) == 0) return -1;
      ++taken;
    }
    return taken;
  }
  // Appends until the disk takes no more, and returns how many it took.
  int AppendUntilRefused() {
    for (int i = 0; i < 100000; ++i) {
      const absl::Status status = store_->Append("ana", EntryOf("v1", v1::LogEntry::kNote, i), "").status();
      if (absl::IsResourceExhausted(status)) return i;
      EXPECT_TRUE(status.ok()) << status;
    }
    return -1;
  }

  std::unique_ptr<PowerDisk> disk_;
};

TEST_F(ReserveTest, IsMadeOnceAndTakesItsRoom) {
  OpenWithReserve();
  EXPECT_EQ(ReadFile("reserve").size(), size_t{kSmallReserve});
  EXPECT_EQ(Status().reserve_bytes(), uint64_t{kSmallReserve});
  EXPECT_EQ(Status().disk_full(), "");
  const std::string made = ReadFile("reserve");
  ASSERT_OK(Open());
  EXPECT_EQ(ReadFile("reserve"), made);
}

TEST_F(ReserveTest, RecordingGoesOnWhenTheDiskIsFull) {
  OpenWithReserve();
  AppendNotes(3);
  const int taken = FillTheDisk();
  ASSERT_GT(taken, 0) << "the tap that found the disk full was recorded all the same";
  EXPECT_EQ(ReadFile("reserve"), "");
  EXPECT_EQ(Status().reserve_bytes(), 0u);
  EXPECT_THAT(Status().disk_full(), HasSubstr("make some room"));
  // What the reserve left is good for a day of taps.
  AppendNotes(300);
  EXPECT_EQ(journal().Counts().recorded, static_cast<uint64_t>(303 + taken));
  EXPECT_GT(AppendUntilRefused(), 0) << "and it ends at last, with a clear refusal";
  const uint64_t recorded = journal().Counts().recorded;
  ASSERT_OK(Open());
  EXPECT_EQ(journal().Counts().recorded, recorded);
}

TEST_F(ReserveTest, NothingIsFetchedIntoTheRoomOfRecording) {
  OpenWithReserve();
  ASSERT_GT(FillTheDisk(), 0);
  const absl::Status refused = store_->CanFetch();
  EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused;
  disk_->SetRoom(-1);
  ASSERT_OK(store_->CanFetch());
  EXPECT_EQ(ReadFile("reserve").size(), size_t{kSmallReserve});
  EXPECT_EQ(Status().disk_full(), "");
}

TEST_F(ReserveTest, IsNotMadeAgainWhereItWouldBeGivenUpAtOnce) {
  OpenWithReserve();
  ASSERT_GT(FillTheDisk(), 0);
  disk_->SetRoom(kSmallReserve + kSmallReserve / 8);
  EXPECT_TRUE(absl::IsResourceExhausted(store_->CanFetch()));
  EXPECT_EQ(ReadFile("reserve"), "") << "the try left nothing behind";
  disk_->SetRoom(kSmallReserve + kSmallReserve / 2);
  ASSERT_OK(store_->CanFetch());
}

TEST_F(ReserveTest, OneThatAProcessLeftHalfMadeIsMadeAnew) {
  OpenWithReserve();
  store_.reset();
  OverwriteFile("reserve", 0, "x");
  ASSERT_EQ(truncate(Path("reserve").c_str(), 1000), 0);
  ASSERT_OK(Open());
  EXPECT_EQ(ReadFile("reserve").size(), size_t{kSmallReserve});
}

TEST_F(ReserveTest, APhoneThatIsOpenedOnAFullDiskRecords) {
  OpenWithReserve();
  AppendNotes(2);
  store_.reset();
  disk_->SetRoom(0);
  ASSERT_OK(Open());
  AppendNotes(200);
  EXPECT_EQ(journal().Counts().recorded, 202u);
}

}  // namespace
}  // namespace doorstep
