// A push gateway at a real server: which phones it is told to wake, and for what.

#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "doorstep/v1/push_gateway_service.grpc.pb.h"
#include "tests/unit/server/services/test_server.h"

namespace doorstep::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Gateway {
 public:
  Gateway(const std::shared_ptr<grpc::Channel>& channel, std::unique_ptr<grpc::ClientContext> context)
      : stub_(v1::PushGatewayService::NewStub(channel)),
        context_(std::move(context)),
        reader_(stub_->WatchWakes(context_.get(), v1::WatchWakesRequest())) {}
  ~Gateway() { context_->TryCancel(); }

  // Waits for the next message. "d1 VISIT_ASSIGNED"; "end" when there is none.
  std::vector<std::string> Read() {
    v1::WatchWakesResponse message;
    if (!reader_->Read(&message)) return {"end"};
    caught_up = message.caught_up();
    std::vector<std::string> wakes;
    for (const v1::DeviceWakeWanted& wake : message.wakes()) {
      last = wake;
      wakes.push_back(absl::StrCat(wake.device(), " ", v1::WakeReason_Name(wake.reason()).substr(12)));
    }
    return wakes;
  }
  grpc::Status End() {
    v1::WatchWakesResponse message;
    while (reader_->Read(&message)) {
    }
    return reader_->Finish();
  }

  bool caught_up = false;
  v1::DeviceWakeWanted last;

 private:
  const std::unique_ptr<v1::PushGatewayService::Stub> stub_;
  const std::unique_ptr<grpc::ClientContext> context_;
  const std::unique_ptr<grpc::ClientReader<v1::WatchWakesResponse>> reader_;
};

class PushGatewayTest : public ServerTest {
 protected:
  PushGatewayTest() {
    ImportBasics();
    phone_ = Enroll("T-1");
    Tell(phone_, "fcm-1");
  }
  std::unique_ptr<Gateway> Listen(const std::string& token) { return std::make_unique<Gateway>(channel_, As(token)); }
  // What is wanted now.
  std::vector<std::string> Wanted() {
    const auto gateway = Listen(admin_token_);
    std::vector<std::string> wanted = gateway->Read();
    EXPECT_TRUE(gateway->caught_up);
    return wanted;
  }
  void SayHello(const Phone& phone, const v1::HelloRequest& request = v1::HelloRequest()) {
    v1::HelloResponse response;
    ASSERT_OK(Call(phone.enrolled.token(), sync_, &v1::SyncService::Stub::Hello, request, &response));
  }
  void Tell(const Phone& phone, const std::string& token) {
    v1::HelloRequest request;
    request.mutable_push_token()->set_token(token);
    SayHello(phone, request);
  }
  v1::Visit Visit(const std::string& id) {
    v1::GetVisitRequest request;
    request.set_id(id);
    v1::GetVisitResponse response;
    EXPECT_TRUE(Ask(dispatch_, &v1::DispatchService::Stub::GetVisit, request, &response).ok());
    return response.visit();
  }

  Phone phone_;
};

TEST_F(PushGatewayTest, IsToldAtOnceOfAVisitOfTodayAndWhereToSendThePush) {
  const auto gateway = Listen(admin_token_);
  EXPECT_THAT(gateway->Read(), IsEmpty());
  EXPECT_TRUE(gateway->caught_up);
  const int64_t before_us = NowUs();
  DispatchedVisit("V-1", "T-1");
  EXPECT_THAT(gateway->Read(), ElementsAre("d1 VISIT_ASSIGNED"));
  EXPECT_EQ(gateway->last.push_token(), "fcm-1");
  EXPECT_GE(gateway->last.wanted_time_us(), before_us);
}

TEST_F(PushGatewayTest, WhatIsWantedIsToldUntilThePhoneHasAskedHoweverItAsks) {
  using Stub = v1::SyncService::Stub;
  const std::vector<std::pair<const char*, std::function<void()>>> ways = {
      {"Hello", [this] { SayHello(phone_); }},
      {"Pull",
       [this] {
         v1::PullRequest request;
         request.set_feed("device");
         v1::PullResponse response;
         ASSERT_OK(Call(phone_.enrolled.token(), sync_, &Stub::Pull, request, &response));
       }},
      {"Watch",
       [this] {
         const auto context = As(phone_.enrolled.token());
         const auto reader = sync_->Watch(context.get(), v1::WatchRequest());
         v1::WatchResponse message;
         ASSERT_TRUE(reader->Read(&message));
         context->TryCancel();
         reader->Finish();
       }},
  };
  int visits = 0;
  for (const auto& [name, ask] : ways) {
    EXPECT_THAT(Wanted(), IsEmpty()) << name;
    // A new server, for which no minute has to pass.
    Restart();
    DispatchedVisit(absl::StrCat("V-", ++visits), "T-1");
    EXPECT_THAT(Wanted(), ElementsAre("d1 VISIT_ASSIGNED")) << name;
    EXPECT_THAT(Wanted(), ElementsAre("d1 VISIT_ASSIGNED")) << name << ": another gateway";
    ask();
  }
  EXPECT_THAT(Wanted(), IsEmpty());
}

