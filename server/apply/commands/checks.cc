#include "server/apply/commands/checks.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"

namespace doorstep {

absl::Status FieldError(absl::string_view field, absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", reason));
}

FieldAndReason SplitFieldError(const absl::Status& status) {
  const absl::string_view message = status.message();
  const size_t colon = message.find(": ");
  if (colon == absl::string_view::npos) return {"", std::string(message)};
  return {std::string(message.substr(0, colon)), std::string(message.substr(colon + 2))};
}

absl::Status CheckRequestId(absl::string_view value) {
  if (value.size() >= limits::kRequestIdBytesMin && value.size() <= limits::kRequestIdBytesMax) {
    return absl::OkStatus();
  }
  return FieldError("request_id", absl::StrCat("must have ", limits::kRequestIdBytesMin, " to ",
                                               limits::kRequestIdBytesMax, " bytes, has ", value.size()));
}

absl::Status CheckId(absl::string_view field, absl::string_view value) {
  if (value.empty()) return FieldError(field, "must not be empty");
  return CheckOptionalId(field, value);
}

absl::Status CheckOptionalId(absl::string_view field, absl::string_view value) {
  if (value.size() > limits::kIdBytesMax) {
    return FieldError(field, absl::StrCat("must have at most ", limits::kIdBytesMax, " bytes, has ", value.size()));
  }
  for (const char c : value) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
      return FieldError(field, "must not contain control characters");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckText(absl::string_view field, absl::string_view value, size_t bytes_max) {
  if (value.size() <= bytes_max) return absl::OkStatus();
  return FieldError(field, absl::StrCat("must have at most ", bytes_max, " bytes, has ", value.size()));
}

absl::Status CheckRequiredText(absl::string_view field, absl::string_view value, size_t bytes_max) {
  if (value.empty()) return FieldError(field, absl::StrCat("must have 1 to ", bytes_max, " bytes, is empty"));
  return CheckText(field, value, bytes_max);
}

absl::Status CheckCount(absl::string_view field, size_t count, size_t count_max) {
  if (count <= count_max) return absl::OkStatus();
  return FieldError(field, absl::StrCat("must have at most ", count_max, " items, has ", count));
}

absl::Status CheckTime(absl::string_view field, int64_t time_us) {
  return CheckRange(field, time_us, limits::kTimeMicrosMin, limits::kTimeMicrosMax);
}

absl::Status CheckRequiredTime(absl::string_view field, int64_t time_us) {
  if (time_us == 0) return FieldError(field, "must be set");
  return CheckTime(field, time_us);
}

absl::Status CheckRange(absl::string_view field, int64_t value, int64_t min, int64_t max) {
  if (value >= min && value <= max) return absl::OkStatus();
  return FieldError(field, absl::StrCat("must be ", min, " to ", max, ", is ", value));
}

absl::Status CheckUtcOffset(absl::string_view field, int32_t offset_s) {
  return CheckRange(field, offset_s, -limits::kUtcOffsetSecondsMax, limits::kUtcOffsetSecondsMax);
}

bool IsAbsent(const v1::TimeWindow& window) { return window.start_time_us() == 0 && window.end_time_us() == 0; }

absl::Status CheckWindow(absl::string_view field, const v1::TimeWindow& window) {
  if (IsAbsent(window)) return absl::OkStatus();
  RETURN_IF_ERROR(CheckRequiredTime(absl::StrCat(field, ".start_time_us"), window.start_time_us()));
  RETURN_IF_ERROR(CheckRequiredTime(absl::StrCat(field, ".end_time_us"), window.end_time_us()));
  if (window.end_time_us() <= window.start_time_us()) {
    return FieldError(absl::StrCat(field, ".end_time_us"), "must be after start_time_us");
  }
  if (window.end_time_us() - window.start_time_us() > limits::kWindowMicrosMax) {
    return FieldError(absl::StrCat(field, ".end_time_us"), "must be at most 31 days after start_time_us");
  }
  RETURN_IF_ERROR(CheckText(absl::StrCat(field, ".zone"), window.zone(), limits::kZoneBytesMax));
  return CheckText(absl::StrCat(field, ".civil"), window.civil(), limits::kZoneBytesMax);
}

absl::Status CheckCode(absl::string_view field, const v1::CodeRef& code) {
  RETURN_IF_ERROR(CheckText(absl::StrCat(field, ".code"), code.code(), limits::kCodeBytesMax));
  return CheckText(absl::StrCat(field, ".label"), code.label(), limits::kLabelBytesMax);
}

absl::Status CheckMoney(absl::string_view field, const v1::Money& money) {
  if (money.minor_units() == 0 && money.currency().empty()) return absl::OkStatus();
  bool letters = money.currency().size() == 3;
  for (const char c : money.currency()) letters = letters && absl::ascii_isupper(static_cast<unsigned char>(c));
  if (letters) return absl::OkStatus();
  return FieldError(absl::StrCat(field, ".currency"), "must be 3 upper-case letters (ISO 4217)");
}

absl::Status CheckPosition(absl::string_view field, const v1::JournalPosition& position) {
  RETURN_IF_ERROR(CheckRequiredText(absl::StrCat(field, ".device"), position.device(), limits::kDeviceBytesMax));
  if (position.epoch() == 0) return FieldError(absl::StrCat(field, ".epoch"), "must be at least 1");
  if (position.seq() == 0) return FieldError(absl::StrCat(field, ".seq"), "must be at least 1");
  return absl::OkStatus();
}

absl::Status CheckRequirements(absl::string_view field, const v1::Requirements& requirements) {
  const std::string forms = absl::StrCat(field, ".forms");
  RETURN_IF_ERROR(CheckCount(forms, requirements.forms_size(), limits::kCodesMax));
  for (const std::string& form : requirements.forms()) RETURN_IF_ERROR(CheckId(forms, form));
  return absl::OkStatus();
}

absl::Status CheckOutcome(absl::string_view field, const v1::Outcome& outcome) {
  const auto name = [&](const char* part) { return absl::StrCat(field, ".", part); };
  if (!v1::OutcomeCode_IsValid(outcome.code()) || outcome.code() == v1::OUTCOME_CODE_UNSPECIFIED) {
    return FieldError(name("code"), "must be one of the outcome codes");
  }
  RETURN_IF_ERROR(CheckCode(name("symptom"), outcome.symptom()));
  RETURN_IF_ERROR(CheckCode(name("fault"), outcome.fault()));
  RETURN_IF_ERROR(CheckCode(name("cause"), outcome.cause()));
  RETURN_IF_ERROR(CheckCode(name("remedy"), outcome.remedy()));
  RETURN_IF_ERROR(CheckOptionalId(name("asset_id"), outcome.asset_id()));
  if (!v1::AssetStatus_IsValid(outcome.asset_status_after())) {
    return FieldError(name("asset_status_after"), "must be one of the asset states");
  }
  return CheckText(name("summary"), outcome.summary(), limits::kTextBytesMax);
}

absl::Status CheckPageSize(uint32_t page_size) {
  if (page_size <= limits::kPageSizeMax) return absl::OkStatus();
  return FieldError("page_size", absl::StrCat("must be 1 to ", limits::kPageSizeMax, ", or 0 for ",
                                              limits::kPageSizeDefault, "; is ", page_size));
}

absl::Status CheckExternalRefs(absl::string_view field,
                               const google::protobuf::RepeatedPtrField<v1::ExternalRef>& refs) {
  RETURN_IF_ERROR(CheckCount(field, refs.size(), limits::kExternalRefsMax));
  for (const v1::ExternalRef& ref : refs) {
    RETURN_IF_ERROR(CheckRequiredText(absl::StrCat(field, ".system"), ref.system(), limits::kExternalSystemBytesMax));
    RETURN_IF_ERROR(CheckRequiredText(absl::StrCat(field, ".id"), ref.id(), limits::kExternalIdBytesMax));
  }
  return absl::OkStatus();
}

}  // namespace doorstep
