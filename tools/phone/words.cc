#include "tools/phone/words.h"

#include <sys/ioctl.h>
#include <unistd.h>
#include <utf8proc.h>

#include <algorithm>
#include <ctime>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "tools/phone/errors.h"

namespace doorstep::phone {
namespace {

// "OUTCOME_CODE_" of every value of the type: its name in capitals.
std::string PrefixOf(const google::protobuf::EnumDescriptor& type) {
  const std::string zero = type.value(0)->name();
  return std::string(absl::StripSuffix(zero, "UNSPECIFIED"));
}

constexpr size_t kQuotedBytesMax = 40;
constexpr int64_t kYear2100 = 4102444800;  // In seconds: the core takes no later time.

}  // namespace

absl::string_view Quotable(absl::string_view text) {
  if (text.size() <= kQuotedBytesMax) return text;
  size_t end = kQuotedBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

std::string Printable(absl::string_view text) {
  std::string out;
  out.reserve(text.size());
  size_t at = 0;
  while (at < text.size()) {
    utf8proc_int32_t point = -1;
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at);
    const utf8proc_ssize_t used = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size() - at), &point);
    if (used <= 0) {
      absl::StrAppendFormat(&out, "\\x%02x", static_cast<unsigned char>(text[at]));
      ++at;
      continue;
    }
    if (point == '\n' || point == '\t') {
      out += ' ';
    } else if (utf8proc_category(point) == UTF8PROC_CATEGORY_CC) {
      absl::StrAppendFormat(&out, "\\x%02x", static_cast<unsigned>(point));
    } else {
      absl::StrAppend(&out, text.substr(at, static_cast<size_t>(used)));
    }
    at += static_cast<size_t>(used);
  }
  return out;
}

