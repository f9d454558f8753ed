// A count of what the phone accepted, kept outside the phone's own files, so that somebody else can say what must
// arrive. One line for each accepted entry: position, SHA-256 of the content, content.
// Invariant: a line is on the disk before the command that recorded the entry is answered.
#ifndef DOORSTEP_TOOLS_PHONE_TALLY_H_
#define DOORSTEP_TOOLS_PHONE_TALLY_H_

#include <string>

#include "absl/status/status.h"
#include "doorstep/v1/types.pb.h"
#include "doorstep/v1/visit.pb.h"

namespace doorstep::phone {

class Tally {
 public:
  Tally() = default;
  ~Tally();
  Tally(const Tally&) = delete;
  Tally& operator=(const Tally&) = delete;

  // Lines go to the end of `path` from now on.
  absl::Status Open(const std::string& path);
  // The content is the entry as JSON without its time, which the core sets. Does nothing while no file is open.
  absl::Status Add(const v1::JournalPosition& position, const v1::LogEntry& entry);

 private:
  int file_ = -1;
  std::string path_;
};

}  // namespace doorstep::phone

#endif  // DOORSTEP_TOOLS_PHONE_TALLY_H_
