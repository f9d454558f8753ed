#include "client_core/transport/host_transport.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace doorstep {
namespace {

struct Host {
  std::vector<uint64_t> started;
  std::vector<uint64_t> cancelled;
  HostTransport::Callbacks callbacks() {
    return {[this](uint64_t id, const UnaryCall&) { started.push_back(id); },
            [this](uint64_t id) { cancelled.push_back(id); }};
  }
};

TEST(HostTransportTest, CallIsCompletedOnceHoweverOftenTheHostDoes) {
  Host host;
  HostTransport transport(host.callbacks());
  std::vector<std::string> answers;
  transport.Start(7, {"/m", "Bearer t", "request", 100},
                  [&answers](const absl::Status&, std::string bytes) { answers.push_back(bytes); });
  EXPECT_EQ(host.started, std::vector<uint64_t>({7}));
  transport.Complete(8, absl::OkStatus(), "for nobody");
  transport.Complete(7, absl::OkStatus(), "answer");
  transport.Complete(7, absl::OkStatus(), "again");
  EXPECT_EQ(answers, std::vector<std::string>({"answer"}));
}

TEST(HostTransportTest, HostMayCompleteBeforeStartReturns) {
  HostTransport* self = nullptr;
  HostTransport transport(
      {[&self](uint64_t id, const UnaryCall& call) { self->Complete(id, absl::UnavailableError(call.method), ""); },
       nullptr});
  self = &transport;
  absl::Status got;
  transport.Start(1, {"/m", "", "", 1}, [&got](const absl::Status& status, std::string) { got = status; });
  EXPECT_EQ(got, absl::UnavailableError("/m"));
  transport.Cancel(1);
}

TEST(HostTransportTest, CancelledCallAnswersNobodyAndTheHostIsTold) {
  Host host;
  bool answered = false;
  {
    HostTransport transport(host.callbacks());
    const auto done = [&answered](const absl::Status&, std::string) { answered = true; };
    transport.Start(1, {"/m", "", "", 1}, done);
    transport.Start(2, {"/m", "", "", 1}, done);
    transport.Cancel(1);
    transport.Cancel(1);
    transport.Complete(1, absl::OkStatus(), "late");
  }
  EXPECT_FALSE(answered);
  EXPECT_EQ(host.cancelled, std::vector<uint64_t>({1, 2}));  // The second when the transport went away.
}

}  // namespace
}  // namespace doorstep
