// Text as people read it: words for enum values, points and shares from integers, nothing that moves a terminal.
#ifndef DOORSTEP_TOOLS_DOORSTEP_TEXT_H_
#define DOORSTEP_TOOLS_DOORSTEP_TEXT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/generated_enum_reflection.h"

namespace doorstep::cli {

// `text` with control characters written as \x1b and bytes that are not UTF-8 as \xff, so that a note from the field
// cannot move the cursor of the person who reads it. Newlines become spaces.
std::string Printable(absl::string_view text);

// The value of a closed set in words: OUTCOME_CODE_NOT_RESOLVED is "not resolved". Empty for UNSPECIFIED; the number
// for a value this program does not know.
std::string EnumWords(const google::protobuf::EnumDescriptor& type, int value);
template <class Enum>
std::string Words(Enum value) {
  return EnumWords(*google::protobuf::GetEnumDescriptor<Enum>(), static_cast<int>(value));
}

// The number of the value that `text` names ("not resolved", "NOT_RESOLVED", "OUTCOME_CODE_NOT_RESOLVED"), or -1.
// UNSPECIFIED has no name.
int ParseEnum(const google::protobuf::EnumDescriptor& type, absl::string_view text);
// "resolved, temporary_fix, ...": every value but UNSPECIFIED.
std::string EnumChoices(const google::protobuf::EnumDescriptor& type);

// 71342 thousandths of a point: "71.342" everywhere, because 59.960 is under a red line of 60; "+1.250" for what moved
// it.
std::string ExactPoints(int64_t thousandths);
std::string SignedPoints(int64_t thousandths);
// 413000 millionths: "41 %".
std::string Percent(int64_t millionths);
// "1 visit", "2 visits", "12,345 entries" ("entries" given as `many`).
std::string Count(uint64_t number, absl::string_view one, absl::string_view many);
// 12345: "12,345".
std::string Grouped(uint64_t number);
// mantissa * 10^-scale.
std::string DecimalText(int64_t mantissa, uint32_t scale);

// The candidate that is spelt most like `typed`, for "did you mean". Empty: none is near.
std::string Nearest(absl::string_view typed, const std::vector<std::string>& candidates);

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_TEXT_H_
