#include "server/apply/transaction.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "client_core/rules/journal_hash.h"
#include "server/apply/credited_visits.h"
#include "server/apply/entity_writing.h"
#include "server/apply/entry_judging.h"
#include "server/apply/frame_admission.h"
#include "server/apply/group.h"
#include "server/apply/leave.h"
#include "server/apply/quarantine.h"
#include "server/openssl_sha256.h"
#include "server/storage/command_table.h"
#include "server/storage/device_table.h"
#include "server/storage/journal_table.h"
#include "server/storage/work_order_table.h"

namespace doorstep {
namespace {

absl::Status AddJournal(Group& group, int64_t device, absl::string_view id, uint64_t epoch, absl::string_view salt) {
  OpensslSha256 hasher;
  const Hash start = ChainStart(hasher, id, epoch, salt);
  JournalRow row;
  row.device = device;
  row.epoch = epoch;
  row.salt = std::string(salt);
  row.head_hash = std::string(AsBytes(start));
  return InsertJournal(group.sql(), row);
}

}  // namespace

Transaction::Transaction(Group* group, const ApplyCommand* apply, std::string principal, std::string request_id,
                         std::string body_hash)
    : group_(group),
      apply_(apply),
      principal_(std::move(principal)),
      request_id_(std::move(request_id)),
      body_hash_(std::move(body_hash)) {}

SqlSession& Transaction::sql() { return group_->sql(); }
int64_t Transaction::commit_us() const { return group_->commit_us(); }
int64_t Transaction::now_us() const { return group_->now_us; }
Random& Transaction::random() { return group_->random(); }

absl::Status Transaction::Apply(v1::CommandRecord record) {
  if (applied_) return absl::InternalError("a command was applied twice");
  applied_ = true;
  record.set_principal(principal_);
  record.set_request_id(request_id_);
  RETURN_IF_ERROR(InsertCommand(group_->sql(), {group_->commit_us(), group_->next_ordinal(), principal_, request_id_,
                                                body_hash_, record.SerializeAsString()}));
  const absl::Status status = (*apply_)(record, *this);
  group_->set_next_ordinal(group_->next_ordinal() + 1);
  return status;
}

// ---- visits ----

absl::StatusOr<std::optional<v1::Visit>> Transaction::FindVisit(absl::string_view id) {
  ASSIGN_OR_RETURN(GroupVisit * visit, group_->FindVisit(id));
  if (visit == nullptr) return std::optional<v1::Visit>();
  group_->Fold(*visit);
  return std::optional<v1::Visit>(visit->visit);
}

absl::Status Transaction::AddToVisit(absl::string_view id, v1::FoldCommand command) {
  ASSIGN_OR_RETURN(GroupVisit * visit, group_->FindVisit(id));
  const bool is_new = visit == nullptr;
  if (is_new && !command.has_create()) return absl::NotFoundError(absl::StrCat("visit \"", id, "\" is unknown"));
  if (is_new) {
    ASSIGN_OR_RETURN(visit, group_->CreateVisit(id));
  }
  group_->WillChange(*visit);
  command.set_commit_us(group_->commit_us());
  command.set_ordinal(group_->next_ordinal());
  command.set_principal(principal_);
  const bool credits = !command.resolve_attention().new_visit_id().empty();
  *visit->input.add_commands() = std::move(command);
  if (credits) return CarryCredits(*group_, *visit).status();
  return is_new ? ReplayWaiting(*group_, *visit) : absl::OkStatus();
}

// ---- entities ----

absl::StatusOr<std::optional<v1::WorkOrder>> Transaction::FindWorkOrder(absl::string_view id) {
  ASSIGN_OR_RETURN(std::optional<WorkOrderRow> row, doorstep::FindWorkOrder(group_->sql(), id));
  if (!row.has_value()) return std::optional<v1::WorkOrder>();
  return std::optional<v1::WorkOrder>(std::move(row->order));
}

absl::StatusOr<v1::WorkOrder> Transaction::Save(v1::WorkOrder order) {
  return SaveWorkOrder(*group_, std::move(order));
}
absl::StatusOr<v1::Account> Transaction::Save(v1::Account account) { return SaveAccount(*group_, std::move(account)); }
absl::StatusOr<v1::Contact> Transaction::Save(v1::Contact contact) { return SaveContact(*group_, std::move(contact)); }
absl::StatusOr<v1::Site> Transaction::Save(v1::Site site) { return SaveSite(*group_, std::move(site)); }
absl::StatusOr<v1::Asset> Transaction::Save(v1::Asset asset) { return SaveAsset(*group_, std::move(asset)); }
absl::StatusOr<v1::Contract> Transaction::Save(v1::Contract contract) {
  return SaveContract(*group_, std::move(contract));
}
absl::StatusOr<v1::Technician> Transaction::Save(v1::Technician technician) {
  return SaveTechnician(*group_, std::move(technician));
}

absl::Status Transaction::Merge(v1::Asset asset, absl::string_view into_id) {
  return MergeAsset(*group_, std::move(asset), into_id).status();
}

// ---- devices ----

absl::Status Transaction::AddDevice(const NewDevice& device) {
  DeviceRow row;
  row.id = device.id;
  row.name = device.name;
  row.platform = device.platform;
  row.current_epoch = device.epoch;
  // An app that was just installed knows nothing of the time before.
  row.reported_through_us = group_->commit_us();
  row.version = 1;
  ASSIGN_OR_RETURN(const int64_t n, InsertDevice(group_->sql(), row, device.technician_ids));
  if (device.epoch > 0) RETURN_IF_ERROR(AddJournal(*group_, n, device.id, device.epoch, device.salt));
  if (device.spare_epoch > 0) {
    RETURN_IF_ERROR(AddJournal(*group_, n, device.id, device.spare_epoch, device.spare_salt));
  }
  group_->dirty().devices.insert(n);
  group_->dirty().phones_of.insert(device.technician_ids.begin(), device.technician_ids.end());
  return absl::OkStatus();
}

absl::Status Transaction::SetDeviceTechnician(absl::string_view device, absl::string_view technician, bool allowed) {
  ASSIGN_OR_RETURN(DeviceRow * row, group_->FindDevice(device));
  if (row == nullptr) return absl::NotFoundError(absl::StrCat("device \"", device, "\" is unknown"));
  RETURN_IF_ERROR(WriteDeviceTechnician(group_->sql(), row->n, technician, allowed));
  row->version = group_->NextVersion(v1::ENTITY_KIND_DEVICE, row->id, row->version);
  group_->dirty().devices.insert(row->n);
  RETURN_IF_ERROR(SettleLane(*group_, *row));
  group_->dirty().phones_of.insert(std::string(technician));
  return UpdateDevice(group_->sql(), *row);
}

absl::Status Transaction::MoveReportedThrough(absl::string_view device, int64_t reported_through_us) {
  ASSIGN_OR_RETURN(DeviceRow * row, group_->FindDevice(device));
  if (row == nullptr) return absl::NotFoundError(absl::StrCat("device \"", device, "\" is unknown"));
  return group_->MoveReportedThrough(*row, reported_through_us);
}

// ---- parked entries ----

absl::Status Transaction::ReplayParked(const v1::JournalPosition& position) {
  return doorstep::ReplayParked(*group_, position);
}

absl::Status Transaction::RepairParked(const v1::RepairCommand& command) {
  return doorstep::RepairParked(*group_, command, OfficePosition(group_->commit_us(), group_->next_ordinal()));
}

absl::Status Transaction::DismissParked(const v1::DismissCommand& command) {
  return doorstep::DismissParked(*group_, command);
}

absl::Status Transaction::AdoptEpoch(absl::string_view device, uint64_t epoch, absl::string_view salt, bool current) {
  ASSIGN_OR_RETURN(DeviceRow * row, group_->FindDevice(device));
  if (row == nullptr) return absl::NotFoundError(absl::StrCat("device \"", device, "\" is unknown"));
  RETURN_IF_ERROR(AddJournal(*group_, row->n, device, epoch, salt));
  if (!current) return absl::OkStatus();
  row->current_epoch = epoch;
  row->version = group_->NextVersion(v1::ENTITY_KIND_DEVICE, row->id, row->version);
  group_->dirty().devices.insert(row->n);
  return UpdateDevice(group_->sql(), *row);
}

absl::Status Transaction::Fork(const v1::ForkCommand& fork) { return ApplyFork(*group_, fork); }

absl::Status Transaction::MoveBackedUp(absl::string_view device, uint64_t epoch, uint64_t through) {
  ASSIGN_OR_RETURN(const DeviceRow* row, group_->FindDevice(device));
  if (row == nullptr) return absl::NotFoundError(absl::StrCat("device \"", device, "\" is unknown"));
  ASSIGN_OR_RETURN(JournalRow * journal, group_->FindJournal(row->n, epoch));
  if (journal == nullptr) return absl::NotFoundError(absl::StrCat("device \"", device, "\" has no epoch ", epoch));
  const uint64_t backed_up = std::min(through, journal->mark);
  if (backed_up <= journal->backed_up) return absl::OkStatus();
  journal->backed_up = backed_up;
  group_->dirty().journals.insert({row->n, epoch});
  return doorstep::MoveBackedUp(group_->sql(), *journal);
}

// ---- technicians ----

absl::Status Transaction::RecordLeave(const v1::RecordLeaveCommand& leave) { return ApplyLeave(*group_, leave); }

// ---- the day ----

absl::StatusOr<int32_t> Transaction::Today() { return group_->Today(); }

absl::Status Transaction::TurnDay(int32_t day) { return group_->TurnDay(day); }

}  // namespace doorstep
