// What the hub promises to gateways, by hand: no thread, and a clock that the test moves.
#include "server/services/wake_hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace doorstep {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kSecond = 1000000;

class Stream final : public WakeStream {
 public:
  void Send(v1::WatchWakesResponse message) override {
    EXPECT_THAT(ends, IsEmpty()) << "sent to after the end";
    messages.push_back(std::move(message));
  }
  void End(const absl::Status& why, bool was_cut) override {
    ends.push_back(why);
    cut = was_cut;
  }

  std::vector<v1::WatchWakesResponse> messages;
  std::vector<absl::Status> ends;
  bool cut = false;
  uint64_t id = 0;
  size_t looked = 0;
};

class WakeHubTest : public ::testing::Test {
 protected:
  // Of a gateway that takes every message at once, unless it is `slow`.
  Stream* Listen(bool slow = false) {
    Stream* stream = streams_.emplace_back(std::make_unique<Stream>()).get();
    const absl::StatusOr<uint64_t> id = hub_.Open(stream);
    EXPECT_TRUE(id.ok()) << id.status();
    stream->id = *id;
    if (slow) slow_.insert(stream);
    Turn();
    return stream;
  }
  void Turn() {
    size_t sent = 0;
    do {
      hub_.Turn();
      sent = 0;
      for (const auto& stream : streams_) {
        if (slow_.count(stream.get()) > 0) continue;
        for (size_t& taken = taken_[stream.get()]; taken < stream->messages.size(); ++taken, ++sent) {
          hub_.Sent(stream->id);
        }
      }
    } while (sent > 0);
  }
  void Want(const std::string& device, v1::WakeReason reason = v1::WAKE_REASON_VISIT_ASSIGNED) {
    const WantedWake wake{1, device, "android", "token of " + device, reason, 77};
    hub_.Wanted({&wake, 1});
    Turn();
  }
  void Pass(int64_t us) {
    now_us_ += us;
    Turn();
  }
  // Whom it was told to wake since the last look.
  std::vector<std::string> Told(Stream* stream) {
    std::vector<std::string> told;
    for (; stream->looked < stream->messages.size(); ++stream->looked) {
      for (const v1::DeviceWakeWanted& wake : stream->messages[stream->looked].wakes()) told.push_back(wake.device());
    }
    return told;
  }

  int64_t now_us_ = 1000 * kSecond;
  std::set<std::string> watching_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::set<Stream*> slow_;
  std::map<Stream*, size_t> taken_;
  WakeBounds bounds_{/*streams_max=*/2, /*message_wakes_max=*/3, /*keep_alive_us=*/60 * kSecond,
                     /*stuck_us=*/30 * kSecond};
  WakeHub hub_{[this](absl::string_view device) { return watching_.count(std::string(device)) > 0; }, bounds_,
               [this] { return now_us_; }};
};

TEST_F(WakeHubTest, SaysAtOnceWhomToWakeAndByWhat) {
  Stream* const gateway = Listen();
  ASSERT_EQ(gateway->messages.size(), 1u) << "that nothing is wanted is said, too";
  EXPECT_TRUE(gateway->messages[0].caught_up());
  EXPECT_EQ(gateway->messages[0].keep_alive_ms(), 60000u);
  Want("d7", v1::WAKE_REASON_VISIT_CANCELED);
  ASSERT_EQ(gateway->messages.size(), 2u);
  ASSERT_EQ(gateway->messages[1].wakes_size(), 1);
  const v1::DeviceWakeWanted& wake = gateway->messages[1].wakes(0);
  EXPECT_EQ(wake.device(), "d7");
  EXPECT_EQ(wake.push_token(), "token of d7");
  EXPECT_EQ(wake.platform(), "android");
  EXPECT_EQ(wake.reason(), v1::WAKE_REASON_VISIT_CANCELED);
  EXPECT_EQ(wake.wanted_time_us(), 77);
  EXPECT_FALSE(gateway->messages[1].caught_up()) << "it was already";
  EXPECT_EQ(gateway->messages[1].keep_alive_ms(), 0u);
}

TEST_F(WakeHubTest, OneWakeIsOutstandingUntilThePhoneHasAsked) {
  Stream* const gateway = Listen();
  Want("d7");
  EXPECT_THAT(Told(gateway), ElementsAre("d7"));
  Want("d7");
  Pass(3600 * kSecond);
  Want("d7");
  EXPECT_THAT(Told(gateway), IsEmpty());
  hub_.Contacted("d7");
  Want("d7");
  EXPECT_THAT(Told(gateway), ElementsAre("d7"));
}

TEST_F(WakeHubTest, APhoneIsWokenOnceAMinuteAtMost) {
  Stream* const gateway = Listen();
  Want("d7");
  Pass(kSecond);
  hub_.Contacted("d7");
  Pass(kSecond);
  Want("d7");
  Want("d8");
  EXPECT_THAT(Told(gateway), ElementsAre("d7", "d8")) << "d7 for the first time, and d8 does not wait for it";
  Pass(57 * kSecond);
  EXPECT_THAT(Told(gateway), IsEmpty());
  Pass(kSecond);
  EXPECT_THAT(Told(gateway), ElementsAre("d7"));
  hub_.Contacted("d7");
  Want("d7");
  hub_.Contacted("d7");
  Pass(3600 * kSecond);
  EXPECT_THAT(Told(gateway), IsEmpty()) << "it asked before its minute was over";
}

