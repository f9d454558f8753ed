#include "server/apply/commands/import_plan.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "server/apply/commands/changed_fields.h"
#include "server/apply/commands/checks.h"
#include "server/apply/commands/record_checks.h"
#include "server/apply/commands/references.h"
#include "server/storage/account_table.h"
#include "server/storage/record_table.h"

namespace doorstep {
namespace {

using Row = v1::ImportRow;

// What the server computes: no difference to what a file says.
constexpr const char* kComputed[] = {"version",         "state",        "first_time_fix",
                                     "created_time_us", "left_time_us", "merged_into_id"};

// The row's record of a type.
const v1::Account& RecordIn(const Row& row, const v1::Account*) { return row.account(); }
const v1::Contact& RecordIn(const Row& row, const v1::Contact*) { return row.contact(); }
const v1::Site& RecordIn(const Row& row, const v1::Site*) { return row.site(); }
const v1::Asset& RecordIn(const Row& row, const v1::Asset*) { return row.asset(); }
const v1::Contract& RecordIn(const Row& row, const v1::Contract*) { return row.contract(); }
const v1::Technician& RecordIn(const Row& row, const v1::Technician*) { return row.technician(); }
const v1::WorkOrder& RecordIn(const Row& row, const v1::WorkOrder*) { return row.work_order(); }

constexpr Row::RecordCase KindOf(const v1::Account*) { return Row::kAccount; }
constexpr Row::RecordCase KindOf(const v1::Contact*) { return Row::kContact; }
constexpr Row::RecordCase KindOf(const v1::Site*) { return Row::kSite; }
constexpr Row::RecordCase KindOf(const v1::Asset*) { return Row::kAsset; }
constexpr Row::RecordCase KindOf(const v1::Contract*) { return Row::kContract; }
constexpr Row::RecordCase KindOf(const v1::Technician*) { return Row::kTechnician; }
constexpr Row::RecordCase KindOf(const v1::WorkOrder*) { return Row::kWorkOrder; }

absl::StatusOr<std::optional<v1::Account>> Stored(Transaction& tx, absl::string_view id, const v1::Account*) {
  return FindAccount(tx.sql(), id);
}
absl::StatusOr<std::optional<v1::WorkOrder>> Stored(Transaction& tx, absl::string_view id, const v1::WorkOrder*) {
  return tx.FindWorkOrder(id);
}
template <typename Record>
absl::StatusOr<std::optional<Record>> Stored(Transaction& tx, absl::string_view id, const Record*) {
  return FindRecord<Record>(tx.sql(), id);
}

// How the row's system knows the record.
template <typename Record>
void AddRef(const std::string& system, Record& record) {
  for (const v1::ExternalRef& ref : record.external_refs()) {
    if (ref.system() == system && ref.id() == record.id()) return;
  }
  v1::ExternalRef* ref = record.add_external_refs();
  ref->set_system(system);
  ref->set_id(record.id());
}

v1::ImportRowResult Rejected(const absl::Status& status) {
  FieldAndReason what = SplitFieldError(status);
  v1::ImportRowResult result;
  result.set_result(v1::IMPORT_RESULT_REJECTED);
  result.set_field(std::move(what.field));
  result.set_reason(std::move(what.reason));
  return result;
}

// What a checked row does to what is stored.
template <typename Record>
v1::ImportRowResult Compare(const Record& record, const std::optional<Record>& stored) {
  v1::ImportRowResult result;
  if (!stored.has_value()) {
    result.set_result(v1::IMPORT_RESULT_CREATED);
    return result;
  }
  for (std::string& field : ChangedFields(*stored, record, kComputed)) result.add_changed_fields(std::move(field));
  result.set_result(result.changed_fields().empty() ? v1::IMPORT_RESULT_UNCHANGED : v1::IMPORT_RESULT_UPDATED);
  return result;
}

absl::Status Missing(absl::string_view field, absl::string_view kind, absl::string_view id) {
  return absl::NotFoundError(absl::StrCat(field, ": no ", kind, " ", id));
}

std::string IdOf(const Row& row) {
  switch (row.record_case()) {
    case Row::kAccount:
      return row.account().id();
    case Row::kContact:
      return row.contact().id();
    case Row::kSite:
      return row.site().id();
    case Row::kAsset:
      return row.asset().id();
    case Row::kContract:
      return row.contract().id();
    case Row::kTechnician:
      return row.technician().id();
    case Row::kWorkOrder:
      return row.work_order().id();
    case Row::kPastVisit:
      return row.past_visit().id();
    case Row::RECORD_NOT_SET:
      break;
  }
  return "";
}

}  // namespace

absl::StatusOr<v1::ImportRowResult> ImportPlan::Add(v1::ImportRow row) {
  absl::StatusOr<v1::ImportRowResult> result = PlanRow(row);
  if (absl::IsInvalidArgument(result.status()) || absl::IsNotFound(result.status())) return Rejected(result.status());
  RETURN_IF_ERROR(result.status());
  if (result->result() == v1::IMPORT_RESULT_UNCHANGED) return result;
  const Key key(row.record_case(), IdOf(row));
  const auto [place, is_new] = row_of_.try_emplace(key, rows_.size());
  if (is_new) rows_.emplace_back();
  rows_[place->second] = std::move(row);
  return result;
}

v1::ImportCommand ImportPlan::Command() const {
  v1::ImportCommand command;
  for (const Row& row : rows_) *command.add_rows() = row;
  return command;
}

absl::StatusOr<v1::ImportRowResult> ImportPlan::PlanRow(v1::ImportRow& row) {
  RETURN_IF_ERROR(CheckRequiredText("system", row.system(), limits::kExternalSystemBytesMax));
  switch (row.record_case()) {
    case Row::kAccount: {
      RETURN_IF_ERROR(CheckRecord(row.account()));
      RETURN_IF_ERROR(NeedsAccount("parent_account_id", row.account().parent_account_id()));
      AddRef(row.system(), *row.mutable_account());
      ASSIGN_OR_RETURN(auto stored, Find<v1::Account>(row.account().id()));
      return Compare(row.account(), stored);
    }
    case Row::kContact: {
      RETURN_IF_ERROR(CheckRecord(row.contact()));
      RETURN_IF_ERROR(NeedsAccount("account_id", row.contact().account_id()));
      ASSIGN_OR_RETURN(auto stored, Find<v1::Contact>(row.contact().id()));
      return Compare(row.contact(), stored);
    }
    case Row::kSite: {
      RETURN_IF_ERROR(CheckRecord(row.site()));
      RETURN_IF_ERROR(NeedsAccount("account_id", row.site().account_id()));
      AddRef(row.system(), *row.mutable_site());
      ASSIGN_OR_RETURN(auto stored, Find<v1::Site>(row.site().id()));
      return Compare(row.site(), stored);
    }
    case Row::kAsset: {
      RETURN_IF_ERROR(CheckRecord(row.asset()));
      RETURN_IF_ERROR(NeedsAccount("account_id", row.asset().account_id()));
      RETURN_IF_ERROR(NeedsOfAccount<v1::Site>("site_id", row.asset().site_id(), row.asset().account_id()));
      AddRef(row.system(), *row.mutable_asset());
      ASSIGN_OR_RETURN(auto stored, Find<v1::Asset>(row.asset().id()));
      return Compare(row.asset(), stored);
    }
    case Row::kContract: {
      RETURN_IF_ERROR(CheckRecord(row.contract()));
      RETURN_IF_ERROR(NeedsAccount("account_id", row.contract().account_id()));
      AddRef(row.system(), *row.mutable_contract());
      ASSIGN_OR_RETURN(auto stored, Find<v1::Contract>(row.contract().id()));
      return Compare(row.contract(), stored);
    }
    case Row::kTechnician: {
      RETURN_IF_ERROR(CheckRecord(row.technician()));
      AddRef(row.system(), *row.mutable_technician());
      ASSIGN_OR_RETURN(auto stored, Find<v1::Technician>(row.technician().id()));
      return Compare(row.technician(), stored);
    }
    case Row::kWorkOrder: {
      v1::WorkOrder& order = *row.mutable_work_order();
      RETURN_IF_ERROR(CheckRecord(order));
      RETURN_IF_ERROR(NeedsAccount("account_id", order.account_id()));
      RETURN_IF_ERROR(NeedsOfAccount<v1::Site>("site_id", order.site_id(), order.account_id()));
      std::vector<v1::Asset> assets;
      for (const std::string& asset_id : order.asset_ids()) {
        RETURN_IF_ERROR(NeedsOfAccount<v1::Asset>("asset_ids", asset_id, order.account_id()));
        ASSIGN_OR_RETURN(const auto asset, Find<v1::Asset>(asset_id));
        if (asset.has_value()) assets.push_back(*asset);
      }
      if (order.site_id().empty()) order.set_site_id(CommonSite(assets));
      if (order.priority() == 0) order.set_priority(limits::kPriorityDefault);
      AddRef(row.system(), order);
      ASSIGN_OR_RETURN(auto stored, Find<v1::WorkOrder>(order.id()));
      return Compare(order, stored);
    }
    case Row::kPastVisit: {
      const v1::PastVisit& past = row.past_visit();
      RETURN_IF_ERROR(CheckRecord(past));
      if (past.ended_time_us() > tx_->now_us()) {
        return FieldError(
            "ended_time_us",
            absl::StrCat("must not be after now, ",
                         absl::FormatTime("%Y-%m-%dT%H:%MZ", absl::FromUnixMicros(tx_->now_us()), absl::UTCTimeZone()),
                         ": a visit that is still to come is made with `visit create`"));
      }
      RETURN_IF_ERROR(NeedsAccount("account_id", past.account_id()));
      RETURN_IF_ERROR(NeedsSite(past.site_id()));
      RETURN_IF_ERROR(NeedsAsset("asset_id", past.asset_id()));
      ASSIGN_OR_RETURN(auto stored, FindPastVisit(past.id()));
      return Compare(past, stored);
    }
    case Row::RECORD_NOT_SET:
      break;
  }
  return FieldError("record", "must be an account, contact, site, asset, contract, technician, work order or visit");
}

const v1::ImportRow* ImportPlan::Planned(v1::ImportRow::RecordCase kind, absl::string_view id) const {
  const auto found = row_of_.find(Key(kind, std::string(id)));
  return found == row_of_.end() ? nullptr : &rows_[found->second];
}

template <typename Record>
absl::StatusOr<std::optional<Record>> ImportPlan::Find(absl::string_view id) {
  constexpr const Record* kType = nullptr;
  if (const Row* row = Planned(KindOf(kType), id); row != nullptr) return std::optional(RecordIn(*row, kType));
  return Stored(*tx_, id, kType);
}

absl::StatusOr<std::optional<v1::PastVisit>> ImportPlan::FindPastVisit(absl::string_view id) {
  if (const Row* row = Planned(Row::kPastVisit, id); row != nullptr) return std::optional(row->past_visit());
  ASSIGN_OR_RETURN(const auto visit, tx_->FindVisit(id));
  if (!visit.has_value()) return std::optional<v1::PastVisit>();
  if (visit->facts() > 0 || !visit->work_order_id().empty() || visit->assignments_size() != 1) {
    return FieldError("id", absl::StrCat("visit ", id, " was not imported: it is the company's own"));
  }
  v1::PastVisit past;
  past.set_id(visit->id());
  past.set_account_id(visit->account_id());
  past.set_site_id(visit->site_id());
  if (visit->asset_ids_size() > 0) past.set_asset_id(visit->asset_ids(0));
  past.set_kind(visit->kind());
  past.set_technician_id(visit->assignments(0).technician_id());
  past.set_arrived_time_us(visit->arrived_time_us());
  past.set_ended_time_us(visit->ended_time_us());
  past.set_utc_offset_s(visit->utc_offset_s());
  *past.mutable_outcome() = visit->outcome();
  return std::optional(std::move(past));
}

absl::Status ImportPlan::NeedsAccount(absl::string_view field, absl::string_view account_id) {
  if (account_id.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto account, Find<v1::Account>(account_id));
  return account.has_value() ? absl::OkStatus() : Missing(field, "account", account_id);
}

absl::Status ImportPlan::NeedsSite(absl::string_view site_id) {
  if (site_id.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto site, Find<v1::Site>(site_id));
  return site.has_value() ? absl::OkStatus() : Missing("site_id", "site", site_id);
}

absl::Status ImportPlan::NeedsAsset(absl::string_view field, absl::string_view asset_id) {
  if (asset_id.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto asset, Find<v1::Asset>(asset_id));
  return asset.has_value() ? absl::OkStatus() : Missing(field, "asset", asset_id);
}

template <typename Record>
absl::Status ImportPlan::NeedsOfAccount(absl::string_view field, absl::string_view id, absl::string_view account_id) {
  if (id.empty()) return absl::OkStatus();
  constexpr const Record* kType = nullptr;
  const absl::string_view kind = KindOf(kType) == Row::kSite ? "site" : "asset";
  ASSIGN_OR_RETURN(const auto record, Find<Record>(id));
  if (!record.has_value()) return Missing(field, kind, id);
  return CheckOwner(field, kind, id, record->account_id(), account_id);
}

}  // namespace doorstep
