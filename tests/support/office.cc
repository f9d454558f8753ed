#include "tests/support/office.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/apply/commands/apply_record.h"
#include "server/storage/account_table.h"
#include "server/storage/device_table.h"
#include "server/storage/health_table.h"
#include "server/storage/judgement_table.h"
#include "server/storage/visit_table.h"

namespace doorstep::testing {

Folder::Folder() {
  std::string path = (std::filesystem::temp_directory_path() / "doorstep-test-XXXXXX").string();
  path_ = mkdtemp(path.data());
}

Folder::~Folder() { std::filesystem::remove_all(path_); }

Office::Office(WriterOptions options) : clock_(kMonday), random_(7), options_(std::move(options)) { Open(); }

Office::~Office() = default;

void Office::Reopen() {
  writer_.reset();
  storage_.reset();
  Open();
}

absl::Status Office::Do(v1::CommandRecord record) {
  Command command;
  command.principal = "admin:a1";
  command.run = [&](Transaction& tx) -> absl::StatusOr<std::string> {
    absl::Status status = tx.Apply(record);
    if (!status.ok()) return status;
    return std::string();
  };
  return writer_->RunCommand(std::move(command)).status();
}

absl::StatusOr<FrameAnswer> Office::Push(const FieldPhone& phone, uint64_t first, uint64_t last, bool empties) {
  return PushBytes(phone.device(), phone.Frame(first, last, clock_.Now().wall_time_us, empties));
}

absl::StatusOr<FrameAnswer> Office::PushBytes(const std::string& device, std::string bytes, uint64_t newest_epoch) {
  absl::StatusOr<std::unique_ptr<PreparedFrame>> frame = PrepareFrame(std::move(bytes), device);
  if (!frame.ok()) return frame.status();
  (*frame)->newest_epoch = newest_epoch;
  return writer_->ApplyFrame(*std::move(frame));
}

void Office::AddAccount(const std::string& id) {
  v1::CommandRecord record;
  v1::ImportCommand& import = *record.mutable_import();
  v1::Account& account = *import.add_rows()->mutable_account();
  account.set_id(id);
  account.set_name("Customer " + id);
  v1::Site& site = *import.add_rows()->mutable_site();
  site.set_id(id + "-site");
  site.set_account_id(id);
  site.set_name("Plant");
  site.set_hazards("Mind the dog.");
  v1::Asset& asset = *import.add_rows()->mutable_asset();
  asset.set_id(id + "-boiler");
  asset.set_account_id(id);
  asset.set_site_id(id + "-site");
  EXPECT_EQ(Do(record), absl::OkStatus());
}

FieldPhone Office::AddPhone(const std::string& technician) {
  v1::CommandRecord import;
  v1::Technician& person = *import.mutable_import()->add_rows()->mutable_technician();
  person.set_id(technician);
  person.set_name(technician);
  EXPECT_EQ(Do(import), absl::OkStatus());
  const std::string device = absl::StrCat("d", ++devices_);
  v1::CommandRecord invite;
  invite.mutable_invite_device()->set_technician_id(technician);
  invite.mutable_invite_device()->set_code_hash("code of " + device);
  EXPECT_EQ(Do(invite), absl::OkStatus());
  v1::CommandRecord enroll;
  v1::EnrollCommand& command = *enroll.mutable_enroll();
  command.set_code_hash("code of " + device);
  command.set_device(device);
  command.add_technician_ids(technician);
  command.set_token_hash("token of " + device);
  command.mutable_epoch()->set_epoch(1);
  command.mutable_epoch()->set_salt("salt of epoch 1.");
  command.mutable_spare_epoch()->set_epoch(2);
  command.mutable_spare_epoch()->set_salt("salt of epoch 2.");
  EXPECT_EQ(Do(enroll), absl::OkStatus());
  return FieldPhone(device, 1, "salt of epoch 1.", technician);
}

FieldPhone Office::SparePhone(const FieldPhone& phone) {
  return FieldPhone(phone.device(), 2, "salt of epoch 2.", phone.author());
}

void Office::AddWorkOrder(const std::string& id, const std::string& account) {
  v1::CommandRecord record;
  v1::WorkOrder& order = *record.mutable_create_work_order()->mutable_work_order();
  order.set_id(id);
  order.set_account_id(account);
  order.set_site_id(account + "-site");
  order.set_kind(v1::WORK_ORDER_KIND_CORRECTIVE);
  order.set_priority(3);
  order.add_asset_ids(account + "-boiler");
  EXPECT_EQ(Do(record), absl::OkStatus());
}

void Office::AddVisit(const std::string& id, const std::string& order) {
  v1::CommandRecord record;
  record.mutable_create_visit()->set_id(id);
  record.mutable_create_visit()->set_work_order_id(order);
  EXPECT_EQ(Do(record), absl::OkStatus());
}

void Office::Schedule(const std::string& visit, int64_t start_us, int64_t end_us) {
  v1::CommandRecord record;
  record.mutable_schedule_visit()->set_id(visit);
  v1::TimeWindow& window = *record.mutable_schedule_visit()->mutable_planned();
  window.set_start_time_us(start_us);
  window.set_end_time_us(end_us);
  EXPECT_EQ(Do(record), absl::OkStatus());
}

void Office::Assign(const std::string& visit, const std::string& technician) {
  v1::CommandRecord record;
  record.mutable_assign_visit()->set_id(visit);
  record.mutable_assign_visit()->set_technician_id(technician);
  record.mutable_assign_visit()->set_role(v1::ASSIGNMENT_ROLE_LEAD);
  EXPECT_EQ(Do(record), absl::OkStatus());
  v1::CommandRecord dispatch;
  dispatch.mutable_dispatch_visit()->set_id(visit);
  EXPECT_EQ(Do(dispatch), absl::OkStatus());
}

void Office::Reassign(const std::string& visit, const std::string& from, const std::string& to) {
  v1::CommandRecord record;
  record.mutable_reassign_visit()->set_id(visit);
  record.mutable_reassign_visit()->set_from_technician_id(from);
  record.mutable_reassign_visit()->set_to_technician_id(to);
  EXPECT_EQ(Do(record), absl::OkStatus());
}

void Office::Plan(const std::string& visit, const std::string& account, const std::string& technician, int hour) {
  AddWorkOrder("order-" + visit, account);
  AddVisit(visit, "order-" + visit);
  Schedule(visit, kMonday + hour * kHour, kMonday + (hour + 2) * kHour);
  Assign(visit, technician);
}

void Office::Reported(const FieldPhone& phone, int64_t through_us) {
  v1::CommandRecord record;
  record.mutable_reported()->set_device(phone.device());
  record.mutable_reported()->set_reported_through_time_us(through_us);
  EXPECT_EQ(Do(record), absl::OkStatus());
}

v1::Visit Office::Visit(const std::string& id) {
  v1::Visit visit;
  Read([&](SqlSession& sql) {
    absl::StatusOr<std::string> bytes = FindVisitBytes(sql, id);
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    EXPECT_TRUE(visit.ParseFromString(*bytes));
  });
  return visit;
}

std::optional<v1::Judgement> Office::JudgementOf(const FieldPhone& phone, uint64_t seq) {
  std::optional<v1::Judgement> judgement;
  Read([&](SqlSession& sql) {
    const std::optional<DeviceRow> device = FindDevice(sql, phone.device()).value();
    judgement = FindJudgement(sql, device->n, phone.epoch(), seq).value();
  });
  return judgement;
}

std::map<v1::Signal, int> Office::Signals(const std::string& account) {
  std::map<v1::Signal, int> signals;
  Read([&](SqlSession& sql) {
    const int64_t n = FindAccountNumber(sql, account).value();
    const std::vector<v1::Observation> known = KnownObservations(sql, n, 0).value();
    for (const v1::Observation& observation : known) ++signals[observation.signal()];
  });
  return signals;
}

void Office::Read(const std::function<void(SqlSession&)>& body) {
  EXPECT_TRUE(storage_
                  ->Read("a test",
                         [&](SqlSession& sql) {
                           body(sql);
                           return absl::OkStatus();
                         })
                  .ok());
}

absl::StatusOr<RebuildReport> Office::Rebuild() { return doorstep::Rebuild(*storage_, random_, ApplyRecord); }

void Office::ExpectRebuildEqual() {
  const absl::StatusOr<RebuildReport> report = Rebuild();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->differences, std::vector<std::string>{});
}

void Office::Open() {
  StorageOptions storage;
  storage.path = path();
  storage_ = Storage::Open(storage, random_).value();
  writer_ = Writer::Start(storage_.get(), &clock_, &random_, ApplyRecord, nullptr, options_).value();
}

}  // namespace doorstep::testing