TEST_F(WakeHubTest, APhoneThatWatchesIsNotWokenUntilItsStreamIsLost) {
  Stream* const gateway = Listen();
  watching_ = {"d7"};
  Want("d7");
  Pass(60 * kSecond);
  EXPECT_THAT(Told(gateway), IsEmpty());
  watching_.clear();
  Pass(5 * kSecond);
  EXPECT_THAT(Told(gateway), ElementsAre("d7")) << "and it has not asked";
  hub_.Contacted("d7");
  Pass(60 * kSecond);
  watching_ = {"d7"};
  Want("d7");
  hub_.Contacted("d7");
  watching_.clear();
  Pass(60 * kSecond);
  EXPECT_THAT(Told(gateway), IsEmpty()) << "the hint brought it to ask";
}

TEST_F(WakeHubTest, ANewGatewayIsToldFirstWhatIsStillWanted) {
  Want("d7");
  Stream* const first = Listen();
  EXPECT_THAT(Told(first), ElementsAre("d7")) << "nobody listened when it came to wait";
  Want("d8");
  EXPECT_THAT(Told(first), ElementsAre("d8"));
  hub_.Contacted("d7");
  Stream* const second = Listen();
  EXPECT_THAT(Told(second), ElementsAre("d8"));
  EXPECT_THAT(Told(first), IsEmpty());
  Want("d9");
  EXPECT_THAT(Told(first), ElementsAre("d9"));
  EXPECT_THAT(Told(second), ElementsAre("d9"));
}

TEST_F(WakeHubTest, MessagesAreBoundedAndTheLastOfTheFirstSaysSo) {
  for (int i = 1; i <= 7; ++i) Want(absl::StrCat("d", i));
  Stream* const gateway = Listen();
  ASSERT_EQ(gateway->messages.size(), 3u);
  EXPECT_EQ(gateway->messages[0].wakes_size(), 3);
  EXPECT_EQ(gateway->messages[2].wakes_size(), 1);
  EXPECT_FALSE(gateway->messages[1].caught_up());
  EXPECT_TRUE(gateway->messages[2].caught_up());
}

TEST_F(WakeHubTest, WhoReadsNothingIsSentNothingMoreAndIsEndedAfterAWhile) {
  Stream* const slow = Listen(/*slow=*/true);
  Stream* const gateway = Listen();
  for (int i = 1; i <= 7; ++i) Want(absl::StrCat("d", i));
  EXPECT_EQ(slow->messages.size(), 1u);
  hub_.Contacted("d3");
  hub_.Sent(slow->id);
  hub_.Turn();
  EXPECT_THAT(Told(slow), ElementsAre("d1", "d2", "d4")) << "who has asked meanwhile is left out";
  Pass(29 * kSecond);
  EXPECT_THAT(slow->ends, IsEmpty());
  Pass(kSecond);
  ASSERT_EQ(slow->ends.size(), 1u);
  EXPECT_TRUE(absl::IsResourceExhausted(slow->ends[0]));
  EXPECT_TRUE(slow->cut);
  EXPECT_THAT(gateway->ends, IsEmpty());
  EXPECT_EQ(Told(gateway).size(), 7u);
  hub_.Sent(slow->id);
  hub_.End(slow->id, absl::CancelledError("gone"));
  Turn();
  EXPECT_EQ(slow->ends.size(), 1u);
}

TEST_F(WakeHubTest, AGatewayHearsThatTheServerIsThere) {
  Stream* const gateway = Listen();
  Pass(54 * kSecond);
  EXPECT_EQ(gateway->messages.size(), 1u);
  Pass(kSecond);
  ASSERT_EQ(gateway->messages.size(), 2u);
  EXPECT_EQ(gateway->messages[1].wakes_size(), 0);
}

TEST_F(WakeHubTest, StreamsAreBoundedAndEndedWithTheHub) {
  Stream* const gateway = Listen();
  Listen();
  Stream third;
  EXPECT_TRUE(absl::IsResourceExhausted(hub_.Open(&third).status()));
  hub_.End(gateway->id, absl::CancelledError("gone"));
  Turn();
  EXPECT_EQ(gateway->ends.size(), 1u);
  Stream* const another = Listen();
  hub_.Stop();
  ASSERT_EQ(another->ends.size(), 1u);
  EXPECT_TRUE(absl::IsUnavailable(another->ends[0]));
  EXPECT_EQ(gateway->ends.size(), 1u);
  EXPECT_TRUE(absl::IsUnavailable(hub_.Open(&third).status()));
}

TEST_F(WakeHubTest, ADeviceThatCanNoLongerBeWokenIsNot) {
  Want("d7");
  Want("d8");
  const std::vector<FeedHead> heads;
  const std::vector<std::string> devices = {"d7", "d8"};
  const std::vector<WantedWake> wakes = {{1, "d8", "", "another token", v1::WAKE_REASON_DEVICE_CHANGED, 78}};
  hub_.Take({heads, devices, wakes});
  Stream* const gateway = Listen();
  ASSERT_THAT(Told(gateway), ElementsAre("d8"));
  EXPECT_EQ(gateway->messages[0].wakes(0).push_token(), "another token");
  EXPECT_EQ(gateway->messages[0].wakes(0).wanted_time_us(), 77) << "what waited first";
}

}  // namespace
}  // namespace doorstep
