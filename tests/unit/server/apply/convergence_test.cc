// Given the same corrected times and accepted commands, any order of arrival gives the same visits, promises and
// health.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "server/storage/visit_table.h"
#include "tests/support/office.h"

namespace doorstep {
namespace {

using testing::FieldPhone;
using testing::kHour;
using testing::kMonday;
using testing::kSecond;
using testing::Office;

// A day of two technicians on six visits, some of them shared, with retractions, promises and answers.
std::vector<FieldPhone> RecordDay(Office& office, uint64_t seed) {
  SeededRandom random(seed);
  std::vector<FieldPhone> phones = {office.AddPhone("ana"), office.AddPhone("ben")};
  office.AddAccount("acme");
  office.AddAccount("bolt");
  for (int v = 0; v < 6; ++v) {
    office.Plan("v" + std::to_string(v), v < 3 ? "acme" : "bolt", v % 2 == 0 ? "ana" : "ben", 8 + v);
  }
  office.Reassign("v2", "ana", "ben");
  for (size_t p = 0; p < phones.size(); ++p) {
    FieldPhone& phone = phones[p];
    int64_t now_us = kMonday + 8 * kHour;
    for (int i = 0; i < 60; ++i) {
      now_us += static_cast<int64_t>(random.Below(600)) * kSecond;
      const std::string visit = "v" + std::to_string(random.Below(6));
      switch (random.Below(9)) {
        case 0:
          phone.Record(testing::Arrived(), visit, now_us);
          break;
        case 1:
          phone.Record(testing::WorkStarted(), visit, now_us);
          break;
        case 2:
          phone.Record(testing::Outcome(
                           random.Below(2) == 0 ? v1::OUTCOME_CODE_RESOLVED : v1::OUTCOME_CODE_NOT_RESOLVED, "F-SEAT"),
                       visit, now_us);
          break;
        case 3:
          phone.Record(testing::Csat(1 + static_cast<uint32_t>(random.Below(5))), visit, now_us);
          break;
        case 4:
          phone.Record(testing::Promise("promise-" + std::to_string(random.Below(4)), now_us + 2 * kHour), visit,
                       now_us);
          break;
        case 5:
          phone.Record(testing::Fulfilled("promise-" + std::to_string(random.Below(4))), visit, now_us);
          break;
        case 6: {
          v1::JournalPosition target;
          target.set_device(phone.device());
          target.set_epoch(1);
          target.set_seq(1 + random.Below(phone.size() + 1));
          phone.Record(testing::Retract(target), visit, now_us);
          break;
        }
        case 7:
          phone.Record(testing::PartUsed("p", 500), visit, now_us);
          break;
        default:
          phone.Record(testing::Note("note"), visit, now_us);
      }
    }
  }
  office.clock().Set(kMonday + 20 * kHour);
  return phones;
}

// What must not depend on the order: visits but for versions, promises, buckets, exceptions.
std::string StateOf(Office& office) {
  std::string state;
  office.Read([&](SqlSession& sql) {
    for (int v = 0; v < 6; ++v) {
      v1::Visit visit;
      ASSERT_TRUE(visit.ParseFromString(FindVisitBytes(sql, "v" + std::to_string(v)).value()));
      visit.clear_version();
      for (v1::Assignment& assignment : *visit.mutable_assignments()) assignment.clear_assigned_time_us();
      state += visit.DebugString();
    }
    for (const char* text : {"SELECT id || ':' || hex(bytes) FROM commitment ORDER BY id",
                             "SELECT a.id || ':' || dimension || ':' || held || ':' || day || ':' || observations || "
                             "':' || weight || ':' || weighted_quality FROM health_bucket b "
                             "JOIN account a ON a.n = b.account ORDER BY a.id, dimension, held, day",
                             "SELECT a.id || ':' || source || ':' || hex(o.bytes) FROM observation o "
                             "JOIN account a ON a.n = o.account WHERE known_to_us = 0 ORDER BY a.id, source, o.bytes",
                             "SELECT id || ':' || state FROM work_order ORDER BY id",
                             "SELECT device || '.' || seq || ':' || verdict FROM judgement ORDER BY device, seq",
                             "SELECT hex(bytes) FROM brief ORDER BY account"}) {
      sqlite::Statement rows = sql.database().Prepare(text).value();
      while (rows.Step().value()) state += std::string(rows.Text(0)) + "\n";
    }
  });
  return state;
}

// Cuts the journals at random places and hands the pieces over in random order, again and again until all is held.
void PushAtRandom(Office& office, const std::vector<FieldPhone>& phones, uint64_t seed) {
  SeededRandom random(seed);
  std::vector<uint64_t> marks(phones.size(), 0);
  while (true) {
    std::vector<size_t> open;
    for (size_t p = 0; p < phones.size(); ++p) {
      if (marks[p] < phones[p].size()) open.push_back(p);
    }
    if (open.empty()) return;
    const size_t p = open[random.Below(open.size())];
    // Somewhere at or below the next entry, at times a repeat or an overlap, at times one that overtakes.
    const uint64_t first = 1 + random.Below(std::min(marks[p] + 2, phones[p].size()));
    const uint64_t last = std::min(phones[p].size(), first + random.Below(20));
    const absl::StatusOr<FrameAnswer> answer = office.Push(phones[p], first, last);
    ASSERT_TRUE(answer.ok()) << answer.status();
    ASSERT_FALSE(answer->fork.has_value());
    marks[p] = answer->mark.received_through();
  }
}

TEST(ConvergenceTest, AnyOrderOfArrivalGivesTheSameVisitsPromisesAndHealth) {
  for (uint64_t day = 1; day <= 3; ++day) {
    std::string expected;
    for (uint64_t order = 1; order <= 5; ++order) {
      Office office;
      const std::vector<FieldPhone> phones = RecordDay(office, day);
      PushAtRandom(office, phones, day * 100 + order);
      const std::string state = StateOf(office);
      ASSERT_FALSE(state.empty());
      if (order == 1) {
        expected = state;
        office.ExpectRebuildEqual();
      }
      ASSERT_EQ(state, expected) << "day " << day << ", order " << order;
    }
  }
}

// A server that was started anew has nothing in memory; a rebuild keeps in memory what it can.
TEST(ConvergenceTest, WhatTheServerHasInMemoryChangesNothing) {
  Office office;
  const std::vector<FieldPhone> phones = RecordDay(office, 4);
  for (const FieldPhone& phone : phones) {
    for (uint64_t seq = 1; seq <= phone.size(); seq += 3) {
      ASSERT_TRUE(office.Push(phone, seq, std::min(seq + 2, phone.size())).ok());
      office.Reopen();
    }
  }
  office.ExpectRebuildEqual();
}

}  // namespace
}  // namespace doorstep
