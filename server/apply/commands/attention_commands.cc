// ResolveAttention: what a person decides about a flagged visit. Both halves.

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client_core/base/ids.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/rules/attention_decision.h"
#include "server/apply/commands/apply_parts.h"
#include "server/apply/commands/checks.h"
#include "server/apply/commands/dispatch_commands.h"
#include "server/apply/commands/seen_visit.h"

namespace doorstep {
namespace {

// Names in answers are those that a caller writes.
std::string NameOf(v1::AttentionFlag flag) {
  return v1::AttentionFlag_Name(flag).substr(sizeof("ATTENTION_FLAG_") - 1);
}
std::string NameOf(v1::AttentionResolution resolution) {
  return v1::AttentionResolution_Name(resolution).substr(sizeof("ATTENTION_RESOLUTION_") - 1);
}

absl::Status DoesNotFit(v1::AttentionResolution resolution, const v1::Visit& visit, const v1::RaisedAttention& raised) {
  std::vector<std::string> fitting;
  for (const v1::AttentionResolution fits : FittingResolutions(raised)) fitting.push_back(NameOf(fits));
  return absl::FailedPreconditionError(
      absl::StrCat("resolution: ", NameOf(resolution), " does not fit ", NameOf(raised.flag()), " of visit ",
                   visit.id(), ": ", absl::StrJoin(fitting, ", "), fitting.size() > 1 ? " do" : " does"));
}

// What the request is about: open, named or all of them, and of those that nobody named what the resolution fits.
absl::StatusOr<std::vector<const v1::RaisedAttention*>> MeantBy(const v1::ResolveAttentionRequest& request,
                                                                const v1::Visit& visit) {
  std::vector<const v1::RaisedAttention*> meant;
  const v1::RaisedAttention* unfit = nullptr;
  for (const v1::RaisedAttention& raised : visit.raised()) {
    const bool named = std::count(request.flags().begin(), request.flags().end(), raised.flag()) > 0;
    if (raised.resolved() || !(named || request.flags().empty())) continue;
    if (Fits(request.resolution(), raised)) {
      meant.push_back(&raised);
    } else if (named || unfit == nullptr) {
      unfit = &raised;
    }
  }
  const bool nothing_left = meant.empty() || !request.flags().empty();
  if (unfit != nullptr && nothing_left) return DoesNotFit(request.resolution(), visit, *unfit);
  return meant;
}

absl::Status CheckFlagged(const v1::ResolveAttentionRequest& request, const v1::Visit& visit) {
  if (visit.attention().empty()) {
    return absl::FailedPreconditionError(absl::StrCat("visit ", visit.id(), " has nothing that needs attention"));
  }
  for (const int flag : request.flags()) {
    if (std::count(visit.attention().begin(), visit.attention().end(), flag) > 0) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("flags: visit ", visit.id(), " is not flagged ", NameOf(static_cast<v1::AttentionFlag>(flag))));
  }
  return absl::OkStatus();
}

// One visit has one lead.
absl::Status CheckOneIsKept(v1::AttentionResolution resolution, const std::vector<const v1::RaisedAttention*>& meant) {
  if (resolution != v1::ATTENTION_RESOLUTION_KEEP_B) return absl::OkStatus();
  std::set<std::string> kept;
  for (const v1::RaisedAttention* raised : meant) {
    if (!raised->side_a().technician_id().empty()) kept.insert(raised->side_b().technician_id());
  }
  if (kept.size() < 2) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("resolution: KEEP_B cannot keep ", absl::StrJoin(kept, " and "), ": name one flag in `flags`"));
}

// The visit that is made for what the technicians on side B have recorded.
v1::FoldCommand CreateFor(const v1::FoldResolveAttention& resolve, const v1::Visit& visit) {
  v1::FoldCommand fold;
  v1::FoldCreate& create = *fold.mutable_create();
  create.set_work_order_id(visit.work_order_id());
  create.set_account_id(visit.account_id());
  create.set_site_id(visit.site_id());
  *create.mutable_asset_ids() = visit.asset_ids();
  create.set_kind(visit.kind());
  create.set_priority(visit.priority());
  create.set_instructions(visit.instructions());
  create.set_credited_from_visit_id(visit.id());
  std::set<std::string> technicians;
  for (const auto& what : resolve.occurrences()) {
    const std::string& technician = what.side_b().technician_id();
    if (technicians.insert(technician).second) create.add_technician_ids(technician);
  }
  return fold;
}

}  // namespace

