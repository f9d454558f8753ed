#include "server/apply/entity_writing.h"

#include <string>
#include <utility>

#include "client_core/base/status.h"
#include "server/storage/account_table.h"
#include "server/storage/record_table.h"
#include "server/storage/serial_table.h"
#include "server/storage/work_order_table.h"

namespace doorstep {
namespace {

// Kinds that no feed carries have versions all the same; their keys lie apart from EntityKind.
constexpr int kAccountKind = 101;
constexpr int kContactKind = 102;
constexpr int kContractKind = 103;
constexpr int kTechnicianKind = 104;

template <typename Record>
absl::StatusOr<int64_t> NextRecordVersion(Group& group, int kind, const Record& record) {
  ASSIGN_OR_RETURN(const int64_t stored, FindRecordVersion<Record>(group.sql(), record.id()));
  return group.NextVersion(kind, record.id(), stored);
}

absl::StatusOr<v1::Asset> WriteAsset(Group& group, v1::Asset asset) {
  ASSIGN_OR_RETURN(const int64_t version, NextRecordVersion(group, v1::ENTITY_KIND_ASSET, asset));
  asset.set_version(version);
  ASSIGN_OR_RETURN(const int64_t account, InternAccount(group.sql(), asset.account_id()));
  RETURN_IF_ERROR(WriteRecord(group.sql(), asset, account, version));
  RETURN_IF_ERROR(WriteSerial(group.sql(), account, asset));
  group.dirty().entities.insert({v1::ENTITY_KIND_ASSET, asset.id()});
  return asset;
}

}  // namespace

absl::StatusOr<v1::WorkOrder> SaveWorkOrder(Group& group, v1::WorkOrder order) {
  ASSIGN_OR_RETURN(const std::optional<WorkOrderRow> before, FindWorkOrder(group.sql(), order.id()));
  order.set_version(group.NextVersion(v1::ENTITY_KIND_WORK_ORDER, order.id(), before ? before->order.version() : 0));
  // Rolls up from the visits, whoever saves.
  order.set_state(before.has_value() ? before->order.state() : v1::WORK_ORDER_STATE_OPEN);
  order.clear_first_time_fix();
  ASSIGN_OR_RETURN(const int64_t account, InternAccount(group.sql(), order.account_id()));
  RETURN_IF_ERROR(WriteWorkOrder(group.sql(), order, account));
  group.dirty().entities.insert({v1::ENTITY_KIND_WORK_ORDER, order.id()});
  return order;
}

absl::StatusOr<v1::Account> SaveAccount(Group& group, v1::Account account) {
  ASSIGN_OR_RETURN(const std::optional<v1::Account> before, FindAccount(group.sql(), account.id()));
  account.set_version(group.NextVersion(kAccountKind, account.id(), before ? before->version() : 0));
  RETURN_IF_ERROR(WriteAccount(group.sql(), account));
  ASSIGN_OR_RETURN(const int64_t n, FindAccountNumber(group.sql(), account.id()));
  group.dirty().briefs.insert(n);
  return account;
}

absl::StatusOr<v1::Contact> SaveContact(Group& group, v1::Contact contact) {
  ASSIGN_OR_RETURN(const int64_t version, NextRecordVersion(group, kContactKind, contact));
  ASSIGN_OR_RETURN(const int64_t account, InternAccount(group.sql(), contact.account_id()));
  RETURN_IF_ERROR(WriteRecord(group.sql(), contact, account, version));
  return contact;
}

absl::StatusOr<v1::Site> SaveSite(Group& group, v1::Site site) {
  ASSIGN_OR_RETURN(const std::optional<v1::Site> before, FindRecord<v1::Site>(group.sql(), site.id()));
  site.set_version(group.NextVersion(v1::ENTITY_KIND_SITE, site.id(), before ? before->version() : 0));
  ASSIGN_OR_RETURN(const int64_t account, InternAccount(group.sql(), site.account_id()));
  RETURN_IF_ERROR(WriteRecord(group.sql(), site, account, site.version()));
  group.dirty().briefs.insert(account);
  if (before.has_value()) {
    ASSIGN_OR_RETURN(const int64_t old_account, FindAccountNumber(group.sql(), before->account_id()));
    group.dirty().briefs.insert(old_account);
  }
  group.dirty().entities.insert({v1::ENTITY_KIND_SITE, site.id()});
  return site;
}

absl::StatusOr<v1::Asset> SaveAsset(Group& group, v1::Asset asset) {
  ASSIGN_OR_RETURN(const std::optional<v1::Asset> before, FindRecord<v1::Asset>(group.sql(), asset.id()));
  // Whatever a file says: only a decision about a merge says what an asset is merged into.
  asset.set_merged_into_id(before.has_value() ? before->merged_into_id() : "");
  return WriteAsset(group, std::move(asset));
}

absl::StatusOr<v1::Asset> MergeAsset(Group& group, v1::Asset asset, absl::string_view into_id) {
  asset.set_merged_into_id(std::string(into_id));
  asset.set_status(v1::ASSET_STATUS_RETIRED);
  return WriteAsset(group, std::move(asset));
}

absl::StatusOr<v1::Contract> SaveContract(Group& group, v1::Contract contract) {
  ASSIGN_OR_RETURN(const int64_t version, NextRecordVersion(group, kContractKind, contract));
  contract.set_version(version);
  ASSIGN_OR_RETURN(const int64_t account, InternAccount(group.sql(), contract.account_id()));
  RETURN_IF_ERROR(WriteRecord(group.sql(), contract, account, version));
  return contract;
}

absl::StatusOr<v1::Technician> SaveTechnician(Group& group, v1::Technician technician) {
  ASSIGN_OR_RETURN(const int64_t version, NextRecordVersion(group, kTechnicianKind, technician));
  technician.set_version(version);
  // Whatever a file says: only RecordLeave says who has left.
  ASSIGN_OR_RETURN(const int64_t left_us, group.LeftUs(technician.id()));
  technician.set_left_time_us(left_us);
  RETURN_IF_ERROR(WriteRecord(group.sql(), technician, 0, version));
  return technician;
}

}  // namespace doorstep
