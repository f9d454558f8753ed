#include "tests/sim/sim_office.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client_core/base/status.h"
#include "doorstep/v1/admin_service.pb.h"
#include "doorstep/v1/dispatch_service.pb.h"
#include "doorstep/v1/import_service.pb.h"
#include "server/storage/visit_table.h"
#include "tests/sim/scope_check.h"

namespace doorstep::sim {

std::string SimOffice::NextRequestId() { return absl::StrFormat("request-%08d", ++requests_); }

std::string SimOffice::SomeTechnician() { return Technician(static_cast<int>(world_->Between(1, technicians_))); }

void SimOffice::Import(int technicians) {
  technicians_ = technicians;
  v1::ImportRowsRequest request;
  request.set_request_id(NextRequestId());
  const auto add = [&request] {
    v1::ImportRow* row = request.add_rows();
    row->set_system("sim");
    return row;
  };
  v1::Account& account = *add()->mutable_account();
  account.set_id("A-1");
  account.set_name("Customer");
  v1::Site& site = *add()->mutable_site();
  site.set_id("S-1");
  site.set_account_id("A-1");
  site.set_name("Plant");
  v1::Asset& asset = *add()->mutable_asset();
  asset.set_id("boiler");
  asset.set_account_id("A-1");
  asset.set_site_id("S-1");
  for (int i = 1; i <= technicians; ++i) {
    v1::Technician& technician = *add()->mutable_technician();
    technician.set_id(Technician(i));
    technician.set_name(Technician(i));
  }
  const auto answer =
      server_->CallNow("/doorstep.v1.ImportService/ImportRows", server_->administrator(), request.SerializeAsString());
  v1::ImportRowsResponse response;
  if (!answer.has_value() || !answer->ok() || !response.ParseFromString(**answer)) {
    return world_->Violate("wrong", "the import failed");
  }
  for (const v1::ImportRowResult& row : response.results()) {
    if (row.result() != v1::IMPORT_RESULT_CREATED) world_->Violate("wrong", absl::StrCat("import: ", row.reason()));
  }
}

std::string SimOffice::Invite(const std::string& technician) {
  v1::InviteDeviceRequest request;
  request.set_request_id(NextRequestId());
  request.set_technician_id(technician);
  const auto answer =
      server_->CallNow("/doorstep.v1.AdminService/InviteDevice", server_->administrator(), request.SerializeAsString());
  v1::InviteDeviceResponse response;
  if (!answer.has_value() || !answer->ok() || !response.ParseFromString(**answer)) {
    world_->Violate("wrong", "the invitation failed");
  }
  return response.invitation_code();
}

// ---- with a network ----

void SimOffice::Try(const std::string& method, const std::string& bytes, Then then) {
  const auto again = [this, method, bytes, then] {
    world_->After(world_->Between(1, 60) * kSecond, [this, method, bytes, then] { Try(method, bytes, then); });
  };
  if (world_->Strikes(FaultKind::kRequestLost)) return again();
  server_->Call(method, server_->administrator(), bytes, [this, method, bytes, then, again](SimServer::Answer answer) {
    if (!answer.has_value()) return again();
    if (absl::IsResourceExhausted(answer->status()) || absl::IsUnavailable(answer->status())) return again();
    if (world_->Strikes(FaultKind::kAnswerLost)) return again();
    if (answer->ok() && world_->Strikes(FaultKind::kRequestRepeated)) Repeat(method, bytes, **answer);
    --waiting_;
    then(answer->status());
  });
}

void SimOffice::Repeat(const std::string& method, const std::string& bytes, const std::string& first) {
  server_->Call(method, server_->administrator(), bytes,
                [this, method, first, setbacks = server_->setbacks()](const SimServer::Answer& repeated) {
                  if (!repeated.has_value() || setbacks != server_->setbacks()) return;
                  if (absl::IsResourceExhausted(repeated->status())) return;
                  if (!repeated->ok() || **repeated != first) {
                    world_->Violate("doubled", absl::StrCat(method, " was answered otherwise when it was repeated"));
                  }
                });
}

void SimOffice::Plan() {
  const std::string id = absl::StrCat("V-", visits_.size() + 1);
  visits_.push_back(id);
  PlanVisit(id, /*anew=*/false);
}

void SimOffice::PlanAgain(size_t planned) {
  std::vector<std::string> lost;
  for (size_t i = 0; i < planned; ++i) {
    if (!server_->HasVisit(visits_[i])) lost.push_back(visits_[i]);
  }
  for (const std::string& id : lost) PlanVisit(id, /*anew=*/true);  // The server may die over each.
}

void SimOffice::PlanVisit(const std::string& id, bool anew) {
  const auto must = [this, anew, setbacks = server_->setbacks()](absl::string_view what, const absl::Status& status) {
    if (status.ok() || anew || setbacks != server_->setbacks()) return;
    world_->Violate("wrong", absl::StrCat(what, ": ", status.ToString()));
  };
  v1::CreateWorkOrderRequest order;
  order.mutable_work_order()->set_id("order-" + id);
  order.mutable_work_order()->set_account_id("A-1");
  order.mutable_work_order()->set_site_id("S-1");
  order.mutable_work_order()->set_kind(v1::WORK_ORDER_KIND_CORRECTIVE);
  order.mutable_work_order()->add_asset_ids("boiler");
  Send("CreateWorkOrder", order, [this, id, must](const absl::Status& created) {
    must("no order", created);
    v1::CreateVisitRequest visit;
    visit.set_id(id);
    visit.set_work_order_id("order-" + id);
    visit.set_instructions(Canary(id));
    SendOf(v1::FoldCommand::kCreate, "CreateVisit", visit, [this, id, must](const absl::Status& made) {
      must("no visit", made);
      Schedule(id);
    });
  });
}

void SimOffice::Schedule(const std::string& visit) {
  v1::ScheduleVisitRequest request;
  request.set_id(visit);
  const int64_t start_us = world_->now_us() + world_->Between(0, 60) * kHour;
  for (v1::TimeWindow* window : {request.mutable_planned(), request.mutable_promised()}) {
    window->set_start_time_us(start_us);
    window->set_end_time_us(start_us + 2 * kHour);
    window->set_zone("UTC");
  }
  request.set_force(true);
  SendOf(v1::FoldCommand::kSchedule, "ScheduleVisit", request, [this, visit](const absl::Status&) { Assign(visit); });
}

void SimOffice::Assign(const std::string& visit) {
  v1::AssignVisitRequest request;
  request.set_id(visit);
  request.set_technician_id(SomeTechnician());
  SendOf(v1::FoldCommand::kAssign, "AssignVisit", request, [this, visit](const absl::Status&) {
    v1::DispatchVisitRequest dispatch;
    dispatch.set_id(visit);
    SendOf(v1::FoldCommand::kDispatch, "DispatchVisit", dispatch, [](const absl::Status&) {});
  });
}

void SimOffice::DoSomething() {
  const int64_t what = world_->Draw(10);
  if (what < 4 || visits_.empty()) return Plan();
  const std::string visit = visits_[static_cast<size_t>(world_->Draw(static_cast<int64_t>(visits_.size())))];
  // Many of these do not fit the visit's state and are refused; that is an answer too.
  const auto nothing = [](const absl::Status&) {};
  if (what < 8) {
    v1::ReassignVisitRequest request;
    request.set_id(visit);
    request.set_from_technician_id(SomeTechnician());
    request.set_to_technician_id(SomeTechnician());
    request.set_reason("the office needed it so");
    SendOf(v1::FoldCommand::kReassign, "ReassignVisit", request, nothing);
  } else if (what < 9) {
    v1::CancelVisitRequest request;
    request.set_id(visit);
    request.set_reason("the customer called it off");
    request.set_force(world_->Chance(500));
    SendOf(v1::FoldCommand::kCancel, "CancelVisit", request, nothing);
  } else {
    Schedule(visit);
  }
}

void SimOffice::LetAll(const std::string& device) {
  for (int i = 1; i <= technicians_; ++i) Let(device, Technician(i), true);
}

void SimOffice::Let(const std::string& device, const std::string& technician, bool allowed) {
  v1::SetDeviceTechnicianRequest request;
  request.set_device(device);
  request.set_technician_id(technician);
  request.set_allowed(allowed);
  SendTo("AdminService/SetDeviceTechnician", request, [](const absl::Status&) {});
}

// Who went back to an older file has lost commands, and whoever asked for them knows it.
void SimOffice::CompareDone() {
  if (server_->setbacks() > 0) return;
  const absl::Status read = server_->storage().Read("commands", [&](SqlSession& sql) -> absl::Status {
    for (const std::string& id : visits_) {
      ASSIGN_OR_RETURN(const std::optional<VisitRow> row, FindVisit(sql, id));
      v1::FoldInput input;
      if (row.has_value() && !input.ParseFromString(row->fold)) return absl::DataLossError(id);
      std::map<int, int> held;
      for (const v1::FoldCommand& command : input.commands()) ++held[command.verb_case()];
      if (held == done_[id]) continue;
      const auto count = [](const std::map<int, int>& verbs) {
        return absl::StrJoin(verbs, " ", absl::PairFormatter("="));
      };
      world_->Violate(held < done_[id] ? "lost" : "doubled",
                      absl::StrCat("visit ", id, " has commands ", count(held), ", answered were ", count(done_[id])));
    }
    return absl::OkStatus();
  });
  if (!read.ok()) world_->Violate("wrong", absl::StrCat("reading commands: ", read.ToString()));
}

}  // namespace doorstep::sim
