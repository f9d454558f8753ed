#include "tests/crash/crash_case.h"

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace doorstep::crash {
namespace {

std::string TextOfPoint(const CrashPoint& point) {
  const std::string text = absl::StrCat(point.at, ":", ImageName(point.image));
  return IsDrawn(point.image) ? absl::StrCat(text, "#", point.seed) : text;
}

std::optional<CrashPoint> ParsePoint(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits(':', 1));
  CrashPoint point;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &point.at)) return std::nullopt;
  const std::vector<std::string> image = absl::StrSplit(parts[1], absl::MaxSplits('#', 1));
  if (image.size() == 2 && !absl::SimpleAtoi(image[1], &point.seed)) return std::nullopt;
  for (const Image known : kImages) {
    if (image[0] != ImageName(known)) continue;
    point.image = known;
    return point;
  }
  return std::nullopt;
}

std::optional<FaultPoint> ParseFault(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, ':');
  FaultPoint point;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &point.call)) return std::nullopt;
  if ((parts[1] != "io" && parts[1] != "full") || (parts[2] != "once" && parts[2] != "on")) return std::nullopt;
  point.fault = parts[1] == "io" ? testing::DiskFault::kIoError : testing::DiskFault::kFull;
  point.once = parts[2] == "once";
  return point;
}

}  // namespace

std::string TextOf(const CrashCase& which) {
  if (which.fault.has_value()) {
    return absl::StrCat(which.scenario, "!", which.fault->call, ":",
                        which.fault->fault == testing::DiskFault::kIoError ? "io" : "full", ":",
                        which.fault->once ? "once" : "on");
  }
  std::string text = absl::StrCat(which.scenario, "@", TextOfPoint(*which.crash));
  if (which.again.has_value()) absl::StrAppend(&text, "/", TextOfPoint(*which.again));
  return text;
}

std::optional<CrashCase> ParseCase(const std::string& text) {
  const size_t mark = text.find_first_of("@!");
  if (mark == std::string::npos) return std::nullopt;
  CrashCase which;
  which.scenario = text.substr(0, mark);
  const std::string rest = text.substr(mark + 1);
  if (text[mark] == '!') {
    which.fault = ParseFault(rest);
    return which.fault.has_value() ? std::optional(std::move(which)) : std::nullopt;
  }
  const std::vector<std::string> points = absl::StrSplit(rest, absl::MaxSplits('/', 1));
  which.crash = ParsePoint(points[0]);
  if (points.size() == 2) which.again = ParsePoint(points[1]);
  if (!which.crash.has_value() || (points.size() == 2 && !which.again.has_value())) return std::nullopt;
  return which;
}

}  // namespace doorstep::crash
