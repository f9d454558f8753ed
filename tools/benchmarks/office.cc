#include "tools/benchmarks/office.h"

#include <google/protobuf/text_format.h>

#include <chrono>
#include <fstream>
#include <sstream>

#include "client_core/base/ids.h"
#include "client_core/base/limits.h"
#include "client_core/rules/frame_codec.h"
#include "doorstep/v1/admin_service.grpc.pb.h"
#include "doorstep/v1/connect.pb.h"
#include "doorstep/v1/dispatch_service.grpc.pb.h"
#include "doorstep/v1/enrollment_service.grpc.pb.h"
#include "doorstep/v1/health_service.grpc.pb.h"
#include "doorstep/v1/import_service.grpc.pb.h"
#include "doorstep/v1/sync_service.grpc.pb.h"
#include "tools/benchmarks/figures.h"
#include "tools/benchmarks/workload.h"

namespace doorstep::benchmarks {

std::unique_ptr<grpc::ClientContext> CallAs(const std::string& token) {
  auto context = std::make_unique<grpc::ClientContext>();
  if (!token.empty()) context->AddMetadata("authorization", "Bearer " + token);
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  context->set_wait_for_ready(true);  // gRPC 1.51 may take a first attempt to connect for failed that is under way.
  return context;
}

void Check(const grpc::Status& status, const char* doing) {
  if (!status.ok()) Fail(std::string(doing) + ": " + status.error_message());
}

Office::Office(const std::string& connect_file) {
  std::ifstream file(connect_file);
  std::stringstream text;
  text << file.rdbuf();
  v1::ConnectFile connect;
  if (!google::protobuf::TextFormat::ParseFromString(text.str(), &connect)) Fail(connect_file + ": no connect file");
  address_ = connect.server();
  token_ = connect.token();
  channel_ = Connect();
}

std::shared_ptr<grpc::Channel> Office::Connect() const {
  static int connection = 0;
  grpc::ChannelArguments arguments;
  arguments.SetInt("connection", ++connection);  // Channels with equal arguments would share one.
  return grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), arguments);
}

std::string Office::RequestId() {
  SystemRandom random;
  return MakeUuidV7(static_cast<int64_t>(++next_request_) * 1000, random);
}

std::unique_ptr<grpc::ClientContext> Office::Context() const { return CallAs(token_); }

std::string Office::NextAccount() { return std::to_string(next_account_++ % accounts_); }

void Office::Import(const v1::ImportRowsRequest& request) {
  v1::ImportRowsResponse response;
  Check(v1::ImportService::NewStub(channel_)->ImportRows(Context().get(), request, &response), "import");
  for (const v1::ImportRowResult& result : response.results()) {
    if (result.result() == v1::IMPORT_RESULT_REJECTED) Fail("import: " + result.field() + ": " + result.reason());
  }
}

void Office::MakeAccounts(int accounts, int assets) {
  UseAccounts(accounts, assets);
  for (int i = 0; i < accounts; ++i) {
    const std::string id = "account-" + std::to_string(i);
    v1::ImportRowsRequest request;
    request.set_request_id(RequestId());
    v1::ImportRow* row = request.add_rows();
    row->set_system("bench");
    row->mutable_account()->set_id(id);
    row->mutable_account()->set_name("Customer number " + std::to_string(i));
    row = request.add_rows();
    row->set_system("bench");
    row->mutable_site()->set_id("site-" + std::to_string(i));
    row->mutable_site()->set_account_id(id);
    row->mutable_site()->set_name("Main building");
    row->mutable_site()->set_address(std::to_string(i) + " Harbour Street, " + Prose(40, 80, random_));
    row->mutable_site()->set_access_notes(Prose(250, 500, random_));
    row->mutable_site()->set_hazards(Prose(150, 350, random_));
    row->mutable_site()->set_opening_hours("Mo-Fr 07:30-16:00");
    row->mutable_site()->mutable_position()->set_latitude_e7(static_cast<int32_t>(random_.Below(900000000)));
    row->mutable_site()->mutable_position()->set_longitude_e7(static_cast<int32_t>(random_.Below(900000000)));
    for (int a = 0; a < assets; ++a) {
      row = request.add_rows();
      row->set_system("bench");
      row->mutable_asset()->set_id("asset-" + std::to_string(i) + "-" + std::to_string(a));
      row->mutable_asset()->set_account_id(id);
      row->mutable_asset()->set_site_id("site-" + std::to_string(i));
      row->mutable_asset()->set_model(Prose(60, 110, random_).substr(0, 120));
      row->mutable_asset()->set_serial("SN-" + std::to_string(random_.Below(1000000000)));
    }
    Import(request);
  }
}

