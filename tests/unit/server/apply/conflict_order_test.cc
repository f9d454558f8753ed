// Every row of the table of late and conflicting facts, and every decision about one, in random orders of arrival:
// visits, work orders and health come out the same.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "server/apply/commands/dispatch_commands.h"
#include "server/storage/serial_table.h"
#include "server/storage/visit_table.h"
#include "tests/support/office.h"

namespace doorstep {
namespace {

using testing::Arrived;
using testing::Csat;
using testing::FieldPhone;
using testing::kHour;
using testing::kMonday;
using testing::kSecond;
using testing::Note;
using testing::Office;
using testing::Outcome;
using testing::WorkStarted;

constexpr uint64_t kOrders = 12;
constexpr int64_t kMinute = 60 * kSecond;

// What happened in the field and what the office commanded, apart from the order in which it came together.
struct Told {
  std::vector<FieldPhone> phones;
  // Fall anywhere between the uploads, each at its own instant.
  std::vector<v1::CommandRecord> any_time;
  // Of each phone so many entries are there when `decide` is called; the others come later.
  std::vector<uint64_t> known;
  std::function<void(Office&)> decide;
};

struct Row {
  const char* name;
  std::function<Told(Office&)> tell;
};

void RecordWork(FieldPhone& phone, const std::string& visit, int64_t begin_us, v1::OutcomeCode code) {
  phone.Record(Arrived(), visit, begin_us);
  phone.Record(WorkStarted(), visit, begin_us + kMinute);
  phone.Record(Note("at it"), visit, begin_us + 2 * kMinute);
  phone.Record(Outcome(code, "F-SEAT"), visit, begin_us + 30 * kMinute);
  phone.Record(Csat(4), visit, begin_us + 31 * kMinute);
}

Told Two(Office& office) {
  Told told;
  office.AddAccount("acme");
  told.phones = {office.AddPhone("ana"), office.AddPhone("bo")};
  office.Plan("v1", "acme", "ana", 8);
  office.clock().Set(kMonday + 8 * kHour);
  return told;
}

Told Reassigned(Office& office) {
  Told told = Two(office);
  office.Reassign("v1", "ana", "bo");
  RecordWork(told.phones[0], "v1", kMonday + 8 * kHour, v1::OUTCOME_CODE_RESOLVED);
  return told;
}

Told BothWorked(Office& office) {
  Told told = Reassigned(office);
  RecordWork(told.phones[1], "v1", kMonday + 9 * kHour, v1::OUTCOME_CODE_NOT_RESOLVED);
  return told;
}

Told Decided(Office& office, v1::AttentionResolution resolution) {
  Told told = BothWorked(office);
  told.known = {5, 5};
  // Afterwards both go on, and ana comes again.
  told.phones[0].Record(Arrived(), "v1", kMonday + 14 * kHour);
  told.phones[0].Record(WorkStarted(), "v1", kMonday + 14 * kHour + kMinute);
  told.phones[1].Record(Note("packing up"), "v1", kMonday + 10 * kHour);
  told.phones[1].Record(Csat(1), "v1", kMonday + 10 * kHour + kMinute);
  told.decide = [resolution](Office& at) {
    v1::ResolveAttentionRequest request;
    request.set_id("v1");
    request.set_reason("decided");
    request.set_resolution(resolution);
    if (resolution == v1::ATTENTION_RESOLUTION_NEW_VISIT) request.set_new_visit_id("v1-b");
    Command command;
    command.principal = "admin:a1";
    command.run = [&](Transaction& tx) -> absl::StatusOr<std::string> {
      const auto answer = RunCommand(request, tx);
      if (!answer.ok()) return answer.status();
      return std::string();
    };
    EXPECT_EQ(at.writer().RunCommand(std::move(command)).status(), absl::OkStatus());
  };
  return told;
}

v1::CommandRecord Leave(const std::string& technician, int64_t left_us) {
  v1::CommandRecord record;
  record.mutable_record_leave()->set_technician_id(technician);
  record.mutable_record_leave()->set_left_time_us(left_us);
  return record;
}

const std::vector<Row>& Rows() {
  static const auto* const kRows = new std::vector<Row>{
      {"reassigned, the other has not started", Reassigned},
      {"reassigned, the other has started", BothWorked},
      {"cancelled while somebody was there",
       [](Office& office) {
         Told told = Two(office);
         RecordWork(told.phones[0], "v1", kMonday + 8 * kHour, v1::OUTCOME_CODE_RESOLVED);
         told.any_time.emplace_back().mutable_cancel_visit()->set_id("v1");
         told.any_time.back().mutable_cancel_visit()->set_reason("called off");
         return told;
       }},
      {"an answer for a visit that was cancelled",
       [](Office& office) {
         Told told = Two(office);
         told.phones[0].Record(Csat(2), "v1", kMonday + 9 * kHour);
         told.any_time.emplace_back().mutable_cancel_visit()->set_id("v1");
         told.any_time.back().mutable_cancel_visit()->set_reason("called off");
         return told;
       }},
      {"rescheduled after it had begun",
       [](Office& office) {
         Told told = Two(office);
         RecordWork(told.phones[0], "v1", kMonday + 8 * kHour, v1::OUTCOME_CODE_RESOLVED);
         v1::ScheduleVisitRequest& move = *told.any_time.emplace_back().mutable_schedule_visit();
         move.set_id("v1");
         move.mutable_planned()->set_start_time_us(kMonday + 40 * kHour);
         move.mutable_planned()->set_end_time_us(kMonday + 42 * kHour);
         return told;
       }},
      {"after it was closed",
       [](Office& office) {
         Told told = Two(office);
         RecordWork(told.phones[0], "v1", kMonday + 8 * kHour, v1::OUTCOME_CODE_RESOLVED);
         told.phones[1].Record(Arrived(), "v1", kMonday + 8 * kHour + 5 * kMinute);
         told.phones[1].Record(Csat(1), "v1", kMonday + 14 * kHour);
         told.known = {4, 0};
         told.decide = [](Office& at) {
           v1::CommandRecord close;
           close.mutable_close_visit()->set_id("v1");
           EXPECT_EQ(at.Do(close), absl::OkStatus());
         };
         return told;
       }},
      {"a visit that nobody had made",
       [](Office& office) {
         Told told = Two(office);
         office.AddWorkOrder("order-v2", "acme");
         RecordWork(told.phones[0], "v2", kMonday + 8 * kHour, v1::OUTCOME_CODE_RESOLVED);
         told.any_time.emplace_back().mutable_create_visit()->set_id("v2");
         told.any_time.back().mutable_create_visit()->set_work_order_id("order-v2");
         return told;
       }},
      {"the technician left in the middle",
       [](Office& office) {
         Told told = Two(office);
         RecordWork(told.phones[0], "v1", kMonday + 8 * kHour, v1::OUTCOME_CODE_RESOLVED);
         RecordWork(told.phones[1], "v1", kMonday + 8 * kHour + 10 * kMinute, v1::OUTCOME_CODE_NOT_RESOLVED);
         told.any_time.push_back(Leave("ana", kMonday + 8 * kHour + 2 * kMinute));
         return told;
       }},
      {"the technician left, and somebody is mistaken about when",
       [](Office& office) {
         Told told = Two(office);
         RecordWork(told.phones[0], "v1", kMonday + 8 * kHour, v1::OUTCOME_CODE_RESOLVED);
         told.any_time.push_back(Leave("ana", kMonday + 7 * kHour));
         told.any_time.push_back(Leave("ana", kMonday + 8 * kHour + 30 * kMinute));
         return told;
       }},
      {"the technician has not left after all",
       [](Office& office) {
         Told told = Two(office);
         RecordWork(told.phones[0], "v1", kMonday + 8 * kHour, v1::OUTCOME_CODE_RESOLVED);
         told.any_time.push_back(Leave("ana", kMonday + 8 * kHour));
         told.any_time.push_back(Leave("ana", 0));
         return told;
       }},
      {"the same serial number twice",
       [](Office& office) {
         Told told = Two(office);
         for (size_t i = 0; i < 2; ++i) {
           v1::LogEntry entry;
           v1::Asset& asset = *entry.mutable_asset_registered()->mutable_asset();
           asset.set_id(i == 0 ? "pump-a" : "pump-b");
           asset.set_account_id("acme");
           asset.set_serial("SN-771");
           told.phones[i].Record(entry, "v1", kMonday + 8 * kHour);
         }
         return told;
       }},
      {"seen", [](Office& office) { return Decided(office, v1::ATTENTION_RESOLUTION_SEEN); }},
      {"A is kept", [](Office& office) { return Decided(office, v1::ATTENTION_RESOLUTION_KEEP_A); }},
      {"B is kept", [](Office& office) { return Decided(office, v1::ATTENTION_RESOLUTION_KEEP_B); }},
      {"both are credited", [](Office& office) { return Decided(office, v1::ATTENTION_RESOLUTION_CREDIT_BOTH); }},
      {"a new visit", [](Office& office) { return Decided(office, v1::ATTENTION_RESOLUTION_NEW_VISIT); }},
  };
  return *kRows;
}

// Uploads what each phone has up to `through`, in pieces and in an order of `random`; `between` is called before each
// piece and once at the end.
void Upload(Office& office, const std::vector<FieldPhone>& phones, std::vector<uint64_t>& marks,
            const std::vector<uint64_t>& through, SeededRandom& random, const std::function<void(bool)>& between) {
  while (true) {
    std::vector<size_t> open;
    for (size_t p = 0; p < phones.size(); ++p) {
      if (marks[p] < through[p]) open.push_back(p);
    }
    between(open.empty());
    if (open.empty()) return;
    const size_t p = open[random.Below(open.size())];
    const uint64_t last = std::min(through[p], marks[p] + 1 + random.Below(3));
    const absl::StatusOr<FrameAnswer> answer = office.Push(phones[p], marks[p] + 1, last);
    ASSERT_TRUE(answer.ok()) << answer.status();
    marks[p] = answer->mark.received_through();
  }
}

std::vector<uint64_t> AllOf(const std::vector<FieldPhone>& phones) {
  std::vector<uint64_t> all;
  for (const FieldPhone& phone : phones) all.push_back(phone.size());
  return all;
}

std::string StateOf(Office& office) {
  std::string state;
  office.Read([&](SqlSession& sql) {
    VisitFilter all;
    const std::vector<VisitListItem> visits = ListVisits(sql, all, 0, 100).value();
    for (const VisitListItem& item : visits) {
      v1::Visit visit;
      ASSERT_TRUE(visit.ParseFromString(item.bytes));
      visit.clear_version();
      // When somebody decided is the instant of the command, which comes after what had come by then.
      for (v1::RaisedAttention& raised : *visit.mutable_raised()) raised.clear_resolved_time_us();
      for (v1::Assignment& assignment : *visit.mutable_assignments()) assignment.clear_assigned_time_us();
      state += visit.DebugString();
    }
    for (const char* text :
         {"SELECT source || ':' || hex(bytes) FROM observation WHERE known_to_us = 0 ORDER BY source, "
          "bytes",
          "SELECT id || ':' || state FROM work_order ORDER BY id",
          "SELECT device || '.' || seq || ':' || verdict || ':' || reason FROM judgement "
          "WHERE verdict <> 1 ORDER BY device, seq"}) {
      sqlite::Statement rows = sql.database().Prepare(text).value();
      while (rows.Step().value()) state += std::string(rows.Text(0)) + "\n";
    }
    const std::vector<DoubledSerial> serials = DoubledSerials(sql, {}, 10).value();
    for (const DoubledSerial& serial : serials) state += serial.serial + " twice\n";
  });
  return state;
}

class ConflictOrderTest : public ::testing::TestWithParam<size_t> {};

TEST_P(ConflictOrderTest, AnyOrderOfArrivalGivesTheSame) {
  const Row& row = Rows()[GetParam()];
  SCOPED_TRACE(row.name);
  std::string expected;
  for (uint64_t order = 1; order <= kOrders; ++order) {
    Office office;
    Told told = row.tell(office);
    SeededRandom random(order);
    std::vector<uint64_t> marks(told.phones.size(), 0);
    size_t commands = 0;
    office.clock().Set(kMonday + 12 * kHour);
    const auto command_or_not = [&](bool last) {
      while (commands < told.any_time.size() && (last || random.Below(3) == 0)) {
        office.clock().Set(kMonday + (13 + static_cast<int64_t>(commands)) * kHour);
        ASSERT_EQ(office.Do(told.any_time[commands++]), absl::OkStatus());
      }
    };
    if (told.decide) {
      Upload(office, told.phones, marks, told.known, random, [](bool) {});
      office.clock().Set(kMonday + 13 * kHour);
      told.decide(office);
      office.clock().Set(kMonday + 15 * kHour);
    }
    Upload(office, told.phones, marks, AllOf(told.phones), random, command_or_not);
    if (HasFatalFailure()) return;
    office.clock().Set(kMonday + 22 * kHour);
    for (const FieldPhone& phone : told.phones) office.Reported(phone, kMonday + 22 * kHour);
    const std::string state = StateOf(office);
    if (order <= 3) office.ExpectRebuildEqual();
    if (expected.empty()) expected = state;
    ASSERT_EQ(state, expected) << "order " << order;
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, ConflictOrderTest, ::testing::Range(size_t{0}, Rows().size()));

}  // namespace
}  // namespace doorstep
