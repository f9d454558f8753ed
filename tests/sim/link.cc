#include "tests/sim/link.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "doorstep/v1/sync.pb.h"
#include "server/services/watch_hub.h"

namespace doorstep::sim {
namespace {

// A phone that keeps to its backoff stays far below these in any minute.
constexpr size_t kCallsOfAMinute = 1200;
constexpr size_t kFailuresOfAMinute = 300;

// A request that hangs in some buffer and comes again.
constexpr int64_t kRepeatedWithin = 20 * kMinute;

class SimTransport final : public Transport {
 public:
  SimTransport(Link* link, std::function<bool()> alive) : link_(link), alive_(std::move(alive)) {}
  ~SimTransport() override {
    for (const auto& [id, done] : waiting_) *done = nullptr;
    for (const auto& [id, listens] : listening_) *listens = false;
  }

  void Start(uint64_t id, UnaryCall call, Done done) override {
    if (!alive_()) return;
    auto waiting = std::make_shared<Done>(std::move(done));
    waiting_[id] = waiting;
    link_->Carry(std::move(call), [this, id, waiting](absl::Status status, std::string answer) {
      if (*waiting == nullptr) return;  // Cancelled, or the process is gone.
      const Done done = std::exchange(*waiting, nullptr);
      waiting_.erase(id);
      done(std::move(status), std::move(answer));
    });
  }

  bool CanWatch() const override { return true; }

  void Watch(uint64_t id, UnaryCall call, Message message, Done done) override {
    if (!alive_()) return;
    const auto listens = std::make_shared<bool>(true);
    listening_[id] = listens;
    link_->CarryHints(
        std::move(call), [listens] { return *listens; }, std::move(message), std::move(done));
  }

  void Cancel(uint64_t id) override {
    if (const auto listening = listening_.find(id); listening != listening_.end()) {
      *listening->second = false;
      listening_.erase(listening);
      return;
    }
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) return;
    *found->second = nullptr;
    waiting_.erase(found);
  }

 private:
  Link* const link_;
  const std::function<bool()> alive_;
  std::map<uint64_t, std::shared_ptr<Done>> waiting_;
  std::map<uint64_t, std::shared_ptr<bool>> listening_;
};

// The server's end of a stream. It goes when the server has ended it.
class SimStream final : public HintStream {
 public:
  SimStream(std::function<void(std::string)> carry, std::function<void(absl::Status)> end)
      : carry_(std::move(carry)), end_(std::move(end)) {}
  void Send(v1::WatchResponse message) override { carry_(message.SerializeAsString()); }
  void End(const absl::Status& why, bool /*cut*/) override {
    end_(why);
    delete this;
  }

 private:
  const std::function<void(std::string)> carry_;
  const std::function<void(absl::Status)> end_;
};

}  // namespace

void Link::CheckPace(std::deque<int64_t>& instants, size_t most, const char* what) {
  instants.push_back(world_->now_us());
  while (instants.front() < world_->now_us() - kMinute) instants.pop_front();
  if (instants.size() > most) world_->Violate("wrong", absl::StrCat(name_, ": more than ", most, what));
}

void Link::Carry(UnaryCall call, Transport::Done done) {
  CheckPace(calls_, kCallsOfAMinute, " calls in a minute");
  if (v1::PullRequest pull;
      small_pages_ && absl::EndsWith(call.method, "/Pull") && pull.ParseFromString(call.request)) {
    pull.set_page_bytes(limits::kPageBytesMin);
    call.request = pull.SerializeAsString();
  }
  const auto heard = std::make_shared<Transport::Done>(std::move(done));
  const auto tell = [this, heard](absl::Status status, std::string answer) {
    if (*heard == nullptr) return;
    if (!status.ok()) CheckPace(failures_, kFailuresOfAMinute, " failures in a minute");
    const Transport::Done once = std::exchange(*heard, nullptr);
    once(std::move(status), std::move(answer));
  };
  world_->After(int64_t{call.deadline_ms} * kMillisecond,
                [tell] { tell(absl::DeadlineExceededError("nobody answered in time"), ""); });
  if (gone_) {
    return world_->After(Delay(), [tell] { tell(absl::UnavailableError("no network"), ""); });
  }
  if (world_->Strikes(FaultKind::kRequestLost)) {
    world_->Note(name_, absl::StrCat("a request is lost: ", call.method));
    // Half of them with a reset that the phone sees.
    if (world_->Chance(500)) world_->After(Delay(), [tell] { tell(absl::UnavailableError("connection reset"), ""); });
    return;
  }
  const uint64_t number = ++requests_;
  const auto request = std::make_shared<const UnaryCall>(std::move(call));
  if (world_->Strikes(FaultKind::kRequestRepeated)) {
    world_->After(world_->Between(1, kRepeatedWithin), [this, request] {
      world_->Note(name_, absl::StrCat("a request comes again: ", request->method));
      server_->Call(request->method, request->authorization, request->request, [](const SimServer::Answer&) {});
    });
  }
  world_->After(Delay(), [this, request, number, tell] {
    server_->Call(
        request->method, request->authorization, request->request,
        [this, request, number, tell](SimServer::Answer answer) { Bring(*request, number, std::move(answer), tell); });
  });
}

