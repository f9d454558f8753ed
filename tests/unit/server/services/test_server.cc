#include "tests/unit/server/services/test_server.h"

#include <google/protobuf/text_format.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/clock.h"
#include "client_core/base/sha256.h"
#include "client_core/rules/frame_codec.h"
#include "client_core/rules/journal_hash.h"
#include "doorstep/v1/connect.pb.h"

namespace doorstep::testing {

TempFolder::TempFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "doorstep-test-XXXXXX").string();
  path_ = mkdtemp(pattern.data());
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

ServerTest::ServerTest() {
  MoveClock(0);
  Start();
}

void ServerTest::Start() {
  Config config;
  config.data_dir = folder_.path() + "/data";
  config.listen = "127.0.0.1:0";
  config.insecure_loopback = true;
  config.demo_clock = folder_.path() + "/clock";
  auto server = Server::Start(config, StderrLog(LogLevel::kWarning));
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);

  std::ifstream in(server_->connect_path());
  std::stringstream text;
  text << in.rdbuf();
  v1::ConnectFile file;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text.str(), &file));
  EXPECT_EQ(file.server(), server_->address());
  admin_token_ = file.token();
  channel_ = grpc::CreateChannel(file.server(), grpc::InsecureChannelCredentials());
  // No story is about a connection that cannot be made; calls do not wait for one by themselves.
  ASSERT_TRUE(channel_->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(60)));
  sync_ = v1::SyncService::NewStub(channel_);
  enrollment_ = v1::EnrollmentService::NewStub(channel_);
  dispatch_ = v1::DispatchService::NewStub(channel_);
  account_ = v1::AccountService::NewStub(channel_);
  import_ = v1::ImportService::NewStub(channel_);
  health_ = v1::HealthService::NewStub(channel_);
  admin_ = v1::AdminService::NewStub(channel_);
}

void ServerTest::Restart() {
  server_.reset();
  Start();
}

void ServerTest::MoveClock(int64_t by_us) {
  shift_us_ += by_us;
  std::ofstream(folder_.path() + "/clock") << shift_us_;
}

int64_t ServerTest::NowUs() const { return SystemClock().Now().wall_time_us + shift_us_; }

std::unique_ptr<grpc::ClientContext> ServerTest::As(const std::string& token) const {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  if (!token.empty()) context->AddMetadata("authorization", "Bearer " + token);
  return context;
}

std::string ServerTest::NextRequestId() {
  std::string number = absl::StrCat(++requests_);
  return "request-" + std::string(8 - number.size(), '0') + number;
}

