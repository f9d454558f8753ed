#include "tests/sim/scope_check.h"

#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/rules/frame_codec.h"
#include "doorstep/v1/sync.pb.h"
#include "doorstep/v1/visit.pb.h"
#include "server/storage/device_table.h"
#include "server/storage/visit_table.h"
#include "tests/sim/world.h"

namespace doorstep::sim {
namespace {

constexpr absl::string_view kCanary = "canary:";

std::set<std::string> CanariesIn(absl::string_view bytes) {
  std::set<std::string> visits;
  for (size_t at = bytes.find(kCanary); at != absl::string_view::npos; at = bytes.find(kCanary, at + 1)) {
    const absl::string_view rest = bytes.substr(at + kCanary.size());
    visits.insert(std::string(rest.substr(0, rest.find(';'))));
  }
  return visits;
}

bool Expects(const v1::Visit& visit, const std::string& technician) {
  if (visit.state() == v1::VISIT_STATE_CANCELED) return false;
  return std::any_of(visit.assignments().begin(), visit.assignments().end(), [&](const v1::Assignment& assignment) {
    return assignment.technician_id() == technician && !assignment.revoked();
  });
}

absl::StatusOr<v1::Visit> ReadVisit(SqlSession& sql, const std::string& id) {
  ASSIGN_OR_RETURN(const std::string bytes, FindVisitBytes(sql, id));
  v1::Visit visit;
  if (!visit.ParseFromString(bytes)) return absl::DataLossError(absl::StrCat("visit ", id, " cannot be parsed"));
  return visit;
}

}  // namespace

std::string Canary(const std::string& visit) { return absl::StrCat(kCanary, visit, ";"); }

absl::StatusOr<std::map<std::string, std::string>> VisitsOf(SqlSession& sql, const std::vector<std::string>& all,
                                                            const std::string& technician) {
  std::map<std::string, std::string> visits;
  for (const std::string& id : all) {
    ASSIGN_OR_RETURN(const v1::Visit visit, ReadVisit(sql, id));
    if (Expects(visit, technician)) {
      ASSIGN_OR_RETURN(visits[id], FindVisitBytes(sql, id));
    }
  }
  return visits;
}

bool IsOfAnotherWeek(const std::string& bytes, int64_t now_us) {
  v1::Visit visit;
  if (!visit.ParseFromString(bytes) || visit.planned().end_time_us() != 0) return false;
  for (const int64_t time_us :
       {visit.travel_started_time_us(), visit.arrived_time_us(), visit.work_started_time_us(), visit.ended_time_us()}) {
    if (time_us != 0 && (time_us < now_us - 6 * kDay || time_us > now_us + 13 * kDay)) return true;
  }
  return false;
}

std::string VisitCopies::RootOf(const std::string& visit) const {
  std::string root = visit;
  for (auto found = original_of_.find(root); found != original_of_.end(); found = original_of_.find(root)) {
    root = found->second;
  }
  return root;
}

std::vector<std::string> VisitCopies::Family(const std::string& root) const {
  std::vector<std::string> family = {root};
  for (const auto& [copy, original] : original_of_) {
    if (RootOf(copy) == root) family.push_back(copy);
  }
  return family;
}

absl::Status CheckAnswerScope(Storage& storage, const VisitCopies& copies, const std::string& device,
                              absl::string_view method, const std::string& answer) {
  std::string bytes = answer;
  if (absl::EndsWith(method, "/Pull")) {
    v1::PullResponse response;
    if (!response.ParseFromString(answer)) return absl::InternalError("an answer to Pull that cannot be parsed");
    ASSIGN_OR_RETURN(bytes,
                     Decompress(response.page(), response.codec(), response.raw_bytes(), limits::kMessageBytesDownMax));
  }
  const std::set<std::string> shown = CanariesIn(bytes);
  if (shown.empty()) return absl::OkStatus();
  return storage.Read("a scope", [&](SqlSession& sql) -> absl::Status {
    ASSIGN_OR_RETURN(const std::optional<DeviceRow> row, FindDevice(sql, device));
    if (!row.has_value()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::vector<std::string> technicians, TechniciansOfDevice(sql, row->n));
    for (const std::string& id : shown) {
      bool theirs = false;
      for (const std::string& source : copies.Family(id)) {
        ASSIGN_OR_RETURN(const v1::Visit visit, ReadVisit(sql, source));
        theirs = theirs || std::any_of(technicians.begin(), technicians.end(),
                                       [&](const std::string& technician) { return Expects(visit, technician); });
      }
      if (!theirs) return absl::InternalError(absl::StrCat(method, " shows visit ", id, " to ", device));
    }
    return absl::OkStatus();
  });
}

}  // namespace doorstep::sim