TEST_F(PushGatewayTest, APhoneThatWatchesHearsOfItThereAndIsWokenIfThatStreamIsLost) {
  const auto context = As(phone_.enrolled.token());
  const auto reader = sync_->Watch(context.get(), v1::WatchRequest());
  v1::WatchResponse message;
  ASSERT_TRUE(reader->Read(&message));
  DispatchedVisit("V-1", "T-1");
  EXPECT_THAT(Wanted(), IsEmpty());
  context->TryCancel();
  reader->Finish();
  std::vector<std::string> wanted;
  const int64_t until_us = NowUs() + kMinuteUs;  // Its end comes to the server in its own time.
  while (wanted.empty() && NowUs() < until_us) wanted = Wanted();
  EXPECT_THAT(wanted, ElementsAre("d1 VISIT_ASSIGNED"));
}

TEST_F(PushGatewayTest, AServerThatWasStartedAnewRemembersWhatIsWanted) {
  DispatchedVisit("V-1", "T-1");
  Restart();
  EXPECT_THAT(Wanted(), ElementsAre("d1 VISIT_ASSIGNED"));
  SayHello(phone_);
  Restart();
  EXPECT_THAT(Wanted(), IsEmpty());
}

TEST_F(PushGatewayTest, WhoHasTheVisitNoLongerIsWokenAsIsWhoHasItNow) {
  const Phone other = Enroll("T-2");
  Tell(other, "fcm-2");
  DispatchedVisit("V-1", "T-1");
  SayHello(phone_);
  Restart();
  v1::ReassignVisitRequest request;
  request.set_request_id(NextRequestId());
  request.set_id("V-1");
  request.set_expected_version(Visit("V-1").version());
  request.set_from_technician_id("T-1");
  request.set_to_technician_id("T-2");
  request.set_reason("nearer");
  v1::ReassignVisitResponse response;
  ASSERT_OK(Ask(dispatch_, &v1::DispatchService::Stub::ReassignVisit, request, &response));
  EXPECT_THAT(Wanted(), ElementsAre("d1 VISIT_GONE", "d2 VISIT_ASSIGNED"));
  SayHello(phone_);
  SayHello(other);
  Restart();
  // T-1 had begun before that was known there, and has the visit again.
  Push(phone_, {ArrivedEntry("V-1"), WorkStartedEntry("V-1")});
  EXPECT_THAT(Wanted(), ElementsAre("d1 VISIT_ASSIGNED", "d2 VISIT_GONE")) << "before T-2 leaves";
}

TEST_F(PushGatewayTest, ADeviceIsWokenForWhatItMayDo) {
  v1::SetDeviceTechnicianRequest request;
  request.set_request_id(NextRequestId());
  request.set_device("d1");
  request.set_technician_id("T-2");
  request.set_allowed(true);
  v1::SetDeviceTechnicianResponse response;
  ASSERT_OK(Ask(admin_, &v1::AdminService::Stub::SetDeviceTechnician, request, &response));
  EXPECT_THAT(Wanted(), ElementsAre("d1 DEVICE_CHANGED"));
}

TEST_F(PushGatewayTest, WhatCanWaitWakesNobody) {
  const Phone without_token = Enroll("T-2");
  DispatchedVisit("V-1", "T-2");
  DispatchedVisit("V-2", "T-1", 5 * kDayUs);
  EXPECT_THAT(Wanted(), IsEmpty());
  DispatchedVisit("V-3", "T-1");
  SayHello(phone_);
  Restart();
  Phone second = Enroll("T-1");
  Tell(second, "fcm-2");
  Push(phone_, {ArrivedEntry("V-3"), WorkStartedEntry("V-3")});
  EXPECT_THAT(Wanted(), IsEmpty()) << "what happens at the site";
  Tell(phone_, "");
  Tell(second, "");
  DispatchedVisit("V-4", "T-1");
  EXPECT_THAT(Wanted(), IsEmpty()) << "they have none any more";
}

TEST_F(PushGatewayTest, IsForAdministratorsNeedsADeadlineAndEndsWithTheServer) {
  EXPECT_EQ(Listen("")->End().error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Listen(phone_.enrolled.token())->End().error_code(), grpc::StatusCode::PERMISSION_DENIED);
  auto for_ever = std::make_unique<grpc::ClientContext>();
  for_ever->AddMetadata("authorization", "Bearer " + admin_token_);
  EXPECT_CODE(Gateway(channel_, std::move(for_ever)).End(), FAILED_PRECONDITION, "deadline");
  const auto gateway = Listen(admin_token_);
  gateway->Read();
  server_->Drain();
  EXPECT_CODE(gateway->End(), UNAVAILABLE, "the server is ending");
}

}  // namespace
}  // namespace doorstep::testing
