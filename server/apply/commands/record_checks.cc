#include "server/apply/commands/record_checks.h"

#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "server/apply/commands/checks.h"

namespace doorstep {

absl::Status CheckRecord(const v1::Account& account) {
  RETURN_IF_ERROR(CheckId("id", account.id()));
  RETURN_IF_ERROR(CheckRequiredText("name", account.name(), limits::kNameBytesMax));
  RETURN_IF_ERROR(CheckText("segment", account.segment(), limits::kCodeBytesMax));
  RETURN_IF_ERROR(CheckText("tier", account.tier(), limits::kCodeBytesMax));
  RETURN_IF_ERROR(CheckText("success_owner", account.success_owner(), limits::kCodeBytesMax));
  RETURN_IF_ERROR(CheckCount("languages", account.languages_size(), limits::kLanguagesMax));
  for (const std::string& language : account.languages()) {
    RETURN_IF_ERROR(CheckRequiredText("languages", language, limits::kLanguageBytesMax));
  }
  RETURN_IF_ERROR(CheckText("zone", account.zone(), limits::kZoneBytesMax));
  RETURN_IF_ERROR(CheckOptionalId("parent_account_id", account.parent_account_id()));
  if (account.parent_account_id() == account.id()) return FieldError("parent_account_id", "must be another account");
  if (!v1::Fit_IsValid(account.fit())) return FieldError("fit", "must be GOOD, UNCERTAIN or MISFIT");
  RETURN_IF_ERROR(CheckText("fit_reason", account.fit_reason(), limits::kReasonBytesMax));
  RETURN_IF_ERROR(CheckTime("acquired_time_us", account.acquired_time_us()));
  RETURN_IF_ERROR(CheckMoney("acquisition_cost", account.acquisition_cost()));
  RETURN_IF_ERROR(CheckText("acquisition_source", account.acquisition_source(), limits::kCodeBytesMax));
  RETURN_IF_ERROR(CheckOptionalId("referred_by_account_id", account.referred_by_account_id()));
  return CheckExternalRefs("external_refs", account.external_refs());
}

absl::Status CheckRecord(const v1::Contact& contact) {
  RETURN_IF_ERROR(CheckId("id", contact.id()));
  RETURN_IF_ERROR(CheckId("account_id", contact.account_id()));
  RETURN_IF_ERROR(CheckRequiredText("name", contact.name(), limits::kNameBytesMax));
  RETURN_IF_ERROR(CheckText("role", contact.role(), limits::kCodeBytesMax));
  RETURN_IF_ERROR(CheckText("phone", contact.phone(), limits::kPhoneBytesMax));
  RETURN_IF_ERROR(CheckText("email", contact.email(), limits::kShortTextBytesMax));
  return CheckText("language", contact.language(), limits::kLanguageBytesMax);
}

absl::Status CheckRecord(const v1::Site& site) {
  RETURN_IF_ERROR(CheckId("id", site.id()));
  RETURN_IF_ERROR(CheckId("account_id", site.account_id()));
  RETURN_IF_ERROR(CheckRequiredText("name", site.name(), limits::kNameBytesMax));
  RETURN_IF_ERROR(CheckText("address", site.address(), limits::kReasonBytesMax));
  RETURN_IF_ERROR(CheckRange("position.latitude_e7", site.position().latitude_e7(), -limits::kLatitudeE7Max,
                             limits::kLatitudeE7Max));
  RETURN_IF_ERROR(CheckRange("position.longitude_e7", site.position().longitude_e7(), -limits::kLongitudeE7Max,
                             limits::kLongitudeE7Max));
  RETURN_IF_ERROR(CheckText("zone", site.zone(), limits::kZoneBytesMax));
  RETURN_IF_ERROR(CheckText("access_notes", site.access_notes(), limits::kSiteTextBytesMax));
  RETURN_IF_ERROR(CheckText("hazards", site.hazards(), limits::kSiteTextBytesMax));
  RETURN_IF_ERROR(CheckText("opening_hours", site.opening_hours(), limits::kOpeningHoursBytesMax));
  return CheckExternalRefs("external_refs", site.external_refs());
}

absl::Status CheckRecord(const v1::Asset& asset) {
  RETURN_IF_ERROR(CheckId("id", asset.id()));
  RETURN_IF_ERROR(CheckId("account_id", asset.account_id()));
  RETURN_IF_ERROR(CheckOptionalId("site_id", asset.site_id()));
  RETURN_IF_ERROR(CheckText("model", asset.model(), limits::kProductTextBytesMax));
  RETURN_IF_ERROR(CheckText("serial", asset.serial(), limits::kProductTextBytesMax));
  RETURN_IF_ERROR(CheckTime("installed_time_us", asset.installed_time_us()));
  if (!v1::AssetStatus_IsValid(asset.status())) {
    return FieldError("status", "must be OPERATIONAL, DEGRADED, DOWN or RETIRED");
  }
  RETURN_IF_ERROR(CheckTime("warranty_end_time_us", asset.warranty_end_time_us()));
  RETURN_IF_ERROR(CheckTime("last_service_time_us", asset.last_service_time_us()));
  return CheckExternalRefs("external_refs", asset.external_refs());
}

absl::Status CheckRecord(const v1::Contract& contract) {
  RETURN_IF_ERROR(CheckId("id", contract.id()));
  RETURN_IF_ERROR(CheckId("account_id", contract.account_id()));
  RETURN_IF_ERROR(CheckText("coverage", contract.coverage(), limits::kReasonBytesMax));
  RETURN_IF_ERROR(CheckTime("start_time_us", contract.start_time_us()));
  RETURN_IF_ERROR(CheckTime("renewal_time_us", contract.renewal_time_us()));
  if (contract.renewal_time_us() != 0 && contract.renewal_time_us() < contract.start_time_us()) {
    return FieldError("renewal_time_us", "must not be before start_time_us");
  }
  RETURN_IF_ERROR(CheckMoney("monthly_value", contract.monthly_value()));
  return CheckExternalRefs("external_refs", contract.external_refs());
}

absl::Status CheckRecord(const v1::Technician& technician) {
  RETURN_IF_ERROR(CheckId("id", technician.id()));
  RETURN_IF_ERROR(CheckRequiredText("name", technician.name(), limits::kNameBytesMax));
  RETURN_IF_ERROR(CheckCount("skills", technician.skills_size(), limits::kSkillsMax));
  for (const std::string& skill : technician.skills()) {
    RETURN_IF_ERROR(CheckRequiredText("skills", skill, limits::kCodeBytesMax));
  }
  RETURN_IF_ERROR(CheckText("language", technician.language(), limits::kLanguageBytesMax));
  RETURN_IF_ERROR(CheckText("zone", technician.zone(), limits::kZoneBytesMax));
  return CheckExternalRefs("external_refs", technician.external_refs());
}

absl::Status CheckRecord(const v1::WorkOrder& work_order) {
  RETURN_IF_ERROR(CheckId("id", work_order.id()));
  RETURN_IF_ERROR(CheckId("account_id", work_order.account_id()));
  RETURN_IF_ERROR(CheckOptionalId("site_id", work_order.site_id()));
  if (!v1::WorkOrderKind_IsValid(work_order.kind()) || work_order.kind() == v1::WORK_ORDER_KIND_UNSPECIFIED) {
    return FieldError("kind", "must be CORRECTIVE, PREVENTIVE, INSTALL, INSPECTION, RECALL or GOODWILL");
  }
  RETURN_IF_ERROR(CheckRange("priority", work_order.priority(), 0, limits::kPriorityMax));
  RETURN_IF_ERROR(CheckCount("symptoms", work_order.symptoms_size(), limits::kCodesMax));
  for (const v1::CodeRef& symptom : work_order.symptoms()) RETURN_IF_ERROR(CheckCode("symptoms", symptom));
  RETURN_IF_ERROR(CheckCount("asset_ids", work_order.asset_ids_size(), limits::kAssetsMax));
  for (const std::string& asset_id : work_order.asset_ids()) RETURN_IF_ERROR(CheckId("asset_ids", asset_id));
  RETURN_IF_ERROR(CheckCount("skills", work_order.skills_size(), limits::kCodesMax));
  for (const std::string& skill : work_order.skills()) {
    RETURN_IF_ERROR(CheckRequiredText("skills", skill, limits::kCodeBytesMax));
  }
  RETURN_IF_ERROR(CheckText("description", work_order.description(), limits::kTextBytesMax));
  RETURN_IF_ERROR(CheckTime("sla_due_time_us", work_order.sla_due_time_us()));
  return CheckExternalRefs("external_refs", work_order.external_refs());
}

absl::Status CheckRecord(const v1::PastVisit& visit) {
  RETURN_IF_ERROR(CheckId("id", visit.id()));
  RETURN_IF_ERROR(CheckId("account_id", visit.account_id()));
  RETURN_IF_ERROR(CheckOptionalId("site_id", visit.site_id()));
  RETURN_IF_ERROR(CheckOptionalId("asset_id", visit.asset_id()));
  if (!v1::WorkOrderKind_IsValid(visit.kind()) || visit.kind() == v1::WORK_ORDER_KIND_UNSPECIFIED) {
    return FieldError("kind", "must be CORRECTIVE, PREVENTIVE, INSTALL, INSPECTION, RECALL or GOODWILL");
  }
  RETURN_IF_ERROR(CheckOptionalId("technician_id", visit.technician_id()));
  RETURN_IF_ERROR(CheckRequiredTime("arrived_time_us", visit.arrived_time_us()));
  RETURN_IF_ERROR(CheckRequiredTime("ended_time_us", visit.ended_time_us()));
  if (visit.ended_time_us() < visit.arrived_time_us()) {
    return FieldError("ended_time_us", "must not be before arrived_time_us");
  }
  RETURN_IF_ERROR(CheckUtcOffset("utc_offset_s", visit.utc_offset_s()));
  return CheckOutcome("outcome", visit.outcome());
}

}  // namespace doorstep
