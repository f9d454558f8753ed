// The stream of hints as a phone sees it: what it is told, what it is not, and how it ends.

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/apply/commands/secrets.h"
#include "server/services/authenticator.h"
#include "server/services/services.h"
#include "server/services/signing_keys.h"
#include "server/services/watch_hub.h"
#include "tests/support/office.h"
#include "tests/unit/server/services/test_server.h"

namespace doorstep::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class OpenStream {
 public:
  OpenStream(v1::SyncService::Stub& stub, std::unique_ptr<grpc::ClientContext> context)
      : context_(std::move(context)), reader_(stub.Watch(context_.get(), v1::WatchRequest())) {}

  // Waits for a message. The feeds it names; "end" when there is none.
  std::vector<std::string> Read() {
    message_.Clear();
    if (!reader_->Read(&message_)) return {"end"};
    std::vector<std::string> feeds;
    for (const v1::FeedHead& head : message_.feeds()) feeds.push_back(head.feed());
    return feeds;
  }
  const v1::WatchResponse& message() const { return message_; }
  int64_t Head(const std::string& feed) const {
    for (const v1::FeedHead& head : message_.feeds()) {
      if (head.feed() == feed) return head.seq();
    }
    return -1;
  }
  // Waits for the end.
  grpc::Status End() {
    while (reader_->Read(&message_)) {
    }
    return reader_->Finish();
  }
  void Cancel() { context_->TryCancel(); }

 private:
  const std::unique_ptr<grpc::ClientContext> context_;
  const std::unique_ptr<grpc::ClientReader<v1::WatchResponse>> reader_;
  v1::WatchResponse message_;
};

class WatchTest : public ServerTest {
 protected:
  WatchTest() {
    ImportBasics();
    phone_ = Enroll("T-1");
  }
  std::unique_ptr<OpenStream> Watch(const std::string& token) {
    return std::make_unique<OpenStream>(*sync_, As(token));
  }
  // The head that pulling `feed` comes to.
  int64_t Pull(const std::string& feed) {
    v1::PullRequest request;
    request.set_feed(feed);
    v1::PullResponse response;
    const grpc::Status status = Call(phone_.enrolled.token(), sync_, &v1::SyncService::Stub::Pull, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_TRUE(response.at_head());
    return response.feed_seq();
  }

  Phone phone_;
};

TEST_F(WatchTest, TellsAllHeadsAtOnceAndThenWhatMoves) {
  const auto stream = Watch(phone_.enrolled.token());
  EXPECT_THAT(stream->Read(), ElementsAre("device", "technician:T-1"));
  EXPECT_GT(stream->message().keep_alive_ms(), 0u);
  EXPECT_EQ(stream->Head("technician:T-1"), Pull("technician:T-1"));
  DispatchedVisit("V-1", "T-1");
  // Its commands may come in one hint or in several.
  int64_t told = 0;
  do {
    EXPECT_THAT(stream->Read(), ElementsAre("technician:T-1"));
    told = stream->Head("technician:T-1");
    EXPECT_GE(Pull("technician:T-1"), told) << "what was hinted at can be pulled";
  } while (told < Pull("technician:T-1"));
}

TEST_F(WatchTest, TellsADeviceWhatBecameOfWhatItPushed) {
  DispatchedVisit("V-1", "T-1");
  const auto stream = Watch(phone_.enrolled.token());
  stream->Read();
  const v1::PushResponse pushed = Push(phone_, {ArrivedEntry("V-1")});
  stream->Read();
  EXPECT_EQ(stream->Head("device"), pushed.device_feed_seq());
}

TEST_F(WatchTest, SaysNothingOfTheFeedsOfOthers) {
  const Phone other = Enroll("T-2");
  const auto stream = Watch(phone_.enrolled.token());
  const auto of_other = Watch(other.enrolled.token());
  EXPECT_THAT(stream->Read(), ElementsAre("device", "technician:T-1"));
  EXPECT_THAT(of_other->Read(), ElementsAre("device", "technician:T-2"));
  DispatchedVisit("V-1", "T-2");
  EXPECT_THAT(of_other->Read(), ElementsAre("technician:T-2"));
  DispatchedVisit("V-2", "T-1");
  EXPECT_THAT(stream->Read(), ElementsAre("technician:T-1")) << "the first thing it hears";
}

TEST_F(WatchTest, WhatMovedWithoutAStreamIsInTheFirstMessageOfTheNext) {
  auto stream = Watch(phone_.enrolled.token());
  stream->Read();
  const int64_t before = stream->Head("technician:T-1");
  stream->Cancel();
  EXPECT_EQ(stream->End().error_code(), grpc::StatusCode::CANCELLED);
  DispatchedVisit("V-1", "T-1");
  stream = Watch(phone_.enrolled.token());
  stream->Read();
  EXPECT_GT(stream->Head("technician:T-1"), before);
}

TEST_F(WatchTest, ANewStreamOfADeviceEndsTheOneBefore) {
  const auto first = Watch(phone_.enrolled.token());
  first->Read();
  const auto second = Watch(phone_.enrolled.token());
  EXPECT_EQ(first->End().error_code(), grpc::StatusCode::ABORTED);
  EXPECT_THAT(second->Read(), ElementsAre("device", "technician:T-1"));
  DispatchedVisit("V-1", "T-1");
  EXPECT_THAT(second->Read(), ElementsAre("technician:T-1"));
}

TEST_F(WatchTest, IsForDevicesWithAGoodTokenAndNeedsADeadline) {
  EXPECT_EQ(Watch("")->End().error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Watch(std::string(43, 'x'))->End().error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Watch(admin_token_)->End().error_code(), grpc::StatusCode::PERMISSION_DENIED);
  auto for_ever = std::make_unique<grpc::ClientContext>();
  for_ever->AddMetadata("authorization", "Bearer " + phone_.enrolled.token());
  EXPECT_CODE(OpenStream(*sync_, std::move(for_ever)).End(), FAILED_PRECONDITION, "deadline");
}

TEST_F(WatchTest, EndsWithTheTokenThatItWasOpenedWith) {
  v1::EnrollRequest request;
  request.set_invitation_code(Invite("T-1"));
  request.set_request_id(NextRequestId());
  v1::EnrollResponse enrolled;
  ASSERT_OK(Call("", enrollment_, &v1::EnrollmentService::Stub::Enroll, request, &enrolled));
  const auto stream = Watch(enrolled.token());
  stream->Read();
  ASSERT_OK(Call("", enrollment_, &v1::EnrollmentService::Stub::Enroll, request, &enrolled));
  EXPECT_EQ(stream->End().error_code(), grpc::StatusCode::ABORTED);
}

TEST_F(WatchTest, AServerThatEndsTellsThoseWhoWatch) {
  const auto stream = Watch(phone_.enrolled.token());
  stream->Read();
  server_->Drain();
  EXPECT_CODE(stream->End(), UNAVAILABLE, "the server is ending");
}

// A server of streams alone, whose hub the test works by hand.
class SlowReaderTest : public ::testing::Test {
 protected:
  SlowReaderTest() {
    office_.AddPhone("ana");
    authenticator_.Admit(Role::kDevice, "d1", HashSecret("phone"));
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    sync_ = v1::SyncService::NewStub(
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials()));
  }
  ~SlowReaderTest() override {
    hub_.Stop();
    server_->Shutdown();
  }
  std::unique_ptr<OpenStream> Watch() {
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    context->AddMetadata("authorization", "Bearer phone");
    return std::make_unique<OpenStream>(*sync_, std::move(context));
  }