void Office::UseAccounts(int accounts, int assets) {
  accounts_ = accounts;
  assets_ = assets;
}

void Office::RenameAccount(int account, const std::string& name) {
  v1::ImportRowsRequest request;
  request.set_request_id(RequestId());
  v1::ImportRow* row = request.add_rows();
  row->set_system("bench");
  row->mutable_account()->set_id("account-" + std::to_string(account));
  row->mutable_account()->set_name(name);
  Import(request);
}

std::vector<std::string> Office::MakeTechnicians(const std::string& prefix, int count) {
  std::vector<std::string> ids;
  v1::ImportRowsRequest request;
  request.set_request_id(RequestId());
  for (int i = 0; i < count; ++i) {
    ids.push_back("tech-" + prefix + "-" + std::to_string(i));
    v1::ImportRow* row = request.add_rows();
    row->set_system("bench");
    row->mutable_technician()->set_id(ids.back());
    row->mutable_technician()->set_name("Technician " + ids.back());
  }
  Import(request);
  return ids;
}

std::string Office::Invite(const std::string& technician) {
  v1::InviteDeviceRequest invite;
  invite.set_request_id(RequestId());
  invite.set_technician_id(technician);
  v1::InviteDeviceResponse invitation;
  Check(v1::AdminService::NewStub(channel_)->InviteDevice(Context().get(), invite, &invitation), "invite");
  return invitation.invitation_code();
}

Phone Office::Enrol(const std::string& technician) {
  v1::EnrollRequest request;
  request.set_invitation_code(Invite(technician));
  request.set_request_id(RequestId());
  request.set_device_name("bench");
  v1::EnrollResponse response;
  Check(v1::EnrollmentService::NewStub(channel_)->Enroll(CallAs("").get(), request, &response), "enrol");
  return {response.device(), technician, response.token(), response.epoch().epoch(), response.epoch().salt()};
}

std::vector<std::string> Office::MakeVisits(const std::string& technician, int count, int64_t day_us) {
  auto stub = v1::DispatchService::NewStub(channel_);
  std::vector<std::string> ids;
  for (int i = 0; i < count; ++i) {
    const std::string account = NextAccount();
    v1::CreateWorkOrderRequest order;
    order.set_request_id(RequestId());
    order.mutable_work_order()->set_account_id("account-" + account);
    order.mutable_work_order()->set_site_id("site-" + account);
    for (int a = 0; a < assets_; ++a) {
      order.mutable_work_order()->add_asset_ids("asset-" + account + "-" + std::to_string(a));
    }
    order.mutable_work_order()->set_kind(v1::WORK_ORDER_KIND_CORRECTIVE);
    order.mutable_work_order()->set_description(Prose(300, 900, random_));
    v1::CreateWorkOrderResponse made_order;
    Check(stub->CreateWorkOrder(Context().get(), order, &made_order), "create work order");

    v1::CreateVisitRequest visit;
    visit.set_request_id(RequestId());
    visit.set_work_order_id(made_order.work_order().id());
    visit.set_instructions(Prose(200, 600, random_));
    v1::CreateVisitResponse made;
    Check(stub->CreateVisit(Context().get(), visit, &made), "create visit");
    const std::string id = made.visit().id();

    MoveVisit(id, day_us + int64_t{i % 10} * 3600 * 1000000);

    v1::AssignVisitRequest assign;
    assign.set_request_id(RequestId());
    assign.set_id(id);
    assign.set_technician_id(technician);
    v1::AssignVisitResponse assigned;
    Check(stub->AssignVisit(Context().get(), assign, &assigned), "assign");

    v1::DispatchVisitRequest dispatch;
    dispatch.set_request_id(RequestId());
    dispatch.set_id(id);
    v1::DispatchVisitResponse dispatched;
    Check(stub->DispatchVisit(Context().get(), dispatch, &dispatched), "dispatch");
    ids.push_back(id);
  }
  return ids;
}

