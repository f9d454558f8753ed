// The phone's three calls: what is taken, what is refused, and that no device reads another's feed.

#include <gmock/gmock.h>

#include "client_core/rules/frame_codec.h"
#include "client_core/sqlite/database.h"
#include "tests/unit/server/services/test_server.h"

namespace doorstep::testing {
namespace {

using Stub = v1::SyncService::Stub;

class SyncServiceTest : public ServerTest {
 protected:
  SyncServiceTest() {
    ImportBasics();
    phone_ = Enroll("T-1");
  }

  grpc::Status TryPush(const std::string& frame, v1::PushResponse* response) {
    v1::PushRequest request;
    request.set_frame(frame);
    return Call(phone_.enrolled.token(), sync_, &Stub::Push, request, response);
  }
  grpc::Status TryPull(const std::string& feed, v1::PullResponse* response) {
    v1::PullRequest request;
    request.set_feed(feed);
    return Call(phone_.enrolled.token(), sync_, &Stub::Pull, request, response);
  }
  v1::HelloResponse SayHello(bool queue_empty, uint64_t queued = 0) {
    v1::HelloRequest request;
    request.set_queue_empty(queue_empty);
    request.set_queued_entries(queued);
    v1::HelloResponse response;
    const grpc::Status status = Call(phone_.enrolled.token(), sync_, &Stub::Hello, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  void SetLane(v1::Lane lane) {
    server_.reset();
    {
      sqlite::OpenOptions options;
      options.path = folder_.path() + "/data/doorstep.db";
      auto db = sqlite::Database::Open(options);
      ASSERT_TRUE(db.ok()) << db.status();
      ASSERT_TRUE((*db)->Execute("UPDATE device SET lane = " + std::to_string(lane)).ok());
    }
    Restart();
  }
  v1::Device Device() {
    v1::ListDevicesResponse response;
    const grpc::Status status = Ask(admin_, &v1::AdminService::Stub::ListDevices, v1::ListDevicesRequest(), &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.devices(0);
  }

  Phone phone_;
};

TEST_F(SyncServiceTest, TakesAFrameAndSaysHowFarItIsDurable) {
  DispatchedVisit("V-1", "T-1");
  const v1::PushResponse response = Push(phone_, {ArrivedEntry("V-1"), NoteEntry("V-1", "hello")});
  EXPECT_EQ(response.mark().epoch(), 1u);
  EXPECT_EQ(response.mark().received_through(), 2u);
  EXPECT_EQ(response.mark().hash(), phone_.head_hash);
  EXPECT_EQ(response.grant().frame_bytes_max(), 786432u);
  EXPECT_EQ(response.grant().wait_ms(), 0u);
  EXPECT_FALSE(response.has_fork());
  EXPECT_FALSE(response.generation().empty());
}

TEST_F(SyncServiceTest, AnswersARepeatedFrameTheSameAndCountsItOnce) {
  DispatchedVisit("V-1", "T-1");
  const std::string frame = MakeFrame(phone_, {ArrivedEntry("V-1")});
  v1::PushResponse first;
  v1::PushResponse second;
  ASSERT_OK(TryPush(frame, &first));
  ASSERT_OK(TryPush(frame, &second));
  EXPECT_EQ(first.mark().SerializeAsString(), second.mark().SerializeAsString());
  EXPECT_EQ(Device().received_entries(), 1u);
}

TEST_F(SyncServiceTest, LeavesTheMarkWhenAFrameOvertookAnother) {
  DispatchedVisit("V-1", "T-1");
  const std::string first = MakeFrame(phone_, {ArrivedEntry("V-1")});
  const std::string second = MakeFrame(phone_, {NoteEntry("V-1", "later")});
  v1::PushResponse response;
  ASSERT_OK(TryPush(second, &response));
  EXPECT_EQ(response.mark().received_through(), 0u);
  ASSERT_OK(TryPush(first, &response));
  ASSERT_OK(TryPush(second, &response));
  EXPECT_EQ(response.mark().received_through(), 2u);
}

TEST_F(SyncServiceTest, RefusesFramesThatAreNoFramesAndStoresNothingOfThem) {
  DispatchedVisit("V-1", "T-1");
  v1::PushResponse response;
  EXPECT_EQ(TryPush("garbage", &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  const std::string good = MakeFrame(phone_, {ArrivedEntry("V-1")});
  EXPECT_EQ(TryPush(good.substr(0, good.size() / 2), &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(TryPush(std::string(800 * 1024, 'x'), &response).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  v1::Frame broken;
  ASSERT_TRUE(broken.ParseFromString(good));
  broken.mutable_header()->set_head_hash(std::string(32, 'x'));
  EXPECT_CODE(TryPush(broken.SerializeAsString(), &response), INVALID_ARGUMENT, "frame.header.head_hash");
  EXPECT_EQ(Device().received_entries(), 0u);
}

TEST_F(SyncServiceTest, RefusesTheFrameOfAnotherDevice) {
  Phone other = Enroll("T-2");
  v1::PushResponse response;
  EXPECT_EQ(TryPush(MakeFrame(other, {NoteEntry("V-1", "x")}), &response).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(SyncServiceTest, NeverRefusesAFactForWhatItSays) {
  const v1::PushResponse response = Push(phone_, {ArrivedEntry("no such visit")});
  EXPECT_EQ(response.mark().received_through(), 1u);
  v1::GetStatusResponse status;
  ASSERT_OK(Ask(admin_, &v1::AdminService::Stub::GetStatus, v1::GetStatusRequest(), &status));
  EXPECT_EQ(status.quarantined(), 1u);
}

TEST_F(SyncServiceTest, TellsMarksAndFeedsOfThisDeviceInHello) {
  DispatchedVisit("V-1", "T-1");
  Push(phone_, {ArrivedEntry("V-1")});
  const v1::HelloResponse response = SayHello(/*queue_empty=*/false, 7);
  ASSERT_EQ(response.marks_size(), 1);
  EXPECT_EQ(response.marks(0).received_through(), 1u);
  ASSERT_EQ(response.feeds_size(), 2);
  EXPECT_EQ(response.feeds(0).feed(), "device");
  EXPECT_EQ(response.feeds(1).feed(), "technician:T-1");
  EXPECT_GT(response.feeds(1).seq(), 0);
  EXPECT_EQ(Device().queued_entries(), 7u);
  EXPECT_GT(Device().last_contact_time_us(), 0);
}

TEST_F(SyncServiceTest, MovesReportedThroughOnlyWhenTheQueueIsEmpty) {
  const int64_t enrolled_us = Device().reported_through_time_us();
  MoveClock(kHourUs);
  SayHello(/*queue_empty=*/false);
  EXPECT_EQ(Device().reported_through_time_us(), enrolled_us);
  SayHello(/*queue_empty=*/true);
  const int64_t through_us = Device().reported_through_time_us();
  EXPECT_GE(through_us, enrolled_us + kHourUs);
  v1::HelloRequest late;
  late.set_queue_empty(true);
  late.mutable_clock()->set_server_time_us(through_us - kMinuteUs);
  v1::HelloResponse response;
  ASSERT_OK(Call(phone_.enrolled.token(), sync_, &Stub::Hello, late, &response));
  EXPECT_EQ(Device().reported_through_time_us(), through_us);
}

TEST_F(SyncServiceTest, NamesFieldAndBoundOfABadHello) {
  v1::HelloRequest request;
  request.set_core_version(std::string(65, 'x'));
  v1::HelloResponse response;
  EXPECT_CODE(Call(phone_.enrolled.token(), sync_, &Stub::Hello, request, &response), INVALID_ARGUMENT,
              "core_version: must have at most 64 bytes, has 65");
}

TEST_F(SyncServiceTest, BringsTheTechniciansVisitsAndNobodyElses) {
  DispatchedVisit("V-1", "T-1");
  DispatchedVisit("V-2", "T-2");
  v1::PullResponse response;
  ASSERT_OK(TryPull("technician:T-1", &response));
  const auto raw = Decompress(response.page(), response.codec(), response.raw_bytes(), 1024 * 1024);
  ASSERT_TRUE(raw.ok()) << raw.status();
  v1::PullPage page;
  ASSERT_TRUE(page.ParseFromString(*raw));
  std::vector<std::string> visits;
  for (const v1::Change& change : page.changes()) {
    if (change.kind() == v1::ENTITY_KIND_VISIT) visits.push_back(change.id());
  }
  EXPECT_THAT(visits, ::testing::ElementsAre("V-1"));
  EXPECT_TRUE(response.at_head());
  ASSERT_OK(TryPull("device", &response));
}

TEST_F(SyncServiceTest, ADeviceThatMayOnlyDrainUploadsAndReadsNothingNew) {
  DispatchedVisit("V-1", "T-1");
  SetLane(v1::LANE_DRAIN_ONLY);
  const v1::HelloResponse hello = SayHello(false);
  ASSERT_EQ(hello.feeds_size(), 1);
  EXPECT_EQ(hello.feeds(0).feed(), "device");
  EXPECT_EQ(Push(phone_, {ArrivedEntry("V-1")}).mark().received_through(), 1u);
  v1::PullResponse response;
  ASSERT_OK(TryPull("device", &response));
  EXPECT_CODE(TryPull("technician:T-1", &response), PERMISSION_DENIED, "not a feed of this device");
}

TEST_F(SyncServiceTest, ABlockedDeviceIsRefusedByEveryCall) {
  DispatchedVisit("V-1", "T-1");
  SetLane(v1::LANE_BLOCKED);
  v1::HelloRequest request;
  request.set_queue_empty(true);
  v1::HelloResponse hello;
  EXPECT_CODE(Call(phone_.enrolled.token(), sync_, &Stub::Hello, request, &hello), PERMISSION_DENIED, "is blocked");
  EXPECT_EQ(Device().last_contact_time_us(), 0) << "not even its contact is noted";
  v1::PushResponse pushed;
  EXPECT_CODE(TryPush(MakeFrame(phone_, {ArrivedEntry("V-1")}), &pushed), PERMISSION_DENIED, "is blocked");
  v1::PullResponse response;
  EXPECT_CODE(TryPull("device", &response), PERMISSION_DENIED, "is blocked");
  EXPECT_CODE(TryPull("technician:T-1", &response), PERMISSION_DENIED, "is blocked");
}

TEST_F(SyncServiceTest, RefusesFeedsOfOthersAndBadPages) {
  v1::PullResponse response;
  EXPECT_CODE(TryPull("technician:T-2", &response), PERMISSION_DENIED, "feed: not a feed of this device");
  EXPECT_CODE(TryPull("everything", &response), INVALID_ARGUMENT, "feed: must be");
  v1::PullRequest request;
  request.set_feed("device");
  request.set_page_bytes(100);
  const auto pull = [&] { return Call(phone_.enrolled.token(), sync_, &Stub::Pull, request, &response); };
  EXPECT_CODE(pull(), INVALID_ARGUMENT, "page_bytes: must be 4096 to 1048576, is 100");
  request.clear_page_bytes();
  request.set_cursor(std::string(257, 'x'));
  EXPECT_CODE(pull(), INVALID_ARGUMENT, "cursor: must have at most 256 bytes, has 257");
}

}  // namespace
}  // namespace doorstep::testing