  Office office_;
  Authenticator authenticator_;
  SigningKeys signing_keys_;
  WatchHub hub_{{/*streams_max=*/1}};
  ServerParts parts_{office_.storage(), office_.writer(), authenticator_, signing_keys_, office_.clock(),
                     office_.random(),  nullptr,          "test",         kMonday,       &hub_};
  std::unique_ptr<grpc::Service> service_ = MakeSyncService(parts_);
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::SyncService::Stub> sync_;
};

TEST_F(SlowReaderTest, HoldsUpNeitherTheServerNorItsOwnEnd) {
  const auto stream = Watch();
  while (hub_.open() == 0) std::this_thread::yield();
  FeedHead head;
  head.name = "technician:ana";
  // Far more than the connection holds for a reader who takes nothing.
  for (head.seq = 100; head.seq < 40000; ++head.seq) {
    hub_.Moved({&head, 1});
    hub_.Turn(head.seq);
  }
  hub_.EndDevice("d1", absl::ResourceExhaustedError("hints were not read"));
  hub_.Turn(head.seq + 1000000);
  EXPECT_EQ(hub_.open(), 0u);
  EXPECT_FALSE(stream->End().ok());
}

TEST_F(SlowReaderTest, APhoneThatFindsAllStreamsTakenIsToldWhenToComeAgain) {
  class Nobody final : public HintStream {
    void Send(v1::WatchResponse) override {}
    void End(const absl::Status&, bool) override {}
  } nobody;
  ASSERT_TRUE(hub_.Open("d7", {}, &nobody).ok());
  const auto stream = Watch();
  EXPECT_THAT(stream->Read(), IsEmpty());
  EXPECT_GE(stream->message().wait_ms(), 60000u);
  EXPECT_TRUE(stream->End().ok()) << "it is no error";
  hub_.Stop();
}

}  // namespace
}  // namespace doorstep::testing
