#include "tools/doorstep/visit_health.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "doorstep/v1/health_service.pb.h"
#include "tools/doorstep/output.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {

Contributions ContributionsOf(const v1::Visit& visit, const v1::GetVisitLogResponse& log, const Contributions& all) {
  std::set<std::string> sources = {visit.id()};
  for (const v1::VisitLogItem& item : log.items()) {
    // Feedback goes by its entry, a promise by its id.
    if (item.entry().has_feedback_captured()) sources.insert(FormatPosition(item.position()));
    if (item.has_repairs()) sources.insert(FormatPosition(item.repairs()));
    if (item.entry().has_commitment_made()) sources.insert(item.entry().commitment_made().commitment().id());
    if (item.entry().has_commitment_fulfilled()) sources.insert(item.entry().commitment_fulfilled().commitment_id());
  }
  Contributions own;
  for (const v1::Contribution& contribution : all) {
    if (sources.count(contribution.source_id()) > 0 || contribution.related_id() == visit.id()) {
      *own.Add() = contribution;
    }
  }
  return own;
}

std::string WhyNothing(const v1::Visit& visit) {
  const std::string outcome = Words(visit.outcome().code());
  switch (visit.outcome().code()) {
    case v1::OUTCOME_CODE_UNSPECIFIED:
      if (visit.state() == v1::VISIT_STATE_CANCELED) return "It was cancelled, and moves nothing.";
      return "Nothing of it counts yet: no outcome, no arrival in a promised window, and no window that was missed.";
    case v1::OUTCOME_CODE_NO_FAULT_FOUND:
    case v1::OUTCOME_CODE_NOT_NEEDED:
      return absl::StrCat("It moves nothing: \"", outcome, "\" is neither a repair nor a failed one.");
    case v1::OUTCOME_CODE_NO_ACCESS:
    case v1::OUTCOME_CODE_CUSTOMER_REFUSED:
    case v1::OUTCOME_CODE_UNSAFE:
      return absl::StrCat("It moves nothing: \"", outcome, "\" means that nobody could work there.");
    default:
      return "It moves nothing any more: what it says has faded with the years, or is still to come.";
  }
}

std::string WhyNoRepeats(const v1::Visit& visit) {
  if (visit.kind() != v1::WORK_ORDER_KIND_CORRECTIVE || !visit.has_outcome()) return "";
  const bool asset = !visit.outcome().asset_id().empty() || !visit.asset_ids().empty();
  const bool fault = !visit.outcome().fault().code().empty();
  if (asset && fault) return "";
  return absl::StrCat("It names no ", asset ? "" : "asset", asset || fault ? "" : " and no ", fault ? "" : "fault code",
                      ": it is no repeat of another work order's visit, and none is a repeat of it.");
}

absl::Status PrintVisitHealth(const v1::Visit& visit, const v1::GetVisitLogResponse& log, const Tools& tools) {
  v1::ExplainAccountHealthRequest request;
  request.set_account_id(visit.account_id());
  v1::ExplainAccountHealthResponse response;
  RETURN_IF_ERROR(tools.connection->Call(&request, &response));
  const Contributions own = ContributionsOf(visit, log, response.contributions());
  Say();
  if (own.empty()) {
    Say(absl::StrCat("Health of account ", Printable(visit.account_id()), ": ", WhyNothing(visit)));
  } else {
    int64_t sum = 0;
    for (const v1::Contribution& contribution : own) sum += contribution.points_thousandths();
    Say(absl::StrCat("It moves the health of account ", Printable(visit.account_id()), " by ", SignedPoints(sum),
                     " points:"));
    PrintReasons(own, own.size());
  }
  const std::string no_repeats = WhyNoRepeats(visit);
  if (!no_repeats.empty()) Say(no_repeats);
  return absl::OkStatus();
}

}  // namespace doorstep::cli
