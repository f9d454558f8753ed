// Checks of whole records as other systems hand them over. Fields that the server computes are not looked at.
// INVALID_ARGUMENT "FIELD: reason with bound". That the ids a record names exist is not checked here.
#ifndef DOORSTEP_SERVER_APPLY_COMMANDS_RECORD_CHECKS_H_
#define DOORSTEP_SERVER_APPLY_COMMANDS_RECORD_CHECKS_H_

#include "absl/status/status.h"
#include "doorstep/v1/account.pb.h"
#include "doorstep/v1/import_service.pb.h"
#include "doorstep/v1/visit.pb.h"

namespace doorstep {

absl::Status CheckRecord(const v1::Account& account);
absl::Status CheckRecord(const v1::Contact& contact);
absl::Status CheckRecord(const v1::Site& site);
absl::Status CheckRecord(const v1::Asset& asset);
absl::Status CheckRecord(const v1::Contract& contract);
absl::Status CheckRecord(const v1::Technician& technician);
absl::Status CheckRecord(const v1::WorkOrder& work_order);
absl::Status CheckRecord(const v1::PastVisit& past_visit);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_COMMANDS_RECORD_CHECKS_H_
