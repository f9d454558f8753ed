#include "tools/doorstep/text.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "tools/doorstep/charset.h"

namespace doorstep::cli {
namespace {

// "OutcomeCode" is OUTCOME_CODE_, the prefix of its values.
std::string ValuePrefix(const google::protobuf::EnumDescriptor& type) {
  std::string prefix;
  for (const char c : type.name()) {
    if (absl::ascii_isupper(c) && !prefix.empty()) prefix += '_';
    prefix += absl::ascii_toupper(c);
  }
  return prefix + "_";
}

std::string ShortName(const google::protobuf::EnumValueDescriptor& value) {
  const std::string prefix = ValuePrefix(*value.type());
  return std::string(absl::StripPrefix(value.name(), prefix));
}

// The contract writes "canceled"; every sentence here "cancelled".
std::string LowerName(const google::protobuf::EnumValueDescriptor& value) {
  return absl::StrReplaceAll(absl::AsciiStrToLower(ShortName(value)), {{"canceled", "cancelled"}});
}

size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string Printable(absl::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = Utf8SequenceLength(text);
    const unsigned char first = static_cast<unsigned char>(text[0]);
    const unsigned char second = length >= 2 ? static_cast<unsigned char>(text[1]) : 0;
    if (first == '\n' || first == '\t') {
      out += ' ';
    } else if (length == 0 || first < 0x20 || first == 0x7F) {
      absl::StrAppendFormat(&out, "\\x%02x", first);
    } else if (first == 0xC2 && second < 0xA0) {  // The second block of control characters.
      absl::StrAppendFormat(&out, "\\x%02x", second);
    } else {
      out.append(text.data(), length);
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

std::string EnumWords(const google::protobuf::EnumDescriptor& type, int value) {
  const google::protobuf::EnumValueDescriptor* found = type.FindValueByNumber(value);
  if (found == nullptr) return absl::StrCat(value);
  if (value == 0) return "";
  return absl::StrReplaceAll(LowerName(*found), {{"_", " "}});
}

int ParseEnum(const google::protobuf::EnumDescriptor& type, absl::string_view text) {
  const std::string typed =
      absl::AsciiStrToUpper(absl::StrReplaceAll(absl::StripAsciiWhitespace(text), {{" ", "_"}, {"-", "_"}}));
  const std::string wanted = absl::StrReplaceAll(typed, {{"CANCELLED", "CANCELED"}});
  for (int i = 0; i < type.value_count(); ++i) {
    const google::protobuf::EnumValueDescriptor& value = *type.value(i);
    if (value.number() != 0 && (wanted == value.name() || wanted == ShortName(value))) return value.number();
  }
  return -1;
}

std::string EnumChoices(const google::protobuf::EnumDescriptor& type) {
  std::string out;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() == 0) continue;
    absl::StrAppend(&out, out.empty() ? "" : ", ", LowerName(*type.value(i)));
  }
  return out;
}

std::string ExactPoints(int64_t thousandths) {
  const int64_t size = std::abs(thousandths);
  return absl::StrFormat("%s%d.%03d", thousandths < 0 ? "-" : "", size / 1000, size % 1000);
}

std::string SignedPoints(int64_t thousandths) {
  return absl::StrCat(thousandths >= 0 ? "+" : "", ExactPoints(thousandths));
}

std::string Percent(int64_t millionths) { return absl::StrCat(millionths / 10000, " %"); }

std::string Grouped(uint64_t number) {
  std::string digits = absl::StrCat(number);
  for (int i = static_cast<int>(digits.size()) - 3; i > 0; i -= 3) digits.insert(static_cast<size_t>(i), ",");
  return digits;
}

std::string Count(uint64_t number, absl::string_view one, absl::string_view many) {
  return absl::StrCat(Grouped(number), " ", number == 1 ? one : many);
}

std::string DecimalText(int64_t mantissa, uint32_t scale) {
  std::string digits = absl::StrCat(mantissa);
  if (scale == 0) return digits;
  const bool negative = mantissa < 0;
  if (negative) digits.erase(0, 1);
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  digits.insert(digits.size() - scale, ".");
  return negative ? "-" + digits : digits;
}

std::string Nearest(absl::string_view typed, const std::vector<std::string>& candidates) {
  std::string best;
  // Two letters that changed places are two edits.
  size_t best_distance = std::max<size_t>(typed.size() >= 4 ? 2 : 1, typed.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(typed, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace doorstep::cli
