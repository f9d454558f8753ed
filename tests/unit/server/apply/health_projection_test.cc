// What the facts of visits come to in an account's health, through the real write path.

#include "server/apply/health_projection.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "client_core/rules/clock_correction.h"
#include "server/storage/account_table.h"
#include "server/storage/commitment_table.h"
#include "server/storage/health_table.h"
#include "server/storage/repair_history.h"
#include "server/storage/work_order_table.h"
#include "tests/support/office.h"

namespace doorstep {
namespace {

using testing::Arrived;
using testing::FieldPhone;
using testing::kDay;
using testing::kHour;
using testing::kMonday;
using testing::Note;
using testing::Office;
using testing::Outcome;
using Signals = std::map<v1::Signal, int>;

class HealthProjectionTest : public ::testing::Test {
 protected:
  HealthProjectionTest() : ana_(office_.AddPhone("ana")) { office_.AddAccount("acme"); }
  void PushRest(FieldPhone& phone, int64_t now_us, bool empties) {
    office_.clock().Set(now_us);
    const absl::StatusOr<FrameAnswer> answer = office_.Push(phone, pushed_[phone.device()] + 1, phone.size(), empties);
    ASSERT_TRUE(answer.ok()) << answer.status();
    pushed_[phone.device()] = phone.size();
  }
  void ImportPast(const std::string& id, int64_t day, v1::OutcomeCode outcome) {
    v1::CommandRecord record;
    v1::PastVisit& past = *record.mutable_import()->add_rows()->mutable_past_visit();
    past.set_id(id);
    past.set_account_id("acme");
    past.set_asset_id("acme-boiler");
    past.set_kind(v1::WORK_ORDER_KIND_CORRECTIVE);
    past.set_technician_id("ana");
    past.set_arrived_time_us(kMonday + day * kDay + 9 * kHour);
    past.set_ended_time_us(kMonday + day * kDay + 10 * kHour);
    past.mutable_outcome()->set_code(outcome);
    past.mutable_outcome()->mutable_fault()->set_code("F-SEAT");
    past.mutable_outcome()->set_asset_id("acme-boiler");
    EXPECT_EQ(office_.Do(record), absl::OkStatus());
  }

