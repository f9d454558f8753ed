// What callers are told while the writer's queue is full: phones when to come again, before anything of theirs is
// looked at, the office too, and nobody that something was kept which was not.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "doorstep/v1/dispatch_service.grpc.pb.h"
#include "doorstep/v1/sync_service.grpc.pb.h"
#include "server/apply/commands/secrets.h"
#include "server/services/authenticator.h"
#include "server/services/services.h"
#include "server/services/signing_keys.h"
#include "server/services/sync_calls.h"
#include "tests/support/office.h"

namespace doorstep {
namespace {

using testing::FieldPhone;
using testing::kHour;
using testing::kMonday;
using testing::Office;

class OverloadTest : public ::testing::Test {
 protected:
  OverloadTest() : phone_(office_.AddPhone("ana")) {
    office_.AddAccount("acme");
    office_.Plan("v1", "acme", "ana", 8);
    phone_.Record(testing::Arrived(), "v1", kMonday + 8 * kHour);
    phone_.Record(testing::Note("the bell is broken"), "v1", kMonday + 8 * kHour + 1);
    authenticator_.Admit(Role::kDevice, "d1", HashSecret("phone"));
    authenticator_.Admit(Role::kAdmin, "a1", HashSecret("office"));
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(sync_service_.get());
    builder.RegisterService(dispatch_service_.get());
    server_ = builder.BuildAndStart();
    const auto channel = grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials());
    sync_ = v1::SyncService::NewStub(channel);
    dispatch_ = v1::DispatchService::NewStub(channel);
  }
  ~OverloadTest() override {
    LetGo();
    server_->Shutdown();
  }