v1::ImportRowsResponse ServerTest::Import(const std::vector<v1::ImportRow>& rows, bool dry_run) {
  v1::ImportRowsRequest request;
  request.set_request_id(NextRequestId());
  for (const v1::ImportRow& row : rows) *request.add_rows() = row;
  request.set_dry_run(dry_run);
  v1::ImportRowsResponse response;
  const grpc::Status status = Ask(import_, &v1::ImportService::Stub::ImportRows, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

void ServerTest::ImportBasics() {
  v1::ImportRow site;
  site.set_system("erp");
  site.mutable_site()->set_id("S-1");
  site.mutable_site()->set_account_id("A-1");
  site.mutable_site()->set_name("Works");
  v1::ImportRow asset;
  asset.set_system("erp");
  asset.mutable_asset()->set_id("E-1");
  asset.mutable_asset()->set_account_id("A-1");
  asset.mutable_asset()->set_site_id("S-1");
  asset.mutable_asset()->set_model("Boiler 7");
  const v1::ImportRowsResponse response = Import(
      {AccountRow("A-1", "Bakery Sommer"), site, asset, TechnicianRow("T-1", "Ana"), TechnicianRow("T-2", "Bo")});
  for (const v1::ImportRowResult& result : response.results()) {
    ASSERT_EQ(result.result(), v1::IMPORT_RESULT_CREATED) << result.field() << ": " << result.reason();
  }
}

v1::Visit ServerTest::ScheduledVisit(const std::string& id, int64_t starts_in_us) {
  v1::CreateWorkOrderRequest order;
  order.set_request_id(NextRequestId());
  order.mutable_work_order()->set_id("W-" + id);
  order.mutable_work_order()->set_account_id("A-1");
  order.mutable_work_order()->set_site_id("S-1");
  order.mutable_work_order()->add_asset_ids("E-1");
  order.mutable_work_order()->set_kind(v1::WORK_ORDER_KIND_CORRECTIVE);
  v1::CreateWorkOrderResponse ordered;
  grpc::Status status = Ask(dispatch_, &v1::DispatchService::Stub::CreateWorkOrder, order, &ordered);
  EXPECT_TRUE(status.ok()) << status.error_message();

  v1::CreateVisitRequest create;
  create.set_request_id(NextRequestId());
  create.set_id(id);
  create.set_work_order_id("W-" + id);
  v1::CreateVisitResponse created;
  status = Ask(dispatch_, &v1::DispatchService::Stub::CreateVisit, create, &created);
  EXPECT_TRUE(status.ok()) << status.error_message();

  v1::ScheduleVisitRequest schedule;
  schedule.set_request_id(NextRequestId());
  schedule.set_id(id);
  schedule.mutable_planned()->set_start_time_us(NowUs() + starts_in_us);
  schedule.mutable_planned()->set_end_time_us(NowUs() + starts_in_us + kHourUs);
  v1::ScheduleVisitResponse scheduled;
  status = Ask(dispatch_, &v1::DispatchService::Stub::ScheduleVisit, schedule, &scheduled);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return scheduled.visit();
}

v1::Visit ServerTest::DispatchedVisit(const std::string& id, const std::string& technician_id, int64_t starts_in_us) {
  ScheduledVisit(id, starts_in_us);
  v1::AssignVisitRequest assign;
  assign.set_request_id(NextRequestId());
  assign.set_id(id);
  assign.set_technician_id(technician_id);
  v1::AssignVisitResponse assigned;
  grpc::Status status = Ask(dispatch_, &v1::DispatchService::Stub::AssignVisit, assign, &assigned);
  EXPECT_TRUE(status.ok()) << status.error_message();

  v1::DispatchVisitRequest dispatch;
  dispatch.set_request_id(NextRequestId());
  dispatch.set_id(id);
  v1::DispatchVisitResponse dispatched;
  status = Ask(dispatch_, &v1::DispatchService::Stub::DispatchVisit, dispatch, &dispatched);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return dispatched.visit();
}

std::string ServerTest::Invite(const std::string& technician_id) {
  v1::InviteDeviceRequest request;
  request.set_request_id(NextRequestId());
  request.set_technician_id(technician_id);
  v1::InviteDeviceResponse response;
  const grpc::Status status = Ask(admin_, &v1::AdminService::Stub::InviteDevice, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.invitation_code();
}

Phone ServerTest::Enroll(const std::string& technician_id) {
  v1::EnrollRequest request;
  request.set_invitation_code(Invite(technician_id));
  request.set_request_id(NextRequestId());
  request.set_device_name("Phone of " + technician_id);
  Phone phone;
  phone.technician_id = technician_id;
  const grpc::Status status = Call("", enrollment_, &v1::EnrollmentService::Stub::Enroll, request, &phone.enrolled);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return phone;
}

std::string ServerTest::MakeFrame(Phone& phone, std::vector<v1::LogEntry> entries, bool empties_queue) {
  SodiumSha256 hasher;
  const std::string& device = phone.enrolled.device();
  const uint64_t epoch = phone.enrolled.epoch().epoch();
  Hash hash = ChainStart(hasher, device, epoch, phone.enrolled.epoch().salt());
  if (!phone.head_hash.empty()) std::copy(phone.head_hash.begin(), phone.head_hash.end(), hash.begin());
  v1::FrameHeader header;
  v1::FrameBody body;
  header.set_device(device);
  header.set_epoch(epoch);
  header.set_first_seq(phone.last_seq + 1);
  header.set_prev_hash(std::string(AsBytes(hash)));
  header.set_empties_queue(empties_queue);
  const int64_t now_us = NowUs();
  v1::ClockSample* sample = header.add_clock();
  sample->set_boot_id("boot-1");
  sample->set_wall_time_us(now_us);
  sample->set_monotonic_us(now_us);
  sample->set_server_time_us(now_us);
  for (v1::LogEntry& entry : entries) {
    if (entry.time().wall_time_us() == 0) {
      entry.mutable_time()->set_wall_time_us(now_us);
      entry.mutable_time()->set_monotonic_us(now_us);
      entry.mutable_time()->set_boot_id("boot-1");
    }
    v1::EntryEnvelope* envelope = body.add_entries();
    envelope->set_author(phone.technician_id);
    envelope->set_entry(entry.SerializeAsString());
    hash = ChainNext(hasher, hash, {device, epoch, ++phone.last_seq, envelope->author(), 0, 0, envelope->entry()});
  }
  phone.head_hash = std::string(AsBytes(hash));
  header.set_last_seq(phone.last_seq);
  header.set_head_hash(phone.head_hash);
  const auto frame = BuildFrame(header, body);
  EXPECT_TRUE(frame.ok()) << frame.status();
  return frame.ok() ? *frame : "";
}

v1::PushResponse ServerTest::Push(Phone& phone, const std::vector<v1::LogEntry>& entries) {
  v1::PushRequest request;
  request.set_frame(MakeFrame(phone, entries));
  v1::PushResponse response;
  const grpc::Status status = Call(phone.enrolled.token(), sync_, &v1::SyncService::Stub::Push, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

v1::ImportRow AccountRow(const std::string& id, const std::string& name) {
  v1::ImportRow row;
  row.set_system("erp");
  row.mutable_account()->set_id(id);
  row.mutable_account()->set_name(name);
  return row;
}

v1::ImportRow TechnicianRow(const std::string& id, const std::string& name) {
  v1::ImportRow row;
  row.set_system("erp");
  row.mutable_technician()->set_id(id);
  row.mutable_technician()->set_name(name);
  return row;
}

v1::ImportRow PastVisitRow(const std::string& id, const std::string& asset_id, int64_t ended_time_us,
                           v1::OutcomeCode outcome) {
  v1::ImportRow row;
  row.set_system("erp");
  v1::PastVisit& past = *row.mutable_past_visit();
  past.set_id(id);
  past.set_account_id("A-1");
  past.set_asset_id(asset_id);
  past.set_kind(v1::WORK_ORDER_KIND_CORRECTIVE);
  past.set_technician_id("T-1");
  past.set_arrived_time_us(ended_time_us - kHourUs);
  past.set_ended_time_us(ended_time_us);
  past.mutable_outcome()->set_code(outcome);
  past.mutable_outcome()->mutable_fault()->set_code("F-VALVE-SEAT");
  return row;
}

v1::LogEntry NoteEntry(const std::string& visit_id, const std::string& text) {
  v1::LogEntry entry;
  entry.set_visit_id(visit_id);
  entry.set_nonce("0123456789abcdef");
  entry.mutable_note()->set_text(text);
  return entry;
}

v1::LogEntry ArrivedEntry(const std::string& visit_id) {
  v1::LogEntry entry;
  entry.set_visit_id(visit_id);
  entry.mutable_arrived();
  return entry;
}

v1::LogEntry WorkStartedEntry(const std::string& visit_id) {
  v1::LogEntry entry;
  entry.set_visit_id(visit_id);
  entry.mutable_work_started();
  return entry;
}

v1::LogEntry OutcomeEntry(const std::string& visit_id, v1::OutcomeCode code) {
  v1::LogEntry entry;
  entry.set_visit_id(visit_id);
  entry.mutable_outcome_reported()->mutable_outcome()->set_code(code);
  entry.mutable_outcome_reported()->mutable_outcome()->mutable_fault()->set_code("F-VALVE-SEAT");
  entry.mutable_outcome_reported()->set_finished(true);
  return entry;
}

}  // namespace doorstep::testing