void Office::MoveVisit(const std::string& id, int64_t start_us) {
  v1::ScheduleVisitRequest schedule;
  schedule.set_request_id(RequestId());
  schedule.set_id(id);
  schedule.mutable_planned()->set_start_time_us(start_us);
  schedule.mutable_planned()->set_end_time_us(start_us + int64_t{2} * 3600 * 1000000);
  v1::ScheduleVisitResponse scheduled;
  Check(v1::DispatchService::NewStub(channel_)->ScheduleVisit(Context().get(), schedule, &scheduled), "schedule");
}

void Office::MakePastVisits(const std::string& technician, int count, int64_t day_us, int per_day) {
  v1::ImportRowsRequest request;
  for (int i = 0; i < count; ++i) {
    const std::string account = NextAccount();
    v1::ImportRow* row = request.add_rows();
    row->set_system("bench");
    v1::PastVisit& visit = *row->mutable_past_visit();
    visit.set_id("past-" + technician + "-" + std::to_string(i));
    visit.set_account_id("account-" + account);
    visit.set_site_id("site-" + account);
    visit.set_asset_id("asset-" + account + "-0");
    visit.set_kind(v1::WORK_ORDER_KIND_CORRECTIVE);
    visit.set_technician_id(technician);
    visit.set_arrived_time_us(day_us - int64_t{1 + i / per_day} * 86400 * 1000000);
    visit.set_ended_time_us(visit.arrived_time_us() + int64_t{3600} * 1000000);
    visit.mutable_outcome()->set_code(v1::OUTCOME_CODE_RESOLVED);
    visit.mutable_outcome()->mutable_fault()->set_code("F-" + std::to_string(random_.Below(20)));
    visit.mutable_outcome()->set_summary(Prose(100, 400, random_));
    if (request.rows_size() == limits::kImportRowsMax || i + 1 == count) {
      request.set_request_id(RequestId());
      Import(request);
      request.clear_rows();
    }
  }
}

Office::FeedSize Office::MeasureFeed(const Phone& phone) {
  auto stub = v1::SyncService::NewStub(channel_);
  FeedSize size;
  v1::PullRequest request;
  request.set_feed("technician:" + phone.technician);
  v1::PullResponse response;
  do {
    Check(stub->Pull(CallAs(phone.token).get(), request, &response), "pull");
    const absl::StatusOr<std::string> bytes =
        Decompress(response.page(), response.codec(), response.raw_bytes(), limits::kMessageBytesDownMax);
    v1::PullPage page;
    if (!bytes.ok() || !page.ParseFromString(*bytes)) Fail("a page that is none");
    size.records += static_cast<size_t>(page.changes_size());
    size.bytes += bytes->size();
    request.set_cursor(response.cursor());
  } while (!response.at_head());
  return size;
}

template <typename Request, typename Call>
double Office::AccountReadP99Ms(int reads, const Call& call) {
  std::vector<double> ms;
  for (int i = 0; i < reads; ++i) {
    Request request;
    request.set_account_id("account-" + std::to_string(i % accounts_));
    const double begin = Seconds();
    Check(call(request), "read health");
    ms.push_back((Seconds() - begin) * 1e3);
  }
  return Percentile(ms, 0.99);
}

double Office::HealthReadP99Ms(int reads) {
  auto stub = v1::HealthService::NewStub(channel_);
  return AccountReadP99Ms<v1::GetAccountHealthRequest>(reads, [&](const v1::GetAccountHealthRequest& request) {
    v1::GetAccountHealthResponse response;
    return stub->GetAccountHealth(Context().get(), request, &response);
  });
}

double Office::HealthExplainP99Ms(int reads) {
  auto stub = v1::HealthService::NewStub(channel_);
  return AccountReadP99Ms<v1::ExplainAccountHealthRequest>(reads, [&](const v1::ExplainAccountHealthRequest& request) {
    v1::ExplainAccountHealthResponse response;
    return stub->ExplainAccountHealth(Context().get(), request, &response);
  });
}

double Office::RebuildPerS() {
  v1::RebuildResponse response;
  Check(v1::AdminService::NewStub(channel_)->Rebuild(Context().get(), {}, &response), "rebuild");
  if (!response.equal()) Fail("rebuild: differs in " + response.differences(0));
  return static_cast<double>(response.entries()) * 1e6 / static_cast<double>(response.duration_us());
}

int64_t Office::ServerTimeUs() {
  v1::GetStatusResponse status;
  Check(v1::AdminService::NewStub(channel_)->GetStatus(Context().get(), {}, &status), "status");
  return status.server_time_us();
}

}  // namespace doorstep::benchmarks
