// Writing the records of an account so that what depends on them follows: versions, feeds, briefs.
#ifndef DOORSTEP_SERVER_APPLY_ENTITY_WRITING_H_
#define DOORSTEP_SERVER_APPLY_ENTITY_WRITING_H_

#include "absl/status/statusor.h"
#include "doorstep/v1/account.pb.h"
#include "doorstep/v1/visit.pb.h"
#include "server/apply/group.h"

namespace doorstep {

// Each inserts or replaces by id, sets the version, and returns what was saved.
absl::StatusOr<v1::WorkOrder> SaveWorkOrder(Group& group, v1::WorkOrder order);
absl::StatusOr<v1::Account> SaveAccount(Group& group, v1::Account account);
absl::StatusOr<v1::Contact> SaveContact(Group& group, v1::Contact contact);
absl::StatusOr<v1::Site> SaveSite(Group& group, v1::Site site);
absl::StatusOr<v1::Asset> SaveAsset(Group& group, v1::Asset asset);
// The asset is the same thing as another one, which is to be used: it is retired.
absl::StatusOr<v1::Asset> MergeAsset(Group& group, v1::Asset asset, absl::string_view into_id);
absl::StatusOr<v1::Contract> SaveContract(Group& group, v1::Contract contract);
absl::StatusOr<v1::Technician> SaveTechnician(Group& group, v1::Technician technician);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_ENTITY_WRITING_H_
