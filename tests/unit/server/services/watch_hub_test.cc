// What the hub promises to streams, by hand: no thread, and a clock that the test moves.
#include "server/services/watch_hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/mutex.h"

namespace doorstep {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kSecond = 1000000;

// "technician:ana 7", in the order of the message.
std::vector<std::string> Told(const v1::WatchResponse& message) {
  std::vector<std::string> told;
  for (const v1::FeedHead& head : message.feeds()) told.push_back(absl::StrCat(head.feed(), " ", head.seq()));
  return told;
}

class Stream final : public HintStream {
 public:
  void Send(v1::WatchResponse message) override {
    EXPECT_TRUE(ends.empty()) << "sent to after the end";
    messages.push_back(std::move(message));
  }
  void End(const absl::Status& why, bool was_cut) override {
    ends.push_back(why);
    cut = was_cut;
  }

  std::vector<v1::WatchResponse> messages;
  std::vector<absl::Status> ends;
  bool cut = false;
  uint64_t id = 0;
};

class WatchHubTest : public ::testing::Test {
 protected:
  // They outlive the hub, which ends them.
  Stream* NewStream() { return streams_.emplace_back(std::make_unique<Stream>()).get(); }
  // Of `device` and technician "ana", whose feeds stand at 5.
  Stream* Watch(const std::string& device) {
    Stream* stream = NewStream();
    const absl::StatusOr<uint64_t> id = hub_.Open(device, FeedsOf(device), stream);
    EXPECT_TRUE(id.ok()) << id.status();
    stream->id = *id;
    hub_.Begin(stream->id, {5, 5});
    hub_.Turn(now_us_);
    hub_.Sent(stream->id);
    return stream;
  }
  static std::vector<DeviceFeedName> FeedsOf(const std::string& device) {
    return {{"device", "device:" + device}, {"technician:ana", "technician:ana"}};
  }
  void Move(const std::string& feed, int64_t seq) {
    FeedHead head;
    head.name = feed;
    head.seq = seq;
    hub_.Moved({&head, 1});
    hub_.Turn(now_us_);
  }
  void Pass(int64_t us) {
    now_us_ += us;
    hub_.Turn(now_us_);
  }