size_t TerminalWidth(int file) {
  struct winsize size = {};
  return isatty(file) == 1 && ioctl(file, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

size_t Cells(absl::string_view text) {
  size_t cells = 0;
  while (!text.empty()) {
    utf8proc_int32_t point = -1;
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
    const utf8proc_ssize_t used = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &point);
    cells += used <= 0 ? 1 : static_cast<size_t>(utf8proc_charwidth(point));
    text.remove_prefix(used <= 0 ? 1 : static_cast<size_t>(used));
  }
  return cells;
}

std::string Wrapped(absl::string_view line, size_t width, size_t hang) {
  if (width == 0 || Cells(line) <= width) return std::string(line);
  const size_t indent = std::min(line.find_first_not_of(' '), line.size());
  std::string out(line.substr(0, indent));
  size_t used = indent;
  bool begun = false;
  for (const absl::string_view word : absl::StrSplit(line.substr(indent), ' ')) {
    const size_t cells = Cells(word);
    if (begun && used + 1 + cells > width) {
      absl::StrAppend(&out, "\n", std::string(indent + hang, ' '));
      used = indent + hang;
    } else if (begun) {
      out += ' ';
      ++used;
    }
    absl::StrAppend(&out, word);
    used += cells;
    begun = true;
  }
  return out;
}

std::string EnumWords(const google::protobuf::EnumDescriptor& type, int value) {
  if (value == 0) return "";
  const auto* descriptor = type.FindValueByNumber(value);
  if (descriptor == nullptr) return absl::StrCat(value);
  const std::string prefix = PrefixOf(type);
  // The contract writes "canceled"; every sentence here "cancelled".
  return absl::StrReplaceAll(absl::AsciiStrToLower(absl::StripPrefix(descriptor->name(), prefix)),
                             {{"_", " "}, {"canceled", "cancelled"}});
}

std::vector<std::string> EnumChoices(const google::protobuf::EnumDescriptor& type) {
  std::vector<std::string> choices;
  for (int i = 0; i < type.value_count(); ++i) {
    const int number = type.value(i)->number();
    if (number != 0) choices.push_back(absl::StrReplaceAll(EnumWords(type, number), {{" ", "_"}}));
  }
  return choices;
}

absl::StatusOr<int> ParseEnumNumber(const google::protobuf::EnumDescriptor& type, absl::string_view text) {
  const std::string wanted =
      absl::StrReplaceAll(absl::AsciiStrToLower(text), {{" ", "_"}, {"-", "_"}, {"canceled", "cancelled"}});
  for (int i = 0; i < type.value_count(); ++i) {
    const int number = type.value(i)->number();
    if (number != 0 && wanted == absl::StrReplaceAll(EnumWords(type, number), {{" ", "_"}})) return number;
  }
  return UsageError(absl::StrCat("\"", Quotable(text), "\" is not known here"),
                    absl::StrCat("one of: ", absl::StrJoin(EnumChoices(type), ", ")));
}

std::string PositionText(const v1::JournalPosition& position) {
  return absl::StrCat(position.device(), ".", position.epoch(), ".", position.seq());
}

absl::StatusOr<v1::JournalPosition> ParsePosition(absl::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(text, '.');
  uint64_t epoch = 0;
  uint64_t seq = 0;
  if (parts.size() != 3 || parts[0].empty() || !absl::SimpleAtoi(parts[1], &epoch) || epoch == 0 ||
      !absl::SimpleAtoi(parts[2], &seq) || seq == 0) {
    return UsageError(absl::StrCat("\"", Quotable(text), "\" is not the position of an entry"),
                      "a position such as d7.2.418, or `last`; `queue --all` lists them");
  }
  v1::JournalPosition position;
  position.set_device(parts[0]);
  position.set_epoch(epoch);
  position.set_seq(seq);
  return position;
}

std::string TimeText(int64_t time_us) {
  if (time_us == 0) return "-";
  return absl::FormatTime("%Y-%m-%d %H:%M %Ez", absl::FromUnixMicros(time_us), absl::LocalTimeZone());
}

std::string AgeText(int64_t age_us) {
  const int64_t seconds = age_us / 1000000;
  if (seconds < 120) return absl::StrCat(seconds, " s");
  if (seconds < 2 * 3600) return absl::StrCat(seconds / 60, " min");
  if (seconds < 2 * 86400) return absl::StrCat(seconds / 3600, " h");
  return absl::StrCat(seconds / 86400, " days");
}

std::string ProofText(int64_t proof_time_us, int64_t age_us) {
  if (proof_time_us == 0) return "never was everything here that the office had";
  return absl::StrCat("everything the office had was here at ", TimeText(proof_time_us), ", ", AgeText(age_us), " ago");
}

std::string WindowText(const v1::TimeWindow& window) {
  if (window.start_time_us() == 0) return "-";
  const absl::TimeZone zone = absl::LocalTimeZone();
  const absl::Time start = absl::FromUnixMicros(window.start_time_us());
  const absl::Time end = absl::FromUnixMicros(window.end_time_us());
  const bool same_day = absl::ToCivilDay(start, zone) == absl::ToCivilDay(end, zone);
  return absl::StrCat(absl::FormatTime("%Y-%m-%d %H:%M", start, zone), "-",
                      absl::FormatTime(same_day ? "%H:%M %Ez" : "%Y-%m-%d %H:%M %Ez", end, zone));
}

absl::StatusOr<int64_t> ParseDue(absl::string_view text, int64_t now_us) {
  if (absl::StartsWith(text, "+") && text.size() > 2) {
    uint32_t number = 0;
    const absl::string_view digits = text.substr(1, text.size() - 2);
    const char unit = text.back();
    const int64_t minutes = unit == 'd' ? 24 * 60 : unit == 'h' ? 60 : unit == 'm' ? 1 : 0;
    if (minutes != 0 && absl::SimpleAtoi(digits, &number) && number <= 100000) {
      return now_us + int64_t{number} * minutes * 60 * 1000000;
    }
  }
  absl::Time time;
  std::string error;
  const absl::TimeZone zone = absl::LocalTimeZone();
  const bool is_time = absl::ParseTime("%Y-%m-%dT%H:%M", text, zone, &time, &error);
  const bool is_day = !is_time && absl::ParseTime("%Y-%m-%d", text, zone, &time, &error);
  // Before anything is added: a year may have any number of digits, and "infinite-past" is a time as well.
  if ((is_time || is_day) && (time < absl::UnixEpoch() || time >= absl::FromUnixSeconds(kYear2100))) {
    return UsageError(absl::StrCat("due: \"", Quotable(text), "\" is outside 1970-01-01 to 2100-01-01"),
                      "due 2026-11-25");
  }
  if (is_time) return absl::ToUnixMicros(time);
  if (is_day) return absl::ToUnixMicros(absl::FromCivil(absl::ToCivilDay(time, zone) + 1, zone)) - 1;
  return UsageError(absl::StrCat("due: \"", Quotable(text), "\" is no time: a day, a time, or + with d, h or m"),
                    "due +2d, due +3h, due +90m, due 2026-11-25 or due 2026-11-25T17:00");
}

absl::StatusOr<v1::Decimal> ParseDecimal(absl::string_view name, absl::string_view text) {
  constexpr int64_t kMantissaMax = 999999999999999999;
  const std::pair<absl::string_view, absl::string_view> halves = absl::StrSplit(text, absl::MaxSplits('.', 1));
  int64_t mantissa = 0;
  if (halves.second.size() > 9 || !absl::SimpleAtoi(absl::StrCat(halves.first, halves.second), &mantissa) ||
      mantissa > kMantissaMax || mantissa < -kMantissaMax) {
    return UsageError(absl::StrCat(name, ": \"", Quotable(text),
                                   "\" is no number of at most 18 digits, at most nine of them after a point"),
                      "a number such as 12.5");
  }
  v1::Decimal decimal;
  decimal.set_mantissa(mantissa);
  decimal.set_scale(static_cast<uint32_t>(halves.second.size()));
  return decimal;
}

absl::StatusOr<int64_t> ParseMilli(absl::string_view text) {
  const absl::Status refused =
      UsageError(absl::StrCat("quantity: \"", Quotable(text),
                              "\" is not a number from 0.001 to 1000000 with at most three digits after a point"),
                 "part used VS-200 2, or 0.5 for half of one");
  const absl::StatusOr<v1::Decimal> decimal = ParseDecimal("quantity", text);
  constexpr int64_t kMilliMax = 1000000000;
  // Before it is made larger: what is out of bounds may overflow.
  if (!decimal.ok() || decimal->scale() > 3 || decimal->mantissa() <= 0) return refused;
  int64_t milli = decimal->mantissa();
  for (uint32_t scale = decimal->scale(); scale < 3 && milli <= kMilliMax; ++scale) milli *= 10;
  if (milli > kMilliMax) return refused;
  return milli;
}

absl::StatusOr<uint32_t> ParseNumber(absl::string_view name, absl::string_view text, uint32_t least, uint32_t most,
                                     absl::string_view example) {
  uint32_t number = 0;
  if (absl::SimpleAtoi(text, &number) && number >= least && number <= most) return number;
  return UsageError(absl::StrCat(name, ": \"", Quotable(text), "\" is not a whole number from ", least, " to ", most),
                    example);
}

std::string StageWords(v1::EntryStage stage) {
  switch (stage) {
    case v1::ENTRY_STAGE_SAVED_HERE:
      return "saved here";
    case v1::ENTRY_STAGE_SAFE_AT_OFFICE:
      return "safe at the office";
    case v1::ENTRY_STAGE_COUNTED:
      return "counted";
    case v1::ENTRY_STAGE_NEEDS_ATTENTION:
      return "needs attention";
    case v1::ENTRY_STAGE_DISMISSED:
      return "kept, does not count";
    case v1::ENTRY_STAGE_REPAIRED:
      return "repaired";
    default:
      return "unknown";
  }
}

std::string Count(uint64_t number, absl::string_view one, absl::string_view many) {
  return absl::StrCat(number, " ", number == 1 ? one : many);
}

}  // namespace doorstep::phone