  // Holds the writer inside a command and fills the queue behind it.
  void Fill() {
    std::promise<void> entered;
    ASSERT_TRUE(office_.writer().SubmitCommand(Doing([&] {
                                                 entered.set_value();
                                                 held_.get_future().wait();
                                               }),
                                               [](const absl::StatusOr<std::string>&) {}));
    entered.get_future().wait();
    while (office_.writer().SubmitCommand(Doing([] {}), [](const absl::StatusOr<std::string>&) {})) {
    }
  }
  void LetGo() {
    if (!std::exchange(let_go_, true)) held_.set_value();
    while (!office_.writer().RunCommand(Doing([] {})).ok()) {
    }
  }
  v1::PushResponse Push(std::string frame = "") {
    v1::PushRequest request;
    request.set_frame(frame.empty() ? phone_.Frame(1, 2, kMonday + 9 * kHour) : std::move(frame));
    return AsPhone<v1::PushResponse>(&v1::SyncService::Stub::Push, request);
  }
  v1::HelloResponse Hello() { return AsPhone<v1::HelloResponse>(&v1::SyncService::Stub::Hello, v1::HelloRequest()); }
  v1::PullResponse Pull(const std::string& cursor) {
    v1::PullRequest request;
    request.set_feed("technician:ana");
    request.set_cursor(cursor);
    return AsPhone<v1::PullResponse>(&v1::SyncService::Stub::Pull, request);
  }
  template <typename Response, typename Method, typename Request>
  Response AsPhone(Method method, const Request& request) {
    grpc::ClientContext context;
    Prepare(context, "phone");
    Response response;
    const grpc::Status status = ((*sync_).*method)(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  static void Prepare(grpc::ClientContext& context, const std::string& token) {
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    context.AddMetadata("authorization", "Bearer " + token);
  }

  Office office_;
  FieldPhone phone_;
  Authenticator authenticator_;
  SigningKeys signing_keys_;
  ServerParts parts_{office_.storage(), office_.writer(), authenticator_, signing_keys_, office_.clock(),
                     office_.random(),  nullptr,          "test",         kMonday};
  std::unique_ptr<grpc::Service> sync_service_ = MakeSyncService(parts_);
  std::unique_ptr<grpc::Service> dispatch_service_ = MakeDispatchService(parts_);
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::SyncService::Stub> sync_;
  std::unique_ptr<v1::DispatchService::Stub> dispatch_;

 private:
  static Command Doing(std::function<void()> body) {
    Command command;
    command.principal = "test";
    command.run = [body = std::move(body)](Transaction&) -> absl::StatusOr<std::string> {
      body();
      return std::string();
    };
    return command;
  }

  std::promise<void> held_;
  bool let_go_ = false;
};

TEST_F(OverloadTest, APhoneIsToldToWaitAndNothingOfItsFrameIsTakenOrLost) {
  Fill();
  const v1::PushResponse busy = Push();
  EXPECT_FALSE(busy.has_mark()) << "what is not stored is not acknowledged";
  EXPECT_GT(busy.grant().wait_ms(), 0u);
  LetGo();
  EXPECT_EQ(office_.Visit("v1").facts(), 0u);
  const v1::PushResponse taken = Push();
  EXPECT_EQ(taken.mark().received_through(), 2u);
  EXPECT_EQ(taken.grant().wait_ms(), 0u);
  EXPECT_EQ(office_.Visit("v1").facts(), 2u);
}

TEST_F(OverloadTest, HelloIsPutOffAndSaysNothingThatAPhoneCouldTakeForAnAnswer) {
  Fill();
  const v1::HelloResponse busy = Hello();
  EXPECT_GT(busy.grant().wait_ms(), 0u);
  EXPECT_GT(busy.server_time_us(), 0);
  EXPECT_EQ(busy.generation(), "") << "with marks that are not there, another one would be a restored server";
  EXPECT_EQ(busy.marks_size() + busy.feeds_size() + busy.forks_size(), 0);
  LetGo();
  const v1::HelloResponse greeted = Hello();
  EXPECT_EQ(greeted.grant().wait_ms(), 0u);
  EXPECT_EQ(greeted.feeds_size(), 2);
}

TEST_F(OverloadTest, PullIsPutOffAndKeepsThePlaceInTheFeed) {
  const v1::PullResponse first = Pull("");
  ASSERT_TRUE(first.at_head());
  Fill();
  const v1::PullResponse busy = Pull(first.cursor());
  EXPECT_GT(busy.wait_ms(), 0u);
  EXPECT_EQ(busy.cursor(), first.cursor());
  EXPECT_FALSE(busy.at_head());
  LetGo();
  const v1::PullResponse next = Pull(first.cursor());
  EXPECT_EQ(next.wait_ms(), 0u);
  EXPECT_FALSE(next.snapshot_begins());
}

TEST_F(OverloadTest, IsNoticedBeforeAFrameIsParsedOrTheDiskIsRead) {
  // Every connection that reads is taken: what asks the disk for anything waits.
  std::promise<void> give_back;
  std::shared_future<void> given_back = give_back.get_future().share();
  std::vector<std::thread> readers;
  std::atomic<int> reading{0};
  for (int i = 0; i < StorageOptions().readers; ++i) {
    readers.emplace_back([&] {
      office_.Read([&](SqlSession&) {
        ++reading;
        given_back.wait();
      });
    });
  }
  while (reading < StorageOptions().readers) std::this_thread::yield();
  Fill();
  EXPECT_GT(Push("this is no frame").grant().wait_ms(), 0u);
  EXPECT_GT(Hello().grant().wait_ms(), 0u);
  EXPECT_GT(Pull("").wait_ms(), 0u);
  give_back.set_value();
  for (std::thread& reader : readers) reader.join();
}

TEST_F(OverloadTest, PhonesThatComeTogetherAreNotToldToComeBackTogether) {
  Fill();
  std::set<uint32_t> waits;
  for (int i = 0; i < 20; ++i) waits.insert(Push().grant().wait_ms());
  EXPECT_GT(waits.size(), 10u);
  EXPECT_GE(*waits.begin(), 500u);
}

TEST_F(OverloadTest, WhoEnrolsIsToldToCallAgainAndNotToMakeRoomOnTheDisk) {
  Fill();
  v1::EnrollRequest request;
  request.set_invitation_code("invitation");
  absl::Status told;
  EnrollCall(parts_, request, [&](const absl::StatusOr<v1::EnrollResponse>& answer) { told = answer.status(); });
  EXPECT_EQ(told.code(), absl::StatusCode::kUnavailable);
}

TEST_F(OverloadTest, TheOfficeGetsResourceExhaustedAndNothingIsDone) {
  Fill();
  v1::CancelVisitRequest request;
  request.set_request_id("0123456789abcdef");
  request.set_id("v1");
  request.set_reason("called off");
  v1::CancelVisitResponse response;
  grpc::ClientContext first;
  Prepare(first, "office");
  const grpc::Status refused = dispatch_->CancelVisit(&first, request, &response);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(refused.error_message(), "the server has too much to write; call again in a second");
  LetGo();
  EXPECT_EQ(office_.Visit("v1").state(), v1::VISIT_STATE_DISPATCHED);
  grpc::ClientContext second;
  Prepare(second, "office");
  EXPECT_TRUE(dispatch_->CancelVisit(&second, request, &response).ok()) << "the same request id is good again";
}

TEST_F(OverloadTest, ReadingGoesOn) {
  Fill();
  grpc::ClientContext context;
  Prepare(context, "office");
  v1::GetVisitRequest request;
  request.set_id("v1");
  v1::GetVisitResponse response;
  EXPECT_TRUE(dispatch_->GetVisit(&context, request, &response).ok());
}

}  // namespace
}  // namespace doorstep
