#include "tools/phone/tally.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tools/phone/answer.h"
#include "tools/phone/errors.h"
#include "tools/phone/sha256.h"
#include "tools/phone/words.h"

namespace doorstep::phone {

Tally::~Tally() {
  if (file_ >= 0) close(file_);
}

absl::Status Tally::Open(const std::string& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) {
    return WithTry(absl::FailedPreconditionError(absl::StrCat(path, ": ", std::strerror(errno))),
                   "a file you can write");
  }
  if (file_ >= 0) close(file_);
  file_ = file;
  path_ = path;
  return absl::OkStatus();
}

absl::Status Tally::Add(const v1::JournalPosition& position, const v1::LogEntry& entry) {
  if (file_ < 0) return absl::OkStatus();
  const std::string content = JsonOf(entry);
  Sha256 hash;
  hash.Update(content);
  const std::string line =
      absl::StrCat(PositionText(position), "\t", absl::BytesToHexString(hash.Finish()), "\t", content, "\n");
  // One write at the end of the file: a line is there whole or not at all.
  if (write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size()) || fsync(file_) != 0) {
    return WithTry(absl::DataLossError(absl::StrCat(path_, ": ", std::strerror(errno), "; ", PositionText(position),
                                                    " is recorded and not in the tally")),
                   "free some disk space");
  }
  return absl::OkStatus();
}

}  // namespace doorstep::phone
