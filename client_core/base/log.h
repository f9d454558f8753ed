// Log lines as values: ids, never contents. Whoever owns a component hands it a LogSink.
#ifndef DOORSTEP_CLIENT_CORE_BASE_LOG_H_
#define DOORSTEP_CLIENT_CORE_BASE_LOG_H_

#include <functional>

#include "absl/strings/string_view.h"

namespace doorstep {

enum class LogLevel { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3 };

// Takes one line without a newline. Thread-safe. An empty function drops lines.
using LogSink = std::function<void(LogLevel, absl::string_view line)>;

// A line "I 2026-11-23T08:00:00.000Z text" on standard error.
LogSink StderrLog(LogLevel least);

inline void Log(const LogSink& sink, LogLevel level, absl::string_view line) {
  if (sink) sink(level, line);
}

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_BASE_LOG_H_
