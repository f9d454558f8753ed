// Whatever bytes and dates a phone hands over, they are kept, harm nothing beside them, and follow from the truth.

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/sqlite/database.h"
#include "server/apply/commands/apply_record.h"
#include "server/apply/rebuild.h"
#include "server/health/model.h"
#include "server/health/score.h"
#include "server/storage/account_table.h"
#include "server/storage/health_table.h"
#include "tests/support/office.h"

namespace doorstep {
namespace {

using testing::Arrived;
using testing::FieldPhone;
using testing::kDay;
using testing::kHour;
using testing::kMonday;
using testing::PartUsed;

constexpr int64_t kFirst = std::numeric_limits<int64_t>::min();
constexpr int64_t kLast = std::numeric_limits<int64_t>::max();
constexpr int64_t kYear = 365 * kDay;

class BadInputTest : public ::testing::Test {
 protected:
  BadInputTest() : phone_(office_.AddPhone("ana")) {
    office_.AddAccount("acme");
    office_.Plan("v1", "acme", "ana", 8);
    office_.clock().Set(kMonday + 10 * kHour);
  }

  // Pushes all that is left, `frame_entries` at a time; a good entry at the end must count.
  void PushAllAndOneGoodEntry(uint64_t frame_entries) {
    const uint64_t good = phone_.Record(PartUsed("p", 1000), "v1", kMonday + 8 * kHour);
    for (uint64_t first = 1; first <= phone_.size(); first += frame_entries) {
      const uint64_t last = std::min(phone_.size(), first + frame_entries - 1);
      const absl::StatusOr<FrameAnswer> answer = office_.Push(phone_, first, last);
      ASSERT_TRUE(answer.ok()) << answer.status();
      ASSERT_EQ(answer->mark.received_through(), last);
    }
    EXPECT_FALSE(office_.JudgementOf(phone_, good).has_value());
    EXPECT_GE(office_.Visit("v1").parts_used_milli(), 1000);
    office_.ExpectRebuildEqual();
  }

  v1::QuarantineReason ReasonOf(uint64_t seq) {
    const std::optional<v1::Judgement> judgement = office_.JudgementOf(phone_, seq);
    return judgement.has_value() ? judgement->reason() : v1::QUARANTINE_REASON_UNSPECIFIED;
  }