absl::Status CheckFields(const v1::ResolveAttentionRequest& request) {
  RETURN_IF_ERROR(CheckNames(request.request_id(), request.id(), request.expected_version()));
  for (const int flag : request.flags()) {
    if (!v1::AttentionFlag_IsValid(flag) || flag == v1::ATTENTION_FLAG_UNSPECIFIED) {
      return FieldError("flags", "must be attention flags");
    }
  }
  if (!v1::AttentionResolution_IsValid(request.resolution())) {
    return FieldError("resolution", "must be SEEN, KEEP_A, KEEP_B, CREDIT_BOTH or NEW_VISIT");
  }
  RETURN_IF_ERROR(CheckOptionalId("new_visit_id", request.new_visit_id()));
  if (!request.new_visit_id().empty() && request.resolution() != v1::ATTENTION_RESOLUTION_NEW_VISIT) {
    return FieldError("new_visit_id", "must be empty unless the resolution is NEW_VISIT");
  }
  return CheckRequiredText("reason", request.reason(), limits::kShortTextBytesMax);
}

absl::StatusOr<v1::ResolveAttentionResponse> RunCommand(v1::ResolveAttentionRequest request, Transaction& tx) {
  ASSIGN_OR_RETURN(const v1::Visit visit, SeenVisit(request.id(), request.expected_version(), tx));
  if (request.resolution() == v1::ATTENTION_RESOLUTION_UNSPECIFIED) {
    request.set_resolution(v1::ATTENTION_RESOLUTION_SEEN);
  }
  RETURN_IF_ERROR(CheckFlagged(request, visit));
  ASSIGN_OR_RETURN(const std::vector<const v1::RaisedAttention*> meant, MeantBy(request, visit));
  RETURN_IF_ERROR(CheckOneIsKept(request.resolution(), meant));
  std::set<v1::AttentionFlag> flags;
  for (const v1::RaisedAttention* raised : meant) flags.insert(raised->flag());
  request.mutable_flags()->Assign(flags.begin(), flags.end());
  const bool makes = request.resolution() == v1::ATTENTION_RESOLUTION_NEW_VISIT;
  if (makes) {
    if (request.new_visit_id().empty()) request.set_new_visit_id(MakeUuidV7(tx.commit_us(), tx.random()));
    ASSIGN_OR_RETURN(const auto taken, tx.FindVisit(request.new_visit_id()));
    if (taken.has_value()) {
      return absl::AlreadyExistsError(absl::StrCat("new_visit_id: visit ", request.new_visit_id(), " exists"));
    }
  }
  const std::string new_id = request.new_visit_id();
  request.clear_request_id();
  request.clear_expected_version();
  v1::CommandRecord record;
  *record.mutable_resolve_attention() = std::move(request);
  RETURN_IF_ERROR(tx.Apply(std::move(record)));
  v1::ResolveAttentionResponse response;
  ASSIGN_OR_RETURN(auto resolved, tx.FindVisit(visit.id()));
  *response.mutable_visit() = *std::move(resolved);
  if (!makes) return response;
  ASSIGN_OR_RETURN(auto made, tx.FindVisit(new_id));
  *response.mutable_new_visit() = *std::move(made);
  return response;
}

absl::Status ApplyPart(const v1::ResolveAttentionRequest& command, Transaction& tx) {
  // What somebody has looked at is what stands now; what comes later has another name.
  ASSIGN_OR_RETURN(const auto visit, tx.FindVisit(command.id()));
  if (!visit.has_value()) return absl::NotFoundError(absl::StrCat("visit \"", command.id(), "\" is unknown"));
  v1::FoldCommand fold;
  v1::FoldResolveAttention& resolve = *fold.mutable_resolve_attention();
  resolve.set_reason(command.reason());
  resolve.set_resolution(command.resolution());
  resolve.set_new_visit_id(command.new_visit_id());
  for (const v1::RaisedAttention& raised : visit->raised()) {
    const bool meant = std::count(command.flags().begin(), command.flags().end(), raised.flag()) > 0;
    if (raised.resolved() || !meant) continue;
    if (command.resolution() > v1::ATTENTION_RESOLUTION_SEEN && !Fits(command.resolution(), raised)) continue;
    auto& what = *resolve.add_occurrences();
    what.set_flag(raised.flag());
    what.set_occurrence(raised.occurrence());
    if (raised.has_side_a()) *what.mutable_side_a() = raised.side_a();
    if (raised.has_side_b()) *what.mutable_side_b() = raised.side_b();
    if (raised.flag() == v1::ATTENTION_FLAG_AMENDED) *resolve.mutable_seen() = visit->folded();
  }
  if (!command.new_visit_id().empty()) {
    RETURN_IF_ERROR(tx.AddToVisit(command.new_visit_id(), CreateFor(resolve, *visit)));
  }
  return tx.AddToVisit(command.id(), std::move(fold));
}

}  // namespace doorstep
