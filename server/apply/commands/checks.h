// Checks of single fields. Each answers OK or INVALID_ARGUMENT "FIELD: what is wrong, with the bound", so that the
// caller's message and the import's rejected row say the same.
#ifndef DOORSTEP_SERVER_APPLY_COMMANDS_CHECKS_H_
#define DOORSTEP_SERVER_APPLY_COMMANDS_CHECKS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/types.pb.h"
#include "doorstep/v1/visit.pb.h"

namespace doorstep {

absl::Status FieldError(absl::string_view field, absl::string_view reason);

// The two halves of a FieldError's message; the field is empty when the message names none.
struct FieldAndReason {
  std::string field;
  std::string reason;
};
FieldAndReason SplitFieldError(const absl::Status& status);

// 16 to 64 bytes.
absl::Status CheckRequestId(absl::string_view value);
// 1 to 64 bytes without control characters.
absl::Status CheckId(absl::string_view field, absl::string_view value);
// As CheckId, or empty.
absl::Status CheckOptionalId(absl::string_view field, absl::string_view value);
absl::Status CheckText(absl::string_view field, absl::string_view value, size_t bytes_max);
absl::Status CheckRequiredText(absl::string_view field, absl::string_view value, size_t bytes_max);
absl::Status CheckCount(absl::string_view field, size_t count, size_t count_max);
// 1970 to 2100; 0 is absent.
absl::Status CheckTime(absl::string_view field, int64_t time_us);
absl::Status CheckRequiredTime(absl::string_view field, int64_t time_us);
absl::Status CheckRange(absl::string_view field, int64_t value, int64_t min, int64_t max);
absl::Status CheckUtcOffset(absl::string_view field, int32_t offset_s);
// True for a window that is not there: neither start nor end.
bool IsAbsent(const v1::TimeWindow& window);
// Start before end, at most 31 days apart; an absent window passes.
absl::Status CheckWindow(absl::string_view field, const v1::TimeWindow& window);
absl::Status CheckCode(absl::string_view field, const v1::CodeRef& code);
absl::Status CheckMoney(absl::string_view field, const v1::Money& money);
absl::Status CheckPosition(absl::string_view field, const v1::JournalPosition& position);
absl::Status CheckRequirements(absl::string_view field, const v1::Requirements& requirements);
absl::Status CheckOutcome(absl::string_view field, const v1::Outcome& outcome);
// A page size of 0 to 500.
absl::Status CheckPageSize(uint32_t page_size);

absl::Status CheckExternalRefs(absl::string_view field,
                               const google::protobuf::RepeatedPtrField<v1::ExternalRef>& refs);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_COMMANDS_CHECKS_H_