  testing::Office office_;
  FieldPhone phone_;
};

TEST_F(BadInputTest, TextThatIsNotUtf8IsKeptAndWaitsForAPerson) {
  // Field 28 (note), whose field 1 (text) is one byte that no UTF-8 text has; then a visit id of such bytes.
  const uint64_t note = phone_.RecordBytes("\x12\x02v1\xe2\x01\x03\x0a\x01\xff");
  const uint64_t visit = phone_.RecordBytes(std::string("\x12\x02\xc3\x28\x5a\x00", 6));
  PushAllAndOneGoodEntry(10);
  EXPECT_EQ(ReasonOf(note), v1::QUARANTINE_REASON_MALFORMED);
  EXPECT_EQ(ReasonOf(visit), v1::QUARANTINE_REASON_MALFORMED);

  FieldPhone stranger(phone_.device(), 1, "salt of epoch 1.", "an\xffna");
  stranger.Record(Arrived(), "v1", kMonday + 8 * kHour);
  EXPECT_EQ(office_.Push(stranger, 1, 1).status().code(), absl::StatusCode::kInvalidArgument)
      << "outside an entry it is the frame that is malformed";
}

TEST_F(BadInputTest, DatesFarOffAreKeptAndMoveNothingOutOfRange) {
  const int64_t kTimes[] = {kFirst, kFirst + 1, -kYear, -1, 0, 1, kMonday + 8 * kHour, 8000 * kYear, kLast - 1, kLast};
  uint64_t facts = 0;
  for (const int64_t wall_us : kTimes) {
    for (const char* boot : {"boot", "another boot"}) {
      v1::LogEntry entry = facts % 2 == 0 ? Arrived() : testing::Csat(3);
      entry.set_visit_id("v1");
      entry.mutable_time()->set_wall_time_us(wall_us);
      entry.mutable_time()->set_monotonic_us(facts % 3 == 0 ? wall_us : -(wall_us / 2));
      entry.mutable_time()->set_utc_offset_s(facts % 2 == 0 ? 50400 : -50400);
      entry.mutable_time()->set_boot_id(boot);
      phone_.RecordBytes(entry.SerializeAsString());
      ++facts;
    }
  }
  for (const int64_t due_us : kTimes) {
    phone_.Record(testing::Promise(absl::StrCat("promise-", due_us), due_us), "v1", kMonday + 8 * kHour);
  }
  v1::LogEntry offset = Arrived();
  offset.mutable_time()->set_utc_offset_s(std::numeric_limits<int32_t>::max());
  offset.set_visit_id("v1");
  const uint64_t bad_offset = phone_.RecordBytes(offset.SerializeAsString());
  PushAllAndOneGoodEntry(4);
  EXPECT_EQ(ReasonOf(bad_offset), v1::QUARANTINE_REASON_OUT_OF_BOUNDS);
  const v1::Visit visit = office_.Visit("v1");
  EXPECT_GE(visit.arrived_time_us(), 0);
  EXPECT_LE(visit.arrived_time_us(), kMonday + 10 * kHour + testing::kSecond) << "later than it was received";
  office_.Read([](SqlSession& sql) {
    const std::vector<health::BucketRow> rows = BucketsOfAccount(sql, FindAccountNumber(sql, "acme").value()).value();
    for (const int32_t day : {-25000, 0, 20780, 20811, 50000}) {
      const absl::StatusOr<v1::AccountHealth> health =
          health::Score(rows, health::Caps(), day, health::Model::Default());
      ASSERT_TRUE(health.ok()) << health.status();
      EXPECT_GE(health->score_thousandths(), 0);
      EXPECT_LE(health->score_thousandths(), 100000);
    }
  });
}

TEST_F(BadInputTest, ClockSamplesFarOffAreKeptAndGiveTimesInRange) {
  phone_.Record(Arrived(), "v1", kMonday + 8 * kHour);
  v1::Frame frame;
  ASSERT_TRUE(frame.ParseFromString(phone_.Frame(1, 1, kMonday + 9 * kHour)));
  const int64_t kTimes[] = {kFirst, -1, kLast};
  for (const int64_t server_us : kTimes) {
    for (const int64_t monotonic_us : kTimes) {
      v1::ClockSample* sample = frame.mutable_header()->add_clock();
      sample->set_boot_id(absl::StrCat("boot", server_us % 2));
      sample->set_server_time_us(server_us);
      sample->set_monotonic_us(monotonic_us);
      sample->set_wall_time_us(-(monotonic_us / 2));
      sample->set_uncertainty_us(server_us);
    }
  }
  frame.mutable_header()->mutable_clock(0)->set_server_time_us(kLast);
  frame.mutable_header()->mutable_clock(0)->set_monotonic_us(kFirst);
  const absl::StatusOr<FrameAnswer> answer = office_.PushBytes(phone_.device(), frame.SerializeAsString());
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->mark.received_through(), 1u);
  const v1::Visit visit = office_.Visit("v1");
  EXPECT_GE(visit.arrived_time_us(), 0);
  EXPECT_LE(visit.arrived_time_us(), kMonday + 10 * kHour + testing::kSecond) << "later than it was received";
  office_.ExpectRebuildEqual();
}

TEST_F(BadInputTest, ADamagedRowOfTheTruthIsNamedByARebuild) {
  for (int i = 0; i < 6; ++i) phone_.Record(Arrived(), "v1", kMonday + 8 * kHour);
  ASSERT_TRUE(office_.Push(phone_, 1, 3).ok());
  ASSERT_TRUE(office_.Push(phone_, 2, 6).ok());  // Overlaps: two entries are skipped.
  // A connection of its own: the writer's belongs to its thread.
  absl::StatusOr<std::unique_ptr<sqlite::Database>> other = sqlite::Database::Open({.path = office_.path()});
  ASSERT_TRUE(other.ok()) << other.status();
  for (const char* damage :
       {"UPDATE frame SET skip = 0 WHERE skip = 2", "UPDATE frame SET skip = 1 WHERE first_seq = 1",
        "UPDATE frame SET bytes = substr(bytes, 1, 40) WHERE first_seq = 1"}) {
    ASSERT_TRUE((*other)->Execute(damage).ok());
    const absl::StatusOr<RebuildReport> report = Rebuild(office_.storage(), office_.random(), ApplyRecord);
    EXPECT_EQ(report.status().code(), absl::StatusCode::kDataLoss) << damage << ": " << report.status();
    EXPECT_NE(report.status().message().find("table frame: row"), std::string::npos) << report.status();
    ASSERT_TRUE((*other)->Execute("UPDATE frame SET skip = 2 WHERE first_seq = 2").ok());
  }
}

TEST_F(BadInputTest, RandomEntriesAreKeptAndNeverStopTheRest) {
  SeededRandom random(11);
  const v1::LogEntry kGood[] = {Arrived(), testing::Outcome(v1::OUTCOME_CODE_RESOLVED, "F1"), testing::Csat(4),
                                testing::Promise("p1", kMonday + kDay)};
  for (int i = 0; i < 400; ++i) {
    if (i % 2 == 0) {
      phone_.RecordBytes(random.Bytes(random.Below(60)));
      continue;
    }
    // A good entry with one byte changed.
    v1::LogEntry entry = kGood[random.Below(4)];
    entry.set_visit_id("v1");
    entry.mutable_time()->set_wall_time_us(kMonday + 8 * kHour);
    entry.mutable_time()->set_boot_id("boot");
    std::string bytes = entry.SerializeAsString();
    bytes[random.Below(bytes.size())] ^= static_cast<char>(1 + random.Below(255));
    phone_.RecordBytes(std::move(bytes));
  }
  PushAllAndOneGoodEntry(50);
}

}  // namespace
}  // namespace doorstep
