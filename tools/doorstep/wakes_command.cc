// doorstep device wakes: what a push gateway hears, for gateways that are scripts and for people who look.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "doorstep/v1/push_gateway_service.pb.h"
#include "tools/doorstep/civil_time.h"
#include "tools/doorstep/commands.h"
#include "tools/doorstep/output.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {
namespace {

// A stream is opened anew after so long, before the server closes the connection (limits::kConnectionAgeMs).
constexpr int kStreamSeconds = 45 * 60;
constexpr int kAgainSecondsMax = 30;

volatile sig_atomic_t interrupted = 0;

bool GoesOn() { return interrupted == 0; }

const char* Why(v1::WakeReason reason) {
  switch (reason) {
    case v1::WAKE_REASON_VISIT_ASSIGNED:
      return "a visit is new";
    case v1::WAKE_REASON_VISIT_CHANGED:
      return "a visit was changed";
    case v1::WAKE_REASON_VISIT_CANCELED:
      return "a visit was cancelled";
    case v1::WAKE_REASON_VISIT_GONE:
      return "a visit is somebody else's";
    case v1::WAKE_REASON_DEVICE_CHANGED:
      return "what it may do was changed";
    default:
      return "something waits";
  }
}

// Those of now, which the server tells first.
absl::Status Once(const Tools& tools) {
  v1::WatchWakesResponse message;
  v1::WatchWakesResponse wanted;
  RETURN_IF_ERROR(tools.connection->Listen(
      v1::WatchWakesRequest(), &message, kCallSeconds,
      [&]() -> absl::StatusOr<bool> {
        wanted.MergeFrom(message);
        return !message.caught_up();
      },
      GoesOn));
  if (tools.globals->json) return PrintJson(wanted);
  Table table({{"Device"}, {"Platform", false, true}, {"Since"}, {"Why", false, true}});
  for (const v1::DeviceWakeWanted& wake : wanted.wakes()) {
    table.Row({wake.device(), wake.platform(), ShowTime(wake.wanted_time_us()), Why(wake.reason())});
  }
  if (table.empty()) {
    Note("No phone has to be woken.");
  } else {
    table.Print();
  }
  return absl::OkStatus();
}

// Streams come and go; what one has told, the next one tells again while it is wanted.
class Follower {
 public:
  explicit Follower(const Tools& tools) : tools_(tools) {}

  absl::Status Run() {
    while (GoesOn()) {
      const absl::Status status = tools_.connection->Listen(
          v1::WatchWakesRequest(), &message_, kStreamSeconds,
          [this]() -> absl::StatusOr<bool> {
            RETURN_IF_ERROR(Print());
            return true;
          },
          GoesOn);
      if (status.ok()) break;
      if (absl::IsDeadlineExceeded(status)) continue;
      const bool lost = absl::IsUnavailable(status) || absl::IsCancelled(status);
      if (!was_open_ || !lost) return status;
      if (again_seconds_ == 0) Note(absl::StrCat("The stream was lost, and is opened again: ", status.message()));
      again_seconds_ = std::min(2 * again_seconds_ + 1, kAgainSecondsMax);
      for (int i = 0; i < again_seconds_ && GoesOn(); ++i) sleep(1);  // A signal ends it.
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Print() {
    was_open_ = true;
    again_seconds_ = 0;
    for (const v1::DeviceWakeWanted& wake : message_.wakes()) {
      int64_t& printed_us = printed_[wake.device()];
      if (printed_us == wake.wanted_time_us()) continue;
      printed_us = wake.wanted_time_us();
      if (tools_.globals->json) {
        RETURN_IF_ERROR(PrintJsonLine(wake));
        continue;
      }
      Say(absl::StrCat(ShowTime(wake.wanted_time_us()), "  ", Printable(wake.device()),
                       wake.platform().empty() ? "" : absl::StrCat(" (", Printable(wake.platform()), ")"), ": ",
                       Why(wake.reason())));
      std::fflush(stdout);
    }
    return absl::OkStatus();
  }

  const Tools& tools_;
  v1::WatchWakesResponse message_;
  bool was_open_ = false;
  int again_seconds_ = 0;
  std::map<std::string, int64_t> printed_;  // Device -> since when it was wanted.
};

absl::Status Wakes(bool once, const Tools& tools) {
  struct sigaction act = {};
  act.sa_handler = [](int) { interrupted = 1; };
  sigaction(SIGINT, &act, nullptr);
  return once ? Once(tools) : Follower(tools).Run();
}

}  // namespace

void RegisterDeviceWakes(Command device, const Tools& tools) {
  auto once = std::make_shared<bool>(false);
  Command wakes = device.Leaf(
      "wakes",
      "Phones that a push gateway is to wake, as they come, until Ctrl-C. Only --json shows the tokens to push to, one "
      "object a line; they are as good as secrets",
      {"doorstep device wakes --once", "doorstep device wakes --json | my-push-gateway"});
  wakes.Flag("once", once.get(), "Those that are wanted now, without phones woken less than a minute ago, and no more");
  wakes.Does([once, tools] { return Wakes(*once, tools); });
}

}  // namespace doorstep::cli
