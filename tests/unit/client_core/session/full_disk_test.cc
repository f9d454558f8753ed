// A phone whose disk is full: it records, sends, fetches nothing, says so, and is as before once there is room.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "client_core/session/session.h"
#include "tests/support/power_vfs.h"
#include "tests/unit/client_core/session/fake_server.h"

namespace doorstep {
namespace {

constexpr char kPull[] = "/doorstep.v1.SyncService/Pull";

class FullDiskTest : public ::testing::Test {
 protected:
  FullDiskTest() {
    std::string path = ::testing::TempDir() + "/full-disk-XXXXXX";
    directory_ = mkdtemp(path.data());
    SessionParts parts;
    parts.store.directory = directory_;
    parts.store.vfs = disk_.vfs();
    parts.store.reserve_bytes = int64_t{2} * 1024 * 1024;
    parts.clock = std::make_unique<SystemClock>();
    parts.random = std::make_unique<SeededRandom>(7);
    parts.transport = std::make_unique<FakeTransport>(&server_);
    session_ = Session::Open(std::move(parts)).value();
    v1::EnrolmentRequest request;
    request.set_invitation_code("invitation");
    EXPECT_TRUE(session_->Enrol(request).ok());
  }
  ~FullDiskTest() override {
    session_.reset();
    std::filesystem::remove_all(directory_);
  }
  absl::Status Note() {
    v1::AppendRequest request;
    request.mutable_entry()->set_visit_id("v");
    request.mutable_entry()->mutable_note()->set_text("text");
    return session_->Append(request).status();
  }
  // Long enough for a machine that has much else to do; what cannot be completed is given less.
  v1::SyncReport Sync(uint32_t time_ms = 30000) {
    v1::SyncBudget budget;
    budget.set_time_ms_max(time_ms);
    const absl::StatusOr<v1::SyncReport> report = session_->SyncOnce(budget);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : v1::SyncReport();
  }
  bool HasDiskEvent() {
    const absl::StatusOr<v1::EventsPollResponse> polled = session_->EventsPoll(1000, 0);
    if (!polled.ok()) return false;
    for (const v1::PhoneEvent& event : polled->events()) {
      if (event.kind() == v1::PhoneEvent::KIND_DISK) return true;
    }
    return false;
  }

  testing::PowerDisk disk_;
  std::string directory_;
  FakeServer server_;
  std::unique_ptr<Session> session_;
};

TEST_F(FullDiskTest, SendsWhatIsRecordedAndAsksForNoPageUntilThereIsRoom) {
  ASSERT_TRUE(Sync().complete());
  disk_.SetRoom(0);
  uint64_t recorded = 0;
  for (; session_->Status()->disk_full().empty() && recorded < 1000; ++recorded) ASSERT_TRUE(Note().ok());
  ASSERT_LT(recorded, 1000u) << "the disk never became full";
  server_.Put("technician:ana", v1::ENTITY_KIND_VISIT, "v", v1::Visit().SerializeAsString());
  const int pulls = server_.calls[kPull];
  const v1::SyncReport report = Sync(500);
  EXPECT_FALSE(report.complete());
  EXPECT_THAT(report.stopped_because(), ::testing::HasSubstr("the disk is"));
  EXPECT_EQ(report.entries_left(), 0u);
  EXPECT_EQ(server_.Entries().size(), recorded);
  EXPECT_EQ(server_.calls[kPull], pulls) << "a page would have been thrown away";
  EXPECT_TRUE(HasDiskEvent());
  EXPECT_THAT(session_->Status()->last_error(), ::testing::HasSubstr("make some room"));

  disk_.SetRoom(-1);
  EXPECT_TRUE(Sync().complete());
  EXPECT_GT(server_.calls[kPull], pulls);
  EXPECT_TRUE(HasDiskEvent());
  EXPECT_EQ(session_->Status()->disk_full(), "");
  EXPECT_EQ(session_->Status()->visits(), 1u);
}

TEST_F(FullDiskTest, SaysThatThisPhoneIsFullAndNotThatTheServerIsAway) {
  ASSERT_TRUE(Sync().complete());
  disk_.SetRoom(0);
  absl::Status noted;
  for (int i = 0; i < 50000 && noted.ok(); ++i) noted = Note();
  ASSERT_TRUE(absl::IsResourceExhausted(noted)) << "the reserve never came to its end: " << noted;
  const v1::SyncReport report = Sync(500);
  EXPECT_FALSE(report.complete());
  EXPECT_THAT(report.stopped_because(), ::testing::StartsWith("the disk is"));
  EXPECT_THAT(report.stopped_because(), ::testing::HasSubstr("at least 4 MB are needed"));
  EXPECT_THAT(report.stopped_because(), ::testing::Not(::testing::HasSubstr("INSERT")));
  EXPECT_THAT(session_->Status()->last_error(), ::testing::Not(::testing::HasSubstr("INSERT")));
  server_.refuse_token = true;
  EXPECT_THAT(Sync(500).stopped_because(), ::testing::HasSubstr("refuses this device")) << "the server is to blame now";
  server_.refuse_token = false;

  disk_.SetRoom(-1);
  EXPECT_TRUE(Sync().complete());
  EXPECT_EQ(session_->Status()->disk_full(), "");
}

TEST_F(FullDiskTest, APageThatDoesNotFitIsNotFetchedAgainUntilThereIsRoomForIt) {
  ASSERT_TRUE(Sync().complete());  // The reserve is made, and is kept: nothing is recorded meanwhile.
  disk_.SetRoom(64 * 1024);
  v1::Visit visit;
  visit.set_instructions(std::string(4000, 'x'));
  for (int i = 0; i < 100; ++i) {
    server_.Put("technician:ana", v1::ENTITY_KIND_VISIT, "v" + std::to_string(i), visit.SerializeAsString());
  }
  EXPECT_FALSE(Sync(500).complete());
  EXPECT_EQ(session_->Status()->visits(), 0u);
  const int pulls = server_.calls[kPull];
  for (int i = 0; i < 3; ++i) {
    const v1::SyncReport report = Sync(500);
    EXPECT_FALSE(report.complete());
    EXPECT_THAT(report.stopped_because(), ::testing::HasSubstr("does not fit"));
  }
  EXPECT_EQ(server_.calls[kPull], pulls) << "the same page would have been thrown away each time";
  EXPECT_TRUE(HasDiskEvent());
  EXPECT_THAT(session_->Status()->disk_full(), ::testing::HasSubstr("make some room"));
  EXPECT_GT(session_->Status()->reserve_bytes(), 0u);
  EXPECT_TRUE(Note().ok());

  disk_.SetRoom(-1);
  EXPECT_TRUE(Sync().complete());
  EXPECT_EQ(session_->Status()->visits(), 100u);
  EXPECT_EQ(session_->Status()->disk_full(), "");
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/room"));
}

}  // namespace
}  // namespace doorstep