  int64_t now_us_ = 1000 * kSecond;
  std::vector<std::unique_ptr<Stream>> streams_;
  WatchBounds bounds_{/*streams_max=*/3, /*keep_alive_us=*/60 * kSecond, /*stuck_us=*/30 * kSecond};
  WatchHub hub_{bounds_};
};

TEST_F(WatchHubTest, TheFirstMessageTellsAllHeadsAndHowOftenToExpectOne) {
  Stream* const stream = Watch("d1");
  ASSERT_EQ(stream->messages.size(), 1u);
  EXPECT_THAT(Told(stream->messages[0]), ElementsAre("device 5", "technician:ana 5"));
  EXPECT_EQ(stream->messages[0].keep_alive_ms(), 60000u);
}

TEST_F(WatchHubTest, WhatMovesWhileAStreamIsBeingOpenedIsInItsFirstMessage) {
  Stream* const stream = NewStream();
  const uint64_t id = *hub_.Open("d1", FeedsOf("d1"), stream);
  Move("technician:ana", 7);
  EXPECT_THAT(stream->messages, IsEmpty()) << "its heads have not been read";
  hub_.Begin(id, {5, 6});
  hub_.Turn(now_us_);
  ASSERT_EQ(stream->messages.size(), 1u);
  EXPECT_THAT(Told(stream->messages[0]), ElementsAre("device 5", "technician:ana 7"));
}

TEST_F(WatchHubTest, AHintGoesToThoseWhoWatchTheFeedAndSaysNothingElse) {
  Stream* const ana = Watch("d1");
  Stream* const also_ana = Watch("d2");
  Move("device:d1", 6);
  Move("technician:bo", 9);
  ASSERT_EQ(ana->messages.size(), 2u);
  EXPECT_THAT(Told(ana->messages[1]), ElementsAre("device 6"));
  EXPECT_EQ(ana->messages[1].keep_alive_ms(), 0u);
  EXPECT_EQ(also_ana->messages.size(), 1u);
  Move("technician:ana", 6);
  ASSERT_EQ(also_ana->messages.size(), 2u);
  EXPECT_THAT(Told(also_ana->messages[1]), ElementsAre("technician:ana 6"));
}

TEST_F(WatchHubTest, AHeadThatDidNotMoveIsNoNews) {
  Stream* const stream = Watch("d1");
  Move("technician:ana", 5);
  Move("technician:ana", 4);
  EXPECT_EQ(stream->messages.size(), 1u);
}

TEST_F(WatchHubTest, WhatASlowReaderHasNotBeenToldIsOneHeadAFeedHoweverMuchMoves) {
  Stream* const stream = Watch("d1");
  Move("technician:ana", 6);
  ASSERT_EQ(stream->messages.size(), 2u);
  for (int64_t seq = 7; seq <= 1000; ++seq) {
    Move("technician:ana", seq);
    Move("device:d1", seq);
  }
  EXPECT_EQ(stream->messages.size(), 2u) << "one message at a time";
  hub_.Sent(stream->id);
  hub_.Turn(now_us_);
  ASSERT_EQ(stream->messages.size(), 3u);
  EXPECT_THAT(Told(stream->messages[2]), ElementsAre("device 1000", "technician:ana 1000"));
  hub_.Sent(stream->id);
  hub_.Turn(now_us_);
  EXPECT_EQ(stream->messages.size(), 3u);
}

TEST_F(WatchHubTest, AReaderWhoTakesNothingIsDroppedAndHarmsNobody) {
  Stream* const stuck = Watch("d1");
  Stream* const reader = Watch("d2");
  Move("technician:ana", 6);
  hub_.Sent(reader->id);
  Pass(29 * kSecond);
  EXPECT_THAT(stuck->ends, IsEmpty());
  Pass(6 * kSecond);
  ASSERT_EQ(stuck->ends.size(), 1u);
  EXPECT_EQ(stuck->ends[0].code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(stuck->cut);
  EXPECT_THAT(reader->ends, IsEmpty());
  Move("technician:ana", 7);
  EXPECT_THAT(Told(reader->messages.back()), ElementsAre("technician:ana 7"));
  EXPECT_EQ(hub_.open(), 1u);
}

TEST_F(WatchHubTest, WhoTakesItsMessagesHearsWhyItEndsAndWhoDoesNotHoldsNobodyUp) {
  Stream* const prompt = Watch("d1");
  Stream* const slow = Watch("d2");
  Move("device:d2", 6);
  Pass(2 * kSecond);
  Move("device:d1", 6);  // On its way as the server ends.
  hub_.EndDevice("d1", absl::UnavailableError("the server is ending"));
  hub_.EndDevice("d2", absl::UnavailableError("the server is ending"));
  hub_.Turn(now_us_);
  ASSERT_EQ(prompt->ends.size(), 1u);
  EXPECT_FALSE(prompt->cut);
  ASSERT_EQ(slow->ends.size(), 1u);
  EXPECT_TRUE(slow->cut);
}

TEST_F(WatchHubTest, AQuietStreamHearsThatTheServerIsThereBeforeItsTimeIsUp) {
  Stream* const stream = Watch("d1");
  for (int i = 0; i < 12 && stream->messages.size() == 1; ++i) Pass(5 * kSecond);
  EXPECT_LE(now_us_, 1060 * kSecond);
  ASSERT_EQ(stream->messages.size(), 2u);
  EXPECT_THAT(Told(stream->messages[1]), IsEmpty());
  hub_.Sent(stream->id);
  Pass(30 * kSecond);
  EXPECT_EQ(stream->messages.size(), 2u) << "not more often than was said";
}

TEST_F(WatchHubTest, OfTwoStreamsOfADeviceTheNewerStays) {
  Stream* const first = Watch("d1");
  Stream* const second = Watch("d1");
  ASSERT_EQ(first->ends.size(), 1u);
  EXPECT_EQ(first->ends[0].code(), absl::StatusCode::kAborted);
  Move("device:d1", 6);
  EXPECT_EQ(first->messages.size(), 1u);
  EXPECT_EQ(second->messages.size(), 2u);
  hub_.End(first->id, absl::CancelledError("it goes"));  // It hears late that it has gone.
  hub_.Turn(now_us_);
  EXPECT_EQ(first->ends.size(), 1u);
  EXPECT_THAT(second->ends, IsEmpty());
  hub_.EndDevice("d1", absl::UnauthenticatedError("revoked"));
  hub_.Turn(now_us_);
  ASSERT_EQ(second->ends.size(), 1u);
  EXPECT_EQ(second->ends[0].code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(hub_.open(), 0u);
}

TEST_F(WatchHubTest, ADeviceThatMayReadOtherFeedsNowHasToOpenItsStreamAnew) {
  Stream* const changed = Watch("d1");
  Stream* const other = Watch("d2");
  FeedHead head;
  head.name = "technician:ana";
  head.seq = 6;
  hub_.Take({{head}, {"d1"}, {}});
  hub_.Turn(now_us_);
  EXPECT_EQ(changed->messages.size(), 1u) << "it may not be ana's any more";
  ASSERT_EQ(changed->ends.size(), 1u);
  EXPECT_EQ(changed->ends[0].code(), absl::StatusCode::kAborted);
  EXPECT_EQ(other->messages.size(), 2u);
}

TEST_F(WatchHubTest, TooManyAreRefusedAndADeviceMayAlwaysOpenItsOwnAnew) {
  Stream* const first = Watch("d1");
  Watch("d2");
  Watch("d3");
  Stream* const one_more = NewStream();
  EXPECT_EQ(hub_.Open("d4", FeedsOf("d4"), one_more).status().code(), absl::StatusCode::kResourceExhausted);
  Watch("d1");
  EXPECT_EQ(first->ends.size(), 1u);
  EXPECT_THAT(one_more->ends, IsEmpty()) << "it was never the hub's";
}

TEST_F(WatchHubTest, StoppingEndsAllAndTakesNoMore) {
  Stream* const a = Watch("d1");
  Stream* const b = Watch("d2");
  Move("technician:ana", 6);  // On its way to both.
  hub_.Stop();
  for (const Stream* stream : {a, b}) {
    ASSERT_EQ(stream->ends.size(), 1u);
    EXPECT_EQ(stream->ends[0].code(), absl::StatusCode::kUnavailable);
  }
  EXPECT_EQ(hub_.Open("d3", FeedsOf("d3"), NewStream()).status().code(), absl::StatusCode::kUnavailable);
}

// Takes its messages on another thread, as gRPC does, and notes what must not happen.
class BusyStream final : public HintStream {
 public:
  explicit BusyStream(WatchHub* hub) : hub_(hub) {}
  void Send(v1::WatchResponse message) override {
    for (const v1::FeedHead& head : message.feeds()) {
      if (head.feed() == "technician:ana") heard_.store(head.seq());
    }
    if (ended_) ++wrong;
    hub_->Sent(id);
  }
  void End(const absl::Status&, bool) override {
    if (ended_.exchange(true)) ++wrong;
  }
  bool ended() const { return ended_; }
  int64_t heard() const { return heard_; }

  std::atomic<uint64_t> id{0};
  std::atomic<int> wrong{0};

 private:
  WatchHub* const hub_;
  std::atomic<bool> ended_{false};
  std::atomic<int64_t> heard_{0};
};

TEST(WatchHubRaceTest, ComingGoingAndMovingAtOnceEndsEveryStreamOnceAndTellsTheLastHeadToWhoStays) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 300;
  WatchHub hub;
  hub.Start();
  std::vector<std::vector<std::unique_ptr<BusyStream>>> streams(kThreads);
  std::vector<std::thread> threads;
  std::atomic<int64_t> seq{0};
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < kRounds; ++round) {
        auto stream = std::make_unique<BusyStream>(&hub);
        const absl::StatusOr<uint64_t> id =
            hub.Open(absl::StrCat("d", t),
                     {{"device", absl::StrCat("device:d", t)}, {"technician:ana", "technician:ana"}}, stream.get());
        ASSERT_TRUE(id.ok());
        stream->id = *id;
        hub.Begin(*id, {0, seq.load()});
        if (round % 3 == 0) hub.End(*id, absl::CancelledError("gone"));
        streams[t].push_back(std::move(stream));
        FeedHead head;
        head.name = "technician:ana";
        head.seq = ++seq;
        hub.Moved({&head, 1});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  FeedHead last;
  last.name = "technician:ana";
  last.seq = ++seq;
  hub.Moved({&last, 1});
  for (const auto& of_thread : streams) {
    const BusyStream& stays = *of_thread.back();
    while (stays.heard() != last.seq) std::this_thread::yield();  // The test's time limit ends a wait in vain.
  }
  hub.Stop();
  for (const auto& of_thread : streams) {
    for (const auto& stream : of_thread) {
      EXPECT_TRUE(stream->ended());
      EXPECT_EQ(stream->wrong, 0);
    }
  }
  EXPECT_EQ(hub.open(), 0u);
}

}  // namespace
}  // namespace doorstep
