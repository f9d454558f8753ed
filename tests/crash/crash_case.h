// One thing that can go wrong in a story, with a text that names it for ever:
//   journal@37:sectors#5            a crash after 37 changes of the disk, with any part of what was not synced (seed 5)
//   journal@37:written/4:synced     the same, and another one after 4 changes of the opening that follows
//   journal!12:io:once              call 12 of the disk fails; ":on" instead: all from then on; "full": for lack of
//   room
#ifndef DOORSTEP_TESTS_CRASH_CRASH_CASE_H_
#define DOORSTEP_TESTS_CRASH_CRASH_CASE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "tests/crash/disk_model.h"

namespace doorstep::crash {

struct CrashPoint {
  int64_t at = 0;  // So many changes have happened.
  Image image = Image::kWritten;
  uint64_t seed = 0;
};

struct FaultPoint {
  int64_t call = 0;
  testing::DiskFault fault = testing::DiskFault::kIoError;
  bool once = true;
};

struct CrashCase {
  std::string scenario;
  std::optional<CrashPoint> crash;
  std::optional<CrashPoint> again;  // During the opening after `crash`.
  std::optional<FaultPoint> fault;  // Instead of both.
};

std::string TextOf(const CrashCase& which);
// Absent: not such a text.
std::optional<CrashCase> ParseCase(const std::string& text);

}  // namespace doorstep::crash

#endif  // DOORSTEP_TESTS_CRASH_CRASH_CASE_H_
