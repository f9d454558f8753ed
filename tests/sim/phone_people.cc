// Who works with a simulated phone: they take it from each other, and what one of them recorded stays theirs.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "server/storage/device_table.h"
#include "tests/sim/sim_phone.h"

namespace doorstep::sim {

std::vector<std::string> SimPhone::SignedIn() {
  std::vector<std::string> technicians;
  for (const v1::EnrolledTechnician& one : store_->journal().identity()->technicians()) technicians.push_back(one.id());
  return technicians;
}

// Mostly the app leaves it to the core, which takes whoever is first.
std::string SimPhone::Author() {
  if (!world_->Has(FaultKind::kTechnicianChanged)) return technician_;
  Draws& draws = world_->aside();
  const std::vector<std::string> technicians = SignedIn();
  // Nothing keeps an app from naming somebody who is not signed in.
  if (technicians.empty() || draws.Chance(30)) return technician_;
  return draws.Chance(600) ? "" : draws.One(technicians);
}

void SimPhone::SignIn(const std::string& technician) {
  if (!enrolled() || queue_->frozen()) return;
  const absl::Status status = store_->SignIn(technician);
  if (!disk_.dead()) {
    world_->Note(name_, absl::StrCat("signs ", technician, " in: ", absl::StatusCodeToString(status.code())));
    const bool may_fail = absl::IsPermissionDenied(status) || absl::IsResourceExhausted(status);
    if (!status.ok() && !may_fail) {
      world_->Violate("wrong", absl::StrCat(name_, " does not sign in ", technician, ": ", status.ToString()));
    }
    driver_->IdentityChanged();
    WakeSoon();
  }
  LookForDeath();
}

void SimPhone::SignOut(const std::string& technician) {
  if (!enrolled() || queue_->frozen()) return;
  const JournalCounts before = store_->journal().Counts();
  const absl::StatusOr<uint64_t> removed = store_->SignOut(technician);
  if (!disk_.dead()) {
    world_->Note(name_,
                 absl::StrCat("signs ", technician, " out: ", absl::StatusCodeToString(removed.status().code())));
    if (!removed.ok() && !absl::IsResourceExhausted(removed.status())) {
      world_->Violate("wrong",
                      absl::StrCat(name_, " does not sign out ", technician, ": ", removed.status().ToString()));
    }
    const JournalCounts after = store_->journal().Counts();
    if (after.recorded != before.recorded || after.saved_here != before.saved_here) {
      world_->Violate("lost", absl::StrCat(name_, " had ", before.saved_here, " of ", before.recorded,
                                           " entries saved here before ", technician, " signed out, and has ",
                                           after.saved_here, " of ", after.recorded));
    }
    driver_->IdentityChanged();
    WakeSoon();
  }
  LookForDeath();
}

absl::StatusOr<std::vector<std::string>> SimPhone::Served(SqlSession& sql) {
  std::vector<std::string> served;
  ASSIGN_OR_RETURN(const std::optional<DeviceRow> row, FindDevice(sql, device()));
  if (!row.has_value()) return served;
  ASSIGN_OR_RETURN(const std::vector<std::string> let, TechniciansOfDevice(sql, row->n));
  for (const std::string& technician : SignedIn()) {
    if (std::count(let.begin(), let.end(), technician) > 0) served.push_back(technician);
  }
  return served;
}

}  // namespace doorstep::sim
