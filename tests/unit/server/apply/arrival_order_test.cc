// Given the same corrected times and accepted commands, 2,000 random orders of arrival, with repeats, late facts,
// corrections and retractions, give the same visits and the same score receipts.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/config.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/apply/commands/apply_record.h"
#include "server/health/model.h"
#include "server/health/score.h"
#include "server/openssl_sha256.h"
#include "server/storage/account_table.h"
#include "server/storage/health_table.h"
#include "server/storage/visit_table.h"
#include "tests/support/office.h"

namespace doorstep {
namespace {

using testing::FieldPhone;
using testing::kDay;
using testing::kHour;
using testing::kMonday;
using testing::kSecond;

#if defined(ABSL_HAVE_ADDRESS_SANITIZER)
constexpr uint64_t kStories = 8;  // Under a sanitizer the memory is the question, and each order takes much longer.
#else
constexpr uint64_t kStories = 40;
#endif
constexpr uint64_t kOrdersOfEach = 50;
constexpr int kVisits = 4;
const char* const kAccounts[] = {"acme", "bolt"};
const char* const kTechnicians[] = {"ana", "ben", "cho"};

std::string VisitId(int v) { return absl::StrCat("v", v); }

// What the phones have recorded, and the file of an office that has heard nothing of it.
struct Story {
  testing::Folder folder;
  std::vector<FieldPhone> phones;
  // Commands of fixed instants that fall between the uploads.
  std::vector<v1::CommandRecord> commands;

  std::string File() const { return folder.File("before.db"); }
};

v1::JournalPosition AnyPosition(const std::vector<FieldPhone>& phones, size_t own, SeededRandom& random) {
  // Mostly an entry of one's own, at times a colleague's that may arrive later.
  const size_t p = random.Below(4) == 0 ? random.Below(phones.size()) : own;
  v1::JournalPosition position;
  position.set_device(phones[p].device());
  position.set_epoch(1);
  position.set_seq(1 + random.Below(phones[p].size() + 1));
  return position;
}

v1::LogEntry AnyFact(const std::vector<FieldPhone>& phones, size_t own, int64_t now_us, SeededRandom& random) {
  const auto code = random.Below(2) == 0 ? v1::OUTCOME_CODE_RESOLVED : v1::OUTCOME_CODE_NOT_RESOLVED;
  const std::string promise = absl::StrCat("promise-", random.Below(2));
  switch (random.Below(10)) {
    case 0:
      return testing::Arrived();
    case 1:
    case 2:
      return testing::WorkStarted();
    case 3:
    case 4:
      return testing::Outcome(code, random.Below(2) == 0 ? "F-SEAT" : "F-PUMP");
    case 5:
      return testing::Csat(1 + static_cast<uint32_t>(random.Below(5)));
    case 6:
      return testing::Promise(promise, now_us + 2 * kHour);
    case 7:
      return testing::Fulfilled(promise);
    case 8:
      return testing::Retract(AnyPosition(phones, own, random));
    default: {
      v1::LogEntry correction;
      *correction.mutable_correction()->mutable_target() = AnyPosition(phones, own, random);
      *correction.mutable_correction()->mutable_replacement() =
          random.Below(2) == 0 ? testing::Outcome(code, "F-SEAT") : testing::Csat(2);
      return correction;
    }
  }
}

// The office's day up to the first upload, and the phones' whole day.
void Tell(uint64_t seed, Story& story) {
  SeededRandom random(seed);
  testing::Office office;
  for (const char* account : kAccounts) office.AddAccount(account);
  for (const char* technician : kTechnicians) story.phones.push_back(office.AddPhone(technician));
  for (int v = 0; v < kVisits; ++v) {
    office.Plan(VisitId(v), kAccounts[v % 2], kTechnicians[random.Below(3)], 8 + v);
  }
  office.clock().Set(kMonday + 9 * kHour);  // In the middle of what happens in the field.
  office.Reassign("v0", "", kTechnicians[random.Below(3)]);
  if (random.Below(2) == 0) {
    v1::CommandRecord cancel;
    cancel.mutable_cancel_visit()->set_id("v1");
    cancel.mutable_cancel_visit()->set_reason("called off");
    EXPECT_EQ(office.Do(cancel), absl::OkStatus());
  }
  for (int i = 0; i < 24; ++i) {
    const size_t p = random.Below(story.phones.size());
    const int64_t now_us = kMonday + 8 * kHour + i * 420 * kSecond;
    story.phones[p].Record(AnyFact(story.phones, p, now_us, random), VisitId(static_cast<int>(random.Below(kVisits))),
                           now_us);
  }
  story.commands.resize(2);
  story.commands[0].mutable_schedule_visit()->set_id("v2");
  story.commands[0].mutable_schedule_visit()->mutable_planned()->set_start_time_us(kMonday + 15 * kHour);
  story.commands[0].mutable_schedule_visit()->mutable_planned()->set_end_time_us(kMonday + 17 * kHour);
  story.commands[1].mutable_record_miss()->set_id("v3");
  std::filesystem::copy_file(office.path(), story.File());
  std::filesystem::copy_file(office.path() + "-wal", story.File() + "-wal");
}

// One office that hears the story in an order of its own.
class Hearing {
 public:
  Hearing(const Story& story, uint64_t order) : story_(story), random_(order), clock_(kMonday + 13 * kHour) {
    StorageOptions options;
    options.path = folder_.File("doorstep.db");
    options.durable = false;
    options.readers = 1;
    std::filesystem::copy_file(story.File(), options.path);
    std::filesystem::copy_file(story.File() + "-wal", options.path + "-wal");
    storage_ = Storage::Open(options, random_).value();
    writer_ = Writer::Start(storage_.get(), &clock_, &random_, ApplyRecord, nullptr).value();
  }

