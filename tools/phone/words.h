// Messages in words that a technician reads, and the values that a technician types.
#ifndef DOORSTEP_TOOLS_PHONE_WORDS_H_
#define DOORSTEP_TOOLS_PHONE_WORDS_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/generated_enum_reflection.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/client.pb.h"
#include "doorstep/v1/types.pb.h"

namespace doorstep::phone {

// `text` with control characters and bytes that are not UTF-8 made visible, so that nobody's note moves the cursor.
// Newlines become blanks.
std::string Printable(absl::string_view text);
// The first characters of what somebody typed, as much as an error can quote; never half a character.
absl::string_view Quotable(absl::string_view text);

// Cells of the terminal that the open file is; 0 when it is none.
size_t TerminalWidth(int file);
// Cells of a terminal that `text` takes; a Chinese character takes two.
size_t Cells(absl::string_view text);
// One line in lines of at most `width` cells (0: any), broken between words; what goes on stands `hang` cells further
// in than the line itself.
std::string Wrapped(absl::string_view line, size_t width, size_t hang = 2);

// OUTCOME_CODE_NOT_RESOLVED is "not resolved"; UNSPECIFIED is empty.
std::string EnumWords(const google::protobuf::EnumDescriptor& type, int value);
template <class Enum>
std::string Words(Enum value) {
  return EnumWords(*google::protobuf::GetEnumDescriptor<Enum>(), static_cast<int>(value));
}

// The number that "not_resolved", "not resolved" or "NOT-RESOLVED" names. INVALID_ARGUMENT with the choices otherwise.
absl::StatusOr<int> ParseEnumNumber(const google::protobuf::EnumDescriptor& type, absl::string_view text);
template <class Enum>
absl::StatusOr<Enum> ParseEnum(absl::string_view text) {
  const absl::StatusOr<int> number = ParseEnumNumber(*google::protobuf::GetEnumDescriptor<Enum>(), text);
  if (!number.ok()) return number.status();
  return static_cast<Enum>(*number);
}
// "resolved", "temporary_fix": every value but UNSPECIFIED.
std::vector<std::string> EnumChoices(const google::protobuf::EnumDescriptor& type);

// "d7.2.418" and back.
std::string PositionText(const v1::JournalPosition& position);
absl::StatusOr<v1::JournalPosition> ParsePosition(absl::string_view text);

// Every time that this program shows is in the phone's own zone, with its offset: the office may be in another.
// "2026-11-23 08:05 +01:00"; "-" for 0.
std::string TimeText(int64_t time_us);
// "40 s", "12 min", "5 h", "3 days".
std::string AgeText(int64_t age_us);
// As of when everything is here, and how long ago that was.
std::string ProofText(int64_t proof_time_us, int64_t age_us);
// "2026-11-23 08:00-10:00 +01:00"; "-" when there is none.
std::string WindowText(const v1::TimeWindow& window);
// "+2d", "+90m", "+3h", "2026-11-25" (the end of that day) or "2026-11-25T17:00" in the phone's zone.
absl::StatusOr<int64_t> ParseDue(absl::string_view text, int64_t now_us);
// "12.5": mantissa 125, scale 1. At most 18 digits, nine of them after the point. `name` is the field of an error.
absl::StatusOr<v1::Decimal> ParseDecimal(absl::string_view name, absl::string_view text);
// "2", "0.5": in thousandths.
absl::StatusOr<int64_t> ParseMilli(absl::string_view text);
// `example` is what to type instead: the whole word or command with a good number in it.
absl::StatusOr<uint32_t> ParseNumber(absl::string_view name, absl::string_view text, uint32_t least, uint32_t most,
                                     absl::string_view example);

// Where an entry stands, in the technician's words: "saved here".
std::string StageWords(v1::EntryStage stage);
// "1 entry", "2 entries".
std::string Count(uint64_t number, absl::string_view one, absl::string_view many);

}  // namespace doorstep::phone

#endif  // DOORSTEP_TOOLS_PHONE_WORDS_H_