void Link::CountOvertaken(uint64_t number) {
  if (number < answered_) world_->Count(FaultKind::kAnswerOvertaken);
  answered_ = std::max(answered_, number);
}

void Link::Bring(const UnaryCall& request, uint64_t number, SimServer::Answer answer, const Transport::Done& tell) {
  int64_t delay = Delay();
  if (!answer.has_value()) {
    return world_->After(delay, [tell] { tell(absl::UnavailableError("the server is not there"), ""); });
  }
  if (one_way_ || world_->Strikes(FaultKind::kAnswerLost)) {
    world_->Note(name_, absl::StrCat("an answer is lost: ", request.method));
    if (world_->Chance(500)) world_->After(delay, [tell] { tell(absl::UnavailableError("connection reset"), ""); });
    return;
  }
  if (world_->Strikes(FaultKind::kAnswerLate)) delay += world_->Between(1, 70) * kSecond;
  world_->After(delay, [this, tell, number, answer = *std::move(answer)]() mutable {
    CountOvertaken(number);
    if (answer.ok()) {
      tell(absl::OkStatus(), *std::move(answer));
    } else {
      tell(answer.status(), "");
    }
  });
}

void Link::CarryHints(UnaryCall call, std::function<bool()> heard, Transport::Message message, Transport::Done done) {
  const auto listens = std::make_shared<std::function<bool()>>(std::move(heard));
  const auto tell_end = [listens, done = std::make_shared<Transport::Done>(std::move(done))](absl::Status status) {
    if ((*listens)()) (*done)(std::move(status), "");
  };
  if (gone_ || world_->Strikes(FaultKind::kRequestLost)) {
    return world_->After(Delay(), [tell_end] { tell_end(absl::UnavailableError("no network")); });
  }
  world_->After(Delay(), [this, call = std::move(call), listens, message = std::move(message), tell_end] {
    const auto id = std::make_shared<uint64_t>(0);
    const int start = server_->starts();
    auto stream = std::make_unique<SimStream>(
        [this, id, start, listens, message](std::string bytes) {
          const bool lost = gone_ || one_way_ || world_->Strikes(FaultKind::kAnswerLost);
          if (lost) world_->Note(name_, "a hint is lost");
          world_->After(Delay(), [this, id, start, listens, message, lost, bytes = std::move(bytes)] {
            if (!(*listens)()) return server_->HintsUnheard(start, *id);
            if (!lost) message(bytes);
            server_->HintTaken(start, *id);
          });
        },
        [this, listens, tell_end](absl::Status why) {
          if (!(*listens)() || gone_ || world_->Strikes(FaultKind::kAnswerLost)) return;
          world_->After(Delay(), [tell_end, why = std::move(why)] { tell_end(why); });
        });
    const std::optional<absl::Status> opened = server_->Watch(call.authorization, stream.get(), *id);
    if (opened.has_value() && opened->ok()) {
      (void)stream.release();
      return;
    }
    const absl::Status why = opened.value_or(absl::UnavailableError("the server is not there"));
    world_->After(Delay(), [tell_end, why] { tell_end(why); });
  });
}

std::unique_ptr<Transport> MakeTransport(Link* link, std::function<bool()> alive) {
  return std::make_unique<SimTransport>(link, std::move(alive));
}

}  // namespace doorstep::sim
