// The built-in transport and one that the app carries mean the same, in what arrives and in how calls fail.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/transport/grpc_transport.h"
#include "tests/conformance/app_grpc.h"
#include "tests/conformance/stub_server.h"

namespace doorstep::conformance {
namespace {

struct Answered {
  absl::Status status;
  std::string bytes;
};

struct Kind {
  const char* name;
  std::unique_ptr<Transport> (*make)(const std::string& address);
};

class TransportTest : public testing::TestWithParam<Kind> {
 protected:
  TransportTest() : transport_(GetParam().make(server_.address())) {}

  std::future<Answered> Begin(uint64_t id, const std::string& method, uint32_t deadline_ms = 20000) {
    auto answer = std::make_shared<std::promise<Answered>>();
    transport_->Start(id, {absl::StrCat("/stub/", method), "Bearer secret", "request", deadline_ms},
                      [answer](absl::Status status, std::string bytes) {
                        answer->set_value({std::move(status), std::move(bytes)});
                      });
    return answer->get_future();
  }
  Answered Call(const std::string& method) { return Begin(1, method).get(); }

  StubServer server_;
  std::unique_ptr<Transport> transport_;
};

TEST_P(TransportTest, CarriesRequestAuthorizationAndAnswer) {
  const Answered answered = Call("Echo");
  EXPECT_TRUE(answered.status.ok()) << answered.status.ToString();
  EXPECT_EQ(answered.bytes, "Bearer secret request");
}

TEST_P(TransportTest, SendsNoAuthorizationWhenThereIsNone) {
  std::promise<Answered> answer;
  transport_->Start(1, {"/stub/Echo", "", "", 20000}, [&](absl::Status status, std::string bytes) {
    answer.set_value({std::move(status), std::move(bytes)});
  });
  EXPECT_EQ(answer.get_future().get().bytes, "none ");
}

TEST_P(TransportTest, GivesTheServersStatusAndWords) {
  const Answered stranger = Call("Stranger");
  EXPECT_EQ(stranger.status, absl::UnauthenticatedError("who are you?"));
  EXPECT_EQ(stranger.bytes, "");
  const Answered large = Begin(2, "TooLarge").get();
  EXPECT_EQ(large.status, absl::ResourceExhaustedError("halve it"));
}

TEST_P(TransportTest, RefusesAnAnswerThatIsTooLarge) {
  EXPECT_EQ(Call("Huge").status.code(), absl::StatusCode::kResourceExhausted);
}

TEST_P(TransportTest, SaysUnavailableWhenNobodyListens) {
  // A port that was free a moment ago, and that nobody else gets while it is bound without listening.
  const int bound = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(bound, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  socklen_t length = sizeof(address);
  ASSERT_EQ(getsockname(bound, reinterpret_cast<sockaddr*>(&address), &length), 0);
  transport_ = GetParam().make(absl::StrCat("127.0.0.1:", ntohs(address.sin_port)));
  const absl::Status nobody = Call("Echo").status;
  EXPECT_EQ(nobody.code(), absl::StatusCode::kUnavailable);
  if (GetParam().name == std::string("BuiltIn")) {
    EXPECT_EQ(nobody.message(), absl::StrCat("no connection to 127.0.0.1:", ntohs(address.sin_port)))
        << "people read it";
  }
  close(bound);
}

TEST_P(TransportTest, GivesUpAtTheDeadline) {
  EXPECT_EQ(Begin(1, "Never", /*deadline_ms=*/100).get().status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(server_.SeesCallGo());
}

TEST_P(TransportTest, TellsTheServerThatACallIsCancelledAndServesTheNext) {
  const std::future<Answered> never = Begin(1, "Never");
  ASSERT_TRUE(server_.SeesCallCome());
  transport_->Cancel(1);
  EXPECT_TRUE(server_.SeesCallGo());
  transport_->Cancel(77);  // Unknown: ignored.
  EXPECT_EQ(Begin(2, "Echo").get().bytes, "Bearer secret request");
}

TEST_P(TransportTest, EndsWithACallInFlight) {
  const std::future<Answered> never = Begin(1, "Never");
  ASSERT_TRUE(server_.SeesCallCome());
  transport_.reset();
  EXPECT_TRUE(server_.SeesCallGo());
}

// A stream as a transport hands it out, message by message.
struct Heard {
  std::mutex mutex;
  std::vector<std::string> messages;
  std::promise<absl::Status> end;

  void Watch(Transport& transport, uint64_t id, const std::string& method) {
    transport.Watch(
        id, {absl::StrCat("/stub/", method), "Bearer secret", "request", 20000},
        [this](std::string message) {
          std::lock_guard<std::mutex> lock(mutex);
          messages.push_back(std::move(message));
        },
        [this](absl::Status status, const std::string&) { end.set_value(std::move(status)); });
  }
};

TEST(StreamTest, HandsOutEachMessageInItsOrderAndThenTheEndOnce) {
  StubServer server;
  const std::unique_ptr<Transport> transport = *MakeGrpcTransport(server.address(), /*insecure_loopback=*/true);
  ASSERT_TRUE(transport->CanWatch());
  Heard heard;
  heard.Watch(*transport, 1, "Three");
  EXPECT_TRUE(heard.end.get_future().get().ok());
  EXPECT_EQ(heard.messages, (std::vector<std::string>{"1", "2", "3"}));
  Heard refused;
  refused.Watch(*transport, 2, "Stranger");
  EXPECT_EQ(refused.end.get_future().get(), absl::UnauthenticatedError("who are you?"));
  EXPECT_TRUE(refused.messages.empty());
}

TEST(StreamTest, EndsAtBothEndsWhenItIsCancelledOrItsTransportGoes) {
  StubServer server;
  std::unique_ptr<Transport> transport = *MakeGrpcTransport(server.address(), /*insecure_loopback=*/true);
  Heard cancelled;
  cancelled.Watch(*transport, 1, "Never");
  ASSERT_TRUE(server.SeesCallCome());
  transport->Cancel(1);
  EXPECT_TRUE(server.SeesCallGo());
  EXPECT_EQ(cancelled.end.get_future().get().code(), absl::StatusCode::kCancelled);

  StubServer other;
  transport = *MakeGrpcTransport(other.address(), /*insecure_loopback=*/true);
  Heard left;
  left.Watch(*transport, 1, "Never");
  ASSERT_TRUE(other.SeesCallCome());
  transport.reset();
  EXPECT_TRUE(other.SeesCallGo());
}

TEST(StreamTest, ATransportOfTheAppHasNone) {
  StubServer server;
  EXPECT_FALSE(MakeAppTransport(server.address())->CanWatch()) << "the app opens one itself, and notifies";
}

INSTANTIATE_TEST_SUITE_P(Both, TransportTest,
                         testing::Values(Kind{"BuiltIn",
                                              [](const std::string& address) {
                                                return *MakeGrpcTransport(address, /*insecure_loopback=*/true);
                                              }},
                                         Kind{"OfTheApp", &MakeAppTransport}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace doorstep::conformance
