#include "client_core/base/log.h"

#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace doorstep {

LogSink StderrLog(LogLevel least) {
  return [least](LogLevel level, absl::string_view line) {
    if (level < least) return;
    const std::string text =
        absl::StrCat(std::string(1, "DIWE"[static_cast<int>(level)]), " ",
                     absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone()), " ", line, "\n");
    fwrite(text.data(), 1, text.size(), stderr);  // One call, so that lines of several threads do not mix.
  };
}

}  // namespace doorstep