  Office office_;
  FieldPhone ana_;
  std::map<std::string, uint64_t> pushed_;
};

TEST_F(HealthProjectionTest, AFinishedVisitSaysItWasFixedInTimeAndHowTheCustomerLikedIt) {
  office_.Plan("v1", "acme", "ana", 8);
  ana_.Record(Arrived(), "v1", kMonday + 8 * kHour + 1);
  ana_.Record(testing::Csat(4), "v1", kMonday + 9 * kHour);
  ana_.Record(Outcome(v1::OUTCOME_CODE_RESOLVED, "F-SEAT"), "v1", kMonday + 9 * kHour + 1);
  PushRest(ana_, kMonday + 10 * kHour, true);
  EXPECT_EQ(office_.Signals("acme"), (Signals{{v1::SIGNAL_OUTCOME_RESOLVED, 1},
                                              {v1::SIGNAL_FIX_HELD, 1},
                                              {v1::SIGNAL_ARRIVAL_IN_WINDOW, 1},
                                              {v1::SIGNAL_CSAT, 1}}));
  office_.ExpectRebuildEqual();
}

// Two days in a basement are not a missed visit.
TEST_F(HealthProjectionTest, SilenceIsNotAMiss) {
  office_.Plan("v1", "acme", "ana", 8);
  FieldPhone second = office_.AddPhone("ana");
  office_.clock().Set(kMonday + 2 * kDay);
  office_.Schedule("v1", kMonday + 8 * kHour, kMonday + 10 * kHour);
  EXPECT_EQ(office_.Signals("acme"), Signals{}) << "nobody has reported";
  ana_.Record(Note("still down here"), "", kMonday + 9 * kHour);
  ana_.Record(Note("and more to come"), "", kMonday + 11 * kHour);
  PushRest(ana_, kMonday + 2 * kDay + kHour, false);
  EXPECT_EQ(office_.Signals("acme"), Signals{}) << "the frame left entries behind";
  office_.Reported(ana_, kMonday + 9 * kHour);
  EXPECT_EQ(office_.Signals("acme"), Signals{}) << "reported, but not past the window";
  office_.Reported(ana_, kMonday + 10 * kHour);
  EXPECT_EQ(office_.Signals("acme"), Signals{}) << "the technician's second phone is silent";
  office_.Reported(second, kMonday + 10 * kHour + 1);
  EXPECT_EQ(office_.Signals("acme"), (Signals{{v1::SIGNAL_ARRIVAL_MISSED, 1}}));
  office_.ExpectRebuildEqual();
}

// 22:00 to 24:00 of Monday, in words: the window's last day is Monday.
TEST_F(HealthProjectionTest, AWindowUntilMidnightBelongsToTheDayBeforeIt) {
  office_.Plan("v1", "acme", "ana", 22);
  office_.Plan("v2", "acme", "ana", 22);
  ana_.Record(Arrived(), "v1", kMonday + 24 * kHour + 10 * 60 * testing::kSecond);
  ana_.Record(Arrived(), "v2", kMonday + 33 * kHour);
  PushRest(ana_, kMonday + 34 * kHour, true);
  EXPECT_EQ(office_.Signals("acme"), (Signals{{v1::SIGNAL_ARRIVAL_LATE, 1}, {v1::SIGNAL_ARRIVAL_MISSED, 1}}));
  office_.ExpectRebuildEqual();
}

// Without a phone nobody can tell; with the first one, whatever it does not know of is decided at once.
TEST_F(HealthProjectionTest, ATechniciansFirstPhoneDecidesWhatWaitedForOne) {
  office_.Plan("v1", "acme", "ben", 8);
  office_.Plan("v2", "acme", "ben", 14);
  office_.clock().Set(kMonday + 12 * kHour);
  EXPECT_EQ(office_.Signals("acme"), Signals{});
  FieldPhone ben = office_.AddPhone("ben");
  EXPECT_EQ(office_.Signals("acme"), (Signals{{v1::SIGNAL_ARRIVAL_MISSED, 1}})) << "the window of v1 has passed";
  office_.ExpectRebuildEqual();
  office_.clock().Set(kMonday + 17 * kHour);
  office_.Reported(ben, kMonday + 17 * kHour);
  EXPECT_EQ(office_.Signals("acme"), (Signals{{v1::SIGNAL_ARRIVAL_MISSED, 2}}));
  office_.ExpectRebuildEqual();
}

// While somebody has left the company, nobody waits for their phone; who comes back has a phone that may know.
TEST_F(HealthProjectionTest, AMissThatStoodWhileAPhoneDidNotCountWaitsForItAgain) {
  office_.Plan("v1", "acme", "ana", 8);
  FieldPhone ben = office_.AddPhone("ben");
  office_.Assign("v1", "ben");
  office_.clock().Set(kMonday + 12 * kHour);
  office_.Reported(ben, kMonday + 12 * kHour);
  EXPECT_EQ(office_.Signals("acme"), Signals{}) << "ana's phone is silent";
  v1::CommandRecord leave;
  leave.mutable_record_leave()->set_technician_id("ana");
  leave.mutable_record_leave()->set_left_time_us(kMonday + 7 * kHour);
  EXPECT_EQ(office_.Do(leave), absl::OkStatus());
  EXPECT_EQ(office_.Signals("acme"), (Signals{{v1::SIGNAL_ARRIVAL_MISSED, 1}}));
  leave.mutable_record_leave()->set_left_time_us(0);
  EXPECT_EQ(office_.Do(leave), absl::OkStatus());
  EXPECT_EQ(office_.Signals("acme"), Signals{}) << "her phone may have been there";
  office_.ExpectRebuildEqual();
  office_.Reported(ana_, kMonday + 12 * kHour);
  EXPECT_EQ(office_.Signals("acme"), (Signals{{v1::SIGNAL_ARRIVAL_MISSED, 1}}));
  office_.ExpectRebuildEqual();
}

TEST_F(HealthProjectionTest, APromiseWaitsForAPhoneThatCameAfterItWasMade) {
  office_.Plan("v1", "acme", "ana", 8);
  ana_.Record(testing::Promise("p1", kMonday + 11 * kHour), "v1", kMonday + 8 * kHour);
  PushRest(ana_, kMonday + 9 * kHour, true);
  office_.Reassign("v1", "ana", "ben");
  EXPECT_EQ(office_.Signals("acme")[v1::SIGNAL_PROMISE_OVERDUE], 1) << "ben has no phone that could say otherwise";
  FieldPhone ben = office_.AddPhone("ben");
  EXPECT_EQ(office_.Signals("acme")[v1::SIGNAL_PROMISE_OVERDUE], 0) << "his phone may know";
  office_.ExpectRebuildEqual();
  office_.clock().Set(kMonday + 12 * kHour);
  office_.Reported(ben, kMonday + 12 * kHour);
  EXPECT_EQ(office_.Signals("acme")[v1::SIGNAL_PROMISE_OVERDUE], 1);
  office_.ExpectRebuildEqual();
}

TEST_F(HealthProjectionTest, AFrameThatEmptiesTheQueueReportsAndLateFactsTakeAMissBack) {
  office_.Plan("v1", "acme", "ana", 8);
  ana_.Record(Note("nothing about the visit"), "", kMonday + 9 * kHour);
  PushRest(ana_, kMonday + 11 * kHour, true);
  EXPECT_EQ(office_.Signals("acme"), (Signals{{v1::SIGNAL_ARRIVAL_MISSED, 1}}));
  // Another technician had been there; the word comes late.
  FieldPhone ben = office_.AddPhone("ben");
  ben.Record(Arrived(), "v1", kMonday + 9 * kHour);
  PushRest(ben, kMonday + 20 * kHour, true);
  EXPECT_EQ(office_.Signals("acme"), (Signals{{v1::SIGNAL_ARRIVAL_IN_WINDOW, 1}}));
  // What was known before stays known: as of the first instant it was a miss.
  office_.Read([](SqlSession& sql) {
    const int64_t account = FindAccountNumber(sql, "acme").value();
    const std::vector<v1::Observation> known = KnownObservations(sql, account, kMonday + 12 * kHour).value();
    ASSERT_EQ(known.size(), 1u);
    EXPECT_EQ(known[0].signal(), v1::SIGNAL_ARRIVAL_MISSED);
  });
  office_.ExpectRebuildEqual();
}

TEST_F(HealthProjectionTest, TheOfficeMayRecordAMissWithoutWaiting) {
  office_.Plan("v1", "acme", "ana", 8);
  v1::CommandRecord record;
  record.mutable_record_miss()->set_id("v1");
  EXPECT_EQ(office_.Do(record), absl::OkStatus());
  EXPECT_EQ(office_.Signals("acme"), (Signals{{v1::SIGNAL_ARRIVAL_MISSED, 1}}));
}

// Late at night in New York is the next day for a phone that counts in UTC.
TEST_F(HealthProjectionTest, TheDayOfAWindowIsTheCustomers) {
  office_.Plan("v1", "acme", "ana", 8);
  v1::CommandRecord record;
  record.mutable_schedule_visit()->set_id("v1");
  v1::TimeWindow& promised = *record.mutable_schedule_visit()->mutable_promised();
  promised.set_start_time_us(kMonday + 21 * kHour);
  promised.set_end_time_us(kMonday + 23 * kHour);
  const absl::CivilDay civil = absl::CivilDay(1970, 1, 1) + kMonday / kDay;
  promised.set_civil(absl::StrCat(absl::FormatCivilTime(civil), "T16:00/", absl::FormatCivilTime(civil), "T18:00"));
  *record.mutable_schedule_visit()->mutable_planned() = promised;
  EXPECT_EQ(office_.Do(record), absl::OkStatus());
  ana_.Record(Arrived(), "v1", kMonday + 24 * kHour + kHour / 6);
  PushRest(ana_, kMonday + 26 * kHour, true);
  EXPECT_EQ(office_.Signals("acme").count(v1::SIGNAL_ARRIVAL_LATE), 1u);
  EXPECT_EQ(office_.Signals("acme").count(v1::SIGNAL_ARRIVAL_MISSED), 0u);
}

TEST_F(HealthProjectionTest, APromiseIsPendingWhileAPhoneThatMayHaveKeptItIsSilent) {
  office_.Plan("v1", "acme", "ana", 8);
  ana_.Record(Arrived(), "v1", kMonday + 8 * kHour);
  ana_.Record(testing::Promise("p1", kMonday + 12 * kHour), "v1", kMonday + 9 * kHour);
  PushRest(ana_, kMonday + 10 * kHour, true);
  EXPECT_EQ(office_.Signals("acme").count(v1::SIGNAL_PROMISE_OVERDUE), 0u);
  office_.Reported(ana_, kMonday + 13 * kHour);
  EXPECT_EQ(office_.Signals("acme").count(v1::SIGNAL_PROMISE_OVERDUE), 1u);
  // It is kept on another visit, too late.
  office_.Plan("v2", "acme", "ana", 14);
  ana_.Record(testing::Fulfilled("p1"), "v2", kMonday + 14 * kHour);
  PushRest(ana_, kMonday + 15 * kHour, true);
  EXPECT_EQ(office_.Signals("acme").count(v1::SIGNAL_PROMISE_LATE), 1u);
  office_.Read([](SqlSession& sql) {
    const v1::Commitment commitment = FindCommitment(sql, "p1").value()->commitment;
    EXPECT_EQ(commitment.state(), v1::COMMITMENT_STATE_LATE);
    EXPECT_EQ(commitment.account_id(), "acme");
    EXPECT_EQ(commitment.visit_id(), "v1");
    EXPECT_EQ(commitment.source_id(), "d1.1.2");
  });
  office_.ExpectRebuildEqual();
}

TEST_F(HealthProjectionTest, TwoReplacementsOnOneDayAreTwoVisitsAndOneRepeat) {
  ImportPast("past-1", -100, v1::OUTCOME_CODE_RESOLVED);
  ImportPast("past-2", -50, v1::OUTCOME_CODE_RESOLVED);
  ImportPast("past-3", -50, v1::OUTCOME_CODE_RESOLVED);
  office_.Read([](SqlSession& sql) {
    const int64_t account = FindAccountNumber(sql, "acme").value();
    const int32_t today = CivilDay(kMonday, 0);
    const v1::RepairStatistics statistics = CountRepairs(sql, account, today).value();
    EXPECT_EQ(statistics.assets(), 1u);
    EXPECT_EQ(statistics.corrective_visits(), 3u);
    EXPECT_EQ(statistics.repeats_within_30_days(), 1u);
    EXPECT_EQ(statistics.first_time_fix_yes(), 2u);
    EXPECT_EQ(statistics.first_time_fix_no(), 1u);
    const std::vector<v1::Repair> repairs = RepairsOfAccount(sql, account, today, 10).value();
    ASSERT_EQ(repairs.size(), 3u);
    EXPECT_EQ(repairs[0].visit_id(), "past-3");
    EXPECT_EQ(repairs[0].repeat_of_visit_id(), "past-2");
  });
  EXPECT_EQ(office_.Signals("acme")[v1::SIGNAL_REPEAT_VISIT], 1);
  office_.ExpectRebuildEqual();
}

TEST_F(HealthProjectionTest, AVisitOfTodayJoinsTheChainOfThePast) {
  ImportPast("past-1", -10, v1::OUTCOME_CODE_RESOLVED);
  EXPECT_EQ(office_.Signals("acme")[v1::SIGNAL_FIX_HELD], 1);
  office_.Plan("v1", "acme", "ana", 8);
  ana_.Record(Arrived(), "v1", kMonday + 8 * kHour);
  ana_.Record(Outcome(v1::OUTCOME_CODE_NOT_RESOLVED, "F-SEAT"), "v1", kMonday + 9 * kHour);
  PushRest(ana_, kMonday + 10 * kHour, true);
  const Signals signals = office_.Signals("acme");
  EXPECT_EQ(signals.count(v1::SIGNAL_FIX_HELD), 0u) << "it did not hold";
  EXPECT_EQ(signals.at(v1::SIGNAL_REPEAT_VISIT), 1);
  EXPECT_EQ(signals.at(v1::SIGNAL_OUTCOME_NOT_RESOLVED), 1);
  office_.Read([](SqlSession& sql) {
    const int64_t order = FindWorkOrderNumber(sql, "order-v1").value();
    EXPECT_EQ(FirstTimeFixOf(sql, order, CivilDay(kMonday, 0)).value(), v1::FIRST_TIME_FIX_UNSPECIFIED);
    EXPECT_EQ(FindWorkOrder(sql, "order-v1").value()->order.state(), v1::WORK_ORDER_STATE_NEEDS_VISIT);
  });
  office_.ExpectRebuildEqual();
}

TEST_F(HealthProjectionTest, MovingAPromisedWindowCostsTheCustomer) {
  office_.Plan("v1", "acme", "ana", 8);
  office_.Schedule("v1", kMonday + 12 * kHour, kMonday + 14 * kHour);
  EXPECT_EQ(office_.Signals("acme"), (Signals{{v1::SIGNAL_RESCHEDULED_BY_US, 1}}));
}

}  // namespace
}  // namespace doorstep