  void HearAll() {
    std::vector<uint64_t> marks(story_.phones.size(), 0);
    std::vector<uint64_t> command_before(story_.commands.size());
    uint64_t total = 0;
    for (const FieldPhone& phone : story_.phones) total += phone.size();
    for (uint64_t& before : command_before) before = random_.Below(total + 1);
    std::sort(command_before.begin(), command_before.end());
    size_t commands = 0;
    uint64_t heard = 0;
    while (true) {
      while (commands < command_before.size() && (heard >= command_before[commands] || heard == total)) {
        Command(commands++);
      }
      if (heard == total) break;
      const size_t p = random_.Below(marks.size());
      const FieldPhone& phone = story_.phones[p];
      if (marks[p] == phone.size()) continue;
      // From the next entry on, at times from before it: a repeat or an overlap.
      const uint64_t first = 1 + (random_.Below(4) == 0 ? random_.Below(marks[p] + 1) : marks[p]);
      const uint64_t last = std::min(phone.size(), first + random_.Below(5));
      const auto answer = Push(phone, first, last);
      ASSERT_TRUE(answer.ok()) << answer.status();
      ASSERT_FALSE(answer->fork.has_value());
      heard += answer->mark.received_through() - marks[p];
      marks[p] = answer->mark.received_through();
    }
    clock_.Set(kMonday + 20 * kHour);
    for (const FieldPhone& phone : story_.phones) {
      v1::CommandRecord reported;
      reported.mutable_reported()->set_device(phone.device());
      reported.mutable_reported()->set_reported_through_time_us(kMonday + 20 * kHour);
      Do(reported);
    }
  }

  // SHA-256 over all that must not depend on the order.
  std::string Sum() {
    OpensslSha256 hasher;
    hasher.Reset();
    EXPECT_TRUE(storage_->Read("a test", [&](SqlSession& sql) { return AddAll(sql, hasher); }).ok());
    return absl::BytesToHexString(AsBytes(hasher.Finish()));
  }

 private:
  absl::Status AddAll(SqlSession& sql, OpensslSha256& hasher) {
    for (int v = 0; v < kVisits; ++v) {
      v1::Visit visit;
      EXPECT_TRUE(visit.ParseFromString(FindVisitBytes(sql, VisitId(v)).value()));
      visit.clear_version();
      hasher.Update(visit.SerializeAsString());
    }
    for (const char* account : kAccounts) {
      const int64_t n = FindAccountNumber(sql, account).value();
      const std::vector<health::BucketRow> rows = BucketsOfAccount(sql, n).value();
      const std::vector<v1::Observation> repeats = KnownRepeats(sql, n).value();
      for (const int days : {0, 1, 31, 200}) {
        const int32_t day = static_cast<int32_t>(kMonday / kDay) + days;
        health::Caps caps;
        caps.repeating_asset_id = health::FindRepeatingAsset(repeats, day);
        hasher.Update(health::Score(rows, caps, day, health::Model::Default()).value().receipt());
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<FrameAnswer> Push(const FieldPhone& phone, uint64_t first, uint64_t last) {
    auto frame = PrepareFrame(phone.Frame(first, last, clock_.Now().wall_time_us), phone.device());
    if (!frame.ok()) return frame.status();
    return writer_->ApplyFrame(*std::move(frame));
  }

  // Each at its own instant, whatever has been heard by then.
  void Command(size_t number) {
    clock_.Set(kMonday + 14 * kHour + static_cast<int64_t>(number) * kHour);
    Do(story_.commands[number]);
  }

  void Do(const v1::CommandRecord& record) {
    doorstep::Command command;
    command.principal = "admin:a1";
    command.run = [&](Transaction& tx) -> absl::StatusOr<std::string> {
      absl::Status status = tx.Apply(record);
      if (!status.ok()) return status;
      return std::string();
    };
    EXPECT_TRUE(writer_->RunCommand(std::move(command)).ok());
  }

  const Story& story_;
  testing::Folder folder_;
  SeededRandom random_;
  testing::SetClock clock_;
  std::unique_ptr<Storage> storage_;
  std::unique_ptr<Writer> writer_;
};

class ArrivalOrderTest : public ::testing::TestWithParam<uint64_t> {};

// Parts of the 2,000, so that they run side by side.
constexpr uint64_t kParts = 4;

TEST_P(ArrivalOrderTest, GivesOneSum) {
  for (uint64_t s = GetParam(); s < kStories; s += kParts) {
    Story story;
    Tell(s + 1, story);
    std::string expected;
    for (uint64_t order = 1; order <= kOrdersOfEach; ++order) {
      Hearing hearing(story, s * 1000 + order);
      hearing.HearAll();
      if (HasFatalFailure()) return;
      const std::string sum = hearing.Sum();
      if (expected.empty()) expected = sum;
      ASSERT_EQ(sum, expected) << "story " << s << ", order " << order;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(TwoThousand, ArrivalOrderTest, ::testing::Range(uint64_t{0}, kParts));

}  // namespace
}  // namespace doorstep
