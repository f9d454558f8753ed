// What people in the simulated office decide, of which nothing follows from the plan.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "client_core/rules/attention_decision.h"
#include "doorstep/v1/admin_service.pb.h"
#include "doorstep/v1/dispatch_service.pb.h"
#include "server/storage/visit_table.h"
#include "tests/sim/sim_office.h"

namespace doorstep::sim {

std::vector<v1::Visit> SimOffice::Flagged() {
  std::vector<v1::Visit> flagged;
  if (!server_->up()) return flagged;
  const absl::Status read = server_->storage().Read("flagged visits", [&](SqlSession& sql) -> absl::Status {
    for (const std::string& id : visits_) {
      ASSIGN_OR_RETURN(const std::string bytes, FindVisitBytes(sql, id));
      v1::Visit visit;
      if (visit.ParseFromString(bytes) && !visit.attention().empty()) flagged.push_back(std::move(visit));
    }
    return absl::OkStatus();
  });
  if (!read.ok()) world_->Violate("wrong", read.ToString());
  return flagged;
}

void SimOffice::Decide() {
  Draws& draws = world_->aside();
  const int64_t what = draws.Draw(10);
  if (what < 5) {
    const std::vector<v1::Visit> flagged = Flagged();
    if (!flagged.empty()) Resolve(draws.One(flagged));
  } else if (what < 8) {
    v1::CloseVisitRequest request;
    if (visits_.empty()) return;
    request.set_id(draws.One(visits_));
    SendOf(v1::FoldCommand::kClose, "CloseVisit", request, [](const absl::Status&) {});
  } else {
    const bool leaves = draws.Chance(500);
    RecordLeave(SomeTechnician(draws), leaves ? world_->now_us() - draws.Between(0, 30) * kMinute : 0);
  }
}

// By what fits one of its conflicts, which need not fit the others, nor what the server knows when it comes.
void SimOffice::Resolve(const v1::Visit& visit) {
  Draws& draws = world_->aside();
  std::vector<v1::AttentionResolution> fitting = {v1::ATTENTION_RESOLUTION_SEEN};
  for (const v1::RaisedAttention& raised : visit.raised()) {
    if (!raised.resolved()) fitting = FittingResolutions(raised);
  }
  v1::ResolveAttentionRequest request;
  request.set_id(visit.id());
  request.set_reason("somebody looked at it");
  request.set_resolution(draws.One(fitting));
  std::string made;
  if (request.resolution() == v1::ATTENTION_RESOLUTION_NEW_VISIT) {
    made = absl::StrCat("V-", visits_.size() + 1);
    visits_.push_back(made);
    request.set_new_visit_id(made);
    server_->copies().Note(visit.id(), made);
  }
  SendOf(v1::FoldCommand::kResolveAttention, "ResolveAttention", request, [this, made](const absl::Status& status) {
    if (!made.empty() && status.ok()) ++done_[made][v1::FoldCommand::kCreate];
  });
}

void SimOffice::RecordLeave(const std::string& technician, int64_t left_us) {
  if (left_us != 0) left_.insert(technician);
  v1::RecordLeaveRequest request;
  request.set_technician_id(technician);
  request.set_left_time_us(left_us);
  SendTo("AdminService/RecordLeave", request, [this, technician, left_us](const absl::Status&) {
    if (left_us != 0 && world_->healing()) RecordLeave(technician, 0);  // It came after they were called back.
  });
}

void SimOffice::CallBack() {
  for (const std::string& technician : left_) RecordLeave(technician, 0);
}

}  // namespace doorstep::sim
